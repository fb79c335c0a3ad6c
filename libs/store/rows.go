package store

import (
	"cmp"
	"errors"
	"reflect"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"egov/libs/aggregate"
	"egov/libs/pg"
)

// rows are the statements about the table of one collection: of each a form for
// one row, and one for those of several commands.
type rows struct {
	name                 string
	get                  string
	lock, insert, update struct{ one, many string }
}

// row is an aggregate after a change, as its table is to have it.
type row struct {
	root    *aggregate.Root
	body    []byte
	found   bool // it was there before
	old     []aggregate.Deadline
	parties []string // as they were
}

// newRows declares the rows of aggregates with these members. A change replaces
// those, and leaves others as they are: a later release wrote them, which runs
// beside this one or did.
func newRows(table string, members []string) *rows {
	t := pgx.Identifier{table}.Sanitize()
	unknown := "(t.body - '" + pg.TextArray(members) + "'::text[])"
	r := &rows{name: table, get: "SELECT body FROM " + t + " WHERE id = $1"}
	r.lock.one = r.get + " FOR UPDATE"
	// In one order, so that two groups do not wait for each other.
	r.lock.many = "SELECT id, body FROM " + t + " WHERE id = ANY($1) ORDER BY id FOR UPDATE"
	const columns = "id, project_id, unit, parties, version, todo, body, updated_at, created_at"
	r.insert.one = "INSERT INTO " + t + " (" + columns + ") VALUES ($1,$2,$3,$4,$5,$6,$7,$8,$9)"
	r.insert.many = "INSERT INTO " + t + " (" + columns + `)
		SELECT id, project_id, unit, parties::text[], version, todo::text[], body::jsonb, updated_at, created_at
		  FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::bigint[], $6::text[], $7::text[], $8::timestamptz[], $9::timestamptz[]) AS i(` + columns + ")"
	r.update.one = "UPDATE " + t + " t SET project_id=$2, unit=$3, parties=$4, version=$5, todo=$6, body=" + unknown + " || $7::jsonb, updated_at=$8 WHERE id=$1"
	r.update.many = "UPDATE " + t + " t SET project_id=i.project_id, unit=i.unit, parties=i.parties::text[], version=i.version, todo=i.todo::text[], body=" + unknown + ` || i.body::jsonb, updated_at=i.updated_at
		  FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::bigint[], $6::text[], $7::text[], $8::timestamptz[]) AS i(id, project_id, unit, parties, version, todo, body, updated_at)
		 WHERE t.id = i.id`
	return r
}

// members are the names of a document's members.
func members(document reflect.Type) (names []string) {
	for _, f := range reflect.VisibleFields(document) {
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		if !f.IsExported() || f.Anonymous && name == "" || name == "-" { // what is embedded has its own
			continue
		}
		names = append(names, cmp.Or(name, f.Name))
	}
	return names
}

// load queues the lock and the reading of the rows of jobs, which are about
// aggregates of their own; one that is not there leaves before nil.
func (t *rows) load(b *pgx.Batch, jobs []*job) {
	switch len(jobs) {
	case 0:
	case 1:
		b.Queue(t.lock.one, jobs[0].id).QueryRow(func(r pgx.Row) error {
			if err := r.Scan(&jobs[0].before); !errors.Is(err, pgx.ErrNoRows) {
				return err
			}
			return nil
		})
	default:
		ids := make([]string, len(jobs))
		by := make(map[string]*job, len(jobs))
		for i, j := range jobs {
			ids[i], by[j.id] = j.id, j
		}
		b.Queue(t.lock.many, ids).Query(func(found pgx.Rows) error {
			for found.Next() {
				var id string
				var body []byte
				if err := found.Scan(&id, &body); err != nil {
					return err
				}
				by[id].before = body
			}
			return found.Err()
		})
	}
}

// save queues the writing of rows and of their clocks.
func (t *rows) save(b *pgx.Batch, changed []row) {
	var there, fresh []row
	for _, r := range changed {
		if r.found {
			there = append(there, r)
		} else {
			fresh = append(fresh, r)
		}
	}
	writeRows(b, t.insert.one, t.insert.many, fresh, 9)
	writeRows(b, t.update.one, t.update.many, there, 8) // when it was created stays as it is
	for _, r := range changed {
		saveDeadlines(b, t.name, r.root, r.old, r.parties)
	}
}

// writeRows queues one of the two forms of a statement about rows; it takes the
// first so many of their columns.
func writeRows(b *pgx.Batch, one, many string, changed []row, columns int) {
	n := len(changed)
	switch n {
	case 0:
		return
	case 1:
		r := changed[0].root
		b.Queue(one, []any{r.ID, r.ProjectID, r.Unit, r.Parties, r.Version, todoKeys(r.Todo), changed[0].body, r.UpdatedAt, r.CreatedAt}[:columns]...)
		return
	}
	ids, projects, units := make([]string, n), make([]string, n), make([]string, n)
	parties, todo, bodies := make([]string, n), make([]string, n), make([][]byte, n)
	versions, updated, created := make([]int64, n), make([]time.Time, n), make([]time.Time, n)
	for i, c := range changed {
		r := c.root
		ids[i], projects[i], units[i], versions[i] = r.ID, r.ProjectID, r.Unit, r.Version
		parties[i], todo[i], bodies[i] = pg.TextArray(r.Parties), pg.TextArray(todoKeys(r.Todo)), c.body
		updated[i], created[i] = r.UpdatedAt, r.CreatedAt
	}
	b.Queue(many, []any{ids, projects, units, parties, versions, todo, bodies, updated, created}[:columns]...)
}
