package aggregate_test

import (
	"slices"
	"testing"
	"time"

	"egov/libs/aggregate"
	"egov/libs/authn"
	"egov/libs/calendar"
	deadlinev1 "egov/proto/gen/egov/deadline/v1"
)

func day(s string) calendar.Date {
	d, err := calendar.ParseDate(s)
	if err != nil {
		panic(err)
	}
	return d
}

func on(s string) *aggregate.Recorder {
	return aggregate.NewRecorder(authn.Principal{Subject: "a"}, day(s).Start().Add(10*time.Hour))
}

func started(t *testing.T) *aggregate.Root {
	t.Helper()
	r := &aggregate.Root{ID: "p1", ProjectID: "p1"}
	r.StartClock(on("2026-03-02"), "education", aggregate.Terms{Obligation: "contract_filing", TriggerOn: day("2026-03-02"), DueOn: day("2026-03-16"), WarnOn: day("2026-03-11"), Basis: []string{"YP23-R-5.5.2"}})
	return r
}

func TestClock(t *testing.T) {
	t.Parallel()
	cal := calendar.Statutory()
	for _, tt := range []struct {
		name  string
		act   func(*aggregate.Root, *aggregate.Recorder) error
		at    string
		state aggregate.DeadlineState
		fact  any
	}{
		{"MetOnTheLastDay", func(r *aggregate.Root, rec *aggregate.Recorder) error {
			r.MeetClock(rec, "contract_filing", rec.Today())
			return nil
		}, "2026-03-16", aggregate.Met, &deadlinev1.DeadlineMet{}},
		{"LateTheDayAfter", func(r *aggregate.Root, rec *aggregate.Recorder) error {
			r.MeetClock(rec, "contract_filing", rec.Today())
			return nil
		}, "2026-03-17", aggregate.Late, &deadlinev1.DeadlineFulfilledLate{}},
		{"NotWarnedBeforeItsDay", func(r *aggregate.Root, rec *aggregate.Recorder) error { return r.Tick(rec, cal) }, "2026-03-10", aggregate.Open, nil},
		{"Warned", func(r *aggregate.Root, rec *aggregate.Recorder) error { return r.Tick(rec, cal) }, "2026-03-11", aggregate.Warned, &deadlinev1.DeadlineWarned{}},
		{"NotMissedOnTheLastDay", func(r *aggregate.Root, rec *aggregate.Recorder) error { return r.Tick(rec, cal) }, "2026-03-16", aggregate.Warned, &deadlinev1.DeadlineWarned{}},
		{"Missed", func(r *aggregate.Root, rec *aggregate.Recorder) error { return r.Tick(rec, cal) }, "2026-03-17", aggregate.Late, &deadlinev1.DeadlineMissed{}},
		{"Waived", func(r *aggregate.Root, rec *aggregate.Recorder) error {
			r.WaiveClock(rec, "contract_filing", "stopped")
			return nil
		}, "2026-03-10", aggregate.Waived, &deadlinev1.DeadlineWaived{}},
		{"Moved", func(r *aggregate.Root, rec *aggregate.Recorder) error {
			r.MoveClock(rec, "contract_filing", aggregate.Terms{DueOn: day("2026-04-01")}, "deferral filed")
			return nil
		}, "2026-03-10", aggregate.Open, &deadlinev1.DeadlineMoved{}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			r, rec := started(t), on(tt.at)
			if err := tt.act(r, rec); err != nil {
				t.Fatal(err)
			}
			facts := rec.Facts()
			if r.Deadlines[0].State != tt.state || (tt.fact == nil) != (len(facts) == 0) {
				t.Fatalf("%+v %v", r.Deadlines[0], facts)
			}
			if tt.fact != nil && len(facts) != 1 {
				t.Fatalf("%v", facts)
			}
		})
	}
}

func TestAMissedClockIsStillMetLate(t *testing.T) {
	t.Parallel()
	r := started(t)
	if err := r.Tick(on("2026-03-20"), calendar.Statutory()); err != nil || !r.Overdue("contract_filing") {
		t.Fatal(err, r.Deadlines)
	}
	rec := on("2026-03-23")
	if !r.MeetClock(rec, "contract_filing", rec.Today()) || r.Overdue("contract_filing") || r.Deadlines[0].MetOn != "2026-03-23" {
		t.Fatalf("%+v", r.Deadlines)
	}
	if r.MeetClock(rec, "contract_filing", rec.Today()) {
		t.Fatal("a clock is met once")
	}
}

func TestOneClockAnObligation(t *testing.T) {
	t.Parallel()
	r := started(t)
	rec := on("2026-03-03")
	r.StartClock(rec, "education", aggregate.Terms{Obligation: "contract_filing", TriggerOn: day("2026-03-03"), DueOn: day("2026-03-17")})
	if len(r.Deadlines) != 1 || len(rec.Facts()) != 0 {
		t.Fatalf("%+v", r.Deadlines)
	}
}

func TestPartiesAreASet(t *testing.T) {
	t.Parallel()
	var r aggregate.Root
	r.Own("education")
	r.Share("finance", "", "education", "finance")
	if r.Unit != "education" || !slices.Equal(r.Parties, []string{"education", "finance"}) {
		t.Fatal(r.Parties)
	}
}
