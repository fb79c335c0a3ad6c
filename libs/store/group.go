package store

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"iter"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"

	"egov/libs/event"
	"egov/libs/fault"
	"egov/libs/pg"
)

// job is one command against one aggregate.
type job struct {
	ctx    context.Context
	id     string // of the aggregate
	rows   *rows  // its table
	fresh  bool   // it is made: there is nothing to lock and to read
	scope  pg.Scope
	step   step
	beside companion    // nil without one
	told   func(any)    // takes what it says, a func(*T)
	begin  func()       // forgets what was told before
	change func() error // runs the domain's change on what was read
	wake   func()
	done   chan error

	before []byte         // the aggregate as it was read, nil when there is none
	kept   answer         // found under the command's key
	after  *row           // to write, and to keep under the key; nil when nothing is written
	facts  []event.Record // that the change states
}

// answer is what a command was answered when it was first given.
type answer struct{ hash, body []byte }

// answer is the aggregate as the job's caller has it, as JSON: what was written,
// or what was answered when the command came first.
func (j *job) answer() []byte {
	if j.after != nil {
		return j.after.body
	}
	return j.kept.body
}

// lock is the name of what a job locks.
func (j *job) lock() string { return j.rows.name + "/" + j.id }

// compare brings the jobs of one scope and table together, and those in the
// order of what they lock.
func compare(a, b *job) int {
	return cmp.Or(a.scope.Compare(b.scope), strings.Compare(a.rows.name, b.rows.name), strings.Compare(a.id, b.id))
}

// runs divides sorted jobs into those of one scope and table.
func runs(jobs []*job) iter.Seq[[]*job] {
	return func(yield func([]*job) bool) {
		for len(jobs) > 0 {
			n := 1
			for n < len(jobs) && jobs[n].rows.name == jobs[0].rows.name && jobs[n].scope.Compare(jobs[0].scope) == 0 {
				n++
			}
			if !yield(jobs[:n]) {
				return
			}
			jobs = jobs[n:]
		}
	}
}

// load queues the first round trip of jobs: each run of them locks and reads its
// aggregates in its own scope, and what is kept under their keys is read for all
// at once.
func load(b *pgx.Batch, in *pg.Session, jobs []*job) {
	for _, j := range jobs {
		j.before, j.kept, j.after, j.facts = nil, answer{}, nil, nil
		j.begin()
	}
	askBeside(b, in, jobs)
	var keys [][]byte
	var keyed []*job
	for run := range runs(jobs) {
		in.Scope(b, run[0].scope)
		locking := make([]*job, 0, len(run))
		for _, j := range run {
			if !j.fresh {
				locking = append(locking, j)
			}
			if j.step.active() {
				keys, keyed = append(keys, j.step.key), append(keyed, j)
			}
		}
		run[0].rows.load(b, locking)
	}
	if len(keys) == 0 {
		return
	}
	b.Queue("SELECT key, body_hash, answer FROM idempotency WHERE key = ANY($1)", keys).Query(func(rows pgx.Rows) error {
		var key []byte
		var a answer
		_, err := pgx.ForEachRow(rows, []any{&key, &a.hash, &a.body}, func() error {
			for _, j := range keyed {
				if bytes.Equal(j.step.key, key) {
					j.kept = a
				}
			}
			return nil
		})
		return err
	})
}

// save queues the second round trip of those jobs that write: each run of them
// its rows in its own scope, and for all at once the facts and the answers to
// keep. It reports whether facts were stated.
func save(b *pgx.Batch, in *pg.Session, jobs []*job) (stated bool) {
	var keys, hashes, answers [][]byte
	var facts []event.Record
	for run := range runs(jobs) {
		changed := make([]row, len(run))
		for i, j := range run {
			changed[i] = *j.after
			if j.step.active() {
				keys, hashes, answers = append(keys, j.step.key), append(hashes, j.step.hash), append(answers, j.after.body)
			}
			facts = append(facts, j.facts...)
		}
		in.Scope(b, run[0].scope)
		run[0].rows.save(b, changed)
	}
	if len(keys) > 0 {
		b.Queue("INSERT INTO idempotency (key, body_hash, answer) SELECT * FROM unnest($1::bytea[], $2::bytea[], $3::bytea[])", keys, hashes, answers)
	}
	event.Enqueue(b, facts)
	return len(facts) > 0
}

// group commits commands. What waits is run as one transaction when none is
// running; beside another, when half of those who come at a time have come, when
// it fills one, or when it has waited for long. So commands share transactions
// whenever several come at a time, a lone command waits for nobody, and one that
// is held up by somebody else's lock does not hold up the others. The commands of
// one aggregate are run one after the other.
type group struct {
	pool    *pgxpool.Pool
	writers int // transactions at once
	limit   int // commands in one

	mu      sync.Mutex
	closed  bool
	waiting []*job              // in the order in which they came
	locked  map[string]struct{} // what the commands of running transactions lock
	running int
	armed   bool // patience is being timed
	crowd   crowd
	wg      sync.WaitGroup
}

// abreast is how many transactions run side by side as a rule: while one is with
// the database, the other's changes are worked out. Each has its share of those
// who come at a time: with as many as happen to wait, some would have a single
// command and all the cost of a transaction.
const abreast = 2

// crowd is how many commands come at a time.
type crowd struct {
	inside int // that wait or run
	peak   int // most of them since a transaction began last
	usual  int // what peaks come to
}

func (c *crowd) enter() {
	c.inside++
	c.peak = max(c.peak, c.inside)
	c.usual = max(c.usual, c.peak)
}

func (c *crowd) leave(n int) { c.inside -= n }

// look is called when a transaction begins. Where fewer come than before, the
// number follows them within some transactions.
func (c *crowd) look() {
	c.usual -= (c.usual - c.peak + 3) / 4
	c.peak = c.inside
}

// patience is how long commands wait for a running transaction to end before
// another is begun beside it: longer than one takes as a rule.
const patience = 10 * time.Millisecond

var errStopping = fault.New(fault.Unavailable, "stopping", "服务正在停止，请稍后重试", "the service is stopping, try again")

func newGroup(pool *pgxpool.Pool, writers, limit int) *group {
	return &group{pool: pool, writers: writers, limit: limit, locked: map[string]struct{}{}}
}

// close waits for the commands that have come, and refuses all others.
func (g *group) close() {
	g.mu.Lock()
	g.closed = true
	g.mu.Unlock()
	g.wg.Wait()
}

// do queues j and waits for its own answer.
func (g *group) do(j *job) error {
	g.mu.Lock()
	if g.closed {
		g.mu.Unlock()
		return errStopping
	}
	g.wg.Add(1)
	defer g.wg.Done()
	g.waiting = append(g.waiting, j)
	g.crowd.enter()
	g.begin(false)
	g.mu.Unlock()
	return <-j.done
}

// begin starts transactions with what waits; late says that it has waited for
// long. The mutex is held.
func (g *group) begin(late bool) {
	for g.running < g.writers && (late || g.worth()) {
		jobs := g.take()
		if len(jobs) == 0 {
			break // what waits, waits for the same aggregates
		}
		late = false
		g.crowd.look()
		g.running++
		g.wg.Go(func() { g.run(jobs) })
	}
	if len(g.waiting) > 0 && !g.armed {
		g.armed = true
		time.AfterFunc(patience, func() {
			g.mu.Lock()
			defer g.mu.Unlock()
			g.armed = false
			g.begin(true)
		})
	}
}

// worth says whether what waits makes a transaction. The mutex is held.
func (g *group) worth() bool {
	n := len(g.waiting)
	return g.running == 0 || n >= g.limit || g.running < abreast && abreast*n >= g.crowd.usual
}

// take takes commands out of those that wait: the first of each aggregate that
// no running transaction locks, up to the limit.
func (g *group) take() (jobs []*job) {
	rest := g.waiting[:0]
	passed := map[string]struct{}{} // of an aggregate, later commands follow earlier ones
	for _, j := range g.waiting {
		lock := j.lock()
		_, held := g.locked[lock]
		_, after := passed[lock]
		if held || after || len(jobs) == g.limit {
			passed[lock] = struct{}{}
			rest = append(rest, j)
			continue
		}
		g.locked[lock] = struct{}{}
		jobs = append(jobs, j)
	}
	clear(g.waiting[len(rest):])
	g.waiting = rest
	return jobs
}

// run commits jobs, then begins with what has come meanwhile.
func (g *group) run(jobs []*job) {
	g.commit(slices.Clone(jobs)) // which brings them into its own order
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, j := range jobs {
		delete(g.locked, j.lock())
	}
	g.crowd.leave(len(jobs))
	g.running--
	g.begin(false)
}

// commit runs jobs as one transaction and answers each. When the database
// refuses the group, every command runs alone, so that one bad command never
// spoils another's.
func (g *group) commit(jobs []*job) {
	jobs = slices.DeleteFunc(jobs, func(j *job) bool {
		if err := j.ctx.Err(); err != nil {
			j.done <- err
			return true
		}
		return false
	})
	if len(jobs) == 0 {
		return
	}
	if len(jobs) == 1 {
		j := jobs[0]
		j.done <- pg.Fault(retry(j.ctx, func() error { return g.transact(j.ctx, jobs)[0] }))
		return
	}
	slices.SortFunc(jobs, compare)
	// The group must not die with one caller's context.
	for i, err := range g.transact(context.WithoutCancel(jobs[0].ctx), jobs) {
		j := jobs[i]
		if err != nil {
			if _, domain := errors.AsType[*fault.Error](err); !domain {
				g.commit([]*job{j})
				continue
			}
		}
		j.done <- err
	}
}

// transact answers with one error a job. Errors of the domain are per job;
// an error of the database stands for all that were to be written.
func (g *group) transact(ctx context.Context, jobs []*job) []error {
	errs := make([]error, len(jobs))
	all := func(err error) []error {
		for i := range errs {
			if errs[i] == nil {
				errs[i] = err
			}
		}
		return errs
	}
	conn, err := g.pool.Acquire(ctx)
	if err != nil {
		return all(err)
	}
	defer conn.Release()
	settled := false
	defer func() {
		if !settled { // leave no transaction behind; a dead connection is dropped by the pool
			_, _ = conn.Exec(context.WithoutCancel(ctx), "ROLLBACK")
		}
	}()
	in := pg.Session{ByKey: true}
	b := &pgx.Batch{}
	b.Queue("BEGIN")
	load(b, &in, jobs)
	if err := conn.SendBatch(ctx, b).Close(); err != nil {
		return all(err)
	}
	change(jobs, errs)
	var writes []*job
	for i, j := range jobs {
		if errs[i] == nil && j.after != nil {
			writes = append(writes, j)
		}
	}
	if len(writes) == 0 {
		return errs // rolled back: nothing was written
	}
	b = &pgx.Batch{}
	stated := save(b, &in, writes)
	b.Queue("COMMIT")
	if err := conn.SendBatch(ctx, b).Close(); err != nil {
		return all(err)
	}
	settled = true
	if stated {
		jobs[0].wake()
	}
	return errs
}

// change runs the changes of jobs on all processors: while they run, rows are
// locked and a connection is held.
func change(jobs []*job, errs []error) {
	var next atomic.Int64
	work := func() {
		for {
			i := int(next.Add(1)) - 1
			if i >= len(jobs) {
				return
			}
			errs[i] = guard(jobs[i].change)
		}
	}
	var others sync.WaitGroup
	for range min(runtime.GOMAXPROCS(0), len(jobs)) - 1 {
		others.Go(work)
	}
	work()
	others.Wait()
}

// guard keeps a panicking change from taking the writer, and every later
// command with it, down.
func guard(f func() error) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fault.New(fault.Internal, "internal", "系统内部错误", "internal error").With(fmt.Errorf("panic in a change: %v", r))
		}
	}()
	return f()
}

// conflict reports whether another transaction was in the way.
func conflict(err error) bool {
	pe, ok := errors.AsType[*pgconn.PgError](err)
	return ok && (pe.Code == "40001" || pe.Code == "40P01" || pe.Code == "23505" && pe.TableName == "idempotency")
}
