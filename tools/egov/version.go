package egov

import (
	"fmt"

	"github.com/spf13/cobra"

	"egov/libs/host"
	"egov/tools/egov/cli"
)

func newVersion() *cobra.Command {
	return &cobra.Command{
		Use:   "version",
		Short: "版本 / print the version",
		Args:  cli.Args(0, 0, ""),
		RunE: func(cmd *cobra.Command, _ []string) error {
			_, err := fmt.Fprintln(cmd.OutOrStdout(), "egov", host.Version())
			return err
		},
	}
}
