package keyring_test

import (
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"egov/libs/ledger"
	"egov/libs/ledger/checkpoint"
	"egov/services/auditexport"
	"egov/services/auditexport/keyring"
)

var terms = keyring.Terms{Life: 365 * 24 * time.Hour, Overlap: 60 * 24 * time.Hour}

// opened is a start of the service at that time, with so many rows signed.
func opened(t testing.TB, dir string, signed uint64, now time.Time) *auditexport.Keyring {
	t.Helper()
	must(t, keyring.Turn(dir, origin, terms, signed, now))
	ring, err := keyring.Open(dir, origin)
	must(t, err)
	return ring
}

func note(t testing.TB, ring *auditexport.Keyring, size uint64) []byte {
	t.Helper()
	n, err := checkpoint.Sign(checkpoint.Checkpoint{Origin: origin, Size: size, Root: ledger.Hash{byte(size)}}, ring.Signers...)
	must(t, err)
	return n
}

// TestTheLedgersKeysChange walks through three generations of keys (SH12-C-12):
// whoever knows one generation meets the next one beside it; what an old one
// signed holds for good, and it signs nothing new.
func TestTheLedgersKeysChange(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	now := time.Now()
	first := opened(t, dir, 0, now)
	old := note(t, first, 10)

	if same := opened(t, dir, 10, now.Add(terms.Life/2)); !slices.Equal(same.Keys.Keys, first.Keys.Keys) {
		t.Error("they change before their time")
	}
	now = now.Add(terms.Life + time.Hour)
	both := opened(t, dir, 10, now)
	if len(both.Signers) != 4 || len(both.Keys.Keys) != 4 {
		t.Fatalf("%d signers, %d keys", len(both.Signers), len(both.Keys.Keys))
	}
	bridge := note(t, both, 20)
	for name, trust := range map[string]*checkpoint.Trust{"the old keys": first.Trust, "the new keys": both.Trust} {
		if _, err := trust.Open(bridge); err != nil {
			t.Errorf("under %s: %v", name, err)
		}
	}

	now = now.Add(terms.Overlap + time.Hour)
	second := opened(t, dir, 20, now)
	if len(second.Signers) != 2 || len(second.Keys.Keys) != 4 {
		t.Fatalf("%d signers, %d keys", len(second.Signers), len(second.Keys.Keys))
	}
	for size, n := range map[uint64][]byte{10: old, 20: bridge, 30: note(t, second, 30)} {
		if s, err := second.Trust.Open(n); err != nil || s.Size != size {
			t.Errorf("the checkpoint of %d rows: %v", size, err)
		}
	}
	if _, err := second.Trust.Open(note(t, first, 30)); err == nil {
		t.Error("keys that are over sign")
	}
	if _, err := os.Stat(filepath.Join(dir, "ledger.json")); !os.IsNotExist(err) {
		t.Errorf("the old secrets lie there still: %v", err)
	}

	third := opened(t, dir, 40, now.Add(terms.Life))
	if len(third.Signers) != 4 || len(third.Keys.Keys) != 6 {
		t.Errorf("%d signers, %d keys", len(third.Signers), len(third.Keys.Keys))
	}
}

// TestManyStartsTurnOnce turns one directory's keys from many sides at once.
func TestManyStartsTurnOnce(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	opened(t, dir, 0, time.Now())
	failed := make(chan error)
	const starts = 8
	for range starts {
		go func() { failed <- keyring.Turn(dir, origin, terms, 5, time.Now().Add(terms.Life+time.Hour)) }()
	}
	for range starts {
		must(t, <-failed)
	}
	ring, err := keyring.Open(dir, origin)
	must(t, err)
	if len(ring.Keys.Keys) != 4 {
		t.Errorf("%d keys", len(ring.Keys.Keys))
	}
}
