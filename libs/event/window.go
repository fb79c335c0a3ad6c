package event

import (
	"fmt"
	"time"
)

// window is the count and digest of what a producer recorded in a span of
// time: it is equal in the outbox and in every inbox, or something is missing.
type window struct {
	StartsAt time.Time
	EndsAt   time.Time
	Rows     int64
	Digest   int64
}

// field and value are the window's form in Redis.
func (w window) field() string {
	return fmt.Sprintf("%d-%d", w.StartsAt.UnixMicro(), w.EndsAt.UnixMicro())
}

func (w window) value() string { return fmt.Sprintf("%d %d", w.Rows, w.Digest) }

func parseWindow(field, value string) (window, error) {
	var from, to int64
	var w window
	if _, err := fmt.Sscanf(field, "%d-%d", &from, &to); err != nil {
		return w, fmt.Errorf("window %q: %w", field, err)
	}
	if _, err := fmt.Sscanf(value, "%d %d", &w.Rows, &w.Digest); err != nil {
		return w, fmt.Errorf("window %q: %w", value, err)
	}
	w.StartsAt, w.EndsAt = time.UnixMicro(from), time.UnixMicro(to)
	return w, nil
}
