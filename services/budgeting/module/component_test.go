package module_test

import (
	"fmt"
	"os"
	"testing"

	"egov/libs/authn"
	"egov/libs/dbtest"
	"egov/libs/module/moduletest"
	"egov/libs/redistest"
	budgetingv1 "egov/proto/gen/egov/budgeting/v1"
	conferencev1 "egov/proto/gen/egov/conference/v1"
	deadlinev1 "egov/proto/gen/egov/deadline/v1"
	declarationv1 "egov/proto/gen/egov/declaration/v1"
	procurementv1 "egov/proto/gen/egov/procurement/v1"
	typev1 "egov/proto/gen/egov/type/v1"
	"egov/services/budgeting"
	"egov/services/budgeting/module"
)

func TestMain(m *testing.M) {
	os.Exit(redistest.Main(func() int { return dbtest.Main(m) }))
}

// town is the service with the people who use it and the services it follows.
type town struct {
	*moduletest.Service
	t                             *testing.T
	declarer, finance, secretary  *moduletest.Client
	declaration, conference, deal *moduletest.Producer
}

func start(t *testing.T) *town {
	t.Helper()
	s := moduletest.Start(t, module.Name, "2026-04-01", module.New)
	return &town{
		Service: s, t: t,
		declarer: s.As("edu.declarer", "education", "declarer"), finance: s.As("fin.officer", "finance", "finance_officer"),
		secretary:   s.As("office.secretary", "gov-office", "secretary"),
		declaration: s.Other("declaration"), conference: s.Other("conference"), deal: s.Other("procurement"),
	}
}

// approve has the other services state what lets project id ask for its money.
func (s *town) approve(id, unit, kind string) {
	s.t.Helper()
	p := &typev1.ProjectBrief{
		ProjectId: id, Title: "智慧校园", Kind: kind, Unit: unit, UnitKind: "administrative", AmountFen: 300_000_000,
		PureSoftware: true, Route: "review", Pack: "yangpu-2023", DeclaredOn: "2026-03-02", XcConformant: true,
	}
	s.conference.State(id, "gov-office", &conferencev1.DecisionTaken{ProjectId: id, Outcome: "approved", ApprovedFen: 280_000_000, DecidedOn: "2026-03-20"})
	s.declaration.State(id, unit, &declarationv1.ProjectSubmitted{Project: p})
	s.declaration.State(id, "gov-office", &declarationv1.ProjectAccepted{Project: p}, &declarationv1.PlanEntered{ProjectId: id, Year: 2026})
	s.await(id, budgeting.Open)
}

func (s *town) get(id string) (b budgeting.Budget) {
	s.t.Helper()
	if a := s.finance.Get("/v1/budgets/" + id); a.Status == 200 {
		a.OK(&b)
	}
	return b
}

func (s *town) await(id string, state budgeting.State) {
	s.t.Helper()
	s.Await(fmt.Sprintf("%s %s", id, state), func() bool { return s.get(id).State == state })
}

var (
	askFor = map[string]any{"amount_fen": 270_000_000, "second_class_fen": 10_000_000, "fiscal_year": 2026}
	give   = map[string]any{"amount_fen": 270_000_000, "document_no": "杨财预〔2026〕1号", "issued_on": "2026-04-01"}
)

func TestMoneyFollowsItsRoad(t *testing.T) {
	t.Parallel()
	s := start(t)
	const id = "p-road"
	s.approve(id, "education", "new_build")
	if got := s.declarer.Asked(); got["request"] != id {
		t.Fatalf("the unit's inbox: %v", got)
	}
	s.declarer.Post("/v1/budgets/"+id+"/request", askFor).OK(nil)
	if got := s.finance.Asked(); got["issue"] != id {
		t.Fatalf("finance's inbox: %v", got)
	}
	s.finance.Post("/v1/budgets/"+id+"/return", map[string]string{"reason": "请列明二类费用"}).OK(nil)
	s.declarer.Post("/v1/budgets/"+id+"/request", askFor).OK(nil)
	var b budgeting.Budget
	s.finance.Post("/v1/budgets/"+id+"/issue", give).OK(&b)
	if b.State != budgeting.Issued || b.BudgetFen != 270_000_000 {
		t.Fatalf("%+v", b)
	}
	issued := s.Stated(id, &budgetingv1.BudgetIssued{})
	if issued.Data["amount_fen"] != "270000000" || issued.Data["issued_on"] != "2026-04-01" || issued.Actor != "fin.officer" || issued.Unit != "finance" {
		t.Fatalf("%+v", issued)
	}

	pay := map[string]any{"contract_no": "HT-1", "voucher_no": "V-1", "payee": "申城软件", "amount_fen": 100_000_000, "paid_on": "2026-04-01"}
	s.finance.Post("/v1/budgets/"+id+"/payments", pay).Refused(422, "payment_refused")
	s.deal.State(id, "education", &procurementv1.ContractFiled{ProjectId: id, ContractNo: "HT-1", Supplier: "申城软件", ValueFen: 260_000_000, EffectiveOn: "2026-04-01", Sequence: 1})
	s.Await("the filed contract", func() bool { return len(s.get(id).Contracts) == 1 })
	s.finance.Post("/v1/budgets/"+id+"/payments", pay).OK(&b)
	if b.PaidFen != 100_000_000 {
		t.Fatalf("%+v", b)
	}

	s.conference.State(id, "gov-office", &conferencev1.ChangeConsented{ProjectId: id, ChangeId: id + "-c1", ApprovedFen: 320_000_000})
	s.Await("the consented change", func() bool { return s.finance.Asked()["adjust"] == id })
	s.finance.Post("/v1/budgets/"+id+"/adjust", map[string]any{"amount_fen": 310_000_000, "document_no": "杨财预〔2026〕9号", "reason": "增加数据接口"}).OK(&b)
	if b.BudgetFen != 310_000_000 {
		t.Fatalf("%+v", b)
	}
}

// TestAMissedRectificationHoldsMaintenanceMoney follows the service's own
// missed deadline through its outbox, Redis and back.
func TestAMissedRectificationHoldsMaintenanceMoney(t *testing.T) {
	t.Parallel()
	s := start(t)
	const late, upkeep = "p-late", "p-upkeep"
	s.approve(late, "education", "new_build")
	s.approve(upkeep, "education", "operation_maintenance")
	for _, id := range []string{late, upkeep} {
		s.declarer.Post("/v1/budgets/"+id+"/request", askFor).OK(nil)
	}
	s.finance.Post("/v1/budgets/"+late+"/issue", give).OK(nil)
	s.declarer.Post("/v1/budgets/"+late+"/self-evaluations", map[string]any{
		"year": 2026, "goals_met": false, "summary": "使用率不足", "measures": "开展培训", "rectify_by": "2026-04-10",
	}).OK(nil)
	s.Set("2026-04-11")
	s.Stated(late, &deadlinev1.DeadlineMissed{})
	placed := s.Stated(late, &budgetingv1.HoldPlaced{})
	if placed.Actor != "service:budgeting" || placed.Data["unit"] != "education" {
		t.Fatalf("%+v", placed)
	}
	withPaper := map[string]any{
		"amount_fen": 270_000_000, "document_no": "杨财预〔2026〕2号", "issued_on": "2026-04-11",
		"confirmations": []map[string]string{{"requirement": "integrated", "document_no": "杨数〔2026〕8号"}},
	}
	p := s.finance.Post("/v1/budgets/"+upkeep+"/issue", withPaper).Refused(422, "issue_refused")
	if len(p.Violations) != 1 || p.Violations[0].Code != "no_hold" || p.Basis[0] != "YP23-R-5.6.1" {
		t.Fatalf("%+v", p)
	}
	s.declarer.Post("/v1/budgets/"+late+"/self-evaluations/2026/report", map[string]string{"report": "已培训三百人"}).OK(nil)
	if got := s.secretary.Asked(); got["close_rectification"] != late {
		t.Fatalf("the office's inbox: %v", got)
	}
	s.secretary.Post("/v1/budgets/"+late+"/self-evaluations/2026/close", map[string]any{"done": true, "result": "已落实"}).OK(nil)
	s.Stated(late, &budgetingv1.HoldReleased{})
	s.finance.Post("/v1/budgets/"+upkeep+"/issue", withPaper).OK(nil)
}

// TestOneUnitNeverSeesAnothers tries every endpoint with a stranger's token, and
// a query without a WHERE.
func TestOneUnitNeverSeesAnothers(t *testing.T) {
	t.Parallel()
	s := start(t)
	const id = "p-theirs"
	s.approve(id, "education", "new_build")
	s.declarer.Post("/v1/budgets/"+id+"/request", askFor).OK(nil)
	before := s.get(id)
	every := []string{"declarer", "finance_officer", "secretary"}
	stranger := s.As("civil.all", "civil-affairs", every...)
	stranger.Get("/v1/budgets/"+id).Refused(404, "not_found")
	for path, body := range map[string]any{
		"/request": askFor, "/issue": give, "/return": map[string]string{"reason": "x"},
		"/adjust":                       map[string]any{"amount_fen": 1, "document_no": "x", "reason": "x"},
		"/payments":                     map[string]any{"contract_no": "x", "voucher_no": "x", "payee": "x", "amount_fen": 1, "paid_on": "2026-04-01"},
		"/self-evaluations":             map[string]any{"year": 2026, "goals_met": true, "summary": "x"},
		"/self-evaluations/2026/report": map[string]string{"report": "x"},
		"/self-evaluations/2026/close":  map[string]any{"done": true, "result": "x"},
	} {
		stranger.Post("/v1/budgets/"+id+path, body).Refused(404, "not_found")
	}
	var list struct{ Items []budgeting.Budget }
	stranger.Get("/v1/budgets").OK(&list)
	if len(list.Items) != 0 || len(stranger.Asked()) != 0 {
		t.Fatalf("a stranger sees %+v", list)
	}
	for _, table := range []string{"budget", "deadline"} {
		if n := s.VisibleTo(table, "civil-affairs", "civil.all", every...); n != 0 {
			t.Errorf("a query without WHERE shows %d rows of %s", n, table)
		}
	}
	if n := s.VisibleTo("budget", "education", "edu.declarer"); n != 1 {
		t.Errorf("the unit itself sees %d rows", n)
	}
	auditor := s.As("audit.one", "audit", "auditor", "finance_officer", "declarer")
	auditor.Get("/v1/budgets/" + id).OK(nil)
	auditor.Post("/v1/budgets/"+id+"/return", map[string]string{"reason": "x"}).Refused(404, "not_found")
	if after := s.get(id); after.Version != before.Version {
		t.Errorf("version %d became %d", before.Version, after.Version)
	}
}

func TestOneKeyHasOneEffectAndNoUpdateIsLost(t *testing.T) {
	t.Parallel()
	s := start(t)
	const id = "p-once"
	s.approve(id, "education", "new_build")
	key := moduletest.Key("k1")
	first := s.declarer.Post("/v1/budgets/"+id+"/request", askFor, key).OK(nil)
	again := s.declarer.Post("/v1/budgets/"+id+"/request", askFor, key).OK(nil)
	if string(first.Body) != string(again.Body) {
		t.Errorf("%s\n%s", first.Body, again.Body)
	}
	other := map[string]any{"amount_fen": 1, "fiscal_year": 2026}
	s.declarer.Post("/v1/budgets/"+id+"/request", other, key).Refused(422, "idempotency_key_reused")
	stale := s.get(id).Version - 1
	s.finance.Post("/v1/budgets/"+id+"/issue", give, moduletest.IfMatch(stale)).Refused(412, "stale_version")
	s.finance.Post("/v1/budgets/"+id+"/issue", give, moduletest.IfMatch(stale+1), moduletest.Key("k2")).OK(nil)
	s.finance.Post("/v1/budgets/"+id+"/issue", give, moduletest.IfMatch(stale+1), moduletest.Key("k2")).OK(nil)
	if n := s.Count(id, &budgetingv1.BudgetRequested{}); n != 1 {
		t.Errorf("requested %d times", n)
	}
	if n := s.Count(id, &budgetingv1.BudgetIssued{}); n != 1 {
		t.Errorf("issued %d times", n)
	}
}

// TestWhoOneIsComesFromTheTokenAlone tries roles in the body and in headers,
// the wrong role, and the declarer's own account at finance.
func TestWhoOneIsComesFromTheTokenAlone(t *testing.T) {
	t.Parallel()
	s := start(t)
	const id = "p-who"
	s.approve(id, "education", "new_build")
	s.declarer.Post("/v1/budgets/"+id+"/request", askFor).OK(nil)
	s.declarer.Post("/v1/budgets/"+id+"/issue", give).Refused(403, "role_required")
	s.declarer.Post("/v1/budgets/"+id+"/issue", give,
		moduletest.Header{Name: "X-Roles", Value: "finance_officer"}, moduletest.Header{Name: "X-Unit", Value: "finance"}).Refused(403, "role_required")
	with := map[string]any{"roles": []string{"finance_officer"}, "unit": "finance"}
	for k, v := range give {
		with[k] = v
	}
	s.finance.Post("/v1/budgets/"+id+"/issue", with).Refused(400, "invalid_input")
	s.As("office.x", "gov-office", "finance_officer").Post("/v1/budgets/"+id+"/issue", give).Refused(404, "not_found")
	s.With(authn.Principal{}).Get("/v1/budgets").Refused(401, "sign_in_required")
	// "test.declaration" is the account that submitted the project.
	s.As("test.declaration", "finance", "finance_officer").Post("/v1/budgets/"+id+"/issue", give).Refused(403, "own_project")
	delegate := s.With(authn.Principal{Subject: "fin.two", Unit: "finance", Roles: []string{"finance_officer"}, OnBehalfOf: "edu.declarer"})
	delegate.Post("/v1/budgets/"+id+"/issue", give).Refused(403, "own_project")
	if b := s.get(id); b.State != budgeting.Requested {
		t.Fatalf("%+v", b)
	}
}

// TestABadBodyIsToldEverythingAtOnce holds the whole problem to its golden text.
func TestABadBodyIsToldEverythingAtOnce(t *testing.T) {
	t.Parallel()
	s := start(t)
	a := s.finance.Post("/v1/budgets/p-x/issue", `{"amount_fen":-1,"issued_on":"2026-02-30","confirmations":[{"requirement":"","document_no":""}],"role":"chair"}`)
	a.Refused(400, "invalid_input")
	moduletest.Golden(t, "issue.problem.json", a.Body)
	if got := a.Header.Get("Content-Type"); got != "application/problem+json" {
		t.Error(got)
	}
}
