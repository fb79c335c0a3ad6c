package policy

import "strings"

// Looked is the decision's trace in short: a line for each rule looked at, in
// order, "+" and its name when it held and "-" and its name when not. With the
// pack's version, which is a hash over its rules, it says as much as the trace
// itself; Pack.Spell is the way back.
func (d Decision) Looked() []string {
	size := 0
	for i := range d.Trace {
		size += 1 + len(d.Trace[i].Rule)
	}
	var all strings.Builder // which the lines are parts of
	all.Grow(size)
	lines := make([]string, len(d.Trace))
	for i := range d.Trace {
		from, mark := all.Len(), byte('-')
		if d.Trace[i].Result {
			mark = '+'
		}
		all.WriteByte(mark)
		all.WriteString(d.Trace[i].Rule)
		lines[i] = all.String()[from:]
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
