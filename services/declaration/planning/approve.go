package planning

import (
	"context"
	"slices"

	"egov/libs/aggregate"
	"egov/libs/calendar"
	"egov/libs/fault"
	"egov/libs/policy"
	conferencev1 "egov/proto/gen/egov/conference/v1"
	declarationv1 "egov/proto/gen/egov/declaration/v1"
)

// endorsed is the conference's consent to a plan. stable: an outcome of its
// facts.
const endorsed = "endorsed"

// LayPlan lays a plan before the conference.
type LayPlan struct {
	ID string `path:"id" json:"-"`
}

// Lay lays the plan before the conference (YP23-M-7, YP23-M-8): its text stands
// from here on, and the member units see it.
func (s *Service) Lay(ctx context.Context, r LayPlan) (Plan, error) {
	return s.change(ctx, r.ID, func(p *Plan, kind policy.Plan, rec *aggregate.Recorder) error {
		if err := p.due(kind, stepConference); err != nil {
			return err
		}
		if err := p.at(Drafting); err != nil {
			return err
		}
		pack, err := s.Rules.Of(p.Pack)
		if err != nil {
			return err
		}
		p.State = Laid
		p.Round++
		p.Share(pack.Procedure().Members...)
		p.Await()
		rec.State(p.ID, &declarationv1.PlanLaid{PlanId: p.ID, Kind: p.Kind, Title: p.Title, Unit: p.Unit, Pack: p.Pack, Sha256: p.SHA256, Round: int32(p.Round), Basis: kind.Basis})
		return nil
	})
}

// Reviewed follows the conference's decision: an endorsed plan goes on, a
// deferred one back to the office, a refused one nowhere (YP23-M-7).
func (s *Service) Reviewed(ctx context.Context, f *conferencev1.PlanReviewed) error {
	_, err := s.forward(ctx, f.GetPlanId(), func(p *Plan, kind policy.Plan, rec *aggregate.Recorder) error {
		if p.State != Laid {
			return nil // heard already
		}
		p.Reviews = append(p.Reviews, Review{
			Outcome: f.GetOutcome(), SessionID: f.GetSessionId(), ItemID: f.GetItemId(), Reason: f.GetReason(),
			Conditions: append([]string{}, f.GetConditions()...), On: f.GetDecidedOn(),
		})
		if f.GetOutcome() != endorsed {
			rec.State(p.ID, &declarationv1.PlanReturned{PlanId: p.ID, Reason: f.GetReason(), Basis: kind.Basis})
		}
		if f.GetOutcome() == "refused" {
			p.State = Refused
			p.Await()
			return nil
		}
		p.proceed(kind)
		return nil
	})
	if fault.Is(err, fault.NotFound) {
		return nil // a plan of another installation's office
	}
	return err
}

// forward is an act that may end a plan's road: then the plan is in force, and
// the tasks of the year begin.
func (s *Service) forward(ctx context.Context, id string, act func(*Plan, policy.Plan, *aggregate.Recorder) error) (plan Plan, err error) {
	err = s.InTx(ctx, func(ctx context.Context) error {
		begun := false
		plan, err = s.Plans.Update(ctx, id, func(p *Plan, rec *aggregate.Recorder) error {
			kind, err := s.kind(p)
			if err != nil {
				return err
			}
			before := p.State
			if err := act(p, kind, rec); err != nil {
				return err
			}
			if begun = before != InForce && p.State == InForce; !begun {
				return nil
			}
			return s.enforce(p, rec)
		})
		if err != nil || !begun {
			return err
		}
		return s.open(ctx, plan)
	})
	return plan, err
}

// enforce states that a plan is in force, sealed over what it says.
func (s *Service) enforce(p *Plan, rec *aggregate.Recorder) (err error) {
	p.InForceOn = rec.Today()
	for _, t := range p.Tasks {
		p.Share(t.Lead)
		p.Share(t.Responsible...)
	}
	p.Signature, err = s.Sign("declaration.PlanInForce", rec.By(), struct {
		PlanID string `json:"plan_id"`
		Kind   string `json:"kind"`
		Title  string `json:"title"`
		SHA256 string `json:"sha256"`
	}{p.ID, p.Kind, p.Title, p.SHA256})
	rec.State(p.ID, &declarationv1.PlanInForce{PlanId: p.ID, Kind: p.Kind, FromYear: int32(p.FromYear), ToYear: int32(p.ToYear), Signature: p.Signature})
	return err
}

// RecordApproval records one authority's approval of a plan.
type RecordApproval struct {
	ID         string        `path:"id" json:"-"`
	Authority  string        `json:"authority" required:"true"` // one that the pack names for the plan
	DocumentNo string        `json:"document_no" required:"true"`
	ApprovedOn calendar.Date `json:"approved_on" required:"true"`
}

// Validate lists what is missing.
func (r *RecordApproval) Validate() error {
	var c fault.Checks
	c.Text(r.Authority, "authority", 60, "YP23-M-7", "XA18-6")
	c.Text(r.DocumentNo, "document_no", 100, "YP23-M-7", "XA18-6")
	c.Require(!r.ApprovedOn.IsZero(), "approved_on", "required", "须写明批准日期", "name the day", "YP23-M-7", "XA18-6")
	return c.Err()
}

// Approve records an approval by its document, each authority once: the
// development plan of a district needs those of its committee and of its
// government (YP23-M-7), a yearly plan under Xi'an's rules that of the
// government or committee of the same level (XA18-6).
func (s *Service) Approve(ctx context.Context, r RecordApproval) (Plan, error) {
	return s.forward(ctx, r.ID, func(p *Plan, kind policy.Plan, rec *aggregate.Recorder) error {
		if err := byOffice(rec.By()); err != nil {
			return err
		}
		if err := p.due(kind, stepApproval); err != nil {
			return err
		}
		i := slices.IndexFunc(kind.ApprovedBy, func(a policy.Authority) bool { return a.Code == r.Authority })
		var c fault.Checks
		c.Require(i >= 0, "authority", "unknown_code", "“"+kind.Label.ZH+"”由"+authorities(kind.ApprovedBy)+"批准", "a "+kind.Label.EN+" is approved by: "+authorities(kind.ApprovedBy), kind.Basis...)
		c.Require(!r.ApprovedOn.After(rec.Today()), "approved_on", "in_future", "批准日期不得晚于今天", "the day has not come", kind.Basis...)
		if n := len(p.Reviews); kind.Conference && n > 0 {
			c.Require(r.ApprovedOn.String() >= p.Reviews[n-1].On, "approved_on", "before_review", "批准日期不得早于联席会议审议", "the approval follows the conference's review", kind.Basis...)
		}
		if err := c.Err(); err != nil {
			return err
		}
		if slices.ContainsFunc(p.Approvals, func(a Approval) bool { return a.Authority == r.Authority }) {
			return ErrApproved
		}
		if err := p.at(Approving); err != nil {
			return err
		}
		a := kind.ApprovedBy[i]
		p.Approvals = append(p.Approvals, Approval{r.Authority, r.DocumentNo, r.ApprovedOn, rec.By().Actor()})
		rec.State(p.ID, &declarationv1.PlanApproved{PlanId: p.ID, Authority: a.Code, DocumentNo: r.DocumentNo, ApprovedOn: r.ApprovedOn.String(), Basis: a.Basis})
		p.proceed(kind)
		return nil
	})
}

func authorities(list []policy.Authority) string {
	names := make([]string, len(list))
	for i, a := range list {
		names[i] = a.Code + " " + a.Label.ZH
	}
	return joined(names)
}

// RecordFiling records that a plan is filed with the authority above.
type RecordFiling struct {
	ID         string        `path:"id" json:"-"`
	DocumentNo string        `json:"document_no" required:"true"`
	FiledOn    calendar.Date `json:"filed_on" required:"true"`
}

// Validate lists what is missing.
func (r *RecordFiling) Validate() error {
	var c fault.Checks
	c.Text(r.DocumentNo, "document_no", 100, "YP23-M-7", "YP23-M-8")
	c.Require(!r.FiledOn.IsZero(), "filed_on", "required", "须写明备案日期", "name the day", "YP23-M-7", "YP23-M-8")
	return c.Err()
}

// File records the filing, which ends the plan's road (YP23-M-7, YP23-M-8).
func (s *Service) File(ctx context.Context, r RecordFiling) (Plan, error) {
	return s.forward(ctx, r.ID, func(p *Plan, kind policy.Plan, rec *aggregate.Recorder) error {
		if err := byOffice(rec.By()); err != nil {
			return err
		}
		if err := p.due(kind, stepFiling); err != nil {
			return err
		}
		if err := p.at(Filing); err != nil {
			return err
		}
		if r.FiledOn.After(rec.Today()) {
			return fault.InvalidInput.WithViolations(fault.Violation{Field: "filed_on", Code: "in_future", Msg: "备案日期不得晚于今天", MsgEN: "the day has not come", Basis: kind.Basis})
		}
		p.Filing = &Approval{kind.FiledWith.Code, r.DocumentNo, r.FiledOn, rec.By().Actor()}
		rec.State(p.ID, &declarationv1.PlanFiled{PlanId: p.ID, Authority: p.Filing.Authority, DocumentNo: r.DocumentNo, FiledOn: r.FiledOn.String(), Basis: kind.FiledWith.Basis})
		p.proceed(kind)
		return nil
	})
}
