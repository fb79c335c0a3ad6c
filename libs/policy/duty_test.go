package policy_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"egov/libs/fault"
	"egov/libs/policy"
)

// replaced loads yangpu-2023 with one text of a file replaced.
func replaced(t *testing.T, file, old, now string) (*policy.Pack, error) {
	t.Helper()
	files := packFiles(t, "yangpu-2023")
	was := string(files[file].Data)
	text := strings.Replace(was, old, now, 1)
	if text == was {
		t.Fatalf("%s does not have %q", file, old)
	}
	files[file].Data = []byte(text)
	return policy.Load(files)
}

// TestStepsSayWhoServesThem, whatever they are called.
func TestStepsSayWhoServesThem(t *testing.T) {
	t.Parallel()
	p, err := replaced(t, "codes.yaml", "duty: expert_review}", "duty: expert_review}\n  - {code: hearing, zh: 听取意见, en: hearing}")
	if err != nil {
		t.Fatal(err)
	}
	steps := p.Steps([]string{"third_party_evaluation", "hearing", "development_reform_handover", "no_such_step"})
	want := []policy.Step{
		{Code: "third_party_evaluation", Duty: policy.ThirdPartyEvaluation},
		{Code: "hearing"},
		{Code: "development_reform_handover", Duty: policy.Handover, By: []string{"development-reform"}},
		{Code: "no_such_step"},
	}
	if !slices.EqualFunc(steps, want, func(a, b policy.Step) bool {
		return a.Code == b.Code && a.Duty == b.Duty && slices.Equal(a.By, b.By)
	}) {
		t.Errorf("%+v", steps)
	}
	if s, ok := policy.Serving(steps, policy.Handover); !ok || s.Code != "development_reform_handover" {
		t.Errorf("%+v %v", s, ok)
	}
	if s, ok := policy.Serving(steps, policy.ConferenceReview); ok {
		t.Errorf("%+v serves a step that the road does not have", s)
	}
}

// TestEveryStepOfAPackIsServedOrElsewhere: where the conference takes part, a
// duty of it serves the step, and units are named where a duty has no desk.
func TestEveryStepOfAPackIsServedOrElsewhere(t *testing.T) {
	t.Parallel()
	for _, p := range policy.Default().Packs() {
		served := 0
		for _, s := range p.Terms(policy.Steps) {
			conference := s.Duty == policy.ConferenceFiling || s.Duty == policy.ConferenceReview
			if s.Conference != conference {
				t.Errorf("%s: %s is served by %q", p.ID(), s.Code, s.Duty)
			}
			if s.Duty != "" {
				served++
			}
		}
		if served == 0 {
			t.Errorf("%s: nobody serves a step", p.ID())
		}
	}
}

func TestDutiesThatDoNotLoad(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, old, now, code string }{
		{"a duty that is none", "duty: expert_review}", "duty: astrology}", "unknown_duty"},
		{"a duty of what is no step", "{code: service, zh: 购买服务, en: purchased service}", "{code: service, zh: 购买服务, en: purchased service, duty: handover}", "not_a_step"},
		{"a decision of nobody", "duty: expert_review}", "duty: authority_decision}", "units_of_duty"},
		{"units beside a desk", "duty: expert_review}", "duty: expert_review, by: [finance]}", "units_of_duty"},
		{"units of no duty", "duty: expert_review}", "by: [finance]}", "units_of_duty"},
		{"a unit twice", "by: [development-reform]", "by: [finance, finance]", "duplicate"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			_, err := replaced(t, "codes.yaml", c.old, c.now)
			if !errors.Is(err, policy.ErrInvalidPack) || !slices.ContainsFunc(fault.From(err).Violations, func(v fault.Violation) bool {
				return v.Code == c.code && strings.HasPrefix(v.Field, "codes.yaml:")
			}) {
				t.Errorf("%v", err)
			}
		})
	}
}

// TestHowRulesBind: must unless they say otherwise, at every place that may.
func TestHowRulesBind(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		section         policy.Section
		rule, file, old string // old: after which a strength may stand
	}{
		{policy.RouteRules, "route/renewal", "routes.yaml", "    when: renewal_year > 0 && renewal_unchanged\n"},
		{policy.StepRules, "step/supervisor_approval", "routes.yaml", "    when: subordinate && !supervisor_approved\n"},
		{policy.ChecklistRules, "checklist/superior_document", "checklist.yaml", "    when: route == 'direct_registration'\n"},
		{policy.ObligationRules, "obligation/training_plan", "obligations.yaml", "    when: kind == 'new_build' && given.mlps_grade\n"},
	} {
		strength := func(p *policy.Pack) policy.Strength {
			rules := p.Rules(c.section)
			return rules[slices.IndexFunc(rules, func(r policy.Rule) bool { return r.Name == c.rule })].Strength
		}
		t.Run(c.rule, func(t *testing.T) {
			t.Parallel()
			if s := strength(yangpu(t)); s != policy.Must {
				t.Errorf("unsaid it is %q", s)
			}
			for _, want := range []policy.Strength{policy.Must, policy.InPrinciple, policy.Reference} {
				p, err := replaced(t, c.file, c.old, c.old+"    strength: "+string(want)+"\n")
				if err != nil {
					t.Fatal(err)
				}
				if got := strength(p); got != want {
					t.Errorf("%s is read as %s", want, got)
				}
			}
			if _, err := replaced(t, c.file, c.old, c.old+"    strength: often\n"); !errors.Is(err, policy.ErrInvalidPack) {
				t.Errorf("an unknown strength loads: %v", err)
			}
		})
	}
	if p, err := replaced(t, "deadlines.yaml", "    working_days: 10\n    warn_working_days: 3\n    strength: must\n", "    working_days: 10\n"); err != nil {
		t.Error(err)
	} else if d, _ := p.Deadline("contract_filing"); d.Strength != policy.Must {
		t.Errorf("a deadline that does not say is %q", d.Strength)
	}
}

// TestGuidanceClosesNoGate: an item that is asked for by way of guidance is
// listed, and neither closes its gate nor keeps a declaration from being ready;
// one in principle does both until it is lifted.
func TestGuidanceClosesNoGate(t *testing.T) {
	t.Parallel()
	const rule = "    when: kind in ['upgrade', 'operation_maintenance'] && route != 'renewal_filing'\n"
	for _, c := range []struct {
		strength policy.Strength
		closes   bool
	}{{policy.Must, true}, {policy.InPrinciple, true}, {policy.Reference, false}} {
		t.Run(string(c.strength), func(t *testing.T) {
			t.Parallel()
			old := "  - item: operation_report\n    gate: submit\n" + rule
			p, err := replaced(t, "checklist.yaml", old, old+"    strength: "+string(c.strength)+"\n")
			if err != nil {
				t.Fatal(err)
			}
			om := policy.Case{
				Kind: "operation_maintenance", AmountFen: 90_0000_00,
				Materials: []string{"pre_review_form", "basis", "budget_plan", "original_approval", "original_contract", "acceptance_report"},
			}
			first, _ := p.Validity()
			d, err := p.Decide(om, first)
			if err != nil {
				t.Fatal(err)
			}
			if d.Ready == c.closes {
				t.Errorf("ready is %v", d.Ready)
			}
			list, _, err := p.Gate("submit", om, d)
			if err != nil {
				t.Fatal(err)
			}
			i := slices.IndexFunc(list, func(r policy.Requirement) bool { return r.Code == "operation_report" })
			if i < 0 || list[i].Strength != c.strength || list[i].Closes() != c.closes {
				t.Errorf("%+v", list)
			}
		})
	}
}
