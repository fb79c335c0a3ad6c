package auditexport_test

import (
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"

	"egov/libs/calendar"
	"egov/libs/fault"
	budgetingv1 "egov/proto/gen/egov/budgeting/v1"
	conferencev1 "egov/proto/gen/egov/conference/v1"
	deadlinev1 "egov/proto/gen/egov/deadline/v1"
	declarationv1 "egov/proto/gen/egov/declaration/v1"
	expertreviewv1 "egov/proto/gen/egov/expertreview/v1"
	procurementv1 "egov/proto/gen/egov/procurement/v1"
	typev1 "egov/proto/gen/egov/type/v1"
	"egov/services/auditexport"
)

// life is what happens to one project, day by day.
var life = []struct {
	day, service, unit string
	fact               proto.Message
}{
	{"2026-03-02", "declaration", "education", &declarationv1.ProjectDrafted{ProjectId: "p-1", Title: "智慧校园", Kind: "new_build", Unit: "education", AmountFen: 290}},
	{"2026-03-03", "declaration", "education", &declarationv1.ProjectSubmitted{Project: &typev1.ProjectBrief{
		ProjectId: "p-1", Title: "智慧校园平台", Kind: "new_build", Unit: "education", AmountFen: 300, Route: "review", Pack: "yangpu-2023", Steps: []string{"third_party_evaluation", "expert_review", "conference_review"},
	}}},
	{"2026-03-04", "declaration", "gov-office", &declarationv1.ProjectAccepted{}},
	{"2026-03-05", "expertreview", "gov-office", &expertreviewv1.EvaluationAssigned{ProjectId: "p-1", Agency: "agency-a"}},
	{"2026-03-06", "expertreview", "agency-a", &expertreviewv1.EvaluationPassed{ProjectId: "p-1", ReviewedFen: 285, Basis: []string{"YP23-R-5.2"}}},
	{"2026-03-07", "expertreview", "gov-office", &expertreviewv1.ExpertReviewPassed{ProjectId: "p-1", ReviewedFen: 280}},
	{"2026-03-09", "conference", "gov-office", &conferencev1.DecisionTaken{ProjectId: "p-1", Outcome: "approved", ApprovedFen: 280, Basis: []string{"YP23-R-5.3.2"}}},
	{"2026-03-10", "budgeting", "finance", &budgetingv1.BudgetIssued{ProjectId: "p-1", AmountFen: 270, IssuedOn: "2026-03-10"}},
	{"2026-03-10", "procurement", "facilities", &deadlinev1.DeadlineSet{ProjectId: "p-1", DeadlineId: "d-1", Obligation: "procurement_start", Unit: "education", DueOn: "2026-06-10", Basis: []string{"YP23-R-5.5.1"}}},
	{"2026-03-20", "procurement", "facilities", &procurementv1.AwardMade{ProjectId: "p-1", Supplier: "申城软件", ValueFen: 265, Bidders: 3}},
	{"2026-03-25", "procurement", "education", &procurementv1.ContractFiled{
		ProjectId: "p-1", ContractNo: "HT-1", Supplier: "申城软件", ValueFen: 265, EndsOn: "2027-03-25",
		Documents: []*typev1.Document{{Name: "合同.pdf", Sha256: "aa", Sm3: "bb"}},
	}},
	{"2026-03-25", "procurement", "facilities", &deadlinev1.DeadlineMet{ProjectId: "p-1", DeadlineId: "d-1", Obligation: "procurement_start", Unit: "education", DueOn: "2026-06-10", MetOn: "2026-03-20"}},
	{"2026-04-01", "conference", "gov-office", &conferencev1.ChangeConsented{ProjectId: "p-1", ChangeId: "c-1", ApprovedFen: 290}},
	{"2026-04-02", "procurement", "education", &procurementv1.ContractAmended{ProjectId: "p-1", ContractNo: "HT-1", ValueFen: 285}},
	{"2026-04-03", "budgeting", "finance", &budgetingv1.PaymentRecorded{ProjectId: "p-1", AmountFen: 100, PaidTotalFen: 100}},
	{"2026-05-01", "procurement", "education", &procurementv1.AcceptancePassed{ProjectId: "p-1", AcceptedOn: "2026-05-01", FinalFen: 284}},
	// The consent of a member arrives late: it counts from its own time.
	{"2026-03-09", "conference", "finance", &conferencev1.OpinionGiven{ProjectId: "p-1", Member: "finance", Stance: "agree"}},
}

// lead appends the life of p-1, a fact a row, with rows of others between them.
func (h *house) lead() {
	h.t.Helper()
	for _, x := range life {
		h.clock.Set(morning(h.t, x.day))
		h.append(h.event("declaration", "p-2", "health", withdrawn(1)))
		h.append(h.event(x.service, "p-1", x.unit, x.fact))
	}
	h.clock.Set(morning(h.t, "2026-06-01"))
}

// TestAProjectAsOfADay looks at one project on the days of its life: what is
// known then, and from which row (YP23-M-16).
func TestAProjectAsOfADay(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.lead()
	for name, c := range map[string]struct {
		date, stage string
		amounts     map[string]auditexport.FenFrom // with their rows
		deadline    string
		facts       int
	}{
		"its first day":     {"2026-03-02", "draft", fen("declared", 290, 2), "", 1},
		"submitted":         {"2026-03-03", "submitted", fen("declared", 300, 4), "", 2},
		"at the experts":    {"2026-03-06", "expert_review", fen("declared", 300, 4, "evaluated", 285, 10), "", 5},
		"decided":           {"2026-03-09", "approved", fen("declared", 300, 4, "evaluated", 280, 12, "approved", 280, 14), "", 8},
		"an instant before": {"2026-03-25T08:59:59+08:00", "procuring", fen("declared", 300, 4, "evaluated", 280, 12, "approved", 280, 14, "budget", 270, 16, "award", 265, 20), "open", 11},
		"contracted":        {"2026-03-25", "contracted", fen("declared", 300, 4, "evaluated", 280, 12, "approved", 280, 14, "budget", 270, 16, "award", 265, 20, "contract", 265, 22), "met", 13},
		"now": {"", "acceptance", fen("declared", 300, 4, "evaluated", 280, 12, "approved", 290, 26, "budget", 270, 16, "award", 265, 20, "contract", 285, 28,
			"paid", 100, 30, "final", 284, 32), "met", 17},
	} {
		t.Run(name, func(t *testing.T) {
			r := auditexport.AsOf{ID: "p-1", Date: c.date}
			must(t, r.Validate())
			v, err := h.ProjectAsOf(h.asAuditor(), r)
			must(t, err)
			if v.Values["stage"].Value != c.stage || v.Facts != c.facts || v.FirstSeq != 2 || v.Unreadable != 0 {
				t.Errorf("stage %s after %d facts from row %d, %d unreadable", v.Values["stage"].Value, v.Facts, v.FirstSeq, v.Unreadable)
			}
			for name, x := range v.Amounts {
				if w := c.amounts[name]; x.Value != w.Value || x.Seq != w.Seq {
					t.Errorf("%s %d of row %d", name, x.Value, x.Seq)
				}
			}
			if len(v.Amounts) != len(c.amounts) {
				t.Errorf("%v", v.Amounts)
			}
			state := ""
			for _, d := range v.Deadlines {
				state += d.State
			}
			if state != c.deadline {
				t.Errorf("deadlines %v", v.Deadlines)
			}
		})
	}
	v, err := h.ProjectAsOf(h.asAuditor(), auditexport.AsOf{ID: "p-1"})
	must(t, err)
	if len(v.Attachments) != 1 || v.Attachments[0].SHA256 != "aa" || v.Attachments[0].Seq != 22 {
		t.Errorf("%+v", v.Attachments)
	}
	var decisions, units, people []string
	for _, d := range v.Decisions {
		decisions = append(decisions, fmt.Sprint(d.Type, " ", d.Seq))
	}
	for _, u := range v.Units {
		units = append(units, fmt.Sprint(u.Name, " ", u.Facts))
	}
	for _, p := range v.People {
		people = append(people, p.Name)
	}
	if !slices.Equal(decisions, []string{"ProjectAccepted 6", "EvaluationPassed 10", "ExpertReviewPassed 12", "DecisionTaken 14", "ChangeConsented 26", "AcceptancePassed 32", "OpinionGiven 34"}) ||
		!slices.Equal(units, []string{"education 5", "gov-office 5", "agency-a 1", "finance 3", "facilities 3"}) || len(people) != 5 {
		t.Errorf("%q %q %q", decisions, units, people)
	}
	for name, want := range map[string]string{"title": "智慧校园平台", "route": "review", "unit": "education", "supplier": "申城软件", "contract_no": "HT-1", "agency": "agency-a"} {
		if got := v.Values[name]; got.Value != want || got.Seq == 0 {
			t.Errorf("%s is %+v", name, got)
		}
	}
}

// TestWhatBecameOfAProject compares two days, and shows what is refused.
func TestWhatBecameOfAProject(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.lead()
	d, err := h.ProjectChanges(h.asAuditor(), auditexport.Changes{ID: "p-1", From: "2026-03-25", To: "2026-04-02"})
	must(t, err)
	var got []string
	for _, c := range d.Changes {
		got = append(got, fmt.Sprintf("%s %s (%d) %s (%d)", c.Path, c.Before, c.BeforeSeq, c.After, c.AfterSeq))
	}
	if want := []string{"amounts.approved 280 (14) 290 (26)", "amounts.contract 265 (22) 285 (28)", "decisions.26.ChangeConsented  (0) ChangeConsented (26)"}; !slices.Equal(got, want) || d.Facts != 2 {
		t.Errorf("%d facts: %q", d.Facts, got)
	}
	// An edited row is no source of anything.
	h.sql(`UPDATE ledger_row SET raw = convert_to(replace(convert_from(raw, 'UTF8'), '"290"', '"999"'), 'UTF8') WHERE seq = 26`)
	v, err := h.ProjectAsOf(h.asAuditor(), auditexport.AsOf{ID: "p-1"})
	must(t, err)
	if v.Unreadable != 1 || v.Amounts["approved"].Value != 280 {
		t.Errorf("%d unreadable, approved %+v", v.Unreadable, v.Amounts["approved"])
	}
	if _, err := h.ProjectAsOf(h.asAuditor(), auditexport.AsOf{ID: "p-1", Date: "2026-03-01"}); !errors.Is(err, auditexport.ErrNoRows) {
		t.Errorf("before it was: %v", err)
	}
	if _, err := h.ProjectChanges(h.asAuditor(), auditexport.Changes{ID: "p-9", From: "2026-03-01"}); !errors.Is(err, auditexport.ErrNoRows) {
		t.Errorf("another: %v", err)
	}
	for name, c := range map[string]struct {
		r    interface{ Validate() error }
		code string
	}{
		"a day that is none":  {&auditexport.AsOf{ID: "p-1", Date: "2026-02-30"}, "date invalid_date"},
		"an instant and zone": {&auditexport.AsOf{ID: "p-1", Date: "2026-03-02T09:00:00+08:00"}, ""},
		"without a beginning": {&auditexport.Changes{ID: "p-1"}, "from required"},
		"in reverse":          {&auditexport.Changes{ID: "p-1", From: "2026-03-02", To: "2026-03-01"}, "to out_of_range"},
		"on one day":          {&auditexport.Changes{ID: "p-1", From: "2026-03-02", To: "2026-03-02"}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			got := ""
			if err := c.r.Validate(); err != nil {
				v := fault.From(err).Violations
				got = v[0].Field + " " + v[0].Code
			}
			if got != c.code {
				t.Errorf("%q", got)
			}
		})
	}
	kinds := map[string]int{}
	for _, f := range h.inquiries.Facts() {
		kinds[string(f.Message.ProtoReflect().Descriptor().Name())]++
	}
	if kinds["LedgerQueried"] != 4 {
		t.Errorf("on record: %v", kinds)
	}
}

// fen is amounts in fen with their rows: a name, an amount, a row, and again.
func fen(list ...any) map[string]auditexport.FenFrom {
	out := map[string]auditexport.FenFrom{}
	for x := range slices.Chunk(list, 3) {
		out[x[0].(string)] = auditexport.FenFrom{Value: int64(x[1].(int)), From: auditexport.From{Seq: int64(x[2].(int))}}
	}
	return out
}

// morning is nine o'clock of a day.
func morning(t testing.TB, day string) time.Time {
	t.Helper()
	d, err := calendar.ParseDate(day)
	must(t, err)
	return d.Start().Add(9 * time.Hour)
}
