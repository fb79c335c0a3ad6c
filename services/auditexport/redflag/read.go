package redflag

import (
	"context"
	"slices"

	"egov/libs/calendar"
	"egov/libs/fault"
)

// Query asks for flags, newest first.
type Query struct {
	Code      string `query:"code" json:"code,omitempty"`
	Unit      string `query:"unit" json:"unit,omitempty"` // the audited unit
	Project   string `query:"project" json:"project,omitempty"`
	Severity  string `query:"severity" json:"severity,omitempty"`                   // high, medium or low
	State     string `query:"state" json:"state,omitempty" enum:"raised,withdrawn"` // raised or withdrawn
	From      string `query:"from" json:"from,omitempty"`                           // first day on which it was found first, YYYY-MM-DD
	To        string `query:"to" json:"to,omitempty"`                               // last day
	PageSize  int    `query:"page_size" json:"page_size,omitempty"`
	PageToken string `query:"page_token" json:"page_token,omitempty"`
}

const (
	defaultPage = 50
	maxPage     = 200
)

// Validate reports everything that is wrong with the query.
func (q *Query) Validate() error {
	var c fault.Checks
	for _, x := range []struct{ field, value string }{{"code", q.Code}, {"unit", q.Unit}, {"project", q.Project}} {
		if x.value != "" {
			c.Text(x.value, x.field, 200)
		}
	}
	c.Require(slices.Contains([]string{"", "high", "medium", "low"}, q.Severity), "severity", "unknown_code", "须为high、medium或low", "high, medium or low")
	c.Require(slices.Contains([]State{"", Raised, Withdrawn}, State(q.State)), "state", "unknown_code", "须为raised或withdrawn", "raised or withdrawn")
	c.Require(q.PageSize >= 0 && q.PageSize <= maxPage, "page_size", "out_of_range", "每页1到200条", "1 to 200 a page")
	from, to := day(&c, "from", q.From), day(&c, "to", q.To)
	c.Require(from.IsZero() || to.IsZero() || !to.Before(from), "to", "out_of_range", "截止日期早于起始日期", "the last day is before the first")
	return c.Err()
}

func day(c *fault.Checks, field, text string) (d calendar.Date) {
	if text == "" {
		return d
	}
	d, err := calendar.ParseDate(text)
	c.Require(err == nil, field, "invalid_date", "日期须为YYYY-MM-DD", "a date is YYYY-MM-DD")
	return d
}

// Span gives the days of a valid query; zero days are open ends.
func (q Query) Span() (from, to calendar.Date) {
	return day(&fault.Checks{}, "from", q.From), day(&fault.Checks{}, "to", q.To)
}

// Limit is how many flags a page has.
func (q Query) Limit() int {
	if q.PageSize == 0 {
		return defaultPage
	}
	return q.PageSize
}

// Page is one page of flags.
type Page struct {
	Items         []Flag `json:"items"`
	NextPageToken string `json:"next_page_token,omitempty"`
}

// Reader looks flags up; what is visible follows from the context's principal.
type Reader interface {
	Find(ctx context.Context, q Query) (Page, error)
	Get(ctx context.Context, id string) (Flag, error)
}

// Service shows flags to auditors.
type Service struct {
	Flags Reader
	// Note puts on record that somebody read, before the answer leaves
	// (YP23-M-16): the auditors' own acts are in the ledger too.
	Note func(ctx context.Context, kind string, what any, rows int) error
}

// List answers a query and records that it did.
func (s *Service) List(ctx context.Context, q Query) (Page, error) {
	p, err := s.Flags.Find(ctx, q)
	if err != nil {
		return Page{}, err
	}
	return p, s.Note(ctx, "red_flags", q, len(p.Items))
}

// ByID names one flag.
type ByID struct {
	ID string `path:"id" json:"id"`
}

// Get shows one flag with its evidence, and records that it did.
func (s *Service) Get(ctx context.Context, r ByID) (Flag, error) {
	f, err := s.Flags.Get(ctx, r.ID)
	if err != nil {
		return Flag{}, err
	}
	return f, s.Note(ctx, "red_flag", r, 1)
}
