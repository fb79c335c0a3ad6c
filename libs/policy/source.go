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
	ID        token `yaml:"id"`
	Version   token `yaml:"version"`
	District  token `yaml:"district"`
	Title     Text  `yaml:"title"`
	Source    Text  `yaml:"source"`
	ValidFrom token `yaml:"valid_from"`
	ValidTo   token `yaml:"valid_to"`
}

type termSource struct {
	Code       token         `yaml:"code"`
	ZH         string        `yaml:"zh"`
	EN         string        `yaml:"en"`
	Ends       bool          `yaml:"ends"`
	Conference bool          `yaml:"conference"`
	Classes    []classSource `yaml:"classes"`
}

type classSource struct {
	Code token  `yaml:"code"`
	ZH   string `yaml:"zh"`
	EN   string `yaml:"en"`
}

type codesSource map[Vocabulary][]termSource

type paramSource struct {
	Param    token         `yaml:"param"`
	Wan      token         `yaml:"wan"`
	Percent  token         `yaml:"percent"`
	Decimal  token         `yaml:"decimal"`
	Count    token         `yaml:"count"`
	Date     token         `yaml:"date"`
	MonthDay token         `yaml:"month_day"`
	Dated    []datedSource `yaml:"dated"`
	Basis    []token       `yaml:"basis"`
	ZH       string        `yaml:"zh"`
	EN       string        `yaml:"en"`
}

type datedSource struct {
	From   token `yaml:"from"`
	Wan    token `yaml:"wan"`
	Source Text  `yaml:"source"`
}

type provisionSource struct {
	ID token  `yaml:"id"`
	ZH string `yaml:"zh"`
	EN string `yaml:"en"`
}

type routesSource struct {
	FieldBasis  map[string][]token `yaml:"field_basis"`
	Ranges      []rangeSource      `yaml:"ranges"`
	Checks      []checkSource      `yaml:"checks"`
	Routes      []routeSource      `yaml:"routes"`
	Preparatory []stepSource       `yaml:"preparatory"`
	Modes       []modeSource       `yaml:"conference_modes"`
}

// rangeSource bounds an integer field to a list of values.
type rangeSource struct {
	Field  token   `yaml:"field"`
	Values []int64 `yaml:"values"`
	Basis  []token `yaml:"basis"`
}

type checkSource struct {
	Check token   `yaml:"check"`
	Field token   `yaml:"field"`
	Code  token   `yaml:"code"`
	When  token   `yaml:"when"`
	Basis []token `yaml:"basis"`
	ZH    string  `yaml:"zh"`
	EN    string  `yaml:"en"`
}

type routeSource struct {
	Rule  token   `yaml:"rule"`
	When  token   `yaml:"when"`
	Route token   `yaml:"route"`
	Steps []token `yaml:"steps"`
	Basis []token `yaml:"basis"`
}

type stepSource struct {
	Step  token   `yaml:"step"`
	When  token   `yaml:"when"`
	Basis []token `yaml:"basis"`
}

type modeSource struct {
	Mode  token   `yaml:"mode"`
	When  token   `yaml:"when"`
	Basis []token `yaml:"basis"`
}

type checklistSource struct {
	Checklist []struct {
		Rule  token   `yaml:"rule"` // defaults to the item
		Item  token   `yaml:"item"`
		Gate  token   `yaml:"gate"`
		When  token   `yaml:"when"`
		Basis []token `yaml:"basis"`
	} `yaml:"checklist"`
}

type obligationsSource struct {
	Obligations []struct {
		Rule       token   `yaml:"rule"` // defaults to the obligation
		Obligation token   `yaml:"obligation"`
		When       token   `yaml:"when"`
		Basis      []token `yaml:"basis"`
	} `yaml:"obligations"`
}

type costSource struct {
	Groups   map[string][]token `yaml:"groups"`
	Strength []strengthSource   `yaml:"strength"`
	Lines    []findingSource    `yaml:"lines"`
	Totals   []findingSource    `yaml:"totals"`
}

type strengthSource struct {
	When     token   `yaml:"when"`
	Strength token   `yaml:"strength"`
	Basis    []token `yaml:"basis"`
}

type findingsSource struct {
	Findings []findingSource `yaml:"findings"`
}

type findingSource struct {
	Rule       token   `yaml:"rule"`
	Code       token   `yaml:"code"` // defaults to the rule
	Categories []token `yaml:"categories"`
	Classes    []token `yaml:"classes"`
	When       token   `yaml:"when"`
	Actual     token   `yaml:"actual"`
	AtMost     token   `yaml:"at_most"`
	AtLeast    token   `yaml:"at_least"`
	Strength   token   `yaml:"strength"` // defaults to the cost standard's
	Severity   token   `yaml:"severity"` // defaults to what the strength says
	Basis      []token `yaml:"basis"`
	ZH         string  `yaml:"zh"`
	EN         string  `yaml:"en"`
}

type notesSource struct {
	Notes []struct {
		Note       token   `yaml:"note"`
		When       token   `yaml:"when"`
		Categories []token `yaml:"categories"`
		Vary       struct {
			AmountFen token `yaml:"amount_fen"`
		} `yaml:"vary"`
		Basis []token `yaml:"basis"`
		ZH    string  `yaml:"zh"`
		EN    string  `yaml:"en"`
	} `yaml:"notes"`
}

type deadlinesSource struct {
	Deadlines []struct {
		Deadline    token   `yaml:"deadline"`
		Trigger     token   `yaml:"trigger"`
		WorkingDays int     `yaml:"working_days"`
		Months      int     `yaml:"months"`
		WarnBefore  int     `yaml:"warn_working_days"`
		Repeats     bool    `yaml:"repeats"`
		Strength    token   `yaml:"strength"`
		Basis       []token `yaml:"basis"`
		ZH          string  `yaml:"zh"`
		EN          string  `yaml:"en"`
	} `yaml:"deadlines"`
}

type gatesSource struct {
	Gates []struct {
		Gate     token               `yaml:"gate"`
		ZH       string              `yaml:"zh"`
		EN       string              `yaml:"en"`
		Requires []requirementSource `yaml:"requires"`
	} `yaml:"gates"`
}

type requirementSource struct {
	Requirement token   `yaml:"requirement"`
	When        token   `yaml:"when"`
	Kinds       []token `yaml:"kinds"`
	Fact        token   `yaml:"fact"`
	Holds       token   `yaml:"holds"`
	Test        bool    `yaml:"test"`
	Strength    token   `yaml:"strength"`
	Basis       []token `yaml:"basis"`
	ZH          string  `yaml:"zh"`
	EN          string  `yaml:"en"`
}

type procedureSource struct {
	Chair   Text `yaml:"chair"`
	Members struct {
		Units []token `yaml:"units"`
		Basis []token `yaml:"basis"`
	} `yaml:"members"`
	Quorum struct {
		Numerator   int     `yaml:"numerator"`
		Denominator int     `yaml:"denominator"`
		Inclusive   bool    `yaml:"inclusive"`
		Basis       []token `yaml:"basis"`
		Note        Text    `yaml:"note"`
	} `yaml:"quorum"`
	Panel struct {
		Min   int     `yaml:"min"`
		Odd   bool    `yaml:"odd"`
		Basis []token `yaml:"basis"`
	} `yaml:"panel"`
	Lockouts []struct {
		Step     token   `yaml:"step"`
		Failures int     `yaml:"failures"`
		Months   int     `yaml:"months"`
		Strength token   `yaml:"strength"`
		Basis    []token `yaml:"basis"`
	} `yaml:"lockouts"`
	Criteria []struct {
		Criterion   token   `yaml:"criterion"`
		MayNotApply bool    `yaml:"may_not_apply"`
		Basis       []token `yaml:"basis"`
		ZH          string  `yaml:"zh"`
		EN          string  `yaml:"en"`
	} `yaml:"criteria"`
	PublicTender     token `yaml:"public_tender"`
	ProcurementLimit token `yaml:"procurement_limit"`
	Supervision      token `yaml:"supervision"`
	Procurement      struct {
		TimedBy    []token `yaml:"timed_by"`
		AssetKinds []token `yaml:"asset_kinds"`
		Methods    []struct {
			Method     token   `yaml:"method"`
			Meets      []token `yaml:"meets"`
			Centre     bool    `yaml:"centre"`
			Notice     bool    `yaml:"notice"`
			MinBidders int     `yaml:"min_bidders"`
			Basis      []token `yaml:"basis"`
			ZH         string  `yaml:"zh"`
			EN         string  `yaml:"en"`
		} `yaml:"methods"`
	} `yaml:"procurement"`
	Assessments []struct {
		Assessment token   `yaml:"assessment"`
		Grades     []int64 `yaml:"grades"`
		Months     int     `yaml:"months"`
		Basis      []token `yaml:"basis"`
	} `yaml:"assessments"`
}

// casesSource lists worked cases. A key of defaults goes into every case that
// does not have it; a case drops one by giving it no value.
type casesSource struct {
	Defaults map[string]any `yaml:"defaults"`
	Cases    []struct {
		Name token          `yaml:"name"`
		Case map[string]any `yaml:"case"`
		AsOf string         `yaml:"as_of"`
		Want Want           `yaml:"want"`
	} `yaml:"cases"`
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
		list[i] = Example{Name: c.Name.Value, Case: full, AsOf: c.AsOf, Want: c.Want, at: c.Name}
	}
	return list
}
