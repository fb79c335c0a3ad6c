package demo

import (
	"context"
	"fmt"
	"slices"

	"egov/libs/policy"
)

// opinion passes a project and answers every criterion of its rules.
func (w *walk) opinion(fen int64) map[string]any {
	var answers []map[string]string
	for _, c := range w.criteria {
		if slices.Contains(w.script.Inapplicable, c) {
			answers = append(answers, map[string]string{"criterion": c, "answer": "not_applicable"})
			continue
		}
		answers = append(answers, map[string]string{"criterion": c, "answer": "met", "remark": "符合"})
	}
	return map[string]any{
		"conclusion": "pass", "criteria": answers, "reviewed_fen": fen, "score": 88,
		"text": "项目建设必要，技术路线可行，投资测算基本合理（演示意见）",
	}
}

// reviewed is what evaluators hold to be right: the demonstration lets them cut
// nothing, so that the published amounts stay comparable.
func (r *road) reviewed() int64 { return r.AmountFen }

type evaluation struct {
	State string `json:"state"`
	Panel *struct {
		Experts []string `json:"experts"`
	} `json:"panel"`
}

// evaluate has agencies and expert panels review the projects whose roads ask
// for it.
func (w *walk) evaluate(ctx context.Context) error {
	if err := w.on(w.script.Days.Evaluate); err != nil {
		return err
	}
	if err := w.pool(ctx); err != nil {
		return err
	}
	return w.each(ctx, w.evaluateOne, func(r *road) bool { return r.step(policy.ThirdPartyEvaluation) })
}

// pool fills the expert pool.
func (w *walk) pool(ctx context.Context) error {
	for n, employer := range []string{"复旦大学", "同济大学", "上海理工大学", "上海交通大学", "华东师范大学", "财经大学", "上海大学", "东华大学", "海事大学"} {
		err := w.as(secretary).post(ctx, "", "expertreview", "/v1/experts", map[string]any{
			"account": fmt.Sprintf("expert.%d", n+1), "name": fmt.Sprintf("专家%d", n+1), "employer": employer, "fields": []string{"信息化"},
			"term_from": fmt.Sprintf("%d-01-01", w.today.Year()-1), "term_to": fmt.Sprintf("%d-12-31", w.today.Year()+1), "active": true,
		}, nil)
		if err != nil {
			return err
		}
	}
	return nil
}

func (w *walk) evaluateOne(ctx context.Context, r *road) error {
	path := "/v1/evaluations/" + r.id
	office := w.as(secretary)
	if _, err := until(ctx, office, "expertreview", path, "an evaluation to assign", func(e evaluation) bool { return e.State == "waiting" }); err != nil {
		return err
	}
	// For information publishing the gate waits for cac's consent, which is on
	// its way to this service.
	err := w.await(ctx, "the evaluation gate", func(ctx context.Context) (bool, error) {
		err := office.post(ctx, r.id, "expertreview", path+"/assign", map[string]string{"agency": "agency-a"}, nil)
		if isRefused(err, "gate_closed") {
			return false, nil
		}
		return err == nil, err
	})
	if err != nil {
		return err
	}
	if err := w.as("agency.a").post(ctx, r.id, "expertreview", path+"/opinion", w.opinion(r.reviewed()), nil); err != nil {
		return err
	}
	if !r.step(policy.ExpertReview) {
		return nil
	}
	var e evaluation
	if err := office.post(ctx, r.id, "expertreview", path+"/panel", map[string]any{"size": w.script.Panel, "field": "信息化"}, &e); err != nil {
		return err
	}
	for _, x := range e.Panel.Experts {
		if err := w.as(x).post(ctx, r.id, "expertreview", path+"/panel/opinions", w.opinion(r.reviewed()), nil); err != nil {
			return err
		}
	}
	return nil
}
