package demo

import (
	"bytes"
	_ "embed"
	"encoding/json"
	"fmt"
	"slices"
)

// The facts of twelve published projects: names, buyers, amounts, kinds. See
// the file's own "about" for what is assumed.
//
//go:embed projects.json
var published []byte

// Published is one project as its notice tells it.
type Published struct {
	ID              string `json:"id"`
	Title           string `json:"title"`
	Buyer           string `json:"buyer"`
	AmountFen       int64  `json:"amount_fen"`
	AmountAssumed   bool   `json:"amount_assumed"`
	Kind            string `json:"kind"`
	PureSoftware    bool   `json:"pure_software"`
	HardwareFen     int64  `json:"hardware_fen"`
	HardwareAssumed bool   `json:"hardware_assumed"`
	AwardFen        int64  `json:"award_fen"`
	OMFirstYear     *bool  `json:"om_first_year"`
	OMPreviousFen   int64  `json:"om_previous_fen"`
	ContractYears   int    `json:"contract_years"`
	ReplacesSystems int    `json:"replaces_systems"`
	Note            string `json:"note"`
}

// ReadProjects reads a file of the form of projects.json; nil reads the
// embedded one.
func ReadProjects(b []byte) ([]Published, error) {
	if b == nil {
		b = published
	}
	var doc struct {
		About    string      `json:"about"`
		Projects []Published `json:"projects"`
	}
	d := json.NewDecoder(bytes.NewReader(b))
	d.DisallowUnknownFields()
	if err := d.Decode(&doc); err != nil {
		return nil, fmt.Errorf("projects file: %w", err)
	}
	if len(doc.Projects) == 0 {
		return nil, fmt.Errorf("projects file: it names no project")
	}
	var ids []string
	for _, p := range doc.Projects {
		if p.ID == "" || p.Title == "" || p.Kind == "" || p.AmountFen <= 0 {
			return nil, fmt.Errorf("projects file: %q needs id, title, kind and a positive amount_fen", p.ID)
		}
		if slices.Contains(ids, p.ID) {
			return nil, fmt.Errorf("projects file: %q appears twice", p.ID)
		}
		ids = append(ids, p.ID)
	}
	return doc.Projects, nil
}
