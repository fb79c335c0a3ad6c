package demo

import (
	"archive/zip"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"

	"egov/libs/ledger"
	"egov/libs/ledger/bundle"
	"egov/libs/ledger/checkpoint"
	"egov/libs/policy"
)

const auditor = "audit.auditor"

// end is the stage at which the rules let a project's road end.
func (w *walk) end(r *road) string {
	switch {
	case !r.goesOn():
		return "withdrawn"
	case conferred(r) && r.verdict.Outcome == "refused":
		return "refused"
	case r.step(policy.Handover):
		return "handed_over"
	case !w.spends(r):
		return "filed"
	case r.closed:
		return "closed"
	}
	return "operating"
}

type dossier struct {
	Project   project `json:"project"`
	Amounts   Amounts `json:"amounts"`
	Deadlines []clock `json:"deadlines"`
}

// ended counts the clocks that have ended.
func (d dossier) ended() (n Deadlines) {
	for _, c := range d.Deadlines {
		switch c.State {
		case "met":
			n.Met++
		case "late":
			n.Late++
		}
	}
	return n
}

type clock struct {
	State string `json:"state"`
}

func (c clock) warned() bool { return c.State == "warned" }

// report looks at what an auditor sees when everything has settled: each
// project's dossier, and the ledger, exported and verified offline.
func (w *walk) report(ctx context.Context) (Report, error) {
	r := Report{}
	bureau := w.as(auditor)
	late := 0
	w.traced(ctx, bureau, &r)
	for _, x := range w.roads {
		met, err := w.met(ctx, bureau, x)
		if err != nil {
			return r, err
		}
		d, err := until(ctx, bureau, "declaration", "/v1/projects/"+x.id+"/dossier", fmt.Sprintf("%s to end as %s", x.ID, w.end(x)), func(d dossier) bool {
			return d.Project.Stage == w.end(x) && (!w.spends(x) || d.Amounts.ContractFen > 0) && w.settled(x, d, met)
		})
		if err != nil {
			r.Problems = append(r.Problems, fmt.Sprintf("%s is %q, the rules end it at %q (%v)", x.ID, d.Project.Stage, w.end(x), err))
		}
		p := ProjectReport{ID: x.ID, Title: x.Title, Route: x.decision.Route, Stage: d.Project.Stage, Amounts: d.Amounts, Assumed: x.Assumed()}
		p.Deadlines = d.ended()
		late += p.Deadlines.Late
		if x.late != (p.Deadlines.Late > 0) {
			r.Problems = append(r.Problems, fmt.Sprintf("%s has %d late deadlines", x.ID, p.Deadlines.Late))
		}
		if want := x.outcome; want != nil && (p.Route != want.Route || p.Stage != want.Stage) {
			r.Problems = append(r.Problems, fmt.Sprintf("%s went by %s to %s, the script has it go by %s to %s", x.ID, p.Route, p.Stage, want.Route, want.Stage))
		}
		r.Problems = append(r.Problems, w.chain(x, d.Amounts)...)
		r.Projects = append(r.Projects, p)
	}
	if err := w.ledger(ctx, bureau, &r); err != nil {
		return r, err
	}
	return r, nil
}

// met counts the ends of the road's clocks that are in the ledger.
func (w *walk) met(ctx context.Context, bureau person, r *road) (int, error) {
	var page struct {
		Items []struct{} `json:"items"`
	}
	err := bureau.get(ctx, "auditexport", "/v1/ledger?type=egov.deadline.v1.DeadlineMet&limit=1000&project="+r.id, &page)
	return len(page.Items), err
}

// settled reports whether the clocks that end with the road have ended, as many
// as the ledger says.
func (w *walk) settled(r *road, d dossier, met int) bool {
	return d.ended().Met >= met && (!w.spends(r) || !slices.ContainsFunc(d.Deadlines, clock.warned))
}

// chain checks that each amount is within the one before it, and that none is
// missing that the road has.
func (w *walk) chain(r *road, a Amounts) (problems []string) {
	bad := func(ok bool, what string) {
		if !ok {
			problems = append(problems, fmt.Sprintf("%s: %s (declared %d, approved %d, budget %d, contract %d fen)", r.ID, what, a.DeclaredFen, a.ApprovedFen, a.BudgetFen, a.ContractFen))
		}
	}
	bad(a.DeclaredFen == r.AmountFen, "the declared amount is not the published one")
	bad(a.ApprovedFen <= a.DeclaredFen && a.BudgetFen <= a.ApprovedFen && a.ContractFen <= a.BudgetFen, "the chain of amounts is broken")
	if w.spends(r) {
		bad(a.ApprovedFen > 0 && a.BudgetFen > 0 && a.ContractFen > 0, "the chain of amounts has a hole")
	}
	return problems
}

type standing struct {
	Keys checkpoint.Keys `json:"keys"`
}

// ledger has the live ledger verified, and an exported bundle with the keys that
// the service publishes.
func (w *walk) ledger(ctx context.Context, bureau person, r *Report) error {
	live, err := w.verified(ctx, bureau)
	if err != nil {
		return err
	}
	if !live.OK {
		r.Problems = append(r.Problems, "the live ledger does not verify: "+live.ErrorCode+live.Why+" "+live.Detail)
	}
	var s standing
	if err := bureau.get(ctx, "auditexport", "/v1/ledger/checkpoint", &s); err != nil {
		return err
	}
	archive, err := w.bundle(ctx, bureau)
	if err != nil {
		return err
	}
	trust, err := checkpoint.NewTrust(s.Keys)
	if err != nil {
		return err
	}
	v, err := bundle.Verify(ctx, bytes.NewReader(archive), int64(len(archive)), bundle.VerifyOptions{Trust: trust})
	if err != nil {
		return err
	}
	if r.Facts, err = facts(archive); err != nil {
		return err
	}
	r.Ledger = LedgerReport{Rows: int(v.Rows), Verified: v.OK && live.OK}
	if r.Facts != r.Ledger.Rows {
		r.Problems = append(r.Problems, fmt.Sprintf("the ledger has %d rows of %d facts: a fact stands in it twice", r.Ledger.Rows, r.Facts))
	}
	if !v.OK {
		r.Problems = append(r.Problems, fmt.Sprintf("the exported ledger does not verify: %v", v.Finding))
	}
	return nil
}

// facts counts the different facts in an exported ledger, by who stated them.
func facts(archive []byte) (int, error) {
	z, err := zip.NewReader(bytes.NewReader(archive), int64(len(archive)))
	if err != nil {
		return 0, err
	}
	f, err := z.Open("ledger.jsonl")
	if err != nil {
		return 0, err
	}
	defer func() { _ = f.Close() }() // it is read from memory
	type fact struct{ source, id string }
	seen := map[fact]bool{}
	for d := json.NewDecoder(f); ; {
		var row struct {
			Raw []byte `json:"raw"`
		}
		if err := d.Decode(&row); err != nil {
			if errors.Is(err, io.EOF) {
				return len(seen), nil
			}
			return 0, err
		}
		if row.Raw == nil {
			continue // the line that closes the file
		}
		e, err := ledger.Parse(row.Raw)
		if err != nil {
			return 0, err
		}
		seen[fact{e.Source, e.ID}] = true
	}
}

// verification is what the service answers about a check of its ledger.
type verification struct {
	ID        string `json:"id"`
	State     string `json:"state"`
	OK        bool   `json:"ok"`
	ErrorCode string `json:"error_code"`
	Detail    string `json:"detail"`
	Why       string `json:"why"`
}

// verified has the live ledger checked, and waits for the end of it.
func (w *walk) verified(ctx context.Context, bureau person) (v verification, err error) {
	if err := bureau.post(ctx, "", "auditexport", "/v1/verify", nil, &v); err != nil || v.State != "running" {
		return v, err
	}
	return until(ctx, bureau, "auditexport", "/v1/verifications/"+v.ID, "the ledger to be verified", func(v verification) bool { return v.State != "running" })
}

// bundle has the whole ledger exported and takes the file when it is made.
func (w *walk) bundle(ctx context.Context, bureau person) (archive []byte, err error) {
	type export struct {
		ID    string `json:"id"`
		State string `json:"state"`
	}
	var e export
	if err := bureau.post(ctx, "", "auditexport", "/v1/exports", map[string]any{}, &e); err != nil {
		return nil, err
	}
	at := "/v1/exports/" + e.ID
	if e, err = until(ctx, bureau, "auditexport", at, "the bundle to be made", func(e export) bool { return e.State != "begun" }); err != nil {
		return nil, err
	}
	err = bureau.get(ctx, "auditexport", at+"/file", &archive)
	return archive, err
}

// traced checks, for every project, that each request that changed it is found
// again in the ledger under the trace id it was sent with.
func (w *walk) traced(ctx context.Context, bureau person, r *Report) {
	r.Trace.Complete = true
	for _, x := range w.roads {
		w.mu.Lock()
		sent := slices.Clone(w.traces[x.id])
		w.mu.Unlock()
		var missing []string
		err := w.await(ctx, "the traces of "+x.ID, func(ctx context.Context) (bool, error) {
			found := map[string]bool{}
			after := int64(0)
			for {
				var page struct {
					Items []struct {
						TraceID string `json:"trace_id"`
					} `json:"items"`
					AfterSeq int64 `json:"after_seq"`
				}
				if err := bureau.get(ctx, "auditexport", fmt.Sprintf("/v1/ledger?project=%s&limit=1000&after_seq=%d", x.id, after), &page); err != nil {
					return false, err
				}
				for _, i := range page.Items {
					found[i.TraceID] = true
				}
				if after = page.AfterSeq; after == 0 {
					break
				}
			}
			missing = slices.DeleteFunc(slices.Clone(sent), func(t string) bool { return found[t] })
			return len(found) > 0 && len(missing) == 0, nil
		})
		if err != nil {
			r.Trace.Complete = false
			r.Problems = append(r.Problems, fmt.Sprintf("%s: %d of %d requests are not found in the ledger by their trace", x.ID, len(missing), len(sent)))
		}
	}
}

// JSON is the report as one document.
func (r Report) JSON() ([]byte, error) { return json.MarshalIndent(r, "", "  ") }
