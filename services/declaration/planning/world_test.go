package planning_test

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"testing"
	"time"

	"egov/libs/aggregate/aggregatetest"
	"egov/libs/authn"
	"egov/libs/blob"
	"egov/libs/calendar"
	"egov/libs/fault"
	"egov/libs/policy"
	"egov/libs/rules"
	"egov/libs/sign"
	conferencev1 "egov/proto/gen/egov/conference/v1"
	typev1 "egov/proto/gen/egov/type/v1"
	"egov/services/declaration"
	"egov/services/declaration/planning"
)

// clock is a clock that a test sets.
type clock struct{ at time.Time }

func (c *clock) Now() time.Time { return c.at }

// world is the domain on a clock of its own.
type world struct {
	*planning.Service
	t       *testing.T
	clock   *clock
	ids     int
	plans   *aggregatetest.Repository[planning.Plan, *planning.Plan]
	tasks   *aggregatetest.Repository[planning.Task, *planning.Task]
	returns *aggregatetest.Repository[planning.Return, *planning.Return]
}

func newWorld(t *testing.T, district string) *world {
	t.Helper()
	w := &world{t: t, clock: &clock{}}
	w.set("2026-03-02")
	w.plans = aggregatetest.New[planning.Plan, *planning.Plan](w.clock)
	w.tasks = aggregatetest.New[planning.Task, *planning.Task](w.clock)
	w.returns = aggregatetest.New[planning.Return, *planning.Return](w.clock)
	w.Service = &planning.Service{
		Plans: w.plans, Tasks: w.tasks, Returns: w.returns,
		InTx:  func(ctx context.Context, f func(context.Context) error) error { return f(ctx) },
		Rules: rules.Book{Packs: policy.Default(), Calendar: calendar.Statutory()}, District: district, Clock: w.clock,
		NewID: func() string { w.ids++; return "p" + strconv.Itoa(w.ids) }, Canonical: sign.Canonical,
		Sign: func(_ string, by authn.Principal, _ any) (*typev1.Signature, error) {
			return &typev1.Signature{Alg: "sm2", Signer: by.Subject}, nil
		},
	}
	return w
}

func (w *world) set(day string) { w.clock.at = date(day).Start().Add(9 * time.Hour) }

func (w *world) must(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) plan(id string) planning.Plan {
	w.t.Helper()
	p, err := w.Plans.Get(office(), id)
	w.must(err)
	return p
}

func date(s string) calendar.Date {
	d, err := calendar.ParseDate(s)
	if err != nil {
		panic(err)
	}
	return d
}

func as(account, unit string, roles ...string) context.Context {
	return authn.With(context.Background(), authn.Principal{Subject: account, Unit: unit, Roles: roles})
}

func office() context.Context       { return as("office.secretary", declaration.Office, "secretary") }
func unit(u string) context.Context { return as(u+".declarer", u, "declarer") }
func service() context.Context {
	return authn.With(context.Background(), authn.Service("declaration", declaration.Office))
}

// violates wants a violation of a code that rests on a provision.
func violates(t *testing.T, err error, code, basis string) {
	t.Helper()
	if !slices.ContainsFunc(fault.From(err).Violations, func(v fault.Violation) bool {
		return v.Code == code && v.Msg != "" && v.MsgEN != "" && (basis == "" || slices.Contains(v.Basis, basis))
	}) {
		t.Fatalf("%v: no violation %s by %s", err, code, basis)
	}
}

func content(tasks ...planning.PlannedTask) planning.Content {
	return planning.Content{FromYear: 2026, ToYear: 2026, Text: "正文", Links: "与市规划衔接", Tasks: tasks}
}

func (w *world) draft(kind string, x planning.Content) planning.Plan {
	w.t.Helper()
	r := planning.DraftPlan{Kind: kind, Title: "杨浦区电子政务发展规划", Content: x}
	w.must(r.Validate())
	p, err := w.Draft(office(), r)
	w.must(err)
	return p
}

// commented is a development plan whose comments are answered.
func (w *world) commented() planning.Plan {
	w.t.Helper()
	p := w.draft("development_plan", content())
	_, err := w.AskComments(office(), planning.AskComments{ID: p.ID, Units: []string{"finance", "education"}, Until: date("2026-12-20")})
	w.must(err)
	for _, u := range []string{"finance", "education"} {
		_, err := w.Comment(unit(u), planning.CommentPlan{ID: p.ID, Agrees: true})
		w.must(err)
	}
	p, err = w.AnswerComments(office(), planning.AnswerComments{ID: p.ID, Answers: []planning.CommentAnswer{}})
	w.must(err)
	return p
}

func reviewed(p planning.Plan, outcome string) *conferencev1.PlanReviewed {
	return &conferencev1.PlanReviewed{PlanId: p.ID, SessionId: "s1", ItemId: "s1-1", Outcome: outcome, Reason: "理由", DecidedOn: "2026-03-24"}
}

// laid lets the conference decide on a plan.
func (w *world) laid(p planning.Plan, outcome string) planning.Plan {
	w.t.Helper()
	p, err := w.Lay(office(), planning.LayPlan{ID: p.ID})
	w.must(err)
	w.must(w.Reviewed(service(), reviewed(p, outcome)))
	return w.plan(p.ID)
}

func approval(p planning.Plan, authority, day string) planning.RecordApproval {
	return planning.RecordApproval{ID: p.ID, Authority: authority, DocumentNo: "杨委〔2026〕1号", ApprovedOn: date(day)}
}

func filing(p planning.Plan, day string) planning.RecordFiling {
	return planning.RecordFiling{ID: p.ID, DocumentNo: "杨府办报〔2026〕7号", FiledOn: date(day)}
}

// year is a yearly plan of Yangpu in force, with tasks.
func (w *world) year(tasks ...planning.PlannedTask) planning.Plan {
	w.t.Helper()
	p := w.laid(w.draft("annual_plan", content(tasks...)), "endorsed")
	w.set("2026-03-25")
	p, err := w.File(office(), filing(p, "2026-03-25"))
	w.must(err)
	return p
}

func blobs(t *testing.T) *blob.Store {
	t.Helper()
	b, err := blob.Open(t.Context(), "file://"+t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := b.Close(); err != nil {
			t.Error(err)
		}
	})
	return b
}

func pdf(n int) []byte {
	return fmt.Appendf(nil, "%%PDF-1.7\n%% %d\n1 0 obj<<>>endobj\ntrailer<<>>\n%%%%EOF\n", n)
}
