package correction_test

import (
	"slices"
	"strings"
	"testing"

	"egov/libs/aggregate"
	"egov/libs/aggregate/aggregatetest"
	"egov/libs/calendar"
	"egov/libs/correction"
	"egov/libs/fault"
	"egov/libs/fault/faulttest"
)

type thing struct {
	aggregate.Root
	correction.Order
}

var (
	day        = aggregatetest.Day
	unit       = aggregatetest.As("edu.declarer", "education", "declarer")
	errRefused = fault.New(fault.Refused, "order_refused", "不能责令整改", "cannot be ordered", "YP23-M-30")
	clock      = correction.Clock{Obligation: "correction", Refusal: errRefused, Appoint: func(today, by calendar.Date) (aggregate.Terms, error) {
		return aggregate.Terms{Obligation: "correction", TriggerOn: today, DueOn: by, WarnOn: by}, nil
	}}
)

// ordered is a thing that is to be put right by 20 March, on a clock.
func ordered(t *testing.T) (*aggregatetest.Repository[thing, *thing], *calendar.Manual, func(func(*thing, *aggregate.Recorder) error) (thing, error)) {
	t.Helper()
	now := calendar.NewManual(aggregatetest.Morning("2026-03-02"))
	rows := aggregatetest.New[thing, *thing](now)
	if _, err := rows.Create(unit, "1", func(x *thing, rec *aggregate.Recorder) error {
		x.ProjectID, x.CorrectBy = x.ID, "2026-03-20"
		x.Await(aggregate.Todo{Action: "report"})
		return clock.Start(x.Base(), rec, day(x.CorrectBy))
	}); err != nil {
		t.Fatal(err)
	}
	return rows, now, func(change func(*thing, *aggregate.Recorder) error) (thing, error) {
		return rows.Update(unit, "1", change)
	}
}

func finding(done bool, by string) correction.Finding {
	f := correction.Finding{Done: &done, Opinion: "已核实"}
	if by != "" {
		f.CorrectBy = day(by)
	}
	return f
}

// TestAReportThatDoesMeetsTheClockOnItsDay: the days until the answer are not
// the unit's.
func TestAReportThatDoesMeetsTheClockOnItsDay(t *testing.T) {
	t.Parallel()
	rows, now, change := ordered(t)
	now.Set(aggregatetest.Morning("2026-03-20"))
	if _, err := change(func(x *thing, rec *aggregate.Recorder) error {
		x.Report(rec, correction.Statement{Text: "已整改"})
		if got := x.Authors(); !slices.Equal(got, []string{"edu.declarer"}) {
			t.Errorf("authors %v", got)
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	now.Set(aggregatetest.Morning("2026-04-20"))
	if err := rows.Sweep(unit, calendar.Statutory()); err != nil {
		t.Fatal(err)
	}
	x, err := change(func(x *thing, rec *aggregate.Recorder) error {
		return x.Answer(x.Base(), rec, clock, finding(true, ""))
	})
	if err != nil {
		t.Fatal(err)
	}
	if k := aggregatetest.Clock(t, x.Root, "correction"); k.State != aggregate.Met || k.MetOn != "2026-03-20" || len(x.Todo) != 0 || !x.Reports[0].Done || x.Reports[0].Opinion != "已核实" {
		t.Errorf("%+v %+v", k, x)
	}
}

// TestAReportThatDoesNotDoMovesTheClock, to a day that is still to come.
func TestAReportThatDoesNotDoMovesTheClock(t *testing.T) {
	t.Parallel()
	_, _, change := ordered(t)
	answer := func(by string) (thing, error) {
		return change(func(x *thing, rec *aggregate.Recorder) error {
			x.Report(rec, correction.Statement{Text: "已整改"})
			return x.Answer(x.Base(), rec, clock, finding(false, by))
		})
	}
	_, err := answer("2026-03-02")
	faulttest.RefusedOn(t, err, "YP23-M-30", "order_refused", "in_past")
	x, err := answer("2026-04-10")
	if err != nil {
		t.Fatal(err)
	}
	if k := aggregatetest.Clock(t, x.Root, "correction"); k.DueOn != day("2026-04-10") || k.MovedFrom != "2026-03-20" || x.CorrectBy != "2026-04-10" || len(x.Reports) != 1 || x.Reports[0].Done {
		t.Errorf("%+v %+v", k, x)
	}
}

// TestRequestsAreToldWhatIsMissing, on the provision of the duty.
func TestRequestsAreToldWhatIsMissing(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name  string
		check func(provision string) error
		want  []string
	}{
		{"no report", (&correction.Statement{}).Check, []string{"required"}},
		{"a report too long", (&correction.Statement{Text: strings.Repeat("字", 5001)}).Check, []string{"too_long"}},
		{"no answer", (&correction.Finding{}).Check, []string{"required", "required"}},
		{"done, and another day", new(finding(true, "2026-04-10")).Check, []string{"required"}},
		{"not done, and no day", new(finding(false, "")).Check, []string{"required"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			faulttest.Refused(t, c.check("SH16-D-23"), "invalid_input", c.want...)
		})
	}
	if err := new(finding(false, "2026-04-10")).Check("SH16-D-23"); err != nil {
		t.Error(err)
	}
}
