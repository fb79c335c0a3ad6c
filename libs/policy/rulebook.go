package policy

import (
	"maps"
	"slices"
	"strings"
)

// Section is one part of a pack's rules, as its book is divided.
type Section string

// The sections. stable: they begin the names of rules in a decision's trace.
const (
	CheckRules      Section = "check"
	RouteRules      Section = "route"
	StepRules       Section = "step"
	ModeRules       Section = "conference_mode"
	ChecklistRules  Section = "checklist"
	ObligationRules Section = "obligation"
	StrengthRules   Section = "strength"
	CostRules       Section = "cost"
	FindingRules    Section = "finding"
	NoteRules       Section = "note"
	FlagRules       Section = "flag" // of the ledger's facts, not of a case: in no trace
)

// sections are all of them, in the order of the book.
var sections = []Section{CheckRules, RouteRules, StepRules, ModeRules, ChecklistRules, ObligationRules, StrengthRules, CostRules, FindingRules, NoteRules, FlagRules}

// Fields lists the fields of the case for which FieldBasis names provisions.
func (p *Pack) Fields() []string { return slices.Sorted(maps.Keys(p.fieldBasis)) }

// Sections lists all sections, in the order of the book.
func Sections() []Section { return slices.Clone(sections) }

// Rule is one rule of a pack as a person reads it. What a section does not have
// is empty.
type Rule struct {
	Name       string   // as in a decision's trace
	When       string   // as in a decision's trace: CEL, "true" for a rule that always holds
	If         string   // CEL; the condition alone, where When joins a bound or a variation to it
	Bound      *Bound   // of a finding; nil without one
	Vary       string   // CEL; a note holds only if the route changes with this amount
	Gives      []string // codes: a route and its steps, a step, an item, …
	Gate       string   // that asks for an item
	Field      string   // of the case, that a check is about
	Categories []string // cost categories of a rule of budget lines, with their class: "om_hardware/A"
	Kinds      []string // of project, to which a requirement is limited
	Fact       string   // a requirement waits for
	Holds      string   // CEL; a requirement's statement
	Strength   Strength // empty where a rule has none; of a finding: the cost standard's for the case
	Severity   Severity
	Text       Text
	Basis      []string
}

// Bound is the amount a finding is about and what it may not pass.
type Bound struct {
	Actual string // CEL, in fen
	Limit  string // CEL, in fen
	Floor  bool   // the limit is a lower one
}

// Group is a sum of budget lines that expressions call total.<Name>.
type Group struct {
	Name       string
	Categories []string // codes, in the order of the vocabulary
}

// Groups lists the sums over several cost categories, by name. Each category
// has a sum of its own besides.
func (p *Pack) Groups() []Group {
	var list []Group
	for name, at := range p.layout.index {
		short, total := strings.CutPrefix(name, totalPrefix)
		if !total || p.term(Categories, short) != nil {
			continue
		}
		g := Group{Name: short}
		for _, c := range p.Terms(Categories) {
			if slices.Contains(p.layout.addTo[c.Code], at) {
				g.Categories = append(g.Categories, c.Code)
			}
		}
		list = append(list, g)
	}
	slices.SortFunc(list, func(a, b Group) int { return strings.Compare(a.Name, b.Name) })
	return list
}

// Rules lists the rules of a section in the order in which they are tried.
func (p *Pack) Rules(s Section) []Rule {
	switch s {
	case CheckRules:
		list := make([]Rule, len(p.checks))
		for i, c := range p.checks {
			list[i] = Rule{Name: c.name, When: c.when.src, Field: c.field, Text: c.text, Basis: c.basis}
		}
		return list
	case RouteRules:
		list := make([]Rule, len(p.routes))
		for i, r := range p.routes {
			list[i] = Rule{Name: r.name, When: r.when.src, Gives: append([]string{r.route.Code}, r.steps...), Strength: r.strength, Basis: r.basis}
		}
		return list
	case StepRules:
		return codeRules(p.preparatory)
	case ModeRules:
		return codeRules(p.modes)
	case ChecklistRules:
		list := make([]Rule, len(p.checklist))
		for i, r := range p.checklist {
			list[i] = r.rule()
			list[i].Gate = r.gate
		}
		return list
	case ObligationRules:
		return codeRules(p.obligations)
	case StrengthRules:
		list := make([]Rule, len(p.strengths))
		for i, r := range p.strengths {
			list[i] = Rule{Name: r.name, When: r.when.src, Strength: r.strength, Basis: r.basis}
		}
		return list
	case CostRules:
		return append(p.findingRules(CostRules), p.lineRules()...)
	case FindingRules:
		return p.findingRules(FindingRules)
	case NoteRules:
		list := make([]Rule, len(p.notes))
		for i, r := range p.notes {
			list[i] = Rule{Name: r.name, When: r.expr, Gives: []string{r.code}, Categories: r.categories, Text: r.text, Basis: r.basis}
			if r.vary != nil {
				list[i].If, list[i].Vary = r.when.src, r.vary.src
			}
		}
		return list
	case FlagRules:
		return flagRules(p.flags)
	}
	return nil
}

// Requirements lists what a gate waits for besides its checklist items,
// whatever the case; Gate answers for one case.
func (p *Pack) Requirements(gate string) []Rule {
	g := p.gate(gate)
	if g == nil {
		return nil
	}
	list := make([]Rule, len(g.requires))
	for i, r := range g.requires {
		list[i] = Rule{
			Name: "gate/" + g.code + "/" + r.Code, When: r.when.src, Kinds: r.kinds, Fact: r.Fact,
			Strength: r.Strength, Text: r.Text, Basis: r.Basis,
		}
		if r.holds != nil {
			list[i].Holds = r.holds.src
		}
	}
	return list
}

func (r codeRule) rule() Rule {
	return Rule{Name: r.name, When: r.when.src, Gives: []string{r.code}, Strength: r.strength, Basis: r.basis}
}

func codeRules(rules []codeRule) []Rule {
	list := make([]Rule, len(rules))
	for i, r := range rules {
		list[i] = r.rule()
	}
	return list
}

func (r *findingRule) rule() Rule {
	rule := Rule{
		Name: r.name, When: r.expr, Gives: []string{r.code}, Strength: r.strength, Severity: r.severity,
		Text: r.text, Basis: r.basis,
	}
	if r.bound != nil {
		rule.If, rule.Bound = r.when.src, &Bound{Actual: r.actual.src, Limit: r.bound.src, Floor: r.floor}
	}
	return rule
}

// findingRules are the rules of a section that look at a case as a whole.
func (p *Pack) findingRules(s Section) []Rule {
	var list []Rule
	for _, r := range p.findings {
		if rule := r.rule(); rule.section() == s {
			list = append(list, rule)
		}
	}
	return list
}

// lineRules are the rules of budget lines, each once, under all its categories.
func (p *Pack) lineRules() []Rule {
	var list []Rule
	add := func(key lineKey, label string) {
		for _, r := range p.lines[key] {
			i := slices.IndexFunc(list, func(x Rule) bool { return x.Name == r.name })
			if i < 0 {
				i, list = len(list), append(list, r.rule())
			}
			list[i].Categories = append(list[i].Categories, label)
		}
	}
	for _, c := range p.Terms(Categories) {
		add(lineKey{category: c.Code}, c.Code)
		for _, class := range c.Classes {
			add(lineKey{c.Code, class.Code}, c.Code+"/"+class.Code)
		}
	}
	return list
}

// section is the part before the slash of the rule's name.
func (r Rule) section() Section {
	for i := range r.Name {
		if r.Name[i] == '/' {
			return Section(r.Name[:i])
		}
	}
	return ""
}

// Figure writes a value of the parameter for people, with its unit.
func (p *Param) Figure(v int64) Text {
	switch p.Kind {
	case Amount:
		return Text{ZH: inWan(v) + "万元", EN: "CNY " + inYuan(v)}
	case Rate:
		s := fixedPoint(v, percentPlaces) + "%"
		return Text{ZH: s, EN: s}
	case Quantity:
		s := fixedPoint(v, quantityPlaces)
		return Text{ZH: s, EN: s}
	case Day, MonthDay:
		return Text{ZH: p.Text, EN: p.Text}
	}
	s := fixedPoint(v, 0)
	return Text{ZH: s, EN: s}
}
