// Command conference runs the conference service alone.
package main

import (
	"egov/libs/module"
	conference "egov/services/conference/module"
)

func main() { module.Main(conference.Name, conference.New) }
