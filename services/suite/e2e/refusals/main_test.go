// Package refusals_test tries everything that a service's database role, its
// user in Redis, a token and a signing key should not reach, against a whole
// installation made by the files of deploy/: PostgreSQL, Redis and services that
// speak TLS alone, a process for each service, projects walked to their ends. Each
// refusal stands beside the same act done by whoever may do it, so that none is
// counted because something was not there. What was tried is the table of
// docs/security.md; `go test ./e2e/refusals -update` writes it anew.
//
// What a pod's service account may not do is a table of its own (package
// egov/tools/charts).
package refusals_test

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"testing"

	"egov/libs/calendar"
	"egov/services/suite"
	"egov/services/suite/demo"
	"egov/services/suite/stack"
)

var update = flag.Bool("update", false, "write the tables of docs/security.md anew")

// serving makes this test binary run a service instead of tests: the stack
// starts it again as its child.
const serving = "EGOV_REFUSALS_SERVE"

func TestMain(m *testing.M) {
	if os.Getenv(serving) != "" {
		if err := suite.Run(os.Args[1], os.Args[2], suite.Serve); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// deploy is the folder that operators install from.
const deploy = "../../../../deploy"

// ground is the installation on which all is tried.
type ground struct {
	*testing.T
	*stack.Stack
	book *book
}

// start brings the installation up and walks the projects, which shows too that
// it works within the rights that its parts are given.
func start(t *testing.T) *stack.Stack {
	t.Helper()
	day, err := calendar.ParseDate("2026-03-02")
	if err != nil {
		t.Fatal(err)
	}
	out := testOut{t}
	s, err := stack.Start(t.Context(), stack.Options{
		Dir: t.TempDir(), VirtualClock: day, Separate: true, Fast: true, Deployed: deploy, Out: out,
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
	projects, err := demo.ReadProjects(nil)
	if err != nil {
		t.Fatal(err)
	}
	r, err := demo.Run(t.Context(), demo.Options{URL: s.URL, Password: s.DemoPassword(), Clock: s.ClockFile(), Projects: projects, Out: out})
	if err != nil {
		t.Fatal(err, s.Failed())
	}
	if !r.OK() {
		t.Fatalf("the walk ended otherwise: %+v", r)
	}
	return s
}

type testOut struct{ t *testing.T }

func (o testOut) Write(b []byte) (int, error) {
	o.t.Logf("%s", b)
	return len(b), nil
}

// TestRefusals tries what nobody should reach, part by part, and holds the
// tables of docs/security.md to what was tried.
func TestRefusals(t *testing.T) {
	g := &ground{Stack: start(t), book: newBook()}
	for _, part := range []struct {
		name string
		try  func(*testing.T, *ground)
	}{
		{"PostgreSQL", tryPostgres},
		{"Redis", tryRedis},
		{"SigningKeys", tryKeys},
		{"Units", tryUnits},
		{"Tokens", tryTokens},
	} {
		t.Run(part.name, func(t *testing.T) { part.try(t, g) })
	}
	g.book.sound(t)
	if !t.Failed() {
		g.book.compare(t)
	}
}
