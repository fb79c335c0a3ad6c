package pack_test

import (
	"bytes"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"egov/libs/policy"
	"egov/libs/policy/packs"
	"egov/tools/egov/cli"
	"egov/tools/egov/pack"
)

// run runs `egov pack` with arguments.
func run(t *testing.T, args ...string) (code int, out, errs string) {
	t.Helper()
	var o, e bytes.Buffer
	c := pack.New()
	c.SilenceErrors, c.SilenceUsage = true, true
	c.SetArgs(args)
	c.SetOut(&o)
	c.SetErr(&e)
	cmd, err := c.ExecuteContextC(t.Context())
	return cli.Report(&e, cmd, err), o.String(), e.String()
}

// folder is a copy of a shipped pack on disk, with one text of a file replaced.
func folder(t *testing.T, file, old, now string) string {
	t.Helper()
	from, err := fs.Sub(packs.FS, "yangpu-2023")
	if err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(t.TempDir(), "pack")
	if err := os.CopyFS(dir, from); err != nil {
		t.Fatal(err)
	}
	if file == "" {
		return dir
	}
	path := filepath.Join(dir, file)
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	changed := strings.Replace(string(text), old, now, 1)
	if changed == string(text) {
		t.Fatalf("%s has no %q", file, old)
	}
	if err := os.WriteFile(path, []byte(changed), 0o644); err != nil {
		t.Fatal(err)
	}
	return dir
}

func TestCheck(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name, file, old, now string
		code                 int
		says                 string // a pattern, after the folder's name
	}{
		{name: "a sound pack", code: cli.OK, says: `^yangpu-2023 .*ok, all \d+ worked cases`},
		{
			name: "an expression that is none", file: "routes.yaml", old: "when: classified\n", now: "when: classified &&\n",
			code: cli.Failed, says: `/routes\.yaml:\d+:\d+: .+ / .+ \[invalid_expression\]`,
		},
		{
			name: "an unknown provision", file: "routes.yaml", old: "[YP23-M-37]", now: "[YP23-M-370]",
			code: cli.Failed, says: `/routes\.yaml:\d+:\d+: .+ \[unknown_provision\]`,
		},
		{
			name: "a case that comes out otherwise", file: "params.yaml", old: "filing_limit, wan: 100", now: "filing_limit, wan: 100.000001",
			code: cli.Failed, says: `/cases\.yaml:\d+:\d+: .+at the filing limit.+ \[case_differs\]`,
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			code, out, errs := run(t, "check", folder(t, tc.file, tc.old, tc.now))
			if code != tc.code || !regexp.MustCompile(tc.says).MatchString(out) {
				t.Errorf("exit %d\n%s%s", code, out, errs)
			}
			if (errs == "") != (tc.code == cli.OK) {
				t.Errorf("standard error %q", errs)
			}
		})
	}
}

func TestCheckOfNothing(t *testing.T) {
	t.Parallel()
	if code, out, errs := run(t, "check", filepath.Join(t.TempDir(), "none")); code != cli.Failed || out != "" || !strings.Contains(errs, "no such directory") {
		t.Errorf("exit %d, %q, %q", code, out, errs)
	}
	if code, out, _ := run(t, "check", t.TempDir()); code != cli.Failed || !strings.Contains(out, "missing_file") {
		t.Errorf("exit %d, %q", code, out)
	}
}

func TestExplain(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		lang string
		says []string
	}{
		{"zh", []string{
			"# 杨浦区", "## 办理流程", "    - 条件：项目类别为新建、升级改造（续建）或购买服务，且申报金额低于100万元\n", "第三方论证评估 (`third_party_evaluation`)",
			"| 合同备案 (`contract_filing`) | `contract_effective` | 10个工作日 | 必须 | [YP23-R-5.5.2] |", "公开招标 (`public_tender`)", "- **YP23-R-5.3.1** ",
			"| `om_change` |", "原则上",
		}},
		{"en", []string{
			"# Yangpu", "## Routes", "the declared amount is below CNY 1,000,000\n", "    - rests on: [YP23-R-5.3.1] ", "third-party evaluation (`third_party_evaluation`)",
			"10 working days", "## Cost standard", "⟨limit⟩", "## Provisions",
		}},
	} {
		t.Run(tc.lang, func(t *testing.T) {
			t.Parallel()
			code, out, errs := run(t, "explain", "yangpu-2023", "--lang", tc.lang)
			if code != cli.OK || errs != "" {
				t.Fatalf("exit %d: %s", code, errs)
			}
			for _, s := range tc.says {
				if !strings.Contains(out, s) {
					t.Errorf("the book does not say %q", s)
				}
			}
			if strings.Contains(out, "{limit}") || strings.Contains(out, "\n\n\n") {
				t.Error("the book has a gap")
			}
		})
	}
	if code, _, errs := run(t, "explain", "atlantis"); code != cli.BadInput || !strings.Contains(errs, "yangpu-2023") {
		t.Errorf("exit %d, %q", code, errs)
	}
}

// TestEveryProvisionOfTheBookIsExplained: an id in brackets stands at the end
// with its text.
func TestEveryProvisionOfTheBookIsExplained(t *testing.T) {
	t.Parallel()
	for _, pack := range policy.Default().Packs() {
		id := pack.ID()
		_, out, _ := run(t, "explain", id)
		body, end, ok := strings.Cut(out, "\n## 条款\n")
		if !ok {
			t.Fatalf("%s has no provisions", id)
		}
		for _, found := range regexp.MustCompile(`\[([A-Za-z0-9.-]+(?:, [A-Za-z0-9.-]+)*)\]`).FindAllStringSubmatch(body, -1) {
			for p := range strings.SplitSeq(found[1], ", ") {
				if !strings.Contains(end, "- **"+p+"** ") {
					t.Errorf("%s: %s is not explained", id, p)
				}
			}
		}
	}
}
