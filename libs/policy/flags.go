package policy

import (
	"fmt"
	"slices"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/types"

	"egov/libs/calendar"
)

// Detector is a way of finding a red flag in the facts. The ways are the
// program's; what they look for, and when they speak up, is the pack's.
type Detector string

// The detectors. stable: they are values of flags.yaml.
const (
	Splitting              Detector = "splitting"                // similar projects of one unit, each below a limit that they reach together
	BelowLimit             Detector = "below_limit"              // several projects of one unit, each just below a limit
	ContractBeforeApproval Detector = "contract_before_approval" // a contract in force before, or without, a decision
	ContractOverApproval   Detector = "contract_over_approval"   // contracts worth more than was approved
	ContractOverBudget     Detector = "contract_over_budget"     // contracts worth more than the issued budget
	WorkBeforeProcurement  Detector = "work_before_procurement"  // work or payment before the procedure or the contract
	ChangeWithoutConsent   Detector = "change_without_consent"   // an amendment or budget change that no consent carries
	EvaluatorLinked        Detector = "evaluator_linked"         // who evaluates, supervises or tests is the supplier or works for it
	SingleBidder           Detector = "single_bidder"            // award after award with too few bidders at one unit
	Overdue                Detector = "overdue"                  // filing after filing of one unit after its time
	AcceptanceUntested     Detector = "acceptance_untested"      // accepted without a test that the acceptance gate asks for
)

// A detector takes these keys of flags.yaml besides those every flag has, and
// needs all of them but settle_days.
var detectorKeys = map[Detector][]string{
	Splitting:              {keyLimit, keySimilarity, keyWindow, keyCount},
	BelowLimit:             {keyLimit, keyWithin, keyWindow, keyCount},
	ContractBeforeApproval: {keySettle},
	ContractOverApproval:   {keySettle},
	ContractOverBudget:     {keySettle},
	WorkBeforeProcurement:  {keySettle},
	ChangeWithoutConsent:   {keySettle},
	EvaluatorLinked:        {keyLinks},
	SingleBidder:           {keyWindow, keyCount, keyBidders},
	Overdue:                {keyWindow, keyCount, keyObligations},
	AcceptanceUntested:     {keySettle},
}

// The keys that some detectors take.
const (
	keyLimit       = "limit"
	keySimilarity  = "similarity_percent"
	keyWithin      = "within_percent"
	keyWindow      = "window_months or window_days"
	keyCount       = "count"
	keyBidders     = "bidders"
	keySettle      = "settle_days"
	keyObligations = "obligations"
	keyLinks       = "links"
)

// Links are who may be tied to a supplier. stable: values of flags.yaml.
const (
	AgencyLink     = "agency"     // who made the third-party evaluation
	ExpertLink     = "expert"     // whom an expert of the panel works for
	SupervisorLink = "supervisor" // who supervises works or money
	TesterLink     = "tester"     // who tested the finished work, unless the pack lets the supplier
)

// Level is how grave a flag is.
type Level string

// The levels. stable: they appear in flags.
const (
	High   Level = "high"
	Medium Level = "medium"
	Low    Level = "low"
)

// Flag is one red-flag rule: what to look for in the ledger's facts, with its
// thresholds. A flag is a question for an auditor, never a finding.
type Flag struct {
	Code     string
	Label    Text
	Why      Text // what may lie behind it
	Detector Detector
	Severity Level
	Strength Strength // of the rule that may have been broken
	Basis    []string

	Limit        *Param   // the amount that is dodged
	SimilarityBP int64    // titles this alike or more, in basis points of 10,000
	WithinBP     int64    // this far below the limit or less, in basis points of the limit
	WindowMonths int      // the span of time looked at: months or days, the other is 0
	WindowDays   int      //
	Count        int      // so many or more
	Bidders      int64    // so many or fewer
	SettleDays   int      // days that a fact of another service may take to arrive
	Obligations  []string // deadline codes
	Links        []string

	Condition string // CEL over a project; "true" for every one
	when      *program
	days      []*Param // figures of the condition that change with the day
}

// Concerned is what a flag's condition may ask of a project, under the names
// that expressions use.
type Concerned struct {
	Day           calendar.Date // of declaration: figures that change with time are read on it
	Kind          string        // kind
	UnitKind      string        // unit_kind
	Route         string        // route
	Method        string        // method, of procurement; empty before it
	AmountFen     int64         // amount_fen, as declared
	ApprovedFen   int64         // approved_fen
	BudgetFen     int64         // budget_fen, as issued and adjusted
	ContractFen   int64         // contract_fen, all contracts with their amendments
	RenewalYear   int64         // renewal_year
	ContractYears int64         // contract_years
	Grade         int64         // mlps_grade
	Bidders       int64         // bidders, of the award; 0 before it
	PureSoftware  bool          // pure_software
	InUse         bool          // in_use
	Steps         []string      // steps
	Obligations   []string      // obligations
}

var flagVariables = []cel.EnvOption{
	cel.Variable("kind", cel.StringType), cel.Variable("unit_kind", cel.StringType), cel.Variable("route", cel.StringType), cel.Variable("method", cel.StringType),
	cel.Variable("amount_fen", cel.IntType), cel.Variable("approved_fen", cel.IntType), cel.Variable("budget_fen", cel.IntType), cel.Variable("contract_fen", cel.IntType),
	cel.Variable("renewal_year", cel.IntType), cel.Variable("contract_years", cel.IntType), cel.Variable("mlps_grade", cel.IntType), cel.Variable("bidders", cel.IntType),
	cel.Variable("pure_software", cel.BoolType), cel.Variable("in_use", cel.BoolType),
	cel.Variable("steps", cel.ListType(cel.StringType)), cel.Variable("obligations", cel.ListType(cel.StringType)),
}

// Concerns reports whether the flag is looked for in a project.
func (f *Flag) Concerns(c Concerned) (bool, error) {
	if f.when.always {
		return true, nil
	}
	vars := map[string]any{
		"kind": c.Kind, "unit_kind": c.UnitKind, "route": c.Route, "method": c.Method,
		"amount_fen": c.AmountFen, "approved_fen": c.ApprovedFen, "budget_fen": c.BudgetFen, "contract_fen": c.ContractFen,
		"renewal_year": c.RenewalYear, "contract_years": c.ContractYears, "mlps_grade": c.Grade, "bidders": c.Bidders,
		"pure_software": c.PureSoftware, "in_use": c.InUse, "steps": c.Steps, "obligations": c.Obligations,
	}
	for _, p := range f.days {
		vars[p.Name] = p.At(c.Day)
	}
	v, _, err := f.when.run.Eval(vars)
	if err != nil {
		return false, ErrBrokenRule.With(fmt.Errorf("%s: %w", f.when.src, err))
	}
	return v == types.True, nil
}

// WindowEnd is the last day of the flag's span of time that begins on a day.
func (f *Flag) WindowEnd(from calendar.Date) calendar.Date {
	return from.AddMonths(f.WindowMonths).AddDays(f.WindowDays)
}

// Flags lists the red-flag rules of the pack in its order.
func (p *Pack) Flags() []*Flag { return p.flags }

// Flag finds a red-flag rule by its code; nil when the pack does not have it.
func (p *Pack) Flag(code string) *Flag {
	i := slices.IndexFunc(p.flags, func(f *Flag) bool { return f.Code == code })
	if i < 0 {
		return nil
	}
	return p.flags[i]
}

// Boilerplate lists the words that say nothing about what a project is, the
// longest first: titles are compared without them.
func (p *Pack) Boilerplate() []string { return p.boilerplate }

type flagsSource struct {
	Flags       []flagSource     `yaml:"flags" doc:"what to look for in the ledger"`
	Boilerplate []token          `yaml:"boilerplate" schema:"text" doc:"words of titles that say nothing about what a project is; titles are compared without them"`
	Deadlines   []deadlineSource `yaml:"deadlines" doc:"time limits of audit cases; they join those of deadlines.yaml"`
}

type flagSource struct {
	Flag         token   `yaml:"flag" schema:"code,required" doc:"the flag's code: flag/<code> in the rule book"`
	Detector     token   `yaml:"detector" schema:"detector,required" doc:"how it is found; decides which of the keys below belong here"`
	Severity     token   `yaml:"severity" schema:"level,required" doc:"how grave it is: high, medium or low"`
	Strength     token   `yaml:"strength" schema:"strength,required" doc:"how the rule binds that may have been broken"`
	When         token   `yaml:"when" schema:"condition" doc:"condition over a project: only those it holds for are looked at; all, if left out"`
	Limit        token   `yaml:"limit" schema:"code" doc:"amount parameter: the threshold that is dodged"`
	Similarity   token   `yaml:"similarity_percent" schema:"number" doc:"titles this alike or more belong together"`
	Within       token   `yaml:"within_percent" schema:"number" doc:"amounts this far below the limit or less are just below it"`
	WindowMonths int     `yaml:"window_months" doc:"span of time looked at, in months"`
	WindowDays   int     `yaml:"window_days" doc:"span of time looked at, in days"`
	Count        int     `yaml:"count" doc:"so many or more make a flag"`
	Bidders      int     `yaml:"bidders" doc:"so many bidders or fewer are too few"`
	SettleDays   int     `yaml:"settle_days" doc:"days that a fact of another service may take to arrive before it counts as missing"`
	Obligations  []token `yaml:"obligations" schema:"code" doc:"codes of deadlines that are looked at"`
	Links        []token `yaml:"links" schema:"link" doc:"who is compared with the supplier"`
	Basis        []token `yaml:"basis" schema:"provision,required" doc:"provision ids"`
	ZH           string  `yaml:"zh" schema:",required" doc:"Chinese title"`
	EN           string  `yaml:"en" schema:",required" doc:"English title"`
	Why          Text    `yaml:"why" schema:",required" doc:"what may lie behind it: for whoever reads the flag"`
}

// given says which of the keys that some detectors take are there.
func (s *flagSource) given() map[string]bool {
	return map[string]bool{
		keyLimit: s.Limit.given(), keySimilarity: s.Similarity.given(), keyWithin: s.Within.given(),
		keyWindow: s.WindowMonths != 0 || s.WindowDays != 0, keyCount: s.Count != 0, keyBidders: s.Bidders != 0, keySettle: s.SettleDays != 0,
		keyObligations: len(s.Obligations) > 0, keyLinks: len(s.Links) > 0,
	}
}

var (
	allDetectors = []Detector{
		Splitting, BelowLimit, ContractBeforeApproval, ContractOverApproval, ContractOverBudget, WorkBeforeProcurement,
		ChangeWithoutConsent, EvaluatorLinked, SingleBidder, Overdue, AcceptanceUntested,
	}
	allLevels = []Level{High, Medium, Low}
	allLinks  = []string{AgencyLink, ExpertLink, SupervisorLink, TesterLink}
)

// flags compiles the red-flag rules. It is read behind deadlines.yaml, so that
// a flag names deadlines that exist.
func (l *loader) flags(src *flagsSource) {
	l.deadlines(&deadlinesSource{Deadlines: src.Deadlines})
	for _, t := range src.Boilerplate {
		if t.Value == "" || slices.Contains(l.pack.boilerplate, t.Value) {
			l.refuse(t, "duplicate", "空白或重复的词", "is empty or listed twice")
			continue
		}
		l.pack.boilerplate = append(l.pack.boilerplate, t.Value)
	}
	slices.SortStableFunc(l.pack.boilerplate, func(a, b string) int { return len([]rune(b)) - len([]rune(a)) })
	env := l.flagLanguage()
	for i := range src.Flags {
		l.pack.flags = append(l.pack.flags, l.flag(env, &src.Flags[i]))
	}
}

// flagLanguage is the rule language with a project of the ledger for a case.
func (l *loader) flagLanguage() *cel.Env {
	vars := slices.Clone(flagVariables)
	var constants []cel.EnvOption
	for _, p := range l.pack.params {
		switch {
		case p.dated():
			vars = append(vars, cel.Variable(p.Name, cel.IntType))
		case p.Kind == Day || p.Kind == MonthDay || len(p.Dates) == 0:
		case knownOfConcerned(p.Name): // the project's own wins: here nothing is decided
		default:
			constants = append(constants, cel.Constant(p.Name, cel.IntType, types.Int(p.Dates[0].Value)))
		}
	}
	env, err := newEnv(vars, constants)
	if err != nil {
		l.refuse(token{}, "invalid_language", "无法建立表达式环境："+err.Error(), "the rule language cannot be set up: "+err.Error())
		return nil
	}
	return env
}

// knownOfConcerned names figures that both a pack and a project may have.
func knownOfConcerned(name string) bool { return name == "bidders" || name == "contract_years" }

func (l *loader) flag(env *cel.Env, s *flagSource) *Flag {
	f := &Flag{
		Code: s.Flag.Value, Label: l.text(Text{s.ZH, s.EN}, s.Flag), Why: l.text(s.Why, s.Flag),
		Detector: Detector(s.Detector.Value), Severity: Level(s.Severity.Value), Strength: l.strength(s.Strength), Basis: l.basis(s.Basis, s.Flag),
		WindowMonths: s.WindowMonths, WindowDays: s.WindowDays, Count: s.Count, Bidders: int64(s.Bidders), SettleDays: s.SettleDays,
		when: alwaysTrue, Condition: alwaysTrue.src,
	}
	l.name("flag", s.Flag)
	if !slices.Contains(allLevels, f.Severity) {
		l.refuse(s.Severity, "unknown_severity", "须为high、medium或low", "must be high, medium or low")
	}
	l.flagKeys(f, s)
	if s.Limit.given() {
		if f.Limit = l.pack.Param(s.Limit.Value); f.Limit == nil || f.Limit.Kind != Amount {
			l.refuse(s.Limit, "unknown_param", "没有这个金额参数："+s.Limit.Value, "there is no such amount parameter: "+s.Limit.Value)
		}
	}
	f.SimilarityBP, f.WithinBP = l.share(s.Similarity), l.share(s.Within)
	for _, t := range s.Obligations {
		if _, ok := l.pack.Deadline(t.Value); !ok {
			l.refuse(t, "unknown_deadline", "没有这个时限："+t.Value, "there is no such deadline: "+t.Value)
		}
		f.Obligations = append(f.Obligations, t.Value)
	}
	for _, t := range s.Links {
		if !slices.Contains(allLinks, t.Value) {
			l.refuse(t, "unknown_link", "须为agency、expert、supervisor或tester", "must be agency, expert, supervisor or tester")
		}
		f.Links = append(f.Links, t.Value)
	}
	if s.When.given() && env != nil {
		within := l.env
		l.env = env
		f.when, f.Condition = l.compile(s.When, cel.BoolType), s.When.Value
		l.env = within
		for _, p := range l.pack.params {
			if f.when != nil && p.dated() && slices.Contains(f.when.uses, p.Name) {
				f.days = append(f.days, p)
			}
		}
	}
	return f
}

// flagKeys wants the keys that the detector takes, and no others.
func (l *loader) flagKeys(f *Flag, s *flagSource) {
	takes, known := detectorKeys[f.Detector]
	if !known {
		l.refuse(s.Detector, "unknown_detector", "没有这种识别方式："+s.Detector.Value, "there is no such detector: "+s.Detector.Value)
		return
	}
	given := s.given()
	for _, key := range []string{keyLimit, keySimilarity, keyWithin, keyWindow, keyCount, keyBidders, keySettle, keyObligations, keyLinks} {
		switch taken := slices.Contains(takes, key); {
		case taken && !given[key] && key != keySettle:
			l.refuse(s.Flag, "missing_figure", "缺少"+key, key+" is missing")
		case !taken && given[key]:
			l.refuse(s.Flag, "unused_figure", "这种识别方式不使用"+key, "this detector does not use "+key)
		}
	}
	l.flagFigures(f, s)
}

func (l *loader) flagFigures(f *Flag, s *flagSource) {
	if s.WindowMonths != 0 && s.WindowDays != 0 {
		l.refuse(s.Flag, "one_length", "时间跨度须为月或日之一", "the window is counted in months or in days")
	}
	if f.WindowMonths < 0 || f.WindowDays < 0 || f.Count < 0 || f.Bidders < 0 || f.SettleDays < 0 {
		l.refuse(s.Flag, "negative", "数值不得为负", "figures must not be negative")
	}
	if f.Count == 1 && f.Detector != Overdue {
		l.refuse(s.Flag, "invalid_count", "须为两个或以上", "a series has two or more")
	}
}

// share reads a percentage of at most a whole.
func (l *loader) share(t token) int64 {
	if !t.given() {
		return 0
	}
	n, ok := parseScaled(t.Value, percentPlaces)
	if !ok || n <= 0 || n > basisPerUnit {
		l.refuse(t, "invalid_figure", "须为大于0、不超过100的百分数", "must be a percentage above 0 and up to 100")
	}
	return n
}

// flagRules are the rules of the pack's book.
func flagRules(flags []*Flag) []Rule {
	list := make([]Rule, len(flags))
	for i, f := range flags {
		list[i] = Rule{Name: "flag/" + f.Code, When: f.Condition, If: f.Condition, Strength: f.Strength, Text: f.Label, Basis: f.Basis}
	}
	return list
}
