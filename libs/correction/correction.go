// Package correction is how a unit puts right by a day what it was told to put
// right: it reports what it did, and whoever ordered it finds the report good or
// sets another day. Found good, the order is met on the day of the report,
// however long the report lay.
//
// It does not say who may order, report or answer, nor in which state, and it
// states no facts: those are the duty's.
package correction

import (
	"egov/libs/aggregate"
	"egov/libs/authn"
	"egov/libs/calendar"
	"egov/libs/fault"
)

// Order is what an aggregate keeps of what its unit was told: embed it beside
// the Root.
type Order struct {
	CorrectBy string   `json:"correct_by,omitempty"` // YYYY-MM-DD
	Reports   []Report `json:"reports"`              // oldest first
}

// Report is what the unit says to have done, and the answer to it.
type Report struct {
	Text    string `json:"text"`
	By      string `json:"reported_by"`
	On      string `json:"reported_on"` // YYYY-MM-DD
	Done    bool   `json:"done"`
	Opinion string `json:"opinion,omitempty"` // empty before the answer
}

// Statement is the request to report.
type Statement struct {
	ID   string `path:"id" json:"-"`
	Text string `json:"text" required:"true"`
}

// Check wants the report, up to 5,000 characters.
func (s *Statement) Check(provision string) error {
	var c fault.Checks
	c.Text(s.Text, "text", 5000, provision)
	return c.Err()
}

// Report puts down what the unit says; it awaits an answer.
func (o *Order) Report(rec *aggregate.Recorder, s Statement) {
	o.Reports = append(o.Reports, Report{Text: s.Text, By: rec.By().Actor(), On: rec.Today().String()})
}

// Authors are the accounts behind the last report, which none of them answers.
func (o *Order) Authors() []string { return authn.Accounts(o.Reports[len(o.Reports)-1].By) }

// Finding is the request to answer a report.
type Finding struct {
	ID        string        `path:"id" json:"-"`
	Done      *bool         `json:"done" required:"true"`
	Opinion   string        `json:"opinion" required:"true"`
	CorrectBy calendar.Date `json:"correct_by"` // the new day, where it does not do
}

// Check wants an answer, and a new day for what does not do.
func (f *Finding) Check(provision string) error {
	var c fault.Checks
	c.Require(f.Done != nil, "done", "required", "必填", "is required", provision)
	c.Text(f.Opinion, "opinion", 5000, provision)
	c.Require(f.Done == nil || *f.Done == f.CorrectBy.IsZero(), "correct_by", "required",
		"未整改到位的须重新限期，已到位的不填", "a new day where it does not do, none where it does", provision)
	return c.Err()
}

// Clock is the clock of an order and how it is set.
type Clock struct {
	Obligation string
	Refusal    *fault.Error // of a day that cannot be set
	Appoint    func(today, by calendar.Date) (aggregate.Terms, error)
}

// Before wants the day of an order to come after today.
func (k Clock) Before(c *fault.Checks, by, today calendar.Date) {
	c.Require(by.After(today), "correct_by", "in_past", "整改期限须晚于今天", "after today", k.Refusal.Basis...)
}

// Start starts the clock of an order for the unit that r belongs to.
func (k Clock) Start(r *aggregate.Root, rec *aggregate.Recorder, by calendar.Date) error {
	terms, err := k.Appoint(rec.Today(), by)
	if err == nil {
		r.StartClock(rec, r.Unit, terms)
	}
	return err
}

// Answer answers the last report. Where it does, r waits for nothing more and
// the clock is met on the day of the report; else the clock moves to the new
// day.
func (o *Order) Answer(r *aggregate.Root, rec *aggregate.Recorder, k Clock, f Finding) error {
	last := &o.Reports[len(o.Reports)-1]
	last.Done, last.Opinion = *f.Done, f.Opinion
	if last.Done {
		on, err := calendar.ParseDate(last.On)
		if err != nil {
			return err
		}
		r.Await()
		r.MeetClock(rec, k.Obligation, on)
		return nil
	}
	var c fault.Checks
	k.Before(&c, f.CorrectBy, rec.Today())
	if err := c.Refuse(k.Refusal); err != nil {
		return err
	}
	terms, err := k.Appoint(rec.Today(), f.CorrectBy)
	if err != nil {
		return err
	}
	o.CorrectBy = f.CorrectBy.String()
	r.MoveClock(rec, k.Obligation, terms, f.Opinion)
	return nil
}
