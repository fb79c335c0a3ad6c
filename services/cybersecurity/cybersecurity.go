// Package cybersecurity is the duty of the cyberspace office and of the police's
// cyber unit: consent before a unit publishes through accounts of its own, the
// register of information systems with their graded-protection (MLPS) grade,
// assessments and risks, the register of websites and new media, the evidence
// that a project's security goes with the work, the security systems and drills
// of every unit, and the inspections of them. It advises nobody on how to
// protect a system and keeps nothing of a classified one (YP23-M-37).
package cybersecurity

import (
	"context"

	"egov/libs/aggregate"
	"egov/libs/authn"
	"egov/libs/calendar"
	"egov/libs/fault"
	"egov/libs/rules"
	typev1 "egov/proto/gen/egov/type/v1"
)

// The units that hold this duty.
const (
	Office = "cac"          // the cyberspace office: coordinates, consents, keeps the registers
	Police = "police-cyber" // the police's cyber unit: determines grades (YP23-M-34)
)

// Errors of this duty.
var (
	ErrState = fault.New(fault.Conflict, "wrong_stage",
		"当前状态不能办理此事项", "the present state does not allow this")
	ErrNotOwner = fault.New(fault.Forbidden, "not_owner",
		"只有责任单位可以办理", "only the unit that answers for it may do this", "YP23-M-20")
	ErrNotDesk = fault.New(fault.Forbidden, "not_at_this_desk",
		"此事项由其他单位办理", "another unit's desk answers this", "YP23-M-30", "YP23-M-34")
	ErrOwnWork = fault.New(fault.Forbidden, "own_work",
		"经办人不得审核自己申报或提出的事项", "nobody answers what they declared or proposed themselves", "SH12-P-9")
	ErrGrading = fault.New(fault.Refused, "grading_refused",
		"定级不符合要求", "the grade cannot be set like this", "YP23-M-34")
	ErrNumber = fault.New(fault.Conflict, "number_taken",
		"该编号已登记在其他事项上", "the number stands for something else already")
	ErrReport = fault.New(fault.Refused, "assessment_refused",
		"测评结果不能登记", "the assessment cannot be recorded", "YP23-M-34")
	ErrOnRecord = fault.New(fault.Conflict, "site_on_record",
		"该网站（账号）已备案", "this site or account is on record already", "SH12-21")
	ErrConsent = fault.New(fault.Refused, "no_publishing_consent",
		"该账号未经区委网信办备案同意", "the cyberspace office has not consented to this account", "YP23-R-5.3.6")
)

// Service is the use cases of this duty.
type Service struct {
	Consents    aggregate.Repository[Consent]
	Systems     aggregate.Repository[System]
	Sites       aggregate.Repository[Site]
	Norms       aggregate.Repository[Norm]
	Protections aggregate.Repository[Protection]
	Safeguards  aggregate.Repository[Safeguard]
	Inspections aggregate.Repository[Inspection]
	Rules       rules.Book
	District    string
	Clock       calendar.Clock
	Self        authn.Principal // the service itself
	NewID       func() string
	InTx        func(context.Context, func(context.Context) error) error
	Sign        func(act string, by authn.Principal, document any) (*typev1.Signature, error)
}

func wrongState(zh, en, state string) error {
	return ErrState.WithMsg(zh+"状态为“"+state+"”，不能办理此事项", en+" is "+state+", which does not allow this")
}

// answers refuses anybody but the desk's unit, and an answer to one's own work.
func answers(by authn.Principal, desk string, authors []string) error {
	if by.Unit != desk {
		return ErrNotDesk
	}
	if by.IsAny(authors) {
		return ErrOwnWork
	}
	return nil
}

// taken puts e in the place of the store's refusal of a value that another row
// holds already.
func taken[T any](v T, err error, e *fault.Error) (T, error) {
	if err != nil && fault.From(err).Code == "already_exists" {
		return v, e.With(err)
	}
	return v, err
}
