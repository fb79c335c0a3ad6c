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

// Register is everybody's public keys, read again and again from the places they
// are kept at. It is an event.Keys and safe for concurrent use.
type Register struct {
	places []place
	own    *Own
	now    func() time.Time
	set    atomic.Pointer[sign.KeySet]
	want   chan struct{}

	mu   sync.Mutex // one reading at a time
	http *http.Client
	// by place and, of a folder, holder; under beside, what the process says itself
	read   map[string]reading
	beside func(context.Context) ([]sign.TrustedKey, error)
}

// beside is where what the process says of keys is kept among what was read. It
// comes first, so that of two holders of one key the one whom people named stays.
const beside = ""

// place is a folder, or the URL of another's register. One that is named with a
// holder speaks of that one alone.
type place struct{ holder, at string }

// reading is what was last read of one holder, or of one place.
type reading struct {
	mark string // changes with what is there
	keys []sign.TrustedKey
}

// OpenRegister takes the registers at places, separated by commas, and what is in
// own, whether or not it is registered there already. A place is a folder, an http
// or https URL, or <service>=<URL> for one that speaks of that service alone, such
// as its own. It need not be there yet. now is the time of the machine.
func OpenRegister(places string, own *Own, now func() time.Time) *Register {
	r := &Register{own: own, now: now, want: make(chan struct{}, 1), http: &http.Client{Timeout: 3 * time.Second}, read: map[string]reading{}}
	for at := range strings.SplitSeq(places, ",") {
		if at = strings.TrimSpace(at); at == "" {
			continue
		}
		p := place{at: at}
		if holder, url, ok := strings.Cut(at, "="); ok && IsURL(url) && !IsURL(holder) {
			p = place{holder, url}
		}
		r.places = append(r.places, p)
	}
	empty, err := sign.NewKeySet()
	if err != nil {
		panic("eventkeys: " + err.Error()) // nothing contradicts itself
	}
	r.set.Store(empty)
	return r
}

// Through has the register ask others' registers through another client; it is
// called before the first Read.
func (r *Register) Through(c *http.Client) { r.http = c }

// Folder is the first of places that is a folder: where a service of this machine
// puts its own keys. It is empty where there is none.
func Folder(places string) string {
	for _, p := range OpenRegister(places, nil, time.Now).places {
		if !IsURL(p.at) {
			return p.at
		}
	}
	return ""
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
		r.Look()
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

// Besides has every reading take in, beside the places, what keys gives: those
// that people enrolled or revoked, where the process keeps their word. It is told
// before the register is read for the first time by others.
func (r *Register) Besides(keys func(context.Context) ([]sign.TrustedKey, error)) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.beside = keys
}

// Look asks for a reading as soon as may be.
func (r *Register) Look() {
	select {
	case r.want <- struct{}{}:
	default:
	}
}

// Wanted says that somebody asked for a key that is not known, or to look: it is
// worth reading the register now.
func (r *Register) Wanted() <-chan struct{} { return r.want }

func (r *Register) ownKey(id string) (sign.TrustedKey, bool) {
	for _, k := range r.own.Trusted() {
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
	for _, k := range r.own.Trusted() {
		if _, ok := set.Key(k.Public.KeyID()); !ok {
			all = append(all, k)
		}
	}
	return sign.NewKeySet(all...)
}

// maxRegister is the most a register may have, in bytes.
const maxRegister = 8 << 20

// Read takes the places in once more. What cannot be read leaves what was known of
// it as it was. Keys of the service's own that somebody revoked sign no more: it
// makes others (SH12-C-12).
func (r *Register) Read(ctx context.Context) error { return r.take(ctx, r.places) }

// ReadHere is Read without the places that are another's: it asks nobody over the
// network, so a service that others ask can do it before it answers.
func (r *Register) ReadHere(ctx context.Context) error {
	return r.take(ctx, slices.DeleteFunc(slices.Clone(r.places), func(p place) bool { return IsURL(p.at) }))
}

func (r *Register) take(ctx context.Context, places []place) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	var errs []error
	changed := false
	fetched := make([]reading, len(places))
	failed := make([]error, len(places))
	var asking sync.WaitGroup // who does not answer keeps nobody waiting for the others
	for i, p := range places {
		if IsURL(p.at) {
			mark := r.read[p.at].mark
			asking.Go(func() { fetched[i], failed[i] = r.fetch(ctx, p, mark) })
		}
	}
	for _, p := range places {
		if !IsURL(p.at) {
			news, err := r.scan(p)
			changed = changed || news
			errs = append(errs, err)
		}
	}
	if r.beside != nil {
		news, err := r.ask(ctx)
		changed = changed || news
		errs = append(errs, err)
	}
	asking.Wait()
	for i, p := range places {
		if fetched[i].keys != nil {
			r.read[p.at], changed = fetched[i], true
		}
	}
	errs = append(errs, failed...)
	if changed {
		set, err := r.merge()
		if set != nil {
			r.set.Store(set)
		}
		errs = append(errs, err)
	}
	if r.own != nil && r.own.forsake(r.set.Load(), r.now()) {
		errs = append(errs, r.own.Turn())
	}
	return errors.Join(errs...)
}

// ask takes in what the process says of keys itself.
func (r *Register) ask(ctx context.Context) (news bool, err error) {
	keys, err := r.beside(ctx)
	if err != nil {
		return false, fmt.Errorf("enrolled keys: %w", err)
	}
	set, err := sign.NewKeySet(keys...)
	if err != nil {
		return false, fmt.Errorf("enrolled keys: %w", err)
	}
	b, err := json.Marshal(set)
	if err != nil {
		return false, err
	}
	mark := etag(b)
	if r.read[beside].mark == mark {
		return false, nil
	}
	r.read[beside] = reading{mark, keys}
	return true, nil
}

// fetch asks another's register. Without keys, nothing is new since mark.
func (r *Register) fetch(ctx context.Context, p place, mark string) (reading, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, p.at, nil)
	if err != nil {
		return reading{}, err
	}
	if mark != "" {
		req.Header.Set("If-None-Match", mark)
	}
	resp, err := r.http.Do(req)
	if err != nil {
		return reading{}, err
	}
	defer resp.Body.Close()
	if resp.StatusCode == http.StatusNotModified {
		return reading{}, nil
	}
	b, err := io.ReadAll(io.LimitReader(resp.Body, maxRegister+1))
	if err != nil {
		return reading{}, err
	}
	if resp.StatusCode != http.StatusOK || len(b) > maxRegister {
		return reading{}, fmt.Errorf("register %s: %s, %d bytes", p.at, resp.Status, len(b))
	}
	set, err := sign.ParseKeySet(b)
	if err != nil {
		return reading{}, fmt.Errorf("register %s: %w", p.at, err)
	}
	keys := set.Keys()
	if p.holder != "" { // what it knows of others is not asked
		keys = slices.DeleteFunc(keys, func(k sign.TrustedKey) bool { return k.Holder != p.holder })
	}
	return reading{resp.Header.Get("ETag"), keys}, nil
}

// scan reads the files of a folder that changed.
func (r *Register) scan(p place) (news bool, err error) {
	entries, err := os.ReadDir(p.at)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	var errs []error
	for _, e := range entries {
		holder, ok := strings.CutSuffix(e.Name(), ".json")
		if !ok || strings.HasPrefix(holder, ".") {
			continue
		}
		path := filepath.Join(p.at, e.Name())
		info, err := os.Stat(path)
		if err != nil {
			errs = append(errs, err)
			continue
		}
		mark := fmt.Sprint(info.ModTime().UnixNano(), " ", info.Size())
		if r.read[path].mark == mark {
			continue
		}
		keys, err := holderKeys(path, holder)
		if err != nil {
			errs = append(errs, err)
			continue
		}
		r.read[path] = reading{mark, keys}
		news = true
	}
	return news, errors.Join(errs...)
}

// merge is the set of all that was read. A key that two holders claim stays the
// one's it was, so that nobody takes another's key out of force by claiming it; of
// two words about one key, that it is revoked counts.
func (r *Register) merge() (*sign.KeySet, error) {
	var errs []error
	owner := map[string]string{}
	for _, k := range r.set.Load().Keys() {
		owner[k.Public.KeyID()] = k.Holder
	}
	all := map[string]sign.TrustedKey{}
	for _, at := range slices.Sorted(maps.Keys(r.read)) {
		for _, k := range r.read[at].keys {
			id := k.Public.KeyID()
			if of, ok := owner[id]; ok && of != k.Holder {
				errs = append(errs, fmt.Errorf("%s: %s claims the key %s of %s", at, k.Holder, id, of))
				continue
			}
			owner[id] = k.Holder
			if there, ok := all[id]; !ok || there.RevokedAt == nil {
				all[id] = k
			}
		}
	}
	set, err := sign.NewKeySet(slices.Collect(maps.Values(all))...)
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
