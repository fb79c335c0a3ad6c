package procurement_test

import (
	"testing"

	"egov/libs/fault/faulttest"
	"egov/services/procurement"
)

// TestAnEmptyRequestIsToldEveryField: nothing is found out one by one.
func TestAnEmptyRequestIsToldEveryField(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name   string
		r      interface{ Validate() error }
		fields string
	}{
		{"start", &procurement.StartProcurement{}, "method started_on"},
		{"deferral", &procurement.FileDeferral{}, "expected_on reason"},
		{"tender", &procurement.PublishTender{}, "notice_no published_on value_fen"},
		{"award", &procurement.MakeAward{}, "awarded_on bidders supplier supplier_credit_code value_fen"},
		{"signing", &procurement.SignContract{}, "contract_no effective_on"},
		{"contract", &procurement.FileContract{Papers: []procurement.PaperRef{{}}}, "contract_no effective_on ends_on papers.item papers.sha256 supplier supplier_credit_code value_fen"},
		{"contract that ends before it begins", &procurement.FileContract{
			ContractNo: "x", Supplier: "x", CreditCode: supplierCode, ValueFen: 1, EffectiveOn: day("2026-04-01"), EndsOn: day("2026-04-01"),
		}, "ends_on"},
		{"amendment", &procurement.AmendContract{}, "amendment_no effective_on papers reason value_fen"},
		{"supervision", &procurement.EngageSupervision{FeeFen: -1}, "credit_code engaged_on fee_fen supervision supervisor_name"},
		{"quarter", &procurement.ReportQuarter{Quarter: "2026Q5", Progress: 101, Planned: -1}, "planned_percent progress_percent quarter summary"},
		{"order", &procurement.OrderRectification{}, "due_on reason"},
		{"report", &procurement.ReportRectification{}, "report"},
		{"sending back without a day", &procurement.CloseRectification{}, "due_on result"},
		{"test", &procurement.RecordTest{SHA256: "x"}, "completed_on performed_by report_no sha256 test"},
		{"acceptance that fails", &procurement.AcceptProject{FinalFen: 1}, "accepted_on final_fen opinion panel rectify_by"},
		{"acceptance that passes", &procurement.AcceptProject{
			Passed: true, AcceptedOn: day("2026-04-01"), Opinion: "x", Panel: []string{""}, RectifyBy: day("2026-04-02"),
		}, "final_fen panel rectify_by"},
		{"no assets", &procurement.RegisterAssets{}, "items"},
		{"an empty asset", &procurement.RegisterAssets{Items: []procurement.Asset{{ValueFen: -1}}}, "items.category items.custodian items.name items.quantity items.value_fen"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			if got := faulttest.Fields(c.r.Validate()); got != c.fields {
				t.Errorf("got %s, want %s", got, c.fields)
			}
		})
	}
}
