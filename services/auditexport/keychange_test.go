package auditexport_test

import (
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"egov/libs/authn"
	"egov/libs/ledger"
	"egov/services/auditexport"
	"egov/services/auditexport/keyring"
)

// TestTheLedgersKeysChangeEndToEnd gives a witnessed ledger its next keys, and
// takes the old ones out of use (SH12-C-12): units follow without being told,
// bundles of before and after hold under what the ledger publishes, and whoever
// pinned the old keys alone is told that these are not they.
func TestTheLedgersKeysChangeEndToEnd(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	units := []*unit{h.unit("budgeting", "finance"), h.unit("legalization", "science")}
	terms := keyring.Terms{Life: 365 * 24 * time.Hour, Overlap: 60 * 24 * time.Hour}
	now := noon
	must(t, os.Chtimes(filepath.Join(h.keys, "ledger.json"), now, now)) // the keys' first day
	restart := func(later time.Duration) {
		t.Helper()
		now = now.Add(later)
		must(t, keyring.Turn(h.keys, origin, terms, h.Anchor.Newest().Size, now))
		h.open()
		h.live(units...)
	}
	bundled := func() []byte {
		t.Helper()
		h.grow(60, withdrawn)
		h.announce(true)
		h.export(auditexport.MakeExport{}) // shows the answers to what was announced before
		return h.export(auditexport.MakeExport{})
	}
	restart(0)
	before := bundled()
	old := h.pinned(2)

	restart(terms.Life + time.Hour)
	if len(h.Keyring.Signers) != 4 {
		t.Fatalf("%d keys sign", len(h.Keyring.Signers))
	}
	between := bundled()
	restart(terms.Overlap + time.Hour)
	if len(h.Keyring.Signers) != 2 {
		t.Fatalf("%d keys sign", len(h.Keyring.Signers))
	}
	after := bundled()

	published := h.pinned(2)
	for name, archive := range map[string][]byte{"before": before, "between": between, "after": after} {
		if r := verify(t, archive, published); !r.OK || !slices.Equal(r.CosignedBy, []string{"finance", "science"}) {
			t.Errorf("%s, under the published keys: %+v", name, r)
		}
	}
	for name, archive := range map[string][]byte{"before": before, "between": between} {
		if r := verify(t, archive, old); !r.OK {
			t.Errorf("%s, under the old keys: %+v", name, r)
		}
	}
	if r := verify(t, after, old); r.OK || r.ErrorCode != ledger.CodeUnknownKey {
		t.Errorf("after, under the old keys: %+v", r)
	}
	if v := h.verdict(); !v.OK {
		t.Errorf("%+v", v)
	}
	for _, u := range units {
		if u.watch.Last != nil {
			t.Errorf("%s refuses: %+v", u.service, u.watch.Last)
		}
	}
}

// TestWithoutASignerTheLedgerGoesOnAndSaysSo takes the ledger's keys away: rows
// are made, nothing is signed, and after its window the ledger says so until it
// is mended.
func TestWithoutASignerTheLedgerGoesOnAndSaysSo(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.grow(10, withdrawn)
	h.sign()
	sound := h.Keyring
	h.Keyring = &auditexport.Keyring{Keys: sound.Keys, Trust: sound.Trust}
	look := func() error {
		_, err := h.SignCheckpoint(authn.With(t.Context(), self))
		return err
	}
	h.grow(10, withdrawn)
	if err := look(); err == nil {
		t.Fatal("somebody signed")
	}
	if s := h.standing(); len(s.Late) != 0 {
		t.Errorf("late at once: %v", s.Late)
	}
	h.clock.Advance(h.Windows.Signing + time.Second)
	h.grow(10, withdrawn)
	if err := look(); err == nil {
		t.Fatal("somebody signed")
	}
	if _, late, err := h.Progress(t.Context()); err != nil || !slices.Equal(late, []string{auditexport.LateSigning}) {
		t.Errorf("late: %v, %v", late, err)
	}
	if head, _, err := h.book.Head(t.Context()); err != nil || head.Size != 30 {
		t.Errorf("%d rows, %v", head.Size, err)
	}
	h.Keyring = sound
	must(t, look())
	if s := h.standing(); len(s.Late) != 0 {
		t.Errorf("late after it was mended: %v", s.Late)
	}
	if v := h.verdict(); !v.OK || v.Rows != 30 {
		t.Errorf("%+v", v)
	}
}
