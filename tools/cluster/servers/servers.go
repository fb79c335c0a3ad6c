// Package servers runs the PostgreSQL and the Redis that the services of a
// cluster under test use, beside the cluster as in production: over TLS with
// an authority made for the occasion, with the roles of
// deploy/postgres/roles.sql and the users of deploy/redis, each with a
// password of its own.
//
// It does not replicate or back up anything.
package servers

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/redis/go-redis/v9"

	"egov/libs/embedded"
	"egov/libs/embedded/authority"
	"egov/libs/event"
	"egov/services/suite"
)

// Options say where servers listen and keep their data.
type Options struct {
	Dir          string
	Address      string // where pods reach this machine
	PostgresPort int
	RedisPort    int // of TLS; the plain port is for this machine alone
	Authority    *authority.Authority
	Deploy       string // the repository's folder deploy
}

// Servers are running servers.
type Servers struct {
	Postgres *embedded.Postgres
	Redis    *embedded.Redis

	o         Options
	passwords map[string]string
}

// Start starts both and makes every service's database, roles and user.
func Start(ctx context.Context, o Options) (_ *Servers, err error) {
	s := &Servers{o: o, passwords: map[string]string{}}
	for _, name := range suite.Names() {
		for _, of := range []string{name, name + "_owner", name + "@redis"} {
			s.passwords[of] = rand.Text() // letters and digits: it needs no escaping
		}
	}
	s.passwords[Watcher+"@redis"] = rand.Text()
	defer func() {
		if err != nil {
			err = errors.Join(err, s.Stop(context.WithoutCancel(ctx)))
		}
	}()
	if err := s.startPostgres(ctx); err != nil {
		return nil, err
	}
	for _, name := range suite.Databases() {
		if err := s.provision(ctx, name); err != nil {
			return nil, err
		}
	}
	return s, s.startRedis(ctx)
}

// Stop stops both.
func (s *Servers) Stop(ctx context.Context) error {
	var errs []error
	if s.Redis != nil {
		errs = append(errs, s.Redis.Stop(ctx))
	}
	if s.Postgres != nil {
		errs = append(errs, s.Postgres.Stop(ctx))
	}
	return errors.Join(errs...)
}

// DatabaseURL is where a pod finds the database of a service, as its role or,
// with owner, as the owner of its schema.
func (s *Servers) DatabaseURL(service string, owner bool) string {
	role := service
	if owner {
		role += "_owner"
	}
	return (&url.URL{
		Scheme: "postgres", User: url.UserPassword(role, s.passwords[role]), Path: "/" + service, RawQuery: "sslmode=verify-full",
		Host: net.JoinHostPort(s.o.Address, strconv.Itoa(s.o.PostgresPort)),
	}).String()
}

// RedisURL is where a pod finds Redis as a service's own user.
func (s *Servers) RedisURL(service string) string {
	return (&url.URL{
		Scheme: "rediss", User: url.UserPassword(service, s.passwords[service+"@redis"]),
		Host: s.RedisAddress(),
	}).String()
}

// Watcher is the user in Redis that only looks at what waits: an autoscaler's.
const Watcher = "watcher"

// Password is that of a user in Redis.
func (s *Servers) Password(user string) string { return s.passwords[user+"@redis"] }

// RedisAddress is Redis's host:port, over TLS.
func (s *Servers) RedisAddress() string {
	return net.JoinHostPort(s.o.Address, strconv.Itoa(s.o.RedisPort))
}

// PostgresPort is where pods find PostgreSQL.
func (s *Servers) PostgresPort() int { return s.o.PostgresPort }

// RedisPort is that of TLS.
func (s *Servers) RedisPort() int { return s.o.RedisPort }

// Watch opens Redis as the watcher.
func (s *Servers) Watch() (*redis.Client, error) {
	o, err := redis.ParseURL(s.RedisURL(Watcher))
	if err != nil {
		return nil, err
	}
	o.TLSConfig.RootCAs = x509.NewCertPool()
	o.TLSConfig.RootCAs.AppendCertsFromPEM(s.o.Authority.PEM)
	return redis.NewClient(o), nil
}

// startPostgres starts PostgreSQL, which takes pods over TLS alone.
func (s *Servers) startPostgres(ctx context.Context) (err error) {
	dir := filepath.Join(s.o.Dir, "postgres")
	if err := os.MkdirAll(dir, 0o711); err != nil {
		return err
	}
	hba := filepath.Join(dir, "hba.conf")
	rules := "local all all scram-sha-256\nhost all all 127.0.0.1/32 scram-sha-256\nhostssl all all all scram-sha-256\n"
	if err := os.WriteFile(hba, []byte(rules), 0o644); err != nil {
		return err
	}
	cert, key, err := s.certificate(dir, "postgres")
	if err != nil {
		return err
	}
	s.Postgres, err = embedded.StartPostgres(ctx, embedded.PostgresOptions{
		Dir: dir, Port: s.o.PostgresPort,
		Settings: map[string]string{
			"listen_addresses": "127.0.0.1," + s.o.Address, "hba_file": hba,
			// Every pod has its pools, and a rollout runs two of each for a while.
			"max_connections": "600",
			"ssl":             "on", "ssl_cert_file": cert, "ssl_key_file": key,
		},
	})
	return err
}

// startRedis starts Redis with a user a service, and TLS.
func (s *Servers) startRedis(ctx context.Context) error {
	dir := filepath.Join(s.o.Dir, "redis")
	cert, key, err := s.certificate(dir, "")
	if err != nil {
		return err
	}
	lines := []string{
		"bind 127.0.0.1 " + s.o.Address, "tls-port " + strconv.Itoa(s.o.RedisPort), "tls-cert-file " + cert, "tls-key-file " + key,
		"tls-ca-cert-file " + filepath.Join(dir, "ca.crt"), "tls-auth-clients no",
	}
	for _, name := range suite.Names() {
		lines = append(lines, fmt.Sprintf("user %s on #%x %s", name, sha256.Sum256([]byte(s.passwords[name+"@redis"])), strings.Join(suite.RedisRights(name), " ")))
	}
	lines = append(lines, fmt.Sprintf("user %s on #%x %s", Watcher, sha256.Sum256([]byte(s.passwords[Watcher+"@redis"])), strings.Join(event.WatcherACL(), " ")))
	s.Redis, err = embedded.StartRedis(ctx, embedded.RedisOptions{Dir: dir, AppendOnly: true, Config: lines})
	return err
}

// certificate writes a certificate for the servers' address, for a user of
// this machine ("" is the caller).
func (s *Servers) certificate(dir, owner string) (cert, key string, err error) {
	if err := os.MkdirAll(dir, 0o711); err != nil {
		return "", "", err
	}
	c, k, err := s.o.Authority.Server(s.o.Address, s.o.Address, "127.0.0.1")
	if err != nil {
		return "", "", err
	}
	cert, key = filepath.Join(dir, "tls.crt"), filepath.Join(dir, "tls.key")
	err = errors.Join(
		os.WriteFile(filepath.Join(dir, "ca.crt"), s.o.Authority.PEM, 0o644),
		os.WriteFile(cert, c, 0o644), os.WriteFile(key, k, 0o600))
	if err != nil || owner == "" || os.Geteuid() != 0 {
		return cert, key, err
	}
	u, err := user.Lookup(owner)
	if err != nil {
		return "", "", err
	}
	uid, err := strconv.Atoi(u.Uid)
	if err != nil {
		return "", "", err
	}
	return cert, key, os.Chown(key, uid, -1)
}

// provision makes what a service needs of PostgreSQL, as deploy/README.md
// tells an operator to.
func (s *Servers) provision(ctx context.Context, service string) error {
	psql, err := newest("/usr/lib/postgresql/*/bin/psql")
	if err != nil {
		return err
	}
	cmd := exec.CommandContext(ctx, psql, "--no-psqlrc", "--quiet", "-v", "service="+service,
		"-v", "password="+s.passwords[service], "-v", "owner_password="+s.passwords[service+"_owner"],
		"-f", filepath.Join(s.o.Deploy, "postgres", "roles.sql"), s.Postgres.SuperuserURL("postgres"))
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("roles.sql for %s: %w\n%s", service, err, out)
	}
	return nil
}

// newest is the last of the files that match.
func newest(pattern string) (string, error) {
	all, err := filepath.Glob(pattern)
	if err != nil || len(all) == 0 {
		return "", errors.Join(fmt.Errorf("no %s", pattern), err)
	}
	slices.Sort(all)
	return all[len(all)-1], nil
}
