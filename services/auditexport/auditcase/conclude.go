package auditcase

import (
	"context"
	"slices"

	"egov/libs/aggregate"
	"egov/libs/authn"
	"egov/libs/fault"
	auditexportv1 "egov/proto/gen/egov/auditexport/v1"
)

// ConcludeCase says what came of a case.
type ConcludeCase struct {
	ID         string  `path:"id" json:"-"`
	Outcome    Outcome `json:"outcome" required:"true" enum:"unfounded,explained,rectified,referred"`
	Conclusion string  `json:"conclusion" required:"true"`
}

// Validate lists what is missing.
func (r *ConcludeCase) Validate() error {
	var c fault.Checks
	c.Require(slices.Contains([]Outcome{Unfounded, Explained, Rectified, Referred}, r.Outcome), "outcome", "unknown_code",
		"须为unfounded（不成立）、explained（情况属实、符合规定）、rectified（已整改）或referred（移送）", "unfounded, explained, rectified or referred", "YP23-M-16")
	c.Text(r.Conclusion, "conclusion", 10000, "YP23-M-16")
	return c.Err()
}

// Conclude closes a case, or lays the conclusion of a serious one before a
// second auditor. Who opened a case may conclude it; what is never one auditor's
// alone is closing a serious one (SH12-P-9).
func (s *Service) Conclude(ctx context.Context, r ConcludeCase) (Case, error) {
	return s.examine(ctx, r.ID, func(by principal, c *Case, rec *aggregate.Recorder) error {
		if err := c.ready(r.Outcome); err != nil {
			return err
		}
		done := Conclusion{Outcome: r.Outcome, Text: r.Conclusion, By: by.Actor(), On: rec.Today().String()}
		var err error
		if done.Signature, err = s.Sign("auditexport.ConcludeCase", by, done); err != nil {
			return err
		}
		c.Conclusion = &done
		if !c.Serious {
			return s.close(c, rec, by)
		}
		c.State = Concluding
		c.askAuditors("confirm_audit_conclusion", "复核审计结论：")
		rec.State(c.ID, &auditexportv1.AuditCaseClosingProposed{
			CaseId: c.ID, Outcome: string(done.Outcome), Conclusion: done.Text, ProposedBy: done.By, Signature: done.Signature,
		})
		return nil
	}, Opened, Questioned, Examined, Rectifying)
}

// ready refuses an outcome that the case does not bear out.
func (c *Case) ready(o Outcome) error {
	var checks fault.Checks
	q, order := c.open(), c.ordered()
	withheld := q != nil && slices.ContainsFunc(c.Withheld, func(w Withholding) bool { return w.Question == q.ID })
	checks.Require(q == nil || withheld || o == Unfounded || o == Referred, "outcome", "question_open",
		"问询尚未答复", "a question is not answered", "YP23-M-16")
	checks.Require(order == nil || o == Unfounded || o == Referred, "outcome", "rectification_open",
		"整改尚未落实", "an order is not carried out", "YP23-M-16")
	checks.Require(o != Rectified || len(c.Rectifications) > 0, "outcome", "nothing_rectified",
		"没有整改事项", "nothing was ordered to be put right", "YP23-M-16")
	checks.Require(o != Explained || len(c.Questions) > 0, "outcome", "nobody_asked",
		"尚未问询被审计单位", "the unit was not asked", "YP23-M-16")
	return checks.Refuse(ErrConclusion)
}

// Confirm closes a serious case as a second auditor.
func (s *Service) Confirm(ctx context.Context, r ByID) (Case, error) {
	return s.examine(ctx, r.ID, func(by principal, c *Case, rec *aggregate.Recorder) error {
		if c.concludedBy(by) {
			return ErrSameAuditor
		}
		c.Conclusion.ConfirmedBy, c.Conclusion.ConfirmedOn = by.Actor(), rec.Today().String()
		return s.close(c, rec, by)
	}, Concluding)
}

// ByID names one case.
type ByID struct {
	ID string `path:"id" json:"-"`
}

// ReturnConclusion says why a second auditor does not agree.
type ReturnConclusion struct {
	ID     string `path:"id" json:"-"`
	Reason string `json:"reason" required:"true"`
}

// Validate wants the reason.
func (r *ReturnConclusion) Validate() error {
	var c fault.Checks
	c.Text(r.Reason, "reason", 5000, "YP23-M-16")
	return c.Err()
}

// Return gives a conclusion back to the auditors.
func (s *Service) Return(ctx context.Context, r ReturnConclusion) (Case, error) {
	return s.examine(ctx, r.ID, func(by principal, c *Case, rec *aggregate.Recorder) error {
		if c.concludedBy(by) {
			return ErrSameAuditor
		}
		c.Returned = append(c.Returned, Return{Conclusion: *c.Conclusion, Reason: r.Reason, By: by.Actor(), On: rec.Today().String()})
		c.Conclusion = nil
		c.goOn()
		signature, err := s.Sign("auditexport.ReturnConclusion", by, r)
		if err != nil {
			return err
		}
		rec.State(c.ID, &auditexportv1.AuditCaseClosingReturned{CaseId: c.ID, Reason: r.Reason, Signature: signature})
		return nil
	}, Concluding)
}

// concludedBy reports whether somebody had a part in the conclusion, in person
// or by delegation.
func (c *Case) concludedBy(by principal) bool {
	return by.Actor() == c.Conclusion.By || by.IsAny(authn.Accounts(c.Conclusion.By))
}

// goOn takes the case back to where it stood before it was concluded.
func (c *Case) goOn() {
	switch {
	case c.open() != nil:
		c.State = Questioned
		c.askUnit("answer_audit_question", "答复审计问询：")
	case c.ordered() != nil && len(c.ordered().Reports) == len(c.ordered().Reviews):
		c.State = Rectifying
		c.askUnit("report_audit_rectification", "落实审计整改：")
	case len(c.Questions) == 0:
		c.State = Opened
		c.askAuditors("ask_audit_question", "提出审计问询：")
	default:
		c.State = Examined
		c.askAuditors("conclude_audit_case", "办结审计事项：")
	}
}

// close ends the case; clocks that still run are waived, those that are late
// stay on record as such.
func (s *Service) close(c *Case, rec *aggregate.Recorder, by principal) error {
	late := 0
	for _, q := range c.Questions {
		if q.Answer != nil && q.Answer.Late {
			late++
		}
	}
	for _, o := range c.Rectifications {
		for _, p := range o.Reports {
			if p.Late {
				late++
			}
		}
	}
	for _, clock := range []string{clockAnswer, clockRectify} {
		if d := c.Running(clock); d != nil && d.State == aggregate.Late {
			late++
		}
		c.WaiveClock(rec, clock, "审计事项已办结")
	}
	c.State = Closed
	c.Await()
	c.Conclusion.Signature = nil // the seal covers all but itself
	signature, err := s.Sign("auditexport.CloseCase", by, c.Conclusion)
	if err != nil {
		return err
	}
	c.Conclusion.Signature = signature
	rec.State(c.ID, &auditexportv1.AuditCaseClosed{
		CaseId: c.ID, Unit: c.AuditedUnit, Outcome: string(c.Conclusion.Outcome), Conclusion: c.Conclusion.Text,
		Withheld: int32(len(c.Withheld)), Late: int32(late), ConcludedBy: c.Conclusion.By, ConfirmedBy: c.Conclusion.ConfirmedBy,
		Basis: s.basis(c.Pack), Signature: signature,
	})
	return nil
}
