package provisions

import (
	"bytes"
	"errors"
	"slices"

	"egov/libs/fault"
	"egov/libs/policy"
)

// deadlinePrefix begins the names of deadlines.
const deadlinePrefix = "deadline/"

// rulesOf lists, by provision, the rules of a pack that rest on it.
func rulesOf(p *policy.Pack) map[string][]string {
	by := map[string][]string{}
	add := func(name string, basis []string) {
		for _, id := range basis {
			by[id] = append(by[id], name)
		}
	}
	for _, s := range policy.Sections() {
		for _, r := range p.Rules(s) {
			add(r.Name, r.Basis)
		}
	}
	for _, g := range p.Gates() {
		for _, r := range p.Requirements(g) {
			add(r.Name, r.Basis)
		}
	}
	for _, d := range p.Deadlines() {
		add(deadlinePrefix+d.Code, d.Basis)
	}
	for _, x := range p.Params() {
		add("param/"+x.Name, x.Basis)
	}
	for _, field := range p.Fields() {
		add("field/"+field, p.FieldBasis(field))
	}
	c := p.Procedure()
	add("procedure/members", c.MembersBasis)
	add("procedure/quorum", c.Quorum.Basis)
	add("procedure/panel", c.Panel.Basis)
	add("procedure/assets", c.Procurement.AssetBasis)
	for _, l := range c.Lockouts {
		add("procedure/lockout/"+l.Step, l.Basis)
	}
	for _, x := range c.Criteria {
		add("procedure/criterion/"+x.Code, x.Basis)
	}
	for _, a := range c.Assessments {
		add("procedure/assessment/"+a.Code, a.Basis)
	}
	for _, m := range c.Procurement.Methods {
		add("procedure/method/"+m.Code, m.Basis)
	}
	officeOf(p.Office(), add)
	return by
}

// officeOf adds what the office does by a pack.
func officeOf(o policy.Office, add func(name string, basis []string)) {
	for _, x := range o.Plans {
		add("plan/"+x.Code, x.Basis)
		for _, a := range x.ApprovedBy {
			add("plan/"+x.Code+"/"+a.Code, a.Basis)
		}
		if x.FiledWith != nil {
			add("plan/"+x.Code+"/"+x.FiledWith.Code, x.FiledWith.Basis)
		}
	}
	add("key_work", o.KeyWork.Basis)
	for _, x := range o.Returns {
		add("return/"+x.Code, x.Basis)
	}
	for name, q := range map[string]policy.Questions{"post_evaluation": o.PostEvaluation, "assessment": o.Assessment} {
		add(name, q.Basis)
		for _, x := range q.List {
			add(name+"/"+x.Code, x.Basis)
		}
	}
	add("committee", o.Committee.Basis)
	for _, x := range o.Papers {
		add("paper/"+x.Code, x.Basis)
	}
	add("papers", o.SealBasis)
}

// witness is what one worked case expects, as the provisions it rests on.
type witness struct {
	name           string
	shown, refused []string
	route          int // the rule that decided; -1 when the case does not say
}

// witnesses finds which provisions the worked cases of a pack show.
func witnesses(p *policy.Pack, byID map[string]*Evidence) error {
	set, err := policy.NewSet(p.District(), p)
	if err != nil {
		return err
	}
	var all []witness
	for _, e := range p.Examples() {
		w, err := testify(p, set, e)
		if err != nil {
			return err
		}
		w.name = p.ID() + " case “" + e.Name + "”"
		all = append(all, w)
		for _, id := range w.shown {
			if e := byID[id]; e != nil {
				e.Shown = append(e.Shown, w.name)
			}
		}
		for _, id := range w.refused {
			if e := byID[id]; e != nil {
				e.Refused = append(e.Refused, w.name)
			}
		}
	}
	fallThrough(p, all, byID)
	return nil
}

// fallThrough takes for the other side of a route rule the cases that the next
// rule decides: they came past it. A rule that turns a case away is a refusal
// itself.
func fallThrough(p *policy.Pack, all []witness, byID map[string]*Evidence) {
	rules := p.Rules(policy.RouteRules)
	for i, r := range rules {
		next := slices.DeleteFunc(slices.Clone(all), func(w witness) bool { return w.route <= i })
		if len(next) == 0 || len(r.Gives) == 1 {
			continue
		}
		first := slices.MinFunc(next, func(a, b witness) int { return a.route - b.route }).route
		for _, id := range r.Basis {
			e := byID[id]
			if e == nil || slices.Contains(rules[first].Basis, id) {
				continue
			}
			for _, w := range next {
				if w.route == first {
					e.Refused = append(e.Refused, w.name)
				}
			}
		}
	}
}

// testify decides a case and collects what its expected answer rests on.
func testify(p *policy.Pack, set *policy.Set, e policy.Example) (witness, error) {
	w := witness{route: -1}
	doc, err := e.JSON()
	if err != nil {
		return w, err
	}
	d, err := set.DecideJSON(bytes.NewReader(doc), policy.DefaultLimit, policy.Options{Pack: p.ID()})
	want := e.Want
	if err != nil {
		if !errors.Is(err, fault.InvalidInput) {
			return w, nil // refused for another reason than a rule of the pack
		}
		for _, v := range fault.From(err).Violations {
			if want.Violations == nil || slices.Contains(want.Violations, v.Field+" "+v.Code) {
				w.refused = append(w.refused, v.Basis...)
			}
		}
		return w, nil
	}
	if want.Route != "" || want.Basis != nil {
		if len(d.Steps) == 0 {
			w.refused = append(w.refused, d.Basis...)
		}
		w.shown = append(w.shown, d.Basis...)
		rules := p.Rules(policy.RouteRules)
		for _, t := range d.Trace {
			if t.Result && slices.ContainsFunc(rules, func(r policy.Rule) bool { return r.Name == t.Rule }) {
				w.route = slices.IndexFunc(rules, func(r policy.Rule) bool { return r.Name == t.Rule })
			}
		}
	}
	if want.Findings != nil {
		for _, f := range d.Findings {
			w.refused = append(w.refused, f.Basis...)
			w.shown = append(w.shown, f.Basis...)
		}
	}
	for _, n := range d.Notes {
		if slices.Contains(want.Notes, n.Code) || slices.Contains(want.NotesInclude, n.Code) {
			w.shown = append(w.shown, n.Basis...)
		}
	}
	for _, i := range d.Checklist {
		if slices.Contains(want.Required, i.Item) {
			w.shown = append(w.shown, i.Basis...)
		}
		if slices.Contains(want.Missing, i.Item) {
			w.shown, w.refused = append(w.shown, i.Basis...), append(w.refused, i.Basis...)
		}
	}
	w.gives(p, d, want)
	return w, w.gates(p, d, e)
}

// gates adds what the gates that the case speaks of ask for: that a gate waits
// for something shows its refusal, that it no longer does shows the other side.
func (w *witness) gates(p *policy.Pack, d policy.Decision, e policy.Example) error {
	for gate := range e.Want.Gates {
		list, err := p.GateOf(gate, e, d)
		if err != nil {
			return err
		}
		for _, r := range list {
			w.shown = append(w.shown, r.Basis...)
			if r.Closes() {
				w.refused = append(w.refused, r.Basis...)
			}
		}
	}
	return nil
}

// gives adds the rules that give the codes the case expects, and those of codes
// that it expects not to be given.
func (w *witness) gives(p *policy.Pack, d policy.Decision, want policy.Want) {
	held := map[string]bool{}
	for _, t := range d.Trace {
		held[t.Rule] = t.Result
	}
	for _, x := range []struct {
		section     policy.Section
		there, gone []string
	}{
		{policy.StepRules, want.Steps, nil},
		{policy.ObligationRules, slices.Concat(want.Obligations, want.ObligationsInclude), want.ObligationsExclude},
		{policy.ChecklistRules, nil, want.RequiredExclude},
		{policy.NoteRules, nil, want.NotesExclude},
	} {
		for _, r := range p.Rules(x.section) {
			switch {
			case held[r.Name] && slices.Contains(x.there, r.Gives[0]):
				w.shown = append(w.shown, r.Basis...)
			case !held[r.Name] && slices.Contains(x.gone, r.Gives[0]):
				w.refused = append(w.refused, r.Basis...)
			}
		}
	}
	if want.ConferenceMode != nil {
		for _, r := range p.Rules(policy.ModeRules) {
			if held[r.Name] && r.Gives[0] == *want.ConferenceMode {
				w.shown = append(w.shown, r.Basis...)
			}
		}
	}
	if want.Obligations != nil {
		for _, r := range p.Rules(policy.ObligationRules) {
			if !held[r.Name] && !slices.Contains(d.Obligations, r.Gives[0]) {
				w.refused = append(w.refused, r.Basis...)
			}
		}
	}
}
