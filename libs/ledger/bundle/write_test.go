package bundle_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"slices"
	"strings"
	"testing"

	"egov/libs/ledger"
	"egov/libs/ledger/bundle"
	"egov/libs/ledger/checkpoint"
)

func TestManifestSaysWhatIsInside(t *testing.T) {
	t.Parallel()
	ring := newKeyring(t)
	b := newBook(t, ring, 30)
	src := b.source(t, bundle.Scope{Kind: bundle.KindRows, Subject: "YP-2"}, 1, 30)
	src.Previous = &bundle.State{Origin: origin}
	var out bytes.Buffer
	m, err := bundle.Write(context.Background(), &out, src, b.options())
	if err != nil {
		t.Fatal(err)
	}
	u := unpack(t, out.Bytes())
	want := []string{
		"checkpoint", "keys.json", "ledger.jsonl", "proof.json", "vouchers.jsonl", "project/YP-1.json", "tables/rows.csv", "files/合同.pdf", "completeness.json", "manifest.json",
	}
	if !slices.Equal(u.names, want) {
		t.Fatalf("files %v, want %v", u.names, want)
	}
	var stored bundle.Manifest
	if err := json.Unmarshal(u.files[bundle.NameManifest], &stored); err != nil {
		t.Fatal(err)
	}
	if a, b := fmt.Sprintf("%+v", stored.Scope), fmt.Sprintf("%+v", m.Scope); a != b || len(stored.Files) != 9 {
		t.Fatalf("stored %+v, returned %+v", stored, m)
	}
	if m.Rows != 10 || m.First != 2 || m.Last != 29 || m.Ledger.Size != 30 || m.CreatedBy.Actor != "li" || m.Packs[0].ID != "yangpu-2023" {
		t.Fatalf("%+v", m)
	}
	for _, f := range stored.Files {
		if f.SHA256 != ledger.Sum256(u.files[f.Name]) || f.Size != int64(len(u.files[f.Name])) {
			t.Errorf("%s is listed as %+v", f.Name, f)
		}
		if withSM3 := f.Name != bundle.NameLedger; withSM3 != (f.SM3 != nil) || withSM3 && *f.SM3 != ledger.SumSM3(u.files[f.Name]) {
			t.Errorf("%s has the SM3 hash %v", f.Name, f.SM3)
		}
	}
	if !json.Valid(u.files[bundle.NameProof]) || !json.Valid(u.files[bundle.NameKeys]) {
		t.Error("a document is not JSON")
	}
}

func TestRowsHaveOneFixedForm(t *testing.T) {
	t.Parallel()
	ring := newKeyring(t)
	b := newBook(t, ring, 3)
	for i := range b.rows {
		r := &b.rows[i]
		line := string(bundle.AppendRow([]byte("x"), r))
		if want := "x" + writeRow(jsonRow{Seq: r.Seq, Raw: r.Raw, SHA256: r.SHA256, SM3: r.SM3, Chain: r.Chain}) + "\n"; line != want {
			t.Fatalf("%s\nwant\n%s", line, want)
		}
	}
	lines := strings.Split(strings.TrimSuffix(string(unpack(t, b.whole(t)).files[bundle.NameLedger]), "\n"), "\n")
	if len(lines) != 4 || !strings.HasPrefix(lines[3], `{"rows":3,"first":1,"last":3,"chain":"`+b.head.Chain.String()+`","digest":"`) {
		t.Fatalf("%d lines, the last %s", len(lines), lines[len(lines)-1])
	}
}

// TestRowsAloneAreThoseOfABundle writes ledger.jsonl without its archive.
func TestRowsAloneAreThoseOfABundle(t *testing.T) {
	t.Parallel()
	ring := newKeyring(t)
	b := newBook(t, ring, 3000)
	src := b.source(t, bundle.Scope{Kind: bundle.KindLedger}, 1, 3000)
	var out bytes.Buffer
	trailer, err := bundle.WriteRows(context.Background(), &out, src, b.options().Signers...)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(out.Bytes(), unpack(t, b.whole(t)).files[bundle.NameLedger]) {
		t.Error("they differ")
	}
	head, root, got, err := bundle.Follow(context.Background(), &out, origin, 0)
	if err != nil || head != b.head || root != b.tree.Root() || got == nil || got.Rows != trailer.Rows || trailer.Last != 3000 {
		t.Errorf("%+v %v %+v %v", head, root, got, err)
	}
	src.Rows = yield([]ledger.Row{{Seq: 3001}})
	if _, err := bundle.WriteRows(context.Background(), io.Discard, src, b.options().Signers...); !errors.Is(err, bundle.ErrSource) {
		t.Errorf("a row beyond the checkpoint: %v", err)
	}
}

func TestWriteRefusesWhatItCannotMean(t *testing.T) {
	t.Parallel()
	ring := newKeyring(t)
	b := newBook(t, ring, 20)
	failing := errors.New("connection lost")
	brokenRows := func(yieldRow func(*ledger.Row, error) bool) {
		if yieldRow(&b.rows[0], nil) {
			yieldRow(nil, failing)
		}
	}
	brokenFiles := func(yieldFile func(bundle.Document, error) bool) { yieldFile(bundle.Document{}, failing) }
	closed := func(open func(context.Context) (io.ReadCloser, error)) iter.Seq2[bundle.Document, error] {
		return func(yieldFile func(bundle.Document, error) bool) {
			yieldFile(bundle.Document{Name: "files/x", Open: open}, nil)
		}
	}
	huge := ledger.Row{Seq: 1, Raw: make([]byte, ledger.MaxRaw+1)}
	cases := map[string]struct {
		kind   bundle.Kind
		change func(*bundle.Source, *bundle.Options)
		err    error
	}{
		"no kind":                  {"", func(*bundle.Source, *bundle.Options) {}, bundle.ErrSource},
		"rows out of order":        {bundle.KindRows, func(s *bundle.Source, _ *bundle.Options) { s.Rows = yield([]ledger.Row{b.rows[3], b.rows[2]}) }, bundle.ErrSource},
		"row beyond the size":      {bundle.KindRange, func(s *bundle.Source, _ *bundle.Options) { s.Rows = yield([]ledger.Row{{Seq: 21}}) }, bundle.ErrSource},
		"row too large":            {bundle.KindRange, func(s *bundle.Source, _ *bundle.Options) { s.Rows = yield([]ledger.Row{huge}) }, bundle.ErrSource},
		"empty range":              {bundle.KindRange, func(s *bundle.Source, _ *bundle.Options) { s.Rows = yield(nil) }, bundle.ErrSource},
		"rows break off":           {bundle.KindLedger, func(s *bundle.Source, _ *bundle.Options) { s.Rows = brokenRows }, failing},
		"files break off":          {bundle.KindLedger, func(s *bundle.Source, _ *bundle.Options) { s.Documents = brokenFiles }, failing},
		"name given twice":         {bundle.KindLedger, func(s *bundle.Source, _ *bundle.Options) { s.Documents = documents("files/a", "1", "files/A", "2") }, bundle.ErrSource},
		"name outside the folders": {bundle.KindLedger, func(s *bundle.Source, _ *bundle.Options) { s.Documents = documents("manifest.json", "{}") }, bundle.ErrSource},
		"name that climbs":         {bundle.KindLedger, func(s *bundle.Source, _ *bundle.Options) { s.Documents = documents("files/../x", "1") }, bundle.ErrSource},
		"file that cannot be opened": {bundle.KindLedger, func(s *bundle.Source, _ *bundle.Options) {
			s.Documents = closed(func(context.Context) (io.ReadCloser, error) { return nil, failing })
		}, failing},
		"completeness not JSON": {bundle.KindLedger, func(s *bundle.Source, _ *bundle.Options) { s.Completeness = completeness("{") }, bundle.ErrSource},
		"completeness fails": {bundle.KindLedger, func(s *bundle.Source, _ *bundle.Options) {
			s.Completeness = func() ([]byte, error) { return nil, failing }
		}, failing},
		"nobody signs":                {bundle.KindLedger, func(_ *bundle.Source, o *bundle.Options) { o.Signers = nil }, checkpoint.ErrKey},
		"earlier tree beyond this":    {bundle.KindLedger, func(s *bundle.Source, _ *bundle.Options) { s.Previous = &bundle.State{Size: 21} }, ledger.ErrTree},
		"a deflate level of its own":  {bundle.KindLedger, func(_ *bundle.Source, o *bundle.Options) { o.Level = 6 }, nil},
		"no documents, no statements": {bundle.KindLedger, func(s *bundle.Source, _ *bundle.Options) { s.Documents, s.Completeness = nil, nil }, nil},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			src, opts := b.source(t, bundle.Scope{Kind: c.kind}, 1, 20), b.options()
			c.change(&src, &opts)
			var out bytes.Buffer
			_, err := bundle.Write(context.Background(), &out, src, opts)
			if !errors.Is(err, c.err) {
				t.Fatalf("%v, want %v", err, c.err)
			}
			if err == nil {
				if got := verify(t, out.Bytes(), bundle.VerifyOptions{Trust: ring.trust(t)}); !got.OK {
					t.Fatal(got.Finding)
				}
				return
			}
			if report, err := bundle.Verify(context.Background(), bytes.NewReader(out.Bytes()), int64(out.Len()), bundle.VerifyOptions{Trust: ring.trust(t)}); err == nil && report.OK {
				t.Fatal("what was left half written passes")
			}
		})
	}
}

// TestAKilledExportIsKnownAsCut cuts the output at many places, as a full disk
// or a killed client does.
func TestAKilledExportIsKnownAsCut(t *testing.T) {
	t.Parallel()
	ring := newKeyring(t)
	b := newBook(t, ring, 3000)
	full := errors.New("no space left on device")
	for _, room := range []int{100, 5_000, 200_000} {
		out := &smallDisk{room: room, err: full}
		_, err := bundle.Write(context.Background(), out, b.source(t, bundle.Scope{Kind: bundle.KindLedger}, 1, 3000), b.options())
		if !errors.Is(err, full) {
			t.Fatalf("room for %d bytes: %v", room, err)
		}
		if got := verify(t, out.data, bundle.VerifyOptions{Trust: ring.trust(t)}); got.ErrorCode != ledger.CodeTruncated {
			t.Fatalf("room for %d bytes: %+v", room, got)
		}
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := bundle.Write(ctx, io.Discard, b.source(t, bundle.Scope{Kind: bundle.KindLedger}, 1, 3000), b.options()); !errors.Is(err, context.Canceled) {
		t.Fatalf("a cancelled export: %v", err)
	}
}

// smallDisk takes so many bytes and no more.
type smallDisk struct {
	data []byte
	room int
	err  error
}

func (d *smallDisk) Write(p []byte) (int, error) {
	n := min(len(p), d.room-len(d.data))
	d.data = append(d.data, p[:n]...)
	if n < len(p) {
		return n, d.err
	}
	return n, nil
}
