package e2e_test

import (
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"testing"

	"egov/libs/policy"
	"egov/services/suite/demo"
	"egov/services/suite/stack"
	"egov/services/suite/stack/stacktest"
)

// example is the folder of the pack of a district that is not in the binaries.
var example = filepath.Join("..", "..", "..", "examples", "qinglan")

// TestAnotherDistrict walks the published projects under the rules of a folder:
// other thresholds, another conference, other day counts, the ends that the
// script beside the pack names. Nothing of it is compiled in. One late filing is
// no red flag there: it takes two.
func TestAnotherDistrict(t *testing.T) {
	dir, err := filepath.Abs(example)
	if err != nil {
		t.Fatal(err)
	}
	rules, err := policy.Load(os.DirFS(dir))
	if err != nil {
		t.Fatal(err)
	}
	doc, err := os.ReadFile(filepath.Join(dir, "demo.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	script, err := demo.ReadScript(doc)
	if err != nil {
		t.Fatal(err)
	}
	s := stacktest.Start(t, stack.Options{District: rules.District(), Packs: dir})
	r := walk(t, s, demo.Options{Script: &script})
	if late := lateOnes(r); len(late) != 1 || late[0] != script.Late {
		t.Errorf("late are %v, not %s alone", late, script.Late)
	}
	t.Run("Replay", func(t *testing.T) { replay(t, s.URL("declaration"), rules) })
}

func lateOnes(r demo.Report) (ids []string) {
	for _, p := range r.Projects {
		if p.Deadlines.Late > 0 {
			ids = append(ids, p.ID)
		}
	}
	return ids
}

// replay decides one case under the district's rules, those in force by
// themselves, and under every pack that came with the suite: the folder adds
// to them.
func replay(t *testing.T, url string, rules *policy.Pack) {
	const one = `{"kind":"service","title":"运行保障服务","unit":"education","unit_kind":"administrative","declared_on":"2026-03-02","amount_fen":8000000000,"hardware_fen":0,"unit_level":"city"}`
	decide := func(query string) policy.Decision {
		t.Helper()
		status, b := do(t, http.MethodPost, url+"/v1/decisions"+query, "", one)
		if status != http.StatusOK {
			t.Fatalf("%s: %d %s", query, status, b)
		}
		var d policy.Decision
		if err := json.Unmarshal(b, &d); err != nil {
			t.Fatal(err)
		}
		return d
	}
	if d := decide(""); d.Pack != rules.ID() || d.PackVersion != rules.Version() {
		t.Errorf("decided by %s %s, not by %s %s", d.Pack, d.PackVersion, rules.ID(), rules.Version())
	}
	for _, p := range append(policy.Default().Packs(), rules) {
		d := decide("?pack=" + p.ID())
		if d.Pack != p.ID() || d.PackVersion != p.Version() || d.Route == "" || len(d.Basis) == 0 || len(d.Trace) == 0 {
			t.Errorf("%s answers %s %s, route %q by %v", p.ID(), d.Pack, d.PackVersion, d.Route, d.Basis)
		}
	}
}
