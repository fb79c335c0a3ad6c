// Package httpapi is the JSON face of the conference service.
package httpapi

import (
	"egov/libs/aggregate"
	"egov/libs/op"
	"egov/libs/op/reads"
	"egov/services/conference"
)

// Mount puts every operation of the service on the API.
func Mount(a *op.API, s *conference.Service) {
	secretary, chair := op.Roles("secretary"), op.Roles("chair")
	leads, speaks := op.Roles("secretary", "chair"), op.Roles("secretary", "member")

	op.Handle(a, "POST /v1/sessions", "CallSession", "Call an ordinary or ad-hoc session, or a written circulation", s.Call, leads, op.Created())
	op.Handle(a, "POST /v1/sessions/{id}/agenda", "ProposeItem", "Put a matter on the agenda with the office's study and suggestion", s.Propose, secretary)
	op.Handle(a, "POST /v1/sessions/{id}/agenda/approve", "ApproveAgenda", "The chair approves the agenda: the member units see it", s.Approve, chair)
	op.Handle(a, "POST /v1/sessions/{id}/cancel", "CancelSession", "Give up a session that does not take place", s.Cancel, leads)
	op.Handle(a, "POST /v1/sessions/{id}/leave", "AskLeave", "A member unit's leave before the session", s.Leave, speaks)
	op.Handle(a, "POST /v1/sessions/{id}/attendance", "RecordAttendance", "Who is there; replaces the earlier record", s.Attend, secretary)
	op.Handle(a, "POST /v1/sessions/{id}/open", "OpenSession", "Open the session when the quorum is there, or begin the circulation", s.Open, leads)
	op.Handle(a, "POST /v1/sessions/{id}/items/{item}/opinions", "GiveOpinion", "One member unit's opinion on one item", s.GiveOpinion, speaks)
	op.Handle(a, "POST /v1/sessions/{id}/opinions", "GiveOpinions", "Several opinions in one call, each recorded singly", s.GiveOpinions, speaks)
	op.Handle(a, "POST /v1/sessions/{id}/items/{item}/decision", "DecideItem", "The chair's decision on one item", s.Decide, chair)
	op.Handle(a, "POST /v1/sessions/{id}/decisions", "DecideItems", "Several decisions in one call, all or none, each recorded singly", s.DecideAll, chair)
	op.Handle(a, "POST /v1/sessions/{id}/items/{item}/carry-over", "CarryOverItem", "Leave an item for another session", s.CarryOver, leads)
	op.Handle(a, "POST /v1/sessions/{id}/minutes", "DraftMinutes", "Draw the minutes up from the record", s.Draft, secretary)
	op.Handle(a, "GET /v1/sessions/{id}/minutes", "GetMinutes", "The minutes, once drafted", s.MinutesOf)
	op.Handle(a, "POST /v1/sessions/{id}/minutes/sign", "SignMinutes", "The chair signs the minutes", s.SignMinutes, chair)
	op.Handle(a, "POST /v1/sessions/{id}/minutes/seal", "SealMinutes", "Put the conference office's e-seal on the signed minutes", s.SealMinutes, secretary)
	op.Handle(a, "POST /v1/sessions/{id}/close", "CloseSession", "End a session whose minutes are signed", s.Close, leads)

	op.Handle(a, "POST /v1/dockets/{id}/decision", "DecideStep", "The decision of the authority whose step of the road it is", s.DecideStep, op.Roles("member", "chair"))
	op.Handle(a, "POST /v1/dockets/{id}/reconsider", "ReconsiderDocket", "Bring a decided project before the conference again", s.Reconsider, secretary)
	op.Handle(a, "POST /v1/dockets/{id}/coordinate", "CoordinateDocket", "The chair settles a special case; the decision stands", s.Coordinate, chair)
	op.Handle(a, "GET /v1/dockets/{id}/waivable", "ListWaivable", "The rules that a decision may lift for the project", s.Waivable)
	op.Handle(a, "POST /v1/dockets/{id}/follow-ups/{number}/report", "ReportFollowUp", "A unit's report on its part of a decision", s.ReportFollowUp, op.Roles("member", "declarer"))
	op.Handle(a, "GET /v1/filings", "ListFilings", "The register of filings, newest first", s.Filings)
	op.Handle(a, "GET /v1/members", "ListMembers", "Who sits on the conference, and the quorum", s.Members)
	op.Handle(a, "POST /v1/seats/{seat}/succession", "SucceedSeat", "Another unit takes over a member's seat", s.Succeed, secretary)

	reads.List[sessions](a, "GET /v1/sessions", "ListSessions", "Sessions the caller may see, newest first", s.Sessions)
	reads.One(a, "GET /v1/sessions/{id}", "GetSession", "One session with its agenda, attendance, opinions and decisions", s.Sessions)
	reads.List[dockets](a, "GET /v1/dockets", "ListDockets", "Projects before the conference that the caller may see, newest first", s.Dockets)
	reads.One(a, "GET /v1/dockets/{id}", "GetDocket", "One project as the conference sees it", s.Dockets)
}

type sessions struct {
	State  string `query:"state" json:"-"`
	Mode   string `query:"mode" json:"-"`
	HeldOn string `query:"held_on" json:"-"`
	reads.Page
}

func (q sessions) Query() aggregate.Query {
	return q.By(map[string]string{"state": q.State, "mode": q.Mode, "held_on": q.HeldOn})
}

type dockets struct {
	State     string `query:"state" json:"-"`
	Treatment string `query:"treatment" json:"-"`
	Outcome   string `query:"outcome" json:"-"`
	Kind      string `query:"kind" json:"-"`
	Unit      string `query:"unit" json:"-"`
	Priority  string `query:"priority" json:"-"`
	reads.Page
}

func (q dockets) Query() aggregate.Query {
	return q.By(map[string]string{
		"state": q.State, "treatment": q.Treatment, "outcome": q.Outcome, "kind": q.Kind, "declaring_unit": q.Unit, "priority": q.Priority,
	})
}
