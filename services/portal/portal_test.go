package portal_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"os"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/redis/go-redis/v9"

	"egov/libs/calendar"
	"egov/libs/op"
	"egov/libs/redistest"
	"egov/services/portal"
	"egov/services/portal/portaltest"
)

func TestMain(m *testing.M) { os.Exit(redistest.Main(m.Run)) }

var morning = time.Date(2026, 11, 21, 9, 0, 0, 0, calendar.Shanghai)

// stage is a portal before a small district, over real HTTP and a real Redis.
type stage struct {
	t        *testing.T
	district *portaltest.District
	clock    *calendar.Manual // the services'
	redis    *redis.Client
	config   portal.Config
	url      string
}

func begin(t *testing.T, adjust ...func(*portal.Config)) *stage {
	t.Helper()
	s := &stage{t: t, clock: calendar.NewManual(morning), redis: redistest.Client(t)}
	s.district = portaltest.Start(t, s.clock)
	s.config = portal.Default()
	s.config.Refresh = 10 * time.Millisecond
	for name, at := range s.district.URLs {
		s.config.Services[name] = at
	}
	for _, f := range adjust {
		f(&s.config)
	}
	s.url = s.replica(t.Context(), s.clock)
	return s
}

// replica runs one more portal of the same configuration.
func (s *stage) replica(stop context.Context, clock calendar.Clock) string {
	s.t.Helper()
	pages := fstest.MapFS{
		"index.html":         {Data: []byte(`<script nonce="__CSP_NONCE__" src="/assets/a-1.js"></script>`)},
		"assets/a-1.js":      {Data: bytes.Repeat([]byte("export const a = 1;\n"), 100)},
		"assets/tiny-2.json": {Data: []byte(`{}`)},
		"favicon.svg":        {Data: []byte("<svg/>")},
		".gitkeep":           {},
	}
	h, err := portal.New(portal.Parts{
		Config: s.config, Clock: clock, Redis: s.redis, Pages: pages,
		Log: slog.New(slog.NewTextHandler(io.Discard, nil)), Metrics: prometheus.NewRegistry(), Stop: stop,
	})
	if err != nil {
		s.t.Fatal(err)
	}
	srv := httptest.NewServer(h)
	s.t.Cleanup(srv.Close)
	return srv.URL
}

// browser is one browser: it keeps cookies and knows the page's token.
type browser struct {
	t    *testing.T
	at   string
	http *http.Client
	csrf string
}

func (s *stage) browser() *browser {
	s.t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		s.t.Fatal(err)
	}
	return &browser{t: s.t, at: s.url, http: &http.Client{Jar: jar}}
}

// signedIn is a browser in which an account has signed in.
func (s *stage) signedIn(account string) *browser {
	s.t.Helper()
	b := s.browser()
	b.signIn(account)
	return b
}

func (b *browser) signIn(account string) portal.Signed {
	b.t.Helper()
	r := b.do("POST", "/api/session", map[string]string{"account": account, "password": portaltest.Password})
	if r.status != http.StatusOK {
		b.t.Fatalf("sign in as %s: %d %s", account, r.status, r.body)
	}
	signed := decode[portal.Signed](b.t, r)
	b.csrf = signed.CSRFToken
	return signed
}

// cookie is the session's cookie.
func (b *browser) cookie() string {
	b.t.Helper()
	u, err := url.Parse(b.at)
	if err != nil {
		b.t.Fatal(err)
	}
	for _, c := range b.http.Jar.Cookies(u) {
		if c.Name == "egov" {
			return c.Value
		}
	}
	return ""
}

type reply struct {
	status int
	header http.Header
	body   []byte
}

// do asks the portal; body is sent as JSON unless it is a string.
func (b *browser) do(method, path string, body any, headers ...string) reply {
	b.t.Helper()
	r, err := b.try(method, path, body, headers...)
	if err != nil {
		b.t.Fatal(err)
	}
	return r
}

func (b *browser) try(method, path string, body any, headers ...string) (reply, error) {
	var content io.Reader
	switch v := body.(type) {
	case nil:
	case string:
		content = strings.NewReader(v)
	default:
		j, err := json.Marshal(v)
		if err != nil {
			return reply{}, err
		}
		content = bytes.NewReader(j)
	}
	req, err := http.NewRequestWithContext(b.t.Context(), method, b.at+path, content)
	if err != nil {
		return reply{}, err
	}
	if b.csrf != "" {
		req.Header.Set("X-CSRF-Token", b.csrf)
	}
	for i := 0; i < len(headers); i += 2 {
		if headers[i] == "Host" {
			req.Host = headers[i+1]
			continue
		}
		req.Header.Set(headers[i], headers[i+1])
	}
	resp, err := b.http.Do(req)
	if err != nil {
		return reply{}, err
	}
	defer resp.Body.Close()
	got, err := io.ReadAll(resp.Body)
	return reply{resp.StatusCode, resp.Header, got}, err
}

func decode[T any](t *testing.T, r reply) T {
	t.Helper()
	var v T
	if err := json.Unmarshal(r.body, &v); err != nil {
		t.Fatalf("%v in %s", err, r.body)
	}
	return v
}

// refused checks that a reply is the problem of the given code.
func refused(t *testing.T, r reply, status int, code string) op.Problem {
	t.Helper()
	p := decode[op.Problem](t, r)
	if r.status != status || p.Code != code || r.header.Get("Content-Type") != "application/problem+json" {
		t.Fatalf("got %d %s, want %d %s", r.status, r.body, status, code)
	}
	return p
}

func ok(t *testing.T, r reply) {
	t.Helper()
	if r.status >= 300 {
		t.Fatalf("%d %s", r.status, r.body)
	}
}

func TestSignInKeepsTokensFromScripts(t *testing.T) {
	t.Parallel()
	s := begin(t)
	b := s.browser()
	r := b.do("POST", "/api/session", map[string]string{"account": portaltest.Declarer, "password": portaltest.Password})
	ok(t, r)
	set := r.header.Get("Set-Cookie")
	for _, want := range []string{"egov=", "HttpOnly", "SameSite=Strict", "Path=/"} {
		if !strings.Contains(set, want) {
			t.Errorf("cookie %q lacks %s", set, want)
		}
	}
	for _, never := range []string{"access_token", "refresh_token", "eyJ"} {
		if strings.Contains(string(r.body), never) || strings.Contains(set, never) {
			t.Errorf("the answer carries %s: %s %s", never, set, r.body)
		}
	}
	signed := decode[portal.Signed](t, b.do("GET", "/api/session", nil))
	if signed.Principal.Unit != "education" || signed.Today != "2026-11-21" || signed.CSRFToken == "" || len(signed.Services) != 2 {
		t.Errorf("%+v", signed)
	}
	if s.district.Identity.From != "127.0.0.1" {
		t.Errorf("the identity service heard of %q", s.district.Identity.From)
	}
}

func TestSignInRefused(t *testing.T) {
	t.Parallel()
	s := begin(t)
	for name, tt := range map[string]struct {
		body    any
		headers []string
		status  int
		code    string
	}{
		"wrong password":          {map[string]string{"account": portaltest.Declarer, "password": "wrong"}, nil, 401, "sign_in_refused"},
		"unknown account":         {map[string]string{"account": "nobody", "password": portaltest.Password}, nil, 401, "sign_in_refused"},
		"a role in the body":      {map[string]any{"account": portaltest.Declarer, "password": portaltest.Password, "roles": []string{"chair"}}, nil, 400, "invalid_input"},
		"not JSON":                {"account=x", nil, 400, "bad_json"},
		"from another site":       {map[string]string{"account": portaltest.Declarer, "password": portaltest.Password}, []string{"Sec-Fetch-Site", "cross-site"}, 403, "cross_origin"},
		"without TLS from afar":   {map[string]string{"account": portaltest.Declarer, "password": portaltest.Password}, []string{"Host", "portal.example"}, 403, "https_required"},
		"without TLS in disguise": {map[string]string{"account": portaltest.Declarer, "password": portaltest.Password}, []string{"Host", "localhost.example"}, 403, "https_required"},
	} {
		t.Run(name, func(t *testing.T) {
			b := s.browser()
			r := b.do("POST", "/api/session", tt.body, tt.headers...)
			refused(t, r, tt.status, tt.code)
			if b.cookie() != "" {
				t.Error("a refused sign-in set a cookie")
			}
		})
	}
}

func TestSignInListsEveryViolation(t *testing.T) {
	t.Parallel()
	s := begin(t)
	r := s.browser().do("POST", "/api/session", map[string]any{"account": "", "password": 7, "extra": true})
	refused(t, r, 400, "invalid_input")
	golden(t, "signin_problem.json", r.body)
}

// golden compares JSON with a file; EGOV_GOLDEN=write makes the file.
func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	var pretty bytes.Buffer
	if err := json.Indent(&pretty, bytes.TrimSpace(got), "", "  "); err != nil {
		t.Fatal(err)
	}
	pretty.WriteByte('\n')
	path := "testdata/" + name
	if os.Getenv("EGOV_GOLDEN") == "write" {
		if err := os.WriteFile(path, pretty.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(want, pretty.Bytes()) {
		t.Errorf("%s:\n%s", path, pretty.Bytes())
	}
}

func TestSecureCookieBehindTLS(t *testing.T) {
	t.Parallel()
	s := begin(t)
	b := s.browser()
	r := b.do("POST", "/api/session", map[string]string{"account": portaltest.Declarer, "password": portaltest.Password},
		"Host", "portal.example", "X-Forwarded-Proto", "https", "X-Forwarded-For", "198.51.100.7")
	ok(t, r)
	set := r.header.Get("Set-Cookie")
	if !strings.HasPrefix(set, "__Host-egov=") || !strings.Contains(set, "Secure") || r.header.Get("Strict-Transport-Security") == "" {
		t.Errorf("%q", set)
	}
	if from := s.district.Identity.From; from != "198.51.100.7, 127.0.0.1" {
		t.Errorf("the identity service heard of %q", from)
	}
}

func TestSignOutEndsTheSessionEverywhere(t *testing.T) {
	t.Parallel()
	s := begin(t)
	b := s.signedIn(portaltest.Declarer)
	cookie := b.cookie()
	ok(t, b.do("DELETE", "/api/session", nil))
	if s.district.Identity.Live() != 0 {
		t.Error("the identity service was not told")
	}
	thief := s.browser()
	refused(t, thief.do("GET", "/api/session", nil, "Cookie", "egov="+cookie), 401, "sign_in_required")
	if keys := s.redis.Keys(t.Context(), "*").Val(); len(keys) != 0 {
		t.Errorf("left behind: %v", keys)
	}
}

func TestSigningInAgainEndsTheOldSession(t *testing.T) {
	t.Parallel()
	s := begin(t)
	b := s.signedIn(portaltest.Declarer)
	old := b.cookie()
	b.csrf = ""
	b.signIn(portaltest.Secretary)
	if s.district.Identity.Live() != 1 {
		t.Errorf("%d sessions live", s.district.Identity.Live())
	}
	refused(t, s.browser().do("GET", "/api/session", nil, "Cookie", "egov="+old), 401, "sign_in_required")
}

func TestUnsafeRequestsNeedThePagesToken(t *testing.T) {
	t.Parallel()
	s := begin(t)
	b, other := s.signedIn(portaltest.Declarer), s.signedIn(portaltest.Secretary)
	for name, headers := range map[string][]string{
		"none":              {"X-CSRF-Token", ""},
		"another session's": {"X-CSRF-Token", other.csrf},
		"shortened":         {"X-CSRF-Token", b.csrf[:10]},
	} {
		t.Run(name, func(t *testing.T) {
			refused(t, b.do("POST", "/api/declaration/v1/projects", map[string]string{}, headers...), 403, "bad_csrf_token")
			refused(t, b.do("DELETE", "/api/session", nil, headers...), 403, "bad_csrf_token")
		})
	}
	refused(t, b.do("POST", "/api/declaration/v1/projects", map[string]string{}, "Origin", "https://evil.example"), 403, "cross_origin")
	ok(t, b.do("GET", "/api/declaration/v1/projects", nil, "X-CSRF-Token", ""))
}

func TestForgedCookies(t *testing.T) {
	t.Parallel()
	s := begin(t)
	good := s.signedIn(portaltest.Declarer).cookie()
	flip := func(i int) string {
		c := byte('A')
		if good[i] == 'A' {
			c = 'B'
		}
		return good[:i] + string(c) + good[i+1:]
	}
	for name, value := range map[string]string{
		"empty": "", "garbage": "garbage", "too long": good + "AAAA", "another record": flip(3), "another key": flip(40), "not base64": "!" + good[1:],
	} {
		t.Run(name, func(t *testing.T) {
			refused(t, s.browser().do("GET", "/api/session", nil, "Cookie", "egov="+value), 401, "sign_in_required")
		})
	}
}

func TestRedisAloneOpensNothing(t *testing.T) {
	t.Parallel()
	s := begin(t)
	b := s.signedIn(portaltest.Declarer)
	for _, key := range s.redis.Keys(t.Context(), "*").Val() {
		value := s.redis.Get(t.Context(), key).Val()
		for _, secret := range []string{b.cookie(), b.csrf, "eyJ", portaltest.Declarer, "education"} {
			if strings.Contains(key+value, secret) {
				t.Errorf("%s shows %q", key, secret)
			}
		}
	}
}

func TestIdleAndLongestLife(t *testing.T) {
	t.Parallel()
	s := begin(t, func(c *portal.Config) { c.Sessions = portal.Sessions{Idle: 10 * time.Minute, Max: time.Hour} })
	b := s.signedIn(portaltest.Declarer)
	var record, life string
	for _, key := range s.redis.Keys(t.Context(), "*").Val() {
		if strings.HasSuffix(key, ":life") {
			life = key
		} else {
			record = key
		}
	}
	left := func(key string) time.Duration { return s.redis.TTL(t.Context(), key).Val() }
	if left(record) != 10*time.Minute || left(life) != time.Hour {
		t.Fatalf("idle %v, life %v", left(record), left(life))
	}
	s.redis.Expire(t.Context(), record, time.Minute)
	ok(t, b.do("GET", "/api/session", nil, "X-Egov-Background", "1"))
	if left(record) > time.Minute {
		t.Error("a request that the page made by itself began the idle time anew")
	}
	ok(t, b.do("GET", "/api/session", nil))
	if left(record) != 10*time.Minute {
		t.Error("a person's request did not begin the idle time anew")
	}
	s.redis.Del(t.Context(), life)
	refused(t, b.do("GET", "/api/session", nil), 401, "sign_in_required")
}

func TestChangePassword(t *testing.T) {
	t.Parallel()
	s := begin(t)
	b, elsewhere := s.browser(), s.signedIn(portaltest.Newcomer)
	if signed := b.signIn(portaltest.Newcomer); !signed.MustChangePassword || len(signed.Principal.Roles) != 0 {
		t.Fatalf("%+v", signed)
	}
	before := b.cookie()
	p := refused(t, b.do("PUT", "/api/session/password", map[string]string{"current_password": portaltest.Password, "new_password": "short"}), 400, "password_refused")
	if len(p.Violations) != 1 || p.Violations[0].Field != "new_password" || p.Violations[0].Basis[0] != "SH12-P-9" {
		t.Errorf("%+v", p)
	}
	r := b.do("PUT", "/api/session/password", map[string]string{"current_password": portaltest.Password, "new_password": "Another-Password-2026"})
	ok(t, r)
	if signed := decode[portal.Signed](t, r); signed.MustChangePassword || signed.Principal.Roles[0] != "declarer" || bytes.Contains(r.body, []byte("eyJ")) {
		t.Errorf("%s", r.body)
	}
	if b.cookie() == before {
		t.Error("the session kept its cookie")
	}
	ok(t, b.do("GET", "/api/declaration/v1/projects", nil))
	s.clock.Advance(20 * time.Minute)
	refused(t, elsewhere.do("GET", "/api/declaration/v1/projects", nil), 401, "sign_in_required")
}

func TestConfigCheckNamesEverySetting(t *testing.T) {
	t.Parallel()
	c := portal.Config{Services: map[string]string{"budgeting": "ftp://x"}}
	err := c.Check()
	for _, want := range []string{"listen", "services.identity", "services.budgeting", "redis.url", "sessions", "refresh", "max_body", "limits"} {
		if err == nil || !strings.Contains(err.Error(), want+":") {
			t.Errorf("%s is not named in: %v", want, err)
		}
	}
	good := portal.Default()
	good.Services["identity"], good.Redis.URL = "http://127.0.0.1:1", "redis://127.0.0.1:1"
	if err := good.Check(); err != nil {
		t.Error(err)
	}
}

func FuzzSignInBody(f *testing.F) {
	for _, seed := range []string{`{}`, `{"account":"a","password":"b"}`, `{"account":1}`, `[`, `{"account":"a","account":"b"}`, "\x00"} {
		f.Add(seed)
	}
	h, err := portal.New(portal.Parts{
		Config: func() portal.Config {
			c := portal.Default()
			c.Services["identity"] = "http://127.0.0.1:1"
			c.Limits.PerSecond, c.Limits.Burst = 1e9, 1e9
			return c
		}(),
		Clock: calendar.NewManual(morning), Redis: redis.NewClient(&redis.Options{Addr: "127.0.0.1:1", MaxRetries: -1}), Pages: fstest.MapFS{},
		Log: slog.New(slog.NewTextHandler(io.Discard, nil)), Metrics: prometheus.NewRegistry(), Stop: f.Context(),
	})
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, body string) {
		r := httptest.NewRequestWithContext(t.Context(), "POST", "http://localhost/api/session", strings.NewReader(body))
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		var p op.Problem
		if err := json.Unmarshal(w.Body.Bytes(), &p); err != nil || p.Title == "" || p.TitleEN == "" {
			t.Fatalf("%q: %d %s", body, w.Code, w.Body)
		}
		// A body that is in order meets an identity service that is down.
		if w.Code != http.StatusBadRequest && p.Code != "service_unavailable" {
			t.Fatalf("%q: %d %s", body, w.Code, fmt.Sprint(p))
		}
	})
}
