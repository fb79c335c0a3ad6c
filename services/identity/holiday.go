package identity

import (
	"context"
	"fmt"
	"slices"

	"egov/libs/aggregate"
	"egov/libs/calendar"
	"egov/libs/fault"
	calendarv1 "egov/proto/gen/egov/calendar/v1"
)

// holidayTable is the id of the one table of a district.
const holidayTable = "holidays"

// HolidayTable is what the district has published about holidays. It is one
// aggregate, so that no two notices can be published past each other.
type HolidayTable struct {
	aggregate.Root
	Title     string          `json:"title"`
	Published []HolidayNotice `json:"published"` // the latest first
}

// HolidayNotice is a yearly holiday notice, or an order of the district about
// single days.
type HolidayNotice struct {
	calendar.Override
	PublishedOn calendar.Date `json:"published_on"`
	PublishedBy string        `json:"published_by"`
}

// id names a notice: the later of one year, or of one number, takes the place
// of the earlier.
func (n HolidayNotice) id() string {
	if n.Kind == calendar.KindNotice {
		return fmt.Sprintf("notice/%d", n.Year)
	}
	return fmt.Sprintf("amendment/%d/%s", n.Year, n.Notice)
}

// Holidays is the answer to who asks what days are off.
type Holidays struct {
	Items []HolidayNotice `json:"items"` // what the district published, the latest first
	Years []HolidayYear   `json:"years"` // this year and the next
}

// HolidayYear says whether a year's notice is out.
type HolidayYear struct {
	Year      int    `json:"year"`
	Published bool   `json:"published"` // false: due dates in it are provisional
	Notice    string `json:"notice"`    // its number; empty for notices that came with a release
}

// PublishHolidays publishes a holiday notice, or an order of the district.
type PublishHolidays struct {
	calendar.Override
}

// Publish puts a notice in force: every service counts by it from then on and
// counts the clocks that run anew. What is wrong with it is refused with every
// violation at once, also what contradicts another order. Publishing the same
// again states it again, for a service that has lost it.
func (s *Service) Publish(ctx context.Context, r PublishHolidays) (Holidays, error) {
	if r.Kind == "" {
		r.Kind = calendar.KindNotice
	}
	t, err := s.HolidayTables.Upsert(ctx, holidayTable, func(t *HolidayTable, rec *aggregate.Recorder) error {
		n := HolidayNotice{Override: r.Override, PublishedOn: rec.Today(), PublishedBy: rec.By().Actor()}
		others := slices.DeleteFunc(slices.Clone(t.Published), func(o HolidayNotice) bool { return o.id() == n.id() })
		if err := s.checkNotice(n, others, rec.Today()); err != nil {
			return err
		}
		sealed, err := s.Sign("PublishHolidays", rec.By(), n.Override)
		if err != nil {
			return err
		}
		t.Title, t.Published = "节假日安排", append([]HolidayNotice{n}, others...)
		rec.State(holidayTable, &calendarv1.HolidaysPublished{
			NoticeId: n.id(), Version: t.Version + 1, Year: int32(n.Year), Kind: string(n.Kind), Notice: n.Notice,
			Off: days(n.Off), Work: days(n.Work), Signature: sealed,
		})
		return nil
	})
	if err != nil {
		return Holidays{}, err
	}
	return s.holidays(t)
}

// checkNotice lists everything that keeps a notice from being published.
func (s *Service) checkNotice(n HolidayNotice, others []HolidayNotice, today calendar.Date) error {
	var check fault.Checks
	check.Require(n.Year >= today.Year(), "year", "past_year", "不得变更往年的放假安排", "the holidays of a past year are not changed")
	if err := n.Check(); err != nil {
		check.Add(fault.From(err).Violations...)
		return check.Err()
	}
	if _, err := s.calendar(append([]HolidayNotice{n}, others...)); err != nil {
		for _, v := range fault.From(err).Violations {
			v.Field = "off"
			check.Add(v)
		}
	}
	return check.Err()
}

// calendar lays what is published over the service's files.
func (s *Service) calendar(published []HolidayNotice) (*calendar.Calendar, error) {
	overrides := make([]calendar.Override, len(published))
	for i, n := range published {
		overrides[i] = n.Override
	}
	return calendar.Merge(s.HolidayFiles, overrides)
}

func days(ranges []calendar.Range) []*calendarv1.Days {
	out := make([]*calendarv1.Days, len(ranges))
	for i, r := range ranges {
		to := r.To
		if to.IsZero() {
			to = r.From
		}
		out[i] = &calendarv1.Days{Name: r.Name, NameEn: r.NameEN, From: r.From.String(), To: to.String()}
	}
	return out
}

// ListHolidays says what is published, to whoever is signed in.
func (s *Service) ListHolidays(ctx context.Context, _ struct{}) (Holidays, error) {
	t, err := s.HolidayTables.Get(s.asSelf(ctx), holidayTable)
	if err != nil && !missing(err) {
		return Holidays{}, err
	}
	return s.holidays(t)
}

func (s *Service) holidays(t HolidayTable) (Holidays, error) {
	c, err := s.calendar(t.Published)
	if err != nil {
		return Holidays{}, err
	}
	out := Holidays{Items: append([]HolidayNotice{}, t.Published...)}
	this := calendar.Today(s.Clock).Year()
	for y := this; y <= this+1; y++ {
		number, published := c.Notice(y)
		out.Years = append(out.Years, HolidayYear{Year: y, Published: published, Notice: number})
	}
	return out, nil
}
