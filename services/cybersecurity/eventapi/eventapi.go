// Package eventapi is what the cybersecurity service does about the facts of
// the others, and about its own: systems on the register and clocks that run out.
package eventapi

import (
	"context"
	"fmt"

	"egov/libs/authn"
	"egov/libs/calendar"
	"egov/libs/event"
	"egov/libs/module"
	cybersecurityv1 "egov/proto/gen/egov/cybersecurity/v1"
	deadlinev1 "egov/proto/gen/egov/deadline/v1"
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
	// A name of its own, so that a service that knows projects and systems already
	// hears of them once more. stable: subscription name
	k.Subscribe("cybersecurity.upkeep", []string{"declaration", "procurement", source},
		module.React(func(ctx context.Context, f *declarationv1.ProjectAccepted, _ event.Record) error {
			return s.ProjectAccepted(ctx, f.GetProject())
		}),
		module.React(func(ctx context.Context, f *declarationv1.ProjectWithdrawn, _ event.Record) error {
			return s.ProtectionEnded(ctx, f.GetProjectId())
		}),
		module.React(func(ctx context.Context, f *declarationv1.ProjectRefused, _ event.Record) error {
			return s.ProtectionEnded(ctx, f.GetProjectId())
		}),
		module.React(func(ctx context.Context, f *procurementv1.AcceptancePassed, _ event.Record) error {
			return s.ProtectionEnded(ctx, f.GetProjectId())
		}),
		module.React(func(ctx context.Context, f *cybersecurityv1.SystemRegistered, e event.Record) error {
			return s.UnitRunsSystem(ctx, f.GetUnit(), calendar.DateOf(e.Time))
		}),
		module.React(func(ctx context.Context, f *deadlinev1.DeadlineWarned, e event.Record) error {
			return remind(ctx, s, e, f)
		}),
		module.React(func(ctx context.Context, f *deadlinev1.DeadlineMissed, e event.Record) error {
			return remind(ctx, s, e, f)
		}),
	)
}

// source is this service, whose own facts it follows too.
const source = "cybersecurity"

// running is what the facts about a clock say alike.
type running interface {
	GetObligation() string
	GetDeadlineId() string
}

func remind(ctx context.Context, s *cybersecurity.Service, e event.Record, f running) error {
	if e.Source != source {
		return nil // another service's clock
	}
	return s.Remind(ctx, f.GetObligation(), f.GetDeadlineId())
}
