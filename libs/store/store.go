// Package store keeps aggregates in PostgreSQL. One command is one transaction
// in two round trips: lock and read, then everything that is written — the new
// state, its clocks, the facts for the outbox and the answer kept under the
// caller's Idempotency-Key. Commands that queue up are committed together;
// each still gets its own answer.
//
// Who may see and change a row follows from the context's principal through
// row-level security, also when a query forgets its WHERE.
package store

import (
	"context"
	"embed"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"egov/libs/authn"
	"egov/libs/calendar"
	"egov/libs/event"
	"egov/libs/pg"
)

//go:embed migrations/*.sql
var migrations embed.FS

// Migrations is the schema that every service's database carries before its
// own.
func Migrations() pg.Set { return pg.Sub("store", migrations, "migrations") }

// Store is one service's database.
type Store struct {
	pool   *pgxpool.Pool
	source string
	clock  calendar.Clock
	cal    calendar.Table
	wake   func()
	group  *group

	mu          sync.RWMutex
	collections map[string]collection
}

// collection is what generic code (tasks, clocks) asks of a Collection.
type collection interface {
	tick(ctx context.Context, id string) error
}

// Options of a Store.
type Options struct {
	Source   string // the service's name: the source of its events
	Clock    calendar.Clock
	Calendar calendar.Table
	Wake     func() // called after a commit that stated facts
	Writers  int    // transactions at once; 0 = 4
	Group    int    // commands that may share a transaction; 0 = 32
}

// New makes a store over pool. Close stops its writers.
func New(pool *pgxpool.Pool, o Options) *Store {
	if o.Wake == nil {
		o.Wake = func() {}
	}
	if o.Writers == 0 {
		o.Writers = 4
	}
	if o.Group == 0 {
		o.Group = 32
	}
	s := &Store{pool: pool, source: o.Source, clock: o.Clock, cal: o.Calendar, wake: o.Wake, collections: map[string]collection{}}
	s.group = newGroup(pool, o.Writers, o.Group)
	return s
}

// Close waits for the commands under way and stops the writers.
func (s *Store) Close() { s.group.close() }

// Pool gives the database for the few queries that are not about one
// aggregate; wrap them in Read.
func (s *Store) Pool() *pgxpool.Pool { return s.pool }

// InTx runs f in one transaction: every repository call made with f's context
// takes part in it. For commands that change more than one aggregate; f may run
// again after a conflict, so it has no other effects.
func (s *Store) InTx(ctx context.Context, f func(context.Context) error) error {
	if txFrom(ctx) != nil {
		return f(ctx)
	}
	return retry(ctx, func() error {
		commandFrom(ctx).restart()
		stated := false
		err := pgx.BeginFunc(ctx, s.pool, func(tx pgx.Tx) error {
			t := &transaction{tx: tx}
			defer func() { stated = t.stated }()
			return f(context.WithValue(ctx, txKey{}, t))
		})
		if err == nil && stated {
			s.wake()
		}
		return pg.Fault(err)
	})
}

// Read runs one query under the caller's row-level security.
func (s *Store) Read(ctx context.Context, f func(pgx.Rows) error, sql string, args ...any) error {
	b := &pgx.Batch{}
	pg.ScopeOf(authn.By(ctx)).Queue(b)
	b.Queue(sql, args...).Query(f)
	var err error
	if t := txFrom(ctx); t != nil {
		err = t.tx.SendBatch(ctx, b).Close()
	} else {
		err = s.pool.SendBatch(ctx, b).Close()
	}
	return pg.Fault(err)
}

// Exec runs one statement inside the transaction of InTx or of an event
// handler, under the caller's row-level security.
func (s *Store) Exec(ctx context.Context, sql string, args ...any) error {
	t := txFrom(ctx)
	if t == nil {
		return s.InTx(ctx, func(ctx context.Context) error { return s.Exec(ctx, sql, args...) })
	}
	b := &pgx.Batch{}
	pg.ScopeOf(authn.By(ctx)).Queue(b)
	b.Queue(sql, args...)
	return pg.Fault(t.tx.SendBatch(ctx, b).Close())
}

// Handler turns f into an event handler whose repository calls take part in
// the consumer's transaction, as the given principal. Facts that f states carry
// the trace of the event they follow from.
func (s *Store) Handler(as authn.Principal, f func(context.Context, event.Record) error) event.Handler {
	return func(ctx context.Context, tx pgx.Tx, e event.Record) error {
		ctx = event.ContinueTrace(authn.With(ctx, as), e)
		t := &transaction{tx: tx}
		if err := f(context.WithValue(ctx, txKey{}, t), e); err != nil {
			return err
		}
		if t.stated {
			s.wake() // harmless before the commit: the relay polls too
		}
		return nil
	}
}

type txKey struct{}

type transaction struct {
	tx     pgx.Tx
	stated bool
}

// run carries out one command inside a transaction that is already open.
func (t *transaction) run(ctx context.Context, j *job) error {
	var in pg.Session // others' statements may follow
	b := &pgx.Batch{}
	load(b, &in, []*job{j})
	if err := t.tx.SendBatch(ctx, b).Close(); err != nil {
		return err
	}
	if err := j.change(); err != nil || j.after == nil {
		return err
	}
	b = &pgx.Batch{}
	stated := save(b, &in, []*job{j})
	t.stated = t.stated || stated
	return t.tx.SendBatch(ctx, b).Close()
}

func txFrom(ctx context.Context) *transaction {
	t, _ := ctx.Value(txKey{}).(*transaction)
	return t
}

// retry runs f again after a conflict with another transaction, a few times.
func retry(ctx context.Context, f func() error) error {
	for attempt := 1; ; attempt++ {
		err := f()
		if err == nil || attempt == 4 || !conflict(err) {
			return err
		}
		select {
		case <-ctx.Done():
			return err
		case <-time.After(time.Duration(attempt) * 5 * time.Millisecond):
		}
	}
}
