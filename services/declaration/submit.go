package declaration

import (
	"context"
	"slices"

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
		if err := p.draftOf(rec.By()); err != nil {
			return err
		}
		p.declaredBy(rec.By())
		return s.submit(p, rec)
	})
}

func (s *Service) submit(p *Project, rec *aggregate.Recorder) error {
	today := rec.Today()
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
	if err := rules.Pass(pack, "submit", p.Case, decision, p.holds(today)); err != nil {
		return err
	}
	if err := costErrors(decision); err != nil {
		return err
	}
	trace := decision.Looked()
	decision.Trace = nil // the fact has it
	p.Decision = &decision
	p.Stage = Submitted
	p.ReturnReason = ""
	p.Share(Office)
	p.Await(
		aggregate.Todo{Action: "accept", Role: "secretary", Unit: Office, Title: "受理申报：" + p.Title},
	)
	brief := p.Brief()
	signature, err := s.Sign("declaration.SubmitProject", rec.By(), brief)
	if err != nil {
		return err
	}
	rec.State(p.ID, &declarationv1.ProjectSubmitted{Project: brief, DecisionJson: rules.Text(decision), Trace: trace, Signature: signature})
	return s.Rules.Start(p.Base(), rec, decision.Pack, "accept_declaration", Office, today)
}

// vouched are the checklist items that another duty holder answers for, and
// the fact by which it does. A unit never vouches for itself: what it says
// about them in its declaration does not count.
var vouched = map[string]string{
	"crypto_plan":            "CryptoPlanReviewed",
	"mlps_grading":           "GradeDetermined",
	"data_catalogue":         "CataloguePublished",
	"cloud_request":          "CloudGranted",
	"xc_expert_argument":     "XCExemptionFiled",
	"xc_supervisor_consent":  "XCExemptionFiled",
	"xc_confidential_filing": "XCExemptionFiled",
	"cac_consent":            "PublishingConsentGiven",
}

// materials are the items that the project has: papers it names or attaches,
// and what duty holders have answered.
func (p *Project) materials() []string {
	var out []string
	add := func(code string) {
		if !slices.Contains(out, code) {
			out = append(out, code)
		}
	}
	for _, m := range p.Case.Materials {
		if _, elsewhere := vouched[m]; !elsewhere {
			add(m)
		}
	}
	for _, d := range p.Attachments {
		if _, elsewhere := vouched[d.Item]; !elsewhere {
			add(d.Item)
		}
	}
	for item, fact := range vouched {
		if _, ok := p.Evidence[fact]; ok {
			add(item)
		}
	}
	slices.Sort(out)
	return out
}

// holds reports whether what a gate waits for has come true.
func (p *Project) holds(today calendar.Date) rules.Has {
	return func(r policy.Requirement) bool {
		if _, waived := p.Waivers[r.Code]; waived && r.Strength != policy.Must {
			return true
		}
		switch r.Code {
		case "no_lockout":
			return today.String() >= p.Against.LockedUntil
		case "no_failed_acceptance":
			return !p.Against.System
		case "no_rectification_overdue":
			return !p.Against.Unit
		}
		fact := r.Fact
		if r.Kind == policy.ItemRequired {
			fact = vouched[r.Code]
		}
		_, ok := p.Evidence[fact]
		return ok
	}
}

// costErrors refuses a declaration whose cost lines break a rule that binds
// without exception. One that binds in principle goes with the declaration to
// the conference, which alone may lift it.
func costErrors(d policy.Decision) error {
	var v []fault.Violation
	for _, f := range d.Findings {
		if f.Severity != policy.Error || f.Strength != policy.Must {
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
