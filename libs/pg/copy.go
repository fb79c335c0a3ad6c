package pg

import (
	"encoding/binary"
	"time"
)

// PostgreSQL's binary form of COPY: a header, rows of fields that tell their
// length, and an end. What is known beforehand is written so in a fraction of the
// time that arrays of parameters take.
const (
	CopyHeader = "PGCOPY\n\xff\r\n\x00" + "\x00\x00\x00\x00" + "\x00\x00\x00\x00"
	CopyEnd    = "\xff\xff"
)

// Epoch is the zero of PostgreSQL's timestamps, in Unix microseconds.
const Epoch = 946684800 * 1_000_000

// AppendCopyRow begins a row of so many fields, which follow.
func AppendCopyRow(b []byte, fields uint16) []byte {
	return binary.BigEndian.AppendUint16(b, fields)
}

// AppendCopyField appends a text, a bytea or a uuid.
func AppendCopyField[T string | []byte](b []byte, v T) []byte {
	return append(binary.BigEndian.AppendUint32(b, uint32(len(v))), v...)
}

// AppendCopyInt16 appends a smallint.
func AppendCopyInt16(b []byte, v int16) []byte {
	return binary.BigEndian.AppendUint16(binary.BigEndian.AppendUint32(b, 2), uint16(v))
}

// AppendCopyInt64 appends a bigint.
func AppendCopyInt64(b []byte, v int64) []byte {
	return binary.BigEndian.AppendUint64(binary.BigEndian.AppendUint32(b, 8), uint64(v))
}

// AppendCopyTime appends a timestamptz, to the microsecond.
func AppendCopyTime(b []byte, v time.Time) []byte { return AppendCopyInt64(b, v.UnixMicro()-Epoch) }
