package pg_test

import (
	"slices"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"egov/libs/authn"
	"egov/libs/dbtest"
	"egov/libs/pg"
)

// TestAScopeIsWhatThePrincipalMaySee (YP23-M-16): an auditor reads everything
// and writes nothing, a service its own data, nobody nothing.
func TestAScopeIsWhatThePrincipalMaySee(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name string
		by   authn.Principal
		want pg.Scope
	}{
		{"a person", authn.Principal{Subject: "li", Unit: "education", Roles: []string{"declarer"}}, pg.Scope{Names: []string{"education", "li"}}},
		{"an auditor", authn.Principal{Subject: "wang", Unit: "audit", Roles: []string{"auditor"}}, pg.Scope{Read: true}},
		{"a service", authn.Service("declaration", "gov-office"), pg.Scope{Names: []string{"gov-office", "service:declaration"}, Read: true, Write: true}},
		{"nobody", authn.Principal{}, pg.Scope{}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			if got := pg.ScopeOf(c.by); got.Compare(c.want) != 0 {
				t.Errorf("got %+v, want %+v", got, c.want)
			}
		})
	}
}

// TestAScopeEndsWithItsTransaction, and a batch sets it once until it changes.
func TestAScopeEndsWithItsTransaction(t *testing.T) {
	t.Parallel()
	d := dbtest.Database(t, things)
	if _, err := d.Superuser(t).Exec(t.Context(), "INSERT INTO thing (id, unit) VALUES (3, 'education'), (4, 'health')"); err != nil {
		t.Fatal(err)
	}
	conn, err := d.Pool(t).Acquire(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Release()
	err = pgx.BeginFunc(t.Context(), conn, func(tx pgx.Tx) error {
		var session pg.Session
		b := &pgx.Batch{}
		for _, unit := range []string{"education", "education", `he"al\th`, "health"} {
			session.Scope(b, pg.Scope{Names: []string{unit}})
			b.Queue("SELECT coalesce(array_agg(id ORDER BY id), '{}') FROM thing WHERE unit <> ''")
		}
		if b.Len() != 7 {
			t.Errorf("%d statements: the second scope is the first", b.Len())
		}
		answers := tx.SendBatch(t.Context(), b)
		for _, want := range []struct {
			scoped bool // anew
			sees   []int32
		}{{true, []int32{3}}, {false, []int32{3}}, {true, []int32{}}, {true, []int32{4}}} {
			if want.scoped {
				if _, err := answers.Exec(); err != nil {
					return err
				}
			}
			var got []int32
			if err := answers.QueryRow().Scan(&got); err != nil {
				return err
			}
			if !slices.Equal(got, want.sees) {
				t.Errorf("sees %v, want %v", got, want.sees)
			}
		}
		return answers.Close()
	})
	if err != nil {
		t.Fatal(err)
	}
	var names string
	if err := conn.QueryRow(t.Context(), "SELECT current_setting('app.names')").Scan(&names); err != nil || names != "" {
		t.Errorf("the next transaction runs for %q: %v", names, err)
	}
}

// TestSessionsCannotHang: whatever could wait has a bound, which a service sets.
func TestSessionsCannotHang(t *testing.T) {
	t.Parallel()
	d := dbtest.Database(t)
	for _, c := range []struct {
		name      string
		o         pg.PoolOptions
		statement string
		lock      string
	}{
		{"as it comes", pg.PoolOptions{}, "10s", "5s"},
		{"as it is told", pg.PoolOptions{MaxConns: 2, StatementTimeout: time.Second, LockTimeout: 300 * time.Millisecond}, "1s", "300ms"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			pool, err := pg.Open(t.Context(), d.AppURL, "declaration", c.o)
			if err != nil {
				t.Fatal(err)
			}
			defer pool.Close()
			for setting, want := range map[string]string{
				"statement_timeout": c.statement, "lock_timeout": c.lock, "idle_in_transaction_session_timeout": "5s",
				"timezone": "Asia/Shanghai", "application_name": "declaration",
			} {
				var got string
				if err := pool.QueryRow(t.Context(), "SELECT current_setting($1)", setting).Scan(&got); err != nil || got != want {
					t.Errorf("%s is %q, want %s: %v", setting, got, want, err)
				}
			}
		})
	}
	if _, err := pg.Open(t.Context(), "postgres://%", "x", pg.PoolOptions{}); err == nil {
		t.Error("an address that is none is taken")
	}
}

// TestMigrationsAreTheOwners: they may run again, and the service's role owns
// nothing of what they make.
func TestMigrationsAreTheOwners(t *testing.T) {
	t.Parallel()
	d := dbtest.Database(t)
	for range 2 {
		if err := pg.Migrate(t.Context(), d.OwnerURL, d.AppRole, 10*time.Second, things); err != nil {
			t.Fatal(err)
		}
	}
	pool := d.Pool(t)
	var rows, owned int
	if err := pool.QueryRow(t.Context(), "SELECT count(*) FROM thing").Scan(&rows); err != nil || rows != 2 {
		t.Errorf("%d rows: %v", rows, err)
	}
	if err := pool.QueryRow(t.Context(), "SELECT count(*) FROM pg_class WHERE pg_get_userbyid(relowner) = current_user").Scan(&owned); err != nil || owned != 0 {
		t.Errorf("the service's role owns %d relations: %v", owned, err)
	}
	for _, sql := range []string{"DELETE FROM thing", "DROP TABLE thing", "ALTER TABLE thing DISABLE ROW LEVEL SECURITY", "CREATE TABLE mine (id int)"} {
		_, err := pool.Exec(t.Context(), sql)
		refusal{pg.ErrForbidden, false}.check(t, err)
	}
}
