package budgeting_test

import (
	"context"
	"slices"
	"strings"
	"testing"

	"egov/libs/aggregate"
	"egov/libs/aggregate/aggregatetest"
	"egov/libs/authn"
	"egov/libs/fault"
	"egov/libs/fault/faulttest"
	"egov/libs/seal"
	budgetingv1 "egov/proto/gen/egov/budgeting/v1"
	procurementv1 "egov/proto/gen/egov/procurement/v1"
	typev1 "egov/proto/gen/egov/type/v1"
	"egov/services/budgeting"
)

// hall is the desk with what evaluations and assessments need besides.
type hall struct {
	*desk
	evaluations *aggregatetest.Repository[budgeting.PostEvaluation, *budgeting.PostEvaluation]
	assessments *aggregatetest.Repository[budgeting.Assessment, *budgeting.Assessment]
}

func newHall(t *testing.T, district string) *hall {
	t.Helper()
	d := newDesk(t)
	h := &hall{d, aggregatetest.New[budgeting.PostEvaluation, *budgeting.PostEvaluation](d.clock), aggregatetest.New[budgeting.Assessment, *budgeting.Assessment](d.clock)}
	d.PostEvaluations, d.Assessments, d.District, d.Clock = h.evaluations, h.assessments, district, d.clock
	d.InTx = func(ctx context.Context, f func(context.Context) error) error { return f(ctx) }
	d.NewID, d.Self = func() string { return "e1" }, authn.Service("budgeting", budgeting.Office)
	d.Sign = func(string, authn.Principal, any) (*typev1.Signature, error) {
		return &typev1.Signature{Alg: "sm2"}, nil
	}
	return h
}

var agency = aggregatetest.As("agency.a", "agency-a", "agency")

// built is a project of the education bureau that was accepted, under a pack.
func (h *hall) built(id, pack string) {
	h.t.Helper()
	p := &typev1.ProjectBrief{ProjectId: id, Title: "智慧校园", Unit: "education", Kind: "new_build", Supervisor: "city-education", Pack: pack, DeclaredOn: "2026-03-02", AmountFen: 100}
	h.must(h.Accepted(self, p))
	h.must(h.Judged(self, id, "agency-z", "expert.1"))
	h.must(h.ContractFiled(self, &procurementv1.ContractFiled{ProjectId: id, ContractNo: "1", Supplier: "某科技公司"}))
	h.must(h.AcceptancePassed(self, &procurementv1.AcceptancePassed{ProjectId: id, AcceptedOn: "2026-03-20"}))
}

func (h *hall) must(err error) {
	h.t.Helper()
	if err != nil {
		h.t.Fatal(err)
	}
}

func (h *hall) get(id string) budgeting.Budget {
	h.t.Helper()
	b, err := h.rows.Get(self, id)
	h.must(err)
	return b
}

func order(project string, change ...func(*budgeting.OrderPostEvaluation)) budgeting.OrderPostEvaluation {
	r := budgeting.OrderPostEvaluation{ProjectID: project, Agency: "agency-a", AgencyName: "甲评估中心", SessionID: "s1", DecidedOn: day("2026-03-30"), Reason: "投资较大", ReportBy: day("2026-05-30")}
	for _, f := range change {
		f(&r)
	}
	return r
}

var findings = map[string]string{"effect_in_use": "使用率高", "approval": "程序完备", "implementation": "按期完成", "opinions": "可推广"}

// TestAFinishedProjectIsEvaluatedByAThirdParty: chosen by the conference, by a
// third party independent of the project, on effect, approval, implementation and
// results (YP23-R-5.6.2); each Violation of that is named.
func TestAFinishedProjectIsEvaluatedByAThirdParty(t *testing.T) {
	t.Parallel()
	h := newHall(t, "yangpu")
	h.built("p1", "yangpu-2023")
	for _, c := range []struct {
		name, code string
		change     func(*budgeting.OrderPostEvaluation)
	}{
		{"the declaring unit", "own_project", func(r *budgeting.OrderPostEvaluation) { r.Agency = "education" }},
		{"its supervising unit", "own_project", func(r *budgeting.OrderPostEvaluation) { r.Agency = "city-education" }},
		{"who evaluated it before", "judged_before", func(r *budgeting.OrderPostEvaluation) { r.Agency = "agency-z" }},
		{"a supplier", "supplier", func(r *budgeting.OrderPostEvaluation) { r.AgencyName = "某科技公司" }},
		{"a report before today", "out_of_range", func(r *budgeting.OrderPostEvaluation) { r.ReportBy = day("2026-04-01") }},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := h.OrderPostEvaluation(secretary, order("p1", c.change))
			faulttest.RefusedAs(t, err, budgeting.ErrPostEvaluation, "YP23-R-5.6.2")
			if v := fault.From(err).Violations; len(v) != 1 || v[0].Code != c.code || !slices.Contains(v[0].Basis, "YP23-R-5.6.2") {
				t.Fatalf("%+v", v)
			}
		})
	}
	_, err := h.OrderPostEvaluation(finance, order("p1"))
	faulttest.RefusedAs(t, err, budgeting.ErrNotConferenceOffice, "YP23-R-5.6.2")
	h.must(h.Accepted(self, &typev1.ProjectBrief{ProjectId: "p2", Unit: "education", Pack: "yangpu-2023"}))
	_, err = h.OrderPostEvaluation(secretary, order("p2"))
	faulttest.RefusedAs(t, err, budgeting.ErrPostEvaluation, "YP23-R-5.6.2")
	h.built("p3", "xian-2018")
	_, err = h.OrderPostEvaluation(secretary, order("p3"))
	faulttest.RefusedAs(t, err, budgeting.ErrNoPostEvaluation, "YP23-R-5.6.2")
	h.must(h.Judged(self, "p4", "agency-z")) // nothing else is known of it
	_, err = h.OrderPostEvaluation(secretary, order("p4"))
	faulttest.RefusedAs(t, err, budgeting.ErrPostEvaluation, "YP23-R-5.6.2")

	x, err := h.OrderPostEvaluation(secretary, order("p1"))
	h.must(err)
	if x.Running(budgeting.PostEvaluationReport) == nil || x.Todo[0].Unit != "agency-a" || !slices.Contains(x.Parties, "education") {
		t.Fatalf("%+v", x)
	}
	report := budgeting.ReportPostEvaluation{ID: x.ID, Answers: findings, Conclusion: "good"}
	h.must(report.Validate())
	_, err = h.ReportPostEvaluation(declarer, report)
	faulttest.RefusedAs(t, err, budgeting.ErrNotEvaluator, "YP23-R-5.6.2")
	_, err = h.CompletePostEvaluation(secretary, budgeting.CompletePostEvaluation{ID: x.ID, Opinion: "采纳"})
	faulttest.RefusedAs(t, err, budgeting.ErrState, "YP23-R-5.6.2")
	short := report
	short.Answers = map[string]string{"effect_in_use": "使用率高", "weather": "晴"}
	_, err = h.ReportPostEvaluation(agency, short)
	var missing []string
	for _, v := range fault.From(err).Violations {
		missing = append(missing, v.Field)
	}
	if got := strings.Join(missing, " "); got != "answers.approval answers.implementation answers.opinions answers.weather" {
		t.Fatal(got)
	}
	x, err = h.ReportPostEvaluation(agency, report)
	h.must(err)
	if x.Signature == nil || x.Deadlines[0].State != aggregate.Met {
		t.Fatalf("%+v", x)
	}
	_, err = h.ReportPostEvaluation(agency, report)
	faulttest.RefusedAs(t, err, budgeting.ErrState, "YP23-R-5.6.2")
	_, err = h.CompletePostEvaluation(finance, budgeting.CompletePostEvaluation{ID: x.ID, Opinion: "采纳"})
	faulttest.RefusedAs(t, err, budgeting.ErrNotConferenceOffice, "YP23-R-5.6.2")
	x, err = h.CompletePostEvaluation(secretary, budgeting.CompletePostEvaluation{ID: x.ID, Opinion: "采纳"})
	h.must(err)
	if x.State != "completed" || !h.evaluations.Stated(&budgetingv1.PostEvaluationCompleted{}) {
		t.Fatalf("%+v", x)
	}
}

func draft(change ...func(*budgeting.DraftAssessment)) budgeting.DraftAssessment {
	good := budgeting.Rating{Score: 90, Finding: "良好"}
	r := budgeting.DraftAssessment{Of: "education", Year: 2026, Score: 88, Answers: map[string]budgeting.Rating{"egov_work": good, "systems": good, "performance": good}, Summary: "总体良好"}
	for _, f := range change {
		f(&r)
	}
	return r
}

// TestUnitsAreAssessedWithANotice: the office assesses a unit for a year, tells
// it, and hears its answer (YP23-M-39); the notice is sealed once published
// (SH12-E-7). Each Violation is named by its article.
func TestUnitsAreAssessedWithANotice(t *testing.T) {
	t.Parallel()
	h := newHall(t, "yangpu")
	h.built("p1", "yangpu-2023")
	_, err := h.DraftAssessment(finance, draft())
	faulttest.RefusedAs(t, err, budgeting.ErrNotConferenceOffice, "YP23-M-39")
	_, err = h.DraftAssessment(secretary, draft(func(r *budgeting.DraftAssessment) { r.Of = "gov-office" }))
	faulttest.RefusedAs(t, err, budgeting.ErrOwnUnit, "YP23-M-39")
	_, err = h.DraftAssessment(secretary, draft(func(r *budgeting.DraftAssessment) { r.Year = 2027 }))
	faulttest.RefusedAs(t, err, budgeting.ErrAssessment, "YP23-M-39")
	_, err = h.DraftAssessment(secretary, draft(func(r *budgeting.DraftAssessment) { delete(r.Answers, "systems") }))
	if v := fault.From(err).Violations; len(v) != 1 || v[0].Field != "answers.systems" || !slices.Contains(v[0].Basis, "YP23-M-39") {
		t.Fatalf("%+v", v)
	}
	rated := []budgeting.ProjectRating{{ProjectID: "p1", Rating: budgeting.Rating{Score: 80, Finding: "好用"}}}
	_, err = h.DraftAssessment(secretary, draft(func(r *budgeting.DraftAssessment) { r.Of, r.Projects = "health", rated }))
	faulttest.RefusedAs(t, err, budgeting.ErrAssessment, "YP23-M-39")

	x, err := h.DraftAssessment(secretary, draft(func(r *budgeting.DraftAssessment) { r.Projects = rated }))
	h.must(err)
	if slices.Contains(x.Parties, "education") {
		t.Fatal("a draft is the office's")
	}
	_, err = h.AnswerAssessment(declarer, budgeting.AnswerAssessment{ID: x.ID, Answer: "收到"})
	faulttest.RefusedAs(t, err, budgeting.ErrState, "YP23-M-39")
	put := budgeting.SealAssessment{ID: x.ID, SHA256: strings.Repeat("a", 64)}
	_, err = h.SealAssessment(secretary, put)
	faulttest.RefusedAs(t, err, seal.ErrNotApproved, "SH12-E-7")
	notice := budgeting.PublishAssessment{ID: x.ID, NoticeNo: "杨府办〔2026〕9号"}
	_, err = h.PublishAssessment(finance, notice)
	faulttest.RefusedAs(t, err, budgeting.ErrNotConferenceOffice, "YP23-M-39")
	x, err = h.PublishAssessment(secretary, notice)
	h.must(err)
	var told budgetingv1.UnitAssessed
	if x.Signature == nil || !slices.Contains(x.Parties, "education") || !slices.Contains(x.Parties, "audit") || !h.assessments.Stated(&told) || told.GetProjectIds()[0] != "p1" {
		t.Fatalf("%+v", x)
	}
	_, err = h.PublishAssessment(secretary, notice)
	faulttest.RefusedAs(t, err, budgeting.ErrState, "YP23-M-39")
	_, err = h.SealAssessment(finance, put)
	faulttest.RefusedAs(t, err, seal.ErrLead, "SH12-E-7")
	x, err = h.SealAssessment(secretary, put)
	h.must(err)
	if x.Force != seal.EqualToPaper {
		t.Fatalf("%+v", x)
	}
	_, err = h.SealAssessment(secretary, put)
	faulttest.RefusedAs(t, err, seal.ErrSealed, "")
	_, err = h.AnswerAssessment(stranger, budgeting.AnswerAssessment{ID: x.ID, Answer: "收到"})
	faulttest.RefusedAs(t, err, budgeting.ErrNotAssessed, "YP23-M-39")
	x, err = h.AnswerAssessment(declarer, budgeting.AnswerAssessment{ID: x.ID, Answer: "将整改"})
	h.must(err)
	if x.State != "answered" || len(x.Todo) != 0 {
		t.Fatalf("%+v", x)
	}
}

// TestProjectsAreEvaluatedFromTimeToTime: an accepted project's evaluation is
// timed by the pack (SH12-37), met by the assessment that looks at it and begun
// anew; where the rules assess nobody, it is Refused.
func TestProjectsAreEvaluatedFromTimeToTime(t *testing.T) {
	t.Parallel()
	h := newHall(t, "shanghai")
	h.built("p1", "shanghai-2012")
	b := h.get("p1")
	d := b.Running(budgeting.PerformanceEvaluation)
	if d == nil || d.DueOn != day("2027-03-20") || d.Unit != "gov-office" || !slices.Contains(b.Parties, "gov-office") {
		t.Fatalf("%+v", b.Deadlines)
	}
	h.must(h.Judged(self, "p1", "agency-y")) // another fact starts no second clock
	h.clock.Set(aggregatetest.Morning("2027-03-22"))
	good := budgeting.Rating{Score: 90, Finding: "良好"}
	r := budgeting.DraftAssessment{
		Of: "education", Year: 2026, Score: 90, Summary: "良好", Answers: map[string]budgeting.Rating{"projects": good, "overall_performance": good},
		Projects: []budgeting.ProjectRating{{ProjectID: "p1", Rating: good}},
	}
	x, err := h.DraftAssessment(secretary, r)
	h.must(err)
	_, err = h.PublishAssessment(secretary, budgeting.PublishAssessment{ID: x.ID, NoticeNo: "1号"})
	h.must(err)
	b = h.get("p1")
	if len(b.Deadlines) != 2 || b.Deadlines[0].State != aggregate.Late || b.Deadlines[0].MetOn != "2027-03-22" || b.Running(budgeting.PerformanceEvaluation).DueOn != day("2028-03-20") {
		t.Fatalf("%+v", b.Deadlines)
	}
	x9, err := h.DraftAssessment(secretary, draft())
	if v := fault.From(err).Violations; len(v) == 0 || !slices.Contains(v[0].Basis, "SH12-37") {
		t.Fatalf("%+v %v", x9, err)
	}
	_, err = newHall(t, "xian").DraftAssessment(secretary, draft())
	faulttest.RefusedAs(t, err, budgeting.ErrNoAssessment, "SH12-37")
}

// TestWhatAnEvaluationRequestLeavesOut is a Violation by its article, YP23-R-5.6.2
// or YP23-M-39.
func TestWhatAnEvaluationRequestLeavesOut(t *testing.T) {
	t.Parallel()
	assess := func(change func(*budgeting.DraftAssessment)) *budgeting.DraftAssessment {
		r := draft(change)
		return &r
	}
	ask := func(change func(*budgeting.OrderPostEvaluation)) *budgeting.OrderPostEvaluation {
		r := order("p1", change)
		return &r
	}
	for _, c := range []struct {
		name, field, basis string
		r                  interface{ Validate() error }
	}{
		{"no decision of the conference", "session_id", "YP23-R-5.6.2", ask(func(r *budgeting.OrderPostEvaluation) { r.SessionID = "" })},
		{"no reason", "reason", "YP23-R-5.6.2", ask(func(r *budgeting.OrderPostEvaluation) { r.Reason = "" })},
		{"a report before the decision", "report_by", "YP23-R-5.6.2", ask(func(r *budgeting.OrderPostEvaluation) { r.ReportBy = r.DecidedOn })},
		{"no answers", "answers", "YP23-R-5.6.2", &budgeting.ReportPostEvaluation{Conclusion: "good"}},
		{"an empty answer", "answers.approval", "YP23-R-5.6.2", &budgeting.ReportPostEvaluation{Answers: map[string]string{"approval": ""}, Conclusion: "good"}},
		{"no conclusion", "conclusion", "YP23-R-5.6.2", &budgeting.ReportPostEvaluation{Answers: findings}},
		{"no opinion", "opinion", "YP23-R-5.6.2", &budgeting.CompletePostEvaluation{}},
		{"a score above all", "score", "YP23-M-39", assess(func(r *budgeting.DraftAssessment) { r.Score = 101 })},
		{"a project twice", "projects[1].project_id", "YP23-M-39", assess(func(r *budgeting.DraftAssessment) {
			p := budgeting.ProjectRating{ProjectID: "p1", Rating: budgeting.Rating{Finding: "x"}}
			r.Projects = []budgeting.ProjectRating{p, p}
		})},
		{"a finding without words", "answers.systems.finding", "SH12-37", assess(func(r *budgeting.DraftAssessment) { r.Answers["systems"] = budgeting.Rating{} })},
		{"a notice without a number", "notice_no", "YP23-M-39", &budgeting.PublishAssessment{}},
		{"a seal on nothing", "sha256", "SH12-E-7", &budgeting.SealAssessment{}},
		{"an empty reply", "answer", "YP23-M-39", &budgeting.AnswerAssessment{}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			if !slices.ContainsFunc(fault.From(c.r.Validate()).Violations, func(v fault.Violation) bool {
				return v.Field == c.field && slices.Contains(v.Basis, c.basis)
			}) {
				t.Fatal(c.r.Validate())
			}
		})
	}
}
