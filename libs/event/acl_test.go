package event_test

import (
	"context"
	"strings"
	"testing"

	"github.com/redis/go-redis/v9"

	"egov/libs/event"
	"egov/libs/redistest"
)

// users makes a user of Redis for each service, with the rights it is to have,
// and signs in as them.
func users(t *testing.T, server *redistest.Private, rights map[string][]string) map[string]*redis.Client {
	t.Helper()
	admin := redistest.Open(t, server.URL(0))
	clients := map[string]*redis.Client{}
	for name, rules := range rights {
		args := []any{"ACL", "SETUSER", name, "on", ">" + name + "-password"}
		for _, r := range rules {
			args = append(args, r)
		}
		if err := admin.Do(t.Context(), args...).Err(); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		o, err := redis.ParseURL(server.URL(0))
		if err != nil {
			t.Fatal(err)
		}
		o.Username, o.Password, o.MaxRetries = name, name+"-password", -1
		c := redis.NewClient(o)
		t.Cleanup(func() { _ = c.Close() }) // the server goes with the test
		clients[name] = c
	}
	return clients
}

// TestTheBackboneRunsWithinItsRights: producer and consumers, each as a user
// with a service's rights, carry all facts, also after the stream was lost.
func TestTheBackboneRunsWithinItsRights(t *testing.T) {
	t.Parallel()
	server := redistest.Server(t)
	as := users(t, server, map[string][]string{
		source: event.ACL(source), "expertreview": event.ACL("expertreview"), "auditexport": event.ACL("auditexport"),
	})
	b := newBench(t, as[source])
	b.publishMany(10, 20)
	relay := b.relay()
	b.run(relay.Run)
	for _, name := range []string{"expertreview", "auditexport"} {
		side := *b
		side.rdb = as[name]
		b.run(side.consumer(name + ".all").Run)
	}
	b.effectsOf("expertreview.all", 200)
	b.effectsOf("auditexport.all", 200)
	if err := redistest.Open(t, server.URL(0)).FlushAll(t.Context()).Err(); err != nil {
		t.Fatal(err)
	}
	b.publish(fact("p000", 21), fact("late", 1))
	relay.Wake()
	b.effectsOf("expertreview.all", 202)
	b.effectsOf("auditexport.all", 202)
}

// TestAServiceReachesNothingElse in Redis: each thing it might try against
// another service, or the server, is refused.
func TestAServiceReachesNothingElse(t *testing.T) {
	t.Parallel()
	server := redistest.Server(t)
	as := users(t, server, map[string][]string{"budgeting": event.ACL("budgeting"), "watcher": event.WatcherACL()})
	admin := redistest.Open(t, server.URL(0))
	seed := []string{
		"XADD egov:events:declaration 1-1 event e", "XADD egov:proofs:declaration 1-1 batch b", "HSET egov:windows:declaration w 1",
		"XADD egov:requests:declaration 1-1 a b", "XADD egov:replay:declaration:conference.docket 1-1 event e", "SET egov:session:1 s",
		"XADD egov:events:budgeting 1-1 event e",
	}
	for _, c := range seed {
		if err := do(t.Context(), admin, c); err != nil {
			t.Fatalf("%s: %v", c, err)
		}
	}
	for name, commands := range map[string][]string{
		"budgeting": {
			"XADD egov:events:declaration * event forged", "XTRIM egov:events:declaration MAXLEN 0", "XDEL egov:events:declaration 1-1",
			"DEL egov:events:declaration", "XGROUP DESTROY egov:events:declaration g", "XSETID egov:events:declaration 9-9",
			"RENAME egov:events:declaration egov:events:budgeting", "XADD egov:proofs:declaration * batch forged", "DEL egov:proofs:declaration",
			"HSET egov:windows:declaration w 2", "DEL egov:windows:declaration", "XRANGE egov:requests:declaration - +", "DEL egov:requests:declaration",
			"XRANGE egov:replay:declaration:conference.docket - +", "XADD egov:replay:declaration:conference.docket * event forged",
			"GET egov:session:1", "SET egov:session:1 mine", "SET anything 1",
			"EVAL return(redis.call('XADD',KEYS[1],'*','event','forged')) 1 egov:events:declaration",
			"KEYS *", "SCAN 0", "DBSIZE", "RANDOMKEY", "FLUSHALL", "FLUSHDB", "CONFIG GET *", "CONFIG SET maxmemory 1", "ACL LIST", "CLIENT KILL ID 1", "SHUTDOWN NOSAVE",
			"REPLICAOF NO ONE", "SAVE", "MONITOR", "SWAPDB 0 1", "SCRIPT FLUSH", "FUNCTION LIST", "MIGRATE h 1 k 0 1", "SUBSCRIBE x", "PUBLISH x y",
		},
		"watcher": {
			"XADD egov:events:budgeting * event forged", "XRANGE egov:events:budgeting - +", "XREADGROUP GROUP g c STREAMS egov:events:budgeting >",
			"XRANGE egov:proofs:declaration - +", "GET egov:session:1", "FLUSHALL", "KEYS *",
		},
	} {
		for _, c := range commands {
			if err := do(t.Context(), as[name], c); err == nil || !strings.HasPrefix(err.Error(), "NOPERM") && !strings.Contains(err.Error(), "ACL failure") {
				t.Errorf("%s may %s (%v)", name, c, err)
			}
		}
	}
	for _, c := range []string{"XLEN egov:events:budgeting", "XINFO GROUPS egov:events:budgeting"} {
		if err := do(t.Context(), as["watcher"], c); err != nil {
			t.Errorf("the watcher may not %s: %v", c, err)
		}
	}
}

func do(ctx context.Context, c *redis.Client, command string) error {
	var args []any
	for _, f := range strings.Fields(command) {
		args = append(args, f)
	}
	return c.Do(ctx, args...).Err()
}
