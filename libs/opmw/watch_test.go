package opmw_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"strings"
	"testing"

	"github.com/go-kit/kit/endpoint"
	"github.com/prometheus/client_golang/prometheus"
	"go.opentelemetry.io/otel/codes"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"

	"egov/libs/authn"
	"egov/libs/fault"
	"egov/libs/fault/faulttest"
	"egov/libs/op"
	"egov/libs/opmw"
)

var errGate = fault.New(fault.Refused, "gate_closed", "条件未齐", "the gate is closed")

// answering is an endpoint that answers always the same.
func answering(out any, err error) endpoint.Endpoint {
	return func(context.Context, any) (any, error) { return out, err }
}

// outcomes are the three ways in which an operation ends.
var outcomes = []struct {
	name     string
	err      error
	code     string
	internal bool
}{
	{"done", nil, "ok", false},
	{"refused", errGate, "gate_closed", false},
	{"failed", errors.New("disk on fire"), "internal", true},
}

// lines reads what a logger wrote.
func lines(t *testing.T, out *bytes.Buffer) (list []map[string]any) {
	t.Helper()
	for d := json.NewDecoder(out); d.More(); {
		var line map[string]any
		if err := d.Decode(&line); err != nil {
			t.Fatal(err)
		}
		list = append(list, line)
	}
	return list
}

// TestAPanicIsAFault that shows nothing of itself to the caller, and all of it
// to the log; the next request is served.
func TestAPanicIsAFault(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	panics := true
	e := opmw.Recover(slog.New(slog.NewJSONHandler(&out, nil)))(op.Info{Name: "declaration.Draft"})(func(context.Context, any) (any, error) {
		if panics {
			panic("index out of range [3]")
		}
		return "done", nil
	})
	got, err := e(t.Context(), nil)
	f := faulttest.Refused(t, err, "internal")
	if got != nil || f.Kind != fault.Internal || strings.Contains(f.Msg+f.MsgEN, "index") {
		t.Errorf("answered with %v and %+v", got, f)
	}
	log := lines(t, &out)
	if len(log) != 1 || log[0]["level"] != "ERROR" || log[0]["operation"] != "declaration.Draft" || log[0]["panic"] != "index out of range [3]" {
		t.Fatalf("%v", log)
	}
	if stack, _ := log[0]["stack"].(string); !strings.Contains(stack, "TestAPanicIsAFault") {
		t.Errorf("the stack does not lead to the panic: %s", stack)
	}
	panics = false
	if got, err := e(t.Context(), nil); got != "done" || err != nil {
		t.Errorf("%v, %v", got, err)
	}
}

// TestTheLogHasWhatFailed and what was refused, each at its level, and nothing
// of what was done.
func TestTheLogHasWhatFailed(t *testing.T) {
	t.Parallel()
	for _, c := range outcomes {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			var out bytes.Buffer
			_, err := opmw.Log(slog.New(slog.NewJSONHandler(&out, nil)))(op.Info{Name: "declaration.Accept"})(answering(nil, c.err))(t.Context(), nil)
			if !errors.Is(err, c.err) {
				t.Errorf("the error becomes %v", err)
			}
			log := lines(t, &out)
			if c.err == nil {
				if len(log) != 0 {
					t.Errorf("%v", log)
				}
				return
			}
			level := "INFO"
			if c.internal {
				level = "ERROR"
			}
			if len(log) != 1 || log[0]["level"] != level || log[0]["operation"] != "declaration.Accept" || log[0]["code"] != c.code || log[0]["err"] != c.err.Error() {
				t.Errorf("%v", log)
			}
		})
	}
}

// TestRequestsAreCountedByOperationAndOutcome.
func TestRequestsAreCountedByOperationAndOutcome(t *testing.T) {
	t.Parallel()
	reg := prometheus.NewRegistry()
	metrics := opmw.Metrics(reg)
	want := map[string]uint64{}
	for _, operation := range []string{"declaration.Draft", "declaration.Accept"} {
		for i, c := range outcomes {
			for range i + 1 {
				if _, err := metrics(op.Info{Name: operation})(answering(nil, c.err))(t.Context(), nil); !errors.Is(err, c.err) {
					t.Errorf("the error becomes %v", err)
				}
			}
			want[operation+" "+c.code] = uint64(i + 1)
		}
	}
	families, err := reg.Gather()
	if err != nil || len(families) != 1 || families[0].GetName() != "egov_request_seconds" {
		t.Fatalf("%v: %v", families, err)
	}
	for _, m := range families[0].GetMetric() {
		labels := map[string]string{}
		for _, l := range m.GetLabel() {
			labels[l.GetName()] = l.GetValue()
		}
		key := labels["operation"] + " " + labels["code"]
		if got := m.GetHistogram().GetSampleCount(); got != want[key] {
			t.Errorf("%s: %d requests, want %d", key, got, want[key])
		}
		delete(want, key)
	}
	if len(want) > 0 {
		t.Errorf("not counted: %v", want)
	}
}

// TestASpanBearsItsOperation, the code of a fault, and the mark of an error
// where the fault is the suite's own.
func TestASpanBearsItsOperation(t *testing.T) {
	t.Parallel()
	for _, c := range outcomes {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			seen := tracetest.NewSpanRecorder()
			tracer := sdktrace.NewTracerProvider(sdktrace.WithSpanProcessor(seen)).Tracer("test")
			ctx, span := tracer.Start(t.Context(), "POST")
			if _, err := opmw.Trace()(op.Info{Name: "declaration.Accept"})(answering(nil, c.err))(ctx, nil); !errors.Is(err, c.err) {
				t.Errorf("the error becomes %v", err)
			}
			span.End()
			got := seen.Ended()[0]
			code := ""
			for _, a := range got.Attributes() {
				if a.Key == "egov.fault" {
					code = a.Value.AsString()
				}
			}
			if c.err == nil && code != "" || c.err != nil && code != c.code {
				t.Errorf("the span bears the fault %q", code)
			}
			if got.Name() != "declaration.Accept" || (got.Status().Code == codes.Error) != c.internal {
				t.Errorf("%q ends as %v", got.Name(), got.Status())
			}
		})
	}
}

// TestOnlyTheOperationsRolesPass (SH12-P-9): the refusal names them.
func TestOnlyTheOperationsRolesPass(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name  string
		asked []string
		has   []string
		pass  bool
	}{
		{"one of them", []string{"secretary", "chair"}, []string{"chair"}, true},
		{"another", []string{"secretary", "chair"}, []string{"member"}, false},
		{"none", []string{"secretary"}, nil, false},
		{"no role is asked for", nil, nil, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			ctx := authn.With(t.Context(), authn.Principal{Subject: "li", Roles: c.has})
			got, err := opmw.Scope()(op.Info{Name: "x", Roles: c.asked})(answering("done", nil))(ctx, nil)
			if c.pass {
				if got != "done" || err != nil {
					t.Errorf("%v, %v", got, err)
				}
				return
			}
			f := faulttest.RefusedOn(t, err, "SH12-P-9", "role_required", "role_required")
			if f.Kind != fault.Forbidden || !strings.Contains(f.Violations[0].Msg, strings.Join(c.asked, "、")) {
				t.Errorf("%+v", f)
			}
		})
	}
}
