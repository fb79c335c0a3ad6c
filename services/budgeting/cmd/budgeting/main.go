// Command budgeting runs the budgeting service alone.
package main

import (
	"egov/libs/module"
	budgeting "egov/services/budgeting/module"
)

func main() { module.Main(budgeting.Name, budgeting.New) }
