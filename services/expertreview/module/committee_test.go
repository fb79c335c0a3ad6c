package module_test

import (
	"fmt"
	"slices"
	"testing"

	"egov/libs/conf"
	"egov/libs/fault"
	"egov/libs/module/moduletest"
	expertreviewv1 "egov/proto/gen/egov/expertreview/v1"
	"egov/services/expertreview"
	"egov/services/expertreview/module"
)

// TestTheCommitteeOfExperts forms a committee from the pool (SH16-W-55, XA18-5),
// changes it and asks it; what is too narrow, out of the pool or out of term is
// Refused, with every Violation at once.
func TestTheCommitteeOfExperts(t *testing.T) {
	t.Parallel()
	o := start(t)
	accounts := make([]string, 6)
	for i := range accounts {
		accounts[i] = fmt.Sprintf("expert.%d", i)
		until := "2029-12-31"
		if i == 5 {
			until = "2026-12-31"
		}
		o.secretary.Post("/v1/experts", map[string]any{
			"account": accounts[i], "name": "专家", "employer": fmt.Sprintf("university-%d", i%3), "fields": []string{[]string{"网络安全", "数据", "架构"}[i%3]},
			"term_from": "2025-01-01", "term_to": until, "active": true,
		}).OK(nil)
	}
	form := func(members ...string) map[string]any {
		return map[string]any{"title": "电子政务专家委员会", "term_from": "2026-03-01", "term_to": "2029-02-28", "chair": "expert.0", "members": members}
	}
	broken := func(a moduletest.Answer, code string, want ...string) {
		t.Helper()
		var got []string
		for _, v := range a.Refused(422, code).Violations {
			got = append(got, v.Code)
			if !slices.Contains(v.Basis, "SH16-W-55") {
				t.Errorf("%s by %v", v.Code, v.Basis)
			}
		}
		if !slices.Equal(got, want) {
			t.Fatalf("%v, want %v", got, want)
		}
	}
	o.secretary.Post("/v1/committees", form("expert.1")).Refused(400, "invalid_input") // its chair is no member
	broken(o.secretary.Post("/v1/committees", form("expert.0", "expert.3")), "committee_refused", "too_few_members", "too_few_fields", "too_few_employers")
	broken(o.secretary.Post("/v1/committees", form("expert.0", "expert.5", "nobody")), "committee_refused", "not_appointed", "not_in_pool")
	o.agency.Post("/v1/committees", form(accounts[:5]...)).Refused(403, "role_required")

	var c expertreview.Committee
	o.secretary.Post("/v1/committees", form(accounts[:5]...)).OK(&c)
	o.Stated(c.ID, &expertreviewv1.CommitteeFormed{})
	o.secretary.Post("/v1/committees", form(accounts[:5]...)).Refused(409, "committee_standing")

	at := "/v1/committees/" + c.ID
	broken(o.secretary.Post(at+"/members", map[string]any{"expert": "expert.1", "leaves": true, "reason": "调离"}), "committee_refused", "too_few_members")
	broken(o.secretary.Post(at+"/members", map[string]any{"expert": "expert.5", "reason": "增补"}), "committee_refused", "not_appointed")
	o.secretary.Post(at+"/members", map[string]any{"expert": "expert.1", "reason": "增补"}).Refused(409, "committee_standing")
	o.secretary.Post(at+"/members", map[string]any{"expert": "expert.9", "leaves": true, "reason": "调离"}).Refused(403, "not_on_committee")
	o.secretary.Post("/v1/experts", map[string]any{
		"account": "expert.6", "name": "专家", "employer": "university-9", "fields": []string{"数据"}, "term_from": "2025-01-01", "term_to": "2029-12-31", "active": true,
	}).OK(nil)
	o.secretary.Post(at+"/members", map[string]any{"expert": "expert.6", "chair": true, "reason": "增补"}).OK(nil)
	o.secretary.Post(at+"/members", map[string]any{"expert": "expert.1", "leaves": true, "reason": "调离"}).OK(&c)
	if len(c.Members) != 5 || len(c.Former) != 1 || c.Members[0].Chair || !c.Members[4].Chair {
		t.Fatalf("%+v", c)
	}

	o.secretary.Post(at+"/questions", map[string]any{"text": "规划的技术路线"}).OK(nil)
	member, outsider := o.As("expert.2", "experts", "expert"), o.As("expert.1", "experts", "expert")
	var inbox struct{ Items []struct{ Action string } }
	if member.Get("/v1/tasks").OK(&inbox); len(inbox.Items) != 1 || inbox.Items[0].Action != "advise" {
		t.Fatalf("%+v", inbox)
	}
	outsider.Post(at+"/questions/1/advice", map[string]any{"text": "意见"}).Refused(403, "not_on_committee")
	o.As("expert.8", "experts", "expert").Post(at+"/questions/1/advice", map[string]any{"text": "意见"}).Refused(404, "not_found")
	member.Post(at+"/questions/2/advice", map[string]any{"text": "意见"}).Refused(404, "no_such_question")
	member.Post(at+"/questions/1/advice", map[string]any{"text": "分层解耦"}).OK(&c)
	member.Post(at+"/questions/1/advice", map[string]any{"text": "改主意"}).Refused(409, "opinion_given")
	if c.Questions[0].Advice[0].Signature == nil || o.Count(c.ID, &expertreviewv1.CommitteeAdvised{}) != 1 {
		t.Fatalf("%+v", c.Questions)
	}
	o.Set("2029-03-01")
	o.secretary.Post(at+"/questions", map[string]any{"text": "再问"}).Refused(409, "committee_out_of_term")
}

// TestNoCommitteeWithoutARule: rules that know no committee have it Refused
// (SH16-W-55), whatever else they say of experts (XA18-5).
func TestNoCommitteeWithoutARule(t *testing.T) {
	t.Parallel()
	s := moduletest.Start(t, module.Name, "2026-03-02", module.New, func(c *conf.Service) { c.District = "xian" })
	p := s.As("office.secretary", "gov-office", "secretary").Post("/v1/committees", map[string]any{
		"title": "委员会", "term_from": "2026-03-01", "term_to": "2029-02-28", "chair": "a", "members": []string{"a"},
	}).Refused(422, "no_committee")
	if !slices.Contains(p.Basis, "SH16-W-55") {
		t.Fatal(p.Basis)
	}
}

func TestWhatACommitteeRequestLeavesOut(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, field string
		r           interface{ Validate() error }
	}{
		{"no members", "members", &expertreview.FormCommittee{Title: "x"}},
		{"a change without a reason", "reason", &expertreview.ChangeCommittee{Expert: "a"}},
		{"no question", "text", &expertreview.AskCommittee{}},
		{"no advice", "text", &expertreview.AdviseAsMember{}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			if !slices.ContainsFunc(fault.From(c.r.Validate()).Violations, func(v fault.Violation) bool {
				return v.Field == c.field && slices.Contains(v.Basis, "SH16-W-55")
			}) {
				t.Fatal(c.r.Validate())
			}
		})
	}
}
