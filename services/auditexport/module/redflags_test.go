package module_test

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"testing"

	"egov/libs/module/moduletest"
	auditexportv1 "egov/proto/gen/egov/auditexport/v1"
	declarationv1 "egov/proto/gen/egov/declaration/v1"
	procurementv1 "egov/proto/gen/egov/procurement/v1"
	typev1 "egov/proto/gen/egov/type/v1"
	"egov/services/auditexport/auditcase"
	"egov/services/auditexport/module"
	"egov/services/auditexport/redflag"
)

// declare has a project of the education bureau submitted.
func (b *bureau) declare(id, title string, wan int64) {
	b.t.Helper()
	b.Other("declaration").State(id, "education", &declarationv1.ProjectSubmitted{Project: &typev1.ProjectBrief{
		ProjectId: id, Title: title, Kind: "new_build", Unit: "education", AmountFen: wan * 1_000_000, Route: "filing", Pack: "yangpu-2023", DeclaredOn: "2026-03-02",
	}})
}

func (b *bureau) flags(query string) (p redflag.Page) {
	b.t.Helper()
	b.auditor.Get("/v1/red-flags" + query).OK(&p)
	return p
}

// TestFlagsAndCases walks from facts on the stream to a closed case over the
// API: what is raised, who sees it, who is asked, and what the ledger has of it
// (YP23-M-16, XA18-19).
func TestFlagsAndCases(t *testing.T) {
	t.Parallel()
	b := start(t)
	b.declare("p1", "食堂监管系统一期", 60)
	b.declare("p2", "食堂监管系统二期", 60)
	b.Await("the flag", func() bool { return len(b.flags("?state=raised").Items) == 1 })
	flag := b.flags("?project=p2&unit=education&severity=high&code=splitting_review").Items[0]
	var shown redflag.Flag
	b.auditor.Get("/v1/red-flags/" + flag.ID).OK(&shown)
	if len(shown.Evidence) != 2 || shown.Likeness[0].Score != 10_000 || shown.Rule.Basis[0] != "YP23-R-5.3.1" || !slices.ContainsFunc(shown.Rule.Figures, func(f redflag.Figure) bool { return f.Name == "filing_limit" && f.Value == 100_000_000 }) {
		t.Fatalf("%+v", shown)
	}
	raised := b.Stated(flag.ID, &auditexportv1.RedFlagRaised{})
	if raised.Data["code"] != "splitting_review" || raised.Unit != "audit" || raised.Actor != "service:auditexport" {
		t.Errorf("%+v", raised)
	}

	declarer, stranger := b.As("edu.a", "education", "declarer"), b.As("health.a", "health", "declarer")
	second := b.As("audit.wang", "audit", "auditor")
	declarer.Get("/v1/red-flags").Refused(http.StatusForbidden, "role_required")
	declarer.Get("/v1/red-flags/"+flag.ID).Refused(http.StatusForbidden, "role_required")

	var c auditcase.Case
	b.auditor.Post("/v1/audit-cases", map[string]any{"title": "食堂监管系统", "reason": "疑似拆分", "flags": []string{flag.ID}}).OK(&c)
	path := "/v1/audit-cases/" + c.ID
	if !c.Serious || c.OpenedBy != "audit.li" || c.AuditedUnit != "education" {
		t.Fatalf("%+v", c)
	}
	if f := b.Stated(c.ID, &auditexportv1.AuditCaseOpened{}); f.Actor != "service:auditexport for audit.li" {
		t.Errorf("%+v", f)
	}
	b.auditor.Get("/v1/red-flags/" + flag.ID).OK(&shown)
	if !slices.Equal(shown.Cases, []string{c.ID}) {
		t.Errorf("%+v", shown.Cases)
	}
	declarer.Get(path).Refused(http.StatusNotFound, "not_found") // not asked yet

	b.auditor.Post(path+"/questions", map[string]any{"question": "为何分两次申报？", "material": []string{"建设方案"}}).OK(&c)
	declarer.Get(path).OK(&c)
	stranger.Get(path).Refused(http.StatusNotFound, "not_found")
	stranger.Post(path+"/answer", map[string]any{"answer": "x"}).Refused(http.StatusNotFound, "not_found")
	var tasks struct {
		Items []struct {
			Action string `json:"action"`
			ID     string `json:"id"`
			DueOn  string `json:"due_on"`
		} `json:"items"`
	}
	declarer.Get("/v1/tasks").OK(&tasks)
	if len(tasks.Items) != 1 || tasks.Items[0].Action != "answer_audit_question" || tasks.Items[0].DueOn != "2026-03-16" {
		t.Fatalf("%+v", tasks)
	}
	stranger.Get("/v1/tasks").OK(&tasks)
	if len(tasks.Items) != 0 {
		t.Errorf("%+v", tasks)
	}

	b.Set("2026-03-17")
	b.Await("the answer to be late", func() bool { b.auditor.Get(path).OK(&c); return c.Overdue })
	b.auditor.Get("/v1/tasks").OK(&tasks)
	if len(tasks.Items) != 1 || tasks.Items[0].Action != "press_audit_case" {
		t.Errorf("%+v", tasks)
	}
	var doc struct {
		SHA256 string `json:"sha256"`
	}
	declarer.Post(path+"/attachments?name=方案.txt", "两期的建设方案", header("Content-Type", "text/plain")).OK(&doc)
	declarer.Post(path+"/answer", map[string]any{"answer": "两期服务于不同学校", "documents": []string{doc.SHA256}}).OK(&c)
	if !c.Questions[0].Answer.Late || c.Questions[0].Answer.Signature == nil {
		t.Errorf("%+v", c.Questions[0].Answer)
	}
	if got := b.auditor.Get(path + "/attachments/" + doc.SHA256).OK(nil).Body; string(got) != "两期的建设方案" {
		t.Errorf("%q", got)
	}
	stranger.Get(path+"/attachments/"+doc.SHA256).Refused(http.StatusNotFound, "not_found")
	b.auditor.Post(path+"/withholdings", map[string]any{"question_id": c.Questions[0].ID, "manner": "concealed", "statement": "另有合同未提供"}).OK(&c)
	b.auditor.Post(path+"/rectifications", map[string]any{"order": "合并采购", "due_on": "2026-04-01"}).OK(&c)
	declarer.Post(path+"/rectifications/report", map[string]any{"report": "已合并"}).OK(&c)
	b.auditor.Post(path+"/rectifications/review", map[string]any{"carried_out": true, "remark": "属实"}).OK(&c)
	b.auditor.Post(path+"/conclusion", map[string]any{"outcome": "rectified", "conclusion": "已整改"}).OK(&c)
	b.auditor.Post(path+"/conclusion/confirm", map[string]any{}).Refused(http.StatusForbidden, "same_auditor")
	second.Post(path+"/conclusion/return", map[string]any{"reason": "请补充依据"}).OK(&c)
	b.auditor.Post(path+"/conclusion", map[string]any{"outcome": "rectified", "conclusion": "已整改，依据齐全"}).OK(&c)
	second.Post(path+"/conclusion/confirm", map[string]any{}).OK(&c)
	if c.State != auditcase.Closed || c.Conclusion.ConfirmedBy != "audit.wang" {
		t.Fatalf("%+v", c)
	}
	var page struct {
		Items []auditcase.Case `json:"items"`
	}
	declarer.Get("/v1/audit-cases?state=closed&unit=education&serious=true").OK(&page)
	if len(page.Items) != 1 {
		t.Errorf("%d cases", len(page.Items))
	}
	stranger.Get("/v1/audit-cases").OK(&page)
	if len(page.Items) != 0 {
		t.Errorf("%d cases", len(page.Items))
	}

	// All of it is in the ledger, the reading of the flag too.
	var types []string
	b.Await("the case in the ledger", func() bool {
		types = nil
		for _, r := range b.query(map[string][]string{"unit": {"audit"}, "limit": {"1000"}}).Items {
			if name, ok := strings.CutPrefix(r.Type, "egov.auditexport.v1."); ok {
				types = append(types, name)
			}
			if r.Type == "egov.auditexport.v1.LedgerQueried" && strings.Contains(r.Raw, `red_flag {`) && r.Actor != "service:auditexport for audit.li" {
				t.Errorf("%+v", r)
			}
		}
		return slices.Contains(types, "AuditCaseClosed")
	})
	for _, want := range []string{"RedFlagRaised", "AuditCaseOpened", "AuditQuestionAsked", "AuditMaterialWithheld", "AuditRectificationOrdered", "AuditRectificationReviewed", "AuditCaseClosingProposed", "AuditCaseClosingReturned", "LedgerQueried"} {
		if !slices.Contains(types, want) {
			t.Errorf("%s is not in the ledger: %v", want, types)
		}
	}
	b.wantSound(10)
}

func header(name, value string) moduletest.Header { return moduletest.Header{Name: name, Value: value} }

// TestAFlagOutlivesTheProcess: another process over the same database goes on
// where the first was, and raises nothing twice.
func TestAFlagOutlivesTheProcess(t *testing.T) {
	t.Parallel()
	b := start(t)
	b.declare("p1", "食堂监管系统一期", 60)
	b.declare("p2", "食堂监管系统二期", 60)
	b.Await("the flag", func() bool { return len(b.flags("").Items) == 1 })
	beside := &bureau{Service: b.Beside(module.New), t: t}
	beside.auditor = beside.As("audit.li", "audit", "auditor")
	b.Other("procurement").State("p1", "education", &procurementv1.ContractFiled{ContractNo: "HT-1", Supplier: "申城软件", ValueFen: 1, EffectiveOn: "2026-03-02"})
	b.Set("2026-03-03")
	b.Await("the second flag", func() bool { return len(beside.flags("?state=raised").Items) == 2 })
	if n := b.Count(b.flags("?code=splitting_review").Items[0].ID, &auditexportv1.RedFlagRaised{}); n != 1 {
		t.Errorf("raised %d times", n)
	}
	var all json.RawMessage
	b.auditor.Get("/v1/red-flags?page_size=1").OK(&all)
	if !strings.Contains(string(all), "next_page_token") {
		t.Errorf("%s", all)
	}
}
