package login

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"egov/libs/fault"
	"egov/libs/op"
	"egov/tools/egov/cli"
	"egov/tools/egov/session"
)

const password = "correct horse"

// credentials reads what somebody wants to sign in with.
func credentials(w http.ResponseWriter, r *http.Request) bool {
	var c struct{ Account, Password string }
	if err := json.NewDecoder(r.Body).Decode(&c); err == nil && c.Account == "li" && c.Password == password {
		return true
	}
	op.WriteProblem(r.Context(), fault.New(fault.Unauthenticated, "sign_in_failed", "账号或密码不正确", "the account or the password is wrong"), w)
	return false
}

// portal is a server that grants sessions, and serves one operation under them.
func portal(t *testing.T) *httptest.Server {
	t.Helper()
	mux := http.NewServeMux()
	mux.HandleFunc("POST /api/session", func(w http.ResponseWriter, r *http.Request) {
		if credentials(w, r) {
			http.SetCookie(w, &http.Cookie{Name: "egov", Value: "ticket", HttpOnly: true})
			fmt.Fprint(w, `{"csrf_token":"c1"}`)
		}
	})
	mux.HandleFunc("POST /api/auditexport/v1/exports", func(w http.ResponseWriter, r *http.Request) {
		if c, err := r.Cookie("egov"); err != nil || c.Value != "ticket" || r.Header.Get("X-CSRF-Token") != "c1" || r.Header.Get("Authorization") != "" {
			t.Errorf("%v %v", r.Header, err)
		}
	})
	return start(t, mux)
}

// service is an identity service, which grants tokens.
func service(t *testing.T) *httptest.Server {
	t.Helper()
	mux := http.NewServeMux()
	mux.HandleFunc("POST /v1/sessions", func(w http.ResponseWriter, r *http.Request) {
		if credentials(w, r) {
			fmt.Fprint(w, `{"access_token":"t1","expires_at":"2026-03-02T09:15:00+08:00","must_change_password":true}`)
		}
	})
	mux.HandleFunc("POST /v1/exports", func(_ http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != "Bearer t1" {
			t.Errorf("%v", r.Header)
		}
	})
	return start(t, mux)
}

func start(t *testing.T, h http.Handler) *httptest.Server {
	t.Helper()
	s := httptest.NewServer(h)
	t.Cleanup(s.Close)
	return s
}

func agent(t *testing.T, env map[string]string) session.Agent {
	t.Helper()
	return session.Agent{HTTP: &http.Client{}, Env: func(k string) string { return env[k] }, File: filepath.Join(t.TempDir(), "egov", "session.json")}
}

func run(t *testing.T, a session.Agent, server, account, in string) (int, string, string) {
	t.Helper()
	var o, e bytes.Buffer
	c := New()
	c.SetContext(t.Context())
	c.SetIn(strings.NewReader(in))
	c.SetOut(&o)
	c.SetErr(&e)
	return cli.Report(&e, c, login(c, a, server, account)), o.String(), e.String()
}

func TestSessionIsKeptForItsOwner(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		server *httptest.Server
		env    map[string]string
		in     string
		says   string
	}{
		"a portal, the password in the environment": {portal(t), map[string]string{session.PasswordVariable: password}, "", ""},
		"a portal, the password on standard input":  {portal(t), nil, password + "\n", ""},
		"an identity service":                       {service(t), nil, password, "change the password first"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := agent(t, tc.env)
			code, out, errs := run(t, a, tc.server.URL+"/", "li", tc.in)
			if code != cli.OK || !strings.Contains(out, "signed in at "+tc.server.URL+" as li") || !strings.Contains(errs, tc.says) {
				t.Fatalf("exit %d, %q, %q", code, out, errs)
			}
			info, err := os.Stat(a.File)
			if err != nil || info.Mode().Perm() != 0o600 {
				t.Fatalf("%v, %v", info, err)
			}
			if kept, err := os.ReadFile(a.File); err != nil || strings.Contains(string(kept), password) {
				t.Fatalf("%s, %v", kept, err)
			}
			s, err := a.Current(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			resp, err := a.Call(t.Context(), s, "auditexport", http.MethodPost, "/v1/exports", struct{}{})
			if err != nil {
				t.Fatal(err)
			}
			resp.Body.Close()
		})
	}
}

func TestRefusedSignIn(t *testing.T) {
	t.Parallel()
	closed := start(t, http.NotFoundHandler())
	closed.Close()
	for name, tc := range map[string]struct {
		server, account, password string
		code                      int
		says                      string
	}{
		"a wrong password":    {portal(t).URL, "li", "wrong", cli.Failed, "账号或密码不正确"},
		"an unknown account":  {service(t).URL, "wang", password, cli.Failed, "the account or the password is wrong"},
		"another kind of web": {start(t, http.NotFoundHandler()).URL, "li", password, cli.Failed, "not understood"},
		"nobody there":        {closed.URL, "li", password, cli.Failed, "cannot be reached"},
		"no URL":              {"portal.example", "li", password, cli.Failed, "must be an http(s) URL"},
		"no server":           {"", "li", password, cli.BadInput, "--server"},
		"no account":          {"http://portal.example", "", password, cli.BadInput, "--account"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := agent(t, map[string]string{session.PasswordVariable: tc.password})
			code, out, errs := run(t, a, tc.server, tc.account, "")
			if code != tc.code || out != "" || !strings.Contains(errs, tc.says) {
				t.Errorf("exit %d, %q, %q", code, out, errs)
			}
			if _, err := os.Stat(a.File); err == nil {
				t.Error("a session was kept")
			}
		})
	}
}

func TestEnvironmentStandsAboveTheKeptSession(t *testing.T) {
	t.Parallel()
	env := map[string]string{}
	a := agent(t, env)
	if _, err := a.Current(t.Context()); fault.From(err).Code != session.ErrNone.Code {
		t.Fatalf("nobody is signed in, yet %v", err)
	}
	if err := a.Keep(session.Session{Server: "http://kept.example", Token: "kept"}); err != nil {
		t.Fatal(err)
	}
	for _, tc := range []struct {
		server, token        string
		wantServer, wantTken string
		code                 string
	}{
		{"", "", "http://kept.example", "kept", ""},
		{"", "given", "http://kept.example", "given", ""},
		{"http://kept.example/", "", "http://kept.example", "kept", ""},
		{"http://other.example", "", "", "", "not_signed_in"}, // a token goes to nobody but who granted it
		{"ftp://other.example", "given", "", "", "server_invalid"},
	} {
		env[session.ServerVariable], env[session.TokenVariable] = tc.server, tc.token
		s, err := a.Current(t.Context())
		if tc.code != "" {
			if fault.From(err).Code != tc.code {
				t.Errorf("%+v: %v", tc, err)
			}
			continue
		}
		if err != nil || s.Server != tc.wantServer || s.Token != tc.wantTken {
			t.Errorf("%+v: %+v, %v", tc, s, err)
		}
	}
}

// TestTokenThroughThePortal: a server that keeps sessions is the portal, and is
// asked for the service behind it; its /status a gateway does not pass on.
func TestTokenThroughThePortal(t *testing.T) {
	t.Parallel()
	mux := http.NewServeMux()
	mux.HandleFunc("GET /api/session", func(w http.ResponseWriter, _ *http.Request) {
		http.Error(w, "not signed in", http.StatusUnauthorized)
	})
	asked := false
	mux.HandleFunc("POST /api/auditexport/v1/exports", func(_ http.ResponseWriter, r *http.Request) {
		asked = r.Header.Get("Authorization") == "Bearer t9"
	})
	a := agent(t, map[string]string{session.ServerVariable: start(t, mux).URL, session.TokenVariable: "t9"})
	s, err := a.Current(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	resp, err := a.Call(t.Context(), s, "auditexport", http.MethodPost, "/v1/exports", struct{}{})
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if !asked {
		t.Error("the token did not arrive")
	}
}
