package declaration

import (
	"context"
	"encoding/json"
	"slices"
	"time"

	"egov/libs/policy"
)

// Dossier is everything about one project: where it stands, every fact any
// service stated, its clocks and its chain of amounts.
type Dossier struct {
	Project   Project         `json:"project"`
	Amounts   Amounts         `json:"amounts"`
	Deadlines []DossierClock  `json:"deadlines"`
	Timeline  []TimelineEntry `json:"timeline"`
}

// Amounts is the chain that an auditor follows, in fen; 0 = not reached yet.
type Amounts struct {
	DeclaredFen  int64 `json:"declared_fen"`
	EvaluatedFen int64 `json:"evaluated_fen"`
	ApprovedFen  int64 `json:"approved_fen"`
	BudgetFen    int64 `json:"budget_fen"`
	AwardFen     int64 `json:"award_fen"`
	ContractFen  int64 `json:"contract_fen"`
	PaidFen      int64 `json:"paid_fen"`
	FinalFen     int64 `json:"final_fen"`
}

// DossierClock is one statutory clock as its service stated it last.
type DossierClock struct {
	ID          string   `json:"id"`
	Service     string   `json:"service"`
	Obligation  string   `json:"obligation"`
	Unit        string   `json:"unit"`
	TriggerOn   string   `json:"trigger_on"`
	DueOn       string   `json:"due_on"`
	MovedFrom   string   `json:"moved_from,omitempty"`
	State       string   `json:"state"` // open, warned, met, late or waived
	MetOn       string   `json:"met_on,omitempty"`
	Provisional bool     `json:"provisional"`
	Basis       []string `json:"basis"`
}

// TimelineEntry is one fact as it was stated.
type TimelineEntry struct {
	Service string          `json:"service"`
	Seq     int64           `json:"seq"` // per service and project, from 1
	Type    string          `json:"type"`
	At      time.Time       `json:"at"`
	Unit    string          `json:"unit"`
	Actor   string          `json:"actor"`
	TraceID string          `json:"trace_id"`
	Data    json.RawMessage `json:"data"`
}

// Dossiers keeps the facts of all services by project. What it shows is bound
// to what the caller may see of the project.
type Dossiers interface {
	Timeline(ctx context.Context, project string) ([]TimelineEntry, error)
}

// GetProject names one project.
type GetProject struct {
	ID string `path:"id" json:"-"`
}

// Dossier puts together everything about one project.
func (s *Service) Dossier(ctx context.Context, r GetProject) (Dossier, error) {
	p, err := s.Projects.Get(ctx, r.ID)
	if err != nil {
		return Dossier{}, err
	}
	facts, err := s.Dossiers.Timeline(ctx, r.ID)
	if err != nil {
		return Dossier{}, err
	}
	if p.Decision != nil {
		p.Decision = s.spelt(*p.Decision, facts)
	}
	return Dossier{Project: p, Amounts: p.Amounts, Deadlines: clocks(facts), Timeline: facts}, nil
}

// spelt is the decision with the trace that was stated with it.
func (s *Service) spelt(d policy.Decision, facts []TimelineEntry) *policy.Decision {
	for _, f := range slices.Backward(facts) {
		if f.Type != "egov.declaration.v1.ProjectSubmitted" {
			continue
		}
		var fact struct {
			Trace []string `json:"trace"`
		}
		if pack, err := s.Rules.Of(d.Pack); err == nil && json.Unmarshal(f.Data, &fact) == nil {
			d = pack.Spell(d, fact.Trace)
		}
		break
	}
	return &d
}

// clocks folds what was stated about clocks into how each stands.
func clocks(facts []TimelineEntry) []DossierClock {
	states := map[string]string{
		"egov.deadline.v1.DeadlineSet": "open", "egov.deadline.v1.DeadlineWarned": "warned", "egov.deadline.v1.DeadlineMet": "met",
		"egov.deadline.v1.DeadlineMissed": "late", "egov.deadline.v1.DeadlineFulfilledLate": "late",
		"egov.deadline.v1.DeadlineMoved": "open", "egov.deadline.v1.DeadlineWaived": "waived",
	}
	out := []DossierClock{}
	at := map[string]int{}
	for _, f := range facts {
		state, ok := states[f.Type]
		if !ok {
			continue
		}
		var d struct {
			ID          string   `json:"deadline_id"`
			Obligation  string   `json:"obligation"`
			Unit        string   `json:"unit"`
			TriggerOn   string   `json:"trigger_on"`
			DueOn       string   `json:"due_on"`
			MovedFrom   string   `json:"moved_from"`
			MetOn       string   `json:"met_on"`
			Provisional bool     `json:"provisional"`
			Basis       []string `json:"basis"`
		}
		if err := json.Unmarshal(f.Data, &d); err != nil {
			continue // not a clock of ours: the ledger has it as it came
		}
		i, known := at[d.ID]
		if !known {
			i = len(out)
			at[d.ID] = i
			out = append(out, DossierClock{ID: d.ID, Service: f.Service, Obligation: d.Obligation, Unit: d.Unit, TriggerOn: d.TriggerOn, Provisional: d.Provisional, Basis: append([]string{}, d.Basis...)})
		}
		c := &out[i]
		c.State, c.DueOn = state, d.DueOn
		if d.MovedFrom != "" {
			c.MovedFrom = d.MovedFrom
		}
		if d.MetOn != "" {
			c.MetOn = d.MetOn
		}
	}
	return out
}
