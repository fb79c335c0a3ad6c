// Package calendar tells the time and counts days the way the regulations do:
// civil dates of Asia/Shanghai, statutory working days with their make-up
// workdays, due dates, and periods that stand still for a while.
//
// Day 1 of a period is the day after its trigger, and a period ends at 24:00
// of its last day. Working days follow the yearly holiday notices known to
// 6tail/lunar-go, corrected and extended by [Override] files. A year without a
// notice is counted with its weekends and the holidays fixed by law, and every
// result that touches it is marked provisional. A [Calendar] never changes; what
// follows the notices counts by the one that a [Table] has in force.
//
// The package holds no period of any rule: the callers bring the number of
// days or months. It does not schedule anything either.
package calendar

import (
	"fmt"
	"sync/atomic"
	"time"

	"egov/libs/fault"
)

// The bounds of what a Calendar answers for. The first year is the first one
// whose holiday notice lunar-go holds.
const (
	FirstYear = 2002
	LastYear  = 2100

	// MaxWorkingDays bounds one period counted in working days.
	MaxWorkingDays = 5000
	// MaxMonths bounds one period counted in months.
	MaxMonths = 600
)

// Calendar answers for working days. It is immutable and safe for concurrent
// use; each year is laid out once, when it is first asked for.
type Calendar struct {
	src   *source
	years [LastYear - FirstYear + 1]atomic.Pointer[year]
}

var statutory = mustNew()

// Statutory is the calendar of the published notices alone, without a
// district's overrides.
func Statutory() *Calendar { return statutory }

func mustNew() *Calendar {
	c, err := New()
	if err != nil {
		panic(err) // unreachable: only overrides can be refused
	}
	return c
}

// New lays overrides over the published notices. Overrides of different years
// and kinds are independent; two notices for one year, or two overrides that
// say the opposite of one day, are refused with every clash named.
func New(overrides ...Override) (*Calendar, error) {
	src, err := newSource(overrides)
	if err != nil {
		return nil, err
	}
	return &Calendar{src: src}, nil
}

// Reason says why a day is worked or not.
type Reason struct {
	Kind DayKind
	Zh   string // Chinese, e.g. "国庆节"
	En   string // English, e.g. "National Day"
}

// DayKind classes days.
type DayKind string

// The kinds of day. stable: they appear in answers of services.
const (
	Weekday DayKind = "weekday" // an ordinary working day
	MakeUp  DayKind = "make_up" // a weekend day worked by notice
	Weekend DayKind = "weekend" // an ordinary Saturday or Sunday
	Holiday DayKind = "holiday" // a day off by notice, by override or by law
)

// IsWorkday reports whether d is a working day, and why. Outside
// [FirstYear, LastYear] only the weekend is known and decides.
func (c *Calendar) IsWorkday(d Date) (bool, Reason) {
	y, yd := d.yearDay()
	if y < FirstYear || y > LastYear {
		day := weekDay(d)
		return day.work, day.reason
	}
	day := c.year(y).days[yd]
	return day.work, day.reason
}

// Notice names the holiday notice in force for a year. published is false
// while there is none: results for that year are provisional. The number is
// empty for notices that come with lunar-go, which keeps no numbers.
func (c *Calendar) Notice(year int) (number string, published bool) {
	n, ok := c.src.notices[year]
	return n, ok
}

// Result is a due date and how it came about. Its JSON form is that of
// `egov due`.
type Result struct {
	Due         Date      `json:"due"` // the period ends at 24:00 of this day
	Provisional bool      `json:"provisional"`
	Skipped     []Skipped `json:"skipped"` // in order; never nil
}

// Skipped is one day of a period that is not worked.
type Skipped struct {
	Date     Date   `json:"date"`
	Reason   string `json:"reason"`    // Chinese
	ReasonEN string `json:"reason_en"` // English
}

// Due is the last day of a period of n working days that begins the day after
// from. n is in [0, MaxWorkingDays]; with 0 the due date is from itself,
// whatever day it is. The result is provisional when the period touches a year
// whose notice is not known. A notice may also move a day or two of the
// December before it; that December alone makes no result provisional.
func (c *Calendar) Due(from Date, n int) (Result, error) {
	var check fault.Checks
	inRange(&check, from, "from")
	bounded(&check, n, 0, MaxWorkingDays, "working_days")
	if err := check.Err(); err != nil {
		return Result{}, err
	}
	r := Result{Due: from, Skipped: make([]Skipped, 0, n/2+9)}
	y, yd := from.yearDay()
	cur := c.year(y)
	for n > 0 {
		r.Due = r.Due.AddDays(1)
		if yd++; yd == len(cur.days) {
			if y, yd = y+1, 0; y > LastYear {
				return Result{}, beyond("working_days")
			}
			cur = c.year(y)
		}
		r.Provisional = r.Provisional || !cur.published
		if day := &cur.days[yd]; day.work {
			n--
		} else {
			r.Skipped = append(r.Skipped, Skipped{r.Due, day.reason.Zh, day.reason.En})
		}
	}
	return r, nil
}

// DueMonths is the last day of a period of n months from the trigger: the same
// day number, or the month's last day. It is not moved off a holiday, so no
// notice can change it and it is never provisional. n is in [0, MaxMonths].
func (c *Calendar) DueMonths(from Date, n int) (Result, error) {
	var check fault.Checks
	inRange(&check, from, "from")
	bounded(&check, n, 0, MaxMonths, "months")
	if err := check.Err(); err != nil {
		return Result{}, err
	}
	due := from.AddMonths(n)
	if due.Year() > LastYear {
		return Result{}, beyond("months")
	}
	return Result{Due: due, Skipped: []Skipped{}}, nil
}

// WorkingDaysBetween counts the working days after from up to and including
// to, so that it undoes Due. It is negative when to lies before from.
func (c *Calendar) WorkingDaysBetween(from, to Date) (int, error) {
	var check fault.Checks
	inRange(&check, from, "from")
	inRange(&check, to, "to")
	if err := check.Err(); err != nil {
		return 0, err
	}
	if to.Before(from) {
		return -c.countWork(to, from), nil
	}
	return c.countWork(from, to), nil
}

// countWork counts the working days in (from, to], with from not after to.
func (c *Calendar) countWork(from, to Date) int {
	y, yd := from.yearDay()
	last, lastDay := to.yearDay()
	n := -c.year(y).workedTo(yd)
	for ; y < last; y++ {
		cur := c.year(y)
		n += cur.workedTo(len(cur.days) - 1)
	}
	return n + c.year(last).workedTo(lastDay)
}

// WorkingDaysBefore is the n-th working day before due: the day to warn on
// when n working days of notice are wanted. n is in [1, MaxWorkingDays].
func (c *Calendar) WorkingDaysBefore(due Date, n int) (Date, error) {
	var check fault.Checks
	inRange(&check, due, "due")
	bounded(&check, n, 1, MaxWorkingDays, "working_days")
	if err := check.Err(); err != nil {
		return Date{}, err
	}
	d := due
	for n > 0 {
		d = d.AddDays(-1)
		y, yd := d.yearDay()
		if y < FirstYear {
			return Date{}, beyond("working_days")
		}
		if c.year(y).days[yd].work {
			n--
		}
	}
	return d, nil
}

func inRange(check *fault.Checks, d Date, field string) {
	if y := d.Year(); y >= FirstYear && y <= LastYear {
		return
	}
	check.Require(false, field, "out_of_range",
		fmt.Sprintf("日期须在%d年至%d年之间", FirstYear, LastYear),
		fmt.Sprintf("must be a date of the years %d to %d", FirstYear, LastYear))
}

func bounded(check *fault.Checks, n, least, most int, field string) {
	if n >= least && n <= most {
		return
	}
	check.Require(false, field, "out_of_range",
		fmt.Sprintf("须在%d至%d之间", least, most), fmt.Sprintf("must be between %d and %d", least, most))
}

func beyond(field string) error {
	var check fault.Checks
	check.Require(false, field, "out_of_range",
		fmt.Sprintf("期限超出%d年至%d年的范围", FirstYear, LastYear),
		fmt.Sprintf("the period leaves the years %d to %d", FirstYear, LastYear))
	return check.Err()
}

// year is one laid-out year.
type year struct {
	published bool
	days      []day   // by day of the year, from 0
	worked    []int16 // working days from 1 January up to and including the day
}

type day struct {
	work   bool
	reason Reason
}

func (y *year) workedTo(yearDay int) int { return int(y.worked[yearDay]) }

// year lays out a year on first use. Two goroutines may both lay it out; they
// arrive at equal tables.
func (c *Calendar) year(y int) *year {
	slot := &c.years[y-FirstYear]
	if laid := slot.Load(); laid != nil {
		return laid
	}
	laid := c.src.layOut(y)
	slot.Store(laid)
	return laid
}

var (
	reasonWeekday = Reason{Weekday, "工作日", "working day"}
	reasonWeekend = Reason{Weekend, "周末", "weekend"}
)

func weekDay(d Date) day {
	if w := d.Weekday(); w == time.Saturday || w == time.Sunday {
		return day{false, reasonWeekend}
	}
	return day{true, reasonWeekday}
}
