// Package conference is the duty of the Joint Conference: what stands on whose
// agenda, who was there, what each member unit said, and what the chair
// decided. It keeps a docket for every accepted project, sessions with their
// items, the members' seats, and the register of filings.
//
// The package promises that a session follows the rules of procedure of the
// pack in force (quorum over the current member units, items proposed by the
// office and approved by the chair, opinions one by one, the declaring unit
// recused), that only the chair decides, and that a decision never changes
// afterwards: it is reconsidered or it stands. It never computes a decision,
// and it carries nothing out: other duties follow its facts.
package conference

import (
	"context"
	"slices"

	"egov/libs/aggregate"
	"egov/libs/authn"
	"egov/libs/calendar"
	"egov/libs/fault"
	"egov/libs/rules"
	typev1 "egov/proto/gen/egov/type/v1"
)

// Office is the unit that holds this duty: the conference office sits in the
// district government's office (YP23-M-5).
const Office = "gov-office"

// Errors of this duty.
var (
	ErrSessionState = fault.New(fault.Conflict, "wrong_session_state", "会议当前状态不能办理此事项", "the session's state does not allow this")
	ErrItemState    = fault.New(fault.Conflict, "wrong_item_state", "议题当前状态不能办理此事项", "the item's state does not allow this")
	ErrMode         = fault.New(fault.Conflict, "wrong_session_mode", "书面签署没有到会环节", "a written session has no attendance", "YP23-R-4.2")
	ErrNoItem       = fault.New(fault.NotFound, "no_such_item", "本次会议没有这个议题", "the session has no such item")
	ErrEmptyAgenda  = fault.New(fault.Refused, "empty_agenda", "没有待审议的议题", "there is nothing on the agenda", "YP23-R-4.4")
	ErrTooEarly     = fault.New(fault.Refused, "session_not_due", "未到会议日期", "the session's day has not come", "YP23-R-4.2")
	ErrQuorum       = fault.New(fault.Refused, "no_quorum", "到会成员单位不足", "too few member units are present", "YP23-R-4.3")
	ErrSilent       = fault.New(fault.Refused, "opinions_missing", "尚有成员单位未发表意见", "member units have not given their opinion", "YP23-R-4.6")
	ErrDecision     = fault.New(fault.Refused, "decision_not_possible", "尚不能按此作出决定", "the decision cannot be taken like this")
	ErrMinutes      = fault.New(fault.Conflict, "minutes_not_ready", "会议纪要尚未具备条件", "the minutes are not at this point")
	ErrUnsettled    = fault.New(fault.Refused, "items_unsettled", "尚有议题未作出决定或未移至下次会议", "items are neither decided nor carried over", "YP23-R-4.5")

	ErrDocketNotReady = fault.New(fault.Refused, "docket_not_ready", "项目尚不能列入议题", "the project cannot be put on an agenda yet")
	ErrListed         = fault.New(fault.Conflict, "already_on_agenda", "该事项已列入会议议题", "it is on an agenda already")
	ErrOutside        = fault.New(fault.Refused, "no_conference_step", "该项目的办理流程没有联席会议环节", "the project's route has no conference step")
	ErrSettled        = fault.New(fault.Conflict, "already_decided", "联席会议已作出决定，只能补充论证或复议", "it is decided; only a supplement or a reconsideration brings it back", "YP23-R-4.7")
	ErrNotDecided     = fault.New(fault.Conflict, "not_decided", "联席会议尚未作出决定，无可复议", "nothing is decided that could be reconsidered", "YP23-R-4.7")
	ErrWithdrawn      = fault.New(fault.Conflict, "project_withdrawn", "申报单位已撤回项目", "the declaring unit withdrew the project")
	ErrNoChange       = fault.New(fault.NotFound, "no_such_change", "没有这项待审议的变更", "there is no such change to decide", "YP23-R-5.5.5")
	ErrNoStopGround   = fault.New(fault.Refused, "no_ground_to_stop", "未出现超过半年未启动采购且未备案的情形，不能提请停止实施", "the project is not overdue without a filing, so it cannot be stopped", "YP23-R-5.5.1")
	ErrNoSeat         = fault.New(fault.NotFound, "no_such_seat", "联席会议没有这个席位", "the conference has no such seat", "YP23-M-5")
	ErrPlanReturns    = fault.New(fault.Conflict, "plan_laid_again", "规划（计划）由联席会议办公室修改后重新提交审议，不另行复议", "a plan comes back when the office lays it again; it is not reconsidered", "YP23-M-7", "YP23-M-8")
	ErrNotAPlan       = fault.New(fault.Refused, "not_a_plan", "该事项不是提交联席会议审议的规划（计划）", "it is no plan that lies before the conference", "YP23-M-7", "YP23-M-8")
	ErrNoFollowUp     = fault.New(fault.NotFound, "no_such_follow_up", "没有这项落实事项", "there is no such follow-up")

	ErrNotOffice  = fault.New(fault.Forbidden, "not_conference_office", "只有联席会议办公室可以办理", "only the conference office may do this", "YP23-R-4.4")
	ErrNotChair   = fault.New(fault.Forbidden, "not_the_chair", "只有本次会议的主持人可以办理", "only the chair of this session may do this", "YP23-R-4.1")
	ErrNotMember  = fault.New(fault.Forbidden, "not_a_member", "只有联席会议成员单位可以办理", "only a member unit of this session may do this", "YP23-R-4.1")
	ErrOwnProject = fault.New(fault.Forbidden, "own_project", "申报人不得审议自己申报的项目", "nobody decides what they declared", "SH12-P-9")
	ErrRecused    = fault.New(fault.Forbidden, "recused", "申报单位（主管部门）的成员单位对本议题回避", "the declaring unit's member is recused on this item", "ours")
	ErrNotYet     = fault.New(fault.Conflict, "opinions_not_yet", "尚未开会；会前只收请假成员单位的书面意见", "the session is not open; before that only members on leave write", "YP23-R-4.3")
	ErrNotParty   = fault.New(fault.Forbidden, "not_the_units_part", "只有负责落实的单位可以报告", "only the unit whose part it is reports on it", "YP23-R-4.7")
	ErrOwnWords   = fault.New(fault.Forbidden, "members_own_opinion", "成员单位本人发表的意见只能由其本人修改", "only the member changes the opinion it gave itself", "YP23-R-4.6")
)

// Service is the use cases of this duty.
type Service struct {
	Sessions aggregate.Repository[Session]
	Dockets  aggregate.Repository[Docket]
	Seats    aggregate.Repository[Seat]
	// InTx makes the repository calls of one function one transaction. Sessions
	// are always locked before dockets, dockets in the order of their ids.
	InTx     func(ctx context.Context, f func(context.Context) error) error
	Rules    rules.Book
	District string
	NewID    func() string
	Today    func() calendar.Date
	// Self reads what everybody may know, such as who sits on the conference.
	Self authn.Principal
	Sign func(act string, by authn.Principal, document any) (*typev1.Signature, error)
	// Canonical gives the canonical bytes of a document, as signatures cover it.
	Canonical func(document any) ([]byte, error)
}

// byOffice refuses everybody outside the conference office.
func byOffice(by authn.Principal) error {
	if by.Unit != Office {
		return ErrNotOffice
	}
	return nil
}

// notDeclaredBy refuses whoever declared the project (SH12-P-9, ours).
func notDeclaredBy(declarers []string, by authn.Principal) error {
	if by.IsAny(declarers) {
		return ErrOwnProject
	}
	return nil
}

// distinct keeps the first of equal values and drops empty ones.
func distinct(values ...string) []string {
	out := []string{}
	for _, v := range values {
		if v != "" && !slices.Contains(out, v) {
			out = append(out, v)
		}
	}
	return out
}
