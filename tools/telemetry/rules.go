package telemetry

import (
	"bytes"
	_ "embed"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"egov/tools/errorcatalogue"
)

//go:embed rules.yaml
var rulesData []byte

// Rules are what Prometheus records and what it alerts about.
type Rules struct {
	Limits  map[string]string `yaml:"limits"`
	Records []Record          `yaml:"records"`
	Alerts  []Alert           `yaml:"alerts"`
}

// Record is a series that Prometheus computes from others.
type Record struct {
	Name string `yaml:"record"`
	Expr string `yaml:"expr"`
}

// Alert is a condition that somebody is told of.
type Alert struct {
	Name     string `yaml:"alert"`
	Expr     string `yaml:"expr"`
	For      string `yaml:"for"`
	Severity string `yaml:"severity"` // page: now; ticket: today; notice: for the offices concerned
	Summary  string `yaml:"summary"`
}

// blank is a name that is filled in; Prometheus's own braces hold a space.
var blank = regexp.MustCompile(`\{\{([a-z][a-z0-9_]*)\}\}`)

// fill puts values in the place of their names.
func fill(text string, values map[string]string) (string, error) {
	var unknown []string
	out := blank.ReplaceAllStringFunc(text, func(m string) string {
		name := m[2 : len(m)-2]
		v, ok := values[name]
		if !ok {
			unknown = append(unknown, name)
		}
		return v
	})
	if len(unknown) > 0 {
		return "", fmt.Errorf("nothing is called %s", strings.Join(unknown, ", "))
	}
	return out, nil
}

// Faults are the error codes that are the suite's own doing, sorted: what a
// caller could not have done better.
func Faults(root string) ([]string, error) {
	found, err := errorcatalogue.Scan(root)
	if err != nil {
		return nil, err
	}
	codes := []string{"internal"} // of whatever has no code of its own
	for _, e := range found.Entries {
		ours := e.Kind == "Internal" || e.Kind == "Unavailable"
		if ours && !strings.HasPrefix(e.Package, "tools/") && !strings.HasPrefix(e.Package, "services/suite/") {
			codes = append(codes, e.Code)
		}
	}
	slices.Sort(codes)
	return slices.Compact(codes), nil
}

// Fill are the values that rules and dashboards leave open besides the limits.
func Fill(metrics []Metric, faults []string) map[string]string {
	return map[string]string{"services": strings.Join(Services(metrics), "|"), "faults": strings.Join(faults, "|")}
}

// ReadRules reads the rules with everything filled in. Every limit is used.
func ReadRules(values map[string]string) (Rules, error) {
	var r Rules
	if err := strictly(rulesData, &r); err != nil {
		return Rules{}, fmt.Errorf("rules: %w", err)
	}
	for name := range r.Limits {
		if !bytes.Contains(rulesData, []byte("{{"+name+"}}")) {
			return Rules{}, fmt.Errorf("rules: no rule asks for the limit %s", name)
		}
	}
	all := map[string]string{}
	for _, m := range []map[string]string{values, r.Limits} {
		for k, v := range m {
			all[k] = v
		}
	}
	var errs []error
	put := func(where string, text *string) {
		var err error
		if *text, err = fill(*text, all); err != nil {
			errs = append(errs, fmt.Errorf("rules: %s: %w", where, err))
		}
	}
	for i := range r.Records {
		put(r.Records[i].Name, &r.Records[i].Expr)
	}
	for i := range r.Alerts {
		a := &r.Alerts[i]
		put(a.Name, &a.Expr)
		put(a.Name, &a.For)
	}
	return r, errors.Join(errs...)
}

func strictly(data []byte, into any) error {
	d := yaml.NewDecoder(bytes.NewReader(data))
	d.KnownFields(true)
	return d.Decode(into)
}

// runbooks is where the pages about alerts lie, from the root of the
// repository.
const runbooks = "docs/runbooks/"

// File is the rule file as Prometheus reads it.
func (r Rules) File() ([]byte, error) {
	type rule struct {
		Record      string            `yaml:"record,omitempty"`
		Alert       string            `yaml:"alert,omitempty"`
		Expr        string            `yaml:"expr"`
		For         string            `yaml:"for,omitempty"`
		Labels      map[string]string `yaml:"labels,omitempty"`
		Annotations map[string]string `yaml:"annotations,omitempty"`
	}
	type group struct {
		Name  string `yaml:"name"`
		Rules []rule `yaml:"rules"`
	}
	records, alerts := group{Name: "egov-records"}, group{Name: "egov-alerts"}
	for _, x := range r.Records {
		records.Rules = append(records.Rules, rule{Record: x.Name, Expr: x.Expr})
	}
	for _, x := range r.Alerts {
		alerts.Rules = append(alerts.Rules, rule{
			Alert: x.Name, Expr: x.Expr, For: x.For,
			Labels:      map[string]string{"severity": x.Severity},
			Annotations: map[string]string{"summary": x.Summary, "runbook": runbooks + x.Name + ".md"},
		})
	}
	var out bytes.Buffer
	out.WriteString("# Made by `make generate` from tools/telemetry/rules.yaml, where the limits stand.\n")
	e := yaml.NewEncoder(&out)
	e.SetIndent(2)
	if err := e.Encode(struct {
		Groups []group `yaml:"groups"`
	}{[]group{records, alerts}}); err != nil {
		return nil, err
	}
	return out.Bytes(), e.Close()
}
