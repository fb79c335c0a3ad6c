// Package planning is how the conference office plans and counts: the
// development plan and the yearly plans on their road through comments, the
// conference, approvals and filing; the year's key work divided among units;
// and the returns that units owe from time to time.
//
// The package promises the order of the road that the pack in force sets, with
// the article of each refusal, and a clock for every task and return. It does
// not decide on a plan, which is the conference's, and judges no report.
package planning

import (
	"context"
	"slices"
	"strings"

	"egov/libs/aggregate"
	"egov/libs/attachment"
	"egov/libs/authn"
	"egov/libs/calendar"
	"egov/libs/fault"
	"egov/libs/policy"
	"egov/libs/rules"
	typev1 "egov/proto/gen/egov/type/v1"
	"egov/services/declaration"
)

// Errors of planning.
var (
	ErrNotOffice = fault.New(fault.Forbidden, "not_conference_office", "只有联席会议办公室可以办理", "only the conference office may do this", "YP23-M-7", "YP23-M-8")
	ErrState     = fault.New(fault.Conflict, "wrong_plan_state", "规划（计划）当前状态不能办理此事项", "the plan's state does not allow this")
	ErrOrder     = fault.New(fault.Refused, "plan_step_out_of_order", "规划（计划）须依次办理", "the steps of a plan follow one another", "YP23-M-7", "XA18-6")
	ErrNoStep    = fault.New(fault.Refused, "no_such_plan_step", "现行规则未规定此环节", "the rules in force know no such step for this plan")
	ErrNotAsked  = fault.New(fault.Forbidden, "not_asked_for_comments", "未向本单位征求意见", "the unit is not among those asked for comments", "YP23-M-7")
	ErrCommented = fault.New(fault.Conflict, "commented_already", "该单位已反馈意见", "the unit has commented already", "YP23-M-7")
	ErrWaiting   = fault.New(fault.Refused, "comments_running", "征求意见尚未到期，仍有单位未反馈", "comments are asked until a day that has not come, and units are silent", "YP23-M-7")
	ErrAnswers   = fault.New(fault.Refused, "comments_unanswered", "须逐一说明意见采纳情况", "every comment is answered, adopted or not", "YP23-M-7")
	ErrApproved  = fault.New(fault.Conflict, "approval_recorded", "该机关的批准已登记", "that authority's approval is on record", "YP23-M-7", "XA18-6")

	ErrNotLead   = fault.New(fault.Forbidden, "not_lead_of_task", "只有牵头单位可以办结任务", "only the lead unit ends a task", "SH16-W")
	ErrNotInTask = fault.New(fault.Forbidden, "not_in_task", "本单位不是该任务的牵头或责任单位", "the unit neither leads the task nor answers for a part of it", "SH16-W")
	ErrTaskDone  = fault.New(fault.Conflict, "task_completed", "任务已办结", "the task is done", "SH16-W")
	ErrParts     = fault.New(fault.Refused, "parts_open", "尚有责任单位未完成本单位任务", "responsible units have not done their part", "SH16-W")

	ErrNotOverdue = fault.New(fault.Refused, "not_overdue", "尚未逾期，不作督办", "nothing is overdue yet, so nobody is pressed", "SH16-W", "SH12-36")

	ErrNoReturns = fault.New(fault.Refused, "no_such_return", "现行规则未规定此项报送", "the rules in force ask for no such return", "SH12-36")
	ErrNotOwed   = fault.New(fault.Forbidden, "not_the_returning_unit", "只有负有报送义务的单位可以报送", "only the unit that owes the return files it", "SH12-36")
	ErrEarly     = fault.New(fault.Refused, "period_not_begun", "该报送期尚未开始", "the period has not begun", "SH12-36")
)

// Pressed is one word of the office to who is late.
type Pressed struct {
	Text string `json:"text"`
	By   string `json:"by"`
	On   string `json:"on"`
}

// Service is the use cases of planning.
type Service struct {
	Plans   aggregate.Repository[Plan]
	Tasks   aggregate.Repository[Task]
	Returns aggregate.Repository[Return]
	// InTx makes the repository calls of one function one transaction. A plan is
	// locked before its tasks.
	InTx        func(ctx context.Context, f func(context.Context) error) error
	Rules       rules.Book
	District    string
	Clock       calendar.Clock
	NewID       func() string
	Attachments attachment.Shelf
	Sign        func(act string, by authn.Principal, document any) (*typev1.Signature, error)
	// Canonical gives the canonical bytes of a document, over which its hash runs.
	Canonical func(document any) ([]byte, error)
}

// inForce is the pack of the district today.
func (s *Service) inForce() (*policy.Pack, error) {
	return s.Rules.Packs.ForDate(s.District, calendar.Today(s.Clock))
}

// byOffice refuses everybody outside the conference office.
func byOffice(by authn.Principal) error {
	if by.Unit != declaration.Office {
		return ErrNotOffice
	}
	return nil
}

// units are distinct unit codes, as a request lists them.
func units(c *fault.Checks, field string, list []string, basis ...string) {
	seen := map[string]bool{}
	for _, u := range list {
		c.Require(u != "" && len(u) <= 64 && !seen[u], field, "not_once", "每个单位须且只须列一次", "each unit once", basis...)
		seen[u] = true
	}
}

func joined(list []string) string { return strings.Join(list, "、") }

func todo(action, role, unit, title string) aggregate.Todo {
	return aggregate.Todo{Action: action, Role: role, Unit: unit, Title: title}
}

func has(list []string, s string) bool { return slices.Contains(list, s) }
