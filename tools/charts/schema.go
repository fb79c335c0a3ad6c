package charts

import (
	"encoding/json"
	"fmt"
	"reflect"
	"strconv"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"egov/libs/conf"
	"egov/services/suite"
)

// schema is a JSON Schema, draft 2020-12. Helm checks values against it before
// it renders anything.
type schema map[string]any

// Schema makes the schema of a chart's values.
func Schema(name string, values *Value) ([]byte, error) {
	s, err := schemaOf(name, values)
	if err != nil {
		return nil, fmt.Errorf("chart %s: %w", name, err)
	}
	s["$schema"] = "https://json-schema.org/draft/2020-12/schema"
	s["title"] = "values of the chart " + name
	properties := s["properties"].(schema)
	// Helm puts what the library exports, and its own values, here.
	properties[Library] = schema{"type": "object"}
	if name != Umbrella {
		// What an umbrella says to all of its charts, and the condition under which it has this one.
		properties["global"] = schema{"type": "object"}
		properties["enabled"] = schema{"type": "boolean"}
	}
	b, err := json.MarshalIndent(s, "", "  ")
	return append(b, '\n'), err
}

func schemaOf(chart string, v *Value) (schema, error) {
	s := schema{}
	if v.Text != "" {
		s["description"] = v.Text
	}
	if v.Mark("config") {
		return configSchema(chart, s), nil
	}
	switch v.Node.Kind {
	case yaml.MappingNode:
		s["type"] = "object"
		if v.Mark("open") {
			return s, nil
		}
		properties := schema{}
		for _, f := range v.Fields {
			p, err := schemaOf(chart, f)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", f.Key, err)
			}
			properties[f.Key] = p
		}
		s["properties"], s["additionalProperties"] = properties, false
		return s, nil
	case yaml.SequenceNode:
		if !v.Mark("items") {
			return nil, fmt.Errorf("%w: a list needs @items", errValues)
		}
		s["type"], s["items"] = "array", schema{"type": v.Marks["items"]}
		return s, nil
	}
	return s, scalar(s, v)
}

// scalar describes a text, a number or a truth value.
func scalar(s schema, v *Value) error {
	switch v.Node.ShortTag() {
	case "!!bool":
		s["type"] = "boolean"
	case "!!int":
		s["type"] = "integer"
	case "!!float":
		s["type"] = "number"
	case "!!str":
		s["type"] = "string"
	default:
		return fmt.Errorf("%w: a default of type %s", errValues, v.Node.ShortTag())
	}
	for mark, value := range v.Marks {
		switch mark {
		case "enum":
			s["enum"] = strings.Fields(value)
		case "pattern":
			s["pattern"] = value
		case "type":
			s["type"] = strings.Fields(value)
		case "quantity":
			s["pattern"] = `^[0-9]+(\.[0-9]+)?(m|k|Ki|M|Mi|G|Gi|T|Ti)?$`
		case "min", "max":
			n, err := strconv.Atoi(value)
			if err != nil {
				return fmt.Errorf("@%s: %w", mark, err)
			}
			s[mark+"imum"] = n
		default:
			return fmt.Errorf("%w: unknown mark @%s", errValues, mark)
		}
	}
	return nil
}

// configSchema describes a service's configuration from the struct that reads
// it. What is secret is left out, so that a password in values is refused.
func configSchema(chart string, s schema) schema {
	var t reflect.Type
	c := suite.Default()
	switch chart {
	case "identity":
		t = reflect.TypeOf(c.Identity)
	case "portal":
		t = reflect.TypeOf(c.Portal)
	default:
		t = reflect.TypeFor[conf.Service]()
	}
	for k, x := range structSchema(t) {
		s[k] = x
	}
	return s
}

func structSchema(t reflect.Type) schema {
	properties := schema{}
	addFields(properties, t)
	return schema{"type": "object", "properties": properties, "additionalProperties": false}
}

func addFields(properties schema, t reflect.Type) {
	for i := range t.NumField() {
		f := t.Field(i)
		key, opt, _ := strings.Cut(f.Tag.Get("yaml"), ",")
		switch {
		case opt == "inline":
			addFields(properties, f.Type)
		case key == "" || key == "-" || f.Type == reflect.TypeFor[conf.Secret]():
		default:
			p := typeSchema(f.Type)
			if doc := f.Tag.Get("doc"); doc != "" {
				p["description"] = doc
			}
			properties[key] = p
		}
	}
}

func typeSchema(t reflect.Type) schema {
	if t == reflect.TypeFor[time.Duration]() {
		return schema{"type": "string", "pattern": `^([0-9]+(\.[0-9]+)?(ns|us|ms|s|m|h))+$`}
	}
	switch t.Kind() {
	case reflect.Struct:
		return structSchema(t)
	case reflect.Map:
		return schema{"type": "object", "additionalProperties": typeSchema(t.Elem())}
	case reflect.Slice:
		return schema{"type": "array", "items": typeSchema(t.Elem())}
	case reflect.Bool:
		return schema{"type": "boolean"}
	case reflect.Int, reflect.Int32, reflect.Int64:
		return schema{"type": "integer"}
	case reflect.Float64:
		return schema{"type": "number"}
	default:
		return schema{"type": "string"}
	}
}
