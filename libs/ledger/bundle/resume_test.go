package bundle_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"testing"

	"egov/libs/ledger"
	"egov/libs/ledger/bundle"
)

// behind gives the rows of a source behind one of them.
func behind(rows iter.Seq2[*ledger.Row, error], seq uint64) iter.Seq2[*ledger.Row, error] {
	return func(yield func(*ledger.Row, error) bool) {
		for r, err := range rows {
			if err == nil && r.Seq <= seq {
				continue
			}
			if !yield(r, err) {
				return
			}
		}
	}
}

// points writes a bundle and keeps every point at which that could have been
// taken up, as it would lie in a database.
func points(t *testing.T, src bundle.Source, opts bundle.Options) (whole []byte, all [][]byte) {
	t.Helper()
	var out bytes.Buffer
	opts.Save = func(r bundle.Resume) error {
		if r.Offset != int64(out.Len()) {
			t.Errorf("a point at %d, %d bytes are written", r.Offset, out.Len())
		}
		kept, err := json.Marshal(r)
		all = append(all, kept)
		return err
	}
	if _, err := bundle.Write(t.Context(), &out, src, opts); err != nil {
		t.Fatal(err)
	}
	return out.Bytes(), all
}

// TestAWritingIsTakenUpAnywhere takes each kind of bundle up at every point at
// which that can be done: the archive is the same to its last byte, and what was
// there before is no bundle.
func TestAWritingIsTakenUpAnywhere(t *testing.T) {
	t.Parallel()
	ring := newKeyring(t)
	const rows = 40_000 // three segments
	b := newBook(t, ring, rows)
	for name, c := range map[string]struct {
		scope       bundle.Scope
		first, last int
		points      int
	}{
		"the ledger": {bundle.Scope{Kind: bundle.KindLedger}, 1, rows, 11},
		"a range":    {bundle.Scope{Kind: bundle.KindRange}, 7, rows - 7, 11},
		"a project":  {bundle.Scope{Kind: bundle.KindRows, Subject: "YP-2"}, 1, rows, 8},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			whole, all := points(t, b.source(t, c.scope, c.first, c.last), b.options())
			if len(all) != c.points {
				t.Errorf("%d points", len(all))
			}
			for _, kept := range all {
				var r bundle.Resume
				if err := json.Unmarshal(kept, &r); err != nil {
					t.Fatal(err)
				}
				out := bytes.NewBuffer(bytes.Clone(whole[:r.Offset]))
				verifyCut(t, ring, out.Bytes())
				src, opts := b.source(t, c.scope, c.first, c.last), b.options()
				src.Rows, opts.Resume = behind(src.Rows, r.Row()), &r
				m, err := bundle.Write(t.Context(), out, src, opts)
				if err != nil {
					t.Fatalf("at %d: %v", r.Offset, err)
				}
				if !bytes.Equal(out.Bytes(), whole) || m.Last == 0 || r.Rows() > m.Rows {
					t.Fatalf("at %d: %d bytes, %d at once; %+v", r.Offset, out.Len(), len(whole), m.Scope)
				}
			}
			if report, err := bundle.Verify(t.Context(), bytes.NewReader(whole), int64(len(whole)), bundle.VerifyOptions{Trust: ring.trust(t)}); err != nil || !report.OK {
				t.Errorf("%+v %v", report, err)
			}
		})
	}
}

// verifyCut wants the beginning of an archive not to pass for one.
func verifyCut(t *testing.T, ring *keyring, part []byte) {
	t.Helper()
	report, err := bundle.Verify(t.Context(), bytes.NewReader(part), int64(len(part)), bundle.VerifyOptions{Trust: ring.trust(t)})
	if err == nil && report.ErrorCode != ledger.CodeTruncated {
		t.Errorf("%d bytes: %+v", len(part), report)
	}
}

// TestAnotherSourceIsNotTakenUp: what was begun with other contents, or with
// files of other names, comes to no end.
func TestAnotherSourceIsNotTakenUp(t *testing.T) {
	t.Parallel()
	ring := newKeyring(t)
	b := newBook(t, ring, 30)
	scope := bundle.Scope{Kind: bundle.KindLedger}
	_, all := points(t, b.source(t, scope, 1, 30), b.options())
	for i, change := range []func(*bundle.Resume){
		func(r *bundle.Resume) { r.Files[0].Name = bundle.NameProof },
		func(r *bundle.Resume) { r.Files[len(r.Files)-1].Packed += 5 },
		func(r *bundle.Resume) { r.Offset++ },
	} {
		var r bundle.Resume
		if err := json.Unmarshal(all[len(all)-1], &r); err != nil {
			t.Fatal(err)
		}
		change(&r)
		src, opts := b.source(t, scope, 1, 30), b.options()
		src.Rows, opts.Resume = behind(src.Rows, r.Row()), &r
		if _, err := bundle.Write(t.Context(), io.Discard, src, opts); !errors.Is(err, bundle.ErrResume) {
			t.Errorf("change %d: %v", i, err)
		}
	}
	full := errors.New("the disk is full")
	opts := b.options()
	opts.Save = func(bundle.Resume) error { return full }
	if _, err := bundle.Write(t.Context(), io.Discard, b.source(t, scope, 1, 30), opts); !errors.Is(err, full) {
		t.Errorf("a point that is not kept: %v", err)
	}
}

// TestADocumentIsWrittenAsItIsMade: a failure in its middle leaves no archive.
func TestADocumentIsWrittenAsItIsMade(t *testing.T) {
	t.Parallel()
	ring := newKeyring(t)
	b := newBook(t, ring, 3)
	src := b.source(t, bundle.Scope{Kind: bundle.KindLedger}, 1, 3)
	broken := fmt.Errorf("no more")
	for name, fail := range map[string]error{"whole": nil, "half": broken} {
		var out bytes.Buffer
		src.Documents = func(yield func(bundle.Document, error) bool) {
			yield(bundle.Document{Name: "tables/a.csv", Write: func(_ context.Context, w io.Writer) error {
				_, err := io.WriteString(w, "a,b\n")
				return errors.Join(err, fail)
			}}, nil)
		}
		_, err := bundle.Write(t.Context(), &out, src, b.options())
		if !errors.Is(err, fail) {
			t.Errorf("%s: %v", name, err)
		}
		if fail != nil {
			verifyCut(t, ring, out.Bytes())
		} else if got := unpack(t, out.Bytes()).files["tables/a.csv"]; string(got) != "a,b\n" {
			t.Errorf("%s: %q", name, got)
		}
	}
}
