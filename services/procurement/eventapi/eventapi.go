// Package eventapi is what the procurement service does about the facts of
// others, and about its own missed deadlines.
package eventapi

import (
	"context"

	"egov/libs/calendar"
	"egov/libs/event"
	"egov/libs/module"
	budgetingv1 "egov/proto/gen/egov/budgeting/v1"
	conferencev1 "egov/proto/gen/egov/conference/v1"
	cryptoassessmentv1 "egov/proto/gen/egov/cryptoassessment/v1"
	cybersecurityv1 "egov/proto/gen/egov/cybersecurity/v1"
	dataresourcev1 "egov/proto/gen/egov/dataresource/v1"
	deadlinev1 "egov/proto/gen/egov/deadline/v1"
	declarationv1 "egov/proto/gen/egov/declaration/v1"
	"egov/services/procurement"
)

// Sources are the services whose facts open, hold or complete a procurement,
// this one included.
var Sources = []string{"declaration", "conference", "budgeting", "dataresource", "cybersecurity", "cryptoassessment", "procurement"}

// Subscribe starts following them.
func Subscribe(k *module.Kit, s *procurement.Service) {
	k.Subscribe("procurement.road", Sources, reactions(s)...) // stable: subscription name
}

func reactions(s *procurement.Service) []module.Reaction {
	return []module.Reaction{
		module.React(func(ctx context.Context, f *declarationv1.ProjectSentToSupervisor, e event.Record) error {
			return s.SentToSupervisor(ctx, f.GetProjectId(), e.Unit, e.Actor)
		}),
		module.React(func(ctx context.Context, f *declarationv1.ProjectSubmitted, e event.Record) error {
			return s.Submitted(ctx, f.GetProject(), e.Actor)
		}),
		module.React(func(ctx context.Context, f *declarationv1.ProjectAccepted, _ event.Record) error {
			return s.ProjectAccepted(ctx, f.GetProject())
		}),
		module.React(func(ctx context.Context, f *declarationv1.ResponsibleNamed, e event.Record) error {
			return s.Heard(ctx, f.GetProjectId(), procurement.FactResponsible, day(e))
		}),
		module.React(func(ctx context.Context, f *declarationv1.ProjectWithdrawn, _ event.Record) error {
			return s.Withdrawn(ctx, f)
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
		module.React(func(ctx context.Context, f *budgetingv1.BudgetIssued, _ event.Record) error {
			return s.BudgetIssued(ctx, f)
		}),
		module.React(func(ctx context.Context, f *budgetingv1.BudgetAdjusted, _ event.Record) error {
			return s.BudgetAdjusted(ctx, f)
		}),
		module.React(func(ctx context.Context, f *budgetingv1.PaymentRecorded, _ event.Record) error {
			return s.PaymentRecorded(ctx, f)
		}),
		module.React(func(ctx context.Context, f *dataresourcev1.CataloguePublished, e event.Record) error {
			return s.Heard(ctx, f.GetProjectId(), procurement.FactCatalogue, day(e))
		}),
		module.React(func(ctx context.Context, f *cybersecurityv1.SystemRegistered, _ event.Record) error {
			return s.SystemRegistered(ctx, f.GetProjectId(), f.GetSystemId())
		}),
		module.React(func(ctx context.Context, f *cybersecurityv1.AssessmentCompleted, _ event.Record) error {
			return assessed(ctx, s, f, procurement.FactAssessment)
		}),
		module.React(func(ctx context.Context, f *cryptoassessmentv1.CryptoAssessmentCompleted, _ event.Record) error {
			return assessed(ctx, s, f, procurement.FactCrypto)
		}),
		module.React(func(ctx context.Context, f *cybersecurityv1.SecurityEvidenced, _ event.Record) error {
			return s.Heard(ctx, f.GetProjectId(), procurement.FactSecurity, f.GetCompletedOn())
		}),
		module.React(func(ctx context.Context, f *cryptoassessmentv1.XCGuided, e event.Record) error {
			return s.Heard(ctx, f.GetProjectId(), procurement.FactXC, day(e))
		}),
		module.React(func(ctx context.Context, f *deadlinev1.DeadlineMissed, e event.Record) error {
			if e.Source != "procurement" {
				return nil // another service's clock
			}
			return s.Missed(ctx, f.GetProjectId(), f.GetObligation())
		}),
	}
}

// assessment is what two services state alike.
type assessment interface {
	GetProjectId() string
	GetConformant() bool
	GetCompletedOn() string
}

// assessed takes over the latest assessment: one that does not conform strikes
// an earlier one that did.
func assessed(ctx context.Context, s *procurement.Service, f assessment, fact string) error {
	if !f.GetConformant() {
		return s.Unheard(ctx, f.GetProjectId(), fact)
	}
	return s.Heard(ctx, f.GetProjectId(), fact, f.GetCompletedOn())
}

func day(e event.Record) string { return calendar.DateOf(e.Time).String() }
