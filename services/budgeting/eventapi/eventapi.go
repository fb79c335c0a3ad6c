// Package eventapi is what the budgeting service does about the facts of
// others, and about its own missed rectifications.
package eventapi

import (
	"context"

	"egov/libs/calendar"
	"egov/libs/event"
	"egov/libs/module"
	conferencev1 "egov/proto/gen/egov/conference/v1"
	dataresourcev1 "egov/proto/gen/egov/dataresource/v1"
	deadlinev1 "egov/proto/gen/egov/deadline/v1"
	declarationv1 "egov/proto/gen/egov/declaration/v1"
	expertreviewv1 "egov/proto/gen/egov/expertreview/v1"
	procurementv1 "egov/proto/gen/egov/procurement/v1"
	"egov/services/budgeting"
)

// Sources are the services whose facts move money, this one included.
var Sources = []string{"declaration", "conference", "procurement", "dataresource", "budgeting"}

// Subscribe starts following them.
func Subscribe(k *module.Kit, s *budgeting.Service) {
	k.Subscribe("budgeting.evaluators", []string{"expertreview"}, evaluators(s)...) // stable: subscription name
	k.Subscribe("budgeting.money", Sources, reactions(s)...)                        // stable: subscription name
}

func reactions(s *budgeting.Service) []module.Reaction {
	return []module.Reaction{
		module.React(func(ctx context.Context, f *declarationv1.ProjectSentToSupervisor, e event.Record) error {
			return s.SentToSupervisor(ctx, f.GetProjectId(), e.Unit, e.Actor)
		}),
		module.React(func(ctx context.Context, f *declarationv1.ProjectSubmitted, e event.Record) error {
			return s.Submitted(ctx, f.GetProject(), e.Actor)
		}),
		module.React(func(ctx context.Context, f *declarationv1.ProjectAccepted, _ event.Record) error {
			return s.Accepted(ctx, f.GetProject())
		}),
		module.React(func(ctx context.Context, f *declarationv1.ProjectWithdrawn, _ event.Record) error {
			return s.Withdrawn(ctx, f)
		}),
		module.React(func(ctx context.Context, f *declarationv1.PlanEntered, e event.Record) error {
			return s.Planned(ctx, f.GetProjectId(), day(e))
		}),
		module.React(func(ctx context.Context, f *declarationv1.HandoverRecorded, _ event.Record) error {
			return s.Handover(ctx, f)
		}),
		module.React(func(ctx context.Context, f *conferencev1.DecisionTaken, _ event.Record) error {
			return s.Decided(ctx, f)
		}),
		module.React(func(ctx context.Context, f *conferencev1.ChangeConsented, _ event.Record) error {
			return s.ChangeConsented(ctx, f)
		}),
		module.React(func(ctx context.Context, f *conferencev1.WaiverGranted, _ event.Record) error {
			return s.Waived(ctx, f)
		}),
		module.React(func(ctx context.Context, f *procurementv1.ContractFiled, _ event.Record) error {
			return s.ContractFiled(ctx, f)
		}),
		module.React(func(ctx context.Context, f *procurementv1.ContractAmended, _ event.Record) error {
			return s.ContractAmended(ctx, f)
		}),
		module.React(func(ctx context.Context, f *procurementv1.SupervisionEngaged, _ event.Record) error {
			return s.Judged(ctx, f.GetProjectId(), f.GetSupervisorName())
		}),
		module.React(func(ctx context.Context, f *procurementv1.AcceptanceFailed, _ event.Record) error {
			return s.NotAccepted(ctx, f)
		}),
		module.React(func(ctx context.Context, f *procurementv1.AcceptancePassed, _ event.Record) error {
			return s.AcceptancePassed(ctx, f)
		}),
		module.React(func(ctx context.Context, f *dataresourcev1.CataloguePublished, e event.Record) error {
			return s.CataloguePublished(ctx, f.GetProjectId(), day(e))
		}),
		module.React(func(ctx context.Context, f *deadlinev1.DeadlineMissed, e event.Record) error {
			if e.Source != "budgeting" || f.GetObligation() != budgeting.Rectification {
				return nil // another service's clock
			}
			return s.RectificationMissed(ctx, f.GetProjectId())
		}),
	}
}

// evaluators are those who judge a project before it is built.
func evaluators(s *budgeting.Service) []module.Reaction {
	return []module.Reaction{
		module.React(func(ctx context.Context, f *expertreviewv1.EvaluationAssigned, _ event.Record) error {
			return s.Judged(ctx, f.GetProjectId(), f.GetAgency())
		}),
		module.React(func(ctx context.Context, f *expertreviewv1.ExpertsDrawn, _ event.Record) error {
			return s.Judged(ctx, f.GetProjectId(), f.GetDrawn()...)
		}),
	}
}

func day(e event.Record) string { return calendar.DateOf(e.Time).String() }
