package blob

import (
	"bytes"
	"fmt"
	"io"
	"mime"
	"slices"
	"unicode/utf8"
)

// Type is what an attachment is.
type Type string

// The types that the package can tell. stable: they stand in records.
const (
	PDF  Type = "pdf"
	OFD  Type = "ofd" // GB/T 33190
	DOCX Type = "docx"
	XLSX Type = "xlsx"
	PNG  Type = "png"
	JPEG Type = "jpeg"
	Text Type = "text" // UTF-8 without control characters
)

// format is what belongs to a type.
type format struct {
	label      string   // Chinese
	media      []string // the proper media type first, then what browsers also say
	extensions []string // the proper extension first
}

var formats = map[Type]format{
	PDF:  {"PDF文件", []string{"application/pdf", "application/x-pdf"}, []string{".pdf"}},
	OFD:  {"OFD文件", []string{"application/ofd", "application/vnd.ofd", "application/x-ofd", "application/zip"}, []string{".ofd"}},
	DOCX: {"Word文档", []string{docxMedia}, []string{".docx"}},
	XLSX: {"Excel工作簿", []string{xlsxMedia}, []string{".xlsx"}},
	PNG:  {"PNG图片", []string{"image/png", "image/x-png"}, []string{".png"}},
	JPEG: {"JPEG图片", []string{"image/jpeg", "image/jpg", "image/pjpeg"}, []string{".jpg", ".jpeg"}},
	Text: {"纯文本", []string{"text/plain"}, []string{".txt"}},
}

const (
	docxMedia = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
	xlsxMedia = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
)

// Media is the media type to serve the content under; that of an unknown type
// makes a browser save it.
func (t Type) Media() string {
	switch f, ok := formats[t]; {
	case !ok:
		return "application/octet-stream"
	case t == Text:
		return f.media[0] + "; charset=utf-8"
	default:
		return f.media[0]
	}
}

func (t Type) label() string { return formats[t].label }

// agrees reports whether a declared media type does not contradict the type.
// No declaration, and the browsers' word for "unknown", contradict nothing.
func (t Type) agrees(declared string) bool {
	if declared == "" {
		return true
	}
	media, _, err := mime.ParseMediaType(declared)
	return err == nil && (media == "application/octet-stream" || slices.Contains(formats[t].media, media))
}

// headLen and tailLen are how much of a file's ends its type is read from.
const (
	headLen = 16
	tailLen = 1024
)

// inspect tells the type from the content and checks that the content is
// whole and, in a container, within limits. A type that is not on the list is
// refused before anything is unpacked.
func inspect(r io.ReaderAt, size int64, limits Limits) (Type, error) {
	head, err := section(r, 0, min(size, headLen))
	if err != nil {
		return "", err
	}
	tail, err := section(r, max(0, size-tailLen), min(size, tailLen))
	if err != nil {
		return "", err
	}
	allowed := func(t Type) error {
		if !slices.Contains(limits.Types, t) {
			return refuseType(t, limits.Types)
		}
		return nil
	}
	whole := func(t Type, ok bool) (Type, error) {
		if err := allowed(t); err != nil {
			return "", err
		}
		if !ok {
			return "", ErrIncomplete
		}
		return t, nil
	}
	switch {
	case bytes.HasPrefix(head, []byte("%PDF-")):
		return whole(PDF, bytes.Contains(tail, []byte("%%EOF")))
	case bytes.HasPrefix(head, []byte("\x89PNG\r\n\x1a\n")):
		return whole(PNG, bytes.HasSuffix(tail, []byte("\x00\x00\x00\x00IEND\xaeB`\x82")))
	case bytes.HasPrefix(head, []byte("\xff\xd8\xff")):
		return whole(JPEG, bytes.HasSuffix(bytes.TrimRight(tail, "\x00"), []byte("\xff\xd9")))
	case bytes.HasPrefix(head, []byte(localHeader)):
		if !slices.ContainsFunc(limits.Types, Type.container) {
			return "", refuseType("", limits.Types)
		}
		t, err := inspectArchive(r, size, limits.Archive)
		if err != nil {
			return "", err
		}
		return t, allowed(t)
	}
	plain, err := isText(io.NewSectionReader(r, 0, size))
	if err != nil {
		return "", err
	}
	if !plain {
		return "", refuseType("", limits.Types)
	}
	return Text, allowed(Text)
}

func (t Type) container() bool { return t == OFD || t == DOCX || t == XLSX }

func section(r io.ReaderAt, at, n int64) ([]byte, error) {
	b := make([]byte, n)
	if _, err := r.ReadAt(b, at); err != nil && err != io.EOF {
		return nil, ErrStorage.With(err)
	}
	return b, nil
}

func refuseType(found Type, allowed []Type) error {
	zh, en := "", ""
	for i, t := range allowed {
		if i > 0 {
			zh, en = zh+"、", en+", "
		}
		zh, en = zh+t.label(), en+string(t)
	}
	what, whatEN := "无法识别的类型", "an unknown type"
	if found != "" {
		what, whatEN = found.label(), string(found)
	}
	return ErrType.WithMsg(
		fmt.Sprintf("附件为%s；只接受%s", what, zh), fmt.Sprintf("the attachment is of %s; accepted are %s", whatEN, en))
}

// isText reports whether all of r is UTF-8 text: no control characters but
// tab, line feed, form feed and carriage return.
func isText(r io.Reader) (bool, error) {
	buf := make([]byte, 32<<10)
	kept := 0 // bytes of a character that a read cut in two
	for {
		n, err := io.ReadFull(r, buf[kept:])
		b := buf[:kept+n]
		for len(b) > 0 && (err != nil || utf8.FullRune(b)) {
			c, width := utf8.DecodeRune(b)
			if c == utf8.RuneError && width == 1 || c == 0x7f ||
				c < ' ' && c != '\t' && c != '\n' && c != '\f' && c != '\r' {
				return false, nil
			}
			b = b[width:]
		}
		switch err {
		case nil:
			kept = copy(buf, b)
		case io.EOF, io.ErrUnexpectedEOF:
			return true, nil
		default:
			return false, ErrStorage.With(err)
		}
	}
}
