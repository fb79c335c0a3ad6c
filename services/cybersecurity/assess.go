package cybersecurity

import (
	"context"

	"egov/libs/aggregate"
	"egov/libs/calendar"
	"egov/libs/fault"
	cybersecurityv1 "egov/proto/gen/egov/cybersecurity/v1"
)

// RecordAssessment is the result of one assessment of a graded system.
type RecordAssessment struct {
	ID          string        `path:"id" json:"-"`
	Assessor    string        `json:"assessor" required:"true"`
	ReportNo    string        `json:"report_no" required:"true"`
	Conformant  *bool         `json:"conformant" required:"true"`
	Summary     string        `json:"summary" required:"true"`
	CompletedOn calendar.Date `json:"completed_on" required:"true"`
}

// Validate lists what is missing.
func (r *RecordAssessment) Validate() error {
	var c fault.Checks
	c.Text(r.Assessor, "assessor", 200, "YP23-M-34")
	c.Text(r.ReportNo, "report_no", 100, "YP23-M-34")
	c.Require(r.Conformant != nil, "conformant", "required", "必填", "is required", "YP23-M-34")
	c.Text(r.Summary, "summary", 5000, "YP23-M-34")
	c.Require(!r.CompletedOn.IsZero(), "completed_on", "required", "必填", "is required")
	return c.Err()
}

// Assess records an assessment. A conformant one begins the next period; one
// that is not leaves the period running until the system is assessed again.
func (s *Service) Assess(ctx context.Context, r RecordAssessment) (System, error) {
	return s.Systems.Update(ctx, r.ID, func(y *System, rec *aggregate.Recorder) error {
		if err := y.ownedBy(rec.By()); err != nil {
			return err
		}
		if err := y.at(SystemGraded, SystemProposed); err != nil {
			return err
		}
		if y.Grade == 0 {
			return wrongState("信息系统", "the system", string(y.State))
		}
		if err := r.fits(y, rec.Today()); err != nil {
			return err
		}
		conformant := *r.Conformant
		if conformant {
			y.MeetClock(rec, "mlps_assessment", r.CompletedOn)
			if err := s.scheduleAssessment(y, rec, r.CompletedOn); err != nil {
				return err
			}
		}
		y.Assessments = append(y.Assessments, Assessment{
			Assessor: r.Assessor, ReportNo: r.ReportNo, Grade: y.Grade, Conformant: conformant, Summary: r.Summary,
			CompletedOn: r.CompletedOn.String(), NextDueOn: y.NextAssessmentOn,
		})
		y.askAssessment()
		rec.State(y.ProjectID, &cybersecurityv1.AssessmentCompleted{
			ProjectId: y.project(), SystemId: y.ID, Assessor: r.Assessor, Conformant: conformant, ReportNo: r.ReportNo,
			CompletedOn: r.CompletedOn.String(), NextDueOn: y.NextAssessmentOn, Grade: int32(y.Grade), Basis: []string{"YP23-M-34"},
		})
		return nil
	})
}

// fits refuses a report that cannot be of this system as it stands.
func (r *RecordAssessment) fits(y *System, today calendar.Date) error {
	var c fault.Checks
	c.Require(!r.CompletedOn.After(today), "completed_on", "in_the_future", "测评完成日期不得晚于今天", "not after today", "YP23-M-34")
	for _, a := range y.Assessments {
		c.Require(a.ReportNo != r.ReportNo, "report_no", "recorded_before", "该测评报告已登记", "this report is on record already", "YP23-M-34")
	}
	if n := len(y.Assessments); n > 0 {
		last := y.Assessments[n-1].CompletedOn
		c.Require(r.CompletedOn.String() >= last, "completed_on", "out_of_order",
			"早于最近一次测评（"+last+"）", "before the last assessment ("+last+")", "YP23-M-34")
	}
	return c.Refuse(ErrReport)
}
