package conference

import (
	"context"
	"errors"
	"slices"

	"egov/libs/aggregate"
	"egov/libs/fault"
	"egov/libs/policy"
	"egov/libs/rules"
	typev1 "egov/proto/gen/egov/type/v1"
)

// DocketState is where a project stands before the conference.
type DocketState string

// The states of a docket.
const (
	Waiting         DocketState = "waiting"          // something is missing before it may be proposed
	Ready           DocketState = "ready"            // may be proposed
	OnAgenda        DocketState = "on_agenda"        // stands on the agenda of a session
	WithAuthorities DocketState = "with_authorities" // waits for units that decide by themselves
	Decided         DocketState = "decided"          // the decision stands
	Outside         DocketState = "outside"          // nobody here decides on its route
	Withdrawn       DocketState = "withdrawn"        // the declaring unit took it back
)

// Docket is one project, or one plan of the office, as the conference sees it.
// Its id is the project's or the plan's.
type Docket struct {
	aggregate.Root
	Title     string               `json:"title"`
	Project   *typev1.ProjectBrief `json:"project,omitempty"` // none before the office accepts it
	Plan      *PlanBrief           `json:"plan,omitempty"`    // of a plan's docket, which has no project
	State     DocketState          `json:"state"`
	Treatment policy.Duty          `json:"treatment"`  // conference_filing, conference_review or empty
	Waiting   []fault.Violation    `json:"waiting"`    // what the agenda gate still waits for
	Passed    map[string]Passed    `json:"passed"`     // evaluations of the running round, by fact
	Declarers []string             `json:"declarers"`  // accounts that declared it: they do not decide on it
	Findings  []Finding            `json:"findings"`   // in-principle rules it breaks, as decided at submission
	Priority  int                  `json:"priority"`   // from this year on first on the agenda (YP23-R-5.4.2), 0 = not
	Listed    []Listing            `json:"listed"`     // the agenda items that speak of it now
	Decisions []Decision           `json:"decisions"`  // every decision, oldest first
	Waivers   []Waiver             `json:"waivers"`    // rules that the conference lifted
	Changes   []Change             `json:"changes"`    // YP23-R-5.5.5
	FollowUps []FollowUp           `json:"follow_ups"` // YP23-R-4.7
	// Authorities are the units that decide by themselves, on roads that have
	// such steps, in order.
	Authorities []Authority `json:"authorities"`

	ReviewedFen int64   `json:"reviewed_fen"`          // what the evaluation holds to be right, 0 = none
	Outcome     Outcome `json:"outcome,omitempty"`     // of the project, as it stands
	ApprovedFen int64   `json:"approved_fen"`          // 0 = none
	Reopened    bool    `json:"reopened"`              // supplemented or to be reconsidered
	StopGround  string  `json:"stop_ground,omitempty"` // day by which procurement should have started (YP23-R-5.5.1)
	Deferral    bool    `json:"deferral_filed"`        // the unit filed why procurement has not started
	Taken       string  `json:"withdrawn,omitempty"`   // the reason for which the unit took it back

	Supplements      []Supplement      `json:"supplements"`
	Reconsiderations []Reconsideration `json:"reconsiderations"`
	Coordinations    []Coordination    `json:"coordinations"`
}

// Passed is one evaluation that the project passed.
type Passed struct {
	On          string `json:"on"` // YYYY-MM-DD
	Round       int32  `json:"round"`
	ReviewedFen int64  `json:"reviewed_fen"`
}

// Listing is one agenda item that speaks of a project.
type Listing struct {
	SessionID string   `json:"session_id"`
	ItemID    string   `json:"item_id"`
	Kind      ItemKind `json:"kind"`
	ChangeID  string   `json:"change_id,omitempty"`
}

// Supplement is what a deferred or backup project brought (YP23-R-5.4.3).
type Supplement struct {
	On        string `json:"on"`
	Statement string `json:"statement"`
}

// Change is one request to change an approved project (YP23-R-5.5.5).
type Change struct {
	ID          string `json:"id"`
	Description string `json:"description"`
	AmountFen   int64  `json:"amount_fen"` // the total after the change
	Reason      string `json:"reason"`
	State       string `json:"state"` // open, consented or refused
}

// Finding is an in-principle rule that the declaration breaks.
type Finding struct {
	Code      string          `json:"code"`
	Severity  policy.Severity `json:"severity"` // a warning asks for no waiver
	OverFen   int64           `json:"over_fen"` // how far the project passes the limit; 0 where the rule limits no amount
	Message   string          `json:"message"`
	MessageEN string          `json:"message_en"`
	Basis     []string        `json:"basis"`
}

// findingOf is what the conference keeps of a finding of the declaration.
func findingOf(f policy.Finding) Finding {
	kept := Finding{Code: f.Code, Severity: f.Severity, Message: f.Message, MessageEN: f.MessageEN, Basis: f.Basis}
	if f.LimitFen != nil && f.ActualFen != nil {
		kept.OverFen = max(0, *f.ActualFen-*f.LimitFen)
	}
	return kept
}

// lifted lists the rules that earlier decisions lifted for the project.
func (d *Docket) lifted() []string {
	rules := []string{}
	for _, w := range d.Waivers {
		rules = append(rules, w.Rule)
	}
	return rules
}

// begin makes the parts of a docket that is new.
func (d *Docket) begin() {
	if d.ProjectID != "" {
		return
	}
	d.ProjectID = d.ID
	d.Passed = map[string]Passed{}
	d.Declarers, d.Findings, d.Listed, d.Decisions = []string{}, []Finding{}, []Listing{}, []Decision{}
	d.Waivers, d.Changes, d.FollowUps, d.Authorities = []Waiver{}, []Change{}, []FollowUp{}, []Authority{}
	d.Supplements, d.Reconsiderations, d.Coordinations = []Supplement{}, []Reconsideration{}, []Coordination{}
}

// listedAs reports whether an agenda item of the kind speaks of the project;
// change narrows that to one change.
func (d *Docket) listedAs(kind ItemKind, change string) bool {
	return slices.ContainsFunc(d.Listed, func(l Listing) bool { return l.Kind == kind && l.ChangeID == change })
}

func (d *Docket) unlist(item string) {
	d.Listed = slices.DeleteFunc(d.Listed, func(l Listing) bool { return l.ItemID == item })
}

// settled reports whether a decision stands.
func (d *Docket) settled() bool { return d.Outcome != "" && !d.Reopened }

// openChange finds a change that waits for the conference.
func (d *Docket) openChange(id string) *Change {
	i := slices.IndexFunc(d.Changes, func(c Change) bool { return c.ID == id && c.State == "open" })
	if i < 0 {
		return nil
	}
	return &d.Changes[i]
}

// proposable refuses what may not become an item of the kind.
func (d *Docket) proposable(kind ItemKind, change string) error {
	if d.Plan != nil || kind == PlanItem {
		return d.planProposable(kind)
	}
	if d.Project == nil {
		return ErrDocketNotReady.WithViolations(d.Waiting...)
	}
	if d.listedAs(kind, change) {
		return ErrListed
	}
	if d.State == Withdrawn {
		return ErrWithdrawn
	}
	switch kind {
	case ProjectItem:
		switch d.State {
		case Outside, WithAuthorities:
			return ErrOutside.WithBasis(d.Project.GetBasis()...)
		case Decided:
			return ErrSettled
		case Waiting:
			return ErrDocketNotReady.WithViolations(d.Waiting...)
		}
	case ChangeItem:
		if d.openChange(change) == nil {
			return ErrNoChange
		}
	case StopItem:
		if d.StopGround == "" || !d.settled() || !d.Outcome.consents() {
			return ErrNoStopGround
		}
	}
	return nil
}

// settle enters a decision on one item.
func (d *Docket) settle(i Item, year int) {
	dec := *i.Decision
	d.unlist(i.ID)
	d.Decisions = append(d.Decisions, dec)
	switch i.Kind {
	case PlanItem:
		d.Outcome, d.Reopened = dec.Outcome, false
	case ProjectItem:
		d.Outcome, d.Reopened, d.ApprovedFen = dec.Outcome, false, dec.ApprovedFen
		d.Priority = 0
		if dec.Outcome == Backup {
			d.Priority = year + 1
		}
	case ChangeItem:
		if c := d.openChange(i.ChangeID); c != nil {
			c.State = string(dec.Outcome)
		}
		if dec.Outcome == Consented {
			d.ApprovedFen = dec.ApprovedFen
		}
	case StopItem:
		d.StopGround = ""
		if dec.Outcome == Stopped {
			d.Outcome = Stopped
		}
	}
	if dec.Outcome != Refused {
		d.Waivers = append(d.Waivers, dec.Waivers...)
	}
	for _, a := range dec.FollowUps {
		d.FollowUps = append(d.FollowUps, FollowUp{Number: len(d.FollowUps) + 1, Assignment: a, SessionID: dec.SessionID, ItemID: dec.ItemID, State: "open"})
	}
}

// place works out where the docket stands and what it waits for. The agenda
// gate of the project's pack says what is missing.
func (s *Service) place(d *Docket) error {
	d.Waiting = []fault.Violation{}
	switch {
	case d.listedAs(ProjectItem, ""), d.listedAs(PlanItem, ""):
		d.State = OnAgenda
	case d.Plan != nil:
		d.State = Ready
		if d.settled() {
			d.State = Decided
		}
	case d.settled() && (d.Taken == "" || !d.Outcome.returns()):
		d.State = Decided
	case d.Taken != "":
		d.State = Withdrawn
	case d.Project == nil:
		d.State = Waiting
		d.Waiting = append(d.Waiting, fault.Violation{Field: "agenda", Code: "project_accepted", Msg: "项目尚未受理", MsgEN: "the office has not accepted the project", Basis: []string{"YP23-R-5.1.2"}})
	case d.Treatment == "" && len(d.Authorities) == 0:
		d.State = Outside
	default:
		err := s.Rules.Gate(d.Project, "agenda", d.holds)
		if err != nil && !errors.Is(err, rules.ErrGate) {
			return err
		}
		d.State = Ready
		if d.Treatment == "" {
			d.State = WithAuthorities
		}
		if err != nil {
			d.State, d.Waiting = Waiting, fault.From(err).Violations
		}
	}
	d.remind()
	return nil
}

// remind says who is to do what next about the project.
func (d *Docket) remind() {
	var todo []aggregate.Todo
	propose := func(title string) {
		todo = append(todo, aggregate.Todo{Action: "propose_item", Role: "secretary", Unit: Office, Title: title})
	}
	switch d.State {
	case Ready:
		matter := "项目审议"
		if d.Plan != nil {
			matter = "规划（计划）审议"
		}
		propose("提出议题：" + matter)
	case WithAuthorities:
		for _, n := range d.awaited() {
			a := d.Authorities[n]
			todo = append(todo, aggregate.Todo{Action: "decide_step", Role: "member", Unit: a.Unit, Title: "审核决定：" + d.Title})
		}
	}
	for _, c := range d.Changes {
		if c.State == "open" && !d.listedAs(ChangeItem, c.ID) {
			propose("提出议题：项目变更 " + c.ID)
		}
	}
	if d.StopGround != "" && d.settled() && d.Outcome.consents() && !d.listedAs(StopItem, "") {
		propose("可提请停止实施：逾期未启动采购且未备案")
	}
	for _, f := range d.FollowUps {
		if f.State == "open" {
			todo = append(todo, aggregate.Todo{Action: "report_follow_up", Role: f.role(d.Project.GetUnit()), Unit: f.Unit, Title: "落实联席会议决定：" + f.Task})
		}
	}
	d.Await(todo...)
}

// follow changes a docket by what another service stated, and makes it when
// that is the first that is heard of the project.
func (s *Service) follow(ctx context.Context, project string, change func(*Docket, *aggregate.Recorder)) error {
	_, err := s.Dockets.Upsert(ctx, project, func(d *Docket, rec *aggregate.Recorder) error {
		d.begin()
		change(d, rec)
		return s.place(d)
	})
	return err
}
