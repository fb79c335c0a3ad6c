// Package errorcatalogue finds every error and violation code that the source
// can answer with and writes them down as docs/errors.md, for the people who
// meet a code and for the programs that act on it.
//
// It reads the source, with types, and knows the four ways of naming a code:
// fault.New, a fault.Error, a fault.Violation and Checks.Require. A code must be
// a constant there, or it could not be promised; sites where it is not are
// reported by Scan. Codes that a rule pack declares are data and are described
// by the pack, not here.
package errorcatalogue

import (
	"cmp"
	"fmt"
	"go/ast"
	"go/constant"
	"go/token"
	"go/types"
	"io"
	"slices"
	"strings"

	"golang.org/x/tools/go/packages"

	"egov/tools/workspace"
)

//go:generate go run ../cmd/errorcatalogue -o ../../docs/errors.md

const faultPath = "egov/libs/fault"

// Entry is one code as one package uses it.
type Entry struct {
	Code    string
	Kind    string // the fault.Kind's name; empty for a violation
	Msg     string // Chinese; empty when the occurrence words it
	MsgEN   string // English
	Basis   []string
	Package string // import path without the leading "egov/"
	Pos     token.Position
}

// Violation reports whether the code names a broken bound of an input rather
// than an error of its own.
func (e Entry) Violation() bool { return e.Kind == "" }

// Catalogue is what Scan found.
type Catalogue struct {
	Entries []Entry          // sorted by code, then package, then position
	Dynamic []token.Position // sites whose code is no constant
}

// Scan reads the workspace at root. Test files are passed over: what they name
// no caller can meet.
func Scan(root string) (Catalogue, error) {
	const mode = packages.NeedName | packages.NeedFiles | packages.NeedImports |
		packages.NeedSyntax | packages.NeedTypes | packages.NeedTypesInfo
	found, err := workspace.Load(root, mode, false)
	if err != nil {
		return Catalogue{}, err
	}
	var c Catalogue
	for _, p := range found {
		if p.PkgPath != faultPath && p.Imports[faultPath] == nil {
			continue
		}
		s := scanner{pkg: p, catalogue: &c}
		for _, file := range p.Syntax {
			ast.Inspect(file, s.visit)
		}
	}
	slices.SortFunc(c.Entries, func(a, b Entry) int {
		return cmp.Or(
			cmp.Compare(a.Code, b.Code), cmp.Compare(a.Package, b.Package),
			cmp.Compare(a.Pos.Filename, b.Pos.Filename), cmp.Compare(a.Pos.Line, b.Pos.Line),
		)
	})
	return c, nil
}

// scanner collects the codes of one package.
type scanner struct {
	pkg       *packages.Package
	catalogue *Catalogue
}

func (s scanner) visit(n ast.Node) bool {
	switch n := n.(type) {
	case *ast.CallExpr:
		s.call(n)
	case *ast.CompositeLit:
		s.literal(n)
	}
	return true
}

// call reads fault.New(kind, code, zh, en, basis...) and
// Checks.Require(ok, field, code, zh, en, basis...).
func (s scanner) call(n *ast.CallExpr) {
	var callee *ast.Ident
	switch f := n.Fun.(type) {
	case *ast.SelectorExpr:
		callee = f.Sel
	case *ast.Ident:
		callee = f
	default:
		return
	}
	fn, ok := s.pkg.TypesInfo.Uses[callee].(*types.Func)
	if !ok || fn.Pkg() == nil || fn.Pkg().Path() != faultPath {
		return
	}
	switch fn.Name() {
	case "New":
		s.add(n, s.kind(n.Args[0]), n.Args[1], n.Args[2], n.Args[3], n.Args[4:])
	case "Require":
		s.add(n, "", n.Args[2], n.Args[3], n.Args[4], n.Args[5:])
	}
}

// literal reads fault.Error{…} and fault.Violation{…}.
func (s scanner) literal(n *ast.CompositeLit) {
	named, ok := types.Unalias(s.pkg.TypesInfo.TypeOf(n)).(*types.Named)
	if !ok || named.Obj().Pkg() == nil || named.Obj().Pkg().Path() != faultPath {
		return
	}
	name := named.Obj().Name()
	if name != "Error" && name != "Violation" || len(n.Elts) == 0 {
		return
	}
	fields := map[string]ast.Expr{}
	for _, e := range n.Elts {
		if kv, ok := e.(*ast.KeyValueExpr); ok {
			fields[types.ExprString(kv.Key)] = kv.Value
		}
	}
	kind := ""
	if name == "Error" {
		if kind = "Internal"; fields["Kind"] != nil {
			kind = s.kind(fields["Kind"])
		}
	}
	var basis []ast.Expr
	if list, ok := fields["Basis"].(*ast.CompositeLit); ok {
		basis = list.Elts
	}
	s.add(n, kind, fields["Code"], fields["Msg"], fields["MsgEN"], basis)
}

func (s scanner) add(at ast.Node, kind string, code, zh, en ast.Expr, basis []ast.Expr) {
	pos := s.pkg.Fset.Position(at.Pos())
	text, ok := s.text(code)
	if !ok {
		// fault itself passes codes on; everywhere else a code is named.
		if s.pkg.PkgPath != faultPath {
			s.catalogue.Dynamic = append(s.catalogue.Dynamic, pos)
		}
		return
	}
	e := Entry{Code: text, Kind: kind, Package: strings.TrimPrefix(s.pkg.PkgPath, "egov/"), Pos: pos}
	e.Msg, _ = s.text(zh)
	e.MsgEN, _ = s.text(en)
	for _, b := range basis {
		if id, ok := s.text(b); ok {
			e.Basis = append(e.Basis, id)
		}
	}
	s.catalogue.Entries = append(s.catalogue.Entries, e)
}

// text is the value of a constant string; of fmt.Sprintf, its format.
func (s scanner) text(x ast.Expr) (string, bool) {
	if x == nil {
		return "", false
	}
	if v := s.pkg.TypesInfo.Types[x].Value; v != nil && v.Kind() == constant.String {
		return constant.StringVal(v), true
	}
	if call, ok := x.(*ast.CallExpr); ok && types.ExprString(call.Fun) == "fmt.Sprintf" {
		return s.text(call.Args[0])
	}
	return "", false
}

// kind is the name of a fault.Kind constant.
func (s scanner) kind(x ast.Expr) string {
	v := s.pkg.TypesInfo.Types[x].Value
	if v == nil {
		return "varies"
	}
	named, ok := types.Unalias(s.pkg.TypesInfo.TypeOf(x)).(*types.Named)
	if !ok {
		return "varies"
	}
	scope := named.Obj().Pkg().Scope()
	for _, name := range scope.Names() {
		c, ok := scope.Lookup(name).(*types.Const)
		if ok && types.Identical(c.Type(), named) && constant.Compare(c.Val(), token.EQL, v) {
			return name
		}
	}
	return "varies"
}

const preamble = `# Errors

Every refusal is one problem document (RFC 9457) with a stable ` + "`code`" + `, its text in
Chinese and in English, and the provisions it rests on. A program acts on the
code; the text may name the occurrence and may be reworded. A code is never
reused for another meaning.

This page is made from the source by ` + "`make generate`" + `.

## Codes

| code | kind | 中文 | English | basis | from |
|---|---|---|---|---|---|
`

const violations = `
## Violations

Broken bounds and rules of one input, all of them at once, in the problem's
` + "`violations`" + ` with the field they concern.

| code | 中文 | English | basis | from |
|---|---|---|---|---|
`

// WriteMarkdown writes the catalogue as docs/errors.md: one line a code, which
// names every package that uses it.
func (c Catalogue) WriteMarkdown(w io.Writer) error {
	var b strings.Builder
	b.WriteString(preamble)
	for _, e := range merge(c.Entries, false) {
		fmt.Fprintf(&b, "| `%s` | %s | %s | %s | %s | %s |\n",
			e.Code, e.Kind, cell(e.Msg), cell(e.MsgEN), cell(strings.Join(e.Basis, ", ")), e.Package)
	}
	b.WriteString(violations)
	for _, e := range merge(c.Entries, true) {
		fmt.Fprintf(&b, "| `%s` | %s | %s | %s | %s |\n",
			e.Code, cell(e.Msg), cell(e.MsgEN), cell(strings.Join(e.Basis, ", ")), e.Package)
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// merge makes one entry of each code: the first texts found, every kind,
// provision and package.
func merge(all []Entry, violation bool) []Entry {
	var out []Entry
	for _, e := range all {
		if e.Violation() != violation {
			continue
		}
		if len(out) == 0 || out[len(out)-1].Code != e.Code {
			e.Basis = slices.Clone(e.Basis)
			out = append(out, e)
			continue
		}
		last := &out[len(out)-1]
		last.Msg, last.MsgEN = cmp.Or(last.Msg, e.Msg), cmp.Or(last.MsgEN, e.MsgEN)
		last.Kind = appendWord(last.Kind, e.Kind)
		last.Package = appendWord(last.Package, e.Package)
		last.Basis = append(last.Basis, e.Basis...)
	}
	for i := range out {
		slices.Sort(out[i].Basis)
		out[i].Basis = slices.Compact(out[i].Basis)
	}
	return out
}

// appendWord adds word to a comma-separated list unless it is there.
func appendWord(list, word string) string {
	if slices.Contains(strings.Split(list, ", "), word) {
		return list
	}
	return list + ", " + word
}

// cell keeps a text inside its table cell.
func cell(s string) string {
	return strings.NewReplacer("|", `\|`, "\n", " ").Replace(cmp.Or(s, "–"))
}
