// Package eventapi is what the legalization service does about the facts of
// the others.
package eventapi

import (
	"context"

	"egov/libs/event"
	"egov/libs/module"
	declarationv1 "egov/proto/gen/egov/declaration/v1"
	"egov/services/legalization"
)

// Subscribe starts following the declaration service.
func Subscribe(k *module.Kit, s *legalization.Service) {
	// stable: subscription name
	k.Subscribe("legalization.projects", []string{"declaration"},
		module.React(func(ctx context.Context, f *declarationv1.ProjectAccepted, _ event.Record) error {
			return s.ProjectAccepted(ctx, f.GetProject())
		}),
	)
}
