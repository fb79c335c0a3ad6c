package event

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/redis/go-redis/v9"
)

// repairs is how often a window is asked for before it is put on record as
// differing and passed.
const repairs = 5

// reconcile compares the inbox with the closed windows of every producer,
// once an interval, and asks for what is missing. It is the running proof
// that nothing is lost.
func (c *Consumer) reconcile(ctx context.Context) error {
	asked := map[string]int{} // by source, requests for the window that differs
	return every(ctx, c.o.Reconcile, func(ctx context.Context) error {
		var errs error
		for _, source := range c.sources {
			errs = errors.Join(errs, c.reconcileSource(ctx, source, asked))
		}
		return errs
	})
}

// reconcileSource compares one producer's windows in order, up to the first
// that differs.
func (c *Consumer) reconcileSource(ctx context.Context, source string, asked map[string]int) error {
	offered, err := c.rdb.HGetAll(ctx, windowKey(source)).Result()
	if err != nil {
		return err
	}
	delete(offered, "oldest")
	var windows []window
	for field, value := range offered {
		w, err := parseWindow(field, value)
		if err != nil {
			return err
		}
		windows = append(windows, w)
	}
	slices.SortFunc(windows, func(a, b window) int { return a.StartsAt.Compare(b.StartsAt) })
	judged, err := c.settledUntil(ctx, source)
	if err != nil {
		return err
	}
	sub := c.subs[source]
	var done *time.Time
	if err := c.pool.QueryRow(ctx, "SELECT nullif(reconciled_to, '-infinity') FROM event_subscription WHERE id = $1", sub).Scan(&done); err != nil {
		return err
	}
	for _, w := range windows {
		if done != nil && !w.EndsAt.After(*done) {
			continue
		}
		if w.EndsAt.After(judged) {
			return nil
		}
		var rows, digest int64
		err := c.pool.QueryRow(ctx, `SELECT count(*), coalesce(bit_xor(event_digest(event_id)), 0) FROM event_inbox
			WHERE subscription = $1 AND recorded_at >= $2 AND recorded_at < $3`, sub, w.StartsAt, w.EndsAt).Scan(&rows, &digest)
		if err != nil {
			return err
		}
		if rows == w.Rows && digest == w.Digest {
			c.m.reconciled.WithLabelValues(source).Add(float64(rows))
			c.m.missing.WithLabelValues(source).Set(0)
			if err := c.reconciledTo(ctx, source, sub, w.EndsAt); err != nil {
				return err
			}
			delete(asked, source)
			continue
		}
		differ := float64(max(w.Rows-rows, 1))
		c.m.missing.WithLabelValues(source).Set(differ)
		if asked[source]++; asked[source] <= repairs {
			return ask(ctx, c.rdb, source, request{group: c.name, from: w.StartsAt.UnixMicro(), to: w.EndsAt.UnixMicro()})
		}
		c.log.ErrorContext(ctx, "consumer: a closed window differs from the producer's and was not repaired",
			"source", source, "from", w.StartsAt, "to", w.EndsAt, "produced", w.Rows, "received", rows)
		c.m.unrepaired.Add(differ)
		if err := c.reconciledTo(ctx, source, sub, w.EndsAt); err != nil {
			return err
		}
		delete(asked, source)
	}
	return nil
}

func (c *Consumer) reconciledTo(ctx context.Context, source string, sub int16, to time.Time) error {
	c.m.reconciledTo.WithLabelValues(source).Set(float64(to.Unix()))
	_, err := c.pool.Exec(ctx, "UPDATE event_subscription SET reconciled_to = $2 WHERE id = $1", sub, to)
	return err
}

// judgeMargin is how much older than everything outstanding a window must be
// to be judged: the stream is not strictly in the order of recording.
const judgeMargin = time.Minute

// settledUntil is the time up to which this group has nothing outstanding in
// a source's stream: what was recorded before and is not in the inbox will not
// come by itself.
func (c *Consumer) settledUntil(ctx context.Context, source string) (time.Time, error) {
	key := streamKey(source)
	groups, err := c.rdb.XInfoGroups(ctx, key).Result()
	if err != nil && !gone(err) {
		return time.Time{}, err
	}
	i := slices.IndexFunc(groups, func(g redis.XInfoGroup) bool { return g.Name == c.name })
	if i < 0 {
		return time.Time{}, nil // the group is made again in a moment
	}
	outstanding, err := c.rdb.XRangeN(ctx, key, "("+groups[i].LastDeliveredID, "+", 1).Result()
	if err != nil {
		return time.Time{}, err
	}
	if groups[i].Pending > 0 {
		p, err := c.rdb.XPending(ctx, key, c.name).Result()
		if err != nil {
			return time.Time{}, err
		}
		if p.Count > 0 {
			oldest, err := c.rdb.XRangeN(ctx, key, p.Lower, p.Lower, 1).Result()
			if err != nil {
				return time.Time{}, err
			}
			outstanding = append(outstanding, oldest...)
		}
	}
	if len(outstanding) == 0 {
		return time.Now().Add(24 * time.Hour), nil // whatever the producer's clock says
	}
	until := time.Now()
	for _, m := range outstanding {
		value, _ := m.Values[EntryField].(string)
		a, _, _ := unpack([]byte(value)) // an entry that cannot be read is no fact
		if at, err := parseTime(a[attrRecorded]); err == nil && at.Before(until) {
			until = at
		}
	}
	return until.Add(-judgeMargin), nil
}
