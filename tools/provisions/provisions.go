// Package provisions writes docs/provisions.md: for every provision that the
// suite answers to, where it is enforced, which test shows it, and which shows
// that its breach is refused. Ids without one of these are listed as open.
//
// It reads the packs, their worked cases, and the Go source and tests of the
// workspace. What it claims is what can be read off them: a rule that names the
// id, a function whose code or comment names it, a case whose expected answer
// rests on it, a test that names it or the error code that rests on it. It does
// not judge whether a test is a good one, but for two things: a test of refusals
// alone is none that shows a provision kept, and a code about the form of an
// input is evidence of no provision.
package provisions

import (
	"cmp"
	_ "embed" // the ids
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"egov/libs/policy"
)

//go:generate go run ../cmd/provisions -o ../../docs/provisions.md

//go:embed ids.yaml
var idsYAML []byte

// Evidence is what is known of one provision.
type Evidence struct {
	ID      string
	Text    policy.Text
	Rules   []string // "<pack>: route/small"
	Code    []string // "services/conference: Succeed"
	Shown   []string // cases and tests that rest on it
	Refused []string // cases and tests that show a breach, or the other side of a limit
	Idle    []string // rules that nothing asks for: a deadline whose clock no service keeps
	// Never says why nothing can be refused under the provision, and perhaps
	// nothing enforced; nil where both can be.
	Never *Never
}

// Never is why a provision has no refusal: it defines a word, states an aim,
// permits, or leaves the matter to another rule.
type Never struct {
	policy.Text `yaml:",inline"`
	Unenforced  bool `yaml:"unenforced"` // nothing can be enforced either
}

// enforced reports whether anything acts on the provision.
func (e *Evidence) enforced() bool { return len(e.Rules)+len(e.Code) > 0 }

// rest moves the deadlines that no service names to the idle rules.
func (e *Evidence) rest(kept map[string]bool) {
	idle := func(rule string) bool {
		_, clock, isDeadline := strings.Cut(rule, ": "+deadlinePrefix)
		return isDeadline && !kept[clock]
	}
	for _, r := range e.Rules {
		if idle(r) {
			e.Idle = append(e.Idle, r)
		}
	}
	e.Rules = slices.DeleteFunc(e.Rules, idle)
}

// Part is one part of the table.
type Part struct {
	Title      policy.Text
	Provisions []*Evidence
}

// Table is what Scan found, in the order of the parts.
type Table struct{ Parts []Part }

// Scan reads the packs and the workspace at root.
func Scan(root string, packs []*policy.Pack) (Table, error) {
	t, byID, err := skeleton(packs)
	if err != nil {
		return t, err
	}
	for _, p := range packs {
		for id, rules := range rulesOf(p) {
			if e := byID[id]; e != nil {
				e.Rules = append(e.Rules, prefixed(p.ID()+": ", rules)...)
			}
		}
		if err := witnesses(p, byID); err != nil {
			return t, err
		}
	}
	kept, err := scanSource(root, packs, byID)
	if err != nil {
		return t, err
	}
	for _, p := range packs {
		for _, r := range p.Office().Returns {
			kept[r.Code] = true // by whatever return a pack declares
		}
	}
	for _, e := range byID {
		e.rest(kept)
		for _, list := range []*[]string{&e.Rules, &e.Code, &e.Shown, &e.Refused} {
			*list = unique(*list)
		}
		if e.Never != nil && len(e.Refused) > 0 {
			return t, fmt.Errorf("ids.yaml: no_refusal lists %s, whose refusal %s shows", e.ID, e.Refused[0])
		}
	}
	return t, nil
}

// skeleton lists the provisions with their texts: those of ids.yaml, then what
// the packs declare besides.
func skeleton(packs []*policy.Pack) (Table, map[string]*Evidence, error) {
	return skeletonOf(idsYAML, packs)
}

func skeletonOf(ids []byte, packs []*policy.Pack) (Table, map[string]*Evidence, error) {
	var list struct {
		Parts []struct {
			Title policy.Text `yaml:"title"`
			IDs   []string    `yaml:"ids"`
		} `yaml:"parts"`
		Texts map[string]policy.Text `yaml:"texts"`
		Never map[string]*Never      `yaml:"no_refusal"`
	}
	var t Table
	byID := map[string]*Evidence{}
	if err := yaml.Unmarshal(ids, &list); err != nil {
		return t, nil, err
	}
	texts := list.Texts
	declared := map[string]bool{}
	for _, p := range packs {
		for id, text := range p.Provisions() {
			texts[id], declared[id] = text, id != "ours"
		}
	}
	for _, part := range list.Parts {
		x := Part{Title: part.Title}
		for _, id := range part.IDs {
			text, ok := texts[id]
			if !ok || byID[id] != nil {
				return t, nil, fmt.Errorf("ids.yaml: %s has no text or stands there twice", id)
			}
			byID[id] = &Evidence{ID: id, Text: text}
			x.Provisions = append(x.Provisions, byID[id])
		}
		t.Parts = append(t.Parts, x)
	}
	rest := Part{Title: policy.Text{ZH: "规则包所引其他条款", EN: "Other provisions that packs rest on"}}
	for _, id := range slices.SortedFunc(maps.Keys(texts), byNumber) {
		if byID[id] == nil && declared[id] {
			byID[id] = &Evidence{ID: id, Text: texts[id]}
			rest.Provisions = append(rest.Provisions, byID[id])
		}
	}
	if len(rest.Provisions) > 0 {
		t.Parts = append(t.Parts, rest)
	}
	for id, why := range list.Never {
		if byID[id] == nil || why.ZH == "" || why.EN == "" {
			return t, nil, fmt.Errorf("ids.yaml: no_refusal of %s names no provision or no reason", id)
		}
		byID[id].Never = why
	}
	return t, byID, nil
}

// byNumber orders ids as people count: YP23-R-5 before YP23-R-10.
func byNumber(a, b string) int {
	split := func(r rune) bool { return r == '-' || r == '.' }
	x, y := strings.FieldsFunc(a, split), strings.FieldsFunc(b, split)
	for i := range min(len(x), len(y)) {
		if c := cmp.Or(cmp.Compare(len(x[i]), len(y[i]))*boolInt(digits(x[i]) && digits(y[i])), cmp.Compare(x[i], y[i])); c != 0 {
			return c
		}
	}
	return cmp.Compare(len(x), len(y))
}

func digits(s string) bool { return strings.Trim(s, "0123456789") == "" }

func boolInt(b bool) int {
	if b {
		return 1
	}
	return 0
}

func prefixed(prefix string, list []string) []string {
	out := make([]string, len(list))
	for i, s := range list {
		out[i] = prefix + s
	}
	return out
}

func unique(list []string) []string {
	slices.Sort(list)
	return slices.Compact(list)
}

const preamble = `# 条款对照 Provisions

每一条款在何处执行、由哪个测试证明、由哪个测试证明其拒绝（或界限的另一侧）。由 ` + "`make generate`" + ` 从规则包、代码与测试生成，不作人工修改。

For every provision: where it is enforced, which test shows it, and which shows its refusal or the other side of its limit. Made by ` + "`make generate`" + ` from packs, code and tests. “case” is a worked case of a pack, run with the tests; the rest are Go functions and tests. A test of refusals alone is none that shows; a code about an input's form, such as “required”, is evidence of nothing. A cell names at most %d and counts the others. What is open stands [at the end](#未落实-open).

`

// most is how many names a cell of the table gives.
const most = 4

// WriteMarkdown writes the table as docs/provisions.md.
func (t Table) WriteMarkdown(w io.Writer) error {
	var b strings.Builder
	fmt.Fprintf(&b, preamble, most)
	var nothing, unshown, unrefused, never []*Evidence
	total := 0
	for _, part := range t.Parts {
		fmt.Fprintf(&b, "## %s %s\n\n| 条款 provision | 执行 enforced by | 证明 shown by | 拒绝 refusal shown by |\n|---|---|---|---|\n", part.Title.ZH, part.Title.EN)
		for _, e := range part.Provisions {
			total++
			switch {
			case e.Never != nil && len(e.Refused) == 0 && (e.Never.Unenforced || e.enforced() && len(e.Shown) > 0):
				never = append(never, e)
			case !e.enforced():
				nothing = append(nothing, e)
			case len(e.Shown) == 0:
				unshown = append(unshown, e)
			case len(e.Refused) == 0:
				unrefused = append(unrefused, e)
			}
			fmt.Fprintf(&b, "| **%s** %s | %s | %s | %s |\n", e.ID, cell(e.Text.ZH), names(slices.Concat(e.Rules, e.Code)), names(e.Shown), e.refusals())
		}
		b.WriteString("\n")
	}
	full := total - len(nothing) - len(unshown) - len(unrefused) - len(never)
	fmt.Fprintf(&b, "## 未落实 Open\n\n共%d条，其中%d条三项俱全，%d条依其性质没有拒绝。Of %d provisions %d have all three, and %d by their nature no refusal.\n", total, full, len(never), total, full, len(never))
	for _, open := range []struct {
		zh, en string
		list   []*Evidence
	}{
		{"尚无执行", "Enforced nowhere", nothing},
		{"有执行而无测试证明", "Enforced, shown by no test", unshown},
		{"有测试而未见拒绝", "Shown, without a refusal", unrefused},
	} {
		fmt.Fprintf(&b, "\n### %s %s (%d)\n\n", open.zh, open.en, len(open.list))
		if len(open.list) == 0 {
			b.WriteString("无 None.\n")
		}
		for _, e := range open.list {
			fmt.Fprintf(&b, "- **%s** %s — %s", e.ID, e.Text.ZH, e.Text.EN)
			if len(e.Idle) > 0 {
				fmt.Fprintf(&b, " (无服务计时 a clock that no service keeps: %s)", names(e.Idle))
			}
			b.WriteString("\n")
		}
	}
	fmt.Fprintf(&b, "\n### 依其性质没有拒绝 No refusal possible (%d)\n\n", len(never))
	if len(never) == 0 {
		b.WriteString("无 None.\n")
	}
	for _, e := range never {
		fmt.Fprintf(&b, "- **%s** %s — %s：%s %s\n", e.ID, e.Text.ZH, e.Text.EN, e.Never.ZH, e.Never.EN)
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// refusals writes the cell of refusals: where none is possible, that.
func (e *Evidence) refusals() string {
	if len(e.Refused) == 0 && e.Never != nil {
		return "不适用 none possible"
	}
	return names(e.Refused)
}

// names writes a cell: the first few, and how many more there are.
func names(list []string) string {
	if len(list) == 0 {
		return "–"
	}
	var out []string
	for _, n := range list[:min(most, len(list))] {
		out = append(out, "`"+cell(n)+"`")
	}
	s := strings.Join(out, "<br>")
	if more := len(list) - most; more > 0 {
		s += fmt.Sprintf("<br>+%d", more)
	}
	return s
}

// cell keeps a text inside its table cell.
func cell(s string) string { return strings.NewReplacer("|", `\|`, "\n", " ", "`", "'").Replace(s) }
