package module_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"egov/libs/conf"
	"egov/services/identity/module"
)

func TestConfig(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "identity.yaml")
	text := `
listen: 127.0.0.1:8081
database: {url: "postgres://identity@db/identity", role: identity}
redis: {url: "redis://redis:6379/0"}
auth: {jwks_url: "http://identity:8080/.well-known/jwks.json"}
keys: {dir: /var/lib/egov/keys}
seed: demo
trusted_proxies: [10.42.0.0/16]
`
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	env := map[string]string{"EGOV_DEMO_PASSWORD": "Plum-Rain-2026", "EGOV_CLOCK_SWEEP": "5s"}
	c := module.Default()
	if err := conf.Load(&c, file, func(k string) (string, bool) { v, ok := env[k]; return v, ok }); err != nil {
		t.Fatal(err)
	}
	if err := c.Check(); err != nil {
		t.Error(err)
	}
	if c.Listen != "127.0.0.1:8081" || c.Seed != "demo" || c.DemoPassword != "Plum-Rain-2026" || c.Clock.Sweep != 5*time.Second || c.Base().Auth.Issuer != "egov" {
		t.Errorf("%+v", c)
	}
	shown, err := conf.Dump(c, nil)
	if err != nil || strings.Contains(string(shown), "Plum") || !strings.Contains(string(shown), "seed: demo") {
		t.Errorf("%s %v", shown, err)
	}

	for name, tt := range map[string]struct {
		change func(*module.Config)
		want   string
	}{
		"SeedWithoutPassword": {func(c *module.Config) { c.DemoPassword = "" }, "demo_password"},
		"AddressForANetwork":  {func(c *module.Config) { c.TrustedProxies = []string{"10.0.0.1"} }, "10.0.0.1"},
		"NoDatabase":          {func(c *module.Config) { c.Database.URL = "" }, "database.url"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := c
			tt.change(&c)
			if err := c.Check(); err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("%v, want %q", err, tt.want)
			}
		})
	}
	if err := conf.Decode(&c, []byte("seeds: demo\n")); err == nil {
		t.Error("an unknown key is read")
	}
}
