package cybersecurity

import (
	"context"
	"fmt"

	"egov/libs/aggregate"
	"egov/libs/calendar"
	"egov/libs/fault"
	cybersecurityv1 "egov/proto/gen/egov/cybersecurity/v1"
)

// ProposeGrade is the grade a unit holds to be right for its system.
type ProposeGrade struct {
	ID            string `path:"id" json:"-"`
	BusinessGrade int    `json:"business_grade" required:"true" minimum:"1" maximum:"4"` // of business information (S)
	ServiceGrade  int    `json:"service_grade" required:"true" minimum:"1" maximum:"4"`  // of the service (A)
	Rationale     string `json:"rationale" required:"true"`
	ExpertOpinion string `json:"expert_opinion"` // from the pack's grade up
}

// Validate lists what is wrong whatever the system.
func (r *ProposeGrade) Validate() error {
	var c fault.Checks
	checkGrade(&c, r.BusinessGrade, "business_grade")
	checkGrade(&c, r.ServiceGrade, "service_grade")
	c.Text(r.Rationale, "rationale", 5000, "YP23-M-34")
	if r.ExpertOpinion != "" {
		c.Text(r.ExpertOpinion, "expert_opinion", 5000)
	}
	return c.Err()
}

func checkGrade(c *fault.Checks, grade int, field string) {
	c.Require(grade >= lowestGrade && grade <= highestGrade, field, "out_of_range",
		fmt.Sprintf("等级须为%d至%d", lowestGrade, highestGrade), fmt.Sprintf("grades are %d to %d", lowestGrade, highestGrade), "YP23-M-34")
}

// Propose lays a system's grade before police-cyber: the higher of its two
// grades.
func (s *Service) Propose(ctx context.Context, r ProposeGrade) (System, error) {
	return s.Systems.Update(ctx, r.ID, func(y *System, rec *aggregate.Recorder) error {
		if err := y.ownedBy(rec.By()); err != nil {
			return err
		}
		if err := y.at(SystemRegistered, SystemGraded); err != nil {
			return err
		}
		grade := max(r.BusinessGrade, r.ServiceGrade)
		pack, err := s.Rules.For(y.Project, s.District, rec.Today())
		if err != nil {
			return err
		}
		var c fault.Checks
		if p := pack.Param("mlps_expert_grade"); p != nil && int64(grade) >= p.At(rec.Today()) {
			c.Require(r.ExpertOpinion != "", "expert_opinion", "required",
				fmt.Sprintf("拟定%d级的须经专家评审", grade), fmt.Sprintf("grade %d needs an expert opinion", grade), p.Basis...)
		}
		if err := c.Refuse(ErrGrading); err != nil {
			return err
		}
		y.State, y.ReturnReason = SystemProposed, ""
		y.Proposal = &Proposal{
			BusinessGrade: r.BusinessGrade, ServiceGrade: r.ServiceGrade, Grade: grade, Rationale: r.Rationale, ExpertOpinion: r.ExpertOpinion,
			By: rec.By().Actor(), On: rec.Today().String(),
		}
		y.Share(Police)
		y.Ask(aggregate.Todo{Action: "determine_grade", Role: "police_officer", Unit: Police, Title: "等级保护定级审核：" + y.Title})
		y.Answered("propose_grade")
		rec.State(y.ProjectID, &cybersecurityv1.GradeProposed{
			ProjectId: y.project(), SystemId: y.ID, BusinessGrade: int32(r.BusinessGrade), ServiceGrade: int32(r.ServiceGrade), Grade: int32(grade),
			Rationale: r.Rationale, ExpertOpinion: r.ExpertOpinion, Basis: []string{"YP23-M-34"},
		})
		return s.Rules.Start(y.Base(), rec, pack.ID(), "mlps_grading", Police, rec.Today())
	})
}

// DetermineGrade is police-cyber's answer to a proposal.
type DetermineGrade struct {
	ID       string `path:"id" json:"-"`
	Grade    int    `json:"grade" required:"true" minimum:"1" maximum:"4"`
	FilingNo string `json:"filing_no"` // the police's filing number, from the pack's grade up
	Opinion  string `json:"opinion" required:"true"`
}

// Validate lists what is wrong whatever the system.
func (r *DetermineGrade) Validate() error {
	var c fault.Checks
	checkGrade(&c, r.Grade, "grade")
	if r.FilingNo != "" {
		c.Text(r.FilingNo, "filing_no", 100, "YP23-M-34")
	}
	c.Text(r.Opinion, "opinion", 2000, "YP23-M-34")
	return c.Err()
}

// Determine sets a system's grade, which need not be the proposed one.
func (s *Service) Determine(ctx context.Context, r DetermineGrade) (System, error) {
	y, err := s.Systems.Update(ctx, r.ID, func(y *System, rec *aggregate.Recorder) error {
		if err := y.forPolice(rec); err != nil {
			return err
		}
		today := rec.Today()
		pack, err := s.Rules.For(y.Project, s.District, today)
		if err != nil {
			return err
		}
		var c fault.Checks
		if p := pack.Param("mlps_filing_grade"); p == nil || int64(r.Grade) >= p.At(today) {
			basis := []string{"YP23-M-34"}
			if p != nil {
				basis = p.Basis
			}
			c.Require(r.FilingNo != "", "filing_no", "required",
				fmt.Sprintf("定为%d级的须有公安备案编号", r.Grade), fmt.Sprintf("grade %d has a police filing number", r.Grade), basis...)
		}
		if err := c.Refuse(ErrGrading); err != nil {
			return err
		}
		g := Grading{Grade: r.Grade, FilingNo: r.FilingNo, Opinion: r.Opinion, By: rec.By().Actor(), On: today.String()}
		if g.Signature, err = s.Sign("cybersecurity.DetermineGrade", rec.By(), map[string]any{
			"system_id": y.ID, "proposal": y.Proposal, "grade": g.Grade, "filing_no": g.FilingNo, "opinion": g.Opinion, "determined_on": g.On,
		}); err != nil {
			return err
		}
		y.State, y.Grade, y.FilingNo = SystemGraded, g.Grade, g.FilingNo
		y.Gradings = append(y.Gradings, g)
		y.Answered("determine_grade")
		y.MeetClock(rec, "mlps_grading", today)
		rec.State(y.ProjectID, &cybersecurityv1.GradeDetermined{
			ProjectId: y.project(), SystemId: y.ID, Grade: int32(g.Grade), FilingNo: g.FilingNo, DeterminedOn: g.On,
			Name: y.Title, Unit: y.Unit, InUse: y.InUse, Basis: []string{"YP23-M-34"}, Signature: g.Signature,
		})
		if err := s.scheduleRisk(y, rec, today); err != nil {
			return err
		}
		return s.scheduleAssessment(y, rec, today)
	})
	return taken(y, err, ErrNumber)
}

// ReturnGrading asks the unit to rework its proposal.
type ReturnGrading struct {
	ID     string `path:"id" json:"-"`
	Reason string `json:"reason" required:"true"`
}

// Validate wants the reason.
func (r *ReturnGrading) Validate() error {
	var c fault.Checks
	c.Text(r.Reason, "reason", 2000, "YP23-M-34")
	return c.Err()
}

// ReturnProposal sends a proposal back; a grade determined earlier holds on.
func (s *Service) ReturnProposal(ctx context.Context, r ReturnGrading) (System, error) {
	return s.Systems.Update(ctx, r.ID, func(y *System, rec *aggregate.Recorder) error {
		if err := y.forPolice(rec); err != nil {
			return err
		}
		y.State, y.ReturnReason = SystemRegistered, r.Reason
		if y.Grade > 0 {
			y.State = SystemGraded
		}
		y.Answered("determine_grade")
		y.Ask(aggregate.Todo{Action: "propose_grade", Role: "declarer", Unit: y.Unit, Title: "定级意见被退回，请修改后重新提出：" + y.Title})
		y.MeetClock(rec, "mlps_grading", rec.Today())
		rec.State(y.ProjectID, &cybersecurityv1.GradingReturned{ProjectId: y.project(), SystemId: y.ID, Reason: r.Reason, Basis: []string{"YP23-M-34"}})
		return nil
	})
}

// forPolice refuses anybody who may not answer the proposal, and an answer to
// none.
func (y *System) forPolice(rec *aggregate.Recorder) error {
	if err := y.at(SystemProposed); err != nil {
		return err
	}
	return answers(rec.By(), Police, y.authors())
}

// authors are everyone whose work the system's grade is.
func (y *System) authors() []string {
	return append([]string{y.Proposal.By}, y.Declarers...)
}

// scheduleAssessment says until when a graded system in use is assessed, from
// a day on; a system that is not in use yet waits for its acceptance.
func (s *Service) scheduleAssessment(y *System, rec *aggregate.Recorder, from calendar.Date) error {
	y.NextAssessmentOn = ""
	defer y.askAssessment()
	y.WaiveClock(rec, "mlps_assessment", "重新计算测评周期")
	if y.Grade == 0 || !y.InUse {
		return nil
	}
	pack, err := s.Rules.For(y.Project, s.District, rec.Today())
	if err != nil {
		return err
	}
	months, basis, ok := pack.Procedure().AssessmentMonths("mlps_assessment", int64(y.Grade))
	if !ok {
		return nil
	}
	due, err := s.Rules.Calendar.Current().DueMonths(from, months)
	if err != nil {
		return err
	}
	terms, err := s.Rules.Appointed(pack.ID(), "mlps_assessment", from, due.Due, basis...)
	if err != nil {
		return err
	}
	y.NextAssessmentOn = due.Due.String()
	y.StartClock(rec, y.Unit, terms)
	return nil
}

// askAssessment asks the unit for the next assessment: again after one that
// found the system not conformant, else when a period runs.
func (y *System) askAssessment() {
	n := len(y.Assessments)
	what := ""
	switch {
	case n > 0 && !y.Assessments[n-1].Conformant:
		what = "测评不符合，请整改后复测："
	case y.NextAssessmentOn != "":
		what = "按期开展等级保护测评："
	default:
		y.Answered("record_assessment")
		return
	}
	y.Ask(aggregate.Todo{Action: "record_assessment", Role: "declarer", Unit: y.Unit, Title: what + y.Title})
}

// PutIntoUse begins a built system's life on the day its project was accepted.
func (s *Service) PutIntoUse(ctx context.Context, project string, on calendar.Date) error {
	return aggregate.Follow(ctx, s.Systems, project, func(y *System, rec *aggregate.Recorder) error {
		if y.InUse || y.State == SystemRetired {
			return nil
		}
		y.InUse, y.InUseSince = true, on.String()
		if err := s.scheduleRisk(y, rec, on); err != nil {
			return err
		}
		return s.scheduleAssessment(y, rec, on)
	})
}
