package egov_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"egov/libs/policy"
	"egov/tools/egov/cli"
)

// TestOneCaseUnderEveryPack: the packs of the suite by id, a district's own by
// its folder, whatever the day of declaration.
func TestOneCaseUnderEveryPack(t *testing.T) {
	t.Parallel()
	const one = `{"kind":"service","title":"运行保障","unit":"education","unit_kind":"administrative","declared_on":"2026-03-02","amount_fen":8000000000,"hardware_fen":0,"unit_level":"city"}`
	example := filepath.Join("..", "..", "examples", "qinglan")
	own, err := policy.Load(os.DirFS(example))
	if err != nil {
		t.Fatal(err)
	}
	names := map[string]*policy.Pack{example: own, example + "/": own}
	for _, p := range policy.Default().Packs() {
		names[p.ID()] = p
	}
	for name, pack := range names {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := run(t, one, "decide", "--pack", name, "-")
			var d policy.Decision
			if err := json.Unmarshal([]byte(r.out), &d); err != nil || r.code != cli.OK {
				t.Fatalf("exit %d: %s%s", r.code, r.out, r.errs)
			}
			if d.Pack != pack.ID() || d.PackVersion != pack.Version() || d.Route == "" || len(d.Basis) == 0 || len(d.Trace) == 0 {
				t.Errorf("%s %s: %s by %v", d.Pack, d.PackVersion, d.Route, d.Basis)
			}
			again := run(t, one, "decide", "--pack", name, "-")
			if again.out != r.out {
				t.Error("the same case under the same pack has two answers")
			}
		})
	}
}

// TestPacksThatCannotDecide are told as problem documents.
func TestPacksThatCannotDecide(t *testing.T) {
	t.Parallel()
	empty := t.TempDir()
	for _, c := range []struct {
		name string
		args []string
		says string
	}{
		{"no such pack", []string{"--pack", "atlantis"}, `"unknown_pack"`},
		{"no such folder", []string{"--pack", filepath.Join(empty, "atlantis")}, `"usage_error"`},
		{"a folder that is no pack", []string{"--pack", empty}, `"missing_file"`},
		{"a pack and a day", []string{"--pack", "yangpu-2023", "--as-of", "2024-01-01"}, `"usage_error"`},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			r := run(t, `{}`, append(append([]string{"decide"}, c.args...), "-")...)
			if r.code != cli.BadInput || r.out != "" || !strings.Contains(r.errs, c.says) {
				t.Errorf("exit %d, %q, %q", r.code, r.out, r.errs)
			}
		})
	}
}
