package bundle

import (
	"archive/zip"
	"cmp"
	"encoding"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"strings"

	"github.com/klauspost/compress/flate"
)

// segmentRows is after how many rows ledger.jsonl is compressed anew, so that
// its writing can be taken up there. It is part of what decides the bytes.
const segmentRows = 16_384

// Resume is a point at which a writing can be taken up again, also by another
// process: behind a file of the archive, or behind a segment of ledger.jsonl.
// Its JSON form is for keeping, not for reading by others.
type Resume struct {
	Offset  int64    `json:"offset"`  // bytes of the archive before it
	Files   []Packed `json:"files"`   // complete before it
	Trailer *Trailer `json:"trailer"` // of ledger.jsonl, once that is complete
	Open    *Open    `json:"open"`    // ledger.jsonl, where the point is within it
}

// Row is the seq of the last row written before the point; 0 before the first.
func (r Resume) Row() uint64 {
	switch {
	case r.Trailer != nil:
		return r.Trailer.Last
	case r.Open != nil:
		return r.Open.Rows.Last
	}
	return 0
}

// Rows is how many rows were written before the point.
func (r Resume) Rows() uint64 {
	switch {
	case r.Trailer != nil:
		return r.Trailer.Rows
	case r.Open != nil:
		return r.Open.Rows.Rows
	}
	return 0
}

// Packed is one complete file of the archive.
type Packed struct {
	FileInfo
	CRC32  uint32 `json:"crc32"`
	Packed int64  `json:"packed"` // bytes, compressed
}

// Open is ledger.jsonl on its way.
type Open struct {
	Rows   Trailer `json:"rows"` // those written so far, unsigned
	Size   int64   `json:"size"` // bytes, uncompressed
	Packed int64   `json:"packed"`
	CRC32  uint32  `json:"crc32"`
	SHA256 []byte  `json:"sha256"` // state of the hash
}

// writer keeps the manifest of what it has put into the archive. A writing that
// is taken up is repeated without contents: the ZIP's directory comes to be what
// it was, and the bytes before the point go nowhere.
type writer struct {
	zip      *zip.Writer
	sink     *sink
	flate    *flate.Writer
	manifest Manifest
	names    map[string]bool // lower-cased, to hold no two that one system takes for the same
	packed   []Packed
	trailer  *Trailer
	save     func(Resume) error
	settled  bool // a point may lie here
	resume   Resume
	err      error
}

func newWriter(w io.Writer, opts Options, m Manifest) *writer {
	out := &writer{sink: &sink{w: w}, manifest: m, names: make(map[string]bool), save: opts.Save, settled: true}
	if opts.Resume != nil {
		out.resume = *opts.Resume
		out.sink.skip = out.resume.Offset
	}
	out.zip = zip.NewWriter(out.sink)
	out.flate, out.err = flate.NewWriter(nil, cmp.Or(opts.Level, flate.BestSpeed))
	return out
}

// ErrResume says that a writing cannot be taken up where it was left, because
// its source has changed since.
var ErrResume = errors.New("the bundle's source is not the one its writing was begun with")

// file adds one entry and lists it. One that is there already is passed over.
func (w *writer) file(name string, write func(io.Writer) error) error {
	if there := len(w.packed); there < len(w.resume.Files) {
		p := w.resume.Files[there]
		if p.Name != name {
			return fmt.Errorf("%w: %s comes where %s was", ErrResume, name, p.Name)
		}
		return w.repeat(p)
	}
	e, err := w.begin(name, newSums(true))
	if err != nil {
		return err
	}
	if err := write(e); err != nil {
		return err
	}
	return w.finish(e)
}

// repeat passes a complete entry over.
func (w *writer) repeat(p Packed) error {
	header, err := w.header(p.Name)
	if err != nil {
		return err
	}
	header.CRC32, header.CompressedSize64, header.UncompressedSize64 = p.CRC32, uint64(p.Packed), uint64(p.Size)
	raw, err := w.zip.CreateRaw(header)
	if err != nil {
		return err
	}
	if err := skipped(raw, p.Packed); err != nil {
		return err
	}
	w.packed, w.manifest.Files = append(w.packed, p), append(w.manifest.Files, p.FileInfo)
	return w.caughtUp()
}

// caughtUp checks, when everything before the point has been repeated, that it
// came to as many bytes as it did.
func (w *writer) caughtUp() error {
	if len(w.packed) < len(w.resume.Files) || w.resume.Open != nil && !w.names[NameLedger] {
		return nil
	}
	if err := w.zip.Flush(); err != nil {
		return err
	}
	if w.sink.n != w.resume.Offset {
		return fmt.Errorf("%w: it comes to %d bytes, not %d", ErrResume, w.sink.n, w.resume.Offset)
	}
	return nil
}

// ledger writes ledger.jsonl, from where it was left. write is given what to
// call at the end of each segment.
func (w *writer) ledger(write func(io.Writer, func(Trailer) error) error) error {
	sums := newSums(false)
	e, err := w.begin(NameLedger, sums)
	if err != nil {
		return err
	}
	if o := w.resume.Open; o != nil {
		if err := sums.sha256.(encoding.BinaryUnmarshaler).UnmarshalBinary(o.SHA256); err != nil {
			return fmt.Errorf("%w: %w", ErrResume, err)
		}
		sums.size, e.crc.sum = o.Size, o.CRC32
		if err := skipped(&e.packed, o.Packed); err != nil {
			return err
		}
		if err := w.caughtUp(); err != nil {
			return err
		}
	}
	err = write(e, func(rows Trailer) error {
		if err := w.flate.Flush(); err != nil {
			return err
		}
		w.flate.Reset(&e.packed)
		if !w.settled {
			return nil
		}
		state, err := sums.sha256.(encoding.BinaryMarshaler).MarshalBinary()
		if err != nil {
			return err
		}
		return w.point(&Open{Rows: rows, Size: sums.size, Packed: e.packed.n, CRC32: e.crc.sum, SHA256: state})
	})
	if err != nil {
		return err
	}
	return w.finish(e)
}

// entry is one file on its way into the archive.
type entry struct {
	io.Writer // hashes and compresses

	header *zip.FileHeader
	sums   *sums
	crc    *crc
	packed sink // counts what the compressor gives
}

// begin opens an entry whose contents are written to it.
func (w *writer) begin(name string, s *sums) (*entry, error) {
	if w.err != nil {
		return nil, w.err
	}
	header, err := w.header(name)
	if err != nil {
		return nil, err
	}
	raw, err := w.zip.CreateRaw(header)
	if err != nil {
		return nil, err
	}
	e := &entry{header: header, sums: s, crc: &crc{}, packed: sink{w: raw}}
	w.flate.Reset(&e.packed)
	if header.Method == zip.Store {
		e.Writer = io.MultiWriter(s, e.crc, &e.packed)
	} else {
		e.Writer = io.MultiWriter(s, e.crc, w.flate)
	}
	return e, nil
}

// header is an entry's, whose name it takes.
func (w *writer) header(name string) (*zip.FileHeader, error) {
	if err := checkName(name); err != nil {
		return nil, ErrSource.With(err)
	}
	folded := strings.ToLower(name)
	if w.names[folded] {
		return nil, ErrSource.With(fmt.Errorf("%q is given twice", name))
	}
	w.names[folded] = true
	h := &zip.FileHeader{Name: name, Modified: w.manifest.CreatedAt}
	if _, err := zip.NewWriter(io.Discard).CreateHeader(h); err != nil { // fills in what raw entries are not given
		return nil, err
	}
	h.Method = zip.Deflate
	if _, ok := paperHash(name); ok {
		// Attachments are packed by themselves as a rule, and one that is not must
		// not make the bundle look like a bomb.
		h.Method = zip.Store
	}
	return h, nil
}

// finish closes an entry.
func (w *writer) finish(e *entry) error {
	h := e.header
	if h.Method != zip.Store {
		if err := w.flate.Close(); err != nil {
			return err
		}
	}
	h.CRC32, h.CompressedSize64, h.UncompressedSize64 = e.crc.sum, uint64(e.packed.n), uint64(e.sums.size)
	h.CompressedSize, h.UncompressedSize = short(h.CompressedSize64), short(h.UncompressedSize64) //nolint:staticcheck // zip.Writer reads them of raw entries
	info := e.sums.info(h.Name)
	w.packed = append(w.packed, Packed{FileInfo: info, CRC32: e.crc.sum, Packed: e.packed.n})
	w.manifest.Files = append(w.manifest.Files, info)
	if !w.settled {
		return nil
	}
	return w.point(nil)
}

// last adds the manifest, which does not list itself.
func (w *writer) last(data []byte) error {
	e, err := w.begin(NameManifest, newSums(true))
	if err != nil {
		return err
	}
	if _, err := e.Write(data); err != nil {
		return err
	}
	w.settled = false
	return w.finish(e)
}

// short is a size as the ZIP's first fields hold it.
func short(n uint64) uint32 {
	const most = 1<<32 - 1
	return uint32(min(n, most))
}

// point tells of a point at which the writing can be taken up.
func (w *writer) point(open *Open) error {
	if w.save == nil {
		return nil
	}
	if err := w.zip.Flush(); err != nil {
		return err
	}
	return w.save(Resume{Offset: w.sink.n, Files: w.packed[:len(w.packed):len(w.packed)], Trailer: w.trailer, Open: open})
}

// sink counts what passes, and lets nothing through at first.
type sink struct {
	w    io.Writer
	n    int64
	skip int64 // bytes that go nowhere
}

func (s *sink) Write(p []byte) (int, error) {
	drop := min(max(s.skip-s.n, 0), int64(len(p)))
	n, err := int(drop), error(nil)
	if int(drop) < len(p) {
		n, err = s.w.Write(p[drop:])
		n += int(drop)
	}
	s.n += int64(n)
	return n, err
}

// skipped writes n bytes where it does not matter which.
func skipped(w io.Writer, n int64) error {
	_, err := io.CopyN(w, nothing{}, n)
	return err
}

type nothing struct{}

func (nothing) Read(p []byte) (int, error) { return len(p), nil }

// crc is the ZIP's own checksum of what is written.
type crc struct{ sum uint32 }

func (c *crc) Write(p []byte) (int, error) {
	c.sum = crc32.Update(c.sum, crc32.IEEETable, p)
	return len(p), nil
}
