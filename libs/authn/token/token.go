// Package token verifies and issues the access tokens (JSON Web Tokens, RFC
// 7519) that principals come from. Services verify by the identity service's
// published key set; only the identity service issues.
package token

import (
	"context"
	"crypto/ed25519"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"sync"
	"time"

	"github.com/MicahParks/jwkset"
	"github.com/MicahParks/keyfunc/v3"
	"github.com/golang-jwt/jwt/v5"
	"golang.org/x/time/rate"

	"egov/libs/authn"
	"egov/libs/fault"
)

// ErrToken refuses a token that is missing, broken, expired, or not ours.
var ErrToken = fault.New(fault.Unauthenticated, "invalid_token", "登录已失效，请重新登录", "the access token is missing, invalid or expired")

// ErrNoKeys puts a caller off whose token cannot be judged: the keys were never
// there since this process began.
var ErrNoKeys = fault.New(fault.Unavailable, "signing_keys_unavailable", "尚未取得统一身份服务的公钥，请稍后重试", "the keys by which tokens are verified are not there yet; try again later")

// MaxLife bounds how long an access token may live; a longer one is
// refused whoever signed it.
const MaxLife = 15 * time.Minute

// Verifier checks access tokens against the identity service's key set.
type Verifier struct {
	keys    jwt.Keyfunc
	parser  *jwt.Parser
	now     func() time.Time
	seen    seen
	fetched <-chan struct{} // nil where the keys are not fetched
}

// Options say which tokens are ours.
type Options struct {
	JWKSURL  string // where the identity service publishes its keys
	Issuer   string
	Audience string
	Now      func() time.Time
	Client   *http.Client
}

// NewVerifier fetches keys in the background until ctx ends, so services start
// before identity does, and identity before itself; until a fetch has succeeded
// no token is judged. A key it does not know makes it fetch again, at most once a
// second.
func NewVerifier(ctx context.Context, o Options) (*Verifier, error) {
	if _, err := url.ParseRequestURI(o.JWKSURL); err != nil {
		return nil, fmt.Errorf("watch signing keys: %w", err)
	}
	r := &remote{fetched: make(chan struct{})}
	go r.watch(ctx, o)
	v := newVerifier(r.key, o)
	v.fetched = r.fetched
	return v, nil
}

// Keyed reports whether tokens can be judged: the keys have been there once.
func (v *Verifier) Keyed() bool {
	if v.fetched == nil {
		return true
	}
	select {
	case <-v.fetched:
		return true
	default:
		return false
	}
}

// firstFetch bounds how long a token waits for the first keys, and fetchAgain is
// how long after a failure they are asked for again.
const (
	firstFetch = 2 * time.Second
	fetchAgain = 250 * time.Millisecond
)

// remote is the published keys, from the first fetch on that succeeds.
type remote struct {
	fetched chan struct{} // closed then
	keys    keyfunc.Keyfunc
}

func (r *remote) watch(ctx context.Context, o Options) {
	for {
		attempt, end := context.WithCancel(ctx)
		keys, err := fetch(attempt, o)
		if err == nil {
			r.keys = keys
			close(r.fetched)
			<-ctx.Done() // until then they are kept fresh
			end()
			return
		}
		end()
		slog.DebugContext(ctx, "signing keys not fetched", "err", err)
		select {
		case <-ctx.Done():
			return
		case <-time.After(fetchAgain):
		}
	}
}

// fetch has the keys, and keeps them fresh until ctx ends.
func fetch(ctx context.Context, o Options) (keyfunc.Keyfunc, error) {
	tolerant := false
	return keyfunc.NewDefaultOverrideCtx(ctx, []string{o.JWKSURL}, keyfunc.Override{
		Client:                    o.Client,
		HTTPTimeout:               5 * time.Second,
		NoErrorReturnFirstHTTPReq: &tolerant,
		RefreshInterval:           5 * time.Minute,
		RefreshUnknownKID:         rate.NewLimiter(rate.Every(time.Second), 1),
		RateLimitWaitMax:          2 * time.Second,
		RefreshErrorHandlerFunc: func(string) func(context.Context, error) {
			return func(ctx context.Context, err error) {
				slog.DebugContext(ctx, "signing keys not refreshed", "err", err)
			}
		},
	})
}

// key finds the key that a token names.
func (r *remote) key(t *jwt.Token) (any, error) {
	select {
	case <-r.fetched:
	case <-time.After(firstFetch):
		return nil, ErrNoKeys
	}
	return r.keys.Keyfunc(t)
}

// NewStaticVerifier trusts one key; for tests and for identity itself.
func NewStaticVerifier(key ed25519.PublicKey, o Options) *Verifier {
	return newVerifier(func(*jwt.Token) (any, error) { return key, nil }, o)
}

func newVerifier(k jwt.Keyfunc, o Options) *Verifier {
	return &Verifier{keys: k, now: o.Now, seen: seen{by: map[string]good{}}, parser: jwt.NewParser(
		jwt.WithValidMethods([]string{"EdDSA", "ES256"}),
		jwt.WithIssuer(o.Issuer), jwt.WithAudience(o.Audience),
		jwt.WithIssuedAt(), jwt.WithExpirationRequired(), jwt.WithLeeway(5*time.Second),
		jwt.WithTimeFunc(o.Now),
	)}
}

type claims struct {
	jwt.RegisteredClaims
	Name       string   `json:"name"`
	Unit       string   `json:"unit"`
	UnitKind   string   `json:"unit_kind"`
	ParentUnit string   `json:"parent_unit"`
	Roles      []string `json:"roles"`
	District   string   `json:"district"`
	OnBehalfOf string   `json:"on_behalf_of,omitempty"`
}

// Verify gives the principal that token speaks for, or ErrToken; ErrNoKeys where
// that cannot be told. A token that
// was found good is not checked again for a minute, nor beyond its own end: so
// long, at most, works the token of a key that was withdrawn.
func (v *Verifier) Verify(token string) (authn.Principal, error) {
	now := v.now()
	if p, ok := v.seen.get(token, now); ok {
		return p, nil
	}
	p, expires, err := v.check(token)
	if err == nil {
		v.seen.put(token, good{p, now, expires})
	}
	return p, err
}

// remember bounds how long a token is known to be good, and maxSeen how many
// are.
const (
	remember = time.Minute
	maxSeen  = 4096
)

// good is a token that was checked.
type good struct {
	principal authn.Principal
	at        time.Time
	expires   time.Time
}

// seen is the tokens that were found good of late.
type seen struct {
	mu sync.Mutex
	by map[string]good
}

func (s *seen) get(token string, now time.Time) (authn.Principal, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	g, ok := s.by[token]
	return g.principal, ok && now.Before(g.expires) && !now.Before(g.at) && now.Sub(g.at) < remember
}

func (s *seen) put(token string, g good) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.by) >= maxSeen {
		clear(s.by) // everybody is checked once more
	}
	s.by[token] = g
}

// check gives the principal of a token, and until when it is good.
func (v *Verifier) check(token string) (p authn.Principal, expires time.Time, err error) {
	var c claims
	if _, err := v.parser.ParseWithClaims(token, &c, v.keys); errors.Is(err, ErrNoKeys) {
		return p, expires, ErrNoKeys
	} else if err != nil {
		return p, expires, ErrToken.With(err)
	}
	if c.Subject == "" || c.Unit == "" || c.IssuedAt == nil || c.ExpiresAt.Sub(c.IssuedAt.Time) > MaxLife {
		return p, expires, ErrToken.With(errors.New("claims are not those of an access token"))
	}
	p = authn.Principal{Subject: c.Subject, Name: c.Name, Unit: c.Unit, UnitKind: c.UnitKind, ParentUnit: c.ParentUnit, Roles: c.Roles, District: c.District, OnBehalfOf: c.OnBehalfOf}
	if p.IsService() {
		return authn.Principal{}, expires, ErrToken.With(errors.New("a token never speaks for a service"))
	}
	return p, c.ExpiresAt.Time, nil
}

// Issuer signs access tokens; only the identity service has one.
type Issuer struct {
	KeyID    string
	Key      ed25519.PrivateKey
	Issuer   string
	Audience string
	Now      func() time.Time
}

// Issue signs a token for p that lives for life, at most MaxLife.
func (i *Issuer) Issue(p authn.Principal, life time.Duration) (token string, expires time.Time, err error) {
	now := i.Now()
	expires = now.Add(min(life, MaxLife))
	t := jwt.NewWithClaims(jwt.SigningMethodEdDSA, claims{
		RegisteredClaims: jwt.RegisteredClaims{
			Subject: p.Subject, Issuer: i.Issuer, Audience: jwt.ClaimStrings{i.Audience},
			IssuedAt: jwt.NewNumericDate(now), ExpiresAt: jwt.NewNumericDate(expires),
		},
		Name: p.Name, Unit: p.Unit, UnitKind: p.UnitKind, ParentUnit: p.ParentUnit, Roles: p.Roles, District: p.District, OnBehalfOf: p.OnBehalfOf,
	})
	t.Header["kid"] = i.KeyID
	token, err = t.SignedString(i.Key)
	return token, expires, err
}

// KeySet is the JWKS document (RFC 7517) of the issuer's public key.
func (i *Issuer) KeySet() ([]byte, error) {
	return KeySet(PublicKey{KeyID: i.KeyID, Key: i.Key.Public().(ed25519.PublicKey)})
}

// PublicKey is one key by which tokens are verified.
type PublicKey struct {
	KeyID string
	Key   ed25519.PublicKey
}

// KeySet is the JWKS document (RFC 7517) of several keys: while keys rotate,
// tokens of the last one still live and the next one is known before it signs.
func KeySet(keys ...PublicKey) ([]byte, error) {
	ctx := context.Background() // memory only
	store := jwkset.NewMemoryStorage()
	for _, k := range keys {
		key, err := jwkset.NewJWKFromKey(k.Key, jwkset.JWKOptions{
			Metadata: jwkset.JWKMetadataOptions{KID: k.KeyID, ALG: jwkset.AlgEdDSA, USE: jwkset.UseSig},
		})
		if err != nil {
			return nil, fmt.Errorf("describe signing key %s: %w", k.KeyID, err)
		}
		if err := store.KeyWrite(ctx, key); err != nil {
			return nil, fmt.Errorf("write the key set: %w", err)
		}
	}
	return store.JSONPublic(ctx)
}
