package module_test

import (
	"fmt"
	"os"
	"slices"
	"testing"

	"egov/libs/authn"
	"egov/libs/dbtest"
	"egov/libs/module/moduletest"
	"egov/libs/redistest"
	declarationv1 "egov/proto/gen/egov/declaration/v1"
	legalizationv1 "egov/proto/gen/egov/legalization/v1"
	typev1 "egov/proto/gen/egov/type/v1"
	"egov/services/legalization"
	"egov/services/legalization/module"
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
	return desk{s, s.As("edu.declarer", "education", "declarer"), s.As("sci.officer", "science", "software_officer")}
}

func need(project string, price int64) map[string]any {
	return map[string]any{"project_id": project, "title": "办公终端操作系统", "products": []map[string]any{
		{"class": "os", "name": "麒麟桌面", "version": "V10", "quantity": 10, "unit_price_fen": price, "use": "办公终端"},
	}}
}

func TestANeedIsDeclaredAssignedAndFiled(t *testing.T) {
	t.Parallel()
	d := start(t)
	d.Other("declaration").State("p1", "gov-office", &declarationv1.ProjectAccepted{Project: &typev1.ProjectBrief{
		ProjectId: "p1", Title: "软件采购", Unit: "education", UnitKind: "administrative", Route: "software_filing", Pack: "yangpu-2023",
	}})
	d.Await("the unit's need", func() bool { return d.unit.Get("/v1/needs/p1").Status == 200 })
	var n legalization.Need
	d.unit.Post("/v1/needs", need("p1", 50_000), moduletest.Key("k")).OK(&n)
	d.unit.Post("/v1/needs", need("p1", 50_000), moduletest.Key("k")).OK(&n)
	if n.ID != "p1" || n.AmountFen != 500_000 || d.Count("p1", &legalizationv1.SoftwareNeedDeclared{}) != 1 {
		t.Fatalf("%+v", n)
	}
	d.officer.Post("/v1/needs/p1/return", map[string]string{"reason": "版本不明"}).OK(nil)
	d.unit.Post("/v1/needs", need("p1", 40_000)).OK(nil)
	d.unit.Post("/v1/needs", need("p1", 40_000)).Refused(409, "wrong_stage")
	d.As("edu.declarer", "science", "software_officer").Post("/v1/needs/p1/assign", nil).Refused(403, "own_work")
	d.officer.Post("/v1/needs/p1/assign", nil).OK(&n)
	if n.Channel != "procurement_centre_purchase" {
		t.Fatal(n.Channel)
	}
	file := func(fen int64, on string) map[string]any {
		return map[string]any{"amount_fen": fen, "purchased_on": on, "supplier": "某公司"}
	}
	d.unit.Post("/v1/needs/p1/purchase", file(400_001, "2026-03-02")).Refused(422, "above_need")
	d.unit.Post("/v1/needs/p1/purchase", file(390_000, "2026-03-03")).Refused(400, "invalid_input")
	d.unit.Post("/v1/needs/p1/purchase", file(390_000, "2026-03-02")).OK(&n)
	if n.State != legalization.Filed {
		t.Fatal(n.State)
	}
	d.Stated("p1", &legalizationv1.PurchaseFiled{})

	// An institution outside the reference civil service buys at the e-market.
	school := d.With(authn.Principal{Subject: "school", Unit: "school-1", UnitKind: "institution", ParentUnit: "education", Roles: []string{"declarer"}})
	school.Post("/v1/needs", need("", 40_000)).OK(&n)
	d.officer.Post("/v1/needs/"+n.ID+"/assign", nil).OK(&n)
	if n.Channel != "e_market_purchase" {
		t.Fatal(n.Channel)
	}
}

func TestPriceCapsBind(t *testing.T) {
	t.Parallel()
	d := start(t)
	d.unit.Post("/v1/price-caps", map[string]any{"class": "os", "name": "麒麟桌面", "cap_fen": 45_000, "source": "2026年清单"}).Refused(403, "role_required")
	d.officer.Post("/v1/price-caps", map[string]any{"class": "os", "name": "麒麟桌面", "cap_fen": 45_000, "source": "2026年清单"}).OK(nil)
	p := d.unit.Post("/v1/needs", need("", 45_001)).Refused(422, "above_price_cap")
	if p.Violations[0].Field != "products[0].unit_price_fen" || p.Basis[0] != "YP23-M-36" {
		t.Fatalf("%+v", p)
	}
	d.unit.Post("/v1/needs", need("", 45_000)).OK(nil)
	var caps struct{ Items []legalization.Cap }
	d.unit.Get("/v1/price-caps").OK(&caps)
	if len(caps.Items) != 1 {
		t.Fatal("the list is for everybody")
	}
}

func TestInventoryShowsGaps(t *testing.T) {
	t.Parallel()
	d := start(t)
	report := func(installed, owned int) map[string]any {
		return map[string]any{"year": 2026, "lines": []map[string]any{{"class": "database", "name": "达梦", "version": "8", "installed": installed, "owned": owned, "use": "业务库", "cost_fen": 100}}}
	}
	d.unit.Post("/v1/inventories", report(5, 3)).OK(nil)
	d.unit.Post("/v1/inventories", report(5, 3)).OK(nil)
	d.unit.Post("/v1/inventories", report(5, 5)).OK(nil)
	if d.Count("education", &legalizationv1.LicenceGapFound{}) != 1 || d.Count("education", &legalizationv1.LicenceGapClosed{}) != 1 || d.Count("education", &legalizationv1.InventoryReported{}) != 3 {
		t.Fatalf("%+v", d.Facts("education"))
	}
}

func TestBadInput(t *testing.T) {
	t.Parallel()
	d := start(t)
	p := d.unit.Post("/v1/needs", map[string]any{"unit": "finance", "products": []map[string]any{{"class": "game", "quantity": 0}}}).Refused(400, "invalid_input")
	var fields []string
	for _, v := range p.Violations {
		fields = append(fields, v.Field)
	}
	slices.Sort(fields)
	if got := fmt.Sprint(fields); got != "[products[0].class products[0].name products[0].quantity products[0].unit_price_fen products[0].use products[0].version title unit]" {
		t.Fatal(got)
	}
	d.unit.Post("/v1/inventories", map[string]any{"year": 1, "lines": []any{}}).Refused(400, "invalid_input")
	if len(d.Facts("")) != 0 {
		t.Fatal("something was stated")
	}
}

func TestUnitsDoNotSeeEachOther(t *testing.T) {
	t.Parallel()
	d := start(t)
	var n legalization.Need
	d.unit.Post("/v1/needs", need("", 1000)).OK(&n)
	b := d.As("health", "health", "declarer", "software_officer")
	b.Get("/v1/needs/"+n.ID).Refused(404, "not_found")
	for path, body := range map[string]any{"/assign": nil, "/return": map[string]string{"reason": "x"}, "/purchase": map[string]any{"amount_fen": 1, "purchased_on": "2026-03-02", "supplier": "x"}} {
		b.Post("/v1/needs/"+n.ID+path, body).Refused(404, "not_found")
	}
	b.Post("/v1/needs", need(n.ID, 1)).Refused(404, "not_found")
	d.unit.Post("/v1/inventories", map[string]any{"year": 2026, "lines": []map[string]any{{"class": "os", "name": "a", "version": "1", "use": "x"}}}).OK(nil)
	for _, table := range []string{"need", "price_cap", "inventory"} {
		if d.VisibleTo(table, "health", "health", "declarer") != 0 {
			t.Errorf("%s shows another unit's rows", table)
		}
	}
	d.unit.Do("POST", "/v1/needs/"+n.ID+"/purchase", map[string]any{"amount_fen": 1, "purchased_on": "2026-03-02", "supplier": "x"}, moduletest.IfMatch(7)).Refused(412, "stale_version")
}
