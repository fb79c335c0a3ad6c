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
			p.ProjectID, p.State = p.ID, Waiting
		}
		if p.Heard == nil {
			p.Heard = map[string]string{}
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
		p.stop(rec)
		return nil
	}
	if p.State == Stopped { // taken up again
		p.State, p.StoppedAt = p.StoppedAt, ""
		if p.State != Waiting {
			return s.await(p)
		}
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
	if err := s.await(p); err != nil {
		return err
	}
	if !pack.Procedure().Procurement.Timed(p.Project.GetObligations()) {
		return nil
	}
	issued, err := calendar.ParseDate(p.IssuedOn)
	if err != nil {
		return err
	}
	for _, obligation := range []string{clockStart, clockStop} {
		if p.Waivers[obligation] != "" {
			continue
		}
		if err := s.Rules.Start(p.Base(), rec, p.Project.GetPack(), obligation, unit, issued); err != nil {
			return err
		}
	}
	return nil
}

// stop ends the procurement where it stands.
func (p *Procurement) stop(rec *aggregate.Recorder) {
	if p.State == Stopped {
		return
	}
	p.StoppedAt, p.State = p.State, Stopped
	for _, d := range slices.Clone(p.Deadlines) {
		p.WaiveClock(rec, d.Obligation, p.Ended)
	}
	p.Await()
}

// await asks for what comes next in the procurement's state, of whoever has to
// do it.
func (s *Service) await(p *Procurement) error {
	m, err := s.method(p)
	if err != nil {
		return err
	}
	own := func(action, title string) aggregate.Todo {
		return aggregate.Todo{Action: action, Role: "declarer", Unit: p.Unit, Title: title}
	}
	run := func(action, title string) aggregate.Todo {
		if !m.Centre {
			return own(action, title)
		}
		p.Share(Office)
		return aggregate.Todo{Action: action, Role: "procurement_officer", Unit: Office, Title: title + "：" + p.Title}
	}
	p.Await()
	switch p.State {
	case Open:
		if p.renewal() {
			p.Ask(own("file_contract", "签订续签合同并备案"))
		} else {
			p.Ask(own("start", "启动政府采购程序"))
		}
	case Started:
		if m.Notice {
			p.Ask(run("publish_tender", "发布采购公告"))
		} else {
			p.Ask(run("award", "登记成交结果"))
		}
	case Tendered:
		p.Ask(run("award", "登记中标、成交结果"))
	case Awarded:
		p.Ask(own("file_contract", "签订合同并备案"))
	case Contracted:
		p.Ask(own("accept", "组织实施，完成测试后竣工验收"))
		if p.Project.GetKeyAnnual() {
			p.Ask(own("report_quarter", "填报《电子政务项目执行情况表》"))
		}
		return s.askSupervision(p)
	case Rectifying:
		p.Ask(own("accept", "按验收意见整改后再次验收"))
	case Accepted:
		p.Ask(own("file_acceptance", "将验收结果送联席会议备案"))
	}
	return nil
}

// askSupervision asks for the supervisors that the project needs and does not
// have yet.
func (s *Service) askSupervision(p *Procurement) error {
	p.Answered("engage_supervision")
	missing, err := s.Rules.Missing(p.Project, "acceptance", p.evident)
	for _, v := range missing {
		if _, ok := engaged[v.Code]; ok {
			p.Ask(aggregate.Todo{Action: "engage_supervision", Role: "declarer", Unit: p.Unit, Title: "委托监理"})
		}
	}
	return err
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
			p.Ended = ""
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

// Waived notes that the conference lifted one rule for the project: a
// requirement of a gate, or a deadline.
func (s *Service) Waived(ctx context.Context, f *conferencev1.WaiverGranted) error {
	return s.learn(ctx, f.GetProjectId(), func(p *Procurement, rec *aggregate.Recorder) {
		if p.Waivers == nil {
			p.Waivers = map[string]string{}
		}
		p.Waivers[f.GetRule()] = f.GetReason()
		p.WaiveClock(rec, f.GetRule(), f.GetReason())
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

// Missed shows the conference office what is overdue, and asks a unit that did
// not start in time for its reason (YP23-R-5.5.1).
func (s *Service) Missed(ctx context.Context, project, obligation string) error {
	return s.learn(ctx, project, func(p *Procurement, _ *aggregate.Recorder) {
		p.Share(ConferenceOffice)
		if obligation == clockStart && p.State == Open && len(p.Deferrals) == 0 {
			p.Ask(aggregate.Todo{Action: "file_deferral", Role: "declarer", Unit: p.Unit, Title: "逾期未启动采购，请备案说明暂缓实施原因"})
		}
	})
}
