package rules_test

import (
	"testing"

	"egov/libs/aggregate"
	"egov/libs/authn"
	"egov/libs/calendar"
	"egov/libs/fault"
	"egov/libs/policy"
	"egov/libs/rules"
)

func day(s string) calendar.Date {
	d, err := calendar.ParseDate(s)
	if err != nil {
		panic(err)
	}
	return d
}

func book() rules.Book { return rules.Book{Packs: policy.Default(), Calendar: calendar.Statutory()} }

// TestAnAppointedDayWarnsWorkingDaysBefore: three of them in the Yangpu pack,
// none of which is a weekend or a holiday.
func TestAnAppointedDayWarnsWorkingDaysBefore(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, due, warn string }{
		{"within a week", "2026-04-17", "2026-04-14"},
		{"over a weekend", "2026-04-20", "2026-04-15"},
		{"over the National Day holiday and its make-up day", "2026-10-10", "2026-09-30"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			got, err := book().Appointed("yangpu-2023", "rectification", day("2026-04-01"), day(c.due), "YP23-R-5.5.4")
			if err != nil {
				t.Fatal(err)
			}
			if got.DueOn != day(c.due) || got.WarnOn != day(c.warn) || got.TriggerOn != day("2026-04-01") || got.Basis[0] != "YP23-R-5.5.4" {
				t.Errorf("%+v", got)
			}
		})
	}
}

func TestAnAppointedDayBeyondTheCalendarIsRefused(t *testing.T) {
	t.Parallel()
	_, err := book().Appointed("yangpu-2023", "rectification", day("2026-04-01"), day("9999-01-01"))
	if f := fault.From(err); f.Kind != fault.Invalid {
		t.Errorf("%v", err)
	}
}

// TestAClockCanBeCountedAnew: its terms carry the length and the calendar, and
// a pause ends by the calendar in force.
func TestAClockCanBeCountedAnew(t *testing.T) {
	t.Parallel()
	b := book()
	r := &aggregate.Root{ID: "p1", ProjectID: "p1"}
	rec := func(d string) *aggregate.Recorder {
		return aggregate.NewRecorder(authn.Principal{Subject: "a"}, day(d).Start())
	}
	if err := b.Start(r, rec("2026-04-01"), "yangpu-2023", "contract_filing", "education", day("2026-04-01")); err != nil {
		t.Fatal(err)
	}
	d := r.Running("contract_filing")
	if d == nil || d.Period.WorkingDays == 0 || d.WarnBefore == 0 || d.Calendar != calendar.Statutory().Fingerprint() {
		t.Fatalf("%+v", d)
	}
	due := d.DueOn
	if !r.PauseClock(rec("2026-04-02"), "contract_filing", "等待补正材料") {
		t.Fatal("not paused")
	}
	if err := b.Resume(r, rec("2026-04-03"), "contract_filing"); err != nil || !d.DueOn.After(due) || d.State != aggregate.Open {
		t.Fatalf("%+v %v", d, err)
	}
	if err := b.Resume(r, rec("2026-04-03"), "contract_filing"); err != nil || d.State != aggregate.Open {
		t.Fatalf("%+v %v", d, err)
	}
	if err := b.Start(r, rec("2026-04-01"), "yangpu-2023", "doomsday", "education", day("2026-04-01")); err != nil || len(r.Deadlines) != 1 {
		t.Fatalf("%+v %v", r.Deadlines, err)
	}
}
