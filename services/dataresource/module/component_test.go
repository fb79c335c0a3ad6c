package module_test

import (
	"fmt"
	"os"
	"slices"
	"testing"

	"egov/libs/dbtest"
	"egov/libs/module/moduletest"
	"egov/libs/redistest"
	dataresourcev1 "egov/proto/gen/egov/dataresource/v1"
	deadlinev1 "egov/proto/gen/egov/deadline/v1"
	declarationv1 "egov/proto/gen/egov/declaration/v1"
	typev1 "egov/proto/gen/egov/type/v1"
	"egov/services/dataresource"
	"egov/services/dataresource/module"
)

func TestMain(m *testing.M) {
	os.Exit(redistest.Main(func() int { return dbtest.Main(m) }))
}

type desk struct {
	*moduletest.Service
	unit, officer *moduletest.Client
}

func start(t *testing.T) desk {
	t.Helper()
	s := moduletest.Start(t, module.Name, "2026-03-02", module.New)
	return desk{s, s.As("fac.declarer", "facilities", "declarer"), s.As("data.officer", "big-data", "data_officer")}
}

func item(change ...func(map[string]any)) map[string]any {
	x := map[string]any{"resource": "公务用车信息", "table": "vehicle", "field": "plate", "type": "varchar", "length": 16, "key": true, "timestamp": false, "share_class": "universal", "frequency": "daily", "secrecy_checked": true}
	for _, f := range change {
		f(x)
	}
	return x
}

func catalogue(project string, items ...map[string]any) map[string]any {
	return map[string]any{"project_id": project, "system": "机关事务平台", "editor": "张三", "reviewer": "李四", "way": "online", "items": items}
}

func TestAProjectBringsItsCatalogueAndAsksForTheCloud(t *testing.T) {
	t.Parallel()
	d := start(t)
	d.Other("declaration").State("p1", "facilities", &declarationv1.ProjectSubmitted{Project: &typev1.ProjectBrief{
		ProjectId: "p1", Title: "平台", Unit: "facilities", Items: []string{"basis", "cloud_request", "data_catalogue"}, Pack: "yangpu-2023",
	}})
	d.unit.Post("/v1/cloud-requests", map[string]any{"project_id": "other", "title": "平台", "purpose": "部署", "vcpu": 1, "memory_gb": 1, "storage_gb": 1, "network": "extranet"}).Refused(422, "no_such_project")
	d.Await("the unit's tasks", func() bool {
		return d.unit.Actions() == "request_cloud submit_catalogue"
	})
	d.As("edu", "education", "declarer").Post("/v1/catalogues", catalogue("p1", item())).Refused(422, "no_such_project")
	var c dataresource.Catalogue
	d.unit.Post("/v1/catalogues", catalogue("p1", item(), item(func(x map[string]any) { x["field"], x["key"] = "owner", false })), moduletest.Key("a")).OK(&c)
	var again dataresource.Catalogue
	d.unit.Post("/v1/catalogues", catalogue("p1", item(), item(func(x map[string]any) { x["field"], x["key"] = "owner", false })), moduletest.Key("a")).OK(&again)
	if again.ID != c.ID {
		t.Fatal("one key had two effects")
	}
	d.Await("the task is done", func() bool { return d.unit.Actions() == "request_cloud" })

	d.officer.Post("/v1/catalogues/"+c.ID+"/review", map[string]any{"findings": []map[string]any{{"item": 7, "reason": ""}}}).Refused(400, "invalid_input")
	d.officer.Post("/v1/catalogues/"+c.ID+"/review", map[string]any{"findings": []map[string]any{{"item": 1, "reason": "类型不明"}}}).OK(&c)
	if c.State != dataresource.Returned || d.Stated("p1", &dataresourcev1.CatalogueReturned{}).Data["rejected_items"].([]any)[0] != "公务用车信息/vehicle.owner：类型不明" {
		t.Fatalf("%+v", c)
	}
	d.unit.Post("/v1/catalogues/"+c.ID+"/revise", catalogue("", item())).OK(&c)
	d.officer.Post("/v1/catalogues/"+c.ID+"/review", map[string]any{"findings": []any{}}).OK(&c)
	if c.State != dataresource.Published || c.Revision != 2 || c.ProjectID != "p1" {
		t.Fatalf("%+v", c)
	}
	d.Stated("p1", &dataresourcev1.CataloguePublished{})
	if f := d.Stated("p1", &deadlinev1.DeadlineSet{}); f.Data["due_on"] != "2027-03-02" {
		t.Fatalf("%+v", f)
	}

	var r dataresource.CloudRequest
	d.unit.Post("/v1/cloud-requests", map[string]any{"project_id": "p1", "title": "平台", "purpose": "部署", "vcpu": 16, "memory_gb": 64, "storage_gb": 500, "network": "extranet"}).OK(&r)
	d.Await("nothing is owed", func() bool { return d.unit.Actions() == "" })
	d.officer.Post("/v1/cloud-requests/"+r.ID+"/answer", map[string]any{"granted": false}).Refused(400, "invalid_input")
	p := d.As("fac.declarer", "big-data", "data_officer").Post("/v1/cloud-requests/"+r.ID+"/answer", map[string]any{"granted": true}).Refused(403, "own_work")
	if !slices.Contains(p.Basis, "SH12-P-9") {
		t.Errorf("own work is refused on %v", p.Basis)
	}
	d.officer.Post("/v1/cloud-requests/"+r.ID+"/answer", map[string]any{"granted": true}).OK(nil)
	d.officer.Post("/v1/cloud-requests/"+r.ID+"/answer", map[string]any{"granted": true}).Refused(409, "wrong_stage")
	d.Stated("p1", &dataresourcev1.CloudGranted{})
}

func TestOneSourceAnItem(t *testing.T) {
	t.Parallel()
	d := start(t)
	var c dataresource.Catalogue
	d.unit.Post("/v1/catalogues", catalogue("", item())).OK(&c)
	d.officer.Post("/v1/catalogues/"+c.ID+"/review", map[string]any{}).OK(nil)
	other := d.As("edu", "education", "declarer")
	p := other.Post("/v1/catalogues", catalogue("", item(func(x map[string]any) { x["field"] = "colour" }), item())).Refused(422, "item_has_source")
	if len(p.Violations) != 1 || p.Violations[0].Field != "items[1]" || p.Violations[0].Msg != "来源单位：facilities，目录："+c.ID {
		t.Fatalf("%+v", p)
	}
	own := item(func(x map[string]any) { x["share_class"], x["legal_basis"] = "not_shared", "保密法第二十条" })
	other.Post("/v1/catalogues", catalogue("", own)).OK(nil)
	// The provider itself may bring its item again.
	d.unit.Post("/v1/catalogues/"+c.ID+"/revise", catalogue("", item())).OK(nil)
}

func TestBadCatalogues(t *testing.T) {
	t.Parallel()
	d := start(t)
	bad := catalogue("", item(func(x map[string]any) {
		x["key"], x["share_class"], x["secrecy_checked"], x["frequency"], x["length"] = false, "not_shared", false, "often", -1
	}), item(func(x map[string]any) { x["key"] = false }))
	bad["way"] = "fax"
	p := d.unit.Post("/v1/catalogues", bad).Refused(400, "invalid_input")
	var codes []string
	for _, v := range p.Violations {
		codes = append(codes, v.Code)
		if len(v.Basis) == 0 {
			t.Errorf("%s rests on nothing", v.Field)
		}
	}
	slices.Sort(codes)
	if got := fmt.Sprint(codes); got != "[duplicate no_key out_of_range required required unknown_code unknown_code]" {
		t.Fatal(got)
	}
	same := catalogue("", item())
	same["reviewer"] = "张三"
	d.unit.Post("/v1/catalogues", same).Refused(422, "editor_is_reviewer")
	d.unit.Post("/v1/cloud-requests", map[string]any{"title": "x", "vcpu": -1, "roles": []string{"data_officer"}}).Refused(400, "invalid_input")
	d.unit.Post("/v1/catalogues/x/review", map[string]any{}).Refused(403, "role_required")
	if len(d.Facts("")) != 0 {
		t.Fatal("something was stated")
	}
}

func TestUnitsDoNotSeeEachOther(t *testing.T) {
	t.Parallel()
	d := start(t)
	var c dataresource.Catalogue
	var r dataresource.CloudRequest
	d.unit.Post("/v1/catalogues", catalogue("", item())).OK(&c)
	d.unit.Post("/v1/cloud-requests", map[string]any{"title": "平台", "purpose": "部署", "vcpu": 16, "memory_gb": 64, "storage_gb": 500, "network": "extranet"}).OK(&r)
	b := d.As("edu", "education", "declarer", "data_officer")
	b.Get("/v1/catalogues/"+c.ID).Refused(404, "not_found")
	b.Get("/v1/cloud-requests/"+r.ID).Refused(404, "not_found")
	b.Post("/v1/catalogues/"+c.ID+"/revise", catalogue("", item())).Refused(404, "not_found")
	b.Post("/v1/catalogues/"+c.ID+"/review", map[string]any{}).Refused(404, "not_found")
	b.Post("/v1/cloud-requests/"+r.ID+"/answer", map[string]any{"granted": true}).Refused(404, "not_found")
	for _, table := range []string{"catalogue", "cloud_request", "steward", "need", "deadline"} {
		if d.VisibleTo(table, "education", "edu", "data_officer") != 0 {
			t.Errorf("%s shows another unit's rows", table)
		}
	}
	d.unit.Post("/v1/stewards", map[string]string{"name": "王五", "contact": "6541"}).OK(nil)
	d.unit.Do("POST", "/v1/catalogues/"+c.ID+"/revise", catalogue("", item()), moduletest.IfMatch(9)).Refused(412, "stale_version")
}
