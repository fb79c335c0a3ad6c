// Package audit is `egov audit`: it takes bundles of the ledger, and packages of
// closed projects for archives, from a running installation, and verifies them
// offline.
package audit

import (
	"github.com/spf13/cobra"

	"egov/tools/egov/cli"
)

// New makes the command with its members.
func New() *cobra.Command {
	return cli.Group(&cobra.Command{
		Use:   "audit",
		Short: "审计包：导出与离线验证 / audit bundles: export and verify",
	}, newExport(), newArchive(), newVerify())
}
