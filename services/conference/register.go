package conference

import (
	"context"

	"egov/libs/aggregate"
	"egov/libs/calendar"
)

// Filing is one line of the register of filings: a project that the conference
// consented to by filing.
type Filing struct {
	ProjectID   string        `json:"project_id"`
	Title       string        `json:"title"`
	Unit        string        `json:"unit"`
	Kind        string        `json:"kind"`
	Route       string        `json:"route"`
	DeclaredFen int64         `json:"declared_fen"`
	ApprovedFen int64         `json:"approved_fen"`
	FiledOn     calendar.Date `json:"filed_on"`
	SessionID   string        `json:"session_id"`
	ItemID      string        `json:"item_id"`
	Conditions  []string      `json:"conditions"`
	Basis       []string      `json:"basis"`
}

// ListFilings asks for one page of the register.
type ListFilings struct {
	Unit      string `query:"unit" json:"-"` // the declaring unit
	Kind      string `query:"kind" json:"-"`
	PageSize  int    `query:"page_size" json:"-"`
	PageToken string `query:"page_token" json:"-"`
}

// Filings reads the register of filings, as far as the caller may see it.
func (s *Service) Filings(ctx context.Context, r ListFilings) (aggregate.Page[Filing], error) {
	page, err := s.Dockets.List(ctx, aggregate.Query{
		Filter:   map[string]string{"outcome": string(Filed), "declaring_unit": r.Unit, "kind": r.Kind},
		PageSize: r.PageSize, PageToken: r.PageToken,
	})
	out := aggregate.Page[Filing]{Items: []Filing{}, NextPageToken: page.NextPageToken}
	if err != nil {
		return out, err
	}
	for _, d := range page.Items {
		f := Filing{
			ProjectID: d.ID, Title: d.Title, Unit: d.Project.GetUnit(), Kind: d.Project.GetKind(), Route: d.Project.GetRoute(),
			DeclaredFen: d.Project.GetAmountFen(), ApprovedFen: d.ApprovedFen,
		}
		for _, x := range d.Decisions {
			if x.Kind == ProjectItem && x.Outcome == Filed {
				f.FiledOn, f.SessionID, f.ItemID, f.Conditions, f.Basis = x.DecidedOn, x.SessionID, x.ItemID, x.Conditions, x.Basis
			}
		}
		out.Items = append(out.Items, f)
	}
	return out, nil
}
