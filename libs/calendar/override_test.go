package calendar_test

import (
	"errors"
	"os"
	"strings"
	"testing"
	"testing/fstest"

	"egov/libs/calendar"
	"egov/libs/fault"
)

// notice2027 is an invented notice in the manner of the yearly ones.
const notice2027 = `
year: 2027
notice: 示例放假通知〔2026〕1号
off:
  - {name: 元旦, name_en: New Year's Day, from: 2026-12-31, to: 2027-01-02}
  - {name: 春节, name_en: Spring Festival, from: 2027-02-05, to: 2027-02-11}
  - {name: 清明节, name_en: Qingming Festival, from: 2027-04-03, to: 2027-04-05}
  - {name: 劳动节, name_en: Labour Day, from: 2027-05-01, to: 2027-05-05}
  - {name: 端午节, name_en: Dragon Boat Festival, from: 2027-06-09}
  - {name: 中秋节, name_en: Mid-Autumn Festival, from: 2027-09-15}
  - {name: 国庆节, name_en: National Day, from: 2027-10-01, to: 2027-10-07}
work:
  - {name: 元旦, name_en: New Year's Day, from: 2027-01-03}
  - {name: 春节, name_en: Spring Festival, from: 2027-01-30, to: 2027-01-31}
`

const amendment2026 = `
year: 2026
notice: 示例区政府通知〔2026〕2号
kind: amendment
off:
  - {name: 重大活动调休, name_en: "days off for a major event", from: 2026-11-23, to: 2026-11-24}
work:
  - {name: 重大活动, name_en: a major event, from: 2026-11-28, to: 2026-11-29}
`

func parse(t *testing.T, s string) calendar.Override {
	t.Helper()
	o, err := calendar.ParseOverride(strings.NewReader(s))
	if err != nil {
		t.Fatal(err)
	}
	return o
}

func TestNoticeMakesItsYearFinal(t *testing.T) {
	t.Parallel()
	c, err := calendar.New(parse(t, notice2027))
	if err != nil {
		t.Fatal(err)
	}
	// The notice takes 31 December 2026 off and works Sunday 3 January.
	r, err := c.Due(date(t, "2026-12-30"), 2)
	if err != nil || r.Due != date(t, "2027-01-04") || r.Provisional || len(r.Skipped) != 3 {
		t.Fatalf("%+v %v", r, err)
	}
	if work, reason := c.IsWorkday(date(t, "2027-01-31")); !work || reason.Kind != calendar.MakeUp {
		t.Fatalf("%+v", reason)
	}
	if number, ok := c.Notice(2027); !ok || number != "示例放假通知〔2026〕1号" {
		t.Fatal(number, ok)
	}
	if _, ok := calendar.Statutory().Notice(2027); ok {
		t.Fatal("an override changed the shared calendar")
	}
}

func TestNoticeReplacesAPublishedYear(t *testing.T) {
	t.Parallel()
	// The real notice for 2026 works Saturday 10 October; this one does not.
	o := parse(t, `
year: 2026
notice: 更正通知
off:
  - {name: 元旦, name_en: New Year's Day, from: 2026-01-01}
  - {name: 春节, name_en: Spring Festival, from: 2026-02-16, to: 2026-02-20}
  - {name: 清明节, name_en: Qingming Festival, from: 2026-04-05}
  - {name: 劳动节, name_en: Labour Day, from: 2026-05-01, to: 2026-05-02}
  - {name: 端午节, name_en: Dragon Boat Festival, from: 2026-06-19}
  - {name: 中秋节, name_en: Mid-Autumn Festival, from: 2026-09-25}
  - {name: 国庆节, name_en: National Day, from: 2026-10-01, to: 2026-10-03}
`)
	c, err := calendar.New(o)
	if err != nil {
		t.Fatal(err)
	}
	for day, want := range map[string]bool{"2026-10-10": false, "2026-10-05": true, "2026-01-02": true, "2025-10-11": true} {
		if work, reason := c.IsWorkday(date(t, day)); work != want {
			t.Errorf("%s: %v, %s", day, work, reason.En)
		}
	}
}

func TestAmendmentKeepsTheRest(t *testing.T) {
	t.Parallel()
	c, err := calendar.New(parse(t, notice2027), parse(t, amendment2026))
	if err != nil {
		t.Fatal(err)
	}
	r, err := c.Due(date(t, "2026-11-20"), 5)
	if err != nil || r.Due != date(t, "2026-11-29") || len(r.Skipped) != 4 || r.Skipped[2].Reason != "重大活动调休" {
		t.Fatalf("%+v %v", r, err)
	}
	if work, _ := c.IsWorkday(date(t, "2026-10-10")); !work {
		t.Fatal("the notice of the year is gone")
	}
	provisional, err := calendar.New(calendar.Override{
		Year: 2028, Notice: "某通知", Kind: calendar.KindAmendment,
		Off: []calendar.Range{{Name: "调休", NameEN: "day off", From: date(t, "2028-03-01")}},
	})
	if err != nil {
		t.Fatal(err)
	}
	if r, err := provisional.Due(date(t, "2028-02-29"), 1); err != nil || !r.Provisional || r.Due != date(t, "2028-03-02") {
		t.Fatalf("an amendment made its year final: %+v %v", r, err)
	}
}

func TestOverridesThatClash(t *testing.T) {
	t.Parallel()
	notice, amendment := parse(t, notice2027), parse(t, amendment2026)
	opposite := amendment
	opposite.Off, opposite.Work = amendment.Work, amendment.Off
	for name, c := range map[string]struct {
		in   []calendar.Override
		code string
	}{
		"two notices":     {[]calendar.Override{notice, notice}, "duplicate_notice"},
		"contradiction":   {[]calendar.Override{amendment, opposite}, "contradiction"},
		"unchecked input": {[]calendar.Override{{Year: 2027}}, "invalid_override"},
	} {
		_, err := calendar.New(c.in...)
		if f := fault.From(err); f.Kind != fault.Invalid || len(f.Violations) == 0 || f.Violations[0].Code != c.code {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := calendar.New(amendment, amendment); err != nil {
		t.Errorf("the same said twice is no clash: %v", err)
	}
}

func TestOverrideRefusals(t *testing.T) {
	t.Parallel()
	cases := []struct {
		name, in string
		code     string // of the error or of one of its violations
	}{
		{"not YAML", "a: [", "invalid_holiday_file"},
		{"unknown field", notice2027 + "holidays: []\n", "invalid_holiday_file"},
		{"two documents", notice2027 + "---\nyear: 2028\n", "invalid_holiday_file"},
		{"too long", notice2027 + strings.Repeat("#\n", 1<<20), "invalid_holiday_file"},
		{"impossible date", strings.Replace(notice2027, "2027-04-05", "2027-04-31", 1), "invalid_holiday_file"},
		{"empty", "", "invalid_holiday_file"},
		{"no number", strings.Replace(notice2027, "示例放假通知〔2026〕1号", "''", 1), "required"},
		{"year before the calendar", strings.Replace(notice2027, "year: 2027", "year: 1987", 1), "out_of_range"},
		{"another year's days", strings.Replace(notice2027, "year: 2027", "year: 2026", 1), "other_year"},
		{"unknown kind", notice2027 + "kind: rumour\n", "unknown_kind"},
		{"end before start", strings.Replace(notice2027, "to: 2027-10-07", "to: 2027-09-07", 1), "out_of_range"},
		{"no name", strings.Replace(notice2027, "name: 元旦, ", "", 1), "required"},
		{"listed twice", strings.Replace(notice2027, "to: 2027-01-02", "to: 2027-01-03", 1), "duplicate_day"},
		{"a weekday as make-up day", strings.Replace(notice2027, "from: 2027-01-30", "from: 2027-01-29", 1), "already_worked"},
		{"cut short", notice2027[:strings.Index(notice2027, "  - {name: 国庆节")], "lacks_statutory_holiday"},
		{"nothing listed", "year: 2027\nnotice: 某通知\nkind: amendment\n", "required"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			_, err := calendar.ParseOverride(strings.NewReader(c.in))
			f := fault.From(err)
			found := f.Code == c.code
			for _, v := range f.Violations {
				found = found || v.Code == c.code
			}
			if f.Kind != fault.Invalid || !found {
				t.Fatalf("%v", err)
			}
		})
	}
}

func TestLoadOverrides(t *testing.T) {
	t.Parallel()
	dir := fstest.MapFS{
		"holidays/2027.yaml":      {Data: []byte(notice2027)},
		"holidays/2026-area.yaml": {Data: []byte(amendment2026)},
		"holidays/README.md":      {Data: []byte("not a holiday file")},
		"broken/2027.yaml":        {Data: []byte("year: x")},
	}
	got, err := calendar.LoadOverrides(dir, "holidays")
	if err != nil || len(got) != 2 || got[0].Year != 2026 || got[1].Year != 2027 {
		t.Fatalf("%+v %v", got, err)
	}
	if _, err := calendar.LoadOverrides(dir, "broken"); !errors.Is(err, calendar.ErrOverride) || !strings.Contains(err.Error(), "2027.yaml") {
		t.Fatalf("%v", err)
	}
	if _, err := calendar.LoadOverrides(dir, "absent"); !errors.Is(err, os.ErrNotExist) {
		t.Fatalf("%v", err)
	}
}

func FuzzParseOverride(f *testing.F) {
	f.Add(notice2027)
	f.Add(amendment2026)
	f.Add("year: 2027\noff: [{from: 0001-01-01, to: 9999-12-31}]")
	f.Fuzz(func(t *testing.T, s string) {
		o, err := calendar.ParseOverride(strings.NewReader(s))
		if err != nil {
			if fault.From(err).Kind != fault.Invalid {
				t.Fatalf("%v is not a refusal of the input", err)
			}
			return
		}
		if _, err := calendar.New(o); err != nil {
			t.Fatalf("a checked override is refused: %v", err)
		}
	})
}
