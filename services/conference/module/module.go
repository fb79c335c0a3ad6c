// Package module puts the conference service together.
package module

import (
	"context"

	"egov/libs/calendar"
	"egov/libs/conf"
	"egov/libs/host"
	"egov/libs/module"
	"egov/libs/pg"
	"egov/libs/sign"
	"egov/libs/store"
	"egov/services/conference"
	"egov/services/conference/eventapi"
	"egov/services/conference/httpapi"
	"egov/services/conference/pgstore"
)

// Name is the service's name: its database role, event source and target.
const Name = "conference"

// New makes the service.
func New(c conf.Service) host.Service {
	return module.New(module.Module{
		Name: Name, Title: "联席会议", Duty: conference.Office,
		Migrations: []pg.Set{pgstore.Migrations()},
		Setup: func(_ context.Context, k *module.Kit) error {
			s := &conference.Service{
				Sessions: pgstore.Sessions(k.Store), Dockets: pgstore.Dockets(k.Store), Seats: pgstore.Seats(k.Store),
				InTx: k.Store.InTx, Rules: k.Rules, District: k.Config.District,
				NewID: store.NewID, Today: func() calendar.Date { return calendar.Today(k.Clock) },
				Self: k.Self, Sign: k.Sign, Canonical: sign.Canonical,
			}
			httpapi.Mount(k.API, s)
			eventapi.Subscribe(k, s)
			return nil
		},
	}, c)
}
