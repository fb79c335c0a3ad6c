package procurement

import (
	"context"
	"slices"

	"egov/libs/aggregate"
	"egov/libs/calendar"
	"egov/libs/fault"
	"egov/libs/money"
	"egov/libs/policy"
	"egov/libs/rules"
	procurementv1 "egov/proto/gen/egov/procurement/v1"
	typev1 "egov/proto/gen/egov/type/v1"
)

// Errors of tests, acceptance and assets.
var (
	ErrTest = fault.New(fault.Refused, "test_refused",
		"测试记录不符合要求", "the test cannot be recorded", "YP23-R-5.5.7")
	ErrAcceptance = fault.New(fault.Refused, "acceptance_refused",
		"不具备竣工验收的条件", "the project cannot be accepted")
	ErrAssets = fault.New(fault.Refused, "assets_refused",
		"资产登记不符合要求", "the assets cannot be registered", "YP23-M-15")
)

// supervisionReport is the requirement that only the engaged engineering
// supervisor's report meets. stable: a code of the packs.
const supervisionReport = "supervision_report"

// assessed are the tests that a completed assessment of another duty holder
// stands in for, by the fact that states it.
var assessed = map[string]string{"security_test": FactAssessment, "crypto_test": FactCrypto}

// engaged are the requirements that an engaged supervisor meets.
var engaged = map[string]string{"engineering_supervision": engineering, "investment_supervision": investment}

// Test is one record of a test of the finished work (YP23-R-5.5.7).
type Test struct {
	Test        string `json:"test"` // a requirement code of the pack's acceptance gate
	Passed      bool   `json:"passed"`
	PerformedBy string `json:"performed_by"`
	ReportNo    string `json:"report_no"`
	CompletedOn string `json:"completed_on"`
	SHA256      string `json:"sha256,omitempty"` // of the attached report
}

// AcceptanceStep is one attempt to accept the project.
type AcceptanceStep struct {
	Passed     bool              `json:"passed"`
	AcceptedOn string            `json:"accepted_on"`
	FinalFen   int64             `json:"final_fen,omitempty"` // what the works cost in the end
	Opinion    string            `json:"opinion"`
	Panel      []string          `json:"panel"` // who accepted
	RectifyBy  string            `json:"rectify_by,omitempty"`
	Signature  *typev1.Signature `json:"signature"`
}

// Asset is one thing that the accepted project leaves behind (YP23-M-15).
type Asset struct {
	Name      string `json:"name"`
	Category  string `json:"category"`
	Quantity  int    `json:"quantity"`
	ValueFen  int64  `json:"value_fen"` // of all of them together
	Custodian string `json:"custodian"`
}

// RecordTest puts one test on record.
type RecordTest struct {
	ID          string        `path:"id" json:"-"`
	Test        string        `json:"test" required:"true"` // a requirement code of the pack's acceptance gate
	Passed      bool          `json:"passed" required:"true"`
	PerformedBy string        `json:"performed_by" required:"true"`
	ReportNo    string        `json:"report_no" required:"true"`
	CompletedOn calendar.Date `json:"completed_on" required:"true"`
	SHA256      string        `json:"sha256"` // of the attached report
}

// Validate lists what is missing.
func (r *RecordTest) Validate() error {
	const basis = "YP23-R-5.5.7"
	var c fault.Checks
	c.Text(r.Test, "test", 60, basis)
	c.Text(r.PerformedBy, "performed_by", 200, basis)
	c.Text(r.ReportNo, "report_no", 100, basis)
	c.Require(!r.CompletedOn.IsZero(), "completed_on", "required", "必填", "is required", basis)
	c.Require(r.SHA256 == "" || len(r.SHA256) == 64, "sha256", "bad_hash", "须为附件的SHA-256摘要", "the paper's SHA-256 in hex", basis)
	return c.Err()
}

// RecordTest puts one test of the finished work on record. Only tests that the
// rules ask of the project are; the supplier tests none of its own work; the
// supervision report is the engaged supervisor's.
func (s *Service) RecordTest(ctx context.Context, r RecordTest) (Procurement, error) {
	return s.Procurements.Update(ctx, r.ID, func(p *Procurement, rec *aggregate.Recorder) error {
		if err := p.ownedBy(rec.By()); err != nil {
			return err
		}
		if err := p.at(Contracted, Rectifying); err != nil {
			return err
		}
		asked, err := s.tests(p)
		if err != nil {
			return err
		}
		var c fault.Checks
		c.Require(slices.Contains(asked, r.Test), "test", "test_not_asked", "本项目验收不要求“"+r.Test+"”", r.Test+" is not asked of this project", "YP23-R-5.5.7")
		c.Require(!p.supplies(r.PerformedBy, ""), "performed_by", "tested_by_supplier", "供应商不得测试自己的工作", "the supplier does not test its own work", "YP23-R-5.5.7", "ours")
		if r.Test == supervisionReport {
			c.Require(r.PerformedBy == p.supervisor(engineering), "performed_by", "not_the_supervisor", "监理报告须由已委托的工程监理单位出具", "the report is the engaged engineering supervisor's", "YP23-R-5.5.6")
		}
		p.dated(&c, "completed_on", r.CompletedOn, p.Contracts[0].EffectiveOn, rec.Today())
		f := &procurementv1.TestRecorded{
			ProjectId: p.ID, Test: r.Test, Passed: r.Passed, PerformedBy: r.PerformedBy, ReportNo: r.ReportNo, CompletedOn: r.CompletedOn.String(), Basis: []string{"YP23-R-5.5.7"},
		}
		if r.SHA256 != "" {
			if found := p.cited(&c, "sha256", []PaperRef{{Item: r.Test, SHA256: r.SHA256}}, "YP23-R-5.5.7"); len(found) > 0 {
				f.Document = found[0]
			}
		}
		if err := c.Refuse(ErrTest); err != nil {
			return err
		}
		p.Tests = append(p.Tests, Test{Test: r.Test, Passed: r.Passed, PerformedBy: r.PerformedBy, ReportNo: r.ReportNo, CompletedOn: f.GetCompletedOn(), SHA256: r.SHA256})
		rec.State(p.ID, f)
		return nil
	})
}

// tests lists the records that the acceptance gate asks of the project.
func (s *Service) tests(p *Procurement) ([]string, error) {
	var asked []string
	_, err := s.Rules.Missing(p.Project, "acceptance", func(q policy.Requirement) bool {
		if q.Test || q.Code == supervisionReport {
			asked = append(asked, q.Code)
		}
		return true
	})
	return asked, err
}

// tested reports whether the latest record of a test is a pass.
func (p *Procurement) tested(code string) bool {
	for _, t := range slices.Backward(p.Tests) {
		if t.Test == code {
			return t.Passed
		}
	}
	return false
}

// AcceptProject is one attempt to accept the finished project.
type AcceptProject struct {
	ID         string        `path:"id" json:"-"`
	Passed     bool          `json:"passed" required:"true"`
	AcceptedOn calendar.Date `json:"accepted_on" required:"true"`
	FinalFen   int64         `json:"final_fen"` // where it passes: what the works cost in the end
	Opinion    string        `json:"opinion" required:"true"`
	Panel      []string      `json:"panel" required:"true"` // who accepted
	RectifyBy  calendar.Date `json:"rectify_by"`            // where it fails
}

// Validate lists what is missing.
func (r *AcceptProject) Validate() error {
	const basis = "YP23-R-5.5.7"
	var c fault.Checks
	c.Require(!r.AcceptedOn.IsZero(), "accepted_on", "required", "必填", "is required", basis)
	c.Text(r.Opinion, "opinion", 5000, basis)
	c.Require(len(r.Panel) > 0 && !slices.Contains(r.Panel, ""), "panel", "required", "须列明验收人员", "name who accepted", basis)
	if r.Passed {
		c.Require(r.FinalFen > 0, "final_fen", "required", "通过验收的须填写决算金额（分）", "a pass states the final cost in fen", basis)
		c.Require(r.RectifyBy.IsZero(), "rectify_by", "not_applicable", "通过验收的不填整改期限", "a pass has no day of rectification", basis)
	} else {
		c.Require(r.FinalFen == 0, "final_fen", "not_applicable", "未通过验收的不填决算金额", "a failure has no final cost", basis)
		c.Require(!r.RectifyBy.IsZero(), "rectify_by", "required", "未通过验收的须限期整改", "a failure sets a day for the rectification", basis)
	}
	return c.Err()
}

// Accept records an attempt to accept the project. It passes only with every
// test and supervision that the rules ask of it.
func (s *Service) Accept(ctx context.Context, r AcceptProject) (Procurement, error) {
	return s.Procurements.Update(ctx, r.ID, func(p *Procurement, rec *aggregate.Recorder) error {
		if err := p.ownedBy(rec.By()); err != nil {
			return err
		}
		if err := p.at(Contracted, Rectifying); err != nil {
			return err
		}
		var c fault.Checks
		p.dated(&c, "accepted_on", r.AcceptedOn, p.Contracts[0].EffectiveOn, rec.Today())
		step := AcceptanceStep{Passed: r.Passed, AcceptedOn: r.AcceptedOn.String(), FinalFen: r.FinalFen, Opinion: r.Opinion, Panel: r.Panel, RectifyBy: r.RectifyBy.String()}
		if !r.Passed {
			return s.fail(p, rec, step, r.RectifyBy, &c)
		}
		return s.pass(p, rec, step, r.AcceptedOn, &c)
	})
}

func (s *Service) pass(p *Procurement, rec *aggregate.Recorder, step AcceptanceStep, on calendar.Date, c *fault.Checks) error {
	evidence := []string{}
	missing, err := s.Rules.Missing(p.Project, "acceptance", func(q policy.Requirement) bool {
		ok := p.evident(q)
		if ok {
			evidence = append(evidence, q.Code)
		}
		return ok
	})
	if err != nil {
		return err
	}
	c.Add(missing...)
	c.Require(step.FinalFen <= p.ContractFen, "final_fen", "final_over_contract",
		"决算金额超过合同金额"+money.Yuan(p.ContractFen)+"元", "the final cost exceeds the contract's "+money.Yuan(p.ContractFen)+" yuan", "XA18-18")
	if err := c.Refuse(ErrAcceptance); err != nil {
		return err
	}
	if step.Signature, err = s.Sign("procurement.AcceptProject", rec.By(), step); err != nil {
		return err
	}
	p.State, p.Acceptances = Accepted, append(p.Acceptances, step)
	p.MeetClock(rec, clockAcceptance, rec.Today())
	p.WaiveClock(rec, clockQuarter, "项目已通过竣工验收")
	if err := s.await(p); err != nil {
		return err
	}
	rec.State(p.ID, &procurementv1.AcceptancePassed{
		ProjectId: p.ID, AcceptedOn: step.AcceptedOn, Evidence: evidence, FinalFen: step.FinalFen, Signature: step.Signature, Basis: []string{"YP23-R-5.5.7"},
	})
	return s.Rules.Start(p.Base(), rec, p.Project.GetPack(), clockAcceptanceFiled, p.Unit, on)
}

// evident reports whether a requirement of the acceptance gate is met: by a
// record, by a supervisor, or by what another service stated.
func (p *Procurement) evident(q policy.Requirement) bool {
	if kind, ok := engaged[q.Code]; ok {
		return p.supervisor(kind) != ""
	}
	if p.tested(q.Code) {
		return true
	}
	if fact, ok := assessed[q.Code]; ok && p.Heard[fact] != "" {
		return true
	}
	return rules.Heard(p.Heard, p.Waivers)(q)
}

func (s *Service) fail(p *Procurement, rec *aggregate.Recorder, step AcceptanceStep, by calendar.Date, c *fault.Checks) error {
	c.Require(by.After(rec.Today()), "rectify_by", "in_past", "整改期限须晚于今天", "the day of the rectification is after today", "YP23-R-5.5.7")
	if err := c.Refuse(ErrAcceptance); err != nil {
		return err
	}
	var err error
	if step.Signature, err = s.Sign("procurement.AcceptProject", rec.By(), step); err != nil {
		return err
	}
	terms, err := s.Rules.Appointed(p.Project.GetPack(), clockAcceptance, rec.Today(), by, "YP23-R-5.5.7")
	if err != nil {
		return err
	}
	p.State, p.Acceptances = Rectifying, append(p.Acceptances, step)
	p.MeetClock(rec, clockAcceptance, rec.Today()) // tried again by the day that was set
	p.StartClock(rec, p.Unit, terms)
	p.Ask(aggregate.Todo{Action: "accept", Role: "declarer", Unit: p.Unit, Title: "按验收意见整改后再次验收"})
	rec.State(p.ID, &procurementv1.AcceptanceFailed{
		ProjectId: p.ID, Reason: step.Opinion, RectifyBy: step.RectifyBy, SystemId: p.SystemID, Signature: step.Signature, Basis: []string{"YP23-R-5.5.7"},
	})
	return nil
}

// FileAcceptance sends the result to the conference office.
type FileAcceptance struct {
	ID string `path:"id" json:"-"`
}

// FileAcceptance sends a passed acceptance to the conference office.
func (s *Service) FileAcceptance(ctx context.Context, r FileAcceptance) (Procurement, error) {
	return s.Procurements.Update(ctx, r.ID, func(p *Procurement, rec *aggregate.Recorder) error {
		if err := p.ownedBy(rec.By()); err != nil {
			return err
		}
		if err := p.at(Accepted); err != nil {
			return err
		}
		pack, err := s.Rules.Of(p.Project.GetPack())
		if err != nil {
			return err
		}
		p.State, p.FiledOn = Filed, rec.Today().String()
		p.MeetClock(rec, clockAcceptanceFiled, rec.Today())
		p.Share(ConferenceOffice)
		p.Await()
		if len(p.Assets) == 0 && slices.Contains(pack.Procedure().Procurement.AssetKinds, p.Project.GetKind()) {
			p.Await(aggregate.Todo{Action: "register_assets", Role: "declarer", Unit: p.Unit, Title: "登记项目形成的资产"})
		}
		rec.State(p.ID, &procurementv1.AcceptanceFiled{ProjectId: p.ID, FiledOn: p.FiledOn, Basis: []string{"YP23-R-5.5.7"}})
		return nil
	})
}

// RegisterAssets lists what the project leaves behind (YP23-M-15).
type RegisterAssets struct {
	ID    string  `path:"id" json:"-"`
	Items []Asset `json:"items" required:"true"`
}

// Validate lists what is missing or out of range.
func (r *RegisterAssets) Validate() error {
	const basis = "YP23-M-15"
	var c fault.Checks
	c.Require(len(r.Items) > 0 && len(r.Items) <= 1000, "items", "out_of_range", "须有1至1000项资产", "1 to 1,000 assets", basis)
	for _, a := range r.Items {
		c.Text(a.Name, "items.name", 200, basis)
		c.Text(a.Category, "items.category", 100, basis)
		c.Text(a.Custodian, "items.custodian", 100, basis)
		c.Require(a.Quantity > 0, "items.quantity", "out_of_range", "数量须为正数", "a positive number", basis)
		c.Require(a.ValueFen >= 0, "items.value_fen", "out_of_range", "金额不得为负数（分）", "not a negative amount in fen", basis)
	}
	return c.Err()
}

// Register lists the assets of an accepted project, worth no more than it cost.
func (s *Service) Register(ctx context.Context, r RegisterAssets) (Procurement, error) {
	return s.Procurements.Update(ctx, r.ID, func(p *Procurement, rec *aggregate.Recorder) error {
		if err := p.ownedBy(rec.By()); err != nil {
			return err
		}
		if err := p.at(Accepted, Filed); err != nil {
			return err
		}
		cost := p.Acceptances[len(p.Acceptances)-1].FinalFen
		left := cost
		for _, a := range p.Assets {
			left -= a.ValueFen
		}
		var value int64
		fits := true
		for _, a := range r.Items {
			fits = fits && a.ValueFen <= left-value
			if fits {
				value += a.ValueFen
			}
		}
		var c fault.Checks
		c.Require(fits, "items.value_fen", "assets_over_cost",
			"资产总值超过决算金额"+money.Yuan(cost)+"元", "the assets are worth more than the final cost of "+money.Yuan(cost)+" yuan", "YP23-M-15")
		if err := c.Refuse(ErrAssets); err != nil {
			return err
		}
		p.Assets = append(p.Assets, r.Items...)
		p.Answered("register_assets")
		rec.State(p.ID, &procurementv1.AssetsRegistered{ProjectId: p.ID, Items: int32(len(r.Items)), ValueFen: value, Basis: []string{"YP23-M-15"}})
		return nil
	})
}
