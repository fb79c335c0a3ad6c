package ledger

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"

	"github.com/emmansun/gmsm/sm3"
)

// HashSize is the length of every hash of the ledger, in bytes. SHA-256 and
// SM3 agree on it.
const HashSize = 32

// Hash is one SHA-256 or SM3 value. Its text form is 64 lower-case hex digits,
// and no other spelling is read.
type Hash [HashSize]byte

// First bytes that keep the ledger's hash inputs apart. The first two are
// those of RFC 6962; an event's own bytes begin with '{'.
const (
	tagLeaf    = 0x00
	tagNode    = 0x01
	tagLink    = 0x02
	tagGenesis = 0x03
)

// String is the hex form.
func (h Hash) String() string { return hex.EncodeToString(h[:]) }

// Base64 is the form in which signed notes carry hashes: standard alphabet,
// with padding.
func (h Hash) Base64() string { return base64.StdEncoding.EncodeToString(h[:]) }

// AppendText appends the hex form.
func (h Hash) AppendText(dst []byte) ([]byte, error) { return hex.AppendEncode(dst, h[:]), nil }

// MarshalText gives the hex form.
func (h Hash) MarshalText() ([]byte, error) { return h.AppendText(nil) }

// UnmarshalText reads the hex form.
func (h *Hash) UnmarshalText(text []byte) error {
	v, ok := ParseHash(text)
	if !ok {
		return fmt.Errorf("a hash is %d lower-case hex digits", 2*HashSize)
	}
	*h = v
	return nil
}

// ParseHash reads exactly 64 lower-case hex digits.
func ParseHash[T string | []byte](text T) (h Hash, ok bool) {
	if len(text) != 2*HashSize {
		return Hash{}, false
	}
	bad := byte(0)
	for i := range h {
		hi, lo := nibbles[text[2*i]], nibbles[text[2*i+1]]
		bad |= hi | lo
		h[i] = hi<<4 | lo&0x0f
	}
	return h, bad&notHex == 0
}

// ParseBase64Hash reads the form of signed notes, and only its one canonical
// spelling.
func ParseBase64Hash(text string) (h Hash, ok bool) {
	b, err := base64.StdEncoding.Strict().DecodeString(text)
	if err != nil || len(b) != HashSize {
		return Hash{}, false
	}
	h = Hash(b)
	return h, h.Base64() == text
}

const notHex = 0x80

// nibbles maps a lower-case hex digit to its value, anything else to notHex.
var nibbles = func() (t [256]byte) {
	for i := range t {
		t[i] = notHex
	}
	for i, c := range []byte("0123456789abcdef") {
		t[c] = byte(i)
	}
	return t
}()

// Sum256 is the SHA-256 row hash of an event's bytes.
func Sum256(raw []byte) Hash { return sha256.Sum256(raw) }

// SumSM3 is the SM3 row hash of an event's bytes.
func SumSM3(raw []byte) Hash { return sm3.Sum(raw) }

// HashLeaf is the tree's hash of one leaf, RFC 6962 §2.1. The leaf is a row's
// chain value.
func HashLeaf(chain Hash) Hash {
	var b [1 + HashSize]byte
	b[0] = tagLeaf
	copy(b[1:], chain[:])
	return sha256.Sum256(b[:])
}

// hashNode is the tree's hash of an inner node, RFC 6962 §2.1.
func hashNode(left, right *Hash) Hash {
	var b [1 + 2*HashSize]byte
	b[0] = tagNode
	copy(b[1:], left[:])
	copy(b[1+HashSize:], right[:])
	return sha256.Sum256(b[:])
}
