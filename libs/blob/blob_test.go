package blob_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"image"
	"image/jpeg"
	"image/png"
	"io"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/iotest"

	"github.com/emmansun/gmsm/sm3"

	"egov/libs/blob"
	"egov/libs/fault"
)

// limits are roomy enough for every good sample below.
var limits = blob.Limits{
	MaxBytes: 1 << 20,
	Types:    []blob.Type{blob.PDF, blob.OFD, blob.DOCX, blob.XLSX, blob.PNG, blob.JPEG, blob.Text},
	Archive:  blob.ArchiveLimits{MaxEntries: 20, MaxUnpacked: 8 << 20, MaxRatio: 100},
}

var pdf = []byte("%PDF-1.7\n1 0 obj << /Type /Catalog >> endobj\nstartxref\n0\n%%EOF\n")

func picture(t testing.TB, encode func(io.Writer, image.Image) error) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := encode(&b, image.NewGray(image.Rect(0, 0, 8, 8))); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func samples(t testing.TB) map[blob.Type][]byte {
	t.Helper()
	return map[blob.Type][]byte{
		blob.PDF:  pdf,
		blob.PNG:  picture(t, png.Encode),
		blob.JPEG: picture(t, func(w io.Writer, m image.Image) error { return jpeg.Encode(w, m, nil) }),
		blob.Text: []byte("\ufeff建设方案\r\n\t一、必要性\n"),
		blob.OFD:  archive(t, ofd()...),
		blob.DOCX: archive(t, office(docxMain, "word/document.xml")...),
		blob.XLSX: archive(t, office(xlsxMain, "xl/workbook.xml")...),
	}
}

// local opens a store in a directory of its own, which it returns.
func local(t testing.TB) (*blob.Store, string) {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "attachments")
	s, err := blob.Open(t.Context(), "file://"+dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s, dir
}

// stored lists the files in a local store.
func stored(t testing.TB, dir string) []string {
	t.Helper()
	var files []string
	err := filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		if err == nil && !e.IsDir() {
			rel, _ := filepath.Rel(dir, path)
			files = append(files, filepath.ToSlash(rel))
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

func read(t testing.TB, s *blob.Store, key string) ([]byte, error) {
	t.Helper()
	r, err := s.Get(t.Context(), key)
	if err != nil {
		return nil, err
	}
	b, err := io.ReadAll(r)
	return b, errors.Join(err, r.Close())
}

func TestPutAndGet(t *testing.T) {
	t.Parallel()
	s, dir := local(t)
	for want, content := range samples(t) {
		o, err := s.Put(t.Context(), "建设方案."+string(want), want.Media(), iotest.OneByteReader(bytes.NewReader(content)), limits)
		if err != nil {
			t.Errorf("%s: %v", want, err)
			continue
		}
		sha, sm := sha256.Sum256(content), sm3.Sum(content)
		if o.Type != want || o.Size != int64(len(content)) || o.SHA256 != hex.EncodeToString(sha[:]) || o.SM3 != hex.EncodeToString(sm[:]) {
			t.Errorf("%s: %+v", want, o)
		}
		got, err := read(t, s, o.Key)
		if err != nil || !bytes.Equal(got, content) {
			t.Errorf("%s: read back %d bytes, %v", want, len(got), err)
		}
	}
	if files := stored(t, dir); len(files) != len(samples(t)) {
		t.Errorf("stored %v", files)
	}
	if info, err := os.Stat(dir); err != nil || info.Mode().Perm() != 0o700 {
		t.Errorf("%v %v", info.Mode(), err)
	}
	if err := s.Ready(t.Context()); err != nil {
		t.Error(err)
	}
}

func TestOpen(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	file := filepath.Join(dir, "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for url, ok := range map[string]bool{
		"mem://":                           true,
		"file://" + dir:                    true,
		filepath.Join(dir, "a", "b"):       true,
		"":                                 false,
		"file://":                          false,
		"file://" + file:                   false,
		"file://" + dir + "?create_dir=no": false,
		"file://elsewhere" + dir:           false,
		"ftp://example/x":                  false,
		"://":                              false,
	} {
		s, err := blob.Open(t.Context(), url)
		if (err == nil) != ok {
			t.Errorf("%q: %v", url, err)
		}
		if err == nil {
			if err := s.Close(); err != nil {
				t.Errorf("%q: %v", url, err)
			}
		}
	}
}

func TestSameContentIsOneObject(t *testing.T) {
	t.Parallel()
	s, dir := local(t)
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			if _, err := s.Put(context.Background(), fmt.Sprintf("%d.pdf", i), "", bytes.NewReader(pdf), limits); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if files := stored(t, dir); len(files) != 1 {
		t.Fatalf("stored %v", files)
	}
}

// program looks like the head of a Windows executable.
var program = append([]byte("MZ\x90\x00\x03\x00\x00\x00"), make([]byte, 512)...)

func TestRefusals(t *testing.T) {
	t.Parallel()
	s, dir := local(t)
	good := samples(t)
	only := func(types ...blob.Type) blob.Limits { l := limits; l.Types = types; return l }
	small := limits
	small.MaxBytes = int64(len(pdf)) - 1
	cut := func(b []byte) io.Reader { return bytes.NewReader(b[:len(b)-7]) }
	cases := []struct {
		name, declared string
		r              io.Reader
		limits         blob.Limits
		want           *fault.Error
	}{
		{"a program renamed to PDF", "application/pdf", bytes.NewReader(program), limits, blob.ErrType},
		{"a script with a NUL", "text/plain", strings.NewReader("#!/bin/sh\n\x00"), limits, blob.ErrType},
		{"text in another encoding", "text/plain", strings.NewReader("\xbd\xa8\xc9\xe8"), limits, blob.ErrType},
		{"text cut within a character", "text/plain", strings.NewReader("建设"[:5]), limits, blob.ErrType},
		{"type not on the list", "", bytes.NewReader(pdf), only(blob.PNG), blob.ErrType},
		{"text not on the list", "", strings.NewReader("x"), only(blob.PNG), blob.ErrType},
		{"container with none on the list", "", bytes.NewReader(good[blob.DOCX]), only(blob.PDF), blob.ErrType},
		{"container not on the list", "", bytes.NewReader(good[blob.DOCX]), only(blob.OFD), blob.ErrType},
		{"one byte too many", "", bytes.NewReader(pdf), small, blob.ErrTooLarge},
		{"endless", "", neverEnding('x'), limits, blob.ErrTooLarge},
		{"no limits given", "", bytes.NewReader(pdf), blob.Limits{}, blob.ErrTooLarge},
		{"server cut the body", "", iotest.ErrReader(&http.MaxBytesError{Limit: 1}), limits, blob.ErrTooLarge},
		{"empty", "", strings.NewReader(""), limits, blob.ErrEmpty},
		{"connection broke", "", io.MultiReader(bytes.NewReader(pdf), iotest.ErrReader(io.ErrUnexpectedEOF)), limits, blob.ErrIncomplete},
		{"PDF cut short", "", cut(pdf), limits, blob.ErrIncomplete},
		{"PNG cut short", "", cut(good[blob.PNG]), limits, blob.ErrIncomplete},
		{"JPEG cut short", "", cut(good[blob.JPEG]), limits, blob.ErrIncomplete},
		{"DOCX cut short", "", cut(good[blob.DOCX]), limits, blob.ErrArchive},
		{"PDF declared as a picture", "image/png", bytes.NewReader(pdf), limits, blob.ErrTypeMismatch},
		{"web page declared as such", "text/html", strings.NewReader("<html></html>"), limits, blob.ErrTypeMismatch},
		{"nonsense declared", "//", bytes.NewReader(pdf), limits, blob.ErrTypeMismatch},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			o, err := s.Put(t.Context(), "x.pdf", c.declared, c.r, c.limits)
			if !errors.Is(err, c.want) || o != (blob.Object{}) {
				t.Fatalf("%+v %v", o, err)
			}
			if f := fault.From(err); f.Msg == "" || f.MsgEN == "" {
				t.Fatalf("%+v lacks a text", f)
			}
		})
	}
	if files := stored(t, dir); len(files) != 0 {
		t.Fatalf("refused files left %v", files)
	}
}

type neverEnding byte

func (b neverEnding) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = byte(b)
	}
	return len(p), nil
}

func TestCancelledUploadLeavesNothing(t *testing.T) {
	t.Parallel()
	s, dir := local(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := s.Put(ctx, "x.pdf", "", bytes.NewReader(pdf), limits); !errors.Is(err, blob.ErrIncomplete) || !errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}
	if files := stored(t, dir); len(files) != 0 {
		t.Fatalf("left %v", files)
	}
}

func TestDamageShows(t *testing.T) {
	t.Parallel()
	s, dir := local(t)
	o, err := s.Put(t.Context(), "x.pdf", "", bytes.NewReader(pdf), limits)
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, filepath.FromSlash(o.Key))
	flipped := bytes.Clone(pdf)
	flipped[20] ^= 1
	for name, damaged := range map[string][]byte{"a bit": flipped, "cut": pdf[:10], "longer": append(flipped, 'x'), "empty": {}} {
		if err := os.WriteFile(path, damaged, 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := read(t, s, o.Key); !errors.Is(err, blob.ErrCorrupt) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := s.Put(t.Context(), "again.pdf", "", bytes.NewReader(pdf), limits); err != nil {
		t.Fatal(err)
	}
	if got, err := read(t, s, o.Key); err != nil || !bytes.Equal(got, pdf) {
		t.Fatalf("putting it again does not repair it: %v", err)
	}
}

func TestNoSuchAttachment(t *testing.T) {
	t.Parallel()
	s, dir := local(t)
	if err := os.WriteFile(filepath.Join(dir, "..", "secret"), []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, key := range []string{
		"", "../secret", "sha256/../../secret", "/etc/passwd", "sha256/aa",
		"sha256/00/" + strings.Repeat("a", 64),  // folder of another key
		"sha256/aa/" + strings.Repeat("a", 64),  // well-formed, but absent
		"sha256/AA/" + strings.Repeat("A", 64),  //
		"sha256/aa/" + strings.Repeat("a", 640), //
	} {
		if _, err := s.Get(t.Context(), key); !errors.Is(err, blob.ErrNotFound) {
			t.Errorf("%q: %v", key, err)
		}
	}
}

func TestStorageFailure(t *testing.T) {
	t.Parallel()
	s, dir := local(t)
	if err := os.RemoveAll(dir); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(dir, nil, 0o600); err != nil { // a file where the directory was
		t.Fatal(err)
	}
	_, err := s.Put(t.Context(), "x.pdf", "", bytes.NewReader(pdf), limits)
	if f := fault.From(err); !errors.Is(err, blob.ErrStorage) || f.RetryAfter == 0 {
		t.Fatalf("%v", err)
	}
}

func TestDisplayName(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("长", 300)
	cases := []struct {
		name, in string
		t        blob.Type
		want     string
	}{
		{"ordinary", "建设方案.pdf", blob.PDF, "建设方案.pdf"},
		{"upper case", "PLAN.PDF", blob.PDF, "PLAN.pdf"},
		{"second extension", "p.jpeg", blob.JPEG, "p.jpeg"},
		{"another type's extension", "plan.exe", blob.PDF, "plan.exe.pdf"},
		{"none", "plan", blob.OFD, "plan.ofd"},
		{"traversal", "../../etc/passwd", blob.Text, "passwd.txt"},
		{"Windows traversal", `..\..\boot.ini`, blob.Text, "boot.ini.txt"},
		{"absolute", `C:\a\方案.docx`, blob.DOCX, "方案.docx"},
		{"dots alone", "..", blob.PDF, "附件.pdf"},
		{"empty", "", blob.PDF, "附件.pdf"},
		{"extension alone", ".pdf", blob.PDF, "附件.pdf"},
		{"text turned right to left", "plan\u202efdp.exe", blob.PDF, "planfdp.exe.pdf"},
		{"zero width", "a\u200bb.pdf", blob.PDF, "ab.pdf"},
		{"header injection", "a\r\nSet-Cookie: x.pdf", blob.PDF, "a  Set-Cookie x.pdf"},
		{"reserved characters", `a<b>:"|?*.pdf`, blob.PDF, "ab.pdf"},
		{"NUL", "a\x00b.pdf", blob.PDF, "ab.pdf"},
		{"not UTF-8", "a\xffb.pdf", blob.PDF, "ab.pdf"},
		{"device", "con.pdf", blob.PDF, "_con.pdf"},
		{"device with more", "NUL.tar.pdf", blob.PDF, "_NUL.tar.pdf"},
		{"hidden", ".bashrc", blob.Text, "bashrc.txt"},
		{"long", long + ".xlsx", blob.XLSX, long[:3*115] + ".xlsx"},
		{"unknown type", "a.b", "other", "a.b"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			if got := blob.DisplayName(c.in, c.t); got != c.want {
				t.Fatalf("%q", got)
			}
		})
	}
}

func FuzzDisplayName(f *testing.F) {
	f.Add("../方案\u202e.pdf")
	f.Add("CON")
	f.Add(strings.Repeat("COM1.", 40))
	f.Fuzz(func(t *testing.T, in string) {
		got := blob.DisplayName(in, blob.PDF)
		if n := len([]rune(got)); n > 120 || !strings.HasSuffix(got, ".pdf") || len(got) <= 4 || !fs.ValidPath(got) || strings.ContainsAny(got, "/\\:\x00\r\n") {
			t.Fatalf("%q became %q", in, got)
		}
		if again := blob.DisplayName(got, blob.PDF); again != got {
			t.Fatalf("%q became %q, then %q", in, got, again)
		}
	})
}

func TestMedia(t *testing.T) {
	t.Parallel()
	for typ, want := range map[blob.Type]string{
		blob.PDF: "application/pdf", blob.Text: "text/plain; charset=utf-8", "exe": "application/octet-stream",
	} {
		if got := typ.Media(); got != want {
			t.Errorf("%s: %s", typ, got)
		}
	}
}

func BenchmarkPut(b *testing.B) {
	content := append(append([]byte("%PDF-1.7\n"), bytes.Repeat([]byte("x"), 8<<20)...), "%%EOF"...)
	roomy := limits
	roomy.MaxBytes = 16 << 20
	s, _ := local(b)
	b.SetBytes(int64(len(content)))
	for b.Loop() {
		if _, err := s.Put(b.Context(), "x.pdf", "", bytes.NewReader(content), roomy); err != nil {
			b.Fatal(err)
		}
	}
}
