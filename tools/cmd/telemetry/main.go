// Command telemetry writes what operators watch the suite by: a table of the
// metrics, Prometheus rules and Grafana dashboards.
package main

import (
	"flag"
	"fmt"
	"os"

	"egov/tools/telemetry"
	"egov/tools/workspace"
)

func main() {
	dir := flag.String("o", "deploy/telemetry", "the folder to write")
	flag.Parse()
	if err := run(*dir); err != nil {
		fmt.Fprintln(os.Stderr, "telemetry:", err)
		os.Exit(1)
	}
}

func run(dir string) error {
	root, err := workspace.Root(".")
	if err != nil {
		return err
	}
	made, err := telemetry.Make(root)
	if err != nil {
		return err
	}
	return made.Write(dir)
}
