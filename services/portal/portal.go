// Package portal is what stands between browsers and the services: it serves
// the web application, keeps who is signed in, and carries each request on
// with the caller's own token. It owns no business state and decides nothing;
// every rule, and every question of who may see or do what, is answered by the
// service concerned.
//
// It promises that no access or refresh token reaches a script in the browser,
// that an unsafe request comes from the portal's own pages, and that a service
// that is down is named rather than hiding what the others have to say.
package portal

import (
	"context"
	"crypto/tls"
	"fmt"
	"io/fs"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/redis/go-redis/v9"
	"go.opentelemetry.io/contrib/instrumentation/net/http/otelhttp"
	"go.opentelemetry.io/otel/trace"

	"egov/libs/calendar"
	"egov/libs/certs"
	"egov/libs/op"
	"egov/libs/opmw"
)

// Parts are what a Server is put together from.
type Parts struct {
	Config  Config
	Clock   calendar.Clock // the services' clock: tokens expire by it
	Redis   redis.UniversalClient
	Pages   fs.FS // the built web application
	Log     *slog.Logger
	Metrics prometheus.Registerer
	// Stop ends the streams to browsers, which would otherwise hold a stop up.
	Stop context.Context //nolint:containedctx // the life of the server, not of one call
}

// Server answers browsers.
type Server struct {
	Parts
	services map[string]*url.URL
	sessions *vault
	identity *identity
	outward  http.RoundTripper // to the services, traced
	caller   http.RoundTripper // the same, as the session's account
	origin   *http.CrossOriginProtection
	own      func(*http.Request) []string // the methods that the portal itself has for an address
}

// New makes the portal's handler.
func New(p Parts) (http.Handler, error) {
	s := &Server{Parts: p, services: map[string]*url.URL{}, origin: http.NewCrossOriginProtection()}
	for name, at := range p.Config.Services {
		u, err := base(at)
		if err != nil {
			return nil, fmt.Errorf("services.%s: %w", name, err)
		}
		s.services[name] = u
	}
	asItself := &tls.Config{MinVersion: tls.VersionTLS12}
	if p.Config.TLS.Cert != "" {
		keeper, err := certs.Open(certs.Files(p.Config.TLS), nil)
		if err != nil {
			return nil, err
		}
		asItself = keeper.Client()
	}
	s.outward = otelhttp.NewTransport(&http.Transport{
		TLSClientConfig:       asItself,
		DialContext:           (&net.Dialer{Timeout: 2 * time.Second, KeepAlive: 30 * time.Second}).DialContext,
		ResponseHeaderTimeout: p.Config.Limits.Timeout,
		MaxIdleConnsPerHost:   64, IdleConnTimeout: 90 * time.Second,
		DisableCompression: true, // what a service sends is passed on as it is
	})
	s.sessions = &vault{redis: p.Redis, idle: p.Config.Sessions.Idle, life: p.Config.Sessions.Max}
	s.identity = &identity{at: s.services[Identity], client: &http.Client{Transport: s.outward, Timeout: p.Config.Limits.Timeout}}
	s.caller = asCaller{s}

	pages, err := newPages(p.Pages)
	if err != nil {
		return nil, err
	}
	mux := http.NewServeMux()
	api := op.NewAPI("portal", "门户", mux,
		opmw.Trace(), opmw.Metrics(p.Metrics), opmw.Log(p.Log), opmw.Recover(p.Log), opmw.Deadline(p.Config.Limits.Timeout),
		s.signedIn(), opmw.RateLimit(p.Config.Limits.PerSecond, p.Config.Limits.Burst))
	op.Handle(api, "POST /api/session", "SignIn", "Sign in; the answer's cookie is the session", s.SignIn, op.Public())
	op.Handle(api, "GET /api/session", "GetSession", "Who is signed in in this browser", s.Session)
	op.Handle(api, "DELETE /api/session", "SignOut", "End the session here and at the identity service", s.SignOut)
	op.Handle(api, "PUT /api/session/password", "ChangePassword", "Replace the caller's password; its sessions elsewhere end", s.ChangePassword)
	op.Handle(api, "GET /api/inbox", "GetInbox", "What the caller can do now, over all services", s.Inbox)
	op.Handle(api, "GET /api/deadlines", "GetDeadlines", "Clocks that run, over all services", s.Deadlines)
	if err := api.ServeOpenAPI(); err != nil {
		return nil, err
	}
	mux.HandleFunc("GET /api/events", s.events)
	const service, below = "/api/{service}", "/api/{service}/{path...}"
	mux.HandleFunc(service, s.forward)
	mux.HandleFunc(below, s.forward)
	s.own = func(r *http.Request) []string { return op.Allowed(mux, r, service, below, "/api/", "/v1/", "/") }
	op.Fallback(mux, "/api/", "/v1/") // the services' own addresses are under /api alone
	mux.Handle("/", pages)
	return s.guard(mux), nil
}

// guard is what holds for every answer.
func (s *Server) guard(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "same-origin")
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		h.Set("Permissions-Policy", "camera=(), geolocation=(), microphone=(), payment=(), usb=()")
		h.Set("X-Frame-Options", "DENY")
		// Pages set a policy of their own; nothing else here is ever a document.
		h.Set("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'; sandbox")
		h.Set("Cache-Control", "no-store")
		if secure(r) {
			h.Set("Strict-Transport-Security", "max-age=31536000")
		}
		if sc := trace.SpanContextFromContext(r.Context()); sc.IsValid() {
			h.Set("X-Trace-Id", sc.TraceID().String())
		}
		if err := s.origin.Check(r); err != nil {
			op.WriteProblem(r.Context(), errOrigin.With(err), w)
			return
		}
		r.Body = http.MaxBytesReader(w, r.Body, s.Config.MaxBody)
		next.ServeHTTP(withCookies(w, r))
	})
}

// secure reports whether the browser speaks TLS to the portal or to the proxy
// in front of it. A header that lies about it harms only who sent it.
func secure(r *http.Request) bool {
	return r.TLS != nil || r.Header.Get("X-Forwarded-Proto") == "https"
}

// local reports whether the browser runs on this machine, where nobody else
// listens to the line.
func local(r *http.Request) bool {
	host := r.Host
	if h, _, err := net.SplitHostPort(host); err == nil {
		host = h
	}
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}
