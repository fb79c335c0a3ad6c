// Package httpapi is the JSON face of the expertreview service.
package httpapi

import (
	"context"

	"egov/libs/aggregate"
	"egov/libs/authn"
	"egov/libs/op"
	"egov/libs/op/reads"
	"egov/services/expertreview"
)

// Mount puts every operation of the service on the API.
func Mount(a *op.API, s *expertreview.Service) {
	secretary := op.Roles("secretary")
	op.Handle(a, "POST /v1/evaluations/{id}/assign", "AssignAgency", "Assign an evaluation agency", s.Assign, secretary)
	op.Handle(a, "POST /v1/evaluations/{id}/opinion", "OpineAsAgency", "The assigned agency's opinion", s.OpineAsAgency, op.Roles("agency"))
	op.Handle(a, "POST /v1/evaluations/{id}/panel", "DrawPanel", "Draw the expert panel", s.Draw, secretary)
	op.Handle(a, "POST /v1/evaluations/{id}/panel/opinions", "OpineAsExpert", "A drawn expert's opinion", s.OpineAsExpert, op.Roles("expert"))
	reads.List[list](a, "GET /v1/evaluations", "ListEvaluations", "Evaluations the caller may see, newest first", s.Evaluations)
	reads.One(a, "GET /v1/evaluations/{id}", "GetEvaluation", "One evaluation", s.Evaluations)
	op.Handle(a, "POST /v1/experts", "RegisterExpert", "Keep one entry of the expert pool", s.Register, secretary)
	op.Handle(a, "POST /v1/experts/me/conflicts", "DeclareConflict", "Keep out of draws that concern a unit or project", func(ctx context.Context, r expertreview.DeclareConflict) (expertreview.Expert, error) {
		return s.DeclareConflict(ctx, authn.By(ctx).Subject, r)
	}, op.Roles("expert"))
	op.Handle(a, "POST /v1/committees", "FormCommittee", "Form the committee of experts for a term", s.FormCommittee, secretary, op.Created())
	op.Handle(a, "POST /v1/committees/{id}/members", "ChangeCommittee", "Let a member join or leave the committee", s.ChangeCommittee, secretary)
	op.Handle(a, "POST /v1/committees/{id}/questions", "AskCommittee", "Lay a question before the committee", s.AskCommittee, secretary)
	op.Handle(a, "POST /v1/committees/{id}/questions/{number}/advice", "AdviseAsMember", "A member's advice on a question", s.Advise, op.Roles("expert"))
	reads.List[reads.All](a, "GET /v1/committees", "ListCommittees", "Committees of experts, newest first", s.Committees)
	reads.One(a, "GET /v1/committees/{id}", "GetCommittee", "One committee with its members, questions and advice", s.Committees)
	reads.List[reads.All](a, "GET /v1/experts", "ListExperts", "The expert pool", s.Experts)
}

type list struct {
	State  string `query:"state" json:"-"`
	Agency string `query:"agency" json:"-"`
	reads.Page
}

func (q list) Query() aggregate.Query {
	return q.By(map[string]string{"state": q.State, "agency": q.Agency})
}
