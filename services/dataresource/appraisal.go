package dataresource

import (
	"context"
	"slices"

	"egov/libs/aggregate"
	"egov/libs/calendar"
	"egov/libs/fault"
	dataresourcev1 "egov/proto/gen/egov/dataresource/v1"
	typev1 "egov/proto/gen/egov/type/v1"
)

// Standing is how a unit does its data work, assessment after assessment; its id
// is the unit's code (SH16-D-22).
type Standing struct {
	aggregate.Root
	Title      string      `json:"title"`
	Appraisals []Appraisal `json:"appraisals"` // oldest first
}

// Appraisal is one assessment of a unit, as it is made known.
type Appraisal struct {
	From      string            `json:"from"` // YYYY-MM-DD, included
	To        string            `json:"to"`   // YYYY-MM-DD, included
	Figures   Figures           `json:"figures"`
	Result    string            `json:"result"` // one of Results
	Opinion   string            `json:"opinion"`
	NoticeNo  string            `json:"notice_no"`
	By        string            `json:"appraised_by"`
	On        string            `json:"appraised_on"`
	Signature *typev1.Signature `json:"signature"`
}

// Figures are what the records of a period say of a unit; nobody enters them.
type Figures struct {
	Catalogues        int `json:"catalogues"`         // published, today
	UpdatesLate       int `json:"updates_late"`       // updates and maintenance whose day passed in the period
	AnswersInTime     int `json:"answers_in_time"`    // to sharing requests
	AnswersLate       int `json:"answers_late"`       // also those that have not come yet
	RefusalsOverruled int `json:"refusals_overruled"` // by the leading group's office
}

// Results are what an appraisal comes to. stable: they are values of facts.
var Results = []string{"good", "fair", "poor"}

// Errors of appraisals and corrections.
var (
	ErrPeriod = fault.New(fault.Refused, "period_refused",
		"评估期间不符合要求", "the period cannot be assessed", "SH16-D-22")
	ErrNotCentre = fault.New(fault.Forbidden, "not_data_centre",
		"此事项由区大数据中心办理", "the big-data centre does this", "SH16-D-22")
)

// UnitPublishes begins the regular assessment of a unit with the first catalogue
// it publishes (SH16-D-22).
func (s *Service) UnitPublishes(ctx context.Context, unit string, on calendar.Date) error {
	_, err := s.Standings.Upsert(ctx, unit, func(x *Standing, rec *aggregate.Recorder) error {
		if x.ProjectID != "" {
			return nil
		}
		x.begin()
		return s.nextAppraisal(x, rec, on)
	})
	return err
}

func (x *Standing) begin() {
	x.ProjectID, x.Title, x.Appraisals = x.ID, x.ID, []Appraisal{} // the unit is the subject of its facts
	x.Parties = nil
	x.Own(x.ID)
	x.Share(Centre, Office)
}

func (s *Service) nextAppraisal(x *Standing, rec *aggregate.Recorder, from calendar.Date) error {
	pack, err := s.pack(rec.Today())
	if err != nil {
		return err
	}
	return s.Rules.Start(x.Base(), rec, pack.ID(), clockAppraisal, Centre, from)
}

// AppraiseUnit is one assessment of a unit.
type AppraiseUnit struct {
	Unit     string        `json:"unit" required:"true"`
	From     calendar.Date `json:"from" required:"true"`
	To       calendar.Date `json:"to" required:"true"`
	Result   string        `json:"result" required:"true" enum:"good,fair,poor"`
	Opinion  string        `json:"opinion" required:"true"`
	NoticeNo string        `json:"notice_no" required:"true"`
}

// Validate lists what is missing.
func (r *AppraiseUnit) Validate() error {
	var c fault.Checks
	c.Text(r.Unit, "unit", 64, "SH16-D-22")
	c.Require(!r.From.IsZero(), "from", "required", "必填", "is required", "SH16-D-22")
	c.Require(!r.To.IsZero(), "to", "required", "必填", "is required", "SH16-D-22")
	oneOf(&c, r.Result, "result", "SH16-D-22", Results...)
	c.Text(r.Opinion, "opinion", 5000, "SH16-D-22")
	c.Text(r.NoticeNo, "notice_no", 100, "SH16-D-22")
	return c.Err()
}

// Appraise assesses a unit's cataloguing, updating and sharing by the records of
// a period and gives notice of the result to the unit and to the leading group's
// office (SH16-D-22). A day belongs to one period alone.
func (s *Service) Appraise(ctx context.Context, r AppraiseUnit) (Standing, error) {
	f, err := s.figures(ctx, r.Unit, r.From.String(), r.To.String())
	if err != nil {
		return Standing{}, err
	}
	return s.Standings.Upsert(ctx, r.Unit, func(x *Standing, rec *aggregate.Recorder) error {
		if !atCentre(rec.By()) {
			return ErrNotCentre
		}
		if x.ProjectID == "" {
			x.begin()
		}
		var c fault.Checks
		c.Require(!r.To.Before(r.From) && !r.To.After(rec.Today()), "to", "out_of_range", "期末须在期初至今天之间", "between the first day and today", "SH16-D-22")
		if n := len(x.Appraisals); n > 0 {
			c.Require(r.From.String() > x.Appraisals[n-1].To, "from", "overlap",
				"与上次评估期间（至"+x.Appraisals[n-1].To+"）重叠", "the last assessment covers the time until "+x.Appraisals[n-1].To, "SH16-D-22")
		}
		if err := c.Refuse(ErrPeriod); err != nil {
			return err
		}
		a := Appraisal{
			From: r.From.String(), To: r.To.String(), Figures: f, Result: r.Result, Opinion: r.Opinion, NoticeNo: r.NoticeNo,
			By: rec.By().Actor(), On: rec.Today().String(),
		}
		if a.Signature, err = s.Sign("dataresource.AppraiseUnit", rec.By(), map[string]any{"unit": x.Unit, "appraisal": a}); err != nil {
			return err
		}
		x.Appraisals = append(x.Appraisals, a)
		x.Answered("appraise_unit")
		x.MeetClock(rec, clockAppraisal, rec.Today())
		rec.State(x.ProjectID, &dataresourcev1.UnitAppraised{
			Unit: x.Unit, From: a.From, To: a.To, NoticeNo: a.NoticeNo, Result: a.Result, Opinion: a.Opinion,
			Catalogues: int32(f.Catalogues), UpdatesLate: int32(f.UpdatesLate), AnswersInTime: int32(f.AnswersInTime),
			AnswersLate: int32(f.AnswersLate), RefusalsOverruled: int32(f.RefusalsOverruled), Basis: []string{"SH16-D-22"}, Signature: a.Signature,
		})
		return s.nextAppraisal(x, rec, rec.Today())
	})
}

// figures counts what the records of a period say of a unit (SH16-D-22).
func (s *Service) figures(ctx context.Context, unit, from, to string) (f Figures, err error) {
	catalogues, err := aggregate.Everything(ctx, s.Catalogues, map[string]string{"unit": unit})
	if err != nil {
		return f, err
	}
	sharings, err := aggregate.Everything(ctx, s.Sharings, map[string]string{"provider": unit})
	if err != nil {
		return f, err
	}
	due := func(d aggregate.Deadline, obligations ...string) bool {
		return slices.Contains(obligations, d.Obligation) && within(d.DueOn.String(), from, to)
	}
	for _, c := range catalogues {
		if c.Published != "" {
			f.Catalogues++
		}
		f.UpdatesLate += count(c.Deadlines, func(d aggregate.Deadline) bool {
			return d.State == aggregate.Late && due(d, clockUpdate, clockMaintenance)
		})
	}
	for _, y := range sharings {
		f.AnswersInTime += count(y.Deadlines, func(d aggregate.Deadline) bool { return d.State == aggregate.Met && within(d.MetOn, from, to) })
		f.AnswersLate += count(y.Deadlines, func(d aggregate.Deadline) bool { return d.State == aggregate.Late && due(d, clockAnswer) })
		if y.Dispute != nil && y.Dispute.Granted && within(y.Dispute.DecidedOn, from, to) {
			f.RefusalsOverruled++
		}
	}
	return f, nil
}
