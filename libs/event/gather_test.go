package event_test

import (
	"context"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"egov/libs/event"
	"egov/libs/redistest"
)

// TestFactsGather: with a pause after each batch, facts that come one by one
// share transactions, and each has its one effect in order.
func TestFactsGather(t *testing.T) {
	t.Parallel()
	b := newBench(t, redistest.Client(t))
	relay := b.relay()
	b.run(relay.Run)
	var batches atomic.Int64
	one := effect("slow")
	o := quick(b.log)
	o.Gather = 100 * time.Millisecond
	consumer := event.NewConsumer(b.pool, b.rdb, "slow", []string{source}, event.Effects{Batch: func(ctx context.Context, tx pgx.Tx, es []event.Record) error {
		batches.Add(1)
		for _, e := range es {
			if err := one(ctx, tx, e); err != nil {
				return err
			}
		}
		return nil
	}}, o)
	b.run(consumer.Run)
	began := time.Now()
	for n := range 200 {
		b.publish(fact("p", n+1))
		relay.Wake()
	}
	b.effectsOf("slow", 200)
	if most := int64(time.Since(began)/o.Gather) + 3; batches.Load() > most {
		t.Errorf("%d batches, at most %d pauses", batches.Load(), most)
	}
}

// TestABacklogIsNotGathered: what lies ready is not waited for, however long the
// pause is.
func TestABacklogIsNotGathered(t *testing.T) {
	t.Parallel()
	b := newBench(t, redistest.Client(t))
	for n := range 100 {
		b.publish(fact("p", n+1))
	}
	b.run(b.relay().Run)
	o := quick(b.log)
	o.Gather, o.Batch = time.Hour, 10
	b.run(event.NewConsumer(b.pool, b.rdb, "late", []string{source}, event.Effects{Default: effect("late")}, o).Run)
	b.effectsOf("late", 100)
}
