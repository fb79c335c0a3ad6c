package images_test

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"crypto/x509"
	"encoding/json"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/tarball"

	"egov/tools/images"
)

var committed = time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)

// program builds the smallest of the suite's own commands as the Makefile
// builds them all.
func program(t *testing.T) images.Program { t.Helper(); return build(t, "../cmd/packschema") }

func build(t *testing.T, source string, env ...string) images.Program {
	t.Helper()
	path := filepath.Join(t.TempDir(), "packschema")
	cmd := exec.Command("go", "build", "-trimpath", "-buildvcs=false", "-o", path, source)
	cmd.Env = append(append(os.Environ(), "CGO_ENABLED=0"), env...)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return images.Program{Name: "packschema", Path: path, Version: "v1.2.3", Created: committed}
}

// TestAnImageIsWhatItsProgramIs: the same program gives the same bytes; what
// starts is that program, as nobody special, with certificates and time zones.
func TestAnImageIsWhatItsProgramIs(t *testing.T) {
	t.Parallel()
	p := program(t)
	dirs := []string{t.TempDir(), t.TempDir()}
	var digests []string
	for _, dir := range dirs {
		img, err := images.Build(p)
		if err != nil {
			t.Fatal(err)
		}
		w, err := images.Write(dir, "egov", p, img)
		if err != nil {
			t.Fatal(err)
		}
		if w.Reference != "egov/packschema:v1.2.3" {
			t.Errorf("reference %s", w.Reference)
		}
		digests = append(digests, w.Digest)
	}
	if digests[0] != digests[1] {
		t.Errorf("two builds differ: %v", digests)
	}
	img, err := tarball.ImageFromPath(filepath.Join(dirs[0], "packschema.tar"), nil)
	if err != nil {
		t.Fatal(err)
	}
	c, err := img.ConfigFile()
	if err != nil {
		t.Fatal(err)
	}
	if c.OS != "linux" || c.Architecture == "" || c.Config.User != "65532:65532" || !c.Created.Equal(committed) ||
		!slices.Equal(c.Config.Entrypoint, []string{"/usr/bin/packschema"}) {
		t.Errorf("%+v", c)
	}
	files := unpack(t, img)
	binary, err := os.ReadFile(p.Path)
	if err != nil {
		t.Fatal(err)
	}
	if string(files["usr/bin/packschema"]) != string(binary) {
		t.Error("the program is not the one that was given")
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(files["etc/ssl/certs/ca-certificates.crt"]) {
		t.Error("no certificate can be read")
	}
	zones, err := zip.NewReader(bytes.NewReader(files["usr/share/zoneinfo.zip"]), int64(len(files["usr/share/zoneinfo.zip"])))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := zones.Open("Asia/Shanghai"); err != nil {
		t.Error(err)
	}
	sbom, err := os.ReadFile(filepath.Join(dirs[0], "packschema.spdx.json"))
	if err != nil {
		t.Fatal(err)
	}
	if string(sbom) != string(files["usr/share/sbom/packschema.spdx.json"]) {
		t.Error("the list within differs from the one beside")
	}
}

// TestTheListNamesEveryModule that `go version -m` finds in the program, once.
func TestTheListNamesEveryModule(t *testing.T) {
	t.Parallel()
	p := program(t)
	img, err := images.Build(p)
	if err != nil {
		t.Fatal(err)
	}
	var d struct {
		Packages []struct{ Name, SPDXID, VersionInfo string }
		Links    []struct {
			From string `json:"spdxElementId"`
			To   string `json:"relatedSpdxElement"`
		} `json:"relationships"`
	}
	if err := json.Unmarshal(img.SBOM, &d); err != nil {
		t.Fatal(err)
	}
	listed, ids := map[string]string{}, map[string]bool{"SPDXRef-DOCUMENT": true}
	for _, x := range d.Packages {
		if ids[x.SPDXID] {
			t.Errorf("%s stands twice", x.SPDXID)
		}
		listed[x.Name], ids[x.SPDXID] = x.VersionInfo, true
	}
	for _, r := range d.Links {
		if !ids[r.From] || !ids[r.To] {
			t.Errorf("%s – %s: not both are listed", r.From, r.To)
		}
	}
	out, err := exec.Command("go", "version", "-m", p.Path).Output()
	if err != nil {
		t.Fatal(err)
	}
	found := 0
	for line := range strings.Lines(string(out)) {
		if f := strings.Fields(line); len(f) >= 3 && f[0] == "dep" {
			found++
			if v, ok := listed[f[1]]; !ok || v != f[2] && !strings.HasPrefix(f[1], "egov/") {
				t.Errorf("%s %s is listed as %q", f[1], f[2], v)
			}
		}
	}
	if found == 0 || len(d.Packages) != found+2 { // the program and the standard library
		t.Errorf("%d modules, %d entries", found, len(d.Packages))
	}
}

// TestOnlyStaticProgramsForLinux are put into an image: nothing else would run.
func TestOnlyStaticProgramsForLinux(t *testing.T) {
	t.Parallel()
	nothing := filepath.Join(t.TempDir(), "main.go")
	if err := os.WriteFile(nothing, []byte("package main\n\nfunc main() {}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := images.Build(build(t, nothing, "GOOS=darwin")); err == nil || !strings.Contains(err.Error(), "Linux") {
		t.Errorf("a program for another system gives %v", err)
	}
	text := filepath.Join(t.TempDir(), "script")
	if err := os.WriteFile(text, []byte("#!/bin/sh\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	if _, err := images.Build(images.Program{Name: "script", Path: text}); err == nil {
		t.Error("a script is taken for a program")
	}
}

func unpack(t *testing.T, img v1.Image) map[string][]byte {
	t.Helper()
	r := mutate.Extract(img)
	defer func() { _ = r.Close() }() // it was read to its end
	files := map[string][]byte{}
	for tr := tar.NewReader(r); ; {
		h, err := tr.Next()
		if errors.Is(err, io.EOF) {
			return files
		}
		if err != nil {
			t.Fatal(err)
		}
		if h.Uid != 0 || h.Typeflag == tar.TypeReg && h.Mode&0o222 != 0 {
			t.Errorf("%s: owner %d, mode %o", h.Name, h.Uid, h.Mode)
		}
		if files[h.Name], err = io.ReadAll(tr); err != nil {
			t.Fatal(err)
		}
	}
}
