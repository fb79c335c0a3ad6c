package calendar

import (
	"fmt"

	"egov/libs/fault"
)

// Period is the length of a time limit: working days, or months, or a last day
// that somebody set. Exactly one of them is given.
type Period struct {
	WorkingDays int  `json:"working_days,omitempty"`
	Months      int  `json:"months,omitempty"`
	Until       Date `json:"until,omitzero"`
}

// Span is a run of days in which a period stands still, both ends included.
type Span struct {
	From Date `json:"from"`
	To   Date `json:"to"`
}

// End is the last day of a period.
type End struct {
	Due         Date
	Provisional bool // a year it is counted in has no notice yet
}

// End is the last day of a period that begins the day after from and stands
// still in the given spans, which follow one another. A span's days do not
// count: working days are counted up to the day before it and from the day
// after it; months and a day that was set are put off by the span's days. A
// span after the end of the period changes nothing.
//
// Months keep the day's number, or end on the month's last day; neither they
// nor a day that was set are moved off a holiday, so no notice changes them.
func (c *Calendar) End(from Date, p Period, still ...Span) (End, error) {
	if err := checkSpans(from, still); err != nil {
		return End{}, err
	}
	if p.WorkingDays == 0 {
		return c.plainEnd(from, p, still)
	}
	var e End
	left := p.WorkingDays
	for _, s := range still {
		before := s.From.AddDays(-1)
		if !before.After(from) { // nothing is counted before the span
			from = s.To
			continue
		}
		counted, err := c.WorkingDaysBetween(from, before)
		if err != nil {
			return End{}, err
		}
		if counted >= left {
			break // the period ends before the span
		}
		left -= counted
		e.Provisional = e.Provisional || c.provisional(from, before)
		from = s.To
	}
	r, err := c.Due(from, left)
	return End{r.Due, e.Provisional || r.Provisional}, err
}

// plainEnd is the end of a period whose days are all alike.
func (c *Calendar) plainEnd(from Date, p Period, still []Span) (End, error) {
	due := p.Until
	if due.IsZero() {
		r, err := c.DueMonths(from, p.Months)
		if err != nil {
			return End{}, err
		}
		due = r.Due
	}
	for _, s := range still {
		if s.From.After(due) {
			break
		}
		due = due.AddDays(s.To.DaysSince(s.From) + 1)
	}
	var check fault.Checks
	inRange(&check, due, "due")
	return End{Due: due}, check.Err()
}

func checkSpans(from Date, still []Span) error {
	var check fault.Checks
	for i, s := range still {
		check.Require(!s.From.Before(from) && !s.To.Before(s.From), fmt.Sprintf("still[%d]", i), "out_of_order",
			"中止期间须依次排列且不早于起算日", "pauses follow one another and the day of the trigger")
		from = s.To
	}
	return check.Err()
}

// provisional reports whether a day after from, up to and including to, lies
// in a year without a notice.
func (c *Calendar) provisional(from, to Date) bool {
	for y := from.AddDays(1).Year(); y <= to.Year(); y++ {
		if _, published := c.src.notices[y]; !published {
			return true
		}
	}
	return false
}

// WarnOn is the day to warn on, n working days before due; with 0 it is due
// itself.
func (c *Calendar) WarnOn(due Date, n int) (Date, error) {
	if n == 0 {
		return due, nil
	}
	return c.WorkingDaysBefore(due, n)
}
