// Package effectbench measures how long it takes until what somebody did has
// its effect in another service: from the moment at which a submission was due
// to be sent until its fact has a committed row in the ledger.
//
// Every service is a process of its own, PostgreSQL syncs each commit and has
// the log files of a server that has been in use, and the way is the whole way: request, token, decision, commit of state and fact,
// relay, signature, Redis, the ledger's consumer, its check of the signature,
// its commit. The ledger's row is the effect that is measured because every fact
// of every service has one, and because an audit rests on it.
//
// What is promised is the time between two services, so two run, and the one
// that knows the accounts. effect_p99_whole, without a floor, has all twelve on
// the one machine: each takes in the same facts meanwhile, where it would have a
// machine of its own.
//
// Submissions arrive by the clock, so many a second at even distances, and wait
// for nothing: not for answers, not for effects, not for one another. A time
// runs from when its submission was due, not from when it was sent, so that
// whatever delays the sender is part of the figure and not left out of it (no
// coordinated omission). It ends when a session of its own, which looks all the
// time, has the row before it: later than the commit by what a look takes, and
// never earlier. Both moments are read from one clock.
//
// What effect_p99 compares with is no program but a bound, in milliseconds: floor
// and goal are how many times the figure is to go into it. Sender, observer,
// servers and all services share one machine: the figure is that machine's, and of
// what else runs on it. effect_p99_bare compares with the least that can be done
// between two databases, in turn with it on the same servers, and so tells how
// much of the figure is the machine.
package effectbench

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os/exec"
	"slices"
	"time"

	"egov/services/suite"
	"egov/services/suite/stack"
)

// bound is what the 99th percentile has to stay below, in milliseconds, and aim
// what it is to.
const bound, aim = 40.0, 25.0

// patience is how long a round may go on after its last submission.
const patience = time.Minute

// Options say where to measure, and how much.
type Options struct {
	Dir string // for the installation; the caller removes it
	// Serve starts the process that runs target with a configuration file.
	Serve func(config, target string) *exec.Cmd
	// Report takes a line about each measure for whoever watches. It may be nil.
	Report func(line string)
	Rounds int           // after one that does not count; 0 = 5
	Rate   int           // submissions a second; 0 = 300
	Length time.Duration // of the arrivals of a round; 0 = 5 s
}

// Measure is a time that the suite promises to stay below.
type Measure struct {
	Name  string // stable: as in `make bench ONLY=`
	Unit  string
	Floor float64 // how many times the figure has to go into the bound
	Goal  float64 // how many times it is to
	// Run gives the figure and the bound. Less is better.
	Run func(ctx context.Context) (ours, bound float64, err error)
}

// Bench is a running installation.
type Bench struct {
	o      Options
	stack  *stack.Stack
	client stack.Client
	halted []string // services that do not run
}

// Open starts an installation. Close the Bench when done.
func Open(ctx context.Context, o Options) (*Bench, error) {
	o.Rounds, o.Rate, o.Length = cmp.Or(o.Rounds, 5), cmp.Or(o.Rate, 300), cmp.Or(o.Length, 5*time.Second)
	if o.Report == nil {
		o.Report = func(string) {}
	}
	s, err := stack.Start(ctx, stack.Options{Dir: o.Dir, Separate: true, Serve: o.Serve, Out: io.Discard})
	if err != nil {
		return nil, err
	}
	b := &Bench{o: o, stack: s, client: stack.Client{URL: s.URL, Password: s.DemoPassword(), HTTP: &http.Client{
		Timeout:   patience,
		Transport: &http.Transport{MaxIdleConnsPerHost: o.Rate}, // so that none is made anew that was made before
	}}}
	if err := s.Postgres.LayOutWAL(ctx); err != nil {
		return nil, errors.Join(err, b.Close(context.WithoutCancel(ctx)))
	}
	return b, nil
}

// Close stops the installation and removes nothing.
func (b *Bench) Close(ctx context.Context) error {
	b.client.HTTP.CloseIdleConnections()
	return b.stack.Stop(ctx)
}

// Measures lists what this package measures.
func (b *Bench) Measures() []Measure {
	return []Measure{
		{"effect_p99", "ms", 1, bound / aim, b.effect("effect_p99", two...)},
		{"effect_p99_bare", "ms", bareThen / bound, bareThen / aim, b.beside("effect_p99_bare", two...)},
		{"effect_p99_whole", "ms", 0, 0, b.effect("effect_p99_whole", suite.Names()...)},
	}
}

// two services, and the one that knows the accounts.
var two = []string{"identity", "declaration", "auditexport"}

// effect is the median, over rounds, of the 99th percentile of the times from
// due to effect, in milliseconds, while those services run.
func (b *Bench) effect(name string, services ...string) func(context.Context) (float64, float64, error) {
	return func(ctx context.Context) (float64, float64, error) {
		if err := b.run(ctx, services); err != nil {
			return 0, 0, err
		}
		m, err := b.rounds(ctx, name, b.round)
		return milliseconds(m[0].effect.p99), bound, err
	}
}

// beside is the same, with bare code's in turn with it.
func (b *Bench) beside(name string, services ...string) func(context.Context) (float64, float64, error) {
	return func(ctx context.Context) (_, _ float64, err error) {
		if err := b.run(ctx, services); err != nil {
			return 0, 0, err
		}
		x, closeAll, err := b.openBare(ctx)
		if err != nil {
			return 0, 0, err
		}
		defer closeAll()
		m, err := b.rounds(ctx, name, b.round, func(ctx context.Context) (figures, error) {
			return x.round(ctx, b.arrivals(), b.every())
		})
		return milliseconds(m[0].effect.p99), milliseconds(m[1].effect.p99), err
	}
}

// rounds has each side make its rounds in turn, reports and returns the medians
// of each. The first of each does not count.
func (b *Bench) rounds(ctx context.Context, name string, sides ...func(context.Context) (figures, error)) ([]figures, error) {
	made, m := make([][]figures, len(sides)), make([]figures, len(sides))
	for n := range b.o.Rounds + 1 {
		for i, side := range sides {
			f, err := side(ctx)
			if err != nil {
				return m, fmt.Errorf("round %d: %w", n, errors.Join(err, b.stack.Failed()))
			}
			if n > 0 {
				made[i] = append(made[i], f)
			}
		}
	}
	for i, rounds := range made {
		m[i] = medians(rounds)
		if i > 0 {
			name = "bare code beside it"
		}
		b.o.Report(fmt.Sprintf("%s: %d rounds of %s, %d submissions a second; medians: %s; 99th percentiles of the rounds: %s",
			name, len(rounds), b.o.Length, b.o.Rate, m[i], effects(rounds)))
	}
	return m, nil
}

// arrivals is how many a round has; every is the time between two.
func (b *Bench) arrivals() int        { return int(b.o.Length.Seconds() * float64(b.o.Rate)) }
func (b *Bench) every() time.Duration { return time.Second / time.Duration(b.o.Rate) }

// run has those services run, and no others.
func (b *Bench) run(ctx context.Context, services []string) error {
	halted := b.halted
	b.halted = nil
	for _, name := range suite.Names() {
		stopped, wanted := slices.Contains(halted, name), slices.Contains(services, name)
		var err error
		switch {
		case wanted && stopped:
			err = b.stack.Restart(ctx, name)
		case !wanted && !stopped:
			err = b.stack.Kill(name)
		}
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		if !wanted {
			b.halted = append(b.halted, name)
		}
	}
	return nil
}
