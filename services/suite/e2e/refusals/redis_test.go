package refusals_test

import (
	"context"
	"crypto/x509"
	"errors"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/redis/go-redis/v9"

	"egov/services/suite"
)

func (g *ground) redisURL(service string) string {
	switch service {
	case "identity":
		return string(g.Config.Identity.Redis.URL)
	case "portal":
		return string(g.Config.Portal.Redis.URL)
	}
	return string(g.Config.Services[service].Redis.URL)
}

// redisClient is a client of one user, which ends with the test.
func (g *ground) redisClient(t *testing.T, url string, change func(*redis.Options)) *redis.Client {
	t.Helper()
	o, err := g.Redis.Options(url)
	if err != nil {
		t.Fatal(err)
	}
	o.MaxRetries, o.PoolSize = -1, 1
	if change != nil {
		change(o)
	}
	c := redis.NewClient(o)
	t.Cleanup(func() { _ = c.Close() }) // the server goes with the test
	return c
}

func do(ctx context.Context, c *redis.Client, command string) error {
	var args []any
	for _, f := range strings.Fields(command) {
		args = append(args, f)
	}
	if err := c.Do(ctx, args...).Err(); !errors.Is(err, redis.Nil) {
		return err
	}
	return nil
}

// noPermission reports whether Redis refused a command for its user's rights.
func noPermission(err error) bool {
	return err != nil && (strings.HasPrefix(err.Error(), "NOPERM") || strings.Contains(err.Error(), "ACL failure in script"))
}

const (
	theService = "the service whose key it is"
	theAdmin   = "the user of those who run the server"
	configured = theAdmin + ", once its configuration allows the command"
	notAllowed = "not allowed"
	noperm     = "NOPERM"
)

// command is one thing that a service's user may not do in Redis.
type command struct {
	what, text string
	may        string // theService or theAdmin
}

// commands of service on what is other's; third is one more service.
func commands(service, other, third string) []command {
	events := "egov:events:" + other
	return []command{
		{"append to another service's stream of events", "XADD " + events + " * event forged", theService},
		{"append to another service's stream of events", "EVAL return(redis.call('XADD',KEYS[1],'*','event','forged')) 1 " + events, theService},
		{"cut, empty, delete or turn back another service's stream", "XTRIM " + events + " MAXLEN 0", theService},
		{"cut, empty, delete or turn back another service's stream", "XDEL " + events + " 1-1", theService},
		{"cut, empty, delete or turn back another service's stream", "DEL " + events, theService},
		{"cut, empty, delete or turn back another service's stream", "XSETID " + events + " 9-9", theService},
		{"cut, empty, delete or turn back another service's stream", "EXPIRE " + events + " 1", theAdmin},
		{"put another stream in the place of one", "RENAME " + events + " egov:events:" + service, theAdmin},
		{"put another stream in the place of one", "RENAME egov:events:" + service + " " + events, theAdmin},
		{"put another stream in the place of one", "COPY " + events + " egov:events:" + service + " REPLACE", theAdmin},
		{"destroy or turn back another service's groups", "XGROUP DESTROY " + events + " nobody", theService},
		{"destroy or turn back another service's groups", "XGROUP SETID " + events + " nobody 0", theService},
		{"forge or delete another service's signatures", "XADD egov:proofs:" + other + " * batch forged", theService},
		{"forge or delete another service's signatures", "XTRIM egov:proofs:" + other + " MAXLEN 0", theService},
		{"forge or delete another service's signatures", "DEL egov:proofs:" + other, theService},
		{"forge another service's counts for reconciliation", "HSET egov:windows:" + other + " w 2", theService},
		{"forge another service's counts for reconciliation", "DEL egov:windows:" + other, theService},
		{"read or delete what others ask a service to repeat", "XRANGE egov:requests:" + other + " - +", theService},
		{"read or delete what others ask a service to repeat", "XREADGROUP GROUP g c STREAMS egov:requests:" + other + " >", theService},
		{"read or delete what others ask a service to repeat", "DEL egov:requests:" + other, theService},
		{"forge what a service repeats, for itself or others", "XADD egov:replay:" + other + ":" + service + ".docket * event forged", theService},
		{"forge what a service repeats, for itself or others", "XADD egov:replay:" + other + ":" + third + ".docket * event forged", theService},
		{"read what a service repeats for others", "XRANGE egov:replay:" + other + ":" + third + ".docket - +", theService},
		{"read what a service repeats for others", "XREAD STREAMS egov:replay:" + other + ":" + third + ".docket 0", theService},
	}
}

// server are commands on the whole server.
var server = []command{
	{"list or guess the names of keys", "KEYS *", theAdmin},
	{"list or guess the names of keys", "SCAN 0", theAdmin},
	{"list or guess the names of keys", "RANDOMKEY", theAdmin},
	{"list or guess the names of keys", "DBSIZE", theAdmin},
	{"empty the server", "FLUSHALL", theAdmin},
	{"empty the server", "FLUSHDB", theAdmin},
	{"empty the server", "SWAPDB 0 1", theAdmin},
	{"change or read the server's settings", "CONFIG GET *", theAdmin},
	{"change or read the server's settings", "CONFIG SET maxmemory 1", theAdmin},
	{"change or read the server's settings", "CONFIG REWRITE", theAdmin},
	{"change or read the server's settings", "INFO", theAdmin},
	{"change or list users and their rights", "ACL LIST", theAdmin},
	{"change or list users and their rights", "ACL SETUSER accomplice on nopass +@all ~*", theAdmin},
	{"change or list users and their rights", "ACL DELUSER portal", theAdmin},
	{"change or list users and their rights", "ACL WHOAMI", theAdmin},
	{"watch, list or end the connections of others", "CLIENT LIST", theAdmin},
	{"watch, list or end the connections of others", "CLIENT KILL ID 1", theAdmin},
	{"watch, list or end the connections of others", "CLIENT PAUSE 1000", theAdmin},
	{"watch, list or end the connections of others", "MONITOR", theAdmin},
	{"watch, list or end the connections of others", "SLOWLOG GET", theAdmin},
	{"stop the server, have it save or follow another", "SHUTDOWN NOSAVE", theAdmin},
	{"stop the server, have it save or follow another", "SAVE", theAdmin},
	{"stop the server, have it save or follow another", "BGREWRITEAOF", theAdmin},
	{"stop the server, have it save or follow another", "REPLICAOF NO ONE", theAdmin},
	{"stop the server, have it save or follow another", "FAILOVER", theAdmin},
	{"load code into the server, or drop it", "MODULE LIST", theAdmin},
	{"load modules, or slow the server down for trials", "MODULE LOAD /nowhere.so", configured},
	{"load modules, or slow the server down for trials", "DEBUG SLEEP 0", configured},
	{"load code into the server, or drop it", "FUNCTION LIST", theAdmin},
	{"load code into the server, or drop it", "FUNCTION FLUSH", theAdmin},
	{"load code into the server, or drop it", "SCRIPT FLUSH", theAdmin},
	{"load code into the server, or drop it", "SCRIPT KILL", theAdmin},
	{"send keys to another server", "MIGRATE 127.0.0.1 1 k 0 1", theAdmin},
	{"send keys to another server", "DUMP egov:events:identity", theAdmin},
	{"speak or listen in channels", "PUBLISH x y", theAdmin},
	{"speak or listen in channels", "SUBSCRIBE x", theAdmin},
	{"speak or listen in channels", "PSUBSCRIBE *", theAdmin},
	{"put a key of no service", "SET anything 1", theAdmin},
}

// tryRedis tries what a service's user should not reach in Redis.
func tryRedis(t *testing.T, g *ground) {
	admin := g.redisClient(t, g.Redis.URL(0), nil)
	tryRedisDoor(t, g)
	services := suite.Databases()
	for i, service := range services {
		c := g.redisClient(t, g.redisURL(service), nil)
		for j, other := range services {
			if j == i {
				continue
			}
			third := services[slices.IndexFunc(services, func(n string) bool { return n != service && n != other })]
			for _, x := range commands(service, other, third) {
				g.tryCommand(t, admin, c, service, other, x)
			}
		}
		for _, x := range server {
			g.tryCommand(t, admin, c, service, "", x)
		}
	}
	tryPortalsKeys(t, g, admin)
	tryRedisLimits(t, g, admin)
}

// tryCommand has the user do something in earnest, and asks the server whether
// the rightful one may.
func (g *ground) tryCommand(t *testing.T, admin, c *redis.Client, service, other string, x command) {
	t.Helper()
	l := line{redisSrv, "a service's user", x.what, x.may}
	g.refusesCommand(t, l, c, service, x.text)
	who := other
	if x.may != theService {
		who = "admin"
	}
	g.allowed(t, l, admin, who, x.text)
}

// refusesCommand has a user do something, in earnest.
func (g *ground) refusesCommand(t *testing.T, l line, c *redis.Client, user, command string) {
	t.Helper()
	switch err := do(t.Context(), c, command); {
	case noPermission(err):
		g.book.refused(l, noperm)
	case err != nil && l.may == configured && strings.Contains(err.Error(), "command not allowed"):
		g.book.refused(l, notAllowed) // asked before the user's rights
	default:
		t.Errorf("%s: %s: %v", user, command, err)
	}
}

// allowed asks the server whether a user may do something, without doing it.
func (g *ground) allowed(t *testing.T, l line, admin *redis.Client, user, command string) {
	t.Helper()
	args := []any{"ACL", "DRYRUN", user}
	for _, f := range strings.Fields(command) {
		args = append(args, f)
	}
	if answer, err := admin.Do(t.Context(), args...).Text(); err != nil || answer != "OK" {
		t.Errorf("%s may not %s: %s %v", user, command, answer, err)
		return
	}
	g.book.passed(l)
}

// tryRedisDoor comes in where no service does.
func tryRedisDoor(t *testing.T, g *ground) {
	t.Helper()
	own := func(service string) *redis.Client { return g.redisClient(t, g.redisURL(service), nil) }
	for i, service := range suite.Names() {
		other := suite.Names()[(i+1)%len(suite.Names())]
		theirs, err := redis.ParseURL(g.redisURL(other))
		if err != nil {
			t.Fatal(err)
		}
		at := g.redisURL(service)
		for _, try := range []struct {
			what, answer, says string
			change             func(*redis.Options)
		}{
			{"come in without TLS", "connection closed", "", func(o *redis.Options) { o.TLSConfig = nil }},
			{"come in without a name and a password", "NOAUTH", "NOAUTH", func(o *redis.Options) { o.Username, o.Password = "", "" }},
			{"come in as the user `default`", "WRONGPASS", "WRONGPASS", func(o *redis.Options) { o.Username, o.Password = "default", ""+o.Password }},
			{"come in with another service's password", "WRONGPASS", "WRONGPASS", func(o *redis.Options) { o.Password = theirs.Password }},
			{"come in as those who run the server", "WRONGPASS", "WRONGPASS", func(o *redis.Options) { o.Username = "admin" }},
		} {
			l := line{redisSrv, "a service", try.what, "the service, with TLS, as its own user"}
			err := do(t.Context(), g.redisClient(t, at, try.change), "PING")
			if err == nil || !strings.HasPrefix(err.Error(), try.says) {
				t.Errorf("%s: %s: %v", service, try.what, err)
			} else {
				g.book.refused(l, try.answer)
			}
			if err := do(t.Context(), own(service), "PING"); err != nil {
				t.Errorf("%s: %v", service, err)
			} else {
				g.book.passed(l)
			}
		}
		l := line{redisSrv, "a server that is not Redis", "take a service's password", "Redis, whose certificate the service's authorities signed"}
		err = do(t.Context(), g.redisClient(t, at, func(o *redis.Options) { o.TLSConfig.RootCAs = pool(t, g.Postgres.Authority()) }), "PING")
		if unknown := (x509.UnknownAuthorityError{}); !errors.As(err, &unknown) {
			t.Errorf("%s talks to a server of another authority: %v", service, err)
		} else {
			g.book.refused(l, "unknown authority")
		}
		if err := do(t.Context(), own(service), "PING"); err == nil {
			g.book.passed(l)
		}
	}
}

func pool(t *testing.T, file string) *x509.CertPool {
	t.Helper()
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	p := x509.NewCertPool()
	if !p.AppendCertsFromPEM(b) {
		t.Fatalf("%s holds no certificate", file)
	}
	return p
}

// tryPortalsKeys reaches for the sessions of browsers, and from the portal for
// facts.
func tryPortalsKeys(t *testing.T, g *ground, admin *redis.Client) {
	t.Helper()
	g.browser(t, "declarer")
	sessions, err := admin.Keys(t.Context(), "portal:session:*").Result()
	if err != nil || len(sessions) == 0 {
		t.Fatalf("no session is there to be read: %v", err)
	}
	session := sessions[0]
	portal := g.redisClient(t, g.redisURL("portal"), nil)
	for _, service := range suite.Databases() {
		c := g.redisClient(t, g.redisURL(service), nil)
		l := line{redisSrv, "a service's user", "read, replace or end the session of a browser", "the portal"}
		for _, x := range []string{"GET " + session, "SET " + session + " mine", "DEL " + session, "EXISTS " + session, "EVAL return(redis.call('GET',KEYS[1])) 1 " + session} {
			g.refusesCommand(t, l, c, service, x)
		}
		if err := do(t.Context(), portal, "GET "+session); err != nil {
			t.Errorf("the portal: %v", err)
		} else {
			g.book.passed(l)
		}
		facts := line{redisSrv, "the portal's user", "read or write facts, signatures and what is repeated", theService}
		for _, x := range []string{
			"XADD egov:events:" + service + " * event forged", "XRANGE egov:events:" + service + " - +", "DEL egov:events:" + service,
			"XADD egov:proofs:" + service + " * batch forged", "HSET egov:windows:" + service + " w 1", "XADD egov:requests:" + service + " * a b",
		} {
			g.refusesCommand(t, facts, portal, "the portal", x)
			g.allowed(t, facts, admin, service, x)
		}
	}
	for _, x := range server {
		l := line{redisSrv, "the portal's user", "the same of the whole server as a service's", x.may}
		g.refusesCommand(t, l, portal, "the portal", x.text)
		g.allowed(t, l, admin, "admin", x.text)
	}
}

// tryRedisLimits shows that what the document admits is so.
func tryRedisLimits(t *testing.T, g *ground, admin *redis.Client) {
	t.Helper()
	for _, x := range []struct {
		can, but string
		commands []string
	}{
		{
			"acknowledge, claim or forget entries in another consumer's group of a stream",
			"Redis knows keys, not groups. The reconciler compares what was sent with what arrived and asks for what is missing (`TestReconciliationFindsWhatNothingElseShows`)",
			[]string{"XACK egov:events:declaration conference.docket 1-1", "XGROUP DELCONSUMER egov:events:declaration conference.docket c", "XCLAIM egov:events:declaration conference.docket me 0 1-1"},
		},
		{
			"read every service's facts, and who reads them",
			"facts are for the district's services; what is not for all of them is not in a fact",
			[]string{"XRANGE egov:events:declaration - +", "XINFO GROUPS egov:events:declaration", "XRANGE egov:proofs:declaration - +"},
		},
		{
			"cut the list of what others are asked to repeat",
			"whoever misses something asks again",
			[]string{"XADD egov:requests:declaration MAXLEN 0 * a b"},
		},
		{
			"keep the server busy or fill it",
			"facts wait in each service's outbox meanwhile; `maxmemory-policy noeviction` (`redis_oom` in [chaos.md](chaos.md))",
			[]string{"EVAL while(true)do(end) 0", "XADD egov:events:budgeting * event x"},
		},
	} {
		for _, c := range x.commands {
			args := []any{"ACL", "DRYRUN", "budgeting"}
			for _, f := range strings.Fields(c) {
				args = append(args, f)
			}
			if answer, err := admin.Do(t.Context(), args...).Text(); err != nil || answer != "OK" {
				t.Errorf("budgeting may not %s (%s %v): the list of limits is out of date", c, answer, err)
			}
		}
		g.book.admits(limit{redisSrv, "a service's user", x.can, x.but})
	}
}
