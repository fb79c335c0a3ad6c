package proofs

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptrace"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"

	"egov/services/suite"
	"egov/tools/cluster/servers"
)

// load is callers that work through the Services at a steady pace. They repeat
// nothing: what is not answered as it should be the first time has failed.
type load struct {
	url  func(service string) string
	http *http.Client
	stop context.CancelFunc
	done sync.WaitGroup

	mu       sync.Mutex
	asked    int
	resent   int // by net/http itself, on a connection that a server had closed
	failures []string
	drafted  []string // projects whose draft was acknowledged
}

// declarers submit by themselves: none has a supervising unit.
var declarers = []string{"facilities.declarer", "police.declarer", "science.declarer", "health.declarer"}

// pace is between two requests of one caller.
const pace = 120 * time.Millisecond

// startLoad lets the callers begin.
func startLoad(ctx context.Context, url func(string) string) *load {
	l := &load{url: url, http: &http.Client{Timeout: 10 * time.Second, Transport: &http.Transport{MaxIdleConnsPerHost: len(declarers)}}}
	ctx, l.stop = context.WithCancel(ctx)
	for _, account := range declarers {
		l.done.Go(func() { l.call(ctx, account) })
	}
	return l
}

// rest ends the load; requests under way are still answered.
func (l *load) rest() {
	l.stop()
	l.done.Wait()
	l.http.CloseIdleConnections()
}

// String says how the load goes.
func (l *load) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return fmt.Sprintf("%d requests, %d failed", l.asked, len(l.failures))
}

// call drafts projects and looks at them, in turn with the portal's word
// that it lives and identity's keys, until ctx ends.
func (l *load) call(ctx context.Context, account string) {
	tick := time.NewTicker(pace)
	defer tick.Stop()
	token, project := "", ""
	for n := 0; ; n++ {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		if token == "" || n%200 == 0 {
			token = l.signIn(account)
			continue
		}
		auth := map[string]string{"Authorization": "Bearer " + token}
		switch n % 4 {
		case 0:
			auth["Idempotency-Key"] = rand.Text()
			var p struct {
				ID string `json:"id"`
			}
			if l.ask("declaration", http.MethodPost, "/v1/projects", draft(), auth, &p) {
				project = p.ID
				l.mu.Lock()
				l.drafted = append(l.drafted, p.ID)
				l.mu.Unlock()
			}
		case 1:
			if project != "" {
				l.ask("declaration", http.MethodGet, "/v1/projects/"+project, nil, auth, nil)
			}
		case 2:
			l.ask("identity", http.MethodGet, "/.well-known/jwks.json", nil, nil, nil)
		case 3:
			// Not a page: a release compiled from its history alone has none.
			l.ask("portal", http.MethodGet, "/livez", nil, nil, nil)
		}
	}
}

func (l *load) signIn(account string) string {
	var session struct {
		AccessToken string `json:"access_token"`
	}
	l.ask("identity", http.MethodPost, "/v1/sessions", map[string]string{"account": account, "password": demoPassword}, nil, &session)
	return session.AccessToken
}

// draft is a small service purchase.
func draft() map[string]any {
	return map[string]any{
		"title": "滚动升级" + rand.Text(), "content": "机房网络安全服务。", "period_months": 12,
		"basis":  []map[string]string{{"kind": "key_work", "text": "区年度数字化重点工作"}},
		"leader": "分管领导", "contact": "联系人 021-00000000",
		"case": map[string]any{
			"kind": "service", "amount_fen": 30_000_000,
			"materials": []string{"pre_review_form", "basis", "build_plan", "budget_plan"},
		},
	}
}

// ask sends one request, once; a request under way outlives the load.
func (l *load) ask(service, method, path string, body any, headers map[string]string, out any) bool {
	tries := 0
	ctx := httptrace.WithClientTrace(context.Background(), &httptrace.ClientTrace{GotConn: func(httptrace.GotConnInfo) { tries++ }})
	err := l.send(ctx, service, method, path, body, headers, out)
	l.mu.Lock()
	defer l.mu.Unlock()
	l.asked++
	if tries > 1 {
		l.resent++
	}
	if err != nil {
		l.failures = append(l.failures, fmt.Sprintf("%s %s %s: %v", method, service, path, err))
	}
	return err == nil
}

func (l *load) send(ctx context.Context, service, method, path string, body any, headers map[string]string, out any) error {
	var r io.Reader
	if body != nil {
		b, err := json.Marshal(body)
		if err != nil {
			return err
		}
		r = bytes.NewReader(b)
	}
	req, err := http.NewRequestWithContext(ctx, method, l.url(service)+path, r)
	if err != nil {
		return err
	}
	if body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	for k, v := range headers {
		req.Header.Set(k, v)
	}
	resp, err := l.http.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		return err
	}
	if resp.StatusCode >= 300 {
		return fmt.Errorf("%s: %.300s", resp.Status, b)
	}
	if out == nil {
		return nil
	}
	return json.Unmarshal(b, out)
}

// lost holds what was acknowledged and what the services' outboxes state
// against the databases, past all row-level security: how many facts there are,
// and what is not where it should be. It waits for what is on its way.
func lost(ctx context.Context, s *servers.Servers, drafted []string) (facts int, err error) {
	stated := map[string]int{}
	for _, name := range suite.Databases() {
		ids, err := column(ctx, s, name, "SELECT event_id::text FROM event_outbox")
		if err != nil {
			return 0, err
		}
		for _, id := range ids {
			stated[id]++
		}
	}
	subjects, err := column(ctx, s, "declaration", "SELECT subject FROM event_outbox")
	if err != nil {
		return 0, err
	}
	known := map[string]bool{}
	for _, p := range subjects {
		known[p] = true
	}
	for _, p := range drafted {
		if !known[p] {
			return 0, fmt.Errorf("the draft %s was acknowledged, and nothing states it", p)
		}
	}
	err = await(ctx, 2*time.Minute, func(ctx context.Context) error {
		rows, err := column(ctx, s, "auditexport", "SELECT event_id::text FROM ledger_row")
		if err != nil {
			return err
		}
		ledger := map[string]int{}
		for _, id := range rows {
			if ledger[id]++; ledger[id] > 1 {
				return fmt.Errorf("the ledger has %s twice", id)
			}
		}
		missing := 0
		for id := range stated {
			if ledger[id] == 0 {
				missing++
			}
		}
		if missing > 0 {
			return fmt.Errorf("%d of %d facts are not in the ledger", missing, len(stated))
		}
		return nil
	})
	return len(stated), err
}

// column reads one column of a service's database as the superuser.
func column(ctx context.Context, s *servers.Servers, database, sql string) ([]string, error) {
	c, err := pgx.Connect(ctx, s.Postgres.SuperuserURL(database))
	if err != nil {
		return nil, err
	}
	defer c.Close(context.WithoutCancel(ctx))
	rows, err := c.Query(ctx, sql)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowTo[string])
}
