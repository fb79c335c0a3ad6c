package expertreview

import (
	"context"
	"fmt"
	"slices"

	"egov/libs/aggregate"
	"egov/libs/fault"
	"egov/libs/policy"
	expertreviewv1 "egov/proto/gen/egov/expertreview/v1"
)

// GiveOpinion is an evaluator's answer: necessity and feasibility in words, the
// five criteria one by one, and the amount held to be right (YP23-R-5.2).
type GiveOpinion struct {
	ID          string   `path:"id" json:"-"`
	Conclusion  string   `json:"conclusion" required:"true"` // pass or fail
	Criteria    []Answer `json:"criteria" required:"true"`
	ReviewedFen int64    `json:"reviewed_fen" required:"true"`
	Score       int      `json:"score"` // of an expert, 0..100
	Text        string   `json:"text" required:"true"`
}

// Validate lists what is wrong whatever the project.
func (r *GiveOpinion) Validate() error {
	var c fault.Checks
	c.Require(r.Conclusion == "pass" || r.Conclusion == "fail", "conclusion", "unknown_code", "结论须为pass或fail", "pass or fail", "YP23-R-5.2")
	c.Require(r.ReviewedFen >= 0, "reviewed_fen", "out_of_range", "评估金额不得为负", "must not be negative")
	c.Require(r.Conclusion != "pass" || r.ReviewedFen > 0, "reviewed_fen", "required", "通过的须给出评估金额（分）", "a pass states the reviewed amount in fen", "YP23-R-5.2")
	c.Require(r.Score >= 0 && r.Score <= 100, "score", "out_of_range", "评分须为0至100", "0 to 100")
	c.Text(r.Text, "text", 20_000, "YP23-R-5.2")
	return c.Err()
}

// answers checks that every criterion of the pack is answered once, that only
// those that may are left as not applicable, and that a pass does not rest on
// an unmet criterion.
func (r *GiveOpinion) answers(e *Evaluation, criteria []policy.Criterion) error {
	var c fault.Checks
	known := map[string]policy.Criterion{}
	for _, k := range criteria {
		known[k.Code] = k
	}
	answered := map[string]bool{}
	for i, a := range r.Criteria {
		at := fmt.Sprintf("criteria[%d]", i)
		k, ok := known[a.Criterion]
		if !c.Require(ok, at+".criterion", "unknown_code", "没有这项审核依据", "there is no such criterion", "YP23-R-5.2") {
			continue
		}
		c.Require(!answered[a.Criterion], at+".criterion", "duplicate", "同一依据重复答复", "answered twice", "YP23-R-5.2")
		answered[a.Criterion] = true
		c.Require(slices.Contains([]string{"met", "not_met", "not_applicable"}, a.Answer), at+".answer", "unknown_code", "答复须为met、not_met或not_applicable", "met, not_met or not_applicable", "YP23-R-5.2")
		c.Require(a.Answer != "not_applicable" || k.MayNotApply, at+".answer", "must_be_answered", "该项依据必须答复："+k.Label.ZH, "this criterion must be answered: "+k.Label.EN, k.Basis...)
		c.Require(a.Answer != "not_met" || r.Conclusion != "pass", at+".answer", "pass_with_unmet_criterion", "有依据不符合的，结论不得为通过", "no pass while a criterion is not met", k.Basis...)
	}
	for _, k := range criteria {
		c.Require(answered[k.Code], "criteria", "missing_criterion", "未答复："+k.Label.ZH, "not answered: "+k.Label.EN, k.Basis...)
	}
	c.Require(r.ReviewedFen <= e.Project.GetAmountFen(), "reviewed_fen", "above_declared", "评估金额不得高于申报金额", "the reviewed amount is at most the declared one", "ours")
	return c.Err()
}

func (s *Service) criteria(e *Evaluation) ([]policy.Criterion, error) {
	p, err := s.Rules.Of(e.Project.GetPack())
	if err != nil {
		return nil, err
	}
	return p.Procedure().Criteria, nil
}

// record signs the opinion and states it.
func (s *Service) record(e *Evaluation, rec *aggregate.Recorder, stage string, round int, r GiveOpinion) error {
	o := Opinion{
		Stage: stage, Round: round, Author: rec.By().Subject, Conclusion: r.Conclusion, Criteria: r.Criteria, ReviewedFen: r.ReviewedFen,
		Score: r.Score, Text: r.Text, GivenOn: rec.Today().String(),
	}
	signature, err := s.Sign("expertreview.GiveOpinion", rec.By(), map[string]any{"project_id": e.ProjectID, "opinion": o})
	if err != nil {
		return err
	}
	o.Signature = signature
	e.Opinions = append(e.Opinions, o)
	fact := &expertreviewv1.OpinionSubmitted{
		ProjectId: e.ProjectID, EvaluationId: e.evaluationID(), Stage: stage, Author: o.Author, Conclusion: o.Conclusion, ReviewedFen: o.ReviewedFen, Text: o.Text, Signature: signature,
	}
	for _, a := range r.Criteria {
		fact.Criteria = append(fact.Criteria, &expertreviewv1.CriterionAnswer{Criterion: a.Criterion, Answer: a.Answer, Remark: a.Remark})
	}
	rec.State(e.ProjectID, fact)
	return nil
}

// OpineAsAgency takes the assigned agency's opinion, which decides the
// third-party evaluation.
func (s *Service) OpineAsAgency(ctx context.Context, r GiveOpinion) (Evaluation, error) {
	return s.Evaluations.Update(ctx, r.ID, func(e *Evaluation, rec *aggregate.Recorder) error {
		if err := e.at(Assigned); err != nil {
			return err
		}
		if rec.By().Unit != e.Agency {
			return ErrNotYours
		}
		criteria, err := s.criteria(e)
		if err != nil {
			return err
		}
		if err := r.answers(e, criteria); err != nil {
			return err
		}
		if err := s.record(e, rec, "third_party", e.Round, r); err != nil {
			return err
		}
		e.MeetClock(rec, "third_party_evaluation", rec.Today())
		basis := []string{"YP23-R-5.2"}
		if r.Conclusion == "fail" {
			e.State = Failed
			e.Await()
			rec.State(e.ProjectID, &expertreviewv1.EvaluationFailed{ProjectId: e.ProjectID, EvaluationId: e.evaluationID(), Round: int32(e.Round), Reason: r.Text, Basis: basis})
			return nil
		}
		e.ReviewedFen = r.ReviewedFen
		e.State = Passed
		e.Await()
		experts, err := s.Rules.Serves(e.Project, policy.ExpertReview)
		if err != nil {
			return err
		}
		if experts {
			e.State = PanelNeeded
			e.Await(aggregate.Todo{Action: "draw_panel", Role: "secretary", Unit: Office, Title: "抽取专家组：" + e.Title})
		}
		rec.State(e.ProjectID, &expertreviewv1.EvaluationPassed{ProjectId: e.ProjectID, EvaluationId: e.evaluationID(), Round: int32(e.Round), ReviewedFen: r.ReviewedFen, Basis: basis})
		return nil
	})
}

// OpineAsExpert takes one drawn expert's opinion; when the last is in, the
// majority decides and the median of the amounts is the reviewed one.
func (s *Service) OpineAsExpert(ctx context.Context, r GiveOpinion) (Evaluation, error) {
	return s.Evaluations.Update(ctx, r.ID, func(e *Evaluation, rec *aggregate.Recorder) error {
		if err := e.at(Drawn); err != nil {
			return err
		}
		me := rec.By().Subject
		if !slices.Contains(e.Panel.Experts, me) {
			return ErrNotYours
		}
		if slices.ContainsFunc(e.panelOpinions(), func(o Opinion) bool { return o.Author == me }) {
			return ErrTwice
		}
		criteria, err := s.criteria(e)
		if err != nil {
			return err
		}
		if err := r.answers(e, criteria); err != nil {
			return err
		}
		if err := s.record(e, rec, "expert", e.PanelRound, r); err != nil {
			return err
		}
		e.Done(func(t aggregate.Todo) bool { return t.Account == me })
		if len(e.panelOpinions()) == len(e.Panel.Experts) {
			e.conclude(rec)
		}
		return nil
	})
}

// panelOpinions are those of the panel now sitting.
func (e *Evaluation) panelOpinions() []Opinion {
	var out []Opinion
	for _, o := range e.Opinions {
		if o.Stage == "expert" && o.Round == e.PanelRound {
			out = append(out, o)
		}
	}
	return out
}

// conclude counts the panel, whose size is odd.
func (e *Evaluation) conclude(rec *aggregate.Recorder) {
	basis := []string{"YP23-R-5.2", "ours"}
	var amounts []int64
	reasons := ""
	opinions := e.panelOpinions()
	for _, o := range opinions {
		if o.Conclusion == "pass" {
			amounts = append(amounts, o.ReviewedFen)
		} else {
			reasons += o.Text + "；"
		}
	}
	e.MeetClock(rec, "expert_review", rec.Today())
	e.Await()
	if 2*len(amounts) <= len(opinions) {
		e.State = Failed
		rec.State(e.ProjectID, &expertreviewv1.ExpertReviewFailed{ProjectId: e.ProjectID, PanelId: e.Panel.ID, Round: int32(e.PanelRound), Reason: reasons, Basis: basis})
		return
	}
	slices.Sort(amounts)
	e.State = Passed
	e.ReviewedFen = min(amounts[(len(amounts)-1)/2], e.ReviewedFen)
	rec.State(e.ProjectID, &expertreviewv1.ExpertReviewPassed{ProjectId: e.ProjectID, PanelId: e.Panel.ID, Round: int32(e.PanelRound), ReviewedFen: e.ReviewedFen, Basis: basis})
}
