package conference

import (
	"context"

	"egov/libs/aggregate"
	declarationv1 "egov/proto/gen/egov/declaration/v1"
)

// PlanBrief is what the conference knows of a plan of the office that it
// reviews: the development plan (YP23-M-7) or a yearly plan with its node
// targets (YP23-M-8). The text itself the members read at the office.
type PlanBrief struct {
	Kind   string   `json:"kind"` // a plan of the pack
	Title  string   `json:"title"`
	Pack   string   `json:"pack"`
	SHA256 string   `json:"sha256"` // of the plan's canonical content, hex
	Round  int32    `json:"round"`  // before the conference, from 1
	Basis  []string `json:"basis"`
}

// PlanLaid makes a plan a candidate for the agenda, or brings a deferred one
// back with what it says now (YP23-M-7).
func (s *Service) PlanLaid(ctx context.Context, f *declarationv1.PlanLaid) error {
	return s.follow(ctx, f.GetPlanId(), func(d *Docket, _ *aggregate.Recorder) {
		d.Reopened = d.Plan != nil && f.GetRound() > d.Plan.Round
		d.Plan = &PlanBrief{Kind: f.GetKind(), Title: f.GetTitle(), Pack: f.GetPack(), SHA256: f.GetSha256(), Round: f.GetRound(), Basis: f.GetBasis()}
		d.Title = f.GetTitle()
		d.Share(Office)
	})
}

// planProposable refuses what may not become an item about a plan: anything but
// a plan that was laid before the conference and is not decided (YP23-M-7).
func (d *Docket) planProposable(kind ItemKind) error {
	switch {
	case d.Plan == nil || kind != PlanItem:
		return ErrNotAPlan
	case d.listedAs(PlanItem, ""):
		return ErrListed
	case d.State == Decided:
		return ErrSettled
	}
	return nil
}
