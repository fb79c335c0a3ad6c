// Command packschema writes the JSON Schemas of the files of a rule pack.
package main

import (
	"flag"
	"fmt"
	"os"

	"egov/tools/packschema"
)

func main() {
	out := flag.String("o", "libs/policy/schema", "the folder to write to")
	flag.Parse()
	if err := packschema.Write(*out); err != nil {
		fmt.Fprintln(os.Stderr, "packschema:", err)
		os.Exit(1)
	}
}
