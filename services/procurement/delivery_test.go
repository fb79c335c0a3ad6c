package procurement_test

import (
	"slices"
	"testing"

	"egov/libs/aggregate"
	"egov/libs/aggregate/aggregatetest"
	"egov/libs/fault/faulttest"
	budgetingv1 "egov/proto/gen/egov/budgeting/v1"
	conferencev1 "egov/proto/gen/egov/conference/v1"
	procurementv1 "egov/proto/gen/egov/procurement/v1"
	typev1 "egov/proto/gen/egov/type/v1"
	"egov/services/procurement"
)

func quarter(q string, progress, planned int) procurement.ReportQuarter {
	return procurement.ReportQuarter{ID: "p1", Quarter: q, Progress: progress, Planned: planned, Summary: "按计划推进"}
}

func TestReportsAreRefused(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name       string
		prepare    func(*desk)
		quarter    string
		code       string
		violations []string
	}{
		{name: "before the contract", prepare: func(d *desk) { d.awarded(brief()) }, quarter: "2026Q2", code: "wrong_stage"},
		{name: "a quarter before the contract", prepare: func(d *desk) { d.contracted(brief()) }, quarter: "2026Q1", code: "report_refused", violations: []string{"wrong_quarter"}},
		{name: "a quarter to come", prepare: func(d *desk) { d.contracted(brief()) }, quarter: "2026Q3", code: "report_refused", violations: []string{"wrong_quarter"}},
		{
			name: "twice", quarter: "2026Q2", code: "already_reported",
			prepare: func(d *desk) {
				d.contracted(brief())
				_, err := d.ReportQuarter(declarer, quarter("2026Q2", 10, 10))
				d.do(err)
			},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			d := newDesk(t)
			c.prepare(d)
			_, err := d.ReportQuarter(declarer, quarter(c.quarter, 10, 10))
			faulttest.Refused(t, err, c.code, c.violations...)
		})
	}
}

// TestEveryQuarterHasItsClock: a report meets the running one, the next begins
// where it ended, and acceptance ends them.
func TestEveryQuarterHasItsClock(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.contracted(brief())
	d.do(d.PaymentRecorded(self, &budgetingv1.PaymentRecorded{ProjectId: "p1", PaidTotalFen: 7 * wan}))
	for _, step := range []struct {
		on, quarter string
		state       aggregate.DeadlineState
		due         string
	}{
		{"2026-06-30", "2026Q2", aggregate.Met, "2026-07-01"},
		{"2026-10-02", "2026Q3", aggregate.Late, "2026-10-01"},
		{"2026-12-31", "2026Q4", aggregate.Met, "2027-01-01"},
	} {
		d.at(step.on)
		p, err := d.ReportQuarter(declarer, quarter(step.quarter, 50, 50))
		d.do(err)
		clocks := slices.DeleteFunc(slices.Clone(p.Deadlines), func(k aggregate.Deadline) bool { return k.Obligation != "quarterly_report" })
		met, next := clocks[len(clocks)-2], clocks[len(clocks)-1]
		if met.State != step.state || met.DueOn != day(step.due) || next.State != aggregate.Open || next.TriggerOn != met.DueOn {
			t.Errorf("%s: %+v, then %+v", step.quarter, met, next)
		}
	}
	var f procurementv1.QuarterReported
	if !d.rows.Stated(&f) || f.GetPaidFen() != 7*wan || f.GetBehind() {
		t.Errorf("%v", &f)
	}
	d.supervised()
	d.tested()
	d.others()
	p, err := d.Accept(declarer, pass(func(r *procurement.AcceptProject) { r.AcceptedOn = day("2026-12-31") }))
	d.do(err)
	if k := aggregatetest.Clock(t, p.Root, "quarterly_report"); k.State != aggregate.Waived {
		t.Errorf("%+v", k)
	}
}

func TestOnlyKeyProjectsOweReports(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.contracted(brief(func(p *typev1.ProjectBrief) { p.KeyAnnual = false }))
	if p := d.get(); slices.ContainsFunc(p.Deadlines, func(k aggregate.Deadline) bool { return k.Obligation == "quarterly_report" }) {
		t.Errorf("%+v", p.Deadlines)
	}
	_, err := d.ReportQuarter(declarer, quarter("2026Q2", 10, 10)) // may, all the same
	d.do(err)
}

func TestClearlyBehindIsTwentyPointsOrMore(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name              string
		progress, planned int
		behind            bool
	}{
		{"ahead", 60, 40, false}, {"19 points", 31, 50, false}, {"20 points", 30, 50, true}, {"nothing done", 0, 100, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			d := newDesk(t)
			d.contracted(brief())
			p, err := d.ReportQuarter(declarer, quarter("2026Q2", c.progress, c.planned))
			d.do(err)
			asked := slices.ContainsFunc(p.Todo, func(x aggregate.Todo) bool { return x.Action == "order_rectification" && x.Unit == "gov-office" })
			if p.Reports[0].Behind != c.behind || asked != c.behind {
				t.Errorf("behind %t, asked %t", p.Reports[0].Behind, asked)
			}
		})
	}
}

// TestARectificationIsOrderedReportedAndClosed, after a first report that was
// not enough.
func TestARectificationIsOrderedReportedAndClosed(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.contracted(brief())
	order := procurement.OrderRectification{ID: "p1", Reason: "进度滞后", DueOn: day("2026-04-10")}
	_, err := d.Order(secretary, order)
	faulttest.Refused(t, err, "rectification_refused", "not_behind")
	_, err = d.ReportQuarter(declarer, quarter("2026Q2", 10, 60))
	d.do(err)
	_, err = d.Order(declarer, order)
	faulttest.Refused(t, err, "not_conference_office")
	order.DueOn = day("2026-04-01")
	_, err = d.Order(secretary, order)
	faulttest.Refused(t, err, "rectification_refused", "in_past")
	order.DueOn = day("2026-04-10")
	p, err := d.Order(secretary, order)
	d.do(err)
	if k := aggregatetest.Clock(t, p.Root, "rectification"); k.DueOn != day("2026-04-10") || k.WarnOn != day("2026-04-07") {
		t.Errorf("%+v", k)
	}
	_, err = d.Order(secretary, order)
	faulttest.Refused(t, err, "rectification_refused", "rectification_open")
	_, err = d.CloseRectification(secretary, procurement.CloseRectification{ID: "p1", Done: true, Result: "x"})
	faulttest.Refused(t, err, "no_such_rectification")
	_, err = d.ReportRectification(aggregatetest.As("edu.clerk", "education", "declarer"), procurement.ReportRectification{ID: "p1", Report: "增加人手"})
	d.do(err)
	for _, own := range []string{"edu.declarer", "edu.clerk"} { // who declared the project, and who reported: SH12-P-9
		_, err = d.CloseRectification(aggregatetest.As(own, "gov-office", "secretary"), procurement.CloseRectification{ID: "p1", Done: true, Result: "x"})
		faulttest.RefusedOn(t, err, "SH12-P-9", "own_project")
	}
	_, err = d.CloseRectification(secretary, procurement.CloseRectification{ID: "p1", Result: "仍滞后", DueOn: day("2026-04-20")})
	d.do(err)
	_, err = d.ReportRectification(declarer, procurement.ReportRectification{ID: "p1", Report: "已追平"})
	d.do(err)
	p, err = d.CloseRectification(secretary, procurement.CloseRectification{ID: "p1", Done: true, Result: "已追平"})
	d.do(err)
	if p.Rectifications[0].State != "closed" || !d.rows.Stated(&procurementv1.RectificationClosed{}) {
		t.Errorf("%+v", p.Rectifications)
	}
	ids := map[string]bool{}
	for _, k := range p.Deadlines {
		ids[k.ID] = true
	}
	if len(ids) != len(p.Deadlines) {
		t.Errorf("two clocks share a name: %+v", p.Deadlines)
	}
}

func TestTestsAreRefused(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name       string
		prepare    func(*desk)
		r          procurement.RecordTest
		code       string
		violations []string
	}{
		{name: "before the contract", prepare: func(d *desk) { d.awarded(brief()) }, r: record("self_check"), code: "wrong_stage"},
		{
			name: "by the supplier, before the works, without its paper", prepare: func(d *desk) { d.contracted(brief()) },
			r: record("software_test", func(r *procurement.RecordTest) {
				r.PerformedBy, r.CompletedOn, r.SHA256 = supplier, day("2026-03-31"), "0000000000000000000000000000000000000000000000000000000000000000"
			}),
			code: "test_refused", violations: []string{"tested_by_supplier", "before_earlier_step", "not_attached"},
		},
		{name: "that nobody asks for", prepare: func(d *desk) { d.contracted(brief()) }, r: record("taste_test"), code: "test_refused", violations: []string{"test_not_asked"}},
		{
			name: "of maintenance, which has none", code: "test_refused", violations: []string{"test_not_asked"}, r: record("self_check"),
			prepare: func(d *desk) {
				d.contracted(brief(func(p *typev1.ProjectBrief) { p.Kind = "operation_maintenance" }))
			},
		},
		{
			name: "a supervision report without a supervisor", prepare: func(d *desk) { d.contracted(brief()) },
			r: record("supervision_report"), code: "test_refused", violations: []string{"not_the_supervisor"},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			d := newDesk(t)
			c.prepare(d)
			_, err := d.RecordTest(declarer, c.r)
			faulttest.Refused(t, err, c.code, c.violations...)
		})
	}
}

// all is what a large new build needs for its acceptance.
var all = []string{
	"self_check", "software_test", "security_test", "crypto_test", "summary", "catalogue_published", "security_in_step",
	"engineering_supervision", "investment_supervision", "supervision_report", "xc_guided",
}

func TestAcceptancesAreRefused(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name       string
		prepare    func(*desk)
		stranger   bool
		r          procurement.AcceptProject
		code       string
		violations []string
	}{
		{name: "another unit's", stranger: true, prepare: func(d *desk) { d.ready(brief()) }, r: pass(), code: "not_declaring_unit"},
		{name: "before the contract", prepare: func(d *desk) { d.awarded(brief()) }, r: pass(), code: "wrong_stage"},
		{name: "without anything", prepare: func(d *desk) { d.contracted(brief()) }, r: pass(), code: "acceptance_refused", violations: slices.Clone(all)},
		{
			name: "with a test that failed in the end", code: "acceptance_refused", violations: []string{"software_test"}, r: pass(),
			prepare: func(d *desk) {
				d.ready(brief())
				_, err := d.RecordTest(declarer, record("software_test", func(r *procurement.RecordTest) { r.Passed = false }))
				d.do(err)
			},
		},
		{
			name: "for more than the contract, tomorrow", prepare: func(d *desk) { d.ready(brief()) },
			r:    pass(func(r *procurement.AcceptProject) { r.FinalFen, r.AcceptedOn = 280*wan+1, day("2026-04-02") }),
			code: "acceptance_refused", violations: []string{"final_over_contract", "in_future"},
		},
		{
			name: "failed, to be made good in the past", prepare: func(d *desk) { d.contracted(brief()) },
			r:    procurement.AcceptProject{ID: "p1", AcceptedOn: day("2026-04-01"), Opinion: "不通过", Panel: []string{"王"}, RectifyBy: day("2026-04-01")},
			code: "acceptance_refused", violations: []string{"in_past"},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			d := newDesk(t)
			c.prepare(d)
			ctx := declarer
			if c.stranger {
				ctx = stranger
			}
			_, err := d.Accept(ctx, c.r)
			faulttest.Refused(t, err, c.code, c.violations...)
		})
	}
}

// TestWhatEachKindNeedsForItsAcceptance: purchases and fees have no tests. A
// build waits for security in step (YP23-M-33), and for guidance where it follows
// XC (YP23-M-27).
func TestWhatEachKindNeedsForItsAcceptance(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name       string
		change     func(*typev1.ProjectBrief)
		violations []string
	}{
		{"a new build without public data or supervision", func(p *typev1.ProjectBrief) { p.PublicData, p.Obligations = false, []string{"government_procurement"} }, []string{"self_check", "software_test", "security_test", "crypto_test", "summary", "security_in_step", "xc_guided"}},
		{"a new build that does not follow XC", func(p *typev1.ProjectBrief) { p.XcConformant = false }, slices.DeleteFunc(slices.Clone(all), func(code string) bool { return code == "xc_guided" })},
		{"large maintenance", func(p *typev1.ProjectBrief) {
			p.Kind, p.Obligations = "operation_maintenance", []string{"government_procurement", "investment_supervision"}
		}, []string{"investment_supervision"}},
		{"software", func(p *typev1.ProjectBrief) {
			p.Kind, p.Obligations = "software_purchase", []string{"procurement_centre_purchase", "government_procurement"}
		}, nil},
		{"an assessment fee", func(p *typev1.ProjectBrief) { p.Kind, p.Obligations = "assessment_fee", nil }, nil},
		{"information publishing", func(p *typev1.ProjectBrief) { p.Kind, p.Obligations = "information_publishing", nil }, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			d := newDesk(t)
			method := "competitive_consultation"
			b := brief(c.change)
			if b.GetKind() == "software_purchase" {
				method = "centre_purchase"
				d.started(b, method)
			} else {
				d.tendered(b, method)
			}
			_, err := d.MakeAward(centre, award())
			d.do(err)
			_, err = d.FileContract(declarer, d.contract())
			d.do(err)
			_, err = d.Accept(declarer, pass())
			if c.violations == nil {
				d.do(err)
				return
			}
			faulttest.Refused(t, err, "acceptance_refused", c.violations...)
		})
	}
}

// TestOtherServicesFactsStandInForTests: a conforming assessment counts, one
// that does not conform strikes it, and a waiver lifts only what holds in
// principle.
func TestOtherServicesFactsStandInForTests(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.contracted(brief())
	d.supervised()
	d.tested("security_test", "crypto_test")
	d.others()
	d.do(d.Heard(self, "p1", procurement.FactAssessment, "2026-04-01"))
	d.do(d.Heard(self, "p1", procurement.FactCrypto, "2026-04-01"))
	d.do(d.Unheard(self, "p1", procurement.FactCrypto))
	d.do(d.Waived(self, &conferencev1.WaiverGranted{ProjectId: "p1", Rule: "crypto_test", Reason: "x"}))
	_, err := d.Accept(declarer, pass())
	faulttest.Refused(t, err, "acceptance_refused", "crypto_test")
	d.do(d.Heard(self, "p1", procurement.FactCrypto, "2026-04-01"))
	_, err = d.Accept(declarer, pass())
	d.do(err)
}

// TestAFailedAcceptanceIsRectifiedAndFiled follows a project to the end of its
// road.
func TestAFailedAcceptanceIsRectifiedAndFiled(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.ready(brief())
	d.do(d.SystemRegistered(self, "p1", "sys-7"))
	p, err := d.Accept(declarer, procurement.AcceptProject{ID: "p1", AcceptedOn: day("2026-04-01"), Opinion: "接口未联通", Panel: []string{"王主任"}, RectifyBy: day("2026-05-01")})
	d.do(err)
	var failed procurementv1.AcceptanceFailed
	if !d.rows.Stated(&failed) || failed.GetSystemId() != "sys-7" || failed.GetRectifyBy() != "2026-05-01" || failed.GetSignature() == nil || p.State != procurement.Rectifying {
		t.Fatalf("%v", &failed)
	}
	d.at("2026-04-30")
	p, err = d.Accept(declarer, pass(func(r *procurement.AcceptProject) { r.AcceptedOn = day("2026-04-29") }))
	d.do(err)
	if k := aggregatetest.Clock(t, p.Root, "acceptance_rectification"); k.State != aggregate.Met {
		t.Errorf("%+v", k)
	}
	// 15 working days from 29 April 2026, over the Labour Day holiday.
	if k := aggregatetest.Clock(t, p.Root, "acceptance_filing"); k.TriggerOn != day("2026-04-29") || k.DueOn != day("2026-05-22") {
		t.Errorf("%+v", k)
	}
	var passed procurementv1.AcceptancePassed
	if !d.rows.Stated(&passed) || len(passed.GetEvidence()) != len(all) || passed.GetFinalFen() != 270*wan {
		t.Errorf("%v", &passed)
	}
	_, err = d.RecordTest(declarer, record("self_check"))
	faulttest.Refused(t, err, "wrong_stage")
	p, err = d.FileAcceptance(declarer, procurement.FileAcceptance{ID: "p1"})
	d.do(err)
	if p.State != procurement.Filed || aggregatetest.Clock(t, p.Root, "acceptance_filing").State != aggregate.Met || aggregatetest.Todos(p.Root) != "register_assets declarer@education" {
		t.Errorf("%s %s", p.State, aggregatetest.Todos(p.Root))
	}
	item := procurement.Asset{Name: "服务器", Category: "硬件", Quantity: 2, ValueFen: 200 * wan, Custodian: "信息科"}
	_, err = d.Register(declarer, procurement.RegisterAssets{ID: "p1", Items: []procurement.Asset{item, item}})
	faulttest.Refused(t, err, "assets_refused", "assets_over_cost")
	p, err = d.Register(declarer, procurement.RegisterAssets{ID: "p1", Items: []procurement.Asset{item}})
	d.do(err)
	if len(p.Todo) != 0 || !d.rows.Stated(&procurementv1.AssetsRegistered{}) {
		t.Errorf("%s", aggregatetest.Todos(p.Root))
	}
	_, err = d.Register(declarer, procurement.RegisterAssets{ID: "p1", Items: []procurement.Asset{item}})
	faulttest.Refused(t, err, "assets_refused", "assets_over_cost")
}

func TestALateFilingOfTheAcceptanceIsTaken(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.ready(brief())
	_, err := d.Accept(declarer, pass())
	d.do(err)
	d.at("2026-06-01")
	p, err := d.FileAcceptance(declarer, procurement.FileAcceptance{ID: "p1"})
	d.do(err)
	if k := aggregatetest.Clock(t, p.Root, "acceptance_filing"); k.State != aggregate.Late || k.MetOn != "2026-06-01" {
		t.Errorf("%+v", k)
	}
	_, err = d.FileAcceptance(declarer, procurement.FileAcceptance{ID: "p1"})
	faulttest.Refused(t, err, "wrong_stage")
}
