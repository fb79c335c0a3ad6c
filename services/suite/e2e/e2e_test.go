// Package e2e_test walks the published projects through the whole suite: once
// with all services in one process and once with a process each, with services
// killed and Redis emptied on the way. The outcome must be the same.
package e2e_test

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"slices"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"egov/libs/calendar"
	"egov/services/suite"
	"egov/services/suite/demo"
	"egov/services/suite/stack"
)

// serving makes this test binary run services instead of tests: the stack
// starts it again as its child.
const serving = "EGOV_E2E_SERVE"

func TestMain(m *testing.M) {
	if os.Getenv(serving) != "" {
		if err := suite.Run(os.Args[1], os.Args[2]); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

func start(t *testing.T, separate bool) *stack.Stack {
	t.Helper()
	day, err := calendar.ParseDate("2026-03-02")
	if err != nil {
		t.Fatal(err)
	}
	s, err := stack.Start(t.Context(), stack.Options{
		Dir: t.TempDir(), VirtualClock: day, Separate: separate, Fast: true, Out: testOut{t},
		Serve: func(config, target string) *exec.Cmd {
			cmd := exec.Command(os.Args[0], config, target)
			cmd.Env = append(os.Environ(), serving+"=1")
			return cmd
		},
	})
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

type testOut struct{ t *testing.T }

func (o testOut) Write(b []byte) (int, error) {
	o.t.Logf("%s", b)
	return len(b), nil
}

func walk(t *testing.T, s *stack.Stack, between func(string)) demo.Report {
	t.Helper()
	projects, err := demo.ReadProjects(nil)
	if err != nil {
		t.Fatal(err)
	}
	r, err := demo.Run(t.Context(), demo.Options{
		URL: s.URL, Password: s.DemoPassword(), Clock: s.ClockFile(), Projects: projects, Out: io.MultiWriter(testOut{t}, os.Stderr), Between: between,
	})
	if err != nil {
		t.Fatal(err, s.Failed())
	}
	for _, p := range r.Problems {
		t.Error(p)
	}
	if !r.OK() || len(r.Projects) != 12 {
		t.Fatalf("%+v", r)
	}
	return r
}

// outcome is what must not depend on how the walk was disturbed.
func outcome(r demo.Report) []demo.ProjectReport { return r.Projects }

func TestAllInOne(t *testing.T) {
	s := start(t, false)
	r := walk(t, s, nil)
	b, err := r.JSON()
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%s", b)
}

// TestSeparate walks with a process a service while services are killed -9 and
// Redis loses everything, each at another part of the walk.
func TestSeparate(t *testing.T) {
	s := start(t, true)
	order := []string{"declaration", "dataresource", "expertreview", "conference", "identity", "budgeting", "procurement", "auditexport", "cybersecurity"}
	n := 0
	r := walk(t, s, func(part string) {
		victim := order[n%len(order)]
		n++
		t.Logf("after %s: kill -9 %s", part, victim)
		if err := s.Kill(victim); err != nil {
			t.Fatal(err)
		}
		if part == "evaluate" || part == "procure" {
			t.Logf("after %s: FLUSHALL", part)
			flush(t, s)
		}
		// The walk goes on while the service is away for a moment.
		go func() {
			time.Sleep(time.Second)
			if err := s.Restart(context.WithoutCancel(t.Context()), victim); err != nil {
				t.Error(err)
			}
		}()
	})
	if !slices.ContainsFunc(outcome(r), func(p demo.ProjectReport) bool { return p.Stage == "handed_over" }) {
		t.Fatalf("%+v", outcome(r))
	}
}

func flush(t *testing.T, s *stack.Stack) {
	t.Helper()
	o, err := redis.ParseURL(s.Redis.URL(0))
	if err != nil {
		t.Fatal(err)
	}
	c := redis.NewClient(o)
	defer c.Close()
	if err := c.FlushAll(t.Context()).Err(); err != nil {
		t.Fatal(err)
	}
}
