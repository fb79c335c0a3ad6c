package stack

import (
	"os"
	"path/filepath"
	"testing"
)

// TestRulesAreKeptWithTheData: an installation that is opened again goes by the
// rules it was set up with.
func TestRulesAreKeptWithTheData(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	again := func(o Options) rules {
		t.Helper()
		s := &Stack{Dir: dir, opts: o}
		r, err := s.rules()
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
	if r := again(Options{}); r != (rules{}) {
		t.Errorf("at first %+v", r)
	}
	set := Options{District: "qinglan", Packs: "/somewhere/qinglan"}
	for _, o := range []Options{set, {}} {
		if r := again(o); r != (rules{"qinglan", "/somewhere/qinglan"}) {
			t.Errorf("%+v gives %+v", o, r)
		}
	}
	if err := os.WriteFile(filepath.Join(dir, "rules.yaml"), []byte("district: [\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := (&Stack{Dir: dir}).rules(); err == nil {
		t.Error("a file that cannot be read is passed over")
	}
}

// TestPortsDiffer: nobody is given a port twice.
func TestPortsDiffer(t *testing.T) {
	t.Parallel()
	seen := map[int]bool{}
	for range 30 {
		port, err := freePort()
		if err != nil {
			t.Fatal(err)
		}
		if seen[port] || port < firstPort || port >= firstPort+portCount {
			t.Errorf("port %d", port)
		}
		seen[port] = true
	}
}
