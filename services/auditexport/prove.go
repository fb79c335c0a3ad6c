package auditexport

import (
	"context"
	"time"

	"egov/libs/calendar"
	"egov/libs/fault"
	"egov/libs/ledger"
)

// Standing is where the ledger stands and what signs it.
type Standing struct {
	Rows       int64  `json:"rows"`
	Root       string `json:"root"` // hex
	Chain      string `json:"chain"`
	SM3Chain   string `json:"sm3_chain"`
	Checkpoint string `json:"checkpoint"` // the newest signed note, empty without one
	Keys       any    `json:"keys"`
}

// Standing says where the ledger stands. It shows no row and is no secret: the
// more people keep a checkpoint, the less can be changed unnoticed.
func (s *Service) Standing(ctx context.Context, _ struct{}) (Standing, error) {
	head, tree, err := s.Book.Head(ctx)
	if err != nil {
		return Standing{}, err
	}
	note, err := s.Book.Checkpoint(ctx, 0)
	return Standing{
		Rows: int64(head.Size), Root: tree.Root().String(), Chain: head.Chain.String(), SM3Chain: head.SM3Chain.String(),
		Checkpoint: string(note), Keys: s.Keyring.Keys,
	}, err
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
