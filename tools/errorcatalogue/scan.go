package errorcatalogue

import (
	"cmp"
	"go/ast"
	"go/constant"
	"go/token"
	"go/types"
	"slices"
	"strings"

	"golang.org/x/tools/go/packages"

	"egov/tools/workspace"
)

const (
	faultPath  = "egov/libs/fault"
	policyPath = "egov/libs/policy" // its values hold what packs declare
)

// operand says where a sink takes a part of an error from: an argument of a
// call, a field of a literal, or a text that is always the same.
type operand struct {
	arg   int // counted from 1; 0 is none
	field string
	text  string
}

// sink is a function, or a struct, that makes an error or a violation of what
// it is given, or passes it on to one that does.
type sink struct {
	isError            bool
	kind, code, zh, en operand
	basis              int // the first argument of the provisions, from 1; 0 is none
}

// use is one call of a function or one literal of a struct.
type use struct {
	pkg    *packages.Package
	key    any // of the sink it may be
	pos    token.Pos
	args   []ast.Expr
	fields map[string]ast.Expr
}

// parameter tells which argument of which function a variable is.
type parameter struct {
	key any
	arg int
}

// scan is the state of one Scan. Functions and structs are keyed by their full
// name, which is the same from every package; functions held in a variable by
// the variable.
type scan struct {
	uses    []use
	params  map[types.Object]parameter
	sinks   map[any][]sink
	pending map[any][]sink            // found, not yet looked for
	kept    map[types.Object]ast.Expr // by the variable that keeps an error, what made it
	told    map[types.Object]telling
	out     Catalogue
}

// Scan reads the workspace at root. Test files, and packages made for tests
// (named …test), are passed over: what they name no caller can meet.
func Scan(root string) (Catalogue, error) {
	const mode = packages.NeedName | packages.NeedFiles | packages.NeedImports |
		packages.NeedSyntax | packages.NeedTypes | packages.NeedTypesInfo
	found, err := workspace.Load(root, mode, false)
	if err != nil {
		return Catalogue{}, err
	}
	s := scan{
		params: map[types.Object]parameter{},
		kept:   map[types.Object]ast.Expr{},
		told:   map[types.Object]telling{},
		sinks:  map[any][]sink{},
		pending: map[any][]sink{
			faultPath + ".New": {{
				isError: true, kind: operand{arg: 1}, code: operand{arg: 2}, zh: operand{arg: 3}, en: operand{arg: 4}, basis: 5,
			}},
			"(*" + faultPath + ".Checks).Require": {{
				code: operand{arg: 3}, zh: operand{arg: 4}, en: operand{arg: 5}, basis: 6,
			}},
			faultPath + ".Error": {{
				isError: true, kind: operand{field: "Kind"},
				code: operand{field: "Code"}, zh: operand{field: "Msg"}, en: operand{field: "MsgEN"},
			}},
			faultPath + ".Violation": {{
				code: operand{field: "Code"}, zh: operand{field: "Msg"}, en: operand{field: "MsgEN"},
			}},
		},
	}
	for _, p := range found {
		if strings.HasSuffix(p.Name, "test") {
			continue
		}
		for _, file := range p.Syntax {
			ast.Inspect(file, func(n ast.Node) bool { s.collect(p, n); return true })
		}
	}
	// Whatever passes a code on is a sink too, and its uses are looked at next.
	for len(s.pending) > 0 {
		fresh := s.pending
		s.pending = map[any][]sink{}
		for _, u := range s.uses {
			for _, k := range fresh[u.key] {
				s.read(u, k)
			}
		}
	}
	s.tell()
	slices.SortFunc(s.out.Entries, func(a, b Entry) int {
		return cmp.Or(cmp.Compare(a.Code, b.Code), cmp.Compare(a.Package, b.Package), comparePos(a.Pos, b.Pos))
	})
	slices.SortFunc(s.out.Dynamic, comparePos)
	return s.out, nil
}

func comparePos(a, b token.Position) int {
	return cmp.Or(cmp.Compare(a.Filename, b.Filename), cmp.Compare(a.Offset, b.Offset))
}

// collect notes functions with their parameters, calls, and struct literals.
func (s *scan) collect(p *packages.Package, n ast.Node) {
	switch n := n.(type) {
	case *ast.FuncDecl:
		if fn, ok := p.TypesInfo.Defs[n.Name].(*types.Func); ok {
			s.declare(p, fn.FullName(), n.Type)
		}
	case *ast.AssignStmt:
		for i, value := range n.Rhs {
			if lit, ok := value.(*ast.FuncLit); ok && i < len(n.Lhs) {
				if name, ok := n.Lhs[i].(*ast.Ident); ok {
					s.declare(p, p.TypesInfo.ObjectOf(name), lit.Type)
				}
			}
		}
	case *ast.ValueSpec:
		for i, value := range n.Values {
			if lit, ok := value.(*ast.FuncLit); ok {
				s.declare(p, p.TypesInfo.ObjectOf(n.Names[i]), lit.Type)
			}
			if call, ok := value.(*ast.CallExpr); ok {
				s.kept[p.TypesInfo.Defs[n.Names[i]]] = call
			}
		}
	case *ast.CallExpr:
		if key := callee(p, n); key != nil {
			s.uses = append(s.uses, use{pkg: p, key: key, pos: n.Pos(), args: n.Args})
			s.hear(p, n, key)
		}
	case *ast.CompositeLit:
		if name, t := structName(p.TypesInfo.TypeOf(n)); t != nil {
			s.uses = append(s.uses, use{pkg: p, key: name, pos: n.Pos(), fields: fieldsOf(n, t)})
		}
	}
}

// hear notes where an error that a variable keeps is given its provisions, or
// violations that have theirs.
func (s *scan) hear(p *packages.Package, n *ast.CallExpr, key any) {
	of := func(x ast.Expr, t telling) {
		if v := keeper(p, x); v != nil {
			was := s.told[v]
			s.told[v] = telling{occurrence: was.occurrence || t.occurrence, violations: was.violations || t.violations}
		}
	}
	switch key {
	case "(*" + faultPath + ".Error).WithBasis":
		of(n.Fun, telling{occurrence: true})
	case "(*" + faultPath + ".Error).WithViolations":
		of(n.Fun, telling{violations: true})
	case "(*" + faultPath + ".Checks).Refuse":
		of(n.Args[0], telling{violations: true})
	}
}

// keeper is the variable that x is made from by With methods.
func keeper(p *packages.Package, x ast.Expr) types.Object {
	for {
		switch e := ast.Unparen(x).(type) {
		case *ast.CallExpr:
			x = e.Fun
		case *ast.Ident:
			return p.TypesInfo.Uses[e]
		case *ast.SelectorExpr:
			if v, ok := p.TypesInfo.Uses[e.Sel].(*types.Var); ok {
				return v
			}
			x = e.X
		default:
			return nil
		}
	}
}

// tell marks the errors whose provisions stand elsewhere than where they are
// made.
func (s *scan) tell() {
	at := map[token.Pos]telling{}
	places := map[string]telling{}
	for v, t := range s.told {
		if made := s.kept[v]; made != nil {
			at[made.Pos()] = t
		}
	}
	for _, u := range s.uses {
		if t, ok := at[u.pos]; ok {
			places[u.pkg.Fset.Position(u.pos).String()] = t
		}
	}
	for i := range s.out.Entries {
		s.out.Entries[i].told = places[s.out.Entries[i].Pos.String()]
	}
}

func (s *scan) declare(p *packages.Package, key any, fn *ast.FuncType) {
	i := 0
	for _, f := range fn.Params.List {
		for _, name := range f.Names {
			i++
			s.params[p.TypesInfo.Defs[name]] = parameter{key: key, arg: i}
		}
	}
}

// callee is the key of the function that n calls, nil when it has no name.
func callee(p *packages.Package, n *ast.CallExpr) any {
	var name *ast.Ident
	switch f := n.Fun.(type) {
	case *ast.SelectorExpr:
		name = f.Sel
	case *ast.Ident:
		name = f
	default:
		return nil
	}
	switch o := p.TypesInfo.Uses[name].(type) {
	case *types.Func:
		return o.Origin().FullName()
	case *types.Var:
		return o
	}
	return nil
}

// structName is the full name of a struct type or of what t points to; the type
// is nil when t is something else.
func structName(t types.Type) (string, *types.Struct) {
	if t == nil {
		return "", nil
	}
	if ptr, ok := types.Unalias(t).(*types.Pointer); ok {
		t = ptr.Elem()
	}
	named, ok := types.Unalias(t).(*types.Named)
	if !ok || named.Obj().Pkg() == nil {
		return "", nil
	}
	st, ok := named.Underlying().(*types.Struct)
	if !ok {
		return "", nil
	}
	return named.Obj().Pkg().Path() + "." + named.Obj().Name(), st
}

func fieldsOf(n *ast.CompositeLit, t *types.Struct) map[string]ast.Expr {
	fields := map[string]ast.Expr{}
	for i, e := range n.Elts {
		if kv, ok := e.(*ast.KeyValueExpr); ok {
			fields[types.ExprString(kv.Key)] = kv.Value
		} else {
			fields[t.Field(i).Name()] = e
		}
	}
	return fields
}

// read takes the code that u gives to k: an entry when it is a constant, a new
// sink when it comes from a parameter or from a field of a struct.
func (s *scan) read(u use, k sink) {
	code := u.expr(k.code)
	if code == nil && k.code.arg == 0 {
		return // a literal that leaves the code out has none
	}
	if text, ok := u.text(code); ok {
		e := Entry{Code: text, Package: strings.TrimPrefix(u.pkg.PkgPath, "egov/"), Pos: u.pkg.Fset.Position(u.pos)}
		if k.isError {
			e.Kind = u.kind(k.kind)
		}
		e.Msg, e.MsgEN, e.Basis = u.words(k.zh), u.words(k.en), u.basis(k)
		s.out.Entries = append(s.out.Entries, e)
		return
	}
	if u.pkg.PkgPath == faultPath {
		return // the vocabulary passes on what it is given
	}
	switch x := ast.Unparen(code).(type) {
	case *ast.Ident:
		if from, ok := s.params[u.pkg.TypesInfo.Uses[x]]; ok {
			s.pass(from.key, k, u, func(part ast.Expr) operand {
				if name, ok := part.(*ast.Ident); ok {
					if p := s.params[u.pkg.TypesInfo.Uses[name]]; p.key == from.key {
						return operand{arg: p.arg}
					}
				}
				return operand{}
			})
			return
		}
	case *ast.SelectorExpr:
		owner, t := structName(u.pkg.TypesInfo.TypeOf(x.X))
		if t != nil && (strings.HasPrefix(owner, faultPath+".") || strings.HasPrefix(owner, policyPath+".")) {
			return // another error's code, or a pack's
		}
		if t != nil {
			s.pass(owner, k, u, func(part ast.Expr) operand {
				if sel, ok := part.(*ast.SelectorExpr); ok && types.ExprString(sel.X) == types.ExprString(x.X) {
					return operand{field: sel.Sel.Name}
				}
				return operand{}
			})
			return
		}
	}
	s.out.Dynamic = append(s.out.Dynamic, u.pkg.Fset.Position(u.pos))
}

// pass makes key a sink that gives on to k what it is given itself.
func (s *scan) pass(key any, k sink, u use, from func(ast.Expr) operand) {
	given := func(o operand) operand {
		x := u.expr(o)
		if text, ok := u.text(x); ok {
			return operand{text: text}
		}
		return from(x)
	}
	on := sink{isError: k.isError, code: given(k.code), zh: given(k.zh), en: given(k.en)}
	if k.isError {
		on.kind = operand{text: u.kind(k.kind)}
	}
	if !slices.Contains(s.sinks[key], on) {
		s.sinks[key] = append(s.sinks[key], on)
		s.pending[key] = append(s.pending[key], on)
	}
}

// expr is what u has at o, nil when it has nothing there.
func (u use) expr(o operand) ast.Expr {
	switch {
	case o.arg > 0 && o.arg <= len(u.args):
		return u.args[o.arg-1]
	case o.field != "":
		return u.fields[o.field]
	}
	return nil
}

// text is the value of a constant string; of fmt.Sprintf, its format.
func (u use) text(x ast.Expr) (string, bool) {
	if x == nil {
		return "", false
	}
	if v := u.pkg.TypesInfo.Types[x].Value; v != nil && v.Kind() == constant.String {
		return constant.StringVal(v), true
	}
	if call, ok := x.(*ast.CallExpr); ok && types.ExprString(call.Fun) == "fmt.Sprintf" {
		return u.text(call.Args[0])
	}
	return "", false
}

// words is the text at o, empty when the occurrence makes it up.
func (u use) words(o operand) string {
	text, ok := u.text(u.expr(o))
	if !ok {
		return o.text
	}
	return text
}

// basis lists the provisions that u names.
func (u use) basis(k sink) []string {
	var from []ast.Expr
	if k.basis > 0 && k.basis <= len(u.args) {
		from = u.args[k.basis-1:]
	}
	if list, ok := u.fields["Basis"].(*ast.CompositeLit); ok {
		from = list.Elts
	}
	var ids []string
	for _, x := range from {
		if id, ok := u.text(x); ok {
			ids = append(ids, id)
		}
	}
	return ids
}

// varies stands for a kind that the occurrence decides.
const varies = "varies"

// kind is the name of the fault.Kind at o.
func (u use) kind(o operand) string {
	x := u.expr(o)
	if x == nil {
		return cmp.Or(o.text, "Internal") // the zero value
	}
	tv := u.pkg.TypesInfo.Types[x]
	named, ok := types.Unalias(tv.Type).(*types.Named)
	if tv.Value == nil || !ok {
		return varies
	}
	scope := named.Obj().Pkg().Scope()
	for _, name := range scope.Names() {
		c, ok := scope.Lookup(name).(*types.Const)
		if ok && types.Identical(c.Type(), named) && constant.Compare(c.Val(), token.EQL, tv.Value) {
			return name
		}
	}
	return varies
}
