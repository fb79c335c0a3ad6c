package charts

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"go.yaml.in/yaml/v3"
)

//go:generate go run ../cmd/charts -o ../../charts

// Write writes the schema and the README of every chart of a folder.
func Write(charts string) error {
	names, err := Names(charts)
	if err != nil {
		return err
	}
	for _, name := range names {
		values, err := Values(charts, name)
		if err != nil {
			return err
		}
		s, err := Schema(name, values)
		if err != nil {
			return err
		}
		readme, err := Readme(charts, name, values)
		if err != nil {
			return err
		}
		for file, text := range map[string][]byte{"values.schema.json": s, "README.md": readme} {
			if err := os.WriteFile(filepath.Join(charts, name, file), text, 0o644); err != nil {
				return err
			}
		}
	}
	return nil
}

// Readme tells what a chart is and lists its values.
func Readme(charts, name string, values *Value) ([]byte, error) {
	b, err := os.ReadFile(filepath.Join(charts, name, "Chart.yaml"))
	if err != nil {
		return nil, err
	}
	var chart struct {
		Description string `yaml:"description"`
	}
	if err := yaml.Unmarshal(b, &chart); err != nil {
		return nil, err
	}
	var out bytes.Buffer
	fmt.Fprintf(&out, "# %s\n\n%s\n\n", name, chart.Description)
	if name == Umbrella {
		fmt.Fprintf(&out, "Installed with `helm install egov charts/egov -f VALUES`; values for whole districts stand in [deploy/profiles](../../deploy/profiles). The values of a service are those of its own chart, under its name.\n\n")
	} else {
		fmt.Fprintf(&out, "The [%[1]s service](../../services/%[1]s/README.md) of one bureau: `helm install %[1]s charts/%[1]s -n NAMESPACE -f VALUES`. What it renders is defined once for all services, in [charts/lib](../lib).\n\n", name)
	}
	fmt.Fprintf(&out, "The table is made from the comments in values.yaml by `make generate`; so is values.schema.json, which Helm holds values against.\n\n| value | default | |\n|---|---|---|\n")
	rows(&out, "", values)
	return out.Bytes(), nil
}

func rows(out *bytes.Buffer, path string, v *Value) {
	for _, f := range v.Fields {
		key := path + f.Key
		if len(f.Fields) > 0 && !f.Mark("open") && !f.Mark("config") {
			if f.Text != "" {
				fmt.Fprintf(out, "| **%s** | | %s |\n", key, cell(f.Text))
			}
			rows(out, key+".", f)
			continue
		}
		text := f.Text
		if e, ok := f.Marks["enum"]; ok {
			text = strings.TrimSpace(text + " One of " + strings.Join(strings.Fields(e), ", ") + ".")
		}
		fmt.Fprintf(out, "| `%s` | `%s` | %s |\n", key, cell(inline(f.Node)), cell(text))
	}
}

func cell(s string) string { return strings.ReplaceAll(s, "|", `\|`) }

// inline is a default on one line.
func inline(n *yaml.Node) string {
	if n.Kind == yaml.ScalarNode {
		if n.Value == "" {
			return `""`
		}
		return n.Value
	}
	flow := bare(n)
	b, err := yaml.Marshal(flow)
	if err != nil {
		return ""
	}
	return strings.Join(strings.Fields(string(b)), " ")
}

// bare is n without comments, in flow style.
func bare(n *yaml.Node) *yaml.Node {
	out := &yaml.Node{Kind: n.Kind, Tag: n.Tag, Value: n.Value, Style: n.Style}
	if n.Kind != yaml.ScalarNode {
		out.Style = yaml.FlowStyle
	}
	for _, c := range n.Content {
		out.Content = append(out.Content, bare(c))
	}
	return out
}
