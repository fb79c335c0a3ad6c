package event

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
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
}

// ConsumerOptions tune a consumer. The zero value is what services use.
type ConsumerOptions struct {
	Batch     int           // facts a transaction, at most; 0 = 256
	Attempts  int           // failures until a fact is a dead letter; 0 = 5
	Retry     time.Duration // pause before the second attempt, doubled for each later one; 0 = 1 s
	GapWait   time.Duration // how long a missing number is waited for before its producer is asked; 0 = 500 ms
	Heartbeat time.Duration // sign of life while a batch is worked on; a third of what makes others take it over; 0 = 10 s
	Upkeep    time.Duration // between two rounds of taking over, asking and measuring; 0 = 2 s
	Reconcile time.Duration // between two comparisons with the producers; 0 = 1 min
	Log       *slog.Logger  // nil = slog.Default
}

func (o ConsumerOptions) withDefaults() ConsumerOptions {
	o.Batch = or(o.Batch, 256)
	o.Attempts = or(o.Attempts, 5)
	o.Retry = or(o.Retry, time.Second)
	o.GapWait = or(o.GapWait, 500*time.Millisecond)
	o.Heartbeat = or(o.Heartbeat, 10*time.Second)
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
	me      string
	sources []string
	effects Effects
	o       ConsumerOptions
	log     *slog.Logger
	m       consumerMetrics
	tracer  trace.Tracer
	drain   chan struct{} // held facts may be due

	subs   map[string]int16 // source → id of the subscription; fixed once Run has it
	bySub  map[int16]string
	days   sync.Map // UTC days whose inbox partition is known to be there
	mu     sync.Mutex
	flight map[string]map[string]bool // stream → ids being worked on
	gaps   map[subjectKey]*gap        // only used by upkeep
}

// subjectKey is one subject of one subscription.
type subjectKey struct {
	sub     int16
	subject string
}

// NewConsumer makes the consumer called name, which must never change: it is
// the Redis group and the key of everything received.
func NewConsumer(pool *pgxpool.Pool, rdb redis.UniversalClient, name string, sources []string, effects Effects, o ConsumerOptions) *Consumer {
	o = o.withDefaults()
	return &Consumer{
		pool: pool, rdb: rdb, name: name, me: instance(), sources: sources, effects: effects, o: o,
		log: o.Log.With("consumer", name), m: newConsumerMetrics(name), tracer: otel.Tracer("egov/libs/event"),
		drain: make(chan struct{}, 1), subs: map[string]int16{}, bySub: map[int16]string{},
		flight: map[string]map[string]bool{}, gaps: map[subjectKey]*gap{},
	}
}

// Run works until ctx ends and then returns nil. Failures of Redis and
// PostgreSQL are logged and tried again, ever more slowly.
func (c *Consumer) Run(ctx context.Context) error {
	if !persist(ctx, c.report(ctx, "subscribe"), c.subscribe) {
		return nil
	}
	var g errgroup.Group
	for part, f := range map[string]func(context.Context) error{
		"consume": c.consume, "held": c.drainHeld, "upkeep": c.upkeep, "heartbeat": c.heartbeat, "reconcile": c.reconcile,
	} {
		g.Go(func() error { return forever(ctx, c.report(ctx, part), f) })
	}
	err := g.Wait()
	c.leave(context.WithoutCancel(ctx))
	return err
}

// report logs and counts a failure of one of the consumer's loops.
func (c *Consumer) report(ctx context.Context, part string) func(error, time.Duration) {
	return func(err error, pause time.Duration) {
		c.m.failures.WithLabelValues(part).Inc()
		c.log.WarnContext(ctx, "consumer: tried again after a pause", "part", part, "pause", pause, "error", err)
	}
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

// streams lists what the consumer reads: each source's stream, and the side
// stream with the answers to its requests.
func (c *Consumer) streams() []string {
	var keys []string
	for _, s := range c.sources {
		keys = append(keys, streamKey(s))
	}
	for _, s := range c.sources {
		keys = append(keys, replayKey(s, c.name))
	}
	return keys
}

// entry is one stream entry and what could be read of it.
type entry struct {
	stream string
	id     string
	sub    int16
	rec    Record
	bad    error // why it cannot be read
	gone   *span // instead of a fact: these are kept no longer
}

// span is a run of numbers of one subject.
type span struct{ from, to int64 }

func (c *Consumer) entry(stream string, m redis.XMessage) entry {
	source := c.sourceOf(stream)
	e := entry{stream: stream, id: m.ID, sub: c.subs[source]}
	if _, ok := m.Values[goneMark]; ok {
		e.rec.Subject, e.gone, e.bad = parseGone(m)
		return e
	}
	e.rec, e.bad = fromEntry(m)
	if e.bad == nil && e.rec.Source != source {
		e.bad = fmt.Errorf("%w: source %q in the stream of %s", ErrUndecodable, e.rec.Source, source)
	}
	if e.bad != nil {
		e.rec = salvage(e.rec, m)
	}
	return e
}

func (c *Consumer) sourceOf(stream string) string {
	for _, s := range c.sources {
		if stream == streamKey(s) || stream == replayKey(s, c.name) {
			return s
		}
	}
	return ""
}

func isReplay(stream string) bool { return strings.HasPrefix(stream, "egov:replay:") }

// consume reads, works and acknowledges until something fails. What this
// process was given and did not acknowledge comes first.
func (c *Consumer) consume(ctx context.Context) error {
	streams := c.streams()
	for _, key := range streams {
		if err := ensureGroup(ctx, c.rdb, key, c.name); err != nil {
			return err
		}
	}
	ctx, stop := context.WithCancelCause(ctx)
	batches := make(chan []entry, 1)
	go func() {
		defer close(batches)
		err := c.readOwn(ctx, streams, batches)
		if err == nil {
			err = c.readNew(ctx, streams, batches)
		}
		stop(err)
	}()
	for b := range batches { // up to the end, also after a failure: the reader closes it
		if ctx.Err() != nil {
			c.land(b) // read, and left for the next run
		} else if err := c.work(ctx, b); err != nil {
			stop(err)
		}
	}
	return context.Cause(ctx)
}

// readOwn reads what is pending for this very process: it was delivered and
// an error came between.
func (c *Consumer) readOwn(ctx context.Context, streams []string, out chan<- []entry) error {
	for _, key := range streams {
		for from := "0"; ; {
			got, err := c.rdb.XReadGroup(ctx, &redis.XReadGroupArgs{
				Group: c.name, Consumer: c.me, Streams: []string{key, from}, Count: int64(c.o.Batch), Block: -1,
			}).Result()
			if errors.Is(err, redis.Nil) || err == nil && (len(got) == 0 || len(got[0].Messages) == 0) {
				break
			}
			if err != nil {
				return err
			}
			from = got[0].Messages[len(got[0].Messages)-1].ID
			if err := c.pass(ctx, got, out); err != nil {
				return err
			}
		}
	}
	return nil
}

// readNew reads what no process was given yet.
func (c *Consumer) readNew(ctx context.Context, streams []string, out chan<- []entry) error {
	args := make([]string, 0, 2*len(streams))
	args = append(args, streams...)
	for range streams {
		args = append(args, ">")
	}
	for ctx.Err() == nil {
		got, err := c.rdb.XReadGroup(ctx, &redis.XReadGroupArgs{
			Group: c.name, Consumer: c.me, Streams: args, Count: int64(c.o.Batch), Block: block,
		}).Result()
		if errors.Is(err, redis.Nil) {
			continue
		}
		if err != nil {
			return err
		}
		if err := c.pass(ctx, got, out); err != nil {
			return err
		}
	}
	return ctx.Err()
}

// pass hands entries on in batches, noted as being worked on.
func (c *Consumer) pass(ctx context.Context, got []redis.XStream, out chan<- []entry) error {
	var batch []entry
	flush := func() error {
		if len(batch) == 0 {
			return nil
		}
		c.fly(batch)
		select {
		case out <- batch:
			batch = nil
			return nil
		case <-ctx.Done():
			c.land(batch)
			return ctx.Err()
		}
	}
	for _, s := range got {
		for _, m := range s.Messages {
			if m.Values == nil { // deleted while it was pending
				if err := c.rdb.XAck(ctx, s.Stream, c.name, m.ID).Err(); err != nil {
					return err
				}
				continue
			}
			batch = append(batch, c.entry(s.Stream, m))
			if len(batch) == c.o.Batch {
				if err := flush(); err != nil {
					return err
				}
			}
		}
	}
	return flush()
}

// work settles a batch in the database, however long that takes, and
// acknowledges it.
func (c *Consumer) work(ctx context.Context, batch []entry) error {
	defer c.land(batch)
	if !c.settleSurely(ctx, batch) {
		return ctx.Err()
	}
	return c.acknowledge(ctx, batch)
}

func (c *Consumer) acknowledge(ctx context.Context, batch []entry) error {
	ids := map[string][]string{}
	for _, e := range batch {
		ids[e.stream] = append(ids[e.stream], e.id)
	}
	pipe := c.rdb.Pipeline()
	for stream, list := range ids {
		pipe.XAck(ctx, stream, c.name, list...)
		if isReplay(stream) { // it is this group's alone
			pipe.XDel(ctx, stream, list...)
		}
	}
	_, err := pipe.Exec(ctx)
	return err
}

// fly and land note which entries this process is working on.
func (c *Consumer) fly(batch []entry) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, e := range batch {
		if c.flight[e.stream] == nil {
			c.flight[e.stream] = map[string]bool{}
		}
		c.flight[e.stream][e.id] = true
	}
}

func (c *Consumer) land(batch []entry) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, e := range batch {
		delete(c.flight[e.stream], e.id)
	}
}

// heartbeat tells the group that entries being worked on are not abandoned.
func (c *Consumer) heartbeat(ctx context.Context) error {
	return every(ctx, c.o.Heartbeat, func(ctx context.Context) error {
		busy := map[string][]string{}
		c.mu.Lock()
		for stream, ids := range c.flight {
			for id := range ids {
				busy[stream] = append(busy[stream], id)
			}
		}
		c.mu.Unlock()
		for stream, ids := range busy {
			err := c.rdb.XClaimJustID(ctx, &redis.XClaimArgs{Stream: stream, Group: c.name, Consumer: c.me, Messages: ids}).Err()
			if err != nil {
				return err
			}
		}
		return nil
	})
}

// leave takes this process out of the groups, unless entries are still
// assigned to it, which another then takes over.
func (c *Consumer) leave(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, time.Second)
	defer cancel()
	for _, key := range c.streams() {
		members, err := c.rdb.XInfoConsumers(ctx, key, c.name).Result()
		if err != nil {
			return // Redis is gone, or the group is: there is nothing to leave
		}
		for _, m := range members {
			if m.Name == c.me && m.Pending == 0 {
				c.rdb.XGroupDelConsumer(ctx, key, c.name, c.me)
			}
		}
	}
}
