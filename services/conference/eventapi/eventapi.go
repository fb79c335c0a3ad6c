// Package eventapi is what the conference service does about the facts of the
// others: it keeps a docket for every project that comes to the conference
// office, in whatever order different services speak of it.
package eventapi

import (
	"context"

	"egov/libs/event"
	"egov/libs/module"
	deadlinev1 "egov/proto/gen/egov/deadline/v1"
	declarationv1 "egov/proto/gen/egov/declaration/v1"
	expertreviewv1 "egov/proto/gen/egov/expertreview/v1"
	procurementv1 "egov/proto/gen/egov/procurement/v1"
	"egov/services/conference"
)

// Sources are the services whose facts this duty follows.
var Sources = []string{"declaration", "expertreview", "procurement"}

// Subscribe starts following them.
func Subscribe(k *module.Kit, s *conference.Service) {
	// stable: the subscription's name
	k.Subscribe("conference.docket", Sources,
		module.React(func(ctx context.Context, f *declarationv1.ProjectSubmitted, e event.Record) error {
			return s.Submitted(ctx, f, e.Actor)
		}),
		module.React(func(ctx context.Context, f *declarationv1.ProjectAccepted, _ event.Record) error {
			return s.Accepted(ctx, f.GetProject())
		}),
		module.React(func(ctx context.Context, f *declarationv1.ProjectSupplemented, e event.Record) error {
			return s.Supplemented(ctx, f, e.Actor)
		}),
		module.React(func(ctx context.Context, f *declarationv1.ProjectWithdrawn, _ event.Record) error {
			return s.TakenBack(ctx, f.GetProjectId(), f.GetReason())
		}),
		module.React(func(ctx context.Context, f *declarationv1.ChangeRequested, e event.Record) error {
			return s.ChangeRequested(ctx, f, e.Actor)
		}),
		module.React(func(ctx context.Context, f *declarationv1.PlanLaid, _ event.Record) error {
			return s.PlanLaid(ctx, f)
		}),
		module.React(func(ctx context.Context, f *expertreviewv1.EvaluationPassed, _ event.Record) error {
			return s.EvaluationPassed(ctx, f)
		}),
		module.React(func(ctx context.Context, f *expertreviewv1.EvaluationFailed, _ event.Record) error {
			return s.EvaluationFailed(ctx, f.GetProjectId())
		}),
		module.React(func(ctx context.Context, f *expertreviewv1.ExpertReviewPassed, _ event.Record) error {
			return s.ExpertReviewPassed(ctx, f)
		}),
		module.React(func(ctx context.Context, f *expertreviewv1.ExpertReviewFailed, _ event.Record) error {
			return s.EvaluationFailed(ctx, f.GetProjectId())
		}),
		module.React(func(ctx context.Context, f *procurementv1.ProcurementStarted, _ event.Record) error {
			return s.ProcurementStarted(ctx, f.GetProjectId())
		}),
		module.React(func(ctx context.Context, f *procurementv1.DeferralFiled, _ event.Record) error {
			return s.DeferralFiled(ctx, f.GetProjectId())
		}),
		module.React(func(ctx context.Context, f *deadlinev1.DeadlineMissed, _ event.Record) error {
			return s.DeadlineMissed(ctx, f.GetProjectId(), f.GetObligation(), f.GetDueOn())
		}),
	)
}
