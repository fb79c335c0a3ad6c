package conference

import (
	"context"
	"fmt"

	"egov/libs/aggregate"
	"egov/libs/calendar"
	"egov/libs/fault"
	conferencev1 "egov/proto/gen/egov/conference/v1"
)

// CallSession calls a session. An ad-hoc or written one names its reason
// (YP23-R-4.2, YP23-R-5.6.3); a written one the last day for opinions.
type CallSession struct {
	Mode          Mode          `json:"mode" required:"true" enum:"ordinary,ad_hoc,written"`
	HeldOn        calendar.Date `json:"held_on" required:"true"` // of a written one: the day on which the circulation begins
	Place         string        `json:"place"`
	Chair         string        `json:"chair"` // the chair's account id; may be left out by the chair
	Reason        string        `json:"reason"`
	OpinionsUntil calendar.Date `json:"opinions_until"`
}

// Validate lists what is missing.
func (r *CallSession) Validate() error {
	var c fault.Checks
	written := r.Mode == Written
	c.Require(r.Mode == Ordinary || r.Mode == AdHoc || written, "mode", "unknown_code", "须为ordinary、ad_hoc或written", "ordinary, ad_hoc or written", "YP23-R-4.2")
	c.Require(!r.HeldOn.IsZero(), "held_on", "required", "须写明会议日期", "is required", "YP23-R-4.2")
	if r.Mode == AdHoc || written {
		c.Text(r.Reason, "reason", 2000, "YP23-R-4.2", "YP23-R-5.6.3")
	}
	if written {
		c.Require(!r.OpinionsUntil.IsZero() && !r.OpinionsUntil.Before(r.HeldOn), "opinions_until", "out_of_range", "书面签署须写明征询截止日，且不早于开始日", "a written session names the last day for opinions, not before its first", "YP23-R-4.2")
	} else {
		c.Require(r.OpinionsUntil.IsZero(), "opinions_until", "not_applicable", "只有书面签署有征询截止日", "only a written session has it", "YP23-R-4.2")
	}
	if r.Place != "" {
		c.Text(r.Place, "place", 200)
	}
	if r.Chair != "" {
		c.Text(r.Chair, "chair", 100)
	}
	return c.Err()
}

// Call calls a session.
func (s *Service) Call(ctx context.Context, r CallSession) (Session, error) {
	members, required, err := s.membersOn(ctx, r.HeldOn)
	if err != nil {
		return Session{}, err
	}
	return s.Sessions.Create(ctx, s.NewID(), func(ss *Session, rec *aggregate.Recorder) error {
		by := rec.By()
		chair := r.Chair
		if chair == "" && by.Has("chair") {
			chair = by.Subject
		}
		var c fault.Checks
		c.Require(chair != "", "chair", "required", "须指明会议主持人", "name the chair", "YP23-R-4.1")
		c.Require(!r.HeldOn.Before(rec.Today()), "held_on", "in_the_past", "会议日期不得早于今天", "the day has passed", "YP23-R-4.2")
		if err := c.Err(); err != nil {
			return err
		}
		if chair != by.Subject {
			if err := byOffice(by); err != nil {
				return err
			}
		}
		ss.Mode, ss.State, ss.HeldOn, ss.Place, ss.Reason, ss.OpinionsUntil = r.Mode, Called, r.HeldOn, r.Place, r.Reason, r.OpinionsUntil
		ss.Title = title(r.Mode, r.HeldOn)
		ss.Chair, ss.CalledBy = chair, by.Actor()
		ss.Members, ss.Required = members, required
		ss.Agenda, ss.Leave, ss.Attendance, ss.Invitees = []Item{}, []Leave{}, []Attendee{}, []Invitee{}
		ss.Parties = nil // the office and the chair, until the agenda is approved
		ss.Own(Office)
		ss.Share(chair)
		ss.remind()
		rec.State(ss.ID, &conferencev1.SessionCalled{SessionId: ss.ID, Mode: string(ss.Mode), HeldOn: ss.HeldOn.String(), Chair: chair})
		return nil
	})
}

func title(m Mode, on calendar.Date) string {
	kind := map[Mode]string{Ordinary: "电子政务联席会议", AdHoc: "电子政务联席会议（临时）", Written: "电子政务联席会议（书面签署）"}
	y, month, d := on.Split()
	return fmt.Sprintf("%d年%d月%d日%s", y, month, d, kind[m])
}

// CancelSession gives up a session that does not take place, for want of a
// quorum or another reason. Its items go back to the office.
type CancelSession struct {
	ID     string `path:"id" json:"-"`
	Reason string `json:"reason" required:"true"`
}

// Validate wants the reason.
func (r *CancelSession) Validate() error {
	var c fault.Checks
	c.Text(r.Reason, "reason", 2000)
	return c.Err()
}

// Cancel gives up a session that has not opened.
func (s *Service) Cancel(ctx context.Context, r CancelSession) (ss Session, err error) {
	err = s.InTx(ctx, func(ctx context.Context) error {
		ss, err = s.Sessions.Update(ctx, r.ID, func(ss *Session, rec *aggregate.Recorder) error {
			if err := ss.ledBy(rec.By()); err != nil {
				return err
			}
			if err := ss.at(Called, AgendaApproved); err != nil {
				return err
			}
			ss.State, ss.CancelReason = Cancelled, r.Reason
			for _, i := range ss.Agenda {
				ss.release(rec, i.ID, ItemCarriedOver, r.Reason)
			}
			ss.remind()
			rec.State(ss.ID, &conferencev1.SessionCancelled{SessionId: ss.ID, Reason: r.Reason})
			return nil
		})
		if err != nil {
			return err
		}
		return s.free(ctx, ss, ss.Agenda...)
	})
	return ss, err
}

// free takes items off the dockets they list.
func (s *Service) free(ctx context.Context, ss Session, items ...Item) error {
	for _, project := range ss.projects(func(i Item) bool { return contains(items, i.ID) }) {
		_, err := s.Dockets.Update(ctx, project, func(d *Docket, _ *aggregate.Recorder) error {
			for _, i := range items {
				d.unlist(i.ID)
			}
			return s.place(d)
		})
		if err != nil {
			return err
		}
	}
	return nil
}
