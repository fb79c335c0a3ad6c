package chaos

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/redis/go-redis/v9"

	"egov/services/suite"
)

const (
	postgresKills = 3
	redisKills    = 2
	outage        = 8 * time.Second // of Redis
	forgettings   = 4               // times Redis is emptied, or a stream's groups destroyed
	forgetEvery   = 4 * time.Second
	fullTime      = 12 * time.Second
	idleTime      = 30 * time.Second
)

// killPostgres ends the database server of all services at once, three times.
func killPostgres(ctx context.Context, t *trial) error {
	for range postgresKills {
		if err := pause(ctx, time.Second+time.Duration(t.rng.Int64N(int64(2*time.Second)))); err != nil {
			return err
		}
		if err := t.KillPostgres(ctx); err != nil {
			return err
		}
		if err := t.RestartPostgres(ctx); err != nil {
			return err
		}
		accepts := time.Now()
		err := until(ctx, drainLimit, "a command is acknowledged again", func(context.Context) (bool, error) {
			return t.journal.since(accepts) > 0, nil
		})
		back := time.Since(accepts)
		t.notes("writes are back after %.2f s", back.Seconds())
		if err != nil || back > returnLimit {
			t.broken("writes were back %.1f s after PostgreSQL, promised are %.0f", back.Seconds(), returnLimit.Seconds())
		}
	}
	return t.allServe(ctx)
}

// killRedis ends the event server at once, twice; it comes back empty.
func killRedis(ctx context.Context, t *trial) error {
	began := time.Now()
	for range redisKills {
		groups, err := t.groups(ctx)
		if err != nil {
			return err
		}
		if err := t.KillRedis(ctx); err != nil {
			return err
		}
		if err := pause(ctx, outage); err != nil {
			return err
		}
		if err := t.RestartRedis(ctx); err != nil {
			return err
		}
		if err := t.groupsReturn(ctx, groups); err != nil {
			return err
		}
	}
	t.keepsRate(began)
	return nil
}

// flushRedis takes everything from the event server, again and again.
func flushRedis(ctx context.Context, t *trial) error {
	return forget(ctx, t, func(ctx context.Context, c *redis.Client, _ []string) error { return c.FlushAll(ctx).Err() })
}

// destroyGroups takes their consumer groups from all streams, again and again.
func destroyGroups(ctx context.Context, t *trial) error {
	return forget(ctx, t, func(ctx context.Context, c *redis.Client, groups []string) error {
		for _, g := range groups {
			key, name, _ := strings.Cut(g, " ")
			if err := c.XGroupDestroy(ctx, key, name).Err(); err != nil {
				return err
			}
		}
		return nil
	})
}

func forget(ctx context.Context, t *trial, how func(context.Context, *redis.Client, []string) error) error {
	c, err := t.redis()
	if err != nil {
		return err
	}
	defer c.Close()
	began := time.Now()
	for range forgettings {
		groups, err := t.groups(ctx)
		if err != nil {
			return err
		}
		if err := how(ctx, c, groups); err != nil {
			return err
		}
		forgot := time.Now()
		if err := t.groupsReturn(ctx, groups); err != nil {
			return err
		}
		if err := pause(ctx, forgetEvery-time.Since(forgot)); err != nil {
			return err
		}
	}
	t.keepsRate(began)
	return nil
}

// groups lists the consumer groups of all streams: "key group".
func (t *trial) groups(ctx context.Context) ([]string, error) {
	c, err := t.redis()
	if err != nil {
		return nil, err
	}
	defer c.Close()
	found := map[string]bool{}
	for _, service := range suite.Databases() {
		key := "egov:events:" + service
		groups, err := c.XInfoGroups(ctx, key).Result()
		if err != nil && !strings.Contains(err.Error(), "no such key") {
			return nil, err
		}
		for _, g := range groups {
			found[key+" "+g.Name] = true
		}
	}
	return slices.Sorted(maps.Keys(found)), nil
}

// groupsReturn waits until all groups that were there are there again.
func (t *trial) groupsReturn(ctx context.Context, want []string) error {
	gone := time.Now()
	err := until(ctx, drainLimit, "the consumer groups are back", func(ctx context.Context) (bool, error) {
		got, err := t.groups(ctx)
		return len(got) >= len(want), err
	})
	back := time.Since(gone)
	t.notes("%d consumer groups are back after %.2f s", len(want), back.Seconds())
	if err != nil || back > returnLimit {
		t.broken("the consumer groups were back after %.1f s, promised are %.0f", back.Seconds(), returnLimit.Seconds())
	}
	return ctx.Err()
}

// fillRedis leaves the event server no memory for a while: it refuses whatever
// would add something.
func fillRedis(ctx context.Context, t *trial) error {
	c, err := t.redis()
	if err != nil {
		return err
	}
	defer c.Close()
	began := time.Now()
	if err := c.ConfigSet(ctx, "maxmemory", "1").Err(); err != nil {
		return err
	}
	err = until(ctx, returnLimit, "Redis refuses", func(ctx context.Context) (bool, error) {
		err := c.Set(ctx, "probe", "x", 0).Err()
		return err != nil && strings.HasPrefix(err.Error(), "OOM"), nil
	})
	err = errors.Join(err, pause(ctx, fullTime), c.ConfigSet(context.WithoutCancel(ctx), "maxmemory", "0").Err())
	t.keepsRate(began)
	return err
}

// idleTransaction leaves a transaction that has written open on another
// connection: what is recorded meanwhile is delayed, and the delay shows.
func idleTransaction(ctx context.Context, t *trial) error {
	began := time.Now()
	err := within(ctx, t.Stack, "postgres", func(ctx context.Context, c *pgx.Conn) error {
		tx, err := c.Begin(ctx)
		if err != nil {
			return err
		}
		defer tx.Rollback(context.WithoutCancel(ctx))
		if _, err := tx.Exec(ctx, "SELECT pg_current_xact_id()"); err != nil {
			return err
		}
		if err := pause(ctx, idleTime); err != nil {
			return err
		}
		age, err := t.metric(ctx, "declaration", "egov_relay_oldest_unpublished_seconds")
		if err != nil {
			return err
		}
		t.notes("the oldest fact that waits shows as %.0f s old", age)
		if age < idleTime.Seconds()/2 {
			t.broken("after %.0f s the relay shows a delay of %.0f s", idleTime.Seconds(), age)
		}
		return nil
	})
	t.keepsRate(began)
	return err
}

// metric reads one figure that a service exports.
func (t *trial) metric(ctx context.Context, service, name string) (float64, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, t.URL(service)+"/metrics", nil)
	if err != nil {
		return 0, err
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return 0, err
	}
	defer resp.Body.Close()
	for s := bufio.NewScanner(resp.Body); s.Scan(); {
		if rest, ok := strings.CutPrefix(s.Text(), name); ok {
			return strconv.ParseFloat(rest[strings.LastIndexByte(rest, ' ')+1:], 64)
		}
	}
	return 0, fmt.Errorf("%s exports no %s", service, name)
}
