package budgeting_test

import (
	"strings"
	"testing"

	"egov/libs/fault/faulttest"
	"egov/services/budgeting"
)

// TestAnEmptyRequestIsToldEveryField: nothing is found out one by one.
func TestAnEmptyRequestIsToldEveryField(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name   string
		r      interface{ Validate() error }
		fields string
	}{
		{"request", &budgeting.RequestBudget{}, "amount_fen fiscal_year"},
		{"request with more fees than money", &budgeting.RequestBudget{AmountFen: 1, SecondClassFen: 2, FiscalYear: 2026, Statement: strings.Repeat("字", 2001)}, "second_class_fen statement"},
		{"return", &budgeting.ReturnBudget{}, "reason"},
		{"issue", &budgeting.IssueBudget{}, "amount_fen document_no issued_on"},
		{"adjust", &budgeting.AdjustBudget{}, "amount_fen document_no reason"},
		{"payment", &budgeting.RecordPayment{}, "amount_fen contract_no paid_on payee voucher_no"},
		{"evaluation of unmet goals", &budgeting.SelfEvaluate{}, "measures rectify_by summary year"},
		{"evaluation of met goals with measures", &budgeting.SelfEvaluate{Year: 2026, GoalsMet: true, Summary: "x", Measures: "x"}, "measures"},
		{"report", &budgeting.ReportRectification{}, "report"},
		{"sending back without a day", &budgeting.CloseRectification{}, "rectify_by result"},
		{"closing with a day", &budgeting.CloseRectification{Done: true, Result: "x", RectifyBy: day("2026-04-01")}, "rectify_by"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			if got := faulttest.Fields(c.r.Validate()); got != c.fields {
				t.Errorf("got %s, want %s", got, c.fields)
			}
		})
	}
}
