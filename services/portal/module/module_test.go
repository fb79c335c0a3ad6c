package module_test

import (
	"context"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"testing"
	"time"

	"egov/libs/calendar"
	"egov/libs/conf"
	"egov/libs/host"
	"egov/libs/redistest"
	"egov/services/portal"
	"egov/services/portal/module"
	"egov/services/portal/portaltest"
)

func TestMain(m *testing.M) { os.Exit(redistest.Main(m.Run)) }

// TestRunsAndStops runs the portal as its command does, and stops it while a
// page listens for events: the open stream must not hold the stop up.
func TestRunsAndStops(t *testing.T) {
	t.Parallel()
	district := portaltest.Start(t, calendar.System())
	c := portal.Default()
	c.Redis.URL = conf.Secret(redistest.URL(t))
	c.Refresh, c.Linger = 10*time.Millisecond, 0
	for name, at := range district.URLs {
		c.Services[name] = at
	}
	service := module.New(c)
	var err error
	if service.Listener, err = net.Listen("tcp", "127.0.0.1:0"); err != nil {
		t.Fatal(err)
	}
	base := "http://" + service.Listener.Addr().String()
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- host.Run(ctx, slog.New(slog.NewTextHandler(io.Discard, nil)), service) }()

	b := portaltest.NewBrowser(t, base)
	b.WaitReady(t)
	b.SignIn(t, portaltest.Declarer)
	events := b.Get(t, "/api/events")
	defer events.Body.Close()
	if _, err := io.ReadFull(events.Body, make([]byte, len("event: inbox"))); err != nil {
		t.Fatal(err)
	}
	began := time.Now()
	stop()
	if _, err := io.Copy(io.Discard, events.Body); err != nil {
		t.Errorf("the stream broke off: %v", err)
	}
	if err := <-ended; err != nil {
		t.Error(err)
	}
	if took := time.Since(began); took > c.Grace/2 {
		t.Errorf("the stop took %v", took)
	}
}

func TestRefusesAConfigurationItCannotRunWith(t *testing.T) {
	t.Parallel()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	service := module.New(portal.Default())
	service.Listener = ln
	if err := host.Run(t.Context(), slog.New(slog.NewTextHandler(io.Discard, nil)), service); err == nil {
		t.Error("it ran without services and without Redis")
	}
	if resp, err := http.Get("http://" + ln.Addr().String()); err == nil { //nolint:noctx // nothing listens
		resp.Body.Close()
		t.Error("the listener is still open")
	}
}
