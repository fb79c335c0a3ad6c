package checkpoint

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/asn1"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"hash"
	"io"
	"math/big"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/emmansun/gmsm/sm2"
	"golang.org/x/mod/sumdb/note"

	"egov/libs/fault"
)

// Algorithm is what a key signs with, and as whom.
type Algorithm string

// The algorithms. A key is for one of them only. The type bytes stand first in
// the key material of a verifier key and go into its key id, as C2SP
// signed-note asks; the SM2 ones use 0xff with a longer name, since the
// specification has assigned SM2 no byte.
//
// SM2 keys are 65 bytes, the uncompressed point 0x04 ‖ x ‖ y of the curve of
// GB/T 32918.5; signatures are 64 bytes, r ‖ s, over the SM3 digest of GB/T
// 32918.2 with the default user id 1234567812345678.
const (
	Ed25519            Algorithm = "ed25519"             // 0x01: a ledger's own signature
	Ed25519Cosignature Algorithm = "ed25519-cosignature" // 0x04: a witness, C2SP tlog-cosignature v1
	SM2                Algorithm = "sm2"                 // 0xff "egov.sm2-sm3/v1": a ledger's own signature
	SM2Cosignature     Algorithm = "sm2-cosignature"     // 0xff "egov.sm2-sm3.cosignature/v1": a witness; the message is that of tlog-cosignature v1
)

// scheme is how one Algorithm is written down.
type scheme struct {
	algorithm   Algorithm
	prefix      string // type byte, with the longer name where there is one
	publicSize  int
	cosignature bool
	sm2         bool
}

var schemes = []scheme{
	{Ed25519, "\x01", ed25519.PublicKeySize, false, false},
	{Ed25519Cosignature, "\x04", ed25519.PublicKeySize, true, false},
	{SM2, "\xffegov.sm2-sm3/v1", sm2PointSize, false, true},
	{SM2Cosignature, "\xffegov.sm2-sm3.cosignature/v1", sm2PointSize, true, true},
}

const (
	seedSize      = 32 // of either private key
	sm2PointSize  = 65
	signatureSize = 64 // of either algorithm
	privatePrefix = "PRIVATE+KEY+"
)

// ErrKey says that a key text is not a key.
var ErrKey = fault.New(fault.Invalid, "ledger_key_invalid", "密钥格式有误", "the key is malformed")

// Signer signs for one ledger or one witness. It is a note.Signer.
type Signer struct {
	name   string
	hash   uint32
	scheme scheme
	public []byte
	sign   func(msg []byte) ([]byte, error)
	now    func() time.Time
}

// GenerateKey makes a key pair under a name: for a ledger its origin, for a
// witness a name of its own such as "yangpu.example/witness/finance". Both are
// texts in the form of golang.org/x/mod/sumdb/note; secret must be kept so.
func GenerateKey(a Algorithm, name string) (secret, verifier string, err error) {
	for _, s := range schemes {
		if s.algorithm != a {
			continue
		}
		seed := make([]byte, seedSize)
		if s.sm2 {
			key, err := sm2.GenerateKey(rand.Reader)
			if err != nil {
				return "", "", err
			}
			scalar, err := key.ECDH()
			if err != nil {
				return "", "", err
			}
			copy(seed, scalar.Bytes())
		} else if _, err := io.ReadFull(rand.Reader, seed); err != nil {
			return "", "", err
		}
		signer, err := newSigner(name, s, seed)
		if err != nil {
			return "", "", err
		}
		return privatePrefix + encodeKey(name, signer.hash, s, seed), signer.VerifierKey(), nil
	}
	return "", "", ErrKey.With(fmt.Errorf("unknown algorithm %q", a))
}

// NewSigner reads a secret key. now gives the time a cosignature bears; a key
// that makes none needs no clock.
func NewSigner(secret string, now func() time.Time) (*Signer, error) {
	rest, ok := strings.CutPrefix(secret, privatePrefix)
	if !ok {
		return nil, ErrKey
	}
	name, hash, s, seed, err := decodeKey(rest, func(scheme) int { return seedSize })
	if err != nil {
		return nil, err
	}
	signer, err := newSigner(name, s, seed)
	if err != nil {
		return nil, err
	}
	if signer.hash != hash {
		return nil, ErrKey.With(errors.New("the key id is not that of the key"))
	}
	if s.cosignature && now == nil {
		return nil, ErrKey.With(errors.New("a witness key needs a clock"))
	}
	signer.now = now
	return signer, nil
}

func newSigner(name string, s scheme, seed []byte) (*Signer, error) {
	if !isName(name) {
		return nil, ErrKey.With(fmt.Errorf("%q is no key name", name))
	}
	signer := &Signer{name: name, scheme: s}
	if s.sm2 {
		key, err := sm2.NewPrivateKey(seed)
		if err != nil {
			return nil, ErrKey.With(err)
		}
		point, err := sm2.PublicKeyToECDH(&key.PublicKey)
		if err != nil {
			return nil, ErrKey.With(err)
		}
		signer.public = point.Bytes()
		signer.sign = func(msg []byte) ([]byte, error) { return signSM2(key, newNonces(seed, msg), msg) }
	} else {
		key := ed25519.NewKeyFromSeed(seed)
		signer.public = key[seedSize:]
		signer.sign = func(msg []byte) ([]byte, error) { return ed25519.Sign(key, msg), nil }
	}
	signer.hash = keyID(name, s, signer.public)
	return signer, nil
}

// Name is the key's name.
func (s *Signer) Name() string { return s.name }

// KeyHash is the key id.
func (s *Signer) KeyHash() uint32 { return s.hash }

// VerifierKey is the public half, as text.
func (s *Signer) VerifierKey() string { return encodeKey(s.name, s.hash, s.scheme, s.public) }

// IsWitness says whether the key makes cosignatures.
func (s *Signer) IsWitness() bool { return s.scheme.cosignature }

// Sign signs a note's text. A cosignature is the time, eight bytes, followed
// by the signature over it and the text.
func (s *Signer) Sign(text []byte) ([]byte, error) {
	if !s.scheme.cosignature {
		return s.sign(text)
	}
	at := s.now().Unix()
	if at <= 0 {
		return nil, ErrKey.With(fmt.Errorf("a cosignature cannot bear the time %d", at))
	}
	sig, err := s.sign(cosignedMessage(uint64(at), text))
	if err != nil {
		return nil, err
	}
	return append(binary.BigEndian.AppendUint64(nil, uint64(at)), sig...), nil
}

// verifier is one public key. It is a note.Verifier.
type verifier struct {
	name   string
	hash   uint32
	scheme scheme
	verify func(msg, sig []byte) bool
}

// NewVerifier reads a verifier key of any Algorithm.
func NewVerifier(key string) (note.Verifier, error) { return newVerifier(key) }

func newVerifier(key string) (*verifier, error) {
	name, hash, s, public, err := decodeKey(key, func(s scheme) int { return s.publicSize })
	if err != nil {
		return nil, err
	}
	if hash != keyID(name, s, public) {
		return nil, ErrKey.With(errors.New("the key id is not that of the key"))
	}
	v := &verifier{name: name, hash: hash, scheme: s}
	if s.sm2 {
		point, err := sm2.NewPublicKey(public)
		if err != nil {
			return nil, ErrKey.With(err)
		}
		v.verify = func(msg, sig []byte) bool { return verifySM2(point, msg, sig) }
	} else {
		v.verify = func(msg, sig []byte) bool { return ed25519.Verify(public, msg, sig) }
	}
	return v, nil
}

func (v *verifier) Name() string    { return v.name }
func (v *verifier) KeyHash() uint32 { return v.hash }

func (v *verifier) Verify(text, sig []byte) bool {
	if v.scheme.cosignature {
		if len(sig) != 8+signatureSize {
			return false
		}
		at := binary.BigEndian.Uint64(sig)
		if at == 0 || at > maxSize {
			return false
		}
		text, sig = cosignedMessage(at, text), sig[8:]
	}
	return len(sig) == signatureSize && v.verify(text, sig)
}

// cosignedMessage is what a witness signs: C2SP tlog-cosignature v1.
func cosignedMessage(at uint64, text []byte) []byte {
	msg := append([]byte("cosignature/v1\ntime "), strconv.FormatUint(at, 10)...)
	return append(append(msg, '\n'), text...)
}

// nonces is an unending stream of bytes that only the holder of the key can
// know: HMAC-SHA-256 under the key over the message and a counter.
type nonces struct {
	mac     hash.Hash
	msg     [sha256.Size]byte
	counter uint64
	left    []byte
}

func newNonces(seed, msg []byte) *nonces {
	key := sha256.Sum256(append([]byte("egov.sm2.nonce/v1\n"), seed...))
	return &nonces{mac: hmac.New(sha256.New, key[:]), msg: sha256.Sum256(msg)}
}

// Read gives the next bytes. Reads of one byte do not move the stream: signers
// in Go make one or none of them, by chance, to keep callers from relying on
// what is relied on here.
func (n *nonces) Read(p []byte) (int, error) {
	if len(p) == 1 {
		p[0] = 0
		return 1, nil
	}
	for i := range p {
		if len(n.left) == 0 {
			n.counter++
			n.mac.Reset()
			n.mac.Write(n.msg[:])
			n.mac.Write(binary.BigEndian.AppendUint64(nil, n.counter))
			n.left = n.mac.Sum(nil)
		}
		p[i], n.left = n.left[0], n.left[1:]
	}
	return len(p), nil
}

func signSM2(key *sm2.PrivateKey, nonces io.Reader, msg []byte) ([]byte, error) {
	der, err := key.Sign(nonces, msg, sm2.DefaultSM2SignerOpts)
	if err != nil {
		return nil, err
	}
	var sig struct{ R, S *big.Int }
	if _, err := asn1.Unmarshal(der, &sig); err != nil {
		return nil, err
	}
	out := make([]byte, signatureSize)
	sig.R.FillBytes(out[:signatureSize/2])
	sig.S.FillBytes(out[signatureSize/2:])
	return out, nil
}

func verifySM2(key *ecdsa.PublicKey, msg, sig []byte) bool {
	r := new(big.Int).SetBytes(sig[:signatureSize/2])
	s := new(big.Int).SetBytes(sig[signatureSize/2:])
	der, err := asn1.Marshal(struct{ R, S *big.Int }{r, s})
	return err == nil && sm2.VerifyASN1WithSM2(key, nil, msg, der)
}

func keyID(name string, s scheme, public []byte) uint32 {
	sum := sha256.Sum256([]byte(name + "\n" + s.prefix + string(public)))
	return binary.BigEndian.Uint32(sum[:])
}

func encodeKey(name string, hash uint32, s scheme, material []byte) string {
	return fmt.Sprintf("%s+%08x+%s", name, hash, base64.StdEncoding.EncodeToString(append([]byte(s.prefix), material...)))
}

func decodeKey(text string, size func(scheme) int) (name string, hash uint32, s scheme, material []byte, err error) {
	name, rest, _ := strings.Cut(text, "+")
	id, b64, _ := strings.Cut(rest, "+")
	n, errID := strconv.ParseUint(id, 16, 32)
	key, errKey := base64.StdEncoding.DecodeString(b64)
	if errID != nil || errKey != nil || len(id) != 8 || !isName(name) {
		return "", 0, scheme{}, nil, ErrKey
	}
	for _, s := range schemes {
		if material, ok := bytes.CutPrefix(key, []byte(s.prefix)); ok && len(material) == size(s) {
			return name, uint32(n), s, material, nil
		}
	}
	return "", 0, scheme{}, nil, ErrKey.With(errors.New("unknown algorithm"))
}

func isName(s string) bool {
	return s != "" && utf8.ValidString(s) && !strings.ContainsFunc(s, func(r rune) bool {
		return r == '+' || r < 0x20 || unicode.IsSpace(r)
	})
}

var _ note.Signer = (*Signer)(nil)

// cosignedAt is the time a cosignature bears.
func cosignedAt(s note.Signature) (time.Time, bool) {
	b, err := base64.StdEncoding.DecodeString(s.Base64)
	if err != nil || len(b) != 4+8+signatureSize {
		return time.Time{}, false
	}
	return time.Unix(int64(binary.BigEndian.Uint64(b[4:])), 0), true
}
