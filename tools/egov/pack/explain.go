package pack

import (
	"bufio"
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"

	"egov/libs/calendar"
	"egov/libs/policy"
)

// Languages are those a rule book can be in.
var Languages = []string{"zh", "en"}

// Explain writes the rule book of a pack in one language: every rule in words,
// with what follows from it, how it binds and the provisions it rests on, and
// the expression itself for whoever checks the words.
func Explain(out io.Writer, p *policy.Pack, lang string) error {
	words, err := newLexicon(p, lang == "zh")
	if err != nil {
		return err
	}
	w := bufio.NewWriter(out)
	b := &book{w: w, pack: p, zh: lang == "zh", words: words, cited: map[string]bool{}}
	b.front()
	b.binding()
	b.routes()
	b.checklist()
	b.gates()
	b.list("后续义务", "Obligations", policy.ObligationRules, policy.Obligations)
	b.cost()
	b.texts("政策核查", "Policy findings", policy.FindingRules)
	b.deadlines()
	b.procedure()
	b.procurement()
	b.office()
	b.flags()
	b.texts("申报内容的检查", "What a declaration must say", policy.CheckRules)
	b.texts("条文读法说明", "Readings of unclear text", policy.NoteRules)
	b.figures()
	b.provisions()
	return w.Flush()
}

// book is one rule book being written.
type book struct {
	w     *bufio.Writer
	pack  *policy.Pack
	zh    bool
	words *lexicon
	cited map[string]bool // provision ids
}

// line writes one line; the buffer keeps a failure until it is flushed.
func (b *book) line(format string, args ...any) { _, _ = fmt.Fprintf(b.w, format+"\n", args...) }

// say picks the book's language.
func (b *book) say(zh, en string) string {
	if b.zh {
		return zh
	}
	return en
}

func (b *book) text(t policy.Text) string { return b.say(t.ZH, t.EN) }

func (b *book) heading(zh, en string) { b.line("\n## %s\n", b.say(zh, en)) }

// sub heads the i-th part under a heading.
func (b *book) sub(i int, format string, args ...any) {
	if i > 0 {
		b.line("")
	}
	b.line("### "+format+"\n", args...)
}

func (b *book) label(v policy.Vocabulary, code string) string {
	t, ok := b.pack.Label(v, code)
	if !ok {
		return "`" + code + "`"
	}
	return fmt.Sprintf("%s (`%s`)", b.text(t), code)
}

func (b *book) labels(v policy.Vocabulary, codes []string, between string) string {
	out := make([]string, len(codes))
	for i, c := range codes {
		out[i] = b.label(v, c)
	}
	return strings.Join(out, between)
}

// basis cites provisions in a table; their texts stand at the end of the book.
func (b *book) basis(ids []string) string {
	for _, id := range ids {
		b.cited[id] = true
	}
	return "[" + strings.Join(ids, ", ") + "]"
}

// detail writes one property of a rule below it.
func (b *book) detail(zh, en, text string) {
	b.line("    - %s%s", b.say(zh+"：", en+": "), text)
}

// rests names the provisions of a rule with their texts.
func (b *book) rests(ids []string) {
	out := make([]string, len(ids))
	for i, id := range ids {
		b.cited[id] = true
		t, _ := b.pack.Provision(id)
		out[i] = fmt.Sprintf("[%s] %s", id, b.text(t))
	}
	b.detail("依据", "rests on", strings.Join(out, b.say("；", "; ")))
}

// condition says when a rule holds, and quotes it under its name in a trace.
func (b *book) condition(r policy.Rule) {
	when := r.When
	if r.If != "" {
		when = r.If
	}
	if when != "true" {
		b.detail("条件", "when", b.words.condition(when))
	} else if r.Bound == nil {
		b.detail("条件", "when", b.say("一律适用", "always"))
	}
	if r.Bound != nil {
		zh, en := "%s不得超过%s", "%s is at most %s"
		if r.Bound.Floor {
			zh, en = "%s不得低于%s", "%s is at least %s"
		}
		b.detail("界限", "bound", fmt.Sprintf(b.say(zh, en), b.words.amount(r.Bound.Actual), b.words.amount(r.Bound.Limit)))
	}
	if r.Vary != "" {
		b.detail("且", "and", fmt.Sprintf(b.say("金额若为%s，流程将不同", "the route would be another one if the amount were %s"), b.words.amount(r.Vary)))
	}
}

// quote ends a rule with its name and expression.
func (b *book) quote(r policy.Rule) {
	b.detail("规则", "rule", fmt.Sprintf("`%s` `%s`", r.Name, oneLine(r.When)))
}

func (b *book) front() {
	p := b.pack
	from, to := p.Validity()
	until := b.say("现行", "still in force")
	if !to.IsZero() {
		until = to.String()
	}
	b.line("# %s\n", b.text(p.Title()))
	b.line("- %s: `%s` %s", b.say("规则包", "pack"), p.ID(), p.Version())
	b.line("- %s: %s", b.say("来源", "source"), b.text(p.Source()))
	b.line("- %s: %s – %s", b.say("有效期", "in force"), from, until)
	b.line("- %s: %s", b.say("地区", "district"), p.District())
	b.line("\n%s", b.say(
		"方括号内为条款编号。每条规则末行是它在判定轨迹中的名称和规则语言（CEL）原文，与上面的文字一一对应；数值见“数值”一节。",
		"Provision ids stand in brackets. The last line of each rule is its name in a decision's trace and its expression in the rule language (CEL), which the words above it render; figures are listed under “Figures”."))
}

// binding says what follows from each strength, before the rules that have one.
func (b *book) binding() {
	b.heading("约束力", "How rules bind")
	b.line("%s\n", b.say(
		"每条规则注明约束力；未注明的为必须。同一条规则被违反时，后果因约束力而不同：",
		"Each rule says how it binds; one that does not say so must be followed. What follows from a breach depends on it:"))
	b.line("| %s | %s | %s | %s | %s |", b.say("约束力", "strength"), b.say("核查意见", "a finding"), b.say("缺少材料或条件", "a paper or a gate's condition that is missing"),
		b.say("流程、步骤、义务、时限", "a route, step, duty or deadline"), b.say("可由什么放宽", "yields to"))
	b.line("|---|---|---|---|---|")
	for _, s := range []struct {
		strength                 policy.Strength
		finding, gate, duty, who policy.Text
	}{
		{
			policy.Must,
			policy.Text{ZH: "错误，不得提交；标明“提示”的只作提示", EN: "an error, with which nothing is submitted; one marked a warning only warns"},
			policy.Text{ZH: "关口不放行", EN: "the gate stays closed"},
			policy.Text{ZH: "一律如此办理，逾期即违反", EN: "holds in every case; late is a breach"},
			policy.Text{ZH: "不得放宽", EN: "nothing"},
		},
		{
			policy.InPrinciple,
			policy.Text{ZH: "错误，随申报提交会议", EN: "an error that goes to the conference with the declaration"},
			policy.Text{ZH: "关口不放行，已放宽的除外", EN: "the gate stays closed unless the rule is lifted"},
			policy.Text{ZH: "除经放宽外如此办理", EN: "holds unless it is lifted"},
			policy.Text{ZH: "逐项列名并说明理由的会议决定（一事一议）", EN: "a conference decision that names the rule and its reason"},
		},
		{
			policy.Reference,
			policy.Text{ZH: "提示", EN: "a warning"},
			policy.Text{ZH: "列出，不影响放行", EN: "is listed; the gate opens all the same"},
			policy.Text{ZH: "可以、鼓励或参照，不办理不违反", EN: "may or should be done; leaving it is no breach"},
			policy.Text{ZH: "无须放宽", EN: "needs no decision"},
		},
	} {
		b.line("| %s (`%s`) | %s | %s | %s | %s |", b.strength(s.strength), s.strength, b.text(s.finding), b.text(s.gate), b.text(s.duty), b.text(s.who))
	}
}

func (b *book) routes() {
	b.heading("办理流程", "Routes")
	b.line("%s\n", b.say("按顺序逐条判断，第一条成立的决定流程。", "Tried in this order; the first that holds decides."))
	for i, r := range b.pack.Rules(policy.RouteRules) {
		b.line("%d. **%s**%s", i+1, b.label(policy.Routes, r.Gives[0]), b.short(r.Strength))
		b.condition(r)
		if steps := r.Gives[1:]; len(steps) > 0 {
			b.detail("步骤", "steps", b.labels(policy.Steps, steps, " → "))
		}
		b.rests(r.Basis)
		b.quote(r)
	}
	b.served()
	b.list("前置步骤（尚未完成时）", "Steps that come first, while still to be done", policy.StepRules, policy.Steps)
	b.list("会议形式", "How the conference decides", policy.ModeRules, policy.ConferenceModes)
}

// list writes rules that give one code each.
func (b *book) list(zh, en string, s policy.Section, v policy.Vocabulary) {
	rules := b.pack.Rules(s)
	if len(rules) == 0 {
		return
	}
	b.heading(zh, en)
	for _, r := range rules {
		b.rule(b.labels(v, r.Gives, ", "), r)
	}
}

// rule writes a rule under its head.
func (b *book) rule(head string, r policy.Rule) {
	b.line("- **%s**%s", head, b.short(r.Strength))
	b.condition(r)
	b.rests(r.Basis)
	b.quote(r)
}

// short adds how a rule binds to its head, where that is not the usual way.
func (b *book) short(s policy.Strength) string {
	if s == "" || s == policy.Must {
		return ""
	}
	return " — " + b.strength(s)
}

// served says who does each step.
func (b *book) served() {
	terms := b.pack.Terms(policy.Steps)
	if len(terms) == 0 {
		return
	}
	b.heading("步骤的承办", "Who does the steps")
	for _, t := range terms {
		who := b.say("不在本系统办理，以材料为凭", "done outside the suite and shown by its papers")
		if t.Duty != "" {
			who = fmt.Sprintf(b.say("由职责 `%s` 承办", "served by the duty `%s`"), t.Duty)
		}
		if len(t.By) > 0 {
			who += b.say("：", ": ") + "`" + strings.Join(t.By, "` `") + "`"
		}
		b.line("- %s (`%s`): %s", b.text(t.Text), t.Code, who)
	}
}

func oneLine(s string) string { return strings.Join(strings.Fields(s), " ") }

// figures is the value of a parameter, with its dates when it has several.
func figures(p *policy.Param, zh bool) string {
	pick := func(t policy.Text) string {
		if zh {
			return t.ZH
		}
		return t.EN
	}
	if len(p.Dates) <= 1 {
		return pick(p.Figure(p.At(calendar.Date{})))
	}
	from := pick(policy.Text{ZH: "%[2]s（%[1]s起）", EN: "%[2]s (from %[1]s)"})
	out := make([]string, len(p.Dates))
	for i, d := range p.Dates {
		out[i] = fmt.Sprintf(from, d.From, pick(p.Figure(d.Value)))
	}
	return strings.Join(out, pick(policy.Text{ZH: "、", EN: ", "}))
}

func (b *book) checklist() {
	rules := b.pack.Rules(policy.ChecklistRules)
	if len(rules) == 0 {
		return
	}
	b.heading("材料清单", "Checklist")
	parts := 0
	for _, gate := range b.pack.Gates() {
		items := slices.DeleteFunc(slices.Clone(rules), func(r policy.Rule) bool { return r.Gate != gate })
		if len(items) == 0 {
			continue
		}
		label, _ := b.pack.GateLabel(gate)
		b.sub(parts, b.say("“%s”环节查验 (`%s`)", "Asked for at the gate of %s (`%s`)"), b.text(label), gate)
		parts++
		for _, r := range items {
			b.rule(b.labels(policy.Materials, r.Gives, ", "), r)
		}
	}
}

func (b *book) gates() {
	b.heading("各环节的前提", "What each gate waits for")
	parts := 0
	for _, gate := range b.pack.Gates() {
		rules := b.pack.Requirements(gate)
		if len(rules) == 0 {
			continue
		}
		label, _ := b.pack.GateLabel(gate)
		b.sub(parts, "%s (`%s`)", b.text(label), gate)
		parts++
		for _, r := range rules {
			b.line("- **%s** — %s", b.text(r.Text), b.strength(r.Strength))
			if len(r.Kinds) > 0 {
				b.detail("适用类别", "kinds", b.labels(policy.Kinds, r.Kinds, b.say("、", ", ")))
			}
			if r.When != "true" {
				b.condition(r)
			}
			if r.Fact != "" {
				b.detail("等待的事实", "waits for", "`"+r.Fact+"`")
			}
			if r.Holds != "" {
				b.detail("须成立", "must hold", b.words.condition(r.Holds))
			}
			b.rests(r.Basis)
			if r.Holds != "" {
				r.When = r.Holds
			}
			b.quote(r)
		}
	}
}

func (b *book) strength(s policy.Strength) string {
	switch s {
	case policy.Must:
		return b.say("必须", "must")
	case policy.InPrinciple:
		return b.say("原则上", "in principle")
	case policy.Reference:
		return b.say("参照", "for reference")
	}
	return b.say("按经费标准的约束力", "as the cost standard binds")
}

func (b *book) cost() {
	rules := b.pack.Rules(policy.CostRules)
	if len(rules) == 0 {
		return
	}
	b.heading("经费标准", "Cost standard")
	for _, r := range b.pack.Rules(policy.StrengthRules) {
		head := b.say("约束力：", "it binds ") + b.strength(r.Strength)
		r.Strength = "" // the head says it
		b.rule(head, r)
	}
	b.line("")
	b.rules(rules)
}

// texts writes rules that speak for themselves.
func (b *book) texts(zh, en string, s policy.Section) {
	rules := b.pack.Rules(s)
	if len(rules) == 0 {
		return
	}
	b.heading(zh, en)
	b.rules(rules)
}

func (b *book) rules(rules []policy.Rule) {
	for _, r := range rules {
		about := ""
		if r.Field != "" {
			about = fmt.Sprintf(b.say("%s（`%s`）", "%s (`%s`) "), b.words.name(strings.TrimPrefix(r.Field, "given.")), r.Field)
		}
		if len(r.Categories) > 0 {
			about = b.categories(r.Categories) + b.say("：", ": ")
		}
		binding := ""
		if r.Strength != "" {
			binding = " — " + b.strength(r.Strength)
		}
		if r.Severity == policy.Warning {
			binding += b.say("（提示）", " (a warning)")
		}
		b.line("- %s%s%s", about, b.filled(r.Text), binding)
		b.condition(r)
		b.rests(r.Basis)
		b.quote(r)
	}
}

// filled puts words where a finding puts its figures.
func (b *book) filled(t policy.Text) string {
	return strings.NewReplacer("{limit}", b.say("〈限额〉", "⟨limit⟩"), "{actual}", b.say("〈申报额〉", "⟨declared⟩"), "{deviation}", b.say("〈差额〉", "⟨difference⟩")).Replace(b.text(t))
}

func (b *book) categories(codes []string) string {
	var out []string
	for _, c := range codes {
		category, class, _ := strings.Cut(c, "/")
		name := b.label(policy.Categories, category)
		for _, t := range b.pack.Terms(policy.Categories) {
			for _, k := range t.Classes {
				if t.Code == category && k.Code == class {
					name = fmt.Sprintf("%s·%s (`%s`)", b.text(t.Text), b.text(k.Text), c)
				}
			}
		}
		out = append(out, name)
	}
	return strings.Join(out, b.say("、", ", "))
}

func (b *book) deadlines() {
	list := b.pack.Deadlines()
	if len(list) == 0 {
		return
	}
	b.heading("时限", "Deadlines")
	b.line("| %s | %s | %s | %s | %s |", b.say("事项", "duty"), b.say("起算", "runs from"), b.say("期限", "length"), b.say("约束力", "binds"), b.say("依据", "basis"))
	b.line("|---|---|---|---|---|")
	for _, d := range list {
		length := fmt.Sprintf(b.say("%d个工作日", "%d working days"), d.WorkingDays)
		if d.Months > 0 {
			length = fmt.Sprintf(b.say("%d个月", "%d months"), d.Months)
		}
		if d.Repeats {
			length += b.say("，周而复始", ", repeating")
		}
		b.line("| %s (`%s`) | `%s` | %s | %s | %s |", b.text(d.Label), d.Code, d.Trigger, length, b.strength(d.Strength), b.basis(d.Basis))
	}
}

func (b *book) procedure() {
	p := b.pack.Procedure()
	b.heading("议事与论证", "Conference and evaluation")
	if p.Chair.ZH != "" {
		b.line("- %s: %s", b.say("召集人", "chair"), b.text(p.Chair))
	}
	if len(p.Members) > 0 {
		b.line("- %s (%d): `%s` %s", b.say("成员单位", "member units"), len(p.Members), strings.Join(p.Members, "` `"), b.basis(p.MembersBasis))
	}
	if q := p.Quorum; q.Denominator > 0 {
		b.line("- %s: %d/%d%s；%s %s", b.say("到会要求", "quorum"), q.Numerator, q.Denominator,
			map[bool]string{true: b.say("（含）", " (included)"), false: b.say("（不含）", " (exceeded)")}[q.Inclusive], b.text(q.Note), b.basis(q.Basis))
	}
	if p.Panel.Min > 0 {
		odd := ""
		if p.Panel.Odd {
			odd = b.say("，单数", ", odd")
		}
		b.line("- %s: %s %d%s %s", b.say("专家组人数", "expert panel"), b.say("至少", "at least"), p.Panel.Min, odd, b.basis(p.Panel.Basis))
	}
	for _, l := range p.Lockouts {
		b.line("- %s: "+b.say("%d次未通过，暂停申报%d个月", "%d failures bar declarations for %d months")+" — %s %s",
			b.label(policy.Steps, l.Step), l.Failures, l.Months, b.strength(l.Strength), b.basis(l.Basis))
	}
	for _, c := range p.Criteria {
		b.line("- %s: %s (`%s`) %s", b.say("论证内容", "criterion"), b.text(c.Label), c.Code, b.basis(c.Basis))
	}
	for _, a := range p.Assessments {
		grades := make([]string, len(a.Grades))
		for i, g := range a.Grades {
			grades[i] = strconv.FormatInt(g, 10)
		}
		b.line("- `%s`: "+b.say("%s级系统每%d个月一次", "systems of grade %s every %d months")+" %s",
			a.Code, strings.Join(grades, b.say("、", ", ")), a.Months, b.basis(a.Basis))
	}
}

func (b *book) procurement() {
	methods := b.pack.Procedure().Procurement.Methods
	if len(methods) == 0 {
		return
	}
	b.heading("采购方式", "Procurement methods")
	for _, m := range methods {
		meets := ""
		if len(m.Meets) > 0 {
			meets = b.say("；满足：", "; meets: ") + b.labels(policy.Obligations, m.Meets, b.say("、", ", "))
		}
		b.line("- %s (`%s`): "+b.say("至少%d家", "at least %d bidders")+"%s %s", b.text(m.Label), m.Code, m.MinBidders, meets, b.basis(m.Basis))
	}
}

func (b *book) figures() {
	b.heading("数值", "Figures")
	b.line("| %s | %s | %s | %s |", b.say("名称", "name"), b.say("含义", "meaning"), b.say("数值", "value"), b.say("依据", "basis"))
	b.line("|---|---|---|---|")
	for _, p := range b.pack.Params() {
		b.line("| `%s` | %s | %s | %s |", p.Name, b.text(p.Label), figures(p, b.zh), b.basis(p.Basis))
	}
}

func (b *book) provisions() {
	b.heading("条款", "Provisions")
	for _, id := range slices.Sorted(maps.Keys(b.cited)) {
		t, _ := b.pack.Provision(id)
		b.line("- **%s** %s", id, b.text(t))
	}
}
