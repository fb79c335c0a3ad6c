package module_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"egov/libs/conf"
	"egov/libs/event/eventkeys"
	"egov/libs/host"
	"egov/libs/module"
	"egov/libs/module/moduletest"
	"egov/libs/pg"
)

// TestStartingWaitsForNobodysRegister: whoever publishes keys may be set up later
// in the same process, so it is asked when the service is served and not before;
// until it has answered, the service is not ready (SH12-C-12).
func TestStartingWaitsForNobodysRegister(t *testing.T) {
	t.Parallel()
	var served http.Handler
	up := make(chan struct{}) // closed when the service is set up
	var once sync.Once
	said := make(chan string, 1)
	register := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		once.Do(func() {
			select {
			case <-up:
				said <- readiness(r.Context(), served)
			case <-r.Context().Done():
				said <- "the answer was awaited while the service was set up"
			}
		})
		_, _ = w.Write([]byte(`{"keys":[]}`)) // the client is gone when this fails
	}))
	t.Cleanup(register.Close)
	moduletest.Start(t, "notes", "2026-03-02", func(c conf.Service) host.Service {
		s := module.New(module.Module{Name: "notes", Title: "记事", Duty: "gov-office", Migrations: []pg.Set{schema}, Setup: func(context.Context, *module.Kit) error { return nil }}, c)
		setup := s.Setup
		s.Setup = func(ctx context.Context, u *host.Unit) error {
			if err := setup(ctx, u); err != nil {
				return err
			}
			served = u.Mux
			close(up)
			return nil
		}
		return s
	}, func(c *conf.Service) { c.Keys.Register = t.TempDir() + "," + register.URL + eventkeys.Path })
	if got := <-said; got != "not ready: event_keys" {
		t.Error(got)
	}
}

// readiness is what /readyz says once every service of the process is served.
func readiness(ctx context.Context, h http.Handler) string {
	for {
		w := httptest.NewRecorder()
		h.ServeHTTP(w, httptest.NewRequestWithContext(ctx, http.MethodGet, "/readyz", nil))
		said := strings.TrimSpace(w.Body.String())
		if said != "starting or stopping" || ctx.Err() != nil {
			return said
		}
		select {
		case <-ctx.Done():
		case <-time.After(time.Millisecond): // looked at again
		}
	}
}
