// Package httpapi is the JSON face of the dataresource service.
package httpapi

import (
	"context"

	"egov/libs/aggregate"
	"egov/libs/authn"
	"egov/libs/op"
	"egov/libs/op/reads"
	"egov/services/dataresource"
)

// Mount puts every operation of the service on the API.
func Mount(a *op.API, s *dataresource.Service) {
	declarer, officer := op.Roles("declarer"), op.Roles("data_officer")
	op.Handle(a, "POST /v1/catalogues", "SubmitCatalogue", "Lay a resource catalogue before the centre", s.Submit, declarer, op.Created(), op.MaxBody(8<<20))
	op.Handle(a, "POST /v1/catalogues/{id}/revise", "ReviseCatalogue", "Bring a catalogue again", s.Revise, declarer, op.MaxBody(8<<20))
	op.Handle(a, "POST /v1/catalogues/{id}/review", "ReviewCatalogue", "Publish the catalogue, or return it with findings", s.Review, officer)
	op.Handle(a, "POST /v1/catalogues/{id}/changes", "NoteChange", "Note that what a published catalogue describes has changed", s.NoteChange, op.Roles("declarer", "data_officer"))
	op.Handle(a, "POST /v1/catalogues/{id}/maintenance", "MaintainCatalogue", "Record the full maintenance of a catalogue in which nothing changed", s.Maintain, declarer)
	reads.List[list](a, "GET /v1/catalogues", "ListCatalogues", "Catalogues the caller may see, newest first", s.Catalogues)
	reads.One(a, "GET /v1/catalogues/{id}", "GetCatalogue", "One catalogue", s.Catalogues)
	op.Handle(a, "POST /v1/cloud-requests", "RequestCloud", "Ask for government-cloud resources", s.RequestCloud, declarer, op.Created())
	op.Handle(a, "POST /v1/cloud-requests/{id}/answer", "AnswerCloud", "Grant or refuse", s.AnswerCloud, officer)
	reads.List[list](a, "GET /v1/cloud-requests", "ListCloudRequests", "Requests the caller may see, newest first", s.Clouds)
	reads.One(a, "GET /v1/cloud-requests/{id}", "GetCloudRequest", "One request", s.Clouds)
	op.Handle(a, "POST /v1/stewards", "FileSteward", "Name the data steward of the caller's unit", func(ctx context.Context, r dataresource.FileSteward) (dataresource.Steward, error) {
		return s.FileSteward(ctx, authn.By(ctx).Unit, r)
	}, declarer)
	reads.List[reads.All](a, "GET /v1/stewards", "ListStewards", "The stewards the caller may see", s.Stewards)
	op.Handle(a, "POST /v1/identifiers/check", "CheckIdentifiers", "Check credit codes or id numbers; none is kept or given back whole", s.CheckIdentifiers, op.Roles("declarer", "data_officer"))
	op.Handle(a, "GET /v1/resources", "SearchResources", "What is published, base registers first, for every unit", func(ctx context.Context, r search) (aggregate.Page[dataresource.Listed], error) {
		return s.Index.Find(ctx, dataresource.Search(r))
	})
	mountSharing(a, s)
	mountOversight(a, s)
}

// mountSharing puts the road from a sharing request to the use of data on the
// API.
func mountSharing(a *op.API, s *dataresource.Service) {
	declarer, secretary := op.Roles("declarer"), op.Roles("secretary")
	op.Handle(a, "POST /v1/sharings", "RequestSharing", "Ask a unit for published data; the form is made", s.RequestSharing, declarer, op.Created())
	op.Handle(a, "GET /v1/sharings/{id}/form", "GetSharingForm", "The written form of a request", func(ctx context.Context, r byID) (op.File, error) {
		f, err := s.Form(ctx, r.ID)
		return op.File{Name: f.Name, MediaType: "text/plain; charset=utf-8", Body: f.Reader()}, err
	})
	op.Handle(a, "POST /v1/sharings/{id}/receipt", "ReceiveSharing", "Record that the request was received in writing; the clock of the answer begins", s.Receive, declarer)
	op.Handle(a, "POST /v1/sharings/{id}/answer", "AnswerSharing", "Grant a request or refuse it by law", s.Answer, declarer)
	op.Handle(a, "POST /v1/sharings/{id}/deferral", "RequestDeferral", "Ask to share later", s.RequestDeferral, declarer)
	op.Handle(a, "POST /v1/sharings/{id}/deferral/decision", "DecideDeferral", "Approve a deferral or not", s.DecideDeferral, secretary)
	op.Handle(a, "POST /v1/sharings/{id}/dispute", "DisputeSharing", "Object to an answer, or to none", s.Dispute, declarer)
	op.Handle(a, "POST /v1/sharings/{id}/decision", "ResolveSharing", "Decide a dispute", s.Resolve, secretary)
	op.Handle(a, "POST /v1/sharings/{id}/agreement", "SignAgreement", "Sign the secrecy agreement", s.SignAgreement, declarer)
	op.Handle(a, "POST /v1/sharings/{id}/service", "OpenSharing", "Provide the data by interface, file, browsing or offline", s.Open, declarer)
	op.Handle(a, "POST /v1/sharings/{id}/uses", "RecordUse", "Register a use for a granted purpose", s.Use, declarer)
	op.Handle(a, "POST /v1/sharings/{id}/releases", "RequestRelease", "Ask the provider to let data go outside", s.RequestRelease, declarer)
	op.Handle(a, "POST /v1/sharings/{id}/releases/answer", "AnswerRelease", "Consent to a release in writing, or not", s.AnswerRelease, declarer)
	op.Handle(a, "POST /v1/sharings/{id}/releases/record", "RecordRelease", "Register that data went outside with consent", s.RecordRelease, declarer)
	op.Handle(a, "POST /v1/sharings/{id}/end", "EndSharing", "Take a request back, or end the use", s.End, declarer)
	reads.List[sharings](a, "GET /v1/sharings", "ListSharings", "Sharing requests the caller may see, newest first", s.Sharings)
	reads.One(a, "GET /v1/sharings/{id}", "GetSharing", "One sharing request", s.Sharings)
}

// mountOversight puts assessments and corrections on the API.
func mountOversight(a *op.API, s *dataresource.Service) {
	secretary := op.Roles("secretary")
	op.Handle(a, "POST /v1/appraisals", "AppraiseUnit", "Assess a unit's data work by its records and give notice", s.Appraise, op.Roles("data_officer"))
	reads.List[reads.All](a, "GET /v1/standings", "ListStandings", "How units do their data work", s.Standings)
	reads.One(a, "GET /v1/standings/{id}", "GetStanding", "One unit's assessments; the id is the unit's code", s.Standings)
	op.Handle(a, "POST /v1/corrections", "OrderCorrection", "Order a unit to put something right by a day", s.Order, secretary, op.Created())
	op.Handle(a, "POST /v1/corrections/{id}/report", "ReportCorrection", "Report what was put right", s.ReportCorrection, op.Roles("declarer"))
	op.Handle(a, "POST /v1/corrections/{id}/close", "CloseCorrection", "Close a correction, or set another day", s.CloseCorrection, secretary)
	reads.List[corrections](a, "GET /v1/corrections", "ListCorrections", "Corrections the caller may see, newest first", s.Corrections)
	reads.One(a, "GET /v1/corrections/{id}", "GetCorrection", "One correction", s.Corrections)
}

type byID struct {
	ID string `path:"id" json:"-"`
}

// search is the request of the index.
type search struct {
	Unit       string `query:"unit" json:"-"`
	ShareClass string `query:"share_class" json:"-"`
	Text       string `query:"q" json:"-"`
	PageSize   int    `query:"page_size" json:"-"`
	PageToken  string `query:"page_token" json:"-"`
}

type sharings struct {
	State    string `query:"state" json:"-"`
	Unit     string `query:"unit" json:"-"` // that asks
	Provider string `query:"provider" json:"-"`
	reads.Page
}

func (q sharings) Query() aggregate.Query {
	return q.By(map[string]string{"state": q.State, "unit": q.Unit, "provider": q.Provider})
}

type corrections struct {
	State string `query:"state" json:"-"`
	Unit  string `query:"unit" json:"-"`
	reads.Page
}

func (q corrections) Query() aggregate.Query {
	return q.By(map[string]string{"state": q.State, "unit": q.Unit})
}

type list struct {
	State     string `query:"state" json:"-"`
	ProjectID string `query:"project_id" json:"-"`
	reads.Page
}

func (q list) Query() aggregate.Query {
	return q.By(map[string]string{"state": q.State, "project_id": q.ProjectID})
}
