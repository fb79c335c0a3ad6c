package conference_test

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"

	"egov/libs/aggregate"
	"egov/libs/aggregate/aggregatetest"
	"egov/libs/authn"
	"egov/libs/calendar"
	"egov/libs/fault"
	"egov/libs/policy"
	"egov/libs/rules"
	"egov/libs/sign"
	typev1 "egov/proto/gen/egov/type/v1"
	"egov/services/conference"
)

// memory is a repository without row-level security: the component tests have
// the real one.
type memory[T any, P aggregate.Of[T]] struct {
	w    *world
	rows map[string][]byte
}

func (m *memory[T, P]) Get(_ context.Context, id string) (t T, err error) {
	b, ok := m.rows[id]
	if !ok {
		return t, fault.New(fault.NotFound, "not_found", "没有", "none")
	}
	return t, json.Unmarshal(b, &t)
}

func (m *memory[T, P]) List(ctx context.Context, _ aggregate.Query) (p aggregate.Page[T], err error) {
	for _, id := range slices.Sorted(maps.Keys(m.rows)) {
		t, err := m.Get(ctx, id)
		if err != nil {
			return p, err
		}
		p.Items = append(p.Items, t)
	}
	return p, nil
}

func (m *memory[T, P]) change(ctx context.Context, t T, id string, change aggregate.Change[T]) (T, error) {
	by := authn.By(ctx)
	rec := aggregate.NewRecorder(by, m.w.now)
	if root := P(&t).Base(); root.ID == "" {
		root.ID = id
		root.Own(by.Unit)
	}
	if err := change(&t, rec); err != nil {
		return t, err
	}
	P(&t).Base().Version++
	b, err := json.Marshal(t)
	if err != nil {
		return t, err
	}
	m.rows[id] = b
	m.w.facts = append(m.w.facts, rec.Facts()...)
	return m.Get(ctx, id)
}

func (m *memory[T, P]) Create(ctx context.Context, id string, change aggregate.Change[T]) (T, error) {
	var t T
	return m.change(ctx, t, id, change)
}

func (m *memory[T, P]) Update(ctx context.Context, id string, change aggregate.Change[T]) (T, error) {
	t, err := m.Get(ctx, id)
	if err != nil {
		return t, err
	}
	return m.change(ctx, t, id, change)
}

func (m *memory[T, P]) Upsert(ctx context.Context, id string, change aggregate.Change[T]) (T, error) {
	t, _ := m.Get(ctx, id) // none yet: the zero value
	return m.change(ctx, t, id, change)
}

// world is the domain on a clock of its own.
type world struct {
	*conference.Service
	t     testing.TB
	now   time.Time
	ids   int
	facts []aggregate.Fact
}

const (
	chairAccount = "chair"
	today        = "2026-06-18"
)

func newWorld(t testing.TB) *world {
	w := &world{t: t}
	w.set(today)
	sealKey, err := sign.Generate(sign.Ed25519)
	if err != nil {
		t.Fatal(err)
	}
	w.Service = &conference.Service{
		Sessions: &memory[conference.Session, *conference.Session]{w, map[string][]byte{}},
		Dockets:  &memory[conference.Docket, *conference.Docket]{w, map[string][]byte{}},
		Seats:    &memory[conference.Seat, *conference.Seat]{w, map[string][]byte{}},
		InTx:     func(ctx context.Context, f func(context.Context) error) error { return f(ctx) },
		Rules:    rules.Book{Packs: policy.Default(), Calendar: calendar.Statutory()}, District: "yangpu",
		NewID:     func() string { w.ids++; return "s" + strconv.Itoa(w.ids) },
		Today:     func() calendar.Date { return calendar.DateOf(w.now) },
		Self:      authn.Service("conference", conference.Office),
		Canonical: sign.Canonical,
		Sign: func(_ string, by authn.Principal, document any) (*typev1.Signature, error) {
			s, err := sealKey.For(by.Subject).Sign(document, w.now)
			return &typev1.Signature{Alg: string(s.Alg), KeyId: s.KeyID, Signer: s.Signer, Value: fmt.Sprintf("%x", s.Value)}, err
		},
	}
	return w
}

func (w *world) set(day string) {
	d, err := calendar.ParseDate(day)
	if err != nil {
		w.t.Fatal(err)
	}
	w.now = d.Start().Add(9 * time.Hour)
}

var date = aggregatetest.Day

func secretary() context.Context {
	return aggregatetest.As("office.secretary", "gov-office", "secretary")
}

func chair() context.Context          { return aggregatetest.As(chairAccount, "district-government", "chair") }
func member(u string) context.Context { return aggregatetest.As("member."+u, u, "member") }
func service() context.Context {
	return authn.With(context.Background(), authn.Service("conference", conference.Office))
}

// brief is a project in review, declared by a unit that is no member.
func brief(id string, change ...func(*typev1.ProjectBrief)) *typev1.ProjectBrief {
	p := &typev1.ProjectBrief{
		ProjectId: id, Title: "项目" + id, Kind: "new_build", Unit: "education", AmountFen: 694_790_000, Route: "review",
		Steps: []string{"third_party_evaluation", "expert_review", "conference_review"}, Basis: []string{"YP23-R-5.3.2"},
		Pack: "yangpu-2023", DeclaredOn: "2026-03-02", ConferenceMode: "ordinary",
	}
	for _, f := range change {
		f(p)
	}
	return p
}

// asFiling makes a brief one of a filing that needs no evaluation.
func asFiling(p *typev1.ProjectBrief) {
	p.Kind, p.Route, p.Steps, p.AmountFen, p.Basis = "assessment_fee", "post_acceptance_filing", []string{"conference_filing"}, 550_000_00, []string{"YP23-R-5.3.8"}
}

func by(unit string) func(*typev1.ProjectBrief) {
	return func(p *typev1.ProjectBrief) { p.Unit = unit }
}

func (w *world) must(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

// ready brings a project before the conference.
func (w *world) ready(id string, change ...func(*typev1.ProjectBrief)) {
	w.t.Helper()
	p := brief(id, change...)
	w.must(w.Accepted(service(), p))
	for _, step := range p.GetSteps() {
		switch step {
		case "third_party_evaluation":
			w.must(w.EvaluationPassed(service(), evaluationPassed(id, 690_000_000)))
		case "expert_review":
			w.must(w.ExpertReviewPassed(service(), expertsPassed(id, 680_000_000)))
		}
	}
}

func (w *world) docket(id string) conference.Docket {
	w.t.Helper()
	d, err := w.Dockets.Get(service(), id)
	w.must(err)
	return d
}

// called is a session with the given projects on its agenda.
func (w *world) called(mode conference.Mode, projects ...string) conference.Session {
	w.t.Helper()
	r := conference.CallSession{Mode: mode, HeldOn: calendar.DateOf(w.now), Chair: chairAccount}
	if mode != conference.Ordinary {
		r.Reason = "市级紧急任务"
	}
	if mode == conference.Written {
		r.OpinionsUntil = r.HeldOn.AddDays(3)
	}
	w.must(r.Validate())
	ss, err := w.Call(secretary(), r)
	w.must(err)
	for _, p := range projects {
		ss, err = w.Propose(secretary(), item(ss.ID, p))
		w.must(err)
	}
	return ss
}

func item(session, project string) conference.ProposeItem {
	return conference.ProposeItem{ID: session, Kind: conference.ProjectItem, ProjectID: project, Study: "经事先调查研究，论证评估已通过", Suggestion: "建议同意"}
}

// approved is a called session whose agenda the chair approved.
func (w *world) approved(mode conference.Mode, projects ...string) conference.Session {
	w.t.Helper()
	return w.approve(w.called(mode, projects...))
}

func (w *world) approve(ss conference.Session) conference.Session {
	w.t.Helper()
	ss, err := w.Approve(chair(), conference.ApproveAgenda{ID: ss.ID})
	w.must(err)
	return ss
}

// convene opens a session whose agenda is approved, with the given members.
func (w *world) convene(ss conference.Session, present []string) conference.Session {
	w.t.Helper()
	_, err := w.Attend(secretary(), attendance(ss.ID, present...))
	w.must(err)
	ss, err = w.Open(secretary(), conference.OpenSession{ID: ss.ID})
	w.must(err)
	return ss
}

// agreed takes a called session to where every member is present and agrees.
func (w *world) agreed(ss conference.Session) conference.Session {
	w.t.Helper()
	m := w.members()
	return w.say(w.convene(w.approve(ss), m), conference.Agree, m...)
}

// members are the fourteen member units, in the pack's order.
func (w *world) members() []string {
	m, err := w.Members(secretary(), conference.ListMembers{})
	w.must(err)
	var units []string
	for _, x := range m.Members {
		units = append(units, x.Unit)
	}
	return units
}

func attendance(session string, present ...string) conference.RecordAttendance {
	r := conference.RecordAttendance{ID: session}
	for _, m := range present {
		r.Members = append(r.Members, conference.Attendee{Member: m, Status: "present", Delegate: "分管领导"})
	}
	return r
}

// open is a session in which the given members are present.
func (w *world) open(present []string, projects ...string) conference.Session {
	w.t.Helper()
	return w.convene(w.approved(conference.Ordinary, projects...), present)
}

// say takes down one stance of all members named, on every item.
func (w *world) say(ss conference.Session, stance conference.Stance, members ...string) conference.Session {
	w.t.Helper()
	r := conference.GiveOpinions{ID: ss.ID}
	for _, i := range ss.Agenda {
		for _, m := range members {
			if i.State == conference.ItemListed && m != i.Project.GetUnit() && m != i.Project.GetSupervisor() {
				r.Opinions = append(r.Opinions, conference.ItemOpinion{Item: i.ID, Member: m, Stance: stance, Text: "意见"})
			}
		}
	}
	ss, err := w.GiveOpinions(secretary(), r)
	w.must(err)
	return ss
}

func decision(ss conference.Session, n int, o conference.Outcome, fen int64) conference.DecideItem {
	return conference.DecideItem{ID: ss.ID, Item: ss.Agenda[n].ID, StatedDecision: conference.StatedDecision{Outcome: o, ApprovedFen: fen}}
}

// last is the last fact of a type.
func last[M proto.Message](w *world) (m M) {
	w.t.Helper()
	for _, f := range slices.Backward(w.facts) {
		if x, ok := f.Message.(M); ok {
			return x
		}
	}
	w.t.Fatalf("no %T was stated", m)
	return m
}

func count[M proto.Message](w *world) (n int) {
	for _, f := range w.facts {
		if _, ok := f.Message.(M); ok {
			n++
		}
	}
	return n
}
