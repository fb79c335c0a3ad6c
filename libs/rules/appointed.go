package rules

import (
	"errors"

	"egov/libs/aggregate"
	"egov/libs/calendar"
	"egov/libs/fault"
	typev1 "egov/proto/gen/egov/type/v1"
)

// warnParam is the figure of a pack that says how many working days before a
// day that somebody set a warning comes.
const warnParam = "warn_working_days"

// Appointed gives the terms of an obligation whose last day somebody set, such
// as a rectification. A pack without a figure for the warning warns on the day
// itself.
func (b Book) Appointed(pack, obligation string, trigger, due calendar.Date, basis ...string) (aggregate.Terms, error) {
	t := aggregate.Terms{Obligation: obligation, TriggerOn: trigger, DueOn: due, WarnOn: due, Basis: basis}
	p, err := b.Of(pack)
	if err != nil {
		return t, err
	}
	if notice := p.Param(warnParam); notice != nil {
		t.WarnOn, err = b.Calendar.WorkingDaysBefore(due, int(notice.At(trigger)))
	}
	return t, err
}

// Missing lists what a gate still waits for, for a caller that refuses for
// reasons of its own as well and names all of them together.
func (b Book) Missing(p *typev1.ProjectBrief, gate string, has Has) ([]fault.Violation, error) {
	err := b.Gate(p, gate, has)
	if errors.Is(err, ErrGate) {
		return fault.From(err).Violations, nil
	}
	return nil, err
}
