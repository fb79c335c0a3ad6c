// Package password hashes passwords with argon2id (RFC 9106) and compares them.
// A hash carries its own salt and cost in the usual text form
// ($argon2id$v=19$m=…,t=…,p=…$salt$hash), so that the cost may rise without
// breaking older ones. The package keeps nothing and knows no rules about what
// a password looks like.
package password

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"fmt"
	"runtime"

	"golang.org/x/crypto/argon2"

	"egov/services/identity"
)

const (
	saltBytes = 16
	keyBytes  = 32
	// maxMemoryKiB and maxPasses bound what a stored hash may make us spend.
	maxMemoryKiB = 1 << 20
	maxPasses    = 64
)

// errHash is a stored hash that is not one of ours.
var errHash = errors.New("password: not an argon2id hash")

// Hasher hashes with one cost. It is safe for concurrent use and works on as
// many passwords at a time as there are processors, so that a rush of sign-ins
// cannot exhaust the memory.
type Hasher struct {
	cost identity.HashCost
	slot chan struct{}
}

// New makes a hasher.
func New(cost identity.HashCost) *Hasher {
	return &Hasher{cost: cost, slot: make(chan struct{}, runtime.GOMAXPROCS(0))}
}

// Hash makes the hash of a password with a salt of its own.
func (h *Hasher) Hash(ctx context.Context, password string) (string, error) {
	salt := make([]byte, saltBytes)
	if _, err := rand.Read(salt); err != nil {
		return "", err
	}
	p := parameters{HashCost: h.cost, salt: salt}
	key, err := h.derive(ctx, password, p, keyBytes)
	if err != nil {
		return "", err
	}
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s", argon2.Version, p.MemoryKiB, p.Passes, p.Lanes,
		base64.RawStdEncoding.EncodeToString(salt), base64.RawStdEncoding.EncodeToString(key)), nil
}

// Matches reports whether the password is the one that was hashed. It takes the
// time of the hash's own cost, whatever the answer.
func (h *Hasher) Matches(ctx context.Context, hash, password string) (bool, error) {
	p, want, err := parse(hash)
	if err != nil {
		return false, err
	}
	got, err := h.derive(ctx, password, p, len(want))
	if err != nil {
		return false, err
	}
	return subtle.ConstantTimeCompare(got, want) == 1, nil
}

type parameters struct {
	identity.HashCost
	salt []byte
}

// derive waits for a slot, or for the end of ctx.
func (h *Hasher) derive(ctx context.Context, password string, p parameters, size int) ([]byte, error) {
	select {
	case h.slot <- struct{}{}:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	defer func() { <-h.slot }()
	return argon2.IDKey([]byte(password), p.salt, p.Passes, p.MemoryKiB, p.Lanes, uint32(size)), nil
}

// parse takes a stored hash apart; it is strict, since only Hash makes them.
func parse(hash string) (p parameters, key []byte, err error) {
	var version int
	var salt, sum string
	n, err := fmt.Sscanf(split(hash), "argon2id v=%d m=%d,t=%d,p=%d %s %s", &version, &p.MemoryKiB, &p.Passes, &p.Lanes, &salt, &sum)
	if err != nil || n != 6 || version != argon2.Version {
		return p, nil, errHash
	}
	if p.MemoryKiB == 0 || p.MemoryKiB > maxMemoryKiB || p.Passes == 0 || p.Passes > maxPasses || p.Lanes == 0 {
		return p, nil, errHash
	}
	if p.salt, err = base64.RawStdEncoding.DecodeString(salt); err != nil || len(p.salt) < saltBytes {
		return p, nil, errHash
	}
	if key, err = base64.RawStdEncoding.DecodeString(sum); err != nil || len(key) < keyBytes {
		return p, nil, errHash
	}
	return p, key, nil
}

// split turns the separators of the text form into blanks.
func split(hash string) string {
	if len(hash) == 0 || hash[0] != '$' {
		return ""
	}
	b := []byte(hash[1:])
	for i := range b {
		switch b[i] {
		case '$':
			b[i] = ' '
		case ' ', '\n', '\t':
			return ""
		}
	}
	return string(b)
}
