// Package eventapi is what the expertreview service does about the facts of
// the others.
package eventapi

import (
	"context"

	"egov/libs/event"
	"egov/libs/module"
	cybersecurityv1 "egov/proto/gen/egov/cybersecurity/v1"
	declarationv1 "egov/proto/gen/egov/declaration/v1"
	"egov/services/expertreview"
)

// Subscribe starts following the other services.
func Subscribe(k *module.Kit, s *expertreview.Service) {
	// stable: subscription name
	k.Subscribe("expertreview.projects", []string{"declaration", "cybersecurity"},
		module.React(func(ctx context.Context, f *declarationv1.ProjectAccepted, _ event.Record) error {
			return s.ProjectAccepted(ctx, f.GetProject())
		}),
		module.React(func(ctx context.Context, f *declarationv1.ProjectWithdrawn, _ event.Record) error {
			return s.ProjectEnded(ctx, f.GetProjectId())
		}),
		module.React(func(ctx context.Context, f *cybersecurityv1.PublishingConsentGiven, _ event.Record) error {
			return s.ConsentGiven(ctx, f.GetProjectId())
		}),
	)
}
