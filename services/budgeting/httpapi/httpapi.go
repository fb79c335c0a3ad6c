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
