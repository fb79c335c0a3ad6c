package calendar

import (
	"database/sql/driver"
	"fmt"
	"time"
	_ "time/tzdata" // Shanghai must load on a host without zone files

	"egov/libs/fault"
)

// Shanghai is the zone of every date and deadline of the suite.
var Shanghai = mustLoad("Asia/Shanghai")

func mustLoad(name string) *time.Location {
	loc, err := time.LoadLocation(name)
	if err != nil {
		panic(err) // unreachable: the zone is embedded
	}
	return loc
}

// ErrDate is the refusal of a text that is no date.
var ErrDate = fault.New(fault.Invalid, "invalid_date", "日期无效，应为YYYY-MM-DD格式的真实日期",
	"not a real date of the form YYYY-MM-DD")

// Date is a civil date of the years 1 to 9999. It is comparable with == and
// usable as a map key. The zero value means "no date": it is the empty string
// in text and JSON, and NULL in a database.
type Date struct{ n int32 } // days since 0001-01-01, plus 1

const (
	maxYear   = 9999
	layout    = "YYYY-MM-DD"
	secPerDay = 24 * 60 * 60
)

// origin is 0000-12-31 in seconds of the Unix epoch, so that day 1 is
// 0001-01-01.
var (
	origin  = time.Date(0, time.December, 31, 0, 0, 0, 0, time.UTC).Unix()
	lastDay = dayNumber(time.Date(maxYear, time.December, 31, 0, 0, 0, 0, time.UTC))
)

func dayNumber(utcMidnight time.Time) int32 {
	return int32((utcMidnight.Unix() - origin) / secPerDay)
}

// NewDate makes a date; a day that its month does not have is ErrDate.
func NewDate(year int, month time.Month, day int) (Date, error) {
	if year < 1 || year > maxYear || month < time.January || month > time.December || day < 1 || day > daysIn(year, month) {
		return Date{}, refuseDate(fmt.Sprintf("%d-%d-%d", year, month, day))
	}
	return civil(year, month, day), nil
}

// MustDate is NewDate for constants of programs and tests; it panics.
func MustDate(year int, month time.Month, day int) Date {
	d, err := NewDate(year, month, day)
	if err != nil {
		panic(err)
	}
	return d
}

// civil trusts its input.
func civil(year int, month time.Month, day int) Date {
	return Date{dayNumber(time.Date(year, month, day, 0, 0, 0, 0, time.UTC))}
}

// ParseDate reads exactly YYYY-MM-DD; anything else is ErrDate.
func ParseDate(s string) (Date, error) {
	if len(s) != len(layout) || s[4] != '-' || s[7] != '-' {
		return Date{}, refuseDate(s)
	}
	num := 0
	parts := [3]int{}
	for i, part := 0, 0; i < len(s); i++ {
		switch c := s[i]; {
		case i == 4 || i == 7:
			parts[part], num = num, 0
			part++
		case c < '0' || c > '9':
			return Date{}, refuseDate(s)
		default:
			num = num*10 + int(c-'0')
		}
	}
	parts[2] = num
	d, err := NewDate(parts[0], time.Month(parts[1]), parts[2])
	if err != nil {
		return Date{}, refuseDate(s)
	}
	return d, nil
}

// refuseDate names the offending text, cut short: it may be anything.
func refuseDate(s string) error {
	if r := []rune(s); len(r) > 32 {
		s = string(r[:32]) + "…"
	}
	return ErrDate.WithViolations(fault.Violation{
		Code: "invalid_date", Msg: fmt.Sprintf("%q不是有效日期", s), MsgEN: fmt.Sprintf("%q is not a real date", s),
	})
}

// DateOf is the civil date in Shanghai at the instant t. A zero t gives the
// zero Date; the years 1 and 9999 are the ends.
func DateOf(t time.Time) Date {
	if t.IsZero() {
		return Date{}
	}
	y, m, d := t.In(Shanghai).Date()
	switch {
	case y < 1:
		return Date{1}
	case y > maxYear:
		return Date{lastDay}
	}
	return civil(y, m, d)
}

// IsZero reports "no date"; encoding/json's omitzero honours it.
func (d Date) IsZero() bool { return d.n == 0 }

func (d Date) utc() time.Time { return time.Unix(origin+int64(d.n)*secPerDay, 0).UTC() }

// Split gives year, month and day of the month; of no date, zeroes.
func (d Date) Split() (year int, month time.Month, day int) {
	if d.IsZero() {
		return 0, 0, 0
	}
	return d.utc().Date()
}

// Year of the date; 0 of no date.
func (d Date) Year() int { y, _, _ := d.Split(); return y }

// yearDay is the year and the day in it, from 0.
func (d Date) yearDay() (year, day int) {
	if d.IsZero() {
		return 0, 0
	}
	t := d.utc()
	return t.Year(), t.YearDay() - 1
}

// Weekday of the date.
func (d Date) Weekday() time.Weekday { return d.utc().Weekday() }

// Before reports whether d is earlier than o.
func (d Date) Before(o Date) bool { return d.n < o.n }

// After reports whether d is later than o.
func (d Date) After(o Date) bool { return d.n > o.n }

// Compare orders dates for slices.SortFunc; no date comes first.
func (d Date) Compare(o Date) int { return int(d.n) - int(o.n) }

// DaysSince counts the calendar days from o to d, negative when o is later.
func (d Date) DaysSince(o Date) int { return int(d.n) - int(o.n) }

// AddDays moves by n calendar days, n of either sign. No date stays no date,
// and the years 1 and 9999 are the ends.
func (d Date) AddDays(n int) Date {
	if d.IsZero() {
		return d
	}
	n = min(max(n, -int(lastDay)), int(lastDay))
	return Date{int32(min(max(int(d.n)+n, 1), int(lastDay)))}
}

// AddMonths moves by n months, n of either sign, to the same day number, or to
// the month's last day where the month is shorter. No date stays no date, and
// the years 1 and 9999 are the ends.
func (d Date) AddMonths(n int) Date {
	if d.IsZero() {
		return d
	}
	const span = maxYear * 12
	y, m, day := d.Split()
	months := y*12 + int(m) - 1 + min(max(n, -span), span)
	switch {
	case months < 12:
		return Date{1}
	case months >= (maxYear+1)*12:
		return Date{lastDay}
	}
	y, m = months/12, time.Month(months%12+1)
	return civil(y, m, min(day, daysIn(y, m)))
}

func daysIn(year int, month time.Month) int {
	return time.Date(year, month+1, 0, 0, 0, 0, 0, time.UTC).Day()
}

// Start is 00:00 of the date in Shanghai.
func (d Date) Start() time.Time {
	if d.IsZero() {
		return time.Time{}
	}
	y, m, day := d.Split()
	return time.Date(y, m, day, 0, 0, 0, 0, Shanghai)
}

// EndOfDay is 24:00 of the date in Shanghai, which is 00:00 of the next day: a
// deadline on d is met by instants before it, and late from it on.
func (d Date) EndOfDay() time.Time {
	if d.IsZero() {
		return time.Time{}
	}
	y, m, day := d.Split()
	return time.Date(y, m, day+1, 0, 0, 0, 0, Shanghai)
}

// String is YYYY-MM-DD, and empty for no date.
func (d Date) String() string {
	if d.IsZero() {
		return ""
	}
	return string(d.append(make([]byte, 0, len(layout))))
}

func (d Date) append(b []byte) []byte {
	y, m, day := d.Split()
	return append(b,
		byte('0'+y/1000), byte('0'+y/100%10), byte('0'+y/10%10), byte('0'+y%10), '-',
		byte('0'+m/10), byte('0'+m%10), '-',
		byte('0'+day/10), byte('0'+day%10))
}

// MarshalText gives String.
func (d Date) MarshalText() ([]byte, error) { return []byte(d.String()), nil }

// UnmarshalText reads YYYY-MM-DD; the empty text is no date, so that a form
// with an empty field meets its own "required" check.
func (d *Date) UnmarshalText(b []byte) error {
	if len(b) == 0 {
		*d = Date{}
		return nil
	}
	v, err := ParseDate(string(b))
	if err == nil {
		*d = v
	}
	return err
}

// Value stores the date as midnight UTC, which a date column takes as it is;
// no date is NULL.
func (d Date) Value() (driver.Value, error) {
	if d.IsZero() {
		return nil, nil
	}
	return d.utc(), nil
}

// Scan reads a date column. A timestamp with a time of day is refused: whose
// date it would be depends on a zone.
func (d *Date) Scan(src any) error {
	switch v := src.(type) {
	case nil:
		*d = Date{}
		return nil
	case string:
		return d.UnmarshalText([]byte(v))
	case []byte:
		return d.UnmarshalText(v)
	case time.Time:
		if h, m, s := v.Clock(); h != 0 || m != 0 || s != 0 || v.Nanosecond() != 0 {
			return fmt.Errorf("calendar: %v is an instant, not a date", v)
		}
		y, m, day := v.Date()
		date, err := NewDate(y, m, day)
		if err == nil {
			*d = date
		}
		return err
	}
	return fmt.Errorf("calendar: cannot read a date from %T", src)
}
