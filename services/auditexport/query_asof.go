package auditexport

import (
	"context"
	"time"

	"egov/libs/calendar"
	"egov/libs/fault"
)

// AsOf asks what the ledger's facts said of a project at an instant: at the end
// of a day, or right then. Without one it is now.
type AsOf struct {
	ID   string `path:"id" json:"project"`
	Date string `query:"date" json:"date,omitempty"` // YYYY-MM-DD, or RFC 3339
}

// Validate bounds the request.
func (r *AsOf) Validate() error {
	var c fault.Checks
	checkName(&c, "id", r.ID)
	lastInstant(&c, "date", r.Date)
	return c.Err()
}

// Changes asks what became of a project between two instants.
type Changes struct {
	ID   string `path:"id" json:"project"`
	From string `query:"from" json:"from"`       // YYYY-MM-DD, or RFC 3339
	To   string `query:"to" json:"to,omitempty"` // now without one
}

// Validate bounds the request.
func (r *Changes) Validate() error {
	var c fault.Checks
	checkName(&c, "id", r.ID)
	c.Require(r.From != "", "from", "required", "必填", "is required")
	from, to := lastInstant(&c, "from", r.From), lastInstant(&c, "to", r.To)
	c.Require(to.IsZero() || !to.Before(from), "to", "out_of_range", "截止时间早于起始时间", "is before the first instant")
	return c.Err()
}

// lastInstant reads the last instant that a text includes, zero for none.
func lastInstant(c *fault.Checks, field, text string) time.Time {
	if text == "" {
		return time.Time{}
	}
	if d, err := calendar.ParseDate(text); err == nil {
		return d.EndOfDay().Add(-time.Microsecond)
	}
	t, err := time.Parse(time.RFC3339, text)
	c.Require(err == nil, field, "invalid_date", "须为YYYY-MM-DD或RFC 3339时刻", "is YYYY-MM-DD or an instant of RFC 3339")
	return t
}

// orNow is what lastInstant has read, now where that is nothing.
func (s *Service) orNow(field, text string) time.Time {
	if t := lastInstant(&fault.Checks{}, field, text); !t.IsZero() {
		return t
	}
	return s.Clock.Now()
}

// ProjectAsOf builds the view of a project from its rows alone, and records
// that it was looked at. A project without a row up to then is ErrNoRows.
func (s *Service) ProjectAsOf(ctx context.Context, r AsOf) (ProjectView, error) {
	views, err := s.views(ctx, r.ID, s.orNow("date", r.Date))
	if err != nil {
		return ProjectView{}, err
	}
	if _, err := s.inquire(ctx, "as_of", r, int64(views[0].Facts)); err != nil {
		return ProjectView{}, err
	}
	if views[0].Facts == 0 {
		return ProjectView{}, ErrNoRows
	}
	return views[0], nil
}

// ProjectChanges compares two views of one project.
func (s *Service) ProjectChanges(ctx context.Context, r Changes) (ViewDiff, error) {
	views, err := s.views(ctx, r.ID, s.orNow("from", r.From), s.orNow("to", r.To))
	if err != nil {
		return ViewDiff{}, err
	}
	before, after := views[0], views[1]
	if _, err := s.inquire(ctx, "changes", r, int64(after.Facts)); err != nil {
		return ViewDiff{}, err
	}
	if after.Facts == 0 {
		return ViewDiff{}, ErrNoRows
	}
	return before.diff(&after), nil
}

// views reads a project's rows once for several instants.
func (s *Service) views(ctx context.Context, project string, at ...time.Time) ([]ProjectView, error) {
	end, err := s.Book.End(ctx)
	if err != nil {
		return nil, err
	}
	views := make([]ProjectView, len(at))
	for i := range views {
		views[i] = newView(project, at[i], int64(end))
	}
	for row, err := range s.Book.Rows(ctx, project, 1, int64(end)) {
		if err != nil {
			return nil, err
		}
		var f viewed
		if !f.read(row) {
			for i := range views {
				views[i].Unreadable++
			}
			continue
		}
		for i := range views {
			if !f.Time.After(at[i]) {
				views[i].add(&f)
			}
		}
	}
	for i := range views {
		views[i].settle()
	}
	return views, nil
}
