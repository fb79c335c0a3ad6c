// Package redflag finds in the ledger what an auditor should look into: a
// project split below a limit, a contract before its approval, a supplier who
// judged its own work. What is looked for, and every figure, is the rule pack's
// (policy.Flag); here are the ways of finding it.
//
// The package promises: a flag rests on rows of the ledger and names each of
// them; the flags that stand are a function of the facts that have a row, of
// the packs and of the clock, never of the order or the batches in which facts
// arrived; the same evidence has one flag, under one id; a flag whose evidence
// falls away is withdrawn with the row that did it, and stays on record.
//
// It does not say that anybody did wrong: a flag is a question. It reads no
// other service, so what no fact says it does not know: an evaluator's tie to a
// supplier is seen by names and employers on record alone. It holds nothing up:
// rows are made before it looks, and when it fails it looks again.
package redflag

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"
	"time"

	"egov/libs/aggregate"
	"egov/libs/calendar"
	"egov/libs/policy"
)

// State is where a flag stands.
type State string

// The states.
const (
	Raised    State = "raised"
	Withdrawn State = "withdrawn" // the facts meet the rule no longer
)

// Flag is one red flag with all it rests on. It belongs to the audit bureau;
// only auditors see it.
type Flag struct {
	aggregate.Root
	Code     string       `json:"code"` // of the pack
	Title    string       `json:"title"`
	TitleEN  string       `json:"title_en"`
	Severity policy.Level `json:"severity"`
	State    State        `json:"state"`
	Rule     Rule         `json:"rule"`

	AuditedUnit string     `json:"audited_unit"`
	Projects    []string   `json:"projects"`
	AmountFen   int64      `json:"amount_fen"` // what the facts add up to; 0 where no amounts are compared
	LimitFen    int64      `json:"limit_fen"`
	Explanation Text       `json:"explanation"`
	Evidence    []Evidence `json:"evidence"`
	Likeness    []Likeness `json:"likeness,omitempty"` // of titles

	Scope     string      `json:"scope"` // the facts it is looked for in: one project's, or one unit's
	RaisedAt  time.Time   `json:"raised_at"`
	Times     int         `json:"times"`     // how often it was raised
	Revisions int         `json:"revisions"` // how often other evidence joined or left
	Withdrawn *Withdrawal `json:"withdrawn,omitempty"`
	Cases     []string    `json:"cases"` // audit cases opened from it
}

// Text is one text in the two languages of the suite.
type Text struct {
	ZH string `json:"zh"`
	EN string `json:"en"`
}

// Rule is the red-flag rule as it was when the flag was raised or revised last.
type Rule struct {
	Pack        string          `json:"pack"`
	PackVersion string          `json:"pack_version"`
	Detector    policy.Detector `json:"detector"`
	Strength    policy.Strength `json:"strength"`
	Basis       []string        `json:"basis"`
	Why         Text            `json:"why"`
	Condition   string          `json:"condition"` // CEL; "true" for every project
	Figures     []Figure        `json:"figures"`
}

// Figure is one threshold of a rule.
type Figure struct {
	Name  string `json:"name"`
	Value int64  `json:"value"`
	Unit  string `json:"unit"` // fen, basis_points, months, days or count
}

// Evidence is one row of the ledger with what it shows.
type Evidence struct {
	Seq       int64     `json:"seq"`
	EventID   string    `json:"event_id"`
	Type      string    `json:"type"`
	At        time.Time `json:"at"`
	Actor     string    `json:"actor"`
	Unit      string    `json:"unit"`
	ProjectID string    `json:"project_id"`
	Day       string    `json:"day,omitempty"` // the day that matters, as the fact names it
	AmountFen int64     `json:"amount_fen,omitempty"`
	Shows     Text      `json:"shows"`
}

// Withdrawal is why a flag stands no longer.
type Withdrawal struct {
	At       time.Time `json:"at"`
	AfterSeq int64     `json:"after_seq"` // the row after which it fell; 0 when the rules changed
	Reason   Text      `json:"reason"`
}

// Finding is what a detector found: a flag before it is held against those that
// stand.
type Finding struct {
	ID        string
	Flag      *policy.Flag
	Pack      *policy.Pack
	Unit      string
	Projects  []string
	AmountFen int64
	LimitFen  int64
	On        calendar.Date // on which a limit that changes with time was read
	Text      Text
	Evidence  []Evidence
	Likeness  []Likeness
}

// identity is the id of a flag: the same rule over the same anchor is the same
// flag, whenever and by whomever it is found.
func identity(f *policy.Flag, pack, anchor string) string {
	sum := sha256.Sum256([]byte(strings.Join([]string{"red-flag", pack, f.Code, anchor}, "\x00")))
	return "rf-" + hex.EncodeToString(sum[:12])
}

// show puts a finding into a flag.
func (f *Flag) show(x *Finding) {
	f.Code, f.Title, f.TitleEN, f.Severity = x.Flag.Code, x.Flag.Label.ZH, x.Flag.Label.EN, x.Flag.Severity
	f.Rule = Rule{
		Pack: x.Pack.ID(), PackVersion: x.Pack.Version(), Detector: x.Flag.Detector, Strength: x.Flag.Strength, Basis: x.Flag.Basis,
		Why: Text(x.Flag.Why), Condition: x.Flag.Condition, Figures: figures(x),
	}
	f.AuditedUnit, f.Projects, f.AmountFen, f.LimitFen = x.Unit, x.Projects, x.AmountFen, x.LimitFen
	f.Explanation, f.Evidence, f.Likeness = x.Text, x.Evidence, x.Likeness
	f.ProjectID = f.ID
	if len(x.Projects) == 1 && strings.HasPrefix(f.Scope, projectScope) {
		f.ProjectID = x.Projects[0]
	}
	if f.Cases == nil {
		f.Cases = []string{}
	}
}

func figures(x *Finding) []Figure {
	list := []Figure{}
	add := func(name string, value int64, unit string) {
		if value > 0 {
			list = append(list, Figure{name, value, unit})
		}
	}
	f := x.Flag
	if f.Limit != nil {
		add(f.Limit.Name, f.Limit.At(x.On), "fen")
	}
	add("similarity", f.SimilarityBP, "basis_points")
	add("within", f.WithinBP, "basis_points")
	add("window", int64(f.WindowMonths), "months")
	add("window", int64(f.WindowDays), "days")
	add("count", int64(f.Count), "count")
	add("bidders", f.Bidders, "count")
	add("settle", int64(f.SettleDays), "days")
	return list
}

// rests reports whether the flag rests on the very rows of a finding, and says
// the same of them.
func (f *Flag) rests(x *Finding) bool {
	if f.AmountFen != x.AmountFen || f.LimitFen != x.LimitFen || len(f.Evidence) != len(x.Evidence) || f.Explanation != x.Text {
		return false
	}
	for i := range f.Evidence {
		if f.Evidence[i].EventID != x.Evidence[i].EventID {
			return false
		}
	}
	return true
}

// Scopes begin with what they are about.
const (
	projectScope = "project/"
	unitScope    = "unit/"
)

// ScopeOfProject and ScopeOfUnit name the facts that a flag is looked for in.
func ScopeOfProject(id string) string { return projectScope + id }

// ScopeOfUnit names the projects of one unit.
func ScopeOfUnit(unit string) string { return unitScope + unit }
