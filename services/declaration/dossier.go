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
