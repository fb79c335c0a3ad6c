package bundle_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"runtime"
	"strings"
	"testing"
	"testing/iotest"

	"go.uber.org/goleak"

	"egov/libs/ledger"
	"egov/libs/ledger/bundle"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// rowsFile is ledger.jsonl of a whole ledger, without the archive.
func rowsFile(t testing.TB, b *book) []byte {
	t.Helper()
	var out []byte
	tally := bundle.NewTally(bundle.KindLedger)
	for i := range b.rows {
		out = bundle.AppendRow(out, &b.rows[i])
		tally.Add(b.rows[i].Seq, &b.rows[i].Chain)
	}
	closing, err := tally.Sign(b.signed(t).Checkpoint, b.ring.ed)
	if err != nil {
		t.Fatal(err)
	}
	return bundle.AppendTrailer(out, &closing)
}

func TestFollowRecomputesEverything(t *testing.T) {
	t.Parallel()
	ring := newKeyring(t)
	b := newBook(t, ring, 2500)
	file := rowsFile(t, b)
	for name, r := range map[string]io.Reader{
		"at once": bytes.NewReader(file), "byte by byte": iotest.OneByteReader(bytes.NewReader(file)), "with its end": iotest.DataErrReader(bytes.NewReader(file)),
	} {
		head, root, closing, err := bundle.Follow(context.Background(), r, origin, 0)
		if err != nil || head != b.head || root != b.tree.Root() || closing == nil || closing.Rows != 2500 {
			t.Fatalf("%s: %+v, %s, %+v, %v", name, head, root, closing, err)
		}
	}
	if _, _, _, err := bundle.Follow(context.Background(), bytes.NewReader(file), "another.example", 0); code(err) != ledger.CodeChainBroken {
		t.Fatalf("rows of another ledger: %v", err)
	}
	dropped := strings.SplitAfter(string(file), "\n")
	dropped[70] = ""
	if _, _, _, err := bundle.Follow(context.Background(), strings.NewReader(strings.Join(dropped, "")), origin, 0); code(err) != ledger.CodeRowMissing {
		t.Fatalf("a row dropped: %v", err)
	}
	broken := errors.New("input/output error")
	if head, _, closing, err := bundle.Follow(context.Background(), io.MultiReader(bytes.NewReader(file[:len(file)/2]), iotest.ErrReader(broken)), origin, 0); !errors.Is(err, broken) || closing != nil || head.Size < 1000 {
		t.Fatalf("a broken disk: %d rows, %v", head.Size, err)
	}
	endless := io.MultiReader(bytes.NewReader(file[:1000]), io.LimitReader(zeros{}, 64<<20))
	if _, _, _, err := bundle.Follow(context.Background(), endless, origin, 0); err == nil {
		t.Fatal("an endless line passes")
	}
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = '0'
	}
	return len(p), nil
}

func code(err error) ledger.Code {
	if f, ok := errors.AsType[*ledger.Finding](err); ok {
		return f.Code
	}
	return ""
}

// TestMemoryDoesNotGrowWithTheLedger follows rows that are made as they are
// read, and looks at the heap on the way.
func TestMemoryDoesNotGrowWithTheLedger(t *testing.T) {
	heap := func() uint64 {
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return m.HeapAlloc
	}
	before := heap()
	var peak uint64
	made := &rowMaker{head: ledger.Genesis(origin), rows: 150_000, every: func() { peak = max(peak, heap()) }}
	head, _, _, err := bundle.Follow(context.Background(), made, origin, 0)
	if err != nil || head.Size != 150_000 {
		t.Fatalf("%d rows, %v", head.Size, err)
	}
	if grown := int64(peak) - int64(before); grown > 16<<20 {
		t.Fatalf("the heap grew by %d bytes over %d bytes of rows", grown, made.total)
	}
}

// rowMaker writes a ledger without keeping it.
type rowMaker struct {
	head  ledger.Head
	rows  int
	buf   []byte
	total int64
	every func()
}

func (m *rowMaker) Read(p []byte) (int, error) {
	for len(m.buf) < len(p) && m.rows > 0 {
		row := m.head.Append(fmt.Appendf(nil, `{"n":%d,"pad":"%0300d"}`, m.rows, 0))
		m.buf = bundle.AppendRow(m.buf, &row)
		if m.rows--; m.rows%25_000 == 0 {
			m.every()
		}
	}
	if len(m.buf) == 0 {
		return 0, io.EOF
	}
	n := copy(p, m.buf)
	m.buf = append(m.buf[:0], m.buf[n:]...)
	m.total += int64(n)
	return n, nil
}

func FuzzFollow(f *testing.F) {
	ring := newKeyring(f)
	b := newBook(f, ring, 3)
	file := rowsFile(f, b)
	f.Add(file)
	f.Add(file[:len(file)-10])
	f.Add([]byte(`{"seq": 1, "raw": "e30=", "rows": null}` + "\n"))
	f.Fuzz(func(t *testing.T, text []byte) {
		head, _, closing, err := bundle.Follow(context.Background(), bytes.NewReader(text), origin, 0)
		if err == nil && head.Size > 0 && closing == nil && !bytes.Contains(text, []byte("\n")) {
			t.Fatalf("%d rows out of a file without a line", head.Size)
		}
		if err != nil && code(err) == "" && !strings.Contains(err.Error(), "longer than any row") {
			t.Fatalf("an error that is no finding: %v", err)
		}
	})
}

func FuzzVerify(f *testing.F) {
	ring := newKeyring(f)
	b := newBook(f, ring, 12)
	trust := ring.trust(f)
	honest := [][]byte{b.whole(f), b.part(f, 3, 9), b.about(f, "YP-1")}
	for _, data := range honest {
		f.Add(data)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		report, err := bundle.Verify(context.Background(), bytes.NewReader(data), int64(len(data)), bundle.VerifyOptions{Trust: trust})
		switch {
		case err != nil && !errors.Is(err, bundle.ErrNotBundle):
			t.Fatal(err)
		case err == nil && report.OK == (report.Finding != nil):
			t.Fatalf("%+v", report)
		case report.OK && report.Checkpoint.Root != b.tree.Root():
			t.Fatalf("accepted a tree nobody signed: %+v", report)
		}
	})
}

// The benchmarks use events of 400 bytes, the size the figures are promised
// for, and count those bytes, not the text around them.

const eventSize = 400

func benchFile(b *testing.B, rows int) ([]byte, int64) {
	b.Helper()
	head := ledger.Genesis(origin)
	raw := bytes.Repeat([]byte("x"), eventSize)
	var file []byte
	for range rows {
		row := head.Append(raw)
		file = bundle.AppendRow(file, &row)
	}
	return file, int64(rows * eventSize)
}

func benchmarkFollow(b *testing.B, d ledger.Digests) {
	file, size := benchFile(b, 50_000)
	b.SetBytes(size)
	b.ReportAllocs()
	for b.Loop() {
		if _, _, _, err := bundle.Follow(context.Background(), bytes.NewReader(file), origin, d); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkVerifySHA256(b *testing.B) { benchmarkFollow(b, ledger.WithSHA256) }
func BenchmarkVerifySM3(b *testing.B)    { benchmarkFollow(b, ledger.WithSM3) }
func BenchmarkVerifyBoth(b *testing.B)   { benchmarkFollow(b, 0) }

// BenchmarkRaw… are what the others are compared with: nothing but the hash.
func BenchmarkRawSHA256(b *testing.B) {
	raw := bytes.Repeat([]byte("x"), eventSize)
	b.SetBytes(eventSize)
	for b.Loop() {
		ledger.Sum256(raw)
	}
}

func BenchmarkRawSM3(b *testing.B) {
	raw := bytes.Repeat([]byte("x"), eventSize)
	b.SetBytes(eventSize)
	for b.Loop() {
		ledger.SumSM3(raw)
	}
}

func BenchmarkAppendRow(b *testing.B) {
	head := ledger.Genesis(origin)
	row := head.Append(bytes.Repeat([]byte("x"), eventSize))
	var buf []byte
	b.SetBytes(eventSize)
	b.ReportAllocs()
	for b.Loop() {
		buf = bundle.AppendRow(buf[:0], &row)
	}
}

func BenchmarkVerifyBundle(b *testing.B) {
	ring := newKeyring(b)
	data := newBook(b, ring, 20_000).whole(b)
	trust := ring.trust(b)
	b.ReportAllocs()
	for b.Loop() {
		verify(b, data, bundle.VerifyOptions{Trust: trust})
	}
	b.ReportMetric(20_000*float64(b.N)/b.Elapsed().Seconds(), "rows/s")
}

func BenchmarkWriteBundle(b *testing.B) {
	ring := newKeyring(b)
	book := newBook(b, ring, 20_000)
	src := book.source(b, bundle.Scope{Kind: bundle.KindLedger}, 1, 20_000)
	opts := book.options()
	for b.Loop() {
		if _, err := bundle.Write(context.Background(), io.Discard, src, opts); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(20_000*float64(b.N)/b.Elapsed().Seconds(), "rows/s")
}
