// Command apidocs writes docs/api: one OpenAPI document a service.
package main

import (
	"flag"
	"fmt"
	"os"

	"egov/services/suite/apidocs"
)

//go:generate go run . -o ../../../../docs/api

func main() {
	dir := flag.String("o", "docs/api", "the directory to write")
	flag.Parse()
	if err := apidocs.Write(*dir); err != nil {
		fmt.Fprintln(os.Stderr, "apidocs:", err)
		os.Exit(1)
	}
}
