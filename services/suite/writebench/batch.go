package writebench

import (
	"context"
	"crypto/sha256"
	"fmt"
	"iter"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"egov/libs/pg"
)

// batches is a side that sends what pgbench sends, as one batch of pgx for each
// submission, from as many connections.
func (b *Bench) batches(ctx context.Context) (round, error) {
	first, err := b.take(ctx, b.o.Requests)
	if err != nil {
		return round{}, err
	}
	pool, err := pg.Open(ctx, b.o.AppURL, "", pg.PoolOptions{MaxConns: few})
	if err != nil {
		return round{}, err
	}
	defer pool.Close()
	return b.measure(ctx, b.servers[0], b.o.Requests, written, func() (time.Duration, error) {
		began := time.Now()
		err := b.sendBatches(ctx, pool, first, b.o.Requests)
		return time.Since(began), err
	})
}

func (b *Bench) sendBatches(ctx context.Context, pool *pgxpool.Pool, first, requests int) error {
	return inTurn(ctx, few, requests, func(ctx context.Context, turns iter.Seq[int]) error {
		conn, err := pool.Acquire(ctx)
		if err != nil {
			return err
		}
		defer conn.Release()
		for n := range turns {
			if err := conn.SendBatch(ctx, b.submission.again(name(first+n))).Close(); err != nil {
				return err
			}
		}
		return nil
	})
}

// again is the submission of another draft, under a key of its own. Parameters
// are sent as the text that was logged.
func (s submission) again(id string) *pgx.Batch {
	out := &pgx.Batch{}
	for _, st := range s.statements {
		args := make([]any, len(st.params))
		for i, p := range st.params {
			switch {
			case st.keyed(i + 1):
				args[i] = fmt.Sprintf(`{"\\x%x"}`, sha256.Sum256([]byte(id)))
			case p == nil: // NULL
			case len(*p) > maxName:
				args[i] = *p
			case aUUID.MatchString(*p):
				args[i] = uuid.NewString()
			default:
				args[i] = strings.ReplaceAll(*p, s.id, id)
			}
		}
		out.Queue(st.sql, args...)
	}
	return out
}
