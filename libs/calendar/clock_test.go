package calendar_test

import (
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"egov/libs/calendar"
)

func TestManualClock(t *testing.T) {
	t.Parallel()
	start := time.Date(2026, 11, 21, 1, 0, 0, 0, time.UTC)
	m := calendar.NewManual(start)
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 100 {
				m.Advance(time.Second)
				m.Now()
			}
		})
	}
	wg.Wait()
	if got := m.Now(); !got.Equal(start.Add(800*time.Second)) || got.Location() != calendar.Shanghai {
		t.Fatal(got)
	}
	m.Set(start)
	if got := calendar.Today(m); got != calendar.MustDate(2026, time.November, 21) || !m.Now().Equal(start) {
		t.Fatal(got)
	}
}

func TestSystemClock(t *testing.T) {
	t.Parallel()
	if d := time.Since(calendar.System().Now()); d < 0 || d > time.Minute {
		t.Fatalf("off by %s", d)
	}
}

// near tells two instants apart only beyond what a slow machine needs between
// setting a clock and reading it.
func near(a, b time.Time) bool { return a.Sub(b).Abs() < time.Minute }

func TestFileClockIsSharedAndFollowsChanges(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "clock")
	first := time.Date(2023, 6, 1, 9, 0, 0, 0, calendar.Shanghai)
	if err := calendar.SetFile(path, first); err != nil {
		t.Fatal(err)
	}
	a, err := calendar.File(path)
	if err != nil {
		t.Fatal(err)
	}
	b, err := calendar.File(path)
	if err != nil {
		t.Fatal(err)
	}
	before := a.Now()
	if !near(before, first) || !near(b.Now(), first) || before.Location() != calendar.Shanghai {
		t.Fatalf("%s %s", a.Now(), b.Now())
	}
	if !a.Now().After(before) {
		t.Fatal("the clock stands still")
	}
	for _, next := range []time.Time{first.AddDate(0, 3, 0), first.AddDate(-40, 0, 0), first} {
		if err := calendar.SetFile(path, next); err != nil {
			t.Fatal(err)
		}
		if !near(a.Now(), next) || !near(b.Now(), next) {
			t.Fatalf("%s and %s after a change to %s", a.Now(), b.Now(), next)
		}
	}
	entries, err := os.ReadDir(filepath.Dir(path))
	if err != nil || len(entries) != 1 {
		t.Fatalf("%v left behind, %v", entries, err)
	}
}

func TestFileClockOutlivesItsFile(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "clock")
	at := time.Date(2023, 6, 1, 9, 0, 0, 0, calendar.Shanghai)
	if err := calendar.SetFile(path, at); err != nil {
		t.Fatal(err)
	}
	c, err := calendar.File(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte("gibberish"), 0o600); err != nil {
		t.Fatal(err)
	}
	if !near(c.Now(), at) {
		t.Fatalf("a malformed file moved the clock to %s", c.Now())
	}
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	if !near(c.Now(), at) {
		t.Fatalf("a missing file moved the clock to %s", c.Now())
	}
}

func TestFileClockRefusals(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if _, err := calendar.File(filepath.Join(dir, "absent")); err == nil {
		t.Error("a missing file opens")
	}
	for name, content := range map[string]string{
		"empty": "", "one field": "2026-01-01T00:00:00Z", "no instant": "yesterday 1h",
		"no offset": "2026-01-01T00:00:00Z soon", "three fields": "2026-01-01T00:00:00Z 1h 2h",
	} {
		path := filepath.Join(dir, "clock")
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := calendar.File(path); err == nil {
			t.Errorf("%s opens", name)
		}
	}
	if calendar.SetFile(filepath.Join(dir, "far"), time.Date(4000, 1, 1, 0, 0, 0, 0, time.UTC)) == nil {
		t.Error("an offset beyond a duration is set")
	}
	if calendar.SetFile(filepath.Join(dir, "no", "such"), time.Now()) == nil {
		t.Error("a missing directory is written to")
	}
}

func TestFileClockIsReadWhileItIsSet(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "clock")
	at := time.Date(2023, 6, 1, 9, 0, 0, 0, calendar.Shanghai)
	if err := calendar.SetFile(path, at); err != nil {
		t.Fatal(err)
	}
	c, err := calendar.File(path)
	if err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for range 200 {
				if now := c.Now(); !near(now, at) && !near(now, at.AddDate(1, 0, 0)) {
					t.Errorf("torn read: %s", now)
				}
			}
		})
	}
	for i := range 50 {
		if err := calendar.SetFile(path, at.AddDate(i%2, 0, 0)); err != nil {
			t.Error(err)
		}
	}
	wg.Wait()
}

func BenchmarkFileClock(b *testing.B) {
	path := filepath.Join(b.TempDir(), "clock")
	if err := calendar.SetFile(path, time.Date(2023, 6, 1, 9, 0, 0, 0, calendar.Shanghai)); err != nil {
		b.Fatal(err)
	}
	c, err := calendar.File(path)
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		c.Now()
	}
}
