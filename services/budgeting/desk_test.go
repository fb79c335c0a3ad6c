package budgeting_test

import (
	"context"
	"testing"

	"egov/libs/aggregate/aggregatetest"
	"egov/libs/authn"
	"egov/libs/calendar"
	"egov/libs/policy"
	"egov/libs/rules"
	conferencev1 "egov/proto/gen/egov/conference/v1"
	procurementv1 "egov/proto/gen/egov/procurement/v1"
	typev1 "egov/proto/gen/egov/type/v1"
	"egov/services/budgeting"
)

// desk is the service with its data in memory, on a clock that stands still.
type desk struct {
	*budgeting.Service
	t     *testing.T
	rows  *aggregatetest.Repository[budgeting.Budget, *budgeting.Budget]
	clock *calendar.Manual
}

func newDesk(t *testing.T) *desk {
	t.Helper()
	clock := calendar.NewManual(aggregatetest.Morning("2026-04-01"))
	rows := aggregatetest.New[budgeting.Budget, *budgeting.Budget](clock)
	return &desk{
		Service: &budgeting.Service{Budgets: rows, Rules: rules.Book{Packs: policy.Default(), Calendar: calendar.Statutory()}},
		t:       t, rows: rows, clock: clock,
	}
}

var day = aggregatetest.Day

// The people and the service itself.
var (
	self      = authn.With(context.Background(), authn.Service("budgeting", budgeting.Office))
	declarer  = aggregatetest.As("edu.declarer", "education", "declarer")
	stranger  = aggregatetest.As("civil.declarer", "civil-affairs", "declarer")
	finance   = aggregatetest.As("fin.officer", "finance", "finance_officer")
	secretary = aggregatetest.As("office.secretary", "gov-office", "secretary")
)

// brief is a project of the education bureau under review.
func brief(change ...func(*typev1.ProjectBrief)) *typev1.ProjectBrief {
	p := &typev1.ProjectBrief{
		ProjectId: "p1", Title: "智慧校园", Kind: "new_build", Unit: "education", UnitKind: "administrative", AmountFen: 300_000_000,
		PureSoftware: true, Route: "review", Pack: "yangpu-2023", DeclaredOn: "2026-03-02", XcConformant: true,
	}
	for _, f := range change {
		f(p)
	}
	return p
}

func maintenance(p *typev1.ProjectBrief) { p.Kind, p.SystemId = "operation_maintenance", "sys-1" }

// do fails the test when a step of its preparation does.
func (d *desk) do(err error) {
	d.t.Helper()
	if err != nil {
		d.t.Fatal(err)
	}
}

func (d *desk) budget(id string) budgeting.Budget {
	d.t.Helper()
	b, err := d.Budgets.Get(self, id)
	d.do(err)
	return b
}

// decided brings a project as far as its decision.
func (d *desk) decided(p *typev1.ProjectBrief) {
	d.t.Helper()
	d.do(d.Submitted(self, p, "edu.declarer"))
	d.do(d.Accepted(self, p))
	d.do(d.Decided(self, &conferencev1.DecisionTaken{ProjectId: p.GetProjectId(), Outcome: "approved", ApprovedFen: 280_000_000, DecidedOn: "2026-03-20"}))
	d.do(d.Planned(self, p.GetProjectId(), "2026-03-20"))
}

func request(change ...func(*budgeting.RequestBudget)) budgeting.RequestBudget {
	r := budgeting.RequestBudget{ID: "p1", AmountFen: 270_000_000, SecondClassFen: 10_000_000, FiscalYear: 2026}
	for _, f := range change {
		f(&r)
	}
	return r
}

// requested brings a project to finance's desk; another account than the
// declarer's has asked for the money.
func (d *desk) requested(p *typev1.ProjectBrief) {
	d.t.Helper()
	d.decided(p)
	_, err := d.RequestBudget(aggregatetest.As("edu.second", "education", "declarer"), request(func(r *budgeting.RequestBudget) { r.ID = p.GetProjectId() }))
	d.do(err)
}

func issue(change ...func(*budgeting.IssueBudget)) budgeting.IssueBudget {
	r := budgeting.IssueBudget{ID: "p1", AmountFen: 270_000_000, DocumentNo: "杨财预〔2026〕1号", IssuedOn: day("2026-04-01")}
	for _, f := range change {
		f(&r)
	}
	return r
}

// integrated names the paper that maintenance money asks for.
func integrated(r *budgeting.IssueBudget) {
	r.Confirmations = append(r.Confirmations, budgeting.Confirmation{Requirement: "integrated", DocumentNo: "杨数〔2026〕8号"})
}

// issued brings a project to the point where its money is there.
func (d *desk) issued(p *typev1.ProjectBrief) {
	d.t.Helper()
	d.requested(p)
	_, err := d.Issue(finance, issue(func(r *budgeting.IssueBudget) {
		r.ID = p.GetProjectId()
		if p.GetKind() == "operation_maintenance" {
			integrated(r)
		}
	}))
	d.do(err)
}

// contracted lets payments be made.
func (d *desk) contracted(p *typev1.ProjectBrief) {
	d.t.Helper()
	d.issued(p)
	d.do(d.ContractFiled(self, &procurementv1.ContractFiled{ProjectId: p.GetProjectId(), ContractNo: "HT-1", Supplier: "申城软件", ValueFen: 260_000_000, EffectiveOn: "2026-04-01"}))
}
