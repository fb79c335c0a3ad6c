// Command charts writes the values.schema.json and README.md of every Helm
// chart.
package main

import (
	"flag"
	"fmt"
	"os"

	"egov/tools/charts"
)

func main() {
	dir := flag.String("o", "charts", "the folder of the charts")
	flag.Parse()
	if err := charts.Write(*dir); err != nil {
		fmt.Fprintln(os.Stderr, "charts:", err)
		os.Exit(1)
	}
}
