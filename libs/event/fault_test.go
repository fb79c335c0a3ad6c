package event_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/redis/go-redis/v9"

	"egov/libs/event"
	"egov/libs/redistest"
)

// dead waits until there are n dead letters and returns them.
func (b *bench) dead(n int) []event.DeadLetter {
	b.t.Helper()
	var letters []event.DeadLetter
	b.within(fmt.Sprintf("%d dead letters", n), func() bool {
		var err error
		if letters, err = event.NewDeadLetters(b.pool).List(b.t.Context(), 0, 100); err != nil {
			b.t.Fatal(err)
		}
		return len(letters) == n
	})
	return letters
}

// TestOneFactFails lets the effects of fact 5 of one subject fail, in several
// ways, among 200 facts. The others take effect; later facts of the subject
// wait; after a retry all have taken effect once and in order.
func TestOneFactFails(t *testing.T) {
	t.Parallel()
	broken := errors.New("no such rule")
	ways := map[string]func(ctx context.Context, tx pgx.Tx) error{
		"error":       func(context.Context, pgx.Tx) error { return broken },
		"undecodable": func(context.Context, pgx.Tx) error { return fmt.Errorf("%w: %w", event.ErrUndecodable, broken) },
		"panic":       func(context.Context, pgx.Tx) error { panic(broken) },
		"bad statement": func(ctx context.Context, tx pgx.Tx) error {
			_, err := tx.Exec(ctx, "SELECT 1/0")
			return err
		},
		"swallowed bad statement": func(ctx context.Context, tx pgx.Tx) error {
			_, _ = tx.Exec(ctx, "SELECT 1/0") // the transaction is broken, and the handler does not say so
			return nil
		},
		"looks transient for ever": func(ctx context.Context, tx pgx.Tx) error {
			_, err := tx.Exec(ctx, "SET LOCAL statement_timeout = '5ms'; SELECT pg_sleep(1)")
			return err
		},
	}
	for name, fail := range ways {
		for _, bulk := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, bulk %v", name, bulk), func(t *testing.T) {
				t.Parallel()
				b := newBench(t, redistest.Client(t))
				var mended atomic.Bool
				one := func(ctx context.Context, tx pgx.Tx, e event.Record) error {
					if e.Subject == "p003" && e.Seq == 5 && !mended.Load() {
						if err := fail(ctx, tx); err != nil {
							return err
						}
					}
					return effect("expertreview")(ctx, tx, e)
				}
				effects := event.Effects{Default: one}
				if bulk {
					effects = event.Effects{Batch: func(ctx context.Context, tx pgx.Tx, es []event.Record) error {
						for _, e := range es {
							if err := one(ctx, tx, e); err != nil {
								return err
							}
						}
						return nil
					}}
				}
				b.publishMany(10, 20)
				b.run(b.relay().Run)
				b.run(b.consumerWith("expertreview", effects).Run)
				letter := b.dead(1)[0]
				b.publish(fact("p003", 21)) // also what comes later waits
				b.within("the other subjects are done", func() bool { return query[int](b, "SELECT count(*) FROM effect") == 9*20+4 })
				b.exactlyOnceInOrder("expertreview", 9*20+4)
				if r := letter.Record; r.Subject != "p003" || r.Seq != 5 || string(r.Data) != `{"n":5}` || !letter.Blocks || letter.Consumer != "expertreview" {
					t.Errorf("dead letter %+v", letter)
				}
				if want := 5; name != "undecodable" && letter.Attempts != want {
					t.Errorf("dead after %d attempts, want %d: %s", letter.Attempts, want, letter.Reason)
				}
				mended.Store(true)
				if err := event.NewDeadLetters(b.pool).Retry(t.Context(), letter.ID); err != nil {
					t.Fatal(err)
				}
				b.effectsOf("expertreview", 201)
			})
		}
	}
}

func TestEverythingFailsAndComesBack(t *testing.T) {
	t.Parallel()
	b := newBench(t, redistest.Client(t))
	var mended atomic.Bool
	b.publishMany(30, 4)
	b.run(b.relay().Run)
	b.run(b.consumerWith("expertreview", event.Effects{Default: func(ctx context.Context, tx pgx.Tx, e event.Record) error {
		if !mended.Load() {
			return errors.New("the handler is wrong about everything")
		}
		return effect("expertreview")(ctx, tx, e)
	}}).Run)
	letters := b.dead(30) // the first of every subject
	mended.Store(true)
	for _, l := range letters {
		if err := event.NewDeadLetters(b.pool).Retry(t.Context(), l.ID); err != nil {
			t.Fatal(err)
		}
	}
	b.effectsOf("expertreview", 120)
}

func TestUnreadableEntriesAreSetAside(t *testing.T) {
	t.Parallel()
	b := newBench(t, redistest.Client(t))
	b.publishMany(1, 3)
	good := b.published(3)
	bad := func(attribute, value string) redis.XMessage { return with(t, good[0], attribute, value) }
	whole := fmt.Sprint(good[0].Values[event.EntryField])
	raw := func(value string) redis.XMessage { return redis.XMessage{Values: map[string]any{"event": value}} }
	b.deliver([]redis.XMessage{
		good[0],
		{Values: map[string]any{"hello": "world"}},
		{Values: map[string]any{"\xff\x00": "\x00\xfe", "subject": "a\x00b", "type": "\xff"}},
		bad("specversion", "0.3"), bad("id", "7"), bad("egovseq", "0"), bad("egovseq", "x"), bad("time", "yesterday"),
		bad("recordedtime", ""), bad("recordedtime", "2001-01-01T00:00:00.000000Z"), bad("source", "budgeting"), bad("subject", ""), bad("subject", strings.Repeat("x", 9000)), bad("egovunit", "\xff"), bad("traceparent", "\xff"),
		raw(""), raw("11"), raw(whole[:len(whole)/2]), raw("10" + whole[2:]), raw("x" + whole), raw("999999999999" + whole[2:]),
		good[1], good[2],
	})
	b.run(b.consumer("expertreview").Run)
	b.effectsOf("expertreview", 3)
	letters := b.dead(20)
	for _, l := range letters {
		if l.Blocks || !strings.Contains(l.Reason, "undecodable") || len(l.Record.Data) == 0 {
			t.Errorf("dead letter %+v", l)
		}
	}
	if err := event.NewDeadLetters(b.pool).Retry(t.Context(), letters[0].ID); !errors.Is(err, event.ErrNotRetryable) {
		t.Errorf("retry of an unreadable entry: %v", err)
	}
	b.rdb.XGroupDestroy(t.Context(), stream, "expertreview") // everything is delivered once more
	b.within("all are delivered again", func() bool { return b.settled("expertreview") })
	b.dead(20)
	b.exactlyOnceInOrder("expertreview", 3)
}

func TestDeadLetterIsSkippedOnRecord(t *testing.T) {
	t.Parallel()
	b := newBench(t, redistest.Client(t))
	b.publishMany(1, 6)
	b.run(b.relay().Run)
	b.run(b.consumerWith("expertreview", event.Effects{Default: func(ctx context.Context, tx pgx.Tx, e event.Record) error {
		if e.Seq == 2 {
			return event.ErrUndecodable
		}
		return effect("expertreview")(ctx, tx, e)
	}}).Run)
	letters := event.NewDeadLetters(b.pool)
	id := b.dead(1)[0].ID
	if err := letters.Skip(t.Context(), id, "written by a test"); err != nil {
		t.Fatal(err)
	}
	b.within("the rest proceeds", func() bool { return query[int](b, "SELECT count(*) FROM effect") == 5 })
	if got := query[string](b, "SELECT from_seq || ' ' || reason FROM event_lost"); got != "2 written by a test" {
		t.Errorf("on record: %q", got)
	}
	for what, f := range map[string]func() error{
		"show":  func() error { _, err := letters.Show(t.Context(), id); return err },
		"retry": func() error { return letters.Retry(t.Context(), id) },
		"skip":  func() error { return letters.Skip(t.Context(), id, "again") },
	} {
		if err := f(); !errors.Is(err, event.ErrNoDeadLetter) {
			t.Errorf("%s a dead letter that is gone: %v", what, err)
		}
	}
}

// TestStoppedInTheMiddle stops the consumer again and again while it works on
// a batch, before and after the handlers and by the end of its connection.
func TestStoppedInTheMiddle(t *testing.T) {
	t.Parallel()
	b := newBench(t, redistest.Client(t))
	b.publishMany(8, 50)
	b.run(b.relay().Run)
	var handled atomic.Int64
	for round := range 10 {
		stopped := make(chan struct{})
		at := handled.Load() + int64(5+3*round)
		stop := b.run(b.consumerWith("expertreview", event.Effects{Default: func(ctx context.Context, tx pgx.Tx, e event.Record) error {
			if err := effect("expertreview")(ctx, tx, e); err != nil {
				return err
			}
			if handled.Add(1) != at {
				return nil
			}
			close(stopped)
			if round%3 == 0 { // the database ends the connection, as a failover does
				_, err := tx.Exec(ctx, "SELECT pg_terminate_backend(pg_backend_pid())")
				return err
			}
			<-ctx.Done()
			return nil
		}}).Run)
		select {
		case <-stopped:
		case <-t.Context().Done():
		}
		stop()
		b.publishMany(8, 10)
	}
	b.run(b.consumer("expertreview").Run)
	b.effectsOf("expertreview", 400+10*80)
}

// TestNextBatchHoldsTheSameFacts delivers facts in one batch and again in the
// next, whose transaction is open already when the first one fails.
func TestNextBatchHoldsTheSameFacts(t *testing.T) {
	t.Parallel()
	b := newBench(t, redistest.Client(t))
	const batch = 4
	b.publishMany(2, 40)
	all := b.published(80)
	var twice []redis.XMessage
	for i := 0; i < len(all); i += batch / 2 { // every batch is half of the one before it
		twice = append(twice, all[i:min(i+batch, len(all))]...)
	}
	b.deliver(twice)
	var failed sync.Map
	o := quick(b.log)
	o.Batch = batch
	b.run(event.NewConsumer(b.pool, b.rdb, "expertreview", []string{source}, event.Effects{Default: func(ctx context.Context, tx pgx.Tx, e event.Record) error {
		if err := effect("expertreview")(ctx, tx, e); err != nil {
			return err
		}
		if _, again := failed.LoadOrStore(strings.Clone(e.ID), true); e.Seq%5 == 0 && !again {
			return errors.New("not this time")
		}
		return nil
	}}, o).Run)
	b.effectsOf("expertreview", 80)
	b.within("every entry is acknowledged", func() bool { return b.settled("expertreview") })
	b.exactlyOnceInOrder("expertreview", 80)
}

// TestAbandonedEntriesAreTakenOver leaves entries with a member of the group
// that never comes back.
func TestAbandonedEntriesAreTakenOver(t *testing.T) {
	t.Parallel()
	b := newBench(t, redistest.Client(t))
	b.publishMany(2, 20)
	b.published(40)
	if err := b.rdb.XGroupCreate(t.Context(), stream, "expertreview", "0").Err(); err != nil {
		t.Fatal(err)
	}
	if err := b.rdb.XReadGroup(t.Context(), &redis.XReadGroupArgs{Group: "expertreview", Consumer: "gone", Streams: []string{stream, ">"}, Count: 25}).Err(); err != nil {
		t.Fatal(err)
	}
	b.run(b.consumer("expertreview").Run) // without a relay there is no one to ask
	b.effectsOf("expertreview", 40)
}

// TestSlowBatchIsNotTakenOver works longer on a batch than others wait for a
// process without a sign of life.
func TestSlowBatchIsNotTakenOver(t *testing.T) {
	t.Parallel()
	b := newBench(t, redistest.Client(t))
	b.publishMany(1, 5)
	b.published(5)
	release := make(chan struct{})
	var once sync.Once
	entered := make(chan struct{})
	b.run(b.consumerWith("expertreview", event.Effects{Default: func(ctx context.Context, tx pgx.Tx, e event.Record) error {
		once.Do(func() { close(entered) })
		<-release
		return effect("expertreview")(ctx, tx, e)
	}}).Run)
	<-entered
	idle := func() (longest int64) {
		pending, err := b.rdb.XPendingExt(t.Context(), &redis.XPendingExtArgs{Stream: stream, Group: "expertreview", Start: "-", End: "+", Count: 10}).Result()
		if err != nil {
			t.Fatal(err)
		}
		for _, p := range pending {
			longest = max(longest, p.Idle.Milliseconds())
		}
		return longest
	}
	const beat = 200 // milliseconds, see quick
	for range 3 {
		b.within("the batch waits", func() bool { return idle() > beat/2 })
		b.within("a heartbeat starts the idle time anew", func() bool { return idle() < beat/2 })
	}
	close(release)
	b.effectsOf("expertreview", 5)
}

func TestNumberUsedTwiceIsNotDropped(t *testing.T) {
	t.Parallel()
	b := newBench(t, redistest.Client(t))
	b.publishMany(1, 3)
	all := b.published(3)
	const id = "01936d2e-0000-7000-8000-00000000000f"
	b.deliver(append(all, with(t, all[1], "id", id)))
	b.run(b.consumer("expertreview").Run)
	b.effectsOf("expertreview", 3)
	if l := b.dead(1)[0]; l.Blocks || l.Record.ID != id {
		t.Errorf("dead letter %+v", l)
	}
}
