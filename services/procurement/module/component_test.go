package module_test

import (
	"fmt"
	"maps"
	"os"
	"testing"

	"egov/libs/attachment"
	"egov/libs/authn"
	"egov/libs/dbtest"
	sealing "egov/libs/module"
	"egov/libs/module/moduletest"
	"egov/libs/redistest"
	"egov/libs/store"
	budgetingv1 "egov/proto/gen/egov/budgeting/v1"
	conferencev1 "egov/proto/gen/egov/conference/v1"
	cryptoassessmentv1 "egov/proto/gen/egov/cryptoassessment/v1"
	cybersecurityv1 "egov/proto/gen/egov/cybersecurity/v1"
	dataresourcev1 "egov/proto/gen/egov/dataresource/v1"
	deadlinev1 "egov/proto/gen/egov/deadline/v1"
	declarationv1 "egov/proto/gen/egov/declaration/v1"
	procurementv1 "egov/proto/gen/egov/procurement/v1"
	typev1 "egov/proto/gen/egov/type/v1"
	"egov/services/procurement"
	"egov/services/procurement/module"
)

func TestMain(m *testing.M) {
	os.Exit(redistest.Main(func() int { return dbtest.Main(m) }))
}

const (
	supplier, supplierCode = "申城软件", "91350100M000100Y43"
	watcher, watcherCode   = "浦江监理", "914403001922038216"
)

// town is the service with the people who use it and the services it follows.
type town struct {
	*moduletest.Service
	t                           *testing.T
	declarer, centre, secretary *moduletest.Client
}

func start(t *testing.T) *town {
	t.Helper()
	s := moduletest.Start(t, module.Name, "2026-04-01", module.New)
	return &town{
		Service: s, t: t,
		declarer: s.As("edu.declarer", "education", "declarer"), centre: s.As("fac.officer", "facilities", "procurement_officer"),
		secretary: s.As("office.secretary", "gov-office", "secretary"),
	}
}

// open has the other services state what opens the procurement of project id,
// the budget first.
func (s *town) open(id string, change ...func(*typev1.ProjectBrief)) {
	s.t.Helper()
	p := &typev1.ProjectBrief{
		ProjectId: id, Title: "智慧校园", Kind: "new_build", Unit: "education", UnitKind: "administrative", AmountFen: 300_000_000,
		PureSoftware: true, Route: "review", Pack: "yangpu-2023", DeclaredOn: "2026-03-02", XcConformant: true, PublicData: true, KeyAnnual: true,
		Obligations: []string{"government_procurement", "engineering_supervision", "investment_supervision", "crypto_assessment"},
	}
	for _, f := range change {
		f(p)
	}
	s.Other("budgeting").State(id, "finance", &budgetingv1.BudgetIssued{ProjectId: id, AmountFen: 290_000_000, IssuedOn: "2026-04-01"})
	s.Other("conference").State(id, "gov-office", &conferencev1.DecisionTaken{ProjectId: id, Outcome: "approved", ApprovedFen: 300_000_000, DecidedOn: "2026-03-20"})
	s.Other("declaration").State(id, p.GetUnit(), &declarationv1.ProjectSubmitted{Project: p}, &declarationv1.ProjectAccepted{Project: p})
	s.Await(id+" open", func() bool { return s.get(id).State == procurement.Open })
}

func (s *town) get(id string) (p procurement.Procurement) {
	s.t.Helper()
	if a := s.declarer.Get("/v1/procurements/" + id); a.Status == 200 {
		a.OK(&p)
	}
	return p
}

var (
	begin  = map[string]any{"method": "competitive_consultation", "started_on": "2026-04-01"}
	notice = map[string]any{"notice_no": "SHXM-1", "published_on": "2026-04-01", "value_fen": 290_000_000}
	won    = map[string]any{"supplier": supplier, "supplier_credit_code": supplierCode, "value_fen": 280_000_000, "bidders": 9, "awarded_on": "2026-04-01"}
)

// contract attaches the papers of a contract and gives its body.
func (s *town) contract(id string) map[string]any {
	s.t.Helper()
	var papers []map[string]string
	for _, item := range []string{"contract_copy", "build_plan", "schedule"} {
		var paper attachment.Document
		s.declarer.Post("/v1/procurements/"+id+"/attachments?name="+item+".txt", []byte("the paper for "+item), moduletest.Header{Name: "Content-Type", Value: "text/plain"}).OK(&paper)
		papers = append(papers, map[string]string{"item": item, "sha256": paper.SHA256})
	}
	return map[string]any{
		"contract_no": "HT-1", "supplier": supplier, "supplier_credit_code": supplierCode, "value_fen": 280_000_000,
		"effective_on": "2026-04-01", "ends_on": "2026-12-31", "papers": papers,
	}
}

// named has the declaration state who answers for the project.
func (s *town) named(id string) {
	s.t.Helper()
	s.Other("declaration").State(id, "education", &declarationv1.ResponsibleNamed{ProjectId: id, Leader: "王主任", Contact: "李工"})
	s.Await("somebody answers for it", func() bool { return s.get(id).Heard[procurement.FactResponsible] != "" })
}

// contracted brings a project to its filed contract.
func (s *town) contracted(id string) {
	s.t.Helper()
	s.open(id)
	s.named(id)
	s.declarer.Post("/v1/procurements/"+id+"/start", begin).OK(nil)
	s.centre.Post("/v1/procurements/"+id+"/tender", notice).OK(nil)
	s.centre.Post("/v1/procurements/"+id+"/award", won).OK(nil)
	s.declarer.Post("/v1/procurements/"+id+"/contract", s.contract(id)).OK(nil)
}

func TestAProjectIsProcuredDeliveredAndAccepted(t *testing.T) {
	t.Parallel()
	s := start(t)
	const id = "p-road"
	s.open(id)
	path := "/v1/procurements/" + id
	p := s.declarer.Post(path+"/start", begin).Refused(422, "start_refused")
	if len(p.Violations) != 1 || p.Violations[0].Code != "responsible_named" || p.Basis[0] != "YP23-R-5.5.3" {
		t.Fatalf("%+v", p)
	}
	s.named(id)
	s.centre.Get(path).Refused(404, "not_found") // not on its desk yet
	s.declarer.Post(path+"/start", begin).OK(nil)
	if got := s.centre.Asked(); got["publish_tender"] != id {
		t.Fatalf("the centre's inbox: %v", got)
	}
	s.declarer.Post(path+"/contract", s.contract(id)).Refused(422, "contract_refused")
	s.centre.Post(path+"/tender", notice).OK(nil)
	s.centre.Post(path+"/award", won).OK(nil)
	over := s.contract(id)
	over["value_fen"] = 300_000_001
	s.declarer.Post(path+"/contract", over).Refused(422, "contract_over_approved")
	s.declarer.Post(path+"/contract", s.contract(id)).OK(nil)
	filed := s.Stated(id, &procurementv1.ContractFiled{})
	if filed.Data["signature"].(map[string]any)["alg"] != "sm2" || len(filed.Data["documents"].([]any)) != 3 || filed.Unit != "education" {
		t.Fatalf("%+v", filed)
	}
	s.secretary.Get(path).OK(nil) // filed with the conference office

	missing := s.declarer.Post(path+"/accept", map[string]any{"passed": true, "accepted_on": "2026-04-01", "final_fen": 270_000_000, "opinion": "同意", "panel": []string{"王主任"}}).Refused(422, "acceptance_refused")
	if len(missing.Violations) != 11 {
		t.Fatalf("%+v", missing.Violations)
	}
	for kind, firm := range map[string][]string{"engineering": {watcher, watcherCode}, "investment": {"区投资监理", "91110108551385082Q"}} {
		s.declarer.Post(path+"/supervisions", map[string]any{"supervision": kind, "supervisor_name": firm[0], "credit_code": firm[1], "fee_fen": 1_000_000, "engaged_on": "2026-04-01"}).OK(nil)
	}
	for test, by := range map[string]string{"self_check": "区教育局", "software_test": "市测评中心", "summary": "区教育局", "supervision_report": watcher} {
		s.declarer.Post(path+"/tests", map[string]any{"test": test, "passed": true, "performed_by": by, "report_no": "B-1", "completed_on": "2026-04-01"}).OK(nil)
	}
	s.Other("dataresource").State(id, "big-data", &dataresourcev1.CataloguePublished{ProjectId: id, CatalogueId: "c1"})
	s.Other("cybersecurity").State(id, "police-cyber", &cybersecurityv1.AssessmentCompleted{ProjectId: id, Conformant: true, CompletedOn: "2026-04-01"})
	s.Other("cryptoassessment").State(id, "party-office", &cryptoassessmentv1.CryptoAssessmentCompleted{ProjectId: id, Conformant: true, CompletedOn: "2026-04-01"})
	s.Other("cybersecurity").State(id, "education", &cybersecurityv1.SecurityEvidenced{ProjectId: id, CompletedOn: "2026-04-01"})
	s.Other("cryptoassessment").State(id, "secrecy", &cryptoassessmentv1.XCGuided{ProjectId: id})
	s.Await("the other services' facts", func() bool {
		h := s.get(id).Heard
		return h[procurement.FactCatalogue] != "" && h[procurement.FactAssessment] != "" && h[procurement.FactCrypto] != "" &&
			h[procurement.FactSecurity] != "" && h[procurement.FactXC] != ""
	})
	s.declarer.Post(path+"/accept", map[string]any{"passed": true, "accepted_on": "2026-04-01", "final_fen": 270_000_000, "opinion": "同意", "panel": []string{"王主任"}}).OK(nil)
	s.declarer.Post(path+"/acceptance-filing", nil).OK(nil)
	s.declarer.Post(path+"/assets", map[string]any{"items": []map[string]any{{"name": "服务器", "category": "硬件", "quantity": 2, "value_fen": 1_000_000, "custodian": "信息科"}}}).OK(nil)
	got := s.get(id)
	if got.State != procurement.Filed || len(got.Todo) != 0 {
		t.Fatalf("%s %+v", got.State, got.Todo)
	}
	s.sealed(got)
	states := map[string]string{}
	for _, d := range s.get(id).Deadlines {
		states[d.Obligation] = string(d.State)
	}
	want := map[string]string{"procurement_start": "met", "procurement_stop": "met", "contract_filing": "met", "quarterly_report": "waived", "acceptance_filing": "met"}
	if !maps.Equal(states, want) {
		t.Fatalf("%v", states)
	}
}

// sealed checks that the stored contract and acceptance are what was sealed, and
// nothing else is.
func (s *town) sealed(p procurement.Procurement) {
	s.t.Helper()
	contract, acceptance := p.Contracts[0], p.Acceptances[0]
	contractSeal, acceptanceSeal := contract.Signature, acceptance.Signature
	contract.Signature, acceptance.Signature = nil, nil
	signed := sealing.Act{Act: "procurement.FileContract", Actor: "edu.declarer", Unit: "education", Document: contract}
	if err := s.Sealed(signed, contractSeal); err != nil {
		s.t.Errorf("the contract's seal: %v", err)
	}
	contract.ValueFen++
	signed.Document = contract
	if s.Sealed(signed, contractSeal) == nil {
		s.t.Error("the contract's seal covers another value too")
	}
	if err := s.Sealed(sealing.Act{Act: "procurement.AcceptProject", Actor: "edu.declarer", Unit: "education", Document: acceptance}, acceptanceSeal); err != nil {
		s.t.Errorf("the acceptance's seal: %v", err)
	}
}

// TestWhatIsOverdueReachesTheOffice follows the service's own missed deadline
// through its outbox, Redis and back.
func TestWhatIsOverdueReachesTheOffice(t *testing.T) {
	t.Parallel()
	s := start(t)
	const id = "p-late"
	s.open(id)
	s.secretary.Get("/v1/procurements/"+id).Refused(404, "not_found")
	s.Set("2026-10-02") // half a year and a day
	missed := s.Stated(id, &deadlinev1.DeadlineMissed{})
	if missed.Unit != "education" || missed.Actor != "service:procurement" {
		t.Fatalf("%+v", missed)
	}
	s.Await("the office sees it", func() bool { return s.secretary.Get("/v1/procurements/"+id).Status == 200 })
	s.Await("the unit is asked for its reason", func() bool { return s.declarer.Asked()["file_deferral"] == id })
	var list struct{ Items []store.DeadlineRow }
	s.secretary.Get("/v1/deadlines?state=late&project_id=" + id).OK(&list)
	if len(list.Items) != 2 {
		t.Fatalf("%+v", list.Items)
	}
	s.declarer.Post("/v1/procurements/"+id+"/deferrals", map[string]any{"reason": "等待上级标准", "expected_on": "2026-12-01"}).OK(nil)
	if n := s.Count(id, &procurementv1.DeferralFiled{}); n != 1 {
		t.Fatal(n)
	}
}

// TestABehindProjectCatchesUp is the office's part.
func TestABehindProjectCatchesUp(t *testing.T) {
	t.Parallel()
	s := start(t)
	const id = "p-behind"
	s.contracted(id)
	path := "/v1/procurements/" + id
	s.declarer.Post(path+"/quarterly-reports", map[string]any{"quarter": "2026Q2", "progress_percent": 5, "planned_percent": 40, "summary": "人手不足"}).OK(nil)
	if got := s.secretary.Asked(); got["order_rectification"] != id {
		t.Fatalf("the office's inbox: %v", got)
	}
	s.secretary.Post(path+"/rectifications", map[string]any{"reason": "进度滞后", "due_on": "2026-04-20"}).OK(nil)
	s.declarer.Post(path+"/rectifications/report", map[string]any{"report": "增加人手"}).OK(nil)
	s.secretary.Post(path+"/rectifications/close", map[string]any{"done": true, "result": "已追平"}).OK(nil)
	s.Stated(id, &procurementv1.RectificationClosed{})
}

// acts is every act of the service with a body that is well formed.
func (s *town) acts(id string) map[string]any {
	paper := fmt.Sprintf("%064d", 0)
	return map[string]any{
		"/start": begin, "/tender": notice, "/award": won,
		"/signing":   map[string]any{"contract_no": "HT-1", "effective_on": "2026-04-01"},
		"/deferrals": map[string]any{"reason": "x", "expected_on": "2026-12-01"},
		"/contract": map[string]any{
			"contract_no": "HT-1", "supplier": supplier, "supplier_credit_code": supplierCode, "value_fen": 1, "effective_on": "2026-04-01", "ends_on": "2026-12-31",
			"papers": []map[string]string{{"item": "contract_copy", "sha256": paper}},
		},
		"/contracts/1/amendments": map[string]any{"amendment_no": "1", "value_fen": 1, "reason": "x", "effective_on": "2026-04-01", "papers": []map[string]string{{"item": "x", "sha256": paper}}},
		"/supervisions":           map[string]any{"supervision": "engineering", "supervisor_name": watcher, "credit_code": watcherCode, "fee_fen": 1, "engaged_on": "2026-04-01"},
		"/quarterly-reports":      map[string]any{"quarter": "2026Q2", "progress_percent": 1, "planned_percent": 1, "summary": "x"},
		"/rectifications":         map[string]any{"reason": "x", "due_on": "2026-12-01"},
		"/rectifications/report":  map[string]any{"report": "x"},
		"/rectifications/close":   map[string]any{"done": true, "result": "x"},
		"/tests":                  map[string]any{"test": "self_check", "passed": true, "performed_by": "x", "report_no": "x", "completed_on": "2026-04-01"},
		"/accept":                 map[string]any{"passed": true, "accepted_on": "2026-04-01", "final_fen": 1, "opinion": "x", "panel": []string{"x"}},
		"/acceptance-filing":      nil,
		"/assets":                 map[string]any{"items": []map[string]any{{"name": "x", "category": "x", "quantity": 1, "value_fen": 0, "custodian": "x"}}},
		"/attachments?name=x.txt": []byte("x"),
	}
}

// TestOneUnitNeverSeesAnothers tries every endpoint with a stranger's token, and
// a query without a WHERE.
func TestOneUnitNeverSeesAnothers(t *testing.T) {
	t.Parallel()
	s := start(t)
	const id = "p-theirs"
	s.contracted(id)
	before := s.get(id)
	every := []string{"declarer", "procurement_officer", "secretary"}
	stranger := s.As("civil.all", "civil-affairs", every...)
	stranger.Get("/v1/procurements/"+id).Refused(404, "not_found")
	stranger.Get("/v1/procurements/"+id+"/attachments/"+before.Papers[0].SHA256).Refused(404, "not_found")
	for path, body := range s.acts(id) {
		stranger.Post("/v1/procurements/"+id+path, body).Refused(404, "not_found")
	}
	var list struct{ Items []procurement.Procurement }
	stranger.Get("/v1/procurements").OK(&list)
	if len(list.Items) != 0 || len(stranger.Asked()) != 0 {
		t.Fatalf("a stranger sees %+v", list)
	}
	for _, table := range []string{"procurement", "deadline"} {
		if n := s.VisibleTo(table, "civil-affairs", "civil.all", every...); n != 0 {
			t.Errorf("a query without WHERE shows %d rows of %s", n, table)
		}
	}
	if n := s.VisibleTo("procurement", "education", "edu.declarer"); n != 1 {
		t.Errorf("the unit itself sees %d rows", n)
	}
	auditor := s.As("audit.one", "audit", append(every, "auditor")...)
	auditor.Get("/v1/procurements/" + id).OK(nil)
	for path, body := range s.acts(id) {
		if a := auditor.Post("/v1/procurements/"+id+path, body); a.Status < 400 {
			t.Errorf("an auditor may %s", path)
		}
	}
	if after := s.get(id); after.Version != before.Version {
		t.Errorf("version %d became %d", before.Version, after.Version)
	}
}

func TestOneKeyHasOneEffectAndNoUpdateIsLost(t *testing.T) {
	t.Parallel()
	s := start(t)
	const id = "p-once"
	s.open(id)
	s.named(id)
	path, key := "/v1/procurements/"+id, moduletest.Key("k1")
	first := s.declarer.Post(path+"/start", begin, key).OK(nil)
	again := s.declarer.Post(path+"/start", begin, key).OK(nil)
	if string(first.Body) != string(again.Body) {
		t.Errorf("%s\n%s", first.Body, again.Body)
	}
	s.declarer.Post(path+"/start", map[string]any{"method": "single_source", "started_on": "2026-04-01"}, key).Refused(422, "idempotency_key_reused")
	version := s.get(id).Version
	s.centre.Post(path+"/tender", notice, moduletest.IfMatch(version-1)).Refused(412, "stale_version")
	for range 3 {
		s.centre.Post(path+"/tender", notice, moduletest.IfMatch(version), moduletest.Key("k2")).OK(nil)
		s.centre.Post(path+"/award", won, moduletest.Key("k3")).OK(nil)
	}
	for _, fact := range []struct {
		name string
		n    int
	}{
		{"start", s.Count(id, &procurementv1.ProcurementStarted{})},
		{"tender", s.Count(id, &procurementv1.TenderPublished{})},
		{"award", s.Count(id, &procurementv1.AwardMade{})},
	} {
		if fact.n != 1 {
			t.Errorf("%s: %d times", fact.name, fact.n)
		}
	}
}

// TestWhoOneIsComesFromTheTokenAlone tries roles in the body and in headers,
// the wrong role, and the declarer's own account at the centre.
func TestWhoOneIsComesFromTheTokenAlone(t *testing.T) {
	t.Parallel()
	s := start(t)
	const id = "p-who"
	s.open(id)
	s.named(id)
	path := "/v1/procurements/" + id
	s.declarer.Post(path+"/start", begin).OK(nil)
	fake := []moduletest.Header{{Name: "X-Roles", Value: "procurement_officer"}, {Name: "X-Unit", Value: "facilities"}}
	s.declarer.Post(path+"/tender", notice, fake...).Refused(403, "not_procurement_centre")
	s.As("edu.member", "education", "member").Post(path+"/tender", notice, fake...).Refused(403, "role_required")
	with := map[string]any{"roles": []string{"procurement_officer"}}
	maps.Copy(with, notice)
	s.centre.Post(path+"/tender", with).Refused(400, "invalid_input")
	s.With(authn.Principal{}).Get("/v1/procurements").Refused(401, "sign_in_required")
	// "test.declaration" is the account that submitted the project.
	s.As("test.declaration", "facilities", "procurement_officer").Post(path+"/tender", notice).Refused(403, "own_project")
	if got := s.get(id); got.State != procurement.Started {
		t.Fatalf("%+v", got)
	}
}

// TestABadBodyIsToldEverythingAtOnce holds the whole problem to its golden text.
func TestABadBodyIsToldEverythingAtOnce(t *testing.T) {
	t.Parallel()
	s := start(t)
	a := s.declarer.Post("/v1/procurements/p-x/contract", `{"contract_no":"","supplier_credit_code":"91350100M000100Y44","value_fen":"1","effective_on":"2026-05-01","ends_on":"2026-04-30","papers":[{"item":"","sha256":"x"}],"unit":"education"}`)
	a.Refused(400, "invalid_input")
	moduletest.Golden(t, "contract.problem.json", a.Body)
}
