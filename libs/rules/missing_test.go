package rules_test

import (
	"errors"
	"testing"

	"egov/libs/fault"
	"egov/libs/policy"
	"egov/libs/rules"
	typev1 "egov/proto/gen/egov/type/v1"
)

// TestMissingListsWhatTheGateWouldRefuse, and keeps other failures apart.
func TestMissingListsWhatTheGateWouldRefuse(t *testing.T) {
	t.Parallel()
	p := &typev1.ProjectBrief{Kind: "service", Route: "review", Pack: "yangpu-2023", DeclaredOn: "2026-03-02", AmountFen: 1}
	no := func(policy.Requirement) bool { return false }
	missing, err := book().Missing(p, "procurement", no)
	if err != nil || len(missing) != 2 || missing[0].Code != "budget_issued" || missing[1].Code != "responsible_named" {
		t.Errorf("%+v %v", missing, err)
	}
	if err := book().Gate(p, "procurement", no); !errors.Is(err, rules.ErrGate) {
		t.Errorf("%v", err)
	}
	missing, err = book().Missing(p, "procurement", func(policy.Requirement) bool { return true })
	if err != nil || missing != nil {
		t.Errorf("%+v %v", missing, err)
	}
	p.Pack = "no-such-pack"
	if _, err := book().Missing(p, "procurement", no); fault.From(err).Kind != fault.Internal {
		t.Errorf("%v", err)
	}
}
