package blob_test

import (
	"archive/zip"
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"io/fs"
	"strings"
	"testing"

	"egov/libs/blob"
	"egov/libs/fault"
)

const (
	docxMain = "application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"
	xlsxMain = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"
	docmMain = "application/vnd.ms-word.document.macroEnabled.main+xml"
)

// entry is one file of a container.
type entry struct {
	name    string
	content []byte
	edit    func(*zip.FileHeader)
}

func archive(t testing.TB, entries ...entry) []byte {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for _, e := range entries {
		h := &zip.FileHeader{Name: e.name, Method: zip.Deflate}
		if e.edit != nil {
			e.edit(h)
		}
		w, err := z.CreateHeader(h)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write(e.content); err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func file(name, content string) entry { return entry{name: name, content: []byte(content)} }

func ofd(more ...entry) []entry {
	return append([]entry{
		file("OFD.xml", `<ofd:OFD xmlns:ofd="http://www.ofdspec.org/2016" DocType="OFD" Version="1.0"/>`),
		{name: "Doc_0/"},
		file("Doc_0/Document.xml", "<ofd:Document/>"),
	}, more...)
}

func contentTypes(mains ...string) entry {
	s := `<?xml version="1.0"?><Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">`
	for i := 0; i < len(mains); i += 2 {
		s += fmt.Sprintf(`<Override PartName="/%s" ContentType="%s"/>`, mains[i+1], mains[i])
	}
	return file("[Content_Types].xml", s+"</Types>")
}

func office(main, part string, more ...entry) []entry {
	return append([]entry{contentTypes(main, part), file(part, "<document/>")}, more...)
}

func TestContainers(t *testing.T) {
	t.Parallel()
	megabytes := func(n int) []byte { return make([]byte, n<<20) }
	random := make([]byte, 5<<20)
	for i := range random {
		random[i] = byte(crc32.ChecksumIEEE([]byte{byte(i), byte(i >> 8), byte(i >> 16)}))
	}
	verbatim := func(h *zip.FileHeader) { h.Method = zip.Store }
	good := archive(t, ofd()...)
	edit := func(f func(b []byte) []byte) []byte { return f(bytes.Clone(good)) }
	end := func(b []byte) []byte { return b[bytes.LastIndex(b, []byte("PK\x05\x06")):] }
	many := ofd()
	for i := range 18 {
		many = append(many, file(fmt.Sprintf("Doc_0/%d.xml", i), "x"))
	}
	cases := []struct {
		name    string
		content []byte
		code    string // of the violation; empty: accepted
	}{
		{"OFD", good, ""},
		{"a little of everything repetitive", archive(t, ofd(entry{name: "x.xml", content: megabytes(1)[:900<<10]})...), ""},
		{"two large entries within limits", archive(t, ofd(entry{"a.bin", random[:900<<10], verbatim}, entry{"b.bin", random[1<<20 : 1<<20+100<<10], nil})...), ""},
		{"bomb by ratio", archive(t, ofd(entry{name: "x.xml", content: megabytes(3)})...), "ratio"},
		{"bomb by many entries together", archive(t, ofd(entry{name: "a", content: megabytes(1)}, entry{name: "b", content: megabytes(1)})...), "ratio"},
		{"bomb by size", archive(t, ofd(entry{"x.xml", random, verbatim})...), "unpacks_too_large"},
		{"bomb in the content types", archive(t, entry{name: "[Content_Types].xml", content: megabytes(9)}), "malformed"},
		{"overlapping entries", overlapping(t, 15), "ratio"},
		{"too many entries", archive(t, many...), "too_many_entries"},
		{"more entries than the end mark says", edit(func(b []byte) []byte {
			binary.LittleEndian.PutUint16(end(b)[8:], 1)
			binary.LittleEndian.PutUint16(end(b)[10:], 1)
			return b
		}), "malformed"},
		{"nested archive", archive(t, ofd(entry{name: "inner.bin", content: good})...), "nested_archive"},
		{"empty nested archive", archive(t, ofd(file("inner.bin", "PK\x05\x06"+strings.Repeat("\x00", 18)))...), "nested_archive"},
		{"nested archive by name", archive(t, ofd(file("INNER.RAR", "x"))...), "nested_archive"},
		{"nested gzip", archive(t, ofd(file("x", "\x1f\x8b\x08"))...), "nested_archive"},
		{"nested tar", archive(t, ofd(file("x", strings.Repeat("\x00", 257)+"ustar\x00"))...), "nested_archive"},
		{"program inside", archive(t, ofd(entry{name: "readme.txt", content: program})...), "active_content"},
		{"OLE object inside", archive(t, office(docxMain, "word/document.xml", file("word/embeddings/o.bin", "\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"))...), "active_content"},
		{"traversal", archive(t, ofd(file("../../etc/cron.d/x", "x"))...), "unsafe_path"},
		{"traversal inside", archive(t, ofd(file("a/../../x", "x"))...), "unsafe_path"},
		{"absolute path", archive(t, ofd(file("/etc/passwd", "x"))...), "unsafe_path"},
		{"Windows path", archive(t, ofd(file(`..\x`, "x"))...), "unsafe_path"},
		{"drive", archive(t, ofd(file("C:x", "x"))...), "unsafe_path"},
		{"NUL in a path", archive(t, ofd(file("a\x00b", "x"))...), "unsafe_path"},
		{"path that is not UTF-8", archive(t, ofd(file("a\xff", "x"))...), "unsafe_path"},
		{"folder named dot", archive(t, ofd(entry{name: "./"})...), "unsafe_path"},
		{"link", archive(t, ofd(entry{"link", []byte("/etc/passwd"), func(h *zip.FileHeader) { h.SetMode(fs.ModeSymlink | 0o777) }})...), "special_file"},
		{"encrypted", archive(t, ofd(entry{"secret", []byte("x"), func(h *zip.FileHeader) { h.Flags |= 1 }})...), "encrypted"},
		{"one name twice", archive(t, ofd(file("Doc_0/document.XML", "x"))...), "duplicate_entry"},
		{"folder and file of one name", archive(t, ofd(file("Doc_0", "x"))...), "duplicate_entry"},
		{"unknown compression", edit(func(b []byte) []byte {
			// The method in the first directory header.
			binary.LittleEndian.PutUint16(b[bytes.Index(b, []byte("PK\x01\x02"))+10:], 99)
			return b
		}), "compression"},
		{"checksum broken", edit(func(b []byte) []byte {
			b[bytes.Index(b, []byte("PK\x01\x02"))+16] ^= 1
			return b
		}), "malformed"},
		{"declared size lies", edit(func(b []byte) []byte {
			b[bytes.Index(b, []byte("PK\x01\x02"))+24]--
			return b
		}), "malformed"},
		{"cut in the middle", good[:len(good)/2], "malformed"},
		{"text behind the end", append(bytes.Clone(good), "#!/bin/sh"...), "malformed"},
		{"a second archive behind", append(bytes.Clone(good), good...), "malformed"},
		{"no entries", []byte("PK\x03\x04PK\x05\x06" + strings.Repeat("\x00", 18)), "malformed"},
		{"ZIP64", edit(func(b []byte) []byte {
			binary.LittleEndian.PutUint16(end(b)[8:], 0xffff)
			binary.LittleEndian.PutUint16(end(b)[10:], 0xffff)
			return b
		}), "malformed"},
		{"any archive", archive(t, file("a.txt", "x")), "unknown_container"},
		{"macros by content type", archive(t, office(docmMain, "word/document.xml")...), "unknown_container"},
		{"main part missing", archive(t, contentTypes(docxMain, "word/document.xml")), "malformed"},
		{"two main parts", archive(t, contentTypes(docxMain, "a", xlsxMain, "b"), file("a", ""), file("b", "")), "malformed"},
		{"content types not XML", archive(t, file("[Content_Types].xml", "{}")), "malformed"},
	}
	s, dir := local(t)
	large := limits
	large.MaxBytes, large.Archive.MaxUnpacked = 8<<20, 4<<20
	accepted := 0
	for _, c := range cases {
		if c.code == "" {
			accepted++
		}
		t.Run(c.name, func(t *testing.T) {
			_, err := s.Put(t.Context(), "x.ofd", "", bytes.NewReader(c.content), large)
			if c.code == "" {
				if err != nil {
					t.Fatal(err)
				}
				return
			}
			f := fault.From(err)
			if !errors.Is(err, blob.ErrArchive) || len(f.Violations) != 1 || f.Violations[0].Code != c.code {
				t.Fatalf("%v", err)
			}
			if f.Msg == "" || f.MsgEN == "" || f.Violations[0].Msg == "" {
				t.Fatalf("%+v lacks a text", f)
			}
		})
	}
	if files := stored(t, dir); len(files) != accepted {
		t.Fatalf("%d accepted, stored %v", accepted, files)
	}
}

// overlapping makes a container whose directory names one packed entry n
// times: each is modest, all together are not.
func overlapping(t testing.TB, n int) []byte {
	t.Helper()
	one := archive(t, entry{name: "OFD.xml", content: make([]byte, 1<<20)})
	end := bytes.LastIndex(one, []byte("PK\x05\x06"))
	start := bytes.Index(one, []byte("PK\x01\x02"))
	header := one[start:end]
	out := bytes.Clone(one[:start])
	for i := range n {
		h := bytes.Clone(header)
		if i > 0 {
			copy(h[46:], fmt.Sprintf("%07d", i))
		}
		out = append(out, h...)
	}
	mark := bytes.Clone(one[end:])
	binary.LittleEndian.PutUint16(mark[8:], uint16(n))
	binary.LittleEndian.PutUint16(mark[10:], uint16(n))
	binary.LittleEndian.PutUint32(mark[12:], uint32(len(header)*n))
	return append(out, mark...)
}

func FuzzContainer(f *testing.F) {
	f.Add(archive(f, ofd()...))
	f.Add(archive(f, office(docxMain, "word/document.xml")...))
	f.Add(archive(f, office(xlsxMain, "xl/workbook.xml", file("../x", "x"))...))
	f.Add(overlapping(f, 3))
	f.Add([]byte("PK\x03\x04PK\x05\x06" + strings.Repeat("\x00", 18)))
	s, err := blob.Open(f.Context(), "mem://")
	if err != nil {
		f.Fatal(err)
	}
	f.Cleanup(func() { _ = s.Close() })
	f.Fuzz(func(t *testing.T, content []byte) {
		o, err := s.Put(t.Context(), "x", "", bytes.NewReader(content), limits)
		if err != nil {
			if fault.From(err).Kind != fault.Invalid {
				t.Fatalf("%v is no refusal of the input", err)
			}
			return
		}
		if o.Type != blob.OFD && o.Type != blob.DOCX && o.Type != blob.XLSX {
			return
		}
		// Whatever is accepted, another reader unpacks within the limits.
		z, err := zip.NewReader(bytes.NewReader(content), int64(len(content)))
		if err != nil {
			t.Fatal(err)
		}
		total := int64(0)
		for _, e := range z.File {
			if !fs.ValidPath(strings.TrimSuffix(e.Name, "/")) {
				t.Fatalf("%q is accepted", e.Name)
			}
			r, err := e.Open()
			if err != nil {
				t.Fatal(err)
			}
			n, err := io.Copy(io.Discard, r)
			if err != nil {
				t.Fatal(err)
			}
			total += n
		}
		if len(z.File) > limits.Archive.MaxEntries || total > limits.Archive.MaxUnpacked {
			t.Fatalf("%d entries of %d bytes are accepted", len(z.File), total)
		}
	})
}
