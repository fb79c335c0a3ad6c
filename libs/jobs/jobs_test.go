package jobs_test

import (
	"context"
	"errors"
	"os"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/goleak"

	"egov/libs/dbtest"
	"egov/libs/jobs"
)

func TestMain(m *testing.M) { os.Exit(dbtest.Main(m)) }

// look is a job about one subject.
type look struct {
	Subject string `json:"subject"`
}

func (look) Kind() string { return "look" }

// round is a job that comes again and again.
type round struct {
	N int64 `json:"n"`
}

func (round) Kind() string { return "round" }

// log notes what was done, and tells of it.
type log struct {
	mu   sync.Mutex
	done []string
	news chan struct{}
}

func newLog() *log { return &log{news: make(chan struct{}, 1000)} }

func (l *log) add(s string) {
	l.mu.Lock()
	l.done = append(l.done, s)
	l.mu.Unlock()
	l.news <- struct{}{}
}

func (l *log) count(s string) (n int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, d := range l.done {
		if d == s {
			n++
		}
	}
	return n
}

// until waits for news until ok.
func (l *log) until(t *testing.T, ok func() bool) {
	t.Helper()
	late := time.After(30 * time.Second)
	for !ok() {
		select {
		case <-l.news:
		case <-late:
			t.Fatalf("waited in vain; done: %v", l.done)
		}
	}
}

func database(t *testing.T) dbtest.DB {
	t.Helper()
	return dbtest.Database(t, jobs.Migrations())
}

func runner(t *testing.T, db dbtest.DB, works ...jobs.Work) *jobs.Runner {
	t.Helper()
	r, err := jobs.New(db.Pool(t), jobs.Options{Poll: 50 * time.Millisecond}, works...)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// run runs r until the test ends, or stop is called.
func run(t *testing.T, r *jobs.Runner) (stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.WithoutCancel(t.Context()))
	done := make(chan error, 1)
	go func() { done <- r.Run(ctx) }()
	stop = sync.OnceFunc(func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	t.Cleanup(stop)
	return stop
}

func enqueue(t *testing.T, r *jobs.Runner, subjects ...string) {
	t.Helper()
	var args []jobs.Args
	for _, s := range subjects {
		args = append(args, look{s})
	}
	if err := r.Enqueue(t.Context(), args...); err != nil {
		t.Fatal(err)
	}
}

func looking(l *log) jobs.Work {
	return jobs.On(func(_ context.Context, x look) error { l.add(x.Subject); return nil })
}

func TestAJobThatWaitsIsNotEnqueuedAgain(t *testing.T) {
	t.Parallel()
	l, db := newLog(), database(t)
	r := runner(t, db, looking(l))
	enqueue(t, r)
	enqueue(t, r, "a", "b")
	enqueue(t, r, "a", "c")
	run(t, r)
	completed(t, db, 3)
	if l.count("a") != 1 || l.count("b") != 1 || l.count("c") != 1 {
		t.Fatalf("done: %v", l.done)
	}
	enqueue(t, r, "a") // is done: it is a new one
	l.until(t, func() bool { return l.count("a") == 2 })
}

// completed waits until so many jobs are on record as done, which is a moment
// after their work has ended.
func completed(t *testing.T, db dbtest.DB, n int) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	pool := db.Superuser(t)
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for have := 0; have < n; {
		if err := pool.QueryRow(ctx, "SELECT count(*) FROM river_job WHERE state = 'completed'").Scan(&have); err != nil {
			t.Fatal(err)
		}
		<-tick.C
	}
}

// TestALongJobHasTimeOfItsOwn: the runner's time ends its other jobs.
func TestALongJobHasTimeOfItsOwn(t *testing.T) {
	t.Parallel()
	l := newLog()
	r, err := jobs.New(database(t).Pool(t), jobs.Options{Poll: 50 * time.Millisecond, Timeout: 100 * time.Millisecond},
		jobs.On(func(ctx context.Context, _ look) error {
			<-ctx.Done()
			l.add("ended")
			return nil
		}),
		jobs.On(func(ctx context.Context, _ round) error {
			if until, ok := ctx.Deadline(); ok && time.Until(until) > 30*time.Minute {
				l.add("long")
			}
			return nil
		}).Within(time.Hour),
	)
	if err != nil {
		t.Fatal(err)
	}
	if err := r.Enqueue(t.Context(), look{"a"}, round{1}); err != nil {
		t.Fatal(err)
	}
	run(t, r)
	l.until(t, func() bool { return l.count("ended") == 1 && l.count("long") == 1 })
}

func TestAJobOutlivesTheProcessThatEnqueuedIt(t *testing.T) {
	t.Parallel()
	l, db := newLog(), database(t)
	enqueue(t, runner(t, db, looking(l)), "a")
	run(t, runner(t, db, looking(l)))
	l.until(t, func() bool { return l.count("a") == 1 })
}

// TestABadJobStopsNoOther: one fails for good and one panics; the others are
// done, and both are tried again.
func TestABadJobStopsNoOther(t *testing.T) {
	t.Parallel()
	l := newLog()
	r := runner(t, database(t), jobs.On(func(_ context.Context, x look) error {
		l.add(x.Subject)
		switch x.Subject {
		case "bad":
			return errors.New("cannot be done")
		case "worse":
			panic("cannot be done at all")
		}
		return nil
	}))
	enqueue(t, r, "bad", "worse", "a", "b", "c")
	run(t, r)
	l.until(t, func() bool {
		return l.count("a")+l.count("b")+l.count("c") == 3 && l.count("bad") >= 2 && l.count("worse") >= 2
	})
	enqueue(t, r, "bad") // waits for its next attempt
	registry := prometheus.NewRegistry()
	registry.MustRegister(r)
	families, err := registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range families {
		if f.GetName() == "egov_job_failures_total" && f.GetMetric()[0].GetCounter().GetValue() >= 4 {
			return
		}
	}
	t.Error("failures are not counted")
}

func TestAnIntervalsJobComesOnceForAllProcesses(t *testing.T) {
	t.Parallel()
	l, db := newLog(), database(t)
	var mu sync.Mutex
	var rounds []int64
	every := jobs.Every(200*time.Millisecond, func(n int64) round { return round{n} }, func(_ context.Context, x round) error {
		mu.Lock()
		rounds = append(rounds, x.N)
		mu.Unlock()
		l.add("round")
		return nil
	})
	for range 3 {
		run(t, runner(t, db, every))
	}
	l.until(t, func() bool { return l.count("round") >= 8 })
	mu.Lock()
	defer mu.Unlock()
	slices.Sort(rounds)
	if once := slices.Compact(slices.Clone(rounds)); len(once) != len(rounds) {
		t.Fatalf("an interval's job came twice: %v", rounds)
	}
}

// TestNoJobComesForNothing: an interval in which there is nothing to do has no
// job, and a look that fails keeps later ones from nothing.
func TestNoJobComesForNothing(t *testing.T) {
	t.Parallel()
	l, db := newLog(), database(t)
	var looks atomic.Int64
	every := jobs.Every(50*time.Millisecond, func(n int64) round { return round{n} }, func(context.Context, round) error { l.add("round"); return nil }).
		When(func(context.Context) (bool, error) {
			n := looks.Add(1)
			if n == 2 {
				return false, errors.New("cannot look")
			}
			return n >= 4, nil
		})
	run(t, runner(t, db, every))
	l.until(t, func() bool { return l.count("round") >= 2 })
	done := 0
	if err := db.Superuser(t).QueryRow(t.Context(), "SELECT count(*) FROM river_job").Scan(&done); err != nil {
		t.Fatal(err)
	}
	if int64(done) > looks.Load()-3 {
		t.Fatalf("%d jobs after %d looks, of which three found nothing", done, looks.Load())
	}
}

func TestWhatADeadProcessLeftIsTakenUp(t *testing.T) {
	t.Parallel()
	l, db := newLog(), database(t)
	r := runner(t, db, looking(l))
	enqueue(t, r, "a")
	if _, err := db.Superuser(t).Exec(t.Context(), `UPDATE river_job SET state = 'running', attempt = 1, attempted_at = now() - interval '1 hour', attempted_by = '{gone}'`); err != nil {
		t.Fatal(err)
	}
	run(t, r)
	l.until(t, func() bool { return l.count("a") == 1 })
}

func TestTheRoleMayDoNoMoreThanItsJobs(t *testing.T) {
	t.Parallel()
	db := database(t)
	for _, sql := range []string{"TRUNCATE river_job", "DROP TABLE river_job", "ALTER TABLE river_queue ADD COLUMN x int", "REINDEX TABLE river_job"} {
		if _, err := db.Pool(t).Exec(t.Context(), sql); err == nil {
			t.Errorf("the role may %s", sql)
		}
	}
}

func TestTwoWorksOfOneKindAreRefused(t *testing.T) {
	t.Parallel()
	l := newLog()
	if _, err := jobs.New(database(t).Pool(t), jobs.Options{}, looking(l), looking(l)); err == nil {
		t.Fatal("accepted")
	}
}

// TestNothingIsLeftRunning also shows that a runner whose database is away
// waits for it instead of giving up. It counts goroutines, so it runs alone.
func TestNothingIsLeftRunning(t *testing.T) {
	l, db := newLog(), database(t)
	before := goleak.IgnoreCurrent()
	pool := db.Pool(t)
	r, err := jobs.New(pool, jobs.Options{Poll: 50 * time.Millisecond}, looking(l))
	if err != nil {
		t.Fatal(err)
	}
	stop := run(t, r)
	enqueue(t, r, "a")
	l.until(t, func() bool { return l.count("a") == 1 })
	stop()
	pool.Close()
	gone, err := jobs.New(pool, jobs.Options{}, looking(l))
	if err != nil {
		t.Fatal(err)
	}
	run(t, gone)()
	goleak.VerifyNone(t, before)
}
