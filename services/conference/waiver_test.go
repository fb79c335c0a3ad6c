package conference_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"egov/libs/fault"
	conferencev1 "egov/proto/gen/egov/conference/v1"
	declarationv1 "egov/proto/gen/egov/declaration/v1"
	"egov/services/conference"
)

// Findings of a declaration, as its decision states them.
const (
	ownWebsite  = `{"code":"own_website","severity":"error","strength":"in_principle","basis":["YP23-M-24"],"message":"原则上不得新建","message_en":"in principle none"}`
	aWarning    = `{"code":"integration_below","severity":"warning","strength":"in_principle","basis":["YP23-S-3.2"],"limit_fen":9,"actual_fen":8,"message":"低于","message_en":"below"}`
	guidance    = `{"code":"person_month_price","severity":"warning","strength":"reference","basis":["YP23-S-3.1"],"limit_fen":1,"actual_fen":9,"message":"超过","message_en":"above"}`
	over200k    = `{"code":"template_cap","severity":"error","strength":"in_principle","basis":["YP23-S-5.1"],"line":0,"limit_fen":25000000,"actual_fen":45000000,"message":"超过","message_en":"above"}`
	over10kMore = `{"code":"om_rate","severity":"error","strength":"in_principle","basis":["YP23-S-3.3.1"],"line":1,"limit_fen":4000000,"actual_fen":5000000,"message":"超过","message_en":"above"}`
)

// declaredFen is the amount of brief's projects.
const declaredFen = 694_790_000

// TestConsentIsNoWaiver: a project that breaks a rule in principle is consented
// to only with the rule lifted by name, or with what passes the limit cut off.
func TestConsentIsNoWaiver(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name     string
		findings []string
		outcome  conference.Outcome
		fen      int64
		waived   []string
		refused  []string // rules that the refusal names
	}{
		{"nothing broken", nil, conference.Approved, 600_000_000, nil, nil},
		{"broken and not named", []string{ownWebsite}, conference.Approved, 600_000_000, nil, []string{"own_website"}},
		{"broken and lifted by name", []string{ownWebsite}, conference.Approved, 600_000_000, []string{"own_website"}, nil},
		{"one of two lifted", []string{ownWebsite, over200k}, conference.Approved, 680_000_000, []string{"own_website"}, []string{"template_cap"}},
		{"both lifted", []string{ownWebsite, over200k}, conference.Approved, 680_000_000, []string{"own_website", "template_cap"}, nil},
		{"the excess cut off", []string{over200k}, conference.Approved, declaredFen - 20_000_000, nil, nil},
		{"a fen of the excess left", []string{over200k}, conference.Approved, declaredFen - 20_000_000 + 1, nil, []string{"template_cap"}},
		{"the cut covers all limits", []string{over200k, over10kMore}, conference.Approved, declaredFen - 21_000_000, nil, nil},
		{"the cut covers one of them", []string{over200k, over10kMore}, conference.Approved, declaredFen - 20_999_999, nil, []string{"template_cap", "om_rate"}},
		{"one lifted, the other cut off", []string{over200k, over10kMore}, conference.Approved, 680_000_000, []string{"template_cap"}, nil},
		{"a cut does not cure what is no amount", []string{ownWebsite}, conference.Approved, 1, nil, []string{"own_website"}},
		{"a warning asks for nothing", []string{aWarning}, conference.Approved, 680_000_000, nil, nil},
		{"guidance asks for nothing", []string{guidance}, conference.Approved, 680_000_000, nil, nil},
		{"a deferral consents to nothing", []string{ownWebsite}, conference.Deferred, 0, nil, nil},
		{"a refusal consents to nothing", []string{ownWebsite}, conference.Refused, 0, nil, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.must(w.Submitted(service(), &declarationv1.ProjectSubmitted{
				Project: brief("p1"), DecisionJson: `{"findings":[` + strings.Join(c.findings, ",") + `]}`,
			}, "edu.declarer"))
			w.ready("p1")
			r := decision(w.deliberated("p1"), 0, c.outcome, c.fen)
			for _, rule := range c.waived {
				r.Waivers = append(r.Waivers, conference.Waiver{Rule: rule, Reason: "确有必要，一事一议"})
			}
			if c.fen == 0 {
				r.Reason = "理由"
			}
			_, err := w.Decide(chair(), r)
			var refused []string
			if f, ok := errors.AsType[*fault.Error](err); ok {
				for _, v := range f.Violations {
					if v.Code != "finding_not_lifted" || v.Field != "waivers" || v.Basis[0] != "YP23-S-1.1" {
						t.Errorf("%+v", v)
					}
					refused = append(refused, ruleNamed(v.MsgEN))
				}
			}
			if !slices.Equal(refused, c.refused) || (err != nil) != (c.refused != nil) {
				t.Fatalf("%v, want a refusal of %v", err, c.refused)
			}
			if err == nil && count[*conferencev1.WaiverGranted](w) != len(c.waived) {
				t.Errorf("%d waivers were stated", count[*conferencev1.WaiverGranted](w))
			}
		})
	}
}

// ruleNamed is the rule that a refusal names.
func ruleNamed(message string) string {
	_, rest, _ := strings.Cut(message, "waiver of ")
	rule, _, _ := strings.Cut(rest, " ")
	return rule
}

// TestAWaiverHoldsOn: what one decision lifted need not be lifted again when the
// project is reconsidered.
func TestAWaiverHoldsOn(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.must(w.Submitted(service(), submitted("p1"), "edu.declarer"))
	w.ready("p1")
	r := decision(w.deliberated("p1"), 0, conference.Approved, 600_000_000)
	r.Waivers = []conference.Waiver{{Rule: "own_website", Reason: "一事一议"}}
	_, err := w.Decide(chair(), r)
	w.must(err)
	_, err = w.Reconsider(secretary(), conference.ReconsiderDocket{ID: "p1", Reason: "政策调整"})
	w.must(err)
	_, err = w.Decide(chair(), decision(w.deliberated("p1"), 0, conference.Approved, 590_000_000))
	w.must(err)
}
