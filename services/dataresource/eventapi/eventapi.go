// Package eventapi is what the dataresource service does about facts: those of
// the declaration service, and its own about what a project has brought, what is
// published and which clocks run out.
package eventapi

import (
	"context"

	"egov/libs/calendar"
	"egov/libs/event"
	"egov/libs/module"
	dataresourcev1 "egov/proto/gen/egov/dataresource/v1"
	deadlinev1 "egov/proto/gen/egov/deadline/v1"
	declarationv1 "egov/proto/gen/egov/declaration/v1"
	"egov/services/dataresource"
)

// source is this service, whose own facts it follows too.
const source = "dataresource"

// Subscribe starts following.
func Subscribe(k *module.Kit, s *dataresource.Service) {
	// stable: subscription name
	k.Subscribe("dataresource.needs", []string{"declaration", source},
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
	// A name of its own, so that a service that had published catalogues before
	// hears of them too. stable: subscription name
	k.Subscribe("dataresource.upkeep", []string{source},
		module.React(func(ctx context.Context, f *dataresourcev1.CataloguePublished, e event.Record) error {
			return s.UnitPublishes(ctx, f.GetUnit(), calendar.DateOf(e.Time))
		}),
		module.React(func(ctx context.Context, f *deadlinev1.DeadlineWarned, _ event.Record) error {
			return s.Remind(ctx, f.GetObligation(), f.GetDeadlineId())
		}),
		module.React(func(ctx context.Context, f *deadlinev1.DeadlineMissed, _ event.Record) error {
			return s.Remind(ctx, f.GetObligation(), f.GetDeadlineId())
		}),
	)
}
