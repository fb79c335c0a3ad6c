package refusals_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// named is a test as the document names it: its folder and its function; or a
// target of make, for what no test can show.
var named = regexp.MustCompile("`(make [a-z-]+|([a-z0-9/]+)\\.((?:Test|Fuzz)[A-Za-z0-9_]+))`")

// TestEveryThreatNamesItsTest: each line of the threats of docs/security.md says
// what shows its answer, and that is there.
func TestEveryThreatNamesItsTest(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile(document)
	if err != nil {
		t.Fatal(err)
	}
	_, threats, _ := strings.Cut(string(text), "## Threats\n")
	threats, _, _ = strings.Cut(threats, "\n## ")
	rows := 0
	for row := range strings.Lines(threats) {
		cells := strings.Split(strings.TrimSpace(row), " | ")
		if len(cells) != 3 || strings.HasPrefix(row, "| threat |") {
			continue
		}
		rows++
		names := named.FindAllStringSubmatch(cells[2], -1)
		if len(names) == 0 {
			t.Errorf("nothing shows the answer to: %s", cells[0])
		}
		for _, n := range names {
			if n[2] != "" && !isThere(t, n[2], n[3]) {
				t.Errorf("%s: %s has no %s", cells[0], n[2], n[3])
			}
		}
	}
	if rows < 20 {
		t.Errorf("%d threats are read", rows)
	}
}

// isThere reports whether a folder of the repository has a test.
func isThere(t *testing.T, folder, test string) bool {
	t.Helper()
	files, err := filepath.Glob(filepath.Join("../../../..", folder, "*_test.go"))
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		b, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(string(b), "\nfunc "+test+"(") {
			return true
		}
	}
	return false
}
