package httpapi_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"egov/libs/aggregate/aggregatetest"
	"egov/libs/authn"
	"egov/libs/calendar"
	"egov/libs/op"
	"egov/libs/policy"
	"egov/libs/rules"
	typev1 "egov/proto/gen/egov/type/v1"
	"egov/services/cryptoassessment"
	"egov/services/cryptoassessment/httpapi"
)

// Whatever the body is, submitting a plan either answers with a plan that keeps
// the rules, or with one problem and nothing written.
func FuzzSubmitPlan(f *testing.F) {
	for _, body := range []string{
		`{"summary":"方案","level":3,"algorithms":[{"name":"SM2","purpose":"签名"}]}`,
		`{"summary":"方案","level":1,"algorithms":[{"name":"AES","purpose":"传输"}],"deviation":"对接"}`,
		`{"summary":"方案","level":3,"algorithms":[{"name":"AES"}]}`, `{"level":3.5,"algorithms":{}}`, `{"algorithms":[1,null]}`, `[]`, `{`, ``,
		`{"summary":"` + "\xff" + `"}`,
	} {
		f.Add(body)
	}
	self := authn.Service("cryptoassessment", cryptoassessment.Bureau)
	by := authn.Principal{Subject: "edu.declarer", Unit: "education", Roles: []string{"declarer"}}
	f.Fuzz(func(t *testing.T, body string) {
		clock := calendar.NewManual(calendar.MustDate(2026, 3, 2).Start().Add(9 * time.Hour))
		plans, mux := aggregatetest.New[cryptoassessment.Plan, *cryptoassessment.Plan](clock), http.NewServeMux()
		s := &cryptoassessment.Service{Plans: plans, Rules: rules.Book{Packs: policy.Default(), Calendar: calendar.Statutory()}}
		httpapi.Mount(op.NewAPI("cryptoassessment", "密码与信创", mux), s)
		project := &typev1.ProjectBrief{ProjectId: "p1", Title: "平台", Unit: by.Unit, Pack: "yangpu-2023", Items: []string{"crypto_plan"}}
		if err := s.ProjectSubmitted(authn.With(t.Context(), self), project, nil); err != nil {
			t.Fatal(err)
		}
		r := httptest.NewRequest(http.MethodPost, "/v1/plans/p1/submit", strings.NewReader(body))
		r = r.WithContext(authn.With(r.Context(), by))
		w := httptest.NewRecorder()
		mux.ServeHTTP(w, r)
		if w.Code == http.StatusOK {
			var p cryptoassessment.Plan
			if err := json.Unmarshal(w.Body.Bytes(), &p); err != nil {
				t.Fatal(err)
			}
			foreign := slices.ContainsFunc(p.Content.Algorithms, func(a cryptoassessment.Algorithm) bool {
				return !slices.Contains(cryptoassessment.National, strings.ToUpper(a.Name))
			})
			if p.State != cryptoassessment.PlanSubmitted || p.Content.Summary == "" || p.Content.Level < 1 || p.Content.Level > 4 ||
				len(p.Content.Algorithms) == 0 || foreign && p.Content.Deviation == "" || p.SubmittedBy != by.Subject {
				t.Errorf("%+v", p)
			}
			return
		}
		var p op.Problem
		if err := json.Unmarshal(w.Body.Bytes(), &p); err != nil || p.Code == "" || p.Status != w.Code || p.Title == "" || w.Code >= 500 {
			t.Errorf("%d %s %v", w.Code, w.Body, err)
		}
		if l, err := plans.Get(r.Context(), "p1"); err != nil || l.State != cryptoassessment.PlanWanted || len(plans.Facts()) != 0 {
			t.Errorf("a refused request left %+v %v", l, err)
		}
	})
}
