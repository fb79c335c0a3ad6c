// Package vault keeps the cryptoassessment service's documents in the blob
// store. It takes the kinds of file that offices exchange and nothing that runs.
package vault

import (
	"bytes"
	"context"
	"io"

	"egov/libs/blob"
	"egov/services/cryptoassessment"
)

// MaxDocument bounds one document in bytes.
const MaxDocument = 32 << 20

var limits = blob.Limits{
	MaxBytes: MaxDocument,
	Types:    []blob.Type{blob.PDF, blob.OFD, blob.DOCX, blob.XLSX, blob.PNG, blob.JPEG, blob.Text},
	Archive:  blob.ArchiveLimits{MaxEntries: 5000, MaxUnpacked: 256 << 20, MaxRatio: 200},
}

// Vault is a cryptoassessment.Vault over a blob store. Without one, where the
// configuration names none, documents are not available and all else is.
type Vault struct{ Store *blob.Store }

// Keep stores the content under its hash.
func (v Vault) Keep(ctx context.Context, name, mediaType string, content []byte) (cryptoassessment.Document, error) {
	if v.Store == nil {
		return cryptoassessment.Document{}, blob.ErrStorage
	}
	o, err := v.Store.Put(ctx, name, mediaType, bytes.NewReader(content), limits)
	if err != nil {
		return cryptoassessment.Document{}, err
	}
	return cryptoassessment.Document{Key: o.Key, Name: o.Name, MediaType: string(o.Type), Size: o.Size, SHA256: o.SHA256, SM3: o.SM3}, nil
}

// Open reads what Keep stored.
func (v Vault) Open(ctx context.Context, key string) (io.ReadCloser, error) {
	if v.Store == nil {
		return nil, blob.ErrStorage
	}
	return v.Store.Get(ctx, key)
}
