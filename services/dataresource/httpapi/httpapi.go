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
}

type list struct {
	State     string `query:"state" json:"-"`
	ProjectID string `query:"project_id" json:"-"`
	reads.Page
}

func (q list) Query() aggregate.Query {
	return q.By(map[string]string{"state": q.State, "project_id": q.ProjectID})
}
