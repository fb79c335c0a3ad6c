package policy

import (
	"fmt"
	"maps"

	"go.yaml.in/yaml/v3"
)

// The files of a pack. headerFile is the only one a pack cannot do without in
// content; the others may be empty documents, but must be there, so that
// nothing is left out by a slip.
const (
	headerFile      = "pack.yaml"
	codesFile       = "codes.yaml"
	paramsFile      = "params.yaml"
	provisionsFile  = "provisions.yaml"
	routesFile      = "routes.yaml"
	checklistFile   = "checklist.yaml"
	obligationsFile = "obligations.yaml"
	costFile        = "cost.yaml"
	findingsFile    = "findings.yaml"
	notesFile       = "notes.yaml"
	deadlinesFile   = "deadlines.yaml"
	gatesFile       = "gates.yaml"
	procedureFile   = "procedure.yaml"
	flagsFile       = "flags.yaml"
	officeFile      = "office.yaml"
	casesFile       = "cases.yaml" // the pack's own worked cases; no rule rests on them
)

// token is one scalar of a pack file with its position.
type token struct {
	Value     string
	file      string
	Line, Col int
}

// UnmarshalYAML keeps the text of any scalar as it is written, so that 0.5 and
// 07-31 and 2023-05-15 reach their own parsers untouched.
func (t *token) UnmarshalYAML(n *yaml.Node) error {
	if n.Kind == yaml.AliasNode {
		n = n.Alias
	}
	if n.Kind != yaml.ScalarNode {
		return fmt.Errorf("line %d: a single value belongs here", n.Line)
	}
	t.Value, t.Line, t.Col = n.Value, n.Line, n.Column
	if n.Style&(yaml.SingleQuotedStyle|yaml.DoubleQuotedStyle) != 0 {
		t.Col++
	}
	if n.Style&(yaml.LiteralStyle|yaml.FoldedStyle) != 0 {
		t.Line++
	}
	return nil
}

func (t token) given() bool { return t.Line > 0 }

// place is where a token stands: "<file>:<line>:<column>", or the file alone.
func (t token) place(file string) string {
	if !t.given() {
		return file
	}
	return fmt.Sprintf("%s:%d:%d", file, t.Line, t.Col)
}

type headerSource struct {
	ID        token `yaml:"id" schema:"code,required" doc:"names the pack, e.g. yangpu-2023; a project stays pinned to it"`
	Version   token `yaml:"version" schema:"text,required" doc:"declared version; a hash over the rule files is added to it"`
	District  token `yaml:"district" schema:"code,required" doc:"whose rules these are: the district of the services' configuration"`
	Title     Text  `yaml:"title" schema:",required" doc:"the rules' name for people"`
	Source    Text  `yaml:"source" schema:",required" doc:"the document the rules stand in"`
	ValidFrom token `yaml:"valid_from" schema:"date,required" doc:"first day"`
	ValidTo   token `yaml:"valid_to" schema:"date" doc:"last day; left out while the rules are in force"`
}

type termSource struct {
	Code       token         `yaml:"code" schema:"code,required" doc:"the code, as cases, rules and answers use it"`
	ZH         string        `yaml:"zh" schema:",required" doc:"Chinese label"`
	EN         string        `yaml:"en" schema:",required" doc:"English label"`
	Ends       bool          `yaml:"ends" doc:"of a route: nothing follows on it"`
	Conference bool          `yaml:"conference" doc:"of a step: the conference takes part in it"`
	Duty       token         `yaml:"duty" schema:"duty" doc:"of a step: the duty of the suite that serves it; left out where nobody in the suite does"`
	By         []token       `yaml:"by" schema:"code" doc:"of a step of duty authority_decision or handover: unit codes of those who act in it"`
	Classes    []classSource `yaml:"classes" doc:"of a cost category: its classes"`
}

type classSource struct {
	Code token  `yaml:"code" schema:"code,required" doc:"the class, as budget lines use it"`
	ZH   string `yaml:"zh" schema:",required" doc:"Chinese label"`
	EN   string `yaml:"en" schema:",required" doc:"English label"`
}

type codesSource map[Vocabulary][]termSource

type paramsSource struct {
	Params []paramSource `yaml:"params" doc:"every figure of the rules; expressions use them by name"`
}

type paramSource struct {
	Param    token         `yaml:"param" schema:"code,required" doc:"the name expressions use"`
	Wan      token         `yaml:"wan" schema:"number" doc:"an amount in 万元 (10,000 yuan), to the fen; expressions see fen"`
	Percent  token         `yaml:"percent" schema:"number" doc:"a rate of at most two decimals; expressions see basis points"`
	Decimal  token         `yaml:"decimal" schema:"number" doc:"a quantity of at most two decimals; expressions see hundredths"`
	Count    token         `yaml:"count" schema:"number" doc:"a plain number"`
	Date     token         `yaml:"date" schema:"date" doc:"a day; expressions see YYYY-MM-DD"`
	MonthDay token         `yaml:"month_day" schema:"month_day" doc:"a day of every year; expressions see MM-DD"`
	Dated    []datedSource `yaml:"dated" doc:"an amount that a notice changes from time to time, earliest first"`
	Basis    []token       `yaml:"basis" schema:"provision,required" doc:"provision ids the figure stands in"`
	ZH       string        `yaml:"zh" schema:",required" doc:"Chinese meaning"`
	EN       string        `yaml:"en" schema:",required" doc:"English meaning"`
}

type datedSource struct {
	From   token `yaml:"from" schema:"date,required" doc:"first day of the value"`
	Wan    token `yaml:"wan" schema:"number,required" doc:"the amount in 万元"`
	Source Text  `yaml:"source" schema:",required" doc:"where the value is published"`
}

type provisionsSource struct {
	Provisions []provisionSource `yaml:"provisions" doc:"every provision a rule may rest on"`
}

type provisionSource struct {
	ID token  `yaml:"id" schema:"provision,required" doc:"the id that every basis uses"`
	ZH string `yaml:"zh" schema:",required" doc:"what the provision says, short enough to recognise it by"`
	EN string `yaml:"en" schema:",required" doc:"the same in English"`
}

type routesSource struct {
	FieldBasis  map[string][]token `yaml:"field_basis" schema:"provision" doc:"by field of the case, the provisions that ask for it; they go with every complaint about it"`
	Ranges      []rangeSource      `yaml:"ranges" doc:"fields that take a few values alone"`
	Checks      []checkSource      `yaml:"checks" doc:"what a case must say; a check that holds is a violation"`
	Routes      []routeSource      `yaml:"routes" schema:",required" doc:"the route table: tried in order, the first that holds decides"`
	Preparatory []stepSource       `yaml:"preparatory" doc:"steps before the route's own, in order, each while it is still to be done"`
	Modes       []modeSource       `yaml:"conference_modes" doc:"how the conference decides: the first that holds"`
}

// rangeSource bounds an integer field to a list of values.
type rangeSource struct {
	Field  token   `yaml:"field" schema:"field,required" doc:"integer field of the case"`
	Values []int64 `yaml:"values" schema:",required" doc:"the values it may have"`
	Basis  []token `yaml:"basis" schema:"provision,required" doc:"provision ids"`
}

type checkSource struct {
	Check token   `yaml:"check" schema:"code,required" doc:"the rule's name: check/<name> in a trace"`
	Field token   `yaml:"field" schema:"field,required" doc:"the field that the violation is about"`
	Code  token   `yaml:"code" schema:"code,required" doc:"the violation's code, e.g. required"`
	When  token   `yaml:"when" schema:"condition" doc:"holds when the case is wrong; always, if left out"`
	Basis []token `yaml:"basis" schema:"provision,required" doc:"provision ids"`
	ZH    string  `yaml:"zh" schema:",required" doc:"Chinese message"`
	EN    string  `yaml:"en" schema:",required" doc:"English message"`
}

type routeSource struct {
	Rule     token   `yaml:"rule" schema:"code,required" doc:"the rule's name: route/<name> in a trace"`
	When     token   `yaml:"when" schema:"condition" doc:"condition; always, if left out"`
	Route    token   `yaml:"route" schema:"code,required" doc:"code of codes.yaml: routes"`
	Steps    []token `yaml:"steps" schema:"code" doc:"codes of codes.yaml: steps, in order; none for a route that ends"`
	Strength token   `yaml:"strength" schema:"strength" doc:"how it binds; must, if left out"`
	Basis    []token `yaml:"basis" schema:"provision,required" doc:"provision ids that decide the route"`
}

type stepSource struct {
	Step     token   `yaml:"step" schema:"code,required" doc:"code of codes.yaml: steps"`
	When     token   `yaml:"when" schema:"condition" doc:"holds while the step is still to be done"`
	Strength token   `yaml:"strength" schema:"strength" doc:"how it binds; must, if left out"`
	Basis    []token `yaml:"basis" schema:"provision,required" doc:"provision ids"`
}

type modeSource struct {
	Mode  token   `yaml:"mode" schema:"code,required" doc:"code of codes.yaml: conference_modes"`
	When  token   `yaml:"when" schema:"condition" doc:"condition; always, if left out"`
	Basis []token `yaml:"basis" schema:"provision,required" doc:"provision ids"`
}

type checklistSource struct {
	Checklist []itemSource `yaml:"checklist" doc:"every item a case may need"`
}

type itemSource struct {
	Rule     token   `yaml:"rule" schema:"code" doc:"the rule's name; the item, if left out"`
	Item     token   `yaml:"item" schema:"code,required" doc:"code of codes.yaml: materials"`
	Gate     token   `yaml:"gate" schema:"code,required" doc:"the one gate of gates.yaml that asks for the item"`
	When     token   `yaml:"when" schema:"condition" doc:"condition; always, if left out"`
	Strength token   `yaml:"strength" schema:"strength" doc:"how it binds; must, if left out"`
	Basis    []token `yaml:"basis" schema:"provision,required" doc:"provision ids"`
}

type obligationsSource struct {
	Obligations []obligationSource `yaml:"obligations" doc:"later duties that are known when the case is decided"`
}

type obligationSource struct {
	Rule       token   `yaml:"rule" schema:"code" doc:"the rule's name; the obligation, if left out"`
	Obligation token   `yaml:"obligation" schema:"code,required" doc:"code of codes.yaml: obligations"`
	When       token   `yaml:"when" schema:"condition" doc:"condition; always, if left out"`
	Strength   token   `yaml:"strength" schema:"strength" doc:"how it binds; must, if left out"`
	Basis      []token `yaml:"basis" schema:"provision,required" doc:"provision ids"`
}

type costSource struct {
	Groups   map[string][]token `yaml:"groups" schema:"code" doc:"sums of budget lines: total.<group> adds up the categories"`
	Strength []strengthSource   `yaml:"strength" doc:"how the standard binds a case: the first that holds; the last has no condition"`
	Lines    []findingSource    `yaml:"lines" doc:"rules of budget lines, asked of each line of their categories"`
	Totals   []findingSource    `yaml:"totals" doc:"rules of the budget as a whole"`
}

type strengthSource struct {
	When     token   `yaml:"when" schema:"condition" doc:"condition; always, if left out"`
	Strength token   `yaml:"strength" schema:"strength,required" doc:"how the standard binds then"`
	Basis    []token `yaml:"basis" schema:"provision,required" doc:"provision ids"`
}

type findingsSource struct {
	Findings []findingSource `yaml:"findings" doc:"rules a case may break"`
}

type findingSource struct {
	Rule       token   `yaml:"rule" schema:"code,required" doc:"the rule's name: cost/<name> or finding/<name> in a trace"`
	Code       token   `yaml:"code" schema:"code" doc:"the finding's code; the rule, if left out"`
	Categories []token `yaml:"categories" schema:"code" doc:"of a rule of lines: codes of codes.yaml: categories"`
	Classes    []token `yaml:"classes" schema:"code" doc:"of a rule of lines: classes of these categories; all, if left out"`
	When       token   `yaml:"when" schema:"condition" doc:"condition; with a bound the rule is broken when both hold"`
	Actual     token   `yaml:"actual" schema:"amount" doc:"what the bound is compared with; the line's or the case's amount, if left out"`
	AtMost     token   `yaml:"at_most" schema:"amount" doc:"upper bound in fen"`
	AtLeast    token   `yaml:"at_least" schema:"amount" doc:"lower bound in fen; one bound a rule"`
	Strength   token   `yaml:"strength" schema:"strength" doc:"how it binds; as the cost standard does, if left out"`
	Severity   token   `yaml:"severity" schema:"severity" doc:"error or warning; what the strength says, if left out"`
	Basis      []token `yaml:"basis" schema:"provision,required" doc:"provision ids"`
	ZH         string  `yaml:"zh" schema:",required" doc:"Chinese message; {limit} and {actual} stand for the figures in 万元"`
	EN         string  `yaml:"en" schema:",required" doc:"English message; {limit} and {actual} stand for the figures in yuan"`
}

type notesSource struct {
	Notes []noteSource `yaml:"notes" doc:"readings of unclear text, and what the rules leave to a person"`
}

type noteSource struct {
	Note       token      `yaml:"note" schema:"code,required" doc:"the note's code"`
	When       token      `yaml:"when" schema:"condition,required" doc:"condition"`
	Categories []token    `yaml:"categories" schema:"code" doc:"asks the condition of each budget line of these categories"`
	Vary       varySource `yaml:"vary" doc:"the note holds only if the route would be another one then"`
	Basis      []token    `yaml:"basis" schema:"provision,required" doc:"provision ids"`
	ZH         string     `yaml:"zh" schema:",required" doc:"Chinese text"`
	EN         string     `yaml:"en" schema:",required" doc:"English text"`
}

type varySource struct {
	AmountFen token `yaml:"amount_fen" schema:"amount" doc:"the amount to try the routes with, in fen"`
}

type deadlinesSource struct {
	Deadlines []deadlineSource `yaml:"deadlines" doc:"duties with a time limit; day 1 is the day after the trigger"`
}

type deadlineSource struct {
	Deadline    token   `yaml:"deadline" schema:"code,required" doc:"the clock's code, by which services start it"`
	Trigger     token   `yaml:"trigger" schema:"code,required" doc:"the fact or date the period runs from"`
	WorkingDays int     `yaml:"working_days" doc:"length in working days; this or months"`
	Months      int     `yaml:"months" doc:"length in months; this or working_days"`
	WarnBefore  int     `yaml:"warn_working_days" doc:"working days before the due date on which to warn"`
	Repeats     bool    `yaml:"repeats" doc:"a new period begins when one ends"`
	Strength    token   `yaml:"strength" schema:"strength" doc:"how it binds; must, if left out"`
	Basis       []token `yaml:"basis" schema:"provision,required" doc:"provision ids"`
	ZH          string  `yaml:"zh" schema:",required" doc:"Chinese name of the duty"`
	EN          string  `yaml:"en" schema:",required" doc:"English name of the duty"`
}

type gatesSource struct {
	Gates []gateSource `yaml:"gates" doc:"the gates, in the order of a project's life"`
}

type gateSource struct {
	Gate     token               `yaml:"gate" schema:"code,required" doc:"the gate's code, by which services ask"`
	ZH       string              `yaml:"zh" schema:",required" doc:"Chinese name"`
	EN       string              `yaml:"en" schema:",required" doc:"English name"`
	Requires []requirementSource `yaml:"requires" doc:"what it waits for besides its checklist items"`
}

type requirementSource struct {
	Requirement token   `yaml:"requirement" schema:"code,required" doc:"the requirement's code, named in refusals"`
	When        token   `yaml:"when" schema:"condition" doc:"condition; always, if left out"`
	Kinds       []token `yaml:"kinds" schema:"code" doc:"codes of codes.yaml: kinds; all, if left out"`
	Fact        token   `yaml:"fact" schema:"text" doc:"the fact that the service which keeps the gate must have on record; this or holds"`
	Holds       token   `yaml:"holds" schema:"condition" doc:"what the case must say; this or fact"`
	Test        bool    `yaml:"test" doc:"a record that the building unit enters before acceptance"`
	Strength    token   `yaml:"strength" schema:"strength" doc:"how it binds; must, if left out"`
	Basis       []token `yaml:"basis" schema:"provision,required" doc:"provision ids"`
	ZH          string  `yaml:"zh" schema:",required" doc:"Chinese message while it is missing"`
	EN          string  `yaml:"en" schema:",required" doc:"English message while it is missing"`
}

type procedureSource struct {
	Chair            Text               `yaml:"chair" doc:"who calls and chairs the conference"`
	Members          membersSource      `yaml:"members" doc:"who sits on the conference"`
	Quorum           quorumSource       `yaml:"quorum" doc:"share of the current members that must be present; without one no session opens"`
	Panel            panelSource        `yaml:"panel" doc:"size of an expert panel"`
	Lockouts         []lockoutSource    `yaml:"lockouts" doc:"failures that bar a new declaration for a time"`
	Criteria         []criterionSource  `yaml:"criteria" doc:"what an evaluation answers, one by one"`
	PublicTender     token              `yaml:"public_tender" schema:"code" doc:"parameter: the amount from which only a public tender will do"`
	ProcurementLimit token              `yaml:"procurement_limit" schema:"code" doc:"parameter: the amount above which procurement rules apply"`
	Supervision      token              `yaml:"supervision" schema:"code" doc:"parameter: the amount from which a project is supervised"`
	Procurement      procurementSource  `yaml:"procurement" doc:"how a project that has its money may be procured"`
	Assessments      []assessmentSource `yaml:"assessments" doc:"periodic assessments of systems by grade"`
}

type membersSource struct {
	Units []token `yaml:"units" schema:"code" doc:"unit codes"`
	Basis []token `yaml:"basis" schema:"provision" doc:"provision ids"`
}

type quorumSource struct {
	Numerator   int     `yaml:"numerator" doc:"of the share"`
	Denominator int     `yaml:"denominator" doc:"of the share"`
	Inclusive   bool    `yaml:"inclusive" doc:"exactly the share is enough"`
	Basis       []token `yaml:"basis" schema:"provision" doc:"provision ids"`
	Note        Text    `yaml:"note" doc:"how the text is read"`
}

type panelSource struct {
	Min   int     `yaml:"min" doc:"fewest experts"`
	Odd   bool    `yaml:"odd" doc:"their number is odd"`
	Basis []token `yaml:"basis" schema:"provision" doc:"provision ids"`
}

type lockoutSource struct {
	Step     token   `yaml:"step" schema:"code,required" doc:"code of codes.yaml: steps"`
	Failures int     `yaml:"failures" schema:",required" doc:"failures of the step, over the project's lineage"`
	Months   int     `yaml:"months" schema:",required" doc:"months from the last failure"`
	Strength token   `yaml:"strength" schema:"strength,required" doc:"how it binds"`
	Basis    []token `yaml:"basis" schema:"provision,required" doc:"provision ids"`
}

type criterionSource struct {
	Criterion   token   `yaml:"criterion" schema:"code,required" doc:"the criterion's code"`
	MayNotApply bool    `yaml:"may_not_apply" doc:"an opinion may say that it does not apply"`
	Basis       []token `yaml:"basis" schema:"provision,required" doc:"provision ids"`
	ZH          string  `yaml:"zh" schema:",required" doc:"Chinese text"`
	EN          string  `yaml:"en" schema:",required" doc:"English text"`
}

type procurementSource struct {
	TimedBy    []token        `yaml:"timed_by" schema:"code" doc:"obligations under which the clocks to start run"`
	AssetKinds []token        `yaml:"asset_kinds" schema:"code" doc:"kinds of project that leave assets behind"`
	AssetBasis []token        `yaml:"asset_basis" schema:"provision" doc:"provision ids under which assets are kept"`
	Methods    []methodSource `yaml:"methods" doc:"the ways to procure"`
}

type methodSource struct {
	Method     token   `yaml:"method" schema:"code,required" doc:"the method's code"`
	Meets      []token `yaml:"meets" schema:"code" doc:"obligations that it satisfies"`
	Centre     bool    `yaml:"centre" doc:"the procurement centre runs it"`
	Notice     bool    `yaml:"notice" doc:"a notice is published before the award"`
	MinBidders int     `yaml:"min_bidders" schema:",required" doc:"with fewer there is no award; at least 1"`
	Basis      []token `yaml:"basis" schema:"provision,required" doc:"provision ids"`
	ZH         string  `yaml:"zh" schema:",required" doc:"Chinese name"`
	EN         string  `yaml:"en" schema:",required" doc:"English name"`
}

type assessmentSource struct {
	Assessment token   `yaml:"assessment" schema:"code,required" doc:"mlps_assessment or crypto_assessment"`
	Grades     []int64 `yaml:"grades" schema:",required" doc:"security grades"`
	Months     int     `yaml:"months" schema:",required" doc:"interval"`
	Basis      []token `yaml:"basis" schema:"provision,required" doc:"provision ids"`
}

// casesSource lists worked cases. A key of defaults goes into every case that
// does not have it; a case drops one by giving it no value.
type casesSource struct {
	Defaults map[string]any  `yaml:"defaults" doc:"fields of the case that every case has unless it gives its own"`
	Cases    []exampleSource `yaml:"cases" doc:"worked cases: both sides of every threshold"`
}

type exampleSource struct {
	Name  token          `yaml:"name" schema:"text,required" doc:"what the case shows"`
	Case  map[string]any `yaml:"case" schema:",required" doc:"a case as POST /v1/decisions takes it"`
	AsOf  string         `yaml:"as_of" schema:"date" doc:"decide as of this day instead of the day of declaration"`
	Heard []string       `yaml:"heard" doc:"facts on record when the gates of want are asked"`
	Want  Want           `yaml:"want" schema:",required" doc:"what must come out; what is left out is not compared"`
}

func (s casesSource) examples() []Example {
	list := make([]Example, len(s.Cases))
	for i, c := range s.Cases {
		full := maps.Clone(s.Defaults)
		if full == nil {
			full = map[string]any{}
		}
		maps.Copy(full, c.Case)
		maps.DeleteFunc(full, func(_ string, v any) bool { return v == nil })
		list[i] = Example{Name: c.Name.Value, Case: full, AsOf: c.AsOf, Heard: c.Heard, Want: c.Want, at: c.Name}
	}
	return list
}
