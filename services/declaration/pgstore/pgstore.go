// Package pgstore keeps the declaration service's data in PostgreSQL: projects
// as aggregates, and the facts of all services by project.
package pgstore

import (
	"context"
	"embed"
	"time"

	"github.com/jackc/pgx/v5"

	"egov/libs/authn"
	"egov/libs/event"
	"egov/libs/pg"
	"egov/libs/store"
	"egov/services/declaration"
)

//go:embed migrations/*.sql
var migrations embed.FS

// Migrations is the service's own schema.
func Migrations() pg.Set { return pg.Sub("declaration", migrations, "migrations") }

// Projects is the repository of projects. A project that is about to change
// knows what stands against it.
func Projects(s *store.Store, as authn.Principal) *store.Collection[declaration.Project, *declaration.Project] {
	c := store.NewCollection[declaration.Project, *declaration.Project](s, "project", "stage", "kind", "route")
	c.Beside(as, againstSQL, against)
	return c
}

// againstSQL reads what stands against projects: against their units, the
// systems they name or build, which have the projects' own ids, and their
// lineages.
const againstSQL = `SELECT p.id, split_part(s.id, '/', 1), coalesce(s.body->'against', '{}') <> '{}', coalesce(s.body->>'locked_until', '')
	  FROM project p
	 CROSS JOIN LATERAL unnest(ARRAY['unit/' || p.unit, 'system/' || coalesce(nullif(p.body->>'system_id', ''), p.id), 'lineage/' || (p.body->>'lineage')]) AS k(id)
	  JOIN standing s ON s.id = k.id
	 WHERE p.id = ANY($1)`

func against(row pgx.Rows) (id string, put func(*declaration.Project), err error) {
	var kind, until string
	var held bool
	err = row.Scan(&id, &kind, &held, &until)
	return id, func(p *declaration.Project) {
		switch kind {
		case "unit":
			p.Against.Unit = held
		case "system":
			p.Against.System = held
		case "lineage":
			p.Against.LockedUntil = until
		}
	}, err
}

// Standings is the repository of what stands against units and systems.
func Standings(s *store.Store) *store.Collection[declaration.Standing, *declaration.Standing] {
	return store.NewCollection[declaration.Standing, *declaration.Standing](s, "standing")
}

// Dossiers keeps the facts of all services by project. Row-level security
// shows a fact to whoever may see its project.
type Dossiers struct {
	Store *store.Store
	As    authn.Principal // the service, where it appends
}

// Append adds facts in the transaction of their consumer; those that are there
// already stay as they are.
func (d Dossiers) Append(ctx context.Context, tx pgx.Tx, facts []event.Record) error {
	n := len(facts)
	projects, services, seqs, types, at := make([]string, n), make([]string, n), make([]int64, n), make([]string, n), make([]time.Time, n)
	units, actors, traces, data := make([]string, n), make([]string, n), make([]string, n), make([]string, n)
	for i, f := range facts {
		projects[i], services[i], seqs[i], types[i], at[i] = f.Subject, f.Source, f.Seq, f.Type, f.Time
		units[i], actors[i], traces[i], data[i] = f.Unit, f.Actor, event.TraceID(f.TraceParent), string(f.Data)
	}
	b := &pgx.Batch{}
	pg.ScopeOf(d.As).Queue(b)
	b.Queue(`INSERT INTO dossier_fact (project_id, service, seq, type, at, unit, actor, trace_id, data)
		SELECT * FROM unnest($1::text[], $2::text[], $3::bigint[], $4::text[], $5::timestamptz[], $6::text[], $7::text[], $8::text[], $9::json[])
		ON CONFLICT DO NOTHING`, projects, services, seqs, types, at, units, actors, traces, data)
	return tx.SendBatch(ctx, b).Close()
}

// Timeline gives a project's facts in the order in which they were stated.
func (d Dossiers) Timeline(ctx context.Context, project string) ([]declaration.TimelineEntry, error) {
	out := []declaration.TimelineEntry{}
	err := d.Store.Read(ctx, func(rows pgx.Rows) error {
		for rows.Next() {
			var e declaration.TimelineEntry
			var data []byte
			if err := rows.Scan(&e.Service, &e.Seq, &e.Type, &e.At, &e.Unit, &e.Actor, &e.TraceID, &data); err != nil {
				return err
			}
			e.Data = data
			out = append(out, e)
		}
		return rows.Err()
	}, `SELECT service, seq, type, at, unit, actor, trace_id, data FROM dossier_fact WHERE project_id = $1 ORDER BY at, service, seq`, project)
	return out, err
}
