// Package pgstore keeps the cryptoassessment service's data in PostgreSQL.
package pgstore

import (
	"embed"

	"egov/libs/pg"
	"egov/libs/store"
	"egov/services/cryptoassessment"
)

//go:embed migrations/*.sql
var migrations embed.FS

// Migrations is the service's own schema.
func Migrations() pg.Set { return pg.Sub("cryptoassessment", migrations, "migrations") }

// Plans is the repository of crypto-assessment plans.
func Plans(s *store.Store) *store.Collection[cryptoassessment.Plan, *cryptoassessment.Plan] {
	return store.NewCollection[cryptoassessment.Plan, *cryptoassessment.Plan](s, "plan", "state")
}

// Exemptions is the repository of XC exemptions.
func Exemptions(s *store.Store) *store.Collection[cryptoassessment.Exemption, *cryptoassessment.Exemption] {
	return store.NewCollection[cryptoassessment.Exemption, *cryptoassessment.Exemption](s, "exemption", "state")
}

// Assessments is the repository of crypto assessments.
func Assessments(s *store.Store) *store.Collection[cryptoassessment.Assessment, *cryptoassessment.Assessment] {
	return store.NewCollection[cryptoassessment.Assessment, *cryptoassessment.Assessment](s, "assessment", "state")
}

// Adaptations is the repository of guided XC adaptations.
func Adaptations(s *store.Store) *store.Collection[cryptoassessment.Adaptation, *cryptoassessment.Adaptation] {
	return store.NewCollection[cryptoassessment.Adaptation, *cryptoassessment.Adaptation](s, "adaptation", "state")
}
