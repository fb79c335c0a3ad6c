// Package eventapi is what the cryptoassessment service does about the facts of
// the others.
package eventapi

import (
	"context"
	"fmt"

	"egov/libs/authn"
	"egov/libs/calendar"
	"egov/libs/event"
	"egov/libs/module"
	cybersecurityv1 "egov/proto/gen/egov/cybersecurity/v1"
	declarationv1 "egov/proto/gen/egov/declaration/v1"
	procurementv1 "egov/proto/gen/egov/procurement/v1"
	"egov/services/cryptoassessment"
)

// Subscribe starts following the other services.
func Subscribe(k *module.Kit, s *cryptoassessment.Service) {
	// stable: subscription name
	k.Subscribe("cryptoassessment.projects", []string{"declaration", "procurement", "cybersecurity"},
		module.React(func(ctx context.Context, f *declarationv1.ProjectSubmitted, e event.Record) error {
			return s.ProjectSubmitted(ctx, f.GetProject(), authn.Accounts(e.Actor))
		}),
		module.React(func(ctx context.Context, f *declarationv1.ProjectAccepted, _ event.Record) error {
			return s.ProjectAccepted(ctx, f.GetProject())
		}),
		module.React(func(ctx context.Context, f *declarationv1.ProjectWithdrawn, _ event.Record) error {
			return s.ProjectEnded(ctx, f.GetProjectId())
		}),
		module.React(func(ctx context.Context, f *declarationv1.ProjectRefused, _ event.Record) error {
			return s.ProjectEnded(ctx, f.GetProjectId())
		}),
		module.React(func(ctx context.Context, f *procurementv1.ContractFiled, _ event.Record) error {
			return s.ContractFiled(ctx, f.GetProjectId())
		}),
		module.React(func(ctx context.Context, f *procurementv1.AcceptancePassed, _ event.Record) error {
			on, err := day("accepted_on", f.GetAcceptedOn())
			if err != nil {
				return err
			}
			return s.PutIntoUse(ctx, f.GetProjectId(), on)
		}),
		module.React(func(ctx context.Context, f *cybersecurityv1.GradeDetermined, _ event.Record) error {
			on, err := day("determined_on", f.GetDeterminedOn())
			if err != nil {
				return err
			}
			return s.SystemGraded(ctx, cryptoassessment.Graded{
				SystemID: f.GetSystemId(), Project: f.GetProjectId(), Name: f.GetName(), Unit: f.GetUnit(),
				Grade: int(f.GetGrade()), InUse: f.GetInUse(), On: on,
			})
		}),
		module.React(func(ctx context.Context, f *cybersecurityv1.SystemRetired, _ event.Record) error {
			return s.SystemRetired(ctx, f.GetSystemId(), f.GetReason())
		}),
	)
	// A name of its own, so that a service that knows projects already hears of
	// them once more. stable: subscription name
	k.Subscribe("cryptoassessment.adaptations", []string{"declaration", "procurement"},
		module.React(func(ctx context.Context, f *declarationv1.ProjectAccepted, _ event.Record) error {
			return s.WantGuidance(ctx, f.GetProject())
		}),
		module.React(func(ctx context.Context, f *declarationv1.ProjectWithdrawn, _ event.Record) error {
			return s.AdaptationEnded(ctx, f.GetProjectId())
		}),
		module.React(func(ctx context.Context, f *declarationv1.ProjectRefused, _ event.Record) error {
			return s.AdaptationEnded(ctx, f.GetProjectId())
		}),
		module.React(func(ctx context.Context, f *procurementv1.AcceptancePassed, _ event.Record) error {
			return s.AdaptationEnded(ctx, f.GetProjectId())
		}),
	)
}

// day reads a date of a fact; one that is none cannot be cured by trying again.
func day(field, text string) (calendar.Date, error) {
	d, err := calendar.ParseDate(text)
	if err != nil {
		return d, fmt.Errorf("%w: %s: %w", event.ErrUndecodable, field, err)
	}
	return d, nil
}
