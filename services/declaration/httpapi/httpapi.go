// Package httpapi is the JSON face of the declaration service.
package httpapi

import (
	"context"

	"egov/libs/aggregate"
	"egov/libs/attachment"
	"egov/libs/op"
	"egov/libs/op/reads"
	"egov/libs/policy"
	"egov/services/declaration"
	"egov/services/declaration/planning"
)

// Mount puts every operation of the service on the API.
func Mount(a *op.API, s *declaration.Service, p *planning.Service) {
	mountPlanning(a, p)
	declarer, secretary := op.Roles("declarer"), op.Roles("secretary")

	op.Handle(a, "POST /v1/decisions", "Decide", "Which road a case takes, and why; nothing is stored", s.Decide, op.Public(), op.Body[policy.Case]())
	op.Handle(a, "GET /v1/packs", "ListPacks", "The rule packs of the suite", s.Packs, op.Public())

	op.Handle(a, "GET /v1/budget-sheet", "GetBudgetSheet", "The blank budget sheet of a pack, as .xlsx", file(s.BlankSheet), op.Public())
	op.Handle(a, "POST /v1/budget-sheet", "ReadBudgetSheet", "Read a filled-in budget sheet: its lines, and what is wrong at which cell; nothing is stored", s.ReadSheet, declarer, op.MaxBody(declaration.MaxSheetBytes))
	op.Handle(a, "GET /v1/projects/{id}/budget-sheet", "GetProjectBudgetSheet", "The declared budget of a project, as .xlsx", file(s.ProjectSheet))

	op.Handle(a, "POST /v1/projects", "DraftProject", "Begin a declaration", s.Draft, declarer, op.Created(), op.Stored(), op.Check(s.CheckDraft))
	op.Handle(a, "PUT /v1/projects/{id}", "ReviseProject", "Replace a draft's content", s.Revise, declarer, op.Stored(), op.Check(s.CheckRevision))
	op.Handle(a, "POST /v1/projects/{id}/submit", "SubmitProject", "Lay the declaration before the supervising unit or the conference office", s.Submit, declarer, op.Stored())
	op.Handle(a, "POST /v1/projects/{id}/supervisor-review", "ReviewAsSupervisor", "The supervising unit's answer", s.ReviewAsSupervisor, op.Roles("supervisor"), op.Stored())
	op.Handle(a, "POST /v1/projects/{id}/accept", "AcceptProject", "Accept the declaration: its road begins", s.Accept, secretary, op.Stored())
	op.Handle(a, "POST /v1/projects/{id}/return", "ReturnProject", "Send the declaration back for completion", s.Return, secretary, op.Stored())
	op.Handle(a, "POST /v1/projects/{id}/refuse", "RefuseProject", "End the declaration at the door", s.Refuse, secretary, op.Stored())
	op.Handle(a, "POST /v1/projects/{id}/withdraw", "WithdrawProject", "Take the declaration back", s.Withdraw, declarer, op.Stored())
	op.Handle(a, "POST /v1/projects/{id}/responsible", "NameResponsible", "Name the responsible leader and contact", s.Name, declarer)
	op.Handle(a, "POST /v1/projects/{id}/supplement", "SupplementProject", "Bring a deferred project back to the conference", s.Supplement, declarer)
	op.Handle(a, "POST /v1/projects/{id}/changes", "RequestChange", "Ask to change an approved project", s.Change, declarer)
	op.Handle(a, "POST /v1/projects/{id}/handover", "RecordHandover", "Record the government-investment outcome", s.Handover, op.Roles("reform_officer"))
	op.Handle(a, "POST /v1/projects/{id}/close", "CloseProject", "Close a project on which nothing is owed any more", s.Close, secretary)
	op.Handle(a, "POST /v1/projects/{id}/attachments", "AttachDocument", "Attach one document to a draft; the body is the file", s.Attach, declarer, op.Created(), op.MaxBody(attachment.MaxBytes))
	op.Handle(a, "GET /v1/projects/{id}/attachments/{sha256}", "GetAttachment", "Read one attachment", func(ctx context.Context, r attachment.Ref) (op.File, error) {
		f, err := s.Attachment(ctx, r)
		return attached(f), err
	})

	reads.List[list](a, "GET /v1/projects", "ListProjects", "Projects the caller may see, newest first", s.Projects)
	reads.One(a, "GET /v1/projects/{id}", "GetProject", "One project", s.Projects)
	op.Handle(a, "GET /v1/projects/{id}/dossier", "GetDossier", "Everything about one project: facts, clocks, amounts", s.Dossier)
}

// file answers an operation with a budget sheet.
func file[Req any](f func(context.Context, Req) (declaration.SheetFile, error)) func(context.Context, Req) (op.File, error) {
	return func(ctx context.Context, r Req) (op.File, error) {
		s, err := f(ctx, r)
		return op.File{Name: s.Name, MediaType: s.MediaType, Body: s.Body}, err
	}
}

// attached answers with an attachment.
func attached(f attachment.File) op.File {
	return op.File{Name: f.Name, MediaType: f.MediaType, Body: f.Body}
}

type list struct {
	Stage string `query:"stage" json:"-" enum:"draft,with_supervisor,submitted,returned,accepted,evaluation,expert_review,conference,approved,filed,deferred,backup_pool,refused,handed_over,stopped,withdrawn,budgeting,procuring,contracted,delivering,acceptance,operating,closed"`
	Unit  string `query:"unit" json:"-"`
	Kind  string `query:"kind" json:"-"`
	Route string `query:"route" json:"-"`
	reads.Page
}

func (q list) Query() aggregate.Query {
	return q.By(map[string]string{"stage": q.Stage, "unit": q.Unit, "kind": q.Kind, "route": q.Route})
}
