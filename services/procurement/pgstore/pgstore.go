// Package pgstore keeps the procurement service's data in PostgreSQL.
package pgstore

import (
	"embed"

	"egov/libs/pg"
	"egov/libs/store"
	"egov/services/procurement"
)

//go:embed migrations/*.sql
var migrations embed.FS

// Migrations is the service's own schema.
func Migrations() pg.Set { return pg.Sub("procurement", migrations, "migrations") }

// Procurements is the repository of procurements.
func Procurements(s *store.Store) *store.Collection[procurement.Procurement, *procurement.Procurement] {
	return store.NewCollection[procurement.Procurement, *procurement.Procurement](s, "procurement", "state", "kind", "method")
}
