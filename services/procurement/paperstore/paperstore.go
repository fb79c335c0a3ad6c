// Package paperstore keeps the papers of contracts and tests in the suite's
// attachment store, within this duty's limits of type and size.
package paperstore

import (
	"context"
	"io"

	"egov/libs/blob"
	"egov/services/procurement"
)

var limits = blob.Limits{
	MaxBytes: procurement.MaxPaper,
	Types:    []blob.Type{blob.PDF, blob.OFD, blob.DOCX, blob.XLSX, blob.PNG, blob.JPEG, blob.Text},
	Archive:  blob.ArchiveLimits{MaxEntries: 5000, MaxUnpacked: 256 << 20, MaxRatio: 200},
}

// Papers is a procurement.PaperStore. Its zero value is a service that was
// given no attachment store: it answers that the store is not available.
type Papers struct{ Blobs *blob.Store }

// Put keeps a paper by its content, which speaks for its own type.
func (p Papers) Put(ctx context.Context, name, mediaType string, content io.Reader) (procurement.Paper, error) {
	if p.Blobs == nil {
		return procurement.Paper{}, blob.ErrStorage
	}
	o, err := p.Blobs.Put(ctx, name, mediaType, content, limits)
	if err != nil {
		return procurement.Paper{}, err
	}
	return procurement.Paper{Key: o.Key, Name: o.Name, MediaType: o.Type.Media(), Size: o.Size, SHA256: o.SHA256, SM3: o.SM3}, nil
}

// Get opens a paper by its key; the caller closes it.
func (p Papers) Get(ctx context.Context, key string) (io.ReadCloser, error) {
	if p.Blobs == nil {
		return nil, blob.ErrStorage
	}
	return p.Blobs.Get(ctx, key)
}
