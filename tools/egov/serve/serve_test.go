package serve_test

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"egov/tools/egov/cli"
	"egov/tools/egov/serve"
)

func TestServeRefusesWhatItCannotRun(t *testing.T) {
	t.Parallel()
	empty := filepath.Join(t.TempDir(), "suite.yaml")
	if err := os.WriteFile(empty, []byte("log_level: info\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, tc := range map[string]struct {
		args []string
		code int
	}{
		"an unknown flag":      {[]string{"-port", "1"}, cli.BadInput},
		"no such file":         {[]string{"-config", empty + ".none"}, cli.Failed},
		"a service is missing": {serve.Args(empty, "all")[1:], cli.Failed},
	} {
		var errs bytes.Buffer
		c := serve.New()
		c.SilenceErrors, c.SilenceUsage = true, true
		c.SetArgs(tc.args)
		c.SetErr(&errs)
		cmd, err := c.ExecuteContextC(t.Context())
		if code := cli.Report(&errs, cmd, err); code != tc.code || errs.Len() == 0 {
			t.Errorf("%s: exit %d, %q", name, code, errs.String())
		}
	}
}
