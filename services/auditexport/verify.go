package auditexport

import (
	"context"
	"errors"
	"slices"

	"egov/libs/ledger"
	"egov/libs/ledger/checkpoint"
)

// Verdict is what a check of the live ledger found.
type Verdict struct {
	OK          bool   `json:"ok"`
	Rows        int64  `json:"rows"` // found to hold
	FirstBadSeq int64  `json:"first_bad_seq,omitempty"`
	ErrorCode   string `json:"error_code,omitempty"` // as the offline verifier names it, or misfiled
	Detail      string `json:"detail,omitempty"`
	Checkpoint  string `json:"checkpoint"` // the signed note it was held against
}

// CodeMisfiled says that a row's event and chain hold, and one of the columns
// that queries go by was changed: the row is hidden from them, or comes under a
// false name. stable: verdicts carry it. Exports do not have these columns.
const CodeMisfiled ledger.Code = "misfiled"

// recompute checks the stored ledger. v.Rows counts on the way; told is called
// after each row.
func (s *Service) recompute(ctx context.Context, v *Verdict, told func() error) error {
	signed, _, err := s.newest(ctx)
	v.Checkpoint = string(signed.Note)
	if err != nil && !errors.Is(err, ErrNoCheckpoint) {
		return err
	}
	kept, keptTree, err := s.Book.Head(ctx)
	if err != nil {
		return asFinding(err)
	}
	head := ledger.Genesis(s.Keyring.Keys.Origin)
	var tree ledger.Tree
	nodes := nodeCheck{}
	vouching, stop := s.vouch(ctx, 1, int64(max(kept.Size, signed.Size)))
	defer stop()
	for row, err := range s.Book.Filed(ctx, 1, int64(max(kept.Size, signed.Size))) {
		if err != nil {
			return err
		}
		if err := head.Check(&row.Row, 0); err != nil {
			return err
		}
		if err := vouching.row(&row.Row); err != nil {
			return err
		}
		if row.Misfiled != "" {
			return ledger.Found(CodeMisfiled, row.Seq, "the query column %q does not say what the event says", row.Misfiled)
		}
		tree.Append(row.Chain, nodes.expect)
		v.Rows++
		if err := told(); err != nil {
			return err
		}
		if head.Size == signed.Size && !matches(signed, head, &tree) {
			return ledger.Found(ledger.CodeLeafNotInTree, 0, "the rows do not make up the tree that was signed at %d rows", signed.Size)
		}
	}
	switch {
	case head.Size < signed.Size:
		return ledger.Found(ledger.CodeTruncated, head.Size+1, "%d rows are signed, %d are there", signed.Size, head.Size)
	case head.Size < kept.Size:
		return ledger.Found(ledger.CodeTruncated, head.Size+1, "the stored head speaks of %d rows, %d are there", kept.Size, head.Size)
	case head != kept || keptTree.Root() != tree.Root():
		return ledger.Found(ledger.CodeLeafNotInTree, 0, "the stored head is not that of the %d rows", head.Size)
	}
	if err := errors.Join(vouching.end(), nodes.compare(ctx, s.Book)); err != nil {
		return err
	}
	return s.nothingBehind(ctx)
}

// nodeCheck gathers the nodes that the store must have besides the rows: one
// for every 256 rows, and those above them.
type nodeCheck map[uint][]ledger.Hash // by level, from index 0

func (c nodeCheck) expect(n ledger.Node) { c[n.Level] = append(c[n.Level], n.Hash) }

func (c nodeCheck) compare(ctx context.Context, store ledger.NodeStore) error {
	const at = 1 << ledger.TileHeight
	for level, want := range c {
		for begin := 0; begin < len(want); begin += at {
			end := min(begin+at, len(want))
			got, err := store.Nodes(ctx, level, uint64(begin), uint64(end))
			if err != nil {
				return err
			}
			if !slices.Equal(got, want[begin:end]) {
				return ledger.Found(ledger.CodeLeafNotInTree, 0, "the stored nodes of the tree at level %d, from %d on, are not those of the rows", level, begin)
			}
		}
	}
	return nil
}

func matches(signed checkpoint.Signed, head ledger.Head, tree *ledger.Tree) bool {
	return tree.Root() == signed.Root && head.SM3Chain == signed.SM3Chain
}

// nothingBehind finds rows that were put behind the head without moving it.
func (s *Service) nothingBehind(ctx context.Context) error {
	end, err := s.Book.End(ctx)
	if err != nil {
		return err
	}
	kept, _, err := s.Book.Head(ctx) // read later: what was appended meanwhile is under it
	if err != nil {
		return asFinding(err)
	}
	if end > kept.Size {
		return ledger.Found(ledger.CodeLeafNotInTree, kept.Size+1, "%d rows were added, the last row there is %d", kept.Size, end)
	}
	return nil
}
