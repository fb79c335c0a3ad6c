package ledger_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"testing"

	"github.com/transparency-dev/merkle/compact"
	"github.com/transparency-dev/merkle/rfc6962"
	"pgregory.net/rapid"

	"egov/libs/ledger"
)

// libraryRoot is the root as the reference implementation of RFC 6962 has it.
func libraryRoot(t testing.TB, rows []ledger.Row) ledger.Hash {
	t.Helper()
	h := rfc6962.DefaultHasher
	r := (&compact.RangeFactory{Hash: h.HashChildren}).NewEmptyRange(0)
	for i := range rows {
		if err := r.Append(h.HashLeaf(leaf(rows, i)), nil); err != nil {
			t.Fatal(err)
		}
	}
	root, err := r.GetRootHash(nil)
	if err != nil {
		t.Fatal(err)
	}
	if root == nil {
		root = h.EmptyRoot()
	}
	return ledger.Hash(root)
}

// leaf is what the tree's documentation says a leaf is.
func leaf(rows []ledger.Row, i int) []byte {
	prev := ledger.Genesis(origin).Chain
	if i > 0 {
		prev = rows[i-1].Chain
	}
	b := binary.BigEndian.AppendUint64(bytes.Clone(prev[:]), rows[i].Seq)
	return append(append(b, rows[i].SHA256[:]...), rows[i].SM3[:]...)
}

func TestRootIsThatOfRFC6962(t *testing.T) {
	t.Parallel()
	b := newBook(t, 0)
	for size := range 600 {
		if size > 0 {
			b.append(t, fmt.Appendf(nil, "%d", size))
		}
		if size < 70 || size%97 == 0 || size == 256 || size == 512 {
			if got, want := b.tree.Root(), libraryRoot(t, b.rows); got != want {
				t.Fatalf("root of %d rows is %s, want %s", size, got, want)
			}
		}
	}
}

func TestAResumedTreeGoesOnAsIfNeverStopped(t *testing.T) {
	t.Parallel()
	whole := newBook(t, 700)
	rapid.Check(t, func(t *rapid.T) {
		stop := rapid.Uint64Range(0, 700).Draw(t, "stop")
		var before ledger.Tree
		for _, row := range whole.rows[:stop] {
			before.Append(row.Chain, nil)
		}
		edge, err := ledger.NewProver(whole, 700).Range(context.Background(), 0, stop)
		if err != nil {
			t.Fatal(err)
		}
		if fmt.Sprint(edge) != fmt.Sprint(before.Edge()) {
			t.Fatal("the stored range is not the tree's edge")
		}
		tree, err := ledger.ResumeTree(stop, edge)
		if err != nil {
			t.Fatal(err)
		}
		for _, row := range whole.rows[stop:] {
			tree.Append(row.Chain, nil)
		}
		if tree.Root() != whole.tree.Root() || tree.Size() != 700 {
			t.Fatalf("stopped at %d: another root", stop)
		}
	})
	if _, err := ledger.ResumeTree(3, make([]ledger.Hash, 1)); !errors.Is(err, ledger.ErrTree) {
		t.Fatalf("resumed from too little: %v", err)
	}
}

func TestARangeBetweenTwoCoversMakesTheRoot(t *testing.T) {
	t.Parallel()
	b := newBook(t, 1000)
	rapid.Check(t, func(t *rapid.T) {
		begin := rapid.Uint64Range(0, 1000).Draw(t, "begin")
		end := rapid.Uint64Range(begin, 1000).Draw(t, "end")
		p := ledger.NewProver(b, 1000)
		left, err1 := p.Range(context.Background(), 0, begin)
		right, err2 := p.Range(context.Background(), end, 1000)
		if err := errors.Join(err1, err2); err != nil {
			t.Fatal(err)
		}
		tree, err := ledger.ResumeTree(begin, left)
		if err != nil {
			t.Fatal(err)
		}
		for _, row := range b.rows[begin:end] {
			tree.Append(row.Chain, nil)
		}
		if err := tree.AppendRange(1000, right); err != nil {
			t.Fatal(err)
		}
		if tree.Root() != b.tree.Root() {
			t.Fatalf("rows %d to %d between their covers have another root", begin+1, end)
		}
		if err := tree.AppendRange(999, nil); !errors.Is(err, ledger.ErrTree) {
			t.Fatal("a tree was shortened")
		}
	})
}

// TestATreeIsHashedByParts has runs of leaves hashed apart and joined.
func TestATreeIsHashedByParts(t *testing.T) {
	t.Parallel()
	b := newBook(t, 1300)
	rapid.Check(t, func(t *rapid.T) {
		size := rapid.Uint64Range(0, 1300).Draw(t, "size")
		var tree ledger.Tree
		for tree.Size() < size {
			first := tree.Size()
			end := min(size, first+rapid.Uint64Range(1, 400).Draw(t, "run"))
			var leaves []ledger.Hash
			for _, row := range b.rows[first:end] {
				leaves = append(leaves, row.Chain)
			}
			nodes := ledger.AppendCompactRange([]ledger.Hash{{7}}, first, leaves)
			if nodes[0] != (ledger.Hash{7}) {
				t.Fatal("what was there is gone")
			}
			if err := tree.AppendRange(end, nodes[1:]); err != nil {
				t.Fatal(err)
			}
		}
		if tree.Root() != libraryRootOf(b, size) {
			t.Fatalf("another root of %d rows", size)
		}
	})
	if nodes := ledger.AppendCompactRange(nil, 5, nil); len(nodes) != 0 {
		t.Fatalf("%d nodes of nothing", len(nodes))
	}
}

func TestInclusionProofs(t *testing.T) {
	t.Parallel()
	b := newBook(t, 1300)
	ctx := context.Background()
	rapid.Check(t, func(t *rapid.T) {
		size := rapid.Uint64Range(1, 1300).Draw(t, "size")
		seq := rapid.Uint64Range(1, size).Draw(t, "seq")
		root := libraryRootOf(b, size)
		p := ledger.NewProver(b, size)
		path, err := p.Inclusion(ctx, seq)
		if err != nil {
			t.Fatal(err)
		}
		chain, err := p.Chain(ctx, seq)
		if err != nil || chain != b.rows[seq-1].Chain {
			t.Fatalf("chain value %s, %v", chain, err)
		}
		if err := ledger.VerifyInclusion(seq, size, chain, path, root); err != nil {
			t.Fatal(err)
		}
		wrong := chain
		wrong[0] ^= 1
		for name, err := range map[string]error{
			"another row":   ledger.VerifyInclusion(seq, size, wrong, path, root),
			"another place": ledger.VerifyInclusion(seq%size+1, size, chain, path, root),
			"another root":  ledger.VerifyInclusion(seq, size, chain, path, wrong),
			"a longer path": ledger.VerifyInclusion(seq, size, chain, append(path, wrong), root),
			"place zero":    ledger.VerifyInclusion(0, size, chain, path, root),
			"beyond":        ledger.VerifyInclusion(size+1, size, chain, path, root),
		} {
			if name == "another place" && size == 1 {
				continue
			}
			if f, ok := errors.AsType[*ledger.Finding](err); !ok || f.Code != ledger.CodeLeafNotInTree {
				t.Fatalf("%s: %v", name, err)
			}
		}
	})
	p := ledger.NewProver(b, 10)
	for _, seq := range []uint64{0, 11} {
		_, err1 := p.Inclusion(ctx, seq)
		_, err2 := p.Chain(ctx, seq)
		if !errors.Is(err1, ledger.ErrTree) || !errors.Is(err2, ledger.ErrTree) {
			t.Fatalf("row %d of 10: %v, %v", seq, err1, err2)
		}
	}
}

func libraryRootOf(b *book, size uint64) ledger.Hash {
	var tree ledger.Tree
	for _, row := range b.rows[:size] {
		tree.Append(row.Chain, nil)
	}
	return tree.Root()
}

func TestConsistencyProofs(t *testing.T) {
	t.Parallel()
	b := newBook(t, 1300)
	ctx := context.Background()
	rapid.Check(t, func(t *rapid.T) {
		size := rapid.Uint64Range(1, 1300).Draw(t, "size")
		earlier := rapid.Uint64Range(0, size).Draw(t, "earlier")
		root, earlierRoot := libraryRootOf(b, size), libraryRootOf(b, earlier)
		path, err := ledger.NewProver(b, size).Consistency(ctx, earlier)
		if err != nil {
			t.Fatal(err)
		}
		if err := ledger.VerifyConsistency(earlier, earlierRoot, size, root, path); err != nil {
			t.Fatal(err)
		}
		if earlier == 0 {
			return
		}
		forked := earlierRoot
		forked[0] ^= 1
		err = ledger.VerifyConsistency(earlier, forked, size, root, path)
		if f, ok := errors.AsType[*ledger.Finding](err); !ok || f.Code != ledger.CodeFork {
			t.Fatalf("a fork passed: %v", err)
		}
		err = ledger.VerifyConsistency(size+1, root, size, root, nil)
		if f, ok := errors.AsType[*ledger.Finding](err); !ok || f.Code != ledger.CodeTruncated || f.Seq != size+1 {
			t.Fatalf("a shorter tree passed: %v", err)
		}
	})
	if _, err := ledger.NewProver(b, 5).Consistency(ctx, 6); !errors.Is(err, ledger.ErrTree) {
		t.Fatalf("proved what cannot be: %v", err)
	}
}

func TestAProverReadsFewTiles(t *testing.T) {
	t.Parallel()
	b := newBook(t, 70_000)
	p := ledger.NewProver(b, 70_000)
	if _, err := p.Inclusion(context.Background(), 12_345); err != nil {
		t.Fatal(err)
	}
	if b.reads > 6 {
		t.Fatalf("one proof read %d tiles", b.reads)
	}
	for seq := uint64(1); seq <= 70_000; seq += 300 {
		if _, err := p.Inclusion(context.Background(), seq); err != nil {
			t.Fatal(err)
		}
	}
	if b.reads > 450 {
		t.Fatalf("234 ascending proofs read %d tiles", b.reads)
	}
}

func TestAProverRefusesAStoreWithHoles(t *testing.T) {
	t.Parallel()
	b := newBook(t, 600)
	short := nodesFunc(func(ctx context.Context, level uint, begin, end uint64) ([]ledger.Hash, error) {
		h, err := b.Nodes(ctx, level, begin, end)
		return h[:len(h)-1], err
	})
	if _, err := ledger.NewProver(short, 600).Inclusion(context.Background(), 7); !errors.Is(err, ledger.ErrTree) {
		t.Fatalf("a hole passed: %v", err)
	}
	broken := nodesFunc(func(context.Context, uint, uint64, uint64) ([]ledger.Hash, error) { return nil, context.Canceled })
	if _, err := ledger.NewProver(broken, 600).Consistency(context.Background(), 7); !errors.Is(err, context.Canceled) {
		t.Fatalf("the store's error is lost: %v", err)
	}
}

type nodesFunc func(ctx context.Context, level uint, begin, end uint64) ([]ledger.Hash, error)

func (f nodesFunc) Nodes(ctx context.Context, level uint, begin, end uint64) ([]ledger.Hash, error) {
	return f(ctx, level, begin, end)
}
