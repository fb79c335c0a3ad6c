// Package module is how a service is put together: its database migrated and
// opened, its store, relay and consumers running, its operations mounted with
// the standard middleware, its inbox, clocks and OpenAPI served. A service's
// own module package adds its duty to that in a screen of code.
package module

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/redis/go-redis/v9"
	"google.golang.org/protobuf/proto"

	"egov/libs/attachment"
	"egov/libs/authn"
	"egov/libs/authn/token"
	"egov/libs/blob"
	_ "egov/libs/blob/s3" // attachments may lie in an S3-compatible store, by setting alone
	"egov/libs/calendar"
	"egov/libs/certs"
	"egov/libs/conf"
	"egov/libs/event"
	"egov/libs/event/eventkeys"
	"egov/libs/host"
	"egov/libs/jobs"
	"egov/libs/ledger/witness"
	"egov/libs/op"
	"egov/libs/opmw"
	"egov/libs/pg"
	"egov/libs/policy"
	"egov/libs/rules"
	"egov/libs/sign"
	"egov/libs/store"
)

// Module is one service's own part.
type Module struct {
	Name       string // "declaration"; also its database role and event source
	Title      string // Chinese, for the API reference
	Duty       string // unit code of the duty holder; consequences of events are stated in its name
	Migrations []pg.Set
	Setup      func(ctx context.Context, k *Kit) error
	// OwnKeys: the service itself publishes the keys by which tokens are verified,
	// and is ready without having them from anybody.
	OwnKeys bool
}

// Kit is what a module builds on.
type Kit struct {
	Config      conf.Service
	Unit        *host.Unit
	Log         *slog.Logger
	API         *op.API
	Store       *store.Store
	Pool        *pgxpool.Pool
	Redis       redis.UniversalClient
	Clock       calendar.Clock
	Rules       rules.Book
	Attachments attachment.Shelf
	Self        authn.Principal // the service itself

	module   Module
	seal     *sign.PrivateKey
	signer   *eventkeys.Own
	register *eventkeys.Register
	asked    chan struct{} // closed when every place of the register was asked once
	holidays holidays
	own      own
}

// New makes the host service of m under configuration c.
func New(m Module, c conf.Service) host.Service {
	return host.Service{
		Name: m.Name, Duty: m.Duty, Listen: c.Listen, TLS: c.TLS, Linger: c.Linger, Grace: c.Grace,
		Migrate: func(ctx context.Context) error { return m.migrate(ctx, c.Database) },
		Setup: func(ctx context.Context, u *host.Unit) error {
			k, err := assemble(ctx, m, c, u)
			if err != nil {
				return err
			}
			if err := m.Setup(ctx, k); err != nil {
				return err
			}
			k.readOwnRegister(ctx)
			if err := k.followClocks(); err != nil {
				return err
			}
			if err := k.witness(); err != nil {
				return err
			}
			k.mountShared()
			return k.API.ServeOpenAPI()
		},
	}
}

func assemble(ctx context.Context, m Module, c conf.Service, u *host.Unit) (*Kit, error) {
	if err := c.Check(); err != nil {
		return nil, err
	}
	u.Config(c, conf.Default(m.Name))
	k := &Kit{
		Config: c, Unit: u, Log: u.Log, Self: authn.Service(m.Name, m.Duty), module: m,
		Clock: calendar.System(), asked: make(chan struct{}),
	}
	var err error
	if c.Clock.File != "" {
		if k.Clock, err = calendar.File(c.Clock.File); err != nil {
			return nil, fmt.Errorf("virtual clock: %w", err)
		}
	}
	if k.Rules.Packs, err = packs(c.Packs); err != nil {
		return nil, err
	}
	if err := k.readHolidays(); err != nil {
		return nil, err
	}
	if c.Database.OwnerURL != "" {
		if err := m.migrate(ctx, c.Database); err != nil {
			return nil, err
		}
	}
	if k.Pool, err = pg.Open(ctx, string(c.Database.URL), m.Name, pg.PoolOptions{MaxConns: c.Database.MaxConns}); err != nil {
		return nil, err
	}
	u.OnStop(func(context.Context) error { k.Pool.Close(); return nil })
	u.Ready("database", k.Pool.Ping)
	u.Uses(postgresLink(k.Pool.Config().ConnConfig))

	ropt, err := redis.ParseURL(string(c.Redis.URL))
	if err != nil {
		return nil, fmt.Errorf("redis URL: %w", err)
	}
	u.Uses(RedisLink(ropt))
	ropt.MaxRetries = -1 // the relay and the consumers repeat, and look where the stream stands first
	k.Redis = redis.NewClient(ropt)
	u.OnStop(func(context.Context) error { return k.Redis.Close() })

	if k.seal, err = loadSeal(m.Name, c.Keys); err != nil {
		return nil, err
	}
	u.Mux.HandleFunc("GET /v1/seal", k.serveKey)
	if c.Blob.URL != "" {
		blobs, err := blob.Open(ctx, c.Blob.URL)
		if err != nil {
			return nil, err
		}
		u.OnStop(func(context.Context) error { return blobs.Close() })
		k.Attachments = attachment.Shelf{Blobs: blobs}
	}

	outward, err := callingOthers(c.TLS)
	if err != nil {
		return nil, err
	}
	if err := k.openEventKeys(c.Keys, outward); err != nil {
		return nil, err
	}
	relay := event.NewRelay(k.Pool, k.Redis, m.Name, event.RelayOptions{Signer: k.signer, Log: u.Log})
	u.Metrics.Register.MustRegister(relay)
	k.loop("relay", relay.Run)
	k.Store = store.New(k.Pool, store.Options{Source: m.Name, Clock: k.Clock, Calendar: k.Rules.Calendar, Wake: relay.Wake})
	u.OnStop(func(context.Context) error { k.Store.Close(); return nil })

	verifier, err := token.NewVerifier(ctx, token.Options{JWKSURL: c.Auth.JWKSURL, Issuer: c.Auth.Issuer, Audience: c.Auth.Audience, Now: k.Clock.Now, Client: outward})
	if err != nil {
		return nil, err
	}
	if !m.OwnKeys {
		u.Ready("signing_keys", keyed(verifier.Keyed, time.Now))
	}
	k.API = op.NewAPI(m.Name, m.Title, u.Mux, opmw.Standard(opmw.Options{
		Log: u.Log, Metrics: u.Metrics.Register, Verifier: verifier,
		Timeout: c.Limits.Timeout, PerSecond: c.Limits.PerSecond, Burst: c.Limits.Burst,
	})...).Repeatable()
	op.Fallback(u.Mux, "/")
	return k, nil
}

// keysPatience is how long after its start a process is not ready for want of the
// keys by which tokens are verified.
const keysPatience = 15 * time.Second

// keyed holds a process back that could not judge anybody's token yet, while the
// one that it replaces still can. Where identity is away for long it goes on
// without: nothing waits for another service for ever.
func keyed(has func() bool, now func() time.Time) func(context.Context) error {
	given := now().Add(keysPatience)
	return func(context.Context) error {
		if has() || !now().Before(given) {
			return nil
		}
		return token.ErrNoKeys
	}
}

// callingOthers is how a service asks others for what is public, their keys: it
// shows its own certificate to those who ask for one.
func callingOthers(t conf.TLS) (*http.Client, error) {
	transport := http.DefaultTransport.(*http.Transport).Clone()
	if t.Cert != "" {
		keeper, err := certs.Open(certs.Files(t), nil)
		if err != nil {
			return nil, err
		}
		transport.TLSClientConfig = keeper.Client()
	}
	return &http.Client{Transport: transport, Timeout: 5 * time.Second}, nil
}

var errNoOwner = errors.New("database.owner_url: migrations are the owner's work")

// migrate brings the database to the form of this program.
func (m Module) migrate(ctx context.Context, d conf.Database) error {
	if d.OwnerURL == "" {
		return errNoOwner
	}
	sets := append([]pg.Set{store.Migrations(), {Name: "event", FS: event.Migrations()}, jobs.Migrations(), witness.Migrations()}, m.Migrations...)
	return pg.Migrate(ctx, string(d.OwnerURL), d.Role, d.Wait, sets...)
}

// packs are the built-in rule packs and those of a directory, if one is named.
func packs(dir string) (*policy.Set, error) {
	built := policy.Default()
	if dir == "" {
		return built, nil
	}
	more, err := policy.Read(os.DirFS(dir))
	if err != nil {
		return nil, fmt.Errorf("rule packs of %s: %w", dir, err)
	}
	set, err := built.With(more...)
	if err != nil {
		return nil, fmt.Errorf("rule packs of %s: %w", dir, err)
	}
	return set, nil
}

// Reaction is what a service does about one type of event.
type Reaction struct {
	typ string // full proto name; empty = every type without a reaction of its own
	do  func(context.Context, event.Record) error
}

// React makes f the reaction to the facts of one type. f may be called again
// for a fact it has seen when its transaction did not commit, never after.
func React[M any, P interface {
	*M
	proto.Message
}](f func(ctx context.Context, fact P, e event.Record) error) Reaction {
	typ := string(P(new(M)).ProtoReflect().Descriptor().FullName())
	return Reaction{typ, func(ctx context.Context, e event.Record) error {
		fact := P(new(M))
		if err := event.Decode(e, fact); err != nil {
			return err
		}
		return f(ctx, fact, e)
	}}
}

// Otherwise is the reaction to every fact that has none of its own.
func Otherwise(f func(context.Context, event.Record) error) Reaction { return Reaction{do: f} }

// Subscribe reacts to the events of the sources. The name is stable: it names
// the consumer group, and changing it replays everything.
func (k *Kit) Subscribe(name string, sources []string, reactions ...Reaction) {
	k.Consume(name, sources, k.effects(reactions))
}

func (k *Kit) effects(reactions []Reaction) event.Effects {
	effects := event.Effects{On: map[string]event.Handler{}}
	for _, r := range reactions {
		h := k.Store.Handler(k.Self, r.do)
		if r.typ == "" {
			effects.Default = h
			continue
		}
		effects.On[r.typ] = h
	}
	return effects
}

// Consume gives the events of the sources to effects that run outside of any
// repository, such as bulk inserts. The name is stable.
func (k *Kit) Consume(name string, sources []string, effects event.Effects) {
	k.consume(name, sources, effects, event.ConsumerOptions{})
}

func (k *Kit) consume(name string, sources []string, effects event.Effects, o event.ConsumerOptions) {
	o.Log, o.Keys = k.Log, k.register
	c := event.NewConsumer(k.Pool, k.Redis, name, sources, effects, o)
	k.Unit.Metrics.Register.MustRegister(c)
	k.loop("consume "+name, c.Run)
}

// Tasks is the answer of GET /v1/tasks.
type Tasks struct {
	Items []store.Task `json:"items"`
}

// Deadlines is the answer of GET /v1/deadlines.
type Deadlines struct {
	Items []store.DeadlineRow `json:"items"`
}

type deadlineQuery struct {
	ProjectID string `query:"project_id" json:"-"`
	State     string `query:"state" json:"-"` // one or several, separated by commas
}

func (k *Kit) mountShared() {
	op.Handle(k.API, "GET /v1/tasks", "ListTasks", "What the caller can do now in this service", func(ctx context.Context, _ struct{}) (Tasks, error) {
		items, err := k.Store.Tasks(ctx)
		return Tasks{items}, err
	})
	op.Handle(k.API, "GET /v1/deadlines", "ListDeadlines", "Statutory clocks kept by this service", func(ctx context.Context, q deadlineQuery) (Deadlines, error) {
		items, err := k.Store.Deadlines(ctx, q.ProjectID, q.State)
		return Deadlines{items}, err
	})
	k.mountDeadLetters()
	op.Describe[SealKey](k.API, "GET /v1/seal", "GetSeal", "The key by which anyone checks the seals of this service")
	if k.API.Service != keeper {
		op.Describe[Witnessed](k.API, "GET /v1/witness", "GetWitness", "What this service saw of the ledger, and the keys of its cosignatures")
	}
}

// Describe is the OpenAPI document of a service whose operations mount puts on
// the API, with those every service has. Nothing is opened or called: a mount
// that only takes method values may do so of a zero service.
func Describe(name, title string, mount func(*op.API)) ([]byte, error) {
	k := &Kit{API: op.NewAPI(name, title, http.NewServeMux()).Repeatable()}
	mount(k.API)
	k.mountShared()
	return k.API.OpenAPI()
}
