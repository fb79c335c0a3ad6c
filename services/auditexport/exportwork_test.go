package auditexport_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"

	"egov/libs/authn"
	"egov/libs/fault"
	"egov/libs/ledger"
	"egov/libs/ledger/bundle"
	auditexportv1 "egov/proto/gen/egov/auditexport/v1"
	declarationv1 "egov/proto/gen/egov/declaration/v1"
	"egov/services/auditexport"
	"egov/services/auditexport/pgstore"
)

// mortal is a workshop whose writers die after so many parts: nothing of what
// they do afterwards arrives, as when a process is killed.
type mortal struct {
	auditexport.Workshop
	lives atomic.Int64
}

var errKilled = errors.New("killed")

func (m *mortal) Append(ctx context.Context, c auditexport.Claim, at int64, part []byte) error {
	if m.lives.Add(-1) < 0 {
		return errKilled
	}
	return m.Workshop.Append(ctx, c, at, part)
}

func (m *mortal) Release(ctx context.Context, c auditexport.Claim, failed bool) (int, error) {
	if m.lives.Load() < 0 {
		return 0, errKilled
	}
	return m.Workshop.Release(ctx, c, failed)
}

func (h *house) status(id string) auditexport.ExportStatus {
	h.t.Helper()
	e, err := h.GetExport(h.asAuditor(), auditexport.ByID{ID: id})
	must(h.t, err)
	return e
}

// TestAKilledWriterIsReplaced kills whoever writes after every few parts. The
// next one goes on behind the last point, nobody can take what there is for a
// bundle, and in the end it is the one that an undisturbed writer makes.
func TestAKilledWriterIsReplaced(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.grow(17_000, hum) // more than one segment of rows
	want := h.export(auditexport.MakeExport{Formats: []string{"csv"}})
	first := h.ids()[0]
	h.clock.Set(h.clock.Now().Add(h.Keep))
	_, err := h.ExpireExports(h.asSelf())
	must(t, err)
	_, err = h.ResumeExport(h.asAuditor(), auditexport.ByID{ID: first})
	must(t, err)

	shop := &mortal{Workshop: pgstore.NewWorkshop(h.pool, 0)} // whoever is silent is dead
	h.Workshop = shop
	deaths, from, rows := 0, int64(0), int64(0)
	for e := h.status(first); e.State != auditexport.ExportMade; e = h.status(first) {
		shop.lives.Store(int64(10 + 3*deaths))
		if err := h.WriteExport(h.asSelf(), first); err == nil {
			continue
		} else if !errors.Is(err, errKilled) {
			t.Fatal(err)
		}
		deaths++
		p := h.status(first).Progress
		if p.Claims != int64(deaths) || p.RowsDone < rows || p.Bytes < from {
			t.Fatalf("death %d: %+v", deaths, p)
		}
		from, rows = p.Bytes, p.RowsDone
		if _, _, _, err := h.ExportFile(h.asAuditor(), auditexport.ByID{ID: first}, nil); !errors.Is(err, auditexport.ErrNotReady) {
			t.Errorf("it can be taken: %v", err)
		}
		part, err := io.ReadAll(shop.Read(h.asAuditor(), first, 0))
		if err != nil || int64(len(part)) > p.Bytes {
			t.Fatalf("%d bytes, %v", len(part), err)
		}
		if r := h.check(part); r.OK || r.ErrorCode != ledger.CodeTruncated {
			t.Errorf("%d bytes: %+v", len(part), r)
		}
		if deaths > 100 {
			t.Fatal("it does not get on")
		}
	}
	if got := h.take(first, 0); deaths < 2 || !bytes.Equal(got, want) || h.status(first).Contradicts != "" {
		t.Errorf("%d deaths, %d bytes, at once %d", deaths, len(got), len(want))
	}
	for _, from := range []int64{1, 1<<20 - 1, 1 << 20, int64(len(want)) - 1} {
		if got := h.take(first, from); !bytes.Equal(got, want[from:]) {
			t.Errorf("from %d: %d bytes", from, len(got))
		}
	}
}

// hum is a fact of some six hundred bytes that do not compress.
func hum(i int) proto.Message {
	m := noise(i).(*declarationv1.ProjectWithdrawn)
	m.Reason = m.Reason[:600]
	return m
}

// ids are the exports, newest first.
func (h *house) ids() (ids []string) {
	h.t.Helper()
	page, err := h.ListExports(h.asAuditor(), auditexport.ListExports{})
	must(h.t, err)
	for _, e := range page.Items {
		ids = append(ids, e.ID)
	}
	return ids
}

// slow is a book that waits in the middle of its rows.
type slow struct {
	auditexport.Book
	at   int64
	wait func()
}

func (s slow) Rows(ctx context.Context, project string, from, to int64) iter.Seq2[*ledger.Row, error] {
	return func(yield func(*ledger.Row, error) bool) {
		for r, err := range s.Book.Rows(ctx, project, from, to) {
			if err == nil && int64(r.Seq) == s.at {
				s.wait()
			}
			if !yield(r, err) {
				return
			}
		}
	}
}

// TestOnlyOneWrites: a writer who was taken for dead and is not writes nothing
// more, and says nothing.
func TestOnlyOneWrites(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.grow(6000, withdrawn)
	id := h.ask(auditexport.MakeExport{})
	if claims, err := h.UnfinishedExports(h.asSelf()); err != nil || len(claims) != 1 {
		t.Fatalf("%v %v", claims, err)
	}
	reached, goOn := make(chan struct{}), make(chan struct{})
	sleeper := h.house()
	sleeper.Book = slow{h.book, 5000, sync.OnceFunc(func() { close(reached); <-goOn })}
	done := make(chan error, 1)
	go func() { done <- sleeper.WriteExport(h.asSelf(), id) }()
	<-reached
	if claims, err := h.UnfinishedExports(h.asSelf()); err != nil || len(claims) != 0 {
		t.Errorf("it is written, and to be written: %v %v", claims, err)
	}
	must(t, h.WriteExport(h.asSelf(), id)) // somebody does already
	if s := h.status(id); s.State != auditexport.ExportBegun || !s.Progress.Writing || s.Progress.Claims != 1 {
		t.Errorf("%+v", s.Progress)
	}
	h.Workshop = pgstore.NewWorkshop(h.pool, 0)
	archive := h.written(id)
	close(goOn)
	if err := <-done; err != nil {
		t.Errorf("the sleeper complains: %v", err)
	}
	if again := h.take(id, 0); !bytes.Equal(again, archive) {
		t.Error("the sleeper has written")
	}
	if r := h.check(archive); !r.OK {
		t.Error(r.Finding)
	}
	made := 0
	for _, f := range h.exports.Facts() {
		if _, ok := f.Message.(*auditexportv1.ExportMade); ok {
			made++
		}
	}
	if made != 1 {
		t.Errorf("it was made %d times", made)
	}
}

// house is the use cases as another process has them.
func (h *house) house() *auditexport.Service {
	return &auditexport.Service{
		Book: h.Book, Inquiries: h.Inquiries, Exports: h.Exports, Keyring: h.Keyring, Anchor: h.Anchor, Packs: h.Packs, Clock: h.Clock,
		Self: h.Self, Version: h.Version, NewID: h.NewID, Life: h.Life, Exporting: h.Exporting,
	}
}

// TestAStoppingServiceLetsAnotherGoOn ends the service's life in the middle of a
// file: the next process goes on at once.
func TestAStoppingServiceLetsAnotherGoOn(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.grow(6000, withdrawn)
	id := h.ask(auditexport.MakeExport{})
	stopping := h.house()
	life, stop := context.WithCancel(t.Context())
	stopping.Life = life
	stopping.Book = slow{h.book, 5000, stop}
	must(t, stopping.WriteExport(h.asSelf(), id))
	claims, err := h.UnfinishedExports(h.asSelf())
	if s := h.status(id); err != nil || s.State != auditexport.ExportBegun || s.Progress.Writing || claims[id] != 1 {
		t.Errorf("%+v %v %v", s.Progress, claims, err)
	}
	if r := h.check(h.written(id)); !r.OK || r.Rows != 6000 {
		t.Error(r.Finding)
	}
}

// TestWhatFailsAgainAndAgainIsGivenUp lets the book fail and panic in the middle,
// and then be whole again.
func TestWhatFailsAgainAndAgainIsGivenUp(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.grow(3000, withdrawn)
	broken := fault.New(fault.Unavailable, "disk_gone", "磁盘不可用", "the disk is gone")
	for name, fail := range map[string]func() error{"error": func() error { return broken }, "panic": func() error { panic("defect") }} {
		h.Book = failing{h.book, fail}
		id := h.ask(auditexport.MakeExport{})
		tries := 0
		for h.status(id).State == auditexport.ExportBegun {
			if err := h.WriteExport(h.asSelf(), id); err == nil || name == "error" && !errors.Is(err, broken) {
				t.Errorf("%s: %v", name, err)
			}
			if tries++; tries > 10 {
				t.Fatal("it is not given up")
			}
		}
		var ended auditexportv1.ExportEnded
		if s := h.status(id); tries != 5 || s.State != auditexport.ExportBrokenOff || s.Why == "" || s.Progress != nil || !h.exports.Stated(&ended) || ended.Outcome != "broken_off" {
			t.Errorf("%s: %d tries, %+v", name, tries, s)
		}
		if _, _, _, err := h.ExportFile(h.asAuditor(), auditexport.ByID{ID: id}, nil); !errors.Is(err, auditexport.ErrFileGone) {
			t.Errorf("%s: %v", name, err)
		}
		h.Book = h.book
		_, err := h.ResumeExport(h.asAuditor(), auditexport.ByID{ID: id})
		must(t, err)
		if r := h.check(h.written(id)); !r.OK {
			t.Errorf("%s: %v", name, r.Finding)
		}
	}
}

// TestAnExportIsTurned walks through its states, and tries what each refuses.
func TestAnExportIsTurned(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.grow(300, withdrawn)
	id := auditexport.ByID{ID: h.ask(auditexport.MakeExport{Project: "p-1"})}
	turn := func(what string, f func(context.Context, auditexport.ByID) (auditexport.ExportStatus, error), state auditexport.ExportState, refusal error) {
		t.Helper()
		_, err := f(h.asAuditor(), id)
		if s := h.status(id.ID); !errors.Is(err, refusal) || s.State != state {
			t.Fatalf("%s: %v, %s", what, err, s.State)
		}
	}
	turn("resumed while it is in the making", h.ResumeExport, auditexport.ExportBegun, auditexport.ErrInMaking)
	turn("paused", h.PauseExport, auditexport.ExportPaused, nil)
	turn("paused again", h.PauseExport, auditexport.ExportPaused, auditexport.ErrNotBegun)
	must(t, h.WriteExport(h.asSelf(), id.ID))
	if s := h.status(id.ID); s.State != auditexport.ExportPaused || s.Progress.Bytes != 0 || !s.Progress.Held {
		t.Errorf("it is written while it rests: %+v", s.Progress)
	}
	turn("resumed", h.ResumeExport, auditexport.ExportBegun, nil)
	turn("cancelled", h.CancelExport, auditexport.ExportCancelled, nil)
	turn("cancelled again", h.CancelExport, auditexport.ExportCancelled, auditexport.ErrNotBegun)
	if s := h.status(id.ID); s.Progress != nil {
		t.Errorf("there is a file: %+v", s.Progress)
	}
	turn("asked for once more", h.ResumeExport, auditexport.ExportBegun, nil)
	archive := h.written(id.ID)
	turn("paused when it is made", h.PauseExport, auditexport.ExportMade, auditexport.ErrNotBegun)
	turn("resumed when it is made", h.ResumeExport, auditexport.ExportMade, auditexport.ErrInMaking)

	s := h.status(id.ID)
	if s.Rows != 100 || s.Progress.RowsTotal != 100 || s.Progress.RowsDone != 100 || s.Progress.Bytes != int64(len(archive)) || s.Progress.ExpiresAt == nil {
		t.Errorf("%+v %+v", s.Export, s.Progress)
	}
	h.clock.Set(s.Progress.ExpiresAt.Add(-time.Second))
	if n, err := h.ExpireExports(h.asSelf()); err != nil || n != 0 {
		t.Errorf("%d files expire too early, %v", n, err)
	}
	h.clock.Set(*s.Progress.ExpiresAt)
	if any, err := h.AnyExports(h.asSelf()); err != nil || !any {
		t.Errorf("nothing is found to expire: %v", err)
	}
	if n, err := h.ExpireExports(h.asSelf()); err != nil || n != 1 {
		t.Errorf("%d files expire, %v", n, err)
	}
	var ended auditexportv1.ExportEnded
	if e := h.status(id.ID); e.State != auditexport.ExportExpired || e.SHA256 == "" || e.Progress != nil || !h.exports.Stated(&ended) || ended.BundleSha256 != e.SHA256 {
		t.Errorf("%+v", e)
	}
	if _, _, _, err := h.ExportFile(h.asAuditor(), id, nil); !errors.Is(err, auditexport.ErrFileGone) {
		t.Errorf("taken when it has expired: %v", err)
	}
	if any, err := h.AnyExports(h.asSelf()); err != nil || any {
		t.Errorf("something is left to do: %v", err)
	}
	var parts int
	must(t, h.super.QueryRow(t.Context(), "SELECT count(*) FROM export_part").Scan(&parts))
	if parts != 0 {
		t.Errorf("%d parts are left", parts)
	}
}

// TestAUnitHasSoManyInTheMaking: one more is refused, and not when another is
// given up.
func TestAUnitHasSoManyInTheMaking(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.PerUnit = 2
	h.grow(3, withdrawn)
	first := h.ask(auditexport.MakeExport{})
	h.ask(auditexport.MakeExport{})
	_, err := h.PauseExport(h.asAuditor(), auditexport.ByID{ID: first})
	must(t, err)
	if _, err := h.MakeExport(h.asAuditor(), auditexport.MakeExport{}); !errors.Is(err, auditexport.ErrTooMany) {
		t.Errorf("got %v", err)
	}
	_, err = h.CancelExport(h.asAuditor(), auditexport.ByID{ID: first})
	must(t, err)
	h.ask(auditexport.MakeExport{})
}

// TestAWritingBegunByAnotherReleaseBeginsAnew: its point is of no use to this
// one.
func TestAWritingBegunByAnotherReleaseBeginsAnew(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.grow(300, withdrawn)
	id := h.ask(auditexport.MakeExport{})
	c, ok, err := h.Workshop.Claim(h.asSelf(), id)
	if err != nil || !ok {
		t.Fatal(ok, err)
	}
	must(t, h.Workshop.Append(h.asSelf(), c, 0, []byte("other bytes")))
	state, err := json.Marshal(map[string]any{"bundle": bundle.Resume{Offset: 11, Files: []bundle.Packed{{FileInfo: bundle.FileInfo{Name: "other"}}}}, "sha256": shaState(t)})
	must(t, err)
	must(t, h.Workshop.Mark(h.asSelf(), c, 11, auditexport.Point{State: state, Stage: "other"}))
	if p := h.status(id).Progress; p.Bytes != 11 || p.Stage != "other" {
		t.Errorf("%+v", p)
	}
	_, err = h.Workshop.Release(h.asSelf(), c, false)
	must(t, err)
	if r := h.check(h.written(id)); !r.OK || r.Rows != 300 {
		t.Error(r.Finding)
	}
}

// TestAnExportNeedsNoMemory measures what is live while a ledger of some twenty
// megabytes, with its tables, is written and taken.
func TestAnExportNeedsNoMemory(t *testing.T) {
	h := newHouse(t) // not parallel: what others use would count
	h.grow(12_000, noise)
	live := func() uint64 {
		var m runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&m)
		return m.HeapAlloc
	}
	id := h.ask(auditexport.MakeExport{})
	before := live()
	w := &weighed{Workshop: h.Workshop, live: live}
	h.Workshop = w
	must(t, h.WriteExport(h.asSelf(), id))
	size := h.status(id).Bytes
	const limit = 64 << 20
	if size < 50<<20 || w.peak > before+limit {
		t.Errorf("%d MB, %d MB were live, %d before", size>>20, w.peak>>20, before>>20)
	}
	t.Logf("%d MB, %d MB live, %d MB before", size>>20, w.peak>>20, before>>20)
}

// weighed looks at what is live with every eighth part.
type weighed struct {
	auditexport.Workshop
	live func() uint64
	n    int
	peak uint64
}

func (w *weighed) Append(ctx context.Context, c auditexport.Claim, at int64, part []byte) error {
	if w.n++; w.n%8 == 0 {
		w.peak = max(w.peak, w.live())
	}
	return w.Workshop.Append(ctx, c, at, part)
}

// TestTheFileOfAnExportIsForAuditorsAlone looks at it as others do.
func TestTheFileOfAnExportIsForAuditorsAlone(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.grow(3, withdrawn)
	id := h.ask(auditexport.MakeExport{})
	h.written(id)
	stranger := withPrincipal(t.Context(), "education", "edu.li")
	if _, ok, err := h.Workshop.Progress(stranger, id); ok || err != nil {
		t.Errorf("a unit sees how far it is: %v", err)
	}
	if b, err := io.ReadAll(h.Workshop.Read(stranger, id, 0)); err == nil {
		t.Errorf("a unit reads %d bytes", len(b))
	}
	for name, ctx := range map[string]context.Context{"a unit": stranger, "an auditor": h.asAuditor()} {
		if err := h.Workshop.Remove(ctx, id); err == nil && h.status(id).Progress == nil {
			t.Errorf("%s removes it", name)
		}
		if _, ok, err := h.Workshop.Claim(ctx, id); ok {
			t.Errorf("%s writes it: %v", name, err)
		}
	}
	if fmt.Sprint(h.status(id).State) != "made" {
		t.Error("it is gone")
	}
}

func withPrincipal(ctx context.Context, unit, subject string) context.Context {
	return authn.With(ctx, authn.Principal{Subject: subject, Unit: unit, Roles: []string{"declarer"}})
}

// shaState is the state of a hash of nothing.
func shaState(t *testing.T) []byte {
	t.Helper()
	b, err := sha256.New().(encoding.BinaryMarshaler).MarshalBinary()
	must(t, err)
	return b
}
