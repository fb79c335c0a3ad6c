// Package blob keeps attachments: files that people upload with a declaration,
// an opinion or a contract.
//
// It believes nothing that comes with a file. The type is read from the
// content and must be on the caller's list; the size is counted, not taken
// from a header; containers are unpacked, within limits, before they are
// accepted; the name is cleaned and only ever shown. A file is stored under
// its own SHA-256, so no text of a user becomes part of a path, and reading
// checks the content against that key. A refused file leaves nothing behind.
//
// The package does not look for malware, does not say who may read what, and
// does not delete: the same content may be attached in several places, and a
// file whose record was never committed is an orphan that harms nobody.
package blob

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"time"

	"github.com/emmansun/gmsm/sm3"
	cloud "gocloud.dev/blob"
	"gocloud.dev/blob/fileblob"
	_ "gocloud.dev/blob/memblob" // mem:// for tests
	"gocloud.dev/gcerrors"

	"egov/libs/fault"
)

// Store keeps attachments in one place. It is safe for concurrent use.
type Store struct {
	bucket *cloud.Bucket
	dir    string // of a local store, to make renames durable
}

// Object describes a stored attachment. It is what a service records; the
// content is found again by Key alone.
type Object struct {
	Key    string `json:"key"`    // sha256/ab/abcd…
	Name   string `json:"name"`   // for display and download, safe as a file name
	Type   Type   `json:"type"`   // as found in the content
	Size   int64  `json:"size"`   // bytes
	SHA256 string `json:"sha256"` // hex
	SM3    string `json:"sm3"`    // hex
}

// Limits is what one kind of attachment may be. The zero value refuses
// everything.
type Limits struct {
	MaxBytes int64  // size of the file
	Types    []Type // accepted types
	Archive  ArchiveLimits
}

// ArchiveLimits bound what an accepted container (OFD, DOCX, XLSX) may unpack
// to.
type ArchiveLimits struct {
	MaxEntries  int   // files and folders in it, below 65535
	MaxUnpacked int64 // bytes of all of them together
	MaxRatio    int64 // unpacked ÷ packed size, for each and for all together, beyond the first MiB
}

// The refusals. stable: their codes are part of answers.
var (
	ErrTooLarge = fault.New(fault.Invalid, "attachment_too_large",
		"附件超过大小限制", "the attachment exceeds the size limit")
	ErrEmpty = fault.New(fault.Invalid, "attachment_empty",
		"附件为空文件", "the attachment is empty")
	ErrIncomplete = fault.New(fault.Invalid, "attachment_incomplete",
		"附件不完整，请重新上传", "the attachment is incomplete; upload it again")
	ErrType = fault.New(fault.Invalid, "attachment_type_refused",
		"不接受此类附件", "attachments of this type are not accepted")
	ErrTypeMismatch = fault.New(fault.Invalid, "attachment_type_mismatch",
		"附件内容与声明的类型不符", "the attachment's content is not of the declared type")
	ErrArchive = fault.New(fault.Invalid, "attachment_archive_refused",
		"附件的内部结构不安全或已损坏", "the attachment's inner structure is unsafe or broken")
	ErrNotFound = fault.New(fault.NotFound, "attachment_not_found",
		"附件不存在", "there is no such attachment")
	ErrCorrupt = fault.New(fault.Internal, "attachment_corrupt",
		"附件内容与其摘要不符", "the attachment's content does not match its digest")
	ErrStorage = &fault.Error{
		Kind: fault.Unavailable, Code: "attachment_storage_unavailable",
		Msg: "附件存储暂不可用，请稍后重试", MsgEN: "the attachment store is not available; try again later",
		RetryAfter: 5 * time.Second,
	}
)

// Open opens the store at a URL: a directory by file:///path or by its path
// alone (made if missing, private to the owner), mem:// for tests, or an
// S3-compatible service by s3://bucket?endpoint=…&region=… in a program that
// imports egov/libs/blob/s3.
func Open(ctx context.Context, rawURL string) (*Store, error) {
	u, err := url.Parse(rawURL)
	if err != nil {
		return nil, fmt.Errorf("open the attachment store: %w", err)
	}
	switch u.Scheme {
	case "":
		return openDir(rawURL)
	case fileblob.Scheme:
		if u.RawQuery != "" || u.Host != "" && u.Host != "." {
			return nil, fmt.Errorf("open the attachment store %s: want file:///path without parameters", rawURL)
		}
		if u.Host == "." {
			return openDir(filepath.FromSlash("." + u.Path))
		}
		return openDir(filepath.FromSlash(u.Path))
	}
	bucket, err := cloud.OpenBucket(ctx, rawURL)
	if err != nil {
		return nil, fmt.Errorf("open the attachment store: %w", err)
	}
	return &Store{bucket: bucket}, nil
}

const privateDir = 0o700

func openDir(dir string) (*Store, error) {
	if dir == "" {
		return nil, errors.New("open the attachment store: no directory named")
	}
	dir, err := filepath.Abs(dir)
	if err != nil {
		return nil, fmt.Errorf("open the attachment store: %w", err)
	}
	bucket, err := fileblob.OpenBucket(dir, &fileblob.Options{
		CreateDir: true, DirFileMode: privateDir,
		NoTempDir: true, // a rename must not cross file systems
		Metadata:  fileblob.MetadataDontWrite,
	})
	if err != nil {
		return nil, fmt.Errorf("open the attachment store: %w", err)
	}
	return &Store{bucket: bucket, dir: dir}, nil
}

// Close releases the store.
func (s *Store) Close() error { return s.bucket.Close() }

// Ready reports whether the store can be reached.
func (s *Store) Ready(ctx context.Context) error {
	ok, err := s.bucket.IsAccessible(ctx)
	if err == nil && !ok {
		err = errors.New("the bucket is not accessible")
	}
	if err != nil {
		return ErrStorage.With(err)
	}
	return nil
}

// Put reads a file to its end, checks it against the limits, and stores it.
// name and declaredType are the client's words: the name is kept, cleaned, for
// display; the declared media type, when there is one, must agree with the
// content. The same content put twice is one object. Nothing is stored unless
// Put succeeds.
func (s *Store) Put(ctx context.Context, name, declaredType string, r io.Reader, limits Limits) (Object, error) {
	spool, err := newSpool()
	if err != nil {
		return Object{}, ErrStorage.With(err)
	}
	defer spool.close()
	if err := spool.fill(ctx, r, limits.MaxBytes); err != nil {
		return Object{}, err
	}
	found, err := inspect(spool.file, spool.size, limits)
	if err != nil {
		return Object{}, err
	}
	if !found.agrees(declaredType) {
		return Object{}, ErrTypeMismatch.WithMsg(
			fmt.Sprintf("附件内容为%s，与声明的类型不符", found.label()),
			fmt.Sprintf("the attachment is %s, not what was declared", found.Media()))
	}
	digest := hex.EncodeToString(spool.sha256.Sum(nil))
	o := Object{
		Key: keyOf(digest), Name: DisplayName(name, found), Type: found, Size: spool.size,
		SHA256: digest, SM3: hex.EncodeToString(spool.sm3.Sum(nil)),
	}
	if err := s.write(ctx, o, spool.file); err != nil {
		return Object{}, ErrStorage.With(err)
	}
	return o, nil
}

// Key is where the content with that SHA-256, in hex, lies: for who knows what it
// wants by its hash alone.
func Key(sha256 string) string {
	if len(sha256) < 2 {
		return ""
	}
	return keyOf(sha256)
}

func keyOf(digest string) string { return "sha256/" + digest[:2] + "/" + digest }

var keyForm = regexp.MustCompile(`^sha256/([0-9a-f]{2})/([0-9a-f]{64})$`)

// digestOf reads the digest back from a key; ok is false for anything else.
func digestOf(key string) (digest string, ok bool) {
	m := keyForm.FindStringSubmatch(key)
	if m == nil || m[2][:2] != m[1] {
		return "", false
	}
	return m[2], true
}

// write stores the spooled content. It writes also what is stored already:
// that repairs an object that was damaged.
func (s *Store) write(ctx context.Context, o Object, content *os.File) error {
	if _, err := content.Seek(0, io.SeekStart); err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var local *os.File
	w, err := s.bucket.NewWriter(ctx, o.Key, &cloud.WriterOptions{
		ContentType: o.Type.Media(),
		BeforeWrite: func(as func(any) bool) error {
			as(&local)
			return nil
		},
	})
	if err != nil {
		return err
	}
	_, err = io.Copy(w, content)
	if err == nil && local != nil {
		err = local.Sync()
	}
	if err != nil {
		cancel() // makes Close drop what was written
		return errors.Join(err, w.Close())
	}
	if err := w.Close(); err != nil {
		return err
	}
	return s.syncDirs(o.Key)
}

// syncDirs makes a new file of a local store outlive a power failure.
func (s *Store) syncDirs(key string) error {
	if s.dir == "" {
		return nil
	}
	dir := filepath.Dir(filepath.Join(s.dir, filepath.FromSlash(key)))
	for {
		d, err := os.Open(dir)
		if err != nil {
			return err
		}
		if err := errors.Join(d.Sync(), d.Close()); err != nil {
			return err
		}
		if dir == s.dir {
			return nil
		}
		dir = filepath.Dir(dir)
	}
}

// Get opens an attachment for reading. The reader checks the content against
// the key as it goes and ends with ErrCorrupt instead of io.EOF when they
// differ: what was read is good only once io.EOF has come. The caller closes
// it.
func (s *Store) Get(ctx context.Context, key string) (io.ReadCloser, error) {
	digest, ok := digestOf(key)
	if !ok {
		return nil, ErrNotFound
	}
	r, err := s.bucket.NewReader(ctx, key, nil)
	if gcerrors.Code(err) == gcerrors.NotFound {
		return nil, ErrNotFound
	}
	if err != nil {
		return nil, ErrStorage.With(err)
	}
	return &verifier{r: r, want: digest, sum: sha256.New()}, nil
}

type verifier struct {
	r    *cloud.Reader
	want string
	sum  hash.Hash
}

func (v *verifier) Read(p []byte) (int, error) {
	n, err := v.r.Read(p)
	v.sum.Write(p[:n])
	switch ended := errors.Is(err, io.EOF); {
	case ended && hex.EncodeToString(v.sum.Sum(nil)) != v.want:
		return n, ErrCorrupt
	case err != nil && !ended:
		return n, ErrStorage.With(err)
	}
	return n, err
}

func (v *verifier) Close() error { return v.r.Close() }

// spool is a nameless temporary file that takes an upload and hashes it.
type spool struct {
	file        *os.File
	size        int64
	sha256, sm3 hash.Hash
}

func newSpool() (*spool, error) {
	f, err := os.CreateTemp("", "upload-*")
	if err != nil {
		return nil, err
	}
	// Without its name the file is gone with the process, whatever ends it.
	if err := os.Remove(f.Name()); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return &spool{file: f, sha256: sha256.New(), sm3: sm3.New()}, nil
}

func (s *spool) close() { _ = s.file.Close() }

// fill reads r to its end. It reads at most one byte beyond the limit.
func (s *spool) fill(ctx context.Context, r io.Reader, limit int64) error {
	in := &source{ctx: ctx, r: r}
	n, err := io.Copy(io.MultiWriter(s.file, s.sha256, s.sm3), io.LimitReader(in, max(limit, 0)+1))
	switch {
	case in.err != nil:
		if _, ok := errors.AsType[*http.MaxBytesError](in.err); ok {
			return tooLarge(limit)
		}
		return ErrIncomplete.With(in.err)
	case err != nil:
		return ErrStorage.With(err)
	case n > limit:
		return tooLarge(limit)
	case n == 0:
		return ErrEmpty
	}
	s.size = n
	return nil
}

func tooLarge(limit int64) error {
	return ErrTooLarge.WithMsg(
		fmt.Sprintf("附件不得超过%s", byteSize(limit)), fmt.Sprintf("the attachment must not exceed %s", byteSize(limit)))
}

// byteSize writes a size the way people read it.
func byteSize(n int64) string {
	const kib, mib = 1 << 10, 1 << 20
	switch {
	case n >= mib:
		return fmt.Sprintf("%.4g MiB", float64(n)/mib)
	case n >= kib:
		return fmt.Sprintf("%.4g KiB", float64(n)/kib)
	}
	return fmt.Sprintf("%d B", max(n, 0))
}

// source remembers that an error came from the client's side.
type source struct {
	ctx context.Context
	r   io.Reader
	err error
}

func (s *source) Read(p []byte) (int, error) {
	if err := s.ctx.Err(); err != nil {
		s.err = err
		return 0, err
	}
	n, err := s.r.Read(p)
	if err != nil && err != io.EOF {
		s.err = err
	}
	return n, err
}
