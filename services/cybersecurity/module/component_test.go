package module_test

import (
	"os"
	"slices"
	"strings"
	"testing"

	"egov/libs/dbtest"
	"egov/libs/module/moduletest"
	"egov/libs/redistest"
	cybersecurityv1 "egov/proto/gen/egov/cybersecurity/v1"
	deadlinev1 "egov/proto/gen/egov/deadline/v1"
	declarationv1 "egov/proto/gen/egov/declaration/v1"
	procurementv1 "egov/proto/gen/egov/procurement/v1"
	typev1 "egov/proto/gen/egov/type/v1"
	"egov/services/cybersecurity"
	"egov/services/cybersecurity/module"
)

func TestMain(m *testing.M) {
	os.Exit(redistest.Main(func() int { return dbtest.Main(m) }))
}

// desk is the running service and the people around it.
type desk struct {
	*moduletest.Service
	cyber, police, declarer *moduletest.Client
}

func start(t *testing.T) desk {
	t.Helper()
	s := moduletest.Start(t, module.Name, "2026-03-02", module.New)
	return desk{s, s.As("cac.officer", "cac", "cyber_officer"), s.As("police.officer", "police-cyber", "police_officer"), s.As("fac.declarer", "facilities", "declarer")}
}

// newBuild is a new build that waits for its grade.
func newBuild(id string) *typev1.ProjectBrief {
	return &typev1.ProjectBrief{
		ProjectId: id, Title: "机关事务平台", Kind: "new_build", Unit: "facilities", AmountFen: 694_791_100, Route: "review", Pack: "yangpu-2023",
		Steps: []string{"mlps_grading", "third_party_evaluation"}, Items: []string{"crypto_plan", "mlps_grading"}, DeclaredOn: "2026-03-02",
	}
}

// publishing is an information-publishing project that waits for consent.
func publishing(id string) *typev1.ProjectBrief {
	return &typev1.ProjectBrief{
		ProjectId: id, Title: "公众号运维", Kind: "information_publishing", Unit: "facilities", AmountFen: 9_800_000, Route: "review", Pack: "yangpu-2023",
		Steps: []string{"cac_consent", "third_party_evaluation"}, Items: []string{"cac_consent"}, DeclaredOn: "2026-03-02",
	}
}

// submitted lets the declaration service state projects, one after another.
func (d desk) submitted(projects ...*typev1.ProjectBrief) {
	for _, p := range projects {
		d.Other("declaration").State(p.GetProjectId(), "facilities", &declarationv1.ProjectSubmitted{Project: p})
	}
}

func (d desk) system(id string) (y cybersecurity.System) {
	if a := d.declarer.Get("/v1/systems/" + id); a.Status == 200 {
		a.OK(&y)
	}
	return y
}

func (d desk) consent(id string) (c cybersecurity.Consent) {
	if a := d.declarer.Get("/v1/consents/" + id); a.Status == 200 {
		a.OK(&c)
	}
	return c
}

func description(project string, change ...func(map[string]any)) map[string]any {
	m := map[string]any{
		"project_id": project, "name": "机关事务平台", "network": "government_extranet", "deployment": "government_cloud", "data_level": "general", "duty_holder": "信息科",
	}
	for _, f := range change {
		f(m)
	}
	return m
}

func inUse(m map[string]any) { delete(m, "project_id"); m["in_use_since"] = "2024-05-01" }

func proposal(s, a int) map[string]any {
	return map[string]any{"business_grade": s, "service_grade": a, "rationale": "受侵害客体为社会秩序", "expert_opinion": "同意"}
}

func grade(n int, no string) map[string]any {
	return map[string]any{"grade": n, "filing_no": no, "opinion": "同意定级"}
}

func report(no, on string, conformant bool) map[string]any {
	return map[string]any{"assessor": "某测评中心", "report_no": no, "conformant": conformant, "summary": "得分 92", "completed_on": on}
}

func TestASystemIsGradedBuiltAndAssessed(t *testing.T) {
	t.Parallel()
	d := start(t)
	d.submitted(newBuild("p1"))
	d.Await("the planned system", func() bool { return d.system("p1").State == cybersecurity.SystemPlanned })
	if got := d.declarer.Actions(); got != "register_system" {
		t.Fatal(got)
	}
	base := "/v1/systems/p1"
	d.declarer.Post(base+"/proposal", proposal(3, 2)).Refused(409, "wrong_stage")
	var y cybersecurity.System
	d.declarer.Post("/v1/systems", description("p1")).OK(&y)
	if y.ID != "p1" || y.InUse {
		t.Fatalf("%+v", y)
	}
	d.declarer.Post("/v1/systems", description("p1")).Refused(409, "wrong_stage")
	d.Stated("p1", &cybersecurityv1.SystemRegistered{})

	// Before the proposal reaches its desk, the police do not see the system.
	d.police.Get(base).Refused(404, "not_found")
	bare := proposal(3, 2)
	delete(bare, "expert_opinion")
	if p := d.declarer.Post(base+"/proposal", bare).Refused(422, "grading_refused"); p.Violations[0].Field != "expert_opinion" || len(p.Violations[0].Basis) == 0 {
		t.Fatalf("%+v", p)
	}
	d.declarer.Post(base+"/proposal", proposal(2, 1)).OK(&y)
	if y.Proposal.Grade != 2 || d.police.Actions() != "determine_grade" || d.declarer.Actions() != "" {
		t.Fatalf("%+v", y.Proposal)
	}
	d.police.Post(base+"/return", map[string]string{"reason": "业务信息应为三级"}).OK(&y)
	if y.State != cybersecurity.SystemRegistered || d.declarer.Actions() != "propose_grade" {
		t.Fatal(y.State)
	}
	d.declarer.Post(base+"/proposal", proposal(2, 3)).OK(&y)
	if p := d.police.Post(base+"/grade", map[string]any{"grade": 3, "opinion": "同意"}).Refused(422, "grading_refused"); p.Violations[0].Field != "filing_no" {
		t.Fatalf("%+v", p)
	}
	d.police.Post(base+"/grade", grade(3, "31011043001-26001")).OK(&y)
	f := d.Stated("p1", &cybersecurityv1.GradeDetermined{})
	if f.Data["grade"] != 3.0 || f.Unit != "police-cyber" || f.Data["signature"].(map[string]any)["alg"] != "sm2" || y.NextAssessmentOn != "" {
		t.Fatalf("%+v %+v", f, y)
	}

	// The year of grade three begins when the system is in use.
	d.Other("procurement").State("p1", "facilities", &procurementv1.AcceptancePassed{ProjectId: "p1", AcceptedOn: "2026-03-02"})
	d.Await("use", func() bool { return d.system("p1").InUse })
	if y = d.system("p1"); y.NextAssessmentOn != "2027-03-02" || d.declarer.Actions() != "record_assessment" {
		t.Fatalf("%+v", y)
	}
	d.Stated("p1", &deadlinev1.DeadlineSet{})

	d.Set("2027-02-01")
	d.declarer.Post(base+"/assessments", report("R1", "2027-01-20", false)).OK(&y)
	if d.declarer.Actions() != "record_assessment" || y.NextAssessmentOn != "2027-03-02" {
		t.Fatalf("%s %+v", d.declarer.Actions(), y)
	}
	if p := d.declarer.Post(base+"/assessments", report("R1", "2027-02-02", true)).Refused(422, "assessment_refused"); len(p.Violations) != 2 {
		t.Fatalf("%+v", p.Violations)
	}
	d.declarer.Post(base+"/assessments", report("R2", "2027-02-01", true)).OK(&y)
	if y.NextAssessmentOn != "2028-02-01" || d.declarer.Actions() != "record_assessment" {
		t.Fatalf("%s %+v", d.declarer.Actions(), y)
	}
	if f := d.Stated("p1", &cybersecurityv1.AssessmentCompleted{}); f.Data["next_due_on"] != "2028-02-01" {
		t.Fatalf("%+v", f)
	}
	d.Stated("p1", &deadlinev1.DeadlineMet{})
	d.Set("2028-02-02")
	d.Stated("p1", &deadlinev1.DeadlineMissed{})

	// A later project on the system is noted, another unit's is not.
	for id, unit := range map[string]string{"p2": "facilities", "p3": "education"} {
		p := newBuild(id)
		p.Unit, p.Kind, p.SystemId, p.Items, p.Steps = unit, "upgrade", "p1", nil, nil
		d.submitted(p)
	}
	d.Await("the upgrade", func() bool { return len(d.system("p1").Projects) > 0 })
	d.declarer.Post(base+"/retire", map[string]string{"reason": "并入统一平台"}).OK(&y)
	if y.State != cybersecurity.SystemRetired || strings.Join(y.Projects, " ") != "p2" || d.declarer.Actions() != "" {
		t.Fatalf("%+v", y)
	}
	d.Stated("p1", &cybersecurityv1.SystemRetired{})
	d.declarer.Post(base+"/retire", map[string]string{"reason": "再次"}).Refused(409, "wrong_stage")
}

func TestASystemInUseIsGradedAndRegraded(t *testing.T) {
	t.Parallel()
	d := start(t)
	var y cybersecurity.System
	d.declarer.Post("/v1/systems", description("", inUse)).OK(&y)
	base := "/v1/systems/" + y.ID
	d.declarer.Post(base+"/proposal", proposal(2, 2)).OK(nil)
	d.police.Post(base+"/grade", grade(2, "F-1")).OK(&y)
	if y.NextAssessmentOn != "2028-03-02" {
		t.Fatalf("%+v", y)
	}
	if f := d.Stated(y.ID, &cybersecurityv1.GradeDetermined{}); f.Data["project_id"] != nil || f.Data["in_use"] != true || f.Data["unit"] != "facilities" {
		t.Fatalf("%+v", f)
	}
	// The entry is kept true by those who read its present version.
	entry := description("", func(m map[string]any) {
		delete(m, "project_id")
		m["deployment"], m["deployment_reason"] = "hosted", "迁移过渡"
	})
	d.declarer.Do("PUT", base, entry).Refused(400, "invalid_input")
	d.declarer.Do("PUT", base, entry, moduletest.IfMatch(1)).Refused(412, "stale_version")
	d.declarer.Do("PUT", base, entry, moduletest.IfMatch(y.Version)).OK(&y)
	if f := d.Stated(y.ID, &cybersecurityv1.SystemChanged{}); f.Data["deployment"] != "hosted" || y.Grade != 2 {
		t.Fatalf("%+v", f)
	}
	// A new grade begins a new period; a returned proposal leaves the old one.
	d.declarer.Post(base+"/proposal", proposal(3, 3)).OK(nil)
	d.police.Post(base+"/return", map[string]string{"reason": "理由不足"}).OK(&y)
	if y.State != cybersecurity.SystemGraded || y.Grade != 2 {
		t.Fatalf("%+v", y)
	}
	d.declarer.Post(base+"/proposal", proposal(3, 3)).OK(nil)
	d.police.Post(base+"/grade", grade(3, "F-1")).OK(&y)
	if y.NextAssessmentOn != "2027-03-02" || len(y.Gradings) != 2 {
		t.Fatalf("%+v", y)
	}
	// One filing number, one system; the lowest grade needs none and is not assessed again.
	var other cybersecurity.System
	d.declarer.Post("/v1/systems", description("", inUse)).OK(&other)
	base = "/v1/systems/" + other.ID
	low := proposal(1, 1)
	delete(low, "expert_opinion")
	d.declarer.Post(base+"/proposal", low).OK(nil)
	d.police.Post(base+"/grade", grade(1, "F-1")).Refused(409, "number_taken")
	d.police.Post(base+"/grade", map[string]any{"grade": 1, "opinion": "同意"}).OK(&other)
	if other.NextAssessmentOn != "" || other.Grade != 1 {
		t.Fatalf("%+v", other)
	}
	var list struct{ Items []cybersecurity.System }
	d.cyber.Get("/v1/systems?grade=3&in_use=true&state=graded&unit=facilities").OK(&list)
	if len(list.Items) != 1 || list.Items[0].ID != y.ID {
		t.Fatalf("%+v", list)
	}
}

func TestConsentToPublish(t *testing.T) {
	t.Parallel()
	d := start(t)
	none := newBuild("p9")
	none.Items, none.Steps = []string{"basis"}, []string{"third_party_evaluation"}
	d.submitted(none, publishing("p1"))
	d.Await("the request", func() bool { return d.consent("p1").State == cybersecurity.ConsentRequested })
	d.cyber.Get("/v1/consents/p9").Refused(404, "not_found")
	d.cyber.Get("/v1/systems/p9").Refused(404, "not_found")
	if got := d.cyber.Actions(); got != "give_consent" {
		t.Fatal(got)
	}
	base := "/v1/consents/p1"
	d.cyber.Post(base+"/refuse", map[string]string{"reason": "账号定位重复"}).OK(nil)
	if f := d.Stated("p1", &cybersecurityv1.PublishingConsentRefused{}); f.Data["reason"] != "账号定位重复" {
		t.Fatalf("%+v", f)
	}
	d.cyber.Post(base+"/refuse", map[string]string{"reason": "x"}).Refused(409, "wrong_stage")

	// Declared again, it asks again.
	d.submitted(publishing("p1"))
	d.Await("the second request", func() bool { return d.consent("p1").Round == 2 })
	channels := []map[string]string{{"platform": "wechat", "account": "杨浦机关事务"}, {"platform": "weibo", "account": "机关事务"}}
	var c cybersecurity.Consent
	d.cyber.Post(base+"/give", map[string]any{"consent_no": "杨网备1", "channels": channels}).OK(&c)
	f := d.Stated("p1", &cybersecurityv1.PublishingConsentGiven{})
	if c.State != cybersecurity.ConsentGiven || f.Data["channels"].([]any)[0] != "wechat/杨浦机关事务" || f.Data["signature"] == nil || d.cyber.Actions() != "" {
		t.Fatalf("%+v %+v", c, f)
	}
	// A consent that was given stands when the declaration comes again.
	again := publishing("p1")
	again.Title = "公众号运维（修改）"
	d.submitted(again, publishing("p2"))
	d.Await("the change", func() bool { return d.consent("p1").Title == again.Title })
	if c := d.consent("p1"); c.State != cybersecurity.ConsentGiven {
		t.Fatalf("%+v", c)
	}
	d.Await("the other request", func() bool { return d.consent("p2").Round == 1 })
	d.cyber.Post("/v1/consents/p2/give", map[string]any{"consent_no": "杨网备1", "channels": channels}).Refused(409, "number_taken")

	// Accounts of the project are on record only as far as consented to.
	site := map[string]any{"project_id": "p1", "channel": "wechat", "address": "另一个号", "name": "机关事务", "department": "办公室", "leader": "张三", "contact": "12345678"}
	d.declarer.Post("/v1/sites", site).Refused(422, "no_publishing_consent")
	site["address"] = "杨浦机关事务"
	d.declarer.Post("/v1/sites", site).OK(nil)
	if f := d.Stated("p1", &cybersecurityv1.WebsiteFiled{}); f.Data["action"] != "opened" {
		t.Fatalf("%+v", f)
	}
	d.Other("declaration").State("p2", "facilities", &declarationv1.ProjectWithdrawn{ProjectId: "p2"})
	d.Await("the end", func() bool { return d.consent("p2").State == cybersecurity.ConsentClosed })
	if d.cyber.Actions() != "" {
		t.Fatal("a withdrawn project is still on the desk")
	}
}

func TestSitesOpenChangeAndClose(t *testing.T) {
	t.Parallel()
	d := start(t)
	site := map[string]any{"channel": "website", "address": "www.example.gov.cn", "name": "专题网站", "department": "办公室", "leader": "张三", "contact": "12345678"}
	if p := d.declarer.Post("/v1/sites", site).Refused(400, "invalid_input"); p.Violations[0].Field != "approval" || p.Basis[0] != "YP23-M-24" {
		t.Fatalf("%+v", p)
	}
	site["approval"] = "沪府办〔2025〕1号"
	var y cybersecurity.Site
	d.declarer.Post("/v1/sites", site).OK(&y)
	d.declarer.Post("/v1/sites", site).Refused(409, "site_on_record")
	entry := map[string]any{"name": "专题网站", "department": "宣传科", "leader": "李四", "contact": "87654321", "reason": "职责调整"}
	base := "/v1/sites/" + y.ID
	d.declarer.Do("PUT", base, entry).Refused(400, "invalid_input")
	d.declarer.Do("PUT", base, entry, moduletest.IfMatch(y.Version)).OK(&y)
	d.declarer.Do("PUT", base, entry, moduletest.IfMatch(1)).Refused(412, "stale_version")
	if y.Leader != "李四" || y.Filings[1].Was.Leader != "张三" {
		t.Fatalf("%+v", y)
	}
	d.cyber.Get(base).OK(nil)
	d.declarer.Post(base+"/close", map[string]string{"reason": "任务结束", "closed_on": "2026-03-03"}).Refused(400, "invalid_input")
	d.declarer.Post(base+"/close", map[string]string{"reason": "任务结束", "closed_on": "2026-03-01"}).OK(&y)
	d.declarer.Post(base+"/close", map[string]string{"reason": "任务结束", "closed_on": "2026-03-01"}).Refused(409, "wrong_stage")
	d.declarer.Post("/v1/sites", site).OK(nil)
	if d.Count(y.ID, &cybersecurityv1.WebsiteFiled{}) != 3 {
		t.Fatalf("%+v", d.Facts(y.ID))
	}
}

func TestNobodyAnswersTheirOwnWork(t *testing.T) {
	t.Parallel()
	d := start(t)
	// test.declaration is the account behind the submission.
	d.submitted(publishing("p1"), newBuild("p2"))
	d.Await("the request", func() bool { return d.consent("p1").Round == 1 && d.system("p2").ID != "" })
	give := map[string]any{"consent_no": "1", "channels": []map[string]string{{"platform": "wechat", "account": "a"}}}
	d.As("test.declaration", "cac", "cyber_officer").Post("/v1/consents/p1/give", give).Refused(403, "own_work")
	d.declarer.Post("/v1/consents/p1/give", give).Refused(403, "role_required")
	d.As("x", "facilities", "cyber_officer").Post("/v1/consents/p1/give", give).Refused(403, "not_at_this_desk")
	d.declarer.Post("/v1/systems", description("p2")).OK(nil)
	d.declarer.Post("/v1/systems/p2/proposal", proposal(2, 2)).OK(nil)
	d.As("fac.declarer", "police-cyber", "police_officer").Post("/v1/systems/p2/grade", grade(2, "F")).Refused(403, "own_work")
	d.As("y", "facilities", "police_officer").Post("/v1/systems/p2/grade", grade(2, "F")).Refused(403, "not_at_this_desk")
	d.As("z", "cac", "declarer").Post("/v1/systems/p2/retire", map[string]string{"reason": "x"}).Refused(403, "not_owner")
}

func TestUnitsDoNotSeeEachOther(t *testing.T) {
	t.Parallel()
	d := start(t)
	d.submitted(newBuild("p1"), publishing("p2"))
	d.Await("the rows", func() bool { return d.system("p1").ID != "" && d.consent("p2").ID != "" })
	var site cybersecurity.Site
	d.declarer.Post("/v1/sites", map[string]any{"channel": "wechat", "address": "号", "name": "n", "department": "d", "leader": "l", "contact": "c"}).OK(&site)
	b := d.As("edu", "education", "declarer", "cyber_officer", "police_officer")
	for path, body := range map[string]any{
		"/v1/consents/p2/give":   map[string]any{"consent_no": "1", "channels": []map[string]string{{"platform": "wechat", "account": "a"}}},
		"/v1/consents/p2/refuse": map[string]string{"reason": "x"}, "/v1/systems": description("p1"),
		"/v1/systems/p1/proposal": proposal(2, 2), "/v1/systems/p1/grade": grade(2, "F"), "/v1/systems/p1/return": map[string]string{"reason": "x"},
		"/v1/systems/p1/assessments": report("R", "2026-03-01", true), "/v1/systems/p1/retire": map[string]string{"reason": "x"},
		"/v1/sites/" + site.ID + "/close": map[string]string{"reason": "x", "closed_on": "2026-03-01"},
		"/v1/sites":                       map[string]any{"project_id": "p2", "channel": "wechat", "address": "a", "name": "n", "department": "d", "leader": "l", "contact": "c"},
	} {
		b.Post(path, body).Refused(404, "not_found")
	}
	b.Do("PUT", "/v1/systems/p1", description("", func(m map[string]any) { delete(m, "project_id") }), moduletest.IfMatch(1)).Refused(404, "not_found")
	b.Do("PUT", "/v1/sites/"+site.ID, map[string]any{"name": "n", "department": "d", "leader": "l", "contact": "c", "reason": "r"}, moduletest.IfMatch(1)).Refused(404, "not_found")
	for _, path := range []string{"/v1/systems/p1", "/v1/consents/p2", "/v1/sites/" + site.ID} {
		b.Get(path).Refused(404, "not_found")
	}
	for _, list := range []string{"systems", "consents", "sites"} {
		var page struct{ Items []struct{} }
		b.Get("/v1/" + list + "?unit=facilities").OK(&page)
		if len(page.Items) != 0 {
			t.Fatalf("%s shows another unit's rows", list)
		}
	}
	for _, table := range []string{"system", "consent", "site"} {
		if d.VisibleTo(table, "education", "edu", "cyber_officer") != 0 || d.VisibleTo(table, "facilities", "x") != 1 || d.VisibleTo(table, "audit", "a", "auditor") != 1 {
			t.Fatalf("row-level security of %s", table)
		}
	}
}

func TestRepeatedAndBadRequests(t *testing.T) {
	t.Parallel()
	d := start(t)
	var first, again cybersecurity.System
	d.declarer.Post("/v1/systems", description("", inUse), moduletest.Key("k")).OK(&first)
	d.declarer.Post("/v1/systems", description("", inUse), moduletest.Key("k")).OK(&again)
	if first.ID != again.ID || d.Count("", &cybersecurityv1.SystemRegistered{}) != 1 {
		t.Fatal("one key had two effects")
	}
	d.declarer.Post("/v1/systems", description("", inUse, func(m map[string]any) { m["name"] = "另一个" }), moduletest.Key("k")).Refused(422, "idempotency_key_reused")
	d.declarer.Post("/v1/systems/"+first.ID+"/proposal", proposal(2, 2), moduletest.IfMatch(9)).Refused(412, "stale_version")
	future := description("", inUse)
	future["in_use_since"] = "2026-03-03"
	d.declarer.Post("/v1/systems", future).Refused(400, "invalid_input")

	bad := d.declarer.Post("/v1/systems", `{"name":"","network":"moon","deployment":"unit_room","data_level":1,"in_use_since":"2026-02-30","roles":["police_officer"],"unit":"police-cyber"}`)
	bad.Refused(400, "invalid_input")
	moduletest.Golden(t, "register_bad.json", bad.Body)
	bad = d.cyber.Post("/v1/consents/p1/give", `{"consent_no":"","channels":[{"platform":"fax","account":""},{"platform":"fax","account":""}]}`)
	bad.Refused(400, "invalid_input")
	moduletest.Golden(t, "consent_bad.json", bad.Body)
	// What its unit owes from the first system on is stated about the unit.
	facts := slices.DeleteFunc(d.Facts(""), func(f moduletest.Fact) bool { return f.Subject == "facilities" })
	if len(facts) != 1 {
		t.Fatalf("%+v", facts)
	}
}
