package eventkeys

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"egov/libs/event"
	"egov/libs/sign"
)

// Path is where a service serves the register as it knows it, so that it can be
// another's register.
// stable: settings name it.
const Path = "/.well-known/event-keys.json"

// Register is everybody's public keys, read again and again from one place. It is
// an event.Keys and safe for concurrent use.
type Register struct {
	place string // a folder, or the URL of another's register; empty = own alone
	own   *Own
	now   func() time.Time
	set   atomic.Pointer[sign.KeySet]
	want  chan struct{}

	mu    sync.Mutex // one reading at a time
	files map[string]file
	client
}

type client struct {
	http *http.Client
	etag string
}

// file is what was last read of one holder.
type file struct {
	mark string // changes with the file
	keys []sign.TrustedKey
}

// OpenRegister takes the register at place, a folder, or an http or https URL, and
// what is in own, whether or not it is registered there already. The place need
// not be there yet. now is the time of the machine.
func OpenRegister(place string, own *Own, now func() time.Time) *Register {
	r := &Register{place: place, own: own, now: now, files: map[string]file{}, want: make(chan struct{}, 1), client: client{http: &http.Client{Timeout: 10 * time.Second}}}
	empty, err := sign.NewKeySet()
	if err != nil {
		panic("eventkeys: " + err.Error()) // nothing contradicts itself
	}
	r.set.Store(empty)
	return r
}

// IsURL says whether a place is another's register, which nobody here writes.
func IsURL(place string) bool {
	return strings.HasPrefix(place, "http://") || strings.HasPrefix(place, "https://")
}

// VerifyingKey is event.Keys' answer. Periods are held to the time of signing,
// which is the producer's word; a revocation holds from its moment on for
// whatever bears the key (SH12-C-12).
func (r *Register) VerifyingKey(source, id string, at time.Time) (*sign.PublicKey, error) {
	k, ok := r.set.Load().Key(id)
	if !ok {
		k, ok = r.ownKey(id)
	}
	switch {
	case !ok:
		select {
		case r.want <- struct{}{}:
		default:
		}
		return nil, event.ErrKeyUnknown
	case k.Holder != source:
		return nil, sign.ErrSignerMismatch
	case k.RevokedAt != nil && !r.now().Before(*k.RevokedAt):
		return nil, sign.ErrKeyRevoked
	case at.Before(k.NotBefore.Add(-sign.Skew)) || !at.Before(k.NotAfter):
		return nil, sign.ErrKeyNotValid
	}
	return k.Public, nil
}

// Wanted says that somebody asked for a key that is not known: it is worth reading
// the register now.
func (r *Register) Wanted() <-chan struct{} { return r.want }

func (r *Register) ownKey(id string) (sign.TrustedKey, bool) {
	for _, k := range r.own.trusted() {
		if k.Public.KeyID() == id {
			return k, true
		}
	}
	return sign.TrustedKey{}, false
}

// Keys is the register as it is known now.
func (r *Register) Keys() (*sign.KeySet, error) {
	set := r.set.Load()
	all := set.Keys()
	for _, k := range r.own.trusted() {
		if _, ok := set.Key(k.Public.KeyID()); !ok {
			all = append(all, k)
		}
	}
	return sign.NewKeySet(all...)
}

// maxRegister is the most a register may have, in bytes.
const maxRegister = 8 << 20

// Read takes the register in once more. What cannot be read leaves what was known
// of it as it was.
func (r *Register) Read(ctx context.Context) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	switch {
	case r.place == "":
		return nil
	case IsURL(r.place):
		return r.fetch(ctx)
	}
	return r.scan()
}

// fetch asks another's register.
func (r *Register) fetch(ctx context.Context) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, r.place, nil)
	if err != nil {
		return err
	}
	if r.etag != "" {
		req.Header.Set("If-None-Match", r.etag)
	}
	resp, err := r.http.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if resp.StatusCode == http.StatusNotModified {
		return nil
	}
	b, err := io.ReadAll(io.LimitReader(resp.Body, maxRegister+1))
	if err != nil {
		return err
	}
	if resp.StatusCode != http.StatusOK || len(b) > maxRegister {
		return fmt.Errorf("register %s: %s, %d bytes", r.place, resp.Status, len(b))
	}
	set, err := sign.ParseKeySet(b)
	if err != nil {
		return fmt.Errorf("register %s: %w", r.place, err)
	}
	r.set.Store(set)
	r.etag = resp.Header.Get("ETag")
	return nil
}

// scan reads the files that changed.
func (r *Register) scan() error {
	entries, err := os.ReadDir(r.place)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	var errs []error
	changed := false
	for _, e := range entries {
		holder, ok := strings.CutSuffix(e.Name(), ".json")
		if !ok || strings.HasPrefix(holder, ".") {
			continue
		}
		path := filepath.Join(r.place, e.Name())
		info, err := os.Stat(path)
		if err != nil {
			errs = append(errs, err)
			continue
		}
		mark := fmt.Sprint(info.ModTime().UnixNano(), " ", info.Size())
		if r.files[holder].mark == mark {
			continue
		}
		keys, err := holderKeys(path, holder)
		if err != nil {
			errs = append(errs, err)
			continue
		}
		r.files[holder] = file{mark, keys}
		changed = true
	}
	if !changed {
		return errors.Join(errs...)
	}
	set, err := r.merge()
	if set != nil {
		r.set.Store(set)
	}
	return errors.Join(append(errs, err)...)
}

// merge is the set of all files. A key that two holders claim stays the one's it
// was, so that nobody takes another's key out of force by claiming it.
func (r *Register) merge() (*sign.KeySet, error) {
	var errs []error
	owner := map[string]string{}
	for _, k := range r.set.Load().Keys() {
		owner[k.Public.KeyID()] = k.Holder
	}
	var all []sign.TrustedKey
	for _, holder := range slices.Sorted(maps.Keys(r.files)) {
		for _, k := range r.files[holder].keys {
			id := k.Public.KeyID()
			if of, ok := owner[id]; ok && of != holder {
				errs = append(errs, fmt.Errorf("%s claims the key %s of %s", holder, id, of))
				continue
			}
			owner[id] = holder
			all = append(all, k)
		}
	}
	set, err := sign.NewKeySet(all...)
	return set, errors.Join(append(errs, err)...)
}

func holderKeys(path, holder string) ([]sign.TrustedKey, error) {
	set, err := readSet(path)
	if err != nil {
		return nil, err
	}
	keys := set.Keys()
	for _, k := range keys {
		if k.Holder != holder {
			return nil, fmt.Errorf("%s: key %s is of %q", path, k.Public.KeyID(), k.Holder)
		}
	}
	return keys, nil
}

// ServeHTTP serves the register as it is known.
func (r *Register) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	set, err := r.Keys()
	var b []byte
	if err == nil {
		b, err = json.Marshal(set)
	}
	if err != nil {
		http.Error(w, http.StatusText(http.StatusInternalServerError), http.StatusInternalServerError)
		return
	}
	tag := etag(b)
	w.Header().Set("ETag", tag)
	if req.Header.Get("If-None-Match") == tag {
		w.WriteHeader(http.StatusNotModified)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	_, _ = w.Write(b) // the client is gone when this fails
}

func etag(b []byte) string {
	sum := sha256.Sum256(b)
	return `"` + hex.EncodeToString(sum[:16]) + `"`
}
