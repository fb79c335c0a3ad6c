package witness_test

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"

	"egov/libs/aggregate"
	"egov/libs/authn"
	"egov/libs/ledger"
	"egov/libs/ledger/checkpoint"
	"egov/libs/ledger/witness"
	ledgerv1 "egov/proto/gen/egov/ledger/v1"
)

const origin = "test.egov/ledger"

var noon = time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)

// book is a ledger whose tree fits into one tile.
type book struct {
	t       *testing.T
	head    ledger.Head
	tree    ledger.Tree
	chains  []ledger.Hash
	signers []*checkpoint.Signer
	keys    checkpoint.Keys
}

// newBook is a ledger with so many rows, told apart from others by salt.
func newBook(t *testing.T, rows int, salt string) *book {
	t.Helper()
	b := &book{t: t, head: ledger.Genesis(origin), keys: checkpoint.Keys{Origin: origin}}
	b.grow(rows, salt)
	b.rotate()
	return b
}

func (b *book) grow(rows int, salt string) *book {
	for i := range rows {
		row := b.head.Append(fmt.Appendf(nil, `{"%s":%d}`, salt, i))
		b.chains = append(b.chains, row.Chain)
		b.tree.Append(row.Chain, nil)
	}
	return b
}

// rotate gives the ledger a new key and leaves it no other.
func (b *book) rotate() {
	b.t.Helper()
	b.signers, b.keys.Keys = nil, nil
	b.join(checkpoint.Ed25519)
	b.join(checkpoint.SM2)
}

func (b *book) join(a checkpoint.Algorithm) {
	b.t.Helper()
	secret, verifier, err := checkpoint.GenerateKey(a, origin)
	must(b.t, err)
	signer, err := checkpoint.NewSigner(secret, nil)
	must(b.t, err)
	b.signers = append(b.signers, signer)
	b.keys.Keys = append(b.keys.Keys, checkpoint.Key{Verifier: verifier, Role: checkpoint.RoleLog})
}

func (b *book) Nodes(_ context.Context, _ uint, begin, end uint64) ([]ledger.Hash, error) {
	return b.chains[begin:end], nil
}

func (b *book) trust() *checkpoint.Trust {
	b.t.Helper()
	trust, err := checkpoint.NewTrust(b.keys)
	must(b.t, err)
	return trust
}

// says announces the ledger as it stands, with proofs from the sizes given.
func (b *book) says(from ...uint64) *ledgerv1.CheckpointSigned {
	b.t.Helper()
	note, err := checkpoint.Sign(checkpoint.Checkpoint{Origin: origin, Size: b.head.Size, Root: b.tree.Root(), SM3Chain: b.head.SM3Chain}, b.signers...)
	must(b.t, err)
	proofs := map[uint64][]ledger.Hash{}
	for _, size := range from {
		proofs[size], err = ledger.NewProver(b, b.head.Size).Consistency(b.t.Context(), size)
		must(b.t, err)
	}
	signed, err := b.trust().OpenUnwitnessed(note)
	must(b.t, err)
	f, err := witness.Announce(signed, b.keys, proofs, b.signers...)
	must(b.t, err)
	return f
}

func newKeys(t *testing.T, dir string) witness.Keys {
	t.Helper()
	keys, err := witness.OpenKeys(dir, "budgeting", "test.egov/witness/budgeting", func() time.Time { return noon })
	must(t, err)
	return keys
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// hear has a unit hear a checkpoint and gives the one fact it states.
func hear(t *testing.T, w *witness.Watch, f *ledgerv1.CheckpointSigned, keys witness.Keys) proto.Message {
	t.Helper()
	rec := aggregate.NewRecorder(authn.Service("budgeting", "finance"), noon)
	must(t, w.Hear(rec, f, keys))
	if len(rec.Facts()) != 1 {
		t.Fatalf("states %v", rec.Facts())
	}
	return rec.Facts()[0].Message
}

func TestAUnitCosignsOneHistory(t *testing.T) {
	t.Parallel()
	keys := newKeys(t, "")
	b := newBook(t, 50, "x")
	w := &witness.Watch{}
	for range 3 {
		size := b.head.Size
		f, ok := hear(t, w, b.says(w.Seen.Size), keys).(*ledgerv1.CheckpointCosigned)
		if !ok || f.GetSize() != int64(size) || w.Seen.Size != size || w.Seen.Root != b.tree.Root() || w.Last != nil {
			t.Fatalf("at %d rows: %v, %+v", size, f, w)
		}
		note, own, err := witness.Gather(b.trust(), "finance", f)
		must(t, err)
		with := b.keys
		with.Quorum, with.Keys = 1, slices.Concat(with.Keys, own)
		trust, err := checkpoint.NewTrust(with)
		must(t, err)
		signed, err := trust.Open(note)
		if err != nil || len(signed.Cosignatures) != 2 || fmt.Sprint(signed.CosignedBy()) != "[finance]" {
			t.Fatalf("%+v, %v", signed.Cosignatures, err)
		}
		b.grow(20, "x")
	}
}

// TestAUnitRefusesWhatContradictsIt shows a unit that has seen 50 rows every way
// of taking them back.
func TestAUnitRefusesWhatContradictsIt(t *testing.T) {
	t.Parallel()
	keys := newKeys(t, "")
	for name, c := range map[string]struct {
		says     func(b *book) *ledgerv1.CheckpointSigned // b is at 50 rows
		code     ledger.Code
		alarming bool
	}{
		"rows cut off":     {func(b *book) *ledgerv1.CheckpointSigned { return rewritten(b, 49, "x").says() }, ledger.CodeTruncated, true},
		"rewritten":        {func(b *book) *ledgerv1.CheckpointSigned { return rewritten(b, 50, "y").says() }, ledger.CodeFork, true},
		"a fork, longer":   {func(b *book) *ledgerv1.CheckpointSigned { return rewritten(b, 70, "y").says(50) }, ledger.CodeFork, true},
		"no proof":         {func(b *book) *ledgerv1.CheckpointSigned { return b.grow(9, "x").says() }, witness.CodeProofMissing, false},
		"another size's":   {func(b *book) *ledgerv1.CheckpointSigned { return b.grow(9, "x").says(49) }, witness.CodeProofMissing, false},
		"a stranger's":     {func(b *book) *ledgerv1.CheckpointSigned { b.rotate(); return b.grow(9, "x").says(50) }, ledger.CodeUnknownKey, true},
		"the note edited":  {func(b *book) *ledgerv1.CheckpointSigned { return edited(b.grow(9, "x").says(50)) }, ledger.CodeCheckpointSignature, true},
		"the proof edited": {func(b *book) *ledgerv1.CheckpointSigned { return misproved(b.grow(9, "x").says(50)) }, ledger.CodeFork, true},
		"a proof of nonsense": {func(b *book) *ledgerv1.CheckpointSigned {
			f := b.grow(9, "x").says(50)
			f.Proofs[0].Hashes[0] = "x"
			return f
		}, ledger.CodeFork, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBook(t, 50, "x")
			w := &witness.Watch{}
			hear(t, w, b.says(), keys)
			seen, note := w.Seen, w.Note
			said := c.says(b)
			f, ok := hear(t, w, said, keys).(*ledgerv1.CheckpointRefused)
			if !ok || f.GetCode() != string(c.code) || f.GetSeenSize() != 50 || f.GetNote() != said.GetNote() {
				t.Fatalf("%v", f)
			}
			if w.Seen != seen || w.Note != note || w.Last == nil || w.Last.Alarming() != c.alarming {
				t.Errorf("%+v", w)
			}
		})
	}
}

// rewritten is another story of the same ledger, signed with its keys.
func rewritten(b *book, rows int, salt string) *book {
	other := newBook(b.t, rows, salt)
	other.signers, other.keys = b.signers, b.keys
	return other
}

func edited(f *ledgerv1.CheckpointSigned) *ledgerv1.CheckpointSigned {
	f.Note = f.Note[:len(f.Note)-10] + "AAAA" + f.Note[len(f.Note)-6:]
	return f
}

func misproved(f *ledgerv1.CheckpointSigned) *ledgerv1.CheckpointSigned {
	hashes := f.GetProofs()[0].GetHashes()
	hashes[0] = hashes[len(hashes)-1]
	return f
}

// TestARefusalPassesWhenTheLedgerIsItselfAgain sends the honest history after a
// fork, and a proof after one was missing.
func TestARefusalPassesWhenTheLedgerIsItselfAgain(t *testing.T) {
	t.Parallel()
	keys := newKeys(t, "")
	b := newBook(t, 50, "x")
	w := &witness.Watch{}
	hear(t, w, b.says(), keys)
	hear(t, w, rewritten(b, 70, "y").says(50), keys)
	b.grow(9, "x")
	hear(t, w, b.says(), keys)
	if _, ok := hear(t, w, b.says(50), keys).(*ledgerv1.CheckpointCosigned); !ok || w.Last != nil || w.Seen.Size != 59 {
		t.Errorf("%+v", w)
	}
}

// TestKeysAreIntroducedUnderKnownOnes rotates the ledger's key with an overlap,
// and lets somebody else claim to.
func TestKeysAreIntroducedUnderKnownOnes(t *testing.T) {
	t.Parallel()
	keys := newKeys(t, "")
	b := newBook(t, 50, "x")
	w := &witness.Watch{}
	hear(t, w, b.says(), keys)
	pinned := w.Keys

	claimed := b.says() // a copy whose keys were replaced on the way
	claimed.Keys = newBook(t, 1, "z").says().GetKeys()
	if _, ok := hear(t, w, claimed, keys).(*ledgerv1.CheckpointCosigned); !ok || fmt.Sprint(w.Keys) != fmt.Sprint(pinned) {
		t.Fatalf("keys replaced on the way are believed: %+v", w)
	}
	b.join(checkpoint.Ed25519) // the overlap: the old keys and the new one sign
	if _, ok := hear(t, w, b.says(), keys).(*ledgerv1.CheckpointCosigned); !ok || len(w.Keys.Keys) != 3 {
		t.Fatalf("the new key is not known: %+v", w)
	}
	b.signers, b.keys.Keys = b.signers[2:], b.keys.Keys[2:]
	if f, ok := hear(t, w, b.grow(3, "x").says(50), keys).(*ledgerv1.CheckpointCosigned); !ok || len(w.Keys.Keys) != 1 {
		t.Errorf("%v, %+v", f, w)
	}
}

// TestGatherBelievesNobodysWord holds answers to the ledger's own keys.
func TestGatherBelievesNobodysWord(t *testing.T) {
	t.Parallel()
	keys := newKeys(t, "")
	b := newBook(t, 50, "x")
	answer := func() *ledgerv1.CheckpointCosigned {
		return hear(t, &witness.Watch{}, b.says(), keys).(*ledgerv1.CheckpointCosigned)
	}
	for name, f := range map[string]*ledgerv1.CheckpointCosigned{
		"of a ledger of others": hear(t, &witness.Watch{}, newBook(t, 50, "x").says(), keys).(*ledgerv1.CheckpointCosigned),
		"another size":          with(answer(), func(f *ledgerv1.CheckpointCosigned) { f.Size = 49 }),
		"keys of nobody":        with(answer(), func(f *ledgerv1.CheckpointCosigned) { f.Keys = []string{"x"} }),
		"no keys":               with(answer(), func(f *ledgerv1.CheckpointCosigned) { f.Keys = nil }),
		"others' keys":          with(answer(), func(f *ledgerv1.CheckpointCosigned) { f.Keys = newKeys(t, "").Verifiers() }),
		"not cosigned":          with(answer(), func(f *ledgerv1.CheckpointCosigned) { f.Note = b.says().GetNote() }),
		"the ledger's own keys": with(answer(), func(f *ledgerv1.CheckpointCosigned) { f.Keys = []string{b.keys.Keys[0].Verifier} }),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if note, _, err := witness.Gather(b.trust(), "finance", f); err == nil {
				t.Errorf("believed: %s", note)
			}
		})
	}
}

func with(f *ledgerv1.CheckpointCosigned, change func(*ledgerv1.CheckpointCosigned)) *ledgerv1.CheckpointCosigned {
	change(f)
	return f
}

// TestManyStartsEndWithOneKey opens one directory of keys from many sides.
func TestManyStartsEndWithOneKey(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	const starts = 8
	got := make(chan string)
	for range starts {
		go func() {
			keys, err := witness.OpenKeys(dir, "budgeting", "test.egov/witness/budgeting", func() time.Time { return noon })
			got <- fmt.Sprint(keys.Verifiers(), err)
		}()
	}
	first := <-got
	for range starts - 1 {
		if other := <-got; other != first {
			t.Errorf("%s\n%s", first, other)
		}
	}
}
