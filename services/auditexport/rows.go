package auditexport

import (
	"context"
	"io"

	"egov/libs/fault"
	"egov/libs/ledger/bundle"
)

// StreamRows asks for the ledger's rows behind one, up to the newest checkpoint:
// what another system follows the ledger by (SH12-19).
type StreamRows struct {
	After int64 `query:"after_seq" json:"after_seq"`
}

// Validate bounds the request.
func (r *StreamRows) Validate() error {
	var c fault.Checks
	c.Require(r.After >= 0, "after_seq", "out_of_range", "不得为负", "must not be negative")
	return c.Err()
}

// StreamRows streams rows in the form of a bundle's ledger.jsonl. The closing
// line is signed; a stream without it was cut, and is taken up again behind the
// last row that arrived. That it was asked for is on record before its first
// byte. The stream passes through pack, such as a compressor.
func (s *Service) StreamRows(ctx context.Context, r StreamRows, pack func(io.Writer) (io.WriteCloser, error)) (io.ReadCloser, error) {
	signed, err := s.under(ctx)
	if err != nil {
		return nil, err
	}
	rows := int64(signed.Size) - r.After
	if _, err := s.inquire(ctx, "rows", r, max(rows, 0)); err != nil {
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
		packed, err := pack(w)
		if err != nil {
			return err
		}
		if _, err := bundle.WriteRows(ctx, packed, source, s.Keyring.Signers...); err != nil {
			return err
		}
		return packed.Close()
	}), nil
}
