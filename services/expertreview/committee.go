package expertreview

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"egov/libs/aggregate"
	"egov/libs/calendar"
	"egov/libs/fault"
	"egov/libs/policy"
	expertreviewv1 "egov/proto/gen/egov/expertreview/v1"
	typev1 "egov/proto/gen/egov/type/v1"
)

// Committee is the committee of experts of one term: members of the pool who
// advise the conference office on what concerns no single project (SH16-W-55,
// XA18-5).
type Committee struct {
	aggregate.Root
	Title     string        `json:"title"`
	TermFrom  calendar.Date `json:"term_from"`
	TermTo    calendar.Date `json:"term_to"`
	Members   []Member      `json:"members"` // who sits on it now
	Former    []Member      `json:"former"`  // who left, oldest first
	Questions []Inquiry     `json:"questions"`
}

// Member is an expert on the committee, as the pool knew them when they joined.
type Member struct {
	Expert   string   `json:"expert"` // account
	Name     string   `json:"name"`
	Employer string   `json:"employer"`
	Fields   []string `json:"fields"`
	Chair    bool     `json:"chair"`
	Since    string   `json:"since"`
	Until    string   `json:"until,omitempty"`
	Reason   string   `json:"reason,omitempty"` // for which they left
}

// Inquiry is a question laid before the committee, and what members said.
type Inquiry struct {
	Number  int      `json:"number"` // from 1
	Text    string   `json:"text"`
	AskedOn string   `json:"asked_on"`
	Advice  []Advice `json:"advice"` // one a member, in the order given
}

// Advice is what one member says to a question.
type Advice struct {
	Expert    string            `json:"expert"`
	Text      string            `json:"text"`
	On        string            `json:"on"`
	Signature *typev1.Signature `json:"signature"`
}

// FormCommittee forms the committee of a term.
type FormCommittee struct {
	Title    string        `json:"title" required:"true"`
	TermFrom calendar.Date `json:"term_from" required:"true"`
	TermTo   calendar.Date `json:"term_to" required:"true"`
	Chair    string        `json:"chair" required:"true"`   // an account among the members
	Members  []string      `json:"members" required:"true"` // accounts of the pool
}

// maxMembers bounds a committee.
const maxMembers = 200

// Validate lists what is missing.
func (r *FormCommittee) Validate() error {
	var c fault.Checks
	c.Text(r.Title, "title", 100)
	c.Require(!r.TermFrom.IsZero() && r.TermTo.After(r.TermFrom), "term_to", "out_of_range", "任期起止不正确", "the term ends after it begins", "SH16-W-55")
	c.Require(len(r.Members) > 0 && len(r.Members) <= maxMembers, "members", "required", "须列明委员", "name the members", "SH16-W-55")
	seen := map[string]bool{}
	for i, m := range r.Members {
		c.Require(m != "" && !seen[m], fmt.Sprintf("members[%d]", i), "not_once", "每名委员须且只须列一次", "each member once", "SH16-W-55")
		seen[m] = true
	}
	c.Require(seen[r.Chair] && r.Chair != "", "chair", "not_a_member", "主任委员须为委员", "the chair is a member", "SH16-W-55")
	return c.Err()
}

// bounds are what the pack in force asks of a committee.
func (s *Service) bounds() (policy.Committee, error) {
	pack, err := s.Rules.Packs.ForDate(s.District, calendar.Today(s.Clock))
	if err != nil {
		return policy.Committee{}, err
	}
	b := pack.Office().Committee
	if b.Min == 0 {
		return b, ErrNoCommittee
	}
	return b, nil
}

// FormCommittee forms a committee of members of the pool who are appointed for
// its whole term, wide enough for what the pack asks (SH16-W-55). One committee
// stands at a time.
func (s *Service) FormCommittee(ctx context.Context, r FormCommittee) (Committee, error) {
	bounds, err := s.bounds()
	if err != nil {
		return Committee{}, err
	}
	others, err := aggregate.Everything(ctx, s.Committees, nil)
	if err != nil {
		return Committee{}, err
	}
	for _, o := range others {
		if !r.TermFrom.After(o.TermTo) && !r.TermTo.Before(o.TermFrom) {
			return Committee{}, ErrStanding.WithMsg("任期与“"+o.Title+"”重叠", "the term overlaps that of "+o.Title)
		}
	}
	pool, err := s.appointed(ctx, bounds, r.TermFrom, r.TermTo, r.Members...)
	if err != nil {
		return Committee{}, err
	}
	return s.Committees.Create(ctx, s.NewID(), func(x *Committee, rec *aggregate.Recorder) error {
		x.ProjectID, x.Title, x.TermFrom, x.TermTo = x.ID, r.Title, r.TermFrom, r.TermTo
		x.Members, x.Former, x.Questions = []Member{}, []Member{}, []Inquiry{}
		x.Own(Office)
		for _, e := range pool {
			x.join(e, rec.Today(), e.ID == r.Chair)
		}
		if err := x.wide(bounds); err != nil {
			return err
		}
		rec.State(x.ID, &expertreviewv1.CommitteeFormed{
			CommitteeId: x.ID, Title: x.Title, TermFrom: x.TermFrom.String(), TermTo: x.TermTo.String(), Members: r.Members, Chair: r.Chair, Basis: bounds.Basis,
		})
		return nil
	})
}

// appointed reads experts from the pool, and refuses those who are not in it or
// whose appointment does not last.
func (s *Service) appointed(ctx context.Context, bounds policy.Committee, from, to calendar.Date, accounts ...string) ([]Expert, error) {
	var pool []Expert
	var c fault.Checks
	for _, a := range accounts {
		e, err := s.Experts.Get(ctx, a)
		switch {
		case fault.Is(err, fault.NotFound):
			c.Require(false, a, "not_in_pool", "不在专家库中", "is not in the pool", bounds.Basis...)
			continue
		case err != nil:
			return nil, err
		}
		c.Require(e.Active && e.TermFrom <= from.String() && e.TermTo >= to.String(), a, "not_appointed", "聘期未覆盖委员会任期", "is not appointed for the committee's term", bounds.Basis...)
		pool = append(pool, e)
	}
	return pool, c.Refuse(ErrCommittee)
}

func (x *Committee) join(e Expert, on calendar.Date, chair bool) {
	x.Members = append(x.Members, Member{Expert: e.ID, Name: e.Name, Employer: e.Employer, Fields: e.Fields, Chair: chair, Since: on.String()})
	x.Share(e.ID)
}

// wide refuses a committee of too few members, fields of expertise or employers,
// or without a chair.
func (x *Committee) wide(b policy.Committee) error {
	fields, employers, chaired := map[string]bool{}, map[string]bool{}, false
	for _, m := range x.Members {
		employers[m.Employer] = true
		chaired = chaired || m.Chair
		for _, f := range m.Fields {
			fields[f] = true
		}
	}
	zh, en := func(what string, have, need int) string {
		return fmt.Sprintf("%s须不少于%d个，现为%d个", what, need, have)
	},
		func(what string, have, need int) string {
			return fmt.Sprintf("at least %d %s, not %d", need, what, have)
		}
	var c fault.Checks
	n := len(x.Members)
	c.Require(n >= b.Min, "members", "too_few_members", zh("委员", n, b.Min), en("members", n, b.Min), b.Basis...)
	n = len(fields)
	c.Require(n >= b.Fields, "members", "too_few_fields", zh("专业领域", n, b.Fields), en("fields of expertise", n, b.Fields), b.Basis...)
	n = len(employers)
	c.Require(n >= b.Employers, "members", "too_few_employers", zh("来源单位", n, b.Employers), en("employers", n, b.Employers), b.Basis...)
	c.Require(chaired, "members", "no_chair", "须有主任委员", "there is a chair", b.Basis...)
	return c.Refuse(ErrCommittee)
}

// ChangeCommittee lets a member join or leave.
type ChangeCommittee struct {
	ID     string `path:"id" json:"-"`
	Expert string `json:"expert" required:"true"` // account
	Leaves bool   `json:"leaves"`
	Chair  bool   `json:"chair"` // of one who joins: takes the chair from whoever has it
	Reason string `json:"reason" required:"true"`
}

// Validate lists what is missing.
func (r *ChangeCommittee) Validate() error {
	var c fault.Checks
	c.Text(r.Expert, "expert", 64, "SH16-W-55")
	c.Text(r.Reason, "reason", 1000, "SH16-W-55")
	return c.Err()
}

// ChangeCommittee changes who sits on a committee; it stays as wide as the pack
// asks (SH16-W-55).
func (s *Service) ChangeCommittee(ctx context.Context, r ChangeCommittee) (Committee, error) {
	bounds, err := s.bounds()
	if err != nil {
		return Committee{}, err
	}
	standing, err := s.Committees.Get(ctx, r.ID)
	if err != nil {
		return Committee{}, err
	}
	var joins []Expert
	if !r.Leaves {
		today := calendar.Today(s.Clock)
		if today.Before(standing.TermFrom) {
			today = standing.TermFrom
		}
		if joins, err = s.appointed(ctx, bounds, today, standing.TermTo, r.Expert); err != nil {
			return Committee{}, err
		}
	}
	return s.Committees.Update(ctx, r.ID, func(x *Committee, rec *aggregate.Recorder) error {
		i := slices.IndexFunc(x.Members, func(m Member) bool { return m.Expert == r.Expert })
		switch {
		case r.Leaves && i < 0:
			return ErrNotMember.WithMsg("不是委员："+r.Expert, "is no member: "+r.Expert)
		case r.Leaves:
			m := x.Members[i]
			m.Until, m.Reason = rec.Today().String(), r.Reason
			x.Former, x.Members = append(x.Former, m), slices.Delete(x.Members, i, i+1)
		case i >= 0:
			return ErrStanding.WithMsg("已是委员："+r.Expert, "is a member already: "+r.Expert)
		default:
			if r.Chair {
				for n := range x.Members {
					x.Members[n].Chair = false
				}
			}
			x.join(joins[0], rec.Today(), r.Chair)
		}
		if err := x.wide(bounds); err != nil {
			return err
		}
		x.remind()
		rec.State(x.ID, &expertreviewv1.CommitteeMemberChanged{CommitteeId: x.ID, Expert: r.Expert, Joined: !r.Leaves, Reason: r.Reason})
		return nil
	})
}

// AskCommittee lays a question before the committee.
type AskCommittee struct {
	ID   string `path:"id" json:"-"`
	Text string `json:"text" required:"true"`
}

// Validate wants the question.
func (r *AskCommittee) Validate() error {
	var c fault.Checks
	c.Text(r.Text, "text", 10_000, "SH16-W-55")
	return c.Err()
}

// AskCommittee asks every member for advice, while the committee is in its term
// (SH16-W-55).
func (s *Service) AskCommittee(ctx context.Context, r AskCommittee) (Committee, error) {
	return s.Committees.Update(ctx, r.ID, func(x *Committee, rec *aggregate.Recorder) error {
		if rec.Today().Before(x.TermFrom) || rec.Today().After(x.TermTo) {
			return ErrTerm
		}
		q := Inquiry{Number: len(x.Questions) + 1, Text: r.Text, AskedOn: rec.Today().String(), Advice: []Advice{}}
		x.Questions = append(x.Questions, q)
		x.remind()
		rec.State(x.ID, &expertreviewv1.CommitteeAsked{CommitteeId: x.ID, Number: int32(q.Number), Question: q.Text})
		return nil
	})
}

// remind asks members for the advice that they have not given.
func (x *Committee) remind() {
	var list []aggregate.Todo
	for _, q := range x.Questions {
		for _, m := range x.Members {
			if !q.answeredBy(m.Expert) {
				list = append(list, aggregate.Todo{Action: "advise", Role: "expert", Account: m.Expert, Title: fmt.Sprintf("专家委员会咨询%d：%s", q.Number, short(q.Text))})
			}
		}
	}
	x.Await(list...)
}

// short is the beginning of a text, for an inbox.
func short(s string) string {
	line, _, _ := strings.Cut(s, "\n")
	if r := []rune(line); len(r) > 60 {
		return string(r[:60]) + "…"
	}
	return line
}

func (q Inquiry) answeredBy(expert string) bool {
	return slices.ContainsFunc(q.Advice, func(a Advice) bool { return a.Expert == expert })
}

// AdviseAsMember is a member's advice on a question.
type AdviseAsMember struct {
	ID     string `path:"id" json:"-"`
	Number int    `path:"number" json:"-"`
	Text   string `json:"text" required:"true"`
}

// Validate wants the advice.
func (r *AdviseAsMember) Validate() error {
	var c fault.Checks
	c.Text(r.Text, "text", 20_000, "SH16-W-55")
	return c.Err()
}

// Advise records a member's advice, once on each question, signed (SH16-W-55).
func (s *Service) Advise(ctx context.Context, r AdviseAsMember) (Committee, error) {
	return s.Committees.Update(ctx, r.ID, func(x *Committee, rec *aggregate.Recorder) error {
		me := rec.By().Subject
		if !slices.ContainsFunc(x.Members, func(m Member) bool { return m.Expert == me }) {
			return ErrNotMember
		}
		if r.Number < 1 || r.Number > len(x.Questions) {
			return ErrNoQuestion
		}
		q := &x.Questions[r.Number-1]
		if q.answeredBy(me) {
			return ErrTwice
		}
		a := Advice{Expert: me, Text: r.Text, On: rec.Today().String()}
		signature, err := s.Sign("expertreview.AdviseAsMember", rec.By(), struct {
			CommitteeID string `json:"committee_id"`
			Number      int    `json:"number"`
			Text        string `json:"text"`
		}{x.ID, r.Number, r.Text})
		if err != nil {
			return err
		}
		a.Signature = signature
		q.Advice = append(q.Advice, a)
		x.remind()
		rec.State(x.ID, &expertreviewv1.CommitteeAdvised{CommitteeId: x.ID, Number: int32(r.Number), Expert: me, Text: r.Text, Signature: signature})
		return nil
	})
}
