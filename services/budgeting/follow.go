package budgeting

import (
	"context"
	"slices"

	"egov/libs/aggregate"
	"egov/libs/authn"
	"egov/libs/rules"
	budgetingv1 "egov/proto/gen/egov/budgeting/v1"
	conferencev1 "egov/proto/gen/egov/conference/v1"
	declarationv1 "egov/proto/gen/egov/declaration/v1"
	procurementv1 "egov/proto/gen/egov/procurement/v1"
	typev1 "egov/proto/gen/egov/type/v1"
)

// ownBudget is the requirement of the budget gate that a fee without a budget
// of its own never meets. stable: a code of the packs.
const ownBudget = "own_budget"

// learn changes a project's money by what another service stated, in whatever
// order the services are heard.
func (s *Service) learn(ctx context.Context, project string, change func(*Budget, *aggregate.Recorder) error) error {
	if project == "" {
		return nil // a fact about no project is not about its money
	}
	_, err := s.Budgets.Upsert(ctx, project, func(b *Budget, rec *aggregate.Recorder) error {
		if b.ProjectID == "" {
			b.ProjectID, b.State = b.ID, Waiting
		}
		if b.Heard == nil {
			b.Heard = map[string]string{}
		}
		if err := change(b, rec); err != nil {
			return err
		}
		if err := s.settle(b); err != nil {
			return err
		}
		return s.timeEvaluation(b, rec)
	})
	return err
}

// settle says where the money stands as far as others decide it: from the
// request on, finance does.
func (s *Service) settle(b *Budget) error {
	if b.Ended != "" {
		b.State = Closed
		b.Await()
		return nil
	}
	switch {
	case b.State == Requested, b.State == Returned, b.State == Issued:
		return nil
	case b.IssuedOn != "": // the project was stopped, and taken up again
		b.State = Issued
		return nil
	}
	b.State = Waiting
	b.Await()
	if b.Project == nil {
		return nil
	}
	if b.ApprovedFen == 0 && b.Heard[factDecision] != "" {
		b.ApprovedFen = b.Project.GetAmountFen() // filed without another figure: as declared
	}
	missing, err := s.Rules.Missing(b.Project, "budget", rules.Heard(b.Heard, b.Waivers))
	if err != nil {
		return err
	}
	for _, v := range missing {
		if v.Code == ownBudget {
			b.State = Carried
		}
	}
	if len(missing) > 0 {
		return nil
	}
	b.State = Open
	b.Share(Office)
	b.Await(aggregate.Todo{Action: "request", Role: "declarer", Unit: b.Project.GetUnit(), Title: "向区财政局申报预算"})
	return nil
}

// adopt takes over what the declaration says of the project.
func (b *Budget) adopt(p *typev1.ProjectBrief) {
	b.Project, b.Title = p, p.GetTitle()
	if b.State == Waiting { // not on finance's desk yet
		b.Parties = nil
	}
	b.Own(p.GetUnit())
	if p.GetSystemId() != "" {
		b.SystemID = p.GetSystemId()
	}
}

// SentToSupervisor notes who declared a subordinate's project.
func (s *Service) SentToSupervisor(ctx context.Context, project, unit, actor string) error {
	return s.learn(ctx, project, func(b *Budget, _ *aggregate.Recorder) error {
		if b.Project == nil {
			b.Parties = nil
			b.Own(unit)
		}
		b.declaredBy(actor)
		return nil
	})
}

// Submitted notes the project and who declared it.
func (s *Service) Submitted(ctx context.Context, p *typev1.ProjectBrief, actor string) error {
	return s.learn(ctx, p.GetProjectId(), func(b *Budget, _ *aggregate.Recorder) error {
		b.adopt(p)
		b.declaredBy(actor)
		return nil
	})
}

func (b *Budget) declaredBy(actor string) {
	for _, p := range authn.Accounts(actor) {
		if !slices.Contains(b.Declarants, p) {
			b.Declarants = append(b.Declarants, p)
		}
	}
}

// Accepted takes over the project as it was accepted.
func (s *Service) Accepted(ctx context.Context, p *typev1.ProjectBrief) error {
	return s.learn(ctx, p.GetProjectId(), func(b *Budget, _ *aggregate.Recorder) error {
		b.adopt(p)
		return nil
	})
}

// Withdrawn ends a project whose unit took it back.
func (s *Service) Withdrawn(ctx context.Context, f *declarationv1.ProjectWithdrawn) error {
	return s.learn(ctx, f.GetProjectId(), func(b *Budget, _ *aggregate.Recorder) error {
		b.Ended = "withdrawn"
		return nil
	})
}

// Decided follows the conference: an approved or filed project may request its
// money, any other has none to request.
func (s *Service) Decided(ctx context.Context, f *conferencev1.DecisionTaken) error {
	return s.learn(ctx, f.GetProjectId(), func(b *Budget, _ *aggregate.Recorder) error {
		switch f.GetOutcome() {
		case "approved", "filed":
			b.Ended, b.ApprovedFen, b.DecidedOn = "", f.GetApprovedFen(), f.GetDecidedOn()
			b.Heard[factDecision] = f.GetDecidedOn()
		case "refused", "stopped":
			b.Ended = f.GetOutcome()
		default: // deferred or backup: it comes back
			delete(b.Heard, factDecision)
			b.ApprovedFen = 0
		}
		return nil
	})
}

// Handover follows the government-investment procedure (YP23-R-5.3.3).
func (s *Service) Handover(ctx context.Context, f *declarationv1.HandoverRecorded) error {
	return s.learn(ctx, f.GetProjectId(), func(b *Budget, _ *aggregate.Recorder) error {
		if f.GetOutcome() != "approved" {
			b.Ended = "refused"
			return nil
		}
		b.ApprovedFen, b.DecidedOn = f.GetApprovedFen(), f.GetRecordedOn()
		b.Heard[factHandover] = f.GetRecordedOn()
		return nil
	})
}

// Planned notes that the project is in the year's plan (YP23-M-9).
func (s *Service) Planned(ctx context.Context, project, on string) error {
	return s.learn(ctx, project, func(b *Budget, _ *aggregate.Recorder) error {
		b.Heard[factPlan] = on
		return nil
	})
}

// ChangeConsented raises or lowers what the project may cost (YP23-R-5.5.5).
func (s *Service) ChangeConsented(ctx context.Context, f *conferencev1.ChangeConsented) error {
	return s.learn(ctx, f.GetProjectId(), func(b *Budget, _ *aggregate.Recorder) error {
		changed := f.GetApprovedFen() != b.ApprovedFen
		b.ApprovedFen = f.GetApprovedFen()
		if changed && b.State == Issued {
			b.Change = f.GetChangeId()
			b.Ask(aggregate.Todo{Action: "adjust", Role: "finance_officer", Unit: Office, Title: "项目变更已获同意，请调整预算"})
		}
		return nil
	})
}

// Waived notes that the conference lifted one rule for the project.
func (s *Service) Waived(ctx context.Context, f *conferencev1.WaiverGranted) error {
	return s.learn(ctx, f.GetProjectId(), func(b *Budget, _ *aggregate.Recorder) error {
		if b.Waivers == nil {
			b.Waivers = map[string]string{}
		}
		b.Waivers[f.GetRule()] = f.GetReason()
		return nil
	})
}

// CataloguePublished notes that the project's public data are catalogued.
func (s *Service) CataloguePublished(ctx context.Context, project, on string) error {
	return s.learn(ctx, project, func(b *Budget, _ *aggregate.Recorder) error {
		b.Heard[factCatalogue] = on
		return nil
	})
}

// ContractFiled lets payments be made under the contract.
func (s *Service) ContractFiled(ctx context.Context, f *procurementv1.ContractFiled) error {
	return s.learn(ctx, f.GetProjectId(), func(b *Budget, _ *aggregate.Recorder) error {
		if b.contract(f.GetContractNo()) == nil {
			b.Contracts = append(b.Contracts, Contract{
				No: f.GetContractNo(), Supplier: f.GetSupplier(), ValueFen: f.GetValueFen(), EffectiveOn: f.GetEffectiveOn(),
			})
		}
		return nil
	})
}

// ContractAmended gives a contract its value after a consented change.
func (s *Service) ContractAmended(ctx context.Context, f *procurementv1.ContractAmended) error {
	return s.learn(ctx, f.GetProjectId(), func(b *Budget, _ *aggregate.Recorder) error {
		if c := b.contract(f.GetContractNo()); c != nil {
			c.ValueFen = f.GetValueFen()
		}
		return nil
	})
}

// contract finds a filed contract by its number.
func (b *Budget) contract(no string) *Contract {
	i := slices.IndexFunc(b.Contracts, func(c Contract) bool { return c.No == no })
	if i < 0 {
		return nil
	}
	return &b.Contracts[i]
}

// NotAccepted notes that the system's acceptance failed: it gets no maintenance
// money until it passes (YP23-R-5.5.7).
func (s *Service) NotAccepted(ctx context.Context, f *procurementv1.AcceptanceFailed) error {
	return s.learn(ctx, f.GetProjectId(), func(b *Budget, _ *aggregate.Recorder) error {
		b.NotAccepted = true
		if f.GetSystemId() != "" {
			b.SystemID = f.GetSystemId()
		}
		return nil
	})
}

// AcceptancePassed ends that.
func (s *Service) AcceptancePassed(ctx context.Context, f *procurementv1.AcceptancePassed) error {
	return s.learn(ctx, f.GetProjectId(), func(b *Budget, _ *aggregate.Recorder) error {
		b.NotAccepted, b.AcceptedOn = false, f.GetAcceptedOn()
		return nil
	})
}

// RectificationMissed places a hold when the day of a rectification has passed
// without it (YP23-R-5.6.1).
func (s *Service) RectificationMissed(ctx context.Context, project string) error {
	return s.learn(ctx, project, func(b *Budget, rec *aggregate.Recorder) error {
		i := b.rectification()
		if b.Held || i < 0 || b.Evaluations[i].State != rectifying {
			return nil // made good meanwhile
		}
		b.Held = true
		rec.State(b.ID, &budgetingv1.HoldPlaced{
			ProjectId: b.ID, Unit: b.Unit, Reason: "绩效自评整改逾期未落实：" + b.Evaluations[i].Measures, Basis: []string{"YP23-R-5.6.1"},
		})
		return nil
	})
}

// rectification is the index of the evaluation whose rectification is open, or
// -1.
func (b *Budget) rectification() int {
	return slices.IndexFunc(b.Evaluations, func(e Evaluation) bool { return e.State == rectifying || e.State == reported })
}
