package search

import (
	"slices"
	"strings"

	"egov/libs/authn"
	"egov/libs/ledger"
)

// Description is what one row is found by.
type Description struct {
	Terms   []Term // ascending, each once
	Amounts []int64
	Micros  int64 // the fact's time, in microseconds of Unix time
}

// Describe takes a description out of an event.
func Describe(e *ledger.Entry) Description {
	terms := make([]Term, 0, 64)
	d := Description{Micros: e.Time.UnixMicro()}
	add := func(t Term) { terms = append(terms, t) }
	if e.Unit != "" {
		add(textTerm(kindUnit, e.Unit))
	}
	for _, name := range persons(e.Actor) {
		add(textTerm(kindPerson, name))
	}
	for _, t := range prefixes(e.Type, ".") {
		add(textTerm(kindType, t))
	}
	content{
		words:  func(text []byte) { pairs(text, add) },
		amount: func(fen int64) { d.Amounts = append(d.Amounts, fen) },
		provision: func(id string) {
			for _, p := range provisions(id) {
				add(textTerm(kindProvision, p))
			}
		},
	}.visit(e.Type, e.Data)
	slices.Sort(terms)
	d.Terms = slices.Clip(slices.Compact(terms))
	slices.Sort(d.Amounts)
	d.Amounts = slices.Compact(d.Amounts)
	return d
}

// persons are the names under which an actor is found: as recorded, and both
// sides where one acts for another.
func persons(actor string) []string {
	if actor == "" {
		return nil
	}
	names := authn.Accounts(actor)
	if len(names) > 1 {
		return append(names, actor)
	}
	return names
}

// prefixes are a name and what stands before each of its separators, the
// separator included.
func prefixes(name, separators string) []string {
	out := []string{name}
	for i := range len(name) {
		if strings.IndexByte(separators, name[i]) >= 0 {
			out = append(out, name[:i+1])
		}
	}
	return out
}

// provisions are the names under which a provision is found: its own, and those
// of the articles and texts it is part of.
func provisions(id string) []string {
	out := []string{id}
	for i := range len(id) {
		if id[i] == '.' || id[i] == '-' {
			out = append(out, id[:i])
		}
	}
	return out
}

// Content is what a fact says apart: what a description keeps as terms.
type Content struct {
	Pairs      []int64 // of neighbouring characters, each once, ascending
	Amounts    []int64 // fen
	Provisions []string
}

// Said takes the content out of an event, for whoever wants to find it by other
// means.
func Said(e *ledger.Entry) (c Content) {
	content{
		words:     func(text []byte) { pairs(text, func(t Term) { c.Pairs = append(c.Pairs, int64(t)) }) },
		amount:    func(fen int64) { c.Amounts = append(c.Amounts, fen) },
		provision: func(id string) { c.Provisions = append(c.Provisions, id) },
	}.visit(e.Type, e.Data)
	slices.Sort(c.Pairs)
	c.Pairs = slices.Compact(c.Pairs)
	return c
}

// Pairs are the pairs of neighbouring characters of words.
func Pairs(words []string) (all []int64) {
	for _, w := range words {
		pairs(w, func(t Term) { all = append(all, int64(t)) })
	}
	return all
}
