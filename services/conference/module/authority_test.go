package module_test

import (
	"slices"
	"testing"

	declarationv1 "egov/proto/gen/egov/declaration/v1"
	typev1 "egov/proto/gen/egov/type/v1"
	"egov/services/conference"
)

// construction is a city's construction project under Shanghai's rules: three
// authorities decide on it, no conference does (SH12-10).
func construction(p *typev1.ProjectBrief) {
	p.Unit, p.Pack, p.Route, p.ConferenceMode, p.Basis = "transport", "shanghai-2012", "review", "", []string{"SH12-10"}
	p.Steps = []string{"it_authority_review", "office_review", "reform_commission_approval"}
}

// TestAuthoritiesDecideFromTheirDesks: each finds the project in its inbox when
// its turn has come, decides over HTTP, and is refused before and after; who has
// no part in it sees nothing (SH12-10).
func TestAuthoritiesDecideFromTheirDesks(t *testing.T) {
	t.Parallel()
	d := start(t)
	p := brief("p-1", construction)
	d.Other("declaration").State("p-1", p.GetUnit(), &declarationv1.ProjectSubmitted{Project: p, DecisionJson: `{"findings":[]}`}, &declarationv1.ProjectAccepted{Project: p})
	d.until("p-1", conference.WithAuthorities)

	turns := []string{"it-authority", "gov-office", "development-reform"}
	inbox := func(unit string) (actions []string) {
		var tasks struct {
			Items []struct {
				Action string `json:"action"`
			} `json:"items"`
		}
		d.member(unit).Get("/v1/tasks").OK(&tasks)
		for _, i := range tasks.Items {
			actions = append(actions, i.Action)
		}
		return actions
	}
	d.member("finance").Get("/v1/dockets/p-1").Refused(404, "not_found")
	d.member("finance").Post("/v1/dockets/p-1/decision", approve(1)).Refused(404, "not_found")
	d.As("transport.declarer", "transport", "declarer").Post("/v1/dockets/p-1/decision", approve(1)).Refused(403, "role_required")
	for n, unit := range turns {
		for m, other := range turns {
			if has := slices.Contains(inbox(other), "decide_step"); has != (m == n) {
				t.Errorf("turn of %s: %s has it on its desk: %v", unit, other, has)
			}
			if m != n {
				d.member(other).Post("/v1/dockets/p-1/decision", approve(1)).Refused(403, "not_the_deciding_authority")
			}
		}
		d.member(unit).Post("/v1/dockets/p-1/decision", map[string]any{"outcome": "approved"}).Refused(400, "invalid_input")
		var k conference.Docket
		d.member(unit).Post("/v1/dockets/p-1/decision", approve(int64(600_000_000-n))).OK(&k)
		if k.Authorities[n].Unit != unit || k.Authorities[n].Outcome != conference.Approved || k.Authorities[n].Signature == nil {
			t.Errorf("%+v", k.Authorities[n])
		}
	}
	k := d.docket("p-1")
	if k.State != conference.Decided || k.Outcome != conference.Approved || k.ApprovedFen != 599_999_998 {
		t.Fatalf("%s %s %d", k.State, k.Outcome, k.ApprovedFen)
	}
	var taken int
	for _, f := range d.Facts("p-1") {
		if f.Type == "egov.conference.v1.DecisionTaken" {
			taken++
			if f.Data["outcome"] != "approved" || f.Data["approved_fen"] != "599999998" {
				t.Errorf("%v", f.Data)
			}
		}
	}
	if taken != 1 {
		t.Errorf("decided %d times", taken)
	}
}
