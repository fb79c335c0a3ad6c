package procurement_test

import (
	"bytes"
	"io"
	"testing"

	"egov/libs/aggregate"
	"egov/libs/aggregate/aggregatetest"
	"egov/libs/attachment"
	"egov/libs/fault/faulttest"
	budgetingv1 "egov/proto/gen/egov/budgeting/v1"
	conferencev1 "egov/proto/gen/egov/conference/v1"
	procurementv1 "egov/proto/gen/egov/procurement/v1"
	typev1 "egov/proto/gen/egov/type/v1"
	"egov/services/procurement"
)

func TestContractsAreRefused(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name       string
		prepare    func(*desk)
		stranger   bool
		change     func(*procurement.FileContract)
		code       string
		violations []string
	}{
		{name: "another unit's", stranger: true, prepare: func(d *desk) { d.awarded(brief()) }, code: "not_declaring_unit"},
		{name: "before the award", prepare: func(d *desk) { d.tendered(brief(), "single_source") }, code: "contract_refused", violations: []string{"award"}},
		{
			name: "before the budget and the award, and above what is approved so far", prepare: func(d *desk) { d.do(d.ProjectAccepted(self, brief())) },
			code: "contract_over_approved", violations: []string{"budget_issued", "award", "over_budget", "contract_over_approved"},
		},
		{
			name: "with another supplier, above award and approval, without papers", prepare: func(d *desk) { d.awarded(brief()) },
			change: func(r *procurement.FileContract) {
				r.Supplier, r.ValueFen, r.Papers = "另一公司", 300*wan+1, nil
			},
			code: "contract_over_approved",
			violations: []string{
				"supplier_not_awarded", "over_award", "over_budget", "contract_over_approved", "contract_copy", "build_plan", "schedule",
			},
		},
		{
			name: "within the award but above the budget since lowered", code: "contract_refused", violations: []string{"over_budget"},
			prepare: func(d *desk) {
				d.awarded(brief())
				d.do(d.BudgetAdjusted(self, &budgetingv1.BudgetAdjusted{ProjectId: "p1", AmountFen: 279 * wan}))
			},
		},
		{
			name: "with papers that nobody attached", prepare: func(d *desk) { d.awarded(brief()) },
			change: func(r *procurement.FileContract) { r.Papers[0].SHA256 = string(bytes.Repeat([]byte("0"), 64)) },
			code:   "contract_refused", violations: []string{"not_attached"},
		},
		{
			name: "in force before the award", prepare: func(d *desk) { d.awarded(brief()) },
			change: func(r *procurement.FileContract) { r.EffectiveOn = day("2026-03-31") },
			code:   "contract_refused", violations: []string{"before_earlier_step"},
		},
		{
			name: "in force tomorrow", prepare: func(d *desk) { d.awarded(brief()) },
			change: func(r *procurement.FileContract) { r.EffectiveOn = day("2026-04-02") },
			code:   "contract_refused", violations: []string{"in_future"},
		},
		{name: "twice", prepare: func(d *desk) { d.contracted(brief()) }, code: "wrong_stage"},
		{
			name: "a renewal in force before it was filed", prepare: func(d *desk) { d.opened(brief(renewal)) },
			change: func(r *procurement.FileContract) { r.EffectiveOn = day("2026-03-19") },
			code:   "contract_refused", violations: []string{"before_earlier_step"},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			d := newDesk(t)
			c.prepare(d)
			r := d.contract()
			if c.change != nil {
				c.change(&r)
			}
			ctx := declarer
			if c.stranger {
				ctx = stranger
			}
			_, err := d.FileContract(ctx, r)
			faulttest.Refused(t, err, c.code, c.violations...)
		})
	}
}

// TestContractsAreFiledInTimeOrLate: ten working days from taking effect, with
// the Qingming and Labour Day holidays of 2026 between.
func TestContractsAreFiledInTimeOrLate(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, on string
		state    aggregate.DeadlineState
	}{
		{"the same day", "2026-04-01", aggregate.Met},
		{"on the last day", "2026-04-16", aggregate.Met},
		{"a day late", "2026-04-17", aggregate.Late},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			d := newDesk(t)
			d.awarded(brief())
			d.at(c.on)
			p, err := d.FileContract(declarer, d.contract())
			d.do(err)
			if k := aggregatetest.Clock(t, p.Root, "contract_filing"); k.State != c.state || k.DueOn != day("2026-04-16") || k.MetOn != c.on {
				t.Errorf("%+v", k)
			}
			if p.Contracts[0].Late != (c.state == aggregate.Late) {
				t.Errorf("%+v", p.Contracts[0])
			}
			var f procurementv1.ContractFiled
			if !d.rows.Stated(&f) || len(f.GetDocuments()) != 3 || f.GetSignature().GetValue() != "procurement.FileContract" || f.GetSequence() != 1 || f.GetFiledOn() != c.on {
				t.Errorf("%v", &f)
			}
			if got := aggregatetest.Todos(p.Root); got != "accept declarer@education, report_quarter declarer@education, engage_supervision declarer@education" {
				t.Error(got)
			}
		})
	}
}

// TestASignedContractIsDueToBeFiled: its clock runs before it is filed, and
// what is filed is what was signed.
func TestASignedContractIsDueToBeFiled(t *testing.T) {
	t.Parallel()
	sign := procurement.SignContract{ID: "p1", ContractNo: "HT-1", EffectiveOn: day("2026-04-01")}
	d := newDesk(t)
	d.tendered(brief(), "competitive_consultation")
	_, err := d.SignContract(declarer, sign)
	faulttest.Refused(t, err, "wrong_stage")
	_, err = d.MakeAward(centre, award())
	d.do(err)
	_, err = d.SignContract(stranger, sign)
	faulttest.Refused(t, err, "not_declaring_unit")
	early := sign
	early.EffectiveOn = day("2026-03-31")
	_, err = d.SignContract(declarer, early)
	faulttest.Refused(t, err, "signing_refused", "before_earlier_step")
	p, err := d.SignContract(declarer, sign)
	d.do(err)
	if k := aggregatetest.Clock(t, p.Root, "contract_filing"); k.State != aggregate.Open || k.DueOn != day("2026-04-16") || k.WarnOn != day("2026-04-13") {
		t.Errorf("%+v", k)
	}
	d.at("2026-04-02")
	later := sign
	later.EffectiveOn = day("2026-04-02")
	for range 2 {
		p, err = d.SignContract(declarer, later)
		d.do(err)
	}
	if k := aggregatetest.Clock(t, p.Root, "contract_filing"); k.DueOn != day("2026-04-17") || k.MovedFrom != "2026-04-16" || len(p.Deadlines) != 3 {
		t.Errorf("%+v", p.Deadlines)
	}
	_, err = d.SignContract(declarer, sign)
	d.do(err)
	d.at("2026-04-17")
	if k := aggregatetest.Clock(t, d.get().Root, "contract_filing"); k.State != aggregate.Late || k.MetOn != "" {
		t.Errorf("%+v", k)
	}
	_, err = d.FileContract(declarer, d.contract(func(r *procurement.FileContract) { r.ContractNo = "HT-2" }))
	faulttest.Refused(t, err, "contract_refused", "not_the_signed_contract")
	p, err = d.FileContract(declarer, d.contract())
	d.do(err)
	if k := aggregatetest.Clock(t, p.Root, "contract_filing"); k.MetOn != "2026-04-17" || !p.Contracts[0].Late {
		t.Errorf("%+v", k)
	}
}

func TestARenewalIsContractedWithoutAProcedure(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.opened(brief(renewal))
	if got := aggregatetest.Todos(d.get().Root); got != "file_contract declarer@education" {
		t.Error(got)
	}
	p, err := d.FileContract(declarer, d.contract())
	d.do(err)
	if p.State != procurement.Contracted || p.Contracts[0].Sequence != 2 {
		t.Errorf("%+v", p)
	}
}

func TestAContractFollowsAConsentedChange(t *testing.T) {
	t.Parallel()
	amend := func(d *desk, fen int64) procurement.AmendContract {
		return procurement.AmendContract{ID: "p1", Sequence: 1, AmendmentNo: "BC-1", ValueFen: fen, Reason: "增加接口", EffectiveOn: day("2026-04-01"), Papers: d.papers()[:1]}
	}
	t.Run("refused without one", func(t *testing.T) {
		t.Parallel()
		d := newDesk(t)
		d.contracted(brief())
		_, err := d.Amend(declarer, amend(d, 301*wan))
		faulttest.Refused(t, err, "amendment_refused", "no_consented_change", "contract_over_approved", "over_budget")
	})
	t.Run("once for each", func(t *testing.T) {
		t.Parallel()
		d := newDesk(t)
		d.contracted(brief())
		d.do(d.ChangeConsented(self, &conferencev1.ChangeConsented{ProjectId: "p1", ChangeId: "p1-c1", ApprovedFen: 330 * wan}))
		_, err := d.Amend(declarer, amend(d, 320*wan))
		faulttest.Refused(t, err, "amendment_refused", "over_budget")
		d.do(d.BudgetAdjusted(self, &budgetingv1.BudgetAdjusted{ProjectId: "p1", AmountFen: 325 * wan}))
		d.do(d.PaymentRecorded(self, &budgetingv1.PaymentRecorded{ProjectId: "p1", PaidTotalFen: 100 * wan}))
		_, err = d.Amend(declarer, amend(d, 99*wan))
		faulttest.Refused(t, err, "amendment_refused", "below_paid")
		p, err := d.Amend(declarer, amend(d, 320*wan))
		d.do(err)
		var f procurementv1.ContractAmended
		if !d.rows.Stated(&f) || f.GetPreviousFen() != 280*wan || f.GetValueFen() != 320*wan || p.ContractFen != 320*wan || p.Contracts[0].ValueFen != 280*wan || p.Contracts[0].Amendments[0].ChangeID != "p1-c1" {
			t.Errorf("%v", &f)
		}
		_, err = d.Amend(declarer, amend(d, 320*wan))
		faulttest.Refused(t, err, "amendment_refused", "no_consented_change")
	})
	t.Run("of a contract that is there", func(t *testing.T) {
		t.Parallel()
		d := newDesk(t)
		d.contracted(brief())
		r := amend(d, wan)
		r.Sequence = 3
		_, err := d.Amend(declarer, r)
		faulttest.Refused(t, err, "no_such_contract")
	})
}

func TestSupervisorsAreRefused(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name       string
		prepare    func(*desk)
		r          procurement.EngageSupervision
		code       string
		violations []string
	}{
		{name: "before the budget", prepare: func(d *desk) { d.do(d.ProjectAccepted(self, brief())) }, r: procurement.EngageSupervision{Supervisor: watcher, CreditCode: watcherCode, EngagedOn: day("2026-04-01")}, code: "wrong_stage"},
		{
			name: "the supplier under another name, for too much, before the decision", prepare: func(d *desk) { d.contracted(brief()) },
			r:    procurement.EngageSupervision{Supervisor: "申城软件（监理部）", CreditCode: supplierCode, FeeFen: 300 * wan, EngagedOn: day("2026-03-19")},
			code: "supervision_refused", violations: []string{"supervisor_is_supplier", "over_budget", "before_earlier_step"},
		},
		{
			name: "the supplier by its name", prepare: func(d *desk) { d.awarded(brief()) },
			r:    procurement.EngageSupervision{Supervisor: supplier, CreditCode: watcherCode, EngagedOn: day("2026-04-01")},
			code: "supervision_refused", violations: []string{"supervisor_is_supplier"},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			d := newDesk(t)
			c.prepare(d)
			c.r.ID, c.r.Kind = "p1", "engineering"
			_, err := d.Engage(declarer, c.r)
			faulttest.Refused(t, err, c.code, c.violations...)
		})
	}
}

func TestSupervisionIsAskedForUntilItIsEngaged(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.contracted(brief())
	d.supervised()
	if got := aggregatetest.Todos(d.get().Root); got != "accept declarer@education, report_quarter declarer@education" {
		t.Error(got)
	}
}

func TestPapersAreKeptByTheirContent(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.opened(brief())
	want := []byte("the stamped contract")
	paper, err := d.Attach(declarer, attachment.Upload{ID: "p1", Name: "../合同.txt", Type: "text/plain", Body: want})
	d.do(err)
	_, err = d.Attach(declarer, attachment.Upload{ID: "p1", Name: "again.txt", Type: "text/plain", Body: want})
	d.do(err)
	if p := d.get(); len(p.Papers) != 1 || p.Papers[0].Name != "again.txt" {
		t.Errorf("%+v", p.Papers)
	}
	f, err := d.Paper(declarer, attachment.Ref{ID: "p1", SHA256: paper.SHA256})
	d.do(err)
	defer f.Body.Close()
	if got, err := io.ReadAll(f.Body); err != nil || !bytes.Equal(got, want) {
		t.Errorf("%q %v", got, err)
	}
	_, err = d.Paper(declarer, attachment.Ref{ID: "p1", SHA256: "no"})
	faulttest.Refused(t, err, "no_such_attachment")
	_, err = d.Attach(stranger, attachment.Upload{ID: "p1", Name: "x.txt", Type: "text/plain", Body: want})
	faulttest.Refused(t, err, "not_declaring_unit")
}

// TestTheOfficeAndTheCentreSeeWhatIsTheirs, when it comes to them.
func TestTheOfficeAndTheCentreSeeWhatIsTheirs(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	sees := func(unit string) bool {
		for _, p := range d.get().Parties {
			if p == unit {
				return true
			}
		}
		return false
	}
	d.opened(brief(func(p *typev1.ProjectBrief) { p.KeyAnnual = false }))
	if sees("facilities") || sees("gov-office") {
		t.Fatal(d.get().Parties)
	}
	_, err := d.Start(declarer, procurement.StartProcurement{ID: "p1", Method: "centre_purchase", StartedOn: day("2026-04-01")})
	d.do(err)
	if !sees("facilities") || sees("gov-office") {
		t.Fatal(d.get().Parties)
	}
	_, err = d.MakeAward(centre, award())
	d.do(err)
	_, err = d.FileContract(declarer, d.contract())
	d.do(err)
	if !sees("gov-office") {
		t.Fatal(d.get().Parties)
	}
}
