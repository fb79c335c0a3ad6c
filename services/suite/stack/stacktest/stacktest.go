// Package stacktest brings up whole installations for tests: everything in one
// is the real thing on private servers, kept in the test's own folder and taken
// down with the test. A package that uses it runs its tests through [Main], for
// its test binary is also the program whose processes serve.
package stacktest

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"testing"
	"time"

	"egov/libs/calendar"
	"egov/services/suite"
	"egov/services/suite/stack"
)

// serving, in the environment of a test binary, makes it run services.
const serving = "EGOV_STACKTEST_SERVE"

// firstDay is the day it is in an installation, unless the test names another:
// some weeks before the published projects begin.
var firstDay = calendar.MustDate(2026, time.March, 2)

// Main runs the tests of a package, or the services of an installation that one
// of them has begun. It does not return.
func Main(m *testing.M) {
	if os.Getenv(serving) == "" {
		os.Exit(m.Run())
	}
	if err := suite.Run(os.Args[1], os.Args[2], suite.Serve); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Exit(0)
}

// Start brings up an installation for the test; what o leaves open is filled in.
func Start(t *testing.T, o stack.Options) *stack.Stack {
	t.Helper()
	o.Dir, o.Fast, o.Out, o.Serve = t.TempDir(), true, Log(t), serve
	if o.VirtualClock.IsZero() {
		o.VirtualClock = firstDay
	}
	s, err := stack.Start(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Stop(context.WithoutCancel(t.Context())); err != nil {
			t.Error(err)
		}
	})
	return s
}

// serve runs this test binary again.
func serve(config, target string) *exec.Cmd {
	cmd := exec.Command(os.Args[0], config, target)
	cmd.Env = append(os.Environ(), serving+"=1")
	return cmd
}

// Log writes to the test's log.
func Log(t *testing.T) io.Writer { return log{t} }

type log struct{ *testing.T }

func (l log) Write(b []byte) (int, error) {
	l.Logf("%s", b)
	return len(b), nil
}
