package search

import (
	"bytes"
	"slices"
	"strings"
	"time"

	"egov/libs/event"
	"egov/libs/ledger"
)

// Query is a question: a row matches when every part that is not empty does.
type Query struct {
	Project   string
	Trace     string
	Unit      string
	Person    string   // the actor as recorded, or one of two names in it
	Type      string   // full name, or the beginning of one up to a dot and "*"
	Provision string   // an id, or that of an article or text it is part of
	Words     []string // of Words
	Amounts   *Amounts
	From, To  time.Time // To is exclusive
}

// Empty says whether every row matches.
func (q *Query) Empty() bool {
	return q.Project == "" && q.Trace == "" && q.Unit == "" && q.Person == "" && q.Type == "" && q.Provision == "" &&
		len(q.Words) == 0 && q.Amounts == nil && q.From.IsZero() && q.To.IsZero()
}

// Amounts is a range in fen, both ends included. A row matches when one of its
// amounts is in it.
type Amounts struct{ From, To int64 }

func (a *Amounts) has(fen int64) bool { return a.From <= fen && fen <= a.To }

// maxTerms bounds the terms of one question. The others are left to Matches.
const maxTerms = 24

// Terms are the terms that a matching row has.
func (q *Query) Terms() []Term {
	var terms []Term
	for _, x := range []struct {
		kind uint64
		text string
	}{{kindUnit, q.Unit}, {kindPerson, q.Person}, {kindType, strings.TrimSuffix(q.Type, "*")}, {kindProvision, q.Provision}} {
		if x.text != "" {
			terms = append(terms, textTerm(x.kind, x.text))
		}
	}
	for _, w := range q.Words {
		pairs(w, func(t Term) { terms = append(terms, t) })
	}
	slices.Sort(terms)
	terms = slices.Compact(terms)
	if len(terms) > maxTerms {
		terms = terms[:maxTerms]
	}
	return terms
}

// AmountTerms are the terms of which a matching row has one, each the next of
// the one before; none when amounts are not asked for.
func (q *Query) AmountTerms() []Term {
	if q.Amounts == nil {
		return nil
	}
	var terms []Term
	for c := class(q.Amounts.From); c <= class(q.Amounts.To); c++ {
		terms = append(terms, term(kindAmount, c))
	}
	return terms
}

// Exact says whether the sets of a block leave nothing for Matches to refuse.
// Two characters may stand side by side in a row in another place than the word
// they were taken from.
func (q *Query) Exact() bool {
	if q.Project != "" || q.Trace != "" {
		return false
	}
	for _, w := range q.Words {
		if n := strings.Count(w, "") - 1; n != 2 {
			return false
		}
	}
	return true
}

// Describes says whether a row of that description may match.
func (q *Query) Describes(terms []Term, d *Description) bool {
	if !q.From.IsZero() && d.Micros < q.From.UnixMicro() || !q.To.IsZero() && d.Micros >= q.To.UnixMicro() {
		return false
	}
	for _, t := range terms {
		if _, ok := slices.BinarySearch(d.Terms, t); !ok {
			return false
		}
	}
	return q.Amounts == nil || slices.ContainsFunc(d.Amounts, q.Amounts.has)
}

// Matches decides about an event.
func (q *Query) Matches(e *ledger.Entry) bool {
	switch {
	case q.Project != "" && e.Subject != q.Project,
		q.Trace != "" && event.TraceID(e.TraceParent) != q.Trace,
		q.Unit != "" && e.Unit != q.Unit,
		q.Person != "" && !slices.Contains(persons(e.Actor), q.Person),
		!q.From.IsZero() && e.Time.Before(q.From), !q.To.IsZero() && !e.Time.Before(q.To):
		return false
	}
	if begin, open := strings.CutSuffix(q.Type, "*"); open && !strings.HasPrefix(e.Type, begin) || !open && q.Type != "" && e.Type != q.Type {
		return false
	}
	if q.Provision == "" && q.Amounts == nil && len(q.Words) == 0 {
		return true
	}
	found := struct{ provision, amount bool }{q.Provision == "", q.Amounts == nil}
	missing := slices.Clone(q.Words)
	content{
		words: func(text []byte) {
			missing = slices.DeleteFunc(missing, func(w string) bool { return bytes.Contains(text, []byte(w)) })
		},
		amount: func(fen int64) { found.amount = found.amount || q.Amounts.has(fen) },
		provision: func(id string) {
			found.provision = found.provision || slices.Contains(provisions(id), q.Provision)
		},
	}.visit(e.Type, e.Data)
	return found.provision && found.amount && len(missing) == 0
}
