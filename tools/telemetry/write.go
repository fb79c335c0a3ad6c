package telemetry

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// Made is everything the package writes.
type Made struct {
	Metrics    []Metric
	Rules      Rules
	Dashboards []Dashboard
}

// Make reads the source of the workspace at root and puts everything together.
// It fails when a rule or a panel names what no service exports.
func Make(root string) (Made, error) {
	metrics, err := Scan(root)
	if err != nil {
		return Made{}, err
	}
	faults, err := Faults(root)
	if err != nil {
		return Made{}, err
	}
	m := Made{Metrics: metrics}
	values := Fill(metrics, faults)
	if m.Rules, err = ReadRules(values); err != nil {
		return Made{}, err
	}
	if m.Dashboards, err = ReadDashboards(values); err != nil {
		return Made{}, err
	}
	return m, m.Check()
}

// Check holds every expression against the metrics.
func (m Made) Check() error {
	known := NewKnown(m.Metrics)
	var errs []error
	for _, r := range m.Rules.Records {
		errs = append(errs, known.Record(r))
	}
	for _, a := range m.Rules.Alerts {
		if err := known.Check(a.Expr); err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", a.Name, err))
		}
	}
	for _, d := range m.Dashboards {
		for _, p := range d.Panels {
			for _, q := range p.Queries {
				if err := known.Check(q.Plain()); err != nil {
					errs = append(errs, fmt.Errorf("dashboard %s, %s: %w", d.Name, p.Title, err))
				}
			}
		}
	}
	return errors.Join(errs...)
}

// Write writes the files into dir.
func (m Made) Write(dir string) error {
	rules, err := m.Rules.File()
	if err != nil {
		return err
	}
	files := map[string][]byte{"metrics.md": m.table(), "rules.yaml": rules}
	for _, d := range m.Dashboards {
		if files[filepath.Join("dashboards", d.Name+".json")], err = d.File(); err != nil {
			return err
		}
	}
	// What is no longer made is not left behind.
	if err := os.RemoveAll(filepath.Join(dir, "dashboards")); err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Join(dir, "dashboards"), 0o755); err != nil {
		return err
	}
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(dir, name), text, 0o644); err != nil {
			return err
		}
	}
	return nil
}

// table lists the metrics.
func (m Made) table() []byte {
	services := Services(m.Metrics)
	var out bytes.Buffer
	out.WriteString("# Metrics\n\nWhat the services export at `/metrics`, read from the source by `make generate`. All carry the label `service`, and the Go runtime's and the process's own metrics stand beside them. Which service: the programs that contain the metric; one may still find nothing to show.\n\n")
	out.WriteString("| metric | type | labels | what | services |\n|---|---|---|---|---|\n")
	for _, x := range m.Metrics {
		by := strings.Join(x.Services, ", ")
		if missing := without(services, x.Services); len(missing) == 0 {
			by = "all"
		} else if len(missing) < len(x.Services) {
			by = "all but " + strings.Join(missing, ", ")
		}
		fmt.Fprintf(&out, "| `%s` | %s | %s | %s | %s |\n", x.Name, x.Type, strings.Join(x.Labels, ", "), strings.ReplaceAll(x.Help, "|", `\|`), by)
	}
	return out.Bytes()
}
