package cybersecurity

import (
	"context"
	"slices"

	"egov/libs/aggregate"
	"egov/libs/calendar"
	"egov/libs/fault"
	cybersecurityv1 "egov/proto/gen/egov/cybersecurity/v1"
)

// RiskAssessment is one weighing of a system's risks (XA18-26).
type RiskAssessment struct {
	Assessor    string `json:"assessor"`
	ReportNo    string `json:"report_no"`
	Summary     string `json:"summary"`
	HighRisks   int    `json:"high_risks"` // that are left to be treated
	CompletedOn string `json:"completed_on"`
}

// ErrRisk refuses a report that cannot be of this system.
var ErrRisk = fault.New(fault.Refused, "risk_assessment_refused",
	"风险评估结果不能登记", "the risk assessment cannot be recorded", "XA18-26")

// important reports whether the pack's clocks of important systems run for a
// system: one that holds data above general ones, or has the grade from which
// the pack calls it important (XA18-26).
func (s *Service) important(y *System, today calendar.Date) (bool, error) {
	pack, err := s.Rules.For(y.Project, s.District, today)
	if err != nil {
		return false, err
	}
	p := pack.Param("important_grade")
	return y.DataLevel != "general" || p != nil && int64(y.Grade) >= p.At(today), nil
}

// scheduleRisk starts the clock of an important system that is in use and has
// none, from a day on (XA18-26).
func (s *Service) scheduleRisk(y *System, rec *aggregate.Recorder, from calendar.Date) error {
	if !y.InUse || y.Running(clockRisk) != nil {
		return nil
	}
	if ok, err := s.important(y, rec.Today()); err != nil || !ok {
		return err
	}
	pack, err := s.Rules.For(y.Project, s.District, rec.Today())
	if err != nil {
		return err
	}
	return s.Rules.Start(y.Base(), rec, pack.ID(), clockRisk, y.Unit, from)
}

// RecordRisks is the result of one weighing.
type RecordRisks struct {
	ID          string        `path:"id" json:"-"`
	Assessor    string        `json:"assessor" required:"true"`
	ReportNo    string        `json:"report_no" required:"true"`
	Summary     string        `json:"summary" required:"true"`
	HighRisks   int           `json:"high_risks"`
	CompletedOn calendar.Date `json:"completed_on" required:"true"`
}

// Validate lists what is missing.
func (r *RecordRisks) Validate() error {
	var c fault.Checks
	c.Text(r.Assessor, "assessor", 200, "XA18-26")
	c.Text(r.ReportNo, "report_no", 100, "XA18-26")
	c.Text(r.Summary, "summary", 5000, "XA18-26")
	c.Require(r.HighRisks >= 0, "high_risks", "out_of_range", "不得为负数", "must not be negative", "XA18-26")
	c.Require(!r.CompletedOn.IsZero(), "completed_on", "required", "必填", "is required", "XA18-26")
	return c.Err()
}

// AssessRisks records that a system's risks were weighed; the next period runs
// from that day (XA18-26).
func (s *Service) AssessRisks(ctx context.Context, r RecordRisks) (System, error) {
	return s.Systems.Update(ctx, r.ID, func(y *System, rec *aggregate.Recorder) error {
		if err := y.ownedBy(rec.By()); err != nil {
			return err
		}
		if err := y.at(SystemRegistered, SystemProposed, SystemGraded); err != nil {
			return err
		}
		var c fault.Checks
		on := r.CompletedOn.String()
		c.Require(y.InUse, "id", "not_in_use", "系统尚未投入使用", "the system is not in use yet", "XA18-26")
		c.Require(!r.CompletedOn.After(rec.Today()), "completed_on", "in_the_future", "完成日期不得晚于今天", "not after today", "XA18-26")
		c.Require(!slices.ContainsFunc(y.Risks, func(x RiskAssessment) bool { return x.ReportNo == r.ReportNo }), "report_no", "recorded_before",
			"该评估报告已登记", "this report is on record already", "XA18-26")
		n := len(y.Risks)
		c.Require(n == 0 || on >= y.Risks[max(0, n-1)].CompletedOn, "completed_on", "out_of_order", "早于最近一次评估", "before the last assessment", "XA18-26")
		if err := c.Refuse(ErrRisk); err != nil {
			return err
		}
		y.Risks = append(y.Risks, RiskAssessment{Assessor: r.Assessor, ReportNo: r.ReportNo, Summary: r.Summary, HighRisks: r.HighRisks, CompletedOn: on})
		y.Answered("record_risk_assessment")
		y.MeetClock(rec, clockRisk, r.CompletedOn)
		rec.State(y.ProjectID, &cybersecurityv1.RisksAssessed{
			ProjectId: y.project(), SystemId: y.ID, Assessor: r.Assessor, ReportNo: r.ReportNo, CompletedOn: on, HighRisks: int32(r.HighRisks), Basis: []string{"XA18-26"},
		})
		return s.scheduleRisk(y, rec, r.CompletedOn)
	})
}
