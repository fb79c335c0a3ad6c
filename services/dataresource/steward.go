package dataresource

import (
	"context"

	"egov/libs/aggregate"
	"egov/libs/fault"
	dataresourcev1 "egov/proto/gen/egov/dataresource/v1"
)

// FileSteward names who looks after the caller's unit's data (SH16-D-21).
type FileSteward struct {
	Name    string `json:"name" required:"true"`
	Contact string `json:"contact" required:"true"`
}

// Validate wants name and contact.
func (r *FileSteward) Validate() error {
	var c fault.Checks
	c.Text(r.Name, "name", 50, "SH16-D-21")
	c.Text(r.Contact, "contact", 100, "SH16-D-21")
	return c.Err()
}

// FileSteward keeps the register entry of one unit, with those who were steward
// before (SH16-D-21).
func (s *Service) FileSteward(ctx context.Context, unit string, r FileSteward) (Steward, error) {
	return s.Stewards.Upsert(ctx, unit, func(x *Steward, rec *aggregate.Recorder) error {
		x.Own(unit)
		x.Share(Centre)
		today := rec.Today().String()
		switch {
		case x.Earlier == nil:
			x.Since, x.Earlier = today, []Tenure{}
		case x.Name != r.Name: // people change, and the register follows
			x.Earlier = append(x.Earlier, Tenure{Name: x.Name, Since: x.Since, Until: today})
			x.Since = today
		}
		x.Name, x.Contact = r.Name, r.Contact
		rec.State(unit, &dataresourcev1.StewardFiled{Unit: unit, Name: r.Name, Basis: []string{"SH16-D-21"}})
		return nil
	})
}

// ErrNoSteward refuses what only a unit with a steward on record may do.
var ErrNoSteward = fault.New(fault.Refused, "no_steward",
	"本单位尚未备案数据资源管理员，请先备案", "your unit has no data steward on record; file one first", "SH16-D-21")

// steward reads a unit's entry on the register, which every unit that deals with
// it may know.
func (s *Service) steward(ctx context.Context, unit string) (x Steward, ok bool, err error) {
	x, err = s.Stewards.Get(s.asSelf(ctx), unit)
	if fault.Is(err, fault.NotFound) {
		return x, false, nil
	}
	return x, err == nil, err
}
