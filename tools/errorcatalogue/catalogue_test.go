package errorcatalogue_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"egov/tools/errorcatalogue"
)

// desk is a package that names codes in every way there is.
const desk = `package desk

import (
	"fmt"

	"egov/libs/fault"
)

const prefix = "desk_"

var ErrClosed = fault.New(fault.Conflict, prefix+"closed", "窗口已关闭", "the desk is closed", "YP23-M-8", "YP23-M-5")

func check(c *fault.Checks, n, limit int) error {
	c.Require(n > 0, "n", "not_positive", "必须大于零", "must be above zero", "YP23-M-7")
	c.Require(n < limit, "n", "too_many", fmt.Sprintf("不得超过%d", limit), fmt.Sprintf("at most %d", limit))
	c.Add(fault.Violation{Field: "n", Code: "odd", Msg: "应为偶数|双数", MsgEN: "must be even"})
	require := func(ok bool, code, zh string) { c.Require(ok, "n", code, zh, "no") }
	require(n != 7, "seven", "不可为七")
	if n == 13 {
		return &fault.Error{Kind: fault.Refused, Code: "unlucky", Msg: "不吉", MsgEN: "unlucky"}
	}
	if n == 14 {
		return refuse("passed_on", "移交", ErrClosed.Basis...)
	}
	if n == 15 {
		return (&flaw{"kept", "留存"}).fault()
	}
	if n == 16 {
		return fault.New(fault.Refused, fmt.Sprint("made_up_", n), "临时", "made up")
	}
	if err := c.Err(); err != nil {
		return &fault.Error{Code: fault.From(err).Code}
	}
	return &fault.Error{Code: "broken"}
}

var (
	errByOccurrence  = fault.New(fault.Refused, "by_occurrence", "情形", "told later")
	errByViolations  = fault.New(fault.Refused, "by_violations", "各项", "listed")
	errByItsOwn      = fault.New(fault.Refused, "by_its_own", "自有", "its own", "YP23-M-9")
)

func later(c *fault.Checks) error {
	if err := c.Err(); err != nil {
		return errByOccurrence.WithMsg("情形", "told").WithBasis("YP23-M-8")
	}
	if len(prefix) > 9 {
		return errByItsOwn.WithBasis("YP23-M-8")
	}
	return errByViolations.WithViolations()
}

func refuse(code, zh string, basis ...string) error {
	return fault.New(fault.Forbidden, code, zh, "passed on", basis...)
}

type flaw struct{ code, zh string }

func (f *flaw) fault() error { return fault.New(fault.Stale, f.code, f.zh, "kept") }
`

// workspace lays out a go.work with the real fault package and one service.
func workspace(t *testing.T, service string) string {
	t.Helper()
	fault, err := os.ReadFile(filepath.Join("..", "..", "libs", "fault", "fault.go"))
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	for name, text := range map[string]string{
		"go.work":                          "go 1.26.0\n\nuse (\n\t./libs\n\t./services/desk\n)\n",
		"libs/go.mod":                      "module egov/libs\n\ngo 1.26.0\n",
		"libs/fault/fault.go":              string(fault),
		"services/desk/go.mod":             "module egov/services/desk\n\ngo 1.26.0\n\nrequire egov/libs v0.0.0\n\nreplace egov/libs => ../../libs\n",
		"services/desk/desk.go":            service,
		"services/desk/desk_test.go":       "package desk\n\nimport \"egov/libs/fault\"\n\nvar _ = fault.New(fault.Refused, \"only_in_a_test\", \"\", \"\")\n",
		"services/desk/other/unrelated.go": "package other\n",
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

func TestScan(t *testing.T) {
	t.Parallel()
	catalogue, err := errorcatalogue.Scan(workspace(t, desk))
	if err != nil {
		t.Fatal(err)
	}
	var page strings.Builder
	if err := catalogue.WriteMarkdown(&page); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{
		"a code made of constants, provisions in order": "| `desk_closed` | Conflict | 窗口已关闭 | the desk is closed | YP23-M-5, YP23-M-8 | services/desk |\n",
		"a literal":                      "| `unlucky` | Refused | 不吉 | unlucky | – | services/desk |\n",
		"a literal without a kind":       "| `broken` | Internal | – | – | – | services/desk |\n",
		"a check":                        "| `not_positive` | 必须大于零 | must be above zero | YP23-M-7 | services/desk |\n",
		"a check with a formatted text":  "| `too_many` | 不得超过%d | at most %d | – | services/desk |\n",
		"a violation, its bar escaped":   "| `odd` | 应为偶数\\|双数 | must be even | – | services/desk |\n",
		"a code passed on by a function": "| `passed_on` | Forbidden | 移交 | passed on | – | services/desk |\n",
		"a code passed on by a closure":  "| `seven` | 不可为七 | no | – | services/desk |\n",
		"a code kept in a struct":        "| `kept` | Stale | 留存 | kept | – | services/desk |\n",
		"told by the occurrence":         "| `by_occurrence` | Refused | 情形 | told later | 依具体情形 by the occurrence | services/desk |\n",
		"told by its violations":         "| `by_violations` | Refused | 各项 | listed | 见所列各项 with its violations | services/desk |\n",
		"told where it is made":          "| `by_its_own` | Refused | 自有 | its own | YP23-M-9 | services/desk |\n",
		"the vocabulary's own codes":     "| `invalid_input` | Invalid | 提交的内容不符合要求 |",
		"one line for a code used twice": "| `required` | 必填 | is required |",
	} {
		if !strings.Contains(page.String(), want) {
			t.Errorf("%s: the page lacks %q", name, want)
		}
	}
	if strings.Contains(page.String(), "only_in_a_test") {
		t.Error("the page lists a code that only a test names")
	}
	line := 1 + strings.Count(desk[:strings.Index(desk, "made_up_")], "\n")
	if len(catalogue.Dynamic) != 1 || filepath.Base(catalogue.Dynamic[0].Filename) != "desk.go" || catalogue.Dynamic[0].Line != line {
		t.Errorf("codes that are no constants: %v, want line %d of desk.go", catalogue.Dynamic, line)
	}
	if t.Failed() {
		t.Log(page.String())
	}
}

func TestScanRefusesHalfASource(t *testing.T) {
	t.Parallel()
	if _, err := errorcatalogue.Scan(workspace(t, desk+"\nvar _ = undeclared\n")); err == nil || !strings.Contains(err.Error(), "undeclared") {
		t.Errorf("a package that does not compile: %v", err)
	}
}
