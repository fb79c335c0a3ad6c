package portaltest

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"sync"
	"time"

	"egov/libs/authn"
	"egov/libs/authn/token"
	"egov/libs/calendar"
	"egov/libs/fault"
	"egov/libs/op"
)

// Identity signs people in. A refresh token is good once; a spent one ends the
// whole family.
type Identity struct {
	issuer   token.Issuer
	verifier *token.Verifier

	mu       sync.Mutex
	families map[string]*family // by every refresh token ever handed out
	changed  map[string]bool    // accounts that changed their password
	Renewals int                // how often a refresh token was spent
	From     string             // X-Forwarded-For of the last sign-in
}

type family struct {
	account string
	current string
	ended   bool
}

func newIdentity(clock calendar.Clock) (*Identity, error) {
	public, key, err := ed25519.GenerateKey(nil)
	if err != nil {
		return nil, err
	}
	return &Identity{
		issuer:   token.Issuer{KeyID: "k1", Key: key, Issuer: "egov", Audience: "egov-services", Now: clock.Now},
		verifier: token.NewStaticVerifier(public, token.Options{Issuer: "egov", Audience: "egov-services", Now: clock.Now}),
		families: map[string]*family{}, changed: map[string]bool{},
	}, nil
}

// Verify implements opmw.Verifier.
func (i *Identity) Verify(t string) (authn.Principal, error) { return i.verifier.Verify(t) }

// EndAll ends every session, as an administrator would.
func (i *Identity) EndAll() {
	i.mu.Lock()
	defer i.mu.Unlock()
	for _, f := range i.families {
		f.ended = true
	}
}

// Live counts the sessions that have not ended.
func (i *Identity) Live() int {
	i.mu.Lock()
	defer i.mu.Unlock()
	live := map[*family]bool{}
	for _, f := range i.families {
		if !f.ended {
			live[f] = true
		}
	}
	return len(live)
}

var (
	errSignIn   = fault.New(fault.Unauthenticated, "sign_in_refused", "账号或密码不正确，或账户暂时不可用", "the account or the password is wrong, or the account cannot be used now", "SH12-P-9")
	errSession  = fault.New(fault.Unauthenticated, "session_ended", "登录已失效，请重新登录", "the session has ended, sign in again")
	errPassword = fault.New(fault.Invalid, "password_refused", "新密码不符合要求", "the new password does not meet the requirements")
)

type signIn struct {
	Forward    string `header:"X-Forwarded-For" json:"-"`
	Account    string `json:"account" required:"true"`
	Password   string `json:"password" required:"true"`
	OnBehalfOf string `json:"on_behalf_of"`
}

type refresh struct {
	RefreshToken string `json:"refresh_token" required:"true"`
}

type changePassword struct {
	Current string `json:"current_password" required:"true"`
	New     string `json:"new_password" required:"true"`
}

type grant struct {
	AccessToken        string          `json:"access_token"`
	TokenType          string          `json:"token_type"`
	ExpiresAt          time.Time       `json:"expires_at"`
	RefreshToken       string          `json:"refresh_token"`
	MustChangePassword bool            `json:"must_change_password"`
	Principal          authn.Principal `json:"principal"`
}

type none struct{}

type list[T any] struct {
	Items []T `json:"items"`
}

// directory asks for a page of the units, which fit into one.
type directory struct {
	PageSize  int    `query:"page_size" json:"-"`
	PageToken string `query:"page_token" json:"-"`
}

func (i *Identity) mount(a *op.API) {
	op.Handle(a, "POST /v1/sessions", "SignIn", "Sign in", i.signIn, op.Public())
	op.Handle(a, "POST /v1/sessions/refresh", "RefreshSession", "Next tokens", i.refresh, op.Public())
	op.Handle(a, "POST /v1/sessions/revoke", "RevokeSession", "Sign out", func(_ context.Context, r refresh) (none, error) {
		i.mu.Lock()
		defer i.mu.Unlock()
		if f := i.families[r.RefreshToken]; f != nil {
			f.ended = true
		}
		return none{}, nil
	}, op.Public())
	op.Handle(a, "PUT /v1/me/password", "ChangePassword", "Replace the password", i.changePassword)
	op.Handle(a, "GET /v1/units", "ListUnits", "The directory", func(context.Context, directory) (list[unit], error) { return list[unit]{units}, nil })
}

func (i *Identity) signIn(_ context.Context, r signIn) (grant, error) {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.From = r.Forward
	if _, known := people[r.Account]; !known || r.Password != Password {
		return grant{}, errSignIn
	}
	return i.grant(&family{account: r.Account})
}

func (i *Identity) refresh(_ context.Context, r refresh) (grant, error) {
	i.mu.Lock()
	defer i.mu.Unlock()
	f := i.families[r.RefreshToken]
	if f == nil || f.ended {
		return grant{}, errSession
	}
	if f.current != r.RefreshToken {
		f.ended = true
		return grant{}, errSession
	}
	i.Renewals++
	return i.grant(f)
}

func (i *Identity) changePassword(ctx context.Context, r changePassword) (grant, error) {
	i.mu.Lock()
	defer i.mu.Unlock()
	if r.Current != Password {
		return grant{}, errSignIn
	}
	if len(r.New) < 10 {
		return grant{}, errPassword.WithViolations(fault.Violation{Field: "new_password", Code: "too_short", Msg: "密码太短", MsgEN: "the password is too short", Basis: []string{"SH12-P-9"}})
	}
	account := authn.By(ctx).Subject
	for _, f := range i.families {
		f.ended = f.ended || f.account == account
	}
	i.changed[account] = true
	return i.grant(&family{account: account})
}

// grant hands out the next pair of tokens of a family.
func (i *Identity) grant(f *family) (grant, error) {
	p := people[f.account]
	must := f.account == Newcomer && !i.changed[f.account]
	if must {
		p.Roles = nil
	}
	access, expires, err := i.issuer.Issue(p, 10*time.Minute)
	if err != nil {
		return grant{}, err
	}
	f.current = rand.Text()
	i.families[f.current] = f
	return grant{AccessToken: access, TokenType: "Bearer", ExpiresAt: expires, RefreshToken: f.current, MustChangePassword: must, Principal: p}, nil
}
