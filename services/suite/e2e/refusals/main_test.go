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
	"flag"
	"testing"

	"egov/services/suite/demo"
	"egov/services/suite/stack"
	"egov/services/suite/stack/stacktest"
)

var update = flag.Bool("update", false, "write the tables of docs/security.md anew")

func TestMain(m *testing.M) { stacktest.Main(m) }

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
	s := stacktest.Start(t, stack.Options{Separate: true, Deployed: deploy})
	projects, err := demo.ReadProjects(nil)
	if err != nil {
		t.Fatal(err)
	}
	r, err := demo.Run(t.Context(), demo.Options{URL: s.URL, Password: s.DemoPassword(), Clock: s.ClockFile(), Projects: projects, Out: stacktest.Log(t)})
	if err != nil {
		t.Fatal(err, s.Failed())
	}
	if !r.OK() {
		t.Fatalf("the walk ended otherwise: %+v", r)
	}
	return s
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
