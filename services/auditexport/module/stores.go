package module

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"egov/libs/blob"
	"egov/libs/ledger"
	"egov/libs/module"
	"egov/services/auditexport"
)

// stores are the places where services keep attachments, this one's own first.
// They are read alone, and by nothing but the hash that a row of the ledger has.
type stores []*blob.Store

// openStores opens them. A store that is away is found to be when it is asked.
func openStores(ctx context.Context, k *module.Kit) (auditexport.Originals, error) {
	var all stores
	if k.Attachments.Blobs != nil {
		all = append(all, k.Attachments.Blobs)
	}
	for at := range strings.SplitSeq(k.Config.Exports.Stores, ",") {
		if at = strings.TrimSpace(at); at == "" {
			continue
		}
		store, err := blob.Open(ctx, at)
		if err != nil {
			return nil, fmt.Errorf("exports.stores: %w", err)
		}
		k.Unit.OnStop(func(context.Context) error { return store.Close() })
		all = append(all, store)
	}
	return all, nil
}

// Open opens what has that hash, in the first store that has it.
func (s stores) Open(ctx context.Context, sha256 ledger.Hash) (io.ReadCloser, error) {
	var away error
	for _, store := range s {
		r, err := store.Get(ctx, blob.Key(sha256.String()))
		switch {
		case err == nil:
			return original{r}, nil
		case !errors.Is(err, blob.ErrNotFound):
			away = err
		}
	}
	if away != nil {
		return nil, away
	}
	return nil, auditexport.ErrNoOriginal
}

// original says of a content that is not what its key says that it is damaged.
type original struct{ io.ReadCloser }

func (o original) Read(p []byte) (int, error) {
	n, err := o.ReadCloser.Read(p)
	if errors.Is(err, blob.ErrCorrupt) {
		err = errors.Join(auditexport.ErrDamaged, err)
	}
	return n, err
}
