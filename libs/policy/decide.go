package policy

import (
	"fmt"
	"slices"
	"strconv"

	"cel.dev/cel-go/common/types"

	"egov/libs/calendar"
	"egov/libs/fault"
)

// Decide decides one case under this pack. The day is the one its rules are
// read on, normally the day of declaration. A case the rules cannot take is
// fault.InvalidInput with every violation; the answer is whole or absent.
func (p *Pack) Decide(c Case, day calendar.Date) (Decision, error) {
	return p.decideCase(c, day, false)
}

func (p *Pack) decideCase(c Case, day calendar.Date, values bool) (Decision, error) {
	f := p.factsOf(&c, day)
	if found := p.violations(&c, f, nil); len(found) > 0 {
		return Decision{}, fault.InvalidInput.WithViolations(found...)
	}
	return p.decide(&c, f, values)
}

// violations is everything wrong with a case under this pack. Fields in broken
// are already known to be wrong: no check that reads one is made.
func (p *Pack) violations(c *Case, f *facts, broken map[string]bool) []fault.Violation {
	var found []fault.Violation
	add := func(v fault.Violation) {
		if v.Basis == nil {
			v.Basis = p.fieldBasis[fieldOf(v.Field)]
		}
		found = append(found, v)
	}
	c.bounds(add, broken)
	p.codesKnown(c, add, broken)
	bad := make(map[string]bool, len(found)+len(broken))
	for _, v := range found {
		bad[fieldOf(v.Field)] = true
	}
	for field := range broken {
		bad[fieldOf(field)] = true
	}
	for _, r := range p.ranges {
		if n, ok := f.vals[r.at].(types.Int); ok && !bad[r.field] && !slices.Contains(r.values, int64(n)) {
			add(fault.Violation{
				Field: r.field, Code: "not_allowed", Basis: r.basis,
				Msg: fmt.Sprintf("只能是%v之一", r.values), MsgEN: fmt.Sprintf("must be one of %v", r.values),
			})
		}
	}
	for i := range p.checks {
		k := &p.checks[i]
		if slices.ContainsFunc(k.when.uses, func(name string) bool { return bad[p.layout.origin[p.layout.index[name]]] }) {
			continue
		}
		// A check that fails to run is reported by the decision itself.
		if wrong, err := k.when.holds(f); err == nil && wrong {
			add(fault.Violation{Field: k.field, Code: k.code, Msg: k.text.ZH, MsgEN: k.text.EN, Basis: k.basis})
		}
	}
	return found
}

// fieldOf takes list positions and members of lines off a path.
func fieldOf(path string) string {
	for i, c := range []byte(path) {
		if c == '[' {
			return path[:i]
		}
	}
	return path
}

func (p *Pack) codesKnown(c *Case, add func(fault.Violation), broken map[string]bool) {
	unknown := func(v Vocabulary, code, field string) bool {
		if code == "" || broken[field] || p.term(v, code) != nil || len(p.Terms(v)) == 0 {
			return false
		}
		add(fault.Violation{Field: field, Code: "unknown_code", Msg: "不是" + p.id + "的代码", MsgEN: "is not a code of " + p.id})
		return true
	}
	unknown(Kinds, c.Kind, "kind")
	unknown(UnitKinds, c.UnitKind, "unit_kind")
	unknown(UnitLevels, c.UnitLevel, "unit_level")
	for i, m := range c.Materials {
		if p.term(Materials, m) != nil {
			continue
		}
		at := indexed("materials", i)
		if m == "" && !broken[at] {
			add(fault.Violation{Field: at, Code: "required", Msg: "必填", MsgEN: "is required"})
		}
		unknown(Materials, m, at)
	}
	for i := range c.Budget {
		l, t := &c.Budget[i], p.term(Categories, c.Budget[i].Category)
		if t != nil && (t.hasClass(l.Class) || l.Class == "" && len(t.Classes) == 0) {
			continue
		}
		at := indexed("budget", i)
		if l.Category == "" || unknown(Categories, l.Category, at+".category") || t == nil || broken[at+".class"] {
			continue
		}
		switch {
		case l.Class == "":
			add(fault.Violation{Field: at + ".class", Code: "required", Msg: "该类别须填分类", MsgEN: "the category needs a class"})
		case !t.hasClass(l.Class):
			add(fault.Violation{Field: at + ".class", Code: "unknown_code", Msg: "不是该类别的分类", MsgEN: "is not a class of the category"})
		}
	}
}

// run is one decision being made.
type run struct {
	pack   *Pack
	facts  *facts
	d      Decision
	err    error // the first rule that failed
	values bool  // the trace says what the expressions saw
	// lacking: an item is missing that is more than guidance.
	lacking bool
}

// ask evaluates a condition and leaves a trace.
func (r *run) ask(name string, when *program, basis []string) bool {
	ok, err := when.holds(r.facts)
	r.fail(name, err)
	r.saw(name, when.src, ok, basis)
	r.explain(false, when)
	return ok
}

func (r *run) saw(name, expr string, result bool, basis []string) {
	r.d.Trace = append(r.d.Trace, TraceStep{Rule: name, Expr: expr, Result: result, Basis: basis})
}

// explain adds to the last step of the trace what its expressions saw, when
// that is asked for; line tells that a budget line's values are in place.
func (r *run) explain(line bool, by ...*program) {
	if !r.values {
		return
	}
	step := &r.d.Trace[len(r.d.Trace)-1]
	for _, p := range by {
		if p != nil {
			step.Values = r.facts.tell(step.Values, p, line)
		}
	}
}

func (r *run) fail(name string, err error) {
	if err != nil && r.err == nil {
		r.err = fmt.Errorf("rule %s of %s: %w", name, r.pack.id, err)
	}
}

func (p *Pack) decide(c *Case, f *facts, values bool) (Decision, error) {
	r := &run{pack: p, facts: f, values: values, d: Decision{
		Pack: p.id, PackVersion: p.version,
		Steps: []string{}, Checklist: []Item{}, Findings: []Finding{}, Obligations: []string{}, Notes: []Note{},
		Trace: make([]TraceStep, 0, p.traceHint(len(c.Budget))),
	}}
	rule := r.route()
	if r.err == nil && rule == nil {
		r.err = ErrBrokenRule.With(fmt.Errorf("no route rule of %s holds", p.id))
	}
	if r.err != nil {
		return Decision{}, r.err
	}
	r.d.Route, r.d.Basis = rule.route.Code, rule.basis
	r.facts.set(varRoute, types.String(rule.route.Code))
	if !rule.route.Ends {
		r.steps(rule)
		r.checklist(c)
		r.obligations()
		r.findings(c)
	}
	r.notes(c, rule)
	if r.err != nil {
		return Decision{}, r.err
	}
	r.d.Ready = !r.lacking && !slices.ContainsFunc(r.d.Findings, func(f Finding) bool { return f.Severity == Error })
	return r.d, nil
}

// traceHint estimates the length of a trace, to allocate it once.
func (p *Pack) traceHint(lines int) int {
	const rulesPerLine = 4
	return len(p.routes) + len(p.preparatory) + len(p.modes) + len(p.checklist) + len(p.obligations) +
		len(p.findings) + len(p.notes) + rulesPerLine*lines
}

// route tries the route rules in order; the first true one wins.
func (r *run) route() *routeRule {
	for i := range r.pack.routes {
		rule := &r.pack.routes[i]
		if r.ask(rule.name, rule.when, rule.basis) {
			return rule
		}
	}
	return nil
}

func (r *run) steps(rule *routeRule) {
	for i := range r.pack.preparatory {
		s := &r.pack.preparatory[i]
		if r.ask(s.name, s.when, s.basis) {
			r.d.Steps = append(r.d.Steps, s.code)
		}
	}
	r.d.Steps = append(r.d.Steps, rule.steps...)
	if !slices.ContainsFunc(r.d.Steps, func(s string) bool { return r.pack.term(Steps, s).Conference }) {
		return
	}
	for i := range r.pack.modes {
		m := &r.pack.modes[i]
		if r.ask(m.name, m.when, m.basis) {
			r.d.ConferenceMode = m.code
			return
		}
	}
}

func (r *run) checklist(c *Case) {
	for i := range r.pack.checklist {
		rule := &r.pack.checklist[i]
		if r.ask(rule.name, rule.when, rule.basis) &&
			!slices.ContainsFunc(r.d.Checklist, func(i Item) bool { return i.Item == rule.code }) {
			i := Item{Item: rule.code, Present: slices.Contains(c.Materials, rule.code), Gate: rule.gate, Basis: rule.basis}
			r.d.Checklist = append(r.d.Checklist, i)
			r.lacking = r.lacking || !i.Present && rule.strength != Reference
		}
	}
}

func (r *run) obligations() {
	for i := range r.pack.obligations {
		o := &r.pack.obligations[i]
		if r.ask(o.name, o.when, o.basis) && !slices.Contains(r.d.Obligations, o.code) {
			r.d.Obligations = append(r.d.Obligations, o.code)
		}
	}
}

func (r *run) findings(c *Case) {
	var standard Strength
	for i := range r.pack.strengths {
		s := &r.pack.strengths[i]
		if r.ask(s.name, s.when, s.basis) {
			standard = s.strength
			break
		}
	}
	for _, rule := range r.pack.findings {
		r.find(rule, rule.name, nil, standard)
	}
	for i := range c.Budget {
		l := &c.Budget[i]
		r.facts.line(i)
		var name lineName
		for _, rule := range r.pack.lines[lineKey{category: l.Category}] {
			r.find(rule, name.of(rule, i), &i, standard)
		}
		if l.Class == "" {
			continue
		}
		for _, rule := range r.pack.lines[lineKey{l.Category, l.Class}] {
			r.find(rule, name.of(rule, i), &i, standard)
		}
	}
}

// lineName writes "<rule>#<line>", the number once per line.
type lineName struct{ suffix string }

func (n *lineName) of(rule *findingRule, line int) string {
	if n.suffix == "" {
		n.suffix = "#" + strconv.Itoa(line)
	}
	return rule.name + n.suffix
}

// find asks one finding rule.
func (r *run) find(rule *findingRule, name string, line *int, standard Strength) {
	broken, err := rule.when.holds(r.facts)
	r.fail(name, err)
	var limit, actual int64
	if broken && rule.bound != nil {
		limit, err = rule.bound.number(r.facts)
		r.fail(name, err)
		actual, err = rule.actual.number(r.facts)
		r.fail(name, err)
		broken = actual > limit
		if rule.floor {
			broken = actual < limit
		}
	}
	r.saw(name, rule.expr, broken, rule.basis)
	r.explain(line != nil, rule.when, rule.actual, rule.bound)
	if !broken {
		return
	}
	f := Finding{Code: rule.code, Severity: rule.severity, Strength: rule.strength, Basis: rule.basis}
	if f.Strength == "" {
		f.Strength = standard
	}
	if f.Severity == "" {
		f.Severity = Error
		if f.Strength == Reference {
			f.Severity = Warning
		}
	}
	if line != nil {
		at := *line
		f.Line = &at
	}
	if rule.bound != nil {
		f.LimitFen, f.ActualFen = &limit, &actual
	}
	f.Message, f.MessageEN = rule.fill(limit, actual)
	r.d.Findings = append(r.d.Findings, f)
}

func (r *run) notes(c *Case, taken *routeRule) {
	for i := range r.pack.notes {
		n := &r.pack.notes[i]
		var holds, lines bool
		var err error
		switch {
		case n.categories != nil:
			holds, lines, err = r.anyLine(c, n)
		default:
			holds, err = n.when.holds(r.facts)
		}
		if err == nil && holds && n.vary != nil {
			holds, err = r.varies(n.vary, taken)
		}
		r.fail(n.name, err)
		r.saw(n.name, n.expr, holds, n.basis)
		r.explain(lines, n.when, n.vary)
		if holds {
			r.d.Notes = append(r.d.Notes, Note{Code: n.code, Text: n.text.ZH, TextEN: n.text.EN, Basis: n.basis})
		}
	}
}

// anyLine asks a note of each budget line of its categories until it holds for
// one; looked tells that there was such a line, and the last one asked is in
// place.
func (r *run) anyLine(c *Case, n *noteRule) (holds, looked bool, err error) {
	for i := range c.Budget {
		if !slices.Contains(n.categories, c.Budget[i].Category) {
			continue
		}
		r.facts.line(i)
		if holds, err = n.when.holds(r.facts); holds || err != nil {
			return holds, true, err
		}
		looked = true
	}
	return false, looked, nil
}

// varies reports whether another amount leads to another route. The
// alternative is not part of the trace: no rule of it decides anything.
func (r *run) varies(amount *program, taken *routeRule) (bool, error) {
	other, err := amount.number(r.facts)
	if err != nil {
		return false, err
	}
	alt := &facts{layout: r.facts.layout, vals: slices.Clone(r.facts.vals)}
	alt.set("amount_fen", types.Int(other))
	for i := range r.pack.routes {
		rule := &r.pack.routes[i]
		if holds, err := rule.when.holds(alt); holds || err != nil {
			return rule.route != taken.route || !slices.Equal(rule.steps, taken.steps), err
		}
	}
	return false, nil
}
