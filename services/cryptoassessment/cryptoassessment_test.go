package cryptoassessment_test

import (
	"context"
	"slices"
	"strconv"
	"testing"

	"pgregory.net/rapid"

	"egov/libs/aggregate"
	"egov/libs/aggregate/aggregatetest"
	"egov/libs/calendar"
	"egov/libs/fault/faulttest"
	cryptoassessmentv1 "egov/proto/gen/egov/cryptoassessment/v1"
	"egov/services/cryptoassessment"
)

func TestRequestsListAllThatIsWrong(t *testing.T) {
	t.Parallel()
	good, foreign := plan(), plan()
	foreign.Algorithms = append(foreign.Algorithms, cryptoassessment.Algorithm{Name: "RSA", Purpose: "签名"})
	explained := foreign
	explained.Deviation = "与国际系统对接"
	twice := plan()
	twice.Algorithms = append(twice.Algorithms, cryptoassessment.Algorithm{Name: "sm4", Purpose: "存储"})
	full := argument()
	full.Experts = []string{"甲", "", "甲"}
	for _, tt := range []struct {
		name string
		req  interface{ Validate() error }
		want string
	}{
		{"Plan", &good, ""},
		{"EmptyPlan", &cryptoassessment.SubmitPlan{}, "summary/required level/out_of_range algorithms/required"},
		{"ForeignAlgorithm", &foreign, "algorithms[1].name/not_national"},
		{"ForeignAlgorithmExplained", &explained, ""},
		{"OneAlgorithmTwice", &twice, "algorithms[1].name/duplicate"},
		{"EmptyReview", &cryptoassessment.ReviewPlan{}, "accepted/required opinion/required"},
		{"EmptyArgument", &cryptoassessment.SubmitArgument{}, "document_no/required experts/required held_on/required conclusion/required"},
		{"ExpertsOfAnArgument", &full, "experts[1]/required experts[2]/duplicate"},
		{"EmptyAnswer", &cryptoassessment.AnswerExemption{}, "consented/required opinion/required"},
		{"ConsentWithoutLetter", &cryptoassessment.AnswerExemption{Consented: yes(), Opinion: "x"}, "document_no/required"},
		{"RefusalWithoutLetter", &cryptoassessment.AnswerExemption{Consented: new(bool), Opinion: "x"}, ""},
		{"EmptyFiling", &cryptoassessment.FileExemption{}, "document_no/required"},
		{"EmptyRecord", &cryptoassessment.RecordExemption{}, "filing_no/required"},
		{"EmptyReturn", &cryptoassessment.ReturnExemption{}, "reason/required"},
		{"EmptyReport", &cryptoassessment.SubmitReport{}, "assessor/required report_no/required conformant/required conclusion/required completed_on/required"},
		{"EmptyReportReview", &cryptoassessment.ReviewReport{}, "accepted/required opinion/required"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if got := faulttest.Complaints(tt.req.Validate()); got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}

func TestWhoMayDoWhatWhen(t *testing.T) {
	t.Parallel()
	answerAs := func(d *desk, who context.Context) error {
		_, err := d.Answer(who, cryptoassessment.AnswerExemption{ID: "p1", Consented: yes(), DocumentNo: "2", Opinion: "x"})
		return err
	}
	argued := func(d *desk) error { _, err := d.SubmitArgument(declarer, argument()); return err }
	for _, tt := range []struct {
		name  string
		setup []func(*desk) error
		do    func(d *desk) error
		want  string
	}{
		{"PlanOfNoProject", nil, func(d *desk) error {
			r := plan()
			r.ID = "p9"
			_, err := d.SubmitPlan(declarer, r)
			return err
		}, "not_found"},
		{"PlanByAnotherUnit", nil, func(d *desk) error { _, err := d.SubmitPlan(stranger, plan()); return err }, "not_declaring_unit"},
		{"ReviewOfNothing", nil, func(d *desk) error {
			_, err := d.ReviewPlan(officer, cryptoassessment.ReviewPlan{ID: "p1", Accepted: yes()})
			return err
		}, "wrong_stage"},
		{"PlanAfterTheProjectEnded", []func(*desk) error{func(d *desk) error { return d.ProjectEnded(self, "p1") }}, func(d *desk) error {
			_, err := d.SubmitPlan(declarer, plan())
			return err
		}, "wrong_stage"},
		{"ArgumentByAnotherUnit", nil, func(d *desk) error { _, err := d.SubmitArgument(stranger, argument()); return err }, "not_declaring_unit"},
		{"ArgumentOfTomorrow", nil, func(d *desk) error {
			r := argument()
			r.HeldOn = today.AddDays(1)
			_, err := d.SubmitArgument(declarer, r)
			return err
		}, "invalid_input"},
		{"ConsentBeforeTheArgument", nil, func(d *desk) error { return answerAs(d, supervisor) }, "wrong_stage"},
		{"ConsentByAnotherUnit", []func(*desk) error{argued}, func(d *desk) error { return answerAs(d, stranger) }, "not_supervising_unit"},
		{"ConsentByWhoArgued", []func(*desk) error{argued}, func(d *desk) error {
			return answerAs(d, aggregatetest.As("centre.declarer", "education", "supervisor"))
		}, "own_work"},
		{"FilingBeforeTheConsent", []func(*desk) error{argued}, func(d *desk) error {
			_, err := d.File(supervisor, cryptoassessment.FileExemption{ID: "p1"})
			return err
		}, "wrong_stage"},
		{"RecordBeforeTheFiling", []func(*desk) error{argued, func(d *desk) error { return answerAs(d, supervisor) }}, func(d *desk) error {
			_, err := d.Record(officer, cryptoassessment.RecordExemption{ID: "p1"})
			return err
		}, "wrong_stage"},
		{"RecordByAnotherUnit", []func(*desk) error{argued, func(d *desk) error { return answerAs(d, supervisor) }, func(d *desk) error {
			_, err := d.File(supervisor, cryptoassessment.FileExemption{ID: "p1", DocumentNo: "3"})
			return err
		}}, func(d *desk) error {
			_, err := d.Record(supervisor, cryptoassessment.RecordExemption{ID: "p1"})
			return err
		}, "not_at_this_desk"},
		{"ReportOfTomorrow", nil, func(d *desk) error {
			_, err := d.SubmitReport(declarer, report("1", today.AddDays(1), true))
			return err
		}, "report_refused"},
		{"ReportByAnotherUnit", nil, func(d *desk) error { _, err := d.SubmitReport(stranger, report("1", today, true)); return err }, "not_declaring_unit"},
		{"ReviewOfNoReport", nil, func(d *desk) error {
			_, err := d.ReviewReport(officer, cryptoassessment.ReviewReport{ID: "p1", Accepted: yes()})
			return err
		}, "wrong_stage"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			d := newDesk()
			if err := d.ProjectSubmitted(self, everything(), []string{"centre.declarer"}); err != nil {
				t.Fatal(err)
			}
			if err := d.ProjectAccepted(self, everything()); err != nil {
				t.Fatal(err)
			}
			for _, f := range tt.setup {
				if err := f(d); err != nil {
					t.Fatal(err)
				}
			}
			if got := faulttest.Code(tt.do(d)); got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}

func TestAProjectThatNeedsNothingLeavesNothing(t *testing.T) {
	t.Parallel()
	d := newDesk()
	p := brief("basis", "mlps_grading")
	p.Obligations = []string{"investment_supervision"}
	for _, err := range []error{
		d.ProjectSubmitted(self, p, nil), d.ProjectAccepted(self, p), d.ProjectEnded(self, "p1"),
		d.SystemGraded(self, cryptoassessment.Graded{SystemID: "s1", Unit: p.GetUnit(), Grade: 2, InUse: true, On: today}),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	plans, _ := d.plans.List(self, aggregate.Query{})
	exemptions, _ := d.exemptions.List(self, aggregate.Query{})
	assessments, _ := d.assessments.List(self, aggregate.Query{})
	if len(plans.Items)+len(exemptions.Items)+len(assessments.Items) != 0 {
		t.Fatalf("%+v %+v %+v", plans, exemptions, assessments)
	}
}

// The facts of three services about one project come to the same in whatever
// order they are heard.
func TestFactsInAnyOrderComeToTheSame(t *testing.T) {
	t.Parallel()
	facts := []func(*desk) error{
		func(d *desk) error { return d.ProjectAccepted(self, everything()) },
		func(d *desk) error { return d.ContractFiled(self, "p1") },
		func(d *desk) error { return d.PutIntoUse(self, "p1", today) },
		func(d *desk) error {
			return d.SystemGraded(self, cryptoassessment.Graded{SystemID: "p1", Project: "p1", Name: "教育平台", Unit: "education-centre", Grade: 3, On: today})
		},
	}
	rapid.Check(t, func(t *rapid.T) {
		d := newDesk()
		for _, i := range rapid.Permutation([]int{0, 1, 2, 3}).Draw(t, "order") {
			if err := facts[i](d); err != nil {
				t.Fatal(err)
			}
		}
		a, err := d.assessments.Get(self, "p1")
		if err != nil {
			t.Fatal(err)
		}
		if a.State != cryptoassessment.AssessmentOwed || a.NextDueOn != "2027-03-02" || a.Unit != "education-centre" || len(a.Todo) != 1 ||
			a.OfProject != "p1" || a.SystemID != "p1" || !slices.Equal(a.Parties, []string{"education-centre", "education"}) {
			t.Fatalf("%+v", a)
		}
	})
}

// Whatever is done to the assessments of a project in whatever order, what is
// owed and asked for fits what was said.
func TestAssessmentsKeepTheirSense(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		d := newDesk()
		if err := d.ProjectAccepted(self, everything()); err != nil {
			t.Fatal(err)
		}
		for i := range rapid.IntRange(1, 25).Draw(t, "acts") {
			now := calendar.Today(d.clock)
			var err error
			switch rapid.IntRange(0, 7).Draw(t, "act") {
			case 0:
				err = d.ContractFiled(self, "p1")
			case 1:
				err = d.PutIntoUse(self, "p1", now)
			case 2:
				grade := rapid.IntRange(1, 4).Draw(t, "grade")
				err = d.SystemGraded(self, cryptoassessment.Graded{SystemID: "p1", Project: "p1", Unit: "education-centre", Grade: grade, On: now})
			case 3:
				_, _ = d.SubmitReport(declarer, report(strconv.Itoa(i), now, rapid.Bool().Draw(t, "conformant")))
			case 4, 5:
				accepted := rapid.Bool().Draw(t, "accepted")
				_, _ = d.ReviewReport(officer, cryptoassessment.ReviewReport{ID: "p1", Accepted: &accepted, Opinion: "x"})
			case 6:
				d.clock.Set(now.AddDays(rapid.IntRange(1, 500).Draw(t, "days")).Start())
				err = d.assessments.Sweep(self, calendar.Statutory())
			case 7:
				if rapid.IntRange(0, 9).Draw(t, "retire") == 0 {
					err = d.SystemRetired(self, "p1", "停用")
				}
			}
			if err != nil {
				t.Fatal(err)
			}
			a, err := d.assessments.Get(self, "p1")
			if err != nil {
				t.Fatal(err)
			}
			sense(t, a)
		}
	})
}

func sense(t *rapid.T, a cryptoassessment.Assessment) {
	running, passed := 0, false
	for _, c := range a.Deadlines {
		if c.Obligation == "crypto_assessment" && c.MetOn == "" && (c.State == aggregate.Open || c.State == aggregate.Warned || c.State == aggregate.Late) {
			running++
		}
	}
	for _, r := range a.Reports {
		passed = passed || r.Accepted && *r.Conformant
	}
	asks := map[string]int{}
	for _, todo := range a.Todo {
		asks[todo.Action]++
	}
	submitted, closed := a.State == cryptoassessment.AssessmentSubmitted, a.State == cryptoassessment.AssessmentClosed
	for what, ok := range map[string]bool{
		"one clock runs while a period does":         running <= 1 && (running == 1) == (a.NextDueOn != ""),
		"a report waits for its answer":              submitted == (a.Report != nil) && submitted == (asks["review_report"] == 1),
		"the unit is asked for what is owed":         submitted || closed || (asks["submit_report"] == 1) == (a.State == cryptoassessment.AssessmentOwed || a.NextDueOn != ""),
		"completed means a conformant report":        a.State != cryptoassessment.AssessmentCompleted || passed,
		"a project under contract owes one":          closed || submitted || !a.Contracted || passed || a.State == cryptoassessment.AssessmentOwed,
		"nothing is owed once closed":                !closed || len(a.Todo) == 0 && running == 0,
		"only grades of the pack have a period":      a.NextDueOn == "" || a.InUse && a.Grade >= 3,
		"nobody is asked for two things":             len(a.Todo) <= 1,
		"the bureau sees what came to its desk only": slices.Contains(a.Parties, cryptoassessment.Bureau) == (submitted || len(a.Reports) > 0 || closed && slices.Contains(a.Parties, cryptoassessment.Bureau)),
	} {
		if !ok {
			t.Fatalf("%s: %+v", what, a)
		}
	}
}

func TestAReportThatIsSentBackMayComeAgain(t *testing.T) {
	t.Parallel()
	d := newDesk()
	refused := false
	for _, f := range []func() error{
		func() error { return d.ProjectAccepted(self, everything()) },
		func() error { return d.ContractFiled(self, "p1") },
		func() error { _, err := d.SubmitReport(declarer, report("1", today, true)); return err },
		func() error {
			_, err := d.ReviewReport(officer, cryptoassessment.ReviewReport{ID: "p1", Accepted: &refused, Opinion: "缺页"})
			return err
		},
		func() error { _, err := d.SubmitReport(declarer, report("1", today, true)); return err },
		func() error {
			_, err := d.ReviewReport(officer, cryptoassessment.ReviewReport{ID: "p1", Accepted: yes(), Opinion: "x"})
			return err
		},
	} {
		if err := f(); err != nil {
			t.Fatal(err)
		}
	}
	var f cryptoassessmentv1.CryptoAssessmentCompleted
	if !d.assessments.Stated(&f) || !f.GetConformant() || f.GetNextDueOn() != "" || f.GetSignature().GetSigner() != "crypto.officer" {
		t.Fatalf("%+v", &f)
	}
	if _, err := d.SubmitReport(declarer, report("1", today, true)); faulttest.Complaints(err) != "report_no/recorded_before" {
		t.Fatal(err)
	}
}
