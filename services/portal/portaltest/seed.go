package portaltest

import (
	"time"

	"egov/libs/aggregate"
	"egov/libs/calendar"
	"egov/libs/policy"
)

// Finished and Waiting are the titles of the projects that a district begins
// with: one that went its whole road, and one at the conference office's door.
const (
	Finished = "智慧机关事务综合管理服务平台建设"
	Waiting  = "教育数据中心机房网络安全服务"
)

func (d *Declaration) seed() error {
	yes := true
	p := d.add(person("facilities.declarer", "费申", "facilities", "declarer"), "operating", Finished)
	p.Content = "整合现有九个机关事务系统，建设统一的资产、用房、会务、车辆和餐饮管理服务平台，接入区城运平台。"
	p.PeriodMonths, p.Leader, p.Contact, p.KeyAnnual = 8, "费国梁", "柴正 021-5555 0101", true
	p.Basis = []reference{{"key_work", "2026年区政府重点工作第18项：机关事务数字化"}}
	three := int64(3)
	p.Case = policy.Case{
		Kind: "new_build", Title: p.Title, Unit: p.Unit, UnitKind: "administrative", DeclaredOn: date("2026-03-02"), AmountFen: 694_791_100,
		PureSoftware: true, XCConformant: &yes, NationalCrypto: &yes, MLPSGrade: &three, PublicData: true,
		Materials: []string{"pre_review_form", "basis", "build_plan", "budget_plan", "crypto_plan", "mlps_grading", "data_catalogue", "cloud_request"},
		Budget:    []policy.Line{{Category: "software_development", AmountFen: 620_000_000}, {Category: "security_test", AmountFen: 8_000_000, BaseFen: 620_000_000}},
	}
	if err := d.decide(p); err != nil {
		return err
	}
	p.Amounts = amounts{DeclaredFen: 694_791_100, EvaluatedFen: 668_000_000, ApprovedFen: 668_000_000, BudgetFen: 668_000_000, AwardFen: 651_200_000, ContractFen: 651_200_000, PaidFen: 618_640_000, FinalFen: 651_200_000}
	p.Await()
	p.Share("gov-office", "finance", "audit", "agency-a")
	p.clocks = []clock{
		{ID: "1", Service: "procurement", Obligation: "procurement_start", Unit: "facilities", TriggerOn: "2026-04-10", DueOn: "2026-07-10", State: "met", MetOn: "2026-04-28", Basis: []string{"YP23-R-5.5.1"}},
		{ID: "2", Service: "procurement", Obligation: "contract_filing", Unit: "facilities", TriggerOn: "2026-06-15", DueOn: "2026-06-30", State: "late", MetOn: "2026-07-08", Basis: []string{"YP23-R-5.5.2"}},
		{ID: "3", Service: "procurement", Obligation: "acceptance_filing", Unit: "facilities", TriggerOn: "2026-10-20", DueOn: "2026-11-10", State: "met", MetOn: "2026-10-30", Basis: []string{"YP23-R-5.5.7"}},
		{ID: "4", Service: "dataresource", Obligation: "catalogue_maintenance", Unit: "facilities", TriggerOn: "2026-03-12", DueOn: "2027-03-12", State: "open", Provisional: true, Basis: []string{"SH16-D-10"}},
	}
	for _, f := range []struct{ at, service, name, unit, actor, data string }{
		{"2026-03-02T09:12", "declaration", "ProjectDrafted", "facilities", "facilities.declarer", `{"title":"智慧机关事务综合管理服务平台建设","kind":"new_build","amount_fen":"694791100"}`},
		{"2026-03-03T10:40", "declaration", "ProjectSubmitted", "facilities", "facilities.declarer", `{"decision_json":"{}"}`},
		{"2026-03-05T14:05", "declaration", "ProjectAccepted", "gov-office", "gov-office.secretary", `{}`},
		{"2026-03-06T09:30", "expertreview", "EvaluationAssigned", "gov-office", "gov-office.secretary", `{"agency":"agency-a","round":1}`},
		{"2026-03-16T16:20", "expertreview", "EvaluationPassed", "agency-a", "agency.a", `{"round":1,"reviewed_fen":"668000000","basis":["YP23-R-5.2"]}`},
		{"2026-03-20T11:00", "expertreview", "ExpertReviewPassed", "gov-office", "service:expertreview", `{"round":1,"reviewed_fen":"668000000","basis":["YP23-R-5.2"]}`},
		{"2026-03-27T15:30", "conference", "DecisionTaken", "gov-office", "chair", `{"outcome":"approved","reason":"必要性充分，方案整合现有系统，符合集约建设要求。","approved_fen":"668000000","conditions":["上线前完成密码应用安全性评估"],"decided_on":"2026-03-27","basis":["YP23-R-5.3.2","YP23-R-4.6"]}`},
		{"2026-04-10T09:00", "budgeting", "BudgetIssued", "finance", "finance.officer", `{"amount_fen":"668000000","document_no":"杨财预〔2026〕31号","issued_on":"2026-04-10","basis":["YP23-M-13"]}`},
		{"2026-04-10T09:01", "procurement", "DeadlineSet", "facilities", "service:procurement", `{"obligation":"procurement_start","due_on":"2026-07-10","unit":"facilities"}`},
		{"2026-04-28T10:10", "procurement", "ProcurementStarted", "facilities", "facilities.procurement", `{"method":"public_tender","started_on":"2026-04-28","basis":["YP23-R-5.5.1"]}`},
		{"2026-06-05T17:00", "procurement", "AwardMade", "facilities", "facilities.procurement", `{"supplier":"某信息技术有限公司","value_fen":"651200000","bidders":5,"awarded_on":"2026-06-05"}`},
		{"2026-07-01T00:05", "procurement", "DeadlineMissed", "facilities", "service:procurement", `{"obligation":"contract_filing","due_on":"2026-06-30","unit":"facilities"}`},
		{"2026-07-08T09:45", "procurement", "ContractFiled", "facilities", "facilities.declarer", `{"contract_no":"JG-2026-017","supplier":"某信息技术有限公司","value_fen":"651200000","effective_on":"2026-06-15","filed_on":"2026-07-08","basis":["YP23-R-5.5.2"]}`},
		{"2026-10-20T16:00", "procurement", "AcceptancePassed", "facilities", "facilities.declarer", `{"accepted_on":"2026-10-20","final_fen":"651200000","evidence":["self_check","software_test","security_test","crypto_test"],"basis":["YP23-R-5.5.7"]}`},
		{"2026-10-30T10:30", "procurement", "AcceptanceFiled", "gov-office", "gov-office.secretary", `{"filed_on":"2026-10-30","basis":["YP23-R-5.5.7"]}`},
	} {
		at, err := time.ParseInLocation("2006-01-02T15:04", f.at, calendar.Shanghai)
		if err != nil {
			return err
		}
		d.state(p, f.service, f.name, at, f.unit, f.actor, f.data)
	}

	w := d.add(people[Declarer], "submitted", Waiting)
	w.Content, w.PeriodMonths = "教育数据中心机房网络安全服务，三年。", 36
	w.Basis = []reference{{"plan_item", "教育信息化“十四五”规划 网络安全专项"}}
	w.Case = policy.Case{Kind: "service", Title: w.Title, Unit: w.Unit, UnitKind: "administrative", DeclaredOn: date("2026-11-18"), AmountFen: 61_200_000, Materials: []string{"pre_review_form", "basis"}}
	w.Amounts.DeclaredFen = w.Case.AmountFen
	if err := d.decide(w); err != nil {
		return err
	}
	w.Share("gov-office")
	w.Await(aggregate.Todo{Action: "accept", Role: "secretary", Unit: "gov-office", Title: "受理申报：" + w.Title})
	w.clocks = []clock{{ID: "1", Service: "declaration", Obligation: "accept_declaration", Unit: "gov-office", TriggerOn: "2026-11-18", DueOn: "2026-11-24", State: "open", Basis: []string{"YP23-R-5.1.2"}}}
	d.state(w, "declaration", "ProjectSubmitted", d.clock.Now(), w.Unit, w.DeclaredBy, `{}`)
	return nil
}

func (d *Declaration) decide(p *project) error {
	decision, err := d.packs.Decide(p.Case, policy.Options{District: "yangpu"})
	p.Decision = &decision
	return err
}

// date is a day that the seed states; a wrong one is found by any test.
func date(s string) calendar.Date {
	day, err := calendar.ParseDate(s)
	if err != nil {
		panic(err)
	}
	return day
}
