package dbtest_test

import (
	"os"
	"testing"
	"testing/fstest"
	"time"

	"egov/libs/dbtest"
	"egov/libs/pg"
)

func TestMain(m *testing.M) { os.Exit(dbtest.Main(m)) }

func notes() pg.Set {
	return pg.Set{Name: "notes", FS: fstest.MapFS{"00001_note.sql": &fstest.MapFile{Data: []byte(`-- +goose Up
CREATE TABLE note (id int PRIMARY KEY);
SELECT grant_app('note', 'SELECT, INSERT');
`)}}}
}

func TestEachTestHasItsOwnTables(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"first", "second"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			pool := dbtest.Database(t, notes()).Pool(t)
			if _, err := pool.Exec(t.Context(), "INSERT INTO note VALUES (1)"); err != nil {
				t.Fatal(err)
			}
			var n int
			if err := pool.QueryRow(t.Context(), "SELECT count(*) FROM note").Scan(&n); err != nil || n != 1 {
				t.Errorf("rows = %d, err = %v", n, err)
			}
		})
	}
}

func TestServiceRoleHasOnlyWhatWasGranted(t *testing.T) {
	t.Parallel()
	pool := dbtest.Database(t, notes()).Pool(t)
	for name, sql := range map[string]string{
		"delete": "DELETE FROM note", "update": "UPDATE note SET id = 2", "truncate": "TRUNCATE note",
		"create": "CREATE TABLE mine (id int)", "drop": "DROP TABLE note", "alter": "ALTER TABLE note DISABLE ROW LEVEL SECURITY",
	} {
		if _, err := pool.Exec(t.Context(), sql); err == nil {
			t.Errorf("%s is allowed", name)
		}
	}
	var super, bypass bool
	err := pool.QueryRow(t.Context(), "SELECT rolsuper, rolbypassrls FROM pg_roles WHERE rolname = current_user").Scan(&super, &bypass)
	if err != nil || super || bypass {
		t.Errorf("superuser %v, bypasses row security %v, err = %v", super, bypass, err)
	}
}

func TestMigrationsMayRunAgain(t *testing.T) {
	t.Parallel()
	db := dbtest.Database(t, notes())
	if err := pg.Migrate(t.Context(), db.OwnerURL, db.AppRole, 10*time.Second, notes()); err != nil {
		t.Error(err)
	}
}
