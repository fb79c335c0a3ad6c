package conference

import (
	"context"
	"slices"
	"strconv"
	"strings"

	"egov/libs/aggregate"
	"egov/libs/fault"
	"egov/libs/policy"
	conferencev1 "egov/proto/gen/egov/conference/v1"
	typev1 "egov/proto/gen/egov/type/v1"
)

// Waiver lifts one rule for one project: 一事一议 (YP23-S-1.1). Only rules that
// bind in principle yield, and only to a named decision with its reason.
type Waiver struct {
	Rule   string `json:"rule" required:"true"` // the pack's code of a finding, a gate's requirement or a deadline
	Reason string `json:"reason" required:"true"`
}

// Rule is one rule that the conference may lift for a project.
type Rule struct {
	Rule  string      `json:"rule"`           // the code by which a waiver names it
	Kind  string      `json:"kind"`           // finding, requirement or deadline
	Gate  string      `json:"gate,omitempty"` // of a requirement
	Text  policy.Text `json:"text"`
	Basis []string    `json:"basis"`
}

// Rules is a list of rules.
type Rules struct {
	Items []Rule `json:"items"`
}

func checkWaivers(c *fault.Checks, field string, list []Waiver) {
	seen := map[string]bool{}
	for n, w := range list {
		at := field + "[" + strconv.Itoa(n) + "]"
		c.Require(w.Rule != "" && !seen[w.Rule], at+".rule", "not_once", "每条规则须且只须列一次", "each rule once")
		seen[w.Rule] = true
		c.Text(w.Reason, at+".reason", 2000, "YP23-S-1.1")
	}
}

// yielding lists the rules that a decision may lift for the project: findings
// of its declaration, requirements of gates and deadlines that its pack marks
// as binding in principle.
func (s *Service) yielding(p *typev1.ProjectBrief, findings []Finding) ([]Rule, error) {
	if p == nil {
		return []Rule{}, nil // a plan breaks no rule of projects
	}
	pack, err := s.Rules.Of(p.GetPack())
	if err != nil {
		return nil, err
	}
	list := []Rule{}
	for _, f := range findings {
		list = append(list, Rule{Rule: f.Code, Kind: "finding", Text: policy.Text{ZH: f.Message, EN: f.MessageEN}, Basis: f.Basis})
	}
	for _, gate := range pack.Gates() {
		err := s.Rules.Gate(p, gate, func(r policy.Requirement) bool {
			if r.Strength == policy.InPrinciple {
				list = append(list, Rule{Rule: r.Code, Kind: "requirement", Gate: gate, Text: r.Text, Basis: r.Basis})
			}
			return true // the gate itself is not asked here
		})
		if err != nil {
			return nil, err
		}
	}
	for _, d := range pack.Deadlines() {
		if d.Strength == policy.InPrinciple {
			list = append(list, Rule{Rule: d.Code, Kind: "deadline", Text: d.Label, Basis: d.Basis})
		}
	}
	return list, nil
}

// liftable refuses waivers of rules that bind without exception, or that do not
// concern the project.
func (s *Service) liftable(c *fault.Checks, field string, p *typev1.ProjectBrief, findings []Finding, waivers []Waiver) error {
	if len(waivers) == 0 {
		return nil
	}
	list, err := s.yielding(p, findings)
	if err != nil {
		return err
	}
	var names []string
	for _, r := range list {
		names = append(names, r.Rule)
	}
	names = distinct(names...)
	for n, w := range waivers {
		c.Require(slices.Contains(names, w.Rule), field+"["+strconv.Itoa(n)+"].rule", "rule_does_not_yield",
			"只有原则性规则可以一事一议；本项目可列："+strings.Join(names, "、"), "only in-principle rules yield; for this project: "+strings.Join(names, ", "), "YP23-S-1.1")
	}
	return nil
}

// checkLifted refuses waivers that do not fit the decision: beside a consent
// they lift rules for what is consented to; on a waiver item they are among
// those that the office laid before the members.
func (s *Service) checkLifted(c *fault.Checks, i *Item, d *Decision, field string) error {
	if len(d.Waivers) == 0 {
		return nil
	}
	if i.Kind != WaiverItem {
		c.Require(d.Outcome.spends(), field, "waiver_without_consent", "只有同意的决定可以一事一议", "only a consent lifts rules", "YP23-S-1.1")
	}
	for n, w := range d.Waivers {
		asked := i.Kind != WaiverItem || slices.ContainsFunc(i.Waivers, func(a Waiver) bool { return a.Rule == w.Rule })
		c.Require(asked, field+"["+strconv.Itoa(n)+"].rule", "waiver_not_asked", "议题未提请此项一事一议", "the item does not ask for it", "YP23-R-4.4")
	}
	return s.liftable(c, field, i.Project, i.Findings, d.Waivers)
}

// checkFindings refuses a consent to a project that breaks a rule which holds in
// principle and which no decision lifts: consenting in silence is no waiver.
// What the consent cuts off the declared amount counts first against the limits
// that the project passes; where it covers them all, none is passed any more.
func (i *Item) checkFindings(c *fault.Checks, d *Decision, field string) {
	if i.Kind != ProjectItem || !d.Outcome.consents() {
		return
	}
	var open []Finding
	var over int64
	for _, f := range i.Findings {
		named := slices.ContainsFunc(d.Waivers, func(w Waiver) bool { return w.Rule == f.Code })
		if f.Severity == policy.Error && !named && !slices.Contains(i.Lifted, f.Code) {
			open = append(open, f)
			over += f.OverFen
		}
	}
	cured := over <= i.DeclaredFen-d.ApprovedFen
	for _, f := range open {
		c.Require(cured && f.OverFen > 0, field, "finding_not_lifted",
			"同意前须以一事一议放宽规则“"+f.Code+"”并说明理由，或将超出部分核减："+f.Message,
			"consent needs a waiver of "+f.Code+" with its reason, or an amount without the excess: "+f.MessageEN, append([]string{"YP23-S-1.1"}, f.Basis...)...)
	}
}

// stateWaivers states which rules a decision lifted, or did not.
func (d *Decision) stateWaivers(rec *aggregate.Recorder) {
	for _, w := range d.Waivers {
		if d.Outcome == Refused {
			rec.State(d.ProjectID, &conferencev1.WaiverRefused{ProjectId: d.ProjectID, Rule: w.Rule, Reason: d.Reason, SessionId: d.SessionID, Basis: d.Basis, ItemId: d.ItemID, Signature: d.Signature})
			continue
		}
		rec.State(d.ProjectID, &conferencev1.WaiverGranted{ProjectId: d.ProjectID, Rule: w.Rule, Reason: w.Reason, SessionId: d.SessionID, Basis: d.Basis, ItemId: d.ItemID, Signature: d.Signature})
	}
}

// GetDocket names one docket.
type GetDocket struct {
	ID string `path:"id" json:"-"`
}

// Waivable lists the rules that a decision may lift for a project.
func (s *Service) Waivable(ctx context.Context, r GetDocket) (Rules, error) {
	d, err := s.Dockets.Get(ctx, r.ID)
	if err != nil {
		return Rules{}, err
	}
	if d.Project == nil {
		return Rules{Items: []Rule{}}, nil
	}
	list, err := s.yielding(d.Project, d.Findings)
	return Rules{Items: list}, err
}
