package planning

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"regexp"
	"slices"

	"egov/libs/aggregate"
	"egov/libs/calendar"
	"egov/libs/fault"
	"egov/libs/policy"
	"egov/libs/seal"
	declarationv1 "egov/proto/gen/egov/declaration/v1"
	typev1 "egov/proto/gen/egov/type/v1"
	"egov/services/declaration"
)

// State is where a plan stands.
type State string

// The states of a plan.
const (
	Drafting   State = "drafting"   // the office works on it
	Commenting State = "commenting" // units are asked
	Laid       State = "laid"       // before the conference
	Approving  State = "approving"  // before the authorities that approve it
	Filing     State = "filing"     // approved, to be filed
	InForce    State = "in_force"
	Refused    State = "refused" // by the conference
)

// Plan is a development plan or a yearly plan, from the office's draft on
// (YP23-M-7, YP23-M-8, XA18-6). Its kind and its road are the pack's.
type Plan struct {
	aggregate.Root
	Title string `json:"title"`
	Kind  string `json:"kind"` // a plan of the pack
	State State  `json:"state"`
	Pack  string `json:"pack"` // by which it goes, from the draft on
	Content
	SHA256    string `json:"sha256"` // of the canonical content, hex
	DraftedBy string `json:"drafted_by"`

	Consultation *Consultation `json:"consultation,omitempty"`
	Round        int           `json:"round"` // before the conference, from 1
	Reviews      []Review      `json:"reviews"`
	Approvals    []Approval    `json:"approvals"`
	Filing       *Approval     `json:"filing,omitempty"`
	InForceOn    calendar.Date `json:"in_force_on,omitzero"`
	Papers       []seal.Paper  `json:"papers"`

	Signature *typev1.Signature `json:"signature,omitempty"` // over the content, when it came into force
}

// Content is what a plan says.
type Content struct {
	FromYear int           `json:"from_year" required:"true"`
	ToYear   int           `json:"to_year" required:"true"`
	Text     string        `json:"text" required:"true"`
	Links    string        `json:"links" required:"true"` // how it joins the plans of city and district and avoids building twice
	Tasks    []PlannedTask `json:"tasks"`                 // of a plan that divides the year's key work
}

// PlannedTask is one line of the year's key work (SH16-W).
type PlannedTask struct {
	Number      string   `json:"number" required:"true"` // such as A1-1.1
	Title       string   `json:"title" required:"true"`
	Lead        string   `json:"lead" required:"true"`
	Responsible []string `json:"responsible"`
	Month       int      `json:"month"` // 1..12, 0 = the whole year
}

// Review is what the conference decided on a plan.
type Review struct {
	Outcome    string   `json:"outcome"` // endorsed, deferred or refused
	SessionID  string   `json:"session_id"`
	ItemID     string   `json:"item_id"`
	Reason     string   `json:"reason,omitempty"`
	Conditions []string `json:"conditions"`
	On         string   `json:"on"` // YYYY-MM-DD
}

// Approval is one authority's approval of a plan, or its filing there.
type Approval struct {
	Authority  string        `json:"authority"`
	DocumentNo string        `json:"document_no"`
	On         calendar.Date `json:"on"`
	RecordedBy string        `json:"recorded_by"`
}

// taskNumber is the form of a task's number: it is part of the task's id.
var taskNumber = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9.-]{0,19}$`)

// maxTasks bounds the tasks of one plan.
const maxTasks = 500

func (x *Content) check(c *fault.Checks) {
	c.Require(x.FromYear >= 2000 && x.ToYear >= x.FromYear && x.ToYear <= 2100, "to_year", "out_of_range", "规划（计划）年度起止不正确", "the years are in order and of this century", "YP23-M-7", "XA18-6")
	c.Text(x.Text, "text", 200_000, "YP23-M-7", "XA18-6")
	c.Text(x.Links, "links", 10_000, "YP23-M-7")
	c.Require(len(x.Tasks) <= maxTasks, "tasks", "too_many", fmt.Sprintf("任务不得超过%d项", maxTasks), fmt.Sprintf("at most %d tasks", maxTasks))
	seen := map[string]bool{}
	for i, t := range x.Tasks {
		at := fmt.Sprintf("tasks[%d].", i)
		c.Require(taskNumber.MatchString(t.Number) && !seen[t.Number], at+"number", "not_once", "任务编号须为字母、数字、“.”和“-”，且不重复", "letters, digits, '.' and '-', each number once", "SH16-W")
		seen[t.Number] = true
		c.Text(t.Title, at+"title", 500, "SH16-W")
		c.Text(t.Lead, at+"lead", 64, "SH16-W")
		units(c, at+"responsible", t.Responsible, "SH16-W")
		c.Require(!has(t.Responsible, t.Lead), at+"responsible", "lead_listed", "牵头单位不重复列为责任单位", "the lead unit is not listed as responsible too", "SH16-W")
		c.Require(t.Month >= 0 && t.Month <= 12, at+"month", "out_of_range", "完成时间须为1至12月，全年填0", "a month from 1 to 12, 0 for the whole year", "SH16-W")
	}
}

// DraftPlan begins a plan.
type DraftPlan struct {
	Kind  string `json:"kind" required:"true"` // a plan of the pack in force
	Title string `json:"title" required:"true"`
	Content
}

// Validate lists what is missing.
func (r *DraftPlan) Validate() error {
	var c fault.Checks
	c.Text(r.Kind, "kind", 60)
	c.Text(r.Title, "title", 200)
	r.check(&c)
	return c.Err()
}

// Draft begins a plan of the office (YP23-M-7).
func (s *Service) Draft(ctx context.Context, r DraftPlan) (Plan, error) {
	pack, err := s.inForce()
	if err != nil {
		return Plan{}, err
	}
	kind, ok := pack.Office().Plan(r.Kind)
	if !ok {
		codes := ""
		for _, p := range pack.Office().Plans {
			codes += p.Code + " "
		}
		return Plan{}, fault.InvalidInput.WithViolations(fault.Violation{Field: "kind", Code: "unknown_code", Msg: "现行规则没有这类规划（计划）；可选：" + codes, MsgEN: "the rules in force know no such plan; one of: " + codes, Basis: []string{"YP23-M-7", "XA18-6"}})
	}
	return s.Plans.Create(ctx, s.NewID(), func(p *Plan, rec *aggregate.Recorder) error {
		if err := byOffice(rec.By()); err != nil {
			return err
		}
		p.ProjectID, p.Kind, p.Title, p.State, p.Pack, p.DraftedBy = p.ID, r.Kind, r.Title, Drafting, pack.ID(), rec.By().Actor()
		p.Reviews, p.Approvals, p.Papers = []Review{}, []Approval{}, []seal.Paper{}
		if err := s.write(p, kind, r.Content); err != nil {
			return err
		}
		rec.State(p.ID, &declarationv1.PlanDrafted{PlanId: p.ID, Kind: p.Kind, Title: p.Title, FromYear: int32(p.FromYear), ToYear: int32(p.ToYear), Pack: p.Pack, Sha256: p.SHA256})
		return nil
	})
}

// write puts content into a plan and says what comes next.
func (s *Service) write(p *Plan, kind policy.Plan, x Content) error {
	if len(x.Tasks) > 0 && !kind.Tasks {
		return fault.InvalidInput.WithViolations(fault.Violation{Field: "tasks", Code: "not_applicable", Msg: "“" + kind.Label.ZH + "”不分解年度任务", MsgEN: "a " + kind.Label.EN + " divides no tasks", Basis: []string{"SH16-W"}})
	}
	if len(x.Tasks) > 0 && x.FromYear != x.ToYear {
		return fault.InvalidInput.WithViolations(fault.Violation{Field: "to_year", Code: "one_year", Msg: "分解任务的计划须为一个年度", MsgEN: "a plan with tasks is for one year", Basis: []string{"SH16-W"}})
	}
	if x.Tasks == nil {
		x.Tasks = []PlannedTask{}
	}
	for i := range x.Tasks {
		if x.Tasks[i].Responsible == nil {
			x.Tasks[i].Responsible = []string{}
		}
	}
	b, err := s.Canonical(x)
	if err != nil {
		return err
	}
	sum := sha256.Sum256(b)
	p.Content, p.SHA256 = x, hex.EncodeToString(sum[:])
	p.proceed(kind)
	return nil
}

// RevisePlan replaces what a plan says while the office works on it.
type RevisePlan struct {
	ID      string `path:"id" json:"-"`
	IfMatch string `header:"If-Match" json:"-" required:"true"` // the version that was read
	Content
}

// Validate also asks for the version, so that no update is lost.
func (r *RevisePlan) Validate() error {
	var c fault.Checks
	c.Require(r.IfMatch != "", "If-Match", "required", "修改须带If-Match", "an update names the version it changes")
	r.check(&c)
	return c.Err()
}

// Revise replaces what a plan says, until it is laid before the conference or
// an authority.
func (s *Service) Revise(ctx context.Context, r RevisePlan) (Plan, error) {
	return s.change(ctx, r.ID, func(p *Plan, kind policy.Plan, _ *aggregate.Recorder) error {
		if err := p.at(Drafting); err != nil {
			return err
		}
		return s.write(p, kind, r.Content)
	})
}

// change is an act of the office on a plan, by the rules under which it began.
func (s *Service) change(ctx context.Context, id string, act func(*Plan, policy.Plan, *aggregate.Recorder) error) (Plan, error) {
	return s.Plans.Update(ctx, id, func(p *Plan, rec *aggregate.Recorder) error {
		if err := byOffice(rec.By()); err != nil {
			return err
		}
		kind, err := s.kind(p)
		if err != nil {
			return err
		}
		return act(p, kind, rec)
	})
}

// kind is the plan's kind in the pack by which it goes.
func (s *Service) kind(p *Plan) (policy.Plan, error) {
	pack, err := s.Rules.Of(p.Pack)
	if err != nil {
		return policy.Plan{}, err
	}
	kind, ok := pack.Office().Plan(p.Kind)
	if !ok {
		return policy.Plan{}, fault.From(fmt.Errorf("pack %s has no plan %s", p.Pack, p.Kind))
	}
	return kind, nil
}

// at refuses unless the plan is in the state.
func (p *Plan) at(state State) error {
	if p.State == state {
		return nil
	}
	return ErrState.WithMsg("规划（计划）当前状态为“"+string(p.State)+"”，不能办理此事项", "the plan is "+string(p.State)+", which does not allow this")
}

// endorsed reports whether the conference's last decision was for the plan.
func (p *Plan) endorsed() bool {
	return len(p.Reviews) == p.Round && p.Round > 0 && p.Reviews[p.Round-1].Outcome == endorsed
}

// step is one step of a plan's road.
type step struct {
	code   string
	zh, en string
	done   bool
}

// The steps. stable: they stand in violations.
const (
	stepComments   = "comments"
	stepConference = "conference"
	stepApproval   = "approval"
	stepFiling     = "filing"
)

// road are the steps that the pack sets for the plan, in order.
func (p *Plan) road(kind policy.Plan) []step {
	var list []step
	if kind.Comments {
		list = append(list, step{stepComments, "征求意见", "comments", p.Consultation != nil && p.Consultation.AnsweredOn != ""})
	}
	if kind.Conference {
		list = append(list, step{stepConference, "联席会议审议", "the conference's review", p.endorsed()})
	}
	if len(kind.ApprovedBy) > 0 {
		need := len(kind.ApprovedBy)
		if kind.Either {
			need = 1
		}
		list = append(list, step{stepApproval, "报批", "approval", len(p.Approvals) >= need})
	}
	if kind.FiledWith != nil {
		list = append(list, step{stepFiling, "备案", "filing", p.Filing != nil})
	}
	return list
}

// due refuses a step before the steps that come first, and one that the rules
// do not know (YP23-M-7, YP23-M-8, XA18-6).
func (p *Plan) due(kind policy.Plan, code string) error {
	road := p.road(kind)
	at := slices.IndexFunc(road, func(x step) bool { return x.code == code })
	if at < 0 {
		return ErrNoStep.WithMsg("“"+kind.Label.ZH+"”没有此环节", "a "+kind.Label.EN+" has no such step").WithBasis(kind.Basis...)
	}
	for _, x := range road[:at] {
		if !x.done {
			return ErrOrder.WithMsg("须先完成"+x.zh, x.en+" comes first").WithBasis(kind.Basis...)
		}
	}
	return nil
}

// next is the first step that is not done; empty when the road is walked.
func (p *Plan) next(kind policy.Plan) string {
	for _, x := range p.road(kind) {
		if !x.done {
			return x.code
		}
	}
	return ""
}

// proceed puts the plan where its road goes on, and says who is to do what.
func (p *Plan) proceed(kind policy.Plan) {
	office := func(action, title string) {
		p.Await(todo(action, "secretary", declaration.Office, title+"："+p.Title))
	}
	switch p.next(kind) {
	case stepComments:
		p.State = Drafting
		office("ask_comments", "征求各单位意见")
	case stepConference:
		p.State = Drafting
		office("lay_plan", "报联席会议审议")
	case stepApproval:
		p.State = Approving
		office("record_plan_approval", "登记批准文件")
	case stepFiling:
		p.State = Filing
		office("record_plan_filing", "登记备案")
	default:
		p.State = InForce
		p.Await()
	}
}
