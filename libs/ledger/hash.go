package ledger

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
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
	tagLink    = 0x00
	tagNode    = 0x01
	tagGenesis = 0x02
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
	var bad uint64
	for i := 0; i < len(h); i += 4 {
		t := text[2*i : 2*i+8]
		digits := uint64(t[0]) | uint64(t[1])<<8 | uint64(t[2])<<16 | uint64(t[3])<<24 |
			uint64(t[4])<<32 | uint64(t[5])<<40 | uint64(t[6])<<48 | uint64(t[7])<<56
		v, wrong := parseDigits(digits)
		bad |= wrong
		binary.LittleEndian.PutUint32(h[i:], v)
	}
	return h, bad == 0
}

// parseDigits reads eight hex digits at once, the first in the lowest byte.
// wrong is not zero when one of them is none.
func parseDigits(digits uint64) (v uint32, wrong uint64) {
	const (
		each  = 0x0101010101010101
		lower = 0x0f * each
	)
	letters := digits >> 6 & each // 1 for 'a' … 'f'
	n := digits&lower + 9*letters
	above9 := (n + 6*each) >> 4 & each
	written := n + '0'*each + ('a'-'0'-10)*above9
	wrong = n&^lower | (written ^ digits)
	n = (n<<4 | n>>8) & 0x00ff00ff00ff00ff
	n = (n | n>>8) & 0x0000ffff0000ffff
	return uint32(n | n>>16), wrong
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

// Sum256 is the SHA-256 row hash of an event's bytes.
func Sum256(raw []byte) Hash { return sha256.Sum256(raw) }

// SumSM3 is the SM3 row hash of an event's bytes.
func SumSM3(raw []byte) Hash { return sm3.Sum(raw) }

// hashNode is the tree's hash of an inner node, RFC 6962 §2.1.
func hashNode(left, right *Hash) Hash {
	var b [1 + 2*HashSize]byte
	b[0] = tagNode
	copy(b[1:], left[:])
	copy(b[1+HashSize:], right[:])
	return sha256.Sum256(b[:])
}
