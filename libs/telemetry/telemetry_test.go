package telemetry_test

import (
	"bytes"
	"context"
	"encoding/json"
	"log/slog"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"

	"egov/libs/conf"
	"egov/libs/telemetry"
)

// spanned is a context within a span, and the ids that a line of it carries.
func spanned(t *testing.T) (ctx context.Context, traceID, spanID string) {
	t.Helper()
	traceID, spanID = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
	tid, err := trace.TraceIDFromHex(traceID)
	if err != nil {
		t.Fatal(err)
	}
	sid, err := trace.SpanIDFromHex(spanID)
	if err != nil {
		t.Fatal(err)
	}
	return trace.ContextWithSpanContext(t.Context(), trace.NewSpanContext(trace.SpanContextConfig{TraceID: tid, SpanID: sid})), traceID, spanID
}

// TestALineCarriesItsTrace, also where nothing is sampled, and by loggers made
// from one; outside of a trace it has no ids.
func TestALineCarriesItsTrace(t *testing.T) {
	t.Parallel()
	ctx, traceID, spanID := spanned(t)
	for _, c := range []struct {
		name string
		ctx  context.Context
		of   func(*slog.Logger) *slog.Logger
		want map[string]any
	}{
		{"in a trace", ctx, func(l *slog.Logger) *slog.Logger { return l }, map[string]any{"trace_id": traceID, "span_id": spanID}},
		{"with more attributes", ctx, func(l *slog.Logger) *slog.Logger { return l.With("service", "declaration") }, map[string]any{"trace_id": traceID, "span_id": spanID, "service": "declaration"}},
		{"in a group", ctx, func(l *slog.Logger) *slog.Logger { return l.WithGroup("of") }, map[string]any{"of": map[string]any{"trace_id": traceID, "span_id": spanID}}},
		{"outside of a trace", t.Context(), func(l *slog.Logger) *slog.Logger { return l }, map[string]any{}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			var out bytes.Buffer
			log := c.of(telemetry.NewLogger(&out, slog.LevelInfo))
			log.DebugContext(c.ctx, "below the level")
			log.InfoContext(c.ctx, "refused")
			var line map[string]any
			if err := json.Unmarshal(out.Bytes(), &line); err != nil {
				t.Fatalf("not one line of JSON: %q: %v", out.String(), err)
			}
			if line["msg"] != "refused" || line["level"] != "INFO" || line["time"] == nil {
				t.Errorf("%v", line)
			}
			for _, known := range []string{"msg", "level", "time"} {
				delete(line, known)
			}
			got, _ := json.Marshal(line)
			want, _ := json.Marshal(c.want)
			if !bytes.Equal(got, want) {
				t.Errorf("got %s, want %s", got, want)
			}
		})
	}
}

// TestEveryMetricNamesItsService, those of the runtime too; two services of one
// process keep apart.
func TestEveryMetricNamesItsService(t *testing.T) {
	t.Parallel()
	for _, service := range []string{"declaration", "budgeting"} {
		m := telemetry.NewMetrics(service)
		asked := prometheus.NewCounter(prometheus.CounterOpts{Name: "asked_total"})
		m.Register.MustRegister(asked)
		asked.Inc()
		families, err := m.Gather.Gather()
		if err != nil {
			t.Fatal(err)
		}
		seen := map[string]bool{}
		for _, f := range families {
			seen[f.GetName()] = true
			for _, x := range f.GetMetric() {
				named := false
				for _, l := range x.GetLabel() {
					named = named || l.GetName() == "service" && l.GetValue() == service
				}
				if !named {
					t.Errorf("%s of %s does not name it: %v", f.GetName(), service, x.GetLabel())
				}
			}
		}
		if !seen["asked_total"] || !seen["go_goroutines"] {
			t.Errorf("%s: %v", service, seen)
		}
	}
}

// TestATraceGoesOnWhereNothingIsRecorded: the ids of a caller's trace pass
// through a process that samples nothing and exports nowhere, and a trace that
// begins there has ids too. It sets what the whole process has one of, so
// nothing else in the package may.
func TestATraceGoesOnWhereNothingIsRecorded(t *testing.T) {
	t.Parallel()
	stop, err := telemetry.Start(t.Context(), "test", conf.Telemetry{})
	if err != nil {
		t.Fatal(err)
	}
	header := propagation.MapCarrier{"traceparent": "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00"}
	for _, c := range []struct {
		name string
		ctx  context.Context
		want string
	}{
		{"a caller's", otel.GetTextMapPropagator().Extract(t.Context(), header), "4bf92f3577b34da6a3ce929d0e0e4736"},
		{"its own", t.Context(), ""},
	} {
		ctx, span := otel.Tracer("test").Start(c.ctx, "work")
		sc := span.SpanContext()
		if !sc.TraceID().IsValid() || c.want != "" && sc.TraceID().String() != c.want || sc.IsSampled() {
			t.Errorf("%s trace is %s, sampled %t", c.name, sc.TraceID(), sc.IsSampled())
		}
		out := propagation.MapCarrier{}
		otel.GetTextMapPropagator().Inject(ctx, out)
		if out["traceparent"] != "00-"+sc.TraceID().String()+"-"+sc.SpanID().String()+"-00" {
			t.Errorf("%s trace goes on as %q", c.name, out["traceparent"])
		}
		span.End()
	}
	if err := stop(t.Context()); err != nil {
		t.Error(err)
	}
}
