package refusals_test

import (
	"bytes"
	"fmt"
	"maps"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
)

// part is a section of the table.
type part string

// The parts, in the order of the document.
const (
	postgres part = "PostgreSQL"
	rows     part = "Rows"
	redisSrv part = "Redis"
	tokens   part = "Tokens"
	seeing   part = "Units"
	keys     part = "Signing keys"
)

var parts = []part{postgres, rows, redisSrv, tokens, seeing, keys}

// line is one row of the table: who tried what, and who may.
type line struct {
	part part
	who  string
	what string
	may  string
}

// tally is what came of a line.
type tally struct {
	answers map[string]int // code → times
	passed  int            // times that the rightful one was let through
}

func (t *tally) refused() (n int) {
	for _, k := range t.answers {
		n += k
	}
	return n
}

// limit is something that a server cannot refuse, and what bounds it.
type limit struct {
	part part
	who  string
	can  string
	but  string
}

// book is what was tried, in the order in which it was first.
type book struct {
	mu     sync.Mutex
	lines  []line
	by     map[line]*tally
	limits []limit
}

func newBook() *book { return &book{by: map[line]*tally{}} }

// of finds a line's tally; the caller holds the lock.
func (b *book) of(l line) *tally {
	t, ok := b.by[l]
	if !ok {
		t = &tally{answers: map[string]int{}}
		b.by[l] = t
		b.lines = append(b.lines, l)
	}
	return t
}

// refused notes that somebody was refused, and in which words.
func (b *book) refused(l line, answer string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.of(l).answers[answer]++
}

// passed notes that who may was let through.
func (b *book) passed(l line) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.of(l).passed++
}

// add takes over what another book notes.
func (b *book) add(o *book) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, l := range o.lines {
		k, more := b.of(l), o.by[l]
		for answer, n := range more.answers {
			k.answers[answer] += n
		}
		k.passed += more.passed
	}
}

// admits notes what is possible, and known.
func (b *book) admits(l limit) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if !slices.Contains(b.limits, l) {
		b.limits = append(b.limits, l)
	}
}

// sound wants every refusal to stand beside who may, and the other way round.
func (b *book) sound(t *testing.T) {
	t.Helper()
	total := map[part]int{}
	for _, l := range b.lines {
		k := b.by[l]
		if k.refused() == 0 || k.passed == 0 {
			t.Errorf("%s: %s, %s: refused %d times, passed %d times: it proves nothing", l.part, l.who, l.what, k.refused(), k.passed)
		}
		total[l.part] += k.refused()
	}
	for _, p := range parts {
		t.Logf("%s: %d refusals", p, total[p])
	}
}

// codes are a line's answers, as the table has them.
func (t *tally) codes() string {
	var out []string
	for _, code := range slices.Sorted(maps.Keys(t.answers)) {
		out = append(out, "`"+code+"`")
	}
	return strings.Join(out, ", ")
}

// tables is the generated part of docs/security.md.
func (b *book) tables() string {
	var out strings.Builder
	for _, p := range parts {
		fmt.Fprintf(&out, "\n### %s\n\n| who | tries to | answer | times | who may, and does |\n|---|---|---|---:|---|\n", p)
		for _, l := range b.lines {
			if l.part == p {
				k := b.by[l]
				fmt.Fprintf(&out, "| %s | %s | %s | %d | %s |\n", l.who, l.what, k.codes(), k.refused(), l.may)
			}
		}
	}
	out.WriteString("\n### What is not refused\n\n| where | who | can | what bounds it |\n|---|---|---|---|\n")
	for _, l := range b.limits {
		fmt.Fprintf(&out, "| %s | %s | %s | %s |\n", l.part, l.who, l.can, l.but)
	}
	return out.String()
}

const (
	document = "../../../../docs/security.md"
	begins   = "<!-- refusals: written by services/suite/e2e/refusals -update -->\n"
	ends     = "<!-- refusals: end -->\n"
)

// times is the column that grows with the suite, and differs by a few rows from
// run to run: it is compared roughly, and for what is missing alone.
var times = regexp.MustCompile(`(?m)^(\| .* \| )(\d+)( \| [^|]*\|)$`)

// compare holds the document to what was tried, or writes it.
func (b *book) compare(t *testing.T) {
	t.Helper()
	text, err := os.ReadFile(document)
	if err != nil {
		t.Fatal(err)
	}
	head, rest, ok := bytes.Cut(text, []byte(begins))
	old, tail, ok2 := bytes.Cut(rest, []byte(ends))
	if !ok || !ok2 {
		t.Fatalf("%s has no place for the tables", document)
	}
	tables := b.tables()
	if *update {
		written := string(head) + begins + tables + "\n" + ends + string(tail)
		if err := os.WriteFile(document, []byte(written), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	was, is := strings.Split(strings.TrimSpace(string(old)), "\n"), strings.Split(strings.TrimSpace(tables), "\n")
	for i := range max(len(was), len(is)) {
		if i >= len(was) || i >= len(is) {
			t.Fatalf("%s has %d lines about refusals, %d were tried; -update writes them", document, len(was), len(is))
		}
		if times.ReplaceAllString(was[i], "$1$3") != times.ReplaceAllString(is[i], "$1$3") {
			t.Errorf("%s says otherwise than what happened:\n- %s\n+ %s", document, was[i], is[i])
			continue
		}
		if 10*counted(is[i]) < 9*counted(was[i]) {
			t.Errorf("less is tried than %s says:\n- %s\n+ %s", document, was[i], is[i])
		}
	}
}

func counted(row string) int {
	m := times.FindStringSubmatch(row)
	if m == nil {
		return 0
	}
	n, err := strconv.Atoi(m[2])
	if err != nil {
		return 0
	}
	return n
}
