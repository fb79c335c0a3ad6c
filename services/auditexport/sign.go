package auditexport

import (
	"context"
	"errors"

	"egov/libs/ledger"
	"egov/libs/ledger/checkpoint"
)

// SignCheckpoint signs the ledger as it stands and returns how many rows are
// signed. It does nothing where the ledger has not grown. It refuses with a
// *ledger.Finding to sign what does not continue the newest checkpoint: a
// ledger that has become shorter, or whose tree is not the one it was.
func (s *Service) SignCheckpoint(ctx context.Context) (size uint64, err error) {
	if size, err = s.signCheckpoint(ctx); err == nil {
		s.unsigned.Store(nil)
	} else if now := s.Clock.Now(); ctx.Err() == nil {
		s.unsigned.CompareAndSwap(nil, &now)
	}
	return size, err
}

func (s *Service) signCheckpoint(ctx context.Context) (size uint64, err error) {
	// What was signed is read first: whatever is appended meanwhile only adds.
	last, stored, err := s.newest(ctx)
	if err != nil && !errors.Is(err, ErrNoCheckpoint) {
		return 0, err
	}
	head, tree, err := s.Book.Head(ctx)
	if err != nil {
		return 0, asFinding(err)
	}
	switch {
	case head.Size < last.Size:
		return 0, ledger.Found(ledger.CodeTruncated, head.Size+1, "%d rows are signed, %d are there", last.Size, head.Size)
	case head.Size == 0:
		return 0, nil
	case last.Size > 0:
		path, err := ledger.NewProver(s.Book, head.Size).Consistency(ctx, last.Size)
		if err != nil {
			return 0, asFinding(err)
		}
		if err := ledger.VerifyConsistency(last.Size, last.Root, head.Size, tree.Root(), path); err != nil {
			return 0, err
		}
	}
	if head.Size == last.Size {
		if !stored { // the database has lost it
			err = s.Book.KeepCheckpoint(ctx, int64(last.Size), last.Note, s.Clock.Now())
		}
		return last.Size, err
	}
	c := checkpoint.Checkpoint{Origin: s.Keyring.Keys.Origin, Size: head.Size, Root: tree.Root(), SM3Chain: head.SM3Chain}
	note, err := checkpoint.Sign(c, s.Keyring.Signers...)
	if err != nil {
		return 0, err
	}
	signed, err := s.Keyring.Trust.OpenUnwitnessed(note)
	if err != nil {
		return 0, err
	}
	if err := s.Book.KeepCheckpoint(ctx, int64(head.Size), note, s.Clock.Now()); err != nil {
		return 0, err
	}
	return head.Size, s.Anchor.Keep(signed)
}

// newest is the newest checkpoint known, from the database or the anchor, and
// whether the database has it. Its errors are ErrNoCheckpoint, a
// *ledger.Finding about what the database has, beside which the anchor's
// checkpoint is returned, and those of reading.
func (s *Service) newest(ctx context.Context) (signed checkpoint.Signed, stored bool, err error) {
	anchored := s.Anchor.Newest()
	signed, err = s.stored(ctx, 0)
	switch {
	case errors.Is(err, ErrNoCheckpoint) && anchored.Size > 0:
		return anchored, false, nil
	case err != nil:
		return anchored, false, err
	case signed.Size < anchored.Size:
		return anchored, false, nil
	case signed.Size == anchored.Size && signed.Root != anchored.Root:
		return anchored, false, ledger.Found(ledger.CodeFork, 0, "two checkpoints of %d rows have different roots", signed.Size)
	}
	return signed, true, nil
}

// stored opens the checkpoint that the database has at that size, the newest
// for 0.
func (s *Service) stored(ctx context.Context, size int64) (checkpoint.Signed, error) {
	note, err := s.Book.Checkpoint(ctx, size)
	if err != nil {
		return checkpoint.Signed{}, err
	}
	if note == nil {
		return checkpoint.Signed{}, ErrNoCheckpoint
	}
	return s.Keyring.Trust.OpenUnwitnessed(note)
}

// under is the checkpoint to read under: the newest there is, signed now where
// the ledger has grown. A ledger found not to hold is read all the same, under
// what was last signed: showing what became of it is the verifier's part.
func (s *Service) under(ctx context.Context) (checkpoint.Signed, error) {
	if _, err := s.SignCheckpoint(ctx); err != nil && !isFinding(err) {
		return checkpoint.Signed{}, err
	}
	signed, _, err := s.newest(ctx)
	if isFinding(err) && signed.Size > 0 {
		err = nil
	}
	return signed, err
}

func isFinding(err error) bool {
	_, ok := errors.AsType[*ledger.Finding](err)
	return ok
}

// asFinding turns a stored tree that cannot be one into what it means: somebody
// removed rows or nodes.
func asFinding(err error) error {
	if errors.Is(err, ledger.ErrTree) {
		return ledger.Found(ledger.CodeLeafNotInTree, 0, "%v", err)
	}
	return err
}
