package auditexport_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"

	"egov/libs/aggregate"
	"egov/libs/authn"
	"egov/libs/event"
	"egov/libs/fault"
	"egov/libs/ledger"
	budgetingv1 "egov/proto/gen/egov/budgeting/v1"
	declarationv1 "egov/proto/gen/egov/declaration/v1"
	typev1 "egov/proto/gen/egov/type/v1"
	"egov/services/auditexport"
	"egov/services/auditexport/pgstore"
	"egov/services/auditexport/search"
)

// some appends n facts of several kinds, units and amounts, some of which
// arrive late.
func (h *house) some(n int) {
	h.t.Helper()
	r := rand.New(rand.NewPCG(1, uint64(n)))
	units := []string{"education", "health", "finance"}
	titles := []string{"智慧校园", "数字档案馆", "一网统管平台", "校园安全"}
	for batch := range slices.Chunk(slices.Collect(numbers(n)), 256) {
		var events []event.Record
		for _, i := range batch {
			h.clock.Set(h.clock.Now().Add(time.Second))
			var m proto.Message
			switch r.IntN(4) {
			case 0:
				m = &declarationv1.ProjectSubmitted{Project: &typev1.ProjectBrief{Title: titles[r.IntN(4)], AmountFen: 1 + r.Int64N(1<<r.IntN(36)), Basis: []string{"YP23-R-5.3.2"}}}
			case 1:
				m = &budgetingv1.PaymentRecorded{AmountFen: 1 + r.Int64N(1<<r.IntN(36)), Payee: "申城软件"}
			case 2:
				m = &declarationv1.ProjectReturned{Reason: titles[r.IntN(4)] + "材料不全", Basis: []string{"YP23-M-16"}}
			default:
				m = withdrawn(i)
			}
			e := h.event("declaration", fmt.Sprintf("p-%d", r.IntN(50)), units[r.IntN(3)], m)
			e.Actor = fmt.Sprintf("service:declaration for clerk.%d", r.IntN(20))
			e.TraceParent = fmt.Sprintf("00-%032x-b7ad6b7169203331-01", 1+i/100)
			e.Time = e.Time.Add(-time.Duration(r.IntN(90)) * time.Second)
			events = append(events, e)
		}
		h.append(events...)
	}
}

// all reads the whole ledger.
func (h *house) all() (entries []ledger.Entry) {
	h.t.Helper()
	for row, err := range h.book.Rows(h.asAuditor(), "", 1, 1<<40) {
		must(h.t, err)
		e, err := ledger.Parse(bytes.Clone(row.Raw))
		must(h.t, err)
		entries = append(entries, e)
	}
	return entries
}

// seqs pages through the answer to a filter.
func (h *house) found(f auditexport.Filter) (seqs []int64) {
	h.t.Helper()
	for {
		found, err := h.book.Find(h.asAuditor(), f)
		must(h.t, err)
		for _, r := range found.Rows {
			seqs = append(seqs, r.Seq)
			if !r.Chained || r.Broken {
				h.t.Errorf("row %d: chained %t, broken %t", r.Seq, r.Chained, r.Broken)
			}
		}
		if !found.More {
			return seqs
		}
		if found.Next <= f.After {
			h.t.Fatalf("the page behind %d ends at %d", f.After, found.Next)
		}
		f.After = found.Next
	}
}

// TestSearchFindsWhatIsThere asks a ledger of stored blocks and rows behind them
// questions of every kind, and holds the answers to what reading all rows gives.
func TestSearchFindsWhatIsThere(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.some(2*search.BlockRows + 700)
	indexed, err := h.book.Index(t.Context())
	must(t, err)
	if indexed != 2*search.BlockRows+700 {
		t.Fatalf("%d rows are known", indexed)
	}
	h.some(300) // behind what is indexed
	entries := h.all()
	begin := entries[0].Time
	at := func(minutes int) time.Time { return begin.Add(time.Duration(minutes) * time.Minute) }
	for name, f := range map[string]auditexport.Filter{
		"unit":                  {Unit: "health"},
		"person":                {Actor: "clerk.7"},
		"as recorded":           {Actor: "service:declaration for clerk.7"},
		"type":                  {Type: "egov.declaration.v1.ProjectSubmitted"},
		"types":                 {Type: "egov.declaration.v1.*"},
		"provision":             {Provision: "YP23-M"},
		"words":                 {Words: []string{"校园"}},
		"a longer word":         {Words: []string{"智慧校园材料"}},
		"no word of it":         {Words: []string{"校园安全平台"}},
		"amounts":               {Amounts: &search.Amounts{From: 1000, To: 100_000}},
		"one amount":            {Amounts: &search.Amounts{From: 7, To: 7}},
		"times":                 {From: at(100), To: at(250)},
		"times across blocks":   {From: at(260), To: at(290), Unit: "finance"},
		"the last minutes":      {From: at(550)},
		"words and unit":        {Words: []string{"智慧", "材料"}, Unit: "education"},
		"everything":            {Words: []string{"校园"}, Unit: "education", Actor: "clerk.3", Provision: "YP23-R-5", Amounts: &search.Amounts{From: 100, To: 1 << 40}, From: at(50), To: at(500)},
		"a project":             {Project: "p-7"},
		"a project's words":     {Project: "p-7", Words: []string{"平台"}},
		"a trace":               {Trace: fmt.Sprintf("%032x", 7), Unit: "health", Provision: "YP23-M-16"},
		"behind a row, up to 1": {Unit: "health", After: 16_000, Last: 17_000},
		"all":                   {After: 32_000},
		"nobody's":              {Unit: "science"},
	} {
		t.Run(name, func(t *testing.T) {
			q := search.Query{Project: f.Project, Trace: f.Trace, Unit: f.Unit, Person: f.Actor, Type: f.Type, Provision: f.Provision, Words: f.Words, Amounts: f.Amounts, From: f.From, To: f.To}
			var want []int64
			for i := range entries {
				if seq := int64(i + 1); seq > f.After && (f.Last == 0 || seq <= f.Last) && q.Matches(&entries[i]) {
					want = append(want, seq)
				}
			}
			if empty := name == "nobody's" || name == "no word of it"; empty != (len(want) == 0) {
				t.Fatalf("%d rows match", len(want))
			}
			f.Limit = 1 + len(want)/3
			if got := h.found(f); !slices.Equal(got, want) {
				t.Errorf("%d rows are found, %d are there", len(got), len(want))
			}
			for _, bound := range []int{5, 1 << 20} {
				n, exact, err := h.book.Tally(h.asAuditor(), f, bound)
				must(t, err)
				if n != min(bound, len(want)) || exact != (len(want) < bound) {
					t.Errorf("%d rows are counted up to %d, exactly: %t; there are %d", n, bound, exact, len(want))
				}
			}
		})
	}
	for _, who := range []authn.Principal{{}, {Subject: "edu.all", Unit: "education", Roles: []string{"declarer", "chair", "operator"}}} {
		found, err := h.book.Find(authn.With(t.Context(), who), auditexport.Filter{Unit: "education", Limit: 10})
		if err != nil || len(found.Rows) != 0 {
			t.Errorf("%v finds %d rows, %v", who, len(found.Rows), err)
		}
	}
	h.shareBlocks(t)
	h.refuseEdits(t)
}

// shareBlocks lets a second process find and store what the first has.
func (h *house) shareBlocks(t *testing.T) {
	other := pgstore.NewBook(h.pool, origin, self)
	found, err := other.Find(h.asAuditor(), auditexport.Filter{Unit: "health", Limit: 5})
	must(t, err)
	if len(found.Rows) != 5 || found.Indexed != 2*search.BlockRows+1000 {
		t.Errorf("%+v", found)
	}
	h.sql("CREATE TABLE kept AS SELECT * FROM ledger_term", "TRUNCATE ledger_block, ledger_term") // as after an upgrade
	indexed := make(chan error, 2)
	for _, b := range []*pgstore.Book{other, h.book} {
		go func() {
			_, err := b.Index(t.Context())
			indexed <- err
		}()
	}
	must(t, errors.Join(<-indexed, <-indexed))
	var differ, blocks int
	must(t, h.super.QueryRow(t.Context(), `SELECT (SELECT count(*) FROM (SELECT * FROM kept EXCEPT SELECT * FROM ledger_term) x)
		+ (SELECT count(*) FROM (SELECT * FROM ledger_term EXCEPT SELECT * FROM kept) y), (SELECT count(*) FROM ledger_block)`).Scan(&differ, &blocks))
	if differ != 0 || blocks != 2 {
		t.Errorf("%d terms differ, %d blocks", differ, blocks)
	}
}

// refuseEdits looks at what the projection does to those who would bend it: the
// service's role cannot, and a wrong block never shows a wrong row (YP23-M-16).
func (h *house) refuseEdits(t *testing.T) {
	for _, sql := range []string{
		"UPDATE ledger_term SET rows = ''", "DELETE FROM ledger_term", "UPDATE ledger_block SET latest = 0", "TRUNCATE ledger_block",
		"INSERT INTO ledger_term VALUES (1, 0, '')", // outside of the service's scope
	} {
		if _, err := h.pool.Exec(t.Context(), sql); err == nil {
			t.Errorf("%s is not refused", sql)
		}
	}
	h.sign()
	if v := h.verdict(); !v.OK {
		t.Errorf("%+v", v)
	}
	h.sql("UPDATE ledger_term SET rows = (SELECT rows FROM ledger_term WHERE length(rows) = 2049 LIMIT 1)")
	if v := h.verdict(); v.OK || v.ErrorCode != string(auditexport.CodeMisfiled) || v.FirstBadSeq != search.BlockRows {
		t.Errorf("an edited block: %+v", v)
	}
	for _, seq := range h.found(auditexport.Filter{Provision: "YP23-M-16", Limit: 1000}) {
		found, err := h.book.Find(h.asAuditor(), auditexport.Filter{After: seq - 1, Limit: 1})
		must(t, err)
		if !strings.Contains(found.Rows[0].Raw, "YP23-M-16") {
			t.Fatalf("row %d is shown", seq)
		}
	}
	h.sql("UPDATE ledger_term SET rows = 'x'")
	if _, err := h.book.Find(h.asAuditor(), auditexport.Filter{Unit: "health", Limit: 10}); !errors.Is(err, search.ErrBlock) {
		t.Errorf("a broken block: %v", err)
	}
	// Set back behind its back, the ledger is read anew.
	h.sql("TRUNCATE ledger_row, ledger_node, ledger_head, ledger_block, ledger_term")
	h.append(h.event("declaration", "p-1", "health", withdrawn(1)), h.event("declaration", "p-2", "education", withdrawn(1)))
	if got := h.found(auditexport.Filter{Unit: "education", Limit: 10}); !slices.Equal(got, []int64{2}) {
		t.Errorf("%v", got)
	}
	// Where a row is missing, the others keep their places, and the one behind it
	// says that it does not follow.
	h.append(h.event("declaration", "p-3", "finance", withdrawn(1)))
	h.sql("DELETE FROM ledger_row WHERE seq = 3")
	h.append(h.event("declaration", "p-4", "education", withdrawn(1)))
	found, err := h.book.Find(h.asAuditor(), auditexport.Filter{Unit: "education", Limit: 10})
	must(t, err)
	if r := found.Rows; len(r) != 2 || r[0].Seq != 2 || !r[0].Chained || r[1].Seq != 4 || r[1].Chained {
		t.Errorf("%+v", r)
	}
}

// TestACursorKeepsItsRows pages while rows arrive: none is missed, none comes
// twice, and the new ones wait for the next question. A cursor of another
// question is refused with what is wrong.
func TestACursorKeepsItsRows(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.some(400)
	h.sign()
	ask := auditexport.QueryLedger{Type: "egov.declaration.*", Limit: 30, Count: true}
	first, err := h.Query(h.asAuditor(), ask)
	must(t, err)
	page, seen := first, map[int64]int{}
	for {
		for _, r := range page.Items {
			if seen[r.Seq]++; !r.Signed || r.Seq > 400 {
				t.Errorf("row %d, signed: %t", r.Seq, r.Signed)
			}
		}
		if page.Cursor == "" {
			break
		}
		h.append(h.event("declaration", "p-1", "education", withdrawn(1)))
		ask.Cursor = page.Cursor
		must(t, ask.Validate())
		page, err = h.Query(h.asAuditor(), ask)
		must(t, err)
		if page.IndexedTo != 400 || page.LedgerRows <= 400 || page.CheckpointRows != 400 || *page.Total != *first.Total {
			t.Errorf("%d of %d rows, %d signed, total %v", page.IndexedTo, page.LedgerRows, page.CheckpointRows, page.Total)
		}
	}
	if len(seen) != first.Total.Rows || !first.Total.Exact {
		t.Errorf("%d rows of %+v", len(seen), *first.Total)
	}
	for seq, n := range seen {
		if n != 1 {
			t.Errorf("row %d comes %d times", seq, n)
		}
	}
	for name, c := range map[string]struct {
		q    auditexport.QueryLedger
		code string
	}{
		"another question":  {auditexport.QueryLedger{Type: "egov.*", Cursor: first.Cursor}, "cursor another_question"},
		"another page size": {auditexport.QueryLedger{Type: "egov.declaration.*", Limit: 7, Cursor: first.Cursor}, ""},
		"no cursor":         {auditexport.QueryLedger{Cursor: "7"}, "cursor bad_cursor"},
		"two places":        {auditexport.QueryLedger{Type: "egov.declaration.*", After: 7, Cursor: first.Cursor}, "cursor one_of"},
		"a star inside":     {auditexport.QueryLedger{Type: "egov.*.v1"}, "type bad_pattern"},
		"half a name":       {auditexport.QueryLedger{Type: "egov.decl*"}, "type bad_pattern"},
		"one character":     {auditexport.QueryLedger{Text: "智 校园"}, "text too_short"},
		"amounts in reverse": {
			auditexport.QueryLedger{AmountFrom: 8, AmountTo: 7}, "amount_to out_of_range",
		},
		"a range in reverse": {auditexport.QueryLedger{After: 8, Last: 8}, "up_to_seq out_of_range"},
		"a long text":        {auditexport.QueryLedger{Text: strings.Repeat("长", 101)}, "text too_long"},
	} {
		t.Run(name, func(t *testing.T) {
			got := ""
			if err := c.q.Validate(); err != nil {
				v := fault.From(err).Violations
				if got = v[0].Field + " " + v[0].Code; len(v) != 1 || v[0].Msg == "" || v[0].MsgEN == "" {
					t.Errorf("%+v", v)
				}
			}
			if got != c.code {
				t.Errorf("%q", got)
			}
		})
	}
}

// lines reads a stream: its rows, up to so many, and its last line where it
// comes to it.
func lines(t testing.TB, r io.Reader, most int) (rows []auditexport.Row, end *auditexport.StreamEnd) {
	t.Helper()
	s := bufio.NewScanner(r)
	s.Buffer(nil, 8<<20)
	for len(rows) < most && s.Scan() {
		var line struct {
			auditexport.Row
			End *auditexport.StreamEnd `json:"end"`
		}
		must(t, json.Unmarshal(s.Bytes(), &line))
		if line.End != nil {
			end = line.End
			continue
		}
		if end != nil {
			t.Error("a row behind the last line")
		}
		rows = append(rows, line.Row)
	}
	return rows, end
}

// streamed waits for the records of n streams that have ended.
func (h *house) streamed(n int) (ended []auditexport.Inquiry) {
	h.t.Helper()
	for tick := time.Tick(5 * time.Millisecond); ; <-tick {
		ended = nil
		page, err := h.inquiries.List(h.t.Context(), aggregate.Query{PageSize: 200})
		must(h.t, err)
		for _, i := range page.Items {
			if i.Kind == "streamed" {
				ended = append(ended, i)
			}
		}
		if len(ended) >= n {
			return ended
		}
	}
}

// TestAStreamSaysWhetherItIsWhole reads one to its end and cuts one: the cut one
// has no last line, goes on behind its last row, and both are on record with
// what they gave, so that other systems can follow the ledger (SH12-19,
// YP23-M-16).
func TestAStreamSaysWhetherItIsWhole(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.some(3000)
	h.sign()
	ask := auditexport.QueryLedger{Unit: "education"}
	body, err := h.Stream(h.asAuditor(), ask)
	must(t, err)
	whole, end := lines(t, body, 1<<20)
	head, _, err := h.book.Head(t.Context())
	must(t, err)
	if end == nil || end.Rows != int64(len(whole)) || end.FirstSeq != whole[0].Seq || end.LastSeq != whole[len(whole)-1].Seq ||
		end.LookedTo != 3000 || end.LedgerRows != 3000 || end.Chain != head.Chain.String() || end.CheckpointRows != 3000 || !strings.Contains(end.Checkpoint, origin) {
		t.Fatalf("%+v", end)
	}
	if got := h.found(auditexport.Filter{Unit: "education", Limit: 1000}); len(got) != len(whole) {
		t.Errorf("%d rows in the stream, %d on pages", len(whole), len(got))
	}
	body, err = h.Stream(h.asAuditor(), ask)
	must(t, err)
	cut, end := lines(t, body, 100)
	must(t, body.Close())
	if end != nil || len(cut) == 0 || len(cut) >= len(whole) {
		t.Fatalf("%d of %d rows, end %+v", len(cut), len(whole), end)
	}
	ask.After = cut[len(cut)-1].Seq
	ask.Last = 3000
	body, err = h.Stream(h.asAuditor(), ask)
	must(t, err)
	rest, end := lines(t, body, 1<<20)
	if end == nil || len(cut)+len(rest) != len(whole) || rest[0].Seq != whole[len(cut)].Seq {
		t.Errorf("%d rows, then %d of %d", len(cut), len(rest), len(whole))
	}
	complete := map[bool]int{}
	for _, i := range h.streamed(3) {
		var said struct {
			Inquiry  string `json:"inquiry"`
			Complete bool   `json:"complete"`
		}
		must(t, json.Unmarshal([]byte(i.Query), &said))
		if complete[said.Complete]++; said.Complete && i.Rows != int64(len(whole)) && i.Rows != int64(len(rest)) || said.Inquiry == "" {
			t.Errorf("%+v", i)
		}
	}
	if complete[true] != 2 || complete[false] != 1 {
		t.Errorf("on record: %v", complete)
	}
}
