// Package compress packs a stream of rows, fast rather than small: the reader
// waits for the last byte, and the wire is seldom what it waits for.
package compress

import (
	"io"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
)

// Format is how a stream of rows is packed.
type Format string

// The formats: lines of JSON, plain or compressed. stable: requests name them.
const (
	JSONL Format = "jsonl"
	Gzip  Format = "gzip"
	Zstd  Format = "zstd"
)

// Known says whether f is a format; none is JSONL.
func (f Format) Known() bool { return f == "" || f == JSONL || f == Gzip || f == Zstd }

// MediaType is the format's media type.
func (f Format) MediaType() string {
	switch f {
	case Gzip:
		return "application/gzip"
	case Zstd:
		return "application/zstd"
	}
	return "application/jsonl"
}

// Suffix is the end of a file's name.
func (f Format) Suffix() string {
	switch f {
	case Gzip:
		return ".jsonl.gz"
	case Zstd:
		return ".jsonl.zst"
	}
	return ".jsonl"
}

// Writer packs what is written to it into w. Closing it writes what is left,
// and leaves w open.
func (f Format) Writer(w io.Writer) (io.WriteCloser, error) {
	switch f {
	case Gzip:
		return gzip.NewWriterLevel(w, gzip.BestSpeed)
	case Zstd:
		return zstd.NewWriter(w, zstd.WithEncoderLevel(zstd.SpeedFastest), zstd.WithEncoderConcurrency(1))
	}
	return plain{w}, nil
}

type plain struct{ io.Writer }

func (plain) Close() error { return nil }
