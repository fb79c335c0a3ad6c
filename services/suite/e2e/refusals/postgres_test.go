package refusals_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"egov/services/suite"
)

// The SQLSTATE of what a role may not do, of a wrong password, and of a
// connection that the server's list of hosts does not admit.
const (
	denied        = "42501"
	wrongPassword = "28P01"
	notAdmitted   = "28000"
)

// sqlCode is the SQLSTATE of an error, "" without one.
func sqlCode(err error) string {
	if pg, ok := errors.AsType[*pgconn.PgError](err); ok {
		return pg.Code
	}
	return ""
}

func (g *ground) databaseURL(service string) string {
	if service == "identity" {
		return string(g.Config.Identity.Database.URL)
	}
	return string(g.Config.Services[service].Database.URL)
}

func (g *ground) ownerURL(service string) string {
	if service == "identity" {
		return string(g.Config.Identity.Database.OwnerURL)
	}
	return string(g.Config.Services[service].Database.OwnerURL)
}

// connect opens a connection that ends with the test.
func connect(t *testing.T, url string) *pgx.Conn {
	t.Helper()
	c, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close(context.WithoutCancel(t.Context())) }) // the server goes with the test
	return c
}

// within is a URL of the same role on another database.
func within(t *testing.T, at, database string) string {
	t.Helper()
	u, err := url.Parse(at)
	if err != nil {
		t.Fatal(err)
	}
	u.Path = "/" + database
	return u.String()
}

// run executes statements in a transaction that is rolled back.
func run(ctx context.Context, c *pgx.Conn, sql string) error {
	return alone(ctx, c, "BEGIN;\n"+sql+";\nROLLBACK")
}

// alone executes statements as they are; a transaction they leave open ends.
func alone(ctx context.Context, c *pgx.Conn, sql string) error {
	_, err := c.PgConn().Exec(ctx, sql).ReadAll()
	if c.PgConn().TxStatus() != 'I' {
		_, back := c.PgConn().Exec(ctx, "ROLLBACK").ReadAll()
		err = errors.Join(err, back)
	}
	return err
}

// sides are the connections of one service's database.
type sides struct {
	service, other          string
	role, owner, super, his *pgx.Conn // his: the other service's role on its own database
}

// attempt is one statement that a service's role may not run.
type attempt struct {
	what string
	sql  string
	may  string // owner or superuser
	does string // what who may runs instead; empty = the same
	bare bool   // not in a transaction
}

const (
	theOwner     = "the schema's owner, whom migrations alone sign in as"
	theSuperuser = "the server's superuser, whom no service knows"
)

func (s sides) attempts() []attempt {
	owner, super := theOwner, theSuperuser
	return []attempt{
		{what: "become the owner of its schema", sql: `SET ROLE "` + s.service + `_owner"`, may: super},
		{what: "become another service's role", sql: `SET ROLE "` + s.other + `"`, may: super},
		{what: "become the superuser", sql: "SET SESSION AUTHORIZATION postgres", may: super},
		{what: "give itself another role's rights", sql: fmt.Sprintf("GRANT %q TO %q", s.service+"_owner", s.service), may: super},
		{what: "pass row-level security by", sql: fmt.Sprintf("ALTER ROLE %q BYPASSRLS", s.service), may: super},
		{what: "make itself superuser", sql: fmt.Sprintf("ALTER ROLE %q SUPERUSER", s.service), may: super},
		{what: "make roles", sql: "CREATE ROLE accomplice LOGIN", may: super},
		{what: "change another role's password", sql: fmt.Sprintf("ALTER ROLE %q PASSWORD 'known'", s.other), may: super},
		{what: "make databases", sql: "CREATE DATABASE hideout", may: super, does: "CREATE DATABASE hideout; DROP DATABASE hideout", bare: true},
		{what: "switch row-level security off for a table", sql: "ALTER TABLE deadline DISABLE ROW LEVEL SECURITY", may: owner},
		{what: "drop a policy of rows", sql: "DROP POLICY sees ON deadline", may: owner},
		{what: "read without row-level security", sql: "SET LOCAL row_security = off; SELECT count(*) FROM deadline", may: owner},
		{what: "do without triggers and policies, as a replica", sql: "SET LOCAL session_replication_role = replica", may: super},
		{what: "give itself a privilege on a table", sql: "SELECT set_config('app.role', '" + s.service + "', true); SELECT grant_app('event_outbox', 'DELETE')", may: owner},
		{what: "make a table", sql: "CREATE TABLE hideout (n int)", may: owner},
		{what: "make a temporary table", sql: "CREATE TEMP TABLE hideout (n int)", may: owner},
		{what: "make a schema", sql: "CREATE SCHEMA hideout", may: owner},
		{what: "make a function", sql: "CREATE FUNCTION app_names(int) RETURNS int LANGUAGE sql AS 'SELECT 1'", may: owner},
		{what: "replace the function that policies ask", sql: "CREATE OR REPLACE FUNCTION app_sees(parties text[]) RETURNS boolean LANGUAGE sql AS 'SELECT true'", may: owner},
		{what: "put a trigger on a table", sql: "CREATE TRIGGER spy BEFORE INSERT ON event_outbox FOR EACH ROW EXECUTE FUNCTION suppress_redundant_updates_trigger()", may: owner, does: "CREATE TRIGGER spy BEFORE UPDATE ON deadline FOR EACH ROW EXECUTE FUNCTION suppress_redundant_updates_trigger()"},
		{what: "change or drop a table", sql: "DROP TABLE event_outbox", may: owner},
		{what: "change or drop a table", sql: "ALTER TABLE event_outbox ADD COLUMN n int", may: owner},
		{what: "keep events for a shorter time", sql: "UPDATE event_retention SET keep = '8 days'", may: owner},
		{what: "make or drop partitions at will", sql: "SELECT event_add_day('event_outbox', '2020-01-01')", may: owner},
		{what: "link to another database", sql: "CREATE EXTENSION dblink", may: super},
		{what: "link to another database", sql: "CREATE EXTENSION postgres_fdw", may: super},
		{what: "publish its changes to a replica", sql: "CREATE PUBLICATION leak FOR TABLE event_outbox", may: owner},
		{what: "run a program on the server", sql: "COPY (SELECT 1) TO PROGRAM 'cat >/dev/null'", may: super},
		{what: "write a file on the server", sql: "COPY (SELECT 1) TO '/dev/null'", may: super},
		{what: "read a file on the server", sql: "SELECT pg_read_file('PG_VERSION')", may: super},
		{what: "read a file on the server", sql: "SELECT pg_ls_dir('.')", may: super},
		{what: "read a file on the server", sql: "SELECT lo_import('PG_VERSION')", may: super},
		{what: "load a library", sql: "LOAD 'auto_explain'", may: super},
		{what: "make large objects", sql: "SELECT lo_create(0)", may: super},
		{what: "make large objects", sql: `SELECT lo_from_bytea(0, '\x00')`, may: super},
		{what: "read password hashes", sql: "SELECT count(*) FROM pg_authid", may: super},
		{what: "read password hashes", sql: "SELECT count(*) FROM pg_shadow", may: super},
		{what: "change the server's settings", sql: "ALTER SYSTEM RESET work_mem", may: super, bare: true},
		{what: "change the server's settings", sql: "SELECT pg_reload_conf()", may: super},
	}
}

// tryPostgres tries what a service's role should not reach.
func tryPostgres(t *testing.T, g *ground) {
	services := suite.Databases()
	for i, service := range services {
		s := sides{service: service, other: services[(i+1)%len(services)]}
		s.role, s.owner = connect(t, g.databaseURL(service)), connect(t, g.ownerURL(service))
		s.super, s.his = connect(t, g.Postgres.SuperuserURL(service)), connect(t, g.databaseURL(s.other))
		tryConnections(t, g, s)
		tryStatements(t, g, s)
		trySessions(t, g, s)
		tryTables(t, g, s)
		tryRows(t, g, s)
	}
	tryOwners(t, g)
	g.book.admits(limit{postgres, "a service's role", "set the scope of its own transactions, and so see every row of its own database", "row-level security answers a forgotten `WHERE`, not a service in an attacker's hands; other databases, and its own outbox and ledger rows that are written, stay out of reach"})
	g.book.admits(limit{postgres, "a service's role", "change its own password", "the service is then locked out itself, and says so (`readyz`); an operator sets it anew"})
}

// tryConnections goes to where the role does not belong, and there without what
// it has to bring.
func tryConnections(t *testing.T, g *ground, s sides) {
	t.Helper()
	elsewhere := line{postgres, "a service's role", "connect to another service's database", "that service's own role"}
	for _, other := range append(slices.DeleteFunc(suite.Databases(), func(n string) bool { return n == s.service }), "postgres", "template1") {
		l := elsewhere
		if !slices.Contains(suite.Databases(), other) {
			l = line{postgres, "a service's role", "connect to the server's own databases", theSuperuser}
			g.lets(t, l, g.Postgres.SuperuserURL(other))
		}
		g.refusesConnection(t, l, within(t, g.databaseURL(s.service), other), denied)
	}
	g.lets(t, elsewhere, g.databaseURL(s.service))

	plain := line{postgres, "a service's role", "connect without TLS", "the same, with TLS"}
	as := g.databaseURL(s.service)
	bare, _, _ := strings.Cut(as, "?")
	g.refusesConnection(t, plain, bare+"?sslmode=disable", notAdmitted)
	g.lets(t, plain, as)

	guessed := line{postgres, "a service's role", "connect with another role's password, or none", "the same, with its own"}
	u, err := url.Parse(as)
	if err != nil {
		t.Fatal(err)
	}
	theirs, err := url.Parse(g.databaseURL(s.other))
	if err != nil {
		t.Fatal(err)
	}
	password, _ := theirs.User.Password()
	for _, p := range []string{password, "none"} {
		u.User = url.UserPassword(s.service, p)
		g.refusesConnection(t, guessed, u.String(), wrongPassword)
	}
	g.lets(t, guessed, as)
}

func (g *ground) refusesConnection(t *testing.T, l line, at, code string) {
	t.Helper()
	c, err := pgx.Connect(t.Context(), at)
	if err == nil {
		_ = c.Close(t.Context()) // it should not have come to this
	}
	if got := sqlCode(err); got != code {
		t.Errorf("%s: %v, want %s", l.what, err, code)
		return
	}
	g.book.refused(l, code)
}

func (g *ground) lets(t *testing.T, l line, at string) {
	t.Helper()
	c, err := pgx.Connect(t.Context(), at)
	if err != nil {
		t.Errorf("%s, %s: %v", l.what, l.may, err)
		return
	}
	_ = c.Close(t.Context()) // nothing was asked
	g.book.passed(l)
}

// tryStatements runs what the role may not, and has who may run it.
func tryStatements(t *testing.T, g *ground, s sides) {
	t.Helper()
	for _, a := range s.attempts() {
		l := line{postgres, "a service's role", a.what, a.may}
		do := run
		if a.bare {
			do = func(ctx context.Context, c *pgx.Conn, sql string) error {
				for _, one := range strings.Split(sql, "; ") {
					if err := alone(ctx, c, one); err != nil {
						return err
					}
				}
				return nil
			}
		}
		if err := do(t.Context(), s.role, a.sql); sqlCode(err) != denied {
			t.Errorf("%s: %s: %v", s.service, a.sql, err)
		} else {
			g.book.refused(l, denied)
		}
		if a.does == "" {
			a.does = a.sql
		}
		who := s.owner
		if a.may == theSuperuser {
			who = s.super
		}
		if err := do(t.Context(), who, a.does); err != nil {
			t.Errorf("%s, %s: %s: %v", s.service, a.may, a.does, err)
		} else {
			g.book.passed(l)
		}
	}
}

// trySessions looks at another service's session, and ends it.
func trySessions(t *testing.T, g *ground, s sides) {
	t.Helper()
	end := line{postgres, "a service's role", "end another service's session", theSuperuser}
	pid := s.his.PgConn().PID()
	kill := fmt.Sprintf("SELECT pg_terminate_backend(%d)", pid)
	if err := run(t.Context(), s.role, kill); sqlCode(err) != denied {
		t.Errorf("%s ends a session of %s: %v", s.service, s.other, err)
	} else {
		g.book.refused(end, denied)
	}
	read := line{postgres, "a service's role", "read what another service asks the server", theSuperuser}
	look := "SELECT query FROM pg_stat_activity WHERE pid = $1"
	var seen string
	if err := s.role.QueryRow(t.Context(), look, pid).Scan(&seen); err != nil || seen != "<insufficient privilege>" {
		t.Errorf("%s reads %q of %s (%v)", s.service, seen, s.other, err)
	} else {
		g.book.refused(read, "insufficient privilege")
	}
	if err := run(t.Context(), s.his, "SELECT 4711"); err != nil {
		t.Fatal(err)
	}
	if err := s.super.QueryRow(t.Context(), look, pid).Scan(&seen); err != nil || !strings.Contains(seen, "4711") {
		t.Errorf("the superuser reads %q (%v)", seen, err)
	} else {
		g.book.passed(read)
	}
	if err := run(t.Context(), s.super, kill); err != nil {
		t.Error(err)
	} else {
		g.book.passed(end)
	}
}

// tryOwners tries the role of the migrations on what is not its own.
func tryOwners(t *testing.T, g *ground) {
	t.Helper()
	for i, service := range suite.Databases() {
		other := suite.Databases()[(i+1)%len(suite.Databases())]
		l := line{postgres, "a schema's owner", "connect to another service's database", "that database's owner"}
		g.refusesConnection(t, l, within(t, g.ownerURL(service), other), denied)
		g.lets(t, l, g.ownerURL(service))
		owner, super := connect(t, g.ownerURL(service)), connect(t, g.Postgres.SuperuserURL(service))
		for _, sql := range []string{
			"CREATE ROLE accomplice LOGIN", fmt.Sprintf("ALTER ROLE %q SUPERUSER", service+"_owner"), fmt.Sprintf("ALTER ROLE %q BYPASSRLS", service),
			fmt.Sprintf("SET ROLE %q", other+"_owner"), "COPY (SELECT 1) TO PROGRAM 'cat >/dev/null'", "SELECT pg_read_file('PG_VERSION')", "CREATE EXTENSION dblink",
		} {
			l := line{postgres, "a schema's owner", "make roles, become another, reach the server's files and programs", theSuperuser}
			if err := run(t.Context(), owner, sql); sqlCode(err) != denied {
				t.Errorf("%s_owner: %s: %v", service, sql, err)
			} else {
				g.book.refused(l, denied)
			}
			if err := run(t.Context(), super, sql); err != nil {
				t.Errorf("the superuser: %s: %v", sql, err)
			} else {
				g.book.passed(l)
			}
		}
	}
}

// relation is a table as the catalogue describes it.
type relation struct {
	name      string
	partition bool     // of another table, and reached through it
	secured   bool     // by row-level security
	parties   bool     // its policies compare parties
	aggregate bool     // made by create_aggregate
	columns   []string // that can be written
}

func relations(t *testing.T, super *pgx.Conn) []relation {
	t.Helper()
	found, err := super.Query(t.Context(), `
		SELECT c.relname, c.relispartition, c.relrowsecurity,
		       bool_or(a.attname = 'parties'), bool_or(a.attname = 'parties') AND bool_or(a.attname = 'todo') AND bool_or(a.attname = 'body'),
		       array_agg(a.attname::text ORDER BY a.attnum) FILTER (WHERE a.attgenerated = '' AND a.attidentity = '')
		  FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
		 WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p')
		 GROUP BY c.oid ORDER BY c.relname`)
	if err != nil {
		t.Fatal(err)
	}
	all, err := pgx.CollectRows(found, func(row pgx.CollectableRow) (r relation, err error) {
		return r, row.Scan(&r.name, &r.partition, &r.secured, &r.parties, &r.aggregate, &r.columns)
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// appended are the tables to which rows are added and nothing else is done.
var appended = map[string]bool{
	"event_outbox": true, "event_inbox": true, "event_lost": true,
	"ledger_row": true, "ledger_line": true, "ledger_node": true, "ledger_checkpoint": true, "ledger_cosignature": true,
	"ledger_voucher": true, "ledger_block": true, "ledger_term": true, "dossier_fact": true,
}

// forgotten are the aggregates whose rows are deleted when their time is over:
// sign-ins (package identity).
var forgotten = map[string]bool{"session": true}

// tryTables does to every table what its service's role may not.
func tryTables(t *testing.T, g *ground, s sides) {
	t.Helper()
	there := map[string]bool{}
	for _, r := range relations(t, s.super) {
		there[r.name] = true
		table := pgx.Identifier{r.name}.Sanitize()
		verbs := map[string]string{
			"SELECT": "SELECT FROM " + table + " LIMIT 1",
			"INSERT": "INSERT INTO " + table + " DEFAULT VALUES",
			"UPDATE": "UPDATE " + table + " SET " + set(r.columns),
			"DELETE": "DELETE FROM " + table, "TRUNCATE": "TRUNCATE " + table,
		}
		never := func(what string, which ...string) {
			for _, v := range which {
				g.refusesTable(t, s, line{postgres, "a service's role", what, theOwner}, table, verbs[v], v)
			}
		}
		never("empty a table (`TRUNCATE`)", "TRUNCATE")
		switch {
		case strings.HasSuffix(r.name, "_version"):
			never("read or change which migrations ran", "SELECT", "INSERT", "UPDATE", "DELETE")
		case r.partition && r.name != "ledger_line":
			never("reach a partition around its table", "SELECT", "INSERT", "UPDATE", "DELETE")
		case appended[r.name]:
			never("change or delete what is only ever appended: outbox, inbox, ledger, its tree, checkpoints and signatures", "UPDATE", "DELETE")
		case r.aggregate && !forgotten[r.name]:
			never("delete what it keeps of projects, people and acts", "DELETE")
		}
		if r.parties && !r.secured {
			t.Errorf("%s.%s lists parties, and no policy compares them", s.service, r.name)
		}
	}
	for name := range appended {
		own := strings.HasPrefix(name, "ledger_") && s.service == "auditexport" || name == "dossier_fact" && s.service == "declaration" || strings.HasPrefix(name, "event_")
		if own && !there[name] {
			t.Errorf("%s has no %s: the list is out of date", s.service, name)
		}
	}
}

// set assigns every column to itself.
func set(columns []string) string {
	out := make([]string, len(columns))
	for i, c := range columns {
		c = pgx.Identifier{c}.Sanitize()
		out[i] = c + " = " + c
	}
	return strings.Join(out, ", ")
}

// refusesTable has the role do something to a table in earnest, and the owner
// plan the same, which asks for the same privilege and changes nothing.
func (g *ground) refusesTable(t *testing.T, s sides, l line, table, sql, verb string) {
	t.Helper()
	if err := run(t.Context(), s.role, sql); sqlCode(err) != denied {
		t.Errorf("%s: %s: %v", s.service, sql, err)
	} else {
		g.book.refused(l, denied)
	}
	if verb == "TRUNCATE" {
		if !g.mayTruncate(t, s, table) {
			t.Errorf("the owner may not empty %s.%s", s.service, table)
			return
		}
		g.book.passed(l)
		return
	}
	if err := run(t.Context(), s.owner, "EXPLAIN "+sql); err != nil {
		t.Errorf("%s_owner: %s: %v", s.service, sql, err)
	} else {
		g.book.passed(l)
	}
}

// mayTruncate asks for the privilege instead of using it: emptying a table
// locks everybody out of it, and the services go on meanwhile.
func (g *ground) mayTruncate(t *testing.T, s sides, table string) (may bool) {
	t.Helper()
	if err := s.owner.QueryRow(t.Context(), "SELECT has_table_privilege($1, 'TRUNCATE')", table).Scan(&may); err != nil {
		t.Fatal(err)
	}
	return may
}

// scope sets what a transaction may see and change, as package pg does.
func scope(names []string, read, write bool) string {
	onOff := map[bool]string{true: "on", false: "off"}
	list := "{}"
	if len(names) > 0 {
		list = `{"` + strings.Join(names, `","`) + `"}`
	}
	return fmt.Sprintf("SELECT set_config('app.names', '%s', true), set_config('app.read', '%s', true), set_config('app.write', '%s', true);\n", strings.ReplaceAll(list, "'", "''"), onOff[read], onOff[write])
}

// secrets are the tables that nobody sees but the service itself.
var secrets = map[string]bool{"credential": true}

// stranger is nobody's unit.
const stranger = "unit-of-nobody"

// The lines about rows.
const aRole = "a service's role"

var (
	rowsUnset   = line{rows, aRole, "read rows in a transaction that does not say for whom it runs", "the same, for one of the row's parties"}
	rowsForeign = line{rows, aRole, "read another unit's rows in a transaction that runs for a unit or an account", "the same, for one of the row's parties"}
	rowsChange  = line{rows, aRole, "change another unit's rows in a transaction that runs for a unit", "the same, for one of the row's parties"}
	rowsAuditor = line{rows, aRole, "change any row in a transaction that runs for an auditor (YP23-M-16)", "the same transaction reads every row"}
	rowsAdd     = line{rows, aRole, "add a row in the name of a unit for which the transaction does not run", "a transaction of the service itself"}
	rowsSecret  = line{rows, aRole, "read what accounts sign in with, for the account itself or an auditor", "a transaction of identity itself"}
)

// tryRows reads and writes the rows of other units, in the role of the service.
func tryRows(t *testing.T, g *ground, s sides) {
	t.Helper()
	for _, r := range relations(t, s.super) {
		if !r.parties {
			continue
		}
		table := pgx.Identifier{r.name}.Sanitize()
		// The services go on meanwhile: what was tried counts when the rows were
		// the same before and after.
		const again = 10
		for n := 0; ; n++ {
			parties := partiesOf(t, s.super, table)
			if len(parties) == 0 {
				break
			}
			x := rowTrial{t: t, s: s, table: table, columns: r.columns, parties: parties, book: newBook()}
			if secrets[r.name] {
				x.secret()
			} else {
				x.try()
			}
			if !slices.EqualFunc(parties, partiesOf(t, s.super, table), slices.Equal) && n < again {
				continue
			}
			for _, w := range x.wrong {
				t.Errorf("%s.%s: %s", s.service, r.name, w)
			}
			g.book.add(x.book)
			break
		}
	}
	// What is said here of the limits is shown, too.
	if got := count(t, s.role, "", "deadline"); got != 0 {
		t.Errorf("%s: %d clocks are seen by nobody", s.service, got)
	}
	if all := count(t, s.super, "", "deadline"); all > 0 && count(t, s.role, scope(nil, true, false), "deadline") == 0 {
		t.Errorf("%s: its own scope shows no clock: the list of limits is out of date", s.service)
	}
	if err := run(t.Context(), s.role, fmt.Sprintf("ALTER ROLE %q PASSWORD 'other'", s.service)); err != nil {
		t.Errorf("%s cannot change its own password: the list of limits is out of date: %v", s.service, err)
	}
}

// rowTrial is what is tried on the rows of one table.
type rowTrial struct {
	t       *testing.T
	s       sides
	table   string
	columns []string
	parties [][]string
	book    *book
	wrong   []string
}

func (x *rowTrial) fail(format string, args ...any) {
	x.wrong = append(x.wrong, fmt.Sprintf(format, args...))
}

// sees wants so many rows to be seen in a scope, and notes the others.
func (x *rowTrial) sees(l line, before string, want int) {
	x.t.Helper()
	got := count(x.t, x.s.role, before, x.table)
	if got != want {
		x.fail("%s: %d of %d rows are seen, want %d: %s", l.what, got, len(x.parties), want, before)
		return
	}
	if want < len(x.parties) {
		x.book.refused(l, "not there")
	}
	if want > 0 {
		x.book.passed(l)
	}
}

// secret is for tables that nobody sees but the service itself.
func (x *rowTrial) secret() {
	x.t.Helper()
	for _, before := range []string{"", scope([]string{"audit.auditor"}, false, false), scope(nil, true, false)} {
		x.sees(rowsSecret, before, 0)
	}
	x.sees(rowsSecret, scope(nil, true, true), len(x.parties))
}

func (x *rowTrial) try() {
	x.t.Helper()
	names := map[string]int{stranger: 0}
	for _, p := range x.parties {
		for _, n := range p {
			names[n]++
		}
	}
	x.sees(rowsUnset, "", 0)
	for _, name := range slices.Sorted(maps.Keys(names)) {
		x.sees(rowsForeign, scope([]string{name}, false, false), names[name])
		if names[name] > 0 {
			x.book.passed(rowsUnset)
		}
	}
	for _, name := range append([]string{stranger}, x.parties[0]...) {
		got := changed(x.t, x.s.role, scope([]string{name}, false, false), x.table)
		if got != names[name] {
			x.fail("for %s %d rows can be changed, want %d", name, got, names[name])
		}
		if got < len(x.parties) {
			x.book.refused(rowsChange, "0 rows")
		}
		if got > 0 {
			x.book.passed(rowsChange)
		}
	}
	auditor := scope(nil, true, false)
	if got := changed(x.t, x.s.role, auditor, x.table); got != 0 {
		x.fail("for an auditor %d rows can be changed", got)
	} else {
		x.book.refused(rowsAuditor, "0 rows")
	}
	if got := count(x.t, x.s.role, auditor, x.table); got != len(x.parties) {
		x.fail("an auditor sees %d of %d rows", got, len(x.parties))
	} else {
		x.book.passed(rowsAuditor)
	}
	copied := fmt.Sprintf("INSERT INTO %s (%s) SELECT %s FROM %s LIMIT 1", x.table, columns(x.columns, ""), columns(x.columns, "id"), x.table)
	if err := run(x.t.Context(), x.s.role, scope([]string{stranger}, true, false)+copied); sqlCode(err) != denied {
		x.fail("it takes a row of others: %v", err)
	} else {
		x.book.refused(rowsAdd, denied)
	}
	const taken = "23505" // another column is unique too
	if err := run(x.t.Context(), x.s.role, scope(nil, true, true)+copied); err != nil && sqlCode(err) != taken {
		x.fail("it takes no row: %v", err)
	} else {
		x.book.passed(rowsAdd)
	}
}

// columns lists columns; that of the key is given another value.
func columns(names []string, key string) string {
	out := make([]string, len(names))
	for i, n := range names {
		out[i] = pgx.Identifier{n}.Sanitize()
		if n == key {
			out[i] += " || '-copy'"
		}
	}
	return strings.Join(out, ", ")
}

func partiesOf(t *testing.T, super *pgx.Conn, table string) [][]string {
	t.Helper()
	found, err := super.Query(t.Context(), "SELECT parties FROM "+table+" ORDER BY id")
	if err != nil {
		t.Fatal(err)
	}
	all, err := pgx.CollectRows(found, pgx.RowTo[[]string])
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// count is how many rows of a table are seen after what was set before.
func count(t *testing.T, c *pgx.Conn, before, table string) (n int) {
	t.Helper()
	return inScope(t, c, before, "SELECT count(*) FROM "+table)
}

// changed is how many rows can be written; it is rolled back.
func changed(t *testing.T, c *pgx.Conn, before, table string) int {
	t.Helper()
	return inScope(t, c, before, "WITH w AS (UPDATE "+table+" SET parties = parties RETURNING 1) SELECT count(*) FROM w")
}

func inScope(t *testing.T, c *pgx.Conn, before, sql string) (n int) {
	t.Helper()
	tx, err := c.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = tx.Rollback(t.Context()) }() // nothing is kept
	if before != "" {
		if _, err := tx.Exec(t.Context(), before); err != nil {
			t.Fatal(err)
		}
	}
	if err := tx.QueryRow(t.Context(), sql).Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}
