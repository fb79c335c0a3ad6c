package portal_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"egov/libs/aggregate"
	"egov/libs/calendar"
	"egov/services/portal"
	"egov/services/portal/portaltest"
)

// echo is a service that answers with the request as it came.
func echo(t *testing.T) string {
	t.Helper()
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/v1/tasks" {
			http.NotFound(w, r)
			return
		}
		b, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		w.Header().Set("Set-Cookie", "service=1")
		w.Header().Set("Server", "secret/1.0")
		w.Header().Set("ETag", `"v7"`)
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(map[string]any{"method": r.Method, "uri": r.RequestURI, "header": r.Header, "body": string(b)})
	}))
	t.Cleanup(srv.Close)
	return srv.URL
}

func TestForwardCarriesTheRequestAndNothingElse(t *testing.T) {
	t.Parallel()
	at := echo(t)
	s := begin(t, func(c *portal.Config) { c.Services["echo"] = at + "/behind" })
	b := s.signedIn(portaltest.Declarer)
	r := b.do("POST", "/api/echo/v1/things/a%2Fb?x=1&y=%E7%94%B2", `{"amount_fen":1}`,
		"Idempotency-Key", "k1", "If-Match", `"v3"`, "Content-Type", "application/json", "X-Unit", "audit", "Authorization", "Bearer forged")
	ok(t, r)
	got := decode[struct {
		Method, URI, Body string
		Header            http.Header
	}](t, r)
	if got.Method != "POST" || got.URI != "/behind/v1/things/a%2Fb?x=1&y=%E7%94%B2" || got.Body != `{"amount_fen":1}` {
		t.Errorf("%+v", got)
	}
	if got.Header.Get("Idempotency-Key") != "k1" || got.Header.Get("If-Match") != `"v3"` || got.Header.Get("Traceparent") != "" && len(got.Header.Get("Traceparent")) != 55 {
		t.Errorf("%v", got.Header)
	}
	if a := got.Header.Get("Authorization"); !strings.HasPrefix(a, "Bearer ey") {
		t.Errorf("authorization %q", a)
	}
	for _, name := range []string{"Cookie", "X-Csrf-Token", "Origin", "Referer"} {
		if got.Header.Get(name) != "" {
			t.Errorf("%s reached the service", name)
		}
	}
	if r.header.Get("ETag") != `"v7"` || r.header.Get("Set-Cookie") != "" || r.header.Get("Server") != "" {
		t.Errorf("%v", r.header)
	}
	if csp := r.header.Get("Content-Security-Policy"); !strings.Contains(csp, "sandbox") {
		t.Errorf("policy %q", csp)
	}
}

func TestForwardRefuses(t *testing.T) {
	t.Parallel()
	s := begin(t, func(c *portal.Config) {
		c.Services["down"] = "http://127.0.0.1:1"
		c.MaxBody = 1 << 10
	})
	b := s.signedIn(portaltest.Declarer)
	for name, tt := range map[string]struct {
		method, path string
		body         any
		status       int
		code         string
	}{
		"no such service":             {"GET", "/api/nothing/v1/x", nil, 404, "unknown_service"},
		"outside the operations":      {"GET", "/api/declaration/metrics", nil, 404, "unknown_path"},
		"climbing out":                {"GET", "/api/declaration/v1/%2e%2e/status/config", nil, 404, "unknown_path"},
		"tokens of the identity":      {"POST", "/api/identity/v1/sessions", map[string]string{}, 404, "unknown_path"},
		"refresh at the identity":     {"POST", "/api/identity/v1/sessions/refresh", map[string]string{}, 404, "unknown_path"},
		"password at the identity":    {"PUT", "/api/identity/v1/me/password", map[string]string{}, 404, "unknown_path"},
		"a service that is down":      {"GET", "/api/down/v1/projects", nil, 503, "service_unavailable"},
		"a body beyond the limit":     {"POST", "/api/declaration/v1/projects", strings.Repeat("x", 2<<10), 400, "body_too_large"},
		"neither service nor page":    {"GET", "/api/", nil, 404, "unknown_path"},
		"the service's own refusal":   {"GET", "/api/declaration/v1/projects/none", nil, 404, "not_found"},
		"a role the account has not":  {"POST", "/api/declaration/v1/projects/p000002/accept", nil, 403, "role_required"},
		"another unit's project":      {"GET", "/api/declaration/v1/projects/p000001", nil, 404, "not_found"},
		"another unit's by the query": {"GET", "/api/declaration/v1/projects/p000001?unit=facilities", nil, 400, "invalid_input"},
		"another method":              {"DELETE", "/api/declaration/v1/tasks", nil, 405, "http_method_not_allowed"},
		"another path":                {"GET", "/api/declaration/v1/does-not-exist", nil, 404, "unknown_path"},
		"past the forwarding":         {"GET", "/v1/does-not-exist", nil, 404, "unknown_path"},
		"the portal's by a method":    {"PATCH", "/api/session", nil, 405, "http_method_not_allowed"},
		"a page by a method":          {"DELETE", "/projects", nil, 405, "http_method_not_allowed"},
		"a file of another build":     {"GET", "/assets/gone.js", nil, 404, "unknown_file"},
	} {
		t.Run(name, func(t *testing.T) {
			refused(t, b.do(tt.method, tt.path, tt.body), tt.status, tt.code)
		})
	}
	nobody := s.browser()
	refused(t, nobody.do("GET", "/api/declaration/v1/projects", nil), 401, "sign_in_required")
	refused(t, nobody.do("GET", "/api/inbox", nil), 401, "sign_in_required")
	refused(t, nobody.do("GET", "/api/events", nil), 401, "sign_in_required")
}

func TestRoleInAHeaderChangesNothing(t *testing.T) {
	t.Parallel()
	s := begin(t)
	b := s.signedIn(portaltest.Declarer)
	forged := []string{"X-Roles", "secretary", "X-Unit", "gov-office", "Authorization", "Bearer " + strings.Repeat("x", 40)}
	refused(t, b.do("POST", "/api/declaration/v1/projects/p000002/accept", nil, forged...), 403, "role_required")
	if p := decode[aggregate.Page[map[string]any]](t, b.do("GET", "/api/declaration/v1/projects", nil, forged...)); len(p.Items) != 1 {
		t.Errorf("sees %d projects", len(p.Items))
	}
}

func TestTokensAreRenewedBeforeTheyEnd(t *testing.T) {
	t.Parallel()
	s := begin(t)
	b := s.signedIn(portaltest.Declarer)
	for range 3 {
		s.clock.Advance(11 * time.Minute)
		ok(t, b.do("GET", "/api/declaration/v1/projects", nil))
	}
	if n := s.district.Identity.Renewals; n != 3 {
		t.Errorf("%d renewals", n)
	}
}

func TestManyRequestsSpendOneRefreshToken(t *testing.T) {
	t.Parallel()
	s := begin(t)
	b := s.signedIn(portaltest.Declarer)
	second := *b
	second.at = s.replica(t.Context(), s.clock)
	// The second replica is another origin to the browser: it gets the cookie by hand.
	cookie := "egov=" + b.cookie()
	s.clock.Advance(time.Hour)
	var wg sync.WaitGroup
	problems := make(chan string, 64)
	for i := range 32 {
		wg.Go(func() {
			at := b
			if i%2 == 1 {
				at = &second
			}
			r, err := at.try("GET", "/api/declaration/v1/projects", nil, "Cookie", cookie)
			if err != nil || r.status != http.StatusOK {
				problems <- fmt.Sprint(err, " ", r.status, " ", string(r.body))
			}
		})
	}
	wg.Wait()
	close(problems)
	for p := range problems {
		t.Error(p)
	}
	if n := s.district.Identity.Renewals; n != 1 {
		t.Errorf("%d renewals", n)
	}
}

func TestATokenThatAServiceRefusesIsRenewedAndTheRequestSentAgain(t *testing.T) {
	t.Parallel()
	s := begin(t)
	b := s.signedIn(portaltest.Declarer)
	behind := *b
	behind.at = s.replica(t.Context(), calendar.NewManual(morning)) // does not see the services' clock move
	s.clock.Advance(time.Hour)
	draft := map[string]any{"title": "甲", "content": "乙", "period_months": 6, "basis": []map[string]string{{"kind": "key_work", "text": "丙"}}, "case": map[string]any{"kind": "service", "amount_fen": 1}}
	r := behind.do("POST", "/api/declaration/v1/projects", draft, "Cookie", "egov="+b.cookie(), "Idempotency-Key", "once")
	ok(t, r)
	if s.district.Identity.Renewals != 1 {
		t.Errorf("%d renewals", s.district.Identity.Renewals)
	}
	again := behind.do("POST", "/api/declaration/v1/projects", draft, "Cookie", "egov="+b.cookie(), "Idempotency-Key", "once")
	type thing struct{ ID string }
	if a, b := decode[thing](t, r), decode[thing](t, again); a.ID == "" || a.ID != b.ID {
		t.Errorf("two effects: %v %v", a, b)
	}
}

func TestASessionThatEndedAtTheIdentityServiceEndsHere(t *testing.T) {
	t.Parallel()
	s := begin(t)
	b := s.signedIn(portaltest.Declarer)
	s.district.Identity.EndAll()
	s.clock.Advance(time.Hour)
	refused(t, b.do("GET", "/api/declaration/v1/projects", nil), 401, "sign_in_required")
	refused(t, b.do("GET", "/api/session", nil), 401, "sign_in_required")
	if keys := s.redis.Keys(t.Context(), "portal:session:*").Val(); len(keys) != 0 {
		t.Errorf("left behind: %v", keys)
	}
}

func TestSessionsOutliveTheIdentityService(t *testing.T) {
	t.Parallel()
	s := begin(t)
	b := s.signedIn(portaltest.Declarer)
	s.config.Services[portal.Identity] = "http://127.0.0.1:1"
	alone := *b
	alone.at = s.replica(t.Context(), s.clock)
	cookie := []string{"Cookie", "egov=" + b.cookie()}
	ok(t, alone.do("GET", "/api/declaration/v1/projects", nil, cookie...))
	s.clock.Advance(time.Hour)
	refused(t, alone.do("GET", "/api/declaration/v1/projects", nil, cookie...), 503, "service_unavailable")
	ok(t, b.do("GET", "/api/declaration/v1/projects", nil)) // the session is still good once it is back
}
