package eventapi

import (
	"context"
	"encoding/json"
	"strings"

	"egov/libs/calendar"
	"egov/libs/event"
	"egov/libs/module"
	conferencev1 "egov/proto/gen/egov/conference/v1"
	"egov/services/declaration/planning"
)

// followPlanning starts following what the conference decides on plans, and
// the facts by which units owe returns.
func followPlanning(k *module.Kit, s *planning.Service) {
	k.Subscribe("declaration.planning", []string{"conference", "cybersecurity"}, // stable: subscription name
		module.React(func(ctx context.Context, f *conferencev1.PlanReviewed, _ event.Record) error {
			return s.Reviewed(ctx, f)
		}),
		// Any other fact may be what a pack names as the trigger of a return.
		module.Otherwise(func(ctx context.Context, e event.Record) error {
			return s.Owe(ctx, e.Type[strings.LastIndexByte(e.Type, '.')+1:], unitOf(e), calendar.DateOf(e.Time))
		}),
	)
}

// unitOf is the unit that a fact is about, or else the one that stated it.
func unitOf(e event.Record) string {
	var f struct {
		Unit string `json:"unit"`
	}
	if err := json.Unmarshal(e.Data, &f); err != nil || f.Unit == "" {
		return e.Unit
	}
	return f.Unit
}
