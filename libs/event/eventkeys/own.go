// Package eventkeys keeps the keys by which services know one another's events:
// a service's own, which change by themselves, and the register of everybody's
// public ones.
//
// A register is a folder of files <service>.json, each a set of public keys
// (package sign) whose holder is that service; what a file says of another holder
// counts for nothing. Services of one machine share the folder, and each writes
// its own file. Elsewhere the folder is what operators distribute, or another
// service serves it: the register of identity, say, over HTTPS (SH12-C-9).
//
// The package promises that a new key is in the register for a while before it
// signs, and stays there for good, so that what it signed can be checked as long
// as it is kept (SH12-C-12). It does not promise that a folder is only written by
// who should: that is the file system's part.
package eventkeys

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"syscall"
	"time"

	"egov/libs/ledger/checkpoint"
	"egov/libs/sign"
)

// Terms say for how long a key signs. The zero value is what services use
// without settings.
type Terms struct {
	Alg   sign.Alg      // of new keys; empty = SM2
	Life  time.Duration // a key signs; 0 = 90 days
	Ahead time.Duration // a key is in the register before it signs, and still valid when its successor does; 0 = 7 days
}

const day = 24 * time.Hour

func (t Terms) withDefaults() Terms {
	if t.Alg == "" {
		t.Alg = sign.SM2
	}
	if t.Life == 0 {
		t.Life = 90 * day
	}
	if t.Ahead == 0 {
		t.Ahead = 7 * day
	}
	return t
}

// Own is one service's keys. It is an event.Signer and safe for concurrent use,
// by several processes over one folder too.
type Own struct {
	holder   string
	path     string // of the private keys; empty = memory alone
	register string // folder; empty = nowhere
	terms    Terms
	now      func() time.Time

	mu       sync.Mutex
	keys     []ownKey        // in the order in which they sign
	forsaken map[string]bool // revoked by others' word; by key id
}

// ownKey is one private key. Its place in the file is its turn.
type ownKey struct {
	key       *sign.PrivateKey
	notBefore time.Time // it signs from then on
	notAfter  time.Time // and is not valid any more
}

type ownFile struct {
	Keys []ownEntry `json:"keys"`
}

type ownEntry struct {
	PrivateKey string    `json:"private_key"` // PKCS#8, PEM
	NotBefore  time.Time `json:"not_before"`
	NotAfter   time.Time `json:"not_after"`
}

// OpenOwn reads holder's keys in dir, or makes the first, and puts the public
// ones into the folder register. An empty dir keeps them in memory, an empty
// register publishes nothing. now is the time of the machine.
func OpenOwn(dir, register, holder string, terms Terms, now func() time.Time) (*Own, error) {
	o := &Own{holder: holder, register: register, terms: terms.withDefaults(), now: now}
	if dir != "" {
		o.path = filepath.Join(dir, holder+".events.json")
	}
	return o, o.Turn()
}

// SigningKey is the key in force now: the newest that has begun.
func (o *Own) SigningKey() (*sign.PrivateKey, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	now := o.now()
	for _, k := range slices.Backward(o.keys) {
		if !now.Before(k.notBefore) && now.Before(k.notAfter) {
			return k.key, nil
		}
	}
	return nil, fmt.Errorf("%s has no key in force", o.holder)
}

// Turn makes the next key when its time has come, forgets the secret of one that
// is not valid any more or that a register says is revoked, and takes in what
// another process made. It is called now and then.
func (o *Own) Turn() error {
	o.mu.Lock()
	defer o.mu.Unlock()
	unlock, err := lock(o.path)
	if err != nil {
		return fmt.Errorf("keys of events: %w", err)
	}
	defer unlock()
	if err := o.read(); err != nil {
		return fmt.Errorf("keys of events %s: %w", o.path, err)
	}
	if err := o.publish(); err != nil {
		return fmt.Errorf("register keys of events: %w", err)
	}
	revoked, err := o.revoked()
	if err != nil {
		return fmt.Errorf("register of event keys: %w", err)
	}
	now := o.now()
	keys := slices.DeleteFunc(slices.Clone(o.keys), func(k ownKey) bool { return revoked[k.key.KeyID()] || !now.Before(k.notAfter) })
	next, err := o.successor(keys, now)
	if err != nil {
		return err
	}
	if keys = append(keys, next...); len(next) == 0 && len(keys) == len(o.keys) {
		return nil
	}
	before := o.keys
	o.keys = keys
	// A key that nobody can check is not put to use: the register comes first.
	if err := o.publish(); err != nil {
		o.keys = before
		return fmt.Errorf("register keys of events: %w", err)
	}
	if err := o.write(); err != nil {
		o.keys = before
		return fmt.Errorf("keep keys of events: %w", err)
	}
	return nil
}

// successor is the key to make now, if it is time to.
func (o *Own) successor(keys []ownKey, now time.Time) ([]ownKey, error) {
	from := now
	if n := len(keys); n > 0 {
		if from = keys[n-1].notAfter.Add(-o.terms.Ahead); now.Before(from.Add(-o.terms.Ahead)) {
			return nil, nil
		}
		if from.Before(now) {
			from = now
		}
	}
	key, err := sign.Generate(o.terms.Alg)
	if err != nil {
		return nil, err
	}
	from = from.Truncate(time.Second)
	return []ownKey{{key, from, from.Add(o.terms.Life + o.terms.Ahead)}}, nil
}

// lock keeps other processes away from a file until unlock. What cannot be
// written needs none: it is another's to change.
func lock(path string) (unlock func(), err error) {
	if path == "" {
		return func() {}, nil
	}
	var f *os.File
	if err = os.MkdirAll(filepath.Dir(path), 0o700); err == nil {
		f, err = os.OpenFile(path+".lock", os.O_CREATE|os.O_RDWR, 0o600)
	}
	if isReadOnly(err) {
		return func() {}, nil
	}
	if err != nil {
		return nil, err
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return func() { _ = f.Close() }, nil // which unlocks it
}

func (o *Own) read() error {
	if o.path == "" {
		return nil
	}
	b, err := os.ReadFile(o.path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	var in ownFile
	if err := json.Unmarshal(b, &in); err != nil {
		return err
	}
	keys := make([]ownKey, len(in.Keys))
	for i, e := range in.Keys {
		key, err := sign.ParsePEM([]byte(e.PrivateKey))
		if err != nil {
			return err
		}
		keys[i] = ownKey{key, e.NotBefore, e.NotAfter}
	}
	o.keys = keys
	return nil
}

func (o *Own) write() error {
	if o.path == "" {
		return nil
	}
	var out ownFile
	for _, k := range o.keys {
		pem, err := k.key.MarshalPEM()
		if err != nil {
			return err
		}
		out.Keys = append(out.Keys, ownEntry{string(pem), k.notBefore, k.notAfter})
	}
	b, err := json.MarshalIndent(out, "", "  ")
	if err != nil {
		return err
	}
	return checkpoint.WriteFile(o.path, b, os.Rename)
}

// publish adds the public keys to the holder's file of the register. Keys in it
// stay as they are: an operator may have revoked one.
func (o *Own) publish() error {
	if o.register == "" {
		return nil
	}
	path := filepath.Join(o.register, o.holder+".json")
	unlock, err := lock(path)
	if err != nil {
		return err
	}
	defer unlock()
	there, err := readSet(path)
	if err != nil {
		return err
	}
	entries := there.Keys()
	for _, k := range o.keys {
		if _, ok := there.Key(k.key.KeyID()); !ok {
			entries = append(entries, sign.TrustedKey{Public: k.key.Public(), Holder: o.holder, NotBefore: k.notBefore.UTC(), NotAfter: k.notAfter.UTC()})
		}
	}
	if len(entries) == len(there.Keys()) {
		return nil
	}
	set, err := sign.NewKeySet(entries...)
	if err != nil {
		return err
	}
	b, err := json.MarshalIndent(set, "", "  ")
	if err != nil {
		return err
	}
	err = checkpoint.WriteFile(path, append(b, '\n'), os.Rename)
	if isReadOnly(err) { // operators distribute it
		return nil
	}
	return err
}

func isReadOnly(err error) bool {
	return errors.Is(err, fs.ErrPermission) || errors.Is(err, syscall.EROFS)
}

// Trusted are the keys as a register lists them.
func (o *Own) Trusted() []sign.TrustedKey {
	o.mu.Lock()
	defer o.mu.Unlock()
	out := make([]sign.TrustedKey, len(o.keys))
	for i, k := range o.keys {
		out[i] = sign.TrustedKey{Public: k.key.Public(), Holder: o.holder, NotBefore: k.notBefore.UTC(), NotAfter: k.notAfter.UTC()}
	}
	return out
}

// forsake remembers which of the keys a register has taken out of force, and says
// whether one of them is still among those that sign.
func (o *Own) forsake(register *sign.KeySet, now time.Time) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	news := false
	for _, k := range o.keys {
		id := k.key.KeyID()
		if t, ok := register.Key(id); ok && t.Holder == o.holder && t.RevokedAt != nil && !now.Before(*t.RevokedAt) && !o.forsaken[id] {
			if o.forsaken == nil {
				o.forsaken = map[string]bool{}
			}
			o.forsaken[id], news = true, true
		}
	}
	return news
}

// revoked are the keys that the register has taken out of force.
func (o *Own) revoked() (map[string]bool, error) {
	ids := maps.Clone(o.forsaken)
	if ids == nil {
		ids = map[string]bool{}
	}
	if o.register == "" {
		return ids, nil
	}
	set, err := readSet(filepath.Join(o.register, o.holder+".json"))
	if err != nil {
		return nil, err
	}
	for _, k := range set.Keys() {
		if k.RevokedAt != nil {
			ids[k.Public.KeyID()] = true
		}
	}
	return ids, nil
}

// readSet reads one file of a register; one that is not there is empty.
func readSet(path string) (*sign.KeySet, error) {
	b, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return sign.NewKeySet()
	}
	if err != nil {
		return nil, err
	}
	set, err := sign.ParseKeySet(b)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return set, nil
}
