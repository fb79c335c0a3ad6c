// Command cybersecurity runs the cybersecurity service alone.
package main

import (
	"egov/libs/module"
	cybersecurity "egov/services/cybersecurity/module"
)

func main() { module.Main(cybersecurity.Name, cybersecurity.New) }
