package portal

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/url"
	"time"

	"egov/libs/authn"
	"egov/libs/fault"
	"egov/libs/op"
)

// identity is the portal's side of the identity service's sign-in operations.
type identity struct {
	at     *url.URL
	client *http.Client
}

// grant is what the identity service answers a sign-in or a renewal with.
type grant struct {
	AccessToken  string          `json:"access_token"`
	ExpiresAt    time.Time       `json:"expires_at"`
	RefreshToken string          `json:"refresh_token"`
	Principal    authn.Principal `json:"principal"`

	MustChangePassword bool `json:"must_change_password"`
}

// signIn asks for tokens; from is the way the browser's request came, by which
// the identity service slows guessing down.
func (i *identity) signIn(ctx context.Context, r SignIn, from string) (grant, error) {
	return i.ask(ctx, http.MethodPost, "/v1/sessions", r, from, "")
}

// renew spends a refresh token.
func (i *identity) renew(ctx context.Context, refresh string) (grant, error) {
	return i.ask(ctx, http.MethodPost, "/v1/sessions/refresh", map[string]string{"refresh_token": refresh}, "", "")
}

// changePassword replaces the password of the token's account; its sessions
// end, and a new one begins.
func (i *identity) changePassword(ctx context.Context, r ChangePassword, token, from string) (grant, error) {
	return i.ask(ctx, http.MethodPut, "/v1/me/password", r, from, token)
}

// revoke ends a family of tokens.
func (i *identity) revoke(ctx context.Context, s *session) error {
	resp, err := i.send(ctx, http.MethodPost, "/v1/sessions/revoke", map[string]string{"refresh_token": s.Refresh}, "", s.Access)
	if err != nil {
		return down(Identity, err)
	}
	defer resp.Body.Close()
	if resp.StatusCode >= http.StatusBadRequest {
		return refusal(resp)
	}
	return nil
}

func (i *identity) ask(ctx context.Context, method, path string, body any, from, token string) (grant, error) {
	resp, err := i.send(ctx, method, path, body, from, token)
	if err != nil {
		return grant{}, down(Identity, err)
	}
	defer resp.Body.Close()
	if resp.StatusCode >= http.StatusBadRequest {
		return grant{}, refusal(resp)
	}
	var g grant
	if err := json.NewDecoder(io.LimitReader(resp.Body, maxAnswer)).Decode(&g); err != nil {
		return grant{}, errBadAnswer.With(err)
	}
	if g.AccessToken == "" || g.RefreshToken == "" || g.Principal.Subject == "" {
		return grant{}, errBadAnswer.With(errors.New("a grant without tokens or principal"))
	}
	return g, nil
}

func (i *identity) send(ctx context.Context, method, path string, body any, from, token string) (*http.Response, error) {
	b, err := json.Marshal(body)
	if err != nil {
		return nil, err
	}
	req, err := http.NewRequestWithContext(ctx, method, i.at.JoinPath(path).String(), bytes.NewReader(b))
	if err != nil {
		return nil, err
	}
	req.Header.Set("Content-Type", "application/json")
	if from != "" {
		req.Header.Set("X-Forwarded-For", from)
	}
	if token != "" {
		req.Header.Set("Authorization", "Bearer "+token)
	}
	return i.client.Do(req)
}

// maxAnswer bounds what the portal itself reads of a service's answer.
const maxAnswer = 4 << 20

// kinds are the fault kinds by the status a service answers with.
var kinds = func() map[int]fault.Kind {
	m := map[int]fault.Kind{}
	for k := fault.Internal; k <= fault.Unavailable; k++ {
		m[op.Status(k)] = k
	}
	return m
}()

// refusal is a service's problem document as the fault it was made from.
func refusal(resp *http.Response) error {
	var p op.Problem
	err := json.NewDecoder(io.LimitReader(resp.Body, maxAnswer)).Decode(&p)
	kind, known := kinds[resp.StatusCode]
	if err != nil || !known || p.Code == "" {
		return errBadAnswer.With(errors.Join(err, errors.New(resp.Status)))
	}
	f := fault.New(kind, p.Code, p.Title, p.TitleEN, p.Basis...)
	f.Violations = p.Violations
	if wait, err := time.ParseDuration(resp.Header.Get("Retry-After") + "s"); err == nil {
		f.RetryAfter = wait
	}
	return f
}
