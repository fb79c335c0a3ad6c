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
// What it compares with is no program but a bound, in milliseconds: floor and
// goal are how many times the figure is to go into it. Sender, observer, servers
// and all services share one machine: the figure is that machine's, and of what
// else runs on it.
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

// bound is what the 99th percentile has to stay below, in milliseconds.
const bound = 40

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
		{"effect_p99", "ms", 1, 1.6, b.effect("effect_p99", "identity", "declaration", "auditexport")},
		{"effect_p99_whole", "ms", 0, 0, b.effect("effect_p99_whole", suite.Names()...)},
	}
}

// effect is the median, over rounds, of the 99th percentile of the times from
// due to effect, in milliseconds, while those services run.
func (b *Bench) effect(name string, services ...string) func(context.Context) (float64, float64, error) {
	return func(ctx context.Context) (float64, float64, error) {
		if err := b.run(ctx, services); err != nil {
			return 0, 0, err
		}
		var rounds []figures
		for n := range b.o.Rounds + 1 {
			f, err := b.round(ctx)
			if err != nil {
				return 0, 0, fmt.Errorf("round %d: %w", n, errors.Join(err, b.stack.Failed()))
			}
			if n > 0 {
				rounds = append(rounds, f)
			}
		}
		m := medians(rounds)
		b.o.Report(fmt.Sprintf("%s: %d rounds of %s, %d submissions a second; medians: %s; 99th percentiles of the rounds: %s",
			name, len(rounds), b.o.Length, b.o.Rate, m, effects(rounds)))
		return milliseconds(m.effect.p99), bound, nil
	}
}

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
