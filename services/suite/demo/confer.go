package demo

import (
	"context"
	"fmt"

	"egov/libs/policy"
)

type docket struct {
	State string `json:"state"`
}

type session struct {
	ID     string `json:"id"`
	Agenda []struct {
		ID        string `json:"id"`
		ProjectID string `json:"project_id"`
		Treatment string `json:"treatment"`
		Opinions  []struct {
			Member string `json:"member"`
		} `json:"opinions"`
	} `json:"agenda"`
}

// conferred reports whether the project's road passes the conference.
func conferred(r *road) bool {
	return r.step(policy.ConferenceFiling) || r.step(policy.ConferenceReview)
}

// confer holds the first session.
func (w *walk) confer(ctx context.Context) error {
	if err := w.on(w.script.Days.Agenda); err != nil {
		return err
	}
	var sits struct {
		Members []struct {
			Unit string `json:"unit"`
		} `json:"members"`
	}
	if err := w.as(secretary).get(ctx, "conference", "/v1/members", &sits); err != nil {
		return err
	}
	for _, m := range sits.Members {
		w.members = append(w.members, m.Unit)
	}
	var on []*road
	for _, r := range w.roads {
		if conferred(r) {
			on = append(on, r)
		}
	}
	return w.session(ctx, w.script.Days.Session, on, func(r *road) Verdict { return r.verdict })
}

// session calls a session, puts the projects on its agenda and takes it through
// to signed minutes. Where there is nothing to put on it, none is called.
func (w *walk) session(ctx context.Context, day Day, on []*road, says func(*road) Verdict) error {
	if len(on) == 0 {
		return nil
	}
	office, head := w.as(secretary), w.as(chair)
	for _, r := range on {
		if _, err := until(ctx, office, "conference", "/v1/dockets/"+r.id, r.ID+" to be ready for the agenda", func(d docket) bool { return d.State == "ready" }); err != nil {
			return err
		}
	}
	var s session
	if err := office.post(ctx, "", "conference", "/v1/sessions", map[string]any{"mode": "ordinary", "held_on": day.String(), "place": "区政府第二会议室", "chair": chair}, &s); err != nil {
		return err
	}
	path := "/v1/sessions/" + s.ID
	for _, r := range on {
		err := office.post(ctx, r.id, "conference", path+"/agenda", map[string]any{
			"project_id": r.id, "study": "已完成第三方论证（如需）及办公室核查，材料齐全", "suggestion": "建议联席会议审议",
		}, nil)
		if err != nil {
			return err
		}
	}
	if err := head.post(ctx, "", "conference", path+"/agenda/approve", nil, &s); err != nil {
		return err
	}
	for _, a := range w.script.Away {
		if a.Account == "" {
			continue
		}
		if err := w.as(a.Account).post(ctx, "", "conference", path+"/leave", map[string]any{"reason": a.Reason}, nil); err != nil {
			return err
		}
	}
	if err := w.on(day); err != nil {
		return err
	}
	var attendance []map[string]string
	for _, m := range w.members {
		switch a, away := w.script.absence(m); {
		case !away:
			attendance = append(attendance, map[string]string{"member": m, "status": "present", "delegate": "（演示）" + m + "分管领导"})
		case a.Account != "":
			attendance = append(attendance, map[string]string{"member": m, "status": "leave"})
		default:
			attendance = append(attendance, map[string]string{"member": m, "status": "absent"})
		}
	}
	if err := office.post(ctx, "", "conference", path+"/attendance", map[string]any{"members": attendance}, nil); err != nil {
		return err
	}
	if err := office.post(ctx, "", "conference", path+"/open", nil, &s); err != nil {
		return err
	}
	byProject := map[string]*road{}
	for _, r := range on {
		byProject[r.id] = r
	}
	if err := w.deliberate(ctx, path, s, byProject, says); err != nil {
		return err
	}
	if err := office.post(ctx, "", "conference", path+"/minutes", nil, nil); err != nil {
		return err
	}
	if err := head.post(ctx, "", "conference", path+"/minutes/sign", nil, nil); err != nil {
		return err
	}
	return office.post(ctx, "", "conference", path+"/close", nil, nil)
}

func (w *walk) deliberate(ctx context.Context, path string, s session, roads map[string]*road, says func(*road) Verdict) error {
	for _, item := range s.Agenda {
		r := roads[item.ProjectID]
		v := says(r)
		recused := map[string]bool{}
		for _, o := range item.Opinions { // those recused from the beginning
			recused[o.Member] = true
		}
		var opinions []map[string]string
		for _, m := range w.members {
			if _, away := w.script.absence(m); away || recused[m] {
				continue
			}
			o := map[string]string{"item": item.ID, "member": m, "stance": "agree"}
			if v.Outcome != "" {
				o["stance"], o["text"] = "disagree", v.Reason
			}
			opinions = append(opinions, o)
		}
		if err := w.as(secretary).post(ctx, r.id, "conference", path+"/opinions", map[string]any{"opinions": opinions}, nil); err != nil {
			return err
		}
		d := map[string]any{"outcome": "approved", "approved_fen": r.reviewed()}
		switch {
		case v.Outcome != "":
			d = map[string]any{"outcome": v.Outcome, "reason": v.Reason}
		case item.Treatment == "conference_filing":
			d["outcome"] = "filed"
		}
		if err := w.as(chair).post(ctx, r.id, "conference", fmt.Sprintf("%s/items/%s/decision", path, item.ID), d, nil); err != nil {
			return err
		}
	}
	return nil
}

// supplement brings the deferred projects back with their supplementary
// argument, and records what became of those handed over.
func (w *walk) supplement(ctx context.Context) error {
	if err := w.on(w.script.Days.Supplement); err != nil {
		return err
	}
	var again []*road
	for _, r := range w.roads {
		switch {
		case conferred(r) && r.verdict.Outcome == "deferred":
			if _, err := until(ctx, r.declarer, "declaration", "/v1/projects/"+r.id, r.ID+" to be deferred", stage("deferred")); err != nil {
				return err
			}
			if err := r.declarer.post(ctx, r.id, "declaration", "/v1/projects/"+r.id+"/supplement", map[string]string{"statement": "已补充数据共享方案：数据汇集至区级大数据资源分平台，按目录普遍共享（演示）"}, nil); err != nil {
				return err
			}
			again = append(again, r)
		case r.step(policy.Handover):
			if _, err := until(ctx, r.declarer, "declaration", "/v1/projects/"+r.id, r.ID+" to be handed over", stage("handed_over")); err != nil {
				return err
			}
			err := w.as("development-reform.reform").post(ctx, r.id, "declaration", "/v1/projects/"+r.id+"/handover", map[string]any{
				"approval_no": w.paper(r, "发改投"), "outcome": "approved", "approved_fen": r.AmountFen, "recorded_on": w.today.String(),
			}, nil)
			if err != nil {
				return err
			}
		}
	}
	return w.session(ctx, w.script.Days.Again, again, func(*road) Verdict { return Verdict{} })
}

type project struct {
	Stage   string `json:"stage"`
	Amounts struct {
		DeclaredFen int64 `json:"declared_fen"`
		ApprovedFen int64 `json:"approved_fen"`
		BudgetFen   int64 `json:"budget_fen"`
		ContractFen int64 `json:"contract_fen"`
	} `json:"amounts"`
}

func stage(want string) func(project) bool { return func(p project) bool { return p.Stage == want } }
