package module_test

import (
	"os"
	"testing"

	"egov/libs/attachment"
	"egov/libs/conf"
	"egov/libs/dbtest"
	"egov/libs/module/moduletest"
	"egov/libs/redistest"
	cryptoassessmentv1 "egov/proto/gen/egov/cryptoassessment/v1"
	cybersecurityv1 "egov/proto/gen/egov/cybersecurity/v1"
	deadlinev1 "egov/proto/gen/egov/deadline/v1"
	declarationv1 "egov/proto/gen/egov/declaration/v1"
	procurementv1 "egov/proto/gen/egov/procurement/v1"
	typev1 "egov/proto/gen/egov/type/v1"
	"egov/services/cryptoassessment"
	"egov/services/cryptoassessment/module"
)

func TestMain(m *testing.M) {
	os.Exit(redistest.Main(func() int { return dbtest.Main(m) }))
}

// bureau is the running service and the people around it.
type bureau struct {
	*moduletest.Service
	officer, declarer, supervisor *moduletest.Client
}

func start(t *testing.T) bureau {
	t.Helper()
	s := moduletest.Start(t, module.Name, "2026-03-02", module.New)
	return bureau{
		s, s.As("crypto.officer", "party-office", "crypto_officer"),
		s.As("centre.declarer", "education-centre", "declarer"), s.As("edu.supervisor", "education", "supervisor"),
	}
}

// brief is a project of the education centre that asks for the given items.
func brief(id string, items ...string) *typev1.ProjectBrief {
	return &typev1.ProjectBrief{
		ProjectId: id, Title: "教育平台", Kind: "new_build", Unit: "education-centre", Supervisor: "education", AmountFen: 220_000_000, Route: "review",
		Pack: "yangpu-2023", Items: items, Obligations: []string{"crypto_assessment"}, DeclaredOn: "2026-03-02",
	}
}

func (b bureau) submitted(p *typev1.ProjectBrief) {
	b.Other("declaration").State(p.GetProjectId(), p.GetUnit(), &declarationv1.ProjectSubmitted{Project: p})
}

// read gives what the declaring unit sees, or the zero value.
func read[T any](b bureau, path string) (v T) {
	if a := b.declarer.Get(path); a.Status == 200 {
		a.OK(&v)
	}
	return v
}

func (b bureau) plan(id string) cryptoassessment.Plan {
	return read[cryptoassessment.Plan](b, "/v1/plans/"+id)
}

func (b bureau) exemption(id string) cryptoassessment.Exemption {
	return read[cryptoassessment.Exemption](b, "/v1/exemptions/"+id)
}

func (b bureau) assessment(id string) cryptoassessment.Assessment {
	return read[cryptoassessment.Assessment](b, "/v1/assessments/"+id)
}

func content(change ...func(map[string]any)) map[string]any {
	m := map[string]any{
		"summary": "身份鉴别、传输和存储采用国密算法", "level": 3,
		"algorithms": []map[string]string{{"name": "SM2", "purpose": "签名"}, {"name": "sm4", "purpose": "存储加密"}},
	}
	for _, f := range change {
		f(m)
	}
	return m
}

func answer(accepted bool) map[string]any {
	return map[string]any{"accepted": accepted, "opinion": "已审"}
}

func report(no, on string, conformant bool) map[string]any {
	return map[string]any{"assessor": "某密评机构", "report_no": no, "conformant": conformant, "conclusion": "基本符合", "completed_on": on}
}

var argument = map[string]any{"document_no": "专〔2026〕1号", "experts": []string{"甲", "乙", "丙"}, "held_on": "2026-03-01", "conclusion": "现有硬件暂无替代"}

func TestAPlanIsReturnedAndThenAccepted(t *testing.T) {
	t.Parallel()
	b := start(t)
	b.submitted(brief("p0", "basis"))
	b.submitted(brief("p1", "crypto_plan"))
	b.Await("the task", func() bool { return b.plan("p1").State == cryptoassessment.PlanWanted })
	if b.declarer.Actions() != "submit_plan" || b.plan("p0").ID != "" {
		t.Fatal(b.declarer.Actions())
	}
	base := "/v1/plans/p1"
	b.officer.Get(base).Refused(404, "not_found") // not at its desk yet
	var d attachment.Document
	b.declarer.Post(base+"/attachments?name=方案.txt", "密码应用方案\n", moduletest.Header{Name: "Content-Type", Value: "text/plain"}).OK(&d)
	var p cryptoassessment.Plan
	b.declarer.Post(base+"/submit", content()).OK(&p)
	if len(p.Attachments) != 1 || p.Round != 1 || b.officer.Actions() != "review_plan" || b.declarer.Actions() != "" {
		t.Fatalf("%+v", p)
	}
	b.declarer.Post(base+"/submit", content()).Refused(409, "wrong_stage")
	b.declarer.Post(base+"/attachments?name=b.txt", "x", moduletest.Header{Name: "Content-Type", Value: "text/plain"}).Refused(409, "wrong_stage")
	if got := b.officer.Get(base + "/attachments/" + d.SHA256).OK(nil); string(got.Body) != "密码应用方案\n" {
		t.Fatalf("%s", got.Body)
	}
	b.officer.Get(base+"/attachments/00").Refused(404, "no_such_attachment")

	b.officer.Post(base+"/review", answer(false)).OK(&p)
	if f := b.Stated("p1", &cryptoassessmentv1.CryptoPlanReviewed{}); f.Data["accepted"] != nil || p.State != cryptoassessment.PlanReturned || b.declarer.Actions() != "submit_plan" {
		t.Fatalf("%+v %+v", f, p)
	}
	b.declarer.Post(base+"/submit", content()).OK(nil)
	b.officer.Post(base+"/review", answer(true)).OK(&p)
	f := b.Stated("p1", &cryptoassessmentv1.CryptoPlanReviewed{})
	if f.Data["accepted"] != true || f.Unit != "party-office" || f.Data["signature"].(map[string]any)["alg"] != "sm2" || len(p.Reviews) != 2 {
		t.Fatalf("%+v %+v", f, p)
	}
	b.officer.Post(base+"/review", answer(true)).Refused(409, "wrong_stage")

	// Declared again, the accepted plan stands; withdrawn before its answer, a plan is closed.
	changed := brief("p1", "crypto_plan")
	changed.Title = "教育平台（修改）"
	b.submitted(changed)
	b.Await("the change", func() bool { return b.plan("p1").Title == changed.Title })
	if b.plan("p1").State != cryptoassessment.PlanAccepted {
		t.Fatal("an accepted plan was asked for again")
	}
	b.submitted(brief("p2", "crypto_plan"))
	b.Other("declaration").State("p2", "education-centre", &declarationv1.ProjectWithdrawn{ProjectId: "p2"})
	b.Await("the end", func() bool { return b.plan("p2").State == cryptoassessment.PlanClosed })
	b.submitted(brief("p2", "crypto_plan"))
	b.Await("the new beginning", func() bool { return b.plan("p2").State == cryptoassessment.PlanWanted })
}

func TestAnExemptionGoesThroughItsThreePapers(t *testing.T) {
	t.Parallel()
	b := start(t)
	b.submitted(brief("p1", "xc_expert_argument", "xc_supervisor_consent", "xc_confidential_filing"))
	b.Await("the task", func() bool { return b.exemption("p1").State == cryptoassessment.ArgumentWanted })
	base := "/v1/exemptions/p1"
	agree := map[string]any{"consented": true, "document_no": "教〔2026〕2号", "opinion": "同意"}
	b.supervisor.Post(base+"/answer", agree).Refused(404, "not_found")
	late := map[string]any{"document_no": "x", "experts": []string{"甲"}, "held_on": "2026-03-03", "conclusion": "x"}
	b.declarer.Post(base+"/argument", late).Refused(400, "invalid_input")
	b.declarer.Post(base+"/argument", argument).OK(nil)
	b.declarer.Post(base+"/argument", argument).Refused(409, "wrong_stage")
	if b.supervisor.Actions() != "answer_exemption" {
		t.Fatal(b.supervisor.Actions())
	}
	b.supervisor.Post(base+"/file", map[string]string{"document_no": "x"}).Refused(409, "wrong_stage")
	b.As("centre.head", "education-centre", "supervisor").Post(base+"/answer", agree).Refused(403, "not_supervising_unit")
	b.As("centre.declarer", "education", "supervisor").Post(base+"/answer", agree).Refused(403, "own_work")

	// Not agreed: the argument is made again.
	b.supervisor.Post(base+"/answer", map[string]any{"consented": false, "opinion": "论证不充分"}).OK(nil)
	if x := b.exemption("p1"); x.State != cryptoassessment.ArgumentWanted || x.Returned != "论证不充分" {
		t.Fatalf("%+v", x)
	}
	b.declarer.Post(base+"/argument", argument).OK(nil)
	b.supervisor.Post(base+"/attachments?name=函.txt", "同意\n", moduletest.Header{Name: "Content-Type", Value: "text/plain"}).OK(nil)
	b.supervisor.Post(base+"/answer", agree).OK(nil)
	b.officer.Get(base).Refused(404, "not_found")
	b.supervisor.Post(base+"/file", map[string]string{"document_no": "教〔2026〕3号"}).OK(nil)
	if b.officer.Actions() != "record_exemption" || b.supervisor.Actions() != "" {
		t.Fatal(b.officer.Actions())
	}
	b.As("edu.supervisor", "party-office", "crypto_officer").Post(base+"/record", map[string]string{"filing_no": "1"}).Refused(403, "own_work")
	b.officer.Post(base+"/return", map[string]string{"reason": "缺替代计划"}).OK(nil)
	b.Stated("p1", &cryptoassessmentv1.XCFilingReturned{})
	b.declarer.Post(base+"/argument", argument).OK(nil)
	b.supervisor.Post(base+"/answer", agree).OK(nil)
	b.supervisor.Post(base+"/file", map[string]string{"document_no": "教〔2026〕4号"}).OK(nil)
	var x cryptoassessment.Exemption
	b.officer.Post(base+"/record", map[string]string{"filing_no": "机要备1"}).OK(&x)
	f := b.Stated("p1", &cryptoassessmentv1.XCExemptionFiled{})
	if x.State != cryptoassessment.ExemptionFiled || f.Data["supervisor"] != "education" || f.Data["argument_no"] != "专〔2026〕1号" || f.Data["letter_no"] != "教〔2026〕4号" || f.Data["signature"] == nil {
		t.Fatalf("%+v %+v", x, f)
	}

	// A unit without a supervising unit answers for its own budget, but not in one person.
	own := brief("p2", "xc_confidential_filing")
	own.Supervisor = ""
	b.submitted(own)
	b.Await("the other", func() bool { return b.exemption("p2").State == cryptoassessment.ArgumentWanted })
	b.declarer.Post("/v1/exemptions/p2/argument", argument).OK(nil)
	b.As("centre.declarer", "education-centre", "supervisor").Post("/v1/exemptions/p2/answer", agree).Refused(403, "own_work")
	head := b.As("centre.head", "education-centre", "supervisor")
	head.Post("/v1/exemptions/p2/answer", agree).OK(nil)
	head.Post("/v1/exemptions/p2/file", map[string]string{"document_no": "y"}).OK(nil)
	b.officer.Post("/v1/exemptions/p2/record", map[string]string{"filing_no": "机要备1"}).Refused(409, "number_taken")
}

func TestAProjectIsAssessedBeforeItsAcceptanceAndItsSystemEveryYear(t *testing.T) {
	t.Parallel()
	b := start(t)
	p := brief("p1")
	base := "/v1/assessments/p1"
	// The services are heard in any order: the contract comes first here.
	b.Other("procurement").State("p1", "facilities", &procurementv1.ContractFiled{ProjectId: "p1"})
	b.Await("the contract", func() bool { return b.VisibleTo("assessment", "audit", "a", "auditor") == 1 })
	b.officer.Get(base).Refused(404, "not_found")
	b.Other("cybersecurity").State("p1", "police-cyber", &cybersecurityv1.GradeDetermined{ProjectId: "p1", SystemId: "p1", Grade: 3, DeterminedOn: "2026-03-02", Unit: p.Unit, Name: p.Title})
	b.Other("declaration").State("p1", "gov-office", &declarationv1.ProjectAccepted{Project: p})
	b.Await("the duty", func() bool {
		a := b.assessment("p1")
		return a.State == cryptoassessment.AssessmentOwed && a.Grade == 3
	})
	if b.declarer.Actions() != "submit_report" {
		t.Fatal(b.declarer.Actions())
	}
	b.declarer.Post(base+"/report", report("M1", "2026-03-03", true)).Refused(422, "report_refused")
	b.declarer.Post(base+"/attachments?name=报告.txt", "报告\n", moduletest.Header{Name: "Content-Type", Value: "text/plain"}).OK(nil)
	b.declarer.Post(base+"/report", report("M1", "2026-03-01", true)).OK(nil)
	b.declarer.Post(base+"/report", report("M1", "2026-03-01", true)).Refused(409, "wrong_stage")
	b.officer.Post(base+"/review", answer(false)).OK(nil)
	b.Stated("p1", &cryptoassessmentv1.CryptoAssessmentReturned{})
	b.declarer.Post(base+"/report", report("M1", "2026-03-01", false)).OK(nil)
	var a cryptoassessment.Assessment
	b.officer.Post(base+"/review", answer(true)).OK(&a)
	if a.State != cryptoassessment.AssessmentOwed {
		t.Fatalf("not conformant, and yet %s", a.State)
	}
	b.declarer.Post(base+"/report", report("M1", "2026-03-02", true)).Refused(422, "report_refused")
	b.declarer.Post(base+"/report", report("M2", "2026-03-02", true)).OK(nil)
	b.officer.Post(base+"/review", answer(true)).OK(&a)
	f := b.Stated("p1", &cryptoassessmentv1.CryptoAssessmentCompleted{})
	if a.State != cryptoassessment.AssessmentCompleted || a.NextDueOn != "" || f.Data["conformant"] != true || f.Data["signature"] == nil {
		t.Fatalf("%+v %+v", a, f)
	}
	b.Other("procurement").State("p1", "facilities", &procurementv1.AcceptancePassed{ProjectId: "p1", AcceptedOn: "2026-03-02"})
	b.Await("use", func() bool { return b.assessment("p1").NextDueOn == "2027-03-02" })
	b.Set("2027-03-03")
	b.Stated("p1", &deadlinev1.DeadlineMissed{})
	b.declarer.Post(base+"/report", report("M3", "2027-03-03", true)).OK(nil)
	b.officer.Post(base+"/review", answer(true)).OK(&a)
	if a.NextDueOn != "2028-03-03" {
		t.Fatalf("%+v", a)
	}
	b.Stated("p1", &deadlinev1.DeadlineFulfilledLate{})
	b.Other("cybersecurity").State("p1", "education-centre", &cybersecurityv1.SystemRetired{SystemId: "p1", Reason: "停用"})
	b.Await("the end", func() bool { return b.assessment("p1").State == cryptoassessment.AssessmentClosed })
	b.Stated("p1", &deadlinev1.DeadlineWaived{})
}

func TestSystemsInUseAreAssessedByGrade(t *testing.T) {
	t.Parallel()
	b := start(t)
	graded := func(id string, grade int32) {
		b.Other("cybersecurity").State(id, "police-cyber", &cybersecurityv1.GradeDetermined{SystemId: id, Grade: grade, DeterminedOn: "2026-03-02", Unit: "education-centre", Name: "在用系统", InUse: true})
	}
	graded("s2", 2)
	graded("s3", 3)
	b.Await("the period", func() bool { return b.assessment("s3").NextDueOn == "2027-03-02" })
	if b.assessment("s2").ID != "" || b.declarer.Actions() != "submit_report" {
		t.Fatal("a grade that is not assessed is on the list")
	}
	graded("s3", 2)
	b.Await("the lower grade", func() bool { return b.assessment("s3").Grade == 2 })
	if a := b.assessment("s3"); a.NextDueOn != "" || a.State != cryptoassessment.AssessmentLater || b.declarer.Actions() != "" {
		t.Fatalf("%+v", a)
	}
}

func TestNobodyAnswersTheirOwnWork(t *testing.T) {
	t.Parallel()
	b := start(t)
	b.submitted(brief("p1", "crypto_plan"))
	b.Await("the task", func() bool { return b.plan("p1").ID != "" })
	b.declarer.Post("/v1/plans/p1/submit", content()).OK(nil)
	b.As("centre.declarer", "party-office", "crypto_officer").Post("/v1/plans/p1/review", answer(true)).Refused(403, "own_work")
	b.As("test.declaration", "party-office", "crypto_officer").Post("/v1/plans/p1/review", answer(true)).Refused(403, "own_work")
	b.As("x", "education-centre", "crypto_officer").Post("/v1/plans/p1/review", answer(true)).Refused(403, "not_at_this_desk")
	b.declarer.Post("/v1/plans/p1/review", answer(true)).Refused(403, "role_required")
	b.As("y", "education", "declarer").Post("/v1/plans/p1/submit", content()).Refused(403, "not_declaring_unit")
}

func TestUnitsDoNotSeeEachOther(t *testing.T) {
	t.Parallel()
	b := start(t)
	p := brief("p1", "crypto_plan", "xc_confidential_filing")
	b.submitted(p)
	b.Other("declaration").State("p1", "gov-office", &declarationv1.ProjectAccepted{Project: p})
	b.Await("the rows", func() bool { return b.plan("p1").ID != "" && b.exemption("p1").ID != "" && b.assessment("p1").ID != "" })
	x := b.As("health", "health", "declarer", "supervisor", "crypto_officer")
	for path, body := range map[string]any{
		"/v1/plans/p1/submit": content(), "/v1/plans/p1/review": answer(true),
		"/v1/exemptions/p1/argument": argument, "/v1/exemptions/p1/answer": map[string]any{"consented": true, "document_no": "x", "opinion": "x"},
		"/v1/exemptions/p1/file": map[string]string{"document_no": "x"}, "/v1/exemptions/p1/record": map[string]string{"filing_no": "x"},
		"/v1/exemptions/p1/return": map[string]string{"reason": "x"}, "/v1/assessments/p1/report": report("x", "2026-03-01", true), "/v1/assessments/p1/review": answer(true),
		"/v1/plans/p1/attachments?name=a.txt": "text", "/v1/exemptions/p1/attachments?name=a.txt": "text", "/v1/assessments/p1/attachments?name=a.txt": "text",
	} {
		x.Post(path, body).Refused(404, "not_found")
	}
	for _, kind := range []string{"plan", "exemption", "assessment"} {
		x.Get("/v1/"+kind+"s/p1").Refused(404, "not_found")
		x.Get("/v1/"+kind+"s/p1/attachments/00").Refused(404, "not_found")
		var page struct{ Items []struct{} }
		x.Get("/v1/" + kind + "s?unit=education-centre").OK(&page)
		if len(page.Items) != 0 {
			t.Fatalf("the list of %ss shows another unit's", kind)
		}
		if b.VisibleTo(kind, "health", "health", "crypto_officer") != 0 || b.VisibleTo(kind, "education-centre", "x") != 1 || b.VisibleTo(kind, "audit", "a", "auditor") != 1 {
			t.Fatalf("row-level security of %s", kind)
		}
	}
}

func TestRepeatedAndBadRequests(t *testing.T) {
	t.Parallel()
	b := start(t)
	b.submitted(brief("p1", "crypto_plan"))
	b.Await("the task", func() bool { return b.plan("p1").ID != "" })
	base := "/v1/plans/p1"
	bad := b.declarer.Post(base+"/submit", `{"summary":"","level":5,"algorithms":[{"name":"AES","purpose":"传输"},{"name":"","purpose":""}],"role":"crypto_officer"}`)
	bad.Refused(400, "invalid_input")
	moduletest.Golden(t, "plan_bad.json", bad.Body)
	b.declarer.Post(base+"/submit", content(), moduletest.IfMatch(7)).Refused(412, "stale_version")
	if b.plan("p1").Round != 0 || len(b.Facts("p1")) != 0 {
		t.Fatal("a refused request left something behind")
	}
	for range 2 {
		b.declarer.Post(base+"/submit", content(), moduletest.Key("k")).OK(nil)
	}
	b.declarer.Post(base+"/submit", content(func(m map[string]any) { m["level"] = 2 }), moduletest.Key("k")).Refused(422, "idempotency_key_reused")
	if b.Count("p1", &cryptoassessmentv1.CryptoPlanSubmitted{}) != 1 {
		t.Fatal("one key had two effects")
	}
	b.officer.Post(base+"/review", map[string]string{"opinion": "x"}).Refused(400, "invalid_input")
	for range 2 {
		b.officer.Post(base+"/review", answer(true), moduletest.Key("k")).OK(nil)
	}
	if b.Count("p1", &cryptoassessmentv1.CryptoPlanReviewed{}) != 1 {
		t.Fatal("one review was stated twice")
	}
}

func TestWithoutAStoreOnlyDocumentsAreMissing(t *testing.T) {
	t.Parallel()
	s := moduletest.Start(t, module.Name, "2026-03-02", module.New, func(c *conf.Service) { c.Blob.URL = "" })
	b := bureau{s, s.As("crypto.officer", "party-office", "crypto_officer"), s.As("centre.declarer", "education-centre", "declarer"), nil}
	b.submitted(brief("p1", "crypto_plan"))
	b.Await("the task", func() bool { return b.plan("p1").ID != "" })
	b.declarer.Post("/v1/plans/p1/attachments?name=a.txt", "text").Refused(503, "attachment_storage_unavailable")
	b.declarer.Post("/v1/plans/p1/submit", content()).OK(nil)
}
