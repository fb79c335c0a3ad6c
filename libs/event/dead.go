package event

import (
	"context"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"

	"egov/libs/fault"
)

// The refusals of DeadLetters.
var (
	ErrNoDeadLetter = fault.New(fault.NotFound, "dead_letter_not_found",
		"没有这条死信", "there is no such dead letter")
	ErrNotRetryable = fault.New(fault.Refused, "dead_letter_not_retryable",
		"该死信无法读取或编号重复，不能重试，只能跳过", "the dead letter cannot be read or its number was used twice; it can only be skipped")
)

// DeadLetter is one fact a consumer gave up on.
type DeadLetter struct {
	ID       int64 // of the dead letter, not of the fact
	Consumer string
	StreamID string
	Record   Record // of an unreadable entry as far as it could be read; Data then holds all its fields
	Blocks   bool   // later facts of the subject wait for it
	Attempts int
	Reason   string // the last error, for operators
	HeldAt   time.Time
}

// DeadLetters is the operator's way to the facts consumers gave up on in one
// service's database.
type DeadLetters struct{ db database }

// database is a pool, or a transaction that what is done becomes a part of.
type database interface {
	Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error)
	Begin(ctx context.Context) (pgx.Tx, error)
}

// NewDeadLetters works on a database, which is a *pgxpool.Pool, or inside of one
// of its transactions.
func NewDeadLetters(db database) *DeadLetters { return &DeadLetters{db} }

const deadColumns = `SELECT h.id, s.consumer, h.stream_id, h.event_id, s.source, h.type, h.subject, h.time, h.unit, h.actor, coalesce(h.seq, 0), h.traceparent, h.data,
	h.recorded_at, h.seq IS NOT NULL, h.attempts, h.error, h.held_at
	FROM event_held h JOIN event_subscription s ON s.id = h.subscription WHERE h.state = 'dead' `

func scanDead(row pgx.CollectableRow) (d DeadLetter, err error) {
	r := &d.Record
	return d, row.Scan(&d.ID, &d.Consumer, &d.StreamID, &r.ID, &r.Source, &r.Type, &r.Subject, &r.Time, &r.Unit, &r.Actor, &r.Seq, &r.TraceParent, &r.Data,
		&r.RecordedAt, &d.Blocks, &d.Attempts, &d.Reason, &d.HeldAt)
}

// List returns up to limit dead letters with an id above after, oldest first.
func (d *DeadLetters) List(ctx context.Context, after int64, limit int) ([]DeadLetter, error) {
	rows, err := d.db.Query(ctx, deadColumns+"AND h.id > $1 ORDER BY h.id LIMIT $2", after, limit)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, scanDead)
}

// Show returns one dead letter, or ErrNoDeadLetter.
func (d *DeadLetters) Show(ctx context.Context, id int64) (DeadLetter, error) {
	rows, err := d.db.Query(ctx, deadColumns+"AND h.id = $1", id)
	if err != nil {
		return DeadLetter{}, err
	}
	l, err := pgx.CollectExactlyOneRow(rows, scanDead)
	if errors.Is(err, pgx.ErrNoRows) {
		return DeadLetter{}, ErrNoDeadLetter
	}
	return l, err
}

// Retry has the consumer try a dead letter again, with all its attempts; what
// waits behind it follows by itself. What stated says is published with it, or
// not at all. Errors: ErrNoDeadLetter, ErrNotRetryable.
func (d *DeadLetters) Retry(ctx context.Context, id int64, stated ...Record) error {
	l, err := d.Show(ctx, id)
	if err != nil {
		return err
	}
	if !l.Blocks {
		return ErrNotRetryable
	}
	return pgx.BeginFunc(ctx, d.db, func(tx pgx.Tx) error {
		tag, err := tx.Exec(ctx, "UPDATE event_held SET state = 'failed', attempts = 0, next_at = now() WHERE id = $1 AND state = 'dead'", id)
		if err != nil {
			return err
		}
		if tag.RowsAffected() == 0 {
			return ErrNoDeadLetter
		}
		b := &pgx.Batch{}
		Enqueue(b, stated)
		return tx.SendBatch(ctx, b).Close()
	})
}

// Skip gives a dead letter up for good: what waits behind it proceeds without
// its effects. The reason and the number stay on record in event_lost. What
// stated says is published with it, or not at all. Errors: ErrNoDeadLetter.
func (d *DeadLetters) Skip(ctx context.Context, id int64, reason string, stated ...Record) error {
	return pgx.BeginFunc(ctx, d.db, func(tx pgx.Tx) error {
		var sub int16
		var subject string
		var seq *int64
		// The subject's lock comes before the row's, as it does in the consumer.
		_, err := tx.Exec(ctx, `SELECT FROM event_position p JOIN event_held h USING (subscription, subject) WHERE h.id = $1 FOR UPDATE OF p`, id)
		if err != nil {
			return err
		}
		err = tx.QueryRow(ctx, "DELETE FROM event_held WHERE id = $1 AND state = 'dead' RETURNING subscription, subject, seq", id).Scan(&sub, &subject, &seq)
		if errors.Is(err, pgx.ErrNoRows) {
			return ErrNoDeadLetter
		}
		if err != nil {
			return err
		}
		b := &pgx.Batch{}
		if seq != nil {
			reached := []any{[]int16{sub}, []string{subject}, []int64{*seq}}
			b.Queue("INSERT INTO event_lost (subscription, subject, from_seq, to_seq, reason) VALUES ($1, $2, $3, $3, $4) ON CONFLICT DO NOTHING", sub, subject, *seq, reason)
			b.Queue(advanceSQL, reached...)
			b.Queue(unblockSQL, reached...)
		}
		Enqueue(b, stated)
		return tx.SendBatch(ctx, b).Close()
	})
}
