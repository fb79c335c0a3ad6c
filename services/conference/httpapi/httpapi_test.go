package httpapi_test

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"egov/libs/aggregate"
	"egov/libs/authn"
	"egov/libs/calendar"
	"egov/libs/op"
	"egov/libs/policy"
	"egov/libs/rules"
	"egov/services/conference"
	"egov/services/conference/httpapi"
)

var day = calendar.MustDate(2026, 6, 18)

// sessions keeps nothing and counts what would have been written.
type sessions struct {
	aggregate.Repository[conference.Session]
	written int
}

func (s *sessions) Create(ctx context.Context, id string, change aggregate.Change[conference.Session]) (ss conference.Session, err error) {
	ss.ID = id
	if err := change(&ss, aggregate.NewRecorder(authn.By(ctx), day.Start().Add(9*time.Hour))); err != nil {
		return ss, err
	}
	s.written++
	return ss, nil
}

// seats never changed hands.
type seats struct {
	aggregate.Repository[conference.Seat]
}

func (seats) List(context.Context, aggregate.Query) (p aggregate.Page[conference.Seat], err error) {
	return p, nil
}

func serve() (*http.ServeMux, *sessions) {
	kept, mux := &sessions{}, http.NewServeMux()
	httpapi.Mount(op.NewAPI("conference", "联席会议", mux), &conference.Service{
		Sessions: kept, Seats: seats{}, Rules: rules.Book{Packs: policy.Default(), Calendar: calendar.Statutory()},
		NewID: func() string { return "s1" }, Today: func() calendar.Date { return day },
	})
	return mux, kept
}

// Whatever the body is, calling a session either answers with a session that
// keeps the rules, or with one problem and nothing written.
func FuzzCallSession(f *testing.F) {
	for _, body := range []string{
		`{"mode":"ordinary","held_on":"2026-06-18","chair":"chair"}`,
		`{"mode":"written","held_on":"2026-06-18","chair":"chair","reason":"紧急","opinions_until":"2026-06-20"}`,
		`{"mode":"written","held_on":"2026-02-30"}`, `{"mode":7,"mode":8}`, `[]`, `{`, ``, `{"held_on":"9999-12-31","mode":"ad_hoc","reason":"` + "\xff" + `"}`,
	} {
		f.Add(body)
	}
	by := authn.Principal{Subject: "gov-office.secretary", Unit: conference.Office, Roles: []string{"secretary"}}
	f.Fuzz(func(t *testing.T, body string) {
		mux, kept := serve()
		r := httptest.NewRequest(http.MethodPost, "/v1/sessions", strings.NewReader(body))
		w := httptest.NewRecorder()
		mux.ServeHTTP(w, r.WithContext(authn.With(r.Context(), by)))
		if w.Code == http.StatusCreated {
			var ss conference.Session
			if err := json.Unmarshal(w.Body.Bytes(), &ss); err != nil {
				t.Fatal(err)
			}
			if ss.State != conference.Called || ss.Chair == "" || ss.HeldOn.Before(day) || ss.Required != 7 ||
				ss.Mode != conference.Ordinary && ss.Reason == "" || (ss.Mode == conference.Written) == ss.OpinionsUntil.IsZero() {
				t.Errorf("%+v", ss)
			}
			return
		}
		var p op.Problem
		if err := json.Unmarshal(w.Body.Bytes(), &p); err != nil {
			t.Fatalf("%d %s: %v", w.Code, w.Body, err)
		}
		if w.Code != p.Status || p.Status < 400 || p.Status >= 500 || kept.written != 0 {
			t.Errorf("%d, %d written: %s", w.Code, kept.written, w.Body)
		}
	})
}

// Every operation names itself, its roles and its path once.
func TestEveryOperationIsDescribed(t *testing.T) {
	t.Parallel()
	api := op.NewAPI("conference", "联席会议", http.NewServeMux())
	httpapi.Mount(api, &conference.Service{})
	doc, err := api.OpenAPI()
	if err != nil {
		t.Fatal(err)
	}
	var spec struct {
		Paths map[string]map[string]struct {
			ID          string `json:"operationId"`
			Summary     string `json:"summary"`
			Description string `json:"description"`
		} `json:"paths"`
	}
	if err := json.Unmarshal(doc, &spec); err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	for path, methods := range spec.Paths {
		for method, o := range methods {
			if o.ID == "" || o.Summary == "" || seen[o.ID] {
				t.Errorf("%s %s: %+v", method, path, o)
			}
			if method == "post" && !strings.HasPrefix(o.Description, "Roles: ") {
				t.Errorf("%s changes something and asks for no role", path)
			}
			seen[o.ID] = true
		}
	}
	if len(seen) != len(api.Operations()) {
		t.Errorf("%d described, %d mounted", len(seen), len(api.Operations()))
	}
}
