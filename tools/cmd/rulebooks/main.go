// Command rulebooks writes the rule books of the packs that come with the
// suite, each in Chinese and in English.
package main

import (
	"flag"
	"fmt"
	"os"

	"egov/tools/egov/pack"
)

func main() {
	out := flag.String("o", "docs/rules", "the folder to write to")
	flag.Parse()
	if err := pack.WriteBooks(*out); err != nil {
		fmt.Fprintln(os.Stderr, "rulebooks:", err)
		os.Exit(1)
	}
}
