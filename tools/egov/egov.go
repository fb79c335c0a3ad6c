// Package egov is the command line of the suite: it decides cases, counts
// periods, checks packs, verifies audit bundles, and runs a whole installation
// on one machine.
//
// What each command promises, and its exit codes, is fixed; see the packages
// below.
package egov

import (
	"context"
	"io"

	"github.com/spf13/cobra"

	"egov/tools/egov/audit"
	"egov/tools/egov/cli"
	"egov/tools/egov/decide"
	"egov/tools/egov/demo"
	"egov/tools/egov/due"
	"egov/tools/egov/login"
	"egov/tools/egov/ops"
	"egov/tools/egov/pack"
	"egov/tools/egov/serve"
	"egov/tools/egov/up"
)

// New makes the root command.
func New() *cobra.Command {
	root := cli.Group(&cobra.Command{
		Use:           "egov",
		Short:         "电子政务项目管理套件 / the e-government project suite",
		SilenceUsage:  true,
		SilenceErrors: true,
	},
		up.New(), demo.New(), decide.New(), due.New(), pack.New(), login.New(), audit.New(), ops.New(), serve.New(), newVersion(),
	)
	root.SetFlagErrorFunc(func(_ *cobra.Command, err error) error { return cli.Usage(err.Error(), err.Error()) })
	return root
}

// Run runs one command line and gives the exit code.
func Run(ctx context.Context, args []string, in io.Reader, out, errs io.Writer) int {
	root := New()
	root.SetArgs(args)
	root.SetIn(in)
	root.SetOut(out)
	root.SetErr(errs)
	cmd, err := root.ExecuteContextC(ctx)
	return cli.Report(errs, cmd, err)
}
