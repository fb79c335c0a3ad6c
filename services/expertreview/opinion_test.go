package expertreview_test

import (
	"context"
	"slices"
	"testing"

	"egov/libs/aggregate/aggregatetest"
	"egov/libs/fault/faulttest"
	expertreviewv1 "egov/proto/gen/egov/expertreview/v1"
	"egov/services/expertreview"
)

// TestAnOpinionAnswersTheFiveCriteria (YP23-R-5.2): every one is answered once,
// a pass rests on none that is unmet and states an amount within the declared
// one; what answers so is accepted.
func TestAnOpinionAnswersTheFiveCriteria(t *testing.T) {
	t.Parallel()
	answer := func(n int, change func(*expertreview.Answer)) func(*expertreview.GiveOpinion) {
		return func(r *expertreview.GiveOpinion) { change(&r.Criteria[n]) }
	}
	says := func(s string) func(*expertreview.Answer) { return func(a *expertreview.Answer) { a.Answer = s } }
	for _, c := range []struct {
		name    string
		change  func(*expertreview.GiveOpinion)
		refused []string
	}{
		{"a pass on all five", func(*expertreview.GiveOpinion) {}, nil},
		{"at the declared amount", worth(declaredFen), nil},
		{"a failure on an unmet one", func(r *expertreview.GiveOpinion) { failing(r); r.Criteria[0].Answer = "not_met" }, nil},
		{"one left out", func(r *expertreview.GiveOpinion) { r.Criteria = r.Criteria[1:] }, []string{"missing_criterion"}},
		{"one twice", func(r *expertreview.GiveOpinion) { r.Criteria = append(r.Criteria, r.Criteria[0]) }, []string{"duplicate"}},
		{"one of another district", func(r *expertreview.GiveOpinion) {
			r.Criteria = append(r.Criteria, expertreview.Answer{Criterion: "beauty", Answer: "met"})
		}, []string{"unknown_code"}},
		{"an answer that is none", answer(0, says("perhaps")), []string{"unknown_code"}},
		{"a pass on an unmet one", answer(0, says("not_met")), []string{"pass_with_unmet_criterion"}},
		{"above the declared amount", worth(declaredFen + 1), []string{"above_declared"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			d := newDesk(t)
			d.assigned()
			r := d.opinion(c.change)
			d.do(r.Validate())
			e, err := d.OpineAsAgency(agency, r)
			if c.refused != nil {
				faulttest.Refused(t, err, "invalid_input", c.refused...)
				return
			}
			d.do(err)
			if len(e.Opinions) != 1 || e.Opinions[0].Signature == nil || !d.evaluations.Stated(&expertreviewv1.OpinionSubmitted{}) {
				t.Errorf("%+v", e.Opinions)
			}
		})
	}
	t.Run("in words", func(t *testing.T) {
		t.Parallel()
		d := newDesk(t)
		for name, change := range map[string]func(*expertreview.GiveOpinion){
			"without a conclusion":     func(r *expertreview.GiveOpinion) { r.Conclusion = "maybe" },
			"a pass without an amount": worth(0),
			"without reasons":          func(r *expertreview.GiveOpinion) { r.Text = "" },
		} {
			r := d.opinion(change)
			t.Log(name)
			faulttest.RestsOn(t, r.Validate(), "YP23-R-5.2")
		}
	})
}

// TestWhoEvaluates: nobody tied to the project, nobody it is not given to, and
// each of them once.
func TestWhoEvaluates(t *testing.T) {
	t.Parallel()
	assign := func(agency string) func(*desk) error {
		return func(d *desk) error {
			d.accepted()
			_, err := d.Assign(secretary, expertreview.AssignAgency{ID: "p1", Agency: agency})
			return err
		}
	}
	opine := func(by context.Context) func(*desk) error {
		return func(d *desk) error { d.drawn(); _, err := d.OpineAsExpert(by, d.opinion()); return err }
	}
	draw := func(size int, field string, experts int) func(*desk) error {
		return func(d *desk) error {
			d.assigned()
			d.pool(experts)
			_, err := d.OpineAsAgency(agency, d.opinion())
			d.do(err)
			_, err = d.Draw(secretary, expertreview.DrawPanel{ID: "p1", Size: size, Field: field})
			return err
		}
	}
	for _, c := range []struct {
		name       string
		do         func(*desk) error
		code       string // empty: it is accepted
		violations int
	}{
		{"an agency", assign("agency-1"), "", 0},
		{"the declaring unit", assign("education"), "conflict_of_interest", 0},
		{"its supervising unit", assign("publicity"), "conflict_of_interest", 0},
		{"another agency than the one assigned", func(d *desk) error { d.assigned(); _, err := d.OpineAsAgency(rival, d.opinion()); return err }, "not_assigned", 0},
		{"an agency before it is assigned", func(d *desk) error { d.accepted(); _, err := d.OpineAsAgency(agency, d.opinion()); return err }, "wrong_stage", 0},
		{"an agency twice", func(d *desk) error { d.drawn(); _, err := d.OpineAsAgency(agency, d.opinion()); return err }, "wrong_stage", 0},
		{"a panel before the agency passed it", func(d *desk) error {
			d.assigned()
			_, err := d.Draw(secretary, expertreview.DrawPanel{ID: "p1", Size: 3, Field: "软件"})
			return err
		}, "wrong_stage", 0},
		{"a panel of three", draw(3, "软件", 5), "", 0},
		{"an even panel", draw(4, "软件", 5), "panel_size", 0},
		{"a panel of one", draw(1, "软件", 5), "panel_size", 0},
		{"a panel larger than the pool", draw(3, "软件", 2), "pool_too_small", 0},
		{"a panel of a field nobody has", draw(3, "桥梁", 3), "pool_too_small", 3},
		{"a drawn expert", opine(expert(1)), "", 0},
		{"an expert who is not drawn", opine(expert(9)), "not_assigned", 0},
		{"an expert twice", func(d *desk) error {
			d.do(opine(expert(1))(d))
			_, err := d.OpineAsExpert(expert(1), d.opinion())
			return err
		}, "opinion_given", 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			d := newDesk(t)
			err := c.do(d)
			if c.code == "" {
				d.do(err)
				return
			}
			if f := faulttest.Refused(t, err, c.code, slices.Repeat([]string{"excluded"}, c.violations)...); f.Kind == 0 {
				t.Error("an internal fault")
			}
		})
	}
}

// TestWhoIsTooCloseIsNotDrawn, by employer, by what the expert declared, or out
// of term; the draw names each and why.
func TestWhoIsTooCloseIsNotDrawn(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.assigned()
	d.pool(3)
	for i, change := range []func(*expertreview.RegisterExpert){
		func(r *expertreview.RegisterExpert) { r.Employer = "education" },
		func(r *expertreview.RegisterExpert) { r.Employer = "publicity" },
		func(r *expertreview.RegisterExpert) { r.Employer = "agency-1" },
		func(r *expertreview.RegisterExpert) { r.TermTo = aggregatetest.Day("2026-03-01") },
		func(r *expertreview.RegisterExpert) { r.Active = false },
		func(*expertreview.RegisterExpert) {},
	} {
		d.register(10+i, change)
	}
	_, err := d.DeclareConflict(expert(15), "expert-15", expertreview.DeclareConflict{With: "education"})
	d.do(err)
	_, err = d.OpineAsAgency(agency, d.opinion())
	d.do(err)
	e, err := d.Draw(secretary, expertreview.DrawPanel{ID: "p1", Size: 3, Field: "软件"})
	d.do(err)
	drawn := slices.Sorted(slices.Values(e.Panel.Experts))
	if !slices.Equal(drawn, []string{"expert-0", "expert-1", "expert-2"}) {
		t.Errorf("drawn: %v", drawn)
	}
	var f expertreviewv1.ExpertsDrawn
	if !d.evaluations.Stated(&f) || len(f.GetExclusions()) != 6 || f.GetSeed() == "" || f.GetPoolSha256() == "" {
		t.Errorf("%v", &f)
	}
}

// TestTheMajorityOfAPanelDecides (YP23-R-5.2): the median of the amounts of
// those who pass it, and never more than the agency held to be right.
func TestTheMajorityOfAPanelDecides(t *testing.T) {
	t.Parallel()
	pass := func(fen int64) func(*expertreview.GiveOpinion) { return worth(fen) }
	for _, c := range []struct {
		name     string
		opinions []func(*expertreview.GiveOpinion)
		state    expertreview.State
		fen      int64
	}{
		{"all pass", []func(*expertreview.GiveOpinion){pass(200_000_000), pass(240_000_000), pass(220_000_000)}, expertreview.Passed, 220_000_000},
		{"two of three pass", []func(*expertreview.GiveOpinion){pass(200_000_000), failing, pass(240_000_000)}, expertreview.Passed, 200_000_000},
		{"above what the agency found", []func(*expertreview.GiveOpinion){pass(declaredFen), pass(declaredFen), pass(declaredFen)}, expertreview.Passed, 250_000_000},
		{"one of three passes", []func(*expertreview.GiveOpinion){failing, pass(200_000_000), failing}, expertreview.Failed, 250_000_000},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			d := newDesk(t)
			d.drawn()
			var e expertreview.Evaluation
			for i, change := range c.opinions {
				var err error
				e, err = d.OpineAsExpert(expert(i), d.opinion(change))
				d.do(err)
				if last := i == len(c.opinions)-1; !last && e.State != expertreview.Drawn {
					t.Fatalf("%s after %d opinions", e.State, i+1)
				}
			}
			if e.State != c.state || e.ReviewedFen != c.fen || len(e.Todo) != 0 {
				t.Errorf("%s at %d, %+v; want %s at %d", e.State, e.ReviewedFen, e.Todo, c.state, c.fen)
			}
			if d.evaluations.Stated(&expertreviewv1.ExpertReviewPassed{}) != (c.state == expertreview.Passed) || d.evaluations.Stated(&expertreviewv1.ExpertReviewFailed{}) != (c.state == expertreview.Failed) {
				t.Error("another fact is stated")
			}
		})
	}
}

// TestAFailedProjectComesAgainAsTheNextRound, and one that was withdrawn is on
// nobody's desk.
func TestAFailedProjectComesAgainAsTheNextRound(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.assigned()
	e, err := d.OpineAsAgency(agency, d.opinion(failing))
	d.do(err)
	if e.State != expertreview.Failed || len(e.Todo) != 0 || !d.evaluations.Stated(&expertreviewv1.EvaluationFailed{}) {
		t.Fatalf("%+v", e)
	}
	d.accepted()
	e, err = d.Evaluations.Get(self, "p1")
	d.do(err)
	if e.State != expertreview.Waiting || e.Round != 2 || e.Agency != "" || len(e.Opinions) != 1 || aggregatetest.Todos(e.Root) != "assign secretary@gov-office" {
		t.Fatalf("%+v", e)
	}
	d.do(d.ProjectEnded(self, "p1"))
	_, err = d.Assign(secretary, expertreview.AssignAgency{ID: "p1", Agency: "agency-1"})
	faulttest.Refused(t, err, "wrong_stage")
}
