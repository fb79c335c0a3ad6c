package httpapi

import (
	"context"
	"strings"

	"egov/libs/calendar"
	"egov/libs/fault"
	"egov/libs/op"
	"egov/services/auditexport"
)

// mountQueries puts the operations by which auditors read rows on the API.
func mountQueries(a *op.API, s *auditexport.Service) {
	auditor := op.Roles("auditor")
	op.Handle(a, "GET /v1/ledger", "QueryLedger", "Rows of the ledger, ascending, by any of what they say; as JSON lines without a bound when asked for (format=jsonl, or Accept: application/x-ndjson); the query itself becomes a row", func(ctx context.Context, r queryLedger) (Rows, error) {
		if r.asLines() {
			body, err := s.Stream(ctx, r.QueryLedger)
			return Rows{lines: &op.File{Name: "ledger-" + calendar.Today(s.Clock).String() + ".jsonl", MediaType: linesType, Body: body}}, err
		}
		rows, err := s.Query(ctx, r.QueryLedger)
		return Rows{Rows: rows}, err
	}, auditor)
	op.Handle(a, "GET /v1/projects/{id}/ledger", "QueryProject", "Rows about one project, ascending", s.QueryProject, auditor)
	op.Handle(a, "GET /v1/projects/{id}/as-of", "GetProjectAsOf", "What the ledger's facts said of a project at an instant, each value with its row", s.ProjectAsOf, auditor)
	op.Handle(a, "GET /v1/projects/{id}/changes", "ListProjectChanges", "What differs between a project at two instants, with the rows of both sides", s.ProjectChanges, auditor)
}

// linesType is the media type of JSON lines.
const linesType = "application/x-ndjson"

// queryLedger is the request with the form of its answer.
type queryLedger struct {
	auditexport.QueryLedger
	Format string `query:"format" json:"-"` // json (default) or jsonl
	Accept string `header:"Accept" json:"-"`
}

// Validate adds the format to what is checked.
func (r *queryLedger) Validate() error {
	var c fault.Checks
	c.Require(r.Format == "" || r.Format == "json" || r.Format == "jsonl", "format", "unknown", "须为json或jsonl", "is json or jsonl")
	if err := r.QueryLedger.Validate(); err != nil {
		c.Add(fault.From(err).Violations...)
	}
	return c.Err()
}

func (r *queryLedger) asLines() bool {
	return r.Format == "jsonl" || r.Format == "" && strings.Contains(r.Accept, linesType)
}

// Rows is a page, or all rows as lines.
type Rows struct {
	auditexport.Rows
	lines *op.File
}

// File gives the lines, where they were asked for.
func (r Rows) File() (op.File, bool) {
	if r.lines == nil {
		return op.File{}, false
	}
	return *r.lines, true
}
