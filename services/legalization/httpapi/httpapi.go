// Package httpapi is the JSON face of the legalization service.
package httpapi

import (
	"context"

	"egov/libs/aggregate"
	"egov/libs/authn"
	"egov/libs/op"
	"egov/libs/op/reads"
	"egov/services/legalization"
)

// Mount puts every operation of the service on the API.
func Mount(a *op.API, s *legalization.Service) {
	declarer, officer := op.Roles("declarer"), op.Roles("software_officer")
	op.Handle(a, "POST /v1/needs", "DeclareNeed", "Declare which software a unit needs", s.Declare, declarer, op.Created())
	op.Handle(a, "POST /v1/needs/{id}/assign", "AssignChannel", "Say where it is bought, by the rules", s.Assign, officer)
	op.Handle(a, "POST /v1/needs/{id}/return", "ReturnNeed", "Send the need back", s.Return, officer)
	op.Handle(a, "POST /v1/needs/{id}/purchase", "FilePurchase", "Put the purchase on record", s.FilePurchase, declarer)
	reads.List[list](a, "GET /v1/needs", "ListNeeds", "Needs the caller may see, newest first", s.Needs)
	reads.One(a, "GET /v1/needs/{id}", "GetNeed", "One need", s.Needs)
	op.Handle(a, "POST /v1/price-caps", "SetPriceCap", "Set the highest price of a product", s.SetCap, officer)
	op.Handle(a, "GET /v1/price-caps", "ListPriceCaps", "The price list", func(ctx context.Context, r reads.All) (aggregate.Page[legalization.Cap], error) {
		return s.Caps.List(authn.With(ctx, authn.Service("legalization", legalization.Committee)), r.Query())
	})
	op.Handle(a, "POST /v1/inventories", "ReportInventory", "Report the unit's software of a year", func(ctx context.Context, r legalization.ReportInventory) (legalization.Inventory, error) {
		return s.Report(ctx, authn.By(ctx).Unit, r)
	}, declarer)
	reads.List[reads.All](a, "GET /v1/inventories", "ListInventories", "Inventories the caller may see", s.Inventories)
}

type list struct {
	State     string `query:"state" json:"-"`
	ProjectID string `query:"project_id" json:"-"`
	reads.Page
}

func (q list) Query() aggregate.Query {
	return q.By(map[string]string{"state": q.State, "project_id": q.ProjectID})
}
