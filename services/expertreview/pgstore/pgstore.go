// Package pgstore keeps the expertreview service's data in PostgreSQL.
package pgstore

import (
	"embed"

	"egov/libs/pg"
	"egov/libs/store"
	"egov/services/expertreview"
)

//go:embed migrations/*.sql
var migrations embed.FS

// Migrations is the service's own schema.
func Migrations() pg.Set { return pg.Sub("expertreview", migrations, "migrations") }

// Evaluations is the repository of evaluations.
func Evaluations(s *store.Store) *store.Collection[expertreview.Evaluation, *expertreview.Evaluation] {
	return store.NewCollection[expertreview.Evaluation, *expertreview.Evaluation](s, "evaluation", "state", "agency")
}

// Experts is the repository of the expert pool.
func Experts(s *store.Store) *store.Collection[expertreview.Expert, *expertreview.Expert] {
	return store.NewCollection[expertreview.Expert, *expertreview.Expert](s, "expert")
}

// Committees is the repository of committees of experts.
func Committees(s *store.Store) *store.Collection[expertreview.Committee, *expertreview.Committee] {
	return store.NewCollection[expertreview.Committee, *expertreview.Committee](s, "committee")
}
