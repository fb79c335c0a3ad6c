package module_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"egov/libs/aggregate"
	"egov/libs/module/moduletest"
	dataresourcev1 "egov/proto/gen/egov/dataresource/v1"
	deadlinev1 "egov/proto/gen/egov/deadline/v1"
	"egov/services/dataresource"
)

// published has facilities publish a catalogue; both units name a steward.
func (d desk) published(t *testing.T, items ...map[string]any) (c dataresource.Catalogue) {
	t.Helper()
	steward := map[string]string{"name": "王五", "contact": "6541"}
	d.unit.Post("/v1/stewards", steward).OK(nil)
	d.As("edu", "education", "declarer").Post("/v1/stewards", steward).OK(nil)
	d.unit.Post("/v1/catalogues", catalogue("", items...)).OK(&c)
	d.officer.Post("/v1/catalogues/"+c.ID+"/review", map[string]any{}).OK(&c)
	return c
}

func wish(c dataresource.Catalogue, fields ...string) map[string]any {
	var items []map[string]string
	for _, f := range fields {
		items = append(items, map[string]string{"resource": "公务用车信息", "table": "vehicle", "field": f})
	}
	return map[string]any{"catalogue_id": c.ID, "items": items, "purposes": []string{"校车核查"}, "mandate": "校车安全管理条例第四条"}
}

func onDemand(x map[string]any) { x["share_class"] = "on_demand" }
func private(x map[string]any)  { x["sensitivity"] = "personal" }
func owner(x map[string]any)    { x["field"], x["key"] = "owner", false }

// clocks are the states of an obligation's clocks in a caller's list.
func clocks(c *moduletest.Client, obligation string) (states []string) {
	var list struct {
		Items []struct{ Obligation, State string }
	}
	c.Get("/v1/deadlines").OK(&list)
	for _, x := range list.Items {
		if x.Obligation == obligation {
			states = append(states, x.State)
		}
	}
	return states
}

// TestDataAreAskedForAndProvided over HTTP, as SH16-D-14 to SH16-D-17 have it:
// what exists is seen by all, the request by its parties alone.
func TestDataAreAskedForAndProvided(t *testing.T) {
	t.Parallel()
	d := start(t)
	edu, office := d.As("edu", "education", "declarer"), d.As("office", "gov-office", "secretary")
	c := d.published(t, item(onDemand), item(onDemand, owner, private))
	var index aggregate.Page[dataresource.Listed]
	edu.Get("/v1/resources?unit=facilities&q=公务").OK(&index)
	if len(index.Items) != 2 || index.Items[1].Sensitivity != "personal" || index.Items[0].CatalogueID != c.ID {
		t.Fatalf("%+v", index)
	}
	d.unit.Post("/v1/sharings", wish(c, "plate")).Refused(422, "own_data")
	d.As("health", "health", "declarer").Post("/v1/sharings", wish(c, "plate")).Refused(422, "no_steward")
	var y dataresource.Sharing
	edu.Post("/v1/sharings", wish(c, "plate", "owner"), moduletest.Key("k")).OK(&y)
	if form := edu.Get("/v1/sharings/" + y.ID + "/form").OK(nil); !strings.Contains(string(form.Body), y.FormNo) || !strings.Contains(string(form.Body), "校车核查") {
		t.Fatalf("%s", form.Body)
	}
	base := "/v1/sharings/" + y.ID
	d.As("h", "health", "declarer").Get(base).Refused(404, "not_found")
	d.As("h", "health", "declarer").Post(base+"/answer", map[string]any{"granted": true, "reasons": "x"}).Refused(404, "not_found")
	if got := clocks(d.unit, "sharing_answer"); got != nil {
		t.Fatalf("the clock runs before the receipt: %v", got)
	}
	d.unit.Post(base+"/receipt", map[string]string{"received_on": "2026-03-01"}).Refused(400, "invalid_input")
	d.unit.Post(base+"/receipt", map[string]string{"received_on": "2026-03-02"}).OK(&y)
	if f := d.Stated(y.ID, &deadlinev1.DeadlineSet{}); f.Data["due_on"] != "2026-03-16" || f.Data["unit"] != "facilities" {
		t.Fatalf("%+v", f)
	}
	if got := d.unit.Actions(); got != "answer_sharing" {
		t.Fatal(got)
	}
	p := d.unit.Post(base+"/answer", map[string]any{"granted": false, "reasons": "不便"}).Refused(400, "invalid_input")
	if len(p.Violations) != 1 || !slices.Contains(p.Violations[0].Basis, "SH16-D-14") {
		t.Fatalf("%+v", p)
	}
	d.unit.Post(base+"/answer", map[string]any{"granted": false, "reasons": "涉及隐私", "legal_basis": "个人信息保护法第二十三条"}).OK(nil)
	if got := clocks(d.unit, "sharing_answer"); fmt.Sprint(got) != "[met]" {
		t.Fatal(got)
	}
	office.Get(base).Refused(404, "not_found") // nothing is disputed yet
	edu.Post(base+"/dispute", map[string]string{"reason": "核查所必需"}).OK(nil)
	d.unit.Post(base+"/decision", map[string]any{"granted": true}).Refused(403, "role_required")
	office.Post(base+"/decision", map[string]any{"granted": true, "decision_no": "协〔2026〕1号", "reasons": "有法定职责"}).OK(nil)
	if f := d.Stated(y.ID, &dataresourcev1.SharingResolved{}); f.Unit != "gov-office" || f.Data["signature"].(map[string]any)["alg"] != "sm2" {
		t.Fatalf("%+v", f)
	}
	service := map[string]any{"way": "interface", "interface": map[string]string{"name": "车辆核验", "description": "按车牌查询", "call": "GET /vehicles/{plate}"}}
	d.unit.Post(base+"/service", service).Refused(422, "agreement_missing")
	for _, who := range []*moduletest.Client{edu, d.unit} {
		who.Post(base+"/agreement", map[string]string{"agreement_no": "密〔2026〕1号"}).OK(nil)
	}
	d.unit.Post(base+"/service", map[string]any{"way": "file", "note": "交换区"}).Refused(422, "way_refused") // it changes daily
	d.unit.Post(base+"/service", service).OK(nil)
	use := map[string]any{"purpose": "广告", "system": "校车系统", "used_on": "2026-03-02"}
	if p := edu.Post(base+"/uses", use).Refused(422, "beyond_mandate"); !slices.Contains(p.Basis, "XA18-25") {
		t.Fatalf("%+v", p)
	}
	use["purpose"] = "校车核查"
	edu.Post(base+"/uses", use).OK(nil)
	edu.Post(base+"/releases", map[string]string{"recipients": "公众", "form": "统计表", "reason": "年报"}).OK(nil)
	edu.Post(base+"/releases/record", map[string]any{"release": 1, "released_on": "2026-03-02"}).Refused(422, "no_written_consent")
	d.unit.Post(base+"/releases/answer", map[string]any{"release": 1, "consented": true, "document_no": "函1号", "opinion": "同意"}).OK(nil)
	edu.Post(base+"/releases/record", map[string]any{"release": 1, "released_on": "2026-03-02"}).OK(nil)
	d.Stated(y.ID, &dataresourcev1.SharedDataReleased{})
	edu.Post(base+"/end", map[string]string{"reason": "结束"}).OK(nil)
	if n := d.VisibleTo("sharing", "health", "h"); n != 0 {
		t.Errorf("%d rows of others", n)
	}
}

// TestAnAnswerThatDoesNotComeIsLateAndADeferralPutsItOff (SH16-D-14, SH12-27).
func TestAnAnswerThatDoesNotComeIsLateAndADeferralPutsItOff(t *testing.T) {
	t.Parallel()
	d := start(t)
	edu, office := d.As("edu", "education", "declarer"), d.As("office", "gov-office", "secretary")
	c := d.published(t, item(onDemand))
	var y dataresource.Sharing
	edu.Post("/v1/sharings", wish(c, "plate")).OK(&y)
	base := "/v1/sharings/" + y.ID
	d.unit.Post(base+"/receipt", map[string]string{"received_on": "2026-03-02"}).OK(nil)
	d.unit.Post(base+"/deferral", map[string]string{"reason": "清洗中", "until": "2026-04-01"}).OK(nil)
	d.unit.Post(base+"/deferral/decision", map[string]any{"approved": true, "opinion": "x"}).Refused(403, "role_required")
	if got := office.Actions(); got != "decide_deferral" {
		t.Fatal(got)
	}
	office.Post(base+"/deferral/decision", map[string]any{"approved": true, "opinion": "同意"}).OK(nil)
	if f := d.Stated(y.ID, &deadlinev1.DeadlineMoved{}); f.Data["due_on"] != "2026-04-01" {
		t.Fatalf("%+v", f)
	}
	d.Set("2026-04-02")
	d.Await("the answer is late", func() bool { return fmt.Sprint(clocks(d.unit, "sharing_answer")) == "[late]" })
	d.Stated(y.ID, &deadlinev1.DeadlineMissed{})
}

// TestACatalogueIsKeptTrueAndItsUnitAssessed (SH16-D-10, SH16-D-22): clocks run
// from publication and from a change, reminders come near their day.
func TestACatalogueIsKeptTrueAndItsUnitAssessed(t *testing.T) {
	t.Parallel()
	d := start(t)
	c := d.published(t, item())
	base := "/v1/catalogues/" + c.ID
	d.Await("the unit's standing", func() bool { return fmt.Sprint(clocks(d.officer, "data_appraisal")) == "[open]" })
	d.unit.Post(base+"/changes", map[string]string{"changed_on": "2026-03-02", "summary": "增加字段"}).OK(nil)
	d.unit.Post(base+"/maintenance", map[string]string{"editor": "甲", "reviewer": "乙"}).Refused(422, "change_outstanding")
	d.Set("2026-03-05")
	d.Await("the update is late", func() bool { return fmt.Sprint(clocks(d.unit, "catalogue_update")) == "[late]" })
	d.unit.Post(base+"/revise", catalogue("", item(), item(owner))).OK(nil)
	d.Stated(c.ID, &deadlinev1.DeadlineFulfilledLate{})
	d.officer.Post(base+"/review", map[string]any{}).OK(nil)
	d.Set("2027-03-04")
	d.Await("the reminders", func() bool {
		return d.unit.Actions() == "maintain_catalogue" && d.officer.Actions() == "appraise_unit"
	})
	d.unit.Post(base+"/maintenance", map[string]string{"editor": "甲", "reviewer": "乙"}).OK(nil)
	notice := map[string]string{"unit": "facilities", "from": "2026-01-01", "to": "2026-12-31", "result": "fair", "opinion": "更新不及时", "notice_no": "通报1号"}
	d.unit.Post("/v1/appraisals", notice).Refused(403, "role_required")
	var s dataresource.Standing
	d.officer.Post("/v1/appraisals", notice).OK(&s)
	if got := s.Appraisals[0].Figures; got.Catalogues != 1 || got.UpdatesLate != 1 {
		t.Fatalf("%+v", got)
	}
	d.officer.Post("/v1/appraisals", notice).Refused(422, "period_refused")
	d.unit.Get("/v1/standings/facilities").OK(&s) // it is made known to the unit
	d.As("edu", "education", "declarer").Get("/v1/standings/facilities").Refused(404, "not_found")
	if got := d.unit.Actions() + d.officer.Actions(); got != "" {
		t.Errorf("left: %s", got)
	}
}

// TestACorrectionHasItsClock (SH16-D-23, XA18-30): ordered with a date, late when
// nothing is reported, closed by who ordered it.
func TestACorrectionHasItsClock(t *testing.T) {
	t.Parallel()
	d := start(t)
	office := d.As("office", "gov-office", "secretary")
	order := map[string]string{"unit": "facilities", "rule": "true_and_timely", "finding": "两月未更新", "notice_no": "整改1号", "correct_by": "2026-03-10"}
	d.officer.Post("/v1/corrections", order).Refused(403, "role_required")
	d.As("x", "education", "secretary").Post("/v1/corrections", order).Refused(403, "not_leading_office")
	var x dataresource.Correction
	office.Post("/v1/corrections", order).OK(&x)
	if got := d.unit.Actions(); got != "report_correction" {
		t.Fatal(got)
	}
	d.Set("2026-03-11")
	d.Await("the correction is late", func() bool { return fmt.Sprint(clocks(d.unit, "data_correction")) == "[late]" })
	base := "/v1/corrections/" + x.ID
	d.As("edu", "education", "declarer").Post(base+"/report", map[string]string{"text": "x"}).Refused(404, "not_found")
	d.unit.Post(base+"/report", map[string]string{"text": "已更新"}).OK(nil)
	office.Post(base+"/close", map[string]any{"done": true, "opinion": "到位"}).OK(&x)
	if x.State != dataresource.CorrectionClosed {
		t.Fatal(x.State)
	}
	d.Stated(x.ID, &dataresourcev1.DataCorrectionClosed{})
}

// TestTheIndexIsReadPageByPage, base registers first (XA18-21).
func TestTheIndexIsReadPageByPage(t *testing.T) {
	t.Parallel()
	d := start(t)
	d.published(t, item(), item(owner))
	register := catalogue("", item(func(x map[string]any) { x["resource"] = "人口" }))
	register["base_register"] = "population"
	var c dataresource.Catalogue
	d.unit.Post("/v1/catalogues", register).OK(&c)
	d.officer.Post("/v1/catalogues/"+c.ID+"/review", map[string]any{}).OK(nil)
	var names []string
	for token, n := "", 0; n == 0 || token != ""; n++ {
		var page aggregate.Page[dataresource.Listed]
		d.As("edu", "education", "declarer").Get("/v1/resources?page_size=2&page_token=" + token).OK(&page)
		for _, x := range page.Items {
			names = append(names, x.Resource+"."+x.Field)
		}
		token = page.NextPageToken
	}
	if got := strings.Join(names, " "); got != "人口.plate 公务用车信息.plate 公务用车信息.owner" {
		t.Fatal(got)
	}
	d.unit.Get("/v1/resources?page_size=201").Refused(400, "invalid_input")
	d.unit.Get("/v1/resources?page_token=moon").Refused(400, "bad_page_token")
	p := d.unit.Post("/v1/identifiers/check", map[string]any{"kind": "id_number", "values": []string{"11010519491231002X"}}).OK(nil)
	if strings.Contains(string(p.Body), "19491231") || !strings.Contains(string(p.Body), `"valid":true`) {
		t.Fatalf("%s", p.Body)
	}
}
