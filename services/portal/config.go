package portal

import (
	"errors"
	"fmt"
	"net/url"
	"slices"
	"time"

	"egov/libs/conf"
)

// Identity is the name under which Config.Services lists the service that
// signs people in.
const Identity = "identity"

// Config is what the portal is told. It has no database: what it must remember
// of a signed-in browser lies in Redis.
type Config struct {
	Listen    string            `yaml:"listen" doc:"address of the HTTP listener"`
	TLS       conf.TLS          `yaml:"tls"`
	Services  map[string]string `yaml:"services" doc:"base URL of every service by its name; identity must be among them"`
	Redis     conf.Redis        `yaml:"redis"`
	Sessions  Sessions          `yaml:"sessions"`
	AllowHTTP bool              `yaml:"allow_http" doc:"let browsers of other machines sign in without TLS; for trials only"`
	Refresh   time.Duration     `yaml:"refresh" doc:"how often a browser's inbox is looked at while it is open"`
	MaxBody   int64             `yaml:"max_body" doc:"largest request in bytes; attachments are the largest"`
	Clock     conf.Clock        `yaml:"clock"`
	Limits    conf.Limits       `yaml:"limits"`
	Telemetry conf.Telemetry    `yaml:"telemetry"`
	LogLevel  string            `yaml:"log_level" doc:"debug, info, warn or error"`
	Linger    time.Duration     `yaml:"linger" doc:"how long a portal that is asked to stop, and not ready any more, still takes requests; 0 where nothing spreads them over several processes"`
	Grace     time.Duration     `yaml:"grace" doc:"how long a stop may drain after that"`
}

// Sessions bounds how long a browser stays signed in.
type Sessions struct {
	Idle time.Duration `yaml:"idle" doc:"a browser that asks for nothing this long is signed out"`
	Max  time.Duration `yaml:"max" doc:"a browser is signed out after this in any case"`
}

// Default is the configuration of a portal that is told nothing. It lacks the
// services and Redis, which have no good default.
func Default() Config {
	c := conf.Default("portal")
	return Config{
		Listen: c.Listen, Services: map[string]string{},
		Sessions: Sessions{Idle: 30 * time.Minute, Max: 12 * time.Hour},
		Refresh:  5 * time.Second, MaxBody: 34 << 20,
		Clock: c.Clock, Limits: c.Limits, Telemetry: c.Telemetry, LogLevel: c.LogLevel, Linger: c.Linger, Grace: c.Grace,
	}
}

// Check reports every setting that the portal cannot run with.
func (c Config) Check() error {
	var errs []error
	need := func(ok bool, format string, args ...any) {
		if !ok {
			errs = append(errs, fmt.Errorf(format, args...))
		}
	}
	need(c.Listen != "", "listen: an address is needed")
	need(c.Services[Identity] != "", "services.%s: a URL is needed", Identity)
	for _, name := range c.names() {
		_, err := base(c.Services[name])
		need(err == nil, "services.%s: an http(s) URL is needed", name)
	}
	need(c.Redis.URL != "", "redis.url: a redis:// or rediss:// URL is needed")
	need(c.Sessions.Idle > 0 && c.Sessions.Max >= c.Sessions.Idle, "sessions: idle must be positive and not above max")
	need(c.Refresh > 0, "refresh: must be positive")
	need(c.MaxBody > 0, "max_body: must be positive")
	need(c.Linger >= 0 && c.Grace >= 0, "linger, grace: must not be negative")
	need(c.Limits.Timeout > 0 && c.Limits.PerSecond > 0 && c.Limits.Burst > 0, "limits: must be positive")
	need(c.Telemetry.SampleRatio >= 0 && c.Telemetry.SampleRatio <= 1, "telemetry.sample_ratio: must be 0..1")
	return errors.Join(append(errs, c.TLS.Check())...)
}

// names lists the services in a stable order.
func (c Config) names() []string {
	names := make([]string, 0, len(c.Services))
	for n := range c.Services {
		names = append(names, n)
	}
	slices.Sort(names)
	return names
}

var errBase = errors.New("not the base URL of a service")

func base(s string) (*url.URL, error) {
	u, err := url.Parse(s)
	if err != nil {
		return nil, err
	}
	if u.Scheme != "http" && u.Scheme != "https" || u.Host == "" {
		return nil, errBase
	}
	return u, nil
}

// Base is the part of the configuration that the process as a whole runs by.
func (c Config) Base() conf.Service {
	return conf.Service{Listen: c.Listen, Clock: c.Clock, Limits: c.Limits, Telemetry: c.Telemetry, LogLevel: c.LogLevel, Linger: c.Linger, Grace: c.Grace}
}
