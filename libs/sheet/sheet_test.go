package sheet_test

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/xuri/excelize/v2"
	"pgregory.net/rapid"

	"egov/libs/policy"
	"egov/libs/sheet"
)

var update = flag.Bool("update", false, "write the golden files of testdata anew")

func pack(t testing.TB) *policy.Pack {
	t.Helper()
	p, err := policy.Default().ByID("yangpu-2023")
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func written(t testing.TB, b sheet.Budget) []byte {
	t.Helper()
	var out bytes.Buffer
	if err := sheet.Write(&out, pack(t), b); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func opened(t testing.TB, data []byte) *excelize.File {
	t.Helper()
	f, err := excelize.OpenReader(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = f.Close() })
	return f
}

func must[T any](t testing.TB) func(T, error) T {
	t.Helper()
	return func(v T, err error) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

// TestTheTemplateIsWhatItWas compares what is on the blank form, not its bytes.
func TestTheTemplateIsWhatItWas(t *testing.T) {
	t.Parallel()
	f := opened(t, written(t, sheet.Budget{}))
	var out strings.Builder
	for _, name := range f.GetSheetList() {
		p := must[excelize.SheetProtectionOptions](t)(f.GetSheetProtection(name))
		fmt.Fprintf(&out, "# %s\nvisible %v, protected %v\n", name, must[bool](t)(f.GetSheetVisible(name)), p.SelectUnlockedCells)
		for i, row := range must[[][]string](t)(f.GetRows(name)) {
			for j, text := range row {
				if text == "" {
					continue
				}
				at := must[string](t)(excelize.CoordinatesToCellName(j+1, i+1))
				fmt.Fprintf(&out, "%s%s %s\n", at, locked(t, f, name, at), text)
			}
		}
		for _, v := range must[[]*excelize.DataValidation](t)(f.GetDataValidations(name)) {
			fmt.Fprintf(&out, "%s %s %s %s\n", v.Sqref, v.Type, v.Operator, v.Formula1)
		}
		for _, c := range must[[]excelize.Comment](t)(f.GetComments(name)) {
			fmt.Fprintf(&out, "%s says %q\n", c.Cell, c.Text)
		}
		for _, at := range []string{"B3", "A5", "B5", "C5", "D5", "E5", "F5", "G5", "H5"} {
			if name != "预算" {
				continue
			}
			style := must[*excelize.Style](t)(f.GetStyle(must[int](t)(f.GetCellStyle(name, at))))
			format := fmt.Sprint(style.NumFmt)
			if style.CustomNumFmt != nil {
				format = *style.CustomNumFmt
			}
			fmt.Fprintf(&out, "%s%s shown as %s\n", at, locked(t, f, name, at), format)
		}
	}
	golden := filepath.Join("testdata", "template.golden")
	if *update {
		if err := os.WriteFile(golden, []byte(out.String()), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want := must[[]byte](t)(os.ReadFile(golden))
	if out.String() != string(want) {
		t.Errorf("the template differs from %s (go test -update writes it anew):\n%s", golden, out.String())
	}
}

// locked tells whether a cell yields to typing.
func locked(t *testing.T, f *excelize.File, name, at string) string {
	t.Helper()
	style := must[*excelize.Style](t)(f.GetStyle(must[int](t)(f.GetCellStyle(name, at))))
	if style.Protection != nil && !style.Protection.Locked {
		return " open"
	}
	return ""
}

// TestTheUnitOfMoneyStandsInOnePlace: a second place could contradict it.
func TestTheUnitOfMoneyStandsInOnePlace(t *testing.T) {
	t.Parallel()
	f := opened(t, written(t, sheet.Budget{}))
	var places []string
	for i, row := range must[[][]string](t)(f.GetRows("预算")) {
		for j, text := range row {
			if strings.Contains(text, "元") {
				places = append(places, must[string](t)(excelize.CoordinatesToCellName(j+1, i+1)))
			}
		}
	}
	if fmt.Sprint(places) != "[B2]" {
		t.Error(places)
	}
}

// TestClassesFollowTheCategory computes the formula behind the second
// drop-down for every category, as a spreadsheet would.
func TestClassesFollowTheCategory(t *testing.T) {
	t.Parallel()
	f := opened(t, written(t, sheet.Budget{}))
	var formula string
	for _, v := range must[[]*excelize.DataValidation](t)(f.GetDataValidations("预算")) {
		if strings.HasPrefix(v.Sqref, "B") {
			formula = v.Formula1
		}
	}
	// OFFSET(选项!$C$1,MATCH(…),0,COUNTIF(…),1)
	inner := strings.TrimSuffix(strings.TrimPrefix(formula, "OFFSET(选项!$C$1,"), ",1)")
	first, size, ok := strings.Cut(inner, ",0,COUNTIF")
	if !ok {
		t.Fatal(formula)
	}
	for _, term := range pack(t).Terms(policy.Categories) {
		want := []string{"（不分类）"}
		for i, c := range term.Classes {
			want = append(want[:i], c.ZH)
		}
		if err := f.SetCellStr("预算", "A5", term.ZH); err != nil {
			t.Fatal(err)
		}
		value := func(formula string) (n int) {
			if err := f.SetCellFormula("预算", "J1", formula); err != nil {
				t.Fatal(err)
			}
			if _, err := fmt.Sscan(must[string](t)(f.CalcCellValue("预算", "J1")), &n); err != nil {
				t.Fatal(formula, err)
			}
			return n
		}
		at, n := value(first), value("COUNTIF"+size)
		var got []string
		for row := at + 1; row <= at+n; row++ {
			got = append(got, must[string](t)(f.GetCellValue("选项", fmt.Sprintf("C%d", row))))
		}
		if !slices.Equal(got, want) {
			t.Errorf("%s: %v, want %v", term.ZH, got, want)
		}
	}
}

// TestNoTextIsTakenForAFormula: not on opening, and not from a CSV made of it.
func TestNoTextIsTakenForAFormula(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		"=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "＝1+1", "＋1", "－1", "＠x",
		`=HYPERLINK("http://x.example","点我")`, "=cmd|'/c calc'!A0",
	} {
		t.Run(text, func(t *testing.T) {
			t.Parallel()
			f := opened(t, written(t, sheet.Budget{Title: text, Lines: []policy.Line{{Category: text, Class: text, AmountFen: 1}}}))
			for _, at := range []string{"A1", "A5", "B5"} {
				value := must[string](t)(f.GetCellValue("预算", at))
				if formula := must[string](t)(f.GetCellFormula("预算", at)); formula != "" || value != "'"+text {
					t.Errorf("%s holds %q, formula %q", at, value, formula)
				}
				if kind := must[excelize.CellType](t)(f.GetCellType("预算", at)); kind != excelize.CellTypeSharedString && kind != excelize.CellTypeInlineString {
					t.Errorf("%s is of type %v", at, kind)
				}
			}
		})
	}
	if f := opened(t, written(t, sheet.Budget{Title: "智慧机关 1=1"})); must[string](t)(f.GetCellValue("预算", "A1")) != "智慧机关 1=1" {
		t.Error("a harmless title was changed")
	}
}

// aLine draws a line that the pack's words can say.
func aLine(terms []policy.Term) *rapid.Generator[policy.Line] {
	amount := rapid.OneOf(rapid.Int64Range(0, 1_0000_0000_00), rapid.Int64Range(0, 1<<50), rapid.Int64Range(0, 1<<62))
	return rapid.Custom(func(t *rapid.T) policy.Line {
		term := rapid.SampledFrom(terms).Draw(t, "category")
		l := policy.Line{Category: term.Code, AmountFen: amount.Draw(t, "amount")}
		if len(term.Classes) > 0 {
			l.Class = rapid.SampledFrom(term.Classes).Draw(t, "class").Code
		}
		if rapid.Bool().Draw(t, "more") {
			l.BaseFen = amount.Draw(t, "base")
			l.PersonMonths = policy.Decimal(rapid.Int64Range(0, 1_000_000).Draw(t, "months"))
			l.Units = rapid.Int64Range(0, 1<<40).Draw(t, "units")
			l.AreaM2 = policy.Decimal(rapid.Int64Range(0, 1_000_000).Draw(t, "area"))
		}
		return l
	})
}

// TestABudgetSurvivesItsSheet for any lines of any shipped pack.
func TestABudgetSurvivesItsSheet(t *testing.T) {
	t.Parallel()
	for _, p := range policy.Default().Packs() {
		if len(p.Terms(policy.Categories)) == 0 {
			continue
		}
		t.Run(p.ID(), func(t *testing.T) {
			t.Parallel()
			rapid.Check(t, func(t *rapid.T) {
				lines := rapid.SliceOfN(aLine(p.Terms(policy.Categories)), 1, 8).Draw(t, "lines")
				var sum int64
				for i := range lines {
					lines[i].AmountFen = min(lines[i].AmountFen, 1<<62-1-sum)
					sum += lines[i].AmountFen
				}
				var out bytes.Buffer
				if err := sheet.Write(&out, p, sheet.Budget{Title: "往返", DeclaredFen: sum, Lines: lines}); err != nil {
					t.Fatal(err)
				}
				got, err := sheet.Read(&out, p, sum)
				if err != nil {
					t.Fatal(err)
				}
				if !slices.Equal(got.Budget(), lines) || !got.Ready || got.SumFen != sum {
					t.Fatalf("wrote %+v\nread  %+v", lines, got)
				}
				for _, f := range got.Findings {
					if f.Code != "number_as_text" { // what a spreadsheet cannot hold as a number
						t.Fatalf("%+v", f)
					}
				}
			})
		})
	}
}

// TestALongBudget fits the limits with room to spare.
func TestALongBudget(t *testing.T) {
	t.Parallel()
	lines := make([]policy.Line, sheet.MaxLines)
	for i := range lines {
		lines[i] = policy.Line{Category: "template", Class: "room_small", AmountFen: int64(i)*7919 + 1, BaseFen: int64(i), PersonMonths: 750, Units: int64(i), AreaM2: 1999}
	}
	got, err := sheet.Read(bytes.NewReader(written(t, sheet.Budget{Lines: lines})), pack(t), 0)
	if err != nil || !got.Ready || !slices.Equal(got.Budget(), lines) {
		t.Fatalf("%d lines, %v %+v", len(got.Lines), err, got.Findings)
	}
	var out bytes.Buffer
	if err := sheet.Write(&out, pack(t), sheet.Budget{Lines: append(lines, lines[0])}); err == nil || out.Len() > 0 {
		t.Error("more lines than a budget may have were written")
	}
}

// TestAPackWithoutCostsHasNoSheet.
func TestAPackWithoutCostsHasNoSheet(t *testing.T) {
	t.Parallel()
	bare := new(policy.Pack)
	if err := sheet.Template(new(bytes.Buffer), bare); !isCode(err, "no_cost_categories") {
		t.Error(err)
	}
	if _, err := sheet.Read(bytes.NewReader(written(t, sheet.Budget{})), bare, 0); !isCode(err, "no_cost_categories") {
		t.Error(err)
	}
}
