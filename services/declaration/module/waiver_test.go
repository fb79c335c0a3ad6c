package module_test

import (
	"slices"
	"strings"
	"testing"

	"egov/libs/op"
	conferencev1 "egov/proto/gen/egov/conference/v1"
	declarationv1 "egov/proto/gen/egov/declaration/v1"
	"egov/services/declaration"
)

func codesOf(p op.Problem) (codes []string) {
	for _, v := range p.Violations {
		codes = append(codes, v.Code)
	}
	return codes
}

// TestAWaiverLiftsNoRuleThatBinds: neither a finding without exception nor a
// requirement of a gate yields to a decision that names it.
func TestAWaiverLiftsNoRuleThatBinds(t *testing.T) {
	t.Parallel()
	s := start(t)
	declarer, secretary := s.As("fac.declarer", "facilities", "declarer"), s.As("office.secretary", "gov-office", "secretary")
	waive := func(p project, rule string) {
		s.Other("conference").State(p.ID, "gov-office", &conferencev1.WaiverGranted{ProjectId: p.ID, Rule: rule, Reason: "一事一议"})
		s.Await("the waiver", func() bool { return get(t, declarer, p.ID).Waivers[rule] != "" })
	}

	var room project
	declarer.Post("/v1/projects", draft(func(c map[string]any) { c["own_machine_room"] = true })).OK(&room)
	for range 2 { // before the waiver and after
		refused := declarer.Post("/v1/projects/"+room.ID+"/submit", nil).Refused(422, "not_ready")
		if got := codesOf(refused); !slices.Equal(got, []string{"independent_machine_room"}) || refused.Violations[0].Basis[0] != "YP23-M-17" {
			t.Fatalf("%+v", refused)
		}
		waive(room, "independent_machine_room")
	}

	var plain project
	declarer.Post("/v1/projects", draft()).OK(&plain)
	declarer.Post("/v1/projects/"+plain.ID+"/submit", nil).OK(&plain)
	waive(plain, "crypto_plan")
	if got := codesOf(secretary.Post("/v1/projects/"+plain.ID+"/accept", nil).Refused(422, "gate_closed")); !slices.Contains(got, "crypto_plan") {
		t.Fatal(got)
	}
}

// TestAFindingInPrincipleGoesToTheConference: the office may not lift it, and
// need not stop it; the members see it with limit and actual amount.
func TestAFindingInPrincipleGoesToTheConference(t *testing.T) {
	t.Parallel()
	s := start(t)
	declarer := s.As("fac.declarer", "facilities", "declarer")
	var p project
	declarer.Post("/v1/projects", draft(func(c map[string]any) {
		c["budget"] = []map[string]any{{"category": "template", "class": "oa_small", "amount_fen": 25_000_001}}
	})).OK(&p)
	declarer.Post("/v1/projects/"+p.ID+"/submit", nil).OK(&p)
	if p.Stage != declaration.Submitted || p.Decision.Ready || len(p.Decision.Findings) != 1 {
		t.Fatalf("%s %+v", p.Stage, p.Decision)
	}
	f := p.Decision.Findings[0]
	if f.Code != "template_cap" || f.Strength != "in_principle" || *f.Line != 0 || *f.LimitFen != 25_000_000 || *f.ActualFen != 25_000_001 {
		t.Errorf("%+v", f)
	}
	if stated := s.Stated(p.ID, &declarationv1.ProjectSubmitted{}); !strings.Contains(stated.Data["decision_json"].(string), `"limit_fen":25000000`) {
		t.Errorf("%+v", stated.Data)
	}
}
