package demo

import (
	"context"
	"slices"
)

// builds reports whether something is built.
func (r *road) builds() bool { return slices.Contains([]string{"new_build", "upgrade"}, r.Kind) }

// safeguards are what the acceptance of some packs waits for from other services,
// by the requirement's code. A pack that does not ask for one is not given it.
var safeguards = map[string]func(*walk, context.Context, *road) error{
	"security_in_step": (*walk).secure,
	"xc_guided":        (*walk).guide,
}

// secure brings the evidence that security was designed, built and put to use
// together with the work.
func (w *walk) secure(ctx context.Context, r *road) error {
	for _, step := range []string{"design", "construction", "use"} {
		body := map[string]any{
			"step": step, "document_no": r.number("AQ-" + step + "-"), "summary": "信息安全与主体工程同步（演示）", "completed_on": w.today.String(),
		}
		if step == "design" {
			const share = 20 // one in twenty of the price
			body["cost_fen"], body["budget_item"], body["completed_on"] = max(1, r.price()/share), "信息安全保障", w.script.Days.Effective.String()
		}
		if err := w.once(ctx, r, "cybersecurity", "/v1/protections/"+r.id+"/steps", body, nil); err != nil {
			return err
		}
	}
	return nil
}

// guide has the confidential and the secrecy bureau guide the XC adaptation.
func (w *walk) guide(ctx context.Context, r *road) error {
	path := "/v1/adaptations/" + r.id
	err := w.once(ctx, r, "cryptoassessment", path+"/request", map[string]any{
		"scope": "应用、数据库及中间件适配（演示）", "components": []map[string]string{{"kind": "database", "product": "国产数据库（演示）"}, {"kind": "operating_system", "product": "国产操作系统（演示）"}},
	}, nil)
	if err != nil {
		return err
	}
	for _, account := range []string{"party-office.crypto", "secrecy.crypto"} {
		err := w.as(account).post(ctx, r.id, "cryptoassessment", path+"/guidance", map[string]any{
			"followed": true, "document_no": w.paper(r, "指"), "opinion": "已按指导意见完成适配（演示）",
		}, nil)
		if err != nil {
			return err
		}
	}
	return nil
}
