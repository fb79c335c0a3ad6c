// Command identity runs the identity service alone.
package main

import (
	"egov/libs/module"
	identity "egov/services/identity/module"
)

func main() { module.MainWith(identity.Name, identity.Default(), identity.New) }
