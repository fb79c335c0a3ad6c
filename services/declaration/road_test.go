package declaration

import (
	"slices"
	"testing"

	"egov/libs/policy"
)

// TestWhoComesNextOnARoad: evaluations first; without them a project is handed
// over at once where its road says so, and authorities that decide by
// themselves see it from acceptance (YP23-R-5.3.3, XA18-14, SH12-10).
func TestWhoComesNextOnARoad(t *testing.T) {
	t.Parallel()
	handover := policy.Step{Code: "transfer", Duty: policy.Handover, By: []string{"planning-bureau", "works-bureau"}}
	for _, c := range []struct {
		name      string
		steps     []policy.Step
		accepted  Stage    // after acceptance
		evaluated Stage    // after the last evaluation
		sees      []string // who sees it from acceptance
		todo      int      // tasks from acceptance
	}{
		{"evaluated and reviewed", []policy.Step{{Duty: policy.ThirdPartyEvaluation}, {Duty: policy.ConferenceReview}}, Accepted, Conference, nil, 0},
		{"evaluated and handed over", []policy.Step{{Duty: policy.ThirdPartyEvaluation}, handover}, Accepted, HandedOver, nil, 0},
		{"reviewed by experts and handed over", []policy.Step{{Duty: policy.ExpertReview}, handover}, Accepted, HandedOver, nil, 0},
		{"handed over at once", []policy.Step{handover}, HandedOver, HandedOver, []string{"planning-bureau", "works-bureau"}, 2},
		{"decided by authorities", []policy.Step{{Code: "opinion"}, {Duty: policy.AuthorityDecision, By: []string{"it-authority"}}, {Duty: policy.AuthorityDecision, By: []string{"finance"}}}, Accepted, Conference, []string{"it-authority", "finance"}, 0},
		{"done elsewhere", []policy.Step{{Code: "local_approval"}}, Accepted, Conference, nil, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			p := &Project{Stage: Accepted}
			p.begin(c.steps)
			if p.Stage != c.accepted || len(p.Todo) != c.todo {
				t.Errorf("accepted: %s with %d tasks", p.Stage, len(p.Todo))
			}
			for _, unit := range c.sees {
				if !slices.Contains(p.Parties, unit) {
					t.Errorf("%s does not see it: %v", unit, p.Parties)
				}
			}
			if len(p.Parties) != len(c.sees) {
				t.Errorf("%v see it", p.Parties)
			}
			p.evaluated(c.steps)
			if p.Stage != c.evaluated {
				t.Errorf("evaluated: %s", p.Stage)
			}
		})
	}
}
