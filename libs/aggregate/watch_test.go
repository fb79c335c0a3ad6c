package aggregate_test

import (
	"testing"

	"egov/libs/aggregate"
	"egov/libs/calendar"
)

// watched is an aggregate that takes note when its clock ran out.
type watched struct {
	aggregate.Root
	Noted int
}

func (w *watched) Watched(*aggregate.Recorder) {
	if w.Overdue("report") && w.Noted == 0 {
		w.Noted++
	}
}

func TestTheSweepLetsAnAggregateTakeNote(t *testing.T) {
	t.Parallel()
	cal := calendar.Statutory().Current()
	w := &watched{}
	w.ID, w.ProjectID = "a", "a"
	start := on("2026-03-02")
	due := calendar.MustDate(2026, 3, 10)
	w.StartClock(start, "education", aggregate.Terms{Obligation: "report", TriggerOn: start.Today(), DueOn: due, WarnOn: due})
	for _, day := range []string{"2026-03-10", "2026-03-11", "2026-03-12"} {
		if err := aggregate.Sweep(w, on(day), cal); err != nil {
			t.Fatal(err)
		}
		if late := day != "2026-03-10"; (w.Noted == 1) != late {
			t.Fatalf("%s: noted %d times", day, w.Noted)
		}
	}
}
