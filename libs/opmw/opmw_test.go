package opmw_test

import (
	"context"
	"net/http/httptest"
	"testing"
	"time"

	"egov/libs/authn"
	"egov/libs/fault"
	"egov/libs/op"
	"egov/libs/opmw"
)

// TestOneCallerLeavesRoomForOthers: who has used his bucket up is told to wait,
// and nobody else.
func TestOneCallerLeavesRoomForOthers(t *testing.T) {
	t.Parallel()
	const burst = 3
	limited := opmw.RateLimit(0.001, burst)(op.Info{})(func(context.Context, any) (any, error) { return "done", nil })
	as := func(subject string) error {
		ctx := t.Context()
		if subject != "" {
			ctx = authn.With(ctx, authn.Principal{Subject: subject})
		}
		_, err := limited(ctx, &op.Request{HTTP: httptest.NewRequestWithContext(ctx, "GET", "/", nil)})
		return err
	}
	for range burst {
		if err := as("li"); err != nil {
			t.Fatal(err)
		}
	}
	err := as("li")
	if f := fault.From(err); f.Kind != fault.Exhausted || f.Code != "rate_limited" || f.RetryAfter < time.Second {
		t.Errorf("one request too many is answered with %v", err)
	}
	for _, other := range []string{"wang", ""} {
		if err := as(other); err != nil {
			t.Errorf("%q: %v", other, err)
		}
	}
}

// TestASlowOperationIsCutOff at its deadline, in words that invite another try.
func TestASlowOperationIsCutOff(t *testing.T) {
	t.Parallel()
	slow := opmw.Deadline(time.Millisecond)(op.Info{})(func(ctx context.Context, _ any) (any, error) {
		<-ctx.Done()
		return nil, ctx.Err()
	})
	_, err := slow(t.Context(), nil)
	if f := fault.From(err); f.Kind != fault.Unavailable || f.Code != "timeout" {
		t.Errorf("got %v", err)
	}
}
