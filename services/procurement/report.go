package procurement

import (
	"context"
	"fmt"
	"regexp"
	"slices"

	"egov/libs/aggregate"
	"egov/libs/authn"
	"egov/libs/calendar"
	"egov/libs/fault"
	procurementv1 "egov/proto/gen/egov/procurement/v1"
)

// Errors of reports and rectifications.
var (
	ErrReport = fault.New(fault.Refused, "report_refused",
		"执行情况表不符合要求", "the quarterly report cannot be taken", "YP23-R-5.5.4")
	ErrReported = fault.New(fault.Conflict, "already_reported",
		"该季度已填报", "that quarter has been reported already", "YP23-R-5.5.4")
	ErrRectification = fault.New(fault.Refused, "rectification_refused",
		"不具备提出整改的条件", "a rectification cannot be ordered", "YP23-R-5.5.4")
	ErrNoRectification = fault.New(fault.NotFound, "no_such_rectification",
		"没有待办的整改", "no such rectification is open")
)

// behindParam is the figure of a pack by how many points of a hundred progress
// may stay below plan before it is clearly behind.
const behindParam = "clearly_behind"

// QuarterReport is one quarter's return on a project (YP23-R-5.5.4).
type QuarterReport struct {
	Quarter  string `json:"quarter"` // "2026Q3"
	Progress int    `json:"progress_percent"`
	Planned  int    `json:"planned_percent"`
	PaidFen  int64  `json:"paid_fen"` // as finance had recorded it
	Summary  string `json:"summary"`
	Behind   bool   `json:"behind"`
	On       string `json:"reported_on"`
}

// Rectification is one order to catch up.
type Rectification struct {
	ID     string `json:"id"`
	Reason string `json:"reason"`
	DueOn  string `json:"due_on"`
	Report string `json:"report,omitempty"`
	// ReportedBy had a hand in the report and does not find on it (SH12-P-9).
	ReportedBy string `json:"reported_by,omitempty"`
	Result     string `json:"result,omitempty"`
	State      string `json:"state"` // ordered, reported or closed
}

// The states of a rectification.
const (
	ordered  = "ordered"
	reported = "reported"
	closed   = "closed"
)

// ReportQuarter reports one quarter.
type ReportQuarter struct {
	ID       string `path:"id" json:"-"`
	Quarter  string `json:"quarter" required:"true" pattern:"^[0-9]{4}Q[1-4]$"`
	Progress int    `json:"progress_percent" required:"true" minimum:"0" maximum:"100"`
	Planned  int    `json:"planned_percent" required:"true" minimum:"0" maximum:"100"`
	Summary  string `json:"summary" required:"true"`
}

var quarterForm = regexp.MustCompile(`^[0-9]{4}Q[1-4]$`)

// Validate lists what is missing or out of range.
func (r *ReportQuarter) Validate() error {
	const basis = "YP23-R-5.5.4"
	var c fault.Checks
	c.Require(quarterForm.MatchString(r.Quarter), "quarter", "bad_quarter", "季度格式如2026Q3", "a quarter is written like 2026Q3", basis)
	c.Require(r.Progress >= 0 && r.Progress <= 100, "progress_percent", "out_of_range", "须在0至100之间", "between 0 and 100", basis)
	c.Require(r.Planned >= 0 && r.Planned <= 100, "planned_percent", "out_of_range", "须在0至100之间", "between 0 and 100", basis)
	c.Text(r.Summary, "summary", 5000, basis)
	return c.Err()
}

// quarterOf names the quarter of a day.
func quarterOf(d calendar.Date) string {
	y, m, _ := d.Split()
	return fmt.Sprintf("%dQ%d", y, (int(m)+2)/3)
}

// ReportQuarter takes one quarter's return, once, from the contract on. Progress
// clearly below plan lets the conference office order a rectification.
func (s *Service) ReportQuarter(ctx context.Context, r ReportQuarter) (Procurement, error) {
	return s.Procurements.Update(ctx, r.ID, func(p *Procurement, rec *aggregate.Recorder) error {
		if err := p.ownedBy(rec.By()); err != nil {
			return err
		}
		if err := p.at(Contracted, Rectifying); err != nil {
			return err
		}
		if slices.ContainsFunc(p.Reports, func(q QuarterReport) bool { return q.Quarter == r.Quarter }) {
			return ErrReported
		}
		first, err := calendar.ParseDate(p.Contracts[0].EffectiveOn)
		if err != nil {
			return err
		}
		var c fault.Checks
		c.Require(r.Quarter >= quarterOf(first) && r.Quarter <= quarterOf(rec.Today()), "quarter", "wrong_quarter",
			"季度须在合同生效与今天之间", "the quarter lies between the contract and today", "YP23-R-5.5.4")
		if err := c.Refuse(ErrReport); err != nil {
			return err
		}
		pack, err := s.Rules.Of(p.Project.GetPack())
		if err != nil {
			return err
		}
		q := QuarterReport{Quarter: r.Quarter, Progress: r.Progress, Planned: r.Planned, PaidFen: p.PaidFen, Summary: r.Summary, On: rec.Today().String()}
		if limit := pack.Param(behindParam); limit != nil {
			const points = 100 // basis points in a point of a hundred
			q.Behind = int64(q.Planned-q.Progress)*points >= limit.At(rec.Today())
		}
		p.Reports = append(p.Reports, q)
		p.Share(ConferenceOffice)
		if err := s.nextQuarter(p, rec); err != nil {
			return err
		}
		p.Answered("order_rectification")
		if q.Behind {
			p.Ask(aggregate.Todo{Action: "order_rectification", Role: "secretary", Unit: ConferenceOffice, Title: "进度明显落后，提出整改建议：" + p.Title})
		}
		rec.State(p.ID, &procurementv1.QuarterReported{
			ProjectId: p.ID, Quarter: q.Quarter, ProgressPercent: int32(q.Progress), PlannedPercent: int32(q.Planned), PaidFen: q.PaidFen, Summary: q.Summary, Behind: q.Behind,
		})
		return nil
	})
}

// nextQuarter meets the running clock and, where the obligation repeats, starts
// the next one where the last one ended.
func (s *Service) nextQuarter(p *Procurement, rec *aggregate.Recorder) error {
	clock := p.Running(clockQuarter)
	if clock == nil {
		return nil
	}
	ended := clock.DueOn
	p.MeetClock(rec, clockQuarter, rec.Today())
	pack, err := s.Rules.Of(p.Project.GetPack())
	if err != nil {
		return err
	}
	if d, _ := pack.Deadline(clockQuarter); !d.Repeats {
		return nil
	}
	return s.Rules.Start(p.Base(), rec, p.Project.GetPack(), clockQuarter, p.Unit, ended)
}

// OrderRectification has a project that is clearly behind catch up by a day.
type OrderRectification struct {
	ID     string        `path:"id" json:"-"`
	Reason string        `json:"reason" required:"true"`
	DueOn  calendar.Date `json:"due_on" required:"true"`
}

// Validate lists what is missing.
func (r *OrderRectification) Validate() error {
	var c fault.Checks
	c.Text(r.Reason, "reason", 2000, "YP23-R-5.5.4")
	c.Require(!r.DueOn.IsZero(), "due_on", "required", "必填", "is required", "YP23-R-5.5.4")
	return c.Err()
}

// Order has a project that is clearly behind catch up; one order at a time.
func (s *Service) Order(ctx context.Context, r OrderRectification) (Procurement, error) {
	return s.Procurements.Update(ctx, r.ID, func(p *Procurement, rec *aggregate.Recorder) error {
		if err := followedBy(rec.By()); err != nil {
			return err
		}
		if err := p.at(Contracted, Rectifying); err != nil {
			return err
		}
		var c fault.Checks
		n := len(p.Reports)
		c.Require(n > 0 && p.Reports[n-1].Behind, "id", "not_behind", "最近一次填报的进度未明显落后", "the latest report is not clearly behind plan", "YP23-R-5.5.4")
		c.Require(p.openRectification() == nil, "id", "rectification_open", "上一项整改尚未完成", "an earlier rectification is still open", "YP23-R-5.5.4")
		c.Require(r.DueOn.After(rec.Today()), "due_on", "in_past", "整改期限须晚于今天", "the day of the rectification is after today", "YP23-R-5.5.4")
		if err := c.Refuse(ErrRectification); err != nil {
			return err
		}
		o := Rectification{ID: fmt.Sprintf("%s-r%d", p.ID, len(p.Rectifications)+1), Reason: r.Reason, DueOn: r.DueOn.String(), State: ordered}
		p.Rectifications = append(p.Rectifications, o)
		p.Answered("order_rectification")
		rec.State(p.ID, &procurementv1.RectificationOrdered{ProjectId: p.ID, RectificationId: o.ID, Reason: o.Reason, DueOn: o.DueOn, Basis: []string{"YP23-R-5.5.4"}})
		return s.catchUp(p, rec, r.DueOn, "落实整改建议并报告")
	})
}

// catchUp gives the unit until a day.
func (s *Service) catchUp(p *Procurement, rec *aggregate.Recorder, by calendar.Date, title string) error {
	terms, err := s.Rules.Appointed(p.Project.GetPack(), clockRectify, rec.Today(), by, "YP23-R-5.5.4")
	if err != nil {
		return err
	}
	p.StartClock(rec, p.Unit, terms)
	p.Ask(aggregate.Todo{Action: "report_rectification", Role: "declarer", Unit: p.Unit, Title: title})
	return nil
}

func (p *Procurement) openRectification() *Rectification {
	i := slices.IndexFunc(p.Rectifications, func(r Rectification) bool { return r.State != closed })
	if i < 0 {
		return nil
	}
	return &p.Rectifications[i]
}

// ReportRectification says what the unit did about an order.
type ReportRectification struct {
	ID     string `path:"id" json:"-"`
	Report string `json:"report" required:"true"`
}

// Validate wants the report.
func (r *ReportRectification) Validate() error {
	var c fault.Checks
	c.Text(r.Report, "report", 5000, "YP23-R-5.5.4")
	return c.Err()
}

// ReportRectification lays the unit's report on the open order before the
// conference office.
func (s *Service) ReportRectification(ctx context.Context, r ReportRectification) (Procurement, error) {
	return s.Procurements.Update(ctx, r.ID, func(p *Procurement, rec *aggregate.Recorder) error {
		if err := p.ownedBy(rec.By()); err != nil {
			return err
		}
		o := p.openRectification()
		if o == nil || o.State != ordered {
			return ErrNoRectification
		}
		o.State, o.Report, o.ReportedBy = reported, r.Report, rec.By().Actor()
		p.MeetClock(rec, clockRectify, rec.Today())
		p.Answered("report_rectification")
		p.Ask(aggregate.Todo{Action: "close_rectification", Role: "secretary", Unit: ConferenceOffice, Title: "核实整改结果：" + p.Title})
		rec.State(p.ID, &procurementv1.RectificationReported{ProjectId: p.ID, RectificationId: o.ID, Report: o.Report})
		return nil
	})
}

// CloseRectification is the conference office's finding.
type CloseRectification struct {
	ID     string        `path:"id" json:"-"`
	Done   bool          `json:"done" required:"true"` // false sends the unit back to work
	Result string        `json:"result" required:"true"`
	DueOn  calendar.Date `json:"due_on"` // the new day, for a unit that goes back to work
}

// Validate wants the finding in words, and a day for more work.
func (r *CloseRectification) Validate() error {
	var c fault.Checks
	c.Text(r.Result, "result", 5000, "YP23-R-5.5.4")
	c.Require(r.Done == r.DueOn.IsZero(), "due_on", "required", "整改未完成的须另定期限，已完成的不填", "a new day where more is to be done, none where it is done", "YP23-R-5.5.4")
	return c.Err()
}

// CloseRectification ends a reported rectification, or sends the unit back to
// work.
func (s *Service) CloseRectification(ctx context.Context, r CloseRectification) (Procurement, error) {
	return s.Procurements.Update(ctx, r.ID, func(p *Procurement, rec *aggregate.Recorder) error {
		if err := followedBy(rec.By()); err != nil {
			return err
		}
		o := p.openRectification()
		if o == nil || o.State != reported {
			return ErrNoRectification
		}
		if by := rec.By(); by.IsAny(p.Declarants) || by.IsAny(authn.Accounts(o.ReportedBy)) {
			return ErrOwnProject.WithMsg("经办人不得核实自己申报的项目或自己报告的整改", "nobody finds on a project they declared or a rectification they reported")
		}
		o.Result = r.Result
		p.Answered("close_rectification")
		if r.Done {
			o.State = closed
			rec.State(p.ID, &procurementv1.RectificationClosed{ProjectId: p.ID, RectificationId: o.ID, Result: o.Result})
			return nil
		}
		var c fault.Checks
		c.Require(r.DueOn.After(rec.Today()), "due_on", "in_past", "整改期限须晚于今天", "the day of the rectification is after today", "YP23-R-5.5.4")
		if err := c.Refuse(ErrRectification); err != nil {
			return err
		}
		o.State, o.DueOn = ordered, r.DueOn.String()
		return s.catchUp(p, rec, r.DueOn, "整改未获认可，请继续落实并报告")
	})
}
