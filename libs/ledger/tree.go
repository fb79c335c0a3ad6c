package ledger

import (
	"crypto/sha256"
	"fmt"
	"math/bits"

	"github.com/transparency-dev/merkle/compact"

	"egov/libs/fault"
)

// TileHeight is how many levels of the tree lie between two stored ones. A
// store keeps the chain values (level 0) and the nodes of levels 8, 16, 24, …:
// one node more for every 256 rows.
const TileHeight = 8

// Node is one complete subtree: Index counts the nodes of its Level from zero,
// and the subtree covers the rows Index·2^Level+1 … (Index+1)·2^Level.
type Node struct {
	Level uint
	Index uint64
	Hash  Hash
}

// ErrTree says that a stored tree cannot be what it claims to be.
var ErrTree = fault.New(fault.Internal, "ledger_tree_invalid", "审计账本的树状态有误", "the stored tree of the ledger is inconsistent")

// Tree is the right edge of an append-only RFC 6962 tree: enough to append and
// to know the root, in at most 2 KiB. The zero value is the empty tree. It is
// a value: a copy is a snapshot. It is not safe for concurrent use.
type Tree struct {
	size uint64
	edge [64]Hash // edge[l] is meant only where bit l of size is set
}

// ResumeTree continues the tree whose Edge was stored with its size.
func ResumeTree(size uint64, edge []Hash) (*Tree, error) {
	if len(edge) != bits.OnesCount64(size) {
		return nil, ErrTree.With(fmt.Errorf("%d hashes for %d rows, want %d", len(edge), size, bits.OnesCount64(size)))
	}
	t := &Tree{size: size}
	for level := bits.Len64(size) - 1; level >= 0; level-- {
		if size>>level&1 == 1 {
			t.edge[level], edge = edge[0], edge[1:]
		}
	}
	return t, nil
}

// Size is the number of rows.
func (t *Tree) Size() uint64 { return t.size }

// Edge is the tree's compact range: the roots of the complete subtrees that
// make it up, from the largest to the smallest, one for each bit of Size.
func (t *Tree) Edge() []Hash {
	edge := make([]Hash, 0, bits.OnesCount64(t.size))
	for level := bits.Len64(t.size) - 1; level >= 0; level-- {
		if t.size>>level&1 == 1 {
			edge = append(edge, t.edge[level])
		}
	}
	return edge
}

// Root is the Merkle tree hash over all rows. That of the empty tree is the
// hash of nothing, RFC 6962 §2.1.
func (t *Tree) Root() Hash {
	if t.size == 0 {
		return sha256.Sum256(nil)
	}
	level := bits.TrailingZeros64(t.size)
	root := t.edge[level]
	for level++; level < bits.Len64(t.size); level++ {
		if t.size>>level&1 == 1 {
			root = hashNode(&t.edge[level], &root)
		}
	}
	return root
}

// Append adds the chain value of the next row. keep, unless nil, receives each
// node that a store has to keep besides the chain values.
func (t *Tree) Append(chain Hash, keep func(Node)) {
	t.appendSubtree(0, chain, keep)
}

// appendSubtree adds a complete subtree of 2^level rows; the size must be a
// multiple of that.
func (t *Tree) appendSubtree(level uint, h Hash, keep func(Node)) {
	end := t.size + 1<<level
	for ; t.size>>level&1 == 1; level++ {
		h = hashNode(&t.edge[level], &h)
		if keep != nil && (level+1)%TileHeight == 0 {
			keep(Node{Level: level + 1, Index: (end - 1) >> (level + 1), Hash: h})
		}
	}
	t.edge[level] = h
	t.size = end
}

// AppendRange adds the rows up to end by the compact range that covers them,
// as Prover.Range gives it. What it adds is only as good as the root that
// comes out: compare it with a signed one.
func (t *Tree) AppendRange(end uint64, hashes []Hash) error {
	if end < t.size {
		return ErrTree.With(fmt.Errorf("a range that ends at %d does not follow %d rows", end, t.size))
	}
	ids := compact.RangeNodes(t.size, end, nil)
	if len(ids) != len(hashes) {
		return ErrTree.With(fmt.Errorf("%d hashes for the rows %d to %d, want %d", len(hashes), t.size+1, end, len(ids)))
	}
	for i, id := range ids {
		t.appendSubtree(id.Level, hashes[i], nil)
	}
	return nil
}

// AppendCompactRange appends to dst the compact range of consecutive leaves, as
// Tree.AppendRange takes it: the fewest complete subtrees that cover them, left
// to right. first counts the leaves before them. It lets the leaves of one tree be
// hashed by several parties at once. It works in leaves and leaves nothing of use
// there.
func AppendCompactRange(dst []Hash, first uint64, leaves []Hash) []Hash {
	for len(leaves) > 0 {
		// The largest subtree that begins here and does not reach too far.
		level := bits.Len(uint(len(leaves))) - 1
		if first > 0 {
			level = min(level, bits.TrailingZeros64(first))
		}
		nodes := leaves[:1<<level]
		leaves, first = leaves[len(nodes):], first+uint64(len(nodes))
		for ; len(nodes) > 1; nodes = nodes[:len(nodes)/2] {
			for i := range len(nodes) / 2 {
				nodes[i] = hashNode(&nodes[2*i], &nodes[2*i+1])
			}
		}
		dst = append(dst, nodes[0])
	}
	return dst
}
