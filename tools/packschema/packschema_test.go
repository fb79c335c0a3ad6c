package packschema_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"go.yaml.in/yaml/v3"

	"egov/libs/fault"
	"egov/libs/policy"
	"egov/libs/policy/packs"
	"egov/libs/policy/schema"
	"egov/tools/packschema"
)

// compile reads the published schema of a file of a pack.
func compile(t *testing.T, file string) *jsonschema.Schema {
	t.Helper()
	text, err := fs.ReadFile(schema.FS, schema.Name(file))
	if err != nil {
		t.Fatal(err)
	}
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	c.DefaultDraft(jsonschema.Draft2020)
	if err := c.AddResource(file, doc); err != nil {
		t.Fatal(err)
	}
	s, err := c.Compile(file)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// value is a YAML node as JSON has it; a day stays the text it is written as.
func value(t *testing.T, n *yaml.Node) any {
	t.Helper()
	switch n.Kind {
	case yaml.DocumentNode:
		return value(t, n.Content[0])
	case yaml.AliasNode:
		return value(t, n.Alias)
	case yaml.MappingNode:
		m := map[string]any{}
		for i := 0; i < len(n.Content); i += 2 {
			m[n.Content[i].Value] = value(t, n.Content[i+1])
		}
		return m
	case yaml.SequenceNode:
		list := make([]any, len(n.Content))
		for i, c := range n.Content {
			list[i] = value(t, c)
		}
		return list
	}
	if n.Tag == "!!timestamp" {
		return n.Value
	}
	var v any
	if err := n.Decode(&v); err != nil {
		t.Fatal(err)
	}
	if number, ok := v.(int); ok {
		return json.Number(strconv.Itoa(number))
	}
	return v
}

// document reads a file; one without content is an object without fields.
func document(t *testing.T, text []byte) any {
	t.Helper()
	var n yaml.Node
	if err := yaml.Unmarshal(text, &n); err != nil {
		t.Fatal(err)
	}
	if n.IsZero() {
		return map[string]any{}
	}
	if v := value(t, &n); v != nil {
		return v
	}
	return map[string]any{}
}

// folders are all packs of the repository.
func folders(t *testing.T) map[string]fs.FS {
	t.Helper()
	all := map[string]fs.FS{}
	examples := os.DirFS(filepath.Join("..", "..", "examples"))
	for _, from := range []fs.FS{packs.FS, examples} {
		entries, err := fs.ReadDir(from, ".")
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range entries {
			if !e.IsDir() {
				continue
			}
			if all[e.Name()], err = fs.Sub(from, e.Name()); err != nil {
				t.Fatal(err)
			}
		}
	}
	return all
}

func TestEveryPackConforms(t *testing.T) {
	t.Parallel()
	all := folders(t)
	if len(all) < 3 {
		t.Fatalf("only %d packs", len(all))
	}
	for _, file := range policy.Files() {
		s := compile(t, file)
		for name, pack := range all {
			text, err := fs.ReadFile(pack, file)
			if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			if err := s.Validate(document(t, text)); err != nil {
				t.Errorf("%s/%s: %v", name, file, err)
			}
		}
	}
}

// keys lists every key that a schema knows, as paths, with the description of
// each.
func keys(part map[string]any, path string, into map[string]string) {
	properties, _ := part["properties"].(map[string]any)
	for key, p := range properties {
		p := p.(map[string]any)
		at := path + "/" + key
		into[at], _ = p["description"].(string)
		keys(p, at, into)
	}
	for _, inner := range []string{"items", "additionalProperties"} {
		if p, ok := part[inner].(map[string]any); ok {
			keys(p, path, into)
		}
	}
}

// TestEveryKeyIsDescribed, but for the two languages of a text.
func TestEveryKeyIsDescribed(t *testing.T) {
	t.Parallel()
	for _, file := range policy.Files() {
		text, err := fs.ReadFile(schema.FS, schema.Name(file))
		if err != nil {
			t.Fatal(err)
		}
		var doc map[string]any
		if err := json.Unmarshal(text, &doc); err != nil {
			t.Fatal(err)
		}
		known := map[string]string{}
		keys(doc, "", known)
		for key, description := range known {
			if description == "" && !strings.HasSuffix(key, "/zh") && !strings.HasSuffix(key, "/en") {
				t.Errorf("%s: %s has no description", file, key)
			}
		}
		if doc["$schema"] != "https://json-schema.org/draft/2020-12/schema" || len(known) == 0 {
			t.Errorf("%s: %d keys in %v", file, len(known), doc["$schema"])
		}
	}
}

// TestSchemaAndLoaderRefuseTheSameKeys adds a key nobody knows to every kind of
// object in every file: both refuse it. A key that one of them took would be
// one that they do not agree on.
func TestSchemaAndLoaderRefuseTheSameKeys(t *testing.T) {
	t.Parallel()
	pack := folders(t)["qinglan"]
	for _, file := range policy.Files() {
		s := compile(t, file)
		text, err := fs.ReadFile(pack, file)
		if err != nil {
			t.Fatal(err)
		}
		var count int
		var doc yaml.Node
		if err := yaml.Unmarshal(text, &doc); err != nil {
			t.Fatal(err)
		}
		seen := map[string]bool{}
		visit(&doc, "", func(path string, at *yaml.Node) {
			if seen[path] || open(path) {
				return
			}
			seen[path] = true
			count++
			kept := at.Content
			at.Content = append(slices.Clone(kept), &yaml.Node{Kind: yaml.ScalarNode, Value: "colour"}, &yaml.Node{Kind: yaml.ScalarNode, Value: "blue"})
			changed, err := yaml.Marshal(&doc)
			at.Content = kept
			if err != nil {
				t.Fatal(err)
			}
			if s.Validate(document(t, changed)) == nil {
				t.Errorf("%s: the schema takes an unknown key at %s", file, path)
			}
			if !refusesYAML(t, pack, file, changed) {
				t.Errorf("%s: the loader takes an unknown key at %s", file, path)
			}
		})
		if count == 0 {
			t.Errorf("%s: nothing was tried", file)
		}
	}
}

// open reports whether an object's keys are names that the pack chooses, or the
// fields of a case, which the case's own decoder checks.
func open(path string) bool {
	return path == "/field_basis" || path == "/groups" || path == "/defaults" || strings.HasPrefix(path, "/cases/case")
}

// visit calls f for every object, with its path; places in a list are left out
// of it.
func visit(n *yaml.Node, path string, f func(string, *yaml.Node)) {
	if n.Kind != yaml.MappingNode {
		for _, c := range n.Content {
			visit(c, path, f)
		}
		return
	}
	f(path, n)
	for i := 0; i+1 < len(n.Content); i += 2 {
		visit(n.Content[i+1], path+"/"+n.Content[i].Value, f)
	}
}

// refusesYAML reports whether a pack with one file changed is refused for that
// file's form.
func refusesYAML(t *testing.T, pack fs.FS, file string, text []byte) bool {
	t.Helper()
	files := fstest.MapFS{}
	for _, name := range policy.Files() {
		data, err := fs.ReadFile(pack, name)
		if err != nil {
			t.Fatal(err)
		}
		files[name] = &fstest.MapFile{Data: data}
	}
	files[file] = &fstest.MapFile{Data: text}
	_, err := policy.Load(files)
	return errors.Is(err, policy.ErrInvalidPack) && slices.ContainsFunc(fault.From(err).Violations, func(v fault.Violation) bool {
		return strings.HasPrefix(v.Field, file) && (v.Code == "invalid_yaml" || v.Code == "unknown_vocabulary")
	})
}

// TestSchemaRefusesWrongValues where an editor can know them to be wrong.
func TestSchemaRefusesWrongValues(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, file, text string }{
		{"a header without an id", "pack.yaml", "version: 1\n"},
		{"a day that is none", "pack.yaml", "id: a\nversion: a\ndistrict: a\ntitle: {zh: a, en: a}\nsource: {zh: a, en: a}\nvalid_from: soon\n"},
		{"a text in one language", "provisions.yaml", "provisions:\n  - {id: A-1, zh: 甲}\n"},
		{"a negative figure", "params.yaml", "params:\n  - {param: a, wan: -1, basis: [A-1], zh: 甲, en: a}\n"},
		{"a rule on no provision", "routes.yaml", "routes:\n  - {rule: a, route: b, basis: []}\n"},
		{"an unknown strength", "deadlines.yaml", "deadlines:\n  - {deadline: a, trigger: b, months: 1, strength: maybe, basis: [A-1], zh: 甲, en: a}\n"},
		{"no route at all", "routes.yaml", "routes: []\n"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			if compile(t, c.file).Validate(document(t, []byte(c.text))) == nil {
				t.Error("the schema takes it")
			}
		})
	}
}

// TestPublishedSchemasAreCurrent: what `make generate` writes is what is there.
func TestPublishedSchemasAreCurrent(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if err := packschema.Write(dir); err != nil {
		t.Fatal(err)
	}
	written, published := read(t, os.DirFS(dir)), read(t, schema.FS)
	if !maps.Equal(written, published) {
		t.Error("libs/policy/schema is not what make generate writes")
	}
}

func read(t *testing.T, from fs.FS) map[string]string {
	t.Helper()
	names, err := fs.Glob(from, "*.schema.json")
	if err != nil || len(names) != len(policy.Files()) {
		t.Fatalf("%d schemas, %v", len(names), err)
	}
	all := map[string]string{}
	for _, name := range names {
		text, err := fs.ReadFile(from, name)
		if err != nil {
			t.Fatal(err)
		}
		all[name] = string(text)
	}
	return all
}
