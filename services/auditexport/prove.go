package auditexport

import (
	"context"
	"errors"
	"time"

	"egov/libs/calendar"
	"egov/libs/fault"
	"egov/libs/ledger"
	"egov/libs/ledger/checkpoint"
)

// Standing is where the ledger stands and what signs it.
type Standing struct {
	Rows       int64  `json:"rows"`
	Root       string `json:"root"` // hex
	Chain      string `json:"chain"`
	SM3Chain   string `json:"sm3_chain"`
	Checkpoint string `json:"checkpoint"` // the newest signed note, with its cosignatures; empty without one
	Keys       any    `json:"keys"`       // the ledger's, and those of its witnesses

	// Cosigned is the largest checkpoint that a witness cosigned, in rows.
	Cosigned  int64             `json:"cosigned_rows"`
	Witnesses []WitnessStanding `json:"witnesses"`
	// Late names what has not been done for too long: signing_late,
	// cosigning_late. The ledger grows all the same.
	Late []string `json:"late"`
}

// WitnessStanding is one witness as the ledger knows it.
type WitnessStanding struct {
	Service string    `json:"service"`
	Unit    string    `json:"unit"`
	Rows    int64     `json:"rows"` // it has found consistent
	At      time.Time `json:"cosigned_at,omitzero"`
	Last    *Refusal  `json:"refusal,omitempty"`
}

// Standing says where the ledger stands. It shows no row and is no secret: the
// more people keep a checkpoint, the less can be changed unnoticed.
func (s *Service) Standing(ctx context.Context, _ struct{}) (Standing, error) {
	head, tree, err := s.Book.Head(ctx)
	if err != nil {
		return Standing{}, err
	}
	out := Standing{
		Rows: int64(head.Size), Root: tree.Root().String(), Chain: head.Chain.String(), SM3Chain: head.SM3Chain.String(),
		Witnesses: []WitnessStanding{},
	}
	signed, err := s.stored(ctx, 0)
	switch {
	case err == nil || errors.Is(err, ErrNoCheckpoint):
		var keys checkpoint.Keys
		if signed, keys, err = s.witnessed(ctx, signed); err != nil {
			return Standing{}, err
		}
		out.Checkpoint, out.Keys = string(signed.Note), keys
	case isFinding(err): // it is shown as it is: whoever opens it finds the same
		note, err := s.Book.Checkpoint(ctx, 0)
		if err != nil {
			return Standing{}, err
		}
		out.Checkpoint, out.Keys = string(note), s.Keyring.Keys
	default:
		return Standing{}, err
	}
	a, err := s.announced(s.asSelf(ctx))
	if err != nil {
		return Standing{}, err
	}
	out.Cosigned = a.Cosigned
	witnesses, err := s.cosigners(ctx)
	if err != nil {
		return Standing{}, err
	}
	for _, w := range witnesses {
		out.Witnesses = append(out.Witnesses, WitnessStanding{Service: w.ID, Unit: w.For, Rows: w.Size, At: w.At, Last: w.Last})
	}
	out.Late, err = s.Late(ctx)
	return out, err
}

// ProveRow asks for the proof that a row is under the newest checkpoint.
type ProveRow struct {
	Seq  int64 `query:"seq" json:"-"`
	From int64 `query:"consistent_from" json:"-"` // or that the tree continues the one of so many rows
}

// Validate wants one of the two.
func (r *ProveRow) Validate() error {
	var c fault.Checks
	c.Require(r.Seq >= 0, "seq", "out_of_range", "不得为负", "must not be negative")
	c.Require(r.From >= 0, "consistent_from", "out_of_range", "不得为负", "must not be negative")
	c.Require((r.Seq == 0) != (r.From == 0), "seq", "one_of", "seq与consistent_from须填且只填一项", "give either seq or consistent_from")
	return c.Err()
}

// Proof is an RFC 6962 proof.
type Proof struct {
	Size       int64    `json:"size"`
	Seq        int64    `json:"seq,omitempty"`
	From       int64    `json:"consistent_from,omitempty"`
	Leaf       string   `json:"leaf,omitempty"`
	Hashes     []string `json:"hashes"`
	Checkpoint string   `json:"checkpoint"`
}

// Prove draws an inclusion or a consistency proof against the newest
// checkpoint. A row that is not under it yet is ErrNoRow.
func (s *Service) Prove(ctx context.Context, r ProveRow) (Proof, error) {
	signed, _, err := s.newest(ctx)
	if err != nil {
		return Proof{}, err
	}
	size := int64(signed.Size)
	if r.Seq > size || r.From > size {
		return Proof{}, ErrNoRow
	}
	p := Proof{Size: size, Seq: r.Seq, From: r.From, Checkpoint: string(signed.Note), Hashes: []string{}}
	prover := ledger.NewProver(s.Book, signed.Size)
	var hashes []ledger.Hash
	if r.Seq > 0 {
		leaf, err := prover.Chain(ctx, uint64(r.Seq))
		if err != nil {
			return Proof{}, err
		}
		p.Leaf = leaf.String()
		hashes, err = prover.Inclusion(ctx, uint64(r.Seq))
		if err != nil {
			return Proof{}, err
		}
	} else if hashes, err = prover.Consistency(ctx, uint64(r.From)); err != nil {
		return Proof{}, err
	}
	for _, h := range hashes {
		p.Hashes = append(p.Hashes, h.String())
	}
	return p, nil
}

// bounds turns days into instants, the end exclusive; open ends stay zero.
func (s span) bounds() (from, to time.Time) {
	if s.from != (calendar.Date{}) {
		from = s.from.Start()
	}
	if s.to != (calendar.Date{}) {
		to = s.to.EndOfDay()
	}
	return from, to
}
