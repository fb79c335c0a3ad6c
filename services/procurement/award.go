package procurement

import (
	"context"
	"fmt"

	"egov/libs/aggregate"
	"egov/libs/calendar"
	"egov/libs/fault"
	"egov/libs/idcode"
	"egov/libs/money"
	procurementv1 "egov/proto/gen/egov/procurement/v1"
)

// Errors of tender and award.
var (
	ErrTender = fault.New(fault.Refused, "tender_refused", "采购公告不符合要求", "the tender cannot be published", "YP23-R-5.5.1")
	ErrAward  = fault.New(fault.Refused, "award_refused", "成交结果不符合要求", "the award cannot be made", "YP23-R-5.5.1")
)

// Tender is the published notice.
type Tender struct {
	NoticeNo    string `json:"notice_no"`
	PublishedOn string `json:"published_on"`
	ValueFen    int64  `json:"value_fen"` // the budget that the notice names
}

// Award is who won.
type Award struct {
	Supplier   string `json:"supplier"`
	CreditCode string `json:"supplier_credit_code"`
	ValueFen   int64  `json:"value_fen"`
	Bidders    int    `json:"bidders"`
	AwardedOn  string `json:"awarded_on"`
}

// PublishTender records the notice.
type PublishTender struct {
	ID          string        `path:"id" json:"-"`
	NoticeNo    string        `json:"notice_no" required:"true"`
	PublishedOn calendar.Date `json:"published_on" required:"true"`
	ValueFen    int64         `json:"value_fen" required:"true" minimum:"1"`
}

// Validate lists what is missing.
func (r *PublishTender) Validate() error {
	var c fault.Checks
	c.Text(r.NoticeNo, "notice_no", 100, "YP23-R-5.5.1")
	c.Require(!r.PublishedOn.IsZero(), "published_on", "required", "必填", "is required", "YP23-R-5.5.1")
	c.Require(r.ValueFen > 0, "value_fen", "out_of_range", "金额须为正数（分）", "a positive amount in fen", "YP23-R-5.5.1")
	return c.Err()
}

// Publish records the notice of a method that has one, within the budget.
func (s *Service) Publish(ctx context.Context, r PublishTender) (Procurement, error) {
	return s.Procurements.Update(ctx, r.ID, func(p *Procurement, rec *aggregate.Recorder) error {
		if err := p.at(Started); err != nil {
			return err
		}
		m, err := s.method(p)
		if err != nil {
			return err
		}
		if err := p.runBy(rec.By(), m); err != nil {
			return err
		}
		var c fault.Checks
		c.Require(m.Notice, "notice_no", "method_without_notice", "“"+m.Label.ZH+"”不发布公告", m.Label.EN+" has no notice", m.Basis...)
		p.within(&c, r.ValueFen)
		p.dated(&c, "published_on", r.PublishedOn, p.StartedOn, rec.Today())
		if err := c.Refuse(ErrTender); err != nil {
			return err
		}
		p.State, p.Tender = Tendered, &Tender{NoticeNo: r.NoticeNo, PublishedOn: r.PublishedOn.String(), ValueFen: r.ValueFen}
		rec.State(p.ID, &procurementv1.TenderPublished{ProjectId: p.ID, NoticeNo: r.NoticeNo, PublishedOn: p.Tender.PublishedOn, ValueFen: r.ValueFen})
		return s.await(p)
	})
}

// within requires that a value fits the budget.
func (p *Procurement) within(c *fault.Checks, value int64) {
	c.Require(value <= p.BudgetFen, "value_fen", "over_budget",
		"金额超过下达预算"+money.Yuan(p.BudgetFen)+"元", "the value exceeds the issued budget of "+money.Yuan(p.BudgetFen)+" yuan", "YP23-M-13", "YP23-M-9")
}

// dated requires that a day lies between an earlier act and today.
func (p *Procurement) dated(c *fault.Checks, field string, day calendar.Date, after string, today calendar.Date) {
	c.Require(day.String() >= after, field, "before_earlier_step", "日期早于前一环节（"+after+"）", "the day is before the step that precedes it, "+after, "YP23-R-5.5.1")
	c.Require(!day.After(today), field, "in_future", "日期不得晚于今天", "the day is not in the future")
}

// MakeAward records who won.
type MakeAward struct {
	ID         string        `path:"id" json:"-"`
	Supplier   string        `json:"supplier" required:"true"`
	CreditCode string        `json:"supplier_credit_code" required:"true"` // GB 32100
	ValueFen   int64         `json:"value_fen" required:"true" minimum:"1"`
	Bidders    int           `json:"bidders" required:"true" minimum:"1"`
	AwardedOn  calendar.Date `json:"awarded_on" required:"true"`
}

// Validate lists what is missing or malformed.
func (r *MakeAward) Validate() error {
	var c fault.Checks
	c.Text(r.Supplier, "supplier", 200, "YP23-R-5.5.1")
	c.Require(idcode.CreditCode(r.CreditCode), "supplier_credit_code", "bad_credit_code",
		"不是有效的统一社会信用代码", "not a valid unified social credit code", "YP23-R-5.5.1")
	c.Require(r.ValueFen > 0, "value_fen", "out_of_range", "金额须为正数（分）", "a positive amount in fen", "YP23-R-5.5.1")
	c.Require(r.Bidders > 0, "bidders", "out_of_range", "至少有一家供应商", "at least one bidder", "YP23-R-5.5.1")
	c.Require(!r.AwardedOn.IsZero(), "awarded_on", "required", "必填", "is required", "YP23-R-5.5.1")
	return c.Err()
}

// MakeAward records who won: after the notice where the method has one, among
// enough bidders, within the budget and the notice.
func (s *Service) MakeAward(ctx context.Context, r MakeAward) (Procurement, error) {
	return s.Procurements.Update(ctx, r.ID, func(p *Procurement, rec *aggregate.Recorder) error {
		if err := p.at(Started, Tendered); err != nil {
			return err
		}
		m, err := s.method(p)
		if err != nil {
			return err
		}
		if err := p.runBy(rec.By(), m); err != nil {
			return err
		}
		var c fault.Checks
		after := p.StartedOn
		if t := p.Tender; t != nil {
			after = t.PublishedOn
			c.Require(r.ValueFen <= t.ValueFen, "value_fen", "over_tender", "中标金额超过公告预算"+money.Yuan(t.ValueFen)+"元", "the award exceeds the notice's "+money.Yuan(t.ValueFen)+" yuan", "YP23-R-5.5.1")
		} else {
			c.Require(!m.Notice, "awarded_on", "tender_not_published", "尚未发布采购公告", "no notice has been published", m.Basis...)
		}
		p.within(&c, r.ValueFen)
		c.Require(r.Bidders >= m.MinBidders, "bidders", "too_few_bidders",
			fmt.Sprintf("“%s”须有%d家以上供应商", m.Label.ZH, m.MinBidders), fmt.Sprintf("%s needs %d bidders or more", m.Label.EN, m.MinBidders), m.Basis...)
		p.dated(&c, "awarded_on", r.AwardedOn, after, rec.Today())
		if err := c.Refuse(ErrAward); err != nil {
			return err
		}
		p.State = Awarded
		p.Award = &Award{Supplier: r.Supplier, CreditCode: r.CreditCode, ValueFen: r.ValueFen, Bidders: r.Bidders, AwardedOn: r.AwardedOn.String()}
		rec.State(p.ID, &procurementv1.AwardMade{
			ProjectId: p.ID, Supplier: r.Supplier, SupplierCreditCode: r.CreditCode, ValueFen: r.ValueFen, Bidders: int32(r.Bidders), AwardedOn: p.Award.AwardedOn,
		})
		return s.await(p)
	})
}
