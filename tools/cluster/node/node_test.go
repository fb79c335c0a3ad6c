package node

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
	"k8s.io/client-go/tools/clientcmd"
)

// TestConfigurationsAreWhole: every file that a part is told by is filled in
// and can be read, and every part of the cluster has an access file.
func TestConfigurationsAreWhole(t *testing.T) {
	t.Parallel()
	n := &Node{o: Options{Dir: filepath.Join(t.TempDir(), "egov-node-1")}}
	var err error
	if n.pki, err = NewAuthority(); err != nil {
		t.Fatal(err)
	}
	if err := n.write(); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		file  string
		parse func([]byte) error
	}{
		{"kubelet.yaml", asYAML}, {"proxy.yaml", asYAML}, {"cni/10-pods.conflist", asJSON}, {"containerd.toml", nil},
	} {
		b, err := os.ReadFile(n.file(c.file))
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(string(b), "{{") || strings.Contains(string(b), "<no value>") {
			t.Errorf("%s is not filled in:\n%s", c.file, b)
		}
		if c.parse == nil {
			continue
		}
		if err := c.parse(b); err != nil {
			t.Errorf("%s: %v", c.file, err)
		}
	}
	for _, u := range users {
		config, err := clientcmd.BuildConfigFromFlags("", n.file(u.file+".conf"))
		if err != nil {
			t.Fatal(err)
		}
		if want := "https://" + Address + ":" + apiPort; config.Host != want {
			t.Errorf("%s asks %s, not %s", u.name, config.Host, want)
		}
	}
}

func asYAML(b []byte) error { var v map[string]any; return yaml.Unmarshal(b, &v) }
func asJSON(b []byte) error { var v map[string]any; return json.Unmarshal(b, &v) }

func TestDigestFollowsSource(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	file := filepath.Join(dir, "main.go")
	sum := func(text string) string {
		t.Helper()
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		d, err := digest(dir)
		if err != nil {
			t.Fatal(err)
		}
		return d
	}
	one, two, again := sum("one"), sum("two"), sum("one")
	if one == two || one != again {
		t.Errorf("digests %s, %s, %s", one, two, again)
	}
	if _, err := digest(filepath.Join(dir, "nowhere")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a folder that is not there: %v", err)
	}
}

// TestAFolderIsHeldByOneProcess: a node that lives is not swept away.
func TestAFolderIsHeldByOneProcess(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "egov-node-held")
	if err := os.Mkdir(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	lock, err := hold(dir)
	if err != nil {
		t.Fatal(err)
	}
	if second, err := hold(dir); err == nil {
		t.Error("it is held twice")
		second.Close()
	}
	if all, err := left(dir, nil); err != nil || len(all) == 0 {
		t.Errorf("left: %v, %v", all, err)
	}
	if err := lock.Close(); err != nil {
		t.Fatal(err)
	}
	if err := remove(dir); err != nil {
		t.Fatal(err)
	}
	if all, err := left(dir, nil); err != nil || len(all) > 0 {
		t.Errorf("left after its removal: %v, %v", all, err)
	}
}

func TestOutsideThereIsNothingToFurnish(t *testing.T) {
	t.Parallel()
	if Inside() != "" {
		t.Fatal("the tests run inside of a node")
	}
	if err := Furnish(); err == nil {
		t.Error("the machine itself was furnished")
	}
}
