package event

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"
)

// drainPause is how often the due held facts are looked for without being
// woken: a retry's time has come, or another process unblocked them.
const drainPause = 250 * time.Millisecond

// drainHeld applies held facts whose turn has come, until ctx ends.
func (c *Consumer) drainHeld(ctx context.Context) error {
	mine := c.mySubs()
	tick := time.NewTicker(drainPause)
	defer tick.Stop()
	for {
		rows, err := c.pool.Query(ctx, "SELECT DISTINCT subscription, subject FROM event_held WHERE next_at <= now() AND subscription = ANY($1) LIMIT 64", mine)
		if err != nil {
			return err
		}
		var due []subjectKey
		var k subjectKey
		if _, err := pgx.ForEachRow(rows, []any{&k.sub, &k.subject}, func() error { due = append(due, k); return nil }); err != nil {
			return err
		}
		for _, k := range due {
			if err := c.drainSubject(ctx, k); err != nil {
				return err
			}
		}
		if len(due) == 64 {
			continue
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-c.drain:
		case <-tick.C:
		}
	}
}

func (c *Consumer) mySubs() []int16 {
	var ids []int16
	for _, id := range c.subs {
		ids = append(ids, id)
	}
	slices.Sort(ids)
	return ids
}

// heldFact is one row of event_held in the order of its subject.
type heldFact struct {
	id       int64
	state    string
	due      bool
	attempts int
	rec      Record
}

// drainSubject applies a subject's held facts as far as they go, and notes the
// failure of the one at which they stop.
func (c *Consumer) drainSubject(ctx context.Context, k subjectKey) error {
	limit := c.o.Batch
	for ctx.Err() == nil {
		n, err := c.applyHeld(ctx, k, limit)
		effect, ok := errors.AsType[*effectError](err)
		switch {
		case err == nil && n < limit:
			return nil
		case err == nil:
			continue
		case !ok:
			return err
		case effect.at > 0:
			limit = effect.at // up to the one at fault; it is first in the next round
		case n > 1 && effect.at < 0:
			limit = n / 2
		default:
			return c.noteFailure(ctx, k, effect.err)
		}
	}
	return ctx.Err()
}

// applyHeld applies up to limit held facts of one subject in one transaction
// and returns how many it took.
func (c *Consumer) applyHeld(ctx context.Context, k subjectKey, limit int) (n int, err error) {
	tx, err := c.pool.Begin(ctx)
	if err != nil {
		return 0, err
	}
	defer tx.Rollback(context.WithoutCancel(ctx)) // after a commit there is nothing to undo
	seq, facts, err := c.lockHeld(ctx, tx, k, limit)
	if err != nil {
		return 0, err
	}
	var ids []int64
	var recs []Record
	for i, f := range facts {
		if f.rec.Seq != seq+int64(i)+1 || f.state == stateDead || f.state == stateFailed && !f.due {
			break
		}
		ids, recs = append(ids, f.id), append(recs, f.rec)
	}
	b := &pgx.Batch{}
	if len(recs) == 0 { // not its turn after all: only what comes next in order may be due
		b.Queue("UPDATE event_held SET state = 'early', next_at = NULL WHERE subscription = $1 AND subject = $2 AND seq > $3 + 1 AND next_at <= now()", k.sub, k.subject, seq)
		b.Queue("DELETE FROM event_held WHERE subscription = $1 AND subject = $2 AND seq <= $3", k.sub, k.subject, seq)
		if err := tx.SendBatch(ctx, b).Close(); err != nil {
			return 0, err
		}
		return 0, tx.Commit(ctx)
	}
	if err := c.carryOut(ctx, tx, recs); err != nil {
		return len(recs), err
	}
	reached := []any{[]int16{k.sub}, []string{k.subject}, []int64{seq + int64(len(recs))}}
	b.Queue("DELETE FROM event_held WHERE id = ANY($1)", ids)
	b.Queue(advanceSQL, reached...)
	b.Queue(unblockSQL, reached...)
	if err := tx.SendBatch(ctx, b).Close(); err != nil {
		return len(recs), &effectError{-1, err}
	}
	if err := tx.Commit(ctx); err != nil {
		return len(recs), &effectError{-1, err}
	}
	for _, r := range recs {
		c.m.applied.WithLabelValues(r.Source).Inc()
		c.m.delay.WithLabelValues(r.Source).Observe(time.Since(r.RecordedAt).Seconds())
	}
	return len(recs), nil
}

// lockHeld locks a subject and reads where it stands and what follows.
func (c *Consumer) lockHeld(ctx context.Context, tx pgx.Tx, k subjectKey, limit int) (seq int64, facts []heldFact, err error) {
	err = tx.QueryRow(ctx, "SELECT seq FROM event_position WHERE subscription = $1 AND subject = $2 FOR UPDATE", k.sub, k.subject).Scan(&seq)
	if err != nil {
		return 0, nil, err
	}
	rows, err := tx.Query(ctx, `SELECT id, state, coalesce(next_at <= now(), false), attempts, event_id, type, subject, seq, time, recorded_at, unit, actor, traceparent, data, proof
		FROM event_held WHERE subscription = $1 AND subject = $2 AND seq > $3 ORDER BY seq LIMIT $4`, k.sub, k.subject, seq, limit)
	if err != nil {
		return 0, nil, err
	}
	facts, err = pgx.CollectRows(rows, func(row pgx.CollectableRow) (f heldFact, err error) {
		r := &f.rec
		r.Source = c.bySub[k.sub]
		var proof string
		err = row.Scan(&f.id, &f.state, &f.due, &f.attempts, &r.ID, &r.Type, &r.Subject, &r.Seq, &r.Time, &r.RecordedAt, &r.Unit, &r.Actor, &r.TraceParent, &r.Data, &proof)
		if err == nil {
			r.proof, err = parseProven(proof)
		}
		return f, err
	})
	return seq, facts, err
}

// noteFailure counts a failed attempt at the fact whose turn it is, and makes
// it a dead letter when it was the last.
func (c *Consumer) noteFailure(ctx context.Context, k subjectKey, cause error) error {
	c.m.failures.WithLabelValues("handler").Inc()
	return pgx.BeginFunc(ctx, c.pool, func(tx pgx.Tx) error {
		seq, facts, err := c.lockHeld(ctx, tx, k, 1)
		if err != nil || len(facts) == 0 || facts[0].rec.Seq != seq+1 {
			return err
		}
		f := facts[0]
		attempts := f.attempts + 1
		if attempts < c.o.Attempts && !errors.Is(cause, ErrUndecodable) {
			pause := c.o.Retry << (attempts - 1)
			_, err := tx.Exec(ctx, "UPDATE event_held SET state = 'failed', attempts = $2, next_at = now() + $3::interval, error = $4 WHERE id = $1",
				f.id, attempts, pause, reason(cause))
			return err
		}
		c.log.ErrorContext(ctx, "consumer: dead letter", "source", f.rec.Source, "type", f.rec.Type, "subject", f.rec.Subject, "seq", f.rec.Seq, "event", f.rec.ID, "error", cause)
		_, err = tx.Exec(ctx, "UPDATE event_held SET state = 'dead', attempts = $2, next_at = NULL, error = $3 WHERE id = $1", f.id, attempts, reason(cause))
		return err
	})
}

// passGone goes past numbers the producer keeps no longer, and puts on record
// that they were missed. What is held, or comes in the same batch, is not.
func (c *Consumer) passGone(ctx context.Context, tx pgx.Tx, w *work) error {
	for i := range w.batch {
		e := &w.batch[i]
		if e.gone == nil {
			continue
		}
		p := w.places[w.at[i]]
		from, to := p.seq+1, e.gone.to
		if p.held > 0 {
			to = min(to, p.held-1)
		}
		for j := range w.batch {
			if w.fresh[j] && w.at[j] == w.at[i] && w.batch[j].rec.Seq > p.seq {
				to = min(to, w.batch[j].rec.Seq-1)
			}
		}
		if e.gone.from > from || to < from {
			continue
		}
		_, err := tx.Exec(ctx, `INSERT INTO event_lost (subscription, subject, from_seq, to_seq, reason)
			VALUES ($1, $2, $3, $4, 'no longer in the outbox') ON CONFLICT DO NOTHING`, p.key.sub, p.key.subject, from, to)
		if err != nil {
			return fmt.Errorf("pass %d to %d of %s: %w", from, to, e.rec.Subject, err)
		}
		c.m.lost.Add(float64(to - from + 1))
		c.log.WarnContext(ctx, "consumer: facts are kept no longer and were missed", "source", e.rec.Source, "subject", e.rec.Subject, "from", from, "to", to)
		p.seq = to
	}
	return nil
}
