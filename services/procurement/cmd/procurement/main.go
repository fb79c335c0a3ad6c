// Command procurement runs the procurement service alone.
package main

import (
	"egov/libs/module"
	procurement "egov/services/procurement/module"
)

func main() { module.Main(procurement.Name, procurement.New) }
