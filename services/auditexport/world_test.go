package auditexport_test

import (
	"archive/zip"
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"slices"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"google.golang.org/protobuf/proto"

	"egov/libs/aggregate/aggregatetest"
	"egov/libs/authn"
	"egov/libs/calendar"
	"egov/libs/dbtest"
	"egov/libs/event"
	"egov/libs/ledger/bundle"
	"egov/libs/policy"
	"egov/libs/store"
	"egov/services/auditexport"
	"egov/services/auditexport/keyring"
	"egov/services/auditexport/pgstore"
	"egov/services/auditexport/tablefile"
)

func TestMain(m *testing.M) { os.Exit(dbtest.Main(m)) }

const origin = "test.egov/ledger"

var (
	self    = authn.Service("auditexport", auditexport.Bureau)
	auditor = authn.Principal{Subject: "audit.li", Name: "李", Unit: "audit", Roles: []string{"auditor"}}
	noon    = time.Date(2026, 3, 2, 12, 0, 0, 0, calendar.Shanghai)
)

// house is the use cases over a real PostgreSQL, without the network around
// them.
type house struct {
	*auditexport.Service
	t         testing.TB
	db        dbtest.DB
	pool      *pgxpool.Pool // of the service's role
	super     *pgxpool.Pool // nobody's in the service
	clock     *calendar.Manual
	inquiries *aggregatetest.Repository[auditexport.Inquiry, *auditexport.Inquiry]
	exports   *aggregatetest.Repository[auditexport.Export, *auditexport.Export]
	witnesses *aggregatetest.Repository[auditexport.Witness, *auditexport.Witness]
	announced *aggregatetest.Repository[auditexport.Announcement, *auditexport.Announcement]
	book      *pgstore.Book
	keys      string
	seqs      map[string]int64
	register  *register // of the services' keys; nil where nobody signs
	sworn     int64     // rows that are signed for
}

func newHouse(t testing.TB) *house {
	t.Helper()
	h := &house{
		t: t, db: dbtest.Database(t, store.Migrations(), pgstore.Migrations()), clock: calendar.NewManual(noon), keys: t.TempDir(),
		seqs: map[string]int64{},
	}
	h.pool, h.super = h.db.Pool(t), h.db.Superuser(t)
	h.book = pgstore.NewBook(h.pool, origin, self)
	h.inquiries = aggregatetest.New[auditexport.Inquiry, *auditexport.Inquiry](h.clock)
	h.exports = aggregatetest.New[auditexport.Export, *auditexport.Export](h.clock)
	h.witnesses = aggregatetest.New[auditexport.Witness, *auditexport.Witness](h.clock)
	h.announced = aggregatetest.New[auditexport.Announcement, *auditexport.Announcement](h.clock)
	h.open()
	return h
}

// open starts the use cases as a process does.
func (h *house) open() {
	h.t.Helper()
	ring, err := keyring.Open(h.keys, origin)
	must(h.t, err)
	anchor, err := keyring.OpenAnchor(h.keys, ring.Trust)
	must(h.t, err)
	h.Service = &auditexport.Service{
		Book: h.book, Inquiries: h.inquiries, Exports: h.exports, Witnesses: h.witnesses, Announcements: h.announced,
		Windows: auditexport.Windows{Signing: time.Minute, Cosigning: 5 * time.Minute}, Keyring: ring, Anchor: anchor, Packs: policy.Default(), Clock: h.clock,
		Self: self, Version: "test", NewID: store.NewID, Life: h.t.Context(), Patience: time.Minute,
		Exporting: auditexport.Exporting{
			Workshop: pgstore.NewWorkshop(h.pool, time.Minute), Wake: func(context.Context, string) {}, Tables: tablefile.Writers(),
			Scratch: func() (auditexport.Scratch, error) { return os.CreateTemp(h.t.TempDir(), "") }, Keep: 24 * time.Hour, PerUnit: 100,
			Originals: newDrawer(contractPDF), Room: 1 << 30,
		},
	}
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func (h *house) asAuditor() context.Context { return authn.With(h.t.Context(), auditor) }

// event makes the next event of a source about a subject.
func (h *house) event(source, subject, unit string, m proto.Message) event.Record {
	h.t.Helper()
	typ, data, err := event.FromProto(m)
	must(h.t, err)
	h.seqs[source+" "+subject]++
	return event.Record{
		ID: store.NewID(), Source: source, Type: typ, Subject: subject, Time: h.clock.Now(), Unit: unit, Actor: "test." + source,
		Seq: h.seqs[source+" "+subject], TraceParent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", Data: data,
	}
}

// append takes events into the ledger, as a consumer's transaction does.
func (h *house) append(events ...event.Record) {
	h.t.Helper()
	must(h.t, h.tryAppend(events...))
}

func (h *house) tryAppend(events ...event.Record) error {
	return pgx.BeginFunc(h.t.Context(), h.pool, func(tx pgx.Tx) error { return h.book.Append(h.t.Context(), tx, events) })
}

// grow appends n events about the projects p-0, p-1 and p-2, in batches.
func (h *house) grow(n int, message func(i int) proto.Message) {
	h.t.Helper()
	for batch := range slices.Chunk(slices.Collect(numbers(n)), 256) {
		var events []event.Record
		for _, i := range batch {
			events = append(events, h.event("declaration", fmt.Sprintf("p-%d", i%3), "education", message(i)))
		}
		h.append(events...)
	}
}

func numbers(n int) func(func(int) bool) {
	return func(yield func(int) bool) {
		for i := range n {
			if !yield(i) {
				return
			}
		}
	}
}

func (h *house) sign() {
	h.t.Helper()
	_, err := h.SignCheckpoint(authn.With(h.t.Context(), self))
	must(h.t, err)
}

// sql runs statements as the superuser.
func (h *house) sql(statements ...string) {
	h.t.Helper()
	for _, s := range statements {
		if _, err := h.super.Exec(h.t.Context(), s); err != nil {
			h.t.Fatalf("%s: %v", s, err)
		}
	}
}

func (h *house) verdict() auditexport.Verdict {
	h.t.Helper()
	v, err := h.Verify(h.asAuditor(), struct{}{})
	must(h.t, err)
	if v.State != auditexport.VerificationDone {
		h.t.Fatalf("%+v", v)
	}
	return v.Verdict
}

// export asks for a bundle, has it written and takes it.
func (h *house) export(r auditexport.MakeExport) []byte {
	h.t.Helper()
	return h.written(h.ask(r))
}

func (h *house) ask(r auditexport.MakeExport) string {
	h.t.Helper()
	e, err := h.MakeExport(h.asAuditor(), r)
	must(h.t, err)
	return e.ID
}

// written has a bundle written and takes it.
func (h *house) written(id string) []byte {
	h.t.Helper()
	must(h.t, h.WriteExport(h.asSelf(), id))
	return h.take(id, 0)
}

// take reads a bundle's file from a byte on.
func (h *house) take(id string, from int64) []byte {
	h.t.Helper()
	_, _, body, err := h.ExportFile(h.asAuditor(), auditexport.ByID{ID: id}, func(auditexport.Export) int64 { return from })
	must(h.t, err)
	defer body.Close()
	b, err := io.ReadAll(body)
	must(h.t, err)
	return b
}

// again lets a bundle's file expire and has it written once more.
func (h *house) again(id string) []byte {
	h.t.Helper()
	h.clock.Set(h.clock.Now().Add(h.Keep))
	_, err := h.ExpireExports(h.asSelf())
	must(h.t, err)
	_, err = h.ResumeExport(h.asAuditor(), auditexport.ByID{ID: id})
	must(h.t, err)
	return h.written(id)
}

func (h *house) asSelf() context.Context { return authn.With(h.t.Context(), self) }

// check verifies a bundle by the ledger's own keys.
func (h *house) check(archive []byte, earlier ...[]byte) bundle.Report {
	h.t.Helper()
	o := bundle.VerifyOptions{Trust: h.Keyring.Trust}
	for _, e := range earlier {
		var err error
		o.Earlier, err = bundle.OpenEarlier(bytes.NewReader(e), int64(len(e)))
		must(h.t, err)
	}
	r, err := bundle.Verify(h.t.Context(), bytes.NewReader(archive), int64(len(archive)), o)
	must(h.t, err)
	return r
}

// unpack reads the files of a bundle.
func unpack(t testing.TB, archive []byte) map[string][]byte {
	t.Helper()
	z, err := zip.NewReader(bytes.NewReader(archive), int64(len(archive)))
	must(t, err)
	files := map[string][]byte{}
	for _, f := range z.File {
		r, err := f.Open()
		must(t, err)
		files[f.Name], err = io.ReadAll(r)
		must(t, err)
		must(t, r.Close())
	}
	return files
}
