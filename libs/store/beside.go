package store

import (
	"github.com/jackc/pgx/v5"

	"egov/libs/authn"
	"egov/libs/pg"
)

// Beside has every change see what other tables know of its aggregate. sql is
// read as a principal, before the aggregate is locked and once for all commands
// of a group; $1 is their ids, a text array. read scans a row, names the
// aggregate that it is about, and gives what puts it there before the change
// runs: into a field without a JSON form, which is not stored.
func (c *Collection[T, P]) Beside(as authn.Principal, sql string, read func(pgx.Rows) (id string, put func(*T), err error)) {
	c.beside = &beside[T]{pg.ScopeOf(as), sql, read}
}

// companion is a query beside the aggregates of one collection.
type companion interface {
	// queue queues the query for all that ask, in its own scope.
	queue(b *pgx.Batch, in *pg.Session, asking []*job)
}

type beside[T any] struct {
	as   pg.Scope
	sql  string
	read func(pgx.Rows) (id string, put func(*T), err error)
}

func (q *beside[T]) queue(b *pgx.Batch, in *pg.Session, asking []*job) {
	ids := make([]string, len(asking))
	by := make(map[string]*job, len(asking))
	for i, j := range asking {
		ids[i], by[j.id] = j.id, j
	}
	in.Scope(b, q.as)
	b.Queue(q.sql, ids).Query(func(rows pgx.Rows) error {
		for rows.Next() {
			id, put, err := q.read(rows)
			if err != nil {
				return err
			}
			by[id].told(put)
		}
		return rows.Err()
	})
}

// askBeside queues the queries beside the aggregates of jobs, each once.
func askBeside(b *pgx.Batch, in *pg.Session, jobs []*job) {
	asking := map[companion][]*job{}
	var order []companion
	for _, j := range jobs {
		if j.beside == nil {
			continue
		}
		if asking[j.beside] == nil {
			order = append(order, j.beside)
		}
		asking[j.beside] = append(asking[j.beside], j)
	}
	for _, q := range order {
		q.queue(b, in, asking[q])
	}
}
