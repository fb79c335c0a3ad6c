package pack

import (
	_ "embed" // what the names mean
	"fmt"
	"slices"
	"strings"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/operators"
	"cel.dev/cel-go/common/types"
	"go.yaml.in/yaml/v3"

	"egov/libs/policy"
)

//go:embed words.yaml
var wordsYAML []byte

// claim is a name that is true or not of a case.
type claim struct {
	ZH   string `yaml:"zh"`
	EN   string `yaml:"en"`
	NoZH string `yaml:"no_zh"`
	NoEN string `yaml:"no_en"`
}

// lexicon says the expressions of one pack in the words of one language. It
// knows CEL as far as rules use it; what it does not know it quotes.
type lexicon struct {
	pack   *policy.Pack
	zh     bool
	env    *cel.Env
	claims map[string]claim
	nouns  map[string]policy.Text
}

func newLexicon(p *policy.Pack, zh bool) (*lexicon, error) {
	var words struct {
		Claims map[string]claim       `yaml:"claims"`
		Nouns  map[string]policy.Text `yaml:"nouns"`
	}
	if err := yaml.Unmarshal(wordsYAML, &words); err != nil {
		return nil, err
	}
	env, err := cel.NewEnv(cel.ClearMacros())
	return &lexicon{pack: p, zh: zh, env: env, claims: words.Claims, nouns: words.Nouns}, err
}

func (x *lexicon) pick(zh, en string) string {
	if x.zh {
		return zh
	}
	return en
}

// condition says what must hold, and the value of each figure in it.
func (x *lexicon) condition(src string) string {
	e, ok := x.parse(src)
	if !ok {
		return quoted(src)
	}
	return x.clause(e, false, false)
}

// amount says what an expression adds up to.
func (x *lexicon) amount(src string) string {
	e, ok := x.parse(src)
	if !ok {
		return quoted(src)
	}
	return x.noun(e)
}

func (x *lexicon) parse(src string) (ast.Expr, bool) {
	parsed, iss := x.env.Parse(src)
	if iss.Err() != nil {
		return nil, false
	}
	return parsed.NativeRep().Expr(), true
}

func quoted(src string) string { return "`" + oneLine(src) + "`" }

// call takes an expression apart that applies a function or an operator.
func call(e ast.Expr) (name string, args []ast.Expr) {
	if e.Kind() != ast.CallKind {
		return "", nil
	}
	return e.AsCall().FunctionName(), e.AsCall().Args()
}

// path is the dotted name that an expression is; empty for any other.
func path(e ast.Expr) string {
	switch e.Kind() {
	case ast.IdentKind:
		return e.AsIdent()
	case ast.SelectKind:
		if of := path(e.AsSelect().Operand()); of != "" {
			return of + "." + e.AsSelect().FieldName()
		}
	}
	return ""
}

// clause says a condition, or its denial; inner clauses that mix "and" with
// "or" stand in brackets.
func (x *lexicon) clause(e ast.Expr, deny, inner bool) string {
	name, args := call(e)
	switch name {
	case operators.LogicalAnd, operators.LogicalOr:
		parts := []string{}
		for _, a := range flat(e, name) {
			parts = append(parts, x.clause(a, false, true))
		}
		s := strings.Join(parts, x.pick("，且", ", and "))
		if name == operators.LogicalOr {
			s = strings.Join(parts, x.pick("，或", ", or "))
		}
		switch {
		case deny:
			return fmt.Sprintf(x.pick("并非（%s）", "it is not so that (%s)"), s)
		case inner:
			return fmt.Sprintf(x.pick("（%s）", "(%s)"), s)
		}
		return s
	case operators.LogicalNot:
		return x.clause(args[0], !deny, inner)
	case operators.In:
		return x.member(args[0], args[1], deny)
	}
	if op, known := comparisons[name]; known {
		if deny {
			op = comparisons[opposite[name]]
		}
		return x.comparison(op, args[0], args[1])
	}
	p := path(e)
	if of, given := strings.CutPrefix(p, "given."); given {
		if deny {
			return fmt.Sprintf(x.pick("未填写%s", "%s is not stated"), x.name(of))
		}
		return fmt.Sprintf(x.pick("已填写%s", "%s is stated"), x.name(of))
	}
	c, known := x.claims[p]
	switch {
	case !known && deny:
		return x.pick("并非", "not ") + x.source(e)
	case !known:
		return x.source(e)
	case deny:
		return x.pick(c.NoZH, c.NoEN)
	}
	return x.pick(c.ZH, c.EN)
}

// flat lists the operands of a chain of one operator.
func flat(e ast.Expr, op string) []ast.Expr {
	name, args := call(e)
	if name != op {
		return []ast.Expr{e}
	}
	return append(flat(args[0], op), flat(args[1], op)...)
}

// comparison words: between two things, and of an amount with one it may not
// pass.
type comparison struct{ zh, en string }

var comparisons = map[string]comparison{
	operators.Less:          {"低于", "is below"},
	operators.LessEquals:    {"不超过", "is at most"},
	operators.Greater:       {"超过", "is above"},
	operators.GreaterEquals: {"不低于", "is at least"},
	operators.Equals:        {"为", "is"},
	operators.NotEquals:     {"不为", "is not"},
}

// daywise are the words for days.
var daywise = map[comparison]comparison{
	comparisons[operators.Less]:          {"早于", "is before"},
	comparisons[operators.LessEquals]:    {"不晚于", "is no later than"},
	comparisons[operators.Greater]:       {"晚于", "is after"},
	comparisons[operators.GreaterEquals]: {"不早于", "is no earlier than"},
}

var opposite = map[string]string{
	operators.Less: operators.GreaterEquals, operators.GreaterEquals: operators.Less,
	operators.Greater: operators.LessEquals, operators.LessEquals: operators.Greater,
	operators.Equals: operators.NotEquals, operators.NotEquals: operators.Equals,
}

func (x *lexicon) comparison(op comparison, a, b ast.Expr) string {
	if d, day := daywise[op]; day && strings.HasPrefix(path(a), "declared_") {
		op = d
	}
	word := x.pick(op.zh, op.en)
	// compare_share(part, whole, rate) against 0 compares a share with a rate.
	if name, args := call(a); name == "compare_share" {
		return fmt.Sprintf(x.pick("%[1]s占%[2]s的比例%[3]s%[4]s", "%[1]s as a share of %[2]s %[3]s %[4]s"),
			x.noun(args[0]), x.noun(args[1]), word, x.noun(args[2]))
	}
	if text, ok := literal(b); ok && text == "" {
		if op == comparisons[operators.Equals] {
			return fmt.Sprintf(x.pick("未填写%s", "%s is not stated"), x.noun(a))
		}
		return fmt.Sprintf(x.pick("已填写%s", "%s is stated"), x.noun(a))
	}
	return fmt.Sprintf(x.pick("%s%s%s", "%s %s %s"), x.noun(a), word, x.value(path(a), b))
}

// member says whether one thing is among others.
func (x *lexicon) member(one, list ast.Expr, deny bool) string {
	if list.Kind() == ast.ListKind {
		var names []string
		for _, e := range list.AsList().Elements() {
			names = append(names, x.value(path(one), e))
		}
		said := x.or(names)
		if deny {
			return fmt.Sprintf(x.pick("%s不为%s", "%s is not %s"), x.noun(one), said)
		}
		return fmt.Sprintf(x.pick("%s为%s", "%s is %s"), x.noun(one), said)
	}
	what := x.value(path(list), one)
	if deny {
		return fmt.Sprintf(x.pick("%s中没有%s", "%s do not include %s"), x.noun(list), what)
	}
	return fmt.Sprintf(x.pick("%s中有%s", "%s include %s"), x.noun(list), what)
}

func (x *lexicon) or(names []string) string {
	last := len(names) - 1
	if last < 1 {
		return strings.Join(names, "")
	}
	return strings.Join(names[:last], x.pick("、", ", ")) + x.pick("或", " or ") + names[last]
}

// noun says a thing: a field, a sum, a figure, a part of one of these.
func (x *lexicon) noun(e ast.Expr) string {
	if p := path(e); p != "" {
		return x.name(p)
	}
	name, args := call(e)
	if name == operators.Conditional {
		return fmt.Sprintf(x.pick("%[2]s（%[1]s时），否则%[3]s", "%[2]s (when %[1]s), else %[3]s"),
			x.clause(args[0], false, false), x.noun(args[1]), x.noun(args[2]))
	}
	said := make([]string, len(args))
	for i, a := range args {
		said[i] = x.noun(a)
	}
	switch name {
	case "share_of":
		return fmt.Sprintf(x.pick("%[1]s的%[2]s", "%[2]s of %[1]s"), said[0], said[1])
	case "times":
		return fmt.Sprintf("%s × %s", said[0], said[1])
	case "distance":
		return fmt.Sprintf(x.pick("%s与%s之差", "the difference between %s and %s"), said[0], said[1])
	case operators.Add:
		return fmt.Sprintf(x.pick("%s加%s", "%s plus %s"), said[0], said[1])
	case operators.Subtract:
		return fmt.Sprintf(x.pick("%s减%s", "%s less %s"), said[0], said[1])
	}
	return x.source(e)
}

// name says what a name stands for: a figure by its value, a sum by its lines.
func (x *lexicon) name(p string) string {
	if param := x.pack.Param(p); param != nil {
		return figures(param, x.zh)
	}
	if of, sum := strings.CutPrefix(p, "total."); sum {
		return x.sum(of)
	}
	if t, ok := x.nouns[p]; ok {
		return x.pick(t.ZH, t.EN)
	}
	if c, ok := x.claims[p]; ok {
		return x.pick("是否"+c.ZH, "whether "+c.EN)
	}
	return "`" + p + "`"
}

// sum names a sum of budget lines by its categories.
func (x *lexicon) sum(of string) string {
	codes := []string{of}
	groups := x.pack.Groups()
	if i := slices.IndexFunc(groups, func(g policy.Group) bool { return g.Name == of }); i >= 0 {
		codes = groups[i].Categories
	}
	names := make([]string, len(codes))
	for i, c := range codes {
		names[i] = x.label(c, policy.Categories)
	}
	if len(names) == 1 {
		return names[0]
	}
	return fmt.Sprintf(x.pick("%s合计", "the sum of %s"), strings.Join(names, x.pick("、", ", ")))
}

// vocabularyOf tells from which list the codes of a field are.
var vocabularyOf = map[string]policy.Vocabulary{
	"kind": policy.Kinds, "unit_kind": policy.UnitKinds, "unit_level": policy.UnitLevels, "route": policy.Routes,
	"steps": policy.Steps, "materials": policy.Materials, "obligations": policy.Obligations, "line.category": policy.Categories,
}

// value says what a field is compared with.
func (x *lexicon) value(field string, e ast.Expr) string {
	text, ok := literal(e)
	if !ok {
		return x.noun(e)
	}
	if v, known := vocabularyOf[field]; known {
		return x.label(text, v)
	}
	if field == "line.class" {
		return x.class(text)
	}
	return text
}

func (x *lexicon) label(code string, v policy.Vocabulary) string {
	t, ok := x.pack.Label(v, code)
	if !ok {
		return "`" + code + "`"
	}
	return x.pick(t.ZH, t.EN)
}

func (x *lexicon) class(code string) string {
	for _, c := range x.pack.Terms(policy.Categories) {
		for _, k := range c.Classes {
			if k.Code == code {
				return x.pick(k.ZH, k.EN)
			}
		}
	}
	return "`" + code + "`"
}

// literal is the text of a constant.
func literal(e ast.Expr) (string, bool) {
	if e.Kind() != ast.LiteralKind {
		return "", false
	}
	switch v := e.AsLiteral().(type) {
	case types.String:
		return string(v), true
	case types.Int:
		return fmt.Sprint(int64(v)), true
	case types.Bool:
		return fmt.Sprint(bool(v)), true
	}
	return "", false
}

// source quotes an expression that there are no words for.
func (x *lexicon) source(e ast.Expr) string {
	if text, ok := literal(e); ok {
		return text
	}
	if p := path(e); p != "" {
		return "`" + p + "`"
	}
	name, args := call(e)
	said := make([]string, len(args))
	for i, a := range args {
		said[i] = x.noun(a)
	}
	return fmt.Sprintf("`%s`(%s)", name, strings.Join(said, ", "))
}
