package checkpoint

import (
	"errors"

	"golang.org/x/mod/sumdb/note"

	"egov/libs/ledger"
)

// Seen is the largest tree of a ledger that a witness has found consistent.
// The witness must store it durably before its cosignature leaves the house.
type Seen struct {
	Size uint64      `json:"size"`
	Root ledger.Hash `json:"root"`
}

// Witness cosigns the checkpoints of one ledger for one member unit.
type Witness struct {
	trust  *Trust
	signer *Signer
}

// NewWitness makes a witness that trusts the ledger's keys in trust and signs
// with a cosignature key.
func NewWitness(trust *Trust, signer *Signer) (*Witness, error) {
	if !signer.IsWitness() {
		return nil, ErrKey.With(errors.New("a witness needs a cosignature key"))
	}
	return &Witness{trust: trust, signer: signer}, nil
}

// Cosign adds the witness's signature to a checkpoint that the ledger signed
// and that continues seen, which path proves (Prover.Consistency from
// seen.Size; empty when nothing was seen or the size is the same). It returns
// the cosigned checkpoint and what the witness has now seen. A checkpoint that
// is smaller or tells another story is refused with a *ledger.Finding, and so
// is one that no trusted key signed: nothing is signed then.
func (w *Witness) Cosign(seen Seen, signed []byte, path []ledger.Hash) ([]byte, Seen, error) {
	c, err := w.trust.OpenUnwitnessed(signed)
	if err != nil {
		return nil, seen, err
	}
	if err := ledger.VerifyConsistency(seen.Size, seen.Root, c.Size, c.Root, path); err != nil {
		return nil, seen, err
	}
	out, err := signNote(c.note, w.signer)
	if err != nil {
		return nil, seen, err
	}
	return out, Seen{Size: c.Size, Root: c.Root}, nil
}

// Merge gathers the cosignatures that witnesses put on copies of one
// checkpoint. Only those by trusted witnesses are taken over; a copy of
// another text is CodeFork.
func (t *Trust) Merge(signed []byte, copies ...[]byte) ([]byte, error) {
	base, err := t.OpenUnwitnessed(signed)
	if err != nil {
		return nil, err
	}
	type key struct {
		name string
		hash uint32
	}
	merged := &note.Note{Text: base.note.Text, Sigs: base.note.Sigs, UnverifiedSigs: base.note.UnverifiedSigs}
	have := map[key]bool{}
	for _, s := range merged.Sigs {
		have[key{s.Name, s.Hash}] = true
	}
	for _, b := range copies {
		c, err := t.OpenUnwitnessed(b)
		if err != nil {
			return nil, err
		}
		if c.note.Text != merged.Text {
			return nil, ledger.Found(ledger.CodeFork, 0, "a witness cosigned another checkpoint")
		}
		for _, s := range c.note.Sigs {
			if k := (key{s.Name, s.Hash}); !have[k] {
				have[k] = true
				merged.Sigs = append(merged.Sigs, s)
			}
		}
	}
	return signNote(merged)
}
