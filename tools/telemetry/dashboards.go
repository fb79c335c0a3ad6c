package telemetry

import (
	_ "embed"
	"encoding/json"
	"fmt"
	"strings"
)

//go:embed dashboards.yaml
var dashboardsData []byte

// Dashboard is a page of panels.
type Dashboard struct {
	Name   string  `yaml:"name"` // of its file
	Title  string  `yaml:"title"`
	Panels []Panel `yaml:"panels"`
}

// Panel shows the results of some expressions.
type Panel struct {
	Title   string  `yaml:"title"`
	Kind    string  `yaml:"kind"` // a panel of Grafana; empty: timeseries
	Unit    string  `yaml:"unit"` // as Grafana calls it
	Queries []Query `yaml:"queries"`
}

// Query is an expression, and how its lines are called.
type Query struct {
	Expr string `yaml:"expr"`
	Show string `yaml:"show"`
}

// chosen stands for what Grafana fills in, so that Prometheus can read it.
var chosen = strings.NewReplacer("$__rate_interval", "5m", "$namespace", ".*", "$service", ".*")

// Plain is the expression with every choice open.
func (q Query) Plain() string { return chosen.Replace(q.Expr) }

// ReadDashboards reads the dashboards with everything filled in.
func ReadDashboards(values map[string]string) ([]Dashboard, error) {
	var all []Dashboard
	if err := strictly(dashboardsData, &all); err != nil {
		return nil, fmt.Errorf("dashboards: %w", err)
	}
	for _, d := range all {
		for _, p := range d.Panels {
			for i := range p.Queries {
				var err error
				if p.Queries[i].Expr, err = fill(p.Queries[i].Expr, values); err != nil {
					return nil, fmt.Errorf("dashboards: %s: %s: %w", d.Name, p.Title, err)
				}
			}
		}
	}
	return all, nil
}

// The grid of Grafana has 24 columns; three panels stand in a row.
const panelWidth, panelHeight, columns = 8, 8, 3

type object = map[string]any

// File is the dashboard as Grafana imports it.
func (d Dashboard) File() ([]byte, error) {
	source := object{"type": "prometheus", "uid": "${datasource}"}
	variable := func(name, query string) object {
		return object{
			"name": name, "label": name, "type": "query", "datasource": source, "query": query, "refresh": 2, "sort": 1,
			"multi": true, "includeAll": true, "allValue": ".*", "current": object{"text": "All", "value": "$__all"},
		}
	}
	panels := make([]object, 0, len(d.Panels))
	for i, p := range d.Panels {
		kind := p.Kind
		if kind == "" {
			kind = "timeseries"
		}
		targets := make([]object, 0, len(p.Queries))
		for n, q := range p.Queries {
			t := object{"refId": string(rune('A' + n)), "datasource": source, "expr": q.Expr, "legendFormat": q.Show}
			if kind != "timeseries" {
				t["instant"] = true
			}
			if kind == "table" {
				t["format"] = "table"
			}
			targets = append(targets, t)
		}
		panels = append(panels, object{
			"id": i + 1, "type": kind, "title": p.Title, "datasource": source, "targets": targets,
			"fieldConfig": object{"defaults": object{"unit": p.Unit, "min": 0}, "overrides": []any{}},
			"gridPos":     object{"x": i % columns * panelWidth, "y": i / columns * panelHeight, "w": panelWidth, "h": panelHeight},
		})
	}
	b, err := json.MarshalIndent(object{
		"uid": "egov-" + d.Name, "title": "egov · " + d.Title, "tags": []string{"egov"}, "schemaVersion": 39, "editable": false,
		"time": object{"from": "now-6h", "to": "now"}, "refresh": "1m", "timezone": "browser", "panels": panels,
		"templating": object{"list": []object{
			{"name": "datasource", "label": "datasource", "type": "datasource", "query": "prometheus"},
			variable("namespace", "label_values(egov_request_seconds_count, namespace)"),
			variable("service", `label_values(egov_request_seconds_count{namespace=~"$namespace"}, service)`),
		}},
	}, "", "  ")
	return append(b, '\n'), err
}
