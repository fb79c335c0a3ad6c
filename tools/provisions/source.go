package provisions

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"egov/libs/policy"
	"egov/tools/workspace"
)

// idForm finds provision ids in texts and comments.
var idForm = regexp.MustCompile(`\b(?:YP23-[MRS]|YP21-M|SH16-[DW]|SH12-[A-Z]|SH12|XA18)(?:-\d+(?:\.\d+)*)?\b`)

// widely is how many provisions an error code may rest on and still tell
// something about one of them.
const widely = 3

// formal are the codes that speak of an input's form: a test that names one says
// nothing of the provision for whose sake a field is asked for.
var formal = []string{"required", "out_of_range", "too_long", "too_many", "duplicate", "unknown_code", "invalid_input", "invalid_date"}

// place is one function of the source.
type place struct {
	folder string // relative, with slashes
	name   string
}

func (p place) String() string { return p.folder + ": " + p.name }

// module is the part of the repository a folder belongs to: a service is shown
// by its own tests and those of the suite.
func module(folder string) string {
	parts := strings.SplitN(folder, "/", 3)
	return strings.Join(parts[:min(2, len(parts))], "/")
}

// source is what reading the Go files of the workspace gives.
type source struct {
	enforces map[string][]place // by id
	tests    map[string][]place // by id that a test names
	names    map[string][]place // by text or identifier that a test names
	codes    map[string][]code  // by id
	kept     map[string]bool    // texts that the code of services names
}

// code is an error code, or the variable of an error, that rests on a
// provision.
type code struct {
	name   string
	module string // whose tests show it; empty for a gate's requirement, which any may
}

// gateRefused are the names by one of which a test speaks of a closed gate.
var gateRefused = []string{"gate_closed", "ErrGate", "Missing"}

// refusal are the words by one of which a test that names a provision shows that
// its breach is refused.
var refusal = []string{"Refused", "RefusedOn", "RefusedAs", "refused", "Violated", "Violation", "Violations", "violates", "fault"}

// acceptance are the words by one of which a test shows what is taken: one that
// refuses alone does not show that the provision can be kept.
var acceptance = []string{"OK", "do", "must", "Stated", "ok", "pass", "accepted", "allowed", "kept"}

// scanSource adds what Go code and its tests say of the provisions. kept are
// the texts that services name, such as the codes of the clocks they keep.
func scanSource(root string, packs []*policy.Pack, byID map[string]*Evidence) (kept map[string]bool, err error) {
	s := source{kept: map[string]bool{}, enforces: map[string][]place{}, tests: map[string][]place{}, names: map[string][]place{}, codes: map[string][]code{}}
	folders, err := workspace.Modules(root)
	if err != nil {
		return nil, err
	}
	for _, folder := range folders {
		if folder == "proto" {
			continue // what is generated enforces nothing
		}
		err := filepath.WalkDir(filepath.Join(root, filepath.FromSlash(folder)), func(name string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() && (d.Name() == "node_modules" || name == filepath.Join(root, "tools", "provisions")) {
				if err == nil {
					err = filepath.SkipDir
				}
				return err
			}
			if d.IsDir() || path.Ext(name) != ".go" {
				return nil
			}
			rel, err := filepath.Rel(root, filepath.Dir(name))
			if err != nil {
				return err
			}
			return s.read(name, filepath.ToSlash(rel))
		})
		if err != nil {
			return nil, err
		}
	}
	s.requirements(packs)
	for id, e := range byID {
		for _, p := range s.enforces[id] {
			e.Code = append(e.Code, p.String())
		}
		for _, m := range s.tests[id] {
			if !s.speaks(m, id) {
				continue
			}
			refuses := s.mentions(m, refusal)
			if refuses {
				e.Refused = append(e.Refused, m.String())
			}
			if !refuses || s.mentions(m, acceptance) {
				e.Shown = append(e.Shown, m.String())
			}
		}
		for _, c := range s.codes[id] {
			if slices.Contains(formal, c.name) || s.restsOn(c) > widely {
				continue
			}
			for _, m := range s.names[c.name] {
				if c.module == module(m.folder) || c.module == "" && s.gate(m) {
					e.Refused = append(e.Refused, m.String())
				}
			}
		}
	}
	return s.kept, nil
}

// speaks reports whether a test that names an id is about it: those of
// libraries that enforce nothing of the kind use ids as samples.
func (s *source) speaks(test place, id string) bool {
	return !strings.HasPrefix(test.folder, "libs/") || strings.HasPrefix(test.folder, "libs/policy") ||
		slices.ContainsFunc(s.enforces[id], func(p place) bool { return p.folder == test.folder })
}

// gate reports whether a test is about closed gates.
func (s *source) gate(test place) bool {
	return strings.HasPrefix(test.folder, "libs/policy") || s.mentions(test, gateRefused)
}

// mentions reports whether a test names one of some words.
func (s *source) mentions(test place, words []string) bool {
	return slices.ContainsFunc(words, func(w string) bool { return slices.Contains(s.names[w], test) })
}

// restsOn counts the provisions of a code.
func (s *source) restsOn(c code) (n int) {
	for _, codes := range s.codes {
		if slices.Contains(codes, c) {
			n++
		}
	}
	return n
}

// requirements takes the codes of gates' requirements for error codes: a gate
// refuses with them.
func (s *source) requirements(packs []*policy.Pack) {
	for _, p := range packs {
		for _, g := range p.Gates() {
			for _, r := range p.Requirements(g) {
				for _, id := range r.Basis {
					s.codes[id] = append(s.codes[id], code{name: path.Base(r.Name)})
				}
			}
		}
	}
}

// read looks at one file.
func (s *source) read(name, folder string) error {
	file, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.ParseComments|parser.SkipObjectResolution)
	if err != nil {
		return err
	}
	test := strings.HasSuffix(name, "_test.go")
	tool := strings.HasPrefix(folder, "tools/")
	if !test && (tool || strings.HasSuffix(folder, "test")) || tool && !strings.HasPrefix(folder, "tools/egov") {
		return nil // tools and helpers of tests enforce nothing, and show nothing but for the command line
	}
	for _, d := range file.Decls {
		in := place{folder, declared(d)}
		switch {
		case test && isTest(in.name):
			s.readTest(d, in)
		case !test:
			s.readCode(d, in)
		}
	}
	for _, c := range file.Comments {
		in := place{folder, "package " + file.Name.Name}
		for _, d := range file.Decls {
			if inside(c, d) {
				in.name = declared(d)
			}
		}
		for _, id := range idForm.FindAllString(c.Text(), -1) {
			if test {
				if isTest(in.name) {
					s.tests[id] = append(s.tests[id], in)
				}
			} else {
				s.enforces[id] = append(s.enforces[id], in)
			}
		}
	}
	return nil
}

// inside reports whether a comment is a declaration's own or within it.
func inside(c *ast.CommentGroup, d ast.Decl) bool {
	from := d.Pos()
	switch d := d.(type) {
	case *ast.FuncDecl:
		if d.Doc != nil {
			from = d.Doc.Pos()
		}
	case *ast.GenDecl:
		if d.Doc != nil {
			from = d.Doc.Pos()
		}
	}
	return from <= c.Pos() && c.End() <= d.End()
}

// declared is the name of what is declared: of a method without its receiver,
// of a list its first.
func declared(d ast.Decl) string {
	switch d := d.(type) {
	case *ast.FuncDecl:
		return d.Name.Name
	case *ast.GenDecl:
		for _, spec := range d.Specs {
			switch spec := spec.(type) {
			case *ast.TypeSpec:
				return spec.Name.Name
			case *ast.ValueSpec:
				return spec.Names[0].Name
			}
		}
	}
	return "imports"
}

// text is the value of a string literal.
func text(n ast.Node) (string, bool) {
	lit, ok := n.(*ast.BasicLit)
	if !ok || lit.Kind != token.STRING {
		return "", false
	}
	s, err := strconv.Unquote(lit.Value)
	return s, err == nil
}

// readCode notes the ids that code names, and the error codes beside them.
func (s *source) readCode(d ast.Decl, in place) {
	ast.Inspect(d, func(n ast.Node) bool {
		if t, ok := text(n); ok && t != "" {
			s.kept[t] = s.kept[t] || strings.HasPrefix(in.folder, "services/")
			if idForm.FindString(t) == t {
				s.enforces[t] = append(s.enforces[t], in)
			}
		}
		switch n := n.(type) {
		case *ast.CallExpr:
			s.pair(n, nil, in)
		case *ast.CompositeLit:
			s.pair(n, nil, in)
		case *ast.ValueSpec:
			for i, v := range n.Values {
				s.pair(v, n.Names[i], in)
			}
		}
		return true
	})
}

// pair notes the error code that a call or a literal makes, for the ids in it;
// an error kept in a variable goes by its name too.
func (s *source) pair(n ast.Node, name *ast.Ident, in place) {
	var made []string
	var parts []ast.Expr
	switch n := n.(type) {
	case *ast.CallExpr:
		parts = n.Args
		if at, ok := codeAt[called(n)]; ok && at < len(n.Args) {
			if t, ok := text(n.Args[at]); ok {
				made = append(made, t)
			}
		}
	case *ast.CompositeLit:
		parts = n.Elts
		for _, e := range n.Elts {
			if kv, ok := e.(*ast.KeyValueExpr); ok {
				key, named := kv.Key.(*ast.Ident)
				if t, ok := text(kv.Value); ok && named && key.Name == "Code" {
					made = append(made, t)
				}
			}
		}
	}
	var ids []string
	for _, part := range parts {
		ast.Inspect(part, func(n ast.Node) bool {
			if _, deeper := n.(*ast.CallExpr); deeper {
				return false
			}
			if t, ok := text(n); ok && t != "" && idForm.FindString(t) == t {
				ids = append(ids, t)
			}
			return true
		})
	}
	if name != nil && len(made) > 0 && ast.IsExported(name.Name) {
		made = append(made, name.Name)
	}
	for _, id := range ids {
		for _, c := range made {
			s.codes[id] = append(s.codes[id], code{c, module(in.folder)})
		}
	}
}

// codeAt is where the functions that make errors and violations take the code.
var codeAt = map[string]int{"New": 1, "Require": 2}

// called is the name of the function or method that is called.
func called(n *ast.CallExpr) string {
	switch f := n.Fun.(type) {
	case *ast.SelectorExpr:
		return f.Sel.Name
	case *ast.Ident:
		return f.Name
	}
	return ""
}

// isTest reports whether a function is one that go test runs.
func isTest(name string) bool {
	return strings.HasPrefix(name, "Test") || strings.HasPrefix(name, "Fuzz")
}

// readTest notes what a test names: ids, texts and identifiers.
func (s *source) readTest(d ast.Decl, in place) {
	seen := map[string]bool{}
	ast.Inspect(d, func(n ast.Node) bool {
		if id, ok := n.(*ast.Ident); ok {
			seen[id.Name] = true
		}
		if t, ok := text(n); ok {
			for _, word := range strings.FieldsFunc(t, func(r rune) bool {
				return !strings.ContainsRune("_-.", r) && (r < '0' || r > '9') && (r < 'a' || r > 'z') && (r < 'A' || r > 'Z')
			}) {
				seen[word] = true
			}
		}
		return true
	})
	for _, name := range slices.Sorted(maps.Keys(seen)) {
		if idForm.FindString(name) == name {
			s.tests[name] = append(s.tests[name], in)
		}
		s.names[name] = append(s.names[name], in)
	}
}
