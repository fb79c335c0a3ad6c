package event_test

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"os"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/redis/go-redis/v9"
	"go.uber.org/goleak"

	"egov/libs/dbtest"
	"egov/libs/event"
	"egov/libs/pg"
	"egov/libs/redistest"
	"egov/libs/sign"
)

func TestMain(m *testing.M) {
	code := redistest.Main(func() int { return dbtest.Main(m) })
	if err := goleak.Find(); code == 0 && err != nil { // with the servers gone, so is everything that spoke to them
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	os.Exit(code)
}

// effects is the table of the tests' consumers: one row for each time an
// effect was committed. It has no key, so that a second effect shows.
func effects() pg.Set {
	return pg.Set{Name: "effects", FS: fstest.MapFS{"00001_effect.sql": &fstest.MapFile{Data: []byte(`-- +goose Up
CREATE TABLE effect (n bigint GENERATED ALWAYS AS IDENTITY, consumer text NOT NULL, source text NOT NULL, subject text NOT NULL, seq bigint NOT NULL, data text NOT NULL);
SELECT grant_app('effect', 'SELECT, INSERT');
CREATE TABLE state (id text PRIMARY KEY, v int NOT NULL);
SELECT grant_app('state', 'SELECT, INSERT, UPDATE');
`)}}}
}

// bench is one test's producer and consumer side. Both use one database: their
// tables do not touch.
type bench struct {
	t    *testing.T
	db   dbtest.DB
	pool *pgxpool.Pool
	rdb  *redis.Client
	log  *slog.Logger
	keys *ring // nil: nothing is signed, and everything believed
}

func newBench(t *testing.T, rdb *redis.Client) *bench {
	t.Helper()
	db := dbtest.Database(t, pg.Set{Name: "event", FS: event.Migrations()}, effects())
	pool, err := pg.Open(t.Context(), db.AppURL, "event_test", pg.PoolOptions{MaxConns: 24})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(pool.Close)
	b := &bench{t: t, db: db, pool: pool, rdb: rdb, log: slog.New(slog.NewTextHandler(&testLog{t: t}, nil)), keys: &ring{}}
	b.keys.add(t, source, sign.SM2)
	return b
}

// testLog shows a component's log with the test that it belongs to.
type testLog struct {
	t    *testing.T
	mu   sync.Mutex
	done bool
}

func (l *testLog) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if !l.done {
		l.t.Log(strings.TrimSpace(string(p)))
	}
	return len(p), nil
}

// run starts a loop that ends with the test or, earlier, with stop.
func (b *bench) run(loop func(context.Context) error) (stop func()) {
	b.t.Helper()
	ctx, cancel := context.WithCancel(b.t.Context())
	done := make(chan error, 1)
	go func() { done <- loop(ctx) }()
	var once sync.Once
	stop = func() {
		once.Do(func() {
			cancel()
			if err := <-done; err != nil {
				b.t.Errorf("a loop ended with %v", err)
			}
		})
	}
	b.t.Cleanup(stop)
	return stop
}

const source = "declaration"

func (b *bench) relay() *event.Relay {
	if b.keys == nil {
		return b.relayWith(nil)
	}
	return b.relayWith(b.keys.of(source))
}

func (b *bench) relayWith(signer event.Signer) *event.Relay {
	return event.NewRelay(b.pool, b.rdb, source, event.RelayOptions{
		Log: b.log, Upkeep: 50 * time.Millisecond, Follow: 50 * time.Millisecond, Window: time.Second, Signer: signer,
	})
}

// consumer writes one row for each effect.
func (b *bench) consumer(name string) *event.Consumer {
	return b.consumerWith(name, event.Effects{Default: effect(name)})
}

func (b *bench) consumerWith(name string, e event.Effects) *event.Consumer {
	o := quick(b.log)
	if b.keys != nil {
		o.Keys = b.keys
	}
	return event.NewConsumer(b.pool, b.rdb, name, []string{source}, e, o)
}

func quick(log *slog.Logger) event.ConsumerOptions {
	return event.ConsumerOptions{
		Log: log, Retry: 20 * time.Millisecond, GapWait: 20 * time.Millisecond, Upkeep: 50 * time.Millisecond,
		Heartbeat: 200 * time.Millisecond, Reconcile: 100 * time.Millisecond,
	}
}

func effect(name string) event.Handler {
	return func(ctx context.Context, tx pgx.Tx, e event.Record) error {
		_, err := tx.Exec(ctx, "INSERT INTO effect (consumer, source, subject, seq, data) VALUES ($1, $2, $3, $4, $5)", name, e.Source, e.Subject, e.Seq, string(e.Data))
		return err
	}
}

// fact is one event of a subject.
func fact(subject string, n int) event.Record {
	return event.Record{
		Type: "egov.test.v1.Happened", Subject: subject, Time: time.Date(2026, 11, 21, 9, 0, 0, 0, time.UTC),
		Unit: "education", Actor: "li", Data: fmt.Appendf(nil, `{"n":%d}`, n),
	}
}

// publish commits facts, one transaction for each.
func (b *bench) publish(facts ...event.Record) {
	b.t.Helper()
	for _, f := range facts {
		batch := &pgx.Batch{}
		event.Enqueue(batch, []event.Record{f})
		if err := b.pool.SendBatch(b.t.Context(), batch).Close(); err != nil {
			b.t.Fatal(err)
		}
	}
}

// publishMany commits n facts for each of the subjects, 500 a transaction.
func (b *bench) publishMany(subjects, n int) {
	b.t.Helper()
	var facts []event.Record
	flush := func() {
		batch := &pgx.Batch{}
		event.Enqueue(batch, facts)
		if err := b.pool.SendBatch(b.t.Context(), batch).Close(); err != nil {
			b.t.Fatal(err)
		}
		facts = facts[:0]
	}
	for i := range n {
		for s := range subjects {
			if facts = append(facts, fact(fmt.Sprintf("p%03d", s), i+1)); len(facts) == 500 {
				flush()
			}
		}
	}
	if len(facts) > 0 {
		flush()
	}
}

// query returns one value.
func query[T any](b *bench, sql string, args ...any) T {
	b.t.Helper()
	var v T
	if err := b.pool.QueryRow(b.t.Context(), sql, args...).Scan(&v); err != nil {
		b.t.Fatalf("%s: %v", sql, err)
	}
	return v
}

// within polls cond until it holds, for at most 30 seconds.
func (b *bench) within(what string, cond func() bool) {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.t.Context(), 30*time.Second)
	defer cancel()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for !cond() {
		select {
		case <-ctx.Done():
			b.t.Fatalf("not in time: %s", what)
		case <-tick.C:
		}
	}
}

// effectsOf waits for n effects of a consumer and checks that each fact had
// one, in the order of its subject.
func (b *bench) effectsOf(consumer string, n int) {
	b.t.Helper()
	b.within(fmt.Sprintf("%d effects of %s", n, consumer), func() bool {
		return query[int](b, "SELECT count(*) FROM effect WHERE consumer = $1", consumer) >= n
	})
	b.exactlyOnceInOrder(consumer, n)
}

func (b *bench) exactlyOnceInOrder(consumer string, n int) {
	b.t.Helper()
	if got := query[int](b, "SELECT count(*) FROM effect WHERE consumer = $1", consumer); got != n {
		b.t.Errorf("%d effects of %s, want %d", got, consumer, n)
	}
	if got := query[int](b, "SELECT count(*) FROM (SELECT subject, seq FROM effect WHERE consumer = $1 GROUP BY 1, 2 HAVING count(*) > 1) d", consumer); got > 0 {
		b.t.Errorf("%d facts had more than one effect", got)
	}
	if got := query[int](b, `SELECT count(*) FROM (SELECT seq, lag(seq, 1, 0::bigint) OVER (PARTITION BY subject ORDER BY n) AS before FROM effect WHERE consumer = $1) o
		WHERE seq <> before + 1`, consumer); got > 0 {
		b.t.Errorf("%d effects out of order", got)
	}
}

func TestFactsReachEveryConsumerOnceAndInOrder(t *testing.T) {
	t.Parallel()
	b := newBench(t, redistest.Client(t))
	b.publishMany(20, 30) // before anything runs
	relay := b.relay()
	b.run(relay.Run)
	b.run(b.consumer("expertreview").Run)
	b.run(b.consumer("auditexport").Run)
	b.publish(fact("p000", 31), fact("late", 1))
	relay.Wake()
	b.effectsOf("expertreview", 602)
	b.effectsOf("auditexport", 602)
}

func TestRecordArrivesAsItWasMade(t *testing.T) {
	t.Parallel()
	b := newBench(t, redistest.Client(t))
	got := make(chan event.Record, 1)
	b.run(b.relay().Run)
	b.run(b.consumerWith("all", event.Effects{Default: func(_ context.Context, _ pgx.Tx, e event.Record) error {
		e.Data = bytes.Clone(e.Data) // it is looked at after the handler is done
		select {
		case got <- e:
		default:
		}
		return nil
	}}).Run)
	want := fact("项目一", 1)
	want.ID = "01936d2e-0000-7000-8000-000000000001"
	want.TraceParent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
	want.Data = []byte(`{"title":"杨浦区 \u2028 \"数字\"","b":1.0,"a":[]}`)
	b.publish(want)
	e := <-got
	if e.ID != want.ID || e.Type != want.Type || e.Subject != want.Subject || !e.Time.Equal(want.Time) || e.Unit != want.Unit ||
		e.Actor != want.Actor || e.TraceParent != want.TraceParent || string(e.Data) != string(want.Data) {
		t.Errorf("got %+v\nwant %+v", e, want)
	}
	if e.Source != source || e.Seq != 1 || e.RecordedAt.IsZero() {
		t.Errorf("source %q, seq %d, recorded at %v", e.Source, e.Seq, e.RecordedAt)
	}
}
