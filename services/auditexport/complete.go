package auditexport

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"

	"egov/libs/policy"
	"egov/libs/rules"
)

// gap is one thing that a project's papers might be expected to have and do not,
// or an attachment that a record names and the bundle has not, with why: what is
// not due yet is no defect, and what does not apply never will be one.
type gap struct {
	Project string   `json:"project"`
	Kind    string   `json:"kind"`  // field of the standards, record, paper, or attachment
	Field   string   `json:"field"` // its path, the fact's name, the item's code or the SHA-256
	Status  string   `json:"status"`
	Reason  string   `json:"reason,omitempty"` // of an attachment that is not held, in a code
	Gate    string   `json:"gate,omitempty"`   // that asks for it
	Basis   []string `json:"basis,omitempty"`
	Why     string   `json:"why"`
	WhyEN   string   `json:"why_en"`
}

// What can be said of a gap. stable: completeness.json carries them.
const (
	gapMissing     = "missing"        // it is due, and not there
	gapNotDue      = "not_due"        // the project is not that far
	gapNone        = "not_applicable" // the rules ask for none
	gapWaived      = "waived"         // the conference lifted the rule
	gapElsewhere   = "elsewhere"      // it is stated about another subject than the project
	gapNotRecorded = "not_recorded"   // no fact of the suite states such a thing
	gapNotHeld     = "not_held"       // a record names it, and this bundle has it not
)

var gapStatuses = []string{gapMissing, gapNotDue, gapNone, gapWaived, gapElsewhere, gapNotRecorded, gapNotHeld}

var gapLabels = map[string]policy.Text{
	gapMissing:     {ZH: "应有而缺", EN: "due and not there"},
	gapNotDue:      {ZH: "尚未到期", EN: "not due yet"},
	gapNone:        {ZH: "按规则不适用", EN: "not applicable by the rules"},
	gapWaived:      {ZH: "经会议决定免除", EN: "waived by the conference"},
	gapElsewhere:   {ZH: "登记在其他主体名下", EN: "stated about another subject"},
	gapNotRecorded: {ZH: "系统不登记", EN: "not recorded by the suite"},
	gapNotHeld:     {ZH: "附件未收入本包", EN: "an attachment that is not in this bundle"},
}

// tally counts gaps by their status.
type tally map[string]int64

func (t *tally) add(gaps []gap) {
	if *t == nil {
		*t = tally{}
	}
	for _, g := range gaps {
		(*t)[g.Status]++
	}
}

// passedBy is the fact that shows that a project has passed a gate. Gates that
// let something else pass than the project on its road are not here.
var passedBy = map[string]string{
	"submit": "ProjectSubmitted", "accept": "ProjectAccepted", "evaluation": "EvaluationAssigned", "agenda": "DecisionTaken",
	"budget": "BudgetIssued", "procurement": "ProcurementStarted", "contract": "ContractFiled", "acceptance": "AcceptancePassed",
}

// told are the facts that are stated about the project itself whenever they come
// true, so that their absence means something.
var told = []string{
	"SupervisorApproved", "EvaluationPassed", "ExpertReviewPassed", "DecisionTaken", "HandoverRecorded", "PlanEntered", "BudgetIssued",
	"ResponsibleNamed", "AwardMade", "TestRecorded", "SupervisionEngaged",
}

// owedAfter are the facts that are owed only once another has come true.
var owedAfter = map[string]string{"LockoutEnded": "LockoutStarted", "RectificationClosed": "RectificationOrdered", "HoldReleased": "HoldPlaced"}

// vouched are the items of the checklist that another duty holder answers for
// after the declaration, by the fact that does.
var vouched = map[string]string{
	"crypto_plan": "CryptoPlanReviewed", "mlps_grading": "GradeDetermined", "data_catalogue": "CataloguePublished", "cloud_request": "CloudGranted",
	"xc_expert_argument": "XCExemptionFiled", "xc_supervisor_consent": "XCExemptionFiled", "xc_confidential_filing": "XCExemptionFiled",
	"cac_consent": "PublishingConsentGiven",
}

// judged are the facts by which the keeper of a gate judges a thing by itself:
// without them there may be nothing to wait for.
var judged = []string{"ChangeConsented", "AcceptancePassed", "ContractAttached", "CorrectionClosed", "RegimeFiled"}

// leaf is what tables and reports say of the project.
func (h *history) leaf(book rules.Book) *leaf {
	l := &leaf{
		Project: projectLine{
			ID: h.id, Title: h.title, Kind: h.kind, Unit: h.unit, Pack: h.pack, Outcome: h.outcome,
			Declared: int64(h.declared), Approved: int64(h.approved), Budget: int64(h.budget), Award: int64(h.award),
			Contract: int64(h.contract), Paid: int64(h.paid), Final: int64(h.final), Route: h.brief.GetRoute(), DeclaredOn: h.brief.GetDeclaredOn(),
			AcceptedOn: h.acceptedOn, Closed: h.closed, Facts: h.facts,
			ClosedOn: h.closedOn, ClosedSeq: h.closedSeq, CloseReason: h.closeReason, PackVersion: h.brief.GetPackVersion(),
			FirstFactOn: instant(h.first), LatestFactOn: instant(h.latest),
		},
		Deadlines: h.deadlines, Amounts: h.amounts, Contracts: h.tale.contracts, Payments: h.payments, Papers: h.papers,
	}
	l.Gaps = slices.Concat(h.missingFields(book), h.missingPapers(), h.missingRecords(book))
	return l
}

// over says why the project goes no further, empty while it does.
func (h *history) over() string {
	switch {
	case h.withdrawn:
		return "withdrawn"
	case h.outcome == "refused" || h.outcome == "stopped":
		return h.outcome
	}
	return ""
}

// missingFields lists what the Open Contracting standards ask for and the facts
// do not tell.
func (h *history) missingFields(book rules.Book) (gaps []gap) {
	unnoticed := false
	built := true
	if pack, err := book.Of(h.pack); err == nil {
		for _, m := range pack.Procedure().Procurement.Methods {
			unnoticed = unnoticed || m.Code == h.method && !m.Notice
		}
		built = len(pack.AcceptanceTests(h.kind)) > 0
	}
	// Each is due once anything that comes after it has come.
	fields := []struct {
		field, value string
		none         bool // the rules ask for none
		zh, en       string
	}{
		{"budget.approvalDate", h.issuedOn, false, "预算尚未下达", "no budget is issued yet"},
		{"tender.documents", h.notice, unnoticed || h.brief.GetRenewalYear() > 1, "没有招标公告", "there is no tender notice"},
		{"award.suppliers", h.supplier, h.brief.GetRenewalYear() > 1, "尚无中标结果", "nothing is awarded yet"},
		{"contract.id", h.contractNo, false, "合同尚未备案", "no contract is filed yet"},
		{"implementation.acceptance", h.acceptedOn, !built, "尚未通过验收", "it is not accepted yet"},
	}
	later := h.closed
	for _, f := range slices.Backward(fields) {
		if f.value != "" {
			later = true
			continue
		}
		g := gap{Project: h.id, Kind: "field", Field: f.field, Status: gapNotDue, Why: f.zh, WhyEN: f.en}
		switch why := h.over(); {
		case why != "":
			g.Status, g.Why, g.WhyEN = gapNone, "项目已终止（"+why+"）", "the project has ended: "+why
		case f.none:
			g.Status, g.Why, g.WhyEN = gapNone, "按规则包，此类项目或采购方式无此项", "the pack asks for none of a project of this kind, or procured this way"
		case later:
			g.Status = gapMissing
		}
		gaps = append(gaps, g)
	}
	slices.Reverse(gaps)
	for _, x := range []struct{ field, zh, en string }{
		{"project.sector", "事实中没有行业分类", "no fact states a sector"},
		{"project.locations", "事实中没有地点", "no fact states a place"},
		{"tender.procurementMethod", "采购方式按规则包的代码给出", "the method is given by its code in the rule pack"},
	} {
		gaps = append(gaps, gap{Project: h.id, Kind: "field", Field: x.field, Status: gapNotRecorded, Why: x.zh, WhyEN: x.en})
	}
	return gaps
}

// missingPapers lists the items of the checklist that were not there when the
// project was last declared, and for which nobody has answered since.
func (h *history) missingPapers() (gaps []gap) {
	for _, i := range h.decision.Checklist {
		if _, answered := h.heard[vouched[i.Item]]; i.Present || answered {
			continue
		}
		g := gap{
			Project: h.id, Kind: "paper", Field: i.Item, Status: gapNotDue, Gate: i.Gate, Basis: i.Basis,
			Why: "材料清单所列，相应环节尚未到达", WhyEN: "on the checklist; the gate that asks for it is not reached yet",
		}
		switch {
		case h.over() != "":
			g.Status, g.Why, g.WhyEN = gapNone, "项目已终止", "the project has ended"
		case h.past(i.Gate):
			g.Status, g.Why, g.WhyEN = gapMissing, "材料清单所列，未见提供", "on the checklist, and nowhere on record"
		}
		gaps = append(gaps, g)
	}
	return gaps
}

// past says whether the project has passed a gate.
func (h *history) past(gate string) bool {
	_, ok := h.heard[passedBy[gate]]
	return ok
}

// missingRecords lists what the gates of the project's pack wait for, as far as
// it is not on record.
func (h *history) missingRecords(book rules.Book) (gaps []gap) {
	pack, err := book.Of(h.pack)
	if err != nil || h.brief == nil {
		return nil
	}
	for _, gate := range pack.Gates() {
		if passedBy[gate] == "" {
			continue
		}
		// Everything the gate asks for is looked at, and nothing keeps it closed.
		if _, err := book.Missing(h.brief, gate, func(r policy.Requirement) bool {
			if g, ok := h.record(gate, r); ok {
				gaps = append(gaps, g)
			}
			return true
		}); err != nil {
			continue // the rule fails on this case; whoever keeps the gate reports that
		}
	}
	return gaps
}

// record says what is to be said of one requirement; nothing, where it is met.
func (h *history) record(gate string, r policy.Requirement) (gap, bool) {
	_, byFact := h.heard[r.Fact]
	_, byCode := h.heard[r.Code]
	if r.Fact == "" || slices.Contains(judged, r.Fact) || byCode || byFact && !r.Test {
		return gap{}, false
	}
	g := gap{Project: h.id, Kind: "record", Field: r.Code, Gate: gate, Basis: r.Basis, Why: r.Text.ZH, WhyEN: r.Text.EN}
	opened, conditional := owedAfter[r.Fact]
	_, open := h.heard[opened]
	switch {
	case conditional && !open:
		return gap{}, false
	case r.Strength != policy.Must && h.waivers[r.Code] != "":
		g.Status = gapWaived
	case h.over() != "":
		g.Status = gapNone
	case !conditional && !slices.Contains(told, r.Fact):
		g.Status = gapElsewhere
	case h.past(gate):
		g.Status = gapMissing
	default:
		g.Status = gapNotDue
	}
	return g, true
}

// completeness writes completeness.json: a stream, for there may be many
// projects.
func (p *papers) completeness(ctx context.Context, w io.Writer) error {
	out := bufio.NewWriter(w)
	head, err := json.Marshal(struct {
		AsOfSeq  int64 `json:"as_of_seq"` // the documents say what was true at that row
		Projects int   `json:"projects"`
		Summary  tally `json:"summary"` // by status
	}{p.export.Last, p.projects, p.counts()})
	if err != nil {
		return err
	}
	if _, err := fmt.Fprintf(out, "%s,\"missing\":[", head[:len(head)-1]); err != nil {
		return err
	}
	separator := "\n"
	for g, err := range p.gaps() {
		if err == nil {
			err = ctx.Err()
		}
		if err != nil {
			return err
		}
		line, err := json.Marshal(g)
		if err != nil {
			return err
		}
		if _, err := fmt.Fprintf(out, "%s%s", separator, line); err != nil {
			return err
		}
		separator = ",\n"
	}
	if _, err := out.WriteString("\n]}\n"); err != nil {
		return err
	}
	return out.Flush()
}

// counts has every status, so that none is taken for forgotten.
func (p *papers) counts() tally {
	t := tally{}
	for _, s := range gapStatuses {
		t[s] = p.tally[s]
	}
	return t
}

func (p *papers) gaps() func(func(gap, error) bool) {
	return func(yield func(gap, error) bool) {
		for l, err := range p.leaves() {
			if err != nil {
				yield(gap{}, err)
				return
			}
			for _, g := range l.Gaps {
				if !yield(g, nil) {
					return
				}
			}
		}
		p.originals.gaps(yield)
	}
}

// completenessText writes the same for people: the counts, and what is due and
// not there.
func (p *papers) completenessText(ctx context.Context, w io.Writer) error {
	out := &sayer{out: bufio.NewWriter(w)}
	out.say("# 完整性报告 / Completeness\n\n截至账本第%d行，%d个项目。 As of row %d, %d projects.\n\n", p.export.Last, p.projects, p.export.Last, p.projects)
	out.say("| 情形 | status | 数量 |\n|---|---|---|\n")
	for _, s := range gapStatuses {
		out.say("| %s | %s | %d |\n", gapLabels[s].ZH, gapLabels[s].EN, p.tally[s])
	}
	out.say("\n## %s / %s\n\n", gapLabels[gapMissing].ZH, gapLabels[gapMissing].EN)
	if p.tally[gapMissing]+p.tally[gapNotHeld] == 0 {
		out.say("无。 None.\n")
	} else {
		out.say("| 项目 | 内容 | 环节 | 依据 | 说明 |\n|---|---|---|---|---|\n")
	}
	for g, err := range p.gaps() {
		if err == nil {
			err = ctx.Err()
		}
		if err != nil {
			return err
		}
		if g.Status == gapMissing || g.Status == gapNotHeld {
			out.say("| %s | %s | %s | %s | %s |\n", cell(g.Project), cell(g.Field), cell(g.Gate), cell(fmt.Sprint(g.Basis)), cell(g.Why))
		}
	}
	return errors.Join(out.err, out.out.Flush())
}

// sayer writes text and keeps the first error.
type sayer struct {
	out *bufio.Writer
	err error
}

func (s *sayer) say(format string, args ...any) {
	if s.err == nil {
		_, s.err = fmt.Fprintf(s.out, format, args...)
	}
}
