package httpapi

import (
	"context"

	"egov/libs/aggregate"
	"egov/libs/attachment"
	"egov/libs/op"
	"egov/libs/op/reads"
	"egov/services/auditexport/auditcase"
)

// mountCases puts audit cases on the API. The audited unit's people read their
// own unit's cases and answer; row-level security shows them no other.
func mountCases(a *op.API, s *auditcase.Service) {
	auditor, unit := op.Roles("auditor"), op.Roles(auditcase.Answerers()...)
	both := op.Roles(append([]string{"auditor"}, auditcase.Answerers()...)...)

	op.Handle(a, "POST /v1/audit-cases", "OpenAuditCase", "Look into something, from red flags or freely", s.Open, auditor, op.Created())
	op.Handle(a, "POST /v1/audit-cases/{id}/questions", "AskAuditQuestion", "Ask the audited unit; the rules say by when it answers", s.Question, auditor)
	op.Handle(a, "POST /v1/audit-cases/{id}/attachments", "AttachAuditPaper", "Hand over one paper; the body is the file", s.Attach, unit, op.Created(), op.MaxBody(attachment.MaxBytes))
	op.Handle(a, "GET /v1/audit-cases/{id}/attachments/{sha256}", "GetAuditPaper", "Read one paper of a case", func(ctx context.Context, r attachment.Ref) (op.File, error) {
		f, err := s.Paper(ctx, r)
		return op.File{Name: f.Name, MediaType: f.MediaType, Body: f.Body}, err
	}, both)
	op.Handle(a, "POST /v1/audit-cases/{id}/answer", "AnswerAuditQuestion", "Answer the question that waits", s.Answer, unit)
	op.Handle(a, "POST /v1/audit-cases/{id}/withholdings", "RecordWithholding", "Put on record that material was refused or concealed", s.Withhold, auditor)
	op.Handle(a, "POST /v1/audit-cases/{id}/rectifications", "OrderAuditRectification", "Have something put right by a day", s.Order, auditor)
	op.Handle(a, "POST /v1/audit-cases/{id}/rectifications/report", "ReportAuditRectification", "What the unit did about the order that waits", s.Report, unit)
	op.Handle(a, "POST /v1/audit-cases/{id}/rectifications/review", "ReviewAuditRectification", "Whether an order is carried out", s.Review, auditor)
	op.Handle(a, "POST /v1/audit-cases/{id}/conclusion", "ConcludeAuditCase", "Say what came of the case; a serious one goes to a second auditor", s.Conclude, auditor)
	op.Handle(a, "POST /v1/audit-cases/{id}/conclusion/confirm", "ConfirmAuditConclusion", "Close a serious case as a second auditor", s.Confirm, auditor)
	op.Handle(a, "POST /v1/audit-cases/{id}/conclusion/return", "ReturnAuditConclusion", "Give a conclusion back as a second auditor", s.Return, auditor)

	op.Handle(a, "GET /v1/audit-cases", "ListAuditCases", "Audit cases the caller may see, newest first", func(ctx context.Context, q caseList) (aggregate.Page[auditcase.Case], error) {
		return s.List(ctx, q.Query())
	}, both)
	op.Handle(a, "GET /v1/audit-cases/{id}", "GetAuditCase", "One audit case with its questions, answers and orders", s.Get, both)
}

type caseList struct {
	State   string `query:"state" json:"-"`
	Unit    string `query:"unit" json:"-"` // the audited unit
	Serious string `query:"serious" json:"-"`
	reads.Page
}

// Query asks for the page.
func (q caseList) Query() aggregate.Query {
	return q.By(map[string]string{"state": q.State, "audited_unit": q.Unit, "serious": q.Serious})
}
