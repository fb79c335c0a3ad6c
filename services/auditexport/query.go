package auditexport

import (
	"context"
	"encoding/json"

	"egov/libs/aggregate"
	"egov/libs/authn"
	"egov/libs/calendar"
	"egov/libs/fault"
	auditexportv1 "egov/proto/gen/egov/auditexport/v1"
)

// QueryLedger asks for rows, ascending.
type QueryLedger struct {
	Project string `query:"project" json:"project,omitempty"`
	Unit    string `query:"unit" json:"unit,omitempty"`
	Actor   string `query:"actor" json:"actor,omitempty"`
	Type    string `query:"type" json:"type,omitempty"` // full name of the fact
	TraceID string `query:"trace_id" json:"trace_id,omitempty"`
	From    string `query:"from" json:"from,omitempty"` // first day, YYYY-MM-DD
	To      string `query:"to" json:"to,omitempty"`     // last day
	After   int64  `query:"after_seq" json:"after_seq,omitempty"`
	Limit   int    `query:"limit" json:"limit,omitempty"` // 1..1000, 0 = 200
}

const (
	defaultLimit = 200
	maxLimit     = 1000
)

// Validate reports everything that is wrong with the query.
func (q *QueryLedger) Validate() error {
	var c fault.Checks
	c.Require(q.Limit >= 0 && q.Limit <= maxLimit, "limit", "out_of_range", "每页1到1000行", "1 to 1000 rows")
	c.Require(q.After >= 0, "after_seq", "out_of_range", "不得为负", "must not be negative")
	for _, x := range []struct{ field, value string }{
		{"project", q.Project}, {"unit", q.Unit}, {"actor", q.Actor}, {"type", q.Type}, {"trace_id", q.TraceID},
	} {
		checkName(&c, x.field, x.value)
	}
	days(&c, q.From, q.To)
	return c.Err()
}

// checkName bounds a text that rows are looked up by.
func checkName(c *fault.Checks, field, value string) {
	if value != "" {
		c.Text(value, field, 200)
	}
}

func (q QueryLedger) filter() Filter {
	f := Filter{Project: q.Project, Unit: q.Unit, Actor: q.Actor, Type: q.Type, Trace: q.TraceID, After: q.After, Limit: q.Limit}
	if f.Limit == 0 {
		f.Limit = defaultLimit
	}
	f.From, f.To = days(&fault.Checks{}, q.From, q.To).bounds()
	return f
}

// Rows is one page of the ledger.
type Rows struct {
	Items    []Row `json:"items"`
	AfterSeq int64 `json:"after_seq"` // ask for rows behind this next; 0 = there are no more
}

// Query answers an auditor and records that it did.
func (s *Service) Query(ctx context.Context, q QueryLedger) (Rows, error) {
	f := q.filter()
	items, more, err := s.Book.Find(ctx, f)
	if err != nil {
		return Rows{}, err
	}
	out := Rows{Items: items}
	if more {
		out.AfterSeq = items[len(items)-1].Seq
	}
	_, err = s.inquire(ctx, "query", q, int64(len(items)), nil)
	return out, err
}

// ProjectLedger asks for the rows about one project.
type ProjectLedger struct {
	ID    string `path:"id" json:"-"`
	After int64  `query:"after_seq" json:"-"`
	Limit int    `query:"limit" json:"-"` // 1..1000, 0 = 200
}

// Validate is QueryLedger's.
func (r *ProjectLedger) Validate() error { q := r.query(); return q.Validate() }

func (r ProjectLedger) query() QueryLedger {
	return QueryLedger{Project: r.ID, After: r.After, Limit: r.Limit}
}

// QueryProject is Query for one project.
func (s *Service) QueryProject(ctx context.Context, r ProjectLedger) (Rows, error) {
	return s.Query(ctx, r.query())
}

// inquire records an act of reading, in the name of the person behind it. A
// repeated request gets the record of the first.
func (s *Service) inquire(ctx context.Context, kind string, what any, rows int64, verdict *Verdict) (Inquiry, error) {
	b, err := json.Marshal(what)
	if err != nil {
		return Inquiry{}, err
	}
	reader := authn.By(ctx)
	return s.Inquiries.Create(s.onBehalf(ctx), s.NewID(), func(i *Inquiry, rec *aggregate.Recorder) error {
		i.ProjectID = i.ID
		i.Share(reader.Subject)
		i.Kind, i.Actor, i.Query, i.Rows, i.Verdict = kind, reader.Actor(), string(b), rows, verdict
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
