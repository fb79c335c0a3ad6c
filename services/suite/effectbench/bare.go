package effectbench

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/redis/go-redis/v9"
	"golang.org/x/sync/errgroup"

	"egov/services/suite/stack"
)

// bareThen is the 99th percentile of bare code, in milliseconds, where the bound
// and the aim were drawn (docs/decisions/0028-effects-beside-bare-code.md).
const bareThen = 5.9

// bare is the least there is between two databases: a statement that commits a
// fact in one, a poll every 2 ms in commit-safe order, XADD, XREADGROUP, a
// statement that commits its effect in the other, XACK. One process does it all;
// there is no HTTP, token, decision, signature, inbox, repetition or ledger in it.
type bare struct {
	from, into *pgxpool.Pool
	rdb        *redis.Client
	body       []byte
	last       struct { // fact that was published
		txid uint64
		id   int64
	}
}

const (
	bareStream = "bare"
	bareGroup  = "bare"
	barePoll   = 2 * time.Millisecond
)

// newBare makes what the way needs in two databases and in Redis, which must not
// have it yet, and carries body. The connections stay the caller's.
func newBare(ctx context.Context, from, into *pgxpool.Pool, rdb *redis.Client, body []byte) (*bare, error) {
	if _, err := from.Exec(ctx, "CREATE TABLE fact (txid xid8 DEFAULT pg_current_xact_id(), id bigint GENERATED ALWAYS AS IDENTITY, n int, body jsonb, PRIMARY KEY (txid, id))"); err != nil {
		return nil, err
	}
	if _, err := into.Exec(ctx, "CREATE TABLE effect (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, n int, body jsonb)"); err != nil {
		return nil, err
	}
	return &bare{from: from, into: into, rdb: rdb, body: body}, rdb.XGroupCreateMkStream(ctx, bareStream, bareGroup, "0").Err()
}

// openBare makes one between two databases of the installation's server.
func (b *Bench) openBare(ctx context.Context) (_ *bare, closeAll func(), err error) {
	var opened []func()
	closeAll = func() {
		for _, f := range opened {
			f()
		}
	}
	defer func() {
		if err != nil {
			closeAll()
		}
	}()
	var pools [2]*pgxpool.Pool
	for i, name := range []string{"bare_from", "bare_into"} {
		if pools[i], err = b.newDatabase(ctx, name); err != nil {
			return nil, nil, err
		}
		opened = append(opened, pools[i].Close)
	}
	o, err := b.stack.Redis.Options(b.stack.Redis.URL(0))
	if err != nil {
		return nil, nil, err
	}
	rdb := redis.NewClient(o)
	opened = append(opened, func() { _ = rdb.Close() }) // every command has had its answer
	body, err := stack.Declaration("直达", 8, 30_000_000)
	if err != nil {
		return nil, nil, err
	}
	x, err := newBare(ctx, pools[0], pools[1], rdb, body)
	return x, closeAll, err
}

func (b *Bench) newDatabase(ctx context.Context, name string) (*pgxpool.Pool, error) {
	conn, err := pgx.Connect(ctx, b.stack.Postgres.SuperuserURL("postgres"))
	if err != nil {
		return nil, err
	}
	defer func() { _ = conn.Close(context.WithoutCancel(ctx)) }() // the statement has had its answer
	if _, err := conn.Exec(ctx, "CREATE DATABASE "+pgx.Identifier{name}.Sanitize()); err != nil {
		return nil, err
	}
	return pgxpool.New(ctx, b.stack.Postgres.SuperuserURL(name))
}

// round sends n facts by the clock and returns when all have their effect, which
// counts from when its statement was answered.
func (x *bare) round(ctx context.Context, n int, every time.Duration) (figures, error) {
	ctx, cancel := context.WithTimeout(ctx, time.Duration(n)*every+patience)
	defer cancel()
	all := make([]submission, n)
	ctx, done := context.WithCancel(ctx)
	defer done()
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error { return unlessDone(ctx, x.publish(ctx)) })
	g.Go(func() error {
		defer done()
		return x.consume(ctx, all)
	})
	g.Go(func() error {
		return arrive(ctx, time.Now(), every, n, func(i int, due time.Time) error {
			s := &all[i]
			s.due, s.sent = due, time.Now()
			_, err := x.from.Exec(ctx, "INSERT INTO fact (n, body) VALUES ($1, $2)", i, x.body)
			s.answered = time.Now()
			return err
		})
	})
	if err := g.Wait(); err != nil {
		return figures{}, err
	}
	return figuresOf(all), nil
}

// unlessDone takes no error from what was ended since the round is over.
func unlessDone(ctx context.Context, err error) error {
	if errors.Is(context.Cause(ctx), context.Canceled) {
		return nil
	}
	return err
}

// publish appends what was committed to the stream until ctx ends.
func (x *bare) publish(ctx context.Context) error {
	tick := time.NewTicker(barePoll)
	defer tick.Stop()
	for {
		rows, err := x.from.Query(ctx, "SELECT txid, id, n, body FROM fact WHERE (txid, id) > ($1, $2) AND txid < pg_snapshot_xmin(pg_current_snapshot()) ORDER BY txid, id", x.last.txid, x.last.id)
		if err != nil {
			return err
		}
		pipe, found := x.rdb.Pipeline(), 0
		var n int
		var body []byte
		if _, err := pgx.ForEachRow(rows, []any{&x.last.txid, &x.last.id, &n, &body}, func() error {
			found++
			pipe.XAdd(ctx, &redis.XAddArgs{Stream: bareStream, Values: []any{"n", n, "body", string(body)}})
			return nil
		}); err != nil {
			return err
		}
		if found > 0 {
			if _, err := pipe.Exec(ctx); err != nil {
				return err
			}
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// consume carries out the effects of all and acknowledges them.
func (x *bare) consume(ctx context.Context, all []submission) error {
	for seen := 0; seen < len(all); {
		streams, err := x.rdb.XReadGroup(ctx, &redis.XReadGroupArgs{Group: bareGroup, Consumer: "one", Streams: []string{bareStream, ">"}, Count: 256, Block: time.Second}).Result()
		if errors.Is(err, redis.Nil) {
			continue
		}
		if err != nil {
			return err
		}
		var numbers []int
		var bodies, ids []string
		for _, m := range streams[0].Messages {
			var n int
			if _, err := fmt.Sscan(fmt.Sprint(m.Values["n"]), &n); err != nil {
				return err
			}
			numbers, bodies, ids = append(numbers, n), append(bodies, fmt.Sprint(m.Values["body"])), append(ids, m.ID)
		}
		if _, err := x.into.Exec(ctx, "INSERT INTO effect (n, body) SELECT n, b::jsonb FROM unnest($1::int[], $2::text[]) AS f(n, b)", numbers, bodies); err != nil {
			return err
		}
		now := time.Now()
		for _, n := range numbers {
			all[n].effective = now
		}
		seen += len(numbers)
		if err := x.rdb.XAck(ctx, bareStream, bareGroup, ids...).Err(); err != nil {
			return err
		}
	}
	return nil
}
