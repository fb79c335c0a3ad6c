package policy

import (
	"bytes"
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strings"
)

// schemaDialect is the version of JSON Schema that Schemas are written in.
const schemaDialect = "https://json-schema.org/draft/2020-12/schema"

// sources are the files of a pack, what stands in each, and the form Load reads
// it in.
var sources = []struct {
	file, doc string
	form      reflect.Type
}{
	{headerFile, "What the pack is: id, version, district, and the days it holds.", reflect.TypeFor[headerSource]()},
	{provisionsFile, "Every provision id a rule may rest on, with a short text.", reflect.TypeFor[provisionsSource]()},
	{codesFile, "Every code of the rules with its labels, by vocabulary.", reflect.TypeFor[codesSource]()},
	{paramsFile, "Every figure of the rules.", reflect.TypeFor[paramsSource]()},
	{costFile, "The cost standard: sums, its strength, rules of totals and of lines.", reflect.TypeFor[costSource]()},
	{routesFile, "What a case must say, which route it takes, and what comes before it.", reflect.TypeFor[routesSource]()},
	{gatesFile, "What each gate waits for besides its checklist items.", reflect.TypeFor[gatesSource]()},
	{checklistFile, "Every item a case may need, each at one gate.", reflect.TypeFor[checklistSource]()},
	{obligationsFile, "Later duties that are known when the case is decided.", reflect.TypeFor[obligationsSource]()},
	{findingsFile, "Other rules a case may break.", reflect.TypeFor[findingsSource]()},
	{notesFile, "How unclear text is read, and what the rules leave to a person.", reflect.TypeFor[notesSource]()},
	{deadlinesFile, "Duties with a time limit, in working days or months.", reflect.TypeFor[deadlinesSource]()},
	{procedureFile, "Figures and lists by which the bodies work.", reflect.TypeFor[procedureSource]()},
	{officeFile, "How the office plans, counts, assesses and seals.", reflect.TypeFor[officeSource]()},
	{flagsFile, "Red flags that auditors are shown, and the time limits of audit cases.", reflect.TypeFor[flagsSource]()},
	{casesFile, "Worked cases the pack must meet; they do not change its version.", reflect.TypeFor[casesSource]()},
}

// schema is one JSON Schema, or a part of one.
type schema map[string]any

// forms are the shapes of single values, by the name a field's schema tag uses.
var forms = map[string]schema{
	"text":      {"type": "string", "minLength": 1},
	"code":      {"type": "string", "pattern": codeForm.String()},
	"field":     {"type": "string", "pattern": `^[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)?$`},
	"provision": {"type": "string", "minLength": 1},
	"date":      {"type": "string", "pattern": `^\d{4}-\d{2}-\d{2}$`},
	"month_day": {"type": "string", "pattern": `^\d{2}-\d{2}$`},
	"number":    {"type": "number", "minimum": 0},
	"condition": {"type": []string{"string", "boolean"}, "minLength": 1, "$comment": "a CEL expression that is true or false"},
	"amount":    {"type": []string{"string", "integer"}, "minLength": 1, "$comment": "a CEL expression that gives an amount in fen"},
	"strength":  {"enum": []Strength{Must, InPrinciple, Reference}},
	"duty":      {"enum": duties},
	"severity":  {"enum": []Severity{Error, Warning}},
	"detector":  {"enum": allDetectors},
	"level":     {"enum": allLevels},
	"link":      {"enum": allLinks},
}

// Schemas gives the JSON Schema of each file of a pack, by the file's name:
// what an editor needs to complete keys, show what they mean and mark what is
// wrong while a pack is being written. They are made from the form in which
// Load reads the files, so that both know the same keys. They know no codes,
// provisions or expressions: Load checks those.
func Schemas() (map[string][]byte, error) {
	all := make(map[string][]byte, len(sources))
	for _, s := range sources {
		doc, err := schemaOf(s.form, "")
		if err != nil {
			return nil, fmt.Errorf("%s: %w", s.file, err)
		}
		doc["$schema"], doc["title"], doc["description"] = schemaDialect, s.file, s.doc
		used := map[string]bool{}
		references(doc, used)
		defs := schema{}
		for name := range used {
			defs[name] = forms[name]
		}
		if len(defs) > 0 {
			doc["$defs"] = defs
		}
		var text bytes.Buffer
		enc := json.NewEncoder(&text)
		enc.SetEscapeHTML(false) // people read these files
		enc.SetIndent("", "  ")
		if err := enc.Encode(doc); err != nil {
			return nil, err
		}
		all[s.file] = text.Bytes()
	}
	return all, nil
}

const definitions = "#/$defs/"

// references collects the names of the forms that a schema refers to.
func references(part any, used map[string]bool) {
	switch part := part.(type) {
	case schema:
		if ref, ok := part["$ref"].(string); ok {
			used[strings.TrimPrefix(ref, definitions)] = true
		}
		for _, v := range part {
			references(v, used)
		}
	}
}

// schemaOf describes values of a type; form is the shape of its single values.
func schemaOf(t reflect.Type, form string) (schema, error) {
	if t == reflect.TypeFor[codesSource]() {
		return vocabularySchema()
	}
	if _, named := forms[form]; form != "" && !named {
		return nil, fmt.Errorf("there is no form %q", form)
	}
	switch {
	case t == reflect.TypeFor[Text]():
		line := schema{"type": "string", "minLength": 1}
		return schema{
			"type": "object", "additionalProperties": false, "required": []string{"zh", "en"},
			"properties": schema{"zh": line, "en": line},
		}, nil
	case t == reflect.TypeFor[token](), t.Kind() == reflect.String:
		if form == "" {
			return schema{"type": "string"}, nil
		}
		return schema{"$ref": definitions + form}, nil
	}
	switch t.Kind() {
	case reflect.Bool:
		return schema{"type": "boolean"}, nil
	case reflect.Int, reflect.Int64:
		return schema{"type": "integer", "minimum": 0}, nil
	case reflect.Pointer:
		return schemaOf(t.Elem(), form)
	case reflect.Slice:
		items, err := schemaOf(t.Elem(), form)
		return schema{"type": "array", "items": items}, err
	case reflect.Map:
		if t.Elem().Kind() == reflect.Interface {
			return schema{"type": "object"}, nil
		}
		values, err := schemaOf(t.Elem(), form)
		return schema{"type": "object", "additionalProperties": values}, err
	case reflect.Struct:
		return structSchema(t)
	}
	return nil, fmt.Errorf("%s has no schema", t)
}

// structSchema describes an object by the tags of its fields: yaml names the
// key, doc says what it means, schema gives the form of its values and whether
// it must be there.
func structSchema(t reflect.Type) (schema, error) {
	properties, required := schema{}, []string{}
	for i := range t.NumField() {
		f := t.Field(i)
		key, doc := f.Tag.Get("yaml"), f.Tag.Get("doc")
		if key == "" || doc == "" {
			return nil, fmt.Errorf("%s.%s has no key or no description", t.Name(), f.Name)
		}
		form, more, _ := strings.Cut(f.Tag.Get("schema"), ",")
		p, err := schemaOf(f.Type, form)
		if err != nil {
			return nil, fmt.Errorf("%s.%s: %w", t.Name(), f.Name, err)
		}
		p["description"] = doc
		if more == "required" {
			required = append(required, key)
			if p["type"] == "array" {
				p["minItems"] = 1
			}
		}
		properties[key] = p
	}
	s := schema{"type": "object", "additionalProperties": false, "properties": properties}
	if len(required) > 0 {
		s["required"] = required
	}
	return s, nil
}

// vocabularyDocs say what each list of codes is for.
var vocabularyDocs = map[Vocabulary]string{
	Kinds: "kinds of project", UnitKinds: "kinds of declaring unit", UnitLevels: "levels of declaring unit, for rules that ask",
	Routes: "routes a case may take", Steps: "steps of the routes", Materials: "items of the checklist", Obligations: "later duties",
	ConferenceModes: "how the conference decides", Categories: "cost categories, with their classes",
}

func vocabularySchema() (schema, error) {
	properties := schema{}
	for _, v := range slices.Sorted(slices.Values(allVocabularies)) {
		list, err := schemaOf(reflect.TypeFor[[]termSource](), "")
		if err != nil {
			return nil, err
		}
		list["description"] = vocabularyDocs[v]
		properties[string(v)] = list
	}
	return schema{"type": "object", "additionalProperties": false, "properties": properties}, nil
}

// Files lists the files of a pack, in the order in which they are read.
func Files() []string {
	list := make([]string, len(sources))
	for i, s := range sources {
		list[i] = s.file
	}
	return list
}
