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

// spends reports whether money follows the conference's consent: fees filed
// after acceptance are in their project's own budget, and what was refused or
// handed over goes no further here.
func spends(r *road) bool {
	return conferred(r) && r.verdict.Outcome != "refused" && !slices.Contains([]string{"post_acceptance_filing", "software_filing", "renewal_filing"}, r.decision.Route)
}

// fund asks finance for the money and has it issued.
func (w *walk) fund(ctx context.Context) error {
	if err := w.on("2026-04-08"); err != nil {
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
		issue := map[string]any{"amount_fen": b.ApprovedFen, "document_no": r.number("杨财预〔2026〕") + "号（演示）", "issued_on": w.today.String()}
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
	}, spends)
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

// method is the way to buy: what the obligations ask for.
func (r *road) method() string {
	switch {
	case r.owes("public_tender"):
		return "public_tender"
	case r.owes("government_procurement"):
		return "competitive_consultation"
	}
	return "direct"
}

// centre is who runs the procedure: the procurement centre, or the unit itself
// below the limit.
func (w *walk) centre(r *road) person {
	if r.method() == "direct" {
		return r.declarer
	}
	return w.as("facilities.procurement")
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
	if err := w.on("2026-04-20"); err != nil {
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
			err := r.declarer.post(ctx, r.id, "procurement", path+"/start", map[string]any{"method": r.method(), "started_on": w.today.String()}, nil)
			return err == nil, err
		})
		if err != nil || r.method() == "direct" {
			return err
		}
		return w.centre(r).post(ctx, r.id, "procurement", path+"/tender", map[string]any{"notice_no": "（演示）" + r.ID, "published_on": w.today.String(), "value_fen": r.AmountFen}, nil)
	}, spends)
	if err != nil {
		return err
	}
	if err := w.on("2026-05-20"); err != nil {
		return err
	}
	err = w.each(ctx, func(ctx context.Context, r *road) error {
		return w.centre(r).post(ctx, r.id, "procurement", "/v1/procurements/"+r.id+"/award", map[string]any{
			"supplier": supplier, "supplier_credit_code": creditCode, "value_fen": r.price(), "bidders": 9, "awarded_on": w.today.String(),
		}, nil)
	}, spends)
	if err != nil {
		return err
	}
	if err := w.on("2026-05-28"); err != nil {
		return err
	}
	if err := w.each(ctx, w.file, spends, func(r *road) bool { return !r.late }); err != nil {
		return err
	}
	if err := w.on("2026-06-15"); err != nil {
		return err
	}
	return w.each(ctx, w.file, spends, func(r *road) bool { return r.late })
}

// effective is the day on which all contracts take effect.
const effective = "2026-05-25"

// file puts the contract on record with the papers that the rules ask for.
func (w *walk) file(ctx context.Context, r *road) error {
	path := "/v1/procurements/" + r.id
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
		"contract_no": "HT-2026-" + r.ID, "supplier": supplier, "supplier_credit_code": creditCode, "value_fen": r.price(),
		"effective_on": effective, "ends_on": "2027-05-24", "papers": papers,
	}, nil)
}

// deliver engages supervisors, reports quarters and pays.
func (w *walk) deliver(ctx context.Context) error {
	if err := w.on("2026-07-06"); err != nil {
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
		if err := w.quarter(ctx, r, "2026Q2", 20); err != nil {
			return err
		}
		return w.pay(ctx, r, r.price()*6/10, "P1")
	}, spends)
	if err != nil {
		return err
	}
	if err := w.on("2026-10-09"); err != nil {
		return err
	}
	return w.each(ctx, func(ctx context.Context, r *road) error { return w.quarter(ctx, r, "2026Q3", 90) }, spends)
}

func (w *walk) quarter(ctx context.Context, r *road, quarter string, percent int) error {
	return r.declarer.post(ctx, r.id, "procurement", "/v1/procurements/"+r.id+"/quarterly-reports", map[string]any{
		"quarter": quarter, "progress_percent": percent, "planned_percent": percent, "summary": "按计划推进（演示）",
	}, nil)
}

func (w *walk) pay(ctx context.Context, r *road, fen int64, voucher string) error {
	// The contract may still be on its way to finance.
	return w.await(ctx, "the contract to reach finance", func(ctx context.Context) (bool, error) {
		err := w.as("finance.officer").post(ctx, r.id, "budgeting", "/v1/budgets/"+r.id+"/payments", map[string]any{
			"contract_no": "HT-2026-" + r.ID, "voucher_no": voucher + "-" + r.ID, "payee": supplier, "amount_fen": fen, "paid_on": w.today.String(),
		}, nil)
		return err == nil, err
	})
}

// tests are the records that an acceptance may ask the unit for.
var tests = []string{"self_check", "software_test", "security_test", "crypto_test", "summary", "supervision_report"}

// acceptance accepts the finished projects, files the results, registers what
// was built, and pays the rest.
func (w *walk) acceptance(ctx context.Context) error {
	if err := w.on("2026-10-26"); err != nil {
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
			if !slices.Contains(tests, code) {
				return fmt.Errorf("acceptance waits for %s: %w", code, err)
			}
			by := "（演示）某测评机构"
			if code == "supervision_report" {
				by = supervisor
			}
			err := r.declarer.post(ctx, r.id, "procurement", path+"/tests", map[string]any{
				"test": code, "passed": true, "performed_by": by, "report_no": r.number(code + "-2026-"), "completed_on": w.today.String(),
			}, nil)
			if err != nil {
				return err
			}
		}
		return r.declarer.post(ctx, r.id, "procurement", path+"/accept", accept, nil)
	}, spends)
	if err != nil {
		return err
	}
	if err := w.on("2026-11-02"); err != nil {
		return err
	}
	return w.each(ctx, func(ctx context.Context, r *road) error {
		path := "/v1/procurements/" + r.id
		if err := r.declarer.post(ctx, r.id, "procurement", path+"/acceptance-filing", nil, nil); err != nil {
			return err
		}
		if r.Kind == "new_build" || r.Kind == "upgrade" {
			err := r.declarer.post(ctx, r.id, "procurement", path+"/assets", map[string]any{
				"items": []map[string]any{{"name": r.Title, "category": "软件系统", "quantity": 1, "value_fen": r.price(), "custodian": "（演示）资产管理员"}},
			}, nil)
			if err != nil {
				return err
			}
		}
		return w.pay(ctx, r, r.price()-r.price()*6/10, "P2")
	}, spends)
}
