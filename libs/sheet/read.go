package sheet

import (
	"fmt"
	"io"
	"math"
	"slices"
	"strings"

	"egov/libs/fault"
	"egov/libs/policy"
)

// Read takes the budget off a workbook in the terms of a pack. declaredFen is
// the total that the declaration states, 0 where it states none yet: the sheet's
// own total then serves. What is wrong with the sheet is in the result's
// findings; an error is a file that is no readable workbook.
func Read(r io.Reader, p *policy.Pack, declaredFen int64) (Result, error) {
	if len(p.Terms(policy.Categories)) == 0 {
		return Result{}, ErrNoCategories
	}
	data, err := io.ReadAll(io.LimitReader(r, MaxBytes+1))
	if err != nil {
		return Result{}, err
	}
	b, err := openBook(data)
	if err != nil {
		return Result{}, err
	}
	rd := &reading{form: formOf(p), basis: p.FieldBasis("budget"), broken: map[place]bool{}}
	rd.result = Result{Lines: []Line{}, Findings: []Finding{}, DeclaredFen: declaredFen}
	if err := rd.book(b); err != nil {
		return Result{}, err
	}
	rd.result.Ready = rd.errors == 0
	return rd.result, nil
}

// reading is one sheet being read.
type reading struct {
	form   form
	basis  []string // of every finding about a budget
	sheet  string
	grid   *grid
	header int            // row of the header
	at     map[int]int    // index into columns → column of the sheet
	broken map[place]bool // cells with a finding of their own: nothing follows from them
	result Result
	errors int
	// cells are where the amounts of the result's lines stand.
	cells []place
}

// find notes a finding. It returns it for a proposal to be added.
func (rd *reading) find(s policy.Severity, field, code, zh, en string) *Finding {
	if s == policy.Error {
		rd.errors++
	}
	f := Finding{Severity: s, Violation: fault.Violation{Field: field, Code: code, Msg: zh, MsgEN: en, Basis: rd.basis}}
	if n := len(rd.result.Findings); n < maxFindings {
		rd.result.Findings = append(rd.result.Findings, f)
		return &rd.result.Findings[n]
	}
	// The last one stands for all that follow, and is as grave as what there is.
	rest := policy.Warning
	if rd.errors > 0 {
		rest = policy.Error
	}
	rd.result.Findings[maxFindings-1] = Finding{Severity: rest, Violation: fault.Violation{
		Field: rd.sheet, Code: "too_many_findings", Basis: rd.basis,
		Msg: "核对结果过多，以下从略；请先处理以上各项", MsgEN: "there is more; see to the above first",
	}}
	return &f
}

// refuse notes an error at a cell, from which nothing else is to follow.
func (rd *reading) refuse(p place, code, zh, en string) *Finding {
	rd.broken[p] = true
	return rd.find(policy.Error, rd.field(p.String()), code, zh, en)
}

func (rd *reading) warn(p place, code, zh, en string) {
	rd.find(policy.Warning, rd.field(p.String()), code, zh, en)
}

func (rd *reading) field(where string) string { return rd.sheet + "!" + where }

// book finds the sheet that holds the budget, and reads it.
func (rd *reading) book(b *book) error {
	for _, want := range []func(sheetPart) bool{
		func(s sheetPart) bool { return s.name == sheetLines },
		func(s sheetPart) bool { return s.name != sheetHelp && s.name != sheetLists },
	} {
		for _, s := range b.sheets {
			if s.hidden || s.part == "" || !want(s) || rd.grid != nil {
				continue
			}
			g, err := b.read(s.part)
			if err != nil {
				return err
			}
			if header := rd.headerOf(g); header > 0 {
				rd.sheet, rd.grid, rd.header = clip(s.name), g, header
			}
		}
	}
	for _, s := range b.sheets {
		name := clip(s.name)
		switch {
		case s.hidden:
			rd.find(policy.Warning, name, "hidden_sheet", "工作表已隐藏，未读取", "the sheet is hidden and was not read")
		case name != rd.sheet && s.name != sheetHelp && s.name != sheetLists:
			rd.find(policy.Warning, name, "sheet_not_read", "只读取一张预算工作表，此表未读取", "one sheet is read as the budget; this one was not")
		}
	}
	if rd.grid == nil {
		rd.find(policy.Error, sheetLines, "no_budget_sheet",
			"没有找到预算明细：须有一张可见的工作表，前"+fmt.Sprint(maxHeadRow)+"行内有含“费用类别”和“金额”的表头",
			"there is no budget: a visible sheet needs a header with Category and Amount in its first rows")
		return nil
	}
	rd.result.Sheet = rd.sheet
	rd.columns()
	rd.shape()
	power := rd.unit()
	rd.declared(power)
	if err := rd.lines(); err != nil {
		return err
	}
	rd.totals(power)
	return nil
}

// headerOf is the first row that names at least two columns of the form, the
// category among them; 0 when there is none.
func (rd *reading) headerOf(g *grid) int {
	for _, row := range g.rows {
		if row > maxHeadRow {
			break
		}
		named := map[int]bool{}
		for _, col := range g.columns[row] {
			c := g.cells[place{col, row}]
			if i, ok := columnOf(c.text); ok && c.kind == cellText {
				named[i] = true
			}
		}
		if named[colCategory] && len(named) > 1 {
			return row
		}
	}
	return 0
}

// word strips a text to what identifies it, whoever typed it.
func word(s string) string {
	return strings.Map(func(r rune) rune {
		if strings.ContainsRune(" *:'", r) {
			return -1
		}
		return r
	}, strings.ToLower(fold(s)))
}

// head is the word of a header: "金额（万元）*" is 金额.
func head(s string) string {
	h, _, _ := strings.Cut(word(s), "(")
	return h
}

func columnOf(text string) (int, bool) {
	h := head(text)
	i := slices.IndexFunc(columns, func(c column) bool {
		return h == head(c.zh) || h == head(c.en) || h == c.key || slices.Contains(c.also, h)
	})
	return i, i >= 0
}

// columns finds the columns of the form by the header.
func (rd *reading) columns() {
	rd.at = map[int]int{}
	for _, col := range rd.grid.columns[rd.header] {
		p := place{col, rd.header}
		c := rd.grid.cells[p]
		i, known := columnOf(c.text)
		switch {
		case c.formula:
			rd.refuse(p, "formula", "表头不得为公式", "a header must not be a formula")
		case !known:
			rd.warn(p, "unknown_column", "不认识的列“"+clip(c.text)+"”，未读取", "the column "+clip(c.text)+" is not known and was not read")
		case rd.at[i] != 0:
			rd.refuse(p, "duplicate_column", "列“"+columns[i].zh+"”重复，"+place{rd.at[i], rd.header}.String()+"已是该列",
				"the column "+columns[i].en+" stands twice; "+place{rd.at[i], rd.header}.String()+" is it already")
		default:
			rd.at[i] = p.col
			if rd.grid.hiddenColumn(p.col) {
				rd.find(policy.Error, rd.field(p.String()), "hidden_column", "列“"+columns[i].zh+"”已隐藏，请取消隐藏后核对", "the column "+columns[i].en+" is hidden; show it and check")
			}
		}
	}
	for i, c := range columns {
		if c.must && rd.at[i] == 0 {
			rd.find(policy.Error, rd.field(fmt.Sprintf("%d:%d", rd.header, rd.header)), "missing_column", "表头缺少“"+c.zh+"”列", "the header lacks the column "+c.en)
		}
	}
}

// shape reports merged cells among the lines: which row such a cell belongs to
// is anybody's guess.
func (rd *reading) shape() {
	for _, a := range rd.grid.merged {
		if a.to.row < rd.header {
			continue
		}
		hit := false
		for _, col := range rd.at {
			if col >= a.from.col && col <= a.to.col {
				hit = true
			}
		}
		if !hit {
			continue
		}
		rd.find(policy.Error, rd.field(a.String()), "merged_cells", "表头和明细中不得合并单元格，请取消合并并逐行填写", "cells of the header and the lines must not be merged; unmerge them and fill every row")
	}
}

func (rd *reading) merged(p place) bool {
	return slices.ContainsFunc(rd.grid.merged, func(a area) bool { return a.has(p) })
}

// above lists the cells above the header, in reading order.
func (rd *reading) above() []place {
	var list []place
	for _, row := range rd.grid.rows {
		if row >= rd.header {
			break
		}
		for _, col := range rd.grid.columns[row] {
			list = append(list, place{col, row})
		}
	}
	return list
}

// declared reads the total that the sheet states above its header.
func (rd *reading) declared(power int) {
	for _, p := range rd.above() {
		next := place{p.col + 1, p.row}
		if head(rd.grid.cells[p].text) != head(labelDeclared) {
			continue
		}
		if _, ok := rd.grid.cells[next]; !ok || power != 0 {
			return
		}
		own, ok := rd.amount(next)
		switch {
		case !ok || own == 0:
		case rd.result.DeclaredFen == 0:
			rd.result.DeclaredFen = own
		case own != rd.result.DeclaredFen:
			rd.warn(next, "declared_differs", "表中申报总额"+yuan(own)+"元与申报书的"+yuan(rd.result.DeclaredFen)+"元不一致，以申报书为准",
				"the sheet's total of CNY "+yuan(own)+" is not the declaration's of CNY "+yuan(rd.result.DeclaredFen)+", which holds")
		}
		return
	}
}

// lines reads every row below the header that holds something in a column of
// the form.
func (rd *reading) lines() error {
	rows := 0
	for _, row := range rd.grid.rows {
		if row <= rd.header || !rd.filled(row) {
			continue
		}
		if rows++; rows > MaxLines {
			return ErrTooManyLines
		}
		if rd.grid.hiddenRows[row] {
			rd.find(policy.Error, rd.field(fmt.Sprintf("%d:%d", row, row)), "hidden_row", "此行已隐藏或被筛选，请取消隐藏后核对", "the row is hidden or filtered out; show it and check")
		}
		if rd.sumRow(row) {
			continue
		}
		before := rd.errors
		line := rd.line(row)
		if rd.errors == before && !rd.brokenRow(row) {
			rd.result.Lines = append(rd.result.Lines, line)
			rd.cells = append(rd.cells, place{rd.at[colAmount], row})
			if sum := rd.result.SumFen + line.AmountFen; sum >= rd.result.SumFen {
				rd.result.SumFen = sum
			} else {
				rd.refuse(place{rd.at[colAmount], row}, "out_of_range", "金额合计超出范围", "the amounts add up beyond the representable range")
			}
		}
	}
	if len(rd.result.Lines) == 0 && rd.errors == 0 {
		rd.find(policy.Error, rd.sheet, "no_lines", "表中没有预算明细", "the sheet has no lines")
	}
	return nil
}

// filled reports whether a row holds something in a column that is read.
func (rd *reading) filled(row int) bool {
	for i, col := range rd.at {
		if columns[i].kind == remark {
			continue
		}
		if _, ok := rd.grid.cells[place{col, row}]; ok {
			return true
		}
	}
	return false
}

// brokenRow reports whether a row lacks a column or lies under a merged cell.
func (rd *reading) brokenRow(row int) bool {
	for i, c := range columns {
		if c.must && rd.at[i] == 0 || rd.at[i] != 0 && rd.merged(place{rd.at[i], row}) {
			return true
		}
	}
	return false
}

// sumRow reports a row that adds up others, which is no line.
func (rd *reading) sumRow(row int) bool {
	for _, col := range rd.grid.columns[row] {
		p := place{col, row}
		c := rd.grid.cells[p]
		if c.kind != cellText {
			continue
		}
		if h := head(c.text); h == "合计" || h == "总计" || h == "小计" || h == "total" || h == "subtotal" {
			rd.warn(p, "sum_row", "合计行不是明细，未读取", "a row of sums is no line and was not read")
			return true
		}
		return false // only the first text of a row says what the row is
	}
	return false
}

// line reads one row.
func (rd *reading) line(row int) Line {
	l := Line{Row: row}
	at := func(i int) (place, cell, bool) {
		p := place{rd.at[i], row}
		c, ok := rd.grid.cells[p]
		return p, c, ok && rd.at[i] != 0
	}
	if p, c, ok := at(colCategory); ok {
		l.Category = rd.category(p, c)
	} else {
		rd.absent(colCategory, row)
	}
	p, c, ok := at(colClass)
	if l.Category != "" {
		l.Class = rd.class(l.Category, p, c, ok)
	}
	if p, _, ok := at(colAmount); ok {
		l.AmountFen, _ = rd.amount(p)
	} else {
		rd.absent(colAmount, row)
	}
	if p, _, ok := at(colBase); ok {
		l.BaseFen, _ = rd.amount(p)
	}
	if p, c, ok := at(colMonths); ok {
		l.PersonMonths = policy.Decimal(rd.quantity(p, c, decimalPlaces))
	}
	if p, c, ok := at(colUnits); ok {
		l.Units = rd.quantity(p, c, 0)
	}
	if p, c, ok := at(colArea); ok {
		l.AreaM2 = policy.Decimal(rd.quantity(p, c, decimalPlaces))
	}
	return l
}

// absent reports an empty cell that must not be, unless its column is missing
// or a merged cell covers it, which is reported already.
func (rd *reading) absent(i, row int) {
	p := place{rd.at[i], row}
	if rd.at[i] == 0 || rd.merged(p) {
		return
	}
	rd.refuse(p, "required", "“"+columns[i].zh+"”必填", columns[i].en+" is required")
}

// text is the plain text of a cell; ok is false when it holds none.
func (rd *reading) text(p place, c cell) (string, bool) {
	switch {
	case c.formula:
		rd.formula(p)
	case c.kind == cellError:
		rd.errorValue(p, c)
	case c.kind == cellText || c.kind == cellNumber:
		return c.text, true
	default:
		rd.refuse(p, "not_text", "此处须为文字", "a text belongs here")
	}
	return "", false
}

func (rd *reading) formula(p place) {
	rd.refuse(p, "formula", "不得使用公式，请改为数值（复制后选择性粘贴为数值）", "a formula does not count; paste its value")
}

func (rd *reading) errorValue(p place, c cell) {
	rd.refuse(p, "error_value", "单元格为错误值"+clip(c.text), "the cell holds the error "+clip(c.text))
}

func (rd *reading) category(p place, c cell) string {
	text, ok := rd.text(p, c)
	if !ok {
		return ""
	}
	if code, ok := rd.form.categories[word(text)]; ok {
		return code
	}
	rd.refuse(p, "unknown_category", "没有费用类别“"+clip(text)+"”，请从下拉列表中选择", "there is no cost category "+clip(text)+"; choose from the list")
	return ""
}

func (rd *reading) class(category string, p place, c cell, given bool) string {
	classes := rd.form.classes[category]
	text := ""
	if given {
		var ok bool
		if text, ok = rd.text(p, c); !ok {
			return ""
		}
	}
	if text == "" || word(text) == word(noClass) {
		if len(classes.labels) > 0 && rd.at[colClass] == 0 {
			rd.find(policy.Error, rd.field(fmt.Sprintf("%d:%d", p.row, p.row)), "class_required", "该类别须填分类，而表头没有“分类”列", "the category needs a class, and there is no column for it")
		} else if len(classes.labels) > 0 && !rd.merged(p) {
			rd.refuse(p, "class_required", "该类别须填分类："+strings.Join(classes.labels, "、"), "the category needs a class: "+strings.Join(classes.codes, ", "))
		}
		return ""
	}
	if code, ok := classes.byName[word(text)]; ok {
		return code
	}
	if len(classes.labels) == 0 {
		rd.refuse(p, "unknown_class", "该类别不分类，请留空", "the category has no classes; leave the cell empty")
		return ""
	}
	rd.refuse(p, "unknown_class", "该类别没有分类“"+clip(text)+"”，可选："+strings.Join(classes.labels, "、"), "the category has no class "+clip(text)+"; there are "+strings.Join(classes.codes, ", "))
	return ""
}

// amount reads an amount of money as fen.
func (rd *reading) amount(p place) (fen int64, ok bool) {
	c := rd.grid.cells[p]
	n, unit, ok := rd.number(p, c)
	if !ok {
		return 0, false
	}
	if unit != 0 {
		f := rd.refuse(p, "other_money_unit", "此处另写有单位，本表金额单位为元", "the cell names another unit; amounts here are in yuan")
		if v, whole, fits := n.shifted(unit).in(fenPlaces); whole && fits && v >= 0 {
			f.ProposedFen = &v
			f.Msg += "，拟读作" + yuan(v) + "元，请改填"
			f.MsgEN += "; it probably stands for CNY " + yuan(v)
		}
		return 0, false
	}
	return rd.scaled(p, n, fenPlaces, "金额最多精确到分（两位小数）", "an amount has at most two decimals")
}

// quantity reads a count in units of 10^-places.
func (rd *reading) quantity(p place, c cell, places int) int64 {
	n, unit, ok := rd.number(p, c)
	if !ok {
		return 0
	}
	if unit != 0 {
		rd.refuse(p, "unreadable_number", "无法识别的数字“"+clip(c.text)+"”", "not a number: "+clip(c.text))
		return 0
	}
	zh, en := "最多两位小数", "at most two decimals"
	if places == 0 {
		zh, en = "须为整数", "must be a whole number"
	}
	v, _ := rd.scaled(p, n, places, zh, en)
	return v
}

func (rd *reading) scaled(p place, n number, places int, zh, en string) (int64, bool) {
	v, whole, fits := n.in(places)
	switch {
	case !whole:
		rd.refuse(p, "too_precise", zh, en)
	case n.negative:
		rd.refuse(p, "negative", "不得为负数", "must not be negative")
	case !fits:
		rd.refuse(p, "out_of_range", "数值超出范围", "the number is out of range")
	default:
		return v, true
	}
	return 0, false
}

// number reads a cell that should hold a number. unit is the power of ten that
// a text or a number format puts behind it.
func (rd *reading) number(p place, c cell) (n number, unit int, ok bool) {
	switch {
	case rd.broken[p]:
		return n, 0, false
	case c.formula:
		rd.formula(p)
		return n, 0, false
	case c.kind == cellError:
		rd.errorValue(p, c)
		return n, 0, false
	case c.kind == cellBool || c.kind == cellDate || c.kind == cellNumber && c.format == formatDate:
		rd.refuse(p, "wrong_format", "单元格是日期或逻辑值，不是数字，请将格式改为数值后重填", "the cell holds a date or a truth value, not a number; change its format and enter it again")
		return n, 0, false
	case c.kind == cellNumber && c.format == formatPercent:
		rd.refuse(p, "wrong_format", "单元格是百分比，不是金额或数量，请将格式改为数值后重填", "the cell holds a percentage; change its format and enter the number")
		return n, 0, false
	}
	if c.kind == cellNumber {
		if n, ok = storedNumber(c.text); ok {
			switch c.format {
			case formatWan:
				unit = wanPlaces
			case formatInWan:
				rd.warn(p, "shown_in_wan", "单元格以万元显示，实际值"+n.String()+"，已按元读取", "the cell shows units of 10,000, its value "+n.String()+" was read as yuan")
			}
			return n, unit, true
		}
	} else if w, is := moneyText(c.text); is {
		if w.unit == 0 {
			rd.warn(p, "number_as_text", "文本形式的数字“"+clip(c.text)+"”，已读作"+w.number.String(), "the number is a text, "+clip(c.text)+", and was read as "+w.number.String())
		}
		return w.number, w.unit, true
	}
	rd.refuse(p, "unreadable_number", "无法识别的数字“"+clip(c.text)+"”", "not a number: "+clip(c.text))
	return n, 0, false
}

// totals holds the lines against the declared total, and looks for the 万元 that
// was meant or not meant: amounts that are ten thousand times off.
func (rd *reading) totals(power int) {
	sum, declared := rd.result.SumFen, rd.result.DeclaredFen
	if power != 0 {
		rd.proposeUnit(power)
		return
	}
	if declared == 0 || sum == declared || rd.errors > 0 || len(rd.result.Lines) == 0 {
		return
	}
	if rd.tenThousandOff(sum, declared) {
		return
	}
	rd.find(policy.Warning, rd.sheet, "total_differs",
		"明细合计"+yuan(sum)+"元与申报总额"+yuan(declared)+"元不一致", "the lines add up to CNY "+yuan(sum)+", the declared total is CNY "+yuan(declared))
}

// wanFactor is how many yuan one 万元 is, and roundedFen how far an amount
// written in 万元 with two decimals may be from the exact one.
const (
	wanFactor  = 10_000
	roundedFen = 5_000
)

// tenThousandfold is v × 10,000, where that can be said.
func tenThousandfold(v int64) (int64, bool) { return v * wanFactor, v <= math.MaxInt64/wanFactor }

// tenThousandOff reports lines, all of them or a single one, that fit the
// declared total once they are read in 万元, or once the total is.
func (rd *reading) tenThousandOff(sum, declared int64) bool {
	slack := int64(len(rd.result.Lines)) * roundedFen
	near := func(a, b int64) bool { return a-b <= slack && b-a <= slack }
	if big, ok := tenThousandfold(sum); ok && near(big, declared) {
		f := rd.find(policy.Error, rd.sheet, "ten_thousand_off",
			"明细合计"+yuan(sum)+"元，恰为申报总额"+yuan(declared)+"元的万分之一，金额疑以万元填写；如确为万元，请各乘以10000后重新导入",
			"the lines add up to CNY "+yuan(sum)+", a ten-thousandth of the declared CNY "+yuan(declared)+": they seem to be in units of 10,000; if so, multiply each and import again")
		f.ProposedFen = &big
		return true
	}
	if big, ok := tenThousandfold(declared); ok && near(sum, big) {
		f := rd.find(policy.Error, rd.sheet, "ten_thousand_off",
			"明细合计"+yuan(sum)+"元，恰为申报总额"+yuan(declared)+"元的一万倍，申报总额疑以万元填写",
			"the lines add up to CNY "+yuan(sum)+", ten thousand times the declared CNY "+yuan(declared)+": the total seems to be in units of 10,000")
		f.ProposedFen = &sum
		return true
	}
	for i, l := range rd.result.Lines {
		others := sum - l.AmountFen
		big, ok := tenThousandfold(l.AmountFen)
		small := l.AmountFen / wanFactor
		switch {
		case l.AmountFen == 0:
			continue
		case ok && big <= declared && near(others+big, declared):
			rd.lineOff(rd.cells[i], l.AmountFen, big, "疑以万元填写", "it seems to be in units of 10,000")
		case l.AmountFen%wanFactor == 0 && near(others+small, declared):
			rd.lineOff(rd.cells[i], l.AmountFen, small, "疑多乘了10000", "it seems to be multiplied by 10,000")
		default:
			continue
		}
		return true
	}
	return false
}

func (rd *reading) lineOff(p place, is, read int64, zh, en string) {
	f := rd.refuse(p, "ten_thousand_off", "金额"+yuan(is)+"元"+zh+"；读作"+yuan(read)+"元时明细合计与申报总额相符",
		"CNY "+yuan(is)+": "+en+"; read as CNY "+yuan(read)+", the lines add up to the declared total")
	f.ProposedFen = &read
}

// clip shortens a text of the file for a message.
func clip(s string) string {
	const most = 40
	if r := []rune(strings.ToValidUTF8(s, "�")); len(r) > most {
		return string(r[:most]) + "…"
	}
	return strings.ToValidUTF8(s, "�")
}
