package up

import (
	"bytes"
	"net"
	"strconv"
	"strings"
	"testing"

	"github.com/spf13/cobra"

	"egov/tools/egov/cli"
)

func TestPortThatIsTakenIsLeftAlone(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	port := l.Addr().(*net.TCPAddr).Port
	var said bytes.Buffer
	if got := Free(&said, port); got != 0 || !strings.Contains(said.String(), strconv.Itoa(port)) {
		t.Errorf("%d, %q", got, said.String())
	}
	l.Close()
	if got := Free(&said, port); got != port {
		t.Errorf("%d", got)
	}
}

func TestBadFlagsStartNothing(t *testing.T) {
	t.Parallel()
	for name, args := range map[string][]string{
		"a day that is none": {"--virtual-clock", "2026-02-30"},
		"an argument":        {"now"},
		"a port that is":     {"--port", "http"},
	} {
		c := New()
		c.SilenceErrors, c.SilenceUsage = true, true
		c.SetFlagErrorFunc(func(_ *cobra.Command, err error) error { return cli.Usage(err.Error(), err.Error()) })
		c.SetArgs(args)
		if err := c.ExecuteContext(t.Context()); cli.Code(err) != cli.BadInput {
			t.Errorf("%s: %v", name, err)
		}
	}
}
