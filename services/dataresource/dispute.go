package dataresource

import (
	"context"

	"egov/libs/aggregate"
	"egov/libs/authn"
	"egov/libs/calendar"
	"egov/libs/fault"
	dataresourcev1 "egov/proto/gen/egov/dataresource/v1"
	typev1 "egov/proto/gen/egov/type/v1"
)

// Deferral is a provider's wish to share later, and what the leading group's
// office says to it (SH12-27).
type Deferral struct {
	Reason    string            `json:"reason"`
	Until     string            `json:"until"` // YYYY-MM-DD
	By        string            `json:"requested_by"`
	State     State             `json:"state"` // requested, granted, refused or ended: answered all the same
	Opinion   string            `json:"opinion,omitempty"`
	Signature *typev1.Signature `json:"signature,omitempty"`
}

// settled is the deferral once the request is answered: an open one has nothing
// left to put off.
func (d *Deferral) settled() *Deferral {
	if d == nil || d.State != Requested {
		return d
	}
	done := *d
	done.State = Ended
	return &done
}

// Dispute is the requester's objection and the decision on it (SH16-D-15).
type Dispute struct {
	Reason     string            `json:"reason"`
	By         string            `json:"disputed_by"`
	On         string            `json:"disputed_on"`
	From       State             `json:"from"` // where the request stood
	Decided    bool              `json:"decided"`
	Granted    bool              `json:"granted"`
	DecisionNo string            `json:"decision_no,omitempty"`
	Reasons    string            `json:"reasons,omitempty"`
	DecidedOn  string            `json:"decided_on,omitempty"`
	Signature  *typev1.Signature `json:"signature,omitempty"`
}

// ErrNothingToDispute refuses a dispute about an answer that gave all, or that
// is not due yet.
var ErrNothingToDispute = fault.New(fault.Refused, "nothing_to_dispute",
	"提供单位已全部同意，或答复期限未到，不能申请协调", "all was granted, or the answer is not overdue: there is nothing to dispute", "SH16-D-15")

// RequestDeferral asks to share later.
type RequestDeferral struct {
	ID     string        `path:"id" json:"-"`
	Reason string        `json:"reason" required:"true"`
	Until  calendar.Date `json:"until" required:"true"`
}

// Validate lists what is missing.
func (r *RequestDeferral) Validate() error {
	var c fault.Checks
	c.Text(r.Reason, "reason", 2000, "SH12-27")
	c.Require(!r.Until.IsZero(), "until", "required", "必填", "is required", "SH12-27")
	return c.Err()
}

// RequestDeferral lays the wish before the leading group's office. The clock of
// the answer runs on: only the approval puts it off (SH12-27).
func (s *Service) RequestDeferral(ctx context.Context, r RequestDeferral) (Sharing, error) {
	return s.Sharings.Update(ctx, r.ID, func(y *Sharing, rec *aggregate.Recorder) error {
		if err := y.providedBy(rec.By()); err != nil {
			return err
		}
		if err := y.at(Received); err != nil {
			return err
		}
		if y.Deferral != nil && y.Deferral.State == Requested {
			return ErrState.WithMsg("暂缓申请正在审批", "a deferral is before the leading group's office")
		}
		var c fault.Checks
		c.Require(r.Until.After(rec.Today()), "until", "in_past", "暂缓期限须晚于今天", "after today", "SH12-27")
		if err := c.Err(); err != nil {
			return err
		}
		y.Deferral = &Deferral{Reason: r.Reason, Until: r.Until.String(), By: rec.By().Actor(), State: Requested}
		y.Share(Office)
		y.Ask(aggregate.Todo{Action: "decide_deferral", Role: "secretary", Unit: Office, Title: "审批暂缓共享：" + y.Title})
		rec.State(y.ProjectID, &dataresourcev1.SharingDeferralRequested{SharingId: y.ID, Provider: y.Provider, Reason: r.Reason, Until: y.Deferral.Until, Basis: []string{"SH12-27"}})
		return nil
	})
}

// DecideDeferral is the leading group's office's answer to the wish.
type DecideDeferral struct {
	ID       string `path:"id" json:"-"`
	Approved *bool  `json:"approved" required:"true"`
	Opinion  string `json:"opinion" required:"true"`
}

// Validate wants an answer and its reasons.
func (r *DecideDeferral) Validate() error {
	var c fault.Checks
	c.Require(r.Approved != nil, "approved", "required", "必填", "is required", "SH12-27")
	c.Text(r.Opinion, "opinion", 2000, "SH12-27")
	return c.Err()
}

// DecideDeferral lets the provider answer by another day, or has it answer now
// (SH12-27).
func (s *Service) DecideDeferral(ctx context.Context, r DecideDeferral) (Sharing, error) {
	return s.Sharings.Update(ctx, r.ID, func(y *Sharing, rec *aggregate.Recorder) error {
		if y.Deferral == nil || y.Deferral.State != Requested {
			return y.at(Deferred)
		}
		if err := decidedBy(rec.By(), authn.Accounts(y.Deferral.By)); err != nil {
			return err
		}
		d := *y.Deferral
		d.Opinion, d.State = r.Opinion, Refused
		if *r.Approved {
			d.State = Granted
		}
		var err error
		if d.Signature, err = s.Sign("dataresource.DecideDeferral", rec.By(), map[string]any{"sharing_id": y.ID, "form_no": y.FormNo, "deferral": d}); err != nil {
			return err
		}
		y.Deferral = &d
		y.Answered("decide_deferral")
		rec.State(y.ProjectID, &dataresourcev1.SharingDeferralDecided{
			SharingId: y.ID, Approved: *r.Approved, Until: d.Until, Reason: d.Opinion, Basis: []string{"SH12-27"}, Signature: d.Signature,
		})
		if !*r.Approved || y.State != Received {
			return nil
		}
		until, err := calendar.ParseDate(d.Until)
		if err != nil {
			return err
		}
		pack, err := s.pack(rec.Today())
		if err != nil {
			return err
		}
		received, err := calendar.ParseDate(y.ReceivedOn)
		if err != nil {
			return err
		}
		terms, err := s.Rules.Appointed(pack.ID(), clockAnswer, received, until, "SH12-27")
		if err != nil {
			return err
		}
		y.State = Deferred
		y.MoveClock(rec, clockAnswer, terms, d.Reason)
		return nil
	})
}

// DisputeSharing lays an answer, or its absence, before the leading group's
// office.
type DisputeSharing struct {
	ID     string `path:"id" json:"-"`
	Reason string `json:"reason" required:"true"`
}

// Validate wants the reason.
func (r *DisputeSharing) Validate() error {
	var c fault.Checks
	c.Text(r.Reason, "reason", 2000, "SH16-D-15")
	return c.Err()
}

// Dispute objects to a refusal, to a grant of less than was asked for, or to an
// answer that is overdue; once decided, the matter is closed (SH16-D-15).
func (s *Service) Dispute(ctx context.Context, r DisputeSharing) (Sharing, error) {
	return s.Sharings.Update(ctx, r.ID, func(y *Sharing, rec *aggregate.Recorder) error {
		if err := y.askedBy(rec.By()); err != nil {
			return err
		}
		if err := y.at(Received, Deferred, Refused, Granted, Providing); err != nil {
			return err
		}
		if y.Dispute != nil && y.Dispute.Decided {
			return ErrState.WithMsg("协调结论已作出", "the dispute has been decided")
		}
		answered := y.State != Received && y.State != Deferred
		if answered && len(y.Granted) == len(y.Items) || !answered && !y.Overdue(clockAnswer) {
			return ErrNothingToDispute
		}
		y.Dispute = &Dispute{Reason: r.Reason, By: rec.By().Actor(), On: rec.Today().String(), From: y.State}
		y.State = Disputed
		y.Share(Office)
		y.Await(aggregate.Todo{Action: "resolve_sharing", Role: "secretary", Unit: Office, Title: "协调数据共享争议：" + y.Title})
		rec.State(y.ProjectID, &dataresourcev1.SharingDisputed{SharingId: y.ID, Requester: y.Unit, Reason: r.Reason, Basis: []string{"SH16-D-15"}})
		return nil
	})
}

// ResolveSharing is the decision of the leading group's office.
type ResolveSharing struct {
	ID         string    `path:"id" json:"-"`
	Granted    *bool     `json:"granted" required:"true"`
	Items      []ItemRef `json:"items"` // what is granted; none means all
	DecisionNo string    `json:"decision_no" required:"true"`
	Reasons    string    `json:"reasons" required:"true"`
}

// Validate wants a decision with its number and reasons.
func (r *ResolveSharing) Validate() error {
	var c fault.Checks
	c.Require(r.Granted != nil, "granted", "required", "必填", "is required", "SH16-D-15")
	c.Text(r.DecisionNo, "decision_no", 100, "SH16-D-15")
	c.Text(r.Reasons, "reasons", 5000, "SH16-D-15")
	return c.Err()
}

// stand lets the provider's answer stand as it was before the dispute; where
// there was none, the request is refused.
func (y *Sharing) stand(from State) {
	switch from {
	case Granted:
		y.grant(y.Granted)
	case Providing:
		y.State = Providing
		y.Await()
	default:
		y.State = Refused
		y.Await()
	}
}

// Resolve decides a dispute; both units follow (SH16-D-15).
func (s *Service) Resolve(ctx context.Context, r ResolveSharing) (Sharing, error) {
	return s.Sharings.Update(ctx, r.ID, func(y *Sharing, rec *aggregate.Recorder) error {
		if err := y.at(Disputed); err != nil {
			return err
		}
		if err := decidedBy(rec.By(), append(authn.Accounts(y.Dispute.By), y.Requesters...)); err != nil {
			return err
		}
		granted, err := y.among(r.Items, *r.Granted)
		if err != nil {
			return err
		}
		d := *y.Dispute
		d.Decided, d.Granted, d.DecisionNo, d.Reasons, d.DecidedOn = true, *r.Granted, r.DecisionNo, r.Reasons, rec.Today().String()
		if d.Signature, err = s.Sign("dataresource.ResolveSharing", rec.By(), map[string]any{
			"sharing_id": y.ID, "form_no": y.FormNo, "items": granted, "dispute": d,
		}); err != nil {
			return err
		}
		y.Dispute, y.Deferral = &d, y.Deferral.settled()
		y.MeetClock(rec, clockAnswer, rec.Today()) // of an answer that never came
		rec.State(y.ProjectID, &dataresourcev1.SharingResolved{
			SharingId: y.ID, Granted: d.Granted, Items: facts(granted), DecisionNo: d.DecisionNo, Reasons: d.Reasons, Basis: []string{"SH16-D-15"}, Signature: d.Signature,
		})
		if !d.Granted {
			y.stand(d.From)
			return nil
		}
		y.Agreement = y.Agreement.standing(y.Granted, granted)
		y.grant(granted)
		return nil
	})
}
