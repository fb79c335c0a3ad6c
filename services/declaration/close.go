package declaration

import (
	"context"
	"strings"

	"egov/libs/aggregate"
	"egov/libs/fault"
	declarationv1 "egov/proto/gen/egov/declaration/v1"
)

// CloseProject asks to close a project on which nothing is owed any more: from
// then on its files can go to the unit's archive (SH12-A).
type CloseProject struct {
	ID     string `path:"id" json:"-"`
	Reason string `json:"reason" required:"true"`
}

// Validate wants the reason.
func (r *CloseProject) Validate() error {
	var c fault.Checks
	c.Text(r.Reason, "reason", 2000)
	return c.Err()
}

// ErrOwed refuses to close a project on which something is owed.
var ErrOwed = fault.New(fault.Refused, "still_owed", "项目尚有未了事项，不能结项", "something is still owed on the project, which cannot be closed", "SH12-A")

// Close closes a project that has come to its end, whatever end its rules gave it
// (SH12-A). The refusal names everything that is still owed: each clock of the
// project's own that runs or was missed and not made good, a change under
// decision, and money. What is owed on something that came out of it, such as a
// catalogue's upkeep, outlives the project.
func (s *Service) Close(ctx context.Context, r CloseProject) (Project, error) {
	d, err := s.Dossier(ctx, GetProject{ID: r.ID})
	if err != nil {
		return Project{}, err
	}
	return s.Projects.Update(ctx, r.ID, func(p *Project, rec *aggregate.Recorder) error {
		if err := p.at(Operating, HandedOver, Refused, Stopped, Withdrawn); err != nil {
			return err
		}
		if err := p.owed(d.Deadlines); err != nil {
			return err
		}
		p.Stage = Closed
		p.Await()
		rec.State(p.ID, &declarationv1.ProjectClosed{ProjectId: p.ID, Reason: r.Reason})
		return nil
	})
}

// owed refuses while something is owed on the project.
func (p *Project) owed(clocks []DossierClock) error {
	var owed []fault.Violation
	for _, c := range clocks {
		if strings.HasPrefix(c.ID, p.ID+"/") && c.runs() {
			owed = append(owed, fault.Violation{
				Field: c.Obligation, Code: "clock_runs", Basis: c.Basis,
				Msg: "时限未了：" + c.Unit + "，" + c.DueOn, MsgEN: "its clock has not ended: " + c.Unit + ", " + c.DueOn,
			})
		}
	}
	if p.OpenChange != "" {
		owed = append(owed, fault.Violation{
			Field: "change", Code: "undecided", Msg: "变更申请尚未审议", MsgEN: "a change is not decided", Basis: []string{"YP23-R-5.5.5"},
		})
	}
	if p.Amounts.PaidFen < p.Amounts.FinalFen {
		owed = append(owed, fault.Violation{
			Field: "paid_fen", Code: "unpaid", Msg: "决算金额尚未付清", MsgEN: "less is paid than it came to in the end", Basis: []string{"SH12-A"},
		})
	}
	if len(owed) > 0 {
		return ErrOwed.WithViolations(owed...)
	}
	return nil
}

// runs says whether what the clock counts the days of is still owed.
func (c DossierClock) runs() bool {
	switch c.State {
	case "open", "warned", "paused":
		return true
	case "late": // until it is made good
		return c.MetOn == ""
	}
	return false
}
