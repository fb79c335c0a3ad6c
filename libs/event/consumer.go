package event

import (
	"cmp"
	"context"
	"log/slog"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/redis/go-redis/v9"
	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/trace"
	"golang.org/x/sync/errgroup"
)

// Handler carries out one fact's effects in tx, which commits them together
// with the note that e was received. ctx continues the trace e came from. An
// error undoes them; the fact is tried again and in the end dead-lettered.
type Handler func(ctx context.Context, tx pgx.Tx, e Record) error

// BatchHandler carries out the effects of several facts at once; those of one
// subject are in order. After an error the batch is halved until the facts at
// fault stand alone.
type BatchHandler func(ctx context.Context, tx pgx.Tx, es []Record) error

// Effects say what a consumer does. With Batch set, On and Default are not
// used. Facts without a handler are received and have no effect.
type Effects struct {
	On      map[string]Handler // by type
	Default Handler            // of types that are not in On
	Batch   BatchHandler       // of everything
	Most    int                // facts a transaction, at most, where Batch does better with more; 0 = as the options say
	Gather  time.Duration      // as the options' Gather, where nobody waits for the effects; 0 = as the options say
}

// ConsumerOptions tune a consumer. The zero value is what services use.
type ConsumerOptions struct {
	Batch     int           // facts a transaction, at most; 0 = as many as the effects take, or 256
	Attempts  int           // failures until a fact is a dead letter; 0 = 5
	Retry     time.Duration // pause before the second attempt, doubled for each later one; 0 = 1 s
	GapWait   time.Duration // how long a missing number is waited for before its producer is asked; 0 = 500 ms
	Heartbeat time.Duration // sign of life while a batch is worked on; others take over after three without one, and look as often; 0 = 5 s
	Upkeep    time.Duration // between two rounds of taking over, asking and measuring; 0 = 2 s
	Reconcile time.Duration // between two comparisons with the producers; 0 = 1 min
	Keys      Keys          // of the sources; nil = whoever writes to Redis is believed
	Gather    time.Duration // pause after facts that were not a full batch, for such that may come late: a chatty source costs a transaction a pause then, not one a fact; 0 = none
	Log       *slog.Logger  // nil = slog.Default
}

func (o ConsumerOptions) withDefaults() ConsumerOptions {
	o.Batch = or(o.Batch, 256)
	o.Attempts = or(o.Attempts, 5)
	o.Retry = or(o.Retry, time.Second)
	o.GapWait = or(o.GapWait, 500*time.Millisecond)
	o.Heartbeat = or(o.Heartbeat, 5*time.Second)
	o.Upkeep = or(o.Upkeep, 2*time.Second)
	o.Reconcile = or(o.Reconcile, time.Minute)
	if o.Log == nil {
		o.Log = slog.Default()
	}
	return o
}

// Consumer carries out the effects of the facts of some sources in one
// database. Any number of processes may run a consumer of one name and
// database; they share the work.
type Consumer struct {
	pool    *pgxpool.Pool
	rdb     redis.UniversalClient
	name    string
	sources []string
	reader  *Reader
	effects Effects
	o       ConsumerOptions
	log     *slog.Logger
	m       consumerMetrics
	tracer  trace.Tracer
	drain   chan struct{} // held facts may be due
	repeats atomic.Bool   // the last batch held facts that were received before

	subs  map[string]int16 // source → id of the subscription; fixed once Run has it
	bySub map[int16]string
	days  sync.Map            // UTC days whose inbox partition is known to be there
	gaps  map[subjectKey]*gap // only used by upkeep

	statements statements // of sources about their windows
}

// subjectKey is one subject of one subscription.
type subjectKey struct {
	sub     int16
	subject string
}

// NewConsumer makes the consumer called name, which must never change: it is
// the Redis group and the key of everything received.
func NewConsumer(pool *pgxpool.Pool, rdb redis.UniversalClient, name string, sources []string, effects Effects, o ConsumerOptions) *Consumer {
	o.Batch, o.Gather = or(o.Batch, effects.Most), or(o.Gather, effects.Gather)
	o = o.withDefaults()
	c := &Consumer{
		pool: pool, rdb: rdb, name: name, sources: sources, effects: effects, o: o,
		reader: newReader(rdb, name, sources, o.Keys, true, o.Batch, o.Heartbeat),
		log:    o.Log.With("consumer", name), m: newConsumerMetrics(name), tracer: otel.Tracer("egov/libs/event"),
		drain: make(chan struct{}, 1), subs: map[string]int16{}, bySub: map[int16]string{}, gaps: map[subjectKey]*gap{},
	}
	c.reader.gather = o.Gather
	if v := c.reader.proofs; v != nil {
		v.refused = func(source, code string) { c.m.refused.WithLabelValues(source, code).Inc() }
		v.missing = c.askInstead
	}
	return c
}

// refusedAtOnce bounds how many facts are asked for in the place of refused ones
// of one reading: what more there is shows as gaps.
const refusedAtOnce = 64

// askInstead asks source for the facts that refused entries claimed to be.
func (c *Consumer) askInstead(ctx context.Context, source string, facts []request) error {
	slices.SortFunc(facts, func(a, b request) int { return cmp.Or(cmp.Compare(a.subject, b.subject), cmp.Compare(a.from, b.from)) })
	facts = slices.Compact(facts)
	for _, q := range facts[:min(len(facts), refusedAtOnce)] {
		q.group = c.name
		if err := ask(ctx, c.rdb, source, q); err != nil {
			return err
		}
		c.m.gaps.Inc()
	}
	return nil
}

// Run works until ctx ends and then returns nil. Failures of Redis and
// PostgreSQL are logged and tried again, ever more slowly.
func (c *Consumer) Run(ctx context.Context) error {
	if !persist(ctx, c.report("subscribe"), c.subscribe) {
		return nil
	}
	var g errgroup.Group
	for part, f := range map[string]func(context.Context) error{
		"held": c.drainHeld, "upkeep": c.upkeep, "heartbeat": c.reader.heartbeat, "reconcile": c.reconcile,
		"consume": c.settling(c.reader.consume), "takeover": c.settling(c.reader.takeOver),
	} {
		g.Go(func() error { return forever(ctx, c.report(part), f) })
	}
	err := g.Wait()
	c.reader.leave(context.WithoutCancel(ctx))
	return err
}

// settling is a loop of the reader that settles what it reads.
func (c *Consumer) settling(read func(context.Context, take) error) func(context.Context) error {
	return func(ctx context.Context) error {
		s := settler{Consumer: c}
		defer s.closeAhead(ctx)
		return read(ctx, s.settleSurely)
	}
}

// report is how failures of one of the consumer's loops are told.
func (c *Consumer) report(part string) func(error, time.Duration) {
	return (&reporter{log: c.log.With("part", part), failed: c.m.failures.WithLabelValues(part)}).report
}

// subscribe makes sure of the rows that name this consumer's subscriptions.
func (c *Consumer) subscribe(ctx context.Context) error {
	_, err := c.pool.Exec(ctx, `INSERT INTO event_subscription (consumer, source) SELECT $1, s FROM unnest($2::text[]) s
		WHERE NOT EXISTS (SELECT FROM event_subscription e WHERE e.consumer = $1 AND e.source = s) ON CONFLICT DO NOTHING`, c.name, c.sources)
	if err != nil {
		return err
	}
	rows, err := c.pool.Query(ctx, "SELECT id, source FROM event_subscription WHERE consumer = $1 AND source = ANY($2)", c.name, c.sources)
	if err != nil {
		return err
	}
	var id int16
	var source string
	_, err = pgx.ForEachRow(rows, []any{&id, &source}, func() error {
		c.subs[source], c.bySub[id] = id, source
		return nil
	})
	return err
}
