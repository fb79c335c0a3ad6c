package aggregate

import (
	"slices"
	"strconv"
	"strings"

	"google.golang.org/protobuf/proto"

	"egov/libs/calendar"
	deadlinev1 "egov/proto/gen/egov/deadline/v1"
)

// DeadlineState is where a clock stands.
type DeadlineState string

// The states of a clock. A late deadline whose act came after all keeps the
// state late and gains MetOn. A clock that was moved runs on in one of these
// states; MovedFrom tells it from others.
const (
	Open   DeadlineState = "open"
	Warned DeadlineState = "warned" // open, and the due day is near
	Paused DeadlineState = "paused" // stands still: it is neither warned of nor late
	Met    DeadlineState = "met"
	Late   DeadlineState = "late"
	Waived DeadlineState = "waived"
)

// Deadline is one statutory clock of an aggregate.
type Deadline struct {
	ID         string        `json:"id"`
	Obligation string        `json:"obligation"` // a deadline code of the pack
	Unit       string        `json:"unit"`       // who must act
	TriggerOn  calendar.Date `json:"trigger_on"` // day 0
	DueOn      calendar.Date `json:"due_on"`     // in time until 24:00 of this day, Asia/Shanghai; of a paused clock, the day had it gone on
	WarnOn     calendar.Date `json:"warn_on"`
	State      DeadlineState `json:"state"`
	MetOn      string        `json:"met_on,omitempty"`     // YYYY-MM-DD
	MovedFrom  string        `json:"moved_from,omitempty"` // the due day before it was moved last
	Reason     string        `json:"reason,omitempty"`     // of a move, a pause or a waiver
	// Provisional is true while a year it is counted in has no holiday notice.
	Provisional bool            `json:"provisional"`
	Basis       []string        `json:"basis"`
	Period      calendar.Period `json:"period"`
	WarnBefore  int             `json:"warn_before"`        // working days of notice; 0 = on the due day
	Calendar    string          `json:"calendar,omitempty"` // fingerprint of the calendar it was counted by; empty = no holiday moves it
	Pauses      []Pause         `json:"pauses,omitempty"`
}

// Pause is a time in which a clock stood still, both days included.
type Pause struct {
	From   calendar.Date `json:"from"`
	To     calendar.Date `json:"to,omitzero"` // none while it lasts
	Reason string        `json:"reason"`
}

// Terms are what a pack and the calendar make of one obligation on one day.
type Terms struct {
	Obligation  string
	TriggerOn   calendar.Date
	DueOn       calendar.Date
	WarnOn      calendar.Date
	Provisional bool
	Basis       []string

	// What the days follow from, to count them anew. Without a period the due
	// day was set by somebody; without a calendar no holiday moves it.
	Period     calendar.Period
	WarnBefore int
	Calendar   string
}

func (t Terms) period() calendar.Period {
	if t.Period == (calendar.Period{}) {
		return calendar.Period{Until: t.DueOn}
	}
	return t.Period
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
		Period: t.period(), WarnBefore: t.WarnBefore, Calendar: t.Calendar,
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

// MeetClock records that the act came on the given day; while the clock was
// paused, it came in time. It reports whether a clock was running.
func (r *Root) MeetClock(rec *Recorder, obligation string, on calendar.Date) bool {
	d := r.Running(obligation)
	if d == nil {
		return false
	}
	d.MetOn = on.String()
	if d.State != Paused && on.After(d.DueOn) {
		d.State = Late
		rec.State(r.ProjectID, &deadlinev1.DeadlineFulfilledLate{ProjectId: r.ProjectID, DeadlineId: d.ID, Obligation: obligation, Unit: d.Unit, DueOn: d.DueOn.String(), MetOn: d.MetOn})
		return true
	}
	d.State = Met
	rec.State(r.ProjectID, &deadlinev1.DeadlineMet{ProjectId: r.ProjectID, DeadlineId: d.ID, Obligation: obligation, Unit: d.Unit, DueOn: d.DueOn.String(), MetOn: d.MetOn})
	return true
}

// MoveClock gives a running clock other terms and keeps its due day in
// MovedFrom. It runs again, also when it was late or paused; earlier pauses
// count no more, since whoever sets the new day knows of them.
func (r *Root) MoveClock(rec *Recorder, obligation string, to Terms, reason string) bool {
	d := r.Running(obligation)
	if d == nil {
		return false
	}
	if !to.TriggerOn.IsZero() {
		d.TriggerOn = to.TriggerOn
	}
	d.Period, d.WarnBefore, d.Calendar, d.Pauses = to.period(), to.WarnBefore, to.Calendar, nil
	d.State = Open
	rec.State(r.ProjectID, r.move(d, to.DueOn, to.WarnOn, to.Provisional, reason))
	return true
}

// move puts d to another due day.
func (r *Root) move(d *Deadline, due, warn calendar.Date, provisional bool, reason string) proto.Message {
	d.MovedFrom, d.DueOn, d.WarnOn, d.Provisional, d.Reason = d.DueOn.String(), due, warn, provisional, reason
	return &deadlinev1.DeadlineMoved{
		ProjectId: r.ProjectID, DeadlineId: d.ID, Obligation: d.Obligation, Unit: d.Unit,
		DueOn: d.DueOn.String(), MovedFrom: d.MovedFrom, Reason: reason, TriggerOn: d.TriggerOn.String(), Provisional: provisional,
	}
}

// PauseClock makes a running clock stand still from today on: no day counts
// until it is resumed. A clock that is past its due day is not paused, nor one
// that stands still already. It reports whether a clock was paused.
func (r *Root) PauseClock(rec *Recorder, obligation, reason string) bool {
	d := r.Running(obligation)
	today := rec.Today()
	if d == nil || d.State == Paused || d.State == Late || today.After(d.DueOn) || today.Before(d.TriggerOn) {
		return false
	}
	d.State, d.Reason = Paused, reason
	d.Pauses = append(d.Pauses, Pause{From: today, Reason: reason})
	rec.State(r.ProjectID, &deadlinev1.DeadlinePaused{
		ProjectId: r.ProjectID, DeadlineId: d.ID, Obligation: obligation, Unit: d.Unit,
		DueOn: d.DueOn.String(), PausedOn: today.String(), Reason: reason,
	})
	return true
}

// ResumeClock lets a paused clock go on from the day after today, and puts its
// due day off by what the pause took. It reports whether a clock was paused.
func (r *Root) ResumeClock(rec *Recorder, cal *calendar.Calendar, obligation string) (bool, error) {
	d := r.Running(obligation)
	if d == nil || d.State != Paused {
		return false, nil
	}
	last := &d.Pauses[len(d.Pauses)-1]
	last.To = rec.Today()
	due, warn, provisional, err := d.reckon(cal)
	if err != nil {
		return false, err
	}
	due = maxDate(due, rec.Today())
	before := d.DueOn
	if due != before {
		d.MovedFrom = before.String()
	}
	d.State, d.DueOn, d.WarnOn, d.Provisional = Open, due, warn, provisional
	rec.State(r.ProjectID, &deadlinev1.DeadlineResumed{
		ProjectId: r.ProjectID, DeadlineId: d.ID, Obligation: obligation, Unit: d.Unit, DueOn: due.String(), MovedFrom: before.String(),
		PausedOn: last.From.String(), ResumedOn: last.To.String(), Provisional: provisional,
	})
	return true, nil
}

// PausedSince is the first day on which the clock stands still; no date while
// it runs.
func (d Deadline) PausedSince() calendar.Date {
	if d.State != Paused {
		return calendar.Date{}
	}
	return d.Pauses[len(d.Pauses)-1].From
}

// reckon counts the due day and the day to warn on by cal, and notes which
// calendar that was. All pauses have ended.
func (d *Deadline) reckon(cal *calendar.Calendar) (due, warn calendar.Date, provisional bool, err error) {
	still := make([]calendar.Span, len(d.Pauses))
	for i, p := range d.Pauses {
		still[i] = calendar.Span{From: p.From, To: p.To}
	}
	end, err := cal.End(d.TriggerOn, d.Period, still...)
	if err != nil {
		return due, warn, false, err
	}
	if warn, err = cal.WarnOn(end.Due, d.WarnBefore); err != nil {
		return due, warn, false, err
	}
	if d.Calendar != "" {
		d.Calendar = cal.Fingerprint()
	}
	return end.Due, warn, end.Provisional, nil
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

// Tick puts running clocks to the days that cal counts, warns of those near
// their due day and marks those past it. Doing it twice is doing it once.
func (r *Root) Tick(rec *Recorder, cal *calendar.Calendar) error {
	today := rec.Today()
	for i := range r.Deadlines {
		d := &r.Deadlines[i]
		if d.State != Open && d.State != Warned {
			continue
		}
		if d.Calendar != "" && d.Calendar != cal.Fingerprint() {
			if err := r.redate(rec, d, cal); err != nil {
				return err
			}
		}
		switch {
		case today.After(d.DueOn):
			d.State = Late
			rec.State(r.ProjectID, &deadlinev1.DeadlineMissed{ProjectId: r.ProjectID, DeadlineId: d.ID, Obligation: d.Obligation, Unit: d.Unit, DueOn: d.DueOn.String(), Basis: d.Basis})
		case d.State == Open && !today.Before(d.WarnOn):
			left, err := cal.WorkingDaysBetween(today, d.DueOn)
			if err != nil {
				return err
			}
			d.State = Warned
			rec.State(r.ProjectID, &deadlinev1.DeadlineWarned{ProjectId: r.ProjectID, DeadlineId: d.ID, Obligation: d.Obligation, Unit: d.Unit, DueOn: d.DueOn.String(), WorkingDaysLeft: int32(left)})
		}
	}
	return nil
}

// Watcher is an aggregate that takes note when its own clocks moved on, such as
// by asking somebody to press for what is late.
type Watcher interface {
	// Watched is called after the sweep looked at the clocks, in the same change.
	// Doing it twice is doing it once.
	Watched(rec *Recorder)
}

// Sweep lets an aggregate look at its clocks, and take note of them where it
// watches them.
func Sweep[T any, P Of[T]](t *T, rec *Recorder, cal *calendar.Calendar) error {
	if err := P(t).Base().Tick(rec, cal); err != nil {
		return err
	}
	if w, ok := any(t).(Watcher); ok {
		w.Watched(rec)
	}
	return nil
}

// redated is the reason of a move that no numbered notice explains: the
// built-in table knows a notice that it did not know before.
const redated = "放假安排更新"

// redate counts a running clock's days anew after the holidays changed. A due
// day that would lie in the past becomes today, so that nobody is late for a
// notice that came after the fact.
func (r *Root) redate(rec *Recorder, d *Deadline, cal *calendar.Calendar) error {
	was := d.Provisional
	due, warn, provisional, err := d.reckon(cal)
	if err != nil {
		return err
	}
	today := rec.Today()
	if due.Before(today) && !d.DueOn.Before(today) {
		due = today
	}
	reason := redated
	if numbers := cal.Documents(d.TriggerOn, maxDate(due, d.DueOn)); len(numbers) > 0 {
		reason += "：" + strings.Join(numbers, "、")
	}
	switch {
	case due != d.DueOn:
		d.State = Open // warned of anew, with the new day, when that is near
		rec.State(r.ProjectID, r.move(d, due, warn, provisional, reason))
	case was && !provisional:
		rec.State(r.ProjectID, &deadlinev1.DeadlineConfirmed{
			ProjectId: r.ProjectID, DeadlineId: d.ID, Obligation: d.Obligation, Unit: d.Unit, DueOn: d.DueOn.String(), Reason: reason,
		})
	}
	d.WarnOn, d.Provisional = warn, provisional
	return nil
}

func maxDate(a, b calendar.Date) calendar.Date {
	if a.After(b) {
		return a
	}
	return b
}

// Overdue reports whether a clock of the obligation ran out and the act has
// not come yet.
func (r *Root) Overdue(obligation string) bool {
	d := r.Running(obligation)
	return d != nil && d.State == Late
}

// Running finds the obligation's clock that still waits for its act, also when
// it is paused.
func (r *Root) Running(obligation string) *Deadline {
	i := slices.IndexFunc(r.Deadlines, func(d Deadline) bool {
		return d.Obligation == obligation && d.MetOn == "" && d.State != Met && d.State != Waived
	})
	if i < 0 {
		return nil
	}
	return &r.Deadlines[i]
}
