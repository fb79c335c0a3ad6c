package main

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"egov/libs/calendar"
	"egov/libs/policy"
)

// variables of the rule language that are read from the case, by their type.
var (
	numbers = []string{
		"amount_fen", "hardware_fen", "om.previous_amount_fen", "renewal_year", "superior_approval.amount_fen", "mlps_grade", "hotline_seats",
	}
	texts = []string{"kind", "unit", "unit_kind", "unit_level", "declared_on"}
	flags = []string{
		"pure_software", "om.first_year", "national_crypto", "cross_region", "cross_department", "superior_approval.conclusion",
		"superior_approval.standard", "subordinate", "supervisor_approved", "classified", "urgent", "mid_year_adjustment", "in_use",
		"xc_conformant", "public_data", "urban_operation", "dedicated_network", "own_machine_room", "own_website",
	}
	yesUnlessSaid = []string{"renewal_unchanged", "district_funded"}
	given         = []string{
		"hardware_fen", "om", "om.previous_amount_fen", "national_crypto", "superior_approval", "xc_conformant", "mlps_grade", "replaces_systems",
	}
	lineNumbers  = []string{"amount_fen", "base_fen", "units"}
	lineDecimals = []string{"person_months", "area_m2"}
)

// module is one Rego module being written.
type module struct {
	strings.Builder
	pack  *policy.Pack
	names map[string]string
	rego  *translator
	err   error
}

// write translates a pack into one Rego module, whose decision rule gives what
// the pack's own engine gives, but for the texts of findings and notes.
func write(p *policy.Pack) (string, error) {
	m := &module{pack: p, names: map[string]string{}}
	if m.rego, m.err = newTranslator(m.names); m.err != nil {
		return "", m.err
	}
	m.line("package decision\n")
	m.variables()
	m.routes()
	m.lists()
	m.findings()
	m.notes()
	m.checks()
	m.line(result)
	return m.String(), m.err
}

func (m *module) line(format string, args ...any) { fmt.Fprintf(m, format+"\n", args...) }

func (m *module) fail(err error) {
	if m.err == nil {
		m.err = err
	}
}

// quote writes any value as Rego, which JSON is part of.
func quote(v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		panic(err) // strings, booleans and lists of them
	}
	return string(b)
}

func (m *module) variables() {
	read := func(name, otherwise string) {
		rego := strings.ReplaceAll(name, ".", "_")
		m.names[name] = rego
		m.line("%s := object.get(input, %s, %s)", rego, quote(strings.Split(name, ".")), otherwise)
	}
	for _, n := range numbers {
		read(n, "0")
	}
	for _, n := range texts {
		read(n, `""`)
	}
	m.names["superior_approval.document_no"] = "document_no"
	m.line(`document_no := trim_space(object.get(input, ["superior_approval", "document_no"], ""))`)
	for _, n := range flags {
		read(n, "false")
	}
	for _, n := range yesUnlessSaid {
		read(n, "true")
	}
	for _, n := range given {
		rego := "given_" + strings.ReplaceAll(n, ".", "_")
		m.names["given."+n] = rego
		m.line("default %s := false\n%s if input.%s != null", rego, rego, n)
	}
	m.names["given.reason"], m.names["given.budget"] = "given_reason", "given_budget"
	m.names["replaces_systems"], m.names["materials"], m.names["declared_month_day"] = "replaces_systems", "materials", "declared_month_day"
	m.names["route"] = "route"
	m.line(`default given_reason := false
given_reason if trim_space(input.reason) != ""
default given_budget := false
given_budget if count(input.budget) > 0
budget := object.get(input, "budget", [])
materials := {m | some m in input.materials}
declared_month_day := substring(declared_on, 5, 5)
replaces_systems := count(input.replaces_systems) if is_array(input.replaces_systems)
else := input.replaces_systems if is_number(input.replaces_systems)
else := 0
`)
	m.names["line.category"], m.names["line.class"] = "l.category", `object.get(l, "class", "")`
	for _, n := range lineNumbers {
		m.names["line."+n] = fmt.Sprintf("object.get(l, %q, 0)", n)
	}
	for _, n := range lineDecimals {
		m.names["line."+n] = fmt.Sprintf("(object.get(l, %q, 0) * 100)", n)
	}
	for _, p := range m.pack.Params() {
		m.names[p.Name] = fmt.Sprint(p.At(calendar.Date{}))
		if p.Kind == policy.Day || p.Kind == policy.MonthDay {
			m.names[p.Name] = quote(p.Text)
		}
	}
	total := func(name string, categories []string) {
		m.names["total."+name] = "total_" + name
		m.line("total_%s := sum([l.amount_fen | some l in budget; l.category in {%s}])", name, strings.Trim(quote(categories), "[]"))
	}
	for _, c := range m.pack.Terms(policy.Categories) {
		total(c.Code, []string{c.Code})
	}
	for _, g := range m.pack.Groups() {
		total(g.Name, g.Categories)
	}
}

// condition writes a rule that is true when src holds and false otherwise. more
// stands in each body besides; head is its name, with arguments if it has any.
func (m *module) condition(head, src string, more ...string) {
	name, args, function := strings.Cut(head, "(")
	if function {
		blank := strings.Repeat("_, ", strings.Count(args, ","))
		m.line("default %s(%s_) := false", name, blank)
	} else {
		m.line("default %s := false", head)
	}
	ways, err := m.rego.bodies(src)
	if err != nil {
		m.fail(err)
	}
	for _, w := range ways {
		m.line("%s if {\n\t%s\n}", head, strings.Join(append(w, more...), "\n\t"))
	}
}

// step is the part of a trace step that does not depend on the case.
func step(r policy.Rule) string {
	return fmt.Sprintf(`"rule": %s, "expr": %s, "basis": %s`, quote(r.Name), quote(r.When), quote(r.Basis))
}

// routes writes the route rules as functions of the amount, because a note asks
// what another amount would lead to.
func (m *module) routes() {
	m.names["amount_fen"] = "a"
	rules := m.pack.Rules(policy.RouteRules)
	for i, r := range rules {
		m.condition(fmt.Sprintf("route_%d(a)", i), r.When)
	}
	m.names["amount_fen"] = "amount_fen"
	var ends []string
	for _, t := range m.pack.Terms(policy.Routes) {
		if t.Ends {
			ends = append(ends, t.Code)
		}
	}
	var conference []string
	for _, t := range m.pack.Terms(policy.Steps) {
		if t.Conference {
			conference = append(conference, t.Code)
		}
	}
	for i, r := range rules {
		head := "taken(a)"
		if i > 0 {
			head = "else"
		}
		m.line(`%s := {"i": %d, "route": %s, "steps": %s, "basis": %s} if route_%d(a)`, head, i, quote(r.Gives[0]), quote(r.Gives[1:]), quote(r.Basis), i)
	}
	m.line("\nroad := taken(amount_fen)\nroute := road.route\ndefault ends := false\nends if route in {%s}", strings.Trim(quote(ends), "[]"))
	m.line("conference_steps := {%s}", strings.Trim(quote(conference), "[]"))
	m.line("route_trace := [")
	for i, r := range rules {
		m.line("\t{%s, \"result\": road.i == %d},", step(r), i)
	}
	m.line("]")
}

// lists writes the sections whose rules give one code each.
func (m *module) lists() {
	for _, s := range []struct {
		name    string
		section policy.Section
	}{
		{"step", policy.StepRules}, {"mode", policy.ModeRules}, {"checklist", policy.ChecklistRules},
		{"obligation", policy.ObligationRules}, {"strength", policy.StrengthRules},
	} {
		rules := m.pack.Rules(s.section)
		for i, r := range rules {
			m.condition(fmt.Sprintf("%s_%d", s.name, i), r.When)
		}
		m.line("%s_rules := [", s.name)
		for i, r := range rules {
			code := string(r.Strength)
			if len(r.Gives) > 0 {
				code = r.Gives[0]
			}
			m.line("\t{\"code\": %s, \"gate\": %s, \"basis\": %s, \"result\": %s_%d, \"step\": {%s, \"result\": %s_%d}},",
				quote(code), quote(r.Gate), quote(r.Basis), s.name, i, step(r), s.name, i)
		}
		m.line("]")
	}
}

// finding is the part of a finding that does not depend on the case.
func finding(r policy.Rule) string {
	return fmt.Sprintf(`"code": %s, "own_severity": %s, "own_strength": %s, "basis": %s`, quote(r.Gives[0]), quote(r.Severity), quote(r.Strength), quote(r.Basis))
}

// bounded writes the condition of a finding, and its figures under detail.
func (m *module) bounded(name, head, detail string, r policy.Rule) {
	if r.Bound == nil {
		m.condition(head, r.When)
		m.line("%s := {}", detail)
		return
	}
	actual, err := m.rego.choices(r.Bound.Actual)
	if err != nil || len(actual) != 1 {
		m.fail(fmt.Errorf("%s: %s: %w", r.Name, r.Bound.Actual, err))
		return
	}
	limits, err := m.rego.choices(r.Bound.Limit)
	if err != nil {
		m.fail(err)
	}
	limit := "limit_" + name
	if _, args, ok := strings.Cut(head, "("); ok {
		limit += "(" + args
	}
	for i, c := range limits {
		start := limit
		if i > 0 {
			start = "else"
		}
		m.line("%s := %s if {\n\t%s\n}", start, c.value, strings.Join(c.when, "\n\t"))
	}
	op := ">"
	if r.Bound.Floor {
		op = "<"
	}
	m.condition(head, r.If, fmt.Sprintf("%s %s %s", actual[0].value, op, limit))
	m.line(`%s := {"limit_fen": %s, "actual_fen": %s}`, detail, limit, actual[0].value)
}

func (m *module) findings() {
	whole, lines := []policy.Rule{}, []policy.Rule{}
	for _, r := range slices.Concat(m.pack.Rules(policy.CostRules), m.pack.Rules(policy.FindingRules)) {
		if len(r.Categories) > 0 {
			lines = append(lines, r)
		} else {
			whole = append(whole, r)
		}
	}
	for i, r := range whole {
		m.bounded(fmt.Sprintf("w%d", i), fmt.Sprintf("whole_%d", i), fmt.Sprintf("detail(%s)", quote(r.Name)), r)
	}
	m.line("whole_rules := [")
	for i, r := range whole {
		m.line("\t{\"result\": whole_%d, \"finding\": {%s}, \"step\": {%s, \"result\": whole_%d}},", i, finding(r), step(r), i)
	}
	m.line("]")
	for i, r := range lines {
		m.bounded(fmt.Sprintf("l%d", i), fmt.Sprintf("line_%d(l)", i), fmt.Sprintf("line_detail(%s, l)", quote(r.Name)), r)
	}
	m.line("default detail(_) := {}\ndefault line_detail(_, _) := {}")
	m.line("default at_category(_, _) := []\ndefault at_class(_, _) := []")
	for _, t := range m.pack.Terms(policy.Categories) {
		m.at(lines, t.Code, "at_category", fmt.Sprintf("l.category == %q", t.Code))
		for _, c := range t.Classes {
			m.at(lines, t.Code+"/"+c.Code, "at_class", fmt.Sprintf("l.category == %q\n\tl.class == %q", t.Code, c.Code))
		}
	}
}

// at writes the rules of the lines of one category or class.
func (m *module) at(lines []policy.Rule, key, head, when string) {
	var entries []string
	for i, r := range lines {
		if slices.Contains(r.Categories, key) {
			entries = append(entries, fmt.Sprintf("\t{\"name\": %s, \"line\": i, \"finding\": {%s}, \"step\": {\"rule\": concat(\"#\", [%s, format_int(i, 10)]), \"expr\": %s, \"basis\": %s, \"result\": line_%d(l)}},",
				quote(r.Name), finding(r), quote(r.Name), quote(r.When), quote(r.Basis), i))
		}
	}
	if len(entries) > 0 {
		m.line("%s(i, l) := [\n%s\n] if {\n\t%s\n}", head, strings.Join(entries, "\n"), when)
	}
}

func (m *module) notes() {
	rules := m.pack.Rules(policy.NoteRules)
	for i, r := range rules {
		name := fmt.Sprintf("note_%d", i)
		when := r.When
		var more []string
		if r.Vary != "" {
			when = r.If
			amount, err := m.rego.choices(r.Vary)
			if err != nil || len(amount) != 1 {
				m.fail(fmt.Errorf("%s: %w", r.Name, err))
				continue
			}
			more = append(more, "other := taken("+amount[0].value+")", "[other.route, other.steps] != [road.route, road.steps]")
		}
		if len(r.Categories) == 0 {
			m.condition(name, when, more...)
			continue
		}
		m.condition(name+"_of(l)", when)
		m.line("default %s := false\n%s if {\n\tsome l in budget\n\tl.category in {%s}\n\t%s_of(l)\n}", name, name, strings.Trim(quote(r.Categories), "[]"), name)
	}
	m.line("note_rules := [")
	for i, r := range rules {
		m.line("\t{\"code\": %s, \"basis\": %s, \"result\": note_%d, \"step\": {%s, \"result\": note_%d}},", quote(r.Gives[0]), quote(r.Basis), i, step(r), i)
	}
	m.line("]")
}

func (m *module) checks() {
	rules := m.pack.Rules(policy.CheckRules)
	for i, r := range rules {
		m.condition(fmt.Sprintf("check_%d", i), r.When)
	}
	m.line("violations := [v | some v in [")
	for i, r := range rules {
		m.line("\t{\"field\": %s, \"result\": check_%d},", quote(r.Field), i)
	}
	m.line("]; v.result]")
}

// result puts the parts together.
const result = `
upto(rules) := n if {
	n := min([i | some i, r in rules; r.result])
} else := count(rules)

first_of(rules, i) if {
	every j in numbers.range(0, i) {
		not earlier(rules, i, j)
	}
}

earlier(rules, i, j) if {
	j < i
	rules[j].result
	rules[j].code == rules[i].code
}

steps := road.steps if ends
else := array.concat([r.code | some r in step_rules; r.result], road.steps)

default meets := false
meets if {
	some s in steps
	s in conference_steps
}

mode := mode_rules[upto(mode_rules)].code if meets
else := ""

checklist := [] if ends
else := [{"item": r.code, "present": r.code in materials, "gate": r.gate, "basis": r.basis} |
	some i, r in checklist_rules
	r.result
	first_of(checklist_rules, i)
]

obligations := [] if ends
else := [r.code |
	some i, r in obligation_rules
	r.result
	first_of(obligation_rules, i)
]

standard := strength_rules[upto(strength_rules)].code

line_results := [x | some i, l in budget; some x in array.concat(at_category(i, l), at_class(i, l))]

strength_of(f) := f.own_strength if f.own_strength != ""
else := standard

severity_of(f) := f.own_severity if f.own_severity != ""
else := "warning" if strength_of(f) == "reference"
else := "error"

full(f, detail) := object.union({"code": f.code, "basis": f.basis, "strength": strength_of(f), "severity": severity_of(f)}, detail)

findings := [] if ends
else := array.concat(
	[full(r.finding, detail(r.step.rule)) | some r in whole_rules; r.result],
	[full(x.finding, object.union(line_detail(x.name, budget[x.line]), {"line": x.line})) | some x in line_results; x.step.result],
)

notes := [{"code": r.code, "basis": r.basis} | some r in note_rules; r.result]

asked := [] if ends
else := array.concat(
	array.concat(
		array.concat([r.step | some r in step_rules], mode_trace),
		array.concat([r.step | some r in checklist_rules], [r.step | some r in obligation_rules]),
	),
	array.concat(
		array.concat([r.step | some i, r in strength_rules; i <= upto(strength_rules)], [r.step | some r in whole_rules]),
		[x.step | some x in line_results],
	),
)

mode_trace := [r.step | some i, r in mode_rules; i <= upto(mode_rules)] if meets
else := []

trace := array.concat(
	array.concat([s | some i, s in route_trace; i <= road.i], asked),
	[r.step | some r in note_rules],
)

default unready := false
unready if {
	some i in checklist
	not i.present
}
unready if {
	some f in findings
	f.severity == "error"
}

ready := unready == false

decision := {
	"route": route, "steps": steps, "basis": road.basis, "checklist": checklist, "conference_mode": mode, "findings": findings,
	"obligations": obligations, "notes": notes, "trace": trace, "ready": ready, "violations": violations,
}
`
