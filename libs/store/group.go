package store

import (
	"context"
	"errors"
	"fmt"
	"hash/maphash"
	"slices"
	"strings"
	"sync"

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
	lock   string // what it locks, for the order of locks within a group
	scope  pg.Scope
	step   step
	beside companion        // nil without one
	told   func(any)        // takes what it says, a func(*T)
	load   func(*pgx.Batch) // queues: lock, read
	change func() error     // runs the domain's change on what was read
	save   func(*pgx.Batch) // queues: write the state and its clocks
	wake   func()
	done   chan error

	kept   answer         // found under the command's key
	answer []byte         // to keep under it; nil when nothing is written
	facts  []event.Record // that the change states
}

// answer is what a command was answered when it was first given.
type answer struct{ hash, body []byte }

// load queues the first round trip of jobs: each locks and reads its aggregate
// in its own scope, and what is kept under their keys is read for all at once.
// scope is the one in force, before and after.
func load(b *pgx.Batch, scope *pg.Scope, jobs []*job) {
	askBeside(b, scope, jobs)
	by := make(map[string]*job, len(jobs))
	var keys [][]byte
	for _, j := range jobs {
		j.kept, j.answer, j.facts = answer{}, nil, nil
		j.scope.Within(b, scope)
		j.load(b)
		if j.step.active() {
			keys, by[string(j.step.key)] = append(keys, j.step.key), j
		}
	}
	if len(keys) == 0 {
		return
	}
	b.Queue("SELECT key, body_hash, answer FROM idempotency WHERE key = ANY($1)", keys).Query(func(rows pgx.Rows) error {
		var key []byte
		var a answer
		_, err := pgx.ForEachRow(rows, []any{&key, &a.hash, &a.body}, func() error {
			by[string(key)].kept = a
			return nil
		})
		return err
	})
}

// save queues the second round trip of those jobs that write: each its state in
// its own scope, and for all at once the facts and the answers to keep. It
// reports whether facts were stated.
func save(b *pgx.Batch, scope *pg.Scope, jobs []*job) (stated bool) {
	var keys, hashes, answers [][]byte
	var facts []event.Record
	for _, j := range jobs {
		j.scope.Within(b, scope)
		j.save(b)
		if j.step.active() {
			keys, hashes, answers = append(keys, j.step.key), append(hashes, j.step.hash), append(answers, j.answer)
		}
		facts = append(facts, j.facts...)
	}
	if len(keys) > 0 {
		b.Queue("INSERT INTO idempotency (key, body_hash, answer) SELECT * FROM unnest($1::bytea[], $2::bytea[], $3::bytea[])", keys, hashes, answers)
	}
	event.Enqueue(b, facts)
	return len(facts) > 0
}

// group commits commands: each writer takes what is queued, up to a limit, and
// runs it as one transaction. With one command at a time that is a plain
// transaction; under queueing it is a group commit. The commands of one
// aggregate are one writer's: two writers never wait for each other's rows, and
// an aggregate's facts are in the order of their transactions.
type group struct {
	pool   *pgxpool.Pool
	limit  int
	seed   maphash.Seed
	queues []chan *job
	wg     sync.WaitGroup
}

var errStopping = fault.New(fault.Unavailable, "stopping", "服务正在停止，请稍后重试", "the service is stopping, try again")

func newGroup(pool *pgxpool.Pool, writers, limit int) *group {
	g := &group{pool: pool, limit: limit, seed: maphash.MakeSeed()}
	for range writers {
		queue := make(chan *job, 2*limit)
		g.queues = append(g.queues, queue)
		g.wg.Go(func() { g.write(queue) })
	}
	return g
}

func (g *group) close() {
	for _, q := range g.queues {
		close(q)
	}
	g.wg.Wait()
}

// do queues j and waits for its own answer.
func (g *group) do(j *job) (err error) {
	defer func() {
		if recover() != nil { // the queue is closed: send on closed channel
			err = errStopping
		}
	}()
	select {
	case g.queues[maphash.String(g.seed, j.lock)%uint64(len(g.queues))] <- j:
	case <-j.ctx.Done():
		return j.ctx.Err()
	}
	return <-j.done
}

func (g *group) write(queue <-chan *job) {
	var held []*job // same aggregate as one of the last batch: next round
	for {
		jobs, rest := distinct(held)
		held = rest
		if len(jobs) == 0 {
			j, ok := <-queue
			if !ok {
				return
			}
			jobs = append(jobs, j)
		}
	fill:
		for len(jobs) < g.limit {
			select {
			case j, ok := <-queue:
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
	var scope pg.Scope
	b := &pgx.Batch{}
	b.Queue("BEGIN")
	load(b, &scope, jobs)
	if err := conn.SendBatch(ctx, b).Close(); err != nil {
		return all(err)
	}
	var writes []*job
	for i, j := range jobs {
		if errs[i] = guard(j.change); errs[i] == nil && j.answer != nil {
			writes = append(writes, j)
		}
	}
	if len(writes) == 0 {
		return errs // rolled back: nothing was written
	}
	b = &pgx.Batch{}
	stated := save(b, &scope, writes)
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
