package policy_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"egov/libs/calendar"
	"egov/libs/fault"
	"egov/libs/policy"
)

// TestFlagsNameEveryFault changes one thing of sound red-flag rules and looks
// for the complaint and its place.
func TestFlagsNameEveryFault(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct{ name, old, new, code, at string }{
		{"an unknown detector", "detector: splitting", "detector: dividing", "unknown_detector", "dividing"},
		{"an unknown severity", "severity: high", "severity: grave", "unknown_severity", "grave"},
		{"an unknown strength", "strength: must", "strength: maybe", "unknown_strength", "maybe"},
		{"a limit that is no parameter", "limit: filing_limit", "limit: filings_limit", "unknown_param", "filings_limit"},
		{"a rate for a limit", "limit: filing_limit", "limit: om_change", "unknown_param", "om_change"},
		{"more alike than alike", "similarity_percent: 60", "similarity_percent: 100.01", "invalid_figure", "100.01"},
		{"no likeness at all", "similarity_percent: 60", "similarity_percent: 0.00", "invalid_figure", "0.00"},
		{"no window", "    window_months: 12\n", "", "missing_figure", "splitting_review"},
		{"two windows", "    window_months: 12\n", "    window_months: 12\n    window_days: 3\n", "one_length", "splitting_review"},
		{"a negative window", "    window_months: 12\n", "    window_months: -1\n", "negative", "splitting_review"},
		{"a series of one", "    count: 2\n", "    count: 1\n", "invalid_count", "splitting_review"},
		{"a figure the detector does not use", "    count: 2\n", "    count: 2\n    bidders: 1\n", "unused_figure", "splitting_review"},
		{"an unknown link", "links: [agency,", "links: [cousin,", "unknown_link", "cousin"},
		{"an unknown deadline", "obligations: [contract_filing,", "obligations: [contracts_filing,", "unknown_deadline", "contracts_filing"},
		{"a condition over what no project has", "renewal_year == 0", "renewal == 0", "invalid_expression", "renewal == 0"},
		{"a condition that is none", "kind != 'operation_maintenance' && kind != 'assessment_fee' && renewal_year == 0", "renewal_year", "wrong_expression_type", "renewal_year\n"},
		{"two flags of one code", "flag: splitting_tender", "flag: splitting_review", "duplicate", ""},
		{"an unknown provision", "basis: [YP23-R-5.3.1, YP23-R-5.3.2, ours]", "basis: [YP23-R-5.3.11]", "unknown_provision", "YP23-R-5.3.11"},
		{"a missing English text", "    en: possible splitting below the limit of public tender\n", "", "missing_text", "splitting_tender"},
		{"a word twice", "[项目, 建设,", "[项目, 项目,", "duplicate", ""},
		{"a deadline declared twice", "deadline: audit_answer", "deadline: contract_filing", "duplicate", ""},
		{"a deadline without a length", "    working_days: 10\n", "", "one_length", "audit_answer"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			files := packFiles(t, "yangpu-2023")
			was := string(files["flags.yaml"].Data)
			now := strings.Replace(was, tc.old, tc.new, 1)
			if now == was {
				t.Fatalf("flags.yaml does not have %q", tc.old)
			}
			files["flags.yaml"].Data = []byte(now)
			_, err := policy.Load(files)
			if !errors.Is(err, policy.ErrInvalidPack) {
				t.Fatalf("loads: %v", err)
			}
			where := "flags.yaml"
			if tc.at != "" {
				where = position(t, "flags.yaml", now, tc.at)
			}
			if !slices.ContainsFunc(fault.From(err).Violations, func(v fault.Violation) bool {
				return v.Code == tc.code && strings.HasPrefix(v.Field, where) && v.Msg != "" && v.MsgEN != ""
			}) {
				t.Fatalf("no %s at %s in %v", tc.code, where, err)
			}
		})
	}
}

// TestFlagsOfYangpu: the two limits of the issue, and figures in the units that
// code counts in.
func TestFlagsOfYangpu(t *testing.T) {
	t.Parallel()
	p := yangpu(t)
	day := calendar.MustDate(2026, 3, 2)
	f := p.Flag("splitting_review")
	if f == nil || f.Limit.At(day) != 100_0000_00 || f.SimilarityBP != 6000 || f.Count != 2 || f.WindowEnd(day) != calendar.MustDate(2027, 3, 2) {
		t.Fatalf("%+v", f)
	}
	if f := p.Flag("splitting_tender"); f.Limit.At(day) != 400_0000_00 {
		t.Errorf("%+v", f)
	}
	if f := p.Flag("below_review_limit"); f.WithinBP != 500 {
		t.Errorf("%+v", f)
	}
	if p.Flag("nothing") != nil {
		t.Error("there is a flag called nothing")
	}
	if d, ok := p.Deadline("audit_answer"); !ok || d.WorkingDays != 10 {
		t.Errorf("%+v", d)
	}
	words := p.Boilerplate()
	if len(words) == 0 || !slices.IsSortedFunc(words, func(a, b string) int { return len([]rune(b)) - len([]rune(a)) }) {
		t.Errorf("%v: a word within another one would be taken out first", words)
	}
}

// TestEveryDetectorIsUsed, and every flag of every pack rests on something and
// says what may lie behind it.
func TestEveryDetectorIsUsed(t *testing.T) {
	t.Parallel()
	used := map[policy.Detector]bool{}
	for _, p := range policy.Default().Packs() {
		for _, f := range p.Flags() {
			used[f.Detector] = true
			if len(f.Basis) == 0 || f.Label.EN == "" || f.Why.ZH == "" || f.Severity == "" {
				t.Errorf("%s: %+v", p.ID(), f)
			}
		}
		if rules := p.Rules(policy.FlagRules); len(rules) != len(p.Flags()) || len(rules) == 0 {
			t.Errorf("%s: %d rules in the book, %d flags", p.ID(), len(rules), len(p.Flags()))
		}
	}
	if len(used) != 11 {
		t.Errorf("only %v", used)
	}
}

func TestWhomAFlagConcerns(t *testing.T) {
	t.Parallel()
	splitting := yangpu(t).Flag("splitting_review")
	for _, tc := range []struct {
		name string
		of   policy.Concerned
		want bool
	}{
		{"NewBuild", policy.Concerned{Kind: "new_build"}, true},
		{"Service", policy.Concerned{Kind: "service"}, true},
		{"YearlyMaintenance", policy.Concerned{Kind: "operation_maintenance"}, false},
		{"Fee", policy.Concerned{Kind: "assessment_fee"}, false},
		{"Renewal", policy.Concerned{Kind: "service", RenewalYear: 2}, false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			if got, err := splitting.Concerns(tc.of); err != nil || got != tc.want {
				t.Errorf("%v %v", got, err)
			}
		})
	}
	if ok, err := yangpu(t).Flag("change_without_consent").Concerns(policy.Concerned{}); !ok || err != nil {
		t.Error(ok, err)
	}
}

// TestAFlagReadsFiguresOfTheDay: a condition over a limit that a yearly notice
// changes is asked with the value of the project's day, and of all that a
// project has.
func TestAFlagReadsFiguresOfTheDay(t *testing.T) {
	t.Parallel()
	files := packFiles(t, "yangpu-2023")
	files["flags.yaml"].Data = []byte(strings.Replace(string(files["flags.yaml"].Data), "when: renewal_year == 0",
		"when: amount_fen > procurement_limit && kind == 'new_build' && unit_kind == '' && route == 'review' && method == '' && approved_fen + budget_fen + contract_fen == 0"+
			" && contract_years + mlps_grade + bidders == 0 && !pure_software && !in_use && 'expert_review' in steps && !('x' in obligations)", 1))
	p, err := policy.Load(files)
	if err != nil {
		t.Fatal(err)
	}
	c := policy.Concerned{Day: calendar.MustDate(2026, 3, 2), Kind: "new_build", Route: "review", Steps: []string{"expert_review"}}
	for amount, want := range map[int64]bool{100_0000_00: false, 100_0000_01: true} {
		c.AmountFen = amount
		if got, err := p.Flag("below_review_limit").Concerns(c); err != nil || got != want {
			t.Errorf("%d: %v %v", amount, got, err)
		}
	}
}
