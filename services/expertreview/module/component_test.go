package module_test

import (
	"encoding/hex"
	"fmt"
	"os"
	"slices"
	"testing"

	"egov/libs/dbtest"
	"egov/libs/module/moduletest"
	"egov/libs/redistest"
	cybersecurityv1 "egov/proto/gen/egov/cybersecurity/v1"
	declarationv1 "egov/proto/gen/egov/declaration/v1"
	expertreviewv1 "egov/proto/gen/egov/expertreview/v1"
	typev1 "egov/proto/gen/egov/type/v1"
	"egov/services/expertreview"
	"egov/services/expertreview/draw"
	"egov/services/expertreview/module"
)

func TestMain(m *testing.M) {
	os.Exit(redistest.Main(func() int { return dbtest.Main(m) }))
}

type office struct {
	*moduletest.Service
	secretary, agency *moduletest.Client
}

func start(t *testing.T) office {
	t.Helper()
	s := moduletest.Start(t, module.Name, "2026-03-02", module.New)
	return office{s, s.As("office.secretary", "gov-office", "secretary"), s.As("agency.a", "agency-a", "agency")}
}

// accepted lets the declaration service accept a project.
func (o office) accepted(t *testing.T, id string, change ...func(*typev1.ProjectBrief)) {
	t.Helper()
	p := &typev1.ProjectBrief{
		ProjectId: id, Title: "平台", Kind: "new_build", Unit: "facilities", AmountFen: 694_791_100, Route: "review",
		Steps: []string{"third_party_evaluation", "expert_review", "conference_review"}, Pack: "yangpu-2023", DeclaredOn: "2026-03-02",
	}
	for _, f := range change {
		f(p)
	}
	o.Other("declaration").State(id, "gov-office", &declarationv1.ProjectAccepted{Project: p})
	o.Await("the evaluation", func() bool { return o.get(t, id).State == expertreview.Waiting })
}

func (o office) get(t *testing.T, id string) (e expertreview.Evaluation) {
	t.Helper()
	if a := o.secretary.Get("/v1/evaluations/" + id); a.Status == 200 {
		a.OK(&e)
	}
	return e
}

func opinion(conclusion string, fen int64) map[string]any {
	var answers []map[string]string
	for _, c := range []string{"planning_fit", "key_work_fit", "efficiency", "technical_standard"} {
		answers = append(answers, map[string]string{"criterion": c, "answer": "met"})
	}
	answers = append(answers, map[string]string{"criterion": "explicit_rule", "answer": "not_applicable"})
	return map[string]any{"conclusion": conclusion, "criteria": answers, "reviewed_fen": fen, "text": "必要、可行", "score": 90}
}

func TestAgencyThenPanel(t *testing.T) {
	t.Parallel()
	o := start(t)
	o.accepted(t, "p1")
	base := "/v1/evaluations/p1"
	o.secretary.Post(base+"/assign", map[string]string{"agency": "facilities"}).Refused(422, "conflict_of_interest")
	o.agency.Post(base+"/opinion", opinion("pass", 1)).Refused(404, "not_found")
	o.secretary.Post(base+"/assign", map[string]string{"agency": "agency-a"}).OK(nil)
	o.As("agency.b", "agency-b", "agency").Post(base+"/opinion", opinion("pass", 1)).Refused(404, "not_found")
	o.agency.Post(base+"/opinion", opinion("pass", 690_000_000)).OK(nil)
	o.Stated("p1", &expertreviewv1.EvaluationPassed{})

	for i := range 9 {
		field, employer := "informatics", "university"
		switch i {
		case 0:
			employer = "facilities" // the declaring unit's own
		case 1:
			field = "medicine"
		}
		o.secretary.Post("/v1/experts", map[string]any{
			"account": fmt.Sprintf("expert.%d", i), "name": "专家", "employer": employer, "fields": []string{field}, "term_from": "2025-01-01", "term_to": "2027-12-31", "active": true,
		}).OK(nil)
	}
	o.As("expert.2", "experts", "expert").Post("/v1/experts/me/conflicts", map[string]string{"with": "facilities"}).OK(nil)

	for _, size := range []int{1, 2, 4} {
		o.secretary.Post(base+"/panel", map[string]any{"size": size, "field": "informatics"}).Refused(422, "panel_size")
	}
	short := o.secretary.Post(base+"/panel", map[string]any{"size": 7, "field": "informatics"}).Refused(422, "pool_too_small")
	if len(short.Violations) != 3 {
		t.Fatalf("%+v", short.Violations)
	}
	var e expertreview.Evaluation
	o.secretary.Post(base+"/panel", map[string]any{"size": 3, "field": "informatics"}).OK(&e)

	// Anyone can repeat the draw from what was published.
	var pool []draw.Candidate
	for i := range 9 {
		c := draw.Candidate{ID: fmt.Sprintf("expert.%d", i), Unit: "university", Fields: []string{"informatics"}}
		switch i {
		case 0:
			c.Unit, c.Exclude = "facilities", "own unit"
		case 1:
			c.Fields, c.Exclude = []string{"medicine"}, "field"
		case 2:
			c.Exclude = "declared"
		}
		pool = append(pool, c)
	}
	seed, err := hex.DecodeString(e.Panel.Seed)
	if err != nil {
		t.Fatal(err)
	}
	again, err := draw.Draw(pool, seed, 3)
	if err != nil || !slices.Equal(again.Drawn, e.Panel.Experts) || again.PoolSHA256 != e.Panel.Pool {
		t.Fatalf("%+v %+v %v", again, e.Panel, err)
	}

	for i, id := range e.Panel.Experts {
		x := o.As(id, "experts", "expert")
		conclusion, amount := "pass", int64(680_000_000+i*1_000_000)
		if i == 2 {
			conclusion, amount = "fail", 0
		}
		x.Post(base+"/panel/opinions", opinion(conclusion, amount)).OK(&e)
		if i < 2 {
			x.Post(base+"/panel/opinions", opinion("pass", 1)).Refused(409, "opinion_given")
		}
	}
	if e.State != expertreview.Passed || e.ReviewedFen != 680_000_000 {
		t.Fatalf("%s %d", e.State, e.ReviewedFen)
	}
	if f := o.Stated("p1", &expertreviewv1.ExpertReviewPassed{}); f.Data["reviewed_fen"] != "680000000" {
		t.Fatalf("%+v", f)
	}
	o.As("expert.0", "experts", "expert").Get(base).Refused(404, "not_found")
}

func TestBadOpinions(t *testing.T) {
	t.Parallel()
	o := start(t)
	o.accepted(t, "p1")
	o.secretary.Post("/v1/evaluations/p1/assign", map[string]string{"agency": "agency-a"}).OK(nil)
	bad := opinion("pass", 999_999_999_999)
	bad["criteria"] = []map[string]string{
		{"criterion": "planning_fit", "answer": "not_applicable"},
		{"criterion": "key_work_fit", "answer": "not_met"},
		{"criterion": "efficiency", "answer": "maybe"},
		{"criterion": "beauty", "answer": "met"},
	}
	p := o.agency.Post("/v1/evaluations/p1/opinion", bad).Refused(400, "invalid_input")
	var codes []string
	for _, v := range p.Violations {
		codes = append(codes, v.Code)
	}
	slices.Sort(codes)
	if got := fmt.Sprint(codes); got != "[above_declared missing_criterion missing_criterion must_be_answered pass_with_unmet_criterion unknown_code unknown_code]" {
		t.Fatal(got)
	}
	if o.Count("p1", &expertreviewv1.OpinionSubmitted{}) != 0 {
		t.Fatal("a bad opinion was recorded")
	}
	o.agency.Post("/v1/evaluations/p1/opinion", opinion("fail", 0), moduletest.Key("k")).OK(nil)
	o.agency.Post("/v1/evaluations/p1/opinion", opinion("fail", 0), moduletest.Key("k")).OK(nil)
	o.agency.Post("/v1/evaluations/p1/opinion", opinion("fail", 0)).Refused(409, "wrong_stage")
	if o.Count("p1", &expertreviewv1.EvaluationFailed{}) != 1 {
		t.Fatal("one failure was stated more than once")
	}
	// A new acceptance opens the next round.
	o.accepted(t, "p1")
	if e := o.get(t, "p1"); e.Round != 2 || e.Agency != "" {
		t.Fatalf("%+v", e)
	}
}

func TestInformationPublishingWaitsForConsent(t *testing.T) {
	t.Parallel()
	o := start(t)
	o.accepted(t, "p1", func(p *typev1.ProjectBrief) {
		p.Kind, p.AmountFen, p.Steps, p.Items = "information_publishing", 9_800_000, []string{"cac_consent", "third_party_evaluation", "conference_review"}, []string{"cac_consent"}
	})
	got := o.secretary.Post("/v1/evaluations/p1/assign", map[string]string{"agency": "agency-a"}).Refused(422, "gate_closed")
	if got.Violations[0].Basis[0] != "YP23-R-5.3.6" {
		t.Fatalf("%+v", got)
	}
	o.Other("cybersecurity").State("p1", "cac", &cybersecurityv1.PublishingConsentGiven{ProjectId: "p1"})
	o.Await("the consent", func() bool { return o.get(t, "p1").Consent })
	o.secretary.Post("/v1/evaluations/p1/assign", map[string]string{"agency": "agency-a"}).OK(nil)
	o.agency.Post("/v1/evaluations/p1/opinion", opinion("pass", 9_800_000)).OK(nil)
	if o.get(t, "p1").State != expertreview.Passed {
		t.Fatal("no expert review was asked for")
	}
}

func TestUnitsDoNotSeeEachOther(t *testing.T) {
	t.Parallel()
	o := start(t)
	o.accepted(t, "p1")
	b := o.As("edu", "education", "declarer", "secretary", "agency", "expert")
	for path, body := range map[string]any{
		"/assign": map[string]string{"agency": "x"}, "/opinion": opinion("pass", 1), "/panel": map[string]any{"size": 3, "field": "x"}, "/panel/opinions": opinion("pass", 1),
	} {
		b.Post("/v1/evaluations/p1"+path, body).Refused(404, "not_found")
	}
	b.Get("/v1/evaluations/p1").Refused(404, "not_found")
	if o.VisibleTo("evaluation", "education", "edu") != 0 || o.VisibleTo("evaluation", "facilities", "fac") != 1 || o.VisibleTo("expert", "education", "edu") != 0 {
		t.Fatal("row-level security")
	}
	b.Post("/v1/evaluations/p1/opinion", map[string]any{"roles": []string{"agency"}, "unit": "agency-a"}).Refused(400, "invalid_input")
}

func FuzzOpinionAnswers(f *testing.F) {
	f.Add("pass", "planning_fit", "met", int64(1))
	f.Fuzz(func(t *testing.T, conclusion, criterion, answer string, fen int64) {
		o := expertreview.GiveOpinion{Conclusion: conclusion, Criteria: []expertreview.Answer{{Criterion: criterion, Answer: answer}}, ReviewedFen: fen, Text: "x"}
		if err := o.Validate(); err == nil && conclusion != "pass" && conclusion != "fail" {
			t.Fatal("an unknown conclusion passes")
		}
	})
}
