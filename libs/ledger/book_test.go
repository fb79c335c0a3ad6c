package ledger_test

import (
	"context"
	"fmt"
	"testing"

	"egov/libs/ledger"
)

// book is a ledger in memory, stored as a service stores it: chain values and
// every eighth level of the tree.
type book struct {
	head   ledger.Head
	tree   ledger.Tree
	rows   []ledger.Row
	levels map[uint][]ledger.Hash
	reads  int
}

const origin = "test.example/ledger"

func newBook(t testing.TB, rows int) *book {
	t.Helper()
	b := &book{head: ledger.Genesis(origin), levels: make(map[uint][]ledger.Hash)}
	for i := range rows {
		b.append(t, fmt.Appendf(nil, `{"row":%d}`, i))
	}
	return b
}

func (b *book) append(t testing.TB, raw []byte) {
	t.Helper()
	row := b.head.Append(raw)
	b.rows = append(b.rows, row)
	b.levels[0] = append(b.levels[0], row.Chain)
	b.tree.Append(row.Chain, func(n ledger.Node) {
		if n.Level%ledger.TileHeight != 0 || n.Index != uint64(len(b.levels[n.Level])) {
			t.Errorf("node %d of level %d was handed out out of order", n.Index, n.Level)
		}
		b.levels[n.Level] = append(b.levels[n.Level], n.Hash)
	})
}

func (b *book) Nodes(_ context.Context, level uint, begin, end uint64) ([]ledger.Hash, error) {
	b.reads++
	if n := uint64(len(b.levels[level])); end > n || end-begin > 256 || level%ledger.TileHeight != 0 {
		return nil, fmt.Errorf("asked for %d to %d of %d nodes at level %d", begin, end, n, level)
	}
	return b.levels[level][begin:end], nil
}
