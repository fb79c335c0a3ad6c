package httpapi_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"egov/libs/aggregate"
	"egov/libs/aggregate/aggregatetest"
	"egov/libs/authn"
	"egov/libs/calendar"
	"egov/libs/op"
	"egov/libs/policy"
	"egov/libs/rules"
	"egov/services/cybersecurity"
	"egov/services/cybersecurity/httpapi"
)

// Whatever the body is, registering a system either answers with an entry that
// keeps the rules, or with one problem and nothing written.
func FuzzRegisterSystem(f *testing.F) {
	for _, body := range []string{
		`{"name":"平台","network":"internet","deployment":"government_cloud","data_level":"general","duty_holder":"科","in_use_since":"2024-05-01"}`,
		`{"name":"平台","network":"internet","deployment":"unit_room","data_level":"core","duty_holder":"科","in_use_since":"2026-03-02"}`,
		`{"project_id":"p1","in_use_since":"2026-03-03"}`, `{"name":1,"name":2}`, `{"in_use_since":"2026-02-30"}`, `[]`, `{`, ``, `{"name":"` + "\xff" + `"}`,
	} {
		f.Add(body)
	}
	by := authn.Principal{Subject: "edu.declarer", Unit: "education", Roles: []string{"declarer"}}
	today := calendar.MustDate(2026, 3, 2)
	f.Fuzz(func(t *testing.T, body string) {
		clock := calendar.NewManual(today.Start().Add(9 * time.Hour))
		systems, mux := aggregatetest.New[cybersecurity.System, *cybersecurity.System](clock), http.NewServeMux()
		httpapi.Mount(op.NewAPI("cybersecurity", "网络安全", mux), &cybersecurity.Service{
			Systems: systems, District: "yangpu", Rules: rules.Book{Packs: policy.Default(), Calendar: calendar.Statutory()},
			NewID: func() string { return "n1" },
		})
		r := httptest.NewRequest(http.MethodPost, "/v1/systems", strings.NewReader(body))
		r = r.WithContext(authn.With(r.Context(), by))
		w := httptest.NewRecorder()
		mux.ServeHTTP(w, r)
		if w.Code == http.StatusCreated {
			var y cybersecurity.System
			if err := json.Unmarshal(w.Body.Bytes(), &y); err != nil {
				t.Fatal(err)
			}
			if y.Title == "" || y.DutyHolder == "" || !slices.Contains(cybersecurity.Networks, y.Network) || !slices.Contains(cybersecurity.DataLevels, y.DataLevel) ||
				y.Deployment != "government_cloud" && y.DeploymentReason == "" || !y.InUse || y.InUseSince > today.String() || y.Unit != by.Unit || y.Grade != 0 {
				t.Errorf("%+v", y)
			}
			return
		}
		var p op.Problem
		if err := json.Unmarshal(w.Body.Bytes(), &p); err != nil || p.Code == "" || p.Status != w.Code || p.Title == "" || w.Code >= 500 {
			t.Errorf("%d %s %v", w.Code, w.Body, err)
		}
		if page, err := systems.List(r.Context(), aggregate.Query{}); err != nil || len(page.Items) != 0 || len(systems.Facts()) != 0 {
			t.Errorf("a refused request left %+v %v", page.Items, err)
		}
	})
}
