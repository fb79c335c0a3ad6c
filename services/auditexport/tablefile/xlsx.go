package tablefile

import (
	"archive/zip"
	"bufio"
	"bytes"
	"encoding/xml"
	"fmt"
	"io"
	"strconv"
	"time"
	"unicode/utf8"

	"egov/libs/calendar"
	"egov/services/auditexport"
)

// Bounds of a spreadsheet.
const (
	sheetRows = 1 << 20 // rows of one sheet, the heading included
	cellRunes = 32_767  // characters of one cell
	exact     = 1 << 53 // up to which a spreadsheet's numbers are exact
)

// The styles of cells, by their place in styles.xml.
const (
	styleHead = iota + 1
	styleText // kept as text also when somebody edits it
	styleWhole
	styleDay
	styleInstant
)

// XLSX writes an Office Open XML workbook, sheet after sheet where one does not
// hold all rows. Headings are Chinese, with the column's name below. Days and
// times are the spreadsheet's own, in Shanghai's time; numbers that it would
// round are texts.
func XLSX(w io.Writer, t auditexport.Table) error {
	x := &workbook{zip: zip.NewWriter(w), table: t}
	for i, c := range t.Columns {
		if !c.Long {
			x.columns = append(x.columns, i)
		}
	}
	if err := x.sheets(); err != nil {
		return err
	}
	if err := x.frame(); err != nil {
		return err
	}
	return x.zip.Close()
}

// workbook is one file on its way. Its sheets come first, for how many there are
// is known only then.
type workbook struct {
	zip     *zip.Writer
	table   auditexport.Table
	columns []int // those that are written
	sheet   *bufio.Writer
	row     int // of the sheet
	made    int // sheets
	cell    []byte
}

// part begins a file of the workbook.
func (x *workbook) part(name string) (io.Writer, error) {
	return x.zip.CreateHeader(&zip.FileHeader{Name: name, Method: zip.Deflate})
}

func (x *workbook) sheets() error {
	if err := x.open(); err != nil {
		return err
	}
	for row, err := range x.table.Rows {
		if err != nil {
			return err
		}
		if x.row == sheetRows {
			if err := x.shut(); err != nil {
				return err
			}
			if err := x.open(); err != nil {
				return err
			}
		}
		if err := x.line(row); err != nil {
			return err
		}
	}
	return x.shut()
}

// open begins a sheet with its headings.
func (x *workbook) open() error {
	x.made++
	x.row = 0
	out, err := x.part(fmt.Sprintf("xl/worksheets/sheet%d.xml", x.made))
	if err != nil {
		return err
	}
	x.sheet = bufio.NewWriterSize(out, 64<<10)
	if _, err := x.sheet.WriteString(xml.Header + `<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">` +
		`<sheetViews><sheetView workbookViewId="0"><pane ySplit="2" topLeftCell="A3" activePane="bottomLeft" state="frozen"/></sheetView></sheetViews>` +
		`<sheetFormatPr defaultRowHeight="15" defaultColWidth="18"/><sheetData>`); err != nil {
		return err
	}
	for _, heading := range []func(auditexport.Column) string{
		func(c auditexport.Column) string { return c.Label },
		func(c auditexport.Column) string { return c.Name },
	} {
		x.begin()
		for at, i := range x.columns {
			x.words(at, heading(x.table.Columns[i]), styleHead)
		}
		if err := x.end(); err != nil {
			return err
		}
	}
	return nil
}

func (x *workbook) shut() error {
	if _, err := x.sheet.WriteString(`</sheetData></worksheet>`); err != nil {
		return err
	}
	return x.sheet.Flush()
}

func (x *workbook) begin() {
	x.row++
	x.cell = append(x.cell[:0], `<row r="`...)
	x.cell = append(strconv.AppendInt(x.cell, int64(x.row), 10), `">`...)
}

func (x *workbook) end() error {
	_, err := x.sheet.Write(append(x.cell, "</row>"...))
	return err
}

func (x *workbook) line(row []any) error {
	x.begin()
	for at, i := range x.columns {
		switch v := row[i].(type) {
		case nil:
		case string:
			x.words(at, v, styleText)
		case int64:
			if v > -exact && v < exact {
				x.number(at, strconv.FormatInt(v, 10), styleWhole)
			} else {
				x.words(at, strconv.FormatInt(v, 10), styleText)
			}
		case bool:
			x.truth(at, v)
		case calendar.Date:
			x.number(at, strconv.FormatInt(days(v.Start()), 10), styleDay)
		case time.Time:
			x.number(at, moment(v), styleInstant)
		default:
			return fmt.Errorf("a cell holds a %T", v)
		}
	}
	return x.end()
}

// place begins a cell: <c r="AB7" s="2"
func (x *workbook) place(at, style int) {
	x.cell = append(x.cell, `<c r="`...)
	x.cell = append(x.cell, column(at)...)
	x.cell = strconv.AppendInt(x.cell, int64(x.row), 10)
	x.cell = append(x.cell, `" s="`...)
	x.cell = append(strconv.AppendInt(x.cell, int64(style), 10), '"')
}

// column is the name of a column, from A on.
func column(at int) string {
	name := ""
	for at++; at > 0; at = (at - 1) / 26 {
		name = string(rune('A'+(at-1)%26)) + name
	}
	return name
}

func (x *workbook) number(at int, digits string, style int) {
	x.place(at, style)
	x.cell = append(append(append(x.cell, "><v>"...), digits...), "</v></c>"...)
}

func (x *workbook) truth(at int, v bool) {
	x.place(at, styleText)
	x.cell = append(append(x.cell, ` t="b"><v>`...), map[bool]byte{true: '1', false: '0'}[v])
	x.cell = append(x.cell, "</v></c>"...)
}

// words writes a text in place, never a formula. It is cut where a cell ends.
func (x *workbook) words(at int, s string, style int) {
	s = plain(s)
	if utf8.RuneCountInString(s) > cellRunes {
		s = string([]rune(s)[:cellRunes-1]) + "…"
	}
	x.place(at, style)
	x.cell = append(x.cell, ` t="inlineStr"><is><t xml:space="preserve">`...)
	escaped := bytes.NewBuffer(x.cell)
	_ = xml.EscapeText(escaped, []byte(s)) // a buffer in memory takes all
	x.cell = append(escaped.Bytes(), "</t></is></c>"...)
}

// dayZero is the day before the spreadsheet's first, with the day in it that
// never was.
var dayZero = time.Date(1899, time.December, 30, 0, 0, 0, 0, time.UTC)

// days is a day as a spreadsheet counts it.
func days(start time.Time) int64 {
	y, m, d := start.In(calendar.Shanghai).Date()
	return int64(time.Date(y, m, d, 0, 0, 0, 0, time.UTC).Sub(dayZero) / (24 * time.Hour))
}

// moment is a time as a spreadsheet counts it: days and a fraction, here to the
// second.
func moment(t time.Time) string {
	const perDay, digits = 86_400, 1_000_000_000
	t = t.In(calendar.Shanghai)
	seconds := int64(t.Hour())*3600 + int64(t.Minute())*60 + int64(t.Second())
	return fmt.Sprintf("%d.%09d", days(t), seconds*digits/perDay)
}

// frame writes what makes a workbook of the sheets.
func (x *workbook) frame() error {
	const main = "application/vnd.openxmlformats-officedocument.spreadsheetml."
	const doc = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
	const packages = "http://schemas.openxmlformats.org/package/2006/"
	var types, sheets, links bytes.Buffer
	for i := range x.made {
		name := x.table.Label
		if i > 0 {
			name = fmt.Sprintf("%s (%d)", name, i+1)
		}
		fmt.Fprintf(&types, `<Override PartName="/xl/worksheets/sheet%d.xml" ContentType="%sworksheet+xml"/>`, i+1, main)
		fmt.Fprintf(&sheets, `<sheet name="`)
		_ = xml.EscapeText(&sheets, []byte(name)) // a buffer in memory takes all
		fmt.Fprintf(&sheets, `" sheetId="%d" r:id="rId%d"/>`, i+1, i+1)
		fmt.Fprintf(&links, `<Relationship Id="rId%d" Type="%s/worksheet" Target="worksheets/sheet%d.xml"/>`, i+1, doc, i+1)
	}
	fmt.Fprintf(&links, `<Relationship Id="rId%d" Type="%s/styles" Target="styles.xml"/>`, x.made+1, doc)
	for _, part := range []struct{ name, text string }{
		{"xl/workbook.xml", `<workbook xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main" xmlns:r="` + doc + `"><sheets>` + sheets.String() + `</sheets></workbook>`},
		{"xl/_rels/workbook.xml.rels", `<Relationships xmlns="` + packages + `relationships">` + links.String() + `</Relationships>`},
		{"xl/styles.xml", styles},
		{"_rels/.rels", `<Relationships xmlns="` + packages + `relationships"><Relationship Id="rId1" Type="` + doc + `/officeDocument" Target="xl/workbook.xml"/></Relationships>`},
		{"[Content_Types].xml", `<Types xmlns="` + packages + `content-types"><Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>` +
			`<Default Extension="xml" ContentType="application/xml"/><Override PartName="/xl/workbook.xml" ContentType="` + main + `sheet.main+xml"/>` +
			`<Override PartName="/xl/styles.xml" ContentType="` + main + `styles+xml"/>` + types.String() + `</Types>`},
	} {
		out, err := x.part(part.name)
		if err == nil {
			_, err = io.WriteString(out, xml.Header+part.text)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// styles are the looks of cells, in the order of the constants. quotePrefix is
// the apostrophe that a spreadsheet keeps before a text.
const styles = `<styleSheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">` +
	`<numFmts count="2"><numFmt numFmtId="164" formatCode="yyyy\-mm\-dd"/><numFmt numFmtId="165" formatCode="yyyy\-mm\-dd\ hh:mm:ss"/></numFmts>` +
	`<fonts count="2"><font><sz val="11"/><name val="Calibri"/></font><font><b/><sz val="11"/><name val="Calibri"/></font></fonts>` +
	`<fills count="2"><fill><patternFill patternType="none"/></fill><fill><patternFill patternType="gray125"/></fill></fills>` +
	`<borders count="1"><border><left/><right/><top/><bottom/><diagonal/></border></borders>` +
	`<cellStyleXfs count="1"><xf numFmtId="0" fontId="0" fillId="0" borderId="0"/></cellStyleXfs>` +
	`<cellXfs count="6"><xf numFmtId="0" fontId="0" fillId="0" borderId="0" xfId="0"/>` +
	`<xf numFmtId="49" fontId="1" fillId="0" borderId="0" xfId="0" applyNumberFormat="1" applyFont="1"/>` +
	`<xf numFmtId="49" fontId="0" fillId="0" borderId="0" xfId="0" quotePrefix="1" applyNumberFormat="1"/>` +
	`<xf numFmtId="1" fontId="0" fillId="0" borderId="0" xfId="0" applyNumberFormat="1"/>` +
	`<xf numFmtId="164" fontId="0" fillId="0" borderId="0" xfId="0" applyNumberFormat="1"/>` +
	`<xf numFmtId="165" fontId="0" fillId="0" borderId="0" xfId="0" applyNumberFormat="1"/></cellXfs>` +
	`<cellStyles count="1"><cellStyle name="Normal" xfId="0" builtinId="0"/></cellStyles></styleSheet>`
