// Command portal runs the portal alone.
package main

import (
	"egov/libs/module"
	"egov/services/portal"
	build "egov/services/portal/module"
)

func main() { module.MainWith(build.Name, portal.Default(), build.New) }
