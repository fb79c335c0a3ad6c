package cryptoassessment

import (
	"context"
	"slices"

	"egov/libs/aggregate"
	"egov/libs/attachment"
	"egov/libs/authn"
	"egov/libs/calendar"
	"egov/libs/fault"
	cryptoassessmentv1 "egov/proto/gen/egov/cryptoassessment/v1"
	typev1 "egov/proto/gen/egov/type/v1"
)

// AssessmentState is where the assessments of one project or system stand.
type AssessmentState string

// The states. A system whose grade asks for it is assessed again with every
// period, so that completed is not the end.
const (
	AssessmentLater     AssessmentState = "later" // known, not due to begin
	AssessmentOwed      AssessmentState = "owed"
	AssessmentSubmitted AssessmentState = "submitted"
	AssessmentCompleted AssessmentState = "completed"
	AssessmentClosed    AssessmentState = "closed"
)

// Assessment is the crypto assessments of one project, before its acceptance
// (YP23-M-28), and of the system it builds or of one in use, period by period
// (YP23-M-35). Its id is the project's or the system's.
type Assessment struct {
	aggregate.Root
	Title       string                `json:"title"`
	Project     *typev1.ProjectBrief  `json:"project,omitempty"` // whose obligation it is
	OfProject   string                `json:"of_project,omitempty"`
	SystemID    string                `json:"system_id,omitempty"`
	State       AssessmentState       `json:"state"`
	Grade       int                   `json:"grade"`      // 0 while the system has none
	InUse       bool                  `json:"in_use"`     // the system runs
	Contracted  bool                  `json:"contracted"` // the project is under contract: work goes on
	NextDueOn   string                `json:"next_due_on,omitempty"`
	Report      *Report               `json:"report,omitempty"` // before the bureau
	Reports     []Report              `json:"reports"`          // answered, oldest first
	Attachments []attachment.Document `json:"attachments"`
}

// Report is one crypto assessment, made by an assessor, and what became of it.
type Report struct {
	ReportContent
	SubmittedBy string            `json:"submitted_by"`
	SubmittedOn string            `json:"submitted_on"`
	Accepted    bool              `json:"accepted"`
	Opinion     string            `json:"opinion,omitempty"`
	ReviewedBy  string            `json:"reviewed_by,omitempty"`
	ReviewedOn  string            `json:"reviewed_on,omitempty"`
	Signature   *typev1.Signature `json:"signature,omitempty"`
}

// ReportContent is what the unit says of a report.
type ReportContent struct {
	Assessor    string        `json:"assessor" required:"true"`
	ReportNo    string        `json:"report_no" required:"true"`
	Conformant  *bool         `json:"conformant" required:"true"`
	Conclusion  string        `json:"conclusion" required:"true"`
	CompletedOn calendar.Date `json:"completed_on" required:"true"`
}

func (c *ReportContent) conformant() bool { return c.Conformant != nil && *c.Conformant }

// know finds or makes the row of a project or system. One that nobody is asked
// for yet is seen by nobody: facts arrive in any order between producers.
func (s *Service) know(ctx context.Context, id string, change aggregate.Change[Assessment]) error {
	_, err := s.Assessments.Upsert(ctx, id, func(a *Assessment, rec *aggregate.Recorder) error {
		if a.State == "" {
			a.ProjectID, a.State, a.Reports, a.Attachments = a.ID, AssessmentLater, []Report{}, []attachment.Document{}
			a.Unit, a.Parties = "", []string{}
		}
		if err := change(a, rec); err != nil {
			return err
		}
		a.settle()
		return nil
	})
	return err
}

// settle says whether a report is owed now.
func (a *Assessment) settle() {
	if a.State == AssessmentSubmitted || a.State == AssessmentClosed {
		return
	}
	passed := a.passed() != nil
	switch {
	case a.Project != nil && a.Contracted && !passed:
		a.State = AssessmentOwed
		a.Await(aggregate.Todo{Action: "submit_report", Role: "declarer", Unit: a.Unit, Title: "竣工验收前提交密码应用安全性评估报告：" + a.Title})
	case a.NextDueOn != "":
		a.State = AssessmentOwed
		if passed {
			a.State = AssessmentCompleted
		}
		a.Await(aggregate.Todo{Action: "submit_report", Role: "declarer", Unit: a.Unit, Title: "按期开展商用密码应用安全性评估：" + a.Title})
	case passed:
		a.State = AssessmentCompleted
		a.Await()
	default:
		a.State = AssessmentLater
		a.Await()
	}
}

// passed is the last report that was taken and found conformant, or nil.
func (a *Assessment) passed() *Report {
	for i := len(a.Reports) - 1; i >= 0; i-- {
		if r := &a.Reports[i]; r.Accepted && r.conformant() {
			return r
		}
	}
	return nil
}

// schedule sets the period of a graded system in use, from a day on; a grade
// that is not assessed has none.
func (s *Service) schedule(a *Assessment, rec *aggregate.Recorder, from calendar.Date) error {
	a.NextDueOn = ""
	a.WaiveClock(rec, "crypto_assessment", "重新计算密评周期")
	if a.State == AssessmentClosed || !a.InUse || a.Grade == 0 {
		return nil
	}
	pack, err := s.Rules.For(a.Project, s.District, rec.Today())
	if err != nil {
		return err
	}
	months, basis, ok := pack.Procedure().AssessmentMonths("crypto_assessment", int64(a.Grade))
	if !ok {
		return nil
	}
	if last := a.passed(); last != nil {
		from = last.CompletedOn
	}
	due, err := s.Rules.Calendar.Current().DueMonths(from, months)
	if err != nil {
		return err
	}
	terms, err := s.Rules.Appointed(pack.ID(), "crypto_assessment", from, due.Due, basis...)
	if err != nil {
		return err
	}
	a.NextDueOn = due.Due.String()
	a.StartClock(rec, a.Unit, terms)
	return nil
}

// SubmitReport brings a report.
type SubmitReport struct {
	ID string `path:"id" json:"-"`
	ReportContent
}

// Validate lists what is missing.
func (r *SubmitReport) Validate() error {
	var c fault.Checks
	c.Text(r.Assessor, "assessor", 200, "YP23-M-35")
	c.Text(r.ReportNo, "report_no", 100, "YP23-M-35")
	c.Require(r.Conformant != nil, "conformant", "required", "必填", "is required", "YP23-M-35")
	c.Text(r.Conclusion, "conclusion", 5000, "YP23-M-35")
	c.Require(!r.CompletedOn.IsZero(), "completed_on", "required", "必填", "is required", "YP23-M-35")
	return c.Err()
}

// SubmitReport lays a report before the bureau.
func (s *Service) SubmitReport(ctx context.Context, r SubmitReport) (Assessment, error) {
	return s.Assessments.Update(ctx, r.ID, func(a *Assessment, rec *aggregate.Recorder) error {
		if err := a.editable(rec.By()); err != nil {
			return err
		}
		if err := r.fits(a, rec.Today()); err != nil {
			return err
		}
		a.State = AssessmentSubmitted
		a.Report = &Report{ReportContent: r.ReportContent, SubmittedBy: rec.By().Actor(), SubmittedOn: rec.Today().String()}
		a.Share(Bureau)
		a.Await(aggregate.Todo{Action: "review_report", Role: "crypto_officer", Unit: Bureau, Title: "审核密评报告：" + a.Title})
		rec.State(a.ProjectID, &cryptoassessmentv1.CryptoAssessmentSubmitted{
			ProjectId: a.OfProject, SystemId: a.SystemID, Assessor: r.Assessor, ReportNo: r.ReportNo,
			Conformant: r.conformant(), CompletedOn: r.CompletedOn.String(),
		})
		return s.Rules.Start(a.Base(), rec, a.Project.GetPack(), "crypto_report_review", Bureau, rec.Today())
	})
}

// editable refuses anybody but the unit, and a row on which nothing is owed or
// that is before the bureau.
func (a *Assessment) editable(by authn.Principal) error {
	if by.Unit != a.Unit {
		return ErrNotOwner
	}
	if a.State == AssessmentSubmitted || a.State == AssessmentClosed {
		return wrongState("密评", string(a.State))
	}
	return nil
}

// fits refuses a report that cannot be the next one.
func (r *SubmitReport) fits(a *Assessment, today calendar.Date) error {
	var c fault.Checks
	c.Require(!r.CompletedOn.After(today), "completed_on", "in_the_future", "评估完成日期不得晚于今天", "not after today", "YP23-M-35")
	for i := range a.Reports {
		if !a.Reports[i].Accepted {
			continue
		}
		c.Require(a.Reports[i].ReportNo != r.ReportNo, "report_no", "recorded_before", "该报告已登记", "this report is on record already", "YP23-M-35")
	}
	if last := a.passed(); last != nil {
		day := last.CompletedOn.String()
		c.Require(!r.CompletedOn.Before(last.CompletedOn), "completed_on", "out_of_order",
			"早于最近一次评估（"+day+"）", "before the last assessment ("+day+")", "YP23-M-35")
	}
	return c.Refuse(ErrReport)
}

// ReviewReport is the bureau's answer to a report.
type ReviewReport struct {
	ID       string `path:"id" json:"-"`
	Accepted *bool  `json:"accepted" required:"true"`
	Opinion  string `json:"opinion" required:"true"`
}

// Validate wants an answer and its reasons.
func (r *ReviewReport) Validate() error {
	return checkAnswer(r.Accepted, "accepted", r.Opinion, "YP23-M-35")
}

// ReviewReport takes a report or sends it back. A report that is taken and
// finds the system not conformant leaves the assessment owed.
func (s *Service) ReviewReport(ctx context.Context, r ReviewReport) (Assessment, error) {
	return s.Assessments.Update(ctx, r.ID, func(a *Assessment, rec *aggregate.Recorder) error {
		if a.State != AssessmentSubmitted {
			return wrongState("密评", string(a.State))
		}
		if err := answers(rec.By(), authn.Accounts(a.Report.SubmittedBy)...); err != nil {
			return err
		}
		v := *a.Report
		v.Accepted, v.Opinion, v.ReviewedBy, v.ReviewedOn = *r.Accepted, r.Opinion, rec.By().Actor(), rec.Today().String()
		var err error
		if v.Signature, err = s.Sign("cryptoassessment.ReviewReport", rec.By(), map[string]any{"id": a.ID, "report": v, "attachments": a.Attachments}); err != nil {
			return err
		}
		a.Report, a.State = nil, AssessmentOwed
		a.Reports = append(a.Reports, v)
		a.MeetClock(rec, "crypto_report_review", rec.Today())
		basis := []string{"YP23-M-28", "YP23-M-35"}
		if !v.Accepted {
			a.settle()
			rec.State(a.ProjectID, &cryptoassessmentv1.CryptoAssessmentReturned{
				ProjectId: a.OfProject, SystemId: a.SystemID, ReportNo: v.ReportNo, Reason: v.Opinion, Basis: basis,
			})
			return nil
		}
		if v.conformant() {
			a.MeetClock(rec, "crypto_assessment", v.CompletedOn)
			if err := s.schedule(a, rec, v.CompletedOn); err != nil {
				return err
			}
		}
		a.settle()
		rec.State(a.ProjectID, &cryptoassessmentv1.CryptoAssessmentCompleted{
			ProjectId: a.OfProject, SystemId: a.SystemID, Assessor: v.Assessor, Conformant: v.conformant(), ReportNo: v.ReportNo,
			CompletedOn: v.CompletedOn.String(), NextDueOn: a.NextDueOn, Basis: basis, Signature: v.Signature,
		})
		return nil
	})
}

// close ends what is owed.
func (a *Assessment) close(rec *aggregate.Recorder, reason string) {
	a.State, a.Report, a.NextDueOn = AssessmentClosed, nil, ""
	a.WaiveClock(rec, "crypto_assessment", reason)
	a.WaiveClock(rec, "crypto_report_review", reason)
	a.Await()
}

// obliged reports whether the decision lays a crypto assessment on the project.
func obliged(p *typev1.ProjectBrief) bool {
	return slices.Contains(p.GetObligations(), "crypto_assessment")
}
