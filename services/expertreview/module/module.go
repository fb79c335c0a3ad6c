// Package module puts the expertreview service together.
package module

import (
	"context"
	"crypto/rand"

	"egov/libs/conf"
	"egov/libs/host"
	"egov/libs/module"
	"egov/libs/pg"
	"egov/libs/store"
	"egov/services/expertreview"
	"egov/services/expertreview/eventapi"
	"egov/services/expertreview/httpapi"
	"egov/services/expertreview/pgstore"
)

// Name is the service's name: its database role, event source and target.
const Name = "expertreview"

// New makes the service.
func New(c conf.Service) host.Service {
	return module.New(module.Module{
		Name: Name, Title: "论证评估", Duty: expertreview.Office,
		Migrations: []pg.Set{pgstore.Migrations()},
		Setup: func(_ context.Context, k *module.Kit) error {
			s := &expertreview.Service{
				Evaluations: pgstore.Evaluations(k.Store), Experts: pgstore.Experts(k.Store), Committees: pgstore.Committees(k.Store),
				Rules: k.Rules, District: k.Config.District, Clock: k.Clock, NewID: store.NewID,
				Seed: func() []byte { b := make([]byte, 32); _, _ = rand.Read(b); return b }, // never fails
				Sign: k.Sign,
			}
			httpapi.Mount(k.API, s)
			eventapi.Subscribe(k, s)
			return nil
		},
	}, c)
}
