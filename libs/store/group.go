package store

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"

	"egov/libs/fault"
	"egov/libs/pg"
)

// job is one command against one aggregate.
type job struct {
	ctx    context.Context
	lock   string           // what it locks, for the order of locks within a group
	load   func(*pgx.Batch) // queues: set the scope, lock, read
	change func() error     // runs the domain's change on what was read
	save   func(*pgx.Batch) // queues: set the scope, write
	stated func() bool      // whether facts were stated
	wake   func()
	done   chan error
}

// group commits commands: each writer takes what is queued, up to a limit, and
// runs it as one transaction. With one command at a time that is a plain
// transaction; under queueing it is a group commit.
type group struct {
	pool  *pgxpool.Pool
	limit int
	queue chan *job
	wg    sync.WaitGroup
}

var errStopping = fault.New(fault.Unavailable, "stopping", "服务正在停止，请稍后重试", "the service is stopping, try again")

func newGroup(pool *pgxpool.Pool, writers, limit int) *group {
	g := &group{pool: pool, limit: limit, queue: make(chan *job, 4*limit)}
	for range writers {
		g.wg.Go(g.write)
	}
	return g
}

func (g *group) close() { close(g.queue); g.wg.Wait() }

// do queues j and waits for its own answer.
func (g *group) do(j *job) (err error) {
	defer func() {
		if recover() != nil { // the queue is closed: send on closed channel
			err = errStopping
		}
	}()
	select {
	case g.queue <- j:
	case <-j.ctx.Done():
		return j.ctx.Err()
	}
	return <-j.done
}

func (g *group) write() {
	var held []*job // same aggregate as one of the last batch: next round
	for {
		jobs, rest := distinct(held)
		held = rest
		if len(jobs) == 0 {
			j, ok := <-g.queue
			if !ok {
				return
			}
			jobs = append(jobs, j)
		}
	fill:
		for len(jobs) < g.limit {
			select {
			case j, ok := <-g.queue:
				if !ok {
					break fill
				}
				if slices.ContainsFunc(jobs, func(o *job) bool { return o.lock == j.lock }) {
					held = append(held, j)
				} else {
					jobs = append(jobs, j)
				}
			default:
				break fill
			}
		}
		g.commit(jobs)
	}
}

// distinct takes the first job of every aggregate.
func distinct(in []*job) (first, rest []*job) {
	for _, j := range in {
		if slices.ContainsFunc(first, func(o *job) bool { return o.lock == j.lock }) {
			rest = append(rest, j)
		} else {
			first = append(first, j)
		}
	}
	return first, rest
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
	slices.SortFunc(jobs, func(a, b *job) int { return strings.Compare(a.lock, b.lock) })
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
	load := &pgx.Batch{}
	load.Queue("BEGIN")
	for _, j := range jobs {
		j.load(load)
	}
	if err := conn.SendBatch(ctx, load).Close(); err != nil {
		return all(err)
	}
	save := &pgx.Batch{}
	writes := 0
	for i, j := range jobs {
		if errs[i] = guard(j.change); errs[i] == nil && j.save != nil {
			j.save(save)
			writes++
		}
	}
	if writes == 0 {
		return errs // rolled back: nothing was written
	}
	save.Queue("COMMIT")
	if err := conn.SendBatch(ctx, save).Close(); err != nil {
		return all(err)
	}
	settled = true
	for i, j := range jobs {
		if errs[i] == nil && j.stated() {
			j.wake()
			break
		}
	}
	return errs
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
