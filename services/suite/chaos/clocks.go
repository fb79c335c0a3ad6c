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
	clockTime  = 12 * time.Second // under each wrong time
	clockSlack = time.Minute      // within which a clock is as it should be
)

// Clocks of services that are an hour ahead and an hour behind; the others, to
// whom the callers of the load speak, are right. stable: names of the suite.
var (
	ahead  = []string{"conference", "procurement", "cybersecurity", "legalization"}
	behind = []string{"expertreview", "budgeting", "cryptoassessment", "dataresource"}
)

// onClocks makes a fault of what inflict does to a suite whose clocks can be
// turned: those of PostgreSQL and Redis by libfaketime, which stands between
// them and the system, and those of services, which are injected. What Go's own
// library takes from the system (pauses, deadlines of calls) is never turned; it
// is monotonic, and does not turn with the system's clock either.
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
			return fakeTime(files)
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

// fakeTime lets programs that are started from now on, and ask the system's
// library what time it is, be told what a file says; Go's are not among them.
// It also sets the clocks of the services that are wrong.
func fakeTime(dir string) (undo func() error, err error) {
	found, err := filepath.Glob("/usr/lib/*/faketime/libfaketime.so.1")
	if err != nil || len(found) == 0 {
		return nil, errors.Join(errors.New("this trial needs libfaketime: apt-get install libfaketime"), err)
	}
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
	if err := errors.Join(turn(dir, "postgres", 0), turn(dir, "redis", 0)); err != nil {
		return nil, err
	}
	env := map[string]string{"LD_PRELOAD": found[0], "FAKETIME_CACHE_DURATION": "1", "FAKETIME_DONT_FAKE_MONOTONIC": "1", fakeFile: filepath.Join(dir, "postgres")}
	for name, value := range env {
		err = errors.Join(err, os.Setenv(name, value))
	}
	return func() error {
		var errs []error
		for name := range env {
			errs = append(errs, os.Unsetenv(name))
		}
		return errors.Join(errs...)
	}, err
}

// fakeFile names the file from which libfaketime takes the time.
const fakeFile = "FAKETIME_TIMESTAMP_FILE"

// turn sets a server's clock off.
func turn(dir, server string, by time.Duration) error {
	return os.WriteFile(filepath.Join(dir, server), fmt.Appendf(nil, "%+d\n", int(by.Seconds())), 0o644) //nolint:gosec // read by another user
}

// turnClocks has four services an hour ahead of the others and four an hour
// behind, and turns the clocks of PostgreSQL and of Redis while they run: an hour
// forward, two back, and right again.
func turnClocks(ctx context.Context, t *trial) error {
	dir := filepath.Join(t.Dir, "clocks")
	// Redis has a clock of its own from here on.
	if err := errors.Join(os.Setenv(fakeFile, filepath.Join(dir, "redis")), t.KillRedis(ctx), t.RestartRedis(ctx)); err != nil {
		return err
	}
	began := time.Now()
	for _, step := range []struct {
		postgres, redis time.Duration
	}{{clockError, 0}, {-clockError, 0}, {0, clockError}, {0, -clockError}, {clockError, -clockError}, {0, 0}} {
		if err := errors.Join(turn(dir, "postgres", step.postgres), turn(dir, "redis", step.redis)); err != nil {
			return err
		}
		if err := t.showTime(ctx, step.postgres, step.redis); err != nil {
			return err
		}
		if err := pause(ctx, clockTime); err != nil {
			return err
		}
	}
	t.keepsRate(began)
	return t.tokensAreRefused(ctx)
}

// showTime waits until both servers go by the wrong time: a clock that was not
// turned proves nothing.
func (t *trial) showTime(ctx context.Context, postgres, redis time.Duration) error {
	c, err := t.redis()
	if err != nil {
		return err
	}
	defer c.Close()
	return within(ctx, t.Stack, "postgres", func(ctx context.Context, conn *pgx.Conn) error {
		return until(ctx, returnLimit, fmt.Sprintf("PostgreSQL is %s off and Redis %s", postgres, redis), func(ctx context.Context) (bool, error) {
			var there time.Time
			if err := conn.QueryRow(ctx, "SELECT clock_timestamp()").Scan(&there); err != nil {
				return false, err
			}
			too, err := c.Time(ctx).Result()
			return off(there, postgres) && off(too, redis), err
		})
	})
}

// off reports whether a clock is wrong by so much.
func off(clock time.Time, by time.Duration) bool {
	return (time.Until(clock) - by).Abs() < clockSlack
}

// tokensAreRefused holds that services whose clocks are wrong refuse whoever
// comes with a token of this minute: they know no better, and judge nobody by a
// time that is not.
func (t *trial) tokensAreRefused(ctx context.Context) error {
	for _, name := range append(ahead[:len(ahead):len(ahead)], behind...) {
		_, err := t.load.read(ctx, name, "/v1/tasks", secretary)
		if r, ok := errors.AsType[refusal](err); !ok || r.status != http.StatusUnauthorized {
			t.broken("%s, an hour off, answers a token with %v", name, err)
		}
	}
	return nil
}
