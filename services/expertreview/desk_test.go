package expertreview_test

import (
	"bytes"
	"context"
	"fmt"
	"testing"

	"egov/libs/aggregate/aggregatetest"
	"egov/libs/authn"
	"egov/libs/calendar"
	"egov/libs/policy"
	"egov/libs/rules"
	typev1 "egov/proto/gen/egov/type/v1"
	"egov/services/expertreview"
)

// desk is the service with its data in memory, on a clock that stands still and
// with a seed that is always the same.
type desk struct {
	*expertreview.Service
	t           *testing.T
	evaluations *aggregatetest.Repository[expertreview.Evaluation, *expertreview.Evaluation]
}

func newDesk(t *testing.T) *desk {
	t.Helper()
	clock := calendar.NewManual(aggregatetest.Morning("2026-03-02"))
	d := &desk{t: t, evaluations: aggregatetest.New[expertreview.Evaluation, *expertreview.Evaluation](clock)}
	d.Service = &expertreview.Service{
		Evaluations: d.evaluations,
		Experts:     aggregatetest.New[expertreview.Expert, *expertreview.Expert](clock),
		Committees:  aggregatetest.New[expertreview.Committee, *expertreview.Committee](clock),
		Rules:       rules.Book{Packs: policy.Default(), Calendar: calendar.Statutory()},
		District:    "yangpu", Clock: clock,
		NewID: func() string { return "n1" },
		Seed:  func() []byte { return bytes.Repeat([]byte{7}, 32) },
		Sign:  aggregatetest.Sign,
	}
	return d
}

// The people, and the service itself.
var (
	self      = authn.With(context.Background(), authn.Service("expertreview", expertreview.Office))
	secretary = aggregatetest.As("office.secretary", expertreview.Office, "secretary")
	agency    = aggregatetest.As("agency.li", "agency-1", "agency")
	rival     = aggregatetest.As("agency.wang", "agency-2", "agency")
)

func expert(n int) context.Context {
	return aggregatetest.As(fmt.Sprintf("expert-%d", n), "expert-pool", "expert")
}

func (d *desk) do(errs ...error) {
	d.t.Helper()
	for _, err := range errs {
		if err != nil {
			d.t.Fatal(err)
		}
	}
}

const declaredFen = 300_000_000

// accepted is a project of the education bureau that the agency and experts
// evaluate.
func (d *desk) accepted() {
	d.t.Helper()
	d.do(d.ProjectAccepted(self, &typev1.ProjectBrief{
		ProjectId: "p1", Title: "平台", Unit: "education", Supervisor: "publicity", Kind: "new_build", AmountFen: declaredFen, Route: "review", Pack: "yangpu-2023",
		Steps: []string{"third_party_evaluation", "expert_review", "conference_review"},
	}))
}

// assigned is that project with the agency.
func (d *desk) assigned() {
	d.t.Helper()
	d.accepted()
	_, err := d.Assign(secretary, expertreview.AssignAgency{ID: "p1", Agency: "agency-1"})
	d.do(err)
}

// pool registers experts of one field, each of another employer.
func (d *desk) pool(n int) {
	d.t.Helper()
	for i := range n {
		d.register(i, func(*expertreview.RegisterExpert) {})
	}
}

func (d *desk) register(n int, change func(*expertreview.RegisterExpert)) {
	d.t.Helper()
	r := expertreview.RegisterExpert{
		Account: fmt.Sprintf("expert-%d", n), Name: "专家", Employer: fmt.Sprintf("学院%d", n), Fields: []string{"软件"},
		TermFrom: aggregatetest.Day("2025-01-01"), TermTo: aggregatetest.Day("2027-12-31"), Active: true,
	}
	change(&r)
	d.do(r.Validate())
	_, err := d.Register(secretary, r)
	d.do(err)
}

// drawn is that project with a panel of three out of three experts.
func (d *desk) drawn() expertreview.Evaluation {
	d.t.Helper()
	d.assigned()
	d.pool(3)
	_, err := d.OpineAsAgency(agency, d.opinion())
	d.do(err)
	e, err := d.Draw(secretary, expertreview.DrawPanel{ID: "p1", Size: 3, Field: "软件"})
	d.do(err)
	return e
}

// opinion passes the project on every criterion of its pack.
func (d *desk) opinion(change ...func(*expertreview.GiveOpinion)) expertreview.GiveOpinion {
	d.t.Helper()
	pack, err := d.Rules.Of("yangpu-2023")
	d.do(err)
	r := expertreview.GiveOpinion{ID: "p1", Conclusion: "pass", ReviewedFen: 250_000_000, Text: "必要、可行"}
	for _, k := range pack.Procedure().Criteria {
		r.Criteria = append(r.Criteria, expertreview.Answer{Criterion: k.Code, Answer: "met"})
	}
	for _, f := range change {
		f(&r)
	}
	return r
}

func failing(r *expertreview.GiveOpinion) {
	r.Conclusion, r.ReviewedFen, r.Text = "fail", 0, "不可行"
}

func worth(fen int64) func(*expertreview.GiveOpinion) {
	return func(r *expertreview.GiveOpinion) { r.ReviewedFen = fen }
}
