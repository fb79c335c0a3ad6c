package budgeting_test

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"egov/libs/aggregate"
	"egov/libs/aggregate/aggregatetest"
	"egov/libs/authn"
	"egov/libs/calendar"
	"egov/libs/fault/faulttest"
	budgetingv1 "egov/proto/gen/egov/budgeting/v1"
	conferencev1 "egov/proto/gen/egov/conference/v1"
	declarationv1 "egov/proto/gen/egov/declaration/v1"
	procurementv1 "egov/proto/gen/egov/procurement/v1"
	typev1 "egov/proto/gen/egov/type/v1"
	"egov/services/budgeting"
)

// TestWhatOthersStateOpensARequest tries which facts let a unit request, and in
// what state the money waits without them.
func TestWhatOthersStateOpensARequest(t *testing.T) {
	t.Parallel()
	approved := &conferencev1.DecisionTaken{ProjectId: "p1", Outcome: "approved", ApprovedFen: 280_000_000, DecidedOn: "2026-03-20"}
	for _, c := range []struct {
		name  string
		facts func(*desk) error
		want  budgeting.State
		fen   int64
	}{
		{"an approved project in plan", func(d *desk) error { d.decided(brief()); return nil }, budgeting.Open, 280_000_000},
		{"not in plan", func(d *desk) error {
			d.do(d.Accepted(self, brief()))
			return d.Decided(self, approved)
		}, budgeting.Waiting, 280_000_000},
		{"not decided", func(d *desk) error { return d.Accepted(self, brief()) }, budgeting.Waiting, 0},
		{"unknown to us but decided", func(d *desk) error { return d.Decided(self, approved) }, budgeting.Waiting, 280_000_000},
		{"filed without a figure: as declared", func(d *desk) error {
			d.do(d.Accepted(self, brief()))
			d.do(d.Planned(self, "p1", "2026-03-20"))
			return d.Decided(self, &conferencev1.DecisionTaken{ProjectId: "p1", Outcome: "filed", DecidedOn: "2026-03-20"})
		}, budgeting.Open, 300_000_000},
		{"deferred after all", func(d *desk) error {
			d.decided(brief())
			return d.Decided(self, &conferencev1.DecisionTaken{ProjectId: "p1", Outcome: "deferred"})
		}, budgeting.Waiting, 0},
		{"refused", func(d *desk) error {
			d.decided(brief())
			return d.Decided(self, &conferencev1.DecisionTaken{ProjectId: "p1", Outcome: "refused"})
		}, budgeting.Closed, 280_000_000},
		{"withdrawn", func(d *desk) error {
			d.decided(brief())
			return d.Withdrawn(self, &declarationv1.ProjectWithdrawn{ProjectId: "p1"})
		}, budgeting.Closed, 280_000_000},
		{"a fee that its project's budget carries", func(d *desk) error {
			d.decided(brief(func(p *typev1.ProjectBrief) { p.Kind, p.Route = "assessment_fee", "post_acceptance_filing" }))
			return nil
		}, budgeting.Carried, 280_000_000},
		{"a fee of a system in use", func(d *desk) error {
			d.decided(brief(func(p *typev1.ProjectBrief) {
				p.Kind, p.Route, p.InUse = "assessment_fee", "post_acceptance_filing", true
			}))
			return nil
		}, budgeting.Open, 280_000_000},
		{"a government investment that was approved", func(d *desk) error {
			d.do(d.Accepted(self, brief(func(p *typev1.ProjectBrief) { p.Route = "government_investment" })))
			return d.Handover(self, &declarationv1.HandoverRecorded{ProjectId: "p1", Outcome: "approved", ApprovedFen: 1_900_000_000, RecordedOn: "2026-03-30"})
		}, budgeting.Open, 1_900_000_000},
		{"a government investment that was rejected", func(d *desk) error {
			d.do(d.Accepted(self, brief(func(p *typev1.ProjectBrief) { p.Route = "government_investment" })))
			return d.Handover(self, &declarationv1.HandoverRecorded{ProjectId: "p1", Outcome: "rejected"})
		}, budgeting.Closed, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			d := newDesk(t)
			d.do(c.facts(d))
			b := d.budget("p1")
			if b.State != c.want || b.ApprovedFen != c.fen {
				t.Errorf("%s with %d fen, want %s with %d", b.State, b.ApprovedFen, c.want, c.fen)
			}
			want := ""
			if c.want == budgeting.Open {
				want = "request declarer@education"
			}
			if got := aggregatetest.Todos(b.Root); got != want {
				t.Errorf("waits for %q, want %q", got, want)
			}
		})
	}
}

// TestTheOrderOfFactsDoesNotMatter shuffles what different services state.
func TestTheOrderOfFactsDoesNotMatter(t *testing.T) {
	t.Parallel()
	facts := []func(*desk) error{
		func(d *desk) error { return d.Accepted(self, brief()) },
		func(d *desk) error {
			return d.Decided(self, &conferencev1.DecisionTaken{ProjectId: "p1", Outcome: "approved", ApprovedFen: 280_000_000, DecidedOn: "2026-03-20"})
		},
		func(d *desk) error { return d.Planned(self, "p1", "2026-03-20") },
		func(d *desk) error { return d.CataloguePublished(self, "p1", "2026-03-20") },
	}
	for seed := range uint64(24) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			t.Parallel()
			d := newDesk(t)
			for _, i := range rand.New(rand.NewPCG(seed, 0)).Perm(len(facts)) {
				d.do(facts[i](d))
			}
			if b := d.budget("p1"); b.State != budgeting.Open || b.Unit != "education" || b.ApprovedFen != 280_000_000 {
				t.Errorf("%s of %s with %d fen", b.State, b.Unit, b.ApprovedFen)
			}
		})
	}
}

func TestRequestsAreRefused(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name       string
		prepare    func(*desk)
		as         string
		change     func(*budgeting.RequestBudget)
		code       string
		violations []string
	}{
		{name: "another unit's project", prepare: func(d *desk) { d.decided(brief()) }, as: "stranger", code: "not_declaring_unit"},
		{name: "requested already", prepare: func(d *desk) { d.requested(brief()) }, code: "wrong_stage"},
		{
			name: "not decided", prepare: func(d *desk) { d.do(d.Accepted(self, brief())) },
			code: "request_refused", violations: []string{"decision", "in_plan"},
		},
		{
			name: "carried by its project", code: "request_refused", violations: []string{"own_budget"},
			prepare: func(d *desk) {
				d.decided(brief(func(p *typev1.ProjectBrief) { p.Kind, p.Route = "assessment_fee", "post_acceptance_filing" }))
			},
		},
		{
			name: "a handed-over project without its approval", code: "request_refused", violations: []string{"handover_outcome"},
			prepare: func(d *desk) {
				d.do(d.Accepted(self, brief(func(p *typev1.ProjectBrief) { p.Route = "government_investment" })))
			},
		},
		{
			name: "too much, for a year too late", prepare: func(d *desk) { d.decided(brief()) },
			change: func(r *budgeting.RequestBudget) { r.AmountFen, r.FiscalYear = 280_000_001, 2028 },
			code:   "request_refused", violations: []string{"over_approved", "wrong_fiscal_year"},
		},
		{
			name: "for a year that is over", prepare: func(d *desk) { d.decided(brief()) },
			change: func(r *budgeting.RequestBudget) { r.FiscalYear = 2025 },
			code:   "request_refused", violations: []string{"wrong_fiscal_year"},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			d := newDesk(t)
			c.prepare(d)
			ctx := declarer
			if c.as == "stranger" {
				ctx = stranger
			}
			r := request()
			if c.change != nil {
				c.change(&r)
			}
			before := d.budget("p1").Version
			_, err := d.RequestBudget(ctx, r)
			faulttest.Refused(t, err, c.code, c.violations...)
			if d.budget("p1").Version != before {
				t.Error("a refusal left something behind")
			}
		})
	}
}

func TestARequestGoesBackAndForth(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.requested(brief())
	b, err := d.Return(finance, budgeting.ReturnBudget{ID: "p1", Reason: "请列明二类费用"})
	d.do(err)
	if b.State != budgeting.Returned || aggregatetest.Todos(b.Root) != "request declarer@education" {
		t.Fatalf("%s %s", b.State, aggregatetest.Todos(b.Root))
	}
	b, err = d.RequestBudget(declarer, request(func(r *budgeting.RequestBudget) { r.AmountFen = 280_000_000 }))
	d.do(err)
	var f budgetingv1.BudgetRequested
	if !d.rows.Stated(&f) || f.GetCeilingFen() != 280_000_000 || f.GetSecondClassFen() != 10_000_000 || b.ReturnReason != "" {
		t.Fatalf("%v", &f)
	}
}

func TestIssuesAreRefused(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name       string
		prepare    func(*desk)
		by         authn.Principal
		change     func(*budgeting.IssueBudget)
		code       string
		violations []string
	}{
		{
			name: "by another unit", by: authn.Principal{Subject: "office.secretary", Unit: "gov-office"},
			prepare: func(d *desk) { d.requested(brief()) }, code: "not_finance",
		},
		{
			name: "by who declared it", by: authn.Principal{Subject: "edu.declarer", Unit: "finance"},
			prepare: func(d *desk) { d.requested(brief()) }, code: "own_project",
		},
		{
			name: "by who requested it", by: authn.Principal{Subject: "edu.second", Unit: "finance"},
			prepare: func(d *desk) { d.requested(brief()) }, code: "own_project",
		},
		{
			name: "for who declared it", by: authn.Principal{Subject: "fin.officer", OnBehalfOf: "edu.declarer", Unit: "finance"},
			prepare: func(d *desk) { d.requested(brief()) }, code: "own_project",
		},
		{
			name: "by who sent it to the supervisor", by: authn.Principal{Subject: "school.declarer", Unit: "finance"},
			prepare: func(d *desk) {
				d.do(d.SentToSupervisor(self, "p1", "education", "school.declarer"))
				d.requested(brief())
			}, code: "own_project",
		},
		{name: "not requested", prepare: func(d *desk) { d.decided(brief()) }, code: "wrong_stage"},
		{
			name: "everything at once", prepare: func(d *desk) { d.requested(brief()) },
			change: func(r *budgeting.IssueBudget) {
				r.AmountFen, r.IssuedOn = 270_000_001, day("2026-04-02")
				integrated(r)
			},
			code: "issue_refused", violations: []string{"over_request", "in_future", "not_confirmable"},
		},
		{
			name: "before the decision", prepare: func(d *desk) { d.requested(brief()) },
			change: func(r *budgeting.IssueBudget) { r.IssuedOn = day("2026-03-19") },
			code:   "issue_refused", violations: []string{"before_decision"},
		},
		{
			name: "more than approved since", code: "issue_refused", violations: []string{"over_request"},
			prepare: func(d *desk) {
				d.requested(brief())
				d.do(d.ChangeConsented(self, &conferencev1.ChangeConsented{ProjectId: "p1", ApprovedFen: 200_000_000}))
			},
		},
		{
			name: "maintenance that is not integrated", prepare: func(d *desk) { d.requested(brief(maintenance)) },
			code: "issue_refused", violations: []string{"integrated"},
		},
		{
			name: "maintenance with public data that are not catalogued", change: integrated,
			prepare: func(d *desk) {
				d.requested(brief(maintenance, func(p *typev1.ProjectBrief) { p.PublicData = true }))
			},
			code: "issue_refused", violations: []string{"catalogue_published"},
		},
		{
			name: "maintenance of a system whose acceptance failed", change: integrated,
			prepare: func(d *desk) {
				d.do(d.NotAccepted(self, &procurementv1.AcceptanceFailed{ProjectId: "p0", SystemId: "sys-1"}))
				d.requested(brief(maintenance))
			},
			code: "issue_refused", violations: []string{"accepted"},
		},
		{
			name: "maintenance of a unit that owes a rectification",
			change: func(r *budgeting.IssueBudget) {
				integrated(r)
				r.Confirmations = append(r.Confirmations, budgeting.Confirmation{Requirement: "no_hold", DocumentNo: "x"})
			},
			prepare: func(d *desk) { d.held(); d.requested(brief(maintenance)) },
			code:    "issue_refused", violations: []string{"no_hold", "not_confirmable"},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			d := newDesk(t)
			c.prepare(d)
			ctx := finance
			if c.by.Subject != "" {
				ctx = authn.With(t.Context(), c.by)
			}
			r := issue()
			if c.change != nil {
				c.change(&r)
			}
			_, err := d.Issue(ctx, r)
			faulttest.Refused(t, err, c.code, c.violations...)
		})
	}
}

// held makes the education bureau owe an overdue rectification of project p9.
func (d *desk) held() {
	d.t.Helper()
	d.issued(brief(func(p *typev1.ProjectBrief) { p.ProjectId = "p9" }))
	_, err := d.Evaluate(declarer, budgeting.SelfEvaluate{ID: "p9", Year: 2026, Summary: "使用率不足", Measures: "开展培训", RectifyBy: day("2026-04-10")})
	d.do(err)
	d.clock.Set(day("2026-04-11").Start())
	d.do(d.rows.Sweep(self, calendar.Statutory()))
	d.do(d.RectificationMissed(self, "p9"))
}

func TestIssuedMoneyIsStated(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name    string
		prepare func(*desk)
		change  func(*budgeting.IssueBudget)
	}{
		{"a new build", func(d *desk) { d.requested(brief()) }, nil},
		{"maintenance, integrated by a paper", func(d *desk) { d.requested(brief(maintenance)) }, integrated},
		{
			"maintenance, the rule lifted by the conference",
			func(d *desk) {
				d.requested(brief(maintenance))
				d.do(d.Waived(self, &conferencev1.WaiverGranted{ProjectId: "p1", Rule: "integrated", Reason: "单独论证"}))
			}, nil,
		},
		{
			"maintenance of a system that passed after all",
			func(d *desk) {
				d.do(d.NotAccepted(self, &procurementv1.AcceptanceFailed{ProjectId: "p0", SystemId: "sys-1"}))
				d.do(d.AcceptancePassed(self, &procurementv1.AcceptancePassed{ProjectId: "p0"}))
				d.requested(brief(maintenance))
			}, integrated,
		},
		{
			"a new build of a unit that owes a rectification: only maintenance waits",
			func(d *desk) { d.held(); d.requested(brief()) }, nil,
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			d := newDesk(t)
			c.prepare(d)
			r := issue()
			if c.change != nil {
				c.change(&r)
			}
			b, err := d.Issue(finance, r)
			d.do(err)
			var f budgetingv1.BudgetIssued
			if !d.rows.Stated(&f) || f.GetAmountFen() != 270_000_000 || f.GetIssuedOn() != "2026-04-01" || len(f.GetConfirmations()) != len(r.Confirmations) {
				t.Errorf("%v", &f)
			}
			if b.State != budgeting.Issued || b.IssuedBy != "fin.officer" || len(b.Todo) != 0 {
				t.Errorf("%+v", b)
			}
		})
	}
}

func TestPaymentsAreRefused(t *testing.T) {
	t.Parallel()
	pay := budgeting.RecordPayment{ID: "p1", ContractNo: "HT-1", VoucherNo: "V-1", Payee: "申城软件", AmountFen: 100_000_000, PaidOn: day("2026-04-01")}
	for _, c := range []struct {
		name       string
		prepare    func(*desk)
		change     func(*budgeting.RecordPayment)
		code       string
		violations []string
	}{
		{name: "before the budget", prepare: func(d *desk) { d.requested(brief()) }, code: "wrong_stage"},
		{name: "without a filed contract", prepare: func(d *desk) { d.issued(brief()) }, code: "payment_refused", violations: []string{"contract_not_filed"}},
		{
			name: "to somebody else, too early", prepare: func(d *desk) { d.contracted(brief()) },
			change: func(r *budgeting.RecordPayment) { r.Payee, r.PaidOn = "另一公司", day("2026-03-31") },
			code:   "payment_refused", violations: []string{"payee_not_supplier", "before_contract"},
		},
		{
			name: "above the contract", prepare: func(d *desk) { d.contracted(brief()) },
			change: func(r *budgeting.RecordPayment) { r.AmountFen = 260_000_001 },
			code:   "payment_refused", violations: []string{"over_contract"},
		},
		{
			name: "above contract and budget, tomorrow", prepare: func(d *desk) { d.contracted(brief()) },
			change: func(r *budgeting.RecordPayment) { r.AmountFen, r.PaidOn = 270_000_001, day("2026-04-02") },
			code:   "payment_refused", violations: []string{"over_contract", "over_budget", "in_future"},
		},
		{
			name: "the same voucher twice", code: "voucher_recorded",
			prepare: func(d *desk) {
				d.contracted(brief())
				_, err := d.Pay(finance, pay)
				d.do(err)
			},
		},
		{
			name: "maintenance while a rectification is owed", code: "payment_refused", violations: []string{"no_hold"},
			prepare: func(d *desk) { d.contracted(brief(maintenance)); d.held() },
		},
		{
			name: "of a stopped project", code: "wrong_stage",
			prepare: func(d *desk) {
				d.contracted(brief())
				d.do(d.Decided(self, &conferencev1.DecisionTaken{ProjectId: "p1", Outcome: "stopped"}))
			},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			d := newDesk(t)
			c.prepare(d)
			r := pay
			if c.change != nil {
				c.change(&r)
			}
			_, err := d.Pay(finance, r)
			faulttest.Refused(t, err, c.code, c.violations...)
		})
	}
}

func TestPaymentsAddUp(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.contracted(brief())
	for i, fen := range []int64{100_000_000, 160_000_000} {
		_, err := d.Pay(finance, budgeting.RecordPayment{ID: "p1", ContractNo: "HT-1", VoucherNo: fmt.Sprint(i), Payee: "申城软件", AmountFen: fen, PaidOn: day("2026-04-01")})
		d.do(err)
	}
	var f budgetingv1.PaymentRecorded
	if !d.rows.Stated(&f) || f.GetPaidTotalFen() != 260_000_000 || f.GetPaymentId() != "p1-p2" {
		t.Fatalf("%v", &f)
	}
	_, err := d.Pay(finance, budgeting.RecordPayment{ID: "p1", ContractNo: "HT-1", VoucherNo: "3", Payee: "申城软件", AmountFen: 1, PaidOn: day("2026-04-01")})
	faulttest.Refused(t, err, "payment_refused", "over_contract")
	d.do(d.ContractAmended(self, &procurementv1.ContractAmended{ProjectId: "p1", ContractNo: "HT-1", ValueFen: 265_000_000}))
	_, err = d.Pay(finance, budgeting.RecordPayment{ID: "p1", ContractNo: "HT-1", VoucherNo: "3", Payee: "申城软件", AmountFen: 5_000_000, PaidOn: day("2026-04-01")})
	d.do(err)
}

func TestMoneyFollowsAConsentedChange(t *testing.T) {
	t.Parallel()
	consent := func(d *desk, fen int64) {
		d.do(d.ChangeConsented(self, &conferencev1.ChangeConsented{ProjectId: "p1", ChangeId: "p1-c1", ApprovedFen: fen}))
	}
	for _, c := range []struct {
		name       string
		prepare    func(*desk)
		fen        int64
		code       string
		violations []string
	}{
		{name: "without a change", prepare: func(d *desk) { d.contracted(brief()) }, fen: 275_000_000, code: "adjustment_refused", violations: []string{"no_consented_change"}},
		{name: "a change that costs the same", prepare: func(d *desk) { d.contracted(brief()); consent(d, 280_000_000) }, fen: 275_000_000, code: "adjustment_refused", violations: []string{"no_consented_change"}},
		{name: "above what is approved", prepare: func(d *desk) { d.contracted(brief()); consent(d, 310_000_000) }, fen: 310_000_001, code: "adjustment_refused", violations: []string{"over_approved"}},
		{name: "below the contract", prepare: func(d *desk) { d.contracted(brief()); consent(d, 310_000_000) }, fen: 259_999_999, code: "adjustment_refused", violations: []string{"below_commitments"}},
		{name: "within all of them", prepare: func(d *desk) { d.contracted(brief()); consent(d, 310_000_000) }, fen: 310_000_000},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			d := newDesk(t)
			c.prepare(d)
			b, err := d.Adjust(finance, budgeting.AdjustBudget{ID: "p1", AmountFen: c.fen, DocumentNo: "杨财预〔2026〕9号", Reason: "变更"})
			if c.code != "" {
				faulttest.Refused(t, err, c.code, c.violations...)
				return
			}
			d.do(err)
			var f budgetingv1.BudgetAdjusted
			if !d.rows.Stated(&f) || f.GetPreviousFen() != 270_000_000 || f.GetAmountFen() != c.fen || f.GetChangeId() != "p1-c1" || len(b.Todo) != 0 {
				t.Errorf("%v %s", &f, aggregatetest.Todos(b.Root))
			}
			_, err = d.Adjust(finance, budgeting.AdjustBudget{ID: "p1", AmountFen: c.fen, DocumentNo: "x", Reason: "再次"})
			faulttest.Refused(t, err, "adjustment_refused", "no_consented_change")
		})
	}
}

func TestEvaluationsAreRefused(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name       string
		prepare    func(*desk)
		r          budgeting.SelfEvaluate
		code       string
		violations []string
	}{
		{name: "before the money", prepare: func(d *desk) { d.requested(brief()) }, r: budgeting.SelfEvaluate{Year: 2026, GoalsMet: true}, code: "wrong_stage"},
		{name: "a year before the budget", prepare: func(d *desk) { d.issued(brief()) }, r: budgeting.SelfEvaluate{Year: 2025, GoalsMet: true}, code: "evaluation_refused", violations: []string{"wrong_year"}},
		{name: "a year to come, and a day gone by", prepare: func(d *desk) { d.issued(brief()) }, r: budgeting.SelfEvaluate{Year: 2027, RectifyBy: day("2026-04-01")}, code: "evaluation_refused", violations: []string{"wrong_year", "in_past"}},
		{
			name: "twice", r: budgeting.SelfEvaluate{Year: 2026, GoalsMet: true}, code: "already_evaluated",
			prepare: func(d *desk) {
				d.issued(brief())
				_, err := d.Evaluate(declarer, budgeting.SelfEvaluate{ID: "p1", Year: 2026, GoalsMet: true, Summary: "目标全部实现"})
				d.do(err)
			},
		},
		{
			name: "while an earlier year is still to be made good", code: "evaluation_refused", violations: []string{"rectification_open"},
			r: budgeting.SelfEvaluate{Year: 2027, RectifyBy: day("2028-01-01")},
			prepare: func(d *desk) {
				d.issued(brief())
				_, err := d.Evaluate(declarer, budgeting.SelfEvaluate{ID: "p1", Year: 2026, Summary: "未达标", Measures: "整改", RectifyBy: day("2026-05-01")})
				d.do(err)
				d.clock.Set(day("2027-12-01").Start())
			},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			d := newDesk(t)
			c.prepare(d)
			c.r.ID, c.r.Summary = "p1", "自评"
			_, err := d.Evaluate(declarer, c.r)
			faulttest.Refused(t, err, c.code, c.violations...)
		})
	}
}

// TestUnmetGoalsHoldMoneyUntilTheyAreMadeGood follows one rectification through
// its missed day, the hold, a second attempt and the release.
func TestUnmetGoalsHoldMoneyUntilTheyAreMadeGood(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.held()
	b := d.budget("p9")
	var placed budgetingv1.HoldPlaced
	if !b.Held || !d.rows.Stated(&placed) || placed.GetUnit() != "education" || b.Deadlines[0].State != aggregate.Late {
		t.Fatalf("%+v", b)
	}
	_, err := d.CloseRectification(secretary, budgeting.CloseRectification{ID: "p9", Year: 2026, Done: true, Result: "已落实"})
	faulttest.Refused(t, err, "wrong_stage")
	_, err = d.ReportRectification(stranger, budgeting.ReportRectification{ID: "p9", Year: 2026, Report: "x"})
	faulttest.Refused(t, err, "not_declaring_unit")
	_, err = d.ReportRectification(declarer, budgeting.ReportRectification{ID: "p9", Year: 2025, Report: "x"})
	faulttest.Refused(t, err, "no_such_rectification")
	b, err = d.ReportRectification(aggregatetest.As("edu.clerk", "education", "declarer"), budgeting.ReportRectification{ID: "p9", Year: 2026, Report: "已培训三百人"})
	d.do(err)
	if aggregatetest.Todos(b.Root) != "close_rectification secretary@gov-office" || b.Deadlines[0].MetOn != "2026-04-11" {
		t.Fatalf("%s %+v", aggregatetest.Todos(b.Root), b.Deadlines)
	}
	_, err = d.ReportRectification(declarer, budgeting.ReportRectification{ID: "p9", Year: 2026, Report: "again"})
	faulttest.Refused(t, err, "wrong_stage")
	_, err = d.CloseRectification(finance, budgeting.CloseRectification{ID: "p9", Year: 2026, Done: true, Result: "x"})
	faulttest.Refused(t, err, "not_conference_office")
	for _, own := range []string{"edu.declarer", "edu.clerk"} { // who declared the project, and who reported: SH12-P-9
		_, err = d.CloseRectification(aggregatetest.As(own, "gov-office", "secretary"), budgeting.CloseRectification{ID: "p9", Year: 2026, Done: true, Result: "x"})
		faulttest.RefusedOn(t, err, "SH12-P-9", "own_project")
	}
	_, err = d.CloseRectification(secretary, budgeting.CloseRectification{ID: "p9", Year: 2026, Result: "不足", RectifyBy: day("2026-04-11")})
	faulttest.Refused(t, err, "evaluation_refused", "in_past")
	b, err = d.CloseRectification(secretary, budgeting.CloseRectification{ID: "p9", Year: 2026, Result: "不足", RectifyBy: day("2026-04-20")})
	d.do(err)
	if !b.Held || aggregatetest.Todos(b.Root) != "report_rectification declarer@education" || len(b.Deadlines) != 2 || b.Deadlines[1].DueOn != day("2026-04-20") {
		t.Fatalf("%s %+v", aggregatetest.Todos(b.Root), b.Deadlines)
	}
	_, err = d.ReportRectification(declarer, budgeting.ReportRectification{ID: "p9", Year: 2026, Report: "全部完成"})
	d.do(err)
	b, err = d.CloseRectification(secretary, budgeting.CloseRectification{ID: "p9", Year: 2026, Done: true, Result: "已落实"})
	d.do(err)
	if b.Held || len(b.Todo) != 0 || !d.rows.Stated(&budgetingv1.HoldReleased{}) || !d.rows.Stated(&budgetingv1.PerformanceRectified{}) {
		t.Fatalf("%+v", b)
	}
	d.requested(brief(maintenance))
	_, err = d.Issue(finance, issue(integrated))
	d.do(err)
}

// TestAReportInTimePlacesNoHold: the office's own time to look at it does not
// count against the unit.
func TestAReportInTimePlacesNoHold(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.issued(brief())
	_, err := d.Evaluate(declarer, budgeting.SelfEvaluate{ID: "p1", Year: 2026, Summary: "未达标", Measures: "整改", RectifyBy: day("2026-04-10")})
	d.do(err)
	_, err = d.ReportRectification(declarer, budgeting.ReportRectification{ID: "p1", Year: 2026, Report: "已完成"})
	d.do(err)
	d.clock.Set(day("2026-05-01").Start())
	d.do(d.rows.Sweep(self, calendar.Statutory()))
	d.do(d.RectificationMissed(self, "p1"))
	if b := d.budget("p1"); b.Held || b.Deadlines[0].State != aggregate.Met {
		t.Fatalf("%+v", b)
	}
}

// TestAStoppedProjectMayBeTakenUpAgain: the money that was issued is there.
func TestAStoppedProjectMayBeTakenUpAgain(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.contracted(brief())
	d.do(d.Decided(self, &conferencev1.DecisionTaken{ProjectId: "p1", Outcome: "stopped"}))
	if b := d.budget("p1"); b.State != budgeting.Closed || b.BudgetFen == 0 {
		t.Fatalf("%+v", b)
	}
	d.do(d.Decided(self, &conferencev1.DecisionTaken{ProjectId: "p1", Outcome: "approved", ApprovedFen: 280_000_000, DecidedOn: "2026-04-01"}))
	if b := d.budget("p1"); b.State != budgeting.Issued {
		t.Fatalf("%+v", b)
	}
}

// TestFinanceSeesNoBudgetBeforeItIsAskedFor: rows come to a desk when they are
// due there.
func TestFinanceSeesNoBudgetBeforeItIsAskedFor(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.do(d.Submitted(self, brief(), "edu.declarer"))
	if got := fmt.Sprint(d.budget("p1").Parties); got != "[education]" {
		t.Error(got)
	}
	d.decided(brief())
	if got := fmt.Sprint(d.budget("p1").Parties); got != "[education finance]" {
		t.Error(got)
	}
}
