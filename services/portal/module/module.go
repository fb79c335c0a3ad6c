// Package module puts the portal together.
package module

import (
	"context"
	"fmt"

	"github.com/redis/go-redis/v9"

	"egov/libs/calendar"
	"egov/libs/host"
	"egov/libs/module"
	"egov/services/portal"
)

// Name is the portal's name and target.
const Name = "portal"

// New makes the portal.
func New(c portal.Config) host.Service {
	return host.Service{
		Name: Name, Listen: c.Listen, TLS: c.TLS, Linger: c.Linger, Grace: c.Grace,
		Setup: func(ctx context.Context, u *host.Unit) error { return setup(ctx, c, u) },
	}
}

func setup(ctx context.Context, c portal.Config, u *host.Unit) error {
	if err := c.Check(); err != nil {
		return err
	}
	u.Config(c, portal.Default())
	clock := calendar.System()
	if c.Clock.File != "" {
		file, err := calendar.File(c.Clock.File)
		if err != nil {
			return fmt.Errorf("virtual clock: %w", err)
		}
		clock = file
	}
	options, err := redis.ParseURL(string(c.Redis.URL))
	if err != nil {
		return fmt.Errorf("redis URL: %w", err)
	}
	u.Uses(module.RedisLink(options))
	client := redis.NewClient(options)
	u.OnStop(func(context.Context) error { return client.Close() })
	u.Ready("redis", func(ctx context.Context) error { return client.Ping(ctx).Err() })
	h, err := portal.New(portal.Parts{
		Config: c, Clock: clock, Redis: client, Pages: portal.Pages(), Log: u.Log, Metrics: u.Metrics.Register, Stop: ctx,
	})
	if err != nil {
		return err
	}
	u.Mux.Handle("/", h)
	return nil
}
