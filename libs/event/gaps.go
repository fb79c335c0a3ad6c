package event

import (
	"context"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"
)

// gap is a run of missing numbers before a held fact.
type gap struct {
	next  time.Time     // when to ask
	pause time.Duration // until the next time
	seen  bool          // in this round
}

const (
	gapPause    = 2 * time.Second // between the first and the second request; doubled after
	gapPauseMax = time.Minute
	gapLongest  = 10_000 // numbers a request asks for at most
)

// upkeep looks after what is held, asks for what is missing and measures,
// once an interval.
func (c *Consumer) upkeep(ctx context.Context) error {
	return every(ctx, c.o.Upkeep, func(ctx context.Context) error {
		return errors.Join(c.unblock(ctx), c.askForGaps(ctx), c.measure(ctx))
	})
}

// lowestSQL finds each subject's lowest held number, by skipping from subject
// to subject, and where the subject stands.
const lowestSQL = `WITH RECURSIVE lowest AS (
	(SELECT subscription, subject, seq FROM event_held WHERE subscription = ANY($1) AND seq IS NOT NULL ORDER BY subscription, subject, seq LIMIT 1)
	UNION ALL
	SELECT n.* FROM lowest l, LATERAL (
		SELECT subscription, subject, seq FROM event_held h
		 WHERE (h.subscription, h.subject) > (l.subscription, l.subject) AND h.subscription = ANY($1) AND h.seq IS NOT NULL
		 ORDER BY subscription, subject, seq LIMIT 1) n)
SELECT l.subscription, l.subject, p.seq AS reached, l.seq FROM lowest l JOIN event_position p USING (subscription, subject)`

// gapsSQL keeps those whose predecessor is missing.
const gapsSQL = "SELECT * FROM (" + lowestSQL + ") o WHERE seq > reached + 1"

// unblock gives early facts their turn that were not given it: every
// transaction does so for what it unblocks, and this is the net beneath.
func (c *Consumer) unblock(ctx context.Context) error {
	_, err := c.pool.Exec(ctx, "UPDATE event_held h SET next_at = now() FROM ("+lowestSQL+`) o
		WHERE h.subscription = o.subscription AND h.subject = o.subject AND h.seq = o.seq AND o.seq <= o.reached + 1 AND h.state = 'early' AND h.next_at IS NULL`, c.mySubs())
	return err
}

// askForGaps asks producers for numbers that have been missing for a while,
// and again, ever more rarely, until they come.
func (c *Consumer) askForGaps(ctx context.Context) error {
	rows, err := c.pool.Query(ctx, gapsSQL, c.mySubs())
	if err != nil {
		return err
	}
	now := time.Now()
	type missing struct {
		key subjectKey
		request
	}
	var due []missing
	var k subjectKey
	var seq, held int64
	_, err = pgx.ForEachRow(rows, []any{&k.sub, &k.subject, &seq, &held}, func() error {
		g := c.gaps[k]
		if g == nil {
			g = &gap{next: now.Add(c.o.GapWait), pause: gapPause}
			c.gaps[k] = g
		}
		g.seen = true
		if !now.Before(g.next) {
			due = append(due, missing{k, request{group: c.name, subject: k.subject, from: seq + 1, to: min(held-1, seq+gapLongest)}})
		}
		return nil
	})
	if err != nil {
		return err
	}
	for k, g := range c.gaps {
		if !g.seen {
			delete(c.gaps, k)
		}
		g.seen = false
	}
	for _, d := range due {
		if err := ask(ctx, c.rdb, c.bySub[d.key.sub], d.request); err != nil {
			return err
		}
		c.m.gaps.Inc()
		g := c.gaps[d.key]
		g.next, g.pause = now.Add(g.pause), min(2*g.pause, gapPauseMax)
	}
	return nil
}

// abandoned is after what idle time a group's member without entries is taken
// off the list.
const abandoned = time.Hour

// measure sets the consumer's gauges and tidies the groups' lists of members.
func (c *Consumer) measure(ctx context.Context) error {
	delays := c.reader.proofs.delays()
	for _, source := range c.sources {
		c.m.unproven.WithLabelValues(source).Set(delays[source].Seconds())
		c.m.statementAge.WithLabelValues(source).Set(c.statements.age(source).Seconds())
	}
	for _, source := range c.sources {
		groups, err := c.rdb.XInfoGroups(ctx, streamKey(source)).Result()
		if err != nil && !gone(err) {
			return err
		}
		for _, g := range groups {
			if g.Name == c.name {
				c.m.lag.WithLabelValues(source).Set(float64(g.Lag))
				c.m.pending.WithLabelValues(source).Set(float64(g.Pending))
			}
		}
		members, err := c.rdb.XInfoConsumers(ctx, streamKey(source), c.name).Result()
		if err != nil && !gone(err) {
			return err
		}
		for _, m := range members {
			if m.Name != c.reader.me && m.Pending == 0 && m.Idle > abandoned {
				if err := c.rdb.XGroupDelConsumer(ctx, streamKey(source), c.name, m.Name).Err(); err != nil {
					return err
				}
			}
		}
	}
	rows, err := c.pool.Query(ctx, "SELECT s.state, count(h.id)::float8 FROM unnest(ARRAY['early', 'failed', 'dead']) s(state) LEFT JOIN event_held h ON h.state = s.state AND h.subscription = ANY($1) GROUP BY 1", c.mySubs())
	if err != nil {
		return err
	}
	var state string
	var n float64
	_, err = pgx.ForEachRow(rows, []any{&state, &n}, func() error {
		c.m.held.WithLabelValues(state).Set(n)
		return nil
	})
	return err
}
