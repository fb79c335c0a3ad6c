package migrations_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"egov/tools/migrations"
	"egov/tools/workspace"
)

// TestMigrationsExpand holds every migration that came since the release before
// against it.
func TestMigrationsExpand(t *testing.T) {
	t.Parallel()
	root, err := workspace.Root(".")
	if err != nil {
		t.Fatal(err)
	}
	release, err := migrations.ReadRelease(filepath.Join(root, "deploy", "dev", "previous-release.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	found, err := migrations.Check(root, release, "libs", "services")
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range found {
		t.Error(f)
	}
	if len(release.Migrations) < 11 {
		t.Errorf("the release before had only %d series of migrations", len(release.Migrations))
	}
}

func TestJudge(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		sql  string
		want string // of the first finding; empty = none
	}{
		"a new table with all it wants": {`CREATE TABLE a (id text PRIMARY KEY, n int NOT NULL CHECK (n > 0));
			CREATE UNIQUE INDEX ON a (n); ALTER TABLE a ADD CONSTRAINT c CHECK (n < 9); ALTER TABLE a ENABLE ROW LEVEL SECURITY;
			CREATE TRIGGER t BEFORE INSERT ON a FOR EACH ROW EXECUTE FUNCTION f(); INSERT INTO a VALUES ('x', 1); DELETE FROM a;`, ""},
		"a new aggregate with a unique column": {`SELECT create_aggregate('norm'); CREATE UNIQUE INDEX ON norm (document_no);`, ""},
		"an index":                             {`CREATE INDEX ON old (a);`, ""},
		"a column that may be empty":           {`ALTER TABLE old ADD COLUMN a text;`, ""},
		"a column with a default":              {`ALTER TABLE old ADD COLUMN a text NOT NULL DEFAULT '';`, ""},
		"a generated column":                   {`ALTER TABLE old ADD COLUMN a text GENERATED ALWAYS AS (body->>'a') STORED;`, ""},
		"a function that drops when called":    {`CREATE OR REPLACE FUNCTION f() RETURNS void LANGUAGE plpgsql AS $$ BEGIN DROP TABLE x; END $$;`, ""},
		"words in a comment":                   {"-- once we DROP TABLE old;\n/* RENAME ; */ CREATE INDEX ON old (a);", ""},
		"a permissive policy":                  {`CREATE POLICY more ON old FOR SELECT USING (true);`, ""},
		"a new function for few":               {`CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 1'; REVOKE ALL ON FUNCTION f() FROM PUBLIC;`, ""},
		"new tables one by one": {`CREATE TABLE a (); CREATE TABLE b (); DO $$ DECLARE r text; BEGIN FOREACH r IN ARRAY ARRAY['a', 'b'] LOOP
			EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', r); END LOOP; END $$;`, ""},
		"an old table among new ones": {`CREATE TABLE a (); DO $$ DECLARE r text; BEGIN FOREACH r IN ARRAY ARRAY['a', 'old'] LOOP
			EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', r); END LOOP; END $$;`, "may hide rows"},
		"a table dropped":                        {`DROP TABLE old;`, "takes something away"},
		"a column dropped":                       {"ALTER TABLE old\n  DROP COLUMN a;", "takes something away"},
		"a constraint dropped":                   {`ALTER TABLE old DROP CONSTRAINT c;`, "takes something away"},
		"a drop in a DO block":                   {`DO $$ BEGIN EXECUTE 'DROP TABLE old'; END $$;`, "takes something away"},
		"a column dropped in short":              {`ALTER TABLE old DROP a;`, "takes something away"},
		"a column that must be filled, in short": {`ALTER TABLE old ADD a text NOT NULL;`, "adds a column"},
		"a table renamed":                        {`ALTER TABLE old RENAME TO new;`, "renames"},
		"a column renamed":                       {`ALTER TABLE old RENAME COLUMN a TO b;`, "renames"},
		"another type":                           {`ALTER TABLE old ALTER COLUMN a TYPE bigint;`, "changes a column's type"},
		"another type, spelt out":                {`ALTER TABLE old ALTER COLUMN a SET DATA TYPE bigint;`, "changes a column's type"},
		"a column that must be filled":           {`ALTER TABLE old ADD COLUMN a text, ADD COLUMN b text NOT NULL;`, "adds a column"},
		"a column that must be filled later":     {`ALTER TABLE old ALTER COLUMN a SET NOT NULL;`, "wants a value"},
		"unique":                                 {`CREATE UNIQUE INDEX CONCURRENTLY i ON old (a);`, "wants rows to be unique"},
		"unique by a constraint":                 {`ALTER TABLE ONLY old ADD CONSTRAINT u UNIQUE (a);`, "wants rows to be unique"},
		"a check":                                {`ALTER TABLE old ADD CONSTRAINT c CHECK (a > 0);`, "refuses rows"},
		"a trigger":                              {`CREATE TRIGGER t BEFORE INSERT ON old FOR EACH ROW EXECUTE FUNCTION f();`, "may refuse"},
		"row-level security":                     {`ALTER TABLE old ENABLE ROW LEVEL SECURITY;`, "may hide rows"},
		"a right taken away":                     {`REVOKE SELECT ON old FROM app;`, "takes a right away"},
		"rows deleted":                           {`DELETE FROM old WHERE a;`, "takes rows away"},
		"rows changed":                           {`UPDATE old SET a = 'b' WHERE a = 'c';`, "changes rows"},
		"contracted when nobody reads it":        {"-- contract: since 0.2.0 nobody reads old.a\nALTER TABLE old DROP COLUMN a;", ""},
		"contracted by an older release's leave": {"-- contract: since 0.1.0 nobody reads old\nDROP TABLE old;", ""},
		"contracted too early":                   {"-- contract: since 0.3.0 nobody reads old.a\nALTER TABLE old DROP COLUMN a;", "0.3.0 is not out"},
		"contracted since nothing":               {"-- contract: since yesterday nobody reads old.a\nALTER TABLE old DROP COLUMN a;", `"yesterday" is no release`},
		"leave given to another statement":       {"-- contract: since 0.2.0 nobody reads old.a\nALTER TABLE old DROP COLUMN a;\nDROP TABLE old;", "takes something away"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			found := migrations.Judge("-- +goose Up\n"+c.sql, "0.2.0")
			switch {
			case c.want == "" && len(found) > 0:
				t.Error(found)
			case c.want != "" && (len(found) != 1 || !strings.HasPrefix(found[0].What, c.want)):
				t.Errorf("%v, want %q", found, c.want)
			}
		})
	}
}

func TestCheckReadsFoldersInOrder(t *testing.T) {
	t.Parallel()
	root := t.TempDir()
	for name, text := range map[string]string{
		"libs/a/migrations/00001_a.sql": "DROP TABLE released;", "libs/a/migrations/00002_b.sql": "\nDROP TABLE later;", "libs/a/migrations/00004_c.sql": "SELECT 1;",
		"libs/b/migrations/00001_a.sql": "SELECT 1;", "libs/b/readme.md": "DROP TABLE nothing;",
	} {
		file := filepath.Join(root, name)
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	found, err := migrations.Check(root, migrations.Release{Version: "0.1.0", Migrations: map[string]int{"libs/a/migrations": 1, "libs/b/migrations": 2}}, "libs")
	if err != nil {
		t.Fatal(err)
	}
	want := []string{
		"libs/a/migrations/00002_b.sql:2: takes something away", "libs/a/migrations/00004_c.sql:1: comes after number 2",
		"libs/b/migrations:1: ends with number 1, and the release before has 2",
	}
	if len(found) != len(want) {
		t.Fatal(found)
	}
	for i, f := range found {
		if !strings.HasPrefix(f.String(), want[i]) {
			t.Errorf("%s, want %s", f, want[i])
		}
	}
}

func TestReleaseThatCannotBeRead(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "release.yaml")
	for name, text := range map[string]string{"no version": "version: yesterday\n", "no YAML": "version: [\n"} {
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := migrations.ReadRelease(file); err == nil {
			t.Errorf("%s: it passes", name)
		}
	}
	if _, err := migrations.ReadRelease(file + ".none"); err == nil {
		t.Error("a file that is not there passes")
	}
}
