package conference_test

import (
	"slices"
	"testing"

	"egov/libs/aggregate/aggregatetest"
	"egov/libs/fault"
	"egov/libs/fault/faulttest"
	conferencev1 "egov/proto/gen/egov/conference/v1"
	typev1 "egov/proto/gen/egov/type/v1"
	"egov/services/conference"
)

// road is a brief under other rules: nobody there calls a conference.
func road(pack, day, route string, basis []string, steps ...string) func(*typev1.ProjectBrief) {
	return func(p *typev1.ProjectBrief) {
		p.Unit, p.Pack, p.DeclaredOn, p.Route, p.Steps, p.Basis, p.ConferenceMode = "transport", pack, day, route, steps, basis, ""
	}
}

var (
	jointReview  = road("xian-2018", "2026-03-02", "review", []string{"XA18-14"}, "egov_consultation", "joint_review")
	construction = road("shanghai-2012", "2026-03-02", "review", []string{"SH12-10"}, "it_authority_review", "office_review", "reform_commission_approval")
	yearlyBudget = road("shanghai-2012", "2026-03-02", "review", []string{"SH12-11"}, "it_authority_review", "office_review", "finance_approval")
	cityConsent  = road("xian-2018", "2026-03-02", "consent", []string{"XA18-14"}, "city_consent", "local_approval")
)

func consent(fen int64) conference.DecideStep {
	return conference.DecideStep{ID: "p1", Outcome: conference.Approved, ApprovedFen: fen}
}

// accepted is a project that the office has accepted.
func (w *world) accepted(change ...func(*typev1.ProjectBrief)) {
	w.t.Helper()
	w.must(w.Accepted(service(), brief("p1", change...)))
}

// awaits are the units that have the project on their desk.
func (w *world) awaits() (units []string) {
	for _, todo := range w.docket("p1").Todo {
		if todo.Action == "decide_step" {
			units = append(units, todo.Unit)
		}
	}
	return units
}

// TestRoadsWithoutAConference walks every road on which units decide by
// themselves: in the order of the steps, the units of one step in any order.
// The lowest amount that one of them consents to is approved (XA18-14, SH12-10,
// SH12-11).
func TestRoadsWithoutAConference(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name  string
		road  func(*typev1.ProjectBrief)
		turns [][]string
	}{
		{"joint review of a city's project", jointReview, [][]string{{"gov-office", "it-authority", "finance"}}},
		{"the city's consent to a district's project", cityConsent, [][]string{{"gov-office"}}},
		{"construction", construction, [][]string{{"it-authority"}, {"gov-office"}, {"development-reform"}}},
		{"a project of the yearly budget", yearlyBudget, [][]string{{"it-authority"}, {"gov-office"}, {"finance"}}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.accepted(c.road)
			fen := int64(declaredFen)
			for _, units := range c.turns {
				if got := w.awaits(); !slices.Equal(got, units) {
					t.Fatalf("waits for %v, want %v", got, units)
				}
				for _, unit := range slices.Backward(units) {
					fen -= 1_000_000
					if n := count[*conferencev1.DecisionTaken](w); n > 0 {
						t.Fatal("decided before everybody has")
					}
					_, err := w.DecideStep(member(unit), consent(fen))
					w.must(err)
				}
			}
			d := w.docket("p1")
			taken := last[*conferencev1.DecisionTaken](w)
			if d.State != conference.Decided || d.Outcome != conference.Approved || taken.GetOutcome() != "approved" || len(w.awaits()) > 0 {
				t.Fatalf("%s %s %v", d.State, d.Outcome, w.awaits())
			}
			if d.ApprovedFen != fen || taken.GetApprovedFen() != fen {
				t.Errorf("approved %d, want the lowest, %d", taken.GetApprovedFen(), fen)
			}
			if want := brief("p1", c.road).GetBasis(); !slices.Equal(taken.GetBasis(), want) {
				t.Errorf("rests on %v, want %v alone", taken.GetBasis(), want)
			}
			if opinions := count[*conferencev1.OpinionGiven](w); opinions != len(d.Authorities) {
				t.Errorf("%d of %d decisions are stated", opinions, len(d.Authorities))
			}
		})
	}
}

// TestWhoDoesNotDecideAStep: units of another step or of none, accounts that
// declared the project, and nobody before the office accepts it (XA18-14,
// SH12-10).
func TestWhoDoesNotDecideAStep(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	f := submitted("p1")
	f.DecisionJson = ""
	w.must(w.Submitted(service(), f, "it.declarer"))
	_, err := w.DecideStep(member("it-authority"), consent(1))
	faulttest.Refused(t, err, "not_with_authorities")
	w.accepted(construction)

	for _, unit := range []string{"gov-office", "development-reform", "finance", "transport"} {
		_, err := w.DecideStep(member(unit), consent(1))
		if f := faulttest.Refused(t, err, "not_the_deciding_authority"); !slices.Contains(f.Basis, "SH12-10") {
			t.Errorf("%s: %v", unit, f.Basis)
		}
	}
	_, err = w.DecideStep(aggregatetest.As("it.declarer", "it-authority", "member"), consent(1))
	faulttest.Refused(t, err, "own_project")
	_, err = w.Propose(secretary(), item(w.called(conference.Ordinary).ID, "p1"))
	faulttest.Refused(t, err, "no_conference_step")

	_, err = w.DecideStep(member("it-authority"), consent(declaredFen))
	w.must(err)
	_, err = w.DecideStep(member("it-authority"), consent(declaredFen))
	faulttest.Refused(t, err, "not_the_deciding_authority") // it has decided
}

// TestAnAuthorityThatDoesNotConsentEndsTheRoad at once, and what was deferred
// comes back to all of them with its supplement.
func TestAnAuthorityThatDoesNotConsentEndsTheRoad(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.accepted(construction)
	_, err := w.DecideStep(member("it-authority"), consent(declaredFen))
	w.must(err)
	_, err = w.DecideStep(member("gov-office"), conference.DecideStep{ID: "p1", Outcome: conference.Deferred, Reason: "方案未说明与其他系统的集成"})
	w.must(err)
	if taken := last[*conferencev1.DecisionTaken](w); taken.GetOutcome() != "deferred" || taken.GetApprovedFen() != 0 {
		t.Fatalf("%+v", taken)
	}
	_, err = w.DecideStep(member("development-reform"), consent(declaredFen))
	faulttest.Refused(t, err, "not_with_authorities")

	supplement := supplemented("p1")
	supplement.Project = brief("p1", construction)
	w.must(w.Supplemented(service(), supplement, "fac.declarer"))
	if d := w.docket("p1"); d.State != conference.WithAuthorities || !slices.Equal(w.awaits(), []string{"it-authority"}) {
		t.Fatalf("%s waits for %v", d.State, w.awaits())
	}
	_, err = w.DecideStep(member("it-authority"), conference.DecideStep{ID: "p1", Outcome: conference.Refused, Reason: "重复建设"})
	w.must(err)
	if d := w.docket("p1"); d.State != conference.Decided || d.Outcome != conference.Refused || len(d.Decisions) != 2 {
		t.Errorf("%+v", d)
	}
	// The office brings it back as it does any other decision.
	_, err = w.Reconsider(secretary(), conference.ReconsiderDocket{ID: "p1", Reason: "情况变化"})
	w.must(err)
	if !slices.Equal(w.awaits(), []string{"it-authority"}) {
		t.Errorf("waits for %v", w.awaits())
	}
}

// TestWhatAnAuthorityMayDecide: it says no more than a conference could.
func TestWhatAnAuthorityMayDecide(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, violation string
		r               conference.DecideStep
	}{
		{"more than was declared", "above_declared", consent(declaredFen + 1)},
		{"a rule lifted that is none of the project's", "rule_does_not_yield", conference.DecideStep{
			ID: "p1", Outcome: conference.Approved, ApprovedFen: 1, Waivers: []conference.Waiver{{Rule: "responsible_named", Reason: "因故"}},
		}},
		{"an outcome of another kind", "unknown_code", conference.DecideStep{ID: "p1", Outcome: conference.Filed, ApprovedFen: 1}},
		{"no consent without a reason", "required", conference.DecideStep{ID: "p1", Outcome: conference.Refused}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.accepted(jointReview)
			err := c.r.Validate()
			if err == nil {
				_, err = w.DecideStep(member("finance"), c.r)
			}
			faulttest.Violated(t, err, c.violation)
			if len(w.awaits()) != 3 {
				t.Errorf("waits for %v", w.awaits())
			}
		})
	}
}

// TestAFindingInPrincipleIsLiftedByName before an authority consents; the others
// need not repeat it.
func TestAFindingInPrincipleIsLiftedByName(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	f := submitted("p1")
	f.DecisionJson = `{"findings":[{"code":"new_dedicated_network","severity":"error","strength":"in_principle","message":"专网","message_en":"network","basis":["SH12-15"]}]}`
	w.must(w.Submitted(service(), f, "transport.declarer"))
	w.accepted(construction)
	_, err := w.DecideStep(member("it-authority"), consent(declaredFen))
	faulttest.Violated(t, err, "finding_not_lifted")
	r := consent(declaredFen)
	r.Waivers = []conference.Waiver{{Rule: "new_dedicated_network", Reason: "国家部委统一部署"}}
	_, err = w.DecideStep(member("it-authority"), r)
	w.must(err)
	for _, unit := range []string{"gov-office", "development-reform"} {
		if n := count[*conferencev1.WaiverGranted](w); n > 0 {
			t.Fatal("lifted before the project is consented to")
		}
		_, err = w.DecideStep(member(unit), consent(declaredFen))
		w.must(err)
	}
	if granted := last[*conferencev1.WaiverGranted](w); granted.GetRule() != "new_dedicated_network" || granted.GetReason() != "国家部委统一部署" {
		t.Errorf("%+v", granted)
	}
}

// TestAStepThatNobodyServesIsOutside: the district approves it by itself.
func TestAStepThatNobodyServesIsOutside(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.accepted(road("xian-2018", "2026-03-02", "local_approval", []string{"XA18-4"}, "local_approval"))
	if d := w.docket("p1"); d.State != conference.Outside || len(d.Todo) > 0 {
		t.Errorf("%s %v", d.State, d.Todo)
	}
}

// TestAnUnknownQuorumIsNeverMet: the rules of procedure of 2021 are not known.
// The conference has its fourteen members (YP21-M-5), a body that is none of
// them is refused, and no number of them opens a session.
func TestAnUnknownQuorumIsNeverMet(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.set("2022-03-01")
	old := road("yangpu-2021", "2022-03-01", "review", []string{"YP21-M-12"}, "conference_review")
	w.accepted(old)
	ss := w.approved(conference.Ordinary, "p1")
	if len(ss.Members) != 14 || ss.Required != 15 {
		t.Fatalf("%d members, %d required", len(ss.Members), ss.Required)
	}
	_, err := w.Attend(secretary(), attendance(ss.ID, append(w.members(), "education")...))
	if f := fault.From(err); err == nil || f.Kind == fault.Internal {
		t.Errorf("a guest is counted: %v", err)
	}
	_, err = w.Attend(secretary(), attendance(ss.ID, w.members()...))
	w.must(err)
	_, err = w.Open(secretary(), conference.OpenSession{ID: ss.ID})
	faulttest.Refused(t, err, "no_quorum")
}
