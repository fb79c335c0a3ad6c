package conference

import (
	"context"

	"egov/libs/aggregate"
	"egov/libs/calendar"
	"egov/libs/fault"
	conferencev1 "egov/proto/gen/egov/conference/v1"
)

// Assignment is what a decision gives one unit to do (YP23-R-4.7).
type Assignment struct {
	Unit  string        `json:"unit" required:"true"` // a member unit or the declaring unit
	Task  string        `json:"task" required:"true"`
	DueOn calendar.Date `json:"due_on,omitzero"`
}

// FollowUp is an assignment and what became of it.
type FollowUp struct {
	Number int `json:"number"` // in the docket, from 1
	Assignment
	SessionID  string `json:"session_id"`
	ItemID     string `json:"item_id"`
	State      string `json:"state"` // open or done
	Report     string `json:"report,omitempty"`
	ReportedBy string `json:"reported_by,omitempty"`
	ReportedOn string `json:"reported_on,omitempty"` // YYYY-MM-DD
}

// role is who reports at the unit: the declaring unit's declarer, or a member.
func (f FollowUp) role(declaring string) string {
	if f.Unit == declaring {
		return "declarer"
	}
	return "member"
}

// ReportFollowUp is a unit's report on its part of a decision.
type ReportFollowUp struct {
	ID     string `path:"id" json:"-"`
	Number int    `path:"number" json:"-"`
	Report string `json:"report" required:"true"`
}

// Validate wants the report.
func (r *ReportFollowUp) Validate() error {
	var c fault.Checks
	c.Text(r.Report, "report", 10_000, "YP23-R-4.7")
	return c.Err()
}

// ReportFollowUp closes a follow-up with the unit's report.
func (s *Service) ReportFollowUp(ctx context.Context, r ReportFollowUp) (Docket, error) {
	return s.Dockets.Update(ctx, r.ID, func(d *Docket, rec *aggregate.Recorder) error {
		if r.Number < 1 || r.Number > len(d.FollowUps) {
			return ErrNoFollowUp
		}
		f := &d.FollowUps[r.Number-1]
		by := rec.By()
		if by.Unit != f.Unit {
			return ErrNotParty
		}
		if f.State != "open" {
			return ErrNoFollowUp.WithMsg("该落实事项已报告", "the follow-up is reported already")
		}
		f.State, f.Report, f.ReportedBy, f.ReportedOn = "done", r.Report, by.Actor(), rec.Today().String()
		rec.State(d.ID, &conferencev1.FollowUpReported{ProjectId: d.ID, SessionId: f.SessionID, Unit: f.Unit, Task: f.Task, Report: r.Report})
		return s.place(d)
	})
}
