package declaration

import (
	"context"
	"fmt"

	"egov/libs/aggregate"
	"egov/libs/calendar"
	"egov/libs/fault"
	"egov/libs/rules"
	declarationv1 "egov/proto/gen/egov/declaration/v1"
)

// passGate asks the pinned pack whether the project may pass.
func (s *Service) passGate(p *Project, gate string, has rules.Has) error {
	pack, err := s.Rules.Of(p.Decision.Pack)
	if err != nil {
		return err
	}
	return rules.Pass(pack, gate, p.Case, *p.Decision, has)
}

// NameResponsible names who answers for the project (YP23-R-5.5.3).
type NameResponsible struct {
	ID      string `path:"id" json:"-"`
	Leader  string `json:"leader" required:"true"`
	Contact string `json:"contact" required:"true"`
}

// Validate wants both people.
func (r *NameResponsible) Validate() error {
	var c fault.Checks
	c.Text(r.Leader, "leader", 50, "YP23-R-5.5.3")
	c.Text(r.Contact, "contact", 100, "YP23-R-5.5.3")
	return c.Err()
}

// Name records the responsible department leader and the contact.
func (s *Service) Name(ctx context.Context, r NameResponsible) (Project, error) {
	return s.Projects.Update(ctx, r.ID, func(p *Project, rec *aggregate.Recorder) error {
		if err := p.ownedBy(rec.By()); err != nil {
			return err
		}
		p.Leader, p.Contact = r.Leader, r.Contact
		rec.State(p.ID, &declarationv1.ResponsibleNamed{ProjectId: p.ID, Leader: r.Leader, Contact: r.Contact, Basis: []string{"YP23-R-5.5.3"}})
		return nil
	})
}

// SupplementProject brings a deferred project back with its supplementary
// argument (YP23-R-5.4.3).
type SupplementProject struct {
	ID        string `path:"id" json:"-"`
	Statement string `json:"statement" required:"true"`
}

// Validate wants the argument.
func (r *SupplementProject) Validate() error {
	var c fault.Checks
	c.Text(r.Statement, "statement", 20_000, "YP23-R-5.4.3")
	return c.Err()
}

// Supplement sends a deferred project to the conference again.
func (s *Service) Supplement(ctx context.Context, r SupplementProject) (Project, error) {
	return s.Projects.Update(ctx, r.ID, func(p *Project, rec *aggregate.Recorder) error {
		if err := p.ownedBy(rec.By()); err != nil {
			return err
		}
		if err := p.at(Deferred, BackupPool); err != nil {
			return err
		}
		p.Stage = Conference
		p.declaredBy(rec.By())
		p.Await()
		rec.State(p.ID, &declarationv1.ProjectSupplemented{ProjectId: p.ID, Statement: r.Statement, Project: p.Brief()})
		return nil
	})
}

// RequestChange asks to change an approved project (YP23-R-5.5.5).
type RequestChange struct {
	ID          string `path:"id" json:"-"`
	Description string `json:"description" required:"true"`
	AmountFen   int64  `json:"amount_fen" required:"true"` // the total after the change
	Reason      string `json:"reason" required:"true"`
}

// Validate lists what is missing.
func (r *RequestChange) Validate() error {
	var c fault.Checks
	c.Text(r.Description, "description", 5000, "YP23-R-5.5.5")
	c.Text(r.Reason, "reason", 2000, "YP23-R-5.5.5")
	c.Require(r.AmountFen > 0, "amount_fen", "out_of_range", "金额须为正数（分）", "a positive amount in fen")
	return c.Err()
}

// Change lays a change before the conference; one at a time.
func (s *Service) Change(ctx context.Context, r RequestChange) (Project, error) {
	return s.Projects.Update(ctx, r.ID, func(p *Project, rec *aggregate.Recorder) error {
		if err := p.ownedBy(rec.By()); err != nil {
			return err
		}
		if err := p.at(Approved, Filed, Budgeting, Procuring, Contracted, Delivering, Acceptance); err != nil {
			return err
		}
		if p.OpenChange != "" {
			return ErrStage.WithMsg("已有一项变更正在审议", "a change is under decision already")
		}
		c := Change{ID: fmt.Sprintf("%s-c%d", p.ID, len(p.Changes)+1), Description: r.Description, AmountFen: r.AmountFen, Reason: r.Reason, State: "requested"}
		p.declaredBy(rec.By())
		p.Changes, p.OpenChange = append(p.Changes, c), c.ID
		rec.State(p.ID, &declarationv1.ChangeRequested{ProjectId: p.ID, ChangeId: c.ID, Description: c.Description, AmountFen: c.AmountFen, Reason: c.Reason, Basis: []string{"YP23-R-5.5.5"}})
		return nil
	})
}

// RecordHandover is the outcome of the government-investment procedure, as
// development-reform reports it.
type RecordHandover struct {
	ID          string        `path:"id" json:"-"`
	ApprovalNo  string        `json:"approval_no" required:"true"`
	Outcome     string        `json:"outcome" required:"true"` // approved or rejected
	ApprovedFen int64         `json:"approved_fen"`
	RecordedOn  calendar.Date `json:"recorded_on" required:"true"`
}

// Validate lists what is missing.
func (r *RecordHandover) Validate() error {
	var c fault.Checks
	c.Text(r.ApprovalNo, "approval_no", 100, "YP23-R-5.3.3")
	c.Require(r.Outcome == "approved" || r.Outcome == "rejected", "outcome", "unknown_code", "结果须为approved或rejected", "approved or rejected")
	c.Require(r.Outcome != "approved" || r.ApprovedFen > 0, "approved_fen", "required", "批准时须列明批准金额（分）", "an approval states its amount in fen", "YP23-R-5.3.3")
	c.Require(!r.RecordedOn.IsZero(), "recorded_on", "required", "必填", "is required")
	return c.Err()
}

// Handover records what became of a project under the government-investment
// procedure.
func (s *Service) Handover(ctx context.Context, r RecordHandover) (Project, error) {
	return s.Projects.Update(ctx, r.ID, func(p *Project, rec *aggregate.Recorder) error {
		if err := p.at(HandedOver); err != nil {
			return err
		}
		if err := p.reviewedBy(rec.By()); err != nil {
			return err
		}
		p.Await()
		p.ApprovedFen = r.ApprovedFen
		rec.State(p.ID, &declarationv1.HandoverRecorded{ProjectId: p.ID, ApprovalNo: r.ApprovalNo, Outcome: r.Outcome, RecordedOn: r.RecordedOn.String(), ApprovedFen: r.ApprovedFen})
		return nil
	})
}

func lineField(i int) string { return fmt.Sprintf("budget[%d]", i) }
