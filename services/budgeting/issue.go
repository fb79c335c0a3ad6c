package budgeting

import (
	"context"
	"slices"

	"egov/libs/aggregate"
	"egov/libs/calendar"
	"egov/libs/fault"
	"egov/libs/money"
	"egov/libs/policy"
	"egov/libs/rules"
	budgetingv1 "egov/proto/gen/egov/budgeting/v1"
)

// Requirements of the gate before maintenance money that this service judges
// by its own records, so that no paper stands in for them. stable: codes of
// the packs.
const (
	noHold   = "no_hold"
	accepted = "accepted"
)

// IssueBudget makes the money available. Its day starts the procurement clock
// (YP23-R-5.5.1).
type IssueBudget struct {
	ID         string        `path:"id" json:"-"`
	AmountFen  int64         `json:"amount_fen" required:"true" minimum:"1"`
	DocumentNo string        `json:"document_no" required:"true"`
	IssuedOn   calendar.Date `json:"issued_on" required:"true"`
	// Confirmations name the papers for requirements of maintenance money that
	// no service states, such as integration with the common platforms.
	Confirmations []Confirmation `json:"confirmations"`
}

// Validate lists what is missing.
func (r *IssueBudget) Validate() error {
	var c fault.Checks
	c.Require(r.AmountFen > 0, "amount_fen", "out_of_range", "金额须为正数（分）", "a positive amount in fen", "YP23-M-13")
	c.Text(r.DocumentNo, "document_no", 100, "YP23-M-13")
	c.Require(!r.IssuedOn.IsZero(), "issued_on", "required", "必填", "is required", "YP23-R-5.5.1")
	for _, x := range r.Confirmations {
		c.Text(x.Requirement, "confirmations.requirement", 60)
		c.Text(x.DocumentNo, "confirmations.document_no", 100)
	}
	return c.Err()
}

// Issue makes the money available: no more than requested and approved, not
// before the decision and not in the future; maintenance money besides only
// where the pack's gate lets it pass.
func (s *Service) Issue(ctx context.Context, r IssueBudget) (Budget, error) {
	found, err := s.records(ctx, r.ID)
	if err != nil {
		return Budget{}, err
	}
	return s.Budgets.Update(ctx, r.ID, func(b *Budget, rec *aggregate.Recorder) error {
		if err := b.decidedBy(rec.By(), Requested); err != nil {
			return err
		}
		var c fault.Checks
		asked, err := s.maintenanceMoney(b, found, r.Confirmations, &c)
		if err != nil {
			return err
		}
		for _, x := range r.Confirmations {
			c.Require(slices.Contains(asked, x.Requirement), "confirmations.requirement", "not_confirmable",
				"“"+x.Requirement+"”不是本项目可凭文件确认的条件", x.Requirement+" is not something a paper can confirm for this project")
		}
		today := rec.Today()
		limit := min(b.Request.AmountFen, b.ApprovedFen)
		c.Require(r.AmountFen <= limit, "amount_fen", "over_request",
			"下达金额超过申请和审核同意金额"+money.Yuan(limit)+"元", "the amount exceeds the requested and approved "+money.Yuan(limit)+" yuan", "YP23-M-13")
		c.Require(!r.IssuedOn.After(today), "issued_on", "in_future", "下达日期不得晚于今天", "the day of issue is not in the future", "YP23-R-5.5.1")
		c.Require(r.IssuedOn.String() >= b.DecidedOn, "issued_on", "before_decision",
			"下达日期早于联席会议决定（"+b.DecidedOn+"）", "the day of issue is before the decision of "+b.DecidedOn, "YP23-M-13")
		if err := c.Refuse(ErrIssue); err != nil {
			return err
		}
		b.State, b.BudgetFen, b.DocumentNo, b.IssuedOn = Issued, r.AmountFen, r.DocumentNo, r.IssuedOn.String()
		b.IssuedBy, b.Confirmations = rec.By().Actor(), r.Confirmations
		b.Await()
		f := &budgetingv1.BudgetIssued{
			ProjectId: b.ID, BudgetId: b.ID, AmountFen: b.BudgetFen, DocumentNo: b.DocumentNo, IssuedOn: b.IssuedOn,
			Basis: []string{"YP23-M-13", "YP23-R-5.5.1"},
		}
		for _, x := range r.Confirmations {
			f.Confirmations = append(f.Confirmations, &budgetingv1.Confirmation{Requirement: x.Requirement, DocumentNo: x.DocumentNo})
		}
		rec.State(b.ID, f)
		return nil
	})
}

// records are what other budgets say about a project's maintenance money.
type records struct {
	held        bool // a rectification of the unit is overdue
	notAccepted bool // the acceptance of the system failed
}

func (s *Service) records(ctx context.Context, id string) (records, error) {
	var found records
	b, err := s.Budgets.Get(ctx, id)
	if err != nil || b.Project == nil {
		return found, err
	}
	held, err := s.Budgets.List(ctx, aggregate.Query{Filter: map[string]string{"unit": b.Unit, "held": "true"}, PageSize: 1})
	if err != nil {
		return found, err
	}
	found.held = len(held.Items) > 0
	if b.SystemID == "" {
		return found, nil
	}
	failed, err := s.Budgets.List(ctx, aggregate.Query{Filter: map[string]string{"system_id": b.SystemID, "not_accepted": "true"}, PageSize: 1})
	found.notAccepted = len(failed.Items) > 0
	return found, err
}

// maintenanceMoney adds to c what the gate before maintenance money still
// waits for, and gives the requirements that a paper may confirm.
func (s *Service) maintenanceMoney(b *Budget, found records, papers []Confirmation, c *fault.Checks) (confirmable []string, err error) {
	missing, err := s.Rules.Missing(b.Project, "om_money", func(r policy.Requirement) bool {
		switch r.Code {
		case noHold:
			return !found.held
		case accepted:
			return !found.notAccepted || r.Strength != policy.Must && b.Waivers[r.Code] != ""
		}
		confirmable = append(confirmable, r.Code)
		return rules.Heard(b.Heard, b.Waivers)(r) || slices.ContainsFunc(papers, func(p Confirmation) bool { return p.Requirement == r.Code })
	})
	c.Add(missing...)
	return confirmable, err
}

// AdjustBudget lets the money follow a consented change.
type AdjustBudget struct {
	ID         string `path:"id" json:"-"`
	AmountFen  int64  `json:"amount_fen" required:"true" minimum:"1"` // the total from now on
	DocumentNo string `json:"document_no" required:"true"`
	Reason     string `json:"reason" required:"true"`
}

// Validate lists what is missing.
func (r *AdjustBudget) Validate() error {
	var c fault.Checks
	c.Require(r.AmountFen > 0, "amount_fen", "out_of_range", "金额须为正数（分）", "a positive amount in fen", "YP23-M-13")
	c.Text(r.DocumentNo, "document_no", 100, "YP23-M-13")
	c.Text(r.Reason, "reason", 2000, "YP23-R-5.5.5")
	return c.Err()
}

// Adjust changes the issued amount after the conference consented to a change,
// once for each: no more than approved, no less than contracted and paid.
func (s *Service) Adjust(ctx context.Context, r AdjustBudget) (Budget, error) {
	return s.Budgets.Update(ctx, r.ID, func(b *Budget, rec *aggregate.Recorder) error {
		if err := b.decidedBy(rec.By(), Issued); err != nil {
			return err
		}
		var c fault.Checks
		c.Require(b.Change != "", "change", "no_consented_change",
			"没有已获同意而尚未调整预算的变更", "no consented change waits for an adjustment", "YP23-R-5.5.5")
		c.Require(r.AmountFen <= b.ApprovedFen, "amount_fen", "over_approved",
			"调整后金额超过审核同意金额"+money.Yuan(b.ApprovedFen)+"元", "the amount exceeds the approved "+money.Yuan(b.ApprovedFen)+" yuan", "YP23-M-13")
		bound := b.PaidFen
		for _, k := range b.Contracts {
			bound = max(bound, k.ValueFen)
		}
		c.Require(r.AmountFen >= bound, "amount_fen", "below_commitments",
			"调整后金额低于已签合同或已付金额"+money.Yuan(bound)+"元", "the amount is below the contracted or paid "+money.Yuan(bound)+" yuan", "XA18-18")
		if err := c.Refuse(ErrAdjust); err != nil {
			return err
		}
		a := Adjustment{
			ChangeID: b.Change, PreviousFen: b.BudgetFen, AmountFen: r.AmountFen,
			DocumentNo: r.DocumentNo, Reason: r.Reason, AdjustedOn: rec.Today().String(),
		}
		b.Adjustments, b.BudgetFen, b.Change = append(b.Adjustments, a), r.AmountFen, ""
		b.Answered("adjust")
		rec.State(b.ID, &budgetingv1.BudgetAdjusted{
			ProjectId: b.ID, BudgetId: b.ID, AmountFen: a.AmountFen, PreviousFen: a.PreviousFen, DocumentNo: a.DocumentNo,
			AdjustedOn: a.AdjustedOn, Reason: a.Reason, ChangeId: a.ChangeID, Basis: []string{"YP23-M-13", "YP23-R-5.5.5"},
		})
		return nil
	})
}
