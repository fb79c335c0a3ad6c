// Package chaos breaks a real installation on purpose, under load, and says
// whether what the suite promises held. It is `make chaos`.
//
// Every fault runs against real servers that write to disk and real processes,
// all private to the run and on loopback. A trial has a load phase, in which
// the fault happens; a safety phase, in which what callers were told is held
// at once against the database that told them; and a liveness phase, in which
// everything recorded has to take effect with every consumer, exactly once and
// in order, and after a fault within a bounded time. The checker shares no code
// with the services: it compares the callers' own journal with aggregates,
// outboxes, read models and the ledger as the superuser sees them.
//
// It does not prove the absence of faults, and its figures are those of the
// machine it runs on. What it does not break yet is listed in docs/chaos.md.
package chaos

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"slices"
	"strings"
	"time"
)

// Options of a run.
type Options struct {
	Only  string    // the one fault to run; empty = all
	Seed  uint64    // victims, moments and what callers send follow from it
	Out   io.Writer // one line a fault
	Notes io.Writer // what is being done, and why a promise was broken
	Serve Program   // starts a process of the suite
	// Before starts a process of the release before this one. With it the run is
	// the upgrades instead of the faults.
	Before Program
	Soak   time.Duration // how long soak loads the suite; 0 = five minutes
}

// Program makes the command of a process that runs one service.
type Program = func(config, target string) *exec.Cmd

// trialTime bounds one trial, whatever happens in it; soak has its own length
// besides.
const trialTime = 10 * time.Minute

// Result is what one trial found.
type Result struct {
	Name      string
	Asked     int64         // requests of callers who repeat nothing; 0 where callers repeat
	Failed    int64         // of those, not answered as they should be
	Lost      int           // acknowledged or recorded, and without its effect in the end
	Duplicate int           // effects that came twice or without a cause
	Recovered time.Duration // from the end of the fault until everything had taken effect
	Broken    []string      // every promise that did not hold; empty = kept
}

// Kept reports whether every promise held.
func (r Result) Kept() bool { return len(r.Broken) == 0 }

// String is the outside form of a result.
func (r Result) String() string {
	promise := "kept"
	if !r.Kept() {
		promise = "broken"
	}
	if r.Asked > 0 {
		return fmt.Sprintf("upgrade %s requests=%d failed=%d lost=%d duplicate=%d recovered_s=%.1f promise=%s", r.Name, r.Asked, r.Failed, r.Lost, r.Duplicate, r.Recovered.Seconds(), promise)
	}
	return fmt.Sprintf("chaos %s lost=%d duplicate=%d recovered_s=%.1f promise=%s", r.Name, r.Lost, r.Duplicate, r.Recovered.Seconds(), promise)
}

// broken notes a promise that did not hold.
func (r *Result) broken(format string, args ...any) {
	r.Broken = append(r.Broken, fmt.Sprintf(format, args...))
}

// take counts findings and notes the first few of each kind in words.
func (r *Result) take(phase string, all []finding) {
	const shown = 5
	for _, k := range []kind{lost, duplicate, refused, altered} {
		n := 0
		for _, f := range all {
			if f.kind != k {
				continue
			}
			if n++; n <= shown {
				r.broken("%s: %s: %s", phase, k, f.what)
			}
		}
		if n > shown {
			r.broken("%s: %s: %d more", phase, k, n-shown)
		}
	}
	r.Lost += count(all, lost)
	r.Duplicate += count(all, duplicate)
}

// fault is one way of breaking things.
type fault struct {
	name string // stable: `make chaos ONLY=` takes it
	run  func(ctx context.Context, g *grounds) (Result, error)
}

// faults are all of them, in the order in which they run.
var faults = []fault{
	{"service_kill", onSuite(killServices)},
	{"postgres_kill", onSuite(killPostgres)},
	{"redis_kill", onSuite(killRedis)},
	{"redis_flushall", onSuite(flushRedis)},
	{"redis_xgroup_destroy", onSuite(destroyGroups)},
	{"redis_oom", onSuite(fillRedis)},
	{"relays", onSuite(manyRelays)},
	{"idle_transaction", onSuite(idleTransaction)},
	{"export_client", onSuite(loseExportClients)},
	{"soak", onSuite(soak)},
	{"disk_full", onSmallDisk(fillDisk)},
	{"clocks", onClocks(turnClocks)},
	{"triple_shuffle", onBus(tripleShuffle)},
	{"poison", onBus(poison)},
}

// upgrades are the changes from one release to another, in the order in which
// they run.
var upgrades = []fault{
	{"rolling_upgrade", rolling(true)},
	{"rolling_return", rolling(false)},
}

// Names lists the faults, or the upgrades.
func Names(upgrading bool) []string {
	var names []string
	for _, f := range these(upgrading) {
		names = append(names, f.name)
	}
	return names
}

func these(upgrading bool) []fault {
	if upgrading {
		return upgrades
	}
	return faults
}

// Run runs the faults and prints a line for each. It answers whether all
// promises were kept; an error means that a trial could not be held.
func Run(ctx context.Context, o Options) (kept bool, err error) {
	upgrading := o.Before != nil
	if names := Names(upgrading); o.Only != "" && !slices.Contains(names, o.Only) {
		return false, fmt.Errorf("there is no fault %q; there are: %s", o.Only, strings.Join(names, " "))
	}
	g := &grounds{o: o}
	defer func() { err = errors.Join(err, g.close(context.WithoutCancel(ctx))) }()
	kept = true
	for _, f := range these(upgrading) {
		if o.Only != "" && f.name != o.Only {
			continue
		}
		_, _ = fmt.Fprintf(o.Notes, "%s, seed %d …\n", f.name, o.Seed)
		r, err := g.trial(ctx, f)
		if err != nil {
			return false, fmt.Errorf("%s: %w", f.name, err)
		}
		for _, b := range r.Broken {
			_, _ = fmt.Fprintf(o.Notes, "  %s\n", b)
		}
		if _, err := fmt.Fprintln(o.Out, r); err != nil {
			return false, err
		}
		if !r.Kept() { // what is broken must not break the next trial
			kept = false
			if err := g.close(ctx); err != nil {
				return false, err
			}
		}
	}
	return kept, nil
}

func (g *grounds) trial(ctx context.Context, f fault) (Result, error) {
	ctx, cancel := context.WithTimeout(ctx, trialTime+g.o.Soak)
	defer cancel()
	r, err := f.run(ctx, g)
	r.Name = f.name
	return r, err
}
