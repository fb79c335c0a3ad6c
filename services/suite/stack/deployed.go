package stack

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"

	"github.com/jackc/pgx/v5"

	"egov/services/suite"
)

// makeDatabases makes what is not there yet of the services' databases and
// roles.
func (s *Stack) makeDatabases(ctx context.Context) error {
	if s.opts.Deployed == "" {
		return s.provision(ctx)
	}
	return errors.Join(s.runRoles(ctx), s.trust())
}

// runRoles makes databases and roles as an operator does: by roles.sql, once a
// service.
func (s *Stack) runRoles(ctx context.Context) error {
	passwords, err := s.passwords()
	if err != nil {
		return err
	}
	there, err := s.databases(ctx)
	if err != nil {
		return err
	}
	for _, name := range suite.Databases() {
		if there[name] {
			continue
		}
		err := s.Postgres.Script(ctx, filepath.Join(s.opts.Deployed, "postgres", "roles.sql"), map[string]string{
			"service": name, "password": passwords[name], "owner_password": passwords[name+"_owner"],
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// databases are the names of those that the server has.
func (s *Stack) databases(ctx context.Context) (map[string]bool, error) {
	conn, err := pgx.Connect(ctx, s.Postgres.SuperuserURL("postgres"))
	if err != nil {
		return nil, err
	}
	defer func() { _ = conn.Close(context.WithoutCancel(ctx)) }() // every statement has had its answer
	rows, err := conn.Query(ctx, "SELECT datname FROM pg_database")
	if err != nil {
		return nil, err
	}
	names, err := pgx.CollectRows(rows, pgx.RowTo[string])
	there := map[string]bool{}
	for _, n := range names {
		there[n] = true
	}
	return there, err
}

// deployedUsers is the ACL file with the stack's passwords, put in as an
// operator does: by passwords.sh from a folder.
func (s *Stack) deployedUsers(ctx context.Context) (string, error) {
	passwords, err := s.passwords()
	if err != nil {
		return "", err
	}
	folder := filepath.Join(s.Dir, "redis-passwords")
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return "", err
	}
	for _, name := range suite.Names() {
		if err := os.WriteFile(filepath.Join(folder, name), []byte(passwords[inRedis(name)]+"\n"), 0o600); err != nil {
			return "", err
		}
	}
	users, err := os.Open(filepath.Join(s.opts.Deployed, "redis", "users.acl"))
	if err != nil {
		return "", err
	}
	defer users.Close() // read only
	cmd := exec.CommandContext(ctx, "sh", filepath.Join(s.opts.Deployed, "redis", "passwords.sh"), folder)
	cmd.Stdin, cmd.Stderr = users, os.Stderr
	out, err := cmd.Output()
	if err != nil {
		return "", fmt.Errorf("passwords.sh: %w", err)
	}
	return string(out), nil
}

// trusted is the folder of the authorities by which services know the servers.
func (s *Stack) trusted() string { return filepath.Join(s.Dir, "authorities") }

// trust puts the servers' authorities there.
func (s *Stack) trust() error {
	if err := os.MkdirAll(s.trusted(), 0o755); err != nil {
		return err
	}
	for name, file := range map[string]string{"postgresql.pem": s.Postgres.Authority(), "redis.pem": s.Redis.Authority()} {
		b, err := os.ReadFile(file)
		if err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(s.trusted(), name), b, 0o644); err != nil {
			return err
		}
	}
	return nil
}
