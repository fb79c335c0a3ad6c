// Package images makes container images of the programs without a container
// engine: one static program on an otherwise empty file system, with the
// certificates of public authorities, the world's time zones and a user that
// is not root. The same program gives the same image, bit by bit, on any
// machine; what it is made of is listed in an SPDX document beside it and
// within it.
package images

import (
	"archive/tar"
	"bytes"
	"debug/buildinfo"
	"encoding/pem"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
	"golang.org/x/crypto/x509roots/fallback/bundle"
)

// The user the programs run as, and the paths of an image.
const (
	User  = 65532
	roots = "/etc/ssl/certs/ca-certificates.crt"
	zones = "/usr/share/zoneinfo.zip"
)

// Program is what an image is made of.
type Program struct {
	Name    string
	Path    string    // the static binary
	Version string    // of the suite
	Created time.Time // that the image bears: when its sources were committed
}

// Image is a program's image and the list of what is in it.
type Image struct {
	v1.Image
	SBOM []byte // SPDX 2.3, JSON
}

// Build makes the image of a program. The binary has to be a static ELF for
// Linux that says what it was built from.
func Build(p Program) (Image, error) {
	info, err := buildinfo.ReadFile(p.Path)
	if err != nil {
		return Image{}, fmt.Errorf("%s: %w", p.Path, err)
	}
	arch, err := architecture(info)
	if err != nil {
		return Image{}, fmt.Errorf("%s: %w", p.Path, err)
	}
	binary, err := os.ReadFile(p.Path)
	if err != nil {
		return Image{}, err
	}
	sbom, err := SBOM(p, info, binary)
	if err != nil {
		return Image{}, err
	}
	below, err := ground(p.Created)
	if err != nil {
		return Image{}, err
	}
	above, err := layer(p.Created,
		file{"/usr/bin/" + p.Name, 0o555, binary},
		file{"/usr/share/sbom/" + p.Name + ".spdx.json", 0o444, sbom})
	if err != nil {
		return Image{}, err
	}
	img, err := mutate.AppendLayers(empty.Image, below, above)
	if err != nil {
		return Image{}, err
	}
	img, err = mutate.ConfigFile(img, config(p, arch, img))
	if err != nil {
		return Image{}, err
	}
	return Image{img, sbom}, nil
}

// config is what a container is started with. An image without architecture
// is passed over by containerd in silence.
func config(p Program, arch string, img v1.Image) *v1.ConfigFile {
	c, err := img.ConfigFile()
	if err != nil {
		c = &v1.ConfigFile{}
	}
	c = c.DeepCopy()
	c.OS, c.Architecture, c.Created = "linux", arch, v1.Time{Time: p.Created.UTC()}
	for i := range c.History {
		c.History[i].Created = v1.Time{Time: p.Created.UTC()}
	}
	c.Config = v1.Config{
		User:         fmt.Sprintf("%d:%d", User, User),
		Entrypoint:   []string{"/usr/bin/" + p.Name},
		Env:          []string{"PATH=/usr/bin", "SSL_CERT_FILE=" + roots, "ZONEINFO=" + zones},
		WorkingDir:   "/tmp",
		ExposedPorts: map[string]struct{}{"8080/tcp": {}},
		Labels: map[string]string{
			"org.opencontainers.image.title":    p.Name,
			"org.opencontainers.image.version":  p.Version,
			"org.opencontainers.image.created":  p.Created.UTC().Format(time.RFC3339),
			"org.opencontainers.image.licenses": "Apache-2.0",
		},
	}
	return c
}

// architecture is the processor a binary is for.
func architecture(info *buildinfo.BuildInfo) (string, error) {
	set := map[string]string{}
	for _, s := range info.Settings {
		set[s.Key] = s.Value
	}
	if set["GOOS"] != "linux" || set["CGO_ENABLED"] != "0" || set["GOARCH"] == "" {
		return "", fmt.Errorf("built for %s/%s with CGO_ENABLED=%s: a static program for Linux is needed", set["GOOS"], set["GOARCH"], set["CGO_ENABLED"])
	}
	return set["GOARCH"], nil
}

// file is one file of a layer; a path that ends in "/" is a directory.
type file struct {
	path string
	mode int64
	body []byte
}

// ground is the layer every image shares.
func ground(at time.Time) (v1.Layer, error) {
	var certificates bytes.Buffer
	for root := range bundle.Roots() {
		if err := pem.Encode(&certificates, &pem.Block{Type: "CERTIFICATE", Bytes: root.Certificate}); err != nil {
			return nil, err
		}
	}
	root, err := goroot()
	if err != nil {
		return nil, fmt.Errorf("go env GOROOT: %w", err)
	}
	zoneinfo, err := os.ReadFile(filepath.Join(root, "lib", "time", "zoneinfo.zip"))
	if err != nil {
		return nil, fmt.Errorf("time zones: %w", err)
	}
	return layer(at,
		file{"/etc/", 0o755, nil},
		file{"/etc/group", 0o444, []byte(fmt.Sprintf("root:x:0:\negov:x:%d:\n", User))},
		file{"/etc/passwd", 0o444, []byte(fmt.Sprintf("root:x:0:0:root:/:/none\negov:x:%d:%d:egov:/tmp:/none\n", User, User))},
		file{"/etc/ssl/", 0o755, nil}, file{"/etc/ssl/certs/", 0o755, nil},
		file{roots, 0o444, certificates.Bytes()},
		file{"/tmp/", 0o1777, nil},
		file{"/usr/", 0o755, nil}, file{"/usr/share/", 0o755, nil},
		file{zones, 0o444, zoneinfo})
}

// goroot is where the Go that builds lies; it brings the time zones.
func goroot() (string, error) {
	out, err := exec.Command("go", "env", "GOROOT").Output()
	return strings.TrimSpace(string(out)), err
}

// layer packs files, all of one time and of root.
func layer(at time.Time, files ...file) (v1.Layer, error) {
	var out bytes.Buffer
	w := tar.NewWriter(&out)
	for _, f := range files {
		h := &tar.Header{
			Typeflag: tar.TypeReg, Name: strings.TrimPrefix(f.path, "/"), Mode: f.mode,
			Size: int64(len(f.body)), ModTime: at.UTC().Truncate(time.Second), Format: tar.FormatPAX,
		}
		if strings.HasSuffix(f.path, "/") {
			h.Typeflag = tar.TypeDir
		}
		if err := w.WriteHeader(h); err != nil {
			return nil, err
		}
		if _, err := w.Write(f.body); err != nil {
			return nil, err
		}
	}
	if err := w.Close(); err != nil {
		return nil, err
	}
	return tarball.LayerFromOpener(func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(out.Bytes())), nil })
}
