package chaos

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	mrand "math/rand/v2"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing/fstest"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/redis/go-redis/v9"

	"egov/libs/embedded"
	"egov/libs/event"
	"egov/libs/pg"
)

// bus is the event backbone alone, between one producer and its consumers in
// one database, on servers of its own: faults that need every delivery in hand
// run on it.
type bus struct {
	dir      string
	seed     uint64
	notes    func(format string, args ...any)
	postgres *embedded.Postgres
	cache    *embedded.Redis
	pool     *pgxpool.Pool
	rdb      *redis.Client
}

// effects is a table without a key, so that a second effect shows.
func effects() pg.Set {
	return pg.Set{Name: "effects", FS: fstest.MapFS{"00001_effect.sql": &fstest.MapFile{Data: []byte(`-- +goose Up
CREATE TABLE effect (n bigint GENERATED ALWAYS AS IDENTITY, consumer text NOT NULL, subject text NOT NULL, seq bigint NOT NULL);
SELECT grant_app('effect', 'SELECT, INSERT');
`)}}}
}

func openBus(ctx context.Context, o Options) (_ *bus, err error) {
	dir, err := tempDir()
	if err != nil {
		return nil, err
	}
	b := &bus{dir: dir, seed: o.Seed, notes: func(format string, args ...any) { _, _ = fmt.Fprintf(o.Notes, "  "+format+"\n", args...) }}
	defer func() {
		if err != nil {
			err = errors.Join(err, b.close(context.WithoutCancel(ctx)))
		}
	}()
	if b.postgres, err = embedded.StartPostgres(ctx, embedded.PostgresOptions{Dir: filepath.Join(dir, "postgres")}); err != nil {
		return nil, err
	}
	if b.cache, err = embedded.StartRedis(ctx, embedded.RedisOptions{Dir: filepath.Join(dir, "redis")}); err != nil {
		return nil, err
	}
	owner, app, err := b.database(ctx)
	if err != nil {
		return nil, err
	}
	if err := pg.Migrate(ctx, owner, "bus", time.Minute, pg.Set{Name: "event", FS: event.Migrations()}, effects()); err != nil {
		return nil, err
	}
	if b.pool, err = pg.Open(ctx, app, "chaos", pg.PoolOptions{MaxConns: 32}); err != nil {
		return nil, err
	}
	ro, err := redis.ParseURL(b.cache.URL(0))
	if err != nil {
		return nil, err
	}
	ro.MaxRetries = -1
	b.rdb = redis.NewClient(ro)
	return b, nil
}

// database makes an empty database, its owner and a role that owns nothing.
func (b *bus) database(ctx context.Context) (owner, app string, err error) {
	c, err := pgx.Connect(ctx, b.postgres.SuperuserURL("postgres"))
	if err != nil {
		return "", "", err
	}
	defer c.Close(context.WithoutCancel(ctx))
	password := rand.Text() // letters and digits: it needs no escaping
	for _, sql := range []string{
		"CREATE ROLE bus LOGIN PASSWORD '" + password + "'",
		"CREATE ROLE bus_owner LOGIN PASSWORD '" + password + "'",
		"CREATE DATABASE bus OWNER bus_owner",
	} {
		if _, err := c.Exec(ctx, sql); err != nil {
			return "", "", err
		}
	}
	return b.postgres.URL("bus", "bus_owner", password), b.postgres.URL("bus", "bus", password), nil
}

func (b *bus) close(ctx context.Context) error {
	var errs []error
	if b.pool != nil {
		b.pool.Close()
	}
	if b.rdb != nil {
		errs = append(errs, b.rdb.Close())
	}
	if b.cache != nil {
		errs = append(errs, b.cache.Stop(ctx))
	}
	if b.postgres != nil {
		errs = append(errs, b.postgres.Stop(ctx))
	}
	return errors.Join(append(errs, removeAll(b.dir))...)
}

// onBus makes a fault of what a trial does on the event backbone.
func onBus(hold func(context.Context, *bus) (Result, error)) func(context.Context, *grounds) (Result, error) {
	return func(ctx context.Context, g *grounds) (Result, error) {
		if g.suite != nil { // leave the machine to this trial
			err := g.suite.close(ctx)
			g.suite = nil
			if err != nil {
				return Result{}, err
			}
		}
		if g.bus == nil {
			b, err := openBus(ctx, g.o)
			if err != nil {
				return Result{}, err
			}
			g.bus = b
		}
		return hold(ctx, g.bus)
	}
}

// quiet drops what consumers say about the faults that are being made.
var quiet = slog.New(slog.DiscardHandler)

// publish records n facts for each of the subjects named after prefix, and
// gives them as a relay puts them on the stream of source.
func (b *bus) publish(ctx context.Context, source, prefix string, subjects, n int) ([]redis.XMessage, error) {
	const together = 500
	var facts []event.Record
	for i := range n {
		for s := range subjects {
			facts = append(facts, event.Record{
				Type: "egov.chaos.v1.Happened", Subject: fmt.Sprintf("%s-%03d", prefix, s), Time: time.Unix(1_700_000_000, 0), Unit: "education", Actor: "chaos",
				Data: fmt.Appendf(nil, `{"n":%d}`, i+1),
			})
		}
	}
	for part := range slices.Chunk(facts, together) {
		batch := &pgx.Batch{}
		event.Enqueue(batch, part)
		if err := b.pool.SendBatch(ctx, batch).Close(); err != nil {
			return nil, err
		}
	}
	stop := run(ctx, event.NewRelay(b.pool, b.rdb, source, event.RelayOptions{Log: quiet, Upkeep: time.Hour}).Run)
	defer stop()
	err := until(ctx, time.Minute, "the facts are published", func(ctx context.Context) (bool, error) {
		var rows int64
		if err := b.pool.QueryRow(ctx, "SELECT count(*) FROM event_outbox").Scan(&rows); err != nil {
			return false, err
		}
		return b.rdb.XLen(ctx, "egov:events:"+source).Val() == rows, nil
	})
	if err != nil {
		return nil, err
	}
	all, err := b.rdb.XRange(ctx, "egov:events:"+source, "-", "+").Result()
	return slices.DeleteFunc(all, func(m redis.XMessage) bool {
		attributes, _, err := event.Unpack(fmt.Sprint(m.Values[event.EntryField]))
		return err != nil || !strings.HasPrefix(attributes["subject"], prefix)
	}), err
}

// deliver puts these entries, and nothing else, on the stream of source, as if
// it had stated them.
func (b *bus) deliver(ctx context.Context, source string, entries []redis.XMessage) error {
	key := "egov:events:" + source
	if err := b.rdb.Del(ctx, key).Err(); err != nil {
		return err
	}
	pipe := b.rdb.Pipeline()
	for i, m := range entries {
		values := m.Values
		if attributes, data, err := event.Unpack(fmt.Sprint(values[event.EntryField])); err == nil {
			attributes["source"] = source
			values = map[string]any{event.EntryField: event.Pack(attributes, data)}
		}
		pipe.XAdd(ctx, &redis.XAddArgs{Stream: key, ID: fmt.Sprintf("%d-1", i+1), Values: values})
	}
	_, err := pipe.Exec(ctx)
	return err
}

// run starts a loop; stop ends it and waits.
func run(ctx context.Context, loop func(context.Context) error) (stop func()) {
	ctx, cancel := context.WithCancel(ctx)
	var done sync.WaitGroup
	done.Go(func() { _ = loop(ctx) }) // it ends with ctx, and returns nil then
	return sync.OnceFunc(func() { cancel(); done.Wait() })
}

// consumer writes a row for each effect, except of facts that fail refuses.
func (b *bus) consumer(name, source string, fail func(event.Record) error) *event.Consumer {
	return event.NewConsumer(b.pool, b.rdb, name, []string{source}, event.Effects{Default: func(ctx context.Context, tx pgx.Tx, e event.Record) error {
		if err := fail(e); err != nil {
			return err
		}
		_, err := tx.Exec(ctx, "INSERT INTO effect (consumer, subject, seq) VALUES ($1, $2, $3)", name, e.Subject, e.Seq)
		return err
	}}, event.ConsumerOptions{Log: quiet})
}

func fine(event.Record) error { return nil }

// effectsOf counts a consumer's effects, the facts that had some, and the
// effects out of order.
func (b *bus) effectsOf(ctx context.Context, consumer, prefix string) (effects, facts, disordered int, err error) {
	err = b.pool.QueryRow(ctx, `SELECT count(*), count(DISTINCT (subject, seq)), count(*) FILTER (WHERE seq <> before + 1)
		FROM (SELECT subject, seq, lag(seq, 1, 0::bigint) OVER (PARTITION BY subject ORDER BY n) AS before
		        FROM effect WHERE consumer = $1 AND starts_with(subject, $2)) e`, consumer, prefix).Scan(&effects, &facts, &disordered)
	return effects, facts, disordered, err
}

// outcome puts a consumer's effects into r.
func (b *bus) outcome(ctx context.Context, r *Result, consumer, prefix string, want int) error {
	effects, facts, disordered, err := b.effectsOf(ctx, consumer, prefix)
	if err != nil {
		return err
	}
	r.Lost, r.Duplicate = r.Lost+want-facts, r.Duplicate+effects-facts
	if facts != want || effects != facts {
		r.broken("%d of %d facts took effect, %d times", facts, want, effects)
	}
	if disordered > 0 {
		r.broken("%d effects came out of order", disordered)
	}
	return nil
}

// reach waits until a consumer has n effects.
func (b *bus) reach(ctx context.Context, consumer, prefix string, n int, limit time.Duration) error {
	return until(ctx, limit, fmt.Sprintf("%d effects", n), func(ctx context.Context) (bool, error) {
		var got int
		err := b.pool.QueryRow(ctx, "SELECT count(*) FROM effect WHERE consumer = $1 AND starts_with(subject, $2)", consumer, prefix).Scan(&got)
		return got >= n, err
	})
}

// tripleShuffle delivers every fact three times, in random order, to two
// processes' worth of one consumer.
func tripleShuffle(ctx context.Context, b *bus) (r Result, err error) {
	const source, name, subjects, each = "shuffled", "chaos.shuffled", 60, 50
	entries, err := b.publish(ctx, source, source, subjects, each)
	if err != nil {
		return r, err
	}
	entries = slices.Repeat(entries, 3)
	mrand.New(mrand.NewPCG(b.seed, 2)).Shuffle(len(entries), func(i, j int) { entries[i], entries[j] = entries[j], entries[i] })
	if err := b.deliver(ctx, source, entries); err != nil {
		return r, err
	}
	began := time.Now()
	for range 2 {
		defer run(ctx, b.consumer(name, source, fine).Run)()
	}
	if err := b.reach(ctx, name, source, subjects*each, drainGiveUp); err != nil {
		r.broken("%v", err)
	}
	r.Recovered = time.Since(began)
	err = until(ctx, drainGiveUp, "every delivery is settled", func(ctx context.Context) (bool, error) {
		groups, err := b.rdb.XInfoGroups(ctx, "egov:events:"+source).Result()
		return err == nil && len(groups) == 1 && groups[0].EntriesRead == int64(len(entries)) && groups[0].Pending == 0, err
	})
	if err != nil {
		r.broken("%v", err)
	}
	return r, b.outcome(ctx, &r, name, source, subjects*each)
}

const (
	poisonRounds = 5
	deadLimit    = time.Minute
	poisonFloor  = 0.9
)

// poison mixes what cannot be read, what always fails and what panics into a
// stream of sound facts, and compares what the sound ones' consumer does with
// it and without it, in turn.
func poison(ctx context.Context, b *bus) (r Result, err error) {
	const sound, bad, subjects, each, bads, garbage = "sound", "poisoned", 200, 150, 3, 20
	entries, err := b.publish(ctx, bad, sound, subjects, each)
	if err != nil {
		return r, err
	}
	rotten, err := b.publish(ctx, bad, bad, bads, 1)
	if err != nil {
		return r, err
	}
	if err := b.deliver(ctx, sound, entries); err != nil {
		return r, err
	}
	rng := mrand.New(mrand.NewPCG(b.seed, 3))
	for n := range garbage {
		rotten = append(rotten, redis.XMessage{Values: map[string]any{"hello": fmt.Sprint(n)}})
	}
	mixed := slices.Clone(entries)
	for _, m := range rotten {
		mixed = slices.Insert(mixed, rng.IntN(len(mixed)), m)
	}
	if err := b.deliver(ctx, bad, mixed); err != nil {
		return r, err
	}
	fail := func(e event.Record) error {
		switch e.Subject {
		case bad + "-000":
			return event.ErrUndecodable
		case bad + "-001":
			return errors.New("this handler always fails")
		case bad + "-002":
			panic("this handler panics")
		}
		return nil
	}
	var ratios []float64
	for round := range poisonRounds {
		var rate [2]float64
		for turn := range 2 {
			i := (turn + round) % 2 // neither side always comes first
			source := []string{sound, bad}[i]
			name := fmt.Sprintf("chaos.%s.%d", source, round)
			began := time.Now()
			stop := run(ctx, b.consumer(name, source, fail).Run)
			err := b.reach(ctx, name, sound, subjects*each, drainGiveUp)
			rate[i] = subjects * each / time.Since(began).Seconds()
			if err != nil {
				r.broken("%s: %v", source, err)
			}
			if source == bad {
				if err := b.buried(ctx, name, began, len(rotten), &r); err != nil {
					r.broken("%v", err)
				}
			}
			stop()
			if err := b.outcome(ctx, &r, name, sound, subjects*each); err != nil {
				return r, err
			}
		}
		b.notes("sound facts: %.0f a second without poison, %.0f with it", rate[0], rate[1])
		ratios = append(ratios, rate[1]/rate[0])
	}
	slices.Sort(ratios)
	if median := ratios[len(ratios)/2]; median < poisonFloor {
		r.broken("sound facts took effect at %.2f of their rate, promised are %.2f", median, poisonFloor)
	}
	return r, nil
}

// buried waits until all that is rotten lies with the dead letters.
func (b *bus) buried(ctx context.Context, consumer string, began time.Time, want int, r *Result) error {
	defer func() { r.Recovered = max(r.Recovered, time.Since(began)) }()
	return until(ctx, deadLimit, fmt.Sprintf("%d dead letters", want), func(ctx context.Context) (bool, error) {
		var got int
		err := b.pool.QueryRow(ctx, "SELECT count(*) FROM event_held h JOIN event_subscription s ON s.id = h.subscription WHERE s.consumer = $1 AND h.state = 'dead'", consumer).Scan(&got)
		return got == want, err
	})
}
