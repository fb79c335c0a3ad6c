// Package httpapi is the JSON face of the auditexport service.
package httpapi

import (
	"context"

	"egov/libs/fault"
	"egov/libs/op"
	"egov/services/auditexport"
	"egov/services/auditexport/compress"
)

// Mount puts every operation of the service on the API.
func Mount(a *op.API, s *auditexport.Service) {
	auditor := op.Roles("auditor")
	mountFlags(a, &s.Flags)
	mountCases(a, &s.Cases)
	mountQueries(a, s)
	op.Handle(a, "GET /v1/ledger/rows", "StreamRows", "All rows behind one, as JSON lines under a signed closing line", func(ctx context.Context, r streamRows) (op.File, error) {
		body, err := s.StreamRows(ctx, r.StreamRows, r.Format.Writer)
		return op.File{Name: "ledger" + r.Format.Suffix(), MediaType: r.Format.MediaType(), Body: body}, err
	}, auditor)
	op.Handle(a, "GET /v1/ledger/checkpoint", "GetCheckpoint", "Where the ledger stands, its newest signed checkpoint and its keys", s.Standing)
	op.Handle(a, "GET /v1/ledger/proof", "ProveRow", "An RFC 6962 inclusion or consistency proof", s.Prove, auditor)
	op.Handle(a, "POST /v1/verify", "VerifyLedger", "Recompute the live ledger and hold it against its checkpoint; a short one at once, of a long one ask again how far it has come", s.Verify, auditor)
	op.Handle(a, "GET /v1/verifications/{id}", "GetVerification", "What a check of the live ledger found, or how far it has come", s.GetVerification, auditor)
	mountExports(a, s)
}

// streamRows is the request with how its answer is packed.
type streamRows struct {
	auditexport.StreamRows
	Format compress.Format `query:"format" json:"-"` // jsonl (default), gzip or zstd
}

// Validate adds the format to what is checked.
func (r *streamRows) Validate() error {
	var c fault.Checks
	c.Require(r.Format.Known(), "format", "unknown", "须为jsonl、gzip或zstd", "is jsonl, gzip or zstd")
	if err := r.StreamRows.Validate(); err != nil {
		c.Add(fault.From(err).Violations...)
	}
	return c.Err()
}
