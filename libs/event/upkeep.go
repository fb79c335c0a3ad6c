package event

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/redis/go-redis/v9"

	"egov/libs/sign"
)

// groupGrace is how long trimming waits for a consumer group that is gone: a
// destroyed group comes back by itself and needs what it had not read.
const groupGrace = 10 * time.Minute

// upkeep trims, closes windows and measures, once an interval.
func (r *Relay) upkeep(ctx context.Context) error {
	return every(ctx, r.o.Upkeep, func(ctx context.Context) error {
		return errors.Join(r.trim(ctx), r.closeWindows(ctx), r.measure(ctx))
	})
}

// maintain makes and drops partitions, once an interval.
func (r *Relay) maintain(ctx context.Context) error {
	return every(ctx, r.o.Maintenance, func(ctx context.Context) error {
		_, err := r.pool.Exec(ctx, "SELECT event_maintain()")
		return err
	})
}

// trim removes what every group has acknowledged, and remembers how far that
// is in the database: a lost stream is published again from there. It never
// counts entries: a bound on length drops what a slow consumer has not read.
func (r *Relay) trim(ctx context.Context) error {
	low, ok, err := r.acknowledged(ctx)
	if err != nil || !ok {
		return err
	}
	if _, err := r.pool.Exec(ctx, "UPDATE event_origin SET floor = $1 WHERE floor <> $1", low.String()); err != nil {
		return err
	}
	pipe := r.rdb.Pipeline()
	pipe.XTrimMinIDApprox(ctx, streamKey(r.source), low.String(), 0)
	left := pipe.XRangeN(ctx, streamKey(r.source), "-", low.String(), 1)
	if _, err := pipe.Exec(ctx); err != nil {
		return err
	}
	// Redis leaves entries where taking them would cost too much. Who comes to
	// read them has to find what proves them.
	oldest := low.String()
	if entries := left.Val(); len(entries) > 0 {
		oldest = entries[0].ID
	}
	return r.rdb.XTrimMinIDApprox(ctx, proofKey(streamKey(r.source)), oldest, 0).Err()
}

// acknowledged is the id up to which every group has acknowledged everything.
// It is unknown while there is no group, or one is missing that was there.
func (r *Relay) acknowledged(ctx context.Context) (low streamID, ok bool, err error) {
	groups, err := r.rdb.XInfoGroups(ctx, streamKey(r.source)).Result()
	if gone(err) {
		return low, false, nil
	}
	if err != nil {
		return low, false, err
	}
	for i, g := range groups {
		id, err := parseStreamID(g.LastDeliveredID)
		if err != nil {
			return low, false, err
		}
		if g.Pending > 0 {
			p, err := r.rdb.XPending(ctx, streamKey(r.source), g.Name).Result()
			if err != nil {
				return low, false, err
			}
			if p.Count > 0 {
				first, err := parseStreamID(p.Lower)
				if err != nil {
					return low, false, err
				}
				if first.lo--; first.compare(id) < 0 { // the one before it is acknowledged; ids end in a row number ≥ 1
					id = first
				}
			}
		}
		if i == 0 || id.compare(low) < 0 {
			low = id
		}
	}
	return low, r.allPresent(groups) && low.epoch() > 0, nil
}

// joinRounds is for how many rounds of upkeep nothing is trimmed after a group
// has come that was not known: where services start together, others follow, and
// a group that comes too late waits for reconciliation to have what it missed.
const joinRounds = 24

// allPresent notes the groups that are there and reports whether none of the
// recent ones is missing and none has come just now.
func (r *Relay) allPresent(groups []redis.XInfoGroup) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	now := time.Now()
	for _, g := range groups {
		if _, known := r.groups[g.Name]; !known {
			r.joined = now
		}
		r.groups[g.Name] = now
	}
	for name, seen := range r.groups {
		if now.Sub(seen) > groupGrace {
			delete(r.groups, name)
		}
	}
	return len(groups) > 0 && len(r.groups) == len(groups) && now.Sub(r.joined) >= joinRounds*r.o.Upkeep
}

// mark is a moment by the database's clock, and the first transaction id that
// was not yet given out then.
type mark struct {
	at   time.Time
	xmax uint64
}

// closeWindows counts windows of the outbox that can change no more and
// offers them to consumers. A window is closed when every transaction that was
// open at its end is over.
func (r *Relay) closeWindows(ctx context.Context) error {
	var now mark
	var xmin uint64
	err := r.pool.QueryRow(ctx, `SELECT clock_timestamp(), pg_snapshot_xmin(s), pg_snapshot_xmax(s) FROM pg_current_snapshot() s`).
		Scan(&now.at, &xmin, &now.xmax)
	if err != nil {
		return err
	}
	var settled time.Time
	r.mu.Lock()
	r.marks = append(r.marks, now)
	for len(r.marks) > 0 && r.marks[0].xmax <= xmin {
		settled = r.marks[0].at
		r.marks = r.marks[1:]
	}
	r.mu.Unlock()
	until := settled.Truncate(r.o.Window)
	if settled.IsZero() {
		return r.offerWindows(ctx)
	}
	if err := r.countWindows(ctx, until); err != nil {
		return fmt.Errorf("close windows: %w", err)
	}
	return r.offerWindows(ctx)
}

// countWindows stores count and digest of every window up to until that was
// not closed before. Windows without rows are not stored.
func (r *Relay) countWindows(ctx context.Context, until time.Time) error {
	return pgx.BeginFunc(ctx, r.pool, func(tx pgx.Tx) error {
		var from *time.Time // nil: never closed one
		err := tx.QueryRow(ctx, "SELECT nullif(closed_until, '-infinity') FROM event_origin FOR UPDATE").Scan(&from)
		if errors.Is(err, pgx.ErrNoRows) {
			return nil // the first run of the relay makes the row
		}
		if err != nil || (from != nil && !from.Before(until)) {
			return err
		}
		b := &pgx.Batch{}
		b.Queue(`INSERT INTO event_window (starts_at, ends_at, rows, digest)
			SELECT w, w + $3::interval, count(*), bit_xor(event_digest(event_id))
			  FROM (SELECT date_bin($3::interval, recorded_at, TIMESTAMPTZ '2000-01-01 00:00:00+00') AS w, event_id
			          FROM event_outbox WHERE recorded_at < $2 AND recorded_at >= coalesce($1::timestamptz, '-infinity')) o
			 GROUP BY w ON CONFLICT (starts_at) DO NOTHING`, from, until, r.o.Window)
		b.Queue("UPDATE event_origin SET closed_until = $1", until)
		return tx.SendBatch(ctx, b).Close()
	})
}

// offerWindows writes the closed windows to Redis, where consumers compare
// them with their inboxes, signed with the service's key, unless what stands
// there is the same.
func (r *Relay) offerWindows(ctx context.Context) error {
	b := &pgx.Batch{}
	var until *time.Time
	var windows []window
	b.Queue("SELECT nullif(closed_until, '-infinity') FROM event_origin").QueryRow(func(row pgx.Row) error {
		if err := row.Scan(&until); !errors.Is(err, pgx.ErrNoRows) {
			return err
		}
		return nil // the first run of the relay makes the row
	})
	b.Queue("SELECT starts_at, ends_at, rows, digest FROM event_window ORDER BY starts_at").Query(func(rows pgx.Rows) (err error) {
		windows, err = pgx.CollectRows(rows, pgx.RowToStructByPos[window])
		return err
	})
	if err := r.pool.SendBatch(ctx, b).Close(); err != nil || until == nil {
		return err
	}
	// Another relay may have closed windows between the two statements.
	windows = slices.DeleteFunc(windows, func(w window) bool { return w.EndsAt.After(*until) })
	var key *sign.PrivateKey
	if r.o.Signer != nil {
		var err error
		if key, err = r.o.Signer.SigningKey(); err != nil {
			return fmt.Errorf("the key to sign windows with: %w", err)
		}
	}
	if same, err := r.offered(ctx, windows, *until, key); err != nil || same {
		return err
	}
	values := make([]any, 0, 2*len(windows)+4)
	for _, w := range windows {
		values = append(values, w.field(), w.value())
	}
	if len(windows) > 0 {
		values = append(values, oldestField, windows[0].field())
	}
	if key != nil {
		s, err := signWindows(key, r.source, time.Now(), *until, windows)
		if err != nil {
			return err
		}
		values = append(values, statementField(*until), s.value())
	}
	if len(values) == 0 {
		return nil
	}
	pipe := r.rdb.TxPipeline()
	pipe.Del(ctx, windowKey(r.source))
	pipe.HSet(ctx, windowKey(r.source), values...)
	_, err := pipe.Exec(ctx)
	return err
}

// offered says whether these windows stand in Redis, under a statement by that
// key, as far as their ends show. Whoever changes one between them makes it a
// forged offer, until the next window is closed.
func (r *Relay) offered(ctx context.Context, windows []window, until time.Time, key *sign.PrivateKey) (bool, error) {
	fields := []string{statementField(until)}
	if len(windows) > 0 {
		fields = append(fields, oldestField, windows[len(windows)-1].field())
	}
	there, err := r.rdb.HMGet(ctx, windowKey(r.source), fields...).Result()
	if err != nil {
		return false, err
	}
	if len(windows) > 0 && (there[1] != windows[0].field() || there[2] != windows[len(windows)-1].value()) {
		return false, nil
	}
	if key == nil {
		return there[0] == nil, nil
	}
	value, _ := there[0].(string)
	s, ok, err := parseStatement(window{StartsAt: until, EndsAt: until}, value)
	return ok && err == nil && s.keyID == key.KeyID(), nil
}

// measure sets the relay's gauges.
func (r *Relay) measure(ctx context.Context) error {
	epoch := int(r.epoch.Load())
	if epoch == 0 {
		return nil
	}
	last, err := r.lastID(ctx)
	if err != nil {
		return err
	}
	if last.epoch() != epoch {
		last = newStreamID(epoch, 0, 0)
	}
	var waiting int64
	var oldest float64
	err = r.pool.QueryRow(ctx, `SELECT count(*), coalesce(extract(epoch FROM clock_timestamp() - min(recorded_at)), 0)::float8
		FROM (SELECT recorded_at FROM event_outbox WHERE (txid, id) > ($1::xid8, $2::bigint) ORDER BY txid, id LIMIT 10000) o`,
		last.txid(), last.lo).Scan(&waiting, &oldest)
	if err != nil {
		return err
	}
	r.m.waiting.Set(float64(waiting))
	r.m.oldest.Set(oldest)
	return nil
}
