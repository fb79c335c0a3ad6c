// Package module puts the legalization service together.
package module

import (
	"context"

	"egov/libs/conf"
	"egov/libs/host"
	"egov/libs/module"
	"egov/libs/pg"
	"egov/libs/store"
	"egov/services/legalization"
	"egov/services/legalization/eventapi"
	"egov/services/legalization/httpapi"
	"egov/services/legalization/pgstore"
)

// Name is the service's name: its database role, event source and target.
const Name = "legalization"

// New makes the service.
func New(c conf.Service) host.Service {
	return module.New(module.Module{
		Name: Name, Title: "软件正版化", Duty: legalization.Committee,
		Migrations: []pg.Set{pgstore.Migrations()},
		Setup: func(_ context.Context, k *module.Kit) error {
			s := &legalization.Service{
				Needs: pgstore.Needs(k.Store), Caps: pgstore.Caps(k.Store), Inventories: pgstore.Inventories(k.Store),
				Rules: k.Rules, District: k.Config.District, NewID: store.NewID,
			}
			httpapi.Mount(k.API, s)
			eventapi.Subscribe(k, s)
			return nil
		},
	}, c)
}
