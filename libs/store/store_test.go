package store_test

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"os"
	"runtime"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"egov/libs/aggregate"
	"egov/libs/authn"
	"egov/libs/calendar"
	"egov/libs/dbtest"
	"egov/libs/event"
	"egov/libs/fault"
	"egov/libs/pg"
	"egov/libs/store"
	declarationv1 "egov/proto/gen/egov/declaration/v1"
)

func TestMain(m *testing.M) { os.Exit(dbtest.Main(m)) }

type note struct {
	aggregate.Root
	Title string `json:"title"`
	Kind  string `json:"kind"`
	Count int    `json:"count"`
}

var schema = pg.Set{Name: "notes", FS: fstest.MapFS{"00001_notes.sql": {Data: []byte(`-- +goose Up
SELECT create_aggregate('note');
ALTER TABLE note ADD COLUMN kind text GENERATED ALWAYS AS (body->>'kind') STORED;
`)}}}

type fixture struct {
	*store.Store
	notes *store.Collection[note, *note]
	clock *calendar.Manual
	db    dbtest.DB
	super *pgxpool.Pool
}

func open(t testing.TB, o store.Options) *fixture {
	t.Helper()
	db := dbtest.Database(t, store.Migrations(), pg.Set{Name: "event", FS: event.Migrations()}, schema)
	clock := calendar.NewManual(time.Date(2026, 3, 2, 1, 0, 0, 0, time.UTC))
	o.Source, o.Clock = "notes", clock
	if o.Calendar == nil {
		o.Calendar = calendar.Statutory()
	}
	s := store.New(db.Pool(t), o)
	t.Cleanup(s.Close)
	return &fixture{Store: s, notes: store.NewCollection[note, *note](s, "note", "kind"), clock: clock, db: db, super: db.Superuser(t)}
}

func as(unit, account string, roles ...string) context.Context {
	return authn.With(context.Background(), authn.Principal{Subject: account, Unit: unit, Roles: roles})
}

func write(title string) aggregate.Change[note] {
	return func(n *note, rec *aggregate.Recorder) error {
		n.ProjectID = n.ID
		n.Title = title
		n.Count++
		rec.State(n.ID, &declarationv1.ProjectDrafted{ProjectId: n.ID, Title: title})
		return nil
	}
}

func (f *fixture) count(t testing.TB, sql string, args ...any) (n int) {
	t.Helper()
	if err := f.super.QueryRow(context.Background(), sql, args...).Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

func want(t *testing.T, err error, target *fault.Error) {
	t.Helper()
	if !errors.Is(err, target) {
		t.Fatalf("got %v, want %s", err, target.Code)
	}
}

func TestACommandSavesStateAndFactsTogether(t *testing.T) {
	t.Parallel()
	f := open(t, store.Options{})
	ctx := as("education", "edu.a", "declarer")
	n, err := f.notes.Create(ctx, "n1", write("a"))
	if err != nil || n.Version != 1 || n.Unit != "education" || n.CreatedAt != f.clock.Now() {
		t.Fatalf("%+v %v", n, err)
	}
	if n, err = f.notes.Update(ctx, "n1", write("b")); err != nil || n.Version != 2 {
		t.Fatalf("%+v %v", n, err)
	}
	got, err := f.notes.Get(ctx, "n1")
	if err != nil || got.Title != "b" || got.Count != 2 {
		t.Fatalf("%+v %v", got, err)
	}
	if f.count(t, "SELECT count(*) FROM event_outbox WHERE subject='n1' AND unit='education' AND actor='edu.a'") != 2 || f.count(t, "SELECT max(seq) FROM event_outbox") != 2 {
		t.Fatal("facts and state differ")
	}
	refusal := fault.New(fault.Conflict, "no", "不", "no")
	_, err = f.notes.Update(ctx, "n1", func(n *note, rec *aggregate.Recorder) error {
		_ = write("c")(n, rec)
		return refusal
	})
	want(t, err, refusal)
	if got, _ := f.notes.Get(ctx, "n1"); got.Title != "b" || f.count(t, "SELECT count(*) FROM event_outbox") != 2 {
		t.Fatal("a refused command left something behind")
	}
	_, err = f.notes.Create(ctx, "n1", write("d"))
	want(t, err, pg.ErrDuplicate)
	_, err = f.notes.Update(ctx, "n2", write("d"))
	want(t, err, store.ErrNotFound)
}

func TestAPanicInAChangeIsAnswered(t *testing.T) {
	t.Parallel()
	f := open(t, store.Options{Writers: 1})
	ctx := as("education", "edu.a")
	_, err := f.notes.Create(ctx, "n1", func(*note, *aggregate.Recorder) error { panic("boom") })
	if fault.From(err).Kind != fault.Internal {
		t.Fatal(err)
	}
	if _, err := f.notes.Create(ctx, "n1", write("a")); err != nil {
		t.Fatal("the writer died:", err)
	}
}

func TestRowsOfOtherUnitsAreNotThere(t *testing.T) {
	t.Parallel()
	f := open(t, store.Options{})
	if _, err := f.notes.Create(as("education", "edu.a"), "n1", write("a")); err != nil {
		t.Fatal(err)
	}
	other := as("health", "health.a", "declarer")
	_, err := f.notes.Get(other, "n1")
	want(t, err, store.ErrNotFound)
	_, err = f.notes.Update(other, "n1", write("x"))
	want(t, err, store.ErrNotFound)
	_, err = f.notes.Upsert(other, "n1", write("x"))
	if err == nil {
		t.Fatal("an upsert took over another unit's row")
	}
	for _, ctx := range []context.Context{other, context.Background(), as("", "")} {
		if p, err := f.notes.List(ctx, aggregate.Query{}); err != nil || len(p.Items) != 0 {
			t.Fatalf("%+v %v", p, err)
		}
	}
	auditor := as("audit", "audit.a", "auditor")
	if _, err := f.notes.Get(auditor, "n1"); err != nil {
		t.Fatal("the auditor reads everything:", err)
	}
	if _, err := f.notes.Update(auditor, "n1", write("x")); err == nil {
		t.Fatal("the auditor changes nothing")
	}
	if _, err := f.notes.Update(as("education", "edu.a"), "n1", func(n *note, _ *aggregate.Recorder) error { n.Share("health"); return nil }); err != nil {
		t.Fatal(err)
	}
	if _, err := f.notes.Get(other, "n1"); err != nil {
		t.Fatal("a party sees the row:", err)
	}
	// A name that tries to be two names stays one.
	if _, err := f.notes.Get(as(`x","education`, `y}`), "n1"); !errors.Is(err, store.ErrNotFound) {
		t.Fatal(err)
	}
}

func command(key, body string, version int64) *store.Command {
	h := sha256.Sum256([]byte(body))
	return &store.Command{Key: key, Caller: "edu.a", Op: "notes.Write", Hash: h[:], Version: version}
}

func TestOneKeyOneEffect(t *testing.T) {
	t.Parallel()
	f := open(t, store.Options{})
	base := as("education", "edu.a")
	var wg sync.WaitGroup
	ids := make([]string, 20)
	for i := range ids {
		wg.Go(func() {
			n, err := f.notes.Create(store.WithCommand(base, command("k", "same", 0)), store.NewID(), write("a"))
			if err != nil {
				t.Error(err)
			}
			ids[i] = n.ID
		})
	}
	wg.Wait()
	for _, id := range ids {
		if id != ids[0] {
			t.Fatalf("different answers: %v", ids)
		}
	}
	if f.count(t, "SELECT count(*) FROM note") != 1 || f.count(t, "SELECT count(*) FROM event_outbox") != 1 {
		t.Fatal("more than one effect")
	}
	_, err := f.notes.Create(store.WithCommand(base, command("k", "other", 0)), store.NewID(), write("a"))
	want(t, err, store.ErrKeyReuse)
	first, err := f.notes.Update(store.WithCommand(base, command("u", "same", 1)), ids[0], write("b"))
	if err != nil {
		t.Fatal(err)
	}
	again, err := f.notes.Update(store.WithCommand(base, command("u", "same", 1)), ids[0], write("b"))
	if err != nil || again.Version != first.Version || again.Count != first.Count {
		t.Fatalf("%+v %+v %v", first, again, err)
	}
}

func TestALostUpdateIsRefused(t *testing.T) {
	t.Parallel()
	f := open(t, store.Options{})
	ctx := as("education", "edu.a")
	if _, err := f.notes.Create(ctx, "n1", write("a")); err != nil {
		t.Fatal(err)
	}
	if _, err := f.notes.Update(store.WithCommand(ctx, command("", "", 1)), "n1", write("b")); err != nil {
		t.Fatal(err)
	}
	_, err := f.notes.Update(store.WithCommand(ctx, command("", "", 1)), "n1", write("c"))
	want(t, err, store.ErrStale)
}

func TestParallelCommandsKeepEveryChange(t *testing.T) {
	t.Parallel()
	f := open(t, store.Options{Writers: 3, Group: 8})
	ctx := as("education", "edu.a")
	for i := range 4 {
		if _, err := f.notes.Create(ctx, fmt.Sprint("n", i), write("a")); err != nil {
			t.Fatal(err)
		}
	}
	refusal := fault.New(fault.Conflict, "no", "不", "no")
	var wg sync.WaitGroup
	for i := range 200 {
		wg.Go(func() {
			_, err := f.notes.Update(ctx, fmt.Sprint("n", i%4), func(n *note, rec *aggregate.Recorder) error {
				if i%5 == 0 {
					return refusal
				}
				return write("b")(n, rec)
			})
			if i%5 == 0 != errors.Is(err, refusal) {
				t.Error(i, err)
			}
		})
	}
	wg.Wait()
	if got := f.count(t, "SELECT sum((body->>'count')::int) FROM note"); got != 4+160 {
		t.Fatalf("%d changes were kept", got)
	}
	if f.count(t, "SELECT count(*) FROM event_outbox") != 164 || f.count(t, "SELECT count(*) FROM (SELECT subject, seq, row_number() OVER (PARTITION BY subject ORDER BY txid, id) AS n FROM event_outbox) o WHERE seq <> n") != 0 {
		t.Fatal("facts are missing or out of order")
	}
}

func TestOneBadCommandDoesNotSpoilAGroup(t *testing.T) {
	t.Parallel()
	f := open(t, store.Options{Writers: 1, Group: 16})
	ctx := as("education", "edu.a")
	if _, err := f.notes.Create(ctx, "taken", write("a")); err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	for i := range 30 {
		wg.Go(func() {
			id := fmt.Sprint("n", i)
			if i%10 == 0 {
				id = "taken"
			}
			_, err := f.notes.Create(ctx, id, write("a"))
			if i%10 == 0 != errors.Is(err, pg.ErrDuplicate) {
				t.Error(id, err)
			}
		})
	}
	wg.Wait()
	if got := f.count(t, "SELECT count(*) FROM note"); got != 28 {
		t.Fatal(got)
	}
}

// TestWhatALaterReleaseWroteStays: the process of an older one changes what it
// knows of an aggregate, alone and in a group, and drops nothing else.
func TestWhatALaterReleaseWroteStays(t *testing.T) {
	t.Parallel()
	f := open(t, store.Options{Writers: 1})
	ctx := as("education", "edu.a")
	ids := []string{"alone", "one", "two"}
	for _, id := range ids {
		if _, err := f.notes.Create(ctx, id, func(n *note, rec *aggregate.Recorder) error {
			n.Await(aggregate.Todo{Action: "read", Role: "clerk", Title: "阅"})
			return write("a")(n, rec)
		}); err != nil {
			t.Fatal(err)
		}
	}
	const later = `{"later": {"of": ["a", null]}, "later_title": "b"}`
	if _, err := f.super.Exec(ctx, "UPDATE note SET body = body || $1::jsonb", later); err != nil {
		t.Fatal(err)
	}
	finish := func(n *note, rec *aggregate.Recorder) error {
		n.Await()
		return write("b")(n, rec)
	}
	var group sync.WaitGroup
	_, err := f.notes.Update(ctx, "alone", func(n *note, rec *aggregate.Recorder) error {
		for _, id := range ids[1:] {
			group.Go(func() {
				if _, err := f.notes.Update(ctx, id, finish); err != nil {
					t.Error(err)
				}
			})
		}
		for f.Waiting() < len(ids)-1 { // then they come as one
			runtime.Gosched()
		}
		return finish(n, rec)
	})
	group.Wait()
	if err != nil {
		t.Fatal(err)
	}
	if n := f.count(t, "SELECT count(*) FROM note WHERE body @> $1 AND body->>'title' = 'b' AND body->'count' = '2' AND NOT body ? 'todo'", later); n != len(ids) {
		t.Errorf("%d of %d have what was written last and what was there", n, len(ids))
	}
}

func TestSeveralAggregatesInOneTransaction(t *testing.T) {
	t.Parallel()
	f := open(t, store.Options{})
	ctx := as("education", "edu.a")
	boom := fault.New(fault.Conflict, "boom", "不", "boom")
	for _, fail := range []bool{true, false} {
		err := f.InTx(store.WithCommand(ctx, command("tx", "b", 0)), func(ctx context.Context) error {
			if _, err := f.notes.Create(ctx, "a", write("a")); err != nil {
				return err
			}
			if _, err := f.notes.Create(ctx, "b", write("b")); err != nil {
				return err
			}
			if fail {
				return boom
			}
			return nil
		})
		if fail != errors.Is(err, boom) {
			t.Fatal(err)
		}
		if n := f.count(t, "SELECT count(*) FROM note"); fail && n != 0 || !fail && n != 2 {
			t.Fatal(n)
		}
	}
}

func TestListsPage(t *testing.T) {
	t.Parallel()
	f := open(t, store.Options{})
	ctx := as("education", "edu.a")
	for i := range 7 {
		f.clock.Advance(time.Second)
		_, err := f.notes.Create(ctx, fmt.Sprint("n", i), func(n *note, _ *aggregate.Recorder) error {
			n.Kind = []string{"odd", "even"}[i%2]
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	var got []string
	q := aggregate.Query{PageSize: 2, Filter: map[string]string{"kind": "odd"}}
	for {
		p, err := f.notes.List(ctx, q)
		if err != nil {
			t.Fatal(err)
		}
		for _, n := range p.Items {
			got = append(got, n.ID)
		}
		if q.PageToken = p.NextPageToken; q.PageToken == "" {
			break
		}
	}
	if fmt.Sprint(got) != "[n6 n4 n2 n0]" {
		t.Fatal(got)
	}
	for name, q := range map[string]aggregate.Query{"filter": {Filter: map[string]string{"body": "x"}}, "size": {PageSize: 201}, "token": {PageToken: "%"}} {
		if _, err := f.notes.List(ctx, q); fault.From(err).Kind != fault.Invalid {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestTasksAreWhatTheCallerCanDo(t *testing.T) {
	t.Parallel()
	f := open(t, store.Options{})
	_, err := f.notes.Create(as("education", "edu.a"), "n1", func(n *note, _ *aggregate.Recorder) error {
		n.Title = "平台"
		n.Share("gov-office", "expert.1")
		n.Await(aggregate.Todo{Action: "accept", Role: "secretary", Unit: "gov-office", Title: "受理"}, aggregate.Todo{Action: "opine", Account: "expert.1", Title: "评审"})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		ctx    context.Context
		action string
	}{
		{as("gov-office", "s", "secretary"), "accept"},
		{as("gov-office", "s", "member"), ""},
		{as("finance", "s", "secretary"), ""},
		{as("experts", "expert.1", "expert"), "opine"},
		{as("experts", "expert.2", "expert"), ""},
	} {
		tasks, err := f.Tasks(tt.ctx)
		if err != nil {
			t.Fatal(err)
		}
		got := ""
		for _, x := range tasks {
			got += x.Action
		}
		if got != tt.action {
			t.Errorf("%v: %q", authn.By(tt.ctx), got)
		}
	}
}

func TestAHandlerTakesPartInTheConsumersTransaction(t *testing.T) {
	t.Parallel()
	f := open(t, store.Options{})
	h := f.Handler(authn.Service("notes", "gov-office"), func(ctx context.Context, e event.Record) error {
		_, err := f.notes.Upsert(ctx, e.Subject, write("from an event"))
		return err
	})
	const parent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
	e := event.Record{Subject: "p1", TraceParent: parent}
	tx, err := f.Pool().Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if err := h(t.Context(), tx, e); err != nil {
		t.Fatal(err)
	}
	if err := tx.Rollback(t.Context()); err != nil {
		t.Fatal(err)
	}
	if f.count(t, "SELECT count(*) FROM note") != 0 {
		t.Fatal("the effect outlived the transaction")
	}
	if err := pgx.BeginFunc(t.Context(), f.Pool(), func(tx pgx.Tx) error { return h(t.Context(), tx, e) }); err != nil {
		t.Fatal(err)
	}
	if f.count(t, "SELECT count(*) FROM event_outbox WHERE split_part(traceparent,'-',2) = '0af7651916cd43dd8448eb211c80319c' AND actor = 'service:notes'") != 1 {
		t.Fatal("the consequence left the trace of its cause")
	}
}

func TestClosedStoresRefuse(t *testing.T) {
	t.Parallel()
	db := dbtest.Database(t, store.Migrations(), pg.Set{Name: "event", FS: event.Migrations()}, schema)
	s := store.New(db.Pool(t), store.Options{Source: "notes", Clock: calendar.NewManual(time.Now()), Calendar: calendar.Statutory()})
	notes := store.NewCollection[note, *note](s, "note", "kind")
	s.Close()
	_, err := notes.Create(as("a", "b"), "n", write("x"))
	if fault.From(err).Kind != fault.Unavailable {
		t.Fatal(err)
	}
}

// TestPlansMadeOnAnEmptyTableDoForAFullOne: those that sessions keep.
func TestPlansMadeOnAnEmptyTableDoForAFullOne(t *testing.T) {
	t.Parallel()
	f := open(t, store.Options{})
	for name, statement := range store.StatementsByKey("note") {
		t.Run(name, func(t *testing.T) {
			tx, err := f.Pool().Begin(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = tx.Rollback(t.Context()) }()
			b := &pgx.Batch{}
			in := pg.Session{ByKey: true}
			in.Scope(b, pg.ScopeOf(authn.Principal{Subject: "a", Unit: "education"}))
			sql, arguments := statement[0], statement[1]
			b.Queue("PREPARE kept_" + name + " AS " + sql)
			var plan []string
			b.Queue("EXPLAIN (VERBOSE) EXECUTE kept_" + name + " (" + arguments + ")").Query(func(rows pgx.Rows) (err error) {
				plan, err = pgx.CollectRows(rows, pgx.RowTo[string])
				return err
			})
			if err := tx.SendBatch(t.Context(), b).Close(); err != nil {
				t.Fatal(err)
			}
			text := strings.Join(plan, "\n")
			if strings.Contains(text, "Seq Scan") || !strings.Contains(text, "note_pkey") || !strings.Contains(text, "$1") {
				t.Fatal(text)
			}
		})
	}
}
