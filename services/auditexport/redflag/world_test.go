package redflag_test

import (
	"context"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"google.golang.org/protobuf/proto"

	"egov/libs/authn"
	"egov/libs/calendar"
	"egov/libs/dbtest"
	"egov/libs/event"
	"egov/libs/pg"
	"egov/libs/policy"
	"egov/libs/rules"
	"egov/libs/store"
	conferencev1 "egov/proto/gen/egov/conference/v1"
	declarationv1 "egov/proto/gen/egov/declaration/v1"
	typev1 "egov/proto/gen/egov/type/v1"
	"egov/services/auditexport/pgstore"
	"egov/services/auditexport/redflag"
)

func TestMain(m *testing.M) { os.Exit(dbtest.Main(m)) }

var self = authn.Service("auditexport", "audit")

// ledger is the real append and the real watch over a real PostgreSQL.
type ledger struct {
	t     testing.TB
	pool  *pgxpool.Pool
	super *pgxpool.Pool
	book  *pgstore.Book
	store *store.Store
	kept  *pgstore.Suspicions
	watch *redflag.Watch
	clock *calendar.Manual
	seqs  map[string]int64
	told  []string // of rules that fail
}

func newLedger(t testing.TB) *ledger {
	t.Helper()
	db := dbtest.Database(t, store.Migrations(), pg.Set{Name: "event", FS: event.Migrations()}, pgstore.Migrations())
	l := &ledger{t: t, pool: db.Pool(t), super: db.Superuser(t), clock: calendar.NewManual(date("2026-03-02").Start().Add(9 * time.Hour)), seqs: map[string]int64{}}
	l.book = pgstore.NewBook(l.pool, "test.egov/ledger", self)
	l.store = store.New(l.pool, store.Options{Source: "auditexport", Clock: l.clock, Calendar: calendar.Statutory()})
	t.Cleanup(l.store.Close)
	flags := pgstore.Flags(l.store)
	l.kept = pgstore.NewSuspicions(l.store, flags)
	l.watch = &redflag.Watch{Store: l.kept, Flags: flags, Rules: rules.Book{Packs: policy.Default(), Calendar: calendar.Statutory()}, Clock: l.clock, Self: self, Tell: func(_ context.Context, scope string, err error) { l.told = append(l.told, scope+": "+err.Error()) }}
	return l
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func date(s string) calendar.Date {
	d, err := calendar.ParseDate(s)
	if err != nil {
		panic(err)
	}
	return d
}

// says makes an event of a fact: on a day, about a subject. Its producer is the
// service whose contract it is of; of a deadline, the procurement.
func (l *ledger) says(day, subject string, m proto.Message) event.Record {
	l.t.Helper()
	typ, data, err := event.FromProto(m)
	must(l.t, err)
	source := strings.Split(typ, ".")[1]
	if source == "deadline" {
		source = "procurement"
	}
	l.seqs[source+" "+subject]++
	return event.Record{
		ID: store.NewID(), Source: source, Type: typ, Subject: subject, Time: date(day).Start().Add(10 * time.Hour), Unit: "education", Actor: "test." + source,
		Seq: l.seqs[source+" "+subject], TraceParent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", Data: data,
	}
}

// append takes events into the ledger, as a consumer's transaction does.
func (l *ledger) append(events ...event.Record) {
	l.t.Helper()
	must(l.t, pgx.BeginFunc(l.t.Context(), l.pool, func(tx pgx.Tx) error { return l.book.Append(l.t.Context(), tx, events) }))
}

// look lets the watch do all it has to do.
func (l *ledger) look() {
	l.t.Helper()
	for more := true; more; {
		var err error
		more, err = l.watch.Step(l.t.Context())
		must(l.t, err)
	}
}

// on moves the clock to a day and lets the watch look.
func (l *ledger) on(day string) {
	l.t.Helper()
	l.clock.Set(date(day).Start().Add(9 * time.Hour))
	l.look()
}

func (l *ledger) asAuditor() context.Context {
	return authn.With(l.t.Context(), authn.Principal{Subject: "audit.li", Unit: "audit", Roles: []string{"auditor"}})
}

func (l *ledger) find(q redflag.Query) []redflag.Flag {
	l.t.Helper()
	p, err := l.kept.Find(l.asAuditor(), q)
	must(l.t, err)
	return p.Items
}

// raised are the flags that stand, by code; two of one code are told apart by a
// number.
func (l *ledger) raised() map[string]redflag.Flag {
	l.t.Helper()
	all := map[string]redflag.Flag{}
	for _, f := range l.find(redflag.Query{State: "raised"}) {
		code := f.Code
		for n := 2; all[code].ID != ""; n++ {
			code = fmt.Sprintf("%s %d", f.Code, n)
		}
		all[code] = f
	}
	return all
}

// facts are those that the watch stated, by type, in their order.
func (l *ledger) stated() (types []string) {
	l.t.Helper()
	rows, err := l.super.Query(l.t.Context(), "SELECT type FROM event_outbox ORDER BY txid, id")
	must(l.t, err)
	types, err = pgx.CollectRows(rows, pgx.RowTo[string])
	must(l.t, err)
	for i := range types {
		types[i] = strings.TrimPrefix(types[i], "egov.auditexport.v1.")
	}
	return types
}

// brief is a declared project, of a unit and under a title, with an amount.
func brief(id, unit, title, on string, wan int64, change ...func(*typev1.ProjectBrief)) *declarationv1.ProjectSubmitted {
	p := &typev1.ProjectBrief{
		ProjectId: id, Title: title, Kind: "new_build", Unit: unit, UnitKind: "administrative", AmountFen: wan * 1_000_000, PureSoftware: true, Route: "filing",
		Steps: []string{"third_party_evaluation", "conference_filing"}, Pack: "yangpu-2023", PackVersion: "1", DeclaredOn: on, Lineage: "lineage-" + id,
	}
	for _, f := range change {
		f(p)
	}
	return &declarationv1.ProjectSubmitted{Project: p}
}

func approved(id, on string, wan int64) *conferencev1.DecisionTaken {
	return &conferencev1.DecisionTaken{ProjectId: id, Outcome: "approved", ApprovedFen: wan * 1_000_000, DecidedOn: on}
}
