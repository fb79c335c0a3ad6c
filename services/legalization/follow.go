package legalization

import (
	"context"

	"egov/libs/aggregate"
	typev1 "egov/proto/gen/egov/type/v1"
)

// softwareRoute is the route of purchases that are filed with the conference
// and pass over this desk (YP23-R-5.3.9, YP23-M-36).
const softwareRoute = "software_filing"

// ProjectAccepted opens the need of a software-purchase project, for its unit
// to say which products.
func (s *Service) ProjectAccepted(ctx context.Context, p *typev1.ProjectBrief) error {
	if p.GetRoute() != softwareRoute {
		return nil
	}
	_, err := s.Needs.Upsert(ctx, p.GetProjectId(), func(n *Need, _ *aggregate.Recorder) error {
		n.Project = p
		if n.State != "" {
			return nil // the unit was faster
		}
		n.ProjectID, n.Title, n.UnitKind, n.Products = p.GetProjectId(), p.GetTitle(), p.GetUnitKind(), []Product{}
		n.Parties = nil
		n.Own(p.GetUnit())
		n.Share(Committee)
		n.Await(aggregate.Todo{Action: "declare_need", Role: "declarer", Unit: n.Unit, Title: "申报正版软件需求：" + n.Title})
		return nil
	})
	return err
}
