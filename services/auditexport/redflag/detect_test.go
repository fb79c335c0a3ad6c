package redflag_test

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"google.golang.org/protobuf/proto"

	budgetingv1 "egov/proto/gen/egov/budgeting/v1"
	conferencev1 "egov/proto/gen/egov/conference/v1"
	cryptoassessmentv1 "egov/proto/gen/egov/cryptoassessment/v1"
	cybersecurityv1 "egov/proto/gen/egov/cybersecurity/v1"
	deadlinev1 "egov/proto/gen/egov/deadline/v1"
	declarationv1 "egov/proto/gen/egov/declaration/v1"
	expertreviewv1 "egov/proto/gen/egov/expertreview/v1"
	identityv1 "egov/proto/gen/egov/identity/v1"
	procurementv1 "egov/proto/gen/egov/procurement/v1"
	typev1 "egov/proto/gen/egov/type/v1"
	"egov/services/auditexport/redflag"
)

// told is one fact of a story.
type told struct {
	day, subject string
	m            proto.Message
}

func contract(on string, wan int64) *procurementv1.ContractFiled {
	return &procurementv1.ContractFiled{ContractNo: "HT-1", Supplier: "申城软件有限公司", ValueFen: wan * 1_000_000, EffectiveOn: on, FiledOn: on, Sequence: 1}
}

// road is the sound way of one project of 90万 up to its contract.
func road(id string) []told {
	return []told{
		{"2026-03-02", id, brief(id, "education", "教师研修平台", "2026-03-02", 90)},
		{"2026-03-20", id, approved(id, "2026-03-20", 88)},
		{"2026-04-08", id, &budgetingv1.BudgetIssued{AmountFen: 88_000_000, IssuedOn: "2026-04-08"}},
		{"2026-04-20", id, &procurementv1.ProcurementStarted{Method: "public_tender", StartedOn: "2026-04-20"}},
		{"2026-05-20", id, &procurementv1.AwardMade{Supplier: "申城软件有限公司", SupplierCreditCode: "91310110MA1G8XXX0Q", ValueFen: 86_000_000, Bidders: 4, AwardedOn: "2026-05-20"}},
		{"2026-05-28", id, contract("2026-05-25", 86)},
	}
}

func tests(on string, codes ...string) (list []told) {
	for _, c := range codes {
		list = append(list, told{on, "p", &procurementv1.TestRecorded{Test: c, Passed: true, PerformedBy: "（演示）测评机构", CompletedOn: on}})
	}
	return list
}

// builtTests are what the acceptance gate of yangpu-2023 asks of a new build.
var builtTests = []string{"self_check", "software_test", "security_test", "crypto_test", "summary"}

// without is a story without the facts of one type.
func without(list []told, m proto.Message) (out []told) {
	for _, x := range list {
		if x.m.ProtoReflect().Descriptor() != m.ProtoReflect().Descriptor() {
			out = append(out, x)
		}
	}
	return out
}

func maintenance(p *typev1.ProjectBrief) { p.Kind = "operation_maintenance" }

func renewal(p *typev1.ProjectBrief) { p.RenewalYear = 2 }

func lineage(name string) func(*typev1.ProjectBrief) {
	return func(p *typev1.ProjectBrief) { p.Lineage = name }
}

func single(id, on string, bidders int32) told {
	return told{on, id, &procurementv1.AwardMade{Supplier: "甲公司", ValueFen: 1_000_000, Bidders: bidders, AwardedOn: on}}
}

func missed(id, due, obligation, unit string) told {
	return told{due, id, &deadlinev1.DeadlineMissed{ProjectId: id, DeadlineId: id + "/" + obligation + "/" + due, Obligation: obligation, Unit: unit, DueOn: due}}
}

// three declares three projects of one unit.
func three(titleA, titleB, titleC string, a, b, c int64, change ...func(*typev1.ProjectBrief)) []told {
	return []told{
		{"2026-03-02", "p1", brief("p1", "education", titleA, "2026-03-02", a, change...)},
		{"2026-05-06", "p2", brief("p2", "education", titleB, "2026-05-06", b, change...)},
		{"2026-08-03", "p3", brief("p3", "education", titleC, "2026-08-03", c, change...)},
	}
}

// TestEveryFlagHasTwoSides tells for each flag a story that raises it and one
// that just does not, through the real append.
func TestEveryFlagHasTwoSides(t *testing.T) {
	t.Parallel()
	p := func(day string, m proto.Message) told { return told{day, "p", m} }
	for _, tc := range []struct {
		name  string
		story []told
		today string // 2027-02-01 unless another day
		want  []string
	}{
		{"ASoundRoad", append(append(road("p"), tests("2026-10-20", builtTests...)...), p("2026-10-26", &procurementv1.AcceptancePassed{AcceptedOn: "2026-10-26"})), "", nil},

		// Splitting: YP23-R-5.3.1, YP23-R-5.5.1.
		{"SplitBelowReview", three("智慧食堂监管系统（一期）", "智慧食堂监管系统（二期）", "门户改版", 50, 50, 30), "", []string{"splitting_review"}},
		{"AFenBelowTheLimitTogether", three("智慧食堂监管系统（一期）", "智慧食堂监管系统（二期）", "门户改版", 50, 49, 30), "", nil},
		{"OneOfThemIsAtTheLimit", three("智慧食堂监管系统（一期）", "智慧食堂监管系统（二期）", "门户改版", 100, 50, 30), "", nil},
		{"TitlesJustAlike", three("视频会议终端采购", "视频会议设备采购", "门户改版", 50, 50, 30), "", []string{"splitting_review"}},
		{"TitlesJustNotAlike", three("视频会议终端机采购", "视频会议设备采购", "门户改版", 50, 50, 30), "", nil},
		{"OnTheLastDayOfTheWindow", []told{
			{"2026-03-02", "p1", brief("p1", "education", "食堂监管", "2026-03-02", 60)}, {"2027-03-02", "p2", brief("p2", "education", "食堂监管", "2027-03-02", 60)},
		}, "2027-04-01", []string{"splitting_review"}},
		{"ADayAfterTheWindow", []told{
			{"2026-03-02", "p1", brief("p1", "education", "食堂监管", "2026-03-02", 60)}, {"2027-03-03", "p2", brief("p2", "education", "食堂监管", "2027-03-03", 60)},
		}, "2027-04-01", nil},
		{"OfTwoUnits", []told{
			{"2026-03-02", "p1", brief("p1", "education", "食堂监管", "2026-03-02", 60)}, {"2026-03-03", "p2", brief("p2", "health", "食堂监管", "2026-03-03", 60)},
		}, "", nil},
		{"YearlyMaintenance", three("食堂监管运维", "食堂监管运维", "食堂监管运维", 60, 60, 60, maintenance), "", nil},
		{"Renewals", three("食堂监管", "食堂监管", "食堂监管", 60, 60, 60, renewal), "", nil},
		{"DeclaredAnew", three("食堂监管", "食堂监管", "食堂监管", 60, 60, 60, lineage("one")), "", nil},
		{"OneIsTakenBack", append(three("食堂监管", "食堂监管", "门户改版", 60, 60, 30), told{"2026-06-01", "p2", &declarationv1.ProjectWithdrawn{Reason: "重复"}}), "", nil},
		{"OneIsRefusedAtTheDoor", append(three("食堂监管", "食堂监管", "门户改版", 60, 60, 30), told{"2026-06-01", "p2", &declarationv1.ProjectRefused{Reason: "重复"}}), "", nil},
		{"OneIsRefusedByTheConference", append(three("食堂监管", "食堂监管", "门户改版", 60, 60, 30), told{"2026-06-01", "p2", &conferencev1.DecisionTaken{Outcome: "refused"}}), "", nil},
		{"SplitBelowTender", three("雪亮工程一期", "雪亮工程二期", "门户改版", 250, 150, 30), "", []string{"splitting_tender"}},
		{"BelowTenderTogether", three("雪亮工程一期", "雪亮工程二期", "门户改版", 250, 149, 30), "", nil},

		// Amounts just below a limit.
		{"JustBelowReview", three("甲", "乙", "丙", 99, 95, 97), "", []string{"below_review_limit"}},
		{"OneIsFartherBelow", three("甲", "乙", "丙", 99, 94, 97), "", nil},
		{"OneIsAtTheLimit", three("甲", "乙", "丙", 99, 100, 97), "", nil},
		{"JustBelowTender", three("甲", "乙", "丙", 399, 380, 30), "", []string{"below_tender_limit"}},
		{"OneAloneIsNoCluster", three("甲", "乙", "丙", 399, 379, 30), "", nil},

		// Contracts: YP23-R-5.3.1, YP23-R-5.5.5, YP23-M-13.
		{"ContractBeforeApproval", append(without(road("p"), &conferencev1.DecisionTaken{}), p("2026-06-01", approved("p", "2026-05-26", 88))), "", []string{"contract_before_approval"}},
		{"ContractOnTheDayOfApproval", append(without(road("p"), &conferencev1.DecisionTaken{}), p("2026-06-01", approved("p", "2026-05-25", 88))), "", nil},
		{"ContractWithoutApproval", without(road("p"), &conferencev1.DecisionTaken{}), "", []string{"contract_before_approval"}},
		{"ApprovalMayStillArrive", without(road("p"), &conferencev1.DecisionTaken{}), "2026-05-28", nil},
		{"RefusedIsNotApproved", append(without(road("p"), &conferencev1.DecisionTaken{}), p("2026-03-20", &conferencev1.DecisionTaken{Outcome: "deferred", DecidedOn: "2026-03-20"})), "", []string{"contract_before_approval"}},
		{"ApprovedByHandover", append(without(road("p"), &conferencev1.DecisionTaken{}), p("2026-04-01", &declarationv1.HandoverRecorded{Outcome: "approved", ApprovedFen: 90_000_000, RecordedOn: "2026-04-01"})), "", nil},
		{"ContractOverApproval", append(without(without(road("p"), &conferencev1.DecisionTaken{}), &budgetingv1.BudgetIssued{}), p("2026-03-20", approved("p", "2026-03-20", 85))), "", []string{"contract_over_approval"}},
		{"ContractAtApproval", append(without(without(road("p"), &conferencev1.DecisionTaken{}), &budgetingv1.BudgetIssued{}), p("2026-03-20", approved("p", "2026-03-20", 86))), "", nil},
		{"AmendedOverApproval", append(road("p"),
			p("2026-06-01", &conferencev1.ChangeConsented{ChangeId: "c1"}),
			p("2026-06-02", &procurementv1.ContractAmended{ContractNo: "HT-1", AmendmentNo: "B-1", ValueFen: 88_000_001, PreviousFen: 86_000_000, EffectiveOn: "2026-06-02"}),
		), "", []string{"contract_over_approval", "contract_over_budget"}},
		{"AmendedWithinAConsentedAmount", append(road("p"),
			p("2026-06-01", &conferencev1.ChangeConsented{ChangeId: "c1", ApprovedFen: 90_000_000}),
			p("2026-06-02", &budgetingv1.BudgetAdjusted{AmountFen: 90_000_000, AdjustedOn: "2026-06-02", ChangeId: "c1"}),
			p("2026-06-03", &procurementv1.ContractAmended{ContractNo: "HT-1", AmendmentNo: "B-1", ValueFen: 90_000_000, EffectiveOn: "2026-06-03"}),
		), "", nil},
		{"ContractOverBudget", append(without(road("p"), &budgetingv1.BudgetIssued{}), p("2026-04-08", &budgetingv1.BudgetIssued{AmountFen: 85_999_999})), "", []string{"contract_over_budget"}},
		{"ContractAtBudget", append(without(road("p"), &budgetingv1.BudgetIssued{}), p("2026-04-08", &budgetingv1.BudgetIssued{AmountFen: 86_000_000})), "", nil},

		// Work before procurement: YP23-R-5.5.1, YP23-R-5.5.2.
		{"PaidBeforeTheContract", append(road("p"), p("2026-05-24", &budgetingv1.PaymentRecorded{AmountFen: 1, PaidOn: "2026-05-24"})), "", []string{"work_before_procurement"}},
		{"PaidOnItsDay", append(road("p"), p("2026-05-25", &budgetingv1.PaymentRecorded{AmountFen: 1, PaidOn: "2026-05-25"})), "", nil},
		{"TestedBeforeTheContract", append(road("p"), tests("2026-05-24", "software_test")...), "", []string{"work_before_procurement"}},
		{"ProgressBeforeTheContract", append(road("p"), p("2026-05-24", &procurementv1.QuarterReported{Quarter: "2026Q2", ProgressPercent: 1})), "", []string{"work_before_procurement"}},
		{"NoProgressBeforeTheContract", append(road("p"), p("2026-05-24", &procurementv1.QuarterReported{Quarter: "2026Q2"})), "", nil},
		{"ContractBeforeTheAward", append(without(road("p"), &procurementv1.AwardMade{}), p("2026-05-26", &procurementv1.AwardMade{Supplier: "申城软件有限公司", Bidders: 4, AwardedOn: "2026-05-26"})), "", []string{"work_before_procurement"}},
		{"ContractBeforeTheProcedure", append(without(road("p"), &procurementv1.ProcurementStarted{}), p("2026-05-26", &procurementv1.ProcurementStarted{StartedOn: "2026-05-26"})), "", []string{"work_before_procurement"}},
		{"PaidWithoutAContract", append(without(road("p"), &procurementv1.ContractFiled{}), p("2026-05-30", &budgetingv1.PaymentRecorded{AmountFen: 1, PaidOn: "2026-05-30"})), "", []string{"work_before_procurement"}},
		{"TheContractMayStillArrive", append(without(road("p"), &procurementv1.ContractFiled{}), p("2026-05-30", &budgetingv1.PaymentRecorded{AmountFen: 1, PaidOn: "2026-05-30"})), "2026-05-30", nil},
		{"SignedThenFiled", append(road("p"),
			p("2026-05-24", &procurementv1.ContractSigned{ContractNo: "HT-1", EffectiveOn: "2026-05-25"}),
			p("2026-06-24", &budgetingv1.PaymentRecorded{AmountFen: 1, PaidOn: "2026-06-24"})), "", nil},

		// Changes: YP23-R-5.5.5.
		{"AmendedWithoutConsent", append(road("p"), p("2026-06-02", &procurementv1.ContractAmended{ContractNo: "HT-1", AmendmentNo: "B-1", ValueFen: 86_000_000, EffectiveOn: "2026-06-02"})), "", []string{"change_without_consent"}},
		{"AmendedBeforeConsent", append(road("p"),
			p("2026-06-02", &procurementv1.ContractAmended{ContractNo: "HT-1", AmendmentNo: "B-1", ValueFen: 86_000_000, EffectiveOn: "2026-06-02"}),
			p("2026-06-03", &conferencev1.ChangeConsented{ChangeId: "c1"}),
		), "", []string{"change_without_consent"}},
		{"AmendedOnTheDayOfConsent", append(road("p"),
			p("2026-06-02", &procurementv1.ContractAmended{ContractNo: "HT-1", AmendmentNo: "B-1", ValueFen: 86_000_000, EffectiveOn: "2026-06-02"}),
			p("2026-06-02", &conferencev1.ChangeConsented{ChangeId: "c1"}),
		), "", nil},
		{"AmendedTwiceUnderOneConsent", append(road("p"),
			p("2026-06-01", &conferencev1.ChangeConsented{ChangeId: "c1"}),
			p("2026-06-02", &procurementv1.ContractAmended{ContractNo: "HT-1", AmendmentNo: "B-1", ValueFen: 86_000_000, EffectiveOn: "2026-06-02"}),
			p("2026-06-03", &procurementv1.ContractAmended{ContractNo: "HT-1", AmendmentNo: "B-2", ValueFen: 86_000_000, EffectiveOn: "2026-06-03"}),
		), "", []string{"change_without_consent"}},
		{"BudgetAdjustedByAnotherConsent", append(road("p"),
			p("2026-06-01", &conferencev1.ChangeConsented{ChangeId: "c1"}),
			p("2026-06-02", &budgetingv1.BudgetAdjusted{AmountFen: 88_000_000, AdjustedOn: "2026-06-02", ChangeId: "c2"}),
		), "", []string{"change_without_consent"}},

		// Ties: SH12-P-9.
		{"TheAgencySupplies", append(road("p"),
			told{"2026-01-01", "agency-a", &identityv1.UnitRegistered{Unit: "agency-a", Name: "申城软件 有限公司"}},
			p("2026-03-03", &expertreviewv1.EvaluationAssigned{Agency: "agency-a"}),
		), "", []string{"evaluator_linked"}},
		{"TheAgencyWasRenamedSince", append(road("p"),
			p("2026-03-03", &expertreviewv1.EvaluationAssigned{Agency: "agency-a"}),
			told{"2026-01-01", "agency-a", &identityv1.UnitRegistered{Unit: "agency-a", Name: "甲方案咨询评估有限公司"}},
			told{"2026-06-01", "agency-a", &identityv1.UnitAmended{Unit: "agency-a", Name: "申城软件有限公司"}},
		), "", []string{"evaluator_linked"}},
		{"AnotherAgency", append(road("p"),
			told{"2026-01-01", "agency-a", &identityv1.UnitRegistered{Unit: "agency-a", Name: "甲方案咨询评估有限公司"}},
			p("2026-03-03", &expertreviewv1.EvaluationAssigned{Agency: "agency-a"}),
		), "", nil},
		{"AnExpertWorksForTheSupplier", append(road("p"), p("2026-03-09", &expertreviewv1.ExpertsDrawn{Seats: []*expertreviewv1.Seat{{Expert: "expert.1", Employer: "复旦大学"}, {Expert: "expert.2", Employer: "申城软件有限公司"}}})), "", []string{"evaluator_linked"}},
		{"ExpertsOfOthers", append(road("p"), p("2026-03-09", &expertreviewv1.ExpertsDrawn{Seats: []*expertreviewv1.Seat{{Expert: "expert.1", Employer: "复旦大学"}, {Expert: "expert.2", Employer: "申城软件"}}})), "", nil},
		{"TheSupervisorSupplies", append(road("p"), p("2026-06-01", &procurementv1.SupervisionEngaged{SupervisorName: "申城软件有限公司"})), "", []string{"evaluator_linked"}},
		{"TheSupplierTests", append(road("p"), p("2026-10-01", &procurementv1.TestRecorded{Test: "security_test", Passed: true, PerformedBy: "申城软件有限公司", CompletedOn: "2026-10-01"})), "", []string{"evaluator_linked"}},

		// Single bidders: YP23-R-5.5.1.
		{"ThreeSingleBidders", append(three("甲", "乙", "丙", 10, 20, 30), single("p1", "2026-06-01", 1), single("p2", "2026-09-01", 1), single("p3", "2027-01-04", 1)), "", []string{"single_bidder_series"}},
		{"TwoSingleBidders", append(three("甲", "乙", "丙", 10, 20, 30), single("p1", "2026-06-01", 1), single("p2", "2026-09-01", 1), single("p3", "2027-01-04", 2)), "", nil},
		{"BiddersNotStated", append(three("甲", "乙", "丙", 10, 20, 30), single("p1", "2026-06-01", 1), single("p2", "2026-09-01", 1), single("p3", "2027-01-04", 0)), "", nil},
		{"OverMoreThanAYear", append(three("甲", "乙", "丙", 10, 20, 30), single("p1", "2026-06-01", 1), single("p2", "2026-09-01", 1), single("p3", "2027-06-02", 1)), "2027-07-01", nil},

		// Filings: YP23-R-5.5.2, YP23-R-5.5.7.
		{"OneFilingLate", append(road("p"), missed("p", "2026-06-08", "contract_filing", "education")), "", []string{"overdue_filing"}},
		{"FiledLateWithoutAWarning", append(road("p"), p("2026-06-15", &deadlinev1.DeadlineFulfilledLate{DeadlineId: "p/contract_filing/2026-05-25", Obligation: "contract_filing", Unit: "education", DueOn: "2026-06-08", MetOn: "2026-06-15"})), "", []string{"overdue_filing"}},
		{"MissedThenFiledIsOne", append(road("p"), missed("p", "2026-06-08", "contract_filing", "education"), missed("p", "2026-08-28", "quarterly_report", "education"),
			p("2026-06-15", &deadlinev1.DeadlineFulfilledLate{DeadlineId: "p/contract_filing/2026-06-08", Obligation: "contract_filing", Unit: "education", DueOn: "2026-06-08", MetOn: "2026-06-15"})), "", []string{"overdue_filing"}},
		{"FiledInTime", append(road("p"), p("2026-06-08", &deadlinev1.DeadlineMet{DeadlineId: "p/contract_filing/2026-05-25", Obligation: "contract_filing", Unit: "education", DueOn: "2026-06-08", MetOn: "2026-06-08"})), "", nil},
		{"NotTheUnitsOwnClock", append(road("p"), missed("p", "2026-06-08", "contract_filing", "finance")), "", nil},
		{"AClockNobodyLooksAt", append(road("p"), missed("p", "2026-06-08", "catalogue_update", "education")), "", nil},
		{"ThreeFilingsLate", append(road("p"), missed("p", "2026-06-08", "contract_filing", "education"), missed("p", "2026-08-28", "quarterly_report", "education"), missed("p", "2026-11-28", "acceptance_filing", "education")), "", []string{"overdue_filing", "overdue_series"}},
		{"WaivedAfterwards", append(road("p"), missed("p", "2026-06-08", "contract_filing", "education"), p("2026-06-09", &deadlinev1.DeadlineWaived{DeadlineId: "p/contract_filing/2026-06-08"})), "", nil},
		{"MovedToALaterDay", append(road("p"), missed("p", "2026-06-08", "contract_filing", "education"), p("2026-06-09", &deadlinev1.DeadlineMoved{DeadlineId: "p/contract_filing/2026-06-08", DueOn: "2026-06-10"})), "", nil},

		// Acceptance: YP23-R-5.5.7.
		{"ATestIsMissing", append(append(road("p"), tests("2026-10-20", builtTests[1:]...)...), p("2026-10-26", &procurementv1.AcceptancePassed{AcceptedOn: "2026-10-26"})), "", []string{"acceptance_untested"}},
		{"ATestFailed", append(append(road("p"), tests("2026-10-20", builtTests...)...),
			p("2026-10-21", &procurementv1.TestRecorded{Test: "software_test", PerformedBy: "测评机构", CompletedOn: "2026-10-21"}),
			p("2026-10-26", &procurementv1.AcceptancePassed{AcceptedOn: "2026-10-26"})), "", []string{"acceptance_untested"}},
		{"TestedAfterwards", append(append(road("p"), tests("2026-10-27", builtTests...)...), p("2026-10-26", &procurementv1.AcceptancePassed{AcceptedOn: "2026-10-26"})), "", []string{"acceptance_untested"}},
		{"AssessmentsStandIn", append(append(road("p"), tests("2026-10-20", "self_check", "software_test", "summary")...),
			p("2026-10-20", &cybersecurityv1.AssessmentCompleted{}), p("2026-10-20", &cryptoassessmentv1.CryptoAssessmentCompleted{}),
			p("2026-10-26", &procurementv1.AcceptancePassed{AcceptedOn: "2026-10-26"})), "", nil},
		{"APurchaseHasNoTests", append(without(road("p"), &declarationv1.ProjectSubmitted{}),
			p("2026-03-02", brief("p", "education", "办公软件", "2026-03-02", 90, func(b *typev1.ProjectBrief) { b.Kind = "software_purchase" })),
			p("2026-10-26", &procurementv1.AcceptancePassed{AcceptedOn: "2026-10-26"})), "", nil},

		{"AnotherDistrictsRules", append(without(without(road("p"), &conferencev1.DecisionTaken{}), &declarationv1.ProjectSubmitted{}),
			p("2026-03-02", brief("p", "education", "平台", "2026-03-02", 90, func(b *typev1.ProjectBrief) { b.Pack = "elsewhere" }))), "", nil},
		{"NothingIsKnownOfTheProject", []told{p("2026-06-02", contract("2026-05-25", 10))}, "", nil},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			l := newLedger(t)
			for _, x := range tc.story {
				l.append(l.says(x.day, x.subject, x.m))
			}
			today := tc.today
			if today == "" {
				today = "2027-02-01"
			}
			l.on(today)
			raised := l.raised()
			if got := slices.Sorted(maps.Keys(raised)); !slices.Equal(got, tc.want) {
				t.Fatalf("raised %v, want %v", got, tc.want)
			}
			for code, f := range raised {
				checkFlag(t, l, code, &f)
			}
		})
	}
}

// checkFlag holds what every flag promises: rows of the ledger that are there,
// a rule with its figures, and an explanation in two languages.
func checkFlag(t *testing.T, l *ledger, code string, f *redflag.Flag) {
	t.Helper()
	if len(f.Evidence) == 0 || len(f.Projects) == 0 || f.AuditedUnit != "education" || f.Explanation.ZH == "" || f.Explanation.EN == "" ||
		len(f.Rule.Basis) == 0 || f.Rule.Why.EN == "" || f.Title == "" || f.TitleEN == "" || f.Times != 1 {
		t.Errorf("%s: %+v", code, f)
	}
	for _, e := range f.Evidence {
		var there bool
		err := l.super.QueryRow(t.Context(), "SELECT EXISTS (SELECT FROM ledger_row WHERE seq = $1 AND event_id::text = $2 AND type = $3 AND subject = $4)", e.Seq, e.EventID, e.Type, e.ProjectID).Scan(&there)
		if err != nil || !there || e.Shows.ZH == "" || e.Shows.EN == "" || e.Actor == "" || e.At.IsZero() {
			t.Errorf("%s: %+v is no row of the ledger (%v)", code, e, err)
		}
	}
	if strings.HasPrefix(code, "splitting") {
		if len(f.Likeness) != len(f.Projects)-1 || f.AmountFen < f.LimitFen || f.LimitFen == 0 {
			t.Errorf("%s: %+v", code, f)
		}
		for _, x := range f.Likeness {
			if x.Score < 6000 || len(x.Common) == 0 {
				t.Errorf("%s: %+v", code, x)
			}
		}
	}
}
