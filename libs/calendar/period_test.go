package calendar_test

import (
	"testing"

	"pgregory.net/rapid"

	"egov/libs/calendar"
	"egov/libs/fault"
)

func span(t testing.TB, from, to string) calendar.Span {
	t.Helper()
	return calendar.Span{From: date(t, from), To: date(t, to)}
}

func TestEnd(t *testing.T) {
	t.Parallel()
	ten := calendar.Period{WorkingDays: 10}
	for _, c := range []struct {
		name        string
		from        string
		p           calendar.Period
		still       []calendar.Span
		due         string
		provisional bool
	}{
		{"without a pause it is Due", "2026-09-29", ten, nil, "2026-10-19", false},
		{"a day's pause costs that working day", "2026-03-02", ten, []calendar.Span{span(t, "2026-03-04", "2026-03-04")}, "2026-03-17", false},
		{"paused over a weekend alone costs nothing", "2026-03-02", ten, []calendar.Span{span(t, "2026-03-07", "2026-03-08")}, "2026-03-16", false},
		{"paused from the day of the trigger", "2026-03-02", ten, []calendar.Span{span(t, "2026-03-02", "2026-03-06")}, "2026-03-20", false},
		{"paused on the last day", "2026-03-02", ten, []calendar.Span{span(t, "2026-03-16", "2026-03-20")}, "2026-03-23", false},
		{"paused after its end", "2026-03-02", ten, []calendar.Span{span(t, "2026-03-17", "2026-03-20")}, "2026-03-16", false},
		{"twice", "2026-03-02", ten, []calendar.Span{span(t, "2026-03-04", "2026-03-04"), span(t, "2026-03-10", "2026-03-11")}, "2026-03-19", false},
		{"into a year without a notice", "2026-12-25", ten, []calendar.Span{span(t, "2026-12-28", "2026-12-31")}, "2027-01-15", true},
		{"counted in a year without a notice before the pause", "2026-12-31", calendar.Period{WorkingDays: 3}, []calendar.Span{span(t, "2027-01-05", "2027-01-05")}, "2027-01-07", true},
		{"months, put off by the days of the pause", "2026-11-30", calendar.Period{Months: 3}, []calendar.Span{span(t, "2026-12-01", "2026-12-10")}, "2027-03-10", false},
		{"months end on the last day of a short month", "2026-11-30", calendar.Period{Months: 3}, nil, "2027-02-28", false},
		{"a pause after the months ended", "2026-01-31", calendar.Period{Months: 1}, []calendar.Span{span(t, "2026-03-01", "2026-03-10")}, "2026-02-28", false},
		{"a day that was set", "2026-03-02", calendar.Period{Until: date(t, "2026-04-04")}, nil, "2026-04-04", false},
		{"a day that was set, put off", "2026-03-02", calendar.Period{Until: date(t, "2026-04-04")}, []calendar.Span{span(t, "2026-04-04", "2026-04-05")}, "2026-04-06", false},
		{"no length at all", "2026-03-02", calendar.Period{}, nil, "2026-03-02", false},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			e, err := calendar.Statutory().End(date(t, c.from), c.p, c.still...)
			if err != nil || e.Due.String() != c.due || e.Provisional != c.provisional {
				t.Fatalf("%s provisional %t, %v", e.Due, e.Provisional, err)
			}
		})
	}
}

func TestPausesInDisorderAreRefused(t *testing.T) {
	t.Parallel()
	for name, still := range map[string][]calendar.Span{
		"before the trigger": {span(t, "2026-03-01", "2026-03-03")},
		"ends first":         {span(t, "2026-03-05", "2026-03-04")},
		"overlap":            {span(t, "2026-03-03", "2026-03-06"), span(t, "2026-03-05", "2026-03-09")},
	} {
		if _, err := calendar.Statutory().End(date(t, "2026-03-02"), calendar.Period{WorkingDays: 10}, still...); !fault.Is(err, fault.Invalid) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestWarnOn(t *testing.T) {
	t.Parallel()
	for n, want := range map[int]string{0: "2026-10-10", 1: "2026-10-09", 3: "2026-09-30"} {
		if got, err := calendar.Statutory().WarnOn(date(t, "2026-10-10"), n); err != nil || got.String() != want {
			t.Errorf("%d: %s %v", n, got, err)
		}
	}
}

func end(t *rapid.T, from calendar.Date, p calendar.Period, still ...calendar.Span) calendar.End {
	t.Helper()
	e, err := calendar.Statutory().End(from, p, still...)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func TestMoreDaysNeverEndEarlier(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		from, n, more := anyDate(t), rapid.IntRange(0, 200).Draw(t, "n"), rapid.IntRange(0, 200).Draw(t, "more")
		still := spans(t, from)
		for _, p := range [][2]calendar.Period{
			{{WorkingDays: n}, {WorkingDays: n + more}},
			{{Months: n / 10}, {Months: (n + more) / 10}},
		} {
			if end(t, from, p[1], still...).Due.Before(end(t, from, p[0], still...).Due) {
				t.Fatalf("%+v ends after %+v", p[0], p[1])
			}
		}
	})
}

// spans draws pauses that follow one another.
func spans(t *rapid.T, from calendar.Date) []calendar.Span {
	var out []calendar.Span
	for range rapid.IntRange(0, 3).Draw(t, "pauses") {
		s := calendar.Span{From: from.AddDays(rapid.IntRange(0, 40).Draw(t, "after"))}
		s.To = s.From.AddDays(rapid.IntRange(0, 40).Draw(t, "length"))
		out, from = append(out, s), s.To
	}
	return out
}

func TestAPauseNeverShortens(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		from := anyDate(t)
		p := rapid.SampledFrom([]calendar.Period{
			{WorkingDays: rapid.IntRange(0, 100).Draw(t, "days")},
			{Months: rapid.IntRange(1, 24).Draw(t, "months")},
			{Until: from.AddDays(rapid.IntRange(0, 200).Draw(t, "until"))},
		}).Draw(t, "period")
		still := spans(t, from)
		for i := range still {
			if end(t, from, p, still[:i+1]...).Due.Before(end(t, from, p, still[:i]...).Due) {
				t.Fatalf("pause %d shortens %+v", i, p)
			}
		}
	})
}
