package conference

import (
	"context"
	"fmt"
	"slices"
	"strconv"

	"egov/libs/aggregate"
	"egov/libs/fault"
	conferencev1 "egov/proto/gen/egov/conference/v1"
)

// AskLeave is a member unit's leave before the session (YP23-R-4.3).
type AskLeave struct {
	ID     string `path:"id" json:"-"`
	Member string `json:"member"` // whose leave the office records; a member asks for itself
	Reason string `json:"reason" required:"true"`
}

// Validate wants the reason.
func (r *AskLeave) Validate() error {
	var c fault.Checks
	c.Text(r.Reason, "reason", 1000, "YP23-R-4.3")
	return c.Err()
}

// Leave records that a member unit cannot come.
func (s *Service) Leave(ctx context.Context, r AskLeave) (Session, error) {
	return s.Sessions.Update(ctx, r.ID, func(ss *Session, rec *aggregate.Recorder) error {
		member, _, err := ss.speaker(rec.By(), r.Member)
		if err != nil {
			return err
		}
		if ss.Mode == Written {
			return ErrMode
		}
		if err := ss.at(Called, AgendaApproved); err != nil {
			return err
		}
		ss.Leave = slices.DeleteFunc(ss.Leave, func(l Leave) bool { return l.Member == member })
		ss.Leave = append(ss.Leave, Leave{Member: member, Reason: r.Reason, RecordedBy: rec.By().Actor()})
		ss.remind()
		rec.State(ss.ID, &conferencev1.LeaveAsked{SessionId: ss.ID, Member: member, Reason: r.Reason})
		return nil
	})
}

// RecordAttendance says who is there. It replaces what was recorded before: a
// member who leaves no longer counts. Member units that it does not name are on
// leave when they asked for it, else absent.
type RecordAttendance struct {
	ID       string     `path:"id" json:"-"`
	Members  []Attendee `json:"members" required:"true"`
	Invitees []Invitee  `json:"invitees"` // they do not count (YP23-R-4.1)
}

// Validate lists what is wrong with the record.
func (r *RecordAttendance) Validate() error {
	var c fault.Checks
	c.Require(len(r.Members) > 0, "members", "required", "须登记到会的成员单位", "is required", "YP23-R-4.3")
	seen := map[string]bool{}
	for n, a := range r.Members {
		at := "members[" + strconv.Itoa(n) + "]"
		c.Require(a.Member != "" && !seen[a.Member], at+".member", "not_once", "每个成员单位须且只须登记一次", "each member unit once", "YP23-R-4.3")
		seen[a.Member] = true
		c.Require(a.Status == present || a.Status == leave || a.Status == absent, at+".status", "unknown_code", "须为present、leave或absent", "present, leave or absent", "YP23-R-4.3")
		if a.Status == present {
			c.Text(a.Delegate, at+".delegate", 50, "YP23-R-2")
		}
	}
	checkInvitees(&c, r.Invitees)
	return c.Err()
}

// Attend records who is there, before the session opens and while it lasts.
func (s *Service) Attend(ctx context.Context, r RecordAttendance) (Session, error) {
	return s.Sessions.Update(ctx, r.ID, func(ss *Session, rec *aggregate.Recorder) error {
		if err := byOffice(rec.By()); err != nil {
			return err
		}
		if ss.Mode == Written {
			return ErrMode
		}
		if err := ss.at(AgendaApproved, Open); err != nil {
			return err
		}
		var c fault.Checks
		for n, a := range r.Members {
			at := "members[" + strconv.Itoa(n) + "]"
			c.Require(slices.Contains(ss.Members, a.Member), at+".member", "not_a_member", "不是联席会议现有成员单位", "is not a current member unit", "YP23-M-5")
			c.Require(a.Status != leave || ss.onLeave(a.Member), at+".status", "leave_not_asked", "未在会前请假", "did not ask for leave before the session", "YP23-R-4.3")
		}
		if err := c.Err(); err != nil {
			return err
		}
		ss.record(r.Members)
		ss.Invitees = append([]Invitee{}, r.Invitees...)
		ss.remind()
		f := &conferencev1.AttendanceRecorded{SessionId: ss.ID, Members: int32(len(ss.Members)), Required: int32(ss.Required)}
		for _, a := range ss.Attendance {
			switch a.Status {
			case present:
				f.Present = append(f.Present, a.Member)
			case leave:
				f.Leave = append(f.Leave, a.Member)
			default:
				f.Absent = append(f.Absent, a.Member)
			}
		}
		rec.State(ss.ID, f)
		return nil
	})
}

// record writes one line a member unit, in the members' order.
func (ss *Session) record(named []Attendee) {
	ss.Attendance = make([]Attendee, len(ss.Members))
	for n, m := range ss.Members {
		a := Attendee{Member: m, Status: absent}
		if ss.onLeave(m) {
			a.Status = leave
		}
		if i := slices.IndexFunc(named, func(x Attendee) bool { return x.Member == m }); i >= 0 {
			a = named[i]
		}
		ss.Attendance[n] = a
	}
}

// OpenSession opens a session, or begins a written circulation.
type OpenSession struct {
	ID string `path:"id" json:"-"`
}

// Open opens a session when its day has come and half or more of the current
// member units are present, as the pack counts (YP23-R-4.3). The members of
// declaring units are recused on their own items from the beginning.
func (s *Service) Open(ctx context.Context, r OpenSession) (Session, error) {
	return s.Sessions.Update(ctx, r.ID, func(ss *Session, rec *aggregate.Recorder) error {
		if err := ss.ledBy(rec.By()); err != nil {
			return err
		}
		if err := ss.at(AgendaApproved); err != nil {
			return err
		}
		if rec.Today().Before(ss.HeldOn) {
			return ErrTooEarly.WithMsg("会议定于"+ss.HeldOn.String()+"召开", "the session is called for "+ss.HeldOn.String())
		}
		if ss.listed() == 0 {
			return ErrEmptyAgenda
		}
		if n := len(ss.there()); ss.Mode != Written && n < ss.Required {
			return noQuorum(len(ss.Members), ss.Required, n, 0)
		}
		ss.State, ss.OpenedOn = Open, rec.Today()
		rec.State(ss.ID, &conferencev1.SessionOpened{SessionId: ss.ID, OpenedOn: ss.OpenedOn.String()})
		for n := range ss.Agenda {
			i := &ss.Agenda[n]
			if i.State != ItemListed {
				continue
			}
			for _, m := range ss.Members {
				if i.recuses(m) {
					if err := s.enter(ss, i, rec, Opinion{Member: m, Stance: Recused, Text: "申报单位或其主管部门，依规回避"}); err != nil {
						return err
					}
				}
			}
		}
		ss.remind()
		return nil
	})
}

// noQuorum says how many are missing. The recused do not count (ours).
func noQuorum(members, required, there, recused int) error {
	zh := fmt.Sprintf("现有成员单位%d个，须到会%d个，实到%d个", members, required, there)
	en := fmt.Sprintf("%d current member units, %d required, %d present", members, required, there)
	if recused > 0 {
		zh += fmt.Sprintf("，其中回避%d个", recused)
		en += fmt.Sprintf(", %d of them recused", recused)
		return ErrQuorum.WithMsg(zh, en).WithBasis("YP23-R-4.3", "ours")
	}
	return ErrQuorum.WithMsg(zh, en)
}
