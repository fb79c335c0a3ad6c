// Package module puts the dataresource service together.
package module

import (
	"context"

	"egov/libs/conf"
	"egov/libs/host"
	"egov/libs/module"
	"egov/libs/pg"
	"egov/libs/store"
	"egov/services/dataresource"
	"egov/services/dataresource/eventapi"
	"egov/services/dataresource/httpapi"
	"egov/services/dataresource/pgstore"
)

// Name is the service's name: its database role, event source and target.
const Name = "dataresource"

// New makes the service.
func New(c conf.Service) host.Service {
	return module.New(module.Module{
		Name: Name, Title: "数据资源", Duty: dataresource.Centre,
		Migrations: []pg.Set{pgstore.Migrations()},
		Setup: func(_ context.Context, k *module.Kit) error {
			s := &dataresource.Service{
				Needs: pgstore.Needs(k.Store), Catalogues: pgstore.Catalogues(k.Store), Clouds: pgstore.Clouds(k.Store), Stewards: pgstore.Stewards(k.Store),
				Sharings: pgstore.Sharings(k.Store), Standings: pgstore.Standings(k.Store), Corrections: pgstore.Corrections(k.Store),
				Sources: pgstore.Sources{Store: k.Store}, Index: pgstore.Index{Store: k.Store},
				Rules: k.Rules, District: c.District, Self: k.Self, NewID: store.NewID, InTx: k.Store.InTx, Sign: k.Sign,
			}
			httpapi.Mount(k.API, s)
			eventapi.Subscribe(k, s)
			return nil
		},
	}, c)
}
