package tablefile

import (
	"fmt"
	"io"
	"reflect"
	"time"

	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/compress/zstd"

	"egov/libs/calendar"
	"egov/services/auditexport"
)

// Bounds of a row group, which is held until it is written, whichever is met
// first.
const (
	groupRows  = 10_000
	groupBytes = 8 << 20 // of texts
)

// Parquet writes an Apache Parquet file: whole numbers as INT64, days as DATE,
// times as TIMESTAMP in microseconds of UTC, texts as UTF-8; every column may be
// empty. The columns are in the table's order.
func Parquet(w io.Writer, t auditexport.Table) error {
	out := parquet.NewWriter(w, schema(t), parquet.Compression(&zstd.Codec{Level: zstd.SpeedFastest, Concurrency: 1}), parquet.CreatedBy("egov", "1", ""))
	held, rows := 0, 0
	line := make(parquet.Row, len(t.Columns))
	for row, err := range t.Rows {
		if err != nil {
			return err
		}
		for i, v := range row {
			cell, err := value(v)
			if err != nil {
				return err
			}
			defined := 1
			if v == nil {
				defined = 0
			}
			line[i] = cell.Level(0, defined, i)
			if text, ok := v.(string); ok {
				held += len(text)
			}
		}
		if _, err := out.WriteRows([]parquet.Row{line}); err != nil {
			return err
		}
		if rows++; rows == groupRows || held >= groupBytes {
			if err := out.Flush(); err != nil {
				return err
			}
			held, rows = 0, 0
		}
	}
	return out.Close()
}

// epoch is the day that Parquet's dates count from.
var epoch = calendar.MustDate(1970, time.January, 1)

// value is a cell as Parquet has it.
func value(v any) (parquet.Value, error) {
	switch v := v.(type) {
	case nil:
		return parquet.NullValue(), nil
	case string:
		return parquet.ByteArrayValue([]byte(v)), nil
	case int64:
		return parquet.Int64Value(v), nil
	case bool:
		return parquet.BooleanValue(v), nil
	case calendar.Date:
		return parquet.Int32Value(int32(v.DaysSince(epoch))), nil
	case time.Time:
		return parquet.Int64Value(v.UnixMicro()), nil
	}
	return parquet.Value{}, fmt.Errorf("a cell holds a %T", v)
}

var nodes = map[auditexport.ColumnType]func() parquet.Node{
	auditexport.Text:    parquet.String,
	auditexport.Whole:   func() parquet.Node { return parquet.Int(64) },
	auditexport.Truth:   func() parquet.Node { return parquet.Leaf(parquet.BooleanType) },
	auditexport.Day:     parquet.Date,
	auditexport.Instant: func() parquet.Node { return parquet.Timestamp(parquet.Microsecond) },
}

// schema is the table's, its columns in their order.
func schema(t auditexport.Table) *parquet.Schema {
	root := ordered{Group: parquet.Group{}}
	for _, c := range t.Columns {
		node := parquet.Optional(nodes[c.Type]())
		root.Group[c.Name] = node
		root.fields = append(root.fields, leafColumn{node, c.Name})
	}
	return parquet.NewSchema(t.Name, root)
}

// ordered is a group whose fields keep their order; the library's own sorts
// them by name.
type ordered struct {
	parquet.Group
	fields []parquet.Field
}

func (o ordered) Fields() []parquet.Field { return o.fields }

// leafColumn is one field of it.
type leafColumn struct {
	parquet.Node
	name string
}

func (c leafColumn) Name() string { return c.name }

func (c leafColumn) Value(base reflect.Value) reflect.Value {
	return base.MapIndex(reflect.ValueOf(c.name))
}
