package declaration

import (
	"context"

	"egov/libs/aggregate"
	"egov/libs/fault"
	declarationv1 "egov/proto/gen/egov/declaration/v1"
)

// SupervisorReview is the supervising unit's answer to a subordinate's
// declaration (YP23-R-5.1.2).
type SupervisorReview struct {
	ID       string `path:"id" json:"-"`
	Approved bool   `json:"approved" required:"true"`
	Opinion  string `json:"opinion" required:"true"`
}

// Validate wants reasons either way.
func (r *SupervisorReview) Validate() error {
	var c fault.Checks
	c.Text(r.Opinion, "opinion", 2000, "YP23-R-5.1.2")
	return c.Err()
}

// ReviewAsSupervisor sends the declaration on to the conference office, or back
// to the unit.
func (s *Service) ReviewAsSupervisor(ctx context.Context, r SupervisorReview) (Project, error) {
	return s.Projects.Update(ctx, r.ID, func(p *Project, rec *aggregate.Recorder) error {
		if err := p.at(WithSupervisor); err != nil {
			return err
		}
		if rec.By().Unit != p.Supervisor {
			return ErrSupervisor
		}
		if err := p.reviewedBy(rec.By()); err != nil {
			return err
		}
		basis := []string{"YP23-R-5.1.2"}
		if !r.Approved {
			p.Stage, p.ReturnReason = Returned, r.Opinion
			p.Await(aggregate.Todo{Action: "submit", Role: "declarer", Unit: p.Unit, Title: "主管部门退回，请修改后重新提交"})
			rec.State(p.ID, &declarationv1.SupervisorReturned{ProjectId: p.ID, Supervisor: p.Supervisor, Reason: r.Opinion, Basis: basis})
			return nil
		}
		p.Case.SupervisorApproved = true
		rec.State(p.ID, &declarationv1.SupervisorApproved{ProjectId: p.ID, Supervisor: p.Supervisor, Opinion: r.Opinion, Basis: basis})
		return s.submit(p, rec)
	})
}
