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
	check := flag.Bool("check", false, "check the configuration and stop")
	migrate := flag.Bool("migrate", false, "migrate the databases as their owners and stop")
	flag.Parse()
	action := suite.Serve
	switch {
	case *check:
		action = suite.Check
	case *migrate:
		action = suite.Migrate
	}
	if err := suite.Run(*file, *target, action); err != nil {
		fmt.Fprintf(os.Stderr, "suite: %v\n", err)
		os.Exit(1)
	}
}
