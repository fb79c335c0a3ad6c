package ledger

import (
	"errors"
	"testing"

	"pgregory.net/rapid"
)

// TestEveryRunOfLeavesIsProved holds every run of small trees to the root that
// the appended tree has, and wants no other leaf in its place.
func TestEveryRunOfLeavesIsProved(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		leaves := make([]Hash, rapid.IntRange(0, 70).Draw(t, "size"))
		var appended Tree
		for i := range leaves {
			leaves[i] = Sum256([]byte{byte(i)})
			appended.Append(leaves[i], nil)
		}
		tree := NewLeaves(leaves)
		if tree.Root() != appended.Root() || tree.Size() != appended.Size() {
			t.Fatalf("root %s of %d, want %s of %d", tree.Root(), tree.Size(), appended.Root(), appended.Size())
		}
		begin := rapid.IntRange(0, len(leaves)).Draw(t, "begin")
		end := rapid.IntRange(begin, len(leaves)).Draw(t, "end")
		left, right := tree.Around(uint64(begin), uint64(end))
		run := append([]Hash{}, leaves[begin:end]...)
		root, err := RunRoot(tree.Size(), uint64(begin), left, run, right)
		if err != nil || root != tree.Root() {
			t.Fatalf("leaves %d to %d of %d: %s, %v", begin, end, len(leaves), root, err)
		}
		if len(run) > 0 {
			run[rapid.IntRange(0, len(run)-1).Draw(t, "other")][0] ^= 1
			if root, err := RunRoot(tree.Size(), uint64(begin), left, run, right); err != nil || root == tree.Root() {
				t.Fatalf("another leaf has the same root, %v", err)
			}
		}
	})
}

func TestRunsThatCannotBeAreRefused(t *testing.T) {
	t.Parallel()
	h := Hash{1}
	for name, f := range map[string]func() (Hash, error){
		"beyond the end":     func() (Hash, error) { return RunRoot(1, 0, nil, []Hash{h, h}, nil) },
		"around the end":     func() (Hash, error) { return RunRoot(4, 1<<64-1, nil, []Hash{h}, nil) },
		"too little to left": func() (Hash, error) { return RunRoot(4, 2, nil, []Hash{h}, []Hash{h}) },
		"too much to right":  func() (Hash, error) { return RunRoot(4, 2, []Hash{h}, []Hash{h}, []Hash{h, h}) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if _, err := f(); !errors.Is(err, ErrTree) {
				t.Errorf("got %v", err)
			}
		})
	}
}
