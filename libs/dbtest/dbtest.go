// Package dbtest gives each test a PostgreSQL database of its own, on a real
// server: the one EGOV_TEST_DATABASE_URL names (a superuser's URL), or a
// private one that the test process starts on first use and stops at its end.
//
// A test never shares tables, and never sees the roles' superuser rights by
// accident: the database has an owner, who runs the migrations, and a service
// role with the privileges the migrations grant and no others. Where no
// server can be had the test fails; nothing is skipped. Durability is off.
package dbtest

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"egov/libs/embedded"
	"egov/libs/pg"
)

// EnvURL names the superuser's URL of a server that all test processes share.
const EnvURL = "EGOV_TEST_DATABASE_URL"

// The roles of every test database. They are made once on a server.
const (
	ownerRole = "egov_test_owner"
	appRole   = "egov_test_app"
	password  = "test"
)

// templateLock serialises the making of roles and templates on one server.
const templateLock = 0x65676f76

// DB is one test's database.
type DB struct {
	Name         string
	AppRole      string // the name of the service's role
	OwnerURL     string // runs migrations; owns everything
	AppURL       string // the service's role: no ownership, no BYPASSRLS
	SuperuserURL string // for looking past the privileges
}

// server is the PostgreSQL this process uses.
type server struct {
	admin *pgxpool.Pool

	making sync.Mutex // held with the lock of templates
	url    *url.URL
	stop   func() error
}

var (
	mu      sync.Mutex
	shared  *server
	managed atomic.Bool // Main is running, so the server will be stopped
	serial  atomic.Int64
)

// Main runs a package's tests and stops the private server, if one was
// started. Call it from TestMain: os.Exit(dbtest.Main(m)).
func Main(m *testing.M) int {
	managed.Store(true)
	code := m.Run()
	mu.Lock()
	defer mu.Unlock()
	if shared == nil {
		return code
	}
	shared.admin.Close()
	if err := shared.stop(); err != nil {
		fmt.Fprintln(os.Stderr, "dbtest:", err)
		code = max(code, 1)
	}
	return code
}

// Database makes a fresh database with the given migrations applied in order
// and drops it when the test ends. The first use of a list of migrations
// builds a template; the others are copies of it.
func Database(t testing.TB, sets ...pg.Set) DB {
	t.Helper()
	s := use(t)
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	template, err := s.template(ctx, sets)
	if err != nil {
		t.Fatalf("dbtest: template: %v", err)
	}
	name := fmt.Sprintf("test_%d_%d_%d", os.Getpid(), time.Now().Unix(), serial.Add(1))
	if err := s.create(ctx, name, template); err != nil {
		t.Fatalf("dbtest: create %s: %v", name, err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(t.Context()), time.Minute)
		defer cancel()
		if _, err := s.admin.Exec(ctx, "DROP DATABASE IF EXISTS "+name+" WITH (FORCE)"); err != nil {
			t.Errorf("dbtest: drop %s: %v", name, err)
		}
	})
	return s.db(name)
}

// Pool is a pool of the service's role, closed when the test ends.
func (d DB) Pool(t testing.TB) *pgxpool.Pool {
	t.Helper()
	return open(t, d.AppURL)
}

// Owner is a pool of the owner, closed when the test ends.
func (d DB) Owner(t testing.TB) *pgxpool.Pool {
	t.Helper()
	return open(t, d.OwnerURL)
}

// Superuser is a pool of the superuser, closed when the test ends.
func (d DB) Superuser(t testing.TB) *pgxpool.Pool {
	t.Helper()
	return open(t, d.SuperuserURL)
}

func open(t testing.TB, url string) *pgxpool.Pool {
	t.Helper()
	pool, err := pg.Open(t.Context(), url, "dbtest", pg.PoolOptions{})
	if err != nil {
		t.Fatalf("dbtest: %v", err)
	}
	t.Cleanup(pool.Close)
	return pool
}

// use returns the process's server, starting it on first use.
func use(t testing.TB) *server {
	t.Helper()
	mu.Lock()
	defer mu.Unlock()
	if shared != nil {
		return shared
	}
	if !managed.Load() {
		t.Fatal("dbtest: the package's TestMain must call dbtest.Main")
	}
	s, err := connect()
	if err != nil {
		t.Fatalf("dbtest: %v", err)
	}
	shared = s
	return s
}

// connect opens the shared server or starts a private one. The server
// outlives the test that happens to be first, so no test's context is used.
func connect() (*server, error) {
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	defer cancel()
	s := &server{stop: func() error { return nil }}
	raw := os.Getenv(EnvURL)
	if raw == "" {
		p, stop, err := private(ctx)
		if err != nil {
			return nil, err
		}
		raw, s.stop = p.SuperuserURL("postgres"), stop
	}
	u, err := url.Parse(raw)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("%s: %w", EnvURL, err), s.stop())
	}
	s.url = u
	cfg, err := pgxpool.ParseConfig(raw)
	if err != nil {
		return nil, errors.Join(err, s.stop())
	}
	cfg.MaxConns = 4
	if s.admin, err = pgxpool.NewWithConfig(ctx, cfg); err != nil {
		return nil, errors.Join(err, s.stop())
	}
	if err := s.roles(ctx); err != nil {
		s.admin.Close()
		return nil, errors.Join(err, s.stop())
	}
	return s, nil
}

// private starts a server in a temporary directory, which stop removes.
func private(ctx context.Context) (*embedded.Postgres, func() error, error) {
	dir, err := os.MkdirTemp("", "dbtest-")
	if err != nil {
		return nil, nil, err
	}
	clean := func() error {
		return errors.Join(embedded.RemovePostgres(filepath.Join(dir, "pg")), os.RemoveAll(dir))
	}
	if err := os.Chmod(dir, 0o711); err != nil { // the server may run as another user
		return nil, nil, errors.Join(err, clean())
	}
	p, err := embedded.StartPostgres(ctx, embedded.PostgresOptions{Dir: filepath.Join(dir, "pg"), Fast: true})
	if err != nil {
		return nil, nil, errors.Join(err, clean())
	}
	return p, func() error { return errors.Join(p.Stop(context.Background()), clean()) }, nil
}

// locked runs f while no other process makes roles or templates.
// One goroutine at a time asks for it: those that waited with a session in hand
// would leave none to the one that makes something.
func (s *server) locked(ctx context.Context, f func(*pgxpool.Conn) error) (err error) {
	s.making.Lock()
	defer s.making.Unlock()
	conn, err := s.admin.Acquire(ctx)
	if err != nil {
		return err
	}
	defer conn.Release()
	if _, err := conn.Exec(ctx, "SELECT pg_advisory_lock($1)", templateLock); err != nil {
		return err
	}
	defer func() {
		_, unlock := conn.Exec(context.WithoutCancel(ctx), "SELECT pg_advisory_unlock($1)", templateLock)
		err = errors.Join(err, unlock)
	}()
	return f(conn)
}

func (s *server) roles(ctx context.Context) error {
	return s.locked(ctx, func(c *pgxpool.Conn) error {
		for _, role := range []string{ownerRole, appRole} {
			_, err := c.Exec(ctx, fmt.Sprintf(`DO $$ BEGIN
				IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = '%[1]s') THEN
					CREATE ROLE %[1]s LOGIN PASSWORD '%[2]s' NOSUPERUSER NOBYPASSRLS NOCREATEDB NOCREATEROLE;
				END IF;
			END $$`, role, password))
			if err != nil {
				return err
			}
		}
		return nil
	})
}

// template returns the name of a database that holds sets and nothing else,
// making it when no process has yet.
func (s *server) template(ctx context.Context, sets []pg.Set) (string, error) {
	id, err := digest(sets)
	if err != nil {
		return "", err
	}
	name := "template_" + id
	return name, s.locked(ctx, func(c *pgxpool.Conn) error {
		var found bool
		if err := c.QueryRow(ctx, "SELECT EXISTS (SELECT FROM pg_database WHERE datname = $1)", name).Scan(&found); err != nil || found {
			return err
		}
		building := "building_" + id // left over when a process is killed meanwhile
		if _, err := c.Exec(ctx, "DROP DATABASE IF EXISTS "+building+" WITH (FORCE)"); err != nil {
			return err
		}
		if err := s.create(ctx, building, "template0"); err != nil {
			return err
		}
		if len(sets) > 0 {
			if err := pg.Migrate(ctx, s.db(building).OwnerURL, appRole, 10*time.Second, sets...); err != nil {
				return err
			}
		}
		_, err := c.Exec(ctx, "ALTER DATABASE "+building+" RENAME TO "+name)
		return err
	})
}

func (s *server) create(ctx context.Context, name, template string) error {
	db := pgx.Identifier{name}.Sanitize()
	if _, err := s.admin.Exec(ctx, "CREATE DATABASE "+db+" OWNER "+ownerRole+" TEMPLATE "+template); err != nil {
		return err
	}
	_, err := s.admin.Exec(ctx, "REVOKE ALL ON DATABASE "+db+" FROM PUBLIC; GRANT CONNECT ON DATABASE "+db+" TO "+appRole)
	return err
}

func (s *server) db(name string) DB {
	as := func(user *url.Userinfo) string {
		u := *s.url
		u.User, u.Path = user, "/"+name
		return u.String()
	}
	return DB{
		Name:         name,
		AppRole:      appRole,
		OwnerURL:     as(url.UserPassword(ownerRole, password)),
		AppURL:       as(url.UserPassword(appRole, password)),
		SuperuserURL: as(s.url.User),
	}
}

// digest names a list of migration sets by its content.
func digest(sets []pg.Set) (string, error) {
	h := sha256.New()
	for _, s := range sets {
		fmt.Fprintf(h, "set %s\n", s.Name)
		err := fs.WalkDir(s.FS, ".", func(path string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() {
				return err
			}
			b, err := fs.ReadFile(s.FS, path)
			if err != nil {
				return err
			}
			fmt.Fprintf(h, "file %s %d\n%s\n", path, len(b), b)
			return nil
		})
		if err != nil {
			return "", err
		}
	}
	return hex.EncodeToString(h.Sum(nil))[:20], nil
}
