package demo

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"egov/libs/policy"
)

// the offices that act throughout
const (
	secretary = "gov-office.secretary"
	chair     = "chair"
)

// declare brings every project before the conference office.
func (w *walk) declare(ctx context.Context) error {
	if err := w.on(w.script.Days.Declare); err != nil {
		return err
	}
	if err := w.each(ctx, w.declareOne); err != nil {
		return err
	}
	return w.ask(ctx)
}

// ask reads which criteria the rules of the projects have, and which duties
// serve their steps.
func (w *walk) ask(ctx context.Context) error {
	var packs struct {
		Items []struct {
			ID    string `json:"id"`
			Terms struct {
				Criteria []struct {
					Code string `json:"code"`
				} `json:"criteria"`
				Steps []struct {
					Code string      `json:"code"`
					Duty policy.Duty `json:"duty"`
				} `json:"steps"`
			} `json:"terms"`
		} `json:"items"`
	}
	if err := w.as(secretary).get(ctx, "declaration", "/v1/packs", &packs); err != nil {
		return err
	}
	for _, p := range packs.Items {
		if p.ID != w.roads[0].decision.Pack {
			continue
		}
		for _, c := range p.Terms.Criteria {
			w.criteria = append(w.criteria, c.Code)
		}
		for _, r := range w.roads {
			for _, s := range p.Terms.Steps {
				if slices.Contains(r.decision.Steps, s.Code) {
					r.duties = append(r.duties, s.Duty)
				}
			}
		}
	}
	return nil
}

func (w *walk) declareOne(ctx context.Context, r *road) error {
	facts, _ := r.facts()
	asked := map[string]any{"title": r.Title, "unit": r.unit, "unit_kind": declarersKind, "declared_on": w.today.String()}
	for k, v := range facts {
		asked[k] = v
	}
	if err := r.declarer.post(ctx, "", "declaration", "/v1/decisions", asked, &r.decision); err != nil {
		return err
	}
	// The papers that the answer asks the unit for; the first is attached as a
	// document, the others are named.
	var papers []string
	for _, i := range r.decision.Checklist {
		if i.Gate == "submit" {
			papers = append(papers, i.Item)
		}
	}
	if len(papers) > 0 {
		facts["materials"] = papers[1:]
	}
	var p struct {
		ID       string   `json:"id"`
		Stage    string   `json:"stage"`
		Decision decision `json:"decision"`
	}
	err := r.declarer.post(ctx, "", "declaration", "/v1/projects", map[string]any{
		"title": r.Title, "content": fmt.Sprintf("%s。采购人：%s。%s", r.Title, r.Buyer, r.Note), "period_months": 8,
		"basis":  []map[string]string{{"kind": "key_work", "text": "区年度数字化重点工作（演示假定）"}},
		"leader": "（演示）分管领导", "contact": "（演示）联系人 021-00000000", "key_annual": r.key, "contract_years": r.ContractYears, "case": facts,
	}, &p)
	if err != nil {
		return err
	}
	r.id = p.ID
	path := "/v1/projects/" + r.id
	if !r.goesOn() {
		return w.turnedAway(ctx, r)
	}
	if len(papers) > 0 {
		form := "前置审核表\n项目名称：" + r.Title + "\n申报单位：" + r.unit + "\n"
		if err := r.declarer.upload(ctx, "declaration", path+"/attachments?item="+papers[0]+"&name="+papers[0]+".txt", form, nil); err != nil {
			return err
		}
	}
	if err := r.declarer.post(ctx, r.id, "declaration", path+"/submit", nil, &p); err != nil {
		return err
	}
	if p.Stage == "with_supervisor" {
		err := w.as(r.supervisor).post(ctx, r.id, "declaration", path+"/supervisor-review", map[string]any{"approved": true, "opinion": "符合本系统工作需要，同意申报"}, &p)
		if err != nil {
			return err
		}
	}
	if r.returned {
		if err := w.as(secretary).post(ctx, r.id, "declaration", path+"/return", map[string]any{"reason": "请补充上年运行情况说明"}, nil); err != nil {
			return err
		}
		if err := r.declarer.post(ctx, r.id, "declaration", path+"/submit", nil, &p); err != nil {
			return err
		}
	}
	if p.Stage != "submitted" {
		return fmt.Errorf("the project is %s after submission", p.Stage)
	}
	if p.Decision.Route != r.decision.Route || strings.Join(p.Decision.Steps, " ") != strings.Join(r.decision.Steps, " ") {
		return fmt.Errorf("submitted on the road %s %v, announced %s %v", p.Decision.Route, p.Decision.Steps, r.decision.Route, r.decision.Steps)
	}
	r.decision = p.Decision
	return nil
}

// goesOn reports whether the rules give the project a road: one that is refused
// or out of scope has no step.
func (r *road) goesOn() bool { return len(r.decision.Steps) > 0 }

// turnedAway takes a project that has no road to its end: its submission is
// refused for that reason, and the unit takes the draft back.
func (w *walk) turnedAway(ctx context.Context, r *road) error {
	path := "/v1/projects/" + r.id
	switch err := r.declarer.post(ctx, r.id, "declaration", path+"/submit", nil, nil); {
	case err == nil:
		return fmt.Errorf("submitted, though the rules give it no road (%s)", r.decision.Route)
	case !isRefused(err, "no_road"):
		return err
	}
	reason := "按规定不属于本平台受理范围：" + r.decision.Route
	return r.declarer.post(ctx, r.id, "declaration", path+"/withdraw", map[string]any{"reason": reason}, nil)
}
