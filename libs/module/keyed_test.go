package module

import (
	"errors"
	"testing"
	"time"

	"egov/libs/authn/token"
)

// TestReadyWaitsForKeysAndNotForEver: a new process takes no requests before it
// can judge tokens, unless identity stays away.
func TestReadyWaitsForKeysAndNotForEver(t *testing.T) {
	t.Parallel()
	now, has := time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC), false
	ready := keyed(func() bool { return has }, func() time.Time { return now })
	if err := ready(t.Context()); !errors.Is(err, token.ErrNoKeys) {
		t.Errorf("without keys: %v", err)
	}
	has = true
	if err := ready(t.Context()); err != nil {
		t.Errorf("with keys: %v", err)
	}
	has, now = false, now.Add(keysPatience)
	if err := ready(t.Context()); err != nil {
		t.Errorf("when identity stays away: %v", err)
	}
}
