package policy

import (
	"slices"

	"egov/libs/calendar"
)

// Pack is the rules of one district for one span of time. It is immutable;
// what its methods return must not be changed by the caller.
type Pack struct {
	id, version, district string
	title, source         Text
	validFrom, validTo    calendar.Date

	layout       layout
	vocabularies map[Vocabulary]*vocabulary
	params       []*Param
	provisions   map[string]Text
	fieldBasis   map[string][]string
	ranges       []rangeCheck
	checks       []check
	routes       []routeRule
	preparatory  []codeRule
	modes        []codeRule
	checklist    []itemRule
	obligations  []codeRule
	strengths    []strengthRule
	lines        map[lineKey][]*findingRule
	findings     []*findingRule
	notes        []noteRule
	deadlines    []Deadline
	gates        []gate
	procedure    Procedure
	flags        []*Flag
	boilerplate  []string
	office       Office
	examples     []Example
}

// ID names the pack, e.g. in "pack" of a decision.
func (p *Pack) ID() string { return p.id }

// Version is the declared version, "+", and the start of a hash over the rule
// files: two packs with one version give the same answers.
func (p *Pack) Version() string { return p.version }

// District whose rules these are.
func (p *Pack) District() string { return p.district }

// Title names the rules for people.
func (p *Pack) Title() Text { return p.title }

// Source cites the document the rules stand in.
func (p *Pack) Source() Text { return p.source }

// Validity is the first and the last day of the pack; a zero last day means
// that it is still in force.
func (p *Pack) Validity() (from, to calendar.Date) { return p.validFrom, p.validTo }

// InForce reports whether the pack holds on a day.
func (p *Pack) InForce(on calendar.Date) bool {
	return !on.Before(p.validFrom) && (p.validTo.IsZero() || !on.After(p.validTo))
}

// Vocabulary is one of the lists of codes a pack declares.
type Vocabulary string

// The vocabularies. stable: they are keys of codes.yaml.
const (
	Kinds           Vocabulary = "kinds"
	UnitKinds       Vocabulary = "unit_kinds"
	UnitLevels      Vocabulary = "unit_levels"
	Routes          Vocabulary = "routes"
	Steps           Vocabulary = "steps"
	Materials       Vocabulary = "materials"
	Obligations     Vocabulary = "obligations"
	ConferenceModes Vocabulary = "conference_modes"
	Categories      Vocabulary = "categories"
)

var allVocabularies = []Vocabulary{
	Kinds, UnitKinds, UnitLevels, Routes, Steps, Materials, Obligations, ConferenceModes, Categories,
}

// Term is one code with its label.
type Term struct {
	Code string `json:"code"`
	Text
	// Ends marks a route on which nothing follows: no step, no checklist.
	Ends bool `json:"ends,omitempty"`
	// Conference marks a step in which the conference takes part.
	Conference bool `json:"conference,omitempty"`
	// Duty is what serves a step; empty where nobody in the suite does.
	Duty Duty `json:"duty,omitempty"`
	// By are the units that act in a step whose duty does not know them.
	By []string `json:"by,omitempty"`
	// Classes divide a cost category.
	Classes []Term `json:"classes,omitempty"`
}

type vocabulary struct {
	terms  []Term
	byCode map[string]*Term
}

// Terms lists a vocabulary in the pack's order.
func (p *Pack) Terms(v Vocabulary) []Term {
	if voc := p.vocabularies[v]; voc != nil {
		return voc.terms
	}
	return nil
}

// Label is the label of a code. ok is false for a code the pack does not
// declare.
func (p *Pack) Label(v Vocabulary, code string) (label Text, ok bool) {
	if t := p.term(v, code); t != nil {
		return t.Text, true
	}
	return Text{}, false
}

func (p *Pack) term(v Vocabulary, code string) *Term {
	if voc := p.vocabularies[v]; voc != nil {
		return voc.byCode[code]
	}
	return nil
}

// Provision is the text behind a provision id, shortened to what a reader
// needs to recognise it.
func (p *Pack) Provision(id string) (text Text, ok bool) {
	text, ok = p.provisions[id]
	return text, ok
}

// Provisions are all provisions the pack rests on, by id. The caller must not
// change the map.
func (p *Pack) Provisions() map[string]Text { return p.provisions }

// FieldBasis is the provisions on which a field of the case rests; nil where
// the pack names none.
func (p *Pack) FieldBasis(field string) []string { return p.fieldBasis[field] }

// ParamKind says what a parameter measures.
type ParamKind string

// The kinds of parameter.
const (
	Amount   ParamKind = "amount"    // fen
	Rate     ParamKind = "rate"      // basis points
	Count    ParamKind = "count"     // a plain number
	Quantity ParamKind = "quantity"  // hundredths, e.g. of person-months
	Day      ParamKind = "date"      // YYYY-MM-DD
	MonthDay ParamKind = "month_day" // MM-DD of any year
)

// Param is one figure of the rules.
type Param struct {
	Name  string
	Kind  ParamKind
	Label Text
	Basis []string
	Dates []DatedValue // ascending; one undated entry unless the figure changes with time
	Text  string       // of Day and MonthDay
}

// DatedValue is the value of a figure from a day on.
type DatedValue struct {
	From   calendar.Date // zero: from the beginning
	Value  int64
	Source Text // where the value is published, for figures the rules leave to another notice
}

// At is the value on a day; the first one serves for days before it.
func (p *Param) At(day calendar.Date) int64 {
	if len(p.Dates) == 0 {
		return 0
	}
	v := p.Dates[0].Value
	for _, d := range p.Dates[1:] {
		if day.Before(d.From) {
			break
		}
		v = d.Value
	}
	return v
}

// Params lists the figures of the pack in its order.
func (p *Pack) Params() []*Param { return p.params }

// Param finds a figure by name; nil when the pack does not have it.
func (p *Pack) Param(name string) *Param {
	i := slices.IndexFunc(p.params, func(x *Param) bool { return x.Name == name })
	if i < 0 {
		return nil
	}
	return p.params[i]
}

// Deadline is one duty with a time limit.
type Deadline struct {
	Code        string
	Label       Text
	Trigger     string // the fact or date the period runs from
	WorkingDays int    // the length: working days or months, the other is 0
	Months      int
	WarnBefore  int  // working days before the due date on which to warn
	Repeats     bool // a new period begins when one ends
	Strength    Strength
	Basis       []string
}

// Due is the last day of the period that runs from the trigger's day.
func (d Deadline) Due(cal *calendar.Calendar, trigger calendar.Date) (calendar.Result, error) {
	if d.Months > 0 {
		return cal.DueMonths(trigger, d.Months)
	}
	return cal.Due(trigger, d.WorkingDays)
}

// Deadline finds a deadline by its code.
func (p *Pack) Deadline(code string) (Deadline, bool) {
	i := slices.IndexFunc(p.deadlines, func(d Deadline) bool { return d.Code == code })
	if i < 0 {
		return Deadline{}, false
	}
	return p.deadlines[i], true
}

// Deadlines lists all deadlines of the pack.
func (p *Pack) Deadlines() []Deadline { return p.deadlines }

// Procedure is the figures and lists by which bodies work.
type Procedure struct {
	Chair   Text
	Members []string // unit codes of the conference's members
	// MembersBasis, like every basis here, holds provision ids.
	MembersBasis []string
	Quorum       Quorum
	Panel        Panel
	Lockouts     []Lockout
	Criteria     []Criterion
	// PublicTender is the amount from which only a public tender will do,
	// ProcurementLimit the one above which procurement rules apply,
	// Supervision the one from which a project is supervised; nil where the
	// rules have none.
	PublicTender     *Param
	ProcurementLimit *Param
	Supervision      *Param
	Procurement      Procurement
	Assessments      []Assessment
}

// Procurement is how a project that has its money may be procured.
type Procurement struct {
	Methods []Method
	// TimedBy are the obligations under which the clocks to start run.
	TimedBy []string
	// AssetKinds are the kinds of project that leave assets behind, AssetBasis
	// the provisions under which those are kept.
	AssetKinds []string
	AssetBasis []string
}

// Method is one way to procure.
type Method struct {
	Code       string
	Label      Text
	Meets      []string // obligations that it satisfies
	Centre     bool     // the procurement centre runs it
	Notice     bool     // a notice is published before the award
	MinBidders int      // with fewer there is no award
	Basis      []string
}

// Method finds a method by its code.
func (p Procurement) Method(code string) (Method, bool) {
	i := slices.IndexFunc(p.Methods, func(m Method) bool { return m.Code == code })
	if i < 0 {
		return Method{}, false
	}
	return p.Methods[i], true
}

// Unmet lists those of a project's obligations that some method meets and this
// one does not.
func (p Procurement) Unmet(m Method, obligations []string) []string {
	var unmet []string
	for _, o := range obligations {
		concerns := slices.ContainsFunc(p.Methods, func(x Method) bool { return slices.Contains(x.Meets, o) })
		if concerns && !slices.Contains(m.Meets, o) {
			unmet = append(unmet, o)
		}
	}
	return unmet
}

// Timed reports whether the clocks to start run for a project with these
// obligations.
func (p Procurement) Timed(obligations []string) bool {
	return slices.ContainsFunc(obligations, func(o string) bool { return slices.Contains(p.TimedBy, o) })
}

// Quorum is the share of the current members that must be present. The zero
// Quorum, of rules that do not say, is never met.
type Quorum struct {
	Numerator, Denominator int
	Inclusive              bool // exactly the share is enough
	Basis                  []string
	Note                   Text
}

// Met reports whether present members out of current ones form a quorum.
// Without members there is none.
func (q Quorum) Met(present, current int) bool {
	have, need := present*q.Denominator, current*q.Numerator
	return current > 0 && q.Denominator > 0 && (have > need || q.Inclusive && have == need)
}

// Need is the smallest number of members that form a quorum.
func (q Quorum) Need(current int) int {
	for n := 0; n <= current; n++ {
		if q.Met(n, current) {
			return n
		}
	}
	return current + 1
}

// Panel bounds the size of an expert panel.
type Panel struct {
	Min   int
	Odd   bool
	Basis []string
}

// Allows reports whether a panel may have n experts.
func (p Panel) Allows(n int) bool { return n >= p.Min && (!p.Odd || n%2 == 1) }

// Lockout bars a new declaration for some months after a number of failures of
// one step.
type Lockout struct {
	Step     string
	Failures int // cumulative over the project's lineage
	Months   int // from the last failure
	Strength Strength
	Basis    []string
}

// Criterion is one question an evaluation answers.
type Criterion struct {
	Code        string
	Label       Text
	MayNotApply bool
	Basis       []string
}

// Assessment is a periodic security assessment of systems by grade.
type Assessment struct {
	Code   string
	Grades []int64
	Months int
	Basis  []string
}

// Procedure gives the figures and lists of the pack.
func (p *Pack) Procedure() Procedure { return p.procedure }

// AssessmentMonths is the interval of an assessment for a system of a grade;
// ok is false when that grade is not assessed.
func (p Procedure) AssessmentMonths(code string, grade int64) (months int, basis []string, ok bool) {
	for _, a := range p.Assessments {
		if a.Code == code && slices.Contains(a.Grades, grade) {
			return a.Months, a.Basis, true
		}
	}
	return 0, nil, false
}
