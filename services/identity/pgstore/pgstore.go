// Package pgstore keeps the identity service's data in PostgreSQL: units,
// accounts, delegations, sessions and the registers of keys as aggregates, and
// credentials in a table that nobody but the service sees.
package pgstore

import (
	"context"
	"embed"
	"time"

	"github.com/jackc/pgx/v5"

	"egov/libs/calendar"
	"egov/libs/pg"
	"egov/libs/store"
	"egov/services/identity"
)

//go:embed migrations/*.sql
var migrations embed.FS

// Migrations is the service's own schema.
func Migrations() pg.Set { return pg.Sub("identity", migrations, "migrations") }

// Units is the repository of units.
func Units(s *store.Store) *store.Collection[identity.Unit, *identity.Unit] {
	return store.NewCollection[identity.Unit, *identity.Unit](s, "unit", "kind", "parent", "seat", "active")
}

// Credentials is the repository of credentials.
func Credentials(s *store.Store) *store.Collection[identity.Credential, *identity.Credential] {
	return store.NewCollection[identity.Credential, *identity.Credential](s, "credential")
}

// Keys is the register of signing keys.
func Keys(s *store.Store) *store.Collection[identity.KeyRecord, *identity.KeyRecord] {
	return store.NewCollection[identity.KeyRecord, *identity.KeyRecord](s, "signing_key")
}

// ServiceKeys keeps what operators said of services' keys.
func ServiceKeys(s *store.Store) *store.Collection[identity.ServiceKey, *identity.ServiceKey] {
	return store.NewCollection[identity.ServiceKey, *identity.ServiceKey](s, "service_key", "state")
}

// HolidayTables keeps the table of what is published about holidays.
func HolidayTables(s *store.Store) *store.Collection[identity.HolidayTable, *identity.HolidayTable] {
	return store.NewCollection[identity.HolidayTable, *identity.HolidayTable](s, "holiday_table")
}

// Accounts is the repository of accounts.
type Accounts struct {
	*store.Collection[identity.Account, *identity.Account]
	store *store.Store
}

// NewAccounts makes the repository of accounts.
func NewAccounts(s *store.Store) Accounts {
	return Accounts{store.NewCollection[identity.Account, *identity.Account](s, "account", "state"), s}
}

// ReviewDue names the active accounts whose review is due by the day and waits
// for nobody yet, the longest due first, at most 500.
func (a Accounts) ReviewDue(ctx context.Context, by calendar.Date) ([]string, error) {
	return ids(ctx, a.store, `SELECT id FROM account WHERE state = 'active' AND review_due_on <= $1 AND todo = '{}' ORDER BY review_due_on, id LIMIT 500`, by.String())
}

// Delegations is the repository of delegations.
type Delegations struct {
	*store.Collection[identity.Delegation, *identity.Delegation]
	store *store.Store
}

// NewDelegations makes the repository of delegations.
func NewDelegations(s *store.Store) Delegations {
	return Delegations{store.NewCollection[identity.Delegation, *identity.Delegation](s, "delegation", "from_account", "to_account", "state"), s}
}

// Over names the delegations that stand although their last day has passed, at
// most 500.
func (d Delegations) Over(ctx context.Context, today calendar.Date) ([]string, error) {
	return ids(ctx, d.store, `SELECT id FROM delegation WHERE state = 'granted' AND ends_on < $1 ORDER BY ends_on, id LIMIT 500`, today.String())
}

// Sessions is the repository of sessions.
type Sessions struct {
	*store.Collection[identity.Session, *identity.Session]
	store *store.Store
}

// NewSessions makes the repository of sessions.
func NewSessions(s *store.Store) Sessions {
	return Sessions{store.NewCollection[identity.Session, *identity.Session](s, "session"), s}
}

// Purge forgets the sessions that began before the instant, as the service.
func (n Sessions) Purge(ctx context.Context, before time.Time) error {
	return n.store.Exec(ctx, `DELETE FROM session WHERE created_at < $1`, before)
}

func ids(ctx context.Context, s *store.Store, sql string, args ...any) (out []string, err error) {
	err = s.Read(ctx, func(rows pgx.Rows) (err error) {
		out, err = pgx.CollectRows(rows, pgx.RowTo[string])
		return err
	}, sql, args...)
	return out, err
}
