package auditexport

import (
	"context"

	"egov/libs/fault"
	"egov/libs/ledger/bundle"
)

// ArchiveProject asks for the package in which a closed project is handed to its
// unit's own archive (SH12-A).
type ArchiveProject struct {
	ID string `path:"id" json:"-"`
}

// Validate wants a name.
func (r *ArchiveProject) Validate() error {
	var c fault.Checks
	c.Text(r.ID, "id", 200)
	return c.Err()
}

// ErrNotClosed refuses to archive what is still under way: closed files alone go
// to the archive (SH12-A).
var ErrNotClosed = fault.New(fault.Refused, "project_not_closed", "项目尚未结项，不能归档移交", "the project is not closed yet, and closed files alone go to the archive", "SH12-A")

// ArchiveProject begins the package of a closed project: authentic, whole, safe,
// and to be read without this suite (SH12-A). It is an export like others, and a
// bundle that every verifier takes.
func (s *Service) ArchiveProject(ctx context.Context, r ArchiveProject) (ExportStatus, error) {
	e := Export{Package: bundle.PackageArchive, Project: r.ID, Formats: formats(nil)}
	return s.ask(ctx, e, 0, r.ID)
}

// closed wants the project of an export to be closed (SH12-A). The refusal names
// the gate and the fact that is waited for.
func (s *Service) closed(ctx context.Context, e Export) error {
	f := Filter{Project: e.Project, Type: projectClosed, Last: e.Size}
	first, _, err := s.Book.Span(ctx, f)
	if err != nil || first > 0 {
		return err
	}
	return ErrNotClosed.WithViolations(fault.Violation{
		Field: "archive", Code: "ProjectClosed", Msg: "归档环节：须先有结项登记", MsgEN: "gate archive: the project must be closed first", Basis: []string{"SH12-A"},
	})
}
