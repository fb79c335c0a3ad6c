package declaration

import (
	"context"

	"egov/libs/aggregate"
	"egov/libs/calendar"
	"egov/libs/fault"
	"egov/libs/policy"
	"egov/libs/rules"
	declarationv1 "egov/proto/gen/egov/declaration/v1"
)

// SubmitProject lays a draft before the supervising unit, where there is one
// that has not consented yet, or before the conference office.
type SubmitProject struct {
	ID string `path:"id" json:"-"`
}

// Submit decides the project under the pack in force and pins it to that.
func (s *Service) Submit(ctx context.Context, r SubmitProject) (Project, error) {
	return s.Projects.Update(ctx, r.ID, func(p *Project, rec *aggregate.Recorder) error {
		if err := p.ownedBy(rec.By()); err != nil {
			return err
		}
		if err := p.at(Draft, Returned); err != nil {
			return err
		}
		return s.submit(p, rec)
	})
}

func (s *Service) submit(p *Project, rec *aggregate.Recorder) error {
	today := rec.Today()
	if err := p.notLocked(today); err != nil {
		return err
	}
	p.Case.DeclaredOn = today
	p.Case.Materials = p.materials()
	decision, err := s.Rules.Packs.Decide(p.Case, policy.Options{District: s.District})
	if err != nil {
		return err
	}
	if len(decision.Steps) == 0 {
		return ErrNoRoad.WithBasis(decision.Basis...)
	}
	if p.Case.Subordinate && !p.Case.SupervisorApproved {
		p.Stage = WithSupervisor
		p.Share(p.Supervisor)
		p.Await(aggregate.Todo{Action: "supervisor_approve", Role: "supervisor", Unit: p.Supervisor, Title: "审核下属单位申报"})
		rec.State(p.ID, &declarationv1.ProjectSentToSupervisor{ProjectId: p.ID, Supervisor: p.Supervisor})
		return nil
	}
	pack, err := s.Rules.Of(decision.Pack)
	if err != nil {
		return err
	}
	if err := rules.Pass(pack, "submit", p.Case, decision, p.holds); err != nil {
		return err
	}
	if err := costErrors(decision); err != nil {
		return err
	}
	p.Decision = &decision
	p.Stage = Submitted
	p.ReturnReason = ""
	p.Share(Office)
	p.Await(
		aggregate.Todo{Action: "accept", Role: "secretary", Unit: Office, Title: "受理申报：" + p.Title},
	)
	signature, err := s.Sign("declaration.SubmitProject", rec.By(), p.Brief())
	if err != nil {
		return err
	}
	rec.State(p.ID, &declarationv1.ProjectSubmitted{Project: p.Brief(), DecisionJson: decisionJSON(decision), Signature: signature})
	return s.Rules.Start(p.Base(), rec, decision.Pack, "accept_declaration", Office, today)
}

// notLocked refuses while the lineage is locked out, or while the system's
// acceptance stands failed (YP23-R-5.4.3, YP23-R-5.5.7).
func (p *Project) notLocked(today calendar.Date) error {
	if p.LockedUntil == "" {
		return nil
	}
	until, err := calendar.ParseDate(p.LockedUntil)
	if err != nil {
		return err
	}
	if today.Before(until) {
		return ErrLocked.WithMsg("该项目暂停申报至"+p.LockedUntil, "the project may be declared again from "+p.LockedUntil)
	}
	return nil
}

// materials are the items that the declaration has papers for: those it names
// and those it attaches.
func (p *Project) materials() []string {
	seen := map[string]bool{}
	var out []string
	add := func(code string) {
		if code != "" && !seen[code] {
			seen[code] = true
			out = append(out, code)
		}
	}
	for _, m := range p.Case.Materials {
		add(m)
	}
	for _, d := range p.Attachments {
		add(d.Item)
	}
	return out
}

// holds reports whether a fact that a gate waits for has come true.
func (p *Project) holds(fact string) bool { _, ok := p.Evidence[fact]; return ok }

// costErrors refuses a declaration whose cost lines break a rule that binds.
func costErrors(d policy.Decision) error {
	var v []fault.Violation
	for _, f := range d.Findings {
		if f.Severity != policy.Error {
			continue
		}
		field := "budget"
		if f.Line != nil {
			field = lineField(*f.Line)
		}
		v = append(v, fault.Violation{Field: field, Code: f.Code, Msg: f.Message, MsgEN: f.MessageEN, Basis: f.Basis})
	}
	if len(v) == 0 {
		return nil
	}
	return ErrNotReady.WithViolations(v...)
}
