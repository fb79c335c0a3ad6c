// Package module puts the cybersecurity service together.
package module

import (
	"context"

	"egov/libs/conf"
	"egov/libs/host"
	"egov/libs/module"
	"egov/libs/pg"
	"egov/libs/store"
	"egov/services/cybersecurity"
	"egov/services/cybersecurity/eventapi"
	"egov/services/cybersecurity/httpapi"
	"egov/services/cybersecurity/pgstore"
)

// Name is the service's name: its database role, event source and target.
const Name = "cybersecurity"

// New makes the service.
func New(c conf.Service) host.Service {
	return module.New(module.Module{
		Name: Name, Title: "网络安全", Duty: cybersecurity.Office,
		Migrations: []pg.Set{pgstore.Migrations()},
		Setup: func(_ context.Context, k *module.Kit) error {
			s := &cybersecurity.Service{
				Consents: pgstore.Consents(k.Store), Systems: pgstore.Systems(k.Store), Sites: pgstore.Sites(k.Store),
				Norms: pgstore.Norms(k.Store), Protections: pgstore.Protections(k.Store),
				Safeguards: pgstore.Safeguards(k.Store), Inspections: pgstore.Inspections(k.Store),
				Rules: k.Rules, District: c.District, Clock: k.Clock, Self: k.Self,
				NewID: store.NewID, InTx: k.Store.InTx, Sign: k.Sign,
			}
			httpapi.Mount(k.API, s)
			eventapi.Subscribe(k, s)
			return nil
		},
	}, c)
}
