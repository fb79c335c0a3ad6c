package module_test

import (
	"testing"

	conferencev1 "egov/proto/gen/egov/conference/v1"
	declarationv1 "egov/proto/gen/egov/declaration/v1"
	"egov/services/conference"
)

// TestAPlanOnTheAgenda walks a plan from the office's desk through a session to
// sealed minutes over HTTP (YP23-M-7, SH12-E-7); what is no plan is Refused.
func TestAPlanOnTheAgenda(t *testing.T) {
	t.Parallel()
	d := start(t)
	d.Other("declaration").State("plan1", "gov-office", &declarationv1.PlanLaid{
		PlanId: "plan1", Kind: "development_plan", Title: "发展规划", Unit: "gov-office", Pack: "yangpu-2023", Sha256: "ab", Round: 1, Basis: []string{"YP23-M-7"},
	})
	d.until("plan1", conference.Ready)
	ss := d.call(nil)
	at := "/v1/sessions/" + ss.ID
	proposal := item("plan1")
	d.secretary.Post(at+"/agenda", proposal).Refused(422, "not_a_plan")
	proposal["kind"] = "plan"
	d.secretary.Post(at+"/agenda", proposal).OK(nil)
	d.chair.Post(at+"/agenda/approve", nil).OK(nil)
	d.secretary.Post(at+"/attendance", attendance(members...)).OK(nil)
	d.secretary.Post(at+"/open", nil).OK(&ss)
	var said []map[string]string
	for _, m := range members {
		said = append(said, map[string]string{"item": ss.Agenda[0].ID, "member": m, "stance": "agree"})
	}
	d.secretary.Post(at+"/opinions", map[string]any{"opinions": said}).OK(nil)
	d.chair.Post(at+"/items/"+ss.Agenda[0].ID+"/decision", map[string]any{"outcome": "endorsed"}).OK(nil)
	if f := d.Stated("plan1", &conferencev1.PlanReviewed{}); f.Data["outcome"] != "endorsed" {
		t.Fatalf("%+v", f)
	}
	number := map[string]any{"document_no": "杨府办纪1号"}
	d.secretary.Post(at+"/minutes", nil).OK(nil)
	d.secretary.Post(at+"/minutes/seal", number).Refused(422, "seal_before_approval")
	d.chair.Post(at+"/minutes/sign", nil).OK(nil)
	d.chair.Post(at+"/minutes/seal", number).Refused(403, "role_required")
	d.secretary.Post(at+"/minutes/seal", number).OK(nil)
	d.Stated(ss.ID, &conferencev1.MinutesSealed{})
}
