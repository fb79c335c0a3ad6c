package demo

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"time"

	"egov/libs/op"
)

// client speaks to the services as people do: over HTTP, each signed in with
// an account of its own. A request that meets a service which is away is sent
// again with the same Idempotency-Key until it is answered, so a killed service
// changes nothing but the time it takes.
type client struct {
	url      func(service string) string
	password string
	http     *http.Client
	patience time.Duration
	repeat   bool

	mu     sync.Mutex
	tokens map[string]string
	traces map[string][]string // project → trace ids of the requests that changed it
}

func newClient(o Options) *client {
	return &client{
		url: o.URL, password: o.Password, repeat: o.Repeat, http: &http.Client{Timeout: 20 * time.Second}, patience: 90 * time.Second,
		tokens: map[string]string{}, traces: map[string][]string{},
	}
}

// refusal is a problem document as an error.
type refusal struct {
	what string
	op.Problem
}

func (r refusal) Error() string {
	s := fmt.Sprintf("%s: %d %s: %s", r.what, r.Status, r.Code, r.Title)
	for _, v := range r.Violations {
		s += fmt.Sprintf("; %s %s %s %v", v.Field, v.Code, v.Msg, v.Basis)
	}
	return s
}

// person is one account signed in.
type person struct {
	c       *client
	account string
}

func (c *client) as(account string) person { return person{c, account} }

// post acts on a project (empty for acts that concern none) and decodes the
// answer into out when it is not nil.
func (p person) post(ctx context.Context, project, service, path string, body, out any) error {
	trace, span := make([]byte, 16), make([]byte, 8)
	_, _ = rand.Read(trace) // never fails
	_, _ = rand.Read(span)
	key, parent := rand.Text(), fmt.Sprintf("00-%x-%x-01", trace, span)
	err := p.send(ctx, http.MethodPost, service, path, body, out, key, parent)
	if err == nil && p.c.repeat {
		err = p.again(ctx, service, path, body, key, parent)
	}
	if err == nil && project != "" {
		p.c.mu.Lock()
		p.c.traces[project] = append(p.c.traces[project], hex.EncodeToString(trace))
		p.c.mu.Unlock()
	}
	return err
}

// again repeats a request that succeeded, twice, and wants the two answers to be
// one; only exports, which are made anew, are let off.
func (p person) again(ctx context.Context, service, path string, body any, key, trace string) error {
	if service == "auditexport" {
		return nil
	}
	var first, second []byte
	for _, out := range []*[]byte{&first, &second} {
		if err := p.send(ctx, http.MethodPost, service, path, body, out, key, trace); err != nil {
			return fmt.Errorf("repeated: %w", err)
		}
	}
	if !bytes.Equal(first, second) {
		return fmt.Errorf("%s %s answers one key in two ways:\n%s\n%s", service, path, first, second)
	}
	return nil
}

// get reads.
func (p person) get(ctx context.Context, service, path string, out any) error {
	return p.send(ctx, http.MethodGet, service, path, nil, out, "", "")
}

func (p person) send(ctx context.Context, method, service, path string, body, out any, key, trace string) error {
	ctx, cancel := context.WithTimeout(ctx, p.c.patience)
	defer cancel()
	what := fmt.Sprintf("%s %s %s %s", p.account, method, service, path)
	for pause := 20 * time.Millisecond; ; pause = min(2*pause, time.Second) {
		err := p.once(ctx, what, method, service, path, body, out, key, trace)
		var r refusal
		again := err != nil
		if errors.As(err, &r) {
			switch {
			case r.Status == http.StatusUnauthorized && service != "identity":
				p.c.forget(p.account) // the virtual clock has outrun the token
			case r.Status >= 500 || r.Status == http.StatusTooManyRequests:
			default:
				again = false
			}
		}
		if !again {
			return err
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("%s: %w", what, err)
		case <-time.After(pause):
		}
	}
}

func (p person) once(ctx context.Context, what, method, service, path string, body, out any, key, trace string) error {
	token, err := p.c.token(ctx, p.account)
	if err != nil {
		return err
	}
	return p.c.exchange(ctx, what, method, service, path, body, out, map[string]string{"Authorization": "Bearer " + token, "Idempotency-Key": key, "traceparent": trace})
}

func (c *client) exchange(ctx context.Context, what, method, service, path string, body, out any, headers map[string]string) error {
	var r io.Reader
	switch b := body.(type) {
	case nil:
	case raw:
		r = strings.NewReader(string(b))
		headers["Content-Type"] = "text/plain; charset=utf-8"
	default:
		j, err := json.Marshal(b)
		if err != nil {
			return err
		}
		r = bytes.NewReader(j)
		headers["Content-Type"] = "application/json"
	}
	req, err := http.NewRequestWithContext(ctx, method, c.url(service)+path, r)
	if err != nil {
		return err
	}
	for k, v := range headers {
		if v != "" {
			req.Header.Set(k, v)
		}
	}
	resp, err := c.http.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		return err
	}
	if resp.StatusCode >= 300 {
		p := op.Problem{Status: resp.StatusCode, Code: "http", Title: string(b)}
		_ = json.Unmarshal(b, &p) // what is no problem document is shown as it came
		return refusal{what, p}
	}
	switch out := out.(type) {
	case nil:
		return nil
	case *[]byte:
		*out = b
		return nil
	default:
		return json.Unmarshal(b, out)
	}
}

func (c *client) forget(account string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.tokens, account)
}

func (c *client) token(ctx context.Context, account string) (string, error) {
	c.mu.Lock()
	token := c.tokens[account]
	c.mu.Unlock()
	if token != "" {
		return token, nil
	}
	var session struct {
		AccessToken string `json:"access_token"`
	}
	err := c.exchange(ctx, account+" signs in", http.MethodPost, "identity", "/v1/sessions", map[string]string{"account": account, "password": c.password}, &session, map[string]string{})
	if err != nil {
		return "", err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.tokens[account] = session.AccessToken
	return session.AccessToken, nil
}

// await polls until ok, and says what it waited for when that never comes.
func (c *client) await(ctx context.Context, what string, ok func(context.Context) (bool, error)) error {
	ctx, cancel := context.WithTimeout(ctx, c.patience)
	defer cancel()
	for pause := 5 * time.Millisecond; ; pause = min(2*pause, 200*time.Millisecond) {
		done, err := ok(ctx)
		if done && err == nil {
			return nil
		}
		select {
		case <-ctx.Done():
			return errors.Join(fmt.Errorf("waited in vain: %s", what), err)
		case <-time.After(pause):
		}
	}
}

// isRefused reports whether err is a refusal with the given code.
func isRefused(err error, code string) bool {
	var r refusal
	return errors.As(err, &r) && r.Code == code
}

// upload sends a document as it is. It states nothing by itself: the act that
// the document belongs to does.
func (p person) upload(ctx context.Context, service, path, text string, out any) error {
	return p.post(ctx, "", service, path, raw(text), out)
}

// raw is a body that is not JSON.
type raw string
