package main

import (
	"fmt"
	"strconv"
	"strings"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/operators"
	"cel.dev/cel-go/common/types"
)

// translator turns the conditions and amounts of a pack into Rego. A condition
// becomes what somebody would write by hand: one body of a rule for each way in
// which it can hold.
type translator struct {
	env   *cel.Env
	names map[string]string // of the pack's language, in Rego
}

func newTranslator(names map[string]string) (*translator, error) {
	env, err := cel.NewEnv(cel.ClearMacros())
	return &translator{env, names}, err
}

func (t *translator) parse(src string) (ast.Expr, error) {
	parsed, issues := t.env.Parse(src)
	if issues.Err() != nil {
		return nil, fmt.Errorf("%s: %w", src, issues.Err())
	}
	return parsed.NativeRep().Expr(), nil
}

// bodies gives the rule bodies under which a condition holds, each a list of
// expressions that all must hold.
func (t *translator) bodies(src string) ([][]string, error) {
	e, err := t.parse(src)
	if err != nil {
		return nil, err
	}
	return t.ways(e, false)
}

// ways is the disjunctive normal form of e, or of its opposite.
func (t *translator) ways(e ast.Expr, not bool) ([][]string, error) {
	if e.Kind() == ast.LiteralKind {
		if (e.AsLiteral() == types.True) != not {
			return [][]string{{"true"}}, nil
		}
		return nil, nil
	}
	if e.Kind() == ast.CallKind {
		call := e.AsCall()
		switch f := call.FunctionName(); f {
		case operators.LogicalNot:
			return t.ways(call.Args()[0], !not)
		case operators.LogicalAnd, operators.LogicalOr:
			left, err := t.ways(call.Args()[0], not)
			if err != nil {
				return nil, err
			}
			right, err := t.ways(call.Args()[1], not)
			if err != nil {
				return nil, err
			}
			if (f == operators.LogicalOr) != not {
				return append(left, right...), nil
			}
			var both [][]string
			for _, l := range left {
				for _, r := range right {
					both = append(both, append(append([]string{}, l...), r...))
				}
			}
			return both, nil
		}
		if op, ok := comparison(call.FunctionName(), not); ok {
			if way, ok, err := t.share(call, op); ok || err != nil {
				return [][]string{{way}}, err
			}
			l, err := t.number(call.Args()[0])
			if err != nil {
				return nil, err
			}
			r, err := t.number(call.Args()[1])
			return [][]string{{l + " " + op + " " + r}}, err
		}
	}
	atom, err := t.number(e)
	if not {
		atom = "not " + atom
	}
	return [][]string{{atom}}, err
}

// comparison gives the Rego operator of a comparison, or of its opposite.
func comparison(f string, not bool) (string, bool) {
	pairs := map[string][2]string{
		operators.Equals: {"==", "!="}, operators.NotEquals: {"!=", "=="},
		operators.Less: {"<", ">="}, operators.LessEquals: {"<=", ">"},
		operators.Greater: {">", "<="}, operators.GreaterEquals: {">=", "<"},
	}
	p, ok := pairs[f]
	if not {
		return p[1], ok
	}
	return p[0], ok
}

// share writes compare_share(part, whole, rate) < 0 and the like as the
// comparison it stands for: Rego's numbers are exact.
func (t *translator) share(call ast.CallExpr, op string) (string, bool, error) {
	left := call.Args()[0]
	if left.Kind() != ast.CallKind || left.AsCall().FunctionName() != "compare_share" {
		return "", false, nil
	}
	args, err := t.numbers(left.AsCall().Args())
	if err != nil {
		return "", false, err
	}
	return fmt.Sprintf("%s * 10000 %s %s * %s", args[0], op, args[1], args[2]), true, nil
}

func (t *translator) numbers(list []ast.Expr) ([]string, error) {
	out := make([]string, len(list))
	for i, e := range list {
		var err error
		if out[i], err = t.number(e); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// number writes anything that is not a choice.
func (t *translator) number(e ast.Expr) (string, error) {
	switch e.Kind() {
	case ast.LiteralKind:
		switch v := e.AsLiteral().(type) {
		case types.Int:
			return strconv.FormatInt(int64(v), 10), nil
		case types.String:
			return strconv.Quote(string(v)), nil
		}
	case ast.ListKind:
		elements, err := t.numbers(e.AsList().Elements())
		return "{" + strings.Join(elements, ", ") + "}", err
	case ast.IdentKind, ast.SelectKind:
		name, err := path(e)
		if err != nil {
			return "", err
		}
		if rego, ok := t.names[name]; ok {
			return rego, nil
		}
		return "", fmt.Errorf("%s has no name in Rego", name)
	case ast.CallKind:
		call := e.AsCall()
		args, err := t.numbers(call.Args())
		if err != nil {
			return "", err
		}
		switch f := call.FunctionName(); f {
		case operators.In, operators.OldIn:
			return args[0] + " in " + args[1], nil
		case operators.Subtract:
			return "(" + args[0] + " - " + args[1] + ")", nil
		case operators.Add:
			return "(" + args[0] + " + " + args[1] + ")", nil
		case "share_of":
			return fmt.Sprintf("floor(%s * %s / 10000)", args[0], args[1]), nil
		case "times":
			return fmt.Sprintf("floor(%s * %s / 100)", args[0], args[1]), nil
		case "distance":
			return fmt.Sprintf("abs(%s - %s)", args[0], args[1]), nil
		default:
			return "", fmt.Errorf("%s has no translation", f)
		}
	}
	return "", fmt.Errorf("an expression of kind %v has no translation", e.Kind())
}

func path(e ast.Expr) (string, error) {
	switch e.Kind() {
	case ast.IdentKind:
		return e.AsIdent(), nil
	case ast.SelectKind:
		s := e.AsSelect()
		of, err := path(s.Operand())
		return of + "." + s.FieldName(), err
	}
	return "", fmt.Errorf("no name")
}

// choice is one way in which an amount comes about.
type choice struct {
	when  []string
	value string
}

// choices divides an amount with conditions in it, first one first: each holds
// only where those before do not.
func (t *translator) choices(src string) ([]choice, error) {
	e, err := t.parse(src)
	if err != nil {
		return nil, err
	}
	return t.divide(e)
}

func (t *translator) divide(e ast.Expr) ([]choice, error) {
	if e.Kind() != ast.CallKind || e.AsCall().FunctionName() != operators.Conditional {
		v, err := t.number(e)
		return []choice{{[]string{"true"}, v}}, err
	}
	args := e.AsCall().Args()
	ways, err := t.ways(args[0], false)
	if err != nil {
		return nil, err
	}
	var out []choice
	for _, side := range []ast.Expr{args[1], args[2]} {
		part, err := t.divide(side)
		if err != nil {
			return nil, err
		}
		for _, w := range ways {
			for _, c := range part {
				out = append(out, choice{append(append([]string{}, w...), c.when...), c.value})
			}
		}
		ways = [][]string{{"true"}} // the rest is the other side's
	}
	return out, nil
}
