package calendar

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"path"
	"slices"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"egov/libs/fault"
)

// Kind says how an Override bears on its year.
type Kind string

// The kinds of override.
const (
	// KindNotice is the whole yearly notice: it replaces all that was known of
	// the year and makes the year published.
	KindNotice Kind = "notice"
	// KindAmendment changes single days and leaves the rest, also whether the
	// year is published.
	KindAmendment Kind = "amendment"
)

// Override is what a holiday notice or a district's own order says of one
// year. Its file form is YAML:
//
//	year: 2027
//	notice: 国办发明电〔2026〕0号
//	kind: notice            # the default; or amendment
//	off:
//	  - {name: 元旦, name_en: New Year's Day, from: 2027-01-01, to: 2027-01-03}
//	work:
//	  - {name: 春节, name_en: Spring Festival, from: 2027-01-31}
//
// Days lie in the year or in the December before it. A notice works only
// weekends, and has off every holiday fixed by law.
type Override struct {
	Year   int     `yaml:"year" json:"year"`
	Notice string  `yaml:"notice" json:"notice"` // the number of the document
	Kind   Kind    `yaml:"kind" json:"kind,omitempty"`
	Off    []Range `yaml:"off" json:"off"`
	Work   []Range `yaml:"work" json:"work"`
}

// Range is a run of days under one name, both ends included.
type Range struct {
	Name   string `yaml:"name" json:"name"`
	NameEN string `yaml:"name_en" json:"name_en"`
	From   Date   `yaml:"from" json:"from"`
	To     Date   `yaml:"to" json:"to,omitzero"` // none: From alone
}

const (
	maxOverrideBytes = 1 << 20
	maxRangeDays     = 31
)

// ErrOverride is the refusal of an override file that cannot be read at all;
// one that can be read but is wrong is refused with every violation.
var ErrOverride = fault.New(fault.Invalid, "invalid_holiday_file", "放假安排文件无法读取", "the holiday file cannot be read")

// ParseOverride reads one override file of at most 1 MiB and checks it.
// Unknown fields are refused.
func ParseOverride(r io.Reader) (Override, error) {
	b, err := io.ReadAll(io.LimitReader(r, maxOverrideBytes+1))
	if err != nil {
		return Override{}, ErrOverride.With(err)
	}
	if len(b) > maxOverrideBytes {
		return Override{}, ErrOverride.With(fmt.Errorf("longer than %d bytes", maxOverrideBytes))
	}
	dec := yaml.NewDecoder(bytes.NewReader(b))
	dec.KnownFields(true)
	var o Override
	if err := dec.Decode(&o); err != nil {
		return Override{}, ErrOverride.With(err)
	}
	if err := dec.Decode(&struct{}{}); !errors.Is(err, io.EOF) {
		return Override{}, ErrOverride.With(errors.New("more than one document"))
	}
	if err := o.Check(); err != nil {
		return Override{}, err
	}
	return o, nil
}

// LoadOverrides reads every .yaml file of a directory, in name order. An error
// names its file.
func LoadOverrides(fsys fs.FS, dir string) ([]Override, error) {
	entries, err := fs.ReadDir(fsys, dir)
	if err != nil {
		return nil, fmt.Errorf("holiday files: %w", err)
	}
	var out []Override
	for _, e := range entries {
		if e.IsDir() || !strings.HasSuffix(e.Name(), ".yaml") {
			continue
		}
		b, err := fs.ReadFile(fsys, path.Join(dir, e.Name()))
		if err != nil {
			return nil, fmt.Errorf("holiday files: %w", err)
		}
		o, err := ParseOverride(bytes.NewReader(b))
		if err != nil {
			return nil, fmt.Errorf("holiday file %s: %w", e.Name(), err)
		}
		out = append(out, o)
	}
	return out, nil
}

func (o Override) kind() Kind {
	if o.Kind == "" {
		return KindNotice
	}
	return o.Kind
}

// Check lists everything that is wrong with the override.
func (o Override) Check() error {
	var check fault.Checks
	check.Text(o.Notice, "notice", 100)
	check.Require(o.kind() == KindNotice || o.kind() == KindAmendment, "kind", "unknown_kind",
		"类型须为notice或amendment", "must be notice or amendment")
	yearOK := check.Require(o.Year >= FirstYear && o.Year <= LastYear, "year", "out_of_range",
		fmt.Sprintf("年份须在%d至%d之间", FirstYear, LastYear), fmt.Sprintf("must be between %d and %d", FirstYear, LastYear))
	check.Require(len(o.Off)+len(o.Work) > 0, "off", "required", "至少应列出一天", "must list at least one day")
	if !yearOK {
		return check.Err()
	}
	seen := map[Date]bool{}
	for i, r := range o.Off {
		o.checkRange(&check, r, fmt.Sprintf("off[%d]", i), seen, false)
	}
	off := make(map[Date]bool, len(seen))
	for d := range seen {
		off[d] = true
	}
	for i, r := range o.Work {
		o.checkRange(&check, r, fmt.Sprintf("work[%d]", i), seen, o.kind() == KindNotice)
	}
	if o.kind() == KindNotice {
		o.checkLaw(&check, off)
	}
	return check.Err()
}

func (o Override) checkRange(check *fault.Checks, r Range, at string, seen map[Date]bool, weekendOnly bool) {
	check.Text(r.Name, at+".name", 20)
	check.Text(r.NameEN, at+".name_en", 60)
	if !check.Require(!r.From.IsZero(), at+".from", "required", "必填", "is required") {
		return
	}
	last := r.last()
	days := last.DaysSince(r.From) + 1
	if !check.Require(days >= 1 && days <= maxRangeDays, at+".to", "out_of_range",
		fmt.Sprintf("应在起始日之后%d天以内", maxRangeDays), fmt.Sprintf("must lie within %d days from the first", maxRangeDays)) {
		return
	}
	check.Require(!r.From.Before(civil(o.Year-1, time.December, 1)) && last.Year() <= o.Year, at+".from", "other_year",
		"日期须属于该年或上一年12月", "must lie in the year or the December before it")
	for d := range r.dates() {
		check.Require(!seen[d], at, "duplicate_day", fmt.Sprintf("%s重复", d), fmt.Sprintf("%s is listed twice", d))
		seen[d] = true
		if weekendOnly {
			check.Require(!weekDay(d).work, at, "already_worked",
				fmt.Sprintf("%s本为工作日", d), fmt.Sprintf("%s is a working day anyway", d))
		}
	}
}

// lawChanged is the year from which the present list of holidays fixed by law
// holds.
const lawChanged = 2025

// checkLaw catches a notice that was cut short or belongs to another year.
func (o Override) checkLaw(check *fault.Checks, off map[Date]bool) {
	if o.Year < lawChanged {
		return
	}
	law := fixedByLaw(o.Year)
	days := make([]Date, 0, len(law))
	for d := range law {
		days = append(days, d)
	}
	slices.SortFunc(days, Date.Compare)
	for _, d := range days {
		check.Require(off[d], "off", "lacks_statutory_holiday",
			fmt.Sprintf("缺少法定节假日%s（%s）", d, law[d][0]), fmt.Sprintf("lacks %s (%s), a holiday by law", d, law[d][1]))
	}
}

func (r Range) last() Date {
	if r.To.IsZero() {
		return r.From
	}
	return r.To
}

func (r Range) dates() iter.Seq[Date] {
	return func(yield func(Date) bool) {
		for d := r.From; !d.After(r.last()); d = d.AddDays(1) {
			if !yield(d) {
				return
			}
		}
	}
}

func (o Override) marks() map[Date]mark {
	out := map[Date]mark{}
	for _, r := range o.Off {
		for d := range r.dates() {
			out[d] = mark{false, r.Name, r.NameEN, o.Year}
		}
	}
	for _, r := range o.Work {
		for d := range r.dates() {
			out[d] = mark{true, r.Name, r.NameEN, o.Year}
		}
	}
	return out
}
