// Package pgstore keeps the legalization service's data in PostgreSQL.
package pgstore

import (
	"embed"

	"egov/libs/pg"
	"egov/libs/store"
	"egov/services/legalization"
)

//go:embed migrations/*.sql
var migrations embed.FS

// Migrations is the service's own schema.
func Migrations() pg.Set { return pg.Sub("legalization", migrations, "migrations") }

// Needs is the repository of needs.
func Needs(s *store.Store) *store.Collection[legalization.Need, *legalization.Need] {
	return store.NewCollection[legalization.Need, *legalization.Need](s, "need", "state")
}

// Caps is the repository of the price list.
func Caps(s *store.Store) *store.Collection[legalization.Cap, *legalization.Cap] {
	return store.NewCollection[legalization.Cap, *legalization.Cap](s, "price_cap")
}

// Inventories is the repository of inventories.
func Inventories(s *store.Store) *store.Collection[legalization.Inventory, *legalization.Inventory] {
	return store.NewCollection[legalization.Inventory, *legalization.Inventory](s, "inventory")
}
