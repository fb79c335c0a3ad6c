// Package host is the process around one or more services: a listener each,
// background loops, readiness, and an ordered stop — not ready, linger, drain,
// loops end, closers run last in first out. A service behaves the same alone in
// its process and beside the others.
//
// It promises that a stop refuses no request of a caller who learns within the
// linger that the service is not ready, and cuts off none that ends within the
// grace. It does not keep callers from asking.
package host

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"runtime/debug"
	"slices"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus/promhttp"
	"go.opentelemetry.io/contrib/instrumentation/net/http/otelhttp"
	"golang.org/x/sync/errgroup"

	"egov/libs/certs"
	"egov/libs/conf"
	"egov/libs/op"
	"egov/libs/telemetry"
)

// Service is what a service module exports.
type Service struct {
	Name   string
	Duty   string // unit code of the duty holder; empty = everybody's
	Listen string // address; ignored when Listener is set
	// Listener is a socket that is open already; for tests.
	Listener net.Listener
	TLS      conf.TLS      // of the listener; the zero value is plain HTTP
	Grace    time.Duration // bound on draining; 0 = 20 s
	// Linger is how long the service, asked to stop and not ready any more, goes
	// on taking requests: whoever sends them here needs that long to learn of
	// it. Every answer meanwhile closes its connection. 0 = not at all.
	Linger time.Duration
	// Migrate brings the service's database to this program's form; nil = it
	// has none. It may be repeated, and run while the service does.
	Migrate func(ctx context.Context) error
	Setup   func(ctx context.Context, u *Unit) error
}

// Unit is what one service mounts on. Setup is not concurrent.
type Unit struct {
	Name    string
	Log     *slog.Logger
	Mux     *http.ServeMux
	Metrics telemetry.Metrics

	loops    []loop
	closers  []func(context.Context) error
	checks   []check
	notices  []func() []string
	duty     string
	links    []Link
	ready    atomic.Bool
	stopping atomic.Bool
	config   any
	defaults any
	started  time.Time
}

type loop struct {
	name string
	run  func(context.Context) error
}

type check struct {
	name string
	ok   func(context.Context) error
}

// Loop runs f until the host stops; an error stops the whole process, so that
// a half-dead service is restarted rather than trusted.
func (u *Unit) Loop(name string, f func(context.Context) error) {
	u.loops = append(u.loops, loop{name, f})
}

// Notice registers f, which gives the codes of what /status is to say aloud. It
// does no I/O.
func (u *Unit) Notice(f func() []string) { u.notices = append(u.notices, f) }

// Link is how a service reaches a server that it depends on.
type Link struct {
	To    string `json:"to"`    // redis or postgres
	TLS   bool   `json:"tls"`   // nobody on the way reads or changes what is said
	Named bool   `json:"named"` // as a user of its own, not as the server's default one
	Local bool   `json:"local"` // on this machine
}

// Uses tells /status of a server that the service depends on.
func (u *Unit) Uses(l Link) { u.links = append(u.links, l) }

// OnStop registers f; the last registered runs first, after loops have ended.
func (u *Unit) OnStop(f func(context.Context) error) { u.closers = append(u.closers, f) }

// Ready registers a check without which the service is not ready.
func (u *Unit) Ready(name string, f func(context.Context) error) {
	u.checks = append(u.checks, check{name, f})
}

// Config shows the effective configuration under /status/config, and under
// ?mode=diff what differs from the defaults.
func (u *Unit) Config(effective, defaults any) { u.config, u.defaults = effective, defaults }

// Run sets services up in the order given, serves until ctx ends, then stops.
func Run(ctx context.Context, log *slog.Logger, services ...Service) (err error) {
	var units []*Unit
	defer func() {
		stop, cancel := context.WithTimeout(context.WithoutCancel(ctx), 20*time.Second)
		defer cancel()
		for _, u := range slices.Backward(units) {
			for _, c := range slices.Backward(u.closers) {
				err = errors.Join(err, c(stop))
			}
		}
	}()
	var listeners []net.Listener
	fail := func(err error) error {
		for _, ln := range listeners {
			err = errors.Join(err, ln.Close())
		}
		return err
	}
	for _, s := range services {
		u := &Unit{Name: s.Name, duty: s.Duty, Log: log.With("service", s.Name), Mux: http.NewServeMux(), Metrics: telemetry.NewMetrics(s.Name), started: time.Now()}
		units = append(units, u)
		ln := s.Listener
		if ln == nil {
			if ln, err = net.Listen("tcp", s.Listen); err != nil {
				return fail(fmt.Errorf("%s: %w", s.Name, err))
			}
		}
		listeners = append(listeners, ln)
		if err := s.Setup(ctx, u); err != nil {
			return fail(fmt.Errorf("set up %s: %w", s.Name, err))
		}
		u.mountStatus()
	}
	servers := make([]*http.Server, len(units))
	for i, u := range units {
		if servers[i], err = u.server(services[i].TLS); err != nil {
			return fail(fmt.Errorf("%s: %w", u.Name, err))
		}
	}
	g, gctx := errgroup.WithContext(ctx)
	loopCtx, endLoops := context.WithCancel(context.WithoutCancel(ctx))
	defer endLoops()
	drained := make(chan struct{}, len(units))
	for i, u := range units {
		srv := servers[i]
		g.Go(func() error {
			serve := srv.Serve
			if srv.TLSConfig != nil {
				serve = func(ln net.Listener) error { return srv.ServeTLS(ln, "", "") }
			}
			if err := serve(listeners[i]); !errors.Is(err, http.ErrServerClosed) {
				return err
			}
			return nil
		})
		for _, l := range u.loops {
			g.Go(func() error {
				if err := l.run(loopCtx); err != nil && !errors.Is(err, context.Canceled) {
					return fmt.Errorf("%s: loop %s: %w", u.Name, l.name, err)
				}
				return nil
			})
		}
		g.Go(func() error {
			u.ready.Store(true)
			<-gctx.Done() // asked to stop, or something failed
			u.stopping.Store(true)
			u.ready.Store(false)
			<-time.After(services[i].Linger)
			err := drain(context.WithoutCancel(ctx), srv, services[i].Grace)
			drained <- struct{}{}
			return err
		})
	}
	g.Go(func() error {
		for range units {
			<-drained
		}
		endLoops()
		return nil
	})
	return g.Wait()
}

// server answers a service's requests, by TLS where it has a certificate.
func (u *Unit) server(t conf.TLS) (*http.Server, error) {
	srv := &http.Server{
		Handler:           u.sendAway(otelhttp.NewHandler(u.Mux, u.Name, otelhttp.WithFilter(isBusiness))),
		ReadHeaderTimeout: 5 * time.Second, ReadTimeout: time.Minute, IdleTimeout: 2 * time.Minute, MaxHeaderBytes: 64 << 10,
		ErrorLog: slog.NewLogLogger(u.Log.Handler(), slog.LevelWarn),
	}
	if t.Cert == "" {
		return srv, nil
	}
	keeper, err := certs.Open(certs.Files(t), nil)
	if err != nil {
		return nil, err
	}
	srv.TLSConfig = keeper.Server()
	srv.Handler = keeper.Guard(srv.Handler, isProbe, func(w http.ResponseWriter, r *http.Request, err error) { op.WriteProblem(r.Context(), err, w) })
	return srv, nil
}

// isProbe tells the requests of whoever runs the process, which has no
// certificate and is told nothing by their answers but yes or no.
func isProbe(r *http.Request) bool { return r.URL.Path == "/livez" || r.URL.Path == "/readyz" }

// drain lets the requests under way come to their ends, within grace. What is
// not done by then is cut off: its handler would hold on to what the closers
// give back.
func drain(ctx context.Context, srv *http.Server, grace time.Duration) error {
	if grace == 0 {
		grace = 20 * time.Second
	}
	ctx, cancel := context.WithTimeout(ctx, grace)
	defer cancel()
	if err := srv.Shutdown(ctx); err != nil {
		return errors.Join(fmt.Errorf("requests were cut off after %s: %w", grace, err), srv.Close())
	}
	return nil
}

// sendAway has answers of a service that stops close their connections, so that
// a caller who keeps one opens the next elsewhere and is not cut off between
// two requests.
func (u *Unit) sendAway(h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if u.stopping.Load() {
			w.Header().Set("Connection", "close")
		}
		h.ServeHTTP(w, r)
	})
}

// Migrate migrates the databases of services, in the order given, and runs
// nothing.
func Migrate(ctx context.Context, log *slog.Logger, services ...Service) error {
	for _, s := range services {
		if s.Migrate == nil {
			continue
		}
		if err := s.Migrate(ctx); err != nil {
			return fmt.Errorf("migrate %s: %w", s.Name, err)
		}
		log.InfoContext(ctx, "migrated", "service", s.Name)
	}
	return nil
}

// isBusiness keeps probes out of the traces.
func isBusiness(r *http.Request) bool {
	switch r.URL.Path {
	case "/livez", "/readyz", "/metrics", "/status", "/status/config":
		return false
	}
	return true
}

// Status is the answer of GET /status.
type Status struct {
	Service   string    `json:"service"`
	Unit      string    `json:"unit,omitempty"` // code of the unit whose duty it is
	Version   string    `json:"version"`
	StartedAt time.Time `json:"started_at"`
	Now       time.Time `json:"now"` // by the machine's clock
	Ready     bool      `json:"ready"`
	Links     []Link    `json:"links,omitempty"`
	Notices   []string  `json:"notices"`
}

func (u *Unit) status() Status {
	s := Status{
		Service: u.Name, Unit: u.duty, Version: Version(), StartedAt: u.started.Truncate(time.Second), Now: time.Now(),
		Ready: u.ready.Load(), Links: u.links, Notices: []string{},
	}
	for _, f := range u.notices {
		s.Notices = append(s.Notices, f()...)
	}
	return s
}

func (u *Unit) mountStatus() {
	u.Mux.HandleFunc("GET /livez", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprintln(w, "ok") })
	u.Mux.HandleFunc("GET /readyz", u.serveReady)
	u.Mux.Handle("GET /metrics", promhttp.HandlerFor(u.Metrics.Gather, promhttp.HandlerOpts{Registry: u.Metrics.Register}))
	u.Mux.HandleFunc("GET /status", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(u.status()) // the client is gone when this fails
	})
	u.Mux.HandleFunc("GET /status/config", func(w http.ResponseWriter, r *http.Request) {
		var base any
		if r.URL.Query().Get("mode") == "diff" {
			base = u.defaults
		}
		b, err := conf.Dump(u.config, base)
		if err != nil {
			http.Error(w, "the configuration cannot be shown", http.StatusInternalServerError)
			return
		}
		w.Header().Set("Content-Type", "application/yaml")
		_, _ = w.Write(b) // the client is gone when this fails
	})
}

func (u *Unit) serveReady(w http.ResponseWriter, r *http.Request) {
	ctx, cancel := context.WithTimeout(r.Context(), 2*time.Second)
	defer cancel()
	if !u.ready.Load() {
		http.Error(w, "starting or stopping", http.StatusServiceUnavailable)
		return
	}
	for _, c := range u.checks {
		if err := c.ok(ctx); err != nil {
			u.Log.WarnContext(ctx, "not ready", "check", c.name, "err", err)
			http.Error(w, "not ready: "+c.name, http.StatusServiceUnavailable)
			return
		}
	}
	fmt.Fprintln(w, "ok")
}

// version is set when the binary is linked: -X egov/libs/host.version=….
var version string

// Version names the build.
func Version() string {
	if version != "" {
		return version
	}
	if i, ok := debug.ReadBuildInfo(); ok && i.Main.Version != "" {
		return i.Main.Version
	}
	return "devel"
}

// Pick keeps the services that target names; "all" keeps every one.
func Pick(all []Service, target string) ([]Service, error) {
	if target == "all" {
		return all, nil
	}
	i := slices.IndexFunc(all, func(s Service) bool { return s.Name == target })
	if i < 0 {
		return nil, fmt.Errorf("unknown target %q", target)
	}
	return all[i : i+1], nil
}
