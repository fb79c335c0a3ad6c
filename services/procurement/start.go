package procurement

import (
	"context"

	"egov/libs/aggregate"
	"egov/libs/calendar"
	"egov/libs/fault"
	"egov/libs/policy"
	"egov/libs/rules"
	procurementv1 "egov/proto/gen/egov/procurement/v1"
)

// Errors of starting.
var (
	ErrStart = fault.New(fault.Refused, "start_refused",
		"不具备启动采购的条件", "procurement cannot start")
	ErrDeferral = fault.New(fault.Refused, "deferral_refused",
		"暂缓实施备案不符合要求", "the deferral cannot be filed", "YP23-R-5.5.1")
)

// Deferral is the reason why procurement does not start in time
// (YP23-R-5.5.1).
type Deferral struct {
	Reason     string `json:"reason"`
	ExpectedOn string `json:"expected_on"`
	FiledOn    string `json:"filed_on"`
	Late       bool   `json:"late"` // filed after the time to start had passed
}

// StartProcurement begins the procedure under one method.
type StartProcurement struct {
	ID        string        `path:"id" json:"-"`
	Method    string        `json:"method" required:"true"` // a method code of the pack
	StartedOn calendar.Date `json:"started_on" required:"true"`
}

// Validate lists what is missing.
func (r *StartProcurement) Validate() error {
	var c fault.Checks
	c.Text(r.Method, "method", 60, "YP23-R-5.5.1")
	c.Require(!r.StartedOn.IsZero(), "started_on", "required", "必填", "is required", "YP23-R-5.5.1")
	return c.Err()
}

// Start begins the procedure: the budget is issued, somebody answers for the
// project, and the method meets every obligation that concerns methods, such
// as a public tender.
func (s *Service) Start(ctx context.Context, r StartProcurement) (Procurement, error) {
	return s.Procurements.Update(ctx, r.ID, func(p *Procurement, rec *aggregate.Recorder) error {
		if err := p.ownedBy(rec.By()); err != nil {
			return err
		}
		if err := p.at(Waiting, Open); err != nil {
			return err
		}
		pack, err := s.Rules.Of(p.Project.GetPack())
		if err != nil {
			return err
		}
		var c fault.Checks
		missing, err := s.Rules.Missing(p.Project, "procurement", rules.Heard(p.Heard, p.Waivers))
		if err != nil {
			return err
		}
		c.Add(missing...)
		m := choose(pack, r.Method, p.Project.GetObligations(), &c)
		c.Require(!p.renewal(), "method", "renewal_not_procured", "招一续二项目直接续签，不再启动采购", "a renewal is signed without a new procedure", "YP23-R-5.3.5")
		c.Require(r.StartedOn.String() >= p.IssuedOn, "started_on", "before_issue", "启动日期早于预算下达日"+p.IssuedOn, "the start is before the budget was issued on "+p.IssuedOn, "YP23-R-5.5.1")
		c.Require(!r.StartedOn.After(rec.Today()), "started_on", "in_future", "启动日期不得晚于今天", "the start is not in the future", "YP23-R-5.5.1")
		if err := c.Refuse(ErrStart); err != nil {
			return err
		}
		if err := p.at(Open); err != nil { // the decision has not reached this service
			return err
		}
		p.State, p.Method, p.StartedOn = Started, m.Code, r.StartedOn.String()
		p.MeetClock(rec, clockStart, r.StartedOn)
		p.MeetClock(rec, clockStop, r.StartedOn)
		rec.State(p.ID, &procurementv1.ProcurementStarted{ProjectId: p.ID, Method: m.Code, StartedOn: p.StartedOn, Basis: m.Basis})
		return s.await(p)
	})
}

// choose finds a method of the pack and lists the obligations that it does not
// meet.
func choose(pack *policy.Pack, code string, obligations []string, c *fault.Checks) policy.Method {
	how := pack.Procedure().Procurement
	m, ok := how.Method(code)
	if !c.Require(ok, "method", "unknown_method", "没有这种采购方式", "the rules know no such method", "YP23-R-5.5.1") {
		return m
	}
	for _, o := range how.Unmet(m, obligations) {
		label, _ := pack.Label(policy.Obligations, o)
		c.Require(false, "method", "method_not_allowed",
			"“"+m.Label.ZH+"”不满足“"+label.ZH+"”的要求", m.Label.EN+" does not satisfy: "+label.EN, obliged(how, o)...)
	}
	return m
}

// obliged are the provisions behind an obligation: those of the method that is
// meant for it first of all.
func obliged(how policy.Procurement, obligation string) []string {
	for _, m := range how.Methods {
		if len(m.Meets) > 0 && m.Meets[0] == obligation {
			return m.Basis
		}
	}
	return nil
}

// FileDeferral says why procurement does not start in time.
type FileDeferral struct {
	ID         string        `path:"id" json:"-"`
	Reason     string        `json:"reason" required:"true"`
	ExpectedOn calendar.Date `json:"expected_on" required:"true"`
}

// Validate lists what is missing.
func (r *FileDeferral) Validate() error {
	var c fault.Checks
	c.Text(r.Reason, "reason", 2000, "YP23-R-5.5.1")
	c.Require(!r.ExpectedOn.IsZero(), "expected_on", "required", "必填", "is required", "YP23-R-5.5.1")
	return c.Err()
}

// Defer files the reason with the conference. Filed in time it moves the clock
// to the expected day; filed late the lateness stands. Either way the
// conference may no longer stop the project for want of a filing.
func (s *Service) Defer(ctx context.Context, r FileDeferral) (Procurement, error) {
	return s.Procurements.Update(ctx, r.ID, func(p *Procurement, rec *aggregate.Recorder) error {
		if err := p.ownedBy(rec.By()); err != nil {
			return err
		}
		if err := p.at(Open); err != nil {
			return err
		}
		today := rec.Today()
		var c fault.Checks
		c.Require(r.ExpectedOn.After(today), "expected_on", "in_past", "预计启动日期须晚于今天", "the expected day is after today", "YP23-R-5.5.1")
		if err := c.Refuse(ErrDeferral); err != nil {
			return err
		}
		d := Deferral{Reason: r.Reason, ExpectedOn: r.ExpectedOn.String(), FiledOn: today.String()}
		if clock := p.Running(clockStart); clock != nil {
			d.Late = today.After(clock.DueOn)
			if !d.Late && r.ExpectedOn.After(clock.DueOn) {
				terms, err := s.Rules.Appointed(p.Project.GetPack(), clockStart, clock.TriggerOn, r.ExpectedOn)
				if err != nil {
					return err
				}
				p.MoveClock(rec, clockStart, terms, r.Reason)
			}
		}
		p.WaiveClock(rec, clockStop, r.Reason)
		p.Answered("file_deferral")
		p.Deferrals = append(p.Deferrals, d)
		p.Share(ConferenceOffice)
		rec.State(p.ID, &procurementv1.DeferralFiled{ProjectId: p.ID, Reason: d.Reason, ExpectedOn: d.ExpectedOn, Basis: []string{"YP23-R-5.5.1"}})
		return nil
	})
}
