package auditexport

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"
	"time"

	"egov/libs/calendar"
	"egov/libs/ledger/bundle"
	"egov/libs/policy"
	typev1 "egov/proto/gen/egov/type/v1"
)

// Facts that tables and reports are drawn from besides those of the papers.
const (
	projectAccepted  = "egov.declaration.v1.ProjectAccepted"
	waiverGranted    = "egov.conference.v1.WaiverGranted"
	testRecorded     = "egov.procurement.v1.TestRecorded"
	deadlineFacts    = "egov.deadline.v1."
	deadlineMovedOn  = deadlineFacts + "DeadlineMoved"
	deadlineResumed  = deadlineFacts + "DeadlineResumed"
	deadlineConfirms = deadlineFacts + "DeadlineConfirmed"
)

// deadlineStates are what the facts about a clock make of it; those that are not
// here leave it as it is.
var deadlineStates = map[string]string{
	"DeadlineSet": "open", "DeadlineMet": "met", "DeadlineMissed": "late", "DeadlineFulfilledLate": "met_late",
	"DeadlinePaused": "paused", "DeadlineResumed": "open", "DeadlineWaived": "waived",
}

// tale is what tables and reports say of a project, gathered fact by fact.
type tale struct {
	facts     int64
	first     time.Time
	brief     *typev1.ProjectBrief
	decision  policy.Decision
	heard     map[string]string // by the fact's name, the requirement's or the test's code
	waivers   map[string]string
	deadlines []deadlineLine
	amounts   []amountLine
	contracts []contractLine
	payments  []paymentLine
	papers    []paperLine

	amendments []amendment

	closedOn, closeReason string
	closedSeq             int64
}

// amendment is one change of a contract, by the event that states it.
type amendment struct {
	ID, EffectiveOn, Reason string
	PreviousFen, ValueFen   number
}

func newHistory(id string) *history {
	return &history{id: id, tale: tale{heard: map[string]string{}, waivers: map[string]string{}}}
}

// tell takes one fact in.
func (h *history) tell(f *fact) {
	h.facts++
	if h.first.IsZero() {
		h.first = f.Time
	}
	h.heard[f.name()] = f.ID
	h.amount(f)
	h.attachments(f)
	if strings.HasPrefix(f.Type, deadlineFacts) {
		h.deadline(f)
		return
	}
	switch f.Type {
	case projectSubmitted:
		h.goesBy(f)
	case contractFiled:
		h.tale.contracts = append(h.tale.contracts, contractLine{
			Project: h.id, No: f.ContractNo, Sequence: f.Sequence, Supplier: f.Supplier, Credit: h.credit,
			Value: int64(f.ValueFen), First: int64(f.ValueFen), EffectiveOn: f.EffectiveOn, EndsOn: f.EndsOn, Seq: h.seq,
		})
	case contractAmended:
		h.amendments = append(h.amendments, amendment{f.ID, f.EffectiveOn, f.Reason, f.PreviousFen, f.ValueFen})
		for i := range h.tale.contracts {
			if c := &h.tale.contracts[i]; c.No == f.ContractNo {
				c.Value = int64(f.ValueFen)
				c.Amendments++
			}
		}
	case paymentRecorded:
		h.payments = append(h.payments, paymentLine{
			Project: h.id, ID: f.PaymentID, Contract: f.ContractNo, Payee: f.Payee, Amount: int64(f.AmountFen), PaidOn: f.PaidOn, Seq: h.seq,
		})
	case budgetIssued:
		for _, c := range f.Confirmations {
			h.heard[c.Requirement] = f.ID
		}
	case testRecorded:
		if f.Passed {
			h.heard[f.Test] = f.ID
		}
	case waiverGranted:
		h.waivers[f.Rule] = f.ID
	case projectClosed:
		h.closedSeq, h.closeReason, h.closedOn = h.seq, f.Reason, calendar.DateOf(f.Time).String()
	}
}

// goesBy takes in what a declaration says of the rules it goes by.
func (h *history) goesBy(f *fact) {
	var data struct {
		Project json.RawMessage `json:"project"`
	}
	if json.Unmarshal(f.Data, &data) == nil {
		h.brief = brief(data.Project)
	}
	if h.brief.GetLeader() != "" && h.brief.GetContact() != "" { // named in the declaration itself
		h.heard["ResponsibleNamed"] = f.ID
	}
	h.decision = policy.Decision{}
	_ = json.Unmarshal([]byte(f.DecisionJSON), &h.decision) // one that cannot be read lists no papers
	for _, i := range h.decision.Checklist {
		if i.Present {
			h.heard[i.Item] = f.ID
		}
	}
}

// brief reads a project as protojson writes it, with 64-bit integers as texts.
func brief(text json.RawMessage) *typev1.ProjectBrief {
	var members map[string]json.RawMessage
	if json.Unmarshal(text, &members) != nil {
		return nil
	}
	for _, name := range []string{"amount_fen", "hardware_fen", "hotline_seats"} {
		if v, ok := members[name]; ok {
			members[name] = bytes.Trim(v, `"`)
		}
	}
	again, err := json.Marshal(members)
	if err != nil {
		return nil
	}
	out := &typev1.ProjectBrief{}
	if json.Unmarshal(again, out) != nil {
		return nil
	}
	return out
}

// amount keeps the amount that a fact states.
func (h *history) amount(f *fact) {
	what, fen := "", number(0)
	switch f.Type {
	case projectSubmitted:
		what, fen = "declared", f.Project.AmountFen
	case decisionTaken, handoverRecorded, changeConsented:
		what, fen = "approved", f.ApprovedFen
	case budgetIssued, budgetAdjusted:
		what, fen = "budget", f.AmountFen
	case tenderPublished:
		what, fen = "tender", f.ValueFen
	case awardMade:
		what, fen = "award", f.ValueFen
	case contractFiled, contractAmended:
		what, fen = "contract", f.ValueFen
	case paymentRecorded:
		what, fen = "payment", f.AmountFen
	case acceptancePassed:
		what, fen = "final", f.FinalFen
	}
	if what != "" && fen != 0 {
		h.amounts = append(h.amounts, amountLine{Project: h.id, Seq: h.seq, At: f.Time, What: what, Amount: int64(fen), EventID: f.ID})
	}
}

// deadline moves a clock on.
func (h *history) deadline(f *fact) {
	i := slices.IndexFunc(h.deadlines, func(l deadlineLine) bool { return l.ID == f.DeadlineID })
	if i < 0 {
		i = len(h.deadlines)
		h.deadlines = append(h.deadlines, deadlineLine{Project: h.id, ID: f.DeadlineID, Obligation: f.Obligation})
	}
	l := &h.deadlines[i]
	if state, ok := deadlineStates[f.name()]; ok {
		l.State = state
	}
	set := func(to *string, text string) {
		if text != "" {
			*to = text
		}
	}
	set(&l.Unit, f.OwedBy)
	set(&l.TriggerOn, f.TriggerOn)
	set(&l.DueOn, f.DueOn)
	set(&l.MetOn, f.MetOn)
	set(&l.MovedFrom, f.MovedFrom)
	if len(f.Basis) > 0 {
		l.Basis = f.Basis
	}
	switch f.Type {
	case deadlineFacts + "DeadlineSet", deadlineMovedOn, deadlineResumed, deadlineConfirms:
		l.Provisional = f.Provisional
	}
}

// attachments keeps the files that a fact names, wherever in it it does.
func (h *history) attachments(f *fact) {
	for _, p := range bundle.Papers(f.Data) {
		h.papers = append(h.papers, paperOf(h.seq, h.id, p))
	}
}
