package policy

import (
	"fmt"
	"slices"
)

// Duty says what serves a step of a route: a pack names its steps as it likes,
// services know their duties alone.
type Duty string

// The duties. stable: they are values of codes.yaml.
const (
	SupervisorApproval   Duty = "supervisor_approval"    // the supervising unit consents before the declaration is looked at
	PublishingConsent    Duty = "publishing_consent"     // the cyberspace office consents to publishing
	XCExemption          Duty = "xc_exemption"           // an exemption from XC is filed with the confidential bureau
	Grading              Duty = "grading"                // the police determine a system's grade
	ThirdPartyEvaluation Duty = "third_party_evaluation" // an agency evaluates
	ExpertReview         Duty = "expert_review"          // a drawn panel evaluates
	ConferenceFiling     Duty = "conference_filing"      // the conference files the project and consents
	ConferenceReview     Duty = "conference_review"      // the conference reviews and decides
	AuthorityDecision    Duty = "authority_decision"     // each of the step's units decides by itself
	Handover             Duty = "handover"               // another procedure takes over; the step's unit records its outcome
)

var duties = []Duty{
	SupervisorApproval, PublishingConsent, XCExemption, Grading, ThirdPartyEvaluation, ExpertReview,
	ConferenceFiling, ConferenceReview, AuthorityDecision, Handover,
}

// named reports whether a step of the duty names the units that act in it; the
// other duties have a desk of their own.
func (d Duty) named() bool { return d == AuthorityDecision || d == Handover }

// Step is one step of a project's route.
type Step struct {
	Code string
	Duty Duty     // empty where nobody in the suite serves it
	By   []string // unit codes; of AuthorityDecision and Handover
}

// Steps looks up step codes, as a decision lists them. A code that the pack does
// not know is a step that nobody serves.
func (p *Pack) Steps(codes []string) []Step {
	list := make([]Step, len(codes))
	for i, c := range codes {
		list[i].Code = c
		if t := p.term(Steps, c); t != nil {
			list[i].Duty, list[i].By = t.Duty, t.By
		}
	}
	return list
}

// Serving finds the first step that a duty serves.
func Serving(steps []Step, d Duty) (s Step, ok bool) {
	i := slices.IndexFunc(steps, func(s Step) bool { return s.Duty == d })
	if i < 0 {
		return Step{}, false
	}
	return steps[i], true
}

// duty reads which duty serves a step, and who acts in it.
func (l *loader) duty(v Vocabulary, t *Term, s termSource) {
	t.Duty = Duty(s.Duty.Value)
	switch {
	case s.Duty.given() && v != Steps:
		l.refuse(s.Duty, "not_a_step", "只有步骤由职责承办", "only a step is served by a duty")
	case s.Duty.given() && !slices.Contains(duties, t.Duty):
		l.refuse(s.Duty, "unknown_duty", fmt.Sprintf("承办职责须为%v之一", duties), fmt.Sprintf("the duty is one of %v", duties))
	case t.Duty.named() != (len(s.By) > 0):
		l.refuse(s.Code, "units_of_duty", "由列明的单位决定或移交的步骤须有by，其他步骤没有", "a step of duty authority_decision or handover names its units in by, no other does")
	}
	for _, u := range s.By {
		if slices.Contains(t.By, u.Value) {
			l.refuse(u, "duplicate", "单位重复", "is listed twice")
		}
		t.By = append(t.By, l.code(u, "unit"))
	}
}
