package module_test

import (
	"bytes"
	"slices"
	"strings"
	"testing"

	"egov/libs/policy"
	"egov/libs/sheet"
	"egov/services/declaration"
)

// budgetOf is a budget sheet as a unit would hand it in.
func budgetOf(t *testing.T, lines ...policy.Line) []byte {
	t.Helper()
	p, err := policy.Default().ByID("yangpu-2023")
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	if err := sheet.Write(&out, p, sheet.Budget{Lines: lines}); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func TestABudgetGoesThroughItsSheet(t *testing.T) {
	t.Parallel()
	s := start(t)
	declarer := s.As("fac.declarer", "facilities", "declarer")
	lines := []policy.Line{
		{Category: "software_development", AmountFen: 600_000_001, PersonMonths: 30_000},
		{Category: "om_hardware", Class: "A", AmountFen: 94_791_099, BaseFen: 2_500_000_000},
	}

	var read declaration.SheetReading
	declarer.Post("/v1/budget-sheet?amount_fen=694791100", budgetOf(t, lines...)).OK(&read)
	if !read.Ready || read.Pack != "yangpu-2023" || read.SumFen != 694_791_100 || !slices.Equal(read.Budget(), lines) || read.Lines[1].Row != 6 {
		t.Fatalf("%+v", read)
	}
	if n := len(s.Facts("")); n != 0 {
		t.Fatalf("reading a sheet stated %d facts", n)
	}

	var p project
	declarer.Post("/v1/projects", draft(func(c map[string]any) { c["budget"] = read.Budget() })).OK(&p)
	file := declarer.Get("/v1/projects/" + p.ID + "/budget-sheet")
	if file.Status != 200 || !strings.Contains(file.Header.Get("Content-Disposition"), ".xlsx") || !strings.HasSuffix(file.Header.Get("Content-Type"), "spreadsheetml.sheet") {
		t.Fatalf("%d %v", file.Status, file.Header)
	}
	declarer.Post("/v1/budget-sheet", file.Body).OK(&read)
	if !read.Ready || read.DeclaredFen != p.Case.AmountFen || !slices.Equal(read.Budget(), lines) {
		t.Fatalf("%+v", read)
	}
	s.As("edu.declarer", "education", "declarer").Get("/v1/projects/"+p.ID+"/budget-sheet").Refused(404, "not_found")
}

func TestABudgetSheetIsHeldAgainstThePack(t *testing.T) {
	t.Parallel()
	s := start(t)
	declarer := s.As("fac.declarer", "facilities", "declarer")
	blank := s.As("", "").Get("/v1/budget-sheet")
	if blank.Status != 200 || !bytes.HasPrefix(blank.Body, []byte("PK")) {
		t.Fatalf("%d %s", blank.Status, blank.Body)
	}
	for _, tt := range []struct {
		name, query string
		body        []byte
		found       []string
	}{
		{"Blank", "", blank.Body, []string{"预算 no_lines"}},
		{"UnknownWords", "", budgetOf(t, policy.Line{Category: "furniture", AmountFen: 1}, policy.Line{Category: "om_hardware", AmountFen: 1}), []string{"预算!A5 unknown_category", "预算!B6 class_required"}},
		{"TenThousandTimesOff", "?amount_fen=10000000000", budgetOf(t, policy.Line{Category: "hardware", AmountFen: 1_000_000}), []string{"预算 ten_thousand_off"}},
		{"OfItsPack", "?pack=yangpu-2023", budgetOf(t, policy.Line{Category: "hardware", AmountFen: 1}), nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var read declaration.SheetReading
			declarer.Post("/v1/budget-sheet"+tt.query, tt.body).OK(&read)
			var found []string
			for _, f := range read.Findings {
				found = append(found, f.Field+" "+f.Code)
			}
			if !slices.Equal(found, tt.found) || read.Ready != (tt.found == nil) {
				t.Errorf("%v %q", read.Ready, found)
			}
		})
	}
	declarer.Post("/v1/budget-sheet", []byte("费用类别,金额")).Refused(400, "attachment_type_refused")
	declarer.Post("/v1/budget-sheet", nil).Refused(400, "invalid_input")
	declarer.Post("/v1/budget-sheet?amount_fen=-1", blank.Body).Refused(400, "invalid_input")
	declarer.Post("/v1/budget-sheet", make([]byte, declaration.MaxSheetBytes+1)).Refused(400, "body_too_large")
	declarer.Get("/v1/budget-sheet?pack=atlantis").Refused(400, "unknown_pack")
	s.As("aud", "audit", "auditor").Post("/v1/budget-sheet", blank.Body).Refused(403, "role_required")
	s.As("", "").Post("/v1/budget-sheet", blank.Body).Refused(401, "sign_in_required")
}
