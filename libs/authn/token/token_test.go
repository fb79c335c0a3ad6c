package token_test

import (
	"crypto/ed25519"
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"egov/libs/authn"
	"egov/libs/authn/token"
)

var now = time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)

func issuer(t *testing.T) *token.Issuer {
	t.Helper()
	_, key, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	return &token.Issuer{KeyID: "k1", Key: key, Issuer: "egov", Audience: "egov-services", Now: func() time.Time { return now }}
}

func options(at time.Time) token.Options {
	return token.Options{Issuer: "egov", Audience: "egov-services", Now: func() time.Time { return at }}
}

// publishes answers with the issuer's keys, as identity does.
func publishes(t *testing.T, iss *token.Issuer) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		set, err := iss.KeySet()
		if err != nil {
			t.Error(err)
		}
		w.Write(set)
	}
}

func TestVerifyOverJWKS(t *testing.T) {
	t.Parallel()
	iss := issuer(t)
	srv := httptest.NewServer(publishes(t, iss))
	t.Cleanup(srv.Close)
	o := options(now)
	o.JWKSURL = srv.URL
	v, err := token.NewVerifier(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	want := authn.Principal{Subject: "a1", Name: "李", Unit: "education", UnitKind: "administrative", Roles: []string{"declarer"}, District: "yangpu"}
	signed, _, err := iss.Issue(want, time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	got, err := v.Verify(signed)
	if err != nil || got.Unit != "education" || !got.Has("x", "declarer") || got.Has("auditor") {
		t.Fatalf("%+v %v", got, err)
	}
}

// A verifier accepts the tokens of every published key, and stops to accept
// those of a key that is published no more.
func TestVerifySeveralKeys(t *testing.T) {
	t.Parallel()
	last, next, gone := issuer(t), issuer(t), issuer(t)
	last.KeyID, next.KeyID, gone.KeyID = "k1", "k2", "k0"
	set, err := token.KeySet(
		token.PublicKey{KeyID: last.KeyID, Key: last.Key.Public().(ed25519.PublicKey)},
		token.PublicKey{KeyID: next.KeyID, Key: next.Key.Public().(ed25519.PublicKey)},
	)
	if err != nil {
		t.Fatal(err)
	}
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.Write(set) }))
	t.Cleanup(srv.Close)
	o := options(now)
	o.JWKSURL = srv.URL
	v, err := token.NewVerifier(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		iss *token.Issuer
		ok  bool
	}{{last, true}, {next, true}, {gone, false}} {
		signed, _, err := tt.iss.Issue(authn.Principal{Subject: "a1", Unit: "education"}, time.Minute)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := v.Verify(signed); (err == nil) != tt.ok {
			t.Errorf("token of %s: %v", tt.iss.KeyID, err)
		}
	}
}

// A verifier of keys that nobody serves yet starts at once, and verifies as
// soon as they are served: a service may be its own identity service.
func TestVerifierStartsBeforeIdentity(t *testing.T) {
	t.Parallel()
	iss := issuer(t)
	ln, err := net.Listen("tcp", "127.0.0.1:0") // accepts, and does not answer
	if err != nil {
		t.Fatal(err)
	}
	o := options(now)
	o.JWKSURL = "http://" + ln.Addr().String() + "/"
	v, err := token.NewVerifier(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	srv := &http.Server{Handler: publishes(t, iss)}
	t.Cleanup(func() { srv.Close() })
	go srv.Serve(ln) //nolint:errcheck // ends with the test
	signed, _, err := iss.Issue(authn.Principal{Subject: "a1", Unit: "education"}, time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	if p, err := v.Verify(signed); err != nil || p.Subject != "a1" {
		t.Errorf("%+v %v", p, err)
	}
	o.JWKSURL = "not a URL"
	if _, err := token.NewVerifier(t.Context(), o); err == nil {
		t.Error("any text passes for a URL")
	}
}

// TestKeysComeInTheEnd: as long as identity fails, no token is judged and nobody
// is told that his is wrong; once it answers, tokens are good without a new start.
func TestKeysComeInTheEnd(t *testing.T) {
	t.Parallel()
	iss := issuer(t)
	var up atomic.Bool
	keys := publishes(t, iss)
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !up.Load() {
			http.Error(w, "starting", http.StatusServiceUnavailable)
			return
		}
		keys(w, r)
	}))
	t.Cleanup(srv.Close)
	o := options(now)
	o.JWKSURL = srv.URL
	v, err := token.NewVerifier(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	signed, _, err := iss.Issue(authn.Principal{Subject: "a1", Unit: "education"}, time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	if p, err := v.Verify(signed); !errors.Is(err, token.ErrNoKeys) || v.Keyed() {
		t.Errorf("without keys: %+v, %v, keyed %v", p, err, v.Keyed())
	}
	up.Store(true)
	if p, err := v.Verify(signed); err != nil || p.Subject != "a1" || !v.Keyed() {
		t.Errorf("with keys: %+v, %v, keyed %v", p, err, v.Keyed())
	}
}

func TestVerifyRefuses(t *testing.T) {
	t.Parallel()
	iss, other := issuer(t), issuer(t)
	p := authn.Principal{Subject: "a1", Unit: "education"}
	good, _, _ := iss.Issue(p, time.Minute)
	foreign, _, _ := other.Issue(p, time.Minute)
	asService, _, _ := iss.Issue(authn.Service("declaration", "gov-office"), time.Minute)
	noUnit, _, _ := iss.Issue(authn.Principal{Subject: "a1"}, time.Minute)
	wrongAud := *iss
	wrongAud.Audience = "other"
	aud, _, _ := wrongAud.Issue(p, time.Minute)
	none, _ := jwt.NewWithClaims(jwt.SigningMethodNone, jwt.MapClaims{"sub": "a1", "unit": "education", "iss": "egov", "aud": "egov-services", "exp": now.Add(time.Minute).Unix(), "iat": now.Unix()}).SignedString(jwt.UnsafeAllowNoneSignatureType)
	hmac, _ := jwt.NewWithClaims(jwt.SigningMethodHS256, jwt.MapClaims{"sub": "a1", "unit": "education", "iss": "egov", "aud": "egov-services", "exp": now.Add(time.Minute).Unix(), "iat": now.Unix()}).SignedString([]byte(iss.Key.Public().(ed25519.PublicKey)))
	long, _ := jwt.NewWithClaims(jwt.SigningMethodEdDSA, jwt.MapClaims{"sub": "a1", "unit": "education", "iss": "egov", "aud": "egov-services", "exp": now.Add(24 * time.Hour).Unix(), "iat": now.Unix()}).SignedString(iss.Key)
	for _, tt := range []struct {
		name, signed string
		at           time.Time
	}{
		{"Empty", "", now},
		{"Garbage", "a.b.c", now},
		{"Tampered", good[:len(good)-4] + strings.Repeat("A", 4), now},
		{"OtherKey", foreign, now},
		{"OtherAudience", aud, now},
		{"AlgNone", none, now},
		{"HMACWithPublicKey", hmac, now},
		{"Expired", good, now.Add(2 * time.Minute)},
		{"NotYetIssued", good, now.Add(-time.Minute)},
		{"LivesTooLong", long, now},
		{"SpeaksForService", asService, now},
		{"WithoutUnit", noUnit, now},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			v := token.NewStaticVerifier(iss.Key.Public().(ed25519.PublicKey), options(tt.at))
			if p, err := v.Verify(tt.signed); !errors.Is(err, token.ErrToken) {
				t.Fatalf("accepted as %+v, %v", p, err)
			}
		})
	}
}
