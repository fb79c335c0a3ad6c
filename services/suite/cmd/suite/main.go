// Command suite runs all services in one process, or the one that -target
// names.
package main

import (
	"flag"
	"fmt"
	"os"

	"egov/services/suite"
)

func main() {
	file := flag.String("config", "", "configuration file (YAML)")
	target := flag.String("target", "all", "all, or one service")
	flag.Parse()
	if err := suite.Run(*file, *target); err != nil {
		fmt.Fprintf(os.Stderr, "suite: %v\n", err)
		os.Exit(1)
	}
}
