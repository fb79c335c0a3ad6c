// Package eventapi turns the facts that the auditexport service acts on into
// calls of its use cases. Every fact becomes a row; these few are answers to the
// ledger itself besides.
package eventapi

import (
	"context"
	"strings"

	"google.golang.org/protobuf/proto"

	"egov/libs/event"
	"egov/libs/ledger"
	ledgerv1 "egov/proto/gen/egov/ledger/v1"
	"egov/services/auditexport"
)

// witnessing is how the types of the facts of witnessing begin.
const witnessing = "egov.ledger.v1."

// IsWitnessing says whether an event is a witness's answer or what it answers.
func IsWitnessing(e *event.Record) bool { return strings.HasPrefix(e.Type, witnessing) }

// Hear takes in one of them. What cannot be read is an alarm, not an error: its
// row is made all the same.
func Hear(ctx context.Context, s *auditexport.Service, e event.Record) (*auditexport.Alarm, error) {
	by := auditexport.Speaker{Service: e.Source, Unit: e.Unit}
	switch e.Type {
	case name(&ledgerv1.CheckpointCosigned{}):
		return decoded(ctx, by, e, &ledgerv1.CheckpointCosigned{}, s.OnCosigned)
	case name(&ledgerv1.CheckpointRefused{}):
		return decoded(ctx, by, e, &ledgerv1.CheckpointRefused{}, s.OnRefused)
	}
	return nil, nil
}

func name(m proto.Message) string { return string(m.ProtoReflect().Descriptor().FullName()) }

func decoded[M proto.Message](ctx context.Context, by auditexport.Speaker, e event.Record, m M, do func(context.Context, auditexport.Speaker, M) (*auditexport.Alarm, error)) (*auditexport.Alarm, error) {
	if err := event.Decode(e, m); err != nil {
		return &auditexport.Alarm{Speaker: by, Code: string(ledger.CodeCosignature), Detail: err.Error()}, nil
	}
	return do(ctx, by, m)
}
