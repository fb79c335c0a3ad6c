package module_test

import (
	"context"
	"encoding/json"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"egov/libs/calendar"
	"egov/libs/conf"
	"egov/libs/dbtest"
	"egov/libs/host"
	"egov/libs/module/moduletest"
	"egov/libs/redistest"
	"egov/services/identity"
	"egov/services/identity/httpapi"
	"egov/services/identity/module"
)

func TestMain(m *testing.M) {
	os.Exit(redistest.Main(func() int { return dbtest.Main(m) }))
}

// demoPassword is the first password of every seeded account.
const demoPassword = "Plum-Rain-2026"

// world is one running identity service with the demonstration district, which
// trusts its own tokens and those of the test.
type world struct {
	*moduletest.Service
	t      *testing.T
	config module.Config
}

// start runs the service; adjust changes its configuration first.
func start(t *testing.T, adjust ...func(*module.Config)) *world {
	t.Helper()
	w := &world{t: t}
	var own atomic.Pointer[string]
	keys := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, _ *http.Request) {
		var set struct {
			Keys []json.RawMessage `json:"keys"`
		}
		sources := []string{w.config.Auth.JWKSURL}
		if u := own.Load(); u != nil {
			sources = append(sources, *u+httpapi.KeysPath)
		}
		for _, url := range sources {
			resp, err := http.Get(url)
			if err != nil {
				http.Error(rw, err.Error(), http.StatusBadGateway)
				return
			}
			var one struct {
				Keys []json.RawMessage `json:"keys"`
			}
			err = json.NewDecoder(resp.Body).Decode(&one)
			resp.Body.Close()
			if err != nil {
				http.Error(rw, err.Error(), http.StatusBadGateway)
				return
			}
			set.Keys = append(set.Keys, one.Keys...)
		}
		if err := json.NewEncoder(rw).Encode(set); err != nil {
			t.Error(err)
		}
	}))
	t.Cleanup(keys.Close)
	w.Service = moduletest.Start(t, module.Name, "2026-03-02", func(c conf.Service) host.Service {
		w.config = module.Config{Service: c, Seed: "demo", DemoPassword: demoPassword, Duties: cheapDuties(t)}
		w.config.Keys.Dir = filepath.Join(t.TempDir(), "keys")
		for _, f := range adjust {
			f(&w.config)
		}
		run := w.config
		run.Auth.JWKSURL = keys.URL
		return module.New(run)
	})
	own.Store(&w.URL)
	return w
}

// cheapDuties are the built-in rules with hashes that take no time.
func cheapDuties(t *testing.T, replace ...string) string {
	t.Helper()
	b, err := os.ReadFile("../duties/yangpu.yaml")
	if err != nil {
		t.Fatal(err)
	}
	const cost = "{memory_kib: 19456, passes: 2, lanes: 1}"
	if !strings.Contains(string(b), cost) {
		t.Fatal("the cost of hashes stands elsewhere")
	}
	text := strings.NewReplacer(append([]string{cost, "{memory_kib: 64, passes: 1, lanes: 1}"}, replace...)...).Replace(string(b))
	path := filepath.Join(t.TempDir(), "duties.yaml")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// beside runs a second process of the service, over the same database and keys,
// which verifies tokens by what it publishes itself, and gives its URL.
func (w *world) beside() string {
	w.t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		w.t.Fatal(err)
	}
	config := w.config
	config.Auth.JWKSURL = "http://" + ln.Addr().String() + httpapi.KeysPath
	unit := module.New(config)
	unit.Listener = ln
	ctx, cancel := context.WithCancel(context.WithoutCancel(w.t.Context()))
	done := make(chan error, 1)
	go func() { done <- host.Run(ctx, slog.New(slog.DiscardHandler), unit) }()
	w.t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			w.t.Errorf("the second process: %v", err)
		}
	})
	url := "http://" + ln.Addr().String()
	w.Await("the second process is ready", func() bool {
		r, err := http.Get(url + "/readyz")
		if err != nil {
			return false
		}
		r.Body.Close()
		return r.StatusCode == http.StatusOK
	})
	return url
}

// later moves the clock on.
func (w *world) later(d time.Duration) {
	w.t.Helper()
	if err := calendar.SetFile(w.Config.Clock.File, w.Now().Add(d)); err != nil {
		w.t.Fatal(err)
	}
}

// anybody is a caller without a token.
func (w *world) anybody() *person { return &person{w: w} }

// person is somebody with a token of this service's own.
type person struct {
	w *world
	identity.Grant
}

// signIn signs an account in with the demonstration's password.
func (w *world) signIn(account string, more ...map[string]any) *person {
	w.t.Helper()
	body := map[string]any{"account": account, "password": demoPassword}
	for _, m := range more {
		for k, v := range m {
			body[k] = v
		}
	}
	p := &person{w: w}
	w.anybody().post("/v1/sessions", body).OK(&p.Grant)
	return p
}

func (p *person) do(method, path string, body any, headers ...moduletest.Header) moduletest.Answer {
	p.w.t.Helper()
	if p.AccessToken != "" {
		headers = append(headers, moduletest.Header{Name: "Authorization", Value: "Bearer " + p.AccessToken})
	}
	return p.w.As("", "").Do(method, path, body, headers...)
}

func (p *person) post(path string, body any, headers ...moduletest.Header) moduletest.Answer {
	p.w.t.Helper()
	return p.do(http.MethodPost, path, body, headers...)
}

func (p *person) get(path string) moduletest.Answer {
	p.w.t.Helper()
	return p.do(http.MethodGet, path, nil)
}

func (w *world) account(id string) (a identity.Account) {
	w.t.Helper()
	w.signIn("account-admin").get("/v1/accounts/" + id).OK(&a)
	return a
}

type fields = map[string]any

var verdict = fields{"reviewer": "贺春兰", "opinion": "岗位与职责相符"}

func reason(s string) fields { return fields{"reason": s} }
