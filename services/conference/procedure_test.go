package conference_test

import (
	"context"
	"slices"
	"testing"

	"egov/libs/aggregate/aggregatetest"
	"egov/libs/authn"
	"egov/libs/fault/faulttest"
	conferencev1 "egov/proto/gen/egov/conference/v1"
	typev1 "egov/proto/gen/egov/type/v1"
	"egov/services/conference"
)

func TestQuorumOpensTheSession(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name    string
		present int
		opens   bool
	}{
		{"nobody recorded", 0, false},
		{"six of fourteen", 6, false},
		{"seven of fourteen: half is enough", 7, true},
		{"all", 14, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.ready("p1")
			ss := w.approved(conference.Ordinary, "p1")
			if c.present > 0 {
				_, err := w.Attend(secretary(), attendance(ss.ID, w.members()[:c.present]...))
				w.must(err)
			}
			ss, err := w.Open(secretary(), conference.OpenSession{ID: ss.ID})
			if c.opens {
				if err != nil || ss.State != conference.Open {
					t.Fatalf("%s %v", ss.State, err)
				}
				return
			}
			f := faulttest.Refused(t, err, "no_quorum")
			if !slices.Equal(f.Basis, []string{"YP23-R-4.3"}) {
				t.Errorf("basis %v", f.Basis)
			}
		})
	}
}

// Attendance counts member units only: guests never make a quorum.
func TestInviteesDoNotCount(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.ready("p1")
	ss := w.approved(conference.Ordinary, "p1")
	r := attendance(ss.ID, w.members()[:6]...)
	for range 8 {
		r.Invitees = append(r.Invitees, conference.Invitee{Unit: "education", Name: "列席人员"})
	}
	w.must(r.Validate())
	_, err := w.Attend(secretary(), r)
	w.must(err)
	_, err = w.Open(secretary(), conference.OpenSession{ID: ss.ID})
	faulttest.Refused(t, err, "no_quorum")
	if f := last[*conferencev1.AttendanceRecorded](w); len(f.GetPresent()) != 6 || len(f.GetAbsent()) != 8 || f.GetRequired() != 7 || f.GetMembers() != 14 {
		t.Errorf("%v", f)
	}
}

func TestLeaveIsAskedBefore(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.ready("p1")
	ss := w.approved(conference.Ordinary, "p1")
	members := w.members()
	_, err := w.Leave(member("audit"), conference.AskLeave{ID: ss.ID, Reason: "出差"})
	w.must(err)
	_, err = w.Leave(member("education"), conference.AskLeave{ID: ss.ID, Reason: "出差"})
	faulttest.Refused(t, err, "not_a_member")
	_, err = w.Leave(member("audit"), conference.AskLeave{ID: ss.ID, Member: "finance", Reason: "替别人请假"})
	faulttest.Refused(t, err, "not_conference_office")

	r := attendance(ss.ID, members[:8]...)
	r.Members = append(r.Members, conference.Attendee{Member: "community", Status: "leave"})
	_, err = w.Attend(secretary(), r)
	faulttest.Violated(t, err, "leave_not_asked")
	_, err = w.Attend(secretary(), attendance(ss.ID, append([]string{"education"}, members[:8]...)...))
	faulttest.Violated(t, err, "not_a_member")

	ss, err = w.Attend(secretary(), attendance(ss.ID, members[:8]...))
	w.must(err)
	for _, a := range ss.Attendance {
		want := "absent"
		switch {
		case slices.Contains(members[:8], a.Member):
			want = "present"
		case a.Member == "audit":
			want = "leave"
		}
		if a.Status != want {
			t.Errorf("%s is %s, want %s", a.Member, a.Status, want)
		}
	}
	_, err = w.Open(secretary(), conference.OpenSession{ID: ss.ID})
	w.must(err)
	_, err = w.Leave(member("big-data"), conference.AskLeave{ID: ss.ID, Reason: "事后请假"})
	faulttest.Refused(t, err, "wrong_session_state")
}

func TestSessionOpensOnItsDay(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.ready("p1")
	r := conference.CallSession{Mode: conference.Ordinary, HeldOn: date("2026-06-25"), Chair: chairAccount}
	ss, err := w.Call(secretary(), r)
	w.must(err)
	_, err = w.Propose(secretary(), item(ss.ID, "p1"))
	w.must(err)
	_, err = w.Approve(chair(), conference.ApproveAgenda{ID: ss.ID})
	w.must(err)
	_, err = w.Attend(secretary(), attendance(ss.ID, w.members()...))
	w.must(err)
	_, err = w.Open(chair(), conference.OpenSession{ID: ss.ID})
	faulttest.Refused(t, err, "session_not_due")
	w.set("2026-06-25")
	_, err = w.Open(chair(), conference.OpenSession{ID: ss.ID})
	w.must(err)
	r.HeldOn = date("2026-06-24")
	_, err = w.Call(secretary(), r)
	faulttest.Violated(t, err, "in_the_past")
}

func TestAgendaIsProposedByTheOfficeAndApprovedByTheChair(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.ready("p1")
	ss := w.called(conference.Ordinary)
	_, err := w.Approve(chair(), conference.ApproveAgenda{ID: ss.ID})
	faulttest.Refused(t, err, "empty_agenda")
	_, err = w.Propose(member("finance"), item(ss.ID, "p1"))
	faulttest.Refused(t, err, "not_conference_office")
	ss, err = w.Propose(secretary(), item(ss.ID, "p1"))
	w.must(err)
	_, err = w.Propose(secretary(), item(ss.ID, "p1"))
	faulttest.Refused(t, err, "already_on_agenda")
	_, err = w.Approve(aggregatetest.As("deputy", "gov-office", "chair"), conference.ApproveAgenda{ID: ss.ID})
	faulttest.Refused(t, err, "not_the_chair")
	if slices.Contains(ss.Parties, "finance") || slices.Contains(w.docket("p1").Parties, "finance") {
		t.Error("members see the agenda before the chair approved it")
	}
	_, err = w.Approve(chair(), conference.ApproveAgenda{ID: ss.ID})
	w.must(err)
	if !slices.Contains(w.docket("p1").Parties, "finance") {
		t.Error("members do not see a project on their agenda")
	}
	_, err = w.Propose(secretary(), item(ss.ID, "p1"))
	faulttest.Refused(t, err, "wrong_session_state")
	if f := last[*conferencev1.AgendaApproved](w); !slices.Equal(f.GetProjectIds(), []string{"p1"}) {
		t.Errorf("%v", f)
	}
	// Without the office's study and suggestion there is no item.
	r := conference.ProposeItem{ProjectID: "p1"}
	faulttest.RefusedOn(t, r.Validate(), "YP23-R-4.4", "invalid_input", "required", "required")
}

func TestRecusal(t *testing.T) {
	t.Parallel()
	subordinate := func(p *typev1.ProjectBrief) { p.Unit, p.Supervisor = "science-station", "science" }
	for _, c := range []struct {
		name    string
		declare func(*typev1.ProjectBrief)
		present []string // besides the declaring member
		decides bool
	}{
		{"eight present, one recused: seven decide", by("science"), []string{"cac", "archives", "secrecy", "justice", "finance", "audit", "community"}, true},
		{"seven present, one recused: six cannot", by("science"), []string{"cac", "archives", "secrecy", "justice", "finance", "audit"}, false},
		{"a subordinate's supervisor is recused too", subordinate, []string{"cac", "archives", "secrecy", "justice", "finance", "audit"}, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.ready("p1", c.declare)
			all := append([]string{"science"}, c.present...)
			ss := w.open(all, "p1")
			if o := ss.Agenda[0].Opinions; len(o) != 1 || o[0].Member != "science" || o[0].Stance != conference.Recused {
				t.Fatalf("the declaring member is not recused from the beginning: %+v", o)
			}
			_, err := w.GiveOpinion(member("science"), conference.GiveOpinion{ID: ss.ID, Item: ss.Agenda[0].ID, StatedOpinion: conference.StatedOpinion{Stance: conference.Agree}})
			faulttest.Refused(t, err, "recused")
			ss = w.say(ss, conference.Agree, c.present...)
			_, err = w.Decide(chair(), decision(ss, 0, conference.Approved, 600_000_000))
			if c.decides {
				w.must(err)
				return
			}
			f := faulttest.Refused(t, err, "no_quorum")
			if !slices.Equal(f.Basis, []string{"YP23-R-4.3", "ours"}) {
				t.Errorf("basis %v", f.Basis)
			}
			// Another day, then: the item goes back to the office.
			_, err = w.CarryOver(chair(), conference.CarryOverItem{ID: ss.ID, Item: ss.Agenda[0].ID, Reason: "回避后到会不足"})
			w.must(err)
			if d := w.docket("p1"); d.State != conference.Ready || len(d.Listed) != 0 {
				t.Errorf("%s %v", d.State, d.Listed)
			}
		})
	}
}

func TestVoluntaryRecusalAndLeavingCount(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.ready("p1")
	m := w.members()[:8]
	ss := w.open(m, "p1")
	_, err := w.GiveOpinion(member(m[0]), conference.GiveOpinion{ID: ss.ID, Item: ss.Agenda[0].ID, StatedOpinion: conference.StatedOpinion{Stance: conference.Recused, Text: "曾参与方案编制"}})
	w.must(err)
	ss = w.say(ss, conference.Agree, m[1:]...)
	if _, err := w.Attend(secretary(), attendance(ss.ID, m[:7]...)); err != nil { // one leaves
		t.Fatal(err)
	}
	_, err = w.Decide(chair(), decision(ss, 0, conference.Approved, 600_000_000))
	faulttest.Refused(t, err, "no_quorum")
	_, err = w.Attend(secretary(), attendance(ss.ID, m...))
	w.must(err)
	_, err = w.Decide(chair(), decision(ss, 0, conference.Approved, 600_000_000))
	w.must(err)
}

func TestOpinionsAreRecordedOneByOne(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.ready("p1")
	m := w.members()
	ss := w.approved(conference.Ordinary, "p1")
	it := ss.Agenda[0].ID
	give := func(ctx context.Context, member string, s conference.Stance) error {
		_, err := w.GiveOpinion(ctx, conference.GiveOpinion{ID: ss.ID, Item: it, StatedOpinion: conference.StatedOpinion{Member: member, Stance: s, Text: "意见"}})
		return err
	}
	faulttest.Refused(t, give(member(m[0]), "", conference.Agree), "opinions_not_yet")
	_, err := w.Leave(member(m[13]), conference.AskLeave{ID: ss.ID, Reason: "出差"})
	w.must(err)
	w.must(give(member(m[13]), "", conference.Agree)) // in writing, before the session
	if f := last[*conferencev1.OpinionGiven](w); !f.GetWritten() || f.GetSignature() == nil {
		t.Errorf("%v", f)
	}
	_, err = w.Attend(secretary(), attendance(ss.ID, m[:7]...))
	w.must(err)
	ss, err = w.Open(secretary(), conference.OpenSession{ID: ss.ID})
	w.must(err)

	faulttest.Refused(t, give(member("education"), "", conference.Agree), "not_a_member")
	faulttest.Refused(t, give(member(m[0]), m[1], conference.Agree), "not_conference_office")
	faulttest.Refused(t, give(secretary(), "education", conference.Agree), "not_a_member")
	w.must(give(member(m[0]), "", conference.Disagree))
	faulttest.Refused(t, give(secretary(), m[0], conference.Agree), "members_own_opinion")
	w.must(give(member(m[0]), "", conference.Agree)) // its own to change, until the decision
	for _, x := range m[1:6] {
		w.must(give(secretary(), x, conference.Agree))
	}
	_, err = w.Decide(chair(), decision(ss, 0, conference.Approved, 600_000_000))
	f := faulttest.Refused(t, err, "opinions_missing")
	if !slices.Equal(f.Basis, []string{"YP23-R-4.6"}) {
		t.Errorf("basis %v", f.Basis)
	}
	w.must(give(secretary(), m[6], conference.Abstain))
	ss, err = w.Decide(chair(), decision(ss, 0, conference.Approved, 600_000_000))
	w.must(err)
	d := ss.Agenda[0].Decision
	if d.Count != (conference.Count{Agree: 7, Abstain: 1}) || len(d.Present) != 7 {
		t.Errorf("%+v", d)
	}
	faulttest.Refused(t, give(member(m[0]), "", conference.Disagree), "wrong_item_state")
}

func TestOnlyTheChairDecides(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.ready("p1")
	m := w.members()
	ss := w.say(w.open(m, "p1"), conference.Agree, m...)
	d := decision(ss, 0, conference.Approved, 600_000_000)
	for _, c := range []struct {
		name string
		ctx  context.Context
		code string
	}{
		{"the office", secretary(), "not_the_chair"},
		{"a member", member("finance"), "not_the_chair"},
		{"the chair of another session", aggregatetest.As("other.chair", "gov-office", "chair"), "not_the_chair"},
	} {
		_, err := w.Decide(c.ctx, d)
		if f := faulttest.Refused(t, err, c.code); !slices.Equal(f.Basis, []string{"YP23-R-4.1"}) {
			t.Errorf("%s: basis %v", c.name, f.Basis)
		}
	}
	// A delegate decides under both names.
	ss, err := w.Decide(authn.With(context.Background(), authn.Principal{Subject: "deputy", Unit: "gov-office", OnBehalfOf: chairAccount, Roles: []string{"chair"}}), d)
	w.must(err)
	if got := ss.Agenda[0].Decision.DecidedBy; got != "deputy for chair" {
		t.Errorf("decided by %q", got)
	}
	_, err = w.Decide(chair(), d)
	faulttest.Refused(t, err, "wrong_item_state")
}

func TestNobodyDecidesWhatTheyDeclared(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for id, actor := range map[string]string{"p1": "chair", "p2": "office.secretary", "p3": "member.finance for someone"} {
		w.must(w.Submitted(service(), submitted(id), actor))
		w.ready(id)
	}
	m := w.members()
	ss := w.called(conference.Ordinary, "p1", "p3")
	_, err := w.Propose(secretary(), item(ss.ID, "p2"))
	faulttest.Refused(t, err, "own_project")
	_, err = w.Approve(chair(), conference.ApproveAgenda{ID: ss.ID})
	w.must(err)
	_, err = w.Attend(secretary(), attendance(ss.ID, m...))
	w.must(err)
	ss, err = w.Open(secretary(), conference.OpenSession{ID: ss.ID})
	w.must(err)
	_, err = w.GiveOpinion(member("finance"), conference.GiveOpinion{ID: ss.ID, Item: ss.Agenda[1].ID, StatedOpinion: conference.StatedOpinion{Stance: conference.Agree}})
	faulttest.Refused(t, err, "own_project")
	ss = w.say(ss, conference.Agree, m...)
	_, err = w.Decide(chair(), decision(ss, 0, conference.Approved, 600_000_000))
	f := faulttest.Refused(t, err, "own_project")
	if !slices.Equal(f.Basis, []string{"SH12-P-9"}) {
		t.Errorf("basis %v", f.Basis)
	}
}

// TestNobodyDecidesTheChangeTheyAskedFor (SH12-P-9): who asks for a change of a
// project that a colleague declared, or brings it back, has declared it too.
func TestNobodyDecidesTheChangeTheyAskedFor(t *testing.T) {
	t.Parallel()
	for name, asked := range map[string]func(w *world, actor string) error{
		"a change": func(w *world, actor string) error {
			return w.ChangeRequested(service(), changeRequested("p1", "p1-c1", 700_000_000), actor)
		},
		"a supplement": func(w *world, actor string) error { return w.Supplemented(service(), supplemented("p1"), actor) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, c := range []struct {
				actor string
				own   bool
			}{{"fac.second", false}, {"office.secretary", true}, {"somebody for office.secretary", true}} {
				w := newWorld(t)
				w.must(w.Submitted(service(), submitted("p1"), "fac.declarer"))
				w.must(asked(w, c.actor))
				w.ready("p1")
				_, err := w.Propose(secretary(), item(w.called(conference.Ordinary).ID, "p1"))
				if !c.own {
					w.must(err)
					continue
				}
				faulttest.RefusedOn(t, err, "SH12-P-9", "own_project")
			}
		})
	}
}
