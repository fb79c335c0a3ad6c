package cybersecurity

import (
	"context"
	"fmt"

	"egov/libs/aggregate"
	"egov/libs/authn"
	"egov/libs/calendar"
	"egov/libs/correction"
	"egov/libs/fault"
	cybersecurityv1 "egov/proto/gen/egov/cybersecurity/v1"
	typev1 "egov/proto/gen/egov/type/v1"
)

// InspectionState is where an inspection stands.
type InspectionState string

// The states of an inspection.
const (
	InspectionCorrecting InspectionState = "correcting" // the unit puts right what was found
	InspectionReported   InspectionState = "reported"
	InspectionClosed     InspectionState = "closed"
)

// Inspection is one inspection of one unit's information security; its owner is
// that unit (YP23-M-30).
type Inspection struct {
	aggregate.Root
	Title       string            `json:"title"`
	State       InspectionState   `json:"state"`
	NoticeNo    string            `json:"notice_no"`
	InspectedOn string            `json:"inspected_on"`
	Inspectors  []string          `json:"inspectors"`
	Scope       string            `json:"scope"`
	Findings    []Finding         `json:"findings"`
	Signature   *typev1.Signature `json:"signature"`
	correction.Order
}

// Finding is one thing that is not as it should be.
type Finding struct {
	Code  string   `json:"code"` // a security system of the pack that is missing, or other
	Text  string   `json:"text"`
	Basis []string `json:"basis"`
}

// otherFinding is the code of what the inspectors found besides. stable: it is a
// value of facts.
const otherFinding = "other"

// ErrInspection refuses an inspection that cannot be recorded like this.
var ErrInspection = fault.New(fault.Refused, "inspection_refused",
	"监督检查结果不能登记", "the inspection cannot be recorded like this", "YP23-M-30")

// RecordInspection is the result of one inspection.
type RecordInspection struct {
	Unit        string        `json:"unit" required:"true"`
	NoticeNo    string        `json:"notice_no" required:"true"`
	InspectedOn calendar.Date `json:"inspected_on" required:"true"`
	Inspectors  []string      `json:"inspectors" required:"true"`
	Scope       string        `json:"scope" required:"true"`
	Findings    []string      `json:"findings"`   // besides what is missing on record
	CorrectBy   calendar.Date `json:"correct_by"` // where anything is found
}

// Validate lists what is missing.
func (r *RecordInspection) Validate() error {
	var c fault.Checks
	c.Text(r.Unit, "unit", 64, "YP23-M-30")
	c.Text(r.NoticeNo, "notice_no", 100, "YP23-M-30")
	c.Require(!r.InspectedOn.IsZero(), "inspected_on", "required", "必填", "is required", "YP23-M-30")
	c.Require(len(r.Inspectors) > 0, "inspectors", "required", "须列明检查人员", "name who inspected", "YP23-M-30")
	for i, name := range r.Inspectors {
		c.Text(name, fmt.Sprintf("inspectors[%d]", i), 50, "YP23-M-30")
	}
	c.Text(r.Scope, "scope", 2000, "YP23-M-30")
	for i, f := range r.Findings {
		c.Text(f, fmt.Sprintf("findings[%d]", i), 2000, "YP23-M-30")
	}
	return c.Err()
}

// Inspect records an inspection. It finds by itself which of the security systems
// that the pack asks for the unit does not have on record (YP23-M-32, SH12-32),
// beside what the inspectors saw, and orders all of it to be put right by a day
// (YP23-M-30).
func (s *Service) Inspect(ctx context.Context, r RecordInspection) (out Inspection, err error) {
	err = s.InTx(ctx, func(ctx context.Context) error {
		var found []Finding
		if _, err := s.Safeguards.Upsert(ctx, r.Unit, func(x *Safeguard, rec *aggregate.Recorder) error {
			if err := answers(rec.By(), Office, nil); err != nil {
				return err
			}
			x.begin()
			var err error
			if found, err = s.missing(x, rec.Today()); err != nil {
				return err
			}
			for _, text := range r.Findings {
				found = append(found, Finding{Code: otherFinding, Text: text, Basis: []string{"YP23-M-30"}})
			}
			if err := r.fits(x, len(found), rec.Today()); err != nil {
				return err
			}
			return s.inspected(x, rec, r.InspectedOn)
		}); err != nil {
			return err
		}
		out, err = s.Inspections.Create(ctx, s.NewID(), func(x *Inspection, rec *aggregate.Recorder) error {
			return s.open(x, rec, r, found)
		})
		return err
	})
	return out, err
}

// missing is which security systems the unit does not have on record.
func (s *Service) missing(x *Safeguard, today calendar.Date) ([]Finding, error) {
	list, err := s.required(today)
	found := []Finding{}
	for _, q := range list {
		if _, ok := x.regime(q.Code); !ok {
			found = append(found, Finding{Code: q.Code, Text: q.Text.ZH, Basis: q.Basis})
		}
	}
	return found, err
}

// fits wants a day for what was found, and no inspection before the last.
func (r *RecordInspection) fits(x *Safeguard, found int, today calendar.Date) error {
	var c fault.Checks
	c.Require(!r.InspectedOn.After(today), "inspected_on", "in_the_future", "检查日期不得晚于今天", "not after today", "YP23-M-30")
	c.Require(r.InspectedOn.String() > x.InspectedOn, "inspected_on", "out_of_order", "不晚于最近一次检查", "not after the last inspection", "YP23-M-30")
	if found == 0 {
		c.Require(r.CorrectBy.IsZero(), "correct_by", "not_applicable", "未发现问题，无须整改", "nothing was found to be corrected", "YP23-M-30")
	} else {
		c.Require(r.CorrectBy.After(today), "correct_by", "required", fmt.Sprintf("发现%d项问题，须限期整改", found), fmt.Sprintf("%d findings are to be corrected by a day after today", found), "YP23-M-30", "YP23-M-32")
	}
	return c.Refuse(ErrInspection)
}

// inspected ends one period of inspection and begins the next (YP23-M-30).
func (s *Service) inspected(x *Safeguard, rec *aggregate.Recorder, on calendar.Date) error {
	x.InspectedOn = on.String()
	x.Answered("inspect_unit")
	x.MeetClock(rec, clockInspection, on)
	pack, err := s.Rules.For(nil, s.District, rec.Today())
	if err != nil {
		return err
	}
	return s.Rules.Start(x.Base(), rec, pack.ID(), clockInspection, Office, on)
}

func (s *Service) open(x *Inspection, rec *aggregate.Recorder, r RecordInspection, found []Finding) error {
	x.ProjectID, x.Parties = x.ID, nil // the subject of its facts
	x.Own(r.Unit)
	x.Share(Office, GovernmentOffice)
	x.Title, x.NoticeNo, x.InspectedOn, x.Inspectors, x.Scope, x.Findings, x.Reports = r.Scope, r.NoticeNo, r.InspectedOn.String(), r.Inspectors, r.Scope, found, []correction.Report{}
	x.State = InspectionClosed
	fact := &cybersecurityv1.SecurityInspected{InspectionId: x.ID, Unit: x.Unit, NoticeNo: x.NoticeNo, InspectedOn: x.InspectedOn, Basis: []string{"YP23-M-30", "YP23-M-32"}}
	for _, f := range found {
		fact.Findings = append(fact.Findings, &cybersecurityv1.SecurityFinding{Code: f.Code, Text: f.Text, Basis: f.Basis})
	}
	if len(found) > 0 {
		x.State, x.CorrectBy = InspectionCorrecting, r.CorrectBy.String()
		x.want()
	}
	var err error
	if x.Signature, err = s.Sign("cybersecurity.RecordInspection", rec.By(), map[string]any{
		"unit": x.Unit, "notice_no": x.NoticeNo, "inspected_on": x.InspectedOn, "findings": x.Findings, "correct_by": x.CorrectBy,
	}); err != nil {
		return err
	}
	fact.CorrectBy, fact.Signature = x.CorrectBy, x.Signature
	rec.State(x.ProjectID, fact)
	if len(found) == 0 {
		return nil
	}
	return s.order().Start(x.Base(), rec, r.CorrectBy)
}

// order is the clock of what an inspection ordered (YP23-M-30).
func (s *Service) order() correction.Clock {
	return correction.Clock{Obligation: clockCorrection, Refusal: ErrInspection, Appoint: func(today, by calendar.Date) (aggregate.Terms, error) {
		pack, err := s.Rules.For(nil, s.District, today)
		if err != nil {
			return aggregate.Terms{}, err
		}
		return s.Rules.Appointed(pack.ID(), clockCorrection, today, by, "YP23-M-30")
	}}
}

func (x *Inspection) want() {
	x.Await(aggregate.Todo{Action: "report_security_correction", Role: "declarer", Unit: x.Unit, Title: "按信息安全检查意见整改（" + x.CorrectBy + "前）：" + x.Title})
}

func (x *Inspection) at(state InspectionState) error {
	if x.State == state {
		return nil
	}
	return wrongState("监督检查", "the inspection", string(x.State))
}

// ReportCorrection is what the unit has done about the findings.
type ReportCorrection struct{ correction.Statement }

// Validate wants the report.
func (r *ReportCorrection) Validate() error { return r.Check("YP23-M-30") }

// ReportCorrection lays the unit's report before the inspectors. A security
// system that was found missing is on record first (YP23-M-32).
func (s *Service) ReportCorrection(ctx context.Context, r ReportCorrection) (Inspection, error) {
	g, err := s.Safeguards.Get(ctx, authn.By(ctx).Unit)
	if err != nil && !fault.Is(err, fault.NotFound) {
		return Inspection{}, err
	}
	return s.Inspections.Update(ctx, r.ID, func(x *Inspection, rec *aggregate.Recorder) error {
		if rec.By().Unit != x.Unit {
			return ErrNotOwner
		}
		if err := x.at(InspectionCorrecting); err != nil {
			return err
		}
		var c fault.Checks
		for i, f := range x.Findings {
			_, filed := g.regime(f.Code)
			c.Require(f.Code == otherFinding || filed, fmt.Sprintf("findings[%d]", i), "still_missing", "检查发现的问题尚未解决："+f.Text, "found at the inspection and still missing: "+f.Code, f.Basis...)
		}
		if err := c.Refuse(ErrInspection); err != nil {
			return err
		}
		x.State = InspectionReported
		x.Report(rec, r.Statement)
		x.Await(aggregate.Todo{Action: "close_inspection", Role: "cyber_officer", Unit: Office, Title: "核实信息安全整改：" + x.Title})
		rec.State(x.ProjectID, &cybersecurityv1.SecurityCorrectionReported{InspectionId: x.ID, Unit: x.Unit, Report: r.Text})
		return nil
	})
}

// CloseInspection answers a report.
type CloseInspection struct{ correction.Finding }

// Validate wants an answer, and a new day for what does not do.
func (r *CloseInspection) Validate() error { return r.Check("YP23-M-30") }

// CloseInspection ends the correction with the day on which it was reported, or
// sets another day (YP23-M-30).
func (s *Service) CloseInspection(ctx context.Context, r CloseInspection) (Inspection, error) {
	return s.Inspections.Update(ctx, r.ID, func(x *Inspection, rec *aggregate.Recorder) error {
		if err := x.at(InspectionReported); err != nil {
			return err
		}
		if err := answers(rec.By(), Office, x.Authors()); err != nil {
			return err
		}
		if err := x.Answer(x.Base(), rec, s.order(), r.Finding); err != nil {
			return err
		}
		basis := []string{"YP23-M-30"}
		if *r.Done {
			x.State = InspectionClosed
			rec.State(x.ProjectID, &cybersecurityv1.SecurityInspectionClosed{InspectionId: x.ID, Unit: x.Unit, Opinion: r.Opinion, Basis: basis})
			return nil
		}
		x.State = InspectionCorrecting
		x.want()
		rec.State(x.ProjectID, &cybersecurityv1.SecurityCorrectionReturned{InspectionId: x.ID, Unit: x.Unit, Opinion: r.Opinion, CorrectBy: x.CorrectBy, Basis: basis})
		return nil
	})
}
