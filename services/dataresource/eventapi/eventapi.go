// Package eventapi is what the dataresource service does about facts: those of
// the declaration service, and its own about what a project has brought.
package eventapi

import (
	"context"

	"egov/libs/event"
	"egov/libs/module"
	dataresourcev1 "egov/proto/gen/egov/dataresource/v1"
	declarationv1 "egov/proto/gen/egov/declaration/v1"
	"egov/services/dataresource"
)

// Subscribe starts following.
func Subscribe(k *module.Kit, s *dataresource.Service) {
	// stable: subscription name
	k.Subscribe("dataresource.needs", []string{"declaration", "dataresource"},
		module.React(func(ctx context.Context, f *declarationv1.ProjectSubmitted, _ event.Record) error {
			return s.ProjectSubmitted(ctx, f.GetProject())
		}),
		module.React(func(ctx context.Context, f *dataresourcev1.CatalogueSubmitted, _ event.Record) error {
			return s.CatalogueLaid(ctx, f.GetProjectId())
		}),
		module.React(func(ctx context.Context, f *dataresourcev1.CloudRequested, _ event.Record) error {
			return s.CloudAsked(ctx, f.GetProjectId())
		}),
	)
}
