package chaos

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/cookiejar"
	"sync"
	"time"

	"egov/services/suite"
	"egov/services/suite/stack"
)

const (
	processes = 2                      // of each service
	watchPace = 250 * time.Millisecond // between two readings of one service
	rarely    = 2 * time.Second        // between two that cost more
	calmRoll  = 3 * time.Second        // of load before the first process is replaced
)

// rollingGround is an installation with two processes of each service behind an
// address that spreads connections over those that are ready.
type rollingGround struct {
	*suiteGround
	running map[string][]*stack.Replica // by service, oldest first
	news    bool                        // what runs is this release
}

// rolling makes a trial of replacing every process of every service under load:
// by this release's where up holds, else by the release's before.
func rolling(up bool) func(context.Context, *grounds) (Result, error) {
	return func(ctx context.Context, g *grounds) (Result, error) {
		from, to := g.o.Before, g.o.Serve
		if !up {
			from, to = to, from
		}
		if g.rolling != nil && g.rolling.news == up { // all run what they are to be replaced by
			if err := g.close(ctx); err != nil {
				return Result{}, err
			}
		}
		if g.rolling == nil {
			s, err := openWhole(ctx, g.o, from)
			if err != nil {
				return Result{}, err
			}
			g.rolling = &rollingGround{suiteGround: s, running: map[string][]*stack.Replica{}, news: !up}
			for _, name := range suite.Names() {
				g.rolling.running[name] = s.Replicas(name)
			}
		}
		t := newTrial(g.o, g.rolling.suiteGround)
		err := t.roll(ctx, g.rolling, to, g.o.Seed)
		g.rolling.news = up
		return t.Result, err
	}
}

const (
	// joinsLate is the release that trims a stream while consumers still join it: one
	// that comes late has some of it only by reconciliation, a quarter of an hour
	// later, which no replacement is to blame for.
	joinsLate   = "0.1.0-rc.1"
	wholeTries  = 5                // of that release, on new ground each
	wholeGiveUp = 30 * time.Second // without anything coming
)

// openWhole opens an installation in which everything that was recorded at its
// start has taken effect.
func openWhole(ctx context.Context, o Options, from Program) (*suiteGround, error) {
	for try := 1; ; try++ {
		s, err := openSuite(ctx, o, stack.Options{Serve: from, Replicas: processes})
		if err != nil {
			return nil, err
		}
		t := newTrial(o, s)
		missing, err := t.missing(ctx, wholeGiveUp)
		if err == nil && len(missing) == 0 {
			return s, nil
		}
		release, versionErr := t.version(ctx, s.Replicas("auditexport")[0].URL)
		if err := errors.Join(err, versionErr, s.close(context.WithoutCancel(ctx))); err != nil {
			return nil, err
		}
		if release != joinsLate || try == wholeTries {
			return nil, fmt.Errorf("%s misses %d effects of its own start: %s", release, len(missing), missing[0].what)
		}
		t.notes("%s misses %d effects of its own start; once more on new ground", release, len(missing))
	}
}

// roll replaces every process under load, and then holds what callers were told
// against what is there, as every trial does. How long the rest takes to take
// effect is the machine's: it is told, and not judged.
func (t *trial) roll(ctx context.Context, g *rollingGround, to Program, seed uint64) error {
	l := newLoad(t.URL, t.DemoPassword(), t.journal)
	l.strict = true
	watching, stop := context.WithCancel(ctx)
	var watchers sync.WaitGroup
	if err := t.signInAll(ctx, l); err != nil {
		stop()
		return err
	}
	l.start(ctx, seed)
	for _, w := range t.watchers(l) {
		watchers.Go(func() { w.run(watching, t.journal) })
	}
	err := t.replaceAll(ctx, g, l, to)
	healed := time.Now()
	l.rest()
	stop()
	watchers.Wait()
	t.Asked, t.Failed = l.asked.Load(), l.failed.Load()
	if err != nil {
		return err
	}
	if t.Failed > 0 {
		t.broken("%d of %d requests failed", t.Failed, t.Asked)
	}
	if err := t.safety(ctx); err != nil {
		return err
	}
	if err := t.liveness(ctx, healed); err != nil {
		return err
	}
	return t.ledgerHolds(ctx, l)
}

// signInAll gets everybody a token, and a browser a session, before anything is
// disturbed; later on one watcher signs in.
func (t *trial) signInAll(ctx context.Context, l *load) error {
	for _, account := range append([]string{secretary, auditor}, stack.Declarers...) {
		if _, err := l.token(ctx, account); err != nil {
			return err
		}
	}
	body, err := l.Credentials(secretary)
	if err != nil {
		return err
	}
	if l.HTTP.Jar, err = cookiejar.New(nil); err != nil {
		return err
	}
	_, err = l.exchange(ctx, "portal", http.MethodPost, "/api/session", body, nil)
	return err
}

// replaceAll replaces the processes of all services, one service after the
// other in random order; while the ledger's are replaced, a bundle is in the
// making.
func (t *trial) replaceAll(ctx context.Context, g *rollingGround, l *load, to Program) error {
	if err := pause(ctx, calmRoll); err != nil {
		return err
	}
	names := suite.Names()
	t.rng.Shuffle(len(names), func(i, j int) { names[i], names[j] = names[j], names[i] })
	for _, name := range names {
		began := time.Now()
		var export string
		var err error
		if name == "auditexport" {
			if export, err = l.askExport(ctx); err != nil {
				return err
			}
		}
		before, err := t.version(ctx, g.running[name][0].URL)
		if err != nil {
			return err
		}
		if err := t.replace(ctx, g, name, to); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		after, err := t.version(ctx, g.running[name][0].URL)
		if err != nil {
			return err
		}
		t.notes("%s: %s → %s in %.1f s", name, before, after, time.Since(began).Seconds())
		if before == after {
			t.broken("%s was replaced by the release that it was: %s", name, after)
		}
		if export != "" {
			if _, err := l.exportIsMade(ctx, export); err != nil {
				t.broken("the bundle that was in the making: %v", err)
			}
		}
	}
	return nil
}

// replace does what a Deployment does with maxSurge 1 and maxUnavailable 0: a
// new process is ready before an old one is asked to stop, and lingers and
// drains while the next comes up.
func (t *trial) replace(ctx context.Context, g *rollingGround, name string, to Program) error {
	old := g.running[name]
	var came []*stack.Replica
	var stopping sync.WaitGroup
	errs := make([]error, len(old))
	var err error
	for i, r := range old {
		var next *stack.Replica
		if next, err = t.ReplicateWith(ctx, name, to); err != nil {
			break
		}
		came = append(came, next)
		stopping.Go(func() { errs[i] = r.Stop(ctx) })
	}
	stopping.Wait()
	g.running[name] = append(came, old[len(came):]...)
	return errors.Join(append(errs, err)...)
}

// version is what a process says that it is.
func (t *trial) version(ctx context.Context, url string) (string, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url+"/status", nil)
	if err != nil {
		return "", err
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return "", err
	}
	defer resp.Body.Close()
	var status struct {
		Version string `json:"version"`
	}
	return status.Version, json.NewDecoder(resp.Body).Decode(&status)
}

// watcher reads from one service, at a steady pace and over connections that it
// keeps.
type watcher struct {
	name string
	pace time.Duration
	look func(ctx context.Context) error
}

func (w watcher) run(ctx context.Context, j *journal) {
	tick := time.NewTicker(w.pace)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		// A reading under way at the end is brought to its answer.
		if err := w.look(context.WithoutCancel(ctx)); err != nil {
			j.found(finding{kind: refused, what: w.name + ": " + err.Error()})
		}
	}
}

// watchers are one for each service, one that reads the whole ledger as a
// stream, and one that signs in.
func (t *trial) watchers(l *load) (all []watcher) {
	for _, name := range suite.Databases() {
		all = append(all, watcher{name, watchPace, func(ctx context.Context) error {
			_, err := l.read(ctx, name, "/v1/tasks", secretary)
			return err
		}})
	}
	return append(all,
		watcher{"ledger stream", rarely, func(ctx context.Context) error { return l.streamLedger(ctx, 0, nil) }},
		watcher{"sign-in", rarely, func(ctx context.Context) error {
			_, err := l.signIn(ctx, auditor)
			return err
		}},
		watcher{"portal", watchPace, l.visit})
}

// read asks a service as an account.
func (l *load) read(ctx context.Context, service, path, account string) ([]byte, error) {
	token, err := l.token(ctx, account)
	if err != nil {
		return nil, err
	}
	return l.exchange(ctx, service, http.MethodGet, path, nil, map[string]string{"Authorization": "Bearer " + token})
}

// visit opens the inbox of the secretary in a browser that is signed in.
func (l *load) visit(ctx context.Context) error {
	b, err := l.exchange(ctx, "portal", http.MethodGet, "/api/inbox", nil, nil)
	if err != nil {
		return err
	}
	var inbox struct {
		Unavailable []string `json:"unavailable"`
	}
	if err := json.Unmarshal(b, &inbox); err != nil {
		return err
	}
	if len(inbox.Unavailable) > 0 {
		l.failed.Add(1)
		return fmt.Errorf("the inbox lacks %v", inbox.Unavailable)
	}
	return nil
}
