package procurement

import (
	"context"
	"slices"

	"egov/libs/aggregate"
	"egov/libs/authn"
	"egov/libs/calendar"
	budgetingv1 "egov/proto/gen/egov/budgeting/v1"
	conferencev1 "egov/proto/gen/egov/conference/v1"
	declarationv1 "egov/proto/gen/egov/declaration/v1"
	procurementv1 "egov/proto/gen/egov/procurement/v1"
	typev1 "egov/proto/gen/egov/type/v1"
)

// learn changes a procurement by what another service stated, in whatever
// order the services are heard.
func (s *Service) learn(ctx context.Context, project string, change func(*Procurement, *aggregate.Recorder)) error {
	if project == "" {
		return nil // a fact about no project procures nothing
	}
	_, err := s.Procurements.Upsert(ctx, project, func(p *Procurement, rec *aggregate.Recorder) error {
		if p.ProjectID == "" {
			p.ProjectID, p.State, p.Heard = p.ID, Waiting, map[string]string{}
		}
		change(p, rec)
		return s.settle(p, rec)
	})
	return err
}

// settle opens the procurement once the budget is issued for a decided and
// known project, and stops it when the project ends.
func (s *Service) settle(p *Procurement, rec *aggregate.Recorder) error {
	if p.Ended != "" {
		if p.State != Stopped {
			p.State = Stopped
			for _, d := range slices.Clone(p.Deadlines) {
				p.WaiveClock(rec, d.Obligation, p.Ended)
			}
			p.Await()
		}
		return nil
	}
	if p.State != Waiting || p.Project == nil || p.BudgetFen == 0 {
		return nil
	}
	if p.ApprovedFen == 0 {
		if p.Heard[factDecision] == "" {
			return nil
		}
		p.ApprovedFen = p.Project.GetAmountFen() // filed without another figure: as declared
	}
	p.State = Open
	unit := p.Project.GetUnit()
	rec.State(p.ID, &procurementv1.ProcurementOpened{ProjectId: p.ID, Unit: unit, BudgetFen: p.BudgetFen, ApprovedFen: p.ApprovedFen, IssuedOn: p.IssuedOn})
	pack, err := s.Rules.Of(p.Project.GetPack())
	if err != nil {
		return err
	}
	todo := aggregate.Todo{Action: "start", Role: "declarer", Unit: unit, Title: "启动政府采购程序"}
	if p.renewal() {
		todo = aggregate.Todo{Action: "file_contract", Role: "declarer", Unit: unit, Title: "签订续签合同并备案"}
	}
	p.Await(todo)
	if !pack.Procedure().Procurement.Timed(p.Project.GetObligations()) {
		return nil
	}
	issued, err := calendar.ParseDate(p.IssuedOn)
	if err != nil {
		return err
	}
	for _, obligation := range []string{clockStart, clockStop} {
		if err := s.Rules.Start(p.Base(), rec, p.Project.GetPack(), obligation, unit, issued); err != nil {
			return err
		}
	}
	return nil
}

// renewal reports whether the project is the second or third contract of a
// tender that was made once (YP23-R-5.3.5).
func (p *Procurement) renewal() bool { return p.Project.GetRenewalYear() > 0 }

// adopt takes over what the declaration says of the project.
func (p *Procurement) adopt(b *typev1.ProjectBrief) {
	p.Project, p.Title = b, b.GetTitle()
	if p.State == Waiting { // on nobody else's desk yet
		p.Parties = nil
	}
	p.Own(b.GetUnit())
	if b.GetLeader() != "" && b.GetContact() != "" {
		p.Heard[FactResponsible] = b.GetDeclaredOn()
	}
	if b.GetSystemId() != "" {
		p.SystemID = b.GetSystemId()
	}
}

func (p *Procurement) declaredBy(actor string) {
	for _, a := range authn.Accounts(actor) {
		if !slices.Contains(p.Declarants, a) {
			p.Declarants = append(p.Declarants, a)
		}
	}
}

// SentToSupervisor notes who declared a subordinate's project.
func (s *Service) SentToSupervisor(ctx context.Context, project, unit, actor string) error {
	return s.learn(ctx, project, func(p *Procurement, _ *aggregate.Recorder) {
		if p.Project == nil {
			p.Parties = nil
			p.Own(unit)
		}
		p.declaredBy(actor)
	})
}

// Submitted notes the project and who declared it.
func (s *Service) Submitted(ctx context.Context, b *typev1.ProjectBrief, actor string) error {
	return s.learn(ctx, b.GetProjectId(), func(p *Procurement, _ *aggregate.Recorder) {
		p.adopt(b)
		p.declaredBy(actor)
	})
}

// ProjectAccepted takes over the project as its declaration was accepted.
func (s *Service) ProjectAccepted(ctx context.Context, b *typev1.ProjectBrief) error {
	return s.learn(ctx, b.GetProjectId(), func(p *Procurement, _ *aggregate.Recorder) { p.adopt(b) })
}

// Heard notes that a fact holds that a gate of this duty waits for.
func (s *Service) Heard(ctx context.Context, project, fact, on string) error {
	return s.learn(ctx, project, func(p *Procurement, _ *aggregate.Recorder) { p.Heard[fact] = on })
}

// Unheard strikes a fact that holds no more.
func (s *Service) Unheard(ctx context.Context, project, fact string) error {
	return s.learn(ctx, project, func(p *Procurement, _ *aggregate.Recorder) { delete(p.Heard, fact) })
}

// Withdrawn ends a project whose unit took it back.
func (s *Service) Withdrawn(ctx context.Context, f *declarationv1.ProjectWithdrawn) error {
	return s.learn(ctx, f.GetProjectId(), func(p *Procurement, _ *aggregate.Recorder) { p.Ended = "withdrawn" })
}

// Decided follows the conference: what it approved may be contracted, what it
// refused or stopped may not (YP23-R-5.5.1).
func (s *Service) Decided(ctx context.Context, f *conferencev1.DecisionTaken) error {
	return s.learn(ctx, f.GetProjectId(), func(p *Procurement, _ *aggregate.Recorder) {
		switch f.GetOutcome() {
		case "approved", "filed":
			p.ApprovedFen, p.DecidedOn = f.GetApprovedFen(), f.GetDecidedOn()
			p.Heard[factDecision] = f.GetDecidedOn()
		case "refused", "stopped":
			p.Ended = f.GetOutcome()
		}
	})
}

// Handover follows the government-investment procedure (YP23-R-5.3.3).
func (s *Service) Handover(ctx context.Context, f *declarationv1.HandoverRecorded) error {
	return s.learn(ctx, f.GetProjectId(), func(p *Procurement, _ *aggregate.Recorder) {
		if f.GetOutcome() == "approved" {
			p.ApprovedFen, p.DecidedOn = f.GetApprovedFen(), f.GetRecordedOn()
		}
	})
}

// ChangeConsented raises or lowers what the project may cost (YP23-R-5.5.5).
func (s *Service) ChangeConsented(ctx context.Context, f *conferencev1.ChangeConsented) error {
	return s.learn(ctx, f.GetProjectId(), func(p *Procurement, _ *aggregate.Recorder) {
		p.ApprovedFen, p.Change = f.GetApprovedFen(), f.GetChangeId()
	})
}

// Waived notes that the conference lifted one rule for the project.
func (s *Service) Waived(ctx context.Context, f *conferencev1.WaiverGranted) error {
	return s.learn(ctx, f.GetProjectId(), func(p *Procurement, _ *aggregate.Recorder) {
		if p.Waivers == nil {
			p.Waivers = map[string]string{}
		}
		p.Waivers[f.GetRule()] = f.GetReason()
	})
}

// BudgetIssued opens the procurement.
func (s *Service) BudgetIssued(ctx context.Context, f *budgetingv1.BudgetIssued) error {
	return s.learn(ctx, f.GetProjectId(), func(p *Procurement, _ *aggregate.Recorder) {
		p.BudgetFen, p.IssuedOn = f.GetAmountFen(), f.GetIssuedOn()
		p.Heard[factBudget] = f.GetIssuedOn()
	})
}

// BudgetAdjusted follows the money after a consented change.
func (s *Service) BudgetAdjusted(ctx context.Context, f *budgetingv1.BudgetAdjusted) error {
	return s.learn(ctx, f.GetProjectId(), func(p *Procurement, _ *aggregate.Recorder) { p.BudgetFen = f.GetAmountFen() })
}

// PaymentRecorded follows what was paid.
func (s *Service) PaymentRecorded(ctx context.Context, f *budgetingv1.PaymentRecorded) error {
	return s.learn(ctx, f.GetProjectId(), func(p *Procurement, _ *aggregate.Recorder) { p.PaidFen = f.GetPaidTotalFen() })
}

// SystemRegistered notes which system a new project builds.
func (s *Service) SystemRegistered(ctx context.Context, project, system string) error {
	return s.learn(ctx, project, func(p *Procurement, _ *aggregate.Recorder) { p.SystemID = system })
}

// Missed shows the conference office what is overdue.
func (s *Service) Missed(ctx context.Context, project string) error {
	return s.learn(ctx, project, func(p *Procurement, _ *aggregate.Recorder) { p.Share(ConferenceOffice) })
}
