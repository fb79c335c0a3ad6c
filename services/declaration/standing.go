package declaration

import (
	"context"

	"egov/libs/aggregate"
	"egov/libs/authn"
	"egov/libs/fault"
)

// Standing is what stands against a unit, a system or a lineage: a
// rectification the unit owes past its day (YP23-R-5.6.1), an acceptance that
// failed and is not made good (YP23-R-5.5.7), the failed reviews of a project
// and of those that declared it before (YP23-R-5.4.3). Its id is "unit/<code>",
// "system/<id>" or "lineage/<id>".
type Standing struct {
	aggregate.Root
	Against     map[string]string `json:"against,omitempty"` // project id → why
	Failures    Failures          `json:"failures"`          // of a lineage
	LockedUntil string            `json:"locked_until,omitempty"`
}

// standing reads what stands against id. It is asked as the service: what
// another project did counts, whoever may see that project.
func (s *Service) standing(ctx context.Context, id string) (Standing, error) {
	st, err := s.Standings.Get(authn.With(ctx, authn.Service("declaration", Office)), id)
	if fault.Is(err, fault.NotFound) {
		return Standing{}, nil
	}
	return st, err
}

// Hold notes something against a unit or system.
func (s *Service) Hold(ctx context.Context, id, project, why string) error {
	_, err := s.Standings.Upsert(ctx, id, func(st *Standing, _ *aggregate.Recorder) error {
		if st.Against == nil {
			st.Against = map[string]string{}
		}
		st.Against[project] = why
		return nil
	})
	return err
}

// Clear strikes it.
func (s *Service) Clear(ctx context.Context, id, project string) error {
	_, err := s.Standings.Upsert(ctx, id, func(st *Standing, _ *aggregate.Recorder) error {
		delete(st.Against, project)
		return nil
	})
	return err
}

// system is the register id of the system that the project is about: the one it
// names, or the one it builds, which has the project's own id.
func (p *Project) system() string {
	if p.SystemID != "" {
		return p.SystemID
	}
	return p.ID
}

// record is what stands against a project when it is submitted or accepted.
type record struct {
	unit, system bool
	lockedUntil  string // the first day on which the lineage may be declared again
}

func (s *Service) recordOf(ctx context.Context, id string) (r record, err error) {
	p, err := s.Projects.Get(ctx, id)
	if err != nil {
		return r, err
	}
	unit, err := s.standing(ctx, "unit/"+p.Unit)
	if err != nil {
		return r, err
	}
	system, err := s.standing(ctx, "system/"+p.system())
	if err != nil {
		return r, err
	}
	lineage, err := s.standing(ctx, "lineage/"+p.Lineage)
	return record{unit: len(unit.Against) > 0, system: len(system.Against) > 0, lockedUntil: lineage.LockedUntil}, err
}
