// Package serve is the hidden command with which `egov up` runs the services in
// processes of their own: the same binary, started again.
package serve

import (
	"flag"

	"github.com/spf13/cobra"

	"egov/services/suite"
	"egov/tools/egov/cli"
)

// Args is the command line that serves target with a configuration file.
func Args(config, target string) []string {
	return []string{"serve", "-config", config, "-target", target}
}

// New makes the command.
func New() *cobra.Command {
	return &cobra.Command{
		Use:    "serve -config FILE -target NAME",
		Short:  "运行服务 / run all services, or one",
		Hidden: true,
		// The flags are those of the services' own binaries.
		DisableFlagParsing: true,
		RunE: func(cmd *cobra.Command, args []string) error {
			flags := flag.NewFlagSet("serve", flag.ContinueOnError)
			flags.SetOutput(cmd.ErrOrStderr())
			config := flags.String("config", "", "configuration file (YAML)")
			target := flags.String("target", "all", "all, or one service")
			if err := flags.Parse(args); err != nil {
				return cli.Exit(cli.BadInput, nil) // the flag set has said why
			}
			if err := suite.Run(*config, *target, suite.Serve); err != nil {
				return cli.Exit(cli.Failed, err)
			}
			return nil
		},
	}
}
