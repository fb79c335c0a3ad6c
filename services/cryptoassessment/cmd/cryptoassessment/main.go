// Command cryptoassessment runs the cryptoassessment service alone.
package main

import (
	"egov/libs/module"
	cryptoassessment "egov/services/cryptoassessment/module"
)

func main() { module.Main(cryptoassessment.Name, cryptoassessment.New) }
