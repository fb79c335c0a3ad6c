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

func check(c *fault.Checks, n, limit int, code string) error {
	c.Require(n > 0, "n", "not_positive", "必须大于零", "must be above zero", "YP23-M-7")
	c.Require(n < limit, "n", "too_many", fmt.Sprintf("不得超过%d", limit), fmt.Sprintf("at most %d", limit))
	c.Require(n != 7, "n", code, "不可", "no")
	c.Add(fault.Violation{Field: "n", Code: "odd", Msg: "应为偶数|双数", MsgEN: "must be even"})
	if n == 13 {
		return &fault.Error{Kind: fault.Refused, Code: "unlucky", Msg: "不吉", MsgEN: "unlucky"}
	}
	if n == 14 {
		return fault.Error{Code: "broken"}.Wrap()
	}
	return c.Err()
}
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
	catalogue, err := errorcatalogue.Scan(workspace(t, strings.Replace(desk, "fault.Error{Code: \"broken\"}.Wrap()", "&fault.Error{Code: \"broken\"}", 1)))
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
	if len(catalogue.Dynamic) != 1 || filepath.Base(catalogue.Dynamic[0].Filename) != "desk.go" || catalogue.Dynamic[0].Line != 16 {
		t.Errorf("codes that are no constants: %v, want line 16 of desk.go", catalogue.Dynamic)
	}
	if t.Failed() {
		t.Log(page.String())
	}
}

func TestScanRefusesHalfASource(t *testing.T) {
	t.Parallel()
	if _, err := errorcatalogue.Scan(workspace(t, desk)); err == nil || !strings.Contains(err.Error(), "Wrap") {
		t.Errorf("a package that does not compile: %v", err)
	}
}
