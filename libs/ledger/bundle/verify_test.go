package bundle_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"

	"egov/libs/fault"
	"egov/libs/ledger"
	"egov/libs/ledger/bundle"
	"egov/libs/ledger/checkpoint"
)

func TestHonestBundlesHold(t *testing.T) {
	t.Parallel()
	ring := newKeyring(t)
	b := newBook(t, ring, 300)
	cases := map[string]struct {
		data []byte
		rows uint64
	}{
		"whole ledger":  {b.whole(t), 300},
		"empty ledger":  {newBook(t, ring, 0).whole(t), 0},
		"one row":       {newBook(t, ring, 1).whole(t), 1},
		"range":         {b.part(t, 100, 290), 191},
		"first rows":    {b.part(t, 1, 7), 7},
		"last row":      {b.part(t, 300, 300), 1},
		"range of all":  {b.part(t, 1, 300), 300},
		"one project":   {b.about(t, "YP-2"), 100},
		"nothing found": {b.about(t, "YP-9"), 0},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, d := range []ledger.Digests{0, ledger.WithSHA256, ledger.WithSM3} {
				got := verify(t, c.data, bundle.VerifyOptions{Trust: ring.trust(t), Digests: d})
				if !got.OK || got.Rows != c.rows || fmt.Sprint(got.CosignedBy) != "[finance science]" {
					t.Fatalf("%+v, %v", got, got.Finding)
				}
			}
		})
	}
}

func TestAProjectsEventsAreComplete(t *testing.T) {
	t.Parallel()
	ring := newKeyring(t)
	b := newBook(t, ring, 90)
	without := func(rows []ledger.Row, seqs ...uint64) []ledger.Row {
		return slices.DeleteFunc(slices.Clone(rows), func(r ledger.Row) bool { return slices.Contains(seqs, r.Seq) })
	}
	var rows []ledger.Row // of YP-2: 2, 5, 8, …, by two services in turn
	for i := 1; i < 90; i += 3 {
		rows = append(rows, b.rows[i])
	}
	for name, c := range map[string]struct {
		scope bundle.Scope
		rows  []ledger.Row
		code  ledger.Code
		seq   uint64
	}{
		"all":                             {bundle.Scope{}, rows, "", 0},
		"one left out by the writer":      {bundle.Scope{}, without(rows, 29), ledger.CodeRowMissing, 35},
		"the first left out":              {bundle.Scope{}, without(rows, 2), ledger.CodeRowMissing, 8},
		"from a day on":                   {bundle.Scope{From: "2026-03-02"}, rows[7:], "", 0},
		"from a day on, one left out":     {bundle.Scope{From: "2026-03-02"}, without(rows[7:], 29), ledger.CodeRowMissing, 35},
		"a filter leaves out on purpose":  {bundle.Scope{Filter: "kind"}, without(rows, 29), "", 0},
		"another project's rows are free": {bundle.Scope{Subject: "YP-1"}, without(rows, 29), "", 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c.scope.Kind = bundle.KindRows
			if c.scope.Subject == "" {
				c.scope.Subject = "YP-2"
			}
			src := b.source(t, c.scope, 1, 90)
			src.Rows, src.Vouchers = yield(c.rows), yieldVouchers(b.vouchers(t, c.rows))
			got := verify(t, write(t, b, src), bundle.VerifyOptions{Trust: ring.trust(t)})
			if got.ErrorCode != c.code || got.FirstBadSeq != c.seq {
				t.Fatalf("%+v, %v", got, got.Finding)
			}
		})
	}
}

func TestABundlePackedAgainByOtherToolsStillHolds(t *testing.T) {
	t.Parallel()
	ring := newKeyring(t)
	u := unpack(t, newBook(t, ring, 9).whole(t))
	for _, folder := range []string{"files/", "files/2026/", "project/"} {
		u.add(folder, "")
	}
	slices.Reverse(u.names)
	if got := verify(t, u.pack(t), bundle.VerifyOptions{Trust: ring.trust(t)}); !got.OK {
		t.Fatal(got.Finding)
	}
}

func TestReportHasTheContractsForm(t *testing.T) {
	t.Parallel()
	ring := newKeyring(t)
	b := newBook(t, ring, 5)
	good := b.whole(t)
	text, err := json.Marshal(verify(t, good, bundle.VerifyOptions{Trust: ring.trust(t)}))
	if err != nil {
		t.Fatal(err)
	}
	want := `{"ok":true,"rows":5,"first_bad_seq":null,"error_code":null,"checkpoint":{"origin":"test.example/ledger","size":5,"root":"` +
		b.tree.Root().String() + `"},"cosigned_by":["finance","science"]}`
	if string(text) != want {
		t.Fatalf("%s\nwant\n%s", text, want)
	}
	bad := unpack(t, good)
	bad.event(t, 2, "zhang", "zhao ")
	text, err = json.Marshal(verify(t, bad.pack(t), bundle.VerifyOptions{Trust: ring.trust(t)}))
	if err != nil || !strings.HasPrefix(string(text), `{"ok":false,"rows":2,"first_bad_seq":3,"error_code":"row_hash","checkpoint":{`) {
		t.Fatalf("%s, %v", text, err)
	}
	text, err = json.Marshal(verify(t, good, bundle.VerifyOptions{Trust: newKeyring(t).trust(t)}))
	if err != nil || string(text) != `{"ok":false,"rows":0,"first_bad_seq":null,"error_code":"unknown_key","checkpoint":null,"cosigned_by":[]}` {
		t.Fatalf("%s, %v", text, err)
	}
}

func TestTheKeysThatCount(t *testing.T) {
	t.Parallel()
	ring := newKeyring(t)
	b := newBook(t, ring, 9)
	data := b.whole(t)
	warned := func(opts bundle.VerifyOptions) (bundle.Report, string) {
		var heard []string
		opts.Warn = func(w *fault.Error) { heard = append(heard, w.Code) }
		return verify(t, data, opts), fmt.Sprint(heard)
	}
	if got, heard := warned(bundle.VerifyOptions{}); !got.OK || heard != "[bundle_own_keys]" {
		t.Fatalf("by its own keys: %+v, %s", got, heard)
	}
	if got, heard := warned(bundle.VerifyOptions{Trust: ring.trust(t)}); !got.OK || heard != "[]" {
		t.Fatalf("by pinned keys: %+v, %s", got, heard)
	}
	// The keys of the earlier export are pinned by having been seen first.
	if got, heard := warned(bundle.VerifyOptions{Earlier: earlier(t, data)}); !got.OK || heard != "[bundle_own_event_keys]" {
		t.Fatalf("by earlier keys: %+v, %s", got, heard)
	}
	plain := ring.keys
	plain.Quorum, plain.Keys = 0, plain.Keys[1:2]
	sm2Only, err := checkpoint.NewTrust(plain)
	if err != nil {
		t.Fatal(err)
	}
	if got, heard := warned(bundle.VerifyOptions{Trust: sm2Only, Digests: ledger.WithSM3}); !got.OK || heard != "[bundle_no_witness]" || len(got.CosignedBy) != 0 {
		t.Fatalf("by the SM2 key alone: %+v, %s", got, heard)
	}
}

func TestExportsContinueEachOther(t *testing.T) {
	t.Parallel()
	ring := newKeyring(t)
	b := newBook(t, ring, 120)
	before := b.whole(t)
	beforeState := b.state()
	b.grow(t, 30, "")
	laterState := b.state()
	b.grow(t, 50, "")
	fork := newBook(t, ring, 0)
	fork.grow(t, 120, "another story")
	forkedState := fork.state()
	forked := fork.whole(t)
	fork.grow(t, 80, "")

	withPrevious := func(src bundle.Source, p *bundle.State) bundle.Source { src.Previous = p; return src }
	project := bundle.Scope{Kind: bundle.KindRows, Subject: "YP-1"}
	cases := map[string]struct {
		data    []byte
		earlier []byte
		code    ledger.Code
		seq     uint64
	}{
		"whole after whole":                 {b.whole(t), before, "", 0},
		"whole with proof, after whole":     {write(t, b, withPrevious(b.source(t, bundle.Scope{Kind: bundle.KindLedger}, 1, 200), beforeState)), before, "", 0},
		"the same again":                    {before, before, "", 0},
		"project after whole, with proof":   {write(t, b, withPrevious(b.source(t, project, 1, 200), beforeState)), before, "", 0},
		"range after whole, with proof":     {write(t, b, withPrevious(b.source(t, bundle.Scope{Kind: bundle.KindRange}, 50, 60), beforeState)), before, "", 0},
		"after an empty ledger":             {b.about(t, "YP-1"), newBook(t, ring, 0).whole(t), "", 0},
		"project without proof":             {b.about(t, "YP-1"), before, ledger.CodeProofMissing, 0},
		"project with a proof from later":   {write(t, b, withPrevious(b.source(t, project, 1, 200), laterState)), before, ledger.CodeProofMissing, 0},
		"range without proof":               {write(t, b, b.source(t, bundle.Scope{Kind: bundle.KindRange}, 50, 60)), before, ledger.CodeProofMissing, 0},
		"proof to another export":           {write(t, b, withPrevious(b.source(t, project, 1, 200), beforeState)), forked, ledger.CodeFork, 0},
		"proof that does not hold":          {write(t, b, withPrevious(b.source(t, project, 1, 200), forkedState)), forked, ledger.CodeFork, 0},
		"another story, whole":              {fork.whole(t), before, ledger.CodeFork, 0},
		"two checkpoints of one size":       {forked, before, ledger.CodeFork, 0},
		"an old export replayed as the new": {before, b.whole(t), ledger.CodeTruncated, 121},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := verify(t, c.data, bundle.VerifyOptions{Trust: ring.trust(t), Earlier: earlier(t, c.earlier)})
			if got.ErrorCode != c.code || got.FirstBadSeq != c.seq || got.OK != (c.code == "") {
				t.Fatalf("%+v, %v", got, got.Finding)
			}
		})
	}
	if s, err := earlier(t, before).State(); err != nil || s != *beforeState {
		t.Errorf("the earlier one stands at %+v, %v", s, err)
	}
	if _, err := (&bundle.Earlier{Checkpoint: []byte("none"), Keys: earlier(t, before).Keys}).State(); !errors.Is(err, bundle.ErrEarlier) {
		t.Errorf("an earlier one that nobody signed: %v", err)
	}
	stranger := newBook(t, newKeyring(t), 3).whole(t)
	_, err := bundle.Verify(context.Background(), bytes.NewReader(before), int64(len(before)),
		bundle.VerifyOptions{Trust: ring.trust(t), Earlier: earlier(t, stranger)})
	if !errors.Is(err, bundle.ErrEarlier) {
		t.Fatalf("an earlier export that nobody trusts: %v", err)
	}
}

// TestAMissingProofHidesNothing (YP23-M-16): what is wrong with a bundle is told
// before that it cannot be compared.
func TestAMissingProofHidesNothing(t *testing.T) {
	t.Parallel()
	ring := newKeyring(t)
	b := newBook(t, ring, 120)
	before := b.whole(t)
	b.grow(t, 80, "")
	o := unpack(t, b.about(t, "YP-1"))
	o.files[bundle.NameKeys] = append(o.files[bundle.NameKeys], '\n')
	got := verify(t, o.pack(t), bundle.VerifyOptions{Trust: ring.trust(t), Earlier: earlier(t, before)})
	if got.ErrorCode != ledger.CodeFileHash {
		t.Errorf("%+v, %v", got, got.Finding)
	}
}

func TestWhatIsNotABundle(t *testing.T) {
	t.Parallel()
	ring := newKeyring(t)
	good := newBook(t, ring, 4).whole(t)
	other := &unpacked{names: []string{"hello.txt"}, files: map[string][]byte{"hello.txt": []byte("hello")}}
	for name, data := range map[string][]byte{
		"empty file": nil, "text": []byte("hello"), "another archive": other.pack(t), "the end of one": good[len(good)/2 : len(good)-30],
	} {
		_, err := bundle.Verify(context.Background(), bytes.NewReader(data), int64(len(data)), bundle.VerifyOptions{})
		if !errors.Is(err, bundle.ErrNotBundle) {
			t.Errorf("%s: %v", name, err)
		}
		if _, err := bundle.OpenEarlier(bytes.NewReader(data), int64(len(data))); !errors.Is(err, bundle.ErrEarlier) {
			t.Errorf("%s, as the earlier one: %v", name, err)
		}
	}
	for _, cut := range []int{len(good) - 1, len(good) / 2, 60} {
		if got := verify(t, good[:cut], bundle.VerifyOptions{}); got.ErrorCode != ledger.CodeTruncated {
			t.Errorf("cut at %d of %d: %+v", cut, len(good), got)
		}
	}
}

func TestABrokenDiskIsNotABadBundle(t *testing.T) {
	t.Parallel()
	ring := newKeyring(t)
	good := newBook(t, ring, 2000).whole(t)
	broken := errors.New("input/output error")
	for _, at := range []int64{0, 1500, int64(len(good)) / 2, int64(len(good)) - 100} {
		disk := &badDisk{data: good, bad: at, err: broken}
		_, err := bundle.Verify(context.Background(), disk, int64(len(good)), bundle.VerifyOptions{Trust: ring.trust(t)})
		if !errors.Is(err, broken) {
			t.Errorf("bad sector at %d of %d: %v", at, len(good), err)
		}
	}
}

// badDisk fails wherever a read touches one byte.
type badDisk struct {
	data []byte
	bad  int64
	err  error
}

func (d *badDisk) ReadAt(p []byte, off int64) (int, error) {
	if off <= d.bad && d.bad < off+int64(len(p)) {
		return 0, d.err
	}
	n := copy(p, d.data[off:])
	if n < len(p) {
		return n, io.EOF
	}
	return n, nil
}

func TestVerifyStopsWhenAsked(t *testing.T) {
	t.Parallel()
	ring := newKeyring(t)
	good := newBook(t, ring, 2000).whole(t)
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	_, err := bundle.Verify(ctx, bytes.NewReader(good), int64(len(good)), bundle.VerifyOptions{Trust: ring.trust(t)})
	if !errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}
}
