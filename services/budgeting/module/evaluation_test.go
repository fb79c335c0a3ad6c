package module_test

import (
	"strings"
	"testing"

	"egov/libs/conf"
	"egov/libs/module/moduletest"
	budgetingv1 "egov/proto/gen/egov/budgeting/v1"
	declarationv1 "egov/proto/gen/egov/declaration/v1"
	expertreviewv1 "egov/proto/gen/egov/expertreview/v1"
	procurementv1 "egov/proto/gen/egov/procurement/v1"
	typev1 "egov/proto/gen/egov/type/v1"
	"egov/services/budgeting"
	"egov/services/budgeting/module"
)

// TestAPostEvaluationThroughTheService walks YP23-R-5.6.2 over HTTP with
// PostgreSQL underneath; who judged the project before is Refused.
func TestAPostEvaluationThroughTheService(t *testing.T) {
	t.Parallel()
	s := start(t)
	p := &typev1.ProjectBrief{ProjectId: "p1", Title: "智慧校园", Unit: "education", Kind: "new_build", Pack: "yangpu-2023", DeclaredOn: "2025-03-02", AmountFen: 100}
	s.declaration.State("p1", "gov-office", &declarationv1.ProjectAccepted{Project: p})
	s.Other("expertreview").State("p1", "gov-office", &expertreviewv1.EvaluationAssigned{ProjectId: "p1", Agency: "agency-z"})
	s.deal.State("p1", "education", &procurementv1.AcceptancePassed{ProjectId: "p1", AcceptedOn: "2026-03-20"})
	s.Await("the project is accepted and its evaluator known", func() bool {
		b := budgeting.Budget{}
		if a := s.As("auditor", "audit", "auditor").Get("/v1/budgets/p1"); a.Status == 200 {
			a.OK(&b)
		}
		return b.AcceptedOn != "" && len(b.Evaluators) == 1 && b.Project != nil
	})
	order := map[string]any{
		"project_id": "p1", "agency": "agency-z", "agency_name": "乙中心", "session_id": "s1", "decided_on": "2026-03-30", "reason": "投资较大", "report_by": "2026-05-30",
	}
	s.declarer.Post("/v1/post-evaluations", order).Refused(403, "role_required")
	if v := s.secretary.Post("/v1/post-evaluations", order).Refused(422, "post_evaluation_refused").Violations; len(v) != 1 || v[0].Code != "judged_before" {
		t.Fatalf("%+v", v)
	}
	order["agency"] = "agency-a"
	var x budgeting.PostEvaluation
	s.secretary.Post("/v1/post-evaluations", order, moduletest.Key("pe")).OK(&x)
	at, agency := "/v1/post-evaluations/"+x.ID, s.As("agency.a", "agency-a", "agency")
	report := map[string]any{"answers": map[string]string{"effect_in_use": "高", "approval": "完备", "implementation": "按期", "opinions": "推广"}, "conclusion": "good"}
	s.As("agency.z", "agency-z", "agency").Post(at+"/report", report).Refused(404, "not_found")
	s.secretary.Post(at+"/complete", map[string]string{"opinion": "采纳"}).Refused(409, "wrong_stage")
	agency.Post(at+"/report", report).OK(nil)
	s.secretary.Post(at+"/complete", map[string]string{"opinion": "采纳"}).OK(nil)
	s.declarer.Get(at).OK(&x)
	if x.State != "completed" || s.Count("p1", &budgetingv1.PostEvaluationCompleted{}) != 1 {
		t.Fatalf("%+v", x)
	}
}

// TestAnAssessmentThroughTheService walks SH12-37 over HTTP: the clock that an
// acceptance starts, the assessment, its notice and its answer; other units see
// nothing, and a second publication is Refused (YP23-M-39).
func TestAnAssessmentThroughTheService(t *testing.T) {
	t.Parallel()
	s := moduletest.Start(t, module.Name, "2026-04-01", module.New, func(c *conf.Service) { c.District = "shanghai" })
	secretary, education := s.As("office.secretary", "gov-office", "secretary"), s.As("e", "education", "declarer")
	p := &typev1.ProjectBrief{ProjectId: "p1", Title: "智慧校园", Unit: "education", Kind: "new_build", Pack: "shanghai-2012", DeclaredOn: "2025-03-02", AmountFen: 100}
	s.Other("procurement").State("p1", "education", &procurementv1.AcceptancePassed{ProjectId: "p1", AcceptedOn: "2026-03-20"}) // overtakes the declaration
	s.Other("declaration").State("p1", "gov-office", &declarationv1.ProjectAccepted{Project: p})
	s.Await("the evaluation is timed", func() bool {
		var list struct{ Items []struct{ Obligation string } }
		secretary.Get("/v1/deadlines").OK(&list)
		return len(list.Items) == 1 && list.Items[0].Obligation == budgeting.PerformanceEvaluation
	})
	good := map[string]any{"score": 90, "finding": "良好"}
	body := map[string]any{
		"of_unit": "education", "year": 2026, "score": 90, "summary": "良好", "answers": map[string]any{"projects": good, "overall_performance": good},
		"projects": []map[string]any{{"project_id": "p1", "score": 90, "finding": "好用"}},
	}
	var x budgeting.Assessment
	secretary.Post("/v1/assessments", body).OK(&x)
	secretary.Post("/v1/assessments", body).Refused(409, "already_exists")
	at := "/v1/assessments/" + x.ID
	education.Get(at).Refused(404, "not_found")
	secretary.Post(at+"/publish", map[string]string{"notice_no": "1号"}).OK(nil)
	secretary.Post(at+"/publish", map[string]string{"notice_no": "1号"}).Refused(409, "wrong_stage")
	secretary.Post(at+"/seal", map[string]string{"sha256": strings.Repeat("a", 64)}).OK(nil)
	s.As("h", "health", "declarer").Get(at).Refused(404, "not_found")
	education.Post(at+"/answer", map[string]string{"answer": "将整改"}).OK(&x)
	if x.State != "answered" || s.Stated(x.ID, &budgetingv1.UnitAssessed{}).Data["score"] != float64(90) {
		t.Fatalf("%+v", x)
	}
	var list struct{ Items []struct{ State string } }
	if secretary.Get("/v1/deadlines?project_id=p1").OK(&list); len(list.Items) != 2 || list.Items[0].State != "met" || list.Items[1].State != "open" {
		t.Fatalf("%+v", list)
	}
	if s.VisibleTo("assessment", "health", "h") != 0 {
		t.Fatal("row-level security")
	}
}
