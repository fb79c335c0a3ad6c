package bundle

import (
	"bytes"
	"errors"
	"fmt"
	"testing"

	"egov/libs/ledger"
)

// TestARowIsLinkedWhereverItLies meddles with rows in the middle of what one
// goroutine reads and where the reading of another begins: what is found, and in
// which row, does not depend on who hashed what.
func TestARowIsLinkedWhereverItLies(t *testing.T) {
	t.Parallel()
	const count = 1200 // a megabyte, several chunks
	head := ledger.Genesis("test")
	var rows []ledger.Row
	for i := range count {
		rows = append(rows, head.Append(fmt.Appendf(nil, `{"number":%d,"text":"%0400d"}`, i, i)))
	}
	relink := func(r []ledger.Row, at int) {
		r[at].Chain = ledger.Link(r[at-1].Chain, r[at].Seq, r[at].SHA256, r[at].SM3)
	}
	for name, c := range map[string]struct {
		change func(r []ledger.Row, at int) []ledger.Row
		code   ledger.Code
		behind uint64 // the row that is changed
	}{
		"another chain value": {func(r []ledger.Row, at int) []ledger.Row { r[at].Chain[3] ^= 1; return r }, ledger.CodeChainBroken, 0},
		"another event":       {func(r []ledger.Row, at int) []ledger.Row { r[at].Raw = []byte("{}"); return r }, ledger.CodeRowHash, 0},
		"another event with its hashes": {func(r []ledger.Row, at int) []ledger.Row {
			r[at].Raw, r[at].SHA256, r[at].SM3 = []byte("{}"), ledger.Sum256([]byte("{}")), ledger.SumSM3([]byte("{}"))
			return r
		}, ledger.CodeChainBroken, 0},
		"another event that is linked": {func(r []ledger.Row, at int) []ledger.Row {
			r[at].Raw, r[at].SHA256, r[at].SM3 = []byte("{}"), ledger.Sum256([]byte("{}")), ledger.SumSM3([]byte("{}"))
			relink(r, at)
			return r
		}, ledger.CodeChainBroken, 1},
		"another number":   {func(r []ledger.Row, at int) []ledger.Row { r[at].Seq += 7; return r }, ledger.CodeRowMissing, 0},
		"the row is gone":  {func(r []ledger.Row, at int) []ledger.Row { return append(r[:at], r[at+1:]...) }, ledger.CodeRowMissing, 0},
		"the row is twice": {func(r []ledger.Row, at int) []ledger.Row { return append(r[:at+1], r[at:]...) }, ledger.CodeRowOrder, 0},
		"two events change places": {func(r []ledger.Row, at int) []ledger.Row {
			a, b := &r[at], &r[at+1]
			a.Raw, a.SHA256, a.SM3, b.Raw, b.SHA256, b.SM3 = b.Raw, b.SHA256, b.SM3, a.Raw, a.SHA256, a.SM3
			return r
		}, ledger.CodeChainBroken, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for at := 1; at < count-1; at += 7 {
				var file []byte
				for _, r := range c.change(append([]ledger.Row(nil), rows...), at) {
					file = AppendRow(file, &r)
				}
				_, _, _, err := Follow(t.Context(), bytes.NewReader(file), "test", ledger.WithSHA256)
				f, ok := errors.AsType[*ledger.Finding](err)
				if want := uint64(at) + 1 + c.behind; !ok || f.Code != c.code || f.Seq != want {
					t.Fatalf("in row %d: %v, want %s in row %d", at+1, err, c.code, want)
				}
			}
		})
	}
	var file []byte
	for i := range rows {
		file = AppendRow(file, &rows[i])
	}
	got, root, _, err := Follow(t.Context(), bytes.NewReader(file), "test", 0)
	var tree ledger.Tree
	for i := range rows {
		tree.Append(rows[i].Chain, nil)
	}
	if err != nil || got != head || root != tree.Root() {
		t.Errorf("%+v, root %s: %v", got, root, err)
	}
}
