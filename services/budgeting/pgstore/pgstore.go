// Package pgstore keeps the budgeting service's data in PostgreSQL.
package pgstore

import (
	"embed"

	"egov/libs/pg"
	"egov/libs/store"
	"egov/services/budgeting"
)

//go:embed migrations/*.sql
var migrations embed.FS

// Migrations is the service's own schema.
func Migrations() pg.Set { return pg.Sub("budgeting", migrations, "migrations") }

// Budgets is the repository of budgets.
func Budgets(s *store.Store) *store.Collection[budgeting.Budget, *budgeting.Budget] {
	return store.NewCollection[budgeting.Budget, *budgeting.Budget](s, "budget", "state", "kind", "held", "system_id", "not_accepted")
}

// PostEvaluations is the repository of evaluations of finished projects.
func PostEvaluations(s *store.Store) *store.Collection[budgeting.PostEvaluation, *budgeting.PostEvaluation] {
	return store.NewCollection[budgeting.PostEvaluation, *budgeting.PostEvaluation](s, "post_evaluation", "state", "agency")
}

// Assessments is the repository of assessments of units.
func Assessments(s *store.Store) *store.Collection[budgeting.Assessment, *budgeting.Assessment] {
	return store.NewCollection[budgeting.Assessment, *budgeting.Assessment](s, "assessment", "state", "of_unit", "year")
}
