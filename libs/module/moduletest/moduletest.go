// Package moduletest runs one service for its component tests as it runs in
// production: its own process-wide wiring on a loopback port, a real
// PostgreSQL, a real Redis, tokens verified over a published key set, facts of
// other services arriving through a real outbox and relay. Test-only.
package moduletest

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"google.golang.org/protobuf/proto"

	"egov/libs/authn"
	"egov/libs/authn/token"
	"egov/libs/calendar"
	"egov/libs/conf"
	"egov/libs/dbtest"
	"egov/libs/event"
	"egov/libs/event/eventkeys"
	"egov/libs/host"
	"egov/libs/op"
	"egov/libs/pg"
	"egov/libs/redistest"
	"egov/libs/sign"
	"egov/libs/store"
)

// Service is one running service.
type Service struct {
	Name   string
	URL    string
	DB     dbtest.DB
	Config conf.Service

	t      testing.TB
	issuer *token.Issuer
	clock  *calendar.FileClock
	super  *pgxpool.Pool
	role   *pgxpool.Pool
	mu     sync.Mutex
	others map[string]*Producer
}

// Start runs the service that build makes, at the virtual instant of 09:00 on
// day ("2026-03-02"), and stops it when the test ends. Adjust changes its
// configuration first.
func Start(t testing.TB, name, day string, build func(conf.Service) host.Service, adjust ...func(*conf.Service)) *Service {
	t.Helper()
	dir := t.TempDir()
	clockFile := filepath.Join(dir, "clock")
	at, err := calendar.ParseDate(day)
	must(t, err)
	must(t, calendar.SetFile(clockFile, at.Start().Add(9*time.Hour)))
	clock, err := calendar.File(clockFile)
	must(t, err)
	_, key, err := ed25519.GenerateKey(nil)
	must(t, err)
	s := &Service{Name: name, DB: dbtest.Database(t), t: t, clock: clock, others: map[string]*Producer{}}
	s.super, s.role = s.DB.Superuser(t), s.DB.Pool(t)
	s.issuer = &token.Issuer{KeyID: "test", Key: key, Issuer: "egov", Audience: "egov-services", Now: clock.Now}
	keys := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		set, err := s.issuer.KeySet()
		if err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		_, _ = w.Write(set) // the client is gone when this fails
	}))
	t.Cleanup(keys.Close)

	c := conf.Default(name)
	c.Database.URL, c.Database.OwnerURL, c.Database.Role = conf.Secret(s.DB.AppURL), conf.Secret(s.DB.OwnerURL), s.DB.AppRole
	c.Redis.URL = conf.Secret(redistest.URL(t))
	c.Auth.JWKSURL = keys.URL
	c.Blob.URL = "file://" + filepath.Join(dir, "blob")
	c.Clock.File, c.Clock.Sweep = clockFile, 50*time.Millisecond
	c.Limits.PerSecond, c.Limits.Burst = 1e6, 1e6
	c.Linger = 0 // nobody else would take the requests
	for _, f := range adjust {
		f(&c)
	}
	if c.Keys.Register == "" { // services over one Redis know one another
		shared, known := registers.LoadOrStore(c.Redis.URL, filepath.Join(dir, "register"))
		if !known {
			t.Cleanup(func() { registers.Delete(c.Redis.URL) })
		}
		c.Keys.Register = shared.(string)
	}
	s.Config = c
	s.run(build)
	return s
}

// registers are the folders of event keys by the Redis of the services that share
// one.
var registers sync.Map

// Beside runs a second process of the service, over the same database, and
// stops it when the test ends. What it stated is asked of either.
func (s *Service) Beside(build func(conf.Service) host.Service) *Service {
	s.t.Helper()
	b := &Service{
		Name: s.Name, DB: s.DB, Config: s.Config, t: s.t, issuer: s.issuer, clock: s.clock,
		super: s.super, role: s.role, others: map[string]*Producer{},
	}
	b.run(build)
	return b
}

// run starts the service and waits until it is ready.
func (s *Service) run(build func(conf.Service) host.Service) {
	t := s.t
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	s.URL = "http://" + ln.Addr().String()
	unit := build(s.Config)
	unit.Listener = ln
	ctx, cancel := context.WithCancel(context.WithoutCancel(t.Context()))
	done := make(chan error, 1)
	go func() { done <- host.Run(ctx, slog.New(slog.NewTextHandler(testLog{t}, nil)), unit) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Errorf("%s: %v", s.Name, err)
		}
	})
	s.Await("ready", func() bool {
		select {
		case err := <-done:
			done <- err
			t.Fatalf("%s did not start: %v", s.Name, err)
		default:
		}
		r, err := http.Get(s.URL + "/readyz")
		if err != nil {
			return false
		}
		r.Body.Close()
		return r.StatusCode == http.StatusOK
	})
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// testLog keeps a failing test's log with the test.
type testLog struct{ t testing.TB }

func (l testLog) Write(b []byte) (int, error) {
	l.t.Logf("%s", bytes.TrimRight(b, "\n"))
	return len(b), nil
}

// Await polls until ok, for at most 20 seconds.
func (s *Service) Await(what string, ok func() bool) {
	s.t.Helper()
	deadline := time.Now().Add(time.Minute) // long on purpose: machines are shared
	for !ok() {
		if time.Now().After(deadline) {
			s.t.Fatalf("waited in vain: %s", what)
		}
		time.Sleep(5 * time.Millisecond) // a poll, bounded above; nothing depends on its length
	}
}

// Now is the service's virtual time.
func (s *Service) Now() time.Time { return s.clock.Now() }

// Set moves the virtual clock to 09:00 of a day.
func (s *Service) Set(day string) {
	s.t.Helper()
	d, err := calendar.ParseDate(day)
	must(s.t, err)
	must(s.t, calendar.SetFile(s.Config.Clock.File, d.Start().Add(9*time.Hour)))
}

// Client is a person signed in.
type Client struct {
	s *Service
	p authn.Principal
}

// As signs a person in: a unit, an account and its roles.
func (s *Service) As(account, unit string, roles ...string) *Client {
	return s.With(authn.Principal{Subject: account, Name: account, Unit: unit, UnitKind: "administrative", Roles: roles, District: "yangpu"})
}

// With signs p in.
func (s *Service) With(p authn.Principal) *Client { return &Client{s, p} }

// Answer is what the service said.
type Answer struct {
	t      testing.TB
	Status int
	Header http.Header
	Body   []byte
}

// Header is one header of a request.
type Header struct{ Name, Value string }

// Token is a fresh token of the person, for requests that Do cannot send.
func (c *Client) Token() string {
	c.s.t.Helper()
	signed, _, err := c.s.issuer.Issue(c.p, token.MaxLife)
	must(c.s.t, err)
	return signed
}

// Do sends a request; body is JSON when it is not nil, bytes or a string as
// they are.
func (c *Client) Do(method, path string, body any, headers ...Header) Answer {
	t := c.s.t
	t.Helper()
	var r io.Reader
	switch b := body.(type) {
	case nil:
	case string:
		r = strings.NewReader(b)
	case []byte:
		r = bytes.NewReader(b)
	default:
		j, err := json.Marshal(b)
		must(t, err)
		r = bytes.NewReader(j)
	}
	req, err := http.NewRequestWithContext(t.Context(), method, c.s.URL+path, r)
	must(t, err)
	if c.p.Subject != "" {
		req.Header.Set("Authorization", "Bearer "+c.Token())
	}
	for _, h := range headers {
		req.Header.Set(h.Name, h.Value)
	}
	resp, err := http.DefaultClient.Do(req)
	must(t, err)
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	must(t, err)
	return Answer{t, resp.StatusCode, resp.Header, b}
}

// Get reads.
func (c *Client) Get(path string) Answer { c.s.t.Helper(); return c.Do(http.MethodGet, path, nil) }

// Post acts.
func (c *Client) Post(path string, body any, headers ...Header) Answer {
	c.s.t.Helper()
	return c.Do(http.MethodPost, path, body, headers...)
}

// OK wants success and decodes the answer into v, when v is not nil.
func (a Answer) OK(v any) Answer {
	a.t.Helper()
	if a.Status < 200 || a.Status > 299 {
		a.t.Fatalf("refused: %d %s", a.Status, a.Body)
	}
	if v != nil {
		if err := json.Unmarshal(a.Body, v); err != nil {
			a.t.Fatalf("%v in %s", err, a.Body)
		}
	}
	return a
}

// Refused wants a problem of the given status and code and gives it.
func (a Answer) Refused(status int, code string) op.Problem {
	a.t.Helper()
	var p op.Problem
	if err := json.Unmarshal(a.Body, &p); err != nil {
		a.t.Fatalf("no problem: %d %s", a.Status, a.Body)
	}
	if a.Status != status || p.Code != code {
		a.t.Fatalf("got %d %s, want %d %s: %s", a.Status, p.Code, status, code, a.Body)
	}
	if p.Title == "" || p.TitleEN == "" {
		a.t.Fatalf("a problem speaks two languages: %s", a.Body)
	}
	return p
}

// Producer stands in for another service: it has an outbox and a relay of its
// own, so that its facts arrive as they do in production.
type Producer struct {
	s     *Service
	pool  *pgxpool.Pool
	relay *event.Relay
	name  string
	keys  atomic.Pointer[eventkeys.Own]
}

// SigningKey is the key that it signs with.
func (p *Producer) SigningKey() (*sign.PrivateKey, error) { return p.keys.Load().SigningKey() }

// Sign has it sign with other keys.
func (p *Producer) Sign(keys *eventkeys.Own) { p.keys.Store(keys) }

// Other gives the stand-in for another service.
func (s *Service) Other(name string) *Producer {
	s.t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	if p := s.others[name]; p != nil {
		return p
	}
	db := dbtest.Database(s.t, store.Migrations(), pg.Set{Name: "event", FS: event.Migrations()})
	p := &Producer{s: s, pool: db.Pool(s.t), name: name}
	keys, err := eventkeys.OpenOwn("", s.Config.Keys.Register, name, eventkeys.Terms{}, time.Now)
	must(s.t, err)
	p.Sign(keys)
	p.relay = event.NewRelay(p.pool, redistest.Open(s.t, string(s.Config.Redis.URL)), name, event.RelayOptions{Poll: 5 * time.Millisecond, Signer: p})
	ctx, cancel := context.WithCancel(context.WithoutCancel(s.t.Context()))
	done := make(chan error, 1)
	go func() { done <- p.relay.Run(ctx) }()
	s.t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			s.t.Errorf("relay of %s: %v", name, err)
		}
	})
	s.others[name] = p
	return p
}

// State publishes facts about a subject, as unit.
func (p *Producer) State(subject, unit string, facts ...proto.Message) {
	t := p.s.t
	t.Helper()
	var recs []event.Record
	for _, f := range facts {
		typ, data, err := event.FromProto(f)
		must(t, err)
		recs = append(recs, event.Record{
			Source: p.name, Type: typ, Subject: subject, Time: p.s.Now(), Unit: unit, Actor: "test." + p.name, Data: data,
			TraceParent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
		})
	}
	must(t, pgx.BeginFunc(t.Context(), p.pool, func(tx pgx.Tx) error {
		b := &pgx.Batch{}
		event.Enqueue(b, recs)
		return tx.SendBatch(t.Context(), b).Close()
	}))
	p.relay.Wake()
}

// Fact is one fact that the service under test has stated.
type Fact struct {
	Type, Subject, Unit, Actor, TraceParent string
	Seq                                     int64
	Data                                    map[string]any
}

// Facts lists what the service has stated so far about a subject, or about all
// when it is empty.
func (s *Service) Facts(subject string) []Fact {
	s.t.Helper()
	rows, err := s.super.Query(s.t.Context(),
		`SELECT type, subject, unit, actor, traceparent, seq, data::jsonb FROM event_outbox WHERE $1 = '' OR subject = $1 ORDER BY txid, id`, subject)
	must(s.t, err)
	facts, err := pgx.CollectRows(rows, func(r pgx.CollectableRow) (f Fact, err error) {
		return f, r.Scan(&f.Type, &f.Subject, &f.Unit, &f.Actor, &f.TraceParent, &f.Seq, &f.Data)
	})
	must(s.t, err)
	return facts
}

// Stated wants the service to state a fact of m's type about subject, and
// gives the last one.
func (s *Service) Stated(subject string, m proto.Message) Fact {
	s.t.Helper()
	want := string(m.ProtoReflect().Descriptor().FullName())
	var last *Fact
	s.Await(want+" about "+subject, func() bool {
		for _, f := range s.Facts(subject) {
			if f.Type == want {
				last = &f
			}
		}
		return last != nil
	})
	return *last
}

// Count counts the facts of m's type about subject.
func (s *Service) Count(subject string, m proto.Message) int {
	s.t.Helper()
	n := 0
	for _, f := range s.Facts(subject) {
		if f.Type == string(m.ProtoReflect().Descriptor().FullName()) {
			n++
		}
	}
	return n
}

// VisibleTo counts the rows of a table that a unit and account see with a query
// that has no WHERE, as the service's own database role.
func (s *Service) VisibleTo(table, unit, account string, roles ...string) int {
	s.t.Helper()
	n := 0
	must(s.t, pgx.BeginFunc(s.t.Context(), s.role, func(tx pgx.Tx) error {
		if err := pg.ScopeOf(authn.Principal{Subject: account, Unit: unit, Roles: roles}).Apply(s.t.Context(), tx); err != nil {
			return err
		}
		return tx.QueryRow(s.t.Context(), "SELECT count(*) FROM "+pgx.Identifier{table}.Sanitize()).Scan(&n)
	}))
	return n
}

// Key makes an Idempotency-Key header.
func Key(k string) Header { return Header{"Idempotency-Key", k} }

// IfMatch makes the header that names a version.
func IfMatch(version int64) Header {
	return Header{"If-Match", fmt.Sprintf("%q", fmt.Sprintf("v%d", version))}
}
