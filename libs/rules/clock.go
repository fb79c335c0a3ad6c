package rules

import (
	"egov/libs/aggregate"
	"egov/libs/calendar"
)

// Clock gives the terms of an obligation of the pack that starts on trigger.
// ok is false where the pack sets no such deadline.
func (b Book) Clock(pack, obligation string, trigger calendar.Date) (t aggregate.Terms, ok bool, err error) {
	p, err := b.Of(pack)
	if err != nil {
		return t, false, err
	}
	d, ok := p.Deadline(obligation)
	if !ok {
		return t, false, nil
	}
	t, err = b.terms(trigger, calendar.Period{WorkingDays: d.WorkingDays, Months: d.Months}, d.WarnBefore)
	t.Obligation, t.Basis = obligation, d.Basis
	return t, err == nil, err
}

// warnParam is the figure of a pack that says how many working days before a
// day that somebody set a warning comes.
const warnParam = "warn_working_days"

// Appointed gives the terms of an obligation whose last day somebody set, such
// as a rectification. A pack without a figure for the warning warns on the day
// itself.
func (b Book) Appointed(pack, obligation string, trigger, due calendar.Date, basis ...string) (aggregate.Terms, error) {
	p, err := b.Of(pack)
	if err != nil {
		return aggregate.Terms{}, err
	}
	notice := 0
	if figure := p.Param(warnParam); figure != nil {
		notice = int(figure.At(trigger))
	}
	t, err := b.terms(trigger, calendar.Period{Until: due}, notice)
	t.Obligation, t.Basis = obligation, basis
	return t, err
}

// terms counts a period by the calendar in force.
func (b Book) terms(trigger calendar.Date, period calendar.Period, warnBefore int) (aggregate.Terms, error) {
	cal := b.Calendar.Current()
	end, err := cal.End(trigger, period)
	if err != nil {
		return aggregate.Terms{}, err
	}
	warn, err := cal.WarnOn(end.Due, warnBefore)
	return aggregate.Terms{
		TriggerOn: trigger, DueOn: end.Due, WarnOn: warn, Provisional: end.Provisional,
		Period: period, WarnBefore: warnBefore, Calendar: cal.Fingerprint(),
	}, err
}

// Start starts the obligation's clock on r for unit; where the pack sets no
// such deadline, nothing starts.
func (b Book) Start(r *aggregate.Root, rec *aggregate.Recorder, pack, obligation, unit string, trigger calendar.Date) error {
	t, ok, err := b.Clock(pack, obligation, trigger)
	if ok {
		r.StartClock(rec, unit, t)
	}
	return err
}

// Resume lets the obligation's paused clock on r go on, counted by the calendar
// in force; a clock that is not paused is left as it is.
func (b Book) Resume(r *aggregate.Root, rec *aggregate.Recorder, obligation string) error {
	_, err := r.ResumeClock(rec, b.Calendar.Current(), obligation)
	return err
}
