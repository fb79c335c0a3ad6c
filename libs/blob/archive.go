package blob

import (
	"archive/zip"
	"bufio"
	"bytes"
	"encoding/binary"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"slices"
	"strings"
	"unicode/utf8"

	"egov/libs/fault"
)

// Signatures and fixed lengths of the ZIP format (APPNOTE 4.3).
const (
	localHeader     = "PK\x03\x04"
	directoryHeader = "PK\x01\x02"
	directoryEnd    = "PK\x05\x06"

	localHeaderLen     = 30
	directoryHeaderLen = 46
	directoryEndLen    = 22
	maxCommentLen      = 1<<16 - 1
)

// ratioFloor is how much an entry may unpack to before its ratio is looked at:
// short and repetitive XML packs very well.
const ratioFloor = 1 << 20

// refuse names one reason against a container.
func refuse(code, zh, en string) error {
	return ErrArchive.WithMsg(zh, en).WithViolations(fault.Violation{Code: code, Msg: zh, MsgEN: en})
}

var errBroken = refuse("malformed", "附件的压缩结构已损坏或不完整", "the attachment's container is broken or incomplete")

// inspectArchive reads a container to its end within the limits and tells what
// it is. Every entry is unpacked and thrown away: declared sizes may lie, and
// the checksums prove that the upload is whole.
func inspectArchive(r io.ReaderAt, size int64, limits ArchiveLimits) (Type, error) {
	if err := checkDirectory(r, size, limits.MaxEntries); err != nil {
		return "", err
	}
	z, err := zip.NewReader(r, size)
	if err != nil {
		return "", errBroken
	}
	if err := checkNames(z.File); err != nil {
		return "", err
	}
	w := &unpacker{limits: limits, packed: size}
	for _, f := range z.File {
		if err := w.entry(f); err != nil {
			return "", err
		}
	}
	return w.what(z.File)
}

// checkDirectory walks the central directory before anything is allocated for
// it. It insists on the plain layout: entries from the first byte, one
// directory behind them, its end mark at the very end of the file; so that
// nothing hides before the entries or behind them. ZIP64, for files above
// 4 GiB, is not accepted.
func checkDirectory(r io.ReaderAt, size int64, maxEntries int) error {
	tail, err := section(r, max(0, size-directoryEndLen-maxCommentLen), min(size, directoryEndLen+maxCommentLen))
	if err != nil {
		return err
	}
	end := bytes.LastIndex(tail, []byte(directoryEnd))
	if end < 0 || len(tail)-end < directoryEndLen {
		return errBroken
	}
	mark := tail[end:]
	le := binary.LittleEndian
	entries := int(le.Uint16(mark[10:]))
	length, start := int64(le.Uint32(mark[12:])), int64(le.Uint32(mark[16:]))
	comment := int(le.Uint16(mark[20:]))
	endAt := size - int64(len(mark))
	if le.Uint16(mark[4:]) != 0 || le.Uint16(mark[6:]) != 0 || int(le.Uint16(mark[8:])) != entries || // several volumes
		entries == 1<<16-1 || comment != len(mark)-directoryEndLen || start+length != endAt {
		return errBroken
	}
	if entries > maxEntries {
		return refuse("too_many_entries", fmt.Sprintf("附件内的文件数不得超过%d个", maxEntries),
			fmt.Sprintf("the attachment holds more than %d entries", maxEntries))
	}
	dir := bufio.NewReader(io.NewSectionReader(r, start, length))
	lowest := int64(1)
	var header [directoryHeaderLen]byte
	for range entries {
		if _, err := io.ReadFull(dir, header[:]); err != nil || !bytes.HasPrefix(header[:], []byte(directoryHeader)) {
			return errBroken
		}
		rest := int(le.Uint16(header[28:])) + int(le.Uint16(header[30:])) + int(le.Uint16(header[32:]))
		if _, err := dir.Discard(rest); err != nil {
			return errBroken
		}
		lowest = min(lowest, int64(le.Uint32(header[42:])))
	}
	if _, err := dir.ReadByte(); err != io.EOF || lowest != 0 {
		return errBroken
	}
	return nil
}

func checkNames(files []*zip.File) error {
	seen := make(map[string]bool, len(files))
	for _, f := range files {
		name := strings.TrimSuffix(f.Name, "/")
		switch {
		case !utf8.ValidString(name) || strings.ContainsAny(name, "\\:\x00") || !fs.ValidPath(name) || name == ".":
			// fs.ValidPath refuses empty and absolute paths and the elements "." and "..".
			return refuse("unsafe_path", "附件内含有不安全的文件路径", "the attachment holds an entry with an unsafe path")
		case f.Mode()&^fs.ModeDir&fs.ModeType != 0:
			return refuse("special_file", "附件内含有链接或特殊文件", "the attachment holds a link or a special file")
		case f.Flags&1 != 0:
			return refuse("encrypted", "附件内含有加密文件，无法检查", "the attachment holds an encrypted entry, which cannot be checked")
		case seen[strings.ToLower(name)]:
			return refuse("duplicate_entry", "附件内有同名文件", "the attachment holds two entries of one name")
		}
		seen[strings.ToLower(name)] = true
	}
	return nil
}

// unpacker unpacks entries into nothing, counting.
type unpacker struct {
	limits   ArchiveLimits
	packed   int64 // size of the container
	unpacked int64 // so far

	contentTypes []byte // [Content_Types].xml, when there is one
}

const (
	contentTypesName = "[Content_Types].xml"
	maxContentTypes  = 1 << 20
	sniffLen         = 512 // covers the mark of tar, at byte 257
)

func (u *unpacker) entry(f *zip.File) error {
	if strings.HasSuffix(f.Name, "/") {
		if f.UncompressedSize64 != 0 {
			return errBroken
		}
		return nil
	}
	if f.Method != zip.Store && f.Method != zip.Deflate {
		return refuse("compression", "附件使用了不受支持的压缩方式", "the attachment uses an unsupported compression")
	}
	in, err := f.Open()
	if err != nil {
		return errBroken
	}
	defer func() { _ = in.Close() }()
	if f.Name == contentTypesName {
		keep, err := io.ReadAll(io.LimitReader(in, min(maxContentTypes, u.limits.MaxUnpacked-u.unpacked)+1))
		if err != nil || len(keep) > maxContentTypes {
			return errBroken
		}
		u.contentTypes = keep
		return u.count(int64(len(keep)), int64(f.CompressedSize64), int64(len(keep)))
	}
	var head []byte
	buf := make([]byte, 32<<10)
	for total := int64(0); ; {
		n, err := in.Read(buf)
		total += int64(n)
		if short := sniffLen - len(head); short > 0 {
			head = append(head, buf[:min(n, short)]...)
		}
		if err := u.count(int64(n), int64(f.CompressedSize64), total); err != nil {
			return err
		}
		if errors.Is(err, io.EOF) {
			return checkContent(f.Name, head)
		}
		if err != nil {
			return errBroken
		}
	}
}

// count takes n more bytes of an entry that is packed bytes long and has come
// to total.
func (u *unpacker) count(n, packed, total int64) error {
	u.unpacked += n
	if u.unpacked > u.limits.MaxUnpacked {
		return refuse("unpacks_too_large", fmt.Sprintf("附件解压后不得超过%s", byteSize(u.limits.MaxUnpacked)),
			fmt.Sprintf("the attachment unpacks to more than %s", byteSize(u.limits.MaxUnpacked)))
	}
	if steep(total, packed, u.limits.MaxRatio) || steep(u.unpacked, u.packed, u.limits.MaxRatio) {
		return refuse("ratio", fmt.Sprintf("附件的压缩比超过%d", u.limits.MaxRatio),
			fmt.Sprintf("the attachment is packed by more than 1 : %d", u.limits.MaxRatio))
	}
	return nil
}

func steep(unpacked, packed, ratio int64) bool {
	return unpacked > ratioFloor && unpacked/max(ratio, 1) > packed
}

// Marks of what has no business inside an attachment.
var (
	archiveMarks = []string{localHeader, directoryEnd, "Rar!\x1a\x07", "7z\xbc\xaf\x27\x1c", "\x1f\x8b", "BZh", "\xfd7zXZ\x00", "\x28\xb5\x2f\xfd", "MSCF"}
	archiveNames = []string{".zip", ".rar", ".7z", ".gz", ".tgz", ".bz2", ".xz", ".zst", ".tar", ".cab", ".iso", ".jar"}
	activeMarks  = []string{"MZ", "\x7fELF", "\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"} // programs, and OLE objects: macros, packages
)

func checkContent(name string, head []byte) error {
	starts := func(mark string) bool { return bytes.HasPrefix(head, []byte(mark)) }
	tar := len(head) >= 262 && string(head[257:262]) == "ustar"
	if tar || slices.ContainsFunc(archiveMarks, starts) || slices.Contains(archiveNames, strings.ToLower(path.Ext(name))) {
		return refuse("nested_archive", "附件内含有压缩包或嵌入的文档，请单独上传",
			"the attachment holds an archive or an embedded document; upload that by itself")
	}
	if slices.ContainsFunc(activeMarks, starts) {
		return refuse("active_content", "附件内含有宏、程序或嵌入对象", "the attachment holds macros, programs or embedded objects")
	}
	return nil
}

// mainParts tell the office formats by the content type of their main part;
// those of documents with macros are others.
var mainParts = map[string]Type{
	docxMedia + ".main+xml": DOCX,
	xlsxMedia + ".main+xml": XLSX,
}

// what tells the container's type from what is in it.
func (u *unpacker) what(files []*zip.File) (Type, error) {
	has := func(name string) bool {
		return slices.ContainsFunc(files, func(f *zip.File) bool { return f.Name == name })
	}
	if u.contentTypes == nil {
		if has("OFD.xml") {
			return OFD, nil
		}
		return "", refuse("unknown_container", "附件是压缩包，不是OFD、Word或Excel文件",
			"the attachment is an archive, not an OFD, Word or Excel file")
	}
	var types struct {
		XMLName  xml.Name `xml:"http://schemas.openxmlformats.org/package/2006/content-types Types"`
		Override []struct {
			PartName    string `xml:",attr"`
			ContentType string `xml:",attr"`
		}
	}
	if err := xml.Unmarshal(u.contentTypes, &types); err != nil {
		return "", errBroken
	}
	found := Type("")
	for _, o := range types.Override {
		t, ok := mainParts[o.ContentType]
		if !ok {
			continue
		}
		if found != "" || !has(strings.TrimPrefix(o.PartName, "/")) {
			return "", errBroken
		}
		found = t
	}
	if found == "" {
		return "", refuse("unknown_container", "附件不是不含宏的Word或Excel文件",
			"the attachment is not a Word or Excel file without macros")
	}
	return found, nil
}
