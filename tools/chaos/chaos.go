// Package chaos is the command line of the suite's faults and upgrades: which
// one to make, from which seed, and the exit code.
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

// Run makes the faults that args ask for, everything without any, or with
// -before the upgrades from another release, and prints a line for each on out. The exit code is 0 when every promise was kept, 1 when
// one was broken or a trial could not be held, and 2 for wrong arguments.
func Run(ctx context.Context, args []string, out, notes io.Writer) int {
	flags := flag.NewFlagSet("chaos", flag.ContinueOnError)
	flags.SetOutput(notes)
	only := flags.String("only", "", "the one to make: "+strings.Join(chaos.Names(false), ", ")+"; with -before "+strings.Join(chaos.Names(true), ", "))
	before := flags.String("before", "", "egov command of the release before: upgrades instead of faults")
	soak := flags.Duration("soak", 0, "how long soak loads the suite; 0 = five minutes")
	seed := flags.Uint64("seed", 1, "what victims and moments are drawn from")
	if err := flags.Parse(args); err != nil {
		return 2
	}
	self, err := os.Executable()
	if err != nil {
		_, _ = fmt.Fprintln(notes, "chaos:", err)
		return 1
	}
	o := chaos.Options{Only: *only, Seed: *seed, Out: out, Notes: notes, Soak: *soak, Serve: program(self)}
	if *before != "" {
		o.Before = program(*before)
	}
	kept, err := chaos.Run(ctx, o)
	if err != nil {
		_, _ = fmt.Fprintln(notes, "chaos:", err)
	}
	if err != nil || !kept {
		return 1
	}
	return 0
}

// program is an egov command as one that runs services.
func program(egov string) chaos.Program {
	return func(config, target string) *exec.Cmd { return exec.Command(egov, serve.Args(config, target)...) }
}
