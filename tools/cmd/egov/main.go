// Command egov is the command line of the suite; `egov help` lists what it
// does.
package main

import (
	"context"
	"os"

	"egov/tools/egov"
)

func main() {
	os.Exit(egov.Run(context.Background(), os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
}
