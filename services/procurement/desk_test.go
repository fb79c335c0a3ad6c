package procurement_test

import (
	"context"
	"slices"
	"testing"

	"egov/libs/aggregate/aggregatetest"
	"egov/libs/attachment"
	"egov/libs/authn"
	"egov/libs/blob"
	"egov/libs/calendar"
	"egov/libs/policy"
	"egov/libs/rules"
	budgetingv1 "egov/proto/gen/egov/budgeting/v1"
	conferencev1 "egov/proto/gen/egov/conference/v1"
	typev1 "egov/proto/gen/egov/type/v1"
	"egov/services/procurement"
)

// desk is the service with its data in memory, on a clock that stands still.
type desk struct {
	*procurement.Service
	t     *testing.T
	rows  *aggregatetest.Repository[procurement.Procurement, *procurement.Procurement]
	clock *calendar.Manual
}

func newDesk(t *testing.T) *desk {
	t.Helper()
	clock := calendar.NewManual(aggregatetest.Morning("2026-04-01"))
	rows := aggregatetest.New[procurement.Procurement, *procurement.Procurement](clock)
	blobs, err := blob.Open(t.Context(), "mem://")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := blobs.Close(); err != nil {
			t.Error(err)
		}
	})
	return &desk{t: t, rows: rows, clock: clock, Service: &procurement.Service{
		Procurements: rows, Rules: rules.Book{Packs: policy.Default(), Calendar: calendar.Statutory()}, Attachments: attachment.Shelf{Blobs: blobs},
		Sign: aggregatetest.Sign,
	}}
}

// at moves the clock to a day and lets the deadlines be looked at.
func (d *desk) at(on string) {
	d.t.Helper()
	d.clock.Set(aggregatetest.Morning(on))
	d.do(d.rows.Sweep(self, calendar.Statutory()))
}

var day = aggregatetest.Day

// The people and the service itself.
var (
	self      = authn.With(context.Background(), authn.Service("procurement", procurement.Office))
	declarer  = aggregatetest.As("edu.declarer", "education", "declarer")
	stranger  = aggregatetest.As("civil.declarer", "civil-affairs", "declarer")
	centre    = aggregatetest.As("fac.officer", "facilities", "procurement_officer")
	secretary = aggregatetest.As("office.secretary", "gov-office", "secretary")
)

// Firms with valid credit codes.
const (
	supplier, supplierCode = "申城软件", "91350100M000100Y43"
	watcher, watcherCode   = "浦江监理", "914403001922038216"
	tester, testerCode     = "市测评中心", "91110108551385082Q"
)

const wan = 1_000_000 // fen in 10,000 yuan

// brief is a project of the education bureau: a new build of 300万, above the
// procurement limit and the supervision line, below public tender.
func brief(change ...func(*typev1.ProjectBrief)) *typev1.ProjectBrief {
	p := &typev1.ProjectBrief{
		ProjectId: "p1", Title: "智慧校园", Kind: "new_build", Unit: "education", UnitKind: "administrative", AmountFen: 300 * wan,
		PureSoftware: true, Route: "review", Pack: "yangpu-2023", DeclaredOn: "2026-03-02", XcConformant: true,
		Leader: "王主任", Contact: "李工 021-1", PublicData: true, KeyAnnual: true,
		Obligations: []string{"government_procurement", "engineering_supervision", "investment_supervision", "crypto_assessment"},
	}
	for _, f := range change {
		f(p)
	}
	return p
}

func large(p *typev1.ProjectBrief) {
	p.AmountFen = 700 * wan
	p.Obligations = append(p.Obligations, "public_tender")
}

// small is maintenance below every line: no procurement rule, no supervision.
func small(p *typev1.ProjectBrief) {
	p.Kind, p.Route, p.AmountFen, p.Obligations, p.KeyAnnual, p.SystemId = "operation_maintenance", "filing", 90*wan, nil, false, "sys-1"
}

func renewal(p *typev1.ProjectBrief) {
	p.Kind, p.Route, p.RenewalYear, p.Obligations, p.KeyAnnual = "service", "renewal_filing", 2, nil, false
}

// do fails the test when a step of its preparation does.
func (d *desk) do(err error) {
	d.t.Helper()
	if err != nil {
		d.t.Fatal(err)
	}
}

func (d *desk) get() procurement.Procurement {
	d.t.Helper()
	p, err := d.Procurements.Get(self, "p1")
	d.do(err)
	return p
}

// opened brings a project to the day its budget is issued, 1 April 2026.
func (d *desk) opened(p *typev1.ProjectBrief) {
	d.t.Helper()
	d.do(d.Submitted(self, p, "edu.declarer"))
	d.do(d.ProjectAccepted(self, p))
	d.do(d.Decided(self, &conferencev1.DecisionTaken{ProjectId: "p1", Outcome: "approved", ApprovedFen: p.GetAmountFen(), DecidedOn: "2026-03-20"}))
	d.do(d.BudgetIssued(self, &budgetingv1.BudgetIssued{ProjectId: "p1", AmountFen: p.GetAmountFen() - wan, IssuedOn: "2026-04-01"}))
}

func (d *desk) started(p *typev1.ProjectBrief, method string) {
	d.t.Helper()
	d.opened(p)
	_, err := d.Start(declarer, procurement.StartProcurement{ID: "p1", Method: method, StartedOn: day("2026-04-01")})
	d.do(err)
}

func (d *desk) tendered(p *typev1.ProjectBrief, method string) {
	d.t.Helper()
	d.started(p, method)
	_, err := d.Publish(centre, procurement.PublishTender{ID: "p1", NoticeNo: "SHXM-1", PublishedOn: day("2026-04-01"), ValueFen: 290 * wan})
	d.do(err)
}

func award() procurement.MakeAward {
	return procurement.MakeAward{ID: "p1", Supplier: supplier, CreditCode: supplierCode, ValueFen: 280 * wan, Bidders: 9, AwardedOn: day("2026-04-01")}
}

func (d *desk) awarded(p *typev1.ProjectBrief) {
	d.t.Helper()
	d.tendered(p, "competitive_consultation")
	_, err := d.MakeAward(centre, award())
	d.do(err)
}

// papers attaches what a contract needs.
func (d *desk) papers() []procurement.PaperRef {
	d.t.Helper()
	refs := []procurement.PaperRef{}
	for _, item := range []string{"contract_copy", "build_plan", "schedule"} {
		paper, err := d.Attach(declarer, attachment.Upload{ID: "p1", Name: item + ".txt", Type: "text/plain", Body: []byte("the paper for " + item)})
		d.do(err)
		refs = append(refs, procurement.PaperRef{Item: item, SHA256: paper.SHA256})
	}
	return refs
}

func (d *desk) contract(change ...func(*procurement.FileContract)) procurement.FileContract {
	d.t.Helper()
	r := procurement.FileContract{
		ID: "p1", ContractNo: "HT-1", Supplier: supplier, CreditCode: supplierCode, ValueFen: 280 * wan,
		EffectiveOn: day("2026-04-01"), EndsOn: day("2026-12-31"), Papers: d.papers(),
	}
	for _, f := range change {
		f(&r)
	}
	return r
}

// contracted brings a project to its filed contract.
func (d *desk) contracted(p *typev1.ProjectBrief) {
	d.t.Helper()
	d.awarded(p)
	_, err := d.FileContract(declarer, d.contract())
	d.do(err)
}

// supervised engages both supervisors.
func (d *desk) supervised() {
	d.t.Helper()
	for kind, firm := range map[string][2]string{"engineering": {watcher, watcherCode}, "investment": {tester, testerCode}} {
		_, err := d.Engage(declarer, procurement.EngageSupervision{ID: "p1", Kind: kind, Supervisor: firm[0], CreditCode: firm[1], FeeFen: wan, EngagedOn: day("2026-04-01")})
		d.do(err)
	}
}

func record(test string, change ...func(*procurement.RecordTest)) procurement.RecordTest {
	r := procurement.RecordTest{ID: "p1", Test: test, Passed: true, PerformedBy: tester, ReportNo: "CP-1", CompletedOn: day("2026-04-01")}
	if test == "supervision_report" {
		r.PerformedBy = watcher
	}
	for _, f := range change {
		f(&r)
	}
	return r
}

// tested records every test of a new build but those that are named.
func (d *desk) tested(but ...string) {
	d.t.Helper()
	for _, test := range []string{"self_check", "software_test", "security_test", "crypto_test", "summary", "supervision_report"} {
		if slices.Contains(but, test) {
			continue
		}
		_, err := d.RecordTest(declarer, record(test))
		d.do(err)
	}
}

func pass(change ...func(*procurement.AcceptProject)) procurement.AcceptProject {
	r := procurement.AcceptProject{ID: "p1", Passed: true, AcceptedOn: day("2026-04-01"), FinalFen: 270 * wan, Opinion: "同意通过验收", Panel: []string{"王主任"}}
	for _, f := range change {
		f(&r)
	}
	return r
}

// ready brings a project to where nothing is missing for its acceptance.
func (d *desk) ready(p *typev1.ProjectBrief) {
	d.t.Helper()
	d.contracted(p)
	d.supervised()
	d.tested()
	d.others()
}

// others lets the other services state what an acceptance waits for of them.
func (d *desk) others() {
	d.t.Helper()
	for _, fact := range []string{procurement.FactCatalogue, procurement.FactSecurity, procurement.FactXC} {
		d.do(d.Heard(self, "p1", fact, "2026-04-01"))
	}
}
