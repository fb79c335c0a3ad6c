package dataresource

import (
	"context"
	"slices"
	"strings"

	"egov/libs/aggregate"
	"egov/libs/calendar"
	"egov/libs/correction"
	"egov/libs/fault"
	"egov/libs/policy"
	dataresourcev1 "egov/proto/gen/egov/dataresource/v1"
	typev1 "egov/proto/gen/egov/type/v1"
)

// discipline is where the pack lists the rules whose breach is ordered to be put
// right. stable: a gate of the packs.
const discipline = "data_discipline"

// CorrectionState is where a correction stands.
type CorrectionState string

// The states of a correction.
const (
	CorrectionOrdered  CorrectionState = "ordered"
	CorrectionReported CorrectionState = "reported"
	CorrectionClosed   CorrectionState = "closed"
)

// Correction is an order to one unit to put something right by a day; its owner
// is that unit (SH16-D-23, XA18-30).
type Correction struct {
	aggregate.Root
	Title     string            `json:"title"`
	State     CorrectionState   `json:"state"`
	Rule      string            `json:"rule"` // a requirement of the pack's discipline
	RuleText  policy.Text       `json:"rule_text"`
	Basis     []string          `json:"basis"`
	Finding   string            `json:"finding"`
	NoticeNo  string            `json:"notice_no"`
	Signature *typev1.Signature `json:"signature"`
	correction.Order
}

// ErrCorrection refuses an order that cannot be given.
var ErrCorrection = fault.New(fault.Refused, "correction_refused",
	"整改通知不符合要求", "the correction cannot be ordered like this", "SH16-D-23", "XA18-30")

// OrderCorrection orders a unit to put something right.
type OrderCorrection struct {
	Unit      string        `json:"unit" required:"true"`
	Rule      string        `json:"rule" required:"true"` // a requirement of the pack's discipline
	Finding   string        `json:"finding" required:"true"`
	NoticeNo  string        `json:"notice_no" required:"true"`
	CorrectBy calendar.Date `json:"correct_by" required:"true"`
}

// Validate lists what is missing.
func (r *OrderCorrection) Validate() error {
	var c fault.Checks
	c.Text(r.Unit, "unit", 64, "SH16-D-23")
	c.Text(r.Rule, "rule", 64, "SH16-D-23")
	c.Text(r.Finding, "finding", 5000, "SH16-D-23")
	c.Text(r.NoticeNo, "notice_no", 100, "SH16-D-23")
	c.Require(!r.CorrectBy.IsZero(), "correct_by", "required", "必填", "is required", "SH16-D-23")
	return c.Err()
}

// Order gives a unit notice in writing of the rule it broke and a day by which
// that is put right (SH16-D-23, XA18-30).
func (s *Service) Order(ctx context.Context, r OrderCorrection) (Correction, error) {
	return s.Corrections.Create(ctx, s.NewID(), func(x *Correction, rec *aggregate.Recorder) error {
		today := rec.Today()
		if rec.By().Unit != Office {
			return ErrNotOffice.WithBasis("SH16-D-23")
		}
		pack, err := s.pack(today)
		if err != nil {
			return err
		}
		var c fault.Checks
		rules, _, err := pack.Gate(discipline, policy.Case{}, policy.Decision{})
		if err != nil {
			return err
		}
		n := slices.IndexFunc(rules, func(q policy.Requirement) bool { return q.Code == r.Rule })
		c.Require(n >= 0, "rule", "unknown_code", "须为以下之一："+codes(rules), "one of "+codes(rules), "SH16-D-23")
		s.order(nil).Before(&c, r.CorrectBy, today)
		if err := c.Refuse(ErrCorrection); err != nil {
			return err
		}
		x.ProjectID, x.Parties = x.ID, nil // the subject of its facts
		x.Own(r.Unit)
		x.Share(Office, Centre)
		x.State, x.Rule, x.RuleText, x.Basis = CorrectionOrdered, r.Rule, rules[n].Text, rules[n].Basis
		x.Title, x.Finding, x.NoticeNo, x.CorrectBy, x.Reports = rules[n].Text.ZH, r.Finding, r.NoticeNo, r.CorrectBy.String(), []correction.Report{}
		if x.Signature, err = s.Sign("dataresource.OrderCorrection", rec.By(), map[string]any{
			"unit": x.Unit, "rule": x.Rule, "finding": x.Finding, "notice_no": x.NoticeNo, "correct_by": x.CorrectBy,
		}); err != nil {
			return err
		}
		x.want()
		rec.State(x.ProjectID, &dataresourcev1.DataCorrectionOrdered{
			CorrectionId: x.ID, Unit: x.Unit, Rule: x.Rule, Finding: x.Finding, CorrectBy: x.CorrectBy, NoticeNo: x.NoticeNo, Basis: x.Basis, Signature: x.Signature,
		})
		return s.order(x.Basis).Start(x.Base(), rec, r.CorrectBy)
	})
}

// order is the clock of an order that rests on the articles (SH16-D-23).
func (s *Service) order(basis []string) correction.Clock {
	return correction.Clock{Obligation: clockCorrection, Refusal: ErrCorrection, Appoint: func(today, by calendar.Date) (aggregate.Terms, error) {
		pack, err := s.pack(today)
		if err != nil {
			return aggregate.Terms{}, err
		}
		return s.Rules.Appointed(pack.ID(), clockCorrection, today, by, basis...)
	}}
}

func codes(rules []policy.Requirement) string {
	list := make([]string, len(rules))
	for i, q := range rules {
		list[i] = q.Code
	}
	return strings.Join(list, "、")
}

func (x *Correction) want() {
	x.Await(aggregate.Todo{Action: "report_correction", Role: "declarer", Unit: x.Unit, Title: "限期整改（" + x.CorrectBy + "前）：" + x.Title})
}

func (x *Correction) at(state CorrectionState) error {
	if x.State == state {
		return nil
	}
	return ErrState.WithMsg("整改状态为“"+string(x.State)+"”，不能办理此事项", "the correction is "+string(x.State)+", which does not allow this")
}

// ReportCorrection is what the unit has done.
type ReportCorrection struct{ correction.Statement }

// Validate wants the report.
func (r *ReportCorrection) Validate() error { return r.Check("SH16-D-23") }

// ReportCorrection lays the unit's report before the leading group's office
// (SH16-D-23).
func (s *Service) ReportCorrection(ctx context.Context, r ReportCorrection) (Correction, error) {
	return s.Corrections.Update(ctx, r.ID, func(x *Correction, rec *aggregate.Recorder) error {
		if rec.By().Unit != x.Unit {
			return ErrNotOwner
		}
		if err := x.at(CorrectionOrdered); err != nil {
			return err
		}
		x.State = CorrectionReported
		x.Report(rec, r.Statement)
		x.Await(aggregate.Todo{Action: "close_correction", Role: "secretary", Unit: Office, Title: "核实整改情况：" + x.Title})
		rec.State(x.ProjectID, &dataresourcev1.DataCorrectionReported{CorrectionId: x.ID, Unit: x.Unit, Report: r.Text})
		return nil
	})
}

// CloseCorrection answers a report.
type CloseCorrection struct{ correction.Finding }

// Validate wants an answer, and a new day for what does not do.
func (r *CloseCorrection) Validate() error { return r.Check("SH16-D-23") }

// CloseCorrection ends the correction with the day on which it was reported, or
// sets another day (SH16-D-23).
func (s *Service) CloseCorrection(ctx context.Context, r CloseCorrection) (Correction, error) {
	return s.Corrections.Update(ctx, r.ID, func(x *Correction, rec *aggregate.Recorder) error {
		if err := x.at(CorrectionReported); err != nil {
			return err
		}
		if err := decidedBy(rec.By(), x.Authors()); err != nil {
			return err
		}
		if err := x.Answer(x.Base(), rec, s.order(x.Basis), r.Finding); err != nil {
			return err
		}
		if *r.Done {
			x.State = CorrectionClosed
			rec.State(x.ProjectID, &dataresourcev1.DataCorrectionClosed{CorrectionId: x.ID, Unit: x.Unit, Opinion: r.Opinion, Basis: x.Basis})
			return nil
		}
		x.State = CorrectionOrdered
		x.want()
		rec.State(x.ProjectID, &dataresourcev1.DataCorrectionReturned{CorrectionId: x.ID, Unit: x.Unit, Opinion: r.Opinion, CorrectBy: x.CorrectBy, Basis: x.Basis})
		return nil
	})
}
