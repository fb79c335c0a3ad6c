// Command errorcatalogue writes docs/errors.md from the source.
package main

import (
	"flag"
	"fmt"
	"os"

	"egov/tools/errorcatalogue"
	"egov/tools/workspace"
)

func main() {
	out := flag.String("o", "docs/errors.md", "the file to write")
	flag.Parse()
	if err := run(*out); err != nil {
		fmt.Fprintln(os.Stderr, "errorcatalogue:", err)
		os.Exit(1)
	}
}

func run(out string) error {
	root, err := workspace.Root(".")
	if err != nil {
		return err
	}
	catalogue, err := errorcatalogue.Scan(root)
	if err != nil {
		return err
	}
	f, err := os.Create(out)
	if err != nil {
		return err
	}
	if err := catalogue.WriteMarkdown(f); err != nil {
		_ = f.Close()
		return err
	}
	return f.Close()
}
