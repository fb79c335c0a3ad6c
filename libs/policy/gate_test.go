package policy_test

import (
	"slices"
	"testing"

	"egov/libs/calendar"
	"egov/libs/policy"
)

// asks lists what a gate waits for in a case, with "!" before what is known to
// be missing.
func asks(t *testing.T, gate string, c policy.Case) []string {
	t.Helper()
	p := yangpu(t)
	d, err := p.Decide(c, calendar.MustDate(2024, 3, 1))
	if err != nil {
		t.Fatal(err)
	}
	list, ok, err := p.Gate(gate, c, d)
	if err != nil || !ok {
		t.Fatalf("%s: %v %v", gate, ok, err)
	}
	var codes []string
	for _, r := range list {
		if len(r.Basis) == 0 || r.Text.ZH == "" || r.Text.EN == "" || (r.Kind == policy.FactRequired) != (r.Fact != "") {
			t.Errorf("%s: %+v", gate, r)
		}
		code := r.Code
		if r.Kind != policy.FactRequired && !r.Met {
			code = "!" + code
		}
		codes = append(codes, code)
	}
	return codes
}

func TestGatesAskOnlyForWhatTheCaseHas(t *testing.T) {
	t.Parallel()
	build := policy.Case{
		Kind: "new_build", AmountFen: 694_7911_00, PureSoftware: true, Subordinate: true, PublicData: true,
		XCConformant: new(false), MLPSGrade: new(int64(0)), Materials: []string{"basis", "crypto_plan"},
	}
	service := policy.Case{Kind: "service", AmountFen: 1}
	om := policy.Case{Kind: "operation_maintenance", AmountFen: 90_0000_00, OM: &policy.Maintenance{FirstYear: true}}
	urban := om
	urban.PublicData, urban.UrbanOperation = true, true
	fee := policy.Case{Kind: "assessment_fee", AmountFen: 1}
	feeInUse := fee
	feeInUse.InUse = true
	tests := []string{"self_check", "software_test", "security_test", "crypto_test", "summary"}
	for _, tc := range []struct {
		name, gate string
		c          policy.Case
		want       []string // among what is asked
		never      []string
	}{
		{
			"a build at submission", "submit", build,
			[]string{"!pre_review_form", "basis", "!build_plan", "!budget_plan", "supervisor_approval", "xc_stated", "!national_crypto_stated", "grade_stated", "no_lockout"},
			[]string{"no_failed_acceptance"},
		},
		{"a service at submission", "submit", service, []string{"no_lockout"}, []string{"supervisor_approval", "!xc_stated", "!grade_stated", "no_failed_acceptance"}},
		{"maintenance at submission", "submit", om, []string{"no_failed_acceptance"}, []string{"!xc_stated"}},
		{
			"a build to be accepted", "accept", build,
			[]string{"!xc_expert_argument", "!xc_supervisor_consent", "!xc_confidential_filing", "crypto_plan", "!mlps_grading", "!data_catalogue", "!cloud_request", "grade_determined", "xc_exemption_filed", "no_rectification_overdue"},
			nil,
		},
		{"a service to be accepted", "accept", service, []string{"no_rectification_overdue"}, []string{"!crypto_plan", "!cloud_request", "grade_determined", "xc_exemption_filed"}},
		{"a build before the conference", "agenda", build, []string{"evaluation_passed", "expert_review_passed"}, nil},
		{"a small service before the conference", "agenda", service, []string{"evaluation_passed"}, []string{"expert_review_passed"}},
		{"a fee before the conference", "agenda", fee, nil, []string{"evaluation_passed", "expert_review_passed"}},
		{"public accounts before evaluation", "evaluation", policy.Case{Kind: "information_publishing", AmountFen: 1}, []string{"!cac_consent", "publishing_consent"}, nil},
		{
			"public accounts with consent", "evaluation",
			policy.Case{Kind: "information_publishing", AmountFen: 1, Materials: []string{"cac_consent"}},
			[]string{"cac_consent"},
			[]string{"publishing_consent"},
		},
		{"a build before its budget", "budget", build, []string{"decision", "in_plan"}, []string{"handover_outcome", "own_budget"}},
		{
			"a project handed over", "budget",
			policy.Case{Kind: "upgrade", AmountFen: 1945_0000_00, HardwareFen: new(int64(1361_5000_00))},
			[]string{"handover_outcome"},
			[]string{"decision", "in_plan"},
		},
		{"a fee of a project", "budget", fee, []string{"own_budget"}, nil},
		{"a fee of a system in use", "budget", feeInUse, []string{"decision"}, []string{"own_budget"}},
		{"a build before procurement", "procurement", build, []string{"budget_issued", "responsible_named"}, nil},
		{"a contract", "contract", build, []string{"award", "within_approved_amount", "contract_copy", "build_plan", "schedule"}, []string{"renewal_filed"}},
		{"a renewed contract", "contract", policy.Case{Kind: "service", AmountFen: 1, RenewalYear: 2}, []string{"renewal_filed", "within_approved_amount"}, []string{"award", "schedule"}},
		{"a finished build", "acceptance", build, append(tests, "catalogue_published", "supervision_report", "engineering_supervision", "investment_supervision"), nil},
		{"a finished small build", "acceptance", policy.Case{Kind: "new_build", AmountFen: 1}, tests, []string{"catalogue_published", "supervision_report", "engineering_supervision", "investment_supervision"}},
		{"a finished small service", "acceptance", service, nil, append(tests, "supervision_report", "investment_supervision")},
		{"maintenance money", "om_money", urban, []string{"catalogue_published", "integrated", "urban_ops_connected", "accepted", "no_hold"}, nil},
		{"maintenance money of a plain system", "om_money", om, []string{"integrated", "accepted", "no_hold"}, []string{"catalogue_published", "urban_ops_connected"}},
		{"a build asks for no maintenance money", "om_money", build, nil, []string{"integrated", "accepted", "no_hold"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			got := asks(t, tc.gate, tc.c)
			for _, code := range tc.want {
				if !slices.Contains(got, code) {
					t.Errorf("%s is not asked in %q", code, got)
				}
			}
			for _, code := range tc.never {
				if slices.Contains(got, code) {
					t.Errorf("%s is asked in %q", code, got)
				}
			}
		})
	}
}

// Each checklist item belongs to exactly one gate, and none gets lost between
// them.
func TestGatesShareOutTheChecklist(t *testing.T) {
	t.Parallel()
	p := yangpu(t)
	c := wideCase()
	d, err := p.Decide(c, c.DeclaredOn)
	if err != nil {
		t.Fatal(err)
	}
	var items []string
	for _, g := range p.Gates() {
		list, _, err := p.Gate(g, c, d)
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range list {
			if r.Kind == policy.ItemRequired {
				items = append(items, r.Code)
			}
		}
		if label, ok := p.GateLabel(g); !ok || label.ZH == "" {
			t.Errorf("%s has no label", g)
		}
	}
	slices.Sort(items)
	var want []string
	for _, i := range d.Checklist {
		want = append(want, i.Item)
	}
	slices.Sort(want)
	if !slices.Equal(items, want) {
		t.Fatalf("got %v, want %v", items, want)
	}
}

func TestUnknownGate(t *testing.T) {
	t.Parallel()
	p := yangpu(t)
	if _, ok, err := p.Gate("back_door", policy.Case{}, policy.Decision{}); ok || err != nil {
		t.Fatal(ok, err)
	}
	if _, ok := p.GateLabel("back_door"); ok {
		t.Fatal("an unknown gate has a label")
	}
}

func TestRequirementBecomesARefusal(t *testing.T) {
	t.Parallel()
	p := yangpu(t)
	list, _, err := p.Gate("procurement", policy.Case{Kind: "service"}, policy.Decision{Route: "review"})
	if err != nil {
		t.Fatal(err)
	}
	v := list[0].Violation("procurement")
	if v.Field != "procurement" || v.Code != "budget_issued" || v.Basis[0] != "YP23-R-5.5.1" || v.Msg == "" || v.MsgEN == "" {
		t.Fatalf("%+v", v)
	}
}

func TestAcceptanceTestsByKind(t *testing.T) {
	t.Parallel()
	p := yangpu(t)
	for kind, want := range map[string]int{"new_build": 5, "upgrade": 5, "service": 0, "operation_maintenance": 0, "assessment_fee": 0} {
		if got := p.AcceptanceTests(kind); len(got) != want {
			t.Errorf("%s: %+v", kind, got)
		}
	}
}

func TestDeadlinesOfYangpu(t *testing.T) {
	t.Parallel()
	p, cal := yangpu(t), calendar.Statutory()
	for code, tc := range map[string]struct{ from, due calendar.Date }{
		"contract_filing":   {calendar.MustDate(2026, 9, 29), calendar.MustDate(2026, 10, 19)},
		"acceptance_filing": {calendar.MustDate(2024, 3, 1), calendar.MustDate(2024, 3, 22)},
		"procurement_start": {calendar.MustDate(2026, 11, 30), calendar.MustDate(2027, 2, 28)},
		"procurement_stop":  {calendar.MustDate(2024, 8, 31), calendar.MustDate(2025, 2, 28)},
	} {
		d, ok := p.Deadline(code)
		if !ok {
			t.Errorf("no %s", code)
			continue
		}
		due, err := d.Due(cal, tc.from)
		if err != nil || due.Due != tc.due {
			t.Errorf("%s from %s: %s, want %s (%v)", code, tc.from, due.Due, tc.due, err)
		}
	}
	if _, ok := p.Deadline("doomsday"); ok {
		t.Error("an unknown deadline")
	}
	for _, d := range p.Deadlines() {
		if d.Trigger == "" || d.Label.ZH == "" || len(d.Basis) == 0 || d.WarnBefore == 0 {
			t.Errorf("%+v", d)
		}
	}
}

func TestProcedureOfYangpu(t *testing.T) {
	t.Parallel()
	pr := yangpu(t).Procedure()
	if len(pr.Members) != 14 || len(pr.Criteria) != 5 || !pr.Criteria[4].MayNotApply || pr.Criteria[0].MayNotApply {
		t.Errorf("%+v", pr)
	}
	for _, tc := range []struct {
		present, current int
		met              bool
	}{{6, 14, false}, {7, 14, true}, {14, 14, true}, {6, 13, false}, {7, 13, true}, {0, 0, false}} {
		if got := pr.Quorum.Met(tc.present, tc.current); got != tc.met {
			t.Errorf("%d of %d: %v", tc.present, tc.current, got)
		}
	}
	if n := pr.Quorum.Need(14); n != 7 {
		t.Errorf("needs %d of 14", n)
	}
	if n := (policy.Quorum{}).Need(14); n != 15 {
		t.Errorf("an unknown quorum is met by %d", n)
	}
	for n, want := range map[int]bool{1: false, 2: false, 3: true, 4: false, 5: true} {
		if got := pr.Panel.Allows(n); got != want {
			t.Errorf("a panel of %d: %v", n, got)
		}
	}
	want := []policy.Lockout{
		{Step: "third_party_evaluation", Failures: 3, Months: 6, Strength: policy.InPrinciple, Basis: []string{"YP23-R-5.4.3"}},
		{Step: "expert_review", Failures: 2, Months: 6, Strength: policy.InPrinciple, Basis: []string{"YP23-R-5.4.3"}},
	}
	if !slices.EqualFunc(pr.Lockouts, want, func(a, b policy.Lockout) bool {
		return a.Step == b.Step && a.Failures == b.Failures && a.Months == b.Months && a.Strength == b.Strength && slices.Equal(a.Basis, b.Basis)
	}) {
		t.Errorf("%+v", pr.Lockouts)
	}
	for grade, want := range map[int64]int{1: 0, 2: 24, 3: 12, 4: 6} {
		if got, _, ok := pr.AssessmentMonths("mlps_assessment", grade); got != want || ok != (want > 0) {
			t.Errorf("grade %d: %d %v", grade, got, ok)
		}
	}
	day := calendar.MustDate(2024, 3, 1)
	if pr.PublicTender.At(day) != 400_0000_00 || pr.ProcurementLimit.At(day) != 100_0000_00 || pr.Supervision.At(day) != 100_0000_00 {
		t.Errorf("%+v %+v %+v", pr.PublicTender, pr.ProcurementLimit, pr.Supervision)
	}
}

func TestMethodMeetsTheObligationsOfAProject(t *testing.T) {
	t.Parallel()
	pr := yangpu(t).Procedure().Procurement
	for _, tc := range []struct {
		method      string
		obligations []string
		unmet       []string
		timed       bool
	}{
		{"public_tender", []string{"public_tender", "government_procurement", "training_plan"}, nil, true},
		{"single_source", []string{"public_tender", "government_procurement"}, []string{"public_tender"}, true},
		{"direct", []string{"government_procurement"}, []string{"government_procurement"}, true},
		{"direct", []string{"crypto_assessment"}, nil, false},
		{"e_market", []string{"software_legalization_filing", "e_market_purchase"}, nil, false},
		{"e_market", []string{"procurement_centre_purchase"}, []string{"procurement_centre_purchase"}, false},
	} {
		m, ok := pr.Method(tc.method)
		if !ok {
			t.Errorf("no %s", tc.method)
			continue
		}
		if got := pr.Unmet(m, tc.obligations); !slices.Equal(got, tc.unmet) {
			t.Errorf("%s leaves %v of %v, want %v", tc.method, got, tc.obligations, tc.unmet)
		}
		if got := pr.Timed(tc.obligations); got != tc.timed {
			t.Errorf("%v timed: %v", tc.obligations, got)
		}
	}
	if _, ok := pr.Method("auction"); ok {
		t.Error("an unknown method")
	}
}

func TestLabelsAndProvisions(t *testing.T) {
	t.Parallel()
	for _, p := range policy.Default().Packs() {
		for _, v := range []policy.Vocabulary{policy.Kinds, policy.UnitKinds, policy.Routes, policy.Steps, policy.Materials, policy.Obligations} {
			if len(p.Terms(v)) == 0 {
				t.Errorf("%s has no %s", p.ID(), v)
			}
			for _, term := range p.Terms(v) {
				if label, ok := p.Label(v, term.Code); !ok || label != term.Text {
					t.Errorf("%s %s: %+v", v, term.Code, label)
				}
			}
		}
		if _, ok := p.Label(policy.Kinds, "castle"); ok {
			t.Error("an unknown code has a label")
		}
		if p.Title().ZH == "" || p.Source().EN == "" || p.District() == "" {
			t.Errorf("%s: %+v %+v", p.ID(), p.Title(), p.Source())
		}
	}
	p := yangpu(t)
	if text, ok := p.Provision("YP23-R-5.3.2"); !ok || text.EN == "" {
		t.Error("YP23-R-5.3.2 has no text")
	}
	if from, to := p.Validity(); from != calendar.MustDate(2023, 5, 15) || !to.IsZero() {
		t.Errorf("%s to %s", from, to)
	}
	if len(p.Params()) == 0 || p.Param("filing_limit").At(from(p)) != 100_0000_00 {
		t.Error("the filing limit is lost")
	}
}

func from(p *policy.Pack) calendar.Date { day, _ := p.Validity(); return day }
