package charts_test

import (
	"bytes"
	"flag"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"egov/tools/charts"
)

var update = flag.Bool("update", false, "write the golden files anew")

const (
	folder   = "../../charts"
	profiles = "../../deploy/profiles"
	// kubernetes is the version that charts are rendered for.
	kubernetes = "1.36.3"
)

// assembled is a copy of the charts with their dependencies in place, made
// once for all tests.
var assembled = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("", "charts-")
	if err != nil {
		return "", err
	}
	if err := os.CopyFS(dir, os.DirFS(folder)); err != nil {
		return dir, err
	}
	names, err := charts.Names(dir)
	if err != nil {
		return dir, err
	}
	// The umbrella takes the others as they are then.
	for _, n := range append(without(names, charts.Umbrella), charts.Umbrella) {
		if err := os.RemoveAll(filepath.Join(dir, n, "charts")); err != nil {
			return dir, err
		}
		if out, err := helm("dependency", "update", "--skip-refresh", filepath.Join(dir, n)); err != nil {
			return dir, &failure{out, err}
		}
	}
	return dir, nil
})

type failure struct {
	out string
	err error
}

func (f *failure) Error() string { return f.err.Error() + "\n" + f.out }

func without(names []string, name string) []string {
	var out []string
	for _, n := range names {
		if n != name {
			out = append(out, n)
		}
	}
	return out
}

func helm(args ...string) (string, error) {
	var out bytes.Buffer
	cmd := exec.Command("helm", args...)
	cmd.Stdout, cmd.Stderr = &out, &out
	err := cmd.Run()
	return out.String(), err
}

func TestMain(m *testing.M) {
	flag.Parse()
	code := m.Run()
	if dir, err := assembled(); err == nil {
		_ = os.RemoveAll(dir) // nothing hangs on a folder of /tmp
	}
	os.Exit(code)
}

// at is the folder of a chart with its dependencies.
func at(t *testing.T, chart string) string {
	t.Helper()
	dir, err := assembled()
	if err != nil {
		t.Fatalf("the charts are not assembled (is helm on the path? `make test` builds it): %v", err)
	}
	return filepath.Join(dir, chart)
}

// example is a chart with one of its ci/ values files.
type example struct{ chart, file string }

func (e example) name() string {
	return e.chart + "-" + strings.TrimSuffix(strings.TrimSuffix(filepath.Base(e.file), ".yaml"), "-values")
}

func (e example) render(t *testing.T) string {
	t.Helper()
	out, err := helm("template", "release", at(t, e.chart), "-n", "bureau", "--kube-version", kubernetes, "-f", e.file)
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return out
}

func examples(t *testing.T) []example {
	t.Helper()
	names, err := charts.Names(folder)
	if err != nil {
		t.Fatal(err)
	}
	var all []example
	for _, n := range names {
		files, err := filepath.Glob(filepath.Join(folder, n, "ci", "*-values.yaml"))
		if err != nil || len(files) == 0 {
			t.Fatalf("%s has no ci/*-values.yaml (%v)", n, err)
		}
		for _, f := range files {
			all = append(all, example{n, f})
		}
	}
	return all
}

// installations are the examples and every profile of deploy/, all of which
// have to be installable.
func installations(t *testing.T) []example {
	t.Helper()
	all := examples(t)
	for _, pattern := range []string{"*.yaml", "units/*.yaml"} {
		files, err := filepath.Glob(filepath.Join(profiles, pattern))
		if err != nil || len(files) == 0 {
			t.Fatalf("no profiles %s (%v)", pattern, err)
		}
		for _, f := range files {
			all = append(all, example{charts.Umbrella, f})
		}
	}
	return all
}

// TestLint: helm finds nothing to say about any chart with any of its values.
func TestLint(t *testing.T) {
	t.Parallel()
	for _, e := range installations(t) {
		t.Run(e.name(), func(t *testing.T) {
			t.Parallel()
			out, err := helm("lint", "--strict", "--quiet", "--kube-version", kubernetes, at(t, e.chart), "-f", e.file)
			if err != nil {
				t.Errorf("%v\n%s", err, out)
			}
		})
	}
}

// TestRendersAsKept: what a change of a template does shows in the golden
// files (`go test ./tools/charts -update`).
func TestRendersAsKept(t *testing.T) {
	t.Parallel()
	for _, e := range examples(t) {
		t.Run(e.name(), func(t *testing.T) {
			t.Parallel()
			got := []byte(e.render(t))
			golden := filepath.Join("testdata", e.name()+".yaml")
			if *update {
				if err := os.WriteFile(golden, got, 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(golden)
			if err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(got, want) {
				t.Errorf("%s renders otherwise:\n%s", e.name(), difference(string(want), string(got)))
			}
		})
	}
}

// difference is the first line that differs, with what stands around it.
func difference(want, got string) string {
	a, b := strings.Split(want, "\n"), strings.Split(got, "\n")
	for i := range min(len(a), len(b)) {
		if a[i] != b[i] {
			return strings.Join(a[max(0, i-5):i], "\n") + "\n- " + a[i] + "\n+ " + b[i]
		}
	}
	return "one is longer than the other"
}

// TestNonsenseIsRefused before anything is rendered, in words that say where
// and what.
func TestNonsenseIsRefused(t *testing.T) {
	t.Parallel()
	minimal := filepath.Join(folder, "declaration", "ci", "minimal-values.yaml")
	for _, tt := range []struct {
		name  string
		set   []string
		wants []string
	}{
		{"UnknownKey", []string{"replcias=3"}, []string{"replcias"}},
		{"WrongType", []string{"replicas=many"}, []string{"/replicas"}},
		{"OutOfRange", []string{"replicas=-1", "shutdown.lingerSeconds=9999"}, []string{"/replicas", "/shutdown/lingerSeconds"}},
		{"UnknownWord", []string{"image.pullPolicy=Sometimes"}, []string{"/image/pullPolicy", "IfNotPresent"}},
		{"NoDigest", []string{"image.digest=latest"}, []string{"/image/digest"}},
		{"PasswordInTheOpen", []string{"config.database.url=postgres://a:b@c/d"}, []string{"/config/database", "url"}},
		{"UnknownSetting", []string{"config.lstien=:1"}, []string{"/config", "lstien"}},
		{"TwoScalers", []string{"autoscaling.enabled=true", "keda.enabled=true"}, []string{"two scalers", "keda.address"}},
		{"NothingToConnectTo", []string{"database.secret=", "database.ownerSecret=", "redis.secret="}, []string{"database.secret", "database.ownerSecret", "redis.secret"}},
		{"AStopThatThePodDoesNotKnow", []string{"config.linger=60s"}, []string{"config.linger", "shutdown.lingerSeconds"}},
		{"CallersOfNobody", []string{"tls.clientCA=ca.crt"}, []string{"tls.clientCA", "tls.secret"}},
		{"KeysThatCannotBeShared", []string{"keys.volume.accessMode=ReadWriteOnce"}, []string{"keys.volume.accessMode"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			args := []string{"template", "release", at(t, "declaration"), "--kube-version", kubernetes, "-f", minimal}
			for _, s := range tt.set {
				args = append(args, "--set", s)
			}
			out, err := helm(args...)
			if err == nil {
				t.Fatal("rendered")
			}
			for _, w := range tt.wants {
				if !strings.Contains(out, w) {
					t.Errorf("nothing about %q in\n%s", w, out)
				}
			}
		})
	}
}
