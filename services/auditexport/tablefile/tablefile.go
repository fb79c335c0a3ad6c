// Package tablefile writes the tables of a bundle as CSV, XLSX and Parquet.
//
// It promises that the same table gives the same bytes, that memory does not
// grow with its rows, that amounts stay whole fen, and that no text is taken for
// a formula by a spreadsheet, neither when the file is opened nor when it is
// saved as CSV from there. It does not promise that a spreadsheet holds long
// texts: columns marked as such are in CSV and Parquet alone.
package tablefile

import (
	"encoding/csv"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"egov/libs/calendar"
	"egov/services/auditexport"
)

// Writers gives the writer of each of auditexport.TableFormats.
func Writers() map[string]auditexport.TableWriter {
	return map[string]auditexport.TableWriter{"csv": CSV, "xlsx": XLSX, "parquet": Parquet}
}

// plain makes a text that no spreadsheet takes for a formula: one that begins
// like one gets an apostrophe before it.
func plain(s string) string {
	if s != "" && (strings.ContainsRune("=+-@\t\r\n", rune(s[0])) || strings.HasPrefix(s, "＝") || strings.HasPrefix(s, "＋") || strings.HasPrefix(s, "－") || strings.HasPrefix(s, "＠")) {
		return "'" + s
	}
	return s
}

// instant is a time as people and programs both read it.
func instant(t time.Time) string { return t.In(calendar.Shanghai).Format(time.RFC3339) }

// text is a cell as CSV has it.
func text(v any) (string, error) {
	switch v := v.(type) {
	case nil:
		return "", nil
	case string:
		return plain(v), nil
	case int64:
		return strconv.FormatInt(v, 10), nil
	case bool:
		return strconv.FormatBool(v), nil
	case calendar.Date:
		return v.String(), nil
	case time.Time:
		return instant(v), nil
	}
	return "", fmt.Errorf("a cell holds a %T", v)
}

// CSV writes UTF-8 with a byte-order mark, so that office programs read the
// Chinese.
func CSV(w io.Writer, t auditexport.Table) error {
	if _, err := io.WriteString(w, "\ufeff"); err != nil {
		return err
	}
	out := csv.NewWriter(w)
	cells := make([]string, len(t.Columns))
	for i, c := range t.Columns {
		cells[i] = c.Name
	}
	if err := out.Write(cells); err != nil {
		return err
	}
	for row, err := range t.Rows {
		if err != nil {
			return err
		}
		for i, v := range row {
			if cells[i], err = text(v); err != nil {
				return err
			}
		}
		if err := out.Write(cells); err != nil {
			return err
		}
	}
	out.Flush()
	return out.Error()
}
