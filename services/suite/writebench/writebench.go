// Package writebench measures the write path: HTTP requests that submit
// projects to a real declaration service, against pgbench sending the very
// statements that the service sent, one at a time. Both sides run in turn on
// one PostgreSQL, which should write to disk as in production, and both submit
// drafts of their own, each once.
//
// The service runs in a process of its own, as it is shipped, with all its
// middleware, its relay and its consumers. What a submission is compared for
// ends with the answer: its state, clocks, facts and kept answer are committed.
// Facts of either side stay in the outbox until the round is over, and are
// carried on between rounds; submit_c64_relayed is the same pair with all that
// follows within the round, for both.
//
// pgbench sends statements as it does when nobody says how. pgx_batch has
// nothing of the service in it: the same statements in one batch of the driver
// against the same pgbench, so that it shows where the reference stands. The
// pairs named prepared have a faster pgbench, and no floor.
//
// The package is for the project's benchmark runner; its absolute figures drift
// with the machine, ratios of one run hold.
package writebench

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"egov/libs/authn"
	"egov/libs/authn/token"
	"egov/libs/calendar"
	"egov/libs/conf"
	"egov/services/suite"
)

// service is the one that is measured.
const service = "declaration"

// Clients of the two loads.
const (
	few  = 8
	many = 64
)

// Options say where to measure, and how much.
type Options struct {
	SuperuserURL string // of an empty database
	OwnerURL     string // the same, as its owner
	AppURL       string // the same, as the service's role
	AppRole      string
	RedisURL     string
	PGBench      string // the program
	Dir          string // for configuration, logs and attachments
	// Serve starts the process that runs target with a configuration file.
	Serve func(config, target string) *exec.Cmd
	// Report takes a line about each measure for whoever watches: what a
	// submission cost either side. It may be nil.
	Report   func(line string)
	Rounds   int // of each side; 0 = 5
	Requests int // a round with few clients; with many, three times as many; 0 = 6,000
}

// Measure is one ratio the write path promises.
type Measure struct {
	Name  string // stable: as in `make bench ONLY=`
	Unit  string
	Floor float64 // ratio that must be reached
	Goal  float64 // ratio to reach
	Run   func(ctx context.Context) (ours, reference float64, err error)
}

// Bench is a running service with a store of drafts to submit.
type Bench struct {
	o       Options
	super   *pgxpool.Pool
	issuer  token.Issuer
	keys    *httptest.Server
	sink    *httptest.Server
	servers []*instance
	drafts  int // made so far
	next    int // the first that is not submitted

	postmaster, redis int // process ids; 0 where processor time cannot be read

	submission submission
	script     string   // for pgbench
	documents  []string // its variables d0, d1, …
}

// instance is one process of the service.
type instance struct {
	cmd  *exec.Cmd
	addr string
	log  *os.File
	done chan error
}

// Open starts the service and learns which statements a submission is made of.
// Close the Bench when done.
func Open(ctx context.Context, o Options) (_ *Bench, err error) {
	if o.Rounds == 0 {
		o.Rounds = 5
	}
	if o.Requests == 0 {
		o.Requests = 6000 // pgbench's connections are new in every round: long enough for that not to matter
	}
	_, key, err := ed25519.GenerateKey(nil)
	if err != nil {
		return nil, err
	}
	defaults := conf.Default(service).Auth
	b := &Bench{o: o, issuer: token.Issuer{KeyID: "bench", Key: key, Issuer: defaults.Issuer, Audience: defaults.Audience, Now: calendar.System().Now}}
	defer func() {
		if err != nil {
			err = errors.Join(err, b.Close())
		}
	}()
	b.keys = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		set, err := b.issuer.KeySet()
		if err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		_, _ = w.Write(set) // the service asks again
	}))
	// Where traces go: taken, and thrown away.
	b.sink = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body) // nobody reads it
		w.Header().Set("Content-Type", "application/x-protobuf")
	}))
	if _, err := b.start(ctx, conf.Telemetry{}); err != nil {
		return nil, err
	}
	if b.super, err = pgxpool.New(ctx, o.SuperuserURL); err != nil {
		return nil, err
	}
	if err := b.first(ctx); err != nil {
		return nil, fmt.Errorf("the first draft: %w", err)
	}
	if err := b.find(ctx); err != nil {
		return nil, fmt.Errorf("the servers' processes: %w", err)
	}
	if err := b.learn(ctx); err != nil {
		return nil, fmt.Errorf("the statements of a submission: %w", err)
	}
	return b, nil
}

// Close ends the processes and removes nothing else.
func (b *Bench) Close() error {
	var errs []error
	for _, i := range b.servers {
		errs = append(errs, i.cmd.Process.Signal(syscall.SIGTERM), <-i.done, i.log.Close())
	}
	for _, s := range []*httptest.Server{b.keys, b.sink} {
		if s != nil {
			s.Close()
		}
	}
	if b.super != nil {
		b.super.Close()
	}
	return errors.Join(errs...)
}

// Measures lists what this package measures, in submissions a second. Those
// without a floor show the rest of what a submission costs.
func (b *Bench) Measures() []Measure {
	const unit = "submissions/s"
	return []Measure{
		{"submit_c8", unit, 1.0, 1.3, b.pair("submit_c8", b.http(few, b.o.Requests, written), b.pgbench(simple, written))},
		{"submit_c64_group", unit, 2.5, 4, b.pair("submit_c64_group", b.http(many, 3*b.o.Requests, written), b.pgbench(simple, written))},
		{"pgx_batch", unit, 1.8, 2.2, b.pair("pgx_batch", b.batches, b.pgbench(simple, written))},
		{"submit_c8_prepared", unit, 0, 0, b.pair("submit_c8_prepared", b.http(few, b.o.Requests, written), b.pgbench(prepared, written))},
		{"submit_c64_prepared", unit, 0, 0, b.pair("submit_c64_prepared", b.http(many, 3*b.o.Requests, written), b.pgbench(prepared, written))},
		{"submit_c64_relayed", unit, 0, 0, b.pair("submit_c64_relayed", b.http(many, 3*b.o.Requests, followed), b.pgbench(simple, followed))},
		{"traced", unit, 0.95, 0.95, b.traced},
	}
}

// extent is how far a round goes with what is submitted.
type extent int

const (
	// written ends with the answers. Until then the facts stay in the outbox, on
	// either side: what carries them on has measures of its own.
	written extent = iota
	// followed ends when the facts of either side are signed, relayed, received
	// and in the dossiers.
	followed
)

// round is what one round of a side came to.
type round struct {
	submissions int
	took        time.Duration
	cost        cost
}

// side runs one round.
type side func(ctx context.Context) (round, error)

// pair runs two sides in turn and gives the medians of their rates.
func (b *Bench) pair(name string, ours, reference side) func(context.Context) (float64, float64, error) {
	return b.rounds(b.o.Rounds, name, ours, reference)
}

// rounds runs so many rounds of two sides, after one of warming up. Now the one is
// first, now the other: tables grow, and whatever else changes with time would
// count against the second.
func (b *Bench) rounds(rounds int, name string, ours, reference side) func(context.Context) (float64, float64, error) {
	return func(ctx context.Context) (float64, float64, error) {
		var mine, theirs total
		type turn struct {
			run  side
			into *total
		}
		turns := []turn{{ours, &mine}, {reference, &theirs}}
		for n := range rounds + 1 {
			slices.Reverse(turns)
			for _, s := range turns {
				r, err := s.run(ctx)
				if err == nil {
					err = b.settle(ctx)
				}
				if err != nil {
					return 0, 0, err
				}
				if n > 0 {
					s.into.add(r)
				}
			}
		}
		b.report(name, mine, theirs)
		return median(mine.rates), median(theirs.rates), nil
	}
}

// measure runs the n submissions of work, which says how long they took, and
// gives that and what they cost until the extent is reached.
func (b *Bench) measure(ctx context.Context, i *instance, n int, to extent, work func() (time.Duration, error)) (_ round, err error) {
	if to == written {
		release, err := b.hold(ctx)
		if err != nil {
			return round{}, err
		}
		defer func() { err = errors.Join(err, release()) }()
	}
	before, err := b.spent(ctx, i)
	if err != nil {
		return round{}, err
	}
	took, err := work()
	if err != nil {
		return round{}, err
	}
	if to == followed {
		began := time.Now()
		if err := b.until(ctx, lastFollowed); err != nil {
			return round{}, err
		}
		took += time.Since(began)
	}
	after, err := b.spent(ctx, i)
	return round{n, took, after.minus(before)}, err
}

// hold keeps facts in the outbox until release is called. A relay publishes
// what lies behind the oldest transaction that is open, and this opens one: it
// has a number, writes nothing, and is idle.
func (b *Bench) hold(ctx context.Context) (release func() error, err error) {
	tx, err := b.super.Begin(ctx)
	if err != nil {
		return nil, err
	}
	release = func() error { return tx.Rollback(context.WithoutCancel(ctx)) }
	if _, err := tx.Exec(ctx, "SELECT pg_current_xact_id()"); err != nil {
		return nil, errors.Join(err, release())
	}
	return release, nil
}

// total is the rounds of one side.
type total struct {
	rates       []float64 // submissions a second
	submissions int
	cost        cost
}

func (t *total) add(r round) {
	t.rates = append(t.rates, float64(r.submissions)/r.took.Seconds())
	t.submissions += r.submissions
	t.cost = t.cost.plus(r.cost)
}

// report says what a submission cost either side, where that can be read.
func (b *Bench) report(name string, ours, reference total) {
	if b.o.Report == nil || b.postmaster == 0 {
		return
	}
	each := func(t total) float64 { return float64(t.cost.total()) / float64(t.submissions) }
	b.o.Report(fmt.Sprintf("%s: ours %s; reference %s; ratio of costs %.2f", name,
		ours.cost.per(ours.submissions), reference.cost.per(reference.submissions), each(reference)/each(ours)))
}

// settle waits until the service has followed up all that was submitted, so that
// neither side does the other's work.
func (b *Bench) settle(ctx context.Context) error {
	return b.until(ctx, "SELECT (SELECT count(*) FROM event_outbox) = (SELECT count(*) FROM dossier_fact)")
}

// lastFollowed holds when the fact stated last is in its dossier. Facts come
// there in the order in which they were stated, some hundreds at a time; to look
// at one takes no time worth measuring.
const lastFollowed = `SELECT EXISTS (SELECT FROM dossier_fact d WHERE d.project_id = o.subject AND d.seq = o.seq AND d.service = '` + service + `')
	FROM event_outbox o ORDER BY o.txid DESC, o.id DESC LIMIT 1`

// until waits, for at most a minute, until a query says that it is so.
func (b *Bench) until(ctx context.Context, sql string) error {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	for {
		var so bool
		err := b.super.QueryRow(ctx, sql).Scan(&so)
		if err != nil || so {
			return err
		}
		if err := pause(ctx, 20*time.Millisecond); err != nil {
			return fmt.Errorf("what was submitted is not followed up: %w", err)
		}
	}
}

func median(v []float64) float64 {
	slices.Sort(v)
	return v[len(v)/2]
}

// finely is how many times as many rounds a measure has whose floor is a few
// hundredths from one: medians of five rounds differ by more.
const finely = 3

// traced compares a service that samples a hundredth of its requests and sends
// the spans away with one that does not trace.
func (b *Bench) traced(ctx context.Context) (float64, float64, error) {
	i, err := b.start(ctx, conf.Telemetry{OTLPEndpoint: b.sink.URL, SampleRatio: 0.01})
	if err != nil {
		return 0, 0, err
	}
	with := func(ctx context.Context) (round, error) { return b.submit(ctx, i, few, b.o.Requests, followed) }
	return b.rounds(finely*b.o.Rounds, "traced", with, b.http(few, b.o.Requests, followed))(ctx)
}

func (b *Bench) http(clients, requests int, to extent) side {
	return func(ctx context.Context) (round, error) { return b.submit(ctx, b.servers[0], clients, requests, to) }
}

// start runs the service in a process of its own and waits until it is ready.
func (b *Bench) start(ctx context.Context, t conf.Telemetry) (*instance, error) {
	addr, err := freeAddress()
	if err != nil {
		return nil, err
	}
	c := conf.Default(service)
	c.Listen = addr
	c.Database.URL, c.Database.OwnerURL, c.Database.Role = conf.Secret(b.o.AppURL), conf.Secret(b.o.OwnerURL), b.o.AppRole
	c.Redis.URL = conf.Secret(b.o.RedisURL)
	c.Auth.JWKSURL = b.keys.URL
	c.Blob.URL = "file://" + filepath.Join(b.o.Dir, "blob")
	c.Keys.Dir = filepath.Join(b.o.Dir, "keys")
	c.Limits.PerSecond, c.Limits.Burst = 1e6, 1e6 // all requests are one principal's
	all := suite.Config{LogLevel: "warn", Telemetry: t, Services: map[string]conf.Service{}}
	for _, name := range suite.Names() {
		all.Services[name] = c // only one of them is run
	}
	doc, err := conf.Reveal(all)
	if err != nil {
		return nil, err
	}
	at := filepath.Join(b.o.Dir, fmt.Sprintf("service-%d", len(b.servers)))
	if err := os.WriteFile(at+".yaml", doc, 0o600); err != nil {
		return nil, err
	}
	i := &instance{cmd: b.o.Serve(at+".yaml", service), addr: addr, done: make(chan error, 1)}
	if i.log, err = os.Create(at + ".log"); err != nil {
		return nil, err
	}
	i.cmd.Stdout, i.cmd.Stderr = i.log, i.log
	if err := i.cmd.Start(); err != nil {
		return nil, errors.Join(err, i.log.Close())
	}
	go func() { i.done <- i.cmd.Wait() }()
	b.servers = append(b.servers, i)
	return i, i.ready(ctx)
}

func freeAddress() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	return l.Addr().String(), l.Close()
}

// ready waits for the service, for at most a minute.
func (i *instance) ready(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+i.addr+"/readyz", nil)
		if err != nil {
			return err
		}
		if resp, err := http.DefaultClient.Do(req); err == nil {
			resp.Body.Close()
			if resp.StatusCode == http.StatusOK {
				return nil
			}
		}
		select {
		case err := <-i.done:
			i.done <- err
			return fmt.Errorf("the service ended: %w; see %s", err, i.log.Name())
		case <-ctx.Done():
			return fmt.Errorf("the service is not ready; see %s", i.log.Name())
		case <-tick.C:
		}
	}
}

// token is a declarer's, good for the next quarter of an hour.
func (b *Bench) token() (string, error) {
	t, _, err := b.issuer.Issue(authn.Principal{
		Subject: "bench.declarer", Name: "Bench", Unit: "facilities", UnitKind: "administrative", Roles: []string{"declarer"}, District: "yangpu",
	}, token.MaxLife)
	return t, err
}

// declared is a draft that the submit gate lets pass.
const declared = `{
	"title": "智慧机关事务综合管理服务平台", "content": "整合九个既有系统", "period_months": 8,
	"basis": [{"kind": "key_work", "text": "年度重点工作第三项"}],
	"case": {
		"kind": "new_build", "amount_fen": 694791100, "pure_software": true, "district_funded": true,
		"xc_conformant": true, "national_crypto": true, "mlps_grade": 3, "replaces_systems": 9,
		"materials": ["pre_review_form", "basis", "build_plan", "budget_plan"]
	}
}`

// first drafts one project over HTTP and keeps it as the pattern of all others.
func (b *Bench) first(ctx context.Context) error {
	bearer, err := b.token()
	if err != nil {
		return err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://"+b.servers[0].addr+"/v1/projects", strings.NewReader(declared))
	if err != nil {
		return err
	}
	req.Header.Set("Authorization", "Bearer "+bearer)
	req.Header.Set("Idempotency-Key", rand.Text())
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		return err
	}
	var p struct {
		ID string `json:"id"`
	}
	if err := json.Unmarshal(body, &p); err != nil || resp.StatusCode != http.StatusCreated {
		return fmt.Errorf("HTTP %d: %s", resp.StatusCode, bytes.TrimSpace(body))
	}
	_, err = b.super.Exec(ctx, "CREATE TABLE bench_draft AS SELECT * FROM project WHERE id = $1", p.ID)
	return err
}

// name is the id of the n-th draft.
func name(n int) string { return fmt.Sprintf("%s%d", namePrefix, n) }

const namePrefix = "bench-"

// stock makes drafts until there are n to submit.
func (b *Bench) stock(ctx context.Context, n int) error {
	lack := n - (b.drafts - b.next)
	if lack <= 0 {
		return nil
	}
	_, err := b.super.Exec(ctx, `INSERT INTO project (id, project_id, unit, parties, version, todo, body, created_at, updated_at)
		SELECT new, new, unit, parties, version, todo, replace(body::text, d.id, new)::jsonb, created_at, updated_at
		  FROM bench_draft d, generate_series($1::bigint, $2::bigint) n, LATERAL (SELECT $3 || n AS new) x`,
		b.drafts, b.drafts+lack-1, namePrefix)
	if err != nil {
		return err
	}
	b.drafts += lack
	_, err = b.super.Exec(ctx, "VACUUM (ANALYZE) project")
	return err
}

// take hands out the next n drafts, as the first one's number.
func (b *Bench) take(ctx context.Context, n int) (first int, err error) {
	if err := b.stock(ctx, n); err != nil {
		return 0, err
	}
	first = b.next
	b.next += n
	return first, nil
}
