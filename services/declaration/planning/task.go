package planning

import (
	"context"
	"fmt"
	"slices"
	"time"

	"egov/libs/aggregate"
	"egov/libs/calendar"
	"egov/libs/fault"
	declarationv1 "egov/proto/gen/egov/declaration/v1"
	"egov/services/declaration"
)

// Task is one task of the year's key work, from the day on which its plan came
// into force (SH16-W). The lead unit owns it.
type Task struct {
	aggregate.Root
	PlanID      string        `json:"plan_id"`
	Year        int           `json:"year"`
	Number      string        `json:"number"`
	Title       string        `json:"title"`
	Lead        string        `json:"lead"`
	Responsible []string      `json:"responsible"`
	Month       int           `json:"month"` // 0 = the whole year
	DueOn       calendar.Date `json:"due_on"`
	State       string        `json:"state"`   // open or done
	Overdue     bool          `json:"overdue"` // the last day passed without it
	Parts       []string      `json:"parts"`   // units that have done theirs
	Reports     []Progress    `json:"reports"` // in the order given
	Pressed     []Pressed     `json:"pressed,omitempty"`
	Result      string        `json:"result,omitempty"`
	DoneOn      string        `json:"done_on,omitempty"`
}

// The states of a task. stable: they stand in stored tasks.
const (
	open = "open"
	done = "done"
)

// Progress is one unit's report on its part of a task.
type Progress struct {
	Unit     string `json:"unit"`
	Text     string `json:"text"`
	PartDone bool   `json:"part_done"`
	By       string `json:"by"`
	On       string `json:"on"`
}

// lastDay is the last day of a month of the year, or of the year.
func lastDay(year, month int) calendar.Date {
	if month == 0 {
		month = 12
	}
	return calendar.MustDate(year, time.Month(month), 1).AddMonths(1).AddDays(-1)
}

// open begins the tasks of a plan that came into force, each with its clock to
// the last day of its month or year.
func (s *Service) open(ctx context.Context, p Plan) error {
	pack, err := s.Rules.Of(p.Pack)
	if err != nil {
		return err
	}
	work := pack.Office().KeyWork
	for _, x := range p.Tasks {
		_, err := s.Tasks.Create(ctx, p.ID+"."+x.Number, func(t *Task, rec *aggregate.Recorder) error {
			t.ProjectID, t.PlanID, t.Year, t.Number, t.Title, t.Lead, t.Responsible, t.Month = t.ID, p.ID, p.FromYear, x.Number, x.Title, x.Lead, x.Responsible, x.Month
			t.State, t.Parts, t.Reports, t.DueOn = open, []string{}, []Progress{}, lastDay(p.FromYear, x.Month)
			t.Parties = nil
			t.Own(x.Lead)
			t.Share(append([]string{declaration.Office}, x.Responsible...)...)
			rec.State(t.ID, &declarationv1.WorkTaskSet{
				TaskId: t.ID, PlanId: p.ID, Number: t.Number, Title: t.Title, Lead: t.Lead, Responsible: t.Responsible, DueOn: t.DueOn.String(), Basis: work.Basis,
			})
			if work.Obligation != "" {
				terms, err := s.Rules.Appointed(p.Pack, work.Obligation, minDate(rec.Today(), t.DueOn), t.DueOn, work.Basis...)
				if err != nil {
					return err
				}
				t.StartClock(rec, t.Lead, terms)
			}
			t.remind()
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

func minDate(a, b calendar.Date) calendar.Date {
	if a.Before(b) {
		return a
	}
	return b
}

// remind asks the units whose part is open to report, the lead to end the task
// when the parts are done, and the office to press for one that is overdue.
func (t *Task) remind() {
	when := t.DueOn.String() + "前完成"
	if t.Overdue {
		when = "已逾期，应于" + when
	}
	var list []aggregate.Todo
	ask := func(unit, action, what string) {
		for _, role := range []string{"declarer", "member"} {
			list = append(list, todo(action, role, unit, fmt.Sprintf("年度重点工作%s（%s）：%s", t.Number, when, what+t.Title)))
		}
	}
	for _, u := range t.waiting() {
		ask(u, "report_work_task", "")
	}
	if len(t.waiting()) == 0 {
		ask(t.Lead, "complete_work_task", "各责任单位已完成，请办结 ")
	} else {
		ask(t.Lead, "report_work_task", "牵头 ")
	}
	if t.Overdue && len(t.Pressed) == 0 {
		list = append(list, todo("press_work_task", "secretary", declaration.Office, fmt.Sprintf("督办年度重点工作%s（%s，牵头单位%s）：%s", t.Number, when, t.Lead, t.Title)))
	}
	t.Await(list...)
}

// waiting are the responsible units whose part is open.
func (t *Task) waiting() []string {
	return slices.DeleteFunc(slices.Clone(t.Responsible), func(u string) bool { return has(t.Parts, u) })
}

// Watched notes that the last day passed without the task: it is overdue, which
// the units and the office see in their inbox (SH16-W).
func (t *Task) Watched(rec *aggregate.Recorder) {
	if t.State != open || t.Overdue || !rec.Today().After(t.DueOn) {
		return
	}
	t.Overdue = true
	t.remind()
	rec.State(t.ID, &declarationv1.WorkTaskOverdue{TaskId: t.ID, Lead: t.Lead, DueOn: t.DueOn.String()})
}

// ReportTask is one unit's report on its part of a task.
type ReportTask struct {
	ID       string `path:"id" json:"-"`
	Text     string `json:"text" required:"true"`
	PartDone bool   `json:"part_done"` // the unit's part is done
}

// Validate wants the report.
func (r *ReportTask) Validate() error {
	var c fault.Checks
	c.Text(r.Text, "text", 10_000, "SH16-W")
	return c.Err()
}

// ReportTask records progress of the lead or of a responsible unit (SH16-W).
func (s *Service) ReportTask(ctx context.Context, r ReportTask) (Task, error) {
	return s.Tasks.Update(ctx, r.ID, func(t *Task, rec *aggregate.Recorder) error {
		unit := rec.By().Unit
		if unit != t.Lead && !has(t.Responsible, unit) {
			return ErrNotInTask
		}
		if t.State != open {
			return ErrTaskDone
		}
		t.Reports = append(t.Reports, Progress{Unit: unit, Text: r.Text, PartDone: r.PartDone, By: rec.By().Actor(), On: rec.Today().String()})
		if r.PartDone && unit != t.Lead && !has(t.Parts, unit) {
			t.Parts = append(t.Parts, unit)
		}
		t.remind()
		rec.State(t.ID, &declarationv1.WorkTaskProgressed{TaskId: t.ID, Unit: unit, Text: r.Text, PartDone: r.PartDone})
		return nil
	})
}

// PressTask is the office's word to the units of a task that is overdue.
type PressTask struct {
	ID   string `path:"id" json:"-"`
	Text string `json:"text" required:"true"`
}

// Validate wants the word.
func (r *PressTask) Validate() error {
	var c fault.Checks
	c.Text(r.Text, "text", 2000, "SH16-W")
	return c.Err()
}

// PressTask records that the office pressed for a task whose last day has
// passed (SH16-W).
func (s *Service) PressTask(ctx context.Context, r PressTask) (Task, error) {
	return s.Tasks.Update(ctx, r.ID, func(t *Task, rec *aggregate.Recorder) error {
		if err := byOffice(rec.By()); err != nil {
			return err
		}
		if t.State != open || !t.Overdue {
			return ErrNotOverdue.WithBasis("SH16-W")
		}
		t.Pressed = append(t.Pressed, Pressed{Text: r.Text, By: rec.By().Actor(), On: rec.Today().String()})
		t.remind()
		rec.State(t.ID, &declarationv1.WorkTaskPressed{TaskId: t.ID, Lead: t.Lead, Text: r.Text})
		return nil
	})
}

// CompleteTask ends a task with its result.
type CompleteTask struct {
	ID     string `path:"id" json:"-"`
	Result string `json:"result" required:"true"`
}

// Validate wants the result.
func (r *CompleteTask) Validate() error {
	var c fault.Checks
	c.Text(r.Result, "result", 10_000, "SH16-W")
	return c.Err()
}

// CompleteTask ends a task: by its lead unit, when the responsible units have
// done their parts (SH16-W). A task ended after its last day stays late.
func (s *Service) CompleteTask(ctx context.Context, r CompleteTask) (Task, error) {
	return s.Tasks.Update(ctx, r.ID, func(t *Task, rec *aggregate.Recorder) error {
		if rec.By().Unit != t.Lead {
			return ErrNotLead
		}
		if t.State != open {
			return ErrTaskDone
		}
		if w := t.waiting(); len(w) > 0 {
			return ErrParts.WithMsg("尚有责任单位未完成本单位任务："+joined(w), "parts are open at: "+joined(w))
		}
		late := rec.Today().After(t.DueOn)
		t.State, t.Result, t.DoneOn, t.Overdue = done, r.Result, rec.Today().String(), late
		for _, d := range t.Deadlines {
			t.MeetClock(rec, d.Obligation, rec.Today())
		}
		t.Await()
		rec.State(t.ID, &declarationv1.WorkTaskCompleted{TaskId: t.ID, Lead: t.Lead, Result: r.Result, Late: late})
		return nil
	})
}
