package calendar_test

import (
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"pgregory.net/rapid"

	"egov/libs/calendar"
	"egov/libs/fault"
)

func date(t testing.TB, s string) calendar.Date {
	t.Helper()
	d, err := calendar.ParseDate(s)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func TestDue(t *testing.T) {
	t.Parallel()
	cases := []struct {
		name        string
		from        string
		n           int
		due         string
		provisional bool
		skipped     string // dates without their year, space-separated
	}{
		{"National Day and its make-up Saturday", "2026-09-29", 10, "2026-10-19", false, "10-01 10-02 10-03 10-04 10-05 10-06 10-07 10-11 10-17 10-18"},
		{"over a year's end without a notice", "2026-12-30", 2, "2027-01-04", true, "01-01 01-02 01-03"},
		{"the year's last days do not touch the next year", "2026-12-30", 1, "2026-12-31", false, ""},
		{"no days is the trigger itself, also on a holiday", "2026-10-01", 0, "2026-10-01", false, ""},
		{"trigger on a weekend", "2026-11-21", 1, "2026-11-23", false, "11-22"},
		{"make-up Sunday is day one", "2026-09-19", 1, "2026-09-20", false, ""},
		{"Spring Festival with both make-up Saturdays", "2026-02-13", 2, "2026-02-24", false, "02-15 02-16 02-17 02-18 02-19 02-20 02-21 02-22 02-23"},
		{"holiday moved into December by the next year's notice", "2022-12-30", 1, "2023-01-03", false, "12-31 01-01 01-02"},
		{"only the days of the law in a year without a notice", "2027-09-30", 3, "2027-10-06", true, "10-01 10-02 10-03"},
		{"Spring Festival by law", "2027-02-04", 1, "2027-02-09", true, "02-05 02-06 02-07 02-08"},
		{"leap day", "2028-02-28", 2, "2028-03-01", true, ""},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			r, err := calendar.Statutory().Due(date(t, c.from), c.n)
			if err != nil {
				t.Fatal(err)
			}
			var skipped []string
			for _, s := range r.Skipped {
				skipped = append(skipped, s.Date.String()[5:])
				if s.Reason == "" || s.ReasonEN == "" {
					t.Errorf("%s is skipped without a reason", s.Date)
				}
			}
			if r.Due.String() != c.due || r.Provisional != c.provisional || strings.Join(skipped, " ") != c.skipped {
				t.Fatalf("due %s provisional %v skipped %v", r.Due, r.Provisional, skipped)
			}
		})
	}
}

func TestDueMonths(t *testing.T) {
	t.Parallel()
	cases := []struct {
		name, from string
		n          int
		due        string
	}{
		{"to the end of a short month, and not off a Sunday", "2026-11-30", 3, "2027-02-28"},
		{"leap year", "2027-11-30", 3, "2028-02-29"},
		{"same day number", "2026-08-15", 6, "2027-02-15"},
		{"a year", "2024-02-29", 12, "2025-02-28"},
		{"no months", "2026-01-31", 0, "2026-01-31"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			r, err := calendar.Statutory().DueMonths(date(t, c.from), c.n)
			if err != nil || r.Due.String() != c.due || r.Provisional || len(r.Skipped) != 0 {
				t.Fatalf("%+v %v", r, err)
			}
		})
	}
}

func TestResultJSON(t *testing.T) {
	t.Parallel()
	r, err := calendar.Statutory().Due(date(t, "2026-11-20"), 1)
	if err != nil {
		t.Fatal(err)
	}
	none, err := calendar.Statutory().DueMonths(date(t, "2026-11-30"), 3)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name string
		in   calendar.Result
		want string
	}{
		{"skipped days", r, `{"due":"2026-11-23","provisional":false,"skipped":[` +
			`{"date":"2026-11-21","reason":"周末","reason_en":"weekend"},{"date":"2026-11-22","reason":"周末","reason_en":"weekend"}]}`},
		{"none skipped", none, `{"due":"2027-02-28","provisional":false,"skipped":[]}`},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			got, err := json.Marshal(c.in)
			if err != nil || string(got) != c.want {
				t.Fatalf("%s %v", got, err)
			}
		})
	}
}

func TestRefusals(t *testing.T) {
	t.Parallel()
	c, ok := calendar.Statutory(), date(t, "2026-11-21")
	due := func(r calendar.Result, err error) error { return err }
	days := func(_ int, err error) error { return err }
	day := func(_ calendar.Date, err error) error { return err }
	cases := []struct {
		name   string
		err    error
		fields string
	}{
		{"negative days", due(c.Due(ok, -1)), "working_days"},
		{"absurd days", due(c.Due(ok, calendar.MaxWorkingDays+1)), "working_days"},
		{"past the last year", due(c.Due(date(t, "2100-12-01"), 100)), "working_days"},
		{"no date and negative days at once", due(c.Due(calendar.Date{}, -1)), "from working_days"},
		{"before the first notice", due(c.Due(date(t, "2001-12-31"), 1)), "from"},
		{"negative months", due(c.DueMonths(ok, -1)), "months"},
		{"absurd months", due(c.DueMonths(ok, calendar.MaxMonths+1)), "months"},
		{"months past the last year", due(c.DueMonths(date(t, "2100-12-01"), 1)), "months"},
		{"between no dates", days(c.WorkingDaysBetween(calendar.Date{}, calendar.Date{})), "from to"},
		{"no days before", day(c.WorkingDaysBefore(ok, 0)), "working_days"},
		{"before the first year", day(c.WorkingDaysBefore(date(t, "2002-01-04"), 9)), "working_days"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			f := fault.From(c.err)
			var fields []string
			for _, v := range f.Violations {
				fields = append(fields, v.Field)
				if v.Msg == "" || v.MsgEN == "" {
					t.Errorf("%+v lacks a text", v)
				}
			}
			if f.Kind != fault.Invalid || strings.Join(fields, " ") != c.fields {
				t.Fatalf("%v", c.err)
			}
		})
	}
}

func TestIsWorkday(t *testing.T) {
	t.Parallel()
	cases := []struct {
		day  string
		work bool
		kind calendar.DayKind
		zh   string
	}{
		{"2026-10-01", false, calendar.Holiday, "国庆节"},
		{"2026-10-10", true, calendar.MakeUp, "国庆节调休上班"},
		{"2026-10-11", false, calendar.Weekend, "周末"},
		{"2026-10-12", true, calendar.Weekday, "工作日"},
		{"2020-10-01", false, calendar.Holiday, "国庆节、中秋节"},
		{"2015-09-03", false, calendar.Holiday, "抗战胜利纪念日"},
		{"2028-10-03", false, calendar.Holiday, "国庆节、中秋节"},
		{"1999-10-01", true, calendar.Weekday, "工作日"}, // outside the calendar: the week alone
	}
	for _, c := range cases {
		t.Run(c.day, func(t *testing.T) {
			t.Parallel()
			work, r := calendar.Statutory().IsWorkday(date(t, c.day))
			if work != c.work || r.Kind != c.kind || !strings.HasPrefix(r.Zh, c.zh) && r.Zh != c.zh {
				t.Fatalf("%v %+v", work, r)
			}
		})
	}
}

// TestPublishedYears pins which years the table covers, so that a new release
// of it is noticed. 2001 has make-up days of the notice for 2002, but no
// notice of its own.
func TestPublishedYears(t *testing.T) {
	t.Parallel()
	for y := 2000; y <= calendar.LastYear; y++ {
		if _, got := calendar.Statutory().Notice(y); got != (y >= 2002 && y <= 2026) {
			t.Errorf("%d published: %v", y, got)
		}
	}
}

// TestWorkingDaysOfYears compares with the number of working days that the
// published notices leave: weekdays, less weekdays off, plus make-up days.
func TestWorkingDaysOfYears(t *testing.T) {
	t.Parallel()
	for y, want := range map[int]int{2024: 251, 2025: 248, 2026: 248} {
		got, err := calendar.Statutory().WorkingDaysBetween(
			calendar.MustDate(y-1, time.December, 31), calendar.MustDate(y, time.December, 31))
		if err != nil || got != want {
			t.Errorf("%d has %d working days, want %d (%v)", y, got, want, err)
		}
	}
}

// TestHolidaysByLaw checks the computed festivals of years to come, among them
// 2033, whose leap month misleads naive lunar calendars.
func TestHolidaysByLaw(t *testing.T) {
	t.Parallel()
	cases := []struct{ day, name string }{
		{"2027-02-05", "春节"},
		{"2027-02-06", "春节"},
		{"2027-04-05", "清明节"},
		{"2027-06-09", "端午节"},
		{"2027-09-15", "中秋节"},
		{"2028-01-25", "春节"},
		{"2028-04-04", "清明节"},
		{"2028-05-28", "端午节"},
		{"2033-01-31", "春节"},
		{"2033-09-08", "中秋节"},
		{"2034-02-19", "春节"},
	}
	for _, c := range cases {
		if work, r := calendar.Statutory().IsWorkday(date(t, c.day)); work || r.Zh != c.name {
			t.Errorf("%s: %v %s", c.day, work, r.Zh)
		}
	}
}

// TestEveryYearHasItsFestivals checks that no festival is lost or doubled in any
// year without a notice, also when Mid-Autumn falls into the National Day days.
func TestEveryYearHasItsFestivals(t *testing.T) {
	t.Parallel()
	for y := 2027; y <= calendar.LastYear; y++ {
		off := map[string]int{}
		for d := calendar.MustDate(y, time.January, 1); d.Year() == y; d = d.AddDays(1) {
			if work, r := calendar.Statutory().IsWorkday(d); !work && r.Kind == calendar.Holiday {
				off[r.Zh]++
			}
		}
		both := off["国庆节、中秋节"]
		if off["元旦"] != 1 || off["春节"] != 4 || off["清明节"] != 1 || off["劳动节"] != 2 ||
			off["端午节"] != 1 || off["中秋节"]+both != 1 || off["国庆节"]+both != 3 {
			t.Errorf("%d: %v", y, off)
		}
	}
}

func anyDate(t *rapid.T) calendar.Date {
	return calendar.MustDate(2002, time.January, 1).AddDays(rapid.IntRange(0, 30000).Draw(t, "day"))
}

func TestDueProperties(t *testing.T) {
	t.Parallel()
	c := calendar.Statutory()
	rapid.Check(t, func(t *rapid.T) {
		from, n, m := anyDate(t), rapid.IntRange(1, 300).Draw(t, "n"), rapid.IntRange(0, 300).Draw(t, "m")
		first, err := c.Due(from, n)
		if err != nil {
			t.Fatal(err)
		}
		if work, r := c.IsWorkday(first.Due); !work {
			t.Fatalf("due on %s, %s", first.Due, r.Zh)
		}
		if calendarDays := first.Due.DaysSince(from); calendarDays != n+len(first.Skipped) {
			t.Fatalf("%d calendar days are not %d worked and %d skipped", calendarDays, n, len(first.Skipped))
		}
		then, err := c.Due(first.Due, m)
		if err != nil {
			t.Fatal(err)
		}
		sum, err := c.Due(from, n+m)
		if err != nil {
			t.Fatal(err)
		}
		if then.Due != sum.Due || sum.Due.Before(first.Due) || sum.Provisional != (first.Provisional || then.Provisional) {
			t.Fatalf("%d then %d gives %v, together %v", n, m, then, sum)
		}
		if !slices.Equal(append(first.Skipped, then.Skipped...), sum.Skipped) {
			t.Fatalf("skipped differ")
		}
		for _, count := range []struct {
			from, to calendar.Date
			want     int
		}{{from, sum.Due, n + m}, {sum.Due, from, -n - m}} {
			if got, err := c.WorkingDaysBetween(count.from, count.to); err != nil || got != count.want {
				t.Fatalf("%d working days between %s and %s, want %d (%v)", got, count.from, count.to, count.want, err)
			}
		}
		if back, err := c.WorkingDaysBefore(sum.Due, n+m); err == nil {
			if again, err := c.Due(back, n+m); err != nil || again.Due != sum.Due || back.After(from) {
				t.Fatalf("%d before %s is %s, from %s", n+m, sum.Due, back, from)
			}
		} else if from.Year() > calendar.FirstYear {
			t.Fatal(err)
		}
	})
}

// TestConcurrentFirstUse lays out every year from many goroutines at once; the
// race detector is the judge.
func TestConcurrentFirstUse(t *testing.T) {
	t.Parallel()
	c, err := calendar.New()
	if err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for y := calendar.FirstYear; y <= calendar.LastYear; y++ {
				if work, _ := c.IsWorkday(calendar.MustDate(y, time.October, 1)); work {
					t.Errorf("National Day %d is worked", y)
				}
			}
		})
	}
	wg.Wait()
}

func TestErrorsMatchTheirSentinel(t *testing.T) {
	t.Parallel()
	if _, err := calendar.Statutory().Due(calendar.Date{}, 1); !errors.Is(err, fault.InvalidInput) {
		t.Fatal(err)
	}
	if _, err := calendar.ParseDate("2026-02-30"); !errors.Is(err, calendar.ErrDate) {
		t.Fatal(err)
	}
}

func BenchmarkDue(b *testing.B) {
	c, from := calendar.Statutory(), calendar.MustDate(2026, time.September, 29)
	for b.Loop() {
		if _, err := c.Due(from, 10); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkWorkingDaysBetween(b *testing.B) {
	c, from, to := calendar.Statutory(), calendar.MustDate(2024, time.March, 1), calendar.MustDate(2026, time.September, 29)
	for b.Loop() {
		if _, err := c.WorkingDaysBetween(from, to); err != nil {
			b.Fatal(err)
		}
	}
}
