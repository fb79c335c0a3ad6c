package event

import (
	"context"
	"errors"
	"log/slog"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

const (
	firstPause = 100 * time.Millisecond
	lastPause  = 2 * time.Second
	calm       = 10 * time.Second // a run this long starts the pauses anew
)

// errAgain ends one run of a loop that is to start over at once.
var errAgain = errors.New("start over")

// reporter tells of a loop's failures: every one in the count, and in the log
// one that differs from the last or comes a minute later, so that an outage of
// an hour is not a log of gigabytes.
type reporter struct {
	log    *slog.Logger
	failed prometheus.Counter // may be nil

	mu     sync.Mutex
	last   string
	logged time.Time
}

func (r *reporter) report(err error, pause time.Duration) {
	if r.failed != nil {
		r.failed.Inc()
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if text := err.Error(); text != r.last || time.Since(r.logged) >= time.Minute {
		r.last, r.logged = text, time.Now()
		r.log.Warn("events: tried again after a pause", "pause", pause, "error", text)
	}
}

// forever runs f again and again until ctx ends. After a failure it reports
// and pauses, between 100 ms and 2 s, doubling and spread by half at random so
// that processes hit by one outage do not return as one.
func forever(ctx context.Context, report func(err error, pause time.Duration), f func(context.Context) error) error {
	pause := firstPause
	for {
		began := time.Now()
		err := f(ctx)
		if ctx.Err() != nil {
			return nil
		}
		if err == nil || errors.Is(err, errAgain) {
			continue
		}
		if time.Since(began) > calm {
			pause = firstPause
		}
		d := pause/2 + rand.N(pause)
		report(err, d)
		if !wait(ctx, d) {
			return nil
		}
		pause = min(2*pause, lastPause)
	}
}

// every runs f now and then once an interval until ctx ends or f fails.
func every(ctx context.Context, interval time.Duration, f func(context.Context) error) error {
	for {
		if err := f(ctx); err != nil {
			return err
		}
		if !wait(ctx, interval) {
			return ctx.Err()
		}
	}
}

// wait pauses for d. It answers false when ctx ended.
func wait(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-t.C:
		return true
	}
}

// persist runs f until it succeeds, with the pauses of forever. It answers
// false when ctx ended first.
func persist(ctx context.Context, report func(err error, pause time.Duration), f func(context.Context) error) bool {
	done, stop := context.WithCancel(ctx)
	defer stop()
	succeeded := false
	_ = forever(done, report, func(ctx context.Context) error { // it only ever returns nil
		err := f(ctx)
		if err == nil {
			succeeded = true
			stop()
		}
		return err
	})
	return succeeded
}
