package conference

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"

	"egov/libs/aggregate"
	"egov/libs/authn"
	"egov/libs/fault"
	"egov/libs/policy"
	declarationv1 "egov/proto/gen/egov/declaration/v1"
	expertreviewv1 "egov/proto/gen/egov/expertreview/v1"
	typev1 "egov/proto/gen/egov/type/v1"
)

// stopClock is the pack's clock after which a project that has not started
// procurement may be stopped (YP23-R-5.5.1). stable: a deadline code.
const stopClock = "procurement_stop"

// Submitted notes who declared the project and which in-principle rules the
// declaration breaks: the conference alone may lift those.
func (s *Service) Submitted(ctx context.Context, f *declarationv1.ProjectSubmitted, actor string) error {
	var decided struct {
		Findings []policy.Finding `json:"findings"`
	}
	if f.GetDecisionJson() != "" {
		if err := json.Unmarshal([]byte(f.GetDecisionJson()), &decided); err != nil {
			return fmt.Errorf("decision of %s: %w", f.GetProject().GetProjectId(), err)
		}
	}
	return s.follow(ctx, f.GetProject().GetProjectId(), func(d *Docket, _ *aggregate.Recorder) {
		d.Title = f.GetProject().GetTitle()
		d.declaredBy(actor)
		d.Findings = []Finding{}
		for _, x := range decided.Findings {
			if x.Strength == policy.InPrinciple {
				d.Findings = append(d.Findings, findingOf(x))
			}
		}
	})
}

// declaredBy notes the accounts that had a part in the declaration.
func (d *Docket) declaredBy(actor string) {
	d.Declarers = distinct(append(d.Declarers, authn.Accounts(actor)...)...)
}

// Accepted makes the project a candidate for the agenda, or lays it before the
// authorities that decide on it.
func (s *Service) Accepted(ctx context.Context, p *typev1.ProjectBrief) error {
	steps, err := s.Rules.Steps(p)
	if err != nil {
		return err
	}
	return s.follow(ctx, p.GetProjectId(), func(d *Docket, _ *aggregate.Recorder) { d.take(p, steps) })
}

// take copies the project's brief, finds in its steps who decides on it, and
// lets the declaring side see the docket.
func (d *Docket) take(p *typev1.ProjectBrief, steps []policy.Step) {
	d.Project, d.Title, d.Treatment = p, p.GetTitle(), ""
	for _, step := range steps {
		if step.Duty == policy.ConferenceFiling || step.Duty == policy.ConferenceReview {
			d.Treatment = step.Duty
		}
	}
	d.authorities(steps)
	d.Share(p.GetUnit(), p.GetSupervisor())
}

// Supplemented brings a deferred or backup project back (YP23-R-5.4.2,
// YP23-R-5.4.3).
// Who did that declared it as much as who began (SH12-P-9).
func (s *Service) Supplemented(ctx context.Context, f *declarationv1.ProjectSupplemented, actor string) error {
	var steps []policy.Step
	if f.GetProject() != nil {
		var err error
		if steps, err = s.Rules.Steps(f.GetProject()); err != nil {
			return err
		}
	}
	return s.follow(ctx, f.GetProjectId(), func(d *Docket, rec *aggregate.Recorder) {
		if f.GetProject() != nil {
			d.take(f.GetProject(), steps)
		}
		d.declaredBy(actor)
		d.Supplements = append(d.Supplements, Supplement{On: rec.Today().String(), Statement: f.GetStatement()})
		if d.Outcome.returns() {
			d.reopen()
		} else {
			d.Reopened = false
		}
	})
}

// TakenBack ends the docket of a project that its unit withdrew, and its item
// where it stands on an agenda. A decision that was taken first stands.
func (s *Service) TakenBack(ctx context.Context, project, reason string) error {
	d, err := s.Dockets.Get(ctx, project)
	if fault.Is(err, fault.NotFound) {
		return nil // it never came to this desk
	}
	if err != nil {
		return err
	}
	for _, l := range d.Listed {
		if l.Kind != ProjectItem {
			continue
		}
		if _, err := s.Sessions.Update(ctx, l.SessionID, func(ss *Session, rec *aggregate.Recorder) error {
			ss.release(rec, l.ItemID, ItemWithdrawn, "申报单位撤回项目")
			return nil
		}); err != nil {
			return err
		}
	}
	return s.follow(ctx, project, func(d *Docket, _ *aggregate.Recorder) {
		d.Taken = reason
		if reason == "" {
			d.Taken = "撤回"
		}
		d.Listed = slices.DeleteFunc(d.Listed, func(l Listing) bool { return l.Kind == ProjectItem })
	})
}

// ChangeRequested lays a change before the conference (YP23-R-5.5.5); whoever
// asked for it does not decide on it (SH12-P-9).
func (s *Service) ChangeRequested(ctx context.Context, f *declarationv1.ChangeRequested, actor string) error {
	return s.follow(ctx, f.GetProjectId(), func(d *Docket, _ *aggregate.Recorder) {
		if slices.ContainsFunc(d.Changes, func(c Change) bool { return c.ID == f.GetChangeId() }) {
			return
		}
		d.declaredBy(actor)
		d.Changes = append(d.Changes, Change{ID: f.GetChangeId(), Description: f.GetDescription(), AmountFen: f.GetAmountFen(), Reason: f.GetReason(), State: "open"})
	})
}

// EvaluationPassed notes that the third-party evaluation is passed.
func (s *Service) EvaluationPassed(ctx context.Context, f *expertreviewv1.EvaluationPassed) error {
	return s.passed(ctx, f.GetProjectId(), "EvaluationPassed", f.GetRound(), f.GetReviewedFen())
}

// ExpertReviewPassed notes that the experts passed the project.
func (s *Service) ExpertReviewPassed(ctx context.Context, f *expertreviewv1.ExpertReviewPassed) error {
	return s.passed(ctx, f.GetProjectId(), "ExpertReviewPassed", f.GetRound(), f.GetReviewedFen())
}

func (s *Service) passed(ctx context.Context, project, fact string, round int32, reviewed int64) error {
	return s.follow(ctx, project, func(d *Docket, rec *aggregate.Recorder) {
		d.Passed[fact] = Passed{On: rec.Today().String(), Round: round, ReviewedFen: reviewed}
		if reviewed > 0 {
			d.ReviewedFen = reviewed
		}
	})
}

// EvaluationFailed ends the running round: what it had passed counts no more
// (YP23-R-5.4.3). The facts of one round come in order, so that a later pass
// belongs to a later round.
func (s *Service) EvaluationFailed(ctx context.Context, project string) error {
	return s.follow(ctx, project, func(d *Docket, _ *aggregate.Recorder) {
		clear(d.Passed)
		d.ReviewedFen = 0
	})
}

// holds reports whether a fact that the agenda gate waits for has come true.
func (d *Docket) holds(r policy.Requirement) bool {
	_, ok := d.Passed[r.Fact]
	return ok
}

// known changes a docket that must be there already: what others state about
// delivery follows from a decision of this service.
func (s *Service) known(ctx context.Context, project string, change func(*Docket)) error {
	_, err := s.Dockets.Update(ctx, project, func(d *Docket, _ *aggregate.Recorder) error {
		change(d)
		return s.place(d)
	})
	if fault.Is(err, fault.NotFound) {
		return nil
	}
	return err
}

// DeadlineMissed notes that a project could be stopped: half a year has gone
// without a start or a filing of the reason (YP23-R-5.5.1).
func (s *Service) DeadlineMissed(ctx context.Context, project, obligation, due string) error {
	if obligation != stopClock {
		return nil
	}
	return s.known(ctx, project, func(d *Docket) {
		if !d.Deferral {
			d.StopGround = due
		}
	})
}

// DeferralFiled notes that the unit filed its reason: the ground to stop falls.
func (s *Service) DeferralFiled(ctx context.Context, project string) error {
	return s.known(ctx, project, func(d *Docket) { d.Deferral, d.StopGround = true, "" })
}

// ProcurementStarted notes that the ground to stop falls.
func (s *Service) ProcurementStarted(ctx context.Context, project string) error {
	return s.known(ctx, project, func(d *Docket) { d.StopGround = "" })
}
