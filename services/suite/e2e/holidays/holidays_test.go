// Package holidays_test runs two services side by side, identity and
// procurement, each on its own database, with one Redis between them: what an
// operator publishes at the one moves the clocks of the other.
package holidays_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"egov/libs/attachment"
	"egov/libs/conf"
	"egov/libs/dbtest"
	"egov/libs/host"
	"egov/libs/module/moduletest"
	"egov/libs/redistest"
	budgetingv1 "egov/proto/gen/egov/budgeting/v1"
	conferencev1 "egov/proto/gen/egov/conference/v1"
	deadlinev1 "egov/proto/gen/egov/deadline/v1"
	declarationv1 "egov/proto/gen/egov/declaration/v1"
	typev1 "egov/proto/gen/egov/type/v1"
	identity "egov/services/identity/module"
	"egov/services/procurement"
	procuring "egov/services/procurement/module"
)

func TestMain(m *testing.M) {
	os.Exit(redistest.Main(func() int { return dbtest.Main(m) }))
}

const (
	project  = "p-fee"
	supplier = "91350100M000100Y43"
)

type body = map[string]any

// TestAnOperatorsNoticeMovesAnotherServicesClock: an assessment is bought and
// accepted, its acceptance is to be filed within working days; then the
// district takes two of them off.
func TestAnOperatorsNoticeMovesAnotherServicesClock(t *testing.T) {
	t.Parallel()
	p := moduletest.Start(t, procuring.Name, "2026-04-01", procuring.New)
	id := moduletest.Start(t, identity.Name, "2026-04-01", func(c conf.Service) host.Service {
		c.Keys.Dir = filepath.Join(t.TempDir(), "keys")
		return identity.New(identity.Config{Service: c, Seed: "demo", DemoPassword: "Plum-Rain-2026"})
	}, func(c *conf.Service) { c.Redis.URL = p.Config.Redis.URL })

	before := accepted(t, p)
	operator := id.As("operator", "platform", "operator")
	operator.Post("/v1/holidays", body{
		"year": 2026, "notice": "示例区政府通知〔2026〕4号", "kind": "amendment", "work": []body{},
		"off": []body{{"name": "重大活动调休", "name_en": "days off for a major event", "from": "2026-04-08", "to": "2026-04-09"}},
	}).OK(nil)

	moved := p.Stated(project, &deadlinev1.DeadlineMoved{})
	after := running(t, p)
	if after.DueOn == before.DueOn || after.MovedFrom != before.DueOn || after.Provisional {
		t.Fatalf("%+v, before %+v", after, before)
	}
	if moved.Data["moved_from"] != before.DueOn || moved.Data["due_on"] != after.DueOn || moved.Unit != "education" || !strings.Contains(moved.Data["reason"].(string), "示例区政府通知〔2026〕4号") {
		t.Fatalf("%+v", moved)
	}
	if n := p.Count(project, &deadlinev1.DeadlineMoved{}); n != 1 {
		t.Fatalf("moved %d times", n)
	}

	// The day that was the last one passes; only the new last one makes it late.
	p.Set(after.DueOn)
	p.Stated(project, &deadlinev1.DeadlineWarned{})
	p.As("edu.declarer", "education", "declarer").Post("/v1/procurements/"+project+"/acceptance-filing", nil).OK(nil)
	if met := p.Stated(project, &deadlinev1.DeadlineMet{}); met.Data["met_on"] != after.DueOn {
		t.Fatalf("%+v", met)
	}
}

// clock is one clock as GET /v1/deadlines shows it.
type clock struct {
	Obligation  string `json:"obligation"`
	DueOn       string `json:"due_on"`
	MovedFrom   string `json:"moved_from"`
	Provisional bool   `json:"provisional"`
}

// running is the clock of the acceptance's filing.
func running(t *testing.T, p *moduletest.Service) clock {
	t.Helper()
	var list struct{ Items []clock }
	p.As("edu.declarer", "education", "declarer").Get("/v1/deadlines?state=open,warned&project_id=" + project).OK(&list)
	i := slices.IndexFunc(list.Items, func(c clock) bool { return c.Obligation == "acceptance_filing" })
	if i < 0 {
		t.Fatalf("no clock runs: %+v", list.Items)
	}
	return list.Items[i]
}

// accepted brings an assessment fee to its acceptance.
func accepted(t *testing.T, p *moduletest.Service) clock {
	t.Helper()
	brief := &typev1.ProjectBrief{
		ProjectId: project, Title: "等级保护测评", Kind: "assessment_fee", Unit: "education", UnitKind: "administrative", AmountFen: 55_000_000,
		Route: "post_acceptance_filing", Pack: "yangpu-2023", DeclaredOn: "2026-03-02", XcConformant: true,
	}
	p.Other("budgeting").State(project, "finance", &budgetingv1.BudgetIssued{ProjectId: project, AmountFen: 55_000_000, IssuedOn: "2026-04-01"})
	p.Other("conference").State(project, "gov-office", &conferencev1.DecisionTaken{ProjectId: project, Outcome: "filed", ApprovedFen: 55_000_000, DecidedOn: "2026-03-20"})
	p.Other("declaration").State(project, "education",
		&declarationv1.ProjectSubmitted{Project: brief}, &declarationv1.ProjectAccepted{Project: brief},
		&declarationv1.ResponsibleNamed{ProjectId: project, Leader: "王主任", Contact: "李工"})
	declarer, centre := p.As("edu.declarer", "education", "declarer"), p.As("fac.officer", "facilities", "procurement_officer")
	path := "/v1/procurements/" + project
	p.Await("the project is open", func() bool {
		var got procurement.Procurement
		a := declarer.Get(path)
		if a.Status != 200 {
			return false
		}
		a.OK(&got)
		return got.State == procurement.Open && got.Heard[procurement.FactResponsible] != ""
	})
	declarer.Post(path+"/start", body{"method": "competitive_consultation", "started_on": "2026-04-01"}).OK(nil)
	centre.Post(path+"/tender", body{"notice_no": "SHXM-1", "published_on": "2026-04-01", "value_fen": 55_000_000}).OK(nil)
	centre.Post(path+"/award", body{"supplier": "申城软件", "supplier_credit_code": supplier, "value_fen": 50_000_000, "bidders": 3, "awarded_on": "2026-04-01"}).OK(nil)
	var papers []body
	for _, item := range []string{"contract_copy", "build_plan", "schedule"} {
		var paper attachment.Document
		declarer.Post(path+"/attachments?name="+item+".txt", []byte("the paper for "+item), moduletest.Header{Name: "Content-Type", Value: "text/plain"}).OK(&paper)
		papers = append(papers, body{"item": item, "sha256": paper.SHA256})
	}
	declarer.Post(path+"/contract", body{
		"contract_no": "HT-1", "supplier": "申城软件", "supplier_credit_code": supplier, "value_fen": 50_000_000,
		"effective_on": "2026-04-01", "ends_on": "2026-12-31", "papers": papers,
	}).OK(nil)
	declarer.Post(path+"/accept", body{"passed": true, "accepted_on": "2026-04-01", "final_fen": 50_000_000, "opinion": "同意", "panel": []string{"王主任"}}).OK(nil)
	return running(t, p)
}
