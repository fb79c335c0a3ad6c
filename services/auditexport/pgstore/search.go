package pgstore

import (
	"context"
	"iter"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"egov/libs/event"
	"egov/libs/ledger"
	"egov/services/auditexport"
	"egov/services/auditexport/search"
)

// Bounds of the work that one page may cost.
const (
	maxLooked  = 20_000 // rows read to find those that match
	maxLookups = 1000   // rows read at once
	someMore   = 100    // rows read at once at least, where some will not match
)

// question is what f asks of a row, its number apart.
func question(f auditexport.Filter) search.Query {
	return search.Query{
		Project: f.Project, Trace: f.Trace, Unit: f.Unit, Person: f.Actor, Type: f.Type, Provision: f.Provision,
		Words: f.Words, Amounts: f.Amounts, From: f.From, To: f.To,
	}
}

// Find answers a query.
func (b *Book) Find(ctx context.Context, f auditexport.Filter) (auditexport.Found, error) {
	q := question(f)
	found := auditexport.Found{Rows: []auditexport.Row{}}
	c, err := b.candidates(ctx, &q, f)
	if err != nil {
		return found, err
	}
	found.Indexed = c.end
	// A row that cannot be read is shown to who asks for all of a project or of
	// the ledger.
	rest := q
	rest.Project, rest.Trace = "", ""
	everything := rest.Empty()
	looked, bytes := 0, 0
	least := 1
	if !everything && !q.Exact() { // many of them may not match
		least = someMore
	}
	c.want = func() int { return max(least, f.Limit-len(found.Rows)) }
	for r, err := range c.rows {
		if err != nil {
			return found, err
		}
		looked++
		e, err := ledger.Parse(r.Raw)
		if err != nil && everything || err == nil && q.Matches(&e) {
			found.Rows = append(found.Rows, shown(r, e, err == nil))
			bytes += len(r.Raw)
		}
		if len(found.Rows) == f.Limit || bytes >= pageBytes || looked >= maxLooked {
			found.More, found.Next = true, int64(r.Seq)
			return found, nil
		}
	}
	return found, nil
}

// Tally says how many rows match, up to a bound; exact is false where there may
// be more.
func (b *Book) Tally(ctx context.Context, f auditexport.Filter, bound int) (n int, exact bool, err error) {
	q := question(f)
	c, err := b.candidates(ctx, &q, f)
	if err != nil {
		return 0, false, err
	}
	if c.numbers != nil && q.Exact() { // what the sets say needs no second look
		for _, err := range c.numbers {
			if err != nil {
				return n, false, err
			}
			if n++; n == bound {
				return n, false, nil
			}
		}
		return n, true, nil
	}
	looked := 0
	c.want = func() int { return maxLookups }
	for r, err := range c.rows {
		if err != nil {
			return n, false, err
		}
		if e, err := ledger.Parse(r.Raw); err == nil && q.Matches(&e) {
			n++
		}
		if looked++; n == bound || looked >= maxLooked {
			return n, false, nil
		}
	}
	return n, true, nil
}

// candidates are the rows that may match a question, ascending.
type candidates struct {
	book    *Book
	ctx     context.Context
	end     int64                   // the last row that is looked for
	numbers iter.Seq2[int64, error] // by the search projection; or, when nil,
	page    string                  // what asks for rows of value behind $2, up to $3 and $4 at most
	value   string                  // $1
	after   int64                   // begins behind this row
	want    func() int              // how many rows a page still needs
}

// Pages of rows that are found without the search projection. Those of a project
// lie in an index in the order asked for. Those of a trace are sorted, and the
// planner must not go by the rows' own order to find the few.
const (
	projectSQL = "subject = $1 AND seq > $2 AND seq <= $3 ORDER BY seq LIMIT $4"
	traceSQL   = "seq = ANY (ARRAY(SELECT seq FROM (SELECT seq FROM ledger_row WHERE trace_id = $1 AND seq > $2 AND seq <= $3 OFFSET 0) x ORDER BY seq LIMIT $4)) ORDER BY seq"
	everySQL   = "$1 = '' AND seq > $2 AND seq <= $3 ORDER BY seq LIMIT $4"
)

// candidates looks behind f.After and up to f.Last. A project or a trace has few
// rows and is found by its index; so is every row when nothing is asked.
// Everything else is looked for in the search projection.
func (b *Book) candidates(ctx context.Context, q *search.Query, f auditexport.Filter) (*candidates, error) {
	if f.Last == 0 {
		f.Last = math.MaxInt64
	}
	c := &candidates{book: b, ctx: ctx, end: f.Last, after: f.After}
	switch {
	case q.Trace != "":
		c.page, c.value = traceSQL, q.Trace
		return c, nil
	case q.Project != "":
		c.page, c.value = projectSQL, q.Project
		return c, nil
	case q.Empty():
		c.page = everySQL
		return c, nil
	}
	v, err := b.follow(ctx)
	if err != nil {
		return nil, err
	}
	c.end = min(f.Last, v.end())
	terms := q.Terms()
	c.numbers = func(yield func(int64, error) bool) {
		goOn := true
		for hit, err := range b.hits(ctx, q, terms, f.After, min(c.end, v.stored())) {
			if goOn = yield(hit, err); !goOn || err != nil {
				return
			}
		}
		for seq := max(f.After, v.stored()) + 1; seq <= c.end; seq++ {
			if q.Describes(terms, &v.tail[seq-v.stored()-1]) && !yield(seq, nil) {
				return
			}
		}
	}
	return c, nil
}

// rows reads the candidates, no more of them at once than a page needs.
func (c *candidates) rows(yield func(linked, error) bool) {
	pass := func(sql string, args ...any) (n int, last int64, goOn bool) {
		rows, full, err := c.book.read(c.ctx, sql, args...)
		for _, r := range rows {
			if !yield(r, nil) {
				return 0, 0, false
			}
			last = int64(r.Seq)
		}
		if err != nil {
			yield(linked{}, err)
			return 0, 0, false
		}
		if full {
			return -1, last, true
		}
		return len(rows), last, true
	}
	if c.numbers == nil {
		for {
			most := min(c.want(), maxLookups)
			n, last, goOn := pass(c.page, c.value, c.after, c.end, most)
			if !goOn || n >= 0 && n < most {
				return
			}
			c.after = last
		}
	}
	var batch []int64
	look := func() bool {
		for len(batch) > 0 {
			n, last, goOn := pass("seq = ANY ($1) ORDER BY seq", batch)
			if !goOn {
				return false
			}
			if n >= 0 {
				break
			}
			for len(batch) > 0 && batch[0] <= last {
				batch = batch[1:]
			}
		}
		batch = batch[:0]
		return true
	}
	for seq, err := range c.numbers {
		if err != nil {
			yield(linked{}, err)
			return
		}
		if batch = append(batch, seq); len(batch) >= min(c.want(), maxLookups) && !look() {
			return
		}
	}
	look()
}

// linked is one row with what its chain value has to follow from.
type linked struct {
	ledger.Row
	before ledger.Hash // chain value of the row before
}

// read gets the rows of a condition, in the order it states, as the context's
// principal may see them. full says that they are not all: a page is.
func (b *Book) read(ctx context.Context, where string, args ...any) (rows []linked, full bool, err error) {
	var p page
	var before []ledger.Hash
	err = b.query(ctx, func(answer pgx.Rows) error {
		p.reset()
		before = before[:0]
		return p.fill(answer, func(wire [][]byte) error {
			var h ledger.Hash
			if len(wire[5]) == ledger.HashSize {
				h = ledger.Hash(wire[5])
			}
			before = append(before, h)
			return p.scan(wire)
		})
	}, "SELECT "+rowColumns+", (SELECT p.chain FROM ledger_row p WHERE p.seq = r.seq - 1) FROM ledger_row r WHERE "+where, args...)
	if err != nil {
		return nil, false, err
	}
	rows = make([]linked, len(p.rows))
	for i := range p.rows {
		if rows[i] = (linked{p.rows[i].Row, before[i]}); rows[i].Seq == 1 {
			rows[i].before = ledger.Genesis(b.origin).Chain
		}
	}
	return rows, p.full, nil
}

// shown is a row for people, from the stored event alone.
func shown(r linked, e ledger.Entry, readable bool) auditexport.Row {
	out := auditexport.Row{
		Seq: int64(r.Seq), Raw: strings.ToValidUTF8(string(r.Raw), "\ufffd"), Chain: r.Chain.String(),
		Chained: ledger.Link(r.before, r.Seq, r.SHA256, r.SM3) == r.Chain,
		Broken:  !readable || !ledger.CheckRaw(r.Raw, &r.SHA256, &r.SM3, 0),
	}
	if readable {
		out.EventID, out.Service, out.Type, out.Subject = e.ID, e.Source, e.Type, e.Subject
		out.Unit, out.Actor, out.At, out.TraceID = e.Unit, e.Actor, e.Time, event.TraceID(e.TraceParent)
	}
	return out
}

// Blocks that are asked for at once: common terms fill a page from the first
// window, rare ones are soon through.
const (
	firstWindow = 8
	widening    = 8
	lastWindow  = 512
)

// hits gives the numbers of the rows in stored blocks that may match.
func (b *Book) hits(ctx context.Context, q *search.Query, terms []search.Term, after, last int64) iter.Seq2[int64, error] {
	sql, args := hitsSQL(q, terms)
	return func(yield func(int64, error) bool) {
		window := int64(firstWindow)
		for block := after / search.BlockRows; block*search.BlockRows < last; {
			var sets []hit
			args[0], args[1] = block, block+window
			err := b.query(ctx, func(rows pgx.Rows) error {
				sets = sets[:0]
				for rows.Next() {
					h, err := scanHit(rows, q)
					if err != nil {
						return err
					}
					sets = append(sets, h)
				}
				return rows.Err()
			}, sql, args...)
			if err != nil {
				yield(0, err)
				return
			}
			for _, h := range sets {
				for place := range h.rows.Places {
					seq := h.block*search.BlockRows + int64(place) + 1
					if seq <= after {
						continue
					}
					if seq > last || !yield(seq, nil) {
						return
					}
				}
			}
			block += window
			window = min(widening*window, lastWindow)
		}
	}
}

// hit is the rows of one block that may match.
type hit struct {
	block int64
	rows  *search.Set
}

// hitsSQL asks for the blocks from $1 up to $2 that have all of the terms, an
// amount of the right size and a fact of the right time, with their sets.
func hitsSQL(q *search.Query, terms []search.Term) (sql string, args []any) {
	args = make([]any, 2, 8)
	arg := func(v any) string {
		args = append(args, v)
		return "$" + strconv.Itoa(len(args))
	}
	from, to := micros(q.From, math.MinInt64), micros(q.To, math.MaxInt64)
	first, last := arg(from), arg(to)
	lists, amounts, joins := "NULL::bytea[]", "NULL::bytea[]", ""
	if len(terms) > 0 {
		lists = "t.lists"
		joins += " JOIN (SELECT block, array_agg(rows) AS lists FROM ledger_term WHERE term = ANY(" + arg(numbersOf(terms)) +
			") AND term < " + firstOfAmounts + " AND block >= $1 AND block < $2 GROUP BY block HAVING count(*) = " + strconv.Itoa(len(terms)) + ") t USING (block)"
	}
	if a := q.AmountTerms(); len(a) > 0 {
		amounts = "a.lists"
		joins += " CROSS JOIN LATERAL (SELECT array_agg(rows) AS lists FROM ledger_term x WHERE x.block = d.block AND x.term >= " + firstOfAmounts +
			" AND x.term BETWEEN " + arg(int64(a[0])) + " AND " + arg(int64(a[len(a)-1])) + ") a"
	}
	sql = "SELECT d.block, " + lists + ", " + amounts + ", CASE WHEN d.earliest < " + first + " OR d.latest >= " + last + " THEN d.times END, " + first + ", " + last +
		" FROM ledger_block d" + joins + " WHERE d.block >= $1 AND d.block < $2 AND d.latest >= " + first + " AND d.earliest < " + last
	if amounts != "NULL::bytea[]" {
		sql += " AND a.lists IS NOT NULL"
	}
	return sql + " ORDER BY d.block", args
}

// firstOfAmounts in a condition lets the indexes of sets and of amounts answer.
var firstOfAmounts = strconv.FormatInt(int64(search.FirstOfAmounts), 10)

func micros(t time.Time, none int64) int64 {
	if t.IsZero() {
		return none
	}
	return t.UnixMicro()
}

func numbersOf(terms []search.Term) []int64 {
	out := make([]int64, len(terms))
	for i, t := range terms {
		out[i] = int64(t)
	}
	return out
}

func scanHit(rows pgx.Rows, q *search.Query) (h hit, err error) {
	var lists, amounts [][]byte
	var times []byte
	var from, to int64
	if err := rows.Scan(&h.block, &lists, &amounts, &times, &from, &to); err != nil {
		return h, err
	}
	h.rows = search.All()
	for _, l := range lists {
		if err := h.rows.Keep(l); err != nil {
			return h, err
		}
	}
	if q.Amounts != nil {
		if err := h.rows.KeepAmounts(q.Amounts, amounts); err != nil {
			return h, err
		}
	}
	if times != nil {
		err = h.rows.KeepTimes(from, to, times)
	}
	return h, err
}
