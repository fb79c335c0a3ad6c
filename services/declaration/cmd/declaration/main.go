// Command declaration runs the declaration service alone.
package main

import (
	"egov/libs/module"
	declaration "egov/services/declaration/module"
)

func main() { module.Main(declaration.Name, declaration.New) }
