// Package declaration is the duty of the Joint Conference Office at the door:
// it takes declarations of digital projects, decides their road by the rule
// pack in force, asks the supervising unit where there is one, and accepts,
// returns or refuses. It also keeps each project's dossier, the read model of
// everything that any service states about it.
package declaration

import (
	"slices"

	"egov/libs/aggregate"
	"egov/libs/attachment"
	"egov/libs/authn"
	"egov/libs/calendar"
	"egov/libs/fault"
	"egov/libs/policy"
	"egov/libs/rules"
	typev1 "egov/proto/gen/egov/type/v1"
)

// Office is the unit that holds this duty: the conference office sits in the
// district government's office (YP23-M-5).
const Office = "gov-office"

// Stage is where a project stands as a whole.
type Stage string

// The stages. The first five are this service's own; the others follow from
// facts of other services.
const (
	Draft          Stage = "draft"
	WithSupervisor Stage = "with_supervisor"
	Submitted      Stage = "submitted"
	Returned       Stage = "returned"
	Accepted       Stage = "accepted"
	Evaluating     Stage = "evaluation"
	ExpertReview   Stage = "expert_review"
	Conference     Stage = "conference"
	Approved       Stage = "approved"
	Filed          Stage = "filed"
	Deferred       Stage = "deferred"
	BackupPool     Stage = "backup_pool"
	Refused        Stage = "refused"
	HandedOver     Stage = "handed_over"
	Stopped        Stage = "stopped"
	Withdrawn      Stage = "withdrawn"
	Budgeting      Stage = "budgeting"
	Procuring      Stage = "procuring"
	Contracted     Stage = "contracted"
	Delivering     Stage = "delivering"
	Acceptance     Stage = "acceptance"
	Operating      Stage = "operating"
	Closed         Stage = "closed"
)

// Project is one declared project from its first draft on.
type Project struct {
	aggregate.Root
	Title        string      `json:"title"`
	Content      string      `json:"content"`
	PeriodMonths int         `json:"period_months"`
	Basis        []Reference `json:"basis"` // where the project comes from (YP23-M-8)
	Leader       string      `json:"leader,omitempty"`
	Contact      string      `json:"contact,omitempty"`

	Stage         Stage       `json:"stage"`
	Case          policy.Case `json:"case"`
	Supervisor    string      `json:"supervisor,omitempty"`
	KeyAnnual     bool        `json:"key_annual"`
	ContractYears int         `json:"contract_years,omitempty"`
	SystemID      string      `json:"system_id,omitempty"`
	Lineage       string      `json:"lineage"`
	DeclaredBy    string      `json:"declared_by"`
	// Declarers are the accounts that drafted, revised, submitted or supplemented
	// it, or asked for a change: none of them reviews it (SH12-P-9).
	Declarers     []string              `json:"declarers,omitempty"`
	Attachments   []attachment.Document `json:"attachments"` // each serves an item of the checklist
	ReturnReason  string                `json:"return_reason,omitempty"`
	RefusalReason string                `json:"refusal_reason,omitempty"`
	ApprovedFen   int64                 `json:"approved_fen,omitempty"`
	OpenChange    string                `json:"open_change,omitempty"` // id of the change under decision
	Changes       []Change              `json:"changes,omitempty"`
	LockedUntil   string                `json:"locked_until,omitempty"` // the first day on which it may be declared again
	FailedReviews Failures              `json:"failed_reviews"`
	// Waivers are the in-principle rules that a named conference decision lifted
	// for this project, with its reason.
	Waivers map[string]string `json:"waivers,omitempty"`

	Amounts Amounts `json:"amounts"`

	// Decision is the pack's answer as of the submission; the project is
	// pinned to it. Its trace is in the fact that was stated, and in the dossier.
	Decision *policy.Decision `json:"decision,omitempty"`
	// Evidence holds the facts of other services that gates wait for, by fact
	// name, e.g. "CataloguePublished".
	Evidence map[string]Evidence `json:"evidence"`

	// Against is what stands against the project while it is changed.
	Against Against `json:"-"`
}

// Reference names what a project rests on.
type Reference struct {
	Kind string `json:"kind"` // superior_document, key_work or plan_item
	Text string `json:"text"`
}

// Change is one request to change an approved project (YP23-R-5.5.5).
type Change struct {
	ID          string `json:"id"`
	Description string `json:"description"`
	AmountFen   int64  `json:"amount_fen"`
	Reason      string `json:"reason"`
	State       string `json:"state"` // requested, consented or refused
}

// Failures counts what the lockout rule counts (YP23-R-5.4.3).
type Failures struct {
	ThirdParty int `json:"third_party"`
	Expert     int `json:"expert"`
}

// Evidence is a fact of another service that holds for the project.
type Evidence struct {
	On     string `json:"on"` // YYYY-MM-DD
	Source string `json:"source"`
	Note   string `json:"note,omitempty"`
}

// Errors of this duty.
var (
	ErrStage      = fault.New(fault.Conflict, "wrong_stage", "项目当前阶段不能办理此事项", "the project's stage does not allow this")
	ErrNotOwner   = fault.New(fault.Forbidden, "not_declaring_unit", "只有申报单位可以办理", "only the declaring unit may do this")
	ErrOwnProject = fault.New(fault.Forbidden, "own_project", "申报人不得审核自己申报的项目", "nobody reviews what they declared", "SH12-P-9")
	ErrSupervisor = fault.New(fault.Forbidden, "not_supervising_unit", "只有主管部门可以审核", "only the supervising unit may do this", "YP23-R-5.1.2")
	ErrClassified = fault.New(fault.Refused, "classified", "涉密项目不在本平台申报，请按保密规定办理；所填内容未保存", "classified projects are not declared here; follow the secrecy procedure. Nothing was stored", "YP23-M-37")
	ErrNoRoad     = fault.New(fault.Refused, "no_road", "按规定不属于本平台受理范围", "the rules give this no road here")
	ErrLocked     = fault.New(fault.Refused, "locked_out", "该项目仍在暂停申报期内", "the project may not be declared again yet", "YP23-R-5.4.3")
	ErrNotReady   = fault.New(fault.Refused, "not_ready", "申报材料或预算尚不符合要求", "papers are missing or cost lines break the standard")
)

// Service is the use cases of this duty.
type Service struct {
	Projects    aggregate.Repository[Project]
	Standings   aggregate.Repository[Standing]
	Dossiers    Dossiers
	Rules       rules.Book
	District    string
	Clock       calendar.Clock
	NewID       func() string
	Attachments attachment.Shelf
	Sign        func(act string, by authn.Principal, document any) (*typev1.Signature, error)
}

// at refuses unless the project is at one of the stages.
func (p *Project) at(stages ...Stage) error {
	if slices.Contains(stages, p.Stage) {
		return nil
	}
	return ErrStage.WithMsg("项目当前阶段为“"+string(p.Stage)+"”，不能办理此事项", "the project is at stage "+string(p.Stage)+", which does not allow this")
}

// ownedBy refuses anybody but the declaring unit.
func (p *Project) ownedBy(by authn.Principal) error {
	if by.Unit != p.Unit {
		return ErrNotOwner
	}
	return nil
}

// draftOf requires a declaration that by may still write.
func (p *Project) draftOf(by authn.Principal) error {
	if err := p.ownedBy(by); err != nil {
		return err
	}
	return p.at(Draft, Returned)
}

// declaredBy notes that somebody had a part in the declaration, and for whom.
func (p *Project) declaredBy(by authn.Principal) {
	for _, account := range authn.Accounts(by.Actor()) {
		if !slices.Contains(p.Declarers, account) {
			p.Declarers = append(p.Declarers, account)
		}
	}
}

// reviewedBy refuses a reviewer who had a part in the declaration, acts for one
// who had, or had it in another's place (SH12-P-9).
func (p *Project) reviewedBy(by authn.Principal) error {
	if by.IsAny(p.Declarers) || by.IsAny([]string{p.DeclaredBy}) {
		return ErrOwnProject
	}
	return nil
}

// Brief is what other services learn of the project.
func (p *Project) Brief() *typev1.ProjectBrief {
	b := rules.Brief(p.Case, p.Decision)
	b.ProjectId, b.Title, b.Unit, b.Supervisor, b.Lineage, b.SystemId = p.ID, p.Title, p.Unit, p.Supervisor, p.Lineage, p.SystemID
	b.KeyAnnual, b.ContractYears, b.Leader, b.Contact = p.KeyAnnual, int32(p.ContractYears), p.Leader, p.Contact
	return b
}
