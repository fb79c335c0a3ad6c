// Package httpapi is the JSON face of the cybersecurity service.
package httpapi

import (
	"egov/libs/aggregate"
	"egov/libs/op"
	"egov/libs/op/reads"
	"egov/services/cybersecurity"
)

// Mount puts every operation of the service on the API.
func Mount(a *op.API, s *cybersecurity.Service) {
	declarer, cyber, police := op.Roles("declarer"), op.Roles("cyber_officer"), op.Roles("police_officer")

	op.Handle(a, "POST /v1/consents/{id}/give", "GiveConsent", "Consent to an information-publishing project", s.Consent, cyber)
	op.Handle(a, "POST /v1/consents/{id}/refuse", "RefuseConsent", "Refuse consent, with the reason", s.RefuseConsent, cyber)
	reads.List[consents](a, "GET /v1/consents", "ListConsents", "Consents the caller may see, newest first", s.Consents)
	reads.One(a, "GET /v1/consents/{id}", "GetConsent", "One consent; its id is the project's", s.Consents)

	op.Handle(a, "POST /v1/systems", "RegisterSystem", "Put a system on the register", s.Register, declarer, op.Created())
	op.Handle(a, "PUT /v1/systems/{id}", "ChangeSystem", "Correct the entry of a system", s.ChangeSystem, declarer)
	op.Handle(a, "POST /v1/systems/{id}/proposal", "ProposeGrade", "Propose the system's grade", s.Propose, declarer)
	op.Handle(a, "POST /v1/systems/{id}/grade", "DetermineGrade", "Determine the system's grade", s.Determine, police)
	op.Handle(a, "POST /v1/systems/{id}/return", "ReturnGrading", "Send a proposal back", s.ReturnProposal, police)
	op.Handle(a, "POST /v1/systems/{id}/assessments", "RecordAssessment", "Record an assessment", s.Assess, declarer)
	op.Handle(a, "POST /v1/systems/{id}/retire", "RetireSystem", "Take a system off the register", s.Retire, declarer)
	reads.List[systems](a, "GET /v1/systems", "ListSystems", "Systems the caller may see, newest first", s.Systems)
	reads.One(a, "GET /v1/systems/{id}", "GetSystem", "One system; the one a project builds has the project's id", s.Systems)

	op.Handle(a, "POST /v1/sites", "OpenSite", "File the opening of a website or account", s.Open, declarer, op.Created())
	op.Handle(a, "PUT /v1/sites/{id}", "ChangeSite", "File a change", s.Change, declarer)
	op.Handle(a, "POST /v1/sites/{id}/close", "CloseSite", "File the closing", s.Close, declarer)
	reads.List[sites](a, "GET /v1/sites", "ListSites", "Websites and accounts the caller may see, newest first", s.Sites)
	reads.One(a, "GET /v1/sites/{id}", "GetSite", "One website or account", s.Sites)
}

type consents struct {
	State string `query:"state" json:"-"`
	Unit  string `query:"unit" json:"-"`
	reads.Page
}

func (q consents) Query() aggregate.Query {
	return q.By(map[string]string{"state": q.State, "unit": q.Unit})
}

type systems struct {
	State     string `query:"state" json:"-"`
	Unit      string `query:"unit" json:"-"`
	Grade     string `query:"grade" json:"-"`
	InUse     string `query:"in_use" json:"-"`
	ProjectID string `query:"project_id" json:"-"`
	reads.Page
}

func (q systems) Query() aggregate.Query {
	return q.By(map[string]string{"state": q.State, "unit": q.Unit, "grade": q.Grade, "in_use": q.InUse, "project_id": q.ProjectID})
}

type sites struct {
	State   string `query:"state" json:"-"`
	Unit    string `query:"unit" json:"-"`
	Channel string `query:"channel" json:"-"`
	reads.Page
}

func (q sites) Query() aggregate.Query {
	return q.By(map[string]string{"state": q.State, "unit": q.Unit, "channel": q.Channel})
}
