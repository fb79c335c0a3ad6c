package audit

import (
	"archive/zip"
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"egov/libs/ledger"
	"egov/libs/ledger/bundle"
	"egov/libs/ledger/checkpoint"
	"egov/libs/ledger/vouch"
	"egov/libs/sign"
	"egov/tools/egov/cli"
)

// office is a ledger with everything an export has: two keys of its own, a unit
// that witnesses, a service that signs what it states, and an attachment.
type office struct {
	book
	ed, witness *checkpoint.Signer
	service     *sign.PrivateKey
}

// contract is the attachment that row 3 names.
const contract = "%PDF-1.7 the contract"

func newOffice(t *testing.T) *office {
	t.Helper()
	o := &office{book: *newBook(t)}
	signer := func(a checkpoint.Algorithm, name string, role checkpoint.Role, unit string) *checkpoint.Signer {
		secret, verifier, err := checkpoint.GenerateKey(a, name)
		must(t, err)
		s, err := checkpoint.NewSigner(secret, func() time.Time { return began })
		must(t, err)
		o.keys.Keys = append(o.keys.Keys, checkpoint.Key{Verifier: verifier, Role: role, Unit: unit})
		return s
	}
	o.ed = signer(checkpoint.Ed25519, origin, checkpoint.RoleLog, "")
	o.witness = signer(checkpoint.SM2Cosignature, "test.example/witness/finance", checkpoint.RoleWitness, "finance")
	var err error
	o.service, err = sign.Generate(sign.SM2)
	must(t, err)
	o.keys.Events, err = sign.NewKeySet(sign.TrustedKey{Public: o.service.Public(), Holder: "declaration", NotBefore: began.Add(-time.Hour), NotAfter: began.Add(1000 * time.Hour)})
	must(t, err)
	return o
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// grow appends n events that tell a story of their own; the third names the
// contract.
func (o *office) grow(t *testing.T, n int, story string) {
	t.Helper()
	for range n {
		i := len(o.rows) + 1
		data := fmt.Appendf(nil, `{"amount_fen":%d,"story":%q}`, i, story)
		if i == 3 {
			data = fmt.Appendf(nil, `{"document":{"name":"合同.pdf","media_type":"application/pdf","sha256":"%s"}}`, ledger.Sum256([]byte(contract)))
		}
		raw, err := ledger.AppendRaw(nil, ledger.Entry{
			ID: fmt.Sprintf("e-%d", i), Source: "declaration", Type: "egov.test.v1.Happened", Subject: "YP-1",
			Time: began.Add(time.Duration(i) * time.Minute), Unit: "education", Actor: "zhang", EventSeq: int64(i), Data: data,
		})
		must(t, err)
		row := o.head.Append(raw)
		o.rows = append(o.rows, row)
		o.nodes[0] = append(o.nodes[0], row.Chain)
		o.tree.Append(row.Chain, func(n ledger.Node) { o.nodes[n.Level] = append(o.nodes[n.Level], n.Hash) })
	}
}

// vouched is the service's word for rows, in one batch.
func (o *office) vouched(t *testing.T, rows []ledger.Row) *bundle.Vouched {
	t.Helper()
	v := &bundle.Vouched{FirstSeq: 1}
	var leaves []ledger.Hash
	for _, r := range rows {
		e, err := ledger.Parse(r.Raw)
		must(t, err)
		v.Recorded = append(v.Recorded, e.Time)
		leaves = append(leaves, vouch.Leaf(&e, e.Time))
	}
	v.Source, v.KeyID, v.SignedAt, v.Size = "declaration", o.service.KeyID(), began, uint64(len(leaves))
	var err error
	v.Signature, err = o.service.SignMessage(vouch.Statement(v.Source, v.KeyID, v.SignedAt, v.Size, ledger.NewLeaves(leaves).Root()))
	must(t, err)
	return v
}

// exported writes the whole ledger to a file, with the service's word for said.
func (o *office) exported(t *testing.T, path string, said []ledger.Row) string {
	t.Helper()
	note, err := checkpoint.Sign(checkpoint.Checkpoint{Origin: origin, Size: o.head.Size, Root: o.tree.Root(), SM3Chain: o.head.SM3Chain}, o.signer, o.ed)
	must(t, err)
	trust, err := checkpoint.NewTrust(o.keys)
	must(t, err)
	w, err := checkpoint.NewWitness(trust, o.witness)
	must(t, err)
	note, _, err = w.Cosign(checkpoint.Seen{}, note, nil)
	must(t, err)
	signed, err := trust.Open(note)
	must(t, err)
	var out bytes.Buffer
	_, err = bundle.Write(t.Context(), &out, bundle.Source{
		Scope: bundle.Scope{Kind: bundle.KindLedger}, Signed: signed, Keys: o.keys, Nodes: o,
		Rows: func(yield func(*ledger.Row, error) bool) {
			for i := range o.rows {
				if !yield(&o.rows[i], nil) {
					return
				}
			}
		},
		Vouchers: func(yield func(*bundle.Vouched, error) bool) { yield(o.vouched(t, said), nil) },
		Documents: func(yield func(bundle.Document, error) bool) {
			yield(bundle.Document{Name: paper, Open: func(context.Context) (io.ReadCloser, error) { return io.NopCloser(strings.NewReader(contract)), nil }}, nil)
		},
		Attachments: func() bundle.Attachments { return bundle.Attachments{Named: 1, Held: 1} },
	}, bundle.Options{CreatedAt: began, CreatedBy: bundle.Author{Unit: "audit", Actor: "li"}, Tool: "egov test", Signers: []*checkpoint.Signer{o.signer, o.ed}})
	must(t, err)
	must(t, os.WriteFile(path, out.Bytes(), 0o600))
	return path
}

var paper = bundle.PaperName(ledger.Sum256([]byte(contract)), "application/pdf")

// opened is a bundle taken apart by somebody without any key.
type opened struct {
	names []string
	files map[string][]byte
}

func open(t *testing.T, path string) *opened {
	t.Helper()
	in, err := zip.OpenReader(path)
	must(t, err)
	defer func() { must(t, in.Close()) }()
	o := &opened{files: map[string][]byte{}}
	for _, f := range in.File {
		r, err := f.Open()
		must(t, err)
		text, err := io.ReadAll(r)
		must(t, errors.Join(err, r.Close()))
		o.names, o.files[f.Name] = append(o.names, f.Name), text
	}
	return o
}

func (o *opened) pack(t *testing.T, path string) string {
	t.Helper()
	var out bytes.Buffer
	w := zip.NewWriter(&out)
	for _, name := range o.names {
		e, err := w.Create(name)
		must(t, err)
		_, err = e.Write(o.files[name])
		must(t, err)
	}
	must(t, w.Close())
	must(t, os.WriteFile(path, out.Bytes(), 0o600))
	return path
}

func (o *opened) replace(t *testing.T, file, old, now string) {
	t.Helper()
	if !bytes.Contains(o.files[file], []byte(old)) {
		t.Fatalf("%s has no %q", file, old)
	}
	o.files[file] = bytes.Replace(o.files[file], []byte(old), []byte(now), 1)
}

// line is a row as any JSON library sees it.
type line struct {
	Seq    uint64      `json:"seq"`
	Raw    []byte      `json:"raw"`
	SHA256 ledger.Hash `json:"sha256"`
	SM3    ledger.Hash `json:"sm3"`
	Chain  ledger.Hash `json:"chain"`
}

func (o *opened) lines(change func([]string) []string) {
	text := strings.TrimSuffix(string(o.files[bundle.NameLedger]), "\n")
	o.files[bundle.NameLedger] = []byte(strings.Join(change(strings.Split(text, "\n")), "\n") + "\n")
}

// row changes the row on a line, counted from zero.
func (o *opened) row(t *testing.T, i int, change func(*line)) {
	t.Helper()
	o.lines(func(lines []string) []string {
		var l line
		must(t, json.Unmarshal([]byte(lines[i]), &l))
		change(&l)
		lines[i] = fmt.Sprintf(`{"seq":%d,"raw":"%s","sha256":"%s","sm3":"%s","chain":"%s"}`, l.Seq, base64.StdEncoding.EncodeToString(l.Raw), l.SHA256, l.SM3, l.Chain)
		return lines
	})
}

// event edits what the row on a line says.
func (o *opened) event(t *testing.T, i int, old, now string) {
	t.Helper()
	o.row(t, i, func(l *line) {
		if !bytes.Contains(l.Raw, []byte(old)) {
			t.Fatalf("%s has no %q", l.Raw, old)
		}
		l.Raw = bytes.Replace(l.Raw, []byte(old), []byte(now), 1)
	})
}

// rechain computes all hashes again from a line on, up to the last of n.
func (o *opened) rechain(t *testing.T, from, n int) {
	t.Helper()
	prev := ledger.Genesis(origin).Chain
	for i := range n {
		o.row(t, i, func(l *line) {
			if i >= from {
				l.SHA256, l.SM3 = ledger.Sum256(l.Raw), ledger.SumSM3(l.Raw)
				l.Chain = ledger.Link(prev, l.Seq, l.SHA256, l.SM3)
			}
			prev = l.Chain
		})
	}
}

// recompute brings the manifest up to date with the files.
func (o *opened) recompute(t *testing.T) {
	t.Helper()
	var m bundle.Manifest
	must(t, json.Unmarshal(o.files[bundle.NameManifest], &m))
	m.Files = nil
	for _, name := range o.names {
		if name == bundle.NameManifest {
			continue
		}
		f := bundle.FileInfo{Name: name, Size: int64(len(o.files[name])), SHA256: ledger.Sum256(o.files[name])}
		if name != bundle.NameLedger {
			h := ledger.SumSM3(o.files[name])
			f.SM3 = &h
		}
		m.Files = append(m.Files, f)
	}
	text, err := json.MarshalIndent(m, "", "  ")
	must(t, err)
	o.files[bundle.NameManifest] = append(text, '\n')
}

// TestTamperMatrix does to bundles what an auditor has to find, and has the
// program that he runs name it: by its exit code, the code in its JSON document,
// and the row to blame (SH12-A, YP23-M-16). One case of the matrix, a ledger
// edited in PostgreSQL, needs a running installation: TestAnAuditorsWay.
func TestTamperMatrix(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	const rows = 30
	honest := newOffice(t)
	honest.grow(t, rows-10, "true")
	before := honest.exported(t, filepath.Join(dir, "before.zip"), honest.rows)
	honest.grow(t, 10, "true")
	whole := honest.exported(t, filepath.Join(dir, "whole.zip"), honest.rows)
	trust := keyFile(t, dir, "trust.json", honest.keys)

	stranger := newOffice(t)
	stranger.grow(t, rows, "embellished")
	rebuilt := stranger.exported(t, filepath.Join(dir, "rebuilt.zip"), stranger.rows)
	twin := &office{book: *newBook(t), ed: honest.ed, witness: honest.witness, service: honest.service} // the ledger's owner tells two stories
	twin.signer, twin.keys = honest.signer, honest.keys
	twin.grow(t, rows, "another")
	fork := twin.exported(t, filepath.Join(dir, "fork.zip"), twin.rows)
	forged := twin.exported(t, filepath.Join(dir, "forged.zip"), honest.rows)
	unsaid := twin.exported(t, filepath.Join(dir, "unsaid.zip"), twin.rows[:rows-1])
	unpinned := honest.keys
	unpinned.Events = stranger.keys.Events
	others := keyFile(t, dir, "others.json", unpinned)

	produced := map[ledger.Code]bool{}
	// Beside each: what is done to the honest bundle, or which other file is given.
	for name, c := range map[string]struct {
		do   func(*testing.T, *opened)
		file string
		args []string
		code ledger.Code
		seq  uint64
	}{
		"nothing": {file: whole, args: []string{"--previous", before}},

		"payload edited":            {do: func(t *testing.T, o *opened) { o.event(t, 9, `"amount_fen":10`, `"amount_fen":90`) }, code: ledger.CodeRowHash, seq: 10},
		"actor edited":              {do: func(t *testing.T, o *opened) { o.event(t, 9, "zhang", "zhao") }, code: ledger.CodeRowHash, seq: 10},
		"time edited":               {do: func(t *testing.T, o *opened) { o.event(t, 9, "2026-03-02", "2026-03-01") }, code: ledger.CodeRowHash, seq: 10},
		"unit edited":               {do: func(t *testing.T, o *opened) { o.event(t, 9, "education", "health") }, code: ledger.CodeRowHash, seq: 10},
		"row dropped in the middle": {do: func(_ *testing.T, o *opened) { o.lines(func(l []string) []string { return slices.Delete(l, 9, 10) }) }, code: ledger.CodeRowMissing, seq: 10},
		"tail cut": {do: func(_ *testing.T, o *opened) {
			o.lines(func(l []string) []string { return slices.Delete(l, rows-4, rows) })
		}, code: ledger.CodeTruncated, seq: rows - 3},
		"two rows swapped": {do: func(_ *testing.T, o *opened) {
			o.lines(func(l []string) []string { l[9], l[10] = l[10], l[9]; return l })
		}, code: ledger.CodeRowOrder, seq: 10},
		"whole ledger rebuilt with another key": {file: rebuilt, code: ledger.CodeUnknownKey},
		"two checkpoints of one size":           {file: fork, args: []string{"--previous", whole}, code: ledger.CodeFork},
		"an old export replayed as new":         {file: before, args: []string{"--previous", whole}, code: ledger.CodeTruncated, seq: rows - 9},
		"attachment swapped":                    {do: func(_ *testing.T, o *opened) { o.files[paper] = []byte("%PDF-1.7 another") }, code: ledger.CodeFileHash},
		"cosignature removed":                   {do: removeCosignature, code: ledger.CodeCosignature},
		"bundle whose own manifest was recomputed by the attacker": {do: func(t *testing.T, o *opened) {
			o.files[paper] = []byte("%PDF-1.7 another")
			o.recompute(t)
		}, code: ledger.CodeManifest},

		"a row rehashed, the chain left": {do: func(t *testing.T, o *opened) {
			o.event(t, 9, "zhang", "zhao")
			o.rechain(t, 9, 10)
		}, code: ledger.CodeChainBroken, seq: 11},
		"everything rechained": {do: func(t *testing.T, o *opened) {
			o.event(t, 9, "zhang", "zhao")
			o.rechain(t, 9, rows)
			o.recompute(t)
		}, code: ledger.CodeLeafNotInTree},
		"the checkpoint's size edited":    {do: func(t *testing.T, o *opened) { o.replace(t, bundle.NameCheckpoint, "\n30\n", "\n29\n") }, code: ledger.CodeCheckpointSignature},
		"attachment removed":              {do: func(_ *testing.T, o *opened) { o.drop(paper) }, code: ledger.CodeFileHash},
		"keys replaced by the attacker's": {do: func(t *testing.T, o *opened) { o.files[bundle.NameKeys] = open(t, rebuilt).files[bundle.NameKeys] }, code: ledger.CodeFileHash},
		"vouchers replaced by the attacker's": {do: func(t *testing.T, o *opened) {
			o.files[bundle.NameVouchers] = open(t, rebuilt).files[bundle.NameVouchers]
		}, code: ledger.CodeFileHash},
		"vouchers removed":                     {do: func(_ *testing.T, o *opened) { o.drop(bundle.NameVouchers) }, code: ledger.CodeFileHash},
		"rows rewritten by the ledger's owner": {file: forged, code: ledger.CodeCheckpointSignature, seq: 1},
		"a row that no service stated":         {file: unsaid, code: ledger.CodeLeafNotInTree, seq: rows},
		"a service's key that nobody pinned":   {file: whole, args: []string{"--trust", others}, code: ledger.CodeUnknownKey, seq: 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			file := c.file
			if c.do != nil {
				o := open(t, whole)
				c.do(t, o)
				file = o.pack(t, filepath.Join(dir, strings.ReplaceAll(name, " ", "_")+".zip"))
			}
			code, out, errs := run(t, append([]string{"verify", file, "--trust", trust}, c.args...)...)
			var r struct {
				OK         bool         `json:"ok"`
				Rows       *uint64      `json:"rows"`
				FirstBad   *uint64      `json:"first_bad_seq"`
				Code       *ledger.Code `json:"error_code"`
				CosignedBy []string     `json:"cosigned_by"`
			}
			if err := json.Unmarshal([]byte(out), &r); err != nil || r.Rows == nil || r.CosignedBy == nil {
				t.Fatalf("%q %q: %v", out, errs, err)
			}
			if c.code == "" {
				if code != cli.OK || !r.OK || r.Code != nil || r.FirstBad != nil || *r.Rows != rows {
					t.Fatalf("exit %d, %s %s", code, out, errs)
				}
				return
			}
			if code != cli.Failed || r.OK || r.Code == nil || *r.Code != c.code || (c.seq > 0) != (r.FirstBad != nil) || c.seq > 0 && *r.FirstBad != c.seq {
				t.Errorf("exit %d, %s %s; want %s at %d", code, out, errs, c.code, c.seq)
			}
		})
		produced[c.code] = true
	}
	for _, code := range []ledger.Code{
		"row_hash", "chain_broken", "row_missing", "row_order", "leaf_not_in_tree", "checkpoint_signature", "unknown_key", "fork", "truncated", "manifest", "file_hash", "cosignature",
	} {
		if !produced[code] {
			t.Errorf("no case produces %s", code)
		}
	}
}

func (o *opened) drop(name string) {
	o.names = slices.DeleteFunc(o.names, func(n string) bool { return n == name })
}

func removeCosignature(_ *testing.T, o *opened) {
	var kept []string
	for l := range strings.Lines(string(o.files[bundle.NameCheckpoint])) {
		if !strings.HasPrefix(l, "— test.example/witness/") {
			kept = append(kept, l)
		}
	}
	o.files[bundle.NameCheckpoint] = []byte(strings.Join(kept, ""))
}
