package apidocs_test

import (
	"bytes"
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"testing"

	"egov/services/suite"
	"egov/services/suite/apidocs"
)

func documents(t *testing.T) map[string][]byte {
	t.Helper()
	docs, err := apidocs.Documents()
	if err != nil {
		t.Fatal(err)
	}
	return docs
}

func TestEveryServiceIsDescribed(t *testing.T) {
	t.Parallel()
	docs := documents(t)
	want := slices.Sorted(slices.Values(suite.Names()))
	if got := slices.Sorted(maps.Keys(docs)); !slices.Equal(got, want) {
		t.Fatalf("described are %v, the services are %v", got, want)
	}
	for name, doc := range docs {
		var d struct {
			OpenAPI string                     `json:"openapi"`
			Paths   map[string]json.RawMessage `json:"paths"`
		}
		if err := json.Unmarshal(doc, &d); err != nil || d.OpenAPI != "3.1.0" || len(d.Paths) == 0 {
			t.Errorf("%s: version %q, %d paths, %v", name, d.OpenAPI, len(d.Paths), err)
		}
		shared := "/v1/tasks"
		if name == "portal" {
			shared = "/api/inbox"
		}
		if d.Paths[shared] == nil {
			t.Errorf("%s does not describe %s", name, shared)
		}
	}
}

// TestTitlesAreThoseOfTheModules: what is committed is what a running service
// serves.
func TestTitlesAreThoseOfTheModules(t *testing.T) {
	t.Parallel()
	title := regexp.MustCompile(`Title: "([^"]+)"`)
	for name, doc := range documents(t) {
		if name == "portal" {
			continue // describes itself
		}
		source, err := os.ReadFile(filepath.Join("..", "..", name, "module", "module.go"))
		if err != nil {
			t.Fatal(err)
		}
		found := title.FindSubmatch(source)
		if found == nil || !bytes.Contains(doc, []byte(`"title": "`+string(found[1])+`"`)) {
			t.Errorf("%s: its module's title %q is not the document's", name, found)
		}
	}
}

func TestDocumentsAreStable(t *testing.T) {
	t.Parallel()
	first, second := documents(t), documents(t)
	for name := range first {
		if !bytes.Equal(first[name], second[name]) {
			t.Errorf("%s differs from one time to the next", name)
		}
	}
}

func TestWriteLeavesNothingElse(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "api")
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"gone.json", "README.md"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte("{}"), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if err := apidocs.Write(dir); err != nil {
		t.Fatal(err)
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, e := range entries {
		got = append(got, e.Name())
	}
	want := []string{"README.md"}
	for _, name := range suite.Names() {
		want = append(want, name+".json")
	}
	slices.Sort(want)
	if !slices.Equal(got, want) {
		t.Errorf("%v", got)
	}
}

// TestCallersFindAllThatTheySend: the header by which a POST may be repeated,
// the version that a PUT replaces, a body wherever one is taken whole, and the
// form of the case that is inside of a declaration.
func TestCallersFindAllThatTheySend(t *testing.T) {
	t.Parallel()
	type content map[string]struct {
		Schema struct {
			Ref    string `json:"$ref"`
			Format string `json:"format"`
		} `json:"schema"`
	}
	bodies := map[string]content{}
	posts := 0
	for name, doc := range documents(t) {
		var d struct {
			Paths map[string]map[string]struct {
				ID         string `json:"operationId"`
				Parameters []struct{ Name, In string }
				Body       struct{ Content content } `json:"requestBody"`
			}
			Components struct {
				Schemas map[string]struct {
					Properties map[string]struct {
						Ref string `json:"$ref"`
					}
				}
			}
		}
		if err := json.Unmarshal(doc, &d); err != nil {
			t.Fatal(err)
		}
		for path, methods := range d.Paths {
			for method, o := range methods {
				bodies[o.ID] = o.Body.Content
				sends := func(header string) (n int) {
					for _, p := range o.Parameters {
						if p.In == "header" && p.Name == header {
							n++
						}
					}
					return n
				}
				if method == "post" && name != "portal" {
					if posts++; sends("Idempotency-Key") != 1 {
						t.Errorf("%s: POST %s names Idempotency-Key %d times", name, path, sends("Idempotency-Key"))
					}
				}
				if _, read := methods["get"]; method == "put" && read && sends("If-Match") != 1 {
					t.Errorf("%s: PUT %s does not name If-Match", name, path)
				}
			}
		}
		if name != "declaration" {
			continue
		}
		for _, request := range []string{"DeclarationDraftProject", "DeclarationReviseProject"} {
			if ref := d.Components.Schemas[request].Properties["case"].Ref; ref != "#/components/schemas/PolicyCase" {
				t.Errorf("the case of %s is %q", request, ref)
			}
		}
		if len(d.Components.Schemas["PolicyCase"].Properties) < 30 {
			t.Error("the case is not described")
		}
	}
	if posts < 200 {
		t.Errorf("%d POSTs", posts)
	}
	if ref := bodies["Decide"]["application/json"].Schema.Ref; ref != "#/components/schemas/PolicyCase" {
		t.Errorf("the body of Decide is %q", ref)
	}
	for _, id := range []string{"AttachDocument", "ReadBudgetSheet"} {
		if bodies[id]["application/octet-stream"].Schema.Format != "binary" {
			t.Errorf("the body of %s is %v", id, bodies[id])
		}
	}
	for _, id := range []string{"GetSeal", "GetWitness", "GetKeys", "GetDiscovery"} {
		if _, there := bodies[id]; !there {
			t.Errorf("%s is not described", id)
		}
	}
}

// TestEveryStageCanBeAskedFor: the stages that a list takes are those that a
// project can be in.
func TestEveryStageCanBeAskedFor(t *testing.T) {
	t.Parallel()
	source, err := os.ReadFile(filepath.Join("..", "..", "declaration", "declaration.go"))
	if err != nil {
		t.Fatal(err)
	}
	var stages []string
	for _, m := range regexp.MustCompile(`Stage = "(\w+)"`).FindAllSubmatch(source, -1) {
		stages = append(stages, string(m[1]))
	}
	var d struct {
		Paths map[string]map[string]struct {
			Parameters []struct {
				Name   string
				Schema struct{ Enum []string }
			}
		}
	}
	if err := json.Unmarshal(documents(t)["declaration"], &d); err != nil {
		t.Fatal(err)
	}
	for _, p := range d.Paths["/v1/projects"]["get"].Parameters {
		if p.Name == "stage" && !slices.Equal(p.Schema.Enum, stages) {
			t.Errorf("%v can be asked for, %v there are", p.Schema.Enum, stages)
		}
	}
	if len(stages) == 0 {
		t.Error("no stages are found")
	}
}
