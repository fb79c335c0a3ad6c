package chaos

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/redis/go-redis/v9"

	"egov/libs/event"
	"egov/services/suite"
	"egov/services/suite/stack"
)

const (
	kills    = 20
	killTime = time.Minute
)

// killServices ends random services at once, twenty in a minute; each is
// started again as a supervisor would do it.
func killServices(ctx context.Context, t *trial) error {
	var mu sync.Mutex
	var wg sync.WaitGroup
	var errs []error
	down := map[string]bool{}
	begun := time.Now()
	for n := range kills {
		// Moments are spread at random within their share of the minute.
		at := begun.Add(time.Duration((float64(n) + t.rng.Float64()) / kills * float64(killTime)))
		if err := pause(ctx, time.Until(at)); err != nil {
			break
		}
		mu.Lock()
		up := slices.DeleteFunc(suite.Names(), func(s string) bool { return down[s] })
		victim := up[t.rng.IntN(len(up))]
		down[victim] = true
		mu.Unlock()
		wg.Go(func() {
			err := t.Kill(victim)
			if err == nil {
				err = t.Restart(ctx, victim)
			}
			mu.Lock()
			defer mu.Unlock()
			delete(down, victim)
			if err != nil {
				errs = append(errs, fmt.Errorf("%s: %w", victim, err))
			}
		})
	}
	wg.Wait()
	t.notes("%d kills in %.0f s; callers got %.2f of the undisturbed rate", kills, time.Since(begun).Seconds(), t.rateSince(begun)/t.calm)
	return errors.Join(append(errs, ctx.Err(), t.allServe(ctx))...)
}

const (
	replicas   = 3
	frozenTime = 12 * time.Second
	settleTime = 200 * time.Millisecond // after which nothing on its way from the frozen relay is left
	// A process frozen in the middle of a transaction holds publishing up until
	// the database ends its idle session (5 s); another relay looks every second.
	publishLimit = 8 * time.Second
)

// manyRelays runs four processes of one service, each with a relay, takes the
// lead from the first by killing it, and freezes and thaws the others in turn,
// the leading one among them.
func manyRelays(ctx context.Context, t *trial) (err error) {
	var others []*stack.Replica
	defer func() {
		for _, r := range others {
			err = errors.Join(err, r.Stop(context.WithoutCancel(ctx)))
		}
	}()
	for range replicas {
		r, err := t.Replicate(ctx, "declaration")
		if err != nil {
			return err
		}
		others = append(others, r)
	}
	if err := t.takeLead(ctx); err != nil {
		return err
	}
	for _, r := range others {
		if err := t.freeze(ctx, r); err != nil {
			return err
		}
	}
	return t.streamIsTheOutbox(ctx)
}

// relayLock is the advisory lock that a database's leading relay holds.
const relayLock = 0x65766e74

// takeLead kills the first process, and starts it again once a replica leads.
func (t *trial) takeLead(ctx context.Context) error {
	first, err := t.leader(ctx)
	if err != nil {
		return err
	}
	if err := t.Kill("declaration"); err != nil {
		return err
	}
	err = until(ctx, publishLimit, "another relay leads", func(ctx context.Context) (bool, error) {
		now, err := t.leader(ctx)
		return now != 0 && now != first, err
	})
	return errors.Join(err, t.Restart(ctx, "declaration"))
}

// leader is the database session of the leading relay, 0 without one.
func (t *trial) leader(ctx context.Context) (pid int, err error) {
	err = within(ctx, t.Stack, "declaration", func(ctx context.Context, c *pgx.Conn) error {
		return c.QueryRow(ctx, `SELECT coalesce(max(l.pid), 0) FROM pg_locks l JOIN pg_database d ON d.oid = l.database
			WHERE d.datname = current_database() AND l.locktype = 'advisory' AND l.objid = $1 AND l.granted`, relayLock).Scan(&pid)
	})
	return pid, err
}

// freeze holds one relay still for a while, during which the others publish.
func (t *trial) freeze(ctx context.Context, r *stack.Replica) error {
	if err := r.Freeze(); err != nil {
		return err
	}
	frozen := time.Now()
	if err := pause(ctx, settleTime); err != nil {
		return err
	}
	before, err := t.published(ctx)
	if err != nil {
		return err
	}
	err = until(ctx, publishLimit, "facts are published while a relay is frozen", func(ctx context.Context) (bool, error) {
		now, err := t.published(ctx)
		return now != before, err
	})
	if err != nil {
		t.broken("%v", err)
	}
	t.notes("facts are published %.2f s after a relay froze", time.Since(frozen).Seconds())
	return errors.Join(pause(ctx, frozenTime-time.Since(frozen)), r.Thaw())
}

// streamIsTheOutbox notes when the stream's entries are not a piece of the
// outbox without gaps, in its order.
func (t *trial) streamIsTheOutbox(ctx context.Context) error {
	c, err := t.redis()
	if err != nil {
		return err
	}
	defer c.Close()
	entries, err := c.XRange(ctx, stream, "-", "+").Result()
	if err != nil {
		return err
	}
	var ids []string
	err = within(ctx, t.Stack, "declaration", func(ctx context.Context, c *pgx.Conn) error {
		rows, err := c.Query(ctx, "SELECT event_id::text FROM event_outbox o ORDER BY o.txid, o.id")
		if err != nil {
			return err
		}
		ids, err = pgx.CollectRows(rows, pgx.RowTo[string])
		return err
	})
	if err != nil {
		return err
	}
	t.notes("the stream holds %d of %d facts of the outbox", len(entries), len(ids))
	if len(entries) == 0 {
		return nil
	}
	at := -1
	for i, e := range entries {
		attributes, _, err := event.Unpack(fmt.Sprint(e.Values[event.EntryField]))
		if err != nil {
			return err
		}
		id := attributes["id"]
		if i == 0 {
			at = slices.Index(ids, id)
		}
		if at < 0 || at+i >= len(ids) || ids[at+i] != id {
			t.broken("entry %d of the stream is not what the outbox has there", i)
			return nil
		}
	}
	return nil
}

// published is the last id of the declaration service's stream.
func (t *trial) published(ctx context.Context) (string, error) {
	c, err := t.redis()
	if err != nil {
		return "", err
	}
	defer c.Close()
	info, err := c.XInfoStream(ctx, stream).Result()
	if err != nil {
		return "", err
	}
	return info.LastGeneratedID, nil
}

// stream holds the facts of the service that the load speaks to.
const stream = "egov:events:declaration"

// redis is a client that repeats nothing.
func (t *trial) redis() (*redis.Client, error) {
	o, err := redis.ParseURL(t.Redis.URL(0))
	if err != nil {
		return nil, err
	}
	o.MaxRetries = -1
	return redis.NewClient(o), nil
}
