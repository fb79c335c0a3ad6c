package conference

import (
	"context"

	"egov/libs/aggregate"
	"egov/libs/authn"
	"egov/libs/calendar"
	"egov/libs/fault"
	"egov/libs/policy"
	conferencev1 "egov/proto/gen/egov/conference/v1"
)

// Seat is one seat of the conference whose holder changed. A seat that never
// changed hands has no record: the pack names its unit (YP23-M-5, YP23-R-2).
type Seat struct {
	aggregate.Root
	Title   string   `json:"title"`
	Holders []Holder `json:"holders"` // in the order of time, the pack's unit not among them
}

// Holder is a unit that took a seat over.
type Holder struct {
	Unit   string        `json:"unit"`
	From   calendar.Date `json:"from"` // the first day
	Reason string        `json:"reason"`
}

// on is who holds the seat on a day.
func (x Seat) on(day calendar.Date) (unit string) {
	unit = x.ID
	for _, h := range x.Holders {
		if !h.From.After(day) {
			unit = h.Unit
		}
	}
	return unit
}

// Member is who sits on one seat.
type Member struct {
	Seat string `json:"seat"` // the unit code by which the pack names the seat
	Unit string `json:"unit"`
}

// Membership is who sits on the conference on one day.
type Membership struct {
	On       calendar.Date `json:"on"`
	Members  []Member      `json:"members"`
	Current  int           `json:"current"`  // member units: one that holds two seats is one
	Required int           `json:"required"` // of them for a quorum
	Basis    []string      `json:"basis"`
	Note     policy.Text   `json:"note"`
}

// ListMembers asks for the members on a day.
type ListMembers struct {
	On string `query:"on" json:"-"` // YYYY-MM-DD; left out: today
}

// Members says who sits on the conference, and how many of them form a quorum.
func (s *Service) Members(ctx context.Context, r ListMembers) (Membership, error) {
	day := s.Today()
	if r.On != "" {
		d, err := calendar.ParseDate(r.On)
		if err != nil {
			return Membership{}, fault.InvalidInput.WithViolations(fault.Violation{Field: "on", Code: "invalid_date", Msg: "日期须为YYYY-MM-DD", MsgEN: "a date is YYYY-MM-DD"})
		}
		day = d
	}
	return s.membership(ctx, day)
}

func (s *Service) membership(ctx context.Context, day calendar.Date) (Membership, error) {
	pack, err := s.Rules.Packs.ForDate(s.District, day)
	if err != nil {
		return Membership{}, err
	}
	// Who sits on the conference is no secret, and a list cut short by what one
	// caller may see would be a wrong quorum.
	page, err := s.Seats.List(authn.With(ctx, s.Self), aggregate.Query{PageSize: 200})
	if err != nil {
		return Membership{}, err
	}
	p := pack.Procedure()
	m := Membership{On: day, Members: []Member{}, Basis: p.Quorum.Basis, Note: p.Quorum.Note}
	for _, seat := range p.Members {
		unit := seat
		for _, x := range page.Items {
			if x.ID == seat {
				unit = x.on(day)
			}
		}
		m.Members = append(m.Members, Member{Seat: seat, Unit: unit})
	}
	m.Current = len(m.units())
	m.Required = p.Quorum.Need(m.Current)
	return m, nil
}

func (m Membership) units() []string {
	var units []string
	for _, x := range m.Members {
		units = append(units, x.Unit)
	}
	return distinct(units...)
}

// membersOn gives the current member units of a day and how many form a quorum
// (YP23-R-4.3).
func (s *Service) membersOn(ctx context.Context, day calendar.Date) (units []string, required int, err error) {
	m, err := s.membership(ctx, day)
	return m.units(), m.Required, err
}

// SucceedSeat records that another unit took over a seat, with the duties it
// took over. Sessions whose agenda is approved keep their members.
type SucceedSeat struct {
	Seat      string        `path:"seat" json:"-"`
	Successor string        `json:"successor" required:"true"`
	From      calendar.Date `json:"from" required:"true"` // the first day of the successor
	Reason    string        `json:"reason" required:"true"`
}

// Validate lists what is missing.
func (r *SucceedSeat) Validate() error {
	var c fault.Checks
	c.Text(r.Successor, "successor", 100, "YP23-R-2")
	c.Require(!r.From.IsZero(), "from", "required", "须写明生效日期", "is required", "YP23-R-2")
	c.Text(r.Reason, "reason", 1000, "YP23-R-2")
	return c.Err()
}

// Succeed records the succession to a seat. History is kept; it only grows.
func (s *Service) Succeed(ctx context.Context, r SucceedSeat) (Seat, error) {
	m, err := s.membership(ctx, r.From)
	if err != nil {
		return Seat{}, err
	}
	return s.Seats.Upsert(ctx, r.Seat, func(x *Seat, rec *aggregate.Recorder) error {
		if err := byOffice(rec.By()); err != nil {
			return err
		}
		known := false
		for _, seat := range m.Members {
			known = known || seat.Seat == r.Seat
		}
		if !known {
			return ErrNoSeat
		}
		old := x.on(r.From)
		var c fault.Checks
		c.Require(old != r.Successor, "successor", "holds_it_already", "该单位已是此席位的成员单位", "holds the seat already", "YP23-R-2")
		for _, h := range x.Holders {
			c.Require(h.From.Before(r.From), "from", "before_history", "生效日期须晚于此前的更替", "comes after the earlier successions", "YP23-R-2")
		}
		if err := c.Err(); err != nil {
			return err
		}
		x.Title = "联席会议席位：" + r.Seat
		x.Holders = append(x.Holders, Holder{Unit: r.Successor, From: r.From, Reason: r.Reason})
		rec.State(r.Seat, &conferencev1.SeatSucceeded{Seat: r.Seat, From: old, To: r.Successor, EffectiveOn: r.From.String(), Reason: r.Reason, Basis: []string{"YP23-M-5", "YP23-R-2"}})
		return nil
	})
}
