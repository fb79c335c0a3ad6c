package conference_test

import (
	"context"
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"egov/libs/aggregate/aggregatetest"
	"egov/libs/fault/faulttest"
	conferencev1 "egov/proto/gen/egov/conference/v1"
	typev1 "egov/proto/gen/egov/type/v1"
	"egov/services/conference"
)

// Facts of different services come in any order; those of one come in theirs.
func TestDocketIsTheSameInAnyOrder(t *testing.T) {
	t.Parallel()
	declaration := []func(*world) error{
		func(w *world) error { return w.Submitted(service(), submitted("p1"), "edu.declarer") },
		func(w *world) error { return w.Accepted(service(), brief("p1")) },
		func(w *world) error { return w.Accepted(service(), brief("p1")) }, // declared again after the failure
	}
	expertreview := []func(*world) error{
		func(w *world) error { return w.EvaluationPassed(service(), evaluationPassed("p1", 690_000_000)) },
		func(w *world) error { return w.EvaluationFailed(service(), "p1") }, // the experts failed it
		func(w *world) error { return w.EvaluationPassed(service(), evaluationPassed("p1", 685_000_000)) },
		func(w *world) error { return w.ExpertReviewPassed(service(), expertsPassed("p1", 680_000_000)) },
	}
	ended := func(w *world) string {
		d := w.docket("p1")
		d.Version = 0
		b, err := json.Marshal(d)
		w.must(err)
		return string(b)
	}
	straight := newWorld(t)
	for _, f := range slices.Concat(declaration, expertreview) {
		straight.must(f(straight))
	}
	if d := straight.docket("p1"); d.State != conference.Ready || d.ReviewedFen != 680_000_000 {
		t.Fatalf("%+v", d)
	}
	want := ended(straight)
	rapid.Check(t, func(rt *rapid.T) {
		w := newWorld(t)
		a, b := declaration, expertreview
		for len(a)+len(b) > 0 {
			if len(b) == 0 || len(a) > 0 && rapid.Bool().Draw(rt, "declaration next") {
				w.must(a[0](w))
				a = a[1:]
				continue
			}
			w.must(b[0](w))
			b = b[1:]
		}
		if got := ended(w); got != want {
			rt.Fatalf("got  %s\nwant %s", got, want)
		}
	})
}

func TestDocketWaitsForItsEvaluations(t *testing.T) {
	t.Parallel()
	filing := func(p *typev1.ProjectBrief) {
		p.Steps = []string{"third_party_evaluation", "conference_filing"}
	}
	handover := func(p *typev1.ProjectBrief) {
		p.Steps = []string{"third_party_evaluation", "development_reform_handover"}
	}
	third := func(w *world) { w.must(w.EvaluationPassed(service(), evaluationPassed("p1", 1))) }
	experts := func(w *world) { w.must(w.ExpertReviewPassed(service(), expertsPassed("p1", 1))) }
	failed := func(w *world) { w.must(w.EvaluationFailed(service(), "p1")) }
	for _, c := range []struct {
		name    string
		declare func(*typev1.ProjectBrief)
		facts   []func(*world)
		state   conference.DocketState
		waiting []string
	}{
		{"review, nothing yet", by("education"), nil, conference.Waiting, []string{"evaluation_passed", "expert_review_passed"}},
		{"review, third party passed", by("education"), []func(*world){third}, conference.Waiting, []string{"expert_review_passed"}},
		{"review, both passed", by("education"), []func(*world){third, experts}, conference.Ready, nil},
		{"review, a failure ends the round", by("education"), []func(*world){third, failed}, conference.Waiting, []string{"evaluation_passed", "expert_review_passed"}},
		{"filing, passed", filing, []func(*world){third}, conference.Ready, nil},
		{"filing without evaluation", asFiling, nil, conference.Ready, nil},
		{"handed over: never on the agenda", handover, []func(*world){third}, conference.Outside, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.must(w.Accepted(service(), brief("p1", c.declare)))
			for _, f := range c.facts {
				f(w)
			}
			d := w.docket("p1")
			var waiting []string
			for _, v := range d.Waiting {
				waiting = append(waiting, v.Code)
			}
			if d.State != c.state || !slices.Equal(waiting, c.waiting) {
				t.Fatalf("%s %v", d.State, waiting)
			}
			if got := len(d.Todo) == 1 && d.Todo[0].Action == "propose_item"; got != (c.state == conference.Ready) {
				t.Errorf("todo %+v", d.Todo)
			}
			ss := w.called(conference.Ordinary)
			_, err := w.Propose(secretary(), item(ss.ID, "p1"))
			switch c.state {
			case conference.Waiting:
				faulttest.Violated(t, err, c.waiting[0])
			case conference.Outside:
				faulttest.Refused(t, err, "no_conference_step")
			default:
				w.must(err)
			}
		})
	}
}

func TestEvaluationBeforeAcceptance(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.must(w.EvaluationPassed(service(), evaluationPassed("p1", 1)))
	if d := w.docket("p1"); d.State != conference.Waiting || d.Waiting[0].Code != "project_accepted" {
		t.Fatalf("%+v", d)
	}
	ss := w.called(conference.Ordinary)
	_, err := w.Propose(secretary(), item(ss.ID, "p1"))
	faulttest.Violated(t, err, "project_accepted")
	list, err := w.Waivable(secretary(), conference.GetDocket{ID: "p1"})
	if err != nil || len(list.Items) != 0 {
		t.Errorf("%v %v", list, err)
	}
}

// decided brings p1 to an outcome.
func (w *world) decided(o conference.Outcome) conference.Session {
	w.t.Helper()
	w.ready("p1")
	r := decision(w.deliberated("p1"), 0, o, 0)
	r.Reason = "理由"
	if o == conference.Approved {
		r.ApprovedFen = 600_000_000
	}
	ss, err := w.Decide(chair(), r)
	w.must(err)
	return ss
}

// Nobody changes a decision: a supplement or a reconsideration brings the
// project back, and then another decision replaces the old one.
func TestWhatBringsAProjectBack(t *testing.T) {
	t.Parallel()
	reconsider := func(w *world) error {
		_, err := w.Reconsider(secretary(), conference.ReconsiderDocket{ID: "p1", Reason: "政策调整"})
		return err
	}
	supplement := func(w *world) error { return w.Supplemented(service(), supplemented("p1"), "fac.declarer") }
	for _, c := range []struct {
		name    string
		outcome conference.Outcome
		by      func(*world) error
		state   conference.DocketState
	}{
		{"deferred and supplemented", conference.Deferred, supplement, conference.Ready},
		{"backup and supplemented", conference.Backup, supplement, conference.Ready},
		{"refused stays refused whatever is supplemented", conference.Refused, supplement, conference.Decided},
		{"approved stays approved", conference.Approved, supplement, conference.Decided},
		{"refused and to be reconsidered", conference.Refused, reconsider, conference.Ready},
		{"approved and to be reconsidered", conference.Approved, reconsider, conference.Ready},
		{"deferred and to be reconsidered", conference.Deferred, reconsider, conference.Ready},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			old := w.decided(c.outcome)
			next := w.called(conference.Ordinary)
			_, err := w.Propose(secretary(), item(next.ID, "p1"))
			faulttest.Refused(t, err, "already_decided")
			w.must(c.by(w))
			d := w.docket("p1")
			if d.State != c.state || d.Outcome != c.outcome {
				t.Fatalf("%s %s", d.State, d.Outcome)
			}
			ss, err := w.Propose(secretary(), item(next.ID, "p1"))
			if c.state == conference.Decided {
				faulttest.Refused(t, err, "already_decided")
				return
			}
			w.must(err)
			_, err = w.Decide(chair(), decision(w.agreed(ss), 0, conference.Approved, 500_000_000))
			w.must(err)
			d = w.docket("p1")
			if d.Outcome != conference.Approved || d.ApprovedFen != 500_000_000 || len(d.Decisions) != 2 || d.Decisions[0].Outcome != c.outcome {
				t.Errorf("%+v", d.Decisions)
			}
			if f := last[*conferencev1.DecisionTaken](w); !slices.Contains(f.GetBasis(), "YP23-R-4.7") {
				t.Errorf("%v", f)
			}
			stored, err := w.Sessions.Get(service(), old.ID)
			w.must(err)
			if !reflect.DeepEqual(stored.Agenda[0].Decision, old.Agenda[0].Decision) {
				t.Error("the old decision changed")
			}
		})
	}
}

func TestReconsiderationIsTheOffices(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.ready("p1")
	r := conference.ReconsiderDocket{ID: "p1", Reason: "政策调整"}
	_, err := w.Reconsider(secretary(), r)
	faulttest.Refused(t, err, "not_decided")
	ss := w.decided(conference.Approved)
	_, err = w.Reconsider(aggregatetest.As("fin.secretary", "finance", "secretary"), r)
	faulttest.Refused(t, err, "not_conference_office")
	_, err = w.Reconsider(secretary(), r)
	w.must(err)
	if f := last[*conferencev1.ReconsiderationOpened](w); f.GetItemId() != ss.Agenda[0].ID || f.GetReason() != r.Reason || f.GetBasis()[0] != "YP23-R-4.7" {
		t.Errorf("%v", f)
	}
	_, err = w.Reconsider(secretary(), r)
	faulttest.Refused(t, err, "not_decided")
	// What was approved may be stopped when it is reconsidered.
	next := w.approved(conference.Ordinary, "p1")
	m := w.members()
	_, err = w.Attend(secretary(), attendance(next.ID, m...))
	w.must(err)
	next, err = w.Open(secretary(), conference.OpenSession{ID: next.ID})
	w.must(err)
	d := decision(w.say(next, conference.Agree, m...), 0, conference.Stopped, 0)
	d.Reason = "不再需要"
	_, err = w.Decide(chair(), d)
	w.must(err)
	if d := w.docket("p1"); d.Outcome != conference.Stopped || d.ApprovedFen != 0 {
		t.Errorf("%s %d", d.Outcome, d.ApprovedFen)
	}
}

func TestCoordinationLeavesTheDecision(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.ready("p1")
	r := conference.CoordinateDocket{ID: "p1", Text: "由两单位另行会商接口费用"}
	_, err := w.Coordinate(chair(), r)
	faulttest.Refused(t, err, "not_decided")
	w.decided(conference.Approved)
	before := w.docket("p1")
	d, err := w.Coordinate(chair(), r)
	w.must(err)
	if f := last[*conferencev1.DecisionCoordinated](w); f.GetItemId() != before.Decisions[0].ItemID || f.GetText() != r.Text {
		t.Errorf("%v", f)
	}
	if d.State != before.State || !reflect.DeepEqual(d.Decisions, before.Decisions) || len(d.Coordinations) != 1 {
		t.Errorf("%+v", d)
	}
}

// What waits in the backup pool comes first in the next year, not before, and
// is refused an agenda until it is ripe (YP23-R-5.4.2).
func TestBackupPoolComesFirstNextYear(t *testing.T) {
	t.Parallel()
	unripe := newWorld(t)
	unripe.decided(conference.Backup)
	_, err := unripe.Propose(secretary(), item(unripe.called(conference.Ordinary).ID, "p1"))
	faulttest.Refused(t, err, "already_decided")
	for _, c := range []struct {
		name  string
		day   string
		first string
	}{
		{"the same year", "2026-11-16", "p2"},
		{"the next year", "2027-01-18", "p1"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.decided(conference.Backup)
			if d := w.docket("p1"); d.Priority != 2027 {
				t.Fatalf("priority %d", d.Priority)
			}
			w.set(c.day)
			w.must(w.Supplemented(service(), supplemented("p1"), "fac.declarer"))
			w.ready("p2")
			ss := w.called(conference.Ordinary, "p2", "p1")
			if got := ss.Agenda[0].ProjectID; got != c.first {
				t.Errorf("%s is first", got)
			}
		})
	}
}

func TestWithdrawal(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name  string
		until func(w *world) conference.Session
		state conference.DocketState
	}{
		{"while it waits", func(w *world) conference.Session { w.ready("p1"); return conference.Session{} }, conference.Withdrawn},
		{"on the agenda", func(w *world) conference.Session { w.ready("p1"); return w.approved(conference.Ordinary, "p1") }, conference.Withdrawn},
		{"deferred", func(w *world) conference.Session { return w.decided(conference.Deferred) }, conference.Withdrawn},
		{"approved: the decision stands", func(w *world) conference.Session { return w.decided(conference.Approved) }, conference.Decided},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			ss := c.until(w)
			w.must(w.TakenBack(service(), "p1", "不再需要"))
			d := w.docket("p1")
			if d.State != c.state || len(d.Listed) != 0 {
				t.Fatalf("%s %v", d.State, d.Listed)
			}
			if ss.State == conference.AgendaApproved {
				ss, err := w.Sessions.Get(service(), ss.ID)
				w.must(err)
				if ss.Agenda[0].State != conference.ItemWithdrawn || count[*conferencev1.ItemCarriedOver](w) != 0 {
					t.Errorf("%+v", ss.Agenda[0])
				}
			}
		})
	}
	w := newWorld(t)
	w.must(w.TakenBack(service(), "unknown", "x")) // it never came to this desk
}

func TestCancelledSessionGivesItsItemsBack(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.ready("p1")
	w.ready("p2")
	ss := w.approved(conference.Ordinary, "p1", "p2")
	_, err := w.Cancel(member("finance"), conference.CancelSession{ID: ss.ID, Reason: "到会不足"})
	faulttest.Refused(t, err, "not_conference_office")
	ss, err = w.Cancel(chair(), conference.CancelSession{ID: ss.ID, Reason: "到会不足"})
	w.must(err)
	if ss.State != conference.Cancelled || len(ss.Todo) != 0 || count[*conferencev1.ItemCarriedOver](w) != 2 {
		t.Errorf("%+v", ss)
	}
	for _, id := range []string{"p1", "p2"} {
		if d := w.docket(id); d.State != conference.Ready {
			t.Errorf("%s is %s", id, d.State)
		}
	}
	w.called(conference.Ordinary, "p1", "p2") // to another session
	_, err = w.Cancel(chair(), conference.CancelSession{ID: ss.ID, Reason: "再次"})
	faulttest.Refused(t, err, "wrong_session_state")
}

// TestMinutes (YP23-R-4.5): the office drafts them when all items are settled, the
// chair alone signs what it read, and nothing is changed afterwards.
func TestMinutes(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.ready("p1")
	w.ready("p2")
	ss := w.deliberated("p1", "p2")
	draft := conference.DraftMinutes{ID: ss.ID, Remarks: "会议强调统筹建设"}
	_, err := w.Draft(secretary(), draft)
	faulttest.Refused(t, err, "items_unsettled")
	_, err = w.Decide(chair(), decision(ss, 0, conference.Approved, 600_000_000))
	w.must(err)
	_, err = w.CarryOver(chair(), conference.CarryOverItem{ID: ss.ID, Item: ss.Agenda[1].ID, Reason: "材料待补"})
	w.must(err)
	_, err = w.MinutesOf(secretary(), conference.GetSession{ID: ss.ID})
	faulttest.Refused(t, err, "minutes_not_ready")
	_, err = w.SignMinutes(chair(), conference.SignMinutes{ID: ss.ID, SHA256: "0"})
	faulttest.Refused(t, err, "minutes_not_ready")
	_, err = w.Draft(chair(), draft)
	faulttest.Refused(t, err, "not_conference_office")
	ss, err = w.Draft(secretary(), draft)
	w.must(err)
	first := ss.Minutes.SHA256
	draft.Remarks = "会议强调集约建设"
	ss, err = w.Draft(secretary(), draft)
	w.must(err)
	if ss.Minutes.SHA256 == first {
		t.Error("other minutes, same hash")
	}
	_, err = w.Close(secretary(), conference.GetSession{ID: ss.ID})
	faulttest.Refused(t, err, "minutes_not_ready")
	_, err = w.SignMinutes(secretary(), conference.SignMinutes{ID: ss.ID, SHA256: ss.Minutes.SHA256})
	faulttest.Refused(t, err, "not_the_chair")
	_, err = w.SignMinutes(chair(), conference.SignMinutes{ID: ss.ID, SHA256: first})
	faulttest.Refused(t, err, "minutes_not_ready") // the chair read other minutes
	ss, err = w.SignMinutes(chair(), conference.SignMinutes{ID: ss.ID, SHA256: ss.Minutes.SHA256})
	w.must(err)
	if f := last[*conferencev1.MinutesSigned](w); f.GetMinutesSha256() != ss.Minutes.SHA256 || !slices.Equal(f.GetProjectIds(), []string{"p1"}) || f.GetSignature() == nil {
		t.Errorf("%v", f)
	}
	copied := last[*conferencev1.DecisionCopied](w)
	if count[*conferencev1.DecisionCopied](w) != 1 || len(copied.GetUnits()) != 15 || !slices.Contains(copied.GetUnits(), "education") || copied.GetBasis()[0] != "YP23-R-5.4.1" {
		t.Errorf("%v", copied)
	}
	_, err = w.Draft(secretary(), draft)
	faulttest.Refused(t, err, "minutes_not_ready")
	m, err := w.MinutesOf(secretary(), conference.GetSession{ID: ss.ID})
	w.must(err)
	if len(m.Document.Items) != 2 || len(m.Document.Items[0].Opinions) != 14 || m.Document.Items[1].State != conference.ItemCarriedOver || len(m.Document.Attendance) != 14 {
		t.Errorf("%+v", m.Document)
	}
	ss, err = w.Close(secretary(), conference.GetSession{ID: ss.ID})
	w.must(err)
	if ss.State != conference.Closed || len(ss.Todo) != 0 {
		t.Errorf("%s %v", ss.State, ss.Todo)
	}
	_, err = w.Attend(secretary(), attendance(ss.ID, "cac"))
	faulttest.Refused(t, err, "wrong_session_state")
}

func TestFollowUps(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.ready("p1")
	r := decision(w.deliberated("p1"), 0, conference.Approved, 600_000_000)
	r.FollowUps = []conference.Assignment{{Unit: "market", Task: "不相干的单位"}}
	_, err := w.Decide(chair(), r)
	faulttest.Violated(t, err, "not_a_party")
	r.FollowUps = []conference.Assignment{{Unit: "big-data", Task: "完成数据编目"}, {Unit: "education", Task: "细化方案", DueOn: date("2026-07-31")}}
	_, err = w.Decide(chair(), r)
	w.must(err)
	if n := count[*conferencev1.FollowUpSet](w); n != 2 {
		t.Fatalf("%d facts", n)
	}
	d := w.docket("p1")
	if len(d.Todo) != 2 || d.Todo[0].Role != "member" || d.Todo[1].Role != "declarer" || d.Todo[1].Unit != "education" {
		t.Errorf("%+v", d.Todo)
	}
	report := conference.ReportFollowUp{ID: "p1", Number: 1, Report: "已完成"}
	_, err = w.ReportFollowUp(member("finance"), report)
	faulttest.Refused(t, err, "not_the_units_part")
	_, err = w.ReportFollowUp(member("big-data"), report)
	w.must(err)
	_, err = w.ReportFollowUp(member("big-data"), report)
	faulttest.Refused(t, err, "no_such_follow_up")
	for _, n := range []int{-1, 0, 3} {
		report.Number = n
		_, err = w.ReportFollowUp(member("big-data"), report)
		faulttest.Refused(t, err, "no_such_follow_up")
	}
	if f := last[*conferencev1.FollowUpReported](w); f.GetUnit() != "big-data" || f.GetReport() != "已完成" {
		t.Errorf("%v", f)
	}
	if d := w.docket("p1"); len(d.Todo) != 1 {
		t.Errorf("%+v", d.Todo)
	}
}

// TestSeatsAreSucceeded (YP23-M-5, YP23-R-2): fourteen sit, a seat passes to the
// successor on its day, old sessions keep the members they had, and nobody
// outside of the conference office passes one on.
func TestSeatsAreSucceeded(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	r := conference.SucceedSeat{Seat: "science", Successor: "data-bureau", From: date("2026-07-01"), Reason: "机构调整"}
	succeed := func(ctx context.Context) error { _, err := w.Succeed(ctx, r); return err }
	faulttest.Refused(t, succeed(member("science")), "not_conference_office")
	w.must(succeed(secretary()))
	if f := last[*conferencev1.SeatSucceeded](w); f.GetFrom() != "science" || f.GetTo() != "data-bureau" || f.GetEffectiveOn() != "2026-07-01" {
		t.Errorf("%v", f)
	}
	for _, c := range []struct {
		day     string
		holder  string
		current int
	}{{"2026-06-30", "science", 14}, {"2026-07-01", "data-bureau", 14}} {
		m, err := w.Members(secretary(), conference.ListMembers{On: c.day})
		w.must(err)
		i := slices.IndexFunc(m.Members, func(x conference.Member) bool { return x.Seat == "science" })
		if m.Members[i].Unit != c.holder || m.Current != c.current || m.Required != 7 {
			t.Errorf("%s: %+v", c.day, m)
		}
	}
	faulttest.Violated(t, succeed(secretary()), "holds_it_already")
	r.Successor, r.From = "cac", date("2026-06-01")
	faulttest.Violated(t, succeed(secretary()), "before_history")
	r.From = date("2026-08-01")
	w.must(succeed(secretary())) // one unit, two seats: thirteen current member units
	if m, err := w.Members(secretary(), conference.ListMembers{On: "2026-08-01"}); err != nil || m.Current != 13 || m.Required != 7 {
		t.Errorf("%+v %v", m, err)
	}
	r.Seat = "market"
	faulttest.Refused(t, succeed(secretary()), "no_such_seat")
	_, err := w.Members(secretary(), conference.ListMembers{On: "yesterday"})
	faulttest.Violated(t, err, "invalid_date")

	// A session of a later day has the later members; old sessions keep theirs.
	w.ready("p1")
	june := w.approved(conference.Ordinary, "p1")
	w.set("2026-07-02")
	w.ready("p2")
	july := w.approved(conference.Ordinary, "p2")
	if !slices.Contains(june.Members, "science") || !slices.Contains(july.Members, "data-bureau") || slices.Contains(july.Members, "science") {
		t.Errorf("%v %v", june.Members, july.Members)
	}
}

// At every point somebody is told what to do next.
func TestInbox(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.ready("p1")
	actions := func(ss conference.Session) string {
		seen := map[string]int{}
		for _, x := range ss.Todo {
			if x.Title == "" || x.Role == "" || x.Unit == "" && x.Account == "" {
				t.Errorf("%+v", x)
			}
			seen[x.Action]++
		}
		return fmt.Sprint(seen)
	}
	step := func(name string, ss conference.Session, want string) conference.Session {
		t.Helper()
		if got := actions(ss); got != want {
			t.Errorf("%s: %s, want %s", name, got, want)
		}
		return ss
	}
	m := w.members()
	ss := step("called", w.called(conference.Ordinary), "map[propose_item:1]")
	ss, err := w.Propose(secretary(), item(ss.ID, "p1"))
	w.must(err)
	step("proposed", ss, "map[approve_agenda:1 propose_item:1]")
	ss, err = w.Approve(chair(), conference.ApproveAgenda{ID: ss.ID})
	w.must(err)
	step("approved", ss, "map[ask_leave:14 record_attendance:1]")
	_, err = w.Attend(secretary(), attendance(ss.ID, m[:9]...))
	w.must(err)
	ss, err = w.Open(secretary(), conference.OpenSession{ID: ss.ID})
	w.must(err)
	step("open", ss, "map[decide_items:1 give_opinion:9 record_opinions:1]")
	ss = step("heard", w.say(ss, conference.Agree, m[:9]...), "map[decide_items:1 record_opinions:1]")
	ss, err = w.Decide(chair(), decision(ss, 0, conference.Approved, 600_000_000))
	w.must(err)
	step("decided", ss, "map[draft_minutes:1]")
	ss, err = w.Draft(secretary(), conference.DraftMinutes{ID: ss.ID})
	w.must(err)
	step("drafted", ss, "map[draft_minutes:1 sign_minutes:1]")
	ss, err = w.SignMinutes(chair(), conference.SignMinutes{ID: ss.ID, SHA256: ss.Minutes.SHA256})
	w.must(err)
	step("signed", ss, "map[close_session:1]")
}
