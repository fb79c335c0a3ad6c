// Package procurement is the duty of the facilities bureau with its
// procurement centre: how a project whose money is issued is procured,
// contracted, supervised, delivered, accepted and turned into assets. It keeps
// the clocks of the road from budget to filed acceptance. It does not decide
// about money or changes; finance and the conference do.
package procurement

import (
	"slices"

	"egov/libs/aggregate"
	"egov/libs/attachment"
	"egov/libs/authn"
	"egov/libs/fault"
	"egov/libs/policy"
	"egov/libs/rules"
	typev1 "egov/proto/gen/egov/type/v1"
)

// Office is the unit that holds this duty: the procurement centre sits in the
// facilities bureau (YP23-M-5).
const Office = "facilities"

// ConferenceOffice receives filings and reports, and follows the works
// (YP23-R-5.5.2, YP23-R-5.5.4).
const ConferenceOffice = "gov-office"

// State is where a procurement stands.
type State string

// The states, in order. The words are those of OCDS where it has one.
const (
	Waiting    State = "waiting"    // for the budget, the decision or the declaration
	Open       State = "open"       // the clocks to start run
	Started    State = "started"    // the method is chosen
	Tendered   State = "tendered"   // the notice is out
	Awarded    State = "awarded"    // a supplier is chosen
	Contracted State = "contracted" // the contract is filed; works are under way
	Rectifying State = "rectifying" // the acceptance failed
	Accepted   State = "accepted"   // to be filed
	Filed      State = "filed"      // the road's end
	Stopped    State = "stopped"    // by the conference, or withdrawn
)

// Deadline codes. stable: those of the packs; rectifications run to a day that
// was set.
const (
	clockStart           = "procurement_start"
	clockStop            = "procurement_stop"
	clockContract        = "contract_filing"
	clockQuarter         = "quarterly_report"
	clockRectify         = "rectification"
	clockAcceptance      = "acceptance_rectification"
	clockAcceptanceFiled = "acceptance_filing"
)

// Facts of other services that gates wait for.
const (
	factDecision    = "DecisionTaken"
	factBudget      = "BudgetIssued"
	FactResponsible = "ResponsibleNamed"
	FactCatalogue   = "CataloguePublished"
	FactAssessment  = "AssessmentCompleted"
	FactCrypto      = "CryptoAssessmentCompleted"
	FactSecurity    = "SecurityEvidenced" // security in step with the work (YP23-M-33)
	FactXC          = "XCGuided"          // XC adaptation under guidance (YP23-M-27)
)

// Procurement is the road of one project from its budget to its filed
// acceptance; its id is the project's.
type Procurement struct {
	aggregate.Root
	Title   string               `json:"title"`
	State   State                `json:"state"`
	Project *typev1.ProjectBrief `json:"project,omitempty"`
	// Declarants are the accounts that had a part in the declaration: none of
	// them acts for the procurement centre in it (SH12-P-9).
	Declarants []string `json:"declarants,omitempty"`

	ApprovedFen int64  `json:"approved_fen"` // by the conference, changes included
	DecidedOn   string `json:"decided_on,omitempty"`
	BudgetFen   int64  `json:"budget_fen"` // as issued and adjusted
	IssuedOn    string `json:"issued_on,omitempty"`
	PaidFen     int64  `json:"paid_fen"`
	Ended       string `json:"ended,omitempty"`      // why the project goes no further
	StoppedAt   State  `json:"stopped_at,omitempty"` // the state it stopped in
	// Heard maps facts of other services to the day on which they held.
	Heard map[string]string `json:"heard,omitempty"`
	// Waivers maps in-principle rules that the conference lifted to its reason.
	Waivers map[string]string `json:"waivers,omitempty"`
	// Change is a consented change that the contract does not follow yet.
	Change   string `json:"open_change,omitempty"`
	SystemID string `json:"system_id,omitempty"`

	Method         string                `json:"method,omitempty"` // a code of the pack
	StartedOn      string                `json:"started_on,omitempty"`
	Deferrals      []Deferral            `json:"deferrals,omitempty"`
	Tender         *Tender               `json:"tender,omitempty"`
	Award          *Award                `json:"award,omitempty"`
	Papers         []attachment.Document `json:"papers,omitempty"`
	Signed         *Signing              `json:"signed,omitempty"` // not filed yet, or the filed contract's own signing
	ContractFen    int64                 `json:"contract_fen"`     // all contracts with their amendments
	Contracts      []Contract            `json:"contracts,omitempty"`
	Supervisions   []Supervision         `json:"supervisions,omitempty"`
	Reports        []QuarterReport       `json:"quarterly_reports,omitempty"`
	Rectifications []Rectification       `json:"rectifications,omitempty"`
	Tests          []Test                `json:"tests,omitempty"` // all records, the latest of a test last
	Acceptances    []AcceptanceStep      `json:"acceptances,omitempty"`
	FiledOn        string                `json:"filed_on,omitempty"`
	Assets         []Asset               `json:"assets,omitempty"`
}

// Errors of this duty.
var (
	ErrState = fault.New(fault.Conflict, "wrong_stage",
		"采购当前状态不能办理此事项", "the procurement's state does not allow this")
	ErrNotOwner = fault.New(fault.Forbidden, "not_declaring_unit",
		"只有项目建设单位可以办理", "only the building unit may do this")
	ErrNotCentre = fault.New(fault.Forbidden, "not_procurement_centre",
		"该采购方式由区政府采购中心办理", "the procurement centre runs this method", "YP23-R-5.5.1")
	ErrNotConferenceOffice = fault.New(fault.Forbidden, "not_conference_office",
		"只有联席会议办公室可以办理", "only the conference office may do this", "YP23-R-5.5.4")
	ErrOwnProject = fault.New(fault.Forbidden, "own_project",
		"申报人不得办理自己申报项目的采购", "nobody procures what they declared", "SH12-P-9")
)

// Service is the use cases of this duty.
type Service struct {
	Procurements aggregate.Repository[Procurement]
	Rules        rules.Book
	Attachments  attachment.Shelf
	Sign         func(act string, by authn.Principal, document any) (*typev1.Signature, error)
}

// at refuses unless the procurement is in one of the states.
func (p *Procurement) at(states ...State) error {
	if slices.Contains(states, p.State) {
		return nil
	}
	return ErrState.WithMsg("采购当前状态为“"+string(p.State)+"”，不能办理此事项", "the procurement is "+string(p.State)+", which does not allow this")
}

// ownedBy refuses anybody but the building unit's declarer: operations that the
// procurement centre shares tell the two apart by role and unit.
func (p *Procurement) ownedBy(by authn.Principal) error {
	if p.Project == nil || by.Unit != p.Project.GetUnit() || !by.Has("declarer") {
		return ErrNotOwner
	}
	return nil
}

// runBy refuses anybody but who runs the method: the centre's officers, none of
// whom declared the project, or the unit itself.
func (p *Procurement) runBy(by authn.Principal, m policy.Method) error {
	if !m.Centre {
		return p.ownedBy(by)
	}
	if by.Unit != Office || !by.Has("procurement_officer") {
		return ErrNotCentre.WithBasis(m.Basis...)
	}
	if by.IsAny(p.Declarants) {
		return ErrOwnProject
	}
	return nil
}

// followedBy refuses anybody but the conference office.
func followedBy(by authn.Principal) error {
	if by.Unit != ConferenceOffice {
		return ErrNotConferenceOffice
	}
	return nil
}

// method is how the project is procured, and the rules it was chosen by.
func (s *Service) method(p *Procurement) (policy.Method, error) {
	pack, err := s.Rules.Of(p.Project.GetPack())
	if err != nil {
		return policy.Method{}, err
	}
	m, _ := pack.Procedure().Procurement.Method(p.Method)
	return m, nil
}

// total is what all contracts of the project are worth, in fen.
func (p *Procurement) total() int64 {
	var sum int64
	for _, c := range p.Contracts {
		sum += c.worth()
	}
	return sum
}
