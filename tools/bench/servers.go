package bench

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"egov/libs/embedded"
)

// servers are a private PostgreSQL that writes to disk and a private Redis,
// for one group of measures.
type servers struct {
	options  options
	dir      string
	postgres *embedded.Postgres
	redis    *embedded.Redis
	closers  []func(context.Context) error
}

// later registers what is to be closed before the servers stop; the last
// registered comes first.
func (s *servers) later(f func(context.Context) error) { s.closers = append(s.closers, f) }

// folder makes a directory that is removed in the end, with the data of the
// PostgreSQL in it.
func (s *servers) folder() (err error) {
	if s.dir, err = os.MkdirTemp("", "egov-bench-"); err != nil {
		return err
	}
	s.later(func(context.Context) error {
		return errors.Join(embedded.RemovePostgres(s.data()), os.RemoveAll(s.dir))
	})
	// PostgreSQL may run as another user, who has to reach its own folder.
	return os.Chmod(s.dir, 0o711)
}

func (s *servers) data() string { return filepath.Join(s.dir, "postgres") }

func (s *servers) start(ctx context.Context) (err error) {
	if err := s.folder(); err != nil {
		return err
	}
	s.postgres, err = embedded.StartPostgres(ctx, embedded.PostgresOptions{Dir: s.data(), Settings: map[string]string{
		// Measures read from the log which statements a service sends.
		"logging_collector": "on", "log_destination": "jsonlog",
	}})
	if err != nil {
		return err
	}
	s.later(s.postgres.Stop)
	if err := s.postgres.LayOutWAL(ctx); err != nil {
		return err
	}
	if s.redis, err = embedded.StartRedis(ctx, embedded.RedisOptions{Dir: filepath.Join(s.dir, "redis")}); err != nil {
		return err
	}
	s.later(s.redis.Stop)
	return nil
}

func (s *servers) close(ctx context.Context) error {
	var errs []error
	for _, f := range slices.Backward(s.closers) {
		errs = append(errs, f(ctx))
	}
	return errors.Join(errs...)
}

// database is a database with its owner and a role that owns nothing.
type database struct{ superuser, owner, app, role string }

// database makes an empty one. One that is there already is kept, with new
// passwords for its roles.
func (s *servers) database(ctx context.Context, role string) (db database, err error) {
	conn, err := pgx.Connect(ctx, s.postgres.SuperuserURL("postgres"))
	if err != nil {
		return database{}, err
	}
	defer func() { err = errors.Join(err, conn.Close(context.WithoutCancel(ctx))) }()
	owner, password := role+"_owner", rand.Text() // letters and digits: it needs no escaping
	for _, sql := range []string{
		"CREATE ROLE " + role, "CREATE ROLE " + owner, fmt.Sprintf("CREATE DATABASE %s OWNER %s", role, owner),
		fmt.Sprintf("ALTER ROLE %s LOGIN PASSWORD '%s'", role, password), fmt.Sprintf("ALTER ROLE %s LOGIN PASSWORD '%s'", owner, password),
	} {
		if _, err := conn.Exec(ctx, sql); err != nil && !isThere(err) {
			return database{}, err
		}
	}
	db = database{s.postgres.SuperuserURL(role), s.postgres.URL(role, owner, password), s.postgres.URL(role, role, password), role}
	own, err := pgx.Connect(ctx, db.superuser)
	if err != nil {
		return db, err
	}
	defer func() { err = errors.Join(err, own.Close(context.WithoutCancel(ctx))) }()
	_, err = own.Exec(ctx, "ALTER SCHEMA public OWNER TO "+owner)
	return db, err
}

// isThere says whether a role or a database could not be made because there is
// one of that name.
func isThere(err error) bool {
	pe, ok := errors.AsType[*pgconn.PgError](err)
	return ok && (pe.Code == "42710" || pe.Code == "42P04")
}

// program finds a program of the PostgreSQL distribution, which Debian keeps
// off PATH.
func program(name string) (string, error) {
	if p, err := exec.LookPath(name); err == nil {
		return p, nil
	}
	found, err := filepath.Glob(filepath.Join("/usr/lib/postgresql/*/bin", name))
	if err != nil || len(found) == 0 {
		return "", fmt.Errorf("%s is not installed: apt-get install postgresql-contrib", name)
	}
	return found[len(found)-1], nil
}
