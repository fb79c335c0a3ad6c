// Package keyring keeps the keys that sign access tokens: the one that signs
// now, the next one, published for a while before it signs, and the last ones,
// published until every token they signed has expired. Keys lie as files in one
// directory, so that the processes of the service share them and a restart
// keeps sessions alive; without a directory they live as long as the process.
//
// A file's name says from when its key signs. Everything else follows from the
// names and the clock, so nothing has to be kept in step.
package keyring

import (
	"bytes"
	"cmp"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"egov/libs/authn"
	"egov/libs/authn/token"
	"egov/libs/calendar"
	"egov/services/identity"
)

// Options of a ring.
type Options struct {
	Dir      string // empty = keys for this run only
	Rules    identity.KeyRules
	Clock    calendar.Clock
	Issuer   string
	Audience string
}

// Ring is the keys. It is safe for concurrent use.
type Ring struct {
	o    Options
	mu   sync.RWMutex
	keys []key // by signsFrom
}

type key struct {
	id        string
	private   ed25519.PrivateKey
	signsFrom time.Time
}

// Open reads the ring of o.Dir, or makes its first key.
func Open(o Options) (*Ring, error) {
	r := &Ring{o: o}
	if o.Dir != "" {
		if err := os.MkdirAll(o.Dir, 0o700); err != nil {
			return nil, fmt.Errorf("directory of signing keys: %w", err)
		}
	}
	if err := r.read(); err != nil {
		return nil, err
	}
	if len(r.keys) == 0 {
		if _, err := r.add(o.Clock.Now()); err != nil {
			return nil, err
		}
	}
	return r, nil
}

// Issue signs a token for p with the key that signs now.
func (r *Ring) Issue(p authn.Principal, life time.Duration) (string, time.Time, error) {
	r.mu.RLock()
	k := r.keys[r.current(r.o.Clock.Now())]
	r.mu.RUnlock()
	i := token.Issuer{KeyID: k.id, Key: k.private, Issuer: r.o.Issuer, Audience: r.o.Audience, Now: r.o.Clock.Now}
	return i.Issue(p, life)
}

// current is the latest key that signs already; when none does, because the
// clock was put back, the earliest.
func (r *Ring) current(now time.Time) int {
	at := 0
	for i, k := range r.keys {
		if !k.signsFrom.After(now) {
			at = i
		}
	}
	return at
}

// published are the keys by which tokens may be verified at the instant: the
// current one, those to come, and those whose last tokens may still live.
func (r *Ring) published(now time.Time) []key {
	overlap := time.Duration(r.o.Rules.OverlapMinutes) * time.Minute
	first := r.current(now)
	for first > 0 && now.Before(r.keys[first].signsFrom.Add(overlap)) {
		first--
	}
	return slices.Clone(r.keys[first:])
}

// Published are the keys by which tokens may be verified now.
func (r *Ring) Published() []identity.SigningKey {
	r.mu.RLock()
	defer r.mu.RUnlock()
	var out []identity.SigningKey
	for _, k := range r.published(r.o.Clock.Now()) {
		out = append(out, identity.SigningKey{ID: k.id, SignsFrom: k.signsFrom})
	}
	return out
}

// KeySet is the JWKS document (RFC 7517) of the published keys.
func (r *Ring) KeySet() ([]byte, error) {
	r.mu.RLock()
	defer r.mu.RUnlock()
	var keys []token.PublicKey
	for _, k := range r.published(r.o.Clock.Now()) {
		keys = append(keys, token.PublicKey{KeyID: k.id, Key: k.private.Public().(ed25519.PublicKey)})
	}
	return token.KeySet(keys...)
}

// Next is the key that signs next: one that waits already, or a new one.
func (r *Ring) Next() (identity.SigningKey, error) {
	if err := r.read(); err != nil {
		return identity.SigningKey{}, err
	}
	now := r.o.Clock.Now()
	r.mu.RLock()
	last := r.keys[len(r.keys)-1]
	r.mu.RUnlock()
	if !last.signsFrom.After(now) {
		var err error
		if last, err = r.add(now.Add(time.Duration(r.o.Rules.AheadMinutes) * time.Minute)); err != nil {
			return identity.SigningKey{}, err
		}
	}
	return identity.SigningKey{ID: last.id, SignsFrom: last.signsFrom}, nil
}

// Turn reads what other processes made, makes the next key when the current
// one's time is nearly over, and destroys the keys that are published no more.
func (r *Ring) Turn() error {
	if err := r.read(); err != nil {
		return err
	}
	now := r.o.Clock.Now()
	r.mu.RLock()
	last := r.keys[len(r.keys)-1]
	r.mu.RUnlock()
	ends := last.signsFrom.Add(time.Duration(r.o.Rules.RotateDays) * 24 * time.Hour)
	if !now.Before(ends.Add(-time.Duration(r.o.Rules.AheadMinutes) * time.Minute)) {
		if _, err := r.Next(); err != nil {
			return err
		}
	}
	return r.destroy(now)
}

func (r *Ring) destroy(now time.Time) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	keep := r.published(now)
	var errs []error
	for _, k := range r.keys[:len(r.keys)-len(keep)] {
		if r.o.Dir == "" {
			continue
		}
		if err := os.Remove(r.path(k)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			errs = append(errs, fmt.Errorf("destroy a signing key: %w", err))
		}
	}
	r.keys = keep
	return errors.Join(errs...)
}

// add makes a key that signs from the instant on.
func (r *Ring) add(from time.Time) (key, error) {
	public, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		return key{}, fmt.Errorf("make a signing key: %w", err)
	}
	k := key{id: thumbprint(public), private: private, signsFrom: from.Truncate(time.Second)}
	if r.o.Dir != "" {
		der, err := x509.MarshalPKCS8PrivateKey(private)
		if err != nil {
			return key{}, fmt.Errorf("encode a signing key: %w", err)
		}
		if err := keep(r.path(k), pem.EncodeToMemory(&pem.Block{Type: blockType, Bytes: der})); err != nil {
			return key{}, fmt.Errorf("keep a signing key: %w", err)
		}
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.keys = append(r.keys, k)
	r.sort()
	return k, nil
}

func (r *Ring) sort() {
	slices.SortFunc(r.keys, func(a, b key) int { return cmp.Or(a.signsFrom.Compare(b.signsFrom), strings.Compare(a.id, b.id)) })
}

const (
	blockType = "PRIVATE KEY"
	prefix    = "token-"
	suffix    = ".pem"
)

func (r *Ring) path(k key) string {
	return filepath.Join(r.o.Dir, prefix+strconv.FormatInt(k.signsFrom.Unix(), 10)+"-"+k.id+suffix)
}

// read takes in the keys of the directory.
func (r *Ring) read() error {
	if r.o.Dir == "" {
		return nil
	}
	files, err := os.ReadDir(r.o.Dir)
	if err != nil {
		return fmt.Errorf("directory of signing keys: %w", err)
	}
	var keys []key
	for _, f := range files {
		name, ok := strings.CutPrefix(f.Name(), prefix)
		if !ok || !strings.HasSuffix(name, suffix) {
			continue
		}
		unix, id, _ := strings.Cut(strings.TrimSuffix(name, suffix), "-")
		seconds, err := strconv.ParseInt(unix, 10, 64)
		if err != nil {
			return fmt.Errorf("signing key %s: the name does not say from when it signs", f.Name())
		}
		b, err := os.ReadFile(filepath.Join(r.o.Dir, f.Name()))
		if errors.Is(err, fs.ErrNotExist) {
			continue // another process destroyed it
		}
		if err != nil {
			return fmt.Errorf("signing key: %w", err)
		}
		private, err := decode(b)
		if err != nil {
			return fmt.Errorf("signing key %s: %w", f.Name(), err)
		}
		if got := thumbprint(private.Public().(ed25519.PublicKey)); got != id {
			return fmt.Errorf("signing key %s: holds the key %s", f.Name(), got)
		}
		keys = append(keys, key{id: id, private: private, signsFrom: time.Unix(seconds, 0).In(calendar.Shanghai)})
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(keys) == 0 && len(r.keys) > 0 {
		return errors.New("the directory of signing keys has been emptied")
	}
	r.keys = keys
	r.sort()
	return nil
}

func decode(b []byte) (ed25519.PrivateKey, error) {
	block, rest := pem.Decode(b)
	if block == nil || block.Type != blockType || len(bytes.TrimSpace(rest)) > 0 {
		return nil, errors.New("is not one PEM private key")
	}
	k, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		return nil, err
	}
	private, ok := k.(ed25519.PrivateKey)
	if !ok {
		return nil, fmt.Errorf("is %T, not Ed25519", k)
	}
	return private, nil
}

// thumbprint is the key's id: its JWK thumbprint (RFC 7638).
func thumbprint(k ed25519.PublicKey) string {
	sum := sha256.Sum256(fmt.Appendf(nil, `{"crv":"Ed25519","kty":"OKP","x":%q}`, base64.RawURLEncoding.EncodeToString(k)))
	return base64.RawURLEncoding.EncodeToString(sum[:])
}

// secretBytes is the size of the key that refresh tokens follow from.
const secretBytes = 32

// Secret is the key that refresh tokens follow from: kept in dir beside the
// ring, or made for this run when dir is empty.
func Secret(dir string) ([]byte, error) {
	fresh := make([]byte, secretBytes)
	if _, err := rand.Read(fresh); err != nil {
		return nil, err
	}
	if dir == "" {
		return fresh, nil
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("directory of keys: %w", err)
	}
	path := filepath.Join(dir, "refresh.key")
	if err := keep(path, fresh); err != nil && !errors.Is(err, fs.ErrExist) {
		return nil, fmt.Errorf("keep the key of refresh tokens: %w", err)
	}
	b, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("key of refresh tokens: %w", err)
	}
	if len(b) != secretBytes {
		return nil, fmt.Errorf("key of refresh tokens %s: %d bytes instead of %d", path, len(b), secretBytes)
	}
	return b, nil
}

// keep writes a new file in one step: it is there whole, or not at all. One
// that is there already is fs.ErrExist and stays as it is.
func keep(path string, content []byte) (err error) {
	f, err := os.CreateTemp(filepath.Dir(path), ".new-*")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.Remove(f.Name())) }()
	_, err = f.Write(content) // CreateTemp gives 0600
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return err
	}
	return os.Link(f.Name(), path)
}
