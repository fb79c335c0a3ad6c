package aggregate

import (
	"slices"
	"strconv"

	"egov/libs/calendar"
	deadlinev1 "egov/proto/gen/egov/deadline/v1"
)

// DeadlineState is where a clock stands.
type DeadlineState string

// The states of a clock. A late deadline whose act came after all keeps the
// state late and gains MetOn.
const (
	Open   DeadlineState = "open"
	Met    DeadlineState = "met"
	Late   DeadlineState = "late"
	Waived DeadlineState = "waived"
	Moved  DeadlineState = "moved"
)

// Deadline is one statutory clock of an aggregate.
type Deadline struct {
	ID         string        `json:"id"`
	Obligation string        `json:"obligation"` // a deadline code of the pack
	Unit       string        `json:"unit"`       // who must act
	TriggerOn  calendar.Date `json:"trigger_on"` // day 0
	DueOn      calendar.Date `json:"due_on"`     // in time until 24:00 of this day, Asia/Shanghai
	WarnOn     calendar.Date `json:"warn_on"`
	Warned     bool          `json:"warned"`
	State      DeadlineState `json:"state"`
	MetOn      string        `json:"met_on,omitempty"`     // YYYY-MM-DD
	MovedFrom  string        `json:"moved_from,omitempty"` // the due day before it was moved
	Reason     string        `json:"reason,omitempty"`     // of a move or waiver
	// Provisional is true while the due year's holiday notice is not published.
	Provisional bool     `json:"provisional"`
	Basis       []string `json:"basis"`
}

// Terms are what a pack and the calendar make of one obligation on one day.
type Terms struct {
	Obligation  string
	TriggerOn   calendar.Date
	DueOn       calendar.Date
	WarnOn      calendar.Date
	Provisional bool
	Basis       []string
}

// StartClock starts a clock that unit must act on. An obligation whose clock
// runs already keeps it: the trigger happened once.
func (r *Root) StartClock(rec *Recorder, unit string, t Terms) {
	if r.Running(t.Obligation) != nil {
		return
	}
	d := Deadline{
		ID: r.clockID(t), Obligation: t.Obligation, Unit: unit,
		TriggerOn: t.TriggerOn, DueOn: t.DueOn, WarnOn: t.WarnOn, State: Open, Provisional: t.Provisional, Basis: t.Basis,
	}
	r.Deadlines = append(r.Deadlines, d)
	rec.State(r.ProjectID, &deadlinev1.DeadlineSet{
		ProjectId: r.ProjectID, DeadlineId: d.ID, Obligation: d.Obligation, Unit: unit,
		TriggerOn: d.TriggerOn.String(), DueOn: d.DueOn.String(), Provisional: d.Provisional, Basis: d.Basis,
	})
}

// clockID names a clock; one that begins on the day of an earlier one of the
// same obligation is numbered.
func (r *Root) clockID(t Terms) string {
	id := r.ID + "/" + t.Obligation + "/" + t.TriggerOn.String()
	same := 0
	for _, d := range r.Deadlines {
		if d.Obligation == t.Obligation && d.TriggerOn == t.TriggerOn {
			same++
		}
	}
	if same > 0 {
		id += "/" + strconv.Itoa(same+1)
	}
	return id
}

// MeetClock records that the act came on the given day. It reports whether a
// clock was running.
func (r *Root) MeetClock(rec *Recorder, obligation string, on calendar.Date) bool {
	d := r.Running(obligation)
	if d == nil {
		return false
	}
	d.MetOn = on.String()
	if on.After(d.DueOn) {
		d.State = Late
		rec.State(r.ProjectID, &deadlinev1.DeadlineFulfilledLate{ProjectId: r.ProjectID, DeadlineId: d.ID, Obligation: obligation, Unit: d.Unit, DueOn: d.DueOn.String(), MetOn: d.MetOn})
		return true
	}
	d.State = Met
	rec.State(r.ProjectID, &deadlinev1.DeadlineMet{ProjectId: r.ProjectID, DeadlineId: d.ID, Obligation: obligation, Unit: d.Unit, DueOn: d.DueOn.String(), MetOn: d.MetOn})
	return true
}

// MoveClock gives a running clock another due day and keeps the old one.
func (r *Root) MoveClock(rec *Recorder, obligation string, to Terms, reason string) bool {
	d := r.Running(obligation)
	if d == nil {
		return false
	}
	d.MovedFrom, d.DueOn, d.WarnOn, d.Provisional, d.Reason, d.Warned, d.State = d.DueOn.String(), to.DueOn, to.WarnOn, to.Provisional, reason, false, Open
	rec.State(r.ProjectID, &deadlinev1.DeadlineMoved{ProjectId: r.ProjectID, DeadlineId: d.ID, Obligation: obligation, Unit: d.Unit, DueOn: d.DueOn.String(), MovedFrom: d.MovedFrom, Reason: reason})
	return true
}

// WaiveClock records that the act is no longer owed.
func (r *Root) WaiveClock(rec *Recorder, obligation, reason string) bool {
	d := r.Running(obligation)
	if d == nil {
		return false
	}
	d.State, d.Reason = Waived, reason
	rec.State(r.ProjectID, &deadlinev1.DeadlineWaived{ProjectId: r.ProjectID, DeadlineId: d.ID, Obligation: obligation, Unit: d.Unit, Reason: reason})
	return true
}

// Tick warns of clocks near their due day and marks those past it.
func (r *Root) Tick(rec *Recorder, cal *calendar.Calendar) error {
	today := rec.Today()
	for i := range r.Deadlines {
		d := &r.Deadlines[i]
		if d.State != Open {
			continue
		}
		switch {
		case today.After(d.DueOn):
			d.State = Late
			rec.State(r.ProjectID, &deadlinev1.DeadlineMissed{ProjectId: r.ProjectID, DeadlineId: d.ID, Obligation: d.Obligation, Unit: d.Unit, DueOn: d.DueOn.String(), Basis: d.Basis})
		case !d.Warned && !today.Before(d.WarnOn):
			left, err := cal.WorkingDaysBetween(today, d.DueOn)
			if err != nil {
				return err
			}
			d.Warned = true
			rec.State(r.ProjectID, &deadlinev1.DeadlineWarned{ProjectId: r.ProjectID, DeadlineId: d.ID, Obligation: d.Obligation, Unit: d.Unit, DueOn: d.DueOn.String(), WorkingDaysLeft: int32(left)})
		}
	}
	return nil
}

// Overdue reports whether a clock of the obligation ran out and the act has
// not come yet.
func (r *Root) Overdue(obligation string) bool {
	d := r.Running(obligation)
	return d != nil && d.State == Late
}

// Running finds the obligation's clock that still waits for its act.
func (r *Root) Running(obligation string) *Deadline {
	i := slices.IndexFunc(r.Deadlines, func(d Deadline) bool {
		return d.Obligation == obligation && d.MetOn == "" && (d.State == Open || d.State == Late)
	})
	if i < 0 {
		return nil
	}
	return &r.Deadlines[i]
}
