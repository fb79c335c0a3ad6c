// Command legalization runs the legalization service alone.
package main

import (
	"egov/libs/module"
	legalization "egov/services/legalization/module"
)

func main() { module.Main(legalization.Name, legalization.New) }
