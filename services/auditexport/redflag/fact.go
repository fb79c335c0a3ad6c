package redflag

import (
	"bytes"
	"cmp"
	"encoding/json"
	"slices"
	"strconv"
	"time"

	"google.golang.org/protobuf/encoding/protojson"

	"egov/libs/calendar"
	"egov/libs/document"
	"egov/libs/ledger"
	typev1 "egov/proto/gen/egov/type/v1"
)

// The facts that detectors look at. stable: names of the contracts.
const (
	projectSubmitted  = "egov.declaration.v1.ProjectSubmitted"
	projectRefused    = "egov.declaration.v1.ProjectRefused"
	projectWithdrawn  = "egov.declaration.v1.ProjectWithdrawn"
	handoverRecorded  = "egov.declaration.v1.HandoverRecorded"
	evaluationGiven   = "egov.expertreview.v1.EvaluationAssigned"
	expertsDrawn      = "egov.expertreview.v1.ExpertsDrawn"
	decisionTaken     = "egov.conference.v1.DecisionTaken"
	changeConsented   = "egov.conference.v1.ChangeConsented"
	waiverGranted     = "egov.conference.v1.WaiverGranted"
	budgetIssued      = "egov.budgeting.v1.BudgetIssued"
	budgetAdjusted    = "egov.budgeting.v1.BudgetAdjusted"
	paymentRecorded   = "egov.budgeting.v1.PaymentRecorded"
	procurementBegun  = "egov.procurement.v1.ProcurementStarted"
	awardMade         = "egov.procurement.v1.AwardMade"
	contractSigned    = "egov.procurement.v1.ContractSigned"
	contractFiled     = "egov.procurement.v1.ContractFiled"
	contractAmended   = "egov.procurement.v1.ContractAmended"
	supervisionGiven  = "egov.procurement.v1.SupervisionEngaged"
	quarterReported   = "egov.procurement.v1.QuarterReported"
	testRecorded      = "egov.procurement.v1.TestRecorded"
	acceptancePassed  = "egov.procurement.v1.AcceptancePassed"
	assessmentDone    = "egov.cybersecurity.v1.AssessmentCompleted"
	cryptoTestDone    = "egov.cryptoassessment.v1.CryptoAssessmentCompleted"
	deadlineMissed    = "egov.deadline.v1.DeadlineMissed"
	deadlineFulfilled = "egov.deadline.v1.DeadlineFulfilledLate"
	deadlineMoved     = "egov.deadline.v1.DeadlineMoved"
	deadlineWaived    = "egov.deadline.v1.DeadlineWaived"
	unitRegistered    = "egov.identity.v1.UnitRegistered"
	unitAmended       = "egov.identity.v1.UnitAmended"
)

// Types lists the facts that detectors look at.
func Types() []string {
	return []string{
		projectSubmitted, projectRefused, projectWithdrawn, handoverRecorded, evaluationGiven, expertsDrawn, decisionTaken, changeConsented,
		waiverGranted, budgetIssued, budgetAdjusted, paymentRecorded, procurementBegun, awardMade, contractSigned, contractFiled, contractAmended,
		supervisionGiven, quarterReported, testRecorded, acceptancePassed, assessmentDone, cryptoTestDone, deadlineMissed, deadlineFulfilled,
		deadlineMoved, deadlineWaived, unitRegistered, unitAmended,
	}
}

// Fact is one row of the ledger as far as detectors ask.
type Fact struct {
	Seq      int64     `json:"seq"`
	EventID  string    `json:"event_id"`
	Source   string    `json:"source"`
	EventSeq int64     `json:"event_seq"` // 1, 2, 3 … per source and subject
	Type     string    `json:"type"`
	Subject  string    `json:"subject"`
	At       time.Time `json:"at"`
	Actor    string    `json:"actor"`
	By       string    `json:"by"` // the unit that acted
	Said     said      `json:"said"`
}

// said is what facts say, under the names of the contracts; each type fills its
// own part.
type said struct {
	Project            json.RawMessage `json:"project,omitempty"` // egov.type.v1.ProjectBrief
	Unit               string          `json:"unit,omitempty"`
	Name               string          `json:"name,omitempty"`
	Agency             string          `json:"agency,omitempty"`
	Seats              []seat          `json:"seats,omitempty"`
	Outcome            string          `json:"outcome,omitempty"`
	Rule               string          `json:"rule,omitempty"`
	ChangeID           string          `json:"change_id,omitempty"`
	ApprovedFen        number          `json:"approved_fen,omitempty"`
	AmountFen          number          `json:"amount_fen,omitempty"`
	ValueFen           number          `json:"value_fen,omitempty"`
	DecidedOn          string          `json:"decided_on,omitempty"`
	RecordedOn         string          `json:"recorded_on,omitempty"`
	PaidOn             string          `json:"paid_on,omitempty"`
	StartedOn          string          `json:"started_on,omitempty"`
	AwardedOn          string          `json:"awarded_on,omitempty"`
	EffectiveOn        string          `json:"effective_on,omitempty"`
	CompletedOn        string          `json:"completed_on,omitempty"`
	AcceptedOn         string          `json:"accepted_on,omitempty"`
	AdjustedOn         string          `json:"adjusted_on,omitempty"`
	DueOn              string          `json:"due_on,omitempty"`
	Method             string          `json:"method,omitempty"`
	Supplier           string          `json:"supplier,omitempty"`
	SupplierCreditCode string          `json:"supplier_credit_code,omitempty"`
	SupervisorName     string          `json:"supervisor_name,omitempty"`
	PerformedBy        string          `json:"performed_by,omitempty"`
	Test               string          `json:"test,omitempty"`
	Passed             bool            `json:"passed,omitempty"`
	Bidders            int64           `json:"bidders,omitempty"`
	ContractNo         string          `json:"contract_no,omitempty"`
	AmendmentNo        string          `json:"amendment_no,omitempty"`
	Sequence           int64           `json:"sequence,omitempty"`
	Quarter            string          `json:"quarter,omitempty"`
	ProgressPercent    int64           `json:"progress_percent,omitempty"`
	DeadlineID         string          `json:"deadline_id,omitempty"`
	Obligation         string          `json:"obligation,omitempty"`
}

type seat struct {
	Expert   string `json:"expert"`
	Employer string `json:"employer"`
}

// number reads the integers of protojson, which writes 64-bit ones as text.
type number int64

// UnmarshalJSON takes 7 and "7".
func (n *number) UnmarshalJSON(b []byte) error {
	v, err := strconv.ParseInt(string(bytes.Trim(b, `"`)), 10, 64)
	*n = number(v)
	return err
}

// noText is a character that no service can keep, so no service stated it.
var noText = []byte(`\u0000`)

// Read takes the fact out of a row. It answers false for a row that is about
// something else or cannot be read: a check of the ledger tells of those.
func Read(row *ledger.Row) (f Fact, ok bool) {
	e, err := ledger.Parse(row.Raw)
	if err != nil || !slices.Contains(Types(), e.Type) || bytes.Contains(e.Data, noText) {
		return f, false
	}
	f = Fact{
		Seq: int64(row.Seq), EventID: e.ID, Source: e.Source, EventSeq: e.EventSeq, Type: e.Type, Subject: e.Subject,
		At: e.Time, Actor: e.Actor, By: e.Unit,
	}
	return f, document.Read(e.Data, &f.Said) == nil
}

// before orders the facts about a subject by producer and its numbering, so that
// neither their arrival nor a producer's clock has a say.
func (f *Fact) before(o *Fact) int {
	return cmp.Or(cmp.Compare(f.Source, o.Source), cmp.Compare(f.EventSeq, o.EventSeq), cmp.Compare(f.EventID, o.EventID))
}

// on is the day that matters: the one the fact names, or that of its time.
func (f *Fact) on(named string) calendar.Date {
	if d, err := calendar.ParseDate(named); err == nil {
		return d
	}
	return calendar.DateOf(f.At)
}

func (f *Fact) brief() (*typev1.ProjectBrief, bool) {
	p := &typev1.ProjectBrief{}
	err := protojson.UnmarshalOptions{DiscardUnknown: true}.Unmarshal(f.Said.Project, p)
	return p, err == nil
}

// shows makes evidence of a fact.
func (f *Fact) shows(day string, fen int64, zh, en string) Evidence {
	return Evidence{
		Seq: f.Seq, EventID: f.EventID, Type: f.Type, At: f.At, Actor: f.Actor, Unit: f.By, ProjectID: f.Subject,
		Day: day, AmountFen: fen, Shows: Text{zh, en},
	}
}
