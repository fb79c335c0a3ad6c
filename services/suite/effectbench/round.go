package effectbench

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"net/http"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"egov/services/suite/stack"
)

// submission is one of a round, with its moments.
type submission struct {
	project string
	bearer  string // of who drafted it

	due       time.Time // to be sent
	sent      time.Time
	answered  time.Time
	effective time.Time // seen in the ledger; zero = not yet
}

// round makes drafts, waits until nothing is under way any more, submits the
// drafts by the clock, and waits until every fact that follows has its row.
func (b *Bench) round(ctx context.Context) (figures, error) {
	all, err := b.draft(ctx, b.arrivals())
	if err != nil {
		return figures{}, err
	}
	if err := b.settle(ctx); err != nil {
		return figures{}, err
	}
	ledger, err := b.open(ctx)
	if err != nil {
		return figures{}, err
	}
	defer ledger.close(context.WithoutCancel(ctx))
	if err := b.submit(ctx, all, ledger); err != nil {
		return figures{}, err
	}
	return figuresOf(all), b.settle(ctx)
}

// submit sends all by the clock, and returns when all have their effect.
func (b *Bench) submit(ctx context.Context, all []submission, ledger *ledger) error {
	ctx, cancel := context.WithTimeout(ctx, b.o.Length+patience)
	defer cancel()
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error { return ledger.watch(ctx, expect(all)) })
	g.Go(func() error {
		return arrive(ctx, time.Now(), b.every(), len(all), func(i int, due time.Time) error {
			s := &all[i]
			s.due, s.sent = due, time.Now()
			_, err := b.post(ctx, "/v1/projects/"+s.project+"/submit", s.bearer, nil)
			s.answered = time.Now()
			return err
		})
	})
	return g.Wait()
}

// arrive calls send for n arrivals, the first when it began, each at its due
// time and in a goroutine of its own: none waits for another. It returns when
// all have, with the first error; after one nothing more arrives.
func arrive(ctx context.Context, began time.Time, every time.Duration, n int, send func(i int, due time.Time) error) error {
	g, ctx := errgroup.WithContext(ctx)
	for i := range n {
		due := began.Add(time.Duration(i) * every)
		select {
		case <-time.After(time.Until(due)):
			g.Go(func() error { return send(i, due) })
		case <-ctx.Done():
			g.Go(ctx.Err) // the error that ended it came first
			return g.Wait()
		}
	}
	return g.Wait()
}

// draft makes n drafts, over as many connections as there are declarers.
func (b *Bench) draft(ctx context.Context, n int) ([]submission, error) {
	all := make([]submission, n)
	var next atomic.Int64
	g, ctx := errgroup.WithContext(ctx)
	for _, account := range stack.Declarers {
		g.Go(func() error {
			bearer, err := b.signIn(ctx, account)
			if err != nil {
				return err
			}
			for {
				i := int(next.Add(1)) - 1
				if i >= n {
					return nil
				}
				if all[i].project, err = b.declare(ctx, bearer); err != nil {
					return err
				}
				all[i].bearer = bearer
			}
		})
	}
	return all, g.Wait()
}

// declare makes one draft and gives its id.
func (b *Bench) declare(ctx context.Context, bearer string) (string, error) {
	body, err := stack.Declaration("时延"+rand.Text(), 8, 30_000_000)
	if err != nil {
		return "", err
	}
	answer, err := b.post(ctx, "/v1/projects", bearer, body)
	if err != nil {
		return "", err
	}
	var p struct {
		ID string `json:"id"`
	}
	err = json.Unmarshal(answer, &p)
	return p.ID, err
}

func (b *Bench) signIn(ctx context.Context, account string) (string, error) {
	body, err := b.client.Credentials(account)
	if err != nil {
		return "", err
	}
	answer, err := b.client.Send(ctx, "identity", http.MethodPost, "/v1/sessions", body, nil)
	if err != nil {
		return "", fmt.Errorf("%s signs in: %w", account, err)
	}
	return stack.Token(answer)
}

// post sends one command under a key of its own.
func (b *Bench) post(ctx context.Context, path, bearer string, body []byte) ([]byte, error) {
	answer, err := b.client.Send(ctx, "declaration", http.MethodPost, path, body, map[string]string{
		"Authorization": "Bearer " + bearer, "Idempotency-Key": rand.Text(),
	})
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return answer, nil
}
