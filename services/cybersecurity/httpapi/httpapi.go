// Package httpapi is the JSON face of the cybersecurity service.
package httpapi

import (
	"context"
	"maps"

	"egov/libs/aggregate"
	"egov/libs/op"
	"egov/services/cybersecurity"
)

// Mount puts every operation of the service on the API.
func Mount(a *op.API, s *cybersecurity.Service) {
	declarer, cyber, police := op.Roles("declarer"), op.Roles("cyber_officer"), op.Roles("police_officer")

	op.Handle(a, "POST /v1/consents/{id}/give", "GiveConsent", "Consent to an information-publishing project", s.Consent, cyber)
	op.Handle(a, "POST /v1/consents/{id}/refuse", "RefuseConsent", "Refuse consent, with the reason", s.RefuseConsent, cyber)
	op.Handle(a, "GET /v1/consents", "ListConsents", "Consents the caller may see, newest first", func(ctx context.Context, q consents) (aggregate.Page[cybersecurity.Consent], error) {
		return s.Consents.List(ctx, q.query(nil))
	})
	op.Handle(a, "GET /v1/consents/{id}", "GetConsent", "One consent; its id is the project's", func(ctx context.Context, r byID) (cybersecurity.Consent, error) {
		return s.Consents.Get(ctx, r.ID)
	})

	op.Handle(a, "POST /v1/systems", "RegisterSystem", "Put a system on the register", s.Register, declarer, op.Created())
	op.Handle(a, "PUT /v1/systems/{id}", "ChangeSystem", "Correct the entry of a system", s.ChangeSystem, declarer)
	op.Handle(a, "POST /v1/systems/{id}/proposal", "ProposeGrade", "Propose the system's grade", s.Propose, declarer)
	op.Handle(a, "POST /v1/systems/{id}/grade", "DetermineGrade", "Determine the system's grade", s.Determine, police)
	op.Handle(a, "POST /v1/systems/{id}/return", "ReturnGrading", "Send a proposal back", s.ReturnProposal, police)
	op.Handle(a, "POST /v1/systems/{id}/assessments", "RecordAssessment", "Record an assessment", s.Assess, declarer)
	op.Handle(a, "POST /v1/systems/{id}/retire", "RetireSystem", "Take a system off the register", s.Retire, declarer)
	op.Handle(a, "GET /v1/systems", "ListSystems", "Systems the caller may see, newest first", func(ctx context.Context, q systems) (aggregate.Page[cybersecurity.System], error) {
		return s.Systems.List(ctx, q.query(map[string]string{"grade": q.Grade, "in_use": q.InUse, "project_id": q.ProjectID}))
	})
	op.Handle(a, "GET /v1/systems/{id}", "GetSystem", "One system; the one a project builds has the project's id", func(ctx context.Context, r byID) (cybersecurity.System, error) {
		return s.Systems.Get(ctx, r.ID)
	})

	op.Handle(a, "POST /v1/sites", "OpenSite", "File the opening of a website or account", s.Open, declarer, op.Created())
	op.Handle(a, "PUT /v1/sites/{id}", "ChangeSite", "File a change", s.Change, declarer)
	op.Handle(a, "POST /v1/sites/{id}/close", "CloseSite", "File the closing", s.Close, declarer)
	op.Handle(a, "GET /v1/sites", "ListSites", "Websites and accounts the caller may see, newest first", func(ctx context.Context, q sites) (aggregate.Page[cybersecurity.Site], error) {
		return s.Sites.List(ctx, q.query(map[string]string{"channel": q.Channel}))
	})
	op.Handle(a, "GET /v1/sites/{id}", "GetSite", "One website or account", func(ctx context.Context, r byID) (cybersecurity.Site, error) {
		return s.Sites.Get(ctx, r.ID)
	})
}

type byID struct {
	ID string `path:"id" json:"-"`
}

type page struct {
	State     string `query:"state" json:"-"`
	Unit      string `query:"unit" json:"-"`
	PageSize  int    `query:"page_size" json:"-"`
	PageToken string `query:"page_token" json:"-"`
}

// query adds a list's own filters to those that every list has.
func (p page) query(own map[string]string) aggregate.Query {
	filter := map[string]string{"state": p.State, "unit": p.Unit}
	maps.Copy(filter, own)
	return aggregate.Query{Filter: filter, PageSize: p.PageSize, PageToken: p.PageToken}
}

type consents struct{ page }

type systems struct {
	page
	Grade     string `query:"grade" json:"-"`
	InUse     string `query:"in_use" json:"-"`
	ProjectID string `query:"project_id" json:"-"`
}

type sites struct {
	page
	Channel string `query:"channel" json:"-"`
}
