package expertreview

import (
	"context"

	"egov/libs/aggregate"
	"egov/libs/policy"
	typev1 "egov/proto/gen/egov/type/v1"
)

// ProjectAccepted opens an evaluation, or the next round of one, when the
// project's route has one.
func (s *Service) ProjectAccepted(ctx context.Context, p *typev1.ProjectBrief) error {
	if evaluated, err := s.Rules.Serves(p, policy.ThirdPartyEvaluation); err != nil || !evaluated {
		return err
	}
	_, err := s.Evaluations.Upsert(ctx, p.GetProjectId(), func(e *Evaluation, _ *aggregate.Recorder) error {
		e.ProjectID, e.Project, e.Title = e.ID, p, p.GetTitle()
		if e.Round == 0 {
			e.Own(Office)
			e.Opinions = []Opinion{}
			e.Share(p.GetUnit())
		}
		e.Round++
		e.State, e.Agency, e.Panel = Waiting, "", nil
		e.Await(aggregate.Todo{Action: "assign", Role: "secretary", Unit: Office, Title: "指派第三方评估机构：" + e.Title})
		return nil
	})
	return err
}

// ConsentGiven notes cac's consent; it may come before or after the project.
func (s *Service) ConsentGiven(ctx context.Context, project string) error {
	_, err := s.Evaluations.Upsert(ctx, project, func(e *Evaluation, _ *aggregate.Recorder) error {
		e.ProjectID, e.Consent = project, true
		if e.Unit == "" || e.Project == nil {
			e.Own(Office)
		}
		if e.Opinions == nil {
			e.Opinions = []Opinion{}
		}
		return nil
	})
	return err
}

// ProjectEnded closes the evaluation of a project that was withdrawn.
func (s *Service) ProjectEnded(ctx context.Context, project string) error {
	_, err := s.Evaluations.Upsert(ctx, project, func(e *Evaluation, _ *aggregate.Recorder) error {
		e.ProjectID = project
		e.Await()
		if e.State == Waiting || e.State == Assigned || e.State == PanelNeeded || e.State == Drawn {
			e.State = Failed
		}
		return nil
	})
	return err
}
