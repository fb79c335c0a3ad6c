package rules

import (
	"errors"

	"egov/libs/fault"
	typev1 "egov/proto/gen/egov/type/v1"
)

// Missing lists what a gate still waits for, for a caller that refuses for
// reasons of its own as well and names all of them together.
func (b Book) Missing(p *typev1.ProjectBrief, gate string, has Has) ([]fault.Violation, error) {
	err := b.Gate(p, gate, has)
	if errors.Is(err, ErrGate) {
		return fault.From(err).Violations, nil
	}
	return nil, err
}
