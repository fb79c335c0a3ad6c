// Package cryptoassessment is the duty of the confidential bureau in the party
// office: it reviews the crypto-assessment plans of projects, records the three
// papers of projects that do not follow XC, guides, together with the secrecy
// bureau, the adaptation of those that do, and takes the crypto assessments of
// projects and systems. It assesses nothing itself; assessors do, and their
// reports come here.
package cryptoassessment

import (
	"egov/libs/aggregate"
	"egov/libs/attachment"
	"egov/libs/authn"
	"egov/libs/fault"
	"egov/libs/rules"
	typev1 "egov/proto/gen/egov/type/v1"
)

// Bureau is the unit that holds this duty: the confidential bureau sits in the
// district's party office.
const Bureau = "party-office"

// Errors of this duty.
var (
	ErrState = fault.New(fault.Conflict, "wrong_stage",
		"当前状态不能办理此事项", "the present state does not allow this")
	ErrNotOwner = fault.New(fault.Forbidden, "not_declaring_unit",
		"只有申报单位可以办理", "only the declaring unit may do this")
	ErrSupervisor = fault.New(fault.Forbidden, "not_supervising_unit",
		"只有预算主管单位可以办理", "only the supervising budget unit may do this", "YP23-R-5.1.2")
	ErrNotDesk = fault.New(fault.Forbidden, "not_at_this_desk",
		"此事项由区机要局办理", "the confidential bureau's desk answers this", "YP23-M-27", "YP23-M-28")
	ErrOwnWork = fault.New(fault.Forbidden, "own_work",
		"经办人不得审核自己申报或提交的事项", "nobody answers what they declared or submitted themselves", "SH12-P-9")
	ErrNumber = fault.New(fault.Conflict, "number_taken",
		"该备案编号已用于其他项目", "the filing number stands for another project already")
	ErrReport = fault.New(fault.Refused, "report_refused",
		"密评报告不能提交", "the report cannot be submitted", "YP23-M-35")
)

// Service is the use cases of this duty.
type Service struct {
	Plans       aggregate.Repository[Plan]
	Exemptions  aggregate.Repository[Exemption]
	Assessments aggregate.Repository[Assessment]
	Adaptations aggregate.Repository[Adaptation]
	Rules       rules.Book
	District    string
	Attachments attachment.Shelf
	Sign        func(act string, by authn.Principal, document any) (*typev1.Signature, error)
}

// answers refuses anybody but the bureau, and an answer to one's own work.
func answers(by authn.Principal, authors ...string) error {
	if by.Unit != Bureau {
		return ErrNotDesk
	}
	if by.IsAny(authors) {
		return ErrOwnWork
	}
	return nil
}

func wrongState(what, state string) error {
	return ErrState.WithMsg(what+"当前状态为“"+state+"”，不能办理此事项",
		"the present state is "+state+", which does not allow this")
}
