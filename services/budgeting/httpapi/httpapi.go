// Package httpapi is the JSON face of the budgeting service.
package httpapi

import (
	"egov/libs/aggregate"
	"egov/libs/op"
	"egov/libs/op/reads"
	"egov/services/budgeting"
)

// Mount puts every operation of the service on the API.
func Mount(a *op.API, s *budgeting.Service) {
	declarer, finance, secretary := op.Roles("declarer"), op.Roles("finance_officer"), op.Roles("secretary")

	op.Handle(a, "POST /v1/budgets/{id}/request", "RequestBudget", "Ask finance for the money of a decided project", s.RequestBudget, declarer)
	op.Handle(a, "POST /v1/budgets/{id}/return", "ReturnBudget", "Send a request back for completion", s.Return, finance)
	op.Handle(a, "POST /v1/budgets/{id}/issue", "IssueBudget", "Make the money available; the procurement clock starts", s.Issue, finance)
	op.Handle(a, "POST /v1/budgets/{id}/adjust", "AdjustBudget", "Let the money follow a consented change", s.Adjust, finance)
	op.Handle(a, "POST /v1/budgets/{id}/payments", "RecordPayment", "Record a payment under a filed contract", s.Pay, finance)
	op.Handle(a, "POST /v1/budgets/{id}/self-evaluations", "SelfEvaluate", "The unit's evaluation of one year", s.Evaluate, declarer)
	op.Handle(a, "POST /v1/budgets/{id}/self-evaluations/{year}/report", "ReportRectification", "What the unit did about unmet goals", s.ReportRectification, declarer)
	op.Handle(a, "POST /v1/budgets/{id}/self-evaluations/{year}/close", "CloseRectification", "The conference office's finding on a rectification", s.CloseRectification, secretary)

	op.Handle(a, "POST /v1/post-evaluations", "OrderPostEvaluation", "Have a finished project that the conference chose evaluated by a third party", s.OrderPostEvaluation, secretary, op.Created())
	op.Handle(a, "POST /v1/post-evaluations/{id}/report", "ReportPostEvaluation", "The third party's report", s.ReportPostEvaluation, op.Roles("agency"))
	op.Handle(a, "POST /v1/post-evaluations/{id}/complete", "CompletePostEvaluation", "The office takes the report over and tells the unit", s.CompletePostEvaluation, secretary)
	reads.List[postEvaluations](a, "GET /v1/post-evaluations", "ListPostEvaluations", "Post-evaluations the caller may see, newest first", s.PostEvaluations)
	reads.One(a, "GET /v1/post-evaluations/{id}", "GetPostEvaluation", "One post-evaluation", s.PostEvaluations)
	op.Handle(a, "POST /v1/assessments", "DraftAssessment", "Assess a unit's e-government work of a year", s.DraftAssessment, secretary, op.Created())
	op.Handle(a, "POST /v1/assessments/{id}/publish", "PublishAssessment", "Publish an assessment to its unit with a notice", s.PublishAssessment, secretary)
	op.Handle(a, "POST /v1/assessments/{id}/seal", "SealAssessment", "Put the office's e-seal on a published notice", s.SealAssessment, secretary)
	op.Handle(a, "POST /v1/assessments/{id}/answer", "AnswerAssessment", "What the unit says to its notice", s.AnswerAssessment, declarer)
	reads.List[assessments](a, "GET /v1/assessments", "ListAssessments", "Assessments of units the caller may see, newest first", s.Assessments)
	reads.One(a, "GET /v1/assessments/{id}", "GetAssessment", "One unit's assessment of one year", s.Assessments)
	reads.List[list](a, "GET /v1/budgets", "ListBudgets", "Budgets the caller may see, newest first", s.Budgets)
	reads.One(a, "GET /v1/budgets/{id}", "GetBudget", "One project's money", s.Budgets)
}

type list struct {
	State string `query:"state" json:"-"`
	Unit  string `query:"unit" json:"-"`
	Kind  string `query:"kind" json:"-"`
	Held  string `query:"held" json:"-"` // "true": money and reviews of the unit wait
	reads.Page
}

func (q list) Query() aggregate.Query {
	return q.By(map[string]string{"state": q.State, "unit": q.Unit, "kind": q.Kind, "held": q.Held})
}

type postEvaluations struct {
	State     string `query:"state" json:"-"`
	Agency    string `query:"agency" json:"-"`
	ProjectID string `query:"project_id" json:"-"`
	reads.Page
}

func (q postEvaluations) Query() aggregate.Query {
	return q.By(map[string]string{"state": q.State, "agency": q.Agency, "project_id": q.ProjectID})
}

type assessments struct {
	State string `query:"state" json:"-"`
	Of    string `query:"of" json:"-"` // the unit that is assessed
	Year  string `query:"year" json:"-"`
	reads.Page
}

func (q assessments) Query() aggregate.Query {
	return q.By(map[string]string{"state": q.State, "of_unit": q.Of, "year": q.Year})
}
