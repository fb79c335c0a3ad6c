package egov_test

import (
	"bytes"
	"context"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"egov/libs/op"
	"egov/libs/policy"
	"egov/tools/egov"
	"egov/tools/egov/cli"
)

var update = flag.Bool("update", false, "write the golden files anew")

// result is how a command line ended.
type result struct {
	code      int
	out, errs string
}

func run(t *testing.T, in string, args ...string) result {
	t.Helper()
	var out, errs bytes.Buffer
	code := egov.Run(context.Background(), args, strings.NewReader(in), &out, &errs)
	return result{code, out.String(), errs.String()}
}

// decision is what the contract's table of worked decisions speaks of.
type decision struct {
	Route       string   `json:"route"`
	Steps       []string `json:"steps"`
	Basis       []string `json:"basis"`
	Obligations []string `json:"obligations"`
	Notes       []struct {
		Code string `json:"code"`
	} `json:"notes"`
}

func TestDecideGivesTheWorkedDecisions(t *testing.T) {
	t.Parallel()
	const (
		agency  = "third_party_evaluation"
		experts = "expert_review"
	)
	for _, tc := range []struct {
		name        string
		route       string
		steps       []string
		basis       string
		obligations []string // nil: the contract does not say
		note        string
	}{
		{
			name: "new_build_pure_software", route: "review", steps: []string{agency, experts, "conference_review"}, basis: "YP23-R-5.3.2",
			obligations: []string{"public_tender", "government_procurement", "engineering_supervision", "investment_supervision", "crypto_assessment"},
		},
		{name: "upgrade_70_percent_hardware", route: "government_investment", steps: []string{agency, "development_reform_handover"}, basis: "YP23-R-5.3.3"},
		{name: "new_build_25_percent_hardware", route: "review", steps: []string{agency, experts, "conference_review"}, basis: "YP23-R-5.3.2"},
		{name: "om_90_first_year", route: "filing", steps: []string{agency, "conference_filing"}, basis: "YP23-R-5.3.1"},
		{name: "om_136_first_year", route: "review", steps: []string{agency, experts, "conference_review"}, basis: "YP23-R-5.3.4"},
		{name: "om_grown_12_percent", route: "review", steps: []string{agency, experts, "conference_review"}, basis: "YP23-R-5.3.4"},
		{name: "om_grown_5_percent", route: "filing", steps: []string{agency, "conference_filing"}, basis: "YP23-R-5.3.4"},
		{name: "assessment_fee", route: "post_acceptance_filing", steps: []string{"conference_filing"}, basis: "YP23-R-5.3.8"},
		{name: "information_publishing", route: "review", steps: []string{"cac_consent", agency, "conference_review"}, basis: "YP23-R-5.3.6"},
		{name: "telecom_fee", route: "out_of_scope", steps: []string{}, basis: "YP23-R-1.2"},
		{name: "new_build_500_with_hardware", route: "review", steps: []string{agency, experts, "conference_review"}, basis: "YP23-R-5.3.2", note: "overlap_500w"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			file := filepath.Join("testdata", "decide", tc.name+".json")
			r := run(t, "", "decide", file)
			if r.code != cli.OK || r.errs != "" {
				t.Fatalf("exit %d: %s", r.code, r.errs)
			}
			var d decision
			if err := json.Unmarshal([]byte(r.out), &d); err != nil {
				t.Fatal(err)
			}
			if d.Route != tc.route || !slices.Equal(d.Steps, tc.steps) || !slices.Equal(d.Basis, []string{tc.basis}) {
				t.Errorf("%+v", d)
			}
			if tc.obligations != nil && !slices.Equal(d.Obligations, tc.obligations) {
				t.Errorf("obligations %v", d.Obligations)
			}
			if tc.note != "" && (len(d.Notes) == 0 || d.Notes[0].Code != tc.note) {
				t.Errorf("notes %v", d.Notes)
			}
			golden(t, strings.TrimSuffix(file, ".json")+".golden", stable(t, r.out))
		})
	}
}

// stable takes out of a decision what changes with every edit of a pack's text:
// its version and the trace.
func stable(t *testing.T, out string) []byte {
	t.Helper()
	var d map[string]any
	if err := json.Unmarshal([]byte(out), &d); err != nil {
		t.Fatal(err)
	}
	delete(d, "pack_version")
	delete(d, "trace")
	var b bytes.Buffer
	if err := cli.Print(&b, d); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func golden(t *testing.T, file string, got []byte) {
	t.Helper()
	if *update {
		if err := os.WriteFile(file, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("%s differs (-update writes it anew); got\n%s", file, got)
	}
}

func TestDecideChoosesItsRules(t *testing.T) {
	t.Parallel()
	doc := `{"kind":"assessment_fee","title":"x","amount_fen":55000000,"declared_on":"2023-05-14"}`
	for _, tc := range []struct {
		name string
		args []string
		pack string
	}{
		{"by the day of declaration", []string{"decide", "-"}, "yangpu-2021"},
		{"by name", []string{"decide", "--pack", "yangpu-2023", "-"}, "yangpu-2023"},
		{"by another day", []string{"decide", "--as-of", "2023-05-15", "-"}, "yangpu-2023"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			r := run(t, doc, tc.args...)
			if r.code != cli.OK || !strings.Contains(r.out, `"pack": "`+tc.pack+`"`) {
				t.Errorf("exit %d: %s%s", r.code, r.out, r.errs)
			}
		})
	}
}

// TestDecideTellsValuesWhenAsked: without the flag the answer is the one it
// always was, with it each step of the trace says what it saw.
func TestDecideTellsValuesWhenAsked(t *testing.T) {
	t.Parallel()
	const doc = `{"kind":"service","title":"x","amount_fen":55000000,"hardware_fen":0,"declared_on":"2024-03-01"}`
	plain, told := run(t, doc, "decide", "-"), run(t, doc, "decide", "--values", "-")
	var with, without policy.Decision
	for r, d := range map[string]*policy.Decision{plain.out: &without, told.out: &with} {
		if err := json.Unmarshal([]byte(r), d); err != nil {
			t.Fatalf("%v: %s%s", err, plain.errs, told.errs)
		}
	}
	seen := 0
	for i, s := range with.Trace {
		if s.Rule == "route/small" && s.Values["amount_fen"] != float64(55000000) {
			t.Errorf("%s saw %v", s.Rule, s.Values)
		}
		seen += len(s.Values)
		with.Trace[i].Values = nil
	}
	if seen == 0 || strings.Contains(plain.out, `"values"`) || !reflect.DeepEqual(with, without) {
		t.Errorf("%d values; unasked:\n%s", seen, plain.out)
	}
}

// TestBadInputIsAProblem: nothing on standard output, one problem document on
// standard error, exit 2.
func TestBadInputIsAProblem(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name, in string
		args     []string
		code     string
		fields   []string
	}{
		{"no document", "", []string{"decide", "-"}, "invalid_input", nil},
		{
			"several faults at once", `{"kind":"castle","amount_fen":1.5,"declared_on":"2024-02-30","colour":"red","hardware_fen":-1}`,
			[]string{"decide", "-"},
			"invalid_input",
			[]string{"amount_fen", "declared_on", "colour", "hardware_fen"},
		},
		{"before any rules", `{"kind":"service","amount_fen":100,"declared_on":"2020-01-01"}`, []string{"decide", "-"}, "no_pack_in_force", nil},
		{"an unknown pack", `{"kind":"service","amount_fen":100,"declared_on":"2024-01-01"}`, []string{"decide", "--pack", "atlantis", "-"}, "unknown_pack", nil},
		{"a date that is none", `{}`, []string{"decide", "--as-of", "2024-13-01", "-"}, "invalid_date", []string{"as_of"}},
		{
			"out of bounds before any rules", `{"amount_fen":-1,"declared_on":"2020-01-01"}`,
			[]string{"decide", "-"},
			"invalid_input",
			[]string{"declared_on", "kind", "amount_fen"},
		},
		{"two ways to choose", `{}`, []string{"decide", "--as-of", "2024-01-01", "--pack", "yangpu-2023", "-"}, "usage_error", nil},
		{"no such file", "", []string{"decide", "no/such/file.json"}, "file_unreadable", nil},
		{"no file", "", []string{"decide"}, "usage_error", nil},
		{"two files", "", []string{"decide", "a", "b"}, "usage_error", nil},
		{"an unknown flag", "", []string{"decide", "--fast", "-"}, "usage_error", nil},
		{"nothing to count from", "", []string{"due", "--working-days", "3"}, "invalid_input", []string{"from"}},
		{"nothing to count", "", []string{"due", "--from", "2026-09-29"}, "invalid_input", []string{"working_days"}},
		{"both lengths", "", []string{"due", "--from", "2026-09-29", "--working-days", "3", "--months", "1"}, "invalid_input", []string{"working_days"}},
		{"everything wrong", "", []string{"due", "--from", "29.9.2026", "--months", "many"}, "invalid_input", []string{"from", "months"}},
		{"a period that runs back", "", []string{"due", "--from", "2026-09-29", "--working-days", "-1"}, "invalid_input", []string{"working_days"}},
		{"a period beyond reason", "", []string{"due", "--from", "2026-09-29", "--months", "100000"}, "invalid_input", []string{"months"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			r := run(t, tc.in, tc.args...)
			var p op.Problem
			if err := json.Unmarshal([]byte(r.errs), &p); err != nil {
				t.Fatalf("exit %d, standard error %q: %v", r.code, r.errs, err)
			}
			if r.code != cli.BadInput || r.out != "" || p.Code != tc.code || p.Status != 400 || p.Title == "" || p.TitleEN == "" {
				t.Errorf("exit %d, %q, %+v", r.code, r.out, p)
			}
			for _, f := range tc.fields {
				if !strings.Contains(r.errs, `"field": "`+f+`"`) {
					t.Errorf("nothing is said of %s: %s", f, r.errs)
				}
			}
		})
	}
}

func TestDue(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name        string
		args        []string
		due         string
		provisional bool
		skipped     int
	}{
		{"over the National Day week", []string{"--from", "2026-09-29", "--working-days", "10"}, "2026-10-19", false, 10},
		{"into a year without a notice", []string{"--from", "2026-12-30", "--working-days", "2"}, "2027-01-04", true, 3},
		{"months to a shorter one", []string{"--from", "2026-11-30", "--months", "3"}, "2027-02-28", false, 0},
		{"no days", []string{"--from", "2026-10-01", "--working-days", "0"}, "2026-10-01", false, 0},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			r := run(t, "", append([]string{"due"}, tc.args...)...)
			var got struct {
				Due         string `json:"due"`
				Provisional bool   `json:"provisional"`
				Skipped     []struct {
					Date   string `json:"date"`
					Reason string `json:"reason"`
				} `json:"skipped"`
			}
			if err := json.Unmarshal([]byte(r.out), &got); err != nil || r.code != cli.OK {
				t.Fatalf("exit %d, %q: %v", r.code, r.errs, err)
			}
			if got.Due != tc.due || got.Provisional != tc.provisional || len(got.Skipped) != tc.skipped || got.Skipped == nil {
				t.Errorf("%+v", got)
			}
			for _, s := range got.Skipped {
				if s.Date == "" || s.Reason == "" {
					t.Errorf("a skipped day without its reason: %+v", s)
				}
			}
		})
	}
}

func TestUsageSpeaksTwoLanguages(t *testing.T) {
	t.Parallel()
	for _, args := range [][]string{{"decree"}, {"audit", "burn"}, {"pack", "check"}, {"audit", "export", "--everything"}} {
		r := run(t, "", args...)
		if r.code != cli.BadInput || r.out != "" || !strings.HasPrefix(r.errs, "错误：") || !strings.Contains(r.errs, "\nerror: ") {
			t.Errorf("%v: exit %d, %q", args, r.code, r.errs)
		}
	}
	if r := run(t, ""); r.code != cli.OK || !strings.Contains(r.out, "decide") {
		t.Errorf("alone: exit %d, %q", r.code, r.out)
	}
}
