package bundle

import (
	"bufio"
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"io"
	"iter"
	"time"

	"github.com/emmansun/gmsm/sm3"

	"egov/libs/fault"
	"egov/libs/ledger"
	"egov/libs/ledger/checkpoint"
)

// Source is where a bundle comes from. Rows, Documents and Nodes are read while
// the bundle is written, so they should all see one snapshot.
type Source struct {
	Scope Scope
	// Signed is the checkpoint under which all rows stand: none may be beyond
	// its size.
	Signed checkpoint.Signed
	Keys   checkpoint.Keys
	// Nodes reads the stored tree.
	Nodes ledger.NodeStore
	// Rows yields the rows in ascending order: all of them up to the
	// checkpoint's size for KindLedger, consecutive ones for KindRange. A row
	// and its bytes are used up before the next is asked for. Rows are written
	// as they are stored, whether they hold or not: finding out is the
	// verifier's part. A writing that is taken up again is given the rows
	// behind Resume.Row only.
	Rows iter.Seq2[*ledger.Row, error]
	// Vouchers yields what proves which service stated the rows, see Vouched; nil
	// where the ledger keeps no such proof.
	Vouchers iter.Seq2[*Vouched, error]
	// Documents yields the files for the folders project/, tables/ and files/.
	Documents iter.Seq2[Document, error]
	// Reports yields what the bundle says of itself, see IsReport, when all
	// documents are written, so that it can speak of them.
	Reports iter.Seq2[Document, error]
	// Completeness gives completeness.json, one JSON document, where it is not
	// among the reports; nil is {}.
	Completeness func() ([]byte, error)
	// Attachments says, when all documents are written, which of the files that
	// the rows name are among them; nil where nobody looked for them, which makes
	// a bundle of FormatBefore.
	Attachments func() Attachments
	// Previous is the tree of the export before this one, if there was one.
	Previous *State
}

// Document is one file to put beside the rows.
type Document struct {
	Name string // with its folder, e.g. "files/contract.pdf"
	Open func(context.Context) (io.ReadCloser, error)
	// Write writes the file, for those that are made rather than read; then
	// Open is not needed.
	Write func(context.Context, io.Writer) error
}

func (d Document) write(ctx context.Context, w io.Writer) error {
	if d.Write != nil {
		return d.Write(ctx, w)
	}
	r, err := d.Open(ctx)
	if err != nil {
		return err
	}
	defer r.Close()
	_, err = io.Copy(w, r)
	return err
}

// Options say who writes a bundle and how.
type Options struct {
	CreatedAt time.Time // written to the second, in the zone it is given in
	CreatedBy Author
	Tool      string // name and version of the writing program
	Packs     []Pack
	Notices   []string             // see Manifest
	Signers   []*checkpoint.Signer // the ledger's keys in force at the checkpoint's size
	Level     int                  // deflate level 1 (fast, also the default) to 9

	// Save hears of every point at which the writing can be taken up again; all
	// bytes before it have been given to the writer by then. Its error ends the
	// writing.
	Save func(Resume) error
	// Resume takes the writing up at such a point: w receives the bytes behind
	// it. Everything else must be what it was, or another archive comes out.
	Resume *Resume
}

// MaxSelected is the most rows a KindRows bundle may hold: their proofs are
// drawn when all rows have been written. Whoever needs more takes a range.
const MaxSelected = 1 << 20

// ErrSource says that a bundle cannot be made of what its source gives.
var ErrSource = fault.New(fault.Invalid, "bundle_source_invalid", "无法由所给内容生成审计包", "the bundle cannot be made from its source")

// Write writes a bundle to w and returns its manifest. It streams: memory does
// not grow with the rows of a ledger or range, and by eight bytes a row of a
// selection. When it fails, what was written has no end, and Verify says so.
// The same source and options give the same bytes, in one go or in several.
func Write(ctx context.Context, w io.Writer, src Source, opts Options) (Manifest, error) {
	c := src.Signed.Checkpoint
	format := Format
	if src.Attachments == nil {
		format = FormatBefore
	}
	out := newWriter(w, opts, Manifest{
		Format: format, Scope: src.Scope, CreatedAt: opts.CreatedAt.Truncate(time.Second), CreatedBy: opts.CreatedBy,
		Tool: opts.Tool, Packs: append([]Pack{}, opts.Packs...),
		Ledger:     State{Origin: c.Origin, Size: c.Size, Root: c.Root},
		CosignedBy: src.Signed.CosignedBy(), Notices: opts.Notices, Previous: src.Previous,
	})
	keys, err := json.MarshalIndent(src.Keys, "", "  ")
	if err != nil {
		return Manifest{}, err
	}
	prover := ledger.NewProver(src.Nodes, c.Size)
	var selected []uint64
	steps := []func() error{
		func() error { return out.bytes(NameCheckpoint, src.Signed.Note) },
		func() error { return out.bytes(NameKeys, append(keys, '\n')) },
		func() error { selected, err = out.rows(ctx, src, opts.Signers); return err },
		func() error {
			return out.file(NameProof, func(w io.Writer) error {
				return writeProof(ctx, w, src, prover, out.manifest, selected)
			})
		},
		func() error {
			if src.Vouchers == nil {
				return nil
			}
			return out.file(NameVouchers, func(w io.Writer) error { return writeVouchers(ctx, w, src.Vouchers) })
		},
		func() error { return out.documents(ctx, src.Documents, checkDocumentName) },
		func() error { return out.documents(ctx, src.Reports, checkReportName) },
		func() error { return out.completeness(src.Completeness) },
		func() error {
			if src.Attachments != nil {
				a := src.Attachments()
				out.manifest.Attachments = &a
			}
			return out.close(opts.Signers)
		},
	}
	for _, step := range steps {
		if err := step(); err != nil {
			return Manifest{}, err
		}
	}
	return out.manifest, nil
}

func (w *writer) bytes(name string, data []byte) error {
	return w.file(name, func(w io.Writer) error { _, err := w.Write(data); return err })
}

func (w *writer) completeness(text func() ([]byte, error)) error {
	if text == nil {
		if w.names[NameCompleteness] {
			return nil
		}
		return w.bytes(NameCompleteness, []byte("{}"))
	}
	data, err := text()
	if err != nil {
		return err
	}
	if !json.Valid(data) {
		return ErrSource.With(fmt.Errorf("%s is not JSON", NameCompleteness))
	}
	return w.bytes(NameCompleteness, data)
}

func (w *writer) documents(ctx context.Context, documents iter.Seq2[Document, error], check func(string) error) error {
	if documents == nil {
		return nil
	}
	for d, err := range documents {
		if err != nil {
			return err
		}
		if err := check(d.Name); err != nil {
			return ErrSource.With(err)
		}
		if err := w.file(d.Name, func(out io.Writer) error { return d.write(ctx, out) }); err != nil {
			return err
		}
	}
	return nil
}

func (w *writer) close(signers []*checkpoint.Signer) error {
	part, err := w.manifest.signedPart()
	if err != nil {
		return err
	}
	w.manifest.Signatures, err = checkpoint.SignStatement(manifestStatement(w.manifest.Ledger.Origin, part), signers...)
	if err != nil {
		return err
	}
	data, err := closeManifest(part, w.manifest.Signatures)
	if err != nil {
		return err
	}
	if err := w.last(data); err != nil {
		return err
	}
	return w.zip.Close()
}

// rows writes ledger.jsonl and keeps for the manifest what was written.
func (w *writer) rows(ctx context.Context, src Source, signers []*checkpoint.Signer) (selected []uint64, err error) {
	w.settled = src.Scope.Kind != KindRows // the proofs of chosen rows are drawn from what is in memory
	defer func() { w.settled = true }()
	if t := w.resume.Trailer; t != nil { // they are all there
		w.trailer = t
		err = w.file(NameLedger, nil)
	} else {
		tally := NewTally(src.Scope.Kind)
		if w.resume.Open != nil {
			tally.trailer = w.resume.Open.Rows
		}
		err = w.ledger(func(out io.Writer, cut func(Trailer) error) error {
			t, chosen, err := writeRows(ctx, out, src, tally, cut, signers)
			w.trailer, selected = &t, chosen
			return err
		})
	}
	if err != nil {
		return nil, err
	}
	w.manifest.Rows, w.manifest.First, w.manifest.Last = w.trailer.Rows, w.trailer.First, w.trailer.Last
	return selected, nil
}

// WriteRows writes ledger.jsonl alone, as a bundle holds it: the rows of src
// under its checkpoint, and the closing line signed by the ledger's keys. Of
// src it needs Scope.Kind, Signed and Rows. It streams, and encodes while w is
// still busy with what was encoded before: give it a compressor.
func WriteRows(ctx context.Context, w io.Writer, src Source, signers ...*checkpoint.Signer) (Trailer, error) {
	t, _, err := writeRows(ctx, w, src, NewTally(src.Scope.Kind), nil, signers)
	return t, err
}

// writeRows writes rows behind those that tally has counted, and the closing
// line. cut, if any, is told whenever segmentRows more are written.
func writeRows(ctx context.Context, w io.Writer, src Source, tally *Tally, cut func(Trailer) error, signers []*checkpoint.Signer) (Trailer, []uint64, error) {
	pump := newPump(w)
	t, selected, err := encode(ctx, pump, src, tally, cut, signers)
	if closed := pump.close(); err == nil {
		err = closed
	}
	return t, selected, err
}

func encode(ctx context.Context, pump *pump, src Source, tally *Tally, cut func(Trailer) error, signers []*checkpoint.Signer) (Trailer, []uint64, error) {
	size := src.Signed.Size
	var selected []uint64
	last := tally.trailer.Last
	for row, err := range src.Rows {
		switch {
		case err != nil:
			return Trailer{}, nil, err
		case row.Seq > size:
			return Trailer{}, nil, ErrSource.With(fmt.Errorf("row %d is beyond the checkpoint's %d", row.Seq, size))
		case row.Seq <= last:
			return Trailer{}, nil, ErrSource.With(fmt.Errorf("row %d comes after row %d", row.Seq, last))
		case len(row.Raw) > ledger.MaxRaw:
			return Trailer{}, nil, ErrSource.With(fmt.Errorf("row %d has %d bytes", row.Seq, len(row.Raw)))
		}
		if src.Scope.Kind == KindRows {
			if len(selected) == MaxSelected {
				return Trailer{}, nil, ErrSource.With(fmt.Errorf("more than %d rows are selected", MaxSelected))
			}
			selected = append(selected, row.Seq)
		}
		last = row.Seq
		tally.Add(row.Seq, &row.Chain)
		pump.buf = AppendRow(pump.buf, row)
		if len(pump.buf) >= pumpSize {
			if err := ctx.Err(); err != nil {
				return Trailer{}, nil, err
			}
			if err := pump.swap(); err != nil {
				return Trailer{}, nil, err
			}
		}
		if cut != nil && tally.trailer.Rows%segmentRows == 0 {
			if err := pump.drain(); err != nil {
				return Trailer{}, nil, err
			}
			if err := cut(tally.Trailer()); err != nil {
				return Trailer{}, nil, err
			}
		}
	}
	trailer, err := tally.Sign(src.Signed.Checkpoint, signers...)
	if err != nil {
		return Trailer{}, nil, err
	}
	pump.buf = AppendTrailer(pump.buf, &trailer)
	return trailer, selected, pump.swap()
}

func writeProof(ctx context.Context, w io.Writer, src Source, prover *ledger.Prover, m Manifest, selected []uint64) error {
	p := Proof{Kind: src.Scope.Kind, Size: m.Ledger.Size}
	if src.Previous != nil {
		path, err := prover.Consistency(ctx, src.Previous.Size)
		if err != nil {
			return err
		}
		p.Consistency = &Consistency{Size: src.Previous.Size, Root: src.Previous.Root, Hashes: path}
	}
	switch p.Kind {
	case KindLedger:
	case KindRange:
		if err := p.cover(ctx, prover, m); err != nil {
			return err
		}
	case KindRows:
		return writeRowProofs(ctx, w, p, prover, m.Ledger.Origin, selected)
	default:
		return ErrSource.With(fmt.Errorf("%q is no kind of bundle", p.Kind))
	}
	return json.NewEncoder(w).Encode(p)
}

// cover fills in what a range needs: the hashes that stand for the rest.
func (p *Proof) cover(ctx context.Context, prover *ledger.Prover, m Manifest) error {
	if m.Rows == 0 {
		return ErrSource.With(errors.New("a range has no rows"))
	}
	before, err := chainBefore(ctx, prover, m.Ledger.Origin, m.First)
	if err != nil {
		return err
	}
	p.First, p.Before = m.First, &before
	if p.Left, err = prover.Range(ctx, 0, m.First-1); err != nil {
		return err
	}
	p.Right, err = prover.Range(ctx, m.Last, p.Size)
	return err
}

// writeRowProofs writes proof.json for chosen rows, one proof a line.
func writeRowProofs(ctx context.Context, w io.Writer, p Proof, prover *ledger.Prover, origin string, selected []uint64) error {
	head, err := json.Marshal(p)
	if err != nil {
		return err
	}
	out := bufio.NewWriter(w)
	line := append(head[:len(head)-1], `,"`+proofRows+`":[`...)
	for i, seq := range selected {
		row := RowProof{Seq: seq}
		if row.Prev, err = chainBefore(ctx, prover, origin, seq); err != nil {
			return err
		}
		if row.Hashes, err = prover.Inclusion(ctx, seq); err != nil {
			return err
		}
		text, err := json.Marshal(row)
		if err != nil {
			return err
		}
		if i > 0 {
			line = append(line, ',')
		}
		line = append(append(line, '\n'), text...)
		if _, err := out.Write(line); err != nil {
			return err
		}
		line = line[:0]
	}
	if _, err := out.Write(append(line, "\n]}\n"...)); err != nil {
		return err
	}
	return out.Flush()
}

// chainBefore is the stored chain value that row seq continues.
func chainBefore(ctx context.Context, prover *ledger.Prover, origin string, seq uint64) (ledger.Hash, error) {
	if seq == 1 {
		return ledger.Genesis(origin).Chain, nil
	}
	return prover.Chain(ctx, seq-1)
}

// sums hashes and counts what is written to it.
type sums struct {
	size   int64
	sha256 hash.Hash
	sm3    hash.Hash // nil when only SHA-256 is asked for
}

func newSums(withSM3 bool) *sums {
	s := &sums{sha256: sha256.New()}
	if withSM3 {
		s.sm3 = sm3.New()
	}
	return s
}

func (s *sums) Write(p []byte) (int, error) {
	s.add(p)
	return len(p), nil
}

func (s *sums) add(p []byte) {
	s.size += int64(len(p))
	s.sha256.Write(p)
	if s.sm3 != nil {
		s.sm3.Write(p)
	}
}

func (s *sums) info(name string) FileInfo {
	f := FileInfo{Name: name, Size: s.size, SHA256: ledger.Hash(s.sha256.Sum(nil))}
	if s.sm3 != nil {
		h := ledger.Hash(s.sm3.Sum(nil))
		f.SM3 = &h
	}
	return f
}

// pump hands filled buffers to a goroutine that writes them, so that encoding
// and compressing each have a processor. Two buffers go round.
type pump struct {
	buf     []byte // the one being filled
	full    chan []byte
	written chan written
	closed  chan error
}

type written struct {
	buf []byte
	err error
}

const pumpSize = 256 << 10

func newPump(w io.Writer) *pump {
	p := &pump{full: make(chan []byte), written: make(chan written, 2), closed: make(chan error, 1)}
	p.written <- written{}
	go func() {
		var err error
		for b := range p.full {
			if err == nil {
				_, err = w.Write(b)
			}
			p.written <- written{b[:0], err}
		}
		p.closed <- err
	}()
	return p
}

// swap hands the filled buffer over and takes the other one.
func (p *pump) swap() error {
	p.full <- p.buf
	other := <-p.written
	p.buf = other.buf
	return other.err
}

// drain hands over what is filled and waits until it is written.
func (p *pump) drain() error {
	if err := p.swap(); err != nil {
		return err
	}
	last := <-p.written
	p.written <- last
	return last.err
}

// close waits until everything handed over is written.
func (p *pump) close() error {
	close(p.full)
	return <-p.closed
}
