package demo_test

import (
	"os"
	"testing"

	"egov/libs/policy"
	"egov/services/suite/demo"
	"egov/services/suite/stack"
	"egov/services/suite/stack/stacktest"
)

func TestMain(m *testing.M) { stacktest.Main(m) }

// TestEveryKindEnds walks a project of every kind that the rules know, on every
// road that they have without a superior authority: those to which they give
// none (YP23-R-1.2) are refused when they are submitted, and taken back.
func TestEveryKindEnds(t *testing.T) {
	t.Parallel()
	kinds, err := os.ReadFile("testdata/kinds.json")
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		doc  []byte
		want map[string]demo.Outcome
	}{
		"all of them": {kinds, map[string]demo.Outcome{
			"telecom":     {Route: "out_of_scope", Stage: "withdrawn"},
			"sundries":    {Route: "out_of_scope", Stage: "withdrawn"},
			"build-large": {Route: "review", Stage: "operating"},
			"build-iron":  {Route: "government_investment", Stage: "handed_over"},
			"build-small": {Route: "filing", Stage: "operating"},
			"upgrade":     {Route: "review", Stage: "operating"},
			"om":          {Route: "filing", Stage: "operating"},
			"service":     {Route: "filing", Stage: "operating"},
			"software":    {Route: "software_filing", Stage: "filed"},
			"fee":         {Route: "post_acceptance_filing", Stage: "filed"},
			"publishing":  {Route: "review", Stage: "operating"},
		}},
		"none that goes on": {
			[]byte(`{"projects":[{"id":"telecom","title":"政务专线通讯服务","kind":"telecom_fee","amount_fen":20000000}]}`),
			map[string]demo.Outcome{"telecom": {Route: "out_of_scope", Stage: "withdrawn"}},
		},
	} {
		t.Run(name, func(t *testing.T) {
			script, err := demo.ReadScript(nil)
			if err != nil {
				t.Fatal(err)
			}
			pack, err := policy.Default().ForDate("", script.Days.Declare.Date)
			if err != nil {
				t.Fatal(err)
			}
			projects, err := demo.Prepare(c.doc, pack, script)
			if err != nil {
				t.Fatal(err)
			}
			s := stacktest.Start(t, stack.Options{})
			r, err := demo.Run(t.Context(), demo.Options{URL: s.URL, Password: s.DemoPassword(), Clock: s.ClockFile(), Projects: projects, Out: stacktest.Log(t)})
			if err != nil {
				t.Fatal(err, s.Failed())
			}
			for _, p := range r.Problems {
				t.Error(p)
			}
			if !r.OK() || len(r.Projects) != len(c.want) {
				t.Errorf("%+v", r)
			}
			for _, p := range r.Projects {
				if got := (demo.Outcome{Route: p.Route, Stage: p.Stage}); got != c.want[p.ID] || len(p.Assumed) == 0 {
					t.Errorf("%s ended as %+v, want %+v; assumed %v", p.ID, got, c.want[p.ID], p.Assumed)
				}
			}
		})
	}
}
