// Package telemetry writes what operators watch the suite by, as files:
// deploy/telemetry with a table of every metric, Prometheus rules, Grafana
// dashboards and a configuration of the OpenTelemetry collector.
//
// Metrics are read from the source, with types, so that the table and the
// checks know exactly those that the services register. A rule or a panel that
// names another one, or a label it does not have, is an error. What the files
// promise is their form and that they agree with the code; how they are rolled
// out is the operator's.
package telemetry

import (
	"cmp"
	"errors"
	"fmt"
	"go/ast"
	"go/constant"
	"go/token"
	"go/types"
	"slices"
	"strings"

	"golang.org/x/tools/go/packages"

	"egov/tools/workspace"
)

//go:generate go run ../cmd/telemetry -o ../../deploy/telemetry

// Metric is one family of time series that services export.
type Metric struct {
	Name     string
	Type     string   // counter, gauge or histogram
	Labels   []string // sorted; all carry service besides
	Help     string
	Services []string // sorted names of those that register it
}

// client is the library that metrics are made with.
const client = "github.com/prometheus/client_golang/prometheus"

// pieces are the types of metrics by the library's constructors.
var pieces = map[string]string{
	"NewCounter": "counter", "NewCounterVec": "counter",
	"NewGauge": "gauge", "NewGaugeVec": "gauge",
	"NewHistogram": "histogram", "NewHistogramVec": "histogram",
}

// Scan finds the metrics of the services of the workspace at root, sorted by
// name. A name, help or label that cannot be read from the source is an error,
// and so is a way of making metrics that Scan does not know.
func Scan(root string) ([]Metric, error) {
	found, err := workspace.Load(root, packages.NeedName|packages.NeedFiles|packages.NeedSyntax|packages.NeedTypes|packages.NeedTypesInfo|packages.NeedImports, false)
	if err != nil {
		return nil, err
	}
	s := &scan{uses: map[string][]string{}, made: map[string][]Metric{}, callers: map[types.Object][]call{}}
	for _, p := range found {
		s.read(p)
	}
	for _, p := range found {
		for _, f := range p.Syntax {
			s.metrics(p, f)
		}
	}
	return s.attribute(found), errors.Join(s.errs...)
}

// call is one use of a local helper that makes metrics or their options.
type call struct {
	info *types.Info
	args []ast.Expr
}

// scan is the state of one Scan. Functions and package variables are known by
// a name that is the same in the source and in the export data of a package.
type scan struct {
	uses    map[string][]string // what a declaration refers to
	made    map[string][]Metric // metrics by the declaration that makes them
	callers map[types.Object][]call
	errs    []error
}

// key names a declaration across packages.
func key(o types.Object) string {
	switch o := o.(type) {
	case *types.Func:
		return o.Origin().FullName()
	case *types.Var:
		if o.Pkg() != nil && o.Parent() == o.Pkg().Scope() {
			return o.Pkg().Path() + "." + o.Name()
		}
	}
	return ""
}

// each calls f with every declaration of a file and its key.
func each(p *packages.Package, file *ast.File, f func(key string, body ast.Node)) {
	for _, d := range file.Decls {
		switch d := d.(type) {
		case *ast.FuncDecl:
			f(key(p.TypesInfo.Defs[d.Name]), d)
		case *ast.GenDecl:
			for _, s := range d.Specs {
				v, ok := s.(*ast.ValueSpec)
				if !ok {
					continue
				}
				for _, n := range v.Names {
					f(cmp.Or(key(p.TypesInfo.Defs[n]), p.PkgPath+"._"), v)
				}
			}
		}
	}
}

// read notes what every declaration of a package refers to, and every call of
// something declared in it.
func (s *scan) read(p *packages.Package) {
	for _, file := range p.Syntax {
		each(p, file, func(from string, body ast.Node) {
			ast.Inspect(body, func(n ast.Node) bool {
				switch n := n.(type) {
				case *ast.Ident:
					if to := key(p.TypesInfo.Uses[n]); to != "" {
						s.uses[from] = append(s.uses[from], to)
					}
				case *ast.CallExpr:
					if f, ok := n.Fun.(*ast.Ident); ok {
						if o := p.TypesInfo.Uses[f]; o != nil {
							s.callers[o] = append(s.callers[o], call{p.TypesInfo, n.Args})
						}
					}
				}
				return true
			})
		})
	}
}

// metrics finds the metrics a file makes.
func (s *scan) metrics(p *packages.Package, file *ast.File) {
	each(p, file, func(from string, body ast.Node) {
		var outer []ast.Node
		ast.Inspect(body, func(n ast.Node) bool {
			if n == nil {
				outer = outer[:len(outer)-1]
				return true
			}
			outer = append(outer, n)
			c, ok := n.(*ast.CallExpr)
			if !ok {
				return true
			}
			sel, ok := c.Fun.(*ast.SelectorExpr)
			if !ok {
				return true
			}
			f, ok := p.TypesInfo.Uses[sel.Sel].(*types.Func)
			if !ok || f.Pkg() == nil || f.Pkg().Path() != client || f.Signature().Recv() != nil {
				return true
			}
			typ, ok := pieces[f.Name()]
			if !ok {
				if strings.HasSuffix(f.Name(), "Func") && f.Name() != "CollectorFunc" || strings.HasPrefix(f.Name(), "NewSummary") || f.Name() == "NewDesc" || f.Name() == "NewUntyped" {
					s.unclear(p, c, f.Name()+" is not understood")
				}
				return true
			}
			var labels []string
			if len(c.Args) > 1 {
				if labels, ok = texts(p.TypesInfo, c.Args[1]); !ok {
					s.unclear(p, c, "its labels are not constants")
				}
			}
			opts, info, calls := s.options(p.TypesInfo, c.Args[0])
			if opts == nil {
				s.unclear(p, c, "its options are not seen")
				return true
			}
			if len(calls) == 0 {
				calls = s.around(p.TypesInfo, outer, opts)
			}
			for _, m := range s.made1(info, opts, calls) {
				if m.Name == "" || m.Help == "" {
					s.unclear(p, c, "its name or help is not constant")
					continue
				}
				m.Type, m.Labels = typ, append(m.Labels, labels...)
				slices.Sort(m.Labels)
				s.made[from] = append(s.made[from], m)
			}
			return true
		})
	})
}

func (s *scan) unclear(p *packages.Package, n ast.Node, why string) {
	s.errs = append(s.errs, fmt.Errorf("%s: a metric is made here: %s", p.Fset.Position(n.Pos()), why))
}

// options is the literal with a metric's options. Where a helper makes it, the
// call of the helper fills in the helper's parameters.
func (s *scan) options(info *types.Info, e ast.Expr) (opts *ast.CompositeLit, in *types.Info, calls []binding) {
	switch e := e.(type) {
	case *ast.CompositeLit:
		return e, info, nil
	case *ast.CallExpr:
		f, ok := e.Fun.(*ast.Ident)
		if !ok {
			return nil, nil, nil
		}
		lit := literal(info.Uses[f], f)
		if lit == nil || len(lit.Body.List) != 1 {
			return nil, nil, nil
		}
		ret, ok := lit.Body.List[0].(*ast.ReturnStmt)
		if !ok || len(ret.Results) != 1 {
			return nil, nil, nil
		}
		if opts, ok := ret.Results[0].(*ast.CompositeLit); ok {
			return opts, info, []binding{bind(info, lit.Type, call{info, e.Args})}
		}
	}
	return nil, nil, nil
}

// around gives the bindings of the function literal that a metric is made in,
// one for each of its calls; none where the options need no parameter.
func (s *scan) around(info *types.Info, outer []ast.Node, opts *ast.CompositeLit) []binding {
	for i := len(outer) - 1; i > 0; i-- {
		lit, ok := outer[i].(*ast.FuncLit)
		if !ok {
			continue
		}
		assign, ok := outer[i-1].(*ast.AssignStmt)
		if !ok || len(assign.Lhs) != 1 || !mentions(info, opts, lit.Type) {
			continue
		}
		name, ok := assign.Lhs[0].(*ast.Ident)
		if !ok {
			continue
		}
		var all []binding
		for _, c := range s.callers[info.Defs[name]] {
			all = append(all, bind(info, lit.Type, c))
		}
		return all
	}
	return []binding{{}}
}

// mentions reports whether opts use a parameter of f.
func mentions(info *types.Info, opts ast.Node, f *ast.FuncType) bool {
	params := bind(info, f, call{})
	seen := false
	ast.Inspect(opts, func(n ast.Node) bool {
		if id, ok := n.(*ast.Ident); ok {
			if _, param := params[info.Uses[id]]; param {
				seen = true
			}
		}
		return true
	})
	return seen
}

// binding gives parameters their constants.
type binding map[types.Object]constant.Value

func bind(info *types.Info, f *ast.FuncType, c call) binding {
	b, i := binding{}, 0
	for _, field := range f.Params.List {
		for _, name := range field.Names {
			var v constant.Value
			if i < len(c.args) {
				v = c.info.Types[c.args[i]].Value
			}
			b[info.Defs[name]] = v
			i++
		}
	}
	return b
}

// literal is the function literal a local name stands for.
func literal(o types.Object, id *ast.Ident) *ast.FuncLit {
	if id.Obj == nil || o == nil {
		return nil
	}
	assign, ok := id.Obj.Decl.(*ast.AssignStmt)
	if !ok || len(assign.Rhs) != 1 {
		return nil
	}
	lit, _ := assign.Rhs[0].(*ast.FuncLit)
	return lit
}

// made1 reads a metric's options, once for each binding.
func (s *scan) made1(info *types.Info, opts *ast.CompositeLit, all []binding) []Metric {
	var out []Metric
	for _, b := range all {
		var m Metric
		for _, e := range opts.Elts {
			kv, ok := e.(*ast.KeyValueExpr)
			if !ok {
				continue
			}
			switch field := kv.Key.(*ast.Ident).Name; field {
			case "Name":
				m.Name = text(info, kv.Value, b)
			case "Help":
				m.Help = text(info, kv.Value, b)
			case "ConstLabels":
				m.Labels = keys(info, kv.Value)
			}
		}
		out = append(out, m)
	}
	return out
}

// text is a constant, or a parameter that is bound to one; empty when neither.
func text(info *types.Info, e ast.Expr, b binding) string {
	v := info.Types[e].Value
	if id, ok := e.(*ast.Ident); ok && v == nil {
		v = b[info.Uses[id]]
	}
	if v == nil || v.Kind() != constant.String {
		return ""
	}
	return constant.StringVal(v)
}

// texts are the constants of a literal of strings.
func texts(info *types.Info, e ast.Expr) (out []string, ok bool) {
	lit, ok := e.(*ast.CompositeLit)
	if !ok {
		return nil, false
	}
	for _, x := range lit.Elts {
		t := text(info, x, nil)
		if t == "" {
			return nil, false
		}
		out = append(out, t)
	}
	return out, true
}

// keys are the keys of a literal of labels, or of the one a local name stands
// for.
func keys(info *types.Info, e ast.Expr) (out []string) {
	if id, ok := e.(*ast.Ident); ok && id.Obj != nil {
		if assign, ok := id.Obj.Decl.(*ast.AssignStmt); ok && len(assign.Rhs) == 1 {
			e = assign.Rhs[0]
		}
	}
	lit, ok := e.(*ast.CompositeLit)
	if !ok {
		return nil
	}
	for _, x := range lit.Elts {
		if kv, ok := x.(*ast.KeyValueExpr); ok && kv.Colon != token.NoPos {
			out = append(out, text(info, kv.Key, nil))
		}
	}
	return out
}

// attribute says which services register what: those from whose program the
// declaration that makes it is reached.
func (s *scan) attribute(found []*packages.Package) []Metric {
	by := map[string]*Metric{}
	for _, p := range found {
		service, ok := serviceOf(p)
		if !ok {
			continue
		}
		for decl := range s.reach(p.PkgPath + ".main") {
			for _, m := range s.made[decl] {
				if by[m.Name] == nil {
					by[m.Name] = &m
				}
				if known := by[m.Name]; known.Type != m.Type || !slices.Equal(known.Labels, m.Labels) {
					s.errs = append(s.errs, fmt.Errorf("%s is made with labels %v and with %v", m.Name, known.Labels, m.Labels))
				}
				by[m.Name].Services = append(by[m.Name].Services, service)
			}
		}
	}
	var out []Metric
	for _, m := range by {
		slices.Sort(m.Services)
		m.Services = slices.Compact(m.Services)
		out = append(out, *m)
	}
	slices.SortFunc(out, func(a, b Metric) int { return strings.Compare(a.Name, b.Name) })
	return out
}

// serviceOf is the service a package is the program of.
func serviceOf(p *packages.Package) (string, bool) {
	rest, ok := strings.CutPrefix(p.PkgPath, "egov/services/")
	if !ok || p.Name != "main" {
		return "", false
	}
	service, _, _ := strings.Cut(rest, "/")
	return service, rest == service+"/cmd/"+service && service != "suite"
}

// reach is every declaration that one refers to, and so on. What is called
// through an interface alone is not seen.
func (s *scan) reach(from string) map[string]bool {
	seen, todo := map[string]bool{from: true}, []string{from}
	for len(todo) > 0 {
		last := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		for _, to := range s.uses[last] {
			if !seen[to] {
				seen[to] = true
				todo = append(todo, to)
			}
		}
	}
	return seen
}

// Services are all services that register anything, sorted.
func Services(all []Metric) []string {
	var out []string
	for _, m := range all {
		out = append(out, m.Services...)
	}
	slices.Sort(out)
	return slices.Compact(out)
}
