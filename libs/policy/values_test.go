package policy_test

import (
	"bytes"
	"encoding/json"
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"egov/libs/calendar"
	"egov/libs/policy"
)

// untold is a decision without the values in its trace.
func untold(d policy.Decision) policy.Decision {
	d.Trace = slices.Clone(d.Trace)
	for i := range d.Trace {
		d.Trace[i].Values = nil
	}
	return d
}

func traced(t *testing.T, d policy.Decision, rule string) policy.TraceStep {
	t.Helper()
	i := slices.IndexFunc(d.Trace, func(s policy.TraceStep) bool { return s.Rule == rule })
	if i < 0 {
		t.Fatalf("%s is not in the trace", rule)
	}
	return d.Trace[i]
}

// TestATraceTellsValuesOnDemand: fields of the case, figures of the pack, sums,
// and the budget line that a rule looked at.
func TestATraceTellsValuesOnDemand(t *testing.T) {
	t.Parallel()
	const doc = `{"kind":"new_build","unit":"party-office","amount_fen":9000000,"declared_on":"2024-03-01","materials":["basis"],"budget":[
		{"category":"hardware","amount_fen":5},
		{"category":"software_development","amount_fen":2000001,"person_months":1},
		{"category":"consulting","amount_fen":7}]}`
	told, err := decide(t, doc, policy.Options{Values: true})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		rule string
		want map[string]any
	}{
		{"route/classified", map[string]any{"classified": false}},
		{"route/small", map[string]any{"kind": "new_build", "amount_fen": int64(900_0000), "filing_limit": int64(1_0000_0000)}},
		{"conference_mode/ordinary", nil},
		{"cost/person_month_price#1", map[string]any{
			"line.person_months": int64(100), "line.amount_fen": int64(200_0001), "kind": "new_build", "person_month_price": int64(200_0000),
		}},
		{"cost/four_fees", map[string]any{
			"total.construction": int64(200_0006), "total.four_fees": int64(7), "four_fees_share": int64(1000),
		}},
		{"obligation/government_procurement", map[string]any{"amount_fen": int64(900_0000), "procurement_limit": int64(1_0000_0000), "route": "filing"}},
		{"note/signing_date", map[string]any{"declared_on": "2024-03-01", "published_on": "2023-05-17"}},
		{"note/communication_scope", map[string]any{"kind": "new_build"}}, // no such line
		{"note/person_months_missing", map[string]any{"line.person_months": int64(100)}},
		{"note/second_class_fees_decide", map[string]any{"total.second_class": int64(7), "amount_fen": int64(900_0000)}},
		{"finding/new_dedicated_network", map[string]any{"dedicated_network": false, "kind": "new_build"}},
		{"step/cac_consent", map[string]any{"kind": "new_build", "materials": []string{"basis"}}},
	} {
		if got := traced(t, told, c.rule).Values; !maps.EqualFunc(got, c.want, func(a, b any) bool { return reflect.DeepEqual(a, b) }) {
			t.Errorf("%s: %v, want %v", c.rule, got, c.want)
		}
	}
	plain, err := decide(t, doc, policy.Options{})
	if err != nil {
		t.Fatal(err)
	}
	a, err := json.Marshal(plain)
	if err != nil {
		t.Fatal(err)
	}
	b, err := json.Marshal(untold(told))
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(a, b) || bytes.Contains(a, []byte(`"values"`)) {
		t.Error("asking for values changes the rest of the answer, or they are told unasked")
	}
}

// TestValuesExplainAnyTrace: whatever the case, telling values changes nothing
// else, and every name told stands in the expression.
func TestValuesExplainAnyTrace(t *testing.T) {
	t.Parallel()
	p := yangpu(t)
	set, err := policy.NewSet(p.District(), p)
	if err != nil {
		t.Fatal(err)
	}
	rapid.Check(t, func(t *rapid.T) {
		c := anyCase(p).Draw(t, "case")
		plain, err := p.Decide(c, c.DeclaredOn)
		if err != nil {
			t.Fatal(err)
		}
		told, err := set.Decide(c, policy.Options{Values: true, AsOf: calendar.Date{}})
		if err != nil {
			t.Fatal(err)
		}
		if !reflect.DeepEqual(plain, untold(told)) {
			t.Fatalf("%+v\n%+v", plain, told)
		}
		for _, s := range told.Trace {
			for name := range s.Values {
				if !strings.Contains(s.Expr, name) {
					t.Fatalf("%s tells %s, which %q does not name", s.Rule, name, s.Expr)
				}
			}
		}
	})
}
