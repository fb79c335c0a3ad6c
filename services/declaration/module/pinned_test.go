package module_test

import (
	"path/filepath"
	"strings"
	"testing"

	"egov/libs/conf"
	"egov/libs/module/moduletest"
	"egov/libs/policy"
	"egov/services/declaration"
	"egov/services/declaration/module"
)

// TestAProjectKeepsTheRulesItWasDeclaredUnder: two projects, one declared in
// the last days of the measures of 2021, one in the first of those of 2023. A
// decision asked for again under other rules changes neither.
func TestAProjectKeepsTheRulesItWasDeclaredUnder(t *testing.T) {
	t.Parallel()
	s := moduletest.Start(t, module.Name, "2023-05-12", module.New)
	declarer := s.As("fac.declarer", "facilities", "declarer")
	secretary := s.As("office.secretary", "gov-office", "secretary")
	declare := func() (p project) {
		t.Helper()
		declarer.Post("/v1/projects", draft()).OK(&p)
		declarer.Post("/v1/projects/"+p.ID+"/submit", nil).OK(&p)
		return p
	}
	old := declare()
	s.Set("2023-05-16")
	young := declare()
	for id, pack := range map[string]string{old.ID: "yangpu-2021", young.ID: "yangpu-2023"} {
		rules, err := policy.Default().ByID(pack)
		if err != nil {
			t.Fatal(err)
		}
		p := get(t, declarer, id)
		if p.Decision.Pack != pack || p.Decision.PackVersion != rules.Version() {
			t.Errorf("declared on %s, pinned to %s %s", p.Case.DeclaredOn, p.Decision.Pack, p.Decision.PackVersion)
		}
		// The gate asks by the rules that the project is pinned to.
		prefix := map[string]string{"yangpu-2021": "YP21-", "yangpu-2023": "YP23-"}[pack]
		for _, v := range secretary.Post("/v1/projects/"+id+"/accept", nil).Refused(422, "gate_closed").Violations {
			if !strings.HasPrefix(v.Basis[0], prefix) {
				t.Errorf("%s of a project under %s rests on %v", v.Code, pack, v.Basis)
			}
		}
		for _, other := range policy.Default().Packs() {
			var d policy.Decision
			c := draft()["case"].(map[string]any)
			c["title"], c["unit"], c["unit_kind"], c["unit_level"] = "重放", "facilities", "administrative", "city"
			c["declared_on"], c["hardware_fen"] = p.Case.DeclaredOn.String(), 0
			delete(c, "materials")
			declarer.Post("/v1/decisions?pack="+other.ID(), c).OK(&d)
			if d.Pack != other.ID() || d.PackVersion != other.Version() {
				t.Errorf("asked for %s, answered by %s %s", other.ID(), d.Pack, d.PackVersion)
			}
		}
		if again := get(t, declarer, id); again.Decision.Pack != pack || again.Version != p.Version {
			t.Errorf("a replay changed the project: %+v", again.Decision)
		}
	}
}

// TestADistrictsOwnFolderDecides: rules that are not in the binary, named by
// configuration.
func TestADistrictsOwnFolderDecides(t *testing.T) {
	t.Parallel()
	s := moduletest.Start(t, module.Name, "2026-03-02", module.New, func(c *conf.Service) {
		c.District, c.Packs = "qinglan", filepath.Join("..", "..", "..", "examples", "qinglan")
	})
	declarer := s.As("fac.declarer", "facilities", "declarer")
	var p project
	declarer.Post("/v1/projects", draft()).OK(&p)
	declarer.Post("/v1/projects/"+p.ID+"/submit", nil).OK(&p)
	if p.Stage != declaration.Submitted || p.Decision.Pack != "qinglan-2025" || p.Decision.Basis[0] != "QL25-12" {
		t.Errorf("%s %+v", p.Stage, p.Decision)
	}
	var clocks struct {
		Items []struct {
			Obligation string `json:"obligation"`
			DueOn      string `json:"due_on"`
		} `json:"items"`
	}
	s.As("office.secretary", "gov-office", "secretary").Get("/v1/deadlines?project_id=" + p.ID).OK(&clocks)
	if len(clocks.Items) != 1 || clocks.Items[0].Obligation != "accept_declaration" || clocks.Items[0].DueOn != "2026-03-09" {
		t.Errorf("the folder's five working days: %+v", clocks.Items)
	}
}
