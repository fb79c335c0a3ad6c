package pg_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"testing"
	"testing/fstest"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"

	"egov/libs/dbtest"
	"egov/libs/fault"
	"egov/libs/fault/faulttest"
	"egov/libs/pg"
)

func TestMain(m *testing.M) { os.Exit(dbtest.Main(m)) }

// things is a table with one of every bound that a row can break, and one that
// the service's role has no privilege on.
var things = pg.Set{Name: "things", FS: fstest.MapFS{"00001_things.sql": {Data: []byte(`-- +goose Up
CREATE TABLE thing (id int PRIMARY KEY, unit text NOT NULL DEFAULT '', amount int CHECK (amount >= 0), code varchar(3), doc jsonb);
ALTER TABLE thing ENABLE ROW LEVEL SECURITY;
CREATE POLICY own ON thing USING (unit = '' OR unit = ANY (nullif(current_setting('app.names', true), '')::text[]));
SELECT grant_app('thing', 'SELECT, INSERT, UPDATE');
CREATE TABLE vault (id int);
INSERT INTO thing (id) VALUES (1), (2);
`)}}}

// refusal is what a driver error turns into; none stays as it is.
type refusal struct {
	fault     *fault.Error
	transient bool
}

func (r refusal) check(t *testing.T, err error) {
	t.Helper()
	if got := pg.Transient(err); got != r.transient {
		t.Errorf("transient %t: %v", got, err)
	}
	got := pg.Fault(err)
	if r.fault == nil {
		if !errors.Is(got, err) || fault.From(got).Kind != fault.Internal {
			t.Errorf("%v became %v", err, got)
		}
		return
	}
	f := faulttest.Refused(t, got, r.fault.Code)
	if f.Kind != r.fault.Kind || !errors.Is(got, err) {
		t.Errorf("%v became a %v, which hides its cause from the log: %t", err, f.Kind, !errors.Is(got, err))
	}
	if wait := f.RetryAfter > 0; wait != r.transient {
		t.Errorf("whoever meets %s is told to wait: %t", f.Code, wait)
	}
}

// state is the SQLSTATE behind an error.
func state(err error) string {
	if pe, ok := errors.AsType[*pgconn.PgError](err); ok {
		return pe.Code
	}
	return ""
}

// TestWhatPostgresAnswersBecomesAFault holds every SQLSTATE that can be brought
// about to what a caller hears of it.
func TestWhatPostgresAnswersBecomesAFault(t *testing.T) {
	t.Parallel()
	run := func(sql string, args ...any) func(*testing.T, dbtest.DB) error {
		return func(t *testing.T, d dbtest.DB) error {
			t.Helper()
			_, err := d.Pool(t).Exec(t.Context(), sql, args...)
			return err
		}
	}
	for _, c := range []struct {
		name  string
		do    func(*testing.T, dbtest.DB) error
		state string
		refusal
	}{
		{"a key that is taken", run("INSERT INTO thing (id) VALUES (1)"), "23505", refusal{pg.ErrDuplicate, false}},
		{"a table without privilege", run("SELECT FROM vault"), "42501", refusal{pg.ErrForbidden, false}},
		{"another unit's row", asUnit("education", "INSERT INTO thing (id, unit) VALUES (3, 'health')"), "42501", refusal{pg.ErrForbidden, false}},
		{"a check", run("INSERT INTO thing (id, amount) VALUES (3, -1)"), "23514", refusal{pg.ErrBadValue, false}},
		{"a number too large", run("INSERT INTO thing (id, amount) VALUES (3, (2147483647::bigint + 1)::int)"), "22003", refusal{pg.ErrBadValue, false}},
		{"a text too long", run("INSERT INTO thing (id, code) VALUES (3, $1)", "four"), "22001", refusal{pg.ErrBadValue, false}},
		{"a zero byte", run("INSERT INTO thing (id, code) VALUES (3, $1)", "a\x00"), "22021", refusal{pg.ErrBadValue, false}},
		{"a zero byte in a document", run(`SELECT '{"a":"\u0000"}'::jsonb->>'a'`), "22P05", refusal{pg.ErrBadValue, false}},
		{"a table that is not there", run("SELECT FROM nothing"), "42P01", refusal{}},
		{"a statement that is none", run("SELEC"), "42601", refusal{}},
		{"a change where only reading is allowed", readOnly, "25006", refusal{pg.ErrBusy, true}},
		{"a lock that others hold", waits(pg.PoolOptions{LockTimeout: 20 * time.Millisecond}), "55P03", refusal{pg.ErrBusy, true}},
		{"a statement that takes too long", waits(pg.PoolOptions{StatementTimeout: 20 * time.Millisecond}), "57014", refusal{pg.ErrBusy, true}},
		{"a row that changed meanwhile", overtaken, "40001", refusal{pg.ErrBusy, true}},
		{"two that wait for each other", entangled, "40P01", refusal{pg.ErrBusy, true}},
		{"a database that is full of sessions", full, "53300", refusal{pg.ErrBusy, true}},
		{"a session that was ended", terminated, "57P01", refusal{pg.ErrBusy, true}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			err := c.do(t, dbtest.Database(t, things))
			if state(err) != c.state {
				t.Fatalf("got %q (%v), want %s", state(err), err, c.state)
			}
			c.check(t, err)
		})
	}
}

// asUnit runs a statement with the rights of a unit's people.
func asUnit(unit, sql string) func(*testing.T, dbtest.DB) error {
	return func(t *testing.T, d dbtest.DB) error {
		t.Helper()
		return pgx.BeginFunc(t.Context(), d.Pool(t), func(tx pgx.Tx) error {
			if err := (pg.Scope{Names: []string{unit}}).Apply(t.Context(), tx); err != nil {
				t.Fatal(err)
			}
			_, err := tx.Exec(t.Context(), sql)
			return err
		})
	}
}

func readOnly(t *testing.T, d dbtest.DB) error {
	t.Helper()
	return pgx.BeginTxFunc(t.Context(), d.Pool(t), pgx.TxOptions{AccessMode: pgx.ReadOnly}, func(tx pgx.Tx) error {
		_, err := tx.Exec(t.Context(), "INSERT INTO thing (id) VALUES (3)")
		return err
	})
}

// begin opens a transaction that has changed a thing, and is given up when the
// test ends.
func begin(t *testing.T, pool *pgxpool.Pool, id int) pgx.Tx {
	t.Helper()
	tx, err := pool.BeginTx(t.Context(), pgx.TxOptions{IsoLevel: pgx.RepeatableRead})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = tx.Rollback(context.WithoutCancel(t.Context())) }) // ended already, in most tests
	if err := change(t.Context(), tx, id); err != nil {
		t.Fatal(err)
	}
	return tx
}

func change(ctx context.Context, tx pgx.Tx, id int) error {
	_, err := tx.Exec(ctx, "UPDATE thing SET amount = 1 WHERE id = $1", id)
	return err
}

// waits has a session with bounds wait for another's lock.
func waits(o pg.PoolOptions) func(*testing.T, dbtest.DB) error {
	return func(t *testing.T, d dbtest.DB) error {
		t.Helper()
		begin(t, d.Pool(t), 1)
		pool, err := pg.Open(t.Context(), d.AppURL, "waits", o)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(pool.Close)
		_, err = pool.Exec(t.Context(), "UPDATE thing SET amount = 2 WHERE id = 1")
		return err
	}
}

func overtaken(t *testing.T, d dbtest.DB) error {
	t.Helper()
	pool := d.Pool(t)
	late := begin(t, pool, 2) // its snapshot is taken
	if err := begin(t, pool, 1).Commit(t.Context()); err != nil {
		t.Fatal(err)
	}
	return change(t.Context(), late, 1)
}

func entangled(t *testing.T, d dbtest.DB) error {
	t.Helper()
	pool := d.Pool(t)
	a, b := begin(t, pool, 1), begin(t, pool, 2)
	other := make(chan error, 1)
	go func() {
		err := change(t.Context(), a, 2)
		other <- errors.Join(err, a.Rollback(t.Context()))
	}()
	err := change(t.Context(), b, 1)
	if rolled := b.Rollback(t.Context()); rolled != nil {
		t.Error(rolled)
	}
	if first := <-other; state(err) == "" {
		err = first // either is the one that gives way
	}
	return err
}

func full(t *testing.T, d dbtest.DB) error {
	t.Helper()
	if _, err := d.Superuser(t).Exec(t.Context(), "ALTER DATABASE "+d.Name+" CONNECTION LIMIT 0"); err != nil {
		t.Fatal(err)
	}
	return d.Pool(t).Ping(t.Context())
}

func terminated(t *testing.T, d dbtest.DB) error {
	t.Helper()
	tx := begin(t, d.Pool(t), 1)
	var gone bool
	if err := d.Superuser(t).QueryRow(t.Context(), "SELECT pg_terminate_backend($1, 10000)", tx.Conn().PgConn().PID()).Scan(&gone); err != nil || !gone {
		t.Fatalf("gone %t: %v", gone, err)
	}
	return change(t.Context(), tx, 2)
}

// TestWhatCannotBeBroughtAboutBecomesAFaultToo: states of a server that is out
// of disk, starting or failing, and errors that never reached one.
func TestWhatCannotBeBroughtAboutBecomesAFaultToo(t *testing.T) {
	t.Parallel()
	busy, unknown := refusal{pg.ErrBusy, true}, refusal{}
	answer := func(code string) error {
		return fmt.Errorf("save: %w", &pgconn.PgError{Code: code, Message: "secret_table"})
	}
	for _, c := range []struct {
		name string
		err  error
		refusal
	}{
		{"connection failure", answer("08006"), busy},
		{"disk full", answer("53100"), busy},
		{"out of memory", answer("53200"), busy},
		{"starting", answer("57P03"), busy},
		{"input or output failed", answer("58030"), busy},
		{"idle in a transaction", answer("25P03"), busy},
		{"a failed transaction", answer("25P02"), unknown},
		{"a missing parent", answer("23503"), unknown},
		{"a missing value", answer("23502"), unknown},
		{"division by zero", answer("22012"), unknown},
		{"out of time", fmt.Errorf("save: %w", context.DeadlineExceeded), busy},
		{"given up by the caller", fmt.Errorf("save: %w", context.Canceled), unknown},
		{"a closed session", errors.New("conn closed"), busy},
		{"an answer cut short", fmt.Errorf("save: %w", io.ErrUnexpectedEOF), busy},
		{"a reset", errors.New("read: connection reset by peer"), busy},
		{"no rows", pgx.ErrNoRows, unknown},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			c.check(t, c.err)
		})
	}
}

// TestAServerThatIsNotThereIsWorthAnotherTry: nobody answers at its address.
func TestAServerThatIsNotThereIsWorthAnotherTry(t *testing.T) {
	t.Parallel()
	l, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	nobody := "postgres://somebody@" + l.Addr().String() + "/nowhere?sslmode=disable"
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	pool, err := pg.Open(t.Context(), nobody, "test", pg.PoolOptions{})
	if err != nil {
		t.Fatalf("a pool waits for its server: %v", err)
	}
	defer pool.Close()
	refusal{pg.ErrBusy, true}.check(t, pool.Ping(t.Context()))
}

// TestFaultsPassUnchanged, and nothing is none.
func TestFaultsPassUnchanged(t *testing.T) {
	t.Parallel()
	own := fault.New(fault.Refused, "no_such_thing", "没有", "there is none")
	if got := pg.Fault(fmt.Errorf("save: %w", own)); !errors.Is(got, own) || fault.From(got) != own {
		t.Errorf("%v", got)
	}
	if got := pg.Fault(nil); got != nil {
		t.Errorf("%v", got)
	}
}
