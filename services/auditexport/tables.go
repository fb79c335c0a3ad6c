package auditexport

import (
	"context"
	"io"
	"iter"
	"strings"
	"time"

	"egov/libs/calendar"
	"egov/libs/ledger"
	"egov/libs/ledger/bundle"
)

// TableFormats are the formats of tables, in the order in which they are
// written. stable: requests and file names carry them.
var TableFormats = []string{"csv", "xlsx", "parquet"}

// ColumnType is what the cells of a column hold.
type ColumnType int

// The types of cells. An empty cell is nil, whatever its column.
const (
	Text    ColumnType = iota // string
	Whole                     // int64; amounts are in fen
	Truth                     // bool
	Day                       // calendar.Date
	Instant                   // time.Time
)

// Column is one column of a table.
type Column struct {
	Name  string // in CSV and Parquet
	Label string // Chinese
	Type  ColumnType
	// Long marks texts that a spreadsheet's cell has no room for.
	Long bool
}

// Table is one table of a bundle. A row is valid until the next is asked for.
type Table struct {
	Name    string
	Label   string // Chinese
	Columns []Column
	Rows    iter.Seq2[[]any, error]
}

// TableWriter writes a table in one format. The same table gives the same
// bytes, and memory does not grow with its rows.
type TableWriter func(w io.Writer, t Table) error

// tableFile is a table as a document of the bundle.
func (p *papers) tableFile(t sketch, format string) bundle.Document {
	return bundle.Document{Name: bundle.FolderTables + t.name + "." + format, Write: func(ctx context.Context, w io.Writer) error {
		return p.writers[format](w, Table{Name: t.name, Label: t.label, Columns: t.columns, Rows: t.rows(ctx)})
	}}
}

// sketch is a table whose rows are read when it is written.
type sketch struct {
	name, label string
	columns     []Column
	rows        func(context.Context) iter.Seq2[[]any, error]
}

// tables are those of every bundle. What they say of a project is true as of the
// bundle's last row.
func (p *papers) tables() []sketch {
	fen := func(name, label string) Column {
		return Column{Name: name + "_fen", Label: label + "（分）", Type: Whole}
	}
	project := Column{Name: "project_id", Label: "项目编号"}
	seq := Column{Name: "seq", Label: "账本行号", Type: Whole}
	return []sketch{
		{"projects", "项目", []Column{
			{Name: "id", Label: "项目编号"},
			{Name: "title", Label: "名称"},
			{Name: "kind", Label: "类别"},
			{Name: "unit", Label: "申报单位"},
			{Name: "pack", Label: "规则包"},
			{Name: "outcome", Label: "决定"},
			fen("declared", "申报金额"),
			fen("approved", "批准金额"),
			fen("budget", "预算"),
			fen("award", "中标金额"),
			fen("contract", "合同金额"),
			fen("paid", "已付"),
			fen("final", "决算"),
			{Name: "route", Label: "办理流程"},
			{Name: "declared_on", Label: "申报日期", Type: Day},
			{Name: "accepted_on", Label: "验收日期", Type: Day},
			{Name: "closed", Label: "已结项", Type: Truth},
			{Name: "facts", Label: "事实数", Type: Whole},
		}, p.ofEach(func(l *leaf) [][]any { return [][]any{l.Project.cells()} })},
		{"deadlines", "时限", []Column{
			project,
			{Name: "deadline_id", Label: "时限编号"},
			{Name: "obligation", Label: "事项"},
			{Name: "unit", Label: "责任单位"},
			{Name: "trigger_on", Label: "起算日", Type: Day},
			{Name: "due_on", Label: "到期日", Type: Day},
			{Name: "state", Label: "状态"},
			{Name: "met_on", Label: "完成日", Type: Day},
			{Name: "moved_from", Label: "原到期日", Type: Day},
			{Name: "provisional", Label: "暂定", Type: Truth},
			{Name: "basis", Label: "依据"},
		}, p.ofEach(func(l *leaf) [][]any { return cellsOf(l.Deadlines) })},
		{"amounts", "金额变动", []Column{
			project, seq,
			{Name: "at", Label: "时间", Type: Instant},
			{Name: "what", Label: "金额种类"},
			fen("amount", "金额"),
			{Name: "event_id", Label: "事实编号"},
		}, p.ofEach(func(l *leaf) [][]any { return cellsOf(l.Amounts) })},
		{"contracts", "合同", []Column{
			project,
			{Name: "contract_no", Label: "合同编号"},
			{Name: "sequence", Label: "签订次序", Type: Whole},
			{Name: "supplier", Label: "供应商"},
			{Name: "supplier_credit_code", Label: "统一社会信用代码"},
			fen("value", "金额"),
			fen("first_value", "签订金额"),
			{Name: "effective_on", Label: "生效日", Type: Day},
			{Name: "ends_on", Label: "终止日", Type: Day},
			{Name: "amendments", Label: "变更次数", Type: Whole},
			seq,
		}, p.ofEach(func(l *leaf) [][]any { return cellsOf(l.Contracts) })},
		{"payments", "付款", []Column{
			project,
			{Name: "payment_id", Label: "付款编号"},
			{Name: "contract_no", Label: "合同编号"},
			{Name: "payee", Label: "收款人"},
			fen("amount", "金额"),
			{Name: "paid_on", Label: "付款日", Type: Day},
			seq,
		}, p.ofEach(func(l *leaf) [][]any { return cellsOf(l.Payments) })},
		{"attachments", "附件", []Column{
			project, seq,
			{Name: "name", Label: "文件名"},
			{Name: "media_type", Label: "类型"},
			{Name: "size_bytes", Label: "字节", Type: Whole},
			{Name: "sha256", Label: "SHA-256"},
			{Name: "sm3", Label: "SM3"},
			{Name: "file", Label: "本包文件"},
			{Name: "absent", Label: "未收入原因"},
		}, p.paperRows},
		{"ledger", "账本", []Column{
			seq,
			{Name: "time", Label: "时间", Type: Instant},
			{Name: "service", Label: "服务"},
			{Name: "type", Label: "事实"},
			{Name: "subject", Label: "主体"},
			{Name: "unit", Label: "单位"},
			{Name: "actor", Label: "经办"},
			{Name: "event_seq", Label: "事实序号", Type: Whole},
			{Name: "data", Label: "内容", Long: true},
			{Name: "event_id", Label: "事实编号"},
			{Name: "sha256", Label: "SHA-256"},
		}, p.ledgerRows},
	}
}

// ofEach gives the rows that each project has in a table.
func (p *papers) ofEach(rows func(*leaf) [][]any) func(context.Context) iter.Seq2[[]any, error] {
	return func(ctx context.Context) iter.Seq2[[]any, error] {
		return func(yield func([]any, error) bool) {
			for l, err := range p.leaves() {
				if err == nil {
					err = ctx.Err()
				}
				if err != nil {
					yield(nil, err)
					return
				}
				for _, r := range rows(l) {
					if !yield(r, nil) {
						return
					}
				}
			}
		}
	}
}

// paperRows are the attachments as often as rows name them, with what became of
// each.
func (p *papers) paperRows(ctx context.Context) iter.Seq2[[]any, error] {
	return func(yield func([]any, error) bool) {
		for m, err := range p.originals.mentions() {
			if err == nil {
				err = ctx.Err()
			}
			if err != nil {
				yield(nil, err)
				return
			}
			if !yield(append(m.cells(), p.originals.here[m.Hash], p.originals.absent[m.Hash]), nil) {
				return
			}
		}
	}
}

// ledgerRows is the index of the bundle's rows. Of one that cannot be read there
// is the number alone: the verifier says what became of it.
func (p *papers) ledgerRows(ctx context.Context) iter.Seq2[[]any, error] {
	return func(yield func([]any, error) bool) {
		cells := make([]any, 11)
		for row, err := range p.book.Rows(ctx, p.export.Project, p.export.First, p.export.Last) {
			if err != nil {
				yield(nil, err)
				return
			}
			clear(cells)
			cells[0] = int64(row.Seq)
			if e, err := ledger.Parse(row.Raw); err == nil {
				copy(cells[1:], []any{e.Time, e.Source, e.Type, e.Subject, e.Unit, e.Actor, e.EventSeq, string(e.Data), e.ID, row.SHA256.String()})
			}
			if !yield(cells, nil) {
				return
			}
		}
	}
}

// A leaf is what tables and reports say of one project.
type leaf struct {
	Project   projectLine    `json:"project"`
	Deadlines []deadlineLine `json:"deadlines"`
	Amounts   []amountLine   `json:"amounts"`
	Contracts []contractLine `json:"contracts"`
	Payments  []paymentLine  `json:"payments"`
	Papers    []paperLine    `json:"papers"`
	Gaps      []gap          `json:"gaps"`
}

type projectLine struct {
	ID         string `json:"id"`
	Title      string `json:"title"`
	Kind       string `json:"kind"`
	Unit       string `json:"unit"`
	Pack       string `json:"pack"`
	Outcome    string `json:"outcome"`
	Declared   int64  `json:"declared_fen"`
	Approved   int64  `json:"approved_fen"`
	Budget     int64  `json:"budget_fen"`
	Award      int64  `json:"award_fen"`
	Contract   int64  `json:"contract_fen"`
	Paid       int64  `json:"paid_fen"`
	Final      int64  `json:"final_fen"`
	Route      string `json:"route"`
	DeclaredOn string `json:"declared_on"`
	AcceptedOn string `json:"accepted_on"`
	Closed     bool   `json:"closed"`
	Facts      int64  `json:"facts"`

	ClosedOn     string `json:"closed_on"` // not in the table: what an archive files it under
	ClosedSeq    int64  `json:"closed_seq"`
	CloseReason  string `json:"close_reason"`
	PackVersion  string `json:"pack_version"`
	FirstFactOn  string `json:"first_fact_on"`
	LatestFactOn string `json:"latest_fact_on"`
}

func (l projectLine) cells() []any {
	return []any{
		l.ID, l.Title, l.Kind, l.Unit, l.Pack, l.Outcome, l.Declared, l.Approved, l.Budget, l.Award, l.Contract, l.Paid, l.Final,
		l.Route, day(l.DeclaredOn), day(l.AcceptedOn), l.Closed, l.Facts,
	}
}

type deadlineLine struct {
	Project     string   `json:"project_id"`
	ID          string   `json:"deadline_id"`
	Obligation  string   `json:"obligation"`
	Unit        string   `json:"unit"`
	TriggerOn   string   `json:"trigger_on"`
	DueOn       string   `json:"due_on"`
	State       string   `json:"state"`
	MetOn       string   `json:"met_on"`
	MovedFrom   string   `json:"moved_from"`
	Provisional bool     `json:"provisional"`
	Basis       []string `json:"basis"`
}

func (l deadlineLine) cells() []any {
	return []any{
		l.Project, l.ID, l.Obligation, l.Unit, day(l.TriggerOn), day(l.DueOn), l.State, day(l.MetOn), day(l.MovedFrom), l.Provisional,
		strings.Join(l.Basis, " "),
	}
}

type amountLine struct {
	Project string    `json:"project_id"`
	Seq     int64     `json:"seq"`
	At      time.Time `json:"at"`
	What    string    `json:"what"`
	Amount  int64     `json:"amount_fen"`
	EventID string    `json:"event_id"`
}

func (l amountLine) cells() []any { return []any{l.Project, l.Seq, l.At, l.What, l.Amount, l.EventID} }

type contractLine struct {
	Project     string `json:"project_id"`
	No          string `json:"contract_no"`
	Sequence    int64  `json:"sequence"`
	Supplier    string `json:"supplier"`
	Credit      string `json:"supplier_credit_code"`
	Value       int64  `json:"value_fen"`
	First       int64  `json:"first_value_fen"`
	EffectiveOn string `json:"effective_on"`
	EndsOn      string `json:"ends_on"`
	Amendments  int64  `json:"amendments"`
	Seq         int64  `json:"seq"`
}

func (l contractLine) cells() []any {
	return []any{
		l.Project, l.No, l.Sequence, l.Supplier, l.Credit, l.Value, l.First, day(l.EffectiveOn), day(l.EndsOn), l.Amendments, l.Seq,
	}
}

type paymentLine struct {
	Project  string `json:"project_id"`
	ID       string `json:"payment_id"`
	Contract string `json:"contract_no"`
	Payee    string `json:"payee"`
	Amount   int64  `json:"amount_fen"`
	PaidOn   string `json:"paid_on"`
	Seq      int64  `json:"seq"`
}

func (l paymentLine) cells() []any {
	return []any{l.Project, l.ID, l.Contract, l.Payee, l.Amount, day(l.PaidOn), l.Seq}
}

// paperLine is one attachment that a fact names.
type paperLine struct {
	Project   string `json:"project_id" xml:"project_id"`
	Seq       int64  `json:"seq" xml:"seq"`
	Name      string `json:"name" xml:"name"`
	MediaType string `json:"media_type" xml:"media_type"`
	Size      int64  `json:"size_bytes" xml:"size_bytes"`
	SHA256    string `json:"sha256" xml:"sha256"`
	SM3       string `json:"sm3" xml:"sm3"`
}

func (l paperLine) cells() []any {
	return []any{l.Project, l.Seq, l.Name, l.MediaType, l.Size, l.SHA256, l.SM3}
}

func cellsOf[L interface{ cells() []any }](lines []L) [][]any {
	out := make([][]any, len(lines))
	for i, l := range lines {
		out[i] = l.cells()
	}
	return out
}

// day is the cell of a date; what is no day is an empty one.
func day(text string) any {
	d, err := calendar.ParseDate(text)
	if err != nil {
		return nil
	}
	return d
}
