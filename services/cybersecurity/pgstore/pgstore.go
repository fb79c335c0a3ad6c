// Package pgstore keeps the cybersecurity service's data in PostgreSQL.
package pgstore

import (
	"embed"

	"egov/libs/pg"
	"egov/libs/store"
	"egov/services/cybersecurity"
)

//go:embed migrations/*.sql
var migrations embed.FS

// Migrations is the service's own schema.
func Migrations() pg.Set { return pg.Sub("cybersecurity", migrations, "migrations") }

// Consents is the repository of publishing consents.
func Consents(s *store.Store) *store.Collection[cybersecurity.Consent, *cybersecurity.Consent] {
	return store.NewCollection[cybersecurity.Consent, *cybersecurity.Consent](s, "consent", "state")
}

// Systems is the repository of information systems.
func Systems(s *store.Store) *store.Collection[cybersecurity.System, *cybersecurity.System] {
	return store.NewCollection[cybersecurity.System, *cybersecurity.System](s, "system", "state", "grade", "in_use")
}

// Sites is the repository of websites and accounts.
func Sites(s *store.Store) *store.Collection[cybersecurity.Site, *cybersecurity.Site] {
	return store.NewCollection[cybersecurity.Site, *cybersecurity.Site](s, "site", "state", "channel")
}

// Norms is the repository of norms.
func Norms(s *store.Store) *store.Collection[cybersecurity.Norm, *cybersecurity.Norm] {
	return store.NewCollection[cybersecurity.Norm, *cybersecurity.Norm](s, "norm", "state")
}

// Protections is the repository of projects' security in step.
func Protections(s *store.Store) *store.Collection[cybersecurity.Protection, *cybersecurity.Protection] {
	return store.NewCollection[cybersecurity.Protection, *cybersecurity.Protection](s, "protection", "state")
}

// Safeguards is the repository of units' security systems and drills.
func Safeguards(s *store.Store) *store.Collection[cybersecurity.Safeguard, *cybersecurity.Safeguard] {
	return store.NewCollection[cybersecurity.Safeguard, *cybersecurity.Safeguard](s, "safeguard")
}

// Inspections is the repository of inspections.
func Inspections(s *store.Store) *store.Collection[cybersecurity.Inspection, *cybersecurity.Inspection] {
	return store.NewCollection[cybersecurity.Inspection, *cybersecurity.Inspection](s, "inspection", "state")
}
