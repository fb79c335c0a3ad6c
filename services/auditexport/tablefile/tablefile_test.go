package tablefile_test

import (
	"bytes"
	"encoding/csv"
	"errors"
	"flag"
	"fmt"
	"io"
	"iter"
	"math"
	"os"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/parquet-go/parquet-go"
	"github.com/xuri/excelize/v2"

	"egov/libs/calendar"
	"egov/services/auditexport"
	"egov/services/auditexport/tablefile"
)

var update = flag.Bool("update", false, "write the golden files anew")

var columns = []auditexport.Column{
	{Name: "zeta", Label: "名称"},
	{Name: "amount_fen", Label: "金额（分）", Type: auditexport.Whole},
	{Name: "on", Label: "日期", Type: auditexport.Day},
	{Name: "at", Label: "时间", Type: auditexport.Instant},
	{Name: "closed", Label: "已结项", Type: auditexport.Truth},
	{Name: "data", Label: "内容", Long: true},
}

// noon is at twelve o'clock in Shanghai.
var noon = time.Date(2026, time.March, 2, 4, 0, 0, 123_456_000, time.UTC)

func table(rows ...[]any) auditexport.Table {
	return auditexport.Table{Name: "things", Label: "事物", Columns: columns, Rows: func(yield func([]any, error) bool) {
		for _, r := range rows {
			if !yield(r, nil) {
				return
			}
		}
	}}
}

var sample = sampled(40_000)

// sampled is a table one of whose texts is so long.
func sampled(long int) auditexport.Table {
	return table(
		[]any{"智慧校园 <&>\"'", int64(300_000_001), calendar.MustDate(2026, time.March, 2), noon, true, `{"a":1}`},
		[]any{`=HYPERLINK("x")`, int64(math.MaxInt64), nil, nil, nil, "+1"},
		[]any{nil, int64(-5), calendar.MustDate(1999, time.December, 31), noon.Add(-time.Hour), false, strings.Repeat("长", long)},
		[]any{"＝全角", nil, nil, nil, nil, nil},
	)
}

func written(t *testing.T, format string, of auditexport.Table) []byte {
	t.Helper()
	var out bytes.Buffer
	if err := tablefile.Writers()[format](&out, of); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// TestTheSameTableGivesTheSameBytes in every format that there is.
func TestTheSameTableGivesTheSameBytes(t *testing.T) {
	t.Parallel()
	if len(tablefile.Writers()) != len(auditexport.TableFormats) {
		t.Errorf("%d writers of %v", len(tablefile.Writers()), auditexport.TableFormats)
	}
	for _, format := range auditexport.TableFormats {
		first := written(t, format, sample)
		for range 3 {
			if !bytes.Equal(first, written(t, format, sample)) {
				t.Errorf("%s: other bytes", format)
			}
		}
		if empty := written(t, format, table()); len(empty) == 0 {
			t.Errorf("%s: a table without rows has no heading", format)
		}
	}
}

func TestCSVIsReadByOfficePrograms(t *testing.T) {
	t.Parallel()
	text, bom := bytes.CutPrefix(written(t, "csv", sample), []byte("\ufeff"))
	rows, err := csv.NewReader(bytes.NewReader(text)).ReadAll()
	if err != nil || !bom || len(rows) != 5 {
		t.Fatalf("%d rows, %v", len(rows), err)
	}
	for i, want := range []string{
		"[zeta amount_fen on at closed data]",
		`[智慧校园 <&>"' 300000001 2026-03-02 2026-03-02T12:00:00+08:00 true {"a":1}]`,
		`['=HYPERLINK("x") 9223372036854775807    '+1]`,
	} {
		if got := fmt.Sprint(rows[i]); got != want {
			t.Errorf("row %d: %s, want %s", i, got, want)
		}
	}
	if rows[4][0] != "'＝全角" || len([]rune(rows[3][5])) != 40_000 {
		t.Errorf("%v", rows[4])
	}
}

func TestXLSXIsReadBySpreadsheets(t *testing.T) {
	t.Parallel()
	f, err := excelize.OpenReader(bytes.NewReader(written(t, "xlsx", sample)))
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := f.Close(); err != nil {
			t.Error(err)
		}
	}()
	if got := fmt.Sprint(f.GetSheetList()); got != "[事物]" {
		t.Errorf("sheets %s", got)
	}
	for cell, want := range map[string]string{
		"A1": "名称", "A2": "zeta", "B2": "amount_fen", "E2": "closed", "F2": "", // a long text has no place in a cell
		"A3": "智慧校园 <&>\"'", "B3": "300000001", "C3": "2026-03-02", "D3": "2026-03-02 12:00:00", "E3": "TRUE",
		"A4": `'=HYPERLINK("x")`, "B4": "9223372036854775807", "C4": "",
		"A5": "", "B5": "-5", "C5": "1999-12-31", "D5": "2026-03-02 11:00:00", "E5": "FALSE", "A6": "'＝全角",
	} {
		got, err := f.GetCellValue("事物", cell)
		if err != nil || got != want {
			t.Errorf("%s is %q, want %q; %v", cell, got, want, err)
		}
		if formula, err := f.GetCellFormula("事物", cell); err != nil || formula != "" {
			t.Errorf("%s is the formula %q, %v", cell, formula, err)
		}
	}
	if kind, err := f.GetCellType("事物", "B4"); err != nil || kind != excelize.CellTypeInlineString {
		t.Errorf("a number that would be rounded is a %v, %v", kind, err)
	}
}

// TestXLSXGoesOnOnAnotherSheet where one has no more rows.
func TestXLSXGoesOnOnAnotherSheet(t *testing.T) {
	t.Parallel()
	const full = 1<<20 - 2
	many := auditexport.Table{Name: "n", Label: "数", Columns: columns[1:2], Rows: counted(full + 3)}
	f, err := excelize.OpenReader(bytes.NewReader(written(t, "xlsx", many)), excelize.Options{UnzipXMLSizeLimit: 1 << 20, UnzipSizeLimit: 1 << 30})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := f.Close(); err != nil {
			t.Error(err)
		}
	}()
	rows, err := f.GetRows("数 (2)")
	if err != nil || len(rows) != 2+3 || rows[1][0] != "amount_fen" || rows[4][0] != fmt.Sprint(full+2) {
		t.Errorf("%v, %v", rows, err)
	}
}

func counted(n int64) iter.Seq2[[]any, error] {
	return func(yield func([]any, error) bool) {
		cells := make([]any, 1)
		for i := range n {
			cells[0] = i
			if !yield(cells, nil) {
				return
			}
		}
	}
}

func TestParquetKeepsEveryType(t *testing.T) {
	t.Parallel()
	data := written(t, "parquet", sample)
	f, err := parquet.OpenFile(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		t.Fatal(err)
	}
	var names, types []string
	for _, field := range f.Schema().Fields() {
		names = append(names, field.Name())
		types = append(types, field.Type().String())
		if !field.Optional() {
			t.Errorf("%s is never empty", field.Name())
		}
	}
	if got := fmt.Sprint(names); got != "[zeta amount_fen on at closed data]" {
		t.Errorf("columns %s", got)
	}
	if got := fmt.Sprint(types); !strings.Contains(got, "INT(64,true)") || !strings.Contains(got, "DATE") || !strings.Contains(got, "unit=MICROS") {
		t.Errorf("types %s", got)
	}
	rows := make([]parquet.Row, 10)
	r := parquet.NewReader(bytes.NewReader(data))
	n, err := r.ReadRows(rows)
	if n != 4 || err != nil && !errors.Is(err, io.EOF) {
		t.Fatalf("%d rows, %v", n, err)
	}
	first := rows[0]
	if first[0].String() != "智慧校园 <&>\"'" || first[1].Int64() != 300_000_001 || first[2].Int32() != 20_514 || first[3].Int64() != noon.UnixMicro() || !first[4].Boolean() {
		t.Errorf("%v", first)
	}
	if rows[1][0].String() != `=HYPERLINK("x")` || rows[1][1].Int64() != math.MaxInt64 || !rows[1][2].IsNull() || !rows[3][1].IsNull() || !rows[2][0].IsNull() {
		t.Errorf("%v %v", rows[1], rows[3])
	}
	if rows[2][1].Int64() != -5 || rows[2][2].Int32() != 10_956 || len(rows[2][5].ByteArray()) != 120_000 {
		t.Errorf("%v", rows[2][:5])
	}
}

// TestParquetIsWhatAnotherReaderReads holds the writer to the bytes that a reader
// of another make is tested with (services/portal/web/test/parquet.test.mjs).
func TestParquetIsWhatAnotherReaderReads(t *testing.T) {
	t.Parallel()
	const golden = "testdata/sample.parquet"
	got := written(t, "parquet", sampled(400))
	if *update {
		if err := os.WriteFile(golden, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil || !bytes.Equal(got, want) {
		t.Errorf("%d bytes, not the %d of %s: write it anew with -update and run the portal's tests; %v", len(got), len(want), golden, err)
	}
}

// TestAFailingTableIsNoTable: what ends in an error, or holds what no cell can,
// is not written to its end.
func TestAFailingTableIsNoTable(t *testing.T) {
	t.Parallel()
	broken := errors.New("the disk is gone")
	failing := table()
	failing.Rows = func(yield func([]any, error) bool) {
		_ = yield([]any{"a", nil, nil, nil, nil, nil}, nil) && yield(nil, broken)
	}
	full := errors.New("the disk is full")
	for format, write := range tablefile.Writers() {
		if err := write(io.Discard, failing); !errors.Is(err, broken) {
			t.Errorf("%s: %v", format, err)
		}
		if err := write(io.Discard, table([]any{3.5, nil, nil, nil, nil, nil})); err == nil {
			t.Errorf("%s takes a float", format)
		}
		if err := write(refusing{full}, sample); !errors.Is(err, full) {
			t.Errorf("%s: %v", format, err)
		}
	}
}

type refusing struct{ err error }

func (r refusing) Write([]byte) (int, error) { return 0, r.err }

// TestATableNeedsNoMemory writes many rows and looks at what is live meanwhile.
func TestATableNeedsNoMemory(t *testing.T) {
	live := func() uint64 { // not parallel: what others use would count
		var m runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&m)
		return m.HeapAlloc
	}
	for _, format := range auditexport.TableFormats {
		before, peak, n := live(), uint64(0), 0
		long := table()
		long.Rows = func(yield func([]any, error) bool) {
			cells := []any{"", int64(0), calendar.MustDate(2026, time.March, 2), noon, true, ""}
			for i := range 200_000 {
				cells[0], cells[1], cells[5] = fmt.Sprintf("项目 %d", i), int64(i), fmt.Sprintf(`{"amount_fen":%d,"reason":"%d"}`, i*i, i)
				if n++; n%20_000 == 0 {
					peak = max(peak, live())
				}
				if !yield(cells, nil) {
					return
				}
			}
		}
		if err := tablefile.Writers()[format](io.Discard, long); err != nil {
			t.Fatal(err)
		}
		if limit := before + 32<<20; peak > limit {
			t.Errorf("%s: %d MB live, %d before", format, peak>>20, before>>20)
		}
	}
}
