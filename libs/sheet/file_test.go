package sheet_test

import (
	"archive/zip"
	"bytes"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"regexp"
	"runtime"
	"runtime/debug"
	"strings"
	"testing"

	"github.com/xuri/excelize/v2"

	"egov/libs/fault"
	"egov/libs/sheet"
)

// patch is the part in which xml leaves a cell for patched.
const patch = "patch"

var cellC5 = regexp.MustCompile(`<c r="C5"[^>]*>.*?</c>`)

// patched puts the cell that xml left into the sheet of lines.
func patched(t testing.TB, data []byte) []byte {
	t.Helper()
	var cell []byte
	data = rewritten(t, data, func(name string, part []byte) []byte {
		if name == patch {
			cell = part
			return nil
		}
		return part
	})
	if cell == nil {
		return data
	}
	return rewritten(t, data, func(name string, part []byte) []byte {
		if name == linesPart {
			return cellC5.ReplaceAllLiteral(part, cell)
		}
		return part
	})
}

// linesPart is the sheet of lines inside a workbook that Write wrote.
const linesPart = "xl/worksheets/sheet2.xml"

// rewritten copies a container and lets change see each part; nil drops it.
func rewritten(t testing.TB, data []byte, change func(name string, part []byte) []byte) []byte {
	t.Helper()
	z, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	w := zip.NewWriter(&out)
	for _, f := range z.File {
		in, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		part, err := io.ReadAll(in)
		if err != nil {
			t.Fatal(err)
		}
		if part = change(f.Name, part); part == nil {
			continue
		}
		to, err := w.Create(f.Name)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := to.Write(part); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// refused wants a file to be refused, and gives what the refusal names.
func refused(t *testing.T, data []byte, code string) []fault.Violation {
	t.Helper()
	got, err := sheet.Read(bytes.NewReader(data), pack(t), 0)
	f := fault.From(err)
	if err == nil || f.Code != code || f.Kind != fault.Invalid || len(got.Lines)+len(got.Findings) != 0 {
		t.Fatalf("%v %+v", err, got)
	}
	return f.Violations
}

// TestFilesThatAreNoSheet are refused by what is in them, whatever their name.
func TestFilesThatAreNoSheet(t *testing.T) {
	t.Parallel()
	sound := written(t, sheet.Budget{})
	for _, tt := range []struct {
		name string
		data []byte
		code string
	}{
		{"Nothing", nil, "attachment_empty"},
		{"CSV", []byte("费用类别,金额\n硬件设备购置,1\n"), "attachment_type_refused"},
		{"OldExcelOrPassword", append([]byte("\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"), make([]byte, 600)...), "attachment_type_refused"},
		{"PDF", []byte("%PDF-1.7\n%%EOF"), "attachment_type_refused"},
		{"CutOff", sound[:len(sound)/2], "attachment_archive_refused"},
		{"TooLong", append(bytes.Clone(sound), make([]byte, sheet.MaxBytes)...), "attachment_too_large"},
		{"Archive", rewritten(t, sound, func(name string, part []byte) []byte {
			if name == "[Content_Types].xml" {
				return nil
			}
			return part
		}), "attachment_archive_refused"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			refused(t, tt.data, tt.code)
		})
	}
}

// TestWhatRunsOrReachesOutsideIsRefused part by part.
func TestWhatRunsOrReachesOutsideIsRefused(t *testing.T) {
	t.Parallel()
	for _, part := range []string{
		"xl/vbaProject.bin", "xl/macrosheets/sheet1.xml", "xl/externalLinks/externalLink1.xml", "xl/embeddings/oleObject1.bin",
		"xl/activeX/activeX1.xml", "xl/connections.xml", "xl/queryTables/queryTable1.xml",
	} {
		t.Run(part, func(t *testing.T) {
			t.Parallel()
			data := filled(t, func(f *excelize.File) error { f.Pkg.Store(part, []byte("<x/>")); return nil })
			if found := refused(t, data, "sheet_active_content"); len(found) != 1 || found[0].Field != part {
				t.Error(found)
			}
		})
	}
	withMacros := rewritten(t, written(t, sheet.Budget{}), func(name string, part []byte) []byte {
		if name == "[Content_Types].xml" {
			part = bytes.ReplaceAll(part, []byte("vnd.openxmlformats-officedocument.spreadsheetml.sheet.main"), []byte("vnd.ms-excel.sheet.macroEnabled.main"))
		}
		return part
	})
	refused(t, withMacros, "attachment_archive_refused")
}

// TestABombCostsLittle: a file costs no more memory than the limits allow,
// whatever it unpacks to. The first is caught by its ratio; the others are
// padded to stay within it, and each repeats what a reader might build up.
func TestABombCostsLittle(t *testing.T) { // not parallel: it measures memory
	sound := written(t, sheet.Budget{})
	random := rand.New(rand.NewPCG(1, 2))
	var noise bytes.Buffer
	for range 20_000 {
		fmt.Fprintf(&noise, "<?x %x?>", random.Uint64())
	}
	const most = 14 << 20 // below what may be unpacked
	for _, tt := range []struct {
		name, part, before string
		open, fill, shut   string
		padding            []byte
		code               string // empty: read
	}{
		{"Ratio", linesPart, "</sheetData>", "<row>", "<c/>", "</row>", nil, "attachment_archive_refused"},
		{"Cells", linesPart, "</sheetData>", "", "<row><c><v>1</v></c></row>", "", noise.Bytes(), "sheet_too_many_lines"},
		{"EmptyRows", linesPart, "</sheetData>", "", "<row><c/></row>", "", noise.Bytes(), ""},
		{"Columns", linesPart, "</sheetData>", "<row>", "<c/>", "</row>", noise.Bytes(), "sheet_malformed"},
		{"Depth", linesPart, "</sheetData>", "", "<c>", "", noise.Bytes(), "sheet_malformed"},
		{"Attributes", linesPart, "</sheetData>", "<c ", `a="" `, "/>", noise.Bytes(), "sheet_malformed"},
		{"LongText", linesPart, "</sheetData>", "<row><c><v>", "1234567890", "</v></c></row>", noise.Bytes(), "sheet_malformed"},
		{"Merges", linesPart, "</sheetData>", "", `<mergeCell ref="A1:B2"/>`, "", noise.Bytes(), "sheet_malformed"},
		{"Strings", "xl/sharedStrings.xml", "</sst>", "", "<si><t>x</t></si>", "", noise.Bytes(), "sheet_malformed"},
		{"Styles", "xl/styles.xml", "</cellXfs>", "", "<xf/>", "", noise.Bytes(), "sheet_malformed"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			data := rewritten(t, sound, func(name string, part []byte) []byte {
				if name != tt.part {
					return part
				}
				head, tail, ok := bytes.Cut(part, []byte(tt.before))
				if !ok {
					t.Fatalf("%s has no %s", name, tt.before)
				}
				var b bytes.Buffer
				b.Write(head)
				b.Write(tt.padding)
				b.WriteString(tt.open + strings.Repeat(tt.fill, (most-b.Len())/len(tt.fill)) + tt.shut + tt.before)
				b.Write(tail)
				return b.Bytes()
			})
			var before, after runtime.MemStats
			debug.FreeOSMemory()
			runtime.ReadMemStats(&before)
			if tt.code == "" {
				if _, err := sheet.Read(bytes.NewReader(data), pack(t), 0); err != nil {
					t.Fatal(err)
				}
			} else {
				refused(t, data, tt.code)
			}
			runtime.ReadMemStats(&after)
			used := int64(after.HeapSys-after.HeapReleased) - int64(before.HeapSys-before.HeapReleased)
			if used > 96<<20 {
				t.Errorf("%d KiB of file took %d MiB of memory", len(data)>>10, used>>20)
			}
		})
	}
}

// TestAPartIsReadOnce: many names for one part do not multiply the work.
func TestAPartIsReadOnce(t *testing.T) {
	t.Parallel()
	data := rewritten(t, written(t, sheet.Budget{}), func(name string, part []byte) []byte {
		if name == "xl/workbook.xml" {
			sheets := regexp.MustCompile(`<sheet [^>]*?r:id="[^"]*"[^>]*>(</sheet>)?`).Find(part)
			part = bytes.Replace(part, sheets, bytes.Repeat(sheets, 2), 1)
		}
		return part
	})
	refused(t, data, "sheet_malformed")
}

// TestEmptyCellsCostNothing: a sheet formatted to its last row and column, as
// office programs leave them, reads as fast as a plain one.
func TestEmptyCellsCostNothing(t *testing.T) {
	t.Parallel()
	data := filled(t, func(f *excelize.File) error { return f.SetCellStr("预算", "XFD5", "") })
	data = rewritten(t, data, func(name string, part []byte) []byte {
		if name == linesPart {
			part = bytes.Replace(part, []byte("</sheetData>"), []byte(`<row r="1048576" s="1"><c r="XFD1048576" s="1"/></row></sheetData>`), 1)
		}
		return part
	})
	got, err := sheet.Read(bytes.NewReader(data), pack(t), 0)
	if err != nil || !got.Ready || len(got.Lines) != 2 {
		t.Errorf("%+v %v", got, err)
	}
}

// TestCrookedXMLIsRefused: what two programs would read differently.
func TestCrookedXMLIsRefused(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ name, part, old, with string }{
		{"CellTwice", linesPart, `<c r="C5"`, `<c r="C5"><v>9</v></c><c r="C5"`},
		{"CellOfAnotherRow", linesPart, `<c r="C5"`, `<c r="C9"><v>9</v></c><c r="C5"`},
		{"RowTwice", linesPart, `<row r="6"`, `<row r="5"></row><row r="6"`},
		{"RowBeyondTheLast", linesPart, `</sheetData>`, `<row r="1048577"/></sheetData>`},
		{"ColumnBeyondTheLast", linesPart, `<c r="C5"`, `<c r="XFE5"/><c r="C5"`},
		{"StringThatIsNotThere", linesPart, `<c r="C5"`, `<c r="B5" t="s"><v>99999</v></c><c r="C5"`},
		{"MergeOfNothing", linesPart, `</sheetData>`, `</sheetData><mergeCells><mergeCell ref="A0:B"/></mergeCells>`},
		{"NotXML", linesPart, `</sheetData>`, `</sheetDate>`},
		{"NoWorkbook", "[Content_Types].xml", `/xl/workbook.xml`, `/xl/worksheets/_rels/nothing.xml`},
		{"Entities", linesPart, `<sheetData>`, `<sheetData>&lol;`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			data := rewritten(t, filled(t, func(*excelize.File) error { return nil }), func(name string, part []byte) []byte {
				if name != tt.part {
					return part
				}
				if !bytes.Contains(part, []byte(tt.old)) {
					t.Fatalf("%s has no %s:\n%.2000s", name, tt.old, part)
				}
				return bytes.Replace(part, []byte(tt.old), []byte(tt.with), 1)
			})
			_, err := sheet.Read(bytes.NewReader(data), pack(t), 0)
			if !isCode(err, "sheet_malformed") && !isCode(err, "attachment_archive_refused") {
				t.Error(err)
			}
		})
	}
}

// TestAFileThatCannotBeReadIsNoFinding.
func TestAFileThatCannotBeReadIsNoFinding(t *testing.T) {
	t.Parallel()
	if _, err := sheet.Read(broken{}, pack(t), 0); !errors.Is(err, os.ErrClosed) {
		t.Error(err)
	}
	if err := sheet.Template(broken{}, pack(t)); !errors.Is(err, os.ErrClosed) {
		t.Error(err)
	}
}

type broken struct{}

func (broken) Read([]byte) (int, error)  { return 0, os.ErrClosed }
func (broken) Write([]byte) (int, error) { return 0, os.ErrClosed }

// FuzzRead mutates the XML of a sheet inside a sound container; what is fuzzed
// as a whole file seldom gets past its checksums.
func FuzzRead(f *testing.F) {
	sound := filled(f, func(*excelize.File) error { return nil })
	rewritten(f, sound, func(name string, part []byte) []byte {
		if strings.HasSuffix(name, ".xml") && !strings.Contains(name, "theme") {
			f.Add(name, part)
		}
		return part
	})
	f.Add(linesPart, []byte(`<worksheet><cols><col min="-1" max="99999999" hidden="1"/></cols><sheetData><row><c><v>1</v></c></row></sheetData></worksheet>`))
	f.Add(linesPart, []byte(`<worksheet><sheetData><row r="4"><c t="inlineStr"><is><t>费用类别</t></is></c><c t="inlineStr"><is><t>金额</t></is></c></row><row><c t="str"><v>hardware</v></c><c><v>1e-999</v></c></row></sheetData></worksheet>`))
	f.Add("xl/styles.xml", []byte(`<styleSheet><numFmts><numFmt numFmtId="200" formatCode="0!.0000&quot;万"/></numFmts><cellXfs><xf numFmtId="200"/><xf numFmtId="x"/></cellXfs></styleSheet>`))
	p := pack(f)
	f.Fuzz(func(t *testing.T, part string, content []byte) {
		data := rewritten(t, sound, func(name string, old []byte) []byte {
			if name == part {
				return content
			}
			return old
		})
		got, err := sheet.Read(bytes.NewReader(data), p, 100)
		if err != nil {
			if fault.From(err).Kind != fault.Invalid {
				t.Fatal(err)
			}
			return
		}
		errs := 0
		for _, finding := range got.Findings {
			if finding.Severity == "error" {
				errs++
			}
			if finding.Code == "" || finding.Msg == "" || finding.MsgEN == "" {
				t.Fatalf("%+v", finding)
			}
		}
		var sum int64
		for _, l := range got.Lines {
			if l.Category == "" || l.AmountFen < 0 || l.Row < 1 {
				t.Fatalf("%+v", l)
			}
			sum += l.AmountFen
		}
		if got.Ready != (errs == 0) || got.Ready && sum != got.SumFen {
			t.Fatalf("%+v", got)
		}
	})
}

// FuzzReadFile mutates whole files.
func FuzzReadFile(f *testing.F) {
	f.Add(filled(f, func(*excelize.File) error { return nil }))
	f.Add([]byte("PK\x03\x04"))
	p := pack(f)
	f.Fuzz(func(t *testing.T, data []byte) {
		if _, err := sheet.Read(bytes.NewReader(data), p, 0); err != nil && fault.From(err).Kind != fault.Invalid {
			t.Fatal(err)
		}
	})
}
