package policy_test

import (
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"egov/libs/calendar"
	"egov/libs/fault"
	"egov/libs/policy"
)

// TestLoadNamesEveryFault changes one thing of a sound pack and looks for the
// complaint and its place.
func TestLoadNamesEveryFault(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name, file, old, new string
		code                 string
		at                   string // the changed text whose position is named; empty: only the file is
	}{
		{"an expression that is none", "routes.yaml", "when: classified\n", "when: classified &&\n", "invalid_expression", ""},
		{"a name that is none", "obligations.yaml", "amount_fen > procurement_limit", "amount_fen > purchase_limit", "invalid_expression", "purchase_limit"},
		{"a text compared with a number", "routes.yaml", "kind == 'assessment_fee'", "kind == 1", "invalid_expression", "== 1"},
		{"a number where a truth belongs", "obligations.yaml", "|| total.product_software > 0", "|| total.product_software", "invalid_expression", ".product_software"},
		{"an amount as a condition", "notes.yaml", "when: total.crypto_test > 0", "when: total.crypto_test", "wrong_expression_type", "total.crypto_test\n"},
		{"a route rule that asks for the route", "routes.yaml", "when: kind == 'assessment_fee'", "when: route == 'filing'", "uses_own_result", "route == 'filing'"},
		{"an unknown provision", "routes.yaml", "basis: [YP23-M-37]", "basis: [YP23-M-370]", "unknown_provision", "YP23-M-370"},
		{"no provision", "routes.yaml", "    basis: [YP23-M-37]\n", "", "missing_basis", "classified\n    when"},
		{"an unknown route", "routes.yaml", "route: refused", "route: rejected", "unknown_code", "rejected"},
		{"an unknown step", "routes.yaml", "[third_party_evaluation, development_reform_handover]", "[third_party_evaluation, handover]", "unknown_code", "handover"},
		{"steps after the end", "routes.yaml", "    route: refused\n", "    route: refused\n    steps: [expert_review]\n", "steps_of_ending_route", "classified\n    when"},
		{"two rules of one name", "routes.yaml", "rule: om_steady", "rule: om_first", "duplicate", ""},
		{"an unknown key", "routes.yaml", "  - rule: classified\n", "  - rule: classified\n    because: secret\n", "invalid_yaml", ""},
		{"YAML that is none", "notes.yaml", "notes:\n", "notes: [\n", "invalid_yaml", ""},
		{"a missing English text", "notes.yaml", "    en: the rule names no receiver; development and reform is inferred\n", "", "missing_text", "government_investment_receiver"},
		{"an item at two gates", "checklist.yaml", "    item: acceptance_report\n    gate: submit", "    item: acceptance_report\n    gate: budget", "two_gates", "budget\n"},
		{"an unknown gate", "checklist.yaml", "gate: evaluation", "gate: appraisal", "unknown_gate", "appraisal"},
		{"an unknown material", "checklist.yaml", "item: cloud_request", "item: cloud", "unknown_code", "cloud\n"},
		{"an unknown category", "cost.yaml", "categories: [om_security_device]", "categories: [om_security]", "unknown_code", "om_security]"},
		{"an unknown class", "cost.yaml", "classes: [domestic]", "classes: [imported]", "unknown_code", "imported"},
		{"two bounds", "cost.yaml", "    at_least: share_of(total.purchases, integration_min)\n", "    at_least: share_of(total.purchases, integration_min)\n    at_most: amount_fen\n", "two_bounds", "share_of(total.purchases, integration_min)"},
		{"an unknown strength", "findings.yaml", "strength: in_principle", "strength: usually", "unknown_strength", "usually"},
		{"a figure with too many decimals", "params.yaml", "percent: 0.5", "percent: 0.555", "invalid_figure", "0.555"},
		{"two figures at once", "params.yaml", "percent: 0.5", "percent: 0.5, wan: 3", "one_figure", "security_test_min"},
		{"a parameter called like a field", "params.yaml", "param: crypto_grade", "param: mlps_grade", "duplicate", "mlps_grade"},
		{"a code declared twice", "codes.yaml", "code: upgrade", "code: new_build", "duplicate", ""},
		{"a date that is none", "pack.yaml", "valid_from: 2023-05-15", "valid_from: 2023-05-32", "invalid_date", "2023-05-32"},
		{"an end before the start", "pack.yaml", "valid_from: 2023-05-15", "valid_from: 2023-05-15\nvalid_to: 2023-05-14", "ends_before_start", "2023-05-14"},
		{"a deadline without a length", "deadlines.yaml", "    working_days: 15\n", "", "one_length", "acceptance_filing"},
		{"a gate that waits for nothing", "gates.yaml", "        holds: given.xc_conformant\n", "", "fact_or_statement", "xc_stated"},
		{"an amount that is no parameter", "procedure.yaml", "public_tender: public_tender_limit", "public_tender: tender_limit", "unknown_param", "tender_limit"},
		{"a rate where an amount belongs", "procedure.yaml", "public_tender: public_tender_limit", "public_tender: om_change", "unknown_param", "om_change"},
		{"a quorum of more than all", "procedure.yaml", "numerator: 1", "numerator: 3", "invalid_quorum", ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			files := packFiles(t, "yangpu-2023")
			was := string(files[tc.file].Data)
			now := strings.Replace(was, tc.old, tc.new, 1)
			if now == was {
				t.Fatalf("%s does not have %q", tc.file, tc.old)
			}
			files[tc.file].Data = []byte(now)
			_, err := policy.Load(files)
			if !errors.Is(err, policy.ErrInvalidPack) {
				t.Fatalf("loads: %v", err)
			}
			where := tc.file
			if tc.at != "" {
				where = position(t, tc.file, now, tc.at)
			}
			if !slices.ContainsFunc(fault.From(err).Violations, func(v fault.Violation) bool {
				return v.Code == tc.code && strings.HasPrefix(v.Field, where) && v.Msg != "" && v.MsgEN != ""
			}) {
				t.Fatalf("no %s at %s in %v", tc.code, where, err)
			}
		})
	}
}

// position is "<file>:<line>:<column>" of the first occurrence of a text.
func position(t *testing.T, file, text, part string) string {
	t.Helper()
	before, _, ok := strings.Cut(text, part)
	if !ok {
		t.Fatalf("%q is not in %s", part, file)
	}
	line := strings.Count(before, "\n") + 1
	col := len(before) - strings.LastIndexByte(before, '\n')
	return fmt.Sprintf("%s:%d:%d", file, line, col)
}

func TestLoadMissesNoFile(t *testing.T) {
	t.Parallel()
	for name := range packFiles(t, "yangpu-2023") {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			files := packFiles(t, "yangpu-2023")
			delete(files, name)
			_, err := policy.Load(files)
			if !slices.ContainsFunc(fault.From(err).Violations, func(v fault.Violation) bool { return v.Field == name && v.Code == "missing_file" }) {
				t.Fatal(err)
			}
		})
	}
}

func TestExpressionsHaveNoLoops(t *testing.T) {
	t.Parallel()
	files := packFiles(t, "yangpu-2023")
	files["obligations.yaml"].Data = []byte(strings.Replace(string(files["obligations.yaml"].Data),
		"amount_fen > procurement_limit", "materials.exists(m, m == 'basis')", 1))
	if _, err := policy.Load(files); !errors.Is(err, policy.ErrInvalidPack) {
		t.Fatalf("a comprehension loads: %v", err)
	}
}

func TestOtherDistrictChangesFiguresOnly(t *testing.T) {
	t.Parallel()
	files := packFiles(t, "yangpu-2023")
	replace := func(name, old, repl string) {
		now := strings.Replace(string(files[name].Data), old, repl, 1)
		if now == string(files[name].Data) {
			t.Fatalf("%s does not have %q", name, old)
		}
		files[name].Data = []byte(now)
	}
	replace("pack.yaml", "id: yangpu-2023", "id: elsewhere-2024")
	replace("pack.yaml", "district: yangpu", "district: elsewhere")
	replace("params.yaml", "filing_limit, wan: 100", "filing_limit, wan: 0.5")
	replace("deadlines.yaml", "working_days: 10", "working_days: 7")
	files["cases.yaml"].Data = nil
	p, err := policy.Load(files)
	if err != nil {
		t.Fatal(err)
	}
	set, err := policy.NewSet("elsewhere", append(policy.Default().Packs(), p)...)
	if err != nil {
		t.Fatal(err)
	}
	for amount, route := range map[string]string{"499999": "filing", "500000": "review"} {
		doc := `{"kind": "service", "amount_fen": ` + amount + `, "declared_on": "2024-01-01"}`
		d, err := set.DecideJSON(strings.NewReader(doc), policy.DefaultLimit, policy.Options{})
		if err != nil || d.Route != route || d.Pack != "elsewhere-2024" {
			t.Errorf("%s: %s of %s, %v", amount, d.Route, d.Pack, err)
		}
	}
	if d, _ := p.Deadline("contract_filing"); d.WorkingDays != 7 {
		t.Errorf("%+v", d)
	}
}

func TestPacksMustNotOverlap(t *testing.T) {
	t.Parallel()
	files := packFiles(t, "yangpu-2023")
	load := func() *policy.Pack {
		p, err := policy.Load(files)
		if err != nil {
			t.Fatal(err)
		}
		return p
	}
	one := load()
	if _, err := policy.NewSet("yangpu", one, load()); !errors.Is(err, policy.ErrInvalidPack) {
		t.Errorf("one id twice: %v", err)
	}
	files["pack.yaml"].Data = []byte(strings.Replace(string(files["pack.yaml"].Data), "id: yangpu-2023", "id: yangpu-2024", 1))
	if _, err := policy.NewSet("yangpu", one, load()); !errors.Is(err, policy.ErrInvalidPack) {
		t.Errorf("two packs on one day: %v", err)
	}
}

func TestLoadSetNamesTheFolder(t *testing.T) {
	t.Parallel()
	files := packFiles(t, "yangpu-2021")
	outer := packFolder(files, "somewhere")
	if s, err := policy.LoadSet("yangpu", outer); err != nil || len(s.Packs()) != 1 {
		t.Fatal(err)
	}
	delete(outer, "somewhere/routes.yaml")
	if _, err := policy.LoadSet("yangpu", outer); err == nil || !strings.Contains(err.Error(), "somewhere") {
		t.Fatal(err)
	}
	if _, err := policy.LoadSet("yangpu", failing{}); err == nil {
		t.Fatal("an unreadable folder loads")
	}
}

type failing struct{}

func (failing) Open(string) (fs.File, error) { return nil, fs.ErrPermission }

func TestParamsFollowTheirDate(t *testing.T) {
	t.Parallel()
	files := packFiles(t, "yangpu-2023")
	files["params.yaml"].Data = []byte(strings.Replace(string(files["params.yaml"].Data), "    dated:\n", `    dated:
      - from: 2020-01-01
        wan: 30
        source: {zh: 通知甲, en: notice one}
`, 1))
	p, err := policy.Load(files)
	if err != nil {
		t.Fatal(err)
	}
	limit := p.Param("procurement_limit")
	for day, want := range map[calendar.Date]int64{
		calendar.MustDate(2019, 1, 1):  30_0000_00,
		calendar.MustDate(2023, 5, 14): 30_0000_00,
		calendar.MustDate(2023, 5, 15): 100_0000_00,
	} {
		if got := limit.At(day); got != want {
			t.Errorf("%s: %d, want %d", day, got, want)
		}
	}
	if p.Param("no_such") != nil {
		t.Error("a parameter from nowhere")
	}
}

func TestLoadOfNothingNamesEveryFile(t *testing.T) {
	t.Parallel()
	_, err := policy.Load(fstest.MapFS{})
	if n := len(fault.From(err).Violations); !errors.Is(err, policy.ErrInvalidPack) || n == 0 || fault.From(err).Violations[0].Code != "missing_file" {
		t.Fatalf("%d violations: %v", n, err)
	}
}
