// Package httpapi is the JSON face of the auditexport service.
package httpapi

import (
	"context"

	"egov/libs/calendar"
	"egov/libs/op"
	"egov/services/auditexport"
)

// Mount puts every operation of the service on the API.
func Mount(a *op.API, s *auditexport.Service) {
	auditor := op.Roles("auditor")
	op.Handle(a, "GET /v1/ledger", "QueryLedger", "Rows of the ledger, ascending; the query itself becomes a row", s.Query, auditor)
	op.Handle(a, "GET /v1/ledger/checkpoint", "GetCheckpoint", "Where the ledger stands, its newest signed checkpoint and its keys", s.Standing)
	op.Handle(a, "GET /v1/ledger/proof", "ProveRow", "An RFC 6962 inclusion or consistency proof", s.Prove, auditor)
	op.Handle(a, "POST /v1/verify", "VerifyLedger", "Recompute the live ledger and hold it against its checkpoint", s.Verify, auditor)
	op.Handle(a, "POST /v1/exports", "MakeExport", "A bundle of a project, a time or the whole ledger; answers the ZIP archive", func(ctx context.Context, r auditexport.MakeExport) (op.File, error) {
		body, err := s.Export(ctx, r)
		name := "audit-" + calendar.Today(s.Clock).String()
		if r.Project != "" {
			name += "-" + r.Project
		}
		return op.File{Name: name + ".zip", MediaType: "application/zip", Body: body}, err
	}, auditor)
}
