package policy

import (
	"fmt"
	"math"
	"math/bits"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"
)

// Functions of the rule language besides CEL's own operators. They are exact
// over the whole range of int64; a result beyond it is the largest int64.
//
//	share_of(whole, rate) int                the rate of a whole, rounded down
//	compare_share(part, whole, rate) int     -1, 0, 1 as part is below, at, above the rate of whole
//	distance(a, b) int                       how far apart two amounts are
//	times(decimal, amount) int               decimal × amount, rounded down
//
// Rates are in basis points, as percent parameters are; decimals are in
// hundredths, as decimal parameters and the fields of a budget line are.
func languageFunctions() []cel.EnvOption {
	ints := func(n int) []*cel.Type {
		args := make([]*cel.Type, n)
		for i := range args {
			args[i] = cel.IntType
		}
		return args
	}
	binary := func(name string, f func(a, b int64) int64) cel.EnvOption {
		return cel.Function(name, cel.Overload(name+"_int_int", ints(2), cel.IntType,
			cel.BinaryBinding(func(a, b ref.Val) ref.Val {
				return types.Int(f(int64(a.(types.Int)), int64(b.(types.Int))))
			})))
	}
	return []cel.EnvOption{
		binary("share_of", func(whole, rate int64) int64 { return mulDiv(whole, rate, basisPerUnit) }),
		binary("times", func(count, amount int64) int64 { return mulDiv(count, amount, hundred) }),
		binary("distance", distance),
		cel.Function("compare_share", cel.Overload("compare_share_int_int_int", ints(3), cel.IntType,
			cel.FunctionBinding(func(args ...ref.Val) ref.Val {
				return types.Int(compareShare(int64(args[0].(types.Int)), int64(args[1].(types.Int)), int64(args[2].(types.Int))))
			}))),
	}
}

// mulDiv is a×b÷d rounded down; negative operands count as zero.
func mulDiv(a, b int64, d uint64) int64 {
	hi, lo := bits.Mul64(unsigned(a), unsigned(b))
	if hi >= d {
		return math.MaxInt64
	}
	q, _ := bits.Div64(hi, lo, d)
	return int64(min(q, math.MaxInt64))
}

// compareShare orders part×10000 against whole×rate in 128 bits.
func compareShare(part, whole, rate int64) int64 {
	ph, pl := bits.Mul64(unsigned(part), basisPerUnit)
	wh, wl := bits.Mul64(unsigned(whole), unsigned(rate))
	switch {
	case ph > wh || ph == wh && pl > wl:
		return 1
	case ph < wh || pl < wl:
		return -1
	}
	return 0
}

func distance(a, b int64) int64 {
	if a < b {
		a, b = b, a
	}
	if b < 0 && a > math.MaxInt64+b {
		return math.MaxInt64
	}
	return a - b
}

func unsigned(n int64) uint64 { return uint64(max(n, 0)) }

// newEnv declares the rule language of a pack: the variables of its layout, its
// parameters as constants, and the functions above. Macros are off, so that
// an expression has no loop and its cost is bounded by its length.
func newEnv(vars, constants []cel.EnvOption) (*cel.Env, error) {
	opts := []cel.EnvOption{
		cel.ClearMacros(),
		cel.EagerlyValidateDeclarations(true),
		cel.ParserExpressionSizeLimit(maxExprRunes),
	}
	opts = append(opts, languageFunctions()...)
	opts = append(opts, vars...)
	return cel.NewEnv(append(opts, constants...)...)
}

// maxExprRunes bounds one expression, for the reader's sake as much as for the
// parser's.
const maxExprRunes = 2000

// program is one compiled expression.
type program struct {
	src  string
	run  cel.Program
	uses []string // the variables it reads
	// figures are the constants of the pack that it names.
	figures map[string]ref.Val
	// always is set for the literal true, which needs no run.
	always bool
}

// compile type-checks an expression against the wanted result type. The
// positions in the error are those of the pack file.
func (l *loader) compile(e token, want *cel.Type) *program {
	ast, iss := l.env.Compile(e.Value)
	if iss.Err() != nil {
		for _, ce := range iss.Errors() {
			at := e
			if ce.Location.Line() > 1 {
				at.Line += ce.Location.Line() - 1
			} else {
				at.Col += max(0, ce.Location.Column())
			}
			l.refuse(at, "invalid_expression", "表达式有误："+ce.Message, "the expression is wrong: "+ce.Message)
		}
		return nil
	}
	if !ast.OutputType().IsExactType(want) {
		l.refuse(e, "wrong_expression_type", fmt.Sprintf("表达式的结果应为%s，而不是%s", want, ast.OutputType()),
			fmt.Sprintf("the expression gives %s where %s belongs", ast.OutputType(), want))
		return nil
	}
	run, err := l.env.Program(ast, cel.EvalOptions(cel.OptOptimize))
	if err != nil {
		l.refuse(e, "invalid_expression", "表达式有误："+err.Error(), "the expression is wrong: "+err.Error())
		return nil
	}
	p := &program{src: e.Value, run: run, always: e.Value == "true"}
	for _, r := range ast.NativeRep().ReferenceMap() {
		switch {
		case r.Name == "": // a function
		case r.Value == nil:
			p.uses = append(p.uses, r.Name)
		default:
			if p.figures == nil {
				p.figures = map[string]ref.Val{}
			}
			p.figures[r.Name] = r.Value
		}
	}
	return p
}

// holds evaluates a condition.
func (p *program) holds(f *facts) (bool, error) {
	if p.always {
		return true, nil
	}
	v, _, err := p.run.Eval(f)
	if err != nil {
		return false, ErrBrokenRule.With(fmt.Errorf("%s: %w", p.src, err))
	}
	return v == types.True, nil
}

// number evaluates an amount.
func (p *program) number(f *facts) (int64, error) {
	v, _, err := p.run.Eval(f)
	if err != nil {
		return 0, ErrBrokenRule.With(fmt.Errorf("%s: %w", p.src, err))
	}
	return int64(v.(types.Int)), nil
}
