package httpapi_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"egov/libs/aggregate/aggregatetest"
	"egov/libs/authn"
	"egov/libs/calendar"
	"egov/libs/op"
	"egov/libs/policy"
	"egov/libs/rules"
	conferencev1 "egov/proto/gen/egov/conference/v1"
	typev1 "egov/proto/gen/egov/type/v1"
	"egov/services/budgeting"
	"egov/services/budgeting/httpapi"
)

// FuzzRequestBudget sends any bytes as the body of a request for money: the
// answer is a success or a problem with its violations, never a failure of the
// service, and a refusal leaves the budget as it was.
func FuzzRequestBudget(f *testing.F) {
	for _, seed := range []string{
		`{"amount_fen":270000000,"second_class_fen":1,"fiscal_year":2026,"statement":"首批"}`,
		`{"amount_fen":9223372036854775807,"fiscal_year":-1}`, `{"amount_fen":1e400}`, `{"amount_fen":"1"}`, `[]`, `{`, ``, `null`,
		`{"amount_fen":1,"amount_fen":2}`, `{"statement":"\u0000"}`, "{\"statement\":\"\xff\"}", `{"ID":"other"}`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		now, _ := calendar.ParseDate("2026-04-01")
		rows := aggregatetest.New[budgeting.Budget, *budgeting.Budget](calendar.NewManual(now.Start().Add(time.Hour)))
		s := &budgeting.Service{Budgets: rows, Rules: rules.Book{Packs: policy.Default(), Calendar: calendar.Statutory()}}
		self := authn.With(t.Context(), authn.Service("budgeting", budgeting.Office))
		p := &typev1.ProjectBrief{ProjectId: "p1", Kind: "new_build", Unit: "education", AmountFen: 300_000_000, Route: "review", Pack: "yangpu-2023", DeclaredOn: "2026-03-02"}
		for _, err := range []error{
			s.Accepted(self, p), s.Planned(self, "p1", "2026-03-20"),
			s.Decided(self, &conferencev1.DecisionTaken{ProjectId: "p1", Outcome: "approved", ApprovedFen: 280_000_000, DecidedOn: "2026-03-20"}),
		} {
			if err != nil {
				t.Fatal(err)
			}
		}
		before, err := rows.Get(self, "p1")
		if err != nil {
			t.Fatal(err)
		}
		mux := http.NewServeMux()
		httpapi.Mount(op.NewAPI("budgeting", "项目预算", mux), s)
		by := authn.With(t.Context(), authn.Principal{Subject: "edu.declarer", Unit: "education", Roles: []string{"declarer"}})
		w := httptest.NewRecorder()
		mux.ServeHTTP(w, httptest.NewRequestWithContext(by, http.MethodPost, "/v1/budgets/p1/request", strings.NewReader(string(body))))
		after, err := rows.Get(self, "p1")
		if err != nil {
			t.Fatal(err)
		}
		if w.Code == http.StatusOK {
			if after.State != budgeting.Requested || after.Request.AmountFen <= 0 || after.Request.AmountFen > after.ApprovedFen {
				t.Fatalf("accepted %q as %+v", body, after.Request)
			}
			return
		}
		var problem op.Problem
		if err := json.Unmarshal(w.Body.Bytes(), &problem); err != nil || w.Code >= http.StatusInternalServerError || problem.Code == "" {
			t.Fatalf("%q: %d %s", body, w.Code, w.Body)
		}
		if after.Version != before.Version {
			t.Fatalf("%q was refused and left something behind", body)
		}
	})
}
