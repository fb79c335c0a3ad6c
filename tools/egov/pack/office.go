package pack

import (
	"strings"

	"egov/libs/policy"
)

// office says how the office plans, counts, assesses and seals; a pack that
// leaves that to its office has no such part.
func (b *book) office() {
	o := b.pack.Office()
	if len(o.Plans)+len(o.Returns)+len(o.PostEvaluation.List)+len(o.Assessment.List)+o.Committee.Min+len(o.Papers) == 0 {
		return
	}
	b.heading("规划、报送、评估与用印", "Plans, returns, assessments and seals")
	for _, p := range o.Plans {
		b.line("- **%s** (`%s`): %s", b.text(p.Label), p.Code, strings.Join(b.road(p), " → "))
		if p.Tasks {
			b.detail("年度任务", "tasks", b.say("分解到牵头、责任单位，按月或全年计时", "divided among lead and responsible units, each timed to its month or the year")+" "+b.basis(o.KeyWork.Basis))
		}
		b.rests(p.Basis)
	}
	for _, r := range o.Returns {
		figures := make([]string, len(r.Figures))
		for i, f := range r.Figures {
			figures[i] = b.text(f.Label)
		}
		b.line("- %s (`%s`): %s %s", b.say("定期报送", "return"), r.Code, strings.Join(figures, b.say("、", ", ")), b.basis(r.Basis))
	}
	for _, q := range []struct {
		zh, en string
		list   policy.Questions
	}{
		{"项目后评价", "post-evaluation of a project", o.PostEvaluation},
		{"单位综合评估", "assessment of a unit", o.Assessment},
	} {
		for _, x := range q.list.List {
			b.line("- %s: %s (`%s`) %s", b.say(q.zh, q.en), b.text(x.Label), x.Code, b.basis(x.Basis))
		}
	}
	if c := o.Committee; c.Min > 0 {
		b.line("- "+b.say("专家委员会：委员至少%d名，专业领域至少%d个，来源单位至少%d个", "committee of experts: at least %d members of %d fields and %d employers")+" %s", c.Min, c.Fields, c.Employers, b.basis(c.Basis))
	}
	b.papers(o)
}

// road are the steps on which a plan comes into force, in words.
func (b *book) road(p policy.Plan) []string {
	steps := []string{b.say("办公室起草", "drafted by the office")}
	if p.Comments {
		steps = append(steps, b.say("征求意见", "comments"))
	}
	if p.Conference {
		steps = append(steps, b.say("联席会议审议", "the conference's review"))
	}
	if len(p.ApprovedBy) > 0 {
		names := make([]string, len(p.ApprovedBy))
		for i, a := range p.ApprovedBy {
			names[i] = b.text(a.Label)
		}
		join := b.say("和", " and ")
		if p.Either {
			join = b.say("或", " or ")
		}
		who := strings.Join(names, join)
		steps = append(steps, b.say(who+"批准", "approved by the "+who))
	}
	if p.FiledWith != nil {
		steps = append(steps, b.say("报"+p.FiledWith.Label.ZH+"备案", "filed with the "+p.FiledWith.Label.EN))
	}
	return steps
}

// papers says which documents bear an e-seal.
func (b *book) papers(o policy.Office) {
	var sealed, unsealed []string
	for _, p := range o.Papers {
		name := b.text(p.Label) + " (`" + p.Code + "`)"
		switch {
		case p.Sealed:
			sealed = append(sealed, name)
		case p.Barred:
			unsealed = append(unsealed, name+b.say("，不予接收", ", refused at the door"))
		default:
			unsealed = append(unsealed, name)
		}
	}
	if len(o.Papers) == 0 {
		return
	}
	comma := b.say("、", ", ")
	b.line("- %s: %s %s", b.say("可加盖电子印章", "may bear an e-seal"), strings.Join(sealed, comma), b.basis(o.Papers[0].Basis))
	b.line("- %s: %s %s", b.say("不得加盖电子印章", "never bear an e-seal"), strings.Join(unsealed, comma), b.basis(o.Papers[len(o.Papers)-1].Basis))
	b.line("- %s %s", b.say("审批完成后用印；联合发文加盖主办单位印章；盖章原件与纸质公文等效，复印稿、格式转换稿不等效",
		"sealed after approval; a joint paper bears its lead unit's seal; the sealed original equals the paper, a copy or conversion does not"), b.basis(o.SealBasis))
}
