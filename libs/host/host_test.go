package host_test

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"egov/libs/conf"
	"egov/libs/host"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func listen(t *testing.T) net.Listener {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	return ln
}

var client = &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}

func get(t *testing.T, ln net.Listener, path string) (int, string) {
	t.Helper()
	r, err := client.Get("http://" + ln.Addr().String() + path)
	if err != nil {
		return 0, err.Error()
	}
	defer r.Body.Close()
	b, err := io.ReadAll(r.Body)
	if err != nil {
		t.Fatal(err)
	}
	return r.StatusCode, string(b)
}

func TestServicesStartAndStopInOrder(t *testing.T) {
	t.Parallel()
	var mu sync.Mutex
	var log []string
	note := func(s string) { mu.Lock(); log = append(log, s); mu.Unlock() }
	a, b := listen(t), listen(t)
	service := func(name string, ln net.Listener) host.Service {
		return host.Service{Name: name, Listener: ln, Setup: func(_ context.Context, u *host.Unit) error {
			note("setup " + name)
			u.Config(conf.Service{Listen: "x"}, conf.Service{})
			u.Mux.HandleFunc("GET /slow", func(http.ResponseWriter, *http.Request) { note("served") })
			u.OnStop(func(context.Context) error { note("close " + name); return nil })
			u.Notice(func() []string { return []string{"signing_late"} })
			u.Loop(name, func(ctx context.Context) error { <-ctx.Done(); note("loop ended"); return ctx.Err() })
			return nil
		}}
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error)
	go func() { done <- host.Run(ctx, slog.New(slog.DiscardHandler), service("a", a), service("b", b)) }()
	for _, ln := range []net.Listener{a, b} {
		for {
			if code, _ := get(t, ln, "/readyz"); code == 200 {
				break
			}
		}
	}
	for path, want := range map[string]string{"/livez": "ok", "/metrics": "go_", "/status": `"notices":["signing_late"]`, "/status/config?mode=diff": ""} {
		if code, body := get(t, a, path); code != 200 || body == "" || !strings.Contains(body, want) {
			t.Errorf("%s: %d %s", path, code, body)
		}
	}
	cancel()
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	want := []string{"setup a", "setup b", "loop ended", "loop ended", "close b", "close a"}
	if !slices.Equal(log, want) {
		t.Fatal(log)
	}
}

// TestAStopLosesNoRequest stops a service while one request is under way, while
// one connection rests between two, and while new ones come: all are answered,
// the service says that it is not ready, and answers send their callers away.
func TestAStopLosesNoRequest(t *testing.T) {
	t.Parallel()
	ln := listen(t)
	entered, finish := make(chan struct{}), make(chan struct{})
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	done := make(chan error)
	go func() {
		done <- host.Run(ctx, slog.New(slog.DiscardHandler), host.Service{Name: "x", Listener: ln, Linger: 2 * time.Second, Setup: func(_ context.Context, u *host.Unit) error {
			u.Mux.HandleFunc("GET /long", func(w http.ResponseWriter, _ *http.Request) {
				close(entered)
				<-finish
				_, _ = io.WriteString(w, "whole")
			})
			u.Mux.HandleFunc("GET /short", func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "whole") })
			return nil
		}})
	}()
	for code := 0; code != 200; code, _ = get(t, ln, "/readyz") {
	}
	long := make(chan string)
	go func() {
		_, body := get(t, ln, "/long")
		long <- body
	}()
	<-entered
	rests := &http.Client{Transport: &http.Transport{MaxConnsPerHost: 1}}
	ask := func() (sentAway bool) {
		resp, err := rests.Get("http://" + ln.Addr().String() + "/short")
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		if b, err := io.ReadAll(resp.Body); err != nil || string(b) != "whole" {
			t.Fatal(string(b), err)
		}
		return resp.Close
	}
	if ask() {
		t.Error("a connection is closed before the stop")
	}
	cancel()
	for code := 0; code != 503; code, _ = get(t, ln, "/readyz") {
	}
	if !ask() {
		t.Error("the connection that rested stays open after the stop")
	}
	if code, body := get(t, ln, "/short"); code != 200 || body != "whole" {
		t.Error("a new caller:", code, body)
	}
	close(finish)
	if body := <-long; body != "whole" {
		t.Errorf("the request under way: %q", body)
	}
	if err := <-done; err != nil {
		t.Error(err)
	}
}

// TestARequestWithoutEndIsCutOff: what the grace does not suffice for is ended
// before the closers run, and the process says so.
func TestARequestWithoutEndIsCutOff(t *testing.T) {
	t.Parallel()
	ln := listen(t)
	entered := make(chan struct{})
	ended := make(chan struct{})
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	done := make(chan error)
	go func() {
		done <- host.Run(ctx, slog.New(slog.DiscardHandler), host.Service{Name: "x", Listener: ln, Grace: time.Millisecond, Setup: func(_ context.Context, u *host.Unit) error {
			u.Mux.HandleFunc("GET /endless", func(_ http.ResponseWriter, r *http.Request) { close(entered); <-r.Context().Done(); close(ended) })
			u.OnStop(func(context.Context) error { <-ended; return nil })
			return nil
		}})
	}()
	go func() {
		if resp, err := client.Get("http://" + ln.Addr().String() + "/endless"); err == nil {
			resp.Body.Close()
			t.Error("a request without end was answered")
		}
	}()
	<-entered
	cancel()
	if err := <-done; !errors.Is(err, context.DeadlineExceeded) || !strings.Contains(err.Error(), "cut off after 1ms") {
		t.Error(err)
	}
}

func TestAFailedLoopStopsTheProcess(t *testing.T) {
	t.Parallel()
	err := host.Run(t.Context(), slog.New(slog.DiscardHandler), host.Service{Name: "x", Listener: listen(t), Setup: func(_ context.Context, u *host.Unit) error {
		u.Loop("relay", func(context.Context) error { return errors.New("boom") })
		return nil
	}})
	if err == nil || !strings.Contains(err.Error(), "x: loop relay: boom") {
		t.Fatal(err)
	}
}

func TestAFailedSetupClosesWhatWasOpen(t *testing.T) {
	t.Parallel()
	closed := false
	first, second := listen(t), listen(t)
	err := host.Run(t.Context(), slog.New(slog.DiscardHandler),
		host.Service{Name: "a", Listener: first, Setup: func(_ context.Context, u *host.Unit) error {
			u.OnStop(func(context.Context) error { closed = true; return nil })
			return nil
		}},
		host.Service{Name: "b", Listener: second, Setup: func(context.Context, *host.Unit) error { return errors.New("no database") }},
	)
	if err == nil || !strings.Contains(err.Error(), "set up b: no database") || !closed {
		t.Fatal(err, closed)
	}
	if _, err := first.Accept(); !errors.Is(err, net.ErrClosed) {
		t.Fatal("the first listener is still open:", err)
	}
}

func TestNotReadyWhileACheckFails(t *testing.T) {
	t.Parallel()
	ln := listen(t)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	entered := make(chan struct{}, 1)
	done := make(chan error)
	go func() {
		done <- host.Run(ctx, slog.New(slog.DiscardHandler), host.Service{Name: "x", Listener: ln, Setup: func(_ context.Context, u *host.Unit) error {
			u.Ready("database", func(context.Context) error { entered <- struct{}{}; return errors.New("gone") })
			return nil
		}})
	}()
	for {
		code, body := get(t, ln, "/readyz")
		if code == 503 && strings.Contains(body, "database") {
			break
		}
	}
	<-entered
	cancel()
	if err := <-done; err != nil {
		t.Fatal(err)
	}
}

func TestPick(t *testing.T) {
	t.Parallel()
	all := []host.Service{{Name: "a"}, {Name: "b"}}
	if got, err := host.Pick(all, "b"); err != nil || len(got) != 1 || got[0].Name != "b" {
		t.Fatal(got, err)
	}
	if got, err := host.Pick(all, "all"); err != nil || len(got) != 2 {
		t.Fatal(got, err)
	}
	if _, err := host.Pick(all, "c"); err == nil {
		t.Fatal("an unknown target passes")
	}
}
