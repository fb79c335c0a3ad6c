// Package errorcatalogue finds every error and violation code that the source
// can answer with and writes them down as docs/errors.md, for the people who
// meet a code and for the programs that act on it.
//
// It reads the source, with types. Codes are named where an error is made:
// fault.New, a fault.Error, a fault.Violation, Checks.Require, and functions and
// structs of ours that pass a code on to one of these. A code must be a constant
// at the place where it enters, or it could not be promised; Scan reports places
// where it is not. Codes that a rule pack declares are data: the pack describes
// them, this catalogue does not.
package errorcatalogue

import (
	"cmp"
	"fmt"
	"go/token"
	"io"
	"slices"
	"strings"
)

//go:generate go run ../cmd/errorcatalogue -o ../../docs/errors.md

// Entry is one code as one package uses it.
type Entry struct {
	Code    string
	Kind    string // the fault.Kind's name; empty for a violation
	Msg     string // Chinese; empty when the occurrence words it
	MsgEN   string // English
	Basis   []string
	Package string // import path without the leading "egov/"
	Pos     token.Position

	told telling
}

// telling is where else the provisions of an error stand than where it is made.
type telling struct {
	occurrence bool // each gives them
	violations bool // each lists violations, which name theirs
}

// basis is the cell of the provisions.
func (e Entry) basis() string {
	switch {
	case len(e.Basis) > 0:
		return words(e.Basis)
	case e.told.occurrence:
		return "依具体情形 by the occurrence"
	case e.told.violations:
		return "见所列各项 with its violations"
	}
	return ""
}

// Violation reports whether the code names a broken bound of an input rather
// than an error of its own.
func (e Entry) Violation() bool { return e.Kind == "" }

// Catalogue is what Scan found.
type Catalogue struct {
	Entries []Entry          // sorted by code, then package, then position
	Dynamic []token.Position // places where the code that enters is no constant
}

const preamble = `# Errors

Every refusal is one problem document (RFC 9457) with a stable ` + "`code`" + `, its text in
Chinese and in English, and the provisions it rests on. A program acts on the
code; the text may name the occurrence and may be reworded. A code is never
reused for another meaning.

Where a code rests on a provision that only the occurrence knows, the column says
so: the problem names it in ` + "`basis`" + `, or each of its violations does. A dash is
a code that rests on none: a state, a format, a machine.

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
			e.Code, e.Kind, cell(e.Msg), cell(e.MsgEN), cell(e.basis()), e.Package)
	}
	b.WriteString(violations)
	for _, e := range merge(c.Entries, true) {
		fmt.Fprintf(&b, "| `%s` | %s | %s | %s | %s |\n",
			e.Code, cell(e.Msg), cell(e.MsgEN), cell(words(e.Basis)), e.Package)
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// merge makes one entry of each code: its most frequent texts, and every kind,
// provision and package.
func merge(all []Entry, violation bool) []Entry {
	var out []Entry
	for rest := all; len(rest) > 0; {
		n := slices.IndexFunc(rest, func(e Entry) bool { return e.Code != rest[0].Code })
		if n < 0 {
			n = len(rest)
		}
		same := slices.DeleteFunc(slices.Clone(rest[:n]), func(e Entry) bool { return e.Violation() != violation })
		rest = rest[n:]
		if len(same) == 0 {
			continue
		}
		one := Entry{Code: same[0].Code}
		var kinds, from []string
		uses := map[[2]string]int{} // of a pair of texts
		for _, e := range same {
			kinds, from, one.Basis = append(kinds, e.Kind), append(from, e.Package), append(one.Basis, e.Basis...)
			one.told.occurrence = one.told.occurrence || e.told.occurrence
			one.told.violations = one.told.violations || e.told.violations
			texts := [2]string{e.Msg, e.MsgEN}
			uses[texts]++
			if best := [2]string{one.Msg, one.MsgEN}; e.Msg != "" && (one.Msg == "" || uses[texts] > uses[best]) {
				one.Msg, one.MsgEN = e.Msg, e.MsgEN
			}
		}
		one.Kind, one.Package, one.Basis = words(kinds), words(from), sorted(one.Basis)
		out = append(out, one)
	}
	return out
}

func sorted(list []string) []string {
	slices.Sort(list)
	return slices.Compact(list)
}

func words(list []string) string { return strings.Join(sorted(list), ", ") }

// cell keeps a text inside its table cell.
func cell(s string) string {
	return strings.NewReplacer("|", `\|`, "\n", " ").Replace(cmp.Or(s, "–"))
}
