// Package pgstore keeps the conference service's data in PostgreSQL: sessions,
// dockets and seats as aggregates.
package pgstore

import (
	"embed"

	"egov/libs/pg"
	"egov/libs/store"
	"egov/services/conference"
)

//go:embed migrations/*.sql
var migrations embed.FS

// Migrations is the service's own schema.
func Migrations() pg.Set { return pg.Sub("conference", migrations, "migrations") }

// Sessions is the repository of sessions.
func Sessions(s *store.Store) *store.Collection[conference.Session, *conference.Session] {
	return store.NewCollection[conference.Session, *conference.Session](s, "session", "state", "mode", "held_on")
}

// Dockets is the repository of dockets.
func Dockets(s *store.Store) *store.Collection[conference.Docket, *conference.Docket] {
	return store.NewCollection[conference.Docket, *conference.Docket](s, "docket", "state", "treatment", "outcome", "kind", "declaring_unit", "priority")
}

// Seats is the repository of seats that changed hands.
func Seats(s *store.Store) *store.Collection[conference.Seat, *conference.Seat] {
	return store.NewCollection[conference.Seat, *conference.Seat](s, "seat")
}
