// Command expertreview runs the expertreview service alone.
package main

import (
	"egov/libs/module"
	expertreview "egov/services/expertreview/module"
)

func main() { module.Main(expertreview.Name, expertreview.New) }
