package auditexport

import (
	"context"
	"errors"
	"time"

	"egov/libs/calendar"
	"egov/libs/ledger"
	"egov/libs/ledger/checkpoint"
)

// Verdict is what a check of the live ledger found.
type Verdict struct {
	OK          bool   `json:"ok"`
	Rows        int64  `json:"rows"` // found to hold
	FirstBadSeq int64  `json:"first_bad_seq,omitempty"`
	ErrorCode   string `json:"error_code,omitempty"` // as the offline verifier names it
	Detail      string `json:"detail,omitempty"`
	Checkpoint  string `json:"checkpoint"`
}

// Verify recomputes the stored ledger from its rows alone — hashes, chains and
// tree — and holds the result against the newest signed checkpoint and the
// stored head.
func (s *Service) Verify(ctx context.Context, _ struct{}) (Verdict, error) {
	var v Verdict
	err := s.Book.Snapshot(ctx, func(b Book) error {
		signed, note, err := s.signed(ctx, b)
		if errors.Is(err, ErrNoCheckpoint) {
			signed, err = checkpoint.Signed{}, nil
		}
		if err != nil {
			return err
		}
		v = Verdict{Checkpoint: string(note)}
		if err := s.recompute(ctx, b, signed, &v); err != nil {
			f, ok := errors.AsType[*ledger.Finding](err)
			if !ok {
				return err
			}
			v.FirstBadSeq, v.ErrorCode, v.Detail = int64(f.Seq), string(f.Code), f.Detail
			return nil
		}
		v.OK = true
		return nil
	})
	if err != nil {
		return v, err
	}
	return v, s.inquire(ctx, "verify", v, v.Rows, nil)
}

func (s *Service) recompute(ctx context.Context, b Book, signed checkpoint.Signed, v *Verdict) error {
	head := ledger.Genesis(s.Keyring.Keys.Origin)
	var tree ledger.Tree
	check := func() error {
		if head.Size == signed.Size && signed.Size > 0 && (tree.Root() != signed.Root || head.SM3Chain != signed.SM3Chain) {
			return ledger.Found(ledger.CodeLeafNotInTree, 0, "the rows do not make up the tree that was signed at %d rows", signed.Size)
		}
		return nil
	}
	for row, err := range b.Rows(ctx, "", 1, 1<<62) {
		if err != nil {
			return err
		}
		if err := head.Check(row, 0); err != nil {
			return err
		}
		tree.Append(row.Chain, nil)
		v.Rows++
		if err := check(); err != nil {
			return err
		}
	}
	if head.Size < signed.Size {
		return ledger.Found(ledger.CodeTruncated, head.Size+1, "%d rows are signed, %d are there", signed.Size, head.Size)
	}
	kept, keptTree, err := b.Head(ctx)
	if err != nil {
		return err
	}
	if kept != head || keptTree.Root() != tree.Root() {
		return ledger.Found(ledger.CodeTruncated, head.Size+1, "the stored head speaks of %d rows, %d are there", kept.Size, head.Size)
	}
	return nil
}

// signed opens the newest checkpoint.
func (s *Service) signed(ctx context.Context, b Book) (checkpoint.Signed, []byte, error) {
	note, err := b.Checkpoint(ctx)
	if err != nil {
		return checkpoint.Signed{}, nil, err
	}
	if note == nil {
		return checkpoint.Signed{}, nil, ErrNoCheckpoint
	}
	signed, err := s.Keyring.Trust.OpenUnwitnessed(note)
	return signed, note, err
}

// SignCheckpoint signs the ledger as it stands; it does nothing where it has
// not grown since the last one.
func (s *Service) SignCheckpoint(ctx context.Context) (size uint64, err error) {
	head, tree, err := s.Book.Head(ctx)
	if err != nil || head.Size == 0 {
		return 0, err
	}
	last, _, err := s.signed(ctx, s.Book)
	if err != nil && !errors.Is(err, ErrNoCheckpoint) {
		return 0, err
	}
	if err == nil && last.Size >= head.Size {
		return last.Size, nil
	}
	c := checkpoint.Checkpoint{Origin: s.Keyring.Keys.Origin, Size: head.Size, Root: tree.Root(), SM3Chain: head.SM3Chain}
	note, err := checkpoint.Sign(c, s.Keyring.Signers...)
	if err != nil {
		return 0, err
	}
	return head.Size, s.Book.KeepCheckpoint(ctx, c, note, s.Clock.Now())
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
