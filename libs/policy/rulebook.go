package policy

import "slices"

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
)

// Rule is one rule of a pack as a person reads it. What a section does not have
// is empty.
type Rule struct {
	Name       string   // as in a decision's trace
	When       string   // CEL; "true" for a rule that always holds
	Gives      []string // codes: a route and its steps, a step, an item, …
	Gate       string   // that asks for an item
	Field      string   // of the case, that a check is about
	Categories []string // cost categories of a rule of budget lines, with their class: "om_hardware/A"
	Kinds      []string // of project, to which a requirement is limited
	Fact       string   // a requirement waits for
	Holds      string   // CEL; a requirement's statement
	Strength   Strength // of a finding: empty means the cost standard's for the case
	Severity   Severity
	Text       Text
	Basis      []string
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
			list[i] = Rule{Name: r.name, When: r.when.src, Gives: append([]string{r.route.Code}, r.steps...), Basis: r.basis}
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
		}
		return list
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
	return Rule{Name: r.name, When: r.when.src, Gives: []string{r.code}, Basis: r.basis}
}

func codeRules(rules []codeRule) []Rule {
	list := make([]Rule, len(rules))
	for i, r := range rules {
		list[i] = r.rule()
	}
	return list
}

func (r *findingRule) rule() Rule {
	return Rule{
		Name: r.name, When: r.expr, Gives: []string{r.code}, Strength: r.strength, Severity: r.severity,
		Text: r.text, Basis: r.basis,
	}
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
