package conference

import (
	"context"
	"slices"
	"strconv"

	"egov/libs/aggregate"
	"egov/libs/authn"
	"egov/libs/fault"
	conferencev1 "egov/proto/gen/egov/conference/v1"
	typev1 "egov/proto/gen/egov/type/v1"
)

// Stance is what a member unit says to the office's suggestion.
type Stance string

// The stances.
const (
	Agree    Stance = "agree"
	Disagree Stance = "disagree"
	Abstain  Stance = "abstain"
	Recused  Stance = "recused"
)

// Opinion is one member unit's opinion on one item (YP23-R-4.6).
type Opinion struct {
	Member     string            `json:"member"`
	Stance     Stance            `json:"stance"`
	Text       string            `json:"text,omitempty"`
	Written    bool              `json:"written"` // of an absent member, or in a written session
	Own        bool              `json:"own"`     // given by the member's own account
	RecordedBy string            `json:"recorded_by"`
	On         string            `json:"on"` // YYYY-MM-DD
	Signature  *typev1.Signature `json:"signature,omitempty"`
}

// GiveOpinion is one member unit's opinion on one item: given by its own
// account, or taken down by the office.
type GiveOpinion struct {
	ID   string `path:"id" json:"-"`
	Item string `path:"item" json:"-"`
	StatedOpinion
}

// StatedOpinion is what a member unit says.
type StatedOpinion struct {
	Member string `json:"member"` // whose opinion the office takes down; a member speaks for itself
	Stance Stance `json:"stance" required:"true" enum:"agree,disagree,abstain,recused"`
	Text   string `json:"text"` // required with disagree and recused
}

// Validate lists what is missing.
func (r *StatedOpinion) Validate() error {
	var c fault.Checks
	r.check(&c, "")
	return c.Err()
}

func (r *StatedOpinion) check(c *fault.Checks, at string) {
	c.Require(slices.Contains([]Stance{Agree, Disagree, Abstain, Recused}, r.Stance), at+"stance", "unknown_code", "须为agree、disagree、abstain或recused", "agree, disagree, abstain or recused", "YP23-R-4.6")
	if r.Text != "" || r.Stance == Disagree || r.Stance == Recused {
		c.Text(r.Text, at+"text", 5000, "YP23-R-4.6")
	}
}

// GiveOpinions enters several opinions in one call; each is recorded singly.
type GiveOpinions struct {
	ID       string        `path:"id" json:"-"`
	Opinions []ItemOpinion `json:"opinions" required:"true"`
}

// ItemOpinion is a member unit's opinion on the named item.
type ItemOpinion struct {
	Item   string `json:"item" required:"true"`
	Member string `json:"member"`
	Stance Stance `json:"stance" required:"true" enum:"agree,disagree,abstain,recused"`
	Text   string `json:"text"`
}

// Validate lists what is wrong with each.
func (r *GiveOpinions) Validate() error {
	var c fault.Checks
	c.Require(len(r.Opinions) > 0, "opinions", "required", "必填", "is required", "YP23-R-4.6")
	for n, o := range r.Opinions {
		at := "opinions[" + strconv.Itoa(n) + "]."
		c.Text(o.Item, at+"item", 100)
		(&StatedOpinion{o.Member, o.Stance, o.Text}).check(&c, at)
	}
	return c.Err()
}

// GiveOpinion enters one opinion.
func (s *Service) GiveOpinion(ctx context.Context, r GiveOpinion) (Session, error) {
	return s.GiveOpinions(ctx, GiveOpinions{ID: r.ID, Opinions: []ItemOpinion{{Item: r.Item, Member: r.Member, Stance: r.Stance, Text: r.Text}}})
}

// GiveOpinions enters opinions. Until the item is decided a member unit may
// change its mind; the last opinion counts, and every one is stated.
func (s *Service) GiveOpinions(ctx context.Context, r GiveOpinions) (Session, error) {
	return s.Sessions.Update(ctx, r.ID, func(ss *Session, rec *aggregate.Recorder) error {
		if err := ss.at(AgendaApproved, Open); err != nil {
			return err
		}
		for _, o := range r.Opinions {
			if err := s.give(ss, rec, o); err != nil {
				return err
			}
		}
		ss.remind()
		return nil
	})
}

func (s *Service) give(ss *Session, rec *aggregate.Recorder, o ItemOpinion) error {
	member, own, err := ss.speaker(rec.By(), o.Member)
	if err != nil {
		return err
	}
	i, err := ss.item(o.Item)
	if err != nil {
		return err
	}
	if own {
		if err := notDeclaredBy(i.Declarers, rec.By()); err != nil {
			return err
		}
	}
	if i.recuses(member) && o.Stance != Recused {
		return ErrRecused.WithMsg(member+"是本项目的申报单位或其主管部门，须回避", member+" declares or supervises the project and is recused")
	}
	if !ss.mayGive(member) {
		return ErrNotYet
	}
	if old := i.opinionOf(member); old != nil && old.Own && !own {
		return ErrOwnWords
	}
	return s.enter(ss, i, rec, Opinion{Member: member, Stance: o.Stance, Text: o.Text, Own: own, Written: ss.Mode == Written || ss.status(member) != present})
}

// enter records an opinion and states it, sealed.
func (s *Service) enter(ss *Session, i *Item, rec *aggregate.Recorder, o Opinion) error {
	o.RecordedBy, o.On = rec.By().Actor(), rec.Today().String()
	signature, err := s.Sign("conference.GiveOpinion", rec.By(), struct {
		SessionID string `json:"session_id"`
		ItemID    string `json:"item_id"`
		ProjectID string `json:"project_id"`
		Opinion
	}{ss.ID, i.ID, i.ProjectID, o})
	if err != nil {
		return err
	}
	o.Signature = signature
	if old := i.opinionOf(o.Member); old != nil {
		*old = o
	} else {
		i.Opinions = append(i.Opinions, o)
	}
	rec.State(i.ProjectID, &conferencev1.OpinionGiven{
		ProjectId: i.ProjectID, SessionId: ss.ID, ItemId: i.ID, Member: o.Member, Stance: string(o.Stance), Text: o.Text,
		Written: o.Written, RecordedBy: o.RecordedBy, Signature: signature,
	})
	return nil
}

// speaker is the member unit for which a caller acts: its own, or the one the
// office names. own tells which.
func (ss *Session) speaker(by authn.Principal, named string) (member string, own bool, err error) {
	if by.Has("member") && (named == "" || named == by.Unit) {
		member, own = by.Unit, true
	} else {
		if err := byOffice(by); err != nil {
			return "", false, err
		}
		if !by.Has("secretary") {
			return "", false, ErrNotOffice
		}
		member = named
	}
	if !slices.Contains(ss.Members, member) {
		return "", false, ErrNotMember.WithMsg("不是联席会议现有成员单位："+member, "not a current member unit: "+member)
	}
	return member, own, nil
}

// mayGive reports whether the session takes the member's opinion now: while it
// is open, and before that in writing from a member on leave (YP23-R-4.3).
func (ss *Session) mayGive(member string) bool {
	return ss.State == Open || ss.Mode != Written && ss.onLeave(member)
}

// awaits reports whether the item waits for the member's opinion: in a written
// session for everybody's, else for those who are present.
func (ss *Session) awaits(i *Item, member string) bool {
	return i.State == ItemListed && i.opinionOf(member) == nil && !i.recuses(member) &&
		(ss.Mode == Written || ss.status(member) == present)
}
