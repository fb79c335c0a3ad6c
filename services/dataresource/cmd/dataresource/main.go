// Command dataresource runs the dataresource service alone.
package main

import (
	"egov/libs/module"
	dataresource "egov/services/dataresource/module"
)

func main() { module.Main(dataresource.Name, dataresource.New) }
