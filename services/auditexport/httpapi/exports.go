package httpapi

import (
	"context"

	"egov/libs/calendar"
	"egov/libs/ledger/bundle"
	"egov/libs/op"
	"egov/services/auditexport"
)

// mountExports puts the operations on bundles on the API.
func mountExports(a *op.API, s *auditexport.Service) {
	auditor := op.Roles("auditor")
	op.Handle(a, "POST /v1/exports", "MakeExport", "Ask for a bundle of a project, a time or the whole ledger; it is written in the background", s.MakeExport, auditor, op.Created())
	op.Handle(a, "POST /v1/projects/{id}/archive", "ArchiveProject", "Ask for the package in which a closed project is handed to its unit's archive", s.ArchiveProject, auditor, op.Created())
	op.Handle(a, "GET /v1/exports", "ListExports", "The bundles asked for, newest first", s.ListExports, auditor)
	op.Handle(a, "GET /v1/exports/{id}", "GetExport", "What is on record of one bundle, and how far its file has got", s.GetExport, auditor)
	op.Handle(a, "POST /v1/exports/{id}/pause", "PauseExport", "Let the writing of a bundle rest", s.PauseExport, auditor)
	op.Handle(a, "POST /v1/exports/{id}/resume", "ResumeExport", "Go on with a bundle that rests, or write one again whose file is gone", s.ResumeExport, auditor)
	op.Handle(a, "POST /v1/exports/{id}/cancel", "CancelExport", "Give a bundle up and remove what there is of its file", s.CancelExport, auditor)
	op.Handle(a, "GET /v1/exports/{id}/file", "TakeExport", "The bundle's ZIP archive; with Range, the rest of one whose beginning is there", func(ctx context.Context, r auditexport.TakeExport) (op.File, error) {
		e, from, body, err := s.ExportFile(ctx, auditexport.ByID{ID: r.ID}, func(e auditexport.Export) int64 {
			return op.RangeOf(r.Range, r.IfRange, tag(e), e.Bytes)
		})
		return op.File{Name: bundleName(e), MediaType: "application/zip", Body: body, Size: e.Bytes, ETag: tag(e), From: from}, err
	}, auditor)
}

// tag is the entity tag of a bundle's file.
func tag(e auditexport.Export) string { return `"` + e.SHA256 + `"` }

func bundleName(e auditexport.Export) string {
	name := "audit"
	if e.Package == bundle.PackageArchive {
		name = e.Package
	}
	name += "-" + calendar.DateOf(e.CreatedAt).String()
	if e.Project != "" {
		name += "-" + e.Project
	}
	return name + ".zip"
}
