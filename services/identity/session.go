package identity

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"egov/libs/aggregate"
	"egov/libs/authn"
	"egov/libs/calendar"
	"egov/libs/fault"
	identityv1 "egov/proto/gen/egov/identity/v1"
)

// Session is one sign-in with the refresh tokens that followed from it. A
// refresh token is good once; its hash alone is kept.
type Session struct {
	aggregate.Root
	Account    string    `json:"account"`
	OnBehalfOf string    `json:"on_behalf_of,omitempty"`
	Generation int       `json:"generation"` // of the refresh token that is good now
	Current    []byte    `json:"current"`    // SHA-256 of that token
	Last       []byte    `json:"last"`       // SHA-256 of the one before
	UsedAt     time.Time `json:"used_at"`
	EndedAt    time.Time `json:"ended_at,omitzero"`
	EndReason  string    `json:"end_reason,omitempty"`
}

// Grant is what a sign-in yields.
type Grant struct {
	AccessToken        string          `json:"access_token"`
	TokenType          string          `json:"token_type"` // "Bearer"
	ExpiresAt          time.Time       `json:"expires_at"`
	RefreshToken       string          `json:"refresh_token"`
	RefreshExpiresAt   time.Time       `json:"refresh_expires_at"`
	MustChangePassword bool            `json:"must_change_password"` // until then the token carries no role
	Principal          authn.Principal `json:"principal"`
}

// begun is a session with what its tokens say.
type begun struct {
	session    Session
	principal  authn.Principal
	mustChange bool
}

// SignIn asks for a session.
type SignIn struct {
	Key        string `header:"Idempotency-Key" json:"-"`
	Address    string `remote:"addr" json:"-"`
	Forward    string `header:"X-Forwarded-For" json:"-"`
	Account    string `json:"account" required:"true"`
	Password   string `json:"password" required:"true"`
	OnBehalfOf string `json:"on_behalf_of"` // account whose delegation is to be used
}

// Validate lists what is missing; it says nothing about what exists.
func (r *SignIn) Validate() error {
	var c fault.Checks
	c.Text(r.Account, "account", maxName)
	c.Text(r.Password, "password", maxSecret)
	c.Require(len(r.OnBehalfOf) <= maxName, "on_behalf_of", "too_long", "过长", "is too long")
	return c.Err()
}

// SignIn begins a session. Whatever is wrong with account or password is
// ErrSignIn, after the same time.
func (s *Service) SignIn(ctx context.Context, r SignIn) (Grant, error) {
	if err := s.Throttle.Allow(r.Account, r.Address); err != nil {
		return Grant{}, err
	}
	checked, err := s.check(ctx, r.Account, r.Password)
	if err != nil {
		return Grant{}, err
	}
	ctx = s.Once(ctx, "SignIn", r.Account, r.Key, s.digest(r.Account, r.Password, r.OnBehalfOf))
	id := s.NewID()
	var b begun
	err = s.InTx(ctx, func(ctx context.Context) error {
		cred, err := s.confirm(ctx, checked, func(*Credential, time.Time) error { return nil })
		if err != nil {
			return err
		}
		account, err := s.Accounts.Get(s.asSelf(ctx), r.Account)
		if err != nil {
			return err
		}
		b, err = s.begin(ctx, id, account, cred, r.OnBehalfOf)
		return err
	})
	if missing(err) {
		return Grant{}, ErrSignIn
	}
	if err != nil {
		return Grant{}, err
	}
	return s.grant(b)
}

// begin makes a session for an account whose password was right.
func (s *Service) begin(ctx context.Context, id string, a Account, c Credential, onBehalfOf string) (begun, error) {
	now := s.Clock.Now()
	p, err := s.principal(ctx, a, onBehalfOf, calendar.DateOf(now))
	if err != nil {
		return begun{}, err
	}
	b := begun{principal: p, mustChange: c.mustChange(now, s.Duties.Password)}
	method := "password"
	if onBehalfOf != "" {
		method = "password+delegation"
	}
	b.session, err = s.Sessions.Create(asPerson(ctx, p), id, func(n *Session, rec *aggregate.Recorder) error {
		n.Parties = nil
		n.Share(a.ID)
		n.Account, n.OnBehalfOf, n.UsedAt = a.ID, onBehalfOf, rec.Now()
		n.Current, n.Last = s.hashOf(s.refreshToken(n.ID, 0)), []byte{}
		rec.State(a.ID, &identityv1.SignedIn{AccountId: a.ID, Method: method, SessionId: n.ID, OnBehalfOf: onBehalfOf})
		return nil
	})
	return b, err
}

// principal is what the tokens of an account say today: its roles as they are
// now, or those that a delegation in force hands to it.
func (s *Service) principal(ctx context.Context, a Account, onBehalfOf string, today calendar.Date) (authn.Principal, error) {
	if a.State != Active {
		return authn.Principal{}, ErrSignIn
	}
	roles := a.Roles
	if onBehalfOf != "" {
		i := slices.IndexFunc(a.Acting, func(x Acting) bool { return x.For == onBehalfOf && x.InForce(today) })
		if i < 0 {
			return authn.Principal{}, ErrNoDelegation
		}
		from, err := s.Accounts.Get(s.asSelf(ctx), onBehalfOf)
		if err != nil {
			return authn.Principal{}, err
		}
		if from.State != Active || from.Unit != a.Unit {
			return authn.Principal{}, ErrNoDelegation
		}
		// Only what the absent account still has itself.
		roles = slices.DeleteFunc(slices.Clone(a.Acting[i].Roles), func(r string) bool { return !slices.Contains(from.Roles, r) })
	}
	u, err := s.unit(ctx, a.Unit)
	if err != nil {
		return authn.Principal{}, err
	}
	if !u.Active {
		return authn.Principal{}, ErrSignIn
	}
	return authn.Principal{
		Subject: a.ID, Name: a.Name, Unit: u.Code, UnitKind: u.Kind, ParentUnit: u.Parent,
		Roles: s.Duties.exercised(u, roles), District: s.District, OnBehalfOf: onBehalfOf,
	}, nil
}

// grant signs the tokens of a session as it stands.
func (s *Service) grant(b begun) (Grant, error) {
	p := b.principal
	if b.mustChange {
		p.Roles = []string{}
	}
	access, expires, err := s.Tokens.Issue(p, minutes(s.Duties.Session.AccessMinutes))
	if err != nil {
		return Grant{}, err
	}
	return Grant{
		AccessToken: access, TokenType: "Bearer", ExpiresAt: expires,
		RefreshToken: s.refreshToken(b.session.ID, b.session.Generation), RefreshExpiresAt: s.ends(b.session),
		MustChangePassword: b.mustChange, Principal: p,
	}, nil
}

// ends is when the session ends unless it is used again.
func (s *Service) ends(n Session) time.Time {
	idle, life := n.UsedAt.Add(minutes(s.Duties.Session.IdleMinutes)), n.CreatedAt.Add(hours(s.Duties.Session.LifeHours))
	if idle.Before(life) {
		return idle
	}
	return life
}

// refreshToken follows from its session and generation under the service's
// secret, so that a repeated request gets the same one although only its hash
// is kept.
func (s *Service) refreshToken(session string, generation int) string {
	m := hmac.New(sha256.New, s.Secret)
	fmt.Fprintf(m, "refresh\x00%s\x00%d", session, generation)
	return session + "." + strconv.Itoa(generation) + "." + base64.RawURLEncoding.EncodeToString(m.Sum(nil))
}

func (s *Service) hashOf(token string) []byte {
	sum := sha256.Sum256([]byte(token))
	return sum[:]
}

// spent reports whether the token is one of the session's earlier ones.
func (s *Service) spent(n *Session, token string) bool {
	if same(s.hashOf(token), n.Last) {
		return true
	}
	_, rest, _ := strings.Cut(token, ".")
	g, _, _ := strings.Cut(rest, ".")
	generation, err := strconv.Atoi(g)
	return err == nil && generation >= 0 && generation < n.Generation && same([]byte(token), []byte(s.refreshToken(n.ID, generation)))
}

func same(a, b []byte) bool { return subtle.ConstantTimeCompare(a, b) == 1 }

// RefreshSession presents a refresh token.
type RefreshSession struct {
	Token string `json:"refresh_token" required:"true"`
}

// Validate wants the token.
func (r *RefreshSession) Validate() error {
	var c fault.Checks
	c.Text(r.Token, "refresh_token", maxSecret)
	return c.Err()
}

func (r *RefreshSession) session() string { id, _, _ := strings.Cut(r.Token, "."); return id }

// Refresh gives the next pair of tokens for a refresh token that is good. The
// last one, repeated within the grace, gets its answer again; any earlier one
// is taken for stolen and ends the session.
func (s *Service) Refresh(ctx context.Context, r RefreshSession) (Grant, error) {
	// The refresh token itself makes the request one of a kind.
	ctx = s.asSelf(s.unkeyed(ctx))
	n, err := s.Sessions.Get(ctx, r.session())
	if missing(err) {
		return Grant{}, ErrSession
	}
	if err != nil {
		return Grant{}, err
	}
	b, err := s.standing(ctx, n)
	if err != nil {
		return Grant{}, err
	}
	reused := false
	b.session, err = s.Sessions.Update(ctx, n.ID, func(n *Session, rec *aggregate.Recorder) error {
		reused = false
		now := rec.Now()
		if !n.EndedAt.IsZero() || !now.Before(s.ends(*n)) {
			return ErrSession
		}
		presented := s.hashOf(r.Token)
		switch {
		case same(presented, n.Current):
			n.Generation++
			n.Last, n.Current, n.UsedAt = n.Current, s.hashOf(s.refreshToken(n.ID, n.Generation)), now
		case same(presented, n.Last) && now.Sub(n.UsedAt) <= time.Duration(s.Duties.Session.ReuseGraceSeconds)*time.Second:
		case s.spent(n, r.Token):
			reused = true
			n.end(rec, "reused")
		default:
			return ErrSession
		}
		return nil
	})
	if err != nil {
		return Grant{}, err
	}
	if reused {
		return Grant{}, ErrReused
	}
	return s.grant(b)
}

// standing looks again at who the session is for: account, unit, delegation and
// password may have changed since.
func (s *Service) standing(ctx context.Context, n Session) (begun, error) {
	now := s.Clock.Now()
	cred, err := s.Credentials.Get(s.asSelf(ctx), n.Account)
	if err != nil {
		return begun{}, err
	}
	if n.CreatedAt.Before(cred.SessionsFrom) {
		return begun{}, ErrSession
	}
	a, err := s.Accounts.Get(s.asSelf(ctx), n.Account)
	if err != nil {
		return begun{}, err
	}
	p, err := s.principal(ctx, a, n.OnBehalfOf, calendar.DateOf(now))
	if err != nil {
		return begun{}, ErrSession.With(err)
	}
	return begun{principal: p, mustChange: cred.mustChange(now, s.Duties.Password)}, nil
}

func (n *Session) end(rec *aggregate.Recorder, reason string) {
	n.EndedAt, n.EndReason = rec.Now(), reason
	rec.State(n.Account, &identityv1.SessionEnded{AccountId: n.Account, SessionId: n.ID, Reason: reason})
}

// Ended is the answer to a sign-out.
type Ended struct {
	Ended bool `json:"ended"`
}

// SignOut ends the session that a refresh token belongs to. A token that ends
// nothing is no error (RFC 7009).
func (s *Service) SignOut(ctx context.Context, r RefreshSession) (Ended, error) {
	ctx = s.asSelf(s.unkeyed(ctx))
	_, err := s.Sessions.Update(ctx, r.session(), func(n *Session, rec *aggregate.Recorder) error {
		if !n.EndedAt.IsZero() || !same(s.hashOf(r.Token), n.Current) && !s.spent(n, r.Token) {
			return ErrSession
		}
		n.end(rec, "signed_out")
		return nil
	})
	if err != nil && !missing(err) && fault.From(err).Kind != fault.Unauthenticated {
		return Ended{}, err
	}
	return Ended{Ended: true}, nil
}

// Me is what the caller is and may do.
type Me struct {
	Principal authn.Principal `json:"principal"`
	Account   Account         `json:"account"`
	// MustChangePassword holds the roles back until the password is changed.
	MustChangePassword bool `json:"must_change_password"`
	// ActsFor are the delegations in force today, for signing in on behalf of.
	ActsFor []Acting `json:"acts_for"`
}

// Me tells the caller about itself.
func (s *Service) Me(ctx context.Context, _ struct{}) (Me, error) {
	by := authn.By(ctx)
	a, err := s.Accounts.Get(s.asSelf(ctx), by.Subject)
	if err != nil {
		return Me{}, err
	}
	cred, err := s.Credentials.Get(s.asSelf(ctx), by.Subject)
	if err != nil {
		return Me{}, err
	}
	now := s.Clock.Now()
	me := Me{Principal: by, Account: a, MustChangePassword: cred.mustChange(now, s.Duties.Password), ActsFor: []Acting{}}
	for _, x := range a.Acting {
		if x.InForce(calendar.DateOf(now)) {
			me.ActsFor = append(me.ActsFor, x)
		}
	}
	return me, nil
}
