// Package module puts the procurement service together.
package module

import (
	"context"

	"egov/libs/conf"
	"egov/libs/host"
	"egov/libs/module"
	"egov/libs/pg"
	"egov/services/procurement"
	"egov/services/procurement/eventapi"
	"egov/services/procurement/httpapi"
	"egov/services/procurement/pgstore"
)

// Name is the service's name: its database role, event source and target.
const Name = "procurement"

// New makes the service.
func New(c conf.Service) host.Service {
	return module.New(module.Module{
		Name: Name, Title: "采购与实施", Duty: procurement.Office,
		Migrations: []pg.Set{pgstore.Migrations()},
		Setup: func(_ context.Context, k *module.Kit) error {
			s := &procurement.Service{
				Procurements: pgstore.Procurements(k.Store), Rules: k.Rules,
				Attachments: k.Attachments, Sign: k.Sign,
			}
			httpapi.Mount(k.API, s)
			eventapi.Subscribe(k, s)
			return nil
		},
	}, c)
}
