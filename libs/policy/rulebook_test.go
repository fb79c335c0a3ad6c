package policy_test

import (
	"bytes"
	"strings"
	"testing"

	"egov/libs/policy"
)

var sections = []policy.Section{
	policy.RouteRules, policy.StepRules, policy.ModeRules, policy.ChecklistRules, policy.ObligationRules,
	policy.StrengthRules, policy.CostRules, policy.FindingRules, policy.NoteRules,
}

// TestBookHoldsEveryRuleOfATrace: what a decision rests on can be looked up,
// under the same name and with the same condition.
func TestBookHoldsEveryRuleOfATrace(t *testing.T) {
	t.Parallel()
	for _, p := range policy.Default().Packs() {
		t.Run(p.ID(), func(t *testing.T) {
			t.Parallel()
			book := map[string]policy.Rule{}
			for _, s := range sections {
				for _, r := range p.Rules(s) {
					if !strings.HasPrefix(r.Name, string(s)+"/") || len(r.Basis) == 0 {
						t.Errorf("%s stands in section %s and rests on %v", r.Name, s, r.Basis)
					}
					book[r.Name] = r
				}
			}
			for _, e := range p.Examples() {
				if e.Want.Problem != "" || e.Want.Violations != nil {
					continue
				}
				doc, err := e.JSON()
				if err != nil {
					t.Fatal(err)
				}
				d, err := policy.Default().DecideJSON(bytes.NewReader(doc), policy.DefaultLimit, policy.Options{Pack: p.ID()})
				if err != nil {
					t.Fatal(err)
				}
				for _, step := range d.Trace {
					name, _, _ := strings.Cut(step.Rule, "#")
					if r, ok := book[name]; !ok || r.When != step.Expr {
						t.Errorf("%s of a trace is %+v in the book", step.Rule, r)
					}
				}
			}
		})
	}
}

func TestBookSaysWhatARuleGives(t *testing.T) {
	t.Parallel()
	p := yangpu(t)
	find := func(list []policy.Rule, name string) policy.Rule {
		t.Helper()
		for _, r := range list {
			if r.Name == name {
				return r
			}
		}
		t.Fatalf("no rule %s", name)
		return policy.Rule{}
	}
	if r := find(p.Rules(policy.RouteRules), "route/small"); strings.Join(r.Gives, " ") != "filing third_party_evaluation conference_filing" {
		t.Errorf("%+v", r)
	}
	if r := find(p.Rules(policy.ChecklistRules), "checklist/crypto_plan"); r.Gate != "accept" {
		t.Errorf("%+v", r)
	}
	if r := find(p.Rules(policy.CostRules), "cost/om_hardware_a"); strings.Join(r.Categories, " ") != "om_hardware/A" || r.Text.EN == "" {
		t.Errorf("%+v", r)
	}
	if r := find(p.Rules(policy.CheckRules), "check/hardware_needed"); r.Field != "hardware_fen" {
		t.Errorf("%+v", r)
	}
	if r := find(p.Requirements("submit"), "gate/submit/xc_stated"); r.Holds == "" || len(r.Kinds) == 0 {
		t.Errorf("%+v", r)
	}
	if r := find(p.Rules(policy.CostRules), "cost/integration_below"); r.Bound == nil || !r.Bound.Floor || r.If != "total.integration > 0" || r.Bound.Actual != "total.integration" {
		t.Errorf("%+v", r)
	}
	if r := find(p.Rules(policy.NoteRules), "note/second_class_fees_decide"); r.Vary == "" || r.If == "" {
		t.Errorf("%+v", r)
	}
	if g := p.Groups(); len(g) == 0 || g[0].Name != "construction" || g[0].Categories[0] != "hardware" {
		t.Errorf("%+v", g)
	}
	if p.Rules("nothing") != nil || p.Requirements("nothing") != nil {
		t.Error("there are rules of nothing")
	}
}
