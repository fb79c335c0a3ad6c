package pg

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib" // goose speaks database/sql
	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/database"
	"github.com/pressly/goose/v3/lock"
)

// Set is one numbered series of migrations. Each set has its own version
// table, so that a library and a service each number their own.
type Set struct {
	Name string // version table is "<Name>_version"
	FS   fs.FS  // *.sql in goose's form, at the root
}

//go:embed base/*.sql
var baseFS embed.FS

// Sub gives the set whose files lie in dir of an embedded file system.
func Sub(name string, fsys fs.FS, dir string) Set {
	sub, err := fs.Sub(fsys, dir)
	if err != nil {
		panic("pg: " + err.Error()) // dir is a constant of the caller
	}
	return Set{Name: name, FS: sub}
}

// Migrate brings the database at url up to date as its owner, one process at
// a time. Migrations give the service's role its privileges by grant_app; the
// role owns nothing. Migrate waits up to wait for the server to accept
// connections.
func Migrate(ctx context.Context, url, role string, wait time.Duration, sets ...Set) (err error) {
	cfg, err := pgx.ParseConfig(url)
	if err != nil {
		return fmt.Errorf("owner's database URL: %w", err)
	}
	cfg.RuntimeParams["app.role"] = role
	db := stdlib.OpenDB(*cfg)
	defer func() { err = errors.Join(err, db.Close()) }()
	deadline, cancel := context.WithTimeout(ctx, wait)
	defer cancel()
	for {
		if err = db.PingContext(deadline); err == nil {
			break
		}
		select {
		case <-deadline.Done():
			return fmt.Errorf("the database does not answer: %w", err)
		case <-time.After(200 * time.Millisecond):
		}
	}
	for _, s := range append([]Set{Sub("base", baseFS, "base")}, sets...) {
		if err := up(ctx, db, s); err != nil {
			return fmt.Errorf("migrate %s: %w", s.Name, err)
		}
	}
	_, err = db.ExecContext(ctx, "GRANT USAGE ON SCHEMA public TO "+pgx.Identifier{role}.Sanitize())
	return err
}

func up(ctx context.Context, db *sql.DB, s Set) error {
	store, err := database.NewStore(database.DialectPostgres, s.Name+"_version")
	if err != nil {
		return err
	}
	locker, err := lock.NewPostgresSessionLocker(lock.WithLockTimeout(1, 60))
	if err != nil {
		return err
	}
	p, err := goose.NewProvider(goose.DialectCustom, db, s.FS, goose.WithStore(store), goose.WithSessionLocker(locker))
	if err != nil {
		return err
	}
	_, err = p.Up(ctx)
	return err
}
