package cybersecurity

import (
	"context"
	"slices"

	"egov/libs/aggregate"
	typev1 "egov/proto/gen/egov/type/v1"
)

// The checklist items that this duty answers for. stable: codes of the packs.
const (
	itemConsent = "cac_consent"
	itemGrading = "mlps_grading"
)

// ProjectSubmitted opens the tasks that a declaration brings: consent to
// publish, a system to be graded. A project that needs neither leaves nothing
// here but a note at the system it works on. Declarers are the accounts that
// submitted it.
func (s *Service) ProjectSubmitted(ctx context.Context, p *typev1.ProjectBrief, declarers []string) error {
	if needs(p, itemConsent) {
		if err := s.requestConsent(ctx, p, declarers); err != nil {
			return err
		}
	}
	if needs(p, itemGrading) {
		if err := s.plan(ctx, p, declarers); err != nil {
			return err
		}
	}
	if p.GetSystemId() == "" || p.GetSystemId() == p.GetProjectId() {
		return nil
	}
	return aggregate.Follow(ctx, s.Systems, p.GetSystemId(), func(y *System, _ *aggregate.Recorder) error {
		if y.Unit == p.GetUnit() && !slices.Contains(y.Projects, p.GetProjectId()) {
			y.Projects = append(y.Projects, p.GetProjectId())
		}
		return nil
	})
}

// needs reports whether the declaration's checklist or steps ask for an item.
func needs(p *typev1.ProjectBrief, item string) bool {
	return slices.Contains(p.GetItems(), item) || slices.Contains(p.GetSteps(), item)
}

// ProjectEnded takes the tasks of a declaration that was withdrawn or refused
// off the desks, and a system that will not be built off the register.
func (s *Service) ProjectEnded(ctx context.Context, project string) error {
	if err := aggregate.Follow(ctx, s.Consents, project, closeConsent); err != nil {
		return err
	}
	return aggregate.Follow(ctx, s.Systems, project, func(y *System, rec *aggregate.Recorder) error {
		if !y.InUse && y.State != SystemRetired {
			y.retire(rec, "项目申报终止")
		}
		return nil
	})
}
