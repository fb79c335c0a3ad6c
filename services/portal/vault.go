package portal

import (
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/redis/go-redis/v9"

	"egov/libs/authn"
	"egov/libs/opmw"
)

// session is what the portal keeps of one signed-in browser.
type session struct {
	key ticket // from the cookie; never stored

	Principal authn.Principal `json:"principal"`
	Access    string          `json:"access"`
	Expires   time.Time       `json:"expires"` // of Access, by the services' clock
	Refresh   string          `json:"refresh"` // good for one use

	MustChange bool `json:"must_change"` // the password, before anything else
}

// hold takes over what the identity service granted.
func (s *session) hold(g grant) {
	s.Principal, s.Access, s.Expires, s.Refresh, s.MustChange = g.Principal, g.AccessToken, g.ExpiresAt, g.RefreshToken, g.MustChangePassword
}

// ticket is the content of the cookie: half of it finds the record, the other
// half opens it. Redis knows neither, so a copy of Redis signs nobody in.
type ticket [48]byte

func newTicket() ticket {
	var t ticket
	_, _ = rand.Read(t[:]) // never fails
	return t
}

func (t ticket) String() string { return base64.RawURLEncoding.EncodeToString(t[:]) }

// parseTicket reads a cookie's value.
func parseTicket(s string) (t ticket, ok bool) {
	n, err := base64.RawURLEncoding.Strict().Decode(t[:], []byte(s)[:min(len(s), base64.RawURLEncoding.EncodedLen(len(t)))])
	return t, err == nil && n == len(t) && s == t.String()
}

func (t ticket) name() string {
	sum := sha256.Sum256(t[:16])
	return "portal:session:" + hex.EncodeToString(sum[:])
}

// csrf is the token that an unsafe request proves its page with.
func (t ticket) csrf() string {
	m := hmac.New(sha256.New, t[16:])
	m.Write([]byte("csrf"))
	return base64.RawURLEncoding.EncodeToString(m.Sum(nil))
}

func (t ticket) seal() (cipher.AEAD, error) {
	block, err := aes.NewCipher(t[16:])
	if err != nil {
		return nil, err
	}
	return cipher.NewGCM(block)
}

// vault keeps sessions in Redis, each sealed with the key in its own cookie.
type vault struct {
	redis      redis.UniversalClient
	idle, life time.Duration
}

// errNoSession: nobody is signed in with this cookie, or not any more.
var errNoSession = opmw.ErrSignIn

// begin stores a new session.
func (v *vault) begin(ctx context.Context, s *session) error {
	b, err := s.sealed()
	if err != nil {
		return err
	}
	_, err = v.redis.Pipelined(ctx, func(p redis.Pipeliner) error {
		p.Set(ctx, s.key.name(), b, v.idle)
		p.Set(ctx, s.key.name()+":life", 1, v.life)
		return nil
	})
	if err != nil {
		return down("session", err)
	}
	return nil
}

// save replaces what is stored, unless the session has ended meanwhile.
func (v *vault) save(ctx context.Context, s *session) error {
	b, err := s.sealed()
	if err != nil {
		return err
	}
	err = v.redis.SetArgs(ctx, s.key.name(), b, redis.SetArgs{Mode: "XX", KeepTTL: true}).Err()
	if errors.Is(err, redis.Nil) {
		return errNoSession
	}
	if err != nil {
		return down("session", err)
	}
	return nil
}

// open finds the session of a cookie. Unless the request is one that the page
// makes by itself, the idle time starts anew.
func (v *vault) open(ctx context.Context, t ticket, background bool) (*session, error) {
	var value *redis.StringCmd
	_, err := v.redis.Pipelined(ctx, func(p redis.Pipeliner) error {
		if background {
			value = p.Get(ctx, t.name())
		} else {
			value = p.GetEx(ctx, t.name(), v.idle)
		}
		p.Get(ctx, t.name()+":life")
		return nil
	})
	if errors.Is(err, redis.Nil) { // either record
		return nil, errNoSession
	}
	if err != nil {
		return nil, down("session", err)
	}
	s := &session{key: t}
	if err := s.open([]byte(value.Val())); err != nil {
		return nil, errNoSession.With(err)
	}
	return s, nil
}

// end forgets a session.
func (v *vault) end(ctx context.Context, t ticket) error {
	if err := v.redis.Del(ctx, t.name(), t.name()+":life").Err(); err != nil {
		return down("session", err)
	}
	return nil
}

// lock lets one request at a time renew a session's tokens, whichever replica
// of the portal it came to. ok is false while another one does.
func (v *vault) lock(ctx context.Context, t ticket) (unlock func(), ok bool, err error) {
	name, owner := t.name()+":renew", newTicket().String()
	err = v.redis.SetArgs(ctx, name, owner, redis.SetArgs{Mode: "NX", TTL: renewWithin}).Err()
	if errors.Is(err, redis.Nil) {
		return nil, false, nil
	}
	if err != nil {
		return nil, false, down("session", err)
	}
	return func() {
		// A lock that is not given back ends by itself.
		_ = unlockOwn.Run(context.WithoutCancel(ctx), v.redis, []string{name}, owner).Err()
	}, true, nil
}

// renewWithin bounds how long a renewal may hold others up.
const renewWithin = 10 * time.Second

var unlockOwn = redis.NewScript(`if redis.call("GET", KEYS[1]) == ARGV[1] then return redis.call("DEL", KEYS[1]) end return 0`)

func (s *session) sealed() ([]byte, error) {
	plain, err := json.Marshal(s)
	if err != nil {
		return nil, err
	}
	aead, err := s.key.seal()
	if err != nil {
		return nil, err
	}
	nonce := make([]byte, aead.NonceSize(), aead.NonceSize()+len(plain)+aead.Overhead())
	_, _ = rand.Read(nonce) // never fails
	return aead.Seal(nonce, nonce, plain, nil), nil
}

func (s *session) open(sealed []byte) error {
	aead, err := s.key.seal()
	if err != nil {
		return err
	}
	if len(sealed) < aead.NonceSize() {
		return fmt.Errorf("a session record of %d bytes", len(sealed))
	}
	plain, err := aead.Open(nil, sealed[:aead.NonceSize()], sealed[aead.NonceSize():], nil)
	if err != nil {
		return err
	}
	return json.Unmarshal(plain, s)
}
