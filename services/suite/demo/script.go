package demo

import (
	"bytes"
	_ "embed"
	"fmt"
	"strings"

	"go.yaml.in/yaml/v3"

	"egov/libs/calendar"
	"egov/libs/fault"
)

//go:embed script.yaml
var scriptYAML []byte

// Script is what a demonstration decides where notices and rules are silent:
// the days, who declares what, what the conference says, and how each project
// then has to end.
type Script struct {
	Days        Days              `yaml:"days"`
	Declarers   []Declarer        `yaml:"declarers"` // the first whose word a buyer's name has
	Supervisors map[string]string `yaml:"supervisors"`
	// HardwarePercent is what part of the amount is hardware where the rules ask
	// and the notice does not tell, 0 to 100.
	HardwarePercent int64 `yaml:"hardware_percent"`

	Panel        int                `yaml:"panel"` // experts
	Away         []Absence          `yaml:"away"`
	Inapplicable []string           `yaml:"not_applicable"` // criteria
	Methods      []Method           `yaml:"methods"`        // the first whose obligation is owed
	FiledOnly    []string           `yaml:"filed_only"`     // routes after which no money is asked for
	Verdicts     map[string]Verdict `yaml:"verdicts"`       // by project; consent where there is none
	Late         string             `yaml:"late_contract"`
	Returned     string             `yaml:"returned"`
	KeyAnnual    []string           `yaml:"key_annual"`
	Closed       []string           `yaml:"closed"`   // when nothing is owed on them any more
	Outcomes     map[string]Outcome `yaml:"outcomes"` // by project
}

// Days are the days of the walk, in their order.
type Days struct {
	Opens      Day `yaml:"opens"` // the installation is set up
	Declare    Day `yaml:"declare"`
	Desks      Day `yaml:"desks"`
	Evaluate   Day `yaml:"evaluate"`
	Agenda     Day `yaml:"agenda"`
	Session    Day `yaml:"session"`
	Supplement Day `yaml:"supplement"`
	Again      Day `yaml:"again"` // the session for what was deferred
	Fund       Day `yaml:"fund"`
	Procure    Day `yaml:"procure"`
	Award      Day `yaml:"award"`
	Effective  Day `yaml:"effective"` // of all contracts
	File       Day `yaml:"file"`
	FileLate   Day `yaml:"file_late"`
	Deliver    Day `yaml:"deliver"`
	Report     Day `yaml:"report"` // the second quarterly report
	Accept     Day `yaml:"accept"`
	Close      Day `yaml:"close"`
}

// Day is a calendar day, YYYY-MM-DD in the file.
type Day struct{ calendar.Date }

// UnmarshalYAML reads a day.
func (d *Day) UnmarshalYAML(n *yaml.Node) (err error) {
	if d.Date, err = calendar.ParseDate(n.Value); err != nil {
		return fmt.Errorf("line %d: %w", n.Line, err)
	}
	return nil
}

// Declarer says under which bureau the projects of some buyers are declared.
type Declarer struct {
	Word    string `yaml:"word"` // in the buyer's name; empty: in any
	Unit    string `yaml:"unit"`
	Account string `yaml:"account"`
}

// Absence is a member unit that does not come; with an account it asks for
// leave first.
type Absence struct {
	Unit    string `yaml:"unit"`
	Account string `yaml:"account"`
	Reason  string `yaml:"reason"`
}

// Method says how to buy where an obligation is owed; an empty one always is.
type Method struct {
	Owes    string `yaml:"owes"`
	Method  string `yaml:"method"`
	Account string `yaml:"account"` // runs it; empty: the declaring unit, without a notice
}

// Verdict is what the conference says when it does not simply consent.
type Verdict struct {
	Outcome string `yaml:"outcome"`
	Reason  string `yaml:"reason"`
}

// Outcome is how a project has to end under the rules of the demonstration.
type Outcome struct {
	Route string `yaml:"route"`
	Stage string `yaml:"stage"`
}

// ErrScript refuses a script; every fault in it is listed.
var ErrScript = fault.New(fault.Invalid, "demo_script_invalid", "演示脚本有误", "the demonstration's script is wrong")

// ReadScript reads a script; nil reads the one that comes with the suite, for
// the published projects under the rules of Yangpu. The refusal is ErrScript.
func ReadScript(b []byte) (s Script, err error) {
	if b == nil {
		b = scriptYAML
	}
	d := yaml.NewDecoder(bytes.NewReader(b))
	d.KnownFields(true)
	if err := d.Decode(&s); err != nil {
		return s, ErrScript.With(err)
	}
	return s, s.check()
}

// check tells why a script cannot be walked.
func (s Script) check() error {
	var c fault.Checks
	var before Day
	for _, d := range s.Days.inOrder() {
		if !c.Require(!d.IsZero() && !d.Before(before.Date), "days", "out_of_order", fmt.Sprintf("各日期必填，且不得早于上一项（%s在%s之后）", d, before),
			fmt.Sprintf("all are given, none before the one above it (%s after %s)", d, before)) {
			break
		}
		before = d
	}
	c.Require(len(s.Declarers) > 0 && s.Declarers[len(s.Declarers)-1].Word == "", "declarers", "incomplete", "最后一项须适用于所有项目", "the last one takes every project")
	c.Require(len(s.Methods) > 0 && s.Methods[len(s.Methods)-1].Owes == "", "methods", "incomplete", "最后一项不得以义务为条件", "the last one owes nothing")
	c.Require(s.Panel > 0, "panel", "not_positive", "至少一名专家", "at least one expert")
	c.Require(s.HardwarePercent >= 0 && s.HardwarePercent <= wholeProject, "hardware_percent", "out_of_range", "须为0至100", "is 0 to 100")
	return c.Refuse(ErrScript)
}

func (d Days) inOrder() []Day {
	return []Day{
		d.Opens, d.Declare, d.Desks, d.Evaluate, d.Agenda, d.Session, d.Supplement, d.Again, d.Fund, d.Procure, d.Award,
		d.Effective, d.File, d.FileLate, d.Deliver, d.Report, d.Accept, d.Close,
	}
}

// declarer finds under which bureau a buyer's project is declared.
func (s Script) declarer(buyer string) Declarer {
	for _, d := range s.Declarers {
		if strings.Contains(buyer, d.Word) {
			return d
		}
	}
	return Declarer{}
}

// method is the way to buy what a project's obligations ask for.
func (s Script) method(r *road) Method {
	for _, m := range s.Methods {
		if m.Owes == "" || r.owes(m.Owes) {
			return m
		}
	}
	return Method{}
}

// absence finds why a member unit does not come.
func (s Script) absence(unit string) (Absence, bool) {
	for _, a := range s.Away {
		if a.Unit == unit {
			return a, true
		}
	}
	return Absence{}, false
}
