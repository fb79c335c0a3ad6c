package auditexport

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/csv"
	"encoding/hex"
	"encoding/json"
	"io"
	"iter"
	"regexp"
	"strconv"
	"time"

	"egov/libs/ledger"
	"egov/libs/ledger/bundle"
)

// papers draws the documents of one bundle: of every project that has a row in
// it, an OC4IDS project package and an OCDS record package as of the bundle's
// last row, and the tables. Projects are taken one after the other and tables
// are streamed, so memory grows by a line a project. What the facts do not say
// is left out, and listed in completeness.json.
type papers struct {
	book   Book
	export Export

	projects [][]string // lines of projects.csv
	missing  []gap
}

// gap is one field that the standards ask for and the facts do not tell.
type gap struct {
	Project string `json:"project"`
	Field   string `json:"field"`
	Why     string `json:"why"`
	WhyEN   string `json:"why_en"`
}

func (p *papers) documents(ctx context.Context) iter.Seq2[bundle.Document, error] {
	return func(yield func(bundle.Document, error) bool) {
		ids, err := p.book.Projects(ctx, p.export.Project, p.export.First, p.export.Last)
		if err != nil {
			yield(bundle.Document{}, err)
			return
		}
		for _, id := range ids {
			for _, d := range p.project(ctx, id) {
				if !yield(d.document, d.err) || d.err != nil {
					return
				}
			}
		}
		ledgerTable := bundle.Document{Name: bundle.FolderTables + "ledger.csv", Open: func(ctx context.Context) (io.ReadCloser, error) {
			return p.ledgerTable(ctx), nil
		}}
		if yield(ledgerTable, nil) {
			yield(bundle.Document{Name: bundle.FolderTables + "projects.csv", Open: func(context.Context) (io.ReadCloser, error) {
				return p.projectTable(), nil
			}}, nil)
		}
	}
}

// drawn is one document, or why it could not be drawn.
type drawn struct {
	document bundle.Document
	err      error
}

// project draws the documents of one project, none when its submission cannot
// be read.
func (p *papers) project(ctx context.Context, id string) []drawn {
	h := &history{id: id}
	var f fact
	for row, err := range p.book.Rows(ctx, id, 1, p.export.Last) {
		if err != nil {
			return []drawn{{err: err}}
		}
		if f.read(row, id) {
			h.add(&f)
		}
	}
	if h.unit == "" {
		return nil
	}
	p.note(h)
	name := bundle.FolderProject + fileName(id)
	out := []drawn{document(name+".oc4ids.json", h.oc4ids())}
	if record := h.ocds(); record != nil {
		out = append(out, document(name+".ocds.json", record))
	}
	return out
}

func document(name string, v any) drawn {
	b, err := json.MarshalIndent(v, "", "  ")
	return drawn{bundle.Document{Name: name, Open: func(context.Context) (io.ReadCloser, error) {
		return io.NopCloser(bytes.NewReader(b)), nil
	}}, err}
}

var plainName = regexp.MustCompile(`^[0-9a-z][0-9a-z_-]{0,99}$`)

// fileName makes a name out of a project's id, which is a UUID as a rule. No
// two ids share one, also where a system does not tell large letters from small.
func fileName(id string) string {
	if plainName.MatchString(id) {
		return id
	}
	sum := sha256.Sum256([]byte(id))
	return "id." + hex.EncodeToString(sum[:16])
}

// note keeps of a project what the tables and completeness.json say of it.
func (p *papers) note(h *history) {
	fen := func(n number) string { return strconv.FormatInt(int64(n), 10) }
	p.projects = append(p.projects, []string{
		h.id, h.title, h.kind, h.unit, h.pack, h.outcome,
		fen(h.declared), fen(h.approved), fen(h.budget), fen(h.award), fen(h.contract), fen(h.paid), fen(h.final),
	})
	for _, x := range []struct{ field, value, zh, en string }{
		{"budget.approvalDate", h.issuedOn, "预算尚未下达", "no budget is issued yet"},
		{"tender.documents", h.notice, "没有招标公告", "there is no tender notice"},
		{"award.suppliers", h.supplier, "尚无中标结果", "nothing is awarded yet"},
		{"contract.id", h.contractNo, "合同尚未备案", "no contract is filed yet"},
		{"implementation.acceptance", h.acceptedOn, "尚未通过验收", "it is not accepted yet"},
	} {
		if x.value == "" {
			p.missing = append(p.missing, gap{h.id, x.field, x.zh, x.en})
		}
	}
	for _, x := range []struct{ field, zh, en string }{
		{"project.sector", "事实中没有行业分类", "no fact states a sector"},
		{"project.locations", "事实中没有地点", "no fact states a place"},
		{"tender.procurementMethod", "采购方式按规则包的代码给出", "the method is given by its code in the rule pack"},
	} {
		p.missing = append(p.missing, gap{h.id, x.field, x.zh, x.en})
	}
}

// completeness is completeness.json. It is complete when all documents have
// been drawn.
func (p *papers) completeness() ([]byte, error) {
	return json.MarshalIndent(struct {
		AsOfSeq  int64 `json:"as_of_seq"` // the documents say what was true at that row
		Projects int   `json:"projects"`
		Missing  []gap `json:"missing"`
	}{p.export.Last, len(p.projects), append([]gap{}, p.missing...)}, "", "  ")
}

func (p *papers) projectTable() io.ReadCloser {
	next := 0
	return newTable([]string{
		"id", "title", "kind", "unit", "pack", "outcome",
		"declared_fen", "approved_fen", "budget_fen", "award_fen", "contract_fen", "paid_fen", "final_fen",
	}, func() ([]string, error) {
		if next == len(p.projects) {
			return nil, io.EOF
		}
		next++
		return p.projects[next-1], nil
	}, func() {})
}

func (p *papers) ledgerTable(ctx context.Context) io.ReadCloser {
	next, stop := iter.Pull2(p.book.Rows(ctx, p.export.Project, p.export.First, p.export.Last))
	return newTable([]string{"seq", "time", "service", "type", "subject", "unit", "actor", "event_seq", "data"}, func() ([]string, error) {
		row, err, ok := next()
		switch {
		case !ok:
			return nil, io.EOF
		case err != nil:
			return nil, err
		}
		e, err := ledger.Parse(row.Raw)
		if err != nil { // the verifier says what became of it
			return []string{strconv.FormatUint(row.Seq, 10), "", "", "", "", "", "", "", ""}, nil
		}
		return []string{
			strconv.FormatUint(row.Seq, 10), e.Time.Format(time.RFC3339), e.Source, e.Type, e.Subject, e.Unit, e.Actor,
			strconv.FormatInt(e.EventSeq, 10), string(e.Data),
		}, nil
	}, stop)
}

// table streams CSV with a byte-order mark, so that office programs read the
// Chinese; a cell that they would take for a formula gets an apostrophe.
type table struct {
	next func() ([]string, error)
	stop func()
	buf  bytes.Buffer
	csv  *csv.Writer
}

func newTable(head []string, next func() ([]string, error), stop func()) *table {
	t := &table{next: next, stop: stop}
	t.buf.WriteString("\ufeff")
	t.csv = csv.NewWriter(&t.buf)
	t.line(head)
	return t
}

// line adds one line; a buffer in memory takes all.
func (t *table) line(cells []string) {
	for i, c := range cells {
		if c != "" && bytes.IndexByte([]byte("=+-@\t\r"), c[0]) >= 0 {
			cells[i] = "'" + c
		}
	}
	_ = t.csv.Write(cells) // only a failing writer or a bad delimiter makes it fail
	t.csv.Flush()
}

func (t *table) Read(p []byte) (int, error) {
	for t.buf.Len() == 0 {
		cells, err := t.next()
		if err != nil {
			return 0, err
		}
		t.line(cells)
	}
	return t.buf.Read(p)
}

func (t *table) Close() error {
	t.stop()
	return nil
}
