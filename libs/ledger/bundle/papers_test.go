package bundle_test

import (
	"archive/zip"
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"egov/libs/fault"
	"egov/libs/ledger"
	"egov/libs/ledger/bundle"
	"egov/libs/ledger/checkpoint"
)

// growNaming appends a row that names files of these contents.
func (b *book) growNaming(t testing.TB, texts ...string) {
	t.Helper()
	var named []string
	for _, text := range texts {
		named = append(named, fmt.Sprintf(`{"name":"合同.pdf","media_type":"application/pdf","size_bytes":"%d","sha256":"%s"}`, len(text), ledger.Sum256([]byte(text))))
	}
	i := len(b.rows)
	raw, err := ledger.AppendRaw(nil, ledger.Entry{
		ID: fmt.Sprintf("e-%d", i), Source: sources[i/len(subjects)%len(sources)], Type: "egov.test.v1.Filed", Subject: subjects[i%len(subjects)],
		Time: began.Add(time.Duration(i) * time.Minute), Unit: "education", Actor: "zhang", EventSeq: int64(i/len(subjects)/len(sources) + 1),
		Data: fmt.Appendf(nil, `{"papers":{"documents":[%s]}}`, strings.Join(named, ",")),
	})
	if err != nil {
		t.Fatal(err)
	}
	row := b.head.Append(raw)
	b.rows, b.stated = append(b.rows, row), append(b.stated, row)
	b.levels[0] = append(b.levels[0], row.Chain)
	b.tree.Append(row.Chain, func(n ledger.Node) { b.levels[n.Level] = append(b.levels[n.Level], n.Hash) })
}

const (
	contract = "%PDF-1.7 the contract"
	minutes  = "%PDF-1.7 the minutes"
)

func paperName(text string) string {
	return bundle.PaperName(ledger.Sum256([]byte(text)), "application/pdf")
}

// withPapers is a ledger of two rows that name files, and its export with some.
func withPapers(t testing.TB, ring *keyring, said bundle.Attachments, namesAndTexts ...string) ([]byte, *book) {
	t.Helper()
	b := newBook(t, ring, 3)
	b.growNaming(t, contract)
	b.growNaming(t, contract, minutes)
	src := b.source(t, bundle.Scope{Kind: bundle.KindLedger}, 1, 5)
	src.Documents = documents(namesAndTexts...)
	src.Attachments = func() bundle.Attachments { return said }
	return write(t, b, src), b
}

// TestAttachmentsAreThoseThatRowsName verifies bundles whose manifest, signed by
// the ledger, says this and that of the files that rows name (SH12-A).
func TestAttachmentsAreThoseThatRowsName(t *testing.T) {
	t.Parallel()
	ring := newKeyring(t)
	one := []string{paperName(contract), contract}
	both := []string{paperName(contract), contract, paperName(minutes), minutes}
	for name, c := range map[string]struct {
		said  bundle.Attachments
		files []string
		code  ledger.Code
		heard string
	}{
		"all are here":                    {bundle.Attachments{Named: 3, Held: 3}, both, "", ""},
		"one is missing, and said to be":  {bundle.Attachments{Named: 3, Held: 2, Missing: map[string]uint64{"not_found": 1}}, one, "", "bundle_attachments_missing"},
		"none is here":                    {bundle.Attachments{Named: 3, Missing: map[string]uint64{"unavailable": 3}}, nil, "", "bundle_attachments_missing"},
		"one is missing without a word":   {bundle.Attachments{Named: 3, Held: 3}, one, ledger.CodeManifest, ""},
		"one is said not to be named":     {bundle.Attachments{Named: 2, Held: 2}, one, ledger.CodeManifest, ""},
		"no reason is given":              {bundle.Attachments{Named: 3, Held: 2}, one, ledger.CodeManifest, ""},
		"more are held than named":        {bundle.Attachments{Named: 3, Held: 4, Missing: map[string]uint64{"not_found": 1<<64 - 1}}, both, ledger.CodeManifest, ""},
		"one that no row names":           {bundle.Attachments{Named: 3, Held: 3}, append([]string{paperName("%PDF another"), "%PDF another"}, both...), ledger.CodeManifest, ""},
		"another under the name of one":   {bundle.Attachments{Named: 3, Held: 3}, []string{paperName(contract), minutes, paperName(minutes), minutes}, ledger.CodeFileHash, ""},
		"one cut, under the name of all":  {bundle.Attachments{Named: 3, Held: 3}, []string{paperName(contract), contract[:9], paperName(minutes), minutes}, ledger.CodeFileHash, ""},
		"one under a name of its own too": {bundle.Attachments{Named: 3, Held: 3}, append([]string{"files/合同.pdf", contract}, both...), "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			data, _ := withPapers(t, ring, c.said, c.files...)
			heard := ""
			got := verify(t, data, bundle.VerifyOptions{Trust: ring.trust(t), Warn: func(w *fault.Error) { heard += w.Code }})
			if got.ErrorCode != c.code || heard != c.heard {
				t.Fatalf("%v, heard %q", got.Finding, heard)
			}
		})
	}
}

// TestTheFormBeforeSaysNothingOfAttachments verifies bundles of the format that
// did not name them, with and without files: they hold, and the verifier says what
// that is worth. Of today's format, whoever takes the member away, keys and all,
// is found (SH12-A).
func TestTheFormBeforeSaysNothingOfAttachments(t *testing.T) {
	t.Parallel()
	ring := newKeyring(t)
	data, b := withPapers(t, ring, bundle.Attachments{Named: 3, Held: 2, Missing: map[string]uint64{"not_found": 1}}, paperName(contract), contract)
	keys := ring.keys
	keys.Events = nil
	unpinned, err := checkpoint.NewTrust(keys)
	if err != nil {
		t.Fatal(err)
	}
	heard := ""
	check := func(data []byte, trust *checkpoint.Trust) bundle.Report {
		heard = ""
		return verify(t, data, bundle.VerifyOptions{Trust: trust, Warn: func(w *fault.Error) { heard += w.Code + " " }})
	}

	src := b.source(t, bundle.Scope{Kind: bundle.KindLedger}, 1, 5)
	src.Documents, src.Attachments, src.Vouchers = documents(paperName(contract), contract), nil, nil
	before := write(t, b, src)
	if r := check(before, unpinned); !r.OK || heard != "bundle_no_vouchers bundle_former_format " {
		t.Errorf("of the form before: %v, heard %q", r.Finding, heard)
	}
	var m bundle.Manifest
	if err := json.Unmarshal(unpack(t, before).files[bundle.NameManifest], &m); err != nil || m.Format != bundle.FormatBefore {
		t.Errorf("format %q, %v", m.Format, err)
	}

	u := unpack(t, data)
	u.sign(t, ring, func(m *bundle.Manifest) { m.Attachments = nil })
	for _, trust := range []*checkpoint.Trust{unpinned, ring.trust(t)} {
		if r := check(u.pack(t), trust); r.ErrorCode != ledger.CodeManifest {
			t.Errorf("the member taken away: %v", r.Finding)
		}
	}
	u.sign(t, ring, func(m *bundle.Manifest) { m.Format = bundle.FormatBefore })
	if r := check(u.pack(t), ring.trust(t)); r.ErrorCode != ledger.CodeManifest {
		t.Errorf("and called the form before: %v", r.Finding)
	}
	if r := check(u.pack(t), unpinned); !r.OK || !strings.Contains(heard, "bundle_former_format") {
		t.Errorf("where nobody pins the services' keys: %v, heard %q", r.Finding, heard)
	}
}

// TestAttachmentsArePackedAsTheyAre keeps a file that would shrink to nothing from
// making the bundle look like a bomb.
func TestAttachmentsArePackedAsTheyAre(t *testing.T) {
	t.Parallel()
	ring := newKeyring(t)
	blank := strings.Repeat(" ", 80<<20)
	b := newBook(t, ring, 3)
	b.growNaming(t, blank)
	src := b.source(t, bundle.Scope{Kind: bundle.KindLedger}, 1, 4)
	src.Documents = documents(paperName(blank), blank)
	src.Attachments = func() bundle.Attachments { return bundle.Attachments{Named: 1, Held: 1} }
	data := write(t, b, src)
	if got := verify(t, data, bundle.VerifyOptions{Trust: ring.trust(t)}); !got.OK {
		t.Fatal(got.Finding)
	}
	z, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range z.File {
		if stored := strings.HasPrefix(f.Name, bundle.FolderFiles); stored != (f.Method == zip.Store) {
			t.Errorf("%s is packed by method %d", f.Name, f.Method)
		}
	}
}

// TestWhatNamesAPaper finds the files that facts name, and nothing else.
func TestWhatNamesAPaper(t *testing.T) {
	t.Parallel()
	sum := ledger.Sum256([]byte(contract)).String()
	for name, c := range map[string]struct {
		data string
		want int
	}{
		"at the top":          {`{"sha256":"` + sum + `","media_type":"text/plain"}`, 1},
		"deep within":         {`{"a":[{"b":{"sha256":"` + sum + `","media_type":"text/plain"}}],"c":{"sha256":"` + sum + `","media_type":"x"}}`, 2},
		"without a type":      {`{"sha256":"` + sum + `"}`, 0},
		"with an empty type":  {`{"sha256":"` + sum + `","media_type":""}`, 0},
		"of no hash":          {`{"sha256":"` + sum[1:] + `","media_type":"text/plain"}`, 0},
		"a text that says so": {`{"title":"\"media_type\" sha256"}`, 0},
		"no JSON":             {`{"media_type"`, 0},
	} {
		if got := bundle.Papers([]byte(c.data)); len(got) != c.want {
			t.Errorf("%s: %+v", name, got)
		}
	}
	h := ledger.Sum256([]byte(contract))
	for media, want := range map[string]string{
		"application/pdf": ".pdf", "text/plain; charset=utf-8": ".txt", "text/html": ".bin", "": ".bin", "application/ofd": ".ofd",
	} {
		if got := bundle.PaperName(h, media); got != "files/"+h.String()+want {
			t.Errorf("%q: %s", media, got)
		}
	}
}
