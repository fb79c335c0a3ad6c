package e2e_test

import (
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/redis/go-redis/v9"
	"go.yaml.in/yaml/v3"

	"egov/services/suite/stack"
)

// streams are named by the service whose facts they carry.
const streams = "egov:events:"

// aside are the groups that every service has beside its work, by the end of
// their names: nobody starts another pod for a notice or a checkpoint.
var aside = []string{".holidays", ".witness"}

// scaled holds what the charts have an autoscaler watch against the groups
// that the running services made for themselves: what a chart names is there,
// and no work is left unwatched.
func scaled(t *testing.T, s *stack.Stack) {
	o, err := redis.ParseURL(s.Redis.URL(0))
	if err != nil {
		t.Fatal(err)
	}
	c := redis.NewClient(o)
	defer c.Close()

	there := map[string][]string{}
	keys, err := c.Keys(t.Context(), streams+"*").Result()
	if err != nil {
		t.Fatal(err)
	}
	for _, key := range keys {
		groups, err := c.XInfoGroups(t.Context(), key).Result()
		if err != nil {
			t.Fatal(err)
		}
		for _, g := range groups {
			if !slices.ContainsFunc(aside, func(end string) bool { return strings.HasSuffix(g.Name, end) }) {
				there[g.Name] = append(there[g.Name], strings.TrimPrefix(key, streams))
			}
		}
	}

	watched := map[string][]string{}
	files, err := filepath.Glob(filepath.Join("..", "..", "..", "charts", "*", "values.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		b, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		var chart struct {
			Follows map[string][]string `yaml:"follows"`
		}
		if err := yaml.Unmarshal(b, &chart); err != nil {
			t.Fatal(file, err)
		}
		for group, sources := range chart.Follows {
			watched[group] = sources
		}
	}

	for _, groups := range []map[string][]string{there, watched} {
		for _, sources := range groups {
			slices.Sort(sources)
		}
	}
	if !reflect.DeepEqual(watched, there) {
		t.Errorf("charts watch\n%v\nthe services read\n%v", watched, there)
	}
}
