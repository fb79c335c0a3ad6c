// Package eventapi is what the declaration service does about the facts of the
// others: it moves projects along, opens gates, and keeps every fact in the
// project's dossier.
package eventapi

import (
	"context"
	"time"

	"egov/libs/calendar"
	"egov/libs/event"
	"egov/libs/module"
	"egov/libs/policy"
	budgetingv1 "egov/proto/gen/egov/budgeting/v1"
	conferencev1 "egov/proto/gen/egov/conference/v1"
	cryptoassessmentv1 "egov/proto/gen/egov/cryptoassessment/v1"
	cybersecurityv1 "egov/proto/gen/egov/cybersecurity/v1"
	dataresourcev1 "egov/proto/gen/egov/dataresource/v1"
	expertreviewv1 "egov/proto/gen/egov/expertreview/v1"
	procurementv1 "egov/proto/gen/egov/procurement/v1"
	"egov/services/declaration"
	"egov/services/declaration/pgstore"
	"egov/services/declaration/planning"
)

// Others are the services whose facts are about projects.
var Others = []string{"expertreview", "conference", "budgeting", "procurement", "cybersecurity", "cryptoassessment", "legalization", "dataresource"}

// dossierGather is how long facts are gathered before they go into dossiers: what
// people read is that much behind, and no decision waits for it.
const dossierGather = 100 * time.Millisecond

// Subscribe starts following the other services.
func Subscribe(k *module.Kit, s *declaration.Service, p *planning.Service) {
	followPlanning(k, p)
	// stable: subscription names
	k.Subscribe("declaration.road", Others, road(s)...)
	k.Consume("declaration.dossier", append([]string{"declaration"}, Others...), event.Effects{Batch: pgstore.Dossiers{Store: k.Store, As: k.Self}.Append, Gather: dossierGather})
}

func evidence(e event.Record, note string) declaration.Evidence {
	return declaration.Evidence{On: calendar.DateOf(e.Time).String(), Source: e.Source, Note: note}
}

func road(s *declaration.Service) []module.Reaction {
	return []module.Reaction{
		module.React(func(ctx context.Context, f *expertreviewv1.EvaluationAssigned, _ event.Record) error {
			return s.EvaluationAssigned(ctx, f)
		}),
		module.React(func(ctx context.Context, f *expertreviewv1.EvaluationPassed, _ event.Record) error {
			return s.EvaluationPassed(ctx, f)
		}),
		module.React(func(ctx context.Context, f *expertreviewv1.EvaluationFailed, _ event.Record) error {
			return s.ReviewFailed(ctx, f.GetProjectId(), policy.ThirdPartyEvaluation, f.GetReason())
		}),
		module.React(func(ctx context.Context, f *expertreviewv1.ExpertReviewPassed, _ event.Record) error {
			return s.ExpertReviewPassed(ctx, f)
		}),
		module.React(func(ctx context.Context, f *expertreviewv1.ExpertReviewFailed, _ event.Record) error {
			return s.ReviewFailed(ctx, f.GetProjectId(), policy.ExpertReview, f.GetReason())
		}),
		module.React(func(ctx context.Context, f *conferencev1.AgendaApproved, _ event.Record) error {
			for _, id := range f.GetProjectIds() {
				if err := s.Agenda(ctx, id); err != nil {
					return err
				}
			}
			return nil
		}),
		module.React(func(ctx context.Context, f *conferencev1.DecisionTaken, _ event.Record) error {
			return s.Decided(ctx, f)
		}),
		module.React(func(ctx context.Context, f *conferencev1.ChangeConsented, _ event.Record) error {
			return s.ChangeDecided(ctx, f.GetProjectId(), f.GetChangeId(), true, f.GetApprovedFen())
		}),
		module.React(func(ctx context.Context, f *conferencev1.ChangeRefused, _ event.Record) error {
			return s.ChangeDecided(ctx, f.GetProjectId(), f.GetChangeId(), false, 0)
		}),
		module.React(func(ctx context.Context, f *conferencev1.WaiverGranted, _ event.Record) error {
			return s.Waive(ctx, f)
		}),
		module.React(func(ctx context.Context, f *budgetingv1.HoldPlaced, _ event.Record) error {
			return s.Hold(ctx, "unit/"+f.GetUnit(), f.GetProjectId(), f.GetReason())
		}),
		module.React(func(ctx context.Context, f *budgetingv1.HoldReleased, _ event.Record) error {
			return s.Clear(ctx, "unit/"+f.GetUnit(), f.GetProjectId())
		}),
		module.React(func(ctx context.Context, f *budgetingv1.BudgetRequested, _ event.Record) error {
			return s.Reach(ctx, f.GetProjectId(), declaration.Budgeting, nil)
		}),
		module.React(func(ctx context.Context, f *budgetingv1.BudgetIssued, _ event.Record) error {
			return s.BudgetIssued(ctx, f)
		}),
		module.React(func(ctx context.Context, f *budgetingv1.PaymentRecorded, _ event.Record) error {
			return s.Reach(ctx, f.GetProjectId(), "", func(p *declaration.Project) { p.Amounts.PaidFen = f.GetPaidTotalFen() })
		}),
		module.React(func(ctx context.Context, f *procurementv1.AwardMade, _ event.Record) error {
			return s.Reach(ctx, f.GetProjectId(), declaration.Procuring, func(p *declaration.Project) { p.Amounts.AwardFen = f.GetValueFen() })
		}),
		module.React(func(ctx context.Context, f *procurementv1.ContractFiled, _ event.Record) error {
			return s.ContractFiled(ctx, f)
		}),
		module.React(func(ctx context.Context, f *procurementv1.QuarterReported, _ event.Record) error {
			return s.Reach(ctx, f.GetProjectId(), declaration.Delivering, nil)
		}),
		module.React(func(ctx context.Context, f *procurementv1.AcceptanceFailed, _ event.Record) error {
			return s.AcceptanceFailed(ctx, f)
		}),
		module.React(func(ctx context.Context, f *procurementv1.AcceptancePassed, _ event.Record) error {
			return s.AcceptancePassed(ctx, f)
		}),
		module.React(func(ctx context.Context, f *procurementv1.AcceptanceFiled, _ event.Record) error {
			return s.Reach(ctx, f.GetProjectId(), declaration.Operating, nil)
		}),
		module.React(func(ctx context.Context, f *dataresourcev1.CataloguePublished, e event.Record) error {
			return s.Learn(ctx, f.GetProjectId(), "CataloguePublished", evidence(e, f.GetCatalogueId()))
		}),
		module.React(func(ctx context.Context, f *dataresourcev1.CloudGranted, e event.Record) error {
			return s.Learn(ctx, f.GetProjectId(), "CloudGranted", evidence(e, f.GetRequestId()))
		}),
		module.React(func(ctx context.Context, f *cryptoassessmentv1.CryptoPlanReviewed, e event.Record) error {
			if !f.GetAccepted() {
				return s.Forget(ctx, f.GetProjectId(), "CryptoPlanReviewed")
			}
			return s.Learn(ctx, f.GetProjectId(), "CryptoPlanReviewed", evidence(e, f.GetOpinion()))
		}),
		module.React(func(ctx context.Context, f *cryptoassessmentv1.XCExemptionFiled, e event.Record) error {
			return s.Learn(ctx, f.GetProjectId(), "XCExemptionFiled", evidence(e, f.GetFilingNo()))
		}),
		module.React(func(ctx context.Context, f *cybersecurityv1.GradeDetermined, e event.Record) error {
			return s.Grade(ctx, f.GetProjectId(), int64(f.GetGrade()), evidence(e, f.GetFilingNo()))
		}),
		module.React(func(ctx context.Context, f *cybersecurityv1.PublishingConsentGiven, e event.Record) error {
			return s.Learn(ctx, f.GetProjectId(), "PublishingConsentGiven", evidence(e, f.GetConsentNo()))
		}),
	}
}
