package stack

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
)

// Declarers are demo accounts that submit by themselves: none has a supervising
// unit.
var Declarers = []string{
	"facilities.declarer", "police.declarer", "urban-management.declarer", "science.declarer",
	"market.declarer", "civil-affairs.declarer", "urban-ops.declarer", "health.declarer",
}

// Declaration is the body of a draft that the submit gate lets pass: a service
// of so many months and fen.
func Declaration(title string, months int, fen int64) ([]byte, error) {
	return json.Marshal(map[string]any{
		"title": title, "content": title + "。机房网络安全服务。", "period_months": months,
		"basis":  []map[string]string{{"kind": "key_work", "text": "区年度数字化重点工作"}},
		"leader": "分管领导", "contact": "联系人 021-00000000",
		"case": map[string]any{
			"kind": "service", "amount_fen": fen,
			"materials": []string{"pre_review_form", "basis", "build_plan", "budget_plan"},
		},
	})
}

// Client speaks to the services as programs of people do. It repeats nothing
// and keeps no tokens: what a failure means is the caller's to say.
type Client struct {
	URL      func(service string) string // base URLs
	Password string                      // of the demo accounts
	HTTP     *http.Client
}

// Refusal is an answer that says no.
type Refusal struct {
	Status int
	Later  bool // it says when to ask again
	Body   string
}

func (r Refusal) Error() string { return fmt.Sprintf("HTTP %d %s", r.Status, r.Body) }

// Send sends one request and gives the body of its answer. An answer outside of
// 2xx is a Refusal.
func (c Client) Send(ctx context.Context, service, method, path string, body []byte, headers map[string]string) ([]byte, error) {
	req, err := http.NewRequestWithContext(ctx, method, c.URL(service)+path, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	req.Header.Set("Content-Type", "application/json")
	for k, v := range headers {
		req.Header.Set(k, v)
	}
	resp, err := c.HTTP.Do(req)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err == nil && resp.StatusCode >= 300 {
		err = Refusal{resp.StatusCode, resp.Header.Get("Retry-After") != "", string(b)}
	}
	return b, err
}

// Credentials are the body of a demo account's signing in.
func (c Client) Credentials(account string) ([]byte, error) {
	return json.Marshal(map[string]string{"account": account, "password": c.Password})
}

// Token is the access token in the answer to a signing in.
func Token(answer []byte) (string, error) {
	var session struct {
		AccessToken string `json:"access_token"`
	}
	err := json.Unmarshal(answer, &session)
	return session.AccessToken, err
}
