package node

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// Tools are the programs of a node that no package of the machine brings.
type Tools struct {
	Etcd, Kubernetes, CoreDNS, Pause string
}

// parts are the folders of source, beside this package, of each of the tools.
func (t *Tools) parts() map[string]*string {
	return map[string]*string{"etcd": &t.Etcd, "kubernetes": &t.Kubernetes, "coredns": &t.CoreDNS, "pause": &t.Pause}
}

// programs of the machine that a node needs, with the Debian packages that
// have them (deploy/dev/setup.sh cluster installs them).
var machine = []string{
	"containerd", "containerd-shim-runc-v2", "ctr", "runc", "ip", "nft", "iptables", "conntrack", "mount",
	"/usr/lib/cni/bridge", "/usr/lib/cni/host-local", "/usr/lib/cni/loopback", "/usr/lib/cni/portmap",
}

// Build finds the tools in dir and compiles from source, the folder
// tools/cluster of the repository, those that are not there in the form that the
// source has. Without any of them that takes a quarter of an hour.
func Build(ctx context.Context, source, dir string, say func(string)) (Tools, error) {
	var t Tools
	var missing []string
	for _, name := range machine {
		if _, err := exec.LookPath(name); err != nil {
			missing = append(missing, name)
		}
	}
	if len(missing) > 0 {
		return t, fmt.Errorf("this machine lacks %s: deploy/dev/setup.sh cluster installs them", strings.Join(missing, ", "))
	}
	dir, err := filepath.Abs(dir)
	if err != nil {
		return t, err
	}
	for name, path := range t.parts() {
		from := filepath.Join(source, name)
		sum, err := digest(from)
		if err != nil {
			return t, err
		}
		*path = filepath.Join(dir, name+"@"+sum)
		if exists(*path) {
			continue
		}
		say("compiling " + name)
		if err := compile(ctx, from, *path); err != nil {
			return t, err
		}
	}
	return t, nil
}

// digest is a short name for what a program is compiled from: its own source
// and the versions of the modules it requires.
func digest(source string) (string, error) {
	const digits = 12
	files, err := os.ReadDir(source) // in the order of their names
	if err != nil {
		return "", err
	}
	h := sha256.New()
	for _, f := range files {
		b, err := os.ReadFile(filepath.Join(source, f.Name()))
		if err != nil {
			return "", err
		}
		fmt.Fprintf(h, "%s %d\n%s", f.Name(), len(b), b) // a hash takes everything
	}
	return hex.EncodeToString(h.Sum(nil))[:digits], nil
}

// compile builds a program; those with a module of their own stand outside of
// the workspace, so that they move no version the suite is built with.
func compile(ctx context.Context, source, to string) error {
	flags, err := os.ReadFile(filepath.Join(source, "ldflags"))
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	cmd := exec.CommandContext(ctx, "go", "build", "-buildvcs=false", "-trimpath", "-ldflags=-s -w "+strings.TrimSpace(string(flags)), "-p=2", "-o", to, ".")
	cmd.Dir = source
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if exists(filepath.Join(source, "go.mod")) {
		cmd.Env = append(cmd.Env, "GOWORK=off")
	}
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("compile %s: %w\n%s", source, err, out)
	}
	return nil
}
