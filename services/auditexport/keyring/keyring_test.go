package keyring_test

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"egov/libs/ledger/checkpoint"
	"egov/services/auditexport"
	"egov/services/auditexport/keyring"
)

const origin = "test.egov/ledger"

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// TestManyStartsEndWithOneKey opens one directory of keys from many sides.
func TestManyStartsEndWithOneKey(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	got := make(chan string)
	const starts = 8
	for range starts {
		go func() {
			ring, err := keyring.Open(dir, origin)
			if err != nil {
				got <- err.Error()
				return
			}
			got <- fmt.Sprint(ring.Keys)
		}()
	}
	first := <-got
	for range starts - 1 {
		if other := <-got; other != first {
			t.Errorf("%s\n%s", first, other)
		}
	}
	files, err := os.ReadDir(dir)
	must(t, err)
	if len(files) != 1 {
		t.Errorf("%d files are left: %v", len(files), files)
	}
	must(t, os.WriteFile(filepath.Join(dir, "ledger.json"), []byte(`{"ed25519":"x"}`), 0o600))
	if _, err := keyring.Open(dir, origin); err == nil {
		t.Error("a broken key file is believed")
	}
}

// signed is a checkpoint of so many rows by the ring's keys.
func signed(t testing.TB, ring *auditexport.Keyring, size uint64) checkpoint.Signed {
	t.Helper()
	note, err := checkpoint.Sign(checkpoint.Checkpoint{Origin: origin, Size: size}, ring.Signers...)
	must(t, err)
	s, err := ring.Trust.OpenUnwitnessed(note)
	must(t, err)
	return s
}

func TestTheAnchorKeepsTheNewest(t *testing.T) {
	t.Parallel()
	for name, dir := range map[string]string{"in memory": "", "in a file": t.TempDir()} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ring, err := keyring.Open(dir, origin)
			must(t, err)
			a, err := keyring.OpenAnchor(dir, ring.Trust)
			must(t, err)
			if a.Newest().Size != 0 {
				t.Fatalf("%d rows from nowhere", a.Newest().Size)
			}
			for _, size := range []uint64{3, 5, 4, 5} {
				must(t, a.Keep(signed(t, ring, size)))
			}
			if dir != "" { // and after a start
				a, err = keyring.OpenAnchor(dir, ring.Trust)
				must(t, err)
			}
			if got := a.Newest().Size; got != 5 {
				t.Errorf("the newest has %d rows", got)
			}
		})
	}
}

// TestWhatWasNotWrittenIsNotKept: a folder stands where the file belongs. Each
// attempt fails, and the first after it is gone writes what the others could not.
func TestWhatWasNotWrittenIsNotKept(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	ring, err := keyring.Open(dir, origin)
	must(t, err)
	a, err := keyring.OpenAnchor(dir, ring.Trust)
	must(t, err)
	inTheWay := filepath.Join(dir, "ledger.checkpoint")
	must(t, os.Mkdir(inTheWay, 0o700))
	s := signed(t, ring, 3)
	for range 2 {
		if err := a.Keep(s); err == nil || a.Newest().Size != 0 {
			t.Fatalf("kept %d rows: %v", a.Newest().Size, err)
		}
	}
	must(t, os.Remove(inTheWay))
	must(t, a.Keep(s))
	again, err := keyring.OpenAnchor(dir, ring.Trust)
	must(t, err)
	if got := again.Newest().Size; got != 3 {
		t.Errorf("the file has %d rows", got)
	}
}

func TestTheAnchorBelievesNobodyElse(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	ring, err := keyring.Open(dir, origin)
	must(t, err)
	other, err := keyring.Open("", origin)
	must(t, err)
	for name, note := range map[string][]byte{"rubbish": []byte("forged"), "another's": signed(t, other, 9).Note, "nothing": {}} {
		must(t, os.WriteFile(filepath.Join(dir, "ledger.checkpoint"), note, 0o600))
		if _, err := keyring.OpenAnchor(dir, ring.Trust); err == nil {
			t.Errorf("%s is believed", name)
		}
	}
}
