package module_test

import (
	"testing"

	"egov/libs/conf"
	"egov/libs/module/moduletest"
	cybersecurityv1 "egov/proto/gen/egov/cybersecurity/v1"
	deadlinev1 "egov/proto/gen/egov/deadline/v1"
	declarationv1 "egov/proto/gen/egov/declaration/v1"
	"egov/services/cybersecurity"
	"egov/services/cybersecurity/module"
)

// states are the states of an obligation's clocks in a caller's list.
func states(c *moduletest.Client, obligation string) (out string) {
	var list struct {
		Items []struct{ Obligation, State string }
	}
	c.Get("/v1/deadlines").OK(&list)
	for _, x := range list.Items {
		if x.Obligation == obligation {
			out += x.State + " "
		}
	}
	return out
}

func securityStep(name string) map[string]any {
	m := map[string]any{"step": name, "document_no": name + "-1", "summary": "同步", "completed_on": "2026-03-02"}
	if name == "design" {
		m["cost_fen"], m["budget_item"] = 8_000_000, "信息安全保障"
	}
	return m
}

// TestSecurityGoesWithTheWork over HTTP (YP23-M-33, YP23-M-29): an accepted
// build is asked for three evidences, by the norms in force, in their order.
func TestSecurityGoesWithTheWork(t *testing.T) {
	t.Parallel()
	d := start(t)
	secretary := d.As("office", "gov-office", "secretary")
	norm := map[string]any{"document_no": "杨府办〔2026〕5号", "title": "信息安全同步建设规范", "departments": []string{"cac"}, "in_force_on": "2026-03-01"}
	d.cyber.Post("/v1/norms", norm).Refused(403, "role_required")
	d.As("x", "cac", "secretary").Post("/v1/norms", norm).Refused(403, "not_government_office")
	var n cybersecurity.Norm
	secretary.Post("/v1/norms", norm).OK(&n)
	secretary.Post("/v1/norms", norm).Refused(409, "number_taken")
	var list struct{ Items []cybersecurity.Norm }
	d.declarer.Get("/v1/norms?page_size=1").OK(&list) // what binds every unit is seen by every unit
	if len(list.Items) != 1 {
		t.Fatalf("%+v", list)
	}
	d.Other("declaration").State("p1", "gov-office", &declarationv1.ProjectAccepted{Project: newBuild("p1")})
	d.Await("the task", func() bool { return d.declarer.Actions() == "record_security_step" })
	path := "/v1/protections/p1/steps"
	d.declarer.Post(path, securityStep("use")).Refused(422, "security_out_of_step")
	if p := d.declarer.Post(path, securityStep("design")).Refused(422, "security_out_of_step"); p.Violations[0].Code != "norm_not_followed" || p.Violations[0].Basis[0] != "YP23-M-29" {
		t.Fatalf("%+v", p)
	}
	secretary.Post("/v1/norms/"+n.ID+"/repeal", nil).OK(nil)
	d.As("edu", "education", "declarer").Post(path, securityStep("design")).Refused(404, "not_found")
	for _, name := range []string{"design", "construction", "use"} {
		d.declarer.Post(path, securityStep(name)).OK(nil)
	}
	if f := d.Stated("p1", &cybersecurityv1.SecurityEvidenced{}); f.Data["cost_fen"] != "8000000" || d.declarer.Actions() != "" {
		t.Fatalf("%+v", f)
	}
	d.declarer.Post(path, securityStep("use")).Refused(409, "wrong_stage")
	d.cyber.Get("/v1/protections/p1").OK(nil)

	// A project that is withdrawn owes no more evidence.
	d.Other("declaration").State("p2", "gov-office", &declarationv1.ProjectAccepted{Project: newBuild("p2")})
	d.Await("the second task", func() bool { return d.declarer.Actions() == "record_security_step" })
	d.Other("declaration").State("p2", "facilities", &declarationv1.ProjectWithdrawn{ProjectId: "p2"})
	d.Await("its end", func() bool { return d.declarer.Actions() == "" })
}

func filed(code string) map[string]any {
	return map[string]any{"regime": code, "document_no": code + "-1", "title": "制度", "issued_on": "2026-01-05", "responsible": "信息科"}
}

// TestAUnitIsInspectedAndCorrects over HTTP (YP23-M-30, YP23-M-32): the clock of
// inspection runs from the first system on the register; what is missing is
// found, ordered to be put right, late, reported and closed.
func TestAUnitIsInspectedAndCorrects(t *testing.T) {
	t.Parallel()
	d := start(t)
	d.declarer.Post("/v1/systems", description("", inUse)).OK(nil)
	d.Await("the clock of inspection", func() bool { return states(d.cyber, "security_inspection") == "open " })
	d.Set("2027-02-20")
	d.Await("the reminder", func() bool { return d.cyber.Actions() == "inspect_unit" })
	for _, code := range []string{"graded_protection", "classified_protection", "security_assessment", "emergency"} {
		d.declarer.Post("/v1/safeguards/regimes", filed(code)).OK(nil)
	}
	d.declarer.Post("/v1/safeguards/regimes", filed("moon")).Refused(422, "regime_refused")
	record := map[string]any{"unit": "facilities", "notice_no": "检1号", "inspected_on": "2027-02-20", "inspectors": []string{"雷霆"}, "scope": "年度检查", "correct_by": "2027-02-24"}
	d.declarer.Post("/v1/inspections", record).Refused(403, "role_required")
	d.As("x", "facilities", "cyber_officer").Post("/v1/inspections", record).Refused(403, "not_at_this_desk")
	var x cybersecurity.Inspection
	d.cyber.Post("/v1/inspections", record, moduletest.Key("k")).OK(&x)
	var again cybersecurity.Inspection
	d.cyber.Post("/v1/inspections", record, moduletest.Key("k")).OK(&again)
	if len(x.Findings) != 1 || x.Findings[0].Code != "inspection" || again.ID != x.ID || states(d.cyber, "security_inspection") != "open met " && states(d.cyber, "security_inspection") != "met open " {
		t.Fatalf("%+v %q", x, states(d.cyber, "security_inspection"))
	}
	if f := d.Stated(x.ID, &cybersecurityv1.SecurityInspected{}); f.Data["correct_by"] != "2027-02-24" || f.Data["signature"].(map[string]any)["alg"] != "sm2" {
		t.Fatalf("%+v", f)
	}
	d.Set("2027-02-25")
	d.Await("the correction is late", func() bool { return states(d.declarer, "security_correction") == "late " })
	base := "/v1/inspections/" + x.ID
	d.As("edu", "education", "declarer").Get(base).Refused(404, "not_found")
	if p := d.declarer.Post(base+"/report", map[string]string{"text": "已建立"}).Refused(422, "inspection_refused"); p.Violations[0].Basis[0] != "YP23-M-32" {
		t.Fatalf("%+v", p)
	}
	d.declarer.Post("/v1/safeguards/regimes", filed("inspection")).OK(nil)
	d.declarer.Post(base+"/report", map[string]string{"text": "已建立"}).OK(nil)
	if got := d.cyber.Actions(); got != "close_inspection" {
		t.Fatal(got)
	}
	d.cyber.Post(base+"/close", map[string]any{"done": true, "opinion": "到位"}).OK(&x)
	if x.State != cybersecurity.InspectionClosed {
		t.Fatal(x.State)
	}
	d.Stated(x.ID, &deadlinev1.DeadlineFulfilledLate{})
	if d.VisibleTo("inspection", "education", "edu") != 0 || d.VisibleTo("safeguard", "education", "edu") != 0 || d.VisibleTo("safeguard", "cac", "x") != 1 {
		t.Error("row-level security")
	}
}

// TestXiansClocksRun over HTTP (XA18-26, XA18-27): risks and drills have clocks
// from the register on, are asked for, late, met and begin anew.
func TestXiansClocksRun(t *testing.T) {
	t.Parallel()
	s := moduletest.Start(t, module.Name, "2026-03-02", module.New, func(c *conf.Service) { c.District = "xian" })
	unit := s.As("fac.declarer", "facilities", "declarer")
	var y cybersecurity.System
	unit.Post("/v1/systems", description("", inUse, func(m map[string]any) { m["data_level"] = "important" })).OK(&y)
	s.Await("both clocks", func() bool {
		return states(unit, "risk_assessment") == "open " && states(unit, "emergency_drill") == "open "
	})
	s.Set("2027-03-03")
	s.Await("both late and asked for", func() bool {
		return states(unit, "risk_assessment") == "late " && states(unit, "emergency_drill") == "late " &&
			unit.Actions() == "propose_grade record_drill record_risk_assessment"
	})
	drill := map[string]any{"scenario": "勒索病毒", "held_on": "2027-03-03", "participants": 12}
	unit.Post("/v1/safeguards/drills", drill).Refused(422, "drill_refused")
	unit.Post("/v1/safeguards/regimes", filed("emergency")).OK(nil)
	unit.Post("/v1/safeguards/drills", drill).OK(nil)
	risks := map[string]any{"assessor": "某机构", "report_no": "R1", "summary": "x", "high_risks": 1, "completed_on": "2027-03-03"}
	s.As("edu", "education", "declarer").Post("/v1/systems/"+y.ID+"/risks", risks).Refused(404, "not_found")
	unit.Post("/v1/systems/"+y.ID+"/risks", risks).OK(nil)
	unit.Post("/v1/systems/"+y.ID+"/risks", risks).Refused(422, "risk_assessment_refused")
	s.Stated(y.ID, &cybersecurityv1.RisksAssessed{})
	s.Stated("facilities", &cybersecurityv1.EmergencyDrilled{})
	if got := unit.Actions(); got != "propose_grade" {
		t.Error(got)
	}
	if a, b := states(unit, "risk_assessment"), states(unit, "emergency_drill"); a != "late open " && a != "open late " || b != "late open " && b != "open late " {
		t.Errorf("%q %q", a, b)
	}
}
