package policy_test

import (
	"strings"
	"testing"

	"egov/libs/policy"
)

// TestEveryBoundSaysHowFarItWasPassed: a finding with a limit tells limit,
// actual and deviation, in 万元 in Chinese and in yuan in English.
func TestEveryBoundSaysHowFarItWasPassed(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ name, doc, zh, en string }{
		{
			"Above", `{"category":"template","class":"oa_small","amount_fen":25012345}`,
			"小型OA系统投资不超过25万元，申报25.012345万元，超出0.012345万元", "at most CNY 250,000; declared CNY 250,123.45, CNY 123.45 more",
		},
		{
			"Below", `{"category":"hardware","amount_fen":100000000},{"category":"integration","amount_fen":4000000}`,
			"低1万元，请核实", "CNY 10,000 less; please check",
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			doc := `{"kind":"new_build","declared_on":"2024-03-01","amount_fen":200000000,"budget":[` + tt.doc + `]}`
			d, err := policy.Default().DecideJSON(strings.NewReader(doc), policy.DefaultLimit, policy.Options{})
			if err != nil || len(d.Findings) != 1 {
				t.Fatalf("%+v %v", d.Findings, err)
			}
			f := d.Findings[0]
			if !strings.Contains(f.Message, tt.zh) || !strings.Contains(f.MessageEN, tt.en) || strings.ContainsAny(f.Message+f.MessageEN, "{}") {
				t.Errorf("%s\n%s", f.Message, f.MessageEN)
			}
		})
	}
}

// TestEveryBoundHasAPlaceForItsFigures in the shipped packs: a text that says
// less than limit, actual and deviation leaves the reader to compute.
func TestEveryBoundHasAPlaceForItsFigures(t *testing.T) {
	t.Parallel()
	p, err := policy.Default().ByID("yangpu-2023")
	if err != nil {
		t.Fatal(err)
	}
	seen := 0
	for _, e := range p.Examples() {
		doc, err := e.JSON()
		if err != nil {
			t.Fatal(err)
		}
		d, err := policy.Default().DecideJSON(strings.NewReader(string(doc)), policy.DefaultLimit, policy.Options{Pack: "yangpu-2023"})
		if err != nil {
			continue // a case that is to be refused
		}
		for _, f := range d.Findings {
			if f.LimitFen == nil {
				continue
			}
			seen++
			if !strings.Contains(f.Message, "超出") && !strings.Contains(f.Message, "低") {
				t.Errorf("%s: %s", e.Name, f.Message)
			}
		}
	}
	if seen < 40 {
		t.Errorf("only %d findings with a limit were seen", seen)
	}
}
