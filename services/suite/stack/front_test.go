package stack

import (
	"context"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// replica is a process behind a front, as far as a front knows one.
type replica struct {
	*httptest.Server
	ready atomic.Bool
}

func newReplica(t *testing.T, f *front, name string) *replica {
	t.Helper()
	r := &replica{}
	r.ready.Store(true)
	r.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		if req.URL.Path == "/readyz" && !r.ready.Load() {
			w.WriteHeader(http.StatusServiceUnavailable)
			return
		}
		_, _ = io.WriteString(w, name) // the client is gone when this fails
	}))
	t.Cleanup(r.Close)
	if err := f.admit(t.Context(), strings.TrimPrefix(r.URL, "http://")); err != nil {
		t.Fatal(err)
	}
	return r
}

func newFront(t *testing.T) (f *front, ask func(*http.Client) string) {
	t.Helper()
	f, err := openFront("127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := f.close(); err != nil {
			t.Error(err)
		}
	})
	return f, func(c *http.Client) string {
		resp, err := c.Get("http://" + f.ln.Addr().String()) //nolint:noctx // ends with the test
		if err != nil {
			return ""
		}
		defer resp.Body.Close()
		b, err := io.ReadAll(resp.Body)
		if err != nil {
			return ""
		}
		return string(b)
	}
}

// fresh opens a connection for every request.
func fresh() *http.Client {
	return &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
}

func await(t *testing.T, what string, ok func() bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for !ok() {
		select {
		case <-ctx.Done():
			t.Fatal("waited in vain:", what)
		case <-tick.C:
		}
	}
}

func TestAFrontSpreadsConnectionsOverWhoIsReady(t *testing.T) {
	t.Parallel()
	f, ask := newFront(t)
	if got := ask(fresh()); got != "" {
		t.Errorf("nobody is there, and %q answers", got)
	}
	a, b := newReplica(t, f, "a"), newReplica(t, f, "b")
	kept := &http.Client{Transport: &http.Transport{}}
	holder := ask(kept)
	got := map[string]int{}
	for range 4 {
		got[ask(fresh())]++
	}
	if got["a"] != 2 || got["b"] != 2 {
		t.Error(got)
	}
	leaves, stays := a, "b"
	if holder == "b" {
		leaves, stays = b, "a"
	}
	leaves.ready.Store(false)
	await(t, "no connection goes to who is not ready", func() bool {
		first, second := ask(fresh()), ask(fresh()) // one would be each one's turn
		return first == stays && second == stays
	})
	if again := ask(kept); again != holder {
		t.Errorf("a connection of %s came to %s", holder, again)
	}
	leaves.ready.Store(true)
	await(t, "connections go to who is ready again", func() bool { return ask(fresh()) == holder })
	f.forget(leaves.URL)
	for range 3 {
		if got := ask(fresh()); got != stays {
			t.Errorf("%q is forgotten, and answers", got)
		}
	}
}

// TestAFrontRepeatsNothing: a connection that its process breaks breaks for the
// caller, and is not made again elsewhere.
func TestAFrontRepeatsNothing(t *testing.T) {
	t.Parallel()
	f, _ := newFront(t)
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	taken := make(chan struct{})
	go func() {
		for n := 0; ; n++ {
			c, err := ln.Accept()
			if err != nil {
				return
			}
			c.Close()
			taken <- struct{}{}
		}
	}()
	f.ready = []string{ln.Addr().String()}
	c, err := net.Dial("tcp", f.ln.Addr().String()) //nolint:noctx // ends with the test
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	<-taken
	if b, err := io.ReadAll(c); len(b) > 0 {
		t.Errorf("%q, %v", b, err)
	}
	select {
	case <-taken:
		t.Error("it was tried twice")
	default:
	}
}
