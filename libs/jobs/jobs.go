// Package jobs runs a service's durable jobs with river, in the service's own
// database: a job that was enqueued is done although the process that enqueued
// it dies, by one of the service's processes however many there are, and one
// that fails is tried again with growing pauses while the others go on. A job
// may run twice when a process dies in the middle, so doing it twice must be
// doing it once.
//
// Jobs do not take part in a caller's transaction, and nothing here listens or
// notifies: processes look for jobs by polling, and at once for those that they
// enqueued themselves. When and in which order jobs run is not promised.
package jobs

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"
	"github.com/riverqueue/river/rivertype"
)

// Args say what one job is to do: a struct that JSON carries, whose Kind is
// stable. Jobs of one kind with equal args are the same job.
type Args = river.JobArgs

// Work is one kind of job and what is done about it.
type Work struct {
	kind  string
	add   func(*river.Workers, time.Duration) error
	limit time.Duration
	every time.Duration
	slot  func(n int64) Args
	when  func(context.Context) (bool, error)
}

// On makes do the work of a kind of job that is enqueued.
func On[A Args](do func(context.Context, A) error) Work {
	var zero A
	return Work{kind: zero.Kind(), add: func(w *river.Workers, limit time.Duration) error {
		return river.AddWorkerSafely(w, &worker[A]{do: do, limit: limit})
	}}
}

// Every makes do a job that comes once an interval, for all processes of the
// service together. args tells one interval from the next by its number, which
// the args keep. One that fails is not tried again: the next one comes.
func Every[A Args](interval time.Duration, args func(n int64) A, do func(context.Context, A) error) Work {
	w := On(do)
	w.every, w.slot = interval, func(n int64) Args { return args(n) }
	return w
}

// When makes the job of an interval come only when f finds something to do.
// Every process asks once an interval, so f is one cheap look.
func (w Work) When(f func(context.Context) (bool, error)) Work {
	w.when = f
	return w
}

// Within gives the jobs of a kind another time than the runner's, for those that
// are long by nature. One that a process left when it died counts as left no
// sooner, so whoever cannot wait looks after it himself.
func (w Work) Within(limit time.Duration) Work {
	w.limit = limit
	return w
}

type worker[A Args] struct {
	river.WorkerDefaults[A]
	do    func(context.Context, A) error
	limit time.Duration // 0 = the runner's
}

func (w *worker[A]) Work(ctx context.Context, j *river.Job[A]) error { return w.do(ctx, j.Args) }

func (w *worker[A]) Timeout(*river.Job[A]) time.Duration { return w.limit }

// Options tune a Runner. The zero value is what services use.
type Options struct {
	Poll    time.Duration // how often jobs are looked for that this process did not enqueue; 0 = 2 s
	Workers int           // jobs done at once by this process; 0 = 2
	Timeout time.Duration // for one job; 0 = 20 s
	Log     *slog.Logger  // nil = slog.Default
}

const (
	kept     = 15 * time.Minute // done jobs; they keep an interval's job from coming twice
	failed   = 7 * 24 * time.Hour
	rescue   = time.Minute // after which a job counts as left by a process that died
	maxPause = 10 * time.Minute
	attempts = 25 // some three hours
)

// Runner does the jobs of one service in one process.
type Runner struct {
	pool   *pgxpool.Pool
	client *river.Client[pgx.Tx]
	begin  sync.RWMutex // whoever enqueues wakes what Start of river v0.51.1 is still making: one at a time
	works  []Work
	log    *slog.Logger
	m      metrics
}

// New makes the runner of a service's jobs. Two works of one kind are refused.
func New(pool *pgxpool.Pool, o Options, works ...Work) (*Runner, error) {
	if o.Poll == 0 {
		o.Poll = 2 * time.Second
	}
	if o.Workers == 0 {
		o.Workers = 2
	}
	if o.Timeout == 0 {
		o.Timeout = 20 * time.Second
	}
	if o.Log == nil {
		o.Log = slog.Default()
	}
	r := &Runner{pool: pool, works: works, log: o.Log, m: newMetrics()}
	workers := river.NewWorkers()
	for _, w := range works {
		if err := w.add(workers, w.limit); err != nil {
			return nil, fmt.Errorf("jobs: %w", err)
		}
	}
	var err error
	r.client, err = river.NewClient(polled{riverpgxv5.New(pool)}, &river.Config{
		Queues:                      map[string]river.QueueConfig{river.QueueDefault: {MaxWorkers: o.Workers}},
		Workers:                     workers,
		PollOnly:                    true,
		FetchPollInterval:           o.Poll,
		FetchCooldown:               min(o.Poll, 50*time.Millisecond),
		JobTimeout:                  o.Timeout,
		RescueStuckJobsAfter:        o.Timeout + rescue,
		SoftStopTimeout:             o.Timeout / 2,
		MaxAttempts:                 attempts,
		RetryPolicy:                 pauses{},
		CompletedJobRetentionPeriod: kept,
		DiscardedJobRetentionPeriod: failed,
		ReindexerIndexNames:         []string{}, // needs the owner; the table stays small
		ErrorHandler:                r,
		Logger:                      slog.New(quiet{o.Log.Handler()}),
	})
	if err != nil {
		return nil, fmt.Errorf("jobs: %w", err)
	}
	return r, nil
}

// polled is river's driver without LISTEN and NOTIFY: a notification takes a
// lock at commit that halves what a database writes.
type polled struct{ *riverpgxv5.Driver }

func (polled) SupportsListener() bool     { return false }
func (polled) SupportsListenNotify() bool { return false }

// Enqueue leaves jobs to be done. One that waits or runs already is not
// enqueued a second time.
func (r *Runner) Enqueue(ctx context.Context, jobs ...Args) error {
	if len(jobs) == 0 {
		return nil
	}
	params := make([]river.InsertManyParams, len(jobs))
	for i, j := range jobs {
		params[i] = river.InsertManyParams{Args: j, InsertOpts: &river.InsertOpts{UniqueOpts: river.UniqueOpts{ByArgs: true, ByState: unfinished}}}
	}
	r.begin.RLock()
	defer r.begin.RUnlock()
	_, err := r.client.InsertMany(ctx, params)
	return err
}

var unfinished = []rivertype.JobState{
	rivertype.JobStateAvailable, rivertype.JobStatePending, rivertype.JobStateRunning, rivertype.JobStateRetryable, rivertype.JobStateScheduled,
}

// Run does jobs until ctx ends, then waits for those under way and returns nil.
// A database that is away is waited for.
func (r *Runner) Run(ctx context.Context) error {
	for {
		err := r.start(ctx)
		if err == nil {
			break
		}
		if ctx.Err() != nil {
			return nil
		}
		r.log.WarnContext(ctx, "jobs are not done yet", "err", err)
		if !wait(ctx, time.Second) {
			return nil
		}
	}
	var g sync.WaitGroup
	for _, w := range r.works {
		if w.every > 0 {
			g.Go(func() { r.repeat(ctx, w) })
		}
	}
	g.Go(func() { r.measure(ctx) })
	g.Wait()
	<-r.client.Stopped()
	return nil
}

func (r *Runner) start(ctx context.Context) error {
	r.begin.Lock()
	defer r.begin.Unlock()
	return r.client.Start(ctx)
}

// repeat enqueues the job of every interval. Which process comes first does
// not matter: the interval's number makes it one job.
func (r *Runner) repeat(ctx context.Context, w Work) {
	for {
		next := w.every
		if err := r.enqueueSlot(ctx, w); err != nil && ctx.Err() == nil {
			r.log.WarnContext(ctx, "a job was not enqueued", "kind", w.kind, "err", err)
			next = min(next, time.Second)
		}
		if !wait(ctx, next) {
			return
		}
	}
}

func (r *Runner) enqueueSlot(ctx context.Context, w Work) error {
	n := time.Now().UnixNano() / int64(w.every)
	if w.when != nil {
		if found, err := w.when(ctx); err != nil || !found {
			return err
		}
	}
	_, err := r.client.Insert(ctx, w.slot(n), &river.InsertOpts{MaxAttempts: 1, UniqueOpts: river.UniqueOpts{ByArgs: true}})
	return err
}

// wait reports whether the time passed before ctx ended.
func wait(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-t.C:
		return true
	}
}

// pauses are those between two attempts: a second, then four times the last,
// never more than ten minutes.
type pauses struct{}

func (pauses) NextRetry(j *rivertype.JobRow) time.Time {
	return time.Now().Add(min(time.Second<<min(2*len(j.Errors), 20), maxPause))
}

// HandleError tells of a job that failed.
func (r *Runner) HandleError(ctx context.Context, j *rivertype.JobRow, err error) *river.ErrorHandlerResult {
	r.tell(ctx, j, err)
	return nil
}

// HandlePanic tells of a job that panicked; it is tried again like one that
// failed.
func (r *Runner) HandlePanic(ctx context.Context, j *rivertype.JobRow, v any, trace string) *river.ErrorHandlerResult {
	r.tell(ctx, j, fmt.Errorf("panic: %v\n%s", v, trace))
	return nil
}

func (r *Runner) tell(ctx context.Context, j *rivertype.JobRow, err error) {
	r.m.failures.WithLabelValues(j.Kind).Inc()
	r.log.ErrorContext(ctx, "a job failed", "kind", j.Kind, "job", j.ID, "args", string(j.EncodedArgs), "attempt", j.Attempt, "err", err)
}

// quiet passes on what river warns of; that jobs come and go is no news.
type quiet struct{ slog.Handler }

func (q quiet) Enabled(ctx context.Context, l slog.Level) bool {
	return l >= slog.LevelWarn && q.Handler.Enabled(ctx, l)
}

func (q quiet) WithAttrs(a []slog.Attr) slog.Handler { return quiet{q.Handler.WithAttrs(a)} }
func (q quiet) WithGroup(g string) slog.Handler      { return quiet{q.Handler.WithGroup(g)} }

// metrics are what one runner exports.
// stable: dashboards and alert rules name them.
type metrics struct {
	failures *prometheus.CounterVec
	waiting  *prometheus.GaugeVec
}

func newMetrics() metrics {
	return metrics{
		failures: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "egov_job_failures_total", Help: "Attempts at a job that failed, by kind."}, []string{"kind"}),
		waiting:  prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: "egov_jobs", Help: "Jobs of the service that are not done, by kind and state; discarded ones were given up within the last week."}, []string{"kind", "state"}),
	}
}

// Describe makes the runner a prometheus.Collector.
func (r *Runner) Describe(ch chan<- *prometheus.Desc) {
	r.m.failures.Describe(ch)
	r.m.waiting.Describe(ch)
}

// Collect makes the runner a prometheus.Collector. It does no I/O: the figures
// are those of the last half minute.
func (r *Runner) Collect(ch chan<- prometheus.Metric) {
	r.m.failures.Collect(ch)
	r.m.waiting.Collect(ch)
}

// measure counts the jobs that are not done, now and then.
func (r *Runner) measure(ctx context.Context) {
	type count struct {
		Kind, State string
		N           float64
	}
	for wait(ctx, 30*time.Second) {
		rows, err := r.pool.Query(ctx, `SELECT kind, state::text, count(*)::float8 FROM river_job
			WHERE state IN ('available', 'retryable', 'running', 'scheduled', 'discarded') GROUP BY 1, 2`)
		if err != nil {
			continue // the pool's failures are told elsewhere; the figures stay as they were
		}
		counts, err := pgx.CollectRows(rows, pgx.RowToStructByPos[count])
		if err != nil {
			continue
		}
		r.m.waiting.Reset()
		for _, c := range counts {
			r.m.waiting.WithLabelValues(c.Kind, c.State).Set(c.N)
		}
	}
}
