package procurement_test

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"egov/libs/aggregate"
	"egov/libs/aggregate/aggregatetest"
	"egov/libs/authn"
	"egov/libs/fault/faulttest"
	budgetingv1 "egov/proto/gen/egov/budgeting/v1"
	conferencev1 "egov/proto/gen/egov/conference/v1"
	declarationv1 "egov/proto/gen/egov/declaration/v1"
	procurementv1 "egov/proto/gen/egov/procurement/v1"
	typev1 "egov/proto/gen/egov/type/v1"
	"egov/services/procurement"
)

// TestTheIssuedBudgetOpensAProcurementInAnyOrder shuffles what three services
// state; the clocks run from the day of issue whenever the last fact comes.
func TestTheIssuedBudgetOpensAProcurementInAnyOrder(t *testing.T) {
	t.Parallel()
	facts := []func(*desk) error{
		func(d *desk) error { return d.ProjectAccepted(self, brief()) },
		func(d *desk) error {
			return d.Decided(self, &conferencev1.DecisionTaken{ProjectId: "p1", Outcome: "approved", ApprovedFen: 290 * wan, DecidedOn: "2026-03-20"})
		},
		func(d *desk) error {
			return d.BudgetIssued(self, &budgetingv1.BudgetIssued{ProjectId: "p1", AmountFen: 285 * wan, IssuedOn: "2026-03-25"})
		},
	}
	for seed := range uint64(12) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			t.Parallel()
			d := newDesk(t)
			for i, n := range rand.New(rand.NewPCG(seed, 0)).Perm(len(facts)) {
				d.do(facts[n](d))
				if want := i == len(facts)-1; (d.get().State == procurement.Open) != want {
					t.Fatalf("after %d facts: %s", i+1, d.get().State)
				}
			}
			p := d.get()
			if p.Unit != "education" || aggregatetest.Todos(p.Root) != "start declarer@education" {
				t.Errorf("%s %s", p.Unit, aggregatetest.Todos(p.Root))
			}
			if c := aggregatetest.Clock(t, p.Root, "procurement_start"); c.TriggerOn != day("2026-03-25") || c.DueOn != day("2026-06-25") || c.Basis[0] != "YP23-R-5.5.1" {
				t.Errorf("%+v", c)
			}
			if c := aggregatetest.Clock(t, p.Root, "procurement_stop"); c.DueOn != day("2026-09-25") {
				t.Errorf("%+v", c)
			}
			var f procurementv1.ProcurementOpened
			if !d.rows.Stated(&f) || f.GetBudgetFen() != 285*wan || f.GetApprovedFen() != 290*wan {
				t.Errorf("%v", &f)
			}
		})
	}
}

func TestOnlyProjectsAboveTheLimitAreTimed(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*typev1.ProjectBrief){"small": small, "renewal": renewal} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := newDesk(t)
			d.opened(brief(change))
			if p := d.get(); len(p.Deadlines) != 0 || p.State != procurement.Open {
				t.Errorf("%+v", p)
			}
		})
	}
}

func TestStartsAreRefused(t *testing.T) {
	t.Parallel()
	unnamed := func(p *typev1.ProjectBrief) { p.Leader, p.Contact = "", "" }
	software := func(p *typev1.ProjectBrief) {
		p.Kind, p.Obligations = "software_purchase", []string{"procurement_centre_purchase"}
	}
	for _, c := range []struct {
		name       string
		prepare    func(*desk)
		stranger   bool
		method, on string
		code       string
		violations []string
	}{
		{name: "another unit's project", stranger: true, prepare: func(d *desk) { d.opened(brief()) }, code: "not_declaring_unit"},
		{name: "started already", prepare: func(d *desk) { d.started(brief(), "single_source") }, code: "wrong_stage"},
		{
			name: "before the budget, nobody named", prepare: func(d *desk) { d.do(d.ProjectAccepted(self, brief(unnamed))) },
			code: "start_refused", violations: []string{"budget_issued", "responsible_named"},
		},
		{
			name: "before this service knows the decision", code: "wrong_stage",
			prepare: func(d *desk) {
				d.do(d.ProjectAccepted(self, brief()))
				d.do(d.BudgetIssued(self, &budgetingv1.BudgetIssued{ProjectId: "p1", AmountFen: wan, IssuedOn: "2026-04-01"}))
			},
		},
		{name: "an unknown method", prepare: func(d *desk) { d.opened(brief()) }, method: "lottery", code: "start_refused", violations: []string{"unknown_method"}},
		{
			name: "above 400万 without a public tender, too early", prepare: func(d *desk) { d.opened(brief(large)) }, on: "2026-03-31",
			code: "start_refused", violations: []string{"method_not_allowed", "before_issue"},
		},
		{name: "above the limit by the unit itself", prepare: func(d *desk) { d.opened(brief()) }, method: "direct", code: "start_refused", violations: []string{"method_not_allowed"}},
		{name: "software outside the procurement centre", prepare: func(d *desk) { d.opened(brief(software)) }, method: "e_market", code: "start_refused", violations: []string{"method_not_allowed"}},
		{name: "tomorrow", prepare: func(d *desk) { d.opened(brief()) }, on: "2026-04-02", code: "start_refused", violations: []string{"in_future"}},
		{name: "a renewal", prepare: func(d *desk) { d.opened(brief(renewal)) }, code: "start_refused", violations: []string{"renewal_not_procured"}},
		{
			name: "a stopped project", code: "wrong_stage",
			prepare: func(d *desk) {
				d.opened(brief())
				d.do(d.Decided(self, &conferencev1.DecisionTaken{ProjectId: "p1", Outcome: "stopped"}))
			},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			d := newDesk(t)
			c.prepare(d)
			r := procurement.StartProcurement{ID: "p1", Method: "competitive_consultation", StartedOn: day("2026-04-01")}
			if c.method != "" {
				r.Method = c.method
			}
			if c.on != "" {
				r.StartedOn = day(c.on)
			}
			ctx := declarer
			if c.stranger {
				ctx = stranger
			}
			before := d.get().Version
			_, err := d.Start(ctx, r)
			faulttest.Refused(t, err, c.code, c.violations...)
			if d.get().Version != before {
				t.Error("a refusal left something behind")
			}
		})
	}
}

func TestMethodsThatTheRulesAllow(t *testing.T) {
	t.Parallel()
	obliged := func(o ...string) func(*typev1.ProjectBrief) {
		return func(p *typev1.ProjectBrief) { p.Obligations = o }
	}
	for _, c := range []struct {
		name    string
		project func(*typev1.ProjectBrief)
		method  string
		next    string
	}{
		{"public tender above 400万", large, "public_tender", "publish_tender procurement_officer@facilities"},
		{"public tender of software above 400万", obliged("public_tender", "government_procurement", "procurement_centre_purchase"), "public_tender", "publish_tender procurement_officer@facilities"},
		{"single source below", func(*typev1.ProjectBrief) {}, "single_source", "publish_tender procurement_officer@facilities"},
		{"the centre's own purchase", obliged("procurement_centre_purchase"), "centre_purchase", "award procurement_officer@facilities"},
		{"the e-market", obliged("e_market_purchase"), "e_market", "award declarer@education"},
		{"by the unit itself below the limit", small, "direct", "award declarer@education"},
		{"a stricter method than asked", small, "public_tender", "publish_tender procurement_officer@facilities"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			d := newDesk(t)
			d.started(brief(c.project), c.method)
			if p := d.get(); p.State != procurement.Started || aggregatetest.Todos(p.Root) != c.next {
				t.Errorf("%s %s", p.State, aggregatetest.Todos(p.Root))
			}
		})
	}
}

// TestTheClockToStart tries starting in time, late, deferred in time, deferred
// late, and not at all.
func TestTheClockToStart(t *testing.T) {
	t.Parallel()
	start := func(d *desk, on string) {
		d.at(on)
		_, err := d.Start(declarer, procurement.StartProcurement{ID: "p1", Method: "single_source", StartedOn: day(on)})
		d.do(err)
	}
	deferTo := func(d *desk, on string) {
		_, err := d.Defer(declarer, procurement.FileDeferral{ID: "p1", Reason: "等待上级标准", ExpectedOn: day(on)})
		d.do(err)
	}
	for _, c := range []struct {
		name              string
		act               func(*desk)
		start, stop       aggregate.DeadlineState
		startDue, stopMet string
	}{
		{"on the last day", func(d *desk) { start(d, "2026-07-01") }, aggregate.Met, aggregate.Met, "2026-07-01", "2026-07-01"},
		{"a day late", func(d *desk) { start(d, "2026-07-02") }, aggregate.Late, aggregate.Met, "2026-07-01", "2026-07-02"},
		{"deferred in time", func(d *desk) { d.at("2026-06-01"); deferTo(d, "2026-11-01"); start(d, "2026-10-15") }, aggregate.Met, aggregate.Waived, "2026-11-01", ""},
		{"deferred to an earlier day than due", func(d *desk) { deferTo(d, "2026-06-01"); start(d, "2026-06-20") }, aggregate.Met, aggregate.Waived, "2026-07-01", ""},
		{"deferred late: the lateness stands", func(d *desk) { d.at("2026-07-10"); deferTo(d, "2026-11-01") }, aggregate.Late, aggregate.Waived, "2026-07-01", ""},
		{"never, nothing filed", func(d *desk) { d.at("2026-10-02") }, aggregate.Late, aggregate.Late, "2026-07-01", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			d := newDesk(t)
			d.opened(brief())
			c.act(d)
			p := d.get()
			s, x := aggregatetest.Clock(t, p.Root, "procurement_start"), aggregatetest.Clock(t, p.Root, "procurement_stop")
			if s.State != c.start || s.DueOn != day(c.startDue) || x.State != c.stop || x.MetOn != c.stopMet {
				t.Errorf("start %s by %s, stop %s met %q", s.State, s.DueOn, x.State, x.MetOn)
			}
		})
	}
}

// TestTheConferenceMayLiftTheClockToStart, before or after it runs.
func TestTheConferenceMayLiftTheClockToStart(t *testing.T) {
	t.Parallel()
	waiver := &conferencev1.WaiverGranted{ProjectId: "p1", Rule: "procurement_start", Reason: "随上级进度"}
	t.Run("running", func(t *testing.T) {
		t.Parallel()
		d := newDesk(t)
		d.opened(brief())
		d.do(d.Waived(self, waiver))
		if k := aggregatetest.Clock(t, d.get().Root, "procurement_start"); k.State != aggregate.Waived || k.Reason != "随上级进度" {
			t.Errorf("%+v", k)
		}
	})
	t.Run("beforehand", func(t *testing.T) {
		t.Parallel()
		d := newDesk(t)
		d.do(d.Waived(self, waiver))
		d.opened(brief())
		if p := d.get(); len(p.Deadlines) != 1 || p.Deadlines[0].Obligation != "procurement_stop" {
			t.Errorf("%+v", p.Deadlines)
		}
	})
}

func TestDeferralsAreRefused(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.opened(brief())
	_, err := d.Defer(declarer, procurement.FileDeferral{ID: "p1", Reason: "x", ExpectedOn: day("2026-04-01")})
	faulttest.Refused(t, err, "deferral_refused", "in_past")
	_, err = d.Defer(stranger, procurement.FileDeferral{ID: "p1", Reason: "x", ExpectedOn: day("2026-08-01")})
	faulttest.Refused(t, err, "not_declaring_unit")
	_, err = d.Start(declarer, procurement.StartProcurement{ID: "p1", Method: "single_source", StartedOn: day("2026-04-01")})
	d.do(err)
	_, err = d.Defer(declarer, procurement.FileDeferral{ID: "p1", Reason: "x", ExpectedOn: day("2026-08-01")})
	faulttest.Refused(t, err, "wrong_stage")
}

// TestAMissedStartIsShownToTheConferenceOffice, and the unit is asked for its
// reason.
func TestAMissedStartIsShownToTheConferenceOffice(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.opened(brief())
	d.at("2026-07-02")
	d.do(d.Missed(self, "p1", "procurement_start"))
	if p := d.get(); fmt.Sprint(p.Parties) != "[education gov-office]" || aggregatetest.Todos(p.Root) != "start declarer@education, file_deferral declarer@education" {
		t.Errorf("%v %s", p.Parties, aggregatetest.Todos(p.Root))
	}
	_, err := d.Defer(declarer, procurement.FileDeferral{ID: "p1", Reason: "等待上级标准", ExpectedOn: day("2026-08-01")})
	d.do(err)
	if p := d.get(); !p.Deferrals[0].Late || aggregatetest.Todos(p.Root) != "start declarer@education" {
		t.Errorf("%+v %s", p.Deferrals, aggregatetest.Todos(p.Root))
	}
}

// TestAStoppedProcurementMayBeTakenUpAgain where it stopped.
func TestAStoppedProcurementMayBeTakenUpAgain(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.awarded(brief())
	d.do(d.Decided(self, &conferencev1.DecisionTaken{ProjectId: "p1", Outcome: "stopped"}))
	if p := d.get(); p.State != procurement.Stopped || len(p.Todo) != 0 {
		t.Fatalf("%+v", p)
	}
	d.do(d.Decided(self, &conferencev1.DecisionTaken{ProjectId: "p1", Outcome: "approved", ApprovedFen: 300 * wan, DecidedOn: "2026-04-01"}))
	if p := d.get(); p.State != procurement.Awarded || aggregatetest.Todos(p.Root) != "file_contract declarer@education" {
		t.Fatalf("%+v", p)
	}
	d.do(d.Withdrawn(self, &declarationv1.ProjectWithdrawn{ProjectId: "p1"}))
	if p := d.get(); p.State != procurement.Stopped || p.Ended != "withdrawn" {
		t.Fatalf("%+v", p)
	}
}

// TestAProjectRefusedBeforeItsBudgetOpensOnceItIsApproved, with its clocks.
func TestAProjectRefusedBeforeItsBudgetOpensOnceItIsApproved(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.do(d.ProjectAccepted(self, brief()))
	d.do(d.Decided(self, &conferencev1.DecisionTaken{ProjectId: "p1", Outcome: "refused"}))
	d.opened(brief())
	if p := d.get(); p.State != procurement.Open || len(p.Deadlines) != 2 {
		t.Fatalf("%+v", p)
	}
}

// TestTheCentreRunsItsMethods: not the unit, not another bureau, and nobody
// who declared the project.
func TestTheCentreRunsItsMethods(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name string
		by   authn.Principal
		code string
	}{
		{"the unit", authn.Principal{Subject: "edu.declarer", Unit: "education", Roles: []string{"declarer"}}, "not_procurement_centre"},
		{"an officer elsewhere", authn.Principal{Subject: "x", Unit: "education", Roles: []string{"procurement_officer"}}, "not_procurement_centre"},
		{"the bureau's declarer", authn.Principal{Subject: "x", Unit: "facilities", Roles: []string{"declarer"}}, "not_procurement_centre"},
		{"who declared it", authn.Principal{Subject: "edu.declarer", Unit: "facilities", Roles: []string{"procurement_officer"}}, "own_project"},
		{"for who declared it", authn.Principal{Subject: "x", OnBehalfOf: "edu.declarer", Unit: "facilities", Roles: []string{"procurement_officer"}}, "own_project"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			d := newDesk(t)
			d.started(brief(), "single_source")
			_, err := d.Publish(authn.With(t.Context(), c.by), procurement.PublishTender{ID: "p1", NoticeNo: "x", PublishedOn: day("2026-04-01"), ValueFen: wan})
			faulttest.Refused(t, err, c.code)
		})
	}
	t.Run("its own methods are the unit's", func(t *testing.T) {
		t.Parallel()
		d := newDesk(t)
		d.started(brief(small), "direct")
		_, err := d.MakeAward(centre, award())
		faulttest.Refused(t, err, "not_declaring_unit")
	})
}

func TestTendersAreRefused(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name       string
		prepare    func(*desk)
		change     func(*procurement.PublishTender)
		code       string
		violations []string
	}{
		{name: "before the start", prepare: func(d *desk) { d.opened(brief()) }, code: "wrong_stage"},
		{
			name: "above the budget, before the start", prepare: func(d *desk) { d.started(brief(), "single_source") },
			change: func(r *procurement.PublishTender) { r.ValueFen, r.PublishedOn = 299*wan+1, day("2026-03-31") },
			code:   "tender_refused", violations: []string{"over_budget", "before_earlier_step"},
		},
		{
			name: "by a method without one", code: "tender_refused", violations: []string{"method_without_notice"},
			prepare: func(d *desk) { d.started(brief(), "centre_purchase") },
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			d := newDesk(t)
			c.prepare(d)
			r := procurement.PublishTender{ID: "p1", NoticeNo: "SHXM-1", PublishedOn: day("2026-04-01"), ValueFen: 290 * wan}
			if c.change != nil {
				c.change(&r)
			}
			_, err := d.Publish(centre, r)
			faulttest.Refused(t, err, c.code, c.violations...)
		})
	}
}

func TestAwardsAreRefused(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name       string
		prepare    func(*desk)
		change     func(*procurement.MakeAward)
		code       string
		violations []string
	}{
		{name: "before the start", prepare: func(d *desk) { d.opened(brief()) }, code: "wrong_stage"},
		{name: "twice", prepare: func(d *desk) { d.awarded(brief()) }, code: "wrong_stage"},
		{
			name: "without the notice, with too few bidders", prepare: func(d *desk) { d.started(brief(), "competitive_consultation") },
			change: func(r *procurement.MakeAward) { r.Bidders = 2 },
			code:   "award_refused", violations: []string{"tender_not_published", "too_few_bidders"},
		},
		{
			name: "above notice and budget, tomorrow", prepare: func(d *desk) { d.tendered(brief(), "competitive_consultation") },
			change: func(r *procurement.MakeAward) { r.ValueFen, r.AwardedOn = 299*wan+1, day("2026-04-02") },
			code:   "award_refused", violations: []string{"over_tender", "over_budget", "in_future"},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			d := newDesk(t)
			c.prepare(d)
			r := award()
			if c.change != nil {
				c.change(&r)
			}
			_, err := d.MakeAward(centre, r)
			faulttest.Refused(t, err, c.code, c.violations...)
		})
	}
}
