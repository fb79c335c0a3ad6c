package suite_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"egov/libs/conf"
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
