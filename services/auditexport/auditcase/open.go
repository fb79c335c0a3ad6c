package auditcase

import (
	"context"
	"slices"

	"egov/libs/aggregate"
	"egov/libs/calendar"
	"egov/libs/fault"
	"egov/libs/policy"
	auditexportv1 "egov/proto/gen/egov/auditexport/v1"
	"egov/services/auditexport/redflag"
)

// OpenCase opens a case, from flags or freely.
type OpenCase struct {
	Title    string   `json:"title" required:"true"`
	Reason   string   `json:"reason" required:"true"`
	Flags    []string `json:"flags"`    // red flags; their unit and projects are the case's
	Unit     string   `json:"unit"`     // the audited unit, where no flag names it
	Projects []string `json:"projects"` // besides those of the flags
	Serious  bool     `json:"serious"`  // a case with a flag of high severity always is
}

// Validate lists what is missing.
func (r *OpenCase) Validate() error {
	var c fault.Checks
	c.Text(r.Title, "title", 200, "YP23-M-16")
	c.Text(r.Reason, "reason", 5000, "YP23-M-16")
	c.Require(r.Unit != "" || len(r.Flags) > 0, "unit", "required", "须指明被审计单位或疑点", "name the audited unit or a flag", "YP23-M-16")
	c.Require(len(r.Flags) <= 100 && len(r.Projects) <= 100, "flags", "too_many", "疑点、项目各不超过100个", "at most 100 flags and 100 projects")
	for _, x := range []struct {
		field string
		list  []string
	}{{"flags", r.Flags}, {"projects", r.Projects}} {
		for _, id := range x.list {
			c.Text(id, x.field, 200)
		}
	}
	if r.Unit != "" {
		c.Text(r.Unit, "unit", 64)
	}
	return c.Err()
}

// Open opens a case. The flags say whom it concerns and, where one is of high
// severity, that it is serious. The audited unit does not see it before it is
// asked something.
func (s *Service) Open(ctx context.Context, r OpenCase) (out Case, err error) {
	by, as, err := s.auditor(ctx)
	if err != nil {
		return Case{}, err
	}
	err = s.InTx(as, func(ctx context.Context) error {
		id := s.NewID()
		c := Case{
			Title: r.Title, Reason: r.Reason, AuditedUnit: r.Unit, Projects: []string{}, Flags: []string{}, Serious: r.Serious,
			State: Opened, OpenedBy: by.Actor(), Questions: []Question{}, Withheld: []Withholding{}, Rectifications: []Rectification{}, Papers: nil,
		}
		for _, flag := range r.Flags {
			if slices.Contains(c.Flags, flag) {
				continue
			}
			f, err := s.Flags.Update(ctx, flag, func(f *redflag.Flag, _ *aggregate.Recorder) error {
				f.Cases = append(f.Cases, id)
				return nil
			})
			if err != nil {
				return err
			}
			if err := c.join(&f); err != nil {
				return err
			}
		}
		for _, p := range r.Projects {
			c.concern(p)
		}
		if c.AuditedUnit == Bureau {
			return ErrOwnUnit
		}
		out, err = s.Cases.Create(ctx, id, func(x *Case, rec *aggregate.Recorder) error {
			c.Root = x.Root
			*x = c
			x.ProjectID = x.ID
			if x.Pack == "" {
				pack, err := s.Rules.For(nil, s.District, rec.Today())
				if err != nil {
					return err
				}
				x.Pack = pack.ID()
			}
			x.askAuditors("ask_audit_question", "提出审计问询：")
			if x.Signature, err = s.Sign("auditexport.OpenCase", by, r); err != nil {
				return err
			}
			rec.State(x.ID, &auditexportv1.AuditCaseOpened{
				CaseId: x.ID, Title: x.Title, Unit: x.AuditedUnit, ProjectIds: x.Projects, FlagIds: x.Flags, Serious: x.Serious,
				Reason: x.Reason, Basis: s.basis(x.Pack), Signature: x.Signature,
			})
			return nil
		})
		return err
	})
	return out, err
}

// join takes a flag into the case.
func (c *Case) join(f *redflag.Flag) error {
	if c.AuditedUnit == "" {
		c.AuditedUnit = f.AuditedUnit
	}
	if c.AuditedUnit != f.AuditedUnit {
		return ErrNoFlag
	}
	if c.Pack == "" {
		c.Pack = f.Rule.Pack
	}
	c.Flags = append(c.Flags, f.ID)
	c.Serious = c.Serious || f.Severity == policy.High
	for _, p := range f.Projects {
		c.concern(p)
	}
	return nil
}

func (c *Case) concern(project string) {
	if !slices.Contains(c.Projects, project) {
		c.Projects = append(c.Projects, project)
	}
}

// AskQuestion asks the audited unit something, and for material.
type AskQuestion struct {
	ID       string   `path:"id" json:"-"`
	Question string   `json:"question" required:"true"`
	Material []string `json:"material"` // what is to be handed over
}

// Validate lists what is missing.
func (r *AskQuestion) Validate() error {
	var c fault.Checks
	c.Text(r.Question, "question", 5000, "YP23-M-16")
	c.Require(len(r.Material) <= 100, "material", "too_many", "不超过100项", "at most 100")
	for _, m := range r.Material {
		c.Text(m, "material", 500, "YP23-M-16")
	}
	return c.Err()
}

// Question asks the audited unit; the pack says by when it answers. From now on
// the unit sees the case. One question waits at a time.
func (s *Service) Question(ctx context.Context, r AskQuestion) (Case, error) {
	return s.examine(ctx, r.ID, func(by principal, c *Case, rec *aggregate.Recorder) error {
		if c.open() != nil || c.ordered() != nil {
			return ErrState.WithMsg("尚有未答复的问询或未完成的整改", "a question or an order waits already")
		}
		terms, ok, err := s.Rules.Clock(c.Pack, clockAnswer, rec.Today())
		if err != nil {
			return err
		}
		q := Question{ID: number(c.ID, "q", len(c.Questions)), Text: r.Question, Material: r.Material, AskedBy: by.Actor(), AskedOn: rec.Today().String()}
		if q.Material == nil {
			q.Material = []string{}
		}
		c.Share(c.AuditedUnit)
		if ok {
			q.DueOn = terms.DueOn.String()
			c.WaiveClock(rec, clockAnswer, "提出新的问询")
			c.StartClock(rec, c.AuditedUnit, terms)
		}
		if q.Signature, err = s.Sign("auditexport.AskQuestion", by, q); err != nil {
			return err
		}
		c.State, c.Questions = Questioned, append(c.Questions, q)
		c.askUnit("answer_audit_question", "答复审计问询：")
		rec.State(c.ID, &auditexportv1.AuditQuestionAsked{
			CaseId: c.ID, QuestionId: q.ID, Unit: c.AuditedUnit, Question: q.Text, Material: q.Material, DueOn: q.DueOn, Basis: s.basis(c.Pack), Signature: q.Signature,
		})
		return nil
	}, Opened, Examined)
}

// OrderRectification orders what is to be put right, by a day.
type OrderRectification struct {
	ID    string        `path:"id" json:"-"`
	Order string        `json:"order" required:"true"`
	DueOn calendar.Date `json:"due_on" required:"true"`
}

// Validate lists what is missing.
func (r *OrderRectification) Validate() error {
	var c fault.Checks
	c.Text(r.Order, "order", 5000, "YP23-M-16")
	c.Require(!r.DueOn.IsZero(), "due_on", "required", "必填", "is required", "YP23-M-16")
	return c.Err()
}

// Order has the audited unit put something right; it was heard before.
func (s *Service) Order(ctx context.Context, r OrderRectification) (Case, error) {
	return s.examine(ctx, r.ID, func(by principal, c *Case, rec *aggregate.Recorder) error {
		if c.ordered() != nil {
			return ErrState.WithMsg("尚有未完成的整改", "an order waits already")
		}
		o := Rectification{
			ID: number(c.ID, "r", len(c.Rectifications)), Order: r.Order, OrderedBy: by.Actor(), OrderedOn: rec.Today().String(), DueOn: r.DueOn.String(),
			Reports: []Report{}, Reviews: []Review{},
		}
		if err := s.rectifyBy(c, rec, r.DueOn); err != nil {
			return err
		}
		var err error
		if o.Signature, err = s.Sign("auditexport.OrderRectification", by, o); err != nil {
			return err
		}
		c.Rectifications = append(c.Rectifications, o)
		rec.State(c.ID, &auditexportv1.AuditRectificationOrdered{
			CaseId: c.ID, RectificationId: o.ID, Unit: c.AuditedUnit, Order: o.Order, DueOn: o.DueOn, Basis: s.basis(c.Pack), Signature: o.Signature,
		})
		return nil
	}, Examined)
}

// rectifyBy starts the clock of an order.
func (s *Service) rectifyBy(c *Case, rec *aggregate.Recorder, due calendar.Date) error {
	var checks fault.Checks
	checks.Require(due.After(rec.Today()), "due_on", "in_past", "整改期限须晚于今天", "the day is after today", "YP23-M-16")
	if err := checks.Err(); err != nil {
		return err
	}
	terms, err := s.Rules.Appointed(c.Pack, clockRectify, rec.Today(), due, s.basis(c.Pack)...)
	if err != nil {
		return err
	}
	c.MeetClock(rec, clockRectify, rec.Today()) // reported, to be done again by the new day
	c.StartClock(rec, c.AuditedUnit, terms)
	c.State = Rectifying
	c.askUnit("report_audit_rectification", "落实审计整改：")
	return nil
}

// ReviewRectification says whether a report is enough.
type ReviewRectification struct {
	ID         string        `path:"id" json:"-"`
	CarriedOut bool          `json:"carried_out" required:"true"`
	Remark     string        `json:"remark" required:"true"`
	DueOn      calendar.Date `json:"due_on"` // anew, where it is not carried out
}

// Validate lists what is missing.
func (r *ReviewRectification) Validate() error {
	var c fault.Checks
	c.Text(r.Remark, "remark", 5000, "YP23-M-16")
	c.Require(r.CarriedOut || !r.DueOn.IsZero(), "due_on", "required", "未落实的须重新限期", "what is not carried out gets a new day", "YP23-M-16")
	c.Require(!r.CarriedOut || r.DueOn.IsZero(), "due_on", "not_applicable", "已落实的不填期限", "what is carried out has no day", "YP23-M-16")
	return c.Err()
}

// Review closes an order that is carried out, or sets a new day.
func (s *Service) Review(ctx context.Context, r ReviewRectification) (Case, error) {
	return s.examine(ctx, r.ID, func(by principal, c *Case, rec *aggregate.Recorder) error {
		o := c.ordered()
		if o == nil || len(o.Reports) == len(o.Reviews) {
			return ErrState.WithMsg("没有待复核的整改报告", "no report waits for its review")
		}
		v := Review{CarriedOut: r.CarriedOut, Remark: r.Remark, By: by.Actor(), On: rec.Today().String()}
		if !r.CarriedOut {
			v.DueOn = r.DueOn.String()
			if err := s.rectifyBy(c, rec, r.DueOn); err != nil {
				return err
			}
		} else {
			c.askAuditors("conclude_audit_case", "办结审计事项：")
		}
		var err error
		if v.Signature, err = s.Sign("auditexport.ReviewRectification", by, v); err != nil {
			return err
		}
		o.Done, o.Reviews = r.CarriedOut, append(o.Reviews, v)
		rec.State(c.ID, &auditexportv1.AuditRectificationReviewed{
			CaseId: c.ID, RectificationId: o.ID, Unit: c.AuditedUnit, CarriedOut: v.CarriedOut, Remark: v.Remark, Signature: v.Signature,
		})
		return nil
	}, Examined)
}
