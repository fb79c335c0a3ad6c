package auditexport

import (
	"context"
	"encoding/json"
	"errors"
	"math"
	"strings"

	"egov/libs/aggregate"
	"egov/libs/authn"
	"egov/libs/calendar"
	"egov/libs/fault"
	auditexportv1 "egov/proto/gen/egov/auditexport/v1"
	"egov/services/auditexport/search"
)

// QueryLedger asks for rows, ascending. Its parts are combined freely; an empty
// one narrows nothing.
type QueryLedger struct {
	Project    string `query:"project" json:"project,omitempty"`
	Unit       string `query:"unit" json:"unit,omitempty"`   // that acted
	Actor      string `query:"actor" json:"actor,omitempty"` // as recorded, or one of the two where one acted for another
	Type       string `query:"type" json:"type,omitempty"`   // full name of the fact, or its beginning: egov.procurement.*
	TraceID    string `query:"trace_id" json:"trace_id,omitempty"`
	Provision  string `query:"provision" json:"provision,omitempty"`     // that a fact names, or an article with all below it: YP23-R-5.3
	Text       string `query:"text" json:"text,omitempty"`               // words, all of which occur; two characters or more each
	AmountFrom int64  `query:"amount_from" json:"amount_from,omitempty"` // fen; rows with an amount in the range; 0 = open
	AmountTo   int64  `query:"amount_to" json:"amount_to,omitempty"`     // fen, included
	From       string `query:"from" json:"from,omitempty"`               // first day, YYYY-MM-DD
	To         string `query:"to" json:"to,omitempty"`                   // last day
	After      int64  `query:"after_seq" json:"after_seq,omitempty"`
	Last       int64  `query:"up_to_seq" json:"up_to_seq,omitempty"`
	Limit      int    `query:"limit" json:"limit,omitempty"`   // 1..1000, 0 = 200; a stream has no limit
	Cursor     string `query:"cursor" json:"cursor,omitempty"` // of the page before, with the same question
	Count      bool   `query:"count" json:"count,omitempty"`   // asks for total besides
}

const (
	defaultLimit = 200
	maxLimit     = 1000
	maxText      = 100    // characters
	maxCount     = 10_000 // rows that are counted at most
)

// Validate reports everything that is wrong with the query.
func (q *QueryLedger) Validate() error {
	var c fault.Checks
	c.Require(q.Limit >= 0 && q.Limit <= maxLimit, "limit", "out_of_range", "每页1到1000行", "1 to 1000 rows")
	c.Require(q.After >= 0, "after_seq", "out_of_range", "不得为负", "must not be negative")
	c.Require(q.Last == 0 || q.Last > q.After, "up_to_seq", "out_of_range", "须大于after_seq", "must be greater than after_seq")
	for _, x := range []struct{ field, value string }{
		{"project", q.Project}, {"unit", q.Unit}, {"actor", q.Actor}, {"type", q.Type}, {"trace_id", q.TraceID}, {"provision", q.Provision},
	} {
		checkName(&c, x.field, x.value)
	}
	begin, open := strings.CutSuffix(q.Type, "*")
	c.Require(!strings.Contains(begin, "*") && (!open || strings.HasSuffix(begin, ".")), "type", "bad_pattern", "“*”只能写在末尾的“.”之后", "\"*\" may stand behind the last \".\" alone")
	if q.Text != "" && c.Text(q.Text, "text", maxText) {
		words, ok := search.Words(q.Text)
		c.Require(ok && len(words) > 0, "text", "too_short", "每个词至少要有两个相连的字", "every word needs two letters or digits side by side")
	}
	c.Require(q.AmountFrom >= 0, "amount_from", "out_of_range", "不得为负", "must not be negative")
	c.Require(q.AmountTo >= 0 && (q.AmountTo == 0 || q.AmountTo >= q.AmountFrom), "amount_to", "out_of_range", "不得小于amount_from", "must not be below amount_from")
	days(&c, q.From, q.To)
	if q.Cursor != "" {
		c.Require(q.After == 0 && q.Last == 0, "cursor", "one_of", "cursor不能与after_seq、up_to_seq同用", "cannot be given with after_seq or up_to_seq")
		switch at, err := parseCursor(q.Cursor); {
		case err != nil:
			c.Require(false, "cursor", "bad_cursor", "不是本系统给出的游标", "is not a cursor of this service")
		case at.question != q.digest():
			c.Require(false, "cursor", "another_question", "游标属于另一次查询", "belongs to another question")
		}
	}
	return c.Err()
}

// checkName bounds a text that rows are looked up by.
func checkName(c *fault.Checks, field, value string) {
	if value != "" {
		c.Text(value, field, 200)
	}
}

// filter is a valid query as the book takes it.
func (q QueryLedger) filter() Filter {
	f := Filter{
		Project: q.Project, Unit: q.Unit, Actor: q.Actor, Type: q.Type, Trace: q.TraceID, Provision: q.Provision,
		After: q.After, Last: q.Last, Limit: q.Limit,
	}
	f.Words, _ = search.Words(q.Text)
	if q.AmountFrom > 0 || q.AmountTo > 0 {
		f.Amounts = &search.Amounts{From: math.MinInt64, To: math.MaxInt64}
		if q.AmountFrom > 0 {
			f.Amounts.From = q.AmountFrom
		}
		if q.AmountTo > 0 {
			f.Amounts.To = q.AmountTo
		}
	}
	if f.Limit == 0 {
		f.Limit = defaultLimit
	}
	if at, err := parseCursor(q.Cursor); err == nil {
		f.After, f.Last = at.after, at.last
	}
	f.From, f.To = days(&fault.Checks{}, q.From, q.To).bounds()
	return f
}

// Rows is one page of the ledger.
type Rows struct {
	Items []Row `json:"items"`
	// AfterSeq asks for the rows behind this page, those that arrive meanwhile
	// included; 0 = there are no more.
	AfterSeq int64 `json:"after_seq"`
	// Cursor asks for the next page of the same rows, whatever arrives meanwhile;
	// empty = there are no more. A page with a cursor may have fewer rows than
	// asked for, or none: it tells how far the ledger was looked through.
	Cursor string `json:"cursor,omitempty"`
	// LedgerRows is the size of the ledger, IndexedTo the last row that this
	// answer can have found. All rows are chained; those up to CheckpointRows are
	// under the newest signed checkpoint.
	LedgerRows     int64  `json:"ledger_rows"`
	IndexedTo      int64  `json:"indexed_to"`
	CheckpointRows int64  `json:"checkpoint_rows"`
	Total          *Total `json:"total,omitempty"`
}

// Total is a bounded count of what matches, over all pages.
type Total struct {
	Rows  int  `json:"rows"`
	Exact bool `json:"exact"` // false: there are at least so many
}

// Query answers an auditor and records that it did.
func (s *Service) Query(ctx context.Context, q QueryLedger) (Rows, error) {
	standing, f, err := s.standingFor(ctx, q)
	if err != nil {
		return Rows{}, err
	}
	found, err := s.Book.Find(ctx, f)
	if err != nil {
		return Rows{}, err
	}
	out := Rows{
		Items: found.Rows, LedgerRows: standing.rows, CheckpointRows: standing.signed, IndexedTo: min(found.Indexed, standing.rows),
	}
	standing.mark(out.Items)
	if found.More && found.Next < f.Last {
		out.AfterSeq = found.Next
		out.Cursor = cursor{after: found.Next, last: out.IndexedTo, question: q.digest()}.String()
	}
	if q.Count {
		f.After, f.Last = q.After, out.IndexedTo
		out.Total = &Total{}
		if out.Total.Rows, out.Total.Exact, err = s.Book.Tally(ctx, f, maxCount); err != nil {
			return Rows{}, err
		}
	}
	_, err = s.inquire(ctx, "query", q, int64(len(out.Items)))
	return out, err
}

// size is how far the ledger goes, and how far it is signed.
type size struct{ rows, signed int64 }

// standingFor prepares a query: it is answered from the rows there are now.
func (s *Service) standingFor(ctx context.Context, q QueryLedger) (size, Filter, error) {
	end, err := s.Book.End(ctx)
	if err != nil {
		return size{}, Filter{}, err
	}
	signed, _, err := s.newest(ctx)
	if err != nil && !errors.Is(err, ErrNoCheckpoint) && !isFinding(err) {
		return size{}, Filter{}, err
	}
	f := q.filter()
	if f.Last == 0 || f.Last > int64(end) {
		f.Last = int64(end)
	}
	return size{int64(end), int64(signed.Size)}, f, nil
}

// mark says of each row whether it is signed.
func (s size) mark(rows []Row) {
	for i := range rows {
		rows[i].Signed = rows[i].Seq <= s.signed
	}
}

// ProjectLedger asks for the rows about one project.
type ProjectLedger struct {
	ID     string `path:"id" json:"-"`
	After  int64  `query:"after_seq" json:"-"`
	Limit  int    `query:"limit" json:"-"` // 1..1000, 0 = 200
	Cursor string `query:"cursor" json:"-"`
}

// Validate is QueryLedger's.
func (r *ProjectLedger) Validate() error { q := r.query(); return q.Validate() }

func (r ProjectLedger) query() QueryLedger {
	return QueryLedger{Project: r.ID, After: r.After, Limit: r.Limit, Cursor: r.Cursor}
}

// QueryProject is Query for one project.
func (s *Service) QueryProject(ctx context.Context, r ProjectLedger) (Rows, error) {
	return s.Query(ctx, r.query())
}

// inquire records an act of reading, in the name of the person behind it. A
// repeated request gets the record of the first.
func (s *Service) inquire(ctx context.Context, kind string, what any, rows int64) (Inquiry, error) {
	b, err := json.Marshal(what)
	if err != nil {
		return Inquiry{}, err
	}
	reader := authn.By(ctx)
	return s.Inquiries.Create(s.onBehalf(ctx), s.NewID(), func(i *Inquiry, rec *aggregate.Recorder) error {
		i.ProjectID = i.ID
		i.Share(reader.Subject)
		i.Kind, i.Actor, i.Query, i.Rows = kind, reader.Actor(), string(b), rows
		rec.State(i.ID, &auditexportv1.LedgerQueried{Query: kind + " " + i.Query, Rows: rows})
		return nil
	})
}

// onBehalf is the service acting for the caller: auditors change nothing, not
// even the record of what they read.
func (s *Service) onBehalf(ctx context.Context) context.Context {
	self := s.Self
	self.OnBehalfOf = authn.By(ctx).Actor()
	return authn.With(ctx, self)
}

// span is a range of days, ends included; zero days are open ends.
type span struct{ from, to calendar.Date }

func days(c *fault.Checks, from, to string) (s span) {
	read := func(text, field string) (d calendar.Date) {
		if text == "" {
			return d
		}
		d, err := calendar.ParseDate(text)
		c.Require(err == nil, field, "invalid_date", "日期须为YYYY-MM-DD", "a date is YYYY-MM-DD")
		return d
	}
	s = span{read(from, "from"), read(to, "to")}
	c.Require(s.from.IsZero() || s.to.IsZero() || !s.to.Before(s.from), "to", "out_of_range", "截止日期早于起始日期", "the last day is before the first")
	return s
}
