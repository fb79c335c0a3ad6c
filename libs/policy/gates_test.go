package policy_test

import (
	"slices"
	"testing"

	"egov/libs/policy"
)

// TestAClosedGateNamesItsArticle: what a service answers while the fact is not
// on record, by the article that asks for it, and that a case which has no need
// of it is not asked.
func TestAClosedGateNamesItsArticle(t *testing.T) {
	t.Parallel()
	build := policy.Case{
		Kind: "new_build", AmountFen: 694_7911_00, PureSoftware: true, PublicData: true,
		XCConformant: new(false), NationalCrypto: new(true), MLPSGrade: new(int64(0)),
	}
	upkeep := policy.Case{
		Kind: "operation_maintenance", AmountFen: 90_0000_00, OM: &policy.Maintenance{FirstYear: true}, PublicData: true, UrbanOperation: true,
	}
	plain := policy.Case{Kind: "operation_maintenance", AmountFen: 90_0000_00, OM: &policy.Maintenance{FirstYear: true}}
	service := policy.Case{Kind: "service", AmountFen: 1}
	investment := policy.Case{Kind: "upgrade", AmountFen: 1945_0000_00, HardwareFen: new(int64(1361_5000_00))}
	for _, c := range []struct {
		article, gate, requirement string
		asked                      policy.Case
		spared                     *policy.Case // nil: every case is asked
	}{
		{"YP23-R-5.5.3", "procurement", "responsible_named", service, nil},
		{"YP23-R-5.5.1", "procurement", "budget_issued", service, nil},
		{"YP23-R-5.4.3", "submit", "no_lockout", service, nil},
		{"YP23-R-5.5.7", "submit", "no_failed_acceptance", upkeep, &build},
		{"YP23-R-5.6.1", "accept", "no_rectification_overdue", service, nil},
		{"YP23-M-34", "accept", "grade_determined", build, &service},
		{"YP23-R-5.1.2", "accept", "xc_exemption_filed", build, &service},
		{"YP23-R-5.3.2", "agenda", "expert_review_passed", build, &service},
		{"YP23-R-5.3.3", "budget", "handover_outcome", investment, &service},
		{"YP23-M-9", "budget", "in_plan", service, &investment},
		{"YP23-R-5.5.2", "contract", "contract_copy", service, nil},
		{"YP23-R-5.5.5", "contract", "within_approved_amount", service, nil},
		{"YP23-R-5.5.6", "acceptance", "engineering_supervision", build, &service},
		{"YP23-M-28", "acceptance", "crypto_test", build, &service},
		{"SH16-D-9", "acceptance", "catalogue_published", build, &service},
		{"YP23-M-22", "om_money", "catalogue_published", upkeep, &plain},
		{"YP23-M-23", "om_money", "urban_ops_connected", upkeep, &plain},
		{"YP23-S-4.1", "om_money", "integrated", upkeep, &build},
	} {
		t.Run(c.article+"/"+c.gate, func(t *testing.T) {
			t.Parallel()
			r, ok := waiting(t, c.gate, c.requirement, c.asked)
			if v := r.Violation(c.gate); !ok || !slices.Contains(v.Basis, c.article) || v.Msg == "" || v.MsgEN == "" {
				t.Errorf("%s at %s: %v %+v", c.requirement, c.gate, ok, v)
			}
			if c.spared == nil {
				return
			}
			if r, ok := waiting(t, c.gate, c.requirement, *c.spared); ok {
				t.Errorf("%s is asked for what it does not have: %+v", c.spared.Kind, r)
			}
		})
	}
}

// waiting finds one requirement of a gate, if the gate asks a case for it.
func waiting(t *testing.T, gate, requirement string, c policy.Case) (policy.Requirement, bool) {
	t.Helper()
	p := yangpu(t)
	day, _ := p.Validity()
	d, err := p.Decide(c, day)
	if err != nil {
		t.Fatal(err)
	}
	list, _, err := p.Gate(gate, c, d)
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range list {
		if r.Code == requirement {
			return r, true
		}
	}
	return policy.Requirement{}, false
}
