package provisions

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"egov/libs/policy"
)

// desk is a service that enforces provisions in every way there is.
const desk = `package desk

import "egov/libs/fault"

// ErrClosed: nobody comes in.
var ErrClosed = fault.New(fault.Conflict, "desk_closed", "关", "closed", "YP23-M-8")

// Open opens the desk (YP23-M-13).
func Open(n int) error {
	var c fault.Checks
	c.Require(n > 0, "n", "not_positive", "零", "zero", "YP23-M-9")
	c.Require(n > 1, "n", "often", "一", "one", "YP23-M-5")
	c.Require(n > 2, "n", "often", "二", "two", "YP23-M-6")
	c.Require(n > 3, "n", "often", "三", "three", "YP23-M-7")
	c.Require(n > 4, "n", "often", "四", "four", "YP23-M-15")
	c.Require(n > 5, "n", "required", "五", "five", "YP23-R-2")
	return c.Err()
}

func basis() []string { return []string{"SH12-P-9"} }

const clock = "contract_filing"
`

const deskTest = `package desk_test

import "testing"

// TestRoles: SH12-P-9.
func TestRoles(t *testing.T) {}

func TestWhoMayNot(t *testing.T) { as("nobody").Refused(403, "SH12-P-9") }

func TestBothSides(t *testing.T) {
	as("nobody").Refused(403, "SH12-P-9")
	as("somebody").OK(nil)
}

func TestNothingIsLeftOut(t *testing.T) { _ = "n required" }

func TestClosed(t *testing.T) { _ = desk.ErrClosed }

func TestCounts(t *testing.T) { _ = "n not_positive, often" }
`

const otherTest = `package other_test

import "testing"

func TestElsewhere(t *testing.T) { _ = "desk_closed" }

func TestContract(t *testing.T) { _, _ = "contract_copy", "gate_closed" }

func TestNothingOfAGate(t *testing.T) { _ = "contract_copy" }
`

// layout lays out a go.work with two services.
func layout(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range map[string]string{
		"go.work":                            "go 1.26.0\n\nuse (\n\t./services/desk\n\t./services/other\n)\n",
		"services/desk/desk.go":              desk,
		"services/desk/desk_test.go":         deskTest,
		"services/desk/desktest/helper.go":   "package desktest\n\nconst ID = \"YP23-M-16\"\n",
		"services/other/other_test.go":       otherTest,
		"services/other/node_modules/x/x.go": "package x\n\nconst ID = \"YP23-M-16\"\n",
	} {
		file := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func find(t *testing.T, table Table, id string) *Evidence {
	t.Helper()
	for _, p := range table.Parts {
		for _, e := range p.Provisions {
			if e.ID == id {
				return e
			}
		}
	}
	t.Fatalf("no %s", id)
	return nil
}

func TestCodeAndItsTests(t *testing.T) {
	t.Parallel()
	table, byID, err := skeleton(policy.Default().Packs())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := scanSource(layout(t), nil, byID); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name, id             string
		code, shown, refused []string
	}{
		{"an error, by its variable", "YP23-M-8", []string{"services/desk: ErrClosed"}, nil, []string{"services/desk: TestClosed"}},
		{"a comment", "YP23-M-13", []string{"services/desk: Open"}, nil, nil},
		{"a check, by its code", "YP23-M-9", []string{"services/desk: Open"}, nil, []string{"services/desk: TestCounts"}},
		{"a code that rests on many", "YP23-M-5", []string{"services/desk: Open"}, nil, nil},
		{"a test that names the id", "SH12-P-9", []string{"services/desk: basis"}, []string{"services/desk: TestBothSides", "services/desk: TestRoles"}, []string{"services/desk: TestBothSides", "services/desk: TestWhoMayNot"}},
		{"a code about the form of an input", "YP23-R-2", []string{"services/desk: Open"}, nil, nil},
		{"helpers of tests and what is not ours", "YP23-M-16", nil, nil, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			e := find(t, table, c.id)
			slices.Sort(e.Shown) // Scan does, when all is gathered
			slices.Sort(e.Refused)
			if !slices.Equal(e.Code, c.code) || !slices.Equal(e.Shown, c.shown) || !slices.Equal(e.Refused, c.refused) {
				t.Errorf("%+v", e)
			}
		})
	}
}

func TestPacksAndTheirCases(t *testing.T) {
	t.Parallel()
	table, err := Scan(layout(t), policy.Default().Packs())
	if err != nil {
		t.Fatal(err)
	}
	has := func(id string, list []string, want string) {
		t.Helper()
		if !slices.ContainsFunc(list, func(s string) bool { return strings.HasSuffix(s, want) }) {
			t.Errorf("%s has no %q in %q", id, want, list)
		}
	}
	small := find(t, table, "YP23-R-5.3.1")
	has(small.ID, small.Rules, "yangpu-2023: route/small")
	has(small.ID, small.Rules, "param/filing_limit")
	has(small.ID, small.Shown, "case “one fen below the filing limit”")
	has(small.ID, small.Refused, "case “at the filing limit”")
	contract := find(t, table, "YP23-R-5.5.2")
	has(contract.ID, contract.Rules, "deadline/contract_filing")
	has(contract.ID, contract.Refused, "services/other: TestContract")
	if slices.Contains(contract.Refused, "services/other: TestNothingOfAGate") {
		t.Error("a test that speaks of no gate is taken for a refusal by one")
	}
	sharing := find(t, table, "SH16-D-14")
	has(sharing.ID, sharing.Idle, "yangpu-2023: deadline/sharing_answer")
	if sharing.enforced() {
		t.Errorf("a clock that no service of the workspace keeps enforces %s", sharing.ID)
	}
	scope := find(t, table, "YP23-R-1.2")
	has(scope.ID, scope.Rules, "field/kind")
	quorum := find(t, table, "YP23-R-4.3")
	has(quorum.ID, quorum.Rules, "procedure/quorum")
	hardware := find(t, table, "YP23-R-5.3.3")
	has(hardware.ID, hardware.Refused, "case “one fen above five million, hardware missing”")
}

func TestWhatIsOpenIsNamed(t *testing.T) {
	t.Parallel()
	page := strings.Builder{}
	full := []string{"a", "b", "c", "d", "e"}
	table := Table{Parts: []Part{{Title: policy.Text{ZH: "甲", EN: "A"}, Provisions: []*Evidence{
		{ID: "A-1", Text: policy.Text{ZH: "全|有", EN: "all"}, Rules: full, Shown: full, Refused: full[:1]},
		{ID: "A-2", Text: policy.Text{ZH: "无", EN: "none"}, Shown: full, Idle: []string{"p: deadline/d"}},
		{ID: "A-3", Text: policy.Text{ZH: "未测", EN: "untested"}, Code: full},
		{ID: "A-4", Text: policy.Text{ZH: "无拒绝", EN: "no refusal"}, Code: full, Shown: full},
		{ID: "A-5", Text: policy.Text{ZH: "授权", EN: "leave"}, Never: &Never{Text: policy.Text{ZH: "仅授权", EN: "only leave"}, Unenforced: true}},
		{ID: "A-6", Text: policy.Text{ZH: "可以", EN: "may"}, Code: full, Shown: full, Never: &Never{Text: policy.Text{ZH: "许可", EN: "permits"}}},
		{ID: "A-8", Text: policy.Text{ZH: "仅拒绝", EN: "refused alone"}, Code: full, Refused: full},
		{ID: "A-7", Text: policy.Text{ZH: "可以二", EN: "may too"}, Never: &Never{Text: policy.Text{ZH: "许可", EN: "permits"}}},
	}}}}
	if err := table.WriteMarkdown(&page); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"| **A-1** 全\\|有 | `a`<br>`b`<br>`c`<br>`d`<br>+1 | `a`<br>`b`<br>`c`<br>`d`<br>+1 | `a` |\n",
		"Of 8 provisions 1 have all three, and 2 by their nature no refusal.",
		"### 尚无执行 Enforced nowhere (2)\n\n- **A-2** 无 — none (无服务计时 a clock that no service keeps: `p: deadline/d`)\n- **A-7** 可以二 — may too\n",
		"| **A-6** 可以 | `a`<br>`b`<br>`c`<br>`d`<br>+1 | `a`<br>`b`<br>`c`<br>`d`<br>+1 | 不适用 none possible |\n",
		"### 依其性质没有拒绝 No refusal possible (2)\n\n- **A-5** 授权 — leave：仅授权 only leave\n- **A-6** 可以 — may：许可 permits\n",
		"### 有执行而无测试证明 Enforced, shown by no test (2)\n\n- **A-3** 未测 — untested\n- **A-8** 仅拒绝 — refused alone\n",
		"### 有测试而未见拒绝 Shown, without a refusal (1)\n\n- **A-4** 无拒绝 — no refusal\n",
	} {
		if !strings.Contains(page.String(), want) {
			t.Errorf("the page lacks %q", want)
		}
	}
}

// TestNoRefusalNeedsAReason and a provision that is in the table.
func TestNoRefusalNeedsAReason(t *testing.T) {
	t.Parallel()
	const head = "parts:\n  - title: {zh: 甲, en: A}\n    ids: [YP23-M-29]\ntexts:\n  YP23-M-29: {zh: 另行制定, en: set apart}\nno_refusal:\n"
	for _, c := range []struct {
		name, entry string
		ok          bool
	}{
		{"a reason in two languages", "  YP23-M-29: {zh: 授权, en: leave, unenforced: true}\n", true},
		{"a reason in one", "  YP23-M-29: {zh: 授权}\n", false},
		{"no provision of the table", "  YP23-M-290: {zh: 授权, en: leave}\n", false},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			_, byID, err := skeletonOf([]byte(head+c.entry), nil)
			if (err == nil) != c.ok {
				t.Fatalf("%v", err)
			}
			if c.ok && (byID["YP23-M-29"].Never == nil || !byID["YP23-M-29"].Never.Unenforced || byID["YP23-M-29"].Never.EN != "leave") {
				t.Errorf("%+v", byID["YP23-M-29"])
			}
		})
	}
}

func TestIdsCountAsPeopleDo(t *testing.T) {
	t.Parallel()
	ids := []string{"YP23-R-10", "YP23-R-5.3.10", "YP23-R-5", "SH12-P-9", "YP23-R-5.3.2", "SH12-10", "SH12-9"}
	slices.SortFunc(ids, byNumber)
	want := []string{"SH12-9", "SH12-10", "SH12-P-9", "YP23-R-5", "YP23-R-5.3.2", "YP23-R-5.3.10", "YP23-R-10"}
	if !slices.Equal(ids, want) {
		t.Errorf("%v", ids)
	}
}
