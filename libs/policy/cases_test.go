package policy_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"egov/libs/fault"
	"egov/libs/policy"
)

func TestEveryPackMeetsItsCases(t *testing.T) {
	t.Parallel()
	for _, p := range policy.Default().Packs() {
		t.Run(p.ID(), func(t *testing.T) {
			t.Parallel()
			for _, e := range p.Examples() {
				t.Run(e.Name, func(t *testing.T) {
					t.Parallel()
					if err := p.Try(e); err != nil {
						t.Error(err)
					}
				})
			}
		})
	}
}

// TestCheckTellsWhichCaseDiffers breaks one figure and expects the worked cases
// of that threshold to say so.
func TestCheckTellsWhichCaseDiffers(t *testing.T) {
	t.Parallel()
	files := packFiles(t, "yangpu-2023")
	files["params.yaml"].Data = []byte(strings.Replace(string(files["params.yaml"].Data),
		"filing_limit, wan: 100", "filing_limit, wan: 100.000001", 1))
	p, err := policy.Load(files)
	if err != nil {
		t.Fatal(err)
	}
	where := position(t, "cases.yaml", string(files["cases.yaml"].Data), "at the filing limit")
	err = p.Check()
	if !errors.Is(err, policy.ErrInvalidPack) || !slices.ContainsFunc(fault.From(err).Violations, func(v fault.Violation) bool {
		return v.Field == where && v.Code == "case_differs" && strings.HasPrefix(v.MsgEN, "at the filing limit: route: got filing, want review")
	}) {
		t.Fatal(err)
	}
	if err := yangpu(t).Check(); err != nil {
		t.Fatal(err)
	}
}

// TestWantsAreReallyCompared: a worked case that expects something else must
// not pass, whichever field it speaks of.
func TestWantsAreReallyCompared(t *testing.T) {
	t.Parallel()
	p := yangpu(t)
	no, line, amount, mode := false, 9, int64(9), "x"
	decided := map[string]any{
		"kind": "information_publishing", "amount_fen": 200_0000_00, "declared_on": "2024-03-01",
	}
	refused := map[string]any{"kind": "castle", "amount_fen": 1, "declared_on": "2024-03-01"}
	for name, e := range map[string]policy.Example{
		"route":           {Case: decided, Want: policy.Want{Route: "filing"}},
		"steps":           {Case: decided, Want: policy.Want{Steps: []string{"cac_consent"}}},
		"basis":           {Case: decided, Want: policy.Want{Basis: []string{"YP23-R-5.3.1"}}},
		"mode":            {Case: decided, Want: policy.Want{ConferenceMode: &mode}},
		"missing":         {Case: decided, Want: policy.Want{Missing: []string{}}},
		"required":        {Case: decided, Want: policy.Want{Required: []string{}}},
		"not required":    {Case: decided, Want: policy.Want{RequiredExclude: []string{"cac_consent"}}},
		"obligations":     {Case: decided, Want: policy.Want{Obligations: []string{}}},
		"some obligation": {Case: decided, Want: policy.Want{ObligationsInclude: []string{"public_tender"}}},
		"no obligation":   {Case: decided, Want: policy.Want{ObligationsExclude: []string{"government_procurement"}}},
		"notes":           {Case: decided, Want: policy.Want{Notes: []string{}}},
		"some note":       {Case: decided, Want: policy.Want{NotesInclude: []string{"edge_400w"}}},
		"no note":         {Case: decided, Want: policy.Want{NotesExclude: []string{"information_publishing_experts"}}},
		"ready":           {Case: map[string]any{"kind": "telecom_fee", "amount_fen": 1, "declared_on": "2024-03-01"}, Want: policy.Want{Ready: &no}},
		"no findings":     {Case: decided, Want: policy.Want{Findings: []policy.WantFinding{}}},
		"finding code":    {Case: decided, Want: policy.Want{Findings: []policy.WantFinding{{Code: "x"}}}},
		"finding line":    {Case: decided, Want: policy.Want{Findings: []policy.WantFinding{{Line: &line}}}},
		"finding limit":   {Case: decided, Want: policy.Want{Findings: []policy.WantFinding{{LimitFen: &amount}}}},
		"finding amount":  {Case: decided, Want: policy.Want{Findings: []policy.WantFinding{{ActualFen: &amount}}}},
		"finding basis":   {Case: decided, Want: policy.Want{Findings: []policy.WantFinding{{Basis: []string{"x"}}}}},
		"a refusal":       {Case: decided, Want: policy.Want{Problem: "invalid_input"}},
		"no refusal":      {Case: refused, Want: policy.Want{Route: "filing"}},
		"another refusal": {Case: refused, Want: policy.Want{Problem: "no_pack_in_force"}},
		"other faults":    {Case: refused, Want: policy.Want{Violations: []string{"amount_fen not_positive"}}},
		"a bad date":      {Case: decided, AsOf: "2024-13-01"},
		"an open gate":    {Case: decided, Want: policy.Want{Gates: map[string][]string{"agenda": {}}}},
		"a closed gate":   {Case: decided, Heard: []string{"EvaluationPassed", "ExpertReviewPassed"}, Want: policy.Want{Gates: map[string][]string{"agenda": {"evaluation_passed"}}}},
		"no such gate":    {Case: decided, Want: policy.Want{Gates: map[string][]string{"heaven": {}}}},
	} {
		if err := p.Try(e); err == nil {
			t.Errorf("%s passes", name)
		}
	}
}
