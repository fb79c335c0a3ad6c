package conference_test

import (
	"slices"
	"testing"

	"egov/libs/aggregate/aggregatetest"
	"egov/libs/fault/faulttest"
	"egov/libs/seal"
	conferencev1 "egov/proto/gen/egov/conference/v1"
	declarationv1 "egov/proto/gen/egov/declaration/v1"
	"egov/services/conference"
)

func laid(round int32) *declarationv1.PlanLaid {
	return &declarationv1.PlanLaid{PlanId: "plan1", Kind: "development_plan", Title: "发展规划", Unit: "gov-office", Pack: "yangpu-2023", Sha256: "ab", Round: round, Basis: []string{"YP23-M-7"}}
}

func planItem(session, plan string) conference.ProposeItem {
	r := item(session, plan)
	r.Kind = conference.PlanItem
	return r
}

// TestThePlanIsReviewed: a plan that the office laid before the conference is an
// item like others, endorsed by the chair after the members were heard
// (YP23-M-7); a deferred one comes back when it is laid again.
func TestThePlanIsReviewed(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.must(w.PlanLaid(service(), laid(1)))
	review := func(outcome conference.Outcome, reason string) {
		t.Helper()
		ss := w.called(conference.Ordinary)
		r := planItem(ss.ID, "plan1")
		w.must(r.Validate())
		ss, err := w.Propose(secretary(), r)
		w.must(err)
		if _, err := w.Propose(secretary(), r); err == nil {
			t.Fatal("it is listed already")
		}
		_, err = w.Approve(chair(), conference.ApproveAgenda{ID: ss.ID})
		w.must(err)
		_, err = w.Attend(secretary(), attendance(ss.ID, w.members()...))
		w.must(err)
		ss, err = w.Open(secretary(), conference.OpenSession{ID: ss.ID})
		w.must(err)
		ss = w.say(ss, conference.Agree, w.members()...)
		d := decision(ss, 0, conference.Approved, 100)
		_, err = w.Decide(chair(), d)
		faulttest.Violated(t, err, "outcome_of_another_kind")
		d.StatedDecision = conference.StatedDecision{Outcome: outcome, Reason: reason, Waivers: []conference.Waiver{{Rule: "x", Reason: "y"}}}
		_, err = w.Decide(chair(), d)
		faulttest.Violated(t, err, "rule_does_not_yield")
		d.Waivers = nil
		w.must(d.Validate())
		_, err = w.Decide(chair(), d)
		w.must(err)
	}
	review(conference.Deferred, "与市规划衔接不够")
	if d := w.docket("plan1"); d.State != conference.Decided {
		t.Fatal(d.State)
	}
	_, err := w.Reconsider(secretary(), conference.ReconsiderDocket{ID: "plan1", Reason: "再议"})
	if f := faulttest.Refused(t, err, "plan_laid_again"); !slices.Contains(f.Basis, "YP23-M-7") {
		t.Fatal(f.Basis)
	}
	w.must(w.PlanLaid(service(), laid(1))) // heard twice
	if d := w.docket("plan1"); d.State != conference.Decided {
		t.Fatal(d.State)
	}
	w.must(w.PlanLaid(service(), laid(2)))
	if d := w.docket("plan1"); d.State != conference.Ready || d.Todo[0].Action != "propose_item" {
		t.Fatalf("%+v", d)
	}
	review(conference.Endorsed, "与多数意见一致")
	f := last[*conferencev1.PlanReviewed](w)
	if f.GetOutcome() != "endorsed" || f.GetPlanId() != "plan1" || f.GetSignature() == nil || !slices.Contains(f.GetBasis(), "YP23-M-7") {
		t.Fatalf("%+v", f)
	}
	list, err := w.Waivable(secretary(), conference.GetDocket{ID: "plan1"})
	if err != nil || len(list.Items) != 0 {
		t.Fatal(list, err)
	}
}

// TestOnlyALaidPlanIsAPlanItem: a project is no plan and a plan no project; each
// is refused by YP23-M-7.
func TestOnlyALaidPlanIsAPlanItem(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.ready("p1")
	w.must(w.PlanLaid(service(), laid(1)))
	ss := w.called(conference.Ordinary)
	_, err := w.Propose(secretary(), planItem(ss.ID, "p1"))
	faulttest.Refused(t, err, "not_a_plan")
	_, err = w.Propose(secretary(), item(ss.ID, "plan1"))
	if f := faulttest.Refused(t, err, "not_a_plan"); !slices.Contains(f.Basis, "YP23-M-7") {
		t.Fatal(f.Basis)
	}
}

// TestMinutesAreSealedAfterTheirSignature: the office's seal follows the chair's
// signature (SH12-E-7) and makes the minutes equal to the sealed paper
// (SH12-E-5); before it, and by others, it is refused.
func TestMinutesAreSealedAfterTheirSignature(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.ready("p1")
	ss := w.open(w.members(), "p1")
	ss = w.say(ss, conference.Agree, w.members()...)
	r := conference.SealMinutes{ID: ss.ID, DocumentNo: "杨府办纪1号"}
	w.must(r.Validate())
	faulttest.Violated(t, (&conference.SealMinutes{}).Validate(), "required")
	_, err := w.SealMinutes(secretary(), r)
	faulttest.Refused(t, err, "minutes_not_ready")
	_, err = w.Decide(chair(), decision(ss, 0, conference.Approved, 600_000_000))
	w.must(err)
	_, err = w.Draft(secretary(), conference.DraftMinutes{ID: ss.ID})
	w.must(err)
	_, err = w.SealMinutes(secretary(), r)
	if f := faulttest.Refused(t, err, seal.ErrNotApproved.Code); !slices.Contains(f.Basis, "SH12-E-7") {
		t.Fatal(f.Basis)
	}
	_, err = w.SignMinutes(chair(), conference.SignMinutes{ID: ss.ID})
	w.must(err)
	_, err = w.SealMinutes(aggregatetest.As("x", "finance", "secretary"), r)
	faulttest.Refused(t, err, "not_conference_office")
	ss, err = w.SealMinutes(secretary(), r)
	w.must(err)
	if ss.Minutes.Force != seal.EqualToPaper || ss.Minutes.Seal.SHA256 != ss.Minutes.SHA256 || last[*conferencev1.MinutesSealed](w).GetUnit() != conference.Office {
		t.Fatalf("%+v", ss.Minutes)
	}
	_, err = w.SealMinutes(secretary(), r)
	faulttest.Refused(t, err, seal.ErrSealed.Code)
}
