package conference

import (
	"context"
	"fmt"
	"slices"
	"strconv"

	"egov/libs/aggregate"
	"egov/libs/authn"
	"egov/libs/fault"
	conferencev1 "egov/proto/gen/egov/conference/v1"
)

// ledBy refuses everybody but the conference office and the chair.
func (ss *Session) ledBy(by authn.Principal) error {
	if ss.chairedBy(by) == nil {
		return nil
	}
	return byOffice(by)
}

func contains(items []Item, id string) bool {
	return slices.ContainsFunc(items, func(i Item) bool { return i.ID == id })
}

// ProposeItem puts one matter on the agenda, with the office's prior study,
// its suggestion, and the outcome that it suggests (YP23-R-4.4).
type ProposeItem struct {
	ID         string    `path:"id" json:"-"`
	Kind       ItemKind  `json:"kind" enum:"project,change,stop,waiver,plan"` // left out: project
	ProjectID  string    `json:"project_id" required:"true"`                  // of a plan item: the plan's id
	ChangeID   string    `json:"change_id"`                                   // with kind change
	Study      string    `json:"study" required:"true"`
	Suggestion string    `json:"suggestion" required:"true"`
	Suggested  Outcome   `json:"suggested_outcome"` // left out: to consent
	Waivers    []Waiver  `json:"waivers"`           // rules to lift, with kind waiver at least one
	Invitees   []Invitee `json:"invitees"`
}

// Validate lists what is missing.
func (r *ProposeItem) Validate() error {
	if r.Kind == "" {
		r.Kind = ProjectItem
	}
	var c fault.Checks
	c.Require(slices.Contains([]ItemKind{ProjectItem, ChangeItem, StopItem, WaiverItem, PlanItem}, r.Kind), "kind", "unknown_code", "须为project、change、stop、waiver或plan", "project, change, stop, waiver or plan")
	c.Text(r.ProjectID, "project_id", 100)
	c.Require((r.Kind == ChangeItem) == (r.ChangeID != ""), "change_id", "with_change_only", "项目变更议题须指明变更，其他议题不得指明", "names the change of a change item, and of no other", "YP23-R-5.5.5")
	c.Text(r.Study, "study", 20_000, "YP23-R-4.4")
	c.Text(r.Suggestion, "suggestion", 5000, "YP23-R-4.4")
	c.Require(r.Kind != WaiverItem || len(r.Waivers) > 0, "waivers", "required", "须列明拟一事一议的规则", "names the rules to lift", "YP23-S-1.1")
	checkWaivers(&c, "waivers", r.Waivers)
	checkInvitees(&c, r.Invitees)
	return c.Err()
}

func checkInvitees(c *fault.Checks, list []Invitee) {
	for n, i := range list {
		at := "invitees[" + strconv.Itoa(n) + "]"
		c.Text(i.Unit, at+".unit", 100, "YP23-R-4.1")
		c.Text(i.Name, at+".name", 50, "YP23-R-4.1")
	}
}

// Propose puts one matter on the agenda of a session that is called.
func (s *Service) Propose(ctx context.Context, r ProposeItem) (ss Session, err error) {
	err = s.InTx(ctx, func(ctx context.Context) error {
		d, err := s.Dockets.Get(ctx, r.ProjectID)
		if err != nil {
			return err
		}
		ss, err = s.Sessions.Update(ctx, r.ID, func(ss *Session, rec *aggregate.Recorder) error { return s.propose(ss, rec, &d, r) })
		if err != nil {
			return err
		}
		l := Listing{SessionID: ss.ID, ItemID: itemID(ss.ID, ss.Serial), Kind: r.Kind, ChangeID: r.ChangeID}
		_, err = s.Dockets.Update(ctx, r.ProjectID, func(d *Docket, _ *aggregate.Recorder) error {
			if err := d.proposable(r.Kind, r.ChangeID); err != nil {
				return err
			}
			d.Listed = append(d.Listed, l)
			d.Share(ss.Chair)
			return s.place(d)
		})
		return err
	})
	return ss, err
}

func itemID(session string, serial int) string { return fmt.Sprintf("%s-%d", session, serial) }

func (s *Service) propose(ss *Session, rec *aggregate.Recorder, d *Docket, r ProposeItem) error {
	by := rec.By()
	if err := byOffice(by); err != nil {
		return err
	}
	if err := ss.at(Called); err != nil {
		return err
	}
	if err := notDeclaredBy(d.Declarers, by); err != nil {
		return err
	}
	if err := d.proposable(r.Kind, r.ChangeID); err != nil {
		return err
	}
	i := Item{
		ID: itemID(ss.ID, ss.Serial+1), Kind: r.Kind, State: ItemListed, ProjectID: d.ID, ChangeID: r.ChangeID, Title: d.Title,
		Project: d.Project, Plan: d.Plan, Treatment: d.Treatment, Standing: d.Outcome,
		DeclaredFen: d.Project.GetAmountFen(), ReviewedFen: d.ReviewedFen, Declarers: d.Declarers, Findings: d.Findings, Lifted: d.lifted(),
		Priority: r.Kind == ProjectItem && d.Priority > 0 && ss.HeldOn.Year() >= d.Priority,
		Study:    r.Study, Suggestion: r.Suggestion, Suggested: r.Suggested, ProposedBy: by.Actor(),
		Waivers: append([]Waiver{}, r.Waivers...), Invitees: append([]Invitee{}, r.Invitees...), Opinions: []Opinion{},
	}
	if c := d.openChange(r.ChangeID); c != nil {
		i.DeclaredFen, i.ReviewedFen = c.AmountFen, 0
	}
	if i.Suggested == "" {
		i.Suggested = i.outcomes()[0]
	}
	var c fault.Checks
	i.checkOutcome(&c, "suggested_outcome", i.Suggested)
	if err := s.liftable(&c, "waivers", i.Project, d.Findings, i.Waivers); err != nil {
		return err
	}
	if err := c.Err(); err != nil {
		return err
	}
	ss.Serial++
	ss.enter(i)
	ss.remind()
	rec.State(i.ProjectID, &conferencev1.ItemProposed{ProjectId: i.ProjectID, SessionId: ss.ID, ItemId: i.ID, Suggestion: i.Suggestion})
	return nil
}

// enter puts the item behind those entered before it; what comes from the
// backup pool goes before everything else (YP23-R-5.4.2).
func (ss *Session) enter(i Item) {
	at := len(ss.Agenda)
	if i.Priority {
		at = 0
		for at < len(ss.Agenda) && ss.Agenda[at].Priority {
			at++
		}
	}
	ss.Agenda = slices.Insert(ss.Agenda, at, i)
}

// ApproveAgenda is the chair's approval of what the office proposes
// (YP23-R-4.4).
type ApproveAgenda struct {
	ID string `path:"id" json:"-"`
}

// Approve approves the agenda: from here on the member units see the session
// and the dockets on it.
func (s *Service) Approve(ctx context.Context, r ApproveAgenda) (ss Session, err error) {
	err = s.InTx(ctx, func(ctx context.Context) error {
		called, err := s.Sessions.Get(ctx, r.ID)
		if err != nil {
			return err
		}
		members, required, err := s.membersOn(ctx, called.HeldOn)
		if err != nil {
			return err
		}
		ss, err = s.Sessions.Update(ctx, r.ID, func(ss *Session, rec *aggregate.Recorder) error {
			if err := ss.chairedBy(rec.By()); err != nil {
				return err
			}
			if err := ss.at(Called); err != nil {
				return err
			}
			if ss.listed() == 0 {
				return ErrEmptyAgenda
			}
			ss.State, ss.Members, ss.Required = AgendaApproved, members, required
			ss.Share(members...)
			ss.remind()
			f := &conferencev1.AgendaApproved{SessionId: ss.ID, ProjectIds: ss.projects(onAgenda)}
			for _, i := range ss.Agenda {
				if i.State == ItemListed {
					f.ItemIds = append(f.ItemIds, i.ID)
				}
			}
			rec.State(ss.ID, f)
			return nil
		})
		if err != nil {
			return err
		}
		for _, project := range ss.projects(onAgenda) {
			_, err := s.Dockets.Update(ctx, project, func(d *Docket, _ *aggregate.Recorder) error {
				d.Share(ss.Members...)
				return nil
			})
			if err != nil {
				return err
			}
		}
		return nil
	})
	return ss, err
}

func onAgenda(i Item) bool { return i.State == ItemListed }

// CarryOverItem leaves an item undecided in this session.
type CarryOverItem struct {
	ID     string `path:"id" json:"-"`
	Item   string `path:"item" json:"-"`
	Reason string `json:"reason" required:"true"`
}

// Validate wants the reason.
func (r *CarryOverItem) Validate() error {
	var c fault.Checks
	c.Text(r.Reason, "reason", 2000)
	return c.Err()
}

// CarryOver takes an item off the agenda; it may be proposed for another
// session.
func (s *Service) CarryOver(ctx context.Context, r CarryOverItem) (ss Session, err error) {
	err = s.InTx(ctx, func(ctx context.Context) error {
		ss, err = s.Sessions.Update(ctx, r.ID, func(ss *Session, rec *aggregate.Recorder) error {
			if err := ss.ledBy(rec.By()); err != nil {
				return err
			}
			if err := ss.at(Called, AgendaApproved, Open); err != nil {
				return err
			}
			if _, err := ss.item(r.Item); err != nil {
				return err
			}
			ss.release(rec, r.Item, ItemCarriedOver, r.Reason)
			return nil
		})
		if err != nil {
			return err
		}
		return s.free(ctx, ss, Item{ID: r.Item})
	})
	return ss, err
}
