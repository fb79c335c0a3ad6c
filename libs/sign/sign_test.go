package sign_test

import (
	"bytes"
	"encoding/asn1"
	"encoding/hex"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/emmansun/gmsm/sm2"
	"github.com/emmansun/gmsm/smx509"

	"egov/libs/fault"
	"egov/libs/sign"
)

var algs = []sign.Alg{sign.Ed25519, sign.SM2}

var noon = time.Date(2026, 11, 21, 12, 0, 0, 123456789, time.FixedZone("", 8*3600))

// decision is a document in the manner of the suite's.
type decision struct {
	Act       string   `json:"act"`
	Project   string   `json:"project"`
	AmountFen int64    `json:"amount_fen"`
	Members   []string `json:"members"`
}

func sample() decision {
	return decision{"decision", "P-1", 694_7900_00, []string{"gov-office", "finance"}}
}

func unhex(t testing.TB, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(s)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func generate(t testing.TB, alg sign.Alg) *sign.PrivateKey {
	t.Helper()
	k, err := sign.Generate(alg)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func trusted(k *sign.PrivateKey, holder string) sign.TrustedKey {
	return sign.TrustedKey{Public: k.Public(), Holder: holder, NotBefore: noon.AddDate(-1, 0, 0), NotAfter: noon.AddDate(1, 0, 0)}
}

func keySet(t testing.TB, keys ...sign.TrustedKey) *sign.KeySet {
	t.Helper()
	s, err := sign.NewKeySet(keys...)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestSignAndVerify(t *testing.T) {
	t.Parallel()
	for _, alg := range algs {
		t.Run(string(alg), func(t *testing.T) {
			t.Parallel()
			key := generate(t, alg)
			keys := keySet(t, trusted(key, "gov-office"), trusted(generate(t, sign.Ed25519), "finance"))
			sig, err := key.For("gov-office").Sign(sample(), noon)
			if err != nil {
				t.Fatal(err)
			}
			if sig.KeyID != key.KeyID() || sig.SignedAt.Nanosecond() != 123456000 {
				t.Fatalf("%+v", sig)
			}
			wire, err := json.Marshal(sig)
			if err != nil {
				t.Fatal(err)
			}
			read, err := sign.ParseSignature(wire)
			if err != nil {
				t.Fatal(err)
			}
			// The document comes back from a database with its members in
			// another order and its instant in another zone.
			read.SignedAt = read.SignedAt.UTC()
			doc := json.RawMessage(`{"project":"P-1","members":["gov-office","finance"],"amount_fen":69479e4,"act":"decision"}`)
			if err := sign.Verify(doc, read, keys, noon.Add(time.Hour)); err != nil {
				t.Fatal(err)
			}
		})
	}
}

func TestTamperingShows(t *testing.T) {
	t.Parallel()
	for _, alg := range algs {
		key, other := generate(t, alg), generate(t, alg)
		keys := keySet(t, trusted(key, "gov-office"), trusted(other, "finance"))
		lent := keySet(t, trusted(key, "finance"))
		good, err := key.For("gov-office").Sign(sample(), noon)
		if err != nil {
			t.Fatal(err)
		}
		flip := func(i int) func(*sign.Signature, *decision) {
			return func(s *sign.Signature, _ *decision) { s.Value[(i+len(s.Value))%len(s.Value)] ^= 1 }
		}
		cases := []struct {
			name   string
			tamper func(*sign.Signature, *decision)
			keys   *sign.KeySet
			want   *fault.Error
		}{
			{"document text", func(_ *sign.Signature, d *decision) { d.Project = "P-2" }, keys, sign.ErrWrong},
			{"document amount", func(_ *sign.Signature, d *decision) { d.AmountFen++ }, keys, sign.ErrWrong},
			{"document order of a list", func(_ *sign.Signature, d *decision) {
				d.Members = []string{"finance", "gov-office"}
			}, keys, sign.ErrWrong},
			{"first byte of the value", flip(0), keys, sign.ErrWrong},
			{"last byte of the value", flip(-1), keys, sign.ErrWrong},
			{"instant", func(s *sign.Signature, _ *decision) { s.SignedAt = s.SignedAt.Add(time.Microsecond) }, keys, sign.ErrWrong},
			{"signer", func(s *sign.Signature, _ *decision) { s.Signer = "finance" }, keys, sign.ErrSignerMismatch},
			{"signer, with the key lent", func(s *sign.Signature, _ *decision) { s.Signer = "finance" }, lent, sign.ErrWrong},
			{"key and signer", func(s *sign.Signature, _ *decision) { s.KeyID, s.Signer = other.KeyID(), "finance" }, keys, sign.ErrWrong},
			{"unknown key", func(s *sign.Signature, _ *decision) { s.KeyID = strings.Repeat("0", 32) }, keys, sign.ErrUnknownKey},
			{"no key id", func(s *sign.Signature, _ *decision) { s.KeyID = "" }, keys, sign.ErrMalformed},
			{"another algorithm", func(s *sign.Signature, _ *decision) {
				if s.Alg == sign.SM2 {
					s.Alg, s.Value = sign.Ed25519, make([]byte, 64)
				} else {
					s.Alg = sign.SM2
				}
			}, keys, sign.ErrWrong},
			{"no algorithm", func(s *sign.Signature, _ *decision) { s.Alg = "none" }, keys, sign.ErrMalformed},
			{"no value", func(s *sign.Signature, _ *decision) { s.Value = nil }, keys, sign.ErrMalformed},
		}
		for _, c := range cases {
			t.Run(fmt.Sprintf("%s/%s", alg, c.name), func(t *testing.T) {
				t.Parallel()
				sig, doc := good, sample()
				sig.Value = bytes.Clone(good.Value)
				c.tamper(&sig, &doc)
				if err := sign.Verify(doc, sig, c.keys, noon); !errors.Is(err, c.want) {
					t.Fatalf("%v", err)
				}
			})
		}
	}
}

func TestKeyValidity(t *testing.T) {
	t.Parallel()
	key := generate(t, sign.Ed25519)
	entry := trusted(key, "gov-office")
	revoked := entry
	revokedAt := noon.AddDate(0, 1, 0)
	revoked.RevokedAt, revoked.RevokedReason = &revokedAt, "介质遗失"
	cases := []struct {
		name       string
		entry      sign.TrustedKey
		signed, at time.Time
		want       *fault.Error
	}{
		{"good", entry, noon, noon, nil},
		{"good later", entry, noon, noon.AddDate(0, 11, 0), nil},
		{"signed before validity", entry, entry.NotBefore.Add(-time.Hour), noon, sign.ErrKeyNotValid},
		{"the signer's clock is a little behind", entry, entry.NotBefore.Add(-time.Minute), noon, nil},
		{"signed at the end of validity", entry, entry.NotAfter, entry.NotAfter, sign.ErrKeyNotValid},
		{"expired and dated back", entry, noon, entry.NotAfter, sign.ErrKeyNotValid},
		{"signed before revocation", revoked, noon, revokedAt.Add(-time.Second), nil},
		{"signed at revocation", revoked, revokedAt, revokedAt, sign.ErrKeyRevoked},
		{"revoked and dated back", revoked, noon, revokedAt, sign.ErrKeyRevoked},
		{"dated ahead", entry, noon.Add(time.Hour), noon, sign.ErrInFuture},
		{"the signer's clock is a little ahead", entry, noon.Add(time.Minute), noon, nil},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			sig, err := key.For("gov-office").Sign(sample(), c.signed)
			if err != nil {
				t.Fatal(err)
			}
			err = keySet(t, c.entry).Verify(sample(), sig, c.at)
			if c.want == nil && err != nil || c.want != nil && !errors.Is(err, c.want) {
				t.Fatalf("%v", err)
			}
		})
	}
}

func TestSigningRefusals(t *testing.T) {
	t.Parallel()
	key := generate(t, sign.Ed25519)
	if _, err := key.For("gov-office").Sign(map[string]float64{"rate": 0.1}, noon); !errors.Is(err, sign.ErrDocument) {
		t.Errorf("a fraction: %v", err)
	}
	if _, err := key.For("").Sign(sample(), noon); !errors.Is(err, sign.ErrMalformed) {
		t.Errorf("no holder: %v", err)
	}
	if _, err := key.For("gov-office").Sign(sample(), time.Time{}); !errors.Is(err, sign.ErrMalformed) {
		t.Errorf("no instant: %v", err)
	}
	if _, err := sign.Generate("rsa"); err == nil {
		t.Error("an RSA key is made")
	}
}

func TestParseSignatureRefusals(t *testing.T) {
	t.Parallel()
	sig, err := generate(t, sign.Ed25519).For("x").Sign(sample(), noon)
	if err != nil {
		t.Fatal(err)
	}
	good, err := json.Marshal(sig)
	if err != nil {
		t.Fatal(err)
	}
	for name, in := range map[string]string{
		"not JSON":      "{",
		"unknown field": strings.Replace(string(good), `{`, `{"trust":"me",`, 1),
		"trailing text": string(good) + "{}",
		"empty object":  `{}`,
		"base64":        strings.Replace(string(good), `"value":"`, `"value":"!`, 1),
	} {
		if _, err := sign.ParseSignature([]byte(in)); !errors.Is(err, sign.ErrMalformed) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := sign.ParseSignature([]byte(`{}`)); len(fault.From(err).Violations) != 5 {
		t.Errorf("an empty object breaks every bound at once: %v", err)
	}
	if _, err := json.Marshal(sign.Signature{}); err == nil {
		t.Error("a signature that cannot be read back is written")
	}
}

func TestKeyFiles(t *testing.T) {
	t.Parallel()
	for _, alg := range algs {
		t.Run(string(alg), func(t *testing.T) {
			t.Parallel()
			key := generate(t, alg)
			secret, err := key.MarshalPEM()
			if err != nil {
				t.Fatal(err)
			}
			path := filepath.Join(t.TempDir(), "key.pem")
			if err := os.WriteFile(path, secret, 0o600); err != nil {
				t.Fatal(err)
			}
			read, err := sign.LoadPEM(path)
			if err != nil || read.KeyID() != key.KeyID() || read.Alg() != alg {
				t.Fatalf("%v %v", read, err)
			}
			pub, err := sign.ParsePublicPEM(key.Public().MarshalPEM())
			if err != nil || pub.KeyID() != key.KeyID() || pub.Alg() != alg {
				t.Fatalf("%v %v", pub, err)
			}
			value, err := read.SignMessage([]byte("m"))
			if err != nil || !pub.VerifyMessage([]byte("m"), value) || pub.VerifyMessage([]byte("n"), value) {
				t.Fatalf("a key read back signs differently (%v)", err)
			}
			for _, junk := range [][]byte{nil, {}, {0x30}, bytes.Repeat([]byte{0xff}, 64), bytes.Repeat([]byte{0}, 64)} {
				if pub.VerifyMessage([]byte("m"), junk) {
					t.Errorf("%x passes for a signature", junk)
				}
			}
			if printed := fmt.Sprintf("%v %+v %#v %s", key, key, key, key); strings.Count(printed, key.KeyID()) != 4 {
				t.Errorf("printed as %s", printed)
			}
			bare, isEd := key.Ed25519()
			barePub, pubIsEd := key.Public().Ed25519()
			if isEd != (alg == sign.Ed25519) || pubIsEd != isEd || isEd && !barePub.Equal(bare.Public()) {
				t.Error("the bare key is another")
			}
			for name, in := range map[string][]byte{
				"nothing": nil, "public for private": key.Public().MarshalPEM(), "two keys": append(secret, secret...),
				"cut": secret[:len(secret)/2], "not a key": []byte("-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"),
			} {
				if _, err := sign.ParsePEM(in); err == nil {
					t.Errorf("%s is read as a private key", name)
				}
			}
			if _, err := sign.ParsePublicPEM(secret); err == nil {
				t.Error("a private key is read as a public one")
			}
		})
	}
	if _, err := sign.LoadPEM(filepath.Join(t.TempDir(), "absent")); !errors.Is(err, os.ErrNotExist) {
		t.Error(err)
	}
}

func TestKeySetFile(t *testing.T) {
	t.Parallel()
	a, b := trusted(generate(t, sign.Ed25519), "gov-office"), trusted(generate(t, sign.SM2), "finance")
	at := noon.Truncate(time.Second)
	b.RevokedAt, b.RevokedReason = &at, "停用"
	wire, err := json.Marshal(keySet(t, a, b))
	if err != nil {
		t.Fatal(err)
	}
	read, err := sign.ParseKeySet(wire)
	if err != nil {
		t.Fatal(err)
	}
	again, err := json.Marshal(read)
	if err != nil || !bytes.Equal(wire, again) || len(read.Keys()) != 2 {
		t.Fatalf("%s became %s (%v)", wire, again, err)
	}
	if k, ok := read.Key(b.Public.KeyID()); !ok || k.Holder != "finance" || !k.RevokedAt.Equal(at) || k.Public.Alg() != sign.SM2 {
		t.Fatalf("%+v", k)
	}
	for name, in := range map[string]string{
		"not JSON":      "[",
		"another id":    strings.Replace(string(wire), a.Public.KeyID(), strings.Repeat("0", 32), 1),
		"another alg":   strings.Replace(string(wire), `"alg":"sm2"`, `"alg":"ed25519"`, 1),
		"no holder":     strings.Replace(string(wire), `"holder":"finance"`, `"holder":""`, 1),
		"broken key":    strings.Replace(string(wire), `"public_key":"`, `"public_key":"AAAA`, 1),
		"unknown field": strings.Replace(string(wire), `"keys"`, `"more":1,"keys"`, 1),
	} {
		if _, err := sign.ParseKeySet([]byte(in)); !errors.Is(err, sign.ErrKeySet) {
			t.Errorf("%s: %v", name, err)
		}
	}
	empty := a
	empty.NotAfter = empty.NotBefore
	for name, keys := range map[string][]sign.TrustedKey{
		"twice": {a, a}, "no period": {empty}, "no key": {{Holder: "x", NotBefore: noon, NotAfter: noon.AddDate(1, 0, 0)}},
	} {
		if _, err := sign.NewKeySet(keys...); !errors.Is(err, sign.ErrKeySet) || len(fault.From(err).Violations) != 1 {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestKnownAnswers holds the algorithms to their standards: RFC 8032, 7.1,
// test 2, and the signature example of GB/T 32918.5 with the default user id.
func TestKnownAnswers(t *testing.T) {
	t.Parallel()
	r, _ := new(big.Int).SetString("F5A03B0648D2C4630EEAC513E1BB81A15944DA3827D5B74143AC7EACEEE720B3", 16)
	s, _ := new(big.Int).SetString("B1B6AA29DF212FD8763182BC0D421CA1BB9038FD1F7F42D4840B69C485BBC1AA", 16)
	der, err := asn1.Marshal([]*big.Int{r, s})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name            string
		pkcs8           []byte
		msg, value, pub []byte
	}{
		{
			"Ed25519",
			unhex(t, "302e020100300506032b657004220420"+"4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb"),
			unhex(t, "72"),
			unhex(t, "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"+
				"085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00"),
			unhex(t, "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c"),
		},
		{
			"SM2", sm2PKCS8(t, "3945208F7B2144B13F36E38AC6D39F95889393692860B51A42FB81EF4DF7C5B8"),
			[]byte("message digest"), der,
			unhex(t, "0409F9DF311E5421A150DD7D161E4BC5C672179FAD1833FC076BB08FF356F35020"+
				"CCEA490CE26775A52DC6EA718CC1AA600AED05FBF35E084A6632F6072DA9AD13"),
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			key, err := sign.ParsePEM(pemBlock("PRIVATE KEY", c.pkcs8))
			if err != nil {
				t.Fatal(err)
			}
			block := key.Public().MarshalPEM()
			if !bytes.HasSuffix(derOf(t, block), c.pub) {
				t.Fatalf("public key is %s", block)
			}
			if !key.Public().VerifyMessage(c.msg, c.value) {
				t.Fatal("the standard's signature is refused")
			}
		})
	}
}

func pemBlock(kind string, der []byte) []byte {
	return pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der})
}

func derOf(t testing.TB, b []byte) []byte {
	t.Helper()
	block, _ := pem.Decode(b)
	if block == nil {
		t.Fatal("no PEM block")
	}
	return block.Bytes
}

func sm2PKCS8(t testing.TB, d string) []byte {
	t.Helper()
	key, err := sm2.NewPrivateKey(unhex(t, d))
	if err != nil {
		t.Fatal(err)
	}
	der, err := smx509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	return der
}

// TestSignedFormIsStable pins what is signed: Ed25519 is deterministic, so a
// change of the value means that signatures made earlier no longer verify.
func TestSignedFormIsStable(t *testing.T) {
	t.Parallel()
	key, err := sign.ParsePEM(pemBlock("PRIVATE KEY",
		unhex(t, "302e020100300506032b657004220420"+"4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb")))
	if err != nil {
		t.Fatal(err)
	}
	sig, err := key.For("gov-office").Sign(sample(), noon)
	if err != nil {
		t.Fatal(err)
	}
	got, err := json.Marshal(sig)
	if err != nil {
		t.Fatal(err)
	}
	const want = `{"alg":"ed25519","key_id":"deb2ded39dc26fce0e6085b6fc34bf6b","signer":"gov-office",` +
		`"signed_at":"2026-11-21T12:00:00.123456+08:00",` +
		`"value":"j3exKxBJ59IxpBkgbzNWAUKHHN0ClWJspjICuJx9Nrifh/APPQKJonh29WVzWb2kqksLXLbZtK1/+57vdp4ADw=="}`
	if string(got) != want {
		t.Fatalf("signature is now %s", got)
	}
}

func BenchmarkSign(b *testing.B) {
	for _, alg := range algs {
		signer := generate(b, alg).For("x")
		b.Run(string(alg), func(b *testing.B) {
			for b.Loop() {
				if _, err := signer.Sign(sample(), noon); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkVerify(b *testing.B) {
	for _, alg := range algs {
		key := generate(b, alg)
		keys := keySet(b, trusted(key, "x"))
		sig, err := key.For("x").Sign(sample(), noon)
		if err != nil {
			b.Fatal(err)
		}
		b.Run(string(alg), func(b *testing.B) {
			for b.Loop() {
				if err := keys.Verify(sample(), sig, noon); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
