// Package witness is a member unit's part in keeping the ledger's operator
// honest: its service remembers the last checkpoint it saw in its own database,
// and cosigns a new one only after checking that it continues that one. Who
// holds the ledger, its keys and its database still cannot show two histories
// to two units, nor take one back.
//
// It promises that a unit's cosignatures all stand under one history, and that
// what it last saw is stored in the transaction that states its cosignature. It
// trusts the keys of the first checkpoint it hears of, and later ones when the
// ledger introduces them under keys it trusts already. It does not promise that
// a unit hears of every checkpoint, and says nothing about what the rows mean.
//
// Checkpoints travel as facts: the ledger states CheckpointSigned with a
// consistency proof from each size that a witness has seen, the witness answers
// with CheckpointCosigned or CheckpointRefused. Nobody calls anybody.
package witness

import (
	"embed"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"time"

	"egov/libs/aggregate"
	"egov/libs/ledger"
	"egov/libs/ledger/checkpoint"
	"egov/libs/pg"
	ledgerv1 "egov/proto/gen/egov/ledger/v1"
)

//go:embed migrations/*.sql
var migrations embed.FS

// Migrations is the table that Watches are kept in, under the name Table.
func Migrations() pg.Set { return pg.Sub("witness", migrations, "migrations") }

// Table keeps the Watches.
const Table = "ledger_watch"

// Subject is what the facts of witnessing are about: the ledger, of which an
// installation has one.
const Subject = "ledger"

// CodeProofMissing refuses a checkpoint that may continue what was seen, and
// does not show it. stable: CheckpointRefused carries it. The ledger proves
// more with its next checkpoint.
const CodeProofMissing = ledger.CodeProofMissing

// Watch is what a unit knows of a ledger. Its id is Subject.
type Watch struct {
	aggregate.Root
	Origin string          `json:"origin"`
	Keys   checkpoint.Keys `json:"keys"` // the ledger's own, as first heard of or introduced since
	Seen   checkpoint.Seen `json:"seen"`
	SeenAt time.Time       `json:"seen_at,omitzero"`
	Note   string          `json:"note,omitempty"` // the newest checkpoint, with the unit's cosignatures
	Last   *Refusal        `json:"refusal,omitempty"`
}

// Refusal is why a checkpoint was not cosigned. It stays until one is.
type Refusal struct {
	Code   ledger.Code `json:"code"`
	Detail string      `json:"detail"`
	Size   int64       `json:"size"` // that the checkpoint claims
	At     time.Time   `json:"at"`
	Note   string      `json:"note"` // the checkpoint, as evidence
}

// Alarming says whether the refusal shows a ledger that was changed.
func (r *Refusal) Alarming() bool { return r != nil && Alarming(r.Code) }

// Alarming says whether a refusal of that code shows a ledger that was changed,
// so that no cosignature will follow it. Who only misses a proof gets it.
func Alarming(code ledger.Code) bool { return code != CodeProofMissing }

// Hear takes a checkpoint in and states the unit's answer: its cosignatures, or
// why there are none.
func (w *Watch) Hear(rec *aggregate.Recorder, f *ledgerv1.CheckpointSigned, keys Keys) error {
	note, seen, err := w.cosign(f, keys)
	if err != nil {
		finding, ok := errors.AsType[*ledger.Finding](err)
		if !ok {
			return err
		}
		w.Last = &Refusal{Code: finding.Code, Detail: finding.Detail, Size: f.GetSize(), At: rec.Now(), Note: f.GetNote()}
		rec.State(Subject, &ledgerv1.CheckpointRefused{
			Origin: f.GetOrigin(), Size: f.GetSize(), Code: string(finding.Code), Detail: finding.Detail,
			SeenSize: int64(w.Seen.Size), Note: f.GetNote(),
		})
		return nil
	}
	w.Seen, w.SeenAt, w.Note, w.Last = seen, rec.Now(), string(note), nil
	rec.State(Subject, &ledgerv1.CheckpointCosigned{Origin: w.Origin, Size: int64(seen.Size), Note: string(note), Keys: keys.Verifiers()})
	return nil
}

// cosign checks a checkpoint against what was seen and signs it with every key.
func (w *Watch) cosign(f *ledgerv1.CheckpointSigned, keys Keys) ([]byte, checkpoint.Seen, error) {
	pinned, err := w.pin(f)
	if err != nil {
		return nil, w.Seen, err
	}
	trust, err := checkpoint.NewTrust(pinned)
	if err != nil {
		return nil, w.Seen, ledger.Found(ledger.CodeUnknownKey, 0, "%v", err)
	}
	note, seen := []byte(f.GetNote()), w.Seen
	signed, err := trust.OpenUnwitnessed(note)
	if err != nil {
		return nil, w.Seen, err
	}
	path, err := proof(f, w.Seen.Size, signed.Size)
	if err != nil {
		return nil, w.Seen, err
	}
	for _, key := range keys {
		witness, err := checkpoint.NewWitness(trust, key)
		if err != nil {
			return nil, w.Seen, err
		}
		var now checkpoint.Seen
		if note, now, err = witness.Cosign(w.Seen, note, path); err != nil {
			return nil, w.Seen, err
		}
		seen = now
	}
	w.Origin, w.Keys = pinned.Origin, w.introduced(pinned, trust, signed.Size, f)
	return note, seen, nil
}

// pin is the keys to trust: those known, or at first sight those told.
func (w *Watch) pin(f *ledgerv1.CheckpointSigned) (checkpoint.Keys, error) {
	if len(w.Keys.Keys) > 0 {
		return w.Keys, nil
	}
	return told(f)
}

// told reads the ledger's own keys. Witnesses among them are left out: a
// witness trusts no other.
func told(f *ledgerv1.CheckpointSigned) (checkpoint.Keys, error) {
	k, err := checkpoint.ParseKeys([]byte(f.GetKeys()))
	if err != nil {
		return k, ledger.Found(ledger.CodeUnknownKey, 0, "%v", err)
	}
	k.Quorum = 0
	k.Keys = slices.DeleteFunc(k.Keys, func(x checkpoint.Key) bool { return x.Role != checkpoint.RoleLog })
	return k, nil
}

// introduced is the keys to trust from now on: those told, when the ledger
// signed them under keys that are trusted.
func (w *Watch) introduced(pinned checkpoint.Keys, trust *checkpoint.Trust, size uint64, f *ledgerv1.CheckpointSigned) checkpoint.Keys {
	if trust.VerifyStatement(size, KeysStatement(pinned.Origin, f.GetKeys()), f.GetKeysSignatures()) != nil {
		return pinned
	}
	k, err := told(f)
	if err != nil || k.Origin != pinned.Origin {
		return pinned
	}
	if _, err := checkpoint.NewTrust(k); err != nil {
		return pinned
	}
	return k
}

// KeysStatement is the text by which a ledger introduces its keys.
func KeysStatement(origin, keys string) string {
	return "egov.ledger.keys/v1\n" + origin + "\nsha256 " + ledger.Sum256([]byte(keys)).Base64() + "\n"
}

// proof takes from a checkpoint what shows that it continues seen rows.
func proof(f *ledgerv1.CheckpointSigned, seen, size uint64) ([]ledger.Hash, error) {
	if seen == 0 || size <= seen { // nothing to show, or nothing that could be shown
		return nil, nil
	}
	for _, p := range f.GetProofs() {
		if p.GetSize() != int64(seen) {
			continue
		}
		path := make([]ledger.Hash, len(p.GetHashes()))
		for i, text := range p.GetHashes() {
			var ok bool
			if path[i], ok = ledger.ParseHash(text); !ok {
				return nil, ledger.Found(ledger.CodeFork, 0, "%q is no hash of a proof", text)
			}
		}
		return path, nil
	}
	return nil, ledger.Found(CodeProofMissing, 0, "nothing shows that the ledger of %d rows continues the one of %d", size, seen)
}

// Announce makes the fact by which a ledger asks to be witnessed: a signed note
// with the proofs from earlier sizes, and the keys it goes by.
func Announce(c checkpoint.Signed, keys checkpoint.Keys, proofs map[uint64][]ledger.Hash, signers ...*checkpoint.Signer) (*ledgerv1.CheckpointSigned, error) {
	text, err := json.Marshal(keys)
	if err != nil {
		return nil, err
	}
	f := &ledgerv1.CheckpointSigned{Origin: c.Origin, Size: int64(c.Size), Note: string(c.Note), Keys: string(text)}
	for size, path := range proofs {
		p := &ledgerv1.ConsistencyProof{Size: int64(size)}
		for _, h := range path {
			p.Hashes = append(p.Hashes, h.String())
		}
		f.Proofs = append(f.Proofs, p)
	}
	slices.SortFunc(f.Proofs, func(a, b *ledgerv1.ConsistencyProof) int { return int(a.GetSize() - b.GetSize()) })
	f.KeysSignatures, err = checkpoint.SignStatement(KeysStatement(c.Origin, f.GetKeys()), signers...)
	return f, err
}

// Gather checks the answer of a witness whose unit is given and returns the
// note with its cosignatures, and its keys, in force from the checkpoint's size
// on. trust is the ledger's own. Every error is a *ledger.Finding.
func Gather(trust *checkpoint.Trust, unit string, f *ledgerv1.CheckpointCosigned) ([]byte, []checkpoint.Key, error) {
	keys := checkpoint.Keys{Origin: trust.Keys().Origin, Keys: slices.Clone(trust.Keys().Keys)}
	var own []checkpoint.Key
	for _, text := range f.GetKeys() {
		own = append(own, checkpoint.Key{Verifier: text, Role: checkpoint.RoleWitness, Unit: unit, From: uint64(f.GetSize())})
	}
	keys.Keys = append(keys.Keys, own...)
	with, err := checkpoint.NewTrust(keys)
	if err != nil {
		return nil, nil, ledger.Found(ledger.CodeUnknownKey, 0, "%v", err)
	}
	signed, err := with.OpenUnwitnessed([]byte(f.GetNote()))
	if err != nil {
		return nil, nil, err
	}
	if len(signed.Cosignatures) == 0 || signed.Size != uint64(f.GetSize()) {
		return nil, nil, ledger.Found(ledger.CodeCosignature, 0, "nobody cosigned a checkpoint of %d rows", f.GetSize())
	}
	return []byte(strings.Clone(f.GetNote())), own, nil
}
