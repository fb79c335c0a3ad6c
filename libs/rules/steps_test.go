package rules_test

import (
	"slices"
	"testing"

	"egov/libs/fault"
	"egov/libs/policy"
	"egov/libs/rules"
	typev1 "egov/proto/gen/egov/type/v1"
)

// TestWhoServesARoad: the pack that a project is pinned to says which duties
// serve its steps; one that is not there decides nothing.
func TestWhoServesARoad(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, pack string
		steps      []string
		serves     []policy.Duty
		not        []policy.Duty
	}{
		{"a review in Yangpu", "yangpu-2023", []string{"third_party_evaluation", "expert_review", "conference_review"}, []policy.Duty{policy.ThirdPartyEvaluation, policy.ExpertReview, policy.ConferenceReview}, []policy.Duty{policy.ConferenceFiling, policy.Handover, policy.AuthorityDecision}},
		{"a joint review in Xi'an", "xian-2018", []string{"joint_review"}, []policy.Duty{policy.AuthorityDecision}, []policy.Duty{policy.ConferenceReview}},
		{"a step that nobody serves", "xian-2018", []string{"local_approval"}, nil, []policy.Duty{policy.AuthorityDecision, policy.ConferenceReview}},
		{"another pack's step", "yangpu-2021", []string{"third_party_evaluation"}, nil, []policy.Duty{policy.ThirdPartyEvaluation}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			p := &typev1.ProjectBrief{Pack: c.pack, Steps: c.steps}
			for _, d := range slices.Concat(c.serves, c.not) {
				ok, err := book().Serves(p, d)
				if err != nil || ok != slices.Contains(c.serves, d) {
					t.Errorf("%s: %v %v", d, ok, err)
				}
			}
		})
	}
	if _, err := book().Steps(&typev1.ProjectBrief{Pack: "no-such-pack"}); fault.From(err).Kind != fault.Internal {
		t.Errorf("%v", err)
	}
}

// TestGuidanceIsNotWaitedFor: what a pack asks for by way of guidance is no
// reason to refuse, and what holds in principle yields to a waiver alone.
func TestGuidanceIsNotWaitedFor(t *testing.T) {
	t.Parallel()
	p := &typev1.ProjectBrief{Kind: "operation_maintenance", Route: "filing", Pack: "yangpu-2023", DeclaredOn: "2026-03-02", AmountFen: 1, PublicData: true}
	facts := map[string]string{"IntegrationConfirmed": "x", "AcceptancePassed": "x", "HoldReleased": "x"}
	missing, err := book().Missing(p, "om_money", rules.Heard(facts, nil))
	if err != nil || len(missing) != 1 || missing[0].Code != "catalogue_published" {
		t.Errorf("%+v %v", missing, err)
	}
	missing, err = book().Missing(p, "om_money", rules.Heard(facts, map[string]string{"catalogue_published": "一事一议"}))
	if err != nil || len(missing) != 0 {
		t.Errorf("%+v %v", missing, err)
	}
	if (policy.Requirement{Strength: policy.Reference}).Closes() || !(policy.Requirement{Strength: policy.Must}).Closes() {
		t.Error("guidance closes a gate, or a duty does not")
	}
}
