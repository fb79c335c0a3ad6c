package module_test

import (
	"net/http"
	"testing"

	"egov/libs/conf"
	"egov/libs/module/moduletest"
	"egov/libs/seal"
	conferencev1 "egov/proto/gen/egov/conference/v1"
	cybersecurityv1 "egov/proto/gen/egov/cybersecurity/v1"
	deadlinev1 "egov/proto/gen/egov/deadline/v1"
	declarationv1 "egov/proto/gen/egov/declaration/v1"
	"egov/services/declaration/module"
	"egov/services/declaration/planning"
)

// TestAPlanThroughTheService walks a development plan (YP23-M-7) and a yearly
// plan with its tasks (YP23-M-8, SH16-W) over HTTP, with PostgreSQL underneath;
// what comes too early or from others is Refused.
func TestAPlanThroughTheService(t *testing.T) {
	t.Parallel()
	s := start(t)
	secretary := s.As("office.secretary", "gov-office", "secretary")
	finance, health := s.As("finance.declarer", "finance", "declarer"), s.As("health.declarer", "health", "declarer")

	var p planning.Plan
	finance.Post("/v1/plans", map[string]any{"kind": "development_plan"}).Refused(403, "role_required")
	secretary.Post("/v1/plans", map[string]any{"kind": "development_plan"}).Refused(400, "invalid_input")
	body := map[string]any{"kind": "development_plan", "title": "发展规划", "from_year": 2026, "to_year": 2030, "text": "正文", "links": "与市规划衔接"}
	secretary.Post("/v1/plans", body, moduletest.Key("plan-1")).OK(&p)
	again := p.ID
	if secretary.Post("/v1/plans", body, moduletest.Key("plan-1")).OK(&p); p.ID != again {
		t.Fatal("one key, one plan")
	}
	at := "/v1/plans/" + p.ID
	finance.Get(at).Refused(404, "not_found") // nobody sees the office's draft
	if s.VisibleTo("plan", "finance", "finance.declarer") != 0 {
		t.Fatal("row-level security")
	}
	secretary.Post(at+"/lay", nil).Refused(422, "plan_step_out_of_order")
	secretary.Post(at+"/comments/ask", map[string]any{"units": []string{"finance"}, "until": "2026-03-20"}).OK(nil)
	finance.Post(at+"/comments", map[string]any{"text": "资金分年安排"}).OK(nil)
	health.Post(at+"/comments", map[string]any{"agrees": true}).Refused(404, "not_found")
	secretary.Post(at+"/comments/answer", map[string]any{"answers": []any{}}).Refused(422, "comments_unanswered")
	secretary.Post(at+"/comments/answer", map[string]any{"answers": []map[string]any{{"unit": "finance", "adopted": true}}}).OK(&p)
	revision := map[string]any{"from_year": 2026, "to_year": 2030, "text": "资金分年安排", "links": "与市规划衔接"}
	secretary.Do(http.MethodPut, at, revision, moduletest.IfMatch(p.Version-1)).Refused(412, "stale_version")
	secretary.Do(http.MethodPut, at, revision, moduletest.IfMatch(p.Version)).OK(nil)
	secretary.Post(at+"/lay", nil).OK(nil)
	s.Stated(p.ID, &declarationv1.PlanLaid{})
	s.As("m", "justice", "member").Get(at).OK(nil) // members see what is laid before them
	s.Other("conference").State(p.ID, "gov-office", &conferencev1.PlanReviewed{PlanId: p.ID, Outcome: "endorsed", DecidedOn: "2026-03-02"})
	s.Await("the conference's review", func() bool { secretary.Get(at).OK(&p); return p.State == planning.Approving })
	approve := func(authority string) moduletest.Answer {
		return secretary.Post(at+"/approvals", map[string]any{"authority": authority, "document_no": "1号", "approved_on": "2026-03-02"})
	}
	secretary.Post(at+"/filing", map[string]any{"document_no": "7号", "filed_on": "2026-03-02"}).Refused(422, "plan_step_out_of_order")
	approve("district_committee").OK(nil)
	approve("district_committee").Refused(409, "approval_recorded")
	approve("district_government").OK(&p)

	var paper seal.Paper
	file := "%PDF-1.7\n1 0 obj<<>>endobj\ntrailer<<>>\n%%EOF\n"
	secretary.Post(at+"/papers?kind=classified&name=a.pdf", file, moduletest.Header{Name: "Content-Type", Value: "application/pdf"}).Refused(422, "classified")
	secretary.Post(at+"/papers?kind=report&name=a.pdf", file, moduletest.Header{Name: "Content-Type", Value: "application/pdf"}).OK(&paper)
	secretary.Post(at+"/papers/"+paper.SHA256+"/seal", map[string]any{"document_no": "7号"}).OK(&p)
	if p.Papers[0].Force != seal.EqualToPaper {
		t.Fatalf("%+v", p.Papers)
	}
	if a := secretary.Get(at + "/papers/" + paper.SHA256).OK(nil); string(a.Body) != file {
		t.Fatalf("%q", a.Body)
	}
	secretary.Post(at+"/filing", map[string]any{"document_no": "7号", "filed_on": "2026-03-02"}).OK(&p)
	if p.State != planning.InForce {
		t.Fatalf("%+v", p)
	}

	body = map[string]any{
		"kind": "annual_plan", "title": "年度计划", "from_year": 2026, "to_year": 2026, "text": "正文", "links": "与规划衔接",
		"tasks": []map[string]any{{"number": "A1-1.1", "title": "接入大厅", "lead": "finance", "responsible": []string{"health"}, "month": 3}},
	}
	secretary.Post("/v1/plans", body).OK(&p)
	secretary.Post("/v1/plans/"+p.ID+"/lay", nil).OK(nil)
	s.Other("conference").State(p.ID, "gov-office", &conferencev1.PlanReviewed{PlanId: p.ID, Outcome: "endorsed", DecidedOn: "2026-03-02"})
	s.Await("the conference's review", func() bool { secretary.Get("/v1/plans/" + p.ID).OK(&p); return p.State == planning.Filing })
	secretary.Post("/v1/plans/"+p.ID+"/filing", map[string]any{"document_no": "8号", "filed_on": "2026-03-02"}).OK(nil)
	task := "/v1/work-tasks/" + p.ID + ".A1-1.1"
	s.As("x", "market", "declarer").Get(task).Refused(404, "not_found")
	finance.Post(task+"/complete", map[string]any{"result": "完成"}).Refused(422, "parts_open")
	s.Set("2026-04-01")
	var k planning.Task
	s.Await("the task is overdue", func() bool { finance.Get(task).OK(&k); return k.Overdue })
	s.Stated(k.ID, &deadlinev1.DeadlineMissed{})
	var inbox struct {
		Items []struct{ Action string }
	}
	secretary.Get("/v1/tasks").OK(&inbox)
	if len(inbox.Items) != 1 || inbox.Items[0].Action != "press_work_task" {
		t.Fatalf("%+v", inbox)
	}
	finance.Post(task+"/press", map[string]any{"text": "请抓紧"}).Refused(403, "role_required")
	secretary.Post(task+"/press", map[string]any{"text": "请抓紧"}).OK(nil)
	health.Post(task+"/reports", map[string]any{"text": "已接入", "part_done": true}).OK(nil)
	finance.Post(task+"/complete", map[string]any{"result": "完成"}).OK(&k)
	if k.State != "done" || s.Stated(k.ID, &declarationv1.WorkTaskCompleted{}).Data["late"] != true {
		t.Fatalf("%+v", k)
	}
}

// TestReturnsThroughTheService: a registered system begins its unit's returns
// (SH12-36) where the rules ask for them; others are Refused.
func TestReturnsThroughTheService(t *testing.T) {
	t.Parallel()
	s := moduletest.Start(t, module.Name, "2026-03-02", module.New, func(c *conf.Service) { c.District = "shanghai" })
	s.Other("cybersecurity").State("sys-1", "education", &cybersecurityv1.SystemRegistered{SystemId: "sys-1", Unit: "education"})
	s.Stated("statistics_return.education", &declarationv1.ReturnOwed{})
	education := s.As("e", "education", "declarer")
	at := "/v1/returns/statistics_return.education"
	s.As("h", "health", "declarer").Get(at).Refused(404, "not_found")
	figures := map[string]any{"figures": map[string]int{"systems": 1, "websites": 0, "shared_items": 4, "egov_staff": 2}}
	education.Post(at+"/filings", figures).Refused(422, "period_not_begun")
	s.Set("2027-03-03")
	s.Await("the return is late", func() bool {
		var list struct{ Items []struct{ State string } }
		education.Get("/v1/deadlines?state=late").OK(&list)
		return len(list.Items) == 1
	})
	var x planning.Return
	education.Post(at+"/filings", figures).OK(&x)
	if !x.Filings[0].Late || s.Stated(x.ID, &declarationv1.ReturnFiled{}).Data["late"] != true {
		t.Fatalf("%+v", x)
	}
	s.As("office.secretary", "gov-office", "secretary").Post("/v1/returns", map[string]any{"kind": "gossip", "unit": "health", "since": "2026-01-01"}).Refused(422, "no_such_return")
}
