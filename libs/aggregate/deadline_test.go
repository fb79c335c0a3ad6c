package aggregate_test

import (
	"reflect"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"
	"pgregory.net/rapid"

	"egov/libs/aggregate"
	"egov/libs/authn"
	"egov/libs/calendar"
	deadlinev1 "egov/proto/gen/egov/deadline/v1"
)

const obligation = "contract_filing"

// district is an order that takes three days of March 2026 off and works the
// Sunday after.
func district(t testing.TB) *calendar.Calendar {
	t.Helper()
	c, err := calendar.New(calendar.Override{
		Year: 2026, Notice: "示例区政府通知〔2026〕3号", Kind: calendar.KindAmendment,
		Off:  []calendar.Range{{Name: "调休", NameEN: "days off", From: day("2026-03-09"), To: day("2026-03-11")}},
		Work: []calendar.Range{{Name: "调休", NameEN: "days off", From: day("2026-03-15")}},
	})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// ten starts a clock of ten working days by the calendar, on the day.
func ten(t testing.TB, cal *calendar.Calendar, trigger string) *aggregate.Root {
	t.Helper()
	r := &aggregate.Root{ID: "p1", ProjectID: "p1"}
	start(t, r, cal, trigger, calendar.Period{WorkingDays: 10})
	return r
}

func start(t testing.TB, r *aggregate.Root, cal *calendar.Calendar, trigger string, p calendar.Period) {
	t.Helper()
	end, err := cal.End(day(trigger), p)
	if err != nil {
		t.Fatal(err)
	}
	warn, err := cal.WarnOn(end.Due, 3)
	if err != nil {
		t.Fatal(err)
	}
	r.StartClock(on(trigger), "education", aggregate.Terms{
		Obligation: obligation, TriggerOn: day(trigger), DueOn: end.Due, WarnOn: warn, Provisional: end.Provisional,
		Period: p, WarnBefore: 3, Calendar: cal.Fingerprint(),
	})
}

func tick(t testing.TB, r *aggregate.Root, at string, cal *calendar.Calendar) []proto.Message {
	t.Helper()
	rec := on(at)
	if err := r.Tick(rec, cal); err != nil {
		t.Fatal(err)
	}
	var out []proto.Message
	for _, f := range rec.Facts() {
		out = append(out, f.Message)
	}
	return out
}

func TestANoticeMovesOpenClocks(t *testing.T) {
	t.Parallel()
	r := ten(t, calendar.Statutory(), "2026-03-02")
	if d := r.Deadlines[0]; d.DueOn != day("2026-03-16") || d.WarnOn != day("2026-03-11") {
		t.Fatalf("%+v", d)
	}
	facts := tick(t, r, "2026-03-05", district(t))
	d := r.Deadlines[0]
	if d.DueOn != day("2026-03-18") || d.WarnOn != day("2026-03-15") || d.MovedFrom != "2026-03-16" || d.State != aggregate.Open {
		t.Fatalf("%+v", d)
	}
	moved, ok := facts[0].(*deadlinev1.DeadlineMoved)
	if !ok || len(facts) != 1 || moved.GetMovedFrom() != "2026-03-16" || moved.GetDueOn() != "2026-03-18" || moved.GetReason() != "放假安排更新：示例区政府通知〔2026〕3号" {
		t.Fatalf("%v", facts)
	}
	if again := tick(t, r, "2026-03-05", district(t)); len(again) != 0 {
		t.Fatalf("counted anew twice: %v", again)
	}
}

func TestAWarnedClockThatIsPutOffIsWarnedOfAgain(t *testing.T) {
	t.Parallel()
	r := ten(t, calendar.Statutory(), "2026-03-02")
	tick(t, r, "2026-03-12", calendar.Statutory())
	if facts := tick(t, r, "2026-03-12", district(t)); len(facts) != 1 || r.Deadlines[0].State != aggregate.Open {
		t.Fatalf("%v %+v", facts, r.Deadlines)
	}
	if facts := tick(t, r, "2026-03-15", district(t)); len(facts) != 1 || r.Deadlines[0].State != aggregate.Warned {
		t.Fatalf("%v %+v", facts, r.Deadlines)
	}
}

func TestNobodyIsLateForANoticeThatComesAfterTheFact(t *testing.T) {
	t.Parallel()
	r := ten(t, district(t), "2026-03-02")
	if r.Deadlines[0].DueOn != day("2026-03-18") {
		t.Fatalf("%+v", r.Deadlines)
	}
	tick(t, r, "2026-03-17", calendar.Statutory()) // the order is withdrawn: due on the 16th
	if d := r.Deadlines[0]; d.DueOn != day("2026-03-17") || d.State != aggregate.Warned || d.MovedFrom != "2026-03-18" {
		t.Fatalf("%+v", d)
	}
	tick(t, r, "2026-03-18", calendar.Statutory())
	if d := r.Deadlines[0]; d.State != aggregate.Late {
		t.Fatalf("%+v", d)
	}
}

func TestANoticeConfirmsAProvisionalDay(t *testing.T) {
	t.Parallel()
	r := ten(t, calendar.Statutory(), "2027-03-01")
	if !r.Deadlines[0].Provisional {
		t.Fatalf("%+v", r.Deadlines)
	}
	published, err := calendar.New(calendar.Override{Year: 2027, Notice: "示例放假通知〔2026〕1号", Off: []calendar.Range{
		{Name: "元旦", NameEN: "New Year's Day", From: day("2027-01-01")},
		{Name: "春节", NameEN: "Spring Festival", From: day("2027-02-05"), To: day("2027-02-11")},
		{Name: "清明节", NameEN: "Qingming", From: day("2027-04-05")},
		{Name: "劳动节", NameEN: "Labour Day", From: day("2027-05-01"), To: day("2027-05-02")},
		{Name: "端午节", NameEN: "Dragon Boat", From: day("2027-06-09")},
		{Name: "中秋节", NameEN: "Mid-Autumn", From: day("2027-09-15")},
		{Name: "国庆节", NameEN: "National Day", From: day("2027-10-01"), To: day("2027-10-03")},
	}})
	if err != nil {
		t.Fatal(err)
	}
	facts := tick(t, r, "2027-03-02", published)
	if len(facts) != 1 || r.Deadlines[0].Provisional || r.Deadlines[0].MovedFrom != "" {
		t.Fatalf("%v %+v", facts, r.Deadlines)
	}
	if c, ok := facts[0].(*deadlinev1.DeadlineConfirmed); !ok || c.GetDueOn() != r.Deadlines[0].DueOn.String() || c.GetReason() == "" {
		t.Fatalf("%v", facts)
	}
}

func TestWhatNoHolidayMoves(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name string
		root func(t *testing.T) *aggregate.Root
	}{
		{"TermsWithoutACalendar", func(t *testing.T) *aggregate.Root { return started(t) }},
		{"ADayThatWasSet", func(t *testing.T) *aggregate.Root {
			r := &aggregate.Root{ID: "p1", ProjectID: "p1"}
			start(t, r, calendar.Statutory(), "2026-03-02", calendar.Period{Until: day("2026-03-16")})
			return r
		}},
		{"Months", func(t *testing.T) *aggregate.Root {
			r := &aggregate.Root{ID: "p1", ProjectID: "p1"}
			start(t, r, calendar.Statutory(), "2026-02-16", calendar.Period{Months: 1})
			return r
		}},
		{"ALateClock", func(t *testing.T) *aggregate.Root {
			r := ten(t, calendar.Statutory(), "2026-02-02")
			tick(t, r, "2026-03-04", calendar.Statutory())
			return r
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			r := tt.root(t)
			due := r.Deadlines[0].DueOn
			if facts := tick(t, r, "2026-03-05", district(t)); len(facts) != 0 || r.Deadlines[0].DueOn != due {
				t.Fatalf("%v %+v", facts, r.Deadlines)
			}
		})
	}
}

func TestAPausedClockStandsStill(t *testing.T) {
	t.Parallel()
	cal := calendar.Statutory()
	r := ten(t, cal, "2026-03-02")
	if !r.PauseClock(on("2026-03-04"), obligation, "等待补正材料") || r.PauseClock(on("2026-03-05"), obligation, "again") {
		t.Fatalf("%+v", r.Deadlines)
	}
	if d := r.Running(obligation); d == nil || d.PausedSince() != day("2026-03-04") || d.Reason != "等待补正材料" {
		t.Fatalf("%+v", d)
	}
	if facts := tick(t, r, "2026-04-01", district(t)); len(facts) != 0 {
		t.Fatalf("a paused clock was looked at: %v", facts)
	}
	rec := on("2026-04-01")
	if ok, err := r.ResumeClock(rec, cal, obligation); err != nil || !ok {
		t.Fatal(ok, err)
	}
	// Day 1 was 3 March; nine more days follow 1 April, past Qingming.
	d := r.Deadlines[0]
	if d.State != aggregate.Open || d.DueOn != day("2026-04-15") || d.MovedFrom != "2026-03-16" || !d.PausedSince().IsZero() {
		t.Fatalf("%+v", d)
	}
	f, ok := rec.Facts()[0].Message.(*deadlinev1.DeadlineResumed)
	if !ok || f.GetPausedOn() != "2026-03-04" || f.GetResumedOn() != "2026-04-01" || f.GetMovedFrom() != "2026-03-16" {
		t.Fatalf("%v", rec.Facts())
	}
	if ok, err := r.ResumeClock(rec, cal, obligation); ok || err != nil {
		t.Fatal("resumed twice")
	}
	if facts := tick(t, r, "2026-04-10", cal); len(facts) != 1 || d.DueOn != r.Deadlines[0].DueOn {
		t.Fatalf("%v", facts)
	}
}

func TestAPauseSurvivesANotice(t *testing.T) {
	t.Parallel()
	r := ten(t, calendar.Statutory(), "2026-03-02")
	r.PauseClock(on("2026-03-04"), obligation, "补正")
	if _, err := r.ResumeClock(on("2026-03-05"), calendar.Statutory(), obligation); err != nil {
		t.Fatal(err)
	}
	if r.Deadlines[0].DueOn != day("2026-03-18") {
		t.Fatalf("%+v", r.Deadlines)
	}
	tick(t, r, "2026-03-06", district(t))
	if d := r.Deadlines[0]; d.DueOn != day("2026-03-20") || d.MovedFrom != "2026-03-18" {
		t.Fatalf("%+v", d)
	}
}

func TestWhatAPausedClockMayStillMeet(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name  string
		act   func(*aggregate.Root, *aggregate.Recorder)
		state aggregate.DeadlineState
	}{
		{"TheAct", func(r *aggregate.Root, rec *aggregate.Recorder) { r.MeetClock(rec, obligation, rec.Today()) }, aggregate.Met},
		{"AWaiver", func(r *aggregate.Root, rec *aggregate.Recorder) { r.WaiveClock(rec, obligation, "停止") }, aggregate.Waived},
		{"AMove", func(r *aggregate.Root, rec *aggregate.Recorder) {
			r.MoveClock(rec, obligation, aggregate.Terms{DueOn: day("2026-06-01")}, "延期")
		}, aggregate.Open},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			r := ten(t, calendar.Statutory(), "2026-03-02")
			r.PauseClock(on("2026-03-04"), obligation, "补正")
			rec := on("2026-05-06")
			tt.act(r, rec)
			if d := r.Deadlines[0]; d.State != tt.state || len(rec.Facts()) != 1 {
				t.Fatalf("%+v %v", d, rec.Facts())
			}
		})
	}
}

func TestALateClockIsNotPaused(t *testing.T) {
	t.Parallel()
	r := ten(t, calendar.Statutory(), "2026-03-02")
	if r.PauseClock(on("2026-03-17"), obligation, "too late") {
		t.Fatal("paused after its due day")
	}
	tick(t, r, "2026-03-17", calendar.Statutory())
	if r.PauseClock(on("2026-03-17"), obligation, "too late") {
		t.Fatal("paused while late")
	}
}

// orders draws a calendar with days off and worked by a district's order.
func orders(t *rapid.T, label string) *calendar.Calendar {
	o := calendar.Override{Year: 2026, Notice: "示例", Kind: calendar.KindAmendment}
	seen := map[calendar.Date]bool{}
	for i := range rapid.IntRange(1, 8).Draw(t, label) {
		d := day("2026-01-01").AddDays(rapid.IntRange(0, 364).Draw(t, "day"))
		if seen[d] {
			continue
		}
		seen[d] = true
		r := []calendar.Range{{Name: "调休", NameEN: "days off", From: d}}
		if i%2 == 0 {
			o.Off = append(o.Off, r...)
		} else {
			o.Work = append(o.Work, r...)
		}
	}
	c, err := calendar.New(o)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// TestCountingAnewIsIdempotent: under one calendar a clock is moved once, and
// it ends where a clock with the same pauses, counted from the start, ends.
func TestCountingAnewIsIdempotent(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		at := func(d calendar.Date) *aggregate.Recorder {
			return aggregate.NewRecorder(authn.Principal{Subject: "a"}, d.Start().Add(10*time.Hour))
		}
		trigger := day("2026-01-01").AddDays(rapid.IntRange(0, 250).Draw(t, "trigger"))
		period := calendar.Period{WorkingDays: rapid.IntRange(5, 40).Draw(t, "days")}
		cal := orders(t, "first")
		end, err := cal.End(trigger, period)
		if err != nil {
			t.Fatal(err)
		}
		r := &aggregate.Root{ID: "p1", ProjectID: "p1"}
		r.StartClock(at(trigger), "education", aggregate.Terms{
			Obligation: obligation, TriggerOn: trigger, DueOn: end.Due, WarnOn: end.Due, Period: period, Calendar: cal.Fingerprint(),
		})
		today := trigger.AddDays(rapid.IntRange(0, 5).Draw(t, "paused"))
		var still []calendar.Span
		before := r.Deadlines[0].DueOn
		if rapid.Bool().Draw(t, "pause") && r.PauseClock(at(today), obligation, "x") {
			still = append(still, calendar.Span{From: today, To: today.AddDays(rapid.IntRange(0, 30).Draw(t, "for"))})
			today = still[0].To
			if _, err := r.ResumeClock(at(today), cal, obligation); err != nil {
				t.Fatal(err)
			}
		}
		if r.Deadlines[0].DueOn.Before(before) {
			t.Fatalf("the pause shortened the period from %s to %s", before, r.Deadlines[0].DueOn)
		}
		cal = orders(t, "second")
		if err := r.Tick(at(today), cal); err != nil {
			t.Fatal(err)
		}
		want, err := cal.End(trigger, period, still...)
		if err != nil {
			t.Fatal(err)
		}
		once := r.Deadlines[0]
		if due := want.Due; once.DueOn != due && (!due.Before(today) || once.DueOn != today) {
			t.Fatalf("due %s, counted from the start %s", once.DueOn, due)
		}
		rec := at(today)
		if err := r.Tick(rec, cal); err != nil || len(rec.Facts()) != 0 || !reflect.DeepEqual(once, r.Deadlines[0]) {
			t.Fatalf("twice is not once: %v %v %+v", err, rec.Facts(), r.Deadlines[0])
		}
	})
}
