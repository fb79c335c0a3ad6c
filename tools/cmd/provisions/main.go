// Command provisions writes docs/provisions.md from packs, code and tests.
package main

import (
	"bytes"
	"flag"
	"fmt"
	"os"

	"egov/libs/policy"
	"egov/tools/provisions"
	"egov/tools/workspace"
)

func main() {
	out := flag.String("o", "docs/provisions.md", "the file to write")
	flag.Parse()
	if err := run(*out); err != nil {
		fmt.Fprintln(os.Stderr, "provisions:", err)
		os.Exit(1)
	}
}

func run(out string) error {
	root, err := workspace.Root(".")
	if err != nil {
		return err
	}
	table, err := provisions.Scan(root, policy.Default().Packs())
	if err != nil {
		return err
	}
	var page bytes.Buffer
	if err := table.WriteMarkdown(&page); err != nil {
		return err
	}
	return os.WriteFile(out, page.Bytes(), 0o644)
}
