// Package module puts the declaration service together.
package module

import (
	"context"

	"egov/libs/conf"
	"egov/libs/host"
	"egov/libs/module"
	"egov/libs/pg"
	"egov/libs/sign"
	"egov/libs/store"
	"egov/services/declaration"
	"egov/services/declaration/eventapi"
	"egov/services/declaration/httpapi"
	"egov/services/declaration/pgstore"
	"egov/services/declaration/planning"
)

// Name is the service's name: its database role, event source and target.
const Name = "declaration"

// New makes the service.
func New(c conf.Service) host.Service {
	return module.New(module.Module{
		Name: Name, Title: "项目申报", Duty: declaration.Office,
		Migrations: []pg.Set{pgstore.Migrations()},
		Setup: func(_ context.Context, k *module.Kit) error {
			s := &declaration.Service{
				Projects: pgstore.Projects(k.Store, k.Self), Standings: pgstore.Standings(k.Store), Dossiers: pgstore.Dossiers{Store: k.Store},
				Rules: k.Rules, District: k.Config.District, Clock: k.Clock,
				NewID: store.NewID, Sign: k.Sign, Attachments: k.Attachments,
			}
			p := &planning.Service{
				Plans: pgstore.Plans(k.Store), Tasks: pgstore.WorkTasks(k.Store), Returns: pgstore.Returns(k.Store), InTx: k.Store.InTx,
				Rules: k.Rules, District: k.Config.District, Clock: k.Clock,
				NewID: store.NewID, Sign: k.Sign, Canonical: sign.Canonical, Attachments: k.Attachments,
			}
			httpapi.Mount(k.API, s, p)
			eventapi.Subscribe(k, s, p)
			return nil
		},
	}, c)
}
