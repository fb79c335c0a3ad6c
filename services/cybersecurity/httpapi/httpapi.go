// Package httpapi is the JSON face of the cybersecurity service.
package httpapi

import (
	"context"

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
	op.Handle(a, "POST /v1/systems/{id}/risks", "RecordRisks", "Record that the risks of a system were weighed", s.AssessRisks, declarer)
	op.Handle(a, "POST /v1/systems/{id}/retire", "RetireSystem", "Take a system off the register", s.Retire, declarer)
	reads.List[systems](a, "GET /v1/systems", "ListSystems", "Systems the caller may see, newest first", s.Systems)
	reads.One(a, "GET /v1/systems/{id}", "GetSystem", "One system; the one a project builds has the project's id", s.Systems)

	op.Handle(a, "POST /v1/sites", "OpenSite", "File the opening of a website or account", s.Open, declarer, op.Created())
	op.Handle(a, "PUT /v1/sites/{id}", "ChangeSite", "File a change", s.Change, declarer)
	op.Handle(a, "POST /v1/sites/{id}/close", "CloseSite", "File the closing", s.Close, declarer)
	reads.List[sites](a, "GET /v1/sites", "ListSites", "Websites and accounts the caller may see, newest first", s.Sites)
	reads.One(a, "GET /v1/sites/{id}", "GetSite", "One website or account", s.Sites)

	mountProtection(a, s)
	mountSafeguards(a, s)
}

// mountProtection puts norms and the evidence of security in step on the API.
func mountProtection(a *op.API, s *cybersecurity.Service) {
	declarer, secretary := op.Roles("declarer"), op.Roles("secretary")
	op.Handle(a, "POST /v1/norms", "SetNorm", "Put a norm set with other departments on record", s.SetNorm, secretary, op.Created())
	op.Handle(a, "POST /v1/norms/{id}/repeal", "RepealNorm", "End a norm", s.RepealNorm, secretary)
	op.Handle(a, "GET /v1/norms", "ListNorms", "The norms in force, for every unit", func(ctx context.Context, r reads.All) (aggregate.Page[cybersecurity.Norm], error) {
		return s.ListNorms(ctx, r.Query())
	})
	op.Handle(a, "POST /v1/protections/{id}/steps", "RecordSecurityStep", "Bring the evidence that security was designed, built or put to use with the work", s.RecordStep, declarer)
	reads.List[states](a, "GET /v1/protections", "ListProtections", "Projects and how their security goes with the work, newest first", s.Protections)
	reads.One(a, "GET /v1/protections/{id}", "GetProtection", "The security of one project; the id is the project's", s.Protections)
}

// mountSafeguards puts the security systems of units, their drills and the
// inspections of them on the API.
func mountSafeguards(a *op.API, s *cybersecurity.Service) {
	declarer, cyber := op.Roles("declarer"), op.Roles("cyber_officer")
	op.Handle(a, "POST /v1/safeguards/regimes", "FileRegime", "Put a security system of the caller's unit on record", s.FileRegime, declarer)
	op.Handle(a, "POST /v1/safeguards/drills", "RecordDrill", "Put a drill of the caller's unit on record", s.Drill, declarer)
	reads.List[reads.All](a, "GET /v1/safeguards", "ListSafeguards", "Security systems and drills of the units the caller may see", s.Safeguards)
	reads.One(a, "GET /v1/safeguards/{id}", "GetSafeguard", "Those of one unit; the id is its code", s.Safeguards)
	op.Handle(a, "POST /v1/inspections", "RecordInspection", "Record an inspection; what is missing is found and ordered to be put right", s.Inspect, cyber, op.Created())
	op.Handle(a, "POST /v1/inspections/{id}/report", "ReportSecurityCorrection", "Report what was put right", s.ReportCorrection, declarer)
	op.Handle(a, "POST /v1/inspections/{id}/close", "CloseInspection", "Close the correction, or set another day", s.CloseInspection, cyber)
	reads.List[states](a, "GET /v1/inspections", "ListInspections", "Inspections the caller may see, newest first", s.Inspections)
	reads.One(a, "GET /v1/inspections/{id}", "GetInspection", "One inspection", s.Inspections)
}

type states struct {
	State string `query:"state" json:"-"`
	Unit  string `query:"unit" json:"-"`
	reads.Page
}

func (q states) Query() aggregate.Query {
	return q.By(map[string]string{"state": q.State, "unit": q.Unit})
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
