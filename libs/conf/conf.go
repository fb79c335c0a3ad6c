// Package conf reads a service's configuration: defaults, then a YAML file,
// then environment variables, strictest first — an unknown key, a wrong type
// or a broken bound is an error that names its place. Secrets print as "***".
package conf

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"reflect"
	"strconv"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"
)

// Secret is text that never prints.
type Secret string

// String hides the secret.
func (s Secret) String() string {
	if s == "" {
		return ""
	}
	return "***"
}

// MarshalYAML hides the secret.
func (s Secret) MarshalYAML() (any, error) { return s.String(), nil }

// MarshalJSON hides the secret.
func (s Secret) MarshalJSON() ([]byte, error) { return []byte(strconv.Quote(s.String())), nil }

// Service is the configuration that every service has. Its zero value is not
// enough to run: Default fills what has a good default.
type Service struct {
	Listen    string        `yaml:"listen" doc:"address of the HTTP listener"`
	TLS       TLS           `yaml:"tls"`
	District  string        `yaml:"district" doc:"district code; picks the rule packs"`
	Packs     string        `yaml:"packs" doc:"directory of rule packs besides the built-in ones: one pack, or a folder for each; empty = the built-in ones alone"`
	Database  Database      `yaml:"database"`
	Redis     Redis         `yaml:"redis"`
	Auth      Auth          `yaml:"auth"`
	Blob      Blob          `yaml:"blob"`
	Clock     Clock         `yaml:"clock"`
	Limits    Limits        `yaml:"limits"`
	Telemetry Telemetry     `yaml:"telemetry"`
	LogLevel  string        `yaml:"log_level" doc:"debug, info, warn or error"`
	Linger    time.Duration `yaml:"linger" doc:"how long a service that is asked to stop, and not ready any more, still takes requests; 0 where nothing spreads them over several processes"`
	Grace     time.Duration `yaml:"grace" doc:"how long a stop may drain after that"`
	Keys      Keys          `yaml:"keys"`
	Exports   Exports       `yaml:"exports"`
}

// TLS is how a listener proves who it is, and who may call it. The files are read
// again when they change.
type TLS struct {
	Cert     string `yaml:"cert" doc:"PEM file of the certificate chain; also shown to services that ask for one; empty = plain HTTP"`
	Key      string `yaml:"key" doc:"PEM file of its private key"`
	ClientCA string `yaml:"client_ca" doc:"PEM file of the authorities whose certificates callers must bring, probes excepted; empty = none is asked for"`
}

// Check reports settings that contradict each other.
func (t TLS) Check() error {
	if (t.Cert == "") != (t.Key == "") {
		return errors.New("tls.cert, tls.key: one needs the other")
	}
	if t.ClientCA != "" && t.Cert == "" {
		return errors.New("tls.client_ca: callers bring certificates to a listener that has one itself")
	}
	return nil
}

// Database is where a service keeps its own data.
type Database struct {
	URL      Secret        `yaml:"url" doc:"as the service's role"`
	OwnerURL Secret        `yaml:"owner_url" doc:"as the schema's owner, for migrations; empty = migrations are run elsewhere"`
	Role     string        `yaml:"role" doc:"the service's role, granted by migrations"`
	MaxConns int32         `yaml:"max_conns"`
	Wait     time.Duration `yaml:"wait" doc:"how long to wait for the server at start"`
}

// Redis carries events.
type Redis struct {
	URL Secret `yaml:"url"`
}

// Auth says whose tokens are accepted.
type Auth struct {
	JWKSURL  string `yaml:"jwks_url"`
	Issuer   string `yaml:"issuer"`
	Audience string `yaml:"audience"`
}

// Blob is where attachments lie.
type Blob struct {
	URL string `yaml:"url" doc:"file:///directory or s3://bucket"`
}

// Keys is where a service keeps the keys it seals acts and signs events with, and
// whence it knows the others'.
type Keys struct {
	Dir string `yaml:"dir" doc:"directory; a key is made there at the first start; empty = a key for this run only"`
	Alg string `yaml:"alg" doc:"algorithm of a new key: sm2 or ed25519"`
	// Events of services whose key is not in the register wait for it.
	Register   string        `yaml:"register" doc:"public keys of all services' events, one place or several with commas between: a directory of files <service>.json, the URL of a service's register (/.well-known/event-keys.json), or <service>=<URL> to take that service's alone; empty = the folder register of dir, and the register beside auth.jwks_url, where keys are enrolled and revoked"`
	EventLife  time.Duration `yaml:"event_life" doc:"how long a key signs events until the next one does"`
	EventAhead time.Duration `yaml:"event_ahead" doc:"how long the next key is in the register before it signs, and the last one holds beside it"`
	// The ledger's own, of the service that keeps it.
	CheckpointLife    time.Duration `yaml:"checkpoint_life" doc:"how long keys sign the ledger until a start makes the next ones; 0 = for ever"`
	CheckpointOverlap time.Duration `yaml:"checkpoint_overlap" doc:"how long they sign beside the next ones; every process starts once meanwhile"`
	SignWithin        time.Duration `yaml:"sign_within" doc:"how long the ledger may go unsigned before it says so aloud"`
	CosignWithin      time.Duration `yaml:"cosign_within" doc:"how long it may go without any unit's cosignature before it says so aloud"`
}

// Clock sets what time it is.
type Clock struct {
	File  string        `yaml:"file" doc:"virtual clock shared by the processes of one machine; empty = the system's clock"`
	Sweep time.Duration `yaml:"sweep" doc:"how often deadlines and published holidays are looked at"`
	// Holidays lie over the built-in notices and under what operators publish.
	Holidays string `yaml:"holidays" doc:"directory of holiday files (YAML), for what is known at installation; empty = none"`
}

// Exports bound the files that a service makes for people to take away.
type Exports struct {
	Keep    time.Duration `yaml:"keep" doc:"how long a finished file lies ready; that it was made stays on record"`
	PerUnit int           `yaml:"per_unit" doc:"files of one unit that may be in the making at once"`
	// An audit bundle takes along the attachments that its rows name.
	Stores          string `yaml:"stores" doc:"where the other services' attachments lie, for an audit bundle to take along: URLs as of blob.url, read alone, with commas between; blob.url is always among them"`
	AttachmentBytes int64  `yaml:"attachment_bytes" doc:"how much of them one audit bundle takes along"`
}

// Limits bound what one caller may ask.
type Limits struct {
	Timeout   time.Duration `yaml:"timeout" doc:"for one request"`
	PerSecond float64       `yaml:"per_second" doc:"requests a principal may make in the long run"`
	Burst     int           `yaml:"burst"`
}

// Telemetry says where traces go.
type Telemetry struct {
	OTLPEndpoint string  `yaml:"otlp_endpoint" doc:"OTLP/HTTP URL; empty = traces are not exported"`
	SampleRatio  float64 `yaml:"sample_ratio" doc:"share of traces that are recorded, 0..1"`
}

const day = 24 * time.Hour

// Default is the configuration of a service that is told nothing.
func Default(name string) Service {
	return Service{
		Listen: ":8080", District: "yangpu",
		Database: Database{Role: name, MaxConns: 8, Wait: time.Minute},
		Auth:     Auth{Issuer: "egov", Audience: "egov-services"},
		Keys: Keys{
			Alg: "sm2", EventLife: 90 * day, EventAhead: 7 * day, CheckpointLife: 730 * day, CheckpointOverlap: 90 * day,
			SignWithin: time.Minute, CosignWithin: 5 * time.Minute,
		},
		Clock:    Clock{Sweep: time.Minute},
		Limits:   Limits{Timeout: 15 * time.Second, PerSecond: 200, Burst: 400},
		LogLevel: "info", Linger: 5 * time.Second, Grace: 20 * time.Second,
		Telemetry: Telemetry{SampleRatio: 0.01},
		Exports:   Exports{Keep: 7 * 24 * time.Hour, PerUnit: 5, AttachmentBytes: 4 << 30},
	}
}

// Base is the part that every service's configuration has.
func (c Service) Base() Service { return c }

// Check reports every setting that cannot be run with.
func (c Service) Check() error {
	var errs []error
	need := func(ok bool, format string, args ...any) {
		if !ok {
			errs = append(errs, fmt.Errorf(format, args...))
		}
	}
	need(c.Listen != "", "listen: an address is needed")
	need(isURL(string(c.Database.URL), "postgres", "postgresql"), "database.url: a postgres:// URL is needed")
	need(c.Database.OwnerURL == "" || isURL(string(c.Database.OwnerURL), "postgres", "postgresql"), "database.owner_url: not a postgres:// URL")
	need(isURL(string(c.Redis.URL), "redis", "rediss", "unix"), "redis.url: a redis:// or rediss:// URL is needed")
	need(isURL(c.Auth.JWKSURL, "http", "https"), "auth.jwks_url: an http(s) URL is needed")
	need(c.Keys.EventAhead > 0 && c.Keys.EventLife > c.Keys.EventAhead, "keys.event_life: must be longer than keys.event_ahead, both positive")
	need(c.Keys.CheckpointLife == 0 || 0 < c.Keys.CheckpointOverlap && c.Keys.CheckpointOverlap < c.Keys.CheckpointLife, "keys.checkpoint_life: must be longer than keys.checkpoint_overlap, or 0")
	need(c.Keys.SignWithin > 0 && c.Keys.CosignWithin > 0, "keys.sign_within, keys.cosign_within: must be positive")
	need(c.Telemetry.SampleRatio >= 0 && c.Telemetry.SampleRatio <= 1, "telemetry.sample_ratio: must be 0..1")
	need(c.Clock.Sweep > 0, "clock.sweep: must be positive")
	need(c.Exports.Keep > 0 && c.Exports.PerUnit > 0, "exports: must be positive")
	need(c.Exports.AttachmentBytes >= 0, "exports.attachment_bytes: must not be negative")
	need(c.Linger >= 0 && c.Grace >= 0, "linger, grace: must not be negative")
	need(c.Limits.Timeout > 0 && c.Limits.PerSecond > 0 && c.Limits.Burst > 0, "limits: must be positive")
	return errors.Join(append(errs, c.TLS.Check())...)
}

func isURL(s string, schemes ...string) bool {
	u, err := url.Parse(s)
	if err != nil {
		return false
	}
	for _, x := range schemes {
		if u.Scheme == x {
			return true
		}
	}
	return false
}

// Load reads file (none when empty) and the environment over *cfg, a pointer
// to a struct that holds the defaults. The variable of database.url is
// EGOV_DATABASE_URL; of services.budgeting.database.url, where services is a
// map that the file gives an entry budgeting, EGOV_SERVICES_BUDGETING_DATABASE_URL.
func Load(cfg any, file string, env func(string) (string, bool)) error {
	if file != "" {
		b, err := os.ReadFile(file)
		if err != nil {
			return fmt.Errorf("configuration: %w", err)
		}
		if err := Decode(cfg, b); err != nil {
			return fmt.Errorf("configuration %s: %w", file, err)
		}
	}
	return overlay(reflect.ValueOf(cfg).Elem(), "EGOV", env)
}

// Decode reads one YAML document over *cfg; unknown keys are errors.
func Decode(cfg any, b []byte) error {
	d := yaml.NewDecoder(bytes.NewReader(b))
	d.KnownFields(true)
	if err := d.Decode(cfg); err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	return nil
}

func overlay(v reflect.Value, prefix string, env func(string) (string, bool)) error {
	var errs []error
	for i := range v.NumField() {
		f := v.Type().Field(i)
		key, opt, _ := strings.Cut(f.Tag.Get("yaml"), ",")
		if opt == "inline" {
			errs = append(errs, overlay(v.Field(i), prefix, env))
			continue
		}
		if key == "" || key == "-" {
			continue
		}
		name := prefix + "_" + strings.ToUpper(key)
		switch {
		case f.Type.Kind() == reflect.Struct:
			errs = append(errs, overlay(v.Field(i), name, env))
			continue
		case f.Type.Kind() == reflect.Map && f.Type.Elem().Kind() == reflect.Struct:
			errs = append(errs, overlayEach(v.Field(i), name, env))
			continue
		}
		if s, ok := env(name); ok {
			if err := set(v.Field(i), s); err != nil {
				errs = append(errs, fmt.Errorf("%s: %w", name, err))
			}
		}
	}
	return errors.Join(errs...)
}

// overlayEach lays the environment over the entries that a map of structs has
// already; a variable adds none.
func overlayEach(m reflect.Value, prefix string, env func(string) (string, bool)) error {
	var errs []error
	for _, key := range m.MapKeys() {
		entry := reflect.New(m.Type().Elem()).Elem()
		entry.Set(m.MapIndex(key))
		errs = append(errs, overlay(entry, prefix+"_"+strings.ToUpper(key.String()), env))
		m.SetMapIndex(key, entry)
	}
	return errors.Join(errs...)
}

func set(v reflect.Value, s string) error {
	if v.Type() == reflect.TypeFor[time.Duration]() {
		d, err := time.ParseDuration(s)
		v.SetInt(int64(d))
		return err
	}
	switch v.Kind() {
	case reflect.String:
		v.SetString(s)
	case reflect.Int, reflect.Int32, reflect.Int64:
		n, err := strconv.ParseInt(s, 10, v.Type().Bits())
		v.SetInt(n)
		return err
	case reflect.Float64:
		n, err := strconv.ParseFloat(s, 64)
		v.SetFloat(n)
		return err
	case reflect.Bool:
		b, err := strconv.ParseBool(s)
		v.SetBool(b)
		return err
	default:
		return errors.New("cannot be set by a variable; use the file")
	}
	return nil
}

// Dump writes cfg as YAML with secrets hidden; with defaults given, only what
// differs from them.
func Dump(cfg, defaults any) ([]byte, error) {
	full, err := asMap(cfg)
	if err != nil || defaults == nil {
		b, merr := yaml.Marshal(full)
		return b, errors.Join(err, merr)
	}
	base, err := asMap(defaults)
	if err != nil {
		return nil, err
	}
	return yaml.Marshal(diff(full, base))
}

func asMap(v any) (map[string]any, error) {
	b, err := yaml.Marshal(v)
	if err != nil {
		return nil, err
	}
	m := map[string]any{}
	return m, yaml.Unmarshal(b, &m)
}

func diff(a, b map[string]any) map[string]any {
	out := map[string]any{}
	for k, v := range a {
		if m, ok := v.(map[string]any); ok {
			sub, _ := b[k].(map[string]any)
			if d := diff(m, sub); len(d) > 0 {
				out[k] = d
			}
			continue
		}
		if !reflect.DeepEqual(v, b[k]) {
			out[k] = v
		}
	}
	return out
}

// Reveal writes cfg as YAML with its secrets readable, for a file that only its
// owner can read.
func Reveal(cfg any) ([]byte, error) { return yaml.Marshal(reveal(reflect.ValueOf(cfg))) }

// RevealOver is Reveal of what differs from the defaults alone, so that an
// earlier release reads it too, which lacks a setting that stays as it comes.
// Both are of one struct type.
func RevealOver(cfg, defaults any) ([]byte, error) {
	all, ok := reveal(reflect.ValueOf(cfg)).(map[string]any)
	base, too := reveal(reflect.ValueOf(defaults)).(map[string]any)
	if !ok || !too {
		return nil, fmt.Errorf("a %T over a %T is no configuration", cfg, defaults)
	}
	return yaml.Marshal(diff(all, base))
}

func reveal(v reflect.Value) any {
	switch v.Kind() {
	case reflect.Struct:
		m := map[string]any{}
		for i := range v.NumField() {
			key, opt, _ := strings.Cut(v.Type().Field(i).Tag.Get("yaml"), ",")
			switch {
			case opt == "inline":
				for k, x := range reveal(v.Field(i)).(map[string]any) {
					m[k] = x
				}
			case key != "" && key != "-":
				m[key] = reveal(v.Field(i))
			}
		}
		return m
	case reflect.Map:
		m := map[string]any{}
		for _, k := range v.MapKeys() {
			m[k.String()] = reveal(v.MapIndex(k))
		}
		return m
	case reflect.Pointer, reflect.Interface:
		if v.IsNil() {
			return nil
		}
		return reveal(v.Elem())
	case reflect.String:
		return v.String()
	}
	if d, ok := v.Interface().(time.Duration); ok {
		return d.String()
	}
	return v.Interface()
}
