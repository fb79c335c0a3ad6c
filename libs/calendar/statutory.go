package calendar

import (
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/6tail/lunar-go/HolidayUtil"
	lunar "github.com/6tail/lunar-go/calendar"

	"egov/libs/fault"
)

// mark is what one notice says of one day.
type mark struct {
	work           bool
	nameZh, nameEN string
	notice         int // the year whose notice says so: late December may be the next year's
}

// source is everything known about days that are not ordinary.
type source struct {
	marks   map[Date]mark
	notices map[int]string // published notices by year, with their numbers

	overrides []Override // laid over the published table, in the order given

	once        sync.Once
	fingerprint string
}

// englishNames names the festivals of lunar-go's table.
var englishNames = map[string][2]string{
	"元旦节":   {"元旦", "New Year's Day"},
	"春节":    {"春节", "Spring Festival"},
	"清明节":   {"清明节", "Qingming Festival"},
	"劳动节":   {"劳动节", "Labour Day"},
	"端午节":   {"端午节", "Dragon Boat Festival"},
	"中秋节":   {"中秋节", "Mid-Autumn Festival"},
	"国庆节":   {"国庆节", "National Day"},
	"国庆中秋":  {"国庆节、中秋节", "National Day and Mid-Autumn Festival"},
	"抗战胜利日": {"抗战胜利纪念日", "Victory Day"},
}

// published reads lunar-go's table once. A notice counts for the year of the
// festival it moves days for, so that a make-up workday in December does not
// pass for a notice of its own year. A year counts as published when its table
// has both New Year's Day and National Day off.
var published = sync.OnceValue(func() *source {
	s := &source{marks: map[Date]mark{}, notices: map[int]string{}}
	for y := FirstYear - 1; y <= LastYear; y++ {
		list := HolidayUtil.GetHolidaysByYear(y)
		for e := list.Front(); e != nil; e = e.Next() {
			h := e.Value.(*HolidayUtil.Holiday)
			name, known := englishNames[h.GetName()]
			if !known {
				name = [2]string{h.GetName(), "public holiday"}
			}
			s.marks[mustParse(h.GetDay())] = mark{h.IsWork(), name[0], name[1], mustParse(h.GetTarget()).Year()}
		}
	}
	for y := FirstYear; y <= LastYear; y++ {
		newYear, ok1 := s.marks[civil(y, time.January, 1)]
		national, ok2 := s.marks[civil(y, time.October, 1)]
		if ok1 && ok2 && !newYear.work && !national.work {
			s.notices[y] = ""
		}
	}
	return s
})

// mustParse reads dates of lunar-go's compiled-in table.
func mustParse(s string) Date {
	d, err := ParseDate(s)
	if err != nil {
		panic(err)
	}
	return d
}

// newSource lays overrides over the published table. Notices come first,
// since they replace a year, then amendments.
func newSource(overrides []Override) (*source, error) {
	base := published()
	if len(overrides) == 0 {
		return base, nil
	}
	s := &source{
		marks: make(map[Date]mark, len(base.marks)+64), notices: make(map[int]string, len(base.notices)+1),
		overrides: slices.Clone(overrides),
	}
	for d, m := range base.marks {
		s.marks[d] = m
	}
	for y, n := range base.notices {
		s.notices[y] = n
	}
	var check fault.Checks
	said := map[Date]bool{} // what the overrides say so far: worked or not
	replaced := map[int]bool{}
	for _, kind := range []Kind{KindNotice, KindAmendment} {
		for i, o := range overrides {
			if o.kind() != kind {
				continue
			}
			at := fmt.Sprintf("overrides[%d]", i)
			if !check.Require(o.Check() == nil, at, "invalid_override",
				fmt.Sprintf("%s（%d年）内容不符合要求", o.Notice, o.Year), fmt.Sprintf("%s (%d) is not valid", o.Notice, o.Year)) {
				continue
			}
			if kind == KindNotice {
				check.Require(!replaced[o.Year], at, "duplicate_notice",
					fmt.Sprintf("%d年的放假通知重复", o.Year), fmt.Sprintf("a second notice for %d", o.Year))
				replaced[o.Year] = true
				for d, m := range s.marks {
					if m.notice == o.Year {
						delete(s.marks, d)
					}
				}
				s.notices[o.Year] = o.Notice
			}
			for d, m := range o.marks() {
				work, again := said[d]
				check.Require(!again || work == m.work, at, "contradiction",
					fmt.Sprintf("%s既列为休息日又列为工作日", d), fmt.Sprintf("%s is both off and worked", d))
				said[d] = m.work
				s.marks[d] = m
			}
		}
	}
	if err := check.Err(); err != nil {
		return nil, err
	}
	return s, nil
}

// layOut writes out one year day by day.
func (s *source) layOut(y int) *year {
	_, known := s.notices[y]
	var law map[Date][2]string
	if !known {
		law = fixedByLaw(y)
	}
	first, next := civil(y, time.January, 1), civil(y+1, time.January, 1)
	out := &year{published: known, days: make([]day, next.DaysSince(first)), worked: make([]int16, next.DaysSince(first))}
	worked := int16(0)
	for i := range out.days {
		d := first.AddDays(i)
		out.days[i] = s.day(d, law)
		if out.days[i].work {
			worked++
		}
		out.worked[i] = worked
	}
	return out
}

// day decides one day: what a notice or override says, else the law, else the
// week.
func (s *source) day(d Date, law map[Date][2]string) day {
	if m, ok := s.marks[d]; ok {
		if m.work {
			return day{true, Reason{MakeUp, m.nameZh + "调休上班", "make-up workday for " + m.nameEN}}
		}
		return day{false, Reason{Holiday, m.nameZh, m.nameEN}}
	}
	if name, ok := law[d]; ok {
		return day{false, Reason{Holiday, name[0], name[1]}}
	}
	return weekDay(d)
}

// lunarMu guards lunar-go, which keeps the last year it computed in a package
// variable.
var lunarMu sync.Mutex

// fixedByLaw gives the days that are off in year y whatever its notice will
// say (National Regulation on Holidays, as amended from 2025). It grants no
// substitute for one that falls on a weekend: only a notice does.
func fixedByLaw(y int) map[Date][2]string {
	law := map[Date][2]string{}
	put := func(first Date, days int, names string) {
		for i := range days {
			law[first.AddDays(i)] = englishNames[names]
		}
	}
	lunarMu.Lock()
	springFestival := solar(lunar.NewLunarFromYmd(y, 1, 1).GetSolar())
	dragonBoat := solar(lunar.NewLunarFromYmd(y, 5, 5).GetSolar())
	midAutumn := solar(lunar.NewLunarFromYmd(y, 8, 15).GetSolar())
	qingming := solar(lunar.NewLunarFromYmd(y, 1, 1).GetJieQiTable()["清明"])
	lunarMu.Unlock()

	put(civil(y, time.January, 1), 1, "元旦节")
	put(springFestival.AddDays(-1), 4, "春节")
	put(qingming, 1, "清明节")
	put(civil(y, time.May, 1), 2, "劳动节")
	put(dragonBoat, 1, "端午节")
	put(midAutumn, 1, "中秋节")
	for i := range 3 {
		d, name := civil(y, time.October, 1+i), "国庆节"
		if d == midAutumn {
			name = "国庆中秋"
		}
		put(d, 1, name)
	}
	return law
}

func solar(s *lunar.Solar) Date {
	return civil(s.GetYear(), time.Month(s.GetMonth()), s.GetDay())
}
