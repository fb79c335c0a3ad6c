package chaos

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"net/http"
	"time"

	"egov/services/suite"
	"egov/services/suite/stack"
)

const (
	warmUp      = 3 * time.Second // of the load, before anything is measured
	calmTime    = 8 * time.Second // over which the undisturbed rate is measured
	drainLimit  = 30 * time.Second
	drainGiveUp = 2 * time.Minute // without anything coming: waiting longer would change nothing
	lookEvery   = 250 * time.Millisecond
	rateFloor   = 0.95
	returnLimit = 5 * time.Second // writes after PostgreSQL, groups after Redis
)

// trial is one fault against the suite under load.
type trial struct {
	*suiteGround
	Result

	seed    uint64
	rng     *rand.Rand
	notes   func(format string, args ...any)
	calm    float64 // commands acknowledged a second before the fault
	soaking time.Duration
	load    *load
}

// onSuite makes a fault of what inflict does to a loaded suite. When it
// returns, what it broke is whole again.
func onSuite(inflict func(context.Context, *trial) error) func(context.Context, *grounds) (Result, error) {
	return func(ctx context.Context, g *grounds) (Result, error) {
		if g.suite == nil {
			s, err := openSuite(ctx, g.o, stack.Options{Serve: g.o.Serve})
			if err != nil {
				return Result{}, err
			}
			g.suite = s
		}
		t := newTrial(g.o, g.suite)
		return t.Result, t.hold(ctx, g.o.Seed, inflict)
	}
}

func newTrial(o Options, g *suiteGround) *trial {
	return &trial{
		suiteGround: g, seed: o.Seed, soaking: o.Soak, rng: rand.New(rand.NewPCG(o.Seed, 1)),
		notes: func(format string, args ...any) { _, _ = fmt.Fprintf(o.Notes, "  "+format+"\n", args...) },
	}
}

// hold goes through the phases of a trial.
func (t *trial) hold(ctx context.Context, seed uint64, inflict func(context.Context, *trial) error) error {
	l := startLoad(ctx, t.URL, t.DemoPassword(), t.journal, seed)
	t.load = l
	err := t.underLoad(ctx, inflict)
	healed := time.Now()
	l.rest()
	if err != nil {
		return err
	}
	if err := t.safety(ctx); err != nil {
		return err
	}
	if err := t.liveness(ctx, healed); err != nil {
		return err
	}
	if t.Recovered > drainLimit {
		t.broken("drained after %.1f s, promised are %.0f", t.Recovered.Seconds(), drainLimit.Seconds())
	}
	return t.ledgerHolds(ctx, l)
}

func (t *trial) underLoad(ctx context.Context, inflict func(context.Context, *trial) error) error {
	if err := pause(ctx, warmUp); err != nil {
		return err
	}
	began := time.Now()
	if err := pause(ctx, calmTime); err != nil {
		return err
	}
	t.calm = t.rateSince(began)
	t.notes("undisturbed: %.1f commands a second", t.calm)
	if t.calm == 0 {
		_, faults := t.journal.all()
		return fmt.Errorf("the load does not run: %v", faults)
	}
	return inflict(ctx, t)
}

// rateSince is how many commands were acknowledged a second since a moment.
func (t *trial) rateSince(began time.Time) float64 {
	return float64(t.journal.since(began)) / time.Since(began).Seconds()
}

// keepsRate notes when callers noticed a fault that they should not notice.
func (t *trial) keepsRate(began time.Time) {
	rate := t.rateSince(began)
	t.notes("disturbed: %.1f commands a second, %.2f of the undisturbed rate", rate, rate/t.calm)
	if rate < rateFloor*t.calm {
		t.broken("callers got %.2f of the undisturbed rate, promised are %.2f", rate/t.calm, rateFloor)
	}
}

// safety holds what callers were told against the database that told them, at
// once.
func (t *trial) safety(ctx context.Context) error {
	w, err := look(ctx, t.Stack)
	if err != nil {
		return err
	}
	entries, faults := t.journal.all()
	t.notes("%d commands acknowledged, %d projects, %d facts", len(entries), len(w.projects), len(w.outbox))
	t.take("safety", append(faults, judgeCommands(entries, w)...))
	return nil
}

// liveness waits until everything recorded has taken effect, and notes what
// has not in the end.
func (t *trial) liveness(ctx context.Context, healed time.Time) error {
	open, err := t.missing(ctx, drainGiveUp)
	if err != nil {
		return err
	}
	t.Recovered = time.Since(healed)
	t.take("liveness", open)
	return nil
}

// missing waits until everything recorded has taken effect, or nothing more of
// it has for so long, and answers what has not.
func (t *trial) missing(ctx context.Context, stalled time.Duration) ([]finding, error) {
	least, came := math.MaxInt, time.Now()
	for {
		w, err := look(ctx, t.Stack)
		if err != nil {
			return nil, err
		}
		open := judgeEffects(w)
		if len(open) < least {
			least, came = len(open), time.Now()
		}
		if len(open) == 0 || time.Since(came) >= stalled {
			return open, nil
		}
		if err := pause(ctx, lookEvery); err != nil {
			return nil, err
		}
	}
}

// ledgerHolds has the ledger recomputed and held against its checkpoint.
func (t *trial) ledgerHolds(ctx context.Context, l *load) error {
	verdict, err := l.verifyLedger(ctx)
	if err != nil {
		return err
	}
	if !verdict.OK {
		t.broken("the ledger does not verify: %s at %d: %s", verdict.ErrorCode, verdict.FirstBadSeq, verdict.Detail)
	}
	return nil
}

// serves reports whether a service says that it is ready.
func (t *trial) serves(ctx context.Context, service string) bool {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, t.URL(service)+"/readyz", nil)
	if err != nil {
		return false
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return false
	}
	resp.Body.Close()
	return resp.StatusCode == http.StatusOK
}

// allServe waits until every service is ready.
func (t *trial) allServe(ctx context.Context) error {
	return until(ctx, time.Minute, "all services are ready", func(ctx context.Context) (bool, error) {
		for _, name := range suite.Names() {
			if !t.serves(ctx, name) {
				return false, nil
			}
		}
		return true, nil
	})
}

// pause waits for d or until ctx ends.
func pause(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-t.C:
		return nil
	}
}

// until polls ok for at most limit.
func until(ctx context.Context, limit time.Duration, what string, ok func(context.Context) (bool, error)) error {
	ctx, cancel := context.WithTimeoutCause(ctx, limit, fmt.Errorf("not within %s: %s", limit, what))
	defer cancel()
	for {
		done, err := ok(ctx)
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		if err != nil || done {
			return err
		}
		if pause(ctx, 20*time.Millisecond) != nil {
			return context.Cause(ctx)
		}
	}
}
