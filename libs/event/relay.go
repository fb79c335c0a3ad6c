package event

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/redis/go-redis/v9"
	"golang.org/x/sync/errgroup"
)

//go:embed append.lua
var appendLua string

//go:embed replay.lua
var replayLua string

var (
	appendScript = redis.NewScript(appendLua)
	replayScript = redis.NewScript(replayLua)
)

// relayLock is the advisory lock of a database's leading relay. It only saves
// the others work.
const relayLock = 0x65766e74

// RelayOptions tune a relay. The zero value is what services use.
type RelayOptions struct {
	Batch       int           // rows an append, and in a signed batch, at most; 0 = 1000
	Gather      time.Duration // after a page that was not full, the pause in which what follows closely comes together: a page costs its signature, its check and a commit of every consumer, however few rows it has; 0 = 8 ms
	Poll        time.Duration // longest pause of the leading relay between two looks; 0 = 50 ms
	Follow      time.Duration // pause of the others; 0 = 1 s
	Upkeep      time.Duration // between two rounds of trimming and measuring; 0 = 5 s
	Maintenance time.Duration // between two rounds over partitions; 0 = 10 min
	Window      time.Duration // length of a reconciliation window; 0 = 10 min
	Signer      Signer        // signs what is appended; nil = nothing is, and only consumers without Keys take it
	Log         *slog.Logger  // nil = slog.Default
}

func (o RelayOptions) withDefaults() RelayOptions {
	o.Batch = or(o.Batch, 1000)
	o.Gather = or(o.Gather, 8*time.Millisecond)
	o.Poll = or(o.Poll, 50*time.Millisecond)
	o.Follow = or(o.Follow, time.Second)
	o.Upkeep = or(o.Upkeep, 5*time.Second)
	o.Maintenance = or(o.Maintenance, 10*time.Minute)
	o.Window = or(o.Window, 10*time.Minute)
	if o.Log == nil {
		o.Log = slog.Default()
	}
	return o
}

func or[T comparable](v, fallback T) T {
	var zero T
	if v == zero {
		return fallback
	}
	return v
}

// Relay appends one database's outbox to its source's stream, answers the
// replay requests of consumers, trims what all of them have, and looks after
// the partitions. Any number may run for one source.
type Relay struct {
	pool   *pgxpool.Pool
	rdb    redis.UniversalClient
	source string
	o      RelayOptions
	log    *slog.Logger
	wake   chan struct{}
	m      relayMetrics

	epoch atomic.Int64 // of the current run; 0 before the first

	mu     sync.Mutex
	groups map[string]time.Time // when each consumer group was last seen
	joined time.Time            // when one was seen for the first time
	marks  []mark               // moments whose transactions may still be open
}

// NewRelay makes the relay of source. rdb should have MaxRetries -1: the
// relay's own repetition is the one that checks where the stream stands.
func NewRelay(pool *pgxpool.Pool, rdb redis.UniversalClient, source string, o RelayOptions) *Relay {
	o = o.withDefaults()
	return &Relay{
		pool: pool, rdb: rdb, source: source, o: o, log: o.Log.With("relay", source),
		wake: make(chan struct{}, 1), m: newRelayMetrics(source), groups: map[string]time.Time{},
	}
}

// Wake makes the relay look at the outbox now. It never blocks, and losing a
// call costs no more than the relay's pause.
func (r *Relay) Wake() {
	select {
	case r.wake <- struct{}{}:
	default:
	}
}

// Run works until ctx ends and then returns nil. Failures of Redis and
// PostgreSQL are logged and tried again, ever more slowly.
func (r *Relay) Run(ctx context.Context) error {
	var g errgroup.Group
	g.Go(func() error { return r.forever(ctx, "publish", r.publish) })
	g.Go(func() error { return r.forever(ctx, "answer", r.answer) })
	g.Go(func() error { return r.forever(ctx, "upkeep", r.upkeep) })
	g.Go(func() error { return r.forever(ctx, "maintain", r.maintain) })
	return g.Wait()
}

func (r *Relay) forever(ctx context.Context, part string, f func(context.Context) error) error {
	return forever(ctx, (&reporter{log: r.log.With("part", part), failed: r.m.failures.WithLabelValues(part)}).report, f)
}

// rewound says that the stream stands before what this relay appended.
var errRewound = errors.New("the stream lost its end; publishing again from there")

// publish is one run of the relay: a connection of its own, the place in
// the stream, and the two halves that read and append at the same time.
func (r *Relay) publish(ctx context.Context) error {
	conn, err := dedicated(ctx, r.pool)
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close(context.WithoutCancel(ctx)) }() // it is only ever read from
	// The index gives the order; a plan that sorts reads the whole outbox. One plan
	// serves every look: most find little or nothing, and planning over the days of
	// the outbox takes longer than looking.
	if _, err := conn.Exec(ctx, "SET enable_seqscan = off; SET enable_bitmapscan = off; SET enable_sort = off; SET plan_cache_mode = force_generic_plan; SET statement_timeout = '30s'"); err != nil {
		return err
	}
	last, start, epoch, err := r.locate(ctx, conn)
	if err != nil {
		return err
	}
	pages := make(chan page, 4) // Redis, PostgreSQL and this process work at once
	g, gctx := errgroup.WithContext(ctx)
	rd := &reader{relay: r, conn: conn, epoch: epoch, cursor: start, appended: last, enc: encoder{source: r.source, signer: r.o.Signer}}
	g.Go(func() error { defer close(pages); return rd.run(gctx, pages) })
	g.Go(func() error { return r.append(gctx, rd, pages) })
	err = g.Wait()
	if errors.Is(err, errRewound) { // no failure: the next run starts where the stream stands
		r.m.rewinds.Inc()
		r.log.WarnContext(ctx, "relay: "+err.Error())
		return errAgain
	}
	return err
}

// dedicated takes a connection out of the pool for good, since its settings
// and locks must not come back to other users.
func dedicated(ctx context.Context, pool *pgxpool.Pool) (*pgx.Conn, error) {
	c, err := pool.Acquire(ctx)
	if err != nil {
		return nil, err
	}
	return c.Hijack(), nil
}

// locate returns the stream's last id and the id to read on from, which is
// the same or, when the stream was lost, the floor below which every consumer
// is done.
func (r *Relay) locate(ctx context.Context, conn *pgx.Conn) (last, start streamID, epoch int, err error) {
	fail := func(err error) (streamID, streamID, int, error) { return streamID{}, streamID{}, 0, err }
	if last, err = r.lastID(ctx); err != nil {
		return fail(err)
	}
	if err := conn.QueryRow(ctx, "SELECT event_claim_origin($1)", last.epoch()).Scan(&epoch); err != nil {
		return fail(fmt.Errorf("claim the origin: %w", err))
	}
	var text string
	if err := conn.QueryRow(ctx, "SELECT floor FROM event_origin").Scan(&text); err != nil {
		return fail(err)
	}
	floor, err := parseStreamID(text)
	if err != nil {
		return fail(err)
	}
	if last.epoch() > epoch {
		return fail(fmt.Errorf("stream %s ends in epoch %d, but this database is in epoch %d: two databases publish as one source", streamKey(r.source), last.epoch(), epoch))
	}
	r.epoch.Store(int64(epoch))
	start = newStreamID(epoch, 0, 0)
	for _, id := range []streamID{last, floor} {
		if id.compare(start) > 0 {
			start = id
		}
	}
	return last, start, epoch, nil
}

// lastID is the last id the stream gave out, 0-0 when there is no stream.
func (r *Relay) lastID(ctx context.Context) (streamID, error) {
	info, err := r.rdb.XInfoStream(ctx, streamKey(r.source)).Result()
	if gone(err) {
		return streamID{}, nil
	}
	if err != nil {
		return streamID{}, err
	}
	return parseStreamID(info.LastGeneratedID)
}

// gone reports whether Redis does not have the stream or group asked about:
// it is made again where it is read or written.
func gone(err error) bool {
	return err != nil && (strings.Contains(err.Error(), "no such key") || strings.HasPrefix(err.Error(), "NOGROUP"))
}

// reader is the half of a run that reads the outbox.
type reader struct {
	relay  *Relay
	conn   *pgx.Conn
	epoch  int
	leader bool
	enc    encoder
	since  time.Time // rows recorded before cannot be new; zero = no bound
	sql    string    // for since

	mu       sync.Mutex
	cursor   streamID // read up to here
	appended streamID // the stream reached this far, by this relay or another
}

// advance notes that the stream reached id, by this relay or another, and
// spares the reader what lies before.
func (rd *reader) advance(id streamID) {
	rd.mu.Lock()
	defer rd.mu.Unlock()
	rd.appended = id
	if id.compare(rd.cursor) > 0 {
		rd.cursor = id
	}
}

// position is where to read on.
func (rd *reader) position() streamID {
	rd.mu.Lock()
	defer rd.mu.Unlock()
	return rd.cursor
}

func (rd *reader) moveTo(id streamID) {
	rd.mu.Lock()
	defer rd.mu.Unlock()
	rd.cursor = id
}

func (rd *reader) believed() streamID {
	rd.mu.Lock()
	defer rd.mu.Unlock()
	return rd.appended
}

// checkStream compares the stream with what is known to be in it. Redis may
// lose it while nothing is being published, and consumers wait for it then.
func (rd *reader) checkStream(ctx context.Context) error {
	known := rd.believed()
	last, err := rd.relay.lastID(ctx)
	if err != nil {
		return err
	}
	if last.compare(known) < 0 {
		return fmt.Errorf("%w: %s, expected %s", errRewound, last, known)
	}
	if !rd.leader {
		rd.advance(last)
	}
	return nil
}

// shortestPause is the first pause after a look that found nothing.
const shortestPause = 2 * time.Millisecond

// run reads until ctx ends. Pauses double from the shortest to the longest:
// what a wake announces may stay invisible for a moment, while transactions
// that began earlier are open.
func (rd *reader) run(ctx context.Context, pages chan<- page) error {
	r := rd.relay
	pause := shortestPause
	var checked time.Time
	for {
		if !rd.leader {
			if err := rd.conn.QueryRow(ctx, "SELECT pg_try_advisory_lock($1)", relayLock).Scan(&rd.leader); err != nil {
				return err
			}
		}
		if time.Since(checked) >= r.o.Follow {
			if err := rd.checkStream(ctx); err != nil {
				return err
			}
			checked = time.Now()
		}
		p, err := rd.read(ctx)
		if err != nil {
			return err
		}
		if p.rows > 0 {
			rd.moveTo(p.last)
			select {
			case pages <- p:
			case <-ctx.Done():
				return ctx.Err()
			}
			pause = shortestPause
			if p.rows < r.o.Batch && !wait(ctx, r.o.Gather) {
				return ctx.Err()
			}
			continue
		}
		wake := r.wake
		if rd.leader {
			pause = min(2*pause, r.o.Poll)
		} else { // its own pause publishes what a leader that froze left lying
			pause, wake = r.o.Follow, nil
		}
		t := time.NewTimer(pause)
		select {
		case <-ctx.Done():
			t.Stop()
			return ctx.Err()
		case <-wake:
			t.Stop()
			pause = shortestPause / 2
		case <-t.C:
		}
	}
}

// sinceMargin is far above how long a transaction may stay open and how far
// two clocks may stand apart.
const sinceMargin = 36 * time.Hour

// read fetches the next rows in commit-safe order. Once a look has found
// nothing more, partitions of earlier days are left out of the plan.
func (rd *reader) read(ctx context.Context) (page, error) {
	now := time.Now()
	if rd.sql == "" {
		rd.sql = readSQL("")
	}
	after := rd.position()
	rows, err := rd.conn.Query(ctx, rd.sql, pgx.QueryResultFormats{pgx.BinaryFormatCode}, after.txid(), after.lo, rd.relay.o.Batch)
	if err != nil {
		return page{}, err
	}
	p, err := rd.enc.readPage(rows, rd.epoch)
	if err == nil && p.rows == 0 {
		if day := now.Add(-sinceMargin).UTC().Truncate(24 * time.Hour); !day.Equal(rd.since) {
			rd.since = day
			rd.sql = readSQL("AND o.recorded_at >= TIMESTAMPTZ '" + day.Format(time.DateOnly) + " 00:00:00+00' ")
		}
	}
	return p, err
}

func readSQL(bound string) string {
	return "SELECT " + outboxColumns + " FROM event_outbox o " +
		"WHERE (o.txid, o.id) > ($1::xid8, $2::bigint) AND o.txid < pg_snapshot_xmin(pg_current_snapshot()) " + bound +
		"ORDER BY o.txid, o.id LIMIT $3"
}

// append is the half of a run that writes the stream.
func (r *Relay) append(ctx context.Context, rd *reader, pages <-chan page) error {
	for p := range pages {
		last, err := r.appendPage(ctx, rd.believed(), p)
		if err != nil {
			return err
		}
		rd.advance(last)
		r.m.published.Add(float64(p.rows))
	}
	return nil
}

func (r *Relay) appendPage(ctx context.Context, believed streamID, p page) (streamID, error) {
	args := make([]any, 2, 2+len(p.values))
	args[0], args[1] = believed.String(), p.batch
	for i := range p.values {
		args = append(args, &p.values[i])
	}
	stream := streamKey(r.source)
	text, err := appendScript.Run(ctx, r.rdb, []string{stream, proofKey(stream)}, args...).Text()
	if err != nil {
		if at, ok := strings.CutPrefix(err.Error(), "REWIND "); ok {
			return streamID{}, fmt.Errorf("%w: %s, expected %s", errRewound, at, believed)
		}
		return streamID{}, fmt.Errorf("append to %s: %w", streamKey(r.source), err)
	}
	return parseStreamID(text)
}
