package ledger_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"strings"
	"testing"

	"github.com/emmansun/gmsm/sm3"

	"egov/libs/fault"
	"egov/libs/ledger"
)

// TestChainIsAsDocumented recomputes two rows with the two hash functions and
// nothing of the package.
func TestChainIsAsDocumented(t *testing.T) {
	t.Parallel()
	chain := sha256.Sum256(append([]byte{2}, origin...))
	chainSM3 := sm3.Sum(append([]byte{2}, origin...))
	head := ledger.Genesis(origin)
	if head.Size != 0 || head.Chain != chain || head.SM3Chain != chainSM3 {
		t.Fatalf("genesis is %+v", head)
	}
	for seq, raw := range []string{"{}", `{"a":1}`} {
		row := head.Append([]byte(raw))
		sum, sumSM3 := sha256.Sum256([]byte(raw)), sm3.Sum([]byte(raw))
		var number [8]byte
		binary.BigEndian.PutUint64(number[:], uint64(seq+1))
		chain = sha256.Sum256(bytes.Join([][]byte{{0}, chain[:], number[:], sum[:], sumSM3[:]}, nil))
		chainSM3 = sm3.Sum(bytes.Join([][]byte{{0}, chainSM3[:], number[:], sumSM3[:]}, nil))
		if row.Seq != uint64(seq+1) || row.SHA256 != sum || row.SM3 != sumSM3 || row.Chain != chain {
			t.Fatalf("row %d is %+v", seq+1, row)
		}
		if head.Size != row.Seq || head.Chain != chain || head.SM3Chain != chainSM3 {
			t.Fatalf("head is %+v", head)
		}
	}
}

func TestCheckFindsWhatWasDoneToARow(t *testing.T) {
	t.Parallel()
	flip := func(h *ledger.Hash) { h[5] ^= 1 }
	cases := map[string]struct {
		change  func(rows []ledger.Row) []ledger.Row
		digests ledger.Digests
		code    ledger.Code
		seq     uint64
	}{
		"nothing":                       {func(r []ledger.Row) []ledger.Row { return r }, 0, "", 0},
		"payload":                       {func(r []ledger.Row) []ledger.Row { r[3].Raw = []byte("{ }"); return r }, 0, ledger.CodeRowHash, 4},
		"payload, seen by SM3 alone":    {func(r []ledger.Row) []ledger.Row { r[3].Raw = []byte("{ }"); return r }, ledger.WithSM3, ledger.CodeRowHash, 4},
		"SM3 hash":                      {func(r []ledger.Row) []ledger.Row { flip(&r[3].SM3); return r }, ledger.WithSM3, ledger.CodeRowHash, 4},
		"SM3 hash, seen by the chain":   {func(r []ledger.Row) []ledger.Row { flip(&r[3].SM3); return r }, ledger.WithSHA256, ledger.CodeChainBroken, 4},
		"chain":                         {func(r []ledger.Row) []ledger.Row { flip(&r[3].Chain); return r }, 0, ledger.CodeChainBroken, 4},
		"payload with its hashes":       {func(r []ledger.Row) []ledger.Row { rehash(&r[3], "{ }"); return r }, 0, ledger.CodeChainBroken, 4},
		"dropped":                       {func(r []ledger.Row) []ledger.Row { return append(r[:3], r[4:]...) }, 0, ledger.CodeRowMissing, 4},
		"repeated":                      {func(r []ledger.Row) []ledger.Row { return append(r[:4], r[3:]...) }, 0, ledger.CodeRowOrder, 4},
		"contents swapped, not numbers": {swapContents, 0, ledger.CodeChainBroken, 4},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBook(t, 8)
			head := ledger.Genesis(origin)
			var err error
			for _, row := range c.change(b.rows) {
				if err = head.Check(&row, c.digests); err != nil {
					break
				}
			}
			if c.code == "" {
				if err != nil || head.Size != 8 || head.Chain != b.head.Chain || head.SM3Chain != b.head.SM3Chain {
					t.Fatalf("head %+v, %v", head, err)
				}
				return
			}
			f, ok := errors.AsType[*ledger.Finding](err)
			if !ok || f.Code != c.code || f.Seq != c.seq {
				t.Fatalf("found %v, want %s at %d", err, c.code, c.seq)
			}
			if head.Size != 3 && c.code != ledger.CodeRowOrder {
				t.Fatalf("the head moved over a bad row, to %d", head.Size)
			}
			if shown := fault.From(err); shown.Code != string(c.code) || shown.Msg == "" || shown.MsgEN == "" {
				t.Fatalf("shown as %+v", shown)
			}
		})
	}
}

func rehash(r *ledger.Row, raw string) {
	r.Raw = []byte(raw)
	r.SHA256, r.SM3 = ledger.Sum256(r.Raw), ledger.SumSM3(r.Raw)
}

func swapContents(r []ledger.Row) []ledger.Row {
	r[3], r[4] = r[4], r[3]
	r[3].Seq, r[4].Seq = 4, 5
	return r
}

func TestLedgersOfTwoOriginsDoNotContinueEachOther(t *testing.T) {
	t.Parallel()
	a, b := ledger.Genesis("a"), ledger.Genesis("b")
	if a.Append([]byte("{}")).Chain == b.Append([]byte("{}")).Chain {
		t.Fatal("the same first row has the same chain value in both")
	}
}

func TestHashHasOneSpelling(t *testing.T) {
	t.Parallel()
	h := ledger.Sum256(nil)
	const hex = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
	if h.String() != hex {
		t.Fatal(h)
	}
	for name, text := range map[string]string{
		"upper case":         "E3B0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
		"control characters": strings.Repeat("\x10", 64), "high bytes": strings.Repeat("\xb0", 64), "letters o": strings.Repeat("o", 64), "at signs": strings.Repeat("@", 64),
		"short": hex[:62], "long": hex + "00", "not hex": hex[:63] + "g", "empty": "",
	} {
		if _, ok := ledger.ParseHash(text); ok {
			t.Errorf("%s was read", name)
		}
		var back ledger.Hash
		if back.UnmarshalText([]byte(text)) == nil {
			t.Errorf("%s was unmarshalled", name)
		}
	}
	for c := range 256 {
		text := strings.Repeat(string([]byte{byte(c)}), 64)
		if _, ok := ledger.ParseHash(text); ok != strings.Contains("0123456789abcdef", text[:1]) {
			t.Errorf("%q: %v", text[:1], ok)
		}
	}
	if back, ok := ledger.ParseHash(hex); !ok || back != h {
		t.Fatal("hex is not read back")
	}
	if back, ok := ledger.ParseBase64Hash(h.Base64()); !ok || back != h {
		t.Fatal("base64 is not read back")
	}
	for _, text := range []string{"", h.Base64() + "\n", h.Base64()[:43], h.Base64()[:42] + "V=", "AAAA"} {
		if _, ok := ledger.ParseBase64Hash(text); ok {
			t.Errorf("%q was read", text)
		}
	}
}

func BenchmarkAppendChain(b *testing.B) {
	raw := bytes.Repeat([]byte("x"), 400)
	head := ledger.Genesis(origin)
	var tree ledger.Tree
	b.SetBytes(int64(len(raw)))
	b.ReportAllocs()
	for b.Loop() {
		row := head.Append(raw)
		tree.Append(row.Chain, nil)
	}
}

func BenchmarkAppendRaw(b *testing.B) {
	var buf []byte
	b.ReportAllocs()
	for b.Loop() {
		buf, _ = ledger.AppendRaw(buf[:0], sample)
	}
	b.SetBytes(int64(len(buf)))
}

func BenchmarkParse(b *testing.B) {
	raw := []byte(sampleRaw)
	b.SetBytes(int64(len(raw)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := ledger.Parse(raw); err != nil {
			b.Fatal(err)
		}
	}
}
