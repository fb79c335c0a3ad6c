package cryptoassessment_test

import (
	"context"
	"time"

	"egov/libs/aggregate/aggregatetest"
	"egov/libs/authn"
	"egov/libs/calendar"
	"egov/libs/policy"
	"egov/libs/rules"
	typev1 "egov/proto/gen/egov/type/v1"
	"egov/services/cryptoassessment"
)

// desk is the service with its data in memory, on a clock that stands still.
type desk struct {
	*cryptoassessment.Service
	clock       *calendar.Manual
	plans       *aggregatetest.Repository[cryptoassessment.Plan, *cryptoassessment.Plan]
	exemptions  *aggregatetest.Repository[cryptoassessment.Exemption, *cryptoassessment.Exemption]
	assessments *aggregatetest.Repository[cryptoassessment.Assessment, *cryptoassessment.Assessment]
	adaptations *aggregatetest.Repository[cryptoassessment.Adaptation, *cryptoassessment.Adaptation]
}

var today = calendar.MustDate(2026, 3, 2)

func newDesk() *desk {
	clock := calendar.NewManual(today.Start().Add(9 * time.Hour))
	d := &desk{
		clock:       clock,
		plans:       aggregatetest.New[cryptoassessment.Plan, *cryptoassessment.Plan](clock),
		exemptions:  aggregatetest.New[cryptoassessment.Exemption, *cryptoassessment.Exemption](clock),
		assessments: aggregatetest.New[cryptoassessment.Assessment, *cryptoassessment.Assessment](clock),
		adaptations: aggregatetest.New[cryptoassessment.Adaptation, *cryptoassessment.Adaptation](clock),
	}
	d.Service = &cryptoassessment.Service{
		Plans: d.plans, Exemptions: d.exemptions, Assessments: d.assessments, Adaptations: d.adaptations, District: "yangpu",
		Rules: rules.Book{Packs: policy.Default(), Calendar: calendar.Statutory()},
		Sign:  aggregatetest.Sign,
	}
	return d
}

// The people and the service itself.
var (
	self       = authn.With(context.Background(), authn.Service("cryptoassessment", cryptoassessment.Bureau))
	declarer   = aggregatetest.As("centre.declarer", "education-centre", "declarer")
	stranger   = aggregatetest.As("civil.declarer", "civil-affairs", "declarer")
	supervisor = aggregatetest.As("edu.supervisor", "education", "supervisor")
	officer    = aggregatetest.As("crypto.officer", cryptoassessment.Bureau, "crypto_officer")
	keeper     = aggregatetest.As("secrecy.officer", cryptoassessment.Secrecy, "crypto_officer")
)

// brief is a project of the education centre whose checklist has the items.
func brief(items ...string) *typev1.ProjectBrief {
	return &typev1.ProjectBrief{
		ProjectId: "p1", Title: "教育平台", Kind: "new_build", Unit: "education-centre", Supervisor: "education",
		Pack: "yangpu-2023", Items: items, Obligations: []string{"crypto_assessment"},
	}
}

// everything is a project that needs all that this duty answers.
func everything() *typev1.ProjectBrief { return brief("crypto_plan", "xc_confidential_filing") }

func yes() *bool { v := true; return &v }

func plan() cryptoassessment.SubmitPlan {
	return cryptoassessment.SubmitPlan{ID: "p1", PlanContent: cryptoassessment.PlanContent{
		Summary: "方案", Level: 3, Algorithms: []cryptoassessment.Algorithm{{Name: "SM4", Purpose: "存储"}},
	}}
}

func argument() cryptoassessment.SubmitArgument {
	return cryptoassessment.SubmitArgument{ID: "p1", Argument: cryptoassessment.Argument{
		DocumentNo: "1", Experts: []string{"甲"}, HeldOn: today, Conclusion: "x",
	}}
}

func report(no string, on calendar.Date, conformant bool) cryptoassessment.SubmitReport {
	return cryptoassessment.SubmitReport{ID: "p1", ReportContent: cryptoassessment.ReportContent{
		Assessor: "x", ReportNo: no, Conformant: &conformant, Conclusion: "x", CompletedOn: on,
	}}
}
