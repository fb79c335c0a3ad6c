package redflag

import (
	"fmt"
	"slices"
	"strings"

	"egov/libs/calendar"
	"egov/libs/policy"
)

// Unit finds the flags over all projects of one unit. Projects under different
// packs are looked at apart: each was declared under its own limits.
func (d Detectors) Unit(unit string, sketches []Sketch) (found []Finding, err error) {
	byPack := map[string][]Sketch{}
	for _, s := range sketches {
		byPack[s.Pack] = append(byPack[s.Pack], s)
	}
	for id, list := range byPack {
		pack, err := d.Rules.Packs.ByID(id)
		if err != nil {
			continue // as in Project
		}
		slices.SortFunc(list, func(a, b Sketch) int {
			return cmpOr(a.DeclaredOn.Compare(b.DeclaredOn), strings.Compare(a.Project, b.Project))
		})
		for _, flag := range pack.Flags() {
			find := unitDetectors[flag.Detector]
			if find == nil {
				continue
			}
			concerned, err := concernedBy(flag, list)
			if err != nil {
				return nil, err
			}
			for _, x := range find(&series{unit: unit, flag: flag, words: pack.Boilerplate()}, concerned) {
				x.ID, x.Flag, x.Pack, x.Unit = identity(flag, id, unit+"\x00"+x.ID), flag, pack, unit
				order(x.Evidence)
				found = append(found, x)
			}
		}
	}
	slices.SortFunc(found, func(a, b Finding) int { return strings.Compare(a.ID, b.ID) })
	return found, nil
}

func cmpOr(a, b int) int {
	if a != 0 {
		return a
	}
	return b
}

func concernedBy(flag *policy.Flag, all []Sketch) (list []*Sketch, err error) {
	for i := range all {
		ok, err := flag.Concerns(all[i].Concerned)
		if err != nil {
			return nil, err
		}
		if ok {
			list = append(list, &all[i])
		}
	}
	return list, nil
}

// series is one flag's look at one unit.
type series struct {
	unit  string
	flag  *policy.Flag
	words []string
}

// unitDetectors leave in a finding's ID the anchor that its identity is made
// of.
var unitDetectors = map[policy.Detector]func(*series, []*Sketch) []Finding{
	policy.Splitting:    (*series).splitting,
	policy.BelowLimit:   (*series).belowLimit,
	policy.SingleBidder: (*series).singleBidder,
	policy.Overdue:      (*series).overdue,
}

// declared are the projects that stand, one of a lineage: a project that is
// declared anew is not another one.
func declared(list []*Sketch) (out []*Sketch) {
	newest := map[string]string{}
	for _, s := range list { // the earliest first
		if s.Lineage != "" && !s.Ended {
			newest[s.Lineage] = s.Project
		}
	}
	for _, s := range list {
		if !s.Ended && (s.Lineage == "" || newest[s.Lineage] == s.Project) {
			out = append(out, s)
		}
	}
	return out
}

func (s *Sketch) shows() Evidence {
	fen := s.Concerned.AmountFen
	return s.Submitted.shows(s.DeclaredOn.String(), fen, "申报“"+s.Title+"”，金额"+yuan(fen)+"元", "“"+s.Title+"” is declared at "+yuan(fen)+" yuan")
}

// splitting: projects of similar titles within the window of the earliest, each
// below the limit, together at or above it. A title belongs to the group when
// it is alike enough to one of the group. It rests on ProjectSubmitted.
func (r *series) splitting(list []*Sketch) (found []Finding) {
	var pool []*Sketch
	for _, s := range declared(list) {
		if s.Concerned.AmountFen > 0 && s.Concerned.AmountFen < r.flag.Limit.At(s.DeclaredOn) {
			pool = append(pool, s)
		}
	}
	cores := make([]core, len(pool))
	for i, s := range pool {
		cores[i] = newCore(s.Title, r.words)
	}
	taken := make([]bool, len(pool))
	for anchor := range pool {
		if taken[anchor] {
			continue
		}
		group, links := r.group(pool, cores, taken, anchor)
		var sum int64
		for _, i := range group {
			sum += pool[i].Concerned.AmountFen
		}
		last := pool[group[len(group)-1]].DeclaredOn
		limit := r.flag.Limit.At(last)
		if len(group) < r.flag.Count || sum < limit {
			continue
		}
		x := Finding{ID: pool[anchor].Project, AmountFen: sum, LimitFen: limit, On: last, Likeness: links}
		least := int64(full)
		for _, l := range links {
			least = min(least, l.Score)
		}
		for _, i := range group {
			taken[i] = true
			x.Projects = append(x.Projects, pool[i].Project)
			x.Evidence = append(x.Evidence, pool[i].shows())
		}
		x.Text = Text{
			fmt.Sprintf("%s至%s申报%d个名称相近的项目（相似度不低于%s），单个金额均低于%s元，合计%s元。", pool[anchor].DeclaredOn, last, len(group), percent(least), yuan(limit), yuan(sum)),
			fmt.Sprintf("From %s to %s %d projects of similar titles (alike by %s or more) were declared, each below %s yuan, %s yuan together.", pool[anchor].DeclaredOn, last, len(group), percent(least), yuan(limit), yuan(sum)),
		}
		found = append(found, x)
	}
	return found
}

// group gathers what belongs to an anchor, in the order of the pool, with the
// likeness by which each came in.
func (r *series) group(pool []*Sketch, cores []core, taken []bool, anchor int) (group []int, links []Likeness) {
	end := r.flag.WindowEnd(pool[anchor].DeclaredOn)
	var rest []int
	for i := anchor + 1; i < len(pool) && !pool[i].DeclaredOn.After(end); i++ {
		if !taken[i] {
			rest = append(rest, i)
		}
	}
	group = []int{anchor}
	for at := 0; at < len(group) && len(rest) > 0; at++ {
		a := group[at]
		apart := rest[:0] // behind what is read
		for _, b := range rest {
			if !reaches(&cores[a], &cores[b], r.flag.SimilarityBP) {
				apart = append(apart, b)
				continue
			}
			if _, score := alike(cores[a], cores[b]); score < r.flag.SimilarityBP {
				apart = append(apart, b)
				continue
			}
			group = append(group, b)
			links = append(links, likeness(pool[a], pool[b], cores[a], cores[b]))
		}
		rest = apart
	}
	slices.Sort(group)
	return group, links
}

// percent writes basis points.
func percent(bp int64) string { return fmt.Sprintf("%d.%02d%%", bp/100, bp%100) }

// windows cuts a list, the earliest first, into groups of count or more that lie
// within the flag's window of their first. What is too few begins with the next.
func windows[T any](flag *policy.Flag, list []T, day func(T) calendar.Date) (groups [][]T) {
	for i := 0; i < len(list); {
		end, j := flag.WindowEnd(day(list[i])), i
		for j < len(list) && !day(list[j]).After(end) {
			j++
		}
		if j-i < flag.Count {
			i++
			continue
		}
		groups = append(groups, list[i:j])
		i = j
	}
	return groups
}

// belowLimit: several amounts just below a limit, whatever the titles. It rests
// on ProjectSubmitted.
func (r *series) belowLimit(list []*Sketch) (found []Finding) {
	var near []*Sketch
	for _, s := range declared(list) {
		limit, fen := r.flag.Limit.At(s.DeclaredOn), s.Concerned.AmountFen
		if fen < limit && limit-fen <= part(limit, r.flag.WithinBP) {
			near = append(near, s)
		}
	}
	for _, group := range windows(r.flag, near, func(s *Sketch) calendar.Date { return s.DeclaredOn }) {
		first, last := group[0], group[len(group)-1]
		limit := r.flag.Limit.At(last.DeclaredOn)
		x := Finding{ID: first.Project, LimitFen: limit, On: last.DeclaredOn}
		for _, s := range group {
			x.AmountFen += s.Concerned.AmountFen
			x.Projects = append(x.Projects, s.Project)
			x.Evidence = append(x.Evidence, s.shows())
		}
		x.Text = Text{
			fmt.Sprintf("%s至%s申报的%d个项目，金额低于%s元且相差不超过%s。", first.DeclaredOn, last.DeclaredOn, len(group), yuan(limit), percent(r.flag.WithinBP)),
			fmt.Sprintf("%d projects declared from %s to %s lie below %s yuan by %s or less.", len(group), first.DeclaredOn, last.DeclaredOn, yuan(limit), percent(r.flag.WithinBP)),
		}
		found = append(found, x)
	}
	return found
}

// part is a share of an amount in basis points, rounded down, without overflow.
func part(fen, bp int64) int64 { return fen/full*bp + fen%full*bp/full }

// singleBidder: award after award with too few bidders. It rests on AwardMade;
// an award that states no bidders is not counted.
func (r *series) singleBidder(list []*Sketch) (found []Finding) {
	var awards []*Fact
	for _, s := range list {
		if a := s.Award; a != nil && a.Said.Bidders > 0 && a.Said.Bidders <= r.flag.Bidders {
			awards = append(awards, a)
		}
	}
	day := func(a *Fact) calendar.Date { return a.on(a.Said.AwardedOn) }
	slices.SortFunc(awards, func(a, b *Fact) int { return cmpOr(day(a).Compare(day(b)), strings.Compare(a.EventID, b.EventID)) })
	for _, group := range windows(r.flag, awards, day) {
		first, last := day(group[0]), day(group[len(group)-1])
		x := Finding{ID: group[0].EventID, On: last}
		var suppliers []string
		for _, a := range group {
			x.AmountFen += int64(a.Said.ValueFen)
			x.Projects = append(x.Projects, a.Subject)
			suppliers = append(suppliers, a.Said.Supplier)
			x.Evidence = append(x.Evidence, a.shows(day(a).String(), int64(a.Said.ValueFen),
				fmt.Sprintf("%s中标、成交，供应商%d家参与", a.Said.Supplier, a.Said.Bidders), fmt.Sprintf("%s wins among %d bidders", a.Said.Supplier, a.Said.Bidders)))
		}
		slices.Sort(suppliers)
		names := strings.Join(slices.Compact(suppliers), "、")
		x.Text = Text{
			fmt.Sprintf("%s至%s有%d次中标、成交的参与供应商不多于%d家，中标、成交供应商：%s。", first, last, len(group), r.flag.Bidders, names),
			fmt.Sprintf("From %s to %s %d awards had %d bidders or fewer; they went to %s.", first, last, len(group), r.flag.Bidders, names),
		}
		found = append(found, x)
	}
	return found
}

// overdue: filings after their time. It rests on DeadlineMissed and
// DeadlineFulfilledLate; a clock that was waived afterwards or moved to a later
// day is not counted.
func (r *series) overdue(list []*Sketch) (found []Finding) {
	var missed []*Fact
	for _, s := range list {
		for i := range s.Missed {
			m := &s.Missed[i]
			if m.Said.Unit == r.unit && slices.Contains(r.flag.Obligations, m.Said.Obligation) {
				missed = append(missed, m)
			}
		}
	}
	day := func(m *Fact) calendar.Date { return m.on(m.Said.DueOn) }
	slices.SortFunc(missed, func(a, b *Fact) int { return cmpOr(day(a).Compare(day(b)), strings.Compare(a.EventID, b.EventID)) })
	for _, group := range windows(r.flag, missed, day) {
		first, last := day(group[0]), day(group[len(group)-1])
		x := Finding{ID: group[0].EventID, On: last}
		for _, m := range group {
			if !slices.Contains(x.Projects, m.Subject) {
				x.Projects = append(x.Projects, m.Subject)
			}
			x.Evidence = append(x.Evidence, m.shows(m.Said.DueOn, 0, "“"+m.Said.Obligation+"”应于"+m.Said.DueOn+"前办理，逾期", m.Said.Obligation+" was due on "+m.Said.DueOn+" and missed"))
		}
		x.Text = Text{
			fmt.Sprintf("应于%s至%s办理的事项中，有%d项逾期。", first, last, len(group)),
			fmt.Sprintf("%d duties due from %s to %s were missed.", len(group), first, last),
		}
		found = append(found, x)
	}
	return found
}
