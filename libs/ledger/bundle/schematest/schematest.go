// Package schematest holds the project documents of a bundle to the official
// schemas of the standards they follow: OC4IDS 0.9.4 project packages and OCDS
// 1.1.5 record packages. It is for tests.
//
// The schemas are not part of this repository. They are read from the folder
// shared/data/schemas beside the checkout, or else once from the standards' own
// site into the user's cache. One that cannot be had fails the test: what was not
// checked is never taken for valid.
package schematest

import (
	"archive/zip"
	"bytes"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"egov/libs/ledger/bundle"
)

// Standards are the compiled schemas.
type Standards struct{ projects, records *jsonschema.Schema }

// Open compiles the schemas.
func Open(t testing.TB) Standards {
	t.Helper()
	shared, err := besideCheckout()
	if err != nil {
		t.Fatal(err)
	}
	cache, err := os.UserCacheDir()
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	c.AssertFormat()
	c.UseLoader(official{shared: shared, cache: filepath.Join(cache, "egov", "schemas"), releases: []release{ocds, oc4ids}})
	compile := func(url string) *jsonschema.Schema {
		s, err := c.Compile(url)
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	return Standards{compile(oc4ids.url + "project-package-schema.json"), compile(ocds.url + "record-package-schema.json")}
}

// Hold wants a document of a bundle to satisfy the schema of its name's standard.
func (s Standards) Hold(t testing.TB, name string, document []byte) {
	t.Helper()
	var schema *jsonschema.Schema
	switch {
	case strings.HasSuffix(name, ".oc4ids.json"):
		schema = s.projects
	case strings.HasSuffix(name, ".ocds.json"):
		schema = s.records
	default:
		t.Errorf("%s is of no standard", name)
		return
	}
	v, err := jsonschema.UnmarshalJSON(bytes.NewReader(document))
	if err == nil {
		err = schema.Validate(v)
	}
	if err != nil {
		t.Errorf("%s: %#v\n%s", name, err, document)
	}
}

// HoldBundle wants every project document of a bundle's archive to satisfy its
// schema, and answers how many there are of each standard.
func (s Standards) HoldBundle(t testing.TB, archive string) (projects, records int) {
	t.Helper()
	z, err := zip.OpenReader(archive)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = z.Close() }() // it is only read
	for _, f := range z.File {
		if !strings.HasPrefix(f.Name, bundle.FolderProject) {
			continue
		}
		r, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		document, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		s.Hold(t, f.Name, document)
		if strings.HasSuffix(f.Name, ".ocds.json") {
			records++
		} else {
			projects++
		}
	}
	return projects, records
}

// besideCheckout is the shared folder of schemas, whether it is there or not.
func besideCheckout() (string, error) {
	root, err := filepath.Abs(".")
	for ; err == nil && root != filepath.Dir(root); root = filepath.Dir(root) {
		if _, err := os.Stat(filepath.Join(root, "go.work")); err == nil {
			break
		}
	}
	return filepath.Join(root, "..", "shared", "data", "schemas"), err
}

// release is a pinned release of a standard: where its schemas say they are,
// and the folder they lie in beside the checkout.
type release struct{ url, folder string }

var (
	ocds   = release{"https://standard.open-contracting.org/schema/1__1__5/", "ocds-1.1.5"}
	oc4ids = release{"https://standard.open-contracting.org/infrastructure/schema/0__9__4/", "oc4ids-0.9.4"}
)

// official loads the standards' own schemas. It is a jsonschema.URLLoader.
type official struct {
	shared, cache string
	releases      []release
}

// Load finds one schema.
func (o official) Load(url string) (any, error) {
	for _, r := range o.releases {
		name, ok := strings.CutPrefix(url, r.url)
		if !ok {
			continue
		}
		b, err := os.ReadFile(filepath.Join(o.shared, r.folder, name))
		if err != nil {
			b, err = o.cached(url, filepath.Join(o.cache, r.folder, name))
		}
		if err != nil {
			return nil, fmt.Errorf("the official schema %s is neither beside the checkout nor to be had: %w", url, err)
		}
		return jsonschema.UnmarshalJSON(bytes.NewReader(b))
	}
	return nil, fmt.Errorf("%s is no schema of a pinned release", url)
}

func (o official) cached(url, file string) ([]byte, error) {
	if b, err := os.ReadFile(file); err == nil {
		return b, nil
	}
	resp, err := (&http.Client{Timeout: 30 * time.Second}).Get(url)
	if err != nil {
		return nil, err
	}
	defer func() { _ = resp.Body.Close() }() // it is only read
	if resp.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("answered %s", resp.Status)
	}
	b, err := io.ReadAll(io.LimitReader(resp.Body, 4<<20))
	if err != nil {
		return nil, err
	}
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		return nil, err
	}
	temporary := fmt.Sprintf("%s.%d", file, os.Getpid())
	if err := os.WriteFile(temporary, b, 0o644); err != nil {
		return nil, err
	}
	return b, os.Rename(temporary, file)
}
