package demo

import (
	"context"
	"errors"
	"fmt"
	"slices"
)

// creditCode is a made-up supplier's unified social credit code with a right
// check character (GB 32100).
const creditCode = "91310110MA1G812343"

const (
	supplier   = "（演示）某信息技术有限公司"
	supervisor = "（演示）某监理咨询有限公司"
)

// spends reports whether money follows the conference's consent: what was
// refused, handed over or only filed goes no further here.
func (w *walk) spends(r *road) bool {
	return conferred(r) && r.verdict.Outcome != "refused" && !slices.Contains(w.script.FiledOnly, r.decision.Route)
}

// fund asks finance for the money and has it issued.
func (w *walk) fund(ctx context.Context) error {
	if err := w.on(w.script.Days.Fund); err != nil {
		return err
	}
	return w.each(ctx, func(ctx context.Context, r *road) error {
		path := "/v1/budgets/" + r.id
		type budget struct {
			State       string `json:"state"`
			ApprovedFen int64  `json:"approved_fen"`
		}
		b, err := until(ctx, r.declarer, "budgeting", path, "the decision to reach finance", func(b budget) bool { return b.State == "open" })
		if err != nil {
			return err
		}
		if err := r.declarer.post(ctx, r.id, "budgeting", path+"/request", map[string]any{"amount_fen": b.ApprovedFen, "fiscal_year": w.today.Year(), "statement": "按联席会议审核结果申报"}, nil); err != nil {
			return err
		}
		issue := map[string]any{"amount_fen": b.ApprovedFen, "document_no": w.paper(r, "财预"), "issued_on": w.today.String()}
		finance := w.as("finance.officer")
		err = finance.post(ctx, r.id, "budgeting", path+"/issue", issue, nil)
		// Maintenance money waits for papers that no service states; finance names
		// those it has seen.
		if open := refusedFor(err); len(open) > 0 {
			var seen []map[string]string
			for _, code := range open {
				seen = append(seen, map[string]string{"requirement": code, "document_no": "（演示）证明材料"})
			}
			issue["confirmations"] = seen
			err = finance.post(ctx, r.id, "budgeting", path+"/issue", issue, nil)
		}
		return err
	}, w.spends)
}

// refusedFor lists the codes that a refusal names.
func refusedFor(err error) (codes []string) {
	if r, ok := errors.AsType[refusal](err); ok && r.Status == 422 {
		for _, v := range r.Violations {
			codes = append(codes, v.Code)
		}
	}
	return codes
}

// centre is who runs the procedure: the procurement centre, or the unit itself.
func (w *walk) centre(r *road) person {
	if m := w.script.method(r); m.Account != "" {
		return w.as(m.Account)
	}
	return r.declarer
}

// price is what the contract costs: the published award where there is one,
// else the published amount.
func (r *road) price() int64 {
	if r.AwardFen > 0 {
		return r.AwardFen
	}
	return r.AmountFen
}

type procurement struct {
	State string `json:"state"`
}

// procure starts procurement, records notice and award, and files contracts.
func (w *walk) procure(ctx context.Context) error {
	if err := w.on(w.script.Days.Procure); err != nil {
		return err
	}
	err := w.each(ctx, func(ctx context.Context, r *road) error {
		path := "/v1/procurements/" + r.id
		if _, err := until(ctx, r.declarer, "procurement", path, "procurement to open", func(p procurement) bool { return p.State != "" }); err != nil {
			return err
		}
		// Who answers for the project is known from the declaration, and may be
		// on its way.
		err := w.await(ctx, "the procurement gate", func(ctx context.Context) (bool, error) {
			err := r.declarer.post(ctx, r.id, "procurement", path+"/start", map[string]any{"method": w.script.method(r).Method, "started_on": w.today.String()}, nil)
			return err == nil, err
		})
		if err != nil || w.script.method(r).Account == "" {
			return err
		}
		return w.centre(r).post(ctx, r.id, "procurement", path+"/tender", map[string]any{"notice_no": "（演示）" + r.ID, "published_on": w.today.String(), "value_fen": r.AmountFen}, nil)
	}, w.spends)
	if err != nil {
		return err
	}
	if err := w.on(w.script.Days.Award); err != nil {
		return err
	}
	err = w.each(ctx, func(ctx context.Context, r *road) error {
		return w.centre(r).post(ctx, r.id, "procurement", "/v1/procurements/"+r.id+"/award", map[string]any{
			"supplier": supplier, "supplier_credit_code": creditCode, "value_fen": r.price(), "bidders": 9, "awarded_on": w.today.String(),
		}, nil)
	}, w.spends)
	if err != nil {
		return err
	}
	if err := w.on(w.script.Days.File); err != nil {
		return err
	}
	if err := w.each(ctx, w.file, w.spends, func(r *road) bool { return !r.late }); err != nil {
		return err
	}
	if err := w.on(w.script.Days.FileLate); err != nil {
		return err
	}
	return w.each(ctx, w.file, w.spends, func(r *road) bool { return r.late })
}

// file puts the contract on record with the papers that the rules ask for.
func (w *walk) file(ctx context.Context, r *road) error {
	path, from := "/v1/procurements/"+r.id, w.script.Days.Effective
	var papers []map[string]string
	for _, item := range []string{"contract_copy", "build_plan", "schedule"} {
		var doc struct {
			SHA256 string `json:"sha256"`
		}
		if err := r.declarer.upload(ctx, "procurement", path+"/attachments?name="+item+".txt", r.Title+"\n"+item+"\n（演示文本，已盖章）\n", &doc); err != nil {
			return err
		}
		papers = append(papers, map[string]string{"item": item, "sha256": doc.SHA256})
	}
	return r.declarer.post(ctx, r.id, "procurement", path+"/contract", map[string]any{
		"contract_no": w.contract(r), "supplier": supplier, "supplier_credit_code": creditCode, "value_fen": r.price(),
		"effective_on": from.String(), "ends_on": from.AddMonths(12).AddDays(-1).String(), "papers": papers,
	}, nil)
}

// deliver engages supervisors, reports quarters and pays.
func (w *walk) deliver(ctx context.Context) error {
	if err := w.on(w.script.Days.Deliver); err != nil {
		return err
	}
	err := w.each(ctx, func(ctx context.Context, r *road) error {
		path := "/v1/procurements/" + r.id
		for _, kind := range []string{"engineering", "investment"} {
			if !r.owes(kind + "_supervision") {
				continue
			}
			err := r.declarer.post(ctx, r.id, "procurement", path+"/supervisions", map[string]any{
				"supervision": kind, "supervisor_name": supervisor, "credit_code": "91310110MA1G800001", "fee_fen": r.price() / 100, "engaged_on": w.today.String(),
			}, nil)
			if err != nil {
				return err
			}
		}
		if err := w.quarter(ctx, r, 20); err != nil {
			return err
		}
		return w.pay(ctx, r, r.price()*6/10, "P1")
	}, w.spends)
	if err != nil {
		return err
	}
	if err := w.on(w.script.Days.Report); err != nil {
		return err
	}
	return w.each(ctx, func(ctx context.Context, r *road) error { return w.quarter(ctx, r, 90) }, w.spends)
}

// contract is the number of a project's contract.
func (w *walk) contract(r *road) string {
	return fmt.Sprintf("HT-%d-%s", w.script.Days.Effective.Year(), r.ID)
}

// quarter reports on the last full quarter.
func (w *walk) quarter(ctx context.Context, r *road, percent int) error {
	const months = 3 // of a quarter
	year, month, _ := w.today.AddMonths(-months).Split()
	n := (int(month) + months - 1) / months
	return r.declarer.post(ctx, r.id, "procurement", "/v1/procurements/"+r.id+"/quarterly-reports", map[string]any{
		"quarter": fmt.Sprintf("%dQ%d", year, n), "progress_percent": percent, "planned_percent": percent, "summary": "按计划推进（演示）",
	}, nil)
}

func (w *walk) pay(ctx context.Context, r *road, fen int64, voucher string) error {
	// The contract may still be on its way to finance.
	return w.await(ctx, "the contract to reach finance", func(ctx context.Context) (bool, error) {
		err := w.as("finance.officer").post(ctx, r.id, "budgeting", "/v1/budgets/"+r.id+"/payments", map[string]any{
			"contract_no": w.contract(r), "voucher_no": voucher + "-" + r.ID, "payee": supplier, "amount_fen": fen, "paid_on": w.today.String(),
		}, nil)
		return err == nil, err
	})
}

// acceptance accepts the finished projects, files the results, registers what
// was built, and pays the rest.
func (w *walk) acceptance(ctx context.Context) error {
	if err := w.on(w.script.Days.Accept); err != nil {
		return err
	}
	err := w.each(ctx, func(ctx context.Context, r *road) error {
		path := "/v1/procurements/" + r.id
		accept := map[string]any{
			"passed": true, "accepted_on": w.today.String(), "final_fen": r.price(), "opinion": "按合同完成，同意通过验收（演示）", "panel": []string{"（演示）专家甲", "（演示）专家乙", "（演示）用户代表"},
		}
		err := r.declarer.post(ctx, r.id, "procurement", path+"/accept", accept, nil)
		open := refusedFor(err)
		if len(open) == 0 {
			return err
		}
		for _, code := range open {
			if act, elsewhere := safeguards[code]; elsewhere {
				if err := act(w, ctx, r); err != nil {
					return fmt.Errorf("acceptance waits for %s: %w", code, err)
				}
				continue
			}
			by := "（演示）某测评机构"
			if code == "supervision_report" {
				by = supervisor
			}
			err := r.declarer.post(ctx, r.id, "procurement", path+"/tests", map[string]any{
				"test": code, "passed": true, "performed_by": by, "report_no": r.number(code + "-"), "completed_on": w.today.String(),
			}, nil)
			if err != nil {
				return fmt.Errorf("acceptance waits for %s: %w", code, err)
			}
		}
		return w.await(ctx, "the acceptance gate", func(ctx context.Context) (bool, error) {
			err := r.declarer.post(ctx, r.id, "procurement", path+"/accept", accept, nil)
			return err == nil, err
		})
	}, w.spends)
	if err != nil {
		return err
	}
	if err := w.on(w.script.Days.Close); err != nil {
		return err
	}
	return w.each(ctx, func(ctx context.Context, r *road) error {
		path := "/v1/procurements/" + r.id
		if err := r.declarer.post(ctx, r.id, "procurement", path+"/acceptance-filing", nil, nil); err != nil {
			return err
		}
		if r.builds() {
			err := r.declarer.post(ctx, r.id, "procurement", path+"/assets", map[string]any{
				"items": []map[string]any{{"name": r.Title, "category": "软件系统", "quantity": 1, "value_fen": r.price(), "custodian": "（演示）资产管理员"}},
			}, nil)
			if err != nil {
				return err
			}
		}
		return w.pay(ctx, r, r.price()-r.price()*6/10, "P2")
	}, w.spends)
}

// close has the office close the projects on which nothing is owed any more
// (SH12-A). That the last of it is done may still be on its way to the office.
func (w *walk) close(ctx context.Context) error {
	return w.each(ctx, func(ctx context.Context, r *road) error {
		return w.await(ctx, "nothing to be owed", func(ctx context.Context) (bool, error) {
			err := w.as(secretary).post(ctx, r.id, "declaration", "/v1/projects/"+r.id+"/close", map[string]any{"reason": "已验收、备案并付清，无未了事项"}, nil)
			return err == nil, err
		})
	}, w.spends, func(r *road) bool { return r.closed })
}
