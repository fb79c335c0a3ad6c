package sheet

import (
	"egov/libs/policy"
)

// form is the words of a pack's budget sheet.
type form struct {
	terms      []policy.Term
	categories map[string]string  // word of a label or code → code
	classes    map[string]classes // by code of the category
}

type classes struct {
	byName map[string]string // word of a label or code → code
	labels []string          // Chinese
	codes  []string
}

// formOf takes the words of a pack. A label that two categories share names
// neither; their codes do.
func formOf(p *policy.Pack) form {
	f := form{terms: p.Terms(policy.Categories), classes: map[string]classes{}}
	f.categories = names(f.terms)
	for _, t := range f.terms {
		c := classes{byName: names(t.Classes)}
		for _, k := range t.Classes {
			c.labels, c.codes = append(c.labels, k.ZH), append(c.codes, k.Code)
		}
		f.classes[t.Code] = c
	}
	return f
}

// names finds terms by any of their words.
func names(terms []policy.Term) map[string]string {
	found := map[string]string{}
	shared := map[string]bool{}
	for _, t := range terms {
		for _, text := range []string{t.ZH, t.EN} {
			h := word(text)
			if code, taken := found[h]; taken && code != t.Code {
				shared[h] = true
			}
			found[h] = t.Code
		}
	}
	for h := range shared {
		delete(found, h)
	}
	for _, t := range terms {
		found[word(t.Code)] = t.Code
	}
	return found
}

// label is what the sheet shows for a term: its Chinese label, or its code
// where the label would not lead back to it.
func label(t policy.Term, byName map[string]string) string {
	if byName[word(t.ZH)] == t.Code {
		return t.ZH
	}
	return t.Code
}
