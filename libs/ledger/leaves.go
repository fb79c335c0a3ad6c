package ledger

import (
	"fmt"

	"github.com/transparency-dev/merkle/compact"
)

// Leaves is a whole RFC 6962 tree in memory, over leaf hashes that were made
// elsewhere: for trees of some hundred leaves, such as one batch of events. It
// keeps every complete subtree, one hash a leaf besides the leaves, so that any
// run of leaves is shown at the cost of a lookup. It is immutable.
type Leaves struct {
	levels [][]Hash // the complete subtrees, by level and index
	root   Hash
}

// NewLeaves builds the tree. It keeps leaves, which must not change.
func NewLeaves(leaves []Hash) *Leaves {
	l := &Leaves{levels: [][]Hash{leaves}}
	rest := make([]Hash, 0, len(leaves)) // all levels above the leaves have fewer
	for below := leaves; len(below) > 1; {
		from := len(rest)
		for i := 0; i+1 < len(below); i += 2 {
			rest = append(rest, hashNode(&below[i], &below[i+1]))
		}
		below = rest[from:len(rest):len(rest)]
		l.levels = append(l.levels, below)
	}
	t := Tree{size: uint64(len(leaves))}
	for level, nodes := range l.levels {
		if len(nodes)&1 == 1 {
			t.edge[level] = nodes[len(nodes)-1]
		}
	}
	l.root = t.Root()
	return l
}

// Size is the number of leaves.
func (l *Leaves) Size() uint64 { return uint64(len(l.levels[0])) }

// Leaf is leaf number i, counted from zero.
func (l *Leaves) Leaf(i int) Hash { return l.levels[0][i] }

// Root is the Merkle tree hash.
func (l *Leaves) Root() Hash { return l.root }

// Around is what proves the leaves from begin to before end: the compact ranges
// to their left and to their right, as RunRoot takes them.
func (l *Leaves) Around(begin, end uint64) (left, right []Hash) {
	return l.nodes(0, begin), l.nodes(end, l.Size())
}

func (l *Leaves) nodes(begin, end uint64) []Hash {
	ids := compact.RangeNodes(begin, end, nil)
	out := make([]Hash, len(ids))
	for i, id := range ids {
		out[i] = l.levels[id.Level][id.Index]
	}
	return out
}

// RunRoot is the root of a tree of size leaves of which the run behind the first
// ones is given, with the compact ranges around it. It proves nothing by itself:
// compare it with a signed root. What cannot be such a tree is ErrTree.
func RunRoot(size, first uint64, left, run, right []Hash) (Hash, error) {
	end := first + uint64(len(run))
	if end < first || end > size {
		return Hash{}, ErrTree.With(fmt.Errorf("leaves %d to %d are not among %d", first, end, size))
	}
	t, err := ResumeTree(first, left)
	if err != nil {
		return Hash{}, err
	}
	for _, leaf := range run {
		t.Append(leaf, nil)
	}
	if err := t.AppendRange(size, right); err != nil {
		return Hash{}, err
	}
	return t.Root(), nil
}
