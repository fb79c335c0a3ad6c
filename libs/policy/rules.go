package policy

import (
	"fmt"
	"slices"
	"strings"

	"cel.dev/cel-go/cel"
)

// The compiled rules of a pack.

type rangeCheck struct {
	field  string
	at     int // place of the field's value
	values []int64
	basis  []string
}

type check struct {
	name, field, code string
	when              *program
	basis             []string
	text              Text
}

type routeRule struct {
	name     string
	when     *program
	route    *Term
	steps    []string
	strength Strength
	basis    []string
}

// codeRule gives one code when its condition holds.
type codeRule struct {
	name     string
	code     string
	when     *program
	strength Strength
	basis    []string
}

type itemRule struct {
	codeRule
	gate string
}

type strengthRule struct {
	name     string
	when     *program
	strength Strength
	basis    []string
}

// lineKey finds the rules of a budget line; an empty class stands for any.
type lineKey struct{ category, class string }

// findingRule is one rule of the cost standard or of policy. It is broken when
// its condition holds and, where it has a bound, actual passes it.
type findingRule struct {
	name, code string
	expr       string // what the trace shows
	when       *program
	actual     *program // nil without a bound
	bound      *program // nil: the condition alone decides
	floor      bool     // the bound is a lower one
	strength   Strength // empty: the cost standard's for this case
	severity   Severity // empty: what the strength says
	basis      []string
	text       Text
}

type noteRule struct {
	name, code string
	expr       string
	when       *program
	categories []string // not nil: the condition is asked of each line of these
	vary       *program // not nil: the note holds only if the route changes with this amount
	basis      []string
	text       Text
}

func (l *loader) routes(src *routesSource) {
	p := l.pack
	for name, ids := range src.FieldBasis {
		p.fieldBasis[name] = l.basis(ids, token{})
	}
	for _, s := range src.Ranges {
		at, ok := p.layout.index[s.Field.Value]
		if !ok {
			l.refuse(s.Field, "unknown_field", "没有这个字段", "is not a field of the case")
			continue
		}
		p.ranges = append(p.ranges, rangeCheck{s.Field.Value, at, s.Values, l.basis(s.Basis, s.Field)})
	}
	for _, s := range src.Checks {
		c := check{
			name: l.name("check", s.Check), field: s.Field.Value, code: l.code(s.Code, "code"), when: l.condition(s.When),
			basis: l.basis(s.Basis, s.Check), text: l.text(Text{s.ZH, s.EN}, s.Check),
		}
		p.checks = append(p.checks, c)
	}
	for _, s := range src.Routes {
		r := routeRule{name: l.name("route", s.Rule), when: l.condition(s.When), strength: l.binds(s.Strength), basis: l.basis(s.Basis, s.Rule), steps: []string{}}
		l.known(Routes, s.Route)
		r.route = p.term(Routes, s.Route.Value)
		for _, t := range s.Steps {
			r.steps = append(r.steps, l.known(Steps, t))
		}
		if r.route != nil && r.route.Ends != (len(s.Steps) == 0) {
			l.refuse(s.Rule, "steps_of_ending_route", "流程终止的类别没有步骤，其余类别至少有一步", "a route that ends has no steps, any other has some")
		}
		if r.when != nil && slices.ContainsFunc(r.when.uses, knownAfterRoute) {
			l.refuse(s.When, "uses_own_result", "流程规则不能引用流程结果", "a route rule cannot use the result it gives")
		}
		p.routes = append(p.routes, r)
	}
	if len(src.Routes) == 0 {
		l.refuse(token{}, "no_routes", "没有流程规则", "there is no route rule")
	}
	for _, s := range src.Preparatory {
		p.preparatory = append(p.preparatory, codeRule{
			l.name("step", s.Step), l.known(Steps, s.Step), l.condition(s.When), l.binds(s.Strength), l.basis(s.Basis, s.Step),
		})
	}
	for _, s := range src.Modes {
		p.modes = append(p.modes, codeRule{
			l.name("conference_mode", s.Mode), l.known(ConferenceModes, s.Mode), l.condition(s.When), "", l.basis(s.Basis, s.Mode),
		})
	}
}

// knownAfterRoute names what a route rule cannot ask for.
func knownAfterRoute(variable string) bool {
	return variable == varRoute || variable == varSteps || variable == varObligations
}

func (l *loader) checklist(src *checklistSource) {
	gateOf := map[string]string{}
	for _, s := range src.Checklist {
		if !s.Rule.given() {
			s.Rule = s.Item
		}
		item := l.known(Materials, s.Item)
		if l.pack.gate(s.Gate.Value) == nil {
			l.refuse(s.Gate, "unknown_gate", "没有这个关口："+s.Gate.Value, "there is no such gate: "+s.Gate.Value)
		}
		if g, seen := gateOf[item]; seen && g != s.Gate.Value {
			l.refuse(s.Gate, "two_gates", "一项材料只能属于一个关口", "an item belongs to exactly one gate")
		}
		gateOf[item] = s.Gate.Value
		l.pack.checklist = append(l.pack.checklist, itemRule{
			codeRule{l.name("checklist", s.Rule), item, l.condition(s.When), l.binds(s.Strength), l.basis(s.Basis, s.Rule)}, s.Gate.Value,
		})
	}
}

func (l *loader) obligations(src *obligationsSource) {
	for _, s := range src.Obligations {
		if !s.Rule.given() {
			s.Rule = s.Obligation
		}
		l.pack.obligations = append(l.pack.obligations, codeRule{
			l.name("obligation", s.Rule), l.known(Obligations, s.Obligation), l.condition(s.When), l.binds(s.Strength), l.basis(s.Basis, s.Rule),
		})
	}
}

func (l *loader) cost(src *costSource) {
	if l.env == nil {
		return
	}
	for _, s := range src.Strength {
		l.pack.strengths = append(l.pack.strengths, strengthRule{
			"strength/" + s.Strength.Value, l.condition(s.When), l.strength(s.Strength), l.basis(s.Basis, s.Strength),
		})
	}
	if n := len(src.Strength); n > 0 && src.Strength[n-1].When.given() && src.Strength[n-1].When.Value != "true" {
		l.refuse(src.Strength[n-1].When, "no_default", "最后一条约束力规则须无条件", "the last strength rule must hold always")
	}
	for _, s := range src.Lines {
		r := l.finding("cost", s, "line.amount_fen")
		if len(s.Categories) == 0 {
			l.refuse(s.Rule, "missing_category", "须指明费用类别", "names no cost category")
		}
		for _, c := range s.Categories {
			l.known(Categories, c)
			if len(s.Classes) == 0 {
				key := lineKey{category: c.Value}
				l.pack.lines[key] = append(l.pack.lines[key], r)
			}
			for _, class := range s.Classes {
				if t := l.pack.term(Categories, c.Value); t != nil && !t.hasClass(class.Value) {
					l.refuse(class, "unknown_code", "该类别没有这个分类："+class.Value, "the category has no such class: "+class.Value)
				}
				key := lineKey{c.Value, class.Value}
				l.pack.lines[key] = append(l.pack.lines[key], r)
			}
		}
	}
	l.findings("cost", src.Totals)
}

func (t *Term) hasClass(code string) bool {
	return slices.ContainsFunc(t.Classes, func(c Term) bool { return c.Code == code })
}

func (l *loader) findings(section string, list []findingSource) {
	for _, s := range list {
		if len(s.Categories)+len(s.Classes) > 0 {
			l.refuse(s.Rule, "not_a_line_rule", "只有明细规则可以指明费用类别", "only a rule of budget lines names categories")
		}
		l.pack.findings = append(l.pack.findings, l.finding(section, s, "amount_fen"))
	}
}

// finding compiles one rule; subject is what a bound is compared with unless
// the rule says otherwise.
func (l *loader) finding(section string, s findingSource, subject string) *findingRule {
	r := &findingRule{
		name: l.name(section, s.Rule), code: s.Rule.Value, when: l.condition(s.When),
		basis: l.basis(s.Basis, s.Rule), text: l.text(Text{s.ZH, s.EN}, s.Rule),
	}
	if s.Code.given() {
		r.code = l.code(s.Code, "code")
	}
	if s.Strength.given() {
		r.strength = l.strength(s.Strength)
	} else if len(l.pack.strengths) == 0 {
		l.refuse(s.Rule, "missing_strength", "缺少约束力", "has no strength")
	}
	if s.Severity.given() {
		r.severity = Severity(s.Severity.Value)
		if r.severity != Error && r.severity != Warning {
			l.refuse(s.Severity, "unknown_severity", "须为error或warning", "must be error or warning")
		}
	}
	bound, op := s.AtMost, " > "
	if s.AtLeast.given() {
		if s.AtMost.given() {
			l.refuse(s.AtLeast, "two_bounds", "一条规则只能有一个界限", "a rule has one bound")
		}
		bound, op, r.floor = s.AtLeast, " < ", true
	}
	switch {
	case bound.given():
		if !s.Actual.given() {
			s.Actual = token{Value: subject, Line: s.Rule.Line, Col: s.Rule.Col}
		}
		r.actual, r.bound = l.compile(s.Actual, cel.IntType), l.compile(bound, cel.IntType)
		r.expr = s.Actual.Value + op + bound.Value
		if s.When.given() {
			r.expr = "(" + s.When.Value + ") && " + r.expr
		}
	case s.When.given():
		r.expr = s.When.Value
	default:
		l.refuse(s.Rule, "no_condition", "规则既无条件也无界限", "the rule has neither condition nor bound")
	}
	return r
}

func (l *loader) notes(src *notesSource) {
	for _, s := range src.Notes {
		n := noteRule{
			name: l.name("note", s.Note), code: s.Note.Value, expr: s.When.Value, when: l.condition(s.When),
			basis: l.basis(s.Basis, s.Note), text: l.text(Text{s.ZH, s.EN}, s.Note),
		}
		for _, c := range s.Categories {
			n.categories = append(n.categories, l.known(Categories, c))
		}
		if !s.When.given() {
			l.refuse(s.Note, "no_condition", "说明没有条件", "the note has no condition")
		}
		if s.Vary.AmountFen.given() {
			n.vary = l.compile(s.Vary.AmountFen, cel.IntType)
			n.expr = fmt.Sprintf("(%s) && route != route(amount_fen: %s)", s.When.Value, s.Vary.AmountFen.Value)
		}
		l.pack.notes = append(l.pack.notes, n)
	}
}

func (l *loader) deadlines(src *deadlinesSource) {
	for _, s := range src.Deadlines {
		d := Deadline{
			Code: l.code(s.Deadline, "deadline"), Label: l.text(Text{s.ZH, s.EN}, s.Deadline), Trigger: l.code(s.Trigger, "trigger"),
			WorkingDays: s.WorkingDays, Months: s.Months, WarnBefore: s.WarnBefore, Repeats: s.Repeats,
			Strength: l.binds(s.Strength), Basis: l.basis(s.Basis, s.Deadline),
		}
		l.name("deadline", s.Deadline)
		if d.WorkingDays < 0 || d.Months < 0 || (d.WorkingDays > 0) == (d.Months > 0) {
			l.refuse(s.Deadline, "one_length", "时限须为工作日或月之一", "a deadline is counted in working days or in months")
		}
		if d.WarnBefore < 0 {
			l.refuse(s.Deadline, "negative", "提醒天数不得为负", "the warning must not be negative")
		}
		l.pack.deadlines = append(l.pack.deadlines, d)
	}
}

func (l *loader) gates(src *gatesSource) {
	for _, s := range src.Gates {
		g := gate{code: l.code(s.Gate, "gate"), label: l.text(Text{s.ZH, s.EN}, s.Gate)}
		l.name("gate", s.Gate)
		for _, r := range s.Requires {
			l.name("gate/"+g.code, r.Requirement)
			rule := requirementRule{when: l.condition(r.When), Requirement: Requirement{
				Code: r.Requirement.Value, Kind: FactRequired, Fact: r.Fact.Value, Test: r.Test,
				Strength: l.binds(r.Strength), Basis: l.basis(r.Basis, r.Requirement),
				Text: l.text(Text{r.ZH, r.EN}, r.Requirement),
			}}
			if r.Fact.given() == r.Holds.given() {
				l.refuse(r.Requirement, "fact_or_statement", "须指明等待的事实或须成立的陈述之一", "waits for a fact or for a statement")
			}
			if r.Holds.given() {
				rule.Kind, rule.holds = StatementRequired, l.condition(r.Holds)
			}
			for _, k := range r.Kinds {
				rule.kinds = append(rule.kinds, l.known(Kinds, k))
			}
			g.requires = append(g.requires, rule)
		}
		l.pack.gates = append(l.pack.gates, g)
	}
}

func (l *loader) procedure(s *procedureSource) {
	q := s.Quorum
	p := Procedure{
		Chair:  s.Chair,
		Quorum: Quorum{Numerator: q.Numerator, Denominator: q.Denominator, Inclusive: q.Inclusive, Note: q.Note},
		Panel:  Panel{Min: s.Panel.Min, Odd: s.Panel.Odd},
	}
	if len(s.Members.Units) > 0 {
		p.MembersBasis = l.basis(s.Members.Basis, token{})
	}
	if q.Numerator != 0 || q.Denominator != 0 {
		p.Quorum.Basis = l.basis(q.Basis, token{})
		if q.Numerator <= 0 || q.Denominator < q.Numerator {
			l.refuse(token{}, "invalid_quorum", "到会要求须为不大于一的正分数", "the quorum must be a positive fraction of at most one")
		}
	}
	for _, u := range s.Members.Units {
		if slices.Contains(p.Members, u.Value) {
			l.refuse(u, "duplicate", "成员单位重复", "is listed twice")
		}
		p.Members = append(p.Members, l.code(u, "unit"))
	}
	if s.Panel.Min > 0 {
		p.Panel.Basis = l.basis(s.Panel.Basis, token{})
	}
	for _, x := range s.Lockouts {
		p.Lockouts = append(p.Lockouts, Lockout{l.known(Steps, x.Step), x.Failures, x.Months, l.strength(x.Strength), l.basis(x.Basis, x.Step)})
		if x.Failures <= 0 || x.Months <= 0 {
			l.refuse(x.Step, "invalid_lockout", "次数和月数须为正数", "failures and months must be positive")
		}
	}
	for _, x := range s.Criteria {
		p.Criteria = append(p.Criteria, Criterion{
			l.code(x.Criterion, "criterion"), l.text(Text{x.ZH, x.EN}, x.Criterion), x.MayNotApply, l.basis(x.Basis, x.Criterion),
		})
	}
	for _, x := range s.Assessments {
		p.Assessments = append(p.Assessments, Assessment{l.code(x.Assessment, "assessment"), x.Grades, x.Months, l.basis(x.Basis, x.Assessment)})
		if x.Months <= 0 || len(x.Grades) == 0 {
			l.refuse(x.Assessment, "invalid_assessment", "测评须有等级和正的间隔月数", "an assessment has grades and a positive interval")
		}
	}
	for _, ref := range []struct {
		t    token
		into **Param
	}{{s.PublicTender, &p.PublicTender}, {s.ProcurementLimit, &p.ProcurementLimit}, {s.Supervision, &p.Supervision}} {
		if !ref.t.given() {
			continue
		}
		if *ref.into = l.pack.Param(ref.t.Value); *ref.into == nil || (*ref.into).Kind != Amount {
			l.refuse(ref.t, "unknown_param", "没有这个金额参数："+ref.t.Value, "there is no such amount parameter: "+ref.t.Value)
		}
	}
	for _, o := range s.Procurement.TimedBy {
		p.Procurement.TimedBy = append(p.Procurement.TimedBy, l.known(Obligations, o))
	}
	for _, k := range s.Procurement.AssetKinds {
		p.Procurement.AssetKinds = append(p.Procurement.AssetKinds, l.known(Kinds, k))
	}
	if len(s.Procurement.AssetBasis) > 0 {
		p.Procurement.AssetBasis = l.basis(s.Procurement.AssetBasis, token{})
	}
	for _, x := range s.Procurement.Methods {
		m := Method{
			Code: l.code(x.Method, "method"), Label: l.text(Text{x.ZH, x.EN}, x.Method),
			Centre: x.Centre, Notice: x.Notice, MinBidders: x.MinBidders, Basis: l.basis(x.Basis, x.Method),
		}
		for _, o := range x.Meets {
			m.Meets = append(m.Meets, l.known(Obligations, o))
		}
		if x.MinBidders <= 0 {
			l.refuse(x.Method, "invalid_method", "采购方式须有不少于一家的供应商数", "a method has at least one bidder")
		}
		p.Procurement.Methods = append(p.Procurement.Methods, m)
	}
	l.pack.procedure = p
}

// fill puts the figures of a finding into its text: 万元 in Chinese, yuan in
// English.
func (r *findingRule) fill(limit, actual int64) (zh, en string) {
	if r.bound == nil {
		return r.text.ZH, r.text.EN
	}
	put := func(text string, write func(int64) string) string {
		text = strings.Replace(text, "{limit}", write(max(limit, 0)), 1)
		text = strings.Replace(text, "{deviation}", write(distance(limit, actual)), 1)
		return strings.Replace(text, "{actual}", write(max(actual, 0)), 1)
	}
	return put(r.text.ZH, inWan), put(r.text.EN, inYuan)
}
