package declaration

import (
	"bytes"
	"context"
	"slices"
	"strings"

	"egov/libs/calendar"
	"egov/libs/fault"
	"egov/libs/policy"
)

// DecideCase asks which road a case takes under the rules, and why. Nothing is
// stored. The body is one case (contracts/decision).
type DecideCase struct {
	Pack string `query:"pack" json:"-"`  // replay under this pack
	AsOf string `query:"as_of" json:"-"` // or under the pack in force on this day, YYYY-MM-DD
	// Trace is left out, or "values": every step of the trace then tells what
	// the names in its expression stood for.
	Trace string `query:"trace" json:"-"`
	Body  []byte `body:"raw" json:"-"`
}

// withValues is the Trace that asks for values.
const withValues = "values"

// Decide answers a case as the rules stand on the day it is declared.
func (s *Service) Decide(_ context.Context, d DecideCase) (policy.Decision, error) {
	o := policy.Options{Pack: d.Pack, District: s.District, Values: d.Trace == withValues}
	if d.Trace != "" && !o.Values {
		return policy.Decision{}, fault.InvalidInput.WithViolations(fault.Violation{Field: "trace", Code: "unknown_code", Msg: "只能是values", MsgEN: "is values, or left out"})
	}
	if d.AsOf != "" {
		day, err := calendar.ParseDate(d.AsOf)
		if err != nil {
			return policy.Decision{}, fault.InvalidInput.WithViolations(fault.Violation{Field: "as_of", Code: "bad_date", Msg: "日期须为YYYY-MM-DD", MsgEN: "a date is YYYY-MM-DD"})
		}
		o.AsOf = day
	}
	return s.Rules.Packs.DecideJSON(bytes.NewReader(d.Body), maxCase, o)
}

// PackList is the rule packs of the suite.
type PackList struct {
	Items []PackInfo `json:"items"`
}

// PackInfo is one pack and the words it declares.
type PackInfo struct {
	ID       string                   `json:"id"`
	Version  string                   `json:"version"`
	District string                   `json:"district"`
	Title    policy.Text              `json:"title"`
	From     string                   `json:"valid_from"`
	To       string                   `json:"valid_to,omitempty"`
	InForce  bool                     `json:"in_force"` // in this district, today
	Terms    map[string][]policy.Term `json:"terms"`    // by vocabulary: kinds, routes, steps, materials …; by gate: what it asks for
	Clocks   map[string]policy.Text   `json:"deadlines"`
	// Provisions are the articles behind every basis, by id.
	Provisions map[string]policy.Text `json:"provisions"`
}

// Packs lists the packs with their vocabularies, for forms and labels.
func (s *Service) Packs(context.Context, struct{}) (PackList, error) {
	list := PackList{Items: []PackInfo{}}
	inForce, _ := s.Rules.Packs.ForDate(s.District, calendar.Today(s.Clock)) // there may be none today
	for _, p := range s.Rules.Packs.Packs() {
		from, to := p.Validity()
		i := PackInfo{ID: p.ID(), Version: p.Version(), District: p.District(), Title: p.Title(), From: from.String(), InForce: p == inForce, Terms: words(p), Clocks: map[string]policy.Text{}, Provisions: p.Provisions()}
		if !to.IsZero() {
			i.To = to.String()
		}
		for _, d := range p.Deadlines() {
			i.Clocks[d.Code] = d.Label
		}
		list.Items = append(list.Items, i)
	}
	return list, nil
}

// words are the codes of a pack with their labels: its vocabularies, what else
// forms ask for, and by gate the requirements that a request may name.
func words(p *policy.Pack) map[string][]policy.Term {
	terms := map[string][]policy.Term{}
	add := func(vocabulary, code string, label policy.Text) {
		if !slices.ContainsFunc(terms[vocabulary], func(t policy.Term) bool { return t.Code == code }) {
			terms[vocabulary] = append(terms[vocabulary], policy.Term{Code: code, Text: label})
		}
	}
	for _, v := range []policy.Vocabulary{policy.Kinds, policy.UnitKinds, policy.Routes, policy.Steps, policy.Materials, policy.Obligations, policy.ConferenceModes, policy.Categories} {
		terms[string(v)] = p.Terms(v)
	}
	for _, c := range p.Procedure().Criteria {
		add("criteria", c.Code, c.Label)
	}
	for _, m := range p.Procedure().Procurement.Methods {
		add("methods", m.Code, m.Label)
	}
	for _, k := range p.Office().Plans {
		add("plans", k.Code, k.Label)
		for _, a := range k.ApprovedBy {
			add("authorities", a.Code, a.Label)
		}
	}
	for _, gate := range p.Gates() {
		for _, r := range p.Requirements(gate) {
			add(gate, r.Name[strings.LastIndexByte(r.Name, '/')+1:], r.Text)
		}
	}
	return terms
}
