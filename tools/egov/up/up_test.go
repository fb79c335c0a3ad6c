package up

import (
	"bytes"
	"testing"

	"github.com/spf13/cobra"

	"egov/tools/egov/cli"
)

func TestBadFlagsStartNothing(t *testing.T) {
	t.Parallel()
	for name, args := range map[string][]string{
		"a day that is none": {"--virtual-clock", "2026-02-30"},
		"an argument":        {"now"},
		"a port that is":     {"--port", "http"},
		"a port too high":    {"--port", "99999"},
		"a port too low":     {"--port=-1"},
	} {
		c := New()
		c.SilenceErrors, c.SilenceUsage = true, true
		c.SetFlagErrorFunc(func(_ *cobra.Command, err error) error { return cli.Usage(err.Error(), err.Error()) })
		c.SetArgs(args)
		var said bytes.Buffer
		c.SetErr(&said)
		if err := c.ExecuteContext(t.Context()); cli.Code(err) != cli.BadInput || said.Len() > 0 {
			t.Errorf("%s: %v, %q", name, err, said.String())
		}
	}
}
