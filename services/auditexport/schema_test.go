package auditexport_test

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

// release is a pinned release of a standard: where its schemas say they are,
// and the folder they lie in beside the checkout.
type release struct{ url, folder string }

var releases = []release{
	{"https://standard.open-contracting.org/schema/1__1__5/", "ocds-1.1.5"},
	{"https://standard.open-contracting.org/infrastructure/schema/0__9__4/", "oc4ids-0.9.4"},
}

// official loads the standards' own schemas: from the shared folder beside the
// checkout, or else once from the standard's site into a cache. A schema that
// cannot be had is an error.
type official struct {
	shared, cache string
	releases      []release
}

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
	defer resp.Body.Close()
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

// standards are the schemas that documents of a bundle are held to.
func standards(t testing.TB) (oc4ids, ocds *jsonschema.Schema) {
	t.Helper()
	root, err := filepath.Abs(".")
	must(t, err)
	for {
		if _, err := os.Stat(filepath.Join(root, "go.work")); err == nil || root == filepath.Dir(root) {
			break
		}
		root = filepath.Dir(root)
	}
	cache, err := os.UserCacheDir()
	must(t, err)
	c := jsonschema.NewCompiler()
	c.AssertFormat()
	c.UseLoader(official{
		shared: filepath.Join(root, "..", "shared", "data", "schemas"), cache: filepath.Join(cache, "egov", "schemas"), releases: releases,
	})
	oc4ids, err = c.Compile(releases[1].url + "project-package-schema.json")
	must(t, err)
	ocds, err = c.Compile(releases[0].url + "record-package-schema.json")
	must(t, err)
	return oc4ids, ocds
}

// hold wants a document to satisfy a schema.
func hold(t testing.TB, s *jsonschema.Schema, name string, document []byte) {
	t.Helper()
	v, err := jsonschema.UnmarshalJSON(bytes.NewReader(document))
	must(t, err)
	if err := s.Validate(v); err != nil {
		t.Errorf("%s: %#v\n%s", name, err, document)
	}
}

func TestSchemasAreFetchedOnce(t *testing.T) {
	t.Parallel()
	asked := 0
	site := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked++
		if r.URL.Path != "/1/there.json" {
			http.NotFound(w, r)
			return
		}
		fmt.Fprint(w, `{"type":"object"}`)
	}))
	t.Cleanup(site.Close)
	o := official{shared: t.TempDir(), cache: t.TempDir(), releases: []release{{site.URL + "/1/", "one"}}}
	for range 3 {
		if _, err := o.Load(site.URL + "/1/there.json"); err != nil {
			t.Fatal(err)
		}
	}
	if asked != 1 {
		t.Errorf("asked %d times", asked)
	}
	for _, url := range []string{site.URL + "/1/missing.json", site.URL + "/2/there.json"} {
		if _, err := o.Load(url); err == nil || !strings.Contains(err.Error(), "schema") {
			t.Errorf("%s: %v", url, err)
		}
	}
}
