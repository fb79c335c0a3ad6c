package policy

import (
	"slices"

	"cel.dev/cel-go/common/types"

	"egov/libs/calendar"
	"egov/libs/fault"
)

// RequirementKind says who can tell whether a requirement is met.
type RequirementKind string

// The kinds of requirement.
const (
	ItemRequired      RequirementKind = "item"      // a material of the checklist; Met is known
	StatementRequired RequirementKind = "statement" // the case must say it; Met is known
	FactRequired      RequirementKind = "fact"      // the service looks for Fact in its own records
)

// Requirement is one thing a gate waits for. Strength says what an unmet one
// means: must closes the gate, in principle closes it unless the conference
// lifted the rule by its code, reference never closes it.
type Requirement struct {
	Code     string
	Kind     RequirementKind
	Fact     string // what to wait for, of FactRequired; e.g. "BudgetIssued"
	Met      bool   // of ItemRequired and StatementRequired
	Test     bool   // it is a test of the finished work
	Strength Strength
	Basis    []string
	Text     Text // what is missing, for people
}

// Closes reports whether the requirement, unmet, keeps the gate shut unless it
// is waived: guidance does not.
func (r Requirement) Closes() bool { return !r.Met && r.Strength != Reference }

// Violation is the refusal of an unmet requirement at a gate.
func (r Requirement) Violation(gate string) fault.Violation {
	return fault.Violation{Field: gate, Code: r.Code, Msg: r.Text.ZH, MsgEN: r.Text.EN, Basis: r.Basis}
}

type gate struct {
	code     string
	label    Text
	requires []requirementRule
}

type requirementRule struct {
	Requirement
	kinds []string
	when  *program
	holds *program
}

// Gates lists the codes of the gates in the pack's order.
func (p *Pack) Gates() []string {
	codes := make([]string, len(p.gates))
	for i := range p.gates {
		codes[i] = p.gates[i].code
	}
	return codes
}

// GateLabel names a gate for people.
func (p *Pack) GateLabel(code string) (Text, bool) {
	if g := p.gate(code); g != nil {
		return g.label, true
	}
	return Text{}, false
}

func (p *Pack) gate(code string) *gate {
	i := slices.IndexFunc(p.gates, func(g gate) bool { return g.code == code })
	if i < 0 {
		return nil
	}
	return &p.gates[i]
}

// Gate gives what a gate asks of a decided case: its checklist items, then the
// statements and facts that the case's kind and route call for. A case that
// carries only what a service knows of a project (kind, amounts, grade) is
// enough for gates that ask no more. ok is false for an unknown gate.
func (p *Pack) Gate(code string, c Case, d Decision) (list []Requirement, ok bool, err error) {
	g := p.gate(code)
	if g == nil {
		return nil, false, nil
	}
	list = []Requirement{}
	for _, item := range d.Checklist {
		if item.Gate == code {
			label, _ := p.Label(Materials, item.Item)
			list = append(list, Requirement{
				Code: item.Item, Kind: ItemRequired, Met: item.Present, Strength: p.itemStrength(item), Basis: item.Basis,
				Text: Text{ZH: "缺少材料：" + label.ZH, EN: "missing: " + label.EN},
			})
		}
	}
	f := p.factsOf(&c, c.dayOr(p))
	f.set(varRoute, types.String(d.Route))
	f.set(varSteps, newCodeSet(d.Steps))
	f.set(varObligations, newCodeSet(d.Obligations))
	for i := range g.requires {
		r := &g.requires[i]
		if len(r.kinds) > 0 && !slices.Contains(r.kinds, c.Kind) {
			continue
		}
		if applies, err := r.when.holds(f); err != nil {
			return nil, true, err
		} else if !applies {
			continue
		}
		req := r.Requirement
		if req.Kind == StatementRequired {
			if req.Met, err = r.holds.holds(f); err != nil {
				return nil, true, err
			}
		}
		list = append(list, req)
	}
	return list, true, nil
}

// itemStrength is how the rule binds that asks for an item: the one that rests
// on the same provisions. An item that no rule of this version asks for binds
// without exception.
func (p *Pack) itemStrength(item Item) Strength {
	for i := range p.checklist {
		if r := &p.checklist[i]; r.code == item.Item && slices.Equal(r.basis, item.Basis) {
			return r.strength
		}
	}
	return Must
}

// dayOr is the declared day, or the pack's first one for a case without.
func (c *Case) dayOr(p *Pack) calendar.Date {
	if c.DeclaredOn.IsZero() {
		return p.validFrom
	}
	return c.DeclaredOn
}

// AcceptanceTests lists the tests of the finished work that a kind of project
// needs before its acceptance.
func (p *Pack) AcceptanceTests(kind string) []Requirement {
	var tests []Requirement
	for i := range p.gates {
		for _, r := range p.gates[i].requires {
			if r.Test && (len(r.kinds) == 0 || slices.Contains(r.kinds, kind)) {
				tests = append(tests, r.Requirement)
			}
		}
	}
	return tests
}
