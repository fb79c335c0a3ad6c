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
	budgetingv1 "egov/proto/gen/egov/budgeting/v1"
	conferencev1 "egov/proto/gen/egov/conference/v1"
	typev1 "egov/proto/gen/egov/type/v1"
	"egov/services/procurement"
	"egov/services/procurement/httpapi"
)

// FuzzFileContract sends any bytes as the body of a contract filing for a
// renewal that is ready to be filed: the answer is a success or a problem,
// never a failure of the service, and a refusal leaves nothing behind.
func FuzzFileContract(f *testing.F) {
	for _, seed := range []string{
		`{"contract_no":"HT-1","supplier":"申城软件","supplier_credit_code":"91350100M000100Y43","value_fen":1,"effective_on":"2026-04-01","ends_on":"2026-12-31","papers":[{"item":"contract_copy","sha256":"x"}]}`,
		`{"value_fen":9223372036854775808}`, `{"papers":{}}`, `{"papers":[null]}`, `{"papers":[{"item":1}]}`, `{"effective_on":"0000-00-00"}`, `{"ends_on":null}`,
		`[]`, `{`, ``, `null`, `{"supplier":"\u0000"}`, "{\"supplier\":\"\xff\"}", `{"supplier":"a","supplier":"b"}`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		now, _ := calendar.ParseDate("2026-04-01")
		rows := aggregatetest.New[procurement.Procurement, *procurement.Procurement](calendar.NewManual(now.Start().Add(time.Hour)))
		s := &procurement.Service{
			Procurements: rows, Rules: rules.Book{Packs: policy.Default(), Calendar: calendar.Statutory()},
			Sign: func(string, authn.Principal, any) (*typev1.Signature, error) {
				return &typev1.Signature{Alg: "test"}, nil
			},
		}
		self := authn.With(t.Context(), authn.Service("procurement", procurement.Office))
		p := &typev1.ProjectBrief{ProjectId: "p1", Kind: "service", Unit: "education", AmountFen: 60_000_000, Route: "renewal_filing", RenewalYear: 2, Pack: "yangpu-2023", DeclaredOn: "2026-03-02", Leader: "王", Contact: "李"}
		for _, err := range []error{
			s.ProjectAccepted(self, p),
			s.Decided(self, &conferencev1.DecisionTaken{ProjectId: "p1", Outcome: "filed", DecidedOn: "2026-03-20"}),
			s.BudgetIssued(self, &budgetingv1.BudgetIssued{ProjectId: "p1", AmountFen: 60_000_000, IssuedOn: "2026-03-25"}),
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
		httpapi.Mount(op.NewAPI("procurement", "采购与实施", mux), s)
		by := authn.With(t.Context(), authn.Principal{Subject: "edu.declarer", Unit: "education", Roles: []string{"declarer"}})
		w := httptest.NewRecorder()
		mux.ServeHTTP(w, httptest.NewRequestWithContext(by, http.MethodPost, "/v1/procurements/p1/contract", strings.NewReader(string(body))))
		after, err := rows.Get(self, "p1")
		if err != nil {
			t.Fatal(err)
		}
		if w.Code == http.StatusOK {
			t.Fatalf("%q is filed without an attached copy: %+v", body, after.Contracts)
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
