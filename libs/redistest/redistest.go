// Package redistest gives tests a real Redis: a logical database of one
// server for most, a server of its own for those that flush, kill or restart
// it.
//
// The server is the one EGOV_TEST_REDIS_URL names, or a private one that the
// test process starts on first use; it ends with the process. Where none can
// be had the test fails; nothing is skipped.
package redistest

import (
	"context"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"egov/libs/embedded"
)

// EnvURL names the URL of a server that all test processes share. It needs
// Databases logical databases.
const EnvURL = "EGOV_TEST_REDIS_URL"

// Databases is how many logical databases a shared server must have. Database
// 0 holds the counter that hands out the others.
const Databases = 1024

var (
	mu     sync.Mutex
	shared *url.URL
	stop   = func() error { return nil }
)

// Main runs a package's tests and stops the private server, if one was
// started. Call it from TestMain: os.Exit(redistest.Main(m.Run)); a package
// that uses dbtest too passes func() int { return dbtest.Main(m) }.
func Main(run func() int) int {
	code := run()
	mu.Lock()
	defer mu.Unlock()
	if err := stop(); err != nil {
		fmt.Fprintln(os.Stderr, "redistest:", err)
		code = max(code, 1)
	}
	return code
}

// URL is the address of an empty logical database that no other test uses. It
// is emptied when the test ends.
func URL(t testing.TB) string {
	t.Helper()
	base := server(t)
	n := take(t, base)
	u := at(base, n)
	c := Open(t, u)
	if err := c.FlushDB(t.Context()).Err(); err != nil {
		t.Fatalf("redistest: empty database %d: %v", n, err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(t.Context()), 10*time.Second)
		defer cancel()
		if err := c.FlushDB(ctx).Err(); err != nil {
			t.Errorf("redistest: empty database %d: %v", n, err)
		}
	})
	return u
}

// Client is a client of a logical database of the test's own.
func Client(t testing.TB) *redis.Client {
	t.Helper()
	return Open(t, URL(t))
}

// Open is a client of url that is closed when the test ends. It does not
// retry, so that a test sees each failure.
func Open(t testing.TB, url string) *redis.Client {
	t.Helper()
	o, err := redis.ParseURL(url)
	if err != nil {
		t.Fatalf("redistest: %v", err)
	}
	o.MaxRetries = -1
	c := redis.NewClient(o)
	t.Cleanup(func() { _ = c.Close() })
	return c
}

// Private is a server of one test's own, which the test may flush, kill and
// start again.
type Private struct {
	t    testing.TB
	opts embedded.RedisOptions
	*embedded.Redis
}

// Server starts a server for this test alone; it is stopped when the test
// ends.
func Server(t testing.TB) *Private {
	t.Helper()
	dir, err := os.MkdirTemp("", "redistest-")
	if err != nil {
		t.Fatalf("redistest: %v", err)
	}
	p := &Private{t: t, opts: embedded.RedisOptions{Dir: filepath.Join(dir, "redis")}}
	p.start()
	p.opts.Port = p.Port()
	t.Cleanup(func() {
		if err := p.Stop(context.WithoutCancel(t.Context())); err != nil {
			t.Errorf("redistest: %v", err)
		}
		if err := os.RemoveAll(dir); err != nil {
			t.Errorf("redistest: %v", err)
		}
	})
	return p
}

func (p *Private) start() {
	p.t.Helper()
	r, err := embedded.StartRedis(p.t.Context(), p.opts)
	if err != nil {
		p.t.Fatalf("redistest: %v", err)
	}
	p.Redis = r
}

// Kill ends the server with SIGKILL; it keeps nothing.
func (p *Private) Kill() {
	p.t.Helper()
	proc, err := os.FindProcess(p.PID())
	if err != nil {
		p.t.Fatalf("redistest: %v", err)
	}
	if err := proc.Kill(); err != nil {
		p.t.Fatalf("redistest: %v", err)
	}
	<-p.Done()
	if err := p.Stop(context.WithoutCancel(p.t.Context())); err != nil {
		p.t.Fatalf("redistest: %v", err)
	}
}

// Restart starts the killed server again on the same address, empty.
func (p *Private) Restart() {
	p.t.Helper()
	p.start()
}

// server returns the process's server, starting it on first use.
func server(t testing.TB) *url.URL {
	t.Helper()
	mu.Lock()
	defer mu.Unlock()
	if shared != nil {
		return shared
	}
	raw := os.Getenv(EnvURL)
	if raw == "" {
		dir, err := os.MkdirTemp("", "redistest-")
		if err != nil {
			t.Fatalf("redistest: %v", err)
		}
		// It serves every later test, so no test's context bounds it.
		r, err := embedded.StartRedis(context.Background(), embedded.RedisOptions{Dir: dir, Databases: Databases})
		if err != nil {
			t.Fatalf("redistest: %v", err)
		}
		stop = func() error {
			if err := r.Stop(context.Background()); err != nil {
				return err
			}
			return os.RemoveAll(dir)
		}
		raw = r.URL(0)
	}
	u, err := url.Parse(raw)
	if err != nil {
		t.Fatalf("redistest: %s: %v", EnvURL, err)
	}
	shared = u
	return u
}

// take hands out a logical database, across processes too.
func take(t testing.TB, base *url.URL) int {
	t.Helper()
	n, err := Open(t, at(base, 0)).Incr(t.Context(), "redistest:taken").Result()
	if err != nil {
		t.Fatalf("redistest: %v", err)
	}
	return 1 + int(n%(Databases-1))
}

func at(base *url.URL, database int) string {
	u := *base
	u.Path = "/" + strconv.Itoa(database)
	return u.String()
}
