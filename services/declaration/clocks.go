package declaration

import "encoding/json"

// DossierClock is one statutory clock as its service stated it last.
type DossierClock struct {
	ID          string   `json:"id"`
	Service     string   `json:"service"`
	Obligation  string   `json:"obligation"`
	Unit        string   `json:"unit"`
	TriggerOn   string   `json:"trigger_on"`
	DueOn       string   `json:"due_on"`
	MovedFrom   string   `json:"moved_from,omitempty"`
	State       string   `json:"state"` // open, warned, paused, met, late or waived
	PausedSince string   `json:"paused_since,omitempty"`
	MetOn       string   `json:"met_on,omitempty"`
	Provisional bool     `json:"provisional"`
	Basis       []string `json:"basis"`
}

// clockFact is what the facts about clocks have in common.
type clockFact struct {
	ID          string   `json:"deadline_id"`
	Obligation  string   `json:"obligation"`
	Unit        string   `json:"unit"`
	TriggerOn   string   `json:"trigger_on"`
	DueOn       string   `json:"due_on"`
	MovedFrom   string   `json:"moved_from"`
	MetOn       string   `json:"met_on"`
	PausedOn    string   `json:"paused_on"`
	Provisional bool     `json:"provisional"`
	Basis       []string `json:"basis"`
}

// clocks folds what was stated about clocks into how each stands.
func clocks(facts []TimelineEntry) []DossierClock {
	out := []DossierClock{}
	at := map[string]int{}
	for _, f := range facts {
		state, ok := clockStates[f.Type]
		if !ok {
			continue
		}
		var d clockFact
		if err := json.Unmarshal(f.Data, &d); err != nil {
			continue // not a clock of ours: the ledger has it as it came
		}
		i, known := at[d.ID]
		if !known {
			i = len(out)
			at[d.ID] = i
			out = append(out, DossierClock{ID: d.ID, Service: f.Service, Obligation: d.Obligation, Unit: d.Unit, Basis: append([]string{}, d.Basis...)})
		}
		out[i].take(state, d)
	}
	return out
}

// clockStates are the states that facts about clocks put them in; a confirmed
// clock runs on as it was.
var clockStates = map[string]string{
	"egov.deadline.v1.DeadlineSet": "open", "egov.deadline.v1.DeadlineWarned": "warned", "egov.deadline.v1.DeadlineMet": "met",
	"egov.deadline.v1.DeadlineMissed": "late", "egov.deadline.v1.DeadlineFulfilledLate": "late",
	"egov.deadline.v1.DeadlineMoved": "open", "egov.deadline.v1.DeadlineWaived": "waived",
	"egov.deadline.v1.DeadlinePaused": "paused", "egov.deadline.v1.DeadlineResumed": "open",
	"egov.deadline.v1.DeadlineConfirmed": "",
}

// take puts the clock where one more fact says. Facts that count the days say
// whether they are provisional; the others leave that, and what else they do
// not say, as it was.
func (c *DossierClock) take(state string, d clockFact) {
	if state == "open" || state == "" {
		c.Provisional = d.Provisional
	}
	if state != "" {
		c.State = state
	}
	c.PausedSince = ""
	if state == "paused" {
		c.PausedSince = d.PausedOn
	}
	if d.MovedFrom != d.DueOn {
		c.MovedFrom = firstOf(d.MovedFrom, c.MovedFrom)
	}
	c.TriggerOn, c.DueOn, c.MetOn = firstOf(d.TriggerOn, c.TriggerOn), firstOf(d.DueOn, c.DueOn), firstOf(d.MetOn, c.MetOn)
}

// firstOf is s, or what it was where nothing is said.
func firstOf(s, was string) string {
	if s != "" {
		return s
	}
	return was
}
