package portal_test

import (
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/redis/go-redis/v9"

	"egov/libs/calendar"
	"egov/services/portal"
)

func TestEveryDocumentHasAPolicyWithANonceOfItsOwn(t *testing.T) {
	t.Parallel()
	s := begin(t)
	b := s.browser()
	nonce := regexp.MustCompile(`'nonce-([\w-]+)'`)
	seen := map[string]bool{}
	for _, path := range []string{"/", "/projects", "/projects/p1?tab=x", "/declare"} {
		r := b.do("GET", path, nil)
		ok(t, r)
		policy := r.header.Get("Content-Security-Policy")
		m := nonce.FindStringSubmatch(policy)
		if m == nil || !strings.Contains(string(r.body), `nonce="`+m[1]+`"`) || seen[m[1]] {
			t.Fatalf("%s: policy %q, body %s", path, policy, r.body)
		}
		seen[m[1]] = true
		for _, want := range []string{"default-src 'none'", "script-src 'self';", "frame-ancestors 'none'", "base-uri 'none'", "form-action 'self'"} {
			if !strings.Contains(policy, want) {
				t.Errorf("policy %q lacks %s", policy, want)
			}
		}
		if strings.Contains(policy, "unsafe") || r.header.Get("Cache-Control") != "no-store" || r.header.Get("X-Content-Type-Options") != "nosniff" {
			t.Errorf("%v", r.header)
		}
	}
}

func TestFilesAreCachedByTheirNames(t *testing.T) {
	t.Parallel()
	s := begin(t)
	b := s.browser()
	r := b.do("GET", "/assets/a-1.js", nil, "Accept-Encoding", "gzip")
	if r.header.Get("Content-Encoding") != "gzip" || !strings.Contains(r.header.Get("Cache-Control"), "immutable") || !strings.HasPrefix(r.header.Get("Content-Type"), "text/javascript") {
		t.Errorf("%v", r.header)
	}
	if plain := b.do("GET", "/assets/a-1.js", nil, "Accept-Encoding", "identity"); len(plain.body) != 2000 || plain.header.Get("Content-Encoding") != "" {
		t.Errorf("%d bytes, %v", len(plain.body), plain.header)
	}
	if tiny := b.do("GET", "/assets/tiny-2.json", nil, "Accept-Encoding", "gzip"); tiny.header.Get("Content-Encoding") != "" {
		t.Error("two bytes were compressed")
	}
	if icon := b.do("GET", "/favicon.svg", nil); icon.status != 200 || strings.Contains(icon.header.Get("Cache-Control"), "immutable") {
		t.Errorf("%d %v", icon.status, icon.header)
	}
	if head := b.do("HEAD", "/assets/a-1.js", nil); head.status != 200 || len(head.body) != 0 {
		t.Errorf("%d, %d bytes", head.status, len(head.body))
	}
	if r := b.do("GET", "/registers/accounts/health.declarer", nil); r.status != http.StatusOK || !strings.HasPrefix(r.header.Get("Content-Type"), "text/html") {
		t.Errorf("a thing with a dot in its name: %d %s", r.status, r.header.Get("Content-Type"))
	}
	for _, path := range []string{"/assets/gone-9.js", "/.gitkeep", "/old.js"} {
		if r := b.do("GET", path, nil); r.status != http.StatusNotFound {
			t.Errorf("%s: %d", path, r.status)
		}
	}
	if r := b.do("POST", "/", nil); r.status != http.StatusMethodNotAllowed {
		t.Errorf("POST: %d", r.status)
	}
}

func TestABinaryWithoutPagesSaysHowToBuildThem(t *testing.T) {
	t.Parallel()
	c := portal.Default()
	c.Services["identity"] = "http://127.0.0.1:1"
	h, err := portal.New(portal.Parts{
		Config: c, Clock: calendar.System(), Redis: redis.NewClient(&redis.Options{Addr: "127.0.0.1:1"}), Pages: fstest.MapFS{".gitkeep": {}},
		Log: slog.New(slog.NewTextHandler(io.Discard, nil)), Metrics: prometheus.NewRegistry(), Stop: t.Context(),
	})
	if err != nil {
		t.Fatal(err)
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), "GET", "/", nil))
	if w.Code != http.StatusServiceUnavailable || !strings.Contains(w.Body.String(), "make web") {
		t.Errorf("%d %s", w.Code, w.Body)
	}
}
