package event_test

import (
	"context"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/redis/go-redis/v9"

	"egov/libs/event"
	"egov/libs/redistest"
)

// writers publish facts of several subjects from several goroutines until
// stop, which returns how many facts they committed.
func (b *bench) writers(n int) (stop func() int) {
	b.t.Helper()
	ctx, cancel := context.WithCancel(b.t.Context())
	var committed atomic.Int64
	var wg sync.WaitGroup
	for w := range n {
		wg.Go(func() {
			r := rand.New(rand.NewPCG(uint64(w), 7))
			for i := 0; ctx.Err() == nil; i++ {
				var facts []event.Record
				for range 1 + r.IntN(5) {
					facts = append(facts, fact(fmt.Sprintf("s%d", r.IntN(12)), i))
				}
				batch := &pgx.Batch{}
				event.Enqueue(batch, facts)
				// Not the context that ends: what is committed is counted.
				if err := b.pool.SendBatch(context.WithoutCancel(ctx), batch).Close(); err != nil {
					b.t.Errorf("publish: %v", err)
					return
				}
				committed.Add(int64(len(facts)))
			}
		})
	}
	var once sync.Once
	stop = func() int {
		once.Do(func() { cancel(); wg.Wait() })
		return int(committed.Load())
	}
	b.t.Cleanup(func() { stop() })
	return stop
}

// streamIsTheOutbox checks that the stream's entries, up to what trimming
// took, are the outbox in its order.
func (b *bench) streamIsTheOutbox() {
	b.t.Helper()
	rows, err := b.pool.Query(b.t.Context(), "SELECT event_id::text FROM event_outbox ORDER BY txid, id")
	if err != nil {
		b.t.Fatal(err)
	}
	want, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		b.t.Fatal(err)
	}
	got := b.entries()
	if len(got) == 0 || len(got) > len(want) {
		b.t.Fatalf("the stream holds %d entries, the outbox %d", len(got), len(want))
	}
	for i, m := range got {
		if got, id := attributes(b.t, m)["id"], want[len(want)-len(got)+i]; got != id {
			b.t.Fatalf("entry %d is %s, the outbox has %s", i, got, id)
		}
	}
}

// TestSeveralRelaysAndAKilledRedis kills Redis, which keeps nothing, while
// three relays publish and facts are written.
func TestSeveralRelaysAndAKilledRedis(t *testing.T) {
	t.Parallel()
	s := redistest.Server(t)
	b := newBench(t, redistest.Open(t, s.URL(0)))
	stop := b.writers(3)
	for range 3 {
		b.run(b.relay().Run)
	}
	b.run(b.consumer("expertreview").Run)
	b.run(b.consumer("auditexport").Run)
	for range 4 {
		before := query[int](b, "SELECT count(*) FROM effect")
		b.within("facts flow", func() bool { return query[int](b, "SELECT count(*) FROM effect") > before+200 })
		s.Kill()
		written := query[int](b, "SELECT count(*) FROM event_outbox")
		b.within("facts are written while Redis is down", func() bool { return query[int](b, "SELECT count(*) FROM event_outbox") > written+50 })
		s.Restart()
	}
	n := stop()
	b.effectsOf("expertreview", n)
	b.effectsOf("auditexport", n)
	b.streamIsTheOutbox()
}

// TestRedisForgets empties Redis, or drops a group, while facts flow and once
// more when all is quiet.
func TestRedisForgets(t *testing.T) {
	t.Parallel()
	ways := map[string]func(ctx context.Context, c *redis.Client) error{
		"FLUSHALL": func(ctx context.Context, c *redis.Client) error { return c.FlushDB(ctx).Err() },
		"XGROUP DESTROY": func(ctx context.Context, c *redis.Client) error {
			return c.XGroupDestroy(ctx, stream, "expertreview").Err()
		},
		"DEL":          func(ctx context.Context, c *redis.Client) error { return c.Del(ctx, stream).Err() },
		"SCRIPT FLUSH": func(ctx context.Context, c *redis.Client) error { return c.ScriptFlush(ctx).Err() },
	}
	for name, forget := range ways {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t, redistest.Client(t))
			stop := b.writers(2)
			relay := b.relay()
			b.run(relay.Run)
			b.run(b.consumer("expertreview").Run)
			for range 3 {
				before := query[int](b, "SELECT count(*) FROM effect")
				b.within("facts flow", func() bool { return query[int](b, "SELECT count(*) FROM effect") > before+200 })
				if err := forget(t.Context(), b.rdb); err != nil {
					t.Fatal(err)
				}
			}
			n := stop()
			if err := forget(t.Context(), b.rdb); err != nil {
				t.Fatal(err)
			}
			b.effectsOf("expertreview", n) // nothing new wakes anyone
			b.within("the group is back", func() bool { return b.settled("expertreview") })
		})
	}
}

// TestFrozenLeader holds the leading relay's lock for good, as a process that
// was stopped does. Another publishes nevertheless.
func TestFrozenLeader(t *testing.T) {
	t.Parallel()
	b := newBench(t, redistest.Client(t))
	conn, err := b.pool.Acquire(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(conn.Release)
	var held bool
	if err := conn.QueryRow(t.Context(), "SELECT pg_try_advisory_lock($1)", 0x65766e74).Scan(&held); err != nil || !held {
		t.Fatalf("held %v, err %v", held, err)
	}
	b.run(b.relay().Run)
	b.run(b.consumer("expertreview").Run)
	b.publishMany(3, 10)
	b.effectsOf("expertreview", 30)
}

// TestIdleWriteTransaction leaves a transaction with a fact open: what came
// after it waits, and nothing is lost.
func TestIdleWriteTransaction(t *testing.T) {
	t.Parallel()
	b := newBench(t, redistest.Client(t))
	b.run(b.relay().Run)
	b.run(b.consumer("expertreview").Run)
	tx, err := b.pool.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	batch := &pgx.Batch{}
	event.Enqueue(batch, []event.Record{fact("open", 1)})
	if err := tx.SendBatch(t.Context(), batch).Close(); err != nil {
		t.Fatal(err)
	}
	b.publishMany(2, 5)
	if n := b.rdb.XLen(t.Context(), stream).Val(); n > 0 {
		t.Errorf("%d entries passed an open transaction", n)
	}
	if err := tx.Commit(t.Context()); err != nil {
		t.Fatal(err)
	}
	b.effectsOf("expertreview", 11)
}

func TestFullRedisDelaysAndLosesNothing(t *testing.T) {
	t.Parallel()
	s := redistest.Server(t)
	b := newBench(t, redistest.Open(t, s.URL(0)))
	b.run(b.relay().Run)
	b.publishMany(2, 10)
	b.run(b.consumer("expertreview").Run)
	b.effectsOf("expertreview", 20)
	if err := b.rdb.ConfigSet(t.Context(), "maxmemory", "1").Err(); err != nil {
		t.Fatal(err)
	}
	b.publishMany(2, 10)
	b.within("Redis refuses", func() bool {
		err := b.rdb.Set(t.Context(), "probe", "x", 0).Err()
		return err != nil && strings.HasPrefix(err.Error(), "OOM")
	})
	if err := b.rdb.ConfigSet(t.Context(), "maxmemory", "0").Err(); err != nil {
		t.Fatal(err)
	}
	b.effectsOf("expertreview", 40)
}

// TestDatabaseInAnotherLife gives the database a new identity, as a restore
// or a promotion does, and expects everything kept to be published again under
// ids above all that were given out.
func TestDatabaseInAnotherLife(t *testing.T) {
	t.Parallel()
	ways := map[string]string{
		"promoted": "UPDATE event_origin SET timeline = timeline - 1",
		"restored into another cluster": "UPDATE event_origin SET system_identifier = 1; " +
			"UPDATE event_outbox SET txid = (txid::text::bigint + 1000000000)::text::xid8", // another cluster's numbers, ahead of this one's
	}
	for name, sql := range ways {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t, redistest.Client(t))
			stop := b.run(b.relay().Run)
			b.run(b.consumer("expertreview").Run)
			b.publishMany(3, 10)
			b.effectsOf("expertreview", 30)
			stop()
			before := b.lastID()
			if _, err := b.db.Owner(t).Exec(t.Context(), sql); err != nil {
				t.Fatal(err)
			}
			b.publishMany(3, 1)
			b.run(b.relay().Run)
			b.effectsOf("expertreview", 33)
			b.within("all is published again", func() bool { return b.lastID() != before && b.settled("expertreview") })
			b.exactlyOnceInOrder("expertreview", 33)
			if got := query[int](b, "SELECT epoch FROM event_origin"); got != 2 {
				t.Errorf("epoch %d", got)
			}
		})
	}
}

func (b *bench) lastID() string {
	b.t.Helper()
	info, err := b.rdb.XInfoStream(b.t.Context(), stream).Result()
	if err != nil {
		b.t.Fatal(err)
	}
	return info.LastGeneratedID
}

func TestTwoDatabasesUnderOneNameAreRefused(t *testing.T) {
	t.Parallel()
	b := newBench(t, redistest.Client(t))
	if err := b.rdb.XAdd(t.Context(), &redis.XAddArgs{Stream: stream, ID: fmt.Sprintf("%d-1", uint64(9)<<48), Values: []any{"a", 1}}).Err(); err != nil {
		t.Fatal(err)
	}
	if _, err := b.db.Owner(t).Exec(t.Context(), "SELECT event_claim_origin(0)"); err != nil {
		t.Fatal(err)
	}
	b.publishMany(1, 1)
	ctx, cancel := context.WithCancel(t.Context())
	said := make(chan string, 100)
	relay := event.NewRelay(b.pool, b.rdb, source, event.RelayOptions{Log: logTo(said)})
	done := make(chan error, 1)
	go func() { done <- relay.Run(ctx) }()
	for line := range said {
		if strings.Contains(line, "two databases publish as one source") {
			break
		}
	}
	cancel()
	if err := <-done; err != nil {
		t.Error(err)
	}
	if n := b.rdb.XLen(t.Context(), stream).Val(); n != 1 {
		t.Errorf("the stream holds %d entries", n)
	}
}

// TestReconciliationFindsWhatNothingElseShows takes the last facts of subjects
// out of the stream: no later number shows the gap.
func TestReconciliationFindsWhatNothingElseShows(t *testing.T) {
	t.Parallel()
	b := newBench(t, redistest.Client(t))
	b.publishMany(6, 5)
	for i, m := range b.published(30) {
		if i >= 26 {
			b.rdb.XDel(t.Context(), stream, m.ID)
		}
	}
	b.run(b.consumer("expertreview").Run)
	b.within("the rest takes effect", func() bool { return query[int](b, "SELECT count(*) FROM effect") == 26 })
	b.run(b.relay().Run)
	b.effectsOf("expertreview", 30)
	b.within("the window is found equal", func() bool {
		return query[bool](b, "SELECT coalesce(max(s.reconciled_to) >= max(w.ends_at), false) FROM event_subscription s, event_window w")
	})
}

// TestADifferenceThatStaysIsCountedAndPassed: a window that tells of facts
// nobody can give is asked for in vain, counted once, and holds up no other.
func TestADifferenceThatStaysIsCountedAndPassed(t *testing.T) {
	t.Parallel()
	b := newBench(t, redistest.Client(t))
	end := time.Now().Add(-time.Hour).Truncate(10 * time.Minute)
	field := fmt.Sprintf("%d-%d", end.Add(-10*time.Minute).UnixMicro(), end.UnixMicro())
	if err := b.rdb.HSet(t.Context(), "egov:windows:"+source, field, "3 77").Err(); err != nil {
		t.Fatal(err)
	}
	c, reg := b.consumer("expertreview"), prometheus.NewRegistry()
	reg.MustRegister(c)
	b.run(c.Run)
	b.within("the window is passed", func() bool {
		return query[bool](b, "SELECT coalesce(max(reconciled_to) = $1, false) FROM event_subscription", end)
	})
	families, err := reg.Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range families {
		if f.GetName() == "egov_reconcile_unrepaired_facts_total" {
			if n := f.GetMetric()[0].GetCounter().GetValue(); n != 3 {
				t.Errorf("%v facts are counted", n)
			}
			return
		}
	}
	t.Error("nothing is counted")
}

func TestNewSubscriptionReceivesWhatWasTrimmed(t *testing.T) {
	t.Parallel()
	b := newBench(t, redistest.Client(t))
	b.run(b.relay().Run)
	b.run(b.consumer("expertreview").Run)
	b.publishMany(4, 100)
	b.effectsOf("expertreview", 400)
	b.within("the stream is trimmed", func() bool { return b.rdb.XLen(t.Context(), stream).Val() < 150 })
	b.run(b.consumer("auditexport").Run)
	b.effectsOf("auditexport", 400)
	if n := query[int](b, "SELECT count(*) FROM event_held WHERE state = 'dead'"); n > 0 {
		t.Errorf("%d facts that trimming had left were refused: what proves them was gone", n)
	}
}

func TestTrimmingWaitsForTheSlowestGroup(t *testing.T) {
	t.Parallel()
	b := newBench(t, redistest.Client(t))
	if err := b.rdb.XGroupCreateMkStream(t.Context(), stream, "away", "0").Err(); err != nil {
		t.Fatal(err)
	}
	b.run(b.relay().Run)
	b.run(b.consumer("expertreview").Run)
	b.publishMany(4, 100)
	b.effectsOf("expertreview", 400)
	trimmedAt := query[string](b, "SELECT floor FROM event_origin")
	if n := b.rdb.XLen(t.Context(), stream).Val(); n != 400 {
		t.Errorf("%d entries left for a group that has read none, floor %s", n, trimmedAt)
	}
	got, err := b.rdb.XReadGroup(t.Context(), &redis.XReadGroupArgs{Group: "away", Consumer: "one", Streams: []string{stream, ">"}, Count: 300}).Result()
	if err != nil {
		t.Fatal(err)
	}
	var ids []string
	for _, m := range got[0].Messages[:250] {
		ids = append(ids, m.ID)
	}
	if err := b.rdb.XAck(t.Context(), stream, "away", ids...).Err(); err != nil {
		t.Fatal(err)
	}
	b.within("what both have is trimmed", func() bool { return b.rdb.XLen(t.Context(), stream).Val() < 400 })
	first := b.entries()[0].ID
	if pending := got[0].Messages[250].ID; len(first) > len(pending) || len(first) == len(pending) && first > pending {
		t.Errorf("the stream begins at %s, after the pending %s", first, pending)
	}
}

// logTo sends log lines to a channel, and drops those it has no room for.
func logTo(lines chan<- string) *slog.Logger {
	return slog.New(slog.NewTextHandler(lineWriter(lines), nil))
}

type lineWriter chan<- string

func (w lineWriter) Write(p []byte) (int, error) {
	select {
	case w <- string(p):
	default:
	}
	return len(p), nil
}
