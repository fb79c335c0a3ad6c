package httpapi

import (
	"egov/libs/op"
	"egov/services/auditexport/redflag"
)

// mountFlags puts the reading of red flags on the API.
func mountFlags(a *op.API, s *redflag.Service) {
	auditor := op.Roles("auditor")
	op.Handle(a, "GET /v1/red-flags", "ListRedFlags", "What the ledger's facts raise for auditors to look into, newest first", s.List, auditor)
	op.Handle(a, "GET /v1/red-flags/{id}", "GetRedFlag", "One red flag with its rule, its figures and the rows of the ledger it rests on", s.Get, auditor)
}
