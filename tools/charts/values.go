// Package charts writes what the Helm charts say about themselves, and its
// tests hold the charts against Helm and the Kubernetes API's own types.
//
// The values of a chart, with the comments above them, are the source: from
// them come the chart's values.schema.json and README.md. A service's values
// are those of charts/lib with its own laid over them, as Helm does it.
package charts

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"go.yaml.in/yaml/v3"
)

// Library is the chart that every other includes, Umbrella the one that holds
// every service.
const (
	Library  = "lib"
	Umbrella = "egov"
)

// Value is one value of a chart, with what its comment says.
type Value struct {
	Key    string
	Text   string            // the comment without its marks
	Marks  map[string]string // "@enum a b" is Marks["enum"] = "a b"
	Node   *yaml.Node        // the default
	Fields []*Value          // of a mapping, in the order of the file
}

// Mark says whether the comment bears a mark.
func (v *Value) Mark(name string) bool { _, ok := v.Marks[name]; return ok }

// field finds a field of a mapping.
func (v *Value) field(key string) *Value {
	for _, f := range v.Fields {
		if f.Key == key {
			return f
		}
	}
	return nil
}

var errValues = errors.New("not a values file")

// read reads the values of one file.
func read(file string) (*Value, error) {
	b, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	var doc yaml.Node
	if err := yaml.Unmarshal(b, &doc); err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	if len(doc.Content) != 1 || doc.Content[0].Kind != yaml.MappingNode {
		return nil, fmt.Errorf("%s: %w", file, errValues)
	}
	return parse("", "", doc.Content[0]), nil
}

func parse(key, comment string, n *yaml.Node) *Value {
	v := &Value{Key: key, Node: n, Marks: map[string]string{}}
	var text []string
	for line := range strings.Lines(comment) {
		line = strings.TrimSpace(strings.TrimPrefix(strings.TrimSpace(line), "#"))
		if !strings.HasPrefix(line, "@") {
			text = append(text, line)
			continue
		}
		for mark := range strings.SplitSeq(line[1:], " @") {
			name, value, _ := strings.Cut(mark, " ")
			v.Marks[name] = strings.TrimSpace(value)
		}
	}
	v.Text = strings.TrimSpace(strings.Join(text, " "))
	if n.Kind == yaml.MappingNode {
		for i := 0; i < len(n.Content); i += 2 {
			k := n.Content[i]
			// A comment apart from its value, at the head of a file, is not about it.
			parts := strings.Split(k.HeadComment, "\n\n")
			v.Fields = append(v.Fields, parse(k.Value, parts[len(parts)-1], n.Content[i+1]))
		}
	}
	return v
}

// over lays a chart's own values over those of the library. A value keeps the
// library's comment where its own says nothing.
func over(base, own *Value) *Value {
	if base == nil {
		return own
	}
	out := *own
	if out.Text == "" {
		out.Text = base.Text
	}
	out.Marks = map[string]string{}
	for _, from := range []map[string]string{base.Marks, own.Marks} {
		for k, m := range from {
			out.Marks[k] = m
		}
	}
	if len(base.Fields) == 0 || own.Node.Kind != yaml.MappingNode {
		return &out
	}
	out.Fields = nil
	for _, f := range base.Fields {
		if o := own.field(f.Key); o != nil {
			f = over(f, o)
		}
		out.Fields = append(out.Fields, f)
	}
	for _, f := range own.Fields {
		if base.field(f.Key) == nil {
			out.Fields = append(out.Fields, f)
		}
	}
	return &out
}

// Values are a chart's values as Helm sees them: charts is the folder of all
// charts.
func Values(charts, name string) (*Value, error) {
	lib, err := read(filepath.Join(charts, Library, "values.yaml"))
	if err != nil {
		return nil, err
	}
	defaults := lib.field("exports").field("defaults")
	own, err := read(filepath.Join(charts, name, "values.yaml"))
	if err != nil {
		return nil, err
	}
	if name != Umbrella {
		return over(defaults, own), nil
	}
	for i, f := range own.Fields {
		if f.Key == "suite" {
			own.Fields[i] = over(defaults, f)
		}
	}
	return own, nil
}

// Names are the charts of a folder that can be installed, in order.
func Names(charts string) ([]string, error) {
	files, err := filepath.Glob(filepath.Join(charts, "*", "Chart.yaml"))
	var names []string
	for _, f := range files {
		if n := filepath.Base(filepath.Dir(f)); n != Library {
			names = append(names, n)
		}
	}
	return names, err
}
