package chaos

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"egov/libs/calendar"
	"egov/services/suite/stack"
)

const (
	clockError = time.Hour
	clockTime  = 20 * time.Second // under each time
	clockSlack = time.Minute      // within which a clock is as it should be
)

// Clocks of services that are an hour ahead and an hour behind; the others, to
// whom the callers of the load speak, are right. stable: names of the suite.
var (
	ahead  = []string{"conference", "procurement", "cybersecurity", "legalization"}
	behind = []string{"expertreview", "budgeting", "cryptoassessment", "dataresource"}
)

// onClocks makes a fault of what inflict does to a suite whose clocks can be
// turned: PostgreSQL's by libfaketime, which stands between it and the system,
// and those of services, which are injected. What Go's own library takes from
// the system (pauses, deadlines of calls) is not turned; it is monotonic, and
// does not turn with the system's clock either. Nor is Redis, whose allocator
// does not bear libfaketime.
func onClocks(inflict func(context.Context, *trial) error) func(context.Context, *grounds) (Result, error) {
	return func(ctx context.Context, g *grounds) (Result, error) {
		var files string // of the services' clocks; known when the installation is prepared
		wrong := map[string]string{}
		for _, name := range ahead {
			wrong[name] = "ahead"
		}
		for _, name := range behind {
			wrong[name] = "behind"
		}
		prepare := func(_ context.Context, dir string) (func() error, error) {
			files = filepath.Join(dir, "clocks")
			return setClocks(files)
		}
		o := *g
		serve := g.o.Serve
		o.o.Serve = func(config, target string) *exec.Cmd {
			cmd := serve(config, target)
			if side := wrong[target]; side != "" {
				cmd.Env = append(cmd.Environ(), "EGOV_SERVICES_"+strings.ToUpper(target)+"_CLOCK_FILE="+filepath.Join(files, side))
			}
			return cmd
		}
		return ownSuite(stack.Options{}, prepare, inflict)(ctx, &o)
	}
}

// setClocks sets the clocks of the services that are wrong, and PostgreSQL's as
// it should be.
func setClocks(dir string) (undo func() error, err error) {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, err
	}
	day, err := calendar.ParseDate(stage)
	if err != nil {
		return nil, err
	}
	now := day.Start().Add(9 * time.Hour) // when the clock of an installation begins
	for side, at := range map[string]time.Time{"ahead": now.Add(clockError), "behind": now.Add(-clockError)} {
		if err := calendar.SetFile(filepath.Join(dir, side), at); err != nil {
			return nil, err
		}
	}
	return func() error { return nil }, turn(dir, 0)
}

// library finds what stands between a program and the system's clock.
func library() (string, error) {
	found, err := filepath.Glob("/usr/lib/*/faketime/libfaketime.so.1")
	if err != nil || len(found) == 0 {
		return "", errors.Join(errors.New("this trial needs libfaketime: apt-get install libfaketime"), err)
	}
	return found[0], nil
}

// underFakeTime runs f, and lets what it starts ask dir's file what time it is.
func underFakeTime(dir, library string, f func() error) (err error) {
	env := map[string]string{
		"LD_PRELOAD": library, "FAKETIME_TIMESTAMP_FILE": filepath.Join(dir, turned), "FAKETIME_CACHE_DURATION": "1", "FAKETIME_DONT_FAKE_MONOTONIC": "1",
	}
	for name, value := range env {
		err = errors.Join(err, os.Setenv(name, value))
		defer func() { err = errors.Join(err, os.Unsetenv(name)) }()
	}
	if err == nil {
		err = f()
	}
	return err
}

// turned names the file that says how far PostgreSQL's clock is off.
const turned = "postgres"

// turn sets PostgreSQL's clock off.
func turn(dir string, by time.Duration) error {
	return os.WriteFile(filepath.Join(dir, turned), fmt.Appendf(nil, "%+d\n", int(by.Seconds())), 0o644)
}

// turnClocks has four services an hour ahead of the others and four an hour
// behind, and turns PostgreSQL's clock while it runs: an hour forward, two back,
// and right again.
func turnClocks(ctx context.Context, t *trial) error {
	dir := filepath.Join(t.Dir, "clocks")
	lib, err := library()
	if err != nil {
		return err
	}
	// The server has to be started under the library.
	err = underFakeTime(dir, lib, func() error { return errors.Join(t.KillPostgres(ctx), t.RestartPostgres(ctx)) })
	if err != nil {
		return err
	}
	if err := t.allServe(ctx); err != nil {
		return err
	}
	began := time.Now()
	for _, by := range []time.Duration{clockError, -clockError, 0} {
		if err := turn(dir, by); err != nil {
			return err
		}
		if err := t.showTime(ctx, by); err != nil {
			return err
		}
		if err := pause(ctx, clockTime); err != nil {
			return err
		}
	}
	t.keepsRate(began)
	return t.tokensAreRefused(ctx)
}

// showTime waits until PostgreSQL goes by the wrong time: a clock that was not
// turned proves nothing.
func (t *trial) showTime(ctx context.Context, by time.Duration) error {
	return within(ctx, t.Stack, "postgres", func(ctx context.Context, conn *pgx.Conn) error {
		return until(ctx, returnLimit, fmt.Sprintf("PostgreSQL's clock is %s off", by), func(ctx context.Context) (bool, error) {
			var there time.Time
			err := conn.QueryRow(ctx, "SELECT clock_timestamp()").Scan(&there)
			return (time.Until(there) - by).Abs() < clockSlack, err
		})
	})
}

// tokensAreRefused holds that services whose clocks are wrong refuse whoever
// comes with a token of this minute: they know no better, and judge nobody by a
// time that is not.
func (t *trial) tokensAreRefused(ctx context.Context) error {
	for _, name := range append(ahead[:len(ahead):len(ahead)], behind...) {
		_, err := t.load.read(ctx, name, "/v1/tasks", secretary)
		if r, ok := errors.AsType[stack.Refusal](err); !ok || r.Status != http.StatusUnauthorized {
			t.broken("%s, an hour off, answers a token with %v", name, err)
		}
	}
	return nil
}
