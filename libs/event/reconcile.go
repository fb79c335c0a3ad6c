package event

import (
	"context"
	"errors"
	"slices"
	"sync"
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
	fields, err := c.rdb.HGetAll(ctx, windowKey(source)).Result()
	if err != nil {
		return err
	}
	offered, err := readOffer(fields)
	if err != nil {
		offered = offer{bad: err}
	}
	if believed, err := c.believe(ctx, source, &offered); err != nil || !believed {
		return err
	}
	windows := offered.windows
	if s := offered.statement; s != nil { // it says that nothing was recorded behind the last of them
		windows = append(windows, window{StartsAt: s.until, EndsAt: s.until})
	}
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

// believe says whether a producer's windows count (SH12-C-6). Those of a
// producer that has signed once count only under its signature; those of one that
// never has, of the release before, count as they are. What does not count is
// passed over, and told: a false signature at once, a missing or an old one by
// the age of the newest true one, since the process of another release may take
// it away for a moment while a service is replaced.
func (c *Consumer) believe(ctx context.Context, source string, offered *offer) (bool, error) {
	if c.o.Keys == nil {
		return true, nil
	}
	var signedBefore bool
	if err := c.pool.QueryRow(ctx, "SELECT windows_signed FROM event_subscription WHERE id = $1", c.subs[source]).Scan(&signedBefore); err != nil {
		return false, err
	}
	err := offered.check(c.o.Keys, source)
	if signedBefore || err == nil {
		c.statements.look(source, offered.statement, err == nil)
	}
	switch {
	case err == nil && signedBefore:
		return true, nil
	case err == nil:
		_, err = c.pool.Exec(ctx, "UPDATE event_subscription SET windows_signed = true WHERE id = $1", c.subs[source])
		return err == nil, err
	case errors.Is(err, errWindowsUnsigned):
		if signedBefore {
			c.log.WarnContext(ctx, "consumer: the windows of a producer that signs them are not signed", "source", source)
		}
		return !signedBefore, nil
	case errors.Is(err, ErrWindowsForged):
		c.m.refused.WithLabelValues(source, ErrWindowsForged.Code).Inc()
		c.log.ErrorContext(ctx, "consumer: the windows of a producer are not those it signed", "source", source, "err", err)
	default:
		c.log.WarnContext(ctx, "consumer: the key of a producer's windows is not known, or no good", "source", source, "err", err)
	}
	return false, nil
}

// statements are the newest ones found true, by source. A producer makes a new one
// with each window that it closes, whether anything was recorded in it or not, so
// that one which grows old says that somebody withholds what came since. It is
// safe for concurrent use; its ages are by this process's own clock.
type statements struct {
	mu     sync.Mutex
	newest map[string]time.Time // how far it reaches
	since  map[string]time.Time // when it was first seen
}

// look notes what was found of a source that signs.
func (x *statements) look(source string, s *statement, holds bool) {
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.since == nil {
		x.newest, x.since = map[string]time.Time{}, map[string]time.Time{}
	}
	if _, seen := x.since[source]; !seen {
		x.since[source] = time.Now()
	}
	if holds && s.until.After(x.newest[source]) {
		x.newest[source], x.since[source] = s.until, time.Now()
	}
}

// age is for how long there has been no newer one, zero for a source that was
// never seen to sign.
func (x *statements) age(source string) time.Duration {
	x.mu.Lock()
	defer x.mu.Unlock()
	if at, seen := x.since[source]; seen {
		return time.Since(at)
	}
	return 0
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
		if at, err := time.Parse(time.RFC3339Nano, a[attrRecorded]); err == nil && at.Before(until) {
			until = at
		}
	}
	return until.Add(-judgeMargin), nil
}
