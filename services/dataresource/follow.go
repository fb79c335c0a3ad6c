package dataresource

import (
	"context"
	"slices"

	"egov/libs/aggregate"
	typev1 "egov/proto/gen/egov/type/v1"
)

// ProjectSubmitted notes what a project owes this duty: the items of its
// checklist that the centre answers for.
func (s *Service) ProjectSubmitted(ctx context.Context, p *typev1.ProjectBrief) error {
	catalogue, cloud := slices.Contains(p.GetItems(), "data_catalogue"), slices.Contains(p.GetItems(), "cloud_request")
	if !catalogue && !cloud {
		return nil
	}
	return s.need(ctx, p.GetProjectId(), func(n *Need) {
		n.Project, n.Title = p, p.GetTitle()
		n.Own(p.GetUnit())
		n.Share(Centre)
		n.Catalogue.Owed, n.Cloud.Owed = catalogue, cloud
	})
}

// CatalogueLaid notes that the unit has laid a catalogue before the centre; the
// fact may arrive before the project's own.
func (s *Service) CatalogueLaid(ctx context.Context, project string) error {
	return s.need(ctx, project, func(n *Need) { n.Catalogue.Done = true })
}

// CloudAsked notes that the unit has asked for the cloud.
func (s *Service) CloudAsked(ctx context.Context, project string) error {
	return s.need(ctx, project, func(n *Need) { n.Cloud.Done = true })
}

func (s *Service) need(ctx context.Context, project string, change func(*Need)) error {
	if project == "" {
		return nil // a catalogue or request outside of projects
	}
	_, err := s.Needs.Upsert(ctx, project, func(n *Need, _ *aggregate.Recorder) error {
		n.ProjectID = project
		change(n)
		var todo []aggregate.Todo
		if n.Catalogue.open() {
			todo = append(todo, aggregate.Todo{Action: "submit_catalogue", Role: "declarer", Unit: n.Unit, Title: "编制数据资源目录：" + n.Title})
		}
		if n.Cloud.open() {
			todo = append(todo, aggregate.Todo{Action: "request_cloud", Role: "declarer", Unit: n.Unit, Title: "申请政务云资源：" + n.Title})
		}
		n.Await(todo...)
		return nil
	})
	return err
}
