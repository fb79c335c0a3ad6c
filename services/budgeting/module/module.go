// Package module puts the budgeting service together.
package module

import (
	"context"

	"egov/libs/conf"
	"egov/libs/host"
	"egov/libs/module"
	"egov/libs/pg"
	"egov/libs/store"
	"egov/services/budgeting"
	"egov/services/budgeting/eventapi"
	"egov/services/budgeting/httpapi"
	"egov/services/budgeting/pgstore"
)

// Name is the service's name: its database role, event source and target.
const Name = "budgeting"

// New makes the service.
func New(c conf.Service) host.Service {
	return module.New(module.Module{
		Name: Name, Title: "项目预算", Duty: budgeting.Office,
		Migrations: []pg.Set{pgstore.Migrations()},
		Setup: func(_ context.Context, k *module.Kit) error {
			s := &budgeting.Service{
				Budgets: pgstore.Budgets(k.Store), PostEvaluations: pgstore.PostEvaluations(k.Store), Assessments: pgstore.Assessments(k.Store),
				InTx: k.Store.InTx, Rules: k.Rules, District: k.Config.District, Clock: k.Clock, NewID: store.NewID, Self: k.Self, Sign: k.Sign,
			}
			httpapi.Mount(k.API, s)
			eventapi.Subscribe(k, s)
			return nil
		},
	}, c)
}
