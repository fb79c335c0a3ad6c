package planning_test

import (
	"strings"
	"testing"

	"egov/libs/aggregate"
	"egov/libs/calendar"
	"egov/libs/fault/faulttest"
	declarationv1 "egov/proto/gen/egov/declaration/v1"
	"egov/services/declaration/planning"
)

func (w *world) task(id string) planning.Task {
	w.t.Helper()
	t, err := w.Tasks.Get(office(), id)
	w.must(err)
	return t
}

func (w *world) sweep() {
	w.t.Helper()
	cal := calendar.Statutory().Current()
	w.must(w.tasks.Sweep(service(), cal))
	w.must(w.returns.Sweep(service(), cal))
}

// TestKeyWorkIsDividedAndTimed: the tasks of the yearly plan begin when it is in
// force, each with lead, responsible units and the last day of its month or of
// the year (SH16-W); the lead ends a task when all parts are done.
func TestKeyWorkIsDividedAndTimed(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "yangpu")
	p := w.year(
		planning.PlannedTask{Number: "A1-1.1", Title: "接入网上政务大厅", Lead: "gov-office", Responsible: []string{"health", "education"}, Month: 6},
		planning.PlannedTask{Number: "A1-9.2", Title: "完善考核机制", Lead: "finance"},
	)
	june, whole := w.task(p.ID+".A1-1.1"), w.task(p.ID+".A1-9.2")
	if june.DueOn != date("2026-06-30") || whole.DueOn != date("2026-12-31") || june.Running("key_work_milestone") == nil {
		t.Fatalf("%+v %+v", june, whole)
	}
	_, err := w.ReportTask(unit("market"), planning.ReportTask{ID: june.ID, Text: "进展"})
	faulttest.RefusedAs(t, err, planning.ErrNotInTask, "SH16-W")
	_, err = w.CompleteTask(unit("health"), planning.CompleteTask{ID: june.ID, Result: "完成"})
	faulttest.RefusedAs(t, err, planning.ErrNotLead, "SH16-W")
	_, err = w.CompleteTask(office(), planning.CompleteTask{ID: june.ID, Result: "完成"})
	faulttest.RefusedAs(t, err, planning.ErrParts, "SH16-W")
	if !strings.Contains(err.Error(), "health") {
		t.Fatal(err)
	}
	_, err = w.ReportTask(unit("health"), planning.ReportTask{ID: june.ID, Text: "已接入", PartDone: true})
	w.must(err)
	_, err = w.ReportTask(unit("education"), planning.ReportTask{ID: june.ID, Text: "接口联调"})
	w.must(err)
	if june = w.task(june.ID); len(june.Reports) != 2 || len(june.Parts) != 1 {
		t.Fatalf("%+v", june)
	}
	_, err = w.ReportTask(unit("education"), planning.ReportTask{ID: june.ID, Text: "已接入", PartDone: true})
	w.must(err)
	june, err = w.CompleteTask(office(), planning.CompleteTask{ID: june.ID, Result: "全部接入"})
	w.must(err)
	if june.State != "done" || june.Overdue || june.Deadlines[0].State != aggregate.Met || len(june.Todo) != 0 {
		t.Fatalf("%+v", june)
	}
	_, err = w.CompleteTask(office(), planning.CompleteTask{ID: june.ID, Result: "再办"})
	faulttest.RefusedAs(t, err, planning.ErrTaskDone, "SH16-W")
	_, err = w.ReportTask(unit("health"), planning.ReportTask{ID: june.ID, Text: "补报"})
	faulttest.RefusedAs(t, err, planning.ErrTaskDone, "SH16-W")
}

// TestAnOverdueTaskIsSeen: after its last day a task is overdue for its units,
// and the office is asked to press for it (SH16-W).
func TestAnOverdueTaskIsSeen(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "yangpu")
	p := w.year(planning.PlannedTask{Number: "1", Title: "任务", Lead: "finance", Responsible: []string{"health"}, Month: 4})
	id := p.ID + ".1"
	w.set("2026-04-30")
	w.sweep()
	if k := w.task(id); k.Overdue || k.Deadlines[0].State != aggregate.Warned {
		t.Fatalf("%+v", k)
	}
	_, early := w.PressTask(office(), planning.PressTask{ID: id, Text: "请抓紧办理"})
	faulttest.RefusedAs(t, early, planning.ErrNotOverdue, "SH16-W")
	w.set("2026-05-01")
	w.sweep()
	w.sweep()
	k := w.task(id)
	if !k.Overdue || k.Deadlines[0].State != aggregate.Late || !strings.Contains(k.Todo[0].Title, "逾期") || k.Todo[len(k.Todo)-1].Action != "press_work_task" {
		t.Fatalf("%+v", k)
	}
	press := planning.PressTask{ID: id, Text: "请抓紧办理"}
	w.must(press.Validate())
	violates(t, (&planning.PressTask{}).Validate(), "required", "SH16-W")
	_, err := w.PressTask(unit("health"), press)
	faulttest.RefusedAs(t, err, planning.ErrNotOffice, "")
	k, err = w.PressTask(office(), press)
	w.must(err)
	if len(k.Pressed) != 1 || k.Todo[len(k.Todo)-1].Action == "press_work_task" || !w.tasks.Stated(&declarationv1.WorkTaskPressed{}) {
		t.Fatalf("%+v", k)
	}
	n := 0
	for _, f := range w.tasks.Facts() {
		if _, ok := f.Message.(*declarationv1.WorkTaskOverdue); ok {
			n++
		}
	}
	if n != 1 {
		t.Fatalf("said %d times", n)
	}
	_, err = w.ReportTask(unit("health"), planning.ReportTask{ID: id, Text: "完成", PartDone: true})
	w.must(err)
	k, err = w.CompleteTask(unit("finance"), planning.CompleteTask{ID: id, Result: "完成"})
	w.must(err)
	var completed declarationv1.WorkTaskCompleted
	if !w.tasks.Stated(&completed) || !completed.GetLate() || k.Deadlines[0].State != aggregate.Late || k.Deadlines[0].MetOn == "" {
		t.Fatalf("%+v", k)
	}
}

// TestReturnsAreOwedAndFiled: a unit owes its statistics from the day on which
// it registers a system (SH12-36), period after period; what is filed late says
// so, and who does not owe one is refused.
func TestReturnsAreOwedAndFiled(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "shanghai")
	w.must(w.Owe(service(), "SystemRegistered", "education", date("2026-03-02")))
	w.must(w.Owe(service(), "SystemRegistered", "education", date("2026-04-02"))) // another system
	w.must(w.Owe(service(), "GradeDetermined", "health", date("2026-04-02")))     // triggers none
	w.must(w.Owe(service(), "SystemRegistered", "health", date("1999-04-02")))    // under no rules
	all, err := w.Returns.List(office(), aggregate.Query{})
	w.must(err)
	if len(all.Items) != 1 || all.Items[0].Unit != "education" || all.Items[0].To != date("2027-03-02") {
		t.Fatalf("%+v", all.Items)
	}
	id := all.Items[0].ID
	figures := map[string]int64{"systems": 3, "websites": 1, "shared_items": 40, "egov_staff": 2}
	_, err = w.FileReturn(unit("health"), planning.FileReturn{ID: id, Figures: figures})
	faulttest.RefusedAs(t, err, planning.ErrNotOwed, "SH12-36")
	_, err = w.FileReturn(unit("education"), planning.FileReturn{ID: id, Figures: map[string]int64{"systems": 3, "cats": 1}})
	violates(t, err, "required", "SH12-36")
	violates(t, err, "unknown_code", "SH12-36")
	_, err = w.FileReturn(unit("education"), planning.FileReturn{ID: id, Figures: figures})
	faulttest.RefusedAs(t, err, planning.ErrEarly, "SH12-36")

	w.set("2027-02-20")
	x, err := w.FileReturn(unit("education"), planning.FileReturn{ID: id, Figures: figures})
	w.must(err)
	if x.Filings[0].Late || x.From != date("2027-03-02") || x.To != date("2028-03-02") || x.Deadlines[0].State != aggregate.Met {
		t.Fatalf("%+v", x)
	}
	_, err = w.FileReturn(unit("education"), planning.FileReturn{ID: id, Figures: figures})
	faulttest.RefusedAs(t, err, planning.ErrEarly, "SH12-36")
	w.set("2028-03-03")
	w.sweep()
	x, err = w.Returns.Get(office(), id)
	w.must(err)
	if !strings.Contains(x.Todo[0].Title, "催报") || !strings.Contains(x.Todo[1].Title, "逾期") {
		t.Fatalf("%+v", x.Todo)
	}
	press := planning.PressReturn{ID: id, Text: "请即报送"}
	w.must(press.Validate())
	violates(t, (&planning.PressReturn{}).Validate(), "required", "SH12-36")
	_, err = w.PressReturn(unit("education"), press)
	faulttest.RefusedAs(t, err, planning.ErrNotOffice, "")
	x, err = w.PressReturn(office(), press)
	w.must(err)
	if len(x.Pressed) != 1 || x.Todo[0].Action != "file_return" || !w.returns.Stated(&declarationv1.ReturnPressed{}) {
		t.Fatalf("%+v", x)
	}
	x, err = w.FileReturn(unit("education"), planning.FileReturn{ID: id, Figures: figures})
	w.must(err)
	var filed declarationv1.ReturnFiled
	_, err = w.PressReturn(office(), press)
	faulttest.RefusedAs(t, err, planning.ErrNotOverdue, "SH12-36")
	if len(x.Pressed) != 0 || !x.Filings[1].Late || !w.returns.Stated(&filed) || !filed.GetLate() || len(filed.GetFigures()) != 4 || len(x.Todo) != 2 {
		t.Fatalf("%+v", x)
	}
	if x, err = w.OweReturn(office(), planning.OweReturn{Kind: "statistics_return", Unit: "archives", Since: date("2028-01-01")}); err != nil || x.Unit != "archives" {
		t.Fatalf("%+v %v", x, err)
	}
	_, err = w.OweReturn(office(), planning.OweReturn{Kind: "gossip", Unit: "archives", Since: date("2028-01-01")})
	faulttest.RefusedAs(t, err, planning.ErrNoReturns, "SH12-36")
}
