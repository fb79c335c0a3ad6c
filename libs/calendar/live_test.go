package calendar_test

import (
	"slices"
	"testing"

	"egov/libs/calendar"
	"egov/libs/fault"
)

func TestALiveTableIsReplacedAsAWhole(t *testing.T) {
	t.Parallel()
	var table calendar.Table = calendar.Statutory()
	if table.Current() != calendar.Statutory() {
		t.Fatal("a calendar is a table of itself")
	}
	c, err := calendar.New(parse(t, notice2027))
	if err != nil {
		t.Fatal(err)
	}
	live := calendar.NewLive(calendar.Statutory())
	live.Replace(c)
	if live.Current() != c {
		t.Fatal("the calendar that was put in force is not")
	}
}

func TestMerge(t *testing.T) {
	t.Parallel()
	notice, amendment := parse(t, notice2027), parse(t, amendment2026)
	corrected := notice
	corrected.Notice = "更正通知"
	opposite := amendment
	opposite.Off, opposite.Work = amendment.Work, amendment.Off
	for _, c := range []struct {
		name             string
		files, published []calendar.Override
		number           string // of 2027's notice
		refused          bool
	}{
		{"a published notice takes the place of a file's", []calendar.Override{notice, amendment}, []calendar.Override{corrected}, "更正通知", false},
		{"files hold where nothing is published", []calendar.Override{notice}, []calendar.Override{amendment}, notice.Notice, false},
		{"an order that says the opposite of another is refused", []calendar.Override{amendment}, []calendar.Override{opposite}, "", true},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			got, err := calendar.Merge(c.files, c.published)
			if c.refused {
				if !fault.Is(err, fault.Invalid) {
					t.Fatal(err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if number, ok := got.Notice(2027); !ok || number != c.number {
				t.Fatal(number, ok)
			}
		})
	}
}

func TestTheFingerprintTellsCalendarsApart(t *testing.T) {
	t.Parallel()
	build := func(overrides ...calendar.Override) *calendar.Calendar {
		c, err := calendar.New(overrides...)
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	notice, amendment := parse(t, notice2027), parse(t, amendment2026)
	renumbered := notice
	renumbered.Notice = "另一文号"
	plain, with := calendar.Statutory().Fingerprint(), build(notice).Fingerprint()
	if len(plain) != 16 || plain == with || with == build(notice, amendment).Fingerprint() || plain != build().Fingerprint() {
		t.Fatal(plain, with)
	}
	if with != build(renumbered).Fingerprint() || build(amendment, notice).Fingerprint() != build(notice, amendment).Fingerprint() {
		t.Fatal("what counts no day differently has another fingerprint")
	}
}

func TestDocuments(t *testing.T) {
	t.Parallel()
	c, err := calendar.New(parse(t, notice2027), parse(t, amendment2026))
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		name, from, to string
		want           []string
	}{
		{"within a year", "2026-03-02", "2026-03-20", []string{"示例区政府通知〔2026〕2号"}},
		{"December is also the next notice's", "2026-11-20", "2026-12-10", []string{"示例放假通知〔2026〕1号", "示例区政府通知〔2026〕2号"}},
		{"built-in notices have no number", "2025-03-02", "2025-03-20", nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if got := c.Documents(date(t, tt.from), date(t, tt.to)); !slices.Equal(got, tt.want) {
				t.Fatal(got)
			}
		})
	}
}
