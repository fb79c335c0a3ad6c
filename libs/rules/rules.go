// Package rules is how a service asks the rules of one project: the pack that
// the project is pinned to answers what a gate waits for and when a clock runs
// out. The package holds no rule itself.
package rules

import (
	"fmt"

	"egov/libs/calendar"
	"egov/libs/fault"
	"egov/libs/policy"
	typev1 "egov/proto/gen/egov/type/v1"
)

// ErrGate refuses an act that a gate does not let pass yet; its violations
// name every fact or paper that is waited for, with the provision.
var ErrGate = fault.New(fault.Refused, "gate_closed", "尚不具备办理条件", "the gate is closed: something is still missing")

// Book answers for all packs of the suite.
type Book struct {
	Packs    *policy.Set
	Calendar calendar.Table
}

// Of gives the pack a project is pinned to.
func (b Book) Of(pack string) (*policy.Pack, error) {
	p, err := b.Packs.ByID(pack)
	if err != nil { // not the caller's mistake: a project was pinned to it
		return nil, fault.From(fmt.Errorf("pack of a pinned project: %s", err.Error()))
	}
	return p, nil
}

// For gives the pack a project is pinned to; for what belongs to no project,
// the one in force in the district on the day.
func (b Book) For(p *typev1.ProjectBrief, district string, day calendar.Date) (*policy.Pack, error) {
	if p != nil {
		return b.Of(p.GetPack())
	}
	return b.Packs.ForDate(district, day)
}

// Has tells whether a requirement that the pack cannot judge from the project
// alone is met: the service looks at its own records, by the requirement's Code
// and, where that is enough, by the Fact it waits for.
type Has func(r policy.Requirement) bool

// Heard answers from the facts of other services heard so far, by name.
// Waivers, by the requirement's code, lift rules that hold in principle alone.
func Heard(facts, waivers map[string]string) Has {
	return func(r policy.Requirement) bool {
		if r.Strength != policy.Must && waivers[r.Code] != "" {
			return true
		}
		_, heard := facts[r.Fact]
		return heard
	}
}

// Gate lets pass when every requirement of the gate for project p is met. The
// refusal names the gate and lists all that is missing.
func (b Book) Gate(p *typev1.ProjectBrief, gate string, has Has) error {
	pack, err := b.Of(p.GetPack())
	if err != nil {
		return err
	}
	c, d := caseOf(p)
	return Pass(pack, gate, c, d, has)
}

// Steps are the steps of a project's route with the duties that serve them, by
// the pack the project is pinned to.
func (b Book) Steps(p *typev1.ProjectBrief) ([]policy.Step, error) {
	pack, err := b.Of(p.GetPack())
	if err != nil {
		return nil, err
	}
	return pack.Steps(p.GetSteps()), nil
}

// Serves reports whether a duty serves a step of the project's route.
func (b Book) Serves(p *typev1.ProjectBrief, d policy.Duty) (bool, error) {
	steps, err := b.Steps(p)
	_, ok := policy.Serving(steps, d)
	return ok, err
}

// Pass is Gate for a caller that holds the project's full case and decision.
func Pass(pack *policy.Pack, gate string, c policy.Case, d policy.Decision, has Has) error {
	list, ok, err := pack.Gate(gate, c, d)
	if err != nil {
		return err
	}
	if !ok {
		return nil // a pack without the gate asks for nothing there
	}
	var missing []fault.Violation
	for _, r := range list {
		if !r.Closes() || has(r) {
			continue
		}
		missing = append(missing, r.Violation(gate))
	}
	if len(missing) == 0 {
		return nil
	}
	label, _ := pack.GateLabel(gate)
	return ErrGate.WithMsg("尚不具备办理条件："+label.ZH, "the gate is closed: "+label.EN).WithViolations(missing...)
}
