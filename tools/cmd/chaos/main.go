// Command chaos breaks a private installation of the suite on purpose and says
// which of its promises held.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"

	"egov/tools/chaos"
	"egov/tools/egov"
)

func main() {
	ctx, cancel := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer cancel()
	if len(os.Args) > 1 && os.Args[1] == "serve" { // the processes that are broken are this program, started again
		os.Exit(egov.Run(ctx, os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
	}
	os.Exit(chaos.Run(ctx, os.Args[1:], os.Stdout, os.Stderr))
}
