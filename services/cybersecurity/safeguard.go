package cybersecurity

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"egov/libs/aggregate"
	"egov/libs/authn"
	"egov/libs/calendar"
	"egov/libs/fault"
	"egov/libs/policy"
	cybersecurityv1 "egov/proto/gen/egov/cybersecurity/v1"
)

// regimes is where the pack lists the security systems that a unit has in place.
// stable: a gate of the packs.
const regimes = "security_regime"

// emergency is the system that holds a unit's emergency plan. stable: a
// requirement of the packs.
const emergency = "emergency"

// Deadline codes. stable: those of the packs; corrections run to a day that was
// set.
const (
	clockRisk       = "risk_assessment"
	clockDrill      = "emergency_drill"
	clockInspection = "security_inspection"
	clockCorrection = "security_correction"
)

// Safeguard is how one unit keeps its systems safe: the five security systems it
// has in place and its drills; its id is the unit's code (YP23-M-32, SH12-32,
// XA18-27).
type Safeguard struct {
	aggregate.Root
	Title       string   `json:"title"`
	Regimes     []Regime `json:"regimes"` // the paper in force of each
	Drills      []Drill  `json:"drills"`  // oldest first
	InspectedOn string   `json:"inspected_on,omitempty"`
}

// Regime is one security system of a unit: its paper and who answers for it.
type Regime struct {
	Regime      string   `json:"regime"` // a code of the pack
	DocumentNo  string   `json:"document_no"`
	Title       string   `json:"title"`
	IssuedOn    string   `json:"issued_on"`
	Responsible string   `json:"responsible"`
	Earlier     []string `json:"earlier"` // document numbers it took the place of
}

// Drill is one exercise of the emergency plan.
type Drill struct {
	PlanNo       string   `json:"plan_no"` // of the emergency plan
	Scenario     string   `json:"scenario"`
	HeldOn       string   `json:"held_on"`
	Participants int      `json:"participants"`
	Improvements []string `json:"improvements"` // what the drill showed to be wanting
	By           string   `json:"recorded_by"`
}

// Errors of safeguards.
var (
	ErrRegime = fault.New(fault.Refused, "regime_refused",
		"安全工作制度不能登记", "the security system cannot be put on record", "YP23-M-32", "SH12-32")
	ErrDrill = fault.New(fault.Refused, "drill_refused",
		"应急演练不能登记", "the drill cannot be recorded", "XA18-27")
)

// UnitRunsSystem begins the clocks of a unit with the first system it has on the
// register: its drills (XA18-27) and its inspections (YP23-M-30).
func (s *Service) UnitRunsSystem(ctx context.Context, unit string, on calendar.Date) error {
	_, err := s.Safeguards.Upsert(ctx, unit, func(x *Safeguard, rec *aggregate.Recorder) error {
		x.begin()
		pack, err := s.Rules.For(nil, s.District, rec.Today())
		if err != nil {
			return err
		}
		if !x.timed(clockDrill) {
			if err := s.Rules.Start(x.Base(), rec, pack.ID(), clockDrill, x.Unit, on); err != nil {
				return err
			}
		}
		if !x.timed(clockInspection) {
			return s.Rules.Start(x.Base(), rec, pack.ID(), clockInspection, Office, on)
		}
		return nil
	})
	return err
}

// begin fills the entry of a unit that is heard of for the first time.
func (x *Safeguard) begin() {
	if x.ProjectID != "" {
		return
	}
	x.ProjectID, x.Title, x.Regimes, x.Drills = x.ID, x.ID, []Regime{}, []Drill{} // the unit is the subject of its facts
	x.Parties = nil
	x.Own(x.ID)
	x.Share(Office)
}

// timed reports whether a clock of the obligation was ever started.
func (x *Safeguard) timed(obligation string) bool {
	return slices.ContainsFunc(x.Deadlines, func(d aggregate.Deadline) bool { return d.Obligation == obligation })
}

// required lists the security systems that the pack asks of a unit.
func (s *Service) required(today calendar.Date) ([]policy.Requirement, error) {
	pack, err := s.Rules.For(nil, s.District, today)
	if err != nil {
		return nil, err
	}
	list, _, err := pack.Gate(regimes, policy.Case{}, policy.Decision{})
	return list, err
}

// FileRegime puts one security system of the caller's unit on record.
type FileRegime struct {
	Regime      string        `json:"regime" required:"true"` // a code of the pack, e.g. emergency
	DocumentNo  string        `json:"document_no" required:"true"`
	Title       string        `json:"title" required:"true"`
	IssuedOn    calendar.Date `json:"issued_on" required:"true"`
	Responsible string        `json:"responsible" required:"true"`
}

// Validate lists what is missing.
func (r *FileRegime) Validate() error {
	var c fault.Checks
	c.Text(r.Regime, "regime", 64, "YP23-M-32")
	c.Text(r.DocumentNo, "document_no", 100, "YP23-M-32")
	c.Text(r.Title, "title", 200, "YP23-M-32")
	c.Require(!r.IssuedOn.IsZero(), "issued_on", "required", "必填", "is required", "YP23-M-32")
	c.Text(r.Responsible, "responsible", 100, "YP23-M-32")
	return c.Err()
}

// FileRegime puts the paper of one of the unit's security systems on record, or
// a newer one in its place (YP23-M-32, SH12-32).
func (s *Service) FileRegime(ctx context.Context, r FileRegime) (Safeguard, error) {
	return s.Safeguards.Upsert(ctx, authn.By(ctx).Unit, func(x *Safeguard, rec *aggregate.Recorder) error {
		x.begin()
		list, err := s.required(rec.Today())
		if err != nil {
			return err
		}
		var c fault.Checks
		n := slices.IndexFunc(list, func(q policy.Requirement) bool { return q.Code == r.Regime })
		c.Require(n >= 0, "regime", "unknown_code", "须为以下之一："+codes(list), "one of "+codes(list), "YP23-M-32", "SH12-32")
		c.Require(!r.IssuedOn.After(rec.Today()), "issued_on", "in_the_future", "发布日期不得晚于今天", "not after today", "YP23-M-32")
		at := slices.IndexFunc(x.Regimes, func(y Regime) bool { return y.Regime == r.Regime })
		c.Require(at < 0 || x.Regimes[at].DocumentNo != r.DocumentNo, "document_no", "recorded_before", "该制度文件已登记", "this paper is on record already", "YP23-M-32")
		if err := c.Refuse(ErrRegime); err != nil {
			return err
		}
		y := Regime{Regime: r.Regime, DocumentNo: r.DocumentNo, Title: r.Title, IssuedOn: r.IssuedOn.String(), Responsible: r.Responsible, Earlier: []string{}}
		if at < 0 {
			x.Regimes = append(x.Regimes, y)
		} else {
			y.Earlier = append(x.Regimes[at].Earlier, x.Regimes[at].DocumentNo)
			x.Regimes[at] = y
		}
		rec.State(x.ProjectID, &cybersecurityv1.RegimeFiled{
			Unit: x.Unit, Regime: y.Regime, DocumentNo: y.DocumentNo, IssuedOn: y.IssuedOn, Responsible: y.Responsible, Basis: list[n].Basis,
		})
		return nil
	})
}

func codes(list []policy.Requirement) string {
	out := make([]string, len(list))
	for i, q := range list {
		out[i] = q.Code
	}
	return strings.Join(out, "、")
}

// regime finds one security system of the unit.
func (x *Safeguard) regime(code string) (Regime, bool) {
	i := slices.IndexFunc(x.Regimes, func(y Regime) bool { return y.Regime == code })
	if i < 0 {
		return Regime{}, false
	}
	return x.Regimes[i], true
}

// RecordDrill puts one drill of the caller's unit on record.
type RecordDrill struct {
	Scenario     string        `json:"scenario" required:"true"`
	HeldOn       calendar.Date `json:"held_on" required:"true"`
	Participants int           `json:"participants" required:"true" minimum:"1"`
	Improvements []string      `json:"improvements"`
}

// Validate lists what is missing.
func (r *RecordDrill) Validate() error {
	var c fault.Checks
	c.Text(r.Scenario, "scenario", 2000, "XA18-27")
	c.Require(!r.HeldOn.IsZero(), "held_on", "required", "必填", "is required", "XA18-27")
	c.Require(r.Participants > 0, "participants", "out_of_range", "须有人参加", "somebody takes part", "XA18-27")
	for i, t := range r.Improvements {
		c.Text(t, fmt.Sprintf("improvements[%d]", i), 500, "XA18-27")
	}
	return c.Err()
}

// Drill records that the unit drilled its emergency plan, which it has on record
// first; the next period runs from that day (XA18-27).
func (s *Service) Drill(ctx context.Context, r RecordDrill) (Safeguard, error) {
	return s.Safeguards.Upsert(ctx, authn.By(ctx).Unit, func(x *Safeguard, rec *aggregate.Recorder) error {
		x.begin()
		plan, planned := x.regime(emergency)
		var c fault.Checks
		c.Require(planned, "regime", "no_emergency_plan", "须先制定并登记应急预案", "the emergency plan is on record first", "XA18-27")
		c.Require(!r.HeldOn.After(rec.Today()), "held_on", "in_the_future", "演练日期不得晚于今天", "not after today", "XA18-27")
		n := len(x.Drills)
		c.Require(n == 0 || r.HeldOn.String() > x.Drills[max(0, n-1)].HeldOn, "held_on", "out_of_order", "不晚于最近一次演练", "not after the last drill", "XA18-27")
		if err := c.Refuse(ErrDrill); err != nil {
			return err
		}
		wanting := r.Improvements
		if wanting == nil {
			wanting = []string{}
		}
		x.Drills = append(x.Drills, Drill{
			PlanNo: plan.DocumentNo, Scenario: r.Scenario, HeldOn: r.HeldOn.String(), Participants: r.Participants, Improvements: wanting, By: rec.By().Actor(),
		})
		x.Answered("record_drill")
		x.MeetClock(rec, clockDrill, r.HeldOn)
		rec.State(x.ProjectID, &cybersecurityv1.EmergencyDrilled{
			Unit: x.Unit, PlanNo: plan.DocumentNo, Scenario: r.Scenario, HeldOn: r.HeldOn.String(), Improvements: wanting, Basis: []string{"XA18-27"},
		})
		pack, err := s.Rules.For(nil, s.District, rec.Today())
		if err != nil {
			return err
		}
		return s.Rules.Start(x.Base(), rec, pack.ID(), clockDrill, x.Unit, r.HeldOn)
	})
}

// Remind asks for what a clock of this service is near or past the end of: a
// drill, an inspection, the weighing of a system's risks. Nobody is asked a year
// ahead.
func (s *Service) Remind(ctx context.Context, obligation, deadline string) error {
	id, _, _ := strings.Cut(deadline, "/")
	remind := func(r *aggregate.Root, t aggregate.Todo) {
		if r.Running(obligation) != nil {
			r.Ask(t)
		}
	}
	switch obligation {
	case clockDrill:
		return aggregate.Follow(ctx, s.Safeguards, id, func(x *Safeguard, _ *aggregate.Recorder) error {
			remind(x.Base(), aggregate.Todo{Action: "record_drill", Role: "declarer", Unit: x.Unit, Title: "组织网络安全应急演练"})
			return nil
		})
	case clockInspection:
		return aggregate.Follow(ctx, s.Safeguards, id, func(x *Safeguard, _ *aggregate.Recorder) error {
			remind(x.Base(), aggregate.Todo{Action: "inspect_unit", Role: "cyber_officer", Unit: Office, Title: "开展信息安全监督检查：" + x.Unit})
			return nil
		})
	case clockRisk:
		return aggregate.Follow(ctx, s.Systems, id, func(y *System, _ *aggregate.Recorder) error {
			remind(y.Base(), aggregate.Todo{Action: "record_risk_assessment", Role: "declarer", Unit: y.Unit, Title: "开展重要应用系统风险评估：" + y.Title})
			return nil
		})
	}
	return nil
}

// asSelf reads as the service: norms bind every unit.
func (s *Service) asSelf(ctx context.Context) context.Context { return authn.With(ctx, s.Self) }
