package telemetry_test

import (
	"encoding/json"
	"log/slog"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/rulefmt"
	"github.com/prometheus/prometheus/promql/parser"
	"go.yaml.in/yaml/v3"

	"egov/tools/telemetry"
)

const root = "../.."

// made is what the repository's own source gives, read once.
var made = sync.OnceValues(func() (telemetry.Made, error) { return telemetry.Make(root) })

func ours(t *testing.T) telemetry.Made {
	t.Helper()
	m, err := made()
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// TestMetricsAreThoseOfTheSource: one of each way in which the source makes a
// metric is found with its labels and services.
func TestMetricsAreThoseOfTheSource(t *testing.T) {
	t.Parallel()
	by := map[string]telemetry.Metric{}
	all := ours(t).Metrics
	for _, m := range all {
		by[m.Name] = m
	}
	services, err := filepath.Glob(filepath.Join(root, "services/*/cmd/*/main.go"))
	if err != nil {
		t.Fatal(err)
	}
	var programs []string
	for _, path := range services {
		parts := strings.Split(filepath.ToSlash(path), "/")
		if name := parts[len(parts)-2]; parts[len(parts)-4] == name && name != "suite" {
			programs = append(programs, name)
		}
	}
	if got := telemetry.Services(all); !slices.Equal(got, programs) {
		t.Errorf("services %v, want %v", got, programs)
	}
	for _, test := range []struct {
		name, typ string
		labels    []string
		services  int // 0 = all of them
	}{
		{"egov_request_seconds", "histogram", []string{"code", "operation"}, len(programs)},             // a vector, in place
		{"egov_relay_published_total", "counter", []string{"source"}, len(programs) - 1},                // by a helper that makes it
		{"egov_consumer_applied_total", "counter", []string{"consumer", "source"}, len(programs) - 1},   // by a helper that makes its options
		{"egov_consumer_delay_seconds", "histogram", []string{"consumer", "source"}, len(programs) - 1}, // constant labels beside others
		{"egov_ledger_broken", "gauge", nil, 1},                                                         // a service's own
		{"egov_deadlines", "gauge", []string{"state"}, len(programs) - 1},                               // by a library for services with a database
		{"egov_ledger_witness_alarms_total", "counter", []string{"code", "witness"}, 1},                 // a service's own vector
	} {
		m, ok := by[test.name]
		if !ok || m.Type != test.typ || !slices.Equal(m.Labels, test.labels) || len(m.Services) != test.services || m.Help == "" {
			t.Errorf("%s: %+v", test.name, m)
		}
	}
}

// TestExpressionsThatNameNothing: what no service exports, and labels that a
// metric does not have, are refused with the name that is wrong.
func TestExpressionsThatNameNothing(t *testing.T) {
	t.Parallel()
	known := telemetry.NewKnown([]telemetry.Metric{
		{Name: "egov_jobs", Type: "gauge", Labels: []string{"kind", "state"}},
		{Name: "egov_request_seconds", Type: "histogram", Labels: []string{"code"}},
	})
	for _, test := range []struct{ name, expr, want string }{
		{"Good", `sum by (namespace, kind) (egov_jobs{state="discarded"}) > 0`, ""},
		{"GoodBucket", `histogram_quantile(0.9, sum by (le, code) (rate(egov_request_seconds_bucket[5m])))`, ""},
		{"Unknown", `egov_job > 0`, `exports "egov_job"`},
		{"AHistogramItself", `egov_request_seconds > 0`, `exports "egov_request_seconds"`},
		{"Matcher", `egov_jobs{status="discarded"}`, `no label "status"`},
		{"Grouping", `sum by (operation) (egov_jobs)`, "the label operation"},
		{"GroupedAway", `sum by (state) (sum by (kind) (egov_jobs))`, "the label state"},
		{"Join", `egov_jobs and on (code) up`, "no label code"},
		{"SidesThatDoNotMatch", `egov_jobs - sum by (kind) (egov_jobs)`, "nothing matches"},
		{"Syntax", `sum by (`, "parse error"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			err := known.Check(test.expr)
			if (err == nil) != (test.want == "") || err != nil && !strings.Contains(err.Error(), test.want) {
				t.Errorf("%v, want %q", err, test.want)
			}
		})
	}
}

// TestCommittedFilesAreCurrent: the files of deploy/telemetry are those that
// the source gives, and none besides.
func TestCommittedFilesAreCurrent(t *testing.T) {
	t.Parallel()
	m, fresh, kept := ours(t), t.TempDir(), filepath.Join(root, "deploy/telemetry")
	if err := m.Write(fresh); err != nil {
		t.Fatal(err)
	}
	files := func(dir string) map[string]string {
		out := map[string]string{}
		if err := filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
			if err != nil || d.IsDir() {
				return err
			}
			b, err := os.ReadFile(path)
			name, _ := filepath.Rel(dir, path) // path is below dir
			out[filepath.ToSlash(name)] = string(b)
			return err
		}); err != nil {
			t.Fatal(err)
		}
		return out
	}
	want, got := files(fresh), files(kept)
	delete(got, "collector.yaml") // written by hand
	for name := range got {
		if _, ok := want[name]; !ok {
			t.Errorf("%s is made by nothing", name)
		}
	}
	for name, text := range want {
		if got[name] != text {
			t.Errorf("%s is stale: make generate", name)
		}
	}
}

// TestPrometheusReadsTheRules: the file passes Prometheus's own validation.
func TestPrometheusReadsTheRules(t *testing.T) {
	t.Parallel()
	m := ours(t)
	file, err := m.Rules.File()
	if err != nil {
		t.Fatal(err)
	}
	groups, errs := rulefmt.Parse(file, false, model.UTF8Validation, parser.NewParser(parser.Options{}), slog.New(slog.DiscardHandler))
	if len(errs) > 0 || len(groups.Groups) != 2 || len(groups.Groups[1].Rules) != len(m.Rules.Alerts) {
		t.Fatal(errs)
	}
}

// TestEveryAlertFiresAndIsQuiet has every alert fire for series that show the
// trouble, and none fire for series that do not.
func TestEveryAlertFiresAndIsQuiet(t *testing.T) {
	t.Parallel()
	rules := ours(t).Rules
	b, err := os.ReadFile("testdata/alerts.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var cases map[string]struct{ Fires, Quiet []string }
	if err := yaml.Unmarshal(b, &cases); err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, a := range rules.Alerts {
		names = append(names, a.Name)
	}
	if got := slices.Sorted(maps.Keys(cases)); !slices.Equal(got, slices.Sorted(slices.Values(names))) {
		t.Fatalf("series for %v, alerts %v", got, names)
	}
	for _, a := range rules.Alerts {
		t.Run(a.Name, func(t *testing.T) {
			t.Parallel()
			one := telemetry.Rules{Records: rules.Records, Alerts: []telemetry.Alert{a}}
			for _, test := range []struct {
				series []string
				fires  bool
			}{{cases[a.Name].Fires, true}, {cases[a.Name].Quiet, false}} {
				p := newPrometheus(t)
				for _, line := range test.series {
					p.load(line)
				}
				if len(test.series) == 0 || p.fired(one)[a.Name] != test.fires {
					t.Errorf("%v: fires is not %t", test.series, test.fires)
				}
			}
		})
	}
}

// TestEveryAlertHasItsPage: docs/runbooks has one page an alert, with what it
// means, where to look and what to do, an index that names all, and no others.
func TestEveryAlertHasItsPage(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(root, "docs/runbooks")
	index, err := os.ReadFile(filepath.Join(dir, "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	pages := map[string]bool{"README.md": true}
	for _, a := range ours(t).Rules.Alerts {
		name := a.Name + ".md"
		pages[name] = true
		b, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Error(err)
			continue
		}
		for _, part := range []string{"# " + a.Name + "\n", "\n## What it means\n", "\n## Where to look\n", "\n## What to do\n"} {
			if !strings.Contains(string(b), part) {
				t.Errorf("%s has no %q", name, strings.TrimSpace(part))
			}
		}
		if !strings.Contains(string(index), "("+name+")") {
			t.Errorf("the index does not name %s", name)
		}
		if !slices.Contains([]string{"page", "ticket", "notice"}, a.Severity) || a.Summary == "" {
			t.Errorf("%s: severity %q, summary %q", a.Name, a.Severity, a.Summary)
		}
	}
	files, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		if !pages[f.Name()] {
			t.Errorf("%s is about no alert", f.Name())
		}
	}
}

// TestDashboardsAreWhole: every panel says what it shows, lies on the grid
// beside the others and has a query.
func TestDashboardsAreWhole(t *testing.T) {
	t.Parallel()
	for _, d := range ours(t).Dashboards {
		b, err := d.File()
		if err != nil {
			t.Fatal(err)
		}
		var file struct {
			UID    string
			Panels []struct {
				Title   string
				Type    string
				Targets []struct{ Expr, LegendFormat string }
				GridPos struct{ X, Y, W int }
			}
		}
		if err := json.Unmarshal(b, &file); err != nil {
			t.Fatal(err)
		}
		places := map[[2]int]bool{}
		for _, p := range file.Panels {
			place := [2]int{p.GridPos.X, p.GridPos.Y}
			if p.Title == "" || len(p.Targets) == 0 || places[place] || p.GridPos.X+p.GridPos.W > 24 || !slices.Contains([]string{"timeseries", "stat", "table"}, p.Type) {
				t.Errorf("%s: %+v", d.Name, p)
			}
			places[place] = true
			for _, q := range p.Targets {
				if q.Expr == "" || q.LegendFormat == "" {
					t.Errorf("%s: %s: %+v", d.Name, p.Title, q)
				}
			}
		}
	}
}

// TestTheCollectorUsesWhatItDeclares: every component of the collector's
// configuration is declared and used, and memory is guarded first.
func TestTheCollectorUsesWhatItDeclares(t *testing.T) {
	t.Parallel()
	b, err := os.ReadFile(filepath.Join(root, "deploy/telemetry/collector.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	var c struct {
		Extensions, Receivers, Processors, Exporters map[string]any
		Service                                      struct {
			Extensions []string
			Pipelines  map[string]struct{ Receivers, Processors, Exporters []string }
		}
	}
	if err := yaml.Unmarshal(b, &c); err != nil {
		t.Fatal(err)
	}
	traces := c.Service.Pipelines["traces"]
	for _, x := range []struct {
		declared map[string]any
		used     []string
	}{{c.Extensions, c.Service.Extensions}, {c.Receivers, traces.Receivers}, {c.Processors, traces.Processors}, {c.Exporters, traces.Exporters}} {
		if got := slices.Sorted(maps.Keys(x.declared)); len(got) == 0 || !slices.Equal(got, slices.Sorted(slices.Values(x.used))) {
			t.Errorf("declared %v, used %v", got, x.used)
		}
	}
	if !slices.Equal(traces.Processors, []string{"memory_limiter", "tail_sampling", "batch"}) {
		t.Errorf("%v", traces.Processors)
	}
}
