package store

import (
	"bytes"
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"

	"github.com/jackc/pgx/v5"

	"egov/libs/pg"
)

// Once carries out a command that changes no aggregate, in one transaction with
// what it answers: a request that comes again under its key, also at the same
// time, is given the first answer, and f is not run. Without a key f is run each
// time. What f states it enqueues in the transaction that it is given; it may be
// run again after a conflict, so it has no other effects. name tells the calls of
// one request apart. Besides f's errors: ErrKeyReuse.
func Once[T any](ctx context.Context, s *Store, name string, f func(context.Context, pgx.Tx) (T, error)) (T, error) {
	var out T
	err := retry(ctx, func() error {
		c := commandFrom(ctx)
		c.restart()
		return pgx.BeginFunc(ctx, s.pool, func(tx pgx.Tx) error {
			var err error
			out, err = once(ctx, tx, c.next(name), f)
			return err
		})
	})
	if err != nil {
		var none T
		return none, pg.Fault(err)
	}
	s.wake()
	return out, nil
}

func once[T any](ctx context.Context, tx pgx.Tx, this step, f func(context.Context, pgx.Tx) (T, error)) (out T, err error) {
	if !this.active() {
		return f(ctx, tx)
	}
	// Whoever has the key now is waited for: his answer is this one's too.
	if _, err := tx.Exec(ctx, "SELECT pg_advisory_xact_lock($1)", int64(binary.BigEndian.Uint64(this.key))); err != nil {
		return out, err
	}
	var kept answer
	err = tx.QueryRow(ctx, "SELECT body_hash, answer FROM idempotency WHERE key = $1", this.key).Scan(&kept.hash, &kept.body)
	switch {
	case err == nil && !bytes.Equal(kept.hash, this.hash):
		return out, ErrKeyReuse
	case err == nil:
		return out, json.Unmarshal(kept.body, &out)
	case !errors.Is(err, pgx.ErrNoRows):
		return out, err
	}
	if out, err = f(ctx, tx); err != nil {
		return out, err
	}
	text, err := json.Marshal(out)
	if err != nil {
		return out, err
	}
	_, err = tx.Exec(ctx, "INSERT INTO idempotency (key, body_hash, answer) VALUES ($1, $2, $3)", this.key, this.hash, text)
	return out, err
}
