// Package module puts the identity service together.
package module

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync/atomic"
	"time"

	"egov/libs/conf"
	"egov/libs/host"
	"egov/libs/module"
	"egov/libs/pg"
	"egov/libs/store"
	"egov/services/identity"
	"egov/services/identity/duties"
	"egov/services/identity/httpapi"
	"egov/services/identity/keyregister"
	"egov/services/identity/keyring"
	"egov/services/identity/password"
	"egov/services/identity/pgstore"
	"egov/services/identity/seed"
	"egov/services/identity/throttle"
)

// Name is the service's name: its database role, event source and target.
const Name = "identity"

// Config is the service's configuration.
type Config struct {
	conf.Service `yaml:",inline"`

	Seed           string      `yaml:"seed" doc:"what the district begins with: a file (YAML), or demo; empty = nothing"`
	DemoPassword   conf.Secret `yaml:"demo_password" doc:"first password of the seeded accounts; those of a file change it at their first sign-in"`
	Duties         string      `yaml:"duties" doc:"file (YAML) with the rules about accounts; empty = the built-in ones"`
	TrustedProxies []string    `yaml:"trusted_proxies" doc:"networks whose X-Forwarded-For counts; none = those of this machine"`
}

// Default is the configuration of a service that is told nothing.
func Default() Config { return Config{Service: conf.Default(Name)} }

// Check reports every setting that cannot be run with.
func (c Config) Check() error {
	_, perr := throttle.ParseProxies(c.TrustedProxies)
	var serr error
	if c.Seed != "" && c.DemoPassword == "" {
		serr = errors.New("demo_password: seeded accounts need a first password")
	}
	return errors.Join(c.Service.Check(), perr, serr)
}

// New makes the service.
func New(c Config) host.Service {
	return module.New(module.Module{
		Name: Name, Title: "统一身份", Duty: identity.Platform,
		Migrations: []pg.Set{pgstore.Migrations()},
		Setup:      func(_ context.Context, k *module.Kit) error { return c.setUp(k) },
		OwnKeys:    true,
	}, c.Service)
}

func (c Config) setUp(k *module.Kit) error {
	if err := c.Check(); err != nil {
		return err
	}
	k.Unit.Config(c, Default())
	rules, err := c.rules()
	if err != nil {
		return err
	}
	proxies := throttle.Loopback()
	if len(c.TrustedProxies) > 0 {
		if proxies, err = throttle.ParseProxies(c.TrustedProxies); err != nil {
			return err
		}
	}
	dir := ""
	if c.Keys.Dir != "" {
		dir = filepath.Join(c.Keys.Dir, "tokens")
	}
	ring, err := keyring.Open(keyring.Options{Dir: dir, Rules: rules.Keys, Clock: k.Clock, Issuer: c.Auth.Issuer, Audience: c.Auth.Audience})
	if err != nil {
		return err
	}
	secret, err := keyring.Secret(dir)
	if err != nil {
		return err
	}
	s := &identity.Service{
		Duties: rules, Units: pgstore.Units(k.Store), Accounts: pgstore.NewAccounts(k.Store), Delegations: pgstore.NewDelegations(k.Store),
		Credentials: pgstore.Credentials(k.Store), Sessions: pgstore.NewSessions(k.Store), KeyRegister: pgstore.Keys(k.Store),
		ServiceKeys: pgstore.ServiceKeys(k.Store), EventKeys: keyregister.Register{Register: k.EventKeys()}, MachineNow: time.Now,
		HolidayTables: pgstore.HolidayTables(k.Store), HolidayFiles: k.Holidays(),
		Passwords: password.New(rules.Password.Hash), Tokens: ring, Keys: ring, Throttle: throttle.New(rules.Throttle, k.Clock),
		District: c.District, Clock: k.Clock, NewID: store.NewID, Sign: k.Sign, Self: k.Self, Secret: secret,
		InTx: k.Store.InTx, Once: once,
	}
	k.EventKeys().Besides(keyregister.Word(s.EnrolledKeys))
	httpapi.Mount(k.API, s, proxies)
	if err := httpapi.MountKeys(k.Unit.Mux, c.Auth.Issuer, c.Auth.JWKSURL, ring.KeySet); err != nil {
		return err
	}
	begun := &atomic.Bool{}
	k.Unit.Ready("beginnings", func(context.Context) error {
		if !begun.Load() {
			return errors.New("the first units and accounts are not entered yet")
		}
		return nil
	})
	k.Unit.Loop("upkeep", func(ctx context.Context) error { return c.upkeep(ctx, k, s, ring, begun) })
	return nil
}

func (c Config) rules() (identity.Duties, error) {
	if c.Duties == "" {
		return duties.Default()
	}
	b, err := os.ReadFile(c.Duties)
	if err != nil {
		return identity.Duties{}, fmt.Errorf("rules about accounts: %w", err)
	}
	return duties.Read(b)
}

// once gives the store what it needs to answer a repeated request as the first
// time; without a key the request's own is taken away.
func once(ctx context.Context, operation, caller, key string, digest []byte) context.Context {
	if key == "" {
		return store.WithCommand(ctx, nil)
	}
	return store.WithCommand(ctx, &store.Command{Key: key, Caller: caller, Op: Name + "." + operation, Hash: digest})
}

// upkeep makes the beginnings, then does what time asks for. What fails is
// tried again: the database may be away.
func (c Config) upkeep(ctx context.Context, k *module.Kit, s *identity.Service, ring *keyring.Ring, begun *atomic.Bool) error {
	const retry = time.Second
	for {
		err := c.begin(ctx, s)
		if err == nil {
			break
		}
		k.Log.WarnContext(ctx, "the beginnings are not made yet", "err", err)
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(retry):
		}
	}
	begun.Store(true)
	t := time.NewTicker(c.Clock.Sweep)
	defer t.Stop()
	for {
		if err := errors.Join(ring.Turn(), s.Upkeep(ctx)); err != nil && ctx.Err() == nil {
			k.Log.WarnContext(ctx, "upkeep", "err", err)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-t.C:
		}
	}
}

// begin prepares sign-ins and enters the seed, as far as it is not there.
func (c Config) begin(ctx context.Context, s *identity.Service) error {
	if err := s.Prepare(ctx); err != nil {
		return err
	}
	var d seed.District
	var err error
	switch c.Seed {
	case "":
		return nil
	case "demo":
		d, err = seed.Demo()
	default:
		d, err = seed.File(c.Seed)
	}
	if err != nil {
		return err
	}
	return d.Enter(ctx, s, string(c.DemoPassword), c.Seed == "demo")
}
