package event_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/redis/go-redis/v9"

	"egov/libs/event"
	"egov/libs/redistest"
)

const stream = "egov:events:" + source

// published runs a relay until n entries are in the stream, stops it and
// returns them.
func (b *bench) published(n int) []redis.XMessage {
	b.t.Helper()
	stop := b.run(b.relay().Run)
	defer stop()
	b.within(fmt.Sprintf("%d entries in the stream", n), func() bool { return b.rdb.XLen(b.t.Context(), stream).Val() == int64(n) })
	return b.entries()
}

func (b *bench) entries() []redis.XMessage {
	b.t.Helper()
	all, err := b.rdb.XRange(b.t.Context(), stream, "-", "+").Result()
	if err != nil {
		b.t.Fatal(err)
	}
	return all
}

// attributes are what an entry says beside its data.
func attributes(t *testing.T, m redis.XMessage) map[string]string {
	t.Helper()
	a, _, err := event.Unpack(fmt.Sprint(m.Values[event.EntryField]))
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// with is an entry with another value of one attribute.
func with(t *testing.T, m redis.XMessage, attribute, value string) redis.XMessage {
	t.Helper()
	a, data, err := event.Unpack(fmt.Sprint(m.Values[event.EntryField]))
	if err != nil {
		t.Fatal(err)
	}
	a[attribute] = value
	return redis.XMessage{Values: map[string]any{event.EntryField: event.Pack(a, data)}}
}

// deliver replaces the stream by the given entries, in the order given. Nothing
// is signed from then on.
func (b *bench) deliver(all []redis.XMessage) {
	b.t.Helper()
	b.keys = nil
	b.rdb.Del(b.t.Context(), stream)
	for _, m := range all {
		if err := b.rdb.XAdd(b.t.Context(), &redis.XAddArgs{Stream: stream, Values: m.Values}).Err(); err != nil {
			b.t.Fatal(err)
		}
	}
}

func TestThreefoldAndShuffledDeliveryHasOneEffect(t *testing.T) {
	t.Parallel()
	for seed := range uint64(4) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			t.Parallel()
			b := newBench(t, redistest.Client(t))
			b.publishMany(7, 60)
			all := b.published(420)
			all = append(append(append([]redis.XMessage{}, all...), all...), all...)
			rand.New(rand.NewPCG(seed, 1)).Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
			b.deliver(all)
			b.run(b.consumer("expertreview").Run)
			b.run(b.consumer("expertreview").Run) // two processes share the shuffled stream
			b.effectsOf("expertreview", 420)
			b.within("every entry is acknowledged", func() bool { return b.settled("expertreview") })
			b.exactlyOnceInOrder("expertreview", 420)
			if n := query[int](b, "SELECT count(*) FROM event_held"); n > 0 {
				t.Errorf("%d facts are still held", n)
			}
		})
	}
}

// settled reports whether a group has nothing undelivered and nothing pending.
func (b *bench) settled(group string) bool {
	groups, err := b.rdb.XInfoGroups(b.t.Context(), stream).Result()
	if err != nil {
		return false
	}
	info, err := b.rdb.XInfoStream(b.t.Context(), stream).Result()
	if err != nil {
		return false
	}
	for _, g := range groups {
		if g.Name == group {
			return g.Pending == 0 && g.LastDeliveredID == info.LastGeneratedID
		}
	}
	return false
}

func TestGapIsFilledFromTheOutbox(t *testing.T) {
	t.Parallel()
	b := newBench(t, redistest.Client(t))
	b.publishMany(3, 20)
	for i, m := range b.published(60) {
		if i%4 == 0 && i < 48 { // numbers are missing in the middle of every subject
			b.rdb.XDel(t.Context(), stream, m.ID)
		}
	}
	b.run(b.relay().Run)
	b.run(b.consumer("expertreview").Run)
	b.effectsOf("expertreview", 60)
	b.within("the answers are read and removed", func() bool {
		return b.rdb.XLen(t.Context(), "egov:replay:"+source+":expertreview").Val() == 0
	})
}

func TestNumbersNoLongerKeptArePassedOnRecord(t *testing.T) {
	t.Parallel()
	b := newBench(t, redistest.Client(t))
	b.publishMany(1, 10)
	for i, m := range b.published(10) {
		if i < 4 {
			b.rdb.XDel(t.Context(), stream, m.ID)
		}
	}
	if _, err := b.db.Owner(t).Exec(t.Context(), "DELETE FROM event_outbox WHERE seq <= 4"); err != nil {
		t.Fatal(err)
	}
	b.run(b.relay().Run)
	b.run(b.consumer("expertreview").Run)
	b.within("the kept facts take effect", func() bool { return query[int](b, "SELECT count(*) FROM effect") == 6 })
	if got := query[string](b, "SELECT string_agg(from_seq || '-' || to_seq, ',') FROM event_lost"); got != "1-4" {
		t.Errorf("on record as lost: %q", got)
	}
}

// TestCommitOrderIsNotSerialOrder commits transactions in another order than
// their rows were numbered in, while a relay runs.
func TestCommitOrderIsNotSerialOrder(t *testing.T) {
	t.Parallel()
	b := newBench(t, redistest.Client(t))
	b.run(b.relay().Run)
	b.run(b.consumer("expertreview").Run)
	const writers = 5
	for round := range 20 {
		var txs []pgx.Tx
		for w := range writers {
			tx, err := b.pool.Begin(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			batch := &pgx.Batch{}
			event.Enqueue(batch, []event.Record{fact(fmt.Sprintf("w%d", w), round)})
			if err := tx.SendBatch(t.Context(), batch).Close(); err != nil {
				t.Fatal(err)
			}
			txs = append(txs, tx)
		}
		for _, i := range rand.Perm(writers) {
			if round%5 == i { // some never happen
				if err := txs[i].Rollback(t.Context()); err != nil {
					t.Fatal(err)
				}
				continue
			}
			if err := txs[i].Commit(t.Context()); err != nil {
				t.Fatal(err)
			}
			b.publish(fact("between", round)) // the relay is kept busy
		}
	}
	b.effectsOf("expertreview", 20*(writers-1)*2)
}

func TestConcurrentWritersOfOneSubjectAreNumberedWithoutGaps(t *testing.T) {
	t.Parallel()
	b := newBench(t, redistest.Client(t))
	b.run(b.relay().Run)
	b.run(b.consumer("expertreview").Run)
	const writers, each = 6, 40
	failed := make(chan error, writers)
	for w := range writers {
		go func() {
			failed <- func() error {
				for i := range each {
					err := pgx.BeginFunc(t.Context(), b.pool, func(tx pgx.Tx) error {
						// The aggregate's row first: see Enqueue.
						if _, err := tx.Exec(t.Context(), "INSERT INTO state VALUES ($1, 0) ON CONFLICT (id) DO UPDATE SET v = state.v + 1", "a"); err != nil {
							return err
						}
						batch := &pgx.Batch{}
						event.Enqueue(batch, []event.Record{fact("a", w), fact("b", i), fact("a", i)})
						return tx.SendBatch(t.Context(), batch).Close()
					})
					if err != nil {
						return err
					}
				}
				return nil
			}()
		}()
	}
	for range writers {
		if err := <-failed; err != nil {
			t.Fatal(err)
		}
	}
	b.effectsOf("expertreview", 3*writers*each)
}

func TestRolledBackFactsLeaveNoTrace(t *testing.T) {
	t.Parallel()
	b := newBench(t, redistest.Client(t))
	b.publish(fact("a", 1))
	err := pgx.BeginFunc(t.Context(), b.pool, func(tx pgx.Tx) error {
		batch := &pgx.Batch{}
		event.Enqueue(batch, []event.Record{fact("a", 2), fact("b", 1)})
		if err := tx.SendBatch(t.Context(), batch).Close(); err != nil {
			return err
		}
		return context.Canceled
	})
	if err == nil {
		t.Fatal("the transaction was committed")
	}
	b.publish(fact("a", 3))
	b.run(b.relay().Run)
	b.run(b.consumer("expertreview").Run)
	b.effectsOf("expertreview", 2)
}
