// Package expertreview is the duty of having projects evaluated: agencies are
// assigned and answer the five criteria, experts are drawn from the pool in a
// way anyone can repeat, and a panel's majority passes or fails a project.
package expertreview

import (
	"slices"

	"egov/libs/aggregate"
	"egov/libs/authn"
	"egov/libs/calendar"
	"egov/libs/fault"
	"egov/libs/rules"
	typev1 "egov/proto/gen/egov/type/v1"
)

// Office is the unit that organises evaluations: the conference office.
const Office = "gov-office"

// State is where an evaluation stands.
type State string

// The states. Passed means that every evaluation the route asks for is passed.
const (
	Waiting     State = "waiting"      // for an agency
	Assigned    State = "assigned"     // the agency has it
	PanelNeeded State = "panel_needed" // the agency passed it, experts come next
	Drawn       State = "drawn"        // the panel has it
	Passed      State = "passed"
	Failed      State = "failed"
)

// Evaluation is everything that evaluators say about one project; its id is
// the project's.
type Evaluation struct {
	aggregate.Root
	Title       string               `json:"title"`
	Project     *typev1.ProjectBrief `json:"project"`
	State       State                `json:"state"`
	Round       int                  `json:"round"` // of the third-party evaluation, from 1
	PanelRound  int                  `json:"panel_round"`
	Agency      string               `json:"agency,omitempty"`
	Opinions    []Opinion            `json:"opinions"` // of all rounds, in the order given
	Panel       *Panel               `json:"panel,omitempty"`
	ReviewedFen int64                `json:"reviewed_fen,omitempty"`
	Consent     bool                 `json:"publishing_consent"` // cac's consent has come (YP23-R-5.3.6)
}

// Opinion is one evaluator's answer.
type Opinion struct {
	Stage       string            `json:"stage"` // third_party or expert
	Round       int               `json:"round"`
	Author      string            `json:"author"`
	Conclusion  string            `json:"conclusion"` // pass or fail
	Criteria    []Answer          `json:"criteria"`
	ReviewedFen int64             `json:"reviewed_fen"`
	Score       int               `json:"score,omitempty"` // of an expert, 0..100
	Text        string            `json:"text"`
	GivenOn     string            `json:"given_on"`
	Signature   *typev1.Signature `json:"signature"`
}

// Answer is the answer to one criterion of YP23-R-5.2.
type Answer struct {
	Criterion string `json:"criterion"`
	Answer    string `json:"answer"` // met, not_met or not_applicable
	Remark    string `json:"remark"`
}

// Panel is the experts who review a project.
type Panel struct {
	ID      string   `json:"id"`
	Field   string   `json:"field"`
	Experts []string `json:"experts"`
	Seed    string   `json:"seed"`
	Pool    string   `json:"pool_sha256"`
}

// Expert is one member of the expert pool; the id is the account.
type Expert struct {
	aggregate.Root
	Name      string   `json:"name"`
	Employer  string   `json:"employer"` // a unit code, or an institution's name
	Fields    []string `json:"fields"`
	TermFrom  string   `json:"term_from"` // YYYY-MM-DD
	TermTo    string   `json:"term_to"`
	Active    bool     `json:"active"`
	Conflicts []string `json:"conflicts"` // units and project ids declared by the expert
}

// Errors of this duty.
var (
	ErrState       = fault.New(fault.Conflict, "wrong_stage", "当前阶段不能办理此事项", "the evaluation's stage does not allow this")
	ErrConflict    = fault.New(fault.Refused, "conflict_of_interest", "评估单位与申报单位存在利害关系，应当回避", "the evaluator is tied to the declaring unit", "ours")
	ErrNotYours    = fault.New(fault.Forbidden, "not_assigned", "未指派给您的评估事项", "this evaluation is not assigned to you", "YP23-R-5.2")
	ErrTwice       = fault.New(fault.Conflict, "opinion_given", "意见已提交，不得更改", "your opinion is given and stays as it is")
	ErrPanelSize   = fault.New(fault.Refused, "panel_size", "专家人数不符合要求", "the panel's size does not fit the rules", "ours")
	ErrNoCommittee = fault.New(fault.Refused, "no_committee", "现行规则未规定专家委员会", "the rules in force know no committee of experts", "SH16-W-55")
	ErrCommittee   = fault.New(fault.Refused, "committee_refused", "专家委员会组成不符合要求", "the committee cannot be composed like this", "SH16-W-55", "XA18-5")
	ErrStanding    = fault.New(fault.Conflict, "committee_standing", "该任期内已有专家委员会", "a committee stands in that term already", "SH16-W-55")
	ErrNotMember   = fault.New(fault.Forbidden, "not_on_committee", "只有专家委员会委员可以提出意见", "only a member of the committee advises", "SH16-W-55")
	ErrNoQuestion  = fault.New(fault.NotFound, "no_such_question", "没有这项咨询", "there is no such question", "SH16-W-55")
	ErrTerm        = fault.New(fault.Conflict, "committee_out_of_term", "专家委员会不在任期内", "the committee is not in its term", "SH16-W-55")
	ErrPool        = fault.New(fault.Refused, "pool_too_small", "可抽取的专家人数不足", "too few experts may be drawn", "ours")
)

// Service is the use cases of this duty.
type Service struct {
	Evaluations aggregate.Repository[Evaluation]
	Experts     aggregate.Repository[Expert]
	Committees  aggregate.Repository[Committee]
	Rules       rules.Book
	District    string
	Clock       calendar.Clock
	NewID       func() string
	Seed        func() []byte // 32 random bytes
	Sign        func(act string, by authn.Principal, document any) (*typev1.Signature, error)
}

func (e *Evaluation) at(states ...State) error {
	if slices.Contains(states, e.State) {
		return nil
	}
	return ErrState.WithMsg("当前阶段为“"+string(e.State)+"”，不能办理此事项", "the evaluation is "+string(e.State)+", which does not allow this")
}
