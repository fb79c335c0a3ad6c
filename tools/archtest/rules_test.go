package archtest

import (
	"errors"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"golang.org/x/tools/go/packages"

	"egov/tools/errorcatalogue"
	"egov/tools/workspace"
)

func root(t *testing.T) string {
	t.Helper()
	dir, err := workspace.Root(".")
	if err != nil {
		t.Fatal(err)
	}
	return dir
}

func TestForbidden(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		from, to string
		test     bool
		want     string
	}{
		"service to service":             {"egov/services/budgeting", "egov/services/procurement", false, "a service never imports another: facts travel as events"},
		"service to the suite":           {"egov/services/budgeting/module", "egov/services/suite", false, "a service never imports another: facts travel as events"},
		"service to service in a test":   {"egov/services/budgeting_test", "egov/services/procurement", true, "a service never imports another: facts travel as events"},
		"service to itself":              {"egov/services/budgeting/pgstore", "egov/services/budgeting", false, ""},
		"service to a library":           {"egov/services/budgeting", "egov/libs/fault", false, ""},
		"service to the contracts":       {"egov/services/budgeting/eventapi", "egov/proto/gen/egov/budgeting/v1", false, ""},
		"service to a tool":              {"egov/services/budgeting", "egov/tools/workspace", false, "nothing imports the tools"},
		"service to the standard":        {"egov/services/budgeting", "net/http", false, ""},
		"suite to a service":             {"egov/services/suite", "egov/services/budgeting/module", false, ""},
		"library to a service":           {"egov/libs/host", "egov/services/budgeting", false, "libraries know no service and no tool"},
		"library to the contracts":       {"egov/libs/event", "egov/proto/gen/egov/type/v1", false, ""},
		"contracts to a library":         {"egov/proto/gen/egov/type/v1", "egov/libs/fault", false, "the contracts stand alone"},
		"tool to the suite":              {"egov/tools/cmd/egov", "egov/services/suite", false, ""},
		"tool to a service":              {"egov/tools/cmd/egov", "egov/services/budgeting", false, "tools reach services through the suite or over HTTP"},
		"test server in a service":       {"egov/services/budgeting/pgstore", "egov/libs/dbtest", false, "only tests start servers for tests"},
		"test server in a test":          {"egov/services/budgeting/pgstore", "egov/libs/dbtest", true, ""},
		"test server in a test runner":   {"egov/tools/cmd/withservers", "egov/libs/dbtest", false, ""},
		"test server in a suite of them": {"egov/services/budgeting/storetest", "egov/libs/dbtest", false, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := forbidden(c.from, c.to, c.test); got != c.want {
				t.Errorf("%s → %s: %q, want %q", c.from, c.to, got, c.want)
			}
		})
	}
}

// TestImports reads every import of every package, tests included.
func TestImports(t *testing.T) {
	t.Parallel()
	found, err := workspace.Load(root(t), packages.NeedName|packages.NeedFiles|packages.NeedImports|packages.NeedForTest, true)
	if err != nil {
		t.Fatal(err)
	}
	if len(found) == 0 {
		t.Fatal("no packages found")
	}
	for _, p := range found {
		from := strings.TrimSuffix(p.PkgPath, "_test")
		if strings.HasSuffix(p.PkgPath, ".test") {
			continue // the generated main of a test
		}
		for to := range p.Imports {
			if why := forbidden(from, to, p.ForTest != ""); why != "" {
				t.Errorf("%s imports %s: %s", p.ID, to, why)
			}
		}
	}
}

// TestNames refuses package names that say nothing of the package, and Go code
// that came with the portal's npm packages.
func TestNames(t *testing.T) {
	t.Parallel()
	found, err := workspace.Load(root(t), packages.NeedName, false)
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range found {
		if strings.Contains(p.PkgPath, "/node_modules/") {
			t.Errorf("%s: its go.mod lacks the line `ignore ./web/node_modules`", p.PkgPath)
		}
		if slices.Contains(vague, p.Name) || slices.Contains(vague, path.Base(p.PkgPath)) {
			t.Errorf("%s: a package is named after what it gives", p.PkgPath)
		}
	}
}

// TestServiceFolders checks what a bureau's engineer looks for first: a README
// and a main of a few lines beside the service's packages.
func TestServiceFolders(t *testing.T) {
	t.Parallel()
	const mainLines = 20
	dir := root(t)
	folders, err := workspace.Modules(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, folder := range folders {
		name, ok := strings.CutPrefix(folder, "services/")
		if !ok {
			continue
		}
		if _, err := os.Stat(filepath.Join(dir, folder, "README.md")); err != nil {
			t.Errorf("%s has no README.md", folder)
		}
		text, err := os.ReadFile(filepath.Join(dir, folder, "cmd", name, "main.go"))
		switch {
		case errors.Is(err, fs.ErrNotExist):
			t.Errorf("%s has no cmd/%s/main.go", folder, name)
		case err != nil:
			t.Error(err)
		case strings.Count(string(text), "\n") > mainLines && name != "suite":
			t.Errorf("%s/cmd/%s/main.go has more than %d lines: composition belongs into module/", folder, name, mainLines)
		}
	}
}

// TestErrorCatalogue checks that docs/errors.md has a line for every code that
// the source can answer with, and no other.
func TestErrorCatalogue(t *testing.T) {
	t.Parallel()
	dir := root(t)
	catalogue, err := errorcatalogue.Scan(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, at := range catalogue.Dynamic {
		t.Errorf("%s: the code is no constant, so no document can promise it", at)
	}
	var want strings.Builder
	if err := catalogue.WriteMarkdown(&want); err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile(filepath.Join(dir, "docs", "errors.md"))
	if err != nil {
		t.Fatal(err)
	}
	if string(got) == want.String() {
		return
	}
	t.Error("docs/errors.md is not current; run `make generate`")
	have := strings.Split(string(got), "\n")
	for line := range strings.Lines(want.String()) {
		if line = strings.TrimSuffix(line, "\n"); !slices.Contains(have, line) {
			t.Errorf("lacks: %s", line)
		}
	}
}
