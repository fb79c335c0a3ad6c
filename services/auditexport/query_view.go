package auditexport

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"egov/libs/authn"
	"egov/libs/ledger"
)

// ProjectView is what the ledger's facts up to an instant say of a project. The
// instant is that of the facts' own times; facts take effect in the order of
// their rows. Every value names the row it comes from.
type ProjectView struct {
	Project string    `json:"project"`
	AsOf    time.Time `json:"as_of"`
	// LedgerRows is the size of the ledger that was read, FirstSeq and LastSeq are
	// the first and the last of the Facts that were taken in. Unreadable rows are
	// left out: a check of the ledger says what became of them.
	LedgerRows int64 `json:"ledger_rows"`
	Facts      int   `json:"facts"`
	Unreadable int   `json:"unreadable"`
	FirstSeq   int64 `json:"first_seq"`
	LastSeq    int64 `json:"last_seq"`

	// Values are stage, route, title, kind, unit, pack, supplier and what else is
	// one text at a time, by name.
	Values map[string]TextFrom `json:"values"`
	// Amounts are in fen: declared, evaluated, approved, budget, tender, award,
	// contract, paid, final.
	Amounts     map[string]FenFrom   `json:"amounts"`
	Deadlines   []DeadlineFrom       `json:"deadlines"`
	Units       []PartyFrom          `json:"units"`  // that acted
	People      []PartyFrom          `json:"people"` // who acted, for themselves or others
	Decisions   []DecisionFrom       `json:"decisions"`
	Attachments []AttachmentFromFact `json:"attachments"`

	steps     []string
	deadlines map[string]*DeadlineFrom
	units     map[string]*PartyFrom
	people    map[string]*PartyFrom
	papers    map[string]bool
}

// From is the row that something comes from.
type From struct {
	Seq int64     `json:"seq"`
	At  time.Time `json:"at"`
}

// TextFrom is a text with its row.
type TextFrom struct {
	Value string `json:"value"`
	From
}

// FenFrom is an amount in fen with its row.
type FenFrom struct {
	Value int64 `json:"value"`
	From
}

// DeadlineFrom is a statutory clock with the row that set its state.
type DeadlineFrom struct {
	ID         string   `json:"id"`
	Obligation string   `json:"obligation"`
	Unit       string   `json:"unit"`
	Due        string   `json:"due_on"`
	State      string   `json:"state"` // open, paused, met, missed, fulfilled_late or waived
	Basis      []string `json:"basis"`
	SetSeq     int64    `json:"set_seq"`
	From
}

// PartyFrom is a unit or a person with the first and the last of their rows.
type PartyFrom struct {
	Name     string `json:"name"`
	Facts    int    `json:"facts"`
	FirstSeq int64  `json:"first_seq"`
	LastSeq  int64  `json:"last_seq"`
}

// DecisionFrom is what somebody decided, with its row.
type DecisionFrom struct {
	Type        string   `json:"type"` // of the fact, without its package
	Outcome     string   `json:"outcome"`
	Reason      string   `json:"reason,omitempty"`
	ApprovedFen int64    `json:"approved_fen,omitempty"`
	Basis       []string `json:"basis"`
	Unit        string   `json:"unit"`
	Actor       string   `json:"actor"`
	From
}

// AttachmentFromFact is a document that a fact names by its hashes.
type AttachmentFromFact struct {
	Name   string `json:"name"`
	SHA256 string `json:"sha256"`
	SM3    string `json:"sm3,omitempty"`
	Type   string `json:"type"` // of the fact
	From
}

// viewed is one fact with what views use besides the data of papers.
type viewed struct {
	fact
	seq  int64
	said struct {
		Project struct {
			Route string   `json:"route"`
			Steps []string `json:"steps"`
		} `json:"project"`
		Title       string   `json:"title"`
		Kind        string   `json:"kind"`
		Unit        string   `json:"unit"`
		Basis       []string `json:"basis"`
		ReviewedFen number   `json:"reviewed_fen"`
		Conclusion  string   `json:"conclusion"`
		Leader      string   `json:"leader"`
		Contact     string   `json:"contact"`
		Agency      string   `json:"agency"`
		DeadlineID  string   `json:"deadline_id"`
		Obligation  string   `json:"obligation"`
		DueOn       string   `json:"due_on"`
		Rule        string   `json:"rule"`
	}
}

// read takes the fact out of a row. It answers false for what cannot be read.
func (f *viewed) read(row *ledger.Row) bool {
	e, err := ledger.Parse(row.Raw)
	if err != nil || !ledger.CheckRaw(row.Raw, &row.SHA256, &row.SM3, 0) {
		return false
	}
	*f = viewed{fact: fact{Entry: e}, seq: int64(row.Seq)}
	return json.Unmarshal(e.Data, &f.fact) == nil && json.Unmarshal(e.Data, &f.said) == nil
}

func newView(project string, at time.Time, rows int64) ProjectView {
	return ProjectView{
		Project: project, AsOf: at, LedgerRows: rows, Values: map[string]TextFrom{}, Amounts: map[string]FenFrom{},
		deadlines: map[string]*DeadlineFrom{}, units: map[string]*PartyFrom{}, people: map[string]*PartyFrom{}, papers: map[string]bool{},
		Decisions: []DecisionFrom{}, Attachments: []AttachmentFromFact{},
	}
}

// add takes one fact in, in the order of the ledger.
func (v *ProjectView) add(f *viewed) {
	from := From{f.seq, f.Time}
	if v.Facts++; v.FirstSeq == 0 {
		v.FirstSeq = f.seq
	}
	v.LastSeq = f.seq
	meet(v.units, f.Unit, f.seq)
	for _, name := range authn.Accounts(f.Actor) {
		meet(v.people, name, f.seq)
	}
	v.attach(f, from)
	short := f.Type[strings.LastIndexByte(f.Type, '.')+1:]
	if state, ok := strings.CutPrefix(f.Type, "egov.deadline.v1.Deadline"); ok {
		v.clock(f, state, from)
		return
	}
	if decides[short] {
		v.Decisions = append(v.Decisions, DecisionFrom{
			Type: short, Outcome: cmp.Or(f.Outcome, f.said.Conclusion, f.said.Rule), Reason: f.Reason, ApprovedFen: int64(f.ApprovedFen),
			Basis: append([]string{}, f.said.Basis...), Unit: f.Unit, Actor: f.Actor, From: from,
		})
	}
	if stage := v.stageAfter(f, short); stage != "" {
		v.Values["stage"] = TextFrom{stage, from}
	}
	v.money(f, from)
	for name, value := range map[string]string{
		"title": cmp.Or(f.Project.Title, f.said.Title), "kind": cmp.Or(f.Project.Kind, f.said.Kind), "pack": f.Project.Pack,
		"route": f.said.Project.Route, "leader": f.said.Leader, "contact": f.said.Contact, "agency": f.said.Agency,
		"supplier": f.Supplier, "supplier_credit_code": f.SupplierCreditCode, "procurement_method": f.Method,
		"contract_no": f.ContractNo, "contract_ends_on": f.EndsOn, "accepted_on": f.AcceptedOn, "issued_on": f.IssuedOn,
	} {
		if value != "" && v.Values[name].Value != value {
			v.Values[name] = TextFrom{value, from}
		}
	}
	if unit := cmp.Or(f.Project.Unit, f.said.Unit); unit != "" && f.Source == "declaration" && v.Values["unit"].Value != unit {
		v.Values["unit"] = TextFrom{unit, from}
	}
	if len(f.said.Project.Steps) > 0 {
		v.steps = f.said.Project.Steps
	}
}

// decides are the facts by which somebody answers a question about the project.
var decides = map[string]bool{
	"SupervisorApproved": true, "SupervisorReturned": true, "ProjectAccepted": true, "ProjectReturned": true, "ProjectRefused": true,
	"EvaluationPassed": true, "EvaluationFailed": true, "ExpertReviewPassed": true, "ExpertReviewFailed": true, "OpinionGiven": true,
	"DecisionTaken": true, "DecisionCoordinated": true, "ChangeConsented": true, "ChangeRefused": true, "WaiverGranted": true, "WaiverRefused": true,
	"ProjectContinued": true, "ReconsiderationOpened": true, "HandoverRecorded": true, "AcceptancePassed": true, "AcceptanceFailed": true,
	"PublishingConsentGiven": true, "PublishingConsentRefused": true, "CryptoPlanReviewed": true, "GradeDetermined": true,
}

// reached are the facts that bring an approved project to a stage, in the order
// of the stages: none brings it back.
var reached = []struct{ fact, stage string }{
	{"BudgetRequested", "budgeting"},
	{"BudgetIssued", "procuring"},
	{"AwardMade", "procuring"},
	{"ContractFiled", "contracted"},
	{"QuarterReported", "delivering"},
	{"AcceptanceFailed", "acceptance"},
	{"AcceptancePassed", "acceptance"},
	{"AcceptanceFiled", "operating"},
	{"ProjectClosed", "closed"},
}

// delivery is those stages, from the decision on.
var delivery = []string{"approved", "filed", "budgeting", "procuring", "contracted", "delivering", "acceptance", "operating", "closed"}

// stageAfter is the stage that a fact brings the project to, as the declaration
// service has it; empty when it stays where it is.
func (v *ProjectView) stageAfter(f *viewed, short string) string {
	now := v.Values["stage"].Value
	for _, r := range reached {
		if r.fact == short {
			if slices.Index(delivery, now) < slices.Index(delivery, r.stage) {
				return r.stage
			}
			return ""
		}
	}
	switch short {
	case "ProjectDrafted":
		return "draft"
	case "ProjectSentToSupervisor":
		return "with_supervisor"
	case "SupervisorReturned", "ProjectReturned", "EvaluationFailed", "ExpertReviewFailed":
		return "returned"
	case "ProjectSubmitted":
		return "submitted"
	case "ProjectAccepted":
		return "accepted"
	case "ProjectRefused":
		return "refused"
	case "ProjectWithdrawn":
		return "withdrawn"
	case "ProjectSupplemented", "ExpertReviewPassed":
		return "conference"
	case "EvaluationAssigned":
		return "evaluation"
	case "EvaluationPassed":
		switch {
		case slices.Contains(v.steps, "expert_review"):
			return "expert_review"
		case slices.Contains(v.steps, "development_reform_handover"):
			return "handed_over"
		}
		return "conference"
	case "DecisionTaken":
		if f.Outcome == "backup" {
			return "backup_pool"
		}
		if now == "withdrawn" || slices.Contains(delivery, now) && slices.Contains(delivery, f.Outcome) {
			return "" // a decision that comes late, or again
		}
		return f.Outcome
	}
	return ""
}

// money takes the amounts that a fact speaks of.
func (v *ProjectView) money(f *viewed, from From) {
	set := func(name string, fen number) {
		if v.Amounts[name].Value != int64(fen) {
			v.Amounts[name] = FenFrom{int64(fen), from}
		}
	}
	switch f.Type {
	case projectSubmitted:
		set("declared", f.Project.AmountFen)
	case "egov.declaration.v1.ProjectDrafted":
		set("declared", f.AmountFen)
	case "egov.expertreview.v1.EvaluationPassed", "egov.expertreview.v1.ExpertReviewPassed":
		set("evaluated", f.said.ReviewedFen)
	case decisionTaken:
		if f.ApprovedFen > 0 || v.Amounts["approved"].Value > 0 {
			set("approved", f.ApprovedFen)
		}
	case handoverRecorded, changeConsented:
		if f.ApprovedFen > 0 {
			set("approved", f.ApprovedFen)
		}
	case budgetIssued, budgetAdjusted:
		set("budget", f.AmountFen)
	case tenderPublished:
		set("tender", f.ValueFen)
	case awardMade:
		set("award", f.ValueFen)
	case contractFiled, contractAmended:
		set("contract", f.ValueFen)
	case paymentRecorded:
		set("paid", f.PaidTotalFen)
	case acceptancePassed:
		set("final", f.FinalFen)
	}
}

// clock takes in what a fact says of a deadline.
func (v *ProjectView) clock(f *viewed, what string, from From) {
	d := v.deadlines[f.said.DeadlineID]
	if d == nil {
		d = &DeadlineFrom{ID: f.said.DeadlineID, SetSeq: from.Seq, State: "open", Basis: []string{}}
		v.deadlines[d.ID] = d
	}
	d.From = from
	d.Obligation, d.Unit = cmp.Or(f.said.Obligation, d.Obligation), cmp.Or(f.said.Unit, d.Unit)
	d.Due = cmp.Or(f.said.DueOn, d.Due)
	if len(f.said.Basis) > 0 {
		d.Basis = f.said.Basis
	}
	if state, ok := map[string]string{
		"Set": "open", "Met": "met", "Missed": "missed", "FulfilledLate": "fulfilled_late", "Paused": "paused", "Resumed": "open", "Waived": "waived",
	}[what]; ok {
		d.State = state
	}
}

// attach keeps the documents that a fact names.
func (v *ProjectView) attach(f *viewed, from From) {
	var data any
	if json.Unmarshal(f.Data, &data) != nil {
		return
	}
	documents(data, func(name, sha256, sm3 string) {
		if v.papers[sha256+name] {
			return
		}
		v.papers[sha256+name] = true
		v.Attachments = append(v.Attachments, AttachmentFromFact{name, sha256, sm3, f.Type, from})
	})
}

// documents finds the objects that have a name and a hash.
func documents(data any, yield func(name, sha256, sm3 string)) {
	switch x := data.(type) {
	case []any:
		for _, y := range x {
			documents(y, yield)
		}
	case map[string]any:
		name, named := x["name"].(string)
		if sum, ok := x["sha256"].(string); ok && named {
			sm3, _ := x["sm3"].(string)
			yield(name, sum, sm3)
		}
		for _, k := range slices.Sorted(maps.Keys(x)) {
			documents(x[k], yield)
		}
	}
}

func meet(parties map[string]*PartyFrom, name string, seq int64) {
	if name == "" {
		return
	}
	p := parties[name]
	if p == nil {
		p = &PartyFrom{Name: name, FirstSeq: seq}
		parties[name] = p
	}
	p.Facts, p.LastSeq = p.Facts+1, seq
}

// settle puts what was gathered in the order in which it came up.
func (v *ProjectView) settle() {
	v.Units, v.People, v.Deadlines = inOrder(v.units), inOrder(v.people), []DeadlineFrom{}
	for _, d := range v.deadlines {
		v.Deadlines = append(v.Deadlines, *d)
	}
	slices.SortFunc(v.Deadlines, func(a, b DeadlineFrom) int {
		return cmp.Or(cmp.Compare(a.SetSeq, b.SetSeq), cmp.Compare(a.ID, b.ID))
	})
}

func inOrder(parties map[string]*PartyFrom) []PartyFrom {
	out := []PartyFrom{}
	for _, p := range parties {
		out = append(out, *p)
	}
	slices.SortFunc(out, func(a, b PartyFrom) int {
		return cmp.Or(cmp.Compare(a.FirstSeq, b.FirstSeq), cmp.Compare(a.Name, b.Name))
	})
	return out
}

// ViewDiff is what became of a project between two instants.
type ViewDiff struct {
	Project string      `json:"project"`
	From    time.Time   `json:"from"`
	To      time.Time   `json:"to"`
	Facts   int         `json:"facts"` // that came in between
	Changes []ViewEntry `json:"changes"`
}

// ViewEntry is one value that differs, with the rows of both sides; a side that
// has no such value is empty and of row 0.
type ViewEntry struct {
	Path      string `json:"path"` // as amounts.approved or deadlines.<id>.state
	Before    string `json:"before"`
	After     string `json:"after"`
	BeforeSeq int64  `json:"before_seq"`
	AfterSeq  int64  `json:"after_seq"`
}

// diff lists what differs between two views of one project, by path.
func (v *ProjectView) diff(after *ProjectView) ViewDiff {
	out := ViewDiff{Project: v.Project, From: v.AsOf, To: after.AsOf, Facts: after.Facts - v.Facts, Changes: []ViewEntry{}}
	old, current := v.flat(), after.flat()
	paths := map[string]bool{}
	for p := range old {
		paths[p] = true
	}
	for p := range current {
		paths[p] = true
	}
	for _, p := range slices.Sorted(maps.Keys(paths)) {
		if a, b := old[p], current[p]; a.Value != b.Value {
			out.Changes = append(out.Changes, ViewEntry{p, a.Value, b.Value, a.Seq, b.Seq})
		}
	}
	return out
}

// flat is every value of a view under its path.
func (v *ProjectView) flat() map[string]TextFrom {
	out := map[string]TextFrom{}
	for name, x := range v.Values {
		out[name] = x
	}
	for name, x := range v.Amounts {
		out["amounts."+name] = TextFrom{fmt.Sprint(x.Value), x.From}
	}
	for _, d := range v.Deadlines {
		out["deadlines."+d.ID+".state"] = TextFrom{d.State, d.From}
		out["deadlines."+d.ID+".due_on"] = TextFrom{d.Due, d.From}
	}
	for _, p := range v.Units {
		out["units."+p.Name] = TextFrom{"acts", From{Seq: p.FirstSeq}}
	}
	for _, p := range v.People {
		out["people."+p.Name] = TextFrom{"acts", From{Seq: p.FirstSeq}}
	}
	for _, d := range v.Decisions {
		out[fmt.Sprintf("decisions.%d.%s", d.Seq, d.Type)] = TextFrom{cmp.Or(d.Outcome, d.Type), d.From}
	}
	for _, a := range v.Attachments {
		out["attachments."+a.SHA256+"."+a.Name] = TextFrom{a.Name, a.From}
	}
	return out
}
