package planning

import (
	"context"
	"fmt"
	"slices"

	"egov/libs/aggregate"
	"egov/libs/calendar"
	"egov/libs/fault"
	"egov/libs/policy"
	declarationv1 "egov/proto/gen/egov/declaration/v1"
	"egov/services/declaration"
)

// CommentsClock is the obligation to comment on a plan; its clock runs to the
// day that the office set. stable: deadline code.
const CommentsClock = "plan_comments"

// Consultation is how units were asked about a plan (YP23-M-7).
type Consultation struct {
	Units      []string      `json:"units"`
	Until      calendar.Date `json:"until"` // the last day for comments
	AskedOn    string        `json:"asked_on"`
	Comments   []Comment     `json:"comments"` // in the order given
	AnsweredOn string        `json:"answered_on,omitempty"`
}

// Comment is what one unit says to a plan, and what the office made of it.
type Comment struct {
	Unit       string `json:"unit"`
	Agrees     bool   `json:"agrees"` // without anything to change
	Text       string `json:"text,omitempty"`
	DocumentNo string `json:"document_no,omitempty"` // of the letter, where the office took it down
	RecordedBy string `json:"recorded_by"`
	On         string `json:"on"`
	Adopted    bool   `json:"adopted"`
	Answer     string `json:"answer,omitempty"`
}

// silent are the units that have not commented.
func (x *Consultation) silent() []string {
	return slices.DeleteFunc(slices.Clone(x.Units), func(u string) bool { return x.of(u) != nil })
}

func (x *Consultation) of(unit string) *Comment {
	i := slices.IndexFunc(x.Comments, func(c Comment) bool { return c.Unit == unit })
	if i < 0 {
		return nil
	}
	return &x.Comments[i]
}

// AskComments asks units for comments on a plan until a day.
type AskComments struct {
	ID    string        `path:"id" json:"-"`
	Units []string      `json:"units" required:"true"`
	Until calendar.Date `json:"until" required:"true"`
}

// Validate lists what is missing.
func (r *AskComments) Validate() error {
	var c fault.Checks
	c.Require(len(r.Units) > 0, "units", "required", "须列明征求意见的单位", "name the units", "YP23-M-7")
	units(&c, "units", r.Units, "YP23-M-7")
	c.Require(!r.Until.IsZero(), "until", "required", "须写明反馈期限", "name the last day for comments", "YP23-M-7")
	return c.Err()
}

// AskComments asks for comments; the clock runs to the day that was set.
func (s *Service) AskComments(ctx context.Context, r AskComments) (Plan, error) {
	return s.change(ctx, r.ID, func(p *Plan, kind policy.Plan, rec *aggregate.Recorder) error {
		if err := p.due(kind, stepComments); err != nil {
			return err
		}
		if err := p.at(Drafting); err != nil {
			return err
		}
		if p.Consultation != nil {
			return ErrState.WithMsg("已征求过意见", "units were asked already").WithBasis("YP23-M-7")
		}
		if !r.Until.After(rec.Today()) {
			return fault.InvalidInput.WithViolations(fault.Violation{Field: "until", Code: "in_past", Msg: "反馈期限须晚于今天", MsgEN: "the last day is after today", Basis: []string{"YP23-M-7"}})
		}
		p.State = Commenting
		p.Consultation = &Consultation{Units: r.Units, Until: r.Until, AskedOn: rec.Today().String(), Comments: []Comment{}}
		p.Share(r.Units...)
		terms, err := s.Rules.Appointed(p.Pack, CommentsClock, rec.Today(), r.Until, "YP23-M-7")
		if err != nil {
			return err
		}
		p.StartClock(rec, declaration.Office, terms)
		p.remind()
		rec.State(p.ID, &declarationv1.PlanCommentsAsked{PlanId: p.ID, Units: r.Units, Until: r.Until.String(), Basis: []string{"YP23-M-7"}})
		return nil
	})
}

// remind asks the silent units for comments, and the office for its answer.
func (p *Plan) remind() {
	list := []aggregate.Todo{todo("answer_comments", "secretary", declaration.Office, fmt.Sprintf("汇总意见并说明采纳情况（已反馈%d/%d）：%s", len(p.Consultation.Comments), len(p.Consultation.Units), p.Title))}
	for _, u := range p.Consultation.silent() {
		for _, role := range []string{"declarer", "member"} {
			list = append(list, todo("comment_plan", role, u, p.Consultation.Until.String()+"前反馈意见："+p.Title))
		}
	}
	p.Await(list...)
}

// CommentPlan is one unit's comment.
type CommentPlan struct {
	ID         string `path:"id" json:"-"`
	Unit       string `json:"unit"` // whose letter the office takes down; a unit speaks for itself
	Agrees     bool   `json:"agrees"`
	Text       string `json:"text"`        // required unless the unit agrees
	DocumentNo string `json:"document_no"` // of the letter that the office takes down
}

// Validate lists what is missing.
func (r *CommentPlan) Validate() error {
	var c fault.Checks
	if !r.Agrees || r.Text != "" {
		c.Text(r.Text, "text", 10_000, "YP23-M-7")
	}
	if r.Unit != "" {
		c.Text(r.DocumentNo, "document_no", 100, "YP23-M-7")
	}
	return c.Err()
}

// Comment records one unit's comment: given by its own account, or taken down
// by the office from its letter.
func (s *Service) Comment(ctx context.Context, r CommentPlan) (Plan, error) {
	return s.Plans.Update(ctx, r.ID, func(p *Plan, rec *aggregate.Recorder) error {
		if err := p.at(Commenting); err != nil {
			return err
		}
		by := rec.By()
		unit := by.Unit
		if r.Unit != "" && r.Unit != by.Unit {
			if err := byOffice(by); err != nil {
				return err
			}
			if !by.Has("secretary") {
				return ErrNotOffice
			}
			unit = r.Unit
		}
		if !has(p.Consultation.Units, unit) {
			return ErrNotAsked
		}
		if p.Consultation.of(unit) != nil {
			return ErrCommented
		}
		x := Comment{Unit: unit, Agrees: r.Agrees, Text: r.Text, DocumentNo: r.DocumentNo, RecordedBy: by.Actor(), On: rec.Today().String()}
		p.Consultation.Comments = append(p.Consultation.Comments, x)
		p.remind()
		rec.State(p.ID, &declarationv1.PlanCommented{PlanId: p.ID, Unit: unit, Agrees: x.Agrees, Text: x.Text, DocumentNo: x.DocumentNo, RecordedBy: x.RecordedBy})
		return nil
	})
}

// AnswerComments says what became of the comments, one by one.
type AnswerComments struct {
	ID      string          `path:"id" json:"-"`
	Answers []CommentAnswer `json:"answers" required:"true"`
}

// CommentAnswer is what became of one unit's comment.
type CommentAnswer struct {
	Unit    string `json:"unit" required:"true"`
	Adopted bool   `json:"adopted"`
	Answer  string `json:"answer"` // required unless it is adopted
}

// Validate wants a reason where a comment is not adopted.
func (r *AnswerComments) Validate() error {
	var c fault.Checks
	c.Require(r.Answers != nil, "answers", "required", "必填", "is required", "YP23-M-7")
	for i, a := range r.Answers {
		at := fmt.Sprintf("answers[%d].", i)
		c.Text(a.Unit, at+"unit", 64, "YP23-M-7")
		if !a.Adopted || a.Answer != "" {
			c.Text(a.Answer, at+"answer", 5000, "YP23-M-7")
		}
	}
	return c.Err()
}

// AnswerComments ends the asking, once all have commented or the day has
// passed, with an answer to every comment that asks for a change. The office
// then revises the plan and goes on.
func (s *Service) AnswerComments(ctx context.Context, r AnswerComments) (Plan, error) {
	return s.change(ctx, r.ID, func(p *Plan, kind policy.Plan, rec *aggregate.Recorder) error {
		if err := p.at(Commenting); err != nil {
			return err
		}
		x := p.Consultation
		silent := x.silent()
		if len(silent) > 0 && !rec.Today().After(x.Until) {
			return ErrWaiting.WithMsg("征求意见至"+x.Until.String()+"，尚未反馈："+joined(silent), "comments are asked until "+x.Until.String()+"; not heard yet: "+joined(silent))
		}
		adopted := 0
		for _, a := range r.Answers {
			c := x.of(a.Unit)
			if c == nil {
				return ErrNotAsked.WithMsg(a.Unit+"没有反馈意见", a.Unit+" has not commented")
			}
			c.Adopted, c.Answer = a.Adopted, a.Answer
			if a.Adopted {
				adopted++
			}
		}
		var open []string
		for _, c := range x.Comments {
			if !c.Agrees && !c.Adopted && c.Answer == "" {
				open = append(open, c.Unit)
			}
		}
		if len(open) > 0 {
			return ErrAnswers.WithMsg("须逐一说明意见采纳情况，尚缺："+joined(open), "every comment is answered; open: "+joined(open))
		}
		x.AnsweredOn = rec.Today().String()
		p.MeetClock(rec, CommentsClock, rec.Today())
		p.proceed(kind)
		rec.State(p.ID, &declarationv1.PlanCommentsAnswered{PlanId: p.ID, Comments: int32(len(x.Comments)), Adopted: int32(adopted), Silent: silent, Basis: []string{"YP23-M-7"}})
		return nil
	})
}
