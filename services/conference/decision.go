package conference

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"egov/libs/aggregate"
	"egov/libs/calendar"
	"egov/libs/fault"
	"egov/libs/money"
	"egov/libs/policy"
	conferencev1 "egov/proto/gen/egov/conference/v1"
	typev1 "egov/proto/gen/egov/type/v1"
)

// Outcome is what the conference decides.
type Outcome string

// The outcomes, by kind of item.
const (
	Approved  Outcome = "approved"  // a project in review: may be carried out
	Filed     Outcome = "filed"     // a project in filing: may be carried out
	Deferred  Outcome = "deferred"  // to be supplemented (YP23-R-5.4.3)
	Backup    Outcome = "backup"    // into the backup pool (YP23-R-5.4.2)
	Refused   Outcome = "refused"   // a project, change or waiver: no
	Stopped   Outcome = "stopped"   // an approved project is stopped
	Continued Outcome = "continued" // a stop item: the project goes on
	Consented Outcome = "consented" // a change may be carried out
	Granted   Outcome = "granted"   // a waiver item: the rules are lifted
	Endorsed  Outcome = "endorsed"  // a plan: it goes on to approval or filing (YP23-M-7)
)

// consents reports whether the project may be carried out.
func (o Outcome) consents() bool { return o == Approved || o == Filed }

// returns reports whether the project may come back with a supplement.
func (o Outcome) returns() bool { return o == Deferred || o == Backup }

// spends reports whether the outcome consents to an amount.
func (o Outcome) spends() bool { return o.consents() || o == Consented }

// Decision is what the chair decided on one item. It never changes.
type Decision struct {
	SessionID string   `json:"session_id"`
	ItemID    string   `json:"item_id"`
	ProjectID string   `json:"project_id"`
	Kind      ItemKind `json:"kind"`
	ChangeID  string   `json:"change_id,omitempty"`
	Outcome   Outcome  `json:"outcome"`

	ApprovedFen  int64    `json:"approved_fen"` // 0 unless the outcome consents to an amount
	AmountReason string   `json:"amount_reason,omitempty"`
	Reason       string   `json:"reason,omitempty"`
	Conditions   []string `json:"conditions"`

	// AgainstMajority: the chair departed from what most members who took a
	// side said (ours).
	AgainstMajority bool         `json:"against_majority"`
	FastTrack       bool         `json:"fast_track"` // urgent, decided in writing (YP23-R-5.6.3)
	Count           Count        `json:"count"`
	Present         []string     `json:"present"` // who formed the quorum; of a written session, who wrote
	Waivers         []Waiver     `json:"waivers"`
	FollowUps       []Assignment `json:"follow_ups"`

	DecidedOn calendar.Date     `json:"decided_on"`
	DecidedBy string            `json:"decided_by"`
	Basis     []string          `json:"basis"`
	Signature *typev1.Signature `json:"signature,omitempty"` // over the decision without it
}

// Count is how the opinions stood.
type Count struct {
	Agree    int `json:"agree"`
	Disagree int `json:"disagree"`
	Abstain  int `json:"abstain"`
	Recused  int `json:"recused"`
}

// DecideItem is the chair's decision on one item.
type DecideItem struct {
	ID   string `path:"id" json:"-"`
	Item string `path:"item" json:"-"`
	StatedDecision
}

// StatedDecision is what the chair decides.
type StatedDecision struct {
	Outcome      Outcome      `json:"outcome" required:"true"`
	ApprovedFen  int64        `json:"approved_fen"`  // with approved, filed and consented
	AmountReason string       `json:"amount_reason"` // why more than declared or reviewed
	Reason       string       `json:"reason"`        // required unless the outcome consents and follows the majority
	Conditions   []string     `json:"conditions"`
	Waivers      []Waiver     `json:"waivers"` // rules lifted by this decision
	FollowUps    []Assignment `json:"follow_ups"`
}

// maxFen is the largest amount that a signed document carries exactly.
const maxFen = 1<<53 - 1

// Validate lists what is wrong with the decision as such.
func (r *StatedDecision) Validate() error {
	var c fault.Checks
	r.check(&c, "")
	return c.Err()
}

func (r *StatedDecision) check(c *fault.Checks, at string) {
	known := slices.Contains([]Outcome{Approved, Filed, Deferred, Backup, Refused, Stopped, Continued, Consented, Granted, Endorsed}, r.Outcome)
	c.Require(known, at+"outcome", "unknown_code", "不是规定的决定种类", "is not an outcome", "YP23-R-4.6")
	if r.Outcome.spends() {
		c.Require(r.ApprovedFen > 0 && r.ApprovedFen <= maxFen, at+"approved_fen", "out_of_range", "同意时须写明同意金额（分）", "consent states its amount in fen", "YP23-M-13")
	} else {
		c.Require(r.ApprovedFen == 0, at+"approved_fen", "not_applicable", "只有同意的决定写明金额", "only consent has an amount", "YP23-M-13")
		if known && !slices.Contains([]Outcome{Continued, Granted, Endorsed}, r.Outcome) {
			c.Text(r.Reason, at+"reason", 5000, "YP23-R-4.6", "ours")
		}
	}
	for n, x := range r.Conditions {
		c.Text(x, at+"conditions["+strconv.Itoa(n)+"]", 1000)
	}
	checkWaivers(c, at+"waivers", r.Waivers)
	for n, f := range r.FollowUps {
		c.Text(f.Unit, fmt.Sprintf("%sfollow_ups[%d].unit", at, n), 100, "YP23-R-4.7")
		c.Text(f.Task, fmt.Sprintf("%sfollow_ups[%d].task", at, n), 1000, "YP23-R-4.7")
	}
}

// DecideItems takes several decisions in one call, all or none; each is
// recorded, signed and stated singly.
type DecideItems struct {
	ID        string         `path:"id" json:"-"`
	Decisions []ItemDecision `json:"decisions" required:"true"`
}

// ItemDecision is the decision on the named item.
type ItemDecision struct {
	Item         string       `json:"item" required:"true"`
	Outcome      Outcome      `json:"outcome" required:"true"`
	ApprovedFen  int64        `json:"approved_fen"`
	AmountReason string       `json:"amount_reason"`
	Reason       string       `json:"reason"`
	Conditions   []string     `json:"conditions"`
	Waivers      []Waiver     `json:"waivers"`
	FollowUps    []Assignment `json:"follow_ups"`
}

func (r *ItemDecision) stated() *StatedDecision {
	return &StatedDecision{r.Outcome, r.ApprovedFen, r.AmountReason, r.Reason, r.Conditions, r.Waivers, r.FollowUps}
}

// Validate lists what is wrong with each.
func (r *DecideItems) Validate() error {
	var c fault.Checks
	c.Require(len(r.Decisions) > 0, "decisions", "required", "必填", "is required", "YP23-R-4.6")
	seen := map[string]bool{}
	for n, d := range r.Decisions {
		at := "decisions[" + strconv.Itoa(n) + "]."
		c.Require(d.Item != "" && !seen[d.Item], at+"item", "not_once", "每项议题须且只须决定一次", "each item once")
		seen[d.Item] = true
		d.stated().check(&c, at)
	}
	return c.Err()
}

// Decide takes the chair's decision on one item.
func (s *Service) Decide(ctx context.Context, r DecideItem) (Session, error) {
	d := r.StatedDecision
	return s.decide(ctx, r.ID, ItemDecision{r.Item, d.Outcome, d.ApprovedFen, d.AmountReason, d.Reason, d.Conditions, d.Waivers, d.FollowUps})
}

// DecideAll takes the chair's decisions on several items.
func (s *Service) DecideAll(ctx context.Context, r DecideItems) (Session, error) {
	return s.decide(ctx, r.ID, r.Decisions...)
}

func (s *Service) decide(ctx context.Context, id string, decisions ...ItemDecision) (ss Session, err error) {
	err = s.InTx(ctx, func(ctx context.Context) error {
		var decided []Item
		ss, err = s.Sessions.Update(ctx, id, func(ss *Session, rec *aggregate.Recorder) error {
			if err := ss.chairedBy(rec.By()); err != nil {
				return err
			}
			if err := ss.at(Open); err != nil {
				return err
			}
			for n, d := range decisions {
				at := ""
				if len(decisions) > 1 {
					at = "decisions[" + strconv.Itoa(n) + "]."
				}
				if err := s.decideOn(ss, rec, &d, at); err != nil {
					return err
				}
			}
			ss.remind()
			return nil
		})
		if err != nil {
			return err
		}
		for _, d := range decisions {
			n := slices.IndexFunc(ss.Agenda, func(i Item) bool { return i.ID == d.Item })
			decided = append(decided, ss.Agenda[n])
		}
		slices.SortFunc(decided, func(a, b Item) int { return strings.Compare(a.ProjectID, b.ProjectID) })
		for _, i := range decided {
			_, err := s.Dockets.Update(ctx, i.ProjectID, func(d *Docket, rec *aggregate.Recorder) error {
				d.settle(i, rec.Today().Year())
				return s.place(d)
			})
			if err != nil {
				return err
			}
		}
		return nil
	})
	return ss, err
}

// decideOn checks one decision against the rules of procedure, records it and
// states it. What the conference decides is the chair's; this only says what
// may be decided, and when.
func (s *Service) decideOn(ss *Session, rec *aggregate.Recorder, r *ItemDecision, at string) error {
	i, err := ss.item(r.Item)
	if err != nil {
		return err
	}
	if err := notDeclaredBy(i.Declarers, rec.By()); err != nil {
		return err
	}
	fast := ss.Mode == Written && i.urgent()
	heard, err := ss.heard(i, rec.Today(), fast)
	if err != nil {
		return err
	}
	d := Decision{
		SessionID: ss.ID, ItemID: i.ID, ProjectID: i.ProjectID, Kind: i.Kind, ChangeID: i.ChangeID, Outcome: r.Outcome,
		ApprovedFen: r.ApprovedFen, AmountReason: r.AmountReason, Reason: r.Reason, Conditions: append([]string{}, r.Conditions...),
		FastTrack: fast, Count: i.count(), Present: heard,
		Waivers: append([]Waiver{}, r.Waivers...), FollowUps: append([]Assignment{}, r.FollowUps...),
		DecidedOn: rec.Today(), DecidedBy: rec.By().Actor(), Basis: i.basis(ss.Mode, r.Outcome, fast),
	}
	if i.Kind == WaiverItem && len(d.Waivers) == 0 {
		d.Waivers = append(d.Waivers, i.Waivers...)
	}
	d.AgainstMajority = d.Count.against(r.Outcome == i.Suggested)
	if err := s.permit(ss, i, &d, at); err != nil {
		return err
	}
	if d.Signature, err = s.Sign("conference.DecideItem", rec.By(), d); err != nil {
		return err
	}
	i.State, i.Decision = ItemDecided, &d
	for n := range d.FollowUps {
		f := &d.FollowUps[n]
		rec.State(d.ProjectID, &conferencev1.FollowUpSet{ProjectId: d.ProjectID, SessionId: ss.ID, Unit: f.Unit, Task: f.Task})
	}
	d.state(rec)
	return nil
}

// permit refuses a decision that the rules do not allow, naming everything
// that is wrong with it.
func (s *Service) permit(ss *Session, i *Item, d *Decision, at string) error {
	var c fault.Checks
	fits := i.checkOutcome(&c, at+"outcome", d.Outcome)
	if d.Outcome.spends() {
		i.checkAmount(&c, at, d)
	}
	if fits && d.AgainstMajority {
		c.Require(d.Reason != "", at+"reason", "against_majority_without_reason", "决定与多数成员单位意见不一致，须说明理由", "the decision departs from the majority and gives its reason", "YP23-R-4.6", "ours")
	}
	if d.FastTrack {
		c.Require(d.Reason != "", at+"reason", "fast_track_without_reason", "书面签署决定紧急事项须说明理由", "deciding urgent work in writing gives its reason", "YP23-R-5.6.3")
	}
	if err := s.checkLifted(&c, i, d, at+"waivers"); err != nil {
		return err
	}
	i.checkFindings(&c, d, at+"waivers")
	for n, f := range d.FollowUps {
		c.Require(slices.Contains(ss.Members, f.Unit) || f.Unit == i.Project.GetUnit(), fmt.Sprintf("%sfollow_ups[%d].unit", at, n), "not_a_party", "落实单位须为成员单位或申报单位", "is a member unit or the declaring unit", "YP23-R-4.7")
	}
	return c.Refuse(ErrDecision)
}

// heard gives the member units that count for the decision, or refuses: in a
// meeting those present and not recused, who still form the quorum and have
// all said their opinion; in a written session all who are not recused, or
// after its last day as many as a quorum. Urgent key work may be decided by
// the chair's written decision alone.
func (ss *Session) heard(i *Item, today calendar.Date, fast bool) ([]string, error) {
	var members, silent []string
	recused := 0
	for _, m := range ss.Members {
		if ss.Mode != Written && ss.status(m) != present {
			continue
		}
		switch {
		case i.recused(m):
			recused++
		case i.opinionOf(m) == nil:
			silent = append(silent, m)
		default:
			members = append(members, m)
		}
	}
	if fast {
		return append([]string{}, members...), nil
	}
	if ss.Mode == Written {
		if over := today.After(ss.OpinionsUntil); len(silent) > 0 && !over {
			return nil, ErrSilent.WithMsg("书面征询至"+ss.OpinionsUntil.String()+"，尚未收到："+strings.Join(silent, "、"), "the circulation runs until "+ss.OpinionsUntil.String()+"; not heard yet: "+strings.Join(silent, ", ")).WithBasis("YP23-R-4.2")
		}
		if len(members) < ss.Required {
			return nil, noQuorum(len(ss.Members), ss.Required, len(members), recused)
		}
		return members, nil
	}
	if there := len(members) + len(silent); there < ss.Required {
		return nil, noQuorum(len(ss.Members), ss.Required, there+recused, recused)
	}
	if len(silent) > 0 {
		return nil, ErrSilent.WithMsg("须逐一记录到会成员单位意见，尚缺："+strings.Join(silent, "、"), "opinions are recorded one by one; missing: "+strings.Join(silent, ", "))
	}
	return members, nil
}

// count counts the stances.
func (i *Item) count() Count {
	var c Count
	for _, o := range i.Opinions {
		switch o.Stance {
		case Agree:
			c.Agree++
		case Disagree:
			c.Disagree++
		case Abstain:
			c.Abstain++
		case Recused:
			c.Recused++
		}
	}
	return c
}

// against reports whether a decision departs from what most of those who took
// a side said about the office's suggestion; followed tells whether the
// decision follows the suggestion.
func (c Count) against(followed bool) bool {
	if followed {
		return c.Disagree > c.Agree
	}
	return c.Agree > c.Disagree
}

// outcomes are what may be decided on the item; consent comes first.
func (i *Item) outcomes() []Outcome {
	switch i.Kind {
	case ChangeItem:
		return []Outcome{Consented, Refused}
	case StopItem:
		return []Outcome{Stopped, Continued}
	case WaiverItem:
		return []Outcome{Granted, Refused}
	case PlanItem:
		return []Outcome{Endorsed, Deferred, Refused}
	}
	consent := Approved
	if i.Treatment == policy.ConferenceFiling {
		consent = Filed
	}
	list := []Outcome{consent, Deferred, Backup, Refused}
	if i.Standing.consents() { // reconsidered after it was consented to
		list = append(list, Stopped)
	}
	return list
}

// checkOutcome requires an outcome that fits the item, and reports whether it
// does.
func (i *Item) checkOutcome(c *fault.Checks, field string, o Outcome) bool {
	allowed := i.outcomes()
	names := make([]string, len(allowed))
	for n, a := range allowed {
		names[n] = string(a)
	}
	zh, en := strings.Join(names, "、"), strings.Join(names, ", ")
	fits := slices.Contains(allowed, o)
	switch {
	case i.Kind == ProjectItem && o == Filed:
		return c.Require(fits, field, "not_a_filing", "该项目须经联席会议审核，不适用备案；可选："+zh, "the project is reviewed, not filed; one of "+en, i.Project.GetBasis()...)
	case i.Kind == ProjectItem && o == Approved:
		return c.Require(fits, field, "not_a_review", "该项目为备案，不适用审核；可选："+zh, "the project is filed, not reviewed; one of "+en, i.Project.GetBasis()...)
	}
	return c.Require(fits, field, "outcome_of_another_kind", "该议题不适用此决定；可选："+zh, "does not fit the item; one of "+en, "YP23-R-4.6")
}

// checkAmount lets no more pass than was declared and found right, unless the
// decision says why.
func (i *Item) checkAmount(c *fault.Checks, at string, d *Decision) {
	if d.AmountReason != "" {
		c.Text(d.AmountReason, at+"amount_reason", 2000)
		return
	}
	c.Require(d.ApprovedFen <= i.DeclaredFen, at+"approved_fen", "above_declared",
		"同意金额超过申报金额"+money.Yuan(i.DeclaredFen)+"元，须说明理由", "is above the declared CNY "+money.Yuan(i.DeclaredFen)+" and gives its reason", "YP23-M-13", "ours")
	c.Require(i.ReviewedFen == 0 || d.ApprovedFen <= i.ReviewedFen, at+"approved_fen", "above_reviewed",
		"同意金额超过论证评估金额"+money.Yuan(i.ReviewedFen)+"元，须说明理由", "is above the reviewed CNY "+money.Yuan(i.ReviewedFen)+" and gives its reason", "YP23-M-13", "ours")
}

// basis is what a decision rests on: the provisions of the project's road, of
// the way the conference decided, and of the outcome.
func (i *Item) basis(m Mode, o Outcome, fast bool) []string {
	ids := append([]string{}, i.Project.GetBasis()...)
	if i.Kind != ProjectItem {
		ids = nil
	}
	ids = append(ids, "YP23-R-4.6")
	if m != Ordinary {
		ids = append(ids, "YP23-R-4.2")
	}
	if fast {
		ids = append(ids, "YP23-R-5.6.3")
	}
	if i.Standing != "" && i.Kind == ProjectItem {
		ids = append(ids, "YP23-R-4.7")
	}
	switch {
	case i.Kind == PlanItem:
		ids = append(ids, i.Plan.Basis...)
	case i.Kind == ChangeItem:
		ids = append(ids, "YP23-R-5.5.5")
	case i.Kind == StopItem:
		ids = append(ids, "YP23-R-5.5.1")
	case i.Kind == WaiverItem:
		ids = append(ids, "YP23-S-1.1")
	case o == Backup:
		ids = append(ids, "YP23-R-5.4.2")
	case o == Deferred:
		ids = append(ids, "YP23-R-5.4.3")
	case o.consents():
		ids = append(ids, "YP23-R-5.4.1")
	}
	return distinct(ids...)
}

// state states the decision as the facts that others wait for.
func (d *Decision) state(rec *aggregate.Recorder) {
	switch {
	case d.Kind == WaiverItem: // the rules lifted or not are all there is to state
	case d.Kind == PlanItem:
		rec.State(d.ProjectID, &conferencev1.PlanReviewed{
			PlanId: d.ProjectID, SessionId: d.SessionID, ItemId: d.ItemID, Outcome: string(d.Outcome), Reason: d.Reason,
			AgainstMajority: d.AgainstMajority, Conditions: d.Conditions, DecidedOn: d.DecidedOn.String(), Basis: d.Basis, Signature: d.Signature,
		})
	case d.Outcome == Consented:
		rec.State(d.ProjectID, &conferencev1.ChangeConsented{
			ProjectId: d.ProjectID, ChangeId: d.ChangeID, ApprovedFen: d.ApprovedFen, Basis: d.Basis,
			SessionId: d.SessionID, ItemId: d.ItemID, Conditions: d.Conditions, Signature: d.Signature,
		})
	case d.Kind == ChangeItem:
		rec.State(d.ProjectID, &conferencev1.ChangeRefused{
			ProjectId: d.ProjectID, ChangeId: d.ChangeID, Reason: d.Reason, Basis: d.Basis,
			SessionId: d.SessionID, ItemId: d.ItemID, Signature: d.Signature,
		})
	case d.Outcome == Continued:
		rec.State(d.ProjectID, &conferencev1.ProjectContinued{
			ProjectId: d.ProjectID, SessionId: d.SessionID, ItemId: d.ItemID, Reason: d.Reason, Basis: d.Basis, Signature: d.Signature,
		})
	default:
		rec.State(d.ProjectID, &conferencev1.DecisionTaken{
			ProjectId: d.ProjectID, SessionId: d.SessionID, ItemId: d.ItemID, Outcome: string(d.Outcome), Reason: d.Reason,
			AgainstMajority: d.AgainstMajority, ApprovedFen: d.ApprovedFen, Conditions: d.Conditions, DecidedOn: d.DecidedOn.String(),
			Basis: d.Basis, Signature: d.Signature, AmountReason: d.AmountReason, FastTrack: d.FastTrack,
		})
	}
	d.stateWaivers(rec)
}
