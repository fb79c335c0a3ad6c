package redflag

import (
	"math/bits"
	"slices"
	"strings"
	"unicode"
)

// Likeness says why two titles are held to be alike, so that a reader can
// follow the figure with a pencil.
type Likeness struct {
	ProjectA string `json:"project_a"`
	ProjectB string `json:"project_b"`
	TitleA   string `json:"title_a"`
	TitleB   string `json:"title_b"`
	// What was compared: the titles without years, phases and the pack's words
	// that say nothing about what a project is.
	CoreA string `json:"core_a"`
	CoreB string `json:"core_b"`
	// Pairs of neighbouring characters in either core, and those in both.
	PairsA int      `json:"pairs_a"`
	PairsB int      `json:"pairs_b"`
	Shared int      `json:"shared"`
	Common []string `json:"common"` // the longest texts that both cores have, at least two characters each
	Score  int64    `json:"score_bp"`
}

// full is a whole, in basis points.
const full = 10_000

// core is a title made ready to be compared.
type core struct {
	text  []rune
	pairs []uint64 // two neighbouring characters each, ascending; a character alone is a pair with nothing
	marks marks    // of the pairs

	hidden int // pairs more than marks
}

// marks are a bit for each pair, which several may share.
type marks [4]uint64

func marksOf(pairs []uint64) (m marks) {
	for _, p := range pairs {
		p ^= p >> 32 // both characters count
		p *= 0x9e3779b97f4a7c15
		m[p>>62] |= 1 << (p >> 56 & 63)
	}
	return m
}

func (m marks) count() int {
	return bits.OnesCount64(m[0]) + bits.OnesCount64(m[1]) + bits.OnesCount64(m[2]) + bits.OnesCount64(m[3])
}

func (m marks) and(o marks) marks {
	return marks{m[0] & o[0], m[1] & o[1], m[2] & o[2], m[3] & o[3]}
}

// newCore takes out of a title what does not tell one project from another:
// spaces, punctuation, width and case of letters, years, phases, and words, the
// longest first. A title that is nothing but such words is compared whole.
func newCore(title string, words []string) core {
	plain := folded(title)
	bare := withoutPhases(withoutYears(plain))
	rest := string(bare)
	for _, w := range words {
		rest = strings.ReplaceAll(rest, string(folded(w)), "")
	}
	c := core{text: []rune(rest)}
	switch {
	case len(c.text) > 0:
	case len(bare) > 0:
		c.text = bare
	default:
		c.text = plain
	}
	c.pairs = pairsOf(c.text)
	c.marks = marksOf(c.pairs)
	c.hidden = len(c.pairs) - c.marks.count()
	return c
}

// folded makes letters and digits of full width narrow, letters small, and
// leaves out everything else.
func folded(s string) []rune {
	out := make([]rune, 0, len(s)/2)
	for _, r := range s {
		if r >= '！' && r <= '～' { // full-width forms of ASCII
			r -= '！' - '!'
		}
		if unicode.IsLetter(r) || unicode.IsDigit(r) {
			out = append(out, unicode.ToLower(r))
		}
	}
	return out
}

// withoutYears takes out years of this century and the last, with 年 or 年度
// behind them.
func withoutYears(s []rune) []rune {
	out := make([]rune, 0, len(s))
	for i := 0; i < len(s); {
		n := 0
		for i+n < len(s) && unicode.IsDigit(s[i+n]) {
			n++
		}
		year := n == 4 && (string(s[i:i+2]) == "19" || string(s[i:i+2]) == "20")
		switch {
		case year:
			i += n
			if i < len(s) && s[i] == '年' {
				i++
				if i < len(s) && s[i] == '度' {
					i++
				}
			}
		case n > 0:
			out = append(out, s[i:i+n]...)
			i += n
		default:
			out = append(out, s[i])
			i++
		}
	}
	return out
}

// ordinals are what a phase is counted by; its parts besides: 首, 后, 末.
const ordinals = "0123456789一二三四五六七八九十首前后末"

// withoutPhases takes out 一期, 第二期, 2期, 第3批, 一标段 and their like.
func withoutPhases(s []rune) []rune {
	out := make([]rune, 0, len(s))
	for i := 0; i < len(s); {
		if n := phase(s[i:]); n > 0 {
			i += n
			continue
		}
		out = append(out, s[i])
		i++
	}
	return out
}

// phase is the length of the phase that s begins with, 0 for none.
func phase(s []rune) int {
	n := 0
	if len(s) > 0 && s[0] == '第' {
		n++
	}
	start := n
	for n < len(s) && n-start < 3 && strings.ContainsRune(ordinals, s[n]) {
		n++
	}
	if n == start {
		return 0
	}
	for _, unit := range []string{"阶段", "标段", "期", "批次", "批", "包"} {
		if strings.HasPrefix(string(s[n:min(len(s), n+2)]), unit) {
			return n + len([]rune(unit))
		}
	}
	return 0
}

func pairsOf(s []rune) []uint64 {
	if len(s) == 1 {
		return []uint64{uint64(s[0]) << 32}
	}
	pairs := make([]uint64, 0, len(s))
	for i := 0; i+1 < len(s); i++ {
		pairs = append(pairs, uint64(s[i])<<32|uint64(s[i+1]))
	}
	slices.Sort(pairs)
	return pairs
}

// alike is the share of pairs that two cores have in common (Dice), in basis
// points rounded down: twice the pairs in both, divided by the pairs of each.
// A pair that occurs twice counts twice.
func alike(a, b core) (shared int, score int64) {
	for i, j := 0, 0; i < len(a.pairs) && j < len(b.pairs); {
		switch {
		case a.pairs[i] == b.pairs[j]:
			shared++
			i++
			j++
		case a.pairs[i] < b.pairs[j]:
			i++
		default:
			j++
		}
	}
	if n := len(a.pairs) + len(b.pairs); n > 0 {
		score = int64(2*shared) * full / int64(n)
	}
	return shared, score
}

// reaches reports whether two cores may be alike by a score, from their lengths
// and marks alone: most titles of a unit are not, and a unit with a thousand
// projects has half a million pairs of them. Of the pairs in both, no more lie
// under one mark than either core has there.
func reaches(a, b *core, score int64) bool {
	most := a.marks.and(b.marks).count() + min(a.hidden, b.hidden)
	most, sum := min(most, len(a.pairs), len(b.pairs)), len(a.pairs)+len(b.pairs)
	return sum > 0 && int64(2*most)*full/int64(sum) >= score
}

// likeness explains why two projects' titles are alike.
func likeness(a, b *Sketch, ca, cb core) Likeness {
	shared, score := alike(ca, cb)
	return Likeness{
		ProjectA: a.Project, ProjectB: b.Project, TitleA: a.Title, TitleB: b.Title, CoreA: string(ca.text), CoreB: string(cb.text),
		PairsA: len(ca.pairs), PairsB: len(cb.pairs), Shared: shared, Common: common(ca.text, cb.text), Score: score,
	}
}

// common lists the texts of two characters and more that both have, the longest
// first, none twice and none within another.
func common(a, b []rune) []string {
	list := []string{}
	for {
		at, n := 0, 1
		for i := range a {
			for j := range b {
				k := 0
				for i+k < len(a) && j+k < len(b) && a[i+k] == b[j+k] && a[i+k] != 0 {
					k++
				}
				if k > n {
					at, n = i, k
				}
			}
		}
		if n < 2 {
			return list
		}
		found := string(a[at : at+n])
		list = append(list, found)
		a, b = cut(a, found), cut(b, found)
	}
}

// cut replaces the first occurrence of a text by a gap that nothing matches.
func cut(s []rune, text string) []rune {
	before, after, _ := strings.Cut(string(s), text)
	return []rune(before + "\x00" + after)
}
