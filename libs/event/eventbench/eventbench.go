// Package eventbench measures the event backbone against the references its
// figures are promised over: both sides run in turn, in one process, on one
// pair of servers, and the medians are compared. Absolute figures say little;
// ratios of one run hold.
//
// It needs redis-benchmark on PATH, and servers nobody else uses: it empties
// the database's outbox and the streams between rounds.
package eventbench

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"runtime/debug"
	"slices"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/redis/go-redis/v9"

	"egov/libs/event"
	"egov/libs/pg"
	"egov/libs/sign"
)

// Bench is a pair of servers to measure on, prepared by Open. Ours signs and
// verifies what it carries, as services do; the references carry it as it is.
type Bench struct {
	keys     *keys
	pool     *pgxpool.Pool
	owner    *pgxpool.Pool
	rdb      *redis.Client
	redisURL string
	rounds   int
	rows     int
	slowRows int
}

// Options say where to measure, and how much.
type Options struct {
	OwnerURL string // owner of an empty database; no service may use it
	AppURL   string // the service's role in it
	AppRole  string // its name
	RedisURL string
	Rounds   int // of each side; 0 = 5
	Rows     int // facts a round of the fast sides; 0 = 60,000
	SlowRows int // facts a round of the slow references; 0 = 4,000
}

// Measure is one ratio the backbone promises.
type Measure struct {
	Name  string // stable: as in `make bench ONLY=`
	Unit  string
	Floor float64 // ratio that must be reached
	Goal  float64 // ratio to reach
	Run   func(ctx context.Context) (ours, reference float64, err error)
}

const (
	source   = "bench"
	stream   = "egov:events:" + source
	group    = "bench"
	subjects = 100
	// payload is the size of the facts' data, near that of a typical one.
	payload = 200
)

// benchSet holds the table of the effects that are measured.
const benchTables = `CREATE TABLE IF NOT EXISTS bench_effect (event_id uuid PRIMARY KEY, subject text NOT NULL, seq bigint NOT NULL, data text NOT NULL);
CREATE TABLE IF NOT EXISTS bench_inbox (consumer text NOT NULL, event_id uuid NOT NULL, received_at timestamptz NOT NULL DEFAULT now(), PRIMARY KEY (consumer, event_id))`

// Open prepares the database. Close the Bench when done.
func Open(ctx context.Context, o Options) (*Bench, error) {
	if err := pg.Migrate(ctx, o.OwnerURL, o.AppRole, 10*time.Second, pg.Set{Name: "event", FS: event.Migrations()}); err != nil {
		return nil, err
	}
	key, err := sign.Generate(sign.SM2)
	if err != nil {
		return nil, err
	}
	b := &Bench{keys: &keys{key}, redisURL: o.RedisURL, rounds: o.Rounds, rows: o.Rows, slowRows: o.SlowRows}
	if b.rounds == 0 {
		b.rounds = 5
	}
	if b.rows == 0 {
		b.rows = 60_000
	}
	if b.slowRows == 0 {
		b.slowRows = 4_000
	}
	opts, err := redis.ParseURL(o.RedisURL)
	if err != nil {
		return nil, err
	}
	opts.MaxRetries = -1
	if b.owner, err = pg.Open(ctx, o.OwnerURL, "eventbench", pg.PoolOptions{StatementTimeout: 2 * time.Minute}); err != nil {
		return nil, err
	}
	if b.pool, err = pg.Open(ctx, o.AppURL, "eventbench", pg.PoolOptions{MaxConns: 16}); err != nil {
		b.owner.Close()
		return nil, err
	}
	b.rdb = redis.NewClient(opts)
	if _, err = b.owner.Exec(ctx, benchTables); err == nil {
		_, err = b.owner.Exec(ctx, "GRANT ALL ON bench_effect, bench_inbox TO "+pgx.Identifier{o.AppRole}.Sanitize())
	}
	if err != nil {
		b.Close()
		return nil, err
	}
	return b, nil
}

// Close releases the connections. The servers are the caller's.
func (b *Bench) Close() {
	b.pool.Close()
	b.owner.Close()
	_ = b.rdb.Close() // nothing is buffered
}

// Measures lists what this package measures, in facts a second.
func (b *Bench) Measures() []Measure {
	const unit = "facts/s"
	longer := b.longer(4)
	return []Measure{
		{"relay", unit, 0.35, 0.5, b.pair(b.relay, b.redisBenchmark)},
		{"outbox_to_ack", unit, 10, 15, b.pair(b.outboxToAck, b.pollAndPublish)},
		{"outbox_to_effect", unit, 4, 6, b.pair(b.outboxToEffect, b.pollAndPublish)},
		{"consume_ack", unit, 12, 20, longer.pair(longer.consumeAck, longer.watermillConsume)},
		{"inbox_batch", unit, 8, 12, b.pair(b.inboxBatch, b.transactionPerMessage)},
	}
}

// longer is b with rounds of so many times the facts, on both sides: what takes
// a tenth of a second would be measured with its start and its end.
func (b *Bench) longer(times int) *Bench {
	l := *b
	l.rows, l.slowRows = times*b.rows, times*b.slowRows
	return &l
}

// side runs one round and answers facts a second.
type side func(ctx context.Context) (float64, error)

// gcPercent is what libs/module sets for services: both sides are measured as
// they would run in one.
const gcPercent = 400

// pair runs two sides in turn and answers the medians.
func (b *Bench) pair(ours, reference side) func(context.Context) (float64, float64, error) {
	return func(ctx context.Context) (float64, float64, error) {
		defer debug.SetGCPercent(debug.SetGCPercent(gcPercent))
		var mine, theirs []float64
		for range b.rounds {
			for _, s := range []struct {
				run  side
				into *[]float64
			}{{ours, &mine}, {reference, &theirs}} {
				if err := b.clear(ctx); err != nil {
					return 0, 0, err
				}
				rate, err := s.run(ctx)
				if err != nil {
					return 0, 0, err
				}
				*s.into = append(*s.into, rate)
			}
		}
		return median(mine), median(theirs), nil
	}
}

func median(v []float64) float64 {
	slices.Sort(v)
	return (v[(len(v)-1)/2] + v[len(v)/2]) / 2
}

// clear empties everything a round leaves.
func (b *Bench) clear(ctx context.Context) error {
	if err := b.rdb.FlushDB(ctx).Err(); err != nil {
		return err
	}
	_, err := b.owner.Exec(ctx, `TRUNCATE event_outbox, event_counter, event_inbox, event_position, event_held, event_lost, event_window, event_subscription, bench_effect, bench_inbox;
		UPDATE event_origin SET floor = '0-0', closed_until = '-infinity'`)
	return err
}

// fill writes n facts to the outbox, 1000 a transaction id, with ids in order
// of time as Enqueue makes them.
func (b *Bench) fill(ctx context.Context, n int) error {
	_, err := b.owner.Exec(ctx, `INSERT INTO event_outbox (txid, event_id, type, subject, seq, time, unit, actor, traceparent, data)
		SELECT ((pg_current_xact_id()::text::bigint - 1 - $1::int / 1000) + i / 1000)::text::xid8,
		       (lpad(to_hex((extract(epoch FROM clock_timestamp()) * 1000)::bigint), 12, '0') || '7' || substr(replace(gen_random_uuid()::text, '-', ''), 14))::uuid, 'egov.declaration.v1.ProjectSubmitted',
		       'project-' || i % $2, i / $2 + 1, now(), 'education', 'li.ming',
		       '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01', '{"text":"' || repeat('x', $3) || '"}'
		  FROM generate_series(0, $1::int - 1) i`, n, subjects, payload)
	if err == nil {
		_, err = b.owner.Exec(ctx, "VACUUM ANALYZE event_outbox")
	}
	return err
}

// timed runs loops until done answers true, and answers n a second.
func timed(ctx context.Context, n int, done func(context.Context) (bool, error), loops ...func(context.Context) error) (float64, error) {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Minute)
	defer cancel()
	ended := make(chan error, len(loops))
	began := time.Now()
	for _, l := range loops {
		go func() { ended <- l(ctx) }()
	}
	var took time.Duration
	var err error
	for tick := time.NewTicker(4 * time.Millisecond); ; {
		<-tick.C
		ok, derr := done(ctx)
		if ok || derr != nil {
			took, err = time.Since(began), derr
			tick.Stop()
			break
		}
	}
	cancel()
	for range loops {
		if lerr := <-ended; err == nil {
			err = lerr
		}
	}
	if err != nil {
		return 0, err
	}
	return float64(n) / took.Seconds(), nil
}

// keys is the one key of the one source.
type keys struct{ *sign.PrivateKey }

func (k *keys) SigningKey() (*sign.PrivateKey, error) { return k.PrivateKey, nil }

func (k *keys) VerifyingKey(string, string, time.Time) (*sign.PublicKey, error) {
	return k.Public(), nil
}

func quiet() *slog.Logger { return slog.New(slog.DiscardHandler) }

func (b *Bench) newRelay() *event.Relay {
	return event.NewRelay(b.pool, b.rdb, source, event.RelayOptions{Signer: b.keys, Log: quiet()})
}

func (b *Bench) newConsumer(e event.Effects) *event.Consumer {
	return event.NewConsumer(b.pool, b.rdb, group, []string{source}, e, event.ConsumerOptions{Keys: b.keys, Log: quiet()})
}

// settled reports whether the group has acknowledged a round's facts.
func (b *Bench) settled() func(context.Context) (bool, error) {
	return func(ctx context.Context) (bool, error) {
		groups, err := b.rdb.XInfoGroups(ctx, stream).Result()
		if err != nil {
			return false, nil // not made yet
		}
		for _, g := range groups {
			if g.Name == group {
				return g.EntriesRead == int64(b.rows) && g.Pending == 0, nil
			}
		}
		return false, nil
	}
}

// effect writes the effects of a batch in one statement, as the ledger's
// consumer does.
func effect(ctx context.Context, tx pgx.Tx, es []event.Record) error {
	rows := append(make([]byte, 0, len(es)*effectRow), pg.CopyHeader...)
	for i := range es {
		e := &es[i]
		id, err := uuid.Parse(e.ID)
		if err != nil {
			return err
		}
		rows = pg.AppendCopyField(pg.AppendCopyRow(rows, 4), id[:])
		rows = pg.AppendCopyField(rows, e.Subject)
		rows = pg.AppendCopyInt64(rows, e.Seq)
		rows = pg.AppendCopyField(rows, e.Data)
	}
	_, err := tx.Conn().PgConn().CopyFrom(ctx, bytes.NewReader(append(rows, pg.CopyEnd...)),
		"COPY bench_effect (event_id, subject, seq, data) FROM STDIN (FORMAT binary)")
	return err
}

// effectRow is room for a row of effect's, in bytes.
const effectRow = payload + 100

func (b *Bench) relay(ctx context.Context) (float64, error) {
	if err := b.fill(ctx, b.rows); err != nil {
		return 0, err
	}
	return timed(ctx, b.rows, func(ctx context.Context) (bool, error) {
		n, err := b.rdb.XLen(ctx, stream).Result()
		return n == int64(b.rows), err
	}, b.newRelay().Run)
}

func (b *Bench) outboxToAck(ctx context.Context) (float64, error) {
	if err := b.fill(ctx, b.rows); err != nil {
		return 0, err
	}
	return timed(ctx, b.rows, b.settled(), b.newRelay().Run, b.acknowledge)
}

func (b *Bench) outboxToEffect(ctx context.Context) (float64, error) {
	if err := b.fill(ctx, b.rows); err != nil {
		return 0, err
	}
	return timed(ctx, b.rows, b.settled(), b.newRelay().Run, b.newConsumer(event.Effects{Batch: effect}).Run)
}

// fillStream has the stream filled by a relay.
func (b *Bench) fillStream(ctx context.Context, n int) error {
	if err := b.fill(ctx, n); err != nil {
		return err
	}
	_, err := timed(ctx, n, func(ctx context.Context) (bool, error) {
		have, err := b.rdb.XLen(ctx, stream).Result()
		return have == int64(n), err
	}, b.newRelay().Run)
	return err
}

func (b *Bench) consumeAck(ctx context.Context) (float64, error) {
	if err := b.fillStream(ctx, b.rows); err != nil {
		return 0, err
	}
	return timed(ctx, b.rows, b.settled(), b.acknowledge)
}

// acknowledge reads the stream and does nothing with it.
func (b *Bench) acknowledge(ctx context.Context) error {
	return event.NewReader(b.rdb, group, []string{source}, b.keys, 0).Run(ctx, quiet(), func(context.Context, []event.Record) error { return nil })
}

func (b *Bench) inboxBatch(ctx context.Context) (float64, error) {
	if err := b.fillStream(ctx, b.rows); err != nil {
		return 0, err
	}
	return timed(ctx, b.rows, b.settled(), b.newConsumer(event.Effects{Batch: effect}).Run)
}

// errBroken explains a reference that did not do its work.
func errBroken(what string, err error) error { return fmt.Errorf("reference %s: %w", what, err) }
