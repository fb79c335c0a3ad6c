// Package pgstore keeps the declaration service's data in PostgreSQL: projects
// as aggregates, and the facts of all services by project.
package pgstore

import (
	"context"
	"embed"

	"github.com/jackc/pgx/v5"

	"egov/libs/authn"
	"egov/libs/pg"
	"egov/libs/store"
	"egov/services/declaration"
)

//go:embed migrations/*.sql
var migrations embed.FS

// Migrations is the service's own schema.
func Migrations() pg.Set { return pg.Sub("declaration", migrations, "migrations") }

// Projects is the repository of projects.
func Projects(s *store.Store) *store.Collection[declaration.Project, *declaration.Project] {
	return store.NewCollection[declaration.Project, *declaration.Project](s, "project", "stage", "kind", "route")
}

// Standings is the repository of what stands against units and systems.
func Standings(s *store.Store) *store.Collection[declaration.Standing, *declaration.Standing] {
	return store.NewCollection[declaration.Standing, *declaration.Standing](s, "standing")
}

// Record reads what stands against projects.
type Record struct{ Store *store.Store }

// Against reads it as the service, in one round trip.
func (r Record) Against(ctx context.Context, project string) (a declaration.Against, err error) {
	ctx = authn.With(ctx, authn.Service("declaration", declaration.Office))
	err = r.Store.Read(ctx, func(rows pgx.Rows) error {
		for rows.Next() {
			var kind string
			var held bool
			var until string
			if err := rows.Scan(&kind, &held, &until); err != nil {
				return err
			}
			switch kind {
			case "unit":
				a.Unit = held
			case "system":
				a.System = held
			case "lineage":
				a.LockedUntil = until
			}
		}
		return rows.Err()
	}, `SELECT split_part(s.id, '/', 1), coalesce(s.body->'against', '{}') <> '{}', coalesce(s.body->>'locked_until', '')
	      FROM project p JOIN standing s ON s.id IN (
	           'unit/' || p.unit, 'system/' || coalesce(nullif(p.body->>'system_id', ''), p.id), 'lineage/' || (p.body->>'lineage'))
	     WHERE p.id = $1`, project)
	return a, err
}

// Dossiers keeps the facts of all services by project. Row-level security
// shows a fact to whoever may see its project.
type Dossiers struct{ Store *store.Store }

// Record adds one fact; one that is there already stays as it is.
func (d Dossiers) Record(ctx context.Context, project string, e declaration.TimelineEntry) error {
	return d.Store.Exec(ctx, `INSERT INTO dossier_fact (project_id, service, seq, type, at, unit, actor, trace_id, data)
		VALUES ($1,$2,$3,$4,$5,$6,$7,$8,$9) ON CONFLICT DO NOTHING`, project, e.Service, e.Seq, e.Type, e.At, e.Unit, e.Actor, e.TraceID, []byte(e.Data))
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
