package portal_test

import (
	"bufio"
	"context"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"egov/services/portal"
	"egov/services/portal/portaltest"
)

// answers is a service with fixed lists.
func answers(t *testing.T, byPath map[string]string) string {
	t.Helper()
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, ok := byPath[r.URL.RequestURI()]
		if !ok {
			http.NotFound(w, r)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write([]byte(body))
	}))
	t.Cleanup(srv.Close)
	return srv.URL
}

func TestInboxIsTheUnionOfAllServices(t *testing.T) {
	t.Parallel()
	budgeting := answers(t, map[string]string{"/v1/tasks": `{"items":[
		{"service":"forged","collection":"budget","id":"b1","project_id":"p1","action":"issue","title":"下达预算","due_on":"2026-11-22","since":"2026-11-20T09:00:00+08:00"},
		{"collection":"budget","id":"b2","project_id":"p2","action":"issue","title":"无时限","since":"2026-11-01T09:00:00+08:00"}]}`})
	s := begin(t, func(c *portal.Config) {
		c.Services["budgeting"] = budgeting
		c.Services["auditexport"] = answers(t, nil) // has no inbox
		c.Services["procurement"] = "http://127.0.0.1:1"
		c.Services["conference"] = answers(t, map[string]string{"/v1/tasks": `not JSON`})
	})
	in := decode[portal.Inbox](t, s.signedIn(portaltest.Secretary).do("GET", "/api/inbox", nil))
	var got []string
	for _, x := range in.Items {
		got = append(got, x.Service+"/"+x.ID)
	}
	if want := []string{"budgeting/b1", "declaration/p000002", "budgeting/b2"}; !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
	if want := []string{"conference", "procurement"}; !slices.Equal(in.Unavailable, want) || in.Today != "2026-11-21" {
		t.Errorf("%+v", in)
	}
}

func TestDeadlinesAreThoseThatStillRun(t *testing.T) {
	t.Parallel()
	s := begin(t, func(c *portal.Config) {
		c.Services["procurement"] = answers(t, map[string]string{
			"/v1/deadlines?state=open%2Cwarned%2Cpaused%2Clate": `{"items":[{"id":"d1","project_id":"p1","obligation":"contract_filing","due_on":"2026-12-01","state":"open"},
				{"id":"d2","project_id":"p1","due_on":"2026-11-01","state":"late"},{"id":"d3","project_id":"p1","due_on":"2026-10-01","state":"late","met_on":"2026-10-03"}]}`,
		})
		c.Services["budgeting"] = "http://127.0.0.1:1"
	})
	d := decode[portal.Deadlines](t, s.signedIn(portaltest.Auditor).do("GET", "/api/deadlines", nil))
	if len(d.Items) != 2 || d.Items[0].ID != "d2" || d.Items[1].ID != "d1" || d.Items[1].Service != "procurement" {
		t.Errorf("%+v", d.Items)
	}
	if !slices.Equal(d.Unavailable, []string{"budgeting"}) {
		t.Errorf("unavailable: %v", d.Unavailable)
	}
}

// stream reads server-sent events as "event data" lines.
func (b *browser) stream(ctx context.Context) <-chan string {
	b.t.Helper()
	req, err := http.NewRequestWithContext(ctx, "GET", b.at+"/api/events", nil)
	if err != nil {
		b.t.Fatal(err)
	}
	resp, err := b.http.Do(req) //nolint:bodyclose // the goroutine below closes it
	if err != nil {
		b.t.Fatal(err)
	}
	if resp.StatusCode != http.StatusOK || resp.Header.Get("Content-Type") != "text/event-stream" {
		b.t.Fatalf("%d %v", resp.StatusCode, resp.Header)
	}
	lines := make(chan string)
	go func() {
		defer close(lines)
		defer resp.Body.Close()
		name := ""
		for sc := bufio.NewScanner(resp.Body); sc.Scan(); {
			if v, ok := strings.CutPrefix(sc.Text(), "event: "); ok {
				name = v
			}
			if v, ok := strings.CutPrefix(sc.Text(), "data: "); ok {
				select {
				case lines <- name + " " + v:
				case <-ctx.Done():
					return
				}
			}
		}
	}()
	return lines
}

// next waits for an event; the test's own deadline bounds the wait.
func next(t *testing.T, events <-chan string) string {
	t.Helper()
	select {
	case e, open := <-events:
		if !open {
			return "end"
		}
		return e
	case <-time.After(time.Minute):
		t.Fatal("no event came")
		return ""
	}
}

func TestEventsTellOfTheInboxAndTheEndOfTheSession(t *testing.T) {
	t.Parallel()
	s := begin(t)
	secretary := s.signedIn(portaltest.Secretary)
	events := secretary.stream(t.Context())
	if e := next(t, events); e != `inbox {"items":1}` {
		t.Fatalf("got %q", e)
	}
	ok(t, secretary.do("POST", "/api/declaration/v1/projects/p000002/return", map[string]string{"reason": "缺预算方案"}))
	if e := next(t, events); e != `inbox {"items":0}` {
		t.Fatalf("got %q", e)
	}
	ok(t, secretary.do("DELETE", "/api/session", nil))
	if e := next(t, events); e != "signed_out {}" {
		t.Fatalf("got %q", e)
	}
	if e := next(t, events); e != "end" {
		t.Fatalf("got %q", e)
	}
}

func TestEventsEndWhenThePortalStops(t *testing.T) {
	t.Parallel()
	s := begin(t)
	stop, cancel := context.WithCancel(t.Context())
	b := s.browser()
	b.at = s.replica(stop, s.clock)
	b.signIn(portaltest.Declarer)
	events := b.stream(t.Context())
	if e := next(t, events); e != `inbox {"items":0}` {
		t.Fatalf("got %q", e)
	}
	cancel()
	if e := next(t, events); e != "end" {
		t.Fatalf("got %q", e)
	}
}
