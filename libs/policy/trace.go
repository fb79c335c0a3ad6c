package policy

import "strings"

// Looked is the decision's trace in short: a line for each rule looked at, in
// order, "+" and its name when it held and "-" and its name when not. With the
// pack's version, which is a hash over its rules, it says as much as the trace
// itself; Pack.Spell is the way back.
func (d Decision) Looked() []string {
	lines := make([]string, len(d.Trace))
	for i, s := range d.Trace {
		mark := "-"
		if s.Result {
			mark = "+"
		}
		lines[i] = mark + s.Rule
	}
	return lines
}

// Spell gives d the trace that looked is short for. Of one made under another
// version of the pack, the rules' expressions and provisions stay unsaid.
func (p *Pack) Spell(d Decision, looked []string) Decision {
	rules := map[string]Rule{}
	if d.PackVersion == p.version {
		for _, s := range sections {
			for _, r := range p.Rules(s) {
				rules[r.Name] = r
			}
		}
	}
	d.Trace = make([]TraceStep, len(looked))
	for i, line := range looked {
		rule := strings.TrimLeft(line, "+-")
		name, _, _ := strings.Cut(rule, "#")
		d.Trace[i] = TraceStep{Rule: rule, Expr: rules[name].When, Result: strings.HasPrefix(line, "+"), Basis: rules[name].Basis}
	}
	return d
}
