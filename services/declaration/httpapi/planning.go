package httpapi

import (
	"context"

	"egov/libs/aggregate"
	"egov/libs/attachment"
	"egov/libs/op"
	"egov/libs/op/reads"
	"egov/services/declaration/planning"
)

// mountPlanning puts the operations of planning on the API.
func mountPlanning(a *op.API, s *planning.Service) {
	secretary, unit := op.Roles("secretary"), op.Roles("declarer", "member")

	op.Handle(a, "POST /v1/plans", "DraftPlan", "Begin a development plan or a yearly plan", s.Draft, secretary, op.Created())
	op.Handle(a, "PUT /v1/plans/{id}", "RevisePlan", "Replace what a plan says", s.Revise, secretary)
	op.Handle(a, "POST /v1/plans/{id}/comments/ask", "AskPlanComments", "Ask units for comments on a plan until a day", s.AskComments, secretary)
	op.Handle(a, "POST /v1/plans/{id}/comments", "CommentPlan", "One unit's comment on a plan", s.Comment, op.Roles("declarer", "member", "secretary"))
	op.Handle(a, "POST /v1/plans/{id}/comments/answer", "AnswerPlanComments", "What became of the comments, one by one", s.AnswerComments, secretary)
	op.Handle(a, "POST /v1/plans/{id}/lay", "LayPlan", "Lay a plan before the conference", s.Lay, secretary)
	op.Handle(a, "POST /v1/plans/{id}/approvals", "RecordPlanApproval", "Record one authority's approval of a plan", s.Approve, secretary)
	op.Handle(a, "POST /v1/plans/{id}/filing", "RecordPlanFiling", "Record that a plan is filed with the authority above", s.File, secretary)
	op.Handle(a, "POST /v1/plans/{id}/papers", "AttachPlanPaper", "Attach one official paper to a plan; the body is the file", s.Attach, secretary, op.Created(), op.MaxBody(attachment.MaxBytes))
	op.Handle(a, "POST /v1/plans/{id}/papers/{sha256}/seal", "SealPlanPaper", "Put the office's e-seal on a paper of an approved plan", s.Seal, secretary)
	op.Handle(a, "GET /v1/plans/{id}/papers/{sha256}", "GetPlanPaper", "Read one paper of a plan", func(ctx context.Context, r attachment.Ref) (op.File, error) {
		f, err := s.Paper(ctx, r)
		return attached(f), err
	})
	reads.List[plans](a, "GET /v1/plans", "ListPlans", "Plans the caller may see, newest first", s.Plans)
	reads.One(a, "GET /v1/plans/{id}", "GetPlan", "One plan", s.Plans)

	op.Handle(a, "POST /v1/work-tasks/{id}/reports", "ReportWorkTask", "A unit's report on its part of a task of the year", s.ReportTask, unit)
	op.Handle(a, "POST /v1/work-tasks/{id}/press", "PressWorkTask", "Press the units of a task that is overdue", s.PressTask, secretary)
	op.Handle(a, "POST /v1/work-tasks/{id}/complete", "CompleteWorkTask", "The lead unit ends a task with its result", s.CompleteTask, unit)
	reads.List[workTasks](a, "GET /v1/work-tasks", "ListWorkTasks", "The year's key work as far as the caller has a part in it, newest first", s.Tasks)
	reads.One(a, "GET /v1/work-tasks/{id}", "GetWorkTask", "One task of the year's key work", s.Tasks)

	op.Handle(a, "POST /v1/returns", "OweReturn", "Enter a unit that owes a return", s.OweReturn, secretary, op.Created())
	op.Handle(a, "POST /v1/returns/{id}/press", "PressReturn", "Press a unit whose return is late", s.PressReturn, secretary)
	op.Handle(a, "POST /v1/returns/{id}/filings", "FileReturn", "File the running period's return", s.FileReturn, unit)
	reads.List[returns](a, "GET /v1/returns", "ListReturns", "Returns that units owe, as far as the caller may see them, newest first", s.Returns)
	reads.One(a, "GET /v1/returns/{id}", "GetReturn", "One unit's return with all periods filed", s.Returns)
}

type plans struct {
	Kind     string `query:"kind" json:"-"`
	State    string `query:"state" json:"-"`
	FromYear string `query:"from_year" json:"-"`
	reads.Page
}

func (q plans) Query() aggregate.Query {
	return q.By(map[string]string{"kind": q.Kind, "state": q.State, "from_year": q.FromYear})
}

type workTasks struct {
	PlanID  string `query:"plan_id" json:"-"`
	Year    string `query:"year" json:"-"`
	State   string `query:"state" json:"-"`
	Overdue string `query:"overdue" json:"-"` // "true": past their last day
	Lead    string `query:"lead" json:"-"`
	reads.Page
}

func (q workTasks) Query() aggregate.Query {
	return q.By(map[string]string{"plan_id": q.PlanID, "year": q.Year, "state": q.State, "overdue": q.Overdue, "unit": q.Lead})
}

type returns struct {
	Kind string `query:"kind" json:"-"`
	Unit string `query:"unit" json:"-"`
	reads.Page
}

func (q returns) Query() aggregate.Query {
	return q.By(map[string]string{"kind": q.Kind, "unit": q.Unit})
}
