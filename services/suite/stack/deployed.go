package stack

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"

	"github.com/jackc/pgx/v5"

	"egov/libs/conf"
	"egov/libs/embedded"
	"egov/services/suite"
)

// makeDatabases makes what is not there yet of the services' databases and
// roles.
func (s *Stack) makeDatabases(ctx context.Context) error {
	if s.opts.Deployed == "" {
		return s.provision(ctx)
	}
	return errors.Join(s.runRoles(ctx), s.encrypt())
}

func (s *Stack) scheme() string {
	if s.opts.Deployed != "" {
		return "https://"
	}
	return "http://"
}

// encrypt gives every service a certificate and has all know one another by the
// authorities of a folder.
func (s *Stack) encrypt() error {
	authorities := map[string]string{"postgresql": s.Postgres.Authority(), "redis": s.Redis.Authority()}
	jwks := s.URL("identity") + "/.well-known/jwks.json"
	for _, name := range suite.Names() {
		c, err := embedded.Certify(filepath.Join(s.Dir, "tls", name), name)
		if err != nil {
			return err
		}
		authorities[name] = c.Authority
		own := conf.TLS{Cert: c.Server, Key: c.Key}
		switch name {
		case "portal":
			s.Config.Portal.TLS = own
			continue
		case "identity":
			s.Config.Identity.TLS, s.Config.Identity.Auth.JWKSURL = own, jwks
		default:
			service := s.Config.Services[name]
			service.TLS, service.Auth.JWKSURL = own, jwks
			s.Config.Services[name] = service
		}
		s.Config.Portal.Services[name] = s.URL(name)
	}
	return s.trust(authorities)
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

// trust puts authorities where this process and the services look for them.
func (s *Stack) trust(authorities map[string]string) error {
	folder := filepath.Join(s.Dir, "authorities")
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return err
	}
	for name, file := range authorities {
		b, err := os.ReadFile(file)
		if err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(folder, name+".pem"), b, 0o644); err != nil {
			return err
		}
	}
	return os.Setenv("SSL_CERT_DIR", folder)
}
