package declaration

import (
	"context"
	"errors"

	"egov/libs/aggregate"
	"egov/libs/authn"
	"egov/libs/fault"
)

// Standing is what stands against a unit or a system, by project: a
// rectification the unit owes past its day (YP23-R-5.6.1), or an acceptance
// that failed and is not made good (YP23-R-5.5.7). Its id is "unit/<code>" or
// "system/<id>".
type Standing struct {
	aggregate.Root
	Against map[string]string `json:"against"` // project id → why
}

// against says whether anything stands against id. It is asked as the service:
// what another unit's project did counts, whoever may see that project.
func (s *Service) against(ctx context.Context, id string) (bool, error) {
	st, err := s.Standings.Get(authn.With(ctx, authn.Service("declaration", Office)), id)
	if f, ok := errors.AsType[*fault.Error](err); ok && f.Kind == fault.NotFound {
		return false, nil
	}
	return len(st.Against) > 0, err
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

// record is what stands against a project's unit and system when it is
// submitted or accepted.
type record struct{ unit, system bool }

func (s *Service) recordOf(ctx context.Context, id string) (r record, err error) {
	p, err := s.Projects.Get(ctx, id)
	if err != nil {
		return r, err
	}
	if r.unit, err = s.against(ctx, "unit/"+p.Unit); err != nil {
		return r, err
	}
	r.system, err = s.against(ctx, "system/"+p.system())
	return r, err
}
