package egov_test

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"egov/tools/egov"
)

// asCommand makes this test binary the egov command itself.
const asCommand = "EGOV_TEST_AS_COMMAND"

func TestMain(m *testing.M) {
	if os.Getenv(asCommand) != "" {
		os.Exit(egov.Run(context.Background(), os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
	}
	os.Exit(m.Run())
}

// block is a fenced block of a page: commands (sh), or what must be among the
// output of the commands before it (text).
type block struct {
	line       int
	kind, text string
}

var fenced = regexp.MustCompile("(?ms)^```([a-z]+)\n(.*?)^```$")

func blocks(page string) (list []block) {
	for _, at := range fenced.FindAllStringSubmatchIndex(page, -1) {
		list = append(list, block{1 + strings.Count(page[:at[0]], "\n"), page[at[2]:at[3]], page[at[4]:at[5]]})
	}
	return list
}

// TestTheAdoptingDistrictsHour runs the commands of docs/adopt.md one after the
// other, as a person does who follows it, and looks for the lines it shows; "…"
// stands for what may differ.
func TestTheAdoptingDistrictsHour(t *testing.T) {
	t.Parallel()
	root, err := filepath.Abs(filepath.Join("..", ".."))
	if err != nil {
		t.Fatal(err)
	}
	page, err := os.ReadFile(filepath.Join(root, "docs", "adopt.md"))
	if err != nil {
		t.Fatal(err)
	}
	dir, bin := t.TempDir(), t.TempDir()
	if err := os.CopyFS(filepath.Join(dir, "examples"), os.DirFS(filepath.Join(root, "examples"))); err != nil {
		t.Fatal(err)
	}
	script := fmt.Sprintf("#!/bin/sh\nexec env %s=1 %q \"$@\"\n", asCommand, os.Args[0])
	if err := os.WriteFile(filepath.Join(bin, "egov"), []byte(script), 0o755); err != nil {
		t.Fatal(err)
	}
	var said string
	ran := 0
	for _, b := range blocks(string(page)) {
		switch b.kind {
		case "sh":
			var out bytes.Buffer
			c := exec.CommandContext(t.Context(), "bash", "-euo", "pipefail", "-c", b.text)
			c.Dir, c.Env = dir, append(os.Environ(), "PATH="+bin+":"+os.Getenv("PATH"))
			c.Stdout, c.Stderr = &out, &out
			if err := c.Run(); err != nil {
				t.Fatalf("docs/adopt.md:%d: %v\n%s", b.line, err, out.String())
			}
			said = out.String()
			ran++
		case "text":
			for line := range strings.Lines(b.text) {
				pattern := strings.ReplaceAll(regexp.QuoteMeta(strings.TrimSpace(line)), "…", ".*")
				if !regexp.MustCompile(pattern).MatchString(said) {
					t.Errorf("docs/adopt.md:%d: %q is not in\n%s", b.line, strings.TrimSpace(line), said)
				}
			}
		}
	}
	if ran < 8 {
		t.Errorf("only %d blocks of commands", ran)
	}
}
