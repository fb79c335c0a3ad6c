package declaration

import (
	"cmp"
	"context"

	"egov/libs/aggregate"
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

// Against is what stands against a project that is about to change: against its
// unit, the system it names or builds (which has the project's own id), its
// lineage. What other projects did counts, whoever may see those projects.
type Against struct {
	Unit        bool
	System      bool
	LockedUntil string // the first day on which the lineage may be declared again
}

// system is the register id of the system that the project is about.
func (p *Project) system() string { return cmp.Or(p.SystemID, p.ID) }
