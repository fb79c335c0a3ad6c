package auditexport

import (
	"context"
	"io"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"

	"egov/libs/fault"
	"egov/libs/ledger/bundle"
)

// StreamRows asks for the ledger's rows behind one, up to the newest checkpoint:
// what another system follows the ledger by (SH12-19).
type StreamRows struct {
	After  int64  `query:"after_seq" json:"after_seq"`
	Format Format `query:"format" json:"format"` // jsonl (default), gzip or zstd
}

// Format is how a stream of rows is packed.
type Format string

// The formats: lines of JSON, plain or compressed.
const (
	JSONL Format = "jsonl"
	Gzip  Format = "gzip"
	Zstd  Format = "zstd"
)

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

// Suffix is the end of a file name.
func (f Format) Suffix() string {
	switch f {
	case Gzip:
		return ".jsonl.gz"
	case Zstd:
		return ".jsonl.zst"
	}
	return ".jsonl"
}

// Validate bounds the request.
func (r *StreamRows) Validate() error {
	var c fault.Checks
	c.Require(r.After >= 0, "after_seq", "out_of_range", "不得为负", "must not be negative")
	switch r.Format {
	case "", JSONL, Gzip, Zstd:
	default:
		c.Require(false, "format", "unknown", "须为jsonl、gzip或zstd", "is jsonl, gzip or zstd")
	}
	return c.Err()
}

// StreamRows streams rows in the form of a bundle's ledger.jsonl. The closing
// line is signed; a stream without it was cut, and is taken up again behind the
// last row that arrived. That it was asked for is on record before its first
// byte.
func (s *Service) StreamRows(ctx context.Context, r StreamRows) (io.ReadCloser, error) {
	signed, err := s.under(ctx)
	if err != nil {
		return nil, err
	}
	rows := int64(signed.Size) - r.After
	if _, err := s.inquire(ctx, "rows", r, max(rows, 0), nil); err != nil {
		return nil, err
	}
	if rows <= 0 {
		return nil, ErrNoRows
	}
	source := bundle.Source{
		Scope: bundle.Scope{Kind: bundle.KindRange}, Signed: signed,
	}
	return s.stream(ctx, func(ctx context.Context, w io.Writer) error {
		source.Rows = s.Book.Rows(ctx, "", r.After+1, int64(signed.Size))
		packed, err := Pack(w, r.Format)
		if err != nil {
			return err
		}
		if _, err := bundle.WriteRows(ctx, packed, source, s.Keyring.Signers...); err != nil {
			return err
		}
		return packed.Close()
	}), nil
}

// Pack compresses what is written to it into w, fast rather than small.
func Pack(w io.Writer, f Format) (io.WriteCloser, error) {
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
