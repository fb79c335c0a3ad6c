package cybersecurity_test

import (
	"context"
	"slices"
	"strings"
	"testing"

	"egov/libs/aggregate"
	"egov/libs/aggregate/aggregatetest"
	"egov/libs/calendar"
	"egov/libs/correction"
	"egov/libs/fault/faulttest"
	cybersecurityv1 "egov/proto/gen/egov/cybersecurity/v1"
	typev1 "egov/proto/gen/egov/type/v1"
	"egov/services/cybersecurity"
)

func (d *desk) on(s string) { d.clock.Set(aggregatetest.Morning(s)) }

func must(t *testing.T, errs ...error) {
	t.Helper()
	for _, err := range errs {
		if err != nil {
			t.Fatal(err)
		}
	}
}

// build is a project whose acceptance asks for security in step.
func build() *typev1.ProjectBrief {
	p := brief("p1")
	p.AmountFen, p.XcConformant, p.DeclaredOn, p.Route = 100_0000_00, true, "2026-03-02", "review"
	return p
}

func step(name, on string, change ...func(*cybersecurity.RecordSecurityStep)) cybersecurity.RecordSecurityStep {
	r := cybersecurity.RecordSecurityStep{ID: "p1", Step: name, DocumentNo: name + "-1", Summary: "与主体工程同步", CompletedOn: day(on)}
	if name == "design" {
		r.CostFen, r.BudgetItem = 8_0000_00, "信息安全保障"
	}
	for _, f := range change {
		f(&r)
	}
	return r
}

// TestSecurityGoesWithTheWork (YP23-M-33): three evidences in their order, the
// cost in the budget, then the fact for which the acceptance waits.
func TestSecurityGoesWithTheWork(t *testing.T) {
	t.Parallel()
	d := newDesk()
	must(t, d.ProjectAccepted(self, build()), d.ProjectAccepted(self, build()))
	for _, s := range []struct{ name, next string }{{"design", "construction"}, {"construction", "use"}, {"use", ""}} {
		r := step(s.name, "2026-03-02")
		must(t, r.Validate())
		x, err := d.RecordStep(declarer, r)
		must(t, err)
		if done := s.next == ""; (x.State == cybersecurity.ProtectionEvidenced) != done || (len(x.Todo) == 0) != done || d.protections.Stated(&cybersecurityv1.SecurityEvidenced{}) != done {
			t.Fatalf("after %s: %+v", s.name, x)
		}
	}
	var f cybersecurityv1.SecurityEvidenced
	if !d.protections.Stated(&f) || f.GetCostFen() != 8_0000_00 {
		t.Errorf("%v", &f)
	}
	_, err := d.RecordStep(declarer, step("use", "2026-03-02"))
	faulttest.Refused(t, err, "wrong_stage")
	must(t, d.ProjectAccepted(self, build())) // accepted anew, what is evidenced stands
	if x, _ := d.protections.Get(self, "p1"); x.State != cybersecurity.ProtectionEvidenced || len(x.Todo) != 0 {
		t.Errorf("%+v", x)
	}
}

// TestSecurityOutOfStepIsRefused (YP23-M-33).
func TestSecurityOutOfStepIsRefused(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name string
		who  context.Context
		r    cybersecurity.RecordSecurityStep
		code string
		want []string
	}{
		{"built before it is designed", declarer, step("construction", "2026-03-02"), "security_out_of_step", []string{"out_of_step"}},
		{"designed tomorrow", declarer, step("design", "2026-03-03"), "security_out_of_step", []string{"in_the_future"}},
		{"costing more than the project", declarer, step("design", "2026-03-02", func(r *cybersecurity.RecordSecurityStep) { r.CostFen = 100_0000_01 }), "security_out_of_step", []string{"outside_budget"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			d := newDesk()
			must(t, d.ProjectAccepted(self, build()))
			_, err := d.RecordStep(tt.who, tt.r)
			faulttest.RefusedOn(t, err, "YP23-M-33", tt.code, tt.want...)
		})
	}
	d := newDesk()
	must(t, d.ProjectAccepted(self, build()))
	_, err := d.RecordStep(stranger, step("design", "2026-03-02"))
	faulttest.Refused(t, err, "not_owner")
	_, err = d.RecordStep(declarer, step("design", "2026-03-02"))
	must(t, err)
	_, err = d.RecordStep(declarer, step("construction", "2026-03-01"))
	faulttest.RefusedOn(t, err, "YP23-M-33", "security_out_of_step", "out_of_order")
	free := step("design", "2026-03-02", func(r *cybersecurity.RecordSecurityStep) { r.CostFen, r.BudgetItem = 0, "" })
	faulttest.RefusedOn(t, free.Validate(), "YP23-M-33", "invalid_input", "required", "required")
	late := step("use", "2026-03-02", func(r *cybersecurity.RecordSecurityStep) { r.CostFen = 1 })
	faulttest.RefusedOn(t, late.Validate(), "YP23-M-33", "invalid_input", "not_applicable")
}

// TestNoDutyWhereNoneIsAsked: maintenance has no acceptance tests, and a project
// that ended owes nothing more.
func TestNoDutyWhereNoneIsAsked(t *testing.T) {
	t.Parallel()
	d := newDesk()
	p := build()
	p.ProjectId, p.Kind = "p2", "operation_maintenance"
	must(t, d.ProjectAccepted(self, p), d.ProtectionEnded(self, "p2"), d.ProjectAccepted(self, build()), d.ProtectionEnded(self, "p1"))
	if _, err := d.protections.Get(self, "p2"); err == nil {
		t.Error("maintenance was asked for evidence")
	}
	x, err := d.protections.Get(self, "p1")
	if must(t, err); x.State != cybersecurity.ProtectionClosed || len(x.Todo) != 0 {
		t.Errorf("%+v", x)
	}
}

// TestNormsAreSetTogetherAndFollowed (YP23-M-29).
func TestNormsAreSetTogetherAndFollowed(t *testing.T) {
	t.Parallel()
	d := newDesk()
	norm := cybersecurity.SetNorm{DocumentNo: "杨府办〔2026〕5号", Title: "数字化项目信息安全同步建设规范", Departments: []string{"cac", "big-data"}, InForceOn: day("2026-03-02")}
	must(t, norm.Validate())
	alone := norm
	alone.Departments = []string{cybersecurity.GovernmentOffice}
	faulttest.RefusedOn(t, alone.Validate(), "YP23-M-29", "invalid_input", "required")
	_, err := d.SetNorm(cyber, norm)
	faulttest.RefusedOn(t, err, "YP23-M-29", "not_government_office")
	n, err := d.SetNorm(office, norm)
	must(t, err)
	norm.DocumentNo, norm.InForceOn = "杨府办〔2026〕9号", day("2026-06-01")
	_, err = d.SetNorm(office, norm) // not in force yet
	must(t, err, d.ProjectAccepted(self, build()))
	_, err = d.RecordStep(declarer, step("design", "2026-03-02"))
	faulttest.RefusedOn(t, err, "YP23-M-29", "security_out_of_step", "norm_not_followed")
	follows := step("design", "2026-03-02", func(r *cybersecurity.RecordSecurityStep) { r.Norms = []string{"杨府办〔2026〕5号"} })
	_, err = d.RecordStep(declarer, follows)
	must(t, err)
	_, err = d.RepealNorm(cyber, cybersecurity.RepealNorm{ID: n.ID})
	faulttest.RefusedOn(t, err, "YP23-M-29", "not_government_office")
	_, err = d.RepealNorm(office, cybersecurity.RepealNorm{ID: n.ID})
	must(t, err)
	_, err = d.RepealNorm(office, cybersecurity.RepealNorm{ID: n.ID})
	faulttest.Refused(t, err, "wrong_stage")
	if list, err := d.NormsInForce(self); err != nil || len(list) != 0 {
		t.Errorf("%+v %v", list, err)
	}
}

func regime(code string) cybersecurity.FileRegime {
	return cybersecurity.FileRegime{Regime: code, DocumentNo: code + "-1", Title: "制度", IssuedOn: day("2026-01-05"), Responsible: "信息中心"}
}

var five = []string{"graded_protection", "classified_protection", "security_assessment", "emergency", "inspection"}

// TestFiveSystemsAreOnRecord (YP23-M-32, SH12-32): each district's pack lists
// them, a newer paper takes the place of an older one.
func TestFiveSystemsAreOnRecord(t *testing.T) {
	t.Parallel()
	for district, article := range map[string]string{"yangpu": "YP23-M-32", "shanghai": "SH12-32"} {
		t.Run(district, func(t *testing.T) {
			t.Parallel()
			d := newDesk()
			d.District = district
			for _, code := range five {
				x, err := d.FileRegime(declarer, regime(code))
				must(t, err)
				var f cybersecurityv1.RegimeFiled
				if !d.safeguards.Stated(&f) || f.GetRegime() != code || !slices.Contains(f.GetBasis(), article) || x.Unit != "education" {
					t.Fatalf("%v %+v", &f, x)
				}
			}
			_, err := d.FileRegime(declarer, regime("politeness"))
			faulttest.RefusedOn(t, err, article, "regime_refused", "unknown_code")
			_, err = d.FileRegime(declarer, regime("emergency"))
			faulttest.RefusedOn(t, err, article, "regime_refused", "recorded_before")
			newer := regime("emergency")
			newer.DocumentNo, newer.IssuedOn = "emergency-2", day("2026-03-03")
			_, err = d.FileRegime(declarer, newer)
			faulttest.RefusedOn(t, err, article, "regime_refused", "in_the_future")
			newer.IssuedOn = day("2026-03-02")
			x, err := d.FileRegime(declarer, newer)
			must(t, err)
			if y := x.Regimes[3]; y.DocumentNo != "emergency-2" || !slices.Equal(y.Earlier, []string{"emergency-1"}) {
				t.Errorf("%+v", y)
			}
		})
	}
	faulttest.RefusedOn(t, (&cybersecurity.FileRegime{}).Validate(), "YP23-M-32", "invalid_input", "required", "required", "required", "required", "required")
}

func inspect(by string, findings ...string) cybersecurity.RecordInspection {
	r := cybersecurity.RecordInspection{Unit: "education", NoticeNo: "网信检〔2026〕1号", InspectedOn: day("2026-03-02"), Inspectors: []string{"雷霆"}, Scope: "年度检查", Findings: findings}
	if by != "" {
		r.CorrectBy = day(by)
	}
	return r
}

// TestAnInspectionFindsWhatIsMissing (YP23-M-30, YP23-M-32) and orders it to be
// put right by a day; the report waits until it is on record.
func TestAnInspectionFindsWhatIsMissing(t *testing.T) {
	t.Parallel()
	d := newDesk()
	must(t, d.UnitRunsSystem(self, "education", day("2025-06-02")))
	for _, code := range five[:4] {
		_, err := d.FileRegime(declarer, regime(code))
		must(t, err)
	}
	_, err := d.Inspect(police, inspect("2026-03-20"))
	faulttest.Refused(t, err, "not_at_this_desk")
	_, err = d.Inspect(cyber, inspect(""))
	faulttest.RefusedOn(t, err, "YP23-M-30", "inspection_refused", "required")
	x, err := d.Inspect(cyber, inspect("2026-03-20", "弱口令"))
	must(t, err)
	if len(x.Findings) != 2 || x.Findings[0].Code != "inspection" || x.Findings[0].Basis[0] != "YP23-M-32" || x.Unit != "education" {
		t.Fatalf("%+v", x)
	}
	if k := aggregatetest.Clock(t, x.Root, "security_correction"); k.DueOn != day("2026-03-20") || k.Unit != "education" || aggregatetest.Todos(x.Root) != "report_security_correction declarer@education" {
		t.Fatalf("%+v %v", k, x.Todo)
	}
	g, err := d.safeguards.Get(self, "education")
	must(t, err)
	if k := aggregatetest.Clock(t, g.Root, "security_inspection"); k.Unit != cybersecurity.Office || k.DueOn != day("2027-03-02") || k.Basis[0] != "YP23-M-30" {
		t.Errorf("%+v", k)
	}
	again := inspect("2026-03-20")
	again.NoticeNo = "网信检〔2026〕2号"
	_, err = d.Inspect(cyber, again)
	faulttest.RefusedOn(t, err, "YP23-M-30", "inspection_refused", "out_of_order")

	report := cybersecurity.ReportCorrection{Statement: correction.Statement{ID: x.ID, Text: "已整改"}}
	_, err = d.ReportCorrection(stranger, report)
	faulttest.Refused(t, err, "not_owner")
	_, err = d.ReportCorrection(declarer, report)
	faulttest.RefusedOn(t, err, "YP23-M-32", "inspection_refused", "still_missing")
	_, err = d.FileRegime(declarer, regime("inspection"))
	must(t, err)
	_, err = d.CloseInspection(cyber, cybersecurity.CloseInspection{Finding: correction.Finding{ID: x.ID, Done: yes(), Opinion: "x"}})
	faulttest.Refused(t, err, "wrong_stage")
	_, err = d.ReportCorrection(declarer, report)
	must(t, err)
	_, err = d.CloseInspection(police, cybersecurity.CloseInspection{Finding: correction.Finding{ID: x.ID, Done: yes(), Opinion: "x"}})
	faulttest.Refused(t, err, "not_at_this_desk")
	_, err = d.CloseInspection(aggregatetest.As("edu.declarer", cybersecurity.Office, "cyber_officer"), cybersecurity.CloseInspection{Finding: correction.Finding{ID: x.ID, Done: yes(), Opinion: "x"}})
	faulttest.RefusedOn(t, err, "SH12-P-9", "own_work")
	_, err = d.CloseInspection(cyber, cybersecurity.CloseInspection{Finding: correction.Finding{ID: x.ID, Done: no(), Opinion: "口令未改", CorrectBy: day("2026-03-02")}})
	faulttest.RefusedOn(t, err, "YP23-M-30", "inspection_refused", "in_past")
	x, err = d.CloseInspection(cyber, cybersecurity.CloseInspection{Finding: correction.Finding{ID: x.ID, Done: no(), Opinion: "口令未改", CorrectBy: day("2026-04-10")}})
	must(t, err)
	if k := aggregatetest.Clock(t, x.Root, "security_correction"); k.DueOn != day("2026-04-10") || k.MovedFrom != "2026-03-20" {
		t.Errorf("%+v", k)
	}
	d.on("2026-04-10")
	_, err = d.ReportCorrection(declarer, report)
	must(t, err)
	d.on("2026-04-15")
	must(t, d.inspections.Sweep(self, calendar.Statutory()))
	x, err = d.CloseInspection(cyber, cybersecurity.CloseInspection{Finding: correction.Finding{ID: x.ID, Done: yes(), Opinion: "到位"}})
	must(t, err)
	if k := aggregatetest.Clock(t, x.Root, "security_correction"); k.State != aggregate.Met || x.State != cybersecurity.InspectionClosed || len(x.Todo) != 0 {
		t.Errorf("%+v %+v", k, x)
	}
}

// TestAnInspectionThatFindsNothingIsClosed (YP23-M-30).
func TestAnInspectionThatFindsNothingIsClosed(t *testing.T) {
	t.Parallel()
	d := newDesk()
	for _, code := range five {
		_, err := d.FileRegime(declarer, regime(code))
		must(t, err)
	}
	_, err := d.Inspect(cyber, inspect("2026-03-20"))
	faulttest.RefusedOn(t, err, "YP23-M-30", "inspection_refused", "not_applicable")
	x, err := d.Inspect(cyber, inspect(""))
	must(t, err)
	if x.State != cybersecurity.InspectionClosed || len(x.Deadlines)+len(x.Todo) != 0 {
		t.Errorf("%+v", x)
	}
	faulttest.RefusedOn(t, (&cybersecurity.RecordInspection{}).Validate(), "YP23-M-30", "invalid_input", "required", "required", "required", "required", "required")
	faulttest.RefusedOn(t, (&cybersecurity.CloseInspection{Finding: correction.Finding{Done: yes(), Opinion: "x", CorrectBy: day("2026-03-03")}}).Validate(), "YP23-M-30", "invalid_input", "required")
}

// xian is the desk under the rules of Xi'an.
func xian() *desk {
	d := newDesk()
	d.District = "xian"
	return d
}

// TestDrillsHaveTheirClock (XA18-27): from the first system on the register, met
// or late, asked for near its day, and again from each drill.
func TestDrillsHaveTheirClock(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, held string
		state      aggregate.DeadlineState
		next       string
	}{
		{"on the last day", "2027-03-02", aggregate.Met, "2028-03-02"},
		{"a day late", "2027-03-03", aggregate.Late, "2028-03-03"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			d := xian()
			must(t, d.UnitRunsSystem(self, "education", day("2026-03-02")), d.UnitRunsSystem(self, "education", day("2026-05-06")))
			_, err := d.FileRegime(declarer, regime("emergency"))
			must(t, err)
			d.on(tt.held)
			must(t, d.safeguards.Sweep(self, calendar.Statutory()))
			x, _ := d.safeguards.Get(self, "education")
			must(t, d.Remind(self, "emergency_drill", x.Deadlines[0].ID))
			x, _ = d.safeguards.Get(self, "education")
			if len(x.Deadlines) != 1 || aggregatetest.Todos(x.Root) != "record_drill declarer@education" {
				t.Fatalf("%+v", x)
			}
			x, err = d.Drill(declarer, cybersecurity.RecordDrill{Scenario: "勒索病毒", HeldOn: day(tt.held), Participants: 12})
			must(t, err)
			if k := x.Deadlines[0]; k.State != tt.state || k.MetOn != tt.held || k.Basis[0] != "XA18-27" {
				t.Errorf("%+v", k)
			}
			if k := aggregatetest.Clock(t, x.Root, "emergency_drill"); k.State != aggregate.Open || k.DueOn != day(tt.next) || len(x.Todo) != 0 {
				t.Errorf("%+v %v", k, x.Todo)
			}
			if x.Drills[0].PlanNo != "emergency-1" {
				t.Errorf("%+v", x.Drills)
			}
		})
	}
}

// TestNoDrillWithoutAPlan (XA18-27), none of tomorrow and none before the last.
func TestNoDrillWithoutAPlan(t *testing.T) {
	t.Parallel()
	d := xian()
	drill := cybersecurity.RecordDrill{Scenario: "x", HeldOn: day("2026-03-03"), Participants: 1}
	_, err := d.Drill(declarer, drill)
	faulttest.RefusedOn(t, err, "XA18-27", "drill_refused", "no_emergency_plan", "in_the_future")
	_, err = d.FileRegime(declarer, regime("emergency"))
	must(t, err)
	drill.HeldOn = day("2026-03-02")
	_, err = d.Drill(declarer, drill)
	must(t, err)
	_, err = d.Drill(declarer, drill)
	faulttest.RefusedOn(t, err, "XA18-27", "drill_refused", "out_of_order")
	faulttest.RefusedOn(t, (&cybersecurity.RecordDrill{}).Validate(), "XA18-27", "invalid_input", "required", "required", "out_of_range")
}

// TestRisksOfImportantSystemsAreWeighed (XA18-26): what is important has a clock,
// met or late, and a new one from each report.
func TestRisksOfImportantSystemsAreWeighed(t *testing.T) {
	t.Parallel()
	report := func(id, no, on string) cybersecurity.RecordRisks {
		return cybersecurity.RecordRisks{ID: id, Assessor: "某评估机构", ReportNo: no, Summary: "x", CompletedOn: day(on)}
	}
	d := xian()
	y, err := d.Register(declarer, described(""))
	must(t, err)
	if k := aggregatetest.Clock(t, y.Root, "risk_assessment"); k.DueOn != day("2027-03-02") || k.Unit != "education" || k.Basis[0] != "XA18-26" {
		t.Fatalf("%+v", k)
	}
	d.on("2027-03-03")
	must(t, d.systems.Sweep(self, calendar.Statutory()), d.Remind(self, "risk_assessment", y.Deadlines[0].ID))
	if y, _ = d.systems.Get(self, y.ID); !strings.Contains(aggregatetest.Todos(y.Root), "record_risk_assessment declarer@education") {
		t.Fatal(y.Todo)
	}
	_, err = d.AssessRisks(stranger, report(y.ID, "R1", "2027-03-03"))
	faulttest.Refused(t, err, "not_owner")
	y, err = d.AssessRisks(declarer, report(y.ID, "R1", "2027-03-03"))
	must(t, err)
	if k := y.Deadlines[0]; k.State != aggregate.Late || k.MetOn != "2027-03-03" || strings.Contains(aggregatetest.Todos(y.Root), "record_risk_assessment declarer@education") {
		t.Errorf("%+v %v", k, y.Todo)
	}
	if k := aggregatetest.Clock(t, y.Root, "risk_assessment"); k.DueOn != day("2028-03-03") {
		t.Errorf("%+v", k)
	}
	_, err = d.AssessRisks(declarer, report(y.ID, "R1", "2027-03-02"))
	faulttest.RefusedOn(t, err, "XA18-26", "risk_assessment_refused", "recorded_before", "out_of_order")
	_, err = d.AssessRisks(declarer, report(y.ID, "R2", "2027-03-04"))
	faulttest.RefusedOn(t, err, "XA18-26", "risk_assessment_refused", "in_the_future")
	faulttest.RefusedOn(t, (&cybersecurity.RecordRisks{HighRisks: -1}).Validate(), "XA18-26", "invalid_input", "required", "required", "required", "out_of_range", "required")
	plain := described("").Description
	plain.DataLevel = "general"
	y, err = d.ChangeSystem(declarer, cybersecurity.ChangeSystem{ID: y.ID, Description: plain})
	must(t, err)
	if k := aggregatetest.Clock(t, y.Root, "risk_assessment"); k.State != aggregate.Waived {
		t.Errorf("%+v", k)
	}
	_, err = d.Retire(declarer, cybersecurity.RetireSystem{ID: y.ID, Reason: "并入"})
	must(t, err)
}

// TestWhichSystemsAreImportant (XA18-26): by their data, or by their grade once
// it is determined; and only while they are in use.
func TestWhichSystemsAreImportant(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, data string
		grade      int
		project    string
		want       bool
	}{
		{"general data, no grade", "general", 0, "", false},
		{"important data", "important", 0, "", true},
		{"core data", "core", 0, "", true},
		{"general data of grade two", "general", 2, "", false},
		{"general data of grade three", "general", 3, "", true},
		{"not built yet", "core", 3, "p1", false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			d := xian()
			if tt.project != "" {
				p := brief("p1", "mlps_grading")
				p.Pack = "xian-2018"
				must(t, d.ProjectSubmitted(self, p, nil))
			}
			r := described(tt.project)
			r.DataLevel = tt.data
			y, err := d.Register(declarer, r)
			must(t, err)
			if tt.grade > 0 {
				_, err = d.Propose(declarer, cybersecurity.ProposeGrade{ID: y.ID, BusinessGrade: tt.grade, ServiceGrade: 1, Rationale: "x", ExpertOpinion: "x"})
				must(t, err)
				y, err = d.Determine(police, cybersecurity.DetermineGrade{ID: y.ID, Grade: tt.grade, FilingNo: "F", Opinion: "x"})
				must(t, err)
			}
			if got := y.Running("risk_assessment") != nil; got != tt.want {
				t.Errorf("%+v", y.Deadlines)
			}
			if !tt.want && tt.project != "" {
				_, err = d.AssessRisks(declarer, cybersecurity.RecordRisks{ID: y.ID, ReportNo: "R", CompletedOn: day("2026-03-02")})
				faulttest.RefusedOn(t, err, "XA18-26", "risk_assessment_refused", "not_in_use")
				must(t, d.PutIntoUse(self, "p1", day("2026-03-02")))
				if y, _ = d.systems.Get(self, "p1"); y.Running("risk_assessment") == nil {
					t.Errorf("in use without a clock: %+v", y.Deadlines)
				}
			}
		})
	}
}

// TestRemindersPassOverWhatIsGone: of another clock, of nothing, of what was done.
func TestRemindersPassOverWhatIsGone(t *testing.T) {
	t.Parallel()
	d := newDesk()
	must(t, d.UnitRunsSystem(self, "education", day("2026-03-02")),
		d.Remind(self, "mlps_assessment", "education/x"), d.Remind(self, "emergency_drill", "nobody/x"), d.Remind(self, "emergency_drill", "education/x"))
	x, _ := d.safeguards.Get(self, "education")
	if len(x.Todo) != 0 {
		t.Fatal(x.Todo)
	}
	must(t, d.Remind(self, "security_inspection", x.Deadlines[0].ID))
	if x, _ = d.safeguards.Get(self, "education"); aggregatetest.Todos(x.Root) != "inspect_unit cyber_officer@cac" {
		t.Fatal(x.Todo)
	}
}
