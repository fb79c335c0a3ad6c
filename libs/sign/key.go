package sign

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/pem"
	"errors"
	"fmt"
	"os"

	"github.com/emmansun/gmsm/sm2"
	"github.com/emmansun/gmsm/sm3"
	"github.com/emmansun/gmsm/smx509"
)

// keyIDLen is the length of a key id: half a SHA-256, in hex.
const keyIDLen = sha256.Size

// PublicKey verifies. It is immutable.
type PublicKey struct {
	alg Alg
	id  string
	der []byte // SubjectPublicKeyInfo
	ed  ed25519.PublicKey
	sm2 *ecdsa.PublicKey
	za  []byte // what SM2 hashes before a message: of the default user id, the curve and the key
}

// PrivateKey signs. It is immutable and never prints its secret.
type PrivateKey struct {
	pub *PublicKey
	ed  ed25519.PrivateKey
	sm2 *sm2.PrivateKey
}

// Generate makes a new key from the system's randomness.
func Generate(alg Alg) (*PrivateKey, error) {
	switch alg {
	case Ed25519:
		_, key, err := ed25519.GenerateKey(rand.Reader)
		if err != nil {
			return nil, fmt.Errorf("generate an Ed25519 key: %w", err)
		}
		return newPrivate(key)
	case SM2:
		key, err := sm2.GenerateKey(rand.Reader)
		if err != nil {
			return nil, fmt.Errorf("generate an SM2 key: %w", err)
		}
		return newPrivate(key)
	}
	return nil, fmt.Errorf("generate a key: unknown algorithm %q", alg)
}

func newPrivate(key any) (*PrivateKey, error) {
	switch k := key.(type) {
	case ed25519.PrivateKey:
		pub, err := newPublic(k.Public())
		return &PrivateKey{pub: pub, ed: k}, err
	case *sm2.PrivateKey:
		pub, err := newPublic(&k.PublicKey)
		return &PrivateKey{pub: pub, sm2: k}, err
	}
	return nil, fmt.Errorf("a %T is neither an Ed25519 nor an SM2 key", key)
}

func newPublic(key any) (*PublicKey, error) {
	p := &PublicKey{}
	switch k := key.(type) {
	case ed25519.PublicKey:
		p.alg, p.ed = Ed25519, k
	case *ecdsa.PublicKey:
		if !sm2.IsSM2PublicKey(k) {
			return nil, errors.New("an ECDSA key is not on the SM2 curve")
		}
		var err error
		if p.za, err = sm2.CalculateZA(k, []byte(defaultUserID)); err != nil {
			return nil, fmt.Errorf("an SM2 key: %w", err)
		}
		p.alg, p.sm2 = SM2, k
	default:
		return nil, fmt.Errorf("a %T is neither an Ed25519 nor an SM2 key", key)
	}
	der, err := smx509.MarshalPKIXPublicKey(key)
	if err != nil {
		return nil, fmt.Errorf("encode a public key: %w", err)
	}
	sum := sha256.Sum256(der)
	p.der, p.id = der, hex.EncodeToString(sum[:])[:keyIDLen]
	return p, nil
}

// defaultUserID is the one that GM/T 0009 has signers use who agreed on none.
const defaultUserID = "1234567812345678"

const (
	pemPrivate = "PRIVATE KEY"
	pemPublic  = "PUBLIC KEY"
)

// LoadPEM reads a private key file; see ParsePEM.
func LoadPEM(path string) (*PrivateKey, error) {
	b, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("load a signing key: %w", err)
	}
	key, err := ParsePEM(b)
	if err != nil {
		return nil, fmt.Errorf("load a signing key from %s: %w", path, err)
	}
	return key, nil
}

// ParsePEM reads one unencrypted PKCS#8 private key, Ed25519 or SM2.
func ParsePEM(b []byte) (*PrivateKey, error) {
	der, err := onlyBlock(b, pemPrivate)
	if err != nil {
		return nil, err
	}
	key, err := smx509.ParsePKCS8PrivateKey(der)
	if err != nil {
		return nil, fmt.Errorf("not a PKCS#8 key: %w", err)
	}
	return newPrivate(key)
}

// ParsePublicPEM reads one SubjectPublicKeyInfo, Ed25519 or SM2.
func ParsePublicPEM(b []byte) (*PublicKey, error) {
	der, err := onlyBlock(b, pemPublic)
	if err != nil {
		return nil, err
	}
	return parsePublic(der)
}

func parsePublic(der []byte) (*PublicKey, error) {
	key, err := smx509.ParsePKIXPublicKey(der)
	if err != nil {
		return nil, fmt.Errorf("not a public key: %w", err)
	}
	return newPublic(key)
}

func onlyBlock(b []byte, want string) ([]byte, error) {
	block, rest := pem.Decode(b)
	if block == nil || block.Type != want {
		return nil, fmt.Errorf("no PEM block %q", want)
	}
	if more, _ := pem.Decode(rest); more != nil {
		return nil, errors.New("more than one PEM block")
	}
	return block.Bytes, nil
}

// MarshalPEM gives the PKCS#8 form that ParsePEM reads: a secret.
func (k *PrivateKey) MarshalPEM() ([]byte, error) {
	var key any = k.ed
	if k.sm2 != nil {
		key = k.sm2
	}
	der, err := smx509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return nil, fmt.Errorf("encode a private key: %w", err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: pemPrivate, Bytes: der}), nil
}

// MarshalPEM gives the form that ParsePublicPEM reads.
func (k *PublicKey) MarshalPEM() []byte {
	return pem.EncodeToMemory(&pem.Block{Type: pemPublic, Bytes: k.der})
}

// Alg is the key's algorithm.
func (k *PublicKey) Alg() Alg { return k.alg }

// KeyID is the first 128 bits of the SHA-256 of the key's
// SubjectPublicKeyInfo, in 32 hex digits: the same key has the same id
// wherever it is kept.
func (k *PublicKey) KeyID() string { return k.id }

// Public is the key's other half.
func (k *PrivateKey) Public() *PublicKey { return k.pub }

// Alg is the key's algorithm.
func (k *PrivateKey) Alg() Alg { return k.pub.alg }

// KeyID is that of the public key.
func (k *PrivateKey) KeyID() string { return k.pub.id }

// String names the key without its secret; formatting verbs use it.
func (k *PrivateKey) String() string { return string(k.pub.alg) + " key " + k.pub.id }

// GoString keeps %#v from printing the secret.
func (k *PrivateKey) GoString() string { return k.String() }

// Ed25519 gives the bare key to formats that take no other, such as signed
// notes and EdDSA tokens; ok is false for an SM2 key.
func (k *PrivateKey) Ed25519() (key ed25519.PrivateKey, ok bool) { return k.ed, k.ed != nil }

// Ed25519 gives the bare key; ok is false for an SM2 key.
func (k *PublicKey) Ed25519() (key ed25519.PublicKey, ok bool) { return k.ed, k.ed != nil }

// For makes the Signer that signs with this key in the name of its holder.
func (k *PrivateKey) For(holder string) Signer { return signer{k, holder} }

// SignMessage signs a byte string as it is: for formats that define their own,
// such as the ledger's checkpoints. Documents are signed through a Signer.
func (k *PrivateKey) SignMessage(msg []byte) ([]byte, error) {
	if k.sm2 == nil {
		return ed25519.Sign(k.ed, msg), nil
	}
	h := sm3.New()
	h.Write(k.pub.za)
	h.Write(msg)
	value, err := k.sm2.Sign(rand.Reader, h.Sum(nil), nil)
	if err != nil {
		return nil, fmt.Errorf("sign with SM2: %w", err)
	}
	return value, nil
}

// VerifyMessage reports whether value is this key's signature of the byte
// string. Any value may be handed in.
func (k *PublicKey) VerifyMessage(msg, value []byte) bool {
	if k.alg == SM2 {
		return sm2.VerifyASN1WithSM2(k.sm2, nil, msg, value)
	}
	return ed25519.Verify(k.ed, msg, value)
}
