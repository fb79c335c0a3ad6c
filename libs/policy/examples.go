package policy

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"egov/libs/calendar"
	"egov/libs/fault"
)

// Example is one worked case of a pack: what goes in, what must come out. A
// field of Want that is absent is not compared; lists are compared whole,
// except notes and obligations with the suffixes _include and _exclude.
type Example struct {
	Name string
	Case map[string]any
	AsOf string // decide as of this date instead of the day of declaration
	// Heard are the facts on record when the gates of Want are asked.
	Heard []string
	Want  Want

	at token // the name in the pack's file
}

// Want is the expected answer of an Example.
type Want struct {
	Route              string        `yaml:"route" doc:"code of the route"`
	Steps              []string      `yaml:"steps" doc:"all steps, in order"`
	Basis              []string      `yaml:"basis" doc:"provision ids that decide the route"`
	ConferenceMode     *string       `yaml:"conference_mode" doc:"how the conference decides; empty where it takes no part"`
	Missing            []string      `yaml:"missing" doc:"required items that are not present"`
	Required           []string      `yaml:"required" doc:"all required items"`
	RequiredExclude    []string      `yaml:"required_exclude" doc:"items that are not required"`
	Obligations        []string      `yaml:"obligations" doc:"all obligations"`
	ObligationsInclude []string      `yaml:"obligations_include" doc:"obligations among others"`
	ObligationsExclude []string      `yaml:"obligations_exclude" doc:"obligations that there are not"`
	Notes              []string      `yaml:"notes" doc:"all notes"`
	NotesInclude       []string      `yaml:"notes_include" doc:"notes among others"`
	NotesExclude       []string      `yaml:"notes_exclude" doc:"notes that there are not"`
	Findings           []WantFinding `yaml:"findings" doc:"all findings, in order"`
	Ready              *bool         `yaml:"ready" doc:"nothing is missing and no finding is an error"`
	// Gates are what each named gate still waits for.
	Gates      map[string][]string `yaml:"gates" schema:"code" doc:"by gate, what it still waits for, in order, when the facts heard are on record"`
	Problem    string              `yaml:"problem" doc:"code of the refusal"`
	Violations []string            `yaml:"violations" doc:"\"field code\" of the refusal, in any order"`
}

// WantFinding is one expected finding; absent fields are not compared.
type WantFinding struct {
	Code      string   `yaml:"code" doc:"the finding's code"`
	Severity  Severity `yaml:"severity" schema:"severity" doc:"error or warning"`
	Strength  Strength `yaml:"strength" schema:"strength" doc:"how the broken rule binds"`
	Line      *int     `yaml:"line" doc:"index of the budget line, from 0"`
	LimitFen  *int64   `yaml:"limit_fen" doc:"the bound in fen"`
	ActualFen *int64   `yaml:"actual_fen" doc:"what passes it, in fen"`
	Basis     []string `yaml:"basis" doc:"provision ids"`
}

// Examples are the worked cases that come with the pack.
func (p *Pack) Examples() []Example { return p.examples }

// Check tries every worked case of the pack. Those that come out otherwise are
// violations of ErrInvalidPack, each at the place of its case; nil when all
// come out as they should.
func (p *Pack) Check() error {
	var wrong fault.Checks
	for _, e := range p.examples {
		if err := p.Try(e); err != nil {
			differs := e.Name + ": " + strings.ReplaceAll(err.Error(), "\n", "; ")
			wrong.Require(false, e.at.place(casesFile), "case_differs", "示例结果不符："+differs, differs)
		}
	}
	return wrong.Refuse(ErrInvalidPack)
}

// JSON is the case of an example as it would be handed in.
func (e Example) JSON() ([]byte, error) { return json.Marshal(e.Case) }

// Try decides an example and tells every difference from what it wants.
func (p *Pack) Try(e Example) error {
	doc, err := e.JSON()
	if err != nil {
		return err
	}
	set := &Set{packs: []*Pack{p}, district: p.district}
	var o Options
	if e.AsOf != "" {
		if o.AsOf, err = calendar.ParseDate(e.AsOf); err != nil {
			return err
		}
	}
	d, err := set.DecideJSON(bytes.NewReader(doc), DefaultLimit, o)
	if wrong := e.Want.compare(d, err); wrong != nil || err != nil {
		return wrong
	}
	return p.tryGates(e, d)
}

// tryGates compares what gates wait for with what the example wants of them.
func (p *Pack) tryGates(e Example, d Decision) error {
	var wrong []error
	for _, gate := range slices.Sorted(maps.Keys(e.Want.Gates)) {
		list, err := p.GateOf(gate, e, d)
		if err != nil {
			wrong = append(wrong, err)
			continue
		}
		got := []string{}
		for _, r := range list {
			if r.Closes() {
				got = append(got, r.Code)
			}
		}
		if want := e.Want.Gates[gate]; !slices.Equal(got, want) {
			wrong = append(wrong, fmt.Errorf("gate %s: waits for %v, want %v", gate, got, want))
		}
	}
	return errors.Join(wrong...)
}

// GateOf is what a gate asks of an example that is decided as d, as it stands
// with the facts the example has heard.
func (p *Pack) GateOf(gate string, e Example, d Decision) ([]Requirement, error) {
	doc, err := e.JSON()
	if err != nil {
		return nil, err
	}
	c, err := DecodeCase(bytes.NewReader(doc), DefaultLimit)
	if err != nil {
		return nil, err
	}
	list, ok, err := p.Gate(gate, c, d)
	if err == nil && !ok {
		err = fmt.Errorf("%s has no gate %s", p.id, gate)
	}
	for i := range list {
		list[i].Met = list[i].Met || list[i].Kind == FactRequired && slices.Contains(e.Heard, list[i].Fact)
	}
	return list, err
}

func (w *Want) compare(d Decision, err error) error {
	var wrong []error
	differ := func(what string, got, want any) {
		wrong = append(wrong, fmt.Errorf("%s: got %v, want %v", what, got, want))
	}
	if w.Problem != "" || w.Violations != nil {
		return w.compareRefusal(err)
	}
	if err != nil {
		return err
	}
	same := func(what, got, want string) {
		if want != "" && got != want {
			differ(what, got, want)
		}
	}
	list := func(what string, got, want []string) {
		if want != nil && !slices.Equal(got, want) {
			differ(what, got, want)
		}
	}
	include := func(what string, got, want []string) {
		for _, code := range want {
			if !slices.Contains(got, code) {
				differ(what, got, code)
			}
		}
	}
	exclude := func(what string, got, banned []string) {
		for _, code := range banned {
			if slices.Contains(got, code) {
				differ(what, got, "no "+code)
			}
		}
	}
	var required, missing, notes []string
	for _, i := range d.Checklist {
		required = append(required, i.Item)
		if !i.Present {
			missing = append(missing, i.Item)
		}
	}
	for _, n := range d.Notes {
		notes = append(notes, n.Code)
	}
	same("route", d.Route, w.Route)
	list("steps", d.Steps, w.Steps)
	list("basis", d.Basis, w.Basis)
	if w.ConferenceMode != nil && *w.ConferenceMode != d.ConferenceMode {
		differ("conference_mode", d.ConferenceMode, *w.ConferenceMode)
	}
	list("missing", missing, w.Missing)
	list("required", required, w.Required)
	exclude("required", required, w.RequiredExclude)
	list("obligations", d.Obligations, w.Obligations)
	include("obligations", d.Obligations, w.ObligationsInclude)
	exclude("obligations", d.Obligations, w.ObligationsExclude)
	list("notes", notes, w.Notes)
	include("notes", notes, w.NotesInclude)
	exclude("notes", notes, w.NotesExclude)
	if w.Ready != nil && *w.Ready != d.Ready {
		differ("ready", d.Ready, *w.Ready)
	}
	if w.Findings != nil {
		if len(d.Findings) != len(w.Findings) {
			differ("findings", fmt.Sprintf("%+v", d.Findings), fmt.Sprintf("%d", len(w.Findings)))
		} else {
			for i := range w.Findings {
				if err := w.Findings[i].compare(d.Findings[i]); err != nil {
					wrong = append(wrong, fmt.Errorf("findings[%d]: %w", i, err))
				}
			}
		}
	}
	return errors.Join(wrong...)
}

func (w *Want) compareRefusal(err error) error {
	if err == nil {
		return fmt.Errorf("decided, want %s %v", w.Problem, w.Violations)
	}
	f := fault.From(err)
	if w.Problem != "" && f.Code != w.Problem {
		return fmt.Errorf("problem %w, want %s", err, w.Problem)
	}
	if w.Violations == nil {
		return nil
	}
	got := map[string]bool{}
	for _, v := range f.Violations {
		got[v.Field+" "+v.Code] = true
	}
	want := map[string]bool{}
	for _, v := range w.Violations {
		want[v] = true
	}
	if !maps.Equal(got, want) {
		return fmt.Errorf("violations %v, want %v", slices.Sorted(maps.Keys(got)), w.Violations)
	}
	return nil
}

func (w WantFinding) compare(f Finding) error {
	switch {
	case w.Code != "" && w.Code != f.Code,
		w.Severity != "" && w.Severity != f.Severity,
		w.Strength != "" && w.Strength != f.Strength,
		w.Line != nil && (f.Line == nil || *f.Line != *w.Line),
		w.LimitFen != nil && (f.LimitFen == nil || *f.LimitFen != *w.LimitFen),
		w.ActualFen != nil && (f.ActualFen == nil || *f.ActualFen != *w.ActualFen),
		w.Basis != nil && !slices.Equal(w.Basis, f.Basis):
		got, _ := json.Marshal(f)
		want, _ := yaml.Marshal(w)
		return fmt.Errorf("got %s, want\n%s", got, want)
	}
	return nil
}
