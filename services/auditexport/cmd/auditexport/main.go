// Command auditexport runs the auditexport service alone.
package main

import (
	"egov/libs/module"
	auditexport "egov/services/auditexport/module"
)

func main() { module.Main(auditexport.Name, auditexport.New) }
