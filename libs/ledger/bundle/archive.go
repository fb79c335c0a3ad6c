package bundle

import (
	"archive/zip"
	"bytes"
	"cmp"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/klauspost/compress/flate"

	"egov/libs/fault"
	"egov/libs/ledger"
)

// Limits bound what a verifier is ready to unpack. A zero field means its
// default.
type Limits struct {
	Entries    int   // files in the archive; default 100,000
	FileBytes  int64 // of one file, uncompressed; default 64 GiB
	TotalBytes int64 // of all files, uncompressed; default 256 GiB
	Ratio      int64 // uncompressed to compressed, over the whole archive beyond its first 64 MiB; default 200
}

const ratioGrace = 64 << 20

func (l Limits) withDefaults() Limits {
	return Limits{
		Entries:    cmp.Or(l.Entries, 100_000),
		FileBytes:  cmp.Or(l.FileBytes, 64<<30),
		TotalBytes: cmp.Or(l.TotalBytes, 256<<30),
		Ratio:      cmp.Or(l.Ratio, 200),
	}
}

// Bounds of the files that are read whole.
const (
	maxManifest = 64 << 20
	maxSmall    = 1 << 20
)

// ErrNotBundle says that a file is no bundle at all, rather than a bad one.
var ErrNotBundle = fault.New(fault.Invalid, "not_a_bundle", "该文件不是审计包", "the file is not an audit bundle")

// archive is an opened ZIP file whose directory has been found sound.
type archive struct {
	source *sourceReader
	files  map[string]*zip.File
	size   int64
}

// openArchive reads the directory. It returns ErrNotBundle, a *ledger.Finding,
// or an error of reading.
func openArchive(r io.ReaderAt, size int64, limits Limits) (*archive, error) {
	source := &sourceReader{r: r, size: size}
	z, err := zip.NewReader(source, size)
	if err != nil {
		if source.err != nil {
			return nil, source.err
		}
		if startsAsBundle(source, size) {
			return nil, ledger.Found(ledger.CodeTruncated, 0, "the archive has no end: %v", err)
		}
		return nil, ErrNotBundle.With(err)
	}
	a := &archive{source: source, files: make(map[string]*zip.File, len(z.File)), size: size}
	z.RegisterDecompressor(zip.Deflate, func(r io.Reader) io.ReadCloser { return flate.NewReader(r) })
	files := slices.DeleteFunc(slices.Clone(z.File), isFolder)
	for _, f := range files {
		a.files[f.Name] = f
	}
	if a.files[NameManifest] == nil && a.files[NameLedger] == nil {
		return nil, ErrNotBundle.With(errors.New("it has neither rows nor a manifest"))
	}
	if err := checkDirectory(files, size, limits.withDefaults()); err != nil {
		return nil, a.readError(ledger.Found(ledger.CodeManifest, 0, "%v", err))
	}
	return a, nil
}

// isFolder holds for the entries that many tools add for each folder when they
// pack an archive again. They hold nothing and are passed over.
func isFolder(f *zip.File) bool {
	folder, ok := strings.CutSuffix(f.Name, "/")
	return ok && f.UncompressedSize64 == 0 && f.CompressedSize64 == 0 &&
		(folder == "project" || folder == "tables" || folder == "files" || checkDocumentName(folder) == nil)
}

// startsAsBundle says whether the file begins as Write begins one: with the
// local header of the checkpoint.
func startsAsBundle(r io.ReaderAt, size int64) bool {
	const headerSize = 30
	head := make([]byte, headerSize+len(NameCheckpoint))
	if size < int64(len(head)) {
		return false
	}
	if _, err := r.ReadAt(head, 0); err != nil && !errors.Is(err, io.EOF) {
		return false
	}
	return bytes.HasPrefix(head, []byte("PK\x03\x04")) &&
		int(binary.LittleEndian.Uint16(head[26:])) == len(NameCheckpoint) &&
		string(head[headerSize:]) == NameCheckpoint
}

// checkDirectory refuses what an honest writer never makes: unsafe or repeated
// names, links, encryption, overlapping entries, and contents out of all
// proportion.
func checkDirectory(files []*zip.File, size int64, limits Limits) error {
	if len(files) > limits.Entries {
		return fmt.Errorf("it has %d files, more than %d", len(files), limits.Entries)
	}
	type span struct{ begin, end int64 }
	spans := make([]span, 0, len(files))
	seen := make(map[string]bool, len(files))
	var total int64
	for _, f := range files {
		if err := checkName(f.Name); err != nil {
			return err
		}
		folded := strings.ToLower(f.Name)
		if seen[folded] {
			return fmt.Errorf("%q is there twice", f.Name)
		}
		seen[folded] = true
		switch {
		case !f.Mode().IsRegular():
			return fmt.Errorf("%q is not a plain file", f.Name)
		case f.Flags&1 != 0:
			return fmt.Errorf("%q is encrypted", f.Name)
		case f.Method != zip.Store && f.Method != zip.Deflate:
			return fmt.Errorf("%q is packed by method %d", f.Name, f.Method)
		case f.UncompressedSize64 > uint64(limits.FileBytes):
			return fmt.Errorf("%q unpacks to %d bytes", f.Name, f.UncompressedSize64)
		case f.CompressedSize64 > uint64(size):
			return fmt.Errorf("%q is longer than the archive", f.Name)
		}
		total += int64(f.UncompressedSize64)
		if total > limits.TotalBytes || total > ratioGrace && total/limits.Ratio > size {
			return fmt.Errorf("it unpacks to %d bytes and more, from %d", total, size)
		}
		begin, err := f.DataOffset()
		if err != nil {
			return fmt.Errorf("%q cannot be found: %w", f.Name, err)
		}
		spans = append(spans, span{begin, begin + int64(f.CompressedSize64)})
	}
	slices.SortFunc(spans, func(a, b span) int { return cmp.Compare(a.begin, b.begin) })
	for i := range spans {
		if spans[i].end > size || i > 0 && spans[i].begin < spans[i-1].end {
			return errors.New("its files overlap")
		}
	}
	return nil
}

// open begins to read a file, hashing what passes. It never gives more bytes
// than the directory says, and one to show that there would be more.
func (a *archive) open(name string, withSM3 bool) (*hashedFile, error) {
	f := a.files[name]
	if f == nil {
		return nil, fmt.Errorf("%s is missing", name)
	}
	r, err := f.Open()
	if err != nil {
		return nil, a.readError(fmt.Errorf("%s: %w", name, err))
	}
	return &hashedFile{
		name: name, sums: newSums(withSM3), closer: r,
		r: io.LimitReader(r, int64(f.UncompressedSize64)+1), a: a,
	}, nil
}

// readAll reads a small file whole.
func (a *archive) readAll(name string, limit int64) ([]byte, FileInfo, error) {
	f, err := a.open(name, true)
	if err != nil {
		return nil, FileInfo{}, err
	}
	defer f.close()
	data, err := io.ReadAll(io.LimitReader(f, limit+1))
	if err != nil {
		return nil, FileInfo{}, err
	}
	if int64(len(data)) > limit {
		return nil, FileInfo{}, fmt.Errorf("%s has more than %d bytes", name, limit)
	}
	return data, f.sums.info(name), nil
}

// readError prefers the failure of the medium to what it led to.
func (a *archive) readError(err error) error {
	if a.source.err != nil {
		return a.source.err
	}
	return err
}

// hashedFile is one file of the archive on its way through.
type hashedFile struct {
	name   string
	r      io.Reader
	closer io.Closer
	sums   *sums
	a      *archive
}

func (f *hashedFile) Read(p []byte) (int, error) {
	n, err := f.r.Read(p)
	f.sums.add(p[:n])
	if err != nil && !errors.Is(err, io.EOF) {
		err = f.a.readError(fmt.Errorf("%s: %w", f.name, err))
	}
	return n, err
}

// close gives the decompressor back. What it says of the file is no news: Read
// has reported every checksum.
func (f *hashedFile) close() { _ = f.closer.Close() }

// sourceReader remembers a failure of the medium, which is not the archive's
// fault and must not be reported as one. An offset outside the file is the
// archive's.
type sourceReader struct {
	r    io.ReaderAt
	size int64
	err  error
}

func (s *sourceReader) ReadAt(p []byte, off int64) (int, error) {
	if off < 0 || off > s.size {
		return 0, io.EOF
	}
	n, err := s.r.ReadAt(p, off)
	if err != nil && !errors.Is(err, io.EOF) {
		s.err = err
	}
	return n, err
}
