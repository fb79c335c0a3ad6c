package chaos

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"egov/libs/calendar"
	"egov/libs/embedded"
	"egov/services/suite/stack"
)

// grounds are what faults run on. They are made when first needed, kept from
// trial to trial, and removed with all they hold.
type grounds struct {
	o       Options
	suite   *suiteGround
	rolling *rollingGround
	bus     *bus
}

func (g *grounds) close(ctx context.Context) error {
	var errs []error
	if g.suite != nil {
		errs = append(errs, g.suite.close(ctx))
		g.suite = nil
	}
	if g.rolling != nil {
		errs = append(errs, g.rolling.close(ctx))
		g.rolling = nil
	}
	if g.bus != nil {
		errs = append(errs, g.bus.close(ctx))
		g.bus = nil
	}
	return errors.Join(errs...)
}

// suiteGround is a whole installation with a process for each service and
// PostgreSQL that syncs every commit to disk; its Redis keeps nothing over a
// restart.
type suiteGround struct {
	*stack.Stack
	journal *journal
	dir     string
	undo    []func() error // of what was prepared, when everything has stopped
}

// ownSuite holds a trial on an installation of its own, because what it needs of
// its servers other trials do not: prepare is called before anything starts, with
// the directory of the installation, and what it returns undoes it in the end.
func ownSuite(how stack.Options, prepare func(ctx context.Context, dir string) (undo func() error, err error), inflict func(context.Context, *trial) error) func(context.Context, *grounds) (Result, error) {
	return func(ctx context.Context, g *grounds) (r Result, err error) {
		o := g.o
		how := how
		how.Serve = o.Serve
		s, err := openSuite(ctx, o, how, prepare)
		if err != nil {
			return r, err
		}
		defer func() { err = errors.Join(err, s.close(context.WithoutCancel(ctx))) }()
		t := newTrial(o, s)
		err = t.hold(ctx, o.Seed, inflict)
		return t.Result, err
	}
}

// stage is the day the callers' clocks begin at: results do not depend on the
// day of the run.
const stage = "2026-03-02"

func openSuite(ctx context.Context, o Options, how stack.Options, prepare ...func(context.Context, string) (func() error, error)) (g *suiteGround, err error) {
	day, err := calendar.ParseDate(stage)
	if err != nil {
		return nil, err
	}
	dir, err := tempDir()
	if err != nil {
		return nil, err
	}
	g = &suiteGround{journal: &journal{}, dir: dir}
	how.Dir, how.VirtualClock, how.Separate, how.Forgetful, how.Out = filepath.Join(dir, "egov"), day, true, true, o.Notes
	for _, f := range prepare {
		undo, err := f(ctx, how.Dir)
		if err != nil {
			return nil, errors.Join(err, g.remove())
		}
		g.undo = append(g.undo, undo)
	}
	if g.Stack, err = stack.Start(ctx, how); err != nil {
		return nil, errors.Join(err, g.remove())
	}
	return g, nil
}

func (g *suiteGround) close(ctx context.Context) error {
	return errors.Join(g.Stop(ctx), g.remove())
}

// remove undoes what was prepared and deletes what is left.
func (g *suiteGround) remove() error {
	var errs []error
	for _, f := range slices.Backward(g.undo) {
		errs = append(errs, f())
	}
	return errors.Join(append(errs, removeAll(g.dir))...)
}

// tempDir makes a directory that PostgreSQL's own user can pass through.
func tempDir() (string, error) {
	dir, err := os.MkdirTemp("", "egov-chaos-")
	if err != nil {
		return "", err
	}
	return dir, os.Chmod(dir, 0o711)
}

func removeAll(dir string) error {
	err := errors.Join(embedded.RemovePostgres(filepath.Join(dir, "egov", "postgres")), embedded.RemovePostgres(filepath.Join(dir, "postgres")), os.RemoveAll(dir))
	if err != nil {
		return fmt.Errorf("remove %s: %w", dir, err)
	}
	return nil
}
