package budgeting

import (
	"context"
	"fmt"
	"slices"

	"egov/libs/aggregate"
	"egov/libs/calendar"
	"egov/libs/fault"
	"egov/libs/money"
	budgetingv1 "egov/proto/gen/egov/budgeting/v1"
)

// RecordPayment puts one payment under a filed contract on record (XA18-18).
type RecordPayment struct {
	ID         string        `path:"id" json:"-"`
	ContractNo string        `json:"contract_no" required:"true"`
	VoucherNo  string        `json:"voucher_no" required:"true"`
	Payee      string        `json:"payee" required:"true"`
	AmountFen  int64         `json:"amount_fen" required:"true" minimum:"1"`
	PaidOn     calendar.Date `json:"paid_on" required:"true"`
}

// Validate lists what is missing.
func (r *RecordPayment) Validate() error {
	var c fault.Checks
	c.Text(r.ContractNo, "contract_no", 100, "XA18-18")
	c.Text(r.VoucherNo, "voucher_no", 100, "XA18-18")
	c.Text(r.Payee, "payee", 200, "XA18-18")
	c.Require(r.AmountFen > 0, "amount_fen", "out_of_range", "金额须为正数（分）", "a positive amount in fen", "XA18-18")
	c.Require(!r.PaidOn.IsZero(), "paid_on", "required", "必填", "is required", "XA18-18")
	return c.Err()
}

// Pay records a payment: to the contract's supplier, after the contract took
// effect, within the contract and the budget.
func (s *Service) Pay(ctx context.Context, r RecordPayment) (Budget, error) {
	found, err := s.records(ctx, r.ID)
	if err != nil {
		return Budget{}, err
	}
	return s.Budgets.Update(ctx, r.ID, func(b *Budget, rec *aggregate.Recorder) error {
		if err := b.decidedBy(rec.By(), Issued); err != nil {
			return err
		}
		if slices.ContainsFunc(b.Payments, func(p Payment) bool { return p.VoucherNo == r.VoucherNo }) {
			return ErrVoucher
		}
		var c fault.Checks
		if _, err := s.maintenanceMoney(b, found, b.Confirmations, &c); err != nil {
			return err
		}
		k := b.contract(r.ContractNo)
		if c.Require(k != nil, "contract_no", "contract_not_filed", "该合同尚未备案", "no contract of this number is filed", "YP23-R-5.5.2", "XA18-18") {
			c.Require(r.Payee == k.Supplier, "payee", "payee_not_supplier",
				"收款人不是合同供应商“"+k.Supplier+"”", "the payee is not the contract's supplier "+k.Supplier, "XA18-18")
			c.Require(r.AmountFen <= k.ValueFen-k.PaidFen, "amount_fen", "over_contract",
				"累计付款超过合同金额，尚可支付"+money.Yuan(k.ValueFen-k.PaidFen)+"元",
				"payments exceed the contract; "+money.Yuan(k.ValueFen-k.PaidFen)+" yuan are left", "XA18-18")
			c.Require(r.PaidOn.String() >= k.EffectiveOn, "paid_on", "before_contract",
				"付款日期早于合同生效日"+k.EffectiveOn, "the payment is before the contract took effect on "+k.EffectiveOn, "XA18-18")
		}
		c.Require(r.AmountFen <= b.BudgetFen-b.PaidFen, "amount_fen", "over_budget",
			"累计付款超过下达预算，尚可支付"+money.Yuan(b.BudgetFen-b.PaidFen)+"元",
			"payments exceed the budget; "+money.Yuan(b.BudgetFen-b.PaidFen)+" yuan are left", "XA18-18", "YP23-M-9")
		c.Require(!r.PaidOn.After(rec.Today()), "paid_on", "in_future", "付款日期不得晚于今天", "the day of payment is not in the future")
		if err := c.Refuse(ErrPayment); err != nil {
			return err
		}
		p := Payment{
			ID: fmt.Sprintf("%s-p%d", b.ID, len(b.Payments)+1), ContractNo: r.ContractNo, VoucherNo: r.VoucherNo,
			Payee: r.Payee, AmountFen: r.AmountFen, PaidOn: r.PaidOn.String(),
		}
		b.Payments = append(b.Payments, p)
		b.PaidFen += p.AmountFen
		k.PaidFen += p.AmountFen
		rec.State(b.ID, &budgetingv1.PaymentRecorded{
			ProjectId: b.ID, BudgetId: b.ID, PaymentId: p.ID, AmountFen: p.AmountFen, PaidTotalFen: b.PaidFen,
			PaidOn: p.PaidOn, Payee: p.Payee, ContractNo: p.ContractNo,
		})
		return nil
	})
}
