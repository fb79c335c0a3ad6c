package cryptoassessment

import (
	"context"
	"slices"

	"egov/libs/aggregate"
	"egov/libs/calendar"
	typev1 "egov/proto/gen/egov/type/v1"
)

// The checklist items that this duty answers for. stable: codes of the packs.
const (
	itemPlan      = "crypto_plan"
	itemExemption = "xc_confidential_filing"
	stepExemption = "xc_exemption_filing"
)

// ended is why a clock of a project that is no more stops.
const ended = "项目申报终止"

// ProjectSubmitted opens the tasks that a declaration brings: a plan, the
// papers of an exemption. A project that needs neither leaves nothing here.
// Declarers are the accounts that submitted it.
func (s *Service) ProjectSubmitted(ctx context.Context, p *typev1.ProjectBrief, declarers []string) error {
	if slices.Contains(p.GetItems(), itemPlan) {
		if err := s.wantPlan(ctx, p, declarers); err != nil {
			return err
		}
	}
	if slices.Contains(p.GetItems(), itemExemption) || slices.Contains(p.GetSteps(), stepExemption) {
		return s.wantExemption(ctx, p, declarers)
	}
	return nil
}

// ProjectAccepted notes that the project owes a crypto assessment before its
// acceptance, where the decision says so (YP23-M-28, YP23-M-35).
func (s *Service) ProjectAccepted(ctx context.Context, p *typev1.ProjectBrief) error {
	if !obliged(p) {
		return nil
	}
	return s.know(ctx, p.GetProjectId(), func(a *Assessment, _ *aggregate.Recorder) error {
		a.Project, a.OfProject, a.Title = p, p.GetProjectId(), p.GetTitle()
		if a.SystemID == "" {
			a.SystemID = p.GetSystemId()
		}
		a.Own(p.GetUnit())
		a.Share(p.GetSupervisor())
		return nil
	})
}

// ContractFiled begins the work, and with it the time to be assessed.
func (s *Service) ContractFiled(ctx context.Context, project string) error {
	return s.know(ctx, project, func(a *Assessment, _ *aggregate.Recorder) error {
		a.Contracted = true
		return nil
	})
}

// PutIntoUse begins the yearly periods of the system that a project built.
func (s *Service) PutIntoUse(ctx context.Context, project string, on calendar.Date) error {
	return s.know(ctx, project, func(a *Assessment, rec *aggregate.Recorder) error {
		if a.InUse {
			return nil
		}
		a.InUse = true
		return s.schedule(a, rec, on)
	})
}

// Graded is what the register of systems says of one system.
type Graded struct {
	SystemID, Project, Name, Unit string
	Grade                         int
	InUse                         bool
	On                            calendar.Date
}

// SystemGraded takes over a system's grade. A grade that asks for assessments
// puts the system on the list; any other only matters where it stands already.
func (s *Service) SystemGraded(ctx context.Context, g Graded) error {
	change := func(a *Assessment, rec *aggregate.Recorder) error {
		a.SystemID, a.Grade, a.InUse = g.SystemID, g.Grade, a.InUse || g.InUse
		if a.OfProject == "" {
			a.OfProject = g.Project
		}
		if a.Title == "" {
			a.Title = g.Name
		}
		a.Own(g.Unit)
		return s.schedule(a, rec, g.On)
	}
	pack, err := s.Rules.For(nil, s.District, g.On)
	if err != nil {
		return err
	}
	if _, _, ok := pack.Procedure().AssessmentMonths("crypto_assessment", int64(g.Grade)); ok {
		return s.know(ctx, g.SystemID, change)
	}
	return aggregate.Follow(ctx, s.Assessments, g.SystemID, func(a *Assessment, rec *aggregate.Recorder) error {
		if err := change(a, rec); err != nil {
			return err
		}
		a.settle()
		return nil
	})
}

// SystemRetired ends the periods of a system that is off the register.
func (s *Service) SystemRetired(ctx context.Context, system, reason string) error {
	return aggregate.Follow(ctx, s.Assessments, system, func(a *Assessment, rec *aggregate.Recorder) error {
		a.close(rec, reason)
		return nil
	})
}

// ProjectEnded takes a declaration that was withdrawn or refused off the desks.
func (s *Service) ProjectEnded(ctx context.Context, project string) error {
	if err := aggregate.Follow(ctx, s.Plans, project, func(l *Plan, rec *aggregate.Recorder) error { l.close(rec); return nil }); err != nil {
		return err
	}
	if err := aggregate.Follow(ctx, s.Exemptions, project, func(x *Exemption, rec *aggregate.Recorder) error { x.close(rec); return nil }); err != nil {
		return err
	}
	return aggregate.Follow(ctx, s.Assessments, project, func(a *Assessment, rec *aggregate.Recorder) error {
		a.close(rec, ended)
		return nil
	})
}
