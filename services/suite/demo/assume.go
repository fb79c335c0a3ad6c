package demo

import (
	"bytes"
	"encoding/json"
	"errors"

	"egov/libs/fault"
	"egov/libs/policy"
)

// Assumption is a fact that the walk states of a project and its notice does
// not.
type Assumption struct {
	Field string `json:"field"` // of the case, as in "om.first_year"
	Value any    `json:"value"`
}

// facts makes a case of what the notice tells, and of what it does not; the
// latter is listed.
func (p *Published) facts() (c map[string]any, assumed []Assumption) {
	c = map[string]any{"kind": p.Kind, "amount_fen": p.AmountFen}
	assume := func(field string, value any) {
		c[field] = value
		assumed = append(assumed, Assumption{field, value})
	}
	if p.PureSoftware != nil {
		c["pure_software"] = *p.PureSoftware
	} else if p.Kind == "new_build" || p.Kind == "upgrade" {
		assume("pure_software", false)
	}
	if p.HardwareFen != nil {
		c["hardware_fen"] = *p.HardwareFen
	}
	switch p.Kind {
	case "new_build":
		assume("xc_conformant", true)
		assume("national_crypto", true)
		assume("mlps_grade", 0)
		assume("public_data", true)
		if p.ReplacesSystems > 0 {
			c["replaces_systems"] = p.ReplacesSystems
		} else {
			assume("replaces_systems", 1)
		}
	case "upgrade":
		assume("xc_conformant", true)
		assume("national_crypto", true)
		assume("mlps_grade", 2)
		assume("public_data", true)
		assume("in_use", true)
	case "operation_maintenance":
		om := map[string]any{"first_year": p.OMFirstYear == nil || *p.OMFirstYear}
		if p.OMFirstYear == nil {
			assumed = append(assumed, Assumption{"om.first_year", true})
		}
		if p.OMPreviousFen > 0 {
			om["previous_amount_fen"] = p.OMPreviousFen
		}
		c["om"] = om
		assume("in_use", true)
	case "assessment_fee":
		assume("in_use", true)
	}
	return c, append(assumed, p.filled...)
}

// Assumed lists what is made up about the project, in the order of the case.
func (p *Published) Assumed() []Assumption {
	_, assumed := p.facts()
	return append([]Assumption{{"unit_kind", declarersKind}}, assumed...)
}

// declarersKind is what every unit that declares here is.
const declarersKind = "administrative"

// wholeProject is an amount in parts of a hundred.
const wholeProject = 100

// fill makes a required fact up, and reports whether it knows how and had not
// done so before.
func (p *Published) fill(field string, s Script) bool {
	switch {
	case field == "hardware_fen" && p.HardwareFen == nil:
		share := p.AmountFen/wholeProject*s.HardwarePercent + p.AmountFen%wholeProject*s.HardwarePercent/wholeProject
		p.HardwareFen = &share
		p.filled = append(p.filled, Assumption{field, share})
	case field == "om.previous_amount_fen" && p.OMPreviousFen == 0:
		p.OMPreviousFen = p.AmountFen
		p.filled = append(p.filled, Assumption{field, p.AmountFen})
	default:
		return false
	}
	return true
}

// Prepare reads a file of the form of projects.json (nil: the embedded one) for
// a walk under the rules of a pack. What those rules have to know and a notice
// does not tell is made up, see Assumed. The refusal is ErrProjects, with every
// fault of the file: of its form, of its codes, and of facts that the rules
// contradict.
func Prepare(b []byte, pack *policy.Pack, s Script) ([]Published, error) {
	f, err := parse(b)
	if err != nil {
		return nil, err
	}
	rules, err := policy.NewSet(pack.District(), pack)
	if err != nil {
		return nil, err
	}
	for i := range f.projects {
		p := &f.projects[i]
		if f.broken[i] == nil { // it is no object
			continue
		}
		found, err := p.ask(rules, policy.Options{Pack: pack.ID()}, s)
		if err != nil {
			return nil, err
		}
		for _, v := range found {
			if v.Field = fileField(v.Field); !f.broken[i][v.Field] {
				v.Field = place(i) + v.Field
				f.checks.Add(v)
			}
		}
	}
	if err := f.refusal(); err != nil {
		return nil, err
	}
	return f.projects, nil
}

// ask decides a project on the day it is going to be declared. It fills in what
// the rules ask for as long as that is all they ask for, and gives what is left.
func (p *Published) ask(rules *policy.Set, o policy.Options, s Script) ([]fault.Violation, error) {
	for {
		c, _ := p.facts()
		c["unit_kind"], c["declared_on"] = declarersKind, s.Days.Declare.Date
		doc, err := json.Marshal(c)
		if err != nil {
			return nil, err
		}
		_, err = rules.DecideJSON(bytes.NewReader(doc), policy.DefaultLimit, o)
		if err == nil {
			return nil, nil
		}
		if !errors.Is(err, fault.InvalidInput) {
			return nil, err
		}
		found, filled := fault.From(err).Violations, false
		for _, v := range found {
			if v.Code == "required" && p.fill(v.Field, s) {
				filled = true
			}
		}
		if !filled {
			return found, nil
		}
	}
}

// fileField is how a field of a case is called in a file of projects.
func fileField(field string) string {
	switch field {
	case "om.first_year":
		return "om_first_year"
	case "om.previous_amount_fen":
		return "om_previous_fen"
	}
	return field
}
