// Package demo takes real, published government IT projects from declaration
// to the end that their rules give them, through the public HTTP API alone, on
// a virtual clock. Every act is done by the account whose duty it is; where a
// notice is silent, a script says what is assumed, and how each project has to
// end.
package demo

import (
	"context"
	"fmt"
	"io"
	"slices"
	"time"

	"golang.org/x/sync/errgroup"

	"egov/libs/calendar"
	"egov/libs/policy"
)

// Options of a demonstration.
type Options struct {
	URL      func(service string) string // base URLs
	Password string                      // of the demo accounts
	Clock    string                      // the virtual clock's file
	Projects []Published
	Script   *Script   // nil: the one that comes with the suite
	Out      io.Writer // says what is going on; nil = nothing
	// Before is called before each part of the walk with its name; tests break
	// things from there.
	Before func(part string)
	// Repeat sends every request that changes something twice, with the same
	// Idempotency-Key, and wants the same answer.
	Repeat bool
}

// say tells whoever watches; one who has gone away misses nothing but this.
func (o Options) say(format string, args ...any) { _, _ = fmt.Fprintf(o.Out, format, args...) }

// Report is the outcome; its JSON form is the outside contract.
type Report struct {
	Projects []ProjectReport `json:"projects"`
	Facts    int             `json:"facts"`
	Ledger   LedgerReport    `json:"ledger"`
	Trace    TraceReport     `json:"trace"`
	Seconds  float64         `json:"seconds"`

	Problems []string `json:"-"` // what did not end as the rules say
}

// ProjectReport is how one project ended.
type ProjectReport struct {
	ID        string    `json:"id"`
	Title     string    `json:"title"`
	Route     string    `json:"route"`
	Stage     string    `json:"stage"`
	Deadlines Deadlines `json:"deadlines"`
	Amounts   Amounts   `json:"amounts"`

	// Assumed is what the walk stated of the project and its notice does not tell.
	Assumed []Assumption `json:"assumed"`
}

// Deadlines counts statutory clocks.
type Deadlines struct {
	Met  int `json:"met"`
	Late int `json:"late"`
}

// Amounts is the chain in fen; 0 = the road does not get there.
type Amounts struct {
	DeclaredFen int64 `json:"declared_fen"`
	ApprovedFen int64 `json:"approved_fen"`
	BudgetFen   int64 `json:"budget_fen"`
	ContractFen int64 `json:"contract_fen"`
}

// LedgerReport says whether the exported ledger verifies.
type LedgerReport struct {
	Rows     int  `json:"rows"`
	Verified bool `json:"verified"`
}

// TraceReport says whether, for every project, the trace of each request that
// changed it is found again in ledger rows.
type TraceReport struct {
	Complete bool `json:"complete"`
}

// OK reports whether everything ended as the rules say.
func (r Report) OK() bool { return len(r.Problems) == 0 && r.Ledger.Verified && r.Trace.Complete }

// road is one project on its way.
type road struct {
	Published
	declarer   person
	unit       string
	supervisor string
	verdict    Verdict
	outcome    *Outcome // nil where the script says nothing
	late       bool
	returned   bool
	key        bool
	closed     bool

	n        int    // from 1, for document numbers that must differ
	id       string // in the suite
	decision decision
	duties   []policy.Duty // that serve its steps
}

type decision struct {
	Route       string   `json:"route"`
	Steps       []string `json:"steps"`
	Obligations []string `json:"obligations"`
	Checklist   []struct {
		Item string `json:"item"`
		Gate string `json:"gate"`
	} `json:"checklist"`
	Pack string `json:"pack"`
}

// number makes a document number that no other project has.
func (r *road) number(prefix string) string { return fmt.Sprintf("%s%03d", prefix, r.n) }

// paper is the number of an official document of this year.
func (w *walk) paper(r *road, office string) string {
	return r.number(fmt.Sprintf("%s〔%d〕", office, w.today.Year())) + "号（演示）"
}

// step reports whether a duty serves a step of the road.
func (r *road) step(duty policy.Duty) bool { return slices.Contains(r.duties, duty) }

func (r *road) owes(code string) bool { return slices.Contains(r.decision.Obligations, code) }

func (r *road) item(code string) bool {
	for _, i := range r.decision.Checklist {
		if i.Item == code {
			return true
		}
	}
	return false
}

// walk is one run of the demonstration.
type walk struct {
	*client
	o      Options
	script Script
	roads  []*road
	today  calendar.Date

	members  []string // units that sit on the conference
	criteria []string // that an evaluation answers
}

// Run walks all projects to their ends and reports. An error means that the
// walk could not go on; what ended differently than the rules say is in the
// report's problems.
func Run(ctx context.Context, o Options) (Report, error) {
	started := time.Now()
	if o.Out == nil {
		o.Out = io.Discard
	}
	if o.Before == nil {
		o.Before = func(string) {}
	}
	if o.Script == nil {
		sc, err := ReadScript(nil)
		if err != nil {
			return Report{}, err
		}
		o.Script = &sc
	}
	sc := *o.Script
	w := &walk{client: newClient(o), o: o, script: sc}
	for n, p := range o.Projects {
		d := sc.declarer(p.Buyer)
		r := &road{
			n: n + 1, Published: p, declarer: w.as(d.Account), unit: d.Unit, supervisor: sc.Supervisors[d.Unit],
			verdict: sc.Verdicts[p.ID], late: sc.Late == p.ID, returned: sc.Returned == p.ID, key: slices.Contains(sc.KeyAnnual, p.ID), closed: slices.Contains(sc.Closed, p.ID),
		}
		if end, ok := sc.Outcomes[p.ID]; ok {
			r.outcome = &end
		}
		w.roads = append(w.roads, r)
	}
	for _, part := range []struct {
		name, said string
		do         func(context.Context) error
	}{
		{"declare", "申报：按现行规则确定流程", w.declare},
		{"desks", "前置事项：编目、上云、密码、定级、网信备案", w.desks},
		{"evaluate", "第三方论证与专家论证", w.evaluate},
		{"confer", "联席会议审议", w.confer},
		{"supplement", "补充论证与再次审议、政府投资移交", w.supplement},
		{"fund", "预算申报与下达", w.fund},
		{"procure", "采购、中标、合同备案", w.procure},
		{"deliver", "实施、季报、付款", w.deliver},
		{"accept", "测评、竣工验收、备案", w.acceptance},
		{"close", "结项", w.close},
	} {
		begun := time.Now()
		o.Before(part.name)
		o.say("▸ %s …", part.said)
		if err := part.do(ctx); err != nil {
			o.say(" ✗\n")
			return Report{}, fmt.Errorf("%s: %w", part.name, err)
		}
		o.say(" %.1fs\n", time.Since(begun).Seconds())
	}
	o.say("▸ 审计账本：导出并离线核验 …")
	r, err := w.report(ctx)
	if err != nil {
		o.say(" ✗\n")
		return r, fmt.Errorf("report: %w", err)
	}
	o.say("\n")
	r.Seconds = time.Since(started).Seconds()
	return r, nil
}

// on moves the virtual clock to 09:00 of a day, never back.
func (w *walk) on(day Day) error {
	if !w.today.IsZero() && day.Before(w.today) {
		return nil
	}
	w.today = day.Date
	return calendar.SetFile(w.o.Clock, w.today.Start().Add(9*time.Hour))
}

// each does something for every project that the filters let pass, a few at a
// time.
func (w *walk) each(ctx context.Context, do func(context.Context, *road) error, which ...func(*road) bool) error {
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(4)
	for _, r := range w.roads {
		if slices.ContainsFunc(which, func(f func(*road) bool) bool { return !f(r) }) {
			continue
		}
		g.Go(func() error {
			if err := do(ctx, r); err != nil {
				return fmt.Errorf("%s: %w", r.ID, err)
			}
			return nil
		})
	}
	return g.Wait()
}

// until waits until a read of path satisfies ok.
func until[T any](ctx context.Context, p person, service, path, what string, ok func(T) bool) (out T, err error) {
	err = p.c.await(ctx, what, func(ctx context.Context) (bool, error) {
		var v T
		if err := p.get(ctx, service, path, &v); err != nil {
			return false, err
		}
		out = v
		return ok(v), nil
	})
	return out, err
}
