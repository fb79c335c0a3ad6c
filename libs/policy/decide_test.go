package policy_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"egov/libs/calendar"
	"egov/libs/fault"
	"egov/libs/policy"
)

func decide(t *testing.T, doc string, o policy.Options) (policy.Decision, error) {
	t.Helper()
	return policy.Default().DecideJSON(strings.NewReader(doc), policy.DefaultLimit, o)
}

func mustDecide(t *testing.T, doc string) policy.Decision {
	t.Helper()
	d, err := decide(t, doc, policy.Options{Pack: "yangpu-2023"})
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// TestDecisionHasTheContractsShape holds the JSON to the contract's names, with
// lists that are never null.
func TestDecisionHasTheContractsShape(t *testing.T) {
	t.Parallel()
	keys := func(m map[string]any) []string {
		var k []string
		for name := range m {
			k = append(k, name)
		}
		slices.Sort(k)
		return k
	}
	doc := func(d policy.Decision) map[string]any {
		raw, err := json.Marshal(d)
		if err != nil {
			t.Fatal(err)
		}
		if bytes.Contains(raw, []byte("null")) {
			t.Errorf("null in %s", raw)
		}
		var m map[string]any
		if err := json.Unmarshal(raw, &m); err != nil {
			t.Fatal(err)
		}
		return m
	}
	want := []string{
		"basis", "checklist", "conference_mode", "findings", "notes", "obligations", "pack", "pack_version", "ready", "route", "steps", "trace",
	}
	for _, c := range []string{
		`{"kind": "telecom_fee", "amount_fen": 1}`,
		`{"kind": "new_build", "amount_fen": 400000000, "budget": [{"category": "software_development", "amount_fen": 2000001, "person_months": 1}]}`,
	} {
		m := doc(mustDecide(t, c))
		if got := keys(m); !slices.Equal(got, want) {
			t.Errorf("fields %v, want %v", got, want)
		}
	}
	m := doc(mustDecide(t, `{"kind": "new_build", "amount_fen": 400000000,
		"budget": [{"category": "software_development", "amount_fen": 200000001, "person_months": 1}]}`))
	for list, want := range map[string][]string{
		"checklist": {"basis", "gate", "item", "present"},
		"findings":  {"actual_fen", "basis", "code", "limit_fen", "line", "message", "message_en", "severity", "strength"},
		"notes":     {"basis", "code", "text", "text_en"},
		"trace":     {"basis", "expr", "result", "rule"},
	} {
		first := m[list].([]any)[0].(map[string]any)
		if got := keys(first); !slices.Equal(got, want) {
			t.Errorf("%s: fields %v, want %v", list, got, want)
		}
	}
}

func TestTraceEndsTheRouteAtTheFirstTrueRule(t *testing.T) {
	t.Parallel()
	d := mustDecide(t, `{"kind": "assessment_fee", "amount_fen": 5500000000}`)
	var route []policy.TraceStep
	for _, s := range d.Trace {
		if strings.HasPrefix(s.Rule, "route/") {
			route = append(route, s)
		}
	}
	last := route[len(route)-1]
	if !last.Result || !slices.Equal(last.Basis, d.Basis) || last.Expr == "" {
		t.Fatalf("the last route rule is %+v, the decision rests on %v", last, d.Basis)
	}
	for _, s := range route[:len(route)-1] {
		if s.Result {
			t.Errorf("%s holds and does not win", s.Rule)
		}
	}
	if first := slices.IndexFunc(d.Trace, func(s policy.TraceStep) bool { return s.Result }); d.Trace[first].Rule != last.Rule {
		t.Errorf("%s is true before the route is decided", d.Trace[first].Rule)
	}
}

func TestTraceNamesTheLineOfALineRule(t *testing.T) {
	t.Parallel()
	d := mustDecide(t, `{"kind": "service", "amount_fen": 100, "budget": [
		{"category": "hardware", "amount_fen": 1}, {"category": "software_development", "amount_fen": 1, "person_months": 1}]}`)
	if !slices.ContainsFunc(d.Trace, func(s policy.TraceStep) bool { return s.Rule == "cost/person_month_price#1" && !s.Result }) {
		t.Fatalf("%+v", d.Trace)
	}
}

func TestFindingSpeaksBothLanguages(t *testing.T) {
	t.Parallel()
	d := mustDecide(t, `{"kind": "information_publishing", "amount_fen": 123456789}`)
	f := d.Findings[0]
	if !strings.Contains(f.Message, "不超过10万元") || !strings.Contains(f.Message, "123.456789万元") {
		t.Error(f.Message)
	}
	if !strings.Contains(f.MessageEN, "CNY 100,000;") || !strings.Contains(f.MessageEN, "CNY 1,234,567.89") {
		t.Error(f.MessageEN)
	}
}

func TestViolationsOfFormAndOfRulesComeTogether(t *testing.T) {
	t.Parallel()
	_, err := decide(t, `{"kind": "operation_maintenance", "amount_fen": 20000000000, "declared_on": "2024-03-01",
		"renewal_year": 9, "hotline_seats": 1.5, "om": {"previous_amount_fen": 0}, "materials": ["x", "basis"], "z": 1}`, policy.Options{})
	want := []string{
		"hotline_seats not_integer", "z unknown_field", "om.previous_amount_fen not_positive", "materials[0] unknown_code", "renewal_year not_allowed",
	}
	if got := complaints(err); !slices.Equal(got, want) {
		t.Fatalf("got %q, want %q", got, want)
	}
	for _, v := range fault.From(err).Violations {
		if v.Field != "z" && len(v.Basis) == 0 {
			t.Errorf("%s names no provision", v.Field)
		}
		if v.Msg == "" || v.MsgEN == "" {
			t.Errorf("%s lacks a text", v.Field)
		}
	}
}

// TestOneFaultIsOneComplaint: a field that cannot be read must not be
// complained of again by the checks that would read it.
func TestOneFaultIsOneComplaint(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct{ doc, want string }{
		"amount":   {`{"kind": "new_build", "amount_fen": 1e12, "hardware_fen": 5}`, "amount_fen not_integer"},
		"hardware": {`{"kind": "new_build", "amount_fen": 100000000000, "hardware_fen": 0.5}`, "hardware_fen not_integer"},
		"previous": {`{"kind": "operation_maintenance", "amount_fen": 100, "om": {"previous_amount_fen": "1"}}`, "om.previous_amount_fen wrong_type"},
		"om":       {`{"kind": "operation_maintenance", "amount_fen": 100000000000, "om": 5}`, "om wrong_type"},
		"kind":     {`{"kind": 5, "amount_fen": 100000000000}`, "kind wrong_type"},
		"reason":   {`{"kind": "service", "amount_fen": 1, "mid_year_adjustment": true, "reason": 5}`, "reason wrong_type"},
		"line":     {`{"kind": "service", "amount_fen": 1, "budget": [{"category": 5, "amount_fen": 1}]}`, "budget[0].category wrong_type"},
		"material": {`{"kind": "service", "amount_fen": 1, "materials": [5]}`, "materials[0] wrong_type"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := decide(t, tc.doc, policy.Options{Pack: "yangpu-2023"})
			if got := complaints(err); !slices.Equal(got, []string{tc.want}) {
				t.Fatalf("%q", got)
			}
		})
	}
}

func TestBudgetBeyondInt64IsRefused(t *testing.T) {
	t.Parallel()
	_, err := decide(t, `{"kind": "service", "amount_fen": 1, "budget": [
		{"category": "hardware", "amount_fen": 9223372036854775807}, {"category": "hardware", "amount_fen": 1}]}`, policy.Options{Pack: "yangpu-2023"})
	if got := complaints(err); !slices.Equal(got, []string{"budget too_large"}) {
		t.Fatalf("%q", got)
	}
}

func TestWhichPackDecides(t *testing.T) {
	t.Parallel()
	day := func(s string) calendar.Date {
		d, err := calendar.ParseDate(s)
		if err != nil {
			t.Fatal(err)
		}
		return d
	}
	for _, tc := range []struct {
		name, declared string
		options        policy.Options
		pack           string
		problem        error
	}{
		{"the day before the first pack", "2021-09-13", policy.Options{}, "", policy.ErrNoPackInForce},
		{"first day of the first pack", "2021-09-14", policy.Options{}, "yangpu-2021", nil},
		{"last day of the first pack", "2023-05-14", policy.Options{}, "yangpu-2021", nil},
		{"first day of the second pack", "2023-05-15", policy.Options{}, "yangpu-2023", nil},
		{"long after", "2035-01-01", policy.Options{}, "yangpu-2023", nil},
		{"as of an earlier day", "2024-01-01", policy.Options{AsOf: day("2022-01-01")}, "yangpu-2021", nil},
		{"as of a day before all packs", "2024-01-01", policy.Options{AsOf: day("2020-01-01")}, "", policy.ErrNoPackInForce},
		{"under a named pack", "2020-01-01", policy.Options{Pack: "yangpu-2023"}, "yangpu-2023", nil},
		{"under a named pack, without a date", "", policy.Options{Pack: "yangpu-2021"}, "yangpu-2021", nil},
		{"as of a day, without a date", "", policy.Options{AsOf: day("2024-01-01")}, "yangpu-2023", nil},
		{"under a pack that is none", "2024-01-01", policy.Options{Pack: "yangpu-1999"}, "", policy.ErrUnknownPack},
		{"in a district without packs", "2024-01-01", policy.Options{District: "chongming"}, "", policy.ErrNoPackInForce},
		{"without any date", "", policy.Options{}, "", fault.InvalidInput},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			doc := `{"kind": "assessment_fee", "amount_fen": 1}`
			if tc.declared != "" {
				doc = `{"kind": "assessment_fee", "amount_fen": 1, "declared_on": "` + tc.declared + `"}`
			}
			d, err := decide(t, doc, tc.options)
			if !errors.Is(err, tc.problem) || d.Pack != tc.pack {
				t.Fatalf("%q %v", d.Pack, err)
			}
			c, err := policy.DecodeCase(strings.NewReader(doc), policy.DefaultLimit)
			if err != nil {
				t.Fatal(err)
			}
			if d2, err := policy.Default().Decide(c, tc.options); !errors.Is(err, tc.problem) || !reflect.DeepEqual(d, d2) {
				t.Fatalf("the two ways in differ: %+v %v", d2, err)
			}
		})
	}
}

// TestNoPackIsListedWithWhatElseIsWrong: whether a value has no form or is out
// of bounds.
func TestNoPackIsListedWithWhatElseIsWrong(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		doc     string
		options policy.Options
		want    []string
	}{
		"no form": {
			`{"kind": "service", "amount_fen": 0, "declared_on": "2020-01-01", "x": 1}`,
			policy.Options{},
			[]string{"x unknown_field", "declared_on no_pack_in_force", "amount_fen not_positive"},
		},
		"out of bounds": {
			`{"amount_fen": -1, "hardware_fen": -1, "declared_on": "2020-01-01"}`,
			policy.Options{},
			[]string{"declared_on no_pack_in_force", "kind required", "amount_fen not_positive", "hardware_fen negative"},
		},
		"as of another day": {
			`{"kind": "service", "amount_fen": 0, "declared_on": "2024-01-01"}`,
			policy.Options{AsOf: calendar.MustDate(2020, time.January, 1)},
			[]string{"as_of no_pack_in_force", "amount_fen not_positive"},
		},
		"under a pack that is none": {
			`{"kind": "service", "amount_fen": 0, "declared_on": "2024-01-01"}`,
			policy.Options{Pack: "yangpu-1999"},
			[]string{"pack unknown_pack", "amount_fen not_positive"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := decide(t, tc.doc, tc.options)
			if got := complaints(err); !slices.Equal(got, tc.want) {
				t.Fatalf("%q", got)
			}
		})
	}
}

func TestSameCaseSameBytes(t *testing.T) {
	t.Parallel()
	p, err := policy.Default().ByID("yangpu-2023")
	if err != nil {
		t.Fatal(err)
	}
	c := wideCase()
	answer := func() string {
		d, err := p.Decide(c, c.DeclaredOn)
		if err != nil {
			t.Error(err)
		}
		raw, err := json.Marshal(d)
		if err != nil {
			t.Error(err)
		}
		return string(raw)
	}
	want := answer()
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 50 {
				if got := answer(); got != want {
					t.Errorf("got %s\nwant %s", got, want)
					return
				}
			}
		})
	}
	wg.Wait()
}

func TestVersionFollowsTheRulesNotTheCases(t *testing.T) {
	t.Parallel()
	version := func(change string) string {
		files := packFiles(t, "yangpu-2023")
		if change != "" {
			files[change].Data = append(slices.Clone(files[change].Data), "\n# changed\n"...)
		}
		p, err := policy.Load(files)
		if err != nil {
			t.Fatal(err)
		}
		return p.Version()
	}
	was := version("")
	if !strings.HasPrefix(was, "1.0.0+") || version("") != was {
		t.Errorf("the version is %s, then %s", was, version(""))
	}
	if version("cases.yaml") != was {
		t.Error("a worked case changes the version")
	}
	if version("params.yaml") == was {
		t.Error("a changed figure keeps the version")
	}
}

// TestDecisionsDoNotShareTheirSteps: what a decision hands out must not reach
// back into the pack.
func TestDecisionsDoNotShareTheirSteps(t *testing.T) {
	t.Parallel()
	doc := `{"kind": "service", "amount_fen": 100}`
	d := mustDecide(t, doc)
	d.Steps[0], d.Checklist[0].Item = "changed", "changed"
	d.Obligations = append(d.Obligations, "changed")
	if again := mustDecide(t, doc); slices.Contains(again.Steps, "changed") || again.Checklist[0].Item == "changed" {
		t.Fatal("a caller changed the pack")
	}
}
