// Package session is how commands speak to a running installation as somebody:
// it signs in, keeps what the server granted in a file that only its owner
// reads, and sends requests under it.
//
// A server is either the portal, which holds the tokens itself and grants a
// session, or a single service, which takes an access token. The package never
// keeps a password and never sends a token to another server than the one that
// granted it.
package session

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"egov/libs/fault"
	"egov/libs/op"
	"egov/tools/egov/cli"
)

// The environment that stands above the kept session. stable.
const (
	ServerVariable   = "EGOV_SERVER"
	TokenVariable    = "EGOV_TOKEN"
	PasswordVariable = "EGOV_PASSWORD"
)

// The refusals of this package.
var (
	ErrNone        = fault.New(fault.Unauthenticated, "not_signed_in", "尚未登录，请先运行 egov login", "not signed in: run egov login first")
	ErrUnreachable = fault.New(fault.Unavailable, "server_unreachable", "无法连接服务器", "the server cannot be reached")
	ErrServer      = fault.New(fault.Invalid, "server_invalid", "服务器地址应为http(s)地址", "the server must be an http(s) URL")
)

// Session is what a server granted to an account.
type Session struct {
	Server  string       `json:"server"` // base URL
	Account string       `json:"account,omitempty"`
	Token   string       `json:"token,omitempty"`  // access token, of a service
	Cookie  *http.Cookie `json:"cookie,omitempty"` // session, of a portal
	CSRF    string       `json:"csrf_token,omitempty"`
	Expires time.Time    `json:"expires_at,omitzero"` // of Token, by the server's clock

	// MustChangePassword: the account can do nothing else before.
	MustChangePassword bool `json:"-"`

	viaPortal bool // a token that the portal is to carry on
}

// Agent sends requests.
type Agent struct {
	HTTP *http.Client
	Env  func(string) string
	File string // where the session is kept
}

// Default keeps the session in the user's configuration directory.
func Default() (Agent, error) {
	dir, err := os.UserConfigDir()
	if err != nil {
		return Agent{}, cli.ErrWrite.With(err)
	}
	return Agent{HTTP: &http.Client{}, Env: os.Getenv, File: filepath.Join(dir, "egov", "session.json")}, nil
}

// answers bounds what is read of an answer that is no file.
const answers = 1 << 20

// SignIn asks a server, portal or identity service, for a session.
func (a Agent) SignIn(ctx context.Context, server, account, password string) (Session, error) {
	s := Session{Account: account}
	var err error
	if s.Server, err = base(server); err != nil {
		return s, err
	}
	body, err := json.Marshal(map[string]string{"account": account, "password": password})
	if err != nil {
		return s, err
	}
	resp, err := a.send(ctx, http.MethodPost, s.Server+"/api/session", body, nil)
	if err != nil {
		return s, err
	}
	if !knowsSessions(resp) {
		resp.Body.Close()
		if resp, err = a.send(ctx, http.MethodPost, s.Server+"/v1/sessions", body, nil); err != nil {
			return s, err
		}
	}
	defer resp.Body.Close()
	var granted struct {
		CSRF       string    `json:"csrf_token"`
		Token      string    `json:"access_token"`
		Expires    time.Time `json:"expires_at"`
		MustChange bool      `json:"must_change_password"`
	}
	if err := read(resp, &granted); err != nil {
		return s, err
	}
	s.CSRF, s.Token, s.Expires, s.MustChangePassword = granted.CSRF, granted.Token, granted.Expires, granted.MustChange
	for _, c := range resp.Cookies() {
		s.Cookie = &http.Cookie{Name: c.Name, Value: c.Value}
	}
	if s.Token == "" && s.Cookie == nil {
		return s, ErrUnreachable.WithMsg("对方不是本套件的服务器："+s.Server, "not a server of this suite: "+s.Server)
	}
	return s, nil
}

// Keep writes the session to the file, readable by its owner alone.
func (a Agent) Keep(s Session) error {
	b, err := json.MarshalIndent(s, "", "  ")
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(a.File), 0o700); err != nil {
		return cli.ErrWrite.With(err)
	}
	f, err := os.CreateTemp(filepath.Dir(a.File), ".session-*") // made with mode 0600
	if err != nil {
		return cli.ErrWrite.With(err)
	}
	_, err = f.Write(append(b, '\n'))
	if err = errors.Join(err, f.Close()); err == nil {
		err = os.Rename(f.Name(), a.File)
	}
	if err != nil {
		return cli.ErrWrite.With(errors.Join(err, os.Remove(f.Name())))
	}
	return nil
}

// Current is the session commands act under: that of the environment, else the
// kept one.
func (a Agent) Current(ctx context.Context) (Session, error) {
	server, token := a.Env(ServerVariable), a.Env(TokenVariable)
	if server != "" {
		var err error
		if server, err = base(server); err != nil {
			return Session{}, err
		}
	}
	if server != "" && token != "" {
		return Session{Server: server, Token: token, viaPortal: a.isPortal(ctx, server)}, nil
	}
	b, err := os.ReadFile(a.File)
	if errors.Is(err, fs.ErrNotExist) {
		return Session{}, ErrNone
	}
	if err != nil {
		return Session{}, cli.Unreadable(a.File, err)
	}
	var s Session
	if err := json.Unmarshal(b, &s); err != nil {
		return Session{}, cli.Unreadable(a.File, err)
	}
	if token != "" {
		return Session{Server: s.Server, Token: token, viaPortal: s.Cookie != nil}, nil
	}
	if server != "" && server != s.Server {
		return Session{}, ErrNone.WithMsg("尚未登录 "+server+"，请先运行 egov login", "not signed in at "+server+": run egov login first")
	}
	return s, nil
}

// isPortal tells a portal, which keeps sessions, from a service, which does not
// know them. Whatever else a portal says of itself a gateway keeps back.
func (a Agent) isPortal(ctx context.Context, server string) bool {
	resp, err := a.send(ctx, http.MethodGet, server+"/api/session", nil, nil)
	if err != nil {
		return false
	}
	defer resp.Body.Close()
	return knowsSessions(resp)
}

// knowsSessions reads from an answer whether the server keeps browsers' sessions.
func knowsSessions(resp *http.Response) bool {
	return resp.StatusCode != http.StatusNotFound && resp.StatusCode != http.StatusMethodNotAllowed
}

// Header is one header of a request.
type Header struct{ Name, Value string }

// Call sends a request to a service and returns its answer, whose body the
// caller closes. A refusal is a *fault.Error with what the server said. Without
// a body none is sent.
func (a Agent) Call(ctx context.Context, s Session, service, method, path string, body any, headers ...Header) (*http.Response, error) {
	var b []byte
	if body != nil {
		var err error
		if b, err = json.Marshal(body); err != nil {
			return nil, err
		}
	}
	at := s.Server + path
	if s.Cookie != nil || s.viaPortal {
		at = s.Server + "/api/" + service + path
	}
	resp, err := a.send(ctx, method, at, b, func(h http.Header) {
		for _, x := range headers {
			h.Set(x.Name, x.Value)
		}
		switch {
		case s.Token != "":
			h.Set("Authorization", "Bearer "+s.Token)
		case s.Cookie != nil:
			h.Set("Cookie", s.Cookie.String())
			h.Set("X-CSRF-Token", s.CSRF)
		}
	})
	if err != nil {
		return nil, err
	}
	if resp.StatusCode >= http.StatusMultipleChoices {
		defer resp.Body.Close()
		return nil, refusal(resp)
	}
	return resp, nil
}

func (a Agent) send(ctx context.Context, method, at string, body []byte, header func(http.Header)) (*http.Response, error) {
	req, err := http.NewRequestWithContext(ctx, method, at, bytes.NewReader(body))
	if err != nil {
		return nil, ErrServer.With(err)
	}
	req.Header.Set("Content-Type", "application/json")
	if header != nil {
		header(req.Header)
	}
	resp, err := a.HTTP.Do(req)
	if err != nil {
		return nil, ErrUnreachable.With(err)
	}
	return resp, nil
}

func read(resp *http.Response, into any) error {
	if resp.StatusCode >= http.StatusMultipleChoices {
		return refusal(resp)
	}
	b, err := io.ReadAll(io.LimitReader(resp.Body, answers))
	if err == nil {
		err = json.Unmarshal(b, into)
	}
	if err != nil {
		return ErrUnreachable.With(err)
	}
	return nil
}

// refusal is what a server's problem document says.
func refusal(resp *http.Response) error {
	b, err := io.ReadAll(io.LimitReader(resp.Body, answers))
	var p op.Problem
	if err == nil {
		err = json.Unmarshal(b, &p)
	}
	if err != nil || p.Code == "" {
		text := fmt.Sprintf("HTTP %s", resp.Status)
		return ErrUnreachable.WithMsg("服务器的答复无法识别："+text, "the server's answer is not understood: "+text)
	}
	f := fault.New(kind(resp.StatusCode), p.Code, p.Title, p.TitleEN, p.Basis...)
	return f.WithViolations(p.Violations...)
}

// kind undoes op.Status.
func kind(status int) fault.Kind {
	for k := fault.Internal; k <= fault.Unavailable; k++ {
		if op.Status(k) == status {
			return k
		}
	}
	return fault.Internal
}

// base checks and trims a server's URL.
func base(server string) (string, error) {
	u, err := url.Parse(server)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || u.User != nil {
		return "", ErrServer.WithMsg("服务器地址应为http(s)地址："+server, "the server must be an http(s) URL: "+server)
	}
	return strings.TrimRight(u.Scheme+"://"+u.Host+u.Path, "/"), nil
}
