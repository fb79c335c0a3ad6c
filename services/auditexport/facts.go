package auditexport

import (
	"bytes"
	"cmp"
	"encoding/json"
	"strconv"
	"strings"
	"time"

	"egov/libs/ledger"
)

// The facts that papers are drawn from; every fact is in the bundle's rows.
const (
	projectSubmitted = "egov.declaration.v1.ProjectSubmitted"
	projectRefused   = "egov.declaration.v1.ProjectRefused"
	projectWithdrawn = "egov.declaration.v1.ProjectWithdrawn"
	projectClosed    = "egov.declaration.v1.ProjectClosed"
	handoverRecorded = "egov.declaration.v1.HandoverRecorded"
	decisionTaken    = "egov.conference.v1.DecisionTaken"
	changeConsented  = "egov.conference.v1.ChangeConsented"
	budgetIssued     = "egov.budgeting.v1.BudgetIssued"
	budgetAdjusted   = "egov.budgeting.v1.BudgetAdjusted"
	paymentRecorded  = "egov.budgeting.v1.PaymentRecorded"
	procurementBegun = "egov.procurement.v1.ProcurementStarted"
	tenderPublished  = "egov.procurement.v1.TenderPublished"
	awardMade        = "egov.procurement.v1.AwardMade"
	contractFiled    = "egov.procurement.v1.ContractFiled"
	contractAmended  = "egov.procurement.v1.ContractAmended"
	acceptancePassed = "egov.procurement.v1.AcceptancePassed"
)

// fact is one event and what papers use of its data. The names are those of the
// contracts; each type fills its own part.
type fact struct {
	ledger.Entry `json:"-"`

	Project struct {
		Title     string `json:"title"`
		Kind      string `json:"kind"`
		Unit      string `json:"unit"`
		Pack      string `json:"pack"`
		AmountFen number `json:"amount_fen"`
	} `json:"project"`
	Outcome            string `json:"outcome"`
	Reason             string `json:"reason"`
	ApprovedFen        number `json:"approved_fen"`
	AmountFen          number `json:"amount_fen"`
	ValueFen           number `json:"value_fen"`
	PreviousFen        number `json:"previous_fen"`
	PaidTotalFen       number `json:"paid_total_fen"`
	FinalFen           number `json:"final_fen"`
	DecidedOn          string `json:"decided_on"`
	RecordedOn         string `json:"recorded_on"`
	DocumentNo         string `json:"document_no"`
	IssuedOn           string `json:"issued_on"`
	PaymentID          string `json:"payment_id"`
	PaidOn             string `json:"paid_on"`
	Payee              string `json:"payee"`
	Method             string `json:"method"`
	NoticeNo           string `json:"notice_no"`
	PublishedOn        string `json:"published_on"`
	Supplier           string `json:"supplier"`
	SupplierCreditCode string `json:"supplier_credit_code"`
	Bidders            int    `json:"bidders"`
	AwardedOn          string `json:"awarded_on"`
	ContractNo         string `json:"contract_no"`
	AmendmentNo        string `json:"amendment_no"`
	EffectiveOn        string `json:"effective_on"`
	EndsOn             string `json:"ends_on"`
	AcceptedOn         string `json:"accepted_on"`
	FiledOn            string `json:"filed_on"`
	Sequence           int64  `json:"sequence"`
	Documents          []struct {
		Name      string `json:"name"`
		MediaType string `json:"media_type"`
		SHA256    string `json:"sha256"`
	} `json:"documents"`

	// Of a declaration.
	DecisionJSON string `json:"decision_json"`
	// Of clocks.
	DeadlineID  string   `json:"deadline_id"`
	Obligation  string   `json:"obligation"`
	OwedBy      string   `json:"unit"`
	TriggerOn   string   `json:"trigger_on"`
	DueOn       string   `json:"due_on"`
	MetOn       string   `json:"met_on"`
	MovedFrom   string   `json:"moved_from"`
	Provisional bool     `json:"provisional"`
	Basis       []string `json:"basis"`
	// Of what gates ask for.
	Rule          string `json:"rule"`
	Test          string `json:"test"`
	Passed        bool   `json:"passed"`
	Confirmations []struct {
		Requirement string `json:"requirement"`
	} `json:"confirmations"`
}

// read takes the fact out of a row. It answers false for a row that is about
// something else, or that cannot be read: the row itself is in the bundle.
func (f *fact) read(row *ledger.Row, subject string) bool {
	e, err := ledger.Parse(row.Raw)
	if err != nil || e.Subject != subject {
		return false
	}
	*f = fact{Entry: e}
	return json.Unmarshal(e.Data, f) == nil
}

// name is the fact's own, without that of its package.
func (f *fact) name() string { return f.Type[strings.LastIndexByte(f.Type, '.')+1:] }

// number reads the integers of protojson, which writes 64-bit ones as text.
type number int64

// UnmarshalJSON takes 7 and "7".
func (n *number) UnmarshalJSON(b []byte) error {
	v, err := strconv.ParseInt(string(bytes.Trim(b, `"`)), 10, 64)
	*n = number(v)
	return err
}

// history is what the facts tell of one project up to a row.
type history struct {
	id, title, kind, unit, pack string

	declared, approved, budget number // fen
	award, contract, paid      number
	final, estimate            number

	outcome    string
	withdrawn  bool
	closed     bool
	decidedOn  string
	issuedOn   string
	notice     string
	method     string
	bidders    int
	published  string
	supplier   string
	credit     string
	contracts  int
	contractNo string
	effective  string
	endsOn     string
	acceptedOn string

	latest   time.Time
	releases []release // oldest first

	seq int64 // of the row that the fact being added is from
	tale
}

// add takes one fact in, in the order of the ledger.
func (h *history) add(f *fact) {
	if f.Time.After(h.latest) {
		h.latest = f.Time
	}
	switch f.Type {
	case projectSubmitted:
		h.title, h.kind, h.unit, h.pack, h.declared = f.Project.Title, f.Project.Kind, f.Project.Unit, f.Project.Pack, f.Project.AmountFen
	case projectRefused:
		h.outcome = "refused"
	case projectWithdrawn:
		h.withdrawn = true
	case projectClosed:
		h.closed = true
	case decisionTaken, handoverRecorded:
		h.outcome, h.approved, h.decidedOn = f.Outcome, f.ApprovedFen, cmp.Or(f.DecidedOn, f.RecordedOn)
	case changeConsented:
		if f.ApprovedFen > 0 {
			h.approved = f.ApprovedFen
		}
	case budgetIssued:
		h.budget, h.issuedOn = f.AmountFen, f.IssuedOn
	case budgetAdjusted:
		h.budget = f.AmountFen
	case paymentRecorded:
		h.paid = f.PaidTotalFen
	case procurementBegun:
		h.method = f.Method
	case tenderPublished:
		h.notice, h.published, h.estimate = f.NoticeNo, f.PublishedOn, f.ValueFen
	case awardMade:
		h.award, h.supplier, h.credit, h.bidders = f.ValueFen, f.Supplier, f.SupplierCreditCode, f.Bidders
	case contractFiled:
		if h.supplier == "" || h.supplier != f.Supplier {
			h.supplier, h.credit = f.Supplier, ""
		}
		h.contracts++
		h.contract, h.contractNo, h.effective, h.endsOn = f.ValueFen, f.ContractNo, f.EffectiveOn, f.EndsOn
	case contractAmended:
		h.contract = f.ValueFen
	case acceptancePassed:
		h.final, h.acceptedOn = f.FinalFen, f.AcceptedOn
	}
	h.tell(f)
	if r, ok := h.release(f); ok {
		h.releases = append(h.releases, r)
	}
}
