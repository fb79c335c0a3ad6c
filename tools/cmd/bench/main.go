// Command bench measures what the suite promises, beside its references.
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"egov/tools/bench"
	"egov/tools/egov"
)

func main() {
	ctx, cancel := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer cancel()
	if len(os.Args) > 1 && os.Args[1] == "serve" { // a measure runs a service in a process of its own
		code, err := bench.Service(func() int { return egov.Run(ctx, os.Args[1:], os.Stdin, os.Stdout, os.Stderr) })
		if err != nil {
			fmt.Fprintln(os.Stderr, "bench:", err)
		}
		os.Exit(code)
	}
	if err := bench.Run(ctx, os.Args[1:], os.Stdout, os.Stderr); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}
