package rules_test

import (
	"testing"

	"egov/libs/fault"
	"egov/libs/policy"
	"egov/libs/rules"
	typev1 "egov/proto/gen/egov/type/v1"
)

func TestWhichRulesHold(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name    string
		project *typev1.ProjectBrief
		on      string
		want    string
	}{
		{"ThoseAProjectIsPinnedTo", &typev1.ProjectBrief{Pack: "yangpu-2021"}, "2026-04-01", "yangpu-2021"},
		{"ThoseInForceWithoutAProject", nil, "2026-04-01", "yangpu-2023"},
		{"EarlierThoseInForceThen", nil, "2022-04-01", "yangpu-2021"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			pack, err := book().For(c.project, "yangpu", day(c.on))
			if err != nil {
				t.Fatal(err)
			}
			if pack.ID() != c.want {
				t.Errorf("got %s, want %s", pack.ID(), c.want)
			}
		})
	}
}

func TestAnUnknownPinnedPackIsOurFault(t *testing.T) {
	t.Parallel()
	if _, err := book().Of("no-such-pack"); !fault.Is(err, fault.Internal) {
		t.Error(err)
	}
}

func TestWhatWasHeardOpensAGate(t *testing.T) {
	t.Parallel()
	has := rules.Heard(map[string]string{"BudgetIssued": ""}, map[string]string{"contract_copy": "一事一议"})
	for _, c := range []struct {
		name string
		r    policy.Requirement
		want bool
	}{
		{"Heard", policy.Requirement{Fact: "BudgetIssued", Strength: policy.Must}, true},
		{"NotHeard", policy.Requirement{Fact: "AwardMade"}, false},
		{"WaivedInPrinciple", policy.Requirement{Code: "contract_copy", Fact: "ContractAttached", Strength: policy.InPrinciple}, true},
		{"NothingLiftsAMust", policy.Requirement{Code: "contract_copy", Fact: "ContractAttached", Strength: policy.Must}, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			if got := has(c.r); got != c.want {
				t.Error(got)
			}
		})
	}
}
