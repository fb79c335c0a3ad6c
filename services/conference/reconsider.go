package conference

import (
	"context"

	"egov/libs/aggregate"
	"egov/libs/fault"
	conferencev1 "egov/proto/gen/egov/conference/v1"
)

// Reconsideration brings a decided project before the conference again
// (YP23-R-4.7). The decision stands until another one replaces it.
type Reconsideration struct {
	ItemID      string  `json:"item_id"` // of the decision to be reconsidered
	Outcome     Outcome `json:"outcome"` // that stood
	Reason      string  `json:"reason"`
	RequestedBy string  `json:"requested_by"`
	On          string  `json:"on"` // YYYY-MM-DD
}

// ReconsiderDocket is the office's request for reconsideration.
type ReconsiderDocket struct {
	ID     string `path:"id" json:"-"`
	Reason string `json:"reason" required:"true"`
}

// Validate wants the special case named.
func (r *ReconsiderDocket) Validate() error {
	var c fault.Checks
	c.Text(r.Reason, "reason", 5000, "YP23-R-4.7")
	return c.Err()
}

// Reconsider opens a decided docket again. Nothing else does, but for the
// supplement of a deferred or backup project.
func (s *Service) Reconsider(ctx context.Context, r ReconsiderDocket) (Docket, error) {
	return s.Dockets.Update(ctx, r.ID, func(d *Docket, rec *aggregate.Recorder) error {
		by := rec.By()
		if err := byOffice(by); err != nil {
			return err
		}
		if err := notDeclaredBy(d.Declarers, by); err != nil {
			return err
		}
		if d.Taken != "" {
			return ErrWithdrawn
		}
		if d.Plan != nil {
			return ErrPlanReturns
		}
		if d.State != Decided {
			return ErrNotDecided
		}
		item := d.standing()
		d.reopen()
		d.Reconsiderations = append(d.Reconsiderations, Reconsideration{ItemID: item, Outcome: d.Outcome, Reason: r.Reason, RequestedBy: by.Actor(), On: rec.Today().String()})
		rec.State(d.ID, &conferencev1.ReconsiderationOpened{ProjectId: d.ID, ItemId: item, Reason: r.Reason, Basis: []string{"YP23-R-4.7"}})
		return s.place(d)
	})
}

// Coordination is how the chair settled a special case that a decision met,
// without touching the decision (YP23-R-4.7).
type Coordination struct {
	ItemID string `json:"item_id"` // of the decision that stands
	Text   string `json:"text"`
	By     string `json:"by"`
	On     string `json:"on"` // YYYY-MM-DD
}

// CoordinateDocket is the chair's settlement of a special case.
type CoordinateDocket struct {
	ID   string `path:"id" json:"-"`
	Text string `json:"text" required:"true"`
}

// Validate wants the settlement in words.
func (r *CoordinateDocket) Validate() error {
	var c fault.Checks
	c.Text(r.Text, "text", 5000, "YP23-R-4.7")
	return c.Err()
}

// Coordinate records what the chair settled at the office's request. The
// decision stands as it is; what would change it is a reconsideration.
func (s *Service) Coordinate(ctx context.Context, r CoordinateDocket) (Docket, error) {
	return s.Dockets.Update(ctx, r.ID, func(d *Docket, rec *aggregate.Recorder) error {
		by := rec.By()
		if err := notDeclaredBy(d.Declarers, by); err != nil {
			return err
		}
		if !d.settled() {
			return ErrNotDecided
		}
		item := d.standing()
		d.Coordinations = append(d.Coordinations, Coordination{ItemID: item, Text: r.Text, By: by.Actor(), On: rec.Today().String()})
		rec.State(d.ID, &conferencev1.DecisionCoordinated{ProjectId: d.ID, ItemId: item, Text: r.Text, Basis: []string{"YP23-R-4.7"}})
		return nil
	})
}

// standing is the item of the decision on the project that stands.
func (d *Docket) standing() string {
	item := ""
	for _, x := range d.Decisions {
		if x.Kind == ProjectItem || x.Kind == StopItem && x.Outcome == Stopped {
			item = x.ItemID
		}
	}
	return item
}
