package portal_test

import (
	"io"
	"log/slog"
	"net/http/httptest"
	"os"
	"os/exec"
	"testing"

	"github.com/prometheus/client_golang/prometheus"

	"egov/libs/calendar"
	"egov/libs/redistest"
	"egov/services/portal"
	"egov/services/portal/portaltest"
)

// TestBrowser walks a person's way through the built application in a real
// browser, before the small district. The same walk runs against the whole
// suite when E2E_BASE_URL names one (web/e2e).
func TestBrowser(t *testing.T) {
	t.Parallel()
	if _, err := os.Stat("web/dist/index.html"); err != nil {
		t.Fatal("the web application is not built: run `make web`")
	}
	clock := calendar.NewManual(morning)
	district := portaltest.Start(t, clock)
	c := portal.Default()
	for name, at := range district.URLs {
		c.Services[name] = at
	}
	h, err := portal.New(portal.Parts{
		Config: c, Clock: clock, Redis: redistest.Client(t), Pages: os.DirFS("web/dist"),
		Log: slog.New(slog.NewTextHandler(io.Discard, nil)), Metrics: prometheus.NewRegistry(), Stop: t.Context(),
	})
	if err != nil {
		t.Fatal(err)
	}
	srv := httptest.NewServer(h)
	t.Cleanup(srv.Close)

	walk := exec.CommandContext(t.Context(), "node", "--test", "e2e/walk.test.mjs")
	walk.Dir = "web"
	walk.Env = append(os.Environ(), "E2E_BASE_URL="+srv.URL, "E2E_PASSWORD="+portaltest.Password, "E2E_DECLARER="+portaltest.Declarer, "E2E_SECRETARY="+portaltest.Secretary, "E2E_AUDITOR="+portaltest.Auditor)
	out, err := walk.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
}
