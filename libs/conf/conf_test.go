package conf_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"egov/libs/conf"
)

func env(m map[string]string) func(string) (string, bool) {
	return func(k string) (string, bool) { v, ok := m[k]; return v, ok }
}

func file(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "c.yaml")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

type extended struct {
	conf.Service `yaml:",inline"`
	Seed         string `yaml:"seed"`
}

func TestFileThenEnvironment(t *testing.T) {
	t.Parallel()
	c := extended{Service: conf.Default("declaration")}
	err := conf.Load(&c, file(t, "listen: ':9'\nseed: demo\ndatabase: {url: 'postgres://a', wait: 5s}\n"), env(map[string]string{
		"EGOV_LISTEN": ":10", "EGOV_DATABASE_MAX_CONNS": "3", "EGOV_CLOCK_SWEEP": "2s", "EGOV_TELEMETRY_SAMPLE_RATIO": "0.5",
	}))
	if err != nil {
		t.Fatal(err)
	}
	if c.Listen != ":10" || c.Seed != "demo" || c.Database.MaxConns != 3 || c.Database.Wait != 5*time.Second || c.Clock.Sweep != 2*time.Second || c.Telemetry.SampleRatio != 0.5 || c.Database.Role != "declaration" {
		t.Fatalf("%+v", c)
	}
}

func TestTheEnvironmentReachesEntriesOfAMap(t *testing.T) {
	t.Parallel()
	var c struct {
		Services map[string]conf.Service `yaml:"services"`
	}
	err := conf.Load(&c, file(t, "services: {budgeting: {listen: ':9', database: {role: b}}}\n"), env(map[string]string{
		"EGOV_SERVICES_BUDGETING_DATABASE_URL": "postgres://a", "EGOV_SERVICES_CONFERENCE_DATABASE_URL": "postgres://b",
	}))
	if err != nil {
		t.Fatal(err)
	}
	b := c.Services["budgeting"]
	if len(c.Services) != 1 || b.Listen != ":9" || b.Database.Role != "b" || b.Database.URL != "postgres://a" {
		t.Fatalf("%+v", c)
	}
}

func TestMistakesAreNamed(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ name, text, variable, value, want string }{
		{"UnknownKey", "listne: ':9'\n", "", "", "listne"},
		{"WrongType", "database: {max_conns: many}\n", "", "", "max_conns"},
		{"BadVariable", "", "EGOV_GRACE", "soon", "EGOV_GRACE"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			c := conf.Default("x")
			err := conf.Load(&c, file(t, tt.text), env(map[string]string{tt.variable: tt.value}))
			if err == nil || !strings.Contains(err.Error(), tt.want) && !strings.Contains(err.Error(), "line 1") {
				t.Fatal(err)
			}
		})
	}
}

func TestCheckListsEverySetting(t *testing.T) {
	t.Parallel()
	c := conf.Default("x")
	c.Limits.Burst = 0
	c.TLS.Key = "key.pem"
	err := c.Check()
	for _, want := range []string{"tls.cert", "database.url", "redis.url", "auth.jwks_url", "limits"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s is not named: %v", want, err)
		}
	}
}

func TestSecretsStayHidden(t *testing.T) {
	t.Parallel()
	c := conf.Default("x")
	c.Database.URL = "postgres://u:hunter2@h/d"
	full, err := conf.Dump(c, nil)
	if err != nil {
		t.Fatal(err)
	}
	diff, err := conf.Dump(c, conf.Default("x"))
	if err != nil {
		t.Fatal(err)
	}
	if s := fmt.Sprintf("%s%s%v%+v", full, diff, c, c); strings.Contains(s, "hunter2") || !strings.Contains(string(diff), "***") || strings.Contains(string(diff), "listen") {
		t.Fatal(s)
	}
	open, err := conf.Reveal(c)
	if err != nil || !strings.Contains(string(open), "hunter2") {
		t.Fatalf("%s %v", open, err)
	}
	var back conf.Service
	if err := conf.Decode(&back, open); err != nil || back != c {
		t.Fatalf("%+v %v", back, err)
	}
}
