package calendar

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// Clock tells the time. Domain code is handed one and never asks the system.
type Clock interface {
	// Now is the current instant, in the Shanghai zone.
	Now() time.Time
}

// Today is the civil date of a clock.
func Today(c Clock) Date { return DateOf(c.Now()) }

type system struct{}

// System is the clock of the machine.
func System() Clock { return system{} }

func (system) Now() time.Time { return time.Now().In(Shanghai) }

// Manual is a clock that stands still until it is moved: the clock of tests.
// It is safe for concurrent use. Its zero value stands at the zero time.
type Manual struct {
	mu  sync.RWMutex
	now time.Time
}

// NewManual makes a clock that stands at t.
func NewManual(t time.Time) *Manual { return &Manual{now: t.In(Shanghai)} }

// Now is where the clock stands.
func (m *Manual) Now() time.Time {
	m.mu.RLock()
	defer m.mu.RUnlock()
	return m.now
}

// Set puts the clock at t, which may lie in its past.
func (m *Manual) Set(t time.Time) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.now = t.In(Shanghai)
}

// Advance moves the clock by d and returns where it stands then.
func (m *Manual) Advance(d time.Duration) time.Time {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.now = m.now.Add(d)
	return m.now
}

// FileClock is a virtual clock that several processes of one machine share: a
// file holds the distance between it and the clock of the machine, and every
// process sees a change at its next Now. It runs at the machine's speed.
//
// The file holds one line of two fields: the virtual instant at which it was
// set (RFC 3339, for a person to read) and the offset to add to the machine's
// clock (a Go duration).
type FileClock struct {
	path string
	wall func() time.Time

	mu   sync.Mutex // serialises re-reading
	seen atomic.Pointer[reading]
}

type reading struct {
	info   os.FileInfo
	offset time.Duration
}

// File opens the virtual clock kept at path, which SetFile has written; a
// missing or malformed file is an error.
func File(path string) (*FileClock, error) {
	c := &FileClock{path: path, wall: time.Now}
	info, err := os.Stat(path)
	if err != nil {
		return nil, fmt.Errorf("virtual clock: %w", err)
	}
	if err := c.read(info); err != nil {
		return nil, err
	}
	return c, nil
}

// Now is the machine's clock plus the offset in the file. While the file is
// missing or malformed the last good offset holds, since a clock cannot fail.
func (c *FileClock) Now() time.Time {
	if info, err := os.Stat(c.path); err == nil && !unchanged(c.seen.Load().info, info) {
		c.mu.Lock()
		if !unchanged(c.seen.Load().info, info) {
			_ = c.read(info) // the last good offset holds
		}
		c.mu.Unlock()
	}
	return c.wall().Add(c.seen.Load().offset).Round(0).In(Shanghai)
}

func unchanged(a, b os.FileInfo) bool {
	return a.ModTime().Equal(b.ModTime()) && a.Size() == b.Size() && os.SameFile(a, b)
}

// read remembers the file's offset under info, which was taken before the
// content: content newer than info is only read once more.
func (c *FileClock) read(info os.FileInfo) error {
	b, err := os.ReadFile(c.path)
	if err != nil {
		return fmt.Errorf("virtual clock: %w", err)
	}
	fields := strings.Fields(string(b))
	if len(fields) != 2 {
		return fmt.Errorf("virtual clock %s: want an instant and an offset, found %d fields", c.path, len(fields))
	}
	if _, err := time.Parse(time.RFC3339Nano, fields[0]); err != nil {
		return fmt.Errorf("virtual clock %s: %w", c.path, err)
	}
	offset, err := time.ParseDuration(fields[1])
	if err != nil {
		return fmt.Errorf("virtual clock %s: %w", c.path, err)
	}
	c.seen.Store(&reading{info, offset})
	return nil
}

// SetFile puts the virtual clock at path to instant, from now on, for every
// process that reads it. The change is atomic: a reader sees the old offset or
// the new one. Offsets are bounded by time.Duration, some 292 years.
func SetFile(path string, instant time.Time) (err error) {
	wall := time.Now().Round(0)
	offset := instant.Sub(wall)
	if !wall.Add(offset).Equal(instant) {
		return fmt.Errorf("virtual clock: %s is out of reach", instant.Format(time.RFC3339))
	}
	tmp, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+".*.tmp")
	if err != nil {
		return fmt.Errorf("virtual clock: %w", err)
	}
	defer func() {
		if err != nil {
			_ = os.Remove(tmp.Name())
			err = fmt.Errorf("virtual clock: %w", err)
		}
	}()
	_, werr := fmt.Fprintf(tmp, "%s %s\n", instant.In(Shanghai).Format(time.RFC3339Nano), offset)
	if cerr := tmp.Close(); werr == nil {
		werr = cerr
	}
	if werr != nil {
		return werr
	}
	if err := os.Chmod(tmp.Name(), 0o644); err != nil {
		return err
	}
	return os.Rename(tmp.Name(), path)
}
