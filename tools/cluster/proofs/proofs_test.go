package proofs

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

func TestProofsAreToldApart(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for _, p := range All() {
		if seen[p.Name] || p.Name == "" || p.What == "" || p.Show == nil || p.Limit == 0 {
			t.Errorf("%q is not a proof of its own: %+v", p.Name, p)
		}
		seen[p.Name] = true
	}
}

func TestRunStopsAtAFailureAndTellsOfIt(t *testing.T) {
	t.Parallel()
	fine := func(context.Context, *Bed) (string, error) { return "as it should be", nil }
	wrong := func(context.Context, *Bed) (string, error) { return "", errors.New("broken") }
	var out strings.Builder
	results, err := Run(t.Context(), &Bed{Out: &out}, []Proof{
		{Name: "first", Show: fine, Limit: time.Minute},
		{Name: "elsewhere", Show: wrong, Limit: time.Minute, Needs: func(*Bed) string { return "no ground" }},
		{Name: "second", Show: wrong, Limit: time.Minute},
		{Name: "third", Show: fine, Limit: time.Minute},
	})
	if err == nil || !strings.Contains(err.Error(), "second: broken") {
		t.Errorf("error %v", err)
	}
	var table strings.Builder
	if err := Table(&table, results); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"first", "✓", "as it should be", "elsewhere", "not here: no ground", "second", "✗"} {
		if !strings.Contains(table.String(), want) {
			t.Errorf("the table lacks %q:\n%s", want, table.String())
		}
	}
	if strings.Contains(table.String(), "third") {
		t.Errorf("what stands on a failure was tried:\n%s", table.String())
	}
}

// TestAwaitKeepsTheReason: what was last seen is said, not that time is over.
func TestAwaitKeepsTheReason(t *testing.T) {
	t.Parallel()
	err := await(t.Context(), 10*time.Millisecond, func(context.Context) error { return errors.New("one pod is missing") })
	if err == nil || !strings.Contains(err.Error(), "one pod is missing") {
		t.Errorf("error %v", err)
	}
	if err := await(t.Context(), time.Second, func(context.Context) error { return nil }); err != nil {
		t.Error(err)
	}
}

// TestLoadCountsWhatFails: callers repeat nothing, so that every answer that is
// not as it should be is a failure.
func TestLoadCountsWhatFails(t *testing.T) {
	t.Parallel()
	var asked atomic.Int64
	mux := http.NewServeMux()
	mux.HandleFunc("POST /v1/sessions", func(w http.ResponseWriter, _ *http.Request) {
		_ = json.NewEncoder(w).Encode(map[string]string{"access_token": "t"})
	})
	mux.HandleFunc("POST /v1/projects", func(w http.ResponseWriter, r *http.Request) {
		switch asked.Add(1) {
		case 1:
			if r.Header.Get("Authorization") != "Bearer t" {
				t.Error("without the token that was given")
			}
			_ = json.NewEncoder(w).Encode(map[string]string{"id": "p1"})
		case 2:
			http.Error(w, "away", http.StatusServiceUnavailable)
		case 3:
			panic(http.ErrAbortHandler)
		}
	})
	server := httptest.NewServer(mux)
	defer server.Close()
	l := &load{url: func(string) string { return server.URL }, http: server.Client()}
	token := map[string]string{"Authorization": "Bearer " + l.signIn("somebody")}
	var p struct{ ID string }
	if !l.ask("declaration", http.MethodPost, "/v1/projects", draft(), token, &p) || p.ID != "p1" {
		t.Errorf("the first is %q, failures %v", p.ID, l.failures)
	}
	for range 2 {
		if l.ask("declaration", http.MethodPost, "/v1/projects", draft(), token, nil) {
			t.Error("a failure passed for an answer")
		}
	}
	if l.asked != 4 || len(l.failures) != 2 {
		t.Errorf("%d asked, failures %v", l.asked, l.failures)
	}
}

// TestMetricsAnswerAsAutoscalersAsk: what waits is answered for the stream and
// the group that the selector names, and an error is none of zero.
func TestMetricsAnswerAsAutoscalersAsk(t *testing.T) {
	t.Parallel()
	m := &metrics{lag: func(_ context.Context, stream, group string) (int64, error) {
		if stream != "egov:events:declaration" || group != "auditexport.ledger" {
			return 0, errors.New("nobody follows that")
		}
		return 344, nil
	}}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /ns/{namespace}/{metric}", m.answer(m.external))
	for _, c := range []struct {
		name, selector, want string
		status               int
	}{
		{"a followed stream", "stream=declaration,group=auditexport.ledger", `"value":"344"`, http.StatusOK},
		{"another group", "stream=declaration,group=nobody", "", http.StatusInternalServerError},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			w := httptest.NewRecorder()
			r := httptest.NewRequest(http.MethodGet, "/ns/egov/s0-redis-streams", nil)
			q := r.URL.Query()
			q.Set("labelSelector", c.selector)
			r.URL.RawQuery = q.Encode()
			mux.ServeHTTP(w, r)
			if w.Code != c.status || !strings.Contains(w.Body.String(), c.want) {
				t.Errorf("%d %s", w.Code, w.Body)
			}
		})
	}
}
