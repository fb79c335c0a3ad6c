package ledger

import (
	"fmt"

	"github.com/transparency-dev/merkle/compact"
)

// Narrow draws the compact ranges around part of a run anew. Known are a tree of
// size leaves, the run of leaves behind the first ones, and the compact ranges
// around it, as RunRoot takes them. What it returns proves the leaves of the run
// from begin to before end, counted within the run, under the same root. What
// cannot be such a tree is ErrTree.
func Narrow(size, first uint64, left, run, right []Hash, begin, end int) (before, behind []Hash, err error) {
	last := first + uint64(len(run))
	if last < first || last > size || begin < 0 || begin > end || end > len(run) {
		return nil, nil, ErrTree.With(fmt.Errorf("leaves %d to %d of a run of %d behind %d of %d", begin, end, len(run), first, size))
	}
	known := make(map[compact.NodeID]Hash, len(left)+len(right))
	for _, given := range []struct {
		from, to uint64
		hashes   []Hash
	}{{0, first, left}, {last, size, right}} {
		ids := compact.RangeNodes(given.from, given.to, nil)
		if len(ids) != len(given.hashes) {
			return nil, nil, ErrTree.With(fmt.Errorf("%d hashes stand for the leaves %d to %d, not %d", len(ids), given.from, given.to, len(given.hashes)))
		}
		for i, id := range ids {
			known[id] = given.hashes[i]
		}
	}
	var node func(id compact.NodeID) Hash
	node = func(id compact.NodeID) Hash {
		if h, ok := known[id]; ok {
			return h
		}
		if id.Level == 0 {
			return run[id.Index-first]
		}
		l, r := node(compact.NewNodeID(id.Level-1, 2*id.Index)), node(compact.NewNodeID(id.Level-1, 2*id.Index+1))
		return hashNode(&l, &r)
	}
	cover := func(from, to uint64) []Hash {
		ids := compact.RangeNodes(from, to, nil)
		out := make([]Hash, len(ids))
		for i, id := range ids {
			out[i] = node(id)
		}
		return out
	}
	return cover(0, first+uint64(begin)), cover(first+uint64(end), size), nil
}
