package conference

import (
	"fmt"
	"slices"

	"egov/libs/aggregate"
	"egov/libs/authn"
	"egov/libs/calendar"
	"egov/libs/policy"
	conferencev1 "egov/proto/gen/egov/conference/v1"
	typev1 "egov/proto/gen/egov/type/v1"
)

// Mode is how the conference comes together.
type Mode string

// The modes (YP23-R-4.2).
const (
	Ordinary Mode = "ordinary" // called as reviews require
	AdHoc    Mode = "ad_hoc"   // called by the chair for a reason
	Written  Mode = "written"  // it cannot meet: written opinions, the chair's written decision
)

// SessionState is how far a session has come.
type SessionState string

// The states of a session.
const (
	Called         SessionState = "called"          // the office gathers items
	AgendaApproved SessionState = "agenda_approved" // the member units see it
	Open           SessionState = "open"            // it deliberates
	Closed         SessionState = "closed"          // the minutes are signed
	Cancelled      SessionState = "cancelled"       // it did not take place
)

// Session is one session of the conference, or one written circulation.
type Session struct {
	aggregate.Root
	Title         string        `json:"title"`
	Mode          Mode          `json:"mode"`
	State         SessionState  `json:"state"`
	HeldOn        calendar.Date `json:"held_on"`
	Place         string        `json:"place,omitempty"`
	Chair         string        `json:"chair"`                   // account id
	Reason        string        `json:"reason,omitempty"`        // why ad hoc or written
	OpinionsUntil calendar.Date `json:"opinions_until,omitzero"` // last day of a written circulation
	CalledBy      string        `json:"called_by"`
	OpenedOn      calendar.Date `json:"opened_on,omitzero"`
	CancelReason  string        `json:"cancel_reason,omitempty"`

	// Members are the current member units (YP23-M-5); Required of them form
	// the quorum (YP23-R-4.3).
	Members  []string `json:"members"`
	Required int      `json:"required"`

	Serial     int        `json:"serial"` // items proposed so far
	Agenda     []Item     `json:"agenda"`
	Leave      []Leave    `json:"leave"`
	Attendance []Attendee `json:"attendance"`
	Invitees   []Invitee  `json:"invitees"` // who came as invitees; they do not count
	Minutes    *Minutes   `json:"minutes,omitempty"`
}

// Leave is a member unit's leave, asked for before the session (YP23-R-4.3).
type Leave struct {
	Member     string `json:"member"`
	Reason     string `json:"reason"`
	RecordedBy string `json:"recorded_by"`
}

// Attendee is how one member unit attended.
type Attendee struct {
	Member   string `json:"member"`
	Status   string `json:"status"`             // present, leave or absent
	Delegate string `json:"delegate,omitempty"` // who sat for the unit
}

// Invitee is a guest of the session or of one item (YP23-R-4.1).
type Invitee struct {
	Unit string `json:"unit"`
	Name string `json:"name"`
}

// ItemKind is what an agenda item asks the conference.
type ItemKind string

// The kinds of item.
const (
	ProjectItem ItemKind = "project" // to consent to a project or its filing
	ChangeItem  ItemKind = "change"  // to consent to a change (YP23-R-5.5.5)
	StopItem    ItemKind = "stop"    // to stop a project not started in time (YP23-R-5.5.1)
	WaiverItem  ItemKind = "waiver"  // to lift in-principle rules, case by case
	PlanItem    ItemKind = "plan"    // to endorse a plan of the office (YP23-M-7, YP23-M-8)
)

// ItemState is where an agenda item stands.
type ItemState string

// The states of an item.
const (
	ItemListed      ItemState = "listed"
	ItemDecided     ItemState = "decided"
	ItemCarriedOver ItemState = "carried_over" // waits for another session
	ItemWithdrawn   ItemState = "withdrawn"    // the declaring unit took the project back
)

// Item is one agenda item with all that is recorded about it.
type Item struct {
	ID        string    `json:"id"` // "<session id>-<serial>"
	Kind      ItemKind  `json:"kind"`
	State     ItemState `json:"state"`
	ProjectID string    `json:"project_id"`
	ChangeID  string    `json:"change_id,omitempty"`
	Title     string    `json:"title"` // of the project

	Project     *typev1.ProjectBrief `json:"project"`
	Plan        *PlanBrief           `json:"plan,omitempty"`     // of a plan item, which has no project
	Treatment   policy.Duty          `json:"treatment"`          // conference_filing or conference_review
	Standing    Outcome              `json:"standing,omitempty"` // the decision that stood when it was proposed
	DeclaredFen int64                `json:"declared_fen"`       // of a change: the total it asks for
	ReviewedFen int64                `json:"reviewed_fen"`       // 0 = no evaluation on this road
	Priority    bool                 `json:"priority"`           // from last year's backup pool (YP23-R-5.4.2)
	Declarers   []string             `json:"declarers"`
	Findings    []Finding            `json:"findings"` // in-principle rules that the declaration breaks
	Lifted      []string             `json:"lifted"`   // rules that earlier decisions lifted for the project

	// Study, Suggestion and Suggested are the office's prior work (YP23-R-4.4).
	Study      string    `json:"study"`
	Suggestion string    `json:"suggestion"`
	Suggested  Outcome   `json:"suggested_outcome"`
	Waivers    []Waiver  `json:"waivers"` // rules that it asks to lift
	Invitees   []Invitee `json:"invitees"`
	ProposedBy string    `json:"proposed_by"`

	Opinions []Opinion `json:"opinions"` // one a member unit, in the order given
	Note     string    `json:"note,omitempty"`
	Decision *Decision `json:"decision,omitempty"`
}

// recuses reports whether the member unit declares or supervises the project.
func (i *Item) recuses(member string) bool {
	return member == i.Project.GetUnit() || member == i.Project.GetSupervisor()
}

// recused reports whether the member takes no part in the item.
func (i *Item) recused(member string) bool {
	o := i.opinionOf(member)
	return i.recuses(member) || o != nil && o.Stance == Recused
}

func (i *Item) opinionOf(member string) *Opinion {
	n := slices.IndexFunc(i.Opinions, func(o Opinion) bool { return o.Member == member })
	if n < 0 {
		return nil
	}
	return &i.Opinions[n]
}

// urgent reports whether the project is on the fast track (YP23-R-5.6.3).
func (i *Item) urgent() bool {
	mode := i.Project.GetConferenceMode()
	return mode != "" && mode != string(Ordinary)
}

// at refuses unless the session is in one of the states.
func (ss *Session) at(states ...SessionState) error {
	if slices.Contains(states, ss.State) {
		return nil
	}
	return ErrSessionState.WithMsg("会议当前状态为“"+string(ss.State)+"”，不能办理此事项", "the session is "+string(ss.State)+", which does not allow this")
}

// chairedBy refuses everybody but the chair of this session (YP23-R-4.1).
func (ss *Session) chairedBy(by authn.Principal) error {
	if by.IsAny([]string{ss.Chair}) {
		return nil
	}
	return ErrNotChair
}

// item finds an item that is still to be decided.
func (ss *Session) item(id string) (*Item, error) {
	n := slices.IndexFunc(ss.Agenda, func(i Item) bool { return i.ID == id })
	if n < 0 {
		return nil, ErrNoItem
	}
	i := &ss.Agenda[n]
	if i.State != ItemListed {
		return i, ErrItemState.WithMsg("议题当前状态为“"+string(i.State)+"”，不能办理此事项", "the item is "+string(i.State)+", which does not allow this")
	}
	return i, nil
}

// listed counts the items still to be decided.
func (ss *Session) listed() int {
	n := 0
	for _, i := range ss.Agenda {
		if i.State == ItemListed {
			n++
		}
	}
	return n
}

// projects are the ids of the projects on the agenda, in order of the ids.
func (ss *Session) projects(is func(Item) bool) []string {
	var ids []string
	for _, i := range ss.Agenda {
		if is(i) {
			ids = append(ids, i.ProjectID)
		}
	}
	slices.Sort(ids)
	return slices.Compact(ids)
}

// status is how a member attended: absent before anything is recorded.
func (ss *Session) status(member string) string {
	for _, a := range ss.Attendance {
		if a.Member == member {
			return a.Status
		}
	}
	return absent
}

// How a member unit attends. stable: they stand in stored sessions.
const (
	present = "present"
	leave   = "leave"
	absent  = "absent"
)

// there are the member units that are present.
func (ss *Session) there() []string {
	out := []string{}
	for _, m := range ss.Members {
		if ss.status(m) == present {
			out = append(out, m)
		}
	}
	return out
}

func (ss *Session) onLeave(member string) bool {
	return slices.ContainsFunc(ss.Leave, func(l Leave) bool { return l.Member == member })
}

// remind says who is to do what next in the session.
func (ss *Session) remind() {
	chair := func(action, title string) aggregate.Todo {
		return aggregate.Todo{Action: action, Role: "chair", Account: ss.Chair, Title: title}
	}
	office := func(action, title string) aggregate.Todo {
		return aggregate.Todo{Action: action, Role: "secretary", Unit: Office, Title: title}
	}
	ss.Await()
	switch ss.State {
	case Called:
		if ss.listed() == 0 {
			ss.Await(office("propose_item", "提出会议议题"))
			return
		}
		ss.Await(chair("approve_agenda", "审定会议议题"), office("propose_item", "可继续提出议题"))
	case AgendaApproved:
		if ss.Mode == Written {
			ss.Await(office("open_session", "发出书面意见征询"))
			return
		}
		todo := []aggregate.Todo{office("record_attendance", "登记到会情况并宣布开会")}
		for _, m := range ss.Members {
			if !ss.onLeave(m) {
				todo = append(todo, aggregate.Todo{Action: "ask_leave", Role: "member", Unit: m, Title: "参加" + ss.Title + "；不能到会须会前请假"})
			}
		}
		ss.Await(todo...)
	case Open:
		ss.Await(ss.deliberation(chair, office)...)
	}
}

// deliberation is what an open session waits for.
func (ss *Session) deliberation(chair, office func(action, title string) aggregate.Todo) []aggregate.Todo {
	open := ss.listed()
	switch {
	case open > 0:
		todo := []aggregate.Todo{
			chair("decide_items", fmt.Sprintf("对%d项议题作出决定", open)),
			office("record_opinions", "逐一记录各成员单位意见"),
		}
		for _, m := range ss.Members {
			if slices.ContainsFunc(ss.Agenda, func(i Item) bool { return ss.awaits(&i, m) }) {
				todo = append(todo, aggregate.Todo{Action: "give_opinion", Role: "member", Unit: m, Title: "对会议议题发表意见"})
			}
		}
		return todo
	case ss.Minutes == nil:
		return []aggregate.Todo{office("draft_minutes", "起草会议纪要")}
	case ss.Minutes.Signature == nil:
		return []aggregate.Todo{chair("sign_minutes", "签发会议纪要"), office("draft_minutes", "可修改会议纪要")}
	}
	return []aggregate.Todo{office("close_session", "办结会议")}
}

// release takes an item that is not decided off the agenda.
func (ss *Session) release(rec *aggregate.Recorder, id string, to ItemState, note string) {
	i, err := ss.item(id)
	if err != nil {
		return // decided or released already
	}
	i.State, i.Note = to, note
	if to == ItemCarriedOver {
		rec.State(i.ProjectID, &conferencev1.ItemCarriedOver{ProjectId: i.ProjectID, SessionId: ss.ID, ItemId: i.ID, Reason: note})
	}
	ss.remind()
}
