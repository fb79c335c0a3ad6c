package sheet

import (
	"archive/zip"
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"path"
	"slices"
	"strconv"
	"strings"

	"egov/libs/blob"
	"egov/libs/fault"
)

// book is a workbook opened for reading. Its parts stay packed until asked for.
type book struct {
	parts   map[string]*zip.File
	sheets  []sheetPart
	strings []string
	styles  []cellFormat // by the style number of a cell
}

// sheetPart is one sheet of the workbook.
type sheetPart struct {
	name   string
	hidden bool
	part   string // name of its part; empty for a chart sheet
}

// cellFormat is what a number format says about the number it shows.
type cellFormat uint8

const (
	formatPlain cellFormat = iota
	formatDate
	formatPercent
	formatWan   // puts 万 behind the number
	formatInWan // shows the number divided by 10,000
)

// openBook checks the container and reads what all sheets share.
func openBook(data []byte) (*book, error) {
	if _, err := blob.Inspect(bytes.NewReader(data), int64(len(data)), limits); err != nil {
		return nil, err
	}
	z, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		return nil, ErrMalformed.With(err)
	}
	b := &book{parts: make(map[string]*zip.File, len(z.File))}
	for _, f := range z.File {
		b.parts[f.Name] = f
	}
	if err := b.passive(); err != nil {
		return nil, err
	}
	main, err := b.mainPart()
	if err != nil {
		return nil, err
	}
	targets, err := b.relations(main)
	if err != nil {
		return nil, err
	}
	if err := b.readWorkbook(main, targets); err != nil {
		return nil, err
	}
	return b, errors.Join(b.readStrings(first(targets, "sharedStrings")), b.readStyles(first(targets, "styles")))
}

// first is the first part of a kind; a workbook has one of each that matters,
// and reading every one it claims would be work without bound.
func first(list []relation, kind string) string {
	i := slices.IndexFunc(list, func(r relation) bool { return path.Base(r.kind) == kind })
	if i < 0 {
		return ""
	}
	return list[i].part
}

// activeParts are parts that run, embed or reach outside, by a piece of their
// name.
var activeParts = []string{
	"vbaproject", "macrosheets/", "dialogsheets/", "externallinks/", "embeddings/", "activex/",
	"connections.xml", "querytables/", "webextensions/",
}

func (b *book) passive() error {
	var found []fault.Violation
	for name := range b.parts {
		low := strings.ToLower(name)
		if slices.ContainsFunc(activeParts, func(p string) bool { return strings.Contains(low, p) }) {
			found = append(found, fault.Violation{
				Field: clip(name), Code: "active_part",
				Msg: "宏、嵌入对象或外部链接", MsgEN: "a macro, an embedded object or a link to the outside",
			})
		}
	}
	if len(found) == 0 {
		return nil
	}
	slices.SortFunc(found, func(a, b fault.Violation) int { return strings.Compare(a.Field, b.Field) })
	return ErrActive.WithViolations(found...)
}

// each reads a part element by element. A part that is not there has none.
func (b *book) each(part string, start func(e xml.StartElement) error) error {
	return b.tokens(part, func(t xml.Token) error {
		if e, ok := t.(xml.StartElement); ok {
			return start(e)
		}
		return nil
	})
}

func (b *book) tokens(part string, take func(t xml.Token) error) error {
	f, ok := b.parts[part]
	if !ok {
		return nil
	}
	in, err := f.Open()
	if err != nil {
		return ErrMalformed.With(err)
	}
	defer func() { _ = in.Close() }()
	d := xml.NewDecoder(&tagReader{in: in})
	for depth := 0; ; {
		t, err := d.Token()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return ErrMalformed.With(err)
		}
		switch t.(type) {
		case xml.StartElement:
			if depth++; depth > maxDepth {
				return ErrMalformed
			}
		case xml.EndElement:
			depth--
		}
		if err := take(t); err != nil {
			return err
		}
	}
}

// tagReader bounds what the decoder holds at a time: from one "<" to the next
// there is one tag with its attributes, or one text.
type tagReader struct {
	in    io.Reader
	since int // bytes since the last "<"
}

var errLongTag = errors.New("a tag or a text is too long")

// Read implements io.Reader.
func (r *tagReader) Read(p []byte) (int, error) {
	n, err := r.in.Read(p)
	for b := p[:n]; len(b) > 0; {
		i := bytes.IndexByte(b, '<')
		if i < 0 {
			r.since += len(b)
			break
		}
		r.since += i
		if r.since > maxTag {
			break
		}
		r.since, b = 0, b[i+1:]
	}
	if r.since > maxTag {
		return 0, errLongTag
	}
	return n, err
}

func attr(e xml.StartElement, local string) string {
	for _, a := range e.Attr {
		if a.Name.Local == local {
			return a.Value
		}
	}
	return ""
}

func truth(s string) bool { return s == "1" || s == "true" }

const spreadsheetMain = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"

// mainPart finds the workbook itself.
func (b *book) mainPart() (string, error) {
	main := ""
	err := b.each("[Content_Types].xml", func(e xml.StartElement) error {
		if e.Name.Local == "Override" && attr(e, "ContentType") == spreadsheetMain {
			main = strings.TrimPrefix(attr(e, "PartName"), "/")
		}
		return nil
	})
	if err == nil && b.parts[main] == nil {
		err = ErrMalformed
	}
	return main, err
}

// relation is another part that a part refers to.
type relation struct {
	id, kind, part string
}

// relations lists what a part refers to inside the file.
func (b *book) relations(of string) ([]relation, error) {
	var list []relation
	dir, name := path.Split(of)
	err := b.each(dir+"_rels/"+name+".rels", func(e xml.StartElement) error {
		if e.Name.Local != "Relationship" || attr(e, "TargetMode") == "External" {
			return nil
		}
		target := attr(e, "Target")
		if !strings.HasPrefix(target, "/") {
			target = path.Join(dir, target)
		}
		list = append(list, relation{attr(e, "Id"), attr(e, "Type"), strings.TrimPrefix(path.Clean(target), "/")})
		return nil
	})
	return list, err
}

func (b *book) readWorkbook(main string, targets []relation) error {
	return b.each(main, func(e xml.StartElement) error {
		if e.Name.Local != "sheet" {
			return nil
		}
		if len(b.sheets) == maxSheets {
			return ErrMalformed
		}
		s := sheetPart{name: attr(e, "name"), hidden: attr(e, "state") != "" && attr(e, "state") != "visible"}
		id := ""
		for _, a := range e.Attr { // r:id, which the sheet's own attributes do not shadow
			if a.Name.Local == "id" && a.Name.Space != "" {
				id = a.Value
			}
		}
		for _, t := range targets {
			if t.id == id && path.Base(t.kind) == "worksheet" {
				s.part = t.part
			}
		}
		if s.part != "" && slices.ContainsFunc(b.sheets, func(o sheetPart) bool { return o.part == s.part }) {
			return ErrMalformed
		}
		b.sheets = append(b.sheets, s)
		return nil
	})
}

// readStrings keeps the text of every shared string; readings in another
// script (rPh) are none of it.
func (b *book) readStrings(part string) error {
	var t textReader
	return b.tokens(part, func(tok xml.Token) error {
		switch e := tok.(type) {
		case xml.StartElement:
			if e.Name.Local == "si" {
				t = textReader{}
			}
			t.start(e.Name.Local)
		case xml.CharData:
			t.take(e)
		case xml.EndElement:
			t.end(e.Name.Local)
			if e.Name.Local != "si" {
				return nil
			}
			if len(b.strings) == maxStrings {
				return ErrMalformed
			}
			b.strings = append(b.strings, string(t.text))
		}
		return nil
	})
}

// textReader gathers the text of <t> elements, cut at maxTextLen.
type textReader struct {
	text    []byte
	in      bool
	reading int // depth of rPh
}

func (t *textReader) start(name string) {
	switch name {
	case "rPh":
		t.reading++
	case "t":
		t.in = t.reading == 0
	}
}

func (t *textReader) end(name string) {
	switch name {
	case "rPh":
		t.reading--
	case "t":
		t.in = false
	}
}

func (t *textReader) take(data []byte) {
	if t.in {
		t.text = append(t.text, data[:min(len(data), maxTextLen-len(t.text))]...)
	}
}

// readStyles keeps what the number formats of cells say.
func (b *book) readStyles(part string) error {
	codes := map[string]string{}
	inCells := false
	return b.tokens(part, func(tok xml.Token) error {
		switch e := tok.(type) {
		case xml.StartElement:
			switch e.Name.Local {
			case "numFmt":
				codes[attr(e, "numFmtId")] = attr(e, "formatCode")
			case "cellXfs":
				inCells = true
			case "xf":
				if !inCells {
					return nil
				}
				if len(b.styles) == maxStrings {
					return ErrMalformed
				}
				id := attr(e, "numFmtId")
				b.styles = append(b.styles, formatOf(id, codes[id]))
			}
		case xml.EndElement:
			inCells = inCells && e.Name.Local != "cellXfs"
		}
		return nil
	})
}

// formatOf tells a number format by its number where it is a built-in one
// (ECMA-376 18.8.30), else by its code.
func formatOf(id, code string) cellFormat {
	if code == "" {
		n, err := strconv.Atoi(id)
		switch {
		case err != nil:
			return formatPlain
		case n == 9 || n == 10:
			return formatPercent
		case n >= 14 && n <= 22, n >= 27 && n <= 36, n >= 45 && n <= 47, n >= 50 && n <= 58:
			return formatDate
		}
		return formatPlain
	}
	shape := bareFormat(code)
	if strings.Contains(code, "万") {
		// 0!.0000"万": the point is a literal that stands before the last digits.
		if strings.Contains(code, "!.") || strings.Contains(code, `\.`) || strings.HasSuffix(strings.TrimRight(shape, " 万元"), ",") {
			return formatInWan
		}
		return formatWan
	}
	switch {
	case strings.ContainsAny(shape, "yYdDhH") || strings.ContainsAny(shape, "mMsS") && !strings.ContainsAny(shape, "0#"):
		return formatDate
	case strings.Contains(shape, "%"):
		return formatPercent
	}
	return formatPlain
}

// bareFormat takes quoted text, escapes and bracketed parts off a format code.
func bareFormat(code string) string {
	var out strings.Builder
	quoted, bracketed, escaped := false, false, false
	for _, r := range code {
		switch {
		case escaped:
			escaped = false
		case quoted:
			quoted = r != '"'
		case bracketed:
			bracketed = r != ']'
		case r == '"':
			quoted = true
		case r == '[':
			bracketed = true
		case r == '\\' || r == '!' || r == '_' || r == '*':
			escaped = true
		default:
			out.WriteRune(r)
		}
	}
	return strings.ReplaceAll(out.String(), "General", "")
}

// place is a cell's column and row, from 1.
type place struct{ col, row int }

// String is the cell's address: C7.
func (p place) String() string { return columnName(p.col) + strconv.Itoa(p.row) }

func columnName(col int) string {
	name := ""
	for ; col > 0; col = (col - 1) / 26 {
		name = string(rune('A'+(col-1)%26)) + name
	}
	return name
}

// Bounds of a sheet in the file format.
const (
	lastColumn = 16_384
	lastRow    = 1_048_576
)

func parsePlace(s string) (p place, ok bool) {
	i := 0
	for ; i < len(s) && s[i] >= 'A' && s[i] <= 'Z' && p.col <= lastColumn; i++ {
		p.col = p.col*26 + int(s[i]-'A') + 1
	}
	for ; i < len(s) && s[i] >= '0' && s[i] <= '9' && p.row <= lastRow; i++ {
		p.row = p.row*10 + int(s[i]-'0')
	}
	return p, i == len(s) && p.col >= 1 && p.col <= lastColumn && p.row >= 1 && p.row <= lastRow
}

// area is a rectangle of cells, both corners included.
type area struct{ from, to place }

func (a area) String() string { return a.from.String() + ":" + a.to.String() }

func (a area) has(p place) bool {
	return p.col >= a.from.col && p.col <= a.to.col && p.row >= a.from.row && p.row <= a.to.row
}

// cellKind says what a cell holds.
type cellKind uint8

const (
	cellNumber cellKind = iota
	cellText
	cellBool
	cellError
	cellDate
)

// cell is a cell that holds something.
type cell struct {
	kind    cellKind
	text    string
	formula bool
	format  cellFormat
}

// grid is one sheet.
type grid struct {
	cells      map[place]cell
	rows       []int         // that hold something, ascending
	columns    map[int][]int // by row: the columns that hold something, ascending
	hiddenRows map[int]bool
	hiddenCols []area // whole columns: rows are not looked at
	merged     []area
}

// hiddenColumn reports whether a column is hidden.
func (g *grid) hiddenColumn(col int) bool {
	return slices.ContainsFunc(g.hiddenCols, func(a area) bool { return col >= a.from.col && col <= a.to.col })
}

// sheetReader builds a grid from the elements of a sheet.
type sheetReader struct {
	book *book
	grid *grid
	at   place // of the cell or row now read
	c    cell
	raw  []byte
	kind string // the cell's type as written
	in   bool   // inside <v>
	is   textReader
	row  bool // the row now read is hidden
}

// read streams one sheet into a grid.
func (b *book) read(part string) (*grid, error) {
	r := &sheetReader{book: b, grid: &grid{cells: map[place]cell{}, columns: map[int][]int{}, hiddenRows: map[int]bool{}}}
	err := b.tokens(part, func(t xml.Token) error {
		switch e := t.(type) {
		case xml.StartElement:
			return r.start(e)
		case xml.CharData:
			if r.in {
				r.raw = append(r.raw, e[:min(len(e), maxTextLen-len(r.raw))]...)
			}
			r.is.take(e)
		case xml.EndElement:
			return r.end(e.Name.Local)
		}
		return nil
	})
	return r.grid, err
}

func (r *sheetReader) start(e xml.StartElement) error {
	r.is.start(e.Name.Local)
	switch e.Name.Local {
	case "col":
		lo, err1 := strconv.Atoi(attr(e, "min"))
		hi, err2 := strconv.Atoi(attr(e, "max"))
		if err1 == nil && err2 == nil && (truth(attr(e, "hidden")) || attr(e, "width") == "0") && len(r.grid.hiddenCols) < maxMerges {
			r.grid.hiddenCols = append(r.grid.hiddenCols, area{place{lo, 1}, place{hi, lastRow}})
		}
	case "row":
		r.at = place{0, r.at.row + 1}
		if s := attr(e, "r"); s != "" {
			n, err := strconv.Atoi(s)
			if err != nil || n < r.at.row || n > lastRow {
				return ErrMalformed
			}
			r.at.row = n
		}
		r.row = truth(attr(e, "hidden")) || attr(e, "ht") == "0"
	case "c":
		if r.at.col++; r.at.col > lastColumn {
			return ErrMalformed
		}
		if s := attr(e, "r"); s != "" {
			p, ok := parsePlace(s)
			if !ok || p.row != r.at.row || p.col < r.at.col {
				return ErrMalformed
			}
			r.at = p
		}
		r.c, r.raw, r.kind, r.is = cell{}, nil, attr(e, "t"), textReader{}
		if n, err := strconv.Atoi(attr(e, "s")); err == nil && n >= 0 && n < len(r.book.styles) {
			r.c.format = r.book.styles[n]
		}
	case "f":
		r.c.formula = true
	case "v":
		r.in = true
	case "mergeCell":
		from, to, _ := strings.Cut(attr(e, "ref"), ":")
		a, ok1 := parsePlace(from)
		z, ok2 := parsePlace(to)
		if !ok1 || !ok2 || len(r.grid.merged) == maxMerges {
			return ErrMalformed
		}
		r.grid.merged = append(r.grid.merged, area{place{min(a.col, z.col), min(a.row, z.row)}, place{max(a.col, z.col), max(a.row, z.row)}})
	}
	return nil
}

func (r *sheetReader) end(name string) error {
	r.is.end(name)
	switch name {
	case "v":
		r.in = false
	case "c":
		return r.keep()
	}
	return nil
}

// keep puts the cell just read on the grid when it holds something.
func (r *sheetReader) keep() error {
	r.c.text = string(r.raw)
	switch r.kind {
	case "s":
		n, err := strconv.Atoi(r.c.text)
		if r.c.text != "" && (err != nil || n < 0 || n >= len(r.book.strings)) {
			return ErrMalformed
		}
		r.c.kind = cellText
		if r.c.text != "" {
			r.c.text = r.book.strings[n]
		}
	case "inlineStr":
		r.c.kind, r.c.text = cellText, string(r.is.text)
	case "str":
		r.c.kind = cellText
	case "b":
		r.c.kind = cellBool
	case "e":
		r.c.kind = cellError
	case "d":
		r.c.kind = cellDate
	}
	if strings.TrimSpace(r.c.text) == "" && !r.c.formula {
		return nil
	}
	if len(r.grid.cells) == maxCells {
		return ErrTooManyLines
	}
	r.grid.cells[r.at] = r.c
	if r.grid.columns[r.at.row] == nil {
		r.grid.rows = append(r.grid.rows, r.at.row)
	}
	r.grid.columns[r.at.row] = append(r.grid.columns[r.at.row], r.at.col)
	if r.row {
		r.grid.hiddenRows[r.at.row] = true
	}
	return nil
}
