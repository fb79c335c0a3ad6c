// Package chaos is the command line of the suite's faults: which one to make,
// from which seed, and the exit code.
package chaos

import (
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"

	"egov/services/suite/chaos"
	"egov/tools/egov/serve"
)

// Run makes the faults that args ask for, everything without any, and prints a
// line for each on out. The exit code is 0 when every promise was kept, 1 when
// one was broken or a trial could not be held, and 2 for wrong arguments.
func Run(ctx context.Context, args []string, out, notes io.Writer) int {
	flags := flag.NewFlagSet("chaos", flag.ContinueOnError)
	flags.SetOutput(notes)
	only := flags.String("only", "", "the one fault to make: "+strings.Join(chaos.Names(), ", "))
	seed := flags.Uint64("seed", 1, "what victims and moments are drawn from")
	if err := flags.Parse(args); err != nil {
		return 2
	}
	self, err := os.Executable()
	if err != nil {
		_, _ = fmt.Fprintln(notes, "chaos:", err)
		return 1
	}
	kept, err := chaos.Run(ctx, chaos.Options{
		Only: *only, Seed: *seed, Out: out, Notes: notes,
		Serve: func(config, target string) *exec.Cmd { return exec.Command(self, serve.Args(config, target)...) },
	})
	if err != nil {
		_, _ = fmt.Fprintln(notes, "chaos:", err)
	}
	if err != nil || !kept {
		return 1
	}
	return 0
}
