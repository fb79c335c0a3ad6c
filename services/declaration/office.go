package declaration

import (
	"context"
	"slices"

	"egov/libs/aggregate"
	"egov/libs/fault"
	"egov/libs/policy"
	declarationv1 "egov/proto/gen/egov/declaration/v1"
)

// ReturnProject sends a declaration back for completion.
type ReturnProject struct {
	ID     string `path:"id" json:"-"`
	Reason string `json:"reason" required:"true"`
}

// Validate wants the reason.
func (r *ReturnProject) Validate() error {
	var c fault.Checks
	c.Text(r.Reason, "reason", 2000)
	return c.Err()
}

// Return sends a declaration back to the unit.
func (s *Service) Return(ctx context.Context, r ReturnProject) (Project, error) {
	return s.Projects.Update(ctx, r.ID, func(p *Project, rec *aggregate.Recorder) error {
		if err := p.at(Submitted); err != nil {
			return err
		}
		if err := p.reviewedBy(rec.By()); err != nil {
			return err
		}
		p.Stage, p.ReturnReason = Returned, r.Reason
		p.Case.SupervisorApproved = false
		p.MeetClock(rec, "accept_declaration", rec.Today())
		p.Await(aggregate.Todo{Action: "submit", Role: "declarer", Unit: p.Unit, Title: "联席会议办公室退回，请补正后重新提交"})
		var missing []string
		for _, i := range p.Decision.Checklist {
			if !i.Present {
				missing = append(missing, i.Item)
			}
		}
		rec.State(p.ID, &declarationv1.ProjectReturned{ProjectId: p.ID, Reason: r.Reason, Missing: missing, Basis: []string{"YP23-R-5.1.2"}})
		return nil
	})
}

// AcceptProject begins the project's road.
type AcceptProject struct {
	ID string `path:"id" json:"-"`
}

// Accept lets the project through when the accept gate is open.
func (s *Service) Accept(ctx context.Context, r AcceptProject) (Project, error) {
	return s.Projects.Update(ctx, r.ID, func(p *Project, rec *aggregate.Recorder) error {
		if err := p.at(Submitted); err != nil {
			return err
		}
		if err := p.reviewedBy(rec.By()); err != nil {
			return err
		}
		if err := s.passGate(p, "accept", p.holds(rec.Today())); err != nil {
			return err
		}
		steps, err := s.steps(p)
		if err != nil {
			return err
		}
		p.Stage = Accepted
		p.MeetClock(rec, "accept_declaration", rec.Today())
		p.Await()
		p.begin(steps)
		rec.State(p.ID, &declarationv1.ProjectAccepted{Project: p.Brief()})
		return nil
	})
}

// begin lets the authorities that decide on the project by themselves see it,
// and hands over at once what no evaluation comes before.
func (p *Project) begin(steps []policy.Step) {
	evaluated := false
	for _, step := range steps {
		switch step.Duty {
		case policy.AuthorityDecision:
			p.Share(step.By...)
		case policy.ThirdPartyEvaluation, policy.ExpertReview:
			evaluated = true
		}
	}
	if _, over := policy.Serving(steps, policy.Handover); over && !evaluated {
		p.evaluated(steps)
	}
}

// RefuseProject ends a declaration at the door.
type RefuseProject struct {
	ID     string   `path:"id" json:"-"`
	Reason string   `json:"reason" required:"true"`
	Basis  []string `json:"basis" required:"true"` // provision ids
}

// Validate wants the reason and the provisions: nothing is refused without.
func (r *RefuseProject) Validate() error {
	var c fault.Checks
	c.Text(r.Reason, "reason", 2000)
	c.Require(len(r.Basis) > 0 && !slices.Contains(r.Basis, ""), "basis", "required", "不予受理须列明条款", "a refusal names its provisions")
	return c.Err()
}

// Refuse ends a declaration at the door.
func (s *Service) Refuse(ctx context.Context, r RefuseProject) (Project, error) {
	return s.Projects.Update(ctx, r.ID, func(p *Project, rec *aggregate.Recorder) error {
		if err := p.at(Submitted); err != nil {
			return err
		}
		if err := p.reviewedBy(rec.By()); err != nil {
			return err
		}
		p.Stage, p.RefusalReason = Refused, r.Reason
		p.MeetClock(rec, "accept_declaration", rec.Today())
		p.Await()
		rec.State(p.ID, &declarationv1.ProjectRefused{ProjectId: p.ID, Reason: r.Reason, Basis: r.Basis})
		return nil
	})
}

// WithdrawProject takes a declaration back.
type WithdrawProject struct {
	ID     string `path:"id" json:"-"`
	Reason string `json:"reason" required:"true"`
}

// Validate wants the reason.
func (r *WithdrawProject) Validate() error {
	var c fault.Checks
	c.Text(r.Reason, "reason", 2000)
	return c.Err()
}

// Withdraw takes a declaration back until the conference has decided.
func (s *Service) Withdraw(ctx context.Context, r WithdrawProject) (Project, error) {
	return s.Projects.Update(ctx, r.ID, func(p *Project, rec *aggregate.Recorder) error {
		if err := p.ownedBy(rec.By()); err != nil {
			return err
		}
		if err := p.at(Draft, WithSupervisor, Submitted, Returned, Accepted, Evaluating, ExpertReview, Conference, Deferred, BackupPool); err != nil {
			return err
		}
		p.Stage = Withdrawn
		p.WaiveClock(rec, "accept_declaration", r.Reason)
		p.Await()
		rec.State(p.ID, &declarationv1.ProjectWithdrawn{ProjectId: p.ID, Reason: r.Reason})
		return nil
	})
}
