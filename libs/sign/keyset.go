package sign

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"egov/libs/fault"
)

// TrustedKey is one entry of a register of keys (SH12-C-9, SH12-C-12).
type TrustedKey struct {
	Public        *PublicKey
	Holder        string     // who alone signs with it
	NotBefore     time.Time  // first instant of validity, less Skew
	NotAfter      time.Time  // first instant after validity
	RevokedAt     *time.Time // from then on the key proves nothing
	RevokedReason string
}

// KeySet is the trust store: keys by id. It is immutable, but for
// UnmarshalJSON, and safe for concurrent use; a change of trust is a new set.
type KeySet struct{ keys map[string]TrustedKey }

// ErrKeySet is the refusal of a set of keys that contradicts itself.
var ErrKeySet = fault.New(fault.Invalid, "invalid_key_set", "密钥登记内容不符合要求", "the set of keys is not valid", "SH12-C-9")

// NewKeySet makes a trust store; an entry without key, holder or a proper
// period, and a key that is entered twice, are refused with every violation.
func NewKeySet(keys ...TrustedKey) (*KeySet, error) {
	s := &KeySet{keys: make(map[string]TrustedKey, len(keys))}
	var c fault.Checks
	for i, k := range keys {
		at := fmt.Sprintf("keys[%d]", i)
		c.Require(k.Holder != "" && len(k.Holder) <= maxSigner, at+".holder", "malformed",
			"持有人必填且不得过长", fmt.Sprintf("must have 1 to %d bytes", maxSigner))
		c.Require(k.NotBefore.Before(k.NotAfter), at+".not_after", "empty_period",
			"失效时间须晚于生效时间", "must be later than not_before")
		if !c.Require(k.Public != nil, at+".public_key", "required", "公钥必填", "is required") {
			continue
		}
		_, twice := s.keys[k.Public.id]
		c.Require(!twice, at+".key_id", "duplicate_key", "密钥重复登记", "is entered twice")
		s.keys[k.Public.id] = k
	}
	if err := c.Err(); err != nil {
		return nil, ErrKeySet.WithViolations(fault.From(err).Violations...)
	}
	return s, nil
}

// Key finds an entry by key id.
func (s *KeySet) Key(id string) (TrustedKey, bool) {
	k, ok := s.keys[id]
	return k, ok
}

// Keys lists the entries in the order of their ids.
func (s *KeySet) Keys() []TrustedKey {
	out := make([]TrustedKey, 0, len(s.keys))
	for _, k := range s.keys {
		out = append(out, k)
	}
	slices.SortFunc(out, func(a, b TrustedKey) int { return strings.Compare(a.Public.id, b.Public.id) })
	return out
}

// Verify checks sig over doc; see the function Verify. Of several reasons to
// refuse, the first in this order is given: a malformed signature, an unknown
// key, another holder, a wrong value, a date in the future, a key out of its
// period, a revoked key. Nothing is said about a key's validity to someone
// without a true signature by it.
func (s *KeySet) Verify(doc any, sig Signature, at time.Time) error {
	if err := sig.check(); err != nil {
		return err
	}
	k, ok := s.keys[sig.KeyID]
	switch {
	case !ok:
		return ErrUnknownKey
	case k.Public.alg != sig.Alg: // never let the signature choose how its key is used
		return ErrWrong
	case k.Holder != sig.Signer:
		return ErrSignerMismatch
	}
	msg, err := sig.message(doc)
	if err != nil {
		return err
	}
	if !k.Public.VerifyMessage(msg, sig.Value) {
		return ErrWrong
	}
	if sig.SignedAt.After(at.Add(Skew)) {
		return ErrInFuture
	}
	for _, t := range []time.Time{sig.SignedAt, at} {
		if t.Before(k.NotBefore.Add(-Skew)) || !t.Before(k.NotAfter) {
			return ErrKeyNotValid
		}
		if k.RevokedAt != nil && !t.Before(*k.RevokedAt) {
			return ErrKeyRevoked
		}
	}
	return nil
}

// keyJSON is the JSON form of one entry.
type keyJSON struct {
	KeyID         string     `json:"key_id"`
	Alg           Alg        `json:"alg"`
	PublicKey     []byte     `json:"public_key"` // SubjectPublicKeyInfo, DER
	Holder        string     `json:"holder"`
	NotBefore     time.Time  `json:"not_before"`
	NotAfter      time.Time  `json:"not_after"`
	RevokedAt     *time.Time `json:"revoked_at,omitempty"`
	RevokedReason string     `json:"revoked_reason,omitempty"`
}

type keySetJSON struct {
	Keys []keyJSON `json:"keys"`
}

// MarshalJSON gives the form that ParseKeySet reads, in the order of key ids.
func (s *KeySet) MarshalJSON() ([]byte, error) {
	out := keySetJSON{Keys: make([]keyJSON, 0, len(s.keys))}
	for _, k := range s.Keys() {
		out.Keys = append(out.Keys, keyJSON{
			k.Public.id, k.Public.alg, k.Public.der, k.Holder, k.NotBefore, k.NotAfter, k.RevokedAt, k.RevokedReason,
		})
	}
	return json.Marshal(out)
}

// UnmarshalJSON is ParseKeySet, for a trust store within another document.
func (s *KeySet) UnmarshalJSON(b []byte) error {
	set, err := ParseKeySet(b)
	if err != nil {
		return err
	}
	*s = *set
	return nil
}

// ParseKeySet reads a trust store. The named ids and algorithms must be those
// of the keys: a reader of the file sees what the program uses.
func ParseKeySet(b []byte) (*KeySet, error) {
	var in keySetJSON
	if err := decodeStrict(b, &in); err != nil {
		return nil, ErrKeySet.With(err)
	}
	keys := make([]TrustedKey, len(in.Keys))
	var c fault.Checks
	for i, k := range in.Keys {
		pub, err := parsePublic(k.PublicKey)
		at := fmt.Sprintf("keys[%d]", i)
		if c.Require(err == nil, at+".public_key", "malformed", "公钥无法读取", "cannot be read") {
			c.Require(pub.id == k.KeyID, at+".key_id", "mismatch", "密钥编号与公钥不符", "is not that of the public key")
			c.Require(pub.alg == k.Alg, at+".alg", "mismatch", "算法与公钥不符", "is not that of the public key")
		}
		keys[i] = TrustedKey{pub, k.Holder, k.NotBefore, k.NotAfter, k.RevokedAt, k.RevokedReason}
	}
	if err := c.Err(); err != nil {
		return nil, ErrKeySet.WithViolations(fault.From(err).Violations...)
	}
	return NewKeySet(keys...)
}
