package calendar_test

import (
	"encoding/json"
	"errors"
	"testing"
	"time"

	"pgregory.net/rapid"

	"egov/libs/calendar"
	"egov/libs/fault"
)

func TestParseDate(t *testing.T) {
	t.Parallel()
	cases := []struct {
		name, in string
		ok       bool
	}{
		{"ordinary", "2026-11-21", true},
		{"leap day", "2028-02-29", true},
		{"first", "0001-01-01", true},
		{"last", "9999-12-31", true},
		{"no leap day", "2027-02-29", false},
		{"century without leap day", "2100-02-29", false},
		{"month 13", "2026-13-01", false},
		{"day 0", "2026-01-00", false},
		{"year 0", "0000-01-01", false},
		{"short", "2026-1-1", false},
		{"slashes", "2026/01/01", false},
		{"sign", "+026-01-01", false},
		{"time behind", "2026-01-01T00:00:00Z", false},
		{"full-width digits", "２０２６-01", false},
		{"empty", "", false},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			d, err := calendar.ParseDate(c.in)
			if c.ok && (err != nil || d.String() != c.in) {
				t.Fatalf("%s %v", d, err)
			}
			if f := fault.From(err); !c.ok && (!errors.Is(err, calendar.ErrDate) || len(f.Violations) != 1 || !d.IsZero()) {
				t.Fatalf("%s %v", d, err)
			}
		})
	}
}

func FuzzParseDate(f *testing.F) {
	for _, s := range []string{"2026-11-21", "2028-02-29", "0000-00-00", "9999-12-31", "2026-1-01", "二〇二六年"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		d, err := calendar.ParseDate(s)
		ref, refErr := time.Parse(time.DateOnly, s)
		if refErr == nil && ref.Year() == 0 {
			refErr = errors.New("year 0")
		}
		if (err == nil) != (refErr == nil) {
			t.Fatalf("%q: %v, package time says %v", s, err, refErr)
		}
		if err == nil && (d.String() != s || d.Weekday() != ref.Weekday()) {
			t.Fatalf("%q became %s", s, d)
		}
	})
}

func TestDateArithmetic(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		d := calendar.MustDate(1, time.January, 1).AddDays(rapid.IntRange(0, 3652058).Draw(t, "day"))
		n := rapid.IntRange(-4000000, 4000000).Draw(t, "n")
		y, m, day := d.Split()
		ref := time.Date(y, m, day, 0, 0, 0, 0, time.UTC)
		if got := d.AddDays(n); got.DaysSince(d) == n {
			if want := ref.AddDate(0, 0, n).Format(time.DateOnly); got.String() != want {
				t.Fatalf("%s + %d = %s, want %s", d, n, got, want)
			}
		} else if got != calendar.MustDate(1, time.January, 1) && got != calendar.MustDate(9999, time.December, 31) {
			t.Fatalf("%s + %d stopped at %s", d, n, got)
		}
		months := rapid.IntRange(-2000, 2000).Draw(t, "months")
		if moved := d.AddMonths(months); moved.Year() > 1 && moved.Year() < 9999 {
			my, mm, md := moved.Split()
			if (my*12+int(mm))-(y*12+int(m)) != months || md > day || md < day && moved.AddDays(1).String()[8:] != "01" {
				t.Fatalf("%s + %d months = %s", d, months, moved)
			}
		}
		if d.Before(d.AddDays(n)) != (d.AddDays(n).DaysSince(d) > 0) || d.After(d) || d.Compare(d) != 0 {
			t.Fatalf("order of %s and %d days later", d, n)
		}
	})
}

func TestZeroDateStaysNoDate(t *testing.T) {
	t.Parallel()
	var none calendar.Date
	if none.AddDays(5) != none || none.AddMonths(5) != none || none.String() != "" || none.Year() != 0 ||
		!none.Start().IsZero() || !none.EndOfDay().IsZero() || calendar.DateOf(time.Time{}) != none {
		t.Fatal("no date became one")
	}
	if none == calendar.MustDate(1, time.January, 1) {
		t.Fatal("no date equals the first")
	}
}

func TestDateJSON(t *testing.T) {
	t.Parallel()
	type form struct {
		On   calendar.Date            `json:"on"`
		Left calendar.Date            `json:"left,omitzero"`
		By   map[calendar.Date]string `json:"by,omitempty"`
	}
	var f form
	in := `{"on":"2026-11-21","by":{"2026-12-01":"x"}}`
	if err := json.Unmarshal([]byte(in), &f); err != nil {
		t.Fatal(err)
	}
	if out, err := json.Marshal(f); err != nil || string(out) != in {
		t.Fatalf("%s %v", out, err)
	}
	if err := json.Unmarshal([]byte(`{"on":""}`), &f); err != nil || !f.On.IsZero() {
		t.Fatalf("%v %v", f.On, err)
	}
	if err := json.Unmarshal([]byte(`{"on":"2026-02-30"}`), &f); !errors.Is(err, calendar.ErrDate) {
		t.Fatalf("a bad date is %v", err)
	}
}

func TestDateInDatabase(t *testing.T) {
	t.Parallel()
	want := calendar.MustDate(2026, time.November, 21)
	v, err := want.Value()
	if err != nil {
		t.Fatal(err)
	}
	for name, src := range map[string]any{"own value": v, "text": "2026-11-21", "bytes": []byte("2026-11-21")} {
		var got calendar.Date
		if err := got.Scan(src); err != nil || got != want {
			t.Errorf("%s: %s %v", name, got, err)
		}
	}
	got := want
	if v, err := (calendar.Date{}).Value(); v != nil || err != nil || got.Scan(nil) != nil || !got.IsZero() {
		t.Error("no date is not NULL")
	}
	for name, src := range map[string]any{"an instant": time.Date(2026, 11, 21, 20, 0, 0, 0, time.UTC), "a number": 7} {
		if got.Scan(src) == nil {
			t.Errorf("%s was read as %s", name, got)
		}
	}
}

func TestDayBoundsInShanghai(t *testing.T) {
	t.Parallel()
	d := calendar.MustDate(2026, time.October, 19)
	end := d.EndOfDay()
	if got := end.Format(time.RFC3339); got != "2026-10-20T00:00:00+08:00" {
		t.Fatalf("the day ends %s", got)
	}
	for name, c := range map[string]struct {
		at   time.Time
		want calendar.Date
	}{
		"first instant":               {d.Start(), d},
		"last instant":                {end.Add(-time.Nanosecond), d},
		"24:00":                       {end, d.AddDays(1)},
		"evening before in UTC":       {time.Date(2026, 10, 18, 16, 0, 0, 0, time.UTC), d},
		"a host in another time zone": {time.Date(2026, 10, 19, 12, 0, 0, 0, time.FixedZone("", -11*3600)), d.AddDays(1)},
	} {
		if got := calendar.DateOf(c.at); got != c.want {
			t.Errorf("%s: %s", name, got)
		}
	}
	// Clocks went forward in Shanghai that night; the day is still one day.
	summer := calendar.MustDate(1986, time.May, 4)
	if calendar.DateOf(summer.Start()) != summer || calendar.DateOf(summer.EndOfDay()) != summer.AddDays(1) {
		t.Errorf("%s runs from %s to %s", summer, summer.Start(), summer.EndOfDay())
	}
}
