package main

import (
	"os"
	"path/filepath"
	"testing"

	"egov/tools/cluster/proofs"
)

// TestProofsAreChosenByName: in their own order, and a name that is none is no
// green run of nothing.
func TestProofsAreChosenByName(t *testing.T) {
	t.Parallel()
	some, err := chosen(proofs.All(), "walk,install")
	if err != nil || len(some) != 2 || some[0].Name != "install" || some[1].Name != "walk" {
		t.Errorf("%v, %v", some, err)
	}
	if all, err := chosen(proofs.All(), ""); err != nil || len(all) != len(proofs.All()) {
		t.Errorf("%d proofs, %v", len(all), err)
	}
	if _, err := chosen(proofs.All(), "install,instal"); err == nil {
		t.Error("a proof that there is not is shown")
	}
}

// TestTheReleaseBeforeIsNamed: the file that says which release is before this
// one is read as its script reads it.
func TestTheReleaseBeforeIsNamed(t *testing.T) {
	t.Parallel()
	said, err := os.ReadFile(filepath.Join("..", "..", "..", "deploy", "dev", "previous-release.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	if m := commitLine.FindSubmatch(said); m == nil {
		t.Errorf("no commit in:\n%s", said)
	}
}

// TestChartsOfTheReleaseBeforeAreUsedWhereTheyServe: those that know no volumes
// of the caller's cannot be given the test's clock.
func TestChartsOfTheReleaseBeforeAreUsedWhereTheyServe(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		values string
		used   bool
	}{
		"with volumes":    {"exports:\n  defaults:\n    volumes: []\n    volumeMounts: []\n", true},
		"without volumes": {"exports:\n  defaults:\n    env: []\n", false},
	} {
		before := t.TempDir()
		lib := filepath.Join(before, past, "charts", "lib")
		if err := os.MkdirAll(lib, 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(lib, "values.yaml"), []byte(c.values), 0o600); err != nil {
			t.Fatal(err)
		}
		if got := chartsOf(before); (got != "") != c.used {
			t.Errorf("%s: %q", name, got)
		}
	}
	if got := chartsOf(""); got != "" {
		t.Errorf("without a release before: %q", got)
	}
}
