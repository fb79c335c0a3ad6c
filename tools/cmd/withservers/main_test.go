package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestRun(t *testing.T) {
	t.Parallel()
	out := filepath.Join(t.TempDir(), "out")
	for name, c := range map[string]struct {
		args []string
		code int
		err  string
	}{
		"no command":            {nil, 2, "name the command"},
		"an unknown command":    {[]string{"no-such-command"}, 1, "no-such-command"},
		"the command's status":  {[]string{"sh", "-c", "exit 7"}, 7, ""},
		"a command that dies":   {[]string{"sh", "-c", "kill -9 $$"}, 1, ""},
		"servers that answer":   {[]string{"sh", "-c", `[ -n "$EGOV_TEST_DATABASE_URL" ] && printf %s "$EGOV_TEST_REDIS_URL" >"$1"`, "_", out}, 0, ""},
		"an argument with word": {[]string{"test", "a b", "=", "a b"}, 0, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			code, err := run(c.args)
			if code != c.code || (err == nil) != (c.err == "") || err != nil && !strings.Contains(err.Error(), c.err) {
				t.Errorf("%q: status %d and %v, want %d and %q", c.args, code, err, c.code, c.err)
			}
		})
	}
	t.Cleanup(func() {
		url, err := os.ReadFile(out)
		if err != nil || !strings.HasPrefix(string(url), "redis://") {
			t.Errorf("the command saw the Redis %q (%v)", url, err)
		}
	})
}
