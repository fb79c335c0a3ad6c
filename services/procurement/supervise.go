package procurement

import (
	"context"
	"slices"

	"egov/libs/aggregate"
	"egov/libs/calendar"
	"egov/libs/fault"
	"egov/libs/idcode"
	"egov/libs/money"
	procurementv1 "egov/proto/gen/egov/procurement/v1"
)

// ErrSupervision refuses a supervisor who cannot supervise.
var ErrSupervision = fault.New(fault.Refused, "supervision_refused",
	"监理委托不符合要求", "the supervisor cannot be engaged", "YP23-R-5.5.6")

// The two kinds of supervision (YP23-R-5.5.6).
const (
	engineering = "engineering"
	investment  = "investment"
)

// Supervision is who supervises the works or the money.
type Supervision struct {
	Kind       string `json:"supervision"` // engineering or investment
	Supervisor string `json:"supervisor_name"`
	CreditCode string `json:"credit_code"`
	FeeFen     int64  `json:"fee_fen"`
	EngagedOn  string `json:"engaged_on"`
}

// EngageSupervision engages a supervisor.
type EngageSupervision struct {
	ID         string        `path:"id" json:"-"`
	Kind       string        `json:"supervision" required:"true" enum:"engineering,investment"`
	Supervisor string        `json:"supervisor_name" required:"true"`
	CreditCode string        `json:"credit_code" required:"true"`
	FeeFen     int64         `json:"fee_fen" required:"true"`
	EngagedOn  calendar.Date `json:"engaged_on" required:"true"`
}

// Validate lists what is missing or malformed.
func (r *EngageSupervision) Validate() error {
	const basis = "YP23-R-5.5.6"
	var c fault.Checks
	c.Require(r.Kind == engineering || r.Kind == investment, "supervision", "unknown_code", "须为engineering（工程监理）或investment（投资监理）", "engineering or investment", basis)
	c.Text(r.Supervisor, "supervisor_name", 200, basis)
	c.Require(idcode.CreditCode(r.CreditCode), "credit_code", "bad_credit_code", "不是有效的统一社会信用代码", "not a valid unified social credit code", basis)
	c.Require(r.FeeFen >= 0, "fee_fen", "out_of_range", "金额不得为负数（分）", "not a negative amount in fen", basis)
	c.Require(!r.EngagedOn.IsZero(), "engaged_on", "required", "必填", "is required", basis)
	return c.Err()
}

// Engage records who supervises; one who supplies the project does not, and
// one supervisor replaces another of the same kind.
func (s *Service) Engage(ctx context.Context, r EngageSupervision) (Procurement, error) {
	return s.Procurements.Update(ctx, r.ID, func(p *Procurement, rec *aggregate.Recorder) error {
		if err := p.ownedBy(rec.By()); err != nil {
			return err
		}
		if err := p.at(Open, Started, Tendered, Awarded, Contracted, Rectifying); err != nil {
			return err
		}
		var c fault.Checks
		c.Require(!p.supplies(r.Supervisor, r.CreditCode), "supervisor_name", "supervisor_is_supplier",
			"监理单位不得是项目供应商", "who supplies the project does not supervise it", "YP23-R-5.5.6", "ours")
		c.Require(r.FeeFen <= p.BudgetFen, "fee_fen", "over_budget",
			"监理费超过下达预算"+money.Yuan(p.BudgetFen)+"元", "the fee exceeds the issued budget of "+money.Yuan(p.BudgetFen)+" yuan", "YP23-R-5.4.4")
		p.dated(&c, "engaged_on", r.EngagedOn, p.DecidedOn, rec.Today())
		if err := c.Refuse(ErrSupervision); err != nil {
			return err
		}
		p.Supervisions = slices.DeleteFunc(p.Supervisions, func(v Supervision) bool { return v.Kind == r.Kind })
		p.Supervisions = append(p.Supervisions, Supervision{Kind: r.Kind, Supervisor: r.Supervisor, CreditCode: r.CreditCode, FeeFen: r.FeeFen, EngagedOn: r.EngagedOn.String()})
		rec.State(p.ID, &procurementv1.SupervisionEngaged{ProjectId: p.ID, Supervision: r.Kind, SupervisorName: r.Supervisor, FeeFen: r.FeeFen, Basis: []string{"YP23-R-5.5.6"}})
		if p.State != Contracted && p.State != Rectifying {
			return nil
		}
		return s.askSupervision(p)
	})
}

// supplies reports whether a firm is the project's supplier.
func (p *Procurement) supplies(name, creditCode string) bool {
	same := func(n, code string) bool { return n == name || creditCode != "" && code == creditCode }
	return p.Award != nil && same(p.Award.Supplier, p.Award.CreditCode) ||
		slices.ContainsFunc(p.Contracts, func(k Contract) bool { return same(k.Supplier, k.CreditCode) })
}

// supervisor is who was engaged for one kind of supervision, empty for nobody.
func (p *Procurement) supervisor(kind string) string {
	i := slices.IndexFunc(p.Supervisions, func(v Supervision) bool { return v.Kind == kind })
	if i < 0 {
		return ""
	}
	return p.Supervisions[i].Supervisor
}
