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
	seqs, end, err := b.candidates(ctx, &q, f)
	found.Indexed = end
	if err != nil {
		return found, err
	}
	// A row that cannot be read is shown to who asks for all of a project or of
	// the ledger.
	rest := q
	rest.Project, rest.Trace = "", ""
	everything := rest.Empty()
	var batch []int64
	looked, bytes := 0, 0
	// look reads the rows in hand; it answers false when the page is full.
	look := func() (goOn bool, err error) {
		looked, goOn = looked+len(batch), true
		err = b.read(ctx, batch, func(r linked) bool {
			e, err := ledger.Parse(r.Raw)
			if err != nil && !everything || err == nil && !q.Matches(&e) {
				return true
			}
			found.Rows = append(found.Rows, shown(r, e, err == nil))
			if bytes += len(r.Raw); len(found.Rows) == f.Limit || bytes >= pageBytes {
				found.More, found.Next, goOn = true, int64(r.Seq), false
			}
			return goOn
		})
		batch = batch[:0]
		return goOn, err
	}
	for seq, err := range seqs {
		if err != nil {
			return found, err
		}
		batch = append(batch, seq)
		if len(batch) < min(f.Limit-len(found.Rows), maxLookups) {
			continue
		}
		more, err := look()
		if err != nil || !more {
			return found, err
		}
		if looked >= maxLooked {
			found.More, found.Next = true, seq
			return found, nil
		}
	}
	_, err = look()
	return found, err
}

// Tally says how many rows match, up to a bound; exact is false where there may
// be more.
func (b *Book) Tally(ctx context.Context, f auditexport.Filter, bound int) (n int, exact bool, err error) {
	q := question(f)
	seqs, _, err := b.candidates(ctx, &q, f)
	if err != nil {
		return 0, false, err
	}
	sure := q.Exact() // what the sets say needs no second look
	var batch []int64
	looked := 0
	look := func() error {
		looked += len(batch)
		err := b.read(ctx, batch, func(r linked) bool {
			if e, err := ledger.Parse(r.Raw); err == nil && q.Matches(&e) {
				n++
			}
			return true
		})
		batch = batch[:0]
		return err
	}
	for seq, err := range seqs {
		switch {
		case err != nil:
			return n, false, err
		case sure:
			n++
		default:
			if batch = append(batch, seq); len(batch) == maxLookups {
				if err := look(); err != nil {
					return n, false, err
				}
			}
		}
		if n >= bound || looked >= maxLooked {
			return min(n, bound), false, nil
		}
	}
	if err := look(); err != nil {
		return n, false, err
	}
	return min(n, bound), n <= bound, nil
}

// linked is one row with what its chain value has to follow from.
type linked struct {
	ledger.Row
	before ledger.Hash // chain value of the row before
}

// read gets rows by their numbers, as the context's principal may see them,
// until yield has enough. No more of them than a page are in memory.
func (b *Book) read(ctx context.Context, seqs []int64, yield func(linked) bool) error {
	for len(seqs) > 0 {
		var p page
		var before []ledger.Hash
		err := b.query(ctx, func(answer pgx.Rows) error {
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
		}, "SELECT "+rowColumns+", (SELECT p.chain FROM ledger_row p WHERE p.seq = r.seq - 1) FROM ledger_row r WHERE seq = ANY($1) ORDER BY seq", seqs)
		if err != nil {
			return err
		}
		for i := range p.rows {
			r := linked{p.rows[i].Row, before[i]}
			if r.Seq == 1 {
				r.before = ledger.Genesis(b.origin).Chain
			}
			if !yield(r) {
				return nil
			}
		}
		if !p.full {
			return nil
		}
		last := int64(p.rows[len(p.rows)-1].Seq)
		for len(seqs) > 0 && seqs[0] <= last {
			seqs = seqs[1:]
		}
	}
	return nil
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

// candidates gives the numbers of the rows that may match, ascending, behind
// f.After and up to f.Last, and the last number that was looked for. A project
// or a trace has few rows and is found by its index; so is every row when
// nothing is asked. Everything else is looked for in the search projection.
func (b *Book) candidates(ctx context.Context, q *search.Query, f auditexport.Filter) (iter.Seq2[int64, error], int64, error) {
	if f.Last == 0 {
		f.Last = math.MaxInt64
	}
	switch {
	case q.Trace != "":
		return b.numbers(ctx, "trace_id = $4", q.Trace, f.After, f.Last), f.Last, nil
	case q.Project != "":
		return b.numbers(ctx, "subject = $4", q.Project, f.After, f.Last), f.Last, nil
	case q.Empty():
		return b.numbers(ctx, "$4 = ''", "", f.After, f.Last), f.Last, nil
	}
	v, err := b.follow(ctx)
	if err != nil {
		return nil, 0, err
	}
	end := min(f.Last, v.end())
	terms := q.Terms()
	return func(yield func(int64, error) bool) {
		goOn := true
		for hit, err := range b.hits(ctx, q, terms, f.After, min(end, v.stored())) {
			if goOn = yield(hit, err); !goOn || err != nil {
				return
			}
		}
		for seq := max(f.After, v.stored()) + 1; seq <= end; seq++ {
			if q.Describes(terms, &v.tail[seq-v.stored()-1]) && !yield(seq, nil) {
				return
			}
		}
	}, end, nil
}

// numbers gives the numbers of the rows for which a condition holds.
func (b *Book) numbers(ctx context.Context, condition, value string, after, last int64) iter.Seq2[int64, error] {
	// Numbers alone, and not by way of their own order: the planner would read the
	// whole ledger in that order to find the few rows of a trace.
	sql := "SELECT seq FROM (SELECT seq FROM ledger_row WHERE " + condition + " AND seq > $1 AND seq <= $2 OFFSET 0) x ORDER BY seq LIMIT $3"
	if value == "" {
		sql = "SELECT seq FROM ledger_row WHERE " + condition + " AND seq > $1 AND seq <= $2 ORDER BY seq LIMIT $3"
	}
	return func(yield func(int64, error) bool) {
		for {
			var seqs []int64
			err := b.query(ctx, func(rows pgx.Rows) (err error) {
				seqs, err = pgx.CollectRows(rows, pgx.RowTo[int64])
				return err
			}, sql, after, last, maxLookups, value)
			if err != nil {
				yield(0, err)
				return
			}
			for _, seq := range seqs {
				if !yield(seq, nil) {
					return
				}
			}
			if len(seqs) < maxLookups {
				return
			}
			after = seqs[len(seqs)-1]
		}
	}
}

// windows of blocks that are asked for at once: common terms fill a page from
// the first, rare ones are soon through.
const (
	firstWindow = 2
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
			window = min(4*window, lastWindow)
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
	args = make([]any, 2, 7)
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
			") AND block >= $1 AND block < $2 GROUP BY block HAVING count(*) = " + strconv.Itoa(len(terms)) + ") t USING (block)"
	}
	if a := q.AmountTerms(); len(a) > 0 {
		amounts = "a.lists"
		joins += " CROSS JOIN LATERAL (SELECT array_agg(rows) AS lists FROM ledger_term x WHERE x.term = ANY(" + arg(numbersOf(a)) + ") AND x.block = d.block) a"
	}
	sql = "SELECT d.block, " + lists + ", " + amounts + ", CASE WHEN d.earliest < " + first + " OR d.latest >= " + last + " THEN d.times END, " + first + ", " + last +
		" FROM ledger_block d" + joins + " WHERE d.block >= $1 AND d.block < $2 AND d.latest >= " + first + " AND d.earliest < " + last
	if amounts != "NULL::bytea[]" {
		sql += " AND a.lists IS NOT NULL"
	}
	return sql + " ORDER BY d.block", args
}

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
	h.rows = search.All(0, search.BlockRows)
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
