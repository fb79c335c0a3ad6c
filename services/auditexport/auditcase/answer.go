package auditcase

import (
	"context"
	"fmt"
	"slices"

	"egov/libs/aggregate"
	"egov/libs/attachment"
	"egov/libs/authn"
	"egov/libs/fault"
	auditexportv1 "egov/proto/gen/egov/auditexport/v1"
)

type principal = authn.Principal

// number names the n-th part of a case.
func number(id, kind string, n int) string { return fmt.Sprintf("%s-%s%d", id, kind, n+1) }

// Attach keeps one paper that the audited unit hands over, for its answers and
// reports to refer to.
func (s *Service) Attach(ctx context.Context, r attachment.Upload) (attachment.Document, error) {
	c, err := s.Cases.Get(ctx, r.ID)
	if err != nil {
		return attachment.Document{}, err
	}
	if err := c.auditedBy(authn.By(ctx)); err != nil {
		return attachment.Document{}, err // before the bytes are stored
	}
	d, err := s.Attachments.Keep(ctx, r)
	if err != nil {
		return attachment.Document{}, err
	}
	_, err = s.reply(ctx, r.ID, func(c *Case, _ *aggregate.Recorder) error {
		c.Papers = attachment.Add(c.Papers, d)
		return nil
	}, Questioned, Examined, Rectifying)
	return d, err
}

// Paper opens one paper of a case the caller may see.
func (s *Service) Paper(ctx context.Context, r attachment.Ref) (attachment.File, error) {
	c, err := s.Cases.Get(ctx, r.ID)
	if err != nil {
		return attachment.File{}, err
	}
	return s.Attachments.Open(ctx, c.Papers, r.SHA256)
}

// AnswerQuestion answers what was asked, or refuses to.
type AnswerQuestion struct {
	ID        string   `path:"id" json:"-"`
	Answer    string   `json:"answer" required:"true"`
	Documents []string `json:"documents"` // SHA-256 of papers attached before
	Refuses   bool     `json:"refuses"`   // the unit does not hand the material over; the answer says why, and it goes on record
}

// Validate lists what is missing.
func (r *AnswerQuestion) Validate() error {
	var c fault.Checks
	c.Text(r.Answer, "answer", 10000, "YP23-M-16")
	checkHashes(&c, r.Documents)
	return c.Err()
}

// Answer answers the question that waits. An answer after its day is taken, and
// recorded as late; a refusal of material is recorded as one (YP23-M-16,
// XA18-19).
func (s *Service) Answer(ctx context.Context, r AnswerQuestion) (Case, error) {
	return s.reply(ctx, r.ID, func(c *Case, rec *aggregate.Recorder) error {
		q := c.open()
		if q == nil {
			return ErrState
		}
		var checks fault.Checks
		documents := c.cited(&checks, r.Documents)
		if err := checks.Err(); err != nil {
			return err
		}
		clock := c.Running(clockAnswer)
		a := Answer{Text: r.Answer, Documents: documents, By: rec.By().Actor(), On: rec.Today().String(), Late: clock != nil && rec.Today().After(clock.DueOn)}
		var err error
		if a.Signature, err = s.Sign("auditexport.AnswerQuestion", rec.By(), a); err != nil {
			return err
		}
		q.Answer = &a
		c.MeetClock(rec, clockAnswer, rec.Today())
		c.State = Examined
		c.askAuditors("examine_audit_answer", "审阅被审计单位的答复：")
		rec.State(c.ID, &auditexportv1.AuditCaseAnswered{
			CaseId: c.ID, QuestionId: q.ID, Unit: c.AuditedUnit, Answer: a.Text, Documents: stated(documents), Late: a.Late, Signature: a.Signature,
		})
		if !r.Refuses {
			return nil
		}
		return s.withhold(c, rec, rec.By(), q.ID, Refused, r.Answer)
	}, Questioned)
}

// RecordWithholding puts on record that material was refused or concealed.
type RecordWithholding struct {
	ID         string `path:"id" json:"-"`
	QuestionID string `json:"question_id" required:"true"`
	Manner     string `json:"manner" required:"true" enum:"refused,concealed"`
	Statement  string `json:"statement" required:"true"` // what was asked for, and how that was found
}

// Validate lists what is missing.
func (r *RecordWithholding) Validate() error {
	var c fault.Checks
	c.Text(r.QuestionID, "question_id", 100, "YP23-M-16")
	c.Require(r.Manner == Refused || r.Manner == Concealed, "manner", "unknown_code", "须为refused（拒绝）或concealed（隐瞒）", "refused or concealed", "YP23-M-16", "XA18-19")
	c.Text(r.Statement, "statement", 5000, "YP23-M-16")
	return c.Err()
}

// Withhold records what an auditor found (YP23-M-16, XA18-19). It ends no
// question: the unit may still answer.
func (s *Service) Withhold(ctx context.Context, r RecordWithholding) (Case, error) {
	return s.examine(ctx, r.ID, func(by principal, c *Case, rec *aggregate.Recorder) error {
		var checks fault.Checks
		known := slices.ContainsFunc(c.Questions, func(q Question) bool { return q.ID == r.QuestionID })
		checks.Require(known, "question_id", "unknown_question", "没有这项问询", "there is no such question", "YP23-M-16")
		if err := checks.Err(); err != nil {
			return err
		}
		return s.withhold(c, rec, by, r.QuestionID, r.Manner, r.Statement)
	}, Questioned, Examined, Rectifying)
}

func (s *Service) withhold(c *Case, rec *aggregate.Recorder, by principal, question, manner, statement string) error {
	w := Withholding{Question: question, Manner: manner, Statement: statement, By: by.Actor(), On: rec.Today().String()}
	var err error
	if w.Signature, err = s.Sign("auditexport.RecordWithholding", by, w); err != nil {
		return err
	}
	c.Withheld = append(c.Withheld, w)
	rec.State(c.ID, &auditexportv1.AuditMaterialWithheld{
		CaseId: c.ID, QuestionId: question, Unit: c.AuditedUnit, Manner: manner, Statement: statement, Basis: s.basis(c.Pack), Signature: w.Signature,
	})
	return nil
}

// ReportRectification is what the unit did about the order that waits.
type ReportRectification struct {
	ID        string   `path:"id" json:"-"`
	Report    string   `json:"report" required:"true"`
	Documents []string `json:"documents"` // SHA-256 of papers attached before
}

// Validate lists what is missing.
func (r *ReportRectification) Validate() error {
	var c fault.Checks
	c.Text(r.Report, "report", 10000, "YP23-M-16")
	checkHashes(&c, r.Documents)
	return c.Err()
}

// Report says what was put right. A report after its day is taken, and recorded
// as late.
func (s *Service) Report(ctx context.Context, r ReportRectification) (Case, error) {
	return s.reply(ctx, r.ID, func(c *Case, rec *aggregate.Recorder) error {
		o := c.ordered()
		if o == nil {
			return ErrState
		}
		var checks fault.Checks
		documents := c.cited(&checks, r.Documents)
		if err := checks.Err(); err != nil {
			return err
		}
		clock := c.Running(clockRectify)
		p := Report{Text: r.Report, Documents: documents, By: rec.By().Actor(), On: rec.Today().String(), Late: clock != nil && rec.Today().After(clock.DueOn)}
		var err error
		if p.Signature, err = s.Sign("auditexport.ReportRectification", rec.By(), p); err != nil {
			return err
		}
		o.Reports = append(o.Reports, p)
		c.MeetClock(rec, clockRectify, rec.Today())
		c.State = Examined
		c.askAuditors("review_audit_rectification", "复核整改情况：")
		rec.State(c.ID, &auditexportv1.AuditRectificationReported{
			CaseId: c.ID, RectificationId: o.ID, Unit: c.AuditedUnit, Report: p.Text, Documents: stated(documents), Late: p.Late, Signature: p.Signature,
		})
		return nil
	}, Rectifying)
}
