package budgeting

import (
	"context"
	"slices"

	"egov/libs/aggregate"
	"egov/libs/authn"
	"egov/libs/calendar"
	"egov/libs/fault"
	budgetingv1 "egov/proto/gen/egov/budgeting/v1"
)

// Rectification is the obligation to make good, and report, what a
// self-evaluation found wanting; its clock runs to the day that was set.
// stable: deadline code.
const Rectification = "performance_rectification"

// The states of an evaluation.
const (
	done       = "done"
	rectifying = "rectifying"
	reported   = "reported"
	rectified  = "rectified"
)

// SelfEvaluate is a unit's own evaluation of one year of a project
// (YP23-R-5.6.1).
type SelfEvaluate struct {
	ID        string        `path:"id" json:"-"`
	Year      int           `json:"year" required:"true"`
	GoalsMet  bool          `json:"goals_met" required:"true"`
	Summary   string        `json:"summary" required:"true"`
	Measures  string        `json:"measures"`   // where goals are not met
	RectifyBy calendar.Date `json:"rectify_by"` // where goals are not met
}

// Validate lists what is missing.
func (r *SelfEvaluate) Validate() error {
	const basis = "YP23-R-5.6.1"
	var c fault.Checks
	c.Require(r.Year > 0, "year", "required", "必填", "is required", basis)
	c.Text(r.Summary, "summary", 5000, basis)
	if r.GoalsMet {
		c.Require(r.Measures == "" && r.RectifyBy.IsZero(), "measures", "not_applicable", "目标已实现的不填整改", "goals that are met need no rectification", basis)
	} else {
		c.Text(r.Measures, "measures", 5000, basis)
		c.Require(!r.RectifyBy.IsZero(), "rectify_by", "required", "目标未实现的须填写整改期限", "unmet goals need a day for the rectification", basis)
	}
	return c.Err()
}

// Evaluate records a self-evaluation, once for each year from the budget's
// year on. Unmet goals start the clock of a rectification.
func (s *Service) Evaluate(ctx context.Context, r SelfEvaluate) (Budget, error) {
	return s.Budgets.Update(ctx, r.ID, func(b *Budget, rec *aggregate.Recorder) error {
		if err := b.ownedBy(rec.By()); err != nil {
			return err
		}
		if err := b.at(Issued); err != nil {
			return err
		}
		if slices.ContainsFunc(b.Evaluations, func(e Evaluation) bool { return e.Year == r.Year }) {
			return ErrEvaluated
		}
		var c fault.Checks
		today := rec.Today()
		c.Require(r.Year >= b.Request.FiscalYear && r.Year <= today.Year(), "year", "wrong_year",
			"自评年度须在预算年度与今年之间", "the year is between the budget's and the current one", "YP23-R-5.6.1")
		if !r.GoalsMet {
			c.Require(r.RectifyBy.After(today), "rectify_by", "in_past", "整改期限须晚于今天", "the day of the rectification is after today", "YP23-R-5.6.1")
			c.Require(b.rectification() < 0, "measures", "rectification_open", "上一年度的整改尚未完成", "the rectification of an earlier year is still open", "YP23-R-5.6.1")
		}
		if err := c.Refuse(ErrEvaluation); err != nil {
			return err
		}
		e := Evaluation{Year: r.Year, GoalsMet: r.GoalsMet, Summary: r.Summary, Measures: r.Measures, RectifyBy: r.RectifyBy.String(), State: done, On: today.String()}
		b.Share(ConferenceOffice)
		if !r.GoalsMet {
			e.State = rectifying
			if err := s.rectify(b, rec, r.RectifyBy, "落实绩效自评整改并报告"); err != nil {
				return err
			}
		}
		b.Evaluations = append(b.Evaluations, e)
		rec.State(b.ID, &budgetingv1.PerformanceSelfEvaluated{
			ProjectId: b.ID, Year: int32(e.Year), GoalsMet: e.GoalsMet, Summary: e.Summary, Measures: e.Measures, RectifyBy: e.RectifyBy, Basis: []string{"YP23-R-5.6.1"},
		})
		return nil
	})
}

// rectify gives the unit until a day to make good what was found wanting.
func (s *Service) rectify(b *Budget, rec *aggregate.Recorder, by calendar.Date, title string) error {
	terms, err := s.Rules.Appointed(b.Project.GetPack(), Rectification, rec.Today(), by, "YP23-R-5.6.1")
	if err != nil {
		return err
	}
	b.StartClock(rec, b.Unit, terms)
	b.Ask(aggregate.Todo{Action: "report_rectification", Role: "declarer", Unit: b.Unit, Title: title})
	return nil
}

// ReportRectification says what the unit did about unmet goals.
type ReportRectification struct {
	ID     string `path:"id" json:"-"`
	Year   int    `path:"year" json:"-"`
	Report string `json:"report" required:"true"`
}

// Validate wants the report.
func (r *ReportRectification) Validate() error {
	var c fault.Checks
	c.Text(r.Report, "report", 5000, "YP23-R-5.6.1")
	return c.Err()
}

// ReportRectification lays the unit's report before the conference office.
func (s *Service) ReportRectification(ctx context.Context, r ReportRectification) (Budget, error) {
	return s.Budgets.Update(ctx, r.ID, func(b *Budget, rec *aggregate.Recorder) error {
		if err := b.ownedBy(rec.By()); err != nil {
			return err
		}
		i := b.rectification()
		if i < 0 || b.Evaluations[i].Year != r.Year {
			return ErrNoEvaluation
		}
		if b.Evaluations[i].State != rectifying {
			return ErrState.WithMsg("整改情况已报告，正在核实", "the rectification is reported and being looked at")
		}
		b.Evaluations[i].State, b.Evaluations[i].Report, b.Evaluations[i].ReportedBy = reported, r.Report, rec.By().Actor()
		b.MeetClock(rec, Rectification, rec.Today())
		b.Answered("report_rectification")
		b.Ask(aggregate.Todo{Action: "close_rectification", Role: "secretary", Unit: ConferenceOffice, Title: "核实绩效整改结果：" + b.Title})
		return nil
	})
}

// CloseRectification is the conference office's finding on a reported
// rectification.
type CloseRectification struct {
	ID        string        `path:"id" json:"-"`
	Year      int           `path:"year" json:"-"`
	Done      bool          `json:"done" required:"true"` // false sends the unit back to work
	Result    string        `json:"result" required:"true"`
	RectifyBy calendar.Date `json:"rectify_by"` // the new day, for a unit that goes back to work
}

// Validate wants the finding in words, and a day for more work.
func (r *CloseRectification) Validate() error {
	const basis = "YP23-R-5.6.1"
	var c fault.Checks
	c.Text(r.Result, "result", 5000, basis)
	c.Require(r.Done == r.RectifyBy.IsZero(), "rectify_by", "required", "整改未完成的须另定期限，已完成的不填", "a new day where more is to be done, none where it is done", basis)
	return c.Err()
}

// CloseRectification ends a rectification and releases what was held back, or
// sends the unit back to work.
func (s *Service) CloseRectification(ctx context.Context, r CloseRectification) (Budget, error) {
	return s.Budgets.Update(ctx, r.ID, func(b *Budget, rec *aggregate.Recorder) error {
		if rec.By().Unit != ConferenceOffice {
			return ErrNotConferenceOffice
		}
		i := b.rectification()
		if i < 0 || b.Evaluations[i].Year != r.Year {
			return ErrNoEvaluation
		}
		e := &b.Evaluations[i]
		if e.State != reported {
			return ErrState.WithMsg("申报单位尚未报告整改情况", "the unit has not reported on the rectification")
		}
		if by := rec.By(); by.IsAny(b.Declarants) || by.IsAny(authn.Accounts(e.ReportedBy)) {
			return ErrOwnProject.WithMsg("经办人不得核实自己申报的项目或自己报告的整改", "nobody finds on a project they declared or a rectification they reported")
		}
		e.Result = r.Result
		b.Answered("close_rectification")
		if !r.Done {
			var c fault.Checks
			c.Require(r.RectifyBy.After(rec.Today()), "rectify_by", "in_past", "整改期限须晚于今天", "the day of the rectification is after today", "YP23-R-5.6.1")
			if err := c.Refuse(ErrEvaluation); err != nil {
				return err
			}
			e.State, e.RectifyBy = rectifying, r.RectifyBy.String()
			return s.rectify(b, rec, r.RectifyBy, "整改未获认可，请继续落实并报告")
		}
		e.State = rectified
		rec.State(b.ID, &budgetingv1.PerformanceRectified{ProjectId: b.ID, Year: int32(e.Year), Result: r.Result, Basis: []string{"YP23-R-5.6.1"}})
		if b.Held {
			b.Held = false
			rec.State(b.ID, &budgetingv1.HoldReleased{ProjectId: b.ID, Unit: b.Unit, Reason: r.Result})
		}
		return nil
	})
}
