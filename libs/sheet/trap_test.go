package sheet_test

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/xuri/excelize/v2"

	"egov/libs/fault"
	"egov/libs/sheet"
)

func isCode(err error, code string) bool {
	f, ok := errors.AsType[*fault.Error](err)
	return ok && f.Code == code
}

// filled is the template with two sound lines, changed by hand.
func filled(t testing.TB, change func(f *excelize.File) error) []byte {
	t.Helper()
	f := opened(t, written(t, sheet.Budget{}))
	err := errors.Join(
		f.SetCellStr("预算", "A5", "硬件设备购置"), f.SetCellValue("预算", "C5", 1200.5),
		f.SetCellStr("预算", "A6", "硬件设备维护"), f.SetCellStr("预算", "B6", "A类设备"),
		f.SetCellValue("预算", "C6", 40000), f.SetCellValue("预算", "D6", 1000000),
		change(f),
	)
	if err != nil {
		t.Fatal(err)
	}
	out, err := f.WriteToBuffer()
	if err != nil {
		t.Fatal(err)
	}
	return patched(t, out.Bytes())
}

// xml puts the XML of cell C5 in place of what excelize writes, for what
// excelize would not write.
func xml(cell string) func(f *excelize.File) error {
	return func(f *excelize.File) error {
		f.Pkg.Store(patch, []byte(cell))
		return nil
	}
}

func set(at string, value any) func(f *excelize.File) error {
	return func(f *excelize.File) error { return f.SetCellValue("预算", at, value) }
}

func all(changes ...func(f *excelize.File) error) func(f *excelize.File) error {
	return func(f *excelize.File) error {
		for _, c := range changes {
			if err := c(f); err != nil {
				return err
			}
		}
		return nil
	}
}

func formatted(at string, value any, format string) func(f *excelize.File) error {
	return all(set(at, value), func(f *excelize.File) error {
		style, err := f.NewStyle(&excelize.Style{CustomNumFmt: &format})
		if err != nil {
			return err
		}
		return f.SetCellStyle("预算", at, at, style)
	})
}

// TestTraps lays one snare each. found lists "field code" of every finding, an
// error with "!" before it and the proposed amount in fen behind it.
func TestTraps(t *testing.T) {
	t.Parallel()
	const fine = 2 // lines of the sheet as filled
	for _, tt := range []struct {
		name     string
		change   func(f *excelize.File) error
		declared int64
		lines    int
		found    []string
	}{
		{"Sound", set("H5", "随便写"), 0, fine, nil},
		{"SoundAgainstTheTotal", set("B3", 41200.5), 4_120_050, fine, nil},
		{"EmptyRowBetween", all(set("A9", "data_service"), set("C9", 1)), 0, fine + 1, nil},
		{"EnglishWordsAndCodes", all(set("A7", "Hardware"), set("C7", 1), set("A8", "om_hardware"), set("B8", "b"), set("C8", 2)), 0, fine + 2, nil},
		{"NoClassChosen", set("B5", "（不分类）"), 0, fine, nil},

		{"Formula", func(f *excelize.File) error { return f.SetCellFormula("预算", "C5", "=SUM(1,2)") }, 0, 1, []string{"!预算!C5 formula"}},
		{"FormulaWithAResult", func(f *excelize.File) error {
			return errors.Join(f.SetCellValue("预算", "D6", 5), f.SetCellFormula("预算", "D6", "=C6*25"))
		}, 0, 1, []string{"!预算!D6 formula"}},
		{"FormulaInCategory", func(f *excelize.File) error { return f.SetCellFormula("预算", "A5", "=选项!A2") }, 0, 1, []string{"!预算!A5 formula"}},
		{"FormulaInHeader", func(f *excelize.File) error { return f.SetCellFormula("预算", "H4", `="备注"`) }, 0, fine, []string{"!预算!H4 formula"}},
		{"ErrorValue", xml(`<c r="C5" t="e"><v>#DIV/0!</v></c>`), 0, 1, []string{"!预算!C5 error_value"}},
		{"TruthValue", set("C5", true), 0, 1, []string{"!预算!C5 wrong_format"}},
		{"Date", formatted("C5", 46082, "yyyy-mm-dd"), 0, 1, []string{"!预算!C5 wrong_format"}},
		{"DateOfTheProgram", func(f *excelize.File) error {
			style, err := f.NewStyle(&excelize.Style{NumFmt: 14})
			return errors.Join(err, f.SetCellStyle("预算", "C5", "C5", style))
		}, 0, 1, []string{"!预算!C5 wrong_format"}},
		{"Percentage", formatted("C5", 0.05, "0.00%"), 0, 1, []string{"!预算!C5 wrong_format"}},

		{"HiddenSheet", func(f *excelize.File) error {
			_, err := f.NewSheet("底稿")
			return errors.Join(err, f.SetSheetVisible("底稿", false))
		}, 0, fine, []string{"底稿 hidden_sheet"}},
		{"AnotherSheet", func(f *excelize.File) error { _, err := f.NewSheet("附表"); return err }, 0, fine, []string{"附表 sheet_not_read"}},
		{"HiddenBudget", func(f *excelize.File) error { f.SetActiveSheet(0); return f.SetSheetVisible("预算", false) }, 0, 0, []string{"预算 hidden_sheet", "!预算 no_budget_sheet"}},
		{"HiddenRow", func(f *excelize.File) error { return f.SetRowVisible("预算", 6, false) }, 0, fine, []string{"!预算!6:6 hidden_row"}},
		{"HiddenEmptyRow", func(f *excelize.File) error { return f.SetRowVisible("预算", 8, false) }, 0, fine, nil},
		{"HiddenColumn", func(f *excelize.File) error { return f.SetColVisible("预算", "D", false) }, 0, fine, []string{"!预算!D4 hidden_column"}},
		{"HiddenColumnOfNoMeaning", func(f *excelize.File) error { return f.SetColVisible("预算", "K:M", false) }, 0, fine, nil},

		{"MergedDown", func(f *excelize.File) error { return f.MergeCell("预算", "A5", "A6") }, 0, 0, []string{"!预算!A5:A6 merged_cells"}},
		{"MergedAcross", func(f *excelize.File) error { return f.MergeCell("预算", "C5", "D5") }, 0, 1, []string{"!预算!C5:D5 merged_cells"}},
		{"MergedTitle", func(f *excelize.File) error { return f.MergeCell("预算", "A1", "H1") }, 0, fine, nil},
		{"MergedBesideTheForm", func(f *excelize.File) error { return f.MergeCell("预算", "K5", "L9") }, 0, fine, nil},

		{"UnitInWan", set("B2", "万元"), 0, fine, []string{"!预算!B2 unit_not_yuan 41200500000"}},
		{"UnitInTheSameCell", all(set("A2", "金额单位：万元"), set("B2", nil)), 0, fine, []string{"!预算!A2 unit_not_yuan 41200500000"}},
		{"HeaderInWan", set("C4", "金额（万元）"), 0, fine, []string{"!预算!C4 unit_not_yuan 41200500000"}},
		{"UnitBesideOthers", set("A2", "金额单位：人民币元"), 0, fine, nil},
		{"UnitInThousands", set("B2", "千元"), 0, fine, []string{"!预算!B2 unit_not_yuan 4120050000"}},
		{"UnitInFen", all(set("B2", "分"), set("C5", 1200)), 0, fine, []string{"!预算!B2 unit_not_yuan 41200"}},
		{"UnitAlone", set("D2", "（万元）"), 0, fine, []string{"!预算!D2 unit_not_yuan 41200500000"}},
		{"DeclaringUnit", set("D2", "申报单位：万里街道办事处"), 0, fine, nil},
		{"TitleSpeaksOfWan", set("A1", "智慧机关项目（总投资694.79万元）"), 0, fine, nil},
		{"UnitInHeaderAlone", all(set("A2", nil), set("B2", nil), set("C4", "预算金额（元）")), 0, fine, nil},
		{"CellSaysMillions", set("C5", "1.5百万"), 0, 1, []string{"!预算!C5 other_money_unit 150000000"}},
		{"NoUnit", all(set("A2", nil), set("B2", nil)), 0, fine, []string{"预算 unit_missing"}},
		{"CellSaysWan", set("C5", "12.5万元"), 0, 1, []string{"!预算!C5 other_money_unit 12500000"}},
		{"CellSaysYi", set("C5", "1亿"), 0, 1, []string{"!预算!C5 other_money_unit 10000000000"}},
		{"FormatSaysWan", formatted("C5", 12.5, `0.00"万元"`), 0, 1, []string{"!预算!C5 other_money_unit 12500000"}},
		{"FormatShowsWan", formatted("C5", 125000, `0!.0000"万元"`), 0, fine, []string{"预算!C5 shown_in_wan"}},
		{"LinesInWanByTheTotal", set("C6", 40000), 412_005_000_00, fine, []string{"!预算 ten_thousand_off 41200500000"}},
		{"LinesInWanRoundedByTheTotal", set("C6", 40000), 412_005_000_00 + 7_000, fine, []string{"!预算 ten_thousand_off 41200500000"}},
		{"TotalInWan", all(set("C5", 10000), set("C6", 30000), set("B3", 4)), 0, fine, []string{"!预算 ten_thousand_off 4000000"}},
		{"OneLineInWan", set("C5", 12), 16_000_000, fine, []string{"!预算!C5 ten_thousand_off 12000000"}},
		{"OneLineTenThousandfold", set("C5", 120000), 40_012_00, fine, []string{"!预算!C5 ten_thousand_off 1200"}},
		{"TotalDiffers", set("B3", 50000), 0, fine, []string{"预算 total_differs"}},
		{"TwoTotals", set("B3", 50000), 4_120_050, fine, []string{"预算!B3 declared_differs"}},

		{"NumberAsText", set("C5", "1200.50"), 0, fine, []string{"预算!C5 number_as_text"}},
		{"Thousands", set("C5", "1,234,567.80"), 0, fine, []string{"预算!C5 number_as_text"}},
		{"FullWidth", set("C5", "１，２３４．５０元"), 0, fine, []string{"预算!C5 number_as_text"}},
		{"WithCurrency", set("C5", "￥ 1200.50 "), 0, fine, []string{"预算!C5 number_as_text"}},
		{"BadThousands", set("C5", "12,34"), 0, 1, []string{"!预算!C5 unreadable_number"}},
		{"PointAndComma", set("C5", "1.234,50"), 0, 1, []string{"!预算!C5 unreadable_number"}},
		{"Words", set("C5", "壹万元整"), 0, 1, []string{"!预算!C5 unreadable_number"}},
		{"Scientific", set("C5", "1e5"), 0, 1, []string{"!预算!C5 unreadable_number"}},
		{"Negative", set("C5", -5), 0, 1, []string{"!预算!C5 negative"}},
		{"NegativeInBrackets", set("C5", "(5.00)"), 0, 1, []string{"预算!C5 number_as_text", "!预算!C5 negative"}},
		{"FractionOfAFen", set("C5", 5.005), 0, 1, []string{"!预算!C5 too_precise"}},
		{"TooLarge", xml(`<c r="C5"><v>1E+300</v></c>`), 0, 1, []string{"!预算!C5 out_of_range"}},
		{
			"SumTooLarge", all(set("C5", "92233720368547758.07"), set("C6", "92233720368547758.07")), 0, fine,
			[]string{"预算!C5 number_as_text", "预算!C6 number_as_text", "!预算!C6 out_of_range"},
		},
		{"FractionalPoints", set("F5", 2.5), 0, 1, []string{"!预算!F5 too_precise"}},
		{"FineMonths", set("E5", 7.125), 0, 1, []string{"!预算!E5 too_precise"}},
		{"MonthsInWan", set("E5", "2万"), 0, 1, []string{"!预算!E5 unreadable_number"}},

		{"UnknownCategory", set("A5", "办公桌椅"), 0, 1, []string{"!预算!A5 unknown_category"}},
		{"CategoryIsANumber", set("A5", 7), 0, 1, []string{"!预算!A5 unknown_category"}},
		{"UnknownClass", set("B6", "D类设备"), 0, 1, []string{"!预算!B6 unknown_class"}},
		{"ClassOfNone", set("B5", "A类设备"), 0, 1, []string{"!预算!B5 unknown_class"}},
		{"NoClass", set("B6", nil), 0, 1, []string{"!预算!B6 class_required"}},
		{"NoCategory", set("A5", nil), 0, 1, []string{"!预算!A5 required"}},
		{"NoAmount", set("C5", nil), 0, 1, []string{"!预算!C5 required"}},
		{"SumRow", all(set("A7", "合计"), set("C7", 41200.5)), 0, fine, []string{"预算!A7 sum_row"}},
		{"SumRowOfAFormula", all(set("A7", "合 计："), func(f *excelize.File) error { return f.SetCellFormula("预算", "C7", "=SUM(C5:C6)") }), 0, fine, []string{"预算!A7 sum_row"}},

		{"DuplicateHeader", set("I4", "金额"), 0, fine, []string{"!预算!I4 duplicate_column"}},
		{"MissingColumn", set("C4", nil), 0, 0, []string{"!预算!4:4 missing_column"}},
		{"MissingClassColumn", set("B4", nil), 0, 1, []string{"!预算!6:6 class_required"}},
		{"UnknownColumn", set("I4", "供应商"), 0, fine, []string{"预算!I4 unknown_column"}},
		{"NoHeader", all(set("A4", nil), set("C4", nil)), 0, 0, []string{"预算 sheet_not_read", "!预算 no_budget_sheet"}},
		{"AnotherName", func(f *excelize.File) error { return f.SetSheetName("预算", "Sheet1") }, 0, fine, nil},
		{"MovedColumns", func(f *excelize.File) error {
			return errors.Join(f.RemoveCol("预算", "E"), f.InsertCols("预算", "A", 2), f.InsertRows("预算", 1, 3))
		}, 0, fine, nil},
		{"NoLines", func(f *excelize.File) error { return errors.Join(f.RemoveRow("预算", 5), f.RemoveRow("预算", 5)) }, 0, 0, []string{"!预算 no_lines"}},

		{"EverythingAtOnce", all(
			set("B2", "万元"), set("A5", "x"), set("C5", -1), set("B6", nil), set("C6", "1.005"), set("D6", "二"), set("A7", "数据服务"), set("I4", "金额"),
			func(f *excelize.File) error { return f.SetRowVisible("预算", 7, false) },
		), 0, 0, []string{
			"!预算!I4 duplicate_column", "!预算!B2 unit_not_yuan", "!预算!A5 unknown_category", "!预算!C5 negative", "!预算!B6 class_required",
			"预算!C6 number_as_text", "!预算!C6 too_precise", "!预算!D6 unreadable_number", "!预算!7:7 hidden_row", "!预算!C7 required",
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got, err := sheet.Read(bytes.NewReader(filled(t, tt.change)), pack(t), tt.declared)
			if err != nil {
				t.Fatal(err)
			}
			var found []string
			for _, f := range got.Findings {
				s := f.Field + " " + f.Code
				if f.Severity == "error" {
					s = "!" + s
				}
				if f.ProposedFen != nil {
					s += fmt.Sprint(" ", *f.ProposedFen)
				}
				found = append(found, s)
				if f.Msg == "" || f.MsgEN == "" || !slices.Equal(f.Basis, []string{"YP23-R-5.1.2", "YP23-S-1.1"}) {
					t.Errorf("incomplete: %+v", f)
				}
			}
			if !slices.Equal(found, tt.found) || len(got.Lines) != tt.lines {
				t.Errorf("%d lines, found %q\nwant %d, %q", len(got.Lines), found, tt.lines, tt.found)
			}
			if ready := !strings.Contains(strings.Join(tt.found, " "), "!预算"); got.Ready != (ready && !hasError(tt.found)) {
				t.Errorf("ready: %v", got.Ready)
			}
		})
	}
}

func hasError(found []string) bool {
	return slices.ContainsFunc(found, func(s string) bool { return strings.HasPrefix(s, "!") })
}

// TestAmountsAreExact whatever their form in the sheet.
func TestAmountsAreExact(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		xml string
		fen int64
	}{
		{`<c r="C5"><v>0.1</v></c>`, 10},
		{`<c r="C5"><v>0.29999999999999999</v></c>`, 30},
		{`<c r="C5"><v>1234.5600000000002</v></c>`, 123_456},
		{`<c r="C5"><v>1.005E3</v></c>`, 100_500},
		{`<c r="C5"><v>19999999999999.99</v></c>`, 1_999_999_999_999_999},
		{`<c r="C5" t="str"><v>90071992547409.93</v></c>`, 9_007_199_254_740_993},
		{`<c r="C5" t="inlineStr"><is><t>92,233,720,368,547,758.07</t></is></c>`, 9_223_372_036_854_775_807},
		{`<c r="C5" t="inlineStr"><is><r><t>12</t></r><r><rPr><b/></rPr><t>34.5</t></r><rPh sb="0" eb="1"><t>99</t></rPh></is></c>`, 123_450},
		{`<c r="C5"><v>0</v></c>`, 0},
		{`<c r="C5"><v>5.10</v></c>`, 510},
	} {
		t.Run(tt.xml, func(t *testing.T) {
			t.Parallel()
			got, err := sheet.Read(bytes.NewReader(filled(t, xml(tt.xml))), pack(t), 0)
			if err != nil || len(got.Lines) == 0 || got.Lines[0].AmountFen != tt.fen || got.Lines[0].Row != 5 {
				t.Errorf("%+v %v", got, err)
			}
		})
	}
}

// TestFindingsAreBounded: the answer to a sheet that is odd everywhere is no
// larger than anyone reads, and no graver than what was left out.
func TestFindingsAreBounded(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name  string
		row   func(f *excelize.File, row int) error
		ready bool
	}{
		{"Errors", func(f *excelize.File, row int) error {
			return f.SetCellStr("预算", fmt.Sprintf("A%d", row), strings.Repeat("长", 3000))
		}, false},
		{"Warnings", func(f *excelize.File, row int) error {
			return errors.Join(f.SetCellStr("预算", fmt.Sprintf("A%d", row), "数据服务"), f.SetCellStr("预算", fmt.Sprintf("C%d", row), "1,000.00"))
		}, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got, err := sheet.Read(bytes.NewReader(filled(t, func(f *excelize.File) error {
				for row := 7; row < 1007; row++ {
					if err := tt.row(f, row); err != nil {
						return err
					}
				}
				return nil
			})), pack(t), 0)
			if err != nil {
				t.Fatal(err)
			}
			last := got.Findings[len(got.Findings)-1]
			if got.Ready != tt.ready || len(got.Findings) != 200 || last.Code != "too_many_findings" || len(got.Findings[0].Msg) > 300 || (last.Severity == "error") == tt.ready {
				t.Errorf("%v %d %+v", got.Ready, len(got.Findings), last)
			}
			if tt.ready && (len(got.Lines) != 1002 || got.SumFen != 100_000_000+4_120_050) {
				t.Errorf("%d lines, sum %d", len(got.Lines), got.SumFen)
			}
		})
	}
}
