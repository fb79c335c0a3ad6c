package pack

import (
	"fmt"
	"strings"

	"egov/libs/policy"
)

// flags lists what auditors are shown, with every figure it depends on.
func (b *book) flags() {
	list := b.pack.Flags()
	if len(list) == 0 {
		return
	}
	b.heading("疑点", "Red flags")
	b.line("%s\n", b.say("疑点由账本中的事实得出，供审计核查，本身不是结论。", "Red flags are drawn from the ledger's facts for auditors to look into; none is a finding."))
	for _, f := range list {
		b.line("- **%s** (`%s`)", b.text(f.Label), f.Code)
		b.detail("缘由", "why", b.text(f.Why))
		if f.Condition != "true" {
			b.detail("限于", "only where", b.words.condition(f.Condition))
		}
		if figures := b.figuresOf(f); len(figures) > 0 {
			b.detail("参数", "figures", strings.Join(figures, b.say("；", "; ")))
		}
		b.detail("程度", "severity", b.severityOf(f.Severity))
		b.detail("约束力", "binds", b.strength(f.Strength))
		b.rests(f.Basis)
		b.detail("规则", "rule", fmt.Sprintf("`flag/%s` `%s` `%s`", f.Code, f.Detector, oneLine(f.Condition)))
	}
	if words := b.pack.Boilerplate(); len(words) > 0 {
		b.line("\n%s", b.say("比较项目名称时不计年份、期次和下列词语：", "Titles are compared without years, phases and these words: ")+strings.Join(words, b.say("、", ", "))+b.say("。", "."))
	}
}

// figuresOf says in words what a flag's thresholds are.
func (b *book) figuresOf(f *policy.Flag) (out []string) {
	add := func(zh, en string, args ...any) { out = append(out, fmt.Sprintf(b.say(zh, en), args...)) }
	if f.Limit != nil {
		add("界限：%s（`%s`）", "limit: %s (`%s`)", b.text(f.Limit.Label), f.Limit.Name)
	}
	if f.SimilarityBP > 0 {
		add("名称相似度达到%s", "titles alike by %s or more", percent(f.SimilarityBP))
	}
	if f.WithinBP > 0 {
		add("低于界限不超过%s", "at most %s below the limit", percent(f.WithinBP))
	}
	switch {
	case f.WindowMonths > 0:
		add("%d个月内", "within %d months", f.WindowMonths)
	case f.WindowDays > 0:
		add("%d天内", "within %d days", f.WindowDays)
	}
	if f.Count > 0 {
		add("%d个（次）及以上", "%d or more", f.Count)
	}
	if f.Bidders > 0 {
		add("供应商不多于%d家", "bidders: %d or fewer", f.Bidders)
	}
	if f.SettleDays > 0 {
		add("缺少的事实等待%d天", "what is missing is waited for %d days", f.SettleDays)
	}
	if len(f.Obligations) > 0 {
		add("时限：`%s`", "deadlines: `%s`", strings.Join(f.Obligations, "` `"))
	}
	if len(f.Links) > 0 {
		add("对象：`%s`", "who: `%s`", strings.Join(f.Links, "` `"))
	}
	return out
}

func (b *book) severityOf(l policy.Level) string {
	switch l {
	case policy.High:
		return b.say("高", "high")
	case policy.Medium:
		return b.say("中", "medium")
	}
	return b.say("低", "low")
}

// percent writes basis points.
func percent(bp int64) string {
	if bp%100 == 0 {
		return fmt.Sprintf("%d%%", bp/100)
	}
	return fmt.Sprintf("%d.%02d%%", bp/100, bp%100)
}
