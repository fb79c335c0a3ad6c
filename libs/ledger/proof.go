package ledger

import (
	"context"
	"fmt"

	"github.com/transparency-dev/merkle/compact"
	"github.com/transparency-dev/merkle/proof"
	"github.com/transparency-dev/merkle/rfc6962"
)

// NodeStore reads what a service keeps of the tree.
type NodeStore interface {
	// Nodes returns the hashes of level with begin ≤ index < end, in order. At
	// level 0 these are the chain values of the rows begin+1 … end, at the
	// multiples of TileHeight the nodes that Tree.Append handed out. It is
	// asked for no other level, and for 256 hashes at most.
	Nodes(ctx context.Context, level uint, begin, end uint64) ([]Hash, error)
}

// Prover draws proofs from a stored tree as it stood at one size. It keeps the
// tiles it has read, up to a fixed bound. It is not safe for concurrent use.
type Prover struct {
	store NodeStore
	size  uint64
	tiles map[tileID][]Hash
}

type tileID struct {
	level uint
	index uint64
}

const (
	tileWidth = 1 << TileHeight
	maxTiles  = 64 // half a mebibyte of hashes
)

// NewProver draws proofs from the first size rows of store.
func NewProver(store NodeStore, size uint64) *Prover {
	return &Prover{store: store, size: size, tiles: make(map[tileID][]Hash)}
}

// Inclusion proves that row seq is in the tree: the audit path of RFC 6962
// §2.1.1, from the leaf's sibling up.
func (p *Prover) Inclusion(ctx context.Context, seq uint64) ([]Hash, error) {
	if seq < 1 || seq > p.size {
		return nil, ErrTree.With(fmt.Errorf("row %d is not among %d rows", seq, p.size))
	}
	nodes, err := proof.Inclusion(seq-1, p.size)
	if err != nil {
		return nil, ErrTree.With(err)
	}
	return p.assemble(ctx, nodes)
}

// Consistency proves that the tree continues the one of earlier rows: RFC 6962
// §2.1.2.
func (p *Prover) Consistency(ctx context.Context, earlier uint64) ([]Hash, error) {
	nodes, err := proof.Consistency(earlier, p.size)
	if err != nil {
		return nil, ErrTree.With(err)
	}
	return p.assemble(ctx, nodes)
}

// Range is the compact range of the rows begin+1 … end: the fewest complete
// subtrees that cover them, left to right. The range from zero is what
// ResumeTree takes.
func (p *Prover) Range(ctx context.Context, begin, end uint64) ([]Hash, error) {
	if begin > end || end > p.size {
		return nil, ErrTree.With(fmt.Errorf("the rows %d to %d are not among %d rows", begin+1, end, p.size))
	}
	return p.nodes(ctx, compact.RangeNodes(begin, end, nil))
}

// Chain is the stored chain value of row seq, which must be one of the tree.
func (p *Prover) Chain(ctx context.Context, seq uint64) (Hash, error) {
	if seq < 1 || seq > p.size {
		return Hash{}, ErrTree.With(fmt.Errorf("row %d is not among %d rows", seq, p.size))
	}
	h, err := p.tile(ctx, tileID{index: (seq - 1) / tileWidth})
	if err != nil {
		return Hash{}, err
	}
	return h[(seq-1)%tileWidth], nil
}

func (p *Prover) assemble(ctx context.Context, nodes proof.Nodes) ([]Hash, error) {
	hashes, err := p.nodes(ctx, nodes.IDs)
	if err != nil {
		return nil, err
	}
	path, err := nodes.Rehash(byteSlices(hashes), rfc6962.DefaultHasher.HashChildren)
	if err != nil {
		return nil, ErrTree.With(err)
	}
	out := make([]Hash, len(path))
	for i, h := range path {
		out[i] = Hash(h)
	}
	return out, nil
}

func (p *Prover) nodes(ctx context.Context, ids []compact.NodeID) ([]Hash, error) {
	hashes := make([]Hash, len(ids))
	for i, id := range ids {
		h, err := p.node(ctx, id)
		if err != nil {
			return nil, err
		}
		hashes[i] = h
	}
	return hashes, nil
}

// node folds the part of a tile that lies under the node. A node never spans
// two tiles.
func (p *Prover) node(ctx context.Context, id compact.NodeID) (Hash, error) {
	above := id.Level % TileHeight
	first := id.Index << above
	tile, err := p.tile(ctx, tileID{level: id.Level - above, index: first / tileWidth})
	if err != nil {
		return Hash{}, err
	}
	from, n := first%tileWidth, uint64(1)<<above
	if from+n > uint64(len(tile)) {
		return Hash{}, ErrTree.With(fmt.Errorf("node %d of level %d is not complete at %d rows", id.Index, id.Level, p.size))
	}
	var fold [tileWidth]Hash
	level := fold[:copy(fold[:], tile[from:from+n])]
	for ; len(level) > 1; level = level[:len(level)/2] {
		for i := range len(level) / 2 {
			level[i] = hashNode(&level[2*i], &level[2*i+1])
		}
	}
	return level[0], nil
}

func (p *Prover) tile(ctx context.Context, id tileID) ([]Hash, error) {
	if t, ok := p.tiles[id]; ok {
		return t, nil
	}
	begin := id.index * tileWidth
	end := min(begin+tileWidth, p.size>>id.level)
	if begin >= end {
		return nil, ErrTree.With(fmt.Errorf("tile %d of level %d is beyond %d rows", id.index, id.level, p.size))
	}
	t, err := p.store.Nodes(ctx, id.level, begin, end)
	if err != nil {
		return nil, err
	}
	if uint64(len(t)) != end-begin {
		return nil, ErrTree.With(fmt.Errorf("the store has %d of %d nodes at level %d from %d", len(t), end-begin, id.level, begin))
	}
	if len(p.tiles) >= maxTiles {
		clear(p.tiles)
	}
	p.tiles[id] = t
	return t, nil
}

// VerifyInclusion says whether path proves that the row with that chain value
// is number seq of the size rows under root. It returns a *Finding otherwise.
func VerifyInclusion(seq, size uint64, chain Hash, path []Hash, root Hash) error {
	if seq < 1 || seq > size {
		return Found(CodeLeafNotInTree, seq, "row %d is not among %d rows", seq, size)
	}
	if err := proof.VerifyInclusion(rfc6962.DefaultHasher, seq-1, size, chain[:], byteSlices(path), root[:]); err != nil {
		return Found(CodeLeafNotInTree, seq, "%v", err)
	}
	return nil
}

// VerifyConsistency says whether path proves that the tree of size rows under
// root continues the tree of earlier rows under earlierRoot. It returns a
// *Finding otherwise: CodeTruncated when the tree has become shorter, CodeFork
// when it tells another story. Nothing is asked of a tree that follows the
// empty one.
func VerifyConsistency(earlier uint64, earlierRoot Hash, size uint64, root Hash, path []Hash) error {
	switch {
	case earlier > size:
		return Found(CodeTruncated, size+1, "%d rows were seen before, now there are %d", earlier, size)
	case earlier == 0 && len(path) == 0:
		return nil
	}
	if err := proof.VerifyConsistency(rfc6962.DefaultHasher, earlier, size, byteSlices(path), earlierRoot[:], root[:]); err != nil {
		return Found(CodeFork, 0, "%v", err)
	}
	return nil
}

func byteSlices(hashes []Hash) [][]byte {
	out := make([][]byte, len(hashes))
	for i := range hashes {
		out[i] = hashes[i][:]
	}
	return out
}
