package module

import (
	"context"
	"log/slog"
	"net"
	"testing"

	"egov/libs/host"
)

// TestNothingIsSignedOrBelievedBeforeTheRegisterIsAsked: a loop that signs or
// believes by the register of keys (SH12-C-12) begins when its places were asked,
// and one that never gets so far ends with the process.
func TestNothingIsSignedOrBelievedBeforeTheRegisterIsAsked(t *testing.T) {
	t.Parallel()
	for name, answered := range map[string]bool{"asked": true, "stopped before": false} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ln, err := net.Listen("tcp", "127.0.0.1:0")
			if err != nil {
				t.Fatal(err)
			}
			k := &Kit{asked: make(chan struct{})}
			begun, other := make(chan bool, 1), make(chan struct{})
			ctx, stop := context.WithCancel(t.Context())
			defer stop()
			done := make(chan error, 1)
			go func() {
				done <- host.Run(ctx, slog.New(slog.DiscardHandler), host.Service{Name: "notes", Listener: ln, Setup: func(_ context.Context, u *host.Unit) error {
					k.Unit = u
					k.loop("believes", func(ctx context.Context) error {
						select {
						case <-k.asked:
							begun <- true
						default:
							begun <- false
						}
						<-ctx.Done()
						return nil
					})
					u.Loop("another", func(ctx context.Context) error { close(other); <-ctx.Done(); return nil })
					return nil
				}})
			}()
			<-other
			if answered {
				close(k.asked)
				if after := <-begun; !after {
					t.Error("it began before")
				}
			}
			stop()
			if err := <-done; err != nil {
				t.Fatal(err)
			}
			if !answered && len(begun) > 0 {
				t.Error("it began without")
			}
		})
	}
}
