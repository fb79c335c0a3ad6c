package expertreview

import (
	"context"
	"fmt"

	"egov/libs/aggregate"
	"egov/libs/fault"
	"egov/libs/policy"
	expertreviewv1 "egov/proto/gen/egov/expertreview/v1"
)

// AssignAgency gives a project to an evaluation agency.
type AssignAgency struct {
	ID     string `path:"id" json:"-"`
	Agency string `json:"agency" required:"true"` // the agency's unit code
}

// Validate wants the agency.
func (r *AssignAgency) Validate() error {
	var c fault.Checks
	c.Text(r.Agency, "agency", 64)
	return c.Err()
}

// Assign assigns the third-party evaluation when its gate is open.
func (s *Service) Assign(ctx context.Context, r AssignAgency) (Evaluation, error) {
	return s.Evaluations.Update(ctx, r.ID, func(e *Evaluation, rec *aggregate.Recorder) error {
		if err := e.at(Waiting); err != nil {
			return err
		}
		if r.Agency == e.Project.GetUnit() || r.Agency == e.Project.GetSupervisor() {
			return ErrConflict
		}
		err := s.Rules.Gate(e.Project, "evaluation", func(q policy.Requirement) bool {
			return (q.Fact == "PublishingConsentGiven" || q.Code == "cac_consent") && e.Consent
		})
		if err != nil {
			return err
		}
		e.State, e.Agency = Assigned, r.Agency
		e.Share(r.Agency)
		e.Await(aggregate.Todo{Action: "opinion", Role: "agency", Unit: r.Agency, Title: "提交第三方论证评估意见：" + e.Title})
		rec.State(e.ProjectID, &expertreviewv1.EvaluationAssigned{ProjectId: e.ProjectID, EvaluationId: e.evaluationID(), Agency: r.Agency, Round: int32(e.Round)})
		return s.Rules.Start(e.Base(), rec, e.Project.GetPack(), "third_party_evaluation", r.Agency, rec.Today())
	})
}

func (e *Evaluation) evaluationID() string { return fmt.Sprintf("%s-e%d", e.ID, e.Round) }
