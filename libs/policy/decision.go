package policy

// Decision is one decided case. Its JSON form is the outside contract: the
// fields below, slices never null. Basis lists belong to the pack and are read
// only; the other lists are the caller's.
type Decision struct {
	Pack           string      `json:"pack"`
	PackVersion    string      `json:"pack_version"`
	Route          string      `json:"route"`
	Steps          []string    `json:"steps"`           // in order, preparatory ones first
	Basis          []string    `json:"basis"`           // provision ids that decided the route
	Checklist      []Item      `json:"checklist"`       // every required item
	ConferenceMode string      `json:"conference_mode"` // empty where no conference takes part
	Findings       []Finding   `json:"findings"`
	Obligations    []string    `json:"obligations"`     // later duties known now
	Notes          []Note      `json:"notes"`           // readings of unclear text
	Trace          []TraceStep `json:"trace,omitempty"` // every rule looked at, in order; left out where a decision is stored
	Ready          bool        `json:"ready"`           // nothing missing, no finding is an error
}

// Item is one required material and the gate that asks for it.
type Item struct {
	Item    string   `json:"item"`
	Present bool     `json:"present"`
	Gate    string   `json:"gate"`
	Basis   []string `json:"basis"`
}

// Severity says whether a finding stands in the way.
type Severity string

// The severities. stable: they appear in decisions.
const (
	Error   Severity = "error"
	Warning Severity = "warning"
)

// Finding is a breach of the cost standard or of a policy rule.
type Finding struct {
	Code      string   `json:"code"`
	Severity  Severity `json:"severity"`
	Strength  Strength `json:"strength"`
	Line      *int     `json:"line,omitempty"` // index into the budget, from 0
	LimitFen  *int64   `json:"limit_fen,omitempty"`
	ActualFen *int64   `json:"actual_fen,omitempty"`
	Basis     []string `json:"basis"`
	Message   string   `json:"message"`
	MessageEN string   `json:"message_en"`
}

// Note is a reading of unclear text that bears on this case.
type Note struct {
	Code   string   `json:"code"`
	Text   string   `json:"text"`
	TextEN string   `json:"text_en"`
	Basis  []string `json:"basis"`
}

// TraceStep is one rule looked at. Rule is "<section>/<name>", with "#<line>"
// for a rule of a budget line; Expr is the rule's CEL source. Values, given
// when Options ask for them, are the names in Expr with what they stood for:
// fields of the case, sums, figures of the pack.
type TraceStep struct {
	Rule   string         `json:"rule"`
	Expr   string         `json:"expr"`
	Values map[string]any `json:"values,omitempty"`
	Result bool           `json:"result"`
	Basis  []string       `json:"basis"`
}
