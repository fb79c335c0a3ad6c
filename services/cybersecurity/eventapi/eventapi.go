// Package eventapi is what the cybersecurity service does about the facts of
// the others.
package eventapi

import (
	"context"
	"fmt"

	"egov/libs/authn"
	"egov/libs/calendar"
	"egov/libs/event"
	"egov/libs/module"
	declarationv1 "egov/proto/gen/egov/declaration/v1"
	procurementv1 "egov/proto/gen/egov/procurement/v1"
	"egov/services/cybersecurity"
)

// Subscribe starts following the other services.
func Subscribe(k *module.Kit, s *cybersecurity.Service) {
	// stable: subscription name
	k.Subscribe("cybersecurity.projects", []string{"declaration", "procurement"},
		module.React(func(ctx context.Context, f *declarationv1.ProjectSubmitted, e event.Record) error {
			return s.ProjectSubmitted(ctx, f.GetProject(), authn.Accounts(e.Actor))
		}),
		module.React(func(ctx context.Context, f *declarationv1.ProjectWithdrawn, _ event.Record) error {
			return s.ProjectEnded(ctx, f.GetProjectId())
		}),
		module.React(func(ctx context.Context, f *declarationv1.ProjectRefused, _ event.Record) error {
			return s.ProjectEnded(ctx, f.GetProjectId())
		}),
		module.React(func(ctx context.Context, f *procurementv1.AcceptancePassed, _ event.Record) error {
			on, err := calendar.ParseDate(f.GetAcceptedOn())
			if err != nil {
				return fmt.Errorf("%w: accepted_on: %w", event.ErrUndecodable, err)
			}
			return s.PutIntoUse(ctx, f.GetProjectId(), on)
		}),
	)
}
