package stack

import (
	"cmp"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"go.yaml.in/yaml/v3"

	"egov/libs/calendar"
	"egov/libs/conf"
	identity "egov/services/identity/module"
	"egov/services/portal"
	"egov/services/suite"
)

// demoPassword opens every demo account. It is no secret: it is printed at
// every start, and only the embedded mode knows it.
const demoPassword = "Yangpu-Demo-2026"

// DemoPassword is the password of the demo accounts.
func (s *Stack) DemoPassword() string { return demoPassword }

// ClockFile is the virtual clock of the stack, or empty.
func (s *Stack) ClockFile() string {
	path := filepath.Join(s.Dir, "clock")
	if _, err := os.Stat(path); err != nil {
		return ""
	}
	return path
}

// configure makes the configuration of this start: ports are chosen anew,
// passwords are kept.
func (s *Stack) configure() (suite.Config, error) {
	var c suite.Config
	if err := s.startClock(); err != nil {
		return c, err
	}
	chosen, err := s.rules()
	if err != nil {
		return c, err
	}
	passwords, err := s.passwords()
	if err != nil {
		return c, err
	}
	addr := map[string]string{}
	for _, name := range suite.Names() {
		port := s.opts.Port
		if name != "portal" || port == 0 {
			if port, err = freePort(); err != nil {
				return c, err
			}
		}
		addr[name] = fmt.Sprintf("127.0.0.1:%d", port)
	}
	service := func(name string) conf.Service {
		o := conf.Default(name)
		o.Listen = addr[name]
		o.District, o.Packs = cmp.Or(chosen.District, o.District), chosen.Packs
		o.Database.URL = conf.Secret(s.Postgres.URL(name, name, passwords[name]))
		o.Database.OwnerURL = conf.Secret(s.Postgres.URL(name, name+"_owner", passwords[name+"_owner"]))
		o.Redis.URL = s.redisURL(name, passwords)
		o.Auth.JWKSURL = "http://" + addr["identity"] + "/.well-known/jwks.json"
		o.Blob.URL = "file://" + filepath.Join(s.Dir, "blob")
		o.Keys.Dir = filepath.Join(s.Dir, "keys")
		o.Clock.File = s.ClockFile()
		o.Clock.Sweep = time.Minute
		if o.Clock.File != "" {
			o.Clock.Sweep = time.Second // a virtual day may pass at any moment
		}
		o.Limits.PerSecond, o.Limits.Burst = 2000, 4000
		o.LogLevel = "info"
		if s.opts.Replicas == 0 {
			o.Linger = 0 // nobody else would take the requests
		}
		return o
	}
	c = suite.Config{LogLevel: "info", Telemetry: conf.Default("").Telemetry, Services: map[string]conf.Service{}}
	for _, name := range suite.Databases() {
		if name != "identity" {
			c.Services[name] = service(name)
		}
	}
	c.Identity = identity.Default()
	c.Identity.Service = service("identity")
	c.Identity.Seed = "demo"
	c.Identity.DemoPassword = demoPassword
	c.Portal = portal.Default()
	c.Portal.Listen, c.Portal.Redis.URL, c.Portal.Clock.File = addr["portal"], s.redisURL("portal", passwords), s.ClockFile()
	c.Portal.Linger = c.Identity.Linger
	for _, name := range suite.Databases() {
		c.Portal.Services[name] = "http://" + addr[name]
	}
	return c, nil
}

// rules are whose rules hold and where those lie that the suite does not bring.
type rules struct {
	District string `yaml:"district"`
	Packs    string `yaml:"packs"`
}

// rules gives the rules that the options name and keeps them with the data,
// else those kept there: projects stay under the rules they were declared under.
func (s *Stack) rules() (rules, error) {
	path := filepath.Join(s.Dir, "rules.yaml")
	r := rules{s.opts.District, s.opts.Packs}
	if r != (rules{}) {
		b, err := yaml.Marshal(r)
		if err != nil {
			return r, err
		}
		return r, os.WriteFile(path, b, 0o600)
	}
	b, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return r, nil
	}
	if err != nil {
		return r, err
	}
	return r, yaml.Unmarshal(b, &r)
}

// startClock sets the virtual clock at the first start; later starts keep it.
func (s *Stack) startClock() error {
	if s.opts.VirtualClock.IsZero() || s.ClockFile() != "" {
		return nil
	}
	return calendar.SetFile(filepath.Join(s.Dir, "clock"), s.opts.VirtualClock.Start().Add(9*time.Hour))
}

// redisURL is where a service finds Redis, as its own user.
func (s *Stack) redisURL(service string, passwords map[string]string) conf.Secret {
	return conf.Secret(s.Redis.UserURL(service, passwords[inRedis(service)], 0))
}

// inRedis is under which name the password of a service's user in Redis is
// kept; those of PostgreSQL bear their roles' names.
func inRedis(service string) string { return service + "@redis" }

// redisUsers are the lines of Redis's configuration that give every service a
// user with its rights.
func (s *Stack) redisUsers() ([]string, error) {
	passwords, err := s.passwords()
	if err != nil {
		return nil, err
	}
	var lines []string
	for _, name := range suite.Names() {
		lines = append(lines, fmt.Sprintf("user %s on #%x %s", name, sha256.Sum256([]byte(passwords[inRedis(name)])), strings.Join(suite.RedisRights(name), " ")))
	}
	return lines, nil
}

// passwords reads the passwords of the database roles and of Redis's users, or
// makes them.
func (s *Stack) passwords() (map[string]string, error) {
	path := filepath.Join(s.Dir, "passwords.yaml")
	m := map[string]string{}
	b, err := os.ReadFile(path)
	switch {
	case err == nil:
		if err := yaml.Unmarshal(b, &m); err != nil {
			return nil, err
		}
	case !errors.Is(err, fs.ErrNotExist):
		return nil, err
	}
	made := false
	var wanted []string
	for _, name := range suite.Databases() {
		wanted = append(wanted, name, name+"_owner")
	}
	for _, name := range suite.Names() {
		wanted = append(wanted, inRedis(name))
	}
	for _, name := range wanted {
		if m[name] == "" {
			m[name], made = rand.Text(), true
		}
	}
	if !made {
		return m, nil
	}
	if b, err = yaml.Marshal(m); err != nil {
		return nil, err
	}
	return m, os.WriteFile(path, b, 0o600)
}

// provision makes, for every service, its database, the owner that migrates it
// and the role that uses it. The role owns nothing and no service can connect
// to another's database.
func (s *Stack) provision(ctx context.Context) error {
	passwords, err := s.passwords()
	if err != nil {
		return err
	}
	conn, err := pgx.Connect(ctx, s.Postgres.SuperuserURL("postgres"))
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close(context.WithoutCancel(ctx)) }() // every statement has had its answer
	for _, name := range suite.Databases() {
		for _, role := range []string{name, name + "_owner"} {
			if err := makeRole(ctx, conn, role, passwords[role]); err != nil {
				return err
			}
		}
		var exists bool
		if err := conn.QueryRow(ctx, "SELECT EXISTS (SELECT FROM pg_database WHERE datname = $1)", name).Scan(&exists); err != nil {
			return err
		}
		if exists {
			continue
		}
		db, owner, role := pgx.Identifier{name}.Sanitize(), pgx.Identifier{name + "_owner"}.Sanitize(), pgx.Identifier{name}.Sanitize()
		for _, sql := range []string{
			"CREATE DATABASE " + db + " OWNER " + owner,
			"REVOKE ALL ON DATABASE " + db + " FROM PUBLIC",
			"GRANT CONNECT ON DATABASE " + db + " TO " + role,
		} {
			if _, err := conn.Exec(ctx, sql); err != nil {
				return fmt.Errorf("%s: %w", sql, err)
			}
		}
		if err := s.giveSchema(ctx, name); err != nil {
			return err
		}
	}
	return nil
}

// giveSchema lets the owner, and nobody else, create in the public schema.
func (s *Stack) giveSchema(ctx context.Context, name string) error {
	conn, err := pgx.Connect(ctx, s.Postgres.SuperuserURL(name))
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close(context.WithoutCancel(ctx)) }() // every statement has had its answer
	_, err = conn.Exec(ctx, "ALTER SCHEMA public OWNER TO "+pgx.Identifier{name + "_owner"}.Sanitize())
	return err
}

func makeRole(ctx context.Context, conn *pgx.Conn, role, password string) error {
	var exists bool
	if err := conn.QueryRow(ctx, "SELECT EXISTS (SELECT FROM pg_roles WHERE rolname = $1)", role).Scan(&exists); err != nil || exists {
		return err
	}
	// The password is of letters and digits alone: it needs no escaping.
	_, err := conn.Exec(ctx, "CREATE ROLE "+pgx.Identifier{role}.Sanitize()+" LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOBYPASSRLS PASSWORD '"+password+"'")
	return err
}
