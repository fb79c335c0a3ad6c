package keyring

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sync"

	"egov/libs/ledger/checkpoint"
	"egov/services/auditexport"
)

var _ auditexport.Anchor = (*Anchor)(nil)

// Anchor is an auditexport.Anchor in memory, and in a file beside the keys.
type Anchor struct {
	mu     sync.Mutex
	path   string // empty = memory alone
	newest checkpoint.Signed
}

// anchorFile is the signed note as it is.
const anchorFile = "ledger.checkpoint"

// OpenAnchor reads the checkpoint kept in dir. A file that no trusted key
// signed is an error: somebody was there. An empty dir keeps it in memory.
func OpenAnchor(dir string, trust *checkpoint.Trust) (*Anchor, error) {
	a := &Anchor{}
	if dir == "" {
		return a, nil
	}
	a.path = filepath.Join(dir, anchorFile)
	note, err := os.ReadFile(a.path)
	if errors.Is(err, fs.ErrNotExist) {
		return a, nil
	}
	if err == nil {
		a.newest, err = trust.OpenUnwitnessed(note)
	}
	if err != nil {
		return nil, fmt.Errorf("ledger checkpoint %s: %w", a.path, err)
	}
	return a, nil
}

// Newest is the newest checkpoint seen; of size 0 when there was none.
func (a *Anchor) Newest() checkpoint.Signed {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.newest
}

// Keep remembers s, unless something newer is known. What could not be written
// is not remembered either, so that every later attempt fails as loudly.
func (a *Anchor) Keep(s checkpoint.Signed) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	if s.Size <= a.newest.Size {
		return nil
	}
	if a.path != "" {
		if err := checkpoint.WriteFile(a.path, s.Note, os.Rename); err != nil {
			return err
		}
	}
	a.newest = s
	return nil
}
