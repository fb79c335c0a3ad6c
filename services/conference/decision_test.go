package conference_test

import (
	"slices"
	"testing"

	"pgregory.net/rapid"

	"egov/libs/fault/faulttest"
	conferencev1 "egov/proto/gen/egov/conference/v1"
	typev1 "egov/proto/gen/egov/type/v1"
	"egov/services/conference"
)

// deliberated is an open session with every member present and agreeing.
func (w *world) deliberated(projects ...string) conference.Session {
	w.t.Helper()
	return w.agreed(w.called(conference.Ordinary, projects...))
}

func TestOutcomeFollowsTheRoad(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name    string
		declare []func(*typev1.ProjectBrief)
		outcome conference.Outcome
		fen     int64
		code    string // empty: decides
	}{
		{"a review is approved", nil, conference.Approved, 680_000_000, ""},
		{"a review is not filed", nil, conference.Filed, 680_000_000, "not_a_filing"},
		{"a filing is filed", []func(*typev1.ProjectBrief){asFiling}, conference.Filed, 550_000_00, ""},
		{"a filing is not approved", []func(*typev1.ProjectBrief){asFiling}, conference.Approved, 550_000_00, "not_a_review"},
		{"deferred", nil, conference.Deferred, 0, ""},
		{"backup", nil, conference.Backup, 0, ""},
		{"refused", nil, conference.Refused, 0, ""},
		{"what was never approved cannot be stopped", nil, conference.Stopped, 0, "outcome_of_another_kind"},
		{"a project is not a change", nil, conference.Consented, 1, "outcome_of_another_kind"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.ready("p1", c.declare...)
			ss := w.deliberated("p1")
			r := decision(ss, 0, c.outcome, c.fen)
			r.Reason = "理由" // so that only the road is at stake
			_, err := w.Decide(chair(), r)
			if c.code != "" {
				faulttest.Refused(t, err, "decision_not_possible", c.code)
				if d := w.docket("p1"); d.State != conference.OnAgenda || count[*conferencev1.DecisionTaken](w) != 0 {
					t.Errorf("a refusal left traces: %s", d.State)
				}
				return
			}
			w.must(err)
			f := last[*conferencev1.DecisionTaken](w)
			d := w.docket("p1")
			if f.GetOutcome() != string(c.outcome) || f.GetApprovedFen() != c.fen || f.GetDecidedOn() != today || f.GetSignature() == nil ||
				!slices.Contains(f.GetBasis(), "YP23-R-4.6") || !slices.Contains(f.GetBasis(), d.Project.GetBasis()[0]) {
				t.Errorf("%v", f)
			}
			if d.State != conference.Decided || d.Outcome != c.outcome || d.ApprovedFen != c.fen || len(d.Listed) != 0 {
				t.Errorf("%+v", d)
			}
		})
	}
}

func TestDecisionStatesWhatItNeeds(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name string
		r    conference.StatedDecision
		code []string
	}{
		{"consent without an amount", conference.StatedDecision{Outcome: conference.Approved}, []string{"out_of_range"}},
		{"more than a document carries", conference.StatedDecision{Outcome: conference.Filed, ApprovedFen: 1 << 53}, []string{"out_of_range"}},
		{"refusal with an amount and no reason", conference.StatedDecision{Outcome: conference.Refused, ApprovedFen: 1}, []string{"not_applicable", "required"}},
		{"deferral without a reason", conference.StatedDecision{Outcome: conference.Deferred}, []string{"required"}},
		{"no such outcome", conference.StatedDecision{Outcome: "handed_over"}, []string{"unknown_code"}},
		{"empty condition", conference.StatedDecision{Outcome: conference.Approved, ApprovedFen: 1, Conditions: []string{""}}, []string{"required"}},
		{"waiver without reason, follow-up without unit", conference.StatedDecision{
			Outcome: conference.Approved, ApprovedFen: 1, Waivers: []conference.Waiver{{Rule: "r"}}, FollowUps: []conference.Assignment{{Task: "t"}},
		}, []string{"required", "required"}},
		{"the same rule twice", conference.StatedDecision{
			Outcome: conference.Approved, ApprovedFen: 1, Waivers: []conference.Waiver{{Rule: "r", Reason: "x"}, {Rule: "r", Reason: "x"}},
		}, []string{"not_once"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			faulttest.Refused(t, c.r.Validate(), "invalid_input", c.code...)
		})
	}
}

// The conference approves no more than was declared and than the evaluation
// held to be right, unless it says why. The experts' amount is 6.8 million.
func TestApprovedAmount(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name   string
		fen    int64
		reason string
		codes  []string
	}{
		{"as reviewed", 680_000_000, "", nil},
		{"one fen above the review", 680_000_001, "", []string{"above_reviewed"}},
		{"above both", 700_000_000, "", []string{"above_declared", "above_reviewed"}},
		{"above both with a reason", 700_000_000, "市级新增要求", nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.ready("p1")
			r := decision(w.deliberated("p1"), 0, conference.Approved, c.fen)
			r.AmountReason = c.reason
			_, err := w.Decide(chair(), r)
			if c.codes == nil {
				w.must(err)
				if f := last[*conferencev1.DecisionTaken](w); f.GetAmountReason() != c.reason {
					t.Errorf("%v", f)
				}
				return
			}
			for _, code := range c.codes {
				faulttest.Violated(t, err, code)
			}
		})
	}
}

// A departure from the majority is the chair's right, with its reason. The
// stances answer the office's suggestion.
func TestAgainstTheMajority(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name            string
		suggested       conference.Outcome
		agree, disagree int // of fourteen; the others abstain
		outcome         conference.Outcome
		against         bool
	}{
		{"with the majority", conference.Approved, 14, 0, conference.Approved, false},
		{"a tie is no majority", conference.Approved, 7, 7, conference.Approved, false},
		{"most took no side: one voice more decides", conference.Approved, 1, 2, conference.Approved, true},
		{"refused although most agreed", conference.Approved, 8, 6, conference.Refused, true},
		{"approved although most disagreed", conference.Approved, 6, 8, conference.Approved, true},
		{"approved although most agreed to defer", conference.Deferred, 8, 6, conference.Approved, true},
		{"approved as most disagreed with deferring", conference.Deferred, 6, 8, conference.Approved, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.ready("p1")
			m := w.members()
			ss := w.called(conference.Ordinary)
			i := item(ss.ID, "p1")
			i.Suggested = c.suggested
			_, err := w.Propose(secretary(), i)
			w.must(err)
			_, err = w.Approve(chair(), conference.ApproveAgenda{ID: ss.ID})
			w.must(err)
			_, err = w.Attend(secretary(), attendance(ss.ID, m...))
			w.must(err)
			ss, err = w.Open(secretary(), conference.OpenSession{ID: ss.ID})
			w.must(err)
			ss = w.say(ss, conference.Abstain, m...)
			ss = w.say(ss, conference.Agree, m[:c.agree]...)
			if c.disagree > 0 {
				ss = w.say(ss, conference.Disagree, m[c.agree:c.agree+c.disagree]...)
			}
			r := decision(ss, 0, c.outcome, 0)
			if c.outcome == conference.Approved {
				r.ApprovedFen = 600_000_000
			}
			if c.against {
				_, err = w.Decide(chair(), r)
				if v := faulttest.Violated(t, err, "against_majority_without_reason"); v.Field != "reason" {
					t.Errorf("field %s", v.Field)
				}
			}
			r.Reason = "统筹考虑"
			_, err = w.Decide(chair(), r)
			w.must(err)
			if f := last[*conferencev1.DecisionTaken](w); f.GetAgainstMajority() != c.against {
				t.Errorf("against majority: %t", f.GetAgainstMajority())
			}
		})
	}
}

func TestWrittenSession(t *testing.T) {
	t.Parallel()
	m := newWorld(t).members()
	for _, c := range []struct {
		name  string
		heard int
		day   string // the circulation runs until 2026-06-21
		code  string // empty: decides
	}{
		{"all heard, before the last day", 14, "2026-06-18", ""},
		{"one silent on the last day", 13, "2026-06-21", "opinions_missing"},
		{"a quorum heard, the last day over", 7, "2026-06-22", ""},
		{"no quorum heard, the last day over", 6, "2026-06-22", "no_quorum"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.ready("p1")
			ss := w.approved(conference.Written, "p1")
			_, err := w.Attend(secretary(), attendance(ss.ID, m...))
			faulttest.Refused(t, err, "wrong_session_mode")
			ss, err = w.Open(secretary(), conference.OpenSession{ID: ss.ID})
			w.must(err)
			for _, x := range m[:c.heard] {
				_, err := w.GiveOpinion(member(x), conference.GiveOpinion{ID: ss.ID, Item: ss.Agenda[0].ID, StatedOpinion: conference.StatedOpinion{Stance: conference.Agree}})
				w.must(err)
			}
			w.set(c.day)
			ss, err = w.Decide(chair(), decision(ss, 0, conference.Approved, 600_000_000))
			if c.code != "" {
				faulttest.Refused(t, err, c.code)
				return
			}
			w.must(err)
			if f := last[*conferencev1.DecisionTaken](w); !slices.Contains(f.GetBasis(), "YP23-R-4.2") || f.GetFastTrack() {
				t.Errorf("%v", f)
			}
			if o := ss.Agenda[0].Opinions[0]; !o.Written || !o.Own {
				t.Errorf("%+v", o)
			}
		})
	}
}

// Urgent key work: the chair's written decision suffices, with its reason
// (YP23-R-5.6.3). In a meeting, and for what is not urgent, it does not.
func TestFastTrack(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.ready("p1", func(p *typev1.ProjectBrief) { p.ConferenceMode = "ad_hoc_or_written" })
	w.ready("p2")
	ss := w.approved(conference.Written, "p1", "p2")
	ss, err := w.Open(secretary(), conference.OpenSession{ID: ss.ID})
	w.must(err)
	r := decision(ss, 0, conference.Approved, 600_000_000)
	_, err = w.Decide(chair(), r)
	faulttest.Violated(t, err, "fast_track_without_reason")
	r.Reason = "国家级紧急任务"
	_, err = w.Decide(chair(), r)
	w.must(err)
	if f := last[*conferencev1.DecisionTaken](w); !f.GetFastTrack() || !slices.Contains(f.GetBasis(), "YP23-R-5.6.3") {
		t.Errorf("%v", f)
	}
	r = decision(ss, 1, conference.Approved, 600_000_000)
	r.Reason = "理由"
	_, err = w.Decide(chair(), r)
	faulttest.Refused(t, err, "opinions_missing")
}

func TestCallingNeedsItsReason(t *testing.T) {
	t.Parallel()
	day := date(today)
	for _, c := range []struct {
		name  string
		r     conference.CallSession
		codes []string
	}{
		{"ordinary", conference.CallSession{Mode: conference.Ordinary, HeldOn: day}, nil},
		{"ad hoc with reason", conference.CallSession{Mode: conference.AdHoc, HeldOn: day, Reason: "紧急"}, nil},
		{"ad hoc without", conference.CallSession{Mode: conference.AdHoc, HeldOn: day}, []string{"required"}},
		{"written without anything", conference.CallSession{Mode: conference.Written}, []string{"required", "required", "out_of_range"}},
		{"written, ends before it begins", conference.CallSession{Mode: conference.Written, HeldOn: day, Reason: "紧急", OpinionsUntil: day.AddDays(-1)}, []string{"out_of_range"}},
		{"an ordinary session circulates nothing", conference.CallSession{Mode: conference.Ordinary, HeldOn: day, OpinionsUntil: day}, []string{"not_applicable"}},
		{"no such mode", conference.CallSession{Mode: "remote", HeldOn: day}, []string{"unknown_code"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			err := c.r.Validate()
			if c.codes != nil {
				faulttest.Refused(t, err, "invalid_input", c.codes...)
			} else if err != nil {
				t.Error(err)
			}
		})
	}
}

// Several filings in one call are recorded singly, all or none.
func TestBatchOfFilings(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ids := []string{"p3", "p1", "p2"}
	for _, id := range ids {
		w.ready(id, asFiling)
	}
	ss := w.deliberated(ids...)
	r := conference.DecideItems{ID: ss.ID}
	for _, i := range ss.Agenda {
		r.Decisions = append(r.Decisions, conference.ItemDecision{Item: i.ID, Outcome: conference.Filed, ApprovedFen: 550_000_00})
	}
	r.Decisions[1].ApprovedFen = 550_000_01
	_, err := w.DecideAll(chair(), r)
	if v := faulttest.Violated(t, err, "above_declared"); v.Field != "decisions[1].approved_fen" {
		t.Errorf("field %s", v.Field)
	}
	if w.docket("p3").State != conference.OnAgenda {
		t.Error("one was decided although another was refused")
	}
	r.Decisions[1].ApprovedFen = 550_000_00
	w.must(r.Validate())
	_, err = w.DecideAll(chair(), r)
	w.must(err)
	if n := count[*conferencev1.DecisionTaken](w); n != 3 {
		t.Errorf("%d facts", n)
	}
	page, err := w.Filings(secretary(), conference.ListFilings{})
	w.must(err)
	if len(page.Items) != 3 || page.Items[0].FiledOn != date(today) || page.Items[0].ApprovedFen != 550_000_00 {
		t.Errorf("%+v", page.Items)
	}
	r.Decisions = append(r.Decisions, r.Decisions[0])
	faulttest.Violated(t, r.Validate(), "not_once")
}

func TestChangeOfAnApprovedProject(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name    string
		outcome conference.Outcome
		fen     int64
		code    string
		want    int64
	}{
		{"consented", conference.Consented, 700_000_000, "", 700_000_000},
		{"refused", conference.Refused, 0, "", 600_000_000},
		{"more than asked", conference.Consented, 700_000_001, "above_declared", 0},
		{"a change is not approved like a project", conference.Approved, 1, "outcome_of_another_kind", 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.ready("p1")
			_, err := w.Decide(chair(), decision(w.deliberated("p1"), 0, conference.Approved, 600_000_000))
			w.must(err)
			ss := w.called(conference.Ordinary)
			r := item(ss.ID, "p1")
			r.Kind, r.ChangeID = conference.ChangeItem, "p1-c1"
			_, err = w.Propose(secretary(), r)
			faulttest.Refused(t, err, "no_such_change")
			w.must(w.ChangeRequested(service(), changeRequested("p1", "p1-c1", 700_000_000), "fac.declarer"))
			if todo := w.docket("p1").Todo; len(todo) != 1 || todo[0].Action != "propose_item" {
				t.Errorf("nobody is told of the change: %+v", todo)
			}
			_, err = w.Propose(secretary(), r)
			w.must(err)
			_, err = w.Propose(secretary(), r)
			faulttest.Refused(t, err, "already_on_agenda")
			d := decision(w.agreed(ss), 0, c.outcome, c.fen)
			d.Reason = "理由"
			_, err = w.Decide(chair(), d)
			if c.code != "" {
				faulttest.Violated(t, err, c.code)
				return
			}
			w.must(err)
			k := w.docket("p1")
			if k.State != conference.Decided || k.Outcome != conference.Approved || k.ApprovedFen != c.want || k.Changes[0].State != string(c.outcome) {
				t.Errorf("%+v", k)
			}
			if n := count[*conferencev1.DecisionTaken](w); n != 1 {
				t.Errorf("a change is stated as %d decisions on the project", n-1)
			}
			if c.outcome == conference.Consented {
				if f := last[*conferencev1.ChangeConsented](w); f.GetApprovedFen() != c.fen || f.GetBasis()[0] != "YP23-R-4.6" || f.GetSignature() == nil {
					t.Errorf("%v", f)
				}
			} else if f := last[*conferencev1.ChangeRefused](w); f.GetReason() != "理由" {
				t.Errorf("%v", f)
			}
		})
	}
}

func TestStoppingNeedsItsGround(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name    string
		facts   func(w *world)
		outcome conference.Outcome // empty: cannot even be proposed
	}{
		{"nothing is overdue", func(*world) {}, ""},
		{"another clock ran out", func(w *world) {
			w.must(w.DeadlineMissed(service(), "p1", "contract_filing", "2026-05-01"))
		}, ""},
		{"overdue, then the reason was filed", func(w *world) {
			w.must(w.DeadlineMissed(service(), "p1", "procurement_stop", "2026-05-01"))
			w.must(w.DeferralFiled(service(), "p1"))
		}, ""},
		{"the reason was filed before", func(w *world) {
			w.must(w.DeferralFiled(service(), "p1"))
			w.must(w.DeadlineMissed(service(), "p1", "procurement_stop", "2026-05-01"))
		}, ""},
		{"overdue, then it started", func(w *world) {
			w.must(w.DeadlineMissed(service(), "p1", "procurement_stop", "2026-05-01"))
			w.must(w.ProcurementStarted(service(), "p1"))
		}, ""},
		{"overdue: stopped", func(w *world) {
			w.must(w.DeadlineMissed(service(), "p1", "procurement_stop", "2026-05-01"))
		}, conference.Stopped},
		{"overdue: goes on", func(w *world) {
			w.must(w.DeadlineMissed(service(), "p1", "procurement_stop", "2026-05-01"))
		}, conference.Continued},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.ready("p1")
			_, err := w.Decide(chair(), decision(w.deliberated("p1"), 0, conference.Approved, 600_000_000))
			w.must(err)
			c.facts(w)
			ss := w.called(conference.Ordinary)
			r := item(ss.ID, "p1")
			r.Kind = conference.StopItem
			ss, err = w.Propose(secretary(), r)
			if c.outcome == "" {
				faulttest.Refused(t, err, "no_ground_to_stop")
				return
			}
			w.must(err)
			d := decision(w.agreed(ss), 0, c.outcome, 0)
			d.Reason = "超过半年未启动"
			_, err = w.Decide(chair(), d)
			w.must(err)
			k := w.docket("p1")
			switch c.outcome {
			case conference.Stopped:
				if f := last[*conferencev1.DecisionTaken](w); f.GetOutcome() != "stopped" || !slices.Contains(f.GetBasis(), "YP23-R-5.5.1") || k.Outcome != conference.Stopped {
					t.Errorf("%v %s", f, k.Outcome)
				}
			default:
				last[*conferencev1.ProjectContinued](w)
				if k.Outcome != conference.Approved || count[*conferencev1.DecisionTaken](w) != 1 {
					t.Errorf("%s", k.Outcome)
				}
			}
		})
	}
}

func TestOnlyRulesInPrincipleYield(t *testing.T) {
	t.Parallel()
	om := func(p *typev1.ProjectBrief) { p.Kind = "operation_maintenance" }
	for _, c := range []struct {
		name   string
		rule   string
		yields bool
	}{
		{"an in-principle finding of the declaration", "own_website", true},
		{"a finding that binds", "own_machine_room", false},
		{"a finding it does not have", "new_hotline", false},
		{"an in-principle requirement of a gate", "integrated", true},
		{"a requirement that binds", "no_hold", false},
		{"an in-principle deadline", "procurement_start", true},
		{"a deadline that binds", "contract_filing", false},
		{"the quorum", "quorum", false},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.must(w.Submitted(service(), submitted("p1"), "edu.declarer"))
			w.ready("p1", om)
			r := decision(w.deliberated("p1"), 0, conference.Approved, 600_000_000)
			if c.rule != "own_website" {
				r.Waivers = []conference.Waiver{{Rule: "own_website", Reason: "一事一议"}}
			}
			r.Waivers = append(r.Waivers, conference.Waiver{Rule: c.rule, Reason: "一事一议"})
			_, err := w.Decide(chair(), r)
			if !c.yields {
				faulttest.Violated(t, err, "rule_does_not_yield")
				return
			}
			w.must(err)
			f := last[*conferencev1.WaiverGranted](w)
			if f.GetRule() != c.rule || f.GetReason() != "一事一议" || f.GetSignature() == nil || len(w.docket("p1").Waivers) != len(r.Waivers) {
				t.Errorf("%v", f)
			}
		})
	}
}

// A waiver may be all that an item asks for: the road of a project already
// decided.
func TestWaiverItem(t *testing.T) {
	t.Parallel()
	for _, outcome := range []conference.Outcome{conference.Granted, conference.Refused} {
		t.Run(string(outcome), func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.ready("p1")
			_, err := w.Decide(chair(), decision(w.deliberated("p1"), 0, conference.Approved, 600_000_000))
			w.must(err)
			ss := w.called(conference.Ordinary)
			r := item(ss.ID, "p1")
			r.Kind = conference.WaiverItem
			faulttest.Violated(t, r.Validate(), "required")
			r.Waivers = []conference.Waiver{{Rule: "contract_filing", Reason: "x"}}
			_, err = w.Propose(secretary(), r)
			faulttest.Violated(t, err, "rule_does_not_yield")
			r.Waivers[0].Rule = "procurement_start"
			_, err = w.Propose(secretary(), r)
			w.must(err)
			d := decision(w.agreed(ss), 0, outcome, 0)
			d.Reason = "理由"
			d.Waivers = []conference.Waiver{{Rule: "no_lockout", Reason: "x"}}
			_, err = w.Decide(chair(), d)
			faulttest.Violated(t, err, "waiver_not_asked")
			d.Waivers = nil
			_, err = w.Decide(chair(), d)
			w.must(err)
			k := w.docket("p1")
			if k.Outcome != conference.Approved || k.State != conference.Decided {
				t.Errorf("the project's own decision changed: %s", k.Outcome)
			}
			if outcome == conference.Granted {
				if f := last[*conferencev1.WaiverGranted](w); f.GetRule() != "procurement_start" || len(k.Waivers) != 1 {
					t.Errorf("%v", f)
				}
			} else if f := last[*conferencev1.WaiverRefused](w); f.GetReason() != "理由" || len(k.Waivers) != 0 {
				t.Errorf("%v", f)
			}
		})
	}
}

func TestRefusalLiftsNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.ready("p1")
	r := decision(w.deliberated("p1"), 0, conference.Refused, 0)
	r.Reason, r.Waivers = "理由", []conference.Waiver{{Rule: "procurement_start", Reason: "x"}}
	_, err := w.Decide(chair(), r)
	faulttest.Violated(t, err, "waiver_without_consent")
}

// Whatever is said and whoever is present, a decision that passes has a quorum
// of members that are not recused and have spoken, and a reason where it
// departs from their majority.
func TestDecisionsHoldTheirRules(t *testing.T) {
	t.Parallel()
	members := newWorld(t).members()
	stances := []conference.Stance{conference.Agree, conference.Disagree, conference.Abstain, conference.Recused, ""}
	rapid.Check(t, func(rt *rapid.T) {
		w := newWorld(t)
		w.ready("p1", by(rapid.SampledFrom(append([]string{"education"}, members...)).Draw(rt, "unit")))
		ss := w.approved(conference.Ordinary, "p1")
		present := rapid.Permutation(members).Draw(rt, "order")[:rapid.IntRange(0, 14).Draw(rt, "present")]
		if len(present) > 0 {
			_, err := w.Attend(secretary(), attendance(ss.ID, present...))
			w.must(err)
		}
		opened, err := w.Open(secretary(), conference.OpenSession{ID: ss.ID})
		if (err == nil) != (len(present) >= 7) {
			rt.Fatalf("%d present: %v", len(present), err)
		}
		if err != nil {
			return
		}
		for _, m := range members {
			if s := rapid.SampledFrom(stances).Draw(rt, m); s != "" {
				_, _ = w.GiveOpinion(secretary(), conference.GiveOpinion{ID: ss.ID, Item: opened.Agenda[0].ID, StatedOpinion: conference.StatedOpinion{Member: m, Stance: s, Text: "意见"}}) // the declaring member is refused
			}
		}
		r := decision(opened, 0, conference.Approved, 1)
		if rapid.Bool().Draw(rt, "reason") {
			r.Reason = "理由"
		}
		ss, err = w.Decide(chair(), r)
		if err != nil {
			return
		}
		d, i := ss.Agenda[0].Decision, ss.Agenda[0]
		if len(d.Present) < 7 {
			rt.Fatalf("decided by %v", d.Present)
		}
		for _, m := range d.Present {
			o := slices.IndexFunc(i.Opinions, func(o conference.Opinion) bool { return o.Member == m })
			if !slices.Contains(present, m) || m == i.Project.GetUnit() || o < 0 || i.Opinions[o].Stance == conference.Recused {
				rt.Fatalf("%s counts: %+v", m, i)
			}
		}
		if against := d.Count.Disagree > d.Count.Agree; against != d.AgainstMajority || against && d.Reason == "" {
			rt.Fatalf("%+v", d)
		}
	})
}
