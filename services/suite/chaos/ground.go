package chaos

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

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
}

// stage is the day the callers' clocks begin at: results do not depend on the
// day of the run.
const stage = "2026-03-02"

func openSuite(ctx context.Context, o Options, how stack.Options) (g *suiteGround, err error) {
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
	g.Stack, err = stack.Start(ctx, how)
	if err != nil {
		return nil, errors.Join(err, removeAll(dir))
	}
	return g, nil
}

func (g *suiteGround) close(ctx context.Context) error {
	return errors.Join(g.Stop(ctx), removeAll(g.dir))
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
