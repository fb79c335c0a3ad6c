// Package sheet carries the budget of a declaration to and from a spreadsheet
// (Office Open XML, .xlsx). The form follows from a rule pack: its cost
// categories, their classes, their labels; the package knows none of them.
//
// What it promises:
//
//   - A budget that Write wrote is the budget that Read reads, to the fen.
//   - Read takes files from anybody. Its time and memory are bounded by the
//     limits below whatever the file claims to be; a workbook is read as a
//     stream, part by part, and never built up whole. Files with macros,
//     embedded objects or links to other files are refused. No formula is
//     evaluated, and the result a formula left behind is not believed.
//   - Amounts are read from their decimal text. None passes through a float.
//   - Everything wrong with a sheet is reported at once, each at its cell.
//     Nothing is mended in silence: a number that had to be understood rather
//     than read comes with a warning that says how, an amount that is probably
//     in another unit with the reading that is proposed.
//   - No text that Write writes is taken for a formula by any spreadsheet,
//     neither when the file is opened nor after it was saved as CSV.
//
// What it does not promise: that lines meet a cost standard (package policy
// says that), that columns it does not know survive, or that the look of a
// sheet does.
package sheet

import (
	"egov/libs/blob"
	"egov/libs/fault"
	"egov/libs/policy"
)

// MaxBytes bounds a file that Read accepts.
const MaxBytes = 2 << 20

// MaxLines bounds the lines of one budget, as the decoder of a case does.
const MaxLines = 10_000

// limits keep a file from costing more than it is worth. A budget of MaxLines
// lines unpacks to about 6 MiB.
var limits = blob.Limits{
	MaxBytes: MaxBytes,
	Types:    []blob.Type{blob.XLSX},
	Archive:  blob.ArchiveLimits{MaxEntries: 200, MaxUnpacked: 16 << 20, MaxRatio: 200},
}

const (
	maxSheets   = 50      // of a workbook
	maxStrings  = 100_000 // in its table of shared strings
	maxCells    = 100_000 // of a sheet that hold something
	maxMerges   = 1000    // of a sheet
	maxFindings = 200     // in one answer
	maxTextLen  = 1000    // bytes of a cell's text that are looked at
	maxHeadRow  = 30      // the last row that may hold the header
	maxDepth    = 64      // of nested elements
	maxTag      = 256_000 // bytes of one tag or one text
)

// Errors that end the reading of a file. Those of package blob say what is
// wrong with the container.
var (
	ErrMalformed    = fault.New(fault.Invalid, "sheet_malformed", "预算表文件的内部结构不正确，请用电子表格软件重新另存为.xlsx后再导入", "the workbook's inner structure is wrong; save it again as .xlsx and retry")
	ErrActive       = fault.New(fault.Invalid, "sheet_active_content", "预算表含有宏、嵌入对象或指向其他文件的链接，请删除后再导入", "the workbook holds macros, embedded objects or links to other files; remove them and retry")
	ErrTooManyLines = fault.New(fault.Invalid, "sheet_too_many_lines", "预算明细超过10000行，或工作表内容过多", "the budget has more than 10,000 lines, or the sheet holds too much")
	ErrNoCategories = fault.New(fault.NotFound, "no_cost_categories", "该规则包没有费用类别，不能生成预算表", "the pack declares no cost categories, so there is no budget sheet for it")
)

// Budget is what Write puts on a sheet.
type Budget struct {
	Title       string // of the project; empty on a blank form
	DeclaredFen int64  // the declared total; 0: not said
	Lines       []policy.Line
}

// Result is what Read found.
type Result struct {
	Sheet    string    `json:"sheet"` // name of the sheet that was read; empty: there was none
	Lines    []Line    `json:"lines"` // rows that could be read whole, from the top
	Findings []Finding `json:"findings"`
	SumFen   int64     `json:"sum_fen"` // of the lines
	// DeclaredFen is the total that the lines were held against: the caller's,
	// else the sheet's own; 0 when neither says.
	DeclaredFen int64 `json:"declared_fen"`
	Ready       bool  `json:"ready"` // no finding is an error: the lines are the budget
}

// Budget is the lines without their places.
func (r *Result) Budget() []policy.Line {
	lines := make([]policy.Line, len(r.Lines))
	for i := range r.Lines {
		lines[i] = r.Lines[i].Line
	}
	return lines
}

// Line is one budget line and the row it stands in.
type Line struct {
	policy.Line
	Row int `json:"row"` // from 1, as spreadsheets count
}

// Finding is one thing about a sheet that its owner should know. Its Field is
// the cell, such as "预算!C7", a range of cells, or the name of a sheet.
type Finding struct {
	fault.Violation
	Severity policy.Severity `json:"severity"` // an error stands in the way, a warning says how a cell was read
	// ProposedFen is the amount that the cell, or the whole sheet, would stand
	// for under the reading that the finding proposes.
	ProposedFen *int64 `json:"proposed_fen,omitempty"`
}

// Names on the sheets that Write makes. stable: Read looks for them.
const (
	sheetLines = "预算"
	sheetHelp  = "填写说明"
	sheetLists = "选项"

	labelUnit     = "金额单位"
	labelDeclared = "申报总额"
	unitYuan      = "元"
	noClass       = "（不分类）"
)

// column is one column of the form.
type column struct {
	key    string   // member of policy.Line in JSON
	zh, en string   // header
	also   []string // headers that are read for it as well, as head gives them
	noteZH string   // what goes in
	noteEN string
	width  float64
	kind   columnKind
	must   bool
}

type columnKind uint8

const (
	category columnKind = iota
	class
	money
	decimal
	count
	remark
)

// The places of the columns in columns.
const (
	colCategory = iota
	colClass
	colAmount
	colBase
	colMonths
	colUnits
	colArea
	colRemark
)

// columns in the order in which Write writes them. Read takes them in any
// order, by either header or by key.
var columns = []column{
	colCategory: {
		key: "category", zh: "费用类别", en: "Category", also: []string{"类别", "费用科目"}, width: 20, kind: category, must: true,
		noteZH: "必填。从下拉列表中选择，一行一项。", noteEN: "Required. Choose from the list; one item a row.",
	},
	colClass: {
		key: "class", zh: "分类", en: "Class", width: 18, kind: class,
		noteZH: "先选费用类别，再从下拉列表中选择；不分类的类别可留空。", noteEN: "Choose the category first, then from the list; leave empty where there are no classes.",
	},
	colAmount: {
		key: "amount_fen", zh: "金额", en: "Amount", also: []string{"预算金额", "申报金额"}, width: 18, kind: money, must: true,
		noteZH: "必填。直接填写数字，最多两位小数；不要写公式。单位见表头上方。", noteEN: "Required. A plain number of at most two decimals, no formula. The unit stands above the header.",
	},
	colBase: {
		key: "base_fen", zh: "计费基数", en: "Base", width: 18, kind: money,
		noteZH: "按费率计算的费用填写所依据的购置费或原开发费，单位与金额相同。", noteEN: "For fees taken as a rate: the purchase or development cost, in the unit of the amount.",
	},
	colMonths: {
		key: "person_months", zh: "人月", en: "Person-months", width: 12, kind: decimal,
		noteZH: "应用开发工作量，最多两位小数。", noteEN: "Development effort, at most two decimals.",
	},
	colUnits: {
		key: "units", zh: "接入点数", en: "Access points", width: 12, kind: count,
		noteZH: "视频会议等按点数核定的配置填写，须为整数。", noteEN: "Where a configuration is sized by its points: a whole number.",
	},
	colArea: {
		key: "area_m2", zh: "面积（平方米）", en: "Area (m²)", width: 16, kind: decimal,
		noteZH: "机房装修面积，最多两位小数。", noteEN: "Floor area of a machine room, at most two decimals.",
	},
	colRemark: {
		key: "remark", zh: "备注", en: "Remark", width: 30, kind: remark,
		noteZH: "供本单位使用，不导入。", noteEN: "For your own use; it is not imported.",
	},
}
