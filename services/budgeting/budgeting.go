// Package budgeting is the duty of the finance bureau: it takes a unit's
// request for the money of a project that the conference let pass, issues it,
// follows payments under the filed contract, and holds back maintenance money
// of a unit that owes a rectification. It does not decide which projects are
// worth their money; the conference does.
package budgeting

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

// Office is the unit that holds this duty (YP23-M-13).
const Office = "finance"

// ConferenceOffice is told of self-evaluations and follows up on what they find
// wanting (YP23-R-5.6.1).
const ConferenceOffice = "gov-office"

// State is where a project's money stands.
type State string

// The states.
const (
	Waiting   State = "waiting"   // for the decision, the plan or the declaration
	Open      State = "open"      // the unit may request
	Requested State = "requested" // at finance
	Returned  State = "returned"  // to the unit, for completion
	Issued    State = "issued"
	Carried   State = "carried" // by the budget of the project that the fee belongs to (YP23-R-5.3.8)
	Closed    State = "closed"  // the project ended without needing more
)

// Facts of other services that gates wait for.
const (
	factDecision  = "DecisionTaken"
	factPlan      = "PlanEntered"
	factHandover  = "HandoverRecorded"
	factCatalogue = "CataloguePublished"
)

// Budget is the money of one project; its id is the project's.
type Budget struct {
	aggregate.Root
	Title   string               `json:"title"`
	State   State                `json:"state"`
	Project *typev1.ProjectBrief `json:"project,omitempty"`
	// Declarants are the accounts that had a part in the declaration: none of
	// them decides about its money (SH12-P-9).
	Declarants []string `json:"declarants,omitempty"`

	ApprovedFen int64  `json:"approved_fen"` // by the conference; 0 = not decided
	DecidedOn   string `json:"decided_on,omitempty"`
	Ended       string `json:"ended,omitempty"` // why the project goes no further
	// Heard maps facts of other services to the day on which they held.
	Heard map[string]string `json:"heard,omitempty"`
	// Waivers maps in-principle rules that the conference lifted to its reason.
	Waivers map[string]string `json:"waivers,omitempty"`
	// Change is a consented change that the money does not follow yet.
	Change string `json:"open_change,omitempty"`

	Request       *Request       `json:"request,omitempty"`
	ReturnReason  string         `json:"return_reason,omitempty"`
	IssuedOn      string         `json:"issued_on,omitempty"`
	DocumentNo    string         `json:"document_no,omitempty"`
	IssuedBy      string         `json:"issued_by,omitempty"`
	BudgetFen     int64          `json:"budget_fen"` // as issued and adjusted
	Confirmations []Confirmation `json:"confirmations,omitempty"`
	Adjustments   []Adjustment   `json:"adjustments,omitempty"`
	Contracts     []Contract     `json:"contracts,omitempty"`
	Payments      []Payment      `json:"payments,omitempty"`
	PaidFen       int64          `json:"paid_fen"`

	Evaluations []Evaluation `json:"evaluations,omitempty"`
	// Held is true while a rectification of this project is overdue: reviews
	// and maintenance money of its unit wait (YP23-R-5.6.1).
	Held bool `json:"held"`
	// SystemID is the system that the project builds or maintains, and
	// NotAccepted is true while its acceptance has failed (YP23-R-5.5.7).
	SystemID    string `json:"system_id,omitempty"`
	NotAccepted bool   `json:"not_accepted"`
	// AcceptedOn is the day on which the project was accepted, and Evaluators are
	// who had a part in judging it before: the agencies and experts that evaluated
	// it and the firms that supervised it. None of them evaluates it afterwards
	// (YP23-R-5.6.2).
	AcceptedOn string   `json:"accepted_on,omitempty"`
	Evaluators []string `json:"evaluators,omitempty"`
}

// Request is what the unit asks for.
type Request struct {
	AmountFen      int64  `json:"amount_fen"`
	SecondClassFen int64  `json:"second_class_fen"` // the part that is second-class fees (YP23-R-5.4.4)
	FiscalYear     int    `json:"fiscal_year"`
	Statement      string `json:"statement,omitempty"`
	RequestedBy    string `json:"requested_by"`
	RequestedOn    string `json:"requested_on"`
}

// Confirmation names the paper by which finance holds a requirement as met
// that no service of the suite states.
type Confirmation struct {
	Requirement string `json:"requirement"` // a code of the pack's gate
	DocumentNo  string `json:"document_no"`
}

// Adjustment is one change of the issued amount after a consented change.
type Adjustment struct {
	ChangeID    string `json:"change_id"`
	PreviousFen int64  `json:"previous_fen"`
	AmountFen   int64  `json:"amount_fen"`
	DocumentNo  string `json:"document_no"`
	Reason      string `json:"reason"`
	AdjustedOn  string `json:"adjusted_on"`
}

// Contract is what procurement filed, as far as payments need it.
type Contract struct {
	No          string `json:"contract_no"`
	Supplier    string `json:"supplier"`
	ValueFen    int64  `json:"value_fen"`
	EffectiveOn string `json:"effective_on"`
	PaidFen     int64  `json:"paid_fen"`
}

// Payment is one payment under a contract.
type Payment struct {
	ID         string `json:"id"`
	ContractNo string `json:"contract_no"`
	VoucherNo  string `json:"voucher_no"`
	Payee      string `json:"payee"`
	AmountFen  int64  `json:"amount_fen"`
	PaidOn     string `json:"paid_on"`
}

// Evaluation is the self-evaluation of one year, with the rectification that
// unmet goals lead to.
type Evaluation struct {
	Year      int    `json:"year"`
	GoalsMet  bool   `json:"goals_met"`
	Summary   string `json:"summary"`
	Measures  string `json:"measures,omitempty"`
	RectifyBy string `json:"rectify_by,omitempty"`
	Report    string `json:"report,omitempty"` // what was done
	// ReportedBy had a hand in the report and does not find on it (SH12-P-9).
	ReportedBy string `json:"reported_by,omitempty"`
	Result     string `json:"result,omitempty"` // as the conference office found it
	State      string `json:"state"`            // done, rectifying, reported or rectified
	On         string `json:"evaluated_on"`
}

// Errors of this duty.
var (
	ErrState = fault.New(fault.Conflict, "wrong_stage",
		"预算当前状态不能办理此事项", "the budget's state does not allow this")
	ErrNotOwner = fault.New(fault.Forbidden, "not_declaring_unit",
		"只有申报单位可以办理", "only the declaring unit may do this")
	ErrNotFinance = fault.New(fault.Forbidden, "not_finance",
		"只有区财政局可以办理", "only the finance bureau may do this", "YP23-M-13")
	ErrNotConferenceOffice = fault.New(fault.Forbidden, "not_conference_office",
		"只有联席会议办公室可以办理", "only the conference office may do this", "YP23-R-5.6.1")
	ErrOwnProject = fault.New(fault.Forbidden, "own_project",
		"申报人不得办理自己申报项目的预算", "nobody decides about the money of what they declared", "SH12-P-9")
	ErrRequest = fault.New(fault.Refused, "request_refused",
		"预算申报不符合要求", "the budget request cannot be made")
	ErrIssue = fault.New(fault.Refused, "issue_refused",
		"不具备下达预算的条件", "the budget cannot be issued")
	ErrAdjust = fault.New(fault.Refused, "adjustment_refused",
		"不具备调整预算的条件", "the budget cannot be adjusted")
	ErrPayment = fault.New(fault.Refused, "payment_refused",
		"不具备付款条件", "the payment cannot be recorded")
	ErrEvaluation = fault.New(fault.Refused, "evaluation_refused",
		"自评不符合要求", "the self-evaluation cannot be made")
	ErrEvaluated = fault.New(fault.Conflict, "already_evaluated",
		"该年度已完成自评", "that year has been evaluated already", "YP23-R-5.6.1")
	ErrVoucher = fault.New(fault.Conflict, "voucher_recorded",
		"该凭证号已登记付款", "a payment with this voucher number is on record")
	ErrNoPostEvaluation = fault.New(fault.Refused, "no_post_evaluation",
		"现行规则未规定项目后评价", "the rules of the project know no post-evaluation", "YP23-R-5.6.2")
	ErrPostEvaluation = fault.New(fault.Refused, "post_evaluation_refused",
		"不具备开展后评价的条件", "the post-evaluation cannot be ordered like this", "YP23-R-5.6.2")
	ErrNotEvaluator = fault.New(fault.Forbidden, "not_the_evaluator",
		"只有受托的第三方机构可以提交后评价", "only the third party that was chosen reports", "YP23-R-5.6.2")
	ErrNoAssessment = fault.New(fault.Refused, "no_assessment",
		"现行规则未规定综合评估", "the rules in force know no assessment of units", "YP23-M-39", "SH12-37")
	ErrAssessment = fault.New(fault.Refused, "assessment_refused",
		"综合评估不符合要求", "the assessment cannot be made like this", "YP23-M-39", "SH12-37")
	ErrOwnUnit = fault.New(fault.Refused, "own_unit",
		"不得评估本单位", "nobody assesses its own unit", "YP23-M-39", "ours")
	ErrNotAssessed = fault.New(fault.Forbidden, "not_the_assessed_unit",
		"只有被评估单位可以反馈", "only the unit that was assessed answers", "YP23-M-39")
	ErrNoEvaluation = fault.New(fault.NotFound, "no_such_rectification",
		"该年度没有待办的整改", "no rectification of that year is open")
)

// Service is the use cases of this duty.
type Service struct {
	Budgets         aggregate.Repository[Budget]
	PostEvaluations aggregate.Repository[PostEvaluation]
	Assessments     aggregate.Repository[Assessment]
	// InTx makes the repository calls of one function one transaction. An
	// assessment is locked before budgets, these in the order of their ids.
	InTx     func(ctx context.Context, f func(context.Context) error) error
	Rules    rules.Book
	District string
	Clock    calendar.Clock
	NewID    func() string
	// Self reads what the office may know of a project's money to choose it.
	Self authn.Principal
	Sign func(act string, by authn.Principal, document any) (*typev1.Signature, error)
}

// at refuses unless the budget is in one of the states.
func (b *Budget) at(states ...State) error {
	if slices.Contains(states, b.State) {
		return nil
	}
	return ErrState.WithMsg("预算当前状态为“"+string(b.State)+"”，不能办理此事项", "the budget is "+string(b.State)+", which does not allow this")
}

// ownedBy refuses anybody but the declaring unit.
func (b *Budget) ownedBy(by authn.Principal) error {
	if b.Project == nil || by.Unit != b.Project.GetUnit() {
		return ErrNotOwner
	}
	return nil
}

// decidedBy lets only finance decide on a budget in the state given, and nobody
// about what they declared or requested, also not for somebody who delegated to
// them.
func (b *Budget) decidedBy(by authn.Principal, in State) error {
	if by.Unit != Office {
		return ErrNotFinance
	}
	own := b.Declarants
	if b.Request != nil {
		own = append(slices.Clone(own), authn.Accounts(b.Request.RequestedBy)...)
	}
	if by.IsAny(own) {
		return ErrOwnProject
	}
	return b.at(in)
}
