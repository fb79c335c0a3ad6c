// Package search is how rows of the ledger are found by what they say: their
// unit, person, kind, provisions, amounts, times and words, combined freely.
//
// A row is described by its terms (Describe). Descriptions of BlockRows rows in
// a row make a block (Pack): for every term the rows that have it, for amounts
// and times the values themselves. A block is written once and never changed;
// the same rows always give the same block. A question (Query) is answered block
// by block: the sets of its terms are intersected, so that the work is bounded
// by the number of blocks, whatever the question.
//
// Sets say which rows may match. Query.Matches decides from the stored event
// itself, so that a wrong set can hide a row and never show a wrong one.
//
// The package does no input or output.
package search

import (
	"hash/fnv"
	"strings"
	"unicode"
)

// BlockRows is how many rows one block describes.
const BlockRows = 1 << 14

// Term is one thing that rows are found by. Its upper eight bits say of which
// kind it is; two characters are kept as they are, longer texts as a hash.
type Term int64

// The kinds. stable: they are stored.
const (
	kindUnit      = 1
	kindPerson    = 2
	kindType      = 3
	kindProvision = 4
	kindPair      = 5
	kindAmount    = 6
)

// FirstOfAmounts is above every term that has a set of rows: those of amounts
// have lists, which are longer. stable: an index ends there.
const FirstOfAmounts Term = kindAmount << 56

func term(kind uint64, rest uint64) Term { return Term(kind<<56 | rest&(1<<56-1)) }

func textTerm(kind uint64, text string) Term {
	h := fnv.New64a()
	_, _ = h.Write([]byte(text)) // never fails
	return term(kind, h.Sum64())
}

// pair is the term of two neighbouring characters.
func pair(a, b rune) Term { return term(kindPair, uint64(a)<<21|uint64(b)) }

// fold makes characters equal that a person takes for one: capitals and small
// letters, full and half width.
func fold(r rune) rune {
	const first, last, away, space = 0xff01, 0xff5e, 0xfee0, 0x3000
	switch {
	case r < 0x80:
		if 'A' <= r && r <= 'Z' {
			r += 'a' - 'A'
		}
		return r
	case r >= first && r <= last:
		return fold(r - away)
	case r == space:
		return ' '
	}
	return unicode.ToLower(r)
}

// inWord says whether a character belongs to a word; others part words.
func inWord(r rune) bool { return unicode.IsLetter(r) || unicode.IsNumber(r) }

// pairs yields the pairs of neighbouring characters of a folded text.
func pairs[T string | []byte](text T, yield func(Term)) {
	var last rune
	for _, r := range string(text) {
		if !inWord(r) {
			last = 0
			continue
		}
		if last != 0 {
			yield(pair(last, r))
		}
		last = r
	}
}

// Words takes a text to be searched for apart: each word, folded, has to occur.
// ok is false when one of them has no two letters or digits side by side, and
// so cannot be searched for. No character has a special meaning.
func Words(text string) (words []string, ok bool) {
	words = strings.Fields(strings.Map(fold, text))
	for _, w := range words {
		found := false
		pairs(w, func(Term) { found = true })
		if !found {
			return words, false
		}
	}
	return words, true
}
