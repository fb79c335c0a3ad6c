package sheet

import (
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/xuri/excelize/v2"

	"egov/libs/policy"
)

// The rows of the sheet of lines.
const (
	rowTitle = iota + 1
	rowUnit
	rowDeclared
	rowHeader
	rowFirst
)

// Template writes the blank form of a pack.
func Template(w io.Writer, p *policy.Pack) error { return Write(w, p, Budget{}) }

// Write writes a budget on the form of a pack: instructions, the lines, and the
// lists behind the drop-downs. Everything but the cells to be filled in is
// protected against slips, without a password. ErrNoCategories where the pack
// has no cost standard, ErrTooManyLines beyond MaxLines.
func Write(w io.Writer, p *policy.Pack, b Budget) error {
	terms := p.Terms(policy.Categories)
	switch {
	case len(terms) == 0:
		return ErrNoCategories
	case len(b.Lines) > MaxLines:
		return ErrTooManyLines
	}
	f := excelize.NewFile()
	defer func() { _ = f.Close() }()
	x := &writer{file: f, pack: p, form: formOf(p)}
	x.setUp()
	x.help()
	x.lists()
	x.lines(b)
	x.do(f.Write(w))
	return x.err
}

// writer keeps the first error, so that a sheet reads as what is on it.
type writer struct {
	file *excelize.File
	pack *policy.Pack
	form form
	err  error

	title, bold, wrapped, header, open, text int // styles
	money, hundredths, whole                 int // of cells to be filled in
}

func (x *writer) do(err error) {
	if x.err == nil {
		x.err = err
	}
}

func (x *writer) style(s excelize.Style) int {
	id, err := x.file.NewStyle(&s)
	x.do(err)
	return id
}

func (x *writer) setUp() {
	x.do(x.file.SetSheetName("Sheet1", sheetHelp))
	for _, name := range []string{sheetLines, sheetLists} {
		_, err := x.file.NewSheet(name)
		x.do(err)
	}
	x.do(x.file.SetDocProps(&excelize.DocProperties{Creator: "egov", LastModifiedBy: "egov", Title: plain(x.pack.Title().ZH), Language: "zh-CN"}))
	fillIn := &excelize.Protection{Locked: false}
	line := []excelize.Border{
		{Type: "left", Color: "BFBFBF", Style: 1},
		{Type: "right", Color: "BFBFBF", Style: 1},
		{Type: "top", Color: "BFBFBF", Style: 1},
		{Type: "bottom", Color: "BFBFBF", Style: 1},
	}
	const textFormat = 49
	format := func(code string) *string { return &code }
	x.title = x.style(excelize.Style{Font: &excelize.Font{Bold: true, Size: 14}})
	x.bold = x.style(excelize.Style{Font: &excelize.Font{Bold: true}})
	x.wrapped = x.style(excelize.Style{Alignment: &excelize.Alignment{WrapText: true, Vertical: "top"}})
	x.header = x.style(excelize.Style{
		Font: &excelize.Font{Bold: true}, Border: line, Fill: excelize.Fill{Type: "pattern", Pattern: 1, Color: []string{"DDEBF7"}},
		Alignment: &excelize.Alignment{Horizontal: "center", Vertical: "center", WrapText: true},
	})
	x.open = x.style(excelize.Style{Protection: fillIn})
	x.text = x.style(excelize.Style{Protection: fillIn, NumFmt: textFormat})
	x.money = x.style(excelize.Style{Protection: fillIn, CustomNumFmt: format("#,##0.00")})
	x.hundredths = x.style(excelize.Style{Protection: fillIn, CustomNumFmt: format("0.##")})
	x.whole = x.style(excelize.Style{Protection: fillIn, CustomNumFmt: format("0")})
}

// plain makes a text that no spreadsheet takes for a formula: one that begins
// with a character that may begin a formula gets an apostrophe before it.
// Typed cells do not evaluate, but what is saved from them as CSV would.
func plain(s string) string {
	if strings.ContainsAny(firstRune(s), "=+-@\t\r\n＝＋－＠") {
		return "'" + s
	}
	return s
}

func firstRune(s string) string {
	for _, r := range s {
		return string(r)
	}
	return ""
}

func (x *writer) put(sheet string, p place, text string, style int) {
	x.do(x.file.SetCellStr(sheet, p.String(), plain(text)))
	if style != 0 {
		x.do(x.file.SetCellStyle(sheet, p.String(), p.String(), style))
	}
}

// number writes an exact number: as one where a spreadsheet keeps all of its
// digits, else as text.
func (x *writer) number(p place, decimal string) {
	if exactInSheet(decimal) {
		x.do(x.file.SetCellDefault(sheetLines, p.String(), decimal))
		return
	}
	x.do(x.file.SetCellStr(sheetLines, p.String(), decimal))
}

// help writes the sheet of instructions.
func (x *writer) help() {
	row := 0
	next := func(a, b string, style int) {
		row++
		if a != "" {
			x.put(sheetHelp, place{1, row}, a, style)
		}
		if b != "" {
			x.put(sheetHelp, place{2, row}, b, x.wrapped)
		}
	}
	x.do(x.file.SetColWidth(sheetHelp, "A", "A", 22))
	x.do(x.file.SetColWidth(sheetHelp, "B", "B", 90))
	next("预算明细表填写说明", "", x.title)
	next("适用规则", x.pack.Title().ZH+"（"+x.pack.ID()+"）", x.bold)
	next("依据", x.pack.Source().ZH, x.bold)
	row++
	for i, step := range []string{
		"在“" + sheetLines + "”工作表的表头下方逐行填写，一行一项费用，中间可以空行。",
		"金额只用一个单位，写在表头上方的“" + labelUnit + "”处：" + unitYuan + "。不要改写单位，也不要在单元格里写“元”“万元”。",
		"只填写数值，不要使用公式、合并单元格、隐藏行列；合计行不必填写，系统自动合计。",
		"先选“费用类别”，再选“分类”；下拉列表之外的内容不能导入。",
		"“" + labelDeclared + "”填写申报书中的总金额，系统据此核对明细合计；可以留空。",
		"填好后在申报页面导入本文件；导入只核对、不保存，有问题的单元格会逐一指出。",
	} {
		next(strconv.Itoa(i+1), step, 0)
	}
	row++
	next("列", "填写要求", x.bold)
	for _, c := range columns {
		next(c.zh, c.noteZH, 0)
	}
	row++
	next("费用类别", "分类", x.bold)
	for _, t := range x.form.terms {
		var labels []string
		for _, k := range t.Classes {
			labels = append(labels, label(k, x.form.classes[t.Code].byName))
		}
		if len(labels) == 0 {
			labels = []string{noClass}
		}
		next(label(t, x.form.categories), strings.Join(labels, "、"), 0)
	}
	x.protect(sheetHelp)
}

// lists writes what the drop-downs offer: the categories in column A; in B and C
// the classes under their categories, in one run for each.
func (x *writer) lists() {
	x.put(sheetLists, place{1, 1}, columns[colCategory].zh, x.bold)
	x.put(sheetLists, place{2, 1}, columns[colCategory].zh, x.bold)
	x.put(sheetLists, place{3, 1}, columns[colClass].zh, x.bold)
	row := 1
	for i, t := range x.form.terms {
		name := label(t, x.form.categories)
		x.put(sheetLists, place{1, i + 2}, name, 0)
		for _, k := range t.Classes {
			row++
			x.put(sheetLists, place{2, row}, name, 0)
			x.put(sheetLists, place{3, row}, label(k, x.form.classes[t.Code].byName), 0)
		}
		if len(t.Classes) == 0 {
			row++
			x.put(sheetLists, place{2, row}, name, 0)
			x.put(sheetLists, place{3, row}, noClass, 0)
		}
	}
	x.do(x.file.SetColWidth(sheetLists, "A", "C", 22))
	x.protect(sheetLists)
}

// lines writes the sheet of lines.
func (x *writer) lines(b Budget) {
	title := "预算明细表"
	if b.Title != "" {
		title = b.Title
	}
	x.put(sheetLines, place{1, rowTitle}, title, x.title)
	x.put(sheetLines, place{1, rowUnit}, labelUnit, x.bold)
	x.put(sheetLines, place{2, rowUnit}, unitYuan, 0)
	x.put(sheetLines, place{1, rowDeclared}, labelDeclared, x.bold)
	total := place{2, rowDeclared}
	if b.DeclaredFen > 0 {
		x.number(total, yuan(b.DeclaredFen))
	}
	styles := map[columnKind]int{category: x.text, class: x.text, money: x.money, decimal: x.hundredths, count: x.whole, remark: x.open}
	for i, c := range columns {
		name := columnName(i + 1)
		x.do(x.file.SetColStyle(sheetLines, name, styles[c.kind]))
		x.do(x.file.SetColWidth(sheetLines, name, name, c.width))
		for row := rowTitle; row < rowHeader; row++ { // what is above the header is not to be filled in
			at := place{i + 1, row}
			if x.styled(at) {
				x.do(x.file.SetCellStyle(sheetLines, at.String(), at.String(), x.locked(at)))
			}
		}
		at := place{i + 1, rowHeader}
		x.put(sheetLines, at, c.zh, x.header)
		x.do(x.file.AddComment(sheetLines, excelize.Comment{Cell: at.String(), Author: "egov", Text: c.noteZH + "\n" + c.noteEN, Width: 260, Height: 110}))
	}
	x.do(x.file.SetCellStyle(sheetLines, total.String(), total.String(), x.money))
	x.validate()
	for i, l := range b.Lines {
		x.line(rowFirst+i, l)
	}
	x.do(x.file.SetPanes(sheetLines, &excelize.Panes{
		Freeze: true, YSplit: rowHeader, TopLeftCell: place{1, rowFirst}.String(), ActivePane: "bottomLeft",
	}))
	x.protect(sheetLines)
	index, err := x.file.GetSheetIndex(sheetLines)
	x.do(err)
	x.file.SetActiveSheet(index)
}

// styled reports whether a cell above the header needs a style of its own.
func (x *writer) styled(p place) bool { return p != place{2, rowDeclared} }

// locked is the style of a cell above the header.
func (x *writer) locked(p place) int {
	switch {
	case p.row == rowTitle && p.col == 1:
		return x.title
	case p.col == 1:
		return x.bold
	}
	return x.wrapped
}

func (x *writer) line(row int, l policy.Line) {
	at := func(i int) place { return place{i + 1, row} }
	text := func(i int, s string) {
		if s != "" {
			x.do(x.file.SetCellStr(sheetLines, at(i).String(), plain(s)))
		}
	}
	number := func(i int, n int64, decimal string) {
		if n != 0 {
			x.number(at(i), decimal)
		}
	}
	category, class := l.Category, l.Class
	for _, t := range x.form.terms {
		if t.Code != l.Category {
			continue
		}
		category = label(t, x.form.categories)
		for _, k := range t.Classes {
			if k.Code == l.Class {
				class = label(k, x.form.classes[t.Code].byName)
			}
		}
	}
	text(colCategory, category)
	text(colClass, class)
	x.number(at(colAmount), yuan(l.AmountFen))
	number(colBase, l.BaseFen, yuan(l.BaseFen))
	number(colMonths, int64(l.PersonMonths), l.PersonMonths.String())
	number(colUnits, l.Units, strconv.FormatInt(l.Units, 10))
	number(colArea, int64(l.AreaM2), l.AreaM2.String())
}

// validate puts the drop-downs and the bounds of numbers on the cells to be
// filled in.
func (x *writer) validate() {
	last := len(x.form.terms) + 1
	runs := 1
	for _, t := range x.form.terms {
		runs += max(1, len(t.Classes))
	}
	for i, c := range columns {
		v := excelize.NewDataValidation(true)
		name := columnName(i + 1)
		v.SetSqref(fmt.Sprintf("%s%d:%s%d", name, rowFirst, name, rowFirst+MaxLines-1))
		switch c.kind {
		case category:
			v.SetSqrefDropList(fmt.Sprintf("%s!$A$2:$A$%d", sheetLists, last))
		case class:
			// The run of classes that stands beside this row's category.
			v.SetSqrefDropList(fmt.Sprintf("OFFSET(%[1]s!$C$1,MATCH($A%[2]d,%[1]s!$B$2:$B$%[3]d,0),0,COUNTIF(%[1]s!$B$2:$B$%[3]d,$A%[2]d),1)", sheetLists, rowFirst, runs))
		case money, decimal:
			x.do(v.SetRange("0", "", excelize.DataValidationTypeDecimal, excelize.DataValidationOperatorGreaterThanOrEqual))
		case count:
			x.do(v.SetRange("0", "", excelize.DataValidationTypeWhole, excelize.DataValidationOperatorGreaterThanOrEqual))
		case remark:
			continue
		}
		v.SetError(excelize.DataValidationErrorStyleStop, c.zh, c.noteZH)
		v.SetInput(c.zh, c.noteZH)
		x.do(x.file.AddDataValidation(sheetLines, v))
	}
}

// protect locks what is not to be filled in, and leaves rows and widths to the
// user.
func (x *writer) protect(sheet string) {
	x.do(x.file.ProtectSheet(sheet, &excelize.SheetProtectionOptions{
		SelectLockedCells: true, SelectUnlockedCells: true, FormatColumns: true, FormatRows: true,
		InsertRows: true, DeleteRows: true, Sort: true,
	}))
}
