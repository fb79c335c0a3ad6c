package ledger_test

import (
	"testing"

	"pgregory.net/rapid"

	"egov/libs/ledger"
)

// TestARunIsNarrowed draws the proof of a part of a run, for trees of all shapes:
// it leads to the same root, for this part alone.
func TestARunIsNarrowed(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		size := rapid.IntRange(1, 70).Draw(t, "size")
		leaves := make([]ledger.Hash, size)
		for i := range leaves {
			leaves[i] = ledger.Sum256([]byte{byte(i)})
		}
		tree := ledger.NewLeaves(leaves)
		first := rapid.IntRange(0, size-1).Draw(t, "first")
		last := rapid.IntRange(first+1, size).Draw(t, "last")
		begin := rapid.IntRange(first, last-1).Draw(t, "begin")
		end := rapid.IntRange(begin+1, last).Draw(t, "end")
		left, right := tree.Around(uint64(first), uint64(last))
		before, behind, err := ledger.Narrow(uint64(size), uint64(first), left, leaves[first:last], right, begin-first, end-first)
		if err != nil {
			t.Fatal(err)
		}
		root, err := ledger.RunRoot(uint64(size), uint64(begin), before, leaves[begin:end], behind)
		if err != nil || root != tree.Root() {
			t.Fatalf("another root: %v", err)
		}
		if root, err := ledger.RunRoot(uint64(size), uint64(begin), before, leaves[first:][:end-begin], behind); begin != first && err == nil && root == tree.Root() {
			t.Fatal("other leaves pass for these")
		}
	})
}

// TestARunThatCannotBeIsRefused gives what no tree has.
func TestARunThatCannotBeIsRefused(t *testing.T) {
	t.Parallel()
	run := make([]ledger.Hash, 2)
	for name, tt := range map[string]struct {
		size, first uint64
		left, right []ledger.Hash
		begin, end  int
	}{
		"a part that ends before it begins":  {4, 2, run[:1], nil, 2, 1},
		"a part longer than its run":         {4, 2, run[:1], nil, 0, 3},
		"a part before its run":              {4, 2, run[:1], nil, -1, 1},
		"a run longer than its tree":         {3, 2, run[:1], nil, 0, 1},
		"a run behind all numbers":           {4, 1<<64 - 1, nil, nil, 0, 1},
		"too little for what is on its left": {4, 2, nil, nil, 0, 1},
		"too much for what is on its right":  {4, 2, run[:1], run[:1], 0, 1},
	} {
		if _, _, err := ledger.Narrow(tt.size, tt.first, tt.left, run, tt.right, tt.begin, tt.end); err == nil {
			t.Errorf("%s is drawn", name)
		}
	}
}
