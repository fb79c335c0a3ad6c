package bundle_test

import (
	"archive/zip"
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"egov/libs/ledger"
	"egov/libs/ledger/bundle"
	"egov/libs/ledger/checkpoint"
	"egov/libs/ledger/vouch"
	"egov/libs/sign"
)

const origin = "test.example/ledger"

var began = time.Date(2026, 3, 2, 9, 30, 0, 0, time.UTC)

// keyring is a ledger's keys and its witnesses'.
type keyring struct {
	ed, sm    *checkpoint.Signer
	witnesses map[string]*checkpoint.Signer // by unit
	events    map[string]*sign.PrivateKey   // by service
	keys      checkpoint.Keys
}

func newKeyring(t testing.TB) *keyring {
	t.Helper()
	k := &keyring{witnesses: make(map[string]*checkpoint.Signer), keys: checkpoint.Keys{Origin: origin, Quorum: 1}}
	add := func(a checkpoint.Algorithm, name, unit string) *checkpoint.Signer {
		secret, verifier, err := checkpoint.GenerateKey(a, name)
		if err != nil {
			t.Fatal(err)
		}
		signer, err := checkpoint.NewSigner(secret, func() time.Time { return began })
		if err != nil {
			t.Fatal(err)
		}
		role := checkpoint.RoleLog
		if signer.IsWitness() {
			role = checkpoint.RoleWitness
		}
		k.keys.Keys = append(k.keys.Keys, checkpoint.Key{Verifier: verifier, Role: role, Unit: unit})
		return signer
	}
	k.ed = add(checkpoint.Ed25519, origin, "")
	k.sm = add(checkpoint.SM2, origin, "")
	k.witnesses["finance"] = add(checkpoint.Ed25519Cosignature, "test.example/witness/finance", "finance")
	k.witnesses["science"] = add(checkpoint.SM2Cosignature, "test.example/witness/science", "science")
	k.events = make(map[string]*sign.PrivateKey)
	for _, source := range sources {
		key, err := sign.Generate(sign.Ed25519) // which signs the same the same way
		if err != nil {
			t.Fatal(err)
		}
		k.events[source] = key
	}
	k.keys.Events = k.register(t, nil)
	return k
}

// register publishes the services' keys, each as change leaves it.
func (k *keyring) register(t testing.TB, change func(*sign.TrustedKey)) *sign.KeySet {
	t.Helper()
	var all []sign.TrustedKey
	for source, key := range k.events {
		entry := sign.TrustedKey{Public: key.Public(), Holder: source, NotBefore: began.Add(-time.Hour), NotAfter: began.Add(365 * 24 * time.Hour)}
		if change != nil {
			change(&entry)
		}
		all = append(all, entry)
	}
	set, err := sign.NewKeySet(all...)
	if err != nil {
		t.Fatal(err)
	}
	return set
}

// trusting is the trust file with the services' keys as change leaves them.
func (k *keyring) trusting(t testing.TB, change func(*sign.TrustedKey)) *checkpoint.Trust {
	t.Helper()
	keys := k.keys
	keys.Events = k.register(t, change)
	tr, err := checkpoint.NewTrust(keys)
	if err != nil {
		t.Fatal(err)
	}
	return tr
}

func (k *keyring) trust(t testing.TB) *checkpoint.Trust {
	t.Helper()
	tr, err := checkpoint.NewTrust(k.keys)
	if err != nil {
		t.Fatal(err)
	}
	return tr
}

// book is a ledger in memory, as a service keeps it.
type book struct {
	ring   *keyring
	head   ledger.Head
	tree   ledger.Tree
	rows   []ledger.Row
	stated []ledger.Row // as the services stated them, whatever becomes of rows
	levels map[uint][]ledger.Hash

	batches sync.Map // that were signed, by their first row and length
}

// subjects are what the rows of a test ledger are about, in turn.
var subjects = []string{"YP-1", "YP-2", "YP-3"}

var sources = []string{"declaration", "conference"}

func newBook(t testing.TB, ring *keyring, rows int) *book {
	t.Helper()
	b := &book{ring: ring, head: ledger.Genesis(origin), levels: make(map[uint][]ledger.Hash)}
	b.grow(t, rows, "")
	return b
}

// grow appends rows. Ledgers that differ in salt tell different stories.
func (b *book) grow(t testing.TB, rows int, salt string) {
	t.Helper()
	for range rows {
		i := len(b.rows)
		subject, source := i%len(subjects), i/len(subjects)%len(sources)
		raw, err := ledger.AppendRaw(nil, ledger.Entry{
			ID: fmt.Sprintf("e-%d", i), Source: sources[source], Type: "egov.test.v1.Happened", Subject: subjects[subject],
			Time: began.Add(time.Duration(i) * time.Minute), Unit: "education", Actor: "zhang",
			EventSeq: int64(i/len(subjects)/len(sources) + 1),
			Data:     fmt.Appendf(nil, `{"amount_fen":%d,"salt":%q}`, 1000+i, salt),
		})
		if err != nil {
			t.Fatal(err)
		}
		row := b.head.Append(raw)
		b.rows, b.stated = append(b.rows, row), append(b.stated, row)
		b.levels[0] = append(b.levels[0], row.Chain)
		b.tree.Append(row.Chain, func(n ledger.Node) { b.levels[n.Level] = append(b.levels[n.Level], n.Hash) })
	}
}

// recorded is when a service's database stored an event.
func recorded(e *ledger.Entry) time.Time { return e.Time.Add(1234 * time.Microsecond) }

// batch is the rows that a service signed together: those of one block.
type batch struct {
	first  int // index of its first row
	leaves []ledger.Hash
	at     []time.Time
	whole  vouch.Voucher
}

// signBatch has the service of a block sign its rows.
func (b *book) signBatch(t testing.TB, first int) (out batch) {
	t.Helper()
	out.first = first
	last := min(first+len(subjects), len(b.stated))
	if there, ok := b.batches.Load([2]int{first, last}); ok {
		return there.(batch)
	}
	defer func() { b.batches.Store([2]int{first, last}, out) }()
	for _, r := range b.stated[first:last] {
		e, err := ledger.Parse(r.Raw)
		if err != nil {
			t.Fatal(err)
		}
		out.leaves, out.at = append(out.leaves, vouch.Leaf(&e, recorded(&e))), append(out.at, recorded(&e))
		out.whole.Source = e.Source
	}
	key, v := b.ring.events[out.whole.Source], &out.whole
	v.KeyID, v.SignedAt, v.Size = key.KeyID(), began.Add(time.Minute), uint64(len(out.leaves))
	var err error
	v.Signature, err = key.SignMessage(vouch.Statement(v.Source, v.KeyID, v.SignedAt, v.Size, ledger.NewLeaves(out.leaves).Root()))
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// part is the voucher of some of the batch's rows.
func (p batch) part(begin, end int) bundle.Vouched {
	v := bundle.Vouched{FirstSeq: uint64(p.first + begin + 1), Recorded: slices.Clone(p.at[begin:end]), Voucher: p.whole}
	v.First = uint64(begin)
	v.Left, v.Right = ledger.NewLeaves(p.leaves).Around(uint64(begin), uint64(end))
	return v
}

// vouchers proves rows of the book.
func (b *book) vouchers(t testing.TB, rows []ledger.Row) (out []bundle.Vouched) {
	t.Helper()
	for v, err := range b.vouching(t, rows) {
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, *v)
	}
	return out
}

func (b *book) vouching(t testing.TB, rows []ledger.Row) iter.Seq2[*bundle.Vouched, error] {
	return func(yield func(*bundle.Vouched, error) bool) {
		t.Helper()
		for i := 0; i < len(rows); {
			first := int(rows[i].Seq-1) / len(subjects) * len(subjects)
			if first >= len(b.stated) { // nobody stated it
				return
			}
			p := b.signBatch(t, first)
			n := 1
			for i+n < len(rows) && rows[i+n].Seq == rows[i].Seq+uint64(n) && int(rows[i+n].Seq-1) < first+len(p.leaves) {
				n++
			}
			begin := int(rows[i].Seq-1) - first
			if v := p.part(begin, begin+n); !yield(&v, nil) {
				return
			}
			i += n
		}
	}
}

func yieldVouchers(all []bundle.Vouched) iter.Seq2[*bundle.Vouched, error] {
	return func(yield func(*bundle.Vouched, error) bool) {
		for i := range all {
			if !yield(&all[i], nil) {
				return
			}
		}
	}
}

func (b *book) Nodes(_ context.Context, level uint, begin, end uint64) ([]ledger.Hash, error) {
	if end > uint64(len(b.levels[level])) {
		return nil, fmt.Errorf("level %d has no node %d", level, end)
	}
	return b.levels[level][begin:end], nil
}

// signed is the current checkpoint, signed by both keys and cosigned by both
// units.
func (b *book) signed(t testing.TB) checkpoint.Signed {
	t.Helper()
	note, err := checkpoint.Sign(checkpoint.Checkpoint{
		Origin: origin, Size: b.head.Size, Root: b.tree.Root(), SM3Chain: b.head.SM3Chain,
	}, b.ring.ed, b.ring.sm)
	if err != nil {
		t.Fatal(err)
	}
	trust := b.ring.trust(t)
	for _, unit := range []string{"finance", "science"} {
		w, err := checkpoint.NewWitness(trust, b.ring.witnesses[unit])
		if err != nil {
			t.Fatal(err)
		}
		if note, _, err = w.Cosign(checkpoint.Seen{}, note, nil); err != nil {
			t.Fatal(err)
		}
	}
	s, err := trust.Open(note)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func (b *book) state() *bundle.State {
	return &bundle.State{Origin: origin, Size: b.head.Size, Root: b.tree.Root()}
}

func yield(rows []ledger.Row) iter.Seq2[*ledger.Row, error] {
	return func(yield func(*ledger.Row, error) bool) {
		for i := range rows {
			if !yield(&rows[i], nil) {
				return
			}
		}
	}
}

// source is an export of rows first to last, or of the rows about a subject.
func (b *book) source(t testing.TB, scope bundle.Scope, first, last int) bundle.Source {
	t.Helper()
	var rows []ledger.Row
	for _, r := range b.rows[min(first-1, len(b.rows)):last] {
		if scope.Subject == "" || strings.Contains(string(r.Raw), `"`+scope.Subject+`"`) {
			rows = append(rows, r)
		}
	}
	return bundle.Source{
		Scope: scope, Signed: b.signed(t), Keys: b.ring.keys, Nodes: b, Rows: yield(rows), Vouchers: b.vouching(t, rows),
		Documents:    documents("project/YP-1.json", `{"id":"YP-1"}`, "tables/rows.csv", "a,b\n1,2\n", "files/合同.pdf", "%PDF-1.7 contract"),
		Completeness: completeness(`{"missing":[]}`),
		Attachments:  func() bundle.Attachments { return bundle.Attachments{} }, // no row names any
	}
}

func completeness(text string) func() ([]byte, error) {
	return func() ([]byte, error) { return []byte(text), nil }
}

func documents(namesAndTexts ...string) iter.Seq2[bundle.Document, error] {
	return func(yield func(bundle.Document, error) bool) {
		for i := 0; i < len(namesAndTexts); i += 2 {
			text := namesAndTexts[i+1]
			open := func(context.Context) (io.ReadCloser, error) { return io.NopCloser(strings.NewReader(text)), nil }
			if !yield(bundle.Document{Name: namesAndTexts[i], Open: open}, nil) {
				return
			}
		}
	}
}

func (b *book) options() bundle.Options {
	return bundle.Options{
		CreatedAt: began.Add(24 * time.Hour), CreatedBy: bundle.Author{Unit: "audit", Actor: "li"}, Tool: "egov test",
		Packs:   []bundle.Pack{{ID: "yangpu-2023", Version: "1"}},
		Signers: []*checkpoint.Signer{b.ring.ed, b.ring.sm},
	}
}

func write(t testing.TB, b *book, src bundle.Source) []byte {
	t.Helper()
	var out bytes.Buffer
	if _, err := bundle.Write(context.Background(), &out, src, b.options()); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// whole exports everything.
func (b *book) whole(t testing.TB) []byte {
	t.Helper()
	return write(t, b, b.source(t, bundle.Scope{Kind: bundle.KindLedger}, 1, len(b.rows)))
}

// part exports rows first to last.
func (b *book) part(t testing.TB, first, last int) []byte {
	t.Helper()
	return write(t, b, b.source(t, bundle.Scope{Kind: bundle.KindRange, From: "2026-03-02"}, first, last))
}

// about exports the rows of one subject.
func (b *book) about(t testing.TB, subject string) []byte {
	t.Helper()
	return write(t, b, b.source(t, bundle.Scope{Kind: bundle.KindRows, Subject: subject}, 1, len(b.rows)))
}

func verify(t testing.TB, data []byte, opts bundle.VerifyOptions) bundle.Report {
	t.Helper()
	report, err := bundle.Verify(context.Background(), bytes.NewReader(data), int64(len(data)), opts)
	if err != nil {
		t.Fatal(err)
	}
	return report
}

func earlier(t testing.TB, data []byte) *bundle.Earlier {
	t.Helper()
	e, err := bundle.OpenEarlier(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		t.Fatal(err)
	}
	return e
}

// unpacked is a bundle taken apart, to be tampered with and put together again
// without a key.
type unpacked struct {
	names []string
	files map[string][]byte
}

func unpack(t testing.TB, data []byte) *unpacked {
	t.Helper()
	z, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		t.Fatal(err)
	}
	u := &unpacked{files: make(map[string][]byte)}
	for _, f := range z.File {
		r, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(r)
		if err = errors.Join(err, r.Close()); err != nil {
			t.Fatal(err)
		}
		u.names = append(u.names, f.Name)
		u.files[f.Name] = text
	}
	return u
}

func (u *unpacked) pack(t testing.TB) []byte {
	t.Helper()
	var out bytes.Buffer
	z := zip.NewWriter(&out)
	for _, name := range u.names {
		text, ok := u.files[name]
		if !ok {
			continue
		}
		w, err := z.Create(name)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write(text); err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// edit replaces one occurrence in a file.
func (u *unpacked) edit(t testing.TB, name, old, with string) {
	t.Helper()
	if !bytes.Contains(u.files[name], []byte(old)) {
		t.Fatalf("%s has no %q", name, old)
	}
	u.files[name] = bytes.Replace(u.files[name], []byte(old), []byte(with), 1)
}

// lines gives the lines of ledger.jsonl, the closing one included, and takes
// back what is made of them.
func (u *unpacked) lines(change func([]string) []string) {
	text := strings.TrimSuffix(string(u.files[bundle.NameLedger]), "\n")
	u.files[bundle.NameLedger] = []byte(strings.Join(change(strings.Split(text, "\n")), "\n") + "\n")
}

// jsonRow is a row as any JSON library sees it.
type jsonRow struct {
	Seq    uint64      `json:"seq"`
	Raw    []byte      `json:"raw"`
	SHA256 ledger.Hash `json:"sha256"`
	SM3    ledger.Hash `json:"sm3"`
	Chain  ledger.Hash `json:"chain"`
}

// event edits the event of the row on line i, as text, and leaves its hashes.
func (u *unpacked) event(t testing.TB, i int, old, with string) {
	t.Helper()
	u.lines(func(lines []string) []string {
		row := readRow(t, lines[i])
		if !bytes.Contains(row.Raw, []byte(old)) {
			t.Fatalf("%s has no %q", row.Raw, old)
		}
		row.Raw = bytes.Replace(row.Raw, []byte(old), []byte(with), 1)
		lines[i] = writeRow(row)
		return lines
	})
}

func readRow(t testing.TB, line string) jsonRow {
	t.Helper()
	var row jsonRow
	if err := json.Unmarshal([]byte(line), &row); err != nil {
		t.Fatal(err)
	}
	return row
}

// writeRow is the fixed form, written by hand.
func writeRow(r jsonRow) string {
	return fmt.Sprintf(`{"seq":%d,"raw":"%s","sha256":"%s","sm3":"%s","chain":"%s"}`,
		r.Seq, base64.StdEncoding.EncodeToString(r.Raw), r.SHA256, r.SM3, r.Chain)
}

// rechain lets an attacker recompute hashes and chain from line i on.
func (u *unpacked) rechain(t testing.TB, i int) {
	t.Helper()
	u.lines(func(lines []string) []string {
		prev := ledger.Genesis(origin).Chain
		if i > 0 {
			prev = readRow(t, lines[i-1]).Chain
		}
		for ; i < len(lines)-1; i++ {
			row := readRow(t, lines[i])
			row.SHA256, row.SM3 = ledger.Sum256(row.Raw), ledger.SumSM3(row.Raw)
			row.Chain = ledger.Link(prev, row.Seq, row.SHA256, row.SM3)
			lines[i], prev = writeRow(row), row.Chain
		}
		return lines
	})
}

// recompute lets an attacker bring the manifest up to date, keeping the
// signatures it had.
func (u *unpacked) recompute(t testing.TB) {
	t.Helper()
	var m bundle.Manifest
	if err := json.Unmarshal(u.files[bundle.NameManifest], &m); err != nil {
		t.Fatal(err)
	}
	var files []bundle.FileInfo
	for _, name := range u.names {
		text, ok := u.files[name]
		if !ok || name == bundle.NameManifest {
			continue
		}
		f := bundle.FileInfo{Name: name, Size: int64(len(text)), SHA256: ledger.Sum256(text)}
		if name != bundle.NameLedger {
			h := ledger.SumSM3(text)
			f.SM3 = &h
		}
		files = append(files, f)
	}
	m.Files = files
	text, err := json.MarshalIndent(m, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	u.files[bundle.NameManifest] = append(text, '\n')
}

func trusting(t testing.TB, keys checkpoint.Keys) *checkpoint.Trust {
	t.Helper()
	trust, err := checkpoint.NewTrust(keys)
	if err != nil {
		t.Fatal(err)
	}
	return trust
}
