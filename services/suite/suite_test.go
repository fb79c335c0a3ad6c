package suite_test

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/redis/go-redis/v9"

	"egov/libs/conf"
	"egov/libs/embedded"
	"egov/services/suite"
)

// TestAFileSaysOnlyWhatDiffers: a service of an installation has the defaults
// it has alone.
func TestAFileSaysOnlyWhatDiffers(t *testing.T) {
	t.Parallel()
	c := suite.Default()
	err := conf.Decode(&c, []byte("services: {budgeting: {listen: ':9', database: {max_conns: 3}}}\nidentity: {listen: ':8'}\n"))
	if err != nil {
		t.Fatal(err)
	}
	want := conf.Default("budgeting")
	want.Listen, want.Database.MaxConns = ":9", 3
	if got := c.Services["budgeting"]; got != want {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
	if c.Identity.Listen != ":8" || c.Identity.Database.Role != "identity" || c.LogLevel != "info" {
		t.Errorf("%+v", c.Identity)
	}
	if err := conf.Decode(&c, []byte("services:\n  budgeting: {listne: ':9'}\n")); err == nil || !strings.Contains(err.Error(), "listne") {
		t.Errorf("an unknown key gives %v", err)
	}
}

// TestCheckNamesEveryServiceThatCannotRun and nothing is started.
func TestCheckNamesEveryServiceThatCannotRun(t *testing.T) {
	t.Parallel()
	var all strings.Builder
	for _, n := range suite.Names() {
		if n != "identity" && n != "portal" {
			all.WriteString("  " + n + ": {listen: ':1'}\n")
		}
	}
	file := filepath.Join(t.TempDir(), "suite.yaml")
	if err := os.WriteFile(file, []byte("services:\n"+all.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	for target, want := range map[string][]string{"all": suite.Names(), "budgeting": {"budgeting"}} {
		err := suite.Run(file, target, suite.Check)
		if err == nil {
			t.Fatalf("%s: settings without a database pass", target)
		}
		for _, n := range suite.Names() {
			named := strings.Contains(err.Error(), n+": ")
			if expected := strings.Contains(strings.Join(want, " "), n); named != expected {
				t.Errorf("%s: %s named %v, want %v", target, n, named, expected)
			}
		}
	}
	if err := suite.Run(file, "budgeting", suite.Migrate); err == nil || !strings.Contains(err.Error(), "owner_url") {
		t.Errorf("migrating without an owner gives %v", err)
	}
}

// TestRedisLoadsItsUsers: a server takes the file as it is shipped, lets nobody
// in by it, and a service in when its password is set.
func TestRedisLoadsItsUsers(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("../../deploy/redis/users.acl")
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	r, err := embedded.StartRedis(t.Context(), embedded.RedisOptions{Dir: dir, Config: strings.Split(strings.TrimSpace(strings.Replace(string(text), "user default off\n", "", 1)), "\n")})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := r.Stop(context.WithoutCancel(t.Context())); err != nil {
			t.Error(err)
		}
	})
	admin := redisOf(t, r.URL(0))
	for _, name := range append(suite.Names(), "watcher") {
		if err := redisOf(t, r.UserURL(name, "guess", 0)).Ping(t.Context()).Err(); err == nil || !strings.Contains(err.Error(), "WRONGPASS") {
			t.Errorf("%s is let in before it has a password: %v", name, err)
		}
		if err := admin.Do(t.Context(), "ACL", "SETUSER", name, ">secret").Err(); err != nil {
			t.Fatal(err)
		}
		if err := redisOf(t, r.UserURL(name, "secret", 0)).Ping(t.Context()).Err(); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func redisOf(t *testing.T, url string) *redis.Client {
	t.Helper()
	o, err := redis.ParseURL(url)
	if err != nil {
		t.Fatal(err)
	}
	c := redis.NewClient(o)
	t.Cleanup(func() { _ = c.Close() }) // the server goes with the test
	return c
}
