package budgeting

import (
	"context"

	"egov/libs/aggregate"
	"egov/libs/fault"
	"egov/libs/money"
	"egov/libs/rules"
	budgetingv1 "egov/proto/gen/egov/budgeting/v1"
)

// RequestBudget asks finance for a project's money (YP23-M-13).
type RequestBudget struct {
	ID             string `path:"id" json:"-"`
	AmountFen      int64  `json:"amount_fen" required:"true" minimum:"1"`
	SecondClassFen int64  `json:"second_class_fen"` // the part that is second-class fees (YP23-R-5.4.4)
	FiscalYear     int    `json:"fiscal_year" required:"true"`
	Statement      string `json:"statement"` // what finance should know besides
}

// Validate lists what is wrong with the request itself.
func (r *RequestBudget) Validate() error {
	var c fault.Checks
	c.Require(r.AmountFen > 0, "amount_fen", "out_of_range", "金额须为正数（分）", "a positive amount in fen", "YP23-M-13")
	c.Require(r.SecondClassFen >= 0 && r.SecondClassFen <= max(r.AmountFen, 0), "second_class_fen", "out_of_range",
		"二类费用须在0与申请金额之间", "second-class fees are between 0 and the amount", "YP23-R-5.4.4")
	c.Require(r.FiscalYear > 0, "fiscal_year", "required", "必填", "is required", "YP23-M-13")
	if r.Statement != "" {
		c.Text(r.Statement, "statement", 2000)
	}
	return c.Err()
}

// RequestBudget lays the unit's request before finance. It asks for no more
// than the conference let pass, for the current or the next fiscal year.
func (s *Service) RequestBudget(ctx context.Context, r RequestBudget) (Budget, error) {
	return s.Budgets.Update(ctx, r.ID, func(b *Budget, rec *aggregate.Recorder) error {
		if err := b.ownedBy(rec.By()); err != nil {
			return err
		}
		if err := b.at(Waiting, Open, Carried, Returned); err != nil {
			return err
		}
		missing, err := s.Rules.Missing(b.Project, "budget", rules.Heard(b.Heard, b.Waivers))
		if err != nil {
			return err
		}
		var c fault.Checks
		c.Add(missing...)
		year := rec.Today().Year()
		c.Require(r.FiscalYear == year || r.FiscalYear == year+1, "fiscal_year", "wrong_fiscal_year",
			"只能申报本年度或下一年度预算", "a request is for this fiscal year or the next", "YP23-R-5.1.1")
		c.Require(b.ApprovedFen == 0 || r.AmountFen <= b.ApprovedFen, "amount_fen", "over_approved",
			"申请金额超过审核同意金额"+money.Yuan(b.ApprovedFen)+"元", "the amount exceeds the approved "+money.Yuan(b.ApprovedFen)+" yuan", "YP23-M-13")
		if err := c.Refuse(ErrRequest); err != nil {
			return err
		}
		b.State, b.ReturnReason = Requested, ""
		b.Request = &Request{
			AmountFen: r.AmountFen, SecondClassFen: r.SecondClassFen, FiscalYear: r.FiscalYear, Statement: r.Statement,
			RequestedBy: rec.By().Actor(), RequestedOn: rec.Today().String(),
		}
		b.Share(Office)
		b.Await(aggregate.Todo{Action: "issue", Role: "finance_officer", Unit: Office, Title: "审核预算申报并下达：" + b.Title})
		rec.State(b.ID, &budgetingv1.BudgetRequested{
			ProjectId: b.ID, BudgetId: b.ID, AmountFen: r.AmountFen, SecondClassFen: r.SecondClassFen, CeilingFen: b.ApprovedFen,
			FiscalYear: int32(r.FiscalYear), Basis: []string{"YP23-M-13", "YP23-R-5.4.4"},
		})
		return nil
	})
}

// ReturnBudget sends a request back for completion.
type ReturnBudget struct {
	ID     string `path:"id" json:"-"`
	Reason string `json:"reason" required:"true"`
}

// Validate wants the reason.
func (r *ReturnBudget) Validate() error {
	var c fault.Checks
	c.Text(r.Reason, "reason", 2000, "YP23-M-13")
	return c.Err()
}

// Return sends a request back to the unit.
func (s *Service) Return(ctx context.Context, r ReturnBudget) (Budget, error) {
	return s.Budgets.Update(ctx, r.ID, func(b *Budget, rec *aggregate.Recorder) error {
		if err := b.decidedBy(rec.By(), Requested); err != nil {
			return err
		}
		b.State, b.ReturnReason = Returned, r.Reason
		b.Await(aggregate.Todo{Action: "request", Role: "declarer", Unit: b.Unit, Title: "区财政局退回预算申报，请补正后重新申报"})
		rec.State(b.ID, &budgetingv1.BudgetReturned{ProjectId: b.ID, BudgetId: b.ID, Reason: r.Reason})
		return nil
	})
}
