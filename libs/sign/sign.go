// Package sign makes and checks detached signatures over documents: Ed25519,
// and SM2 with SM3 as GB/T 32918.2 has it.
//
// What is signed is not a byte string but a document: any value that has a
// canonical JSON form (RFC 8785), so that a document read back from a database
// or an export still verifies. The signature covers the document together with
// the algorithm, the key, the signer and the time of signing: none of them can
// be exchanged afterwards.
//
// The package promises that the holder of the named key signed this document.
// It does not promise when: SignedAt is the signer's own word, and Verify takes
// the instant from a clock the verifier trusts. Nor does it say what the
// signature means: a document names the act it stands for. It keeps no keys;
// where they are stored is the caller's affair.
package sign

import (
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"time"
	"unicode/utf8"

	"github.com/emmansun/gmsm/sm3"

	"egov/libs/fault"
)

// Alg names a signature algorithm with its hash.
type Alg string

// The algorithms. stable: they stand in stored signatures.
const (
	Ed25519 Alg = "ed25519" // RFC 8032; documents are digested with SHA-256
	SM2     Alg = "sm2"     // GB/T 32918.2 with SM3 and the default user id; documents are digested with SM3
)

func (a Alg) known() bool { return a == Ed25519 || a == SM2 }

// digest is the hash of a document under the algorithm, with its name.
func (a Alg) digest(b []byte) string {
	if a == SM2 {
		sum := sm3.Sum(b)
		return "sm3:" + hex.EncodeToString(sum[:])
	}
	sum := sha256.Sum256(b)
	return "sha256:" + hex.EncodeToString(sum[:])
}

// Signature is a detached signature. Its JSON form is kept beside the document.
type Signature struct {
	Alg      Alg       `json:"alg"`
	KeyID    string    `json:"key_id"`
	Signer   string    `json:"signer"`    // the key's holder, e.g. a unit code or an account
	SignedAt time.Time `json:"signed_at"` // whole microseconds, as PostgreSQL keeps them
	Value    []byte    `json:"value"`     // 64 bytes for Ed25519, ASN.1 DER for SM2
}

// The refusals. stable: their codes are part of answers.
var (
	ErrDocument = fault.New(fault.Invalid, "document_not_canonical",
		"文书无法规范化，不能签名", "the document has no canonical form and cannot be signed", "SH12-C-6")
	ErrMalformed = fault.New(fault.Invalid, "signature_malformed",
		"电子签名格式错误", "the signature is malformed", "SH12-C-6")
	ErrUnknownKey = fault.New(fault.Refused, "signature_unknown_key",
		"签名所用密钥未经认可", "the signature's key is not a trusted one", "SH12-C-5")
	ErrKeyNotValid = fault.New(fault.Refused, "signature_key_not_valid",
		"签名所用密钥不在有效期内", "the signature's key was not in its validity period", "SH12-C-6")
	ErrKeyRevoked = fault.New(fault.Refused, "signature_key_revoked",
		"签名所用密钥已撤销", "the signature's key has been revoked", "SH12-C-6")
	ErrSignerMismatch = fault.New(fault.Refused, "signature_signer_mismatch",
		"签名人不是该密钥的持有人", "the signer is not the holder of the key", "SH12-C-12")
	ErrInFuture = fault.New(fault.Refused, "signature_in_future",
		"签名时间晚于当前时间", "the signature is dated in the future", "SH12-C-6")
	ErrWrong = fault.New(fault.Refused, "signature_wrong",
		"电子签名与文书不符", "the signature does not match the document", "SH12-C-6")
)

// Signer signs documents as one holder of one key.
type Signer interface {
	// Sign signs doc as of the instant at, which is cut to microseconds.
	// It fails with ErrDocument when doc has no canonical form.
	Sign(doc any, at time.Time) (Signature, error)
	// KeyID names the key, for registers and key sets.
	KeyID() string
}

// Verifier checks signatures; *KeySet is one.
type Verifier interface {
	// Verify returns nil only when sig is a good signature of doc, by a key
	// that was good at the instant at.
	Verify(doc any, sig Signature, at time.Time) error
}

// Verify checks sig over doc against the trusted keys. at is an instant at
// which the signature is known to have existed, from a clock that the verifier
// trusts: now for one just received, the ledger's time for an old one. The key
// must be good both then and at SignedAt, so that an expired key cannot sign
// by dating back.
func Verify(doc any, sig Signature, keys *KeySet, at time.Time) error {
	return keys.Verify(doc, sig, at)
}

// Skew is how far the clocks of a signer, a verifier and a register of keys may
// stand apart.
const Skew = 2 * time.Minute

type signer struct {
	key    *PrivateKey
	holder string
}

func (s signer) KeyID() string { return s.key.KeyID() }

func (s signer) Sign(doc any, at time.Time) (Signature, error) {
	sig := Signature{Alg: s.key.Alg(), KeyID: s.key.KeyID(), Signer: s.holder, SignedAt: at.Truncate(time.Microsecond)}
	msg, err := sig.message(doc)
	if err != nil {
		return Signature{}, err
	}
	if sig.Value, err = s.key.SignMessage(msg); err != nil {
		return Signature{}, err
	}
	return sig, sig.check() // an unusable holder or instant shows here, not at the first reader
}

// context keeps these signatures apart from every other use of the same keys.
const context = "egov-document-signature-v1"

// message is the byte string that is signed: the canonical form of an object
// that binds the document's digest to everything else in the signature.
func (s Signature) message(doc any) ([]byte, error) {
	canonical, err := Canonical(doc)
	if err != nil {
		return nil, err
	}
	if !utf8.ValidString(s.Signer) || !utf8.ValidString(s.KeyID) || !utf8.ValidString(string(s.Alg)) {
		return nil, ErrDocument.WithViolations(fault.Violation{Field: "signer", Code: "not_unicode", Msg: "含有无效的UTF-8字节", MsgEN: "is not valid UTF-8"})
	}
	// An object in its canonical form: members in order, without space.
	out := make([]byte, 0, 384)
	for i, m := range []struct{ name, value string }{
		{"alg", string(s.Alg)},
		{"context", context},
		{"document", s.Alg.digest(canonical)},
		{"key_id", s.KeyID},
		{"signed_at", s.SignedAt.UTC().Format(time.RFC3339Nano)},
		{"signer", s.Signer},
	} {
		sep := byte(',')
		if i == 0 {
			sep = '{'
		}
		out = append(appendText(append(out, sep), m.name), ':')
		out = appendText(out, m.value)
	}
	return append(out, '}'), nil
}

// ParseSignature reads the JSON form; anything missing, unknown or out of
// bounds is ErrMalformed with every violation.
func ParseSignature(b []byte) (Signature, error) {
	var sig Signature
	if err := decodeStrict(b, &sig); err != nil {
		return Signature{}, ErrMalformed.With(err)
	}
	if err := sig.check(); err != nil {
		return Signature{}, err
	}
	return sig, nil
}

const (
	maxSigner = 200 // bytes
	maxValue  = 80  // bytes; the longest DER of two 256-bit integers is 72
)

var (
	wantKeyID  = fmt.Sprintf("must be %d hex digits", keyIDLen)
	wantSigner = fmt.Sprintf("must have 1 to %d bytes", maxSigner)
)

func (s Signature) check() error {
	var c fault.Checks
	c.Require(s.Alg.known(), "alg", "unknown_alg", "签名算法须为ed25519或sm2", "must be ed25519 or sm2")
	c.Require(len(s.KeyID) == keyIDLen, "key_id", "malformed", "密钥编号格式错误", wantKeyID)
	c.Require(s.Signer != "" && len(s.Signer) <= maxSigner, "signer", "malformed",
		"签名人必填且不得过长", wantSigner)
	// Some years have no RFC 3339 form.
	year := s.SignedAt.UTC().Year()
	c.Require(!s.SignedAt.IsZero() && year >= 1 && year <= 9999, "signed_at", "required", "签名时间必填", "is required")
	n := len(s.Value)
	c.Require(n > 0 && n <= maxValue && (s.Alg != Ed25519 || n == ed25519.SignatureSize), "value", "malformed",
		"签名值长度错误", "has a wrong length")
	if err := c.Err(); err != nil {
		return ErrMalformed.WithViolations(fault.From(err).Violations...)
	}
	return nil
}

// MarshalJSON refuses a signature that could not be read back.
func (s Signature) MarshalJSON() ([]byte, error) {
	if err := s.check(); err != nil {
		return nil, err
	}
	type plain Signature
	return json.Marshal(plain(s))
}
