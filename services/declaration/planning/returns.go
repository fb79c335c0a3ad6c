package planning

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"egov/libs/aggregate"
	"egov/libs/calendar"
	"egov/libs/fault"
	"egov/libs/policy"
	declarationv1 "egov/proto/gen/egov/declaration/v1"
	"egov/services/declaration"
)

// Return is what one unit reports from time to time, such as its statistics
// (SH12-36): one aggregate for each unit and kind. Its clock is the pack's
// deadline of the same code and begins anew with every period.
type Return struct {
	aggregate.Root
	Title   string        `json:"title"`
	Kind    string        `json:"kind"` // a return of the pack
	Pack    string        `json:"pack"` // by which it is owed
	Since   calendar.Date `json:"since"`
	From    calendar.Date `json:"period_from"`       // of the period now running
	To      calendar.Date `json:"period_to"`         // its last day for filing
	Filings []Filed       `json:"filings"`           // oldest first
	Pressed []Pressed     `json:"pressed,omitempty"` // for the period now running
}

// Filed is the return of one period.
type Filed struct {
	From    calendar.Date    `json:"period_from"`
	To      calendar.Date    `json:"period_to"`
	Figures map[string]int64 `json:"figures"`
	Remark  string           `json:"remark,omitempty"`
	FiledOn calendar.Date    `json:"filed_on"`
	FiledBy string           `json:"filed_by"`
	Late    bool             `json:"late"`
}

// returnID names a unit's return of a kind.
func returnID(kind, unit string) string { return kind + "." + unit }

// Owe begins the returns that a fact triggers for a unit, by the pack in force;
// one that is owed already runs on. fact is the fact's name without its
// package.
func (s *Service) Owe(ctx context.Context, fact, unit string, on calendar.Date) error {
	pack, err := s.Rules.Packs.ForDate(s.District, on)
	if err != nil || unit == "" {
		return nil // no rules were in force then: nothing is owed
	}
	for _, r := range pack.Office().Returns {
		if d, ok := pack.Deadline(r.Code); !ok || d.Trigger != fact {
			continue
		}
		if _, err := s.owe(ctx, pack, r, unit, on); err != nil {
			return err
		}
	}
	return nil
}

func (s *Service) owe(ctx context.Context, pack *policy.Pack, kind policy.Return, unit string, on calendar.Date) (Return, error) {
	return s.Returns.Upsert(ctx, returnID(kind.Code, unit), func(x *Return, rec *aggregate.Recorder) error {
		if x.Kind != "" {
			return nil
		}
		d, _ := pack.Deadline(kind.Code)
		x.ProjectID, x.Kind, x.Pack, x.Title, x.Since, x.Filings = x.ID, kind.Code, pack.ID(), d.Label.ZH, on, []Filed{}
		x.Parties = nil
		x.Own(unit)
		x.Share(declaration.Office)
		rec.State(x.ID, &declarationv1.ReturnOwed{ReturnId: x.ID, Kind: x.Kind, Unit: unit, Since: on.String(), Basis: kind.Basis})
		return s.period(x, rec, on)
	})
}

// period begins a period on the day, which is not counted.
func (s *Service) period(x *Return, rec *aggregate.Recorder, from calendar.Date) error {
	if err := s.Rules.Start(x.Base(), rec, x.Pack, x.Kind, x.Unit, from); err != nil {
		return err
	}
	x.From = from
	if d := x.Running(x.Kind); d != nil {
		x.To = d.DueOn
	}
	x.remind(rec.Today())
	return nil
}

// remind asks the unit for its return, and the office to press for a late one.
func (x *Return) remind(today calendar.Date) {
	var list []aggregate.Todo
	title := x.To.String() + "前报送：" + x.Title
	if today.After(x.To) {
		title = "已逾期，请即报送：" + x.Title
	}
	if today.After(x.To) && len(x.Pressed) == 0 {
		list = append(list, todo("press_return", "secretary", declaration.Office, "催报（"+x.Unit+"，应于"+x.To.String()+"前报送）："+x.Title))
	}
	for _, role := range []string{"declarer", "member"} {
		list = append(list, todo("file_return", role, x.Unit, title))
	}
	x.Await(list...)
}

// Watched notes that the period's last day passed: the unit and the office see
// it in their inbox (SH12-36).
func (x *Return) Watched(rec *aggregate.Recorder) {
	if d := x.Running(x.Kind); d != nil {
		x.To = d.DueOn // holidays move it
	}
	x.remind(rec.Today())
}

// OweReturn enters a unit that owes a return though no fact of the suite says
// so, such as one whose systems are registered elsewhere.
type OweReturn struct {
	Kind  string        `json:"kind" required:"true"` // a return of the pack in force
	Unit  string        `json:"unit" required:"true"`
	Since calendar.Date `json:"since" required:"true"` // the first period begins on the day after
}

// Validate lists what is missing.
func (r *OweReturn) Validate() error {
	var c fault.Checks
	c.Text(r.Kind, "kind", 60, "SH12-36")
	c.Text(r.Unit, "unit", 64, "SH12-36")
	c.Require(!r.Since.IsZero(), "since", "required", "须写明起始日期", "name the day", "SH12-36")
	return c.Err()
}

// OweReturn enters a unit into the register of returns.
func (s *Service) OweReturn(ctx context.Context, r OweReturn) (Return, error) {
	pack, err := s.inForce()
	if err != nil {
		return Return{}, err
	}
	kind, ok := pack.Office().Return(r.Kind)
	if !ok {
		return Return{}, ErrNoReturns
	}
	return s.owe(ctx, pack, kind, r.Unit, r.Since)
}

// PressReturn is the office's word to a unit whose return is late.
type PressReturn struct {
	ID   string `path:"id" json:"-"`
	Text string `json:"text" required:"true"`
}

// Validate wants the word.
func (r *PressReturn) Validate() error {
	var c fault.Checks
	c.Text(r.Text, "text", 2000, "SH12-36")
	return c.Err()
}

// PressReturn records that the office pressed for a return whose last day has
// passed (SH12-36).
func (s *Service) PressReturn(ctx context.Context, r PressReturn) (Return, error) {
	return s.Returns.Update(ctx, r.ID, func(x *Return, rec *aggregate.Recorder) error {
		if err := byOffice(rec.By()); err != nil {
			return err
		}
		if !rec.Today().After(x.To) {
			return ErrNotOverdue.WithBasis("SH12-36")
		}
		x.Pressed = append(x.Pressed, Pressed{Text: r.Text, By: rec.By().Actor(), On: rec.Today().String()})
		x.remind(rec.Today())
		rec.State(x.ID, &declarationv1.ReturnPressed{ReturnId: x.ID, Unit: x.Unit, Text: r.Text})
		return nil
	})
}

// FileReturn is the return of the running period.
type FileReturn struct {
	ID      string           `path:"id" json:"-"`
	Figures map[string]int64 `json:"figures" required:"true"` // every figure of the return, by its code
	Remark  string           `json:"remark"`
}

// Validate wants figures.
func (r *FileReturn) Validate() error {
	var c fault.Checks
	c.Require(len(r.Figures) > 0, "figures", "required", "必填", "is required", "SH12-36")
	for _, f := range slices.Sorted(maps.Keys(r.Figures)) {
		c.Require(r.Figures[f] >= 0, "figures."+f, "out_of_range", "不得为负", "must not be negative", "SH12-36")
	}
	if r.Remark != "" {
		c.Text(r.Remark, "remark", 2000)
	}
	return c.Err()
}

// FileReturn files the running period's return and begins the next period where
// this one ends. A return filed after the last day is late and says so
// (SH12-36).
func (s *Service) FileReturn(ctx context.Context, r FileReturn) (Return, error) {
	return s.Returns.Update(ctx, r.ID, func(x *Return, rec *aggregate.Recorder) error {
		if rec.By().Unit != x.Unit {
			return ErrNotOwed
		}
		pack, err := s.Rules.Of(x.Pack)
		if err != nil {
			return err
		}
		kind, ok := pack.Office().Return(x.Kind)
		if !ok {
			return ErrNoReturns
		}
		if err := complete(kind, r.Figures); err != nil {
			return err
		}
		today := rec.Today()
		if !today.After(x.From) {
			return ErrEarly.WithMsg("本期自"+x.From.AddDays(1).String()+"起报送", "the period begins on "+x.From.AddDays(1).String())
		}
		f := Filed{From: x.From, To: x.To, Figures: r.Figures, Remark: r.Remark, FiledOn: today, FiledBy: rec.By().Actor(), Late: today.After(x.To)}
		x.Filings, x.Pressed = append(x.Filings, f), nil
		x.MeetClock(rec, x.Kind, today)
		fact := &declarationv1.ReturnFiled{ReturnId: x.ID, Kind: x.Kind, Unit: x.Unit, PeriodFrom: f.From.String(), PeriodTo: f.To.String(), Late: f.Late, Basis: kind.Basis}
		for _, figure := range kind.Figures {
			fact.Figures = append(fact.Figures, &declarationv1.ReturnFigure{Figure: figure.Code, Value: r.Figures[figure.Code]})
		}
		rec.State(x.ID, fact)
		return s.period(x, rec, x.To)
	})
}

// complete wants every figure of a return, and no other.
func complete(kind policy.Return, figures map[string]int64) error {
	var c fault.Checks
	known := map[string]bool{}
	for _, f := range kind.Figures {
		known[f.Code] = true
		_, given := figures[f.Code]
		c.Require(given, "figures."+f.Code, "required", fmt.Sprintf("缺少“%s”", f.Label.ZH), f.Label.EN+" is missing", kind.Basis...)
	}
	for _, code := range slices.Sorted(maps.Keys(figures)) {
		c.Require(known[code], "figures."+code, "unknown_code", "报送内容没有此项", "is not part of the return", kind.Basis...)
	}
	return c.Err()
}
