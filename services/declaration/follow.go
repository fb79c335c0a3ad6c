package declaration

import (
	"context"
	"slices"

	"egov/libs/aggregate"
	"egov/libs/fault"
	"egov/libs/policy"
	budgetingv1 "egov/proto/gen/egov/budgeting/v1"
	conferencev1 "egov/proto/gen/egov/conference/v1"
	declarationv1 "egov/proto/gen/egov/declaration/v1"
	expertreviewv1 "egov/proto/gen/egov/expertreview/v1"
	procurementv1 "egov/proto/gen/egov/procurement/v1"
)

// Learn records a fact that a gate of this duty may wait for.
func (s *Service) Learn(ctx context.Context, project, fact string, e Evidence) error {
	return aggregate.Follow(ctx, s.Projects, project, func(p *Project, _ *aggregate.Recorder) error {
		p.Evidence[fact] = e
		return nil
	})
}

// Forget strikes a fact that no longer holds.
func (s *Service) Forget(ctx context.Context, project, fact string) error {
	return aggregate.Follow(ctx, s.Projects, project, func(p *Project, _ *aggregate.Recorder) error {
		delete(p.Evidence, fact)
		return nil
	})
}

// Grade takes over the MLPS grade that police-cyber determined.
func (s *Service) Grade(ctx context.Context, project string, grade int64, e Evidence) error {
	return aggregate.Follow(ctx, s.Projects, project, func(p *Project, _ *aggregate.Recorder) error {
		p.Case.MLPSGrade = &grade
		p.Evidence["GradeDetermined"] = e
		return nil
	})
}

// EvaluationAssigned notes which agency has the project on its desk.
func (s *Service) EvaluationAssigned(ctx context.Context, f *expertreviewv1.EvaluationAssigned) error {
	return aggregate.Follow(ctx, s.Projects, f.GetProjectId(), func(p *Project, _ *aggregate.Recorder) error {
		p.Stage = Evaluating
		p.Share(f.GetAgency())
		return nil
	})
}

// EvaluationPassed moves the project on to its next step.
func (s *Service) EvaluationPassed(ctx context.Context, f *expertreviewv1.EvaluationPassed) error {
	return aggregate.Follow(ctx, s.Projects, f.GetProjectId(), func(p *Project, _ *aggregate.Recorder) error {
		p.Amounts.EvaluatedFen = f.GetReviewedFen()
		steps, err := s.steps(p)
		if err != nil {
			return err
		}
		if _, experts := policy.Serving(steps, policy.ExpertReview); experts {
			p.Stage = ExpertReview
			return nil
		}
		p.evaluated(steps)
		return nil
	})
}

// steps are those of the project's road, with the duties that serve them; none
// before it is decided.
func (s *Service) steps(p *Project) ([]policy.Step, error) {
	if p.Decision == nil {
		return nil, nil
	}
	pack, err := s.Rules.Of(p.Decision.Pack)
	if err != nil {
		return nil, err
	}
	return pack.Steps(p.Decision.Steps), nil
}

// evaluated moves a project whose evaluations are over to whoever decides on
// it: another procedure where its road hands it over, else the conference or
// the authorities of its steps.
func (p *Project) evaluated(steps []policy.Step) {
	handover, over := policy.Serving(steps, policy.Handover)
	if !over {
		p.Stage = Conference
		return
	}
	p.Stage = HandedOver
	p.Share(handover.By...)
	var todo []aggregate.Todo
	for _, unit := range handover.By {
		todo = append(todo, aggregate.Todo{Action: "record_handover", Role: "reform_officer", Unit: unit, Title: "登记政府投资项目审批结果"})
	}
	p.Await(todo...)
}

// ExpertReviewPassed sends the project on to whoever decides on it.
func (s *Service) ExpertReviewPassed(ctx context.Context, f *expertreviewv1.ExpertReviewPassed) error {
	return aggregate.Follow(ctx, s.Projects, f.GetProjectId(), func(p *Project, _ *aggregate.Recorder) error {
		p.Amounts.EvaluatedFen = f.GetReviewedFen()
		steps, err := s.steps(p)
		if err == nil {
			p.evaluated(steps)
		}
		return err
	})
}

// ReviewFailed sends the project back and counts the failure on its lineage;
// at the pack's number the lineage is locked out for a time (YP23-R-5.4.3).
func (s *Service) ReviewFailed(ctx context.Context, project string, evaluation policy.Duty, reason string) error {
	p, err := s.Projects.Get(ctx, project)
	if fault.Is(err, fault.NotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	pack, err := s.Rules.Of(p.Decision.Pack)
	if err != nil {
		return err
	}
	var locked *policy.Lockout
	lineage, err := s.Standings.Upsert(ctx, "lineage/"+p.Lineage, func(st *Standing, rec *aggregate.Recorder) error {
		n := &st.Failures.ThirdParty
		if evaluation == policy.ExpertReview {
			n = &st.Failures.Expert
		}
		*n++
		locked = nil
		for _, l := range pack.Procedure().Lockouts {
			if _, counts := policy.Serving(pack.Steps([]string{l.Step}), evaluation); counts && *n >= l.Failures {
				st.LockedUntil, locked = rec.Today().AddMonths(l.Months).String(), &l
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	return aggregate.Follow(ctx, s.Projects, project, func(p *Project, rec *aggregate.Recorder) error {
		p.FailedReviews, p.LockedUntil = lineage.Failures, lineage.LockedUntil
		p.Stage, p.ReturnReason = Returned, reason
		p.Await(aggregate.Todo{Action: "submit", Role: "declarer", Unit: p.Unit, Title: "论证评估未通过，请修改后重新提交"})
		if locked != nil {
			rec.State(p.ID, &declarationv1.LockoutStarted{ProjectId: p.ID, Lineage: p.Lineage, Until: p.LockedUntil, Reason: reason, Basis: locked.Basis})
		}
		return nil
	})
}

// Agenda lets the member units see a project that is on their agenda.
func (s *Service) Agenda(ctx context.Context, project string) error {
	return aggregate.Follow(ctx, s.Projects, project, func(p *Project, _ *aggregate.Recorder) error {
		pack, err := s.Rules.Of(p.Decision.Pack)
		if err != nil {
			return err
		}
		p.Share(pack.Procedure().Members...)
		return nil
	})
}

// Decided follows the conference's decision.
func (s *Service) Decided(ctx context.Context, f *conferencev1.DecisionTaken) error {
	return aggregate.Follow(ctx, s.Projects, f.GetProjectId(), func(p *Project, rec *aggregate.Recorder) error {
		if p.Stage == Withdrawn {
			return nil // the unit took it back before the decision came
		}
		p.Await()
		switch f.GetOutcome() {
		case "approved", "filed":
			if !slices.Contains(delivery, p.Stage) { // a decision reconsidered does not send the work back
				p.Stage = Approved
				if f.GetOutcome() == "filed" {
					p.Stage = Filed
				}
			}
			p.ApprovedFen, p.Amounts.ApprovedFen = f.GetApprovedFen(), f.GetApprovedFen()
			p.Share("finance", "facilities")
			rec.State(p.ID, &declarationv1.PlanEntered{ProjectId: p.ID, Year: int32(rec.Today().Year()), Basis: []string{"YP23-M-8", "YP23-M-9"}})
		case "deferred":
			p.Stage = Deferred
			p.Await(aggregate.Todo{Action: "supplement", Role: "declarer", Unit: p.Unit, Title: "联席会议暂缓，请补充论证：" + f.GetReason()})
		case "backup":
			p.Stage = BackupPool
			p.Await(aggregate.Todo{Action: "supplement", Role: "declarer", Unit: p.Unit, Title: "已列入后备库，条件成熟后补充论证"})
			rec.State(p.ID, &declarationv1.ProjectEnteredBackupPool{ProjectId: p.ID, Title: p.Title, Unit: p.Unit, ForYear: int32(rec.Today().Year() + 1), Basis: []string{"YP23-R-5.4.2"}})
		case "refused":
			p.Stage, p.RefusalReason = Refused, f.GetReason()
		case "stopped":
			p.Stage, p.RefusalReason = Stopped, f.GetReason()
		}
		return nil
	})
}

// ChangeDecided follows the conference's answer to a change.
func (s *Service) ChangeDecided(ctx context.Context, project, change string, consented bool, approvedFen int64) error {
	return aggregate.Follow(ctx, s.Projects, project, func(p *Project, _ *aggregate.Recorder) error {
		for i := range p.Changes {
			if p.Changes[i].ID != change {
				continue
			}
			p.Changes[i].State = "refused"
			if consented {
				p.Changes[i].State = "consented"
				p.ApprovedFen, p.Amounts.ApprovedFen = approvedFen, approvedFen
			}
		}
		p.OpenChange = ""
		return nil
	})
}

// Reach moves the project forward to a stage that another service's fact
// stands for; a project never moves back by a late event.
func (s *Service) Reach(ctx context.Context, project string, stage Stage, also func(*Project)) error {
	return aggregate.Follow(ctx, s.Projects, project, func(p *Project, _ *aggregate.Recorder) error {
		if p.Stage.before(stage) {
			p.Stage = stage
		}
		if also != nil {
			also(p)
		}
		return nil
	})
}

// delivery is the order of the stages after the decision.
var delivery = []Stage{Approved, Filed, Budgeting, Procuring, Contracted, Delivering, Acceptance, Operating, Closed}

func (s Stage) before(o Stage) bool { return slices.Index(delivery, s) < slices.Index(delivery, o) }

// BudgetIssued notes the money that is there.
func (s *Service) BudgetIssued(ctx context.Context, f *budgetingv1.BudgetIssued) error {
	return s.Reach(ctx, f.GetProjectId(), Procuring, func(p *Project) { p.Amounts.BudgetFen = f.GetAmountFen() })
}

// ContractFiled notes the contract.
func (s *Service) ContractFiled(ctx context.Context, f *procurementv1.ContractFiled) error {
	return s.Reach(ctx, f.GetProjectId(), Contracted, func(p *Project) { p.Amounts.ContractFen = f.GetValueFen() })
}

// AcceptanceFailed blocks later declarations for the same system until the
// project is accepted (YP23-R-5.5.7).
func (s *Service) AcceptanceFailed(ctx context.Context, f *procurementv1.AcceptanceFailed) error {
	if err := s.Hold(ctx, "system/"+systemOf(f.GetSystemId(), f.GetProjectId()), f.GetProjectId(), f.GetReason()); err != nil {
		return err
	}
	return s.Reach(ctx, f.GetProjectId(), Acceptance, nil)
}

// AcceptancePassed ends delivery.
func (s *Service) AcceptancePassed(ctx context.Context, f *procurementv1.AcceptancePassed) error {
	system := systemOf("", f.GetProjectId())
	err := s.Reach(ctx, f.GetProjectId(), Acceptance, func(p *Project) {
		p.Amounts.FinalFen = f.GetFinalFen()
		system = p.system()
	})
	if err != nil {
		return err
	}
	return s.Clear(ctx, "system/"+system, f.GetProjectId())
}

func systemOf(id, project string) string {
	if id != "" {
		return id
	}
	return project
}

// Waive notes a rule that the conference lifted for the project.
func (s *Service) Waive(ctx context.Context, f *conferencev1.WaiverGranted) error {
	return aggregate.Follow(ctx, s.Projects, f.GetProjectId(), func(p *Project, rec *aggregate.Recorder) error {
		if p.Waivers == nil {
			p.Waivers = map[string]string{}
		}
		p.Waivers[f.GetRule()] = f.GetReason()
		if f.GetRule() == "no_lockout" && p.LockedUntil != "" {
			rec.State(p.ID, &declarationv1.LockoutEnded{ProjectId: p.ID, Lineage: p.Lineage})
		}
		return nil
	})
}
