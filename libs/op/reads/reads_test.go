package reads_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"egov/libs/aggregate"
	"egov/libs/aggregate/aggregatetest"
	"egov/libs/calendar"
	"egov/libs/op"
	"egov/libs/op/reads"
)

type thing struct {
	aggregate.Root
	State string `json:"state"`
}

type list struct {
	State string `query:"state" json:"-"`
	reads.Page
}

func (q list) Query() aggregate.Query { return q.By(map[string]string{"state": q.State}) }

func TestBothReads(t *testing.T) {
	t.Parallel()
	things := aggregatetest.New[thing, *thing](calendar.NewManual(calendar.MustDate(2026, 3, 2).Start().Add(9 * time.Hour)))
	for id, state := range map[string]string{"1": "open", "2": "closed"} {
		if _, err := things.Create(t.Context(), id, func(x *thing, _ *aggregate.Recorder) error {
			x.State = state
			return nil
		}); err != nil {
			t.Fatal(err)
		}
	}
	mux := http.NewServeMux()
	a := op.NewAPI("things", "东西", mux)
	reads.List[list](a, "GET /v1/things", "ListThings", "Things, newest first", aggregate.Repository[thing](things))
	reads.List[reads.All](a, "GET /v1/all", "ListAll", "Everything", aggregate.Repository[thing](things))
	reads.One(a, "GET /v1/things/{id}", "GetThing", "One thing", aggregate.Repository[thing](things))
	if err := a.ServeOpenAPI(); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		name, path string
		status     int
		with       []string
		without    string
	}{
		{"Filtered", "/v1/things?state=open", 200, []string{`"items":[`, `"id":"1"`}, `"id":"2"`},
		{"AnEmptyFilterFiltersNothing", "/v1/things?state=", 200, []string{`"id":"1"`, `"id":"2"`}, ""},
		{"WithoutFilters", "/v1/all", 200, []string{`"id":"1"`, `"id":"2"`}, ""},
		{"AFilterItDoesNotHave", "/v1/all?state=open", 400, []string{`"unknown_parameter"`, `"field":"state"`}, "items"},
		{"BadPageSize", "/v1/things?page_size=many", 400, []string{`"page_size"`}, "items"},
		{"One", "/v1/things/2", 200, []string{`"id":"2"`, `"state":"closed"`}, "items"},
		{"None", "/v1/things/3", 404, []string{`"not_found"`}, "items"},
		{"Described", "/openapi.json", 200, []string{`"name": "state"`, `"name": "page_size"`, `"name": "page_token"`, `"ListThings"`, `"GetThing"`}, `"name": "Page"`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := httptest.NewRecorder()
			mux.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), http.MethodGet, tt.path, nil))
			for _, want := range tt.with {
				if w.Code != tt.status || !strings.Contains(w.Body.String(), want) || tt.without != "" && strings.Contains(w.Body.String(), tt.without) {
					t.Fatalf("%d %s", w.Code, w.Body)
				}
			}
		})
	}
}
