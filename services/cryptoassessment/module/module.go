// Package module puts the cryptoassessment service together.
package module

import (
	"context"

	"egov/libs/conf"
	"egov/libs/host"
	"egov/libs/module"
	"egov/libs/pg"
	"egov/services/cryptoassessment"
	"egov/services/cryptoassessment/eventapi"
	"egov/services/cryptoassessment/httpapi"
	"egov/services/cryptoassessment/pgstore"
)

// Name is the service's name: its database role, event source and target.
const Name = "cryptoassessment"

// New makes the service.
func New(c conf.Service) host.Service {
	return module.New(module.Module{
		Name: Name, Title: "密码与信创", Duty: cryptoassessment.Bureau,
		Migrations: []pg.Set{pgstore.Migrations()},
		Setup: func(_ context.Context, k *module.Kit) error {
			s := &cryptoassessment.Service{
				Plans: pgstore.Plans(k.Store), Exemptions: pgstore.Exemptions(k.Store), Assessments: pgstore.Assessments(k.Store),
				Adaptations: pgstore.Adaptations(k.Store),
				Rules:       k.Rules,
				District:    c.District, Attachments: k.Attachments, Sign: k.Sign,
			}
			httpapi.Mount(k.API, s)
			eventapi.Subscribe(k, s)
			return nil
		},
	}, c)
}
